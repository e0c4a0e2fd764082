// SPDX-License-Identifier: Apache-2.0
// Columns are transformed eight at a time (a vector of the compiler's), a block of columns through all stages
// before the next, so that it stays in the cache. Rows are columns of the transposed picture. Forwards by
// decimation in frequency, back by decimation in time: so no order has to be mended in between.
#include "pattern/fft.h"

#include <math.h>

enum { LANES = 8, BLOCK = 32 };

typedef float Vec __attribute__((vector_size(LANES * sizeof(float)), aligned(32), may_alias));

static float *aligned(size_t count, Arena *a)
{
    const uintptr_t at = (uintptr_t)arena_alloc(a, count * sizeof(float) + 32);
    return (float *)((at + 31) & ~(uintptr_t)31);
}

Spectrum spectrum_make(int side, Arena *a)
{
    assert(side >= 16 && side <= 4096 && (side & (side - 1)) == 0);
    const size_t count = (size_t)side * (size_t)side;
    return (Spectrum){aligned(count, a), aligned(count, a), side};
}

typedef struct {
    float *re, *im;
} Pair;

static inline Vec *vec(float *p)
{
    return (Vec *)p;
}

// (p, q) becomes (p + q, (p - q) w), for BLOCK columns.
static inline void split(Pair p, Pair q, float wr, float wi)
{
    for (int k = 0; k < BLOCK; k += LANES) {
        const Vec pr = *vec(p.re + k), pi = *vec(p.im + k), qr = *vec(q.re + k), qi = *vec(q.im + k);
        const Vec dr = pr - qr, di = pi - qi;
        *vec(p.re + k) = pr + qr;
        *vec(p.im + k) = pi + qi;
        *vec(q.re + k) = dr * wr - di * wi;
        *vec(q.im + k) = dr * wi + di * wr;
    }
}

// (p, q) becomes (p + q w, p - q w).
static inline void merge(Pair p, Pair q, float wr, float wi)
{
    for (int k = 0; k < BLOCK; k += LANES) {
        const Vec pr = *vec(p.re + k), pi = *vec(p.im + k), qr = *vec(q.re + k), qi = *vec(q.im + k);
        const Vec tr = qr * wr - qi * wi, ti = qr * wi + qi * wr;
        *vec(p.re + k) = pr + tr;
        *vec(p.im + k) = pi + ti;
        *vec(q.re + k) = pr - tr;
        *vec(q.im + k) = pi - ti;
    }
}

static Pair row_of(const Spectrum *s, int row, int column)
{
    const size_t at = (size_t)row * (size_t)s->side + (size_t)column;
    return (Pair){s->re + at, s->im + at};
}

// One stage over all rows of a block of columns.
static void stage(
    const Spectrum *s, int column, int half, const float *cosines, const float *sines, bool back)
{
    const int step = s->side / (2 * half);
    for (int j = 0; j < half; j++) {
        const float wr = cosines[j * step], wi = back ? sines[j * step] : -sines[j * step];
        for (int top = j; top < s->side; top += 2 * half) {
            const Pair p = row_of(s, top, column), q = row_of(s, top + half, column);
            if (back)
                merge(p, q, wr, wi);
            else
                split(p, q, wr, wi);
        }
    }
}

static void columns(const Spectrum *s, const float *cosines, const float *sines, bool back)
{
    for (int column = 0; column < s->side; column += BLOCK) {
        if (back)
            for (int half = 1; half < s->side; half *= 2)
                stage(s, column, half, cosines, sines, true);
        else
            for (int half = s->side / 2; half >= 1; half /= 2)
                stage(s, column, half, cosines, sines, false);
    }
}

// In squares of 16, so that both sides are met in the cache.
static void transpose(float *p, int side)
{
    enum { SQUARE = 16 };
    for (int by = 0; by < side; by += SQUARE)
        for (int bx = by; bx < side; bx += SQUARE)
            for (int y = by; y < by + SQUARE; y++)
                for (int x = bx == by ? y + 1 : bx; x < bx + SQUARE; x++) {
                    float *one = p + (size_t)y * (size_t)side + (size_t)x;
                    float *other = p + (size_t)x * (size_t)side + (size_t)y;
                    const float t = *one;
                    *one = *other;
                    *other = t;
                }
}

static void transform(Spectrum *s, bool back, Arena *a)
{
    float *cosines = arena_array(a, float, (size_t)s->side), *sines = cosines + s->side / 2;
    for (int i = 0; i < s->side / 2; i++) {
        cosines[i] = (float)cos(2 * M_PI * i / s->side);
        sines[i] = (float)sin(2 * M_PI * i / s->side);
    }
    columns(s, cosines, sines, back);
    transpose(s->re, s->side);
    transpose(s->im, s->side);
    columns(s, cosines, sines, back);
}

void spectrum_forward(Spectrum *s, Arena *a)
{
    transform(s, false, a);
}

void spectrum_back(Spectrum *s, Arena *a)
{
    transform(s, true, a);
}
