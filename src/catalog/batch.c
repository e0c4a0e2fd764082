// SPDX-License-Identifier: Apache-2.0
// Writing to the ledger: one transaction per batch, killed at any moment gone or whole.
#include "catalog/batch.h"
#include "base/process.h"

#include <stdlib.h>

struct CatalogBatch {
    Catalog *catalog;
    Conn *conn;
    Arena *arena; // of the batch: who
    CatalogWho who;
    int64_t change_set;
    bool set_is_written;
    bool broken; // a statement failed: nothing more is taken, and commit refuses
    int64_t first_sequence, next_sequence;
    int64_t objects_added, images_added; // to the counts
};

typedef struct {
    int64_t row, images;
    int version;
    bool deleted;
} Object;

// ---- change sets

// runner: the process that goes on with it; empty if nobody does.
static bool set_add(
    CatalogBatch *b, int64_t change_set, const CatalogWho *who, int64_t sequence, Str runner, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_SET_ADD);
    bind_int(&q, 1, change_set);
    bind_text(&q, 2, who->agent);
    bind_text(&q, 3, who->reason);
    bind_int(&q, 4, who->time_ms);
    bind_int(&q, 5, sequence);
    bind_text(&q, 6, runner);
    return query_run(&q, err);
}

static bool set_correct(
    CatalogBatch *b, int64_t change_set, const CatalogWho *who, int64_t sequence, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_SET_CORRECT);
    bind_int(&q, 1, change_set);
    bind_text(&q, 2, who->agent);
    bind_text(&q, 3, who->reason);
    bind_int(&q, 4, who->time_ms);
    bind_int(&q, 5, sequence);
    return query_run(&q, err);
}

// Leaves stand in the order of change sets, so none can come in before the last.
static bool not_behind_the_log(CatalogBatch *b, int64_t change_set, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_LEAF_LAST);
    bool row;
    if (!query_row(&q, &row, err))
        return false;
    return !row || column_int(&q, 1) < change_set ||
           err_set(err, ERR_CORRUPT, "change set %lld is in the vault, but the log went past it without it",
               (long long)change_set);
}

// Who, why and when of a change set are those of its first version, in whatever order versions come back.
static bool set_restore(
    CatalogBatch *b, int64_t change_set, const CatalogWho *who, int64_t sequence, Err *err)
{
    bool row;
    int64_t first = 0;
    {
        CLEANUP(query_end) Query q = query(b->conn, Q_SET_FIND);
        bind_int(&q, 1, change_set);
        if (!query_row(&q, &row, err))
            return false;
        if (row)
            first = column_int(&q, 3);
        if (row && column_int(&q, 4))
            return err_set(err, ERR_CORRUPT, "change set %lld is closed and has no version %lld",
                (long long)change_set, (long long)sequence);
    }
    if (!row)
        return not_behind_the_log(b, change_set, err) && set_add(b, change_set, who, sequence, (Str){0}, err);
    return sequence >= first || set_correct(b, change_set, who, sequence, err);
}

// The change set the caller named: it must be there, and open.
static bool set_continue(CatalogBatch *b, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_SET_FIND);
    bool row;
    bind_int(&q, 1, b->change_set);
    if (!query_row(&q, &row, err))
        return false;
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "no change set %lld", (long long)b->change_set);
    if (column_int(&q, 4))
        return err_set(err, ERR_INVALID, "change set %lld is closed", (long long)b->change_set);
    b->set_is_written = true;
    return true;
}

static bool numbers_begin(CatalogBatch *b, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_NEXT_NUMBERS);
    bool row;
    if (!query_row(&q, &row, err))
        return false;
    b->first_sequence = b->next_sequence = column_int(&q, 0) + 1;
    if (b->change_set == 0)
        b->change_set = column_int(&q, 1) + 1;
    return true;
}

CatalogBatch *catalog_batch_open(Catalog *c, int64_t change_set, const CatalogWho *who, Err *err)
{
    if (who->agent.n > AGENT_MAX_BYTES || who->reason.n > REASON_MAX_BYTES)
        return err_null(err, ERR_LIMIT, "who or why of a change set is too long");
    Conn *conn = conn_take_writer(c, true, err);
    if (!conn)
        return NULL;
    CatalogBatch *b = mem_alloc(sizeof(*b));
    b->catalog = c;
    b->conn = conn;
    b->arena = arena_open();
    b->who = (CatalogWho){arena_copy(b->arena, who->agent), arena_copy(b->arena, who->reason), who->time_ms};
    b->change_set = change_set;
    if (!(change_set == 0 || set_continue(b, err)) || !numbers_begin(b, err)) {
        catalog_batch_close(b);
        return NULL;
    }
    return b;
}

