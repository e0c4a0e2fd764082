// SPDX-License-Identifier: Apache-2.0
// Peaks of the likeness are where the picture fits onto itself; that alone says little, for every motif has
// parts that are like other parts. A step of a repeat also carries the whole likeness onto itself: what is
// one step further is as like as what is here. That is measured for each strong peak (periodic), and the
// two shortest steps that are nearly as good as the best make the net.
#include "pattern/lattice.h"

#include <math.h>
#include <stdlib.h>

enum {
    LOOK_SIDE = 256, // pixels looked at along the longer side
    PEAKS_MAX = 36,
    STEP_MIN = 5,      // of a repeat, in pixels looked at
    POINTS_MAX = 2000, // of a net
    FIT_ROUNDS = 3,
    ZOOMS = 3,
};
static const double WORTH_SHARE = 0.42; // of the strongest peaks: what a point must hold
static const double OVERLAP_MIN = 0.16; // of the picture: shifts that leave less say nothing
static const double SURE_MIN = 0.7,
                    SURE_STRIP_MIN = 0.8; // frames and mouldings make half a strip of anything

typedef struct {
    double x, y;
} Vec;

typedef struct {
    Vec at;
    double height, seen; // seen: overlap of the two pictures, 0 .. 1
} Peak;

typedef struct {
    Likeness l;
    double width, height; // of the picture looked at
    double noise;         // of height * seen, by chance
    double strong;        // height of the best peaks
    Peak *peaks;
    int count;
} Search;

typedef struct {
    Vec a, b; // b zero: a strip
} Net;

// ---- the likeness

static double overlap(const Search *s, Vec v)
{
    return fmax(0, 1 - fabs(v.x) / s->width) * fmax(0, 1 - fabs(v.y) / s->height);
}

// 1 4 6 4 1, along rows and columns; the rows below zero are those above it, turned.
static void smooth(Likeness *l, Arena *a)
{
    static const float weights[5] = {1 / 16.f, 4 / 16.f, 6 / 16.f, 4 / 16.f, 1 / 16.f};
    const int width = 2 * l->reach_x + 1, height = l->reach_y + 1;
    float *across = arena_array(a, float, (size_t)width *(size_t)height);
    float *both = arena_array(a, float, (size_t)width *(size_t)height);
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int k = -2; k <= 2; k++)
                across[(size_t)y * (size_t)width + (size_t)x] +=
                    weights[k + 2] *
                    l->at[(size_t)y * (size_t)width + (size_t)MIN_OF(MAX_OF(x + k, 0), width - 1)];
    for (int y = 0; y < height; y++)
        for (int x = 0; x < width; x++)
            for (int k = -2; k <= 2; k++) {
                const int v = MIN_OF(y + k, height - 1);
                both[(size_t)y * (size_t)width + (size_t)x] +=
                    weights[k + 2] *
                    (v < 0 ? across[(size_t)MIN_OF(-v, height - 1) * (size_t)width + (size_t)(width - 1 - x)]
                           : across[(size_t)v * (size_t)width + (size_t)x]);
            }
    l->at = both;
}

static double value(const Search *s, int x, int y)
{
    if (y < 0) {
        x = -x;
        y = -y;
    }
    if (x < -s->l.reach_x || x > s->l.reach_x || y > s->l.reach_y)
        return 0;
    return (double)*likeness_at(&s->l, x, y);
}

// The top of the parabola through three values: how far from the middle one, and how high.
static double top_of(double before, double here, double after, double *ret_rise)
{
    const double bend = before - 2 * here + after;
    const double shift = bend < 0 ? fmax(-0.5, fmin(0.5, (before - after) / (2 * bend))) : 0;
    *ret_rise = bend < 0 ? -(before - after) * (before - after) / (8 * bend) : 0;
    return shift;
}

static Peak peak_at(const Search *s, int x, int y)
{
    double rise_x, rise_y;
    const double here = value(s, x, y);
    const Vec at = {x + top_of(value(s, x - 1, y), here, value(s, x + 1, y), &rise_x),
        y + top_of(value(s, x, y - 1), here, value(s, x, y + 1), &rise_y)};
    return (Peak){at, here + rise_x + rise_y, overlap(s, at)};
}

static bool is_top(const Search *s, int x, int y)
{
    const double here = value(s, x, y);
    for (int dy = -2; dy <= 2; dy++)
        for (int dx = -2; dx <= 2; dx++)
            if ((dx || dy) && value(s, x + dx, y + dy) > here)
                return false;
    return true;
}

