// SPDX-License-Identifier: Apache-2.0
// From a question to its answer. Each question gives every picture of the shelf a score; what is hidden, gone
// or not among the objects asked for is left out before anything is ranked.
#include "visual/drawn.h"
#include "visual/index.h"

#include "base/set.h"

#include <math.h>
#include <stdlib.h>

// How likely a score of lookup() is right: 1 / (1 + exp(-STEEP * (score - middle))). The more pictures, the
// higher the best that chance makes; from MIDDLE_PICTURES on bits have to be the more alike (matches.c), and
// it stays where it is. Measured in bench/look among 83, 834 and 6,590 photographs; docs/look.md, Thresholds.
#define STEEP 2.2
#define MIDDLE 2.1
#define MIDDLE_PICTURES 830.0
#define MIDDLE_PER_DECADE 0.9
#define MIDDLE_MIN 1.6
#define RIGHT_MIN 0.5
enum { FEATURES_MIN = 3 }; // with fewer, a picture is too plain to be looked for
// The same for a score of drawn(). Measured in bench/look/drawings.py.
#define DRAWN_STEEP 2.0
#define DRAWN_MIDDLE_AT_100 5.7
#define DRAWN_MIDDLE_PER_DECADE 0.3
#define DRAWN_PERHAPS_MIN 0.05

typedef struct {
    uint32_t picture;
    double score;
} Ranked;

typedef struct {
    Visual *v;
    const VisualAsk *ask;
    Arena *arena;
    const uint8_t *allowed; // NULL: all
    int rank_min;
    Vector vector; // LIKE: of the picture asked with, by the museum's model
    StrSet found;  // objects that answer; their ids lie in the index
} Question;

// ---- who may be answered

static const uint8_t *allow(
    const Visual *v, const VisualAsk *ask, const Str *hidden, size_t hidden_count, Arena *a)
{
    if (!ask->has_only && ask->except_object.n == 0 && hidden_count == 0)
        return NULL;
    uint8_t *allowed = arena_alloc(a, MAX_OF(v->shelf.pictures, 1u));
    const StrSet only = str_set_of(a, ask->only, ask->only_count);
    const StrSet without = str_set_of(a, hidden, hidden_count);
    for (int p = 0; p < v->shelf.parts_count; p++) {
        const ShelfPart *part = &v->shelf.parts[p];
        for (uint32_t i = 0; i < part->segment->pictures; i++) {
            const Str id = visual_segment_object(part->segment, i);
            allowed[part->first + i] = !str_eq(id, ask->except_object) && !str_set_has(&without, id) &&
                                       (!ask->has_only || str_set_has(&only, id));
        }
    }
    return allowed;
}

static bool may_answer(const Question *q, const ShelfPart *part, uint32_t i)
{
    return part->ranks[i] != RANK_GONE && part->ranks[i] >= q->rank_min &&
           (q->allowed == NULL || q->allowed[part->first + i]);
}

// ---- hits

static VisualHit hit_of(const Question *q, uint32_t picture, double score)
{
    const ShelfPart *part = shelf_part(&q->v->shelf, picture);
    const uint32_t i = picture - part->first;
    return (VisualHit){
        .object_id = arena_copy(q->arena, visual_segment_object(part->segment, i)),
        .image_id = arena_copy(q->arena, visual_segment_image(part->segment, i)),
        .master = part->segment->picture[i].master,
        .width_px = part->segment->picture[i].width_px,
        .height_px = part->segment->picture[i].height_px,
        .score = score,
    };
}

// One hit for an object, its best: they come best first. True: the next hit of the answer is to be filled.
static bool add_object(Question *q, VisualAnswer *answer, uint32_t picture)
{
    const ShelfPart *part = shelf_part(&q->v->shelf, picture);
    const Str id = visual_segment_object(part->segment, picture - part->first);
    if (!str_set_add(&q->found, id))
        return false;
    answer->objects[answer->total++] = arena_copy(q->arena, id);
    return answer->count < (size_t)q->ask->limit;
}

// Before the first add_object.
static void make_room(Question *q, VisualAnswer *answer, size_t pictures)
{
    q->found = str_set(q->arena, pictures);
    answer->objects = arena_array(q->arena, Str, pictures + 1);
}

static VisualPoint point_in(const VisualHit *hit, float x, float y)
{
    const double side = MAX_OF(hit->width_px, hit->height_px);
    return (VisualPoint){
        (double)x / PLACE_ONE * side / hit->width_px, (double)y / PLACE_ONE * side / hit->height_px};
}

