// SPDX-License-Identifier: Apache-2.0
// The file: "VISWORDS", version (4 bytes, little end first), 4 bytes zero, roots, then the words of each
// root; FEATURE_DIMENSIONS bytes each.
#include "visual/words.h"

#include "visual/kernel.h"

#include <stdlib.h>

enum {
    BITS = 64,
    QUICK_GAP = 4500, // of squared distance: groups that lie this much farther than the nearest are left out
};

static const char MAGIC[8] = "VISWORDS";

__asm__(".section .rodata\n"
        ".balign 64\n"
        "visual_vocabulary:\n"
        ".incbin \"" VISUAL_VOCABULARY "\"\n"
        ".byte 0\n"
        ".previous\n");
extern const char visual_vocabulary[];

struct Words {
    const Kernel *kernel;
    uint8_t *roots, *leaves; // grouped for the kernel
    int16_t *turned;         // of each word, its middle on the axes of the bits
    uint32_t version;
    int32_t root_norms[WORDS_ROOTS], leaf_norms[WORDS_COUNT]; // squared lengths
    int16_t flips[FEATURE_DIMENSIONS];                        // 1 or -1
};

// A Hadamard transform after the flips is a random turn of the space: 64 of its axes give 64 even splits.
static void turn(const Words *w, const uint8_t *values, int16_t ret[BITS])
{
    int16_t v[FEATURE_DIMENSIONS], t[FEATURE_DIMENSIONS];
    for (int i = 0; i < FEATURE_DIMENSIONS; i++)
        v[i] = (int16_t)(values[i] * w->flips[i]);
    // Each pass writes sums to the first half and differences to the second: after 7 passes every output is a
    // signed sum of all inputs.
    for (int pass = 0; pass < 7; pass++) {
        for (int i = 0; i < FEATURE_DIMENSIONS / 2; i++) {
            t[i] = (int16_t)(v[2 * i] + v[2 * i + 1]);
            t[i + FEATURE_DIMENSIONS / 2] = (int16_t)(v[2 * i] - v[2 * i + 1]);
        }
        memcpy(v, t, sizeof(v));
    }
    for (int i = 0; i < BITS; i++)
        ret[i] = v[2 * i + 1];
}

// One for each axis on which the feature lies beyond the middle of the word.
static uint64_t split(const int16_t turned[BITS], const int16_t middle[BITS])
{
    uint64_t bits = 0;
    for (int i = 0; i < BITS; i++)
        bits |= (uint64_t)(turned[i] > middle[i]) << i;
    return bits;
}

static void prepare(Words *w, const uint8_t *roots)
{
    const uint8_t *leaves = roots + WORDS_ROOTS * FEATURE_DIMENSIONS;
    for (int i = 0; i < WORDS_ROOTS; i++)
        w->root_norms[i] = w->kernel->dot(roots + i * FEATURE_DIMENSIONS, roots + i * FEATURE_DIMENSIONS);
    for (int i = 0; i < WORDS_COUNT; i++)
        w->leaf_norms[i] = w->kernel->dot(leaves + i * FEATURE_DIMENSIONS, leaves + i * FEATURE_DIMENSIONS);
    w->roots = mem_alloc(WORDS_ROOTS * FEATURE_DIMENSIONS);
    w->leaves = mem_alloc(WORDS_COUNT * FEATURE_DIMENSIONS);
    kernel_group(roots, WORDS_ROOTS, w->roots);
    kernel_group(leaves, WORDS_COUNT, w->leaves);
    uint32_t state = 20; // any fixed number: the flips only have to be the same for ever
    for (int i = 0; i < FEATURE_DIMENSIONS; i++) {
        state = state * 1664525u + 1013904223u;
        w->flips[i] = state >> 31 ? 1 : -1;
    }
    w->turned = mem_alloc(sizeof(*w->turned) * WORDS_COUNT * BITS);
    for (int i = 0; i < WORDS_COUNT; i++)
        turn(w, leaves + i * FEATURE_DIMENSIONS, w->turned + i * BITS);
}

Words *words_open(Str bytes, Err *err)
{
    if (bytes.n == 0)
        bytes = (Str){visual_vocabulary, WORDS_FILE_BYTES};
    if (bytes.n != WORDS_FILE_BYTES || memcmp(bytes.p, MAGIC, sizeof(MAGIC)) != 0)
        return err_null(err, ERR_CORRUPT, "not a vocabulary of %d words", WORDS_COUNT);
    const uint8_t *roots = (const uint8_t *)bytes.p + WORDS_HEADER_BYTES;
    for (size_t i = 0; i < (size_t)(WORDS_ROOTS + WORDS_COUNT) * FEATURE_DIMENSIONS; i++) {
        if (roots[i] > 127) // the byte kernels rely on it
            return err_null(err, ERR_CORRUPT, "vocabulary has a value above 127");
    }
    Words *w = mem_alloc(sizeof(*w));
    w->kernel = kernel_best();
    memcpy(&w->version, bytes.p + sizeof(MAGIC), sizeof(w->version));
    prepare(w, roots);
    return w;
}

