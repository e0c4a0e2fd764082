// SPDX-License-Identifier: Apache-2.0
// visual/drawn: which pictures a drawing lies on: the same lines, whatever they are made of, upright, the
// whole picture or a part of at least a fifth of its longer side. All pictures are looked at with half the
// cells, the best of them with all. How much agreement is chance is taken from the pictures themselves:
// nearly all of them are not what is looked for.
#pragma once

#include "visual/lookup.h"

enum { DRAWN_HITS_MAX = 50 };

typedef struct {
    Grey picture;
    int rank_min;           // pictures below do not exist
    const uint8_t *allowed; // by number on the shelf: 1 may be answered; NULL: all
} DrawnAsk;

typedef struct {
    uint32_t picture;    // on the shelf
    double score;        // deviations above what chance gives
    float corners[4][2]; // as of a LookupHit
} DrawnHit;

// Best first, at most DRAWN_HITS_MAX. ret_plain: there are too few lines to search by.
int drawn(const Shelf *shelf, const DrawnAsk *ask, DrawnHit *ret, bool *ret_plain);
