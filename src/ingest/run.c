// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/file.h"
#include "base/utf8.h"
#include "catalog/tree.h"
#include "ingest/pairing.h"
#include "ingest/twins.h"
#include "ingest/work.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

enum { PROGRESS_EVERY = 64, LANE_THREADS_MAX = 16 };

bool run_stopping(const Run *run)
{
    return run->failed || (run->ask->stop && *run->ask->stop);
}

void run_fail(Run *run, const Err *err)
{
    pthread_mutex_lock(&run->lock);
    if (!run->failed)
        run->err = *err;
    run->failed = true;
    pthread_mutex_unlock(&run->lock);
}

void run_tell(Run *run, IngestLevel level, const Item *item, Str cell, Str text)
{
    const IngestProblem problem = {
        .level = level, .file = item->shown, .row = item->row, .cell = cell, .text = text};
    run->listener->problem(run->listener->ctx, &problem);
}

static void show_progress(Run *run)
{
    pthread_mutex_lock(&run->lock);
    run->counts.bytes_total = MAX_OF(delivery_bytes(run->delivery), run->counts.bytes_read);
    IngestCounts now = run->counts;
    pthread_mutex_unlock(&run->lock);
    run->listener->progress(run->listener->ctx, &now);
}

// ---- batches

static Batch *batch_open(void)
{
    Batch *batch = mem_alloc(sizeof(*batch));
    batch->arena = arena_open();
    batch->begun_us = clock_mono_us();
    return batch;
}

static void batch_close(Batch *batch)
{
    if (!batch)
        return;
    for (size_t i = 0; i < batch->items_count; i++)
        for (size_t s = 0; s < batch->items[i].shots_count; s++)
            shot_free(&batch->items[i].shots[s]);
    for (size_t i = 0; i < batch->read_count; i++)
        reader_close(batch->read_to_end[i]);
    free(batch->read_to_end);
    arena_close(batch->arena);
    free(batch);
}

static bool batch_is_full(const Batch *batch)
{
    return batch->items_count >= BATCH_RECORDS_MAX || batch->pictures >= BATCH_PICTURES_MAX ||
           batch->bytes >= BATCH_BYTES_MAX ||
           (batch->items_count && clock_mono_us() - batch->begun_us > BATCH_TIME_MS * 1000LL);
}

static void wait_for_shots(Run *run, Batch *batch)
{
    pthread_mutex_lock(&run->lock);
    while (batch->waiting > 0)
        pthread_cond_wait(&run->shot_done, &run->lock);
    pthread_mutex_unlock(&run->lock);
}

// Records whose pictures were not looked at because the run is ending are left for the next run.
static void leave_unfinished(Batch *batch)
{
    size_t kept = 0;
    for (size_t i = 0; i < batch->items_count; i++) {
        bool whole = true;
        for (size_t s = 0; s < batch->items[i].shots_count; s++)
            whole = whole && !batch->items[i].shots[s].stopped;
        if (whole)
            batch->items[kept++] = batch->items[i];
        for (size_t s = 0; s < batch->items[i].shots_count && !whole; s++)
            shot_free(&batch->items[i].shots[s]);
    }
    batch->items_count = kept;
}

// Files `before`, which is then gone; the pictures of the batch after it are in the lane meanwhile.
static void finish(Run *run, Batch *before)
{
    Err err;
    if (!before)
        return;
    wait_for_shots(run, before);
    leave_unfinished(before);
    if (!run->failed && !batch_file(run, before, &err))
        run_fail(run, &err);
    show_progress(run);
    batch_close(before);
}

typedef struct {
    Batch *filling, *before;
} Flow;

static void next_batch(Run *run, Flow *flow)
{
    finish(run, flow->before);
    flow->before = flow->filling;
    flow->filling = batch_open();
}

// ---- one record

