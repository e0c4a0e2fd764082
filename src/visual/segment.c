// SPDX-License-Identifier: Apache-2.0
#include "visual/segment.h"

#include "base/file.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <sys/mman.h>

#define TWO_PI 6.28318530718f

static const char MAGIC[8] = "VISSEG05";

typedef struct {
    char magic[8];
    uint32_t vocabulary, pictures, marks, names_bytes;
    uint64_t file_bytes;
    uint32_t tier, zero;
} SegmentHead;

uint32_t place_pack(Spot spot)
{
    const long x = MAX_OF(0, MIN_OF(lrintf(spot.x), PLACE_ONE)),
               y = MAX_OF(0, MIN_OF(lrintf(spot.y), PLACE_ONE));
    const long size = MAX_OF(0, MIN_OF(lrintf(4 * log2f(fmaxf(spot.sigma, 1e-3f))) + 4, 31));
    const long angle = lrintf(spot.angle * (128 / TWO_PI)) & 127;
    return (uint32_t)(x | y << 10 | size << 20 | angle << 25);
}

Spot place_unpack(uint32_t place)
{
    return (Spot){
        .x = (float)(place & 1023),
        .y = (float)(place >> 10 & 1023),
        .sigma = exp2f(((float)(place >> 20 & 31) - 4) / 4),
        .angle = (float)(place >> 25) * (TWO_PI / 128),
    };
}

// ---- layout

typedef struct {
    size_t picture, codes, looks, starts, bits, places, bases, steps, tiers, names, end;
} Layout;

static size_t even(size_t at)
{
    return (at + 7) & ~(size_t)7;
}

// Of a head, what says how long its parts are.
typedef struct {
    uint32_t pictures, marks, names_bytes;
    int tier;
} Extent;

static Layout layout_of(Extent e)
{
    Layout l;
    l.picture = even(sizeof(SegmentHead));
    l.codes = l.picture + (size_t)e.pictures * sizeof(SegmentPicture);
    l.looks = even(l.codes + (size_t)e.pictures * sizeof(SketchCode));
    l.starts = even(l.looks + (size_t)e.pictures * sizeof(SketchLook));
    l.bits = even(l.starts + sizeof(uint32_t) * (WORDS_COUNT + 1));
    l.places = l.bits + 2 * (size_t)e.marks * sizeof(uint32_t);
    l.bases = l.places + (size_t)e.marks * sizeof(uint32_t);
    l.steps = l.bases + ((size_t)e.marks / BASE_EVERY + 1) * sizeof(uint16_t);
    l.tiers = l.steps + e.marks;
    l.names = l.tiers + (e.tier > 0 ? (size_t)e.marks / 4 + 1 : 0);
    l.end = l.names + e.names_bytes;
    return l;
}

// ---- writing

typedef struct {
    char *bytes;
    Layout layout;
    uint32_t *starts;
    uint32_t next_name, pictures, pictures_all; // pictures: written so far
    int tier;
    uint32_t *fill; // of each word, where its next mark goes
    uint32_t *last; // and the picture of its last one, plus one
} Writer;

// Numbers of marks are first counted per word, steps over long gaps included, so that each list has its
// place.
static Writer writer_open(uint32_t vocabulary, Extent extent, const uint32_t *counts)
{
    for (int w = 0; w < WORDS_COUNT; w++)
        extent.marks += counts[w];
    Writer w = {.layout = layout_of(extent), .pictures_all = extent.pictures, .tier = extent.tier};
    w.bytes = mem_alloc(w.layout.end);
    SegmentHead head = {.vocabulary = vocabulary,
        .pictures = extent.pictures,
        .marks = extent.marks,
        .names_bytes = extent.names_bytes,
        .tier = (uint32_t)extent.tier};
    memcpy(head.magic, MAGIC, sizeof(MAGIC));
    head.file_bytes = w.layout.end;
    memcpy(w.bytes, &head, sizeof(head));
    w.starts = (uint32_t *)(void *)(w.bytes + w.layout.starts);
    w.fill = mem_alloc(sizeof(uint32_t) * WORDS_COUNT);
    w.last = mem_alloc(sizeof(uint32_t) * WORDS_COUNT);
    for (int word = 0; word < WORDS_COUNT; word++) {
        w.fill[word] = w.starts[word];
        w.starts[word + 1] = w.starts[word] + counts[word];
    }
    return w;
}

static uint32_t steps_needed(uint32_t gap)
{
    return 1 + gap / STEP_ON;
}

