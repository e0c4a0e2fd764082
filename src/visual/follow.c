// SPDX-License-Identifier: Apache-2.0
// From the ledger to the index. A batch of ledger rows becomes one segment and one new head; the pictures are
// looked at before the guard is taken, so questions go on being answered meanwhile.
#include "visual/index.h"

#include "catalog/record.h"
#include "image/render.h"

#include <stdlib.h>

enum { ROWS_AT_ONCE = 32, LATE_AT_ONCE = 64, PICTURES_AT_ONCE = 256 };

typedef struct {
    Visual *v;
    Arena *arena; // of the batch
    const VisualSource *source;
    Extractor *extractor;
    Entry *entries; // new pictures
    int32_t *ranks;
    size_t entries_count, entries_capacity, ranks_count, ranks_capacity;
    LateList late;
    bool purge; // something was withdrawn by law: it must leave the files, not only the answers
} Batch;

// One object of a batch: its newest state and what the index has of it.
typedef struct {
    Str id;
    const CatalogVersion *version; // NULL: gone
    Record record;
    bool *known; // for each of record.media: is in the index as it is
} Subject;

static uint64_t master_key(Str sha512_text)
{
    Sha512 digest;
    uint64_t key = 0;
    if (sha512_from_hex(sha512_text, &digest))
        memcpy(&key, digest.bytes, sizeof(key));
    return key;
}

// That a record says nothing is stored as that. An old version of one that is narrower today has the terms of
// today, though it says nothing itself.
static int32_t rank_of(const Visual *v, const CatalogVersion *version)
{
    const int rank = rights_terms_rank(version->terms);
    return !version->has_terms && rank >= v->default_rank ? RANK_DEFAULT : rank;
}

// ---- looking at a picture

static int fit_side(int side_px, int longer_px, int max_px)
{
    if (longer_px <= max_px)
        return side_px;
    return MAX_OF(1, (int)((int64_t)side_px * max_px / longer_px));
}

bool index_render_small(Pyramid *p, Arena *a, Picture *ret, Err *err)
{
    const PyramidFacts *facts = pyramid_facts(p);
    const int longer_px = MAX_OF(facts->width_px, facts->height_px);
    // Where the largest level is cut from the master, the next is nearly as good and needs no master.
    const int max_px = MIN_OF(VISUAL_SIDE_MAX_PX, pyramid_side_max_px(p));
    RenderAsk ask = {.width_px = facts->width_px, .height_px = facts->height_px};
    ask.out_width_px = fit_side(facts->width_px, longer_px, max_px);
    ask.out_height_px = fit_side(facts->height_px, longer_px, max_px);
    const size_t stride = (size_t)ask.out_width_px * 3;
    uint8_t *pixels = arena_alloc(a, stride * (size_t)ask.out_height_px);
    *ret = (Picture){
        .p = pixels, .width_px = ask.out_width_px, .height_px = ask.out_height_px, .stride = stride};
    return render_pixels(p, &ask, pixels, stride, err);
}

// The pixels and what is only needed while looking lie in `scratch`.
static bool mark_picture(Batch *b, Picture picture, Arena *scratch, Entry *entry, Err *err)
{
    const int max = marks_of_tier[index_tier(b->v, b->v->shelf.pictures + (int64_t)b->entries_count + 1)];
    Feature *features = arena_array(scratch, Feature, (size_t)max);
    const Grey grey = picture_grey(picture, scratch);
    int count;
    if (!extractor_run_steps(b->extractor, grey, marks_of_tier[0], max, features, &count, err))
        return false;
    const float unit = (float)PLACE_ONE / (float)MAX_OF(picture.width_px, picture.height_px);
    Mark *marks = arena_array(b->arena, Mark, (size_t)MAX_OF(count, 1));
    for (int i = 0; i < count; i++) {
        const Feature *f = &features[i];
        WordMark mark;
        words_nearest(b->v->words, f->values, WORDS_PROBES_SURE, 1, &mark);
        const Spot spot = {f->x_px * unit, f->y_px * unit, f->sigma_px * unit, f->angle};
        marks[i] = (Mark){.word = mark.word, .bits = mark.bits, .place = place_pack(spot)};
    }
    entry->marks = marks;
    entry->marks_count = count;
    sketch_make(picture, &entry->sketch);
    Form *form = arena_array(b->arena, Form, 1);
    form_make(grey, FORM_CELLS, form);
    entry->form = form;
    return true;
}