static void add_shot(Run *run, Batch *batch, Item *item, size_t picture, DeliveredPicture said)
{
    DeliveryPicture *pictures;
    (void)delivery_pictures(run->delivery, &pictures);
    pictures[picture].claimed = true;
    for (size_t i = 0; i < item->shots_count; i++)
        if (item->shots[i].picture.root == pictures[picture].root &&
            str_eq(item->shots[i].picture.path, pictures[picture].path))
            return;
    item->shots[item->shots_count++] =
        (Shot){.run = run, .batch = batch, .picture = pictures[picture], .said = said};
}

static void find_named(Run *run, Batch *batch, Item *item, const DeliveryTable *table)
{
    Arena *a = batch->arena;
    for (size_t i = 0; i < item->d.pictures.count; i++) {
        DeliveredPicture said = item->d.pictures.items[i];
        size_t picture;
        bool elsewhere;
        Err err;
        run->counts.images_seen++;
        if (!delivery_find(run->delivery, table, said.file, a, &picture, &elsewhere, &err)) {
            run->counts.images_refused++;
            run_tell(run, INGEST_REFUSED, item, S("image"),
                arena_printf(a, "\"" FMT_STR "\": %s", ARG_STR(utf8_head(said.file, 100)), err.text));
            continue;
        }
        if (elsewhere)
            run_tell(run, INGEST_NOTE, item, S("image"),
                arena_printf(a, "\"" FMT_STR "\" was found by its name, in another folder",
                    ARG_STR(utf8_head(said.file, 100))));
        add_shot(run, batch, item, picture, said);
    }
}

static void find_pictures(Run *run, Batch *batch, Item *item, const DeliveryTable *table)
{
    const Record *r = &item->d.record;
    size_t *paired = NULL;
    size_t named = item->d.pictures.count;
    size_t count = named ? 0 : delivery_pair(run->delivery, r->id, r->accession, batch->arena, &paired);
    if (named > PICTURES_OF_RECORD_MAX || count > PICTURES_OF_RECORD_MAX) {
        run_tell(run, INGEST_WARNING, item, S("image"),
            S("a record can have 2000 pictures at most; the others are left out"));
        item->d.pictures.count = named = MIN_OF(named, (size_t)PICTURES_OF_RECORD_MAX);
        count = MIN_OF(count, (size_t)PICTURES_OF_RECORD_MAX);
    }
    if (named + count == 0)
        return;
    item->shots = arena_array(batch->arena, Shot, named + count);
    if (named)
        find_named(run, batch, item, table);
    for (size_t i = 0; i < count; i++)
        add_shot(run, batch, item, paired[i], (DeliveredPicture){0});
    run->counts.images_seen += (int64_t)count;
}

static void send_shots(Run *run, Batch *batch, Item *item)
{
    for (size_t i = 0; i < item->shots_count; i++) {
        pthread_mutex_lock(&run->lock);
        batch->waiting++;
        pthread_mutex_unlock(&run->lock);
        batch->pictures++;
        batch->bytes += item->shots[i].picture.size_bytes;
        lane_add_wait(run->lane, shot_work, &item->shots[i]);
    }
}

static void tell_remarks(Run *run, const Item *item)
{
    for (size_t i = 0; i < item->d.remarks.count; i++) {
        const Remark *remark = &item->d.remarks.items[i];
        run_tell(run, remark->level, item, remark->cell, remark->text);
    }
}

static void add_item(Run *run, Flow *flow, const Item *new_item)
{
    Batch *batch = flow->filling;
    *arena_push(batch->arena, &batch->items, &batch->items_count, &batch->items_capacity) = *new_item;
    send_shots(run, batch, &batch->items[batch->items_count - 1]);
    if (run->counts.records_seen % PROGRESS_EVERY == 0 || new_item->shots_count)
        show_progress(run);
    if (batch_is_full(flow->filling))
        next_batch(run, flow);
}

