// SPDX-License-Identifier: Apache-2.0
// The files of the index, damaged: the input is a list of changes to a good segment and its forms. What is
// not refused must be safe to ask, and to make anew.
//
//   change: file (0: segment, 1: forms, 2 and 3: the same, cut off there) 1 | place 3 | new byte 1
#include "visual/drawn.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PICTURES = 40, MARKS = 600, CHANGE_BYTES = 5, CHANGES_MAX = 64, SIDE = 64 };

typedef struct {
    char *bytes;
    size_t count;
} File;

typedef struct {
    Words *words;
    File files[2]; // segment, forms
    Feature features[20];
    uint8_t grey[SIDE * SIDE];
} Good;

static uint64_t next_random(void)
{
    static uint64_t state = 99;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

// A feature like a mark of every picture, so that an answer has to be looked at closely.
static void make_features(Good *g, Mark marks[MARKS])
{
    for (size_t i = 0; i < COUNT_OF(g->features); i++) {
        Feature *f = &g->features[i];
        *f = (Feature){.x_px = (float)(next_random() % SIDE), .y_px = (float)(i * 3), .sigma_px = 2};
        for (int d = 0; d < FEATURE_DIMENSIONS; d++)
            f->values[d] = (uint8_t)(next_random() % 60);
        WordMark mark;
        words_nearest(g->words, f->values, WORDS_PROBES_SURE, 1, &mark);
        const Spot spot = {.x = f->x_px * 9, .y = f->y_px * 9, .sigma = 18};
        marks[i] = (Mark){.word = mark.word, .bits = mark.bits, .place = place_pack(spot)};
    }
}

static const Good *good(void)
{
    static Good g;
    if (g.words)
        return &g;
    Err err = {0};
    static Mark marks[MARKS];
    static Entry entries[PICTURES];
    static Form forms[PICTURES];
    g.words = words_open((Str){0}, &err);
    make_features(&g, marks);
    for (size_t i = COUNT_OF(g.features); i < MARKS; i++)
        marks[i] = (Mark){.word = (uint16_t)(next_random() % 50 * 300),
            .bits = next_random(),
            .place = (uint32_t)next_random()};
    for (int i = 0; i < SIDE * SIDE; i++)
        g.grey[i] = (i / SIDE / 8 + i % SIDE / 8) % 2 ? 200 : 30;
    for (int i = 0; i < PICTURES; i++) {
        form_make((Grey){g.grey, SIDE, SIDE - i, SIDE}, FORM_CELLS, &forms[i]);
        entries[i] = (Entry){.object_id = S("object"),
            .image_id = S("image"),
            .width_px = SIDE,
            .height_px = SIDE,
            .marks = marks,
            .marks_count = MARKS - i};
    }
    g.files[0].bytes = visual_segment_make(entries, PICTURES, words_version(g.words), &g.files[0].count);
    g.files[1].bytes = forms_file(forms, PICTURES, &g.files[1].count);
    return &g;
}

static int changed(const File *file, int number, const uint8_t *data, size_t size)
{
    char *bytes = mem_alloc(file->count);
    size_t count = file->count;
    memcpy(bytes, file->bytes, count);
    for (size_t at = 0; at + CHANGE_BYTES <= MIN_OF(size, (size_t)CHANGE_BYTES * CHANGES_MAX);
         at += CHANGE_BYTES) {
        const uint8_t *c = data + at;
        const size_t place = ((size_t)c[1] << 16 | (size_t)c[2] << 8 | c[3]) % file->count;
        if (c[0] % 2 != number)
            continue;
        if (c[0] % 4 >= 2)
            count = MIN_OF(count, place);
        else
            bytes[place] = (char)c[4];
    }
    const int fd = memfd_create("index", MFD_CLOEXEC);
    assert(fd >= 0 && write(fd, bytes, count) == (ssize_t)count);
    free(bytes);
    return fd;
}

static void make_anew(const Segment *s, uint32_t vocabulary)
{
    bool keep[PICTURES];
    for (int i = 0; i < PICTURES; i++)
        keep[i] = i % 5 != 0;
    const bool *const keeps[] = {keep};
    const Segment *const segments[] = {s};
    size_t bytes;
    Err err = {0};
    char *merged = visual_segment_merge(segments, keeps, 1, 0, vocabulary, &bytes);
    const File file = {merged, bytes};
    const int fd = changed(&file, 0, NULL, 0);
    Segment *again = visual_segment_open(fd, vocabulary, &err);
    assert(again && again->pictures == PICTURES - PICTURES / 5 && again->tier == 0);
    visual_segment_close(again);
    close(fd);
    free(merged);
}

static void ask(const Good *g, const Segment *s, const Forms *forms)
{
    static int32_t ranks[PICTURES];
    static LookupHit hits[LOOKUP_HITS_MAX];
    static DrawnHit drawn_hits[DRAWN_HITS_MAX];
    static Shelf shelf;
    bool plain;
    shelf = (Shelf){.parts = {{.segment = s, .ranks = ranks, .forms = forms}},
        .parts_count = 1,
        .pictures = s->pictures,
        .marks = s->marks};
    const LookupAsk ask = {.features = g->features,
        .features_count = COUNT_OF(g->features),
        .width_px = SIDE,
        .height_px = SIDE,
        .limit = 10};
    assert(lookup(&shelf, g->words, &ask, hits) <= 10);
    const DrawnAsk drawn_ask = {.picture = {g->grey, SIDE, SIDE, SIDE}};
    assert(drawn(&shelf, &drawn_ask, drawn_hits, &plain) <= DRAWN_HITS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const Good *g = good();
    const uint32_t vocabulary = words_version(g->words);
    Err err = {0};
    const int fds[] = {changed(&g->files[0], 0, data, size), changed(&g->files[1], 1, data, size)};
    Segment *s = visual_segment_open(fds[0], vocabulary, &err);
    Forms *forms = s ? forms_open(fds[1], s->pictures, &err) : NULL;
    close(fds[0]);
    close(fds[1]);
    if (s && s->pictures == PICTURES)
        make_anew(s, vocabulary);
    if (s && forms)
        ask(g, s, forms);
    forms_close(forms);
    visual_segment_close(s);
    return 0;
}
