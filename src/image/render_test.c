// SPDX-License-Identifier: Apache-2.0
#include "image/draw.h"
#include "image/testing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <png.h>
#include <webp/decode.h>

static Pyramid *picture; // 700 x 500: red grows to the right, green downwards, blue has squares of 32 pixels
static Pyramid *grey;

// ---- what came out

static Pixels decode_png(Str bytes)
{
    png_image png = {.version = PNG_IMAGE_VERSION};
    assert_true(png_image_begin_read_from_memory(&png, bytes.p, bytes.n));
    int channels = (int)PNG_IMAGE_PIXEL_CHANNELS(png.format & ~(png_uint_32)PNG_FORMAT_FLAG_COLORMAP);
    png.format = channels == 1   ? PNG_FORMAT_GRAY
                 : channels == 2 ? PNG_FORMAT_GA
                 : channels == 3 ? PNG_FORMAT_RGB
                                 : PNG_FORMAT_RGBA;
    Pixels px = pixels_make((int)png.width, (int)png.height, channels);
    assert_true(png_image_finish_read(&png, NULL, px.p, 0, NULL));
    return px;
}

static Pixels decode_webp(Str bytes)
{
    int width, height;
    uint8_t *rgba = WebPDecodeRGBA((const uint8_t *)bytes.p, bytes.n, &width, &height);
    assert_non_null(rgba);
    Pixels px = pixels_make(width, height, 4);
    memcpy(px.p, rgba, px.stride * (size_t)height);
    WebPFree(rgba);
    return px;
}

static Pixels decode_jpeg(Str bytes, int width, int height, int channels)
{
    Err err = {0};
    CLEANUP(jpeg_reader_closep) JpegReader *r = jpeg_reader_open();
    Pixels px = pixels_make(width, height, channels);
    if (!jpeg_read(r, bytes, &px, &err))
        fail_msg("not a JPEG of %d x %d", width, height);
    return px;
}

static Pixels draw(const Pyramid *p, RenderAsk ask, int width, int height, int channels)
{
    Err err = {0};
    CLEANUP(buf_free) Buf out = buf_with_max(RENDER_BYTES_MAX);
    if (!render(p, &ask, &out, &err))
        fail_msg("%s", err.text);
    assert_true(render_memory_bytes(p, &ask) > 0);
    Pixels px = ask.format == RENDER_PNG    ? decode_png(buf_str(&out))
                : ask.format == RENDER_WEBP ? decode_webp(buf_str(&out))
                                            : decode_jpeg(buf_str(&out), width, height, channels);
    assert_int_equal(px.width_px, width);
    assert_int_equal(px.height_px, height);
    assert_int_equal(px.channels, channels);
    return px;
}

static void check_pixel(const Pixels *px, int x, int y, int red, int green)
{
    const uint8_t *p = pixels_at(px, x, y);
    if (abs(p[0] - red) > 8 || abs(p[1] - green) > 8)
        fail_msg("(%d, %d) is %d %d, not %d %d", x, y, p[0], p[1], red, green);
}

static int red_at(double x)
{
    return (int)(30 + 200 * x / 700);
}

static int green_at(double y)
{
    return (int)(30 + 200 * y / 500);
}

// ---- regions and sizes: the pixel in the middle of each corner's tenth is where it belongs

static void check_region(RenderAsk ask, RenderFormat format, int channels)
{
    ask.format = format;
    Pixels px = draw(picture, ask, ask.out_width_px, ask.out_height_px, channels);
    for (int corner = 0; corner < 4; corner++) {
        int x = corner & 1 ? ask.out_width_px - 1 : 0, y = corner & 2 ? ask.out_height_px - 1 : 0;
        double across = (x + 0.5) / ask.out_width_px, down = (y + 0.5) / ask.out_height_px;
        if (ask.mirror)
            across = 1 - across;
        check_pixel(&px, x, y, red_at(ask.left_px + across * ask.width_px),
            green_at(ask.top_px + down * ask.height_px));
    }
    free(px.p);
}