// The next mark of a word, `step` pictures after the one before. Its number.
static uint32_t write_step(Writer *w, uint16_t word, uint32_t step)
{
    const uint32_t at = w->fill[word]++;
    const uint16_t base = (uint16_t)w->last[word];
    if (at % BASE_EVERY == 0)
        memcpy(w->bytes + w->layout.bases + at / BASE_EVERY * sizeof(base), &base, sizeof(base));
    w->bytes[w->layout.steps + at] = (char)step;
    w->last[word] += step;
    return at;
}

static void write_mark(Writer *w, uint32_t picture, Mark mark, int tier)
{
    while (picture - w->last[mark.word] >= STEP_ON)
        write_step(w, mark.word, STEP_ON);
    const uint32_t at = write_step(w, mark.word, picture - w->last[mark.word]);
    const uint32_t start = w->starts[mark.word], count = w->starts[mark.word + 1] - start;
    uint32_t *bits = (uint32_t *)(void *)(w->bytes + w->layout.bits) + start + at;
    bits[0] = (uint32_t)mark.bits;
    bits[count] = (uint32_t)(mark.bits >> 32);
    memcpy(w->bytes + w->layout.places + (size_t)at * sizeof(mark.place), &mark.place, sizeof(mark.place));
    if (w->tier > 0)
        w->bytes[w->layout.tiers + at / 4] |= (char)(tier << at % 4 * 2);
}

static void write_picture(Writer *w, const Entry *e)
{
    const uint32_t number = w->pictures++;
    const SegmentPicture picture = {
        .name_at = w->next_name,
        .object_bytes = (uint16_t)e->object_id.n,
        .image_bytes = (uint16_t)e->image_id.n,
        .master = e->master,
        .width_px = e->width_px,
        .height_px = e->height_px,
        .marks = (uint32_t)MIN_OF(e->marks_count, marks_of_tier[w->tier]),
        .plain = e->sketch.code_is_plain,
    };
    memcpy(w->bytes + w->layout.picture + number * sizeof(picture), &picture, sizeof(picture));
    for (size_t k = 0; k < 4; k++)
        memcpy(w->bytes + w->layout.codes + (k * w->pictures_all + number) * sizeof(uint64_t),
            &e->sketch.code.code[k], sizeof(uint64_t));
    memcpy(w->bytes + w->layout.looks + number * sizeof(SketchLook), &e->sketch.look, sizeof(SketchLook));
    char *names = w->bytes + w->layout.names + w->next_name;
    memcpy(names, e->object_id.p, e->object_id.n);
    memcpy(names + e->object_id.n, e->image_id.p, e->image_id.n);
    w->next_name += (uint32_t)(e->object_id.n + e->image_id.n);
}

static char *writer_finish(Writer *w, size_t *ret_bytes)
{
    free(w->fill);
    free(w->last);
    *ret_bytes = w->layout.end;
    return w->bytes;
}

// Of the mark with this number in its picture.
static int tier_of(int number)
{
    int tier = 0;
    while (number >= marks_of_tier[tier])
        tier++;
    return tier;
}

char *visual_segment_make(const Entry *entries, int count, uint32_t vocabulary, size_t *ret_bytes)
{
    assert(count >= 1 && count <= SEGMENT_PICTURES_MAX);
    uint32_t *counts = mem_alloc(sizeof(uint32_t) * WORDS_COUNT);
    uint32_t *last = mem_alloc(sizeof(uint32_t) * WORDS_COUNT);
    Extent extent = {.pictures = (uint32_t)count};
    for (int i = 0; i < count; i++) {
        assert(entries[i].object_id.n + entries[i].image_id.n <= SEGMENT_NAME_MAX_BYTES);
        extent.names_bytes += (uint32_t)(entries[i].object_id.n + entries[i].image_id.n);
        extent.tier = MAX_OF(extent.tier, tier_of(MAX_OF(entries[i].marks_count - 1, 0)));
        for (int m = 0; m < entries[i].marks_count; m++) {
            const uint16_t word = entries[i].marks[m].word;
            counts[word] += steps_needed((uint32_t)i - last[word]);
            last[word] = (uint32_t)i;
        }
    }
    free(last);
    Writer w = writer_open(vocabulary, extent, counts);
    free(counts);
    for (int i = 0; i < count; i++) {
        write_picture(&w, &entries[i]);
        for (int m = 0; m < entries[i].marks_count; m++)
            write_mark(&w, (uint32_t)i, entries[i].marks[m], tier_of(m));
    }
    return writer_finish(&w, ret_bytes);
}

// ---- merging

typedef struct {
    const Segment *segment;
    const uint32_t *numbers; // new number of each picture; UINT32_MAX: left out
} Part;

