// SPDX-License-Identifier: Apache-2.0
// catalog: the ledger. Append-only: each change is a numbered version of a record inside a change set (who,
// when, why); the current state is the last version. The only room with SQL: SQLite here, PostgreSQL behind
// the same header one day.
//
// The vault is the truth: everything here can be made again from it (rebuild). Any thread may call any
// function of an open Catalog; it keeps a connection per thread at work. One batch writes at a time; readers
// never wait for it.
#pragma once

#include "base/base.h"
#include "base/digest.h"
#include "catalog/record.h"

typedef struct Catalog Catalog;
typedef struct CatalogBatch CatalogBatch;

// where: path of the database file, given by app. ERR_CORRUPT, ERR_IO, ERR_UNSUPPORTED (made by a newer
// program).
Catalog *catalog_open(const char *where, bool create, Err *err) MUST_CHECK;
void catalog_close(Catalog *c);

// ---- reading

typedef struct {
    int64_t sequence; // place in the ledger, from 1
    int64_t change_set;
    int64_t time_ms;
    Str object_id;
    int version; // of the object, from 1, as in the vault
    bool deleted;
    Terms terms; // effective: the record's own or the default; of an old version the narrower of then and now
    bool has_terms;
    bool
        withdrawn; // erased by law, and counts as deleted: the ledger keeps the digest, nobody keeps the text
    Str withdrawn_reason;
    Str json;      // record.json as it stands in the vault; empty if deleted or withdrawn
    Sha512 digest; // of record.json or, if deleted, of the tombstone
} CatalogVersion;

int64_t catalog_head(
    Catalog *c, Err *err) MUST_CHECK; // last sequence, 0 if empty, -1 on failure; microseconds
bool catalog_count(Catalog *c, int64_t *ret_objects, int64_t *ret_images, Err *err) MUST_CHECK;
// The default for records that say nothing; from museum.conf. Call before sharing between threads. Until
// then: nothing is shown.
void catalog_default_terms(Catalog *c, Terms terms);

// The current version. ERR_NOT_FOUND also for a deleted one.
bool catalog_find(Catalog *c, Str object_id, Arena *a, CatalogVersion *ret, Err *err) MUST_CHECK;
// Several at once, in the order asked; missing ones have sequence 0.
bool catalog_find_many(
    Catalog *c, const Str *object_ids, size_t count, Arena *a, CatalogVersion *ret, Err *err) MUST_CHECK;
bool catalog_find_version(
    Catalog *c, Str object_id, int version, Arena *a, CatalogVersion *ret, Err *err) MUST_CHECK;
// Ledger rows with sequence > after, oldest first, at most `limit`: how every index follows.
bool catalog_follow(Catalog *c, int64_t after, int limit, Arena *a, CatalogVersion **ret, size_t *ret_count,
    Err *err) MUST_CHECK;

// For an index that knows the ledger up to `known`: objects that were deleted after that, or whose record or
// pictures `role` may not see since. Of a longer delay, as during a large import, the last so many changes
// are looked at: somebody who hides a work now wants it hidden now. Microseconds if the index is not behind.
enum { CATALOG_SINCE_MAX = 1000 };
typedef enum { CATALOG_RECORD, CATALOG_PICTURES } CatalogPart;
bool catalog_hidden_since(Catalog *c, int64_t known, ViewerRole role, CatalogPart part, Arena *a, Str **ret,
    size_t *ret_count, Err *err) MUST_CHECK;

typedef struct {
    Str object_id, image_id;
    Sha512 master;
    int page; // of the master, from 1; 0: the master is one picture
    Str path, format;
    int width_px, height_px;
    Terms terms;
    int64_t sequence; // of the version that brought it
} CatalogImage;
bool catalog_find_image(Catalog *c, Str image_id, Arena *a, CatalogImage *ret, Err *err) MUST_CHECK;
// The oldest object of today, other than `except_object`, that has a picture with this master; empty: none.
bool catalog_find_master(
    Catalog *c, const Sha512 *master, Str except_object, Arena *a, Str *ret_object, Err *err) MUST_CHECK;
// All images in order of their id, for rebuild; after: last id of the page before, empty to begin.
bool catalog_list_images(
    Catalog *c, Str after, int limit, Arena *a, CatalogImage **ret, size_t *ret_count, Err *err) MUST_CHECK;

// ---- writing

typedef struct {
    Str agent;  // who: "Maria Lopes", "vitrine ingest"
    Str reason; // why: "taken in from records.csv"
    int64_t time_ms;
} CatalogWho;

// A change set can take many batches (a long ingest). Its row is written with the first batch.
// change_set 0 makes a new one; its number is then in catalog_batch_change_set.
CatalogBatch *catalog_batch_open(Catalog *c, int64_t change_set, const CatalogWho *who,
    Err *err) MUST_CHECK; // waits for its turn; ERR_BUSY after 30 s
int64_t catalog_batch_change_set(const CatalogBatch *b);
int64_t catalog_batch_next_sequence(CatalogBatch *b); // takes the next number

typedef struct {
    int64_t sequence;
    Str object_id;
    int version;
    bool deleted;
    const Record *record; // NULL if deleted
    Str json;             // the bytes of record.json
    const Sha512 *erased; // restore only: withdrawn by law, no record any more; the digest of what it was
} CatalogPut;
// The version must be the next of its object; the sequence one that this batch gave out. After a failure the
// batch takes nothing more and cannot be committed.
bool catalog_batch_put(CatalogBatch *b, const CatalogPut *put, Err *err) MUST_CHECK;
// For rebuild and recovery: a version with the numbers it had and the time of `who`, change set row included
// if missing. Objects may come in any order, each with its versions oldest first. The same again is fine;
// ERR_CORRUPT if the ledger has another version there, or has closed the change set without it.
bool catalog_batch_restore(
    CatalogBatch *b, const CatalogPut *put, int64_t change_set, const CatalogWho *who, Err *err) MUST_CHECK;
bool catalog_batch_commit(CatalogBatch *b, Err *err) MUST_CHECK; // durable when it returns true
void catalog_batch_close(CatalogBatch *b);                       // takes back what was not committed

// ---- jobs: work that survives a kill
//
// Do not call these in a thread that has a batch open: they wait for the same turn to write.

typedef struct {
    int64_t id;
    Str kind, key; // unique together
    Str payload;   // JSON
    Str state;     // "waiting", "running", "done", "failed"
    int tries;
    Str problem;
} CatalogJob;
bool catalog_job_add(Catalog *c, Str kind, Str key, Str payload, int64_t now_ms,
    Err *err) MUST_CHECK; // waiting; fine if there
// The oldest waiting job of a kind, now running. ERR_NOT_FOUND if none. Jobs left running by a dead process
// are taken again.
bool catalog_job_take(Catalog *c, Str kind, int64_t now_ms, Arena *a, CatalogJob *ret, Err *err) MUST_CHECK;
bool catalog_job_find(Catalog *c, Str kind, Str key, Arena *a, CatalogJob *ret, Err *err) MUST_CHECK;
bool catalog_job_update(
    Catalog *c, int64_t id, Str state, Str payload, Str problem, int64_t now_ms, Err *err) MUST_CHECK;
