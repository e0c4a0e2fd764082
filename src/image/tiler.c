// SPDX-License-Identifier: Apache-2.0
// Each level gathers one row of tiles (a band) in the order in which the rows come. A full band is cut into
// tiles, halved into the band of the next level, and forgotten.
//
// The rows come as the master has them; the tiles lie on the grid of the upright picture. So a picture that
// is to be flipped has its odd rests at the top and left here: the first band is the short one, and where a
// side is odd, the first row or column is the one that has no partner when halving. Only single tiles are
// turned.
#include "image/int.h"

#include <stdlib.h>

enum { STRIP_COLOUR_PX = 16, STRIP_GREY_PX = 8 };  // a row of MCUs
#define WHOLE_BANDS_MAX_BYTES (UINT64_C(24) << 20) // of level 0; all levels together are twice that

typedef struct {
    int width_px, height_px; // before turning
    int columns;
    int done_px, band_px, band_want_px; // rows seen before this band, in it, and when it will be full
    Pixels band;
    Buf *growing; // by strips: the tiles of a row
} Level;

struct Tiler {
    TilerAsk ask;
    Table table;
    ZipWriter *zip;
    JpegWriter *jpeg;
    Level level[PYRAMID_LEVELS_MAX];
    int band_px; // the height of a band: tile_px, or by strips a row of MCUs
    Pixels base;
    int base_level, rows_level;
    Shrink *shrink;     // rows of the level before base_level to ready planes; or NULL
    Pixels turned;      // a tile
    uint64_t cut_bytes; // of tiles that were given
    Buf out;
};

static bool put_entry(Tiler *t, const char *name, Str bytes, uint64_t *ret, Err *err)
{
    PyramidSpan span;
    if (!zip_add(t->zip, str_from(name), bytes, &span, err))
        return false;
    if (span.size_bytes > SPAN_SIZE_MAX || span.offset > SPAN_OFFSET_MAX)
        return err_set(err, ERR_LIMIT, "the pyramid file is too big");
    *ret = span_pack(span);
    return true;
}

static bool put_info(Tiler *t, Err *err)
{
    uint64_t nowhere;
    buf_clear(&t->out);
    grid_info_json(&t->table.facts, &t->out);
    return put_entry(t, "info.json", buf_str(&t->out), &nowhere, err);
}

// A side that is flipped starts with the rest that is otherwise at its end.
static int first_px(int side_px, int tile_px, bool flip)
{
    int rest = side_px % tile_px;
    return MIN_OF(side_px, flip && rest ? rest : tile_px);
}

static void levels_make(Tiler *t)
{
    const Grid *g = &t->table.grid;
    bool swap = t->ask.turn.swap;
    t->base_level = -1;
    t->rows_level = t->ask.rows_halved ? 1 : 0;
    for (int i = 0; i < g->levels; i++) {
        Level *l = &t->level[i];
        l->width_px = swap ? g->level[i].height_px : g->level[i].width_px;
        l->height_px = swap ? g->level[i].width_px : g->level[i].height_px;
        l->columns = swap ? g->level[i].rows : g->level[i].columns;
        if (i < t->rows_level)
            continue;
        l->band = pixels_make(l->width_px, MIN_OF(t->band_px, l->height_px), t->ask.channels);
        l->band_want_px = first_px(l->height_px, t->band_px, t->ask.turn.flip_y);
        if (t->ask.by_strips) {
            l->growing = mem_alloc((size_t)l->columns * sizeof(Buf));
            for (int column = 0; column < l->columns; column++)
                l->growing[column] = buf_with_max(JPEG_TILE_BYTES_MAX);
        }
        if (t->base_level < 0 && MAX_OF(l->width_px, l->height_px) <= TILER_WHOLE_MAX_PX) {
            t->base_level = i;
            t->base = pixels_make(l->width_px, l->height_px, t->ask.channels);
        }
    }
    assert(t->base_level >= t->rows_level); // there is a level above only for a picture that is larger
    t->turned = pixels_make(g->tile_px, g->tile_px, t->ask.channels);
}

