// SPDX-License-Identifier: Apache-2.0
// What is kept. `version` and `change_set` are the ledger: triggers refuse to change or delete a row, so that
// neither a bug here nor a hand at the sqlite3 prompt rewrites history by accident. The records' own bytes
// stand apart in `content`, because the law may demand that they go (and then their digest in `version`
// stays). Everything else is derived from the ledger.
#include "catalog/int.h"

enum { APPLICATION_ID = 0x56697472 }; // "Vitr"

static const char *const STEPS[] = {
    // 1
    "CREATE TABLE change_set ("
    "  id INTEGER PRIMARY KEY, agent TEXT NOT NULL, reason TEXT NOT NULL, time_ms INTEGER NOT NULL,"
    "  first_sequence INTEGER NOT NULL,"   // agent, reason and time are those of this version
    "  closed INTEGER NOT NULL DEFAULT 0," // 1: no version will join it any more
    "  runner TEXT NOT NULL"               // the process that fills it
    ") STRICT;"
    "CREATE INDEX change_set_open ON change_set (runner) WHERE closed = 0;"
    "CREATE TABLE object ("
    "  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE," // name: the id everybody else knows
    "  head INTEGER NOT NULL, version INTEGER NOT NULL, deleted INTEGER NOT NULL,"
    "  images INTEGER NOT NULL DEFAULT 0,"
    "  access INTEGER, side_px INTEGER" // of the last version that was not a deletion; NULL: it does not say
    ") STRICT;"
    "CREATE TABLE version ("
    "  sequence INTEGER PRIMARY KEY, change_set INTEGER NOT NULL, object INTEGER NOT NULL,"
    "  version INTEGER NOT NULL, time_ms INTEGER NOT NULL, deleted INTEGER NOT NULL,"
    "  access INTEGER, side_px INTEGER,"
    "  digest BLOB NOT NULL" // sha512 of record.json or, for a deletion, of the tombstone
    ") STRICT;"
    "CREATE UNIQUE INDEX version_of_object ON version (object, version);"
    "CREATE INDEX version_in_change_set ON version (change_set, sequence);"
    "CREATE TABLE content (sequence INTEGER PRIMARY KEY, json BLOB NOT NULL) STRICT;"
    "CREATE TABLE withdrawn (object INTEGER PRIMARY KEY, sequence INTEGER NOT NULL, reason TEXT NOT NULL) "
    "STRICT;"
    "CREATE TABLE image ("
    "  id TEXT PRIMARY KEY, object INTEGER NOT NULL, sequence INTEGER NOT NULL, seen INTEGER NOT NULL,"
    "  master BLOB NOT NULL, path TEXT NOT NULL, format TEXT NOT NULL,"
    "  width_px INTEGER NOT NULL, height_px INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX image_of_object ON image (object);"
    "CREATE TABLE counts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "INSERT INTO counts VALUES ('objects', 0), ('images', 0);"
    "CREATE TABLE job ("
    "  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, key TEXT NOT NULL, payload TEXT NOT NULL,"
    "  state TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, problem TEXT NOT NULL DEFAULT '',"
    "  runner TEXT NOT NULL DEFAULT '', added_ms INTEGER NOT NULL, changed_ms INTEGER NOT NULL,"
    "  UNIQUE (kind, key)"
    ") STRICT;"
    "CREATE INDEX job_at_work ON job (kind, state, id) WHERE state IN ('waiting', 'running');"
    // The hash tree over the change sets (tree 0) and over the versions of one big change set (tree: its
    // number):
    // tile `n` of level `level` holds up to 256 hashes. Disposable.
    "CREATE TABLE tile ("
    "  tree INTEGER NOT NULL, level INTEGER NOT NULL, n INTEGER NOT NULL, hashes BLOB NOT NULL,"
    "  PRIMARY KEY (tree, level, n)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE TABLE leaf ("
    "  n INTEGER PRIMARY KEY, change_set INTEGER NOT NULL UNIQUE, versions INTEGER NOT NULL,"
    "  until_ms INTEGER NOT NULL," // of the newest version up to here
    "  root BLOB NOT NULL"         // of the change set's own tree
    ") STRICT;"
    "CREATE INDEX leaf_until ON leaf (until_ms, n);"
    "CREATE TRIGGER version_stays BEFORE UPDATE ON version"
    "  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
    "CREATE TRIGGER version_is_never_deleted BEFORE DELETE ON version"
    "  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
    "CREATE TRIGGER version_joins_no_closed_set BEFORE INSERT ON version"
    "  WHEN (SELECT closed FROM change_set WHERE id = NEW.change_set)"
    "  BEGIN SELECT RAISE(ABORT, 'the change set is closed'); END;"
    "CREATE TRIGGER content_stays BEFORE UPDATE ON content"
    "  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
    "CREATE TRIGGER content_goes_only_by_law BEFORE DELETE ON content"
    "  WHEN NOT EXISTS (SELECT 1 FROM version JOIN withdrawn USING (object) WHERE version.sequence = "
    "OLD.sequence)"
    "  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;"
    "CREATE TRIGGER closed_set_stays BEFORE UPDATE ON change_set WHEN OLD.closed"
    "  BEGIN SELECT RAISE(ABORT, 'the change set is closed'); END;"
    "CREATE TRIGGER change_set_is_never_deleted BEFORE DELETE ON change_set"
    "  BEGIN SELECT RAISE(ABORT, 'the ledger is append-only'); END;",
    // 2: pages of a file are images of their own; 0: the file is one picture
    "ALTER TABLE image ADD COLUMN page INTEGER NOT NULL DEFAULT 0;",
    // 3: is a file there already? Eight bytes of its digest find it
    "CREATE INDEX image_of_master ON image (substr(master, 1, 8));",
};

