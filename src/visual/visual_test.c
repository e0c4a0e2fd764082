// SPDX-License-Identifier: Apache-2.0
// What a visitor sees: which objects are found by a picture, and which never are.
#include "visual/index.h"
#include "visual/museum_test.h"

#include <signal.h>
#include <sys/wait.h>

// Asks with a part of picture `number`; the first hit must be `want` ("" for no hit at all).
static void check_view(Visual *v, uint32_t number, View view, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Pixels px = paint(number), seen = see(&px, view);
    const VisualAnswer answer = ask(v,
        (VisualAsk){
            .question = VISUAL_DETAIL, .picture = {seen.p, seen.width_px, seen.height_px, seen.stride}},
        a);
    free(px.p);
    free(seen.p);
    if (*want == '\0') {
        if (answer.count > 0)
            fail_msg("picture %u: found " FMT_STR " %f", number, ARG_STR(answer.hits[0].object_id),
                answer.hits[0].score);
        return;
    }
    if (answer.count == 0)
        fail_msg("picture %u: nothing found", number);
    const VisualHit *hit = &answer.hits[0];
    assert_true(str_eq(hit->object_id, str_from(want)));
    assert_true(hit->has_place && hit->points_count >= 3);
    assert_int_equal(hit->negative, view.negative);
    assert_true(fabs(hit->left - (double)view.left / WIDTH) < 0.05);
    assert_true(fabs(hit->top - (double)view.top / HEIGHT) < 0.05);
    assert_true(fabs(hit->width - (double)view.width / WIDTH) < 0.08);
    assert_true(fabs(hit->height - (double)view.height / HEIGHT) < 0.08);
}

static const View WHOLE = {0, 0, WIDTH, HEIGHT, 0, false};

static void found_by_detail(void **state)
{
    (void)state;
    Museum m = open_museum();
    Visual *v = open_index(&m, true);
    follow(&m, v);
    check_view(v, 0, WHOLE, "object-0");
    check_view(v, 11, WHOLE, "object-11");
    check_view(v, 3, (View){60, 40, 200, 180, 0, false}, "object-3");
    check_view(v, 3, (View){60, 40, 200, 180, 1, false}, "object-3");
    check_view(v, 7, (View){100, 60, 200, 180, 0, true}, "object-7");
    check_view(v, 7, (View){100, 60, 200, 180, 1, true}, "object-7");
    check_view(v, 100, WHOLE, ""); // not in the museum
    check_view(v, 101, WHOLE, "");
    visual_close(v);
    close_museum(&m);
}

// Two pictures side by side: what lies outside the lasso is not asked.
static void check_lasso(Visual *v, const VisualPoint *lasso, int count, const char *want, const char *never)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Pixels left = paint(3), right = paint(7), both = pixels_make(2 * WIDTH, HEIGHT, 3);
    for (int y = 0; y < HEIGHT; y++) {
        memcpy(pixels_at(&both, 0, y), pixels_at(&left, 0, y), WIDTH * 3);
        memcpy(pixels_at(&both, WIDTH, y), pixels_at(&right, 0, y), WIDTH * 3);
    }
    VisualAsk wish = {
        .question = VISUAL_DETAIL, .picture = {both.p, both.width_px, both.height_px, both.stride}};
    memcpy(wish.lasso, lasso, sizeof(*lasso) * (size_t)count);
    wish.lasso_count = count;
    const VisualAnswer answer = ask(v, wish, a);
    free(left.p);
    free(right.p);
    free(both.p);
    assert_int_equal(answer.too_plain, *want == '\0');
    assert_true(answer.count > 0 || *want == '\0');
    for (size_t i = 0; i < answer.count; i++) {
        assert_false(str_eq(answer.hits[i].object_id, str_from(never)));
        assert_int_equal(answer.hits[i].outline_count, count);
    }
    if (answer.count == 0)
        return;
    assert_true(str_eq(answer.hits[0].object_id, str_from(want)));
    for (int i = 0; i < answer.hits[0].points_count; i++) // in the left half here, in the whole there
        assert_true(fabs(answer.hits[0].found[i].x - fmod(answer.hits[0].asked[i].x * 2, 1)) < 0.03);
}

