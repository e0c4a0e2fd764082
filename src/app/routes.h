// SPDX-License-Identifier: Apache-2.0
// app/routes: which room answers which address.
#pragma once

#include "app/home.h"
#include "app/index.h"
#include "app/sight.h"
#include "http/http.h"
#include "proof/proof.h"
#include "site/site.h"
#include "tile/tile.h"

typedef struct {
    const Home *home;
    Index *index;
    Sight *sight;
    TileRoom *tile;
    Site *site;
    ProofKey log_key; // signs what /log/ shows
} Routes;

HttpLane routes_lane(void *ctx, HttpRequest *r);
void routes_answer(void *ctx, const HttpRequest *r, HttpLane lane, HttpAnswer *answer);
void routes_finished(void *ctx, const HttpRequest *r, int status, uint64_t sent_bytes, int64_t duration_us);