int64_t catalog_batch_change_set(const CatalogBatch *b)
{
    return b->change_set;
}

int64_t catalog_batch_next_sequence(CatalogBatch *b)
{
    return b->next_sequence++;
}

// ---- objects and versions

static bool object_find(CatalogBatch *b, Str name, Object *ret, bool *ret_found, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_OBJECT_FIND);
    bind_text(&q, 1, name);
    if (!query_row(&q, ret_found, err))
        return false;
    *ret = (Object){.deleted = true};
    if (*ret_found)
        *ret = (Object){
            .row = column_int(&q, 0),
            .version = (int)column_int(&q, 1),
            .deleted = column_int(&q, 2) != 0,
            .images = column_int(&q, 3),
        };
    return true;
}

static bool object_add(CatalogBatch *b, Str name, Object *object, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_OBJECT_ADD);
    bool row;
    bind_text(&q, 1, name);
    if (!query_row(&q, &row, err))
        return false;
    object->row = column_int(&q, 0);
    return true;
}

static void bind_terms(Query *q, int at, const Record *record)
{
    if (!record || !record->has_terms)
        return;
    bind_int(q, at, (int64_t)record->terms.access);
    bind_int(q, at + 1, record->terms.side_max_px);
}

static bool object_update(CatalogBatch *b, const Object *object, const CatalogPut *put, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_OBJECT_UPDATE);
    bind_int(&q, 1, object->row);
    bind_int(&q, 2, put->sequence);
    bind_int(&q, 3, put->version);
    bind_int(&q, 4, put->deleted);
    bind_terms(&q, 5, put->record);
    bind_int(&q, 7, object->images);
    return query_run(&q, err);
}

static Sha512 digest_of(const CatalogPut *put, int64_t change_set)
{
    if (put->erased)
        return *put->erased;
    if (!put->deleted)
        return sha512_of(put->json);
    CLEANUP(arena_closep) Arena *a = arena_open();
    return sha512_of(record_tombstone(a, put->object_id, (RecordLedger){change_set, put->sequence}));
}

static bool version_add(
    CatalogBatch *b, int64_t object_row, const CatalogPut *put, int64_t change_set, int64_t time_ms, Err *err)
{
    Sha512 digest = digest_of(put, change_set);
    CLEANUP(query_end) Query q = query(b->conn, Q_VERSION_ADD);
    bind_int(&q, 1, put->sequence);
    bind_int(&q, 2, change_set);
    bind_int(&q, 3, object_row);
    bind_int(&q, 4, put->version);
    bind_int(&q, 5, time_ms);
    bind_int(&q, 6, put->deleted);
    bind_terms(&q, 7, put->record);
    bind_bytes(&q, 9, digest.bytes, SHA512_BYTES);
    if (!query_run(&q, err))
        return false;
    if (put->deleted || put->erased)
        return true;
    CLEANUP(query_end) Query content = query(b->conn, Q_CONTENT_ADD);
    bind_int(&content, 1, put->sequence);
    bind_bytes(&content, 2, put->json.p, put->json.n);
    return query_run(&content, err);
}

// ---- images: those of the head

static bool image_put(
    CatalogBatch *b, int64_t object_row, const CatalogPut *put, const RecordMedia *m, Err *err)
{
    Sha512 master;
    if (!sha512_from_hex(m->sha512, &master))
        return err_set(err, ERR_INVALID, "image " FMT_STR " has no digest", ARG_STR(m->id));
    CLEANUP(query_end) Query q = query(b->conn, Q_IMAGE_PUT);
    bind_text(&q, 1, m->id);
    bind_int(&q, 2, object_row);
    bind_int(&q, 3, put->sequence);
    bind_bytes(&q, 4, master.bytes, SHA512_BYTES);
    bind_text(&q, 5, m->path);
    bind_text(&q, 6, m->format);
    bind_int(&q, 7, m->width_px);
    bind_int(&q, 8, m->height_px);
    bind_int(&q, 9, m->page);
    return query_run(&q, err);
}

static bool images_drop(CatalogBatch *b, int64_t object_row, int64_t seen, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_IMAGES_DROP_OLD);
    bind_int(&q, 1, object_row);
    bind_int(&q, 2, seen);
    return query_run(&q, err);
}

