// SPDX-License-Identifier: Apache-2.0
#include "catalog/history.h"
#include "catalog/tree.h"
#include "revise/revise.h"

#include <ftw.h>
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
    char home[200];
    ReviseHouse house;
    int64_t now_ms;
} Place;

static Place place_open(void)
{
    Place p = {.now_ms = 1795168800000};
    Err err = {0};
    char ledger[240];
    const char *base = getenv("TMPDIR");
    snprintf(p.home, sizeof(p.home), "%s/vitrine-revise-XXXXXX", base ? base : "/tmp");
    assert_non_null(mkdtemp(p.home));
    snprintf(ledger, sizeof(ledger), "%s/catalog.db", p.home);
    FINE(p.house.store = store_open(p.home, true, &err), err);
    FINE(p.house.derived = derived_open(p.home, true, &err), err);
    FINE(p.house.catalog = catalog_open(ledger, true, &err), err);
    return p;
}

static int unlink_one(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)facts, (void)kind, (void)where;
    return remove(path);
}

static void place_close(Place *p)
{
    catalog_close(p->house.catalog);
    derived_close(p->house.derived);
    store_close(p->house.store);
    nftw(p->home, unlink_one, 16, FTW_DEPTH | FTW_PHYS);
}

static CatalogWho who_at(Place *p, const char *reason)
{
    return (CatalogWho){S("Maria Lopes"), str_from(reason), p->now_ms += 1000};
}

typedef struct {
    const char *id, *title, *picture; // picture: its bytes, NULL for none
} Entry;

static void fill(Entry e, Arena *a, Record *ret)
{
    RecordText *title = arena_new(a, RecordText);
    *title = (RecordText){S("en"), str_from(e.title)};
    *ret = (Record){.id = str_from(e.id), .titles = {title, 1, 1}};
    if (!e.picture)
        return;
    RecordMedia *media = arena_new(a, RecordMedia);
    Sha512 digest = sha512_of(str_from(e.picture));
    *media = (RecordMedia){.id = arena_printf(a, "%s:1", e.id),
        .number = 1,
        .path = S("media/1/a.jpg"),
        .sha512 = sha512_hex(a, &digest)};
    ret->media = (RecordMediaList){media, 1, 1};
}

// One change set with these entries, as an ingest would make it.
static int64_t change(Place *p, const Entry *entries, size_t count)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogWho who = who_at(p, "inventory");
    StoreNote note = {who.time_ms, who.reason, who.agent, {0}};
    StoreBatch *vault = store_batch_open(p->house.store, &err);
    FINE(vault, err);
    CatalogBatch *ledger = catalog_batch_open(p->house.catalog, 0, &who, &err);
    FINE(ledger, err);
    int64_t set = catalog_batch_change_set(ledger);
    for (size_t i = 0; i < count; i++) {
        Record record;
        fill(entries[i], a, &record);
        StoreDraft *draft = store_draft_open(vault, record.id, &err);
        FINE(draft, err);
        CatalogPut put = {.sequence = catalog_batch_next_sequence(ledger),
            .object_id = record.id,
            .version = store_draft_version(draft),
            .record = &record};
        FINE(record_json(&record, (RecordLedger){set, put.sequence}, a, &put.json, &err), err);
        (void)!store_draft_remove(draft, S("media/1/a.jpg"), &(Err){0});
        (void)!store_draft_remove(draft, S("tombstone.json"), &(Err){0});
        if (entries[i].picture)
            FINE(store_draft_put(draft, S("media/1/a.jpg"), str_from(entries[i].picture), &err), err);
        FINE(store_draft_put(draft, S("record.json"), put.json, &err) &&
                 catalog_batch_put(ledger, &put, &err) && store_draft_done(draft, &note, &err),
            err);
    }
    FINE(store_batch_publish(vault, &err) && catalog_batch_commit(ledger, &err), err);
    catalog_batch_close(ledger);
    store_batch_close(vault);
    FINE(catalog_change_set_close(p->house.catalog, set, &err), err);
    return set;
}

