// SPDX-License-Identifier: Apache-2.0
#include "base/merkle.h"

#include <stdlib.h>

Sha256 merkle_leaf(Str entry)
{
    char small[1024], *bytes = entry.n < sizeof(small) ? small : mem_alloc(entry.n + 1);
    bytes[0] = 0;
    if (entry.n)
        memcpy(bytes + 1, entry.p, entry.n);
    Sha256 hash = sha256_of((Str){bytes, entry.n + 1});
    if (bytes != small)
        free(bytes);
    return hash;
}

Sha256 merkle_node(const Sha256 *left, const Sha256 *right)
{
    char bytes[1 + 2 * SHA256_BYTES];
    bytes[0] = 1;
    memcpy(bytes + 1, left->bytes, SHA256_BYTES);
    memcpy(bytes + 1 + SHA256_BYTES, right->bytes, SHA256_BYTES);
    return sha256_of((Str){bytes, sizeof(bytes)});
}

// Level by level; a last one without a partner moves up as it is, which is the same as splitting at the
// largest power of two.
Sha256 merkle_root_of(Sha256 *leaves, size_t count)
{
    if (count == 0)
        return sha256_of((Str){"", 0});
    while (count > 1) {
        size_t pairs = count / 2;
        for (size_t i = 0; i < pairs; i++)
            leaves[i] = merkle_node(&leaves[2 * i], &leaves[2 * i + 1]);
        if (count % 2)
            leaves[pairs] = leaves[count - 1];
        count = pairs + count % 2;
    }
    return leaves[0];
}

static bool same(const Sha256 *a, const Sha256 *b)
{
    return memcmp(a->bytes, b->bytes, SHA256_BYTES) == 0;
}

// ---- making

// The largest power of two below n, for n > 1.
static int64_t split(int64_t n)
{
    int64_t half = 1;
    while (half * 2 < n)
        half *= 2;
    return half;
}

// The hash over the leaves from..to (not included). `from` is a multiple of a power of two that is not below
// the length, as it always is when a tree is split from the left.
static bool hash_range(int64_t from, int64_t to, MerkleSource *source, void *ctx, Sha256 *ret, Err *err)
{
    int64_t length = to - from;
    Sha256 left, right;
    if ((length & (length - 1)) == 0) {
        int level = __builtin_ctzll((unsigned long long)length);
        return source(ctx, level, from >> level, ret, err);
    }
    int64_t middle = from + split(length);
    if (!hash_range(from, middle, source, ctx, &left, err) ||
        !hash_range(middle, to, source, ctx, &right, err))
        return false;
    *ret = merkle_node(&left, &right);
    return true;
}

bool merkle_root(int64_t size, MerkleSource *source, void *ctx, Sha256 *ret, Err *err)
{
    if (size > 0)
        return hash_range(0, size, source, ctx, ret, err);
    *ret = sha256_of((Str){"", 0});
    return true;
}

static void reverse(MerklePath *path)
{
    for (size_t i = 0; i < path->count / 2; i++) {
        Sha256 kept = path->hashes[i];
        path->hashes[i] = path->hashes[path->count - 1 - i];
        path->hashes[path->count - 1 - i] = kept;
    }
}

// Walks down from the root, noting the sibling at each turn; the path is told from the leaf up.
bool merkle_inclusion(int64_t index, int64_t size, MerkleSource *source, void *ctx, MerklePath *ret, Err *err)
{
    if (index < 0 || index >= size)
        return err_set(
            err, ERR_INVALID, "there is no leaf %lld in a tree of %lld", (long long)index, (long long)size);
    MerklePath path = {0};
    for (int64_t from = 0, to = size; to - from > 1;) {
        int64_t middle = from + split(to - from);
        bool left = index < middle;
        if (!hash_range(
                left ? middle : from, left ? to : middle, source, ctx, &path.hashes[path.count++], err))
            return false;
        from = left ? from : middle;
        to = left ? middle : to;
    }
    reverse(&path);
    *ret = path;
    return true;
}

bool merkle_consistency(
    int64_t old_size, int64_t new_size, MerkleSource *source, void *ctx, MerklePath *ret, Err *err)
{
    if (old_size < 1 || old_size > new_size)
        return err_set(err, ERR_INVALID, "a tree of %lld cannot begin one of %lld", (long long)old_size,
            (long long)new_size);
    MerklePath path = {0};
    int64_t from = 0, to = new_size;
    bool whole = true; // the old root itself is known to whoever asks
    while (to != old_size) {
        int64_t middle = from + split(to - from);
        bool left = old_size <= middle;
        if (!hash_range(
                left ? middle : from, left ? to : middle, source, ctx, &path.hashes[path.count++], err))
            return false;
        whole = whole && left;
        from = left ? from : middle;
        to = left ? middle : to;
    }
    if (!whole && !hash_range(from, to, source, ctx, &path.hashes[path.count++], err))
        return false;
    reverse(&path);
    *ret = path;
    return true;
}

// ---- verifying (RFC 9162, sections 2.1.3.2 and 2.1.4.2)

bool merkle_included(
    const Sha256 *leaf, int64_t index, int64_t size, const MerklePath *path, const Sha256 *root)
{
    if (index < 0 || index >= size)
        return false;
    int64_t fn = index, sn = size - 1;
    Sha256 hash = *leaf;
    for (size_t i = 0; i < path->count; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            hash = merkle_node(&path->hashes[i], &hash);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            hash = merkle_node(&hash, &path->hashes[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && same(&hash, root);
}

bool merkle_consistent(int64_t old_size, const Sha256 *old_root, int64_t new_size, const Sha256 *new_root,
    const MerklePath *path)
{
    if (old_size < 1 || old_size > new_size)
        return false;
    if (old_size == new_size)
        return path->count == 0 && same(old_root, new_root);
    int64_t fn = old_size - 1, sn = new_size - 1;
    size_t next = 0;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    bool power = (old_size & (old_size - 1)) == 0;
    if (!power && path->count == 0)
        return false;
    Sha256 first = power ? *old_root : path->hashes[next++], old_hash = first, new_hash = first;
    for (; next < path->count; next++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            old_hash = merkle_node(&path->hashes[next], &old_hash);
            new_hash = merkle_node(&path->hashes[next], &new_hash);
            while (!(fn & 1) && fn != 0) {
                fn >>= 1;
                sn >>= 1;
            }
        } else {
            new_hash = merkle_node(&new_hash, &path->hashes[next]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && same(&old_hash, old_root) && same(&new_hash, new_root);
}
