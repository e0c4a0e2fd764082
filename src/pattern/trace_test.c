// SPDX-License-Identifier: Apache-2.0
#include "pattern/border.h"
#include "pattern/trace.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static Flat flat_of(const char *const *rows, int height, Arena *a)
{
    Flat flat = {.width_px = (int)strlen(rows[0]), .height_px = height};
    flat.labels = arena_alloc(a, (size_t)flat.width_px * (size_t)height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < flat.width_px; x++) {
            const int label = rows[y][x] - '0';
            flat.labels[y * flat.width_px + x] = (uint8_t)label;
            flat.count = MAX_OF(flat.count, label + 1);
        }
    for (int i = 0; i < flat.count; i++)
        flat.colours[i] = (Colour){.rgb = {(uint8_t)(40 * i), 10, 200}, .share = 1.0 / flat.count};
    return flat;
}

typedef struct {
    const Borders *borders;
    double area2[COLOURS_MAX];
    int rings[COLOURS_MAX];
} Areas;

// Twice the area on the left of a ring (the sign is y-down's), by its corners.
static void add_area(void *ctx, int label, const ArcUse *uses, int count)
{
    Areas *areas = ctx;
    const Borders *b = areas->borders;
    areas->rings[label]++;
    int last = -1, first = -1;
    for (int u = 0; u < count; u++) {
        const Arc *arc = &b->arcs[uses[u].arc];
        for (int i = 0; i < arc->count; i++) {
            const int at = uses[u].backwards ? arc->first + arc->count - 1 - i : arc->first + i;
            if (last >= 0)
                areas->area2[label] -= b->x[last] * b->y[at] - b->x[at] * b->y[last];
            else
                first = at;
            last = at;
        }
    }
    areas->area2[label] -= b->x[last] * b->y[first] - b->x[first] * b->y[last];
}

// Rings enclose exactly the pixels of their label: nothing lost, nothing twice.
static void check_areas(const Flat *flat, Arena *a, const int *rings)
{
    int pixels[COLOURS_MAX] = {0};
    const Borders borders = borders_find(flat, a);
    Areas areas = {.borders = &borders};
    for (int i = 0; i < flat->width_px * flat->height_px; i++)
        pixels[flat->labels[i]]++;
    borders_rings(flat, &borders, a, add_area, &areas);
    for (int i = 0; i < flat->count; i++) {
        assert_int_equal((int)areas.area2[i], 2 * pixels[i]);
        if (rings)
            assert_int_equal(areas.rings[i], rings[i]);
    }
}

static void areas_fit(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    static const char *const one[] = {"0000", "0000"};
    static const char *const island[] = {"00000", "01110", "01210", "01110", "00000"};
    static const char *const saddle[] = {"0011", "0011", "1100", "1100"};
    static const char *const four[] = {"0011", "0011", "2233", "2233"};
    static const char *const comb[] = {"01010", "01010", "11111"};
    Flat flat = flat_of(one, 2, a);
    check_areas(&flat, a, (int[]){1});
    flat = flat_of(island, 5, a);
    check_areas(&flat, a, (int[]){2, 2, 1});
    flat = flat_of(saddle, 4, a);
    check_areas(&flat, a, (int[]){2, 2});
    flat = flat_of(four, 4, a);
    check_areas(&flat, a, (int[]){1, 1, 1, 1});
    flat = flat_of(comb, 3, a);
    check_areas(&flat, a, NULL);
}

static void any_labels_fit(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    uint32_t seed = 3;
    for (int round = 0; round < 200; round++) {
        const int width = 1 + round % 23, height = 1 + round % 17;
        Flat flat = {.width_px = width, .height_px = height, .count = 1 + round % 5};
        flat.labels = arena_alloc(a, (size_t)width * (size_t)height);
        for (int i = 0; i < width * height; i++) {
            seed = seed * 1664525u + 1013904223u;
            flat.labels[i] = (uint8_t)(seed >> 20) % (uint8_t)flat.count;
        }
        check_areas(&flat, a, NULL);
        arena_reset(a);
    }
}

static Flat disc(int side, Arena *a)
{
    Flat flat = {.width_px = side, .height_px = side, .count = 2};
    flat.labels = arena_alloc(a, (size_t)side * (size_t)side);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++)
            flat.labels[y * side + x] = hypot(x + 0.5 - side / 2.0, y + 0.5 - side / 2.0) < side * 0.4;
    return flat;
}

static int count_of(Str text, const char *what)
{
    int count = 0;
    size_t at;
    for (; str_find(text, str_from(what), &at); text = str_slice(text, at + strlen(what), text.n))
        count++;
    return count;
}

static void written(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Flat flat = disc(200, a);
    CLEANUP(buf_free) Buf out = buf_with_max(1 << 20);
    const TraceWords words = {.title = S("A <b> & \x01z"), .metadata = S("<rdf:RDF/>")};
    assert_true(trace_write(&flat, &words, a, &out, &err));
    const Str svg = buf_str(&out);
    assert_int_equal(count_of(svg, "<path "), 2);
    assert_int_equal(count_of(svg, "<title>A &lt;b&gt; &amp; z</title>"), 1);
    assert_int_equal(count_of(svg, "<metadata>\n<rdf:RDF/></metadata>"), 1);
    assert_int_equal(count_of(svg, "script"), 0);
    // A circle is a handful of curves, used by both sides.
    assert_in_range(count_of(svg, "c"), 4, 60);
    assert_true(svg.n < 2500);
}

// The finest there is: every pixel another colour than its neighbours.
static void finest_is_bounded(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Flat flat = {.width_px = 700, .height_px = 700, .count = 4};
    flat.labels = arena_alloc(a, 700 * 700);
    for (int i = 0; i < 700 * 700; i++)
        flat.labels[i] = (uint8_t)((i % 700 % 2) + 2 * (i / 700 % 2));
    CLEANUP(buf_free) Buf out = buf_with_max(8 << 20);
    assert_true(trace_write(&flat, &(TraceWords){0}, a, &out, &err));
    assert_true(out.n > 200 && out.n <= TRACE_BYTES_MAX + TRACE_WORDS_MAX_BYTES);
}

static void corners_stay(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Point square[160], start;
    Curve *curves;
    int count;
    for (int i = 0; i < 40; i++) {
        square[i] = (Point){i, 0};
        square[40 + i] = (Point){40, i};
        square[80 + i] = (Point){40 - i, 40};
        square[120 + i] = (Point){0, 40 - i};
    }
    curve_fit(square, 160, true, 0.9, a, &curves, &count, &start);
    assert_int_equal(count, 4);
    for (int i = 0; i < count; i++) {
        assert_true(curves[i].straight);
        assert_true(fmod(curves[i].to.x, 40) == 0 && fmod(curves[i].to.y, 40) == 0);
    }
    assert_true(curves[3].to.x == start.x && curves[3].to.y == start.y);
    curve_fit(square, 2, false, 0.9, a, &curves, &count, &start);
    assert_int_equal(count, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(areas_fit),
        cmocka_unit_test(any_labels_fit),
        cmocka_unit_test(written),
        cmocka_unit_test(finest_is_bounded),
        cmocka_unit_test(corners_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
