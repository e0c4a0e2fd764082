// SPDX-License-Identifier: Apache-2.0
// catalog/tree: the hash tree over the ledger (docs/ledger.md). Each change set, once complete, is a leaf;
// leaves stand in the order of change set numbers, so that the same vault always gives the same tree. A
// leaf's entry names the root of a small tree of its own over the versions in the change set, so that one
// version out of 100,000 is shown by a few hashes too.
//
//   version entry:
//   {"object":"1907.12","version":3,"sequence":12,"time_ms":...,"deleted":false,"sha512":"..."} change set
//   entry:  {"change_set":5,"agent":"...","reason":"...","time_ms":...,"versions":1,"root":"..."}
//
// The hashes are kept in tiles of 256 (as C2SP tlog-tiles has them); they can be made again from the ledger.
#pragma once

#include "base/merkle.h"
#include "catalog/catalog.h"

enum { TREE_LOG = 0, TREE_TILE_WIDTH = 256, TREE_TILE_HEIGHT = 8 };

// No version will join this change set any more: call at the end of an ingest. It becomes a leaf as soon as
// no open change set stands before it. Fine if it is closed already, or was never written.
bool catalog_change_set_close(Catalog *c, int64_t change_set, Err *err) MUST_CHECK;
// Closes what dead processes and rebuild left open. Only after recovery: what is in the vault but not yet in
// the ledger could not join its change set any more. Making a new change set does the same.
bool catalog_change_sets_close_left(Catalog *c, Err *err) MUST_CHECK;
// Makes the whole tree again from the ledger, change set by change set, and compares with what is kept.
// ERR_CORRUPT names the first change set that differs.
bool catalog_tree_check(Catalog *c, int64_t *ret_size, Err *err) MUST_CHECK;

bool catalog_tree_size(Catalog *c, int64_t *ret, Err *err) MUST_CHECK;
// How big the log was when the museum stood as of then: the leaves whose versions all bear an earlier time.
bool catalog_tree_size_at(Catalog *c, int64_t time_ms, int64_t *ret, Err *err) MUST_CHECK;
bool catalog_tree_root(Catalog *c, int64_t size, Sha256 *ret, Err *err) MUST_CHECK;
bool catalog_tree_consistency(
    Catalog *c, int64_t old_size, int64_t new_size, MerklePath *ret, Err *err) MUST_CHECK;

// `width` hashes of tile `n`, each SHA256_BYTES; ERR_NOT_FOUND if there are not so many.
bool catalog_tree_tile(Catalog *c, int level, int64_t n, int width, Arena *a, Str *ret, Err *err) MUST_CHECK;
bool catalog_tree_entry(Catalog *c, int64_t leaf, Arena *a, Str *ret, Err *err) MUST_CHECK;

// What shows that a version stands in the log.
typedef struct {
    Str version_entry;
    int64_t place, versions; // in the change set's own tree, from 0
    MerklePath version_path;
    Str set_entry;
    int64_t leaf, size; // in the log, from 0
    MerklePath log_path;
} CatalogProof;
// size 0: the newest. ERR_BUSY if its change set is no leaf of that tree yet.
bool catalog_tree_prove(
    Catalog *c, Str object_id, int version, int64_t size, Arena *a, CatalogProof *ret, Err *err) MUST_CHECK;
