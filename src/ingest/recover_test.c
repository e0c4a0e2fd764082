// SPDX-License-Identifier: Apache-2.0
// The ledger from the vault: after a writer died between the two, and from nothing.
#include "ingest/testing.h"

#include <sys/wait.h>

// What a writer does that dies after the vault has published: journal and objects stay, the ledger has
// nothing.
static void die_after_publish(Place *p, const char *id, int64_t sequence)
{
    place_close_rooms(p);
    pid_t child = fork();
    if (child == 0) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        Err err = {0};
        Str json;
        const Record record = {.id = str_from(id), .lang = S("en")};
        Store *store = store_open(p->home, false, &err);
        StoreBatch *batch = store ? store_batch_open(store, &err) : NULL;
        StoreDraft *draft = batch ? store_draft_open(batch, record.id, &err) : NULL;
        const StoreNote note = {
            .created_ms = 1700000000123, .message = S("taken in from x"), .user_name = S("Maria")};
        bool good = draft && record_json(&record, (RecordLedger){7, sequence}, a, &json, &err) &&
                    store_draft_put(draft, S("record.json"), json, &err) &&
                    store_draft_done(draft, &note, &err) && store_batch_publish(batch, &err);
        _exit(good ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    place_open_rooms(p);
}

static void recover(void **state)
{
    (void)state;
    Place *p = place_open();
    Err err = {0};
    int64_t recovered;
    FINE(ingest_recover(&p->house, &recovered, &err), err);
    assert_int_equal(recovered, 0);
    die_after_publish(p, "lost", 12);
    FINE(ingest_recover(&p->house, &recovered, &err), err);
    assert_int_equal(recovered, 1);
    CLEANUP(arena_closep) Arena *a = arena_open();
    CatalogVersion v;
    FINE(catalog_find(p->house.catalog, S("lost"), a, &v, &err), err);
    assert_true(v.sequence == 12 && v.change_set == 7 && v.time_ms == 1700000000123);
    FINE(ingest_recover(&p->house, &recovered, &err), err);
    assert_int_equal(recovered, 0);
    // The next run goes on behind it.
    place_put(p, "r.jsonl", S("{\"id\":\"lost\",\"title\":\"Found\"}\n{\"id\":\"new\"}\n"));
    place_expect(p, (PlaceAsk){0}, "1/1/0/0 0/0/0");
    assert_int_equal(catalog_head(p->house.catalog, &err), 14);
    place_close(p);
}

static Str whole_ledger(Place *p, Arena *a)
{
    CLEANUP(buf_free) Buf out = buf_with_max(1024 * 1024);
    CatalogVersion *rows;
    size_t count;
    Err err = {0};
    Str text;
    FINE(catalog_follow(p->house.catalog, 0, 1000, a, &rows, &count, &err), err);
    for (size_t i = 0; i < count; i++)
        buf_printf(&out, "%lld %lld %lld " FMT_STR " %d %d " FMT_STR "\n", (long long)rows[i].sequence,
            (long long)rows[i].change_set, (long long)rows[i].time_ms, ARG_STR(rows[i].object_id),
            rows[i].version, rows[i].deleted, ARG_STR(rows[i].json));
    FINE(buf_into(&out, a, &text, &err), err);
    return text;
}

static void rebuild(void **state)
{
    (void)state;
    Place *p = place_open();
    CLEANUP(arena_closep) Arena *a = arena_open();
    place_put(p, "r.jsonl", S("{\"id\":\"a\",\"title\":\"One\"}\n{\"id\":\"b\",\"image\":\"one.png\"}\n"));
    place_put(p, "one.png", RED);
    place_expect(p, (PlaceAsk){0}, "2/0/0/0 1/0/0");
    place_put(p, "r.jsonl", S("{\"id\":\"a\",\"title\":\"Two\"}\n{\"id\":\"c\"}\n"));
    place_expect(p, (PlaceAsk){.path = "r.jsonl"}, "1/1/0/0 0/0/0");
    Str before = whole_ledger(p, a);
    assert_true(before.n > 0);

    place_close_rooms(p);
    char command[400];
    snprintf(command, sizeof(command), "rm -r %s/derived %s/catalog.db*", p->home, p->home);
    assert_int_equal(system(command), 0);
    place_open_rooms(p);
    Err err = {0};
    const IngestListener listener = {.ctx = p, .problem = place_hear, .progress = place_progress};
    FINE(ingest_rebuild(&p->house, true, &listener, &p->counts, &err), err);
    assert_int_equal(p->counts.records_new, 3);
    assert_int_equal(p->counts.images_new, 1);
    Str after = whole_ledger(p, a);
    assert_string_equal(arena_cstr(a, before), arena_cstr(a, after));
    Sha512 master = sha512_of(RED);
    CLEANUP(fd_closep) int fd = derived_find(p->house.derived, &master, "pyramid", &err);
    assert_true(fd >= 0);
    place_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(recover),
        cmocka_unit_test(rebuild),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
