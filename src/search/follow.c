// SPDX-License-Identifier: Apache-2.0
// Following the ledger: rows become documents in memory, documents become segments, small segments become
// bigger ones.
#include "base/file.h"
#include "base/json.h"
#include "search/index.h"

#include <stdio.h>
#include <stdlib.h>

enum {
    ROWS_AT_ONCE = 256,
    ROWS_AT_FIRST = 16,
    ROWS_MAX_BYTES = 8 * 1024 * 1024, // records may be megabytes each: then fewer at once
    BUILDER_MAX_BYTES = 20 * 1024 * 1024,
    TIER_WIDTH = 6,    // as many segments of about the same size become one
    TIER_FIRST = 1000, // records in a segment of the lowest tier
    TIER_FACTOR = 8,
    VIEWS_MAX = 400,
    SMALL_MUSEUM_DOCS = 300000, // up to here everything is put into one segment after a big change
};

// The index while it is being changed: views, and what has died in them since.
typedef struct {
    Search *s;
    Catalog *catalog;
    View *views[VIEWS_MAX];
    uint64_t *died[VIEWS_MAX]; // NULL: as in the view
    size_t count;
    int64_t sequence, generation;
    int names;      // files made in this generation
    size_t changed; // records since the start
    bool purge;     // something was withdrawn by law: its words must leave the files, not only the answers
} Work;

static void work_begin(Work *w, Search *s, Catalog *c)
{
    *w = (Work){.s = s, .catalog = c, .generation = s->now->generation};
    if (s->anew)
        return; // from the first row on, beside what is there
    w->sequence = s->now->sequence;
    for (size_t i = 0; i < s->now->count && i < VIEWS_MAX; i++)
        w->views[w->count++] = view_keep(s->now->views[i]);
}

static void work_end(Work *w)
{
    for (size_t i = 0; i < w->count; i++) {
        view_drop(w->views[i]);
        free(w->died[i]);
    }
}

static bool is_dead(const Work *w, size_t view, uint32_t doc)
{
    const uint64_t *dead = w->died[view] ? w->died[view] : w->views[view]->dead;
    return dead && (dead[doc / 64] >> (doc % 64) & 1);
}

static void kill_record(Work *w, Str object_id)
{
    uint32_t here = builder_find(w->s->builder, object_id);
    if (here != DOC_NONE) {
        builder_kill(w->s->builder, here);
        return;
    }
    char id[TERM_MAX_BYTES], text[TERM_MAX_BYTES + 1];
    object_id = id_term(object_id, id);
    text[0] = TERM_ID;
    memcpy(text + 1, object_id.p, object_id.n);
    for (size_t i = 0; i < w->count; i++) {
        Term term;
        if (!segment_term(w->views[i]->segment, (Str){text, object_id.n + 1}, &term))
            continue;
        Postings p = postings(&term);
        while (postings_next(&p)) {
            if (is_dead(w, i, p.doc))
                continue;
            size_t bytes = (segment_docs(w->views[i]->segment) / 64 + 1) * sizeof(uint64_t);
            if (!w->died[i]) {
                w->died[i] = mem_alloc(bytes);
                if (w->views[i]->dead)
                    memcpy(w->died[i], w->views[i]->dead, bytes);
            }
            w->died[i][p.doc / 64] |= 1ull << (p.doc % 64);
        }
    }
}

static void take_in(Work *w, const CatalogVersion *version, Arena *a)
{
    if (version->version > 1 || version->deleted)
        kill_record(w, version->object_id);
    w->changed++;
    w->purge |= version->withdrawn;
    if (version->deleted)
        return;
    Err err = {0};
    Record record;
    const Json *tree = json_parse(version->json, a, &err);
    if (!tree || !record_parse(tree, a, &record, &err))
        record = (Record){.id = version->object_id}; // found by its id at least
    if (!version->has_terms)
        w->s->default_rank = rights_terms_rank(version->terms);
    document_add(w->s->builder, version, &record, w->s->vocabulary, a);
}

// ---- files

static void new_name(Work *w, const char *kind, char name[48])
{
    snprintf(name, 48, "%s-%lld-%d", kind, (long long)w->generation, w->names++);
}

