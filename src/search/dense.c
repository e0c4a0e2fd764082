// SPDX-License-Identifier: Apache-2.0
// Finding records when there are many: window by window of a segment, with a bit and a score for each record
// of the window. Lists would cost ten times as much a record; here a record costs a few nanoseconds for each
// term it has, and AND, OR and NOT are operations on whole words.
#include "search/eval.h"

enum { LEVELS_MAX = 64 };

typedef struct {
    uint64_t bits[WINDOW_WORDS];
    float scores[WINDOW_DOCS];
} Window;

typedef struct Part Part;
struct Part {
    const Node *node;
    Part *kids;
    size_t count, positive; // kids; those before `positive` are no NOTs
    Postings p;
    Phrase *phrase;
    bool empty; // no record of this segment has it
};

struct Dense {
    const Segment *segment;
    uint32_t docs;
    uint32_t from, to; // of the window at hand
    Part root;
    Window *levels[LEVELS_MAX];
};

// ---- laying out

static void lay_out(
    Dense *d, Part *part, const Node *node, const Snapshot *n, size_t view, int level, Arena *a);

static void lay_out_kids(Dense *d, Part *part, const Snapshot *n, size_t view, int level, Arena *a)
{
    const Node *node = part->node, **first = NULL;
    part->positive = node->kind == NODE_AND ? eval_order(node, n, view, a, &first) : 0;
    part->kids = arena_array(a, Part, node->count);
    for (size_t i = 0; i < part->positive; i++)
        lay_out(d, &part->kids[part->count++], first[i], n, view, level + 1, a);
    for (size_t i = 0; i < node->count; i++) {
        const Node *kid = node->kids[i];
        if (node->kind == NODE_AND && kid->kind != NODE_NOT)
            continue;
        lay_out(d, &part->kids[part->count++], node->kind == NODE_AND ? kid->kids[0] : kid, n, view,
            level + 1, a);
    }
}

static void lay_out(
    Dense *d, Part *part, const Node *node, const Snapshot *n, size_t view, int level, Arena *a)
{
    assert(level < LEVELS_MAX);
    if (!d->levels[level])
        d->levels[level] = arena_new(a, Window);
    part->node = node;
    switch (node->kind) {
    case NODE_TERM:
        part->empty = node->found[view].docs == 0;
        if (!part->empty)
            part->p = postings(&node->found[view]);
        return;
    case NODE_PHRASE:
        part->phrase = phrase_open(node, n, view, a);
        part->empty = !part->phrase;
        return;
    case NODE_AND:
    case NODE_OR:
    case NODE_NOT:
        lay_out_kids(d, part, n, view, level, a);
        return;
    case NODE_NOTHING:
        part->empty = true;
        return;
    case NODE_ALL:
    case NODE_YEARS:
        return;
    }
}

Dense *dense_open(const Node *node, const Snapshot *n, size_t view, Arena *a)
{
    Dense *d = arena_new(a, Dense);
    d->segment = n->views[view]->segment;
    d->docs = segment_docs(d->segment);
    lay_out(d, &d->root, node, n, view, 0, a);
    return d;
}

// ---- one window

static void add(const Dense *d, Window *w, uint32_t doc, float score)
{
    uint32_t at = doc - d->from;
    w->bits[at / 64] |= 1ull << (at % 64);
    w->scores[at] = MAX_OF(w->scores[at], score); // of several alternatives the best counts
}

static bool has(const Dense *d, const Window *w, uint32_t doc)
{
    uint32_t at = doc - d->from;
    return !w || w->bits[at / 64] >> (at % 64) & 1;
}

// A term that has to stand in a certain field: the positions are asked.
static void find_in_fields(const Dense *d, Part *part, Window *w, const Window *within)
{
    float unit = part->node->weight / IMPACT_MAX;
    Field field;
    for (bool more = postings_seek(&part->p, d->from); more && part->p.doc < d->to;
         more = postings_next(&part->p))
        if (has(d, within, part->p.doc) && eval_in_fields(&part->p, part->node->fields, d->segment, &field))
            add(d, w, part->p.doc, unit * (float)EVIDENCE_IMPACT(part->p.evidence));
}

