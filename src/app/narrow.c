// SPDX-License-Identifier: Apache-2.0
#include "app/narrow.h"

#include "app/term.h"

#include <stdio.h>

enum { FACET_VALUES_SHOWN = 10 };

bool narrow_read(Str text, SearchAsk *ask, Err *err)
{
    for (Str rest = text, one; str_next(&rest, '&', &one);) {
        SearchFilter filter;
        if (!str_cut(one, '=', &filter.name, &filter.value) || !search_is_facet(filter.name))
            return err_set(err, ERR_INVALID, "--filter wants a facet and a value: classification=Prints");
        if (ask->filters_count == SEARCH_FILTERS_MAX)
            return err_set(err, ERR_INVALID, "more than %d filters", SEARCH_FILTERS_MAX);
        ask->filters[ask->filters_count++] = filter;
    }
    return true;
}

void narrow_print_facets(Arena *a, const SearchAnswer *answer)
{
    for (size_t i = 0; i < answer->facets_count; i++) {
        const SearchFacet *facet = &answer->facets[i];
        if (facet->count)
            printf("\n" FMT_STR " (%lld)\n", ARG_STR(facet->name), (long long)facet->distinct);
        for (size_t k = 0; k < facet->count && k < FACET_VALUES_SHOWN; k++)
            printf("  %8lld  " FMT_STR "\n", (long long)facet->values[k].count,
                ARG_STR(term_safe(a, facet->values[k].value)));
    }
}

void narrow_put_facets(JsonWriter *w, const SearchAnswer *answer)
{
    json_put_name(w, S("facets"));
    json_put_map(w);
    for (size_t i = 0; i < answer->facets_count; i++) {
        json_put_name(w, answer->facets[i].name);
        json_put_map(w);
        for (size_t k = 0; k < answer->facets[i].count; k++)
            json_put_member_int(w, answer->facets[i].values[k].value, answer->facets[i].values[k].count);
        json_put_map_end(w);
    }
    json_put_map_end(w);
}
