// SPDX-License-Identifier: Apache-2.0
#include "visual/lookup.h"

#include "visual/crowd.h"
#include "visual/matches.h"

#include <math.h>
#include <stdlib.h>

// The strongest features are asked first, and the others only if those leave doubt. What each round may cost,
// in marks read: collections of up to about 30,000 pictures are asked everything.
typedef struct {
    int features;
    uint64_t budget;
} Round;
static const Round rounds[] = {{500, 8000000}, {LOOKUP_FEATURES_MAX, 3000000}};

// A score that chance never comes near (see ask.c): the best hit is right, and the rest of the features would
// say the same.
#define SCORE_SURE 6.0
// What a picture without an arrangement counts, so that many votes alone still have a place in the order.
#define LOOSE_SCORE 0.1
// Hits are in order of their score times this power of their votes. Motifs of three generators: mAP 0.879
// with 0.5, 0.883 with 0.3, 0.887 with 0; but motifs bent over another shape, which are not placed, 0.952,
// 0.952, 0.935.
#define VOTES_POWER 0.3
#define PI 3.14159265f

const ShelfPart *shelf_part(const Shelf *shelf, uint32_t picture)
{
    int low = 0, high = shelf->parts_count - 1;
    while (low < high) {
        const int middle = (low + high + 1) / 2;
        if (shelf->parts[middle].first <= picture)
            low = middle;
        else
            high = middle - 1;
    }
    return &shelf->parts[low];
}

// ---- votes

typedef struct {
    float votes;
    uint32_t picture;
} Candidate;

// Of equals, that of the lower number: the order they are shown in does not count.
static bool is_better(Candidate a, Candidate b)
{
    return a.votes > b.votes || (a.votes == b.votes && a.picture < b.picture);
}

static void insert_candidate(Candidate *best, int *count, Candidate candidate)
{
    int at = *count;
    if (at == LOOKUP_HITS_MAX) {
        if (!is_better(candidate, best[at - 1]))
            return;
        at--;
    } else {
        (*count)++;
    }
    for (; at > 0 && is_better(candidate, best[at - 1]); at--)
        best[at] = best[at - 1];
    best[at] = candidate;
}

static bool may_answer(const LookupAsk *ask, const ShelfPart *part, uint32_t picture)
{
    const int32_t rank = part->ranks[picture - part->first];
    return rank != RANK_GONE && rank >= ask->rank_min && (ask->allowed == NULL || ask->allowed[picture]);
}

static int choose_candidates(const Matches *m, Candidate *ret)
{
    int count = 0;
    for (uint32_t i = 0; i < m->found_count; i++) {
        const uint32_t picture = m->found[i];
        __builtin_prefetch(&m->tallies[m->found[MIN_OF(i + 16, m->found_count - 1)]]);
        const ShelfPart *part = shelf_part(m->shelf, picture);
        if (!may_answer(m->ask, part, picture))
            continue;
        const uint32_t marks = MAX_OF(part->segment->picture[picture - part->first].marks, 50u);
        insert_candidate(ret, &count, (Candidate){m->tallies[picture].votes / sqrtf((float)marks), picture});
    }
    return count;
}

// The matches of each candidate, one candidate behind the other, in the order they were found; starts[c] is
// where those of candidate c begin.
static Match *gather(
    const Matches *m, const Candidate *candidates, int count, size_t starts[LOOKUP_HITS_MAX + 1])
{
    static_assert(LOOKUP_HITS_MAX < UINT16_MAX, "numbers of candidates are 16 bits");
    size_t fill[LOOKUP_HITS_MAX];
    starts[0] = 0;
    for (int c = 0; c < count; c++) {
        m->tallies[candidates[c].picture].number = (uint16_t)(c + 1);
        fill[c] = starts[c];
        starts[c + 1] = starts[c] + m->tallies[candidates[c].picture].matches;
    }
    Match *gathered = mem_alloc(sizeof(*gathered) * MAX_OF(starts[count], 1));
    for (size_t i = 0; i < m->count; i++) {
        __builtin_prefetch(&m->tallies[m->all[MIN_OF(i + 16, m->count - 1)].picture]);
        const int c = m->tallies[m->all[i].picture].number - 1;
        if (c >= 0 && fill[c] < starts[c + 1])
            gathered[fill[c]++] = m->all[i];
    }
    for (int c = 0; c < count; c++)
        m->tallies[candidates[c].picture].number = 0;
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

// The pairs of one way, in order of features. How many.
static size_t pairs_in_way(
    const Matches *m, const Match *matches, size_t count, const uint32_t *places, Way way, Pair *ret)
{
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        if (matches[i].way == way)
            ret[found++] = (Pair){.query = query_spot(m->ask, matches[i].feature, way),
                .found = place_unpack(places[matches[i].mark]),
                .weight = matches[i].weight,
                .feature = matches[i].feature};
    }
    return found;
}

