// SPDX-License-Identifier: Apache-2.0
// Peaks of the likeness are where the picture fits onto itself; that alone says little, for every motif has
// parts that are like other parts, and losses are like one another. So each peak is asked how much of the
// detail comes again one step further (echo.h), the two shortest steps that do make a net, and all the
// nearest points of that net together say whether it is one.
#include "pattern/lattice.h"

#include "pattern/echo.h"
#include "pattern/peaks.h"

#include <math.h>
#include <stdlib.h>

enum {
    LOOK_SIDE = 256,   // pixels looked at along the longer side
    POINTS_MAX = 2000, // of a net
    FIT_ROUNDS = 3,
    ZOOMS = 3,
    FINE_BELOW = 20,      // pixels looked at
    COARSE_SIDE_MIN = 36, // likewise
    POOL_REACH = 2,       // steps from the middle of the net
    TYPICAL = 4,
    LONGER_MAX = 8, // times the shorter step: a frame beside a texture is no net
};
static const double WORTH_SHARE = 0.42;  // of the strongest peaks: what a point must hold
static const double POOL_OVERLAP = 0.35; // of the picture with itself shifted, to say how sure
static const double AGAIN_MIN = 0.05, LEAST_OF_TYPICAL = 0.33; // of a step: what comes again
static const double PART_MIN = 0.4; // what rows between must come again, beside the others
static const double SURE_MIN = 0.11,
                    SURE_STRIP_MIN = 0.3; // frames and mouldings make half a strip of anything

typedef struct {
    Echo fine, coarse; // coarse: at half the size; width 0: too small for that
} Echoes;

typedef struct {
    Peaks peaks;
    const Echoes *echoes;
    double unit; // pixels of the finer echo for one of the likeness
} Search;

typedef struct {
    Vec a, b; // b zero: a strip
} Net;

// ---- nets

typedef struct {
    int i, j;
    Peak peak; // best near the point
} NetPoint;

static Vec point(const Net *n, int i, int j)
{
    return (Vec){i * n->a.x + j * n->b.x, i * n->a.y + j * n->b.y};
}

