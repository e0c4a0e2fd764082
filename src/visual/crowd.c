// SPDX-License-Identifier: Apache-2.0
#include "visual/crowd.h"

#include <math.h>
#include <stdlib.h>

enum {
    SIZES = 48, // quarters of an octave, from SIZE_LEAST on
    SIZES_PER_OCTAVE = 4,
    TURNS = 64,
    CELLS = 64, // on each side, CELL wide, from CELL_LEAST on: where the middle of the query lies
    LAYS = 4,   // pairs of size and turn whose shift is looked for
    FITS = 2,   // of these, how many are fitted
    SETTLINGS = 3,
    BINS = CELLS * CELLS,
};
static_assert(SIZES * TURNS <= BINS, "one array serves both");

#define SIZE_LEAST (-6.0f) // octaves
#define CELL 32.0f         // of PLACE_ONE
#define CELL_LEAST (-16.0f * CELL)
// What follows a lay: its own size and turn may differ this much, its place by this much of PLACE_ONE and of
// the distance from the middle.
#define SIZE_WINDOW 0.4f // octaves
#define TURN_WINDOW 0.3f // radians
#define NEAR_WINDOW 56.0f
#define DRIFT_WINDOW 0.06f
#define PI 3.14159265f

// Votes of features, each with its heaviest pair only.
typedef struct {
    float sum, heaviest;
    int32_t feature; // the last one, counted from 1
} Bin;

// How the query lies in the picture, as guessed: its size (octaves), turn, and where its middle is.
typedef struct {
    float size, turn, x, y, votes;
} Lay;

typedef struct {
    Pair *pairs;
    size_t count;
    float *sizes, *turns; // of each pair: found relative to query
    float middle_x, middle_y;
    Bin *bins;
} Crowd;

static float wrap(float angle)
{
    return angle < 0 ? angle + 2 * PI : angle >= 2 * PI ? angle - 2 * PI : angle;
}

// From b to a the shorter way round.
static float turn_from(float a, float b)
{
    const float d = a - b;
    return d > PI ? d - 2 * PI : d < -PI ? d + 2 * PI : d;
}

static void vote(Bin *b, const Pair *p)
{
    if (b->feature != p->feature + 1) {
        b->feature = p->feature + 1;
        b->heaviest = 0;
    }
    if (p->weight > b->heaviest) {
        b->sum += p->weight - b->heaviest;
        b->heaviest = p->weight;
    }
}

static void lighten(Pair *pairs, size_t count)
{
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from; to < count && pairs[to].feature == pairs[from].feature; to++)
            ;
        const float by = sqrtf((float)(to - from));
        for (size_t i = from; i < to; i++)
            pairs[i].weight /= by;
    }
}

static Crowd open_crowd(const Pair *pairs, size_t count)
{
    Crowd c = {.count = count,
        .pairs = mem_alloc(sizeof(*c.pairs) * count),
        .sizes = mem_alloc(sizeof(*c.sizes) * count),
        .turns = mem_alloc(sizeof(*c.turns) * count),
        .bins = mem_alloc(sizeof(*c.bins) * BINS)};
    memcpy(c.pairs, pairs, sizeof(*pairs) * count);
    lighten(c.pairs, count);
    float low_x = pairs[0].query.x, high_x = low_x, low_y = pairs[0].query.y, high_y = low_y;
    for (size_t i = 0; i < count; i++) {
        const Spot *q = &pairs[i].query, *f = &pairs[i].found;
        c.sizes[i] = log2f(f->sigma / q->sigma);
        c.turns[i] = wrap(f->angle - q->angle);
        low_x = fminf(low_x, q->x), high_x = fmaxf(high_x, q->x);
        low_y = fminf(low_y, q->y), high_y = fmaxf(high_y, q->y);
    }
    c.middle_x = (low_x + high_x) / 2;
    c.middle_y = (low_y + high_y) / 2;
    return c;
}

static void close_crowd(Crowd *c)
{
    free(c->bins);
    free(c->turns);
    free(c->sizes);
    free(c->pairs);
}

