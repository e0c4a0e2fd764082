// SPDX-License-Identifier: Apache-2.0
// What a segment keeps when it is made anew, and what it refuses.
#include "visual/segment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { VOCABULARY = 77, PICTURES = 600 };

static uint64_t next_random(uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

// Pictures with marks that only their numbers decide; few words, so that lists are long.
typedef struct {
    Entry entries[PICTURES];
    char names[PICTURES][16];
    Mark marks[PICTURES][MARKS_MAX];
} Made;

static Made *make(int marks_max)
{
    Made *made = mem_alloc(sizeof(*made));
    for (int i = 0; i < PICTURES; i++) {
        uint64_t state = 1000 + (uint64_t)i;
        const int name_bytes = snprintf(made->names[i], sizeof(made->names[i]), "p%d", i);
        const Str name = {made->names[i], (size_t)name_bytes};
        const int count = i % 7 == 0 ? i : MARKS_MAX; // some have few
        for (int m = 0; m < count; m++) {
            const uint64_t r = next_random(&state);
            made->marks[i][m] = (Mark){.word = (uint16_t)(r % 97 * (r % 3 == 0 ? 1 : 101)),
                .bits = next_random(&state),
                .place = (uint32_t)(r >> 32)};
        }
        made->entries[i] = (Entry){.object_id = name,
            .image_id = name,
            .master = (uint64_t)i,
            .width_px = 100 + i,
            .height_px = 50,
            .marks = made->marks[i],
            .marks_count = MIN_OF(count, marks_max)};
    }
    return made;
}

static int file_of(const char *bytes, size_t count)
{
    const int fd = memfd_create("segment", MFD_CLOEXEC);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, count), (ssize_t)count);
    return fd;
}

static Segment *open_bytes(const char *bytes, size_t count)
{
    Err err = {0};
    const int fd = file_of(bytes, count);
    Segment *s = visual_segment_open(fd, VOCABULARY, &err);
    close(fd);
    return s;
}

static Segment *segment_with(int marks_max)
{
    size_t bytes;
    Made *made = make(marks_max);
    char *file = visual_segment_make(made->entries, PICTURES, VOCABULARY, &bytes);
    Segment *s = open_bytes(file, bytes);
    assert_non_null(s);
    free(file);
    free(made);
    return s;
}

// Without its weak marks a segment is, byte for byte, what it would have been had it never had them.
static void weak_marks_leave_without_a_trace(void **state)
{
    (void)state;
    bool keep[PICTURES];
    memset(keep, true, sizeof(keep));
    Segment *rich = segment_with(MARKS_MAX);
    assert_int_equal(rich->tier, MARKS_TIERS - 1);
    for (int tier = 0; tier < MARKS_TIERS; tier++) {
        const bool *const keeps[] = {keep};
        const Segment *const segments[] = {rich};
        size_t bytes;
        char *merged = visual_segment_merge(segments, keeps, 1, tier, VOCABULARY, &bytes);
        Segment *expected = segment_with(marks_of_tier[tier]);
        assert_int_equal(expected->tier, tier);
        assert_int_equal(bytes, expected->map_bytes);
        assert_memory_equal(merged, expected->map, bytes);
        visual_segment_close(expected);
        free(merged);
    }
    visual_segment_close(rich);
}

// One with many marks and one with few become one; each picture says how many it has.
static void tiers_merge(void **state)
{
    (void)state;
    bool keep[2][PICTURES];
    memset(keep, true, sizeof(keep));
    keep[0][1] = false;
    Segment *rich = segment_with(MARKS_MAX), *poor = segment_with(marks_of_tier[0]);
    const bool *const keeps[] = {keep[0], keep[1]};
    const Segment *const segments[] = {rich, poor};
    size_t bytes;
    char *merged = visual_segment_merge(segments, keeps, 2, 1, VOCABULARY, &bytes);
    Segment *s = open_bytes(merged, bytes);
    assert_non_null(s);
    assert_int_equal(s->tier, 1);
    assert_int_equal(s->pictures, 2 * PICTURES - 1);
    assert_int_equal(s->picture[0].marks, 0);
    assert_int_equal(s->picture[1].marks, marks_of_tier[1]);
    assert_int_equal(s->picture[PICTURES].marks, marks_of_tier[0]);
    uint32_t counted = 0;
    for (int word = 0; word < WORDS_COUNT; word++) {
        for (uint32_t at = s->starts[word]; at < s->starts[word + 1]; at++)
            counted += visual_segment_picture_at(s, s->starts[word], at) == 1;
    }
    assert_int_equal(counted, marks_of_tier[1]);
    visual_segment_close(s);
    visual_segment_close(rich);
    visual_segment_close(poor);
    free(merged);
}

// Whatever byte of its numbers is wrong: refused, or every list still leads to pictures that exist.
static void damage_is_refused(void **state)
{
    (void)state;
    Made *made = make(marks_of_tier[1]);
    size_t bytes;
    char *file = visual_segment_make(made->entries, 20, VOCABULARY, &bytes);
    for (size_t cut = 0; cut < 60; cut++)
        assert_null(open_bytes(file, bytes - 1 - cut));
    int refused = 0, tries = 0;
    for (size_t at = 0; at < bytes; at += at < 4096 ? 1 : 997) {
        const char before = file[at];
        file[at] = (char)(before ^ 0x55);
        Segment *s = open_bytes(file, bytes);
        tries++;
        refused += s == NULL;
        if (s) {
            assert_true(s->pictures == 20 && s->tier < MARKS_TIERS);
            for (uint32_t mark = 0; mark < s->marks; mark++)
                assert_true(visual_segment_tier(s, mark) <= s->tier);
        }
        visual_segment_close(s);
        file[at] = before;
    }
    assert_true(refused > 40 && refused < tries);
    free(file);
    free(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(weak_marks_leave_without_a_trace),
        cmocka_unit_test(tiers_merge),
        cmocka_unit_test(damage_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
