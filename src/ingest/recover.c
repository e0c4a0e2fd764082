// SPDX-License-Identifier: Apache-2.0
// The ledger from the vault: after a kill, the objects that the journal names; for a rebuild, all of them.
#include "base/file.h"
#include "base/lane.h"
#include "base/utf8.h"
#include "catalog/history.h"
#include "catalog/tree.h"
#include "ingest/ingest.h"
#include "ingest/webp.h"

#include <pthread.h>
#include <unistd.h>

enum { RESTORE_BATCH_MAX = 1000, DERIVE_THREADS_MAX = 16, IMAGES_PAGE = 200 };

typedef struct {
    const IngestHouse *house;
    const IngestListener *listener; // NULL: nobody listens
    CatalogBatch *batch;
    Arena *arena; // of the object at hand
    int in_batch;
    int64_t restored; // versions
    IngestCounts counts;
} Restore;

static void refuse(Restore *r, Str object_id, const char *text)
{
    r->counts.records_refused++;
    const IngestProblem problem = {.level = INGEST_REFUSED, .file = object_id, .text = str_from(text)};
    if (r->listener)
        r->listener->problem(r->listener->ctx, &problem);
}

static bool commit(Restore *r, Err *err)
{
    bool good = !r->batch || catalog_batch_commit(r->batch, err);
    catalog_batch_close(r->batch);
    r->batch = NULL;
    r->in_batch = 0;
    return good;
}

// Where a version stands in the ledger, and what it says, from what the vault has of it.
static bool read_version(Restore *r, Str id, int version, CatalogPut *ret, RecordLedger *ret_at, Err *err)
{
    Arena *a = r->arena;
    Str json;
    bool deleted = false;
    Err why;
    if (!store_read(r->house->store, id, version, S("record.json"), STORE_RECORD_MAX_BYTES, a, &json, &why)) {
        deleted = why.kind == ERR_NOT_FOUND;
        if (!deleted || !store_read(r->house->store, id, version, S("tombstone.json"), STORE_RECORD_MAX_BYTES,
                            a, &json, err))
            return deleted ? false : (*err = why, false);
    }
    const Json *tree = json_parse(json, a, err);
    if (!tree)
        return false;
    Record *record = arena_new(a, Record);
    if (!deleted && !record_parse(tree, a, record, err))
        return false;
    if (!deleted && !str_eq(record->id, id))
        return err_set(
            err, ERR_CORRUPT, "its record has the id " FMT_STR, ARG_STR(utf8_head(record->id, 100)));
    *ret_at = record_ledger(tree);
    if (ret_at->sequence <= 0)
        return err_set(err, ERR_CORRUPT, "version %d does not say where it stands in the ledger", version);
    *ret = (CatalogPut){.sequence = ret_at->sequence,
        .object_id = id,
        .version = version,
        .deleted = deleted,
        .record = deleted ? NULL : record,
        .json = json};
    return true;
}

// Who it opens for matters to nobody: each version brings its own change set.
static bool open_batch(Restore *r, const StoreVersion *stored, Err *err)
{
    const CatalogWho who = {
        .agent = stored->user_name, .reason = stored->message, .time_ms = stored->created_ms};
    if (!r->batch)
        r->batch = catalog_batch_open(r->house->catalog, 0, &who, err);
    return r->batch != NULL;
}

static bool restore_version(Restore *r, Str id, int version, Err *err)
{
    StoreVersion stored;
    CatalogPut put;
    RecordLedger at = {0};
    if (!store_find_version(r->house->store, id, version, r->arena, &stored, err) ||
        !read_version(r, id, version, &put, &at, err) || !open_batch(r, &stored, err))
        return false;
    const CatalogWho who = {
        .agent = stored.user_name, .reason = stored.message, .time_ms = stored.created_ms};
    if (!catalog_batch_restore(r->batch, &put, at.change_set, &who, err))
        return false;
    r->restored++;
    r->in_batch++;
    return true;
}

