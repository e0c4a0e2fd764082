// SPDX-License-Identifier: Apache-2.0
#include "visual/index.h"

#include "base/digest.h"
#include "base/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

static const char MAGIC[8] = "VISHEAD2";

typedef struct {
    char magic[8];
    uint32_t vocabulary, segments, next_number, late;
    int64_t sequence;
} Head;

typedef struct {
    uint32_t number, pictures;
} HeadSegment;

enum { SEGMENT_FILE_NAME_BYTES = 32 };

static const char *segment_name(uint32_t number, char name[SEGMENT_FILE_NAME_BYTES])
{
    snprintf(name, SEGMENT_FILE_NAME_BYTES, "segment-%u", number);
    return name;
}

void late_add(LateList *list, Str id)
{
    const bool again = list->count > 0 && str_eq(list->ids[list->count - 1], id);
    if (again || list->count == INDEX_LATE_MAX)
        return;
    if (list->count == list->capacity) {
        list->capacity = list->capacity ? list->capacity * 2 : 16;
        list->ids = mem_grow(list->ids, list->capacity, sizeof(*list->ids));
    }
    char *copy = mem_alloc(id.n + 1);
    memcpy(copy, id.p, id.n);
    list->ids[list->count++] = (Str){copy, id.n};
}

void late_clear(LateList *list)
{
    for (size_t i = 0; i < list->count; i++)
        free((void *)(uintptr_t)list->ids[i].p);
    free(list->ids);
    *list = (LateList){0};
}

// Its forms lie beside it under the same number.
static const char *forms_name(uint32_t number, char name[SEGMENT_FILE_NAME_BYTES])
{
    snprintf(name, SEGMENT_FILE_NAME_BYTES, "forms-%u", number);
    return name;
}

static IndexPart part_of(uint32_t number, Segment *segment, Forms *forms)
{
    return (IndexPart){.number = number,
        .segment = segment,
        .forms = forms,
        .ranks = mem_alloc(sizeof(int32_t) * segment->pictures),
        .counts = mem_alloc(sizeof(int32_t) * segment->pictures)};
}

static void close_part(IndexPart *part)
{
    visual_segment_close(part->segment);
    forms_close(part->forms);
    free(part->ranks);
    free(part->counts);
}

void index_clear(Visual *v)
{
    for (int i = 0; i < v->parts_count; i++)
        close_part(&v->parts[i]);
    v->parts_count = 0;
    v->sequence = 0;
    v->next_number = 1;
    late_clear(&v->late);
    index_refresh_shelf(v);
}

void index_refresh_shelf(Visual *v)
{
    v->shelf = (Shelf){.parts_count = v->parts_count};
    for (int i = 0; i < v->parts_count; i++) {
        const IndexPart *part = &v->parts[i];
        for (uint32_t k = 0; k < part->segment->pictures; k++)
            part->counts[k] = part->ranks[k] == RANK_DEFAULT ? v->default_rank : part->ranks[k];
        v->shelf.parts[i] = (ShelfPart){.segment = part->segment,
            .ranks = part->counts,
            .first = v->shelf.pictures,
            .forms = part->forms};
        v->shelf.pictures += part->segment->pictures;
        v->shelf.marks += part->segment->marks;
    }
}

// ---- head

bool index_write_head(Visual *v, Err *err)
{
    CLEANUP(buf_free) Buf out = buf_with_max(INDEX_HEAD_MAX_BYTES);
    Head head = {.vocabulary = words_version(v->words),
        .segments = (uint32_t)v->parts_count,
        .next_number = v->next_number,
        .late = (uint32_t)v->late.count,
        .sequence = v->sequence};
    memcpy(head.magic, MAGIC, sizeof(MAGIC));
    buf_add_bytes(&out, &head, sizeof(head));
    for (int i = 0; i < v->parts_count; i++) {
        const HeadSegment s = {v->parts[i].number, v->parts[i].segment->pictures};
        buf_add_bytes(&out, &s, sizeof(s));
    }
    for (int i = 0; i < v->parts_count; i++)
        buf_add_bytes(&out, v->parts[i].ranks, sizeof(int32_t) * v->parts[i].segment->pictures);
    for (size_t i = 0; i < v->late.count; i++) {
        const uint32_t bytes = (uint32_t)v->late.ids[i].n;
        buf_add_bytes(&out, &bytes, sizeof(bytes));
        buf_add(&out, v->late.ids[i]);
    }
    const Sha256 digest = sha256_of(buf_str(&out));
    buf_add_bytes(&out, digest.bytes, sizeof(digest.bytes));
    if (out.full)
        return err_set(err, ERR_LIMIT, "visual index is too big");
    return file_replace(v->dir, "head", buf_str(&out), true, err);
}

