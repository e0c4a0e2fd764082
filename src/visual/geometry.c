// SPDX-License-Identifier: Apache-2.0
#include "visual/geometry.h"

#include <math.h>

enum { SEEDS_MAX = 48, AGREE_MIN = 3, AFFINE_MIN = 6, REFITS = 2 };

// A pair's own size and angle are coarse, so what it proposes may drift with the distance from it.
#define TURN_TOLERANCE 0.45f  // radians
#define SIZE_TOLERANCE 0.6f   // octaves
#define NEAR_TOLERANCE 10.0f  // of PLACE_ONE
#define DRIFT_TOLERANCE 0.12f // of the distance in the picture
#define FINE_TOLERANCE 12.0f  // of PLACE_ONE, after fitting to all
#define PI 3.14159265f

typedef struct {
    float dx, dy, turn, size; // of each pair: found relative to query
} Step;

static float turn_between(float a, float b)
{
    const float d = fabsf(a - b);
    return d > PI ? 2 * PI - d : d;
}

static float wrap(float angle)
{
    return angle < 0 ? angle + 2 * PI : angle >= 2 * PI ? angle - 2 * PI : angle;
}

typedef struct {
    float c, s; // scale * cos, scale * sin
    const Pair *seed;
    float turn, size;
} Proposal;

static bool agrees(const Proposal *p, const Pair *pair, const Step *step)
{
    if (fabsf(step->size - p->size) > SIZE_TOLERANCE || turn_between(step->turn, p->turn) > TURN_TOLERANCE)
        return false;
    const float qx = pair->query.x - p->seed->query.x, qy = pair->query.y - p->seed->query.y;
    const float dx = p->c * qx - p->s * qy, dy = p->s * qx + p->c * qy;
    const float ex = pair->found.x - p->seed->found.x - dx, ey = pair->found.y - p->seed->found.y - dy;
    const float tolerance = NEAR_TOLERANCE + DRIFT_TOLERANCE * (fabsf(dx) + fabsf(dy));
    return ex * ex + ey * ey <= tolerance * tolerance;
}

// Pairs of one feature stand together: the heaviest that agrees counts for all of them.
static float votes(const Pair *pairs, const Step *steps, int count, const Proposal *p)
{
    float sum = 0, heaviest = 0;
    for (int i = 0; i < count; i++) {
        if (i > 0 && pairs[i].feature != pairs[i - 1].feature) {
            sum += heaviest;
            heaviest = 0;
        }
        if (pairs[i].weight > heaviest && agrees(p, &pairs[i], &steps[i]))
            heaviest = pairs[i].weight;
    }
    return sum + heaviest;
}

static Proposal propose(const Pair *pairs, const Step *steps, int i)
{
    const float scale = exp2f(steps[i].size);
    return (Proposal){.c = scale * cosf(steps[i].turn),
        .s = scale * sinf(steps[i].turn),
        .seed = &pairs[i],
        .turn = steps[i].turn,
        .size = steps[i].size};
}

// Keeps the `max` heaviest pairs it is shown, heaviest first.
static void insert_heaviest(const Pair *pairs, uint16_t *chosen, int *count, int max, uint16_t pair)
{
    int at = *count;
    if (at == max) {
        if (pairs[pair].weight <= pairs[chosen[max - 1]].weight)
            return;
        at = max - 1;
    } else {
        (*count)++;
    }
    for (; at > 0 && pairs[chosen[at - 1]].weight < pairs[pair].weight; at--)
        chosen[at] = chosen[at - 1];
    chosen[at] = pair;
}

// Of the pairs marked, one for each feature of the query and one for each place in the picture: the heaviest.
static void keep_distinct(const Pair *pairs, int count, bool *in)
{
    for (int i = 0; i < count; i++) {
        for (int j = 0; in[i] && j < count; j++) {
            if (j == i || !in[j])
                continue;
            const bool same_feature = pairs[i].feature == pairs[j].feature;
            const bool same_place = fabsf(pairs[i].found.x - pairs[j].found.x) < 1.5f &&
                                    fabsf(pairs[i].found.y - pairs[j].found.y) < 1.5f;
            if ((same_feature || same_place) &&
                (pairs[j].weight > pairs[i].weight || (pairs[j].weight == pairs[i].weight && j < i)))
                in[i] = false;
        }
    }
}

// ---- least squares

static bool fit_similarity(const Pair *pairs, int count, const bool *in, float map[6])
{
    double n = 0, qx = 0, qy = 0, fx = 0, fy = 0;
    for (int i = 0; i < count; i++) {
        if (!in[i])
            continue;
        n++;
        qx += (double)pairs[i].query.x;
        qy += (double)pairs[i].query.y;
        fx += (double)pairs[i].found.x;
        fy += (double)pairs[i].found.y;
    }
    if (n < 2)
        return false;
    qx /= n, qy /= n, fx /= n, fy /= n;
    double square = 0, along = 0, across = 0;
    for (int i = 0; i < count; i++) {
        if (!in[i])
            continue;
        const double x = (double)pairs[i].query.x - qx, y = (double)pairs[i].query.y - qy;
        const double u = (double)pairs[i].found.x - fx, v = (double)pairs[i].found.y - fy;
        square += x * x + y * y;
        along += x * u + y * v;
        across += x * v - y * u;
    }
    if (square < 1)
        return false;
    const double c = along / square, s = across / square;
    map[0] = (float)c, map[1] = (float)-s, map[2] = (float)(fx - c * qx + s * qy);
    map[3] = (float)s, map[4] = (float)c, map[5] = (float)(fy - s * qx - c * qy);
    return true;
}

