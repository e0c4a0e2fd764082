// SPDX-License-Identifier: Apache-2.0
// What else may be meant by the words that were typed. Each word becomes an OR: itself first, then stems,
// numbers written otherwise, syllables, concepts, and where nothing has the word, words like it.
#include "search/query.h"

#include <math.h>
#include <stdlib.h>

enum {
    PREFIX_TERMS_MAX = 64,
    PREFIX_LOOKED_AT_MAX = 4000,
    NEAR_MAX = 6,
    FUZZY_MIN_CHARS = 4,
    FUZZY_TWO_CHARS = 7
};

// What an alternative counts against the word itself.
#define WEIGHT_STEM 0.55f
#define WEIGHT_KEY 1.2f
#define WEIGHT_PINYIN 0.6f
#define WEIGHT_JOINED 0.9f
#define WEIGHT_PREFIX 0.5f
#define WEIGHT_NEAR 0.6f
#define WEIGHT_INSIDE 0.5f

Node *node_make(Plan *p, NodeKind kind)
{
    Node *node = arena_new(p->a, Node);
    node->kind = kind;
    node->weight = 1;
    return node;
}

void node_add(Plan *p, Node *node, Node *kid)
{
    if (kid && node->count < NODE_KIDS_MAX)
        *arena_push(p->a, &node->kids, &node->count, &node->capacity) = kid;
}

Node *node_term(Plan *p, unsigned char space, Str text, float weight, uint32_t fields)
{
    Node *node = node_make(p, NODE_TERM);
    size_t n = MIN_OF(text.n, (size_t)TERM_MAX_BYTES - 1);
    char *term = arena_alloc(p->a, n + 1);
    term[0] = (char)space;
    memcpy(term + 1, text.p, n);
    node->term = (Str){term, n + 1};
    node->weight = weight;
    node->fields = fields;
    Term *found = arena_array(p->a, Term, p->snapshot->count);
    for (size_t i = 0; i < p->snapshot->count; i++)
        if (segment_term(p->snapshot->views[i]->segment, node->term, &found[i]))
            node->docs += found[i].docs;
    node->found = found;
    return node;
}

void plan_begin(Plan *p, Search *s, const Snapshot *n, Effort effort, const SearchAsk *ask, Arena *a)
{
    *p = (Plan){.a = a,
        .s = s,
        .snapshot = n,
        .effort = effort,
        .exact = ask->exact,
        .staff = ask->role == VIEWER_STAFF};
    for (size_t i = 0; i < n->count; i++) {
        uint32_t from, to;
        p->docs_total += segment_docs(n->views[i]->segment);
        segment_facet_range(n->views[i]->segment, FACET_LANGUAGE, &from, &to);
        for (uint32_t v = from; v < to; v++) {
            Facet facet;
            Str lang = segment_facet_value(n->views[i]->segment, v, &facet), rest;
            str_cut(lang, '-', &lang, &rest);
            bool known = lang.n != 2;
            for (size_t k = 0; k < p->langs_count; k++)
                known |= str_eq(p->langs[k], lang);
            if (!known && p->langs_count < COUNT_OF(p->langs))
                p->langs[p->langs_count++] = lang;
        }
    }
    if (p->langs_count == 0)
        p->langs[p->langs_count++] = S("en"); // how texts are read that do not say
}

// ---- weights

static float rarity(const Plan *p, uint64_t docs)
{
    double all = (double)p->docs_total + 2;
    return (float)(log(all / ((double)docs + 1)) / log(all)) + 0.05f;
}

static void multiply(Node *node, float by)
{
    node->weight *= by;
    if (node->kind == NODE_AND || node->kind == NODE_OR)
        for (size_t i = 0; i < node->count; i++)
            multiply(node->kids[i], by);
}