static bool write_builder(Work *w, Err *err)
{
    if (builder_docs(w->s->builder) == 0)
        return true;
    char name[48];
    new_name(w, "seg", name);
    bool good = builder_write(w->s->builder, w->s->dir, name, err);
    builder_clear(w->s->builder);
    Segment *segment = good ? segment_map(w->s->dir, name, err) : NULL;
    if (!segment)
        return false;
    assert(w->count < VIEWS_MAX);
    w->views[w->count] = view_make(segment, NULL, "", w->s->default_rank);
    w->died[w->count++] = NULL;
    return true;
}

// Views get the deaths of this round, each list in a file of its own.
static bool write_deaths(Work *w, Err *err)
{
    for (size_t i = 0; i < w->count; i++) {
        View *old = w->views[i];
        bool other_default = old->default_rank != w->s->default_rank;
        if (!w->died[i] && !other_default)
            continue;
        char name[48];
        snprintf(name, sizeof(name), "%s", old->dead_name);
        if (w->died[i]) {
            new_name(w, "dead", name);
            size_t bytes = (segment_docs(old->segment) / 64 + 1) * sizeof(uint64_t);
            if (!file_replace(w->s->dir, name, (Str){(const char *)w->died[i], bytes}, true, err))
                return false;
        }
        w->views[i] = view_make(
            segment_keep(old->segment), w->died[i] ? w->died[i] : old->dead, name, w->s->default_rank);
        view_drop(old);
        free(w->died[i]);
        w->died[i] = NULL;
    }
    return true;
}

static void remove_view(Work *w, size_t at)
{
    view_drop(w->views[at]);
    free(w->died[at]);
    w->count--;
    for (size_t i = at; i < w->count; i++) {
        w->views[i] = w->views[i + 1];
        w->died[i] = w->died[i + 1];
    }
}

static uint32_t live(const View *v)
{
    return segment_docs(v->segment) - v->dead_count;
}

static bool merge_some(Work *w, const bool *chosen, Err *err)
{
    View *views[VIEWS_MAX];
    size_t count = 0;
    uint64_t docs = 0;
    for (size_t i = 0; i < w->count; i++)
        if (chosen[i]) {
            views[count++] = w->views[i];
            docs += live(w->views[i]);
        }
    char name[48];
    new_name(w, "seg", name);
    if (docs && !merge_segments(views, count, w->s->dir, name, err))
        return false;
    Segment *segment = docs ? segment_map(w->s->dir, name, err) : NULL;
    if (docs && !segment)
        return false;
    for (size_t i = w->count; i > 0; i--)
        if (chosen[i - 1])
            remove_view(w, i - 1);
    if (segment) {
        w->views[w->count] = view_make(segment, NULL, "", w->s->default_rank);
        w->died[w->count++] = NULL;
    }
    return true;
}

static int tier(const View *v)
{
    int number = 0;
    for (uint64_t docs = TIER_FIRST; live(v) > docs; docs *= TIER_FACTOR)
        number++;
    return number;
}

// Chooses what to merge next; false if all is well. `everything`: whatever fits into one segment.
static bool choose(const Work *w, bool everything, bool chosen[VIEWS_MAX])
{
    uint64_t total = 0;
    memset(chosen, 0, VIEWS_MAX * sizeof(*chosen));
    for (size_t i = 0; i < w->count; i++)
        total += live(w->views[i]);
    if (everything && total <= SMALL_MUSEUM_DOCS && w->count > 1) {
        memset(chosen, 1, w->count * sizeof(*chosen));
        return true;
    }
    for (size_t i = 0; i < w->count; i++)
        if (w->purge && w->views[i]->dead_count)
            return chosen[i] = true;
    for (size_t i = 0; i < w->count; i++)
        if (w->views[i]->dead_count > TIER_FIRST && w->views[i]->dead_count > live(w->views[i]))
            return chosen[i] = true; // more dead than alive
    for (size_t i = 0; i < w->count; i++) {
        int here = tier(w->views[i]);
        uint64_t docs = 0;
        size_t count = 0;
        memset(chosen, 0, VIEWS_MAX * sizeof(*chosen));
        for (size_t k = i; k < w->count && count < TIER_WIDTH; k++)
            if (tier(w->views[k]) == here && docs + live(w->views[k]) <= SEGMENT_DOCS_MAX) {
                docs += live(w->views[k]);
                count += chosen[k] = true;
            }
        if (count == TIER_WIDTH)
            return true;
    }
    return false;
}

static bool merge_enough(Work *w, bool everything, Err *err)
{
    bool chosen[VIEWS_MAX];
    while (choose(w, everything, chosen))
        if (!merge_some(w, chosen, err))
            return false;
    return true;
}

