// SPDX-License-Identifier: Apache-2.0
// pattern/lattice: where a pattern repeats.
#pragma once

#include "pattern/pattern.h"

typedef enum {
    LATTICE_NONE,        // no repeat found
    LATTICE_STRIP,       // in one direction: a border, a moulding
    LATTICE_RECTANGULAR, // rows and columns
    LATTICE_HALF,        // rows or columns shifted by half: half-drop, brick
    LATTICE_OBLIQUE,     // any other net
} LatticeKind;

// The pattern looks the same one step further. Steps in pixels, y down; b is zero for a strip. a is the one
// that lies flatter, pointing right; b points down.
typedef struct {
    LatticeKind kind;
    double ax, ay, bx, by;
    double sure; // how far above chance, 0 .. 1
} Lattice;

// ERR_INVALID, ERR_LIMIT as pattern_check; a picture without a repeat is no error but LATTICE_NONE. About 20
// ms for 512 x 512.
bool lattice_find(const PatternPicture *picture, Arena *a, Lattice *ret, Err *err) MUST_CHECK;

// ---- spectrum.c: the parts of it that have a meaning of their own

enum { SPECTRUM_SIDE = 512 }; // a power of two, twice what is looked at so that nothing wraps around

// How well the picture fits onto itself when shifted by (x, y): 1 for no shift, about 0 by chance. Rows y = 0
// .. reach_y, columns x = -reach_x .. reach_x.
typedef struct {
    float *at;
    int reach_x, reach_y;
    double scale; // pixels of the picture for one here
} Likeness;

static inline float *likeness_at(const Likeness *l, int x, int y)
{
    return l->at + (size_t)y * (size_t)(2 * l->reach_x + 1) + (size_t)(x + l->reach_x);
}

// Of the part `left_px .. + width_px` and so on of the picture, made smaller by `scale` first.
Likeness likeness_make(const PatternPicture *picture, int left_px, int top_px, int width_px, int height_px,
    double scale, Arena *a);