// Takes count bytes off the front; false if there are fewer.
static bool take(Str *rest, void *to, size_t count)
{
    if (rest->n < count)
        return false;
    memcpy(to, rest->p, count);
    *rest = str_slice(*rest, count, rest->n);
    return true;
}

// A segment without its forms is of an older version, or damaged.
static Forms *open_forms(const Visual *v, uint32_t number, uint32_t pictures, Err *err)
{
    char name[SEGMENT_FILE_NAME_BYTES];
    CLEANUP(fd_closep) int fd = file_open(v->dir, forms_name(number, name), err);
    if (fd < 0 && err->kind == ERR_NOT_FOUND)
        return err_null(err, ERR_CORRUPT, "visual index: %s is missing", name);
    return fd < 0 ? NULL : forms_open(fd, pictures, err);
}

static bool open_segment(const Visual *v, uint32_t number, IndexPart *ret, Err *err)
{
    char name[SEGMENT_FILE_NAME_BYTES];
    CLEANUP(fd_closep) int fd = file_open(v->dir, segment_name(number, name), err);
    if (fd < 0)
        return false;
    Segment *s = visual_segment_open(fd, words_version(v->words), err);
    if (s == NULL)
        return false;
    Forms *forms = open_forms(v, number, s->pictures, err);
    if (forms == NULL) {
        visual_segment_close(s);
        return false;
    }
    *ret = part_of(number, s, forms);
    return true;
}

static bool open_named(const Visual *v, HeadSegment named, IndexPart *ret, Err *err)
{
    IndexPart part;
    if (!open_segment(v, named.number, &part, err))
        return false;
    if (part.segment->pictures != named.pictures) {
        close_part(&part);
        return err_set(err, ERR_CORRUPT, "visual index: a segment has another number of pictures");
    }
    *ret = part;
    return true;
}

static bool read_late(Visual *v, Str *rest, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        uint32_t bytes;
        if (!take(rest, &bytes, sizeof(bytes)) || bytes > rest->n)
            return false;
        late_add(&v->late, str_slice(*rest, 0, bytes));
        *rest = str_slice(*rest, bytes, rest->n);
    }
    return rest->n == 0;
}

static bool parse_head(Visual *v, Str rest, Err *err)
{
    Head head;
    if (!take(&rest, &head, sizeof(head)) || memcmp(head.magic, MAGIC, sizeof(MAGIC)) != 0 ||
        head.vocabulary != words_version(v->words) || head.segments > SHELF_PARTS_MAX ||
        head.late > INDEX_LATE_MAX)
        return err_set(err, ERR_CORRUPT, "visual index was made by another version");
    HeadSegment named[SHELF_PARTS_MAX];
    if (!take(&rest, named, sizeof(*named) * head.segments))
        return err_set(err, ERR_CORRUPT, "visual index: head ends early");
    for (uint32_t i = 0; i < head.segments; i++) {
        if (!open_named(v, named[i], &v->parts[i], err))
            return false;
        v->parts_count++;
        if (!take(&rest, v->parts[i].ranks, sizeof(int32_t) * named[i].pictures))
            return err_set(err, ERR_CORRUPT, "visual index: head ends early");
    }
    if (!read_late(v, &rest, head.late))
        return err_set(err, ERR_CORRUPT, "visual index: head ends early");
    v->next_number = head.next_number;
    v->sequence = head.sequence;
    return true;
}

