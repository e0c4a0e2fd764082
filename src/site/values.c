// SPDX-License-Identifier: Apache-2.0
// All values of one facet: a page to look through and search in, and the same as JSON.
#include "site/int.h"

enum { VALUES_COUNT = SEARCH_LIMIT_MAX, CONTAINS_MAX_BYTES = 200, OFFSET_MAX = 10 * 1000 * 1000 };

typedef struct {
    SearchAsk ask;
    Str contains;
    int offset;
    SearchFacet found;
} Values;

static bool values_read(const Visit *v, Values *ret, Err *err)
{
    Str offset;
    if (!search_ask_read(v, &ret->ask, err))
        return false;
    ret->ask.cursor = S("");
    if (!http_parameter(v->r, S("limit"), &offset))
        ret->ask.limit = VALUES_COUNT;
    http_parameter(v->r, S("contains"), &ret->contains);
    if (ret->contains.n > CONTAINS_MAX_BYTES)
        return err_set(err, ERR_INVALID, "contains is longer than %d bytes", CONTAINS_MAX_BYTES);
    if (http_parameter(v->r, S("offset"), &offset) && !str_to_int(offset, 0, OFFSET_MAX, &ret->offset))
        return err_set(err, ERR_INVALID, "offset must be a number from 0 to %d", OFFSET_MAX);
    return true;
}

// What is asked for does not exist if there is no such facet.
static bool values_find(const Visit *v, Str facet, Values *ret, Err *err)
{
    const SiteConfig *config = &v->site->config;
    *ret = (Values){0};
    if (!search_is_facet(facet) || str_eq(facet, S("year")))
        return err_set(err, ERR_NOT_FOUND, "no such facet");
    if (!values_read(v, ret, err))
        return false;
    Search *search = config->search_keep(config->search_ctx);
    bool good =
        search ? search_facet(search, &ret->ask, facet, ret->contains, ret->offset, v->a, &ret->found, err)
               : err_set(err, ERR_BUSY, "the index is being made");
    config->search_drop(config->search_ctx, search);
    return good;
}

static void fill_values(const Visit *v, const Values *values, PageValues *page)
{
    const SearchFacet *found = &values->found;
    PartChoice *choices = arena_array(v->a, PartChoice, found->count + 1);
    for (size_t i = 0; i < found->count; i++)
        choices[i] = choice_part(v, &values->ask, found->name, &found->values[i]);
    page->values.items = choices;
    page->values.count = found->count;
    page->distinct = found->distinct;
    page->from = values->offset + 1;
    page->to = values->offset + (int64_t)found->count;
}

static void fill_kept(const Visit *v, const SearchAsk *ask, PageValues *page)
{
    PartHiddenField *kept = arena_array(v->a, PartHiddenField, SEARCH_FILTERS_MAX + 2);
    size_t count = 0;
    if (ask->q.n)
        kept[count++] = (PartHiddenField){.name = S("q"), .value = ask->q};
    if (ask->exact)
        kept[count++] = (PartHiddenField){.name = S("exact"), .value = S("1")};
    for (int i = 0; i < ask->filters_count; i++)
        kept[count++] = (PartHiddenField){.name = ask->filters[i].name, .value = ask->filters[i].value};
    page->kept.items = kept;
    page->kept.count = count;
}

static void fill_ways(const Visit *v, const Values *values, PageValues *page)
{
    SearchPlace place = {.ask = &values->ask,
        .facet = values->found.name,
        .contains = values->contains,
        .offset = values->offset};
    int limit = values->ask.limit;
    if (values->offset > 0) {
        place.offset = MAX_OF(values->offset - limit, 0);
        page->earlier = search_address(v->a, &place);
    }
    if (page->to < page->distinct && values->found.count) {
        place.offset = values->offset + limit;
        page->later = search_address(v->a, &place);
    }
    page->back = search_address(v->a, &(SearchPlace){.ask = &values->ask});
}

void facet_page_answer(Visit *v, Str facet)
{
    Err err = {0};
    Values values;
    if (!values_find(v, facet, &values, &err)) {
        trouble_answer(v, &err);
        return;
    }
    SearchPlace place = {
        .ask = &values.ask, .facet = facet, .contains = values.contains, .offset = values.offset};
    SearchAsk nothing = {0};
    WordArgument arguments[] = {
        {.name = S("facet"), .text = facet_title(v->w, facet)}, {.name = S("q"), .text = values.ask.q}};
    bool of = values.ask.q.n > 0;
    Str title = phrase_with(v->a, v->w, of ? WORD_FACET_PAGE_OF : WORD_FACET_PAGE, arguments, of ? 2 : 1);
    PageValues page = {
        .head = frame_head(v,
            &(Frame){
                .title = title, .path = search_address(v->a, &place).address, .hide = true, .box = true}),
        .foot = frame_foot(v),
        .heading = title,
        .here = search_address(v->a, &(SearchPlace){.ask = &nothing, .facet = facet}),
        .contains = values.contains,
    };
    fill_values(v, &values, &page);
    fill_kept(v, &values.ask, &page);
    PartChip *chips = arena_array(v->a, PartChip, SEARCH_FILTERS_MAX);
    for (int i = 0; i < values.ask.filters_count; i++)
        chips[page.chips.count++] = chip_part(v, &place, NULL, values.ask.filters[i]);
    page.chips.items = chips;
    fill_ways(v, &values, &page);
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_values_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
}

void api_facet_answer(Visit *v, Str facet)
{
    Err err = {0};
    Values values;
    if (!values_find(v, facet, &values, &err)) {
        trouble_answer(v, &err);
        return;
    }
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_member(&w, S("facet"), facet);
    json_put_member_int(&w, S("distinct"), values.found.distinct);
    json_put_member_int(&w, S("offset"), values.offset);
    json_put_name(&w, S("values"));
    api_put_facet_values(&w, v, &values.found);
    json_put_map_end(&w);
    api_send_json(v, &b);
    http_answer_header(v->answer, "Vary", S("Accept-Language, Cookie"));
}
