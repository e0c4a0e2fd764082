// SPDX-License-Identifier: Apache-2.0
// Finding by looking as a page: the picture with the part that is asked with, what can be done with that
// part, and the works that carry it, each with the place outlined.
#include "site/look.h"

#include "base/utf8.h"

#include <math.h>

enum { AREAS = 3, ACTIONS_MAX = 8, NARROW_MAX = 8 };

// ---- drawing over a picture. A part of a picture is drawn in a box as wide and high as the picture.

static Str view_of(const Visit *v, const RecordMedia *media)
{
    return arena_printf(v->a, "0 0 %d %d", media->width_px, media->height_px);
}

// Points are fractions of a box within the picture.
static Str corners(const Visit *v, const VisualPoint *points, int count, const double box[4])
{
    CLEANUP(buf_free) Buf b = buf_with_max(LOOK_OUTLINE_MAX_BYTES);
    for (int i = 0; i < count; i++)
        buf_printf(
            &b, "%s%.0f,%.0f", i ? " " : "", box[0] + points[i].x * box[2], box[1] + points[i].y * box[3]);
    return arena_copy(v->a, buf_str(&b));
}

static PartMarked marked(
    const Visit *v, const RecordMedia *media, const VisualPoint *points, int count, const double box[4])
{
    return (PartMarked){.view = view_of(v, media), .outline = corners(v, points, count, box)};
}

static PartMarked marked_found(const Visit *v, const LookFound *found)
{
    const double whole[4] = {0, 0, found->media->width_px, found->media->height_px};
    return marked(v, found->media, found->hit->outline, found->hit->outline_count, whole);
}

static PartMarked marked_asked(const Visit *v, const Look *look)
{
    static const VisualPoint square[4] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
    const double box[4] = {look->region[0], look->region[1], look->region[2], look->region[3]};
    return look->ask.lasso_count ? marked(v, look->media, look->ask.lasso, look->ask.lasso_count, box)
                                 : marked(v, look->media, square, 4, box);
}

// ---- hits

static Str spots(const Visit *v, const LookFound *found)
{
    CLEANUP(buf_free) Buf b = buf_with_max(VISUAL_POINTS_MAX * 24);
    for (int i = 0; i < found->hit->points_count; i++) // a dot is a line of no length with round ends
        buf_printf(&b, "M%.0f %.0fh0", found->hit->found[i].x * found->media->width_px,
            found->hit->found[i].y * found->media->height_px);
    return arena_copy(v->a, buf_str(&b));
}

static PartLookHit hit_part(const Visit *v, const Look *look, const LookFound *found)
{
    const PartCard card = card_part(v, found->seen);
    PartLookHit part = {.address = card.address,
        .title = card.title,
        .title_lang = card.title_lang,
        .maker = card.maker,
        .maker_lang = card.maker_lang,
        .shape = card_shape(v->a, found->media->width_px, found->media->height_px),
        .picture = picture_part(v, found->seen, found->media, PICTURE_WALL),
        .sure = (int64_t)lround(found->hit->score * 100),
        .has_place = found->hit->has_place,
        .negative = found->hit->negative,
        .mirrored = found->hit->mirrored};
    if (!part.has_place)
        return part;
    part.marked = marked_found(v, found);
    part.marked.spots = spots(v, found);
    Str more = arena_printf(v->a, "&hit=" FMT_STR, ARG_STR(uri_encode(v->a, found->hit->object_id, "")));
    part.why = look_address(v, look, "/look/why", more);
    return part;
}

// ---- the picture that is asked with

static void fill_areas(const Visit *v, const Look *look, PageLook *page)
{
    const int width = look->media->width_px, height = look->media->height_px;
    PartLookArea *areas = arena_array(v->a, PartLookArea, AREAS * AREAS);
    if (width < AREAS * VISUAL_REGION_MIN_PX || height < AREAS * VISUAL_REGION_MIN_PX)
        return;
    for (int i = 0; i < AREAS * AREAS; i++) {
        const int left = i % AREAS * width / AREAS, top = i / AREAS * height / AREAS;
        PartLookArea *area = &areas[i];
        *area =
            (PartLookArea){.n = i + 1, .x = left, .y = top, .width = width / AREAS, .height = height / AREAS};
        area->address = url_local(arena_printf(v->a, "/look?image=" FMT_STR "&region=%d,%d,%d,%d",
            ARG_STR(uri_encode(v->a, look->image_id, "")), left, top, (int)area->width, (int)area->height));
    }
    page->areas.items = areas;
    page->areas.count = AREAS * AREAS;
}

// What can be done with a part besides looking for it. A further tool for parts is a further line here.
static void fill_actions(const Visit *v, const Look *look, PageLook *page)
{
    PartAction *actions = arena_array(v->a, PartAction, ACTIONS_MAX);
    size_t count = 0;
    const int *r = look->region;
    if (!look->is_part)
        return;
    Look perhaps = *look, mirrors = *look;
    perhaps.ask.perhaps = mirrors.ask.mirrored = true;
    if (look->ask.question == VISUAL_DETAIL) {
        if (!look->ask.perhaps)
            actions[count++] =
                (PartAction){look_address(v, &perhaps, "/look", S("")), phrase(v->w, WORD_LOOK_PERHAPS)};
        if (!look->ask.mirrored)
            actions[count++] =
                (PartAction){look_address(v, &mirrors, "/look", S("")), phrase(v->w, WORD_LOOK_MIRRORS)};
    }
    if (look->seen->grant.side_max_px >= MAX_OF(look->media->width_px, look->media->height_px)) {
        Str service = manifest_image_url(v->a, S(""), look->image_id);
        actions[count++] = (PartAction){url_local(arena_printf(v->a, FMT_STR "/%d,%d,%d,%d/max/0/default.jpg",
                                            ARG_STR(service), r[0], r[1], r[2], r[3])),
            phrase(v->w, WORD_LOOK_PICTURE)};
    }
    Derive derive;
    Err ignored;
    const Str statement = look->media->rights.n ? look->media->rights : look->seen->record.rights;
    if (v->site->config.kit &&
        rights_derive(v->role, statement, look->seen->record.licence, &derive, &ignored))
        actions[count++] =
            (PartAction){url_local(arena_printf(v->a, "/kit?image=" FMT_STR "&region=%d,%d,%d,%d",
                             ARG_STR(uri_encode(v->a, look->image_id, "")), r[0], r[1], r[2], r[3])),
                phrase(v->w, WORD_KIT_MAKE)};
    assert(count <= ACTIONS_MAX);
    page->actions.items = actions;
    page->actions.count = count;
}