static uint64_t bits_of(const Segment *s, int word, uint32_t at)
{
    const uint32_t start = s->starts[word], count = s->starts[word + 1] - start;
    const uint32_t *bits = s->bits + start + at;
    return bits[0] | (uint64_t)bits[count] << 32;
}

// Each mark of a word that stays, in order: counted, and with a writer written.
static void walk_word(const Part *parts, int count, int word, int tier, Writer *w, uint32_t *ret_count)
{
    uint32_t last = 0;
    for (int p = 0; p < count; p++) {
        const Segment *s = parts[p].segment;
        uint32_t picture = 0;
        for (uint32_t at = s->starts[word]; at < s->starts[word + 1]; at++) {
            picture += s->steps[at];
            if (s->steps[at] == STEP_ON)
                continue;
            const uint32_t number = parts[p].numbers[picture];
            if (number == UINT32_MAX || visual_segment_tier(s, at) > tier)
                continue;
            if (w)
                write_mark(w, number,
                    (Mark){.word = (uint16_t)word, .bits = bits_of(s, word, at), .place = s->places[at]},
                    visual_segment_tier(s, at));
            *ret_count += steps_needed(number - last);
            last = number;
        }
    }
}

static Entry entry_of(const Segment *s, uint32_t picture)
{
    return (Entry){
        .object_id = visual_segment_object(s, picture),
        .image_id = visual_segment_image(s, picture),
        .master = s->picture[picture].master,
        .width_px = s->picture[picture].width_px,
        .height_px = s->picture[picture].height_px,
        .sketch = {.code = visual_segment_code(s, picture),
            .code_is_plain = s->picture[picture].plain != 0,
            .look = s->looks[picture]},
        .marks_count = (int)s->picture[picture].marks,
    };
}

static uint32_t *number_anew(const Segment *s, const bool *keep, uint32_t *next, uint32_t *names_bytes)
{
    uint32_t *numbers = mem_alloc(sizeof(*numbers) * s->pictures);
    for (uint32_t i = 0; i < s->pictures; i++) {
        numbers[i] = keep[i] ? (*next)++ : UINT32_MAX;
        if (keep[i])
            *names_bytes += (uint32_t)s->picture[i].object_bytes + s->picture[i].image_bytes;
    }
    return numbers;
}

char *visual_segment_merge(const Segment *const *segments, const bool *const *keep, int count, int tier,
    uint32_t vocabulary, size_t *ret_bytes)
{
    Extent extent = {0};
    Part *parts = mem_alloc(sizeof(*parts) * (size_t)count);
    uint32_t **numbers = mem_alloc(sizeof(*numbers) * (size_t)count);
    for (int p = 0; p < count; p++) {
        numbers[p] = number_anew(segments[p], keep[p], &extent.pictures, &extent.names_bytes);
        parts[p] = (Part){.segment = segments[p], .numbers = numbers[p]};
        extent.tier = MAX_OF(extent.tier, MIN_OF(segments[p]->tier, tier));
    }
    char *bytes = NULL;
    if (extent.pictures > 0) {
        uint32_t *counts = mem_alloc(sizeof(uint32_t) * WORDS_COUNT), again = 0;
        for (int word = 0; word < WORDS_COUNT; word++)
            walk_word(parts, count, word, tier, NULL, &counts[word]);
        Writer w = writer_open(vocabulary, extent, counts);
        free(counts);
        for (int p = 0; p < count; p++) {
            for (uint32_t i = 0; i < segments[p]->pictures; i++) {
                const Entry entry = entry_of(segments[p], i);
                if (keep[p][i])
                    write_picture(&w, &entry);
            }
        }
        for (int word = 0; word < WORDS_COUNT; word++)
            walk_word(parts, count, word, tier, &w, &again);
        bytes = writer_finish(&w, ret_bytes);
    }
    for (int p = 0; p < count; p++)
        free(numbers[p]);
    free(numbers);
    free(parts);
    return bytes;
}

// ---- reading

static bool check_names(const Segment *s, uint32_t names_bytes)
{
    for (uint32_t i = 0; i < s->pictures; i++) {
        const SegmentPicture *p = &s->picture[i];
        const uint64_t end = (uint64_t)p->name_at + p->object_bytes + p->image_bytes;
        if (end > names_bytes || p->width_px < 1 || p->height_px < 1)
            return false;
    }
    return true;
}

