// SPDX-License-Identifier: Apache-2.0
#include "chain/int.h"

#include <stdlib.h>

Str node_object(const Node *n)
{
    return (Str){n->ids, n->object_bytes};
}

Str node_image(const Node *n)
{
    return (Str){n->ids + n->object_bytes, n->image_bytes};
}

// FNV-1a
static size_t hash_of(Str image_id, uint64_t master)
{
    uint64_t hash = 14695981039346656037u ^ master;
    for (size_t i = 0; i < image_id.n; i++)
        hash = (hash ^ (unsigned char)image_id.p[i]) * 1099511628211u;
    return (size_t)(hash ^ hash >> 32);
}

static uint32_t *slot_of(const Graph *g, Str image_id, uint64_t master)
{
    size_t at = hash_of(image_id, master) & (g->table_size - 1);
    for (; g->table[at] != CHAIN_NONE; at = (at + 1) & (g->table_size - 1)) {
        const Node *n = &g->nodes[g->table[at]];
        if (n->master == master && str_eq(node_image(n), image_id))
            break;
    }
    return &g->table[at];
}

static uint32_t *object_slot(const Graph *g, Str object_id)
{
    size_t at = hash_of(object_id, 0) & (g->table_size - 1);
    while (g->objects[at] != CHAIN_NONE && !str_eq(node_object(&g->nodes[g->objects[at]]), object_id))
        at = (at + 1) & (g->table_size - 1);
    return &g->objects[at];
}

static uint32_t *empty_table(uint32_t *old, size_t size)
{
    free(old);
    uint32_t *table = mem_alloc(sizeof(*table) * size);
    memset(table, 0xff, sizeof(*table) * size);
    return table;
}

static void enter(Graph *g, uint32_t node)
{
    Node *n = &g->nodes[node];
    uint32_t *object = object_slot(g, node_object(n));
    *slot_of(g, node_image(n), n->master) = node;
    n->next_of_object = *object;
    *object = node;
}

static void grow_tables(Graph *g)
{
    g->table_size = g->table_size ? g->table_size * 2 : 1024;
    g->table = empty_table(g->table, g->table_size);
    g->objects = empty_table(g->objects, g->table_size);
    for (size_t i = 0; i < g->nodes_count; i++)
        enter(g, (uint32_t)i);
}

uint32_t graph_find(const Graph *g, Str image_id, uint64_t master)
{
    return g->table_size == 0 ? CHAIN_NONE : *slot_of(g, image_id, master);
}

uint32_t graph_find_object(const Graph *g, Str object_id)
{
    return g->table_size == 0 ? CHAIN_NONE : *object_slot(g, object_id);
}

uint32_t graph_add_node(Graph *g, Str object_id, Str image_id, uint64_t master)
{
    if (g->nodes_count == CHAIN_NODES_MAX || object_id.n + image_id.n > ID_MAX_BYTES)
        return CHAIN_NONE;
    if (g->nodes_count * 2 >= g->table_size)
        grow_tables(g);
    if (g->nodes_count == g->nodes_capacity) {
        g->nodes_capacity = g->nodes_capacity ? g->nodes_capacity * 2 : 256;
        g->nodes = mem_grow(g->nodes, g->nodes_capacity, sizeof(*g->nodes));
    }
    Node *n = &g->nodes[g->nodes_count];
    *n = (Node){.ids = mem_alloc(object_id.n + image_id.n + 1),
        .object_bytes = (uint16_t)object_id.n,
        .image_bytes = (uint16_t)image_id.n,
        .master = master,
        .first_edge = CHAIN_NONE};
    memcpy(n->ids, object_id.p, object_id.n);
    memcpy(n->ids + object_id.n, image_id.p, image_id.n);
    enter(g, (uint32_t)g->nodes_count);
    return (uint32_t)g->nodes_count++;
}

uint32_t edge_next(const Edge *e, uint32_t node)
{
    return e->next[e->node[0] == node ? 0 : 1];
}

static Edge *edge_between(const Graph *g, uint32_t a, uint32_t b)
{
    for (uint32_t at = g->nodes[a].first_edge; at != CHAIN_NONE; at = edge_next(&g->edges[at], a)) {
        Edge *e = &g->edges[at];
        if ((e->node[0] == a && e->node[1] == b) || (e->node[0] == b && e->node[1] == a))
            return e;
    }
    return NULL;
}

void graph_add_edge(Graph *g, const Edge *edge)
{
    Edge *old = edge_between(g, edge->node[0], edge->node[1]);
    if (old != NULL) {
        if (old->score >= edge->score)
            return;
        const bool turned = old->node[0] != edge->node[0];
        old->score = edge->score;
        old->points = edge->points;
        old->flags = edge->flags;
        old->box[0] = edge->box[turned ? 1 : 0];
        old->box[1] = edge->box[turned ? 0 : 1];
        return;
    }
    if (g->edges_count == CHAIN_EDGES_MAX)
        return;
    if (g->edges_count == g->edges_capacity) {
        g->edges_capacity = g->edges_capacity ? g->edges_capacity * 2 : 256;
        g->edges = mem_grow(g->edges, g->edges_capacity, sizeof(*g->edges));
    }
    Edge *e = &g->edges[g->edges_count];
    *e = *edge;
    for (int side = 0; side < 2; side++) {
        e->next[side] = g->nodes[e->node[side]].first_edge;
        g->nodes[e->node[side]].first_edge = (uint32_t)g->edges_count;
    }
    g->edges_count++;
}

void graph_free(Graph *g)
{
    for (size_t i = 0; i < g->nodes_count; i++)
        free(g->nodes[i].ids);
    free(g->nodes);
    free(g->edges);
    free(g->table);
    free(g->objects);
    *g = (Graph){0};
}

void graph_shrink(Graph *g)
{
    Graph kept = {0};
    uint32_t *number = mem_alloc(sizeof(*number) * MAX_OF(g->nodes_count, 1));
    for (size_t i = 0; i < g->nodes_count; i++) {
        const Node *n = &g->nodes[i];
        number[i] = n->here ? graph_add_node(&kept, node_object(n), node_image(n), n->master) : CHAIN_NONE;
        if (number[i] == CHAIN_NONE)
            continue;
        Node *copy = &kept.nodes[number[i]];
        copy->here = true;
        copy->asked = n->asked;
        copy->missing = n->missing;
        copy->rank = n->rank;
    }
    for (size_t i = 0; i < g->edges_count; i++) {
        Edge e = g->edges[i];
        e.node[0] = number[e.node[0]];
        e.node[1] = number[e.node[1]];
        if (e.node[0] != CHAIN_NONE && e.node[1] != CHAIN_NONE)
            graph_add_edge(&kept, &e);
    }
    free(number);
    graph_free(g);
    *g = kept;
}
