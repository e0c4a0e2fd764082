// SPDX-License-Identifier: Apache-2.0
// What the graph tells: the links of one work, and the motifs of the whole collection.
#include "chain/int.h"

#include <stdlib.h>

// Two parts of one picture show the same motif if this share of the larger one is in both.
#define SAME_PART_MIN 0.3

enum { PARTS_COMPARED_MAX = 400 }; // of one picture, when motifs are put together

static ChainEnd end_of(const Graph *g, const Edge *e, int side, Arena *a)
{
    const Node *n = &g->nodes[e->node[side]];
    const EdgeBox *box = &e->box[side];
    return (ChainEnd){.object_id = arena_copy(a, node_object(n)),
        .image_id = arena_copy(a, node_image(n)),
        .left = (double)box->left / BOX_ONE,
        .top = (double)box->top / BOX_ONE,
        .width = (double)box->width / BOX_ONE,
        .height = (double)box->height / BOX_ONE};
}

static bool may_see(const Node *n, int rank_min)
{
    return n->here && n->rank >= rank_min;
}

// ---- links of one work

typedef struct {
    const Graph *g;
    Arena *arena;
    int rank_min;
    ChainLink *links;
    size_t count, capacity;
} Links;

static void add_link(Links *l, const Edge *e, int side)
{
    const Node *other = &l->g->nodes[e->node[1 - side]];
    if (!may_see(other, l->rank_min))
        return;
    const ChainLink link = {.here = end_of(l->g, e, side, l->arena),
        .there = end_of(l->g, e, 1 - side, l->arena),
        .score = (double)e->score,
        .points = e->points,
        .negative = (e->flags & EDGE_NEGATIVE) != 0,
        .mirrored = (e->flags & EDGE_MIRRORED) != 0,
        .whole = (e->flags & EDGE_WHOLE) != 0};
    for (size_t i = 0; i < l->count; i++) {
        if (str_eq(l->links[i].there.object_id, link.there.object_id)) {
            if (l->links[i].points < link.points)
                l->links[i] = link;
            return;
        }
    }
    *arena_push(l->arena, &l->links, &l->count, &l->capacity) = link;
}

static int surest_first(const void *a, const void *b)
{
    const ChainLink *x = a, *y = b;
    if (x->points != y->points)
        return x->points > y->points ? -1 : 1;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return str_compare(x->there.object_id, y->there.object_id);
}

void chain_links(Chain *c, Str object_id, ViewerRole role, Arena *a, ChainLink **ret, size_t *ret_count)
{
    Links l = {.g = &c->graph, .arena = a, .rank_min = rights_rank_pixels(role)};
    pthread_rwlock_rdlock(&c->guard);
    for (uint32_t i = graph_find_object(l.g, object_id); i != CHAIN_NONE; i = l.g->nodes[i].next_of_object) {
        const Node *n = &l.g->nodes[i];
        if (!may_see(n, l.rank_min))
            continue;
        for (uint32_t at = n->first_edge; at != CHAIN_NONE; at = edge_next(&l.g->edges[at], i))
            add_link(&l, &l.g->edges[at], l.g->edges[at].node[0] == i ? 0 : 1);
    }
    pthread_rwlock_unlock(&c->guard);
    if (l.count > 1)
        qsort(l.links, l.count, sizeof(*l.links), surest_first);
    *ret = l.links;
    *ret_count = MIN_OF(l.count, (size_t)CHAIN_LINKS_MAX);
}

// ---- motifs: edges that meet in the same part of a picture are of one motif

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

typedef struct {
    size_t from, to; // places
    size_t works;
} Found;

static bool seen_before(const Graph *g, const Place *places, const size_t *kept, size_t count, uint32_t node)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(node_object(&g->nodes[places[kept[i]].node]), node_object(&g->nodes[node])))
            return true;
    }
    return false;
}

// The first place of each work, up to CHAIN_MOTIF_ENDS_MAX of them.
static size_t works_of(const Graph *g, const Place *places, Found found, size_t *ret_kept)
{
    size_t count = 0;
    for (size_t i = found.from; i < found.to && count < CHAIN_MOTIF_ENDS_MAX; i++) {
        if (!seen_before(g, places, ret_kept, count, places[i].node))
            ret_kept[count++] = i;
    }
    return count;
}

