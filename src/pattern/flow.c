// SPDX-License-Identifier: Apache-2.0
// `leaning` above 0 is room from the source (the far side is the source's), below 0 room to the sink. Every
// pixel is free or in the tree of the source or of the sink; where the trees touch there is a path, which is
// filled; what loses its way to the root looks for another parent or is set free.
#include "pattern/flow.h"

enum { FREE, SOURCE, SINK };
enum { ROOT = 8, NONE = 9, ORPHAN = 10 }; // of `parent`, beside the eight directions

const int8_t FLOW_DX[FLOW_TIES] = {1, -1, 0, 0, 1, -1, -1, 1};
const int8_t FLOW_DY[FLOW_TIES] = {0, 0, 1, -1, 1, -1, 1, -1};

typedef struct {
    int32_t *room, *end; // of ties; of the way to or from the terminal (signed)
    uint8_t *tree, *parent, *waits;
    int32_t *far, *seen; // steps to the root, and in which round that was true
    int32_t *active;     // ring of active pixels; each is in it once at most
    int32_t *orphans;
    int step[FLOW_TIES], count, active_from, active_count, orphans_count, round;
} Flow;

FlowGrid flow_grid(int width, int height, Arena *a)
{
    const size_t n = (size_t)width * (size_t)height;
    FlowGrid grid = {.width = width, .height = height};
    grid.ties = arena_array(a, int32_t, n * FLOW_TIES);
    grid.leaning = arena_array(a, int32_t, n);
    memset(grid.ties, 0, n * FLOW_TIES * sizeof(*grid.ties));
    memset(grid.leaning, 0, n * sizeof(*grid.leaning));
    return grid;
}

void flow_tie(FlowGrid *grid, int x, int y, int direction, int32_t cost)
{
    const int to_x = x + FLOW_DX[direction], to_y = y + FLOW_DY[direction];
    if (to_x < 0 || to_y < 0 || to_x >= grid->width || to_y >= grid->height)
        return;
    grid->ties[(y * grid->width + x) * FLOW_TIES + direction] = cost;
    grid->ties[(to_y * grid->width + to_x) * FLOW_TIES + (direction ^ 1)] = cost;
}

static void activate(Flow *f, int i)
{
    if (f->waits[i])
        return;
    f->waits[i] = 1;
    int at = f->active_from + f->active_count++;
    f->active[at >= f->count ? at - f->count : at] = i;
}

static void orphan(Flow *f, int i)
{
    f->parent[i] = ORPHAN;
    f->orphans[f->orphans_count++] = i;
}

// Room from the root's side of the tie (i, d) to the other, for the tree that i is in.
static inline int32_t *outward(Flow *f, int i, int d)
{
    return f->tree[i] == SOURCE ? &f->room[i * FLOW_TIES + d]
                                : &f->room[(i + f->step[d]) * FLOW_TIES + (d ^ 1)];
}

// Room on the way from a pixel's parent (for the sink: to it), parent in direction d.
static inline int32_t *inward(Flow *f, int i, int d)
{
    return f->tree[i] == SOURCE ? &f->room[(i + f->step[d]) * FLOW_TIES + (d ^ 1)]
                                : &f->room[i * FLOW_TIES + d];
}

static int32_t narrowest(Flow *f, int i, int32_t most)
{
    for (; f->parent[i] != ROOT; i += f->step[f->parent[i]])
        most = MIN_OF(most, *inward(f, i, f->parent[i]));
    return MIN_OF(most, f->end[i] < 0 ? -f->end[i] : f->end[i]);
}

static void fill(Flow *f, int i, int32_t much)
{
    while (f->parent[i] != ROOT) {
        const int d = f->parent[i], next = i + f->step[d];
        const bool source = f->tree[i] == SOURCE;
        f->room[i * FLOW_TIES + d] += source ? much : -much;
        f->room[next * FLOW_TIES + (d ^ 1)] += source ? -much : much;
        if (!*inward(f, i, d))
            orphan(f, i);
        i = next;
    }
    f->end[i] += f->end[i] > 0 ? -much : much;
    if (!f->end[i])
        orphan(f, i);
}

// Steps to the root, or -1 if the way ends at an orphan. What was walked is remembered for this round.
static int32_t way(Flow *f, int i)
{
    int32_t steps = 0;
    int at = i;
    while (f->seen[at] != f->round && f->parent[at] < ROOT) {
        at += f->step[f->parent[at]];
        steps++;
    }
    if (f->seen[at] != f->round) {
        if (f->parent[at] != ROOT)
            return -1;
        f->seen[at] = f->round;
        f->far[at] = 0;
    }
    steps += f->far[at];
    int32_t left = steps;
    for (; f->seen[i] != f->round; i += f->step[f->parent[i]]) {
        f->seen[i] = f->round;
        f->far[i] = left--;
    }
    return steps;
}

