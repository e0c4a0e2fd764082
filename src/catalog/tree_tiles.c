// SPDX-License-Identifier: Apache-2.0
// Tile `n` of level L holds the hashes of the complete subtrees of 256^L leaves, numbers 256n to 256n + 255.
#include "catalog/tree_int.h"

TileReader tile_reader(Conn *conn, int64_t tree)
{
    return (TileReader){.conn = conn, .tree = tree, .level = -1};
}

static bool tile_fetch(Conn *conn, int64_t tree, int level, int64_t n, Sha256 *to, int *ret_count, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_TILE_FIND);
    bool row;
    bind_int(&q, 1, tree);
    bind_int(&q, 2, level);
    bind_int(&q, 3, n);
    if (!query_row(&q, &row, err))
        return false;
    int count = row ? (int)(column_int(&q, 1) / SHA256_BYTES) : 0;
    if (count > TREE_TILE_WIDTH || (count && !column_copy(&q, 0, to, (size_t)count * SHA256_BYTES)))
        return err_set(err, ERR_CORRUPT, "tile %d/%lld of the hash tree is damaged", level, (long long)n);
    *ret_count = count;
    return true;
}

bool tile_read(TileReader *r, int level, int64_t n, Err *err)
{
    if (r->level == level && r->n == n)
        return true;
    r->level = -1;
    if (!tile_fetch(r->conn, r->tree, level, n, r->hashes, &r->count, err))
        return false;
    r->level = level;
    r->n = n;
    return true;
}

bool tile_source(void *ctx, int level, int64_t index, Sha256 *ret, Err *err)
{
    TileReader *r = ctx;
    int within = level % TREE_TILE_HEIGHT, count = 1 << within;
    int64_t first = index << within;
    if (!tile_read(r, level / TREE_TILE_HEIGHT, first / TREE_TILE_WIDTH, err))
        return false;
    int from = (int)(first % TREE_TILE_WIDTH);
    if (from + count > r->count)
        return err_set(err, ERR_CORRUPT, "the hash tree is shorter than the ledger");
    Sha256 copy[TREE_TILE_WIDTH];
    memcpy(copy, r->hashes + from, (size_t)count * sizeof(*copy));
    *ret = merkle_root_of(copy, (size_t)count);
    return true;
}

// ---- growing

// Hashes at a level of a tree of that size.
static int64_t hashes_at(int64_t size, int level)
{
    return size >> (level * TREE_TILE_HEIGHT);
}

static int edge_count(const TreeEdge *e, int level)
{
    return (int)(hashes_at(e->size, level) % TREE_TILE_WIDTH);
}

bool edge_load(TreeEdge *e, Conn *conn, int64_t tree, int64_t size, Err *err)
{
    e->conn = conn;
    e->tree = tree;
    e->size = size;
    e->dry = false;
    for (int level = 0; level < TREE_LEVELS; level++) {
        int want = edge_count(e, level), count = 0;
        e->edge[level].changed = false;
        if (want && !tile_fetch(conn, tree, level, hashes_at(size, level) / TREE_TILE_WIDTH,
                        e->edge[level].hashes, &count, err))
            return false;
        if (count < want)
            return err_set(err, ERR_CORRUPT, "the hash tree is shorter than the ledger");
    }
    return true;
}

static bool tile_save(TreeEdge *e, int level, int64_t n, int count, Err *err)
{
    if (e->dry)
        return true;
    CLEANUP(query_end) Query q = query(e->conn, Q_TILE_PUT);
    bind_int(&q, 1, e->tree);
    bind_int(&q, 2, level);
    bind_int(&q, 3, n);
    bind_bytes(&q, 4, e->edge[level].hashes, (size_t)count * SHA256_BYTES);
    return query_run(&q, err);
}

bool edge_add(TreeEdge *e, const Sha256 *leaf, Err *err)
{
    Sha256 hash = *leaf;
    int64_t size = e->size;
    for (int level = 0; level < TREE_LEVELS; level++) {
        int64_t at = hashes_at(size, level);
        e->edge[level].hashes[at % TREE_TILE_WIDTH] = hash;
        e->edge[level].changed = true;
        if (at % TREE_TILE_WIDTH != TREE_TILE_WIDTH - 1)
            break;
        if (!tile_save(e, level, at / TREE_TILE_WIDTH, TREE_TILE_WIDTH, err))
            return false;
        e->edge[level].changed = false;
        hash = merkle_root_of(e->edge[level].hashes, TREE_TILE_WIDTH);
    }
    e->size++;
    return true;
}

bool edge_save(TreeEdge *e, Err *err)
{
    for (int level = 0; level < TREE_LEVELS; level++) {
        int count = edge_count(e, level);
        if (e->edge[level].changed && count &&
            !tile_save(e, level, hashes_at(e->size, level) / TREE_TILE_WIDTH, count, err))
            return false;
        e->edge[level].changed = false;
    }
    return true;
}

// The hashes at the edge, from the low levels up, are the complete subtrees from the right to the left.
Sha256 edge_root(const TreeEdge *e)
{
    Sha256 root = merkle_root_of(NULL, 0);
    bool some = false;
    for (int level = 0; level < TREE_LEVELS; level++) {
        Sha256 copy[TREE_TILE_WIDTH + 1];
        size_t count = (size_t)edge_count(e, level);
        memcpy(copy, e->edge[level].hashes, count * sizeof(*copy));
        if (some)
            copy[count++] = root;
        if (count)
            root = merkle_root_of(copy, count);
        some = some || count;
    }
    return root;
}
