// SPDX-License-Identifier: Apache-2.0
#include "pattern/lattice.h"
#include "pattern/testing.h"
#include "pattern/tile.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

typedef struct {
    double ax, ay, bx, by; // true steps; b zero: a strip
    int width, height, noise;
    int lost; // of a hundred cells, painted over
} Cloth;

static bool is_lost(const Cloth *c, double s, double t)
{
    const uint32_t h = ((uint32_t)(int)s * 374761393u + (uint32_t)(int)t * 668265263u) * 1274126177u;
    return (int)(h >> 16) % 100 < c->lost;
}

// A motif without symmetry at every point of the net.
static int colour_at(const Cloth *c, double x, double y)
{
    const bool strip = c->bx == 0 && c->by == 0;
    const double bx = strip ? -c->ay : c->bx, by = strip ? c->ax : c->by, det = c->ax * by - c->ay * bx;
    double s = (x * by - y * bx) / det, t = (y * c->ax - x * c->ay) / det;
    if (is_lost(c, floor(s), floor(t)))
        return 0x101010;
    s -= floor(s);
    t = strip ? y / c->height : t - floor(t);
    if (hypot(s - 0.35, t - 0.4) < 0.22)
        return 0x8f2d1d;
    if (fabs(s - 0.7) < 0.1 && t > 0.3 && t < 0.8)
        return 0x1f3f94;
    return s + t > 1.6 ? 0x2e7d32 : 0xe8d9b5;
}

static PatternPicture weave(const Cloth *c, Arena *a)
{
    uint32_t seed = 5;
    Picture3 p = picture3_make(c->width, c->height, 0, a);
    for (int y = 0; y < c->height; y++)
        for (int x = 0; x < c->width; x++)
            picture3_set(&p, x, y, colour_at(c, x, y), c->noise, &seed);
    return picture3_view(&p);
}

static bool is_whole(double v)
{
    return fabs(v - round(v)) < 0.06;
}

static void check(Cloth c, LatticeKind want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Lattice l;
    const PatternPicture p = weave(&c, a);
    assert_true(lattice_find(&p, a, &l, &err));
    assert_int_equal(l.kind, want);
    if (want == LATTICE_NONE)
        return;
    if (want == LATTICE_STRIP) {
        assert_true(fabs(hypot(l.ax, l.ay) / hypot(c.ax, c.ay) - 1) < 0.02);
        return;
    }
    const double det = c.ax * c.by - c.ay * c.bx;
    assert_true(is_whole((l.ax * c.by - l.ay * c.bx) / det) && is_whole((l.ay * c.ax - l.ax * c.ay) / det));
    assert_true(is_whole((l.bx * c.by - l.by * c.bx) / det) && is_whole((l.by * c.ax - l.bx * c.ay) / det));
    assert_true(fabs((l.ax * l.by - l.ay * l.bx) / fabs(det) - 1) < 0.03);
}

static void repeats(void **state)
{
    (void)state;
    check((Cloth){60, 0, 0, 48, 400, 400, 4}, LATTICE_RECTANGULAR);
    check((Cloth){52, 20, -24, 62, 400, 400, 4}, LATTICE_RECTANGULAR);
    check((Cloth){60, 0, 30, 50, 400, 360, 4}, LATTICE_HALF);
    check((Cloth){70, 9, 13, 57, 480, 480, 4}, LATTICE_OBLIQUE);
    check((Cloth){60, 0, 0, 48, 400, 400, 50}, LATTICE_RECTANGULAR);
    check((Cloth){90, 0, 0, 0, 900, 70, 4}, LATTICE_STRIP);
    check((Cloth){60, 0, 0, 48, 400, 400, 4, .lost = 35}, LATTICE_RECTANGULAR);
    check((Cloth){60, 0, 30, 50, 480, 480, 4, .lost = 35}, LATTICE_HALF);
    check((Cloth){40, 6, 8, 37, 480, 480, 20, .lost = 35}, LATTICE_OBLIQUE);
}

