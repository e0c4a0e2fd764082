// SPDX-License-Identifier: Apache-2.0
#include "catalog/testing.h"
#include "catalog/tree.h"

#include <sqlite3.h>
#include <sys/wait.h>

static int64_t size_of(Catalog *c)
{
    Err err = {0};
    int64_t size;
    FINE(catalog_tree_size(c, &size, &err), err);
    return size;
}

static Sha256 root_of(Catalog *c, int64_t size)
{
    Err err = {0};
    Sha256 root;
    FINE(catalog_tree_root(c, size, &root, &err), err);
    return root;
}

static int64_t change_and_close(Catalog *c, const char *id, int version, const char *title)
{
    Err err = {0};
    int64_t set = test_change(c, id, version, title, 0);
    FINE(catalog_change_set_close(c, set, &err), err);
    return set;
}

// Checks both steps of a proof with nothing but hashes.
static void check_proof(Catalog *c, const char *id, int version, int64_t size)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogProof p;
    FINE(catalog_tree_prove(c, str_from(id), version, size, a, &p, &err), err);
    const Json *set = json_parse(p.set_entry, a, &err), *entry = json_parse(p.version_entry, a, &err);
    assert_true(set && entry);
    Sha256 set_root, leaf = merkle_leaf(p.version_entry), set_leaf = merkle_leaf(p.set_entry);
    assert_true(hex_to_bytes(json_text(set, S("root")), set_root.bytes, SHA256_BYTES));
    assert_int_equal(json_int(set, S("versions"), 0), p.versions);
    assert_true(merkle_included(&leaf, p.place, p.versions, &p.version_path, &set_root));
    Sha256 root = root_of(c, p.size);
    assert_true(merkle_included(&set_leaf, p.leaf, p.size, &p.log_path, &root));
    assert_string_equal(arena_cstr(a, json_text(entry, S("object"))), id);
    assert_int_equal(json_int(entry, S("version"), 0), version);
    CatalogVersion v;
    Sha512 digest;
    FINE(catalog_find_version(c, str_from(id), version, a, &v, &err), err);
    assert_true(sha512_from_hex(json_text(entry, S("sha512")), &digest) && sha512_eq(&digest, &v.digest));
}

static void refuse_proof(Catalog *c, const char *id, int version, int64_t size, ErrKind kind)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogProof p;
    assert_false(catalog_tree_prove(c, str_from(id), version, size, a, &p, &err));
    assert_int_equal(err.kind, kind);
}

static void small_sets(void **state)
{
    (void)state;
    enum { SETS = 270 };
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    assert_int_equal(size_of(c), 0);
    Sha256 roots[SETS + 1];
    for (int i = 1; i <= SETS; i++) {
        change_and_close(c, i % 3 ? "vase" : "bowl", i % 3 ? i - i / 3 : i / 3, "A title");
        assert_int_equal(size_of(c), i);
        roots[i] = root_of(c, i);
    }
    for (int i = 1; i <= SETS; i += 7) {
        MerklePath path;
        FINE(catalog_tree_consistency(c, i, SETS, &path, &err), err);
        assert_true(merkle_consistent(i, &roots[i], SETS, &roots[SETS], &path));
        Sha256 again = root_of(c, i);
        assert_memory_equal(again.bytes, roots[i].bytes, SHA256_BYTES);
    }
    check_proof(c, "vase", 1, 0);
    check_proof(c, "vase", 1, 1);
    check_proof(c, "bowl", 80, 270);
    check_proof(c, "vase", 180, 0);
    refuse_proof(c, "vase", 181, 0, ERR_NOT_FOUND);
    refuse_proof(c, "nothing", 1, 0, ERR_NOT_FOUND);
    refuse_proof(c, "vase", 180, 10, ERR_BUSY); // not in it yet
    refuse_proof(c, "vase", 1, 271, ERR_NOT_FOUND);
    refuse_proof(c, "vase", 1, -1, ERR_NOT_FOUND);
    int64_t size;
    FINE(catalog_tree_check(c, &size, &err), err);
    assert_int_equal(size, SETS);
    FINE(catalog_tree_size_at(c, TEST_WHO.time_ms - 1, &size, &err), err);
    assert_int_equal(size, 0);
    FINE(catalog_tree_size_at(c, TEST_WHO.time_ms, &size, &err), err);
    assert_int_equal(size, SETS);
    catalog_close(c);
    test_remove(&place);
}

