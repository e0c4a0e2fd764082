// SPDX-License-Identifier: Apache-2.0
// pattern/tile: one repeat of a pattern as a picture that joins to itself on all sides (of a strip: left and
// right), straightened, and made of all repeats there are, so that what is lost in one comes from others.
#pragma once

#include "pattern/lattice.h"

enum { TILE_SIDE_MAX_PX = 1024, TILE_CELLS_MAX = 6 };

typedef struct {
    uint8_t *rgb; // width_px * height_px * 3, in the arena
    int width_px, height_px;
    int cells;   // repeats in the tile: more than one where the net has no right angle
    int repeats; // most that a pixel was made from
} Tile;

// ERR_NOT_FOUND for LATTICE_NONE, and where no whole repeat is inside the picture.
bool tile_make(
    const PatternPicture *picture, const Lattice *lattice, Arena *a, Tile *ret, Err *err) MUST_CHECK;
