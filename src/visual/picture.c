// SPDX-License-Identifier: Apache-2.0
#include "visual/picture.h"

#include "visual/kernel.h"

#include <stdlib.h>

enum {
    MIX_ONE = 256,
    GRID = 128, // pixels along the longer side that are compared
    AXIS_ONE = 1 << 14,
    AXIS_ROUNDS = 64,
    KEPT_HALVES = 18, // power of a mix against luma, in halves
    ASKED_HALVES = 3, // 3 of 1,000 photographs have more
    LEVELS_MIN = 2,   // less contrast than this is noise
};

// How much of each colour is in a grey. The sizes add up to MIX_ONE, so no grey runs over.
typedef struct {
    int parts[3];
} Mix;

// Products of how much red, green and blue change from a pixel of the grid to the next. Differences rather
// than the colours themselves: a wall beside a lawn says nothing about what is drawn on either.
typedef struct {
    int64_t sums[3][3];
    int64_t count;
} Changes;

static const Mix luma = {{77, 150, 29}}; // nearly every picture goes this way, by a kernel of its own

static bool is_luma(Mix mix)
{
    return memcmp(&mix, &luma, sizeof(mix)) == 0;
}

static void add_change(Changes *c, const uint8_t *here, const uint8_t *there)
{
    const int red = there[0] - here[0], green = there[1] - here[1], blue = there[2] - here[2];
    c->sums[0][0] += red * red;
    c->sums[0][1] += red * green;
    c->sums[0][2] += red * blue;
    c->sums[1][1] += green * green;
    c->sums[1][2] += green * blue;
    c->sums[2][2] += blue * blue;
    c->count++;
}

// At most 2 x 128 x 128 changes of 255 x 255: sums stay below 2^31.
static Changes changes_of(Picture picture)
{
    Changes c = {0};
    const int step = (MAX_OF(picture.width_px, picture.height_px) + GRID - 1) / GRID;
    for (int y = 0; y < picture.height_px; y += step) {
        const uint8_t *row = picture.p + (size_t)y * picture.stride;
        for (int x = 0; x < picture.width_px; x += step) {
            const uint8_t *here = row + (size_t)x * 3;
            if (x + step < picture.width_px)
                add_change(&c, here, here + (size_t)step * 3);
            if (y + step < picture.height_px)
                add_change(&c, here, here + (size_t)step * picture.stride);
        }
    }
    c.sums[1][0] = c.sums[0][1];
    c.sums[2][0] = c.sums[0][2];
    c.sums[2][1] = c.sums[1][2];
    return c;
}

// How much two mixes change together; of one with itself: the square of its contrast. Below 2^47.
static int64_t power(const Changes *c, Mix a, Mix b)
{
    int64_t sum = 0;
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++)
            sum += c->sums[i][j] * a.parts[i] * b.parts[j];
    return sum;
}

static int largest_of(const int64_t v[3])
{
    int at = 0;
    for (int i = 1; i < 3; i++)
        at = llabs(v[i]) > llabs(v[at]) ? i : at;
    return at;
}

static Mix mix_of(const int64_t v[3])
{
    Mix mix;
    int rest = MIX_ONE;
    const int64_t total = llabs(v[0]) + llabs(v[1]) + llabs(v[2]);
    for (int i = 0; i < 3; i++) {
        mix.parts[i] = (int)(v[i] * MIX_ONE / total);
        rest -= abs(mix.parts[i]);
    }
    const int most = largest_of(v);
    mix.parts[most] += v[most] < 0 ? -rest : rest;
    return mix;
}

// The direction in which colours change most, by power iteration. What is brighter by luma is brighter in it
// too, where they go together at all. Something must change.
static Mix axis_of(const Changes *c)
{
    const int widest = largest_of((int64_t[]){c->sums[0][0], c->sums[1][1], c->sums[2][2]});
    int64_t v[3] = {c->sums[widest][0], c->sums[widest][1], c->sums[widest][2]};
    for (int round = 0; round < AXIS_ROUNDS; round++) {
        int64_t to[3] = {0};
        const int64_t one = llabs(v[largest_of(v)]);
        for (int j = 0; j < 3; j++) {
            const int64_t part = v[j] * AXIS_ONE / one;
            for (int i = 0; i < 3; i++)
                to[i] += c->sums[i][j] * part;
        }
        memcpy(v, to, sizeof(v));
    }
    Mix axis = mix_of(v);
    if (power(c, axis, luma) < 0)
        for (int i = 0; i < 3; i++)
            axis.parts[i] = -axis.parts[i];
    return axis;
}

// Luma, unless another mix has more than so many halves of its power.
static Mix choose(Picture picture, int halves)
{
    const Changes c = changes_of(picture);
    if (c.sums[0][0] + c.sums[1][1] + c.sums[2][2] == 0)
        return luma;
    const Mix axis = axis_of(&c);
    const int64_t has = power(&c, axis, axis);
    const bool noise = has < c.count * (LEVELS_MIN * LEVELS_MIN * MIX_ONE * MIX_ONE);
    return noise || has * 2 <= halves * power(&c, luma, luma) ? luma : axis;
}

static void mix_row(Mix mix, const uint8_t *from, size_t width, uint8_t *to)
{
    const int red = mix.parts[0], green = mix.parts[1], blue = mix.parts[2];
    const int zero = MIX_ONE / 2 - 255 * (MIN_OF(red, 0) + MIN_OF(green, 0) + MIN_OF(blue, 0));
    for (size_t x = 0; x < width; x++, from += 3)
        to[x] = (uint8_t)((red * from[0] + green * from[1] + blue * from[2] + zero) >> 8);
}

static Grey mixed(Picture picture, Mix mix, Arena *a)
{
    const size_t width = (size_t)picture.width_px;
    uint8_t *grey = arena_alloc(a, width * (size_t)picture.height_px);
    const bool plain = is_luma(mix);
    for (int y = 0; y < picture.height_px; y++) {
        const uint8_t *from = picture.p + (size_t)y * picture.stride;
        uint8_t *to = grey + (size_t)y * width;
        if (plain)
            kernel_best()->luma(from, width, to);
        else
            mix_row(mix, from, width, to);
    }
    return (Grey){.p = grey, .width_px = picture.width_px, .height_px = picture.height_px, .stride = width};
}

Grey picture_grey(Picture picture, Arena *a)
{
    return mixed(picture, choose(picture, KEPT_HALVES), a);
}

int picture_greys(Picture picture, Arena *a, Grey ret[PICTURE_GREYS_MAX])
{
    const Mix mix = choose(picture, ASKED_HALVES);
    ret[0] = mixed(picture, luma, a);
    if (is_luma(mix))
        return 1;
    ret[1] = mixed(picture, mix, a);
    return 2;
}
