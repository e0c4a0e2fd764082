// SPDX-License-Identifier: Apache-2.0
// catalog/tree, inside: tiles in the database, and entries.
#pragma once

#include "catalog/int.h"
#include "catalog/tree.h"

enum { TREE_LEVELS = 8 }; // 256 ^ 8 leaves

// The right edge of a tree while it grows: at each level the tile that is not full.
typedef struct {
    Conn *conn;
    int64_t tree, size;
    bool dry; // keep nothing
    struct {
        Sha256 hashes[TREE_TILE_WIDTH];
        bool changed;
    } edge[TREE_LEVELS];
} TreeEdge;

bool edge_load(TreeEdge *e, Conn *conn, int64_t tree, int64_t size, Err *err) MUST_CHECK;
bool edge_add(TreeEdge *e, const Sha256 *leaf, Err *err) MUST_CHECK;
bool edge_save(TreeEdge *e, Err *err) MUST_CHECK;
Sha256 edge_root(const TreeEdge *e);

// A MerkleSource over kept tiles; remembers the last tile.
typedef struct {
    Conn *conn;
    int64_t tree;
    int level;
    int64_t n;
    int count; // of hashes in the remembered tile
    Sha256 hashes[TREE_TILE_WIDTH];
} TileReader;

TileReader tile_reader(Conn *conn, int64_t tree);
bool tile_read(TileReader *r, int level, int64_t n, Err *err) MUST_CHECK;
MerkleSource tile_source;

// Entries of change sets and versions.
typedef struct {
    int64_t id, time_ms, versions;
    Str agent, reason;
} TreeSet;
Str set_entry(Arena *a, const TreeSet *set, const Sha256 *root);
Str version_entry_row(Query *q, Arena *a); // a row of Q_TREE_VERSIONS