static void regions(void **state)
{
    (void)state;
    static const RenderAsk asks[] = {
        {0, 0, 700, 500, 700, 500, false, 0, RENDER_COLOR, RENDER_JPEG},
        {0, 0, 700, 500, 351, 251, false, 0, RENDER_COLOR, RENDER_JPEG},
        {0, 0, 700, 500, 349, 249, true, 0, RENDER_COLOR, RENDER_JPEG},
        {0, 0, 700, 500, 33, 77, false, 0, RENDER_COLOR, RENDER_JPEG},
        {0, 0, 700, 500, 1, 1, false, 0, RENDER_COLOR, RENDER_JPEG},
        {0, 0, 700, 500, 1400, 1000, false, 0, RENDER_COLOR, RENDER_JPEG},
        {101, 203, 399, 97, 200, 50, false, 0, RENDER_COLOR, RENDER_JPEG},
        {101, 203, 399, 97, 1000, 41, true, 0, RENDER_COLOR, RENDER_JPEG},
        {699, 499, 1, 1, 40, 40, false, 0, RENDER_COLOR, RENDER_JPEG},
        {255, 255, 2, 2, 2, 2, false, 0, RENDER_COLOR, RENDER_JPEG},
        {640, 0, 60, 500, 60, 500, false, 0, RENDER_COLOR, RENDER_JPEG},
        {0, 0, 1, 500, 1, 500, false, 0, RENDER_COLOR, RENDER_JPEG},
    };
    for (size_t i = 0; i < COUNT_OF(asks); i++) {
        check_region(asks[i], RENDER_JPEG, 3);
        check_region(asks[i], RENDER_PNG, 3);
        check_region(asks[i], RENDER_WEBP, 4);
    }
}

// ---- turning

static void check_turn(
    double degrees, RenderFormat format, int width, int height, int x, int y, int red, int green)
{
    RenderAsk ask = {0, 0, 700, 500, 350, 250, false, degrees, RENDER_COLOR, format};
    bool free_angle = degrees != 90 && degrees != 180 && degrees != 270;
    Pixels px = draw(picture, ask, width, height, format == RENDER_JPEG ? 3 : free_angle ? 4 : 3);
    check_pixel(&px, x, y, red, green);
    if (degrees == 30 && format == RENDER_PNG)
        assert_int_equal(pixels_at(&px, 0, 0)[3], 0);
    if (degrees == 30 && format == RENDER_JPEG)
        check_pixel(&px, 0, 0, 255, 255);
    free(px.p);
}

static void turns(void **state)
{
    (void)state;
    check_turn(
        90, RENDER_JPEG, 250, 350, 249, 0, red_at(0), green_at(0)); // the left top comes to the right top
    check_turn(180, RENDER_JPEG, 350, 250, 349, 249, red_at(0), green_at(0));
    check_turn(270, RENDER_PNG, 250, 350, 0, 349, red_at(0), green_at(0));
    check_turn(30, RENDER_PNG, 429, 392, 214, 196, red_at(350), green_at(250));
    check_turn(30, RENDER_JPEG, 429, 392, 214, 196, red_at(350), green_at(250));
    check_turn(0.5, RENDER_PNG, 353, 254, 176, 127, red_at(350), green_at(250));
    check_turn(359.9, RENDER_JPEG, 351, 251, 175, 125, red_at(350), green_at(250));
}

// ---- qualities

static void qualities(void **state)
{
    (void)state;
    RenderAsk ask = {0, 0, 700, 500, 200, 150, false, 0, RENDER_GRAY, RENDER_PNG};
    Pixels px = draw(picture, ask, 200, 150, 1);
    assert_in_range(*pixels_at(&px, 0, 0), 35, 50);
    free(px.p);
    ask.quality = RENDER_BITONAL;
    px = draw(picture, ask, 200, 150, 1);
    assert_int_equal(*pixels_at(&px, 0, 0), 0);
    assert_int_equal(*pixels_at(&px, 199, 149), 255);
    free(px.p);
    ask.format = RENDER_JPEG;
    free(draw(picture, ask, 200, 150, 1).p);
    free(draw(picture, ask, 200, 150, 1).p);
    ask.quality = RENDER_COLOR;
    free(draw(grey, ask, 200, 150, 1).p); // a grey picture stays grey
    ask.rotation_deg = 45;
    ask.format = RENDER_PNG;
    free(draw(grey, ask, 248, 248, 2).p);
    ask.format = RENDER_WEBP;
    free(draw(grey, ask, 248, 248, 4).p);
}

// ---- refusals

static void check_refused(RenderAsk ask, ErrKind kind)
{
    Err err = {0};
    CLEANUP(buf_free) Buf out = buf_with_max(RENDER_BYTES_MAX);
    assert_false(render(picture, &ask, &out, &err));
    assert_int_equal(err.kind, kind);
    assert_int_equal(render_memory_bytes(picture, &ask), 0);
}

