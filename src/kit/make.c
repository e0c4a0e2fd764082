// SPDX-License-Identifier: Apache-2.0
// Pixels of the part, out of the pyramid; then one thing or the other made of them, and the file around it.
#include "base/json.h"
#include "image/render.h"
#include "kit/int.h"
#include "manifest/manifest.h"
#include "pattern/cutout.h"
#include "pattern/tile.h"
#include "pattern/trace.h"

#include <math.h>

enum { PART_QUALITY = 90 };

typedef struct {
    const Kit *kit;
    const KitSource *source;
    KitPiece piece;
    Str base_url;
    PatternPicture picture;
    Arena *a;
    Buf *out;
} Making;

// ---- pixels

static int scaled(int px, double scale)
{
    return MAX_OF(1, (int)lround(px * scale));
}

static Pyramid *open_pyramid(const Kit *kit, const KitSource *source, Err *err)
{
    const int fd = derived_find(kit->derived, &source->image.master, "pyramid", err);
    if (fd >= 0)
        return pyramid_open(fd, err);
    if (err->kind == ERR_NOT_FOUND)
        return err_null(err, ERR_BUSY, "this picture is still being prepared");
    return NULL;
}

static bool take_pixels(
    const Kit *kit, const KitSource *source, KitBox part, Arena *a, PatternPicture *ret, Err *err)
{
    Pyramid *p = open_pyramid(kit, source, err);
    if (!p)
        return false;
    const PyramidFacts *facts = pyramid_facts(p);
    const RenderAsk ask = {.left_px = part.left_px,
        .top_px = part.top_px,
        .width_px = part.width_px,
        .height_px = part.height_px,
        .out_width_px = scaled(part.width_px, source->scale),
        .out_height_px = scaled(part.height_px, source->scale)};
    const size_t stride = (size_t)ask.out_width_px * 3;
    uint8_t *pixels = arena_alloc(a, stride * (size_t)ask.out_height_px);
    const bool same =
        facts->width_px == source->media->width_px && facts->height_px == source->media->height_px;
    const bool good = same ? render_pixels(p, &ask, pixels, stride, err)
                           : err_set(err, ERR_CORRUPT, "the picture and its record do not fit");
    pyramid_drop(p);
    *ret = (PatternPicture){pixels, ask.out_width_px, ask.out_height_px, stride};
    return good;
}

// ---- files

static bool put_picture(
    const Making *m, const uint8_t *p, int width_px, int height_px, int channels, Err *err)
{
    const Credit credit = credit_make(m->kit, m->source, m->piece, m->base_url, m->a);
    PictureFile file = {.p = p,
        .width_px = width_px,
        .height_px = height_px,
        .channels = channels,
        .stride_bytes = (size_t)width_px * (size_t)channels,
        .format = m->piece == KIT_PART ? RENDER_JPEG : RENDER_PNG,
        .quality = PART_QUALITY};
    return credit_words(&credit, m->a, &file.words, err) && picture_write(&file, m->out, err);
}

static bool make_part(const Making *m, Err *err)
{
    return put_picture(m, m->picture.p, m->picture.width_px, m->picture.height_px, 3, err);
}

static bool make_flat(const Making *m, Err *err)
{
    Flat flat;
    if (!flat_make(&m->picture, COLOURS_USUAL, m->a, &flat, err))
        return false;
    uint8_t *rgb = arena_alloc(m->a, (size_t)flat.width_px * (size_t)flat.height_px * 3);
    flat_draw(&flat, rgb);
    return put_picture(m, rgb, flat.width_px, flat.height_px, 3, err);
}

static bool make_trace(const Making *m, Err *err)
{
    Flat flat;
    const Credit credit = credit_make(m->kit, m->source, m->piece, m->base_url, m->a);
    TraceWords words = {.title = credit.title};
    return flat_make(&m->picture, COLOURS_USUAL, m->a, &flat, err) &&
           credit_rdf(&credit, m->a, &words.metadata, err) && trace_write(&flat, &words, m->a, m->out, err);
}

static bool make_tile(const Making *m, Err *err)
{
    Lattice lattice;
    Tile tile;
    return lattice_find(&m->picture, m->a, &lattice, err) &&
           tile_make(&m->picture, &lattice, m->a, &tile, err) &&
           put_picture(m, tile.rgb, tile.width_px, tile.height_px, 3, err);
}

