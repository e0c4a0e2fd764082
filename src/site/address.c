// SPDX-License-Identifier: Apache-2.0
// Addresses of searches. One search has one address, whatever order its parts were chosen in: caches, people
// and crawlers meet few different pages.
#include "site/int.h"

static int compare_filters(SearchFilter x, SearchFilter y)
{
    int names = str_compare(x.name, y.name);
    return names ? names : str_compare(x.value, y.value);
}

static bool same(SearchFilter x, SearchFilter y)
{
    return str_eq(x.name, y.name) && str_eq(x.value, y.value);
}

// Into a sorted list without doubles.
static int filter_add(SearchFilter *list, int count, SearchFilter filter)
{
    int at = count;
    for (int i = 0; i < count; i++) {
        if (same(list[i], filter))
            return count;
    }
    for (; at > 0 && compare_filters(list[at - 1], filter) > 0; at--)
        list[at] = list[at - 1];
    list[at] = filter;
    return count + 1;
}

static void put_pair(Buf *b, Str name, Str value)
{
    buf_add_char(b, memchr(b->p, '?', b->n) ? '&' : '?'); // nothing before it has a '?' of its own: put_uri
    put_uri(b, name);
    buf_add_char(b, '=');
    put_uri(b, value);
}

Url search_address(Arena *a, const SearchPlace *place)
{
    const SearchAsk *ask = place->ask;
    SearchFilter filters[SEARCH_FILTERS_MAX + 1];
    int count = 0;
    for (int i = 0; i < ask->filters_count && !place->bare; i++) {
        if (!place->without.name.n || !same(ask->filters[i], place->without))
            count = filter_add(filters, count, ask->filters[i]);
    }
    if (place->add.name.n)
        count = filter_add(filters, count, place->add);

    CLEANUP(buf_free) Buf b = buf_with_max(64 * 1024);
    buf_add(&b, S("/search"));
    if (place->facet.n) {
        buf_add(&b, S("/facet/"));
        put_uri(&b, place->facet);
    }
    if (ask->q.n)
        put_pair(&b, S("q"), ask->q);
    for (int i = 0; i < count; i++)
        put_pair(&b, filters[i].name, filters[i].value);
    if (place->exactly || ask->exact)
        put_pair(&b, S("exact"), S("1"));
    SearchSort sort = place->sorted ? place->sort : ask->sort;
    double diversity = place->sorted ? place->diversity : ask->diversity;
    if (sort != SEARCH_BY_SCORE)
        put_pair(&b, S("sort"), search_sort_name(sort));
    else if (diversity > 0)
        put_pair(&b, S("diversity"), arena_printf(a, "%.3g", diversity));
    if (place->at.n)
        put_pair(&b, S("at"), place->at);
    if (place->contains.n)
        put_pair(&b, S("contains"), place->contains);
    if (place->offset)
        put_pair(&b, S("offset"), arena_printf(a, "%d", place->offset));
    if (place->cursor.n)
        put_pair(&b, S("cursor"), place->cursor);
    return url_local(arena_copy(a, buf_str(&b)));
}

bool search_ask_read(const Visit *v, SearchAsk *ret, Err *err)
{
    SearchAsk ask = {.role = v->role, .limit = WALL_COUNT, .facets = true};
    Str name, value;
    for (size_t at = 0; http_parameter_next(v->r, &at, &name, &value);) {
        int limit;
        if (str_eq(name, S("q"))) {
            ask.q = value;
        } else if (str_eq(name, S("cursor"))) {
            ask.cursor = value;
        } else if (str_eq(name, S("sort"))) {
            (void)search_sort_of(value, &ask.sort); // an unknown one is passed over
        } else if (str_eq(name, S("limit"))) {
            if (!str_to_int(value, 1, SEARCH_LIMIT_MAX, &limit))
                return err_set(err, ERR_INVALID, "limit must be a number from 1 to %d", SEARCH_LIMIT_MAX);
            ask.limit = limit;
        } else if (str_eq(name, S("exact"))) {
            ask.exact = str_eq(value, S("1"));
        } else if (str_eq(name, S("diversity"))) {
            if (!str_to_double(value, &ask.diversity) || ask.diversity < 0 || ask.diversity > 1)
                return err_set(err, ERR_INVALID, "diversity must be a number from 0 to 1");
        } else if (search_is_facet(name) && value.n) {
            if (ask.filters_count == SEARCH_FILTERS_MAX)
                return err_set(err, ERR_LIMIT, "more than %d filters", SEARCH_FILTERS_MAX);
            ask.filters_count = filter_add(ask.filters, ask.filters_count, (SearchFilter){name, value});
        }
    }
    *ret = ask;
    return true;
}
