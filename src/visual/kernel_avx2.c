// SPDX-License-Identifier: Apache-2.0
#include "visual/feature.h"
#include "visual/kernel.h"

#if defined(__x86_64__)

#include <immintrin.h>

#define AVX2 __attribute__((target("avx2")))

AVX2 static inline __m256i load(const int16_t *p)
{
    return _mm256_loadu_si256((const __m256i *)(const void *)p);
}

AVX2 static inline void store(int16_t *p, __m256i v)
{
    _mm256_storeu_si256((__m256i *)(void *)p, v);
}

// The last, incomplete vector of a row is done again from width - 16: never a value beyond the row.
#define FOR_VECTORS(x, width)                                                                                \
    for (int x##_next = 0, x; x##_next < (width) && (x = MIN_OF(x##_next, (width)-16), true); x##_next += 16)

enum { ABREAST = 4 }; // vectors of a row that share what is read of weights and rows

AVX2 static inline __attribute__((always_inline)) void add_pair(
    const int16_t *a, const int16_t *b, __m256i weight, int vectors, __m256i *sums)
{
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++) {
        const __m256i pair = _mm256_add_epi16(load(a + 16 * i), load(b + 16 * i));
        sums[i] = _mm256_add_epi16(sums[i], _mm256_mulhrs_epi16(pair, weight));
    }
}

AVX2 static inline __attribute__((always_inline)) void begin_sums(
    const int16_t *middle, const Blur *blur, int vectors, __m256i *sums)
{
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++)
        sums[i] = _mm256_mulhrs_epi16(load(middle + 16 * i), _mm256_set1_epi16(blur->weights[0]));
}

AVX2 static inline __attribute__((always_inline)) void down_at(
    const int16_t *const *rows, int x, const Blur *blur, int vectors, int16_t *out)
{
    const int r = blur->radius;
    __m256i sums[ABREAST];
    begin_sums(rows[r] + x, blur, vectors, sums);
    for (int k = 1; k <= r; k++)
        add_pair(rows[r - k] + x, rows[r + k] + x, _mm256_set1_epi16(blur->weights[k]), vectors, sums);
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++)
        store(out + x + 16 * i, sums[i]);
}

AVX2 static void down(const int16_t *const *rows, int width, const Blur *blur, int16_t *out)
{
    if (width < 16) {
        kernel_plain()->down(rows, width, blur, out);
        return;
    }
    int x = 0;
    for (; x + 16 * ABREAST <= width; x += 16 * ABREAST)
        down_at(rows, x, blur, ABREAST, out);
    for (; x < width; x += 16)
        down_at(rows, MIN_OF(x, width - 16), blur, 1, out);
}

AVX2 static inline __attribute__((always_inline)) void across_at(
    const int16_t *row, int x, const Blur *blur, int vectors, int16_t *out)
{
    __m256i sums[ABREAST];
    begin_sums(row + x, blur, vectors, sums);
    for (int k = 1; k <= blur->radius; k++)
        add_pair(row + x - k, row + x + k, _mm256_set1_epi16(blur->weights[k]), vectors, sums);
#pragma GCC unroll 4
    for (int i = 0; i < vectors; i++)
        store(out + x + 16 * i, sums[i]);
}

AVX2 static void across(const int16_t *row, int width, const Blur *blur, int16_t *out)
{
    if (width < 16) {
        kernel_plain()->across(row, width, blur, out);
        return;
    }
    int x = 0;
    for (; x + 16 * ABREAST <= width; x += 16 * ABREAST)
        across_at(row, x, blur, ABREAST, out);
    for (; x < width; x += 16)
        across_at(row, MIN_OF(x, width - 16), blur, 1, out);
}

AVX2 static void subtract(const int16_t *a, const int16_t *b, int width, int16_t *out)
{
    if (width < 16) {
        kernel_plain()->subtract(a, b, width, out);
        return;
    }
    FOR_VECTORS(x, width)
    store(out + x, _mm256_sub_epi16(load(a + x), load(b + x)));
}

// Which of 16 are not below the nine that are there in three rows.
AVX2 static inline __m256i tops_of_16(const int16_t *const *rows, int x, __m256i sign, __m256i top)
{
    __m256i high = top;
    for (int row = 0; row < 3; row++)
        for (int at = x - 1; at <= x + 1; at++)
            high = _mm256_max_epi16(high, _mm256_xor_si256(load(rows[row] + at), sign));
    return _mm256_cmpeq_epi16(high, top);
}

