// SPDX-License-Identifier: Apache-2.0
#include "search/vocabulary.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

enum {
    LABEL_UNITS_MAX = 12,
    LABELS_MAX = 2000000,
    ANCESTORS_MAX = 24,
    ANALYSIS = 3, // change it when text/ or document.c read words differently: indexes are then made anew
};

typedef struct {
    Str id, label, broader;
    uint32_t ancestors[ANCESTORS_MAX];
    size_t ancestors_count;
    bool person;
} Concept;

typedef struct {
    uint32_t concept, next; // next: with the same first unit, + 1
    Str *units;
    size_t count;
    char lang[4];
    bool latin;       // only in texts of its language: "or" is gold in French
    Str text, folded; // as it is shown, and as it is looked up
    bool alone;       // one Han character: only where nothing touches it
} Label;

struct Vocabulary {
    Arena *a;
    Concept *concepts;
    size_t concepts_count, concepts_capacity;
    Label *labels;
    size_t labels_count, labels_capacity;
    uint32_t *table; // label + 1
    size_t table_size;
    uint64_t hash;
    char digest[17];
};

// ---- making

static uint64_t hash_of(Str text, uint64_t h)
{
    for (size_t i = 0; i < text.n; i++)
        h = (h ^ (unsigned char)text.p[i]) * 0x100000001B3ull;
    return (h ^ 0xFF) * 0x100000001B3ull;
}

enum { HASH_BASIS = 0x811C9DC5 };

static void primary(Str lang, char to[4])
{
    memset(to, 0, 4);
    for (size_t i = 0; i < 3 && i < lang.n && lang.p[i] != '-'; i++)
        to[i] = (char)(lang.p[i] | 0x20);
}

static Concept *find_concept(const Vocabulary *v, Str id)
{
    for (size_t i = v->concepts_count; i > 0; i--) // rows of one concept follow each other
        if (str_eq(v->concepts[i - 1].id, id))
            return &v->concepts[i - 1];
    return NULL;
}

// Words without their stems' differences, single characters; not pairs, which say the same again.
static size_t units_of(Arena *a, const TextToken *tokens, size_t count, Str *units, size_t max)
{
    size_t n = 0;
    for (size_t i = 0; i < count && n < max; i++)
        if (tokens[i].kind != TEXT_PAIR && tokens[i].kind != TEXT_JOINED)
            units[n++] = arena_copy(a, tokens[i].stem.n ? tokens[i].stem : tokens[i].text);
    return n;
}

static void add_label(Vocabulary *v, uint32_t concept, Str lang, Str text)
{
    TextToken *tokens;
    size_t count;
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    if (v->labels_count == LABELS_MAX || !text_tokens(a, text, lang, &tokens, &count, &err))
        return;
    Str units[LABEL_UNITS_MAX + 1];
    size_t n = units_of(v->a, tokens, count, units, LABEL_UNITS_MAX + 1);
    if (n == 0 || n > LABEL_UNITS_MAX)
        return;
    Label *l = arena_push(v->a, &v->labels, &v->labels_count, &v->labels_capacity);
    *l = (Label){.concept = concept, .units = arena_array(v->a, Str, n), .count = n};
    memcpy(l->units, units, n * sizeof(*units));
    primary(lang, l->lang);
    l->latin = (unsigned char)units[0].p[0] < 0x80;
    l->alone = n == 1 && tokens[0].kind == TEXT_SINGLE;
    l->text = arena_copy(v->a, text);
    l->folded = text_fold(v->a, text);
}

void vocabulary_add(Vocabulary *v, Str id, Str broader, Str lang, Str label)
{
    Concept *c = find_concept(v, id);
    if (!c) {
        c = arena_push(v->a, &v->concepts, &v->concepts_count, &v->concepts_capacity);
        *c = (Concept){.id = arena_copy(v->a, id), .person = str_starts(id, S("person-"))};
    }
    if (broader.n)
        c->broader = arena_copy(v->a, broader);
    if (label.n && (c->label.n == 0 || (str_starts(lang, S("en")) && !c->label.p[0])))
        c->label = arena_copy(v->a, label);
    uint64_t h = hash_of(label, hash_of(lang, hash_of(broader, hash_of(id, v->hash))));
    v->hash = h;
    if (label.n)
        add_label(v, (uint32_t)(c - v->concepts), lang, label);
}

