// SPDX-License-Identifier: Apache-2.0
// Is this picture there already: one pass over the codes of all pictures, 32 bytes each.
#include "visual/index.h"
#include "visual/kernel.h"

#include <stdlib.h>

enum { CODES_AT_ONCE = 1024, SIDE_BY_SIDE_MIN = 500 * 1000 };

// What one thread looks through: pictures [from, to) of the shelf.
typedef struct {
    const Shelf *shelf;
    const SketchCode *code;
    int distance_max;
    int rank_min;
    Str except_object;
    uint32_t from, to;
    VisualTwin found[VISUAL_TWINS_MAX]; // nearest first; ids point into the segments
    size_t count;
} Search;

static void insert(Search *s, VisualTwin twin)
{
    size_t at = s->count;
    if (at == VISUAL_TWINS_MAX) {
        if (twin.distance >= s->found[at - 1].distance)
            return;
        at--;
    } else {
        s->count++;
    }
    for (; at > 0 && s->found[at - 1].distance > twin.distance; at--)
        s->found[at] = s->found[at - 1];
    s->found[at] = twin;
}

static void judge(Search *s, const ShelfPart *part, uint32_t i, int distance)
{
    const SegmentPicture *picture = &part->segment->picture[i];
    const Str object = visual_segment_object(part->segment, i);
    if (part->ranks[i] == RANK_GONE || part->ranks[i] < s->rank_min || picture->plain ||
        str_eq(object, s->except_object))
        return;
    insert(s, (VisualTwin){.object_id = object,
                  .image_id = visual_segment_image(part->segment, i),
                  .width_px = picture->width_px,
                  .height_px = picture->height_px,
                  .distance = distance});
}

static void *look_through(void *argument)
{
    Search *s = argument;
    const Kernel *kernel = kernel_best();
    CodeHit hits[CODES_AT_ONCE];
    for (int p = 0; p < s->shelf->parts_count; p++) {
        const ShelfPart *part = &s->shelf->parts[p];
        const uint32_t pictures = part->segment->pictures;
        const uint32_t from = s->from > part->first ? MIN_OF(s->from - part->first, pictures) : 0;
        const uint32_t to = s->to > part->first ? MIN_OF(s->to - part->first, pictures) : 0;
        for (uint32_t at = from; at < to; at += CODES_AT_ONCE) {
            const uint32_t count = MIN_OF(to - at, (uint32_t)CODES_AT_ONCE);
            const uint64_t *const *all = part->segment->codes;
            const uint64_t *const planes[4] = {all[0] + at, all[1] + at, all[2] + at, all[3] + at};
            const int found = kernel->codes(planes, count, s->code->code, s->distance_max, hits);
            for (int i = 0; i < found; i++)
                judge(s, part, at + hits[i].at, hits[i].distance);
        }
    }
    return NULL;
}

// Two halves at once where that is worth a thread.
static void search(Search *s)
{
    pthread_t thread;
    Search *half = mem_alloc(sizeof(*half));
    *half = *s;
    half->from = s->to = s->to / 2;
    const bool both = half->to >= SIDE_BY_SIDE_MIN && pthread_create(&thread, NULL, look_through, half) == 0;
    look_through(s);
    if (both)
        pthread_join(thread, NULL);
    else
        look_through(half);
    for (size_t i = 0; i < half->count; i++)
        insert(s, half->found[i]);
    free(half);
}

bool visual_same(Visual *v, const SketchCode *code, int distance_max, ViewerRole role, Str except_object,
    Arena *a, VisualTwin **ret, size_t *ret_count, Err *err)
{
    if (distance_max < 0 || distance_max > CODE_BITS)
        return err_set(err, ERR_INVALID, "codes differ in 0 to %d bits", CODE_BITS);
    index_refresh(v);
    pthread_rwlock_rdlock(&v->guard);
    Search *s = mem_alloc(sizeof(*s));
    *s = (Search){.shelf = &v->shelf,
        .code = code,
        .distance_max = distance_max,
        .rank_min = rights_rank_pixels(role),
        .except_object = except_object,
        .to = v->shelf.pictures};
    search(s);
    *ret = arena_array(a, VisualTwin, MAX_OF(s->count, 1));
    *ret_count = s->count;
    for (size_t i = 0; i < s->count; i++) {
        (*ret)[i] = s->found[i];
        (*ret)[i].object_id = arena_copy(a, s->found[i].object_id);
        (*ret)[i].image_id = arena_copy(a, s->found[i].image_id);
    }
    pthread_rwlock_unlock(&v->guard);
    free(s);
    return true;
}