// One bit in two of each 16-bit lane of columns x .. x+15.
AVX2 static inline uint32_t extremes_of_16(const int16_t *const *rows, int x, __m256i limit)
{
    const __m256i middle = load(rows[4] + x);
    const __m256i strong = _mm256_cmpgt_epi16(_mm256_abs_epi16(middle), limit);
    if (_mm256_testz_si256(strong, strong))
        return 0;
    // Those below 0 are turned over with all that they are compared with, so that only tops are looked for.
    // Hardly one is a top of its own picture: the two others are not even read.
    const __m256i sign = _mm256_srai_epi16(middle, 15), top = _mm256_xor_si256(middle, sign);
    __m256i good = _mm256_and_si256(strong, tops_of_16(rows + 3, x, sign, top));
    if (_mm256_testz_si256(good, good))
        return 0;
    good = _mm256_and_si256(good, tops_of_16(rows, x, sign, top));
    good = _mm256_and_si256(good, tops_of_16(rows + 6, x, sign, top));
    return (uint32_t)_mm256_movemask_epi8(good);
}

AVX2 static int extremes(const int16_t *const *rows, int width, int threshold, uint16_t *ret_x, int ret_max)
{
    if (width < 18)
        return kernel_plain()->extremes(rows, width, threshold, ret_x, ret_max);
    const __m256i limit = _mm256_set1_epi16((int16_t)threshold);
    int count = 0;
    int done = 1; // columns below are answered
    for (int next = 1; next < width - 1; next += 16) {
        const int x = MIN_OF(next, width - 17);
        uint32_t bits = extremes_of_16(rows, x, limit) & 0x55555555;
        for (; bits != 0 && count < ret_max; bits &= bits - 1) {
            const int column = x + __builtin_ctz(bits) / 2;
            if (column >= done)
                ret_x[count++] = (uint16_t)column;
        }
        done = x + 16;
    }
    return count;
}

AVX2 static inline __m256 choose(__m256 condition, __m256 yes, __m256 no)
{
    return _mm256_blendv_ps(no, yes, condition);
}

AVX2 static inline __m256 load_floats(const int16_t *p)
{
    return _mm256_cvtepi32_ps(_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i *)(const void *)p)));
}

// angle_of() of kernel.c for eight, its steps in the same order.
AVX2 static inline __m256 angles_of_8(__m256 y, __m256 x)
{
    const __m256 zero = _mm256_setzero_ps(), sign = _mm256_set1_ps(-0.0f), turn = _mm256_set1_ps(KERNEL_TURN);
    const __m256 ax = _mm256_andnot_ps(sign, x), ay = _mm256_andnot_ps(sign, y);
    const __m256 high = _mm256_max_ps(ax, ay), q = _mm256_div_ps(_mm256_min_ps(ax, ay), high);
    const __m256 s = _mm256_mul_ps(q, q);
    __m256 angle = _mm256_mul_ps(_mm256_set1_ps(KERNEL_ANGLE_7), s);
    angle = _mm256_mul_ps(_mm256_add_ps(angle, _mm256_set1_ps(KERNEL_ANGLE_5)), s);
    angle = _mm256_mul_ps(_mm256_mul_ps(_mm256_add_ps(angle, _mm256_set1_ps(KERNEL_ANGLE_3)), s), q);
    angle = _mm256_add_ps(angle, q);
    angle = choose(
        _mm256_cmp_ps(ay, ax, _CMP_GT_OQ), _mm256_sub_ps(_mm256_set1_ps(KERNEL_TURN / 4), angle), angle);
    angle = choose(
        _mm256_cmp_ps(x, zero, _CMP_LT_OQ), _mm256_sub_ps(_mm256_set1_ps(KERNEL_TURN / 2), angle), angle);
    angle = choose(_mm256_cmp_ps(y, zero, _CMP_LT_OQ), _mm256_sub_ps(turn, angle), angle);
    return _mm256_and_ps(angle, _mm256_cmp_ps(high, zero, _CMP_GT_OQ)); // no gradient: 0 / 0 above
}

