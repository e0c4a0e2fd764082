// SPDX-License-Identifier: Apache-2.0
#include "things.h"

#include <math.h>
#include <stdbool.h>

enum { LOBES_MAX = 4, FINE = 2 };

typedef struct {
    double x, y, size, flat, turn, depth;
    int lobes;
} Lobe;

typedef struct {
    uint64_t state;
    Lobe lobes[LOBES_MAX];
    int count, colours_count;
    double hole_x, hole_y, hole; // no hole: 0
    double colours[4][3], ground[3], dim_x, dim_y, light, stripe, stripe_turn, shadow_x, shadow_y;
} Thing;

static double roll(Thing *t, double low, double high) // xorshift64*
{
    t->state ^= t->state >> 12;
    t->state ^= t->state << 25;
    t->state ^= t->state >> 27;
    return low + (high - low) * ((double)((t->state * 0x2545f4914f6cdd1du) >> 11) / 9007199254740992.0);
}

static Thing make(uint64_t seed)
{
    Thing t = {.state = seed * 0x9e3779b97f4a7c15u + 1};
    for (int i = 0; i < 8; i++)
        roll(&t, 0, 1);
    t.count = 2 + (int)roll(&t, 0, 2.999);
    for (int i = 0; i < t.count; i++)
        t.lobes[i] = (Lobe){roll(&t, -0.25, 0.25), roll(&t, -0.3, 0.3), roll(&t, 0.2, 0.42), roll(&t, 0.5, 1),
            roll(&t, 0, 3.1), roll(&t, 0, 0.25), (int)roll(&t, 2, 8)};
    t.hole = roll(&t, 0, 1) < 0.3 ? roll(&t, 0.08, 0.14) : 0;
    t.hole_x = t.lobes[0].x;
    t.hole_y = t.lobes[0].y;
    t.colours_count = 2 + (int)roll(&t, 0, 2.999);
    for (int i = 0; i < t.colours_count; i++)
        for (int k = 0; k < 3; k++)
            t.colours[i][k] = roll(&t, 15, 225);
    const double grey = roll(&t, 150, 245);
    for (int k = 0; k < 3; k++)
        t.ground[k] = grey + roll(&t, -12, 10);
    t.dim_x = roll(&t, -0.12, 0.12);
    t.dim_y = roll(&t, 0, 0.2);
    t.light = roll(&t, -0.25, 0.25);
    t.stripe = roll(&t, 8, 30);
    t.stripe_turn = roll(&t, 0, 3.1);
    t.shadow_x = roll(&t, -0.18, 0.18);
    t.shadow_y = roll(&t, 0.04, 0.16);
    return t;
}

// Below 0 inside; near the outline about a distance.
static double outside(const Thing *t, double x, double y)
{
    double least = 9;
    for (int i = 0; i < t->count; i++) {
        const Lobe *l = &t->lobes[i];
        const double u = (x - l->x) * cos(l->turn) + (y - l->y) * sin(l->turn);
        const double v = ((y - l->y) * cos(l->turn) - (x - l->x) * sin(l->turn)) / l->flat;
        least = fmin(least, hypot(u, v) - l->size * (1 - l->depth + l->depth * cos(l->lobes * atan2(v, u))));
    }
    return fmax(least, t->hole - hypot(x - t->hole_x, y - t->hole_y));
}

static void colour_of(const Thing *t, bool inside, bool shadow, double x, double y, double *ret)
{
    double light = 1 + t->dim_x * x - t->dim_y * (y + 1) / 2;
    const double *from = t->ground;
    if (inside) {
        const double s = sin(t->stripe * (x * cos(t->stripe_turn) + y * sin(t->stripe_turn)));
        const int band = (int)((y + 1) / 2 * t->colours_count * 0.999);
        from = t->colours[s > 0.6 ? (band + 1) % t->colours_count : band];
        light = 1 + t->light * x;
    } else if (shadow) {
        const double far = outside(t, x - t->shadow_x, y - t->shadow_y);
        light *= 1 - 0.35 / (1 + exp(far / 0.05));
    }
    for (int k = 0; k < 3; k++)
        ret[k] += from[k] * light / (FINE * FINE);
}

// Each shape to its own corner, at some angle, and no larger than leaves room.
static void part(Thing *t)
{
    const double turn = roll(t, 0, 6.28);
    for (int i = 0; i < t->count; i++) {
        const double angle = turn + 6.28 * i / t->count + roll(t, -0.3, 0.3), far = roll(t, 0.38, 0.5);
        t->lobes[i].x = far * cos(angle);
        t->lobes[i].y = far * sin(angle);
        t->lobes[i].size = roll(t, 0.1, 0.28);
    }
    t->hole = 0;
}

void thing_draw(uint64_t seed, int side, ThingKind kind, uint8_t *rgb, uint8_t *truth)
{
    Thing t = make(seed);
    if (kind == THING_PIECES)
        part(&t);
    for (int y = 0; y < side; y++)
        for (int x = 0; x < side; x++) {
            double sum[3] = {0};
            int inside = 0;
            for (int k = 0; k < FINE * FINE; k++) {
                const double u = 2 * (x + (k % FINE + 0.5) / FINE) / side - 1;
                const double v = 2 * (y + (k / FINE + 0.5) / FINE) / side - 1;
                const bool in = outside(&t, u, v) < 0;
                inside += in;
                colour_of(&t, in, kind != THING_STUDIO, u, v, sum);
            }
            truth[y * side + x] = inside * 2 >= FINE * FINE;
            for (int k = 0; k < 3; k++) {
                const double grain = roll(&t, -4, 4) + roll(&t, -4, 4);
                rgb[(y * side + x) * 3 + k] = (uint8_t)fmin(fmax(sum[k] + grain, 0), 255);
            }
        }
}
