// SPDX-License-Identifier: Apache-2.0
#include "pattern/palette.h"
#include "pattern/testing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_lab(int r, int g, int b, double l, double aa, double bb)
{
    const uint8_t rgb[3] = {(uint8_t)r, (uint8_t)g, (uint8_t)b};
    uint8_t back[3];
    const Lab lab = lab_from_rgb(rgb);
    assert_true(
        fabs((double)lab.l - l) < 0.1 && fabs((double)lab.a - aa) < 0.1 && fabs((double)lab.b - bb) < 0.1);
    lab_to_rgb(lab, back);
    for (int i = 0; i < 3; i++)
        assert_in_range(back[i], rgb[i] ? rgb[i] - 1 : 0, MIN_OF(rgb[i] + 1, 255));
}

static void lab(void **state)
{
    (void)state;
    check_lab(255, 255, 255, 100, 0, 0);
    check_lab(0, 0, 0, 0, 0, 0);
    check_lab(255, 0, 0, 53.24, 80.09, 67.2);
    check_lab(0, 0, 255, 32.30, 79.19, -107.86);
    check_lab(119, 119, 119, 50.03, 0, 0);
}

static void check_name(int rgb, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const uint8_t parts[3] = {(uint8_t)(rgb >> 16), (uint8_t)(rgb >> 8 & 255), (uint8_t)(rgb & 255)};
    const Str got = colour_name_text(colour_name(lab_from_rgb(parts)), a);
    assert_string_equal(arena_cstr(a, got), want);
}

static void names(void **state)
{
    (void)state;
    check_name(0x000000, "black");
    check_name(0xffffff, "white");
    check_name(0x808080, "grey");
    check_name(0xc0c0c0, "light grey");
    check_name(0xd01c1f, "red");
    check_name(0x7a1212, "dark red");
    check_name(0x1f3f94, "dark blue");
    check_name(0xa9c8e8, "light blue");
    check_name(0x2e7d32, "green");
    check_name(0xf2c230, "yellow");
    check_name(0xf08020, "orange");
    check_name(0x6b4423, "dark brown");
    check_name(0xe8d9b5, "beige");
    check_name(0xf4a6b8, "light pink");
    check_name(0x6a3d8f, "dark purple");
    check_name(0x178f8f, "teal");
}

// Vertical bars of three colours, with noise.
static Picture3 bars(int width, int height, int noise, Arena *a)
{
    static const int colours[3] = {0xd01c1f, 0x1f3f94, 0xf0e8d8};
    Picture3 p = picture3_make(width, height, 0, a);
    uint32_t seed = 1;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            picture3_set(&p, x, y, colours[x * 3 / width], noise, &seed);
    return p;
}

static void check_bars(int width, int height, int noise)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Flat flat;
    const Picture3 p = bars(width, height, noise, a);
    const PatternPicture picture = picture3_view(&p);
    assert_true(flat_make(&picture, COLOURS_USUAL, a, &flat, &err));
    assert_int_equal(flat.count, 3);
    for (int i = 0; i < 3; i++)
        assert_true(fabs(flat.colours[i].share - 1.0 / 3) < 0.03);
    int wrong = 0;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            wrong += flat.labels[(size_t)y * (size_t)width + (size_t)x] !=
                     flat.labels[x * 3 / width * width / 3 + 2];
    assert_true(wrong * 50 < width * height);
}

static void few_colours(void **state)
{
    (void)state;
    check_bars(300, 200, 0);
    check_bars(300, 200, 12);
    check_bars(90, 8, 0);
    check_bars(24, 1024, 0);
}

static void check_size(int width, int height, ErrKind want, int colours)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Flat flat;
    const Picture3 p = picture3_make(width, height, 0x336699, a);
    const PatternPicture picture = picture3_view(&p);
    assert_int_equal(flat_make(&picture, colours, a, &flat, &err), want == ERR_NONE);
    assert_int_equal(err.kind, want);
    if (want != ERR_NONE)
        return;
    assert_int_equal(flat.count, 1);
    assert_true(fabs(flat.colours[0].share - 1) < 1e-9);
    assert_in_range(flat.colours[0].rgb[0], 0x32, 0x34);
}

static void sizes(void **state)
{
    (void)state;
    check_size(64, 64, ERR_NONE, COLOURS_USUAL);
    check_size(8, 8, ERR_NONE, 1);
    check_size(8, 1024, ERR_NONE, COLOURS_MAX);
    check_size(7, 64, ERR_INVALID, COLOURS_USUAL);
    check_size(64, 3, ERR_INVALID, COLOURS_USUAL);
    check_size(1025, 64, ERR_LIMIT, COLOURS_USUAL);
}

static void noise_and_limits(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Flat flat;
    uint32_t seed = 7;
    Picture3 p = picture3_make(200, 200, 0, a);
    for (int y = 0; y < 200; y++)
        for (int x = 0; x < 200; x++)
            picture3_set(&p, x, y, 0x808080, 127, &seed);
    const PatternPicture picture = picture3_view(&p);
    for (int most = 1; most <= COLOURS_MAX; most++) {
        assert_true(flat_make(&picture, most, a, &flat, &err));
        assert_in_range(flat.count, 1, most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lab),
        cmocka_unit_test(names),
        cmocka_unit_test(few_colours),
        cmocka_unit_test(sizes),
        cmocka_unit_test(noise_and_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
