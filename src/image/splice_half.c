// SPDX-License-Identifier: Apache-2.0
// The mean of two neighbouring outputs of an 8-point inverse DCT is
//
//   (f[2i] + f[2i+1]) / 2 = sum over k of c_k X_k cos(k pi/16) cos((2i+1) k pi/8)
//
// and the second cosine is that of a 4-point transform, in which k = 5, 6, 7 fall on 3, 2, 1 with the other
// sign and k = 4 vanishes. So each coefficient is scaled and added to one of 4 (or 4x4) sums while it is
// read, and a 4-point transform gives exactly the mean of 2x2 pixels. A component with half the samples on an
// axis (chroma of 4:2:0) is at half size already: there the 8-point transform is taken as it is.
#include "image/splice.h"

#include "image/int.h"

#include <math.h>
#include <stdlib.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

typedef float Four __attribute__((vector_size(16)));

enum { FULL = 8, HALF = 4 };

typedef struct {
    int points_x, points_y; // 8, or 4 where two samples become one
    int blocks_x, blocks_y; // per MCU
    float weight[BLOCK_COEFFICIENTS];
    uint8_t target[BLOCK_COEFFICIENTS];
    uint8_t *plane; // of one row of MCUs
    size_t stride;
    int rows;
} HalfComponent;

struct HalfPicture {
    int components, width_px, rows_left;
    HalfComponent component[SPLICE_COMPONENTS_MAX];
    uint8_t *row; // samples of the components side by side
    // basis[points == FULL][k]: the values of basis function k at 4 or 8 outputs
    _Alignas(16) float basis4[HALF][HALF];
    _Alignas(16) float basis8[FULL][FULL];
};

static double scale_of(int k)
{
    return k == 0 ? sqrt(1.0 / 8.0) : 0.5;
}

static void basis_make(HalfPicture *h)
{
    for (int k = 0; k < HALF; k++)
        for (int i = 0; i < HALF; i++)
            h->basis4[k][i] = (float)(scale_of(k) * cos((2 * i + 1) * k * M_PI / 8));
    for (int k = 0; k < FULL; k++)
        for (int i = 0; i < FULL; i++)
            h->basis8[k][i] = (float)(scale_of(k) * cos((2 * i + 1) * k * M_PI / 16));
}

// Where frequency k of an axis goes, and with what factor.
static int fold(int k, int points, double *ret_factor)
{
    *ret_factor = points == FULL ? 1.0 : k == 4 ? 0.0 : k > 4 ? -cos(k * M_PI / 16) : cos(k * M_PI / 16);
    return points == FULL ? k : k == 4 ? 0 : k > 4 ? FULL - k : k;
}

static void component_make(HalfComponent *c, const SpliceHead *head, int number, int mcus_across)
{
    const SpliceComponent *s = &head->component[number];
    c->points_x = s->across == head->component[0].across ? HALF : FULL;
    c->points_y = s->down == head->component[0].down ? HALF : FULL;
    c->blocks_x = s->across;
    c->blocks_y = s->down;
    c->rows = c->points_y * c->blocks_y;
    c->stride = (size_t)mcus_across * (size_t)(c->points_x * c->blocks_x);
    c->plane = mem_alloc(c->stride * (size_t)c->rows);
    for (int k = 0; k < BLOCK_COEFFICIENTS; k++) {
        double factor_x, factor_y;
        int natural = zigzag_to_natural[k];
        int x = fold(natural % 8, c->points_x, &factor_x), y = fold(natural / 8, c->points_y, &factor_y);
        c->weight[k] = (float)(factor_x * factor_y * head->quant[s->quant][k]);
        c->target[k] = (uint8_t)(y * c->points_x + x);
    }
}

HalfPicture *half_open(const SpliceHead *head, int mcus_across)
{
    HalfPicture *h = mem_alloc(sizeof(*h));
    h->components = head->components;
    h->width_px = (head->width_px + 1) / 2;
    h->rows_left = (head->height_px + 1) / 2;
    basis_make(h);
    for (int i = 0; i < h->components; i++)
        component_make(&h->component[i], head, i, mcus_across);
    h->row = mem_alloc((size_t)h->width_px * (size_t)h->components);
    return h;
}

void half_closep(HalfPicture **h)
{
    if (!*h)
        return;
    for (int i = 0; i < SPLICE_COMPONENTS_MAX; i++)
        free((*h)->component[i].plane);
    free((*h)->row);
    free(*h);
    *h = NULL;
}

void half_block_start(const HalfPicture *h, int component, HalfBlock *block)
{
    const HalfComponent *c = &h->component[component];
    block->weight = c->weight;
    block->target = c->target;
    memset(block->sum, 0, sizeof(float) * (size_t)(c->points_x * c->points_y));
}

static uint8_t to_sample(float v)
{
    v += 128.5F;
    return v < 0 ? 0 : v >= 255 ? 255 : (uint8_t)v;
}

