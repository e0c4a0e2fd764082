// SPDX-License-Identifier: Apache-2.0
// Rows are pulled through a chain, so that memory is a few rows of tiles, not the picture:
//
//   tiles of the level (one row of tiles decoded at a time) -> across -> down -> quality -> encoder
//
// Only a picture that is turned is gathered whole before it is encoded.
#include "image/int.h"

#include "base/file.h"

#include <math.h>
#include <stdlib.h>

enum { RENDER_QUALITY = 85, LUMA_THRESHOLD = 128, LEVEL_WINDOW_MARGIN_PX = 3, DECODER_BYTES = 1 << 20 };

// What is to be done, in pixels of the chosen level.
typedef struct {
    int level;
    double left, top, step_x,
        step_y; // of the region, fractions included; step: level pixels per output pixel
    int first_x, first_y, end_x, end_y; // the pixels that are touched
    int channels;
} Plan;

typedef struct {
    const Pyramid *pyramid;
    const Grid *grid;
    Plan plan;
    JpegReader *jpeg;
    Buf bytes;
    Pixels tile, band; // band: plan's columns of one row of tiles
    int band_row;      // -1: none yet
    Resample across, down;
    Pixels ring; // rows after `across`; row y lies at y % ring.height_px
    int ring_end;
    const uint8_t **rows;
} Source;

static int clamp(double v, int low, int high)
{
    return v < low ? low : v > high ? high : (int)v;
}

static bool needs_alpha(const RenderAsk *ask)
{
    bool able = ask->format == RENDER_PNG || ask->format == RENDER_WEBP || ask->format == RENDER_TIFF ||
                ask->format == RENDER_AVIF;
    return able && fmod(ask->rotation_deg, 90.0) != 0.0;
}

// The smallest level that still has at least as many pixels as asked for.
static Plan plan_make(const Grid *g, const RenderAsk *ask)
{
    Plan p = {.channels = ask->quality == RENDER_COLOR ? 3 : 1};
    double step =
        MIN_OF((double)ask->width_px / ask->out_width_px, (double)ask->height_px / ask->out_height_px);
    while (p.level + 1 < g->levels && (double)(INT64_C(2) << p.level) <= step)
        p.level++;
    double scale = (double)(INT64_C(1) << p.level);
    const GridLevel *l = &g->level[p.level];
    p.left = ask->left_px / scale;
    p.top = ask->top_px / scale;
    p.step_x = ask->width_px / scale / ask->out_width_px;
    p.step_y = ask->height_px / scale / ask->out_height_px;
    double margin_x = LEVEL_WINDOW_MARGIN_PX * MAX_OF(1.0, p.step_x);
    double margin_y = LEVEL_WINDOW_MARGIN_PX * MAX_OF(1.0, p.step_y);
    p.first_x = clamp(floor(p.left - margin_x), 0, l->width_px - 1);
    p.first_y = clamp(floor(p.top - margin_y), 0, l->height_px - 1);
    p.end_x = clamp(ceil(p.left + ask->width_px / scale + margin_x), p.first_x + 1, l->width_px);
    p.end_y = clamp(ceil(p.top + ask->height_px / scale + margin_y), p.first_y + 1, l->height_px);
    return p;
}

// ---- the chain

static void source_close(Source *s)
{
    jpeg_reader_closep(&s->jpeg);
    buf_free(&s->bytes);
    free(s->tile.p);
    free(s->band.p);
    resample_free(&s->across);
    resample_free(&s->down);
    free(s->ring.p);
    free(s->rows);
}

