// SPDX-License-Identifier: Apache-2.0
// What the picture looks like around a blob, in a frame that turns and grows with it.
#include "visual/int.h"

#include <math.h>

enum { BINS = 36, TURNS_MAX = TURNS_SIDE * TURNS_SIDE };

// Of the strongest direction that a second one needs to count too.
#define SECOND_PEAK 0.8f
// Spacing of the samples, in sigmas: 16 of them span 4 cells of 3 sigma.
#define PATCH_STEP 0.75f
#define TURN_STEP (4.5f / TURNS_RADIUS)
#define VALUE_CEILING 0.2f
#define TWO_PI KERNEL_TURN

typedef struct {
    int16_t gx[TURNS_MAX], gy[TURNS_MAX];
    float weights[TURNS_MAX];
    int count;
} Gradients;

void describe_prepare(Extractor *e)
{
    for (int j = -TURNS_RADIUS; j <= TURNS_RADIUS; j++)
        for (int i = -TURNS_RADIUS; i <= TURNS_RADIUS; i++)
            // The window has 1.5 sigma: 3 to its edge, exp(-3 * 3 / 2) there.
            e->turn_weights[j + TURNS_RADIUS][i + TURNS_RADIUS] =
                expf(-4.5f * (float)(i * i + j * j) / (TURNS_RADIUS * TURNS_RADIUS));
}

static void gradients(
    const Extractor *e, const Octave *o, const int16_t *level, const Blob *blob, Gradients *g)
{
    int columns[TURNS_SIDE];
    for (int i = 0; i < TURNS_SIDE; i++)
        columns[i] = (int)lroundf(blob->x + (float)(i - TURNS_RADIUS) * TURN_STEP * blob->sigma);
    g->count = 0;
    for (int j = -TURNS_RADIUS; j <= TURNS_RADIUS; j++) {
        const int y = (int)lroundf(blob->y + (float)j * TURN_STEP * blob->sigma);
        if (y < 1 || y >= o->height - 1)
            continue;
        for (int i = -TURNS_RADIUS; i <= TURNS_RADIUS; i++) {
            const int x = columns[i + TURNS_RADIUS];
            if (i * i + j * j > TURNS_RADIUS * TURNS_RADIUS || x < 1 || x >= o->width - 1)
                continue;
            const int16_t *p = level + (size_t)y * o->stride + x;
            g->gx[g->count] = (int16_t)(p[1] - p[-1]);
            g->gy[g->count] = (int16_t)(p[o->stride] - p[-o->stride]);
            g->weights[g->count++] = e->turn_weights[j + TURNS_RADIUS][i + TURNS_RADIUS];
        }
    }
}

static void turns(
    const Extractor *e, const Octave *o, const int16_t *level, const Blob *blob, float histogram[BINS])
{
    Gradients g;
    float at[TURNS_MAX], sizes[TURNS_MAX];
    gradients(e, o, level, blob, &g);
    e->kernel->polar(g.gx, g.gy, g.weights, g.count, BINS, at, sizes);
    for (int i = 0; i < g.count; i++) {
        const int bin = (int)at[i];
        const float part = at[i] - (float)bin;
        histogram[bin % BINS] += sizes[i] * (1 - part);
        histogram[(bin + 1) % BINS] += sizes[i] * part;
    }
}

static void smooth(float h[BINS])
{
    for (int pass = 0; pass < 2; pass++) {
        float before = h[BINS - 1];
        const float first = h[0];
        for (int i = 0; i < BINS; i++) {
            const float next = i + 1 < BINS ? h[i + 1] : first, now = h[i];
            h[i] = (before + 2 * now + next) / 4;
            before = now;
        }
    }
}

// The directions of a blob, strongest first.
static int peaks(const float h[BINS], float ret[2])
{
    float heights[2] = {0};
    int count = 0;
    for (int i = 0; i < BINS; i++) {
        const float before = h[(i + BINS - 1) % BINS], after = h[(i + 1) % BINS];
        if (h[i] <= before || h[i] < after)
            continue;
        const int slot = count == 0 || h[i] > heights[0] ? 0 : 1;
        if (slot == 1 && count == 2 && h[i] <= heights[1])
            continue;
        if (slot == 0) {
            ret[1] = ret[0];
            heights[1] = heights[0];
        }
        const float offset = (before - after) / (2 * (before - 2 * h[i] + after));
        const float angle = ((float)i + offset) * (TWO_PI / BINS);
        ret[slot] = angle < 0 ? angle + TWO_PI : angle >= TWO_PI ? angle - TWO_PI : angle;
        heights[slot] = h[i];
        count = MIN_OF(count + 1, 2);
    }
    return count == 2 && heights[1] < SECOND_PEAK * heights[0] ? 1 : count;
}