static void noise_and_plain(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    uint32_t seed = 9;
    Lattice l;
    Picture3 p = picture3_make(300, 300, 0x808080, a);
    PatternPicture view = picture3_view(&p);
    assert_true(lattice_find(&view, a, &l, &err));
    assert_int_equal(l.kind, LATTICE_NONE);
    for (int y = 0; y < 300; y++)
        for (int x = 0; x < 300; x++)
            picture3_set(&p, x, y, 0x808080, 100, &seed);
    assert_true(lattice_find(&view, a, &l, &err));
    assert_int_equal(l.kind, LATTICE_NONE);
}

static void check_size(int width, int height, ErrKind want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Lattice l;
    const Picture3 p = picture3_make(width, height, 0x336699, a);
    const PatternPicture view = picture3_view(&p);
    assert_int_equal(lattice_find(&view, a, &l, &err), want == ERR_NONE);
    assert_int_equal(err.kind, want);
}

static void sizes(void **state)
{
    (void)state;
    check_size(8, 8, ERR_NONE);
    check_size(8, 1024, ERR_NONE);
    check_size(1024, 8, ERR_NONE);
    check_size(3, 3, ERR_INVALID);
    check_size(1025, 64, ERR_LIMIT);
}

// A tenth of the cloth is painted over in a rhythm of its own; the tile shows what it was, its sides too.
static void tile_mends(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Tile tile;
    const Cloth c = {60, 0, 0, 48, 420, 420, 4};
    uint32_t seed = 5;
    Picture3 p = picture3_make(c.width, c.height, 0, a);
    for (int y = 0; y < c.height; y++)
        for (int x = 0; x < c.width; x++)
            picture3_set(
                &p, x, y, x / 37 % 5 == 1 && y / 29 % 2 ? 0x101010 : colour_at(&c, x, y), c.noise, &seed);
    const PatternPicture view = picture3_view(&p);
    const Lattice l = {LATTICE_RECTANGULAR, 60, 0, 0, 48, 1};
    assert_true(tile_make(&view, &l, a, &tile, &err));
    assert_int_equal(tile.width_px, 60);
    assert_int_equal(tile.height_px, 48);
    assert_true(tile.repeats > 20);
    int wrong = 0;
    for (int y = 0; y < 48; y++)
        for (int x = 0; x < 60; x++) {
            const int want = colour_at(&c, (419 - 60) / 2.0 + x, (419 - 48) / 2.0 + y);
            for (int k = 0; k < 3; k++)
                wrong += abs(tile.rgb[(y * 60 + x) * 3 + k] - (want >> (16 - 8 * k) & 255)) > 45;
        }
    assert_true(wrong < 60 * 48 * 3 / 12);
}

static void tile_of_others(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Tile tile;
    const Cloth c = {60, 0, 30, 50, 400, 360, 4};
    const PatternPicture view = weave(&c, a);
    const Lattice half = {LATTICE_HALF, 60, 0, 30, 50, 1}, strip = {LATTICE_STRIP, 60, 0, 0, 0, 1};
    const Lattice none = {0}, huge = {LATTICE_RECTANGULAR, 5000, 0, 0, 5000, 1};
    assert_true(tile_make(&view, &half, a, &tile, &err));
    assert_int_equal(tile.cells, 2);
    assert_int_equal(tile.width_px, 60);
    assert_int_equal(tile.height_px, 100);
    assert_true(tile_make(&view, &strip, a, &tile, &err));
    assert_int_equal(tile.width_px, 60);
    assert_false(tile_make(&view, &none, a, &tile, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(tile_make(&view, &huge, a, &tile, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(repeats),
        cmocka_unit_test(noise_and_plain),
        cmocka_unit_test(sizes),
        cmocka_unit_test(tile_mends),
        cmocka_unit_test(tile_of_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
