// SPDX-License-Identifier: Apache-2.0
// pattern/flow: the cheapest cut of a grid of pixels, each tied to its eight neighbours, into two sides.
// Maximum flow by two trees that grow towards each other (Boykov, Kolmogorov 2004, IEEE PAMI 26(9)).
#pragma once

#include "base/base.h"

// All in the caller's arena. Costs are whole numbers; their sum over a picture must fit 63 bits.
typedef struct {
    int width, height;
    int32_t *ties; // [pixel * 8 + direction]: cost of parting the pixel from that neighbour, both ways alike
    int32_t *leaning; // cost of the near side less cost of the far side: above 0 it wants to be far
} FlowGrid;

enum { FLOW_TIES = 8 };
extern const int8_t FLOW_DX[FLOW_TIES], FLOW_DY[FLOW_TIES]; // direction d and d ^ 1 are opposite

FlowGrid flow_grid(int width, int height, Arena *a);
// The tie from (x, y) in an even direction; the opposite one is set too. Nothing if it leaves the grid.
void flow_tie(FlowGrid *grid, int x, int y, int direction, int32_t cost);
// far_side: width * height, 1 where a pixel is on the far side. Uses the grid up.
void flow_cut(FlowGrid *grid, Arena *a, uint8_t *far_side);
