// SPDX-License-Identifier: Apache-2.0
// Rows are pulled through a chain, so that memory is a few rows of tiles, not the picture:
//
//   tiles of the level -> rows of brightness and chroma, resampled -> RGB or grey -> encoder
//
// An upright JPEG in colour goes from planes to planes: colours are never converted and chroma never
// enlarged; a grey JPEG likewise, turned by quarters, too. Only a picture that is turned is gathered whole
// before it is encoded.
#include "base/lane.h"
#include "image/draw.h"

#include <math.h>
#include <stdlib.h>

enum { RENDER_QUALITY = 85, LUMA_THRESHOLD = 128 };

static bool is_bitonal(const RenderAsk *ask)
{
    return ask->quality == RENDER_BITONAL;
}

static bool needs_alpha(const RenderAsk *ask)
{
    bool able = ask->format == RENDER_PNG || ask->format == RENDER_WEBP || ask->format == RENDER_TIFF ||
                ask->format == RENDER_AVIF;
    return able && fmod(ask->rotation_deg, 90.0) != 0.0;
}

static bool plane_to_plane(const RenderAsk *ask)
{
    return ask->format == RENDER_JPEG && ask->quality == RENDER_COLOR && ask->rotation_deg == 0 &&
           !ask->mirror;
}

// ---- rows as the encoders take them

// JFIF's colours, in 16 bits after the point.
static void rgb_row(const uint8_t *y, const uint8_t *cb, const uint8_t *cr, int width_px, uint8_t *to)
{
    enum {
        BITS = 16,
        HALF = 1 << (BITS - 1),
        CR_RED = 91881,
        CB_GREEN = 22554,
        CR_GREEN = 46802,
        CB_BLUE = 116130
    };
    for (int x = 0; x < width_px; x++, to += 3) {
        int blue = cb[x] - 128, red = cr[x] - 128;
        int r = y[x] + ((CR_RED * red + HALF) >> BITS);
        int g = y[x] - ((CB_GREEN * blue + CR_GREEN * red + HALF) >> BITS);
        int b = y[x] + ((CB_BLUE * blue + HALF) >> BITS);
        to[0] = (uint8_t)(r < 0 ? 0 : r > 255 ? 255 : r);
        to[1] = (uint8_t)(g < 0 ? 0 : g > 255 ? 255 : g);
        to[2] = (uint8_t)(b < 0 ? 0 : b > 255 ? 255 : b);
    }
}

static void mirror_row(uint8_t *row, int width_px, int channels)
{
    for (int a = 0, b = width_px - 1; a < b; a++, b--) {
        for (int c = 0; c < channels; c++) {
            uint8_t swap = row[a * channels + c];
            row[a * channels + c] = row[b * channels + c];
            row[b * channels + c] = swap;
        }
    }
}

// `planes` has room for three rows; the source of one plane does not use it.
static bool next_row(DrawSource *s, const RenderAsk *ask, int y, uint8_t *planes, uint8_t *to, Err *err)
{
    int width = ask->out_width_px, channels = draw_source_planes(s);
    if (channels == 1) {
        if (!draw_source_row(s, 0, y, to, err))
            return false;
    } else {
        uint8_t *cb = planes + width, *cr = cb + width;
        if (!draw_source_row(s, 0, y, planes, err) || !draw_source_row(s, 1, y, cb, err) ||
            !draw_source_row(s, 2, y, cr, err))
            return false;
        rgb_row(planes, cb, cr, width, to);
    }
    if (is_bitonal(ask))
        for (int x = 0; x < width; x++)
            to[x] = to[x] < LUMA_THRESHOLD ? 0 : 255;
    if (ask->mirror)
        mirror_row(to, width, channels);
    return true;
}

