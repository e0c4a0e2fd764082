// SPDX-License-Identifier: Apache-2.0
// app/twins: lets ingest ask the visual index whether a picture is there already. A reader: a running server
// may be writing the index meanwhile, and there may be none yet.
#pragma once

#include "app/home.h"
#include "visual/visual.h"

typedef struct {
    Visual *visual; // NULL: there is no index
    IngestSight sight;
} Twins;

void twins_open(const Home *home, Twins *ret); // ret stays where it is while ingest uses ret->sight
void twins_close(Twins *twins);
