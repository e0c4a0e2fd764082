// SPDX-License-Identifier: Apache-2.0
#include "pattern/echo.h"

#include <math.h>
#include <stdlib.h>

enum {
    WINDOW = 7,
    WINDOW_MIN = 3,
    SIDES_A_WINDOW = 3, // of the shorter side, at least
    LEAST_COUNT = 60,   // windows with detail
    LANES = 8,
};
static const float ALIKE = 0.75f;                     // correlation from which two windows are
static const float DETAIL_MIN = 1.5f, DETAIL_MAX = 4; // Delta E: deviation that counts as detail, ..
static const float CORNER_MIN = 0.04f;                // det / trace^2 of the structure tensor: 1/4 at best
static const float DETAIL_SHARE = 0.35f;              // .. between them, of the picture's own

typedef float Vec __attribute__((vector_size(LANES * sizeof(float)), aligned(4), may_alias));
typedef int32_t Mask __attribute__((vector_size(LANES * sizeof(int32_t)), aligned(4), may_alias));

// LANES values from p; a pointer, for a vector this wide is not handed over the same way by all compilers.
static inline const Vec *vec(const float *p)
{
    return (const Vec *)p;
}

// Rows are read LANES at a time, a little past their end.
static float *plane(const Echo *e, Arena *a)
{
    const size_t count = (size_t)e->width * (size_t)e->height + 2 * LANES + WINDOW;
    float *p = arena_array(a, float, count);
    memset(p, 0, count * sizeof(float));
    return p;
}

// Without its mean, so that sums of products stay small.
static void put(float *to, const float *from, int count)
{
    double sum = 0;
    for (int i = 0; i < count; i++)
        sum += (double)from[i];
    for (int i = 0; i < count; i++)
        to[i] = from[i] - (float)(sum / count);
}

// Sums over the windows, each at its top left pixel.
static void sum_windows(Echo *e, const float *from, float *to)
{
    const size_t wide = (size_t)e->width;
    memset(e->sums, 0, sizeof(float) * (wide + LANES + WINDOW));
    for (int y = 0; y < e->height; y++) {
        const float *row = from + (size_t)y * wide;
        for (int x = 0; x < e->width; x += LANES)
            *(Vec *)(e->sums + x) += *vec(row + x);
        if (y >= e->window)
            for (int x = 0; x < e->width; x += LANES)
                *(Vec *)(e->sums + x) -= *vec(row - (size_t)e->window * wide + x);
        if (y < e->window - 1)
            continue;
        float *out = to + (size_t)(y - e->window + 1) * wide;
        for (int x = 0; x + e->window <= e->width; x += LANES) {
            Vec sum = *vec(e->sums + x);
            for (int k = 1; k < e->window; k++)
                sum += *vec(e->sums + x + k);
            *(Vec *)(out + x) = sum; // what it writes past the row's end the next row writes anew
        }
    }
}

typedef struct {
    float *spare, *squares, *across, *down, *both; // both: of the two differences
} Measures;

// Differences are those across two pixels; on the picture's edge there are none.
static void add_plane(const Echo *e, const float *p, Measures *m)
{
    const size_t wide = (size_t)e->width, count = wide * (size_t)e->height;
    for (size_t i = 0; i < count; i++)
        m->squares[i] += p[i] * p[i];
    for (size_t top = wide; top + 2 * wide <= count; top += wide)
        for (size_t i = top + 1; i + 1 < top + wide; i++) {
            const float dx = p[i + 1] - p[i - 1], dy = p[i + wide] - p[i - wide];
            m->across[i] += dx * dx;
            m->down[i] += dy * dy;
            m->both[i] += dx * dy;
        }
}

// In place of what was measured at each pixel, its sum over the window.
static void over_windows(Echo *e, Measures *m, float **measure)
{
    float *sums = m->spare;
    sum_windows(e, *measure, sums);
    m->spare = *measure;
    *measure = sums;
}

// A window says something if it has contrast, and not along one line alone: a straight edge is like any
// other.
static void judge_windows(Echo *e, const Measures *m)
{
    const size_t count = (size_t)e->width * (size_t)e->height;
    const float area = (float)(e->window * e->window);
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        e->light_mean[i] /= area;
        e->colour_mean[i] /= area;
        const float mean2 = e->light_mean[i] * e->light_mean[i] + e->colour_mean[i] * e->colour_mean[i];
        e->sharpness[i] = fmaxf(0, m->squares[i] / area - mean2);
        sum += (double)e->sharpness[i];
    }
    const float least =
        fminf(DETAIL_MAX, fmaxf(DETAIL_MIN, DETAIL_SHARE * sqrtf((float)(sum / (double)count))));
    for (size_t i = 0; i < count; i++) {
        const float p = m->across[i], q = m->down[i], r = m->both[i];
        const bool corner = p * q - r * r > CORNER_MIN * (p + q) * (p + q);
        e->detail[i] = corner && e->sharpness[i] > least * least;
        e->sharpness[i] = 1 / sqrtf(fmaxf(e->sharpness[i], least * least / 4));
    }
}

