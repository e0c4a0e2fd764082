// SPDX-License-Identifier: Apache-2.0
#include "visual/drawn.h"

#include "visual/form_kernel.h"

#include <math.h>
#include <stdlib.h>

enum {
    SIZES = 11,     // of the drawing in a picture, a sixth apart
    FINER = 3,      // and between them
    LINES_MIN = 24, // a drawing with fewer says nothing
    CANDIDATES_MAX = 6000,
    STEPS = 4096,  // of agreement, 0 .. 1
    BELIEVED = 60, // the prior of chance counts like this many pictures
    TRIES = 2,     // sizes of a candidate that are looked at closely
};

// Cells along the longer side of the drawing, where a picture has FORM_CELLS.
static const int cells_of_size[SIZES] = {10, 12, 14, 16, 18, 22, 26, 30, 36, 42, 48};
// What chance gives at best in a picture (half the cells, all cells), and its deviation:
// bench/look/drawings.py.
static const float chance_middle[2][SIZES] = {
    {0.45f, 0.39f, 0.35f, 0.31f, 0.28f, 0.24f, 0.21f, 0.17f, 0.14f, 0.11f, 0.08f},
    {0.36f, 0.33f, 0.29f, 0.27f, 0.24f, 0.21f, 0.19f, 0.16f, 0.14f, 0.12f, 0.10f}};
static const float chance_spread = 0.05f;

typedef struct {
    float middle, spread;
} Chance;

typedef struct {
    uint16_t agree[SIZES]; // in STEPS; 0: it does not fit
    int8_t x[SIZES], y[SIZES];
} Rough;

typedef struct {
    Form whole[FINER]; // a little smaller, as it is, a little larger; the middle one halved is `taps`
    float root[FINER], taps_root;
    int cells[FINER];
    FormTaps taps;
} Size;

typedef struct {
    const Shelf *shelf;
    const DrawnAsk *ask;
    const FormKernel *kernel;
    Size sizes[SIZES];
    FormSpread spread;
    Rough *rough; // of each picture
} Drawn;

typedef struct {
    uint32_t picture;
    float rough, agree; // deviations; of all cells, 0 .. 1
    int size, finer;
    FormPlace place;
} Candidate;

static bool may_see(const Drawn *d, const ShelfPart *part, uint32_t i)
{
    return part->ranks[i] != RANK_GONE && part->ranks[i] >= d->ask->rank_min;
}

// ---- the drawing

static float root_of(const Form *form)
{
    return sqrtf((float)form_count(form) + 1);
}

static void prepare(Drawn *d)
{
    CLEANUP(form_source_closep) FormSource *source = form_source_open(d->ask->picture);
    for (int s = 0; s < SIZES; s++) {
        Size *size = &d->sizes[s];
        for (int f = 0; f < FINER; f++) {
            const int cells = cells_of_size[s] + (f - 1) * MAX_OF(1, cells_of_size[s] / 17);
            size->cells[f] = MIN_OF(cells, (int)FORM_CELLS);
            form_make_of(source, size->cells[f], &size->whole[f]);
            size->root[f] = root_of(&size->whole[f]);
        }
        Form half;
        form_halve(&size->whole[1], &half);
        form_taps(&half, &size->taps);
        size->taps_root = root_of(&half);
    }
}

// ---- chance

static uint16_t steps_of(float agree)
{
    return (uint16_t)MAX_OF(1, MIN_OF(lrintf(agree * STEPS), STEPS - 1));
}

static int middle_of(const uint32_t counts[STEPS], uint64_t total)
{
    uint64_t below = 0;
    int at = 0;
    while (at < STEPS - 1 && 2 * (below + counts[at]) < total)
        below += counts[at++];
    return at;
}

// Middle and spread of what was counted, by median and median deviation.
static Chance chance_of(const uint32_t counts[STEPS], float middle)
{
    uint64_t total = 0;
    uint32_t away[STEPS] = {0};
    for (int i = 0; i < STEPS; i++)
        total += counts[i];
    const int at = middle_of(counts, total);
    for (int i = 0; i < STEPS; i++)
        away[abs(i - at)] += counts[i];
    const float share = (float)total / (float)(total + BELIEVED);
    const float spread = 1.4826f * ((float)middle_of(away, total) + 0.5f) / STEPS;
    return (Chance){
        share * (float)at / STEPS + (1 - share) * middle, share * spread + (1 - share) * chance_spread};
}

