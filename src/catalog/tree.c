// SPDX-License-Identifier: Apache-2.0
// Closing change sets and making leaves of them.
#include "base/process.h"
#include "catalog/tree_int.h"

// ---- entries: what is hashed. The same facts must give the same bytes for ever.

enum { ENTRY_MAX_BYTES = 65535 }; // that of C2SP tlog-tiles; agent, reason and id are far below it

static Str entry_done(Buf *out, JsonWriter *w, Arena *a)
{
    json_put_map_end(w);
    assert(!out->full);
    return arena_copy(a, buf_str(out));
}

Str version_entry_row(Query *q, Arena *a)
{
    CLEANUP(buf_free) Buf out = buf_with_max(ENTRY_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    Sha512 digest = {0};
    (void)!column_copy(q, 5, digest.bytes, SHA512_BYTES); // a damaged one gives another hash, as it should
    json_put_map(&w);
    json_put_member(&w, S("object"), column_text(q, 0, a));
    json_put_member_int(&w, S("version"), column_int(q, 1));
    json_put_member_int(&w, S("sequence"), column_int(q, 2));
    json_put_member_int(&w, S("time_ms"), column_int(q, 3));
    json_put_member_bool(&w, S("deleted"), column_int(q, 4) != 0);
    json_put_member(&w, S("sha512"), sha512_hex(a, &digest));
    return entry_done(&out, &w, a);
}

Str set_entry(Arena *a, const TreeSet *set, const Sha256 *root)
{
    CLEANUP(buf_free) Buf out = buf_with_max(ENTRY_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    json_put_member_int(&w, S("change_set"), set->id);
    json_put_member(&w, S("agent"), set->agent);
    json_put_member(&w, S("reason"), set->reason);
    json_put_member_int(&w, S("time_ms"), set->time_ms);
    json_put_member_int(&w, S("versions"), set->versions);
    json_put_member(&w, S("root"), hex_from_bytes(a, root->bytes, SHA256_BYTES));
    return entry_done(&out, &w, a);
}

// ---- sealing

typedef struct {
    TreeSet set;
    int64_t until_ms; // of its newest version
    Sha256 root;
} SealedSet;

// Hashes the versions of a change set. Big ones keep their tiles.
static bool seal_versions(Conn *conn, TreeEdge *small, SealedSet *s, bool dry, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(query_end) Query q = query(conn, Q_TREE_VERSIONS);
    bool row;
    if (!edge_load(small, conn, s->set.id, 0, err))
        return false;
    small->dry = dry;
    bind_int(&q, 1, s->set.id);
    while (true) {
        if (!query_row(&q, &row, err))
            return false;
        if (!row)
            break;
        Sha256 leaf = merkle_leaf(version_entry_row(&q, a));
        s->until_ms = MAX_OF(s->until_ms, column_int(&q, 3));
        if (!edge_add(small, &leaf, err))
            return false;
        arena_reset(a);
    }
    s->set.versions = small->size;
    s->root = edge_root(small);
    return small->size <= TREE_TILE_WIDTH || edge_save(small, err);
}

static bool leaf_add(Conn *conn, int64_t n, const SealedSet *s, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_LEAF_ADD);
    bind_int(&q, 1, n);
    bind_int(&q, 2, s->set.id);
    bind_int(&q, 3, s->set.versions);
    bind_int(&q, 4, s->until_ms);
    bind_bytes(&q, 5, s->root.bytes, SHA256_BYTES);
    return query_run(&q, err);
}

// The change set behind `after`, if it is there and closed.
static bool next_closed(Conn *conn, int64_t after, Arena *a, SealedSet *ret, bool *ret_found, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_TREE_NEXT_SET);
    bind_int(&q, 1, after);
    if (!query_row(&q, ret_found, err))
        return false;
    if (!*ret_found)
        return true;
    *ret_found = column_int(&q, 4) != 0;
    *ret = (SealedSet){.set = {.id = column_int(&q, 0),
                           .agent = column_text(&q, 1, a),
                           .reason = column_text(&q, 2, a),
                           .time_ms = column_int(&q, 3)}};
    return true;
}

// Size of the log, its last change set, and the newest time in it.
static bool log_end(Conn *conn, int64_t *ret_size, int64_t *ret_set, int64_t *ret_until_ms, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_LEAF_LAST);
    bool row;
    if (!query_row(&q, &row, err))
        return false;
    *ret_size = row ? column_int(&q, 0) + 1 : 0;
    *ret_set = row ? column_int(&q, 1) : 0;
    *ret_until_ms = row ? column_int(&q, 2) : INT64_MIN;
    return true;
}

static bool grow(Conn *conn, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    TreeEdge *edges = arena_array(a, TreeEdge, 2), *log = &edges[0], *small = &edges[1];
    int64_t size, set, until_ms;
    if (!log_end(conn, &size, &set, &until_ms, err) || !edge_load(log, conn, TREE_LOG, size, err))
        return false;
    CLEANUP(arena_closep) Arena *each = arena_open();
    while (true) {
        SealedSet s;
        bool found;
        if (!next_closed(conn, set, each, &s, &found, err))
            return false;
        if (!found)
            break;
        if (!seal_versions(conn, small, &s, false, err))
            return false;
        s.until_ms = until_ms = MAX_OF(until_ms, s.until_ms); // never falls, whatever the clock did
        Sha256 leaf = merkle_leaf(set_entry(each, &s.set, &s.root));
        if (!leaf_add(conn, log->size, &s, err) || !edge_add(log, &leaf, err))
            return false;
        set = s.set.id;
        arena_reset(each);
    }
    return edge_save(log, err);
}