static Node *alternatives_end(Plan *p, Node *any)
{
    if (any->count == 0)
        return node_make(p, NODE_NOTHING);
    uint64_t docs = 0;
    for (size_t i = 0; i < any->count; i++)
        docs += any->kids[i]->docs;
    any->docs = MIN_OF(docs, p->docs_total);
    multiply(any, rarity(p, any->docs));
    return any->count == 1 ? any->kids[0] : any;
}

static void add_found(Plan *p, Node *any, Node *kid)
{
    if (kid && kid->docs > 0)
        node_add(p, any, kid);
}

static void add_term(Plan *p, Node *any, unsigned char space, Str text, float weight, uint32_t fields)
{
    for (size_t i = 0; i < any->count; i++) {
        const Node *kid = any->kids[i];
        if (kid->kind == NODE_TERM && kid->term.p[0] == (char)space &&
            str_eq(str_slice(kid->term, 1, kid->term.n), text))
            return;
    }
    add_found(p, any, node_term(p, space, text, weight, fields));
}

// ---- phrases

static void phrase_end(Plan *p, Node *phrase)
{
    phrase->docs = UINT64_MAX;
    for (size_t i = 0; i < phrase->count; i++)
        phrase->docs = MIN_OF(phrase->docs, phrase->kids[i]->docs);
    if (phrase->count == 0)
        phrase->docs = 0;
    phrase->docs = MIN_OF(phrase->docs, p->docs_total);
}

static void phrase_add(Plan *p, Node *phrase, unsigned char space, Str text, uint32_t at)
{
    if (phrase->count == PHRASE_PARTS_MAX)
        return;
    Node *part = node_term(p, space, text, 1, 0);
    part->at = at;
    node_add(p, phrase, part);
}

// A single character is part of a pair already when the pair before or at it was added.
static bool in_pair(const TextToken *tokens, size_t count, size_t at)
{
    for (size_t i = at > 2 ? at - 2 : 0; i < count && i <= at + 2; i++)
        if (tokens[i].kind == TEXT_PAIR &&
            (tokens[i].position == tokens[at].position || tokens[i].position + 1 == tokens[at].position))
            return true;
    return false;
}

// The tokens as they stand, one after the other. A single term if there is but one.
static Node *phrase_of(Plan *p, const TextToken *tokens, size_t count, float weight, uint32_t fields)
{
    Node *phrase = node_make(p, NODE_PHRASE);
    phrase->weight = weight;
    phrase->fields = fields;
    uint32_t first = count ? tokens[0].position : 0;
    for (size_t i = 0; i < count; i++) {
        const TextToken *t = &tokens[i];
        if (t->kind == TEXT_JOINED || (t->kind == TEXT_SINGLE && in_pair(tokens, count, i)))
            continue;
        phrase_add(p, phrase, TERM_WORD, t->text, t->position - first);
    }
    if (phrase->count == 1) {
        Node *term = phrase->kids[0];
        term->weight = weight;
        term->fields = fields;
        return term;
    }
    phrase_end(p, phrase);
    return phrase;
}

Node *plan_phrase(Plan *p, Str text, uint32_t fields)
{
    TextToken *tokens;
    size_t count;
    Err err = {0};
    if (!text_tokens(p->a, text, S(""), &tokens, &count, &err) || count == 0)
        return NULL;
    Node *any = node_make(p, NODE_OR);
    add_found(p, any, phrase_of(p, tokens, count, 1, fields));
    return alternatives_end(p, any);
}

static Node *pinyin_phrase(Plan *p, Str syllables, uint32_t fields)
{
    Node *phrase = node_make(p, NODE_PHRASE);
    phrase->weight = WEIGHT_PINYIN;
    phrase->fields = fields;
    phrase->why = syllables;
    Str rest = syllables, syllable;
    for (uint32_t at = 0; str_next(&rest, ' ', &syllable); at++)
        phrase_add(p, phrase, TERM_PINYIN, syllable, at);
    phrase_end(p, phrase);
    return phrase;
}