static void add_row(Vocabulary *v, const VocabularyRow *row)
{
    Str rest = str_from(row->labels), of_lang;
    while (str_next(&rest, '|', &of_lang)) {
        Str lang, label;
        if (!str_cut(of_lang, ':', &lang, &of_lang))
            continue;
        while (str_next(&of_lang, ',', &label))
            vocabulary_add(v, str_from(row->id), str_from(row->broader), lang, label);
    }
}

static void add_ancestors(const Vocabulary *v, Concept *of, const Concept *from)
{
    Str rest = from->broader, id;
    while (str_next(&rest, ' ', &id)) {
        const Concept *up = find_concept(v, id);
        bool known = !up || up == of || of->ancestors_count == ANCESTORS_MAX;
        for (size_t i = 0; !known && i < of->ancestors_count; i++)
            known = of->ancestors[i] == (uint32_t)(up - v->concepts);
        if (known) // also where a circle closes
            continue;
        of->ancestors[of->ancestors_count++] = (uint32_t)(up - v->concepts);
        add_ancestors(v, of, up);
    }
}

static void finish(Vocabulary *v)
{
    for (size_t i = 0; i < v->concepts_count; i++)
        add_ancestors(v, &v->concepts[i], &v->concepts[i]);
    for (v->table_size = 1024; v->table_size < v->labels_count * 2; v->table_size *= 2)
        ;
    v->table = mem_alloc(v->table_size * sizeof(*v->table));
    for (size_t i = 0; i < v->labels_count; i++) {
        size_t at = hash_of(v->labels[i].units[0], HASH_BASIS) & (v->table_size - 1);
        v->labels[i].next = v->table[at];
        v->table[at] = (uint32_t)i + 1;
    }
    snprintf(v->digest, sizeof(v->digest), "%016llx", (unsigned long long)(v->hash ^ ANALYSIS));
}

// The vocabulary in use, and those that were before: each lives as long as the process, since an index may
// still be using it. Guarded by `making`.
static pthread_mutex_t making = PTHREAD_MUTEX_INITIALIZER;
static Vocabulary *present;

Vocabulary *vocabulary_empty(void)
{
    Vocabulary *v = mem_alloc(sizeof(Vocabulary));
    v->a = arena_open();
    v->hash = HASH_BASIS;
    return v;
}

void vocabulary_free(Vocabulary *v)
{
    arena_close(v->a);
    free(v->table);
    free(v);
}

static Vocabulary *make_starter(void)
{
    Vocabulary *v = vocabulary_empty();
    size_t count;
    const VocabularyRow *rows = vocabulary_starter(&count);
    for (size_t i = 0; i < count; i++)
        add_row(v, &rows[i]);
    return v;
}

const Vocabulary *vocabulary_keep(void)
{
    pthread_mutex_lock(&making);
    if (!present)
        present = make_starter();
    if (!present->table)
        finish(present);
    pthread_mutex_unlock(&making);
    return present;
}

bool search_learn(Str bytes, Err *err)
{
    pthread_mutex_lock(&making);
    if (!present)
        present = make_starter();
    bool good = !present->table || err_set(err, ERR_BUSY, "an index is open already");
    good = good && vocabulary_read(present, bytes, err);
    pthread_mutex_unlock(&making);
    return good;
}

const char *vocabulary_digest(const Vocabulary *v)
{
    return v->digest;
}

// ---- finding

static bool fits(const Label *l, const char lang[4])
{
    return !l->latin || strcmp(l->lang, lang) == 0 || l->lang[0] == 0;
}

static bool label_at(const Label *l, const Str *units, size_t count)
{
    if (l->count > count)
        return false;
    for (size_t i = 0; i < l->count; i++)
        if (!str_eq(l->units[i], units[i]))
            return false;
    return true;
}

static bool is_concept_field(Field field)
{
    return field == FIELD_TITLE || field == FIELD_CLASSIFICATION || field == FIELD_MATERIAL ||
           field == FIELD_SUBJECT || field == FIELD_MAKER;
}

