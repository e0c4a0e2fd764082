// SPDX-License-Identifier: Apache-2.0
#include "pattern/cutout.h"
#include "pattern/flow.h"
#include "pattern/testing.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

// ---- the cut, against every cut there is

static int64_t cost_of(
    const FlowGrid *g, const int32_t *leaning, const int32_t *ties, const uint8_t *far_side)
{
    int64_t cost = 0;
    for (int i = 0; i < g->width * g->height; i++) {
        // On the far side it costs what it leans to the near one, and the other way round.
        cost += far_side[i] ? MAX_OF(-leaning[i], 0) : MAX_OF(leaning[i], 0);
        for (int d = 0; d < FLOW_TIES; d += 2) {
            const int x = i % g->width + FLOW_DX[d], y = i / g->width + FLOW_DY[d];
            if (x >= 0 && y >= 0 && x < g->width && y < g->height &&
                far_side[i] != far_side[y * g->width + x])
                cost += ties[i * FLOW_TIES + d];
        }
    }
    return cost;
}

static void cheapest_cut(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    uint32_t seed = 5;
    for (int round = 0; round < 300; round++) {
        const int width = 1 + round % 4, height = 1 + round / 4 % 3, n = width * height;
        FlowGrid g = flow_grid(width, height, a);
        for (int i = 0; i < n; i++) {
            seed = seed * 1664525u + 1013904223u;
            g.leaning[i] = (int32_t)(seed >> 16) % 41 - 20;
            for (int d = 0; d < FLOW_TIES; d += 2) {
                seed = seed * 1664525u + 1013904223u;
                flow_tie(&g, i % width, i / width, d, (int32_t)(seed >> 16) % 12);
            }
        }
        int32_t leaning[12], ties[12 * FLOW_TIES];
        memcpy(leaning, g.leaning, (size_t)n * sizeof(*leaning));
        memcpy(ties, g.ties, (size_t)n * FLOW_TIES * sizeof(*ties));
        uint8_t far_side[12], other[12];
        flow_cut(&g, a, far_side);
        int64_t best = INT64_MAX;
        for (int sides = 0; sides < 1 << n; sides++) {
            for (int i = 0; i < n; i++)
                other[i] = sides >> i & 1;
            best = MIN_OF(best, cost_of(&g, leaning, ties, other));
        }
        assert_int_equal(cost_of(&g, leaning, ties, far_side), best);
        arena_reset(a);
    }
}

// ---- things on grounds

typedef enum { ON_PLAIN, ON_GRADIENT, IN_SHADOW } Ground;

// A pear of two colours with a hole of a third of its width, and the truth.
static bool in_thing(double x, double y)
{
    const double body = hypot(x / 0.52, (y - 0.15) / 0.5), neck = hypot(x / 0.25, (y + 0.35) / 0.4);
    return (body < 1 || neck < 1) && hypot(x, y - 0.2) > 0.2;
}

static Picture3 draw(int width, int height, Ground ground, int noise, Arena *a, uint8_t *truth)
{
    Picture3 p = picture3_make(width, height, 0, a);
    uint32_t seed = 11;
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++) {
            const double u = 2.0 * x / width - 1, v = 2.0 * y / height - 1;
            const bool thing = in_thing(u, v);
            double light = ground == ON_PLAIN ? 1 : 1 - 0.12 * (v + 1);
            if (ground == IN_SHADOW)
                light *= 1 - 0.25 * exp(-4 * (u - 0.2) * (u - 0.2) - 30 * (v - 0.68) * (v - 0.68));
            const int grey = (int)(222 * light);
            const int rgb = thing ? (v > 0.3 ? 0x7a3a1c : 0x2c5f86) : grey << 16 | grey << 8 | (grey - 10);
            truth[y * width + x] = thing;
            picture3_set(&p, x, y, rgb, noise, &seed);
        }
    return p;
}

static double overlap(const Cutout *c, const uint8_t *truth)
{
    int both = 0, either = 0;
    for (int i = 0; i < c->width_px * c->height_px; i++) {
        const bool found = c->rgba[4 * i + 3] >= 128;
        both += found && truth[i];
        either += found || truth[i];
    }
    return (double)both / either;
}

