// SPDX-License-Identifier: Apache-2.0
// Likeness by the museum's own model, beside what this room sees itself. The model is slow and foreign: it
// looks at a few pictures at a time, outside the guard, and what it cannot look at is remembered as such.
#include "visual/index.h"

#include "catalog/record.h"

#include <stdlib.h>

#define PART_OF_MODEL 0.7 // of the likeness, where both pictures have a vector

static uint64_t hash_of(Str id)
{
    uint64_t h = 0xCBF29CE484222325ull; // FNV-1a
    for (size_t i = 0; i < id.n; i++)
        h = (h ^ (unsigned char)id.p[i]) * 0x100000001B3ull;
    return h;
}

bool visual_use_model(Visual *v, const VisualModel *model, Err *err)
{
    Err none = {0};
    assert(!v->vectors);
    v->vectors = vectors_open(v->dir, model->key, model->dimensions, v->lock_fd >= 0, &none);
    if (!v->vectors && none.kind != ERR_NOT_FOUND)
        return *err = none, false;
    v->model = *model;
    return true;
}

// ---- forgetting

typedef struct {
    uint64_t picture, master;
} Key;

typedef struct {
    Key *keys;
    size_t count;
} Living;

static int by_key(const void *x, const void *y)
{
    const Key *a = x, *b = y;
    if (a->picture != b->picture)
        return a->picture < b->picture ? -1 : 1;
    return a->master < b->master ? -1 : a->master > b->master;
}

static bool lives(void *ctx, uint64_t picture, uint64_t master)
{
    const Living *living = ctx;
    const Key key = {picture, master};
    return living->count && bsearch(&key, living->keys, living->count, sizeof(key), by_key);
}

bool liken_purge(Visual *v, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Living living = {0};
    size_t capacity = 0;
    if (!v->vectors)
        return true;
    for (int p = 0; p < v->parts_count; p++) {
        const IndexPart *part = &v->parts[p];
        for (uint32_t i = 0; i < part->segment->pictures; i++)
            if (part->ranks[i] != RANK_GONE)
                *arena_push(a, &living.keys, &living.count, &capacity) =
                    (Key){hash_of(visual_segment_image(part->segment, i)), part->segment->picture[i].master};
    }
    if (living.count)
        qsort(living.keys, living.count, sizeof(Key), by_key);
    return vectors_purge(v->vectors, v->dir, lives, &living, err);
}

// ---- asking

Vector liken_known(const Visual *v, const Segment *s, uint32_t picture)
{
    return v->vectors ? vectors_find(
                            v->vectors, hash_of(visual_segment_image(s, picture)), s->picture[picture].master)
                      : (Vector){0};
}

Vector liken_asked(Visual *v, Picture picture, Arena *a)
{
    Err err = {0}; // without the model's help, then
    if (!v->vectors || !picture.p)
        return (Vector){0};
    float *vector = arena_array(a, float, (size_t)v->model.dimensions);
    return v->model.vector(v->model.ctx, picture, vector, &err) ? vectors_pack(vector, v->model.dimensions, a)
                                                                : (Vector){0};
}

double liken(const Visual *v, double look, Vector asked, Vector known)
{
    if (!known.values || known.scale <= 0 || asked.scale <= 0)
        return look;
    const double near = MAX_OF((double)vectors_likeness(v->vectors, asked, known), 0.0);
    return PART_OF_MODEL * near + (1 - PART_OF_MODEL) * look;
}

// ---- following

typedef struct {
    Str object_id, image_id;
    uint64_t master;
} Unseen;

// Pictures that the model has not looked at, at most `max`; *ret_more: there are further ones.
static size_t find_unseen(Visual *v, size_t max, Arena *a, Unseen *ret, bool *ret_more)
{
    size_t count = 0;
    *ret_more = false;
    pthread_rwlock_rdlock(&v->guard);
    for (int p = 0; p < v->parts_count && !*ret_more; p++) {
        const IndexPart *part = &v->parts[p];
        for (uint32_t i = 0; i < part->segment->pictures && !*ret_more; i++) {
            if (part->ranks[i] == RANK_GONE || liken_known(v, part->segment, i).values)
                continue;
            *ret_more = count == max;
            if (count < max)
                ret[count++] = (Unseen){arena_copy(a, visual_segment_object(part->segment, i)),
                    arena_copy(a, visual_segment_image(part->segment, i)), part->segment->picture[i].master};
        }
    }
    pthread_rwlock_unlock(&v->guard);
    return count;
}

static bool find_pixels(
    Catalog *c, const VisualSource *source, const Unseen *unseen, Arena *a, Picture *ret, Err *err)
{
    CatalogImage image;
    if (!catalog_find_image(c, unseen->image_id, a, &image, err))
        return false;
    Pyramid *p = source->pyramid(source->ctx, &image.master, image.page, err);
    const bool good = p && index_render_small(p, a, ret, err);
    if (p)
        pyramid_drop(p);
    return good;
}

// A picture without a vector is remembered as one that the model can make nothing of.
static bool keep(Visual *v, const Unseen *unseen, const float *vector, Err *err)
{
    pthread_rwlock_wrlock(&v->guard);
    const bool good = vectors_add(v->vectors, hash_of(unseen->image_id), unseen->master, vector, err);
    pthread_rwlock_unlock(&v->guard);
    return good;
}

static bool look_at(Visual *v, Catalog *c, const VisualSource *source, const Unseen *unseen, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Picture picture;
    Err why = {0};
    float *vector = arena_array(a, float, (size_t)v->model.dimensions);
    if (!find_pixels(c, source, unseen, a, &picture, &why))
        return why.kind == ERR_NOT_FOUND ? keep(v, unseen, NULL, err) : (*err = why, false);
    if (v->model.vector(v->model.ctx, picture, vector, &why))
        return keep(v, unseen, vector, err);
    if (why.kind == ERR_UNSUPPORTED || why.kind == ERR_IO || why.kind == ERR_NOT_FOUND)
        return *err = why, false; // the model, not the picture
    return keep(v, unseen, NULL, err);
}

bool visual_follow_model(Visual *v, Catalog *c, const VisualSource *source, int max,
    const volatile bool *stop, bool *ret_waiting, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    assert(v->lock_fd >= 0 && max > 0);
    *ret_waiting = false;
    if (!v->vectors)
        return true;
    Unseen *unseen = arena_array(a, Unseen, (size_t)max);
    const size_t count = find_unseen(v, (size_t)max, a, unseen, ret_waiting);
    for (size_t i = 0; i < count && !*stop; i++)
        if (!look_at(v, c, source, &unseen[i], err))
            return false;
    return count == 0 || vectors_sync(v->vectors, err);
}
