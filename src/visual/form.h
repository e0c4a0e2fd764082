// SPDX-License-Identifier: Apache-2.0
// visual/form: the lines of a picture, whatever it is made of. A grid of cells, each with the direction that
// lines and edges have there, the same for an edge between two colours and for a stroke of ink along it, for
// light on dark and dark on light, for thick and thin. So a drawing can be laid over a painting, where
// features of grey values find nothing.
//
// The direction is that of the structure tensor (Bigun and Granlund 1987; for sketches Eitz et al. 2010): the
// doubled angle, so that opposite gradients agree. How strong a line is counts only against what is around
// it. Integers throughout: the same grid on every machine.
#pragma once

#include "visual/feature.h"

enum {
    FORM_CELLS = 48, // along the longer side of a picture of the index
    FORM_CELLS_MIN = 4,
    FORM_SIDE_MAX_PX = 4096, // of a picture
    FORM_PLANES = 4,         // a bit a cell in each: doubled angle to the right, to the left, down, up
};

// Cells of row y: bit x of rows[y][plane].
typedef struct {
    int width, height; // in cells, 1 .. FORM_CELLS
    uint64_t rows[FORM_CELLS][FORM_PLANES];
} Form;

// The grid of a picture with `cells` (FORM_CELLS_MIN .. FORM_CELLS) along its longer side. Any size from
// 1 x 1 up to FORM_SIDE_MAX_PX a side.
void form_make(Grey picture, int cells, Form *ret);
// The same for grids of several sizes, for which a picture is read once.
typedef struct FormSource FormSource;
FormSource *form_source_open(Grey picture);
void form_source_closep(FormSource **s); // for CLEANUP
void form_make_of(const FormSource *source, int cells, Form *ret);

// Half the cells: what stands in most of four.
void form_halve(const Form *form, Form *ret);

// Cells with a direction, counted once for each plane.
int form_count(const Form *form);