AVX2 static void polar(const int16_t *gx, const int16_t *gy, const float *weights, int count, float parts,
    float *ret_at, float *ret_sizes)
{
    const __m256 scale = _mm256_set1_ps(parts / KERNEL_TURN);
    int i = 0;
    for (; i + 8 <= count; i += 8) {
        const __m256 x = load_floats(gx + i), y = load_floats(gy + i);
        const __m256 square = _mm256_add_ps(_mm256_mul_ps(x, x), _mm256_mul_ps(y, y));
        _mm256_storeu_ps(ret_at + i, _mm256_mul_ps(angles_of_8(y, x), scale));
        _mm256_storeu_ps(ret_sizes + i, _mm256_mul_ps(_mm256_loadu_ps(weights + i), _mm256_sqrt_ps(square)));
    }
    kernel_plain()->polar(gx + i, gy + i, weights + i, count - i, parts, ret_at + i, ret_sizes + i);
}

AVX2 static inline __m256i largest_of_row(const int16_t *p, __m256i largest)
{
    const __m256i gx = _mm256_abs_epi16(_mm256_sub_epi16(load(p + 1), load(p - 1)));
    const __m256i gy = _mm256_abs_epi16(_mm256_sub_epi16(load(p + PATCH_SIDE), load(p - PATCH_SIDE)));
    return _mm256_max_epi16(largest, _mm256_max_epi16(gx, gy));
}

AVX2 static int largest_gradient(const int16_t *patch)
{
    __m256i largest = _mm256_setzero_si256();
    for (int y = 1; y <= 16; y++)
        largest = largest_of_row(patch + y * PATCH_SIDE + 1, largest);
    // minpos finds the smallest unsigned 16-bit value; the complement turns it into the largest.
    __m128i half = _mm_max_epi16(_mm256_castsi256_si128(largest), _mm256_extracti128_si256(largest, 1));
    half = _mm_minpos_epu16(_mm_xor_si128(half, _mm_set1_epi16(-1)));
    return 0xffff - _mm_extract_epi16(half, 0);
}

AVX2 static inline __m256i shifted(__m256i v, int shift)
{
    return shift >= 0 ? _mm256_sll_epi16(v, _mm_cvtsi32_si128(shift))
                      : _mm256_sra_epi16(v, _mm_cvtsi32_si128(-shift));
}

AVX2 static inline void spread(__m256i gx, __m256i gy, __m256i channels[8])
{
    const __m256i zero = _mm256_setzero_si256();
    const __m256i ax = _mm256_abs_epi16(gx), ay = _mm256_abs_epi16(gy);
    const __m256i low = _mm256_min_epi16(ax, ay);
    const __m256i axis = _mm256_sub_epi16(_mm256_max_epi16(ax, ay), low);
    const __m256i diagonal = _mm256_add_epi16(low, _mm256_mulhrs_epi16(low, _mm256_set1_epi16(13573)));
    const __m256i upright = _mm256_cmpgt_epi16(ay, ax);
    const __m256i left = _mm256_cmpgt_epi16(zero, gx), up = _mm256_cmpgt_epi16(zero, gy);
    const __m256i flat_axis = _mm256_andnot_si256(upright, axis), tall_axis = _mm256_and_si256(upright, axis);
    const __m256i left_diagonal = _mm256_and_si256(left, diagonal);
    const __m256i right_diagonal = _mm256_andnot_si256(left, diagonal);
    channels[0] = _mm256_andnot_si256(left, flat_axis);
    channels[4] = _mm256_and_si256(left, flat_axis);
    channels[2] = _mm256_andnot_si256(up, tall_axis);
    channels[6] = _mm256_and_si256(up, tall_axis);
    channels[1] = _mm256_andnot_si256(up, right_diagonal);
    channels[7] = _mm256_and_si256(up, right_diagonal);
    channels[3] = _mm256_andnot_si256(up, left_diagonal);
    channels[5] = _mm256_and_si256(up, left_diagonal);
}

AVX2 static inline int32_t pooled(const int16_t *sums, const int16_t *weights)
{
    __m128i v = _mm_madd_epi16(_mm_loadu_si128((const __m128i *)(const void *)sums),
        _mm_loadu_si128((const __m128i *)(const void *)weights));
    v = _mm_add_epi32(v, _mm_shuffle_epi32(v, 0x4e));
    v = _mm_add_epi32(v, _mm_shuffle_epi32(v, 0xb1));
    return _mm_cvtsi128_si32(v);
}

