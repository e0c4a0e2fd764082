// SPDX-License-Identifier: Apache-2.0
#include "revise/revise.h"
#include "revise/int.h"

const char *revise_outcome_name(ReviseOutcome outcome)
{
    switch (outcome) {
    case REVISE_RESTORED:
        return "restored";
    case REVISE_RETURNED:
        return "returned";
    case REVISE_DELETED:
        return "deleted";
    case REVISE_SAME:
        return "same";
    case REVISE_CONFLICT:
        return "conflict";
    case REVISE_GONE:
        return "gone";
    }
    return "unknown";
}

static bool stopped(const Revision *r)
{
    return r->listener && r->listener->stop && *r->listener->stop;
}

static bool writes(const ReviseLine *line)
{
    return line->outcome == REVISE_RESTORED || line->outcome == REVISE_RETURNED ||
           line->outcome == REVISE_DELETED;
}

static bool read_record(const CatalogVersion *v, Arena *a, Record *ret, Err *err)
{
    const Json *tree = json_parse(v->json, a, err);
    return tree && record_parse(tree, a, ret, err);
}

// ---- undo

// What the object should become, and whether somebody is in the way.
static bool decide(Catalog *c, const CatalogTouched *touched, Arena *a, Change *ret, Err *err)
{
    CatalogVersion before = {.deleted = true};
    ReviseLine *line = &ret->line;
    *line = (ReviseLine){.object_id = touched->object_id,
        .outcome = REVISE_GONE,
        .head = touched->head,
        .before = touched->before};
    if (touched->withdrawn)
        return true;
    if (!catalog_find_version(c, touched->object_id, touched->head, a, &ret->head, err) ||
        (touched->before && !catalog_find_version(c, touched->object_id, touched->before, a, &before, err)) ||
        (!ret->head.deleted && !read_record(&ret->head, a, &ret->now, err)) ||
        (!before.deleted && !read_record(&before, a, &ret->target, err)))
        return false;
    bool same =
        before.deleted ? ret->head.deleted : !ret->head.deleted && record_same(&ret->now, &ret->target, a);
    if (same) {
        line->outcome = REVISE_SAME;
    } else if (touched->head > touched->last) {
        line->outcome = REVISE_CONFLICT;
        line->later_set = ret->head.change_set;
    } else if (before.deleted) {
        line->outcome = REVISE_DELETED;
    } else {
        line->outcome = ret->head.deleted ? REVISE_RETURNED : REVISE_RESTORED;
    }
    return true;
}

static bool undo_objects(
    Revision *r, const CatalogTouched *touched, size_t count, Arena *a, bool *ret_any, Err *err)
{
    for (size_t i = 0; i < count; i++) {
        Change change = {0};
        arena_reset(a);
        if (!decide(r->house->catalog, &touched[i], a, &change, err))
            return false;
        revision_tell(r, &change.line);
        if (!r->ledger || !writes(&change.line))
            continue;
        *ret_any = true;
        if (!revision_write(r, &change, a, err))
            return false;
    }
    return true;
}

// With both turns to write in hand nobody moves on under our feet between looking and writing.
static bool undo_page(Revision *r, const CatalogTouched *touched, size_t count, bool preview, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    bool any = false;
    if (preview)
        return undo_objects(r, touched, count, a, &any, err);
    bool good = revision_open(r, err) && undo_objects(r, touched, count, a, &any, err) &&
                (!any || revision_commit(r, err));
    revision_close(r);
    return good;
}

static bool undo_all(Revision *r, int64_t change_set, bool preview, Err *err)
{
    CLEANUP(arena_closep) Arena *page = arena_open();
    CLEANUP(arena_closep) Arena *next = arena_open();
    Str after = {0};
    while (!stopped(r)) {
        CatalogTouched *touched;
        size_t count;
        arena_reset(page);
        if (!catalog_list_touched(
                r->house->catalog, change_set, after, REVISE_PAGE, page, &touched, &count, err))
            return false;
        if (count == 0)
            break;
        if (!undo_page(r, touched, count, preview, err))
            return false;
        arena_reset(next);
        after = arena_copy(next, touched[count - 1].object_id);
    }
    return true;
}

bool revise_undo(const ReviseHouse *house, int64_t change_set, bool preview, const CatalogWho *who,
    const ReviseListener *listener, ReviseCounts *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Revision r = {.house = house, .who = who, .listener = listener};
    CatalogChangeSet set;
    Err ignored = {0};
    if (!catalog_find_change_set(house->catalog, change_set, a, &set, err))
        return false;
    bool good = undo_all(&r, change_set, preview, err);
    if (!revision_end(&r, good ? err : &ignored) || !good)
        return false;
    *ret = r.counts;
    return true;
}

// ---- delete

static bool delete_objects(Revision *r, const Str *ids, size_t count, bool *ret_any, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    for (size_t i = 0; i < count; i++) {
        Change change = {.line = {.object_id = ids[i], .outcome = REVISE_DELETED}};
        int next;
        arena_reset(a);
        if (!catalog_next_version(r->house->catalog, ids[i], &next, err))
            return false;
        if (next == 1)
            return err_set(err, ERR_NOT_FOUND, "no object " FMT_STR, ARG_STR(ids[i]));
        change.line.head = next - 1;
        if (!catalog_find_version(r->house->catalog, ids[i], next - 1, a, &change.head, err))
            return false;
        if (change.head.deleted)
            change.line.outcome = REVISE_SAME;
        revision_tell(r, &change.line);
        if (change.head.deleted)
            continue;
        *ret_any = true;
        if (!revision_write(r, &change, a, err))
            return false;
    }
    return true;
}

static bool all_known(Catalog *c, const Str *ids, size_t count, Err *err)
{
    for (size_t i = 0; i < count; i++) {
        int next;
        if (!catalog_next_version(c, ids[i], &next, err))
            return false;
        if (next == 1)
            return err_set(err, ERR_NOT_FOUND, "no object " FMT_STR, ARG_STR(ids[i]));
    }
    return true;
}

bool revise_delete(const ReviseHouse *house, const Str *object_ids, size_t count, const CatalogWho *who,
    const ReviseListener *listener, ReviseCounts *ret, Err *err)
{
    Revision r = {.house = house, .who = who, .listener = listener};
    Err ignored = {0};
    if (!all_known(house->catalog, object_ids, count, err))
        return false;
    bool good = true;
    for (size_t from = 0; good && from < count && !stopped(&r); from += REVISE_PAGE) {
        bool any = false;
        size_t page = MIN_OF(count - from, (size_t)REVISE_PAGE);
        good = revision_open(&r, err) && delete_objects(&r, object_ids + from, page, &any, err) &&
               (!any || revision_commit(&r, err));
        revision_close(&r);
    }
    if (!revision_end(&r, good ? err : &ignored) || !good)
        return false;
    *ret = r.counts;
    return true;
}
