// SPDX-License-Identifier: Apache-2.0
// model: a neural model that the museum supplies, which makes a vector of a picture: pictures that show alike
// things have near vectors. Optional: nothing else depends on it, nothing of it is shipped or fetched.
//
// The model is an ONNX file with one input, a batch of one picture in floats ([1, 3, height, width] or
// [1, height, width, 3]; sides it leaves open become 224), and a first output of 8 to 4096 floats. It runs in
// ONNX Runtime (https://onnxruntime.ai, its C interface, version 1), a library that the museum supplies too,
// loaded by dlopen in the caged program vitrine-model: no path, no network, bounded memory and time. A model
// that crashes or hangs costs an error, not the museum.
#pragma once

#include "base/base.h"

enum { MODEL_DIMENSIONS_MIN = 8, MODEL_DIMENSIONS_MAX = 4096, MODEL_SIDE_MAX_PX = 1024 };

typedef struct {
    const char *library; // path of libonnxruntime.so
    int file;            // the model, open for reading; stays the caller's, for as long as the Model
    float mean[3],
        deviation[3];  // of red, green, blue, from 0 to 1: the picture's samples less this, through that
    int memory_max_mb; // of the child; 0: 1024
    int time_max_s;    // for one picture; 0: 30
} ModelConfig;

typedef struct Model Model;

// Copies the config. Starts nothing yet.
Model *model_open(const ModelConfig *config, Err *err) MUST_CHECK;
void model_close(Model *m);

// The length of its vectors; starts the child if there is none. ERR_UNSUPPORTED: not a library or model of
// the form above, in words; ERR_LIMIT. Any thread; one at a time.
bool model_dimensions(Model *m, int *ret, Err *err) MUST_CHECK;
// The vector of a picture (RGB, rows `stride` bytes apart), of length 1. A child that ended is started again
// once. ERR_CORRUPT: the model broke down; ERR_LIMIT: it took too long or too much.
bool model_vector(Model *m, const uint8_t *rgb, int width_px, int height_px, size_t stride, float *ret,
    Err *err) MUST_CHECK;
// Which vectors can be compared with each other: from the model's bytes and how pictures are prepared for it.
uint64_t model_key(const Model *m);