void words_close(Words *w)
{
    if (w == NULL)
        return;
    free(w->roots);
    free(w->leaves);
    free(w->turned);
    free(w);
}

uint32_t words_version(const Words *w)
{
    return w->version;
}

typedef struct {
    int32_t score; // 2 * dot - squared length of the centre: largest for the nearest
    int32_t index;
} Near;

// Keeps the best `count` of these scores and of what is there already, best first; of equals the first shown.
static void rank(Near *best, int count, Near candidate)
{
    int at = count - 1;
    for (; at > 0 && best[at - 1].score < candidate.score; at--)
        best[at] = best[at - 1];
    best[at] = candidate;
}

static void rank_all(Near *best, int count, const int32_t *scores, int scores_count, int first)
{
    for (int i = 0; i < scores_count; i++) {
        if (scores[i] > best[count - 1].score)
            rank(best, count, (Near){scores[i], first + i});
    }
}

static void rank_clear(Near *best, int count)
{
    for (int i = 0; i < count; i++)
        best[i] = (Near){.score = INT32_MIN};
}

void words_nearest(const Words *w, const uint8_t *values, int probes, int count, WordMark *ret)
{
    assert(count >= 1 && count <= WORDS_NEAREST_MAX && probes >= 1 && probes <= WORDS_PROBES_SURE);
    Near roots[WORDS_PROBES_SURE], leaves[WORDS_NEAREST_MAX];
    rank_clear(roots, probes);
    rank_clear(leaves, count);
    int32_t scores[WORDS_BRANCHES];
    w->kernel->score(values, w->roots, w->root_norms, WORDS_ROOTS, scores);
    rank_all(roots, probes, scores, WORDS_ROOTS, 0);
    const int32_t least = probes == WORDS_PROBES_QUICK ? roots[0].score - QUICK_GAP : INT32_MIN;
    for (int r = 0; r < probes && roots[r].score >= least; r++) {
        const int first = roots[r].index * WORDS_BRANCHES;
        w->kernel->score(
            values, w->leaves + first * FEATURE_DIMENSIONS, w->leaf_norms + first, WORDS_BRANCHES, scores);
        rank_all(leaves, count, scores, WORDS_BRANCHES, first);
    }
    int16_t turned[BITS];
    turn(w, values, turned);
    for (int i = 0; i < count; i++)
        ret[i] = (WordMark){.word = (uint16_t)leaves[i].index,
            .away = leaves[0].score - leaves[i].score,
            .bits = split(turned, w->turned + leaves[i].index * BITS)};
}

// ---- training

typedef struct {
    const Kernel *kernel;
    const uint8_t *values;
    uint32_t *order; // which features, those of a root together
    uint8_t *nearest;
} Training;

static int nearest_centre(
    const Kernel *kernel, const uint8_t *values, const uint8_t *grouped, const int32_t *norms)
{
    int32_t scores[WORDS_ROOTS];
    int best = 0;
    kernel->score(values, grouped, norms, WORDS_ROOTS, scores);
    for (int i = 1; i < WORDS_ROOTS; i++)
        best = scores[i] > scores[best] ? i : best;
    return best;
}

static void assign(Training *t, size_t from, size_t to, const uint8_t *centres)
{
    int32_t norms[WORDS_ROOTS];
    for (int i = 0; i < WORDS_ROOTS; i++)
        norms[i] = t->kernel->dot(centres + i * FEATURE_DIMENSIONS, centres + i * FEATURE_DIMENSIONS);
    uint8_t grouped[WORDS_ROOTS * FEATURE_DIMENSIONS];
    kernel_group(centres, WORDS_ROOTS, grouped);
    for (size_t i = from; i < to; i++)
        t->nearest[i] = (uint8_t)nearest_centre(
            t->kernel, t->values + (size_t)t->order[i] * FEATURE_DIMENSIONS, grouped, norms);
}

