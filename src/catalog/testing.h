// SPDX-License-Identifier: Apache-2.0
// For the room's tests: a catalogue in a folder of its own, and records by the line.
#pragma once

#include "catalog/catalog.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define FINE(call, err)                                                                                      \
    do {                                                                                                     \
        if (!(call))                                                                                         \
            fail_msg("%s: %s (%s)", #call, (err).text, err_kind_name((err).kind));                           \
    } while (0)

typedef struct {
    char folder[256], file[300];
} TestPlace;

static inline TestPlace test_place(void)
{
    TestPlace place;
    const char *base = getenv("TMPDIR");
    snprintf(place.folder, sizeof(place.folder), "%s/vitrine-catalog-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(place.folder));
    snprintf(place.file, sizeof(place.file), "%s/catalog.db", place.folder);
    return place;
}

static inline void test_remove(TestPlace *place)
{
    static const char *const TAILS[] = {"", "-wal", "-shm", "-journal"};
    char name[320];
    for (size_t i = 0; i < COUNT_OF(TAILS); i++) {
        snprintf(name, sizeof(name), "%s%s", place->file, TAILS[i]);
        unlink(name);
    }
    assert_int_equal(rmdir(place->folder), 0);
}

static inline Catalog *test_open(const TestPlace *place)
{
    Err err = {0};
    Catalog *c = catalog_open(place->file, true, &err);
    FINE(c, err);
    catalog_default_terms(c, (Terms){.access = ACCESS_FULL});
    return c;
}

static const CatalogWho TEST_WHO = {
    .agent = {"Maria Lopes", 11}, .reason = {"inventory", 9}, .time_ms = 1795168800000};

// The next version of an object with one title and `pictures` pictures.
static inline bool test_put(
    CatalogBatch *b, const char *id, int version, const char *title, int pictures, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    RecordText text = {S("en"), str_from(title)};
    Record record = {.id = str_from(id), .titles = {&text, 1, 1}};
    record.media.items = arena_array(a, RecordMedia, (size_t)pictures);
    record.media.count = (size_t)pictures;
    for (int i = 0; i < pictures; i++) {
        Sha512 master = sha512_of(arena_printf(a, "%s %d", id, i));
        record.media.items[i] = (RecordMedia){
            .id = arena_printf(a, "%s:%d", id, i + 1),
            .number = i + 1,
            .path = arena_printf(a, "media/%d/a.jpg", i + 1),
            .format = S("image/jpeg"),
            .sha512 = sha512_hex(a, &master),
            .width_px = 640,
            .height_px = 480,
        };
    }
    CatalogPut put = {.sequence = catalog_batch_next_sequence(b),
        .object_id = record.id,
        .version = version,
        .deleted = version < 0,
        .record = &record};
    if (put.deleted)
        put.version = -version;
    RecordLedger ledger = {catalog_batch_change_set(b), put.sequence};
    return (put.deleted || record_json(&record, ledger, a, &put.json, err)) &&
           catalog_batch_put(b, &put, err);
}

// One change set with one version. A negative version is a deletion.
static inline int64_t test_change(Catalog *c, const char *id, int version, const char *title, int pictures)
{
    Err err = {0};
    CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, &err);
    FINE(b, err);
    FINE(test_put(b, id, version, title, pictures, &err), err);
    FINE(catalog_batch_commit(b, &err), err);
    int64_t set = catalog_batch_change_set(b);
    catalog_batch_close(b);
    return set;
}