// What ledger and vault say about an object, and that they say the same. NULL title: deleted.
static void check(Place *p, const char *id, int version, const char *title, const char *picture)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogVersion v;
    StoreVersion stored;
    StoreFile *files;
    Str bytes;
    size_t count;
    FINE(store_find_version(p->house.store, str_from(id), 0, a, &stored, &err), err);
    FINE(store_list_files(p->house.store, str_from(id), 0, a, &files, &count, &err), err);
    assert_int_equal(stored.version, version);
    FINE(catalog_find_version(p->house.catalog, str_from(id), version, a, &v, &err), err);
    assert_int_equal(stored.created_ms, v.time_ms);
    assert_int_equal(v.deleted, title == NULL);
    Str name = title ? S("record.json") : S("tombstone.json");
    FINE(store_read(p->house.store, str_from(id), 0, name, 1 << 20, a, &bytes, &err), err);
    Sha512 digest = sha512_of(bytes);
    assert_true(sha512_eq(&digest, &v.digest));
    assert_int_equal(count, 1 + (picture != NULL));
    if (title) {
        Record record;
        FINE(record_parse(json_parse(bytes, a, &err), a, &record, &err), err);
        assert_string_equal(arena_cstr(a, record_title(&record, S("en"))), title);
    }
    if (picture) {
        FINE(store_read(p->house.store, str_from(id), 0, S("media/1/a.jpg"), 1 << 20, a, &bytes, &err), err);
        assert_string_equal(arena_cstr(a, bytes), picture);
    }
    int64_t size;
    FINE(catalog_tree_check(p->house.catalog, &size, &err), err);
}

static void note_line(void *ctx, const ReviseLine *line)
{
    Buf *said = ctx;
    buf_add(said, line->object_id);
    buf_printf(said, " %s, ", revise_outcome_name(line->outcome));
}

// The undo tells `want` in a preview and in earnest; returns the new change set.
static int64_t undo(Place *p, int64_t set, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    ReviseCounts counts = {0};
    CatalogWho who = who_at(p, "undo");
    for (int earnest = 0; earnest < 2; earnest++) {
        CLEANUP(buf_free) Buf said = buf_with_max(4096);
        int64_t head = catalog_head(p->house.catalog, &err);
        const ReviseListener listener = {.ctx = &said, .line = note_line};
        FINE(revise_undo(&p->house, set, !earnest, &who, &listener, &counts, &err), err);
        assert_string_equal(arena_cstr(a, buf_str(&said)), want);
        if (!earnest)
            assert_int_equal(catalog_head(p->house.catalog, &err), head);
    }
    return counts.change_set;
}

static void undo_of_edits(void **state)
{
    (void)state;
    Place p = place_open();
    change(&p, (Entry[]){{"bowl", "Bowl", NULL}, {"vase", "Vase", "picture one"}}, 2);
    int64_t set = change(&p,
        (Entry[]){{"bowl", "BOWL!", NULL}, {"new", "New", "its picture"}, {"vase", "VASE!", "picture two"}},
        3);
    int64_t undone = undo(&p, set, "bowl restored, new deleted, vase restored, ");
    check(&p, "bowl", 3, "Bowl", NULL);
    check(&p, "vase", 3, "Vase", "picture one");
    check(&p, "new", 2, NULL, NULL);
    assert_int_equal(undo(&p, set, "bowl same, new same, vase same, "), 0);
    undo(&p, undone, "bowl restored, new returned, vase restored, "); // the undo is undone
    check(&p, "bowl", 4, "BOWL!", NULL);
    check(&p, "vase", 4, "VASE!", "picture two");
    check(&p, "new", 3, "New", "its picture");
    place_close(&p);
}

static void undo_leaves_later_edits_alone(void **state)
{
    (void)state;
    Place p = place_open();
    change(&p, (Entry[]){{"bowl", "Bowl", NULL}, {"vase", "Vase", NULL}}, 2);
    int64_t set = change(&p, (Entry[]){{"bowl", "X", NULL}, {"vase", "Y", NULL}}, 2);
    change(&p, (Entry[]){{"vase", "Somebody's work", NULL}}, 1);
    undo(&p, set, "bowl restored, vase conflict, ");
    check(&p, "bowl", 3, "Bowl", NULL);
    check(&p, "vase", 3, "Somebody's work", NULL);
    place_close(&p);
}

