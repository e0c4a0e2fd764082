// SPDX-License-Identifier: Apache-2.0
// A block of columns is copied out, so that it lies together in the cache (rows a power of two apart would
// all want the same few lines of it), goes through all stages, eight columns to a vector of the compiler's,
// and is copied back. Rows are columns of the transposed picture. Forwards by decimation in frequency, back
// by decimation in time: so no order has to be mended in between.
#include "pattern/fft.h"

#include <math.h>

enum { LANES = 8, BLOCK = 16 }; // a block's row is one line of the cache

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

// Of one block of columns: all rows, BLOCK apart.
typedef struct {
    float *re, *im;
    int side;
} Columns;

static inline Pair row_of(const Columns *c, int row)
{
    return (Pair){c->re + (size_t)row * BLOCK, c->im + (size_t)row * BLOCK};
}

static void stage(const Columns *c, int half, const float *cosines, const float *sines, bool back)
{
    const int step = c->side / (2 * half);
    for (int j = 0; j < half; j++) {
        const float wr = cosines[j * step], wi = back ? sines[j * step] : -sines[j * step];
        for (int top = j; top < c->side; top += 2 * half) {
            if (back)
                merge(row_of(c, top), row_of(c, top + half), wr, wi);
            else
                split(row_of(c, top), row_of(c, top + half), wr, wi);
        }
    }
}

// False if they are all zero, and stay so.
static bool take(const Spectrum *s, int column, const Columns *c)
{
    bool any = false;
    for (int row = 0; row < s->side; row++) {
        const size_t at = (size_t)row * (size_t)s->side + (size_t)column, to = (size_t)row * BLOCK;
        memcpy(c->re + to, s->re + at, BLOCK * sizeof(float));
        memcpy(c->im + to, s->im + at, BLOCK * sizeof(float));
        for (size_t k = to; !any && k < to + BLOCK; k++)
            any = c->re[k] != 0 || c->im[k] != 0;
    }
    return any;
}

static void put(const Spectrum *s, int column, const Columns *c)
{
    for (int row = 0; row < s->side; row++) {
        const size_t at = (size_t)row * (size_t)s->side + (size_t)column, from = (size_t)row * BLOCK;
        memcpy(s->re + at, c->re + from, BLOCK * sizeof(float));
        memcpy(s->im + at, c->im + from, BLOCK * sizeof(float));
    }
}

static void columns(const Spectrum *s, const float *cosines, bool back, int count, const Columns *c)
{
    const float *sines = cosines + s->side / 2;
    for (int column = 0; column < count; column += BLOCK) {
        if (!take(s, column, c))
            continue;
        if (back)
            for (int half = 1; half < s->side; half *= 2)
                stage(c, half, cosines, sines, true);
        else
            for (int half = s->side / 2; half >= 1; half /= 2)
                stage(c, half, cosines, sines, false);
        put(s, column, c);
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

static void transform(Spectrum *s, bool back, int count, Arena *a)
{
    float *cosines = arena_array(a, float, (size_t)s->side), *sines = cosines + s->side / 2;
    for (int i = 0; i < s->side / 2; i++) {
        cosines[i] = (float)cos(2 * M_PI * i / s->side);
        sines[i] = (float)sin(2 * M_PI * i / s->side);
    }
    const Columns block = {aligned((size_t)s->side * BLOCK, a), aligned((size_t)s->side * BLOCK, a), s->side};
    columns(s, cosines, back, s->side, &block);
    transpose(s->re, s->side);
    transpose(s->im, s->side);
    columns(s, cosines, back, count, &block);
}

void spectrum_forward(Spectrum *s, Arena *a)
{
    transform(s, false, s->side, a);
}

void spectrum_back(Spectrum *s, int columns_count, Arena *a)
{
    transform(s, true, columns_count, a);
}