static bool images_count(CatalogBatch *b, int64_t object_row, int64_t *ret, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_IMAGES_COUNT);
    bool row;
    bind_int(&q, 1, object_row);
    if (!query_row(&q, &row, err))
        return false;
    *ret = column_int(&q, 0);
    return true;
}

// object->images becomes the number of pictures of this version.
static bool images_update(CatalogBatch *b, Object *object, const CatalogPut *put, Err *err)
{
    size_t count = put->record && !put->deleted ? put->record->media.count : 0;
    int64_t before = object->images;
    if (count == 0 && before == 0)
        return true;
    for (size_t i = 0; i < count; i++)
        if (!image_put(b, object->row, put, &put->record->media.items[i], err))
            return false;
    if (!images_drop(b, object->row, put->sequence, err) ||
        !images_count(b, object->row, &object->images, err))
        return false;
    b->images_added += object->images - before;
    return true;
}

// ---- putting

// An id that is not "<object id>:..." would take another object's picture away.
static bool image_check(const CatalogPut *put, const RecordMedia *m, Err *err)
{
    Sha512 master;
    size_t own = put->object_id.n;
    if (!str_starts(m->id, put->object_id) || m->id.n < own + 2 || m->id.p[own] != ':')
        return err_set(err, ERR_INVALID, "image " FMT_STR " is none of object " FMT_STR, ARG_STR(m->id),
            ARG_STR(put->object_id));
    return sha512_from_hex(m->sha512, &master) ||
           err_set(err, ERR_INVALID, "image " FMT_STR " has no digest", ARG_STR(m->id));
}

static bool put_check(const CatalogPut *put, Err *err)
{
    if (put->object_id.n == 0 || put->object_id.n > RECORD_ID_MAX_BYTES)
        return err_set(err, ERR_INVALID, "an object needs an id of at most %d bytes", RECORD_ID_MAX_BYTES);
    if (put->sequence < 1 || put->version < 1)
        return err_set(err, ERR_INVALID, "object " FMT_STR ": numbers count from 1", ARG_STR(put->object_id));
    if (put->deleted || put->erased)
        return true;
    if (!put->record || !str_eq(put->record->id, put->object_id))
        return err_set(
            err, ERR_INVALID, "object " FMT_STR ": the record is another one's", ARG_STR(put->object_id));
    for (size_t i = 0; i < put->record->media.count; i++)
        if (!image_check(put, &put->record->media.items[i], err))
            return false;
    return put->json.n <= RECORD_MAX_BYTES ||
           err_set(err, ERR_LIMIT, "object " FMT_STR ": the record is too long", ARG_STR(put->object_id));
}

// Enters a version; it becomes the head if it is the newest of its object.
static bool enter(
    CatalogBatch *b, Object *object, const CatalogPut *put, int64_t change_set, int64_t time_ms, Err *err)
{
    if (object->row == 0 && !object_add(b, put->object_id, object, err))
        return false;
    if (!version_add(b, object->row, put, change_set, time_ms, err))
        return false;
    b->next_sequence = MAX_OF(b->next_sequence, put->sequence + 1);
    if (put->version < object->version)
        return true;
    if (!images_update(b, object, put, err) || !object_update(b, object, put, err))
        return false;
    b->objects_added += (int)object->deleted - (int)put->deleted;
    return true;
}

// The row of a new change set, with its first version. Others that dead processes left open end here.
static bool set_begin(CatalogBatch *b, int64_t sequence, Err *err)
{
    if (b->set_is_written)
        return true;
    ProcessTag runner = process_tag();
    b->set_is_written = true; // a failure ends the batch
    return sets_close_left(b->conn, err) &&
           set_add(b, b->change_set, &b->who, sequence, str_from(runner.text), err);
}

static bool put_next(CatalogBatch *b, const CatalogPut *put, Err *err)
{
    Object object;
    bool found;
    if (put->sequence < b->first_sequence || put->sequence >= b->next_sequence)
        return err_set(
            err, ERR_INVALID, "sequence %lld was not given out by this batch", (long long)put->sequence);
    if (!object_find(b, put->object_id, &object, &found, err))
        return false;
    if (put->version != object.version + 1)
        return err_set(err, ERR_INVALID, "object " FMT_STR ": version %d cannot follow %d",
            ARG_STR(put->object_id), put->version, object.version);
    return set_begin(b, put->sequence, err) && enter(b, &object, put, b->change_set, b->who.time_ms, err);
}

