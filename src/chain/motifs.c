// SPDX-License-Identifier: Apache-2.0
// Motifs: edges that meet in the same part of a picture are of one motif. Putting them together takes all
// edges (0.2 s of CPU at 100,000 pictures), so what was found is kept, for each role, until the graph or who
// may see what has changed.
//
// Kept are numbers of edges and pictures only: 8 bytes an edge, 12 a motif, and 160 KB of those that are
// listed. Whoever asks holds the guard for reading and then the lock of the kept; whoever changes the graph
// holds the guard for writing.
#include "chain/int.h"

#include <stdlib.h>

// Two parts of one picture show the same motif if this share of the larger one is in both.
#define SAME_PART_MIN 0.3
// While pictures wait to be asked, motifs may be so much of all edges behind: else every visitor of a
// collection that is being linked would have them put together anew.
#define BEHIND_MAX 0.02

enum { PARTS_COMPARED_MAX = 400 }; // of one picture, when motifs are put together

typedef struct {
    const Graph *g;
    int rank_min;
    uint32_t *parent; // of each edge; CHAIN_NONE: does not count
} Union;

static uint32_t root_of(Union *u, uint32_t edge)
{
    while (u->parent[edge] != edge) {
        u->parent[edge] = u->parent[u->parent[edge]];
        edge = u->parent[edge];
    }
    return edge;
}

static bool same_part(EdgeBox a, EdgeBox b)
{
    const double left = MAX_OF(a.left, b.left), top = MAX_OF(a.top, b.top);
    const double right = MIN_OF(a.left + a.width, b.left + b.width),
                 bottom = MIN_OF(a.top + a.height, b.top + b.height);
    const double larger = MAX_OF((double)a.width * a.height, (double)b.width * b.height);
    return right > left && bottom > top && (right - left) * (bottom - top) >= SAME_PART_MIN * larger;
}

static EdgeBox box_at(const Edge *e, uint32_t node)
{
    return e->box[e->node[0] == node ? 0 : 1];
}

static void join_at(Union *u, uint32_t node)
{
    uint32_t edges[PARTS_COMPARED_MAX];
    int count = 0;
    for (uint32_t at = u->g->nodes[node].first_edge; at != CHAIN_NONE && count < PARTS_COMPARED_MAX;
         at = edge_next(&u->g->edges[at], node)) {
        if (u->parent[at] != CHAIN_NONE)
            edges[count++] = at;
    }
    for (int i = 1; i < count; i++) {
        for (int k = 0; k < i; k++) {
            if (same_part(box_at(&u->g->edges[edges[i]], node), box_at(&u->g->edges[edges[k]], node)))
                u->parent[root_of(u, edges[i])] = root_of(u, edges[k]);
        }
    }
}

static void join_all(Union *u)
{
    for (uint32_t i = 0; i < u->g->edges_count; i++) {
        const Edge *e = &u->g->edges[i];
        const bool counts = (e->flags & EDGE_WHOLE) == 0 && may_see(&u->g->nodes[e->node[0]], u->rank_min) &&
                            may_see(&u->g->nodes[e->node[1]], u->rank_min);
        u->parent[i] = counts ? i : CHAIN_NONE;
    }
    for (uint32_t n = 0; n < u->g->nodes_count; n++)
        join_at(u, n);
}

// One end of one edge: where a motif is on a picture.
typedef struct {
    uint32_t root, node, edge;
    uint16_t points;
} Place;

static int by_motif(const void *a, const void *b)
{
    const Place *x = a, *y = b;
    if (x->root != y->root)
        return x->root < y->root ? -1 : 1;
    if (x->points != y->points)
        return x->points > y->points ? -1 : 1;
    if (x->node != y->node)
        return x->node < y->node ? -1 : 1;
    return x->edge < y->edge ? -1 : x->edge > y->edge;
}

static size_t find_places(Union *u, Place *places)
{
    size_t count = 0;
    for (uint32_t i = 0; i < u->g->edges_count; i++) {
        if (u->parent[i] == CHAIN_NONE)
            continue;
        const Edge *e = &u->g->edges[i];
        for (int side = 0; side < 2; side++)
            places[count++] = (Place){root_of(u, i), e->node[side], i, e->points};
    }
    qsort(places, count, sizeof(*places), by_motif);
    return count;
}