static void add_pinyin(Plan *p, Node *any, Str letters, size_t syllables_min, uint32_t fields)
{
    Str ways[6];
    int count = text_pinyin_split(p->a, letters, ways, COUNT_OF(ways));
    for (int i = 0; i < count; i++) {
        size_t syllables = 1;
        for (size_t k = 0; k < ways[i].n; k++)
            syllables += ways[i].p[k] == ' ';
        if (syllables >= syllables_min)
            add_found(p, any, pinyin_phrase(p, ways[i], fields));
    }
}

// ---- words that begin so, words like it

typedef struct {
    Str word;
    uint64_t docs;
} Begun;

static int more_docs_first(const void *x, const void *y)
{
    const Begun *a = x, *b = y;
    return a->docs != b->docs ? (a->docs < b->docs ? 1 : -1) : str_compare(a->word, b->word);
}

static size_t words_beginning(Plan *p, Str head, Begun **ret)
{
    Begun *found = NULL;
    size_t count = 0, capacity = 0;
    char *term = arena_alloc(p->a, head.n + 1);
    term[0] = TERM_WORD;
    memcpy(term + 1, head.p, head.n);
    Str from = {term, head.n + 1}, here;
    for (size_t i = 0; i < p->snapshot->count; i++) {
        TermCursor c = term_cursor(p->snapshot->views[i]->segment);
        term_seek(&c, from);
        for (int k = 0; k < PREFIX_LOOKED_AT_MAX && term_next(&c, &here) && str_starts(here, from); k++)
            *arena_push(p->a, &found, &count, &capacity) =
                (Begun){arena_copy(p->a, str_slice(here, 1, here.n)), c.term.docs};
    }
    if (count > 1)
        qsort(found, count, sizeof(*found), more_docs_first);
    *ret = found;
    return count;
}

static void add_prefix(Plan *p, Node *any, Str head, float weight, uint32_t fields)
{
    Begun *found;
    size_t count = words_beginning(p, head, &found);
    for (size_t i = 0; i < count && i < PREFIX_TERMS_MAX; i++)
        add_term(p, any, TERM_WORD, found[i].word, str_eq(found[i].word, head) ? 1 : weight, fields);
}

Node *plan_prefix(Plan *p, Str word, uint32_t fields)
{
    TextToken *tokens;
    size_t count;
    Err err = {0};
    if (!text_tokens(p->a, word, S(""), &tokens, &count, &err) || count == 0)
        return NULL;
    Node *all = node_make(p, NODE_AND), *any = node_make(p, NODE_OR);
    for (size_t i = 0; i + 1 < count; i++)
        if (tokens[i].kind != TEXT_SINGLE && tokens[i].kind != TEXT_JOINED)
            node_add(p, all, node_term(p, TERM_WORD, tokens[i].text, 1, fields));
    add_prefix(p, any, tokens[count - 1].text, 0.9f, fields);
    node_add(p, all, alternatives_end(p, any));
    return all->count == 1 ? all->kids[0] : all;
}

static void note_correction(Plan *p, Str typed, Str by)
{
    p->loosened = true;
    *arena_push(p->a, &p->corrections, &p->corrections_count, &p->corrections_capacity) =
        (struct Correction){typed, by};
}

static int by_place(const void *x, const void *y)
{
    const struct Correction *a = x, *b = y;
    return a->typed.p < b->typed.p ? -1 : a->typed.p > b->typed.p;
}

Str plan_corrected(const Plan *p, Str q)
{
    if (p->corrections_count == 0)
        return (Str){0};
    qsort(p->corrections, p->corrections_count, sizeof(*p->corrections), by_place);
    Str parts[2 * QUERY_WORDS_MAX + 1];
    size_t count = 0;
    const char *at = q.p;
    for (size_t i = 0; i < p->corrections_count && count + 3 < COUNT_OF(parts); i++) {
        const struct Correction *c = &p->corrections[i];
        if (c->typed.p < at || c->typed.p + c->typed.n > q.p + q.n)
            continue;
        parts[count++] = (Str){at, (size_t)(c->typed.p - at)};
        parts[count++] = c->by;
        at = c->typed.p + c->typed.n;
    }
    parts[count++] = (Str){at, (size_t)(q.p + q.n - at)};
    return arena_join(p->a, parts, count, S(""));
}