static void find_term(const Dense *d, Part *part, Window *w, const Window *within)
{
    if (part->node->fields) {
        find_in_fields(d, part, w, within);
        return;
    }
    float unit = part->node->weight / IMPACT_MAX, scores[IMPACT_MAX + 1];
    for (int i = 0; i <= IMPACT_MAX; i++)
        scores[i] = unit * (float)i;
    if (postings_seek(&part->p, d->from))
        postings_mark(&part->p, d->from, d->to, scores, w->bits, w->scores);
}

static void find_phrase(const Dense *d, const Part *part, Window *w, const Window *within)
{
    float score;
    Field field;
    for (uint32_t doc, from = d->from; (doc = phrase_candidate(part->phrase, from)) < d->to; from = doc + 1)
        if (has(d, within, doc) && phrase_holds(part->phrase, doc, &score, &field))
            add(d, w, doc, score);
}

static void find_years(const Dense *d, const Part *part, Window *w)
{
    const int32_t *earliest = segment_earliest(d->segment), *latest = segment_latest(d->segment);
    float score;
    for (uint32_t doc = d->from; doc < d->to; doc++)
        if (eval_in_years(part->node, earliest[doc], latest[doc], &score))
            add(d, w, doc, score);
}

static void find_all(const Dense *d, Window *w)
{
    for (uint32_t doc = d->from; doc < d->to; doc += 64)
        w->bits[(doc - d->from) / 64] = d->to - doc >= 64 ? ~0ull : (1ull << (d->to - doc)) - 1;
}

static void clear(Window *w)
{
    memset(w, 0, sizeof(*w));
}

static bool is_empty(const Window *w)
{
    uint64_t any = 0;
    for (int i = 0; i < WINDOW_WORDS; i++)
        any |= w->bits[i];
    return any == 0;
}

static void find(Dense *d, Part *part, int level, const Window *within);

// w: what is there already. Terms add to it themselves; others find in a window of their own first.
static void find_more(Dense *d, Part *part, Window *w, int level, const Window *within)
{
    if (part->empty)
        return;
    if (part->node->kind == NODE_TERM) {
        find_term(d, part, w, within);
        return;
    }
    find(d, part, level + 1, within);
    const Window *more = d->levels[level + 1];
    if (part->node->kind == NODE_AND || part->node->kind == NODE_NOT) { // scores also where the bit went out
        for (uint32_t at = 0; at < WINDOW_DOCS; at += 64)
            for (uint64_t bits = more->bits[at / 64]; bits; bits &= bits - 1) {
                uint32_t doc = at + (uint32_t)__builtin_ctzll(bits);
                add(d, w, d->from + doc, more->scores[doc]);
            }
        return;
    }
    for (int i = 0; i < WINDOW_WORDS; i++)
        w->bits[i] |= more->bits[i];
    for (int i = 0; i < WINDOW_DOCS; i++)
        w->scores[i] = MAX_OF(w->scores[i], more->scores[i]);
}

static void keep_both(Window *w, const Window *more)
{
    for (int i = 0; i < WINDOW_WORDS; i++)
        w->bits[i] &= more->bits[i];
    for (int i = 0; i < WINDOW_DOCS; i++)
        w->scores[i] += more->scores[i];
}

static void take_out(Window *w, const Window *out)
{
    for (int i = 0; i < WINDOW_WORDS; i++)
        w->bits[i] &= ~out->bits[i];
}

static void find_and(Dense *d, Part *part, Window *w, int level, const Window *within)
{
    if (part->positive)
        find_more(d, &part->kids[0], w, level, within);
    else
        find_all(d, w);
    for (size_t i = 1; i < part->positive && !is_empty(w); i++) {
        find(d, &part->kids[i], level + 1, w);
        keep_both(w, d->levels[level + 1]);
    }
    for (size_t i = part->positive; i < part->count && !is_empty(w); i++) {
        find(d, &part->kids[i], level + 1, w);
        take_out(w, d->levels[level + 1]);
    }
}