static double clamp_one(double v)
{
    return v < 0 ? 0 : v > 1 ? 1 : v;
}

// How the query lies in the picture is an affine map, so three of its corners say where any point of it lies.
static int outline_of(const VisualAsk *ask, const float from[4][2], VisualHit *hit)
{
    static const VisualPoint whole[4] = {{0, 0}, {1, 0}, {1, 1}, {0, 1}};
    const VisualPoint *asked = ask->lasso_count ? ask->lasso : whole;
    const int count = ask->lasso_count ? ask->lasso_count : 4;
    VisualPoint corners[4];
    for (int i = 0; i < 4; i++)
        corners[i] = point_in(hit, from[i][0], from[i][1]);
    for (int i = 0; i < count; i++)
        hit->outline[i] = (VisualPoint){corners[0].x + asked[i].x * (corners[1].x - corners[0].x) +
                                            asked[i].y * (corners[3].x - corners[0].x),
            corners[0].y + asked[i].x * (corners[1].y - corners[0].y) +
                asked[i].y * (corners[3].y - corners[0].y)};
    return count;
}

static void place_box(const VisualAsk *ask, const float corners[4][2], VisualHit *hit)
{
    double low_x = 1, low_y = 1, high_x = 0, high_y = 0;
    hit->outline_count = outline_of(ask, corners, hit);
    for (int i = 0; i < hit->outline_count; i++) {
        low_x = MIN_OF(low_x, clamp_one(hit->outline[i].x));
        low_y = MIN_OF(low_y, clamp_one(hit->outline[i].y));
        high_x = MAX_OF(high_x, clamp_one(hit->outline[i].x));
        high_y = MAX_OF(high_y, clamp_one(hit->outline[i].y));
    }
    hit->has_place = true;
    hit->left = low_x;
    hit->top = low_y;
    hit->width = MAX_OF(0, high_x - low_x);
    hit->height = MAX_OF(0, high_y - low_y);
}

static void place_hit(const VisualAsk *ask, const LookupHit *from, VisualHit *hit)
{
    place_box(ask, from->corners, hit);
    hit->negative = from->way == WAY_NEGATIVE || from->way == WAY_MIRRORED_NEGATIVE;
    hit->mirrored = from->way == WAY_MIRRORED || from->way == WAY_MIRRORED_NEGATIVE;
    static_assert((int)VISUAL_POINTS_MAX == (int)LOOKUP_PAIRS_MAX, "evidence is handed on whole");
    hit->points_count = from->pairs_count;
    for (int i = 0; i < from->pairs_count; i++) {
        hit->asked[i] = (VisualPoint){((double)from->pairs[i].query_x + 0.5) / ask->picture.width_px,
            ((double)from->pairs[i].query_y + 0.5) / ask->picture.height_px};
        hit->found[i] = point_in(hit, from->pairs[i].x, from->pairs[i].y);
    }
}

// ---- the questions

static double decades(uint32_t pictures)
{
    return log10(MAX_OF(pictures, 10u)) - 2;
}

static double likely(double score, uint32_t pictures)
{
    const double fewer = log10(MIDDLE_PICTURES / MAX_OF(pictures, 1u));
    const double middle = MIDDLE - MIDDLE_PER_DECADE * MAX_OF(fewer, 0.0);
    return 1 / (1 + exp(-STEEP * (score - MAX_OF(middle, MIDDLE_MIN))));
}

static double likely_drawn(double score, uint32_t pictures)
{
    const double middle = DRAWN_MIDDLE_AT_100 + DRAWN_MIDDLE_PER_DECADE * decades(pictures);
    return 1 / (1 + exp(-DRAWN_STEEP * (score - middle)));
}

// Even-odd, so a lasso that crosses itself has a meaning too.
static bool inside(const VisualPoint *lasso, int count, double x, double y)
{
    bool in = false;
    for (int i = 0, j = count - 1; i < count; j = i++) {
        const VisualPoint a = lasso[i], b = lasso[j];
        if ((a.y > y) != (b.y > y) && x < a.x + (y - a.y) / (b.y - a.y) * (b.x - a.x))
            in = !in;
    }
    return in;
}

