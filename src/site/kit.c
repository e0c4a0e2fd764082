// SPDX-License-Identifier: Apache-2.0
// Pattern kits: the page with everything that was made of a part, and the files themselves.
#include "site/int.h"

#include "base/utf8.h"

#include <math.h>

enum { COLOURS_VIEW = 1000, AREAS = 3 }; // width of the bar of colours, in its own units

static Str address_of(const Visit *v, const KitSource *source, KitPiece piece)
{
    return arena_printf(v->a, "/kit/" FMT_STR "/" FMT_STR "/" FMT_STR,
        ARG_STR(uri_encode(v->a, source->media->id, ":")), ARG_STR(kit_region_text(source->region, v->a)),
        ARG_STR(kit_piece_file(piece)));
}

// ---- files

static bool read_address(const Visit *v, Str rest, KitAsk *ask, KitPiece *ret_piece, Err *err)
{
    Str before, file, image, region;
    if (!str_cut_last(rest, '/', &before, &file) || !str_cut_last(before, '/', &image, &region) ||
        image.n > 3 * RECORD_ID_MAX_BYTES || !kit_piece_find(file, ret_piece) ||
        !uri_decode(v->a, image, false, &ask->image_id, err))
        return err_set(err, ERR_NOT_FOUND, "there is no such file in a kit");
    return kit_read_region(region, &ask->region) ||
           err_set(err, ERR_INVALID, "a part is x,y,width,height in pixels");
}

static void send_file(Visit *v, const KitSource *source, KitPiece piece)
{
    Err err = {0};
    *v->answer = (HttpAnswer){.status = 200,
        .content_type = kit_piece_type(piece),
        .etag = kit_tag(source, piece, v->base_url, v->a),
        .cache_control = S("public, max-age=3600")};
    http_answer_header(v->answer, "Access-Control-Allow-Origin", S("*"));
    http_answer_header(v->answer, "X-Content-Type-Options", S("nosniff"));
    http_answer_header(v->answer, "Content-Security-Policy", S("default-src 'none'"));
    if (http_not_modified(v->r, v->answer)) {
        v->answer->status = 304;
        return;
    }
    CLEANUP(buf_free) Buf out = buf_with_max(KIT_FILE_MAX_BYTES);
    if (!kit_make(v->site->config.kit, source, piece, v->base_url, &out, &err) ||
        !buf_into(&out, v->a, &v->answer->body, &err))
        http_answer_error(v->r, &err, v->answer);
}

void kit_file_answer(Visit *v, Str rest)
{
    Err err = {0};
    KitAsk ask = {.role = v->role};
    KitPiece piece;
    KitSource source;
    if (!v->site->config.kit)
        err_note_at(&err, __FILE__, __LINE__, ERR_NOT_FOUND, "no kits are made here");
    else if (read_address(v, rest, &ask, &piece, &err) &&
             kit_find(v->site->config.kit, &ask, v->a, &source, &err)) {
        send_file(v, &source, piece);
        return;
    }
    http_answer_error(v->r, &err, v->answer);
}

// ---- the page

static Str colour_text(const Visit *v, Lab lab)
{
    static const Word hues[HUES] = {[HUE_BLACK] = WORD_COLOUR_BLACK,
        [HUE_GREY] = WORD_COLOUR_GREY,
        [HUE_WHITE] = WORD_COLOUR_WHITE,
        [HUE_RED] = WORD_COLOUR_RED,
        [HUE_ORANGE] = WORD_COLOUR_ORANGE,
        [HUE_BROWN] = WORD_COLOUR_BROWN,
        [HUE_BEIGE] = WORD_COLOUR_BEIGE,
        [HUE_YELLOW] = WORD_COLOUR_YELLOW,
        [HUE_OLIVE] = WORD_COLOUR_OLIVE,
        [HUE_GREEN] = WORD_COLOUR_GREEN,
        [HUE_TEAL] = WORD_COLOUR_TEAL,
        [HUE_BLUE] = WORD_COLOUR_BLUE,
        [HUE_PURPLE] = WORD_COLOUR_PURPLE,
        [HUE_PINK] = WORD_COLOUR_PINK};
    const ColourName name = colour_name(lab);
    const Str hue = phrase(v->w, hues[name.hue]);
    const WordArgument argument = {.name = S("colour"), .text = hue};
    switch (name.tone) {
    case TONE_DARK:
        return phrase_with(v->a, v->w, WORD_COLOUR_DARK, &argument, 1);
    case TONE_LIGHT:
        return phrase_with(v->a, v->w, WORD_COLOUR_LIGHT, &argument, 1);
    case TONE_PLAIN:
    case TONES:
        break;
    }
    return hue;
}