// ---- all pictures, half the cells

static void scan_group(Drawn *d, const ShelfPart *part, const FormsGroup *group)
{
    FormLanes lanes;
    d->kernel->spread(group, &d->spread);
    for (int s = 0; s < SIZES; s++) {
        d->kernel->scan(group, &d->spread, &d->sizes[s].taps, &lanes);
        for (int l = 0; l < FORMS_LANES; l++) {
            if (group->picture[l] == FORMS_NOBODY || lanes.best[l] <= 0)
                continue;
            Rough *rough = &d->rough[part->first + group->picture[l]];
            rough->agree[s] = steps_of(lanes.best[l] / d->sizes[s].taps_root);
            rough->x[s] = lanes.x[l];
            rough->y[s] = lanes.y[l];
        }
    }
}

static void scan_all(Drawn *d)
{
    for (int p = 0; p < d->shelf->parts_count; p++) {
        const ShelfPart *part = &d->shelf->parts[p];
        for (uint32_t g = 0; part->forms && g < part->forms->groups_count; g++)
            scan_group(d, part, part->forms->groups[g]);
    }
}

static void learn_rough(const Drawn *d, Chance ret[SIZES])
{
    uint32_t(*counts)[STEPS] = mem_alloc(sizeof(*counts) * SIZES);
    for (int p = 0; p < d->shelf->parts_count; p++) {
        const ShelfPart *part = &d->shelf->parts[p];
        for (uint32_t i = 0; i < part->segment->pictures; i++)
            for (int s = 0; s < SIZES; s++)
                counts[s][d->rough[part->first + i].agree[s]] +=
                    may_see(d, part, i) && d->rough[part->first + i].agree[s] > 0;
    }
    for (int s = 0; s < SIZES; s++)
        ret[s] = chance_of(counts[s], chance_middle[0][s]);
    free(counts);
}

static float deviations(Chance chance, float agree)
{
    return (agree - chance.middle) / chance.spread;
}

static int better_rough(const void *a, const void *b)
{
    const Candidate *x = a, *y = b;
    if (x->rough != y->rough)
        return x->rough > y->rough ? -1 : 1;
    return x->picture < y->picture ? -1 : x->picture > y->picture;
}

// Every picture (of those allowed; NULL: of all) with its best size, and its second best as a candidate of
// its own.
static size_t choose(const Drawn *d, const uint8_t *allowed, const Chance chance[SIZES], Candidate *ret)
{
    size_t count = 0;
    for (int p = 0; p < d->shelf->parts_count; p++) {
        const ShelfPart *part = &d->shelf->parts[p];
        for (uint32_t i = 0; i < part->segment->pictures; i++) {
            const Rough *rough = &d->rough[part->first + i];
            Candidate best[TRIES] = {{.rough = -99}, {.rough = -99}};
            const bool wanted = may_see(d, part, i) && (!allowed || allowed[part->first + i]);
            for (int s = 0; s < SIZES && wanted; s++) {
                if (rough->agree[s] == 0)
                    continue;
                const Candidate c = {.picture = part->first + i,
                    .rough = deviations(chance[s], (float)rough->agree[s] / STEPS),
                    .size = s,
                    .place = {.x = 2 * rough->x[s], .y = 2 * rough->y[s]}};
                if (c.rough > best[0].rough) {
                    best[1] = best[0];
                    best[0] = c;
                } else if (c.rough > best[1].rough) {
                    best[1] = c;
                }
            }
            for (int t = 0; t < TRIES; t++)
                if (best[t].rough > -99)
                    ret[count++] = best[t];
        }
    }
    qsort(ret, count, sizeof(*ret), better_rough);
    return MIN_OF(count, (size_t)CANDIDATES_MAX);
}

// ---- the best of them, all cells

