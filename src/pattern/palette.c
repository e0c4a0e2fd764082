// SPDX-License-Identifier: Apache-2.0
// Colours: a histogram in CIELAB, seeds far from each other and often met, Lloyd's rounds, then the two that
// cost least to be one are joined (Ward) until few enough are left and all are told apart. No chance in it.
//
// Labels: each pixel takes the colour that is near and that its neighbours have (Potts, a few rounds of
// ICM), so that grain, weave and JPEG blocks do not become spots; what is left of spots is then cleaned away.
#include "pattern/palette.h"

#include <math.h>

enum {
    BIN_SIDE = 4, // of the histogram, in Delta E
    BINS_L = 26,
    BINS_AB = 64,
    SEEDS = 28,
    LLOYD_ROUNDS = 12,
    ICM_ROUNDS = 4,
    SAMPLES_WISHED = 60000,
    SPOT_AREA_SHARE = 16000, // a spot is below 1/16000 of the picture
    SPOT_MIN_PX = 10,
};
static const float SAME_COLOUR = 9;     // Delta E: nearer colours are one
static const float NEIGHBOUR_COST = 45; // in squares of Delta E
static const float DIAGONAL = 0.7f;

typedef struct {
    Lab sum;
    float count;
    int cluster;
} Bin;

typedef struct {
    Lab centre, sum;
    float count;
} Cluster;

// ---- the colours

static int clamp_int(int v, int low, int high)
{
    return v < low ? low : v > high ? high : v;
}

static size_t bin_of(Lab lab)
{
    const int l = clamp_int((int)(lab.l / BIN_SIDE), 0, BINS_L - 1);
    const int x = clamp_int((int)floorf(lab.a / BIN_SIDE) + BINS_AB / 2, 0, BINS_AB - 1);
    const int y = clamp_int((int)floorf(lab.b / BIN_SIDE) + BINS_AB / 2, 0, BINS_AB - 1);
    return ((size_t)l * BINS_AB + (size_t)x) * BINS_AB + (size_t)y;
}

static Lab divided(Lab sum, float count)
{
    return (Lab){sum.l / count, sum.a / count, sum.b / count};
}

static void gather(Lab *sum, Lab lab, float weight)
{
    sum->l += lab.l * weight;
    sum->a += lab.a * weight;
    sum->b += lab.b * weight;
}

typedef struct {
    Lab mean;
    float weight; // less where the pixels differ: an edge between two colours is neither
} Sample;

// Of 3 x 3 pixels, so that grain does not spread one colour over many bins.
static Sample sample(const Lab *lab, int width_px, int height_px, int x, int y)
{
    Lab sum = {0};
    float count = 0, spread = 0;
    for (int ny = MAX_OF(y - 1, 0); ny <= MIN_OF(y + 1, height_px - 1); ny++)
        for (int nx = MAX_OF(x - 1, 0); nx <= MIN_OF(x + 1, width_px - 1); nx++, count++)
            gather(&sum, lab[(size_t)ny * (size_t)width_px + (size_t)nx], 1);
    const Lab mean = divided(sum, count);
    for (int ny = MAX_OF(y - 1, 0); ny <= MIN_OF(y + 1, height_px - 1); ny++)
        for (int nx = MAX_OF(x - 1, 0); nx <= MIN_OF(x + 1, width_px - 1); nx++)
            spread += lab_distance2(mean, lab[(size_t)ny * (size_t)width_px + (size_t)nx]);
    return (Sample){mean, 1 / (1 + spread / count / 60)};
}

// The filled bins, their sums replaced by their means.
static size_t histogram(const Lab *lab, int width_px, int height_px, Arena *a, Bin **ret)
{
    Bin *bins = arena_array(a, Bin, (size_t)BINS_L * BINS_AB * BINS_AB);
    int step = 1;
    while ((int64_t)(width_px / step) * (height_px / step) > SAMPLES_WISHED)
        step++;
    for (int y = 0; y < height_px; y += step) {
        for (int x = 0; x < width_px; x += step) {
            const Sample s = sample(lab, width_px, height_px, x, y);
            Bin *bin = &bins[bin_of(s.mean)];
            gather(&bin->sum, s.mean, s.weight);
            bin->count += s.weight;
        }
    }
    size_t count = 0;
    for (size_t i = 0; i < (size_t)BINS_L * BINS_AB * BINS_AB; i++)
        if (bins[i].count > 0)
            bins[count++] = (Bin){.sum = divided(bins[i].sum, bins[i].count), .count = bins[i].count};
    *ret = bins;
    return count;
}

static int nearest(const Cluster *clusters, int count, Lab lab)
{
    int best = 0;
    float best_distance = INFINITY;
    for (int i = 0; i < count; i++) {
        const float distance = lab_distance2(clusters[i].centre, lab);
        if (distance < best_distance) {
            best_distance = distance;
            best = i;
        }
    }
    return best;
}

