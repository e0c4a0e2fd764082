// SPDX-License-Identifier: Apache-2.0
#include "visual/kernel.h"

#include "visual/feature.h"

#include <math.h>
#include <stdlib.h>

// exp(-((i - 7.5) / 4)^2 / 8) * (1 - |j - 3.5| / 4), i = 4 * cell - 2 + j, outside 0..15: 0.
const int16_t kernel_cell_weights[4][8] = {
    {0, 0, 6599, 10306, 11319, 8742, 5583, 1950},
    {1617, 5245, 9305, 13653, 14086, 10220, 6132, 2012},
    {2012, 6132, 10220, 14086, 13653, 9305, 5245, 1617},
    {1950, 5583, 8742, 11319, 10306, 6599, 0, 0},
};

enum { GRADIENT_CEILING = 5700 }; // 5 rows of full weight stay below 2^15

int kernel_patch_shift(int largest)
{
    int shift = 0;
    for (; largest > GRADIENT_CEILING; largest >>= 1)
        shift--;
    for (; largest > 0 && largest <= GRADIENT_CEILING / 2; largest <<= 1)
        shift++;
    return shift;
}

static int multiply_q15(int a, int b)
{
    return (a * b + 0x4000) >> 15;
}

static void down(const int16_t *const *rows, int width, const Blur *blur, int16_t *out)
{
    const int r = blur->radius;
    for (int x = 0; x < width; x++) {
        int sum = multiply_q15(rows[r][x], blur->weights[0]);
        for (int k = 1; k <= r; k++)
            sum += multiply_q15(rows[r - k][x] + rows[r + k][x], blur->weights[k]);
        out[x] = (int16_t)sum;
    }
}

static void across(const int16_t *row, int width, const Blur *blur, int16_t *out)
{
    for (int x = 0; x < width; x++) {
        int sum = multiply_q15(row[x], blur->weights[0]);
        for (int k = 1; k <= blur->radius; k++)
            sum += multiply_q15(row[x - k] + row[x + k], blur->weights[k]);
        out[x] = (int16_t)sum;
    }
}

static void subtract(const int16_t *a, const int16_t *b, int width, int16_t *out)
{
    for (int x = 0; x < width; x++)
        out[x] = (int16_t)(a[x] - b[x]);
}

static bool is_extreme(const int16_t *const *rows, int x, int threshold)
{
    const int middle = rows[4][x];
    if (abs(middle) <= threshold)
        return false;
    bool top = true, bottom = true;
    for (int row = 0; row < 9; row++) {
        for (int at = x - 1; at <= x + 1; at++) {
            top &= middle >= rows[row][at];
            bottom &= middle <= rows[row][at];
        }
    }
    return middle > 0 ? top : bottom;
}

static int extremes(const int16_t *const *rows, int width, int threshold, uint16_t *ret_x, int ret_max)
{
    int count = 0;
    for (int x = 1; x < width - 1 && count < ret_max; x++) {
        if (is_extreme(rows, x, threshold))
            ret_x[count++] = (uint16_t)x;
    }
    return count;
}

// Within 0.01 degree; the quotient is at most 1.
static float angle_of(float y, float x)
{
    const float ax = fabsf(x), ay = fabsf(y);
    const float high = MAX_OF(ax, ay), low = MIN_OF(ax, ay);
    if (high <= 0)
        return 0;
    const float q = low / high, s = q * q;
    float angle = ((KERNEL_ANGLE_7 * s + KERNEL_ANGLE_5) * s + KERNEL_ANGLE_3) * s * q + q;
    if (ay > ax)
        angle = KERNEL_TURN / 4 - angle;
    if (x < 0)
        angle = KERNEL_TURN / 2 - angle;
    return y < 0 ? KERNEL_TURN - angle : angle;
}

static void polar(const int16_t *gx, const int16_t *gy, const float *weights, int count, float parts,
    float *ret_at, float *ret_sizes)
{
    for (int i = 0; i < count; i++) {
        const float x = gx[i], y = gy[i];
        ret_at[i] = angle_of(y, x) * (parts / KERNEL_TURN);
        ret_sizes[i] = weights[i] * sqrtf(x * x + y * y);
    }
}

// A gradient is written as a sum of its two neighbours among 8 directions: the axis gets |larger| -
// |smaller|, the diagonal sqrt(2) * |smaller|. No angle, no root.
static void spread(int gx, int gy, int16_t *channels)
{
    const int ax = abs(gx), ay = abs(gy);
    const int low = MIN_OF(ax, ay), high = MAX_OF(ax, ay);
    const int axis = ax >= ay ? (gx < 0 ? 4 : 0) : (gy < 0 ? 6 : 2);
    const int diagonal = gy < 0 ? (gx < 0 ? 5 : 7) : (gx < 0 ? 3 : 1);
    memset(channels, 0, 8 * sizeof(*channels));
    channels[axis] = (int16_t)(high - low);
    channels[diagonal] = (int16_t)(channels[diagonal] + low + multiply_q15(low, 13573)); // * sqrt(2)
}

