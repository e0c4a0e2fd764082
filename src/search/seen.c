// SPDX-License-Identifier: Apache-2.0
// Which records visitors met in results, and when last: a statistic. The writer keeps it in memory and now
// and then in a file beside the index; if that is lost, counting begins again.
#include "base/clock.h"
#include "search/index.h"

Seen *shown_open(int dir)
{
    return tally_open(dir, "seen", clock_now_ms());
}

void shown_close(Seen *seen)
{
    tally_close(seen);
}

void shown_add(Seen *seen, const SearchHit *hits, size_t count)
{
    int64_t now_ms = clock_now_ms();
    for (size_t i = 0; seen && i < count; i++)
        tally_add(seen, hits[i].object_id, now_ms);
}

bool shown_has(Seen *seen, Str object_id)
{
    TallyEntry entry;
    return seen && tally_find(seen, object_id, &entry);
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
    int64_t today = clock_now_ms() / TALLY_DAY_MS, since = today - days;
    for (size_t i = 0; i < n->count; i++) {
        const View *v = n->views[i];
        for (uint32_t doc = 0; doc < segment_docs(v->segment); doc++) {
            if (!view_shows(v, role, doc))
                continue;
            DocFacts facts;
            segment_doc(v->segment, doc, &facts);
            TallyEntry entry;
            bool seen = tally_find(s->seen, facts.object_id, &entry);
            c.records++;
            c.shown += seen && entry.day >= since;
            if (!seen)
                few_add(&never, facts.object_id,
                    (tally_hash(facts.object_id) ^ (uint64_t)today * 0x9E3779B97F4A7C15ull) *
                        0xBF58476D1CE4E5B9ull,
                    a);
        }
    }
    snapshot_drop(s, n);
    c.never = never.ids;
    c.never_count = never.count;
    *ret = c;
    return true;
}
