// SPDX-License-Identifier: Apache-2.0
#include "visual/matches.h"

#include <math.h>
#include <stdlib.h>

enum {
    MATCHES_MAX = 3000 * 1000,
    READ_AT_ONCE = 4096, // marks
    CALL_AHEAD = 256,    // marks
    TALLIES_AHEAD = 16,
    READINGS = 4,       // under way
    NEGATIVE_MAX = 500, // features, in collections of more than SMALL_MARKS
    SMALL_MARKS = 4000 * 1000,
    LIST_PRICE = 300, // of beginning a list, in marks
};

// How many words a feature is looked for under. The negative is the rarer question, so where lists are long
// only the strongest features ask it.
static const int words_of_way[WAYS] = {3, 2, 2, 2};

#define CHANCE_IN_LIST 1.0
#define DISTANCE_FALL 14.0f // weight of a match is exp(-(distance / this)^2) times rarity squared

// Weak marks are many, and what resembles them by chance is too: with full weight they drowned motifs in
// other colours (mAP 0.821 instead of 0.837; docs/decisions/089-more-marks.md).
static const float weight_of_tier[MARKS_TIERS] = {1, 0.6f, 0.4f};

// What a word promises: the weight that the right picture gathers by it, measured with photographs and
// regions of which the right picture was known. It falls with the rank of the word and with how much farther
// away its middle is than that of the nearest, and with the number of the feature (the strongest come first).
static const float promise_of_rank[WORDS_NEAREST_MAX] = {1, 0.55f, 0.42f, 0.36f};
#define PROMISE_FALL 1600.0f // squared distance
#define FEATURE_FALL 120.0f  // features

struct Question {
    WordMark mark;
    uint32_t length; // marks in all lists of the word
    float rarity, worth;
    uint16_t feature;
    uint8_t way;
};

// The list of a word in one part of the shelf, on its way through the steps of reading. Each step calls for
// the bytes that the next one wants: memory answers while other lists go on.
struct Reading {
    const Question *question;
    uint32_t start, length, from, count; // of the list; of what is read of it now
    int found;
    uint32_t marks[READ_AT_ONCE]; // that are still near enough, counted from `from`
    uint8_t distances[READ_AT_ONCE];
};

struct MarkHit {
    uint32_t question, mark, picture;
    int distance;
};

// Of two features that have nothing in common each bit differs or not by the toss of a coin. In a large
// collection that alone makes features alike, so they have to be more alike: as many by chance in a list of
// average length, however large the collection.
static int distance_for(const Shelf *shelf)
{
    const double share = CHANCE_IN_LIST * WORDS_COUNT / (double)shelf->marks;
    double chance = ldexp(1, -64), ways = chance;
    int distance = 0;
    while (distance < MATCHES_DISTANCE_MAX) {
        ways = ways * (64 - distance) / (distance + 1); // of distance + 1 bits among 64
        if (chance + ways > share)
            break;
        chance += ways;
        distance++;
    }
    return MAX_OF(distance, 8);
}

Matches matches_open(const Shelf *shelf, const Words *words, const LookupAsk *ask)
{
    Matches m = {.shelf = shelf, .words = words, .kernel = kernel_best(), .ask = ask};
    m.distance_max = distance_for(shelf);
    for (int d = 0; d <= MATCHES_DISTANCE_MAX; d++)
        m.fall[d] = expf(-(float)(d * d) / (DISTANCE_FALL * DISTANCE_FALL));
    m.readings = mem_alloc(sizeof(*m.readings) * READINGS);
    m.tallies = mem_alloc(sizeof(*m.tallies) * shelf->pictures);
    m.found = mem_alloc(sizeof(*m.found) * shelf->pictures);
    const size_t most = LOOKUP_FEATURES_MAX * WAYS * WORDS_NEAREST_MAX;
    m.questions = mem_alloc(sizeof(*m.questions) * most);
    m.chosen = mem_alloc(sizeof(*m.chosen) * most);
    m.fill = mem_alloc(sizeof(*m.fill) * (most + 1));
    return m;
}

void matches_close(Matches *m)
{
    free(m->sorted);
    free(m->hits);
    free(m->fill);
    free(m->chosen);
    free(m->questions);
    free(m->found);
    free(m->tallies);
    free(m->all);
    free(m->readings);
}

// ---- what to ask

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