// Words with one or two letters wrong. A number is never wrong: 1871 for 1872 would be another thing.
static void add_near(Plan *p, Node *any, Str word, Str typed, uint32_t fields)
{
    size_t chars = 0;
    for (size_t i = 0; i < word.n; i++) {
        chars += ((unsigned char)word.p[i] & 0xC0) != 0x80;
        if (word.p[i] >= '0' && word.p[i] <= '9')
            return;
    }
    if (chars < FUZZY_MIN_CHARS)
        return;
    Near found[NEAR_MAX];
    size_t count = fuzzy_find(p->snapshot, word, chars >= FUZZY_TWO_CHARS ? 2 : 1, found, NEAR_MAX, p->a);
    for (size_t i = 0; i < count; i++)
        add_term(p, any, TERM_WORD, found[i].word, WEIGHT_NEAR / (float)found[i].distance, fields);
    if (count)
        note_correction(p, typed, found[0].word);
}

// A name in another script, as it would stand in Latin letters: Россетти for a record that says Rossetti. Han
// has its own ways (pinyin, vocabularies).
static void add_latin(Plan *p, Node *any, Str text, Str typed, uint32_t fields)
{
    TextToken *tokens;
    size_t count;
    Err err = {0};
    Str latin = any->count ? S("") : text_romanise(p->a, text);
    for (size_t i = 0; i < text.n; i++)
        if ((unsigned char)text.p[i] >= 0xE4 && (unsigned char)text.p[i] <= 0xE9)
            return;
    if (latin.n == 0 || !text_tokens(p->a, latin, S(""), &tokens, &count, &err) || count == 0)
        return;
    add_found(p, any, phrase_of(p, tokens, count, WEIGHT_PINYIN, fields));
    if (any->count == 0 && count == 1)
        add_near(p, any, tokens->text, typed, fields);
}

// ---- one word

static void add_stems(Plan *p, Node *any, Str word, uint32_t fields)
{
    add_term(p, any, TERM_STEM, word, WEIGHT_STEM, fields);
    for (size_t i = 0; i < p->langs_count; i++) {
        Str stem = text_stem_of(p->a, word, p->langs[i]);
        if (str_eq(stem, word))
            continue;
        add_term(p, any, TERM_STEM, stem, WEIGHT_STEM, fields);
        add_term(p, any, TERM_WORD, stem, WEIGHT_STEM, fields);
    }
}

static void note_word(Plan *p, Str word)
{
    *arena_push(p->a, &p->words, &p->words_count, &p->words_capacity) = word;
}

static Node *plan_word(Plan *p, const TextToken *t, Str typed, uint32_t fields)
{
    Node *any = node_make(p, NODE_OR);
    note_word(p, t->text);
    add_term(p, any, TERM_WORD, t->text, 1, fields);
    if (p->staff && !fields)
        add_term(p, any, TERM_INSIDE, t->text, WEIGHT_INSIDE, 0);
    if (p->exact)
        return alternatives_end(p, any);
    if (t->kind == TEXT_WORD) {
        add_stems(p, any, t->text, fields);
        add_pinyin(p, any, t->text, any->count ? 2 : 1, fields);
    }
    add_term(p, any, TERM_KEY, t->text, WEIGHT_KEY, fields);
    vocabulary_expand(p, any, t, 1, fields);
    add_latin(p, any, t->text, typed, fields);
    if (any->count == 0 || p->effort >= EFFORT_WIDE) {
        size_t before = any->count;
        if (t->text.n >= 3 && t->kind == TEXT_WORD)
            add_prefix(p, any, t->text, WEIGHT_PREFIX, fields);
        if (any->count > before)
            p->loosened = true;
        else
            add_near(p, any, t->text, typed, fields);
    }
    return alternatives_end(p, any);
}

