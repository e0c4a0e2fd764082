// SPDX-License-Identifier: Apache-2.0
// For tests of this room and of those that follow it: made pictures by number, and a museum of them.
#pragma once

#include "base/file.h"
#include "catalog/testing.h"
#include "image/testing.h"
#include "visual/visual.h"

#include <dirent.h>
#include <fcntl.h>
#include <math.h>
#include <sys/stat.h>

enum { WIDTH = 360, HEIGHT = 280, SHAPES = 70, OBJECTS = 12 };

// ---- made pictures: by number, each another strewing of bars and discs

static inline uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static inline Pixels paint(uint32_t number)
{
    Pixels px = pixels_make(WIDTH, HEIGHT, 3);
    uint32_t state = number * 7919 + 13;
    memset(px.p, 40 + (int)(next_random(&state) % 160), px.stride * HEIGHT);
    for (int s = 0; s < SHAPES; s++) {
        const float cx = (float)(next_random(&state) % WIDTH), cy = (float)(next_random(&state) % HEIGHT);
        const float rx = 4 + (float)(next_random(&state) % 30), ry = 4 + (float)(next_random(&state) % 14);
        const float turn = (float)(next_random(&state) % 314) / 100, c = cosf(turn), sn = sinf(turn);
        const bool bar = next_random(&state) % 2;
        const uint8_t colour[3] = {
            (uint8_t)next_random(&state), (uint8_t)next_random(&state), (uint8_t)next_random(&state)};
        for (int y = 0; y < HEIGHT; y++) {
            for (int x = 0; x < WIDTH; x++) {
                const float u = (c * ((float)x - cx) + sn * ((float)y - cy)) / rx;
                const float v = (c * ((float)y - cy) - sn * ((float)x - cx)) / ry;
                if (bar ? fabsf(u) < 1 && fabsf(v) < 1 : u * u + v * v < 1)
                    memcpy(pixels_at(&px, x, y), colour, 3);
            }
        }
    }
    return px;
}

// A quarter turned, in the negative, or cut out.
typedef struct {
    int left, top, width, height, quarters;
    bool negative;
} View;

static inline Pixels see(const Pixels *px, View view)
{
    const bool swap = view.quarters % 2 != 0;
    Pixels out = pixels_make(swap ? view.height : view.width, swap ? view.width : view.height, 3);
    for (int y = 0; y < view.height; y++) {
        for (int x = 0; x < view.width; x++) {
            const uint8_t *from = pixels_at(px, view.left + x, view.top + y);
            uint8_t *to = swap ? pixels_at(&out, view.height - 1 - y, x) : pixels_at(&out, x, y);
            for (int c = 0; c < 3; c++)
                to[c] = view.negative ? (uint8_t)(255 - from[c]) : from[c];
        }
    }
    return out;
}

// ---- a museum of them

typedef struct {
    TestPlace place;
    char index[300];
    Catalog *catalog;
    int asked;       // pyramids
    int32_t missing; // the picture whose pyramid is not there; -1: none
} Museum;

static inline Sha512 master_of(uint32_t picture)
{
    return sha512_of((Str){(const char *)&picture, sizeof(picture)});
}

enum { PICTURES = 200 };

// From SHARING on: with a part of picture `number % 10` in it, at another place.
enum { SHARING = 150, SHARED_LEFT = 60, SHARED_TOP = 40, SHARED_WIDTH = 190, SHARED_HEIGHT = 170 };

// From COLOURED up to SHARING: of picture `number` only what is lighter and what darker, in two colours.
enum { COLOURED = 140 };

static inline Pixels paint_in(uint32_t number, const uint8_t light[3], const uint8_t dark[3])
{
    Pixels px = paint(number);
    for (int y = 0; y < HEIGHT; y++) {
        for (int x = 0; x < WIDTH; x++) {
            uint8_t *p = pixels_at(&px, x, y);
            memcpy(p, 77 * p[0] + 150 * p[1] + 29 * p[2] >= 128 << 8 ? light : dark, 3);
        }
    }
    return px;
}

static inline Pixels paint_picture(uint32_t number)
{
    static const uint8_t pink[3] = {230, 110, 150}, green[3] = {60, 209, 90}; // of one lightness
    if (number >= COLOURED && number < SHARING)
        return paint_in(number, pink, green);
    Pixels px = paint(number);
    if (number < SHARING)
        return px;
    Pixels from = paint(number % 10);
    for (int y = 0; y < SHARED_HEIGHT; y++)
        memcpy(pixels_at(&px, 130, 90 + y), pixels_at(&from, SHARED_LEFT, SHARED_TOP + y), 3 * SHARED_WIDTH);
    free(from.p);
    return px;
}

