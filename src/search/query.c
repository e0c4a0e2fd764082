// SPDX-License-Identifier: Apache-2.0
// Reading what was typed. There are no syntax errors: an operator where none makes sense is a word or
// nothing.
//
//   words "a phrase" AND OR NOT -word (groups) field:word field:"phrase" year:1368..1644 begin*
#include "search/query.h"

typedef struct {
    Plan *p;
    Str rest;
    int depth, words;
} Reader;

static Node *read_or(Reader *r);

static bool at_blank(Str s)
{
    return s.n == 0 || (unsigned char)s.p[0] <= ' ';
}

static void pass_blanks(Reader *r)
{
    while (r->rest.n && (unsigned char)r->rest.p[0] <= ' ')
        r->rest = str_slice(r->rest, 1, r->rest.n);
}

static bool take(Reader *r, const char *word)
{
    pass_blanks(r);
    Str w = str_from(word), after = str_slice(r->rest, w.n, r->rest.n);
    if (!str_starts(r->rest, w) || !(at_blank(after) || after.p[0] == '('))
        return false;
    r->rest = after;
    return true;
}

static bool peek(const Reader *r, const char *word)
{
    Reader copy = *r;
    return take(&copy, word);
}

// Up to the next blank, bracket or quotation mark.
static Str take_word(Reader *r)
{
    size_t n = 0;
    while (n < r->rest.n && (unsigned char)r->rest.p[n] > ' ' && !strchr("()\"", r->rest.p[n]))
        n++;
    Str word = str_slice(r->rest, 0, n);
    r->rest = str_slice(r->rest, n, r->rest.n);
    return word;
}

static Node *read_quoted(Reader *r, uint32_t fields)
{
    Str inside = str_slice(r->rest, 1, r->rest.n), after;
    if (!str_cut(inside, '"', &inside, &after))
        after = (Str){0}; // not closed: up to the end
    r->rest = after;
    r->words++;
    return plan_phrase(r->p, inside, fields);
}

// "1368..1644", "1368-1644", "1368", "-300..200", "ming".
static Node *read_range(Reader *r, Str value)
{
    int earliest = -100000, latest = 100000;
    size_t dots;
    if (str_find(value, S(".."), &dots)) {
        Str from = str_slice(value, 0, dots), to = str_slice(value, dots + 2, value.n);
        int last;
        if ((from.n && !str_to_int(from, -100000, 100000, &earliest) &&
                !text_years(from, &earliest, &last)) ||
            (to.n && !str_to_int(to, -100000, 100000, &latest) && !text_years(to, &last, &latest)))
            return NULL;
    } else if (str_to_int(value, -100000, 100000, &earliest)) {
        latest = earliest;
    } else if (!text_years(value, &earliest, &latest)) {
        return NULL;
    }
    return earliest <= latest ? plan_years(r->p, earliest, latest) : plan_years(r->p, latest, earliest);
}

// field:something; NULL if it is no field, and then nothing was read.
static Node *read_field(Reader *r)
{
    Str before = r->rest, word = take_word(r), name, value;
    Field field;
    Node *node = NULL;
    if (str_cut(word, ':', &name, &value)) {
        bool year = str_eq_nocase(name, S("year"));
        if (year && value.n)
            node = read_range(r, value);
        if (!node && search_field_of(name, &field)) {
            if (value.n == 0 && r->rest.n && r->rest.p[0] == '"')
                return read_quoted(r, 1u << field);
            if (value.n > 1 && value.p[value.n - 1] == '*')
                return plan_prefix(r->p, str_slice(value, 0, value.n - 1), 1u << field);
            if (value.n)
                return plan_words(r->p, value, 1u << field);
        }
    }
    if (!node)
        r->rest = before;
    return node;
}

