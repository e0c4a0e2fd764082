// SPDX-License-Identifier: Apache-2.0
#include "pattern/cutout.h"

#include "pattern/flow.h"
#include "pattern/mixture.h"

#include <math.h>
#include <stdlib.h>

enum {
    ROUNDS = 3,        // at half the size, before the last one
    UNITS = 64,        // of the cut, for one nat
    CERTAIN = 1 << 24, // of a pixel that is ground whatever it looks like
    SHORTER_MIN = 8,
};
static const float STIFF = 30;       // nats for parting two pixels of one colour
static const double RIM = 0.05;      // of the shorter side
static const double RIM_SURE = 0.97; // part of the rim's pixels that look like ground
static const double SHARE_MIN = 0.004, SHARE_MAX = 0.985;
static const double APART_MIN = 6;    // Delta E across the border, in the mean
static const double APART_NATS = 1.5; // by how much the thing is likelier than ground, in the mean
static const double PIECE_APART = 9, PIECE_NATS = 3; // likewise, of a piece beside the largest, ..
static const double PIECE_SHARE = 0.001, PIECE_OF_LARGEST = 0.01; // .. which has some size

typedef struct {
    int width, height, count, rim;
    Lab *lab;
    uint8_t *mask; // 1: the thing
    float *ties;   // FlowGrid order, nats; even directions only
    Arena *a;
} Work;

// ---- smaller

// The mean of what lies under each pixel.
static Work shrink(const PatternPicture *picture, int width, int height, Arena *a)
{
    Work w = {.width = width, .height = height, .count = width * height, .a = a};
    w.rim = MAX_OF(1, (int)lround(RIM * MIN_OF(width, height)));
    w.lab = arena_array(a, Lab, (size_t)w.count);
    w.mask = arena_alloc(a, (size_t)w.count);
    memset(w.mask, 0, (size_t)w.count);
    for (int y = 0; y < height; y++) {
        const int top = (int)((int64_t)y * picture->height_px / height);
        const int bottom = (int)((int64_t)(y + 1) * picture->height_px / height);
        for (int x = 0; x < width; x++) {
            const int left = (int)((int64_t)x * picture->width_px / width);
            const int right = (int)((int64_t)(x + 1) * picture->width_px / width);
            unsigned sums[3] = {0};
            for (int v = top; v < bottom; v++)
                for (int u = left; u < right; u++)
                    for (int i = 0; i < 3; i++)
                        sums[i] += picture->p[(size_t)v * picture->stride + (size_t)u * 3 + (size_t)i];
            const unsigned n = (unsigned)((bottom - top) * (right - left));
            const uint8_t rgb[3] = {(uint8_t)((sums[0] + n / 2) / n), (uint8_t)((sums[1] + n / 2) / n),
                (uint8_t)((sums[2] + n / 2) / n)};
            w.lab[y * width + x] = lab_from_rgb(rgb);
        }
    }
    return w;
}

static int side_at(int side, double scale)
{
    return MAX_OF(MIN_OF(side, SHORTER_MIN), (int)lround(side * scale));
}

static bool in_rim(const Work *w, int x, int y, int rim)
{
    return MIN_OF(MIN_OF(x, y), MIN_OF(w->width - 1 - x, w->height - 1 - y)) < rim;
}

// ---- what is alike

static void measure_ties(Work *w)
{
    double sum = 0;
    int64_t n = 0;
    w->ties = arena_array(w->a, float, (size_t)w->count *FLOW_TIES / 2);
    for (int i = 0; i < w->count; i++)
        for (int k = 0; k < FLOW_TIES / 2; k++) {
            const int x = i % w->width + FLOW_DX[2 * k], y = i / w->width + FLOW_DY[2 * k];
            float *to = &w->ties[i * (FLOW_TIES / 2) + k];
            *to = -1;
            if (x < 0 || y < 0 || x >= w->width || y >= w->height)
                continue;
            *to = lab_distance2(w->lab[i], w->lab[y * w->width + x]);
            sum += (double)*to;
            n++;
        }
    const float beta = (float)(1 / (2 * fmax(sum / (double)MAX_OF(n, 1), 0.5)));
    for (int i = 0; i < w->count * FLOW_TIES / 2; i++)
        if (w->ties[i] >= 0)
            w->ties[i] = STIFF * expf(-beta * w->ties[i]) * (i % (FLOW_TIES / 2) < 2 ? 1 : 0.70710678f);
}

// ---- cutting

static void cut(Work *w, const Mixture *thing, const Mixture *ground)
{
    FlowGrid grid = flow_grid(w->width, w->height, w->a);
    for (int i = 0; i < w->count; i++) {
        const int x = i % w->width, y = i / w->width;
        grid.leaning[i] =
            in_rim(w, x, y, 1)
                ? -CERTAIN
                : (int32_t)lrintf(UNITS * (mixture_cost(ground, w->lab[i]) - mixture_cost(thing, w->lab[i])));
        for (int k = 0; k < FLOW_TIES / 2; k++)
            if (w->ties[i * (FLOW_TIES / 2) + k] > 0)
                flow_tie(&grid, x, y, 2 * k, (int32_t)lrintf(UNITS * w->ties[i * (FLOW_TIES / 2) + k]));
    }
    flow_cut(&grid, w->a, w->mask);
}

