// SPDX-License-Identifier: Apache-2.0
#include "visual/lookup.h"

#include "visual/geometry.h"
#include "visual/kernel.h"

#include <math.h>
#include <stdlib.h>

enum {
    DISTANCE_MAX = 22, // bits of 64; unlike features of a word pass one in 115 times
    MATCHES_MAX = 3000 * 1000,
    MATCHES_MIN = 3,
    SCAN_AT_ONCE = 2048,
    FEATURES_FIRST = 400, // of the query; the others are asked only if these left doubt
};

// How many words a feature is looked for under. The negative is the rarer question, and most of what the
// third word brings it is chance.
static const int words_of_way[WAYS] = {3, 2, 2, 2};

// A score that chance never comes near (see ask.c): the best hit is right, and the rest of the features would
// say the same.
#define SCORE_SURE 6.0
#define DISTANCE_FALL 14.0f // weight of a match is exp(-(distance / this)^2) times rarity squared
// What a picture without an arrangement counts, so that many votes alone still have a place in the order.
#define LOOSE_SCORE 0.1
#define PI 3.14159265f

typedef struct {
    uint32_t picture, place;
    float weight;
    uint16_t feature;
    uint8_t way;
} Match;

// What a picture has gathered so far. Of one feature of the query the heaviest match counts.
typedef struct {
    float votes, heaviest;
    uint16_t feature, way, matches;
} Tally;

typedef struct {
    const Shelf *shelf;
    const Kernel *kernel;
    const LookupAsk *ask;
    float fall[DISTANCE_MAX + 1];
    Match *matches; // those of one way in order of feature
    size_t count, capacity;
    Tally *tallies; // of each picture
    ScanHit *scan;
} Lookup;

static void tally(Tally *t, const Match *match)
{
    const bool same = t->matches > 0 && t->feature == match->feature && t->way == match->way;
    const float before = same ? t->heaviest : 0;
    t->matches = (uint16_t)MIN_OF(t->matches + 1, UINT16_MAX);
    if (match->weight <= before)
        return;
    t->votes += match->weight - before;
    t->heaviest = match->weight;
    t->feature = match->feature;
    t->way = match->way;
}

static void add_match(Lookup *l, Match match)
{
    if (l->count == MATCHES_MAX)
        return;
    if (l->count == l->capacity) {
        l->capacity = l->capacity ? l->capacity * 2 : 1 << 14;
        l->matches = mem_grow(l->matches, l->capacity, sizeof(*l->matches));
    }
    l->matches[l->count++] = match;
    tally(&l->tallies[match.picture], &match);
}

static uint32_t list_length(const Shelf *shelf, int word)
{
    uint32_t length = 0;
    for (int p = 0; p < shelf->parts_count; p++)
        length += shelf->parts[p].segment->starts[word + 1] - shelf->parts[p].segment->starts[word];
    return length;
}

// 1 for a word as common as the average.
static float rarity_of(const Shelf *shelf, uint32_t length)
{
    const float rarity = logf((float)shelf->marks / (float)length) / logf(WORDS_COUNT);
    return rarity > 0 ? rarity * rarity : 0;
}

static void scan_word(Lookup *l, WordMark mark, uint16_t feature, uint8_t way)
{
    const uint32_t length = list_length(l->shelf, mark.word);
    if (length == 0)
        return;
    const float rarity = rarity_of(l->shelf, length);
    for (int p = 0; p < l->shelf->parts_count; p++) {
        const ShelfPart *part = &l->shelf->parts[p];
        const Segment *s = part->segment;
        uint32_t picture = 0;
        for (uint32_t at = s->starts[mark.word]; at < s->starts[mark.word + 1]; at += SCAN_AT_ONCE) {
            const uint32_t count = MIN_OF((uint32_t)SCAN_AT_ONCE, s->starts[mark.word + 1] - at);
            const int found = l->kernel->scan(
                s->steps + at, s->bits + at, count, mark.bits, DISTANCE_MAX, &picture, l->scan);
            for (int i = 0; i < found; i++)
                add_match(l, (Match){.picture = part->first + l->scan[i].picture,
                                 .place = s->places[at + l->scan[i].at],
                                 .weight = rarity * l->fall[l->scan[i].distance],
                                 .feature = feature,
                                 .way = way});
        }
    }
}

