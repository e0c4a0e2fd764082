// SPDX-License-Identifier: Apache-2.0
// Why a record was found: its texts are read again, with the terms of the question in hand.
#include "search/query.h"

#include "base/json.h"
#include "base/utf8.h"
#include "catalog/transcript.h"

enum {
    SNIPPET_BEFORE_BYTES = 60,
    SNIPPET_BYTES = 240,
    MARKS_MAX = 12,
    WANTED_MAX = 1000,
    VALUE_MAX_BYTES = 64 * 1024,
    READ_MAX_BYTES = 1024 * 1024, // of one record
};

typedef struct {
    Str term; // namespace byte and text
    Str why;
} Wanted;

typedef struct {
    Search *s;
    Arena *a;
    Wanted *wanted;
    size_t wanted_count, wanted_capacity;
    SearchReason *reasons;
    size_t count, max, bytes_left;
    Str lang; // of the record
} Explaining;

static void collect(Explaining *x, const Node *node, Str why)
{
    if (node->why.n)
        why = node->why;
    if (node->kind == NODE_NOT || x->wanted_count >= WANTED_MAX)
        return;
    if (node->kind == NODE_TERM)
        *arena_push(x->a, &x->wanted, &x->wanted_count, &x->wanted_capacity) = (Wanted){node->term, why};
    for (size_t i = 0; i < node->count; i++)
        collect(x, node->kids[i], why);
}

static const Wanted *wants(const Explaining *x, unsigned char space, Str text)
{
    for (size_t i = 0; i < x->wanted_count; i++) {
        Str term = x->wanted[i].term;
        if (term.p[0] == (char)space && str_eq(str_slice(term, 1, term.n), text))
            return &x->wanted[i];
    }
    return NULL;
}

static const Wanted *wants_pinyin(const Explaining *x, Str text)
{
    Str rest = text;
    uint32_t c;
    const char *reading;
    if (!utf8_next(&rest, &c) || rest.n)
        return NULL;
    for (int i = 0; (reading = text_pinyin(c, i)); i++) {
        const Wanted *w = wants(x, TERM_PINYIN, str_from(reading));
        if (w)
            return w;
    }
    return NULL;
}

static const Wanted *wants_token(const Explaining *x, const TextToken *t)
{
    const Wanted *w = wants(x, TERM_WORD, t->text);
    if (!w && t->stem.n)
        w = wants(x, TERM_STEM, t->stem);
    if (!w && t->kind == TEXT_SINGLE)
        w = wants_pinyin(x, t->text);
    return w;
}

static void mark(SearchMark *marks, size_t *count, uint32_t at, uint32_t size)
{
    if (*count && marks[*count - 1].at + marks[*count - 1].size >= at) { // pairs overlap
        SearchMark *last = &marks[*count - 1];
        uint32_t end = MAX_OF(last->at + last->size, at + size);
        last->at = MIN_OF(last->at, at);
        last->size = end - last->at;
    } else if (*count < MARKS_MAX) {
        marks[(*count)++] = (SearchMark){at, size};
    }
}

static size_t at_character(Str text, size_t at)
{
    while (at > 0 && at < text.n && ((unsigned char)text.p[at] & 0xC0) == 0x80)
        at--;
    return MIN_OF(at, text.n);
}

static void cut_snippet(SearchReason *r, Str text)
{
    size_t first = r->marks[0].at;
    size_t from = text.n <= SNIPPET_BYTES || first < SNIPPET_BEFORE_BYTES
                      ? 0
                      : at_character(text, first - SNIPPET_BEFORE_BYTES);
    size_t to = at_character(text, MIN_OF(text.n, from + SNIPPET_BYTES));
    r->snippet = str_slice(text, from, to);
    size_t kept = 0;
    for (size_t i = 0; i < r->marks_count; i++) {
        SearchMark m = r->marks[i];
        if (m.at < from || m.at + m.size > to)
            continue;
        m.at -= (uint32_t)from;
        r->marks[kept++] = m;
    }
    r->marks_count = kept;
}

static void mark_concepts(Explaining *x, const TextToken *tokens, size_t count, Str lang, SearchReason *r)
{
    for (size_t i = 0; i < x->wanted_count; i++) {
        size_t first, last;
        Str term = x->wanted[i].term;
        if (term.p[0] != TERM_CONCEPT ||
            !vocabulary_names(search_vocabulary(x->s), str_slice(term, 1, term.n), tokens, count, lang,
                &first, &last, x->a))
            continue;
        uint32_t at = tokens[first].at;
        mark(r->marks, &r->marks_count, at, tokens[last].at + tokens[last].size - at);
        r->expansion = x->wanted[i].why;
        return;
    }
}

static void mark_measures(Explaining *x, Str text, SearchReason *r)
{
    TextMeasure found[MEASURES_MAX];
    Str terms[MEASURES_MAX];
    size_t count = measures_found(text, x->a, found, terms, MEASURES_MAX);
    for (size_t i = 0; i < count; i++) {
        const Wanted *w = wants(x, TERM_MEASURE, terms[i]);
        if (!w)
            continue;
        mark(r->marks, &r->marks_count, found[i].at, found[i].size);
        r->expansion = w->why;
    }
}

