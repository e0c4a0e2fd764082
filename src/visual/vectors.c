// SPDX-License-Identifier: Apache-2.0
#include "visual/vectors.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

enum { HEAD_BYTES = 32, ROW_HEAD_BYTES = 24, PLACES_MIN = 1024 };

static const char MAGIC[8] = "VISVECT1", NAME[] = "vectors";

typedef struct {
    uint64_t picture, master;
    float scale;
    uint32_t row; // of values; UINT32_MAX: free place
} Place;

struct Vectors {
    int fd;
    uint64_t bytes; // of the file that hold
    bool writer;
    uint64_t model;
    int dimensions;
    size_t count, capacity; // rows
    int8_t *values;
    Place *places; // a hash table, at most half full
    size_t places_count;
};

// ---- memory

static Place *place_of(Place *places, size_t count, uint64_t picture, uint64_t master)
{
    size_t at = (size_t)((picture ^ master * 0x9E3779B97F4A7C15ull) >> 20) & (count - 1);
    while (places[at].row != UINT32_MAX && (places[at].picture != picture || places[at].master != master))
        at = (at + 1) & (count - 1);
    return &places[at];
}

static Place *empty_places(size_t count)
{
    Place *places = mem_alloc(count * sizeof(*places));
    for (size_t i = 0; i < count; i++)
        places[i].row = UINT32_MAX;
    return places;
}

static void grow_places(Vectors *v)
{
    size_t count = v->places_count ? 2 * v->places_count : PLACES_MIN;
    Place *places = empty_places(count);
    for (size_t i = 0; i < v->places_count; i++)
        if (v->places[i].row != UINT32_MAX)
            *place_of(places, count, v->places[i].picture, v->places[i].master) = v->places[i];
    free(v->places);
    v->places = places;
    v->places_count = count;
}

static void remember(Vectors *v, uint64_t picture, uint64_t master, float scale, const int8_t *values)
{
    if (2 * (v->count + 1) > v->places_count)
        grow_places(v);
    if (v->count == v->capacity) {
        v->capacity = MAX_OF(2 * v->capacity, (size_t)256);
        v->values = mem_grow(v->values, v->capacity, (size_t)v->dimensions);
    }
    memcpy(v->values + v->count * (size_t)v->dimensions, values, (size_t)v->dimensions);
    *place_of(v->places, v->places_count, picture, master) =
        (Place){.picture = picture, .master = master, .scale = scale, .row = (uint32_t)v->count};
    v->count++;
}

// ---- the file

static size_t row_bytes(const Vectors *v)
{
    return ROW_HEAD_BYTES + (size_t)v->dimensions;
}

// FNV-1a over the row, its check taken for zeros: finds a row that was cut off or never reached the disk.
static uint32_t check_of(const char *row, size_t bytes)
{
    uint32_t h = 0x811C9DC5u;
    for (size_t i = 0; i < bytes; i++) {
        unsigned char c = i >= 20 && i < 24 ? 0 : (unsigned char)row[i];
        h = (h ^ c) * 0x01000193u;
    }
    return h;
}

static void write_head(const Vectors *v, char ret[HEAD_BYTES])
{
    uint32_t dimensions = (uint32_t)v->dimensions;
    memset(ret, 0, HEAD_BYTES);
    memcpy(ret, MAGIC, sizeof(MAGIC));
    memcpy(ret + 8, &v->model, 8);
    memcpy(ret + 16, &dimensions, 4);
}

static bool read_row(Vectors *v, const char *row)
{
    uint64_t picture, master;
    float scale;
    uint32_t check;
    memcpy(&picture, row, 8);
    memcpy(&master, row + 8, 8);
    memcpy(&scale, row + 16, 4);
    memcpy(&check, row + 20, 4);
    if (check != check_of(row, row_bytes(v)) || !(scale >= 0 && scale <= 1))
        return false;
    remember(v, picture, master, scale, (const int8_t *)row + ROW_HEAD_BYTES);
    return true;
}

// Rows up to the first that is not whole. *ret_good: bytes of the file that hold.
static bool read_rows(Vectors *v, uint64_t size, uint64_t *ret_good, Err *err)
{
    size_t bytes = row_bytes(v);
    char *row = mem_alloc(bytes);
    uint64_t at = HEAD_BYTES;
    bool good = true, whole = true;
    while (whole && good && size - at >= bytes && v->count < VECTORS_MAX) {
        good = file_read_at(v->fd, row, bytes, at, err);
        whole = good && read_row(v, row);
        at += whole ? bytes : 0;
    }
    free(row);
    *ret_good = at;
    return good;
}

static bool is_ours(const Vectors *v, uint64_t size)
{
    char want[HEAD_BYTES], have[HEAD_BYTES];
    Err err = {0};
    write_head(v, want);
    return size >= HEAD_BYTES && file_read_at(v->fd, have, HEAD_BYTES, 0, &err) &&
           memcmp(want, have, HEAD_BYTES) == 0;
}

static bool begin(Vectors *v, int dir, Err *err)
{
    char head[HEAD_BYTES];
    write_head(v, head);
    fd_close(v->fd);
    v->bytes = HEAD_BYTES;
    v->fd = file_replace(dir, NAME, (Str){head, HEAD_BYTES}, false, err) ? file_append(dir, NAME, err) : -1;
    return v->fd >= 0;
}