static void seen_in_way(const uint8_t *values, Way way, uint8_t *ret)
{
    uint8_t step[FEATURE_DIMENSIONS];
    memcpy(ret, values, FEATURE_DIMENSIONS);
    if (way == WAY_NEGATIVE || way == WAY_MIRRORED_NEGATIVE) {
        feature_negative(values, ret);
    }
    if (way == WAY_MIRRORED || way == WAY_MIRRORED_NEGATIVE) {
        feature_mirrored(ret, step);
        memcpy(ret, step, FEATURE_DIMENSIONS);
    }
}

static void find_matches(Lookup *l, const Words *words, int from, int to)
{
    for (int way = 0; way < (l->ask->mirrored ? WAYS : WAY_MIRRORED); way++) {
        for (int i = from; i < to; i++) {
            uint8_t values[FEATURE_DIMENSIONS];
            WordMark marks[WORDS_NEAREST_MAX];
            seen_in_way(l->ask->features[i].values, (Way)way, values);
            words_nearest(words, values, WORDS_PROBES_QUICK, words_of_way[way], marks);
            for (int m = 0; m < words_of_way[way]; m++)
                scan_word(l, marks[m], (uint16_t)i, (uint8_t)way);
        }
    }
}

// ---- votes

typedef struct {
    float votes;
    uint32_t picture;
} Candidate;

static void insert_candidate(Candidate *best, int *count, Candidate candidate)
{
    int at = *count;
    if (at == LOOKUP_HITS_MAX) {
        if (candidate.votes <= best[at - 1].votes)
            return;
        at--;
    } else {
        (*count)++;
    }
    for (; at > 0 && best[at - 1].votes < candidate.votes; at--)
        best[at] = best[at - 1];
    best[at] = candidate;
}

static int choose_candidates(const Lookup *l, Candidate *ret)
{
    int count = 0;
    for (int p = 0; p < l->shelf->parts_count; p++) {
        const ShelfPart *part = &l->shelf->parts[p];
        for (uint32_t i = 0; i < part->segment->pictures; i++) {
            const uint32_t picture = part->first + i;
            const Tally *t = &l->tallies[picture];
            if (t->matches < MATCHES_MIN || part->ranks[i] == RANK_GONE ||
                part->ranks[i] < l->ask->rank_min || (l->ask->allowed && !l->ask->allowed[picture]))
                continue;
            const uint32_t marks = MAX_OF(part->segment->picture[i].marks, 50u);
            insert_candidate(ret, &count, (Candidate){t->votes / sqrtf((float)marks), picture});
        }
    }
    return count;
}

// The matches of each candidate, one candidate behind the other, in the order they were found; starts[c] is
// where those of candidate c begin.
static Match *gather(
    const Lookup *l, const Candidate *candidates, int count, size_t starts[LOOKUP_HITS_MAX + 1])
{
    static_assert(LOOKUP_HITS_MAX < UINT16_MAX, "numbers of candidates are 16 bits");
    uint16_t *number = mem_alloc(sizeof(*number) * l->shelf->pictures); // plus one; 0: no candidate
    size_t fill[LOOKUP_HITS_MAX];
    starts[0] = 0;
    for (int c = 0; c < count; c++) {
        number[candidates[c].picture] = (uint16_t)(c + 1);
        fill[c] = starts[c];
        starts[c + 1] = starts[c] + l->tallies[candidates[c].picture].matches;
    }
    Match *gathered = mem_alloc(sizeof(*gathered) * MAX_OF(starts[count], 1));
    for (size_t i = 0; i < l->count; i++) {
        const int c = number[l->matches[i].picture] - 1;
        if (c >= 0 && fill[c] < starts[c + 1])
            gathered[fill[c]++] = l->matches[i];
    }
    free(number);
    return gathered;
}

// ---- geometry

static Spot query_spot(const LookupAsk *ask, int feature, Way way)
{
    const Feature *f = &ask->features[feature];
    Spot spot = {.x = f->x_px, .y = f->y_px, .sigma = f->sigma_px, .angle = f->angle};
    if (way == WAY_NEGATIVE || way == WAY_MIRRORED_NEGATIVE)
        spot.angle += PI;
    if (way == WAY_MIRRORED || way == WAY_MIRRORED_NEGATIVE) {
        spot.x = ask->width_px - 1 - spot.x;
        spot.angle = PI - spot.angle;
    }
    if (spot.angle < 0)
        spot.angle += 2 * PI;
    if (spot.angle >= 2 * PI)
        spot.angle -= 2 * PI;
    return spot;
}