Echo echo_make(const float *light, const float *colour, int width, int height, Arena *a)
{
    const int shorter = MIN_OF(width, height);
    Echo e = {.width = width,
        .height = height,
        .window = MIN_OF(shorter, MAX_OF(WINDOW_MIN, MIN_OF(WINDOW, shorter / SIDES_A_WINDOW)))};
    float **planes[] = {&e.light, &e.colour, &e.light_mean, &e.colour_mean, &e.sharpness, &e.detail, &e.sums};
    for (size_t i = 0; i < sizeof(planes) / sizeof(*planes); i++)
        *planes[i] = plane(&e, a);
    put(e.light, light, width * height);
    put(e.colour, colour, width * height);
    Measures m;
    float **more[] = {&m.spare, &m.squares, &m.across, &m.down, &m.both};
    for (size_t i = 0; i < sizeof(more) / sizeof(*more); i++)
        *more[i] = plane(&e, a);
    sum_windows(&e, e.light, e.light_mean);
    sum_windows(&e, e.colour, e.colour_mean);
    add_plane(&e, e.light, &m);
    add_plane(&e, e.colour, &m);
    over_windows(&e, &m, &m.squares);
    over_windows(&e, &m, &m.across);
    over_windows(&e, &m, &m.down);
    over_windows(&e, &m, &m.both);
    judge_windows(&e, &m);
    return e;
}

// Adds (or takes away) the products of a row with the one that lies one step further.
static void add_row(const Echo *e, size_t here, size_t there, int count, float sign)
{
    for (int x = 0; x < count; x += LANES) {
        const Vec product = *vec(e->light + here + x) * *vec(e->light + there + x) +
                            *vec(e->colour + here + x) * *vec(e->colour + there + x);
        *(Vec *)(e->sums + x) += sign * product;
    }
}

typedef struct {
    Mask alike, seen; // counts below zero
} Tally;

static void compare_row(const Echo *e, size_t here, size_t there, int count, Tally *t)
{
    const float area = (float)(e->window * e->window);
    for (int x = 0; x < count; x += LANES) {
        Vec sum = *vec(e->sums + x);
        for (int k = 1; k < e->window; k++)
            sum += *vec(e->sums + x + k);
        const size_t i = here + (size_t)x, j = there + (size_t)x;
        const Vec likeness = (sum / area - *vec(e->light_mean + i) * *vec(e->light_mean + j) -
                                 *vec(e->colour_mean + i) * *vec(e->colour_mean + j)) *
                             *vec(e->sharpness + i) * *vec(e->sharpness + j);
        Mask seen = *vec(e->detail + i) + *vec(e->detail + j) > 0.5f;
        if (count - x < LANES)
            for (int k = count - x; k < LANES; k++)
                seen[k] = 0;
        t->seen += seen;
        t->alike += seen & (likeness > ALIKE);
    }
}

static int total(const Mask *m)
{
    int sum = 0;
    for (int k = 0; k < LANES; k++)
        sum -= (*m)[k];
    return sum;
}

double echo_share(const Echo *e, int dx, int dy)
{
    if (dy < 0) {
        dx = -dx;
        dy = -dy;
    }
    const int left = MAX_OF(0, -dx), across = e->width - abs(dx), down = e->height - dy;
    if (across < e->window || down < e->window)
        return 0;
    Tally t = {0};
    memset(e->sums, 0, sizeof(float) * ((size_t)across + LANES + WINDOW));
    for (int y = 0; y < down; y++) {
        const size_t here = (size_t)y * (size_t)e->width + (size_t)left;
        const size_t there = here + (size_t)(dy * e->width + dx), window = (size_t)(e->window * e->width);
        add_row(e, here, there, across, 1);
        if (y >= e->window)
            add_row(e, here - window, there - window, across, -1);
        if (y >= e->window - 1) // the window that ends here begins window - 1 rows above
            compare_row(e, here - window + (size_t)e->width, there - window + (size_t)e->width,
                across - e->window + 1, &t);
    }
    return total(&t.seen) >= LEAST_COUNT ? (double)total(&t.alike) / total(&t.seen) : 0;
}