// ---- what is typed without a gap: "pro-phy-lac-tic", "65-29-4", 青花瓷, T型帛画

static Str key_of(Plan *p, Str typed)
{
    return text_key(p->a, typed);
}

// Characters of a long run on their own: when no record has the run, records that have its pieces.
static Node *plan_pieces(Plan *p, const TextToken *tokens, size_t count, uint32_t fields)
{
    Node *all = node_make(p, NODE_AND);
    for (size_t i = 0; i < count; i++)
        if (tokens[i].kind == TEXT_PAIR || (tokens[i].kind == TEXT_SINGLE && !in_pair(tokens, count, i)) ||
            tokens[i].kind == TEXT_NUMBER || tokens[i].kind == TEXT_WORD) {
            Node *any = node_make(p, NODE_OR);
            add_term(p, any, TERM_WORD, tokens[i].text, 0.5f, fields);
            node_add(p, all, alternatives_end(p, any));
        }
    all->docs = p->docs_total;
    return all;
}

static Node *plan_chunk(Plan *p, const TextToken *tokens, size_t count, Str typed, uint32_t fields)
{
    if (count == 1 && (tokens->kind == TEXT_WORD || tokens->kind == TEXT_NUMBER))
        return plan_word(p, tokens, typed, fields);
    Node *any = node_make(p, NODE_OR);
    for (size_t i = 0; i < count; i++)
        if (tokens[i].kind != TEXT_PAIR && tokens[i].kind != TEXT_JOINED)
            note_word(p, tokens[i].text);
    add_found(p, any, phrase_of(p, tokens, count, 1, fields));
    if (p->exact)
        return alternatives_end(p, any);
    Str key = key_of(p, typed);
    add_term(p, any, TERM_KEY, key, WEIGHT_KEY, fields);
    add_term(p, any, TERM_WORD, key, WEIGHT_JOINED, fields);
    add_pinyin(p, any, key, 2, fields);
    vocabulary_expand(p, any, tokens, count, fields);
    add_latin(p, any, typed, typed, fields);
    if (any->count == 0 || p->effort >= EFFORT_WIDE)
        node_add(p, any, plan_pieces(p, tokens, count, fields));
    return alternatives_end(p, any);
}

// ---- a run of words

typedef struct {
    const TextToken *tokens;
    size_t count;
    Str typed;
} Chunk;

static size_t cut_chunks(Str text, const TextToken *tokens, size_t count, Chunk *ret)
{
    size_t chunks = 0;
    for (size_t i = 0; i < count; i++) {
        const TextToken *t = &tokens[i];
        if (t->kind != TEXT_JOINED && !t->touches) {
            if (chunks == QUERY_WORDS_MAX)
                break;
            ret[chunks++] = (Chunk){.tokens = t, .typed = {text.p + t->at, 0}};
        }
        Chunk *c = &ret[chunks - 1];
        c->count++;
        c->typed.n = MAX_OF(c->typed.n, (size_t)(text.p + t->at + t->size - c->typed.p));
    }
    return chunks;
}

// "chang xin gong deng": the syllables of one title, typed as words.
static Node *spaced_pinyin(Plan *p, const Chunk *chunks, size_t count, uint32_t fields)
{
    Str parts[PHRASE_PARTS_MAX];
    if (count < 2 || count > PHRASE_PARTS_MAX)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        if (chunks[i].count != 1 || chunks[i].tokens->kind != TEXT_WORD ||
            text_pinyin_split(p->a, chunks[i].tokens->text, &parts[i], 1) == 0)
            return NULL;
    }
    return pinyin_phrase(p, arena_join(p->a, parts, count, S(" ")), fields);
}

static Node *most_of(Plan *p, Node *all);

static bool is_letters(const Chunk *c, size_t letters_min)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->tokens[i].kind == TEXT_WORD && c->tokens[i].text.n >= letters_min)
            return true;
    return false;
}