static void a_lasso_leaves_the_rest_out(void **state)
{
    (void)state;
    Museum m = open_museum();
    Visual *v = open_index(&m, true);
    follow(&m, v);
    check_lasso(v, (VisualPoint[]){{0, 0}, {0.48, 0}, {0.48, 1}, {0, 1}}, 4, "object-3", "object-7");
    check_lasso(v, (VisualPoint[]){{0.52, 0}, {1, 0}, {1, 1}, {0.52, 1}}, 4, "object-7", "object-3");
    check_lasso(v, (VisualPoint[]){{0, 0}, {0.45, 0.5}, {0, 1}}, 3, "object-3", "object-7");
    check_lasso(v, (VisualPoint[]){{0, 0}, {0.001, 0}, {0, 0.001}}, 3, "", "object-3");
    visual_close(v);
    close_museum(&m);
}

// Picture `number` in two colours, in light and in the shade of slats of which each lets `shade` of 256
// through.
static void check_palette(
    Visual *v, uint32_t number, const uint8_t light[3], const uint8_t dark[3], int shade)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Pixels px = paint_in(number, light, dark);
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH * 3; x++)
            if (x / 3 / 24 % 2)
                pixels_at(&px, 0, y)[x] = (uint8_t)(pixels_at(&px, 0, y)[x] * shade / 256);
    const VisualAnswer answer = ask(v,
        (VisualAsk){.question = VISUAL_DETAIL, .picture = {px.p, px.width_px, px.height_px, px.stride}}, a);
    free(px.p);
    assert_false(answer.too_plain);
    assert_true(answer.count > 0);
    assert_true(str_eq(answer.hits[0].object_id, S("pink")));
    assert_true(answer.hits[0].has_place && answer.hits[0].left < 0.05 && answer.hits[0].width > 0.9);
}

static void found_by_colours_alone(void **state)
{
    (void)state;
    Museum m = open_museum();
    put(&m, "pink", 1, COLOURED, ACCESS_FULL); // on green of the same lightness
    put(&m, "too", 1, COLOURED + 1, ACCESS_FULL);
    Visual *v = open_index(&m, true);
    follow(&m, v);
    static const uint8_t pink[3] = {230, 110, 150}, green[3] = {60, 209, 90};
    static const uint8_t orange[3] = {220, 120, 20}, blue[3] = {90, 150, 210};
    static const uint8_t black[3] = {20, 20, 20}, white[3] = {235, 235, 235};
    check_palette(v, COLOURED, pink, green, 256);
    check_palette(v, COLOURED, green, pink, 256);
    check_palette(v, COLOURED, orange, blue, 256);
    check_palette(v, COLOURED, white, black, 256);
    check_palette(v, COLOURED, pink, green, 140); // luma has most of the shade, and is not all that is asked
    visual_close(v);
    close_museum(&m);
}

static void nothing_to_search_by(void **state)
{
    (void)state;
    Museum m = open_museum();
    Visual *v = open_index(&m, true);
    follow(&m, v);
    CLEANUP(arena_closep) Arena *a = arena_open();
    static const uint8_t black[1200 * 3];
    static const int sizes[][2] = {{1, 1}, {3, 3}, {1200, 1}, {1, 1200}, {640, 480}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        const Picture picture = {black, sizes[i][0], sizes[i][1], (size_t)sizes[i][0] * 3};
        Picture same = picture;
        uint8_t *pixels = mem_alloc(picture.stride * (size_t)picture.height_px);
        same.p = pixels;
        const VisualAnswer detail = ask(v, (VisualAsk){.question = VISUAL_DETAIL, .picture = same}, a);
        assert_int_equal(detail.count, 0);
        assert_true(detail.too_plain);
        assert_int_equal(ask(v, (VisualAsk){.question = VISUAL_SAME, .picture = same}, a).count, 0);
        free(pixels);
    }
    visual_close(v);
    close_museum(&m);
}

