// SPDX-License-Identifier: Apache-2.0
// pattern/fft: the discrete Fourier transform of a square picture of complex numbers, both ways. Between the
// two, frequencies stand in an order of their own (transposed, bits reversed): good for what is done to each
// by itself, and nothing else.
#pragma once

#include "base/base.h"

typedef struct {
    float *re, *im; // side * side each, aligned to 32 bytes
    int side;       // a power of two, 16 .. 4096
} Spectrum;

Spectrum spectrum_make(int side, Arena *a); // zeros
void spectrum_forward(Spectrum *s, Arena *a);
// Times side * side. Only the first `columns_count` columns are made: where there is a symmetry, half will
// do.
void spectrum_back(Spectrum *s, int columns_count, Arena *a);