// A run of plain words: everything up to an operator, bracket, quotation, field or star.
static Node *read_run(Reader *r)
{
    const char *begin = r->rest.p;
    size_t size = 0;
    while (r->words < QUERY_WORDS_MAX) {
        pass_blanks(r);
        if (r->rest.n == 0 || strchr("()\"", r->rest.p[0]) || peek(r, "AND") || peek(r, "OR") ||
            peek(r, "NOT"))
            break;
        Reader before = *r;
        Str word = take_word(r);
        Str name, value;
        Field field;
        bool special = (word.n > 1 && word.p[0] == '-' && size > 0) ||
                       (word.n > 1 && word.p[word.n - 1] == '*') ||
                       (str_cut(word, ':', &name, &value) &&
                           (search_field_of(name, &field) || str_eq_nocase(name, S("year"))));
        if (special && size > 0) {
            *r = before;
            break;
        }
        r->words++;
        size = (size_t)(word.p + word.n - begin);
        if (special)
            break;
    }
    return plan_words(r->p, (Str){begin, size}, 0);
}

static Node *read_one(Reader *r)
{
    pass_blanks(r);
    if (r->rest.n == 0 || r->rest.p[0] == ')')
        return NULL;
    if (r->rest.p[0] == '(') {
        r->rest = str_slice(r->rest, 1, r->rest.n);
        if (r->depth >= QUERY_DEPTH_MAX)
            return node_make(r->p, NODE_ALL);
        r->depth++;
        Node *inside = read_or(r);
        r->depth--;
        pass_blanks(r);
        if (r->rest.n && r->rest.p[0] == ')')
            r->rest = str_slice(r->rest, 1, r->rest.n);
        return inside;
    }
    if (r->rest.p[0] == '"')
        return read_quoted(r, 0);
    Node *node = read_field(r);
    if (node) {
        r->words++;
        return node;
    }
    Reader before = *r;
    Str word = take_word(r);
    if (word.n > 1 && word.p[word.n - 1] == '*') {
        r->words++;
        return plan_prefix(r->p, str_slice(word, 0, word.n - 1), 0);
    }
    *r = before;
    return read_run(r);
}

static bool take_minus(Reader *r)
{
    pass_blanks(r);
    if (r->rest.n < 2 || r->rest.p[0] != '-' || at_blank(str_slice(r->rest, 1, r->rest.n)))
        return false;
    r->rest = str_slice(r->rest, 1, r->rest.n);
    return true;
}

static Node *read_and(Reader *r)
{
    Node *all = node_make(r->p, NODE_AND);
    while (r->words < QUERY_WORDS_MAX) {
        pass_blanks(r);
        bool joined = take(r, "AND");
        bool not = take(r, "NOT") || take_minus(r);
        if (peek(r, "OR") && !not &&!joined)
            break;
        size_t before = r->rest.n;
        Node *one = read_one(r);
        if (!one && r->rest.n == before)
            break;
        if (one && not ) {
            Node *n = node_make(r->p, NODE_NOT);
            node_add(r->p, n, one);
            one = n;
        }
        if (one && one->kind != NODE_ALL)
            node_add(r->p, all, one);
    }
    if (all->count == 1 && all->kids[0]->kind != NODE_NOT)
        return all->kids[0];
    return all->count == 0 ? NULL : all;
}

static Node *read_or(Reader *r)
{
    Node *first = read_and(r);
    if (!peek(r, "OR"))
        return first;
    Node *any = node_make(r->p, NODE_OR);
    if (first)
        node_add(r->p, any, first);
    while (take(r, "OR")) {
        Node *next = read_and(r);
        if (next)
            node_add(r->p, any, next);
    }
    return any->count == 0 ? NULL : any;
}

Node *query_read(Plan *p, Str q)
{
    Reader r = {.p = p, .rest = str_trim(q)};
    Node *all = node_make(p, NODE_AND);
    while (r.rest.n && r.words < QUERY_WORDS_MAX) {
        size_t before = r.rest.n;
        Node *one = read_or(&r);
        if (one)
            node_add(p, all, one);
        if (r.rest.n == before || (r.rest.n && r.rest.p[0] == ')'))
            r.rest = str_slice(r.rest, 1, r.rest.n); // a bracket that opens nothing
    }
    return all->count == 0 ? node_make(p, NODE_ALL) : all->count == 1 ? all->kids[0] : all;
}
