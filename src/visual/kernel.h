// SPDX-License-Identifier: Apache-2.0
// visual/kernel: the few inner loops that the time goes into, once in plain C and once in AVX2. Integers, and
// where not, the same steps of single precision: both give the same numbers, and kernel_test holds them to
// it.
#pragma once

#include "base/base.h"

enum {
    KERNEL_RADIUS_MAX = 12,
    KERNEL_PAD = 16, // writable values that must exist left and right of a row handed to across()
    PATCH_SIDE = 18, // samples; the 16 x 16 inside have gradients
    PATCH_CELLS = 16 * 8,
    KERNEL_GROUP = 8,
};

typedef struct {
    int radius;
    int16_t weights[KERNEL_RADIUS_MAX + 1]; // Q15: middle, then outwards; both sides sum to 1
} Blur;

typedef struct {
    uint32_t at;
    int distance;
} CodeHit;

typedef struct {
    // out[x] = sum over k of (rows[radius-k][x] + rows[radius+k][x]) * weights[k]
    void (*down)(const int16_t *const *rows, int width, const Blur *blur, int16_t *out);
    // The same along one row that has KERNEL_PAD values on both sides.
    void (*across)(const int16_t *row, int width, const Blur *blur, int16_t *out);
    void (*subtract)(const int16_t *a, const int16_t *b, int width, int16_t *out);
    // Columns 1 .. width-2 of the middle row that are above `threshold` and not below any of the 26
    // neighbours (or the same downwards). rows[scale * 3 + line]. At most ret_max columns.
    int (*extremes)(const int16_t *const *rows, int width, int threshold, uint16_t *ret_x, int ret_max);
    // Of each gradient its direction in parts of a full turn, 0 <= at <= `parts`, and its size times weight.
    void (*polar)(const int16_t *gx, const int16_t *gy, const float *weights, int count, float parts,
        float *ret_at, float *ret_sizes);
    // Gradients of a patch pooled into 4 x 4 cells of 8 directions.
    void (*pool)(const int16_t *patch, int32_t *ret_cells);
    int (*dot)(const uint8_t *a, const uint8_t *b); // of FEATURE_DIMENSIONS values, none above 127
    // Of one feature with `count` centres (a multiple of KERNEL_GROUP, as kernel_group puts them):
    // 2 * dot - norm of each.
    void (*score)(
        const uint8_t *values, const uint8_t *grouped, const int32_t *norms, int count, int32_t *ret_scores);
    // Which of `halves` differ from `half` in at most distance_max bits, in order; ret has one place more
    // than there are halves. How many.
    int (*sift)(const uint32_t *halves, uint32_t count, uint32_t half, int distance_max, uint32_t *ret);
    // In how many bits the 64 of each of these marks, half in one plane and half in the other, differ.
    void (*distances)(
        const uint32_t *const planes[2], const uint32_t *marks, int count, uint64_t bits, uint8_t *ret);
    // Codes that differ from `code` in at most distance_max bits; planes[k] has 64 bits of each, and one
    // place in ret for each must be there.
    int (*codes)(const uint64_t *const planes[4], uint32_t count, const uint64_t code[4], int distance_max,
        CodeHit *ret);
    // Red, green and blue to (77 red + 150 green + 29 blue) / 256.
    void (*luma)(const uint8_t *colours, size_t count, uint8_t *ret);
    void (*add_bytes)(const uint8_t *values, size_t count, uint16_t *sums); // sums[i] += values[i]
} Kernel;

// Centres of FEATURE_DIMENSIONS bytes, eight by eight: four bytes of each in turn, so that eight are compared
// at once.
void kernel_group(const uint8_t *centres, int count, uint8_t *ret);

const Kernel *kernel_plain(void);
const Kernel *kernel_best(void); // for this processor

// The arc tangent of 0 .. 1 as a polynomial, for polar().
#define KERNEL_TURN 6.28318530718f
#define KERNEL_ANGLE_3 -0.327622764f
#define KERNEL_ANGLE_5 0.15931422f
#define KERNEL_ANGLE_7 -0.0464964749f

// Weights of the 8 samples that belong to a cell, Q14, by cell 0..3: a triangle times a Gaussian over the
// patch.
extern const int16_t kernel_cell_weights[4][8];
// Left shift (negative: right) that brings the largest gradient of a patch under the ceiling of the pooling.
int kernel_patch_shift(int largest);
