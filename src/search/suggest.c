// SPDX-License-Identifier: Apache-2.0
// Suggestions while somebody types: titles and makers of the best records that begin so, and concepts. The
// words typed so far must match; the last one may be a beginning.
#include "search/query.h"

enum { LOOKED_AT = 40, CONCEPTS_MAX = 4 };

typedef struct {
    Search *s;
    const Snapshot *n;
    Plan plan;
    Arena *a;
    SearchSuggestion *found;
    size_t count, max;
} Suggesting;

static void add(Suggesting *g, SearchSuggestion suggestion)
{
    Str key = text_key(g->a, suggestion.text);
    for (size_t i = 0; i < g->count; i++)
        if (str_eq(key, text_key(g->a, g->found[i].text)))
            return;
    if (g->count < g->max)
        g->found[g->count++] = suggestion;
}

static int64_t records_with(Suggesting *g, unsigned char space, Str text)
{
    return (int64_t)node_term(&g->plan, space, text, 1, 0)->docs;
}

// Only of a concept that this museum has.
static void add_concepts(Suggesting *g, Str typed)
{
    Labelled labels[CONCEPTS_MAX];
    size_t count =
        vocabulary_beginning(search_vocabulary(g->s), text_fold(g->a, typed), labels, CONCEPTS_MAX);
    for (size_t i = 0; i < count; i++) {
        int64_t records = records_with(g, TERM_CONCEPT, labels[i].concept);
        if (records)
            add(g, (SearchSuggestion){.text = labels[i].label, .kind = S("concept"), .count = records});
    }
}

static bool word_begins(Arena *a, Str text, Str head)
{
    Str folded = text_fold(a, text);
    size_t at = 0, from;
    while (str_find(str_slice(folded, at, folded.n), head, &from)) {
        at += from;
        unsigned char before = at ? (unsigned char)folded.p[at - 1] : ' ';
        if (before < '0' || before >= 0x80)
            return true;
        at++;
    }
    return false;
}

static void add_makers(Suggesting *g, const Entry *e, Str last)
{
    uint32_t row[ROW_MAX];
    const Segment *segment = g->n->views[e->view]->segment;
    size_t count = segment_facet_row(segment, e->doc, row);
    for (size_t i = 0; i < count; i++) {
        Facet facet;
        Str value = segment_facet_value(segment, row[i], &facet);
        if (facet != FACET_MAKER || !word_begins(g->a, value, last))
            continue;
        char byte = (char)FACET_MAKER;
        Str parts[] = {{&byte, 1}, value};
        add(g, (SearchSuggestion){.text = arena_copy(g->a, value),
                   .kind = S("maker"),
                   .count = records_with(g, TERM_FILTER, arena_join(g->a, parts, 2, S("")))});
    }
}

static Node *plan_typed(Suggesting *g, Str typed, Str *ret_last)
{
    Str head = S(""), last = typed;
    for (size_t i = typed.n; i > 0; i--)
        if (typed.p[i - 1] == ' ') {
            head = str_slice(typed, 0, i);
            last = str_slice(typed, i, typed.n);
            break;
        }
    Node *all = node_make(&g->plan, NODE_AND), *words = plan_words(&g->plan, head, 0);
    Node *begun = plan_prefix(&g->plan, last, 0);
    *ret_last = text_fold(g->a, last);
    if (words)
        node_add(&g->plan, all, words);
    if (begun)
        node_add(&g->plan, all, begun);
    return all;
}

bool search_suggest(Search *s, Str typed, ViewerRole role, int limit, Arena *a, SearchSuggestion **ret,
    size_t *ret_count, Err *err)
{
    typed = str_trim(typed);
    if (typed.n > SEARCH_QUERY_MAX_BYTES || limit < 0 || limit > SEARCH_SUGGESTIONS_MAX)
        return err_set(err, ERR_LIMIT, "too much asked for at once");
    Snapshot *n = snapshot_keep(s, err);
    if (!n)
        return false;
    Suggesting g = {.s = s, .n = n, .a = a, .max = (size_t)limit};
    g.found = arena_array(a, SearchSuggestion, (size_t)limit + 1);
    plan_begin(&g.plan, s, n, EFFORT_PLAIN, &(SearchAsk){.role = role}, a);
    Entry entries[LOOKED_AT];
    size_t count = 0;
    Str last;
    Node *node = plan_typed(&g, typed, &last);
    if (typed.n && node->count)
        find_best(n, node, role, entries, &count, LOOKED_AT);
    for (size_t i = 0; i < count; i++) {
        DocFacts facts;
        segment_doc(n->views[entries[i].view]->segment, entries[i].doc, &facts);
        if (entries[i].field == FIELD_MAKER)
            add_makers(&g, &entries[i], last);
        else if (entries[i].field == FIELD_TITLE && g.count < g.max / 2 + 1)
            add(&g, (SearchSuggestion){.text = arena_copy(a, facts.title),
                        .kind = S("title"),
                        .object_id = arena_copy(a, facts.object_id)});
    }
    if (typed.n)
        add_concepts(&g, typed);
    snapshot_drop(s, n);
    *ret = g.found;
    *ret_count = g.count;
    return true;
}