// ---- size and turn

// The bin and its eight neighbours; turns go round, sizes do not.
static float votes_around(const Bin *bins, int size, int turn)
{
    float sum = 0;
    for (int s = MAX_OF(size - 1, 0); s <= MIN_OF(size + 1, SIZES - 1); s++)
        for (int t = turn + TURNS - 1; t <= turn + TURNS + 1; t++)
            sum += bins[s * TURNS + t % TURNS].sum;
    return sum;
}

// So that the next one found is another.
static void strike_around(bool *struck, int size, int turn)
{
    for (int s = MAX_OF(size - 2, 0); s <= MIN_OF(size + 2, SIZES - 1); s++)
        for (int t = turn + TURNS - 4; t <= turn + TURNS + 4; t++)
            struck[s * TURNS + t % TURNS] = true;
}

static void find_lays(const Crowd *c, Lay *ret)
{
    bool struck[SIZES * TURNS] = {0};
    memset(c->bins, 0, sizeof(*c->bins) * BINS);
    for (size_t i = 0; i < c->count; i++) {
        const int size = (int)((c->sizes[i] - SIZE_LEAST) * SIZES_PER_OCTAVE);
        const int turn = (int)(c->turns[i] / (2 * PI) * TURNS) % TURNS;
        vote(&c->bins[MIN_OF(MAX_OF(size, 0), SIZES - 1) * TURNS + turn], &c->pairs[i]);
    }
    for (int k = 0; k < LAYS; k++) {
        int best = 0;
        float best_votes = -1;
        for (int i = 0; i < SIZES * TURNS; i++) {
            const float votes = struck[i] ? -1 : votes_around(c->bins, i / TURNS, i % TURNS);
            if (votes > best_votes) {
                best_votes = votes;
                best = i;
            }
        }
        strike_around(struck, best / TURNS, best % TURNS);
        ret[k] = (Lay){.size = ((float)(best / TURNS) + 0.5f) / SIZES_PER_OCTAVE + SIZE_LEAST,
            .turn = ((float)(best % TURNS) + 0.5f) * 2 * PI / TURNS};
    }
}

static bool is_laid_so(const Crowd *c, size_t i, const Lay *lay)
{
    return fabsf(c->sizes[i] - lay->size) <= SIZE_WINDOW &&
           fabsf(turn_from(c->turns[i], lay->turn)) <= TURN_WINDOW;
}

// To the middle of what lies around it (mean shift).
static void settle(const Crowd *c, Lay *lay)
{
    for (int round = 0; round < SETTLINGS; round++) {
        float weight = 0, size = 0, turn = 0;
        for (size_t i = 0; i < c->count; i++) {
            if (!is_laid_so(c, i, lay))
                continue;
            weight += c->pairs[i].weight;
            size += c->pairs[i].weight * (c->sizes[i] - lay->size);
            turn += c->pairs[i].weight * turn_from(c->turns[i], lay->turn);
        }
        if (weight <= 0)
            return;
        lay->size += size / weight;
        lay->turn = wrap(lay->turn + turn / weight);
    }
}

// ---- shift

typedef struct {
    float c, s; // scale * cos, scale * sin
} Turned;

static Turned turned_by(const Lay *lay)
{
    const float scale = exp2f(lay->size);
    return (Turned){scale * cosf(lay->turn), scale * sinf(lay->turn)};
}

// From the middle of the query to this feature of it, as it would lie in the picture.
static void step_to(const Crowd *crowd, const Spot *query, Turned by, float *ret_x, float *ret_y)
{
    const float x = query->x - crowd->middle_x, y = query->y - crowd->middle_y;
    *ret_x = by.c * x - by.s * y;
    *ret_y = by.s * x + by.c * y;
}