static void deleting(void **state)
{
    (void)state;
    Err err = {0};
    Place p = place_open();
    ReviseCounts counts;
    change(&p, (Entry[]){{"bowl", "Bowl", NULL}, {"vase", "Vase", "picture"}}, 2);
    const Str ids[] = {S("vase"), S("bowl")}, unknown[] = {S("vase"), S("nothing")};
    CatalogWho who = who_at(&p, "double entry");
    assert_false(revise_delete(&p.house, unknown, 2, &who, NULL, &counts, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    check(&p, "vase", 1, "Vase", "picture");
    FINE(revise_delete(&p.house, ids, 2, &who, NULL, &counts, &err), err);
    assert_int_equal(counts.outcomes[REVISE_DELETED], 2);
    int64_t set = counts.change_set;
    check(&p, "vase", 2, NULL, NULL);
    FINE(revise_delete(&p.house, ids, 2, &who, NULL, &counts, &err), err); // again: nothing to do
    assert_int_equal(counts.outcomes[REVISE_SAME], 2);
    assert_int_equal(counts.change_set, 0);
    undo(&p, set, "bowl returned, vase returned, ");
    check(&p, "vase", 3, "Vase", "picture");
    assert_false(revise_undo(&p.house, 99, false, &who, NULL, &counts, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    place_close(&p);
}

static bool found;
static Str wanted;

static int look_for(const char *path, const struct stat *facts, int kind, struct FTW *where)
{
    (void)where;
    FILE *file = kind == FTW_F ? fopen(path, "rb") : NULL;
    if (!file)
        return 0;
    char *bytes = mem_alloc((size_t)facts->st_size + 1);
    size_t at, count = fread(bytes, 1, (size_t)facts->st_size, file);
    found = found || str_find((Str){bytes, count}, wanted, &at);
    free(bytes);
    fclose(file);
    return 0;
}

static bool anywhere(Place *p, Str text)
{
    found = false;
    wanted = text;
    nftw(p->home, look_for, 16, FTW_PHYS);
    return found;
}

static void withdrawing(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Place p = place_open();
    ReviseCounts counts;
    CatalogProof proof;
    Sha256 before, after;
    int64_t set =
        change(&p, (Entry[]){{"letter", "TOP SECRET", "SECRET PICTURE"}, {"vase", "Vase", NULL}}, 2);
    change(&p, (Entry[]){{"letter", "STILL SECRET", NULL}}, 1);
    FINE(catalog_tree_root(p.house.catalog, 2, &before, &err), err);
    assert_true(anywhere(&p, S("SECRET")));
    CatalogWho who = who_at(&p, "court order 4/26");
    FINE(revise_withdraw(&p.house, S("letter"), &who, &counts, &err), err);
    assert_int_equal(counts.change_set, 3);
    assert_false(anywhere(&p, S("SECRET")));
    assert_true(anywhere(&p, S("court order 4/26")));
    FINE(catalog_tree_root(p.house.catalog, 2, &after, &err), err);
    assert_memory_equal(before.bytes, after.bytes, SHA256_BYTES);
    for (int version = 1; version <= 3; version++)
        FINE(catalog_tree_prove(p.house.catalog, S("letter"), version, 0, a, &proof, &err), err);
    undo(&p, set, "letter gone, vase deleted, "); // nothing brings it back
    assert_false(revise_withdraw(&p.house, S("letter"), &who, &counts, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_false(revise_withdraw(&p.house, S("nothing"), &who, &counts, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    StoreVerified sum;
    FINE(store_verify(p.house.store, 1, NULL, NULL, NULL, &sum, &err), err);
    assert_int_equal(sum.damaged, 0);
    place_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(undo_of_edits),
        cmocka_unit_test(undo_leaves_later_edits_alone),
        cmocka_unit_test(deleting),
        cmocka_unit_test(withdrawing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