static void fill_colours(const Visit *v, const KitFacts *facts, PageKit *page)
{
    PartSwatch *swatches = arena_array(v->a, PartSwatch, (size_t)facts->colours_count + 1);
    PartStripe *stripes = arena_array(v->a, PartStripe, (size_t)facts->colours_count + 1);
    double at = 0;
    for (int i = 0; i < facts->colours_count; i++) {
        const Colour *c = &facts->colours[i];
        const int64_t from = llround(at * COLOURS_VIEW), to = llround((at + c->share) * COLOURS_VIEW);
        at += c->share;
        swatches[i] =
            (PartSwatch){.hex = arena_printf(v->a, "#%02x%02x%02x", c->rgb[0], c->rgb[1], c->rgb[2]),
                .name = colour_text(v, c->lab),
                .share = llround(c->share * 100)};
        stripes[i] = (PartStripe){.x = from, .wide = to - from, .hex = swatches[i].hex};
    }
    page->colours.items = swatches;
    page->colours.count = (size_t)facts->colours_count;
    page->stripes.items = stripes;
    page->stripes.count = (size_t)facts->colours_count;
    page->colours_view = arena_printf(v->a, "0 0 %d 10", COLOURS_VIEW);
}

static Str repeat_text(const Visit *v, const Lattice *lattice)
{
    static const Word words[] = {[LATTICE_NONE] = WORD_KIT_REPEAT_NONE,
        [LATTICE_STRIP] = WORD_KIT_REPEAT_STRIP,
        [LATTICE_RECTANGULAR] = WORD_KIT_REPEAT_ROWS,
        [LATTICE_HALF] = WORD_KIT_REPEAT_HALF,
        [LATTICE_OBLIQUE] = WORD_KIT_REPEAT_SLANTED};
    const WordArgument arguments[] = {
        {.name = S("n"), .number = llround(hypot(lattice->ax, lattice->ay)), .is_number = true},
        {.name = S("m"), .number = llround(hypot(lattice->bx, lattice->by)), .is_number = true}};
    const size_t count = lattice->kind == LATTICE_NONE ? 0 : lattice->kind == LATTICE_STRIP ? 1 : 2;
    return phrase_with(v->a, v->w, words[lattice->kind], arguments, count);
}

static void fill_pieces(const Visit *v, const KitSource *source, const KitFacts *facts, PageKit *page)
{
    static const struct {
        KitPiece piece;
        Word name, says;
    } all[] = {{KIT_TILE, WORD_KIT_TILE, WORD_KIT_TILE_SAYS}, {KIT_FLAT, WORD_KIT_FLAT, WORD_KIT_FLAT_SAYS},
        {KIT_TRACE, WORD_KIT_TRACE, WORD_KIT_TRACE_SAYS},
        {KIT_STICKER, WORD_KIT_STICKER, WORD_KIT_STICKER_SAYS}, {KIT_PART, WORD_KIT_PART, WORDS_COUNT}};
    PartKitPiece *parts = arena_array(v->a, PartKitPiece, COUNT_OF(all));
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        const bool tile = all[i].piece == KIT_TILE;
        if ((tile && !facts->tile_width_px) || (all[i].piece == KIT_STICKER && facts->sticker_share <= 0))
            continue;
        parts[count++] = (PartKitPiece){.address = url_local(address_of(v, source, all[i].piece)),
            .name = phrase(v->w, all[i].name),
            .says = all[i].says == WORDS_COUNT ? S("") : phrase(v->w, all[i].says),
            .file = kit_piece_file(all[i].piece),
            .width =
                tile ? facts->tile_width_px : MAX_OF(1, llround(source->region.width_px * source->scale)),
            .height =
                tile ? facts->tile_height_px : MAX_OF(1, llround(source->region.height_px * source->scale)),
            .repeats = tile,
            .clear = all[i].piece == KIT_STICKER};
    }
    page->pieces.items = parts;
    page->pieces.count = count;
}

static void fill_made(const Visit *v, const KitSource *source, const KitFacts *facts, PageKit *page)
{
    const Record *record = &source->record;
    const Str statement = source->media->rights.n ? source->media->rights : record->rights;
    page->made = true;
    page->repeat = repeat_text(v, &facts->lattice);
    fill_pieces(v, source, facts, page);
    fill_colours(v, facts, page);
    page->credit = record->credit;
    page->credit_lang = lang_or(record->lang, S(""));
    page->rights = rights_words(v, statement, record->licence).name;
    page->rights_address = url_foreign(statement);
    page->facts = url_local(address_of(v, source, KIT_FACTS));
}