// Each head is a new file: its number and time tell it from the one before.
static uint64_t mark_of(int fd)
{
    struct stat status;
    if (fstat(fd, &status) != 0)
        return 0;
    return (uint64_t)status.st_ino * 31 + (uint64_t)status.st_mtim.tv_sec * 1000000000u +
           (uint64_t)status.st_mtim.tv_nsec;
}

bool index_is_old(const Visual *v)
{
    Err err = {0};
    CLEANUP(fd_closep) int fd = file_open(v->dir, "head", &err);
    return fd >= 0 && mark_of(fd) != v->head_mark;
}

bool index_read_head(Visual *v, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int fd = file_open(v->dir, "head", err);
    Str bytes;
    if (fd < 0 || !file_read_all(fd, INDEX_HEAD_MAX_BYTES, a, &bytes, err))
        return false;
    if (bytes.n < SHA256_BYTES)
        return err_set(err, ERR_CORRUPT, "visual index: head ends early");
    const Str body = str_slice(bytes, 0, bytes.n - SHA256_BYTES);
    const Sha256 digest = sha256_of(body);
    if (memcmp(digest.bytes, bytes.p + body.n, SHA256_BYTES) != 0)
        return err_set(err, ERR_CORRUPT, "visual index: head is damaged");
    index_clear(v);
    if (!parse_head(v, body, err)) {
        index_clear(v);
        return false;
    }
    v->head_mark = mark_of(fd);
    index_refresh_shelf(v);
    return true;
}

void index_refresh(Visual *v)
{
    if (v->lock_fd >= 0 || !index_is_old(v))
        return;
    Err err = {0};
    pthread_rwlock_wrlock(&v->guard);
    // The writer may remove a segment between our reading the head and opening the file: then once more.
    for (int again = 0; again < 3 && index_is_old(v) && !index_read_head(v, &err); again++)
        ;
    pthread_rwlock_unlock(&v->guard);
}

// ---- segments

// What is written and opened again.
typedef struct {
    const char *bytes;
    size_t size_bytes;
    const Form *forms;
    const int32_t *ranks;
} NewSegment;

static bool write_segment(Visual *v, NewSegment new, int count, IndexPart *ret, Err *err)
{
    char name[SEGMENT_FILE_NAME_BYTES];
    const uint32_t number = v->next_number;
    size_t forms_bytes;
    char *forms = forms_file(new.forms, count, &forms_bytes);
    const bool good =
        file_replace(v->dir, segment_name(number, name), (Str){new.bytes, new.size_bytes}, true, err) &&
        file_replace(v->dir, forms_name(number, name), (Str){forms, forms_bytes}, true, err) &&
        open_segment(v, number, ret, err);
    free(forms);
    if (!good)
        return false;
    v->next_number++;
    memcpy(ret->ranks, new.ranks, sizeof(int32_t) * ret->segment->pictures);
    return true;
}

static uint32_t alive(const IndexPart *part)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < part->segment->pictures; i++)
        count += part->ranks[i] != RANK_GONE;
    return count;
}

// One part, or two that stand side by side, become one, without the pictures that are gone. The old files
// stay until the head no longer names them.
static bool merge_parts(Visual *v, int first, int count, Err *err)
{
    IndexPart *old = &v->parts[first];
    const Segment *segments[2];
    const bool *keeps[2];
    assert(count <= (int)COUNT_OF(segments));
    uint32_t total = 0, kept = 0, at = 0;
    for (int p = 0; p < count; p++) {
        segments[p] = old[p].segment;
        total += segments[p]->pictures;
    }
    bool *keep = mem_alloc(total);
    int32_t *ranks = mem_alloc(sizeof(int32_t) * total);
    Form *forms = mem_alloc(sizeof(*forms) * total);
    for (int p = 0; p < count; p++) {
        keeps[p] = keep + at;
        for (uint32_t i = 0; i < segments[p]->pictures; i++, at++) {
            keep[at] = old[p].ranks[i] != RANK_GONE;
            if (!keep[at])
                continue;
            forms_get(old[p].forms, i, &forms[kept]);
            ranks[kept++] = old[p].ranks[i];
        }
    }
    size_t size_bytes;
    char *bytes = visual_segment_merge(
        segments, keeps, count, index_tier(v, v->shelf.pictures), words_version(v->words), &size_bytes);
    IndexPart merged;
    const bool good = bytes == NULL || write_segment(v, (NewSegment){bytes, size_bytes, forms, ranks},
                                           (int)kept, &merged, err);
    const int left = bytes == NULL ? 0 : 1, behind = v->parts_count - first - count;
    free(keep);
    free(ranks);
    free(forms);
    free(bytes);
    if (!good)
        return false;
    for (int p = 0; p < count; p++)
        close_part(&old[p]);
    memmove(old + left, old + count, sizeof(*old) * (size_t)behind);
    if (left)
        old[0] = merged;
    v->parts_count = first + left + behind;
    return true;
}

