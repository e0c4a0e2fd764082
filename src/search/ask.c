// SPDX-License-Identifier: Apache-2.0
// Answering: plan, find in each segment, count, keep the best, and read out their ids.
#include "search/query.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    OFFSET_MAX = 100000,
    CURSOR_SLACK = 200, // how far a place may have moved when the index changed between two pages
    INSTEAD_MAX = 3,
    INSTEAD_WORDS_MAX = 8,
    JUDGED_MAX = 60, // the best are looked at again: whole title, words near each other
};

typedef struct {
    const Snapshot *n;
    SearchSort sort;
    Entry *entries; // a heap while it fills, the worst at the root
    size_t count, max;
} Best;

// ---- order

static const unsigned char *sort_key(const Best *b, const Entry *e)
{
    const Segment *s = b->n->views[e->view]->segment;
    const unsigned char *keys = b->sort == SEARCH_BY_TITLE ? segment_title_keys(s) : segment_maker_keys(s);
    return keys + (size_t)e->doc * TEXT_SORT_KEY_BYTES;
}

static int64_t sequence_of(const Best *b, const Entry *e)
{
    return segment_sequences(b->n->views[e->view]->segment)[e->doc];
}

static int year_of(const Best *b, const Entry *e)
{
    int year = segment_earliest(b->n->views[e->view]->segment)[e->doc];
    return year == YEAR_NONE ? INT32_MAX : year; // undated ones last
}

// < 0: x comes first. No two are equal: every record has a sequence of its own.
static int compare(const Best *b, const Entry *x, const Entry *y)
{
    int order = 0;
    switch (b->sort) {
    case SEARCH_BY_SCORE:
        order = x->score > y->score ? -1 : x->score < y->score;
        break;
    case SEARCH_BY_DATE:
        order = year_of(b, x) < year_of(b, y) ? -1 : year_of(b, x) > year_of(b, y);
        break;
    case SEARCH_BY_TITLE:
    case SEARCH_BY_MAKER:
        order = memcmp(sort_key(b, x), sort_key(b, y), TEXT_SORT_KEY_BYTES);
        break;
    case SEARCH_BY_NEWEST:
        order = -1; // decided below, the other way round
        return sequence_of(b, x) > sequence_of(b, y) ? -1 : sequence_of(b, x) < sequence_of(b, y);
    }
    if (order)
        return order;
    return sequence_of(b, x) < sequence_of(b, y) ? -1 : sequence_of(b, x) > sequence_of(b, y);
}

static void sink(Best *b, size_t at)
{
    for (;;) {
        size_t kid = 2 * at + 1;
        if (kid >= b->count)
            return;
        if (kid + 1 < b->count && compare(b, &b->entries[kid + 1], &b->entries[kid]) > 0)
            kid++;
        if (compare(b, &b->entries[kid], &b->entries[at]) <= 0)
            return;
        Entry swap = b->entries[at];
        b->entries[at] = b->entries[kid];
        b->entries[kid] = swap;
        at = kid;
    }
}

static void rise(Best *b, size_t at)
{
    while (at > 0 && compare(b, &b->entries[at], &b->entries[(at - 1) / 2]) > 0) {
        Entry swap = b->entries[at];
        b->entries[at] = b->entries[(at - 1) / 2];
        b->entries[(at - 1) / 2] = swap;
        at = (at - 1) / 2;
    }
}

static void best_add(Best *b, const Entry *e)
{
    if (b->count < b->max) {
        b->entries[b->count++] = *e;
        rise(b, b->count - 1);
    } else if (b->max && compare(b, e, &b->entries[0]) < 0) {
        b->entries[0] = *e;
        sink(b, 0);
    }
}

static int in_order(const void *x, const void *y, void *best)
{
    return compare(best, x, y);
}

static void best_sort(Best *b)
{
    if (b->count > 1)
        qsort_r(b->entries, b->count, sizeof(Entry), in_order, b);
}

// ---- cursor: generation, offset, sequence of the last record shown

typedef struct {
    int64_t generation, sequence;
    size_t offset;
} Cursor;

static bool read_cursor(Str text, Cursor *ret, Err *err)
{
    long long generation, sequence;
    unsigned long offset;
    char copy[80], more;
    *ret = (Cursor){0};
    if (text.n == 0)
        return true;
    if (text.n >= sizeof(copy))
        return err_set(err, ERR_INVALID, "not a cursor of ours");
    memcpy(copy, text.p, text.n);
    copy[text.n] = 0;
    if (sscanf(copy, "%llx.%lx.%llx%c", &generation, &offset, &sequence, &more) != 3 || offset == 0 ||
        offset > OFFSET_MAX)
        return err_set(err, ERR_INVALID, "not a cursor of ours");
    *ret = (Cursor){.generation = generation, .sequence = sequence, .offset = offset};
    return true;
}

