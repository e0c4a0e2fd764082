// SPDX-License-Identifier: Apache-2.0
// From tree to records, one segment at a time. The rarest part of an AND is read whole; the others are only
// asked about the records it found.
#include "search/eval.h"

#include <math.h>
#include <stdlib.h>

static Hits hits_room(Arena *a, size_t count)
{
    return (Hits){.docs = arena_array(a, uint32_t, count),
        .scores = arena_array(a, float, count),
        .fields = arena_array(a, unsigned char, count)};
}

static void hits_add(Hits *h, uint32_t doc, float score, unsigned char field)
{
    h->docs[h->count] = doc;
    h->scores[h->count] = score;
    h->fields[h->count++] = field;
}

static size_t docs_in_any(const Node *node, const Snapshot *n, size_t view)
{
    size_t sum = 0;
    for (size_t i = 0; i < node->count; i++)
        sum += eval_docs_max(node->kids[i], n, view);
    return MIN_OF(sum, (size_t)segment_docs(n->views[view]->segment));
}

static size_t docs_in_all(const Node *node, const Snapshot *n, size_t view)
{
    size_t least = segment_docs(n->views[view]->segment);
    for (size_t i = 0; i < node->count; i++)
        if (node->kids[i]->kind != NODE_NOT)
            least = MIN_OF(least, eval_docs_max(node->kids[i], n, view));
    return least;
}

size_t eval_docs_max(const Node *node, const Snapshot *n, size_t view)
{
    switch (node->kind) {
    case NODE_NOTHING:
        return 0;
    case NODE_TERM:
        return node->found[view].docs;
    case NODE_PHRASE:
    case NODE_AND:
        return docs_in_all(node, n, view);
    case NODE_OR:
        return docs_in_any(node, n, view);
    case NODE_ALL:
    case NODE_NOT:
    case NODE_YEARS:
        break;
    }
    return segment_docs(n->views[view]->segment);
}

// ---- terms

// The byte of evidence names the best field only; for another one the positions are asked.
bool eval_in_fields(Postings *p, uint32_t fields, const Segment *segment, Field *ret)
{
    if (!fields || fields >> EVIDENCE_FIELD(p->evidence) & 1) {
        *ret = EVIDENCE_FIELD(p->evidence);
        return true;
    }
    uint32_t here[POSITIONS_ASKED_MAX], starts[FIELDS + 1];
    size_t count = postings_positions(p, here, POSITIONS_ASKED_MAX);
    if (count == 0)
        return false;
    segment_field_starts(segment, p->doc, starts);
    for (size_t i = 0; i < count; i++)
        for (unsigned f = 0; f < FIELDS; f++)
            if ((fields >> f & 1) && here[i] >= starts[f] && here[i] < starts[f + 1]) {
                *ret = (Field)f;
                return true;
            }
    return false;
}

static Hits eval_term(const Node *node, const Snapshot *n, size_t view, const Hits *within, Arena *a)
{
    const Term *term = &node->found[view];
    if (term->docs == 0)
        return (Hits){0};
    Hits h = hits_room(a, within ? MIN_OF(within->count, (size_t)term->docs) : term->docs);
    Postings p = postings(term);
    const Segment *segment = n->views[view]->segment;
    float unit = node->weight / IMPACT_MAX;
    Field field;
    if (!within) {
        while (postings_next(&p))
            if (eval_in_fields(&p, node->fields, segment, &field))
                hits_add(&h, p.doc, unit * (float)EVIDENCE_IMPACT(p.evidence), (unsigned char)field);
        return h;
    }
    for (size_t i = 0; i < within->count && postings_seek(&p, within->docs[i]); i++) {
        if (p.doc == within->docs[i] && eval_in_fields(&p, node->fields, segment, &field))
            hits_add(&h, p.doc, unit * (float)EVIDENCE_IMPACT(p.evidence), (unsigned char)field);
        else if (p.doc > within->docs[i])
            while (i + 1 < within->count && within->docs[i + 1] < p.doc)
                i++;
    }
    return h;
}

// ---- phrases

typedef struct {
    Postings p;
    uint32_t at;
    uint32_t here[POSITIONS_ASKED_MAX];
    size_t count;
} Part;

struct Phrase {
    const Node *node;
    const Segment *segment;
    Part *parts;
    size_t rarest;
};

static bool part_has(const Part *part, uint32_t position)
{
    size_t from = 0, to = part->count;
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (part->here[middle] < position)
            from = middle + 1;
        else
            to = middle;
    }
    return from < part->count && part->here[from] == position;
}