// 18 x 18 samples between pixels; x and y are 16.16 numbers, kept inside the picture.
static void sample(const Octave *o, const int16_t *level, const Blob *blob, float angle, int16_t *patch)
{
    const float step = PATCH_STEP * blob->sigma;
    const int32_t ux = (int32_t)lroundf(cosf(angle) * step * 65536),
                  uy = (int32_t)lroundf(sinf(angle) * step * 65536);
    const float half = (PATCH_SIDE - 1) / 2.0f * step;
    int32_t row_x = (int32_t)lroundf((blob->x - half * cosf(angle) + half * sinf(angle)) * 65536);
    int32_t row_y = (int32_t)lroundf((blob->y - half * sinf(angle) - half * cosf(angle)) * 65536);
    const int32_t max_x = (o->width - 1) * 65536 - 1, max_y = (o->height - 1) * 65536 - 1;
    for (int j = 0; j < PATCH_SIDE; j++, row_x -= uy, row_y += ux) {
        int32_t x = row_x, y = row_y;
        for (int i = 0; i < PATCH_SIDE; i++, x += ux, y += uy) {
            const int32_t cx = MAX_OF(0, MIN_OF(x, max_x)), cy = MAX_OF(0, MIN_OF(y, max_y));
            const int16_t *p = level + (size_t)(cy >> 16) * o->stride + (cx >> 16);
            const int fx = (cx >> 9) & 127, fy = (cy >> 9) & 127;
            const int top = p[0] * (128 - fx) + p[1] * fx;
            const int bottom = p[o->stride] * (128 - fx) + p[o->stride + 1] * fx;
            patch[j * PATCH_SIDE + i] = (int16_t)((top * (128 - fy) + bottom * fy + 8192) >> 14);
        }
    }
}

// Unit length, no value above the ceiling, then the root of shares (RootSIFT): distances of such vectors are
// Hellinger distances of the histograms.
static void normalise(const int32_t cells[PATCH_CELLS], uint8_t *ret)
{
    float values[PATCH_CELLS], square = 0, sum = 0;
    for (int i = 0; i < PATCH_CELLS; i++) {
        values[i] = (float)cells[i];
        square += values[i] * values[i];
    }
    const float ceiling = VALUE_CEILING * sqrtf(square);
    for (int i = 0; i < PATCH_CELLS; i++) {
        values[i] = MIN_OF(values[i], ceiling);
        sum += values[i];
    }
    const float scale = sum > 0 ? 1 / sum : 0;
    for (int i = 0; i < PATCH_CELLS; i++)
        ret[i] = (uint8_t)MIN_OF(127, (int)(256 * sqrtf(values[i] * scale) + 0.5f));
}

int describe(const Extractor *e, const Blob *blob, Feature *ret, int max)
{
    const Octave *o = &e->octaves[blob->octave];
    const int16_t *level = o->levels[blob->level];
    float histogram[BINS] = {0}, angles[2];
    turns(e, o, level, blob, histogram);
    smooth(histogram);
    const int count = MIN_OF(peaks(histogram, angles), max);
    const float scale = exp2f((float)blob->octave) * (e->is_doubled ? 0.5f : 1.0f);
    const float shift = e->is_doubled ? -0.25f : 0.0f;
    for (int i = 0; i < count; i++) {
        int16_t patch[PATCH_SIDE * PATCH_SIDE];
        int32_t cells[PATCH_CELLS];
        sample(o, level, blob, angles[i], patch);
        e->kernel->pool(patch, cells);
        ret[i] = (Feature){
            .x_px = blob->x * scale + shift,
            .y_px = blob->y * scale + shift,
            .sigma_px = blob->sigma * scale,
            .angle = angles[i],
            .strength = blob->strength,
        };
        normalise(cells, ret[i].values);
    }
    return count;
}