// "J.M.W.": nothing but letters on their own, the first a capital.
static bool is_initials(const Chunk *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->tokens[i].kind != TEXT_JOINED && (c->tokens[i].kind != TEXT_WORD || c->tokens[i].text.n != 1))
            return false;
    return c->typed.p[0] >= 'A' && c->typed.p[0] <= 'Z';
}

static bool has_digit(const Chunk *c)
{
    for (size_t i = 0; i < c->typed.n; i++)
        if (c->typed.p[i] >= '0' && c->typed.p[i] <= '9')
            return true;
    return false;
}

// Words that stand before a number and say that it is one.
static bool is_number_word(const Chunk *c)
{
    static const char *const words[] = {"inv", "inventory", "inventar", "inventarnummer", "inventaire",
        "inventario", "acc", "accession", "no", "nr", "num", "number", "numero", "object", "obj", "cat",
        "ref", "id"};
    for (size_t i = 0; i < COUNT_OF(words) && c->count; i++)
        if (c->tokens->kind == TEXT_WORD && str_eq(c->tokens->text, str_from(words[i])))
            return true;
    return false;
}

// What need not be in the record: initials beside a name that may be written out there, and "inv. no." before
// a number.
static bool is_spare(const Chunk *chunks, size_t count, size_t at)
{
    if (is_initials(&chunks[at]))
        for (size_t i = 0; i < count; i++)
            if (i != at && is_letters(&chunks[i], 3))
                return true;
    size_t behind = at;
    while (behind < count && is_number_word(&chunks[behind]))
        behind++;
    return behind > at && behind < count && has_digit(&chunks[behind]);
}

// "27 cm", "10 5/8 in": how many tokens the size takes, 0 if none begins here or nothing is of that size.
static size_t measure_tokens(Plan *p, Node *any, const Chunk *c, const TextToken *end, uint32_t fields)
{
    const TextToken *last = end - 1;
    Str text = {c->typed.p, (size_t)(last->at - c->tokens->at) + last->size};
    uint32_t stop = c->tokens->at;
    any->count = 0;
    if (!fields || fields & 1u << FIELD_DIMENSIONS)
        stop += (uint32_t)measures_plan(p, any, text);
    size_t took = 0;
    while (any->count && c->tokens + took < end && c->tokens[took].at < stop)
        took++;
    return took;
}

// One chunk, or several that are one label ("blue and white"), one size ("27 cm") or one date ("Tang
// dynasty"): its words, or its concept, that size in any unit, those years. *at moves to the last one.
static Node *plan_label_or_chunk(
    Plan *p, Str text, const Chunk *chunks, size_t count, size_t *at, const TextToken *end, uint32_t fields)
{
    const Chunk *c = &chunks[*at];
    if (p->exact)
        return plan_chunk(p, c->tokens, c->count, c->typed, fields);
    Node *any = node_make(p, NODE_OR);
    size_t took = vocabulary_label(p, any, c->tokens, (size_t)(end - c->tokens), fields);
    if (took <= c->count)
        took = measure_tokens(p, any, c, end, fields);
    if (took == 0 && (!fields || fields & 1u << FIELD_DATE))
        took = dates_plan(p, any, text, c->tokens, (size_t)(end - c->tokens));
    if (took == 0)
        return plan_chunk(p, c->tokens, c->count, c->typed, fields);
    Node *words = node_make(p, NODE_AND);
    words->docs = p->docs_total;
    const TextToken *behind = c->tokens + took;
    for (; *at < count && chunks[*at].tokens < behind; (*at)++) {
        Node *word = plan_chunk(p, chunks[*at].tokens, chunks[*at].count, chunks[*at].typed, fields);
        words->docs = MIN_OF(words->docs, word->docs);
        node_add(p, words, word);
    }
    (*at)--;
    Node *either = node_make(p, NODE_OR);
    either->docs = any->docs;
    node_add(p, either, words);
    if (any->count)
        node_add(p, either, alternatives_end(p, any));
    return either;
}

