// SPDX-License-Identifier: Apache-2.0
// visual/picture: pixels as this room gets them, and how they become grey.
//
// Grey is luma (ITU-R BT.601), except where colours of about the same lightness make the picture, such as
// pink on green: then it goes by the one mix of red, green and blue in which neighbouring pixels differ most.
// Which mix, and how much more it shows than luma, is read from a grid of at most 128 x 128 pixels, in
// integers: the same on every machine.
#pragma once

#include "visual/feature.h"

enum { PICTURE_GREYS_MAX = 2 };

// RGB, 8 bits a sample, sRGB, rows `stride` bytes apart.
typedef struct {
    const uint8_t *p;
    int width_px, height_px;
    size_t stride;
} Picture;

// As it is kept: luma, unless a mix of colours has more than three times its contrast. In the arena.
Grey picture_grey(Picture picture, Arena *a);

// As it is asked with: luma, and the mix too where that has more than 1.2 times the contrast, as a photograph
// of a picture kept by colour has less colour and more light and shade than the picture. How many.
int picture_greys(Picture picture, Arena *a, Grey ret[PICTURE_GREYS_MAX]) MUST_CHECK;