static void refusals(void **state)
{
    (void)state;
    check_refused((RenderAsk){0, 0, 701, 500, 10, 10, false, 0, RENDER_COLOR, RENDER_JPEG}, ERR_INVALID);
    check_refused((RenderAsk){1, 0, 700, 500, 10, 10, false, 0, RENDER_COLOR, RENDER_JPEG}, ERR_INVALID);
    check_refused((RenderAsk){0, 500, 1, 1, 10, 10, false, 0, RENDER_COLOR, RENDER_JPEG}, ERR_INVALID);
    check_refused((RenderAsk){-1, 0, 1, 1, 10, 10, false, 0, RENDER_COLOR, RENDER_JPEG}, ERR_INVALID);
    check_refused((RenderAsk){0, 0, 0, 1, 10, 10, false, 0, RENDER_COLOR, RENDER_JPEG}, ERR_INVALID);
    check_refused(
        (RenderAsk){INT32_MAX, 0, INT32_MAX, 1, 1, 1, false, 0, RENDER_COLOR, RENDER_JPEG}, ERR_INVALID);
    check_refused((RenderAsk){0, 0, 700, 500, 0, 10, false, 0, RENDER_COLOR, RENDER_JPEG}, ERR_INVALID);
    check_refused((RenderAsk){0, 0, 700, 500, 10, -5, false, 0, RENDER_COLOR, RENDER_JPEG}, ERR_INVALID);
    check_refused((RenderAsk){0, 0, 700, 500, 10, 10, false, 360, RENDER_COLOR, RENDER_JPEG}, ERR_INVALID);
    check_refused((RenderAsk){0, 0, 700, 500, 10, 10, false, -1, RENDER_COLOR, RENDER_JPEG}, ERR_INVALID);
    check_refused((RenderAsk){0, 0, 700, 500, 10000, 10000, false, 0, RENDER_COLOR, RENDER_JPEG}, ERR_LIMIT);
    check_refused(
        (RenderAsk){0, 0, 700, 500, INT32_MAX, INT32_MAX, false, 0, RENDER_COLOR, RENDER_JPEG}, ERR_LIMIT);
    check_refused((RenderAsk){0, 0, 700, 500, 7900, 7900, false, 45, RENDER_COLOR, RENDER_PNG}, ERR_LIMIT);
}

