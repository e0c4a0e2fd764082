// SPDX-License-Identifier: Apache-2.0
#include "visual/feature.h"

#include "visual/kernel.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

// A made picture: soft spots strewn over a plane, seen through any turn and size. Exact at every point, so
// two views of it differ by nothing but the view.
enum { SPOTS = 160, SIDE = 320 };

typedef struct {
    float x, y, radius, grey;
} Spot;

typedef struct {
    float turn, size; // radians; picture pixels per plane unit
    bool negative, mirrored;
} View;

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void strew(Spot *spots)
{
    uint32_t state = 7;
    for (int i = 0; i < SPOTS; i++)
        spots[i] = (Spot){
            .x = (float)(next_random(&state) % 3200) / 10 - 160,
            .y = (float)(next_random(&state) % 3200) / 10 - 160,
            .radius = 3 + (float)(next_random(&state) % 100) / 10,
            .grey = (float)(next_random(&state) % 140) - 70,
        };
}

static float seen(const Spot *spots, float x, float y)
{
    float grey = 128;
    for (int i = 0; i < SPOTS; i++) {
        const float dx = x - spots[i].x, dy = y - spots[i].y, r = spots[i].radius;
        if (fabsf(dx) < 3 * r && fabsf(dy) < 3 * r)
            grey += spots[i].grey * expf(-(dx * dx + 2 * dy * dy + dx * dy) / (r * r));
    }
    return fmaxf(0, fminf(255, grey));
}

static void to_plane(View view, float x, float y, float *ret_x, float *ret_y)
{
    const float cx = (x - SIDE / 2.0f) / view.size * (view.mirrored ? -1.0f : 1.0f);
    const float cy = (y - SIDE / 2.0f) / view.size;
    *ret_x = cosf(view.turn) * cx - sinf(view.turn) * cy;
    *ret_y = sinf(view.turn) * cx + cosf(view.turn) * cy;
}

static uint8_t *paint(View view)
{
    Spot spots[SPOTS];
    strew(spots);
    uint8_t *pixels = mem_alloc((size_t)SIDE * SIDE);
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            float px, py;
            to_plane(view, (float)x, (float)y, &px, &py);
            const uint8_t grey = (uint8_t)(seen(spots, px, py) + 0.5f);
            pixels[y * SIDE + x] = view.negative ? (uint8_t)(255 - grey) : grey;
        }
    }
    return pixels;
}

static Grey grey_of(const uint8_t *pixels)
{
    return (Grey){.p = pixels, .width_px = SIDE, .height_px = SIDE, .stride = SIDE};
}

static int look(FeatureKernel kernel, Grey picture, int max, Feature *ret)
{
    Err err = {0};
    CLEANUP(extractor_closep) Extractor *e = extractor_open(kernel);
    int count = -1;
    assert_true(extractor_run(e, picture, max, ret, &count, &err));
    return count;
}

static int distance(const uint8_t *a, const uint8_t *b)
{
    int sum = 0;
    for (int i = 0; i < FEATURE_DIMENSIONS; i++)
        sum += (a[i] - b[i]) * (a[i] - b[i]);
    return sum;
}

// Of the features of the upright picture, how many in a hundred have their nearest look-alike at the right
// place of the view?
static void check_found_again(View view, int percent_min)
{
    static Feature upright[300], turned[600];
    uint8_t *a = paint((View){.size = 1}), *b = paint(view);
    const int count = look(FEATURE_KERNEL_BEST, grey_of(a), 300, upright);
    const int others = look(FEATURE_KERNEL_BEST, grey_of(b), 600, turned);
    assert_true(count > 60);
    int right = 0, inside = 0;
    for (int i = 0; i < count; i++) {
        uint8_t wanted[FEATURE_DIMENSIONS], step[FEATURE_DIMENSIONS];
        memcpy(wanted, upright[i].values, sizeof(wanted));
        if (view.negative) {
            feature_negative(wanted, step);
            memcpy(wanted, step, sizeof(step));
        }
        if (view.mirrored) {
            feature_mirrored(wanted, step);
            memcpy(wanted, step, sizeof(step));
        }
        if (hypotf(upright[i].x_px - SIDE / 2.0f, upright[i].y_px - SIDE / 2.0f) * view.size >
            SIDE / 2.0f - 20)
            continue;
        inside++;
        int best = 0;
        for (int j = 1; j < others; j++)
            best = distance(wanted, turned[j].values) < distance(wanted, turned[best].values) ? j : best;
        float x, y;
        to_plane(view, turned[best].x_px, turned[best].y_px, &x, &y);
        right += hypotf(x + SIDE / 2.0f - upright[i].x_px, y + SIDE / 2.0f - upright[i].y_px) < 3;
    }
    free(a);
    free(b);
    assert_in_range(right * 100 / inside, percent_min, 100);
}

static void found_again(void **state)
{
    (void)state;
    check_found_again((View){.size = 1}, 100);
    check_found_again((View){.size = 1, .turn = 0.5f}, 70);
    check_found_again((View){.size = 1, .turn = 1.5708f}, 78);
    check_found_again((View){.size = 1, .turn = 3.9f}, 75);
    check_found_again((View){.size = 0.6f}, 70);
    check_found_again((View){.size = 1.7f, .turn = 1.0f}, 75);
    check_found_again((View){.size = 1, .negative = true}, 80);
    check_found_again((View){.size = 1, .mirrored = true}, 80);
    check_found_again((View){.size = 1, .mirrored = true, .negative = true, .turn = 2}, 70);
}

static void check_same(Grey picture)
{
    static Feature best[500], plain[500];
    const int count = look(FEATURE_KERNEL_BEST, picture, 500, best);
    assert_int_equal(count, look(FEATURE_KERNEL_PLAIN, picture, 500, plain));
    assert_memory_equal(best, plain, sizeof(*best) * (size_t)count);
}

