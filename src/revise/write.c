// SPDX-License-Identifier: Apache-2.0
#include "revise/int.h"

static const Str RECORD = {"record.json", 11}, TOMBSTONE = {"tombstone.json", 14};

bool revision_open(Revision *r, Err *err)
{
    r->published = false;
    r->vault = store_batch_open(r->house->store, err);
    if (!r->vault)
        return false;
    r->ledger = catalog_batch_open(r->house->catalog, r->counts.change_set, r->who, err);
    return r->ledger != NULL;
}

bool revision_commit(Revision *r, Err *err)
{
    if (!store_batch_publish(r->vault, err))
        return false;
    r->published = true;
    if (!catalog_batch_commit(r->ledger, err))
        return false;
    r->counts.change_set = catalog_batch_change_set(r->ledger);
    store_batch_close(r->vault);
    r->vault = NULL;
    return true;
}

void revision_close(Revision *r)
{
    catalog_batch_close(r->ledger);
    r->ledger = NULL;
    if (r->vault && r->published)
        store_batch_leave(r->vault); // the vault has it and the ledger has not: for ingest_recover
    else if (r->vault)
        store_batch_close(r->vault);
    r->vault = NULL;
}

bool revision_end(Revision *r, Err *err)
{
    return r->counts.change_set == 0 ||
           catalog_change_set_close(r->house->catalog, r->counts.change_set, err);
}

void revision_tell(Revision *r, const ReviseLine *line)
{
    r->counts.outcomes[line->outcome]++;
    if (r->listener && r->listener->line)
        r->listener->line(r->listener->ctx, line);
}

// ---- the files of a version

static bool remove_all(Revision *r, StoreDraft *draft, Str object_id, int version, Arena *a, Err *err)
{
    StoreFile *files;
    size_t count;
    if (!store_list_files(r->house->store, object_id, version, a, &files, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!store_draft_remove(draft, files[i].path, err))
            return false;
    return true;
}

static bool same_media(const RecordMediaList *x, const RecordMediaList *y)
{
    if (x->count != y->count)
        return false;
    for (size_t i = 0; i < x->count; i++)
        if (!str_eq(x->items[i].path, y->items[i].path) || !str_eq(x->items[i].sha512, y->items[i].sha512))
            return false;
    return true;
}

// ---- one object

static bool fill(Revision *r, StoreDraft *draft, const Change *change, CatalogPut *put, Arena *a, Err *err)
{
    RecordLedger at = {catalog_batch_change_set(r->ledger), put->sequence};
    if (put->deleted)
        return remove_all(r, draft, put->object_id, change->line.head, a, err) &&
               store_draft_put(draft, TOMBSTONE, record_tombstone(a, put->object_id, at), err);
    bool only_record = !change->head.deleted && same_media(&change->now.media, &change->target.media);
    put->record = &change->target;
    return (only_record || store_draft_revert(draft, change->line.before, err)) &&
           record_json(&change->target, at, a, &put->json, err) &&
           store_draft_put(draft, RECORD, put->json, err);
}

bool revision_write(Revision *r, const Change *change, Arena *a, Err *err)
{
    const StoreNote note = {
        .created_ms = r->who->time_ms, .message = r->who->reason, .user_name = r->who->agent};
    StoreDraft *draft = store_draft_open(r->vault, change->line.object_id, err);
    if (!draft)
        return false;
    CatalogPut put = {.sequence = catalog_batch_next_sequence(r->ledger),
        .object_id = change->line.object_id,
        .version = store_draft_version(draft),
        .deleted = change->line.outcome == REVISE_DELETED};
    if (fill(r, draft, change, &put, a, err) && catalog_batch_put(r->ledger, &put, err))
        return store_draft_done(draft, &note, err);
    store_draft_drop(draft);
    return false;
}
