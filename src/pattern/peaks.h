// SPDX-License-Identifier: Apache-2.0
// pattern/peaks: the shifts by which a picture looks most like itself. Which of them are steps of a repeat
// they do not say: every motif has parts that are like other parts.
#pragma once

#include "pattern/lattice.h"

enum {
    PEAKS_MAX = 36,
    STEP_MIN = 5, // of a repeat, in pixels looked at
};
static const double OVERLAP_MIN = 0.16; // of the picture: shifts that leave less say nothing

typedef struct {
    double x, y;
} Vec;

typedef struct {
    Vec at;
    double height, seen; // seen: overlap of the two pictures, 0 .. 1
} Peak;

typedef struct {
    Likeness l;           // a little smoothed
    double width, height; // of the picture looked at
    double noise;         // of height * seen, by chance
    double strong;        // height of the best peaks
    Peak *top;            // strongest first; of opposite ones one
    int count;
} Peaks;

Peaks peaks_make(const Reduced *reduced, Arena *a);
double peaks_overlap(const Peaks *s, Vec v); // of the picture with itself shifted, 0 .. 1
// The best place within a pixel or two of where one is expected; farther out the cloth may have stretched.
Peak peaks_near(const Peaks *s, Vec at);
