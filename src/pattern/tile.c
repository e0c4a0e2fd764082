// SPDX-License-Identifier: Apache-2.0
// A pixel of the tile is asked at the same place of every repeat, and the middle half of the answers is
// averaged: a stain, a crack, a lost piece is in the other half. The place does not depend on where the tile
// is cut, so its sides join by themselves.
#include "pattern/tile.h"

#include <math.h>
#include <stdlib.h>

enum { ANSWERS_MAX = 64, LIGHT_RADIUS_MIN_PX = 8, STRIP_TRIES = 4 };
static const double RIGHT_ENOUGH = 0.06; // cosine that is straightened without being seen

typedef struct {
    double x, y;
} Step;

typedef struct {
    Step along, down, from; // sides of the tile in the picture, and its corner
    int cells;
} Cut;

typedef struct {
    const PatternPicture *picture;
    const Lattice *lattice;
    Cut cut;
    float *light; // slow light of each pixel, three channels
    float mean[3];
} Making;

static double length(Step s)
{
    return hypot(s.x, s.y);
}

static double slant(Step s, Step t)
{
    return fabs(s.x * t.x + s.y * t.y) / (length(s) * length(t));
}

// The fewest repeats whose sides are nearly at right angles; if there are none, the best there is.
static Cut cut_of(const Lattice *l)
{
    static const int firsts[][2] = {{1, 0}, {0, 1}, {1, 1}, {1, -1}};
    Cut best = {.cells = 0};
    double least = HUGE_VAL;
    for (size_t f = 0; f < COUNT_OF(firsts); f++) {
        const int p = firsts[f][0], q = firsts[f][1];
        const Step one = {p * l->ax + q * l->bx, p * l->ay + q * l->by};
        for (int m = -TILE_CELLS_MAX; m <= TILE_CELLS_MAX; m++) {
            for (int n = -TILE_CELLS_MAX; n <= TILE_CELLS_MAX; n++) {
                const int cells = abs(p * n - q * m);
                const Step other = {m * l->ax + n * l->bx, m * l->ay + n * l->by};
                if (cells < 1 || cells > TILE_CELLS_MAX)
                    continue;
                const double off = slant(one, other),
                             wide = fmax(length(one), length(other)) / fmin(length(one), length(other));
                const double cost = cells + (off > RIGHT_ENOUGH ? 100 * off : 0) + 0.1 * wide;
                if (cost < least) {
                    least = cost;
                    best = (Cut){.along = one, .down = other, .cells = cells};
                }
            }
        }
    }
    return best;
}

// Along lies flatter and points right, down points down.
static void set_upright(Cut *c)
{
    if (fabs(c->along.y) * length(c->down) > fabs(c->down.y) * length(c->along)) {
        const Step t = c->along;
        c->along = c->down;
        c->down = t;
    }
    if (c->along.x < 0)
        c->along = (Step){-c->along.x, -c->along.y};
    if (c->along.x * c->down.y - c->along.y * c->down.x < 0)
        c->down = (Step){-c->down.x, -c->down.y};
}

static bool is_inside(const PatternPicture *p, double x, double y)
{
    return x >= 0 && y >= 0 && x < p->width_px - 1 && y < p->height_px - 1;
}

// As wide a band across the picture as holds one step everywhere.
static Cut strip_cut(const PatternPicture *p, const Lattice *l)
{
    const Step along = {l->ax, l->ay};
    const double across = (fabs(along.x) > fabs(along.y) ? p->height_px : p->width_px) - 1;
    Cut c = {.along = along, .cells = 1};
    for (int i = STRIP_TRIES; i >= 1; i--) {
        const double wide = across * i / STRIP_TRIES / length(along);
        c.down = (Step){-along.y * wide, along.x * wide};
        c.from = (Step){(p->width_px - 1) / 2.0 - (c.along.x + c.down.x) / 2,
            (p->height_px - 1) / 2.0 - (c.along.y + c.down.y) / 2};
        bool whole = true;
        for (int k = 0; k < 4; k++)
            whole = whole && is_inside(p, c.from.x + (k & 1) * along.x * 0.98 + (k >> 1) * c.down.x * 0.98,
                                 c.from.y + (k & 1) * along.y * 0.98 + (k >> 1) * c.down.y * 0.98);
        if (whole)
            return c;
    }
    return (Cut){0};
}

// ---- slow light: the mean over about a repeat

static void box_line(const float *from, float *to, int count, size_t stride, int radius)
{
    double sum = 0;
    int inside = 0;
    for (int i = 0; i < MIN_OF(radius, count); i++, inside++)
        sum += (double)from[(size_t)i * stride];
    for (int i = 0; i < count; i++) {
        if (i + radius < count) {
            sum += (double)from[(size_t)(i + radius) * stride];
            inside++;
        }
        if (i - radius - 1 >= 0) {
            sum -= (double)from[(size_t)(i - radius - 1) * stride];
            inside--;
        }
        to[(size_t)i * stride] = (float)(sum / inside);
    }
}

