// SPDX-License-Identifier: Apache-2.0
// What the graph tells: the links of one work. Its motifs: motifs.c.
#include "chain/int.h"

#include <stdlib.h>

ChainEnd end_of(const Graph *g, const Edge *e, int side, Arena *a)
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

bool may_see(const Node *n, int rank_min)
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
