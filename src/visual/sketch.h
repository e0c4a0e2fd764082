// SPDX-License-Identifier: Apache-2.0
// visual/sketch: a picture at one glance, 232 bytes: a code that survives scaling, JPEG and light (for "is it
// the same picture"), its six colours, and where which colours and directions lie (for "what looks like it").
#pragma once

#include "visual/picture.h"

enum { PALETTE_MAX = 6, SKETCH_GRID = 4, SKETCH_HUES = 64, SKETCH_SHAPE = 64, SKETCH_LAYOUT = 48 };

typedef struct {
    uint8_t l;    // CIELAB L*, 0 .. 100
    int8_t a, b;  // a*, b*
    uint8_t part; // of the picture, in 255ths
} SketchColour;

typedef struct {
    uint64_t code[4]; // signs of the 256 lowest waves of the grey picture
} SketchCode;

typedef struct {
    SketchColour palette[PALETTE_MAX]; // largest part first; part 0: fewer colours than that
    uint8_t layout[SKETCH_LAYOUT];     // mean L, a, b of 4 x 4 fields
    uint8_t hues[SKETCH_HUES];         // share of each of 4 x 4 x 4 CIELAB boxes, square root, in 255ths
    uint8_t shape[SKETCH_SHAPE];       // of 4 x 4 fields: how much lies in each of 4 directions
} SketchLook;

typedef struct {
    SketchCode code;
    bool code_is_plain; // hardly anything to see: the code says nothing
    SketchLook look;
} Sketch;

// Mean grey values of CODE_FIELDS x CODE_FIELDS fields, 0 .. 255; a field covers at least one pixel, so small
// pictures are repeated rather than left out. And their code.
enum { CODE_FIELDS = 64, CODE_BITS = 256 };
void code_fields(Picture picture, float ret[CODE_FIELDS][CODE_FIELDS]);
bool code_of_fields(const float grey[CODE_FIELDS][CODE_FIELDS], SketchCode *ret);
// The code alone, without a look at colours. False: the picture is too plain for its code to say anything.
bool sketch_code(Picture picture, SketchCode *ret);
// Code and look together. Any size from 1 x 1.
void sketch_make(Picture picture, Sketch *ret);

enum {
    CODE_SAME_MAX = 31,
    CODE_ALIKE_MAX = 60
}; // of 256 bits; unlike pictures differ in 128, give or take 8
static inline int code_distance(const SketchCode *a, const SketchCode *b)
{
    int sum = 0;
    for (int i = 0; i < 4; i++)
        sum += __builtin_popcountll(a->code[i] ^ b->code[i]);
    return sum;
}

// 0 nothing in common .. 1 the same.
double look_likeness(const SketchLook *a, const SketchLook *b);
// How well the palette answers the wish for these colours (their parts count), 0 .. 1.
double palette_likeness(const SketchColour *wanted, int count, const SketchColour *palette);
SketchColour colour_from_srgb(uint8_t red, uint8_t green, uint8_t blue);
// CIEDE2000 (CIE 142-2001), kL = kC = kH = 1.
double colour_distance(SketchColour a, SketchColour b);