// Features of which nobody asked are not there. How many are left.
static int keep_inside(const VisualAsk *ask, Feature *features, int count)
{
    if (ask->lasso_count == 0)
        return count;
    int kept = 0;
    for (int i = 0; i < count; i++) {
        const double x = ((double)features[i].x_px + 0.5) / ask->picture.width_px;
        const double y = ((double)features[i].y_px + 0.5) / ask->picture.height_px;
        if (inside(ask->lasso, ask->lasso_count, x, y))
            features[kept++] = features[i];
    }
    return kept;
}

// Of the picture asked with, as far as they were wanted.
typedef struct {
    const VisualAsk *ask;
    Extractor *extractor;
    Feature *features;
    int max, described, count; // count: of those described, inside the lasso
} Described;

static int describe_more(void *ctx, int wanted)
{
    Described *d = ctx;
    for (int more = 1; d->count < wanted && more > 0; d->described += more) {
        more = extractor_next(d->extractor, d->max - d->described, d->features + d->count);
        d->count += keep_inside(d->ask, d->features + d->count, more);
    }
    return d->count;
}

static int look_up_grey(
    const Question *q, Extractor *extractor, Grey grey, LookupHit *hits, bool *ret_plain, Err *err)
{
    const VisualAsk *ask = q->ask;
    Described d = {.ask = ask,
        .extractor = extractor,
        .features = arena_array(q->arena, Feature, LOOKUP_FEATURES_MAX),
        .max = ask->features_max ? MIN_OF(ask->features_max, (int)LOOKUP_FEATURES_MAX) : LOOKUP_FEATURES_MAX};
    if (!extractor_begin(extractor, grey, d.max, err))
        return -1;
    *ret_plain = describe_more(&d, FEATURES_MIN) < FEATURES_MIN;
    const LookupAsk lookup_ask = {.features = d.features,
        .features_count = d.count,
        .more = describe_more,
        .more_ctx = &d,
        .width_px = (float)ask->picture.width_px,
        .height_px = (float)ask->picture.height_px,
        .mirrored = ask->mirrored,
        .rank_min = q->rank_min,
        .allowed = q->allowed,
        .limit = LOOKUP_HITS_MAX};
    return lookup(&q->v->shelf, q->v->words, &lookup_ask, hits);
}

static int look_up(const Question *q, LookupHit *hits, bool *ret_plain, Err *err)
{
    Grey greys[PICTURE_GREYS_MAX];
    const int greys_count = picture_greys(q->ask->picture, q->arena, greys);
    Extractor *extractor = index_take_extractor(q->v);
    int count = look_up_grey(q, extractor, greys[0], hits, ret_plain, err);
    for (int i = 1; i < greys_count && count >= 0; i++) {
        bool plain = false;
        LookupHit *more = arena_array(q->arena, LookupHit, LOOKUP_HITS_MAX);
        const int more_count = look_up_grey(q, extractor, greys[i], more, &plain, err);
        count = more_count < 0 ? -1 : lookup_join(hits, count, more, more_count);
        *ret_plain &= plain;
    }
    index_give_extractor(q->v, extractor);
    return count;
}

static void add_drawn(Question *q, VisualAnswer *answer)
{
    DrawnHit hits[DRAWN_HITS_MAX];
    bool plain;
    const DrawnAsk ask = {
        .picture = picture_grey(q->ask->picture, q->arena), .rank_min = q->rank_min, .allowed = q->allowed};
    const int count = drawn(&q->v->shelf, &ask, hits, &plain);
    answer->too_plain &= plain;
    answer->by_lines = true;
    for (int i = 0; i < count; i++) {
        const double score = likely_drawn(hits[i].score, q->v->shelf.pictures);
        if (score < (q->ask->perhaps ? DRAWN_PERHAPS_MIN : RIGHT_MIN) ||
            !add_object(q, answer, hits[i].picture))
            continue;
        VisualHit *hit = &answer->hits[answer->count++];
        *hit = hit_of(q, hits[i].picture, score);
        hit->drawn = true;
        place_box(q->ask, hits[i].corners, hit);
    }
}

static bool wants_lines(const Question *q, const VisualAnswer *answer)
{
    if (q->ask->lasso_count > 0 || q->ask->lines == VISUAL_LINES_NEVER)
        return false;
    return q->ask->lines == VISUAL_LINES_ALWAYS ||
           (answer->total == 0 && q->v->shelf.pictures <= q->v->lines_quick_max);
}

