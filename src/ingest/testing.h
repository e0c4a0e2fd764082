// SPDX-License-Identifier: Apache-2.0
// For the room's tests: a museum in a folder of its own, a delivery beside it, and what the run said.
#pragma once

#include "base/clock.h"
#include "base/file.h"
#include "ingest/ingest.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

// Eight by six pixels each.
static const char RED_PNG[] =
    "\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x08\x00\x00\x00\x06"
    "\x08\x02\x00\x00\x00\x71\x67\x48\xac\x00\x00\x00\x11\x49\x44\x41\x54\x78\xda\x63\xf8\xcf\xc0\x80"
    "\x15\x31\x0c\xa4\x04\x00\x33\x28\x2f\xd1\x37\xcc\x85\xae\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42"
    "\x60\x82";
static const char BLUE_PNG[] =
    "\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x08\x00\x00\x00\x06"
    "\x08\x02\x00\x00\x00\x71\x67\x48\xac\x00\x00\x00\x10\x49\x44\x41\x54\x78\xda\x63\x60\x60\xf8\x8f"
    "\x03\x0d\xa0\x04\x00\xd3\x79\x2f\xd1\x01\xfd\x80\x41\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60"
    "\x82";
#define RED ((Str){RED_PNG, sizeof(RED_PNG) - 1})
#define BLUE ((Str){BLUE_PNG, sizeof(BLUE_PNG) - 1})

typedef struct {
    char folder[128], home[160], delivery[160];
    IngestHouse house;
    IngestCounts counts;
    Buf said; // one line a problem: "refused table.csv:3:Title text"
    pthread_mutex_t lock;
} Place;

#define FINE(call, err)                                                                                      \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s (%s)", #call, (err).text, err_kind_name((err).kind));                           \
    } while (0)

static inline void place_open_rooms(Place *p)
{
    Err err = {0};
    char ledger[200];
    snprintf(ledger, sizeof(ledger), "%s/catalog.db", p->home);
    FINE(p->house.store = store_open(p->home, true, &err), err);
    FINE(p->house.derived = derived_open(p->home, true, &err), err);
    FINE(p->house.catalog = catalog_open(ledger, true, &err), err);
    FINE(p->house.cage = cage_open(&(CageConfig){.children_max = 2}, &err), err);
}

static inline void place_close_rooms(Place *p)
{
    cage_close(p->house.cage);
    catalog_close(p->house.catalog);
    derived_close(p->house.derived);
    store_close(p->house.store);
    p->house = (IngestHouse){0};
}

static inline Place *place_open(void)
{
    Place *p = mem_alloc(sizeof(*p));
    const char *base = getenv("TMPDIR");
    snprintf(p->folder, sizeof(p->folder), "%s/vitrine-ingest-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(p->folder));
    snprintf(p->home, sizeof(p->home), "%s/home", p->folder);
    snprintf(p->delivery, sizeof(p->delivery), "%s/delivery", p->folder);
    assert_int_equal(mkdir(p->home, 0777) | mkdir(p->delivery, 0777), 0);
    p->said = buf_with_max(1024 * 1024);
    pthread_mutex_init(&p->lock, NULL);
    place_open_rooms(p);
    return p;
}

static inline int place_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static inline void place_close(Place *p)
{
    place_close_rooms(p);
    (void)nftw(p->folder, place_remove_one, 16, FTW_DEPTH | FTW_PHYS);
    buf_free(&p->said);
    free(p);
}

static inline void place_put(Place *p, const char *name, Str bytes)
{
    char path[400];
    Err err = {0};
    snprintf(path, sizeof(path), "%s/%s", p->delivery, name);
    for (char *slash = path + strlen(p->delivery) + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        assert_true(mkdir(path, 0777) == 0 || errno == EEXIST);
        *slash = '/';
    }
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0);
    FINE(file_write_all(fd, bytes, &err), err);
}

static inline void place_hear(void *ctx, const IngestProblem *problem)
{
    static const char *const LEVELS[] = {"note", "warning", "refused"};
    Place *p = ctx;
    Str file = problem->file, delivery = str_from(p->delivery);
    if (str_starts(file, delivery))
        file = str_slice(file, delivery.n + 1, file.n);
    pthread_mutex_lock(&p->lock);
    buf_printf(&p->said, "%s " FMT_STR ":%lld:" FMT_STR " " FMT_STR "\n", LEVELS[problem->level],
        ARG_STR(file), (long long)problem->row, ARG_STR(problem->cell), ARG_STR(problem->text));
    pthread_mutex_unlock(&p->lock);
}

static inline void place_progress(void *ctx, const IngestCounts *counts)
{
    (void)ctx, (void)counts;
}

typedef struct {
    const char *path; // below the delivery; NULL: all of it
    const char *mapping;
    const char *images;
    bool check;
} PlaceAsk;

static inline bool place_run(Place *p, PlaceAsk how, Err *err)
{
    char path[400], images[400], mapping[400];
    snprintf(path, sizeof(path), "%s/%s", p->delivery, how.path ? how.path : "");
    snprintf(images, sizeof(images), "%s/%s", p->delivery, how.images ? how.images : "");
    snprintf(mapping, sizeof(mapping), "%s/%s", p->folder, "mapping");
    if (how.mapping) {
        CLEANUP(fd_closep) int fd = open(mapping, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        assert_true(fd >= 0 && file_write_all(fd, str_from(how.mapping), err));
    }
    const char *paths[] = {path};
    const IngestAsk ask = {.paths = paths,
        .paths_count = 1,
        .check = how.check,
        .mapping = how.mapping ? mapping : NULL,
        .images = how.images ? images : NULL,
        .agent = S("Test"),
        .lang = S("en"),
        .now_ms = clock_now_ms()};
    const IngestListener listener = {.ctx = p, .problem = place_hear, .progress = place_progress};
    buf_clear(&p->said);
    return ingest_run(&p->house, &ask, &listener, &p->counts, err);
}

// "new/changed/same/refused records, new/same/refused pictures"
static inline void place_expect(Place *p, PlaceAsk how, const char *want)
{
    Err err = {0};
    char got[200];
    FINE(place_run(p, how, &err), err);
    const IngestCounts *c = &p->counts;
    snprintf(got, sizeof(got), "%lld/%lld/%lld/%lld %lld/%lld/%lld", (long long)c->records_new,
        (long long)c->records_changed, (long long)c->records_same, (long long)c->records_refused,
        (long long)c->images_new, (long long)c->images_same, (long long)c->images_refused);
    if (strcmp(got, want) != 0)
        fail_msg("%s instead of %s\n" FMT_STR, got, want, ARG_STR(p->said));
}

static inline void place_said(Place *p, const char *what)
{
    size_t at;
    if (!str_find(buf_str(&p->said), str_from(what), &at))
        fail_msg("nobody said \"%s\":\n" FMT_STR, what, ARG_STR(p->said));
}

// The record as JSON, or "" if there is none.
static inline Str place_record(Place *p, const char *id, Arena *a)
{
    CatalogVersion version;
    Err err = {0};
    return catalog_find(p->house.catalog, str_from(id), a, &version, &err) ? version.json : S("");
}

static inline void place_holds(Place *p, const char *id, const char *what)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str json = place_record(p, id, a);
    size_t at;
    if (!str_find(json, str_from(what), &at))
        fail_msg("%s has no %s: " FMT_STR, id, what, ARG_STR(json));
}