static int seed(const Bin *bins, size_t bins_count, Cluster *clusters)
{
    int count = 0;
    while (count < SEEDS) {
        size_t best = 0;
        float best_worth = 0;
        for (size_t i = 0; i < bins_count; i++) {
            const float distance =
                count ? lab_distance2(clusters[nearest(clusters, count, bins[i].sum)].centre, bins[i].sum)
                      : 1;
            const float worth = sqrtf(bins[i].count) * distance;
            if (worth > best_worth) {
                best_worth = worth;
                best = i;
            }
        }
        if (best_worth <= 0)
            break;
        clusters[count++].centre = bins[best].sum;
    }
    return count;
}

static void settle(Bin *bins, size_t bins_count, Cluster *clusters, int count)
{
    for (int round = 0; round < LLOYD_ROUNDS; round++) {
        for (int i = 0; i < count; i++) {
            clusters[i].sum = (Lab){0};
            clusters[i].count = 0;
        }
        for (size_t i = 0; i < bins_count; i++) {
            Cluster *c = &clusters[nearest(clusters, count, bins[i].sum)];
            gather(&c->sum, bins[i].sum, bins[i].count);
            c->count += bins[i].count;
        }
        for (int i = 0; i < count; i++)
            if (clusters[i].count > 0)
                clusters[i].centre = divided(clusters[i].sum, clusters[i].count);
    }
}

// What it costs to make one of two: how much farther from its colour everything is then.
static float join_cost(const Cluster *x, const Cluster *y)
{
    if (x->count <= 0 || y->count <= 0)
        return 0;
    return x->count * y->count / (x->count + y->count) * lab_distance2(x->centre, y->centre);
}

static void join(Cluster *clusters, int *count, int to, int from)
{
    Cluster *x = &clusters[to];
    const Cluster *y = &clusters[from];
    x->count += y->count;
    gather(&x->sum, y->sum, 1);
    if (x->count > 0)
        x->centre = divided(x->sum, x->count);
    clusters[from] = clusters[--*count];
}

static void join_all(Cluster *clusters, int *count, int colours_max)
{
    while (*count > 1) {
        int to = 0, from = 1;
        float least = INFINITY;
        for (int i = 0; i < *count; i++) {
            for (int j = i + 1; j < *count; j++) {
                const bool same =
                    lab_distance2(clusters[i].centre, clusters[j].centre) < SAME_COLOUR * SAME_COLOUR;
                const float cost = same ? 0 : join_cost(&clusters[i], &clusters[j]);
                if (cost < least) {
                    least = cost;
                    to = i;
                    from = j;
                }
            }
        }
        if (least > 0 && *count <= colours_max)
            return;
        join(clusters, count, to, from);
    }
}

// ---- the labels

typedef struct {
    const Lab *lab;
    const Cluster *clusters;
    int count, width_px, height_px;
} Field;

static uint8_t vote(const Field *f, const uint8_t *labels, int x, int y)
{
    float support[SEEDS] = {0};
    const size_t at = (size_t)y * (size_t)f->width_px + (size_t)x;
    for (int dy = -1; dy <= 1; dy++) {
        for (int dx = -1; dx <= 1; dx++) {
            const int nx = x + dx, ny = y + dy;
            if ((dx || dy) && nx >= 0 && ny >= 0 && nx < f->width_px && ny < f->height_px)
                support[labels[(size_t)ny * (size_t)f->width_px + (size_t)nx]] += dx && dy ? DIAGONAL : 1;
        }
    }
    int best = 0;
    float least = INFINITY;
    for (int i = 0; i < f->count; i++) {
        const float cost = lab_distance2(f->lab[at], f->clusters[i].centre) - NEIGHBOUR_COST * support[i];
        if (cost < least) {
            least = cost;
            best = i;
        }
    }
    return (uint8_t)best;
}

static uint8_t *label(const Field *f, Arena *a)
{
    const size_t pixels = (size_t)f->width_px * (size_t)f->height_px;
    uint8_t *labels = arena_alloc(a, pixels);
    for (size_t i = 0; i < pixels; i++)
        labels[i] = (uint8_t)nearest(f->clusters, f->count, f->lab[i]);
    for (int round = 0; round < ICM_ROUNDS; round++)
        for (int y = 0; y < f->height_px; y++)
            for (int x = 0; x < f->width_px; x++)
                labels[(size_t)y * (size_t)f->width_px + (size_t)x] = vote(f, labels, x, y);
    return labels;
}

// ---- spots

typedef struct {
    Flat *flat;
    uint8_t *done;
    int *spot; // positions of the pixels of the spot at hand
} Cleaner;

// The connected piece (by sides) around `start`, and how often each label touches it. Its size.
static int grow(Cleaner *c, int start, int touches[COLOURS_MAX])
{
    const int width = c->flat->width_px, height = c->flat->height_px;
    const uint8_t mine = c->flat->labels[start];
    int count = 0;
    c->spot[count++] = start;
    c->done[start] = 1;
    for (int i = 0; i < count; i++) {
        const int x = c->spot[i] % width, y = c->spot[i] / width;
        const int next[4][2] = {{x - 1, y}, {x + 1, y}, {x, y - 1}, {x, y + 1}};
        for (int k = 0; k < 4; k++) {
            if (next[k][0] < 0 || next[k][1] < 0 || next[k][0] >= width || next[k][1] >= height)
                continue;
            const int at = next[k][1] * width + next[k][0];
            if (c->flat->labels[at] != mine)
                touches[c->flat->labels[at]]++;
            else if (!c->done[at]) {
                c->done[at] = 1;
                c->spot[count++] = at;
            }
        }
    }
    return count;
}

