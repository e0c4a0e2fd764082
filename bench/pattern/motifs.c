// SPDX-License-Identifier: Apache-2.0
#include "motifs.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { SHAPES_MAX = 7, LOST_CELLS = 64 };

typedef struct {
    int kind, lobes, colour;
    double x, y, size, turn, thick;
} Shape;

typedef struct {
    uint64_t state;
} Dice;

static double roll(Dice *d) // 0 .. 1; splitmix64
{
    uint64_t z = d->state += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return (double)((z ^ (z >> 31)) >> 11) / 9007199254740992.0;
}

static double between(Dice *d, double low, double high)
{
    return low + (high - low) * roll(d);
}

// How far outside the shape (negative: inside), in units of the motif.
static double outside(const Shape *s, double x, double y)
{
    const double dx = x - s->x, dy = y - s->y, r = hypot(dx, dy), t = atan2(dy, dx) - s->turn;
    switch (s->kind) {
    case 0: // blob
        return r - s->size * (0.8 + 0.2 * cos(s->lobes * t));
    case 1: // petals
        return r - s->size * (0.25 + 0.75 * fabs(cos(s->lobes * t / 2)));
    case 2: // ring
        return fabs(r - s->size * 0.8) - s->thick;
    case 3: { // bar
        const double u = dx * cos(s->turn) + dy * sin(s->turn), v = dy * cos(s->turn) - dx * sin(s->turn);
        return fmax(fabs(u) - s->size, fabs(v) - s->thick);
    }
    default: // star
        return r - s->size * (cos(s->lobes * t) > 0 ? 1 : 0.45);
    }
}

static void hue(Dice *d, double rgb[3])
{
    for (int i = 0; i < 3; i++)
        rgb[i] = between(d, 20, 240);
}

static double noise(Dice *d) // about normal
{
    return roll(d) + roll(d) + roll(d) + roll(d) - 2;
}

typedef struct {
    Shape shapes[SHAPES_MAX];
    double colours[4][3];
    int count;
    double size; // of the motif, in pixels
} Motif;

static Motif motif_of(Dice *d, double step)
{
    Motif m = {.count = 3 + (int)(roll(d) * (SHAPES_MAX - 2)), .size = step / 2};
    for (int i = 0; i < m.count; i++)
        m.shapes[i] = (Shape){.kind = (int)(roll(d) * 5),
            .lobes = 2 + (int)(roll(d) * 6),
            .colour = 1 + (int)(roll(d) * 3),
            .x = between(d, -0.5, 0.5),
            .y = between(d, -0.5, 0.5),
            .size = between(d, 0.2, 0.75),
            .turn = between(d, 0, 6.28),
            .thick = between(d, 0.05, 0.15)};
    do
        for (int i = 0; i < 4; i++)
            hue(d, m.colours[i]);
    while (fabs(m.colours[0][1] - m.colours[1][1]) < 40);
    return m;
}

static void paint(const Motif *m, double x, double y, double rgb[3])
{
    for (int i = 0; i < m->count; i++) {
        const double soft = 1 / m->size, in = outside(&m->shapes[i], x / m->size, y / m->size);
        const double cover = fmin(1, fmax(0, 0.5 - in / soft));
        for (int c = 0; c < 3; c++)
            rgb[c] += cover * (m->colours[m->shapes[i].colour][c] - rgb[c]);
    }
}

enum { DRAWN = 320 }; // pixels of the drawn motif, which reaches from -REACH to REACH
static const double REACH = 1.35;
static float drawn[DRAWN][DRAWN][4]; // colour already multiplied by cover, and cover

static void draw_motif(const Motif *m)
{
    for (int y = 0; y < DRAWN; y++) {
        for (int x = 0; x < DRAWN; x++) {
            const double u = ((x + 0.5) / DRAWN * 2 - 1) * REACH * m->size,
                         v = ((y + 0.5) / DRAWN * 2 - 1) * REACH * m->size;
            double black[3] = {0, 0, 0}, white[3] = {1, 1, 1};
            paint(m, u, v, black);
            paint(m, u, v, white);
            for (int c = 0; c < 3; c++)
                drawn[y][x][c] = (float)black[c];
            drawn[y][x][3] = (float)(1 - (white[0] - black[0]));
        }
    }
}

