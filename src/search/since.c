// SPDX-License-Identifier: Apache-2.0
// An index that is behind shows what the ledger has hidden since: in hits, counts, facets and suggestions.
// Here it is covered: the same snapshot, in which nobody finds it.
#include "search/index.h"

#include <stdlib.h>

static void cover_object(const View *v, ViewerRole role, Str object_id)
{
    char id[TERM_MAX_BYTES], text[TERM_MAX_BYTES + 1];
    Term term;
    object_id = id_term(object_id, id);
    text[0] = TERM_ID;
    memcpy(text + 1, object_id.p, object_id.n);
    if (!segment_term(v->segment, (Str){text, object_id.n + 1}, &term))
        return;
    for (Postings p = postings(&term); postings_next(&p);)
        v->visible[role][p.doc / 64] &= ~(1ull << (p.doc % 64));
}

static void count_visible(View *v)
{
    for (int role = 0; role < 2; role++) {
        v->visible_count[role] = 0;
        for (uint32_t i = 0; i < segment_docs(v->segment) / 64 + 1; i++)
            v->visible_count[role] += (uint32_t)__builtin_popcountll(v->visible[role][i]);
    }
}

typedef struct {
    Str *ids;
    size_t count;
} Hidden;

static View *cover_view(const View *from, const Hidden hidden[2])
{
    View *v = view_make(segment_keep(from->segment), from->dead, from->dead_name, from->default_rank);
    for (int role = 0; role < 2; role++)
        for (size_t i = 0; i < hidden[role].count; i++)
            cover_object(v, (ViewerRole)role, hidden[role].ids[i]);
    count_visible(v);
    return v;
}

// NULL without an error: there is nothing to cover.
static Snapshot *make_cover(Search *s, const Snapshot *n, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Hidden hidden[2];
    for (int role = 0; role < 2; role++) {
        if (!catalog_hidden_since(s->ledger, n->sequence, (ViewerRole)role, CATALOG_RECORD, a,
                &hidden[role].ids, &hidden[role].count, err))
            return NULL;
    }
    if (hidden[0].count + hidden[1].count == 0)
        return NULL;
    View **views = arena_array(a, View *, n->count + 1);
    for (size_t i = 0; i < n->count; i++)
        views[i] = cover_view(n->views[i], hidden);
    Snapshot *cover = snapshot_make(views, n->count, n->generation, n->sequence);
    for (size_t i = 0; i < n->count; i++)
        view_drop(views[i]);
    return cover;
}

// One is kept until the index or the ledger moves: its facet table is made once.
static bool keep_cover(Search *s, const Snapshot *n, int64_t head, Err *err)
{
    if (head == s->cover_head && n->generation == s->cover_generation && n->sequence == s->cover_sequence)
        return true;
    Err why = {0};
    snapshot_drop(s, s->cover);
    Snapshot *cover = head > n->sequence ? make_cover(s, n, &why) : NULL;
    __atomic_store_n(&s->cover, cover, __ATOMIC_RELAXED);
    s->cover_head = why.kind == ERR_NONE ? head : -1;
    s->cover_generation = n->generation;
    s->cover_sequence = n->sequence;
    return why.kind == ERR_NONE || err_set(err, why.kind, "%s", why.text);
}

Snapshot *snapshot_cover(Search *s, Snapshot *n, Err *err)
{
    const int64_t head = catalog_head(s->ledger, err);
    // One that has done its work is given back here too: it may hold what was withdrawn.
    if (head == n->sequence && __atomic_load_n(&s->cover, __ATOMIC_RELAXED) == NULL)
        return n;
    Snapshot *ret = n;
    pthread_mutex_lock(&s->loading);
    const bool good = head >= 0 && keep_cover(s, n, head, err);
    if (good && s->cover) {
        ret = s->cover;
        __atomic_add_fetch(&ret->refs, 1, __ATOMIC_RELAXED);
    }
    pthread_mutex_unlock(&s->loading);
    if (!good || ret != n)
        snapshot_drop(s, n);
    return good ? ret : NULL;
}
