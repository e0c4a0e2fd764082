// SPDX-License-Identifier: Apache-2.0
// Each plane keeps the rows of the level that its next output row needs. When one of them runs out, a row of
// tiles is decoded and its rows are added to all. So memory is about two rows of tiles, whatever the
// picture's height.
#include "image/draw.h"

#include "base/file.h"
#include "base/lane.h"

#include <math.h>
#include <stdlib.h>

enum { MARGIN_PX = 3, DECODER_BYTES = 1 << 20 };

typedef struct {
    int across, down;   // level pixels for one sample
    int first_x, end_x; // samples of the level that are used
    int first_y, end_y;
    Resample x, y;
    bool shared;   // x and y are those of the plane before it
    uint8_t *rows; // those from level row `top` on; each begins with sample held_x
    int top, count, capacity, held_x;
    size_t stride;
    uint8_t *line;          // a row resampled down, not yet across
    const uint8_t **needed; // by the row at hand
    int low;                // no row above it is needed any more
} Plane;

struct DrawSource {
    const Pyramid *pyramid;
    const Grid *grid;
    DrawPlan plan;
    int planes;
    Plane plane[JPEG_PLANES];
    JpegReader *jpeg;
    char *bytes;
    size_t bytes_max;
    JpegPlanes tile;
    int tile_column, tile_row; // what `tile` holds,
    int tile_top, tile_end;    // of its rows
    ReadyPlanes ready;         // count 0: it is drawn from tiles
    int next_row;              // of tiles
    int first_column, end_column;
};

static int clamp(double v, int low, int high)
{
    return v < low ? low : v > high ? high : (int)v;
}

// The ready planes have enough samples, and not so many more than the level that its few tiles are cheaper.
static bool ready_serves(const ReadyPlanes *r, const RenderAsk *ask, double level_scale)
{
    return r->offset > 0 && r->across <= (double)ask->width_px / ask->out_width_px &&
           r->down <= (double)ask->height_px / ask->out_height_px &&
           2 * MAX_OF(r->across, r->down) > level_scale;
}

static bool is_lossy(RenderFormat f)
{
    return f == RENDER_JPEG || f == RENDER_WEBP || f == RENDER_PDF || f == RENDER_AVIF;
}

// The smallest level that still has at least as many pixels as asked for.
DrawPlan draw_plan(const Pyramid *pyramid, const RenderAsk *ask)
{
    const Grid *g = pyramid_grid(pyramid);
    const ReadyPlanes r = pyramid_ready_planes(pyramid);
    DrawPlan p = {.out_width_px = ask->out_width_px,
        .out_height_px = ask->out_height_px,
        .luma_only = ask->quality != RENDER_COLOR};
    double step =
        MIN_OF((double)ask->width_px / ask->out_width_px, (double)ask->height_px / ask->out_height_px);
    while (p.level + 1 < g->levels && (double)(INT64_C(2) << p.level) <= step)
        p.level++;
    double scale = (double)(INT64_C(1) << p.level);
    p.care = is_lossy(ask->format) ? RESAMPLE_FAST : RESAMPLE_FINE;
    p.ready = ready_serves(&r, ask, scale);
    double across = p.ready ? r.across : scale, down = p.ready ? r.down : scale;
    p.width_px = p.ready ? r.width_px : g->level[p.level].width_px;
    p.height_px = p.ready ? r.height_px : g->level[p.level].height_px;
    p.left = ask->left_px / across;
    p.top = ask->top_px / down;
    p.width = ask->width_px / across;
    p.height = ask->height_px / down;
    return p;
}

// The part of an axis of `limit` samples that outputs of `step` samples over `length` from `start` touch.
static void window(double start, double length, double step, int limit, int *ret_first, int *ret_end)
{
    double margin = MARGIN_PX * MAX_OF(1.0, step);
    *ret_first = clamp(floor(start - margin), 0, limit - 1);
    *ret_end = clamp(ceil(start + length + margin), *ret_first + 1, limit);
}

