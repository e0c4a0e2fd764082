// SPDX-License-Identifier: Apache-2.0
#include "catalog/history.h"
#include "catalog/testing.h"
#include "catalog/tree.h"

#include <fcntl.h>

enum { NOON = 1000 };

static int64_t change_at(Catalog *c, int64_t time_ms, const char *id, int version, const char *title)
{
    Err err = {0};
    CatalogWho who = TEST_WHO;
    who.time_ms = time_ms;
    CatalogBatch *b = catalog_batch_open(c, 0, &who, &err);
    FINE(b, err);
    FINE(test_put(b, id, version, title, 0, &err), err);
    FINE(catalog_batch_commit(b, &err), err);
    int64_t set = catalog_batch_change_set(b);
    catalog_batch_close(b);
    return set;
}

static void check_at(Catalog *c, const char *id, int64_t time_ms, int version)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogVersion v;
    bool found = catalog_find_at(c, str_from(id), time_ms, a, &v, &err);
    assert_int_equal(found ? v.version : 0, version);
    if (!found)
        assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void check_list(Catalog *c, int64_t time_ms, const char *after, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogVersion *rows;
    size_t count;
    Str got = {0};
    FINE(catalog_list_at(c, time_ms, str_from(after), 10, a, &rows, &count, &err), err);
    for (size_t i = 0; i < count; i++)
        got =
            arena_printf(a, FMT_STR FMT_STR "%d ", ARG_STR(got), ARG_STR(rows[i].object_id), rows[i].version);
    assert_string_equal(arena_cstr(a, got), want);
}

static void as_of(void **state)
{
    (void)state;
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    change_at(c, NOON, "vase", 1, "Vase");
    change_at(c, NOON + 10, "bowl", 1, "Bowl");
    change_at(c, NOON + 20, "vase", 2, "Blue vase");
    change_at(c, NOON + 30, "bowl", -2, "");
    change_at(c, NOON + 40, "bowl", 3, "Bowl again");
    check_at(c, "vase", NOON - 1, 0);
    check_at(c, "vase", NOON, 1);
    check_at(c, "vase", NOON + 19, 1);
    check_at(c, "vase", NOON + 20, 2);
    check_at(c, "vase", INT64_MAX, 2);
    check_at(c, "vase", INT64_MIN, 0);
    check_at(c, "bowl", NOON + 29, 1);
    check_at(c, "bowl", NOON + 30, 0);
    check_at(c, "bowl", NOON + 40, 3);
    check_at(c, "nothing", NOON, 0);
    check_list(c, NOON - 1, "", "");
    check_list(c, NOON, "", "vase1 ");
    check_list(c, NOON + 25, "", "bowl1 vase2 ");
    check_list(c, NOON + 35, "", "vase2 ");
    check_list(c, NOON + 99, "bowl", "vase2 ");
    check_list(c, NOON + 99, "vase", "");
    catalog_close(c);
    test_remove(&place);
}