static bool pragma_int(sqlite3 *db, const char *sql, int64_t *ret, Err *err)
{
    sqlite3_stmt *statement;
    int code = sqlite3_prepare_v2(db, sql, -1, &statement, NULL);
    if (code == SQLITE_OK && (code = sqlite3_step(statement)) == SQLITE_ROW) {
        *ret = sqlite3_column_int64(statement, 0);
        code = SQLITE_OK;
    }
    sqlite3_finalize(statement);
    return code == SQLITE_OK || sqlite_failed(db, code, err);
}

// Where the file stands: 0 for an empty one, ERR_CORRUPT for somebody else's database.
static bool schema_number(sqlite3 *db, int64_t *ret, Err *err)
{
    int64_t application, tables;
    if (!pragma_int(db, "PRAGMA application_id", &application, err) ||
        !pragma_int(db, "SELECT count(*) FROM sqlite_schema", &tables, err) ||
        !pragma_int(db, "PRAGMA user_version", ret, err))
        return false;
    if (application != APPLICATION_ID && (application != 0 || tables != 0 || *ret != 0))
        return err_set(err, ERR_CORRUPT, "the file is no catalogue of this program");
    if (*ret < 0 || (application == APPLICATION_ID && *ret == 0))
        return err_set(err, ERR_CORRUPT, "the catalogue has no schema number");
    if (*ret > (int64_t)COUNT_OF(STEPS))
        return err_set(err, ERR_UNSUPPORTED,
            "the catalogue was made by a newer program (schema %lld, we know %zu)", (long long)*ret,
            COUNT_OF(STEPS));
    return true;
}

static bool take_steps(sqlite3 *db, Err *err)
{
    int64_t number;
    char pragma[80];
    if (!schema_number(db, &number, err)) // again: another process may have been faster
        return false;
    for (size_t i = (size_t)number; i < COUNT_OF(STEPS); i++)
        if (!conn_execute(db, STEPS[i], err))
            return false;
    sqlite3_snprintf(sizeof(pragma), pragma, "PRAGMA application_id=%d; PRAGMA user_version=%d",
        APPLICATION_ID, (int)COUNT_OF(STEPS));
    return conn_execute(db, pragma, err);
}

bool schema_ready(sqlite3 *db, bool create, Err *err)
{
    int64_t number;
    if (!schema_number(db, &number, err))
        return false;
    if (number == (int64_t)COUNT_OF(STEPS))
        return true;
    if (number == 0 && !create)
        return err_set(err, ERR_CORRUPT, "the catalogue is empty");
    if (!conn_execute(db, "BEGIN IMMEDIATE", err))
        return false;
    if (!take_steps(db, err) || !conn_execute(db, "COMMIT", err)) {
        Err ignored = {0};
        (void)!conn_execute(db, "ROLLBACK", &ignored);
        return false;
    }
    return true;
}
