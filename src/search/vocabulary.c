// SPDX-License-Identifier: Apache-2.0
#include "search/query.h"

const Vocabulary *vocabulary_keep(void)
{
    return NULL;
}

const char *vocabulary_digest(const Vocabulary *v)
{
    (void)v;
    return "";
}

void vocabulary_find_in(
    const Vocabulary *v, const TextToken *tokens, size_t count, Str lang, Field field, Builder *b, int impact)
{
    (void)v, (void)tokens, (void)count, (void)lang, (void)field, (void)b, (void)impact;
}

// ---- periods: concepts that are also stretches of time

#define WEIGHT_PERIOD 0.7f
#define WEIGHT_PERIOD_YEARS 0.35f

void period_find_in(Str date, Arena *a, Builder *b)
{
    (void)a;
    const TextPeriod *period = text_period_in(date, false);
    if (!period)
        return;
    builder_facet(b, FACET_PERIOD, str_from(period->id));
    builder_term(b, TERM_CONCEPT, str_from(period->id), EVIDENCE(FIELD_DATE, 7), 0);
}

static void expand_period(Plan *p, Node *any, Str typed)
{
    const TextPeriod *period = text_period_in(typed, true);
    if (!period)
        return;
    Node *named = node_term(p, TERM_CONCEPT, str_from(period->id), WEIGHT_PERIOD, 0);
    named->why = str_from(period->id);
    if (named->docs)
        node_add(p, any, named);
    Node *years = plan_years(p, period->earliest, period->latest);
    years->weight = WEIGHT_PERIOD_YEARS;
    years->narrow = true;
    years->why = arena_printf(p->a, "%d..%d", period->earliest, period->latest);
    node_add(p, any, years);
}

static Str joined(Plan *p, const TextToken *tokens, size_t count)
{
    CLEANUP(buf_free) Buf b = buf_with_max(1024);
    for (size_t i = 0; i < count; i++) {
        if (tokens[i].kind == TEXT_PAIR || tokens[i].kind == TEXT_JOINED)
            continue;
        if (b.n && tokens[i].kind != TEXT_SINGLE)
            buf_add_char(&b, ' ');
        buf_add(&b, tokens[i].text);
    }
    return b.full ? (Str){0} : arena_copy(p->a, buf_str(&b));
}

void vocabulary_expand(Plan *p, Node *any, const TextToken *tokens, size_t count, uint32_t fields)
{
    if (!fields || fields >> FIELD_DATE & 1)
        expand_period(p, any, joined(p, tokens, count));
}

Node *vocabulary_label(Plan *p, const TextToken *tokens, size_t count, uint32_t fields, size_t *ret_took)
{
    (void)p, (void)tokens, (void)count, (void)fields, (void)ret_took;
    return NULL;
}
