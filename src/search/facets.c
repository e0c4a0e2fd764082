// SPDX-License-Identifier: Apache-2.0
// Counting facet values. Each record has a row of value numbers; counting a hit is adding one for each number
// in its row. Numbers are the segment's own: a table made once a snapshot says which numbers of several
// segments mean the same.
#include "search/index.h"

#include "base/utf8.h"

#include <stdlib.h>

struct FacetTable {
    uint32_t **global; // of each view: number of the value among all
    uint32_t count;
    struct {
        Facet facet;
        Str value; // in a segment
    } * values;
    uint32_t *all[2]; // counts over everything a role may see
};

typedef struct {
    const Segment *segment;
    uint32_t at, count;
    Facet facet;
    Str value;
} Reader;

static void read_value(Reader *r)
{
    if (r->at < r->count)
        r->value = segment_facet_value(r->segment, r->at, &r->facet);
}

static int compare(const Reader *x, const Reader *y)
{
    return x->facet != y->facet ? (x->facet < y->facet ? -1 : 1) : str_compare(x->value, y->value);
}

FacetTable *facet_table_make(const Snapshot *n)
{
    FacetTable *t = mem_alloc(sizeof(FacetTable));
    Reader *readers = mem_alloc((n->count + 1) * sizeof(Reader));
    size_t sum = 0;
    t->global = mem_alloc((n->count + 1) * sizeof(*t->global));
    for (size_t i = 0; i < n->count; i++) {
        readers[i] = (Reader){.segment = n->views[i]->segment};
        readers[i].count = segment_facet_values(readers[i].segment);
        read_value(&readers[i]);
        t->global[i] = mem_alloc((readers[i].count + 1) * sizeof(uint32_t));
        sum += readers[i].count;
    }
    t->values = mem_alloc((sum + 1) * sizeof(*t->values));
    for (;;) {
        const Reader *least = NULL;
        for (size_t i = 0; i < n->count; i++)
            if (readers[i].at < readers[i].count && (!least || compare(&readers[i], least) < 0))
                least = &readers[i];
        if (!least)
            break;
        Reader first = *least;
        t->values[t->count].facet = first.facet;
        t->values[t->count].value = first.value;
        for (size_t i = 0; i < n->count; i++)
            if (readers[i].at < readers[i].count && compare(&readers[i], &first) == 0) {
                t->global[i][readers[i].at++] = t->count;
                read_value(&readers[i]);
            }
        t->count++;
    }
    free(readers);
    return t;
}

void facet_table_free(FacetTable *t)
{
    if (!t)
        return;
    for (size_t i = 0; t->global[i]; i++)
        free(t->global[i]);
    free(t->global);
    free(t->values);
    free(t->all[0]);
    free(t->all[1]);
    free(t);
}

uint32_t facet_table_size(const FacetTable *t)
{
    return t->count;
}

void facets_count(const FacetTable *t, const Snapshot *n, size_t view, const uint32_t *docs, size_t count,
    uint32_t *counts, Arena *a)
{
    const Segment *segment = n->views[view]->segment;
    const uint32_t *global = t->global[view];
    uint32_t *here = n->count == 1 ? counts : arena_array(a, uint32_t, segment_facet_values(segment));
    for (size_t i = 0; i < count; i++) {
        size_t values;
        const uint32_t *row = segment_facet_row(segment, docs[i], &values);
        for (size_t k = 0; k < values; k++)
            here[row[k]]++;
    }
    for (uint32_t i = 0; here != counts && i < segment_facet_values(segment); i++)
        counts[global[i]] += here[i];
}

// Counts over everything that a role may see: the same for every visitor who asked nothing yet.
const uint32_t *facets_all(FacetTable *t, const Snapshot *n, ViewerRole role)
{
    if (t->all[role])
        return t->all[role];
    uint32_t *counts = mem_alloc((t->count + 1) * sizeof(uint32_t));
    for (size_t i = 0; i < n->count; i++) {
        const View *v = n->views[i];
        for (uint32_t doc = 0; doc < segment_docs(v->segment); doc++) {
            if (!view_shows(v, role, doc))
                continue;
            size_t values;
            const uint32_t *row = segment_facet_row(v->segment, doc, &values);
            for (size_t k = 0; k < values; k++)
                counts[t->global[i][row[k]]]++;
        }
    }
    return t->all[role] = counts;
}

// ---- the answer

static Str ordinal(Arena *a, int number)
{
    int last = number % 10, tens = number % 100;
    const char *end = tens >= 11 && tens <= 13 ? "th"
                      : last == 1              ? "st"
                      : last == 2              ? "nd"
                      : last == 3              ? "rd"
                                               : "th";
    return arena_printf(a, "%d%s", number, end);
}