static void look_closely(const Drawn *d, Candidate *c)
{
    const ShelfPart *part = shelf_part(d->shelf, c->picture);
    const Size *size = &d->sizes[c->size];
    const FormPlace about = c->place;
    Form form;
    forms_get(part->forms, c->picture - part->first, &form);
    c->agree = 0;
    for (int f = 0; f < FINER; f++) {
        FormPlace place;
        d->kernel->fine(&form, &size->whole[f], about, &place);
        const float agree = place.best / size->root[f];
        if (agree > c->agree) {
            c->agree = agree;
            c->finer = f;
            c->place = place;
        }
    }
}

static size_t look_at_best(const Drawn *d, const uint8_t *allowed, const Chance chance[SIZES], Candidate *ret)
{
    const size_t count = choose(d, allowed, chance, ret);
    for (size_t i = 0; i < count; i++)
        look_closely(d, &ret[i]);
    return count;
}

static void learn_fine(const Candidate *candidates, size_t count, Chance ret[SIZES])
{
    uint32_t(*counts)[STEPS] = mem_alloc(sizeof(*counts) * SIZES);
    for (size_t i = 0; i < count; i++)
        counts[candidates[i].size][steps_of(candidates[i].agree)]++;
    for (int s = 0; s < SIZES; s++)
        ret[s] = chance_of(counts[s], chance_middle[1][s]);
    free(counts);
}

static DrawnHit hit_of(const Drawn *d, const Candidate *c, float score)
{
    const float unit = (float)PLACE_ONE / FORM_CELLS;
    const Size *size = &d->sizes[c->size];
    const Grey *picture = &d->ask->picture;
    const float side = (float)size->cells[c->finer] / (float)MAX_OF(picture->width_px, picture->height_px);
    const float left = (float)c->place.x * unit, top = (float)c->place.y * unit;
    const float right = left + side * (float)picture->width_px * unit;
    const float bottom = top + side * (float)picture->height_px * unit;
    return (DrawnHit){.picture = c->picture,
        .score = (double)score,
        .corners = {{left, top}, {right, top}, {right, bottom}, {left, bottom}}};
}

static int better_hit(const void *a, const void *b)
{
    const DrawnHit *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->picture < y->picture ? -1 : x->picture > y->picture;
}

// Each picture once, in its better size.
static int rank(
    const Drawn *d, const Chance chance[SIZES], const Candidate *candidates, size_t count, DrawnHit *ret)
{
    DrawnHit *hits = mem_alloc(sizeof(*hits) * MAX_OF(count, 1));
    for (size_t i = 0; i < count; i++)
        hits[i] = hit_of(d, &candidates[i], deviations(chance[candidates[i].size], candidates[i].agree));
    qsort(hits, count, sizeof(*hits), better_hit);
    int found = 0;
    for (size_t i = 0; i < count && found < DRAWN_HITS_MAX; i++) {
        bool again = false;
        for (int k = 0; k < found; k++)
            again |= ret[k].picture == hits[i].picture;
        if (!again)
            ret[found++] = hits[i];
    }
    free(hits);
    return found;
}

int drawn(const Shelf *shelf, const DrawnAsk *ask, DrawnHit *ret, bool *ret_plain)
{
    Drawn *d = mem_alloc(sizeof(*d));
    *d = (Drawn){.shelf = shelf, .ask = ask, .kernel = form_kernel_best()};
    prepare(d);
    *ret_plain = form_count(&d->sizes[0].whole[1]) < LINES_MIN;
    int found = 0;
    if (!*ret_plain && shelf->pictures > 0) {
        Chance rough[SIZES], fine[SIZES];
        d->rough = mem_alloc(sizeof(*d->rough) * shelf->pictures);
        Candidate *candidates = mem_alloc(sizeof(*candidates) * TRIES * shelf->pictures);
        scan_all(d);
        learn_rough(d, rough);
        // What is chance is learnt from all, whatever narrows the question: a hit is as sure alone as among
        // others.
        size_t count = look_at_best(d, NULL, rough, candidates);
        learn_fine(candidates, count, fine);
        if (ask->allowed)
            count = look_at_best(d, ask->allowed, rough, candidates);
        found = rank(d, fine, candidates, count, ret);
        free(candidates);
        free(d->rough);
    }
    free(d);
    return found;
}