static int most_works_first(const void *a, const void *b)
{
    const Found *x = a, *y = b;
    if (x->works != y->works)
        return x->works > y->works ? -1 : 1;
    return x->from < y->from ? -1 : x->from > y->from;
}

static size_t find_motifs(const Graph *g, const Place *places, size_t count, size_t works_min, Found *ret)
{
    size_t found = 0, kept[CHAIN_MOTIF_ENDS_MAX];
    for (size_t i = 0; i < count;) {
        Found one = {.from = i};
        while (i < count && places[i].root == places[one.from].root)
            i++;
        one.to = i;
        one.works = works_of(g, places, one, kept);
        if (one.works >= works_min)
            ret[found++] = one;
    }
    qsort(ret, found, sizeof(*ret), most_works_first);
    return found;
}

static ChainMotif motif_of(const Graph *g, const Place *places, Found found, Arena *a)
{
    size_t kept[CHAIN_MOTIF_ENDS_MAX];
    ChainMotif motif = {.count = works_of(g, places, found, kept)};
    motif.ends = arena_array(a, ChainEnd, motif.count + 1);
    for (size_t i = 0; i < motif.count; i++) {
        const Place *p = &places[kept[i]];
        const Edge *e = &g->edges[p->edge];
        motif.ends[i] = end_of(g, e, e->node[0] == p->node ? 0 : 1, a);
    }
    return motif;
}

// All motifs of the moment. The guard is held.
typedef struct {
    Union u;
    Place *places;
    size_t places_count;
    Found *found;
    size_t count;
} Motifs;

static Motifs motifs_of(const Graph *g, ViewerRole role, size_t works_min)
{
    const size_t edges = MAX_OF(g->edges_count, 1);
    Motifs m = {
        .u = {.g = g, .rank_min = rights_rank_pixels(role), .parent = mem_alloc(sizeof(uint32_t) * edges)},
        .places = mem_alloc(sizeof(*m.places) * 2 * edges),
        .found = mem_alloc(sizeof(*m.found) * 2 * edges)};
    join_all(&m.u);
    m.places_count = find_places(&m.u, m.places);
    m.count = find_motifs(g, m.places, m.places_count, works_min, m.found);
    return m;
}

static void motifs_free(Motifs *m)
{
    free(m->u.parent);
    free(m->places);
    free(m->found);
}

void chain_motifs(Chain *c, ViewerRole role, size_t works_min, Arena *a, ChainMotif **ret, size_t *ret_count)
{
    pthread_rwlock_rdlock(&c->guard);
    Motifs m = motifs_of(&c->graph, role, works_min);
    const size_t count = MIN_OF(m.count, (size_t)CHAIN_MOTIFS_MAX);
    *ret = arena_array(a, ChainMotif, count + 1);
    for (size_t i = 0; i < count; i++)
        (*ret)[i] = motif_of(&c->graph, m.places, m.found[i], a);
    *ret_count = count;
    pthread_rwlock_unlock(&c->guard);
    motifs_free(&m);
}

static bool lies_at(const Graph *g, const Place *place, Str image_id, double x, double y)
{
    const EdgeBox box = box_at(&g->edges[place->edge], place->node);
    const double at_x = x * BOX_ONE - box.left, at_y = y * BOX_ONE - box.top;
    return at_x >= 0 && at_y >= 0 && at_x <= box.width && at_y <= box.height &&
           str_eq(node_image(&g->nodes[place->node]), image_id);
}

bool chain_motif_at(
    Chain *c, ViewerRole role, Str image_id, double x, double y, size_t works_min, Arena *a, ChainMotif *ret)
{
    bool there = false;
    pthread_rwlock_rdlock(&c->guard);
    Motifs m = motifs_of(&c->graph, role, works_min);
    for (size_t i = 0; i < m.count && !there; i++) {
        for (size_t p = m.found[i].from; p < m.found[i].to && !there; p++)
            there = lies_at(&c->graph, &m.places[p], image_id, x, y);
        if (there)
            *ret = motif_of(&c->graph, m.places, m.found[i], a);
    }
    pthread_rwlock_unlock(&c->guard);
    motifs_free(&m);
    return there;
}