static bool ask_detail(Question *q, VisualAnswer *answer, Err *err)
{
    LookupHit *hits = arena_array(q->arena, LookupHit, LOOKUP_HITS_MAX);
    const int count = look_up(q, hits, &answer->too_plain, err);
    if (count < 0)
        return false;
    make_room(q, answer, (size_t)count + DRAWN_HITS_MAX);
    for (int sure = 1; sure >= (q->ask->perhaps ? 0 : 1); sure--) {
        for (int i = 0; i < count; i++) {
            const double score = likely(hits[i].score, q->v->shelf.pictures);
            if ((score >= RIGHT_MIN) != (sure == 1))
                continue;
            if (!add_object(q, answer, hits[i].picture))
                continue;
            VisualHit *hit = &answer->hits[answer->count++];
            *hit = hit_of(q, hits[i].picture, score);
            if (hits[i].pairs_count > 0)
                place_hit(q->ask, &hits[i], hit);
        }
        if (sure == 1 && wants_lines(q, answer))
            add_drawn(q, answer);
    }
    return true;
}

static int best_first(const void *a, const void *b)
{
    const Ranked *x = a, *y = b;
    if (x->score != y->score)
        return x->score > y->score ? -1 : 1;
    return x->picture < y->picture ? -1 : x->picture > y->picture;
}

typedef double Score(const Question *q, const void *wanted, const Segment *s, uint32_t picture);

// Every picture that may be answered and has more than `least`, best first.
static void rank_all(Question *q, Score *score, const void *wanted, double least, VisualAnswer *answer)
{
    const Shelf *shelf = &q->v->shelf;
    Ranked *ranked = arena_array(q->arena, Ranked, MAX_OF(shelf->pictures, 1u));
    size_t count = 0;
    for (int p = 0; p < shelf->parts_count; p++) {
        const ShelfPart *part = &shelf->parts[p];
        for (uint32_t i = 0; i < part->segment->pictures; i++) {
            const double value = may_answer(q, part, i) ? score(q, wanted, part->segment, i) : 0;
            if (value > least)
                ranked[count++] = (Ranked){part->first + i, value};
        }
    }
    qsort(ranked, count, sizeof(*ranked), best_first);
    make_room(q, answer, count);
    for (size_t i = 0; i < count; i++) {
        if (add_object(q, answer, ranked[i].picture))
            answer->hits[answer->count++] = hit_of(q, ranked[i].picture, ranked[i].score);
    }
}

// What a whole picture is asked with.
typedef struct {
    Sketch sketch;
    Vector vector; // of the museum's model; values NULL: there is none
} Whole;

static double score_look(const Question *q, const void *wanted, const Segment *s, uint32_t picture)
{
    const Whole *whole = wanted;
    const double look = look_likeness(&whole->sketch.look, &s->looks[picture]);
    return whole->vector.values ? liken(q->v, look, whole->vector, liken_known(q->v, s, picture)) : look;
}

static double score_palette(const Question *q, const void *wanted, const Segment *s, uint32_t picture)
{
    return palette_likeness(wanted, q->ask->colours_count, s->looks[picture].palette);
}

// 31 bits apart is the same picture, 60 the last that may be.
static double score_same(const Question *q, const void *wanted, const Segment *s, uint32_t picture)
{
    const Sketch *sketch = &((const Whole *)wanted)->sketch;
    (void)q;
    if (sketch->code_is_plain || s->picture[picture].plain)
        return 0;
    const SketchCode code = visual_segment_code(s, picture);
    const int distance = code_distance(&sketch->code, &code);
    if (distance <= CODE_SAME_MAX)
        return 1 - distance / 1000.0;
    return distance <= CODE_ALIKE_MAX ? 0.9 - (distance - CODE_SAME_MAX) / 100.0 : 0;
}

static bool find_whole(const Question *q, Whole *ret, Err *err)
{
    const Shelf *shelf = &q->v->shelf;
    for (int p = 0; p < shelf->parts_count; p++) {
        const ShelfPart *part = &shelf->parts[p];
        for (uint32_t i = 0; i < part->segment->pictures; i++) {
            if (part->ranks[i] == RANK_GONE || part->ranks[i] < q->rank_min ||
                !str_eq(visual_segment_image(part->segment, i), q->ask->image_id))
                continue;
            ret->sketch = (Sketch){.code = visual_segment_code(part->segment, i),
                .code_is_plain = part->segment->picture[i].plain != 0,
                .look = part->segment->looks[i]};
            ret->vector = liken_known(q->v, part->segment, i);
            return true;
        }
    }
    return err_set(err, ERR_NOT_FOUND, "no such picture in the visual index");
}

