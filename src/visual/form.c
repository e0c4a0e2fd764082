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

// ---- the picture at a smaller size, each pixel the mean of what it covers

// Sums of the rows of a picture from their beginning, so that the sum of any part is a difference. A question
// looks at a picture in many sizes.
struct FormSource {
    int width_px, height_px;
    size_t stride;
    uint32_t *sums; // width_px + 2 in a row: the last one again, for who looks beyond the end
};

// In 1/256 of a pixel.
typedef struct {
    uint32_t from, to;
} Span;

static Span span_of(int number, int count, int side_px)
{
    const int64_t side = (int64_t)side_px << 8, from = side * number / count;
    return (Span){(uint32_t)from, (uint32_t)MAX_OF(side * (number + 1) / count, from + 1)};
}

FormSource *form_source_open(Grey picture)
{
    assert(picture.width_px >= 1 && picture.height_px >= 1 &&
           MAX_OF(picture.width_px, picture.height_px) <= FORM_SIDE_MAX_PX);
    FormSource *s = mem_alloc(sizeof(*s));
    *s = (FormSource){picture.width_px, picture.height_px, (size_t)picture.width_px + 2, NULL};
    s->sums = mem_alloc(sizeof(*s->sums) * s->stride * (size_t)s->height_px);
    for (int y = 0; y < s->height_px; y++) {
        const uint8_t *from = picture.p + (size_t)y * picture.stride;
        uint32_t *to = s->sums + (size_t)y * s->stride;
        for (int x = 0; x < s->width_px; x++)
            to[x + 1] = to[x] + ((uint32_t)from[x] << GREY_BITS);
        to[s->width_px + 1] = to[s->width_px];
    }
    return s;
}

void form_source_closep(FormSource **given)
{
    if (*given == NULL)
        return;
    free((*given)->sums);
    free(*given);
    *given = NULL;
}

// Below 2^32, as a side is at most FORM_SIDE_MAX_PX.
static uint32_t sum_until(const uint32_t *sums, uint32_t at)
{
    const uint32_t *p = sums + (at >> 8);
    return (p[0] << 8) + (p[1] - p[0]) * (at & 255);
}

// Exact, as IEEE 754 rounds the quotient of two doubles right and the next whole number is farther away.
static uint32_t divided(uint32_t sum, uint32_t by)
{
    return (uint32_t)((double)sum / (double)by);
}

static void add_row(const uint32_t *sums, const Span *columns, int width, uint32_t part, uint32_t *to)
{
    for (int x = 0; x < width; x++) {
        const Span c = columns[x];
        to[x] += part * divided(sum_until(sums, c.to) - sum_until(sums, c.from), c.to - c.from);
    }
}

static uint16_t *shrink(const FormSource *s, int width, int height)
{
    Span columns[FORM_CELLS * CELL_PX];
    uint16_t *out = mem_alloc(sizeof(*out) * (size_t)width * (size_t)height);
    for (int x = 0; x < width; x++)
        columns[x] = span_of(x, width, s->width_px);
    for (int y = 0; y < height; y++) {
        uint32_t row[FORM_CELLS * CELL_PX] = {0};
        const Span span = span_of(y, height, s->height_px);
        for (uint32_t at = span.from, next; at < span.to; at = next) {
            next = MIN_OF((at | 255) + 1, span.to);
            add_row(s->sums + (at >> 8) * s->stride, columns, width, next - at, row);
        }
        for (int x = 0; x < width; x++)
            out[(size_t)y * (size_t)width + (size_t)x] = (uint16_t)divided(row[x], span.to - span.from);
    }
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

void form_make_of(const FormSource *source, int cells, Form *ret)
{
    assert(cells >= FORM_CELLS_MIN && cells <= FORM_CELLS);
    const int longer_px = MAX_OF(source->width_px, source->height_px);
    *ret = (Form){.width = cells_of(source->width_px, longer_px, cells),
        .height = cells_of(source->height_px, longer_px, cells)};
    const int width = ret->width * CELL_PX, height = ret->height * CELL_PX;
    uint16_t *pixels = shrink(source, width, height);
    soften_all(pixels, width, height);
    Half *halves = halves_of(pixels, width, height);
    for (int y = 0; y < ret->height; y++)
        for (int x = 0; x < ret->width; x++)
            cell_of(halves, width / HALF_PX, height / HALF_PX, x, y, ret);
    free(halves);
    free(pixels);
}

void form_make(Grey picture, int cells, Form *ret)
{
    CLEANUP(form_source_closep) FormSource *source = form_source_open(picture);
    form_make_of(source, cells, ret);
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
