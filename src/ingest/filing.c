// SPDX-License-Identifier: Apache-2.0
// A batch into vault and ledger. Killed before the vault has published: nothing happened. Killed after,
// before the ledger has committed: ingest_recover enters what the vault has. Killed after the commit: it is
// all there.
#include "base/file.h"
#include "base/utf8.h"
#include "ingest/media.h"
#include "ingest/transcribe.h"
#include "ingest/twins.h"
#include "ingest/work.h"

#include <unistd.h>

typedef struct {
    Item *item;
    Record record;          // as it will stand
    const Record *before;   // as it stands; NULL for a new one
    RecordMedia *delivered; // pictures that are good, each page of a file by itself
    Shot **shots;           // delivered[i] is of shots[i]
    bool *is_new;
    size_t delivered_count;
    bool write, skip;
} Filing;

static bool read_existing(const CatalogVersion *version, Arena *a, Record *ret, Err *err)
{
    const Json *tree = json_parse(version->json, a, err);
    return tree && record_parse(tree, a, ret, err);
}

static bool is_paged(const Shot *shot)
{
    return shot->pages_count + shot->pages_left_out > 1;
}

static void tell_refused(Run *run, const Filing *f, const Shot *shot, Str text, Arena *a)
{
    Item at = {.shown = shot->picture.shown};
    run->counts.images_refused++;
    run_tell(run, INGEST_REFUSED, &at, (Str){0},
        f->item->only_pictures ? text
                               : arena_printf(a, FMT_STR "; the record " FMT_STR " is taken in without it",
                                     ARG_STR(text), ARG_STR(utf8_head(f->item->d.record.id, 100))));
}

// What there is to say of a file, once.
static void tell_of_shot(Run *run, const Filing *f, Shot *shot, Arena *a)
{
    Item at = {.shown = shot->picture.shown};
    if (!shot->good && !shot->told) {
        shot->told = true;
        tell_refused(run, f, shot, str_from(shot->err.text), a);
    }
    if (!shot->good || shot->described)
        return;
    shot->described = true;
    run->counts.images_seen += shot->pages_count - 1;
    for (int i = 0; i < shot->pages_count; i++) {
        const Page *page = &shot->pages[i];
        if (!page->good)
            tell_refused(run, f, shot, arena_printf(a, "page %d: %s", i + 1, page->err.text), a);
        else if (page->facts.frames > 1)
            run_tell(run, INGEST_NOTE, &at, (Str){0},
                arena_printf(a, "a film of %d frames: the first one is shown", page->facts.frames));
    }
    if (shot->pages_left_out)
        run_tell(run, INGEST_WARNING, &at, (Str){0},
            arena_printf(a,
                "it has %d pages; only the first %d are shown (at most %d, and %lld megapixels together)",
                shot->pages_count + shot->pages_left_out, shot->pages_count, PAGES_OF_FILE_MAX,
                (long long)(PAGES_PIXELS_MAX / 1000000)));
}

static void add_page(Filing *f, Shot *shot, int number, Arena *a)
{
    const Page *page = &shot->pages[number];
    const DeliveredPicture *said = &shot->said;
    Str head, name = shot->picture.path;
    (void)str_cut_last(name, '/', &head, &name);
    f->shots[f->delivered_count] = shot;
    f->delivered[f->delivered_count++] = (RecordMedia){
        .page = is_paged(shot) ? number + 1 : 0,
        .name = media_file_name(name, a),
        .format = arena_copy(a, str_from(page->facts.format)),
        .sha512 = sha512_hex(a, &shot->digest),
        .size_bytes = (int64_t)shot->size_bytes,
        .width_px = page->facts.width_px,
        .height_px = page->facts.height_px,
        .label = said->label,
        .label_lang = said->label.n && !said->label_lang.n ? f->item->d.record.lang : said->label_lang,
        .rights = said->rights,
    };
}