// Among those that touch it most, the nearest in colour.
static int surroundings(const Flat *flat, int mine, const int touches[COLOURS_MAX])
{
    int best = -1;
    double best_worth = 0;
    for (int i = 0; i < flat->count; i++) {
        const double worth =
            touches[i] / (30 + sqrt((double)lab_distance2(flat->colours[i].lab, flat->colours[mine].lab)));
        if (worth > best_worth) {
            best_worth = worth;
            best = i;
        }
    }
    return best;
}

static void count_shares(Flat *flat)
{
    size_t counts[COLOURS_MAX] = {0};
    const size_t pixels = (size_t)flat->width_px * (size_t)flat->height_px;
    for (size_t i = 0; i < pixels; i++)
        counts[flat->labels[i]]++;
    for (int i = 0; i < flat->count; i++)
        flat->colours[i].share = (double)counts[i] / (double)pixels;
}

void flat_clean(Flat *flat, int spot_min_px, Arena *a)
{
    const size_t pixels = (size_t)flat->width_px * (size_t)flat->height_px;
    Cleaner c = {.flat = flat, .done = arena_alloc(a, pixels), .spot = arena_array(a, int, pixels)};
    // Small ones first: a spot of grains then does not count for one.
    for (int least = 2;; least = MIN_OF(least * 3, spot_min_px)) {
        memset(c.done, 0, pixels);
        for (size_t i = 0; i < pixels; i++) {
            int touches[COLOURS_MAX] = {0};
            if (c.done[i])
                continue;
            const int mine = flat->labels[i], size = grow(&c, (int)i, touches);
            const int other = size < least ? surroundings(flat, mine, touches) : -1;
            for (int k = 0; k < size && other >= 0; k++)
                flat->labels[c.spot[k]] = (uint8_t)other;
        }
        if (least >= spot_min_px)
            break;
    }
    count_shares(flat);
}

// ---- all of it

// Drops colours that no pixel has, sorts by share, and gives each the mean of its pixels.
static void arrange(Flat *flat, const Lab *lab)
{
    Cluster sums[COLOURS_MAX] = {0};
    const size_t pixels = (size_t)flat->width_px * (size_t)flat->height_px;
    for (size_t i = 0; i < pixels; i++) {
        gather(&sums[flat->labels[i]].sum, lab[i], 1);
        sums[flat->labels[i]].count++;
    }
    int order[COLOURS_MAX], count = 0;
    for (int i = 0; i < flat->count; i++) {
        if (sums[i].count <= 0)
            continue;
        int at = count++;
        for (; at > 0 && sums[order[at - 1]].count < sums[i].count; at--)
            order[at] = order[at - 1];
        order[at] = i;
    }
    uint8_t place[COLOURS_MAX] = {0};
    for (int i = 0; i < count; i++) {
        const Cluster *c = &sums[order[i]];
        place[order[i]] = (uint8_t)i;
        flat->colours[i] =
            (Colour){.lab = divided(c->sum, c->count), .share = (double)c->count / (double)pixels};
        lab_to_rgb(flat->colours[i].lab, flat->colours[i].rgb);
    }
    for (size_t i = 0; i < pixels; i++)
        flat->labels[i] = place[flat->labels[i]];
    flat->count = count;
}

int flat_spot_min_px(const Flat *flat)
{
    return MAX_OF(SPOT_MIN_PX, flat->width_px * flat->height_px / SPOT_AREA_SHARE);
}

bool flat_make(const PatternPicture *picture, int colours_max, Arena *a, Flat *ret, Err *err)
{
    assert(colours_max >= 1 && colours_max <= COLOURS_MAX);
    if (!pattern_check(picture, err))
        return false;
    Bin *bins;
    Cluster clusters[SEEDS] = {0};
    const Lab *lab = lab_picture(picture, a);
    const size_t bins_count = histogram(lab, picture->width_px, picture->height_px, a, &bins);
    int count = seed(bins, bins_count, clusters);
    settle(bins, bins_count, clusters, count);
    join_all(clusters, &count, colours_max);
    settle(bins, bins_count, clusters, count);
    const Field field = {lab, clusters, count, picture->width_px, picture->height_px};
    Flat flat = {.width_px = picture->width_px,
        .height_px = picture->height_px,
        .labels = label(&field, a),
        .count = count};
    for (int i = 0; i < count; i++)
        flat.colours[i].lab = clusters[i].centre;
    flat_clean(&flat, flat_spot_min_px(&flat), a);
    arrange(&flat, lab);
    *ret = flat;
    return true;
}

void flat_draw(const Flat *flat, uint8_t *rgb)
{
    const size_t pixels = (size_t)flat->width_px * (size_t)flat->height_px;
    for (size_t i = 0; i < pixels; i++)
        memcpy(rgb + 3 * i, flat->colours[flat->labels[i]].rgb, 3);
}
