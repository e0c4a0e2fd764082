// SPDX-License-Identifier: Apache-2.0
// Finding in all segments. The work is cut into tasks: a segment whole, by lists, or some windows of it.
// Whoever is free takes the next task: the thread that asks, and if it is much work, a few more.
#include "search/eval.h"
#include "search/order.h"

#include "base/lane.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    TASK_DOCS = 16 * WINDOW_DOCS,
    HELPERS_MAX = 7,
    HELP_QUEUE_MAX = 32,
    FIELD_UNKNOWN = 255,
};
#define IMAGE_BONUS 1.15f
#define HELP_FROM_NS 1.5e6 // below, waking a thread takes longer than it saves

typedef struct {
    uint32_t view, from, to;
    bool windows;
} Task;

// What one thread has found.
typedef struct {
    Best best;
    int64_t total;
    uint32_t *counts;
    bool begun;
} Share;

// Threads begin with different views and help with others at the end: each view's facet rows are then added
// up by one thread, mostly.
typedef struct {
    size_t first, count; // in tasks
    atomic_size_t taken;
} ViewTasks;

typedef struct {
    const Finding *f;
    Task *tasks; // of the first view, then of the next
    size_t tasks_count;
    ViewTasks *views;
    Share shares[HELPERS_MAX + 1];
    // A helper that comes late finds the job closed. The last to leave frees it.
    pthread_mutex_t lock;
    pthread_cond_t idle;
    int refs, working, shares_count;
    bool closed;
} Job;

static int helpers_count; // threads besides the one that asks; set once

// ---- one thread at work

typedef struct {
    const Job *job;
    Share *share;
    FacetCounter counter;
    Arena *a;
    Dense *dense; // of `view`
    uint32_t view;
    uint32_t *docs; // of a window
    float *scores;
} Worker;

static void keep_best(Worker *w, uint32_t view, const Hits *h)
{
    const unsigned char *flags = segment_flags(w->job->f->n->views[view]->segment);
    Best *best = &w->share->best;
    // Records come in order: of equally good ones in one segment the later come later.
    bool in_order = best->sort == SEARCH_BY_SCORE && segment_ascending(w->job->f->n->views[view]->segment);
    for (size_t i = 0; i < h->count; i++) {
        // Pictures are a toss of a coin: looked up, not branched on.
        float plain_or_pictured[2] = {h->scores[i], (h->scores[i] + 0.001f) * IMAGE_BONUS};
        float score = plain_or_pictured[flags[h->docs[i]] & FLAG_IMAGE];
        const Entry *worst = best->entries;
        if (in_order && best->count == best->max && best->max &&
            (score < worst->score || (score == worst->score && worst->view == view)))
            continue;
        best_add(best, &(Entry){.view = view,
                           .doc = h->docs[i],
                           .score = score,
                           .field = h->fields ? h->fields[i] : FIELD_UNKNOWN});
    }
    // Tasks share no word of bits: windows begin at multiples of 64.
    for (size_t i = 0; w->job->f->bits && i < h->count; i++)
        w->job->f->bits[view][h->docs[i] / 64] |= 1ull << (h->docs[i] % 64);
    w->share->total += (int64_t)h->count;
}

static void run_lists(Worker *w, const Task *t)
{
    const Finding *f = w->job->f;
    const View *v = f->n->views[t->view];
    arena_reset(w->a);
    w->dense = NULL;
    Hits h = eval(f->node, f->n, t->view, NULL, w->a);
    size_t kept = 0;
    for (size_t i = 0; i < h.count; i++)
        if (view_shows(v, f->role, h.docs[i])) {
            h.docs[kept] = h.docs[i];
            h.scores[kept] = h.scores[i];
            h.fields[kept++] = h.fields[i];
        }
    h.count = kept;
    keep_best(w, t->view, &h);
    if (f->counts)
        facets_count(&w->counter, t->view, h.docs, h.count);
}