// Centres become the means of what lies nearest; one without any moves to some feature of the range.
static void move(Training *t, size_t from, size_t to, uint8_t *centres, uint32_t *random)
{
    static_assert(WORDS_ROOTS == WORDS_BRANCHES, "one k-means serves both levels");
    uint32_t *sums = mem_alloc(sizeof(*sums) * WORDS_ROOTS * FEATURE_DIMENSIONS);
    uint32_t counts[WORDS_ROOTS] = {0};
    for (size_t i = from; i < to; i++) {
        uint32_t *sum = sums + t->nearest[i] * FEATURE_DIMENSIONS;
        const uint8_t *values = t->values + (size_t)t->order[i] * FEATURE_DIMENSIONS;
        for (int d = 0; d < FEATURE_DIMENSIONS; d++)
            sum[d] += values[d];
        counts[t->nearest[i]]++;
    }
    for (int c = 0; c < WORDS_ROOTS; c++) {
        uint8_t *centre = centres + c * FEATURE_DIMENSIONS;
        if (counts[c] == 0) {
            *random = *random * 1664525u + 1013904223u;
            const size_t pick = from + (size_t)((uint64_t)*random * (to - from) >> 32);
            memcpy(centre, t->values + (size_t)t->order[pick] * FEATURE_DIMENSIONS, FEATURE_DIMENSIONS);
            continue;
        }
        for (int d = 0; d < FEATURE_DIMENSIONS; d++)
            centre[d] = (uint8_t)((sums[c * FEATURE_DIMENSIONS + d] + counts[c] / 2) / counts[c]);
    }
    free(sums);
}

static void k_means(Training *t, size_t from, size_t to, int rounds, uint8_t *centres, uint32_t *random)
{
    for (int c = 0; c < WORDS_ROOTS; c++) {
        const size_t pick = to > from ? from + (to - from) * (size_t)c / WORDS_ROOTS : 0;
        memcpy(centres + c * FEATURE_DIMENSIONS, t->values + (size_t)t->order[pick] * FEATURE_DIMENSIONS,
            FEATURE_DIMENSIONS);
    }
    for (int round = 0; round < rounds; round++) {
        assign(t, from, to, centres);
        move(t, from, to, centres, random);
    }
    assign(t, from, to, centres);
}

// Puts the features of each root next to each other; ret_ends[r] is where root r's end.
static void sort_by_root(Training *t, size_t count, size_t ret_ends[WORDS_ROOTS])
{
    size_t starts[WORDS_ROOTS + 1] = {0};
    for (size_t i = 0; i < count; i++)
        starts[t->nearest[i] + 1]++;
    for (int r = 0; r < WORDS_ROOTS; r++)
        starts[r + 1] += starts[r];
    uint32_t *sorted = mem_alloc(sizeof(*sorted) * count);
    for (size_t i = 0; i < count; i++)
        sorted[starts[t->nearest[i]]++] = t->order[i];
    free(t->order);
    t->order = sorted;
    memcpy(ret_ends, starts, sizeof(*starts) * WORDS_ROOTS);
}

static uint32_t version_of(const uint8_t *values, size_t count)
{
    uint32_t hash = 2166136261u; // FNV-1a
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ values[i]) * 16777619u;
    return hash;
}

bool words_train(const uint8_t *values, size_t count, int rounds, uint8_t *ret_file, Err *err)
{
    if (count < WORDS_COUNT || count > UINT32_MAX)
        return err_set(err, ERR_INVALID, "%zu features do not make %d words", count, WORDS_COUNT);
    Training t = {.kernel = kernel_best(), .values = values};
    t.order = mem_alloc(sizeof(*t.order) * count);
    t.nearest = mem_alloc(count);
    uint32_t random = 1;
    for (size_t i = 0; i < count; i++)
        t.order[i] = (uint32_t)i;
    uint8_t *roots = ret_file + WORDS_HEADER_BYTES, *leaves = roots + WORDS_ROOTS * FEATURE_DIMENSIONS;
    k_means(&t, 0, count, rounds, roots, &random);
    size_t ends[WORDS_ROOTS];
    sort_by_root(&t, count, ends);
    for (int r = 0; r < WORDS_ROOTS; r++)
        k_means(&t, r == 0 ? 0 : ends[r - 1], ends[r], rounds,
            leaves + r * WORDS_BRANCHES * FEATURE_DIMENSIONS, &random);
    free(t.order);
    free(t.nearest);
    memset(ret_file, 0, WORDS_HEADER_BYTES);
    memcpy(ret_file, MAGIC, sizeof(MAGIC));
    const uint32_t version = version_of(roots, WORDS_FILE_BYTES - WORDS_HEADER_BYTES);
    memcpy(ret_file + sizeof(MAGIC), &version, sizeof(version));
    return true;
}