// A picture that cannot be looked at (no pyramid yet, a damaged one) is late: it is tried again, and stops
// nothing.
static void take_in(Batch *b, const Subject *s, const RecordMedia *media)
{
    Err err = {0};
    Sha512 master;
    if (!sha512_from_hex(media->sha512, &master) || s->id.n + media->id.n > SEGMENT_NAME_MAX_BYTES)
        return;
    Pyramid *p = b->source->pyramid(b->source->ctx, &master, media->page, &err);
    if (p == NULL) {
        late_add(&b->late, s->id);
        return;
    }
    CLEANUP(arena_closep) Arena *pixels = arena_open();
    Picture picture;
    Entry entry = {.object_id = s->id,
        .image_id = media->id,
        .master = master_key(media->sha512),
        .width_px = pyramid_facts(p)->width_px,
        .height_px = pyramid_facts(p)->height_px};
    const bool good =
        index_render_small(p, pixels, &picture, &err) && mark_picture(b, picture, pixels, &entry, &err);
    pyramid_drop(p);
    if (!good) {
        late_add(&b->late, s->id);
        return;
    }
    *arena_push(b->arena, &b->entries, &b->entries_count, &b->entries_capacity) = entry;
    *arena_push(b->arena, &b->ranks, &b->ranks_count, &b->ranks_capacity) = rank_of(b->v, s->version);
}

// ---- what the index has of the objects of a batch

static int by_id(const void *a, const void *b)
{
    return str_compare(((const Subject *)a)->id, ((const Subject *)b)->id);
}

// The rank that a picture of the index has from now on.
static int32_t new_rank(const Batch *b, const Subject *s, const Segment *segment, uint32_t picture)
{
    if (s->version == NULL)
        return RANK_GONE;
    for (size_t m = 0; m < s->record.media.count; m++) {
        const RecordMedia *media = &s->record.media.items[m];
        if (str_eq(media->id, visual_segment_image(segment, picture)) &&
            master_key(media->sha512) == segment->picture[picture].master) {
            s->known[m] = true;
            return rank_of(b->v, s->version);
        }
    }
    return RANK_GONE;
}

typedef struct {
    int part;
    uint32_t picture;
    int32_t rank;
} RankChange;

static RankChange *compare(Batch *b, Subject *subjects, size_t count, size_t *ret_count)
{
    RankChange *changes = NULL;
    size_t changes_count = 0, capacity = 0;
    for (int p = 0; p < b->v->parts_count; p++) {
        const IndexPart *part = &b->v->parts[p];
        for (uint32_t i = 0; i < part->segment->pictures; i++) {
            if (part->ranks[i] == RANK_GONE)
                continue;
            const Subject key = {.id = visual_segment_object(part->segment, i)};
            const Subject *s = bsearch(&key, subjects, count, sizeof(*subjects), by_id);
            if (s == NULL)
                continue;
            const RankChange change = {p, i, new_rank(b, s, part->segment, i)};
            if (change.rank != part->ranks[i])
                *arena_push(b->arena, &changes, &changes_count, &capacity) = change;
        }
    }
    *ret_count = changes_count;
    return changes;
}

static bool read_subject(Arena *a, const CatalogVersion *version, Subject *ret, Err *err)
{
    *ret = (Subject){.id = version->object_id};
    if (version->deleted)
        return true;
    const Json *tree = json_parse(version->json, a, err);
    if (tree == NULL || !record_parse(tree, a, &ret->record, err))
        return false;
    ret->version = version;
    ret->known = arena_array(a, bool, MAX_OF(ret->record.media.count, 1));
    return true;
}

// Sorted by id, the newest row of each object; the array comes in order of the ledger.
static bool read_subjects(
    Arena *a, const CatalogVersion *rows, size_t count, Subject **ret, size_t *ret_count, Err *err)
{
    Subject *subjects = arena_array(a, Subject, MAX_OF(count, 1));
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        bool newest = true;
        for (size_t j = i + 1; j < count; j++)
            newest &= !str_eq(rows[i].object_id, rows[j].object_id);
        if (newest && !read_subject(a, &rows[i], &subjects[kept], err))
            return false;
        kept += newest;
    }
    qsort(subjects, kept, sizeof(*subjects), by_id);
    *ret = subjects;
    *ret_count = kept;
    return true;
}

// ---- a batch

