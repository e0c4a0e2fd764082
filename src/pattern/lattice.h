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
    double sure; // share of the detail that comes again at the net's points, above what does between, 0 .. 1
} Lattice;

// ERR_INVALID, ERR_LIMIT as pattern_check; a picture without a repeat is no error but LATTICE_NONE. About 25
// ms for 512 x 512; where nothing repeats four times that.
bool lattice_find(const PatternPicture *picture, Arena *a, Lattice *ret, Err *err) MUST_CHECK;

// ---- spectrum.c: the parts of it that have a meaning of their own

typedef struct {
    int left_px, top_px, width_px, height_px;
} ReducedBox;

// A part of the picture, made smaller: what the search works on.
typedef struct {
    int width, height;
    double scale;          // pixels of the picture for one here
    float *light, *colour; // lightness and the stronger of the two colour axes, in CIELAB
} Reduced;

Reduced reduced_make(const PatternPicture *picture, ReducedBox box, double scale, Arena *a);
Reduced reduced_half(const Reduced *reduced, Arena *a); // at half its size

// How well the picture fits onto itself when shifted by (x, y): 1 for no shift, about 0 by chance. Rows y = 0
// .. reach_y, columns x = -reach_x .. reach_x.
typedef struct {
    float *at;
    int reach_x, reach_y;
} Likeness;

static inline float *likeness_at(const Likeness *l, int x, int y)
{
    return l->at + (size_t)y * (size_t)(2 * l->reach_x + 1) + (size_t)(x + l->reach_x);
}

Likeness likeness_make(const Reduced *reduced, Arena *a);