static bool make_sticker(const Making *m, Err *err)
{
    Cutout cutout;
    return cutout_make(&m->picture, m->a, &cutout, err) &&
           put_picture(m, cutout.rgba, cutout.width_px, cutout.height_px, 4, err);
}

// ---- facts

// The steps in pixels of the whole picture. A repeat of which no tile can be cut is still a repeat.
static bool study_repeat(
    const KitSource *source, const PatternPicture *picture, Arena *a, KitFacts *ret, Err *err)
{
    Tile tile;
    Err none = {0};
    Lattice *l = &ret->lattice;
    if (!lattice_find(picture, a, l, err))
        return false;
    if (tile_make(picture, l, a, &tile, &none)) {
        ret->tile_width_px = tile.width_px;
        ret->tile_height_px = tile.height_px;
    }
    l->ax /= source->scale;
    l->ay /= source->scale;
    l->bx /= source->scale;
    l->by /= source->scale;
    return true;
}

static bool study(const KitSource *source, const PatternPicture *picture, Arena *a, KitFacts *ret, Err *err)
{
    Flat flat;
    if (!flat_make(picture, COLOURS_USUAL, a, &flat, err))
        return false;
    memcpy(ret->colours, flat.colours, sizeof(ret->colours));
    ret->colours_count = flat.count;
    Cutout cutout;
    Err none = {0};
    if (cutout_make(picture, a, &cutout, &none))
        ret->sticker_share = cutout.share;
    else if (none.kind != ERR_NOT_FOUND)
        return err_set(err, none.kind, "%s", none.text);
    return study_repeat(source, picture, a, ret, err);
}

static void put_step(JsonWriter *w, Str name, double x, double y)
{
    json_put_name(w, name);
    json_put_list(w);
    json_put_real(w, round(x * 10) / 10);
    json_put_real(w, round(y * 10) / 10);
    json_put_list_end(w);
}

static void put_repeat(const KitFacts *facts, JsonWriter *w)
{
    static const Str kinds[] = {[LATTICE_NONE] = S("none"),
        [LATTICE_STRIP] = S("strip"),
        [LATTICE_RECTANGULAR] = S("rectangular"),
        [LATTICE_HALF] = S("half"),
        [LATTICE_OBLIQUE] = S("oblique")};
    const Lattice *l = &facts->lattice;
    json_put_name(w, S("repeat"));
    json_put_map(w);
    json_put_member(w, S("kind"), kinds[l->kind]);
    json_put_name(w, S("sure"));
    json_put_real(w, round(l->sure * 100) / 100);
    if (l->kind != LATTICE_NONE)
        put_step(w, S("a"), l->ax, l->ay);
    if (l->kind != LATTICE_NONE && l->kind != LATTICE_STRIP)
        put_step(w, S("b"), l->bx, l->by);
    json_put_map_end(w);
}

static void put_colours(const KitFacts *facts, Arena *a, JsonWriter *w)
{
    json_put_name(w, S("palette"));
    json_put_list(w);
    for (int i = 0; i < facts->colours_count; i++) {
        const Colour *c = &facts->colours[i];
        json_put_map(w);
        json_put_member(w, S("hex"), arena_printf(a, "#%02x%02x%02x", c->rgb[0], c->rgb[1], c->rgb[2]));
        json_put_member(w, S("name"), colour_name_text(colour_name(c->lab), a));
        json_put_name(w, S("share"));
        json_put_real(w, round(c->share * 10000) / 10000);
        json_put_name(w, S("lab"));
        json_put_list(w);
        json_put_real(w, round((double)c->lab.l * 10) / 10);
        json_put_real(w, round((double)c->lab.a * 10) / 10);
        json_put_real(w, round((double)c->lab.b * 10) / 10);
        json_put_list_end(w);
        json_put_map_end(w);
    }
    json_put_list_end(w);
}

// Nothing stands there where nothing can be cut out.
static void put_sticker(const KitFacts *facts, JsonWriter *w)
{
    if (facts->sticker_share <= 0)
        return;
    json_put_name(w, S("sticker"));
    json_put_map(w);
    json_put_name(w, S("share"));
    json_put_real(w, round(facts->sticker_share * 10000) / 10000);
    json_put_map_end(w);
}