static void kernels_agree(void **state)
{
    (void)state;
    uint8_t *pixels = paint((View){.size = 1});
    check_same(grey_of(pixels));
    uint32_t random = 3;
    for (size_t i = 0; i < (size_t)SIDE * SIDE; i++)
        pixels[i] = (uint8_t)next_random(&random);
    check_same(grey_of(pixels));
    static const int sizes[][2] = {{8, 8}, {9, 200}, {17, 33}, {31, 15}, {33, 16}, {200, 9}, {319, 47}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++)
        check_same((Grey){.p = pixels, .width_px = sizes[i][0], .height_px = sizes[i][1], .stride = SIDE});
    free(pixels);
}

// One spot after the other gives what is given at once.
static void check_bit_by_bit(Grey picture, int max)
{
    static Feature at_once[600], bits[600];
    Err err = {0};
    CLEANUP(extractor_closep) Extractor *e = extractor_open(FEATURE_KERNEL_BEST);
    const int count = look(FEATURE_KERNEL_BEST, picture, max, at_once);
    assert_true(extractor_begin(e, picture, max, &err));
    int described = 0;
    for (int more = 1; more > 0; described += more) {
        more = extractor_next(e, max - described, bits + described);
        assert_in_range(more, 0, 2);
    }
    assert_int_equal(described, count);
    assert_memory_equal(bits, at_once, sizeof(*bits) * (size_t)count);
}

static void bit_by_bit(void **state)
{
    (void)state;
    uint8_t *pixels = paint((View){.size = 1});
    for (int max = 1; max < 50; max += 6)
        check_bit_by_bit(grey_of(pixels), max);
    check_bit_by_bit(grey_of(pixels), 600);
    memset(pixels, 9, (size_t)SIDE * SIDE);
    check_bit_by_bit(grey_of(pixels), 600);
    free(pixels);
}

static void check_nothing(int width_px, int height_px, int grey)
{
    uint8_t *pixels = mem_alloc((size_t)width_px * height_px);
    memset(pixels, grey, (size_t)width_px * height_px);
    Feature ret[16];
    const Grey picture = {
        .p = pixels, .width_px = width_px, .height_px = height_px, .stride = (size_t)width_px};
    assert_int_equal(look(FEATURE_KERNEL_BEST, picture, 16, ret), 0);
    assert_int_equal(look(FEATURE_KERNEL_PLAIN, picture, 16, ret), 0);
    free(pixels);
}

static void nothing_to_see(void **state)
{
    (void)state;
    check_nothing(1, 1, 0);
    check_nothing(3, 3, 255);
    check_nothing(1, 2048, 7);
    check_nothing(2048, 1, 7);
    check_nothing(640, 480, 0);
    check_nothing(640, 480, 255);
    check_nothing(641, 641, 128);
}

static void check_refused(Grey picture, ErrKind want)
{
    Err err = {0};
    Feature ret[4];
    int count = 0;
    CLEANUP(extractor_closep) Extractor *e = extractor_open(FEATURE_KERNEL_BEST);
    assert_false(extractor_run(e, picture, 4, ret, &count, &err));
    assert_int_equal(err.kind, want);
}

static void refused(void **state)
{
    (void)state;
    static const uint8_t pixels[16];
    check_refused((Grey){.p = pixels, .width_px = 0, .height_px = 4, .stride = 4}, ERR_INVALID);
    check_refused((Grey){.p = pixels, .width_px = 4, .height_px = 0, .stride = 4}, ERR_INVALID);
    check_refused((Grey){.p = pixels, .width_px = -4, .height_px = 4, .stride = 4}, ERR_INVALID);
    check_refused((Grey){.p = pixels, .width_px = 4, .height_px = 4, .stride = 3}, ERR_INVALID);
    check_refused((Grey){.p = pixels, .width_px = 2049, .height_px = 1, .stride = 2049}, ERR_LIMIT);
    check_refused((Grey){.p = pixels, .width_px = 1, .height_px = INT32_MAX, .stride = 1}, ERR_LIMIT);
}

// Every corner of an evenly textured picture gets its share, however few are asked for.
static void spread_out(void **state)
{
    (void)state;
    static Feature ret[200];
    uint8_t *pixels = paint((View){.size = 1});
    const int count = look(FEATURE_KERNEL_BEST, grey_of(pixels), 120, ret);
    int quarters[4] = {0};
    for (int i = 0; i < count; i++)
        quarters[(ret[i].y_px > SIDE / 2.0f) * 2 + (ret[i].x_px > SIDE / 2.0f)]++;
    for (int i = 0; i < 4; i++)
        assert_in_range(quarters[i], 15, 120);
    free(pixels);
}

static void twice_is_itself(void **state)
{
    (void)state;
    uint8_t values[FEATURE_DIMENSIONS], once[FEATURE_DIMENSIONS], twice[FEATURE_DIMENSIONS];
    for (int i = 0; i < FEATURE_DIMENSIONS; i++)
        values[i] = (uint8_t)i;
    feature_negative(values, once);
    feature_negative(once, twice);
    assert_memory_equal(values, twice, sizeof(values));
    feature_mirrored(values, once);
    assert_memory_not_equal(values, once, sizeof(values));
    feature_mirrored(once, twice);
    assert_memory_equal(values, twice, sizeof(values));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_again),
        cmocka_unit_test(kernels_agree),
        cmocka_unit_test(bit_by_bit),
        cmocka_unit_test(nothing_to_see),
        cmocka_unit_test(refused),
        cmocka_unit_test(spread_out),
        cmocka_unit_test(twice_is_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
