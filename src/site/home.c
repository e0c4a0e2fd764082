// SPDX-License-Identifier: Apache-2.0
// The entrance: what this museum is, a box to search, a changing choice of works, ways in.
#include "site/int.h"

enum { HOME_WORKS = 20, HOME_COLLECTIONS = 14 };

static void fill_wall(const Visit *v, const ChoiceMade *choice, PageHome *page, Err *err)
{
    Seen *seen;
    size_t count;
    if (!seen_find_many(v, choice->works, choice->works_count, &seen, &count, err) || !count)
        return;
    PartCard *cards = arena_array(v->a, PartCard, count);
    size_t used = 0;
    const RecordMedia *first = seen_picture(&seen[0], 0);
    page->has_hero = first != NULL;
    if (first) {
        page->hero = card_part(v, &seen[0]);
        page->hero.picture = picture_part(v, &seen[0], first, PICTURE_HERO);
    }
    for (size_t i = page->has_hero ? 1 : 0; i < count && used < HOME_WORKS; i++)
        cards[used++] = card_part(v, &seen[i]);
    page->works.items = cards;
    page->works.count = used;
}

static void fill_doors(const Visit *v, const ChoiceMade *choice, PageHome *page, Err *err)
{
    SearchAsk all = {.role = v->role};
    PartWay *doors = arena_array(v->a, PartWay, CHOICE_DOORS_MAX);
    PartWay *ways = arena_array(v->a, PartWay, CHOICE_DOORS_MAX);
    for (size_t i = 0; i < choice->doors_count; i++) {
        Seen *seen;
        size_t count = 0;
        SearchPlace place = {.ask = &all, .add = {S("classification"), choice->doors[i].value}};
        if (choice->doors[i].work.n && !seen_find_many(v, &choice->doors[i].work, 1, &seen, &count, err))
            return;
        const RecordMedia *media = count ? seen_picture(&seen[0], 0) : NULL;
        PartWay *way = media ? &doors[page->doors.count++] : &ways[page->ways.count++];
        *way = (PartWay){.address = search_address(v->a, &place),
            .name = choice->doors[i].value,
            .count = choice->doors[i].count,
            .has_picture = media != NULL};
        if (media)
            way->picture = picture_part(v, &seen[0], media, PICTURE_DOOR);
    }
    page->doors.items = doors;
    page->ways.items = ways;
    page->has_doors = choice->doors_count > 0;
}

static void fill_facets(const Visit *v, const SearchAnswer *answer, PageHome *page)
{
    SearchAsk all = {.role = v->role};
    const SearchFacet *centuries = facet_find(answer, S("century"));
    if (centuries && centuries->count > 1) {
        page->centuries = facet_histogram(v, &all, centuries);
        page->has_centuries = page->centuries.bars.count > 1;
    }
    const SearchFacet *collections = facet_find(answer, S("collection"));
    if (!collections)
        return;
    PartWay *ways = arena_array(v->a, PartWay, HOME_COLLECTIONS);
    for (size_t i = 0; i < collections->count && i < HOME_COLLECTIONS; i++) {
        SearchPlace place = {.ask = &all, .add = {S("collection"), collections->values[i].value}};
        ways[page->collections.count++] = (PartWay){.address = search_address(v->a, &place),
            .name = facet_value_name(v, S("collection"), &collections->values[i]),
            .count = collections->values[i].count};
    }
    page->collections.items = ways;
}

// How many works have pictures. Not how many pictures there are: those of hidden works must be in no count.
static int64_t pictured(const SearchAnswer *answer)
{
    const SearchFacet *has = facet_find(answer, S("has"));
    for (size_t i = 0; has && i < has->count; i++)
        if (str_eq(has->values[i].value, S("image")))
            return has->values[i].count;
    return 0;
}

void home_answer(Visit *v)
{
    Err err = {0};
    const SiteConfig *config = &v->site->config;
    ChoiceMade choice = {0};
    SearchAnswer answer = {0};
    PageHome page = {.museum = config->museum_name,
        .museum_lang = config->museum_lang,
        .intro = config->museum_intro,
        .foot = frame_foot(v)};
    // While the index is being made the entrance stands open without the wall.
    if (site_search(v, &(SearchAsk){.role = v->role, .facets = true}, &answer, &err) &&
        choice_make(v, &choice, &err)) {
        page.objects = answer.total;
        page.pictured = pictured(&answer);
        fill_wall(v, &choice, &page, &err);
        fill_doors(v, &choice, &page, &err);
        fill_facets(v, &answer, &page);
    }
    if (err.kind && err.kind != ERR_BUSY) {
        trouble_answer(v, &err);
        return;
    }
    Str picture = page.has_hero ? arena_printf(v->a, FMT_STR FMT_STR, ARG_STR(v->base_url),
                                      ARG_STR(page.hero.picture.src.address))
                                : S("");
    page.head = frame_head(v, &(Frame){.title = config->museum_name,
                                  .description = config->museum_intro,
                                  .path = S("/"),
                                  .picture = picture});
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_home_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
}
