// SPDX-License-Identifier: Apache-2.0
// A changing choice of works for the entrance: some of each kind rather than the newest import. It is made
// from a handful of searches, kept for a while, and holds ids only.
#include "site/int.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"

enum {
    KEPT_MS = 10 * 60 * 1000,
    KEPT_CHANGED_MS = 5 * 1000, // after the ledger has moved
    LOOKED_AT = 40,             // pictured works of each kind
    TAKEN = 6,
    HERO_SIDE_MIN_PX = 900,
};

struct Choice {
    pthread_mutex_t lock;
    Arena *arena; // of `made`
    ChoiceMade made;
    int64_t made_ms, head;
};

Choice *choice_open(void)
{
    Choice *c = mem_alloc(sizeof(*c));
    pthread_mutex_init(&c->lock, NULL);
    c->arena = arena_open();
    return c;
}

void choice_close(Choice *c)
{
    pthread_mutex_destroy(&c->lock);
    arena_close(c->arena);
    free(c);
}

// A pictured work that was found, with how well it would stand in the entrance.
typedef struct {
    Str id;
    bool grand;
} Found;

typedef struct {
    Found items[CHOICE_WORKS_MAX * 2];
    size_t count;
} Pool;

static uint32_t random_below(uint32_t bound)
{
    uint32_t bits;
    random_bytes(&bits, sizeof(bits));
    return bits % bound;
}

static bool pool_has(const Pool *pool, Str id)
{
    for (size_t i = 0; i < pool->count; i++) {
        if (str_eq(pool->items[i].id, id))
            return true;
    }
    return false;
}

static bool is_grand(const RecordMedia *media, Grant grant)
{
    int shorter = MIN_OF(media->width_px, media->height_px),
        longer = MAX_OF(media->width_px, media->height_px);
    return shorter >= HERO_SIDE_MIN_PX && longer <= 2 * shorter && grant.side_max_px >= 2 * HERO_SIDE_MIN_PX;
}

// Some pictured works of one search into the pool; *ret_work is one of them.
static bool gather(
    const Visit *v, const SearchAsk *ask, size_t taken_max, Pool *pool, Str *ret_work, Err *err)
{
    SearchAnswer answer;
    Seen *seen;
    size_t seen_count, taken = 0;
    SearchAsk pictured = *ask;
    pictured.filters[pictured.filters_count++] = (SearchFilter){S("has"), S("image")};
    if (!site_search(v, &pictured, &answer, err))
        return false;
    Str *ids = arena_array(v->a, Str, answer.hits_count + 1);
    for (size_t i = 0; i < answer.hits_count; i++)
        ids[i] = answer.hits[i].object_id;
    if (!seen_find_many(v, ids, answer.hits_count, &seen, &seen_count, err))
        return false;
    uint32_t turn = seen_count ? random_below((uint32_t)seen_count) : 0;
    for (size_t i = 0; i < seen_count; i++) {
        const Seen *work = &seen[(i + turn) % seen_count];
        const RecordMedia *media = seen_picture(work, 0);
        if (!media || taken >= taken_max || pool->count == COUNT_OF(pool->items))
            continue;
        if (!ret_work->n)
            *ret_work = work->record.id;
        if (pool_has(pool, work->record.id))
            continue;
        pool->items[pool->count++] = (Found){work->record.id, is_grand(media, work->grant)};
        taken++;
    }
    return true;
}

static void shuffle(Pool *pool)
{
    for (size_t i = pool->count; i > 1; i--) {
        size_t k = random_below((uint32_t)i);
        Found kept = pool->items[i - 1];
        pool->items[i - 1] = pool->items[k];
        pool->items[k] = kept;
    }
    for (size_t i = 0; i < pool->count; i++) {
        if (pool->items[i].grand) {
            Found kept = pool->items[0];
            pool->items[0] = pool->items[i];
            pool->items[i] = kept;
            return;
        }
    }
}

static bool make(const Visit *v, ChoiceMade *ret, Err *err)
{
    SearchAnswer answer;
    Pool *pool = arena_new(v->a, Pool);
    ChoiceMade made = {0};
    Str any = {0};
    if (!site_search(v, &(SearchAsk){.role = VIEWER_PUBLIC, .facets = true}, &answer, err))
        return false;
    const SearchFacet *kinds = facet_find(&answer, S("classification"));
    for (size_t i = 0; kinds && i < kinds->count && made.doors_count < CHOICE_DOORS_MAX; i++) {
        SearchAsk ask = {
            .role = VIEWER_PUBLIC, .limit = LOOKED_AT, .sort = SEARCH_BY_NEWEST, .filters_count = 1};
        ask.filters[0] = (SearchFilter){S("classification"), kinds->values[i].value};
        Str work = {0};
        if (!gather(v, &ask, TAKEN, pool, &work, err))
            return false;
        made.doors[made.doors_count].value = kinds->values[i].value;
        made.doors[made.doors_count].count = kinds->values[i].count;
        made.doors[made.doors_count++].work = work;
    }
    SearchAsk newest = {.role = VIEWER_PUBLIC, .limit = SEARCH_LIMIT_MAX, .sort = SEARCH_BY_NEWEST};
    if (!gather(v, &newest, CHOICE_WORKS_MAX, pool, &any, err))
        return false;
    shuffle(pool);
    for (; made.works_count < MIN_OF(pool->count, CHOICE_WORKS_MAX); made.works_count++)
        made.works[made.works_count] = pool->items[made.works_count].id;
    *ret = made;
    return true;
}

static ChoiceMade copy(Arena *a, const ChoiceMade *from)
{
    ChoiceMade to = *from;
    for (size_t i = 0; i < to.works_count; i++)
        to.works[i] = arena_copy(a, to.works[i]);
    for (size_t i = 0; i < to.doors_count; i++) {
        to.doors[i].value = arena_copy(a, to.doors[i].value);
        to.doors[i].work = arena_copy(a, to.doors[i].work);
    }
    return to;
}

// A public choice: it is kept between visitors, so it is never made with a staff member's eyes.
bool choice_make(const Visit *v, ChoiceMade *ret, Err *err)
{
    Choice *c = v->site->choice;
    int64_t head = catalog_head(v->site->config.catalog, err), now_ms = clock_now_ms();
    if (head < 0)
        return false;
    Visit public_visit = *v;
    public_visit.role = VIEWER_PUBLIC;
    pthread_mutex_lock(&c->lock);
    int64_t age_ms = now_ms - c->made_ms;
    bool fresh = age_ms >= 0 && age_ms < (head == c->head ? KEPT_MS : KEPT_CHANGED_MS), good = true;
    if (!fresh) {
        ChoiceMade made;
        good = make(&public_visit, &made, err);
        if (good) {
            arena_reset(c->arena);
            c->made = copy(c->arena, &made);
            c->made_ms = now_ms;
            c->head = head;
        }
    }
    if (good)
        *ret = copy(v->a, &c->made);
    pthread_mutex_unlock(&c->lock);
    return good;
}
