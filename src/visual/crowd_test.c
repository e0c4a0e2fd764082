// SPDX-License-Identifier: Apache-2.0
// Fits of thousands of pairs: of a pattern that repeats itself, and of chance.
#include "visual/crowd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

// A tile of TILE_FEATURES features again and again: each feature of the query has its like in every tile of
// the picture. The query is four by four tiles, the picture six by six, larger and turned.
enum { TILE_FEATURES = 12, QUERY_TILES = 4, TILES = 6, TILE = 100 };
enum { FEATURES = TILE_FEATURES * QUERY_TILES * QUERY_TILES, ALIKE = TILES * TILES };
enum { PAIRS = FEATURES * ALIKE };

#define SCALE 1.5f
#define TURN 0.4f
#define PI 3.14159265f

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static Spot spot_of(int feature, int column, int row)
{
    uint32_t random = 77u + (uint32_t)(feature % TILE_FEATURES) * 7919u;
    const float x = (float)(next_random(&random) % TILE), y = (float)(next_random(&random) % TILE);
    return (Spot){.x = x + (float)(column * TILE),
        .y = y + (float)(row * TILE),
        .sigma = 2 + (float)(next_random(&random) % 8),
        .angle = (float)(next_random(&random) % 628) / 100};
}

static Spot laid(Spot s)
{
    const float c = SCALE * cosf(TURN), n = SCALE * sinf(TURN), angle = s.angle + TURN;
    return (Spot){.x = c * s.x - n * s.y + 200,
        .y = n * s.x + c * s.y + 20,
        .sigma = s.sigma * SCALE,
        .angle = angle >= 2 * PI ? angle - 2 * PI : angle};
}

// The tiles that are not the feature's own come first, so that the first PAIRS_MAX pairs say nothing.
static size_t repeated(Pair *ret)
{
    size_t count = 0;
    for (int f = 0; f < FEATURES; f++) {
        const int tile = f / TILE_FEATURES, column = tile % QUERY_TILES, row = tile / QUERY_TILES;
        for (int k = 1; k <= ALIKE; k++) {
            const int other = (row * TILES + column + k) % ALIKE;
            ret[count++] = (Pair){.query = spot_of(f, column, row),
                .found = laid(spot_of(f, other % TILES, other / TILES)),
                .weight = 1,
                .feature = (uint16_t)f};
        }
    }
    return count;
}

static void a_pattern_is_found_whole(void **state)
{
    (void)state;
    static Pair pairs[PAIRS], used[PAIRS_MAX];
    Fit fit;
    const size_t count = repeated(pairs);
    assert_int_equal(count, PAIRS);
    assert_true(crowd_fit(pairs, count, used, &fit));
    // nearly every feature, each as light as it is common
    assert_true(fit.score > 0.9f * FEATURES / sqrtf(ALIKE));
    assert_true(fit.score <= FEATURES / sqrtf(ALIKE) + 0.01f);
    assert_true(fabsf(fit.map[0] - SCALE * cosf(TURN)) < 0.02f);
    assert_true(fabsf(fit.map[3] - SCALE * sinf(TURN)) < 0.02f);
    for (int i = 0; i < fit.agree_count; i++)
        assert_true(fit.agree[i] < PAIRS_MAX);
    Fit first;
    assert_true(!geometry_fit(pairs, PAIRS_MAX, &first) || first.agree_count < FEATURES / 4);
}

static void the_same_whatever_was_asked_before(void **state)
{
    (void)state;
    static Pair pairs[PAIRS], used[2][PAIRS_MAX];
    Fit fits[2];
    const size_t count = repeated(pairs);
    for (int i = 0; i < 2; i++)
        assert_true(crowd_fit(pairs, count, used[i], &fits[i]));
    assert_memory_equal(fits[0].map, fits[1].map, sizeof(fits[0].map));
    assert_int_equal(fits[0].agree_count, fits[1].agree_count);
}

// Sizes, turns and places by chance, also far outside of the picture and of every histogram.
static void chance_is_no_pattern(void **state)
{
    (void)state;
    static Pair pairs[PAIRS], used[PAIRS_MAX];
    uint32_t random = 3;
    for (int i = 0; i < PAIRS; i++) {
        Spot s[2];
        for (int k = 0; k < 2; k++)
            s[k] = (Spot){.x = (float)(next_random(&random) % 4000) - 1500,
                .y = (float)(next_random(&random) % 4000) - 1500,
                .sigma = exp2f((float)(next_random(&random) % 160) / 10 - 4),
                .angle = (float)(next_random(&random) % 628) / 100};
        pairs[i] = (Pair){.query = s[0], .found = s[1], .weight = 1, .feature = (uint16_t)(i / ALIKE)};
    }
    Fit fit;
    if (crowd_fit(pairs, PAIRS, used, &fit))
        assert_true(fit.score < 0.1f * FEATURES / sqrtf(ALIKE));
    assert_false(crowd_fit(pairs, 0, used, &fit));
    assert_false(crowd_fit(pairs, 2, used, &fit));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pattern_is_found_whole),
        cmocka_unit_test(the_same_whatever_was_asked_before),
        cmocka_unit_test(chance_is_no_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
