// SPDX-License-Identifier: Apache-2.0
// Which records visitors met in results, and when last: a statistic. The writer keeps it in memory and now
// and then in a file beside the index; if that is lost, counting begins again.
#include "base/clock.h"
#include "base/file.h"
#include "search/index.h"

#include <stdlib.h>

enum {
    ENTRIES_MAX = 4000000,
    SAVE_EVERY_MS = 300000,
    DAY_MS = 86400000,
    ENTRY_BYTES = 10, // hash, day
    FILE_MAX_BYTES = ENTRIES_MAX * ENTRY_BYTES,
};

typedef struct {
    uint64_t hash; // 0: free
    uint16_t day;  // since 1970
} Entry;

struct Seen {
    pthread_mutex_t lock;
    Entry *entries;
    size_t count, size;
    int64_t saved_ms;
    bool changed;
};

static uint64_t hash_of(Str id)
{
    uint64_t h = 0xCBF29CE484222325ull;
    for (size_t i = 0; i < id.n; i++)
        h = (h ^ (unsigned char)id.p[i]) * 0x100000001B3ull;
    h ^= h >> 32;
    h *= 0x9E3779B97F4A7C15ull;
    return h | 1;
}

static Entry *place_of(const Seen *seen, uint64_t hash)
{
    size_t at = (size_t)(hash >> 20) & (seen->size - 1);
    while (seen->entries[at].hash && seen->entries[at].hash != hash)
        at = (at + 1) & (seen->size - 1);
    return &seen->entries[at];
}

static void put(Seen *seen, uint64_t hash, uint16_t day)
{
    if (seen->count * 2 >= seen->size) {
        Seen bigger = {.size = seen->size * 2};
        bigger.entries = mem_alloc(bigger.size * sizeof(Entry));
        for (size_t i = 0; i < seen->size; i++)
            if (seen->entries[i].hash)
                *place_of(&bigger, seen->entries[i].hash) = seen->entries[i];
        free(seen->entries);
        seen->entries = bigger.entries;
        seen->size = bigger.size;
    }
    Entry *e = place_of(seen, hash);
    if (!e->hash && seen->count == ENTRIES_MAX)
        return;
    seen->count += !e->hash;
    seen->changed |= e->day != day;
    *e = (Entry){hash, day};
}

Seen *shown_open(int dir)
{
    Seen *seen = mem_alloc(sizeof(Seen));
    pthread_mutex_init(&seen->lock, NULL);
    seen->size = 1024;
    seen->entries = mem_alloc(seen->size * sizeof(Entry));
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str bytes;
    CLEANUP(fd_closep) int fd = file_open(dir, "seen", &err);
    if (fd >= 0 && file_read_all(fd, FILE_MAX_BYTES, a, &bytes, &err))
        for (size_t at = 0; at + ENTRY_BYTES <= bytes.n; at += ENTRY_BYTES) {
            Entry e;
            memcpy(&e.hash, bytes.p + at, sizeof(e.hash));
            memcpy(&e.day, bytes.p + at + sizeof(e.hash), sizeof(e.day));
            put(seen, e.hash | 1, e.day);
        }
    seen->changed = false;
    return seen;
}

static void save(Seen *seen, int dir)
{
    CLEANUP(buf_free) Buf b = buf_with_max(FILE_MAX_BYTES);
    for (size_t i = 0; i < seen->size; i++)
        if (seen->entries[i].hash) {
            buf_add_bytes(&b, &seen->entries[i].hash, sizeof(uint64_t));
            buf_add_bytes(&b, &seen->entries[i].day, sizeof(uint16_t));
        }
    Err err = {0};
    seen->changed = !file_replace(dir, "seen", buf_str(&b), false, &err); // next time, then
}

void shown_close(Seen *seen, int dir)
{
    if (!seen)
        return;
    if (seen->changed)
        save(seen, dir);
    pthread_mutex_destroy(&seen->lock);
    free(seen->entries);
    free(seen);
}

void shown_add(Seen *seen, int dir, const SearchHit *hits, size_t count)
{
    if (!seen || count == 0)
        return;
    int64_t now_ms = clock_now_ms();
    pthread_mutex_lock(&seen->lock);
    for (size_t i = 0; i < count; i++)
        put(seen, hash_of(hits[i].object_id), (uint16_t)(now_ms / DAY_MS));
    if (seen->changed && now_ms - seen->saved_ms > SAVE_EVERY_MS) {
        seen->saved_ms = now_ms;
        save(seen, dir);
    }
    pthread_mutex_unlock(&seen->lock);
}

bool shown_has(Seen *seen, Str object_id)
{
    if (!seen)
        return false;
    pthread_mutex_lock(&seen->lock);
    bool has = place_of(seen, hash_of(object_id))->hash != 0;
    pthread_mutex_unlock(&seen->lock);
    return has;
}

// A few of many, others each day: those whose hash and the day mix to the least.
typedef struct {
    Str *ids;
    uint64_t *ranks; // ascending
    size_t count, max;
} Few;

static void few_add(Few *few, Str id, uint64_t rank, Arena *a)
{
    size_t at = few->count;
    while (at > 0 && few->ranks[at - 1] > rank)
        at--;
    if (at >= few->max)
        return;
    few->count = MIN_OF(few->count + 1, few->max);
    for (size_t i = few->count - 1; i > at; i--) {
        few->ids[i] = few->ids[i - 1];
        few->ranks[i] = few->ranks[i - 1];
    }
    few->ids[at] = arena_copy(a, id);
    few->ranks[at] = rank;
}

bool search_coverage(Search *s, ViewerRole role, int days, int limit, Arena *a, SearchCoverage *ret, Err *err)
{
    if (days < 0 || limit < 0 || limit > SEARCH_LIMIT_MAX)
        return err_set(err, ERR_LIMIT, "too much asked for at once");
    if (!s->seen)
        return err_set(err, ERR_UNSUPPORTED, "only the process that writes the index counts what was shown");
    Snapshot *n = snapshot_keep(s, err);
    if (!n)
        return false;
    SearchCoverage c = {0};
    Few never = {.ids = arena_array(a, Str, (size_t)limit),
        .ranks = arena_array(a, uint64_t, (size_t)limit),
        .max = (size_t)limit};
    int64_t today = clock_now_ms() / DAY_MS, since = today - days;
    pthread_mutex_lock(&s->seen->lock);
    for (size_t i = 0; i < n->count; i++) {
        const View *v = n->views[i];
        for (uint32_t doc = 0; doc < segment_docs(v->segment); doc++) {
            if (!view_shows(v, role, doc))
                continue;
            DocFacts facts;
            segment_doc(v->segment, doc, &facts);
            uint64_t hash = hash_of(facts.object_id);
            const Entry *e = place_of(s->seen, hash);
            c.records++;
            c.shown += e->hash && e->day >= since;
            if (!e->hash)
                few_add(&never, facts.object_id,
                    (hash ^ (uint64_t)today * 0x9E3779B97F4A7C15ull) * 0xBF58476D1CE4E5B9ull, a);
        }
    }
    pthread_mutex_unlock(&s->seen->lock);
    snapshot_drop(s, n);
    c.never = never.ids;
    c.never_count = never.count;
    *ret = c;
    return true;
}
