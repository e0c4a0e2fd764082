// SPDX-License-Identifier: Apache-2.0
// Drawings of pictures of a museum: which objects have the same lines, and when they are looked through.
#include "visual/index.h"
#include "visual/museum_test.h"

// The outlines of picture `number` in black on white.
static Pixels draw_lines(uint32_t number)
{
    Pixels px = paint(number), out = pixels_make(WIDTH, HEIGHT, 3);
    memset(out.p, 255, out.stride * HEIGHT);
    for (int y = 1; y < HEIGHT; y++) {
        for (int x = 1; x < WIDTH; x++) {
            const int here = pixels_at(&px, x, y)[1];
            if (abs(here - pixels_at(&px, x - 1, y)[1]) > 12 || abs(here - pixels_at(&px, x, y - 1)[1]) > 12)
                memset(pixels_at(&out, x, y), 0, 3);
        }
    }
    free(px.p);
    return out;
}

static void check_drawing(Visual *v, VisualAsk wish, uint32_t number, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Pixels px = draw_lines(number);
    wish.question = VISUAL_DETAIL;
    wish.picture = (Picture){px.p, WIDTH, HEIGHT, px.stride};
    const VisualAnswer answer = ask(v, wish, a);
    free(px.p);
    if (*want == '\0') {
        assert_int_equal(answer.count, 0);
        return;
    }
    assert_true(answer.count > 0);
    assert_true(str_eq(answer.hits[0].object_id, str_from(want)));
    if (!answer.hits[0].drawn)
        return;
    assert_true(answer.hits[0].left < 0.1 && answer.hits[0].top < 0.1);
    assert_true(answer.hits[0].width > 0.85 && answer.hits[0].height > 0.85);
}

// The narrowed question knows as well as the open one what chance is.
static void check_as_sure_alone(Visual *v, uint32_t number)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Pixels px = draw_lines(number), part = see(&px, (View){20, 20, 150, 140, 0, false});
    VisualAsk wish = {.lines = VISUAL_LINES_QUICK,
        .perhaps = true,
        .picture = {part.p, part.width_px, part.height_px, part.stride}};
    const VisualAnswer among = ask(v, wish, a);
    assert_true(among.count > 0 && among.hits[0].drawn);
    wish.has_only = true;
    wish.only = &among.hits[0].object_id;
    wish.only_count = 1;
    const VisualAnswer alone = ask(v, wish, a);
    assert_int_equal(alone.count, 1);
    assert_true(fabs(alone.hits[0].score - among.hits[0].score) < 1e-9);
    free(px.p);
    free(part.p);
}

// A large collection is looked through only if that is wished; then also beside what else is found.
static void check_lines_when_wished(Visual *v)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Pixels px = draw_lines(2), part = see(&px, (View){20, 20, 150, 140, 0, false}), whole = paint(2);
    VisualAsk wish = {.lines = VISUAL_LINES_QUICK,
        .perhaps = true,
        .picture = {part.p, part.width_px, part.height_px, part.stride}};
    assert_true(ask(v, wish, a).by_lines);
    v->lines_quick_max = 2;
    assert_false(ask(v, wish, a).by_lines);
    wish.lines = VISUAL_LINES_ALWAYS;
    VisualAnswer answer = ask(v, wish, a);
    assert_true(answer.by_lines && answer.count > 0 && answer.hits[0].drawn);
    wish.picture = (Picture){whole.p, WIDTH, HEIGHT, whole.stride};
    answer = ask(v, wish, a);
    assert_true(answer.by_lines && answer.count > 0 && !answer.hits[0].drawn);
    v->lines_quick_max = VISUAL_LINES_QUICK_MAX;
    wish.lines = VISUAL_LINES_QUICK;
    assert_false(ask(v, wish, a).by_lines); // found already
    free(px.p);
    free(part.p);
    free(whole.p);
}

static void drawings_are_found(void **state)
{
    (void)state;
    Museum m = open_museum();
    put(&m, "secret", 1, 50, ACCESS_NONE);
    Visual *v = open_index(&m, true);
    follow(&m, v);
    const VisualAsk wish = {.lines = VISUAL_LINES_QUICK};
    for (uint32_t number = 1; number < 6; number++) {
        char want[32];
        snprintf(want, sizeof(want), "object-%u", number);
        check_drawing(v, wish, number, want);
    }
    for (uint32_t number = 1; number < 6; number++)
        check_as_sure_alone(v, number);
    check_drawing(v, wish, 50, "");
    check_drawing(v, wish, 77, "");
    check_drawing(v, (VisualAsk){.lines = VISUAL_LINES_QUICK, .role = VIEWER_STAFF}, 50, "secret");
    check_drawing(v, (VisualAsk){.lines = VISUAL_LINES_QUICK, .except_object = S("object-3")}, 3, "");
    check_lines_when_wished(v);
    visual_close(v);
    close_museum(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(drawings_are_found)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
