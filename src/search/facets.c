// SPDX-License-Identifier: Apache-2.0
// Counting facet values. Records that are alike share rows of value numbers: counting many hits is counting
// rows, three additions a hit, and then adding each row's count to its values. Numbers are the segment's own:
// a table made once a snapshot says which numbers of several segments mean the same.
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
    uint32_t ends[FACETS]; // behind the values of each facet
    uint32_t *all[2];      // counts over everything a role may see
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
        for (int f = (int)first.facet; f < FACETS; f++)
            t->ends[f] = t->count + 1;
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

// ---- counting

enum { ROWS_PER_HIT_FEW = 12 }; // with fewer hits than rows / this, adding to the values at once is cheaper

void facet_counter_begin(FacetCounter *c, const FacetTable *t, const Snapshot *n, uint32_t *counts)
{
    *c = (FacetCounter){.table = t, .n = n, .counts = counts, .view = SIZE_MAX};
}

static void count_few(const FacetCounter *c, size_t view, const uint32_t *docs, size_t count)
{
    const Segment *segment = c->n->views[view]->segment;
    const uint32_t *global = c->table->global[view], *values;
    uint32_t known = segment_facet_values(segment);
    for (RowKind kind = 0; kind < ROW_KINDS; kind++) {
        Rows r = segment_rows(segment, kind);
        for (size_t i = 0; i < count; i++)
            for (size_t k = 0, n = row_values(&r, r.of_doc[docs[i]], &values); k < n; k++)
                if (values[k] < known)
                    c->counts[global[values[k]]]++;
    }
}

static void flush_rows(const FacetCounter *c, RowKind kind)
{
    const Rows *r = &c->rows[kind];
    const uint32_t *global = c->table->global[c->view], *hits = c->hits[kind], *values;
    uint32_t known = segment_facet_values(c->n->views[c->view]->segment);
    for (uint32_t row = 0; row < r->count; row++) {
        if (!hits[row])
            continue;
        size_t count = row_values(r, row, &values);
        for (size_t i = 0; i < count; i++)
            if (values[i] < known)
                c->counts[global[values[i]]] += hits[row];
    }
}

void facet_counter_end(FacetCounter *c)
{
    for (RowKind kind = 0; kind < ROW_KINDS; kind++) {
        if (c->hits[kind])
            flush_rows(c, kind);
        free(c->hits[kind]);
        c->hits[kind] = NULL;
    }
    c->view = SIZE_MAX;
}

static void begin_view(FacetCounter *c, size_t view)
{
    facet_counter_end(c);
    c->view = view;
    for (RowKind kind = 0; kind < ROW_KINDS; kind++) {
        c->rows[kind] = segment_rows(c->n->views[view]->segment, kind);
        c->hits[kind] = mem_alloc(((size_t)c->rows[kind].count + 1) * sizeof(uint32_t));
    }
}

void facets_count_many(FacetCounter *c, size_t view, const uint32_t *docs, size_t count)
{
    if (c->view != view)
        begin_view(c, view);
    for (RowKind kind = 0; kind < ROW_KINDS; kind++) {
        const uint32_t *of_doc = c->rows[kind].of_doc;
        uint32_t rows = c->rows[kind].count, *hits = c->hits[kind];
        for (size_t i = 0; i < count; i++) {
            uint32_t row = of_doc[docs[i]];
            hits[row < rows ? row : rows]++; // the last is for what a damaged file says
        }
    }
}

void facets_count(FacetCounter *c, size_t view, const uint32_t *docs, size_t count)
{
    size_t rows = 0;
    for (RowKind kind = 0; kind < ROW_KINDS; kind++)
        rows += segment_rows(c->n->views[view]->segment, kind).count;
    if (count < rows / ROWS_PER_HIT_FEW)
        count_few(c, view, docs, count);
    else
        facets_count_many(c, view, docs, count);
}

// Counts over everything that a role may see: the same for every visitor who asked nothing yet.
const uint32_t *facets_all(FacetTable *t, const Snapshot *n, ViewerRole role)
{
    if (t->all[role])
        return t->all[role];
    uint32_t *counts = mem_alloc((t->count + 1) * sizeof(uint32_t)), docs[64];
    FacetCounter c;
    facet_counter_begin(&c, t, n, counts);
    for (size_t i = 0; i < n->count; i++) {
        const uint64_t *visible = n->views[i]->visible[role];
        for (uint32_t word = 0; word < segment_docs(n->views[i]->segment) / 64 + 1; word++) {
            size_t count = 0;
            for (uint64_t bits = visible[word]; bits; bits &= bits - 1)
                docs[count++] = word * 64 + (uint32_t)__builtin_ctzll(bits);
            facets_count_many(&c, i, docs, count);
        }
    }
    facet_counter_end(&c);
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
    for (Facet facet = 0; facet < FACETS; facet++)
        ret->facets[facet] =
            one_facet(t, counts, facet, facet ? t->ends[facet - 1] : 0, t->ends[facet], ask, a);
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