// Painted once for all tests.
static inline int pyramid_file(uint32_t picture)
{
    static int files[PICTURES];
    if (files[picture] == 0) {
        Pixels px = paint_picture(picture);
        files[picture] = test_pyramid_file(&px, (Turn){0}, 256);
        free(px.p);
    }
    return fcntl(files[picture], F_DUPFD_CLOEXEC, 0);
}

static inline Pyramid *give_pyramid(void *ctx, const Sha512 *master, int page, Err *err)
{
    (void)page;
    Museum *m = ctx;
    m->asked++;
    for (uint32_t picture = 0; picture < PICTURES; picture++) {
        const Sha512 known = master_of(picture);
        if (sha512_eq(&known, master) && (int32_t)picture != m->missing)
            return pyramid_open(pyramid_file(picture), err);
    }
    return err_null(err, ERR_NOT_FOUND, "not made yet");
}

#define SAYS_NOTHING ((Access)99) // the record leaves it to museum.conf

static inline void put_in(CatalogBatch *b, const char *id, int version, uint32_t picture, Access access)
{
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Sha512 master = master_of(picture);
    RecordMedia media = {.id = arena_printf(a, "%s:1", id),
        .number = 1,
        .path = S("media/1/a.jpg"),
        .format = S("image/jpeg"),
        .sha512 = sha512_hex(a, &master),
        .width_px = WIDTH,
        .height_px = HEIGHT};
    Record record = {.id = str_from(id), .media = {&media, 1, 1}, .has_terms = access != SAYS_NOTHING};
    if (record.has_terms)
        record.terms.access = access;
    CatalogPut change = {.sequence = catalog_batch_next_sequence(b),
        .object_id = record.id,
        .version = abs(version),
        .deleted = version < 0,
        .record = &record};
    const RecordLedger ledger = {catalog_batch_change_set(b), change.sequence};
    if (!change.deleted)
        FINE(record_json(&record, ledger, a, &change.json, &err), err);
    FINE(catalog_batch_put(b, &change, &err), err);
}

static inline CatalogBatch *begin(const Museum *m)
{
    Err err = {0};
    CatalogBatch *b = catalog_batch_open(m->catalog, 0, &TEST_WHO, &err);
    FINE(b, err);
    return b;
}

static inline void end(CatalogBatch *b)
{
    Err err = {0};
    FINE(catalog_batch_commit(b, &err), err);
    catalog_batch_close(b);
}

static inline void put(const Museum *m, const char *id, int version, uint32_t picture, Access access)
{
    CatalogBatch *b = begin(m);
    put_in(b, id, version, picture, access);
    end(b);
}

static inline Museum open_museum(void)
{
    Museum m = {.place = test_place(), .missing = -1};
    snprintf(m.index, sizeof(m.index), "%s/visual", m.place.folder);
    m.catalog = test_open(&m.place);
    CatalogBatch *b = begin(&m);
    for (uint32_t i = 0; i < OBJECTS; i++) {
        char id[20];
        snprintf(id, sizeof(id), "object-%u", i);
        put_in(b, id, 1, i, ACCESS_FULL);
    }
    end(b);
    return m;
}

static inline void remove_index(const Museum *m)
{
    DIR *dir = opendir(m->index);
    for (struct dirent *e; dir && (e = readdir(dir)) != NULL;)
        unlinkat(dirfd(dir), e->d_name, 0);
    if (dir)
        closedir(dir);
    rmdir(m->index);
}

static inline void close_museum(Museum *m)
{
    catalog_close(m->catalog);
    remove_index(m);
    test_remove(&m->place);
}

static inline void follow(Museum *m, Visual *v)
{
    Err err = {0};
    int64_t sequence;
    const volatile bool stop = false;
    const VisualSource source = {m, give_pyramid};
    FINE(visual_follow(v, m->catalog, &source, &stop, &sequence, &err), err);
    assert_int_equal(sequence, catalog_head(m->catalog, &err));
}

// ---- its index

static inline Visual *open_index(const Museum *m, bool writer)
{
    Err err = {0};
    Visual *v = visual_open(m->index, writer, &err);
    FINE(v, err);
    return v;
}

static inline VisualAnswer ask(Visual *v, VisualAsk wish, Arena *a)
{
    Err err = {0};
    VisualAnswer answer;
    if (wish.limit == 0)
        wish.limit = 10;
    FINE(visual_ask(v, &wish, a, &answer, &err), err);
    return answer;
}
