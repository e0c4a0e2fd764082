// SPDX-License-Identifier: Apache-2.0
// Of the answers of two greys one; how many features are described before there is an answer.
#include "visual/lookup.h"

#include <sys/mman.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct {
    uint32_t picture;
    double order;
} Row;

static int fill(const Row *rows, LookupHit *ret)
{
    int count = 0;
    for (; rows[count].picture; count++)
        ret[count] = (LookupHit){.picture = rows[count].picture, .order = rows[count].order};
    return count;
}

// Rows end with picture 0.
static void check(const Row *some, const Row *others, const Row *want)
{
    static LookupHit hits[LOOKUP_HITS_MAX], more[LOOKUP_HITS_MAX];
    const int count = lookup_join(hits, fill(some, hits), more, fill(others, more));
    for (int i = 0; i < count; i++) {
        assert_int_equal(hits[i].picture, want[i].picture);
        assert_true(hits[i].order == want[i].order);
    }
    assert_int_equal(want[count].picture, 0);
}

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void joined(void **state)
{
    (void)state;
    check((Row[]){{0}}, (Row[]){{0}}, (Row[]){{0}});
    check((Row[]){{7, 3}, {0}}, (Row[]){{0}}, (Row[]){{7, 3}, {0}});
    check((Row[]){{0}}, (Row[]){{7, 3}, {2, 1}, {0}}, (Row[]){{7, 3}, {2, 1}, {0}});
    check((Row[]){{7, 3}, {0}}, (Row[]){{7, 9}, {0}}, (Row[]){{7, 9}, {0}});
    check((Row[]){{7, 9}, {0}}, (Row[]){{7, 3}, {0}}, (Row[]){{7, 9}, {0}});
    check((Row[]){{7, 9}, {1, 2}, {0}}, (Row[]){{3, 5}, {1, 4}, {8, 2}, {0}},
        (Row[]){{7, 9}, {3, 5}, {1, 4}, {8, 2}, {0}});
    check((Row[]){{9, 1}, {0}}, (Row[]){{4, 1}, {0}}, (Row[]){{4, 1}, {9, 1}, {0}}); // of equals the first
}

static void as_many_as_there_is_room_for(void **state)
{
    (void)state;
    LookupHit *hits = mem_alloc(sizeof(*hits) * LOOKUP_HITS_MAX),
              *more = mem_alloc(sizeof(*more) * LOOKUP_HITS_MAX);
    for (int i = 0; i < LOOKUP_HITS_MAX; i++) {
        hits[i] = (LookupHit){.picture = (uint32_t)i * 2, .order = 1000 - i * 2};
        more[i] = (LookupHit){.picture = (uint32_t)i * 2 + 1, .order = 999 - i * 2};
    }
    assert_int_equal(lookup_join(hits, LOOKUP_HITS_MAX, more, LOOKUP_HITS_MAX), LOOKUP_HITS_MAX);
    for (int i = 0; i < LOOKUP_HITS_MAX; i++)
        assert_int_equal(hits[i].picture, i);
    free(hits);
    free(more);
}

enum { FEATURES = 700, MARKS = 100 };

typedef struct {
    Feature features[FEATURES];
    int described;
} Query;

static int describe_more(void *ctx, int wanted)
{
    Query *q = ctx;
    q->described = MAX_OF(q->described, MIN_OF(wanted, (int)FEATURES));
    return q->described;
}

static void make_features(Feature *features)
{
    uint32_t random = 17;
    for (int i = 0; i < FEATURES; i++) {
        features[i] = (Feature){.x_px = (float)(next_random(&random) % 600),
            .y_px = (float)(next_random(&random) % 600),
            .sigma_px = 3};
        for (int d = 0; d < FEATURE_DIMENSIONS; d++)
            features[i].values[d] = (uint8_t)(next_random(&random) % 60);
    }
}

static void make_marks(const Words *words, const Feature *features, Mark *ret)
{
    const float unit = (float)PLACE_ONE / 600;
    for (int i = 0; i < MARKS; i++) {
        WordMark mark;
        words_nearest(words, features[i].values, WORDS_PROBES_SURE, 1, &mark);
        ret[i] = (Mark){.word = mark.word,
            .bits = mark.bits,
            .place = place_pack(
                (Spot){.x = features[i].x_px * unit, .y = features[i].y_px * unit, .sigma = 3 * unit})};
    }
}

// Picture 0 has the first of these features, picture 1 some of the second half.
static const Segment *open_segment(const Words *words, const Feature *features)
{
    Err err = {0};
    size_t bytes;
    Mark marks[2][MARKS];
    Entry entries[2];
    for (int i = 0; i < 2; i++) {
        make_marks(words, features + i * 520, marks[i]);
        entries[i] = (Entry){.object_id = S("object"),
            .image_id = S("image"),
            .width_px = 600,
            .height_px = 600,
            .marks = marks[i],
            .marks_count = MARKS};
    }
    char *made = visual_segment_make(entries, 2, words_version(words), &bytes);
    const int fd = memfd_create("segment", MFD_CLOEXEC);
    assert_int_equal(write(fd, made, bytes), (ssize_t)bytes);
    free(made);
    const Segment *segment = visual_segment_open(fd, words_version(words), &err);
    assert_non_null(segment);
    close(fd);
    return segment;
}

static void described_as_far_as_wanted(void **state)
{
    (void)state;
    Err err = {0};
    static Query query;
    static Shelf shelf;
    static const int32_t ranks[2];
    static LookupHit hits[10], at_once[10];
    Words *words = words_open((Str){0}, &err);
    make_features(query.features);
    const Segment *segment = open_segment(words, query.features);
    shelf = (Shelf){.parts = {{.segment = segment, .ranks = ranks}},
        .parts_count = 1,
        .pictures = 2,
        .marks = segment->marks};
    for (int picture = 0; picture < 2; picture++) {
        const uint8_t allowed[2] = {picture == 0, picture == 1};
        LookupAsk ask = {
            .features = query.features, .width_px = 600, .height_px = 600, .allowed = allowed, .limit = 10};
        ask.features_count = FEATURES;
        const int count = lookup(&shelf, words, &ask, at_once);
        query.described = ask.features_count = 0;
        ask.more = describe_more;
        ask.more_ctx = &query;
        assert_int_equal(lookup(&shelf, words, &ask, hits), count);
        assert_int_equal(count, 1);
        assert_int_equal(hits[0].picture, picture);
        assert_true(hits[0].score > 6 && hits[0].score == at_once[0].score);
        assert_int_equal(query.described, picture == 0 ? 500 : FEATURES);
    }
    visual_segment_close((Segment *)(uintptr_t)segment);
    words_close(words);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined),
        cmocka_unit_test(as_many_as_there_is_room_for),
        cmocka_unit_test(described_as_far_as_wanted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
