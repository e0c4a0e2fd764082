// SPDX-License-Identifier: Apache-2.0
#include "pattern/echo.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SIDE = 128, STEP = 16 };

typedef enum { WHOLE, LOST, STRIPES, NOISE, PLAIN } What;

static float noise_at(int x, int y)
{
    uint32_t h = (uint32_t)x * 374761393u + (uint32_t)y * 668265263u;
    h = (h ^ (h >> 13)) * 1274126177u;
    return (float)(h >> 16 & 255) * 0.25f;
}

// Cells of one noise, STEP apart; LOST: every other cell of a random half is bright and flat.
static float value_at(What what, int x, int y)
{
    switch (what) {
    case WHOLE:
        return noise_at(x % STEP, y % STEP);
    case LOST:
        return noise_at(x / STEP + 77, y / STEP) < 20 ? 100 : noise_at(x % STEP, y % STEP);
    case STRIPES:
        return x % STEP < STEP / 2 ? 10 : 60;
    case NOISE:
        return noise_at(x, y);
    case PLAIN:
        break;
    }
    return 50;
}

static void check(What what, int width, int height, int dx, int dy, double least, double most)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    float *light = arena_array(a, float, (size_t)width *(size_t)height);
    float *colour = arena_array(a, float, (size_t)width *(size_t)height);
    for (int i = 0; i < width * height; i++)
        light[i] = value_at(what, i % width, i / width);
    const Echo e = echo_make(light, colour, width, height, a);
    const double share = echo_share(&e, dx, dy);
    assert_true(share >= least && share <= most);
}

static void shares(void **state)
{
    (void)state;
    check(WHOLE, SIDE, SIDE, STEP, 0, 1, 1);
    check(WHOLE, SIDE, SIDE, 0, STEP, 1, 1);
    check(WHOLE, SIDE, SIDE, -2 * STEP, STEP, 1, 1);
    check(WHOLE, SIDE, SIDE, 2 * STEP, -STEP, 1, 1);
    check(WHOLE, SIDE, SIDE, STEP / 2, 0, 0, 0.02);
    check(LOST, SIDE, SIDE, STEP, 0, 0.2, 0.7);
    check(LOST, SIDE, SIDE, STEP / 2, STEP, 0, 0.02);
    check(STRIPES, SIDE, SIDE, STEP, 0, 0, 0); // an edge is like any other: that says nothing
    check(NOISE, SIDE, SIDE, STEP, STEP, 0, 0.02);
    check(PLAIN, SIDE, SIDE, STEP, STEP, 0, 0);
}

static void sizes(void **state)
{
    (void)state;
    for (int side = 1; side < 24; side++) {
        check(WHOLE, side, SIDE, 0, STEP, 0, 1);
        check(WHOLE, SIDE, side, STEP, 0, 0, 1);
        check(WHOLE, side, side, side, side, 0, 0);
        check(WHOLE, side, side, -4000, 3, 0, 0);
        check(WHOLE, side, side, 3, -4000, 0, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(shares),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
