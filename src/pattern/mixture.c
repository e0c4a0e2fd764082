// SPDX-License-Identifier: Apache-2.0
// Seeds as far from each other as can be, a few rounds of k-means, then one covariance for each.
#include "pattern/mixture.h"

#include <math.h>

enum { ROUNDS = 5, SAMPLES_MAX = 6000 };
static const float GRAIN = 2.5f;   // variance that any colour has at least: noise and rounding
static const float COST_MAX = 40;  // a colour never seen is not more than this unlikely
static const double SHADED = 0.06; // weight of a cloud in shadow, against 1 in light
static const float SHADE = 0.8f, SHADE_SPREAD = 0.09f; // lightness kept, and its deviation as a part of it

typedef struct {
    Lab lab[SAMPLES_MAX];
    uint8_t cloud[SAMPLES_MAX];
    int count;
} Samples;

static void take(Samples *s, const Lab *lab, const uint8_t *labels, int which, int pixels)
{
    int all = 0, seen = 0;
    for (int i = 0; i < pixels; i++)
        all += labels[i] == which;
    const int every = all / SAMPLES_MAX + 1;
    s->count = 0;
    for (int i = 0; i < pixels; i++)
        if (labels[i] == which && seen++ % every == 0 && s->count < SAMPLES_MAX)
            s->lab[s->count++] = lab[i];
}

// A colour far from all seeds, but not the farthest of all: that one is a speck.
static int seeds(const Samples *s, Lab *ret)
{
    float nearest[SAMPLES_MAX];
    int count = 0;
    for (int i = 0; i < s->count; i++)
        nearest[i] = 1e9f;
    int at = s->count / 2;
    while (count < CLOUDS) {
        ret[count++] = s->lab[at];
        double sum = 0;
        for (int i = 0; i < s->count; i++) {
            nearest[i] = fminf(nearest[i], lab_distance2(s->lab[i], ret[count - 1]));
            sum += (double)nearest[i];
        }
        if (sum < s->count * 4.0) // less than two Delta E in the mean: one cloud more says nothing
            break;
        // Where three quarters of the sum of distances are reached; no chance in it.
        double left = sum * 0.75;
        for (at = 0; at < s->count - 1 && left > 0; at++)
            left -= (double)nearest[at];
    }
    return count;
}

static int nearest_of(const Lab *means, int count, Lab lab)
{
    int best = 0;
    for (int k = 1; k < count; k++)
        if (lab_distance2(means[k], lab) < lab_distance2(means[best], lab))
            best = k;
    return best;
}

static void gather(Samples *s, Lab *means, int count)
{
    for (int round = 0; round < ROUNDS; round++) {
        double sums[CLOUDS][4] = {0};
        for (int i = 0; i < s->count; i++) {
            const int k = nearest_of(means, count, s->lab[i]);
            s->cloud[i] = (uint8_t)k;
            sums[k][0] += (double)s->lab[i].l;
            sums[k][1] += (double)s->lab[i].a;
            sums[k][2] += (double)s->lab[i].b;
            sums[k][3]++;
        }
        for (int k = 0; k < count; k++)
            if (sums[k][3] > 0)
                means[k] = (Lab){(float)(sums[k][0] / sums[k][3]), (float)(sums[k][1] / sums[k][3]),
                    (float)(sums[k][2] / sums[k][3])};
    }
}

static void finish(Cloud *c)
{
    const float *m = c->cov;
    const float aa = m[3] * m[5] - m[4] * m[4], ab = m[2] * m[4] - m[1] * m[5],
                ac = m[1] * m[4] - m[2] * m[3];
    const float det = m[0] * aa + m[1] * ab + m[2] * ac;
    const float inverse[6] = {
        aa, ab, ac, m[0] * m[5] - m[2] * m[2], m[1] * m[2] - m[0] * m[4], m[0] * m[3] - m[1] * m[1]};
    for (int i = 0; i < 6; i++)
        c->inverse[i] = inverse[i] / det;
    c->offset = (float)-log(c->weight) + 0.5f * logf(det);
}

Mixture mixture_of(const Lab *lab, const uint8_t *labels, int which, int pixels)
{
    Samples s;
    Lab means[CLOUDS];
    Mixture mixture = {0};
    take(&s, lab, labels, which, pixels);
    if (!s.count)
        return mixture;
    const int count = seeds(&s, means);
    gather(&s, means, count);
    for (int k = 0; k < count; k++) {
        double cov[6] = {0};
        int n = 0;
        for (int i = 0; i < s.count; i++) {
            if (s.cloud[i] != k)
                continue;
            const double l = (double)(s.lab[i].l - means[k].l), p = (double)(s.lab[i].a - means[k].a),
                         q = (double)(s.lab[i].b - means[k].b);
            const double add[6] = {l * l, l * p, l * q, p * p, p * q, q * q};
            for (int j = 0; j < 6; j++)
                cov[j] += add[j];
            n++;
        }
        if (!n)
            continue;
        Cloud *c = &mixture.clouds[mixture.count++];
        *c = (Cloud){.mean = {means[k].l, means[k].a, means[k].b}, .weight = (double)n / s.count};
        for (int j = 0; j < 6; j++)
            c->cov[j] = (float)(cov[j] / n) + (j == 0 || j == 3 || j == 5 ? GRAIN : 0);
        finish(c);
    }
    return mixture;
}

void mixture_shade(Mixture *mixture)
{
    const int count = MIN_OF(mixture->count, CLOUDS);
    for (int k = 0; k < count; k++) {
        Cloud c = mixture->clouds[k];
        const float spread = SHADE_SPREAD * c.mean[0];
        for (int i = 0; i < 3; i++)
            c.mean[i] *= SHADE;
        c.cov[0] += spread * spread;
        c.weight *= SHADED;
        finish(&c);
        mixture->clouds[mixture->count++] = c;
    }
}

float mixture_cost(const Mixture *mixture, Lab lab)
{
    float best = COST_MAX;
    for (int k = 0; k < mixture->count; k++) {
        const Cloud *c = &mixture->clouds[k];
        const float *m = c->inverse, x = lab.l - c->mean[0], y = lab.a - c->mean[1], z = lab.b - c->mean[2];
        const float far =
            m[0] * x * x + m[3] * y * y + m[5] * z * z + 2 * (m[1] * x * y + m[2] * x * z + m[4] * y * z);
        best = fminf(best, c->offset + 0.5f * far);
    }
    return best;
}
