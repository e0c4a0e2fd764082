// SPDX-License-Identifier: Apache-2.0
#include "visual/form.h"

#include <math.h>
#include <stdlib.h>

enum {
    HALF_PX = 4, // half a cell
    CELL_PX = 2 * HALF_PX,
    AROUND = 3,          // a line is measured against what is this many half cells away
    GREY_BITS = 4,       // of a grey level, below the point
    FAINT = 1 << 4,      // gradients of about a grey level a pixel are paper
    LEAST_IN_4096 = 330, // of a direction, for it to count
};

// Of a half cell: sums of its pixels.
typedef struct {
    int32_t along, across; // gradient with its angle doubled
    int64_t energy;        // squared length of the gradient
} Half;

// Exact, as IEEE 754 rounds the root of a double right.
static int32_t root(int64_t v)
{
    return (int32_t)sqrt((double)v);
}

// Mean of `from` .. `to` (in 1/256 of a value) of a row of values `step` apart, times 2^GREY_BITS.
static uint32_t mean(const uint16_t *row, size_t step, int count, int64_t from, int64_t to)
{
    uint64_t sum = 0;
    for (int64_t at = from; at < to;) {
        const int64_t i = MIN_OF(at >> 8, (int64_t)count - 1);
        const int64_t next = MIN_OF(MAX_OF((i + 1) << 8, at + 1), to);
        sum += (uint64_t)row[(size_t)i * step] * (uint64_t)(next - at);
        at = next;
    }
    return (uint32_t)(sum / (uint64_t)(to - from));
}

// The picture at width x height, each pixel the mean of what it covers.
static uint16_t *shrink(Grey picture, int width, int height)
{
    uint16_t *wide = mem_alloc(sizeof(*wide) * (size_t)MAX_OF(picture.width_px, 1));
    uint16_t *lines = mem_alloc(sizeof(*lines) * (size_t)width * (size_t)picture.height_px);
    uint16_t *out = mem_alloc(sizeof(*out) * (size_t)width * (size_t)height);
    const int64_t w = (int64_t)picture.width_px << 8, h = (int64_t)picture.height_px << 8;
    for (int y = 0; y < picture.height_px; y++) {
        for (int x = 0; x < picture.width_px; x++)
            wide[x] = (uint16_t)(picture.p[(size_t)y * picture.stride + (size_t)x] << GREY_BITS);
        for (int x = 0; x < width; x++)
            lines[(size_t)y * (size_t)width + (size_t)x] = (uint16_t)mean(
                wide, 1, picture.width_px, w * x / width, MAX_OF(w * (x + 1) / width, w * x / width + 1));
    }
    for (int y = 0; y < height; y++) {
        const int64_t from = h * y / height, to = MAX_OF(h * (y + 1) / height, from + 1);
        for (int x = 0; x < width; x++)
            out[(size_t)y * (size_t)width + (size_t)x] =
                (uint16_t)mean(lines + x, (size_t)width, picture.height_px, from, to);
    }
    free(wide);
    free(lines);
    return out;
}

// Binomial of five in one direction; the edge is repeated.
static void soften(const uint16_t *from, uint16_t *to, int count, size_t step)
{
    for (int i = 0; i < count; i++) {
        const int a = MAX_OF(i - 2, 0), b = MAX_OF(i - 1, 0), d = MIN_OF(i + 1, count - 1),
                  e = MIN_OF(i + 2, count - 1);
        const uint32_t sum = from[(size_t)a * step] + 4u * from[(size_t)b * step] +
                             6u * from[(size_t)i * step] + 4u * from[(size_t)d * step] +
                             from[(size_t)e * step];
        to[(size_t)i * step] = (uint16_t)((sum + 8) / 16);
    }
}

static void soften_all(uint16_t *pixels, int width, int height)
{
    uint16_t *other = mem_alloc(sizeof(*other) * (size_t)width * (size_t)height);
    for (int y = 0; y < height; y++)
        soften(pixels + (size_t)y * (size_t)width, other + (size_t)y * (size_t)width, width, 1);
    for (int x = 0; x < width; x++)
        soften(other + x, pixels + x, height, (size_t)width);
    free(other);
}

// Sobel's gradient, in grey levels a pixel times 8 x 2^GREY_BITS; its length back to 2^GREY_BITS.
static void add_pixel(
    const uint16_t *above, const uint16_t *row, const uint16_t *below, int left, int x, int right, Half *half)
{
    const int32_t gx =
        (above[right] + 2 * row[right] + below[right]) - (above[left] + 2 * row[left] + below[left]);
    const int32_t gy =
        (below[left] + 2 * below[x] + below[right]) - (above[left] + 2 * above[x] + above[right]);
    const int32_t squared = gx * gx + gy * gy; // at most 2 x (4 x 255 x 16)^2
    const int32_t length = root(squared);
    half->energy += squared / 64;
    if (length == 0)
        return;
    half->along += (gx * gx - gy * gy) / length;
    half->across += 2 * gx * gy / length;
}