static void lay(const Motif *m, double x, double y, double rgb[3])
{
    const double u = (x / (REACH * m->size) + 1) / 2 * DRAWN - 0.5,
                 v = (y / (REACH * m->size) + 1) / 2 * DRAWN - 0.5;
    if (u < 0 || v < 0 || u >= DRAWN - 1 || v >= DRAWN - 1)
        return;
    const int i = (int)u, j = (int)v;
    const double fu = u - i, fv = v - j;
    double mix[4];
    for (int c = 0; c < 4; c++)
        mix[c] = (1 - fv) * ((1 - fu) * (double)drawn[j][i][c] + fu * (double)drawn[j][i + 1][c]) +
                 fv * ((1 - fu) * (double)drawn[j + 1][i][c] + fu * (double)drawn[j + 1][i + 1][c]);
    for (int c = 0; c < 3; c++)
        rgb[c] = rgb[c] * (1 - mix[3]) + mix[c];
}

static void net_of(Dice *d, MotifTruth *t)
{
    const double step = between(d, 38, 118), turn = between(d, -0.7, 0.7), ratio = between(d, 0.7, 1.4);
    const int kind = (int)(roll(d) * 4);
    const double shift = kind == 0 ? 0 : kind == 1 ? 0.5 : kind == 2 ? between(d, 0.15, 0.4) : 0;
    const bool columns = roll(d) < 0.5; // half-drop or brick
    double u[2] = {step, 0}, v[2] = {0, step * ratio};
    if (columns)
        u[1] += shift * v[1];
    else
        v[0] += shift * u[0];
    for (int i = 0; i < 2; i++) {
        t->a[i] = i ? u[0] * sin(turn) + u[1] * cos(turn) : u[0] * cos(turn) - u[1] * sin(turn);
        t->b[i] = i ? v[0] * sin(turn) + v[1] * cos(turn) : v[0] * cos(turn) - v[1] * sin(turn);
    }
}

// ---- losses

static const double LOST_SHARE = 0.35;

typedef struct {
    bool lost[LOST_CELLS][LOST_CELLS]; // by the cell of the net
    double patch[3];
    float *torn; // side * side: below `torn_below` the cloth is gone
    float torn_below;
    uint64_t seed;
} Losses;

// A value for a point of a grid, 0 .. 1.
static double grid_value(uint64_t seed, int octave, int x, int y)
{
    Dice d = {
        seed * 31 + (uint64_t)octave * 1009 + (uint64_t)(x + 512) * 7919 + (uint64_t)(y + 512) * 104729};
    roll(&d);
    return roll(&d);
}

static double cloud(uint64_t seed, int octave, double x, double y)
{
    const int i = (int)floor(x), j = (int)floor(y);
    const double u = (x - i) * (x - i) * (3 - 2 * (x - i)), v = (y - j) * (y - j) * (3 - 2 * (y - j));
    return (1 - v) * ((1 - u) * grid_value(seed, octave, i, j) + u * grid_value(seed, octave, i + 1, j)) +
           v * ((1 - u) * grid_value(seed, octave, i, j + 1) + u * grid_value(seed, octave, i + 1, j + 1));
}

static int by_value(const void *x, const void *y)
{
    const float p = *(const float *)x, q = *(const float *)y;
    return p < q ? -1 : p > q;
}

// Holes of a tenth to a third of the side, with edges frayed down to a few pixels.
static void tear(Losses *l, int side)
{
    const size_t count = (size_t)side * (size_t)side;
    Dice d = {l->seed};
    const double size = side * between(&d, 0.1, 0.3);
    l->torn = malloc(count * sizeof(float));
    float *sorted = malloc(count * sizeof(float));
    for (size_t i = 0; i < count; i++) {
        const double x = (double)(i % (size_t)side), y = (double)(i / (size_t)side);
        double v = 0;
        for (int octave = 0; octave < 4; octave++)
            v += cloud(l->seed, octave, x * (1 << octave) / size, y * (1 << octave) / size) / (1 << octave);
        l->torn[i] = sorted[i] = (float)v;
    }
    qsort(sorted, count, sizeof(float), by_value);
    l->torn_below = sorted[(size_t)(LOST_SHARE * (double)count)];
    free(sorted);
}