static void run_windows(Worker *w, const Task *t)
{
    const Finding *f = w->job->f;
    if (!w->dense || w->view != t->view) {
        arena_reset(w->a);
        w->dense = dense_open(f->node, f->n, t->view, w->a);
        w->docs = arena_array(w->a, uint32_t, WINDOW_DOCS);
        w->scores = arena_array(w->a, float, WINDOW_DOCS);
        w->view = t->view;
    }
    for (uint32_t from = t->from; from < t->to; from += WINDOW_DOCS) {
        const uint64_t *found, *visible = f->n->views[t->view]->visible[f->role] + from / 64;
        const float *scores;
        Hits h = {.docs = w->docs, .scores = w->scores};
        dense_window(w->dense, from, &found, &scores);
        for (uint32_t at = 0; at < WINDOW_DOCS && from + at < t->to; at += 64)
            for (uint64_t bits = found[at / 64] & visible[at / 64]; bits; bits &= bits - 1) {
                uint32_t doc = at + (uint32_t)__builtin_ctzll(bits);
                h.docs[h.count] = from + doc;
                h.scores[h.count++] = scores[doc];
            }
        keep_best(w, t->view, &h);
        if (f->counts)
            facets_count_many(&w->counter, t->view, h.docs, h.count);
    }
}

static void work_on(Worker *w, Job *job, ViewTasks *v)
{
    for (size_t i; (i = atomic_fetch_add(&v->taken, 1)) < v->count;) {
        const Task *t = &job->tasks[v->first + i];
        (t->windows ? run_windows : run_lists)(w, t);
    }
}

static void work(Job *job, Share *share)
{
    size_t views = job->f->n->count,
           begin = (size_t)(share - job->shares) * views / (size_t)(helpers_count + 1);
    Worker w = {.job = job, .share = share, .a = arena_open()};
    facet_counter_begin(&w.counter, job->f->table, job->f->n, share->counts);
    for (size_t i = 0; i < views; i++)
        work_on(&w, job, &job->views[(begin + i) % views]);
    facet_counter_end(&w.counter);
    arena_close(w.a);
}

// ---- several

static Lane *helpers;

static void open_helpers(void)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    helpers_count = (int)MIN_OF(cores - 1, (long)HELPERS_MAX);
    if (helpers_count > 0)
        helpers = lane_open("search", helpers_count, HELP_QUEUE_MAX);
}

static void job_drop(Job *job)
{
    pthread_mutex_lock(&job->lock);
    int refs = --job->refs;
    pthread_mutex_unlock(&job->lock);
    if (refs > 0)
        return;
    pthread_mutex_destroy(&job->lock);
    pthread_cond_destroy(&job->idle);
    free(job->tasks);
    free(job->views);
    free(job);
}

// A share like the asker's own, empty.
static void share_begin(const Finding *f, Share *s)
{
    s->best = f->best;
    s->best.count = 0;
    s->best.entries = mem_alloc((f->best.max + 1) * sizeof(Entry));
    s->counts = f->counts ? mem_alloc(((size_t)facet_table_size(f->table) + 1) * sizeof(uint32_t)) : NULL;
    s->begun = true;
}

static void share_end(Finding *f, Share *s)
{
    for (size_t i = 0; i < s->best.count; i++)
        best_add(&f->best, &s->best.entries[i]);
    for (uint32_t i = 0; s->counts && i < facet_table_size(f->table); i++)
        f->counts[i] += s->counts[i];
    free(s->best.entries);
    free(s->counts);
}

static void help(void *argument)
{
    Job *job = argument;
    pthread_mutex_lock(&job->lock);
    Share *share = job->closed ? NULL : &job->shares[job->shares_count++];
    job->working += share != NULL;
    pthread_mutex_unlock(&job->lock);
    if (share) {
        share_begin(job->f, share);
        work(job, share);
        pthread_mutex_lock(&job->lock);
        job->working--;
        pthread_cond_signal(&job->idle);
        pthread_mutex_unlock(&job->lock);
    }
    job_drop(job);
}