static void things_are_found(void **state)
{
    (void)state;
    static const struct {
        int width, height, noise;
        Ground ground;
        double least;
    } rows[] = {
        {400, 300, 3, ON_PLAIN, 0.98},
        {400, 300, 3, ON_GRADIENT, 0.98},
        {400, 300, 3, IN_SHADOW, 0.96},
        {1000, 1000, 12, ON_GRADIENT, 0.98},
        {90, 120, 5, ON_PLAIN, 0.95},
        {32, 32, 0, ON_PLAIN, 0.85},
        {1000, 60, 2, ON_PLAIN, 0.85},
        {60, 1000, 2, ON_PLAIN, 0.85},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        Err err = {0};
        Cutout c;
        uint8_t *truth = arena_alloc(a, (size_t)rows[i].width * (size_t)rows[i].height);
        const Picture3 p = draw(rows[i].width, rows[i].height, rows[i].ground, rows[i].noise, a, truth);
        const PatternPicture view = picture3_view(&p);
        if (!cutout_make(&view, a, &c, &err))
            fail_msg("row %zu: %s", i, err.text);
        const double found = overlap(&c, truth);
        if (found < rows[i].least)
            fail_msg("row %zu: %.3f of the thing", i, found);
        assert_int_equal(c.width_px, rows[i].width);
        assert_int_equal(c.rgba[3], 0);
        assert_true(c.share > 0.1 && c.share < 0.6);
        // No pixel that is not seen keeps a colour.
        for (int k = 0; k < c.width_px * c.height_px; k++)
            assert_true(c.rgba[4 * k + 3] || !(c.rgba[4 * k] | c.rgba[4 * k + 1] | c.rgba[4 * k + 2]));
    }
}

static void nothing_is_an_answer(void **state)
{
    (void)state;
    static const struct {
        int width, height, noise, bars;
        ErrKind kind;
    } rows[] = {
        {200, 200, 0, 0, ERR_NOT_FOUND},   // one colour
        {200, 200, 120, 0, ERR_NOT_FOUND}, // noise
        {200, 200, 4, 0, ERR_NOT_FOUND},
        {200, 200, 4, 10, ERR_NOT_FOUND}, // stripes from end to end: all of it is the rim's
        {3, 3, 0, 0, ERR_INVALID},
        {1, 500, 0, 0, ERR_INVALID},
        {8, 8, 60, 0, ERR_NOT_FOUND},
        {1024, 8, 3, 0, ERR_NOT_FOUND},
        {8, 1024, 3, 0, ERR_NOT_FOUND},
        {1025, 20, 3, 0, ERR_LIMIT},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        Err err = {0};
        Cutout c;
        uint32_t seed = 7;
        Picture3 p = picture3_make(rows[i].width, rows[i].height, 0x888888, a);
        for (int k = 0; k < p.width * p.height; k++)
            picture3_set(&p, k % p.width, k / p.width,
                rows[i].bars && k % p.width / rows[i].bars % 2 ? 0x204080 : 0x888888, rows[i].noise, &seed);
        const PatternPicture view = picture3_view(&p);
        if (cutout_make(&view, a, &c, &err))
            fail_msg("row %zu: something was cut out", i);
        assert_int_equal(err.kind, rows[i].kind);
    }
}

static void pieces_and_holes(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    uint8_t mask[40 * 40] = {0};
    for (int i = 0; i < 40 * 40; i++) {
        const int x = i % 40, y = i / 40;
        mask[i] = (x >= 5 && x < 30 && y >= 5 && y < 30 && !(x == 10 && y == 10) &&
                      !(x >= 15 && x < 20 && y >= 15 && y < 20)) || // a speck and a hole
                  (x > 34 && y > 34 && x < 38 && y < 38);           // another piece
    }
    CutoutSmall small = {40, 40, mask, NULL};
    const CutoutPieces p = cutout_pieces(&small, a);
    assert_int_equal(p.count, 2);
    assert_int_equal(p.sizes[p.number[36 * 40 + 36]], 9);
    assert_int_equal(p.number[0], -1);
    assert_int_equal(cutout_close(&small, a), 25 * 25 - 25 + 9);
    assert_int_equal(mask[10 * 40 + 10], 1);
    assert_int_equal(mask[17 * 40 + 17], 0);
    memset(mask, 0, sizeof(mask));
    assert_int_equal(cutout_close(&small, a), 0);
    assert_int_equal(cutout_pieces(&small, a).count, 0);
}

// Two things of different colours, and a grey soft stain that is none.
static void further_pieces(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Cutout c;
    uint32_t seed = 3;
    Picture3 p = picture3_make(300, 200, 0, a);
    for (int i = 0; i < 300 * 200; i++) {
        const int x = i % 300, y = i / 300;
        const int grey = 220 - (int)(40 * exp(-(pow(x - 150, 2) + pow(y - 160, 2)) / 400));
        const bool left = hypot(x - 90, y - 90) < 45, right = hypot(x - 220, y - 90) < 20;
        picture3_set(&p, x, y, left ? 0x7a2d1d : right ? 0x1f3f94 : grey * 0x10101, 4, &seed);
    }
    const PatternPicture view = picture3_view(&p);
    assert_true(cutout_make(&view, a, &c, &err));
    assert_int_equal(c.rgba[4 * (90 * 300 + 90) + 3], 255);
    assert_int_equal(c.rgba[4 * (90 * 300 + 220) + 3], 255);
    assert_int_equal(c.rgba[4 * (160 * 300 + 150) + 3], 0);
    assert_int_equal(c.rgba[4 * (90 * 300 + 165) + 3], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cheapest_cut),
        cmocka_unit_test(things_are_found),
        cmocka_unit_test(nothing_is_an_answer),
        cmocka_unit_test(pieces_and_holes),
        cmocka_unit_test(further_pieces),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