static void add_concept(const Vocabulary *v, const Concept *c, Field field, Builder *b, int impact)
{
    if (c->person != (field == FIELD_MAKER) && !(c->person && field == FIELD_TITLE))
        return;
    builder_term(b, TERM_CONCEPT, c->id, EVIDENCE(field, impact), 0);
    for (size_t i = 0; i < c->ancestors_count; i++)
        builder_term(
            b, TERM_CONCEPT, v->concepts[c->ancestors[i]].id, EVIDENCE(field, MAX_OF(impact - 1, 1)), 0);
    if (field == FIELD_MATERIAL)
        builder_facet(b, FACET_MATERIAL, c->label);
}

bool vocabulary_find_in(const Vocabulary *v, const TextToken *tokens, size_t count, Str lang, Field field,
    Builder *b, int impact, Arena *a)
{
    if (!is_concept_field(field))
        return false;
    Str *units = arena_array(a, Str, count);
    bool *touches = arena_array(a, bool, count + 1), found = false;
    size_t n = 0;
    for (size_t i = 0; i < count; i++) {
        if (tokens[i].kind == TEXT_PAIR || tokens[i].kind == TEXT_JOINED)
            continue;
        touches[n] = tokens[i].touches;
        units[n++] = tokens[i].stem.n ? tokens[i].stem : tokens[i].text;
    }
    char text_lang[4];
    primary(lang, text_lang);
    for (size_t i = 0; i < n; i++) {
        uint32_t next = v->table[hash_of(units[i], HASH_BASIS) & (v->table_size - 1)];
        for (; next; next = v->labels[next - 1].next) {
            const Label *l = &v->labels[next - 1];
            if (!fits(l, text_lang) || !label_at(l, units + i, n - i) ||
                (l->alone && (touches[i] || touches[i + 1])))
                continue;
            add_concept(v, &v->concepts[l->concept], field, b, impact);
            found = true;
        }
    }
    return found;
}

bool vocabulary_names(const Vocabulary *v, Str concept, const TextToken *tokens, size_t count, Str lang,
    size_t *ret_first, size_t *ret_last, Arena *a)
{
    Str *units = arena_array(a, Str, count + 1);
    size_t *at = arena_array(a, size_t, count + 1), n = 0;
    char text_lang[4];
    primary(lang, text_lang);
    for (size_t i = 0; i < count; i++)
        if (tokens[i].kind != TEXT_PAIR && tokens[i].kind != TEXT_JOINED) {
            at[n] = i;
            units[n++] = tokens[i].stem.n ? tokens[i].stem : tokens[i].text;
        }
    for (size_t i = 0; i < n; i++) {
        uint32_t next = v->table[hash_of(units[i], HASH_BASIS) & (v->table_size - 1)];
        for (; next; next = v->labels[next - 1].next) {
            const Label *l = &v->labels[next - 1];
            const Concept *c = &v->concepts[l->concept];
            bool named = str_eq(c->id, concept);
            for (size_t k = 0; !named && k < c->ancestors_count; k++)
                named = str_eq(v->concepts[c->ancestors[k]].id, concept);
            if (!named || !fits(l, text_lang) || !label_at(l, units + i, n - i))
                continue;
            *ret_first = at[i];
            *ret_last = at[i + l->count - 1];
            return true;
        }
    }
    return false;
}

size_t vocabulary_beginning(const Vocabulary *v, Str head, Labelled *ret, size_t max)
{
    size_t count = 0;
    for (size_t i = 0; i < v->labels_count && count < max && head.n; i++) {
        const Label *l = &v->labels[i];
        if (!str_starts(l->folded, head) ||
            (count && str_eq(ret[count - 1].concept, v->concepts[l->concept].id)))
            continue;
        ret[count++] = (Labelled){v->concepts[l->concept].id, l->text};
    }
    return count;
}

// ---- the question

#define WEIGHT_CONCEPT 0.45f
#define WEIGHT_PERIOD 0.7f
#define WEIGHT_PERIOD_YEARS 0.35f
enum { FOUND_MAX = 16, UNITS_MAX = 24 };

typedef struct {
    uint32_t concepts[FOUND_MAX];
    size_t count;
    size_t units; // of the longest label
} Found;

