// SPDX-License-Identifier: Apache-2.0
// pattern/palette: a picture in few colours: which, how much of each, and the picture redrawn in them.
#pragma once

#include "pattern/pattern.h"

enum { COLOURS_MAX = 16, COLOURS_USUAL = 8 };

typedef struct {
    uint8_t rgb[3];
    Lab lab;
    double share; // of the area, 0 .. 1
} Colour;

// A picture in few colours: rows of width_px labels without gaps, each below `count`.
typedef struct {
    int width_px, height_px;
    uint8_t *labels;
    Colour colours[COLOURS_MAX]; // largest share first
    int count;
} Flat;

// At most colours_max (1 .. COLOURS_MAX); fewer where the picture has fewer: what the eye would not tell
// apart is one. Spots below a size that follows from the picture's are given to what is around them.
bool flat_make(const PatternPicture *picture, int colours_max, Arena *a, Flat *ret, Err *err) MUST_CHECK;
// Gives every spot of fewer pixels than that to its surroundings.
void flat_clean(Flat *flat, int spot_min_px, Arena *a);
int flat_spot_min_px(const Flat *flat);         // what flat_make cleaned with
void flat_draw(const Flat *flat, uint8_t *rgb); // width * height * 3 bytes

// A name that people use: a hue (or grey, brown, ...) and how light it is.
typedef enum {
    HUE_BLACK,
    HUE_GREY,
    HUE_WHITE,
    HUE_RED,
    HUE_ORANGE,
    HUE_BROWN,
    HUE_BEIGE,
    HUE_YELLOW,
    HUE_OLIVE,
    HUE_GREEN,
    HUE_TEAL,
    HUE_BLUE,
    HUE_PURPLE,
    HUE_PINK,
    HUES,
} Hue;
typedef enum { TONE_PLAIN, TONE_DARK, TONE_LIGHT, TONES } Tone;
typedef struct {
    Tone tone;
    Hue hue;
} ColourName;

ColourName colour_name(Lab lab);
Str colour_name_text(ColourName name, Arena *a); // English: "dark blue"