static bool ask_whole(Question *q, VisualAnswer *answer, Err *err)
{
    Whole whole = {.vector = q->vector};
    if (q->ask->image_id.n == 0)
        sketch_make(q->ask->picture, &whole.sketch);
    else if (!find_whole(q, &whole, err))
        return false;
    if (q->ask->question == VISUAL_SAME) {
        answer->too_plain = whole.sketch.code_is_plain;
        rank_all(q, score_same, &whole, 0, answer);
    } else {
        rank_all(q, score_look, &whole, 0.5, answer);
    }
    return true;
}

static bool check_picture(const VisualAsk *ask, Err *err)
{
    const Picture *p = &ask->picture;
    if (p->p == NULL || p->width_px < 1 || p->height_px < 1 || p->stride < (size_t)p->width_px * 3)
        return err_set(err, ERR_INVALID, "no picture to look for");
    if (MAX_OF(p->width_px, p->height_px) > VISUAL_SIDE_MAX_PX)
        return err_set(
            err, ERR_LIMIT, "a picture to look for has at most %d pixels a side", VISUAL_SIDE_MAX_PX);
    return true;
}

static bool check(const VisualAsk *ask, Err *err)
{
    if (ask->limit < 1 || ask->limit > VISUAL_LIMIT_MAX)
        return err_set(err, ERR_INVALID, "limit is from 1 to %d", VISUAL_LIMIT_MAX);
    switch (ask->question) {
    case VISUAL_PALETTE:
        if (ask->colours_count < 1 || ask->colours_count > PALETTE_MAX)
            return err_set(err, ERR_INVALID, "from 1 to %d colours can be asked for", PALETTE_MAX);
        for (int i = 0; i < ask->colours_count; i++) {
            if (ask->colours[i].part == 0 || ask->colours[i].l > 100)
                return err_set(err, ERR_INVALID, "a colour has a lightness up to 100 and a part above 0");
        }
        return true;
    case VISUAL_DETAIL:
        if (ask->features_max < 0)
            return err_set(err, ERR_INVALID, "a number of features is not below 0");
        if (ask->lasso_count != 0 && (ask->lasso_count < 3 || ask->lasso_count > VISUAL_CORNERS_MAX))
            return err_set(err, ERR_INVALID, "a lasso has from 3 to %d corners", VISUAL_CORNERS_MAX);
        return check_picture(ask, err);
    case VISUAL_LIKE:
    case VISUAL_SAME:
        return ask->image_id.n > 0 || check_picture(ask, err);
    }
    return err_set(err, ERR_INVALID, "unknown question");
}

static bool answer_question(Question *q, VisualAnswer *answer, Err *err)
{
    switch (q->ask->question) {
    case VISUAL_DETAIL:
        return ask_detail(q, answer, err);
    case VISUAL_LIKE:
    case VISUAL_SAME:
        return ask_whole(q, answer, err);
    case VISUAL_PALETTE:
        rank_all(q, score_palette, q->ask->colours, 0.3, answer);
        return true;
    }
    return false;
}

bool visual_ask(Visual *v, const VisualAsk *ask, Arena *a, VisualAnswer *ret, Err *err)
{
    if (!check(ask, err))
        return false;
    index_refresh(v);
    Str *hidden = NULL;
    size_t hidden_count = 0;
    if (ask->ledger && !catalog_hidden_since(ask->ledger, visual_sequence(v), ask->role, CATALOG_PICTURES, a,
                           &hidden, &hidden_count, err))
        return false;
    VisualAnswer answer = {.hits = arena_array(a, VisualHit, (size_t)ask->limit)};
    const bool whole = ask->question == VISUAL_LIKE && ask->image_id.n == 0;
    const Vector vector = whole ? liken_asked(v, ask->picture, a) : (Vector){0};
    pthread_rwlock_rdlock(&v->guard);
    Question q = {.v = v,
        .ask = ask,
        .arena = a,
        .allowed = allow(v, ask, hidden, hidden_count, a),
        .vector = vector,
        .rank_min = rights_rank_pixels(ask->role)};
    answer.sequence = v->sequence;
    const bool good = answer_question(&q, &answer, err);
    pthread_rwlock_unlock(&v->guard);
    if (good)
        *ret = answer;
    return good;
}
