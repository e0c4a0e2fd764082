// SPDX-License-Identifier: Apache-2.0
// Cubic Bezier curves through a row of points: least squares for the two handle lengths at given end
// directions, the parameters moved by Newton's step, and where that is not good enough the row is cut where
// it is worst (P. J. Schneider, "An algorithm for automatically fitting digitized curves", 1990).
#include "pattern/trace.h"

#include <math.h>

enum {
    CORNER_REACH = 4, // points looked at to each side of a corner
    TANGENT_REACH = 4,
    NEWTON_ROUNDS = 3,
    DEPTH_MAX = 24,
};
static const double CORNER_COS = 0.45; // sharper than 63 degrees
static const double STRAIGHT_PX = 0.5;

typedef struct {
    const Point *p;
    double wrong2;
    double *at; // parameter of each point
    Curve *curves;
    int count;
} Fit;

static Point minus(Point a, Point b)
{
    return (Point){a.x - b.x, a.y - b.y};
}

static Point along(Point from, Point way, double length)
{
    return (Point){from.x + way.x * length, from.y + way.y * length};
}

static double dot(Point a, Point b)
{
    return a.x * b.x + a.y * b.y;
}

static Point unit(Point v)
{
    const double length = sqrt(dot(v, v));
    return length > 0 ? (Point){v.x / length, v.y / length} : (Point){1, 0};
}

static Point cubic(const Point b[4], double t)
{
    const double s = 1 - t, b0 = s * s * s, b1 = 3 * s * s * t, b2 = 3 * s * t * t, b3 = t * t * t;
    return (Point){b0 * b[0].x + b1 * b[1].x + b2 * b[2].x + b3 * b[3].x,
        b0 * b[0].y + b1 * b[1].y + b2 * b[2].y + b3 * b[3].y};
}

static void by_length(Fit *f, int first, int last)
{
    f->at[first] = 0;
    for (int i = first + 1; i <= last; i++) {
        const Point step = minus(f->p[i], f->p[i - 1]);
        f->at[i] = f->at[i - 1] + sqrt(dot(step, step));
    }
    const double whole = f->at[last] > 0 ? f->at[last] : 1;
    for (int i = first; i <= last; i++)
        f->at[i] /= whole;
}

static void handles(const Fit *f, int first, int last, Point out, Point in, Point b[4])
{
    double c00 = 0, c01 = 0, c11 = 0, x0 = 0, x1 = 0;
    const Point p0 = f->p[first], p3 = f->p[last];
    for (int i = first; i <= last; i++) {
        const double t = f->at[i], s = 1 - t, b1 = 3 * s * s * t, b2 = 3 * s * t * t;
        const double ends0 = s * s * s + b1, ends3 = b2 + t * t * t;
        const Point a0 = {out.x * b1, out.y * b1}, a1 = {in.x * b2, in.y * b2};
        const Point rest = {f->p[i].x - p0.x * ends0 - p3.x * ends3, f->p[i].y - p0.y * ends0 - p3.y * ends3};
        c00 += dot(a0, a0);
        c01 += dot(a0, a1);
        c11 += dot(a1, a1);
        x0 += dot(a0, rest);
        x1 += dot(a1, rest);
    }
    const Point chord = minus(p3, p0);
    const double length = sqrt(dot(chord, chord)), det = c00 * c11 - c01 * c01;
    double l = det > 1e-9 ? (x0 * c11 - x1 * c01) / det : 0, r = det > 1e-9 ? (c00 * x1 - c01 * x0) / det : 0;
    // Handles that point backwards or far away are no curve anybody drew.
    if (l < length * 1e-3 || r < length * 1e-3 || l > 3 * length || r > 3 * length)
        l = r = length / 3;
    b[0] = p0;
    b[1] = along(p0, out, l);
    b[2] = along(p3, in, r);
    b[3] = p3;
}

static double newton(const Point b[4], Point p, double t)
{
    Point d1[3], d2[2];
    for (int i = 0; i < 3; i++)
        d1[i] = (Point){3 * (b[i + 1].x - b[i].x), 3 * (b[i + 1].y - b[i].y)};
    for (int i = 0; i < 2; i++)
        d2[i] = (Point){2 * (d1[i + 1].x - d1[i].x), 2 * (d1[i + 1].y - d1[i].y)};
    const double s = 1 - t;
    const Point at = minus(cubic(b, t), p);
    const Point v = {s * s * d1[0].x + 2 * s * t * d1[1].x + t * t * d1[2].x,
        s * s * d1[0].y + 2 * s * t * d1[1].y + t * t * d1[2].y};
    const Point w = {s * d2[0].x + t * d2[1].x, s * d2[0].y + t * d2[1].y};
    const double slope = dot(v, v) + dot(at, w);
    return fabs(slope) < 1e-9 ? t : fmin(1, fmax(0, t - dot(at, v) / slope));
}

static double worst(const Fit *f, int first, int last, const Point b[4], int *ret_at)
{
    double most = 0;
    *ret_at = (first + last) / 2;
    for (int i = first + 1; i < last; i++) {
        const Point off = minus(cubic(b, f->at[i]), f->p[i]);
        if (dot(off, off) > most) {
            most = dot(off, off);
            *ret_at = i;
        }
    }
    return most;
}

