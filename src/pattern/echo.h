// SPDX-License-Identifier: Apache-2.0
// pattern/echo: how much of a picture's detail comes again one step further.
//
// Small windows with something in them are compared with those one step on, each after its own light and
// contrast (normalised correlation in lightness and the stronger colour axis). The share of those that fit is
// near 1 for a whole pattern, q * q where a share q of it is left, and near 0 where nothing repeats: windows
// fit or they do not, so what is painted over or torn away, however large or bright, takes away only its own
// place.
#pragma once

#include "pattern/pattern.h"

// Planes side by side in memory, rows `width`; windows stand at their top left pixel.
typedef struct {
    int width, height, window; // pixels looked at; side of a window
    float *light, *colour;
    float *light_mean, *colour_mean, *sharpness; // of the window; 1 / (deviation * sqrt(window area))
    float *detail;                               // 1: enough in it to say anything, else 0
    float *sums;                                 // one row
} Echo;

Echo echo_make(const float *light, const float *colour, int width, int height, Arena *a);
// Of windows with detail here or there, the share that is alike; 0 where the overlap holds too few to say.
double echo_share(const Echo *e, int dx, int dy);