static Four load(const float *p)
{
    Four v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static Four all(float v)
{
    return (Four){v, v, v, v};
}

static Four reversed(Four v)
{
    return (Four){v[3], v[2], v[1], v[0]};
}

static void put_four(Four v, uint8_t *to)
{
#ifdef __SSE2__
    // As to_sample: rounds down from +0.5, which for the negative is not needed because they become 0.
    __m128i i = _mm_cvttps_epi32((__m128)(v + all(128.5F)));
    i = _mm_packs_epi32(i, i);
    int bytes = _mm_cvtsi128_si32(_mm_packus_epi16(i, i));
    memcpy(to, &bytes, sizeof(bytes));
#else
    for (int i = 0; i < 4; i++)
        to[i] = to_sample(v[i]);
#endif
}

// Basis functions of even number are symmetric, the others antisymmetric: output i is even + odd, its mirror
// image even
// - odd. `low`: all coefficients but those of the first `low` rows and columns are zero. Always inlined with
// constants.
static inline __attribute__((always_inline)) void down_columns(
    const float *basis, int points, int low, const float *sum, int stride, Four *ret)
{
    for (int y = 0; y < points / 2; y++) {
        Four even = all(basis[y]) * load(sum), odd = all(basis[points + y]) * load(sum + stride);
        for (int k = 2; k < low; k += 2) {
            even += all(basis[k * points + y]) * load(sum + k * stride);
            odd += all(basis[(k + 1) * points + y]) * load(sum + (k + 1) * stride);
        }
        ret[y] = even + odd;
        ret[points - 1 - y] = even - odd;
    }
}

static inline __attribute__((always_inline)) void transform(const float *basis_x, const float *basis_y,
    int nx, int ny, int low, const float *sum, uint8_t *to, size_t stride)
{
    Four column[2][FULL];
    int low_x = MIN_OF(low, nx), low_y = MIN_OF(low, ny);
    for (int f = 0; f < low_x / 4; f++)
        down_columns(basis_y, ny, low_y, sum + 4 * f, nx, column[f]);
    for (int y = 0; y < ny; y++, to += stride) {
        if (nx == HALF) {
            Four v = all(column[0][y][0]) * load(basis_x);
            for (int k = 1; k < HALF; k++)
                v += all(column[0][y][k]) * load(basis_x + k * HALF);
            put_four(v, to);
            continue;
        }
        Four even = all(0), odd = all(0);
        for (int k = 0; k < low_x; k += 2) {
            even += all(column[k / 4][y][k % 4]) * load(basis_x + k * FULL);
            odd += all(column[k / 4][y][k % 4 + 1]) * load(basis_x + (k + 1) * FULL);
        }
        put_four(even + odd, to);
        put_four(reversed(even - odd), to + 4);
    }
}

static void transform_any(
    const HalfPicture *h, const HalfComponent *c, bool few, const float *sum, uint8_t *to)
{
    const float *b4 = &h->basis4[0][0], *b8 = &h->basis8[0][0];
    if (c->points_x == HALF && c->points_y == HALF)
        transform(b4, b4, HALF, HALF, HALF, sum, to, c->stride);
    else if (c->points_x == HALF)
        transform(b4, b8, HALF, FULL, FULL, sum, to, c->stride);
    else if (c->points_y == HALF)
        transform(b8, b4, FULL, HALF, FULL, sum, to, c->stride);
    else if (few)
        transform(b8, b8, FULL, FULL, HALF, sum, to, c->stride);
    else
        transform(b8, b8, FULL, FULL, FULL, sum, to, c->stride);
}

void half_block_place(HalfPicture *h, int component, int across, int down, int last, HalfBlock *block)
{
    enum { FIRST_FOUR_DIAGONALS = 9 }; // the last place in zigzag order whose row and column are below 4
    HalfComponent *c = &h->component[component];
    uint8_t *to = c->plane + (size_t)(down * c->points_y) * c->stride + (size_t)across * (size_t)c->points_x;
    if (last > 0) {
        transform_any(h, c, last <= FIRST_FOUR_DIAGONALS, block->sum, to);
        return;
    }
    uint8_t v = to_sample(block->sum[0] / 8);
    for (int y = 0; y < c->points_y; y++, to += c->stride)
        memset(to, v, (size_t)c->points_x);
}

bool half_rows(HalfPicture *h, const SpliceSink *sink, Err *err)
{
    int rows = MIN_OF(h->rows_left, h->component[0].rows);
    for (int y = 0; y < rows; y++) {
        const uint8_t *a = h->component[0].plane + (size_t)y * h->component[0].stride;
        if (h->components == 3) {
            const uint8_t *b = h->component[1].plane + (size_t)y * h->component[1].stride;
            const uint8_t *c = h->component[2].plane + (size_t)y * h->component[2].stride;
            uint8_t *to = h->row;
            for (int x = 0; x < h->width_px; x++, to += 3)
                to[0] = a[x], to[1] = b[x], to[2] = c[x];
        }
        if (!sink->half_row(sink->ctx, h->components == 3 ? h->row : a, err))
            return false;
    }
    h->rows_left -= rows;
    return true;
}
