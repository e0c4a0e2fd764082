// SPDX-License-Identifier: Apache-2.0
// What a search found, as a wall with filters beside it.
#include "site/int.h"

#include "base/utf8.h"

#define MIXED_DIVERSITY 0.5

static void fill_works(const Visit *v, const Searched *f, PageResults *page)
{
    PartCard *cards = arena_array(v->a, PartCard, f->count + 1);
    for (size_t i = 0; i < f->count; i++) {
        cards[i] = card_part(v, &f->seen[i]);
        bool inside;
        cards[i].why = reason_html(v, &f->ask, &f->seen[i], &inside);
        if (inside && !f->at.n) {
            Str q = uri_encode(v->a, f->ask.q, "");
            cards[i].address = url_local(
                arena_printf(v->a, FMT_STR "?q=" FMT_STR, ARG_STR(cards[i].address.address), ARG_STR(q)));
        }
    }
    page->works.items = cards;
    page->works.count = f->count;
}

PartChoice choice_part(const Visit *v, const SearchAsk *ask, Str facet, const SearchFacetValue *value)
{
    SearchPlace place = {.ask = ask, .add = {facet, value->value}};
    if (value->chosen)
        place = (SearchPlace){.ask = ask, .without = {facet, value->value}};
    return (PartChoice){.address = search_address(v->a, &place),
        .name = facet_value_name(v, facet, value),
        .count = value->count,
        .chosen = value->chosen};
}

// The first few stand open, and where something is chosen.
static bool opened(const SearchFacet *facet, size_t at)
{
    bool chosen = false;
    for (size_t i = 0; i < facet->count; i++)
        chosen |= facet->values[i].chosen;
    return at < FACETS_OPEN || chosen;
}

PartFacet facet_part(const Visit *v, const SearchAsk *ask, const SearchFacet *facet, size_t at)
{
    PartChoice *choices = arena_array(v->a, PartChoice, facet->count + 1);
    for (size_t i = 0; i < facet->count; i++)
        choices[i] = choice_part(v, ask, facet->name, &facet->values[i]);
    size_t shown = MIN_OF(facet->count, FACET_SHOWN);
    PartFacet part = {.name = facet->name,
        .title = facet_title(v->w, facet->name),
        .open = opened(facet, at),
        .choices = {choices, shown},
        .further = {choices + shown, facet->count - shown}};
    if (facet->distinct > (int64_t)facet->count) {
        part.all = search_address(v->a, &(SearchPlace){.ask = ask, .facet = facet->name});
        part.distinct = facet->distinct;
    }
    if (str_eq(facet->name, S("century"))) {
        part.histogram = facet_histogram(v, ask, facet);
        part.is_histogram = part.histogram.bars.count > 1;
    }
    return part;
}

static void fill_facets(const Visit *v, const SearchAsk *ask, const SearchAnswer *answer, PageResults *page)
{
    PartFacet *facets = arena_array(v->a, PartFacet, answer->facets_count + 1);
    size_t count = 0;
    for (size_t i = 0; i < answer->facets_count; i++) {
        if (answer->facets[i].count) {
            facets[count] = facet_part(v, ask, &answer->facets[i], count);
            count++;
        }
    }
    page->facets.items = facets;
    page->facets.count = count;
}

// The name of a chosen value as the facet has it, else as it was asked.
static Str chosen_name(const Visit *v, const SearchAnswer *answer, SearchFilter filter)
{
    const SearchFacet *facet = answer ? facet_find(answer, filter.name) : NULL;
    for (size_t i = 0; facet && i < facet->count; i++) {
        if (str_eq(facet->values[i].value, filter.value))
            return facet_value_name(v, filter.name, &facet->values[i]);
    }
    return facet_value_name(v, filter.name, &(SearchFacetValue){.value = filter.value});
}