// Erased by law: one file stands for all that the object was, in each of its versions.
static bool restore_withdrawn(Restore *r, Str id, int version, bool *ret_is, Err *err)
{
    Str json;
    Err why;
    StoreVersion stored;
    *ret_is = store_read(
        r->house->store, id, version, S("withdrawn.json"), STORE_RECORD_MAX_BYTES, r->arena, &json, &why);
    if (!*ret_is)
        return why.kind == ERR_NOT_FOUND || (*err = why, false);
    if (!store_find_version(r->house->store, id, version, r->arena, &stored, err) ||
        !open_batch(r, &stored, err) || !catalog_batch_restore_withdrawn(r->batch, json, err))
        return false;
    r->restored++;
    r->in_batch++;
    return true;
}

static bool has_record(Restore *r, Str id, int version)
{
    Err err;
    CLEANUP(fd_closep) int fd = store_open_file(r->house->store, id, version, S("record.json"), &err);
    return fd >= 0;
}

// All versions of one object after `known`, oldest first.
static bool restore_object(Restore *r, Str id, int known, Err *err)
{
    StoreVersion head;
    bool withdrawn = false;
    if (!store_find_version(r->house->store, id, 0, r->arena, &head, err))
        return false;
    if (known < head.version && !has_record(r, id, head.version) &&
        !restore_withdrawn(r, id, head.version, &withdrawn, err))
        return false;
    for (int version = known + 1; version <= head.version && !withdrawn; version++)
        if (!restore_version(r, id, version, err))
            return false;
    return true;
}

// The newest version that the ledger has of the object; deleted ones count.
static int known_version(Restore *r, Str id, int head)
{
    CatalogVersion version;
    Err err;
    for (int v = head; v > 0; v--)
        if (catalog_find_version(r->house->catalog, id, v, r->arena, &version, &err))
            return v;
    return 0;
}

bool ingest_recover(const IngestHouse *house, int64_t *ret_recovered, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Restore r = {.house = house, .arena = a};
    Str *ids;
    size_t count;
    if (!store_unfinished(house->store, a, &ids, &count, err))
        return false;
    bool good = true;
    for (size_t i = 0; i < count && good; i++) {
        StoreVersion head;
        Err why;
        // Named in the journal, but its rename had not come yet and its writer is gone: then it never was.
        if (!store_find_version(house->store, ids[i], 0, a, &head, &why)) {
            good = why.kind == ERR_NOT_FOUND || (*err = why, false);
            continue;
        }
        good = restore_object(&r, ids[i], known_version(&r, ids[i], head.version), err);
    }
    if (good)
        good = commit(&r, err);
    catalog_batch_close(r.batch);
    if (!good || (count && !store_forget_unfinished(house->store, err)) ||
        !catalog_change_sets_close_left(house->catalog, err))
        return false;
    *ret_recovered = r.restored;
    return true;
}

// ---- rebuilding

static bool visit(void *ctx, Str object_id, Str problem, Err *err)
{
    Restore *r = ctx;
    Err why;
    r->counts.records_seen++;
    arena_reset(r->arena);
    if (problem.n) {
        refuse(r, object_id.n ? object_id : S("vault"), arena_cstr(r->arena, problem));
        return true;
    }
    if (restore_object(r, object_id, 0, &why)) {
        r->counts.records_new++;
    } else if (why.kind == ERR_IO || why.kind == ERR_BUSY) {
        *err = why;
        return false;
    } else {
        // What can be read comes back; the damaged one is named, and `verify` says more.
        refuse(r, object_id, why.text);
    }
    if (r->listener && r->counts.records_seen % 64 == 0)
        r->listener->progress(r->listener->ctx, &r->counts);
    return r->in_batch < RESTORE_BATCH_MAX || commit(r, err);
}

// ---- missing pyramids

typedef struct {
    Restore *restore;
    pthread_mutex_t lock;
    bool failed;
    Err err;
} Derivation;