size_t draw_source_memory_bytes(const Grid *g, const DrawPlan *plan)
{
    size_t tile = (size_t)g->tile_px, planes = plan->luma_only ? 1 : JPEG_PLANES;
    double step_x = plan->width / plan->out_width_px, step_y = plan->height / plan->out_height_px;
    int first_x, end_x, first_y, end_y;
    window(plan->left, plan->width, step_x, plan->width_px, &first_x, &end_x);
    window(plan->top, plan->height, step_y, plan->height_px, &first_y, &end_y);
    double taps_x = resample_taps(step_x, end_x - first_x), taps_y = resample_taps(step_y, end_y - first_y);
    double rows = MIN_OF(end_y - first_y + 1.0, 2.0 * (double)tile + taps_y + JPEG_PLANE_ROWS * step_y);
    double weights =
        plan->out_width_px * (2 * (taps_x + 8) + 4) + plan->out_height_px * (2 * (taps_y + 8) + 4);
    int held = plan->ready ? plan->width_px : end_x - first_x;
    double plane = (rows * 1.5 + 1) * (held + RESAMPLE_SLACK) + weights;
    return DECODER_BYTES + planes * (tile * tile + (size_t)plane);
}

// Room for a tile, then for what comes of it when rows are cut out.
static void make_byte_room(DrawSource *s, size_t size_bytes)
{
    if (2 * size_bytes <= s->bytes_max)
        return;
    s->bytes_max = 2 * size_bytes;
    s->bytes = mem_grow(s->bytes, s->bytes_max, 1);
}

static bool cut_tile_bytes(DrawSource *s, int column, int row, Str *ret, Err *err)
{
    CLEANUP(buf_free) Buf tile = buf_with_max(JPEG_TILE_BYTES_MAX);
    if (!pyramid_cut_tile(s->pyramid, column, row, false, &tile, err))
        return false;
    make_byte_room(s, tile.n);
    memcpy(s->bytes, tile.p, tile.n);
    *ret = (Str){s->bytes, tile.n};
    return true;
}

// The bytes of the tile at the start of the room.
static bool read_tile_bytes(DrawSource *s, int column, int row, Str *ret, Err *err)
{
    PyramidSpan span;
    if (s->plan.level == 0 && pyramid_is_cut(s->pyramid))
        return cut_tile_bytes(s, column, row, ret, err);
    if (!pyramid_find_tile(s->pyramid, s->plan.level, column, row, &span))
        return err_set(err, ERR_CORRUPT, "the pyramid file lacks a tile");
    if (span.size_bytes > JPEG_TILE_BYTES_MAX)
        return err_set(err, ERR_CORRUPT, "a tile of the pyramid file is too big");
    make_byte_room(s, span.size_bytes);
    *ret = (Str){s->bytes, span.size_bytes};
    return file_read_at(pyramid_fd(s->pyramid), s->bytes, span.size_bytes, span.offset, err);
}

// At least the rows top .. end of the tile, in pixels of the level.
static bool read_tile(DrawSource *s, int column, int row, int top, int end, Err *err)
{
    Str jpeg;
    if (column == s->tile_column && row == s->tile_row && top >= s->tile_top && end <= s->tile_end)
        return true;
    s->tile_column = -1;
    if (!read_tile_bytes(s, column, row, &jpeg, err))
        return false;
    TileBox box = grid_tile(s->grid, s->plan.level, column, row);
    int height = end - top;
    if (!jpeg_cut_rows(jpeg, &top, &height, s->bytes + jpeg.n, &jpeg)) {
        top = 0;
        height = box.height_px;
    }
    if (!jpeg_read_planes(s->jpeg, jpeg, box.width_px, height, s->plan.luma_only, &s->tile, err))
        return false;
    s->tile_column = column;
    s->tile_row = row;
    s->tile_top = top;
    s->tile_end = top + height;
    return true;
}

