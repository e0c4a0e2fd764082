// SPDX-License-Identifier: Apache-2.0
// Blobs: extremes of the difference of neighbouring levels, over place and size at once.
#include "visual/int.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>

// Grey levels a difference must have before and after fitting; and how much longer than wide a blob may be.
#define SEED_MIN_GREY 0.8
#define STRENGTH_MIN_GREY 1.1f
#define EDGE_RATIO_MAX 12.0f

enum { FIT_STEPS_MAX = 4, GRID = 10 };

typedef struct {
    const Octave *octave;
    int x, y, level; // level: 1 .. SCALES, of the lower of the two pictures subtracted
} Place;

static float difference(const Place *p, int dx, int dy, int ds)
{
    const Octave *o = p->octave;
    const size_t at = (size_t)(p->y + dy) * o->stride + (size_t)(p->x + dx);
    const int level = p->level + ds;
    return (float)(o->levels[level + 1][at] - o->levels[level][at]);
}

// The parabola through the 27 values. False where it has no top, or the spot is an edge rather than a blob.
static bool fit(const Place *p, float offset[3], float *ret_value)
{
    const float v = difference(p, 0, 0, 0);
    const float gx = (difference(p, 1, 0, 0) - difference(p, -1, 0, 0)) / 2;
    const float gy = (difference(p, 0, 1, 0) - difference(p, 0, -1, 0)) / 2;
    const float gs = (difference(p, 0, 0, 1) - difference(p, 0, 0, -1)) / 2;
    const float xx = difference(p, 1, 0, 0) + difference(p, -1, 0, 0) - 2 * v;
    const float yy = difference(p, 0, 1, 0) + difference(p, 0, -1, 0) - 2 * v;
    const float ss = difference(p, 0, 0, 1) + difference(p, 0, 0, -1) - 2 * v;
    const float xy = (difference(p, 1, 1, 0) - difference(p, -1, 1, 0) - difference(p, 1, -1, 0) +
                         difference(p, -1, -1, 0)) /
                     4;
    const float xs = (difference(p, 1, 0, 1) - difference(p, -1, 0, 1) - difference(p, 1, 0, -1) +
                         difference(p, -1, 0, -1)) /
                     4;
    const float ys = (difference(p, 0, 1, 1) - difference(p, 0, -1, 1) - difference(p, 0, 1, -1) +
                         difference(p, 0, -1, -1)) /
                     4;
    const float a = yy * ss - ys * ys, b = xs * ys - xy * ss, c = xy * ys - xs * yy;
    const float determinant = xx * a + xy * b + xs * c;
    if (fabsf(determinant) < 1e-6f)
        return false;
    const float d = xx * ss - xs * xs, f = xx * yy - xy * xy, g = xy * xs - xx * ys;
    offset[0] = -(a * gx + b * gy + c * gs) / determinant;
    offset[1] = -(b * gx + d * gy + g * gs) / determinant;
    offset[2] = -(c * gx + g * gy + f * gs) / determinant;
    *ret_value = v + (gx * offset[0] + gy * offset[1] + gs * offset[2]) / 2;
    const float trace = xx + yy;
    return f > 0 && trace * trace * EDGE_RATIO_MAX < (EDGE_RATIO_MAX + 1) * (EDGE_RATIO_MAX + 1) * f;
}

static bool inside(const Place *p)
{
    return p->level >= 1 && p->level <= SCALES && p->x >= BORDER_PX && p->y >= BORDER_PX &&
           p->x < p->octave->width - BORDER_PX && p->y < p->octave->height - BORDER_PX;
}

static bool refine(Place p, int octave, Blob *ret)
{
    float offset[3], value;
    for (int step = 0;; step++) {
        if (!inside(&p) || !fit(&p, offset, &value))
            return false;
        if (fabsf(offset[0]) <= 0.6f && fabsf(offset[1]) <= 0.6f && fabsf(offset[2]) <= 0.6f)
            break;
        if (step == FIT_STEPS_MAX || fabsf(offset[0]) > 9 || fabsf(offset[1]) > 9 || fabsf(offset[2]) > 9)
            return false;
        p.x += (int)lroundf(offset[0]);
        p.y += (int)lroundf(offset[1]);
        p.level += (int)lroundf(offset[2]);
    }
    *ret = (Blob){
        .x = (float)p.x + offset[0],
        .y = (float)p.y + offset[1],
        .sigma = (float)SIGMA_BASE * exp2f(((float)p.level + offset[2]) / SCALES),
        .strength = fabsf(value) / GREY_ONE,
        .octave = (int16_t)octave,
        .level = (int16_t)p.level,
    };
    return ret->strength >= STRENGTH_MIN_GREY;
}

