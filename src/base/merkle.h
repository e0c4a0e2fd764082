// SPDX-License-Identifier: Apache-2.0
// base/merkle: a hash tree over a list that only grows (RFC 6962, section 2.1): SHA-256, 0x00 before a leaf,
// 0x01 before two nodes. With it one entry, or that an old list is the beginning of the new one, is shown by
// a few hashes.
//
// A tree of `size` leaves is asked for the hashes of its complete subtrees only: level 0 are the leaves, the
// node `index` of level k stands for the leaves index << k to (index + 1) << k. Those never change.
#pragma once

#include "base/base.h"
#include "base/digest.h"

Sha256 merkle_leaf(Str entry);
Sha256 merkle_node(const Sha256 *left, const Sha256 *right);
// The root of a list of leaf hashes in memory, which is used up. The empty list has sha256("").
Sha256 merkle_root_of(Sha256 *leaves, size_t count);

typedef bool MerkleSource(void *ctx, int level, int64_t index, Sha256 *ret, Err *err);

enum { MERKLE_PATH_MAX = 130 };
typedef struct {
    Sha256 hashes[MERKLE_PATH_MAX];
    size_t count;
} MerklePath;

bool merkle_root(int64_t size, MerkleSource *source, void *ctx, Sha256 *ret, Err *err) MUST_CHECK;
// Shows that the leaf stands at `index` of the tree with `size` leaves. ERR_INVALID: not in it.
bool merkle_inclusion(
    int64_t index, int64_t size, MerkleSource *source, void *ctx, MerklePath *ret, Err *err) MUST_CHECK;
// Shows that the tree of `old_size` is the beginning of that of `new_size`. ERR_INVALID: sizes out of order.
bool merkle_consistency(int64_t old_size, int64_t new_size, MerkleSource *source, void *ctx, MerklePath *ret,
    Err *err) MUST_CHECK;

bool merkle_included(
    const Sha256 *leaf, int64_t index, int64_t size, const MerklePath *path, const Sha256 *root);
bool merkle_consistent(int64_t old_size, const Sha256 *old_root, int64_t new_size, const Sha256 *new_root,
    const MerklePath *path);