static void explain_text(Explaining *x, Str field, Str text, Str lang, Str place)
{
    TextToken *tokens;
    size_t count;
    Err err = {0};
    if (lang.n == 0 || str_eq(lang, S("und")))
        lang = x->lang;
    text = utf8_head(text, MIN_OF((size_t)VALUE_MAX_BYTES, x->bytes_left));
    x->bytes_left -= text.n;
    if (text.n == 0 || x->count == x->max || !text_tokens(x->a, text, lang, &tokens, &count, &err))
        return;
    SearchReason r = {
        .field = field, .lang = lang, .place = place, .marks = arena_array(x->a, SearchMark, MARKS_MAX)};
    for (size_t i = 0; i < count; i++) {
        const Wanted *w = wants_token(x, &tokens[i]);
        if (!w)
            continue;
        mark(r.marks, &r.marks_count, tokens[i].at, tokens[i].size);
        if (w->why.n)
            r.expansion = w->why;
    }
    if (r.marks_count == 0)
        mark_concepts(x, tokens, count, lang, &r);
    if (r.marks_count == 0)
        mark_measures(x, text, &r);
    if (r.marks_count == 0)
        return;
    cut_snippet(&r, text);
    x->reasons[x->count++] = r;
}

#define EXPLAIN_LIST(x, field, list, member, language)                                                       \
    for (size_t i = 0; i < (list).count; i++)                                                                \
    explain_text(x, search_field_name(field), (list).items[i].member, (list).items[i].language, S(""))

static void explain_transcripts(Explaining *x, const Record *r)
{
    Transcript *found;
    size_t count = transcripts_find(r, x->a, &found);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < transcript_count(&found[i]) && x->count < x->max; k++) {
            TranscriptPart part = transcript_part(&found[i], k, x->a);
            Str place = found[i].media;
            if (part.place.n)
                place = arena_printf(x->a, FMT_STR "#" FMT_STR, ARG_STR(place), ARG_STR(part.place));
            size_t before = x->count;
            explain_text(x, S("transcript"), part.text, found[i].lang, place);
            if (x->count > before) {
                x->reasons[before].transcript = i;
                x->reasons[before].part = k;
            }
        }
}

static void explain_record(Explaining *x, const Record *r)
{
    EXPLAIN_LIST(x, FIELD_TITLE, r->titles, text, lang);
    EXPLAIN_LIST(x, FIELD_MAKER, r->makers, name, lang);
    explain_text(x, search_field_name(FIELD_ACCESSION), r->accession, S(""), S(""));
    EXPLAIN_LIST(x, FIELD_CLASSIFICATION, r->classification, text, lang);
    EXPLAIN_LIST(x, FIELD_MATERIAL, r->materials, text, lang);
    EXPLAIN_LIST(x, FIELD_MATERIAL, r->techniques, text, lang);
    EXPLAIN_LIST(x, FIELD_SUBJECT, r->subjects, text, lang);
    EXPLAIN_LIST(x, FIELD_PLACE, r->places, text, lang);
    EXPLAIN_LIST(x, FIELD_DATE, r->dates, text, text);
    explain_text(x, search_field_name(FIELD_COLLECTION), r->collection, S(""), S(""));
    EXPLAIN_LIST(x, FIELD_INSCRIPTION, r->inscriptions, text, lang);
    EXPLAIN_LIST(x, FIELD_DIMENSIONS, r->dimensions, text, lang);
    EXPLAIN_LIST(x, FIELD_TEXT, r->texts, text, lang);
    explain_transcripts(x, r);
    EXPLAIN_LIST(x, FIELD_PROVENANCE, r->provenance, text, lang);
    explain_text(x, search_field_name(FIELD_CREDIT), r->credit, S(""), S(""));
}

typedef void Reading(Explaining *x, const Record *record);

static bool explain(Search *s, const SearchAsk *ask, const Record *record, size_t max, Reading *read,
    Arena *a, SearchReason **ret, size_t *ret_count, Err *err)
{
    if (ask->q.n > SEARCH_QUERY_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "the question is longer than %d bytes", SEARCH_QUERY_MAX_BYTES);
    Snapshot *n = snapshot_keep(s, err);
    if (!n)
        return false;
    Explaining x = {.s = s, .a = a, .max = max, .lang = record->lang.n ? record->lang : S("en")};
    x.reasons = arena_array(a, SearchReason, max);
    for (Effort effort = EFFORT_PLAIN; effort <= EFFORT_WIDE && x.count == 0; effort++) {
        Plan plan;
        plan_begin(&plan, s, n, effort, ask, a);
        x.wanted_count = 0;
        x.bytes_left = READ_MAX_BYTES;
        collect(&x, query_read(&plan, ask->q), S(""));
        read(&x, record);
    }
    snapshot_drop(s, n);
    *ret = x.reasons;
    *ret_count = x.count;
    return true;
}

bool search_explain(Search *s, const SearchAsk *ask, const Record *record, Arena *a, SearchReason **ret,
    size_t *ret_count, Err *err)
{
    return explain(s, ask, record, SEARCH_REASONS_MAX, explain_record, a, ret, ret_count, err);
}

bool search_inside(Search *s, const SearchAsk *ask, const Record *record, Arena *a, SearchReason **ret,
    size_t *ret_count, Err *err)
{
    return explain(s, ask, record, SEARCH_INSIDE_MAX, explain_transcripts, a, ret, ret_count, err);
}