static void release(Flow *f, int i)
{
    for (int d = 0; d < FLOW_TIES; d++) {
        // A tie out of the grid has no room either way, and is never followed.
        if (!(f->room[i * FLOW_TIES + d] || (i + f->step[d] >= 0 && i + f->step[d] < f->count &&
                                                f->room[(i + f->step[d]) * FLOW_TIES + (d ^ 1)])))
            continue;
        const int j = i + f->step[d];
        if (f->tree[j] != f->tree[i])
            continue;
        if (f->parent[j] != NONE && *inward(f, i, d))
            activate(f, j);
        if (f->parent[j] == (d ^ 1))
            orphan(f, j);
    }
    f->tree[i] = FREE;
    f->parent[i] = NONE;
}

static void adopt(Flow *f)
{
    while (f->orphans_count) {
        const int i = f->orphans[--f->orphans_count];
        int best = NONE;
        int32_t best_far = INT32_MAX;
        for (int d = 0; d < FLOW_TIES; d++) {
            const int j = i + f->step[d];
            if (j < 0 || j >= f->count || f->tree[j] != f->tree[i] || !*inward(f, i, d))
                continue;
            const int32_t far = way(f, j);
            if (far >= 0 && far < best_far) {
                best_far = far;
                best = d;
            }
        }
        if (best == NONE) {
            release(f, i);
            continue;
        }
        f->parent[i] = (uint8_t)best;
        f->seen[i] = f->round;
        f->far[i] = best_far + 1;
    }
}

// Grows the tree at i. True if it met the other tree, in that direction.
static bool grow(Flow *f, int i, int *ret_direction)
{
    for (int d = 0; d < FLOW_TIES; d++) {
        const int j = i + f->step[d];
        if (j < 0 || j >= f->count || !*outward(f, i, d))
            continue;
        if (f->tree[j] == FREE) {
            f->tree[j] = f->tree[i];
            f->parent[j] = (uint8_t)(d ^ 1);
            f->seen[j] = f->seen[i];
            f->far[j] = f->far[i] + 1;
            activate(f, j);
        } else if (f->tree[j] != f->tree[i]) {
            *ret_direction = d;
            return true;
        }
    }
    return false;
}

static void push(Flow *f, int i, int d)
{
    const int j = i + f->step[d];
    const int source = f->tree[i] == SOURCE ? i : j, sink = source == i ? j : i,
              way_d = source == i ? d : d ^ 1;
    int32_t much = narrowest(f, source, f->room[source * FLOW_TIES + way_d]);
    much = narrowest(f, sink, much);
    f->room[source * FLOW_TIES + way_d] -= much;
    f->room[sink * FLOW_TIES + (way_d ^ 1)] += much;
    fill(f, source, much);
    fill(f, sink, much);
}

static Flow flow_begin(FlowGrid *grid, Arena *a)
{
    const size_t n = (size_t)grid->width * (size_t)grid->height;
    Flow f = {.room = grid->ties, .end = grid->leaning, .count = (int)n, .round = 1};
    f.tree = arena_alloc(a, n);
    f.parent = arena_alloc(a, n);
    f.waits = arena_alloc(a, n);
    f.far = arena_array(a, int32_t, n);
    f.seen = arena_array(a, int32_t, n);
    f.active = arena_array(a, int32_t, n);
    f.orphans = arena_array(a, int32_t, n);
    memset(f.waits, 0, n);
    for (int d = 0; d < FLOW_TIES; d++)
        f.step[d] = FLOW_DY[d] * grid->width + FLOW_DX[d];
    for (int i = 0; i < f.count; i++) {
        f.far[i] = f.seen[i] = 0;
        f.tree[i] = f.end[i] > 0 ? SOURCE : f.end[i] < 0 ? SINK : FREE;
        f.parent[i] = f.tree[i] == FREE ? NONE : ROOT;
        if (f.tree[i] != FREE)
            activate(&f, i);
    }
    return f;
}

void flow_cut(FlowGrid *grid, Arena *a, uint8_t *far_side)
{
    Flow f = flow_begin(grid, a);
    while (f.active_count) {
        const int i = f.active[f.active_from];
        int d;
        // It stays first as long as it meets the other tree.
        while (f.tree[i] != FREE && grow(&f, i, &d)) {
            push(&f, i, d);
            f.round++;
            adopt(&f);
        }
        f.active_from = f.active_from + 1 == f.count ? 0 : f.active_from + 1;
        f.active_count--;
        f.waits[i] = 0;
    }
    for (int i = 0; i < f.count; i++)
        far_side[i] = f.tree[i] == SOURCE;
}