static void change_sets(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    for (int i = 1; i <= 4; i++)
        test_change(c, "vase", i, "Vase", 0);
    FINE(catalog_change_set_close(c, 1, &err), err);
    CatalogChangeSet *sets, set;
    CatalogVersion *rows;
    size_t count;
    FINE(catalog_list_change_sets(c, 0, 3, a, &sets, &count, &err), err);
    assert_int_equal(count, 3);
    assert_int_equal(sets[0].id, 4);
    FINE(catalog_list_change_sets(c, sets[2].id, 3, a, &sets, &count, &err), err);
    assert_int_equal(count, 1);
    assert_true(sets[0].closed);
    assert_string_equal(arena_cstr(a, sets[0].agent), "Maria Lopes");
    FINE(catalog_find_change_set(c, 2, a, &set, &err), err);
    assert_int_equal(set.versions, 1);
    assert_int_equal(set.last_sequence, 2);
    assert_false(set.closed);
    assert_false(catalog_find_change_set(c, 0, a, &set, &err));
    assert_false(catalog_find_change_set(c, 5, a, &set, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(catalog_find_change_set(c, INT64_MAX, a, &set, &err));
    FINE(catalog_list_change(c, 3, 0, 10, a, &rows, &count, &err), err);
    assert_int_equal(count, 1);
    assert_int_equal(rows[0].version, 3);
    FINE(catalog_list_versions(c, S("vase"), a, &rows, &count, &err), err);
    assert_int_equal(count, 4);
    FINE(catalog_list_versions(c, S("nothing"), a, &rows, &count, &err), err);
    assert_int_equal(count, 0);
    catalog_close(c);
    test_remove(&place);
}

static void check_touched(const CatalogTouched *t, const char *id, int before, int last, int head)
{
    assert_true(str_eq(t->object_id, str_from(id)));
    assert_int_equal(t->before, before);
    assert_int_equal(t->last, last);
    assert_int_equal(t->head, head);
}

static void touched(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    test_change(c, "vase", 1, "Vase", 0);
    CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, &err);
    FINE(b, err);
    FINE(test_put(b, "vase", 2, "X", 0, &err) && test_put(b, "vase", 3, "Y", 0, &err) &&
             test_put(b, "bowl", 1, "Bowl", 0, &err) && catalog_batch_commit(b, &err),
        err);
    catalog_batch_close(b);
    test_change(c, "bowl", 2, "Bowl", 0);
    CatalogTouched *rows;
    size_t count;
    FINE(catalog_list_touched(c, 2, S(""), 10, a, &rows, &count, &err), err);
    assert_int_equal(count, 2);
    check_touched(&rows[0], "bowl", 0, 1, 2);
    check_touched(&rows[1], "vase", 1, 3, 3);
    FINE(catalog_list_touched(c, 2, S("bowl"), 10, a, &rows, &count, &err), err);
    assert_int_equal(count, 1);
    int next;
    FINE(catalog_next_version(c, S("vase"), &next, &err), err);
    assert_int_equal(next, 4);
    FINE(catalog_next_version(c, S("new"), &next, &err), err);
    assert_int_equal(next, 1);
    catalog_close(c);
    test_remove(&place);
}

// ---- withdrawal

static bool on_disk(const TestPlace *place, const char *tail, Str text)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    char room[4096];
    size_t at;
    int fd = open(arena_cstr(a, arena_printf(a, "%s%s", place->file, tail)), O_RDONLY | O_CLOEXEC);
    CLEANUP(buf_free) Buf all = buf_with_max(64 * 1024 * 1024);
    for (ssize_t got; fd >= 0 && (got = read(fd, room, sizeof(room))) > 0;)
        buf_add_bytes(&all, room, (size_t)got);
    close(fd);
    return str_find(buf_str(&all), text, &at);
}

static const CatalogWho LAW = {{"Registrar", 9}, {"court order 4/26", 16}, 1795168900000};

static Str withdrawal(Catalog *c, const char *id, Arena *a)
{
    Err err = {0};
    Str json;
    CatalogBatch *b = catalog_batch_open(c, 0, &LAW, &err);
    FINE(b, err);
    RecordLedger at = {catalog_batch_change_set(b), catalog_batch_next_sequence(b)};
    FINE(catalog_withdrawn_json(c, str_from(id), at, &LAW, a, &json, &err), err);
    FINE(catalog_batch_restore_withdrawn(b, json, &err) && catalog_batch_commit(b, &err), err);
    catalog_batch_close(b);
    FINE(catalog_wipe(c, &err), err);
    FINE(catalog_change_set_close(c, at.change_set, &err), err);
    return json;
}

static void check_withdrawn(Catalog *c, const char *id, int versions)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogVersion *rows, v;
    CatalogProof proof;
    size_t count;
    assert_false(catalog_find(c, str_from(id), a, &v, &err));
    FINE(catalog_list_versions(c, str_from(id), a, &rows, &count, &err), err);
    assert_int_equal(count, versions);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].withdrawn && rows[i].deleted && rows[i].json.n == 0);
        assert_string_equal(arena_cstr(a, rows[i].withdrawn_reason), "court order 4/26");
        FINE(catalog_tree_prove(c, str_from(id), rows[i].version, 0, a, &proof, &err), err);
    }
    int64_t size;
    FINE(catalog_tree_check(c, &size, &err), err);
}