// One of each two opposite points, those that have seen enough. Their count.
static int net_points(const Search *s, const Net *n, NetPoint *points)
{
    int count = 0;
    const double area = fabs(n->a.x * n->b.y - n->a.y * n->b.x),
                 reach = hypot(s->peaks.width, s->peaks.height);
    const double high_a = area > 0 ? area / hypot(n->b.x, n->b.y) : hypot(n->a.x, n->a.y);
    const double high_b = area > 0 ? area / hypot(n->a.x, n->a.y) : HUGE_VAL;
    const int most_i = (int)fmin(200, reach / high_a), most_j = (int)fmin(200, reach / high_b);
    for (int j = 0; j <= most_j; j++) {
        for (int i = j ? -most_i : 1; i <= most_i && count < POINTS_MAX; i++) {
            const Vec at = point(n, i, j);
            if (peaks_overlap(&s->peaks, at) >= OVERLAP_MIN)
                points[count++] = (NetPoint){i, j, peaks_near(&s->peaks, at)};
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
            const double w = p->seen * fmax(0, p->height - 0.5 * WORTH_SHARE * s->peaks.strong) /
                             (4 + hypot(p->at.x, p->at.y));
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

// ---- what comes again

static bool is_point(const Net *n, Vec v)
{
    const double det = n->a.x * n->b.y - n->a.y * n->b.x;
    const double i = (v.x * n->b.y - v.y * n->b.x) / det, j = (v.y * n->a.x - v.x * n->a.y) / det;
    return fabs(i - round(i)) < 0.1 && fabs(j - round(j)) < 0.1;
}

// Short steps are judged on finer pixels, for there a rounded step is half a pixel beside the true one.
static double again(const Search *s, Vec step)
{
    const Vec fine = {step.x * s->unit, step.y * s->unit};
    const bool far = hypot(fine.x, fine.y) >= FINE_BELOW && s->echoes->coarse.width > 0;
    return far ? echo_share(&s->echoes->coarse, (int)lround(fine.x / 2), (int)lround(fine.y / 2))
               : echo_share(&s->echoes->fine, (int)lround(fine.x), (int)lround(fine.y));
}

// The mean over the nearest points of the net: one of them may be short of what was lost. Those that are
// points of `coarser` too do not count, if it is given.
static double pooled(const Search *s, const Net *n, const Net *coarser)
{
    const bool strip = n->b.x == 0 && n->b.y == 0;
    double sum = 0;
    int count = 0;
    for (int j = 0; j <= (strip ? 0 : POOL_REACH); j++)
        for (int i = j ? -POOL_REACH : 1; i <= POOL_REACH; i++) {
            const Vec at = point(n, i, j);
            if ((peaks_overlap(&s->peaks, at) < POOL_OVERLAP && abs(i) + j > 1) ||
                (coarser && is_point(coarser, at)))
                continue;
            sum += again(s, at);
            count++;
        }
    return count ? sum / count : 0;
}

// ---- choosing

typedef struct {
    Vec at;
    double good; // share that comes again
} Step;

static int by_length(const void *x, const void *y)
{
    const Step *p = x, *q = y;
    const double d = dot(p->at, p->at) - dot(q->at, q->at);
    return d < 0 ? -1 : d > 0 ? 1 : p->at.x < q->at.x ? -1 : 1;
}

// What the best steps have in common; far ones see too little to count.
static double typical(const Step *steps, int count, const Search *s)
{
    double best[TYPICAL] = {0}, sum = 0;
    for (int i = 0; i < count; i++) {
        double good = peaks_overlap(&s->peaks, steps[i].at) >= POOL_OVERLAP ? steps[i].good : 0;
        for (int k = 0; k < TYPICAL; k++)
            if (good > best[k]) {
                const double t = best[k];
                best[k] = good;
                good = t;
            }
    }
    for (int k = 0; k < TYPICAL; k++)
        sum += best[k] / TYPICAL;
    return sum;
}

// Peaks that are steps of a repeat, shortest first.
static int find_steps(const Search *s, Step *steps)
{
    int count = 0;
    for (int i = 0; i < s->peaks.count; i++)
        steps[i] = (Step){s->peaks.top[i].at, again(s, s->peaks.top[i].at)};
    const double least = fmax(AGAIN_MIN, LEAST_OF_TYPICAL * typical(steps, s->peaks.count, s));
    for (int i = 0; i < s->peaks.count; i++)
        if (steps[i].good >= least)
            steps[count++] = steps[i];
    if (count)
        qsort(steps, (size_t)count, sizeof(*steps), by_length);
    return count;
}

static bool is_aslant(Vec a, Vec b)
{
    return fabs(a.x * b.y - a.y * b.x) > 0.2 * sqrt(dot(a, a) * dot(b, b));
}

// The two shortest steps in different directions; one alone is a strip. A second step that leaves little to
// compare is none.
static Net net_of(const Search *s, const Step *steps, int count)
{
    Net n = {.a = steps[0].at};
    for (int i = 1; i < count; i++)
        if (is_aslant(steps[0].at, steps[i].at) && peaks_overlap(&s->peaks, steps[i].at) >= POOL_OVERLAP) {
            n.b = steps[i].at;
            reduce(&n);
            return n;
        }
    return n;
}

// Not one of the three nearest points that the finer net adds comes again: a quick no.
static bool is_out(const Search *s, Vec step, Vec along)
{
    const Vec near[] = {step, {step.x + along.x, step.y + along.y}, {step.x - along.x, step.y - along.y}};
    for (int k = 0; k < 3; k++)
        if (again(s, near[k]) >= 0.8 * AGAIN_MIN)
            return false;
    return true;
}

// What was lost may have taken a step of the net, so that only every second or third row was found: the net
// with the rows between is the right one if those come again as well.
static void part(const Search *s, Net *n)
{
    static const int8_t parts[][3] = {
        {1, 0, 2}, {0, 1, 2}, {1, 1, 2}, {1, 0, 3}, {0, 1, 3}, {1, 1, 3}, {1, -1, 3}};
    const double whole = pooled(s, n, NULL);
    for (size_t k = 0; k < sizeof(parts) / sizeof(*parts); k++) {
        const int8_t *p = parts[k];
        const Vec step = {(p[0] * n->a.x + p[1] * n->b.x) / p[2], (p[0] * n->a.y + p[1] * n->b.y) / p[2]};
        Net finer = {step, p[1] ? n->a : n->b};
        if (is_out(s, finer.a, finer.b))
            continue;
        reduce(&finer);
        if (dot(finer.a, finer.a) < STEP_MIN * STEP_MIN || pooled(s, &finer, n) < PART_MIN * whole)
            continue;
        *n = finer;
        part(s, n);
        return;
    }
}

// What comes again at the points of the net, above what does half-way between them: what is smooth or one
// long edge is like itself everywhere.
static double sure_of(const Search *s, const Net *n)
{
    const Vec a = {n->a.x / 2, n->a.y / 2}, b = {n->b.x / 2, n->b.y / 2};
    const Net finer = {a, b};
    return fmax(0, pooled(s, n, NULL) - (b.x == 0 && b.y == 0 ? again(s, a) : pooled(s, &finer, n)));
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

static Lattice search(const Reduced *reduced, double unit, const Echoes *echoes, Arena *a)
{
    const Search s = {peaks_make(reduced, a), echoes, unit};
    Step steps[PEAKS_MAX];
    NetPoint *points = arena_array(a, NetPoint, POINTS_MAX);
    const int steps_count = find_steps(&s, steps);
    if (steps_count == 0)
        return (Lattice){0};
    Net best = net_of(&s, steps, steps_count);
    if (best.b.x != 0 || best.b.y != 0)
        part(&s, &best);
    if (dot(best.b, best.b) > LONGER_MAX * LONGER_MAX * dot(best.a, best.a))
        best.b = (Vec){0, 0};
    fit(&s, &best, points);
    return lattice_of(best, reduced->scale, sure_of(&s, &best));
}

static bool is_sure(const Lattice *l)
{
    return l->sure >= (l->kind == LATTICE_STRIP ? SURE_STRIP_MIN : SURE_MIN);
}

static void keep_better(Lattice *best, Lattice found)
{
    if (found.kind != LATTICE_NONE && found.sure > best->sure)
        *best = found;
}

// Coarsely first, which is most of what there is for a quarter of the work.
static Lattice look_at(const PatternPicture *picture, ReducedBox box, double scale, bool coarse_too, Arena *a)
{
    Lattice best = {0};
    const Reduced reduced = reduced_make(picture, box, scale, a);
    Echoes echoes = {.fine = echo_make(reduced.light, reduced.colour, reduced.width, reduced.height, a)};
    if (MIN_OF(reduced.width, reduced.height) >= 2 * COARSE_SIDE_MIN) {
        const Reduced half = reduced_half(&reduced, a);
        echoes.coarse = echo_make(half.light, half.colour, half.width, half.height, a);
        if (coarse_too)
            keep_better(&best, search(&half, 2, &echoes, a));
    }
    if (!is_sure(&best))
        keep_better(&best, search(&reduced, 1, &echoes, a));
    return best;
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
        const ReducedBox box = {
            (picture->width_px - width) / 2, (picture->height_px - height) / 2, width, height};
        CLEANUP(arena_closep) Arena *mine = arena_open();
        keep_better(ret, look_at(picture, box, scale, zoom == 0, mine));
        if (is_sure(ret) || scale <= 1)
            break;
    }
    (void)a;
    if (!is_sure(ret))
        *ret = (Lattice){.sure = ret->sure};
    return true;
}
