// SPDX-License-Identifier: Apache-2.0
#include "pattern/border.h"

enum { RIGHT, DOWN, LEFT, UP, WAYS };
static const int DX[WAYS] = {1, 0, -1, 0}, DY[WAYS] = {0, 1, 0, -1};

// Every unit of border has two ends; the map keeps it under its left or upper one.
typedef struct {
    const Flat *flat;
    int width, height;
    int *across, *down; // arc + 1 of the unit that begins at a corner and leads right, or down; 0: not walked
    Borders to;
    size_t arcs_count, arcs_capacity;
    Arena *a;
} Walker;

static int label_at(const Flat *f, int x, int y)
{
    if (x < 0 || y < 0 || x >= f->width_px || y >= f->height_px)
        return OUTSIDE;
    return f->labels[(size_t)y * (size_t)f->width_px + (size_t)x];
}

// Labels at the left and the right of somebody who walks from the corner in this direction.
static void sides(const Flat *f, int x, int y, int way, int *left, int *right)
{
    static const int left_x[WAYS] = {0, 0, -1, -1}, left_y[WAYS] = {-1, 0, 0, -1};
    static const int right_x[WAYS] = {0, -1, -1, 0}, right_y[WAYS] = {0, 0, -1, -1};
    *left = label_at(f, x + left_x[way], y + left_y[way]);
    *right = label_at(f, x + right_x[way], y + right_y[way]);
}

static bool is_border(const Flat *f, int x, int y, int way)
{
    int left, right;
    sides(f, x, y, way, &left, &right);
    return left != right;
}

static bool is_node(const Flat *f, int x, int y)
{
    int count = 0;
    for (int way = 0; way < WAYS; way++)
        count += is_border(f, x, y, way);
    const bool edge_x = x == 0 || x == f->width_px, edge_y = y == 0 || y == f->height_px;
    return count > 2 || (edge_x && edge_y);
}

static int *unit_at(const Walker *w, int x, int y, int way)
{
    const size_t columns = (size_t)w->width + 1;
    switch (way) {
    case RIGHT:
        return &w->across[(size_t)y * columns + (size_t)x];
    case LEFT:
        return &w->across[(size_t)y * columns + (size_t)x - 1];
    case DOWN:
        return &w->down[(size_t)y * columns + (size_t)x];
    default:
        return &w->down[((size_t)y - 1) * columns + (size_t)x];
    }
}

static void add_corner(Walker *w, int x, int y)
{
    w->to.x[w->to.corners] = (uint16_t)x;
    w->to.y[w->to.corners++] = (uint16_t)y;
}

// From a corner on until a node, or around to where it began.
static void walk(Walker *w, int x, int y, int way)
{
    int left, right;
    const int start_x = x, start_y = y, number = w->to.arcs_count + 1;
    sides(w->flat, x, y, way, &left, &right);
    Arc arc = {.first = w->to.corners, .left = (uint8_t)left, .right = (uint8_t)right};
    add_corner(w, x, y);
    for (;;) {
        *unit_at(w, x, y, way) = number;
        x += DX[way];
        y += DY[way];
        if (is_node(w->flat, x, y)) {
            add_corner(w, x, y);
            break;
        }
        if (x == start_x && y == start_y) {
            arc.ring = true;
            break;
        }
        add_corner(w, x, y);
        int next = (way + 1) % WAYS;
        while (next == (way + 2) % WAYS || !is_border(w->flat, x, y, next))
            next = (next + 1) % WAYS;
        way = next;
    }
    arc.count = w->to.corners - arc.first;
    *arena_push(w->a, &w->to.arcs, &w->arcs_count, &w->arcs_capacity) = arc;
    w->to.arcs_count++;
}

static void walk_all(Walker *w, bool nodes)
{
    for (int y = 0; y <= w->height; y++)
        for (int x = 0; x <= w->width; x++)
            for (int way = 0; way < WAYS && (!nodes || is_node(w->flat, x, y)); way++)
                if (is_border(w->flat, x, y, way) && *unit_at(w, x, y, way) == 0)
                    walk(w, x, y, way);
}

static Walker walker_make(const Flat *flat, Arena *a)
{
    const size_t corners = ((size_t)flat->width_px + 1) * ((size_t)flat->height_px + 1);
    Walker w = {.flat = flat, .width = flat->width_px, .height = flat->height_px, .a = a};
    w.across = arena_array(a, int, corners);
    w.down = arena_array(a, int, corners);
    return w;
}