static int by_weight(const void *x, const void *y)
{
    const Peak *p = x, *q = y;
    const double d = q->height * q->seen - p->height * p->seen;
    return d > 0 ? 1 : d < 0 ? -1 : p->at.x < q->at.x ? -1 : 1;
}

static int by_size(const void *x, const void *y)
{
    const double p = *(const double *)x, q = *(const double *)y;
    return p < q ? -1 : p > q;
}

// How large height * seen is by chance: 1.48 times the median of its size.
static double measure_noise(const Search *s, Arena *a)
{
    size_t count = 0;
    double *sizes = arena_array(a, double, (size_t)(2 * s->l.reach_x + 1) * (size_t)(s->l.reach_y + 1));
    for (int y = 0; y <= s->l.reach_y; y += 2)
        for (int x = -s->l.reach_x; x <= s->l.reach_x; x += 3) {
            const Vec v = {x, y};
            if (hypot(x, y) >= STEP_MIN && overlap(s, v) >= OVERLAP_MIN)
                sizes[count++] = fabs(value(s, x, y)) * overlap(s, v);
        }
    if (count == 0)
        return 0;
    qsort(sizes, count, sizeof(*sizes), by_size);
    return 1.48 * sizes[count / 2];
}

static void find_peaks(Search *s, Arena *a)
{
    size_t count = 0, capacity = 0;
    Peak *peaks = NULL;
    for (int y = 0; y <= s->l.reach_y; y++) {
        for (int x = -s->l.reach_x; x <= s->l.reach_x; x++) {
            if ((y == 0 && x <= 0) || hypot(x, y) < STEP_MIN || overlap(s, (Vec){x, y}) < OVERLAP_MIN)
                continue;
            if (value(s, x, y) * overlap(s, (Vec){x, y}) > 2 * s->noise && is_top(s, x, y))
                *arena_push(a, &peaks, &count, &capacity) = peak_at(s, x, y);
        }
    }
    if (count)
        qsort(peaks, count, sizeof(*peaks), by_weight);
    s->peaks = peaks;
    s->count = (int)MIN_OF(count, (size_t)PEAKS_MAX);
    for (int i = 0; i < MIN_OF(s->count, 3); i++)
        s->strong += peaks[i].height / MIN_OF(s->count, 3);
}

// ---- nets

typedef struct {
    int i, j;
    Peak peak; // best near the point
} NetPoint;

// The best place within a pixel or two of where the net expects one; farther out the cloth may have
// stretched.
static Peak near(const Search *s, Vec at)
{
    const int reach = 1 + (hypot(at.x, at.y) > 90);
    int best_x = (int)lround(at.x), best_y = (int)lround(at.y);
    const int cx = best_x, cy = best_y;
    double best = -1;
    for (int dy = -reach; dy <= reach; dy++)
        for (int dx = -reach; dx <= reach; dx++) {
            const double v = value(s, cx + dx, cy + dy);
            if (v > best) {
                best = v;
                best_x = cx + dx;
                best_y = cy + dy;
            }
        }
    return peak_at(s, best_x, best_y);
}

static Vec point(const Net *n, int i, int j)
{
    return (Vec){i * n->a.x + j * n->b.x, i * n->a.y + j * n->b.y};
}

// One of each two opposite points, those that have seen enough. Their count.
static int net_points(const Search *s, const Net *n, NetPoint *points)
{
    int count = 0;
    const double area = fabs(n->a.x * n->b.y - n->a.y * n->b.x), reach = hypot(s->width, s->height);
    const double high_a = area > 0 ? area / hypot(n->b.x, n->b.y) : hypot(n->a.x, n->a.y);
    const double high_b = area > 0 ? area / hypot(n->a.x, n->a.y) : HUGE_VAL;
    const int most_i = (int)fmin(200, reach / high_a), most_j = (int)fmin(200, reach / high_b);
    for (int j = 0; j <= most_j; j++) {
        for (int i = j ? -most_i : 1; i <= most_i && count < POINTS_MAX; i++) {
            const Vec at = point(n, i, j);
            if (overlap(s, at) >= OVERLAP_MIN)
                points[count++] = (NetPoint){i, j, near(s, at)};
        }
    }
    return count;
}

static double dot(Vec a, Vec b)
{
    return a.x * b.x + a.y * b.y;
}

