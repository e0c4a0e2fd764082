// SPDX-License-Identifier: Apache-2.0
// Several segments become one: terms are walked side by side in order, records get new numbers, those that
// are gone stay behind.
#include "search/form.h"

#include <stdlib.h>

enum { MERGED_MAX = 64, POSITIONS_MAX = 4096 };

typedef struct {
    const View *view;
    uint32_t *numbers; // new number of each record; DOC_NONE: stays behind
    uint32_t *values;  // new number of each facet value
    bool *used;        // values that a living record has
    TermCursor cursor;
    Str term;
    bool more;
    uint32_t value_at;
} Source;

static bool is_dead(const View *v, uint32_t doc)
{
    return v->dead && (v->dead[doc / 64] >> (doc % 64) & 1);
}

static void number_records(Arena *a, Source *s, uint32_t *next)
{
    uint32_t docs = segment_docs(s->view->segment);
    s->numbers = arena_array(a, uint32_t, docs);
    s->values = arena_array(a, uint32_t, segment_facet_values(s->view->segment));
    s->used = arena_array(a, bool, segment_facet_values(s->view->segment));
    for (uint32_t doc = 0; doc < docs; doc++) {
        s->numbers[doc] = is_dead(s->view, doc) ? DOC_NONE : (*next)++;
        if (s->numbers[doc] == DOC_NONE)
            continue;
        uint32_t row[ROW_MAX];
        size_t count = segment_facet_row(s->view->segment, doc, row);
        for (size_t i = 0; i < count; i++)
            s->used[row[i]] = true;
    }
}

static int compare_values(const Source *x, const Source *y)
{
    Facet fx, fy;
    Str vx = segment_facet_value(x->view->segment, x->value_at, &fx);
    Str vy = segment_facet_value(y->view->segment, y->value_at, &fy);
    return fx != fy ? (fx < fy ? -1 : 1) : str_compare(vx, vy);
}

static void pass_unused(Source *s)
{
    while (s->value_at < segment_facet_values(s->view->segment) && !s->used[s->value_at])
        s->value_at++;
}

static void merge_values(Writer *w, Source *sources, size_t count)
{
    for (;;) {
        Source *least = NULL;
        for (size_t i = 0; i < count; i++) {
            pass_unused(&sources[i]);
            if (sources[i].value_at == segment_facet_values(sources[i].view->segment))
                continue;
            if (!least || compare_values(&sources[i], least) < 0)
                least = &sources[i];
        }
        if (!least)
            return;
        Facet facet;
        Str value = segment_facet_value(least->view->segment, least->value_at, &facet);
        uint32_t number = writer_facet_value(w, facet, value);
        Source first = *least; // its place before it moves on
        for (size_t i = 0; i < count; i++) {
            Source *s = &sources[i];
            if (s->value_at < segment_facet_values(s->view->segment) && compare_values(s, &first) == 0)
                s->values[s->value_at++] = number;
        }
    }
}

static void merge_term(Writer *w, const Source *s)
{
    uint32_t here[POSITIONS_MAX];
    Postings p = postings(&s->cursor.term);
    while (postings_next(&p)) {
        if (s->numbers[p.doc] == DOC_NONE)
            continue;
        size_t count = postings_positions(&p, here, POSITIONS_MAX);
        writer_posting(w, s->numbers[p.doc], p.evidence, here, count);
    }
}

static void merge_terms(Writer *w, Source *sources, size_t count)
{
    for (size_t i = 0; i < count; i++)
        sources[i].more = term_next(&sources[i].cursor, &sources[i].term);
    char least[TERM_MAX_BYTES];
    for (;;) {
        const Source *first = NULL;
        for (size_t i = 0; i < count; i++)
            if (sources[i].more && (!first || str_compare(sources[i].term, first->term) < 0))
                first = &sources[i];
        if (!first)
            return;
        memcpy(least, first->term.p, first->term.n);
        Str term = {least, first->term.n};
        writer_term(w, term);
        for (size_t i = 0; i < count; i++) {
            Source *s = &sources[i];
            if (!s->more || !str_eq(s->term, term))
                continue;
            merge_term(w, s);
            s->more = term_next(&s->cursor, &s->term);
        }
        writer_term_end(w);
    }
}

static void merge_records(Writer *w, const Source *s)
{
    uint32_t starts[FIELDS + 1], row[ROW_MAX];
    for (uint32_t doc = 0; doc < segment_docs(s->view->segment); doc++) {
        if (s->numbers[doc] == DOC_NONE)
            continue;
        DocFacts facts;
        segment_doc(s->view->segment, doc, &facts);
        segment_field_starts(s->view->segment, doc, starts);
        facts.field_starts = starts;
        size_t count = segment_facet_row(s->view->segment, doc, row);
        for (size_t i = 0; i < count; i++)
            row[i] = s->values[row[i]];
        writer_doc(w, &facts, row, count);
    }
}

bool merge_segments(View *const *views, size_t count, int dir, const char *name, Err *err)
{
    assert(count <= MERGED_MAX);
    Source sources[MERGED_MAX] = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    Writer *w = writer_open(dir, name, err);
    if (!w)
        return false;
    uint32_t next = 0;
    for (size_t i = 0; i < count; i++) {
        sources[i] = (Source){.view = views[i], .cursor = term_cursor(views[i]->segment)};
        number_records(a, &sources[i], &next);
    }
    merge_values(w, sources, count);
    merge_terms(w, sources, count);
    for (size_t i = 0; i < count; i++)
        merge_records(w, &sources[i]);
    bool good = writer_finish(w, err);
    writer_close(w);
    return good;
}