static bool is_first(Run *run, Item *item, const DeliveryTable *tables, size_t table, Arena *a)
{
    SeenAt before, at = {.file = (uint32_t)table, .row = (uint32_t)item->row};
    if (seen_add(&run->seen, item->d.record.id, at, &before))
        return true;
    run->counts.records_refused++;
    Str id = utf8_head(item->d.record.id, 100);
    run_tell(run, INGEST_REFUSED, item, S("id"),
        before.file == table
            ? arena_printf(a, "the id " FMT_STR " is in row %u already; an id can be used once", ARG_STR(id),
                  before.row)
            : arena_printf(a, "the id " FMT_STR " is in " FMT_STR ", row %u, already; an id can be used once",
                  ARG_STR(id), ARG_STR(tables[before.file].shown), before.row));
    return false;
}

// ---- tables

static Reader *open_table(Run *run, const DeliveryTable *table, const IngestListener *listener, Err *err)
{
    CLEANUP(fd_closep) int fd = delivery_open_table(run->delivery, table, err);
    return fd < 0 ? NULL : reader_open(fd_take(&fd), table, run->ask->lang, run->mapping, listener, err);
}

static void count_bytes(Run *run, const Reader *reader, uint64_t *before)
{
    uint64_t now = reader_bytes_read(reader);
    pthread_mutex_lock(&run->lock);
    run->counts.bytes_read += (int64_t)(now - *before);
    pthread_mutex_unlock(&run->lock);
    *before = now;
}

static void take_record(Run *run, Flow *flow, size_t table, Item *item)
{
    const DeliveryTable *tables;
    (void)delivery_tables(run->delivery, &tables);
    tell_remarks(run, item);
    if (!is_first(run, item, tables, table, flow->filling->arena))
        return;
    find_pictures(run, flow->filling, item, &tables[table]);
    add_item(run, flow, item);
}

static void take_table(Run *run, Flow *flow, size_t number)
{
    const DeliveryTable *tables;
    (void)delivery_tables(run->delivery, &tables);
    Item item = {.shown = tables[number].shown};
    Err err = {0};
    Reader *reader = open_table(run, &tables[number], run->listener, &err);
    ReaderStep step = reader ? READER_RECORD : READER_FAILED;
    uint64_t bytes = 0;
    while (step != READER_END && step != READER_FAILED && !run_stopping(run)) {
        Str cell;
        item = (Item){.shown = tables[number].shown};
        step = reader_next(reader, flow->filling->arena, &item.d, &item.row, &cell, &err);
        count_bytes(run, reader, &bytes);
        if (step == READER_RECORD || step == READER_REFUSED)
            run->counts.records_seen++;
        if (step == READER_RECORD) {
            take_record(run, flow, number, &item);
        } else if (step == READER_REFUSED) {
            run->counts.records_refused++;
            run_tell(run, INGEST_REFUSED, &item, cell, str_from(err.text));
        }
    }
    if (step == READER_FAILED)
        run_tell(run, INGEST_REFUSED, &(Item){.shown = tables[number].shown, .row = item.row}, (Str){0},
            str_from(err.text));
    // What was read may still be borrowed by the batch that is filling; it closes the reader when it is
    // filed.
    if (reader) {
        Batch *batch = flow->filling;
        batch->read_to_end = mem_grow(batch->read_to_end, batch->read_count + 1, sizeof(Reader *));
        batch->read_to_end[batch->read_count++] = reader;
    }
}

static void hear_nothing(void *ctx, const IngestProblem *problem)
{
    (void)ctx, (void)problem;
}

// Only where there are pictures: which names are records, before pictures are taken for views of others.
static void learn_keys(Run *run)
{
    static const IngestListener DEAF = {.problem = hear_nothing};
    const DeliveryTable *tables;
    DeliveryPicture *pictures;
    size_t count = delivery_tables(run->delivery, &tables);
    if (delivery_pictures(run->delivery, &pictures) == 0)
        return;
    CLEANUP(arena_closep) Arena *a = arena_open();
    for (size_t t = 0; t < count && !run_stopping(run); t++) {
        Err err;
        Reader *reader = open_table(run, &tables[t], &DEAF, &err);
        ReaderStep step = reader ? READER_RECORD : READER_END;
        while (step != READER_END && step != READER_FAILED) {
            Delivered d;
            int64_t row;
            Str cell;
            step = reader_next(reader, a, &d, &row, &cell, &err);
            if (step == READER_RECORD) {
                delivery_add_key(run->delivery, d.record.id);
                delivery_add_key(run->delivery, d.record.accession);
            }
            arena_reset(a);
        }
        reader_close(reader);
    }
    delivery_keys_done(run->delivery);
}

