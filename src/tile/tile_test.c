// SPDX-License-Identifier: Apache-2.0
// The pure parts: addresses, plans, limits of a Grant, info.json. tests/iiif asks a whole museum.
#include "base/json.h"
#include "tile/int.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static Arena *arena;

static int open_arena(void **state)
{
    (void)state;
    arena = arena_open();
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

// ---- addresses

static void check(const char *path, ErrKind want)
{
    TileAsk ask;
    Err err = {0};
    bool ok = ask_parse(str_from(path), arena, &ask, &err);
    if (ok != (want == ERR_NONE) || err.kind != want)
        fail_msg("%s: wanted %s, got %s (%s)", path, err_kind_name(want), err_kind_name(err.kind), err.text);
}

// The picture part, in 3.0 and in 2.1.
static void check_picture(const char *part, ErrKind want_3, ErrKind want_2)
{
    char path[500];
    snprintf(path, sizeof(path), "/iiif/3/vase:1/%s", part);
    check(path, want_3);
    snprintf(path, sizeof(path), "/iiif/2/vase:1/%s", part);
    check(path, want_2);
}

static void check_both(const char *part, ErrKind want)
{
    check_picture(part, want, want);
}

static void addresses(void **state)
{
    (void)state;
    check("/iiif/3/vase:1", ERR_NONE);
    check("/iiif/2/vase:1", ERR_NONE);
    check("/iiif/3/vase:1/info.json", ERR_NONE);
    check("/iiif/3/a%2Fb%25:1/info.json", ERR_NONE);
    check("/iiif/3/%E9%9D%92%E8%8A%B1:1/info.json", ERR_NONE);
    check("/iiif/3/<>\\^`[]/info.json", ERR_NONE); // strange, but an id; the catalogue will not know it
    check("/iiif/3/", ERR_INVALID);
    check("/iiif/3//info.json", ERR_INVALID);
    check("/iiif/4/vase:1", ERR_INVALID);
    check("/iiif/3", ERR_INVALID);
    check("", ERR_INVALID);
    check("/iiif/3/vase:1/", ERR_INVALID);
    check("/iiif/3/vase:1/info", ERR_INVALID);
    check("/iiif/3/vase:1/info.json/", ERR_INVALID);
    check("/iiif/3/vase:1/info.xml", ERR_INVALID);
    check("/iiif/3/a/b/info.json", ERR_INVALID);
    check("/iiif/3/a/full/max/0/default.jpg/more", ERR_NOT_FOUND);
    check("/iiif/3/a/full/max/0", ERR_INVALID);
    check("/iiif/3/%/info.json", ERR_INVALID);
    check("/iiif/3/%zz/info.json", ERR_INVALID);
    check("/iiif/3/%00/info.json", ERR_INVALID);
    check("/iiif/3/%FF/info.json", ERR_INVALID);
    check("/iiif/3/%ED%A0%80/info.json", ERR_INVALID);
}

static void regions(void **state)
{
    (void)state;
    check_both("full/max/0/default.jpg", ERR_NONE);
    check_both("square/max/0/default.jpg", ERR_NONE);
    check_both("0,0,1,1/max/0/default.jpg", ERR_NONE);
    check_both("0%2C0%2C1%2c1/max/0/default.jpg", ERR_NONE);
    check_both("0,0,99999999999999999999,99999999999999999999/max/0/default.jpg", ERR_NONE);
    check_both("pct:0,0,100,100/max/0/default.jpg", ERR_NONE);
    check_both("pct:0.5,.25,33.333,0.01/max/0/default.jpg", ERR_NONE);
    check_both("/max/0/default.jpg", ERR_INVALID);
    check_both("FULL/max/0/default.jpg", ERR_INVALID);
    check_both("max/max/0/default.jpg", ERR_INVALID);
    check_both("0,0,1/max/0/default.jpg", ERR_INVALID);
    check_both("0,0,1,1,1/max/0/default.jpg", ERR_INVALID);
    check_both("0,0,0,1/max/0/default.jpg", ERR_INVALID);
    check_both("0,0,1,0/max/0/default.jpg", ERR_INVALID);
    check_both("-1,0,1,1/max/0/default.jpg", ERR_INVALID);
    check_both("+1,0,1,1/max/0/default.jpg", ERR_INVALID);
    check_both("0x1,0,1,1/max/0/default.jpg", ERR_INVALID);
    check_both("1e2,0,1,1/max/0/default.jpg", ERR_INVALID);
    check_both("1.5,0,1,1/max/0/default.jpg", ERR_INVALID);
    check_both(" 1,0,1,1/max/0/default.jpg", ERR_INVALID);
    check_both("0,0,,/max/0/default.jpg", ERR_INVALID);
    check_both(",,,/max/0/default.jpg", ERR_INVALID);
    check_both("%D9%A1,0,1,1/max/0/default.jpg", ERR_INVALID); // an Arabic digit
    check_both("0,0,999999999999999999999999999999999999999999,1/max/0/default.jpg", ERR_INVALID);
    check_both("pct:0,0,0,100/max/0/default.jpg", ERR_INVALID);
    check_both("pct:0,0,100/max/0/default.jpg", ERR_INVALID);
    check_both("pct:0,0,-1,100/max/0/default.jpg", ERR_INVALID);
    check_both("pct:0,0,1.2.3,100/max/0/default.jpg", ERR_INVALID);
    check_both("pct:0,0,nan,100/max/0/default.jpg", ERR_INVALID);
    check_both("pct:0,0,1.,100/max/0/default.jpg", ERR_INVALID);
    check_both("pct:,,,/max/0/default.jpg", ERR_INVALID);
    check_both("percent:0,0,1,1/max/0/default.jpg", ERR_INVALID);
    check_both("square:1/max/0/default.jpg", ERR_INVALID);
    check_both("0,0,1,%/max/0/default.jpg", ERR_INVALID);
}

static void sizes(void **state)
{
    (void)state;
    check_picture("full/full/0/default.jpg", ERR_INVALID, ERR_NONE);
    check_picture("full/^max/0/default.jpg", ERR_NONE, ERR_INVALID);
    check_picture("full/%5E100,/0/default.jpg", ERR_NONE, ERR_INVALID);
    check_picture("full/^!100,100/0/default.jpg", ERR_NONE, ERR_INVALID);
    check_picture("full/^pct:200/0/default.jpg", ERR_NONE, ERR_INVALID);
    check_both("full/100,/0/default.jpg", ERR_NONE);
    check_both("full/,100/0/default.jpg", ERR_NONE);
    check_both("full/100,50/0/default.jpg", ERR_NONE);
    check_both("full/!100,50/0/default.jpg", ERR_NONE);
    check_both("full/%21100,50/0/default.jpg", ERR_NONE);
    check_both("full/pct:0.1/0/default.jpg", ERR_NONE);
    check_both("full//0/default.jpg", ERR_INVALID);
    check_both("full/,/0/default.jpg", ERR_INVALID);
    check_both("full/!,/0/default.jpg", ERR_INVALID);
    check_both("full/!100,/0/default.jpg", ERR_INVALID);
    check_both("full/!,100/0/default.jpg", ERR_INVALID);
    check_both("full/!^100,100/0/default.jpg", ERR_INVALID);
    check_both("full/^^max/0/default.jpg", ERR_INVALID);
    check_both("full/^/0/default.jpg", ERR_INVALID);
    check_both("full/!max/0/default.jpg", ERR_INVALID);
    check_both("full/^full/0/default.jpg", ERR_INVALID);
    check_both("full/0,/0/default.jpg", ERR_INVALID);
    check_both("full/,0/0/default.jpg", ERR_INVALID);
    check_both("full/0,0/0/default.jpg", ERR_INVALID);
    check_both("full/100/0/default.jpg", ERR_INVALID);
    check_both("full/100,50,25/0/default.jpg", ERR_INVALID);
    check_both("full/-100,/0/default.jpg", ERR_INVALID);
    check_both("full/1.5,/0/default.jpg", ERR_INVALID);
    check_both("full/pct:0/0/default.jpg", ERR_INVALID);
    check_both("full/pct:/0/default.jpg", ERR_INVALID);
    check_both("full/pct:-5/0/default.jpg", ERR_INVALID);
    check_both("full/pct:1e1/0/default.jpg", ERR_INVALID);
    check_both("full/pct:inf/0/default.jpg", ERR_INVALID);
    check_both("full/MAX/0/default.jpg", ERR_INVALID);
}

static void rotations_qualities_formats(void **state)
{
    (void)state;
    check_both("full/max/90/default.jpg", ERR_NONE);
    check_both("full/max/360/default.jpg", ERR_NONE);
    check_both("full/max/22.5/gray.png", ERR_NONE);
    check_both("full/max/!0/bitonal.webp", ERR_NONE);
    check_both("full/max/%210/color.jpg", ERR_NONE);
    check_both("full/max//default.jpg", ERR_INVALID);
    check_both("full/max/!/default.jpg", ERR_INVALID);
    check_both("full/max/!!90/default.jpg", ERR_INVALID);
    check_both("full/max/90!/default.jpg", ERR_INVALID);
    check_both("full/max/-90/default.jpg", ERR_INVALID);
    check_both("full/max/360.1/default.jpg", ERR_INVALID);
    check_both("full/max/99999999999999999999/default.jpg", ERR_INVALID);
    check_both("full/max/nan/default.jpg", ERR_INVALID);
    check_both("full/max/0/native.jpg", ERR_INVALID);
    check_both("full/max/0/grey.jpg", ERR_INVALID);
    check_both("full/max/0/DEFAULT.jpg", ERR_INVALID);
    check_both("full/max/0/default", ERR_INVALID);
    check_both("full/max/0/.jpg", ERR_INVALID);
    check_both("full/max/0/default.", ERR_INVALID);
    check_both("full/max/0/default.jpeg", ERR_INVALID);
    check_both("full/max/0/default.JPG", ERR_INVALID);
    check_both("full/max/0/default.jpg.png", ERR_INVALID);
    check_both("full/max/0/", ERR_INVALID);
}

// ---- plans: a picture of 5000 x 3000, tiles of 256, levels 1 .. 16

static const PyramidFacts FACTS = {.width_px = 5000,
    .height_px = 3000,
    .tile_px = 256,
    .levels = 5,
    .sizes = {{625, 375}, {1250, 750}},
    .sizes_count = 2};

static TileLimits limits_of(const char *terms)
{
    Err err = {0};
    Terms parsed;
    TileLimits limits = {.side_max_px = 10000, .area_max_px = 20 * 1000 * 1000};
    assert_true(rights_terms_parse(str_from(terms), &parsed, &err));
    assert_true(rights_decide(VIEWER_PUBLIC, parsed, &limits.grant, &err));
    return limits;
}

static ErrKind plan_part(
    const char *version, const char *part, const char *terms, TilePlan *plan, Str *canonical)
{
    char path[300];
    TileAsk ask;
    Err err = {0};
    TileLimits limits = limits_of(terms);
    snprintf(path, sizeof(path), "/iiif/%s/vase:1/%s", version, part);
    assert_true(ask_parse(str_from(path), arena, &ask, &err));
    if (plan_make(&ask, &FACTS, &limits, plan, &err) && plan_permitted(plan, &FACTS, &limits, &err))
        *canonical = plan_canonical(&ask, plan, &FACTS, arena);
    return err.kind;
}

static void check_plan(const char *part, const char *want_3, const char *want_2)
{
    const char *versions[] = {"3", "2"}, *wants[] = {want_3, want_2};
    for (int i = 0; i < 2; i++) {
        TilePlan plan;
        Str canonical = S("");
        ErrKind kind = plan_part(versions[i], part, "full", &plan, &canonical);
        assert_int_equal(kind, wants[i] ? ERR_NONE : ERR_INVALID);
        if (wants[i] && !str_eq(canonical, str_from(wants[i])))
            fail_msg("%s: wanted %s, got " FMT_STR, part, wants[i], ARG_STR(canonical));
    }
}

static void plans(void **state)
{
    (void)state;
    check_plan("full/max/0/default.jpg", "full/max/0/default.jpg", "full/full/0/default.jpg");
    check_plan(
        "0,0,5000,3000/pct:50/0/color.jpg", "full/2500,1500/0/default.jpg", "full/2500,/0/default.jpg");
    check_plan(
        "square/max/90/gray.png", "1000,0,3000,3000/max/90/gray.png", "1000,0,3000,3000/full/90/gray.png");
    check_plan("4900,2900,500,500/max/0/default.jpg", "4900,2900,100,100/max/0/default.jpg",
        "4900,2900,100,100/full/0/default.jpg");
    check_plan("pct:50,50,10,10/max/0/default.jpg", "2500,1500,500,300/max/0/default.jpg",
        "2500,1500,500,300/full/0/default.jpg");
    check_plan(
        "pct:0,0,0.001,0.001/max/0/default.jpg", "0,0,1,1/max/0/default.jpg", "0,0,1,1/full/0/default.jpg");
    check_plan("pct:0,0,200,200/max/!22.50/default.jpg", "full/max/!22.5/default.jpg",
        "full/full/!22.5/default.jpg");
    check_plan("full/!100,100/0/default.jpg", "full/100,60/0/default.jpg", "full/100,/0/default.jpg");
    check_plan("full/,30/360/default.jpg", "full/50,30/0/default.jpg", "full/50,/0/default.jpg");
    check_plan("full/100,100/0/default.jpg", "full/100,100/0/default.jpg", "full/100,100/0/default.jpg");
    check_plan(
        "0,0,10,10/!20,30/0/default.jpg", "0,0,10,10/max/0/default.jpg", "0,0,10,10/20,/0/default.jpg");
    check_plan("0,0,10,10/20,/0/default.jpg", NULL, "0,0,10,10/20,/0/default.jpg");
    check_plan("0,0,10,10/pct:101/0/default.jpg", NULL, "0,0,10,10/full/0/default.jpg");
    check_plan("full/5001,/0/default.jpg", NULL, "full/5001,/0/default.jpg");
    check_plan("full/20000,/0/default.jpg", NULL, NULL);
    check_plan("full/99999999999999999999,/0/default.jpg", NULL, NULL);
    check_plan("5000,0,1,1/max/0/default.jpg", NULL, NULL);
    check_plan("0,3000,1,1/max/0/default.jpg", NULL, NULL);
    check_plan("pct:100,0,1,1/max/0/default.jpg", NULL, NULL);
    check_plan("99999999999999999999,0,1,1/max/0/default.jpg", NULL, NULL);
    TilePlan plan;
    Str canonical;
    assert_int_equal(plan_part("3", "0,0,10,10/^20,/0/default.jpg", "full", &plan, &canonical), ERR_NONE);
    assert_true(str_eq(canonical, S("0,0,10,10/^20,20/0/default.jpg")));
    assert_int_equal(plan_part("3", "0,0,10,5/^max/0/default.jpg", "full", &plan, &canonical), ERR_NONE);
    assert_int_equal(plan.render.out_width_px, 6324); // area: 6324 * 3162 is just under 20 million
    assert_int_equal(plan.render.out_height_px, 3162);
}

// ---- Grants

static void check_grant(const char *part, const char *terms, ErrKind want)
{
    TilePlan plan;
    Str canonical;
    ErrKind kind = plan_part("3", part, terms, &plan, &canonical);
    if (kind != want)
        fail_msg("%s under %s: wanted %s, got %s", part, terms, err_kind_name(want), err_kind_name(kind));
}

static void grants(void **state)
{
    (void)state;
    check_grant("full/1000,/0/default.jpg", "1000", ERR_NONE);
    check_grant("full/1001,/0/default.jpg", "1000", ERR_DENIED);
    check_grant("full/,1000/0/default.jpg", "1000", ERR_DENIED);
    check_grant("full/5000,3000/0/default.jpg", "1000", ERR_DENIED);
    check_grant("full/pct:20/0/default.jpg", "1000", ERR_NONE);
    check_grant("full/pct:21/0/default.jpg", "1000", ERR_DENIED);
    check_grant("full/max/0/default.jpg", "1000", ERR_NONE);
    check_grant("full/max/45/bitonal.png", "1000", ERR_NONE);
    check_grant("0,0,5000,2999/max/0/default.jpg", "1000", ERR_NONE);
    check_grant("0,0,500,500/100,/0/default.jpg", "1000", ERR_NONE);
    check_grant("0,0,500,500/101,/0/default.jpg", "1000", ERR_DENIED);
    check_grant("0,0,500,500/max/0/default.jpg", "1000", ERR_NONE);
    check_grant("0,0,500,500/^500,/0/default.jpg", "1000", ERR_DENIED);
    check_grant("0,0,1,1/1,1/0/default.jpg", "1000", ERR_DENIED); // else pixel by pixel
    check_grant("0,0,1,1/max/0/default.jpg", "1000", ERR_DENIED);
    check_grant("0,0,5000,1/1000,1/0/default.jpg", "1000", ERR_DENIED);
    check_grant("0,0,4,4/1,1/0/default.png", "1000", ERR_DENIED);
    check_grant("0,0,5,5/1,1/0/default.png", "1000", ERR_NONE);
    check_grant("full/max/0/default.jpg", "5000", ERR_NONE);
    check_grant("0,0,1,1/^9,/0/default.jpg", "5000", ERR_NONE);
    TilePlan plan;
    Str canonical;
    assert_int_equal(plan_part("3", "full/max/0/default.jpg", "1000", &plan, &canonical), ERR_NONE);
    assert_int_equal(plan.render.out_width_px, 1000);
    assert_int_equal(plan.render.out_height_px, 600);
    assert_true(plan.largest);
}

static void check_hidden(const char *terms, int levels_hidden, int side)
{
    TileLimits limits = limits_of(terms);
    assert_int_equal(limits_levels_hidden(&FACTS, &limits), levels_hidden);
    assert_int_equal(limits_side(&FACTS, &limits), side);
}

static void hidden_levels(void **state)
{
    (void)state;
    check_hidden("full", 0, 10000);
    check_hidden("5000", 0, 10000);
    check_hidden("4999", 1, 4999);
    check_hidden("2500", 1, 2500);
    check_hidden("1000", 3, 1000);
    check_hidden("313", 4, 313);
    check_hidden("312", 5, 312);
}

// ---- info.json

static const Json *info(int version, const char *terms, const char *id)
{
    Err err = {0};
    TileLimits limits = limits_of(terms);
    CLEANUP(buf_free) Buf rest = buf_with_max(INFO_MAX_BYTES);
    info_write_rest(&(InfoAsk){.version = version, .facts = &FACTS, .limits = &limits}, &rest);
    Str text = info_json(version, S("http://a"), str_from(id), buf_str(&rest), arena);
    const Json *tree = json_parse(text, arena, &err);
    assert_non_null(tree);
    return tree;
}

static void infos(void **state)
{
    (void)state;
    const Json *three = info(3, "full", "a%2Fb");
    assert_true(str_eq(json_text(three, S("id")), S("http://a/iiif/3/a%2Fb")));
    assert_true(str_eq(json_text(three, S("type")), S("ImageService3")));
    assert_true(str_eq(json_text(three, S("profile")), S("level2")));
    assert_int_equal(json_int(three, S("width"), 0), 5000);
    assert_int_equal(json_int(three, S("maxWidth"), 0), 10000);
    assert_int_equal(json_list(three, S("sizes"))->count, 2);
    assert_int_equal(json_list(&json_list(three, S("tiles"))->items[0], S("scaleFactors"))->count, 5);
    const Json *two = info(2, "full", "x");
    assert_true(str_eq(json_text(two, S("@id")), S("http://a/iiif/2/x")));
    assert_int_equal(json_list(two, S("profile"))->count, 2);
    const Json *small = info(3, "700", "x");
    assert_int_equal(json_int(small, S("maxWidth"), 0), 700);
    assert_int_equal(json_list(small, S("sizes"))->count, 1);
    assert_int_equal(json_list(&json_list(small, S("tiles"))->items[0], S("scaleFactors"))->count, 2);
    assert_null(json_list(info(3, "100", "x"), S("tiles")));
    (void)info(3, "full", "\"},{\\");
}

static void check_type(int version, const char *accept, const char *want)
{
    Str type = info_content_type(version, str_from(accept));
    assert_int_equal(str_starts(type, S("application/ld+json")), strcmp(want, "ld") == 0);
}

static void content_types(void **state)
{
    (void)state;
    check_type(3, "", "ld");
    check_type(3, "*/*", "ld");
    check_type(3, "application/json", "json");
    check_type(3, "application/ld+json", "ld");
    check_type(3, "application/json, application/ld+json;q=0.5", "json");
    check_type(3, "application/json;q=0.1, application/ld+json;q=0.5", "ld");
    check_type(2, "", "json");
    check_type(2, "text/html, */*;q=0.1", "json");
    check_type(2, "application/ld+json", "ld");
    check_type(2, ";;,,;q=", "json");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(regions),
        cmocka_unit_test(sizes),
        cmocka_unit_test(rotations_qualities_formats),
        cmocka_unit_test(plans),
        cmocka_unit_test(grants),
        cmocka_unit_test(hidden_levels),
        cmocka_unit_test(infos),
        cmocka_unit_test(content_types),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