PartChip chip_part(const Visit *v, const SearchPlace *here, const SearchAnswer *answer, SearchFilter filter)
{
    SearchPlace place = *here;
    place.without = filter;
    place.offset = 0;
    return (PartChip){.address = search_address(v->a, &place),
        .facet = facet_title(v->w, filter.name),
        .name = chosen_name(v, answer, filter)};
}

static void fill_chips(const Visit *v, const SearchAsk *ask, const SearchAnswer *answer, PageResults *page)
{
    PartChip *chips = arena_array(v->a, PartChip, SEARCH_FILTERS_MAX);
    PartHiddenField *kept = arena_array(v->a, PartHiddenField, SEARCH_FILTERS_MAX);
    for (int i = 0; i < ask->filters_count; i++) {
        SearchFilter filter = ask->filters[i];
        chips[i] = chip_part(v, &(SearchPlace){.ask = ask}, answer, filter);
        kept[i] = (PartHiddenField){.name = filter.name, .value = filter.value};
    }
    page->filtered = ask->filters_count > 0;
    page->chips.items = chips;
    page->kept.items = kept;
    page->chips.count = page->kept.count = (size_t)ask->filters_count;
    page->clear = search_address(v->a, &(SearchPlace){.ask = ask, .bare = true});
}

static void fill_orders(const Visit *v, const SearchAsk *ask, PageResults *page)
{
    static const struct {
        SearchSort sort;
        Word word;
    } ORDERS[] = {
        {SEARCH_BY_SCORE, WORD_ORDER_SCORE},
        {SEARCH_BY_SCORE, WORD_ORDER_MIXED}, // the best, spread over kinds, makers, places and times
        {SEARCH_BY_DATE, WORD_ORDER_DATE},
        {SEARCH_BY_TITLE, WORD_ORDER_TITLE},
        {SEARCH_BY_MAKER, WORD_ORDER_MAKER},
        {SEARCH_BY_NEWEST, WORD_ORDER_NEWEST},
    };
    PartOrder *orders = arena_array(v->a, PartOrder, COUNT_OF(ORDERS));
    for (size_t i = 0; i < COUNT_OF(ORDERS); i++) {
        bool mixed = ORDERS[i].word == WORD_ORDER_MIXED;
        SearchPlace place = {
            .ask = ask, .sorted = true, .sort = ORDERS[i].sort, .diversity = mixed ? MIXED_DIVERSITY : 0};
        orders[i] = (PartOrder){.address = search_address(v->a, &place),
            .name = phrase(v->w, ORDERS[i].word),
            .chosen = ask->sort == ORDERS[i].sort &&
                      (ask->sort != SEARCH_BY_SCORE || (ask->diversity > 0) == mixed)};
    }
    page->orders.items = orders;
    page->orders.count = COUNT_OF(ORDERS);
}

static Str heading(const Visit *v, const SearchAsk *ask, int64_t total)
{
    WordArgument arguments[] = {
        {.name = S("n"), .number = total, .is_number = true},
        {.name = S("q"), .text = ask->q},
    };
    if (ask->q.n)
        return phrase_with(v->a, v->w, WORD_RESULTS_HEADING, arguments, 2);
    if (ask->filters_count)
        return phrase_with(v->a, v->w, WORD_RESULTS_HEADING_FILTERED, arguments, 1);
    return phrase(v->w, WORD_RESULTS_ALL);
}

// Nothing found: questions like it that find something.
static void fill_instead(const Visit *v, const SearchAsk *ask, const SearchAnswer *answer, PageResults *page)
{
    PartWay *ways = arena_array(v->a, PartWay, answer->instead_count + 1);
    for (size_t i = 0; i < answer->instead_count; i++) {
        SearchAsk other = {.role = ask->role, .q = answer->instead[i].q};
        ways[i] = (PartWay){.address = search_address(v->a, &(SearchPlace){.ask = &other}),
            .name = answer->instead[i].q,
            .count = answer->instead[i].total};
    }
    page->instead.items = ways;
    page->instead.count = answer->instead_count;
}

