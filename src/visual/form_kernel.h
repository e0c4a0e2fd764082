// SPDX-License-Identifier: Apache-2.0
// visual/form_kernel: the two inner loops of laying forms over one another, the same C once for any processor
// and once for AVX2: both give the same numbers.
#pragma once

#include "visual/forms.h"

enum {
    FORM_OVERHANG_MAX = 3, // cells that a drawing may reach beyond a picture, in half the cells
    FORM_FINE_REACH = 2,   // cells around the place found with half of them
    FORM_TAPS_MAX = FORM_CELLS / 2 * FORM_CELLS / 2 * 2,
};

// A halved form to look for: where its cells stand in a group spread out, those to add first.
typedef struct {
    int width, height, plus, all;
    uint16_t at[FORM_TAPS_MAX];
} FormTaps;

// How well it lies on each picture of a group at best: (cells that agree - cells that do not) / root of the
// cells that the picture has there, and where. 0: it fits nowhere.
typedef struct {
    float best[FORMS_LANES];
    int8_t x[FORMS_LANES], y[FORMS_LANES]; // of its left top corner, in half the cells
} FormLanes;

typedef struct {
    float best;
    int x, y;
} FormPlace;

// A group spread out: of each cell, and of a frame of empty ones around, 32 signs along and 32 across.
enum {
    FORM_FRAME = FORM_OVERHANG_MAX + 1,
    FORM_SPREAD_SIDE = FORM_CELLS / 2 + 2 * FORM_FRAME,
    FORM_SPREAD_CELL = 2 * FORMS_LANES,
};

typedef struct {
    int8_t signs[FORM_SPREAD_SIDE * FORM_SPREAD_SIDE * FORM_SPREAD_CELL];
    // Lines in all cells above and left.
    int16_t lines[(FORM_SPREAD_SIDE + 1) * (FORM_SPREAD_SIDE + 1) * FORMS_LANES];
} FormSpread;

typedef struct {
    void (*spread)(const FormsGroup *group, FormSpread *ret);
    void (*scan)(const FormsGroup *group, const FormSpread *spread, const FormTaps *taps, FormLanes *ret);
    // The same for whole forms, of shifts up to FORM_FINE_REACH from `about`.
    void (*fine)(const Form *form, const Form *asked, FormPlace about, FormPlace *ret);
} FormKernel;

void form_taps(const Form *halved, FormTaps *ret);

const FormKernel *form_kernel_plain(void);
const FormKernel *form_kernel_best(void); // for this processor