static Pixels gather(DrawSource *s, const RenderAsk *ask, uint8_t *planes, bool *ret_ok, Err *err)
{
    Pixels px = pixels_make(ask->out_width_px, ask->out_height_px, draw_source_planes(s));
    *ret_ok = true;
    for (int y = 0; y < ask->out_height_px && *ret_ok; y++) {
        *ret_ok = next_row(s, ask, y, planes, pixels_at(&px, 0, y), err);
        if (y % JPEG_PLANE_ROWS == 0)
            lane_give_way();
    }
    return px;
}

static bool render_turned(DrawSource *s, const RenderAsk *ask, uint8_t *planes, Encoder *e, Err *err)
{
    bool ok;
    Pixels px = gather(s, ask, planes, &ok, err);
    ok = ok && draw_turned(&px, ask->rotation_deg, needs_alpha(ask), is_bitonal(ask), e, err);
    free(px.p);
    return ok;
}

static bool render_upright(DrawSource *s, const RenderAsk *ask, uint8_t *planes, Encoder *e, Err *err)
{
    uint8_t *row = mem_alloc((size_t)ask->out_width_px * (size_t)draw_source_planes(s));
    bool ok = true;
    for (int y = 0; y < ask->out_height_px && ok; y++) {
        ok = next_row(s, ask, y, planes, row, err) && encoder_row(e, row, err);
        if (y % JPEG_PLANE_ROWS == 0)
            lane_give_way();
    }
    free(row);
    return ok;
}

static bool render_rows(DrawSource *s, const RenderAsk *ask, Encoder *e, Err *err)
{
    uint8_t *planes = mem_alloc((size_t)ask->out_width_px * JPEG_PLANES);
    bool ok = ask->rotation_deg > 0 ? render_turned(s, ask, planes, e, err)
                                    : render_upright(s, ask, planes, e, err);
    free(planes);
    return ok;
}

// ---- from planes to planes

// Sixteen rows of brightness, eight of each chroma, with room for whole MCUs.
typedef struct {
    int width[JPEG_PLANES], height[JPEG_PLANES], stride[JPEG_PLANES];
    uint8_t *rows[JPEG_PLANES][JPEG_PLANE_ROWS];
    uint8_t *memory;
} Strip;

static Strip strip_make(int width_px, int height_px)
{
    Strip s = {0};
    size_t stride = (size_t)jpeg_planes_stride(width_px);
    s.memory = mem_alloc(stride * JPEG_PLANE_ROWS * JPEG_PLANES);
    for (int i = 0; i < JPEG_PLANES; i++) {
        s.width[i] = i == 0 ? width_px : (width_px + 1) / 2;
        s.height[i] = i == 0 ? height_px : (height_px + 1) / 2;
        s.stride[i] = (int)(i == 0 ? stride : stride / 2);
        for (int y = 0; y < JPEG_PLANE_ROWS; y++)
            s.rows[i][y] = s.memory + stride * (size_t)(i * JPEG_PLANE_ROWS + y);
    }
    return s;
}

// What lies outside the picture repeats its last row and column.
static void strip_pad(Strip *s, int plane, int rows)
{
    int width = s->width[plane], all = plane == 0 ? JPEG_PLANE_ROWS : JPEG_PLANE_ROWS / 2;
    for (int y = 0; y < all; y++) {
        uint8_t *row = s->rows[plane][y];
        if (y >= rows)
            memcpy(row, s->rows[plane][y - 1], (size_t)s->stride[plane]);
        else
            memset(row + width, row[width - 1], (size_t)(s->stride[plane] - width));
    }
}

static bool strip_fill(DrawSource *source, Strip *s, int plane, int top, Err *err)
{
    int all = plane == 0 ? JPEG_PLANE_ROWS : JPEG_PLANE_ROWS / 2;
    int rows = MIN_OF(all, s->height[plane] - top);
    for (int y = 0; y < rows; y++)
        if (!draw_source_row(source, plane, top + y, s->rows[plane][y], err))
            return false;
    strip_pad(s, plane, rows);
    return true;
}

