// SPDX-License-Identifier: Apache-2.0
// ledger_bench put|prove|undo FOLDER COUNT: measures in a new catalogue (and vault) in FOLDER, which must be
// empty; prints a table of figures.
//   put    COUNT records entered, entered again, looked up, followed
//   prove  COUNT change sets of one version each: the hash tree made, proofs from it; then a set of 100,000
//   undo   COUNT records in vault and ledger, all edited in one change set, and that undone
#include "base/clock.h"
#include "catalog/history.h"
#include "catalog/tree.h"
#include "proof/proof.h"
#include "revise/revise.h"

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

// ---- proofs

static void restore_one(CatalogBatch *b, int number, int64_t change_set, Arena *a)
{
    Err err = {0};
    CatalogWho who = {S("bench"), S("measuring"), 1795168800000};
    Record r = {.id = arena_printf(a, "1907.%d", number)};
    CatalogPut p = {.sequence = number + 1, .object_id = r.id, .version = 1, .record = &r};
    if (!record_json(&r, (RecordLedger){change_set, p.sequence}, a, &p.json, &err) ||
        !catalog_batch_restore(b, &p, change_set, &who, &err))
        fail(&err);
}

static void restore_all(Catalog *c, int from, int to, int64_t change_set)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CatalogWho who = {S("bench"), S("measuring"), 1795168800000};
    Err err = {0};
    CatalogBatch *b = catalog_batch_open(c, 0, &who, &err);
    if (!b)
        fail(&err);
    for (int i = from; i < to; i++, arena_reset(a))
        restore_one(b, i, change_set ? change_set : i + 1, a);
    if (!catalog_batch_commit(b, &err))
        fail(&err);
    catalog_batch_close(b);
}

static void prove_some(Catalog *c, const ProofKey *key, int from, int to, const char *what)
{
    enum { PROOFS = 1000 };
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str document;
    int64_t worst_us = 0;
    Watch w = watch_start();
    for (int i = 0; i < PROOFS; i++, arena_reset(a)) {
        int64_t started_us = clock_mono_us();
        int number = from + (int)((unsigned)i * 7919u % (unsigned)(to - from));
        if (!proof_object(c, key, arena_printf(a, "1907.%d", number), 1, 1 + i, a, &document, &err))
            fail(&err);
        worst_us = MAX_OF(worst_us, clock_mono_us() - started_us);
    }
    watch_stop(w, what, PROOFS);
    printf("%-44s %9s  %8.2f ms\n", "  the slowest of them", "", (double)worst_us / 1000);
}

static void bench_prove(const char *folder, int count)
{
    enum { BIG_SET = 100000 };
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str secret;
    ProofKey key;
    int64_t size;
    Catalog *c = catalog_open(arena_cstr(a, arena_printf(a, "%s/catalog.db", folder)), true, &err);
    if (!c || !proof_key_make(S("bench"), a, &secret, &err) || !proof_key_read(secret, &key, &err))
        fail(&err);
    Watch w = watch_start();
    restore_all(c, 0, count, 0);
    watch_stop(w, "change sets restored", count);
    w = watch_start();
    if (!catalog_change_sets_close_left(c, &err))
        fail(&err);
    watch_stop(w, "hash tree made", count);
    prove_some(c, &key, 0, count, "proofs with growth, signed, as JSON");
    restore_all(c, count, count + BIG_SET, count + 1);
    w = watch_start();
    if (!catalog_change_sets_close_left(c, &err))
        fail(&err);
    watch_stop(w, "versions of one change set hashed", BIG_SET);
    prove_some(c, &key, count, count + BIG_SET, "proofs out of a set of 100,000");
    w = watch_start();
    if (!catalog_tree_check(c, &size, &err))
        fail(&err);
    watch_stop(w, "whole tree checked, change sets", size);
    catalog_close(c);
}

// ---- undo