// Where the page begins. If the index has changed, the record shown last is looked for; if it is gone, the
// place counts.
static size_t page_start(const Best *b, const Cursor *cursor)
{
    if (cursor->offset == 0)
        return 0;
    if (cursor->generation == b->n->generation)
        return MIN_OF(cursor->offset, b->count);
    for (size_t i = 0; i < b->count; i++)
        if (sequence_of(b, &b->entries[i]) == cursor->sequence)
            return i + 1;
    return MIN_OF(cursor->offset, b->count);
}

// ---- finding

typedef struct {
    const SearchAsk *ask;
    const Snapshot *n;
    FacetTable *table;
    Arena *a;
    Best best;
    int64_t total;
    uint32_t *counts; // NULL: nobody asked
} Question;

#define IMAGE_BONUS 1.15f

static void take_hits(Question *q, size_t view, Hits *h, Arena *a)
{
    const View *v = q->n->views[view];
    const unsigned char *flags = segment_flags(v->segment);
    size_t kept = 0;
    for (size_t i = 0; i < h->count; i++) {
        uint32_t doc = h->docs[i];
        if (!view_shows(v, q->ask->role, doc))
            continue;
        float score = flags[doc] & FLAG_IMAGE ? (h->scores[i] + 0.001f) * IMAGE_BONUS : h->scores[i];
        h->docs[kept++] = doc;
        best_add(
            &q->best, &(Entry){.view = (uint32_t)view, .doc = doc, .score = score, .field = h->fields[i]});
    }
    q->total += (int64_t)kept;
    if (q->counts)
        facets_count(q->table, q->n, view, h->docs, kept, q->counts, a);
}

static void find_all(Question *q, const Node *node)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    q->total = 0;
    q->best.count = 0;
    if (q->counts)
        memset(q->counts, 0, facet_table_size(q->table) * sizeof(*q->counts));
    for (size_t view = 0; view < q->n->count; view++) {
        arena_reset(a);
        Hits h = eval(node, q->n, view, NULL, a);
        take_hits(q, view, &h, a);
    }
}

int64_t find_best(
    const Snapshot *n, const Node *node, ViewerRole role, Entry *entries, size_t *count, size_t max, Arena *a)
{
    SearchAsk ask = {.role = role};
    Question q = {.ask = &ask, .n = n, .a = a, .best = {.n = n, .entries = entries, .max = max}};
    find_all(&q, node);
    best_sort(&q.best);
    *count = q.best.count;
    return q.total;
}

// Nothing asked: the counts are known, and only the first page has to be found.
static void find_everything(Question *q)
{
    for (size_t view = 0; view < q->n->count; view++) {
        const View *v = q->n->views[view];
        const unsigned char *flags = segment_flags(v->segment);
        q->total += v->visible_count[q->ask->role];
        for (uint32_t doc = 0; doc < segment_docs(v->segment); doc++)
            if (view_shows(v, q->ask->role, doc))
                best_add(&q->best, &(Entry){.view = (uint32_t)view,
                                       .doc = doc,
                                       .score = flags[doc] & FLAG_IMAGE ? 1 : 0,
                                       .field = FIELDS});
    }
}

// ---- a second look at the best

static void judge(Question *q, Plan *p, Str asked)
{
    if (q->ask->sort != SEARCH_BY_SCORE || asked.n == 0)
        return;
    for (size_t i = 0; i < q->best.count && i < JUDGED_MAX; i++) {
        Entry *e = &q->best.entries[i];
        DocFacts facts;
        segment_doc(q->n->views[e->view]->segment, e->doc, &facts);
        if (facts.title.n > 2 * q->ask->q.n + 20)
            continue;
        Str title = text_key(p->a, facts.title);
        if (str_eq(title, asked))
            e->score *= 1.6f;
        else if (str_starts(title, asked))
            e->score *= 1.2f;
    }
    best_sort(&q->best);
}

// ---- diversity: each next one as good as possible and as unlike those before as possible

enum { SPREAD_MAX = 100 };
#define NEVER_SHOWN_BONUS 0.2f

