// SPDX-License-Identifier: Apache-2.0
// visual/geometry: how the query lies in a picture, from pairs of features. Pure.
#pragma once

#include "visual/lookup.h"

enum { PAIRS_MAX = 320 };

typedef struct {
    Spot query, found;
    float weight;
    uint16_t feature; // of the query; pairs of one feature stand together
} Pair;

typedef struct {
    float score;  // sum of the weights of the pairs that agree, each feature once on both sides
    float map[6]; // x = map[0] * qx + map[1] * qy + map[2], y = map[3] * qx + map[4] * qy + map[5]
    uint16_t agree[LOOKUP_PAIRS_MAX]; // numbers of pairs, heaviest first
    int agree_count;
} Fit;

// False if fewer than three pairs agree.
bool geometry_fit(const Pair *pairs, int count, Fit *ret);
