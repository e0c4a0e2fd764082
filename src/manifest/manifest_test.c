// SPDX-License-Identifier: Apache-2.0
#include "manifest/manifest.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "base/json.h"

static Arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static Grant grant_of(const char *access)
{
    Err err = {0};
    Terms terms;
    Grant grant;
    assert_true(rights_terms_parse(str_from(access), &terms, &err));
    assert_true(rights_decide(VIEWER_PUBLIC, terms, &grant, &err));
    return grant;
}

static Str write(const Record *record, const char *access)
{
    Err err = {0};
    Str text;
    ManifestAsk ask = {.record = record,
        .grant = grant_of(access),
        .base_url = S("https://m.example"),
        .museum_name = S("House of Cups"),
        .museum_lang = S("en")};
    CLEANUP(buf_free) Buf out = buf_with_max(MANIFEST_MAX_BYTES);
    assert_true(manifest_write(&ask, &out, &err));
    assert_true(buf_into(&out, arena, &text, &err));
    return text;
}

// The value at "items/0/width": names and positions. Texts as they are, numbers in decimal, the rest by kind.
static const char *at(const Json *tree, const char *path)
{
    Str rest = str_from(path), step;
    while (tree && str_next(&rest, '/', &step)) {
        int64_t index;
        if (tree->kind == JSON_IS_LIST)
            tree = str_to_int64(step, &index) && index < (int64_t)tree->count ? &tree->items[index] : NULL;
        else
            tree = json_find(tree, step);
    }
    if (!tree)
        return "(nothing)";
    switch (tree->kind) {
    case JSON_IS_TEXT:
        return arena_cstr(arena, tree->text);
    case JSON_IS_INT:
        return arena_cstr(arena, arena_printf(arena, "%lld", (long long)tree->integer));
    case JSON_IS_NULL:
    case JSON_IS_BOOL:
    case JSON_IS_REAL:
    case JSON_IS_LIST:
    case JSON_IS_MAP:
        return "(there)";
    }
    return "";
}

static void check(const Record *record, const char *access, const char *path, const char *want)
{
    Err err = {0};
    const Json *tree = json_parse(write(record, access), arena, &err);
    assert_non_null(tree);
    assert_string_equal(at(tree, path), want);
}

static RecordText titles[] = {{S("en"), S("Cup")}, {S("zh-Hans"), S("杯")}, {S("en"), S("Wine cup")}};
static RecordMaker makers[] = {{.name = S("Li"), .role = S("potter")}};
static RecordDate dates[] = {{.text = S("c. 1620"), .has_years = true, .earliest = 1615, .latest = 1625}};
static RecordMedia media[] = {
    {.id = S("a/1:1"), .number = 1, .format = S("image/tiff"), .width_px = 4000, .height_px = 3000},
    {.id = S("a/1:3"),
        .number = 3,
        .width_px = 300,
        .height_px = 900,
        .label = S("foot"),
        .label_lang = S("en")},
    {.id = S("a/1:4"), .number = 4}, // never decoded: no size, no canvas
};

static Record cup(void)
{
    Record record = {.id = S("a/1"),
        .lang = S("en"),
        .credit = S("Gift"),
        .accession = S("1998.44"),
        .rights = S("https://creativecommons.org/publicdomain/zero/1.0/")};
    record.titles.items = titles, record.titles.count = COUNT_OF(titles);
    record.makers.items = makers, record.makers.count = COUNT_OF(makers);
    record.dates.items = dates, record.dates.count = COUNT_OF(dates);
    record.media.items = media, record.media.count = COUNT_OF(media);
    return record;
}

static void head(void **state)
{
    (void)state;
    Record r = cup();
    assert_true(
        str_starts(write(&r, "full"), S("{\"@context\":\"http://iiif.io/api/presentation/3/context.json\"")));
    check(&r, "full", "id", "https://m.example/iiif/manifest/a%2F1");
    check(&r, "full", "type", "Manifest");
    check(&r, "full", "label/en/0", "Cup");
    check(&r, "full", "label/en/1", "Wine cup");
    check(&r, "full", "label/zh-Hans/0", "杯");
    check(&r, "full", "metadata/0/label/en/0", "Maker");
    check(&r, "full", "metadata/0/value/en/0", "Li (potter)");
    check(&r, "full", "metadata/1/value/en/0", "c. 1620");
    check(&r, "full", "metadata/2/value/none/0", "1998.44");
    check(&r, "full", "requiredStatement/value/en/0", "Gift");
    check(&r, "full", "rights", "http://creativecommons.org/publicdomain/zero/1.0/");
    check(&r, "full", "navDate", "1615-01-01T00:00:00Z");
    check(&r, "full", "homepage/0/id", "https://m.example/object/a%2F1");
    check(&r, "full", "provider/0/label/en/0", "House of Cups");
    check(&r, "full", "seeAlso/0/format", "application/json");
    check(&r, "full", "thumbnail/0/service/0/type", "ImageService3");
    check(&r, "full", "summary", "(nothing)");
}

