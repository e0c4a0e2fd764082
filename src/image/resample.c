// SPDX-License-Identifier: Apache-2.0
// Sums of 8-bit samples times 14-bit weights are whole numbers that fit 32 bits, so any order of adding them
// up gives the same result: the vector versions below equal the plain ones to the last bit.
#include "image/int.h"

#include <math.h>
#include <stdlib.h>

#ifdef __x86_64__
#include <immintrin.h>
#define HAS_AVX2 1
#else
#define HAS_AVX2 0
#endif

enum { TAPS_STEP = 8 };
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

int resample_taps(double step, int limit)
{
    return MIN_OF((int)ceil(2 * CUBIC_RADIUS * MAX_OF(1.0, step)), limit);
}

// The weights of output i, not yet rounded, and their sum.
static double weigh(const Resample *r, int i, double centre, double widen, int limit, double *w)
{
    double radius = CUBIC_RADIUS * widen, sum = 0;
    int low = (int)ceil(centre - radius - 0.5), high = (int)floor(centre + radius - 0.5);
    if (catmull_rom((low + 0.5 - centre) / widen) == 0.0) // just at the rim
        low++;
    r->first[i] = MAX_OF(MIN_OF(MAX_OF(low, 0), limit - r->taps), 0);
    memset(w, 0, (size_t)r->taps * sizeof(double));
    for (int k = low; k <= high; k++) {
        double weight = catmull_rom((k + 0.5 - centre) / widen);
        int at = MIN_OF(MAX_OF(k, 0), limit - 1) - r->first[i];
        if (weight == 0.0)
            continue;
        assert(at >= 0 && at < r->taps);
        w[at] += weight;
        sum += weight;
    }
    return sum;
}

Resample resample_make(double start, double step, int count, int limit, ResampleCare care)
{
    int taps = resample_taps(step, limit);
    Resample r = {.count = count, .taps = taps, .stride = (taps + TAPS_STEP - 1) / TAPS_STEP * TAPS_STEP};
    bool fast = care == RESAMPLE_FAST && taps <= RESAMPLE_FAST_TAPS_MAX, good = true;
    size_t weights = (size_t)count * (size_t)r.stride;
    r.first = mem_alloc((size_t)count * sizeof(int));
    if (fast)
        r.fast = mem_alloc(weights);
    else
        r.weights = mem_alloc(weights * sizeof(int16_t));
    double *w = mem_alloc((size_t)taps * sizeof(double));
    for (int i = 0; i < count && good; i++) {
        double sum = weigh(&r, i, start + (i + 0.5) * step, MAX_OF(1.0, step), limit, w);
        if (fast)
            good = resample_fast_round(w, sum, taps, r.fast + (size_t)i * (size_t)r.stride);
        else
            weights_round(w, sum, taps, r.weights + (size_t)i * (size_t)r.stride);
    }
    free(w);
    if (good)
        return r;
    resample_free(&r);
    return resample_make(start, step, count, limit, RESAMPLE_FINE);
}

void resample_free(Resample *r)
{
    free(r->first);
    free(r->weights);
    free(r->fast);
    *r = (Resample){0};
}

static inline uint8_t to_byte(int sum)
{
    int v = (sum + RESAMPLE_ONE / 2) >> RESAMPLE_BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

// ---- plain

static void row_plain(const Resample *r, int from_output, const uint8_t *from, uint8_t *to)
{
    for (int i = from_output; i < r->count; i++) {
        const int16_t *w = r->weights + (size_t)i * (size_t)r->stride;
        const uint8_t *p = from + r->first[i];
        int sum = 0;
        for (int k = 0; k < r->taps; k++)
            sum += w[k] * p[k];
        to[i] = to_byte(sum);
    }
}

static void column_plain(
    const int16_t *w, int taps, const uint8_t *const *rows, size_t from, size_t bytes, uint8_t *to)
{
    enum { BLOCK = 256 };
    int sums[BLOCK];
    for (size_t at = from; at < bytes; at += BLOCK) {
        size_t count = MIN_OF((size_t)BLOCK, bytes - at);
        memset(sums, 0, sizeof(sums));
        for (int k = 0; k < taps; k++)
            for (size_t x = 0; x < count; x++)
                sums[x] += w[k] * rows[k][at + x];
        for (size_t x = 0; x < count; x++)
            to[at + x] = to_byte(sums[x]);
    }
}

// ---- AVX2

#if HAS_AVX2
#define AVX2 __attribute__((target("avx2")))

// The products for output i in the low half, those for output i + 4 in the high one.
AVX2 static inline __attribute__((always_inline)) __m256i row_two(
    const Resample *r, const uint8_t *from, int i, int stride)
{
    const int16_t *w = r->weights + (size_t)i * (size_t)stride, *w4 = w + 4 * stride;
    const uint8_t *p = from + r->first[i], *p4 = from + r->first[i + 4];
    __m256i sum = _mm256_setzero_si256();
    for (int k = 0; k < stride; k += TAPS_STEP) {
        __m128i both = _mm_unpacklo_epi64(
            _mm_loadl_epi64((const void *)(p + k)), _mm_loadl_epi64((const void *)(p4 + k)));
        __m256i weights =
            _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const void *)(w + k))),
                _mm_loadu_si128((const void *)(w4 + k)), 1);
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(_mm256_cvtepu8_epi16(both), weights));
    }
    return sum;
}

