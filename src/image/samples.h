// SPDX-License-Identifier: Apache-2.0
// image/samples: a master's own samples, without loss: 16 bits, floating point, alpha, more than three bands;
// as they are, or with a window of them stretched over the whole range. The cage decodes them (cage_cut),
// this file writes them as PNG or TIFF, or with a window as any picture.
#pragma once

#include "base/base.h"
#include "image/cage.h"
#include "image/render.h"

typedef struct {
    bool windowed;    // low .. high become black .. white; else the samples stay what they are
    double low, high; // low < high
    int width_px, height_px;
    RenderFormat format; // PNG and TIFF have 16 bits with a window, all others 8
} SamplesAsk;

// Samples that a cut of so many pixels may have: 8 bytes a pixel (RGB and alpha of 16 bits), more in a small
// one. A master that has more is given in smaller pieces.
int64_t samples_bytes_max(int width_px, int height_px);
// What such a cut needs at its peak, for budgets: the samples, the result and the encoder.
size_t samples_memory_bytes(int width_px, int height_px);
// fd: what cage_cut wrote. ERR_UNSUPPORTED: the format cannot hold such samples (the text says which can).
bool samples_encode(int fd, const CageSamples *samples, const SamplesAsk *ask, Buf *out, Err *err) MUST_CHECK;