// ---- pictures without a record

static bool id_in_ledger(Run *run, Str id, Arena *a)
{
    CatalogVersion version;
    Err err;
    return id.n && id.n <= RECORD_ID_MAX_BYTES && !run->ledger_empty &&
           catalog_find(run->house->catalog, id, a, &version, &err);
}

// The record that the picture's name speaks of, from an earlier delivery; else one of its own.
static Str id_for_picture(Run *run, const DeliveryPicture *picture, Arena *a)
{
    Str stem = pairing_stem(picture->path), head = {0}, tail, base;
    if (str_cut_last(picture->path, '/', &head, &tail))
        head = arena_printf(a, FMT_STR "/", ARG_STR(head));
    Str own = arena_printf(a, FMT_STR FMT_STR, ARG_STR(head), ARG_STR(stem));
    if (id_in_ledger(run, own, a))
        return own;
    if (id_in_ledger(run, stem, a))
        return stem;
    if (pairing_cut_view(stem, &base) && id_in_ledger(run, base, a))
        return base;
    return own;
}

static void start_record_of_picture(Run *run, Batch *batch, Item *item, const DeliveryPicture *picture)
{
    Arena *a = batch->arena;
    Record *r = &item->d.record;
    if (!utf8_valid(picture->path, NULL))
        return;
    r->id = id_for_picture(run, picture, a);
    r->lang = run->ask->lang.n ? run->ask->lang : S("und");
    *arena_push(a, &r->titles.items, &r->titles.count, &r->titles.capacity) =
        (RecordText){.lang = S("und"), .text = pairing_stem(picture->path)};
}

// Pictures that come one after the other and speak of the same record go into it together.
static void take_lone_pictures(Run *run, Flow *flow)
{
    DeliveryPicture *pictures;
    size_t count = delivery_pictures(run->delivery, &pictures);
    for (size_t i = 0; i < count && !run_stopping(run); i++) {
        Batch *batch = flow->filling;
        Item item = {.shown = pictures[i].shown, .only_pictures = true};
        Err err;
        SeenAt before;
        if (!pictures[i].claimed && pictures[i].named_only && pictures[i].in_folder)
            run_tell(run, INGEST_NOTE, &item, (Str){0},
                S("a document that no record names was left alone; hand it in by itself to show its pages"));
        if (pictures[i].claimed || !pictures[i].on_offer)
            continue;
        start_record_of_picture(run, batch, &item, &pictures[i]);
        size_t last = i;
        for (; last + 1 < count && item.d.record.id.n; last++) {
            const DeliveryPicture *next = &pictures[last + 1];
            if (next->claimed || !next->on_offer ||
                !str_eq(id_for_picture(run, next, batch->arena), item.d.record.id))
                break;
        }
        size_t together = last - i + 1;
        run->counts.images_seen += (int64_t)together;
        run->counts.records_seen++;
        bool good = record_check(&item.d.record, &err);
        if (good && !seen_add(&run->seen, item.d.record.id, (SeenAt){.file = UINT32_MAX}, &before))
            good = err_set(&err, ERR_INVALID,
                "its name is the id of a record in this delivery that has other pictures; rename it or name "
                "it there");
        if (!good) {
            run->counts.records_refused++;
            run->counts.images_refused += (int64_t)together;
            run_tell(run, INGEST_REFUSED, &item, (Str){0}, str_from(err.text));
        } else {
            item.shots = arena_array(batch->arena, Shot, together);
            for (size_t p = i; p <= last; p++)
                add_shot(run, batch, &item, p, (DeliveredPicture){0});
            add_item(run, flow, &item);
        }
        i = last;
    }
}