static bool load(Vectors *v, int dir, Err *err)
{
    Err missing = {0};
    uint64_t size = 0, good;
    v->fd = v->writer ? file_append(dir, NAME, &missing) : file_open(dir, NAME, &missing);
    if (v->fd < 0 && missing.kind != ERR_NOT_FOUND)
        return *err = missing, false;
    if (v->fd >= 0 && !file_size(v->fd, &size, err))
        return false;
    if (v->fd < 0 || !is_ours(v, size))
        return v->writer ? begin(v, dir, err) : err_set(err, ERR_NOT_FOUND, "no vectors of this model");
    if (!read_rows(v, size, &good, err))
        return false;
    v->bytes = good;
    return !v->writer || good == size || ftruncate(v->fd, (off_t)good) == 0 || err_errno(err, "vectors");
}

Vectors *vectors_open(int dir, uint64_t model, int dimensions, bool writer, Err *err)
{
    assert(dimensions > 0 && dimensions <= VECTORS_DIMENSIONS_MAX);
    Vectors *v = mem_alloc(sizeof(*v));
    *v = (Vectors){.fd = -1, .writer = writer, .model = model, .dimensions = dimensions};
    grow_places(v);
    if (load(v, dir, err))
        return v;
    vectors_close(v);
    return NULL;
}

void vectors_close(Vectors *v)
{
    if (!v)
        return;
    fd_close(v->fd);
    free(v->values);
    free(v->places);
    free(v);
}

int vectors_dimensions(const Vectors *v)
{
    return v->dimensions;
}

size_t vectors_count(const Vectors *v)
{
    return v->count;
}

// ---- one vector

Vector vectors_find(const Vectors *v, uint64_t picture, uint64_t master)
{
    const Place *place = place_of(v->places, v->places_count, picture, master);
    if (place->row == UINT32_MAX)
        return (Vector){0};
    return (Vector){v->values + (size_t)place->row * (size_t)v->dimensions, place->scale};
}

Vector vectors_pack(const float *vector, int dimensions, Arena *a)
{
    float most = 0;
    for (int i = 0; i < dimensions; i++)
        most = MAX_OF(most, fabsf(vector[i]));
    int8_t *values = arena_array(a, int8_t, (size_t)dimensions);
    const float scale = MIN_OF(most / 127, 1.0f);
    for (int i = 0; i < dimensions && scale > 0; i++)
        values[i] = (int8_t)lrintf(MAX_OF(MIN_OF(vector[i] / scale, 127.0f), -127.0f));
    return (Vector){values, scale};
}

static bool add_packed(Vectors *v, uint64_t picture, uint64_t master, Vector packed, Arena *a, Err *err)
{
    char *row = arena_alloc(a, row_bytes(v));
    memset(row, 0, ROW_HEAD_BYTES);
    memcpy(row, &picture, 8);
    memcpy(row + 8, &master, 8);
    memcpy(row + 16, &packed.scale, 4);
    memcpy(row + ROW_HEAD_BYTES, packed.values, (size_t)v->dimensions);
    uint32_t check = check_of(row, row_bytes(v));
    memcpy(row + 20, &check, 4);
    if (!file_write_all(v->fd, (Str){row, row_bytes(v)}, err)) {
        (void)!ftruncate(v->fd, (off_t)v->bytes); // half a row would hide those behind it
        return false;
    }
    v->bytes += row_bytes(v);
    remember(v, picture, master, packed.scale, packed.values);
    return true;
}

bool vectors_add(Vectors *v, uint64_t picture, uint64_t master, const float *vector, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    if (v->count >= VECTORS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d vectors", VECTORS_MAX);
    Vector packed = {arena_array(a, int8_t, (size_t)v->dimensions), 0};
    if (vector)
        packed = vectors_pack(vector, v->dimensions, a);
    return add_packed(v, picture, master, packed, a, err);
}

bool vectors_purge(
    Vectors *v, int dir, bool (*wanted)(void *ctx, uint64_t picture, uint64_t master), void *ctx, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Vectors old = *v;
    v->values = NULL;
    v->places = NULL;
    v->count = v->capacity = v->places_count = 0;
    grow_places(v);
    bool good = begin(v, dir, err);
    for (size_t i = 0; i < old.places_count && good; i++) {
        const Place *p = &old.places[i];
        if (p->row == UINT32_MAX || !wanted(ctx, p->picture, p->master))
            continue;
        arena_reset(a);
        good = add_packed(v, p->picture, p->master,
            (Vector){old.values + (size_t)p->row * (size_t)old.dimensions, p->scale}, a, err);
    }
    free(old.values);
    free(old.places);
    return good && vectors_sync(v, err);
}

bool vectors_sync(Vectors *v, Err *err)
{
    return file_sync(v->fd, err);
}

float vectors_likeness(const Vectors *v, Vector a, Vector b)
{
    int64_t dot = 0;
    for (int i = 0; i < v->dimensions; i++)
        dot += a.values[i] * b.values[i];
    return (float)dot * a.scale * b.scale;
}