static void collect_pictures(Run *run, Filing *f, Arena *a)
{
    Item *item = f->item;
    size_t pages = 1, left_out = 0;
    for (size_t i = 0; i < item->shots_count; i++)
        pages += (size_t)item->shots[i].pages_count;
    f->delivered = arena_array(a, RecordMedia, pages);
    f->shots = arena_array(a, Shot *, pages);
    f->is_new = arena_array(a, bool, pages);
    for (size_t i = 0; i < item->shots_count; i++) {
        Shot *shot = &item->shots[i];
        tell_of_shot(run, f, shot, a);
        for (int page = 0; shot->good && page < shot->pages_count; page++) {
            if (shot->pages[page].good && f->delivered_count < PICTURES_OF_RECORD_MAX)
                add_page(f, shot, page, a);
            else
                left_out += shot->pages[page].good;
        }
    }
    if (left_out)
        run_tell(run, INGEST_WARNING, item, S("image"),
            arena_printf(a, "a record can have %d pictures at most; %zu pages are left out",
                PICTURES_OF_RECORD_MAX, left_out));
}

static void merge(Run *run, Filing *f, Arena *a)
{
    static const RecordMediaList NONE = {0};
    f->record = f->item->only_pictures && f->before ? *f->before : f->item->d.record;
    media_merge(f->record.id, f->before ? &f->before->media : &NONE, f->delivered, f->delivered_count, a,
        &f->record.media, f->is_new);
    transcribe(run,
        &(Filed){.record = &f->record,
            .before = f->before,
            .delivered = f->delivered,
            .shots = f->shots,
            .count = f->delivered_count},
        a);
    // A record of nothing but a picture is nothing without it.
    f->skip = f->item->only_pictures && f->delivered_count == 0;
    f->write = !f->skip && (!f->before || !record_same(f->before, &f->record, a));
}

static bool look_up(Run *run, Batch *batch, CatalogVersion *versions, Err *err)
{
    Str *ids = arena_array(batch->arena, Str, batch->items_count);
    for (size_t i = 0; i < batch->items_count; i++)
        ids[i] = batch->items[i].d.record.id;
    return run->ledger_empty ||
           catalog_find_many(run->house->catalog, ids, batch->items_count, batch->arena, versions, err);
}

// ---- writing

// The bytes that go into the vault must be those that were looked at.
static bool put_pictures(Run *run, Filing *f, StoreDraft *draft, Err *err)
{
    for (size_t i = 0; i < f->delivered_count; i++) {
        Shot *shot = f->shots[i];
        Sha512 digest;
        uint64_t size_bytes;
        Err why;
        if (!f->is_new[i] || (i > 0 && f->shots[i - 1] == shot)) // the file goes in once for all its pages
            continue;
        Str path = {0};
        for (size_t m = 0; m < f->record.media.count; m++)
            if (str_eq(f->record.media.items[m].sha512, f->delivered[i].sha512))
                path = f->record.media.items[m].path;
        CLEANUP(fd_closep) int fd = delivery_open_picture(run->delivery, &shot->picture, &why);
        if (fd < 0) {
            shot->good = false;
            shot->err = why;
            continue;
        }
        if (!store_draft_put_file(draft, path, fd, &digest, &size_bytes, err))
            return false;
        shot->good = sha512_eq(&digest, &shot->digest);
        if (!shot->good)
            (void)!err_set(&shot->err, ERR_CORRUPT, "the file changed while it was being read");
    }
    return true;
}

static bool all_good(const Filing *f)
{
    for (size_t i = 0; i < f->delivered_count; i++)
        if (!f->shots[i]->good)
            return false;
    return true;
}

static bool put_ledger(Filing *f, StoreDraft *draft, CatalogBatch *ledger, Arena *a, Err *err)
{
    const RecordLedger at = {
        .change_set = catalog_batch_change_set(ledger), .sequence = catalog_batch_next_sequence(ledger)};
    CatalogPut put = {.sequence = at.sequence,
        .object_id = f->record.id,
        .version = store_draft_version(draft),
        .record = &f->record};
    return record_json(&f->record, at, a, &put.json, err) &&
           store_draft_put(draft, S("record.json"), put.json, err) && catalog_batch_put(ledger, &put, err);
}

