// SPDX-License-Identifier: Apache-2.0
// The picture at all its sizes: octaves of half size each, in each octave LEVELS pictures blurred more and
// more. Values are grey x 64 in 16 bits: the sum of two still fits, which is what the blur kernels need.
#include "visual/int.h"

#include <math.h>
#include <stdlib.h>

static Blur blur_of(double sigma)
{
    Blur blur = {.radius = MIN_OF((int)(3.2 * sigma + 0.5), KERNEL_RADIUS_MAX)};
    double sum = 0;
    for (int k = -blur.radius; k <= blur.radius; k++)
        sum += exp(-k * k / (2 * sigma * sigma));
    int rest = 32768;
    for (int k = 1; k <= blur.radius; k++) {
        blur.weights[k] = (int16_t)lround(32768 * exp(-k * k / (2 * sigma * sigma)) / sum);
        rest -= 2 * blur.weights[k];
    }
    blur.weights[0] = (int16_t)rest;
    return blur;
}

void scales_prepare(Extractor *e)
{
    // A camera or scanner picture is taken to be blurred by half a pixel already.
    e->first = blur_of(sqrt(SIGMA_BASE * SIGMA_BASE - 0.25));
    e->doubled = blur_of(sqrt(SIGMA_BASE * SIGMA_BASE - 1));
    for (int level = 1; level < LEVELS; level++) {
        const double before = SIGMA_BASE * exp2((level - 1) / (double)SCALES);
        const double after = SIGMA_BASE * exp2(level / (double)SCALES);
        e->steps[level] = blur_of(sqrt(after * after - before * before));
    }
}

static void reserve(int16_t **values, size_t *capacity, size_t count)
{
    if (*capacity >= count)
        return;
    free(*values);
    *values = mem_alloc(count * sizeof(**values));
    *capacity = count;
}

static void blur_picture(Extractor *e, const Octave *o, const int16_t *from, const Blur *blur, int16_t *to)
{
    const int16_t *rows[2 * KERNEL_RADIUS_MAX + 1];
    int16_t *row = e->row + KERNEL_PAD;
    for (int y = 0; y < o->height; y++) {
        for (int k = -blur->radius; k <= blur->radius; k++) {
            const int at = MAX_OF(0, MIN_OF(y + k, o->height - 1));
            rows[k + blur->radius] = from + (size_t)at * o->stride;
        }
        e->kernel->down(rows, o->width, blur, row);
        for (int x = 1; x <= KERNEL_PAD; x++) {
            row[-x] = row[0];
            row[o->width - 1 + x] = row[o->width - 1];
        }
        e->kernel->across(row, o->width, blur, to + (size_t)y * o->stride);
    }
}

static void enter(const Octave *o, Grey picture, int16_t *to)
{
    for (int y = 0; y < o->height; y++) {
        const uint8_t *from = picture.p + picture.stride * (size_t)y;
        int16_t *row = to + (size_t)y * o->stride;
        for (int x = 0; x < o->width; x++)
            row[x] = (int16_t)(from[x] * GREY_ONE);
    }
}

// Twice the size, each new pixel three parts of its nearest neighbour and one of the next, in both
// directions.
static void enter_doubled(const Octave *o, Grey picture, int16_t *to)
{
    for (int y = 0; y < o->height; y++) {
        const int near = y / 2, far = MAX_OF(0, MIN_OF(y & 1 ? near + 1 : near - 1, picture.height_px - 1));
        const uint8_t *a = picture.p + picture.stride * (size_t)near;
        const uint8_t *b = picture.p + picture.stride * (size_t)far;
        int16_t *row = to + (size_t)y * o->stride;
        int before = 3 * a[0] + b[0], now = before;
        for (int x = 0; x < picture.width_px; x++) {
            const int next_at = MIN_OF(x + 1, picture.width_px - 1);
            const int next = 3 * a[next_at] + b[next_at];
            row[2 * x] = (int16_t)((3 * now + before) * (GREY_ONE / 16));
            row[2 * x + 1] = (int16_t)((3 * now + next) * (GREY_ONE / 16));
            before = now;
            now = next;
        }
    }
}

static void halve(const Octave *from, const Octave *to)
{
    for (int y = 0; y < to->height; y++) {
        const int16_t *a = from->levels[SCALES] + (size_t)(2 * y) * from->stride;
        int16_t *b = to->levels[0] + (size_t)y * to->stride;
        for (int x = 0; x < to->width; x++)
            b[x] = a[2 * x];
    }
}

static void lay_out(Extractor *e, int width, int height)
{
    size_t total = 0;
    e->octaves_count = 0;
    for (int o = 0; o < OCTAVES_MAX && MIN_OF(width, height) >= OCTAVE_SIDE_MIN_PX; o++) {
        const int stride = (width + 15) / 16 * 16 + 16;
        e->octaves[o] = (Octave){.width = width, .height = height, .stride = stride};
        total += (size_t)stride * height * LEVELS;
        e->octaves_count++;
        width /= 2;
        height /= 2;
    }
    if (e->octaves_count == 0)
        return;
    reserve(&e->values, &e->values_capacity, total);
    reserve(&e->row, &e->row_capacity, (size_t)e->octaves[0].stride + 2 * KERNEL_PAD);
    reserve(&e->rings, &e->rings_capacity, (size_t)e->octaves[0].stride * (LEVELS - 1) * 3);
    int16_t *at = e->values;
    for (int o = 0; o < e->octaves_count; o++) {
        for (int level = 0; level < LEVELS; level++) {
            e->octaves[o].levels[level] = at;
            at += (size_t)e->octaves[o].stride * e->octaves[o].height;
        }
    }
}

bool scales_build(Extractor *e, Grey picture, Err *err)
{
    if (picture.width_px < 1 || picture.height_px < 1 || picture.stride < (size_t)picture.width_px)
        return err_set(err, ERR_INVALID, "no picture of %d x %d", picture.width_px, picture.height_px);
    const int side_px = MAX_OF(picture.width_px, picture.height_px);
    if (side_px > FEATURE_SIDE_MAX_PX)
        return err_set(err, ERR_LIMIT, "%d pixels are more than %d", side_px, FEATURE_SIDE_MAX_PX);
    e->is_doubled = side_px <= FEATURE_DOUBLED_MAX_PX;
    const int times = e->is_doubled ? 2 : 1;
    lay_out(e, picture.width_px * times, picture.height_px * times);
    for (int o = 0; o < e->octaves_count; o++) {
        const Octave *octave = &e->octaves[o];
        if (o > 0) {
            halve(&e->octaves[o - 1], octave);
        } else {
            (e->is_doubled ? enter_doubled : enter)(octave, picture, octave->levels[1]);
            blur_picture(
                e, octave, octave->levels[1], e->is_doubled ? &e->doubled : &e->first, octave->levels[0]);
        }
        for (int level = 1; level < LEVELS; level++)
            blur_picture(e, octave, octave->levels[level - 1], &e->steps[level], octave->levels[level]);
    }
    return true;
}
