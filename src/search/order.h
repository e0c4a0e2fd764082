// SPDX-License-Identifier: Apache-2.0
// order.c: the order of records in an answer, and keeping the first of many.
#pragma once

#include "search/query.h"

typedef struct {
    const Snapshot *n;
    SearchSort sort;
    Entry *entries; // a heap while it fills, the worst at the root
    size_t count, max;
} Best;

void best_add_this(Best *b, const Entry *e);
void best_sort(Best *b);
int64_t best_sequence(const Best *b, const Entry *e); // of the record, in the ledger

// Most of many records are worse than what is there already.
static inline void best_add(Best *b, const Entry *e)
{
    if (b->sort != SEARCH_BY_SCORE || b->count < b->max || (b->max && e->score >= b->entries[0].score))
        best_add_this(b, e);
}

// find.c: all records that meet a tree: how many, the best of them in order, and counts of their facet
// values. A question that many records meet is shared out to a few threads that the process keeps for this.
typedef struct {
    const Snapshot *n;
    const Node *node;
    ViewerRole role;
    const FacetTable *table; // with counts
    uint32_t *counts;        // of the table's values; NULL: nobody asked
    uint64_t **bits;         // of each view, set for each record found; NULL: nobody asked
    bool shared;             // among several threads, however little work it is
    Best best;               // given with room; in order after find_hits
} Finding;

int64_t find_hits(Finding *f); // how many there are
// The fields that said most, for some of the entries: while there are many hits nobody asks for them.
void find_fields(const Finding *f, Entry *entries, size_t count);
