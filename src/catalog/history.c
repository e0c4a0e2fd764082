// SPDX-License-Identifier: Apache-2.0
#include "catalog/history.h"
#include "catalog/int.h"

// ---- change sets

static void set_row(Query *q, Arena *a, CatalogChangeSet *ret)
{
    *ret = (CatalogChangeSet){
        .id = column_int(q, 0),
        .time_ms = column_int(q, 1),
        .agent = column_text(q, 2, a),
        .reason = column_text(q, 3, a),
        .closed = column_int(q, 4) != 0,
        .first_sequence = column_int(q, 5),
        .last_sequence = column_int(q, 6),
        .versions = column_int(q, 7),
    };
}

static bool read_sets(Conn *conn, int64_t from, int64_t before, int limit, Arena *a, CatalogChangeSet **ret,
    size_t *ret_count, Err *err)
{
    RECORD_LIST(CatalogChangeSet) rows = {0};
    CLEANUP(query_end) Query q = query(conn, Q_SETS_LIST);
    bool row;
    bind_int(&q, 1, from);
    bind_int(&q, 2, before);
    bind_int(&q, 3, MAX_OF(limit, 0));
    while (true) {
        if (!query_row(&q, &row, err))
            return false;
        if (!row)
            break;
        set_row(&q, a, arena_push(a, &rows.items, &rows.count, &rows.capacity));
    }
    *ret = rows.items;
    *ret_count = rows.count;
    return true;
}

bool catalog_list_change_sets(
    Catalog *c, int64_t before, int limit, Arena *a, CatalogChangeSet **ret, size_t *ret_count, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_sets(conn, 1, before > 0 ? before : INT64_MAX, limit, a, ret, ret_count, err);
    conn_give(c, conn);
    return fine;
}

bool catalog_find_change_set(Catalog *c, int64_t id, Arena *a, CatalogChangeSet *ret, Err *err)
{
    CatalogChangeSet *rows;
    size_t count;
    Conn *conn = conn_take(c, err);
    bool fine = conn && (id < 1 || id == INT64_MAX ? err_set(err, ERR_NOT_FOUND, "change sets count from 1")
                                                   : read_sets(conn, id, id + 1, 1, a, &rows, &count, err));
    conn_give(c, conn);
    if (!fine)
        return false;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "no change set %lld", (long long)id);
    *ret = rows[0];
    return true;
}

bool catalog_list_change(Catalog *c, int64_t change_set, int64_t after, int limit, Arena *a,
    CatalogVersion **ret, size_t *ret_count, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn != NULL;
    if (fine) {
        CLEANUP(query_end) Query q = query(conn, Q_SET_VERSIONS);
        bind_int(&q, 1, change_set);
        bind_int(&q, 2, after);
        bind_int(&q, 3, MAX_OF(limit, 0));
        fine = read_versions(c, &q, a, ret, ret_count, err);
    }
    conn_give(c, conn);
    return fine;
}

bool catalog_list_versions(
    Catalog *c, Str object_id, Arena *a, CatalogVersion **ret, size_t *ret_count, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn != NULL;
    if (fine) {
        CLEANUP(query_end) Query q = query(conn, Q_OBJECT_VERSIONS);
        bind_text(&q, 1, object_id);
        fine = read_versions(c, &q, a, ret, ret_count, err);
    }
    conn_give(c, conn);
    return fine;
}

// ---- as of a moment

static bool read_at(
    Catalog *c, Conn *conn, Str object_id, int64_t time_ms, Arena *a, CatalogVersion *ret, Err *err)
{
    CatalogVersion *rows;
    size_t count;
    CLEANUP(query_end) Query q = query(conn, Q_FIND_AT);
    bind_text(&q, 1, object_id);
    bind_int(&q, 2, time_ms);
    if (!read_versions(c, &q, a, &rows, &count, err))
        return false;
    if (count == 0 || rows[0].deleted)
        return err_set(err, ERR_NOT_FOUND, "no object " FMT_STR " at that time", ARG_STR(object_id));
    *ret = rows[0];
    return true;
}

bool catalog_find_at(Catalog *c, Str object_id, int64_t time_ms, Arena *a, CatalogVersion *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_at(c, conn, object_id, time_ms, a, ret, err);
    conn_give(c, conn);
    return fine;
}

bool catalog_list_at(Catalog *c, int64_t time_ms, Str after, int limit, Arena *a, CatalogVersion **ret,
    size_t *ret_count, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn != NULL;
    if (fine) {
        CLEANUP(query_end) Query q = query(conn, Q_LIST_AT);
        bind_int(&q, 1, time_ms);
        bind_text(&q, 2, after);
        bind_int(&q, 3, MAX_OF(limit, 0));
        fine = read_versions(c, &q, a, ret, ret_count, err);
    }
    conn_give(c, conn);
    return fine;
}

// ---- undoing

static bool read_touched(Conn *conn, int64_t change_set, Str after, int limit, Arena *a, CatalogTouched **ret,
    size_t *ret_count, Err *err)
{
    RECORD_LIST(CatalogTouched) rows = {0};
    CLEANUP(query_end) Query q = query(conn, Q_TOUCHED);
    bool row;
    bind_int(&q, 1, change_set);
    bind_text(&q, 2, after);
    bind_int(&q, 3, MAX_OF(limit, 0));
    while (true) {
        if (!query_row(&q, &row, err))
            return false;
        if (!row)
            break;
        *arena_push(a, &rows.items, &rows.count, &rows.capacity) = (CatalogTouched){
            .object_id = column_text(&q, 0, a),
            .before = (int)column_int(&q, 1) - 1,
            .last = (int)column_int(&q, 2),
            .head = (int)column_int(&q, 3),
            .withdrawn = column_int(&q, 4) != 0,
        };
    }
    *ret = rows.items;
    *ret_count = rows.count;
    return true;
}

bool catalog_list_touched(Catalog *c, int64_t change_set, Str after, int limit, Arena *a,
    CatalogTouched **ret, size_t *ret_count, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_touched(conn, change_set, after, limit, a, ret, ret_count, err);
    conn_give(c, conn);
    return fine;
}

bool catalog_next_version(Catalog *c, Str object_id, int *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn != NULL, row;
    if (fine) {
        CLEANUP(query_end) Query q = query(conn, Q_OBJECT_FIND);
        bind_text(&q, 1, object_id);
        fine = query_row(&q, &row, err);
        if (fine)
            *ret = row ? (int)column_int(&q, 1) + 1 : 1;
    }
    conn_give(c, conn);
    return fine;
}