// What is there instead of the cloth, if it is lost there.
static void lose(
    const Losses *l, MotifDamage damage, int side, const int at[2], const int cell[2], double *colour)
{
    const int i = (cell[0] + LOST_CELLS / 2) & (LOST_CELLS - 1),
              j = (cell[1] + LOST_CELLS / 2) & (LOST_CELLS - 1);
    const bool gone = damage == MOTIF_TORN
                          ? l->torn[(size_t)at[1] * (size_t)side + (size_t)at[0]] < l->torn_below
                          : l->lost[j][i];
    if (damage < MOTIF_LOST || !gone)
        return;
    memcpy(colour, l->patch, sizeof(l->patch));
    if (damage != MOTIF_PATCHED)
        return;
    Dice d = {l->seed + (uint64_t)(j * LOST_CELLS + i) * 7927};
    hue(&d, colour);
    const double turn = between(&d, 0, 3.14), fine = between(&d, 0.2, 1.5), deep = between(&d, 0, 40);
    for (int c = 0; c < 3; c++)
        colour[c] += deep * sin(fine * (at[0] * cos(turn) + at[1] * sin(turn)));
}

MotifTruth motif_draw(uint64_t seed, int side, MotifDamage damage, uint8_t *rgb)
{
    Dice d = {seed * 7919 + 17};
    MotifTruth t = {.side = side};
    net_of(&d, &t);
    const double det = t.a[0] * t.b[1] - t.a[1] * t.b[0];
    const Motif m = motif_of(&d, fmin(hypot(t.a[0], t.a[1]), hypot(t.b[0], t.b[1])));
    draw_motif(&m);
    const double light_way = between(&d, 0, 6.28), light = between(&d, 0.2, 0.5);
    const double bend = between(&d, 2, 5), wave = between(&d, 0.6, 1.4) * 6.28 / side,
                 phase = between(&d, 0, 6.28);
    static Losses losses;
    hue(&d, losses.patch);
    for (int i = 0; i < LOST_CELLS * LOST_CELLS; i++)
        losses.lost[i / LOST_CELLS][i % LOST_CELLS] = roll(&d) < LOST_SHARE;
    losses.seed = seed * 523 + 11;
    if (damage == MOTIF_TORN)
        tear(&losses, side);
    for (int y = 0; y < side; y++) {
        for (int x = 0; x < side; x++) {
            double px = x - side / 2.0, py = y - side / 2.0;
            const double shade = 1 - light * (0.5 + (px * cos(light_way) + py * sin(light_way)) / side);
            if (damage == MOTIF_WARPED) {
                px += bend * sin(wave * y + phase);
                py += bend * sin(wave * x * 0.8 + 1 + phase);
            }
            const double i0 = (px * t.b[1] - py * t.b[0]) / det, j0 = (py * t.a[0] - px * t.a[1]) / det;
            double colour[3] = {m.colours[0][0], m.colours[0][1], m.colours[0][2]};
            const int ri = (int)lround(i0), rj = (int)lround(j0);
            for (int j = rj - 1; j <= rj + 1; j++)
                for (int i = ri - 1; i <= ri + 1; i++)
                    lay(&m, px - i * t.a[0] - j * t.b[0], py - i * t.a[1] - j * t.b[1], colour);
            lose(&losses, damage, side, (int[2]){x, y}, (int[2]){ri, rj}, colour);
            for (int c = 0; c < 3; c++) {
                double v = colour[c] * shade;
                if (damage == MOTIF_FADED)
                    v = 120 + 0.3 * (v - 120) + 14 * noise(&d);
                else
                    v += 2 * noise(&d);
                rgb[((size_t)y * (size_t)side + (size_t)x) * 3 + (size_t)c] = (uint8_t)fmin(255, fmax(0, v));
            }
        }
    }
    if (damage == MOTIF_TORN)
        free(losses.torn);
    return t;
}
