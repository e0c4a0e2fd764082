// SPDX-License-Identifier: Apache-2.0
// Questions to the ledger. Every record's bytes are compared with the digest in the ledger on their way out:
// a flipped bit is ERR_CORRUPT, never an answer.
#include "catalog/int.h"

// Access of a version: its own words or the default.
static Terms terms_of(Catalog *c, Query *q, int at)
{
    if (column_is_null(q, at))
        return c->default_terms;
    return (Terms){.access = (Access)column_int(q, at), .side_max_px = (int)column_int(q, at + 1)};
}

// The one that opens less. What is shut today keeps its past shut; what was shut then was not meant for
// everybody.
static Terms narrower(Terms x, Terms y)
{
    if (rights_terms_rank(x) != rights_terms_rank(y))
        return rights_terms_rank(x) < rights_terms_rank(y) ? x : y;
    return x.access == ACCESS_SIDE && y.side_max_px < x.side_max_px ? y : x;
}

// A row of VERSION_COLUMNS.
static bool version_row(Catalog *c, Query *q, Arena *a, CatalogVersion *ret, Err *err)
{
    CatalogVersion v = {
        .sequence = column_int(q, 0),
        .change_set = column_int(q, 1),
        .time_ms = column_int(q, 2),
        .object_id = column_text(q, 3, a),
        .version = (int)column_int(q, 4),
        .deleted = column_int(q, 5) != 0,
        .has_terms = !column_is_null(q, 6),
    };
    Terms head = terms_of(c, q, 8);
    v.terms = v.deleted ? head : narrower(terms_of(c, q, 6), head);
    if (!column_copy(q, 10, v.digest.bytes, SHA512_BYTES))
        return err_set(
            err, ERR_CORRUPT, "object " FMT_STR " version %d: no digest", ARG_STR(v.object_id), v.version);
    v.withdrawn = !column_is_null(q, 12);
    v.withdrawn_reason = column_text(q, 12, a);
    v.deleted = v.deleted || v.withdrawn;
    if (!v.deleted) {
        v.json = column_text(q, 11, a);
        Sha512 digest = sha512_of(v.json);
        if (!sha512_eq(&digest, &v.digest))
            return err_set(err, ERR_CORRUPT, "object " FMT_STR " version %d: the catalogue is damaged",
                ARG_STR(v.object_id), v.version);
    }
    *ret = v;
    return true;
}

static int64_t read_head(Conn *conn, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_HEAD);
    bool row;
    return query_row(&q, &row, err) ? column_int(&q, 0) : -1;
}

int64_t catalog_head(Catalog *c, Err *err)
{
    Conn *conn = conn_take(c, err);
    if (!conn)
        return -1;
    int64_t head = read_head(conn, err);
    conn_give(c, conn);
    return head;
}

static bool read_counts(Conn *conn, int64_t *ret_objects, int64_t *ret_images, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_COUNTS);
    bool row;
    if (!query_row(&q, &row, err))
        return false;
    *ret_objects = column_int(&q, 0);
    *ret_images = column_int(&q, 1);
    return true;
}

bool catalog_count(Catalog *c, int64_t *ret_objects, int64_t *ret_images, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_counts(conn, ret_objects, ret_images, err);
    conn_give(c, conn);
    return fine;
}

static bool read_one(
    Catalog *c, Conn *conn, Str object_id, int version, Arena *a, CatalogVersion *ret, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, version ? Q_FIND_VERSION : Q_FIND);
    bool row;
    bind_text(&q, 1, object_id);
    if (version)
        bind_int(&q, 2, version);
    if (!query_row(&q, &row, err))
        return false;
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "no object " FMT_STR, ARG_STR(object_id));
    return version_row(c, &q, a, ret, err);
}

bool catalog_find(Catalog *c, Str object_id, Arena *a, CatalogVersion *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_one(c, conn, object_id, 0, a, ret, err);
    conn_give(c, conn);
    return fine;
}

bool catalog_find_version(Catalog *c, Str object_id, int version, Arena *a, CatalogVersion *ret, Err *err)
{
    if (version < 1)
        return err_set(err, ERR_NOT_FOUND, "versions count from 1");
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_one(c, conn, object_id, version, a, ret, err);
    conn_give(c, conn);
    return fine;
}

// In one read transaction: one state of the museum, and no lock per object.
static bool read_many(
    Catalog *c, Conn *conn, const Str *object_ids, size_t count, Arena *a, CatalogVersion *ret, Err *err)
{
    if (!conn_step(conn, Q_BEGIN_READ, err))
        return false;
    bool fine = true;
    for (size_t i = 0; fine && i < count; i++) {
        fine = read_one(c, conn, object_ids[i], 0, a, &ret[i], err);
        if (!fine && err->kind == ERR_NOT_FOUND) {
            ret[i] = (CatalogVersion){.object_id = object_ids[i]};
            *err = (Err){0};
            fine = true;
        }
    }
    Err ignored = {0};
    return conn_step(conn, Q_COMMIT, fine ? err : &ignored) && fine;
}