// Shared facet values between two records, of kinds, makers, places, periods and centuries: 0 to 1.
static float likeness(const Question *q, const Entry *x, const Entry *y)
{
    size_t nx, ny, common = 0;
    const Segment *sx = q->n->views[x->view]->segment, *sy = q->n->views[y->view]->segment;
    const uint32_t *rx = segment_facet_row(sx, x->doc, &nx), *ry = segment_facet_row(sy, y->doc, &ny);
    for (size_t i = 0; i < nx; i++)
        for (size_t k = 0; k < ny; k++) {
            Facet fx, fy;
            bool same = sx == sy && rx[i] == ry[k];
            Str vx = segment_facet_value(sx, rx[i], &fx);
            if (fx == FACET_RIGHTS || fx == FACET_LANGUAGE || fx == FACET_HAS)
                continue;
            if (!same && sx != sy) {
                Str vy = segment_facet_value(sy, ry[k], &fy);
                same = fx == fy && str_eq(vx, vy);
            }
            common += same;
        }
    return nx + ny ? 2.0f * (float)common / (float)(nx + ny) : 0;
}

static void spread(Search *s, Question *q)
{
    Best *b = &q->best;
    size_t count = MIN_OF(b->count, (size_t)SPREAD_MAX);
    float strength = (float)MIN_OF(q->ask->diversity, 1.0), nearest[SPREAD_MAX] = {0};
    float top = count ? b->entries[0].score : 0, fresh[SPREAD_MAX];
    if (strength <= 0 || q->ask->sort != SEARCH_BY_SCORE || top <= 0)
        return;
    for (size_t i = 0; i < count; i++) {
        DocFacts facts;
        segment_doc(q->n->views[b->entries[i].view]->segment, b->entries[i].doc, &facts);
        fresh[i] = s->seen && !shown_has(s->seen, facts.object_id) ? NEVER_SHOWN_BONUS : 0;
    }
    for (size_t at = 1; at < count; at++) {
        size_t best = at;
        float most = -2;
        for (size_t i = at; i < count; i++) {
            nearest[i] = MAX_OF(nearest[i], likeness(q, &b->entries[i], &b->entries[at - 1]));
            float value = (1 - strength) * b->entries[i].score / top - strength * (nearest[i] - fresh[i]);
            if (value > most) {
                most = value;
                best = i;
            }
        }
        Entry chosen = b->entries[best];
        float its = nearest[best], its_fresh = fresh[best];
        for (size_t i = best; i > at; i--) { // those passed over keep their order
            b->entries[i] = b->entries[i - 1];
            nearest[i] = nearest[i - 1];
            fresh[i] = fresh[i - 1];
        }
        b->entries[at] = chosen;
        nearest[at] = its;
        fresh[at] = its_fresh;
    }
}

// ---- the answer

static bool answer_hits(Question *q, const Cursor *cursor, SearchAnswer *ret)
{
    Best *b = &q->best;
    size_t start = page_start(b, cursor), limit = (size_t)q->ask->limit;
    ret->hits = arena_array(q->a, SearchHit, limit);
    for (size_t i = start; i < b->count && ret->hits_count < limit; i++) {
        const Entry *e = &b->entries[i];
        DocFacts facts;
        segment_doc(q->n->views[e->view]->segment, e->doc, &facts);
        ret->hits[ret->hits_count++] = (SearchHit){.object_id = arena_copy(q->a, facts.object_id),
            .score = (double)e->score,
            .why = e->field < FIELDS ? search_field_name((Field)e->field) : (Str){0}};
    }
    size_t end = start + ret->hits_count;
    if (ret->hits_count && (int64_t)end < q->total && end <= OFFSET_MAX)
        ret->next = arena_printf(q->a, "%llx.%lx.%llx", (unsigned long long)q->n->generation,
            (unsigned long)end, (unsigned long long)sequence_of(b, &b->entries[end - 1]));
    return true;
}

static Node *plan_all(Plan *p, Search *s, Question *q, Effort effort, bool *ret_known)
{
    plan_begin(p, s, q->n, effort, q->ask->exact, q->a);
    Node *node = query_read(p, q->ask->q);
    Node *filters = plan_filters(p, q->ask, ret_known);
    if (!filters)
        return node;
    Node *all = node_make(p, NODE_AND);
    node_add(p, all, filters);
    if (node->kind != NODE_ALL)
        node_add(p, all, node);
    return all;
}

