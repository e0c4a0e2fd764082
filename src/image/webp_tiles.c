// SPDX-License-Identifier: Apache-2.0
#include "image/webp_tiles.h"

#include "base/file.h"
#include "image/int.h"

#include <stdlib.h>

typedef struct {
    const Pyramid *from;
    const Grid *grid;
    Table table;
    ZipWriter *zip;
    JpegReader *reader;
    Buf jpeg, webp;
} Copy;

static bool get_span(Copy *c, PyramidSpan span, Err *err)
{
    if (span.size_bytes > JPEG_TILE_BYTES_MAX)
        return err_set(err, ERR_CORRUPT, "a tile of the pyramid is impossibly big");
    buf_clear(&c->jpeg);
    char *room = mem_alloc(span.size_bytes);
    bool good = file_read_at(pyramid_fd(c->from), room, span.size_bytes, span.offset, err);
    if (good)
        buf_add_bytes(&c->jpeg, room, span.size_bytes);
    free(room);
    return good;
}

static bool get_tile(Copy *c, int level, int column, int row, Err *err)
{
    PyramidSpan span;
    if (pyramid_find_tile(c->from, level, column, row, &span))
        return get_span(c, span, err);
    buf_clear(&c->jpeg);
    return pyramid_cut_tile(c->from, column, row, false, &c->jpeg, err);
}

static bool encode(Copy *c, int width_px, int height_px, Err *err)
{
    Pixels px = pixels_make(width_px, height_px, 3);
    const EncodeAsk ask = {.format = RENDER_WEBP,
        .width_px = width_px,
        .height_px = height_px,
        .channels = 3,
        .quality = WEBP_TILES_QUALITY};
    buf_clear(&c->webp);
    bool good = jpeg_read(c->reader, buf_str(&c->jpeg), &px, err);
    CLEANUP(encoder_closep) Encoder *e = good ? encoder_open(&ask, &c->webp, err) : NULL;
    for (int y = 0; e && y < height_px && good; y++)
        good = encoder_row(e, pixels_at(&px, 0, y), err);
    good = e && good && encoder_finish(e, err);
    free(px.p);
    return good;
}

// The JPEG's name with its ending exchanged.
static bool put(Copy *c, const char *name, uint64_t *ret, Err *err)
{
    char webp_name[TILE_NAME_MAX + 8];
    PyramidSpan span;
    Str stem, ending;
    bool named = str_cut_last(str_from(name), '.', &stem, &ending);
    assert(named && stem.n + sizeof(".webp") < sizeof(webp_name));
    memcpy(webp_name, stem.p, stem.n);
    memcpy(webp_name + stem.n, ".webp", sizeof(".webp"));
    if (!zip_add(c->zip, str_from(webp_name), buf_str(&c->webp), &span, err))
        return false;
    *ret = span_pack(span);
    return true;
}

static bool copy_level(Copy *c, int level, Err *err)
{
    const GridLevel *l = &c->grid->level[level];
    char name[TILE_NAME_MAX];
    for (int row = 0; row < l->rows; row++)
        for (int column = 0; column < l->columns; column++) {
            TileBox box = grid_tile(c->grid, level, column, row);
            grid_tile_name(c->grid, level, column, row, name);
            int64_t at = l->first + (int64_t)row * l->columns + column;
            if (!get_tile(c, level, column, row, err) || !encode(c, box.width_px, box.height_px, err) ||
                !put(c, name, &c->table.tiles[at], err))
                return false;
        }
    return true;
}

static bool copy_sizes(Copy *c, Err *err)
{
    const PyramidFacts *f = &c->table.facts;
    char name[TILE_NAME_MAX];
    for (int i = 0; i < f->sizes_count; i++) {
        int width = f->sizes[i].width_px, height = f->sizes[i].height_px;
        PyramidSpan span;
        grid_size_name(width, height, name);
        if (!pyramid_find_size(c->from, width, height, &span))
            return err_set(err, ERR_CORRUPT, "a standard size is missing in the pyramid");
        if (!get_span(c, span, err) || !encode(c, width, height, err) ||
            !put(c, name, &c->table.sizes[i], err))
            return false;
    }
    return true;
}

static bool copy_all(Copy *c, Err *err)
{
    for (int level = 0; level < c->grid->levels; level++)
        if (!copy_level(c, level, err))
            return false;
    if (!copy_sizes(c, err))
        return false;
    PyramidSpan span;
    CLEANUP(buf_free) Buf table = buf_with_max(TABLE_BYTES_MAX);
    table_write(&c->table, &table);
    if (table.full)
        return err_set(err, ERR_LIMIT, "the picture has too many tiles");
    return zip_add(c->zip, S("pyramid.table"), buf_str(&table), &span, err) && zip_finish(c->zip, err);
}

bool webp_tiles_make(const Pyramid *from, int to, Err *err)
{
    const Grid *grid = pyramid_grid(from);
    Copy c = {.from = from,
        .grid = grid,
        .table = {.facts = *pyramid_facts(from), .grid = *grid},
        .zip = zip_open(to),
        .reader = jpeg_reader_open(),
        .jpeg = buf_with_max(JPEG_TILE_BYTES_MAX),
        .webp = buf_with_max(JPEG_TILE_BYTES_MAX)};
    c.table.tiles = mem_alloc((size_t)grid->tiles * sizeof(uint64_t));
    bool good = copy_all(&c, err);
    table_free(&c.table);
    buf_free(&c.jpeg);
    buf_free(&c.webp);
    jpeg_reader_closep(&c.reader);
    zip_closep(&c.zip);
    return good;
}
