// SPDX-License-Identifier: Apache-2.0
// Withdrawal by law. The object's records are erased; what stays is that they were there: numbers, who, when,
// why and the digest of what was erased, without which no proof of anything else would hold. In the vault
// that is one small file:
//
//   {"id":"1907.12","withdrawn":true,"versions":[
//     {"version":1,"change_set":3,"sequence":12,"time_ms":...,"agent":"...","reason":"...","deleted":false,"sha512":"..."},
//     {"version":2,..., "deleted":true, ...}]}          the last is the withdrawal, and its reason the law's
#include "catalog/batch.h"
#include "catalog/history.h"

static void put_version(JsonWriter *w, const CatalogVersion *v, const CatalogWho *who, Arena *a)
{
    json_put_map(w);
    json_put_member_int(w, S("version"), v->version);
    json_put_member_int(w, S("change_set"), v->change_set);
    json_put_member_int(w, S("sequence"), v->sequence);
    json_put_member_int(w, S("time_ms"), v->time_ms);
    json_put_member(w, S("agent"), who->agent);
    json_put_member(w, S("reason"), who->reason);
    json_put_member_bool(w, S("deleted"), v->deleted);
    json_put_member(w, S("sha512"), sha512_hex(a, &v->digest));
    json_put_map_end(w);
}

bool catalog_withdrawn_json(
    Catalog *c, Str object_id, RecordLedger ledger, const CatalogWho *who, Arena *a, Str *ret, Err *err)
{
    CatalogVersion *versions;
    size_t count;
    if (!catalog_list_versions(c, object_id, a, &versions, &count, err))
        return false;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "no object " FMT_STR, ARG_STR(object_id));
    CLEANUP(buf_free) Buf out = buf_with_max(WITHDRAWN_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    json_put_member(&w, S("id"), object_id);
    json_put_member_bool(&w, S("withdrawn"), true);
    json_put_name(&w, S("versions"));
    json_put_list(&w);
    for (size_t i = 0; i < count; i++) {
        CatalogChangeSet set;
        if (!catalog_find_change_set(c, versions[i].change_set, a, &set, err))
            return false;
        const CatalogWho by = {set.agent, set.reason, set.time_ms};
        put_version(&w, &versions[i], &by, a);
    }
    const CatalogVersion last = {.sequence = ledger.sequence,
        .change_set = ledger.change_set,
        .time_ms = who->time_ms,
        .version = versions[count - 1].version + 1,
        .deleted = true,
        .digest = sha512_of(record_tombstone(a, object_id, ledger))};
    put_version(&w, &last, who, a);
    json_put_list_end(&w);
    json_put_map_end(&w);
    buf_add_char(&out, '\n');
    return buf_into(&out, a, ret, err);
}

static bool restore_version(CatalogBatch *b, Str id, const Json *v, Err *err)
{
    Sha512 digest;
    int64_t version = json_int(v, S("version"), 0), change_set = json_int(v, S("change_set"), 0);
    if (version < 1 || version > INT32_MAX || !sha512_from_hex(json_text(v, S("sha512")), &digest))
        return err_set(err, ERR_CORRUPT, "object " FMT_STR ": its withdrawal is damaged", ARG_STR(id));
    CatalogPut put = {.sequence = json_int(v, S("sequence"), 0),
        .object_id = id,
        .version = (int)version,
        .deleted = json_bool(v, S("deleted"), false),
        .erased = &digest};
    CatalogWho who = {json_text(v, S("agent")), json_text(v, S("reason")), json_int(v, S("time_ms"), 0)};
    return catalog_batch_restore(b, &put, change_set, &who, err);
}

bool catalog_batch_restore_withdrawn(CatalogBatch *b, Str json, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Json *tree = json_parse(json, a, err), *versions = json_list(tree, S("versions")), *last;
    Str id = json_text(tree, S("id"));
    if (!tree)
        return false;
    if (!versions || versions->count == 0 || id.n == 0)
        return err_set(err, ERR_CORRUPT, "this is no withdrawal");
    for (size_t i = 0; i < versions->count; i++)
        if (!restore_version(b, id, &versions->items[i], err))
            return false;
    last = &versions->items[versions->count - 1];
    return batch_erase(b, id, json_int(last, S("sequence"), 0), json_text(last, S("reason")), err);
}

bool catalog_master_used(Catalog *c, const Sha512 *master, bool *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn != NULL, row;
    if (fine) {
        CLEANUP(query_end) Query q = query(conn, Q_MASTER_USED);
        bind_bytes(&q, 1, master->bytes, SHA512_BYTES);
        fine = query_row(&q, &row, err);
        if (fine)
            *ret = row;
    }
    conn_give(c, conn);
    return fine;
}

bool catalog_wipe(Catalog *c, Err *err)
{
    // The freed pages were overwritten in the log; this brings them into the file and empties the log.
    Conn *conn = conn_take(c, err);
    int code =
        conn ? sqlite3_wal_checkpoint_v2(conn->db, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL) : SQLITE_OK;
    bool fine = conn && (code == SQLITE_OK || sqlite_failed(conn->db, code, err));
    conn_give(c, conn);
    return fine;
}