static int stronger(const void *a, const void *b)
{
    const Blob *x = a, *y = b;
    if (x->strength != y->strength)
        return x->strength > y->strength ? -1 : 1;
    if (x->octave != y->octave)
        return x->octave - y->octave;
    if (x->y != y->y)
        return x->y < y->y ? -1 : 1;
    return x->x < y->x ? -1 : x->x > y->x;
}

static void add(Extractor *e, const Blob *blob)
{
    if (blob->strength < e->strength_min)
        return;
    if (e->blobs_count == BLOBS_MAX) {
        qsort(e->blobs, BLOBS_MAX, sizeof(*e->blobs), stronger);
        e->blobs_count = BLOBS_MAX / 2;
        e->strength_min = e->blobs[e->blobs_count - 1].strength;
    }
    e->blobs[e->blobs_count++] = *blob;
}

static void find_in_row(Extractor *e, int octave, int y, int16_t *const rings[LEVELS - 1])
{
    const Octave *o = &e->octaves[octave];
    uint16_t columns[FEATURE_SIDE_MAX_PX];
    for (int level = 1; level <= SCALES; level++) {
        const int16_t *rows[9];
        for (int i = 0; i < 9; i++)
            rows[i] = rings[level - 1 + i / 3] + (size_t)((y - 1 + i % 3) % 3) * o->stride;
        const int count =
            e->kernel->extremes(rows, o->width, (int)(SEED_MIN_GREY * GREY_ONE), columns, COUNT_OF(columns));
        for (int i = 0; i < count; i++) {
            Blob blob;
            if (refine((Place){.octave = o, .x = columns[i], .y = y, .level = level}, octave, &blob))
                add(e, &blob);
        }
    }
}

void blobs_find(Extractor *e)
{
    e->blobs_count = 0;
    e->strength_min = 0;
    for (int octave = 0; octave < e->octaves_count; octave++) {
        const Octave *o = &e->octaves[octave];
        int16_t *rings[LEVELS - 1];
        for (int level = 0; level < LEVELS - 1; level++)
            rings[level] = e->rings + (size_t)level * 3 * o->stride;
        for (int y = 0; y < o->height; y++) {
            for (int level = 0; level < LEVELS - 1; level++)
                e->kernel->subtract(o->levels[level + 1] + (size_t)y * o->stride,
                    o->levels[level] + (size_t)y * o->stride, o->width,
                    rings[level] + (size_t)(y % 3) * o->stride);
            if (y >= 2)
                find_in_row(e, octave, y - 1, rings);
        }
    }
}

static int cell_of(const Extractor *e, const Blob *blob)
{
    const Octave *o = &e->octaves[blob->octave];
    const int column = (int)(blob->x * GRID / (float)o->width),
              row = (int)(blob->y * GRID / (float)o->height);
    return MIN_OF(row, GRID - 1) * GRID + MIN_OF(column, GRID - 1);
}

typedef struct {
    const Extractor *e;
    bool taken[BLOBS_MAX];
    int in_cell[GRID * GRID];
    uint16_t order[FEATURES_MAX];
    int count;
} Choice;

// The strongest that are left, until there are so many; of a cell not more than its share.
static void take_strongest(Choice *c, int until, int share)
{
    for (int i = 0; i < c->e->blobs_count && c->count < until; i++) {
        int *in_cell = &c->in_cell[cell_of(c->e, &c->e->blobs[i])];
        if (c->taken[i] || *in_cell >= share)
            continue;
        c->taken[i] = true;
        (*in_cell)++;
        c->order[c->count++] = (uint16_t)i;
    }
}

// Each step is spread over the picture as far as it has to choose, then filled up with the strongest.
void blobs_choose(Extractor *e, int first, int max)
{
    static_assert(BLOBS_MAX <= UINT16_MAX + 1, "indexes of blobs are 16 bits");
    qsort(e->blobs, (size_t)e->blobs_count, sizeof(*e->blobs), stronger);
    Choice c = {.e = e};
    const int end = MIN_OF(max, e->blobs_count);
    for (int step = first; c.count < end; step *= 2) {
        if (step < e->blobs_count)
            take_strongest(&c, MIN_OF(step, end), 1 + step / (GRID * GRID));
        take_strongest(&c, MIN_OF(step, end), INT_MAX);
    }
    Blob chosen[FEATURES_MAX];
    for (int i = 0; i < c.count; i++)
        chosen[i] = e->blobs[c.order[i]];
    memcpy(e->blobs, chosen, sizeof(*chosen) * (size_t)c.count);
    e->blobs_count = c.count;
}