static void fill_source(const Visit *v, const Look *look, PageLook *page)
{
    if (!look->media)
        return;
    page->has_source = true;
    page->image = look->image_id;
    page->source = picture_part(v, look->seen, look->media, PICTURE_HERO);
    page->source_view = view_of(v, look->media);
    page->source_width = look->media->width_px;
    page->source_height = look->media->height_px;
    page->work = url_local(manifest_object_url(v->a, S(""), look->seen->record.id));
    page->work_title = seen_title(v, look->seen, &page->work_lang);
    page->has_part = look->is_part;
    if (look->is_part)
        page->asked = marked_asked(v, look);
    fill_areas(v, look, page);
    fill_actions(v, look, page);
}

// ---- narrowing: the kinds among the hits, and what was chosen

static Url narrowed(const Visit *v, const Look *look, SearchFilter add, SearchFilter without)
{
    Url search = search_address(v->a, &(SearchPlace){.ask = &look->within, .add = add, .without = without});
    Str rest = str_slice(search.address, S("/search").n, search.address.n);
    Str more = rest.n > 1 ? arena_printf(v->a, "&" FMT_STR, ARG_STR(str_slice(rest, 1, rest.n))) : S("");
    return look_address(v, look, "/look", more);
}

static void count_kind(PartChoice *kinds, size_t *count, Str name)
{
    for (size_t i = 0; i < *count; i++) {
        if (str_eq(kinds[i].name, name)) {
            kinds[i].count++;
            return;
        }
    }
    if (*count < NARROW_MAX)
        kinds[(*count)++] = (PartChoice){.name = name, .count = 1};
}

static void fill_narrow(
    const Visit *v, const Look *look, const LookFound *found, size_t found_count, PageLook *page)
{
    PartChoice *kinds = arena_array(v->a, PartChoice, NARROW_MAX);
    PartChip *chips = arena_array(v->a, PartChip, SEARCH_FILTERS_MAX);
    PartHiddenField *kept = arena_array(v->a, PartHiddenField, SEARCH_FILTERS_MAX);
    size_t count = 0;
    page->q = look->within.q;
    for (int i = 0; i < look->within.filters_count; i++) {
        const SearchFilter filter = look->within.filters[i];
        chips[i] = (PartChip){.address = narrowed(v, look, (SearchFilter){0}, filter),
            .facet = facet_title(v->w, filter.name),
            .name = facet_value_name(v, filter.name, &(SearchFacetValue){.value = filter.value})};
        kept[i] = (PartHiddenField){.name = filter.name, .value = filter.value};
    }
    page->chips.items = chips;
    page->kept.items = kept;
    page->chips.count = page->kept.count = (size_t)look->within.filters_count;
    for (size_t i = 0; i < found_count; i++) {
        const RecordTerms *terms = &found[i].seen->record.classification;
        for (size_t t = 0; t < terms->count; t++)
            count_kind(kinds, &count, terms->items[t].text);
    }
    for (size_t i = 0; i < count; i++)
        kinds[i].address =
            narrowed(v, look, (SearchFilter){S("classification"), kinds[i].name}, (SearchFilter){0});
    page->kinds.items = kinds;
    page->kinds.count = count > 1 && kinds[0].address.address.n ? count : 0;
}

static PageLook page_of(const Visit *v, const Look *look, const LookFound *found, size_t count)
{
    PartLookHit *parts = arena_array(v->a, PartLookHit, count + 1);
    for (size_t i = 0; i < count; i++)
        parts[i] = hit_part(v, look, &found[i]);
    PageLook page = {
        .head = frame_head(
            v, &(Frame){.title = phrase(v->w, WORD_LOOK_TITLE), .path = S("/look"), .hide = look->asked}),
        .foot = frame_foot(v),
        .region = look->lasso_text.n ? S("") : look->region_text,
        .lasso = look->lasso_text,
        .hits = {parts, count},
        .nothing = look->asked && count == 0 && !look->answer.too_plain,
        .plain = look->asked && look->answer.too_plain,
        .photo = {.open = true},
    };
    fill_source(v, look, &page);
    fill_narrow(v, look, found, count, &page);
    return page;
}

void look_answer(Visit *v)
{
    Err err = {0};
    Look look = {0};
    LookFound *found = NULL;
    size_t count = 0;
    CatalogImage image;
    bool good = look_ask(v, &look, &err);
    if (good && !look.asked && look.image_id.n)
        good = look_find_media(v, &look, &image, &err);
    if (!good || !look_see(v, &look, &found, &count, &err)) {
        trouble_answer(v, &err);
        return;
    }
    const PageLook page = page_of(v, &look, found, count);
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_look_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
    if (look.uploaded)
        v->answer->cache_control = S("no-store");
}