// Where the middle of the query lies by most votes; windows of two cells by two.
static void find_shift(const Crowd *c, Lay *lay)
{
    const Turned by = turned_by(lay);
    memset(c->bins, 0, sizeof(*c->bins) * BINS);
    for (size_t i = 0; i < c->count; i++) {
        if (!is_laid_so(c, i, lay))
            continue;
        float x, y;
        step_to(c, &c->pairs[i].query, by, &x, &y);
        x = (c->pairs[i].found.x - x - CELL_LEAST) / CELL;
        y = (c->pairs[i].found.y - y - CELL_LEAST) / CELL;
        if (x >= 0 && y >= 0 && x < CELLS && y < CELLS)
            vote(&c->bins[(int)y * CELLS + (int)x], &c->pairs[i]);
    }
    for (int i = 0; i < CELLS * (CELLS - 1) - 1; i++) {
        const Bin *b = &c->bins[i];
        const float votes = b[0].sum + b[1].sum + b[CELLS].sum + b[CELLS + 1].sum;
        if (i % CELLS == CELLS - 1 || votes <= lay->votes)
            continue;
        lay->votes = votes;
        lay->x = (float)(i % CELLS + 1) * CELL + CELL_LEAST;
        lay->y = (float)(i / CELLS + 1) * CELL + CELL_LEAST;
    }
}

// ---- what follows a lay

static bool follows(const Crowd *c, size_t i, const Lay *lay, Turned by)
{
    if (!is_laid_so(c, i, lay))
        return false;
    float x, y;
    step_to(c, &c->pairs[i].query, by, &x, &y);
    const float away = fabsf(c->pairs[i].found.x - lay->x - x) + fabsf(c->pairs[i].found.y - lay->y - y);
    return away <= NEAR_WINDOW + DRIFT_WINDOW * (fabsf(x) + fabsf(y));
}

// In place of the lightest; pairs stay in order of their features.
static void displace_lightest(Pair *kept, const Pair *pair)
{
    int lightest = 0;
    for (int i = 1; i < PAIRS_MAX; i++)
        lightest = kept[i].weight < kept[lightest].weight ? i : lightest;
    if (pair->weight <= kept[lightest].weight)
        return;
    memmove(kept + lightest, kept + lightest + 1, sizeof(*kept) * (size_t)(PAIRS_MAX - lightest - 1));
    kept[PAIRS_MAX - 1] = *pair;
}

// Of each feature the heaviest pair that follows. How many.
static int take_followers(const Crowd *c, const Lay *lay, Pair ret[PAIRS_MAX])
{
    const Turned by = turned_by(lay);
    int count = 0;
    for (size_t i = 0; i < c->count; i++) {
        const Pair *pair = &c->pairs[i];
        if (!follows(c, i, lay, by))
            continue;
        if (count > 0 && ret[count - 1].feature == pair->feature) {
            if (pair->weight > ret[count - 1].weight)
                ret[count - 1] = *pair;
        } else if (count < PAIRS_MAX) {
            ret[count++] = *pair;
        } else {
            displace_lightest(ret, pair);
        }
    }
    return count;
}

static int more_votes(const void *a, const void *b)
{
    const Lay *x = a, *y = b;
    if (x->votes != y->votes)
        return x->votes > y->votes ? -1 : 1;
    return x->size != y->size ? (x->size < y->size ? -1 : 1) : (x->turn > y->turn) - (x->turn < y->turn);
}

bool crowd_fit(const Pair *pairs, size_t count, Pair used[PAIRS_MAX], Fit *ret)
{
    ret->score = 0;
    if (count == 0)
        return false;
    Crowd c = open_crowd(pairs, count);
    Lay lays[LAYS];
    find_lays(&c, lays);
    for (int k = 0; k < LAYS; k++) {
        settle(&c, &lays[k]);
        find_shift(&c, &lays[k]);
    }
    qsort(lays, LAYS, sizeof(*lays), more_votes);
    for (int k = 0; k < FITS; k++) {
        Pair followers[PAIRS_MAX];
        Fit fit;
        const int followers_count = take_followers(&c, &lays[k], followers);
        if (geometry_fit(followers, followers_count, &fit) && fit.score > ret->score) {
            *ret = fit;
            memcpy(used, followers, sizeof(*used) * (size_t)followers_count);
        }
    }
    close_crowd(&c);
    return ret->score > 0;
}