// Nothing found: the largest kinds of work as another way in.
static void fill_suggestions(const Visit *v, PageResults *page, Err *err)
{
    SearchAsk all = {.role = v->role, .facets = true};
    SearchAnswer answer;
    if (!site_search(v, &all, &answer, err))
        return;
    const SearchFacet *kinds = facet_find(&answer, S("classification"));
    size_t count = kinds ? MIN_OF(kinds->count, 8) : 0;
    PartWay *ways = arena_array(v->a, PartWay, count + 1);
    for (size_t i = 0; i < count; i++) {
        SearchPlace place = {.ask = &all, .add = {kinds->name, kinds->values[i].value}};
        ways[i] = (PartWay){.address = search_address(v->a, &place),
            .name = facet_value_name(v, kinds->name, &kinds->values[i]),
            .count = kinds->values[i].count};
    }
    page->suggestions.items = ways;
    page->suggestions.count = count;
}

int64_t results_behind(const Visit *v, const SearchAnswer *answer)
{
    Err err = {0};
    int64_t head = catalog_head(v->site->config.catalog, &err);
    return head > answer->sequence ? head - answer->sequence : 0;
}

// Of what was found today; the past has neither order nor filters.
static void fill_today(const Visit *v, const Searched *f, PageResults *page, Err *err)
{
    page->late = results_behind(v, &f->answer);
    if (f->answer.corrected.n)
        page->exactly = search_address(v->a, &(SearchPlace){.ask = &f->ask, .exactly = true});
    if (f->answer.total) {
        fill_orders(v, &f->ask, page);
        fill_facets(v, &f->ask, &f->answer, page);
    } else {
        fill_instead(v, &f->ask, &f->answer, page);
        fill_suggestions(v, page, err);
    }
}

static void fill_past(const Visit *v, const Searched *f, PageResults *page)
{
    PartHiddenField *kept = arena_array(v->a, PartHiddenField, 1);
    kept[0] = (PartHiddenField){.name = S("at"), .value = f->at};
    page->kept.items = kept;
    page->kept.count = 1;
    page->then = f->at;
    page->today = search_address(v->a, &(SearchPlace){.ask = &f->ask});
}

static bool few_should_find(const Searched *f)
{
    const SearchAsk *ask = &f->ask;
    return ask->filters_count > 1 || ask->cursor.n || ask->sort || ask->exact || ask->diversity > 0 ||
           f->at.n || (ask->q.n && ask->filters_count);
}

void results_answer(Visit *v)
{
    Err err = {0};
    Searched found;
    if (!searched_read(v, &found, &err)) {
        trouble_answer(v, &err);
        return;
    }
    const SearchAsk *ask = &found.ask;
    Str title = heading(v, ask, found.answer.total);
    Url here = search_address(v->a, &(SearchPlace){.ask = ask, .cursor = ask->cursor, .at = found.at});
    PageResults page = {
        .head = frame_head(
            v, &(Frame){.title = title, .path = here.address, .hide = few_should_find(&found), .q = ask->q}),
        .foot = frame_foot(v),
        .heading = title,
        .q = ask->q,
        .corrected = found.answer.corrected,
        .nothing = found.answer.total == 0,
    };
    fill_works(v, &found, &page);
    fill_chips(v, ask, &found.answer, &page);
    if (found.at.n)
        fill_past(v, &found, &page);
    else
        fill_today(v, &found, &page, &err);
    if (found.answer.next.n)
        page.next =
            search_address(v->a, &(SearchPlace){.ask = ask, .cursor = found.answer.next, .at = found.at});
    if (ask->cursor.n)
        page.first = search_address(v->a, &(SearchPlace){.ask = ask, .at = found.at});
    if (err.kind) {
        trouble_answer(v, &err);
        return;
    }
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_results_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
}
