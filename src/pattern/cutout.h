// SPDX-License-Identifier: Apache-2.0
// pattern/cutout: what stands in the middle of a picture, without its ground.
//
// The rim of the picture is taken for ground. Two mixtures of colours in CIELAB, of the thing and of the
// ground (and of the ground in shadow), and a cut between them that follows the edges (after GrabCut: Rother,
// Kolmogorov, Blake 2004, ACM TOG 23(3)), at a small size; then, at the border alone, how much of each pixel
// is the thing by the colours on either side.
#pragma once

#include "pattern/pattern.h"

enum { CUTOUT_WORK_PX = 256 }; // longer side of what is cut

typedef struct {
    int width_px, height_px; // the picture's
    uint8_t *rgba;           // width * height * 4, alpha not multiplied in; black where alpha is 0
    double share;            // of the area that is the thing, 0 .. 1
} Cutout;

// ERR_NOT_FOUND: nothing stands out from the ground. Else as pattern_check.
bool cutout_make(const PatternPicture *picture, Arena *a, Cutout *ret, Err *err) MUST_CHECK;

// ---- matte.c

// What was cut, small: `mask` is 1 where the thing is.
typedef struct {
    int width, height;
    uint8_t *mask;
    const Lab *lab;
} CutoutSmall;

typedef struct {
    int count;
    int32_t *number; // of each pixel's piece; -1: none
    int32_t *sizes;  // in pixels
} CutoutPieces;

// What hangs together, four neighbours to a pixel.
CutoutPieces cutout_pieces(const CutoutSmall *small, Arena *a);
// Closes small holes. How many pixels are the thing then.
int cutout_close(CutoutSmall *small, Arena *a);
// ret->share is set too.
void cutout_matte(const PatternPicture *picture, const CutoutSmall *small, Arena *a, Cutout *ret);