static void hidden_stays_hidden(void **state)
{
    (void)state;
    Museum m = open_museum();
    put(&m, "secret", 1, 50, ACCESS_NONE);
    Visual *v = open_index(&m, true);
    follow(&m, v);
    CLEANUP(arena_closep) Arena *a = arena_open();
    check_view(v, 50, WHOLE, "");
    Pixels px = paint(50);
    const Picture picture = {px.p, WIDTH, HEIGHT, px.stride};
    const VisualAsk wishes[] = {{.question = VISUAL_DETAIL, .picture = picture, .perhaps = true},
        {.question = VISUAL_SAME, .picture = picture}, {.question = VISUAL_LIKE, .picture = picture},
        {.question = VISUAL_PALETTE, .colours = {{50, 0, 0, 255}}, .colours_count = 1}};
    for (size_t w = 0; w < COUNT_OF(wishes); w++) {
        const VisualAnswer answer = ask(v, wishes[w], a);
        for (size_t i = 0; i < answer.count; i++)
            assert_false(str_eq(answer.hits[i].object_id, S("secret")));
    }
    Err err = {0};
    VisualAnswer answer;
    VisualAsk by_id = {.question = VISUAL_LIKE, .image_id = S("secret:1"), .limit = 5};
    assert_false(visual_ask(v, &by_id, a, &answer, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    by_id.role = VIEWER_STAFF;
    FINE(visual_ask(v, &by_id, a, &answer, &err), err);
    // Opened, it is found; no pixel is looked at again for that.
    const int asked = m.asked;
    put(&m, "secret", 2, 50, ACCESS_FULL);
    follow(&m, v);
    check_view(v, 50, WHOLE, "secret");
    put(&m, "secret", 3, 50, ACCESS_RECORD); // may be read about, not seen
    follow(&m, v);
    check_view(v, 50, WHOLE, "");
    put(&m, "secret", 4, 50, ACCESS_NONE);
    follow(&m, v);
    check_view(v, 50, WHOLE, "");
    assert_int_equal(m.asked, asked);
    free(px.p);
    visual_close(v);
    close_museum(&m);
}

static size_t count_alike(Visual *v, Catalog *ledger)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const VisualAsk wish = {
        .question = VISUAL_LIKE, .image_id = S("object-6:1"), .ledger = ledger, .limit = OBJECTS + 1};
    const VisualAnswer answer = ask(v, wish, a);
    assert_int_equal(answer.count, answer.total);
    return answer.count;
}

// The ledger has hidden a work, deleted one, changed a third and opened a fourth; nobody has brought the
// index up to it.
static void hidden_since_the_index_followed(void **state)
{
    (void)state;
    Museum m = open_museum();
    put(&m, "secret", 1, 50, ACCESS_NONE);
    Visual *v = open_index(&m, true);
    follow(&m, v);
    assert_int_equal(count_alike(v, m.catalog), OBJECTS);
    put(&m, "object-0", 2, 0, ACCESS_NONE);
    put(&m, "object-1", -2, 1, ACCESS_FULL);
    put(&m, "object-2", 2, 2, ACCESS_FULL);
    put(&m, "secret", 2, 50, ACCESS_FULL);
    assert_int_equal(count_alike(v, NULL), OBJECTS);
    assert_int_equal(count_alike(v, m.catalog), OBJECTS - 2);
    follow(&m, v);
    assert_int_equal(count_alike(v, m.catalog), OBJECTS - 1);
    visual_close(v);
    close_museum(&m);
}

// Opened with another default of museum.conf, the index obeys it, reader and writer, without being made
// again.
static void another_default_counts_at_once(void **state)
{
    (void)state;
    static const struct {
        Access access;
        bool shown;
    } rows[] = {{ACCESS_FULL, true}, {ACCESS_NONE, false}, {ACCESS_SIDE, true}, {ACCESS_RECORD, false}};
    Museum m = open_museum();
    put(&m, "silent", 1, 51, SAYS_NOTHING);
    put(&m, "open", 1, 52, ACCESS_FULL);
    put(&m, "shut", 1, 53, ACCESS_NONE);
    Visual *v = open_index(&m, true);
    follow(&m, v);
    check_view(v, 51, WHOLE, ""); // nobody has said what the default is
    visual_close(v);
    const int asked = m.asked;
    for (size_t i = 0; i < 2 * COUNT_OF(rows); i++) {
        const Terms terms = {.access = rows[i / 2].access, .side_max_px = 600};
        v = open_index(&m, i % 2 == 0);
        catalog_default_terms(m.catalog, terms);
        visual_default_terms(v, terms);
        check_view(v, 51, WHOLE, rows[i / 2].shown ? "silent" : "");
        check_view(v, 52, WHOLE, "open");
        check_view(v, 53, WHOLE, "");
        if (i % 2 == 0) {
            put(&m, "silent", 2 + (int)i / 2, 51, SAYS_NOTHING); // and after it has been written anew
            follow(&m, v);
            check_view(v, 51, WHOLE, rows[i / 2].shown ? "silent" : "");
        }
        visual_close(v);
    }
    assert_int_equal(m.asked, asked);
    close_museum(&m);
}

static void changes_are_followed(void **state)
{
    (void)state;
    Museum m = open_museum();
    Visual *v = open_index(&m, true);
    follow(&m, v);
    put(&m, "object-3", 2, 60, ACCESS_FULL); // another picture
    put(&m, "object-4", -2, 4, ACCESS_FULL); // deleted
    follow(&m, v);
    check_view(v, 3, WHOLE, "");
    check_view(v, 60, WHOLE, "object-3");
    check_view(v, 4, WHOLE, "");
    put(&m, "object-4", 3, 4, ACCESS_FULL); // taken back
    follow(&m, v);
    check_view(v, 4, WHOLE, "object-4");
    assert_int_equal(visual_counts(v).pictures, OBJECTS);
    visual_close(v);
    v = open_index(&m, true);
    assert_int_equal(visual_counts(v).pictures, OBJECTS);
    check_view(v, 60, WHOLE, "object-3");
    visual_close(v);
    close_museum(&m);
}

static uint32_t most_marks(const Visual *v)
{
    uint32_t most = 0;
    for (int p = 0; p < v->parts_count; p++) {
        const Segment *s = v->parts[p].segment;
        for (uint32_t i = 0; i < s->pictures; i++)
            most = MAX_OF(most, s->picture[i].marks);
    }
    return most;
}

// While there is room pictures have many marks. In a collection that has grown, also those that are there
// already keep the strongest, and so it is after a restart.
static void weak_marks_go_when_room_is_short(void **state)
{
    (void)state;
    Museum m = open_museum();
    Visual *v = open_index(&m, true);
    follow(&m, v);
    assert_true(most_marks(v) > (uint32_t)marks_of_tier[0]);
    assert_true(most_marks(v) <= MARKS_MAX);
    for (int round = 0; round < 2; round++) {
        char id[20];
        snprintf(id, sizeof(id), "more-%d", round);
        v->marks_max = (OBJECTS + 1) * marks_of_tier[0];
        put(&m, id, 1, (uint32_t)(100 + round), ACCESS_FULL);
        follow(&m, v);
        assert_int_equal(most_marks(v), marks_of_tier[0]);
        for (uint32_t i = 0; i < OBJECTS; i += 3) {
            snprintf(id, sizeof(id), "object-%u", i);
            check_view(v, i, WHOLE, id);
        }
        check_view(v, 100, (View){60, 30, 250, 200, 1, true}, "more-0");
        visual_close(v);
        v = open_index(&m, true);
        assert_int_equal(most_marks(v), marks_of_tier[0]);
    }
    assert_int_equal(visual_counts(v).pictures, OBJECTS + 2);
    visual_close(v);
    close_museum(&m);
}

static void late_pictures_come_later(void **state)
{
    (void)state;
    Museum m = open_museum();
    m.missing = 5;
    Visual *v = open_index(&m, true);
    follow(&m, v);
    check_view(v, 5, WHOLE, "");
    assert_int_equal(visual_counts(v).late, 1);
    visual_close(v);
    m.missing = -1;
    v = open_index(&m, true);
    follow(&m, v);
    check_view(v, 5, WHOLE, "object-5");
    assert_int_equal(visual_counts(v).late, 0);
    visual_close(v);
    close_museum(&m);
}

static void one_writes_many_read(void **state)
{
    (void)state;
    Err err = {0};
    Museum m = open_museum();
    assert_null(visual_open(m.index, false, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    Visual *writer = open_index(&m, true), *reader = open_index(&m, false);
    assert_null(visual_open(m.index, true, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    check_view(reader, 2, WHOLE, "");
    follow(&m, writer);
    check_view(reader, 2, WHOLE, "object-2");
    put(&m, "late-comer", 1, 70, ACCESS_FULL);
    follow(&m, writer);
    check_view(reader, 70, WHOLE, "late-comer");
    visual_close(writer);
    visual_close(reader);
    FINE(visual_erase(m.index, &err), err);
    writer = open_index(&m, true);
    assert_int_equal(visual_sequence(writer), 0);
    visual_close(writer);
    close_museum(&m);
}

// Whatever a kill leaves behind, the next run brings to the same index.
static void killed_and_taken_up(void **state)
{
    (void)state;
    Museum m = open_museum();
    for (int round = 0; round < 10; round++) {
        const pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            Err err = {0};
            Catalog *c = catalog_open(m.place.file, false, &err);
            Visual *v = visual_open(m.index, true, &err);
            if (v && round % 2) // weak marks go, too
                v->marks_max = 1;
            int64_t sequence;
            const volatile bool stop = false;
            const VisualSource source = {&m, give_pyramid};
            const bool good = c && v && visual_follow(v, c, &source, &stop, &sequence, &err);
            _exit(good ? 0 : 1);
        }
        usleep((useconds_t)(round * 15000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        char id[20];
        snprintf(id, sizeof(id), "more-%d", round);
        put(&m, id, 1, (uint32_t)(100 + round), ACCESS_FULL);
    }
    Visual *v = open_index(&m, true);
    follow(&m, v);
    assert_int_equal(visual_counts(v).pictures, OBJECTS + 10);
    for (uint32_t i = 0; i < OBJECTS; i += 5) {
        char id[20];
        snprintf(id, sizeof(id), "object-%u", i);
        check_view(v, i, WHOLE, id);
    }
    check_view(v, 109, WHOLE, "more-9");
    visual_close(v);
    close_museum(&m);
}

static void damage(const Museum *m, const char *name, off_t at, bool cut)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/%s", m->index, name);
    const int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    const char wrong = 0x5a;
    if (cut)
        assert_int_equal(ftruncate(fd, at), 0);
    else
        assert_int_equal(pwrite(fd, &wrong, 1, at), 1);
    close(fd);
}

static void damaged_is_made_again(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        off_t at;
        bool cut;
    } rows[] = {{"head", 0, true}, {"head", 20, true}, {"head", 0, false}, {"head", 12, false},
        {"head", 60, false}, {"segment-1", 0, true}, {"segment-1", 100, true}, {"segment-1", 3, false},
        {"segment-1", 12, false}, {"segment-1", 17, false}, {"forms-1", 0, true}, {"forms-1", 60, true},
        {"forms-1", 3, false}, {"forms-1", 12, false}, {"forms-1", 45, false}};
    Museum m = open_museum();
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        remove_index(&m);
        Visual *v = open_index(&m, true);
        follow(&m, v);
        visual_close(v);
        damage(&m, rows[i].name, rows[i].at, rows[i].cut);
        Err err = {0};
        assert_null(visual_open(m.index, false, &err));
        assert_int_equal(err.kind, ERR_CORRUPT);
        v = open_index(&m, true);
        assert_int_equal(visual_sequence(v), 0);
        follow(&m, v);
        check_view(v, 1, WHOLE, "object-1");
        visual_close(v);
    }
    close_museum(&m);
}

static void other_questions(void **state)
{
    (void)state;
    Museum m = open_museum();
    Visual *v = open_index(&m, true);
    follow(&m, v);
    CLEANUP(arena_closep) Arena *a = arena_open();
    VisualAnswer answer = ask(v, (VisualAsk){.question = VISUAL_SAME, .image_id = S("object-6:1")}, a);
    assert_int_equal(answer.count, 1);
    assert_true(answer.hits[0].score > 0.99);
    answer = ask(v, (VisualAsk){.question = VISUAL_LIKE, .image_id = S("object-6:1")}, a);
    assert_true(answer.count > 1 && str_eq(answer.hits[0].object_id, S("object-6")));
    answer = ask(v,
        (VisualAsk){.question = VISUAL_LIKE, .image_id = S("object-6:1"), .except_object = S("object-6")}, a);
    assert_true(answer.count > 0 && !str_eq(answer.hits[0].object_id, S("object-6")));
    const Str only[] = {S("object-9"), S("nobody"), S("object-2")};
    answer = ask(v,
        (VisualAsk){.question = VISUAL_LIKE,
            .image_id = S("object-6:1"),
            .has_only = true,
            .only = only,
            .only_count = 3},
        a);
    assert_int_equal(answer.count, 2);
    answer = ask(v, (VisualAsk){.question = VISUAL_LIKE, .image_id = S("object-6:1"), .has_only = true}, a);
    assert_int_equal(answer.count, 0);
    answer = ask(v, (VisualAsk){.question = VISUAL_LIKE, .image_id = S("object-6:1"), .limit = 3}, a);
    assert_int_equal(answer.count, 3);
    visual_close(v);
    close_museum(&m);
}

// ---- is it there already

// Noise, and a little darker: the same picture still.
static Pixels worn(const Pixels *px)
{
    Pixels out = see(px, WHOLE);
    uint32_t state = 77;
    for (int y = 0; y < HEIGHT; y++) {
        for (int i = 0; i < WIDTH * 3; i++) {
            uint8_t *value = out.p + (size_t)y * out.stride + i;
            *value = (uint8_t)(*value * 7 / 8 + next_random(&state) % 16);
        }
    }
    return out;
}

static size_t twins_of(
    Visual *v, uint32_t number, int distance_max, ViewerRole role, Str except, Arena *a, VisualTwin **ret)
{
    Err err = {0};
    Pixels px = paint(number), seen = worn(&px);
    SketchCode code;
    size_t count;
    assert_true(sketch_code((Picture){seen.p, WIDTH, HEIGHT, seen.stride}, &code));
    FINE(visual_same(v, &code, distance_max, role, except, a, ret, &count, &err), err);
    free(px.p);
    free(seen.p);
    return count;
}

static void twins_are_told(void **state)
{
    (void)state;
    Museum m = open_museum();
    put(&m, "again", 1, 6, ACCESS_FULL);
    put(&m, "secret", 1, 6, ACCESS_NONE);
    Visual *v = open_index(&m, true);
    follow(&m, v);
    CLEANUP(arena_closep) Arena *a = arena_open();
    VisualTwin *twins;
    assert_int_equal(twins_of(v, 6, CODE_SAME_MAX, VIEWER_PUBLIC, (Str){0}, a, &twins), 2);
    assert_in_range(twins[0].distance, 0, CODE_SAME_MAX);
    assert_int_equal(twins[0].width_px, WIDTH);
    assert_int_equal(twins_of(v, 6, CODE_SAME_MAX, VIEWER_STAFF, (Str){0}, a, &twins), 3);
    assert_int_equal(twins_of(v, 6, CODE_SAME_MAX, VIEWER_PUBLIC, S("again"), a, &twins), 1);
    assert_true(str_eq(twins[0].object_id, S("object-6")) && str_eq(twins[0].image_id, S("object-6:1")));
    assert_int_equal(twins_of(v, 100, CODE_ALIKE_MAX, VIEWER_STAFF, (Str){0}, a, &twins), 0);
    assert_int_equal(twins_of(v, 100, CODE_BITS, VIEWER_PUBLIC, (Str){0}, a, &twins), OBJECTS + 1);
    for (size_t i = 1; i < OBJECTS + 1; i++)
        assert_true(twins[i].distance >= twins[i - 1].distance);
    put(&m, "again", -2, 6, ACCESS_FULL);
    follow(&m, v);
    assert_int_equal(twins_of(v, 6, CODE_SAME_MAX, VIEWER_PUBLIC, (Str){0}, a, &twins), 1);
    Err err = {0};
    size_t count;
    assert_false(visual_same(v, &(SketchCode){0}, -1, VIEWER_STAFF, (Str){0}, a, &twins, &count, &err));
    assert_false(visual_same(v, &(SketchCode){0}, 257, VIEWER_STAFF, (Str){0}, a, &twins, &count, &err));
    visual_close(v);
    close_museum(&m);
}

static void refuse(Visual *v, VisualAsk wish, ErrKind want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    VisualAnswer answer;
    assert_false(visual_ask(v, &wish, a, &answer, &err));
    assert_int_equal(err.kind, want);
}

static void refused(void **state)
{
    (void)state;
    static const uint8_t pixels[64];
    Museum m = open_museum();
    Visual *v = open_index(&m, true);
    const Picture small = {pixels, 4, 4, 12};
    refuse(v, (VisualAsk){.question = VISUAL_DETAIL, .limit = 10}, ERR_INVALID);
    refuse(v, (VisualAsk){.question = VISUAL_LIKE, .limit = 10}, ERR_INVALID);
    for (int count = -1; count <= VISUAL_CORNERS_MAX + 1; count++) {
        if (count < 0 || count == 1 || count == 2 || count > VISUAL_CORNERS_MAX)
            refuse(v,
                (VisualAsk){.question = VISUAL_DETAIL, .picture = small, .lasso_count = count, .limit = 1},
                ERR_INVALID);
    }
    refuse(v, (VisualAsk){.question = VISUAL_DETAIL, .picture = small, .limit = 0}, ERR_INVALID);
    refuse(v, (VisualAsk){.question = VISUAL_DETAIL, .picture = small, .limit = 101}, ERR_INVALID);
    refuse(v, (VisualAsk){.question = VISUAL_DETAIL, .picture = small, .limit = 10, .features_max = -1},
        ERR_INVALID);
    refuse(v, (VisualAsk){.question = VISUAL_DETAIL, .picture = {pixels, 0, 4, 12}, .limit = 1}, ERR_INVALID);
    refuse(v, (VisualAsk){.question = VISUAL_DETAIL, .picture = {pixels, 4, 4, 11}, .limit = 1}, ERR_INVALID);
    refuse(
        v, (VisualAsk){.question = VISUAL_DETAIL, .picture = {pixels, 1201, 1, 3603}, .limit = 1}, ERR_LIMIT);
    refuse(v, (VisualAsk){.question = VISUAL_LIKE, .image_id = S("no such:1"), .limit = 1}, ERR_NOT_FOUND);
    refuse(v, (VisualAsk){.question = VISUAL_PALETTE, .limit = 1}, ERR_INVALID);
    refuse(v, (VisualAsk){.question = VISUAL_PALETTE, .colours_count = 7, .limit = 1}, ERR_INVALID);
    refuse(v, (VisualAsk){.question = VISUAL_PALETTE, .colours_count = 1, .limit = 1}, ERR_INVALID);
    visual_close(v);
    close_museum(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_detail),
        cmocka_unit_test(a_lasso_leaves_the_rest_out),
        cmocka_unit_test(found_by_colours_alone),
        cmocka_unit_test(nothing_to_search_by),
        cmocka_unit_test(hidden_stays_hidden),
        cmocka_unit_test(hidden_since_the_index_followed),
        cmocka_unit_test(another_default_counts_at_once),
        cmocka_unit_test(changes_are_followed),
        cmocka_unit_test(weak_marks_go_when_room_is_short),
        cmocka_unit_test(late_pictures_come_later),
        cmocka_unit_test(one_writes_many_read),
        cmocka_unit_test(killed_and_taken_up),
        cmocka_unit_test(damaged_is_made_again),
        cmocka_unit_test(other_questions),
        cmocka_unit_test(twins_are_told),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