static void source_open(Source *s, const Pyramid *p, const RenderAsk *ask)
{
    const Grid *g = pyramid_grid(p);
    Plan plan = plan_make(g, ask);
    int width = plan.end_x - plan.first_x, height = plan.end_y - plan.first_y;
    *s = (Source){.pyramid = p, .grid = g, .plan = plan, .band_row = -1, .jpeg = jpeg_reader_open()};
    s->bytes = buf_with_max(JPEG_TILE_BYTES_MAX);
    s->tile = pixels_make(g->tile_px, g->tile_px, plan.channels);
    s->band = pixels_make(width, MIN_OF(g->tile_px, g->level[plan.level].height_px), plan.channels);
    s->across = resample_make(plan.left - plan.first_x, plan.step_x, ask->out_width_px, width);
    s->down = resample_make(plan.top - plan.first_y, plan.step_y, ask->out_height_px, height);
    s->ring = pixels_make(ask->out_width_px, s->down.taps, plan.channels);
    s->rows = mem_alloc((size_t)s->down.taps * sizeof(*s->rows));
}

static bool read_tile(Source *s, int column, int row, Err *err)
{
    PyramidSpan span;
    if (!pyramid_find_tile(s->pyramid, s->plan.level, column, row, &span))
        return err_set(err, ERR_CORRUPT, "the pyramid file lacks a tile");
    if (span.size_bytes > JPEG_TILE_BYTES_MAX)
        return err_set(err, ERR_CORRUPT, "a tile of the pyramid file is too big");
    CLEANUP(arena_closep) Arena *a = arena_open();
    char *bytes = arena_alloc(a, span.size_bytes);
    if (!file_read_at(pyramid_fd(s->pyramid), bytes, span.size_bytes, span.offset, err))
        return false;
    TileBox box = grid_tile(s->grid, s->plan.level, column, row);
    s->tile.width_px = box.width_px;
    s->tile.height_px = box.height_px;
    return jpeg_read(s->jpeg, (Str){bytes, span.size_bytes}, &s->tile, err);
}

// Copies the tile's columns that lie in the plan to their place in the band.
static void place_tile(Source *s, int column)
{
    int tile_left = column * s->grid->tile_px;
    int from = MAX_OF(s->plan.first_x, tile_left), to = MIN_OF(s->plan.end_x, tile_left + s->tile.width_px);
    size_t bytes = (size_t)(to - from) * (size_t)s->plan.channels;
    for (int y = 0; y < s->tile.height_px; y++)
        memcpy(
            pixels_at(&s->band, from - s->plan.first_x, y), pixels_at(&s->tile, from - tile_left, y), bytes);
}

static bool read_band(Source *s, int row, Err *err)
{
    int tile_px = s->grid->tile_px;
    for (int column = s->plan.first_x / tile_px; column <= (s->plan.end_x - 1) / tile_px; column++) {
        if (!read_tile(s, column, row, err))
            return false;
        place_tile(s, column);
    }
    s->band_row = row;
    return true;
}

