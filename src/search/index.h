// SPDX-License-Identifier: Apache-2.0
// What is behind a Search, for the files that open, follow and ask.
#pragma once

#include "base/tally.h"
#include "search/int.h"

#include <pthread.h>
#include <sys/types.h>
#include <time.h>

typedef Tally Seen;

struct Search {
    int dir;
    int lock_fd;             // the writer's; -1 for a reader
    pthread_mutex_t lock;    // over `now`
    pthread_mutex_t loading; // a reader looks at the folder
    Snapshot *now;
    Catalog *ledger; // NULL: who asks sees to what it has hidden since
    // Over `loading`: the snapshot of this generation without what the ledger has hidden since, up to a
    // head; NULL: nothing.
    Snapshot *cover;
    int64_t cover_generation, cover_sequence, cover_head;
    const Vocabulary *vocabulary;
    ino_t seen_inode;
    struct timespec seen_time;
    // Writer only.
    Builder *builder;
    Seen *seen;
    bool anew; // the index was made with other words: it answers until a new one is whole
    char digest[17];
    int default_rank; // -1: no record without terms of its own was seen
};

View *view_make(Segment *segment, const uint64_t *dead, const char *dead_name, int default_rank);
View *view_keep(View *v);
void view_drop(View *v);
Snapshot *snapshot_make(View **views, size_t count, int64_t generation, int64_t sequence);
// n without what the ledger has hidden since; takes n.
Snapshot *snapshot_cover(Search *s, Snapshot *n, Err *err) MUST_CHECK;
void search_publish(Search *s, Snapshot *snapshot);  // takes it
bool search_sweep(Search *s, Err *err) MUST_CHECK;   // removes files that nobody names
bool search_restart(Search *s, Err *err) MUST_CHECK; // an empty index

// seen.c: which records were shown, and when; NULL is fine for all but open.
Seen *shown_open(int dir);
void shown_close(Seen *seen);
void shown_add(Seen *seen, const SearchHit *hits, size_t count);
bool shown_has(Seen *seen, Str object_id);

// facets.c
FacetTable *facet_table_make(const Snapshot *n);
void facet_table_free(FacetTable *table);
uint32_t facet_table_size(const FacetTable *t);
// One thread's counting: some records of a view, then of the next, and at the end `counts` is right. Records
// lie within the view.
typedef struct {
    const FacetTable *table;
    const Snapshot *n;
    uint32_t *counts;
    size_t view; // whose rows are being counted; SIZE_MAX: none
    Rows rows[ROW_KINDS];
    uint32_t *hits[ROW_KINDS]; // of each row
} FacetCounter;
void facet_counter_begin(FacetCounter *c, const FacetTable *t, const Snapshot *n, uint32_t *counts);
void facets_count(FacetCounter *c, size_t view, const uint32_t *docs, size_t count); // all of a view at once
void facets_count_many(FacetCounter *c, size_t view, const uint32_t *docs, size_t count); // piece by piece
void facet_counter_end(FacetCounter *c);
const uint32_t *facets_all(FacetTable *t, const Snapshot *n, ViewerRole role);
void facets_answer(
    const FacetTable *t, const uint32_t *counts, const SearchAsk *ask, Arena *a, SearchAnswer *ret);
SearchFacet facets_page(const FacetTable *t, const uint32_t *counts, Facet facet, Str contains, size_t offset,
    const SearchAsk *ask, Arena *a);
Str facet_label(Arena *a, Facet facet, Str value);

// The table of a snapshot, and the counts over all that a role may see: made once, by whoever needs them
// first.
FacetTable *search_table(Search *s, Snapshot *n);
const uint32_t *search_table_all(Search *s, Snapshot *n, ViewerRole role);

// vocabulary.c
const Vocabulary *vocabulary_keep(void);            // the built-in one; lives as long as the process
const char *vocabulary_digest(const Vocabulary *v); // 16 hex digits: changes when the words do
// Adds the concepts that the tokens of a text name, and everything broader.
bool vocabulary_find_in(const Vocabulary *v, const TextToken *tokens, size_t count, Str lang, Field field,
    Builder *b, int impact, Arena *a); // were there any?
// Adds the period that a date names.
void period_find_in(Str date, Arena *a, Builder *b);
// measures.c: the lengths and weights in a text, as terms.
void measures_index(Builder *b, Str text, unsigned char evidence, Arena *a);
