// SPDX-License-Identifier: Apache-2.0
// From the visual index to the graph. The index is asked without the guard, so visitors wait for no picture.
#include "chain/int.h"

#include <math.h>

// A motif has some extent beyond the outermost spots that agree.
#define MARGIN 0.15
// Chance makes a link in a collection where every picture is asked; a visitor's one question may be bolder.
#define SCORE_MIN 0.8
// Parts that cover so much of both pictures make them the same picture.
#define WHOLE_MIN 0.45

enum {
    POINTS_MIN = 5,
    // Asked with fewer than a visitor's question: each costs the same, and what the weaker ones add at
    // 100,000 pictures is chance (docs/decisions/081-chains.md).
    FEATURES_ASKED = 250,
};

// ---- what is there

typedef struct {
    Graph *g;
    bool moved; // somebody may see more or less of what is linked
} Comparing;

static void compare(void *ctx, const VisualEntry *entry)
{
    Comparing *comparing = ctx;
    Graph *g = comparing->g;
    uint32_t at = graph_find(g, entry->image_id, entry->master);
    if (at == CHAIN_NONE)
        at = graph_add_node(g, entry->object_id, entry->image_id, entry->master);
    if (at == CHAIN_NONE)
        return;
    Node *n = &g->nodes[at];
    comparing->moved |= n->first_edge != CHAIN_NONE && (!n->was_here || n->rank != entry->rank);
    n->here = true;
    n->rank = entry->rank;
}

// True if a picture is gone.
static bool compare_all(Chain *c, Visual *v, int64_t *ret_sequence)
{
    Graph *g = &c->graph;
    Comparing comparing = {.g = g};
    bool gone = false;
    for (size_t i = 0; i < g->nodes_count; i++) {
        g->nodes[i].was_here = g->nodes[i].here;
        g->nodes[i].here = g->nodes[i].missing = false;
    }
    *ret_sequence = visual_each(v, compare, &comparing);
    for (size_t i = 0; i < g->nodes_count; i++)
        gone |= !g->nodes[i].here;
    c->turn += gone || comparing.moved;
    return gone;
}

static bool synchronise(Chain *c, Visual *v, Err *err)
{
    const int64_t pictures = visual_counts(v).pictures;
    const uint32_t vocabulary = visual_vocabulary(v);
    if (c->sequence == visual_sequence(v) && c->pictures == pictures && c->vocabulary == vocabulary)
        return true;
    bool good = true;
    pthread_rwlock_wrlock(&c->guard);
    const bool other = c->vocabulary != vocabulary; // another vocabulary finds other things
    if (other)
        graph_free(&c->graph);
    c->turn += other;
    c->vocabulary = vocabulary;
    const bool gone = compare_all(c, v, &c->sequence);
    c->pictures = pictures;
    if (gone)
        graph_shrink(&c->graph);
    if (gone || other)
        good = log_write(c, err);
    pthread_rwlock_unlock(&c->guard);
    return good;
}

bool chain_refresh(Chain *c, Visual *v, Err *err)
{
    const uint64_t mark = log_mark(c);
    const bool moved = c->sequence != visual_sequence(v) || c->pictures != visual_counts(v).pictures;
    if (c->fd >= 0 || mark == 0 || (mark == c->mark && !moved))
        return true;
    Graph fresh = {0};
    uint64_t bytes = 0;
    pthread_rwlock_wrlock(&c->guard);
    const bool good = mark == c->mark || log_read(c, &fresh, &bytes, err);
    if (good && mark != c->mark) {
        graph_free(&c->graph);
        c->graph = fresh;
        c->turn++;
        c->bytes = (int64_t)bytes;
        c->mark = mark;
    }
    if (good) {
        c->pictures = visual_counts(v).pictures;
        (void)compare_all(c, v, &c->sequence); // what is gone is in no answer; the writer takes it out
    }
    pthread_rwlock_unlock(&c->guard);
    if (!good)
        graph_free(&fresh);
    return good;
}

// ---- asking

static uint16_t part_of(double v)
{
    return (uint16_t)lround(fmin(fmax(v, 0), 1) * BOX_ONE);
}