static bool write_one(Run *run, Filing *f, StoreBatch *vault, CatalogBatch *ledger, Arena *a, Err *err)
{
    const StoreNote note = {
        .created_ms = run->who.time_ms, .message = run->who.reason, .user_name = run->who.agent};
    for (;;) {
        StoreDraft *draft = store_draft_open(vault, f->record.id, err);
        if (!draft)
            return false;
        bool put = put_pictures(run, f, draft, err);
        if (put && all_good(f) && put_ledger(f, draft, ledger, a, err))
            return store_draft_done(draft, &note, err);
        bool again = put && !all_good(f);
        store_draft_drop(draft);
        if (!again)
            return false;
        // A picture went away under our hands: the record without it.
        collect_pictures(run, (f->delivered_count = 0, f), a);
        merge(run, f, a);
        if (!f->write)
            return true;
    }
}

static bool write_all(Run *run, Filing *filings, size_t count, StoreBatch *vault, CatalogBatch *ledger,
    Arena *a, bool *ret_published, Err *err)
{
    for (size_t i = 0; i < count; i++)
        if (filings[i].write && !write_one(run, &filings[i], vault, ledger, a, err))
            return false;
    if (!store_batch_publish(vault, err))
        return false;
    *ret_published = true;
    return catalog_batch_commit(ledger, err);
}

static bool write_batch(Run *run, Filing *filings, size_t count, Arena *a, Err *err)
{
    bool published = false;
    StoreBatch *vault = store_batch_open(run->house->store, err);
    if (!vault)
        return false;
    CatalogBatch *ledger = catalog_batch_open(run->house->catalog, run->counts.change_set, &run->who, err);
    bool good = ledger && write_all(run, filings, count, vault, ledger, a, &published, err);
    if (good)
        run->counts.change_set = catalog_batch_change_set(ledger);
    catalog_batch_close(ledger);
    // What the vault has and the ledger could not take stays in the journal, for ingest_recover.
    if (good || !published)
        store_batch_close(vault);
    else
        store_batch_leave(vault);
    return good;
}

// ---- counting

static void count_up(Run *run, const Filing *f)
{
    IngestCounts *c = &run->counts;
    if (f->skip) {
        c->records_refused++;
        return;
    }
    c->records_new += !f->before;
    c->records_changed += f->before && f->write;
    c->records_same += f->before && !f->write;
    for (size_t i = 0; i < f->delivered_count; i++) {
        c->images_new += f->is_new[i];
        c->images_same += !f->is_new[i];
    }
}

static bool compare(Run *run, const Filing *f, Arena *a, Err *err)
{
    for (size_t i = 0; i < f->delivered_count && f->write; i++)
        if (f->is_new[i] && !twins_tell(run, f->shots[i], f->record.id, a, err))
            return false;
    return true;
}

static bool prepare(Run *run, Batch *batch, Filing *filings, bool *ret_any, Err *err)
{
    Arena *a = batch->arena;
    CatalogVersion *versions = arena_array(a, CatalogVersion, batch->items_count);
    if (!look_up(run, batch, versions, err))
        return false;
    for (size_t i = 0; i < batch->items_count; i++) {
        Filing *f = &filings[i];
        Record *before = arena_new(a, Record);
        f->item = &batch->items[i];
        if (versions[i].sequence > 0 && !versions[i].deleted) {
            if (!read_existing(&versions[i], a, before, err))
                return false;
            f->before = before;
        }
        collect_pictures(run, f, a);
        merge(run, f, a);
        if (!compare(run, f, a, err))
            return false;
        *ret_any |= f->write;
    }
    return true;
}

bool batch_file(Run *run, Batch *batch, Err *err)
{
    bool any = false;
    Filing *filings = arena_array(batch->arena, Filing, batch->items_count + 1);
    if (batch->items_count == 0)
        return true;
    if (!prepare(run, batch, filings, &any, err))
        return false;
    if (any && !run->ask->check && !write_batch(run, filings, batch->items_count, batch->arena, err))
        return false;
    for (size_t i = 0; i < batch->items_count; i++)
        count_up(run, &filings[i]);
    return true;
}