// `pairs` has room for all matches.
static void look_closely(const Matches *m, const Match *matches, size_t count, Pair *pairs, LookupHit *hit)
{
    const uint32_t *places = shelf_part(m->shelf, hit->picture)->segment->places;
    Pair used[PAIRS_MAX];
    Fit fit;
    hit->score = 0;
    hit->pairs_count = 0;
    for (int way = 0; way < WAYS; way++) {
        const size_t found = pairs_in_way(m, matches, count, places, (Way)way, pairs);
        if (geometry_fit(pairs, (int)MIN_OF(found, (size_t)PAIRS_MAX), &fit) &&
            (double)fit.score > hit->score)
            take_fit(m->ask, pairs, &fit, (Way)way, hit);
        if (found > PAIRS_MAX && crowd_fit(pairs, found, used, &fit) && (double)fit.score > hit->score)
            take_fit(m->ask, used, &fit, (Way)way, hit);
    }
}

static int better_hit(const void *a, const void *b)
{
    const LookupHit *x = *(const LookupHit *const *)a, *y = *(const LookupHit *const *)b;
    if (x->order != y->order)
        return x->order > y->order ? -1 : 1;
    return x->picture < y->picture ? -1 : x->picture > y->picture;
}

static void take_best(const LookupHit *hits, int count, int wanted, LookupHit *ret)
{
    const LookupHit *order[2 * LOOKUP_HITS_MAX];
    for (int i = 0; i < count; i++)
        order[i] = &hits[i];
    qsort(order, (size_t)count, sizeof(*order), better_hit);
    for (int i = 0; i < wanted; i++)
        ret[i] = *order[i];
}

static int verify(const Matches *m, const Candidate *candidates, int count, LookupHit *ret)
{
    size_t starts[LOOKUP_HITS_MAX + 1];
    Match *gathered = gather(m, candidates, count, starts);
    size_t most = 1;
    for (int i = 0; i < count; i++)
        most = MAX_OF(most, starts[i + 1] - starts[i]);
    Pair *pairs = mem_alloc(sizeof(*pairs) * most);
    LookupHit *hits = mem_alloc(sizeof(*hits) * LOOKUP_HITS_MAX);
    for (int i = 0; i < count; i++) {
        hits[i].picture = candidates[i].picture;
        look_closely(m, gathered + starts[i], starts[i + 1] - starts[i], pairs, &hits[i]);
        hits[i].order = MAX_OF(hits[i].score, LOOSE_SCORE) * pow((double)candidates[i].votes, VOTES_POWER);
    }
    const int found = MIN_OF(count, m->ask->limit);
    take_best(hits, count, found, ret);
    free(hits);
    free(pairs);
    free(gathered);
    return found;
}

static int judge(const Matches *m, LookupHit *ret)
{
    Candidate candidates[LOOKUP_HITS_MAX];
    return verify(m, candidates, choose_candidates(m, candidates), ret);
}

static int features_until(const LookupAsk *ask, int wanted)
{
    return ask->more ? ask->more(ask->more_ctx, wanted) : ask->features_count;
}

int lookup(const Shelf *shelf, const Words *words, const LookupAsk *ask, LookupHit *ret)
{
    assert(ask->features_count <= LOOKUP_FEATURES_MAX && ask->limit <= LOOKUP_HITS_MAX);
    if (shelf->marks == 0)
        return 0;
    Matches m = matches_open(shelf, words, ask);
    int found = 0;
    for (int r = 0, from = 0; r < (int)COUNT_OF(rounds); r++) {
        const int to = MIN_OF(features_until(ask, rounds[r].features), rounds[r].features);
        if (to == from)
            break;
        matches_find(&m, from, to, rounds[r].budget);
        found = judge(&m, ret);
        if (found > 0 && ret[0].score >= SCORE_SURE)
            break;
        from = to;
    }
    matches_close(&m);
    return found;
}

int lookup_join(LookupHit *hits, int count, const LookupHit *others, int others_count)
{
    assert(count <= LOOKUP_HITS_MAX && others_count <= LOOKUP_HITS_MAX);
    LookupHit *all = mem_alloc(sizeof(*all) * 2 * LOOKUP_HITS_MAX);
    memcpy(all, hits, sizeof(*all) * (size_t)count);
    int total = count;
    for (int i = 0; i < others_count; i++) {
        int at = 0;
        while (at < count && all[at].picture != others[i].picture)
            at++;
        if (at == count)
            all[total++] = others[i];
        else if (others[i].order > all[at].order)
            all[at] = others[i];
    }
    const int found = MIN_OF(total, (int)LOOKUP_HITS_MAX);
    take_best(all, total, found, hits);
    free(all);
    return found;
}
