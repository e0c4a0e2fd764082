// SPDX-License-Identifier: Apache-2.0
// visual/picture: pixels as this room gets them.
#pragma once

#include "visual/feature.h"

// RGB, 8 bits a sample, sRGB, rows `stride` bytes apart.
typedef struct {
    const uint8_t *p;
    int width_px, height_px;
    size_t stride;
} Picture;

// Its luma (ITU-R BT.601), in the arena.
Grey picture_grey(Picture picture, Arena *a);