static bool publish(Batch *b, const RankChange *changes, size_t changes_count, int64_t sequence, Err *err)
{
    Visual *v = b->v;
    const uint32_t first_new = v->next_number;
    pthread_rwlock_wrlock(&v->guard);
    for (size_t i = 0; i < changes_count; i++)
        v->parts[changes[i].part].ranks[changes[i].picture] = changes[i].rank;
    uint32_t oldest = first_new;
    for (int p = 0; p < v->parts_count; p++)
        oldest = MIN_OF(oldest, v->parts[p].number);
    bool good =
        index_add(v, b->entries, b->ranks, (int)b->entries_count, err) && (!b->purge || index_purge(v, err));
    if (good) {
        v->sequence = MAX_OF(sequence, v->sequence);
        for (size_t i = 0; i < b->late.count; i++)
            late_add(&v->late, b->late.ids[i]);
    }
    index_refresh_shelf(v);
    good = good && index_write_head(v, err);
    pthread_rwlock_unlock(&v->guard);
    if (good)
        index_sweep(v, oldest);
    return good;
}

static void forget_pictures(Batch *b)
{
    b->entries = NULL;
    b->ranks = NULL;
    b->entries_count = b->entries_capacity = b->ranks_count = b->ranks_capacity = 0;
    late_clear(&b->late);
}

// False also when *stop: what was not published is looked at again next time.
static bool take_pictures(
    Batch *b, const Subject *subjects, size_t count, const volatile bool *stop, Err *err)
{
    for (size_t i = 0; i < count; i++) {
        const Subject *s = &subjects[i];
        for (size_t m = 0; s->version && m < s->record.media.count; m++) {
            if (*stop)
                return false;
            if (!s->known[m])
                take_in(b, s, &s->record.media.items[m]);
            if (b->entries_count == PICTURES_AT_ONCE) {
                if (!publish(b, NULL, 0, b->v->sequence, err))
                    return false;
                forget_pictures(b);
            }
        }
    }
    return true;
}

// True and nothing done if *stop.
static bool take_rows(Visual *v, Extractor *extractor, const VisualSource *source, const CatalogVersion *rows,
    size_t count, int64_t sequence, const volatile bool *stop, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Batch b = {.v = v, .arena = a, .source = source, .extractor = extractor};
    Subject *subjects;
    size_t subjects_count, changes_count;
    for (size_t i = 0; i < count; i++)
        b.purge |= rows[i].withdrawn;
    if (!read_subjects(a, rows, count, &subjects, &subjects_count, err))
        return false;
    // What is gone or hidden goes first: a new picture may take its time, a withdrawal may not.
    const RankChange *changes = compare(&b, subjects, subjects_count, &changes_count);
    bool good = (changes_count == 0 && !b.purge) || publish(&b, changes, changes_count, v->sequence, err);
    if (good) {
        good = take_pictures(&b, subjects, subjects_count, stop, err);
        if (good)
            good = publish(&b, NULL, 0, sequence, err);
        else if (*stop)
            good = true;
    }
    late_clear(&b.late);
    return good;
}

// Once more some of those whose pyramid was missing. They leave the list first; whatever is late again comes
// back at its end.
static bool take_late(Visual *v, Extractor *extractor, Catalog *c, const VisualSource *source,
    const volatile bool *stop, Err *err)
{
    Str ids[LATE_AT_ONCE];
    pthread_rwlock_wrlock(&v->guard);
    const size_t count = MIN_OF(v->late.count, (size_t)LATE_AT_ONCE);
    memcpy(ids, v->late.ids, sizeof(*ids) * count);
    v->late.count -= count;
    memmove(v->late.ids, v->late.ids + count, sizeof(*ids) * v->late.count);
    pthread_rwlock_unlock(&v->guard);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        CatalogVersion version;
        Err missing = {0};
        const bool now = good && !*stop;
        if (now && catalog_find(c, ids[i], a, &version, &missing))
            good = take_rows(v, extractor, source, &version, 1, v->sequence, stop, err);
        if (!now || !good || *stop) {
            pthread_rwlock_wrlock(&v->guard);
            late_add(&v->late, ids[i]);
            pthread_rwlock_unlock(&v->guard);
        }
        free((void *)(uintptr_t)ids[i].p);
    }
    return good;
}

bool visual_follow(Visual *v, Catalog *c, const VisualSource *source, const volatile bool *stop,
    int64_t *ret_sequence, Err *err)
{
    assert(v->lock_fd >= 0);
    CLEANUP(extractor_closep) Extractor *extractor = extractor_open(FEATURE_KERNEL_BEST);
    bool good = v->late.count == 0 || take_late(v, extractor, c, source, stop, err);
    while (good && !*stop) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        CatalogVersion *rows;
        size_t count;
        if (!catalog_follow(c, v->sequence, ROWS_AT_ONCE, a, &rows, &count, err))
            return false;
        if (count == 0)
            break;
        good = take_rows(v, extractor, source, rows, count, rows[count - 1].sequence, stop, err);
    }
    *ret_sequence = v->sequence;
    return good;
}