static void call_helpers(Job *job)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, open_helpers);
    for (size_t i = 0; helpers && (int)i < helpers_count && i + 1 < job->tasks_count; i++) {
        Err busy = {0};
        pthread_mutex_lock(&job->lock);
        job->refs++;
        pthread_mutex_unlock(&job->lock);
        if (!lane_add(helpers, help, job, &busy)) {
            job_drop(job);
            return;
        }
    }
}

static void add_tasks(const Finding *f, Job *job, double *ret_cost)
{
    size_t room = 0;
    *ret_cost = 0;
    for (size_t i = 0; i < f->n->count; i++)
        room += segment_docs(f->n->views[i]->segment) / TASK_DOCS + 1;
    job->tasks = mem_alloc((room + 1) * sizeof(Task));
    job->views = mem_alloc((f->n->count + 1) * sizeof(ViewTasks));
    for (uint32_t view = 0; view < f->n->count; view++) {
        uint32_t docs = segment_docs(f->n->views[view]->segment);
        bool windows;
        *ret_cost += eval_cost(f->node, f->n, view, &windows);
        job->views[view].first = job->tasks_count;
        for (uint32_t from = 0; from < docs; from += windows ? TASK_DOCS : docs) {
            uint32_t to = windows ? MIN_OF(docs, from + TASK_DOCS) : docs;
            job->tasks[job->tasks_count++] = (Task){view, from, to, windows};
        }
        job->views[view].count = job->tasks_count - job->views[view].first;
    }
}

int64_t find_hits(Finding *f)
{
    Job *job = mem_alloc(sizeof(Job));
    double cost;
    pthread_mutex_init(&job->lock, NULL);
    pthread_cond_init(&job->idle, NULL);
    job->f = f;
    job->refs = job->shares_count = 1;
    add_tasks(f, job, &cost);
    job->shares[0] = (Share){.best = f->best, .counts = f->counts};
    if (f->shared || cost > HELP_FROM_NS)
        call_helpers(job);
    work(job, &job->shares[0]);
    pthread_mutex_lock(&job->lock);
    job->closed = true;
    while (job->working > 0)
        pthread_cond_wait(&job->idle, &job->lock);
    pthread_mutex_unlock(&job->lock);
    f->best = job->shares[0].best;
    int64_t total = job->shares[0].total;
    for (int i = 1; i < job->shares_count; i++) {
        total += job->shares[i].total;
        share_end(f, &job->shares[i]);
    }
    best_sort(&f->best);
    job_drop(job);
    return total;
}

// ---- which field

static int by_place(const void *x, const void *y)
{
    const Entry *a = *(Entry *const *)x, *b = *(Entry *const *)y;
    return a->view != b->view ? (a->view < b->view ? -1 : 1) : a->doc < b->doc ? -1 : a->doc > b->doc;
}

void find_fields(const Finding *f, Entry *entries, size_t count)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Entry **order = arena_array(a, Entry *, count + 1);
    Hits within = {.docs = arena_array(a, uint32_t, count + 1)};
    size_t unknown = 0;
    for (size_t i = 0; i < count; i++)
        if (entries[i].field == FIELD_UNKNOWN)
            order[unknown++] = &entries[i];
    qsort(order, unknown, sizeof(*order), by_place);
    for (size_t i = 0, k; i < unknown; i = k) {
        within.count = 0;
        for (k = i; k < unknown && order[k]->view == order[i]->view; k++)
            within.docs[within.count++] = order[k]->doc;
        Hits found = eval(f->node, f->n, order[i]->view, &within, a);
        for (size_t m = 0, at = i; m < found.count; m++) {
            while (order[at]->doc < found.docs[m])
                at++;
            order[at]->field = found.fields[m];
        }
    }
}