static void place_corners(const LookupAsk *ask, const float map[6], Way way, LookupHit *hit)
{
    const bool mirrored = way == WAY_MIRRORED || way == WAY_MIRRORED_NEGATIVE;
    for (int i = 0; i < 4; i++) {
        const bool right = (i == 1 || i == 2) != mirrored;
        const float x = right ? ask->width_px : 0, y = i >= 2 ? ask->height_px : 0;
        hit->corners[i][0] = map[0] * x + map[1] * y + map[2];
        hit->corners[i][1] = map[3] * x + map[4] * y + map[5];
    }
}

static void take_fit(const LookupAsk *ask, const Pair *pairs, const Fit *fit, Way way, LookupHit *hit)
{
    hit->score = (double)fit->score;
    hit->way = way;
    hit->pairs_count = fit->agree_count;
    place_corners(ask, fit->map, way, hit);
    for (int i = 0; i < fit->agree_count; i++) {
        const Pair *pair = &pairs[fit->agree[i]];
        hit->pairs[i] = (LookupPair){.query_x = ask->features[pair->feature].x_px,
            .query_y = ask->features[pair->feature].y_px,
            .x = pair->found.x,
            .y = pair->found.y};
    }
}

static void look_closely(const Lookup *l, const Match *matches, size_t count, LookupHit *hit)
{
    Pair pairs[PAIRS_MAX];
    hit->score = 0;
    hit->pairs_count = 0;
    for (int way = 0; way < WAYS; way++) {
        int pairs_count = 0;
        for (size_t i = 0; i < count && pairs_count < PAIRS_MAX; i++) {
            if (matches[i].way != way)
                continue;
            pairs[pairs_count++] = (Pair){.query = query_spot(l->ask, matches[i].feature, (Way)way),
                .found = place_unpack(matches[i].place),
                .weight = matches[i].weight,
                .feature = matches[i].feature};
        }
        Fit fit;
        if (geometry_fit(pairs, pairs_count, &fit) && (double)fit.score > hit->score)
            take_fit(l->ask, pairs, &fit, (Way)way, hit);
    }
}

static int better_hit(const void *a, const void *b)
{
    const LookupHit *x = *(LookupHit *const *)a, *y = *(LookupHit *const *)b;
    if (x->order != y->order)
        return x->order > y->order ? -1 : 1;
    return x->picture < y->picture ? -1 : x->picture > y->picture;
}

static int verify(const Lookup *l, const Candidate *candidates, int count, LookupHit *ret)
{
    size_t starts[LOOKUP_HITS_MAX + 1];
    Match *gathered = gather(l, candidates, count, starts);
    LookupHit *hits = mem_alloc(sizeof(*hits) * LOOKUP_HITS_MAX), *order[LOOKUP_HITS_MAX];
    for (int i = 0; i < count; i++) {
        look_closely(l, gathered + starts[i], starts[i + 1] - starts[i], &hits[i]);
        hits[i].picture = candidates[i].picture;
        hits[i].order = MAX_OF(hits[i].score, LOOSE_SCORE) * sqrt((double)candidates[i].votes);
        order[i] = &hits[i];
    }
    qsort(order, (size_t)count, sizeof(*order), better_hit);
    const int found = MIN_OF(count, l->ask->limit);
    for (int i = 0; i < found; i++)
        ret[i] = *order[i];
    free(hits);
    free(gathered);
    return found;
}

static int judge(const Lookup *l, LookupHit *ret)
{
    Candidate candidates[LOOKUP_HITS_MAX];
    return verify(l, candidates, choose_candidates(l, candidates), ret);
}

int lookup(const Shelf *shelf, const Words *words, const LookupAsk *ask, LookupHit *ret)
{
    assert(ask->features_count <= LOOKUP_FEATURES_MAX && ask->limit <= LOOKUP_HITS_MAX);
    if (shelf->marks == 0 || ask->features_count == 0)
        return 0;
    Lookup l = {.shelf = shelf, .kernel = kernel_best(), .ask = ask};
    for (int d = 0; d <= DISTANCE_MAX; d++)
        l.fall[d] = expf(-(float)(d * d) / (DISTANCE_FALL * DISTANCE_FALL));
    l.scan = mem_alloc(sizeof(*l.scan) * (SCAN_AT_ONCE + 1));
    l.tallies = mem_alloc(sizeof(*l.tallies) * shelf->pictures);
    const int first = MIN_OF(ask->features_count, (int)FEATURES_FIRST);
    find_matches(&l, words, 0, first);
    int found = judge(&l, ret);
    if (first < ask->features_count && (found == 0 || ret[0].score < SCORE_SURE)) {
        find_matches(&l, words, first, ask->features_count);
        found = judge(&l, ret);
    }
    free(l.tallies);
    free(l.matches);
    free(l.scan);
    return found;
}
