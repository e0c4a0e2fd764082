// SPDX-License-Identifier: Apache-2.0
// The code of a picture: signs of the 256 lowest waves of its grey values, so that scale, JPEG, light and a
// little blur change a few bits only. (The idea is PDQ's, Facebook 2019; the numbers are our own.)
#include "visual/kernel.h"
#include "visual/sketch.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

enum { SMALL = CODE_FIELDS, WAVES = 16, PLAIN_CONTRAST = 3, ROWS_MAX = 257 }; // ROWS_MAX x 255 fits 16 bits

// ---- grey fields

static int edge(int field, int size_px)
{
    return (int)((int64_t)field * size_px / SMALL);
}

// Sums of a row of fields, three channels each.
static void add_up(const uint16_t *columns, int width_px, uint32_t sums[SMALL][3])
{
    for (int field = 0; field < SMALL; field++) {
        const int left = edge(field, width_px), right = MAX_OF(left + 1, edge(field + 1, width_px));
        uint32_t red = 0, green = 0, blue = 0;
        for (const uint16_t *p = columns + left * 3; p < columns + right * 3; p += 3) {
            red += p[0];
            green += p[1];
            blue += p[2];
        }
        sums[field][0] += red;
        sums[field][1] += green;
        sums[field][2] += blue;
    }
}

void code_fields(Picture picture, float ret[CODE_FIELDS][CODE_FIELDS])
{
    const Kernel *kernel = kernel_best();
    const size_t values = (size_t)picture.width_px * 3;
    uint16_t *columns = mem_alloc(values * sizeof(*columns));
    for (int row = 0; row < SMALL; row++) {
        const int top = edge(row, picture.height_px);
        const int bottom = MAX_OF(top + 1, edge(row + 1, picture.height_px));
        uint32_t sums[SMALL][3] = {0};
        for (int y = top; y < bottom;) {
            memset(columns, 0, values * sizeof(*columns));
            for (const int end = MIN_OF(bottom, y + ROWS_MAX); y < end; y++)
                kernel->add_bytes(picture.p + (size_t)y * picture.stride, values, columns);
            add_up(columns, picture.width_px, sums);
        }
        for (int column = 0; column < SMALL; column++) {
            const int left = edge(column, picture.width_px);
            const int right = MAX_OF(left + 1, edge(column + 1, picture.width_px));
            const float count = (float)((right - left) * (bottom - top));
            ret[row][column] = (0.299f * (float)sums[column][0] + 0.587f * (float)sums[column][1] +
                                   0.114f * (float)sums[column][2]) /
                               count;
        }
    }
    free(columns);
}

// ---- waves

static float waves[WAVES][SMALL];

static void make_waves(void)
{
    for (int k = 0; k < WAVES; k++) {
        for (int i = 0; i < SMALL; i++)
            waves[k][i] = cosf((float)M_PI / SMALL * ((float)i + 0.5f) * (float)(k + 1));
    }
}

static int ascending(const void *a, const void *b)
{
    const float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

// Cosine transform, waves 1 .. 16 each way; a bit for each that is above the median.
static SketchCode code_of(const float grey[SMALL][SMALL])
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, make_waves);
    float down[WAVES][SMALL] = {0}, both[WAVES * WAVES], sorted[WAVES * WAVES];
    for (int j = 0; j < WAVES; j++) {
        for (int y = 0; y < SMALL; y++) {
            for (int x = 0; x < SMALL; x++)
                down[j][x] += grey[y][x] * waves[j][y];
        }
    }
    for (int j = 0; j < WAVES; j++) {
        for (int k = 0; k < WAVES; k++) {
            float sum = 0;
            for (int x = 0; x < SMALL; x++)
                sum += down[j][x] * waves[k][x];
            both[j * WAVES + k] = sum;
        }
    }
    memcpy(sorted, both, sizeof(both));
    qsort(sorted, COUNT_OF(sorted), sizeof(*sorted), ascending);
    const float median = (sorted[WAVES * WAVES / 2 - 1] + sorted[WAVES * WAVES / 2]) / 2;
    SketchCode code = {0};
    for (int i = 0; i < WAVES * WAVES; i++)
        code.code[i / 64] |= (uint64_t)(both[i] > median) << (i % 64);
    return code;
}

static bool is_plain(const float grey[SMALL][SMALL])
{
    float sum = 0;
    for (int y = 1; y < SMALL; y++) {
        for (int x = 1; x < SMALL; x++)
            sum += fabsf(grey[y][x] - grey[y][x - 1]) + fabsf(grey[y][x] - grey[y - 1][x]);
    }
    return sum < PLAIN_CONTRAST * (SMALL - 1) * (SMALL - 1) / 4.0f;
}

bool code_of_fields(const float grey[CODE_FIELDS][CODE_FIELDS], SketchCode *ret)
{
    *ret = code_of(grey);
    return !is_plain(grey);
}

bool sketch_code(Picture picture, SketchCode *ret)
{
    assert(picture.width_px >= 1 && picture.height_px >= 1);
    float grey[SMALL][SMALL];
    code_fields(picture, grey);
    return code_of_fields(grey, ret);
}