static int largest_gradient(const int16_t *patch)
{
    int largest = 0;
    for (int y = 1; y <= 16; y++) {
        for (int x = 1; x <= 16; x++) {
            const int16_t *p = patch + y * PATCH_SIDE + x;
            largest = MAX_OF(largest, MAX_OF(abs(p[1] - p[-1]), abs(p[PATCH_SIDE] - p[-PATCH_SIDE])));
        }
    }
    return largest;
}

static int shifted(int value, int shift)
{
    return shift >= 0 ? value * (1 << shift) : value >> -shift;
}

static void pool(const int16_t *patch, int32_t *ret_cells)
{
    // sums[cell row][direction][column], two spare columns on each side for the cells at the edge.
    int16_t sums[4][8][20] = {0};
    const int shift = kernel_patch_shift(largest_gradient(patch));
    for (int y = 0; y < 16; y++) {
        for (int x = 0; x < 16; x++) {
            const int16_t *p = patch + (y + 1) * PATCH_SIDE + x + 1;
            int16_t channels[8];
            spread(shifted(p[1] - p[-1], shift), shifted(p[PATCH_SIDE] - p[-PATCH_SIDE], shift), channels);
            for (int cell = 0; cell < 4; cell++) {
                const int j = y - 4 * cell + 2;
                if (j < 0 || j >= 8)
                    continue;
                for (int d = 0; d < 8; d++)
                    sums[cell][d][x + 2] =
                        (int16_t)(sums[cell][d][x + 2] +
                                  multiply_q15(channels[d], 2 * kernel_cell_weights[cell][j]));
            }
        }
    }
    for (int row = 0; row < 4; row++) {
        for (int column = 0; column < 4; column++) {
            for (int d = 0; d < 8; d++) {
                int32_t sum = 0;
                for (int j = 0; j < 8; j++)
                    sum += sums[row][d][4 * column + j] * kernel_cell_weights[column][j];
                ret_cells[(row * 4 + column) * 8 + d] = sum;
            }
        }
    }
}

static int dot(const uint8_t *a, const uint8_t *b)
{
    int sum = 0;
    for (int i = 0; i < FEATURE_DIMENSIONS; i++)
        sum += a[i] * b[i];
    return sum;
}

void kernel_group(const uint8_t *centres, int count, uint8_t *ret)
{
    for (int first = 0; first < count; first += KERNEL_GROUP) {
        for (int d = 0; d < FEATURE_DIMENSIONS; d += 4) {
            for (int k = 0; k < KERNEL_GROUP; k++, ret += 4)
                memcpy(ret, centres + (first + k) * FEATURE_DIMENSIONS + d, 4);
        }
    }
}

static void score(
    const uint8_t *values, const uint8_t *grouped, const int32_t *norms, int count, int32_t *ret_scores)
{
    for (int i = 0; i < count; i++) {
        const uint8_t *centre =
            grouped + i / KERNEL_GROUP * KERNEL_GROUP * FEATURE_DIMENSIONS + i % KERNEL_GROUP * 4;
        int sum = 0;
        for (int d = 0; d < FEATURE_DIMENSIONS; d++)
            sum += values[d] * centre[d / 4 * 4 * KERNEL_GROUP + d % 4];
        ret_scores[i] = 2 * sum - norms[i];
    }
}

static int sift(const uint32_t *halves, uint32_t count, uint32_t half, int distance_max, uint32_t *ret)
{
    int found = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (__builtin_popcount(halves[i] ^ half) <= distance_max)
            ret[found++] = i;
    }
    return found;
}

static void distances(
    const uint32_t *const planes[2], const uint32_t *marks, int count, uint64_t bits, uint8_t *ret)
{
    for (int i = 0; i < count; i++)
        ret[i] = (uint8_t)(__builtin_popcount(planes[0][marks[i]] ^ (uint32_t)bits) +
                           __builtin_popcount(planes[1][marks[i]] ^ (uint32_t)(bits >> 32)));
}

static int codes_near(
    const uint64_t *const planes[4], uint32_t count, const uint64_t code[4], int distance_max, CodeHit *ret)
{
    int found = 0;
    for (uint32_t i = 0; i < count; i++) {
        int distance = 0;
        for (int part = 0; part < 4; part++)
            distance += __builtin_popcountll(planes[part][i] ^ code[part]);
        if (distance <= distance_max)
            ret[found++] = (CodeHit){.at = i, .distance = distance};
    }
    return found;
}

static void luma(const uint8_t *colours, size_t count, uint8_t *ret)
{
    for (size_t i = 0; i < count; i++, colours += 3)
        ret[i] = (uint8_t)((77 * colours[0] + 150 * colours[1] + 29 * colours[2] + 128) >> 8);
}

static void add_bytes(const uint8_t *values, size_t count, uint16_t *sums)
{
    for (size_t i = 0; i < count; i++)
        sums[i] = (uint16_t)(sums[i] + values[i]);
}

const Kernel *kernel_plain(void)
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
    return &kernel;
}
