// SPDX-License-Identifier: Apache-2.0
// Two ways of finding, one answer: lists and windows are compared over random questions and segments of
// several sizes, and so are counts and order with what plain loops say.
#include "base/file.h"
#include "catalog/testing.h"
#include "search/eval.h"
#include "search/order.h"

#include <fcntl.h>

enum { VIEWS = 3, WORDS = 8, VALUES = 40, QUESTIONS = 160, BEST = 25 };
static const uint32_t sizes[VIEWS] = {40000, 8192, 77};
static const unsigned one_in[WORDS] = {1, 2, 3, 7, 50, 900, 8000, 100000};

static uint64_t seed = 7;
static uint32_t dice(uint32_t sides)
{
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(seed >> 33) % sides;
}

static void add_doc(Builder *b, Arena *a, uint32_t number)
{
    static const uint32_t starts[FIELDS + 1] = {
        0, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, 120, 130, 140, 150};
    builder_begin(b);
    for (uint32_t at = 0, place = 0; at < WORDS; at++)
        if (dice(one_in[at]) == 0) {
            Field field = (Field)dice(3);
            place = MAX_OF(place + 1 + dice(2), (uint32_t)field * 10);
            builder_term(
                b, TERM_WORD, arena_printf(a, "w%u", at), EVIDENCE(field, 1 + dice(IMPACT_MAX)), place);
        }
    builder_facet(b, FACET_CLASSIFICATION, arena_printf(a, "%u", dice(5)));
    builder_facet(b, FACET_MAKER, arena_printf(a, "%u", dice(VALUES)));
    if (dice(2))
        builder_facet(b, FACET_PLACE, arena_printf(a, "%u", dice(VALUES)));
    int year = (int)dice(500) + 1500;
    builder_end(
        b, &(DocFacts){.object_id = arena_printf(a, "id%u", number),
               .title = S("t"),
               .sequence = number + 1,
               .earliest = dice(4) ? year : YEAR_NONE,
               .latest = year + (int)dice(50),
               .rank = dice(10) ? (unsigned char)rights_terms_rank((Terms){.access = ACCESS_FULL}) : 0,
               .flags = dice(2) ? FLAG_IMAGE : 0,
               .field_starts = starts});
}

static View *make_view(int dir, uint32_t docs, uint32_t first, const char *name)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Builder *b = builder_open();
    for (uint32_t i = 0; i < docs; i++)
        add_doc(b, a, first + i);
    FINE(builder_write(b, dir, name, &err), err);
    builder_close(b);
    Segment *segment = segment_map(dir, name, &err);
    FINE(segment, err);
    uint64_t *dead = arena_array(a, uint64_t, docs / 64 + 1);
    for (uint32_t i = 0; i < docs / 20; i++) {
        uint32_t doc = dice(docs);
        dead[doc / 64] |= 1ull << (doc % 64);
    }
    return view_make(segment, dead, "", -1);
}

// ---- random questions

static Node *make_tree(Plan *p, int depth)
{
    static const NodeKind kinds[] = {NODE_TERM, NODE_TERM, NODE_TERM, NODE_PHRASE, NODE_YEARS, NODE_ALL,
        NODE_NOTHING, NODE_AND, NODE_AND, NODE_OR, NODE_OR, NODE_NOT};
    NodeKind kind = kinds[dice(depth > 3 ? 7 : COUNT_OF(kinds))];
    if (kind == NODE_TERM)
        return node_term(p, TERM_WORD, arena_printf(p->a, "w%u", dice(WORDS + 1)),
            0.1f + 0.1f * (float)dice(9), dice(4) ? 0 : 1u << dice(3));
    Node *node = node_make(p, kind);
    node->fields = kind == NODE_PHRASE && dice(3) == 0 ? 1u << dice(3) : 0;
    node->earliest = 1500 + (int)dice(400);
    node->latest = node->earliest + (int)dice(100);
    node->narrow = dice(2);
    uint32_t kids = kind == NODE_NOT                      ? 1
                    : kind == NODE_PHRASE                 ? 2 + dice(2)
                    : kind == NODE_AND || kind == NODE_OR ? 1 + dice(4)
                                                          : 0;
    for (uint32_t i = 0; i < kids; i++) {
        Node *kid = kind == NODE_PHRASE ? node_term(p, TERM_WORD, arena_printf(p->a, "w%u", dice(4)), 1, 0)
                                        : make_tree(p, depth + 1);
        kid->at = i;
        node_add(p, node, kid);
    }
    return node;
}