static EdgeBox box_of(const VisualPoint *points, int count)
{
    double low_x = 1, low_y = 1, high_x = 0, high_y = 0;
    for (int i = 0; i < count; i++) {
        low_x = fmin(low_x, points[i].x);
        low_y = fmin(low_y, points[i].y);
        high_x = fmax(high_x, points[i].x);
        high_y = fmax(high_y, points[i].y);
    }
    const double more_x = (high_x - low_x) * MARGIN + 0.01, more_y = (high_y - low_y) * MARGIN + 0.01;
    const EdgeBox box = {.left = part_of(low_x - more_x), .top = part_of(low_y - more_y)};
    return (EdgeBox){.left = box.left,
        .top = box.top,
        .width = (uint16_t)(part_of(high_x + more_x) - box.left),
        .height = (uint16_t)(part_of(high_y + more_y) - box.top)};
}

static bool covers(EdgeBox box)
{
    return (double)box.width / BOX_ONE * box.height / BOX_ONE >= WHOLE_MIN;
}

static Edge edge_of(const VisualHit *hit, uint32_t asked, uint32_t found)
{
    Edge e = {.node = {asked, found},
        .score = (float)hit->score,
        .points = (uint16_t)hit->points_count,
        .box = {box_of(hit->asked, hit->points_count), box_of(hit->found, hit->points_count)}};
    e.flags = (uint16_t)((hit->negative ? EDGE_NEGATIVE : 0) | (hit->mirrored ? EDGE_MIRRORED : 0) |
                         (covers(e.box[0]) && covers(e.box[1]) ? EDGE_WHOLE : 0));
    return e;
}

static int take_hits(const Graph *g, uint32_t asked, const VisualAnswer *answer, Edge *ret)
{
    int count = 0;
    for (size_t i = 0; i < answer->count && count < EDGES_OF_ONE_MAX; i++) {
        const VisualHit *hit = &answer->hits[i];
        const uint32_t found = graph_find(g, hit->image_id, hit->master);
        if (hit->score < SCORE_MIN || !hit->has_place || hit->points_count < POINTS_MIN ||
            found == CHAIN_NONE)
            continue;
        ret[count++] = edge_of(hit, asked, found);
    }
    return count;
}

// One picture. Only this thread changes the graph, so it may be read without the guard.
static bool ask_one(Chain *c, Visual *v, const ChainSource *source, uint32_t node, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Node *n = &c->graph.nodes[node];
    Err missing = {0};
    VisualAnswer answer;
    VisualAsk ask = {.question = VISUAL_DETAIL,
        .role = VIEWER_STAFF,
        .except_object = node_object(n),
        .features_max = FEATURES_ASKED,
        .limit = EDGES_OF_ONE_MAX};
    if (!source->picture(source->ctx, node_image(n), a, &ask.picture, &missing) ||
        !visual_ask(v, &ask, a, &answer, &missing)) {
        c->graph.nodes[node].missing = true; // not now
        return true;
    }
    Edge edges[EDGES_OF_ONE_MAX];
    const int count = take_hits(&c->graph, node, &answer, edges);
    if (!log_append(c, &c->graph, node, edges, count, err))
        return false;
    pthread_rwlock_wrlock(&c->guard);
    for (int i = 0; i < count; i++)
        graph_add_edge(&c->graph, &edges[i]);
    c->changes += count > 0;
    c->graph.nodes[node].asked = true;
    pthread_rwlock_unlock(&c->guard);
    return true;
}

bool chain_follow(Chain *c, Visual *v, const ChainSource *source, int pictures_max, const volatile bool *stop,
    int64_t *ret_waiting, Err *err)
{
    int asked = 0;
    int64_t waiting = 0;
    if (c->fd < 0)
        return err_set(err, ERR_IO, "the chains cannot be written");
    if (!synchronise(c, v, err))
        return false;
    for (uint32_t i = 0; i < c->graph.nodes_count; i++) {
        const Node *n = &c->graph.nodes[i];
        if (n->asked || n->missing)
            continue;
        if (asked == pictures_max || *stop) {
            waiting++;
            continue;
        }
        asked++;
        if (!ask_one(c, v, source, i, err))
            return false;
    }
    pthread_rwlock_wrlock(&c->guard);
    c->waiting = waiting;
    if (waiting == 0)
        c->done = c->sequence;
    pthread_rwlock_unlock(&c->guard);
    *ret_waiting = waiting;
    return true;
}
