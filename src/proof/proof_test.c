// SPDX-License-Identifier: Apache-2.0
#include "catalog/testing.h"
#include "proof/proof.h"

static ProofKey key_of(Arena *a, const char *name)
{
    Err err = {0};
    Str secret;
    ProofKey key;
    FINE(proof_key_make(str_from(name), a, &secret, &err), err);
    FINE(proof_key_read(secret, &key, &err), err);
    return key;
}

static void changes(Catalog *c, int from, int to)
{
    Err err = {0};
    for (int i = from; i <= to; i++)
        FINE(catalog_change_set_close(c, test_change(c, "vase", i, "Vase", 0), &err), err);
}

static void refuse_secret(const char *text)
{
    Err err = {0};
    ProofKey key;
    assert_false(proof_key_read(str_from(text), &key, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void keys(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str secret;
    ProofVerifier verifier;
    ProofKey key = key_of(a, "museum-4f2a");
    FINE(proof_verifier_read(proof_verifier_text(a, &key.verifier), &verifier, &err), err);
    assert_memory_equal(&verifier, &key.verifier, sizeof(verifier));
    // A key of another program in the same form.
    FINE(proof_verifier_read(
             S("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), &verifier, &err),
        err);
    assert_false(proof_verifier_read(
        S("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"), &verifier, &err));
    assert_false(proof_key_make(S(""), a, &secret, &err));
    assert_false(proof_key_make(S("two words"), a, &secret, &err));
    assert_false(proof_key_make(S("a+b"), a, &secret, &err));
    assert_false(proof_key_make(S("line\nbreak"), a, &secret, &err));
    refuse_secret("");
    refuse_secret("PRIVATE+KEY+");
    refuse_secret("PRIVATE+KEY+m+00000000+AQ==");
    refuse_secret("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");
    refuse_secret(
        "PRIVATE+KEY+PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"); // other id
    refuse_secret("PRIVATE+KEY+m+zz+!!");
}

static void heads(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    ProofKey key = key_of(a, "museum"), other = key_of(a, "museum"), named = key_of(a, "else");
    ProofHead head;
    Str empty, three, again, text;
    FINE(proof_head_write(c, &key, -1, a, &empty, &err), err);
    FINE(proof_head_read(empty, &key.verifier, &head, &err) && proof_head_check(c, &head, &err), err);
    changes(c, 1, 3);
    FINE(proof_head_write(c, &key, -1, a, &three, &err), err);
    FINE(proof_head_write(c, &key, 3, a, &again, &err), err);
    assert_true(str_eq(three, again));
    assert_false(proof_head_write(c, &key, 4, a, &text, &err));
    FINE(proof_head_read(three, &key.verifier, &head, &err), err);
    assert_int_equal(head.size, 3);
    changes(c, 4, 9);
    FINE(proof_head_check(c, &head, &err), err);
    assert_false(proof_head_read(three, &other.verifier, &head, &err)); // same name, other key
    assert_false(proof_head_read(three, &named.verifier, &head, &err));
    for (size_t i = 0; i < three.n; i++) { // not one bit may differ, but in the line's end
        char *bent = arena_alloc(a, three.n);
        memcpy(bent, three.p, three.n);
        bent[i] ^= 1;
        if (i + 1 < three.n && proof_head_read((Str){bent, three.n}, &key.verifier, &head, &err))
            fail_msg("byte %zu", i);
    }
    assert_false(proof_head_read(S(""), &key.verifier, &head, &err));
    assert_false(proof_head_read(S("\n\n"), &key.verifier, &head, &err));
    assert_false(proof_head_read(S("museum\n3\n\n"), &key.verifier, &head, &err));
    catalog_close(c);
    test_remove(&place);
}

static void lost_and_rewritten(void **state)
{
    (void)state;
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    TestPlace place = test_place(), backup = test_place(), forged = test_place();
    Catalog *c = test_open(&place), *older = test_open(&backup), *bent = test_open(&forged);
    ProofKey key = key_of(a, "museum");
    Str note;
    ProofHead head;
    changes(c, 1, 5);
    changes(older, 1, 4); // a backup from the day before
    changes(bent, 1, 4);
    FINE(catalog_change_set_close(bent, test_change(bent, "vase", 5, "Vase?", 0), &err), err);
    changes(bent, 6, 8);
    FINE(proof_head_write(c, &key, -1, a, &note, &err) && proof_head_read(note, &key.verifier, &head, &err),
        err);
    FINE(proof_head_check(c, &head, &err), err);
    assert_false(proof_head_check(older, &head, &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
    assert_false(proof_head_check(bent, &head, &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
    catalog_close(c);
    catalog_close(older);
    catalog_close(bent);
    test_remove(&place);
    test_remove(&backup);
    test_remove(&forged);
}

static void check_file(Catalog *c, const ProofKey *key, const char *path, size_t bytes)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    ProofFile file;
    bool fine = proof_file(c, key, str_from(path), a, &file, &err);
    if (fine != (bytes > 0) || (fine && file.bytes.n != bytes))
        fail_msg("%s: %zu bytes, %s", path, fine ? file.bytes.n : 0, err.text);
    if (!fine)
        assert_int_equal(err.kind, ERR_NOT_FOUND);
}

static void files(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    ProofKey key = key_of(a, "museum");
    changes(c, 1, 5);
    ProofFile file;
    FINE(proof_file(c, &key, S("checkpoint"), a, &file, &err), err);
    assert_false(file.for_ever);
    FINE(proof_file(c, &key, S("tile/entries/000.p/5"), a, &file, &err), err);
    assert_true(file.for_ever && file.bytes.p[0] == 0 && file.bytes.p[2] == '{');
    check_file(c, &key, "tile/0/000.p/5", 160);
    check_file(c, &key, "tile/0/000.p/1", 32);
    check_file(c, &key, "tile/0/000", 0); // not full yet
    check_file(c, &key, "tile/0/000.p/6", 0);
    check_file(c, &key, "tile/0/000.p/0", 0);
    check_file(c, &key, "tile/0/000.p/05", 0);
    check_file(c, &key, "tile/0/000.p/256", 0);
    check_file(c, &key, "tile/0/000.p/", 0);
    check_file(c, &key, "tile/0/001.p/1", 0);
    check_file(c, &key, "tile/0/x000/000.p/5", 0);
    check_file(c, &key, "tile/0/x001/000.p/5", 0);
    check_file(c, &key, "tile/0/x999/x999/x999/x999/x999/x999/x999/999", 0);
    check_file(c, &key, "tile/1/000.p/1", 0);
    check_file(c, &key, "tile/8/000.p/1", 0);
    check_file(c, &key, "tile/-1/000", 0);
    check_file(c, &key, "tile/00/000.p/5", 0);
    check_file(c, &key, "tile/0/0", 0);
    check_file(c, &key, "tile/0/-01", 0);
    check_file(c, &key, "tile/0/", 0);
    check_file(c, &key, "tile/0", 0);
    check_file(c, &key, "tile/entries/000.p/6", 0);
    check_file(c, &key, "tile/../checkpoint", 0);
    check_file(c, &key, "", 0);
    catalog_close(c);
    test_remove(&place);
}

static void documents(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    ProofKey key = key_of(a, "museum");
    Str document;
    changes(c, 1, 7);
    FINE(proof_object(c, &key, S("vase"), 3, 4, a, &document, &err), err);
    const Json *tree = json_parse(document, a, &err);
    FINE(tree, err);
    assert_string_equal(arena_cstr(a, json_text(tree, S("format"))), "vitrine-proof 1");
    assert_int_equal(json_int(tree, S("leaf"), -1), 2);
    assert_false(proof_object(c, &key, S("vase"), 8, 0, a, &document, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(proof_object(c, &key, S("vase"), 3, 8, a, &document, &err)); // from the future
    test_change(c, "vase", 8, "Vase", 0);
    assert_false(proof_object(c, &key, S("vase"), 8, 0, a, &document, &err));
    assert_int_equal(err.kind, ERR_BUSY); // its change set is open
    catalog_close(c);
    test_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys),
        cmocka_unit_test(heads),
        cmocka_unit_test(lost_and_rewritten),
        cmocka_unit_test(files),
        cmocka_unit_test(documents),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
