// SPDX-License-Identifier: Apache-2.0
// ledger_bench FOLDER RECORDS: puts, reads and follows in a new catalogue in FOLDER; prints a table of
// figures.
#include "base/clock.h"
#include "catalog/catalog.h"

#include <stdio.h>
#include <stdlib.h>

enum { BATCH_ROWS = 1000, LOOKUPS = 20000 };

typedef struct {
    int64_t wall_us, cpu_us;
} Watch;

static Watch watch_start(void)
{
    return (Watch){clock_mono_us(), clock_cpu_us()};
}

static void watch_stop(Watch w, const char *what, int64_t count)
{
    double wall = (double)(clock_mono_us() - w.wall_us), cpu = (double)(clock_cpu_us() - w.cpu_us);
    printf("%-44s %9lld  %8.2f s wall  %8.2f s cpu  %9.2f us cpu each\n", what, (long long)count, wall / 1e6,
        cpu / 1e6, cpu / (double)count);
}

static void fail(const Err *err)
{
    fprintf(stderr, "ledger_bench: %s\n", err->text);
    exit(1);
}

// About 900 bytes of record.json, as the museums' own are.
static bool put(CatalogBatch *b, int number, int version, Arena *a, Err *err)
{
    RecordText title = {S("en"), arena_printf(a, "Bowl with scrolling lotus, number %d", number)};
    RecordText text = {S("en"),
        S("Porcelain painted in underglaze cobalt blue. The outside shows six large lotus flowers on a "
          "scrolling "
          "stem with small leaves, between double lines; inside a single spray in a double circle. The foot "
          "is "
          "unglazed and burnt orange. Cracked and mended with gold lacquer before it came to the museum.")};
    RecordMaker maker = {.name = S("Jingdezhen kilns"), .role = S("maker")};
    RecordDate date = {
        .text = S("Xuande mark and period"), .has_years = true, .earliest = 1426, .latest = 1435};
    RecordTerm material = {.text = S("porcelain, cobalt blue"), .lang = S("en")};
    Record r = {
        .id = arena_printf(a, "1907.%d", number),
        .lang = S("en"),
        .titles = {&title, 1, 1},
        .texts = {&text, 1, 1},
        .makers = {&maker, 1, 1},
        .dates = {&date, 1, 1},
        .materials = {&material, 1, 1},
        .licence = S("CC0-1.0"),
        .rights = S("http://creativecommons.org/publicdomain/zero/1.0/"),
    };
    CatalogPut p = {
        .sequence = catalog_batch_next_sequence(b), .object_id = r.id, .version = version, .record = &r};
    return record_json(&r, (RecordLedger){catalog_batch_change_set(b), p.sequence}, a, &p.json, err) &&
           catalog_batch_put(b, &p, err);
}

static void put_all(Catalog *c, int count, int version)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CatalogWho who = {S("bench"), S("measuring"), 1795168800000};
    Err err = {0};
    int64_t set = 0;
    for (int from = 0; from < count; from += BATCH_ROWS) {
        CatalogBatch *b = catalog_batch_open(c, set, &who, &err);
        if (!b)
            fail(&err);
        for (int i = from; i < MIN_OF(from + BATCH_ROWS, count); i++) {
            if (!put(b, i, version, a, &err))
                fail(&err);
            arena_reset(a);
        }
        if (!catalog_batch_commit(b, &err))
            fail(&err);
        set = catalog_batch_change_set(b);
        catalog_batch_close(b);
    }
}

static void read_all(Catalog *c, int count)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogVersion v, *rows;
    size_t rows_count;
    Watch w = watch_start();
    for (int i = 0; i < LOOKUPS; i++)
        if (catalog_head(c, &err) < 0)
            fail(&err);
    watch_stop(w, "catalog_head", LOOKUPS);
    w = watch_start();
    for (int i = 0; i < LOOKUPS; i++, arena_reset(a))
        if (!catalog_find(
                c, arena_printf(a, "1907.%d", (int)((unsigned)i * 7919u % (unsigned)count)), a, &v, &err))
            fail(&err);
    watch_stop(w, "catalog_find", LOOKUPS);
    w = watch_start();
    for (int64_t after = 0;; after = rows[rows_count - 1].sequence, arena_reset(a)) {
        if (!catalog_follow(c, after, BATCH_ROWS, a, &rows, &rows_count, &err))
            fail(&err);
        if (rows_count == 0)
            break;
    }
    watch_stop(w, "catalog_follow, all", count * 2);
}

int main(int argc, char **argv)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    int count;
    if (argc != 3 || !str_to_int(str_from(argv[2]), 1, 10000000, &count)) {
        fprintf(stderr, "usage: ledger_bench FOLDER RECORDS\n");
        return 2;
    }
    Catalog *c = catalog_open(arena_cstr(a, arena_printf(a, "%s/catalog.db", argv[1])), true, &err);
    if (!c)
        fail(&err);
    Watch w = watch_start();
    put_all(c, count, 1);
    watch_stop(w, "new versions put, 1,000 a batch", count);
    w = watch_start();
    put_all(c, count, 2);
    watch_stop(w, "second versions put", count);
    read_all(c, count);
    catalog_close(c);
    return 0;
}
