// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

#include "base/json.h"

#include <stdio.h>

static int ceil_div(int a, int b)
{
    return a / b + (a % b != 0);
}

bool grid_make(int width_px, int height_px, int tile_px, Grid *ret)
{
    if (width_px < 1 || height_px < 1 || width_px > PYRAMID_SIDE_MAX_PX || height_px > PYRAMID_SIDE_MAX_PX)
        return false;
    if (tile_px < PYRAMID_TILE_MIN_PX || tile_px > PYRAMID_TILE_MAX_PX || (tile_px & (tile_px - 1)) != 0)
        return false;
    Grid g = {.width_px = width_px, .height_px = height_px, .tile_px = tile_px};
    for (;;) {
        assert(g.levels < PYRAMID_LEVELS_MAX); // 2^21 > PYRAMID_SIDE_MAX_PX
        GridLevel *l = &g.level[g.levels];
        l->width_px = ceil_div(width_px, 1 << g.levels);
        l->height_px = ceil_div(height_px, 1 << g.levels);
        l->columns = ceil_div(l->width_px, tile_px);
        l->rows = ceil_div(l->height_px, tile_px);
        l->first = g.tiles;
        g.tiles += (int64_t)l->columns * l->rows;
        g.levels++;
        if (l->columns == 1 && l->rows == 1)
            break;
    }
    *ret = g;
    return true;
}

// Keeps ->sizes sorted by width and free of doubles.
static void size_add(PyramidFacts *facts, int width_px, int height_px)
{
    int at = 0;
    while (at < facts->sizes_count && facts->sizes[at].width_px < width_px)
        at++;
    for (int i = 0; i < facts->sizes_count; i++)
        if (facts->sizes[i].width_px == width_px && facts->sizes[i].height_px == height_px)
            return;
    if (facts->sizes_count == PYRAMID_SIZES_MAX)
        return;
    memmove(&facts->sizes[at + 1], &facts->sizes[at],
        sizeof(facts->sizes[0]) * (size_t)(facts->sizes_count - at));
    facts->sizes[at].width_px = width_px;
    facts->sizes[at].height_px = height_px;
    facts->sizes_count++;
}

void grid_sizes(const Grid *g, PyramidFacts *facts)
{
    enum { SIDE_MIN_PX = 100, SIDE_MAX_PX = 2048 };
    static const int thumbnails_px[] = {200, 400, 1024}; // lists, result pages, first view of an object

    facts->sizes_count = 0;
    int64_t side_px = MAX_OF(g->width_px, g->height_px);
    for (size_t i = 0; i < COUNT_OF(thumbnails_px); i++) {
        int px = thumbnails_px[i];
        if (px < side_px)
            size_add(facts, (int)MAX_OF(1, (g->width_px * (int64_t)px + side_px / 2) / side_px),
                (int)MAX_OF(1, (g->height_px * (int64_t)px + side_px / 2) / side_px));
    }
    for (int i = 0; i < g->levels; i++) {
        int px = MAX_OF(g->level[i].width_px, g->level[i].height_px);
        if (px <= SIDE_MAX_PX && (px >= SIDE_MIN_PX || i == g->levels - 1))
            size_add(facts, g->level[i].width_px, g->level[i].height_px);
    }
}

TileBox grid_tile(const Grid *g, int level, int column, int row)
{
    const GridLevel *l = &g->level[level];
    TileBox box = {.left_px = column * g->tile_px, .top_px = row * g->tile_px};
    box.width_px = MIN_OF(g->tile_px, l->width_px - box.left_px);
    box.height_px = MIN_OF(g->tile_px, l->height_px - box.top_px);
    return box;
}

void grid_tile_name(const Grid *g, int level, int column, int row, char name[TILE_NAME_MAX])
{
    TileBox box = grid_tile(g, level, column, row);
    int64_t scale = INT64_C(1) << level;
    int64_t left = box.left_px * scale, top = box.top_px * scale, side = g->tile_px * scale;
    snprintf(name, TILE_NAME_MAX, "%lld,%lld,%lld,%lld/%d,%d/0/default.jpg", (long long)left, (long long)top,
        (long long)MIN_OF(side, g->width_px - left), (long long)MIN_OF(side, g->height_px - top),
        box.width_px, box.height_px);
}

void grid_size_name(int width_px, int height_px, char name[TILE_NAME_MAX])
{
    snprintf(name, TILE_NAME_MAX, "full/%d,%d/0/default.jpg", width_px, height_px);
}

// The id is relative: whoever publishes the unpacked tree puts its own address there.
void grid_info_json(const PyramidFacts *facts, Buf *out)
{
    JsonWriter w = json_writer(out);
    json_put_map(&w);
    json_put_member(&w, S("@context"), S("http://iiif.io/api/image/3/context.json"));
    json_put_member(&w, S("id"), S("."));
    json_put_member(&w, S("type"), S("ImageService3"));
    json_put_member(&w, S("protocol"), S("http://iiif.io/api/image"));
    json_put_member(&w, S("profile"), S("level0"));
    json_put_member_int(&w, S("width"), facts->width_px);
    json_put_member_int(&w, S("height"), facts->height_px);
    json_put_name(&w, S("sizes"));
    json_put_list(&w);
    for (int i = 0; i < facts->sizes_count; i++) {
        json_put_map(&w);
        json_put_member_int(&w, S("width"), facts->sizes[i].width_px);
        json_put_member_int(&w, S("height"), facts->sizes[i].height_px);
        json_put_map_end(&w);
    }
    json_put_list_end(&w);
    json_put_name(&w, S("tiles"));
    json_put_list(&w);
    json_put_map(&w);
    json_put_member_int(&w, S("width"), facts->tile_px);
    json_put_member_int(&w, S("height"), facts->tile_px);
    json_put_name(&w, S("scaleFactors"));
    json_put_list(&w);
    for (int i = 0; i < facts->levels; i++)
        json_put_int(&w, INT64_C(1) << i);
    json_put_list_end(&w);
    json_put_map_end(&w);
    json_put_list_end(&w);
    json_put_map_end(&w);
    buf_add_char(out, '\n');
}
