// SPDX-License-Identifier: Apache-2.0
// Filters of at most sixteen taps whose weights are whole 99ths in 8 bits, so that a processor's vectors
// multiply 32 samples at once. Why 99: samples times weights then stay in 16 bits, whatever their order, as
// long as the weights without their signs add up to no more than 128 (FAST_WEIGHTS_MAX; Catmull-Rom's are at
// most 1.25 times their sum); and 331 / 32768 is 1 / 99 to 3 parts in 100,000, so that dividing is one
// multiplication and a flat area stays what it is. Sums that overflow nowhere are the same in any order: the
// vectors equal plain C to the last bit.
#include "image/int.h"

#include <math.h>

#ifdef __x86_64__
#include <immintrin.h>
#define HAS_AVX2 1
#else
#define HAS_AVX2 0
#endif

enum { FAST_ONE = 99, FAST_WEIGHTS_MAX = 128, PER_ONE = 331, PER_ONE_BITS = 15 };

bool resample_fast_round(const double *from, double sum, int taps, int8_t *to)
{
    double whole = 0;
    int given = 0, size = 0;
    for (int k = 0; k < taps; k++) {
        // What rounding leaves goes to the neighbour: a slope keeps its place.
        whole += from[k] / sum * FAST_ONE;
        int weight = (int)lrint(whole) - given;
        given += weight;
        size += abs(weight);
        to[k] = (int8_t)weight;
    }
    return given == FAST_ONE && size <= FAST_WEIGHTS_MAX;
}

