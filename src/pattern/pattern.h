// SPDX-License-Identifier: Apache-2.0
// pattern: what a piece of a picture can be turned into: its repeat, a seamless tile, few colours, curves.
// Pure: pixels in, values out; no file, no clock, no chance (the same pixels give the same answer).
//
//   lattice.h  where the pattern repeats
//   tile.h     one repeat, mended from all of them
//   palette.h  few colours, and the picture in them
//   trace.h    that as closed curves (SVG)
//
// All memory comes from the caller's arena; sides meet PATTERN_SIDE_MAX_PX first, so a few dozen bytes a
// pixel is all there can be (pattern_memory_bytes).
#pragma once

#include "base/base.h"

enum {
    PATTERN_SIDE_MIN_PX = 8, // below there is nothing to see
    PATTERN_SIDE_MAX_PX = 1024,
};

// RGB, 8 bits a sample, sRGB, rows `stride` bytes apart. Borrowed.
typedef struct {
    const uint8_t *p;
    int width_px, height_px;
    size_t stride;
} PatternPicture;

// The most any function here takes for a picture of this size, results included.
size_t pattern_memory_bytes(int width_px, int height_px);

// ERR_INVALID below PATTERN_SIDE_MIN_PX, ERR_LIMIT above PATTERN_SIDE_MAX_PX.
bool pattern_check(const PatternPicture *picture, Err *err) MUST_CHECK;

// ---- lab.c: CIELAB (CIE 15:2004) of sRGB (IEC 61966-2-1), white D65

typedef struct {
    float l, a, b;
} Lab;

Lab lab_from_rgb(const uint8_t rgb[3]);
void lab_to_rgb(Lab lab, uint8_t ret[3]); // cut to what sRGB can show
float lab_distance2(Lab x, Lab y);        // square of CIE 1976 Delta E
Lab *lab_picture(const PatternPicture *picture, Arena *a);