static Hits by_lists(const Node *node, const Snapshot *n, size_t view, Arena *a)
{
    return eval(node, n, view, NULL, a);
}

static void check_windows(const Node *node, const Snapshot *n, size_t view, Arena *a)
{
    Hits want = by_lists(node, n, view, a);
    Dense *d = dense_open(node, n, view, a);
    size_t at = 0;
    uint32_t docs = segment_docs(n->views[view]->segment), from = dice(2) ? 0 : dice(3) * WINDOW_DOCS;
    while (at < want.count && want.docs[at] < from)
        at++; // a thread may begin anywhere
    for (; from < docs; from += WINDOW_DOCS) {
        const uint64_t *bits;
        const float *scores;
        dense_window(d, from, &bits, &scores);
        for (uint32_t i = 0; i < WINDOW_DOCS; i++) {
            bool found = bits[i / 64] >> (i % 64) & 1, wanted = at < want.count && want.docs[at] == from + i;
            assert_int_equal(found, wanted);
            if (found)
                assert_true(scores[i] == want.scores[at]);
            at += wanted;
        }
    }
    assert_int_equal(at, want.count);
}

static void check_counts(
    const Snapshot *n, const FacetTable *table, const Node *node, const uint32_t *got, Arena *a)
{
    SearchAsk ask = {0};
    uint32_t *want = arena_array(a, uint32_t, FACETS * VALUES);
    SearchAnswer answer;
    facets_answer(table, got, &ask, a, &answer);
    for (size_t view = 0; view < n->count; view++) {
        Hits h = by_lists(node, n, view, a);
        for (size_t i = 0; i < h.count; i++) {
            uint32_t row[ROW_MAX];
            size_t count = segment_facet_row(n->views[view]->segment, h.docs[i], row);
            for (size_t k = 0; view_shows(n->views[view], VIEWER_PUBLIC, h.docs[i]) && k < count; k++) {
                Facet facet;
                Str value = segment_facet_value(n->views[view]->segment, row[k], &facet);
                for (size_t m = 0; m < answer.facets[facet].count; m++)
                    if (str_eq(answer.facets[facet].values[m].value, value))
                        want[facet * VALUES + m]++;
            }
        }
    }
    for (size_t f = 0; f < answer.facets_count; f++)
        for (size_t m = 0; m < answer.facets[f].count; m++)
            assert_int_equal(answer.facets[f].values[m].count, want[f * VALUES + m]);
}

static void check_best(const Snapshot *n, const Node *node, Finding *f, int64_t total, Arena *a)
{
    Best best = {.n = n, .sort = f->best.sort, .max = BEST, .entries = arena_array(a, Entry, BEST + 1)};
    for (uint32_t view = 0; view < n->count; view++) {
        Hits h = by_lists(node, n, view, a);
        for (size_t i = 0; i < h.count; i++) {
            if (!view_shows(n->views[view], VIEWER_PUBLIC, h.docs[i]))
                continue;
            bool image = segment_flags(n->views[view]->segment)[h.docs[i]] & FLAG_IMAGE;
            best_add_this(&best, &(Entry){.view = view,
                                     .doc = h.docs[i],
                                     .score = image ? (h.scores[i] + 0.001f) * 1.15f : h.scores[i],
                                     .field = h.fields[i]});
            total--;
        }
    }
    assert_int_equal(total, 0);
    best_sort(&best);
    find_fields(f, f->best.entries, f->best.count);
    assert_int_equal(best.count, f->best.count);
    for (size_t i = 0; i < best.count; i++) {
        const Entry *x = &best.entries[i], *y = &f->best.entries[i];
        assert_true(x->view == y->view && x->doc == y->doc && x->score == y->score && x->field == y->field);
    }
}