static bool solve3(double m[3][4], double ret[3])
{
    for (int i = 0; i < 3; i++) {
        int pivot = i;
        for (int r = i + 1; r < 3; r++)
            pivot = fabs(m[r][i]) > fabs(m[pivot][i]) ? r : pivot;
        if (fabs(m[pivot][i]) < 1e-6)
            return false;
        for (int k = 0; k < 4; k++) {
            const double swap = m[i][k];
            m[i][k] = m[pivot][k];
            m[pivot][k] = swap;
        }
        for (int r = 0; r < 3; r++) {
            const double times = r == i ? 0 : m[r][i] / m[i][i];
            for (int k = i; k < 4; k++)
                m[r][k] -= times * m[i][k];
        }
    }
    for (int i = 0; i < 3; i++)
        ret[i] = m[i][3] / m[i][i];
    return true;
}

static bool fit_affine(const Pair *pairs, int count, const bool *in, float map[6])
{
    double x[3][4] = {0}, y[3][4] = {0};
    for (int i = 0; i < count; i++) {
        if (!in[i])
            continue;
        const double v[3] = {(double)pairs[i].query.x, (double)pairs[i].query.y, 1};
        for (int r = 0; r < 3; r++) {
            for (int c = 0; c < 3; c++) {
                x[r][c] += v[r] * v[c];
                y[r][c] += v[r] * v[c];
            }
            x[r][3] += v[r] * (double)pairs[i].found.x;
            y[r][3] += v[r] * (double)pairs[i].found.y;
        }
    }
    double a[3], b[3];
    if (!solve3(x, a) || !solve3(y, b))
        return false;
    // A view from the side squeezes; more than three to one is a fit to noise.
    const double det = a[0] * b[1] - a[1] * b[0];
    const double square = a[0] * a[0] + a[1] * a[1] + b[0] * b[0] + b[1] * b[1];
    if (det <= 0 || square > (3 + 1 / 3.0) * det)
        return false;
    for (int i = 0; i < 3; i++) {
        map[i] = (float)a[i];
        map[3 + i] = (float)b[i];
    }
    return true;
}

static int mark_near(const Pair *pairs, int count, const float map[6], bool *in)
{
    int marked = 0;
    const float size = sqrtf(fabsf(map[0] * map[4] - map[1] * map[3]));
    for (int i = 0; i < count; i++) {
        const Spot *q = &pairs[i].query, *f = &pairs[i].found;
        const float ex = map[0] * q->x + map[1] * q->y + map[2] - f->x;
        const float ey = map[3] * q->x + map[4] * q->y + map[5] - f->y;
        const float turned = wrap(q->angle + (float)atan2f(map[3], map[0]) + 2 * PI);
        in[i] = ex * ex + ey * ey <= FINE_TOLERANCE * FINE_TOLERANCE &&
                fabsf(log2f(f->sigma / q->sigma / size)) <= SIZE_TOLERANCE + 0.2f &&
                turn_between(wrap(turned), f->angle) <= TURN_TOLERANCE + 0.15f;
        marked += in[i];
    }
    return marked;
}

static int count_in(const bool *in, int count)
{
    int sum = 0;
    for (int i = 0; i < count; i++)
        sum += in[i];
    return sum;
}

static void report(const Pair *pairs, int count, const bool *in, Fit *ret)
{
    ret->score = 0;
    ret->agree_count = 0;
    for (int i = 0; i < count; i++) {
        if (!in[i])
            continue;
        ret->score += pairs[i].weight;
        insert_heaviest(pairs, ret->agree, &ret->agree_count, LOOKUP_PAIRS_MAX, (uint16_t)i);
    }
}

bool geometry_fit(const Pair *pairs, int count, Fit *ret)
{
    assert(count <= PAIRS_MAX);
    if (count < AGREE_MIN)
        return false;
    Step steps[PAIRS_MAX];
    for (int i = 0; i < count; i++)
        steps[i] = (Step){.turn = wrap(pairs[i].found.angle - pairs[i].query.angle),
            .size = log2f(pairs[i].found.sigma / pairs[i].query.sigma)};
    uint16_t seeds[SEEDS_MAX];
    int seeds_count = 0;
    for (int i = 0; i < count; i++)
        insert_heaviest(pairs, seeds, &seeds_count, SEEDS_MAX, (uint16_t)i);
    float best_votes = 0;
    int best = -1;
    for (int i = 0; i < seeds_count; i++) {
        const Proposal p = propose(pairs, steps, seeds[i]);
        const float sum = votes(pairs, steps, count, &p);
        if (sum > best_votes) {
            best_votes = sum;
            best = seeds[i];
        }
    }
    if (best < 0)
        return false;
    const Proposal p = propose(pairs, steps, best);
    bool in[PAIRS_MAX], better[PAIRS_MAX];
    for (int i = 0; i < count; i++)
        in[i] = agrees(&p, &pairs[i], &steps[i]);
    keep_distinct(pairs, count, in);
    if (count_in(in, count) < AGREE_MIN || !fit_similarity(pairs, count, in, ret->map))
        return false;
    for (int refit = 0; refit < REFITS; refit++) {
        if (mark_near(pairs, count, ret->map, better) < AGREE_MIN)
            break;
        keep_distinct(pairs, count, better);
        const int near = count_in(better, count);
        if (near < AGREE_MIN)
            break;
        memcpy(in, better, sizeof(*in) * (size_t)count);
        if (near < AFFINE_MIN || !fit_affine(pairs, count, in, ret->map)) {
            if (!fit_similarity(pairs, count, in, ret->map))
                break;
        }
    }
    report(pairs, count, in, ret);
    return ret->agree_count >= AGREE_MIN;
}