// ---- closing

static bool close_one(Conn *conn, int64_t change_set, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_SET_CLOSE);
    bind_int(&q, 1, change_set);
    return query_run(&q, err);
}

bool catalog_change_set_close(Catalog *c, int64_t change_set, Err *err)
{
    Conn *conn = conn_take_writer(c, true, err);
    bool fine = conn && close_one(conn, change_set, err) && grow(conn, err) && conn_commit(conn, err);
    conn_give_writer(c, conn);
    return fine;
}

static bool list_left(Conn *conn, Arena *a, Str **ret, size_t *ret_count, Err *err)
{
    RECORD_LIST(Str) left = {0};
    CLEANUP(query_end) Query q = query(conn, Q_SETS_RUNNERS);
    bool row;
    while (true) {
        if (!query_row(&q, &row, err))
            return false;
        if (!row)
            break;
        Str runner = column_text(&q, 0, a);
        if (!process_is_alive(runner))
            *arena_push(a, &left.items, &left.count, &left.capacity) = runner;
    }
    *ret = left.items;
    *ret_count = left.count;
    return true;
}

bool sets_close_left(Conn *conn, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str *left;
    size_t count;
    if (!list_left(conn, a, &left, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        CLEANUP(query_end) Query q = query(conn, Q_SETS_CLOSE_OF);
        bind_text(&q, 1, left[i]);
        if (!query_run(&q, err))
            return false;
    }
    return true;
}

bool catalog_change_sets_close_left(Catalog *c, Err *err)
{
    Conn *conn = conn_take_writer(c, true, err);
    bool fine = conn && sets_close_left(conn, err) && grow(conn, err) && conn_commit(conn, err);
    conn_give_writer(c, conn);
    return fine;
}

// ---- checking

typedef struct {
    int64_t n, versions;
    Sha256 root;
} KeptLeaf;

static bool kept_leaf(Conn *conn, int64_t set, KeptLeaf *ret, bool *ret_found, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_LEAF_OF_SET);
    bind_int(&q, 1, set);
    if (!query_row(&q, ret_found, err))
        return false;
    if (!*ret_found)
        return true;
    *ret = (KeptLeaf){.n = column_int(&q, 0), .versions = column_int(&q, 1)};
    return column_copy(&q, 2, ret->root.bytes, SHA256_BYTES) ||
           err_set(err, ERR_CORRUPT, "a leaf has no root");
}

static bool same_hash(const Sha256 *x, const Sha256 *y)
{
    return memcmp(x->bytes, y->bytes, SHA256_BYTES) == 0;
}

static bool check_set(Conn *conn, SealedSet *s, TreeEdge *small, TreeEdge *log, TileReader *tiles, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    KeptLeaf kept;
    bool found;
    Sha256 leaf, kept_hash;
    if (!kept_leaf(conn, s->set.id, &kept, &found, err))
        return false;
    if (!found || kept.n != log->size)
        return err_set(
            err, ERR_CORRUPT, "change set %lld does not stand where it should", (long long)s->set.id);
    if (!seal_versions(conn, small, s, true, err))
        return false;
    leaf = merkle_leaf(set_entry(a, &s->set, &s->root));
    if (!tile_source(tiles, 0, kept.n, &kept_hash, err))
        return false;
    if (!same_hash(&leaf, &kept_hash) || !same_hash(&s->root, &kept.root) || kept.versions != s->set.versions)
        return err_set(
            err, ERR_CORRUPT, "change set %lld is not what it was when it was sealed", (long long)s->set.id);
    return edge_add(log, &leaf, err);
}

static bool check_all(Conn *conn, int64_t *ret_size, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(arena_closep) Arena *each = arena_open();
    TreeEdge *edges = arena_array(a, TreeEdge, 2), *log = &edges[0], *small = &edges[1];
    TileReader *tiles = arena_array(a, TileReader, 2);
    tiles[0] = tiles[1] = tile_reader(conn, TREE_LOG);
    int64_t size, last_set, until_ms;
    if (!log_end(conn, &size, &last_set, &until_ms, err) || !edge_load(log, conn, TREE_LOG, 0, err))
        return false;
    log->dry = true;
    for (int64_t set = 0; set != last_set; arena_reset(each)) {
        SealedSet s;
        bool found;
        if (!next_closed(conn, set, each, &s, &found, err))
            return false;
        if (!found)
            return err_set(err, ERR_CORRUPT, "the change set behind %lld is gone", (long long)set);
        if (!check_set(conn, &s, small, log, &tiles[0], err))
            return false;
        set = s.set.id;
    }
    Sha256 kept, made = edge_root(log);
    if (log->size != size || !merkle_root(size, tile_source, &tiles[1], &kept, err) ||
        !same_hash(&kept, &made))
        return err_set(err, ERR_CORRUPT, "the hash tree does not fit its own leaves");
    *ret_size = size;
    return true;
}

bool catalog_tree_check(Catalog *c, int64_t *ret_size, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && conn_step(conn, Q_BEGIN_READ, err); // one state, while others write
    if (fine) {
        Err ignored = {0};
        fine = check_all(conn, ret_size, err);
        (void)!conn_step(conn, Q_ROLLBACK, &ignored);
    }
    conn_give(c, conn);
    return fine;
}