static void plane_open(DrawSource *s, int number, bool halved)
{
    const DrawPlan *p = &s->plan;
    Plane *plane = &s->plane[number];
    int across = s->tile.across[number], down = s->tile.down[number];
    bool half = halved && number > 0;
    int out_width = half ? (p->out_width_px + 1) / 2 : p->out_width_px;
    int out_height = half ? (p->out_height_px + 1) / 2 : p->out_height_px;
    double step_x = p->width / p->out_width_px / across * (half ? 2 : 1);
    double step_y = p->height / p->out_height_px / down * (half ? 2 : 1);
    double left = p->left / across, top = p->top / down;
    plane->across = across;
    plane->down = down;
    window(
        left, p->width / across, step_x, (p->width_px + across - 1) / across, &plane->first_x, &plane->end_x);
    window(top, p->height / down, step_y, (p->height_px + down - 1) / down, &plane->first_y, &plane->end_y);
    const Plane *before = number > 1 ? plane - 1 : NULL;
    plane->shared = before && before->across == across && before->down == down;
    int samples = plane->end_x - plane->first_x;
    plane->x =
        plane->shared ? before->x : resample_make(left - plane->first_x, step_x, out_width, samples, p->care);
    plane->y = plane->shared ? before->y
                             : resample_make(top - plane->first_y, step_y, out_height,
                                   plane->end_y - plane->first_y, p->care);
    // Ready planes are read as they lie there, whole rows without gaps.
    plane->held_x = p->ready ? 0 : plane->first_x;
    plane->stride = (size_t)(p->ready ? (p->width_px + across - 1) / across : samples);
    plane->line = mem_alloc((size_t)samples + RESAMPLE_SLACK);
    plane->needed = mem_alloc((size_t)plane->y.taps * sizeof(*plane->needed));
    plane->low = plane->top = plane->first_y;
}

static void take_window(DrawSource *s)
{
    int tile_px = s->grid->tile_px, first_y = INT32_MAX, first_x = INT32_MAX, end_x = 0;
    for (int i = 0; i < s->planes; i++) {
        const Plane *p = &s->plane[i];
        first_x = MIN_OF(first_x, p->first_x * p->across);
        end_x = MAX_OF(end_x, p->end_x * p->across);
        first_y = MIN_OF(first_y, p->first_y * p->down);
    }
    s->first_column = first_x / tile_px;
    s->end_column = MIN_OF((end_x + tile_px - 1) / tile_px, s->grid->level[s->plan.level].columns);
    s->next_row = first_y / tile_px;
}

DrawSource *draw_source_open(const Pyramid *p, const DrawPlan *plan, bool halved_chroma, Err *err)
{
    CLEANUP(draw_source_closep) DrawSource *s = mem_alloc(sizeof(*s));
    s->pyramid = p;
    s->grid = pyramid_grid(p);
    s->plan = *plan;
    s->jpeg = jpeg_reader_open();
    s->tile_column = s->tile_row = -1;
    int tile_px = s->grid->tile_px;
    for (int i = 0; i < (plan->luma_only ? 1 : JPEG_PLANES); i++)
        s->tile.plane[i] = pixels_make(tile_px, tile_px, 1);
    if (plan->ready)
        s->ready = pyramid_ready_planes(p);
    const GridLevel *l = &s->grid->level[plan->level];
    int column = clamp(plan->left / tile_px, 0, l->columns - 1),
        row = clamp(plan->top / tile_px, 0, l->rows - 1);
    if (s->ready.count > 0)
        s->tile.count = plan->luma_only ? 1 : s->ready.count;
    else if (!read_tile(s, column, row, 0, grid_tile(s->grid, plan->level, column, row).height_px, err))
        return NULL;
    for (int i = 0; i < s->tile.count && s->ready.count > 0; i++)
        s->tile.across[i] = s->tile.down[i] = i == 0 ? 1 : 2;
    s->planes = s->tile.count;
    for (int i = 0; i < s->planes; i++)
        plane_open(s, i, halved_chroma);
    take_window(s);
    DrawSource *ret = s;
    s = NULL;
    return ret;
}

void draw_source_closep(DrawSource **given)
{
    DrawSource *s = *given;
    if (!s)
        return;
    jpeg_reader_closep(&s->jpeg);
    free(s->bytes);
    for (int i = 0; i < JPEG_PLANES; i++) {
        Plane *p = &s->plane[i];
        free(s->tile.plane[i].p);
        if (!p->shared) {
            resample_free(&p->x);
            resample_free(&p->y);
        }
        free(p->rows);
        free(p->line);
        free(p->needed);
    }
    free(s);
    *given = NULL;
}

int draw_source_planes(const DrawSource *s)
{
    return s->planes;
}

// Room for `more` rows behind those that are still needed.
static void plane_make_room(Plane *p, int more)
{
    int passed = MIN_OF(p->low - p->top, p->count);
    if (passed > 0) {
        p->count -= passed;
        p->top += passed;
        memmove(p->rows, p->rows + (size_t)passed * p->stride, (size_t)p->count * p->stride);
    }
    if (p->count + more <= p->capacity)
        return;
    p->capacity = p->count + more;
    p->rows = mem_grow(p->rows, (size_t)p->capacity, p->stride);
}