typedef struct {
    Derivation *all;
    CatalogImage image;
} DerivePicture;

static bool derive_from_vault(const IngestHouse *house, const CatalogImage *image, bool *ret_made, Err *err)
{
    Err ignored;
    ImageFacts facts;
    DerivedDraft draft;
    DerivedKind kind = derived_kind("pyramid", image->page);
    CLEANUP(fd_closep) int made = derived_find(house->derived, &image->master, kind.text, &ignored);
    *ret_made = false;
    if (made >= 0 && !house->webp_tiles)
        return true;
    CLEANUP(fd_closep) int from = store_open_file(house->store, image->object_id, 0, image->path, err);
    if (made >= 0)
        return from >= 0 && webp_ensure(house, &image->master, image->page, from, err);
    if (from < 0 || !derived_draft_open(house->derived, &draft, err))
        return false;
    int page = MAX_OF(image->page - 1, 0);
    bool good = cage_derive_page(house->cage, page, from, draft.fd, &facts, err) &&
                derived_draft_keep(house->derived, &draft, &image->master, kind.text, err);
    derived_draft_drop(house->derived, &draft);
    *ret_made = good;
    return good && webp_ensure(house, &image->master, image->page, from, err);
}

static void derive_work(void *work)
{
    DerivePicture *p = work;
    Restore *r = p->all->restore;
    Err err;
    bool made = false;
    bool good = !p->all->failed && derive_from_vault(r->house, &p->image, &made, &err);
    pthread_mutex_lock(&p->all->lock);
    r->counts.images_seen++;
    r->counts.images_new += made;
    r->counts.images_same += good && !made;
    if (!good && !p->all->failed) {
        r->counts.images_refused++;
        p->all->failed = err.kind == ERR_IO;
        p->all->err = err;
        const IngestProblem problem = {
            .level = INGEST_REFUSED, .file = p->image.image_id, .text = str_from(err.text)};
        if (r->listener && !p->all->failed)
            r->listener->problem(r->listener->ctx, &problem);
    }
    if (r->listener)
        r->listener->progress(r->listener->ctx, &r->counts);
    pthread_mutex_unlock(&p->all->lock);
}

static bool derive_missing(Restore *r, Err *err)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    Lane *lane = lane_open("rebuild", (int)MIN_OF(MAX_OF(cores, 1L), (long)DERIVE_THREADS_MAX), IMAGES_PAGE);
    Derivation all = {.restore = r, .lock = PTHREAD_MUTEX_INITIALIZER};
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf after = buf_with_max(4096);
    size_t count = IMAGES_PAGE;
    bool good = true;
    while (good && count == IMAGES_PAGE && !all.failed) {
        CatalogImage *images;
        arena_reset(a);
        good = catalog_list_images(r->house->catalog, buf_str(&after), IMAGES_PAGE, a, &images, &count, err);
        DerivePicture *work = good ? arena_array(a, DerivePicture, count + 1) : NULL;
        for (size_t i = 0; good && i < count; i++) {
            work[i] = (DerivePicture){.all = &all, .image = images[i]};
            lane_add_wait(lane, derive_work, &work[i]);
        }
        lane_drain(lane);
        if (good && count) {
            buf_clear(&after);
            buf_add(&after, images[count - 1].image_id);
        }
    }
    lane_close(lane);
    if (all.failed)
        *err = all.err;
    return good && !all.failed;
}

bool ingest_rebuild(
    const IngestHouse *house, bool images, const IngestListener *listener, IngestCounts *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Restore r = {.house = house, .listener = listener, .arena = a};
    r.counts.bytes_total = -1;
    bool good = store_each(house->store, visit, &r, err) && commit(&r, err) &&
                catalog_change_sets_close_left(house->catalog, err);
    catalog_batch_close(r.batch);
    if (!good || (images && !derive_missing(&r, err)))
        return false;
    *ret = r.counts;
    return true;
}