// The first place of each work, up to CHAIN_MOTIF_ENDS_MAX of them. Places of one motif, sorted.
static size_t works_of(const Graph *g, const Place *places, size_t count, size_t *ret_kept)
{
    size_t kept = 0;
    for (size_t i = 0; i < count && kept < CHAIN_MOTIF_ENDS_MAX; i++) {
        bool known = false;
        for (size_t k = 0; k < kept && !known; k++)
            known = str_eq(
                node_object(&g->nodes[places[ret_kept[k]].node]), node_object(&g->nodes[places[i].node]));
        if (!known)
            ret_kept[kept++] = i;
    }
    return kept;
}

// ---- what is kept

static int most_works_first(const void *a, const void *b)
{
    const Motif *x = a, *y = b;
    if (x->works != y->works)
        return x->works > y->works ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

// Each edge has two places; the one of its first side stands for it.
static void keep_motif(Motifs *m, const Graph *g, const Place *places, size_t count, size_t *edges)
{
    size_t kept[CHAIN_MOTIF_ENDS_MAX];
    Motif motif = {.from = (uint32_t)*edges, .works = (uint32_t)works_of(g, places, count, kept)};
    for (size_t i = 0; i < count; i++) {
        if (g->edges[places[i].edge].node[0] == places[i].node)
            m->edges_by_motif[(*edges)++] = places[i].edge;
    }
    motif.count = (uint32_t)(*edges - motif.from);
    m->motifs[m->count++] = motif;
}

static void number_edges(Motifs *m)
{
    for (size_t i = 0; i < m->count; i++) {
        for (uint32_t e = 0; e < m->motifs[i].count; e++)
            m->motif_of[m->edges_by_motif[m->motifs[i].from + e]] = (uint32_t)i;
    }
}

// Where the motif is: the best place of each work.
static size_t find_ends(const Graph *g, const Motifs *m, const Motif *motif, MotifEnd *ret)
{
    size_t kept[CHAIN_MOTIF_ENDS_MAX], count = 0;
    Place *places = mem_alloc(sizeof(*places) * 2 * motif->count);
    for (uint32_t i = 0; i < motif->count; i++) {
        const uint32_t edge = m->edges_by_motif[motif->from + i];
        for (int side = 0; side < 2; side++)
            places[count++] = (Place){0, g->edges[edge].node[side], edge, g->edges[edge].points};
    }
    qsort(places, count, sizeof(*places), by_motif);
    const size_t works = works_of(g, places, count, kept);
    for (size_t i = 0; i < works; i++)
        ret[i] = (MotifEnd){places[kept[i]].node, places[kept[i]].edge};
    free(places);
    return works;
}

// Of those that are listed; the others are looked for when somebody asks for one.
static void keep_ends(Motifs *m, const Graph *g)
{
    m->ends_count = MIN_OF(m->count, (size_t)CHAIN_MOTIFS_MAX);
    m->ends = mem_alloc(sizeof(*m->ends) * CHAIN_MOTIF_ENDS_MAX * MAX_OF(m->ends_count, 1));
    for (size_t i = 0; i < m->ends_count; i++)
        (void)find_ends(g, m, &m->motifs[i], m->ends + i * CHAIN_MOTIF_ENDS_MAX);
}

void motifs_free(Motifs *m)
{
    free(m->ends);
    free(m->motif_of);
    free(m->edges_by_motif);
    free(m->motifs);
    *m = (Motifs){0};
}

static void put_together(Motifs *m, const Graph *g, ViewerRole role)
{
    const size_t edges = MAX_OF(g->edges_count, 1);
    Union u = {.g = g, .rank_min = rights_rank_pixels(role), .parent = mem_alloc(sizeof(uint32_t) * edges)};
    Place *places = mem_alloc(sizeof(*places) * 2 * edges);
    motifs_free(m);
    join_all(&u);
    const size_t count = find_places(&u, places);
    size_t motifs = 0, filed = 0;
    for (size_t i = 0; i < count; i++)
        motifs += i == 0 || places[i].root != places[i - 1].root;
    m->edges_by_motif = mem_alloc(sizeof(uint32_t) * edges);
    m->motifs = mem_alloc(sizeof(*m->motifs) * MAX_OF(motifs, 1));
    for (size_t i = 0, from = 0; i < count; from = i) {
        while (i < count && places[i].root == places[from].root)
            i++;
        keep_motif(m, g, places + from, i - from, &filed);
    }
    if (m->count > 1)
        qsort(m->motifs, m->count, sizeof(*m->motifs), most_works_first);
    m->motif_of = u.parent; // of the same size; what the edge was joined to is not needed any more
    memset(m->motif_of, 0xff, sizeof(uint32_t) * edges);
    number_edges(m);
    keep_ends(m, g);
    m->edges = g->edges_count;
    free(places);
}

// The motifs for this role. The guard is held for reading; the lock of the kept is held on return.
static const Motifs *keep_motifs(Chain *c, ViewerRole role)
{
    Motifs *m = &c->motifs[role];
    pthread_mutex_lock(&c->motifs_lock);
    const size_t behind = c->graph.edges_count - m->edges;
    const bool late = c->changes != m->changes &&
                      (c->waiting == 0 || (double)behind > BEHIND_MAX * (double)c->graph.edges_count);
    if (!m->made || m->turn != c->turn || late) {
        put_together(m, &c->graph, role);
        m->made = true;
        m->turn = c->turn;
        m->changes = c->changes;
    }
    return m;
}

// ---- asking

static ChainMotif motif_of(const Graph *g, const Motifs *m, uint32_t number, Arena *a)
{
    MotifEnd some[CHAIN_MOTIF_ENDS_MAX];
    const MotifEnd *ends = number < m->ends_count ? m->ends + (size_t)number * CHAIN_MOTIF_ENDS_MAX : some;
    ChainMotif ret = {.count = m->motifs[number].works};
    if (ends == some)
        (void)find_ends(g, m, &m->motifs[number], some);
    ret.ends = arena_array(a, ChainEnd, ret.count + 1);
    for (size_t i = 0; i < ret.count; i++) {
        const Edge *e = &g->edges[ends[i].edge];
        ret.ends[i] = end_of(g, e, e->node[0] == ends[i].node ? 0 : 1, a);
    }
    return ret;
}

void chain_motifs(
    Chain *c, ViewerRole role, size_t works_min, size_t max, Arena *a, ChainMotif **ret, size_t *ret_count)
{
    pthread_rwlock_rdlock(&c->guard);
    const Motifs *m = keep_motifs(c, role);
    size_t count = 0;
    max = MIN_OF(MIN_OF(m->count, max), (size_t)CHAIN_MOTIFS_MAX);
    *ret = arena_array(a, ChainMotif, max + 1);
    for (; count < max && m->motifs[count].works >= works_min; count++)
        (*ret)[count] = motif_of(&c->graph, m, (uint32_t)count, a);
    *ret_count = count;
    pthread_mutex_unlock(&c->motifs_lock);
    pthread_rwlock_unlock(&c->guard);
}

// The first of the motifs whose part on this picture has the spot.
static void look_at(const Graph *g, const Motifs *m, uint32_t node, double x, double y, uint32_t *found)
{
    for (uint32_t at = g->nodes[node].first_edge; at != CHAIN_NONE; at = edge_next(&g->edges[at], node)) {
        if (at >= m->edges || m->motif_of[at] == CHAIN_NONE)
            continue;
        const EdgeBox box = box_at(&g->edges[at], node);
        const double at_x = x * BOX_ONE - box.left, at_y = y * BOX_ONE - box.top;
        if (at_x >= 0 && at_y >= 0 && at_x <= box.width && at_y <= box.height)
            *found = MIN_OF(*found, m->motif_of[at]);
    }
}

bool chain_motif_at(
    Chain *c, ViewerRole role, Str image_id, double x, double y, size_t works_min, Arena *a, ChainMotif *ret)
{
    Str object_id = image_id, number;
    uint32_t found = CHAIN_NONE;
    (void)str_cut_last(image_id, ':', &object_id, &number); // as the catalogue makes the ids of pictures
    pthread_rwlock_rdlock(&c->guard);
    const Motifs *m = keep_motifs(c, role);
    const Graph *g = &c->graph;
    for (uint32_t i = graph_find_object(g, object_id); i != CHAIN_NONE; i = g->nodes[i].next_of_object) {
        if (str_eq(node_image(&g->nodes[i]), image_id))
            look_at(g, m, i, x, y, &found);
    }
    const bool there = found != CHAIN_NONE && m->motifs[found].works >= works_min;
    if (there)
        *ret = motif_of(g, m, found, a);
    pthread_mutex_unlock(&c->motifs_lock);
    pthread_rwlock_unlock(&c->guard);
    return there;
}