// Every list must stay inside the file and lead to pictures that exist.
static bool check_lists(const Segment *s)
{
    if (s->starts[0] != 0 || s->starts[WORDS_COUNT] != s->marks)
        return false;
    for (int word = 0; word < WORDS_COUNT; word++) {
        if (s->starts[word] > s->starts[word + 1] || s->starts[word + 1] > s->marks)
            return false;
        uint32_t picture = 0;
        for (uint32_t at = s->starts[word]; at < s->starts[word + 1]; at++) {
            if (at % BASE_EVERY == 0 && s->bases[at / BASE_EVERY] != picture)
                return false;
            picture += s->steps[at];
            if (picture >= s->pictures || visual_segment_tier(s, at) > s->tier)
                return false;
        }
    }
    return true;
}

static Extent extent_of(const SegmentHead *head)
{
    return (Extent){head->pictures, head->marks, head->names_bytes, (int)head->tier};
}

static bool check_head(const SegmentHead *head, size_t file_bytes, uint32_t vocabulary, Err *err)
{
    if (memcmp(head->magic, MAGIC, sizeof(MAGIC)) != 0 || head->vocabulary != vocabulary)
        return err_set(err, ERR_CORRUPT, "segment of another kind or vocabulary");
    if (head->pictures < 1 || head->pictures > SEGMENT_PICTURES_MAX ||
        head->names_bytes > SEGMENT_PICTURES_MAX * SEGMENT_NAME_MAX_BYTES || head->file_bytes != file_bytes ||
        head->tier >= MARKS_TIERS || layout_of(extent_of(head)).end != file_bytes)
        return err_set(err, ERR_CORRUPT, "segment is not as long as it says");
    return true;
}

Segment *visual_segment_open(int fd, uint32_t vocabulary, Err *err)
{
    uint64_t file_bytes;
    SegmentHead head;
    if (!file_size(fd, &file_bytes, err) || !file_read_at(fd, &head, sizeof(head), 0, err) ||
        !check_head(&head, file_bytes, vocabulary, err))
        return NULL;
    void *map = mmap(NULL, file_bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return err_null(err, ERR_IO, "cannot map a segment: %s", strerror(errno));
    const char *p = map;
    const Layout l = layout_of(extent_of(&head));
    Segment *s = mem_alloc(sizeof(*s));
    *s = (Segment){.pictures = head.pictures,
        .marks = head.marks,
        .tier = (int)head.tier,
        .picture = (const void *)(p + l.picture),
        .looks = (const void *)(p + l.looks),
        .starts = (const void *)(p + l.starts),
        .bits = (const void *)(p + l.bits),
        .places = (const void *)(p + l.places),
        .bases = (const void *)(p + l.bases),
        .steps = (const void *)(p + l.steps),
        .tiers = head.tier > 0 ? (const void *)(p + l.tiers) : NULL,
        .names = p + l.names,
        .map = map,
        .map_bytes = file_bytes};
    for (size_t k = 0; k < 4; k++)
        s->codes[k] = (const void *)(p + l.codes + k * head.pictures * sizeof(uint64_t));
    if (!check_names(s, head.names_bytes) || !check_lists(s)) {
        visual_segment_close(s);
        return err_null(err, ERR_CORRUPT, "segment is damaged");
    }
    return s;
}

void visual_segment_close(Segment *s)
{
    if (s == NULL)
        return;
    munmap((void *)(uintptr_t)s->map, s->map_bytes);
    free(s);
}

uint32_t visual_segment_picture_at(const Segment *s, uint32_t start, uint32_t at)
{
    if (s->steps[at] == STEP_ON)
        return SEGMENT_NO_PICTURE;
    const uint32_t block = at / BASE_EVERY * BASE_EVERY, from = MAX_OF(block, start);
    uint32_t picture = from == start ? 0 : s->bases[at / BASE_EVERY];
    for (uint32_t i = from; i <= at; i++)
        picture += s->steps[i];
    return picture;
}

int visual_segment_tier(const Segment *s, uint32_t mark)
{
    return s->tiers ? s->tiers[mark / 4] >> mark % 4 * 2 & 3 : 0;
}

SketchCode visual_segment_code(const Segment *s, uint32_t picture)
{
    return (SketchCode){
        {s->codes[0][picture], s->codes[1][picture], s->codes[2][picture], s->codes[3][picture]}};
}

Str visual_segment_object(const Segment *s, uint32_t picture)
{
    const SegmentPicture *p = &s->picture[picture];
    return (Str){s->names + p->name_at, p->object_bytes};
}

Str visual_segment_image(const Segment *s, uint32_t picture)
{
    const SegmentPicture *p = &s->picture[picture];
    return (Str){s->names + p->name_at + p->object_bytes, p->image_bytes};
}
