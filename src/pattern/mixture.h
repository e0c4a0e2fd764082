// SPDX-License-Identifier: Apache-2.0
// pattern/mixture: which colours there are, as a few clouds (Gaussians) in CIELAB.
#pragma once

#include "pattern/pattern.h"

enum { CLOUDS = 5, CLOUDS_MAX = 2 * CLOUDS };

typedef struct {
    float mean[3], inverse[6]; // of the covariance: ll la lb aa ab bb
    float offset;              // -log(weight) + log(det) / 2
    float cov[6];
    double weight;
} Cloud;

typedef struct {
    Cloud clouds[CLOUDS_MAX];
    int count;
} Mixture;

// Of the pixels whose label is `which`. count is 0 if there are none.
Mixture mixture_of(const Lab *lab, const uint8_t *labels, int which, int pixels);
// The same colours darker, each as a cloud beside its own, rarer.
void mixture_shade(Mixture *mixture);
// -log of the likelihood by the best cloud, but for a constant; bounded for colours never seen.
float mixture_cost(const Mixture *mixture, Lab lab);