// Nothing has all the words: what has one of them?
static void find_instead(Search *s, Question *q, SearchAnswer *ret)
{
    Str rest = str_trim(q->ask->q), word;
    ret->instead = arena_array(q->a, SearchInstead, INSTEAD_MAX);
    for (int i = 0; i < INSTEAD_WORDS_MAX && ret->instead_count < INSTEAD_MAX && str_next(&rest, ' ', &word);
         i++) {
        if (word.n < 2 || word.n == q->ask->q.n)
            continue;
        Plan plan;
        Entry none;
        size_t count;
        plan_begin(&plan, s, q->n, EFFORT_PLAIN, q->ask->exact, q->a);
        int64_t total = find_best(q->n, query_read(&plan, word), q->ask->role, &none, &count, 0, q->a);
        if (total > 0)
            ret->instead[ret->instead_count++] = (SearchInstead){word, total};
    }
}

static bool find_answer(Search *s, Question *q, SearchAnswer *ret, Err *err)
{
    Plan plan;
    for (Effort effort = EFFORT_PLAIN; effort <= EFFORT_MOST; effort++) {
        bool known;
        Node *node = plan_all(&plan, s, q, effort, &known);
        if (!known)
            return err_set(err, ERR_INVALID, "unknown filter");
        if (node->kind == NODE_ALL) {
            find_everything(q);
            q->counts = NULL;
            break;
        }
        find_all(q, node);
        if (q->total > 0 || q->ask->q.n == 0 || q->ask->exact)
            break;
    }
    best_sort(&q->best);
    judge(q, &plan, text_key(q->a, q->ask->q));
    spread(s, q);
    if (q->total > 0)
        ret->corrected = plan_corrected(&plan, q->ask->q);
    else
        find_instead(s, q, ret);
    return true;
}

bool search_ask(Search *s, const SearchAsk *ask, Arena *a, SearchAnswer *ret, Err *err)
{
    Cursor cursor;
    if (ask->q.n > SEARCH_QUERY_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "the question is longer than %d bytes", SEARCH_QUERY_MAX_BYTES);
    if (ask->limit < 0 || ask->limit > SEARCH_LIMIT_MAX || ask->filters_count > SEARCH_FILTERS_MAX)
        return err_set(err, ERR_INVALID, "too much asked for at once");
    if (!read_cursor(ask->cursor, &cursor, err))
        return false;
    Snapshot *n = snapshot_keep(s, err);
    if (!n)
        return false;
    Question q = {.ask = ask, .n = n, .a = a};
    q.best = (Best){.n = n, .sort = ask->sort};
    q.best.max = cursor.offset + (size_t)ask->limit +
                 (cursor.offset && cursor.generation != n->generation ? CURSOR_SLACK : 0);
    q.best.max = MAX_OF(q.best.max, (size_t)(ask->diversity > 0 ? SPREAD_MAX : JUDGED_MAX));
    q.best.entries = arena_array(a, Entry, q.best.max);
    if (ask->facets) {
        q.table = search_table(s, n);
        q.counts = arena_array(a, uint32_t, facet_table_size(q.table) + 1);
    }
    SearchAnswer answer = {.sequence = n->sequence};
    bool good = find_answer(s, &q, &answer, err);
    if (good) {
        answer.total = q.total;
        answer_hits(&q, &cursor, &answer);
        if (ask->facets)
            facets_answer(q.table, q.counts ? q.counts : search_table_all(s, n, ask->role), ask, a, &answer);
        *ret = answer;
        if (ask->role == VIEWER_PUBLIC)
            shown_add(s->seen, s->dir, answer.hits, answer.hits_count);
    }
    snapshot_drop(s, n);
    return good;
}

bool search_facet(Search *s, const SearchAsk *ask, Str facet, Str contains, int offset, Arena *a,
    SearchFacet *ret, Err *err)
{
    Facet which;
    if (!search_facet_of(facet, &which))
        return err_set(err, ERR_INVALID, "unknown facet");
    if (ask->q.n > SEARCH_QUERY_MAX_BYTES || ask->limit < 0 || ask->limit > SEARCH_LIMIT_MAX || offset < 0 ||
        ask->filters_count > SEARCH_FILTERS_MAX)
        return err_set(err, ERR_LIMIT, "too much asked for at once");
    Snapshot *n = snapshot_keep(s, err);
    if (!n)
        return false;
    Question q = {.ask = ask, .n = n, .a = a, .table = search_table(s, n), .best = {.n = n}};
    q.counts = arena_array(a, uint32_t, facet_table_size(q.table) + 1);
    SearchAnswer answer = {0};
    bool good = find_answer(s, &q, &answer, err);
    if (good)
        *ret = facets_page(q.table, q.counts ? q.counts : search_table_all(s, n, ask->role), which, contains,
            (size_t)offset, ask, a);
    snapshot_drop(s, n);
    return good;
}