static bool is_straight(const Fit *f, int first, int last)
{
    const Point way = unit(minus(f->p[last], f->p[first]));
    for (int i = first + 1; i < last; i++) {
        const Point off = minus(f->p[i], f->p[first]);
        if (fabs(off.x * way.y - off.y * way.x) > STRAIGHT_PX)
            return false;
    }
    return true;
}

static Point way_at(const Fit *f, int from, int to, int limit)
{
    const int end = to > from ? MIN_OF(from + TANGENT_REACH, limit) : MAX_OF(from - TANGENT_REACH, limit);
    return unit(minus(f->p[end], f->p[from]));
}

static void put(Fit *f, const Point b[4], bool straight)
{
    f->curves[f->count++] = (Curve){b[1], b[2], b[3], straight};
}

static void fit_between(Fit *f, int first, int last, Point out, Point in, int depth)
{
    Point b[4] = {f->p[first], f->p[first], f->p[last], f->p[last]};
    int cut = 0;
    if (last - first < 2 || is_straight(f, first, last)) {
        put(f, b, true);
        return;
    }
    by_length(f, first, last);
    for (int round = 0; round <= NEWTON_ROUNDS; round++) {
        handles(f, first, last, out, in, b);
        const double wrong2 = worst(f, first, last, b, &cut);
        if (wrong2 <= f->wrong2) {
            put(f, b, false);
            return;
        }
        if (wrong2 > f->wrong2 * 30)
            break;
        for (int i = first; i <= last; i++)
            f->at[i] = newton(b, f->p[i], f->at[i]);
    }
    if (depth >= DEPTH_MAX)
        cut = (first + last) / 2;
    const int before = MAX_OF(first, cut - 2), after = MIN_OF(last, cut + 2);
    const Point middle = unit(minus(f->p[before], f->p[after]));
    fit_between(f, first, cut, out, middle, depth + 1);
    fit_between(f, cut, last, (Point){-middle.x, -middle.y}, in, depth + 1);
}

// ---- corners

static double turn_cos(const Point *p, int i, int count, bool closed)
{
    int before = i - CORNER_REACH, after = i + CORNER_REACH;
    if (closed) {
        before = (before + count) % count;
        after %= count;
    } else {
        before = MAX_OF(before, 0);
        after = MIN_OF(after, count - 1);
    }
    return dot(unit(minus(p[i], p[before])), unit(minus(p[after], p[i])));
}

// The sharpest of each neighbourhood, if it is sharp enough.
static int find_corners(const Point *p, int count, bool closed, Arena *a, int *corners)
{
    int found = 0;
    double *turns = arena_array(a, double, (size_t)count);
    for (int i = 0; i < count; i++)
        turns[i] = turn_cos(p, i, count, closed);
    const int from = closed ? 0 : 2, to = closed ? count : count - 2;
    for (int i = from; i < to; i++) {
        bool sharpest = turns[i] < CORNER_COS;
        for (int k = 1; k <= CORNER_REACH && sharpest; k++) {
            const int before = closed ? (i - k + count) % count : MAX_OF(i - k, 0);
            const int after = closed ? (i + k) % count : MIN_OF(i + k, count - 1);
            sharpest = turns[before] > turns[i] - (before > i ? 1e-12 : 0) && turns[after] >= turns[i];
        }
        if (sharpest)
            corners[found++] = i;
    }
    return found;
}

// One stretch between corners. A closed row without corners keeps one direction where its ends meet.
static void fit_stretch(Fit *f, int first, int last, bool smooth_ends)
{
    Point out = way_at(f, first, last, last), in = way_at(f, last, first, first);
    if (smooth_ends) {
        out = unit(minus(out, in));
        in = (Point){-out.x, -out.y};
    }
    fit_between(f, first, last, out, in, 0);
}

void curve_fit(const Point *points, int count, bool closed, double wrong_px, Arena *a, Curve **ret,
    int *ret_count, Point *ret_start)
{
    int *corners = arena_array(a, int, (size_t)count + 2);
    const bool cornered = closed && count > 2 * CORNER_REACH;
    int corners_count =
        count > 5 && (cornered || !closed) ? find_corners(points, count, closed, a, corners) : 0;
    const int shift = closed && corners_count ? corners[0] : 0, total = closed ? count + 1 : count;
    Point *row = arena_array(a, Point, (size_t)total);
    for (int i = 0; i < total; i++)
        row[i] = points[(i + shift) % count];
    Fit f = {.p = row,
        .wrong2 = wrong_px * wrong_px,
        .at = arena_array(a, double, (size_t)total),
        .curves = arena_array(a, Curve, (size_t)total + 1)};
    int first = 0;
    for (int i = closed ? 1 : 0; i < corners_count; i++) {
        fit_stretch(&f, first, corners[i] - shift, false);
        first = corners[i] - shift;
    }
    fit_stretch(&f, first, total - 1, closed && corners_count == 0);
    *ret = f.curves;
    *ret_count = f.count;
    *ret_start = row[0];
}