bool index_purge(Visual *v, Err *err)
{
    for (int p = v->parts_count; p-- > 0;)
        if (alive(&v->parts[p]) < v->parts[p].segment->pictures && !merge_parts(v, p, 1, err))
            return false;
    return liken_purge(v, err);
}

int index_tier(const Visual *v, int64_t pictures)
{
    int tier = MARKS_TIERS - 1;
    while (tier > 0 && pictures * marks_of_tier[tier] > v->marks_max)
        tier--;
    return tier;
}

static bool fit_one(const Segment *a, const Segment *b)
{
    return (uint64_t)a->marks + b->marks <= SEGMENT_MARKS_MAX;
}

// A collection that has grown: one segment at a time, so that nobody waits for all of them.
static bool drop_weak_marks(Visual *v, Err *err)
{
    const int tier = index_tier(v, v->shelf.pictures);
    for (int p = 0; p < v->parts_count; p++) {
        if (v->parts[p].segment->tier > tier)
            return merge_parts(v, p, 1, err);
    }
    return true;
}

// Sizes fall from the first to the last by half at least, so there are few segments and each picture is
// copied a few times only.
static bool merge_small(Visual *v, Err *err)
{
    while (v->parts_count >= 2) {
        const IndexPart *two = &v->parts[v->parts_count - 2];
        const uint32_t first = alive(&two[0]), second = alive(&two[1]);
        const bool crowded = v->parts_count == SHELF_PARTS_MAX;
        if (first + second > SEGMENT_PICTURES_MAX || !fit_one(two[0].segment, two[1].segment) ||
            (second * 2 < first && !crowded))
            break;
        if (!merge_parts(v, v->parts_count - 2, 2, err))
            return false;
    }
    return true;
}

bool index_add(Visual *v, const Entry *entries, const int32_t *ranks, int count, Err *err)
{
    if (count == 0)
        return true;
    if (v->parts_count == SHELF_PARTS_MAX)
        return err_set(err, ERR_LIMIT, "visual index holds %u pictures and no more", v->shelf.pictures);
    static const Form no_lines = {.width = 1, .height = 1};
    size_t size_bytes;
    Form *forms = mem_alloc(sizeof(*forms) * (size_t)count);
    for (int i = 0; i < count; i++)
        forms[i] = entries[i].form ? *entries[i].form : no_lines;
    char *bytes = visual_segment_make(entries, count, words_version(v->words), &size_bytes);
    const bool good = write_segment(
        v, (NewSegment){bytes, size_bytes, forms, ranks}, count, &v->parts[v->parts_count], err);
    free(bytes);
    free(forms);
    if (!good)
        return false;
    v->parts_count++;
    index_refresh_shelf(v);
    return merge_small(v, err) && drop_weak_marks(v, err);
}

void index_sweep(Visual *v, uint32_t from)
{
    for (uint32_t number = from; number < v->next_number; number++) {
        bool named = false;
        for (int i = 0; i < v->parts_count; i++)
            named |= v->parts[i].number == number;
        char name[SEGMENT_FILE_NAME_BYTES];
        Err err = {0};
        if (!named && (!file_remove(v->dir, forms_name(number, name), &err) ||
                          !file_remove(v->dir, segment_name(number, name), &err)))
            return; // tried again at the next opening
    }
}