// Do the parts stand in order somewhere in this record, and in an allowed field?
static bool stand_together(
    Part *parts, size_t count, uint32_t fields, const Segment *segment, uint32_t doc, Field *ret)
{
    uint32_t starts[FIELDS + 1];
    for (size_t i = 0; i < count; i++)
        parts[i].count = postings_positions(&parts[i].p, parts[i].here, POSITIONS_ASKED_MAX);
    if (fields)
        segment_field_starts(segment, doc, starts);
    for (size_t k = 0; k < parts[0].count; k++) {
        uint32_t base = parts[0].here[k] - parts[0].at;
        bool all = true;
        for (size_t i = 1; all && i < count; i++)
            all = part_has(&parts[i], base + parts[i].at);
        if (!all)
            continue;
        if (!fields)
            return true;
        for (unsigned f = 0; f < FIELDS; f++)
            if ((fields >> f & 1) && parts[0].here[k] >= starts[f] && parts[0].here[k] < starts[f + 1]) {
                *ret = (Field)f;
                return true;
            }
    }
    return false;
}

Phrase *phrase_open(const Node *node, const Snapshot *n, size_t view, Arena *a)
{
    Phrase *f = arena_new(a, Phrase);
    *f = (Phrase){
        .node = node, .segment = n->views[view]->segment, .parts = arena_array(a, Part, node->count)};
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < node->count; i++) {
        const Term *term = &node->kids[i]->found[view];
        if (term->docs == 0)
            return NULL;
        f->parts[i].p = postings(term);
        f->parts[i].at = node->kids[i]->at;
        if (term->docs < least) {
            least = term->docs;
            f->rarest = i;
        }
    }
    return node->count ? f : NULL;
}

uint32_t phrase_candidate(Phrase *f, uint32_t from)
{
    Postings *p = &f->parts[f->rarest].p;
    return postings_seek(p, from) ? p->doc : DOC_NONE;
}

bool phrase_holds(Phrase *f, uint32_t doc, float *ret_score, Field *ret_field)
{
    unsigned impact = IMPACT_MAX;
    for (size_t i = 0; i < f->node->count; i++) {
        Postings *p = &f->parts[i].p;
        if (!postings_seek(p, doc) || p->doc != doc)
            return false;
        impact = MIN_OF(impact, (unsigned)EVIDENCE_IMPACT(p->evidence));
    }
    *ret_field = EVIDENCE_FIELD(f->parts[f->rarest].p.evidence);
    *ret_score = f->node->weight / IMPACT_MAX * (float)impact;
    return stand_together(f->parts, f->node->count, f->node->fields, f->segment, doc, ret_field);
}

static Hits eval_phrase(const Node *node, const Snapshot *n, size_t view, const Hits *within, Arena *a)
{
    Phrase *f = phrase_open(node, n, view, a);
    if (!f)
        return (Hits){0};
    size_t most = f->parts[f->rarest].p.term.docs, w = 0;
    Hits h = hits_room(a, within ? MIN_OF(most, within->count) : most);
    for (uint32_t doc, from = 0; (doc = phrase_candidate(f, from)) != DOC_NONE; from = doc + 1) {
        while (within && w < within->count && within->docs[w] < doc)
            w++;
        if (within && w == within->count)
            break;
        if (within && within->docs[w] > doc) {
            doc = within->docs[w] - 1;
            continue;
        }
        float score;
        Field field;
        if (phrase_holds(f, doc, &score, &field))
            hits_add(&h, doc, score, (unsigned char)field);
    }
    return h;
}

// ---- together

static Hits either(const Hits *x, const Hits *y, Arena *a)
{
    Hits h = hits_room(a, x->count + y->count);
    size_t i = 0, k = 0;
    while (i < x->count || k < y->count) {
        uint32_t dx = i < x->count ? x->docs[i] : DOC_NONE, dy = k < y->count ? y->docs[k] : DOC_NONE;
        bool first = dx < dy || (dx == dy && x->scores[i] >= y->scores[k]);
        const Hits *from = first ? x : y;
        size_t at = first ? i : k;
        hits_add(&h, from->docs[at], from->scores[at], from->fields[at]);
        i += dx <= dy;
        k += dy <= dx;
    }
    return h;
}

static Hits eval_or(const Node *node, const Snapshot *n, size_t view, const Hits *within, Arena *a)
{
    Hits *lists = arena_array(a, Hits, node->count);
    size_t count = 0;
    for (size_t i = 0; i < node->count; i++) {
        lists[count] = eval(node->kids[i], n, view, within, a);
        count += lists[count].count > 0;
    }
    for (; count > 1; count = (count + 1) / 2) // two by two, so that no list is copied more than log times
        for (size_t i = 0; i < count; i += 2)
            lists[i / 2] = i + 1 < count ? either(&lists[i], &lists[i + 1], a) : lists[i];
    return count ? lists[0] : (Hits){0};
}

static void without(Hits *h, const Hits *out)
{
    size_t kept = 0, k = 0;
    for (size_t i = 0; i < h->count; i++) {
        while (k < out->count && out->docs[k] < h->docs[i])
            k++;
        if (k < out->count && out->docs[k] == h->docs[i])
            continue;
        h->docs[kept] = h->docs[i];
        h->scores[kept] = h->scores[i];
        h->fields[kept++] = h->fields[i];
    }
    h->count = kept;
}