// The same version again is fine; another one in its place is not.
static bool same_again(CatalogBatch *b, const Object *object, const CatalogPut *put, int64_t change_set,
    bool *ret_there, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_VERSION_SAME);
    Sha512 kept = {0}, digest;
    bind_int(&q, 1, object->row);
    bind_int(&q, 2, put->version);
    if (!query_row(&q, ret_there, err))
        return false;
    if (!*ret_there)
        return true;
    digest = digest_of(put, change_set);
    bool same = column_int(&q, 0) == put->sequence && column_int(&q, 1) == change_set &&
                column_copy(&q, 2, kept.bytes, SHA512_BYTES) && sha512_eq(&kept, &digest);
    return same || err_set(err, ERR_CORRUPT, "object " FMT_STR " version %d: vault and ledger disagree",
                       ARG_STR(put->object_id), put->version);
}

static bool sequence_free(CatalogBatch *b, const CatalogPut *put, Err *err)
{
    CLEANUP(query_end) Query q = query(b->conn, Q_SEQUENCE_TAKEN);
    bool row;
    bind_int(&q, 1, put->sequence);
    if (!query_row(&q, &row, err))
        return false;
    return !row || err_set(err, ERR_CORRUPT, "object " FMT_STR " version %d: its place %lld is another one's",
                       ARG_STR(put->object_id), put->version, (long long)put->sequence);
}

// Looks at everything before it writes anything.
static bool restore_check(
    CatalogBatch *b, const CatalogPut *put, int64_t change_set, Object *ret, bool *ret_there, Err *err)
{
    bool found;
    *ret_there = false;
    if (!put_check(put, err))
        return false;
    if (change_set < 1)
        return err_set(err, ERR_CORRUPT, "object " FMT_STR " names no change set", ARG_STR(put->object_id));
    return object_find(b, put->object_id, ret, &found, err) &&
           (!found || same_again(b, ret, put, change_set, ret_there, err)) &&
           (*ret_there || sequence_free(b, put, err));
}

bool catalog_batch_put(CatalogBatch *b, const CatalogPut *put, Err *err)
{
    if (b->broken)
        return err_set(err, ERR_INVALID, "the batch has failed before");
    bool fine = !put->erased && put_check(put, err) && put_next(b, put, err);
    b->broken = !fine;
    return fine;
}

bool catalog_batch_restore(
    CatalogBatch *b, const CatalogPut *put, int64_t change_set, const CatalogWho *who, Err *err)
{
    Object object;
    bool there;
    if (b->broken)
        return err_set(err, ERR_INVALID, "the batch has failed before");
    if (!restore_check(b, put, change_set, &object, &there, err) ||
        (!there && !set_restore(b, change_set, who, put->sequence, err))) {
        b->broken = err->kind != ERR_CORRUPT && err->kind != ERR_INVALID && err->kind != ERR_LIMIT;
        return false;
    }
    b->broken = !there && !enter(b, &object, put, change_set, who->time_ms, err);
    return !b->broken;
}

bool batch_erase(CatalogBatch *b, Str object_id, int64_t sequence, Str reason, Err *err)
{
    Object object;
    bool found;
    if (!object_find(b, object_id, &object, &found, err))
        return false;
    assert(found); // its versions were just restored
    CLEANUP(query_end) Query add = query(b->conn, Q_WITHDRAWN_ADD);
    bind_int(&add, 1, object.row);
    bind_int(&add, 2, sequence);
    bind_text(&add, 3, reason);
    CLEANUP(query_end) Query erase = query(b->conn, Q_CONTENT_ERASE);
    bind_int(&erase, 1, object.row);
    b->broken = !query_run(&add, err) || !query_run(&erase, err);
    return !b->broken;
}

bool catalog_batch_commit(CatalogBatch *b, Err *err)
{
    if (b->broken)
        return err_set(err, ERR_INVALID, "the batch has failed before");
    b->broken = true; // whatever comes now, it is over
    CLEANUP(query_end) Query q = query(b->conn, Q_COUNTS_ADD);
    bind_int(&q, 1, b->objects_added);
    bind_int(&q, 2, b->images_added);
    if (!query_run(&q, err))
        return false;
    query_end(&q); // a statement at work would hold up the commit
    return conn_commit(b->conn, err);
}

void catalog_batch_close(CatalogBatch *b)
{
    if (!b)
        return;
    conn_give_writer(b->catalog, b->conn);
    arena_close(b->arena);
    free(b);
}