AVX2 static void add_row(int16_t sums[4][8][20], int y, const __m256i channels[8])
{
    for (int cell = 0; cell < 4; cell++) {
        const int j = y - 4 * cell + 2;
        if (j < 0 || j >= 8)
            continue;
        const __m256i weight = _mm256_set1_epi16((int16_t)(2 * kernel_cell_weights[cell][j]));
        for (int d = 0; d < 8; d++) {
            int16_t *to = sums[cell][d] + 2;
            store(to, _mm256_add_epi16(load(to), _mm256_mulhrs_epi16(channels[d], weight)));
        }
    }
}

AVX2 static void pool(const int16_t *patch, int32_t *ret_cells)
{
    int16_t sums[4][8][20] = {0};
    const int shift = kernel_patch_shift(largest_gradient(patch));
    for (int y = 0; y < 16; y++) {
        const int16_t *p = patch + (y + 1) * PATCH_SIDE + 1;
        __m256i channels[8];
        spread(shifted(_mm256_sub_epi16(load(p + 1), load(p - 1)), shift),
            shifted(_mm256_sub_epi16(load(p + PATCH_SIDE), load(p - PATCH_SIDE)), shift), channels);
        add_row(sums, y, channels);
    }
    for (int cell = 0; cell < 16; cell++) {
        for (int d = 0; d < 8; d++)
            ret_cells[cell * 8 + d] =
                pooled(sums[cell / 4][d] + 4 * (cell % 4), kernel_cell_weights[cell % 4]);
    }
}

AVX2 static inline int32_t sum_of_8(__m256i sum)
{
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256(sum, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1));
    return _mm_cvtsi128_si32(half);
}

// Values are at most 127, so a sum of two products stays below 2^15 and bytes may be multiplied as bytes.
AVX2 static inline int32_t dot_of(const __m256i a[4], const uint8_t *b)
{
    const __m256i ones = _mm256_set1_epi16(1);
    __m256i sum = _mm256_setzero_si256();
    for (int i = 0; i < 4; i++) {
        const __m256i pair =
            _mm256_maddubs_epi16(a[i], _mm256_loadu_si256((const __m256i *)(const void *)(b + 32 * i)));
        sum = _mm256_add_epi32(sum, _mm256_madd_epi16(pair, ones));
    }
    return sum_of_8(sum);
}

AVX2 static inline void load_values(const uint8_t *values, __m256i ret[4])
{
    for (int i = 0; i < 4; i++)
        ret[i] = _mm256_loadu_si256((const __m256i *)(const void *)(values + 32 * i));
}

AVX2 static int dot(const uint8_t *a, const uint8_t *b)
{
    __m256i values[4];
    load_values(a, values);
    return dot_of(values, b);
}

// Four values with those of eight centres each.
AVX2 static inline __m256i dots_of_8(__m256i four, const uint8_t *grouped)
{
    const __m256i pair =
        _mm256_maddubs_epi16(four, _mm256_loadu_si256((const __m256i *)(const void *)grouped));
    return _mm256_madd_epi16(pair, _mm256_set1_epi16(1));
}

AVX2 static inline void put_scores(__m256i sum, const int32_t *norms, int32_t *ret)
{
    const __m256i norm = _mm256_loadu_si256((const __m256i *)(const void *)norms);
    _mm256_storeu_si256((__m256i *)(void *)ret, _mm256_sub_epi32(_mm256_slli_epi32(sum, 1), norm));
}

// 32 centres at a time, so that what is loaded of the feature serves four groups.
AVX2 static void score(
    const uint8_t *values, const uint8_t *grouped, const int32_t *norms, int count, int32_t *ret_scores)
{
    enum { GROUP_BYTES = KERNEL_GROUP * FEATURE_DIMENSIONS, AT_ONCE = 4 };
    int i = 0;
    for (; i + AT_ONCE * KERNEL_GROUP <= count; i += AT_ONCE * KERNEL_GROUP) {
        __m256i sums[AT_ONCE] = {0};
        const uint8_t *from = grouped + i * FEATURE_DIMENSIONS;
        for (int d = 0; d < FEATURE_DIMENSIONS; d += 4, from += 4 * KERNEL_GROUP) {
            int32_t bytes;
            memcpy(&bytes, values + d, 4);
            const __m256i four = _mm256_set1_epi32(bytes);
            sums[0] = _mm256_add_epi32(sums[0], dots_of_8(four, from));
            sums[1] = _mm256_add_epi32(sums[1], dots_of_8(four, from + GROUP_BYTES));
            sums[2] = _mm256_add_epi32(sums[2], dots_of_8(four, from + 2 * GROUP_BYTES));
            sums[3] = _mm256_add_epi32(sums[3], dots_of_8(four, from + 3 * GROUP_BYTES));
        }
        for (int k = 0; k < AT_ONCE; k++)
            put_scores(sums[k], norms + i + k * KERNEL_GROUP, ret_scores + i + k * KERNEL_GROUP);
    }
    for (; i < count; i += KERNEL_GROUP) {
        __m256i sum = _mm256_setzero_si256();
        for (int d = 0; d < FEATURE_DIMENSIONS; d += 4) {
            int32_t bytes;
            memcpy(&bytes, values + d, 4);
            sum = _mm256_add_epi32(sum,
                dots_of_8(_mm256_set1_epi32(bytes), grouped + i * FEATURE_DIMENSIONS + KERNEL_GROUP * d));
        }
        put_scores(sum, norms + i, ret_scores + i);
    }
}