static bool render_planes(DrawSource *source, const RenderAsk *ask, Buf *out, Err *err)
{
    CLEANUP(jpeg_writer_closep) JpegWriter *w = jpeg_writer_open(RENDER_QUALITY, true);
    if (!jpeg_planes_start(w, ask->out_width_px, ask->out_height_px, JPEG_PLANES, out, err))
        return false;
    Strip s = strip_make(ask->out_width_px, ask->out_height_px);
    bool ok = true;
    for (int top = 0; top < ask->out_height_px && ok; top += JPEG_PLANE_ROWS) {
        for (int i = 0; i < JPEG_PLANES && ok; i++)
            ok = strip_fill(source, &s, i, i == 0 ? top : top / 2, err);
        ok = ok && jpeg_planes_rows(w, s.rows, err);
        lane_give_way();
    }
    free(s.memory);
    return ok && jpeg_planes_finish(w, err);
}

// ---- grey, upright or turned by quarters

static bool grey_to_plane(const RenderAsk *ask)
{
    return ask->format == RENDER_JPEG && fmod(ask->rotation_deg, 90.0) == 0;
}

// `whole` counts when the picture is turned.
static bool strip_grey(
    DrawSource *source, const RenderAsk *ask, const Pixels *whole, Strip *s, int top, Err *err)
{
    int quarters = (int)(ask->rotation_deg / 90.0), rows = MIN_OF(JPEG_PLANE_ROWS, s->height[0] - top);
    Pixels to = {.p = s->rows[0][0], .width_px = s->width[0], .height_px = rows, .channels = 1};
    to.stride = (size_t)s->stride[0];
    if (quarters > 0)
        draw_quarter_rows(whole, quarters, top, &to);
    for (int y = 0; y < rows && quarters == 0; y++)
        if (!next_row(source, ask, top + y, NULL, s->rows[0][y], err))
            return false;
    strip_pad(s, 0, rows);
    return true;
}

static bool render_grey(DrawSource *source, const RenderAsk *ask, Buf *out, Err *err)
{
    bool swap = fmod(ask->rotation_deg, 180.0) != 0, ok = true;
    int width = swap ? ask->out_height_px : ask->out_width_px;
    int height = swap ? ask->out_width_px : ask->out_height_px;
    CLEANUP(jpeg_writer_closep) JpegWriter *w = jpeg_writer_open(RENDER_QUALITY, true);
    if (!jpeg_planes_start(w, width, height, 1, out, err))
        return false;
    Strip s = strip_make(width, height);
    Pixels whole = {0};
    if (ask->rotation_deg > 0)
        whole = gather(source, ask, NULL, &ok, err);
    for (int top = 0; top < height && ok; top += JPEG_PLANE_ROWS) {
        ok = strip_grey(source, ask, &whole, &s, top, err) && jpeg_planes_rows(w, s.rows, err);
        lane_give_way();
    }
    free(whole.p);
    free(s.memory);
    return ok && jpeg_planes_finish(w, err);
}

// ---- the room's door

static EncodeAsk encode_ask(const RenderAsk *ask, int channels)
{
    DrawRotation r = draw_rotation(ask->out_width_px, ask->out_height_px, ask->rotation_deg);
    return (EncodeAsk){.format = ask->format,
        .width_px = r.width_px,
        .height_px = r.height_px,
        .channels = channels + (needs_alpha(ask) ? 1 : 0),
        .bitonal = is_bitonal(ask),
        .quality = RENDER_QUALITY};
}

