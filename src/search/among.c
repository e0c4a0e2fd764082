// SPDX-License-Identifier: Apache-2.0
// Facet values of records that were found in another way: by their pictures.
#include "search/index.h"

#include "base/set.h"

enum { LOOKED_UP_MAX = 1000 }; // of more, going through all records is cheaper than finding each

typedef struct {
    const Snapshot *n;
    ViewerRole role;
    FacetCounter counter;
    int64_t total;
} Among;

static void count_one(Among *m, size_t view, uint32_t doc)
{
    if (!view_shows(m->n->views[view], m->role, doc))
        return;
    facets_count_many(&m->counter, view, &doc, 1);
    m->total++;
}

static void look_up(Among *m, size_t view, Str object_id)
{
    char id[TERM_MAX_BYTES], text[TERM_MAX_BYTES + 1];
    Term term;
    object_id = id_term(object_id, id);
    text[0] = TERM_ID;
    memcpy(text + 1, object_id.p, object_id.n);
    if (!segment_term(m->n->views[view]->segment, (Str){text, object_id.n + 1}, &term))
        return;
    for (Postings p = postings(&term); postings_next(&p);)
        count_one(m, view, p.doc);
}

static void go_through(Among *m, size_t view, const StrSet *wanted)
{
    const Segment *segment = m->n->views[view]->segment;
    for (uint32_t doc = 0; doc < segment_docs(segment); doc++) {
        Str id, title;
        segment_names(segment, doc, &id, &title);
        if (str_set_has(wanted, id))
            count_one(m, view, doc);
    }
}

bool search_facets_among(
    Search *s, const SearchAsk *ask, const Str *ids, size_t count, Arena *a, SearchAnswer *ret, Err *err)
{
    Snapshot *n = snapshot_keep(s, err);
    if (!n)
        return false;
    const FacetTable *table = search_table(s, n);
    uint32_t *counts = arena_array(a, uint32_t, facet_table_size(table) + 1);
    const StrSet wanted = count > LOOKED_UP_MAX ? str_set_of(a, ids, count) : (StrSet){0};
    Among m = {.n = n, .role = ask->role};
    facet_counter_begin(&m.counter, table, n, counts);
    for (size_t view = 0; view < n->count; view++) {
        if (count > LOOKED_UP_MAX)
            go_through(&m, view, &wanted);
        for (size_t i = 0; i < count && count <= LOOKED_UP_MAX; i++)
            look_up(&m, view, ids[i]);
    }
    facet_counter_end(&m.counter);
    SearchAnswer answer = {.total = m.total, .sequence = n->sequence};
    facets_answer(table, counts, ask, a, &answer);
    snapshot_drop(s, n);
    *ret = answer;
    return true;
}
