// SPDX-License-Identifier: Apache-2.0
// visual/matches: the marks of the index that look like features of a query, and what each picture has
// gathered of them. Of lookup.c alone.
#pragma once

#include "visual/kernel.h"
#include "visual/lookup.h"

typedef struct {
    uint32_t picture; // on the shelf
    uint32_t mark;    // in its segment
    float weight;
    uint16_t feature;
    uint8_t way;
} Match;

// What a picture has gathered so far. Of one feature of the query the heaviest match counts.
typedef struct {
    float votes, heaviest;
    uint16_t feature, way, matches;
    uint16_t number; // lookup.c's, 0 at first
} Tally;

typedef struct Question Question;
typedef struct Reading Reading;
typedef struct MarkHit MarkHit;

enum { MATCHES_DISTANCE_MAX = 22, MATCHES_MIN = 3 };

typedef struct {
    const Shelf *shelf;
    const Words *words;
    const Kernel *kernel;
    const LookupAsk *ask;
    int distance_max;                     // bits of 64 in which a mark may differ
    float fall[MATCHES_DISTANCE_MAX + 1]; // weight by distance
    Match *all;                           // those of one way and one call in order of feature
    size_t count, capacity;
    Tally *tallies; // of each picture
    Question *questions;
    const Question **chosen; // of the questions, those that are asked
    int questions_count, chosen_count;
    uint32_t *found; // pictures with MATCHES_MIN matches or more
    uint32_t found_count;
    Reading *readings;
    MarkHit *hits; // in one part of the shelf
    int hits_count, hits_capacity;
    uint32_t *fill, *sorted; // hits by question
} Matches;

// All borrowed until matches_close.
Matches matches_open(const Shelf *shelf, const Words *words, const LookupAsk *ask);
void matches_close(Matches *m);
// Asks with features from .. to-1, at the price of about `budget` marks read: where that is too little for
// all their words, those that promise most for what they cost.
void matches_find(Matches *m, int from, int to, uint64_t budget);