// Set bits of each byte: two lookups of four bits.
AVX2 static inline __m256i bits_of_bytes(__m256i v)
{
    const __m256i counts =
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
    const __m256i low = _mm256_set1_epi8(15);
    return _mm256_add_epi8(_mm256_shuffle_epi8(counts, _mm256_and_si256(v, low)),
        _mm256_shuffle_epi8(counts, _mm256_and_si256(_mm256_srli_epi16(v, 4), low)));
}

// One bit for each of 8 halves that are near enough.
AVX2 static inline uint32_t near_of_8(const uint32_t *halves, __m256i half, __m256i limit)
{
    const __m256i apart = _mm256_xor_si256(_mm256_loadu_si256((const __m256i *)(const void *)halves), half);
    const __m256i pairs = _mm256_maddubs_epi16(bits_of_bytes(apart), _mm256_set1_epi8(1));
    const __m256i sums = _mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
    return (uint32_t)_mm256_movemask_ps(_mm256_castsi256_ps(_mm256_cmpgt_epi32(limit, sums)));
}

__attribute__((target("avx2,popcnt"))) static int sift(
    const uint32_t *halves, uint32_t count, uint32_t half, int distance_max, uint32_t *ret)
{
    const __m256i wanted = _mm256_set1_epi32((int)half), limit = _mm256_set1_epi32(distance_max + 1);
    int found = 0;
    uint32_t i = 0;
    for (; i + 32 <= count; i += 32) {
        uint32_t near = 0;
        for (uint32_t k = 0; k < 32; k += 8)
            near |= near_of_8(halves + i + k, wanted, limit) << k;
        for (; near != 0; near &= near - 1)
            ret[found++] = i + (uint32_t)__builtin_ctz(near);
    }
    for (; i + 8 <= count; i += 8) {
        for (uint32_t near = near_of_8(halves + i, wanted, limit); near != 0; near &= near - 1)
            ret[found++] = i + (uint32_t)__builtin_ctz(near);
    }
    for (; i < count; i++) {
        ret[found] = i;
        found += __builtin_popcount(halves[i] ^ half) <= distance_max;
    }
    return found;
}

__attribute__((target("popcnt"))) static void distances(
    const uint32_t *const planes[2], const uint32_t *marks, int count, uint64_t bits, uint8_t *ret)
{
    for (int i = 0; i < count; i++)
        ret[i] = (uint8_t)(__builtin_popcount(planes[0][marks[i]] ^ (uint32_t)bits) +
                           __builtin_popcount(planes[1][marks[i]] ^ (uint32_t)(bits >> 32)));
}

AVX2 static inline __m256i apart_of_4(const uint64_t *plane, uint32_t at, uint64_t bits)
{
    const __m256i codes = _mm256_loadu_si256((const __m256i *)(const void *)(plane + at));
    return bits_of_bytes(_mm256_xor_si256(codes, _mm256_set1_epi64x((long long)bits)));
}