static void does_not_fit(void **state)
{
    (void)state;
    Err err = {0};
    RenderAsk ask = {0, 0, 700, 500, 700, 500, false, 0, RENDER_COLOR, RENDER_JPEG};
    CLEANUP(buf_free) Buf out = buf_with_max(1000);
    assert_false(render(picture, &ask, &out, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

// ---- the processor's vectors and plain C give the same bytes

static void check_same_by(double step, int count, int limit, ResampleCare care)
{
    Resample r = resample_make(0.3, step, count, limit, care);
    uint8_t *from = mem_alloc((size_t)limit + RESAMPLE_SLACK), *a = mem_alloc((size_t)count),
            *b = mem_alloc((size_t)count);
    for (int i = 0; i < limit; i++)
        from[i] = (uint8_t)(i * 7919 >> 3);
    resample_row(&r, from, a, RESAMPLE_BEST);
    resample_row(&r, from, b, RESAMPLE_PLAIN);
    assert_memory_equal(a, b, (size_t)count);
    const uint8_t **rows = mem_alloc((size_t)r.taps * sizeof(*rows));
    for (int k = 0; k < r.taps; k++)
        rows[k] = from + (k * 13) % MAX_OF(1, limit - count);
    size_t bytes = (size_t)MIN_OF(count, limit - MIN_OF(limit - 1, limit - count));
    for (int i = 0; i < count && limit > count; i += 5) {
        resample_column(&r, i, rows, bytes, a, RESAMPLE_BEST);
        resample_column(&r, i, rows, bytes, b, RESAMPLE_PLAIN);
        assert_memory_equal(a, b, bytes);
    }
    free(rows);
    free(from);
    free(a);
    free(b);
    resample_free(&r);
}

static void check_same(double step, int count, int limit)
{
    check_same_by(step, count, limit, RESAMPLE_FINE);
    check_same_by(step, count, limit, RESAMPLE_FAST);
}

static void same_everywhere(void **state)
{
    (void)state;
    check_same(1.0, 100, 120);
    check_same(1.37, 333, 500);
    check_same(1.99, 37, 90);
    check_same(0.4, 501, 210);
    check_same(2.2, 70, 160);
    check_same(3.99, 70, 290);
    check_same(7.7, 19, 150);
    check_same(100, 3, 301);
    check_same(1, 1, 1);
    check_same(0.1, 30, 2);
}

// ---- ready planes of a size between two levels

enum { LARGE_WIDTH_PX = 6201, LARGE_HEIGHT_PX = 301 }; // levels of 3101 and 1551, the planes 1600 wide

// Grain makes its tiles heavy, as those of a photograph are: else the planes would not be worth their bytes.
static Pixels grainy_picture(void)
{
    Pixels px = test_picture(LARGE_WIDTH_PX, LARGE_HEIGHT_PX, 3);
    uint32_t number = 1;
    for (size_t i = 0; i < px.stride * (size_t)px.height_px; i += 3) {
        number = number * 1664525 + 1013904223;
        for (size_t c = i; c < i + 3; c++)
            px.p[c] = (uint8_t)(px.p[c] + (number >> 31 ? 24 : -24));
    }
    return px;
}

// `back` undoes `turn`: whichever way the rows come, the upright picture is the same.
static Pyramid *large_picture(Turn turn, Turn back)
{
    Err err = {0};
    Pixels upright = grainy_picture();
    Pixels px = back.swap ? pixels_make(LARGE_HEIGHT_PX, LARGE_WIDTH_PX, 3)
                          : pixels_make(LARGE_WIDTH_PX, LARGE_HEIGHT_PX, 3);
    pixels_turn(&upright, back, &px);
    Pyramid *p = pyramid_open(test_pyramid_file(&px, turn, 256), &err);
    free(upright.p);
    free(px.p);
    assert_non_null(p);
    return p;
}

static int mean_of(const Pixels *px, int left, int top, int channel)
{
    enum { SIDE_PX = 16 };
    int sum = 0;
    for (int y = 0; y < SIDE_PX; y++)
        for (int x = 0; x < SIDE_PX; x++)
            sum += pixels_at(px, left + x, top + y)[channel];
    return sum / (SIDE_PX * SIDE_PX);
}

static void check_drawn(const Pyramid *p, RenderFormat format, int width, int height, bool want_ready)
{
    RenderAsk ask = {0, 0, LARGE_WIDTH_PX, LARGE_HEIGHT_PX, width, height, .format = format};
    assert_int_equal(draw_plan(p, &ask).ready, want_ready);
    Pixels px = draw(p, ask, width, height, 3);
    for (int corner = 0; corner < 4; corner++) {
        int left = corner & 1 ? width - 16 : 0, top = corner & 2 ? height - 16 : 0;
        int red = 30 + 200 * (left + 8) / width, green = 30 + 200 * (top + 8) / height;
        assert_in_range(mean_of(&px, left, top, 0), red - 4, red + 4);
        assert_in_range(mean_of(&px, left, top, 1), green - 4, green + 4);
    }
    free(px.p);
}

static void check_ready(int orientation, int back)
{
    Pyramid *p = large_picture(turn_of_exif(orientation), turn_of_exif(back));
    assert_int_equal(pyramid_ready_planes(p).kind, READY_SIDE_PX);
    assert_int_equal(pyramid_ready_planes(p).height_px, 78);
    check_drawn(p, RENDER_JPEG, 1700, 83, false); // more than they have
    check_drawn(p, RENDER_JPEG, 1600, 78, true);
    check_drawn(p, RENDER_PNG, 1333, 65, true);
    check_drawn(p, RENDER_JPEG, 900, 43, true);
    check_drawn(p, RENDER_JPEG, 500, 24, false); // a few tiles of level 3 are cheaper
    pyramid_drop(p);
}

static void ready_planes(void **state)
{
    (void)state;
    check_ready(1, 1);
    check_ready(3, 3);
    check_ready(6, 8);
    assert_int_equal(pyramid_ready_planes(picture).offset, 0); // too small for any
}

static int group_start(void **state)
{
    (void)state;
    Err err = {0};
    Pixels px = test_picture(700, 500, 3), one = test_picture(700, 500, 1);
    picture = pyramid_open(test_pyramid_file(&px, (Turn){0}, 128), &err);
    grey = pyramid_open(test_pyramid_file(&one, (Turn){0}, 128), &err);
    free(px.p);
    free(one.p);
    return picture && grey ? 0 : -1;
}

static int group_end(void **state)
{
    (void)state;
    pyramid_drop(picture);
    pyramid_drop(grey);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions),
        cmocka_unit_test(turns),
        cmocka_unit_test(qualities),
        cmocka_unit_test(refusals),
        cmocka_unit_test(does_not_fit),
        cmocka_unit_test(same_everywhere),
        cmocka_unit_test(ready_planes),
    };
    return cmocka_run_group_tests_name("image/render", tests, group_start, group_end);
}
