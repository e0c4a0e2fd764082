// SPDX-License-Identifier: Apache-2.0
// The likeness of a picture with itself, shifted: the inverse transform of its spectrum's magnitudes. Plain
// autocorrelation would be that of their squares; the root lets fine lines speak as loud as large areas, so
// peaks are sharp and a lost third, which is large areas, hardly counts.
//
// Lightness and the stronger of the two colour axes are the real and imaginary part: what comes back as real
// is the sum of both, so a pattern of one lightness is found by its colours.
#include "pattern/fft.h"
#include "pattern/lattice.h"

#include <math.h>
#include <stdlib.h>

enum {
    FLAT_RADIUS_SHARE = 6, // light changes slowly: contrast is taken over 2/6 of a side
};
static const float CONTRAST_FLOOR = 2.0f; // in Delta E: below is grain
static const float CLIP = 3;
static const float MAGNITUDE_POWER = 0.5f; // of the power spectrum

typedef struct {
    float *p;
    int width, height;
} Plane;

// Means of the pixels under each pixel of the smaller picture.
static Lab *shrink(const PatternPicture *from, ReducedBox box, double scale, int w, int h, Arena *a)
{
    Lab *lab = arena_array(a, Lab, (size_t)w * (size_t)h);
    for (int y = 0; y < h; y++) {
        const int y0 = box.top_px + (int)(y * scale),
                  y1 = MAX_OF(y0 + 1, box.top_px + (int)((y + 1) * scale));
        for (int x = 0; x < w; x++) {
            const int x0 = box.left_px + (int)(x * scale),
                      x1 = MAX_OF(x0 + 1, box.left_px + (int)((x + 1) * scale));
            unsigned sum[3] = {0}, count = 0;
            for (int v = y0; v < y1; v++)
                for (int u = x0; u < x1; u++, count++)
                    for (int c = 0; c < 3; c++)
                        sum[c] += from->p[(size_t)v * from->stride + (size_t)u * 3 + (size_t)c];
            const uint8_t rgb[3] = {
                (uint8_t)(sum[0] / count), (uint8_t)(sum[1] / count), (uint8_t)(sum[2] / count)};
            lab[(size_t)y * (size_t)w + (size_t)x] = lab_from_rgb(rgb);
        }
    }
    return lab;
}

// Sums over squares by a running table.
static double *table_of(const Plane *p, bool squares, Arena *a)
{
    const size_t row = (size_t)p->width + 1;
    double *sums = arena_array(a, double, row *((size_t)p->height + 1));
    for (int y = 0; y < p->height; y++) {
        double line = 0;
        for (int x = 0; x < p->width; x++) {
            const double v = (double)p->p[(size_t)y * (size_t)p->width + (size_t)x];
            line += squares ? v * v : v;
            sums[((size_t)y + 1) * row + (size_t)x + 1] = sums[(size_t)y * row + (size_t)x + 1] + line;
        }
    }
    return sums;
}

static double mean_of(const double *sums, const Plane *p, int x, int y, int radius)
{
    const size_t row = (size_t)p->width + 1;
    const size_t x0 = (size_t)MAX_OF(x - radius, 0), x1 = (size_t)MIN_OF(x + radius + 1, p->width);
    const size_t y0 = (size_t)MAX_OF(y - radius, 0), y1 = (size_t)MIN_OF(y + radius + 1, p->height);
    return (sums[y1 * row + x1] - sums[y0 * row + x1] - sums[y1 * row + x0] + sums[y0 * row + x0]) /
           (double)((x1 - x0) * (y1 - y0));
}

// Takes away slow light and evens out contrast.
static void even(Plane *p, Arena *a)
{
    const int radius = MAX_OF(4, MAX_OF(p->width, p->height) / FLAT_RADIUS_SHARE);
    const double *sums = table_of(p, false, a), *squares = table_of(p, true, a);
    for (int y = 0; y < p->height; y++) {
        for (int x = 0; x < p->width; x++) {
            float *at = &p->p[(size_t)y * (size_t)p->width + (size_t)x];
            const double mean = mean_of(sums, p, x, y, radius);
            const double variance = fmax(0, mean_of(squares, p, x, y, radius) - mean * mean);
            const float v = (*at - (float)mean) / ((float)sqrt(variance) + CONTRAST_FLOOR);
            *at = fminf(fmaxf(v, -CLIP), CLIP);
        }
    }
}

