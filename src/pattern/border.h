// SPDX-License-Identifier: Apache-2.0
// pattern/border: the borders of a picture in few colours as a map of arcs, each between two nodes or a ring
// of its own, and the rings around each area put together from them.
//
// Coordinates are corners of pixels: (x, y) is where the pixels x-1, x and y-1, y meet. A node is a corner
// where not just two pieces of border meet, or a corner of the picture. The outside has the label OUTSIDE.
#pragma once

#include "pattern/palette.h"

enum { OUTSIDE = 255 };

typedef struct {
    int first, count; // corners, in Borders.x and .y; of a ring the first is not repeated
    bool ring;
    uint8_t left, right; // labels beside it in its direction
} Arc;

typedef struct {
    uint16_t *x, *y;
    int corners;
    Arc *arcs;
    int arcs_count;
} Borders;

Borders borders_find(const Flat *flat, Arena *a);

typedef struct {
    int arc;
    bool backwards;
} ArcUse;

typedef void BorderRing(void *ctx, int label, const ArcUse *uses, int count);
// Calls for each ring that has the label on its left, all rings of a label after each other, by label.
void borders_rings(const Flat *flat, const Borders *borders, Arena *a, BorderRing *ring, void *ctx);
