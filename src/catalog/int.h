// SPDX-License-Identifier: Apache-2.0
// catalog, inside: connections, prepared statements and the tables. See schema.c for what is kept.
#pragma once

#include "catalog/catalog.h"

#include <pthread.h>
#include <sqlite3.h>

enum {
    WRITER_WAIT_MS = 30 * 1000, // for the turn to write
    READER_WAIT_MS = 5 * 1000,  // only while another process recovers the log after a crash
    POOL_MAX = 64,              // idle connections kept
    AGENT_MAX_BYTES = 1024,
    REASON_MAX_BYTES = 8 * 1024,
};

// Every statement of the room stands in statements.c under one of these names, prepared once per connection.
typedef enum {
    Q_BEGIN_READ,
    Q_BEGIN_WRITE,
    Q_COMMIT,
    Q_ROLLBACK,
    Q_HEAD,
    Q_COUNTS,
    Q_FIND,
    Q_FIND_VERSION,
    Q_FOLLOW,
    Q_FIND_IMAGE,
    Q_LIST_IMAGES,
    Q_NEXT_NUMBERS,
    Q_SET_FIND,
    Q_SET_ADD,
    Q_SET_CORRECT,
    Q_OBJECT_FIND,
    Q_OBJECT_ADD,
    Q_OBJECT_UPDATE,
    Q_VERSION_ADD,
    Q_VERSION_SAME,
    Q_CONTENT_ADD,
    Q_IMAGES_COUNT,
    Q_IMAGES_DROP_OLD,
    Q_IMAGE_PUT,
    Q_COUNTS_ADD,
    Q_JOB_ADD,
    Q_JOB_PENDING,
    Q_JOB_RUNNERS,
    Q_JOB_FREE,
    Q_JOB_TAKE,
    Q_JOB_FIND,
    Q_JOB_UPDATE,
    Q_SETS_LIST,
    Q_SET_VERSIONS,
    Q_OBJECT_VERSIONS,
    Q_FIND_AT,
    Q_LIST_AT,
    Q_TOUCHED,
    Q_SEQUENCE_TAKEN,
    Q_WITHDRAWN_ADD,
    Q_CONTENT_ERASE,
    Q_MASTER_USED,
    Q_MASTER_FIND,
    Q_TILE_FIND,
    Q_TILE_PUT,
    Q_LEAF,
    Q_LEAF_ADD,
    Q_LEAF_LAST,
    Q_LEAF_OF_SET,
    Q_SET_CLOSE,
    Q_SETS_RUNNERS,
    Q_SETS_CLOSE_OF,
    Q_TREE_NEXT_SET,
    Q_TREE_VERSIONS,
    Q_TREE_VERSION,
    Q_TREE_PLACE,
    Q_TREE_BEFORE,
    Q_TREE_SIZE_AT,
    Q_COUNT,
} Statement;

extern const char *const STATEMENTS[Q_COUNT];

typedef struct Conn Conn;
struct Conn {
    sqlite3 *db;
    sqlite3_stmt *statements[Q_COUNT];
    Conn *next; // in the pool
};

struct Catalog {
    char *where;
    Terms default_terms;
    pthread_mutex_t lock;
    pthread_cond_t turn; // writing became false
    bool writing;        // somebody in this process holds the turn to write
    Conn *idle;
    int idle_count;
    Conn *writer; // used by whoever holds the turn
};

// ---- connections

Conn *conn_take(Catalog *c, Err *err) MUST_CHECK;
void conn_give(Catalog *c, Conn *conn);
// The turn to write: one in this process, and with it a transaction that keeps other processes out. durable:
// on disk when the commit returns; else whole after a kill, but perhaps forgotten after a power cut.
Conn *conn_take_writer(Catalog *c, bool durable, Err *err) MUST_CHECK;
void conn_give_writer(Catalog *c, Conn *conn); // takes back what was not committed
bool conn_commit(Conn *conn, Err *err) MUST_CHECK;
bool conn_execute(sqlite3 *db, const char *sql, Err *err) MUST_CHECK;

// ---- one run of a prepared statement
//
//   CLEANUP(query_end) Query q = query(conn, Q_FIND);
//   bind_text(&q, 1, id);
//   if (!query_row(&q, &found, err)) ...
//   if (found) id = column_text(&q, 0, a);

typedef struct {
    Conn *conn;
    sqlite3_stmt *statement; // NULL: could not be prepared, query_row tells why
} Query;

Query query(Conn *conn, Statement which);
void query_end(Query *q);
void bind_int(Query *q, int at, int64_t value);
void bind_text(Query *q, int at, Str text); // any bytes
void bind_bytes(Query *q, int at, const void *bytes, size_t count);
void bind_null(Query *q, int at);
bool query_row(Query *q, bool *ret_row, Err *err) MUST_CHECK;
bool query_run(Query *q, Err *err) MUST_CHECK; // for statements without an answer
int64_t column_int(Query *q, int at);
bool column_is_null(Query *q, int at);
Str column_text(Query *q, int at, Arena *a);
bool column_copy(Query *q, int at, void *to, size_t count); // false unless it is exactly that long

bool conn_step(Conn *conn, Statement which, Err *err) MUST_CHECK; // a statement without values

bool sqlite_failed(sqlite3 *db, int code, Err *err) MUST_CHECK; // always false

// ---- schema

bool schema_ready(sqlite3 *db, bool create, Err *err) MUST_CHECK;

// ---- rows

// All rows of a query that gives VERSION_COLUMNS.
bool read_versions(
    Catalog *c, Query *q, Arena *a, CatalogVersion **ret, size_t *ret_count, Err *err) MUST_CHECK;

// ---- change sets

bool sets_close_left(Conn *conn, Err *err) MUST_CHECK; // those of dead processes