static void withdrawn(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place(), other = test_place();
    Catalog *c = test_open(&place);
    FINE(catalog_change_set_close(c, test_change(c, "letter", 1, "SECRET ONE", 1), &err), err);
    FINE(catalog_change_set_close(c, test_change(c, "vase", 1, "Vase", 0), &err), err);
    FINE(catalog_change_set_close(c, test_change(c, "letter", 2, "SECRET TWO", 1), &err), err);
    Sha256 before, after;
    FINE(catalog_tree_root(c, 3, &before, &err), err);
    assert_true(on_disk(&place, "", S("SECRET")) || on_disk(&place, "-wal", S("SECRET")));
    Str json = withdrawal(c, "letter", a);
    FINE(catalog_tree_root(c, 3, &after, &err), err);
    assert_memory_equal(before.bytes, after.bytes, SHA256_BYTES); // what was signed still holds
    check_withdrawn(c, "letter", 3);
    int64_t objects, images, size;
    FINE(catalog_count(c, &objects, &images, &err), err);
    assert_int_equal(objects, 1);
    assert_int_equal(images, 0);
    assert_false(on_disk(&place, "", S("SECRET")));
    assert_false(on_disk(&place, "-wal", S("SECRET")));
    // The same tree from withdrawn.json and the other object alone.
    Catalog *made = test_open(&other);
    CatalogVersion vase;
    FINE(catalog_find(c, S("vase"), a, &vase, &err), err);
    Record record;
    FINE(record_parse(json_parse(vase.json, a, &err), a, &record, &err), err);
    CatalogPut put = {
        .sequence = 2, .object_id = S("vase"), .version = 1, .record = &record, .json = vase.json};
    CatalogBatch *b = catalog_batch_open(made, 0, &LAW, &err);
    FINE(b, err);
    FINE(catalog_batch_restore_withdrawn(b, json, &err), err);
    FINE(catalog_batch_restore_withdrawn(b, json, &err), err); // again: fine
    FINE(catalog_batch_restore(b, &put, 2, &TEST_WHO, &err) && catalog_batch_commit(b, &err), err);
    catalog_batch_close(b);
    FINE(catalog_change_sets_close_left(made, &err), err);
    FINE(catalog_tree_size(made, &size, &err), err);
    assert_int_equal(size, 4);
    FINE(catalog_tree_root(c, 4, &before, &err) && catalog_tree_root(made, 4, &after, &err), err);
    assert_memory_equal(before.bytes, after.bytes, SHA256_BYTES);
    check_withdrawn(made, "letter", 3);
    catalog_close(c);
    catalog_close(made);
    test_remove(&place);
    test_remove(&other);
}

static void refuse_withdrawal(const char *json)
{
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    CatalogBatch *b = catalog_batch_open(c, 0, &LAW, &err);
    FINE(b, err);
    assert_false(catalog_batch_restore_withdrawn(b, str_from(json), &err));
    catalog_batch_close(b);
    catalog_close(c);
    test_remove(&place);
}

static void bad_withdrawals(void **state)
{
    (void)state;
    refuse_withdrawal("");
    refuse_withdrawal("[]");
    refuse_withdrawal("{\"id\":\"a\"}");
    refuse_withdrawal("{\"id\":\"a\",\"versions\":[]}");
    refuse_withdrawal("{\"versions\":[{\"version\":1}]}");
    refuse_withdrawal("{\"id\":\"a\",\"versions\":[7]}");
    refuse_withdrawal(
        "{\"id\":\"a\",\"versions\":[{\"version\":1,\"sequence\":1,\"change_set\":1,\"sha512\":\"00\"}]}");
    refuse_withdrawal(
        "{\"id\":\"a\",\"versions\":[{\"version\":99999999999,\"sequence\":1,\"change_set\":1}]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_of),
        cmocka_unit_test(change_sets),
        cmocka_unit_test(touched),
        cmocka_unit_test(withdrawn),
        cmocka_unit_test(bad_withdrawals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