static void add_question(Matches *m, WordMark mark, int rank, int feature, int way)
{
    Question q = {.mark = mark,
        .length = list_length(m->shelf, mark.word),
        .feature = (uint16_t)feature,
        .way = (uint8_t)way};
    if (q.length == 0)
        return;
    const float later = 1 + (float)feature / FEATURE_FALL;
    q.rarity = rarity_of(m->shelf, q.length);
    q.worth = promise_of_rank[rank] * expf(-(float)mark.away / PROMISE_FALL) * q.rarity /
              (later * sqrtf(later) * (float)(q.length + LIST_PRICE));
    m->questions[m->questions_count++] = q;
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

static void add_questions(Matches *m, int from, int to)
{
    const int negative_max = m->shelf->marks > SMALL_MARKS ? NEGATIVE_MAX : LOOKUP_FEATURES_MAX;
    m->questions_count = 0;
    for (int way = 0; way < (m->ask->mirrored ? WAYS : WAY_MIRRORED); way++) {
        const int end = way == WAY_PLAIN || way == WAY_MIRRORED ? to : MIN_OF(to, negative_max);
        for (int i = from; i < end; i++) {
            uint8_t values[FEATURE_DIMENSIONS];
            WordMark marks[WORDS_NEAREST_MAX];
            seen_in_way(m->ask->features[i].values, (Way)way, values);
            words_nearest(m->words, values, WORDS_PROBES_QUICK, words_of_way[way], marks);
            for (int rank = 0; rank < words_of_way[way]; rank++)
                add_question(m, marks[rank], rank, i, way);
        }
    }
}

static int worthier(const void *a, const void *b)
{
    const Question *x = *(Question *const *)a, *y = *(Question *const *)b;
    if (x->worth != y->worth)
        return x->worth > y->worth ? -1 : 1;
    return x < y ? -1 : x > y;
}

static int by_word(const void *a, const void *b)
{
    const Question *x = *(Question *const *)a, *y = *(Question *const *)b;
    if (x->mark.word != y->mark.word)
        return x->mark.word < y->mark.word ? -1 : 1;
    return x < y ? -1 : x > y;
}

// In order of words, as their lists lie in the files.
static void choose_questions(Matches *m, uint64_t budget)
{
    uint64_t price = 0;
    for (int i = 0; i < m->questions_count; i++) {
        price += m->questions[i].length + LIST_PRICE;
        m->chosen[i] = &m->questions[i];
    }
    m->chosen_count = m->questions_count;
    if (price > budget) {
        qsort(m->chosen, (size_t)m->chosen_count, sizeof(*m->chosen), worthier);
        price = 0;
        for (m->chosen_count = 0; price < budget; m->chosen_count++)
            price += m->chosen[m->chosen_count]->length + LIST_PRICE;
    }
    qsort(m->chosen, (size_t)m->chosen_count, sizeof(*m->chosen), by_word);
}

// ---- asking

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

static void add_match(Matches *m, Match match)
{
    if (m->count == MATCHES_MAX)
        return;
    if (m->count == m->capacity) {
        m->capacity = m->capacity ? m->capacity * 2 : 1 << 14;
        m->all = mem_grow(m->all, m->capacity, sizeof(*m->all));
    }
    m->all[m->count++] = match;
    tally(&m->tallies[match.picture], &match);
    if (m->tallies[match.picture].matches == MATCHES_MIN)
        m->found[m->found_count++] = match.picture;
}

// Hits of one part come in order of words; a picture takes them in order of features.
static void take_hits(Matches *m, const ShelfPart *part)
{
    uint32_t *fill = m->fill;
    memset(fill, 0, sizeof(*fill) * ((size_t)m->questions_count + 1));
    for (int i = 0; i < m->hits_count; i++)
        fill[m->hits[i].question + 1]++;
    for (int q = 0; q < m->questions_count; q++)
        fill[q + 1] += fill[q];
    for (int i = 0; i < m->hits_count; i++)
        m->sorted[fill[m->hits[i].question]++] = (uint32_t)i;
    for (int i = 0; i < m->hits_count; i++) {
        const int later = MIN_OF(i + TALLIES_AHEAD, m->hits_count - 1);
        __builtin_prefetch(&m->tallies[part->first + m->hits[m->sorted[later]].picture], 1);
        const MarkHit *hit = &m->hits[m->sorted[i]];
        const Question *q = &m->questions[hit->question];
        add_match(m, (Match){.picture = part->first + hit->picture,
                         .mark = hit->mark,
                         .weight = q->rarity * m->fall[hit->distance] *
                                   weight_of_tier[visual_segment_tier(part->segment, hit->mark)],
                         .feature = q->feature,
                         .way = q->way});
    }
    m->hits_count = 0;
}

// ---- reading lists

static void call_for_marks(const Segment *s, const Reading *r)
{
    const uint32_t *lows = s->bits + r->start + r->from;
    for (uint32_t i = 0; i < MIN_OF(r->count, (uint32_t)CALL_AHEAD); i += 16)
        __builtin_prefetch(lows + i);
}

static void sift_marks(const Matches *m, const Segment *s, Reading *r)
{
    const uint32_t *lows = s->bits + r->start + r->from, *highs = lows + r->length;
    r->found =
        m->kernel->sift(lows, r->count, (uint32_t)r->question->mark.bits, m->distance_max / 2 + 1, r->marks);
    for (int i = 0; i < r->found; i++)
        __builtin_prefetch(&highs[r->marks[i]]);
}

static void measure_marks(const Matches *m, const Segment *s, Reading *r)
{
    const int count = r->found;
    const uint32_t *lows = s->bits + r->start + r->from;
    const uint32_t *const planes[2] = {lows, lows + r->length};
    m->kernel->distances(planes, r->marks, count, r->question->mark.bits, r->distances);
    r->found = 0;
    for (int i = 0; i < count; i++) {
        if (r->distances[i] > m->distance_max)
            continue;
        const uint32_t mark = r->from + r->marks[i];
        r->marks[r->found] = mark;
        r->distances[r->found++] = r->distances[i];
        __builtin_prefetch(&s->steps[mark]);
        __builtin_prefetch(&s->bases[mark / BASE_EVERY]);
    }
}

static void take_marks(Matches *m, const Segment *s, const Reading *r)
{
    if (m->hits_count + r->found > m->hits_capacity) {
        m->hits_capacity = 2 * m->hits_capacity + READ_AT_ONCE;
        m->hits = mem_grow(m->hits, (size_t)m->hits_capacity, sizeof(*m->hits));
        m->sorted = mem_grow(m->sorted, (size_t)m->hits_capacity, sizeof(*m->sorted));
    }
    for (int i = 0; i < r->found; i++) {
        const uint32_t picture = visual_segment_picture_at(s, r->start, r->marks[i]);
        if (picture != SEGMENT_NO_PICTURE)
            m->hits[m->hits_count++] = (MarkHit){.question = (uint32_t)(r->question - m->questions),
                .mark = r->marks[i],
                .picture = picture,
                .distance = r->distances[i]};
    }
}

// What is to be read next.
typedef struct {
    int question;  // of those in order
    uint32_t from; // of its list
} Place;

static bool next_reading(const Matches *m, const Segment *s, Place *at, Reading *ret)
{
    for (; at->question < m->chosen_count; at->question++, at->from = 0) {
        const Question *q = m->chosen[at->question];
        const uint32_t start = s->starts[q->mark.word], end = s->starts[q->mark.word + 1];
        if (at->from >= end - start)
            continue;
        ret->question = q;
        ret->start = start;
        ret->length = end - start;
        ret->from = start + at->from;
        ret->count = MIN_OF((uint32_t)READ_AT_ONCE, end - ret->from);
        at->from += ret->count;
        return true;
    }
    return false;
}

static void read_part(Matches *m, const Segment *s)
{
    Place at = {0};
    int last = INT32_MAX - READINGS; // number of the reading after the last one
    for (int i = 0; i < last + READINGS - 1; i++) {
        if (i < last) {
            if (next_reading(m, s, &at, &m->readings[i % READINGS]))
                call_for_marks(s, &m->readings[i % READINGS]);
            else
                last = i;
        }
        if (i >= 1 && i - 1 < last)
            sift_marks(m, s, &m->readings[(i - 1) % READINGS]);
        if (i >= 2 && i - 2 < last)
            measure_marks(m, s, &m->readings[(i - 2) % READINGS]);
        if (i >= 3 && i - 3 < last)
            take_marks(m, s, &m->readings[(i - 3) % READINGS]);
    }
}

void matches_find(Matches *m, int from, int to, uint64_t budget)
{
    add_questions(m, from, to);
    choose_questions(m, budget);
    for (int p = 0; p < m->shelf->parts_count; p++) {
        read_part(m, m->shelf->parts[p].segment);
        take_hits(m, &m->shelf->parts[p]);
    }
}