static inline uint8_t to_byte(int sum)
{
    int v = (sum * PER_ONE + (1 << (PER_ONE_BITS - 1))) >> PER_ONE_BITS;
    return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

// ---- plain

static void row_plain(const Resample *r, int from_output, const uint8_t *from, uint8_t *to)
{
    for (int i = from_output; i < r->count; i++) {
        const int8_t *w = r->fast + (size_t)i * (size_t)r->stride;
        const uint8_t *p = from + r->first[i];
        int sum = 0;
        for (int k = 0; k < r->taps; k++)
            sum += w[k] * p[k];
        to[i] = to_byte(sum);
    }
}

static void column_plain(
    const int8_t *w, int taps, const uint8_t *const *rows, size_t from, size_t bytes, uint8_t *to)
{
    for (size_t x = from; x < bytes; x++) {
        int sum = 0;
        for (int k = 0; k < taps; k++)
            sum += w[k] * rows[k][x];
        to[x] = to_byte(sum);
    }
}

// ---- AVX2

#if HAS_AVX2
#define AVX2 __attribute__((target("avx2")))
#define INLINE static inline __attribute__((always_inline))

// Sums of two neighbours each, of outputs i, i+1 (low half) and i+8, i+9 (high half).
AVX2 INLINE __m256i eight_taps(const Resample *r, const uint8_t *from, int i)
{
    const int8_t *w = r->fast + (size_t)i * 8;
    __m128i low = _mm_unpacklo_epi64(_mm_loadl_epi64((const void *)(from + r->first[i])),
        _mm_loadl_epi64((const void *)(from + r->first[i + 1])));
    __m128i high = _mm_unpacklo_epi64(_mm_loadl_epi64((const void *)(from + r->first[i + 8])),
        _mm_loadl_epi64((const void *)(from + r->first[i + 9])));
    return _mm256_maddubs_epi16(
        _mm256_set_m128i(high, low), _mm256_loadu2_m128i((const void *)(w + 64), (const void *)w));
}

AVX2 INLINE __m256i sixteen_taps_one(const Resample *r, const uint8_t *from, int i)
{
    const int8_t *w = r->fast + (size_t)i * 16;
    return _mm256_maddubs_epi16(
        _mm256_loadu2_m128i((const void *)(from + r->first[i + 8]), (const void *)(from + r->first[i])),
        _mm256_loadu2_m128i((const void *)(w + 128), (const void *)w));
}

AVX2 INLINE __m256i two_outputs(const Resample *r, const uint8_t *from, int i, bool eight)
{
    return eight ? eight_taps(r, from, i)
                 : _mm256_hadd_epi16(sixteen_taps_one(r, from, i), sixteen_taps_one(r, from, i + 1));
}

AVX2 INLINE int row_sixteens(const Resample *r, const uint8_t *from, uint8_t *to, bool eight)
{
    const __m256i per_one = _mm256_set1_epi16(PER_ONE);
    if (r->count < 16)
        return 0;
    for (int i = 0;; i = MIN_OF(i + 16, r->count - 16)) { // the last ones twice, rather than one by one
        // Outputs i .. i+7 in the low half, i+8 .. i+15 in the high one.
        __m256i sum = _mm256_hadd_epi16(
            _mm256_hadd_epi16(two_outputs(r, from, i, eight), two_outputs(r, from, i + 2, eight)),
            _mm256_hadd_epi16(two_outputs(r, from, i + 4, eight), two_outputs(r, from, i + 6, eight)));
        sum = _mm256_mulhrs_epi16(sum, per_one);
        __m128i bytes = _mm_packus_epi16(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
        _mm_storeu_si128((void *)(to + i), bytes);
        if (i == r->count - 16)
            return r->count;
    }
}

// Reads up to RESAMPLE_SLACK bytes behind the last input.
AVX2 static int row_avx2(const Resample *r, const uint8_t *from, uint8_t *to)
{
    return r->stride == 8 ? row_sixteens(r, from, to, true) : row_sixteens(r, from, to, false);
}

// 32 samples from two rows at a time.
AVX2 static size_t column_avx2(
    const int8_t *w, int taps, const uint8_t *const *rows, size_t bytes, uint8_t *to)
{
    const __m256i per_one = _mm256_set1_epi16(PER_ONE);
    __m256i weights[RESAMPLE_FAST_TAPS_MAX / 2];
    int pairs = taps / 2;
    if (bytes < 32)
        return 0;
    for (int k = 0; k < pairs; k++)
        weights[k] = _mm256_set1_epi16((short)((uint8_t)w[2 * k] | (unsigned)(uint8_t)w[2 * k + 1] << 8));
    const __m256i odd = _mm256_set1_epi16((uint8_t)w[taps - 1]);
    for (size_t x = 0;; x = MIN_OF(x + 32, bytes - 32)) { // as above
        __m256i low = _mm256_setzero_si256(), high = low;
        for (int k = 0; k < pairs; k++) {
            __m256i a = _mm256_loadu_si256((const void *)(rows[2 * k] + x));
            __m256i b = _mm256_loadu_si256((const void *)(rows[2 * k + 1] + x));
            low = _mm256_add_epi16(low, _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, b), weights[k]));
            high = _mm256_add_epi16(high, _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, b), weights[k]));
        }
        if (taps % 2 != 0) {
            __m256i a = _mm256_loadu_si256((const void *)(rows[taps - 1] + x));
            low = _mm256_add_epi16(low, _mm256_maddubs_epi16(_mm256_unpacklo_epi8(a, a), odd));
            high = _mm256_add_epi16(high, _mm256_maddubs_epi16(_mm256_unpackhi_epi8(a, a), odd));
        }
        low = _mm256_mulhrs_epi16(low, per_one);
        high = _mm256_mulhrs_epi16(high, per_one);
        _mm256_storeu_si256((void *)(to + x), _mm256_packus_epi16(low, high));
        if (x == bytes - 32)
            return bytes;
    }
}
#else // the rest is done in plain C
#define row_avx2(r, from, to) 0
#define column_avx2(w, taps, rows, bytes, to) ((size_t)0)
#endif

void resample_fast_row(const Resample *r, const uint8_t *from, uint8_t *to, ResampleBy by)
{
    row_plain(r, resample_by_avx2(by) ? row_avx2(r, from, to) : 0, from, to);
}

void resample_fast_column(
    const Resample *r, int i, const uint8_t *const *rows, size_t bytes, uint8_t *to, ResampleBy by)
{
    const int8_t *w = r->fast + (size_t)i * (size_t)r->stride;
    size_t done = resample_by_avx2(by) ? column_avx2(w, r->taps, rows, bytes, to) : 0;
    column_plain(w, r->taps, rows, done, bytes, to);
}