static void file_page(const ReviseHouse *house, int from, int to, int version, int64_t *set)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CatalogWho who = {S("bench"), S("measuring"), 1795168800000 + version};
    StoreNote note = {who.time_ms, who.reason, who.agent, {0}};
    Err err = {0};
    StoreBatch *vault = store_batch_open(house->store, &err);
    CatalogBatch *ledger = vault ? catalog_batch_open(house->catalog, *set, &who, &err) : NULL;
    if (!ledger)
        fail(&err);
    for (int i = from; i < to; i++, arena_reset(a)) {
        RecordText title = {S("en"), arena_printf(a, "Bowl %d as it stood in version %d", i, version)};
        Record r = {.id = arena_printf(a, "1907.%d", i), .titles = {&title, 1, 1}};
        StoreDraft *draft = store_draft_open(vault, r.id, &err);
        CatalogPut p = {.sequence = catalog_batch_next_sequence(ledger),
            .object_id = r.id,
            .version = version,
            .record = &r};
        if (!draft ||
            !record_json(
                &r, (RecordLedger){catalog_batch_change_set(ledger), p.sequence}, a, &p.json, &err) ||
            !store_draft_put(draft, S("record.json"), p.json, &err) || !catalog_batch_put(ledger, &p, &err) ||
            !store_draft_done(draft, &note, &err))
            fail(&err);
    }
    if (!store_batch_publish(vault, &err) || !catalog_batch_commit(ledger, &err))
        fail(&err);
    *set = catalog_batch_change_set(ledger);
    catalog_batch_close(ledger);
    store_batch_close(vault);
}

static int64_t file_all(const ReviseHouse *house, int count, int version)
{
    Err err = {0};
    int64_t set = 0;
    for (int from = 0; from < count; from += BATCH_ROWS)
        file_page(house, from, MIN_OF(from + BATCH_ROWS, count), version, &set);
    if (!catalog_change_set_close(house->catalog, set, &err))
        fail(&err);
    return set;
}

static void bench_undo(const char *folder, int count)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CatalogWho who = {S("bench"), S("undo"), 1795168900000};
    Err err = {0};
    ReviseCounts counts;
    ReviseHouse house = {.store = store_open(folder, true, &err)};
    if (house.store)
        house.derived = derived_open(folder, true, &err);
    if (house.derived)
        house.catalog = catalog_open(arena_cstr(a, arena_printf(a, "%s/catalog.db", folder)), true, &err);
    if (!house.catalog)
        fail(&err);
    Watch w = watch_start();
    file_all(&house, count, 1);
    watch_stop(w, "records filed in vault and ledger", count);
    w = watch_start();
    int64_t set = file_all(&house, count, 2);
    watch_stop(w, "all of them edited in one change set", count);
    w = watch_start();
    if (!revise_undo(&house, set, true, &who, NULL, &counts, &err))
        fail(&err);
    watch_stop(w, "undo previewed", counts.outcomes[REVISE_RESTORED]);
    w = watch_start();
    if (!revise_undo(&house, set, false, &who, NULL, &counts, &err))
        fail(&err);
    watch_stop(w, "undone, in vault and ledger", counts.outcomes[REVISE_RESTORED]);
    catalog_close(house.catalog);
    derived_close(house.derived);
    store_close(house.store);
}

static void bench_put(const char *folder, int count)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Catalog *c = catalog_open(arena_cstr(a, arena_printf(a, "%s/catalog.db", folder)), true, &err);
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
}

int main(int argc, char **argv)
{
    int count;
    Str what = argc == 4 ? str_from(argv[1]) : S("");
    if (argc != 4 || !str_to_int(str_from(argv[3]), 1, 10000000, &count)) {
        fprintf(stderr, "usage: ledger_bench put|prove|undo FOLDER COUNT\n");
        return 2;
    }
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (str_eq(what, S("prove")))
        bench_prove(argv[2], count);
    else if (str_eq(what, S("undo")))
        bench_undo(argv[2], count);
    else
        bench_put(argv[2], count);
    return 0;
}