static bool check(const PyramidFacts *f, const RenderAsk *ask, Err *err)
{
    if (ask->left_px < 0 || ask->top_px < 0 || ask->width_px < 1 || ask->height_px < 1 ||
        ask->width_px > f->width_px - ask->left_px || ask->height_px > f->height_px - ask->top_px)
        return err_set(err, ERR_INVALID, "the region is not inside the picture");
    if (ask->out_width_px < 1 || ask->out_height_px < 1)
        return err_set(err, ERR_INVALID, "nothing would be left of the picture");
    if (!(ask->rotation_deg >= 0 && ask->rotation_deg < 360))
        return err_set(err, ERR_INVALID, "the rotation is not from 0 to 360 degrees");
    if (ask->out_width_px > RENDER_PIXELS_MAX / ask->out_height_px)
        return err_set(err, ERR_LIMIT, "more than %d megapixels", RENDER_PIXELS_MAX / 1000000);
    DrawRotation r = draw_rotation(ask->out_width_px, ask->out_height_px, ask->rotation_deg);
    if ((int64_t)r.width_px * r.height_px > RENDER_PIXELS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d megapixels when turned", RENDER_PIXELS_MAX / 1000000);
    return true;
}

size_t render_memory_bytes(const Pyramid *p, const RenderAsk *ask)
{
    Err err;
    if (!check(pyramid_facts(p), ask, &err))
        return 0;
    const Grid *g = pyramid_grid(p);
    DrawPlan plan = draw_plan(p, ask);
    size_t channels = plan.luma_only ? 1 : JPEG_PLANES;
    size_t bytes = draw_source_memory_bytes(g, &plan);
    EncodeAsk e = encode_ask(ask, (int)channels);
    // Sixteen rows, of a turned picture sixteen columns, and the picture that is turned.
    size_t row = (size_t)jpeg_planes_stride(MAX_OF(ask->out_width_px, ask->out_height_px)) * JPEG_PLANES;
    bytes += row * JPEG_PLANE_ROWS;
    if (ask->rotation_deg > 0)
        bytes += (size_t)ask->out_width_px * (size_t)ask->out_height_px * channels;
    return bytes + encode_memory_bytes(&e);
}

bool render(const Pyramid *p, const RenderAsk *ask, Buf *out, Err *err)
{
    if (!check(pyramid_facts(p), ask, err))
        return false;
    DrawPlan plan = draw_plan(p, ask);
    CLEANUP(draw_source_closep) DrawSource *s = draw_source_open(p, &plan, plane_to_plane(ask), err);
    if (!s)
        return false;
    bool fits = ask->out_width_px <= JPEG_SIDE_MAX_PX && ask->out_height_px <= JPEG_SIDE_MAX_PX;
    if (fits && plane_to_plane(ask) && draw_source_planes(s) == JPEG_PLANES)
        return render_planes(s, ask, out, err);
    if (fits && grey_to_plane(ask) && draw_source_planes(s) == 1)
        return render_grey(s, ask, out, err);
    EncodeAsk encode = encode_ask(ask, draw_source_planes(s));
    CLEANUP(encoder_closep) Encoder *e = encoder_open(&encode, out, err);
    return e && render_rows(s, ask, e, err) && encoder_finish(e, err);
}

// A grey row in place, each sample three times; from the end, because it grows.
static void spread_grey(uint8_t *row, int width_px)
{
    for (int x = width_px - 1; x >= 0; x--)
        row[3 * x] = row[3 * x + 1] = row[3 * x + 2] = row[x];
}

bool render_pixels(const Pyramid *p, const RenderAsk *ask, uint8_t *to, size_t stride_bytes, Err *err)
{
    if (!check(pyramid_facts(p), ask, err))
        return false;
    DrawPlan plan = draw_plan(p, ask);
    plan.care = RESAMPLE_FINE; // no format is chosen
    CLEANUP(draw_source_closep) DrawSource *s = draw_source_open(p, &plan, false, err);
    if (!s)
        return false;
    uint8_t *planes = mem_alloc((size_t)ask->out_width_px * JPEG_PLANES);
    bool ok = true, spread = ask->quality == RENDER_COLOR && draw_source_planes(s) == 1;
    for (int y = 0; y < ask->out_height_px && ok; y++) {
        uint8_t *row = to + (size_t)y * stride_bytes;
        ok = next_row(s, ask, y, planes, row, err);
        if (ok && spread)
            spread_grey(row, ask->out_width_px);
    }
    free(planes);
    return ok;
}