// Ready planes of a size between two levels, where both are far from it. Not for a small picture, which will
// have none.
static void shrink_make(Tiler *t)
{
    int level = t->base_level - 1;
    ReadyPlanes r;
    if (level < 1 || t->ask.tiles_cut || MAX_OF(t->base.width_px, t->base.height_px) >= READY_SIDE_PX ||
        !ready_planes_make(&t->table.grid, READY_SIDE_PX, t->ask.channels, &r))
        return;
    const Level *l = &t->level[level];
    Turn turn = t->ask.turn;
    double scale = (double)(INT64_C(1) << level), width = t->ask.width_px / scale,
           height = t->ask.height_px / scale;
    ShrinkAsk ask = {.width_px = l->width_px,
        .height_px = l->height_px,
        .channels = t->ask.channels,
        .to_width_px = turn.swap ? r.height_px : r.width_px,
        .to_height_px = turn.swap ? r.width_px : r.height_px,
        .left = turn.flip_x ? l->width_px - width : 0,
        .top = turn.flip_y ? l->height_px - height : 0};
    ask.step_x = width / ask.to_width_px;
    ask.step_y = height / ask.to_height_px;
    t->shrink = shrink_open(&ask);
}

static bool is_upright(Turn turn)
{
    return !turn.flip_x && !turn.flip_y && !turn.swap;
}

static void level_free(Level *l)
{
    free(l->band.p);
    l->band.p = NULL;
    for (int i = 0; i < l->columns && l->growing; i++)
        buf_free(&l->growing[i]);
    free(l->growing);
    l->growing = NULL;
}

Tiler *tiler_open(int fd, const TilerAsk *ask, Err *err)
{
    assert(ask->channels == 1 || ask->channels == 3);
    Grid grid;
    int width_px = ask->turn.swap ? ask->height_px : ask->width_px;
    int height_px = ask->turn.swap ? ask->width_px : ask->height_px;
    if (!grid_make(width_px, height_px, ask->tile_px, &grid))
        return err_null(err, ERR_LIMIT, "%d x %d pixels in tiles of %d is beyond our limits", width_px,
            height_px, ask->tile_px);
    if ((uint64_t)grid.tiles > (TABLE_BYTES_MAX - 4096) / sizeof(uint64_t))
        return err_null(err, ERR_LIMIT, "%d x %d pixels have too many tiles", width_px, height_px);
    CLEANUP(tiler_closep) Tiler *t = mem_alloc(sizeof(*t));
    t->ask = *ask;
    if (is_upright(ask->turn) &&
        (uint64_t)ask->width_px * (uint64_t)(ask->tile_px * ask->channels) > WHOLE_BANDS_MAX_BYTES)
        t->ask.by_strips = true;
    assert(!t->ask.by_strips || is_upright(ask->turn));
    t->band_px = !t->ask.by_strips ? ask->tile_px : ask->channels == 1 ? STRIP_GREY_PX : STRIP_COLOUR_PX;
    t->table.grid = grid;
    t->table.facts = (PyramidFacts){
        .width_px = width_px, .height_px = height_px, .tile_px = ask->tile_px, .levels = grid.levels};
    grid_sizes(&grid, &t->table.facts);
    t->table.tiles = mem_alloc((size_t)grid.tiles * sizeof(uint64_t));
    t->zip = zip_open(fd);
    t->jpeg = jpeg_writer_open(ask->quality, ask->ycc);
    t->out = buf_with_max(TABLE_BYTES_MAX);
    levels_make(t);
    shrink_make(t);
    if (!put_info(t, err))
        return NULL;
    Tiler *ret = t;
    t = NULL;
    return ret;
}