// Makes what was done so far the index that everybody sees.
static bool publish(Work *w, bool finished, Err *err)
{
    Search *s = w->s;
    w->generation++;
    if (!write_builder(w, err) || !write_deaths(w, err) ||
        !merge_enough(w, finished && w->changed > TIER_FIRST, err))
        return false;
    if (s->anew && !finished)
        return true; // the old index answers until the new one is whole
    if (s->anew)
        memcpy(s->digest, vocabulary_digest(s->vocabulary), sizeof(s->digest));
    CLEANUP(arena_closep) Arena *a = arena_open();
    Manifest m = {.generation = w->generation,
        .sequence = w->sequence,
        .default_rank = s->default_rank,
        .segments = arena_array(a, ManifestSegment, w->count),
        .count = w->count};
    memcpy(m.digest, s->digest, sizeof(m.digest));
    for (size_t i = 0; i < w->count; i++) {
        snprintf(m.segments[i].name, sizeof(m.segments[i].name), "%s", segment_name(w->views[i]->segment));
        snprintf(m.segments[i].dead, sizeof(m.segments[i].dead), "%s", w->views[i]->dead_name);
    }
    if (!current_write(s->dir, &m, err))
        return false;
    search_publish(s, snapshot_make(w->views, w->count, w->generation, w->sequence));
    s->anew = false;
    w->names = 0;
    return search_sweep(s, err);
}

// museum.conf may have another default since the records were indexed: the ledger is asked about one record
// that says nothing itself.
static void learn_default(Work *w, Arena *a)
{
    for (size_t i = 0; i < w->count; i++) {
        const Segment *segment = w->views[i]->segment;
        const unsigned char *ranks = segment_ranks(segment), *end = ranks + segment_docs(segment);
        for (const unsigned char *p = ranks; (p = memchr(p, RANK_DEFAULT, (size_t)(end - p))); p++) {
            DocFacts facts;
            CatalogVersion version;
            Err err = {0};
            if (is_dead(w, i, (uint32_t)(p - ranks)))
                continue;
            segment_doc(segment, (uint32_t)(p - ranks), &facts);
            if (catalog_find(w->catalog, facts.object_id, a, &version, &err) && !version.has_terms) {
                w->s->default_rank = rights_terms_rank(version.terms);
                return;
            }
        }
    }
}

static bool follow(Work *w, const volatile bool *stop, int64_t head, Err *err)
{
    CLEANUP(arena_closep) Arena *rows = arena_open();
    CLEANUP(arena_closep) Arena *one = arena_open();
    int limit = ROWS_AT_FIRST;
    while (w->sequence < head && !*stop) {
        CatalogVersion *versions;
        size_t count;
        arena_reset(rows);
        if (!catalog_follow(w->catalog, w->sequence, limit, rows, &versions, &count, err))
            return false;
        if (count == 0)
            break;
        for (size_t i = 0; i < count; i++) {
            arena_reset(one);
            take_in(w, &versions[i], one);
            w->sequence = versions[i].sequence;
        }
        limit = arena_used(rows) > ROWS_MAX_BYTES ? MAX_OF(limit / 4, 1) : MIN_OF(limit * 2, ROWS_AT_ONCE);
        if (builder_bytes(w->s->builder) > BUILDER_MAX_BYTES && !publish(w, false, err))
            return false;
    }
    return true;
}

bool search_follow(Search *s, Catalog *c, const volatile bool *stop, int64_t *ret_sequence, Err *err)
{
    if (s->lock_fd < 0)
        return err_set(err, ERR_INVALID, "the index was opened for reading");
    int64_t head = catalog_head(c, err);
    if (head < 0)
        return false;
    if (head < s->now->sequence && !search_restart(s, err)) // another ledger: nothing here belongs to it
        return false;
    CLEANUP(arena_closep) Arena *a = arena_open();
    int default_before = s->default_rank;
    Work w;
    work_begin(&w, s, c);
    learn_default(&w, a);
    bool good = follow(&w, stop, head, err);
    bool news = w.sequence > s->now->sequence || s->default_rank != default_before || w.names > 0 || s->anew;
    bool whole = !s->anew || w.sequence >= head; // stopped halfway, a new index is begun again another time
    if (good && news && whole)
        good = publish(&w, true, err);
    if (!good || !whole)
        builder_clear(s->builder); // the next call takes these rows again
    work_end(&w);
    *ret_sequence = s->now->sequence;
    return good;
}