Borders borders_find(const Flat *flat, Arena *a)
{
    Walker w = walker_make(flat, a);
    // No more units of border than 2 a corner, and an arc has one corner more than units.
    const size_t corners = 4 * ((size_t)flat->width_px + 1) * ((size_t)flat->height_px + 1);
    w.to.x = arena_array(a, uint16_t, corners);
    w.to.y = arena_array(a, uint16_t, corners);
    walk_all(&w, true);
    walk_all(&w, false);
    return w.to;
}

// ---- rings

typedef struct {
    Walker w;
    const Borders *borders;
    bool *used[2]; // forwards, backwards
    ArcUse *uses;
} Rings;

static int way_between(int x0, int y0, int x1, int y1)
{
    return x1 > x0 ? RIGHT : x1 < x0 ? LEFT : y1 > y0 ? DOWN : UP;
}

static int corner_of(const Arc *arc, bool backwards, int i)
{
    return backwards ? arc->first + arc->count - 1 - i : arc->first + i;
}

static int leaves(const Borders *b, const Arc *arc, bool backwards)
{
    const int p = corner_of(arc, backwards, 0), q = corner_of(arc, backwards, 1);
    return way_between(b->x[p], b->y[p], b->x[q], b->y[q]);
}

// At the end of an arc with an area on the left, the next one around it: the sharpest turn to the left.
static ArcUse next_use(const Rings *r, ArcUse use)
{
    const Borders *b = r->borders;
    const Arc *arc = &b->arcs[use.arc];
    const int p = corner_of(arc, use.backwards, arc->count - 2),
              q = corner_of(arc, use.backwards, arc->count - 1);
    const int way = way_between(b->x[p], b->y[p], b->x[q], b->y[q]);
    static const int turns[3] = {3, 0, 1}; // left, straight, right
    for (int i = 0; i < 3; i++) {
        const int next = (way + turns[i]) % WAYS;
        if (!is_border(r->w.flat, b->x[q], b->y[q], next))
            continue;
        const int number = *unit_at(&r->w, b->x[q], b->y[q], next) - 1;
        const Arc *other = &b->arcs[number];
        const int first = corner_of(other, false, 0);
        const bool forwards =
            b->x[first] == b->x[q] && b->y[first] == b->y[q] && leaves(b, other, false) == next;
        return (ArcUse){number, !forwards};
    }
    return use; // a node has at least two arcs
}

static void ring_from(Rings *r, int label, ArcUse start, BorderRing *ring, void *ctx)
{
    int count = 0;
    ArcUse use = start;
    do {
        r->used[use.backwards][use.arc] = true;
        r->uses[count++] = use;
        if (r->borders->arcs[use.arc].ring)
            break;
        use = next_use(r, use);
    } while (use.arc != start.arc || use.backwards != start.backwards);
    ring(ctx, label, r->uses, count);
}

// Writes into the map which arc each unit belongs to.
static void remember(Walker *w, const Borders *b)
{
    for (int i = 0; i < b->arcs_count; i++) {
        const Arc *arc = &b->arcs[i];
        for (int k = arc->first; k < arc->first + arc->count - !arc->ring; k++) {
            const int next = k + 1 == arc->first + arc->count ? arc->first : k + 1;
            *unit_at(w, b->x[k], b->y[k], way_between(b->x[k], b->y[k], b->x[next], b->y[next])) = i + 1;
        }
    }
}

void borders_rings(const Flat *flat, const Borders *borders, Arena *a, BorderRing *ring, void *ctx)
{
    const size_t arcs = (size_t)borders->arcs_count;
    Rings r = {.w = walker_make(flat, a), .borders = borders, .uses = arena_array(a, ArcUse, 2 * arcs + 1)};
    r.used[0] = arena_array(a, bool, arcs + 1);
    r.used[1] = arena_array(a, bool, arcs + 1);
    remember(&r.w, borders);
    for (int label = 0; label < flat->count; label++) {
        for (int i = 0; i < borders->arcs_count; i++) {
            const Arc *arc = &borders->arcs[i];
            if (arc->left == label && !r.used[0][i])
                ring_from(&r, label, (ArcUse){i, false}, ring, ctx);
            if (arc->right == label && !r.used[1][i])
                ring_from(&r, label, (ArcUse){i, true}, ring, ctx);
        }
    }
}