void tiler_closep(Tiler **given)
{
    Tiler *t = *given;
    if (!t)
        return;
    shrink_closep(&t->shrink);
    zip_closep(&t->zip);
    jpeg_writer_closep(&t->jpeg);
    table_free(&t->table);
    for (int i = 0; i < PYRAMID_LEVELS_MAX; i++)
        level_free(&t->level[i]);
    free(t->base.p);
    free(t->turned.p);
    buf_free(&t->out);
    free(t);
    *given = NULL;
}

static bool put_tile_bytes(Tiler *t, int level, int column, int row, Str jpeg, Err *err)
{
    const Grid *g = &t->table.grid;
    char name[TILE_NAME_MAX];
    grid_tile_name(g, level, column, row, name);
    int64_t number = g->level[level].first + (int64_t)row * g->level[level].columns + column;
    return put_entry(t, name, jpeg, &t->table.tiles[number], err);
}

// The piece of the band, upright, goes to the tile (column, row) of the upright grid.
static bool put_tile(Tiler *t, int level, const Pixels *piece, int column, int row, Err *err)
{
    const Grid *g = &t->table.grid;
    Pixels tile = *piece;
    if (!is_upright(t->ask.turn)) {
        TileBox box = grid_tile(g, level, column, row);
        tile = t->turned;
        tile.width_px = box.width_px;
        tile.height_px = box.height_px;
        pixels_turn(piece, t->ask.turn, &tile);
    }
    buf_clear(&t->out);
    return jpeg_write(t->jpeg, &tile, true, &t->out, err) &&
           put_tile_bytes(t, level, column, row, buf_str(&t->out), err);
}

// Each tile of the row grows by the strip's piece of it.
static bool put_strip(Tiler *t, int level, Err *err)
{
    const Level *l = &t->level[level];
    int tile_px = t->ask.tile_px, row = l->done_px / tile_px, above_px = l->done_px % tile_px;
    bool last = above_px + l->band_px == tile_px || l->done_px + l->band_px == l->height_px;
    for (int column = 0; column < l->columns; column++) {
        Buf *tile = &l->growing[column];
        Pixels piece = l->band;
        piece.p = pixels_at(&l->band, column * tile_px, 0);
        piece.width_px = MIN_OF(tile_px, l->width_px - column * tile_px);
        piece.height_px = l->band_px;
        buf_clear(&t->out);
        if (!jpeg_write(t->jpeg, &piece, true, &t->out, err))
            return false;
        jpeg_join(tile, above_px / t->band_px, buf_str(&t->out));
        if (!last)
            continue;
        jpeg_join_end(tile, above_px + l->band_px);
        if (tile->full)
            return err_set(err, ERR_LIMIT, "a tile became too big");
        if (!put_tile_bytes(t, level, column, row, buf_str(tile), err))
            return false;
        buf_clear(tile);
    }
    return true;
}

static bool put_band(Tiler *t, int level, Err *err)
{
    if (t->ask.by_strips)
        return put_strip(t, level, err);
    const Level *l = &t->level[level];
    Turn turn = t->ask.turn;
    int tile_px = t->ask.tile_px;
    int down = turn.flip_y ? (l->height_px - l->done_px - 1) / tile_px : l->done_px / tile_px;
    for (int left = 0, i = 0; left < l->width_px; i++) {
        int width =
            i == 0 ? first_px(l->width_px, tile_px, turn.flip_x) : MIN_OF(tile_px, l->width_px - left);
        int across = turn.flip_x ? l->columns - 1 - i : i;
        Pixels piece = l->band;
        piece.p = pixels_at(&l->band, left, 0);
        piece.width_px = width;
        piece.height_px = l->band_px;
        if (!put_tile(t, level, &piece, turn.swap ? down : across, turn.swap ? across : down, err))
            return false;
        left += width;
    }
    return true;
}

static bool band_full(Tiler *t, int level, Err *err);

// Where a row of the level is to be written; level_added says that it is there.
static uint8_t *level_next_row(Tiler *t, int level)
{
    Level *l = &t->level[level];
    return pixels_at(&l->band, 0, l->band_px);
}

