// SPDX-License-Identifier: Apache-2.0
// A question as a tree. query.c reads what was typed, plan.c puts the alternatives under each word (stems,
// readings, concepts, corrections), eval.c finds the records.
#pragma once

#include "search/index.h"

enum {
    QUERY_WORDS_MAX = 64, // further words are not looked at
    QUERY_DEPTH_MAX = 12,
    NODE_KIDS_MAX = 400,
    PHRASE_PARTS_MAX = 64,
};

typedef enum {
    NODE_NOTHING,
    NODE_ALL,
    NODE_TERM,
    NODE_PHRASE, // kids are terms; each stands `at` positions after the first
    NODE_AND,
    NODE_OR,
    NODE_NOT,   // one kid; only below AND
    NODE_YEARS, // records whose years meet a range
} NodeKind;

typedef struct Node Node;
struct Node {
    NodeKind kind;
    Node **kids;
    size_t count, capacity;
    float weight;      // of a term or range, in what it adds to the score
    Str term;          // namespace byte and text
    const Term *found; // one a view; docs 0 where there is none
    uint64_t docs;     // about how many records
    uint32_t at;       // in a phrase
    uint32_t fields;   // bits; 0: any
    int earliest, latest;
    bool narrow; // a range: only records that lie within
    Str why;     // what was put in for the word typed, empty if it is the word itself
};

// How hard to try.
typedef enum {
    EFFORT_PLAIN, // words, stems, readings, concepts; corrections for words that nothing has
    EFFORT_WIDE,  // beginnings and corrections for all words
    EFFORT_MOST,  // most of the words are enough
} Effort;

typedef struct {
    Arena *a;
    Search *s;
    const Snapshot *snapshot;
    Effort effort;
    bool exact;    // nothing stands in for a word
    bool staff;    // also by what pages do not show
    bool loosened; // something beyond the plain words was put in
    Str langs[8];
    size_t langs_count;
    uint64_t docs_total;
    Str *words; // folded words and characters as typed, for judging how near they stand
    size_t words_count, words_capacity;
    struct Correction {
        Str typed, by; // typed: in the question
    } * corrections;
    size_t corrections_count, corrections_capacity;
} Plan;

// query.c: the tree of what was typed; NODE_ALL for nothing. Never fails.
Node *query_read(Plan *p, Str q);

// plan.c: the node for a run of text typed without operators; fields: bits, 0 any.
Node *plan_words(Plan *p, Str text, uint32_t fields);
Node *plan_phrase(Plan *p, Str text, uint32_t fields);
Node *plan_prefix(Plan *p, Str word, uint32_t fields);
Node *plan_years(Plan *p, int earliest, int latest);
Node *plan_filters(Plan *p, const SearchAsk *ask, bool *ret_known);
// Of `ask` counts who asks, and whether words mean themselves only (accents, case and script variants still
// do not matter then).
void plan_begin(Plan *p, Search *s, const Snapshot *n, Effort effort, const SearchAsk *ask, Arena *a);

Str plan_corrected(const Plan *p, Str q); // the question with words replaced; empty if none was

Node *node_make(Plan *p, NodeKind kind);
void node_add(Plan *p, Node *node, Node *kid);
Node *node_term(Plan *p, unsigned char space, Str text, float weight, uint32_t fields);

// eval.c: the records of one view, ascending. within: only among these; NULL for all. Arrays live in `a`.
typedef struct {
    uint32_t *docs;
    float *scores;
    unsigned char *fields; // the field that said most
    size_t count;
} Hits;

Hits eval(const Node *node, const Snapshot *n, size_t view, const Hits *within, Arena *a);

// fuzzy.c: words of the index near a word, best first.
typedef struct {
    Str word;
    int distance;
    uint64_t docs;
} Near;
size_t fuzzy_find(const Snapshot *n, Str word, int distance_max, Near *ret, size_t max, Arena *a);

// vocabulary.c: adds to `any` what else the tokens of one word or chunk may mean.
void vocabulary_expand(Plan *p, Node *any, const TextToken *tokens, size_t count, uint32_t fields);
// A label of several words that begins here: adds its concepts to `any`; how many tokens it takes, 0 if none
// does.
size_t vocabulary_label(Plan *p, Node *any, const TextToken *tokens, size_t count, uint32_t fields);

// vocabulary.c: where in a text a concept is named; false if it is not. For marks.
bool vocabulary_names(const Vocabulary *v, Str concept, const TextToken *tokens, size_t count, Str lang,
    size_t *ret_first, size_t *ret_last, Arena *a);
// Labels that begin so, at most max: concept id and label.
typedef struct {
    Str concept, label;
} Labelled;
size_t vocabulary_beginning(const Vocabulary *v, Str head, Labelled *ret, size_t max);

// The period that `typed` is the name of, and its years; false if it is none.
bool period_expand(Plan *p, Node *any, Str typed);

// dates.c: a date or period in words that begins here ("Tang dynasty", "1850s"): adds its years to `any`; how
// many tokens it takes, 0 if none does. text: what the tokens are of.
size_t dates_plan(Plan *p, Node *any, Str text, const TextToken *tokens, size_t count);

// measures.c: "27 cm" in any unit. Adds to `any` the sizes in the index that are the same as the one that
// `text` begins with; how many bytes that is, 0 if it begins with none.
size_t measures_plan(Plan *p, Node *any, Str text);
// The sizes in a text, and the term of each (empty for one out of all bounds).
enum { MEASURES_MAX = 32 };
size_t measures_found(Str text, Arena *a, TextMeasure *ret, Str *ret_terms, size_t max);

// ask.c: the best records for a tree, and how many there are; entries best first.
typedef struct {
    uint32_t view, doc;
    float score;
    unsigned char field;
} Entry;
int64_t find_best(
    const Snapshot *n, const Node *node, ViewerRole role, Entry *entries, size_t *count, size_t max);
