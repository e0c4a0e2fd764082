// SPDX-License-Identifier: Apache-2.0
#include "image/write.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static const uint8_t PIXELS[4 * 4 * 4] = {1, 2, 3, 4, 5, 6, 7, 8};

static PictureFile file_of(RenderFormat format, int channels, Str xmp)
{
    PictureFile file = {.p = PIXELS,
        .width_px = 4,
        .height_px = 4,
        .channels = channels,
        .stride_bytes = (size_t)channels * 4,
        .format = format,
        .quality = 90,
        .words = {.xmp = xmp, .texts_count = 2}};
    file.words.texts[0].keyword = "Title";
    file.words.texts[0].text = S("Vase, 花瓶");
    file.words.texts[1].keyword = "Source"; // empty: not in the file
    return file;
}

static void check(PictureFile file, ErrKind want, const char *starts)
{
    Err err = {0};
    CLEANUP(buf_free) Buf out = buf_with_max(1 << 20);
    assert_int_equal(picture_write(&file, &out, &err), want == ERR_NONE);
    assert_int_equal(err.kind, want);
    if (want != ERR_NONE)
        return;
    size_t at;
    assert_true(str_starts(buf_str(&out), str_from(starts)));
    assert_int_equal(str_find(buf_str(&out), S("<x:xmpmeta>"), &at), file.words.xmp.n > 0);
    assert_int_equal(str_find(buf_str(&out), S("Vase, 花瓶"), &at), file.format == RENDER_PNG);
    assert_false(str_find(buf_str(&out), S("Source"), &at));
}

static void files_say_what_they_are(void **state)
{
    (void)state;
    check(file_of(RENDER_PNG, 3, S("<x:xmpmeta>")), ERR_NONE, "\x89PNG");
    check(file_of(RENDER_PNG, 4, S("<x:xmpmeta>")), ERR_NONE, "\x89PNG");
    check(file_of(RENDER_PNG, 1, S("")), ERR_NONE, "\x89PNG");
    check(file_of(RENDER_JPEG, 3, S("<x:xmpmeta>")), ERR_NONE, "\xff\xd8\xff");
    check(file_of(RENDER_JPEG, 1, S("")), ERR_NONE, "\xff\xd8\xff");
}

static void what_does_not_fit(void **state)
{
    (void)state;
    PictureFile file = file_of(RENDER_PNG, 3, S(""));
    file.width_px = 0;
    check(file, ERR_LIMIT, "");
    file.width_px = PICTURE_WRITE_SIDE_MAX_PX + 1;
    check(file, ERR_LIMIT, "");
    check(file_of(RENDER_WEBP, 3, S("")), ERR_UNSUPPORTED, "");
    Str longest = {mem_alloc(PICTURE_TEXT_MAX_BYTES + 1), PICTURE_TEXT_MAX_BYTES + 1};
    file = file_of(RENDER_PNG, 3, longest);
    check(file, ERR_LIMIT, "");
    file = file_of(RENDER_PNG, 3, S(""));
    file.words.texts[1].text = longest;
    check(file, ERR_LIMIT, "");
    free((char *)(uintptr_t)longest.p);
}

// What is flat stays what it is, what fits is not touched.
static void fits(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    static const struct {
        int width_px, height_px, side_px, to_width_px, to_height_px;
    } rows[] = {{90, 60, 30, 30, 20}, {60, 90, 30, 20, 30}, {90, 60, 90, 90, 60}, {900, 2, 30, 30, 1},
        {1, 1, 1, 1, 1}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const size_t stride = (size_t)rows[i].width_px * 3 + 5; // a part of something wider
        uint8_t *pixels = arena_alloc(a, stride * (size_t)rows[i].height_px);
        memset(pixels, 77, stride * (size_t)rows[i].height_px);
        const PictureFile file = {.p = pixels,
            .width_px = rows[i].width_px,
            .height_px = rows[i].height_px,
            .channels = 3,
            .stride_bytes = stride};
        const PictureFile got = picture_fit(&file, rows[i].side_px, a);
        assert_int_equal(got.width_px, rows[i].to_width_px);
        assert_int_equal(got.height_px, rows[i].to_height_px);
        assert_int_equal(got.p == file.p, rows[i].side_px >= rows[i].width_px);
        for (int y = 0; y < got.height_px; y++)
            for (int x = 0; x < got.width_px * 3; x++)
                assert_int_equal(got.p[(size_t)y * got.stride_bytes + (size_t)x], 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_say_what_they_are),
        cmocka_unit_test(what_does_not_fit),
        cmocka_unit_test(fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
