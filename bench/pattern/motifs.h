// SPDX-License-Identifier: Apache-2.0
// bench/pattern/motifs: made-up patterns of which the repeat is known. A motif is a handful of shapes (blobs,
// petals, rings, bars, stars) with soft edges, given by formula; a net lays it out; the net is turned by up
// to 40 degrees, lit from one side, and then faded, bent, or a third of its cells painted over.
#pragma once

#include <stdint.h>

typedef enum {
    MOTIF_CLEAN,
    MOTIF_FADED,
    MOTIF_WARPED,
    MOTIF_LOST,
    MOTIF_PATCHED,
    MOTIF_TORN,
    MOTIF_DAMAGES
} MotifDamage;

typedef struct {
    int side;          // of the picture
    double a[2], b[2]; // true steps, in pixels, y down
} MotifTruth;

// rgb: side * side * 3 bytes. The same seed draws the same picture.
MotifTruth motif_draw(uint64_t seed, int side, MotifDamage damage, uint8_t *rgb);