static void big_set(void **state)
{
    (void)state;
    enum { VERSIONS = 70000 }; // beyond one tile, and beyond one tile of tiles
    Err err = {0};
    char id[40];
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    change_and_close(c, "first", 1, "First");
    CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, &err);
    FINE(b, err);
    for (int i = 0; i < VERSIONS; i++) {
        snprintf(id, sizeof(id), "object-%d", i);
        FINE(test_put(b, id, 1, "Title", 0, &err), err);
    }
    FINE(catalog_batch_commit(b, &err), err);
    catalog_batch_close(b);
    FINE(catalog_change_set_close(c, 2, &err), err);
    assert_int_equal(size_of(c), 2);
    check_proof(c, "object-0", 1, 0);
    check_proof(c, "object-255", 1, 0);
    check_proof(c, "object-256", 1, 0);
    check_proof(c, "object-65535", 1, 0);
    check_proof(c, "object-69999", 1, 0);
    int64_t size;
    FINE(catalog_tree_check(c, &size, &err), err);
    catalog_close(c);
    test_remove(&place);
}

static void open_sets_wait(void **state)
{
    (void)state;
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    int64_t slow = test_change(c, "a", 1, "A", 0), quick = change_and_close(c, "b", 1, "B");
    assert_int_equal(size_of(c), 0); // leaves stand in the order of change sets
    refuse_proof(c, "b", 1, 0, ERR_BUSY);
    CatalogBatch *more = catalog_batch_open(c, slow, &TEST_WHO, &err); // its sequences are not in one piece
    FINE(more, err);
    FINE(test_put(more, "a", 2, "A", 0, &err) && test_put(more, "c", 1, "C", 0, &err), err);
    FINE(catalog_batch_commit(more, &err), err);
    catalog_batch_close(more);
    FINE(catalog_change_set_close(c, slow, &err), err);
    assert_int_equal(size_of(c), 2);
    check_proof(c, "b", 1, 0);
    check_proof(c, "a", 1, 0);
    check_proof(c, "a", 2, 0);
    check_proof(c, "c", 1, 0);
    FINE(catalog_change_set_close(c, slow, &err), err); // again is fine
    FINE(catalog_change_set_close(c, 99, &err), err);
    assert_null(catalog_batch_open(c, quick, &TEST_WHO, &err)); // nothing joins it any more
    assert_int_equal(err.kind, ERR_INVALID);
    // What a dead process left open ends with the next change set.
    pid_t child = fork();
    if (child == 0) {
        Catalog *own = catalog_open(place.file, false, &err);
        test_change(own, "e", 1, "E", 0);
        _exit(0);
    }
    waitpid(child, NULL, 0);
    assert_int_equal(size_of(c), 2);
    change_and_close(c, "d", 1, "D");
    assert_int_equal(size_of(c), 4);
    catalog_close(c);
    test_remove(&place);
}

typedef struct {
    CatalogVersion *rows;
    size_t count;
} Rows;

// Enters the rows into an empty catalogue as rebuild does: object by object.
static void rebuild(const Rows *rows, Catalog *to)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogBatch *b = catalog_batch_open(to, 0, &TEST_WHO, &err);
    FINE(b, err);
    for (size_t i = rows->count; i-- > 0;) // objects last to first, versions of each first to last
        for (size_t k = 0; k < rows->count && rows->rows[i].version == 1; k++) {
            const CatalogVersion *v = &rows->rows[k];
            Record record = {0};
            if (!str_eq(v->object_id, rows->rows[i].object_id))
                continue;
            if (!v->deleted)
                FINE(record_parse(json_parse(v->json, a, &err), a, &record, &err), err);
            CatalogPut put = {v->sequence, v->object_id, v->version, v->deleted, &record, v->json};
            CatalogWho who = TEST_WHO;
            who.time_ms = v->time_ms;
            FINE(catalog_batch_restore(b, &put, v->change_set, &who, &err), err);
        }
    FINE(catalog_batch_commit(b, &err), err);
    catalog_batch_close(b);
    FINE(catalog_change_sets_close_left(to, &err), err);
}