AVX2 static inline __attribute__((always_inline)) int row_eights(
    const Resample *r, const uint8_t *from, uint8_t *to, int stride)
{
    const __m256i half = _mm256_set1_epi32(RESAMPLE_ONE / 2);
    int i = 0;
    for (; i + 8 <= r->count; i += 8) {
        __m256i eight =
            _mm256_hadd_epi32(_mm256_hadd_epi32(row_two(r, from, i, stride), row_two(r, from, i + 1, stride)),
                _mm256_hadd_epi32(row_two(r, from, i + 2, stride), row_two(r, from, i + 3, stride)));
        eight = _mm256_srai_epi32(_mm256_add_epi32(eight, half), RESAMPLE_BITS);
        eight = _mm256_packs_epi32(eight, eight);
        eight = _mm256_packus_epi16(eight, eight);
        int low = _mm256_extract_epi32(eight, 0), high = _mm256_extract_epi32(eight, 4);
        memcpy(to + i, &low, sizeof(low));
        memcpy(to + i + 4, &high, sizeof(high));
    }
    return i;
}

// Reads up to RESAMPLE_SLACK bytes behind the last input.
AVX2 static int row_avx2(const Resample *r, const uint8_t *from, uint8_t *to)
{
    // Making smaller by less than half, the usual case, takes eight taps: no loop over them.
    return r->stride == TAPS_STEP ? row_eights(r, from, to, TAPS_STEP) : row_eights(r, from, to, r->stride);
}

// Sixteen bytes at a time, two rows in one multiplication.
AVX2 static size_t column_avx2(
    const int16_t *w, int taps, const uint8_t *const *rows, size_t bytes, uint8_t *to)
{
    const __m256i half = _mm256_set1_epi32(RESAMPLE_ONE / 2);
    size_t x = 0;
    for (; x + 16 <= bytes; x += 16) {
        __m256i low = half, high = half;
        for (int k = 0; k < taps; k += 2) {
            bool pair = k + 1 < taps;
            __m128i a = _mm_loadu_si128((const void *)(rows[k] + x));
            __m128i b = _mm_loadu_si128((const void *)(rows[pair ? k + 1 : k] + x));
            int weights = (uint16_t)w[k] | (pair ? (int)((uint32_t)(uint16_t)w[k + 1] << 16) : 0);
            __m256i both = _mm256_set1_epi32(weights);
            __m256i first = _mm256_cvtepu8_epi16(_mm_unpacklo_epi8(a, b));
            __m256i second = _mm256_cvtepu8_epi16(_mm_unpackhi_epi8(a, b));
            low = _mm256_add_epi32(low, _mm256_madd_epi16(first, both));
            high = _mm256_add_epi32(high, _mm256_madd_epi16(second, both));
        }
        low = _mm256_srai_epi32(low, RESAMPLE_BITS);
        high = _mm256_srai_epi32(high, RESAMPLE_BITS);
        // Packing works in halves of 128 bits; the permutation puts them in order.
        __m256i words = _mm256_permute4x64_epi64(_mm256_packs_epi32(low, high), 0xd8);
        __m128i out = _mm_packus_epi16(_mm256_castsi256_si128(words), _mm256_extracti128_si256(words, 1));
        _mm_storeu_si128((void *)(to + x), out);
    }
    return x;
}
#else // the rest is done in plain C
#define row_avx2(r, from, to) 0
#define column_avx2(w, taps, rows, bytes, to) ((size_t)0)
#endif

void resample_row(const Resample *r, const uint8_t *from, uint8_t *to, ResampleBy by)
{
    if (r->fast) {
        resample_fast_row(r, from, to, by);
        return;
    }
    row_plain(r, resample_by_avx2(by) ? row_avx2(r, from, to) : 0, from, to);
}

void resample_column(
    const Resample *r, int i, const uint8_t *const *rows, size_t bytes, uint8_t *to, ResampleBy by)
{
    if (r->fast) {
        resample_fast_column(r, i, rows, bytes, to, by);
        return;
    }
    const int16_t *w = r->weights + (size_t)i * (size_t)r->stride;
    size_t done = resample_by_avx2(by) ? column_avx2(w, r->taps, rows, bytes, to) : 0;
    column_plain(w, r->taps, rows, done, bytes, to);
}

// ---- whole pictures

// Channels side by side, for pixels_scale, whose pictures are small.
static void row_channels(const Resample *r, int channels, const uint8_t *from, uint8_t *to)
{
    for (int i = 0; i < r->count; i++, to += channels) {
        const int16_t *w = r->weights + (size_t)i * (size_t)r->stride;
        const uint8_t *p = from + (size_t)r->first[i] * (size_t)channels;
        for (int c = 0; c < channels; c++) {
            int sum = 0;
            for (int k = 0; k < r->taps; k++)
                sum += w[k] * p[k * channels + c];
            to[c] = to_byte(sum);
        }
    }
}

void pixels_scale(const Pixels *from, const Pixels *to)
{
    assert(from->channels == to->channels);
    CLEANUP(resample_free)
    Resample across =
        resample_make(0, (double)from->width_px / to->width_px, to->width_px, from->width_px, RESAMPLE_FINE);
    CLEANUP(resample_free)
    Resample down = resample_make(
        0, (double)from->height_px / to->height_px, to->height_px, from->height_px, RESAMPLE_FINE);
    const uint8_t **rows = mem_alloc((size_t)down.taps * sizeof(*rows));
    uint8_t *row = mem_alloc(from->stride);
    for (int y = 0; y < to->height_px; y++) {
        for (int k = 0; k < down.taps; k++)
            rows[k] = pixels_at(from, 0, down.first[y] + k);
        resample_column(&down, y, rows, (size_t)from->width_px * (size_t)from->channels, row, RESAMPLE_BEST);
        row_channels(&across, from->channels, row, pixels_at(to, 0, y));
    }
    free(row);
    free(rows);
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