static bool level_added(Tiler *t, int level, Err *err)
{
    Level *l = &t->level[level];
    l->band_px++;
    return l->band_px < l->band_want_px || band_full(t, level, err);
}

static bool halve_band(Tiler *t, int level, Err *err)
{
    const Level *l = &t->level[level];
    bool lone_x = t->ask.turn.flip_x && l->width_px % 2 != 0;
    bool lone_y = t->ask.turn.flip_y && l->height_px % 2 != 0 && l->done_px == 0;
    for (int y = 0; y < l->band_px;) {
        int pair = (y == 0 && lone_y) || y + 1 == l->band_px ? y : y + 1;
        halve_rows(pixels_at(&l->band, 0, y), pixels_at(&l->band, 0, pair), l->width_px, t->ask.channels,
            lone_x, level_next_row(t, level + 1));
        if (!level_added(t, level + 1, err))
            return false;
        y = pair + 1;
    }
    return true;
}

static bool band_full(Tiler *t, int level, Err *err)
{
    Level *l = &t->level[level];
    if (!(level == 0 && t->ask.tiles_given) && !put_band(t, level, err))
        return false;
    if (level == t->base_level)
        memcpy(pixels_at(&t->base, 0, l->done_px), l->band.p, l->band.stride * (size_t)l->band_px);
    for (int y = 0; y < l->band_px && t->shrink && level == t->base_level - 1; y++)
        shrink_row(t->shrink, pixels_at(&l->band, 0, y));
    if (level + 1 < t->table.grid.levels && !halve_band(t, level, err))
        return false;
    l->done_px += l->band_px;
    l->band_px = 0;
    l->band_want_px = MIN_OF(t->band_px, l->height_px - l->done_px);
    return true;
}

bool tiler_row(Tiler *t, const uint8_t *row, Err *err)
{
    Level *l = &t->level[t->rows_level];
    assert(l->done_px + l->band_px < l->height_px);
    memcpy(level_next_row(t, t->rows_level), row, l->band.stride);
    return level_added(t, t->rows_level, err);
}

bool tiler_put_tile(Tiler *t, int column, int row, Str jpeg, Err *err)
{
    const GridLevel *l = &t->table.grid.level[0];
    assert(t->ask.tiles_given && is_upright(t->ask.turn) && column < l->columns && row < l->rows);
    t->cut_bytes += jpeg.n;
    return t->ask.tiles_cut || put_tile_bytes(t, 0, column, row, jpeg, err);
}

bool tiler_put_index(Tiler *t, Str index, Err *err)
{
    PyramidSpan span;
    assert(t->ask.tiles_cut && t->ask.tiles_given && t->ask.rows_halved);
    if (!zip_add(t->zip, S("pyramid.index"), index, &span, err))
        return false;
    t->table.index = (IndexPlace){.offset = span.offset, .bytes = span.size_bytes};
    return true;
}

bool tiler_put_whole(Tiler *t, Str jpeg, Err *err)
{
    const PyramidFacts *f = &t->table.facts;
    char name[TILE_NAME_MAX];
    int last = f->sizes_count - 1;
    if (f->sizes[last].width_px != f->width_px || f->sizes[last].height_px != f->height_px)
        return true;
    grid_size_name(f->width_px, f->height_px, name);
    return put_entry(t, name, jpeg, &t->table.sizes[last], err);
}

static void halve_in_place(Pixels *px)
{
    Pixels half = pixels_make((px->width_px + 1) / 2, (px->height_px + 1) / 2, px->channels);
    pixels_halve(px, &half);
    free(px->p);
    *px = half;
}

