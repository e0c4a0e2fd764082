// SPDX-License-Identifier: Apache-2.0
// Grey is luma, to the byte, unless colours alone make the picture.
#include "visual/picture.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SIDE = 200, CHECK = 10 };

typedef struct {
    uint8_t red, green, blue;
} Colour;

// How a pixel looks.
typedef Colour Scene(int x, int y);

static bool in_check(int x, int y)
{
    return (x / CHECK + y / CHECK) % 2 == 0;
}

static Colour pink_on_green(int x, int y)
{
    return in_check(x, y) ? (Colour){230, 110, 150} : (Colour){60, 209, 90};
}

static Colour orange_on_blue(int x, int y)
{
    return in_check(x, y) ? (Colour){220, 120, 20} : (Colour){90, 150, 210};
}

// Twice as much contrast in colours as in luma.
static Colour pink_on_dark_green(int x, int y)
{
    return in_check(x, y) ? (Colour){230, 110, 150} : (Colour){60, 110, 90};
}

static Colour hardly_anything(int x, int y)
{
    return in_check(x, y) ? (Colour){152, 150, 150} : (Colour){150, 151, 150};
}

static Colour one_colour(int x, int y)
{
    (void)x, (void)y;
    return (Colour){230, 110, 150};
}

static Colour grey_checks(int x, int y)
{
    return in_check(x, y) ? (Colour){90, 90, 90} : (Colour){100, 100, 100};
}

// Things of many colours in light and shade.
static Colour photograph(int x, int y)
{
    const uint32_t thing = ((uint32_t)(x / 23) * 31u + (uint32_t)(y / 17)) * 2654435761u;
    const int light = 40 + (x * 3 + y * 5) % 150 + (int)(thing >> 26);
    return (Colour){(uint8_t)MIN_OF(255, light + (int)(thing >> 10 & 31)),
        (uint8_t)MIN_OF(255, light + (int)(thing >> 15 & 31)),
        (uint8_t)MIN_OF(255, light + (int)(thing >> 20 & 31))};
}

static Picture paint(Scene *scene, int width_px, int height_px, Arena *a)
{
    const size_t stride = (size_t)width_px * 3 + 5; // rows need not be close to each other
    uint8_t *p = arena_alloc(a, stride * (size_t)height_px);
    for (int y = 0; y < height_px; y++) {
        for (int x = 0; x < width_px; x++) {
            const Colour c = scene(x, y);
            memcpy(p + (size_t)y * stride + (size_t)x * 3, (uint8_t[]){c.red, c.green, c.blue}, 3);
        }
    }
    return (Picture){p, width_px, height_px, stride};
}

static bool is_luma(Picture picture, Grey grey)
{
    for (int y = 0; y < picture.height_px; y++) {
        for (int x = 0; x < picture.width_px; x++) {
            const uint8_t *c = picture.p + (size_t)y * picture.stride + (size_t)x * 3;
            if (grey.p[(size_t)y * grey.stride + (size_t)x] !=
                (77 * c[0] + 150 * c[1] + 29 * c[2] + 128) >> 8)
                return false;
        }
    }
    return true;
}

static void check(Scene *scene, int width_px, int height_px, bool kept_by_colour, int asked)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Picture picture = paint(scene, width_px, height_px, a);
    const Grey kept = picture_grey(picture, a);
    assert_int_equal(kept.width_px, width_px);
    assert_int_equal(kept.height_px, height_px);
    assert_int_equal(is_luma(picture, kept), !kept_by_colour);
    Grey greys[PICTURE_GREYS_MAX];
    assert_int_equal(picture_greys(picture, a, greys), asked);
    assert_true(is_luma(picture, greys[0]));
    if (kept_by_colour)
        assert_memory_equal(greys[1].p, kept.p, kept.stride * (size_t)height_px);
}

static void luma_unless_colours_make_it(void **state)
{
    (void)state;
    check(photograph, SIDE, SIDE, false, 1);
    check(photograph, 1200, 900, false, 1);
    check(grey_checks, SIDE, SIDE, false, 1);
    check(one_colour, SIDE, SIDE, false, 1);
    check(hardly_anything, SIDE, SIDE, false, 1);
    check(pink_on_green, SIDE, SIDE, true, 2);
    check(orange_on_blue, SIDE, SIDE, true, 2);
    check(orange_on_blue, 1200, 900, true, 2);
    check(pink_on_dark_green, SIDE, SIDE, false, 2);
}

static void of_any_size(void **state)
{
    (void)state;
    check(photograph, 1, 1, false, 1);
    check(pink_on_green, 1, 1, false, 1);
    check(pink_on_green, CHECK, CHECK, false, 1); // one check
    check(pink_on_green, 2 * CHECK, 1, true, 2);
    check(pink_on_green, 1, 2 * CHECK, true, 2);
    check(pink_on_green, 1200, 1, true, 2);
}

// Whatever the palette, the pattern is as plain as black on white would be, and no grey runs over.
static void check_contrast(Colour one, Colour other, int least)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    uint8_t p[SIDE * 3];
    for (int x = 0; x < SIDE; x++) {
        const Colour c = x / CHECK % 2 ? one : other;
        memcpy(p + (size_t)x * 3, (uint8_t[]){c.red, c.green, c.blue}, 3);
    }
    const Grey grey = picture_grey((Picture){p, SIDE, 1, SIDE * 3}, a);
    if (grey.p[CHECK] - grey.p[0] < least)
        fail_msg("%d on %d", grey.p[CHECK], grey.p[0]);
}

static void contrast_of_palettes(void **state)
{
    (void)state;
    // What is brighter by luma, if hardly, is brighter here.
    check_contrast((Colour){230, 110, 150}, (Colour){60, 205, 90}, 100);
    check_contrast((Colour){60, 213, 90}, (Colour){230, 110, 150}, 100);
    check_contrast((Colour){90, 151, 210}, (Colour){220, 120, 20}, 100);
    check_contrast((Colour){255, 0, 255}, (Colour){0, 180, 0}, 200);
    check_contrast((Colour){0, 255, 0}, (Colour){255, 74, 255}, 200);
    check_contrast((Colour){0, 131, 0}, (Colour){255, 0, 0}, 150);
    check_contrast((Colour){0, 0, 255}, (Colour){28, 28, 28}, 150); // no green, no red
    check_contrast((Colour){255, 255, 255}, (Colour){0, 0, 0}, 255);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(luma_unless_colours_make_it),
        cmocka_unit_test(of_any_size),
        cmocka_unit_test(contrast_of_palettes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