bool catalog_find_many(
    Catalog *c, const Str *object_ids, size_t count, Arena *a, CatalogVersion *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_many(c, conn, object_ids, count, a, ret, err);
    conn_give(c, conn);
    return fine;
}

bool read_versions(Catalog *c, Query *q, Arena *a, CatalogVersion **ret, size_t *ret_count, Err *err)
{
    RECORD_LIST(CatalogVersion) rows = {0};
    bool row;
    while (true) {
        CatalogVersion version;
        if (!query_row(q, &row, err))
            return false;
        if (!row)
            break;
        if (!version_row(c, q, a, &version, err))
            return false;
        *arena_push(a, &rows.items, &rows.count, &rows.capacity) = version;
    }
    *ret = rows.items;
    *ret_count = rows.count;
    return true;
}

bool catalog_follow(
    Catalog *c, int64_t after, int limit, Arena *a, CatalogVersion **ret, size_t *ret_count, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn != NULL;
    if (fine) {
        CLEANUP(query_end) Query q = query(conn, Q_FOLLOW);
        bind_int(&q, 1, after);
        bind_int(&q, 2, MAX_OF(limit, 0));
        fine = read_versions(c, &q, a, ret, ret_count, err);
    }
    conn_give(c, conn);
    return fine;
}

// ---- images

static bool image_row(Catalog *c, Query *q, Arena *a, CatalogImage *ret, Err *err)
{
    CatalogImage image = {
        .object_id = column_text(q, 0, a),
        .image_id = column_text(q, 1, a),
        .path = column_text(q, 3, a),
        .format = column_text(q, 4, a),
        .width_px = (int)column_int(q, 5),
        .height_px = (int)column_int(q, 6),
        .terms = terms_of(c, q, 7),
        .sequence = column_int(q, 9),
        .page = (int)column_int(q, 10),
    };
    if (!column_copy(q, 2, image.master.bytes, SHA512_BYTES))
        return err_set(err, ERR_CORRUPT, "image " FMT_STR ": no digest", ARG_STR(image.image_id));
    *ret = image;
    return true;
}

static bool read_image(Catalog *c, Conn *conn, Str image_id, Arena *a, CatalogImage *ret, Err *err)
{
    CLEANUP(query_end) Query q = query(conn, Q_FIND_IMAGE);
    bool row;
    bind_text(&q, 1, image_id);
    if (!query_row(&q, &row, err))
        return false;
    if (!row)
        return err_set(err, ERR_NOT_FOUND, "no image " FMT_STR, ARG_STR(image_id));
    return image_row(c, &q, a, ret, err);
}

bool catalog_find_image(Catalog *c, Str image_id, Arena *a, CatalogImage *ret, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_image(c, conn, image_id, a, ret, err);
    conn_give(c, conn);
    return fine;
}

bool catalog_find_master(
    Catalog *c, const Sha512 *master, Str except_object, Arena *a, Str *ret_object, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn != NULL, row;
    if (fine) {
        CLEANUP(query_end) Query q = query(conn, Q_MASTER_FIND);
        bind_bytes(&q, 1, master->bytes, SHA512_BYTES);
        bind_text(&q, 2, except_object);
        fine = query_row(&q, &row, err);
        if (fine)
            *ret_object = row ? column_text(&q, 0, a) : (Str){0};
    }
    conn_give(c, conn);
    return fine;
}

static bool read_images(
    Catalog *c, Conn *conn, Str after, int limit, Arena *a, CatalogImage **ret, size_t *ret_count, Err *err)
{
    RECORD_LIST(CatalogImage) rows = {0};
    CLEANUP(query_end) Query q = query(conn, Q_LIST_IMAGES);
    bool row;
    bind_text(&q, 1, after);
    bind_int(&q, 2, MAX_OF(limit, 0));
    while (true) {
        CatalogImage image;
        if (!query_row(&q, &row, err))
            return false;
        if (!row)
            break;
        if (!image_row(c, &q, a, &image, err))
            return false;
        *arena_push(a, &rows.items, &rows.count, &rows.capacity) = image;
    }
    *ret = rows.items;
    *ret_count = rows.count;
    return true;
}

bool catalog_list_images(
    Catalog *c, Str after, int limit, Arena *a, CatalogImage **ret, size_t *ret_count, Err *err)
{
    Conn *conn = conn_take(c, err);
    bool fine = conn && read_images(c, conn, after, limit, a, ret, ret_count, err);
    conn_give(c, conn);
    return fine;
}
