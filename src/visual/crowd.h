// SPDX-License-Identifier: Apache-2.0
// visual/crowd: geometry_fit for more pairs than it takes. In a pattern that repeats itself a feature of the
// query has its like in a picture dozens of times over, so pairs come in thousands; all of them together say
// which size, turn and shift of the query most features can follow, and only what follows is fitted.
#pragma once

#include "visual/geometry.h"

// Pairs of one feature stand together. ret->agree has numbers of pairs in `used`. A feature that is alike to
// k marks of the picture says little by one of them: its weight there is divided by the square root of k
// (burstiness: Jégou, Douze, Schmid, CVPR 2009). False if fewer than three pairs agree.
bool crowd_fit(const Pair *pairs, size_t count, Pair used[PAIRS_MAX], Fit *ret);