Node *plan_words(Plan *p, Str text, uint32_t fields)
{
    TextToken *tokens;
    size_t count;
    Err err = {0};
    if (!text_tokens(p->a, text, S(""), &tokens, &count, &err) || count == 0)
        return NULL;
    Chunk *chunks = arena_array(p->a, Chunk, QUERY_WORDS_MAX);
    size_t chunks_count = cut_chunks(text, tokens, count, chunks);
    Node *all = node_make(p, NODE_AND);
    Node *needed = node_make(p, NODE_AND);
    for (size_t i = 0; i < chunks_count; i++) {
        bool spare = !p->exact && is_spare(chunks, chunks_count, i);
        Node *word = plan_label_or_chunk(p, text, chunks, chunks_count, &i, tokens + count, fields);
        node_add(p, all, word);
        if (!spare)
            node_add(p, needed, word);
    }
    Node *any = node_make(p, NODE_OR);
    node_add(p, any, all->count == 1 ? all->kids[0] : p->effort == EFFORT_MOST ? most_of(p, all) : all);
    if (needed->count && needed->count < all->count)
        node_add(p, any, needed->count == 1 ? needed->kids[0] : needed);
    if (!p->exact && chunks_count > 1) {
        add_found(p, any, spaced_pinyin(p, chunks, chunks_count, fields));
        add_term(p, any, TERM_KEY, key_of(p, text), WEIGHT_KEY, fields); // "T 06378"
    }
    return any->count == 1 ? any->kids[0] : any;
}

// All but one of the words, in every way; of two words, both.
static Node *most_of(Plan *p, Node *all)
{
    if (all->count < 3)
        return all;
    p->loosened = true;
    Node *any = node_make(p, NODE_OR);
    for (size_t out = 0; out < all->count; out++) {
        Node *most = node_make(p, NODE_AND);
        for (size_t i = 0; i < all->count; i++)
            if (i != out)
                node_add(p, most, all->kids[i]);
        node_add(p, any, most);
    }
    return any;
}

// ---- years and filters

Node *plan_years(Plan *p, int earliest, int latest)
{
    Node *node = node_make(p, NODE_YEARS);
    node->earliest = earliest;
    node->latest = latest;
    node->docs = p->docs_total;
    return node;
}

static Node *plan_filter(Plan *p, const SearchFilter *filter, bool *ret_known)
{
    Facet facet;
    *ret_known = true;
    if (str_eq(filter->name, S("year"))) {
        Node *node = query_read(p, arena_printf(p->a, "year:" FMT_STR, ARG_STR(filter->value)));
        *ret_known = node->kind == NODE_YEARS;
        multiply(node, 0);
        return node;
    }
    *ret_known = search_facet_of(filter->name, &facet);
    if (!*ret_known)
        return NULL;
    Str value = str_slice(filter->value, 0, FACET_VALUE_MAX_BYTES);
    char byte = (char)facet;
    Str parts[] = {{&byte, 1}, value};
    return node_term(p, TERM_FILTER, arena_join(p->a, parts, 2, S("")), 0, 0);
}

// Same name: either; different names: both. NULL if there are none.
Node *plan_filters(Plan *p, const SearchAsk *ask, bool *ret_known)
{
    Node *all = node_make(p, NODE_AND);
    *ret_known = true;
    for (int i = 0; i < ask->filters_count; i++) {
        bool done = false;
        for (int k = 0; k < i; k++)
            done |= str_eq(ask->filters[k].name, ask->filters[i].name);
        if (done)
            continue;
        Node *any = node_make(p, NODE_OR);
        for (int k = i; k < ask->filters_count && *ret_known; k++)
            if (str_eq(ask->filters[k].name, ask->filters[i].name))
                node_add(p, any, plan_filter(p, &ask->filters[k], ret_known));
        node_add(p, all, any->count == 1 ? any->kids[0] : any);
    }
    return all->count ? all : NULL;
}
