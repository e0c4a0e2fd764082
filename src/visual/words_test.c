// SPDX-License-Identifier: Apache-2.0
#include "visual/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 16;
}

static Words *built_in(void)
{
    Err err = {0};
    Words *w = words_open((Str){0}, &err);
    assert_non_null(w);
    return w;
}

static int bits_apart(uint64_t a, uint64_t b)
{
    return __builtin_popcountll(a ^ b);
}

// A feature whose values wander by `noise` keeps its word among the nearest three, and most of its bits
// there.
static void check_steady(int noise, int bits_max)
{
    Words *w = built_in();
    uint32_t state = 5;
    int kept = 0, apart = 0;
    for (int round = 0; round < 200; round++) {
        uint8_t values[FEATURE_DIMENSIONS], other[FEATURE_DIMENSIONS];
        for (int i = 0; i < FEATURE_DIMENSIONS; i++) {
            values[i] = (uint8_t)(next_random(&state) % 46);
            const int moved = values[i] + (int)(next_random(&state) % (uint32_t)(2 * noise + 1)) - noise;
            other[i] = (uint8_t)MAX_OF(moved, 0);
        }
        WordMark mark, marks[3];
        words_nearest(w, values, WORDS_PROBES_SURE, 1, &mark);
        words_nearest(w, other, WORDS_PROBES_QUICK, 3, marks);
        for (int i = 0; i < 3; i++) {
            if (marks[i].word == mark.word) {
                kept++;
                apart += bits_apart(marks[i].bits, mark.bits);
            }
        }
    }
    words_close(w);
    assert_in_range(kept, 150, 200);
    assert_in_range(apart, 0, bits_max * kept);
}

static void steady(void **state)
{
    (void)state;
    check_steady(0, 0);
    check_steady(3, 12);
}

// Unlike features that fall on the same word agree on half of the bits, give or take.
static void bits_split_evenly(void **state)
{
    (void)state;
    Words *w = built_in();
    uint32_t random = 9;
    int64_t ones = 0;
    for (int round = 0; round < 500; round++) {
        uint8_t values[FEATURE_DIMENSIONS];
        for (int i = 0; i < FEATURE_DIMENSIONS; i++)
            values[i] = (uint8_t)(next_random(&random) % 46);
        WordMark mark;
        words_nearest(w, values, WORDS_PROBES_SURE, 1, &mark);
        ones += __builtin_popcountll(mark.bits);
    }
    words_close(w);
    assert_in_range(ones, 500 * 26, 500 * 38);
}

static void check_refused(size_t size_bytes, size_t at, uint8_t value)
{
    Err err = {0};
    uint8_t *file = mem_alloc(WORDS_FILE_BYTES + 1);
    memcpy(file, "VISWORDS", 8);
    file[at] = value;
    assert_null(words_open((Str){(char *)file, size_bytes}, &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
    free(file);
}

static void refused(void **state)
{
    (void)state;
    check_refused(1, 0, 'V');
    check_refused(WORDS_HEADER_BYTES, 0, 'V');
    check_refused(WORDS_FILE_BYTES - 1, 0, 'V');
    check_refused(WORDS_FILE_BYTES + 1, 0, 'V');
    check_refused(WORDS_FILE_BYTES, 0, 'v');
    check_refused(WORDS_FILE_BYTES, WORDS_HEADER_BYTES, 128);
    check_refused(WORDS_FILE_BYTES, WORDS_FILE_BYTES - 1, 255);
}

static void trained(void **state)
{
    (void)state;
    Err err = {0};
    uint32_t random = 11;
    const size_t count = WORDS_COUNT;
    uint8_t *values = mem_alloc(count * FEATURE_DIMENSIONS);
    for (size_t i = 0; i < count * FEATURE_DIMENSIONS; i++)
        values[i] = (uint8_t)(next_random(&random) % 60);
    uint8_t *file = mem_alloc(WORDS_FILE_BYTES), *again = mem_alloc(WORDS_FILE_BYTES);
    assert_false(words_train(values, count - 1, 1, file, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_true(words_train(values, count, 1, file, &err));
    assert_true(words_train(values, count, 1, again, &err));
    assert_memory_equal(file, again, WORDS_FILE_BYTES);
    Words *w = words_open((Str){(char *)file, WORDS_FILE_BYTES}, &err), *shipped = built_in();
    assert_non_null(w);
    assert_int_not_equal(words_version(w), words_version(shipped));
    words_close(w);
    words_close(shipped);
    free(values);
    free(file);
    free(again);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steady),
        cmocka_unit_test(bits_split_evenly),
        cmocka_unit_test(refused),
        cmocka_unit_test(trained),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