// The shortest two steps that make the same net (Lagrange).
static void reduce(Net *n)
{
    for (int turn = 0; turn < 64; turn++) {
        if (dot(n->a, n->a) > dot(n->b, n->b)) {
            const Vec t = n->a;
            n->a = n->b;
            n->b = t;
        }
        const double turns = round(dot(n->a, n->b) / dot(n->a, n->a));
        if (turns == 0)
            return;
        n->b = (Vec){n->b.x - turns * n->a.x, n->b.y - turns * n->a.y};
    }
}

// Least squares of the steps to where the peaks are.
static void fit(const Search *s, Net *n, NetPoint *points)
{
    for (int round = 0; round < FIT_ROUNDS; round++) {
        const int count = net_points(s, n, points);
        double ii = 0, ij = 0, jj = 0;
        Vec xi = {0}, xj = {0};
        for (int k = 0; k < count; k++) {
            const Peak *p = &points[k].peak;
            const double w =
                p->seen * fmax(0, p->height - 0.5 * WORTH_SHARE * s->strong) / (4 + hypot(p->at.x, p->at.y));
            const double i = points[k].i, j = points[k].j;
            ii += w * i * i;
            ij += w * i * j;
            jj += w * j * j;
            xi = (Vec){xi.x + w * i * p->at.x, xi.y + w * i * p->at.y};
            xj = (Vec){xj.x + w * j * p->at.x, xj.y + w * j * p->at.y};
        }
        const double det = ii * jj - ij * ij;
        if (n->b.x == 0 && n->b.y == 0) {
            if (ii > 0)
                n->a = (Vec){xi.x / ii, xi.y / ii};
        } else if (det > 1e-9 * ii * jj) {
            n->a = (Vec){(xi.x * jj - xj.x * ij) / det, (xi.y * jj - xj.y * ij) / det};
            n->b = (Vec){(xj.x * ii - xi.x * ij) / det, (xj.y * ii - xi.y * ij) / det};
        }
    }
}

// ---- how sure

// How like the likeness is to itself one step further, away from the middle where everything is alike: near 1
// for a repeat, whatever grain or loss lies over it, and near 0 by chance. The peaks alone do not say that:
// one high peak is a motif that comes twice.
static double periodic(const Search *s, Vec step)
{
    double n = 0, sp = 0, sq = 0, spp = 0, sqq = 0, spq = 0;
    const double near_px = 2 * STEP_MIN;
    for (int y = -s->l.reach_y; y <= s->l.reach_y; y += 3) {
        for (int x = -s->l.reach_x; x <= s->l.reach_x; x += 3) {
            const Vec q = {x + round(step.x), y + round(step.y)};
            if (hypot(x, y) < near_px || hypot(q.x, q.y) < near_px || overlap(s, (Vec){x, y}) < 0.2 ||
                overlap(s, q) < 0.2)
                continue;
            const double p = value(s, x, y), v = value(s, (int)q.x, (int)q.y);
            n++;
            sp += p;
            sq += v;
            spp += p * p;
            sqq += v * v;
            spq += p * v;
        }
    }
    const double vp = spp - sp * sp / n, vq = sqq - sq * sq / n;
    return n > 100 && vp > 0 && vq > 0 ? (spq - sp * sq / n) / sqrt(vp * vq) : 0;
}

static double sure_of(const Search *s, const Net *n)
{
    double r = periodic(s, n->a);
    if (n->b.x != 0 || n->b.y != 0)
        r = fmin(r, periodic(s, n->b));
    return fmax(0, r);
}

// ---- choosing

static const double LEAST_OF_BEST = 0.82; // a step is one of the net if it is that good beside the best

typedef struct {
    Vec at;
    double good;
} Step;

static int by_length(const void *x, const void *y)
{
    const Step *p = x, *q = y;
    const double d = dot(p->at, p->at) - dot(q->at, q->at);
    return d < 0 ? -1 : d > 0 ? 1 : p->at.x < q->at.x ? -1 : 1;
}

// Peaks that are steps of a repeat, shortest first.
static int find_steps(const Search *s, Step *steps)
{
    double best = 0;
    int count = 0;
    for (int i = 0; i < s->count; i++) {
        steps[i] = (Step){s->peaks[i].at, periodic(s, s->peaks[i].at)};
        best = fmax(best, steps[i].good);
    }
    for (int i = 0; i < s->count; i++)
        if (steps[i].good >= LEAST_OF_BEST * best && steps[i].good >= SURE_MIN * 0.7)
            steps[count++] = steps[i];
    qsort(steps, (size_t)count, sizeof(*steps), by_length);
    return count;
}