static Half *halves_of(const uint16_t *pixels, int width, int height)
{
    const int halves_width = width / HALF_PX;
    Half *halves = mem_alloc(sizeof(*halves) * (size_t)halves_width * (size_t)(height / HALF_PX));
    for (int y = 0; y < height; y++) {
        const uint16_t *row = pixels + (size_t)y * (size_t)width;
        const uint16_t *above = y > 0 ? row - width : row, *below = y + 1 < height ? row + width : row;
        for (int x = 0; x < width; x++)
            add_pixel(above, row, below, MAX_OF(x - 1, 0), x, MIN_OF(x + 1, width - 1),
                &halves[(size_t)(y / HALF_PX) * (size_t)halves_width + (size_t)(x / HALF_PX)]);
    }
    return halves;
}

// Root of the mean energy around a cell, in 2^GREY_BITS of a grey level a pixel.
static int64_t around(const Half *halves, int width, int height, int x, int y)
{
    int64_t sum = 0, count = 0;
    for (int j = MAX_OF(2 * y - AROUND, 0); j <= MIN_OF(2 * y + 1 + AROUND, height - 1); j++) {
        for (int i = MAX_OF(2 * x - AROUND, 0); i <= MIN_OF(2 * x + 1 + AROUND, width - 1); i++) {
            sum += halves[(size_t)j * (size_t)width + (size_t)i].energy;
            count += (int64_t)HALF_PX * HALF_PX;
        }
    }
    return root(sum / count + (int64_t)FAINT * FAINT);
}

// A cell reaches half a cell into its neighbours.
static void cell_of(const Half *halves, int width, int height, int x, int y, Form *ret)
{
    static const int weights[4] = {1, 3, 3, 1};
    int64_t along = 0, across = 0, total = 0;
    for (int j = 0; j < 4; j++) {
        for (int i = 0; i < 4; i++) {
            const int hx = 2 * x - 1 + i, hy = 2 * y - 1 + j;
            const int weight = weights[i] * weights[j];
            total += weight;
            if (hx < 0 || hy < 0 || hx >= width || hy >= height)
                continue;
            along += (int64_t)weight * halves[(size_t)hy * (size_t)width + (size_t)hx].along;
            across += (int64_t)weight * halves[(size_t)hy * (size_t)width + (size_t)hx].across;
        }
    }
    // Sobel's 8, the pixels of a half cell, the weights.
    const int64_t whole = total * HALF_PX * HALF_PX * 8 * around(halves, width, height, x, y);
    const uint64_t bit = (uint64_t)1 << x;
    const int64_t least = whole * LEAST_IN_4096 / 4096;
    uint64_t *planes = ret->rows[y];
    planes[0] |= along > least ? bit : 0;
    planes[1] |= along < -least ? bit : 0;
    planes[2] |= across > least ? bit : 0;
    planes[3] |= across < -least ? bit : 0;
}

static int cells_of(int side_px, int longer_px, int cells)
{
    return MAX_OF(1, (int)(((int64_t)side_px * cells * 2 + longer_px) / (2 * (int64_t)longer_px)));
}

void form_make(Grey picture, int cells, Form *ret)
{
    assert(cells >= FORM_CELLS_MIN && cells <= FORM_CELLS && picture.width_px >= 1 && picture.height_px >= 1);
    const int longer_px = MAX_OF(picture.width_px, picture.height_px);
    *ret = (Form){.width = cells_of(picture.width_px, longer_px, cells),
        .height = cells_of(picture.height_px, longer_px, cells)};
    const int width = ret->width * CELL_PX, height = ret->height * CELL_PX;
    uint16_t *pixels = shrink(picture, width, height);
    soften_all(pixels, width, height);
    Half *halves = halves_of(pixels, width, height);
    for (int y = 0; y < ret->height; y++)
        for (int x = 0; x < ret->width; x++)
            cell_of(halves, width / HALF_PX, height / HALF_PX, x, y, ret);
    free(halves);
    free(pixels);
}

static int cell_sum(const Form *form, int x, int y, int plane)
{
    int sum = 0;
    for (int j = 2 * y; j < MIN_OF(2 * y + 2, form->height); j++)
        sum += __builtin_popcount((unsigned)(form->rows[j][plane] >> (2 * x) & 3)) -
               __builtin_popcount((unsigned)(form->rows[j][plane + 1] >> (2 * x) & 3));
    return sum;
}

void form_halve(const Form *form, Form *ret)
{
    *ret = (Form){.width = (form->width + 1) / 2, .height = (form->height + 1) / 2};
    for (int y = 0; y < ret->height; y++) {
        for (int x = 0; x < ret->width; x++) {
            for (int plane = 0; plane < FORM_PLANES; plane += 2) {
                const int sum = cell_sum(form, x, y, plane);
                if (sum >= 2)
                    ret->rows[y][plane] |= (uint64_t)1 << x;
                else if (sum <= -2)
                    ret->rows[y][plane + 1] |= (uint64_t)1 << x;
            }
        }
    }
}

int form_count(const Form *form)
{
    int count = 0;
    for (int y = 0; y < form->height; y++)
        for (int plane = 0; plane < FORM_PLANES; plane++)
            count += __builtin_popcountll(form->rows[y][plane]);
    return count;
}