// Half of each code says for nearly all of them that they are too far: the other half is not even read.
AVX2 static int codes_near(
    const uint64_t *const planes[4], uint32_t count, const uint64_t code[4], int distance_max, CodeHit *ret)
{
    const __m256i limit = _mm256_set1_epi64x(distance_max + 1), zero = _mm256_setzero_si256();
    int found = 0;
    uint32_t i = 0;
    for (; i + 4 <= count; i += 4) {
        // A byte counts to 8 at most, so that four of them still fit.
        __m256i bytes = _mm256_add_epi8(apart_of_4(planes[0], i, code[0]), apart_of_4(planes[1], i, code[1]));
        __m256i sums = _mm256_sad_epu8(bytes, zero);
        if (_mm256_movemask_epi8(_mm256_cmpgt_epi64(limit, sums)) == 0)
            continue;
        bytes = _mm256_add_epi8(apart_of_4(planes[2], i, code[2]), apart_of_4(planes[3], i, code[3]));
        sums = _mm256_add_epi64(sums, _mm256_sad_epu8(bytes, zero));
        uint64_t distances[4];
        _mm256_storeu_si256((__m256i *)(void *)distances, sums);
        for (uint32_t k = 0; k < 4; k++) {
            ret[found] = (CodeHit){.at = i + k, .distance = (int)distances[k]};
            found += (int)distances[k] <= distance_max;
        }
    }
    const uint64_t *const rest[4] = {planes[0] + i, planes[1] + i, planes[2] + i, planes[3] + i};
    const int more = kernel_plain()->codes(rest, count - i, code, distance_max, ret + found);
    for (int k = 0; k < more; k++)
        ret[found + k].at += i;
    return found + more;
}

// Four colours in 12 of 16 bytes, twice: each becomes red and green side by side, and blue and 1.
AVX2 static inline __m256i luma_of_8(const uint8_t *colours)
{
    const __m128i low = _mm_loadu_si128((const __m128i *)(const void *)colours);
    const __m128i high = _mm_loadu_si128((const __m128i *)(const void *)(colours + 12));
    const __m256i all = _mm256_inserti128_si256(_mm256_castsi128_si256(low), high, 1);
    const __m256i red_green = _mm256_shuffle_epi8(all,
        _mm256_broadcastsi128_si256(_mm_setr_epi8(0, -1, 1, -1, 3, -1, 4, -1, 6, -1, 7, -1, 9, -1, 10, -1)));
    const __m256i blue = _mm256_shuffle_epi8(all, _mm256_broadcastsi128_si256(_mm_setr_epi8(2, -1, -1, -1, 5,
                                                      -1, -1, -1, 8, -1, -1, -1, 11, -1, -1, -1)));
    const __m256i sum = _mm256_add_epi32(_mm256_madd_epi16(red_green, _mm256_set1_epi32(150 << 16 | 77)),
        _mm256_madd_epi16(
            _mm256_or_si256(blue, _mm256_set1_epi32(1 << 16)), _mm256_set1_epi32(128 << 16 | 29)));
    return _mm256_srli_epi32(sum, 8);
}

AVX2 static void luma(const uint8_t *colours, size_t count, uint8_t *ret)
{
    size_t i = 0;
    for (; i + 10 <= count; i += 8) { // 28 bytes are read of the next 30
        const __m256i eight = luma_of_8(colours + 3 * i);
        const __m128i words =
            _mm_packus_epi32(_mm256_castsi256_si128(eight), _mm256_extracti128_si256(eight, 1));
        _mm_storel_epi64((__m128i *)(void *)(ret + i), _mm_packus_epi16(words, words));
    }
    kernel_plain()->luma(colours + 3 * i, count - i, ret + i);
}

AVX2 static void add_bytes(const uint8_t *values, size_t count, uint16_t *sums)
{
    size_t i = 0;
    for (; i + 16 <= count; i += 16) {
        const __m256i more =
            _mm256_cvtepu8_epi16(_mm_loadu_si128((const __m128i *)(const void *)(values + i)));
        __m256i *to = (__m256i *)(void *)(sums + i);
        _mm256_storeu_si256(to, _mm256_add_epi16(_mm256_loadu_si256(to), more));
    }
    kernel_plain()->add_bytes(values + i, count - i, sums + i);
}

const Kernel *kernel_best(void)
{
    static const Kernel kernel = {
        .down = down,
        .across = across,
        .subtract = subtract,
        .extremes = extremes,
        .polar = polar,
        .pool = pool,
        .dot = dot,
        .score = score,
        .sift = sift,
        .distances = distances,
        .codes = codes_near,
        .luma = luma,
        .add_bytes = add_bytes,
    };
    return __builtin_cpu_supports("avx2") ? &kernel : kernel_plain();
}

#else

const Kernel *kernel_best(void)
{
    return kernel_plain();
}

#endif