static void find_light(Making *m, Arena *a)
{
    const PatternPicture *p = m->picture;
    const size_t width = (size_t)p->width_px, count = width * (size_t)p->height_px * 3;
    float *pixels = arena_array(a, float, count), *rows = arena_array(a, float, count);
    const int radius = MAX_OF(LIGHT_RADIUS_MIN_PX, (int)fmax(length((Step){m->lattice->ax, m->lattice->ay}),
                                                       length((Step){m->lattice->bx, m->lattice->by})));
    double sums[3] = {0};
    for (int y = 0; y < p->height_px; y++)
        for (size_t x = 0; x < width * 3; x++) {
            pixels[(size_t)y * width * 3 + x] = p->p[(size_t)y * p->stride + x];
            sums[x % 3] += p->p[(size_t)y * p->stride + x];
        }
    for (int c = 0; c < 3; c++)
        m->mean[c] = (float)(sums[c] / ((double)width * p->height_px));
    for (int y = 0; y < p->height_px; y++)
        for (size_t c = 0; c < 3; c++)
            box_line(
                pixels + (size_t)y * width * 3 + c, rows + (size_t)y * width * 3 + c, p->width_px, 3, radius);
    for (size_t x = 0; x < width * 3; x++)
        box_line(rows + x, pixels + x, p->height_px, width * 3, radius);
    m->light = pixels;
}

// ---- the tile

static void answer(const Making *m, double x, double y, float ret[3])
{
    const PatternPicture *p = m->picture;
    const int i = (int)x, j = (int)y;
    const double u = x - i, v = y - j;
    const uint8_t *top = p->p + (size_t)j * p->stride + (size_t)i * 3, *low = top + p->stride;
    const float *light = m->light + ((size_t)j * (size_t)p->width_px + (size_t)i) * 3;
    for (int c = 0; c < 3; c++) {
        const double here =
            (1 - v) * ((1 - u) * top[c] + u * top[c + 3]) + v * ((1 - u) * low[c] + u * low[c + 3]);
        ret[c] = (float)here - light[c] + m->mean[c];
    }
}

static int by_value(const void *x, const void *y)
{
    const float p = *(const float *)x, q = *(const float *)y;
    return p < q ? -1 : p > q;
}

static uint8_t middle_half(float *values, int count)
{
    qsort(values, (size_t)count, sizeof(*values), by_value);
    const int from = count / 4, to = count - count / 4;
    float sum = 0;
    for (int i = from; i < to; i++)
        sum += values[i];
    return (uint8_t)lrintf(fminf(fmaxf(sum / (float)(to - from), 0), 255));
}

// How many repeats lie to each side of the middle, at most.
static int reach_of(const Making *m, Step step)
{
    const double across = hypot(m->picture->width_px, m->picture->height_px);
    return length(step) > 0 ? (int)fmin(64, across / length(step) + 1) : 0;
}

static int gather(const Making *m, double x, double y, float values[3][ANSWERS_MAX])
{
    const Step a = {m->lattice->ax, m->lattice->ay}, b = {m->lattice->bx, m->lattice->by};
    const int most_i = reach_of(m, a), most_j = reach_of(m, b);
    int count = 0;
    for (int j = -most_j; j <= most_j; j++) {
        for (int i = -most_i; i <= most_i && count < ANSWERS_MAX; i++) {
            const double px = x + i * a.x + j * b.x, py = y + i * a.y + j * b.y;
            float rgb[3];
            if (!is_inside(m->picture, px, py))
                continue;
            answer(m, px, py, rgb);
            for (int c = 0; c < 3; c++)
                values[c][count] = rgb[c];
            count++;
        }
    }
    return count;
}

static bool fill(const Making *m, Tile *tile)
{
    float values[3][ANSWERS_MAX];
    const Cut *cut = &m->cut;
    for (int y = 0; y < tile->height_px; y++) {
        for (int x = 0; x < tile->width_px; x++) {
            const double s = (double)x / tile->width_px, t = (double)y / tile->height_px;
            const int count = gather(m, cut->from.x + s * cut->along.x + t * cut->down.x,
                cut->from.y + s * cut->along.y + t * cut->down.y, values);
            if (count == 0)
                return false;
            tile->repeats = MAX_OF(tile->repeats, count);
            for (int c = 0; c < 3; c++)
                tile->rgb[((size_t)y * (size_t)tile->width_px + (size_t)x) * 3 + (size_t)c] =
                    middle_half(values[c], count);
        }
    }
    return true;
}

bool tile_make(const PatternPicture *picture, const Lattice *lattice, Arena *a, Tile *ret, Err *err)
{
    if (!pattern_check(picture, err))
        return false;
    if (lattice->kind == LATTICE_NONE)
        return err_set(err, ERR_NOT_FOUND, "no repeat was found in this part");
    Making m = {.picture = picture, .lattice = lattice};
    if (lattice->kind == LATTICE_STRIP) {
        m.cut = strip_cut(picture, lattice);
    } else {
        m.cut = cut_of(lattice);
        set_upright(&m.cut);
        m.cut.from = (Step){(picture->width_px - 1 - m.cut.along.x - m.cut.down.x) / 2,
            (picture->height_px - 1 - m.cut.along.y - m.cut.down.y) / 2};
    }
    Tile tile = {.width_px = (int)lround(length(m.cut.along)),
        .height_px = (int)lround(length(m.cut.down)),
        .cells = m.cut.cells};
    if (m.cut.cells == 0 || MIN_OF(tile.width_px, tile.height_px) < 2)
        return err_set(err, ERR_NOT_FOUND, "no whole repeat is in this part");
    if (MAX_OF(tile.width_px, tile.height_px) > TILE_SIDE_MAX_PX)
        return err_set(err, ERR_LIMIT, "too large a repeat");
    find_light(&m, a);
    tile.rgb = arena_alloc(a, (size_t)tile.width_px * (size_t)tile.height_px * 3);
    if (!fill(&m, &tile))
        return err_set(err, ERR_NOT_FOUND, "no whole repeat is in this part");
    *ret = tile;
    return true;
}