static void same_tree_from_the_vault(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place(), other = test_place();
    Catalog *c = test_open(&place), *made = test_open(&other);
    change_and_close(c, "a", 1, "A");
    change_and_close(c, "b", 1, "B");
    change_and_close(c, "a", 2, "A2");
    change_and_close(c, "b", -2, "");
    change_and_close(c, "b", 3, "B3");
    Rows rows;
    FINE(catalog_follow(c, 0, 100, a, &rows.rows, &rows.count, &err), err);
    rebuild(&rows, made);
    assert_int_equal(size_of(made), 5);
    Sha256 x = root_of(c, 5), y = root_of(made, 5);
    assert_memory_equal(x.bytes, y.bytes, SHA256_BYTES);
    check_proof(made, "b", 2, 0); // a deletion is shown as well
    catalog_close(c);
    catalog_close(made);
    test_remove(&place);
    test_remove(&other);
}

// Somebody with the database in hand changes history and the tree finds out. Triggers are dropped first.
static void forged(const char *sql)
{
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    for (int i = 1; i <= 10; i++)
        change_and_close(c, "vase", i, "Vase");
    int64_t size;
    FINE(catalog_tree_check(c, &size, &err), err);
    catalog_close(c);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(place.file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                         "DROP TRIGGER version_stays; DROP TRIGGER version_is_never_deleted;"
                         "DROP TRIGGER closed_set_stays; DROP TRIGGER change_set_is_never_deleted;"
                         "DROP TRIGGER version_joins_no_closed_set",
                         NULL, NULL, NULL),
        SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    c = test_open(&place);
    if (catalog_tree_check(c, &size, &err))
        fail_msg("not noticed: %s", sql);
    assert_int_equal(err.kind, ERR_CORRUPT);
    catalog_close(c);
    test_remove(&place);
}

static void forgeries(void **state)
{
    (void)state;
    forged("UPDATE version SET digest = zeroblob(64) WHERE sequence = 4");
    forged("UPDATE version SET digest = x'00' WHERE sequence = 4");
    forged("UPDATE version SET time_ms = time_ms - 1 WHERE sequence = 10");
    forged("UPDATE version SET deleted = 1 WHERE sequence = 1");
    forged("DELETE FROM version WHERE sequence = 5");
    forged("DELETE FROM version WHERE sequence = 10; DELETE FROM change_set WHERE id = 10");
    forged("DELETE FROM change_set WHERE id = 5");
    forged("UPDATE change_set SET agent = 'somebody else' WHERE id = 2");
    forged("UPDATE change_set SET reason = '' WHERE id = 2");
    forged("UPDATE object SET name = 'bowl'");
    forged("INSERT INTO version SELECT 11, 3, object, 11, time_ms, 0, NULL, NULL, digest FROM version WHERE "
           "sequence = 3");
    forged("UPDATE leaf SET root = zeroblob(32) WHERE n = 3");
    forged("DELETE FROM leaf WHERE n = 3");
    forged("DELETE FROM tile");
    forged("UPDATE tile SET hashes = zeroblob(320)");
    forged("UPDATE tile SET hashes = zeroblob(20000)");
}

static void tiles(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    for (int i = 1; i <= 5; i++)
        change_and_close(c, "vase", i, "Vase");
    Str tile, entry;
    FINE(catalog_tree_tile(c, 0, 0, 5, a, &tile, &err), err);
    assert_int_equal(tile.n, 5 * SHA256_BYTES);
    FINE(catalog_tree_entry(c, 2, a, &entry, &err), err);
    Sha256 leaf = merkle_leaf(entry);
    assert_memory_equal(leaf.bytes, tile.p + 2 * SHA256_BYTES, SHA256_BYTES);
    FINE(catalog_tree_tile(c, 0, 0, 3, a, &tile, &err), err); // an earlier state of it
    assert_int_equal(tile.n, 3 * SHA256_BYTES);
    assert_false(catalog_tree_tile(c, 0, 0, 6, a, &tile, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(catalog_tree_tile(c, 0, 1, 1, a, &tile, &err));
    assert_false(catalog_tree_tile(c, 7, 0, 1, a, &tile, &err));
    assert_false(catalog_tree_entry(c, 5, a, &entry, &err));
    assert_false(catalog_tree_entry(c, -1, a, &entry, &err));
    catalog_close(c);
    test_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_sets),
        cmocka_unit_test(big_set),
        cmocka_unit_test(open_sets_wait),
        cmocka_unit_test(same_tree_from_the_vault),
        cmocka_unit_test(forgeries),
        cmocka_unit_test(tiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