// Output row y, before quality and turning.
static bool source_row(Source *s, int y, uint8_t *to, Err *err)
{
    int tile_px = s->grid->tile_px, end = s->down.first[y] + s->down.taps;
    for (s->ring_end = MAX_OF(s->ring_end, s->down.first[y]); s->ring_end < end; s->ring_end++) {
        int level_y = s->plan.first_y + s->ring_end;
        if (level_y / tile_px != s->band_row && !read_band(s, level_y / tile_px, err))
            return false;
        resample_row(&s->across, s->plan.channels, pixels_at(&s->band, 0, level_y % tile_px),
            pixels_at(&s->ring, 0, s->ring_end % s->ring.height_px));
    }
    for (int k = 0; k < s->down.taps; k++)
        s->rows[k] = pixels_at(&s->ring, 0, (s->down.first[y] + k) % s->ring.height_px);
    resample_column(&s->down, y, s->rows, s->ring.stride, to);
    return true;
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

static bool next_row(Source *s, const RenderAsk *ask, int y, uint8_t *to, Err *err)
{
    if (!source_row(s, y, to, err))
        return false;
    if (ask->quality == RENDER_BITONAL)
        for (int x = 0; x < ask->out_width_px; x++)
            to[x] = to[x] < LUMA_THRESHOLD ? 0 : 255;
    if (ask->mirror)
        mirror_row(to, ask->out_width_px, s->plan.channels);
    return true;
}

// ---- turning

typedef struct {
    int width_px, height_px;
    double cos, sin;
} Rotation;

static Rotation rotation_of(const RenderAsk *ask)
{
    double angle = ask->rotation_deg * (M_PI / 180.0);
    Rotation r = {.cos = cos(angle), .sin = sin(angle)};
    double width = fabs(ask->out_width_px * r.cos) + fabs(ask->out_height_px * r.sin);
    double height = fabs(ask->out_width_px * r.sin) + fabs(ask->out_height_px * r.cos);
    r.width_px = MAX_OF(1, (int)ceil(width - 1e-6));
    r.height_px = MAX_OF(1, (int)ceil(height - 1e-6));
    return r;
}

// The sample at (x, y) between four pixels; white, or nothing at all, outside. `to` has one channel more than
// `px` when there is alpha.
static void sample(const Pixels *px, double x, double y, bool alpha, uint8_t *to)
{
    int x0 = (int)floor(x), y0 = (int)floor(y), channels = px->channels;
    double part_x = x - x0, part_y = y - y0, sum[4] = {0}, cover = 0;
    for (int k = 0; k < 4; k++) {
        int at_x = x0 + (k & 1), at_y = y0 + (k >> 1);
        double weight = (k & 1 ? part_x : 1 - part_x) * (k >> 1 ? part_y : 1 - part_y);
        if (at_x < 0 || at_y < 0 || at_x >= px->width_px || at_y >= px->height_px)
            continue;
        const uint8_t *p = pixels_at(px, at_x, at_y);
        for (int c = 0; c < channels; c++)
            sum[c] += weight * p[c];
        cover += weight;
    }
    for (int c = 0; c < channels; c++)
        to[c] = (uint8_t)lrint(alpha ? (cover > 0 ? sum[c] / cover : 255) : sum[c] + (1 - cover) * 255);
    if (alpha)
        to[channels] = (uint8_t)lrint(cover * 255);
}

static void rotated_row(const Pixels *px, const Rotation *r, bool alpha, bool bitonal, int y, uint8_t *to)
{
    int channels = px->channels + (alpha ? 1 : 0);
    double down = y + 0.5 - r->height_px / 2.0;
    for (int x = 0; x < r->width_px; x++, to += channels) {
        double across = x + 0.5 - r->width_px / 2.0;
        sample(px, across * r->cos + down * r->sin + px->width_px / 2.0 - 0.5,
            down * r->cos - across * r->sin + px->height_px / 2.0 - 0.5, alpha, to);
        if (bitonal)
            to[0] = to[0] < LUMA_THRESHOLD ? 0 : 255;
    }
}

static Turn turn_of_quarter(int quarter)
{
    static const Turn turns[4] = {{0}, {.flip_y = true, .swap = true}, {.flip_x = true, .flip_y = true},
        {.flip_x = true, .swap = true}};
    return turns[quarter];
}

static bool encode_quarter(const Pixels *whole, int quarter, Encoder *e, Err *err)
{
    bool swap = quarter % 2 != 0;
    Pixels turned = swap ? pixels_make(whole->height_px, whole->width_px, whole->channels)
                         : pixels_make(whole->width_px, whole->height_px, whole->channels);
    pixels_turn(whole, turn_of_quarter(quarter), &turned);
    bool ok = true;
    for (int y = 0; y < turned.height_px && ok; y++)
        ok = encoder_row(e, pixels_at(&turned, 0, y), err);
    free(turned.p);
    return ok;
}

static bool encode_rotated(const Pixels *whole, const RenderAsk *ask, Encoder *e, Err *err)
{
    Rotation r = rotation_of(ask);
    uint8_t *row = mem_alloc((size_t)r.width_px * 4);
    bool ok = true;
    for (int y = 0; y < r.height_px && ok; y++) {
        rotated_row(whole, &r, needs_alpha(ask), ask->quality == RENDER_BITONAL, y, row);
        ok = encoder_row(e, row, err);
    }
    free(row);
    return ok;
}

static bool render_turned(Source *s, const RenderAsk *ask, Encoder *e, Err *err)
{
    Pixels whole = pixels_make(ask->out_width_px, ask->out_height_px, s->plan.channels);
    bool ok = true;
    for (int y = 0; y < ask->out_height_px && ok; y++)
        ok = next_row(s, ask, y, pixels_at(&whole, 0, y), err);
    double quarters = ask->rotation_deg / 90.0;
    if (ok && quarters == floor(quarters))
        ok = encode_quarter(&whole, (int)quarters, e, err);
    else if (ok)
        ok = encode_rotated(&whole, ask, e, err);
    free(whole.p);
    return ok;
}

static bool render_straight(Source *s, const RenderAsk *ask, Encoder *e, Err *err)
{
    uint8_t *row = mem_alloc(s->ring.stride);
    bool ok = true;
    for (int y = 0; y < ask->out_height_px && ok; y++)
        ok = next_row(s, ask, y, row, err) && encoder_row(e, row, err);
    free(row);
    return ok;
}

static EncodeAsk encode_ask(const RenderAsk *ask)
{
    EncodeAsk e = {
        .format = ask->format, .quality = RENDER_QUALITY, .bitonal = ask->quality == RENDER_BITONAL};
    e.channels = (ask->quality == RENDER_COLOR ? 3 : 1) + (needs_alpha(ask) ? 1 : 0);
    Rotation r = rotation_of(ask);
    e.width_px = r.width_px;
    e.height_px = r.height_px;
    return e;
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
    Rotation r = rotation_of(ask);
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
    Plan plan = plan_make(g, ask);
    size_t channels = (size_t)plan.channels, tile = (size_t)g->tile_px;
    size_t width = (size_t)(plan.end_x - plan.first_x), out_width = (size_t)ask->out_width_px;
    double taps_x = 4 * MAX_OF(1.0, plan.step_x) + 2, taps_y = 4 * MAX_OF(1.0, plan.step_y) + 2;
    EncodeAsk e = encode_ask(ask);
    size_t bytes = DECODER_BYTES + 2 * tile * tile * channels + tile * width * channels;
    bytes += out_width * channels * (size_t)(taps_y + 1);
    bytes += (size_t)((double)out_width * (taps_x * 2 + 4) + ask->out_height_px * (taps_y * 2 + 4));
    if (ask->rotation_deg > 0)
        bytes += 2 * out_width * (size_t)ask->out_height_px * channels;
    return bytes + encode_memory_bytes(&e);
}

bool render(const Pyramid *p, const RenderAsk *ask, Buf *out, Err *err)
{
    if (!check(pyramid_facts(p), ask, err))
        return false;
    EncodeAsk encode = encode_ask(ask);
    CLEANUP(encoder_closep) Encoder *e = encoder_open(&encode, out, err);
    if (!e)
        return false;
    CLEANUP(source_close) Source s;
    source_open(&s, p, ask);
    bool ok = ask->rotation_deg > 0 ? render_turned(&s, ask, e, err) : render_straight(&s, ask, e, err);
    return ok && encoder_finish(e, err);
}

bool render_pixels(const Pyramid *p, const RenderAsk *ask, uint8_t *to, size_t stride_bytes, Err *err)
{
    if (!check(pyramid_facts(p), ask, err))
        return false;
    CLEANUP(source_close) Source s;
    source_open(&s, p, ask);
    for (int y = 0; y < ask->out_height_px; y++) {
        if (!next_row(&s, ask, y, to + (size_t)y * stride_bytes, err))
            return false;
    }
    return true;
}
