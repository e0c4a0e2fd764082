// SPDX-License-Identifier: Apache-2.0
// Opening, and connections: one per thread at work, kept for the next one; one more for whoever has the turn
// to write.
#include "catalog/catalog.h"
#include "base/clock.h"
#include "catalog/int.h"

#include <errno.h>
#include <stdlib.h>
#include <time.h>

bool sqlite_failed(sqlite3 *db, int code, Err *err)
{
    ErrKind kind = ERR_IO;
    switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_ERROR: // our statements are fixed: "no such table" is damage
    case SQLITE_MISMATCH:
        kind = ERR_CORRUPT;
        break;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        kind = ERR_BUSY;
        break;
    case SQLITE_CONSTRAINT:
        kind = ERR_INVALID;
        break;
    case SQLITE_TOOBIG:
        kind = ERR_LIMIT;
        break;
    default:
        break;
    }
    return err_set(err, kind, "catalogue: %s (%d)", db ? sqlite3_errmsg(db) : sqlite3_errstr(code), code);
}

bool conn_execute(sqlite3 *db, const char *sql, Err *err)
{
    int code = sqlite3_exec(db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || sqlite_failed(db, code, err);
}

// ---- connections

static void conn_close(Conn *conn)
{
    if (!conn)
        return;
    for (int i = 0; i < Q_COUNT; i++)
        sqlite3_finalize(conn->statements[i]);
    sqlite3_close(conn->db);
    free(conn);
}

// Debian builds SQLite with secure_delete on, which we want here: what the law makes us erase must be gone.
static const char SETTINGS[] = "PRAGMA journal_mode=WAL;"
                               "PRAGMA synchronous=FULL;"
                               "PRAGMA trusted_schema=OFF;"
                               "PRAGMA cell_size_check=ON;"
                               "PRAGMA temp_store=MEMORY;"
                               "PRAGMA secure_delete=ON;"
                               "PRAGMA journal_size_limit=67108864;";

static bool conn_settle(Conn *conn, bool writer, Err *err)
{
    sqlite3_busy_timeout(conn->db, writer ? WRITER_WAIT_MS : READER_WAIT_MS);
    sqlite3_db_config(conn->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_extended_result_codes(conn->db, 1);
    return conn_execute(conn->db, SETTINGS, err) &&
           conn_execute(conn->db, writer ? "PRAGMA cache_size=-16000" : "PRAGMA cache_size=-1000", err);
}

static Conn *conn_open(const char *where, bool create, bool writer, Err *err)
{
    Conn *conn = mem_alloc(sizeof(*conn));
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (create ? SQLITE_OPEN_CREATE : 0);
    int code = sqlite3_open_v2(where, &conn->db, flags, NULL);
    if (code != SQLITE_OK && conn->db && sqlite3_system_errno(conn->db) == ENOENT) {
        conn_close(conn);
        return err_null(err, ERR_NOT_FOUND, "no catalogue at %s", where);
    }
    if (code != SQLITE_OK) {
        (void)!sqlite_failed(conn->db, code, err);
        conn_close(conn);
        return NULL;
    }
    if (!conn_settle(conn, writer, err)) {
        conn_close(conn);
        return NULL;
    }
    return conn;
}

Conn *conn_take(Catalog *c, Err *err)
{
    pthread_mutex_lock(&c->lock);
    Conn *conn = c->idle;
    if (conn) {
        c->idle = conn->next;
        c->idle_count--;
    }
    pthread_mutex_unlock(&c->lock);
    return conn ? conn : conn_open(c->where, false, false, err);
}

void conn_give(Catalog *c, Conn *conn)
{
    if (!conn)
        return;
    pthread_mutex_lock(&c->lock);
    bool keep = c->idle_count < POOL_MAX;
    if (keep) {
        conn->next = c->idle;
        c->idle = conn;
        c->idle_count++;
    }
    pthread_mutex_unlock(&c->lock);
    if (!keep)
        conn_close(conn);
}

// ---- the turn to write

static bool turn_take(Catalog *c, Err *err)
{
    int64_t until_us = clock_mono_us() + (int64_t)WRITER_WAIT_MS * 1000;
    struct timespec until = {.tv_sec = until_us / 1000000, .tv_nsec = until_us % 1000000 * 1000};
    int late = 0;
    pthread_mutex_lock(&c->lock);
    while (c->writing && !late)
        late = pthread_cond_clockwait(&c->turn, &c->lock, CLOCK_MONOTONIC, &until);
    bool mine = !c->writing;
    if (mine)
        c->writing = true;
    pthread_mutex_unlock(&c->lock);
    return mine || err_set(err, ERR_BUSY, "somebody else has been writing to the catalogue for %d s",
                       WRITER_WAIT_MS / 1000);
}

static void turn_give(Catalog *c)
{
    pthread_mutex_lock(&c->lock);
    c->writing = false;
    pthread_cond_signal(&c->turn);
    pthread_mutex_unlock(&c->lock);
}

static bool writer_begin(Catalog *c, bool durable, Err *err)
{
    if (!c->writer && !(c->writer = conn_open(c->where, false, true, err)))
        return false;
    if (!conn_execute(c->writer->db, durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL", err))
        return false;
    return conn_step(c->writer, Q_BEGIN_WRITE, err);
}

Conn *conn_take_writer(Catalog *c, bool durable, Err *err)
{
    if (!turn_take(c, err))
        return NULL;
    if (!writer_begin(c, durable, err)) {
        turn_give(c);
        return NULL;
    }
    return c->writer;
}

bool conn_commit(Conn *conn, Err *err)
{
    return conn_step(conn, Q_COMMIT, err);
}

void conn_give_writer(Catalog *c, Conn *conn)
{
    if (!conn)
        return;
    // After a full disk SQLite may have rolled back by itself.
    if (!sqlite3_get_autocommit(conn->db)) {
        Err ignored = {0};
        (void)!conn_step(conn, Q_ROLLBACK, &ignored);
    }
    turn_give(c);
}

// ---- one run of a statement

Query query(Conn *conn, Statement which)
{
    sqlite3_stmt **statement = &conn->statements[which];
    if (!*statement)
        sqlite3_prepare_v3(conn->db, STATEMENTS[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL);
    return (Query){.conn = conn, .statement = *statement};
}

void query_end(Query *q)
{
    sqlite3_reset(q->statement);
    sqlite3_clear_bindings(q->statement);
}

void bind_int(Query *q, int at, int64_t value)
{
    sqlite3_bind_int64(q->statement, at, value);
}

void bind_text(Query *q, int at, Str text)
{
    sqlite3_bind_text64(q->statement, at, text.n ? text.p : "", text.n, SQLITE_STATIC, SQLITE_UTF8);
}

void bind_bytes(Query *q, int at, const void *bytes, size_t count)
{
    sqlite3_bind_blob64(q->statement, at, count ? bytes : "", count, SQLITE_STATIC);
}

void bind_null(Query *q, int at)
{
    sqlite3_bind_null(q->statement, at);
}

bool query_row(Query *q, bool *ret_row, Err *err)
{
    int code = q->statement ? sqlite3_step(q->statement) : sqlite3_errcode(q->conn->db);
    if (code != SQLITE_ROW && code != SQLITE_DONE)
        return sqlite_failed(q->conn->db, code, err);
    *ret_row = code == SQLITE_ROW;
    return true;
}

bool query_run(Query *q, Err *err)
{
    bool row;
    do
        if (!query_row(q, &row, err))
            return false;
    while (row);
    return true;
}

bool conn_step(Conn *conn, Statement which, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, which);
    return query_run(&q, err);
}

int64_t column_int(Query *q, int at)
{
    return sqlite3_column_int64(q->statement, at);
}

bool column_is_null(Query *q, int at)
{
    return sqlite3_column_type(q->statement, at) == SQLITE_NULL;
}

// As a blob, because asking for text would make SQLite look at the bytes.
Str column_text(Query *q, int at, Arena *a)
{
    const void *bytes = sqlite3_column_blob(q->statement, at);
    int count = sqlite3_column_bytes(q->statement, at);
    return arena_copy(a, (Str){bytes, bytes && count > 0 ? (size_t)count : 0});
}

bool column_copy(Query *q, int at, void *to, size_t count)
{
    const void *bytes = sqlite3_column_blob(q->statement, at);
    if (!bytes || (size_t)sqlite3_column_bytes(q->statement, at) != count)
        return false;
    memcpy(to, bytes, count);
    return true;
}

// ---- life

Catalog *catalog_open(const char *where, bool create, Err *err)
{
    Conn *writer = conn_open(where, create, true, err);
    if (!writer)
        return NULL;
    if (!schema_ready(writer->db, create, err)) {
        conn_close(writer);
        return NULL;
    }
    Catalog *c = mem_alloc(sizeof(*c));
    c->where = mem_alloc(strlen(where) + 1);
    strcpy(c->where, where);
    c->writer = writer;
    c->default_terms = (Terms){.access = ACCESS_NONE};
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->turn, NULL);
    return c;
}

void catalog_close(Catalog *c)
{
    if (!c)
        return;
    assert(!c->writing);
    while (c->idle) {
        Conn *conn = c->idle;
        c->idle = conn->next;
        conn_close(conn);
    }
    conn_close(c->writer);
    pthread_cond_destroy(&c->turn);
    pthread_mutex_destroy(&c->lock);
    free(c->where);
    free(c);
}

void catalog_default_terms(Catalog *c, Terms terms)
{
    c->default_terms = terms;
}
