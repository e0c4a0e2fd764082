// SPDX-License-Identifier: Apache-2.0
// model/wire: what the program and vitrine-model say to each other. Both ends are the same build on the same
// machine; the program believes nothing it reads here without checking it.
//
//   program                                child
//                                       <- ModelAnswer MODEL_READY  sizes; or MODEL_FAILED, and it ends
//   (floats into the shared memory) byte ->
//                                       <- ModelAnswer MODEL_DONE   (the vector is in the shared memory), or
//                                       MODEL_FAILED
//
// Descriptor CHILD_EXTRA_FD + 1: the model's file. Shared memory (descriptor CHILD_EXTRA_FD): the input's
// floats, then from MODEL_VECTOR_AT the vector.
#pragma once

#include "model/model.h"

enum {
    MODEL_INPUT_MAX_BYTES = 3 * MODEL_SIDE_MAX_PX * MODEL_SIDE_MAX_PX * 4,
    MODEL_VECTOR_AT = MODEL_INPUT_MAX_BYTES,
    MODEL_SHARED_BYTES = MODEL_INPUT_MAX_BYTES + MODEL_DIMENSIONS_MAX * 4,
};

typedef enum { MODEL_READY, MODEL_DONE, MODEL_FAILED } ModelWord;

typedef struct {
    uint32_t word;
    int32_t height_px, width_px, dimensions;
    int32_t planes; // 1: [1, 3, h, w], 0: [1, h, w, 3]
    char text[ERR_TEXT_MAX];
} ModelAnswer;