// h, as far as `more` has it too, with both scores; the field of the part that said more.
static void both(Hits *h, const Hits *more)
{
    size_t kept = 0, k = 0;
    for (size_t i = 0; i < h->count; i++) {
        while (k < more->count && more->docs[k] < h->docs[i])
            k++;
        if (k == more->count)
            break;
        if (more->docs[k] != h->docs[i])
            continue;
        h->docs[kept] = h->docs[i];
        h->fields[kept] = more->scores[k] > h->scores[i] ? more->fields[k] : h->fields[i];
        h->scores[kept++] = h->scores[i] + more->scores[k];
    }
    h->count = kept;
}

typedef struct {
    const Node *node;
    size_t docs;
} Ordered;

static int rarer_first(const void *x, const void *y)
{
    const Ordered *a = x, *b = y;
    return a->docs < b->docs ? -1 : a->docs > b->docs;
}

size_t eval_order(const Node *node, const Snapshot *n, size_t view, Arena *a, const Node ***ret)
{
    Ordered *order = arena_array(a, Ordered, node->count);
    const Node **kids = arena_array(a, const Node *, node->count);
    size_t count = 0;
    for (size_t i = 0; i < node->count; i++)
        if (node->kids[i]->kind != NODE_NOT)
            order[count++] = (Ordered){node->kids[i], eval_docs_max(node->kids[i], n, view)};
    qsort(order, count, sizeof(*order), rarer_first);
    for (size_t i = 0; i < count; i++)
        kids[i] = order[i].node;
    *ret = kids;
    return count;
}

static Hits all_docs(const Snapshot *n, size_t view, const Hits *within, Arena *a)
{
    if (within) {
        Hits h = hits_room(a, within->count);
        for (size_t i = 0; i < within->count; i++)
            hits_add(&h, within->docs[i], 0, FIELDS);
        return h;
    }
    uint32_t docs = segment_docs(n->views[view]->segment);
    Hits h = hits_room(a, docs);
    for (uint32_t doc = 0; doc < docs; doc++)
        hits_add(&h, doc, 0, FIELDS);
    return h;
}

static Hits eval_and(const Node *node, const Snapshot *n, size_t view, const Hits *within, Arena *a)
{
    const Node **order;
    size_t count = eval_order(node, n, view, a, &order);
    Hits h = count ? eval(order[0], n, view, within, a) : all_docs(n, view, within, a);
    for (size_t i = 1; i < count && h.count; i++) {
        Hits more = eval(order[i], n, view, &h, a);
        both(&h, &more);
    }
    for (size_t i = 0; i < node->count && h.count; i++)
        if (node->kids[i]->kind == NODE_NOT) {
            Hits out = eval(node->kids[i]->kids[0], n, view, &h, a);
            without(&h, &out);
        }
    return h;
}

// The nearer the record's years are to the range, the better: 1 where they lie within, less for a vague date.
static float closeness(const Node *node, int earliest, int latest)
{
    float common = (float)(MIN_OF(latest, node->latest) - MAX_OF(earliest, node->earliest) + 1);
    return common / (float)(latest - earliest + 1);
}

bool eval_in_years(const Node *node, int earliest, int latest, float *ret_score)
{
    if (earliest == YEAR_NONE || earliest > node->latest || latest < node->earliest)
        return false;
    if (node->narrow && (earliest < node->earliest || latest > node->latest))
        return false;
    *ret_score = node->weight * closeness(node, earliest, latest);
    return true;
}

static Hits eval_years(const Node *node, const Snapshot *n, size_t view, const Hits *within, Arena *a)
{
    const Segment *segment = n->views[view]->segment;
    const int32_t *earliest = segment_earliest(segment), *latest = segment_latest(segment);
    size_t count = within ? within->count : segment_docs(segment);
    Hits h = hits_room(a, count);
    for (size_t i = 0; i < count; i++) {
        uint32_t doc = within ? within->docs[i] : (uint32_t)i;
        float score;
        if (eval_in_years(node, earliest[doc], latest[doc], &score))
            hits_add(&h, doc, score, FIELD_DATE);
    }
    return h;
}

Hits eval(const Node *node, const Snapshot *n, size_t view, const Hits *within, Arena *a)
{
    if (within && within->count == 0)
        return (Hits){0};
    switch (node->kind) {
    case NODE_NOTHING:
        return (Hits){0};
    case NODE_ALL:
        return all_docs(n, view, within, a);
    case NODE_TERM:
        return eval_term(node, n, view, within, a);
    case NODE_PHRASE:
        return eval_phrase(node, n, view, within, a);
    case NODE_AND:
        return eval_and(node, n, view, within, a);
    case NODE_OR:
        return eval_or(node, n, view, within, a);
    case NODE_NOT: { // alone: everything but
        Hits h = all_docs(n, view, within, a), out = eval(node->kids[0], n, view, within, a);
        without(&h, &out);
        return h;
    }
    case NODE_YEARS:
        return eval_years(node, n, view, within, a);
    }
    return (Hits){0};
}