// The picture stands on the page whenever it may be seen; what is made of it, if it may and can be made.
static bool look_at(const Visit *v, PageKit *page, KitSource *source, int *ret_status, Err *err)
{
    KitAsk ask = {.role = v->role};
    Str region = S("");
    KitFacts facts;
    Kit *kit = v->site->config.kit;
    if (!kit || !http_parameter(v->r, S("image"), &ask.image_id))
        return err_set(err, ERR_NOT_FOUND, "no such picture");
    (void)http_parameter(v->r, S("region"), &region);
    page->region = region;
    const bool readable = !region.n || kit_read_region(region, &ask.region);
    bool good = kit_find(kit, &ask, v->a, source, err);
    if (!good && err->kind != ERR_DENIED && err->kind != ERR_INVALID)
        return false;
    if (err->kind == ERR_DENIED) {
        page->refused = page->refused.n ? page->refused : arena_copy(v->a, str_from(err->text));
        *ret_status = 403;
        return true;
    }
    if (good && !region.n)
        return true;
    good = good && readable && kit_study(kit, source, &facts, err);
    if (good) {
        fill_made(v, source, &facts, page);
        return true;
    }
    const bool busy = err->kind == ERR_BUSY;
    *ret_status = busy ? 503 : 400;
    page->trouble = phrase(v->w, busy ? WORD_KIT_TROUBLE_BUSY : WORD_KIT_TROUBLE_REGION);
    return busy || err->kind == ERR_INVALID || err->kind == ERR_LIMIT || !readable;
}

// Nine parts to begin with, for who cannot draw.
static void fill_areas(const Visit *v, const KitSource *source, PageKit *page)
{
    const int width = source->media->width_px / AREAS, height = source->media->height_px / AREAS;
    PartLookArea *areas = arena_array(v->a, PartLookArea, AREAS * AREAS);
    if (MIN_OF(width, height) < KIT_REGION_MIN_PX)
        return;
    for (int i = 0; i < AREAS * AREAS; i++) {
        const KitBox box = {i % AREAS * width, i / AREAS * height, width, height};
        areas[i] =
            (PartLookArea){.n = i + 1, .x = box.left_px, .y = box.top_px, .width = width, .height = height};
        areas[i].address = url_local(arena_printf(v->a, "/kit?image=" FMT_STR "&region=" FMT_STR,
            ARG_STR(uri_encode(v->a, source->media->id, "")), ARG_STR(kit_region_text(box, v->a))));
    }
    page->areas.items = areas;
    page->areas.count = AREAS * AREAS;
}

static void fill_source(const Visit *v, const KitSource *source, const Seen *seen, PageKit *page)
{
    const KitBox r = source->region;
    page->image = source->media->id;
    page->source = picture_part(v, seen, source->media, PICTURE_HERO);
    page->source_width = source->media->width_px;
    page->source_height = source->media->height_px;
    page->source_view = arena_printf(v->a, "0 0 %d %d", source->media->width_px, source->media->height_px);
    page->work = url_local(manifest_object_url(v->a, S(""), source->record.id));
    page->work_title = seen_title(v, seen, &page->work_lang);
    page->has_part = page->made;
    page->asked = (PartMarked){.view = page->source_view,
        .outline = arena_printf(v->a, "%d,%d %d,%d %d,%d %d,%d", r.left_px, r.top_px, r.left_px + r.width_px,
            r.top_px, r.left_px + r.width_px, r.top_px + r.height_px, r.left_px, r.top_px + r.height_px)};
    fill_areas(v, source, page);
}

void kit_answer(Visit *v)
{
    Err err = {0};
    KitSource source = {0};
    PageKit page = {0};
    Seen seen;
    int status = 200;
    if (!look_at(v, &page, &source, &status, &err) || !seen_find(v, source.record.id, &seen, &err)) {
        trouble_answer(v, &err);
        return;
    }
    page.head =
        frame_head(v, &(Frame){.title = phrase(v->w, WORD_KIT_TITLE), .path = S("/kit"), .hide = true});
    page.foot = frame_foot(v);
    fill_source(v, &source, &seen, &page);
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_kit_put(&b, v->w, &page);
    frame_send_page(v, status, &b);
}
