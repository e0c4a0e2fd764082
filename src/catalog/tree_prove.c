// SPDX-License-Identifier: Apache-2.0
// Answers from the hash tree: sizes, roots, tiles, proofs.
#include "catalog/tree_int.h"

static bool read_size(Conn *conn, int64_t at_ms, int64_t *ret, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_TREE_SIZE_AT);
    bool row;
    bind_int(&q, 1, at_ms);
    if (!query_row(&q, &row, err))
        return false;
    *ret = row ? column_int(&q, 0) + 1 : 0;
    return true;
}

bool catalog_tree_size_at(Catalog *c, int64_t time_ms, int64_t *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_size(conn, time_ms, ret, err);
    conn_give(c, conn);
    return fine;
}

bool catalog_tree_size(Catalog *c, int64_t *ret, Err *err)
{
    return catalog_tree_size_at(c, INT64_MAX, ret, err);
}

static bool within(Conn *conn, int64_t size, Err *err)
{
    int64_t now;
    if (!read_size(conn, INT64_MAX, &now, err))
        return false;
    return (size >= 0 && size <= now) ||
           err_set(err, ERR_NOT_FOUND, "the log has %lld leaves, not %lld", (long long)now, (long long)size);
}

bool catalog_tree_root(Catalog *c, int64_t size, Sha256 *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && within(conn, size, err);
    if (fine) {
        TileReader tiles = tile_reader(conn, TREE_LOG);
        fine = merkle_root(size, tile_source, &tiles, ret, err);
    }
    conn_give(c, conn);
    return fine;
}

bool catalog_tree_consistency(Catalog *c, int64_t old_size, int64_t new_size, MerklePath *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && within(conn, new_size, err);
    if (fine) {
        TileReader tiles = tile_reader(conn, TREE_LOG);
        fine = merkle_consistency(old_size, new_size, tile_source, &tiles, ret, err);
    }
    conn_give(c, conn);
    return fine;
}

bool catalog_tree_tile(Catalog *c, int level, int64_t n, int width, Arena *a, Str *ret, Err *err)
{
    assert(width > 0 && width <= TREE_TILE_WIDTH);
    Conn *conn = conn_take(c, err);
    TileReader tiles = tile_reader(conn, TREE_LOG);
    bool fine = conn && tile_read(&tiles, level, n, err) &&
                (tiles.count >= width || err_set(err, ERR_NOT_FOUND, "the tile has %d hashes", tiles.count));
    if (fine)
        *ret = arena_copy(a, (Str){(const char *)tiles.hashes, (size_t)width * SHA256_BYTES});
    conn_give(c, conn);
    return fine;
}

// ---- entries

static bool read_leaf(Conn *conn, int64_t leaf, Arena *a, TreeSet *ret, Str *ret_entry, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_LEAF);
    bool row;
    Sha256 root;
    bind_int(&q, 1, leaf);
    if (!query_row(&q, &row, err))
        return false;
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "the log has no leaf %lld", (long long)leaf);
    TreeSet set = {.id = column_int(&q, 0),
        .agent = column_text(&q, 1, a),
        .reason = column_text(&q, 2, a),
        .time_ms = column_int(&q, 3),
        .versions = column_int(&q, 4)};
    if (!column_copy(&q, 5, root.bytes, SHA256_BYTES))
        return err_set(err, ERR_CORRUPT, "leaf %lld has no root", (long long)leaf);
    *ret = set;
    *ret_entry = set_entry(a, &set, &root);
    return true;
}

bool catalog_tree_entry(Catalog *c, int64_t leaf, Arena *a, Str *ret, Err *err)
{
    TreeSet set;
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_leaf(conn, leaf, a, &set, ret, err);
    conn_give(c, conn);
    return fine;
}

// ---- proofs

typedef struct {
    int64_t set, sequence;
    int64_t leaf;        // -1: not in the log yet
    int64_t first, last; // sequences in the change set
} Place;

static bool find_place(Conn *conn, Str object_id, int version, Place *ret, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_TREE_PLACE);
    bool row;
    bind_text(&q, 1, object_id);
    bind_int(&q, 2, version);
    if (!query_row(&q, &row, err))
        return false;
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "no version %d of object " FMT_STR, version, ARG_STR(object_id));
    *ret = (Place){
        .set = column_int(&q, 0),
        .sequence = column_int(&q, 1),
        .leaf = column_is_null(&q, 2) ? -1 : column_int(&q, 2),
        .first = column_int(&q, 3),
        .last = column_int(&q, 4),
    };
    return true;
}

