// SPDX-License-Identifier: Apache-2.0
// Answering: plan, find in each segment, count, keep the best, and read out their ids.
#include "search/order.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    OFFSET_MAX = 100000,
    CURSOR_SLACK = 200, // how far a place may have moved when the index changed between two pages
    INSTEAD_MAX = 3,
    INSTEAD_WORDS_MAX = 8,
    JUDGED_MAX = 60, // the best are looked at again: whole title, words near each other
};

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
        if (best_sequence(b, &b->entries[i]) == cursor->sequence)
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
    const Node *node; // what was found
    int64_t total;
    uint32_t *counts; // NULL: nobody asked
    uint64_t **bits;  // likewise
} Question;

static void find_all(Question *q, const Node *node)
{
    q->best.count = 0;
    if (q->counts)
        memset(q->counts, 0, facet_table_size(q->table) * sizeof(*q->counts));
    Finding f = {.n = q->n,
        .node = node,
        .role = q->ask->role,
        .table = q->table,
        .counts = q->counts,
        .bits = q->bits,
        .best = q->best};
    q->node = node;
    q->total = find_hits(&f);
    q->best = f.best;
}

int64_t find_best(
    const Snapshot *n, const Node *node, ViewerRole role, Entry *entries, size_t *count, size_t max)
{
    Finding f = {.n = n, .node = node, .role = role, .best = {.n = n, .entries = entries, .max = max}};
    int64_t total = find_hits(&f);
    *count = f.best.count;
    find_fields(&f, entries, *count);
    return total;
}

// ---- a second look at the best

static void judge(Question *q, Plan *p, Str asked)
{
    if (q->ask->sort != SEARCH_BY_SCORE || asked.n == 0)
        return;
    for (size_t i = 0; i < q->best.count && i < JUDGED_MAX; i++) {
        Entry *e = &q->best.entries[i];
        Str id, title;
        segment_names(q->n->views[e->view]->segment, e->doc, &id, &title);
        if (title.n > 2 * q->ask->q.n + 20)
            continue;
        title = text_key(p->a, title);
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
    uint32_t rx[ROW_MAX], ry[ROW_MAX];
    const Segment *sx = q->n->views[x->view]->segment, *sy = q->n->views[y->view]->segment;
    size_t nx = segment_facet_row(sx, x->doc, rx), ny = segment_facet_row(sy, y->doc, ry), common = 0;
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
        Str id, title;
        segment_names(q->n->views[b->entries[i].view]->segment, b->entries[i].doc, &id, &title);
        fresh[i] = s->seen && !shown_has(s->seen, id) ? NEVER_SHOWN_BONUS : 0;
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
    Finding f = {.n = q->n, .node = q->node, .role = q->ask->role};
    find_fields(&f, b->entries + start, MIN_OF(b->count - start, limit));
    ret->hits = arena_array(q->a, SearchHit, limit);
    for (size_t i = start; i < b->count && ret->hits_count < limit; i++) {
        const Entry *e = &b->entries[i];
        Str id, title;
        segment_names(q->n->views[e->view]->segment, e->doc, &id, &title);
        ret->hits[ret->hits_count++] = (SearchHit){.object_id = arena_copy(q->a, id),
            .score = (double)e->score,
            .why = e->field < FIELDS ? search_field_name((Field)e->field) : (Str){0}};
    }
    size_t end = start + ret->hits_count;
    if (ret->hits_count && (int64_t)end < q->total && end <= OFFSET_MAX)
        ret->next = arena_printf(q->a, "%llx.%lx.%llx", (unsigned long long)q->n->generation,
            (unsigned long)end, (unsigned long long)best_sequence(b, &b->entries[end - 1]));
    return true;
}

static Node *plan_all(Plan *p, Search *s, Question *q, Effort effort, bool *ret_known)
{
    plan_begin(p, s, q->n, effort, q->ask, q->a);
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
        plan_begin(&plan, s, q->n, EFFORT_PLAIN, q->ask, q->a);
        int64_t total = find_best(q->n, query_read(&plan, word), q->ask->role, &none, &count, 0);
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
        if (node->kind == NODE_ALL)
            q->counts = NULL; // these are known
        find_all(q, node);
        if (q->total > 0 || q->ask->q.n == 0 || q->ask->exact || node->kind == NODE_ALL)
            break;
    }
    judge(q, &plan, text_key(q->a, q->ask->q));
    spread(s, q);
    if (q->total > 0)
        ret->corrected = plan_corrected(&plan, q->ask->q);
    else if (!q->bits)
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
            shown_add(s->seen, answer.hits, answer.hits_count);
    }
    snapshot_drop(s, n);
    return good;
}

static Str *ids_of(const Question *q)
{
    Str *ids = arena_array(q->a, Str, (size_t)q->total + 1), title;
    size_t count = 0;
    for (size_t v = 0; v < q->n->count; v++) {
        const Segment *segment = q->n->views[v]->segment;
        for (uint32_t word = 0; word < segment_docs(segment) / 64 + 1; word++) {
            for (uint64_t bits = q->bits[v][word]; bits; bits &= bits - 1) {
                segment_names(segment, word * 64 + (uint32_t)__builtin_ctzll(bits), &ids[count], &title);
                ids[count] = arena_copy(q->a, ids[count]);
                count++;
            }
        }
    }
    assert((int64_t)count == q->total);
    return ids;
}

bool search_all(Search *s, const SearchAsk *ask, Arena *a, Str **ret_ids, size_t *ret_count, Err *err)
{
    if (ask->q.n > SEARCH_QUERY_MAX_BYTES || ask->filters_count > SEARCH_FILTERS_MAX)
        return err_set(err, ERR_LIMIT, "too much asked for at once");
    Snapshot *n = snapshot_keep(s, err);
    if (!n)
        return false;
    Question q = {.ask = ask, .n = n, .a = a, .best = {.n = n}};
    q.bits = arena_array(a, uint64_t *, n->count + 1);
    for (size_t v = 0; v < n->count; v++)
        q.bits[v] = arena_array(a, uint64_t, segment_docs(n->views[v]->segment) / 64 + 1);
    SearchAnswer answer = {0};
    const bool good = find_answer(s, &q, &answer, err);
    if (good) {
        *ret_ids = ids_of(&q);
        *ret_count = (size_t)q.total;
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
