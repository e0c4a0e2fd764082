// SPDX-License-Identifier: Apache-2.0
// Jobs. A running job names the process that runs it; one whose process is gone is waiting again.
#include "base/process.h"
#include "catalog/int.h"

static void job_row(Query *q, Arena *a, CatalogJob *ret)
{
    *ret = (CatalogJob){
        .id = column_int(q, 0),
        .kind = column_text(q, 1, a),
        .key = column_text(q, 2, a),
        .payload = column_text(q, 3, a),
        .state = column_text(q, 4, a),
        .tries = (int)column_int(q, 5),
        .problem = column_text(q, 6, a),
    };
}

static bool add(Conn *conn, Str kind, Str key, Str payload, int64_t now_ms, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_JOB_ADD);
    bind_text(&q, 1, kind);
    bind_text(&q, 2, key);
    bind_text(&q, 3, payload);
    bind_int(&q, 4, now_ms);
    return query_run(&q, err);
}

bool catalog_job_add(Catalog *c, Str kind, Str key, Str payload, int64_t now_ms, Err *err)
{
    Conn *conn = conn_take_writer(c, true, err);
    bool fine = conn && add(conn, kind, key, payload, now_ms, err) && conn_commit(conn, err);
    conn_give_writer(c, conn);
    return fine;
}

// Is there anything to take, or perhaps to take over? Asked without the turn to write, because workers ask
// often.
static bool pending(Conn *conn, Str kind, Str me, bool *ret_waiting, bool *ret_others, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_JOB_PENDING);
    bool row;
    bind_text(&q, 1, kind);
    bind_text(&q, 2, me);
    if (!query_row(&q, &row, err))
        return false;
    *ret_waiting = column_int(&q, 0) != 0;
    *ret_others = column_int(&q, 1) != 0;
    return true;
}

static bool list_dead(Conn *conn, Str kind, Str me, Arena *a, Str **ret, size_t *ret_count, Err *err)
{
    RECORD_LIST(Str) dead = {0};
    CLEANUP(query_end) Query q = query(conn, Q_JOB_RUNNERS);
    bool row;
    bind_text(&q, 1, kind);
    bind_text(&q, 2, me);
    while (true) {
        if (!query_row(&q, &row, err))
            return false;
        if (!row)
            break;
        Str runner = column_text(&q, 0, a);
        if (!process_is_alive(runner))
            *arena_push(a, &dead.items, &dead.count, &dead.capacity) = runner;
    }
    *ret = dead.items;
    *ret_count = dead.count;
    return true;
}

static bool free_dead(Conn *conn, Str kind, const Str *dead, size_t count, Err *err)
{
    for (size_t i = 0; i < count; i++) {
        CLEANUP(query_end) Query q = query(conn, Q_JOB_FREE);
        bind_text(&q, 1, kind);
        bind_text(&q, 2, dead[i]);
        if (!query_run(&q, err))
            return false;
    }
    return true;
}

static bool take(Conn *conn, Str kind, Str me, int64_t now_ms, Arena *a, CatalogJob *ret, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_JOB_TAKE);
    bool row;
    bind_text(&q, 1, kind);
    bind_text(&q, 2, me);
    bind_int(&q, 3, now_ms);
    if (!query_row(&q, &row, err))
        return false;
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "no job of kind " FMT_STR " is waiting", ARG_STR(kind));
    job_row(&q, a, ret);
    return query_run(&q, err);
}

static bool look(Catalog *c, Str kind, Str me, Arena *a, Str **ret_dead, size_t *ret_dead_count, Err *err)
{
    bool waiting = false, others = false;
    Conn *conn = conn_take(c, err);
    bool fine = conn && pending(conn, kind, me, &waiting, &others, err) &&
                (!others || list_dead(conn, kind, me, a, ret_dead, ret_dead_count, err));
    conn_give(c, conn);
    if (fine && !waiting && *ret_dead_count == 0)
        return err_set(err, ERR_NOT_FOUND, "no job of kind " FMT_STR " is waiting", ARG_STR(kind));
    return fine;
}

bool catalog_job_take(Catalog *c, Str kind, int64_t now_ms, Arena *a, CatalogJob *ret, Err *err)
{
    ProcessTag tag = process_tag();
    Str me = str_from(tag.text), *dead = NULL;
    size_t dead_count = 0;
    CatalogJob job;
    if (!look(c, kind, me, a, &dead, &dead_count, err))
        return false;
    // Not flushed: after a power cut the job is waiting again, which is what we want.
    Conn *conn = conn_take_writer(c, false, err);
    bool fine = conn && free_dead(conn, kind, dead, dead_count, err) &&
                take(conn, kind, me, now_ms, a, &job, err) && conn_commit(conn, err);
    conn_give_writer(c, conn);
    if (fine)
        *ret = job;
    return fine;
}

static bool find(Conn *conn, Str kind, Str key, Arena *a, CatalogJob *ret, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_JOB_FIND);
    bool row;
    bind_text(&q, 1, kind);
    bind_text(&q, 2, key);
    if (!query_row(&q, &row, err))
        return false;
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "no job " FMT_STR " " FMT_STR, ARG_STR(kind), ARG_STR(key));
    job_row(&q, a, ret);
    return true;
}

bool catalog_job_find(Catalog *c, Str kind, Str key, Arena *a, CatalogJob *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && find(conn, kind, key, a, ret, err);
    conn_give(c, conn);
    return fine;
}

static bool update(Conn *conn, int64_t id, Str state, Str payload, Str problem, int64_t now_ms, Err *err)
{
    ProcessTag tag = process_tag();
    CLEANUP(query_end) Query q = query(conn, Q_JOB_UPDATE);
    bool row;
    bind_int(&q, 1, id);
    bind_text(&q, 2, state);
    bind_text(&q, 3, payload);
    bind_text(&q, 4, problem);
    bind_int(&q, 5, now_ms);
    bind_text(&q, 6, str_from(tag.text));
    if (!query_row(&q, &row, err))
        return false;
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "no job %lld", (long long)id);
    return query_run(&q, err);
}

bool catalog_job_update(Catalog *c, int64_t id, Str state, Str payload, Str problem, int64_t now_ms, Err *err)
{
    bool known = str_eq(state, S("waiting")) || str_eq(state, S("running")) || str_eq(state, S("done")) ||
                 str_eq(state, S("failed"));
    if (!known)
        return err_set(err, ERR_INVALID, "a job cannot be \"" FMT_STR "\"", ARG_STR(state));
    Conn *conn = conn_take_writer(c, true, err);
    bool fine = conn && update(conn, id, state, payload, problem, now_ms, err) && conn_commit(conn, err);
    conn_give_writer(c, conn);
    return fine;
}