// How many versions of the change set stand before this one. Most often nobody else wrote meanwhile, and the
// numbers tell.
static bool count_before(Conn *conn, const Place *place, int64_t versions, int64_t *ret, Err *err)
{
    if (place->last - place->first + 1 == versions) {
        *ret = place->sequence - place->first;
        return true;
    }
    CLEANUP(query_end) Query q = query(conn, Q_TREE_BEFORE);
    bool row;
    bind_int(&q, 1, place->set);
    bind_int(&q, 2, place->sequence);
    if (!query_row(&q, &row, err))
        return false;
    *ret = column_int(&q, 0);
    return true;
}

static bool array_source(void *ctx, int level, int64_t index, Sha256 *ret, Err *err)
{
    (void)err;
    Sha256 copy[TREE_TILE_WIDTH];
    memcpy(copy, (const Sha256 *)ctx + (index << level), sizeof(*copy) << level);
    *ret = merkle_root_of(copy, (size_t)1 << level);
    return true;
}

// A small change set has no tiles: its versions are hashed again.
static bool prove_in_small(Conn *conn, const Place *place, Arena *a, CatalogProof *proof, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_TREE_VERSIONS);
    Sha256 leaves[TREE_TILE_WIDTH];
    bool row;
    bind_int(&q, 1, place->set);
    for (int64_t i = 0; i < proof->versions; i++) {
        if (!query_row(&q, &row, err))
            return false;
        if (!row)
            return err_set(err, ERR_CORRUPT, "change set %lld has lost versions", (long long)place->set);
        Str entry = version_entry_row(&q, a);
        leaves[i] = merkle_leaf(entry);
        if (i == proof->place)
            proof->version_entry = entry;
    }
    return merkle_inclusion(proof->place, proof->versions, array_source, leaves, &proof->version_path, err);
}

static bool prove_in_big(Conn *conn, const Place *place, Arena *a, CatalogProof *proof, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_TREE_VERSION);
    bool row;
    bind_int(&q, 1, place->sequence);
    if (!query_row(&q, &row, err))
        return false;
    proof->version_entry = version_entry_row(&q, a);
    TileReader tiles = tile_reader(conn, place->set);
    return merkle_inclusion(proof->place, proof->versions, tile_source, &tiles, &proof->version_path, err);
}

static bool prove(Conn *conn, Str object_id, int version, int64_t size, Arena *a, CatalogProof *ret, Err *err)
{
    CatalogProof proof = {.size = size};
    Place place = {0};
    TreeSet set;
    if (!within(conn, size, err) || (size == 0 && !read_size(conn, INT64_MAX, &proof.size, err)) ||
        !find_place(conn, object_id, version, &place, err))
        return false;
    if (place.leaf < 0 || place.leaf >= proof.size)
        return err_set(err, ERR_BUSY, "change set %lld is not in the log of %lld leaves",
            (long long)place.set, (long long)proof.size);
    if (!read_leaf(conn, place.leaf, a, &set, &proof.set_entry, err) ||
        !count_before(conn, &place, set.versions, &proof.place, err))
        return false;
    proof.leaf = place.leaf;
    proof.versions = set.versions;
    if (proof.place >= proof.versions)
        return err_set(
            err, ERR_CORRUPT, "change set %lld has grown since it was sealed", (long long)place.set);
    bool big = proof.versions > TREE_TILE_WIDTH;
    if (big ? !prove_in_big(conn, &place, a, &proof, err) : !prove_in_small(conn, &place, a, &proof, err))
        return false;
    TileReader tiles = tile_reader(conn, TREE_LOG);
    if (!merkle_inclusion(proof.leaf, proof.size, tile_source, &tiles, &proof.log_path, err))
        return false;
    *ret = proof;
    return true;
}

bool catalog_tree_prove(
    Catalog *c, Str object_id, int version, int64_t size, Arena *a, CatalogProof *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && prove(conn, object_id, version, size, a, ret, err);
    conn_give(c, conn);
    return fine;
}