static void canvases(void **state)
{
    (void)state;
    Record r = cup();
    check(&r, "full", "items/0/id", "https://m.example/iiif/manifest/a%2F1/canvas/1");
    check(&r, "full", "items/0/width", "4000");
    check(&r, "full", "items/0/items/0/items/0/target", "https://m.example/iiif/manifest/a%2F1/canvas/1");
    check(&r, "full", "items/0/items/0/items/0/body/id",
        "https://m.example/iiif/3/a%2F1:1/full/max/0/default.jpg");
    check(&r, "full", "items/0/items/0/items/0/body/format", "image/jpeg");
    check(&r, "full", "items/0/items/0/items/0/body/width", "4000");
    check(&r, "full", "items/0/items/0/items/0/body/service/0/id", "https://m.example/iiif/3/a%2F1:1");
    check(&r, "full", "items/1/id", "https://m.example/iiif/manifest/a%2F1/canvas/3");
    check(&r, "full", "items/1/label/en/0", "foot");
    check(&r, "full", "items/2", "(nothing)");
}

// What the Grant does not open is in no place of the document.
static void grants(void **state)
{
    (void)state;
    Record r = cup();
    check(&r, "640", "items/0/width", "4000");
    check(&r, "640", "items/0/items/0/items/0/body/id",
        "https://m.example/iiif/3/a%2F1:1/full/640,480/0/default.jpg");
    check(&r, "640", "items/0/items/0/items/0/body/height", "480");
    check(&r, "record", "items/0/label/en/0", "No picture of this object is open to the public");
    check(&r, "record", "items/1", "(nothing)");
    check(&r, "record", "thumbnail", "(nothing)");
    check(&r, "record", "label/en/0", "Cup");
    size_t found;
    assert_false(str_find(write(&r, "640"), S("max"), &found));
    assert_false(str_find(write(&r, "record"), S("/iiif/3/"), &found));
}

static void odd_records(void **state)
{
    (void)state;
    Record bare = {.id = S("青花 1?#%")};
    check(&bare, "full", "label/none/0", "青花 1?#%");
    check(&bare, "full", "id", "https://m.example/iiif/manifest/%E9%9D%92%E8%8A%B1%201%3F%23%25");
    check(&bare, "full", "metadata", "(nothing)");
    check(&bare, "full", "rights", "(nothing)");
    check(&bare, "full", "navDate", "(nothing)");
    check(&bare, "full", "requiredStatement/value/en/0", "House of Cups");
    check(&bare, "full", "items/0/type", "Canvas");

    RecordText markup[] = {
        {S("en"), S("<script>alert(1)</script>")}, {S("en"), S("a < b > c")}, {S(""), S("x")}};
    bare.titles.items = markup, bare.titles.count = COUNT_OF(markup);
    check(&bare, "full", "label/en/0", "<span>&lt;script&gt;alert(1)&lt;/script&gt;</span>");
    check(&bare, "full", "label/en/1", "a < b > c");
    check(&bare, "full", "label/none/0", "x");

    RecordDate old[] = {{.text = S("300 BCE"), .has_years = true, .earliest = -299, .latest = -299}};
    bare.dates.items = old, bare.dates.count = 1;
    check(&bare, "full", "navDate", "(nothing)");
    bare.rights = S("javascript:alert(1)");
    check(&bare, "full", "rights", "(nothing)");
    bare.rights = S("https://creativecommons.org.evil.example/");
    check(&bare, "full", "rights", "(nothing)");
    bare.rights = S("http");
    check(&bare, "full", "rights", "(nothing)");
    bare.rights = S("http://rightsstatements.org/vocab/InC/1.0/");
    check(&bare, "full", "rights", "http://rightsstatements.org/vocab/InC/1.0/");
}

static void size_row(int width, int height, const char *access, const char *want)
{
    ManifestSize sizes[MANIFEST_SIZES_MAX];
    int count = manifest_sizes(width, height, grant_of(access), sizes);
    CLEANUP(buf_free) Buf got = buf_with_max(200);
    for (int i = 0; i < count; i++)
        buf_printf(&got, "%s%dx%d", i ? " " : "", sizes[i].width_px, sizes[i].height_px);
    buf_add_char(&got, 0);
    assert_string_equal(got.p, want);
}

static void sizes(void **state)
{
    (void)state;
    size_row(4000, 3000, "full", "200x150 250x188 400x300 500x375 1024x768 2000x1500");
    size_row(3000, 4000, "full", "150x200 188x250 300x400 375x500 768x1024 1500x2000");
    size_row(4097, 3001, "full", "200x146 257x188 400x293 513x376 1025x751");
    size_row(10000, 8000, "full", "200x160 313x250 400x320 625x500 1024x819 1250x1000");
    size_row(2048, 10, "full", "200x1 256x2 400x2 512x3 1024x5 2048x10");
    size_row(100000, 1, "full", "200x1 400x1 782x1 1024x1 1563x1");
    size_row(256, 256, "full", "200x200 256x256");
    size_row(200, 100, "full", "200x100");
    size_row(1, 1, "full", "1x1");
    size_row(4000, 3000, "600", "200x150 250x188 400x300 500x375 600x450");
    size_row(4000, 3000, "400", "200x150 250x188 400x300");
    size_row(4000, 3000, "16", "16x12");
    size_row(150, 100, "100", "100x67");
    size_row(4000, 3000, "3000", "200x150 250x188 400x300 500x375 1024x768 2000x1500");
    size_row(4000, 3000, "record", "");
    size_row(0, 3000, "full", "");
    size_row(-5, 3000, "full", "");
    size_row(INT32_MAX, INT32_MAX, "full", "200x200 256x256 400x400 512x512 1024x1024 2048x2048");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(head, setup, teardown),
        cmocka_unit_test_setup_teardown(canvases, setup, teardown),
        cmocka_unit_test_setup_teardown(grants, setup, teardown),
        cmocka_unit_test_setup_teardown(odd_records, setup, teardown),
        cmocka_unit_test(sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