// ---- the run

static bool read_mapping(Run *run, Err *err)
{
    Str text;
    if (!run->ask->mapping)
        return true;
    CLEANUP(fd_closep) int fd = file_open(AT_FDCWD, run->ask->mapping, err);
    if (fd < 0 || !file_read_all(fd, MAPPING_MAX_BYTES, run->arena, &text, err))
        return false;
    run->mapping = arena_new(run->arena, Mapping);
    Err why;
    return mapping_parse(text, run->arena, run->mapping, &why) ||
           err_set(err, why.kind, "%s: %s", run->ask->mapping, why.text);
}

// "taken in from records.csv and 2 more"
static Str reason_of(const IngestAsk *ask, Arena *a)
{
    if (ask->paths_count == 0)
        return S("taken in");
    Str head, name = str_from(ask->paths[0]);
    while (name.n > 1 && name.p[name.n - 1] == '/')
        name.n--;
    (void)str_cut_last(name, '/', &head, &name);
    if (!utf8_valid(name, NULL))
        name = S("a delivery");
    return ask->paths_count == 1 ? arena_printf(a, "taken in from " FMT_STR, ARG_STR(utf8_head(name, 200)))
                                 : arena_printf(a, "taken in from " FMT_STR " and %zu more",
                                       ARG_STR(utf8_head(name, 200)), ask->paths_count - 1);
}

static bool start(Run *run, Err *err)
{
    int64_t head = catalog_head(run->house->catalog, err);
    if (head < 0 || !read_mapping(run, err))
        return false;
    run->head = head;
    run->ledger_empty = head == 0;
    run->who = (CatalogWho){.agent = run->ask->agent.n ? run->ask->agent : S("vitrine ingest"),
        .reason = reason_of(run->ask, run->arena),
        .time_ms = run->ask->now_ms};
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    run->lane =
        lane_open("ingest", (int)MIN_OF(MAX_OF(cores, 1L), (long)LANE_THREADS_MAX), BATCH_PICTURES_MAX);
    return true;
}

static void take_everything(Run *run)
{
    const DeliveryTable *tables;
    Flow flow = {.filling = batch_open()};
    run->delivery = delivery_open(run->ask, run->listener);
    learn_keys(run);
    size_t count = delivery_tables(run->delivery, &tables);
    for (size_t t = 0; t < count && !run_stopping(run); t++)
        take_table(run, &flow, t);
    take_lone_pictures(run, &flow);
    finish(run, flow.before);
    finish(run, flow.filling);
    if (!run_stopping(run))
        delivery_tell_unclaimed(run->delivery);
    if (run->counts.records_seen == 0 && count == 0 && delivery_refused(run->delivery) == 0 &&
        !run_stopping(run))
        run_tell(run, INGEST_REFUSED,
            &(Item){.shown = run->ask->paths_count ? str_from(run->ask->paths[0]) : S("")}, (Str){0},
            S("there is nothing here to take in: no table and no picture"));
}

bool ingest_run(const IngestHouse *house, const IngestAsk *ask, const IngestListener *listener,
    IngestCounts *ret, Err *err)
{
    Run run = {.house = house,
        .ask = ask,
        .listener = listener,
        .arena = arena_open(),
        .lock = PTHREAD_MUTEX_INITIALIZER,
        .shot_done = PTHREAD_COND_INITIALIZER};
    bool good = start(&run, err);
    if (good) {
        take_everything(&run);
        lane_close(run.lane);
        delivery_close(run.delivery);
        twins_tell_late(&run);
        good = !run.failed;
        if (!good)
            (void)!err_set(err, run.err.kind,
                "%s; %lld records were taken in before that and stay, the next run goes on from there",
                run.err.text, (long long)(run.counts.records_new + run.counts.records_changed));
        else if (run.counts.change_set)
            good = catalog_change_set_close(house->catalog, run.counts.change_set, err);
        *ret = run.counts;
    }
    seen_free(&run.seen);
    arena_close(run.arena);
    return good;
}
