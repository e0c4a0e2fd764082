// SPDX-License-Identifier: Apache-2.0
// model/child/ort: ONNX Runtime by its C interface, without its headers: the table of functions that
// OrtGetApiBase()->GetApi(1) gives only ever grows, so a function is its place in the table
// (onnxruntime_c_api.h of version 1.0, struct OrtApi).
#pragma once

#include "base/base.h"

typedef struct Ort Ort;

typedef struct {
    int height_px, width_px, dimensions;
    bool planes; // [1, 3, h, w], else [1, h, w, 3]
} OrtSizes;

// Loads the library and the model (whose bytes must stay), and runs it once on black to see what comes out.
// One thread, no arena that grows. ERR_UNSUPPORTED, in words.
Ort *ort_open(const char *library, Str model, OrtSizes *ret, Err *err) MUST_CHECK;
// input: 3 * height * width floats in the layout told; ret: `dimensions` floats.
bool ort_run(Ort *o, float *input, float *ret, Err *err) MUST_CHECK;
