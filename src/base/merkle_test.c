// SPDX-License-Identifier: Apache-2.0
#include "base/merkle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

enum { LEAVES = 70 };

typedef struct {
    Sha256 leaves[LEAVES];
} Tree;

// The definition, without any shortcut.
static bool source(void *ctx, int level, int64_t index, Sha256 *ret, Err *err)
{
    const Tree *tree = ctx;
    Sha256 copy[LEAVES];
    int64_t count = 1ll << level, from = index << level;
    if (from + count > LEAVES)
        return err_set(err, ERR_INVALID, "not complete");
    memcpy(copy, tree->leaves + from, (size_t)count * sizeof(*copy));
    *ret = merkle_root_of(copy, (size_t)count);
    return true;
}

static Tree tree_of(int changed)
{
    Tree tree;
    for (int i = 0; i < LEAVES; i++) {
        char text[20];
        snprintf(text, sizeof(text), "leaf %d%s", i, i == changed ? "!" : "");
        tree.leaves[i] = merkle_leaf(str_from(text));
    }
    return tree;
}

static Sha256 root_of(const Tree *tree, int64_t size)
{
    Sha256 copy[LEAVES], root;
    Err err = {0};
    Tree mutable = *tree;
    memcpy(copy, tree->leaves, (size_t)size * sizeof(*copy));
    Sha256 plain = merkle_root_of(copy, (size_t)size);
    assert_true(merkle_root(size, source, &mutable, &root, &err));
    assert_memory_equal(root.bytes, plain.bytes, SHA256_BYTES);
    return root;
}

static void check_hex(Sha256 hash, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    assert_string_equal(arena_cstr(a, hex_from_bytes(a, hash.bytes, SHA256_BYTES)), want);
}

// The test vectors that every implementation of RFC 6962 uses.
static void known(void **state)
{
    (void)state;
    Sha256 leaves[8];
    check_hex(merkle_root_of(leaves, 0), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    check_hex(merkle_leaf(S("")), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
    const Str entries[] = {S(""), S("\0"), S("\x10"), S("\x20\x21"), S("\x30\x31"), S("\x40\x41\x42\x43"),
        S("\x50\x51\x52\x53\x54\x55\x56\x57"),
        S("\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f")};
    for (size_t i = 0; i < 8; i++)
        leaves[i] = merkle_leaf(entries[i]);
    check_hex(merkle_root_of(leaves, 8), "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328");
}

static void every_inclusion(void **state)
{
    (void)state;
    Tree tree = tree_of(-1);
    Err err = {0};
    for (int64_t size = 1; size <= LEAVES; size++) {
        Sha256 root = root_of(&tree, size);
        for (int64_t index = 0; index < size; index++) {
            MerklePath path;
            assert_true(merkle_inclusion(index, size, source, &tree, &path, &err));
            assert_true(merkle_included(&tree.leaves[index], index, size, &path, &root));
            assert_false(merkle_included(&tree.leaves[(index + 1) % LEAVES], index, size, &path, &root));
            assert_false(merkle_included(&tree.leaves[index], index + 1, size, &path, &root));
            assert_false(merkle_included(&tree.leaves[index], index, 2 * size + 1, &path, &root));
            path.hashes[path.count++] = root; // one too many
            assert_false(merkle_included(&tree.leaves[index], index, size, &path, &root));
            path.count--;
            for (size_t i = 0; i < path.count; i++) {
                path.hashes[i].bytes[0] ^= 1;
                assert_false(merkle_included(&tree.leaves[index], index, size, &path, &root));
                path.hashes[i].bytes[0] ^= 1;
            }
        }
    }
}

static void every_consistency(void **state)
{
    (void)state;
    Tree tree = tree_of(-1), forged = tree_of(0);
    Err err = {0};
    for (int64_t new_size = 1; new_size <= LEAVES; new_size++) {
        Sha256 new_root = root_of(&tree, new_size), forged_root = root_of(&forged, new_size);
        for (int64_t old_size = 1; old_size <= new_size; old_size++) {
            MerklePath path;
            Sha256 old_root = root_of(&tree, old_size);
            assert_true(merkle_consistency(old_size, new_size, source, &tree, &path, &err));
            assert_true(merkle_consistent(old_size, &old_root, new_size, &new_root, &path));
            assert_false(merkle_consistent(old_size, &old_root, new_size, &forged_root, &path));
            assert_false(merkle_consistent(old_size, &forged_root, new_size, &new_root, &path));
            assert_true(merkle_consistency(old_size, new_size, source, &forged, &path, &err));
            assert_false(merkle_consistent(old_size, &old_root, new_size, &forged_root, &path));
        }
    }
}

static void out_of_range(void **state)
{
    (void)state;
    Tree tree = tree_of(-1);
    Err err = {0};
    MerklePath path = {0};
    Sha256 root = root_of(&tree, 1);
    assert_false(merkle_inclusion(0, 0, source, &tree, &path, &err));
    assert_false(merkle_inclusion(5, 5, source, &tree, &path, &err));
    assert_false(merkle_inclusion(-1, 5, source, &tree, &path, &err));
    assert_false(merkle_consistency(0, 5, source, &tree, &path, &err));
    assert_false(merkle_consistency(6, 5, source, &tree, &path, &err));
    assert_false(merkle_included(&tree.leaves[0], 0, 0, &path, &root));
    assert_false(merkle_included(&tree.leaves[0], -1, 1, &path, &root));
    assert_false(merkle_consistent(0, &root, 1, &root, &path));
    assert_false(merkle_consistent(2, &root, 1, &root, &path));
    assert_false(merkle_consistent(3, &root, 5, &root, &path));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known),
        cmocka_unit_test(every_inclusion),
        cmocka_unit_test(every_consistency),
        cmocka_unit_test(out_of_range),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
