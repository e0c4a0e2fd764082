// SPDX-License-Identifier: Apache-2.0
// The order of records in an answer, and keeping the first of many.
#include "search/order.h"

#include <stdlib.h>

static const unsigned char *sort_key(const Best *b, const Entry *e)
{
    const Segment *s = b->n->views[e->view]->segment;
    const unsigned char *keys = b->sort == SEARCH_BY_TITLE ? segment_title_keys(s) : segment_maker_keys(s);
    return keys + (size_t)e->doc * TEXT_SORT_KEY_BYTES;
}

int64_t best_sequence(const Best *b, const Entry *e)
{
    return segment_sequences(b->n->views[e->view]->segment)[e->doc];
}

static int year_of(const Best *b, const Entry *e)
{
    int year = segment_earliest(b->n->views[e->view]->segment)[e->doc];
    return year == YEAR_NONE ? INT32_MAX : year; // undated ones last
}

// < 0: x comes first. No two are equal: every record has a sequence of its own.
static int compare(const Best *b, const Entry *x, const Entry *y)
{
    int order = 0;
    switch (b->sort) {
    case SEARCH_BY_SCORE:
        order = x->score > y->score ? -1 : x->score < y->score;
        break;
    case SEARCH_BY_DATE:
        order = year_of(b, x) < year_of(b, y) ? -1 : year_of(b, x) > year_of(b, y);
        break;
    case SEARCH_BY_TITLE:
    case SEARCH_BY_MAKER:
        order = memcmp(sort_key(b, x), sort_key(b, y), TEXT_SORT_KEY_BYTES);
        break;
    case SEARCH_BY_NEWEST:
        order = -1; // decided below, the other way round
        return best_sequence(b, x) > best_sequence(b, y) ? -1 : best_sequence(b, x) < best_sequence(b, y);
    }
    if (order)
        return order;
    return best_sequence(b, x) < best_sequence(b, y) ? -1 : best_sequence(b, x) > best_sequence(b, y);
}

static void sink(Best *b, size_t at)
{
    for (;;) {
        size_t kid = 2 * at + 1;
        if (kid >= b->count)
            return;
        if (kid + 1 < b->count && compare(b, &b->entries[kid + 1], &b->entries[kid]) > 0)
            kid++;
        if (compare(b, &b->entries[kid], &b->entries[at]) <= 0)
            return;
        Entry swap = b->entries[at];
        b->entries[at] = b->entries[kid];
        b->entries[kid] = swap;
        at = kid;
    }
}

static void rise(Best *b, size_t at)
{
    while (at > 0 && compare(b, &b->entries[at], &b->entries[(at - 1) / 2]) > 0) {
        Entry swap = b->entries[at];
        b->entries[at] = b->entries[(at - 1) / 2];
        b->entries[(at - 1) / 2] = swap;
        at = (at - 1) / 2;
    }
}

void best_add_this(Best *b, const Entry *e)
{
    if (b->count < b->max) {
        b->entries[b->count++] = *e;
        rise(b, b->count - 1);
    } else if (b->max && compare(b, e, &b->entries[0]) < 0) {
        b->entries[0] = *e;
        sink(b, 0);
    }
}

static int in_order(const void *x, const void *y, void *best)
{
    return compare(best, x, y);
}

void best_sort(Best *b)
{
    if (b->count > 1)
        qsort_r(b->entries, b->count, sizeof(Entry), in_order, b);
}