// Fills the window of the level. within: only these are needed; more may be found.
static void find(Dense *d, Part *part, int level, const Window *within)
{
    Window *w = d->levels[level];
    clear(w);
    if (part->empty)
        return;
    switch (part->node->kind) {
    case NODE_NOTHING:
        return;
    case NODE_ALL:
        find_all(d, w);
        return;
    case NODE_TERM:
        find_term(d, part, w, within);
        return;
    case NODE_PHRASE:
        find_phrase(d, part, w, within);
        return;
    case NODE_AND:
        find_and(d, part, w, level, within);
        return;
    case NODE_OR:
        for (size_t i = 0; i < part->count; i++)
            find_more(d, &part->kids[i], w, level, within);
        return;
    case NODE_NOT: // alone: everything but
        find_all(d, w);
        find(d, &part->kids[0], level + 1, w);
        take_out(w, d->levels[level + 1]);
        return;
    case NODE_YEARS:
        find_years(d, part, w);
        return;
    }
}

void dense_window(Dense *d, uint32_t from, const uint64_t **ret_bits, const float **ret_scores)
{
    d->from = from;
    d->to = MIN_OF(from + WINDOW_DOCS, d->docs);
    find(d, &d->root, 0, NULL);
    *ret_bits = d->levels[0]->bits;
    *ret_scores = d->levels[0]->scores;
}

// ---- which way

// Nanoseconds, about, measured with bench/search; only their ratios matter.
#define LIST_POSTING 10.0
#define LIST_SEEK 50.0
#define PHRASE_PART 60.0
#define DENSE_POSTING 3.0
#define DENSE_RECORD 0.3 // for each record of the segment and each part of the tree
#define COLUMN 3.0

// Lists; among: how many records the part is asked about, all of the segment to begin.
static double cost_of_lists(const Node *node, const Snapshot *n, size_t view, double among)
{
    double docs = (double)eval_docs_max(node, n, view), all = segment_docs(n->views[view]->segment), sum = 0;
    bool few = among < all;
    switch (node->kind) {
    case NODE_TERM:
        return few ? MIN_OF(docs * LIST_POSTING, among * LIST_SEEK) : docs * LIST_POSTING;
    case NODE_PHRASE:
        return MIN_OF(docs, among) * (double)node->count * PHRASE_PART;
    case NODE_AND:
        for (size_t i = 0; i < node->count; i++)
            sum += cost_of_lists(node->kids[i], n, view, MIN_OF(among, docs));
        return sum;
    case NODE_OR:
    case NODE_NOT:
        for (size_t i = 0; i < node->count; i++)
            sum += cost_of_lists(node->kids[i], n, view, among);
        return sum + MIN_OF(docs, among) * (double)node->count * LIST_POSTING;
    case NODE_NOTHING:
        return 0;
    case NODE_ALL:
    case NODE_YEARS:
        return among * COLUMN;
    }
    return 0;
}

static double cost_of_windows(const Node *node, const Snapshot *n, size_t view)
{
    double docs = (double)eval_docs_max(node, n, view), all = segment_docs(n->views[view]->segment), sum = 0;
    switch (node->kind) {
    case NODE_TERM:
        return docs * (node->fields ? PHRASE_PART : DENSE_POSTING);
    case NODE_PHRASE:
        return docs * (double)node->count * PHRASE_PART;
    case NODE_AND:
    case NODE_OR:
    case NODE_NOT:
        for (size_t i = 0; i < node->count; i++)
            sum += all * DENSE_RECORD + cost_of_windows(node->kids[i], n, view);
        return sum;
    case NODE_NOTHING:
        return 0;
    case NODE_ALL:
    case NODE_YEARS:
        return all * COLUMN;
    }
    return 0;
}

static int depth_of(const Node *node)
{
    int most = 0;
    for (size_t i = 0; node->kind != NODE_PHRASE && i < node->count; i++)
        most = MAX_OF(most, depth_of(node->kids[i]));
    return most + 1;
}

double eval_cost(const Node *node, const Snapshot *n, size_t view, bool *ret_windows)
{
    double all = segment_docs(n->views[view]->segment), lists = cost_of_lists(node, n, view, all);
    double windows = cost_of_windows(node, n, view) + all * DENSE_RECORD;
    *ret_windows = windows < lists && depth_of(node) < LEVELS_MAX;
    return *ret_windows ? windows : lists;
}