static void put_credit(const Credit *c, JsonWriter *w)
{
    json_put_member(w, S("title"), c->title);
    json_put_member_if(w, S("maker"), c->maker);
    json_put_member_if(w, S("credit"), c->credit);
    json_put_member_if(w, S("collection"), c->collection);
    json_put_member_if(w, S("accession"), c->accession);
    json_put_member_if(w, S("licence"), c->licence);
    json_put_member_if(w, S("rights"), c->rights);
    json_put_member_if(w, S("conditions"), c->conditions);
    json_put_member(w, S("page"), c->page);
    json_put_member(w, S("source"), c->source);
}

static bool make_facts(const Making *m, Err *err)
{
    KitFacts facts = {0};
    if (!study(m->source, &m->picture, m->a, &facts, err))
        return false;
    const Credit credit = credit_make(m->kit, m->source, m->piece, m->base_url, m->a);
    JsonWriter w = json_writer(m->out);
    json_put_map(&w);
    json_put_member(&w, S("image"), m->source->media->id);
    json_put_member(&w, S("region"), kit_region_text(m->source->region, m->a));
    put_credit(&credit, &w);
    put_repeat(&facts, &w);
    put_colours(&facts, m->a, &w);
    put_sticker(&facts, &w);
    json_put_map_end(&w);
    return true;
}

// ---- one or the other

static bool make(const Making *m, Err *err)
{
    switch (m->piece) {
    case KIT_PART:
        return make_part(m, err);
    case KIT_TILE:
        return make_tile(m, err);
    case KIT_FLAT:
        return make_flat(m, err);
    case KIT_TRACE:
        return make_trace(m, err);
    case KIT_STICKER:
        return make_sticker(m, err);
    case KIT_FACTS:
        return make_facts(m, err);
    case KIT_PIECES:
        break;
    }
    return err_set(err, ERR_NOT_FOUND, "there is no such file in a kit");
}

// Memory for all that is made at once is bounded. A few wait until some is free, which is a second at most;
// whoever comes beyond them is asked to come again.
static bool enter(Kit *kit, const KitSource *source, size_t *ret_bytes, Err *err)
{
    const int width = scaled(source->region.width_px, source->scale);
    const int height = scaled(source->region.height_px, source->scale);
    const size_t bytes = pattern_memory_bytes(width, height) + (size_t)width * (size_t)height * 3;
    if (bytes > kit->budget_bytes)
        return err_set(err, ERR_LIMIT, "too large a part for the memory there is");
    pthread_mutex_lock(&kit->lock);
    const bool fits = kit->in_use_bytes + bytes <= kit->budget_bytes,
               stays = fits || kit->waiting < KIT_WAITING_MAX;
    kit->waiting += !fits && stays;
    while (stays && kit->in_use_bytes + bytes > kit->budget_bytes)
        pthread_cond_wait(&kit->freed, &kit->lock);
    kit->waiting -= !fits && stays;
    kit->in_use_bytes += stays ? bytes : 0;
    pthread_mutex_unlock(&kit->lock);
    *ret_bytes = bytes;
    return stays || err_set(err, ERR_BUSY, "many pictures are being made; please try again in a moment");
}

static void leave(Kit *kit, size_t bytes)
{
    pthread_mutex_lock(&kit->lock);
    kit->in_use_bytes -= bytes;
    pthread_cond_broadcast(&kit->freed);
    pthread_mutex_unlock(&kit->lock);
}

bool kit_make(Kit *kit, const KitSource *source, KitPiece piece, Str base_url, Buf *out, Err *err)
{
    size_t bytes;
    if (!enter(kit, source, &bytes, err))
        return false;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Making m = {.kit = kit, .source = source, .piece = piece, .base_url = base_url, .a = a, .out = out};
    const bool good = take_pixels(kit, source, source->region, a, &m.picture, err) && make(&m, err);
    leave(kit, bytes);
    return good && (!out->full || err_set(err, ERR_LIMIT, "the file became too big"));
}

bool kit_study(Kit *kit, const KitSource *source, KitFacts *ret, Err *err)
{
    size_t bytes;
    if (!enter(kit, source, &bytes, err))
        return false;
    CLEANUP(arena_closep) Arena *a = arena_open();
    PatternPicture picture;
    KitFacts facts = {0};
    const bool good =
        take_pixels(kit, source, source->region, a, &picture, err) && study(source, &picture, a, &facts, err);
    leave(kit, bytes);
    if (good)
        *ret = facts;
    return good;
}