static int compare(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// To begin with, the thing is what is less like the ground than nearly all of the rim is. Each pixel is
// judged with its neighbours, so that noise is not a thing.
static bool begin(Work *w)
{
    float *cost = arena_array(w->a, float, (size_t)w->count),
          *rim = arena_array(w->a, float, (size_t)w->count);
    int rim_count = 0, found = 0;
    for (int i = 0; i < w->count; i++)
        w->mask[i] = !in_rim(w, i % w->width, i / w->width, w->rim);
    Mixture ground = mixture_of(w->lab, w->mask, 0, w->count);
    mixture_shade(&ground);
    for (int i = 0; i < w->count; i++)
        cost[i] = mixture_cost(&ground, w->lab[i]);
    for (int i = 0; i < w->count; i++)
        if (!w->mask[i])
            rim[rim_count++] = cost[i];
    qsort(rim, (size_t)rim_count, sizeof(*rim), compare);
    const float most = rim[(int)(RIM_SURE * (rim_count - 1))] + 1;
    for (int y = 1; y < w->height - 1; y++)
        for (int x = 1; x < w->width - 1; x++) {
            float sum = 0;
            for (int k = 0; k < 9; k++)
                sum += cost[(y + k / 3 - 1) * w->width + x + k % 3 - 1];
            uint8_t *to = &w->mask[y * w->width + x];
            *to = *to && sum / 9 > most;
            found += *to;
        }
    return found >= SHARE_MIN * w->count;
}

static bool refine(Work *w)
{
    Mixture thing = mixture_of(w->lab, w->mask, 1, w->count),
            ground = mixture_of(w->lab, w->mask, 0, w->count);
    if (!thing.count || !ground.count)
        return false;
    mixture_shade(&ground);
    cut(w, &thing, &ground);
    return true;
}

// ---- is there anything

typedef struct {
    double across, nats; // sums: Delta E over the border, by how much it is likelier than ground
    int pairs, pixels;   // that they are of
} Standing;

static void measure_pixel(const Work *w, const Mixture *thing, const Mixture *ground, int i, Standing *s)
{
    s->pixels++;
    s->nats += (double)(mixture_cost(ground, w->lab[i]) - mixture_cost(thing, w->lab[i]));
    for (int k = 0; k < 4; k++) {
        const int j = i + 2 * (FLOW_DY[k] * w->width + FLOW_DX[k]);
        if (w->mask[j])
            continue;
        s->across += sqrt((double)lab_distance2(w->lab[i], w->lab[j]));
        s->pairs++;
    }
}

// Of each piece. Its shadow is ground.
static Standing *measure_pieces(const Work *w, const CutoutPieces *p)
{
    Standing *all = arena_array(w->a, Standing, (size_t)MAX_OF(p->count, 1));
    const Mixture thing = mixture_of(w->lab, w->mask, 1, w->count);
    Mixture ground = mixture_of(w->lab, w->mask, 0, w->count);
    mixture_shade(&ground);
    memset(all, 0, sizeof(*all) * (size_t)MAX_OF(p->count, 1));
    for (int y = 2; y < w->height - 2; y++)
        for (int x = 2; x < w->width - 2; x++)
            if (w->mask[y * w->width + x])
                measure_pixel(w, &thing, &ground, y * w->width + x, &all[p->number[y * w->width + x]]);
    return all;
}

static bool stands(const Standing *s, double apart, double nats)
{
    return s->pairs && s->across / s->pairs >= apart && s->nats / s->pixels >= nats;
}

// The largest piece, if it stands out from the ground; smaller ones as well, if they do so more surely: what
// is left of a shadow or a stain does not.
static bool keep_pieces(Work *w, CutoutSmall *small)
{
    const CutoutPieces p = cutout_pieces(small, w->a);
    const Standing *all = measure_pieces(w, &p);
    int largest = 0;
    for (int k = 1; k < p.count; k++)
        largest = p.sizes[k] > p.sizes[largest] ? k : largest;
    if (!p.count || !stands(&all[largest], APART_MIN, APART_NATS))
        return false;
    const double least = fmax(PIECE_SHARE * w->count, PIECE_OF_LARGEST * p.sizes[largest]);
    for (int i = 0; i < w->count; i++) {
        const int k = p.number[i];
        w->mask[i] =
            k == largest || (k >= 0 && p.sizes[k] >= least && stands(&all[k], PIECE_APART, PIECE_NATS));
    }
    const int kept = cutout_close(small, w->a);
    return kept >= SHARE_MIN * w->count && kept <= SHARE_MAX * w->count;
}

bool cutout_make(const PatternPicture *picture, Arena *a, Cutout *ret, Err *err)
{
    if (!pattern_check(picture, err))
        return false;
    const int width = picture->width_px, height = picture->height_px;
    const double scale = fmin(1, (double)CUTOUT_WORK_PX / MAX_OF(width, height));
    Work fine = shrink(picture, side_at(width, scale), side_at(height, scale), a);
    Work half = shrink(picture, side_at(width, scale / 2), side_at(height, scale / 2), a);
    measure_ties(&half);
    measure_ties(&fine);
    bool good = begin(&half);
    for (int i = 0; i < ROUNDS && good; i++)
        good = refine(&half);
    for (int i = 0; i < fine.count && good; i++)
        fine.mask[i] = half.mask[i / fine.width * half.height / fine.height * half.width +
                                 i % fine.width * half.width / fine.width];
    good = good && refine(&fine);
    CutoutSmall small = {fine.width, fine.height, fine.mask, fine.lab};
    if (!good || !keep_pieces(&fine, &small))
        return err_set(err, ERR_NOT_FOUND, "nothing to cut out: nothing here stands out from its ground");
    cutout_matte(picture, &small, a, ret);
    return true;
}
