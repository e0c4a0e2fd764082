// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

#include <math.h>
#include <stdlib.h>

enum { CHANNELS_MAX = 4 };
static const double CUBIC_RADIUS = 2.0;

static double catmull_rom(double x)
{
    x = fabs(x);
    if (x < 1.0)
        return (1.5 * x - 2.5) * x * x + 1.0;
    if (x < 2.0)
        return ((-0.5 * x + 2.5) * x - 4.0) * x + 2.0;
    return 0.0;
}

// Rounds to integers whose sum is exactly RESAMPLE_ONE, so that a flat area stays what it is.
static void weights_round(const double *from, double sum, int taps, int16_t *to)
{
    int left = RESAMPLE_ONE, largest = 0;
    for (int k = 0; k < taps; k++) {
        to[k] = (int16_t)lrint(from[k] / sum * RESAMPLE_ONE);
        left -= to[k];
        if (to[k] > to[largest])
            largest = k;
    }
    to[largest] = (int16_t)(to[largest] + left);
}

Resample resample_make(double start, double step, int count, int limit)
{
    double widen = MAX_OF(1.0, step), radius = CUBIC_RADIUS * widen;
    int taps = MIN_OF((int)ceil(2 * radius) + 1, limit);
    Resample r = {.count = count, .taps = taps};
    r.first = mem_alloc((size_t)count * sizeof(int));
    r.weights = mem_alloc((size_t)count * (size_t)taps * sizeof(int16_t));
    double *w = mem_alloc((size_t)taps * sizeof(double));
    for (int i = 0; i < count; i++) {
        double centre = start + (i + 0.5) * step;
        int low = (int)floor(centre - radius), high = (int)ceil(centre + radius);
        int first = MIN_OF(MAX_OF(low, 0), limit - taps);
        double sum = 0;
        memset(w, 0, (size_t)taps * sizeof(double));
        for (int k = low; k <= high; k++) {
            double weight = catmull_rom((k + 0.5 - centre) / widen);
            int at = MIN_OF(MAX_OF(k, 0), limit - 1) - first;
            assert(weight == 0.0 || (at >= 0 && at < taps));
            if (weight != 0.0)
                w[at] += weight;
            sum += weight;
        }
        r.first[i] = first;
        weights_round(w, sum, taps, r.weights + (size_t)i * (size_t)taps);
    }
    free(w);
    return r;
}

void resample_free(Resample *r)
{
    free(r->first);
    free(r->weights);
    *r = (Resample){0};
}

static uint8_t to_byte(int sum)
{
    int v = (sum + RESAMPLE_ONE / 2) >> RESAMPLE_BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

static void row1(const Resample *r, const uint8_t *from, uint8_t *to)
{
    const int16_t *w = r->weights;
    for (int i = 0; i < r->count; i++, w += r->taps) {
        const uint8_t *p = from + r->first[i];
        int sum = 0;
        for (int k = 0; k < r->taps; k++)
            sum += w[k] * p[k];
        to[i] = to_byte(sum);
    }
}

static void row3(const Resample *r, const uint8_t *from, uint8_t *to)
{
    const int16_t *w = r->weights;
    for (int i = 0; i < r->count; i++, w += r->taps, to += 3) {
        const uint8_t *p = from + (size_t)r->first[i] * 3;
        int sum0 = 0, sum1 = 0, sum2 = 0;
        for (int k = 0; k < r->taps; k++, p += 3) {
            sum0 += w[k] * p[0];
            sum1 += w[k] * p[1];
            sum2 += w[k] * p[2];
        }
        to[0] = to_byte(sum0);
        to[1] = to_byte(sum1);
        to[2] = to_byte(sum2);
    }
}

void resample_row(const Resample *r, int channels, const uint8_t *from, uint8_t *to)
{
    assert(channels == 1 || channels == 3);
    if (channels == 1)
        row1(r, from, to);
    else
        row3(r, from, to);
}

void resample_column(const Resample *r, int i, const uint8_t *const *rows, size_t bytes, uint8_t *to)
{
    const int16_t *w = r->weights + (size_t)i * (size_t)r->taps;
    enum { BLOCK = 256 };
    int sums[BLOCK];
    for (size_t at = 0; at < bytes; at += BLOCK) {
        size_t count = MIN_OF((size_t)BLOCK, bytes - at);
        memset(sums, 0, sizeof(sums));
        for (int k = 0; k < r->taps; k++) {
            const uint8_t *p = rows[k] + at;
            int weight = w[k];
            if (weight != 0)
                for (size_t x = 0; x < count; x++)
                    sums[x] += weight * p[x];
        }
        for (size_t x = 0; x < count; x++)
            to[at + x] = to_byte(sums[x]);
    }
}

void pixels_scale(const Pixels *from, const Pixels *to)
{
    assert(from->channels == to->channels);
    CLEANUP(resample_free)
    Resample across = resample_make(0, (double)from->width_px / to->width_px, to->width_px, from->width_px);
    CLEANUP(resample_free)
    Resample down = resample_make(0, (double)from->height_px / to->height_px, to->height_px, from->height_px);
    Pixels narrow = pixels_make(to->width_px, from->height_px, from->channels);
    for (int y = 0; y < from->height_px; y++)
        resample_row(&across, from->channels, pixels_at(from, 0, y), pixels_at(&narrow, 0, y));
    const uint8_t **rows = mem_alloc((size_t)down.taps * sizeof(*rows));
    for (int y = 0; y < to->height_px; y++) {
        for (int k = 0; k < down.taps; k++)
            rows[k] = pixels_at(&narrow, 0, down.first[y] + k);
        resample_column(&down, y, rows, narrow.stride, pixels_at(to, 0, y));
    }
    free(rows);
    free(narrow.p);
}

void halve_rows(const uint8_t *a, const uint8_t *b, int width_px, int channels, bool lone_first, uint8_t *to)
{
    size_t n = (size_t)channels;
    int left = width_px;
    if (lone_first && left > 0) {
        for (size_t c = 0; c < n; c++)
            to[c] = (uint8_t)((a[c] + b[c] + 1) >> 1);
        a += n, b += n, to += n, left--;
    }
    for (; left >= 2; left -= 2, a += 2 * n, b += 2 * n, to += n)
        for (size_t c = 0; c < n; c++)
            to[c] = (uint8_t)((a[c] + a[c + n] + b[c] + b[c + n] + 2) >> 2);
    if (left == 1)
        for (size_t c = 0; c < n; c++)
            to[c] = (uint8_t)((a[c] + b[c] + 1) >> 1);
}

void pixels_halve(const Pixels *from, const Pixels *to)
{
    for (int y = 0; y < to->height_px; y++)
        halve_rows(pixels_at(from, 0, 2 * y), pixels_at(from, 0, MIN_OF(2 * y + 1, from->height_px - 1)),
            from->width_px, from->channels, false, pixels_at(to, 0, y));
}