static void note(Found *f, const Label *l)
{
    if (l->count > f->units) {
        f->units = l->count;
        f->count = 0;
    }
    for (size_t i = 0; i < f->count; i++)
        if (f->concepts[i] == l->concept)
            return;
    if (l->count == f->units && f->count < FOUND_MAX)
    f->concepts[f->count++] = l->concept;
}

static void find_in_lang(const Vocabulary *v, const Str *units, size_t count, const char *lang, Found *f)
{
    uint32_t next = count ? v->table[hash_of(units[0], HASH_BASIS) & (v->table_size - 1)] : 0;
    for (; next; next = v->labels[next - 1].next) {
        const Label *l = &v->labels[next - 1];
        if ((lang ? strcmp(l->lang, lang) == 0 : true) && label_at(l, units, count))
            note(f, l);
    }
}

// The longest labels that begin with these units, in whatever language they were meant.
static Found find_labels(Plan *p, const Str *units, size_t count)
{
    static const char *const stemmed[] = {"en", "fr", "de", "es", "it", "nl", "pt", "ru", "ar"};
    const Vocabulary *v = search_vocabulary(p->s);
    Found f = {0};
    find_in_lang(v, units, count, NULL, &f);
    if (count == 0 || (unsigned char)units[0].p[0] >= 0xE0)
        return f;
    for (size_t k = 0; k < COUNT_OF(stemmed); k++) {
        Str stems[UNITS_MAX];
        for (size_t i = 0; i < count; i++)
            stems[i] = text_stem_of(p->a, units[i], str_from(stemmed[k]));
        find_in_lang(v, stems, count, stemmed[k], &f);
    }
    return f;
}

static void add_concepts(Plan *p, Node *any, const Found *f, uint32_t fields)
{
    const Vocabulary *v = search_vocabulary(p->s);
    for (size_t i = 0; i < f->count; i++) {
        const Concept *c = &v->concepts[f->concepts[i]];
        Node *node = node_term(p, TERM_CONCEPT, c->id, WEIGHT_CONCEPT, fields);
        node->why = c->label;
        if (node->docs)
            node_add(p, any, node);
    }
}

static Str period_term(Arena *a, const TextPeriod *period)
{
    return arena_printf(a, "period-%s", period->id);
}

void period_find_in(Str date, Arena *a, Builder *b)
{
    const TextPeriod *period = text_period_in(date, false);
    if (!period)
        return;
    builder_facet(b, FACET_PERIOD, str_from(period->id));
    builder_term(b, TERM_CONCEPT, period_term(a, period), EVIDENCE(FIELD_DATE, 7), 0);
}

bool period_expand(Plan *p, Node *any, Str typed)
{
    const TextPeriod *period = text_period_in(typed, true);
    if (!period)
        return false;
    Node *named = node_term(p, TERM_CONCEPT, period_term(p->a, period), WEIGHT_PERIOD, 0);
    named->why = str_from(period->id);
    if (named->docs)
        node_add(p, any, named);
    Node *years = plan_years(p, period->earliest, period->latest);
    years->weight = WEIGHT_PERIOD_YEARS;
    years->narrow = true;
    years->why = arena_printf(p->a, "%d..%d", period->earliest, period->latest);
    node_add(p, any, years);
    return true;
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
    Str units[UNITS_MAX];
    size_t n = units_of(p->a, tokens, count, units, UNITS_MAX);
    Found f = find_labels(p, units, n);
    if (f.units == n)
        add_concepts(p, any, &f, fields);
    if (!fields || fields >> FIELD_DATE & 1)
        period_expand(p, any, joined(p, tokens, count));
}

// A label of several words: how many of the tokens it takes, 0 if none begins here.
size_t vocabulary_label(Plan *p, Node *any, const TextToken *tokens, size_t count, uint32_t fields)
{
    Str units[UNITS_MAX];
    size_t n = units_of(p->a, tokens, count, units, UNITS_MAX), took = 0;
    Found f = find_labels(p, units, n);
    if (f.units < 2)
        return 0;
    add_concepts(p, any, &f, fields);
    for (size_t left = f.units; took < count; took++) {
        bool unit = tokens[took].kind != TEXT_PAIR && tokens[took].kind != TEXT_JOINED;
        if (unit && left-- == 0)
            break;
    }
    return took;
}