static double variance_of(const float *p, size_t count)
{
    double sum = 0, squares = 0;
    for (size_t i = 0; i < count; i++) {
        sum += (double)p[i];
        squares += (double)p[i] * (double)p[i];
    }
    return squares / (double)count - sum / (double)count * (sum / (double)count);
}

Reduced reduced_make(const PatternPicture *picture, ReducedBox box, double scale, Arena *a)
{
    Reduced reduced = {
        MAX_OF(1, (int)(box.width_px / scale)), MAX_OF(1, (int)(box.height_px / scale)), scale, NULL, NULL};
    const size_t count = (size_t)reduced.width * (size_t)reduced.height;
    const Lab *lab = shrink(picture, box, scale, reduced.width, reduced.height, a);
    float *red = arena_array(a, float, count), *blue = arena_array(a, float, count);
    reduced.light = arena_array(a, float, count);
    for (size_t i = 0; i < count; i++) {
        reduced.light[i] = lab[i].l;
        red[i] = lab[i].a;
        blue[i] = lab[i].b;
    }
    reduced.colour = variance_of(red, count) > variance_of(blue, count) ? red : blue;
    return reduced;
}

Reduced reduced_half(const Reduced *from, Arena *a)
{
    Reduced reduced = {from->width / 2, from->height / 2, from->scale * 2, NULL, NULL};
    const size_t count = (size_t)reduced.width * (size_t)reduced.height, wide = (size_t)from->width;
    reduced.light = arena_array(a, float, count);
    reduced.colour = arena_array(a, float, count);
    for (size_t y = 0; y < (size_t)reduced.height; y++)
        for (size_t x = 0; x < (size_t)reduced.width; x++) {
            const size_t at = y * (size_t)reduced.width + x, of = 2 * y * wide + 2 * x;
            const float *l = from->light + of, *c = from->colour + of;
            reduced.light[at] = (l[0] + l[1] + l[wide] + l[wide + 1]) / 4;
            reduced.colour[at] = (c[0] + c[1] + c[wide] + c[wide + 1]) / 4;
        }
    return reduced;
}

static void put(Spectrum *s, float *to, const Plane *p)
{
    for (int y = 0; y < p->height; y++)
        memcpy(to + (size_t)y * (size_t)s->side, p->p + (size_t)y * (size_t)p->width,
            (size_t)p->width * sizeof(float));
}

static void flatten(Spectrum *s)
{
    const size_t count = (size_t)s->side * (size_t)s->side;
    for (size_t i = 0; i < count; i++) {
        const float power = s->re[i] * s->re[i] + s->im[i] * s->im[i];
        s->re[i] = MAGNITUDE_POWER == 0.5f ? sqrtf(power) : powf(power, MAGNITUDE_POWER);
        s->im[i] = 0;
    }
}

static int wrapped(int v, int side)
{
    return v < 0 ? v + side : v;
}

static Plane evened(const float *from, const Reduced *reduced, Arena *a)
{
    const size_t count = (size_t)reduced->width * (size_t)reduced->height;
    Plane p = {arena_array(a, float, count), reduced->width, reduced->height};
    memcpy(p.p, from, count * sizeof(float));
    even(&p, a);
    return p;
}

Likeness likeness_make(const Reduced *reduced, Arena *a)
{
    const Plane light = evened(reduced->light, reduced, a), colour = evened(reduced->colour, reduced, a);
    int side = 32; // twice what is looked at, so that nothing wraps around
    while (side < 2 * MAX_OF(reduced->width, reduced->height))
        side *= 2;
    Spectrum s = spectrum_make(side, a);
    put(&s, s.re, &light);
    put(&s, s.im, &colour);
    spectrum_forward(&s, a);
    flatten(&s);
    spectrum_back(&s, reduced->width, a); // opposite shifts are as like
    Likeness ret = {.reach_x = reduced->width * 9 / 10, .reach_y = reduced->height * 9 / 10};
    ret.at = arena_array(a, float, (size_t)(2 * ret.reach_x + 1) * (size_t)(ret.reach_y + 1));
    const float most = s.re[0] > 0 ? s.re[0] : 1;
    for (int y = 0; y <= ret.reach_y; y++) {
        for (int x = -ret.reach_x; x <= ret.reach_x; x++) {
            const float both =
                (1 - fabsf((float)x) / (float)reduced->width) * (1 - (float)y / (float)reduced->height);
            const float v =
                s.re[(size_t)wrapped(x < 0 ? -y : y, side) * (size_t)side + (size_t)abs(x)] / most;
            *likeness_at(&ret, x, y) = v / both;
        }
    }
    return ret;
}