static void two_ways(void **state)
{
    (void)state;
    TestPlace place = test_place();
    Err err = {0};
    CLEANUP(fd_closep) int dir = dir_open(AT_FDCWD, place.folder, &err);
    View *views[VIEWS];
    uint32_t first = 0;
    for (size_t i = 0; i < VIEWS; i++) {
        views[i] = make_view(dir, sizes[i], first, (const char *[]){"a", "b", "c"}[i]);
        first += sizes[i];
    }
    Snapshot *n = snapshot_make(views, VIEWS, 1, 1);
    FacetTable *table = facet_table_make(n);
    for (int i = 0; i < QUESTIONS; i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        Plan plan = {.a = a, .snapshot = n};
        Node *node = make_tree(&plan, 0);
        for (size_t view = 0; view < VIEWS; view++)
            check_windows(node, n, view, a);
        if (i % 4)
            continue;
        Finding f = {.n = n,
            .node = node,
            .table = table,
            .role = VIEWER_PUBLIC,
            .shared = dice(2),
            .counts = arena_array(a, uint32_t, facet_table_size(table) + 1),
            .best = {.n = n,
                .sort = (SearchSort)dice(5),
                .max = BEST,
                .entries = arena_array(a, Entry, BEST + 1)}};
        int64_t total = find_hits(&f);
        check_counts(n, table, node, f.counts, a);
        check_best(n, node, &f, total, a);
    }
    facet_table_free(table);
    snapshot_drop(NULL, n);
    for (size_t i = 0; i < VIEWS; i++) {
        view_drop(views[i]);
        FINE(file_remove(dir, (const char *[]){"a", "b", "c"}[i], &err), err);
    }
    test_remove(&place);
}

// A disk that forgets: bytes of a segment are another, and it is asked all the same. It may find something
// wrong; it must not touch what is not its own.
static void ask_damaged(Segment *segment, Arena *a)
{
    View *v = view_make(segment, NULL, "", -1);
    Snapshot *n = snapshot_make(&v, 1, 1, 1);
    FacetTable *table = facet_table_make(n);
    for (int i = 0; i < 6; i++) {
        Plan plan = {.a = a, .snapshot = n};
        Node *node = make_tree(&plan, 0);
        Finding f = {.n = n,
            .node = node,
            .table = table,
            .counts = arena_array(a, uint32_t, facet_table_size(table) + 1),
            .best = {.n = n, .max = BEST, .entries = arena_array(a, Entry, BEST + 1)}};
        find_hits(&f);
        find_fields(&f, f.best.entries, f.best.count);
        const uint64_t *bits;
        const float *scores;
        dense_window(dense_open(node, n, 0, a), 0, &bits, &scores);
        SearchAsk ask = {0};
        SearchAnswer answer;
        facets_answer(table, f.counts, &ask, a, &answer);
        for (size_t k = 0; k < f.best.count; k++) {
            DocFacts facts;
            uint32_t starts[FIELDS + 1];
            segment_doc(segment, f.best.entries[k].doc, &facts);
            segment_field_starts(segment, f.best.entries[k].doc, starts);
        }
    }
    TermCursor c = term_cursor(segment);
    Str term;
    for (int i = 0; i < 10000 && term_next(&c, &term); i++) {
        Postings p = postings(&c.term);
        uint32_t here[8];
        while (postings_next(&p))
            postings_positions(&p, here, COUNT_OF(here));
    }
    facet_table_free(table);
    snapshot_drop(NULL, n);
    view_drop(v);
}

static void damaged(void **state)
{
    (void)state;
    TestPlace place = test_place();
    Err err = {0};
    CLEANUP(fd_closep) int dir = dir_open(AT_FDCWD, place.folder, &err);
    view_drop(make_view(dir, 300, 0, "a"));
    CLEANUP(arena_closep) Arena *kept = arena_open();
    CLEANUP(fd_closep) int fd = file_open(dir, "a", &err);
    Str whole;
    FINE(file_read_all(fd, 1 << 24, kept, &whole, &err), err);
    for (int i = 0; i < 400; i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        Err trouble = {0};
        char *bytes = arena_alloc(a, whole.n);
        memcpy(bytes, whole.p, whole.n);
        for (uint32_t k = 0, many = 1 + dice(4); k < many;
             k++) // the footer, and the tables before it, more often
            bytes[dice(3) ? dice((uint32_t)whole.n) : whole.n - 1 - dice(400)] = (char)dice(256);
        FINE(file_replace(dir, "b", (Str){bytes, whole.n}, false, &err), err);
        Segment *segment = segment_map(dir, "b", &trouble);
        if (segment)
            ask_damaged(segment, a);
    }
    FINE(file_remove(dir, "a", &err) && file_remove(dir, "b", &err), err);
    test_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(two_ways), cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
