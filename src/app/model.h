// SPDX-License-Identifier: Apache-2.0
// app/model: the museum's own neural model, if museum.conf names one, for the visual index.
#pragma once

#include "app/home.h"
#include "model/model.h"
#include "visual/visual.h"

typedef struct {
    Model *model; // NULL: none
    int file;
} HomeModel;

// Opens what museum.conf names and tells the index of it. Nothing named: true, and nothing done. Else false
// with what is wrong with it, and the index goes on without.
bool home_model_open(const Home *home, HomeModel *ret, Err *err) MUST_CHECK;
void home_model_close(HomeModel *m);
bool home_model_use(const HomeModel *m, Visual *visual, Err *err) MUST_CHECK;
