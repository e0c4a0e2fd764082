// SPDX-License-Identifier: Apache-2.0
#include "pattern/peaks.h"

#include <math.h>
#include <stdlib.h>

double peaks_overlap(const Peaks *s, Vec v)
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

static double value(const Peaks *s, int x, int y)
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

static Peak peak_at(const Peaks *s, int x, int y)
{
    double rise_x, rise_y;
    const double here = value(s, x, y);
    const Vec at = {x + top_of(value(s, x - 1, y), here, value(s, x + 1, y), &rise_x),
        y + top_of(value(s, x, y - 1), here, value(s, x, y + 1), &rise_y)};
    return (Peak){at, here + rise_x + rise_y, peaks_overlap(s, at)};
}

static bool is_top(const Peaks *s, int x, int y)
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
static double measure_noise(const Peaks *s, Arena *a)
{
    size_t count = 0;
    double *sizes = arena_array(a, double, (size_t)(2 * s->l.reach_x + 1) * (size_t)(s->l.reach_y + 1));
    for (int y = 0; y <= s->l.reach_y; y += 2)
        for (int x = -s->l.reach_x; x <= s->l.reach_x; x += 3) {
            const Vec v = {x, y};
            if (hypot(x, y) >= STEP_MIN && peaks_overlap(s, v) >= OVERLAP_MIN)
                sizes[count++] = fabs(value(s, x, y)) * peaks_overlap(s, v);
        }
    if (count == 0)
        return 0;
    qsort(sizes, count, sizeof(*sizes), by_size);
    return 1.48 * sizes[count / 2];
}

static void find(Peaks *s, Arena *a)
{
    size_t count = 0, capacity = 0;
    Peak *top = NULL;
    for (int y = 0; y <= s->l.reach_y; y++) {
        for (int x = -s->l.reach_x; x <= s->l.reach_x; x++) {
            if ((y == 0 && x <= 0) || hypot(x, y) < STEP_MIN || peaks_overlap(s, (Vec){x, y}) < OVERLAP_MIN)
                continue;
            if (value(s, x, y) * peaks_overlap(s, (Vec){x, y}) > 2 * s->noise && is_top(s, x, y))
                *arena_push(a, &top, &count, &capacity) = peak_at(s, x, y);
        }
    }
    if (count)
        qsort(top, count, sizeof(*top), by_weight);
    s->top = top;
    s->count = (int)MIN_OF(count, (size_t)PEAKS_MAX);
    for (int i = 0; i < MIN_OF(s->count, 3); i++)
        s->strong += top[i].height / MIN_OF(s->count, 3);
}

// The best place within a pixel or two of where the net expects one; farther out the cloth may have
// stretched.
Peak peaks_near(const Peaks *s, Vec at)
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

Peaks peaks_make(const Reduced *reduced, Arena *a)
{
    Peaks s = {.l = likeness_make(reduced, a), .width = reduced->width, .height = reduced->height};
    smooth(&s.l, a);
    s.noise = measure_noise(&s, a);
    if (s.noise > 0)
        find(&s, a);
    return s;
}