static bool put_size(Tiler *t, int number, const Pixels *from, Err *err)
{
    int width = t->table.facts.sizes[number].width_px, height = t->table.facts.sizes[number].height_px;
    Pixels scaled = {0}, whole = *from;
    if (width != from->width_px || height != from->height_px) {
        whole = scaled = pixels_make(width, height, from->channels);
        pixels_scale(from, &scaled);
    }
    char name[TILE_NAME_MAX];
    grid_size_name(width, height, name);
    buf_clear(&t->out);
    bool ok = jpeg_write(t->jpeg, &whole, true, &t->out, err) &&
              put_entry(t, name, buf_str(&t->out), &t->table.sizes[number], err);
    free(scaled.p);
    return ok;
}

// Only where they add little to the file: a small picture is drawn fast enough from its tiles, and who leaves
// level 0 in the master wants a small file.
static bool are_worth_it(const Tiler *t, const ReadyPlanes *r)
{
    enum { READY_PART = 6, READY_PART_CUT = 12 };
    size_t bytes = ready_planes_bytes(r);
    return t->ask.tiles_cut ? bytes <= (zip_at(t->zip) + t->cut_bytes) / READY_PART_CUT
                            : bytes <= zip_at(t->zip) / READY_PART;
}

static bool put_planes(Tiler *t, const Pixels *px, uint32_t kind, Err *err)
{
    PyramidSpan span;
    ReadyPlanes r;
    if (!ready_planes_make(&t->table.grid, kind, t->ask.channels, &r) || !are_worth_it(t, &r))
        return true;
    assert(px->width_px == r.width_px && px->height_px == r.height_px);
    buf_clear(&t->out);
    ready_planes_add(px, t->ask.ycc, &t->out);
    if (!zip_add(t->zip, S("pyramid.planes"), buf_str(&t->out), &span, err))
        return false;
    t->table.ready = r;
    t->table.ready.offset = span.offset;
    return true;
}

static Pixels made_upright(const Tiler *t, Pixels px)
{
    if (is_upright(t->ask.turn))
        return px;
    Pixels upright = t->ask.turn.swap ? pixels_make(px.height_px, px.width_px, px.channels)
                                      : pixels_make(px.width_px, px.height_px, px.channels);
    pixels_turn(&px, t->ask.turn, &upright);
    free(px.p);
    return upright;
}

static bool put_ready_planes(Tiler *t, const Pixels *base, Err *err)
{
    if (t->shrink) {
        Pixels px = made_upright(t, shrink_take(t->shrink));
        shrink_closep(&t->shrink);
        bool ok = put_planes(t, &px, READY_SIDE_PX, err);
        free(px.p);
        if (!ok || t->table.ready.offset > 0)
            return ok;
    }
    return put_planes(t, base, (uint32_t)t->base_level, err);
}

// From the largest down, each from the smallest level that is not smaller.
static bool put_sizes(Tiler *t, Err *err)
{
    const PyramidFacts *f = &t->table.facts;
    Pixels px = made_upright(t, t->base);
    t->base.p = NULL;
    bool ok = put_ready_planes(t, &px, err);
    for (int i = f->sizes_count - 1; i >= 0 && ok; i--) {
        while ((px.width_px > 1 || px.height_px > 1) && (px.width_px + 1) / 2 >= f->sizes[i].width_px &&
               (px.height_px + 1) / 2 >= f->sizes[i].height_px)
            halve_in_place(&px);
        ok = t->table.sizes[i] != 0 || put_size(t, i, &px, err);
    }
    free(px.p);
    return ok;
}

bool tiler_finish(Tiler *t, Err *err)
{
    assert(t->level[t->rows_level].done_px == t->level[t->rows_level].height_px);
    for (int i = 0; i < t->table.grid.levels; i++) // room for the standard sizes
        level_free(&t->level[i]);
    if (!put_sizes(t, err))
        return false;
    PyramidSpan span;
    buf_clear(&t->out);
    table_write(&t->table, &t->out);
    return zip_add(t->zip, S("pyramid.table"), buf_str(&t->out), &span, err) && zip_finish(t->zip, err);
}
