// SPDX-License-Identifier: Apache-2.0
// visual/feature: the spots of a picture that can be found again in another picture of the same thing: where,
// how large, how turned, and what it looks like around them (128 numbers).
//
// Blobs of a difference-of-Gaussians pyramid (SIFT, Lowe 2004; the patent has ended), described by RootSIFT.
// Pixels and gradients are integers throughout, so the AVX2 and the plain C kernels give the same bytes.
// Nothing is allocated per picture or feature: an Extractor owns its scratch. One thread per Extractor.
#pragma once

#include "base/base.h"

enum {
    FEATURE_SIDE_MAX_PX = 2048,   // longest side of a picture handed in
    FEATURE_DOUBLED_MAX_PX = 640, // up to this side a picture is looked at in double size
    FEATURE_DIMENSIONS = 128,
    FEATURES_MAX = 2048,
};

// Grey pixels, 8 bits, rows `stride` bytes apart.
typedef struct {
    const uint8_t *p;
    int width_px, height_px;
    size_t stride;
} Grey;

typedef struct {
    float x_px, y_px;                   // the middle of the left top pixel is (0, 0)
    float sigma_px;                     // of the Gaussian that fits the blob
    float angle;                        // radians, 0 <= angle < 2 pi, x to y
    float strength;                     // contrast of the blob in grey levels
    uint8_t values[FEATURE_DIMENSIONS]; // RootSIFT x 256, at most 127: cell row, cell column, direction
} Feature;

typedef struct Extractor Extractor;

typedef enum { FEATURE_KERNEL_BEST, FEATURE_KERNEL_PLAIN } FeatureKernel;

// Scratch grows to the largest picture seen (16 bytes a pixel, 64 where doubled) and is kept.
Extractor *extractor_open(FeatureKernel kernel);
void extractor_close(Extractor *e);
void extractor_closep(Extractor **e); // for CLEANUP

// The strongest features, spread over the picture so that no corner is without; at most `max` of
// FEATURES_MAX. A picture without texture has none. ERR_LIMIT above FEATURE_SIDE_MAX_PX, ERR_INVALID below 1
// px.
bool extractor_run(Extractor *e, Grey picture, int max, Feature *ret, int *ret_count, Err *err) MUST_CHECK;
// The same in steps: the first `first` are those that extractor_run chooses if it is to choose so many, then
// twice as many and so on. So whoever keeps only so many of them later has chosen well.
bool extractor_run_steps(
    Extractor *e, Grey picture, int first, int max, Feature *ret, int *ret_count, Err *err) MUST_CHECK;
// The features of extractor_run one after the other, as describing them takes half of its time: begin looks
// at the picture and chooses, next gives those of the next spot (one or two, at most `room`); 0: there are no
// more.
bool extractor_begin(Extractor *e, Grey picture, int max, Err *err) MUST_CHECK;
int extractor_next(Extractor *e, int room, Feature *ret);

// What the same spot gives in the negative of the picture, and in its mirror image: only the order of the
// values changes. Position is left to the caller.
void feature_negative(const uint8_t *values, uint8_t *ret);
void feature_mirrored(const uint8_t *values, uint8_t *ret);