Str facet_label(Arena *a, Facet facet, Str value)
{
    int century;
    if (facet == FACET_CENTURY && str_to_int(value, -1000, 100, &century)) {
        Str number = ordinal(a, abs(century));
        return arena_printf(a, FMT_STR " century%s", ARG_STR(number), century < 0 ? " BCE" : "");
    }
    if (facet == FACET_PERIOD) {
        size_t count;
        const TextPeriod *periods = text_periods(&count);
        for (size_t i = 0; i < count; i++)
            if (str_eq(value, str_from(periods[i].id))) {
                Str label = str_from(periods[i].names), head, rest;
                return str_cut(label, '|', &head, &rest) ? head : label;
            }
    }
    return value;
}

typedef struct {
    uint32_t value, count;
} Counted;

static bool comes_before(const Counted *a, const Counted *b)
{
    return a->count != b->count ? a->count > b->count : a->value < b->value;
}

static int most_first(const void *x, const void *y)
{
    return comes_before(x, y) ? -1 : 1;
}

// The most frequent of many: a facet may have a hundred thousand values, and a hundred are shown.
static void keep_most(Counted *kept, size_t *count, size_t max, Counted value)
{
    if (*count < max) {
        kept[(*count)++] = value;
        if (*count == max)
            qsort(kept, max, sizeof(*kept), most_first);
        return;
    }
    if (max == 0 || !comes_before(&value, &kept[max - 1]))
        return;
    size_t at = max - 1;
    for (; at > 0 && comes_before(&value, &kept[at - 1]); at--)
        kept[at] = kept[at - 1];
    kept[at] = value;
}

static bool is_chosen(const SearchAsk *ask, Facet facet, Str value)
{
    for (int i = 0; i < ask->filters_count; i++)
        if (str_eq(ask->filters[i].name, search_facet_name(facet)) && str_eq(ask->filters[i].value, value))
            return true;
    return false;
}

static SearchFacetValue answer_value(
    const FacetTable *t, Counted counted, Facet facet, const SearchAsk *ask, Arena *a)
{
    Str value = arena_copy(a, t->values[counted.value].value);
    return (SearchFacetValue){.value = value,
        .label = facet_label(a, facet, value),
        .count = counted.count,
        .chosen = is_chosen(ask, facet, value)};
}

static SearchFacet one_facet(const FacetTable *t, const uint32_t *counts, Facet facet, uint32_t from,
    uint32_t to, const SearchAsk *ask, Arena *a)
{
    Counted found[SEARCH_FACET_VALUES_MAX];
    size_t count = 0;
    SearchFacet ret = {.name = search_facet_name(facet)};
    for (uint32_t i = from; i < to; i++) {
        if (!counts[i])
            continue;
        ret.distinct++;
        keep_most(found, &count, SEARCH_FACET_VALUES_MAX, (Counted){i, counts[i]});
    }
    if (count < SEARCH_FACET_VALUES_MAX)
        qsort(found, count, sizeof(*found), most_first);
    ret.values = arena_array(a, SearchFacetValue, count);
    for (size_t i = 0; i < count; i++)
        ret.values[ret.count++] = answer_value(t, found[i], facet, ask, a);
    return ret;
}

void facets_answer(
    const FacetTable *t, const uint32_t *counts, const SearchAsk *ask, Arena *a, SearchAnswer *ret)
{
    ret->facets = arena_array(a, SearchFacet, FACETS);
    ret->facets_count = FACETS;
    uint32_t at = 0;
    for (Facet facet = 0; facet < FACETS; facet++) {
        uint32_t from = at;
        while (at < t->count && t->values[at].facet == facet)
            at++;
        ret->facets[facet] = one_facet(t, counts, facet, from, at, ask, a);
    }
}

// All values of one facet, most first: the ones that contain a text, from an offset on.
SearchFacet facets_page(const FacetTable *t, const uint32_t *counts, Facet facet, Str contains, size_t offset,
    const SearchAsk *ask, Arena *a)
{
    Str wanted = text_fold(a, contains);
    Counted *found = arena_array(a, Counted, t->count);
    size_t count = 0, at;
    for (uint32_t i = 0; i < t->count; i++)
        if (counts[i] && t->values[i].facet == facet &&
            (wanted.n == 0 || str_find(text_fold(a, facet_label(a, facet, t->values[i].value)), wanted, &at)))
            found[count++] = (Counted){i, counts[i]};
    qsort(found, count, sizeof(*found), most_first);
    SearchFacet ret = {.name = search_facet_name(facet), .distinct = (int64_t)count};
    ret.values = arena_array(a, SearchFacetValue, (size_t)ask->limit);
    for (size_t i = offset; i < count && ret.count < (size_t)ask->limit; i++)
        ret.values[ret.count++] = answer_value(t, found[i], facet, ask, a);
    return ret;
}