static bool is_aslant(Vec a, Vec b)
{
    return fabs(a.x * b.y - a.y * b.x) > 0.2 * sqrt(dot(a, a) * dot(b, b));
}

// The two shortest steps in different directions; one alone is a strip.
static Net net_of(const Step *steps, int count)
{
    Net n = {.a = steps[0].at};
    for (int i = 1; i < count; i++)
        if (is_aslant(steps[0].at, steps[i].at)) {
            n.b = steps[i].at;
            reduce(&n);
            return n;
        }
    return n;
}

static LatticeKind kind_of(const Net *n)
{
    const double aa = dot(n->a, n->a), bb = dot(n->b, n->b), ab = fabs(dot(n->a, n->b));
    if (n->b.x == 0 && n->b.y == 0)
        return LATTICE_STRIP;
    if (ab < 0.06 * sqrt(aa * bb))
        return LATTICE_RECTANGULAR;
    if (fabs(ab / aa - 0.5) < 0.045 || fabs(ab / bb - 0.5) < 0.045 || fabs(sqrt(bb / aa) - 1) < 0.045)
        return LATTICE_HALF;
    return LATTICE_OBLIQUE;
}

static Vec flipped(Vec v, bool flip)
{
    return flip ? (Vec){-v.x, -v.y} : v;
}

static Lattice lattice_of(Net n, double scale, double sure)
{
    const LatticeKind kind = kind_of(&n);
    if (kind != LATTICE_STRIP && fabs(n.a.y) * hypot(n.b.x, n.b.y) > fabs(n.b.y) * hypot(n.a.x, n.a.y)) {
        const Vec t = n.a;
        n.a = n.b;
        n.b = t;
    }
    n.a = flipped(n.a, n.a.x < 0 || (n.a.x == 0 && n.a.y < 0));
    n.b = flipped(n.b, n.a.x * n.b.y - n.a.y * n.b.x < 0);
    return (Lattice){kind, n.a.x * scale, n.a.y * scale, n.b.x * scale, n.b.y * scale, sure};
}

static Lattice search(const PatternPicture *picture, const int box[4], double scale, Arena *a)
{
    Search s = {.l = likeness_make(picture, box[0], box[1], box[2], box[3], scale, a)};
    s.width = fmax(1, floor(box[2] / scale));
    s.height = fmax(1, floor(box[3] / scale));
    smooth(&s.l, a);
    s.noise = measure_noise(&s, a);
    if (s.noise <= 0)
        return (Lattice){0};
    find_peaks(&s, a);
    Step steps[PEAKS_MAX];
    NetPoint *points = arena_array(a, NetPoint, POINTS_MAX);
    const int steps_count = find_steps(&s, steps);
    if (steps_count == 0)
        return (Lattice){0};
    Net best = net_of(steps, steps_count);
    fit(&s, &best, points);
    return lattice_of(best, scale, sure_of(&s, &best));
}

static bool is_sure(const Lattice *l)
{
    return l->sure >= (l->kind == LATTICE_STRIP ? SURE_STRIP_MIN : SURE_MIN);
}

// The whole from afar; if that shows nothing, its middle from nearer, where finer repeats are.
bool lattice_find(const PatternPicture *picture, Arena *a, Lattice *ret, Err *err)
{
    if (!pattern_check(picture, err))
        return false;
    *ret = (Lattice){0};
    double scale = fmax(1, (double)MAX_OF(picture->width_px, picture->height_px) / LOOK_SIDE);
    for (int zoom = 0; zoom < ZOOMS; zoom++, scale = fmax(1, scale / 2)) {
        const int width = MIN_OF(picture->width_px, (int)(LOOK_SIDE * scale));
        const int height = MIN_OF(picture->height_px, (int)(LOOK_SIDE * scale));
        const int box[4] = {
            (picture->width_px - width) / 2, (picture->height_px - height) / 2, width, height};
        CLEANUP(arena_closep) Arena *mine = arena_open();
        const Lattice found = search(picture, box, scale, mine);
        if (found.kind != LATTICE_NONE && found.sure > ret->sure)
            *ret = found;
        if (is_sure(ret) || scale <= 1)
            break;
    }
    (void)a;
    if (!is_sure(ret))
        *ret = (Lattice){.sure = ret->sure};
    return true;
}
