// SPDX-License-Identifier: Apache-2.0
// visual/int: what the files of feature extraction share. Of this room alone.
#pragma once

#include "visual/feature.h"
#include "visual/kernel.h"

enum {
    SCALES = 3,          // blob sizes looked for in each octave
    LEVELS = SCALES + 3, // Gaussian pictures of an octave
    OCTAVES_MAX = 10,
    OCTAVE_SIDE_MIN_PX = 16,
    GREY_ONE = 64,     // a grey level in the integers of the pyramid
    BLOBS_MAX = 16384, // candidates at a time; when full, the weaker half goes
    BORDER_PX = 5,
    TURNS_RADIUS = 8, // of the samples that say how a blob is turned
    TURNS_SIDE = 2 * TURNS_RADIUS + 1,
};

// The first level of each octave has this sigma, in its own pixels.
#define SIGMA_BASE 1.6

typedef struct {
    int width, height, stride; // stride in values
    int16_t *levels[LEVELS];
} Octave;

typedef struct {
    float x, y, sigma; // in pixels of the octave
    float strength;    // grey levels
    int16_t octave, level;
} Blob;

struct Extractor {
    const Kernel *kernel;
    int16_t *values; // all levels of all octaves
    size_t values_capacity;
    int16_t *row; // one row with KERNEL_PAD on both sides
    size_t row_capacity;
    int16_t *rings; // LEVELS - 1 differences x 3 lines
    size_t rings_capacity;
    Blur first, doubled, steps[LEVELS];
    Octave octaves[OCTAVES_MAX];
    int octaves_count;
    bool is_doubled;
    Blob *blobs;
    int blobs_count, described; // described: of those chosen
    float strength_min;
    float turn_weights[TURNS_SIDE][TURNS_SIDE];
};

// scales.c: the pyramid of `picture`.
bool scales_build(Extractor *e, Grey picture, Err *err) MUST_CHECK;
void scales_prepare(Extractor *e); // the blurs, once

// blobs.c: fills e->blobs.
void blobs_find(Extractor *e);
// Keeps at most `max`, spread over the picture; strongest first, in steps as extractor_run_steps has them.
void blobs_choose(Extractor *e, int first, int max);

// describe.c: one or two features of a blob (a corner may have two directions). How many.
void describe_prepare(Extractor *e); // once
int describe(const Extractor *e, const Blob *blob, Feature *ret, int max);