// The tile's samples that lie in the plane's window go to their place.
static void plane_take(Plane *p, const Pixels *tile, int tile_left, int tile_width, int rows_first, int rows)
{
    int from = MAX_OF(p->first_x, tile_left), to = MIN_OF(p->end_x, tile_left + tile_width);
    if (from >= to)
        return;
    for (int y = 0; y < rows; y++)
        memcpy(p->rows + (size_t)(p->count + y) * p->stride + (from - p->held_x),
            pixels_at(tile, from - tile_left, rows_first + y), (size_t)(to - from));
}

static bool read_row_of_tiles(DrawSource *s, Err *err)
{
    int tile_px = s->grid->tile_px, row = s->next_row++;
    int height = grid_tile(s->grid, s->plan.level, 0, row).height_px;
    int skip[JPEG_PLANES], rows[JPEG_PLANES], top = height, bottom = 0;
    for (int i = 0; i < s->planes; i++) {
        Plane *p = &s->plane[i];
        int first = row * tile_px / p->down, end = first + (height + p->down - 1) / p->down;
        skip[i] = MAX_OF(0, p->first_y - first);
        rows[i] = MAX_OF(0, MIN_OF(end, p->end_y) - first - skip[i]);
        plane_make_room(p, rows[i]);
        top = MIN_OF(top, skip[i] * p->down);
        bottom = MIN_OF(height, MAX_OF(bottom, (skip[i] + rows[i]) * p->down));
    }
    for (int column = s->first_column; column < s->end_column; column++) {
        if (top < bottom && !read_tile(s, column, row, top, bottom, err))
            return false;
        lane_give_way();
        if (s->tile.count < s->planes)
            return err_set(err, ERR_CORRUPT, "a tile of the pyramid file has no colour");
        int width = grid_tile(s->grid, s->plan.level, column, row).width_px;
        for (int i = 0; i < s->planes; i++) {
            Plane *p = &s->plane[i];
            if (s->tile.across[i] != p->across || s->tile.down[i] != p->down)
                return err_set(err, ERR_CORRUPT, "a tile of the pyramid file is sampled unlike the others");
            plane_take(p, &s->tile.plane[i], column * tile_px / p->across,
                (width + p->across - 1) / p->across, skip[i] - s->tile_top / p->down, rows[i]);
        }
    }
    for (int i = 0; i < s->planes; i++)
        s->plane[i].count += rows[i];
    return true;
}

// The next rows of one plane, as they lie in the file.
static bool read_ready_rows(DrawSource *s, int number, Err *err)
{
    enum { ROWS_AT_ONCE = 64 };
    Plane *p = &s->plane[number];
    const ReadyPlanes *r = &s->ready;
    size_t width = p->stride;
    size_t height = (size_t)((r->height_px + p->down - 1) / p->down);
    uint64_t start = r->offset + (number > 0 ? (uint64_t)r->width_px * (uint64_t)r->height_px : 0) +
                     (number > 1 ? (uint64_t)width * height : 0);
    int top = p->top + p->count, rows = MIN_OF(ROWS_AT_ONCE, p->end_y - top);
    plane_make_room(p, rows);
    if (!file_read_at(pyramid_fd(s->pyramid), p->rows + (size_t)p->count * width, (size_t)rows * width,
            start + (uint64_t)top * width, err))
        return false;
    p->count += rows;
    return true;
}

bool draw_source_row(DrawSource *s, int plane, int y, uint8_t *to, Err *err)
{
    Plane *p = &s->plane[plane];
    int first = p->first_y + p->y.first[y];
    p->low = MAX_OF(p->low, first);
    while (p->top + p->count < first + p->y.taps)
        if (!(s->ready.count > 0 ? read_ready_rows(s, plane, err) : read_row_of_tiles(s, err)))
            return false;
    for (int k = 0; k < p->y.taps; k++)
        p->needed[k] = p->rows + (size_t)(first + k - p->top) * p->stride + (p->first_x - p->held_x);
    resample_column(&p->y, y, p->needed, (size_t)(p->end_x - p->first_x), p->line, RESAMPLE_BEST);
    resample_row(&p->x, p->line, to, RESAMPLE_BEST);
    return true;
}
