// SPDX-License-Identifier: Apache-2.0
// Finding by looking as a page: the picture with the part that is asked with, what can be done with that
// part, and the works that carry it, each with the place outlined.
#include "site/look.h"

#include "base/utf8.h"

#include <math.h>

enum { AREAS = 3, ACTIONS_MAX = 8 };

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
        .mirrored = found->hit->mirrored,
        .drawn = found->hit->drawn};
    if (!part.has_place)
        return part;
    part.marked = marked_found(v, found);
    part.marked.spots = spots(v, found);
    Str more = arena_printf(v->a, "&hit=" FMT_STR, ARG_STR(uri_encode(v->a, found->hit->object_id, "")));
    part.why = look_narrowed(v, look, "/look/why", &(SearchPlace){.ask = &look->within}, more);
    part.again = look->uploaded;
    return part;
}

// The same question with other filters.
static Url narrowed(const Visit *v, const Look *look, SearchFilter add, SearchFilter without)
{
    const SearchPlace place = {.ask = &look->within, .add = add, .without = without};
    return look_narrowed(v, look, "/look", &place, S(""));
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

static PartAction question_action(const Visit *v, const Look *look, Word word)
{
    const SearchFilter none = {.name = S("")};
    return (PartAction){
        .address = narrowed(v, look, none, none), .name = phrase(v->w, word), .again = look->uploaded};
}

// The same picture asked with in another way.
static size_t other_questions(const Visit *v, const Look *look, PartAction *ret)
{
    size_t count = 0;
    if (!look->asked || look->ask.question == VISUAL_PALETTE || (!look->is_part && !look->uploaded))
        return 0;
    Look other = *look;
    other.ask.question = look->ask.question == VISUAL_DETAIL ? VISUAL_LIKE : VISUAL_DETAIL;
    if (look->uploaded)
        ret[count++] =
            question_action(v, &other, other.ask.question == VISUAL_LIKE ? WORD_LOOK_LIKE : WORD_LOOK_DETAIL);
    if (look->ask.question != VISUAL_DETAIL)
        return count;
    Look perhaps = *look, mirrors = *look, lines = *look;
    perhaps.ask.perhaps = mirrors.ask.mirrored = true;
    lines.ask.lines = VISUAL_LINES_ALWAYS;
    if (!look->ask.perhaps)
        ret[count++] = question_action(v, &perhaps, WORD_LOOK_PERHAPS);
    if (!look->ask.mirrored)
        ret[count++] = question_action(v, &mirrors, WORD_LOOK_MIRRORS);
    if (!look->answer.by_lines && look->ask.lasso_count == 0)
        ret[count++] = question_action(v, &lines, WORD_LOOK_LINES);
    return count;
}

// What can be done with a part besides looking for it. A further tool for parts is a further line here.
static void fill_actions(const Visit *v, const Look *look, PageLook *page)
{
    PartAction *actions = arena_array(v->a, PartAction, ACTIONS_MAX);
    size_t count = other_questions(v, look, actions);
    const int *r = look->region;
    if (!look->is_part || look->uploaded) {
        page->actions.items = actions;
        page->actions.count = count;
        return;
    }
    if (look->seen->grant.side_max_px >= MAX_OF(look->media->width_px, look->media->height_px)) {
        Str service = manifest_image_url(v->a, S(""), look->image_id);
        actions[count++] =
            (PartAction){.address = url_local(arena_printf(v->a, FMT_STR "/%d,%d,%d,%d/max/0/default.jpg",
                             ARG_STR(service), r[0], r[1], r[2], r[3])),
                .name = phrase(v->w, WORD_LOOK_PICTURE)};
    }
    Derive derive;
    Err ignored;
    const Str statement = look->media->rights.n ? look->media->rights : look->seen->record.rights;
    if (v->site->config.kit &&
        rights_derive(v->role, statement, look->seen->record.licence, &derive, &ignored))
        actions[count++] =
            (PartAction){.address = url_local(arena_printf(v->a, "/kit?image=" FMT_STR "&region=%d,%d,%d,%d",
                             ARG_STR(uri_encode(v->a, look->image_id, "")), r[0], r[1], r[2], r[3])),
                .name = phrase(v->w, WORD_KIT_MAKE)};
    assert(count <= ACTIONS_MAX);
    page->actions.items = actions;
    page->actions.count = count;
}

PartPicture look_sent(const Visit *v, const Look *look)
{
    return (PartPicture){.src = url_jpeg(v->a, look->again),
        .alt = phrase(v->w, WORD_LOOK_SENT),
        .width = look->again_width_px,
        .height = look->again_height_px};
}

static void fill_sent(const Visit *v, const Look *look, PageLook *page)
{
    const double box[4] = {0, 0, look->again_width_px, look->again_height_px};
    page->again = look->again;
    page->again_address = look_address(v, look, "/look", S(""));
    page->sent = look_sent(v, look);
    page->has_part = look->ask.lasso_count > 0;
    if (page->has_part)
        page->asked =
            (PartMarked){.view = arena_printf(v->a, "0 0 %d %d", look->again_width_px, look->again_height_px),
                .outline = corners(v, look->ask.lasso, look->ask.lasso_count, box)};
    fill_actions(v, look, page);
}

static void fill_source(const Visit *v, const Look *look, PageLook *page)
{
    if (look->uploaded)
        fill_sent(v, look, page);
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

// ---- narrowing: facets of all that was found, and what was chosen

// Filters that keep their places in the facets are links on the page of a search; here they ask the picture
// again.
static void lead_here(const Visit *v, const Look *look, Str facet, const PartChoice *from, size_t count,
    const SearchFacetValue *values, PartChoice *ret)
{
    for (size_t i = 0; i < count; i++) {
        const SearchFilter filter = {facet, values[i].value}, none = {.name = S("")};
        ret[i] = from[i];
        ret[i].address = values[i].chosen ? narrowed(v, look, none, filter) : narrowed(v, look, filter, none);
        ret[i].again = look->uploaded;
    }
}

static PartFacet look_facet(const Visit *v, const Look *look, const SearchFacet *facet, size_t at)
{
    PartFacet part = facet_part(v, &look->within, facet, at);
    PartChoice *choices = arena_array(v->a, PartChoice, facet->count + 1);
    lead_here(v, look, facet->name, part.choices.items, part.choices.count, facet->values, choices);
    lead_here(v, look, facet->name, part.further.items, part.further.count,
        facet->values + part.choices.count, choices + part.choices.count);
    part.choices.items = choices;
    part.further.items = choices + part.choices.count;
    part.is_histogram = false; // its bars lead to searches
    part.all = URL_NONE;
    return part;
}

static void fill_facets(const Visit *v, const Look *look, const SearchAnswer *facets, PageLook *page)
{
    PartFacet *parts = arena_array(v->a, PartFacet, facets->facets_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < facets->facets_count; i++) {
        if (facets->facets[i].count > 0) {
            parts[count] = look_facet(v, look, &facets->facets[i], count);
            count++;
        }
    }
    page->facets.items = parts;
    page->facets.count = count;
    page->filtered = look->within.filters_count > 0;
}

static void fill_chips(const Visit *v, const Look *look, const SearchAnswer *facets, PageLook *page)
{
    PartChip *chips = arena_array(v->a, PartChip, SEARCH_FILTERS_MAX);
    PartHiddenField *kept = arena_array(v->a, PartHiddenField, SEARCH_FILTERS_MAX);
    page->q = look->within.q;
    for (int i = 0; i < look->within.filters_count; i++) {
        const SearchFilter filter = look->within.filters[i];
        chips[i] = chip_part(v, &(SearchPlace){.ask = &look->within}, facets, filter);
        chips[i].address = narrowed(v, look, (SearchFilter){.name = S("")}, filter);
        chips[i].again = look->uploaded;
        kept[i] = (PartHiddenField){.name = filter.name, .value = filter.value};
    }
    page->chips.items = chips;
    page->kept.items = kept;
    page->chips.count = page->kept.count = (size_t)look->within.filters_count;
}

static PageLook page_of(
    const Visit *v, const Look *look, const LookFound *found, size_t count, const SearchAnswer *facets)
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
    fill_chips(v, look, facets, &page);
    if (count > 0)
        fill_facets(v, look, facets, &page);
    page.shown = (int64_t)count;
    page.works = MAX_OF(facets->total, page.shown);
    page.more = facets->total > page.shown ? facets->total : 0;
    return page;
}

void look_answer(Visit *v)
{
    Err err = {0};
    Look look = {.shown = true};
    LookFound *found = NULL;
    SearchAnswer facets = {0};
    size_t count = 0;
    CatalogImage image;
    bool good = look_ask(v, &look, &err);
    if (good && !look.asked && look.image_id.n)
        good = look_find_media(v, &look, &image, &err);
    if (!good || !look_see(v, &look, &found, &count, &err) ||
        (count > 0 && !look_facets(v, &look, found, count, &facets, &err))) {
        trouble_answer(v, &err);
        return;
    }
    const PageLook page = page_of(v, &look, found, count, &facets);
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_look_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
    if (look.uploaded)
        v->answer->cache_control = S("no-store");
}
