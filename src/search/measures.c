// SPDX-License-Identifier: Apache-2.0
// Lengths and weights as terms: a letter for the kind and the size in tenths of a millimetre or of a gram, in
// ten digits, so that terms lie in the order of sizes and a question for one is a range. "27 cm" so finds
// "270 mm" and "10 5/8 in.".
#include "search/query.h"

#include <math.h>

enum { TERM_BYTES = 16, NEAR_TERMS_MAX = 64 };

#define TENTHS_MAX 9e9
#define NEAR_SHARE 0.004 // how far two sizes may differ and be the same: inches are rounded to eighths
#define NEAR_MIN_TENTHS 10.0
#define WEIGHT_MEASURE 0.9f

static Str term_text(Arena *a, TextMeasureKind kind, double tenths)
{
    return arena_printf(a, "%c%010lld", kind == TEXT_LENGTH ? 'l' : 'w', llround(tenths));
}

size_t measures_found(Str text, Arena *a, TextMeasure *ret, Str *ret_terms, size_t max)
{
    size_t count = text_measures(text, ret, max);
    for (size_t i = 0; i < count; i++)
        ret_terms[i] = ret[i].value * 10 < TENTHS_MAX ? term_text(a, ret[i].kind, ret[i].value * 10) : S("");
    return count;
}

void measures_index(Builder *b, Str text, unsigned char evidence, Arena *a)
{
    TextMeasure found[MEASURES_MAX];
    Str terms[MEASURES_MAX];
    size_t count = measures_found(text, a, found, terms, MEASURES_MAX);
    for (size_t i = 0; i < count; i++)
        if (terms[i].n)
            builder_term(b, TERM_MEASURE, terms[i], evidence, 0);
}

// The terms of one segment from `from` to `to`.
static void add_between(Plan *p, Node *any, const Segment *segment, Str from, Str to, Str why)
{
    char first[TERM_BYTES] = {TERM_MEASURE}, last[TERM_BYTES] = {TERM_MEASURE};
    memcpy(first + 1, from.p, from.n);
    memcpy(last + 1, to.p, to.n);
    Str begin = {first, from.n + 1}, end = {last, to.n + 1}, here;
    TermCursor c = term_cursor(segment);
    term_seek(&c, begin);
    while (any->count < NEAR_TERMS_MAX && term_next(&c, &here) && str_compare(here, end) <= 0) {
        bool there = false;
        for (size_t i = 0; i < any->count; i++)
            there |= str_eq(any->kids[i]->term, here);
        if (there)
            continue;
        Node *term =
            node_term(p, TERM_MEASURE, arena_copy(p->a, str_slice(here, 1, here.n)), WEIGHT_MEASURE, 0);
        term->why = why;
        node_add(p, any, term);
    }
}

size_t measures_plan(Plan *p, Node *any, Str text)
{
    TextMeasure m;
    if (text_measures(text, &m, 1) == 0 || m.at != 0 || m.value * 10 >= TENTHS_MAX)
        return 0;
    double tenths = m.value * 10, far = MAX_OF(tenths * NEAR_SHARE, NEAR_MIN_TENTHS);
    Str from = term_text(p->a, m.kind, MAX_OF(tenths - far, 0)), to = term_text(p->a, m.kind, tenths + far);
    for (size_t i = 0; i < p->snapshot->count; i++)
        add_between(p, any, p->snapshot->views[i]->segment, from, to, str_slice(text, 0, m.size));
    return m.size;
}
