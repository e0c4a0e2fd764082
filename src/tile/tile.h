// SPDX-License-Identifier: Apache-2.0
// tile: IIIF Image API requests (https://iiif.io/api/image/3.0/ and /2.1/): /iiif/3/{image}/... and
// /iiif/2/{image}/... A request that asks for a stored tile or size is a look-up and a range of the pyramid
// file, or is cut from the master; all else is rendered in the heavy lane. Nothing leaves without a Grant.
#pragma once

#include "base/base.h"
#include "catalog/catalog.h"
#include "http/http.h"
#include "store/derived.h"
#include "store/store.h"

typedef struct TileRoom TileRoom;

typedef struct {
    Catalog *catalog;
    Derived *derived;
    Store *store;        // for masters: level 0 cut from them, and their samples; NULL: neither is given out
    int images_open_max; // pyramids kept open, 0: 512
    size_t render_budget_bytes; // memory of all renders together, 0: 128 MB; over it 503
    int side_max_px;            // largest side of an answer (maxWidth), 0: 10000
} TileConfig;

TileRoom *tile_open(const TileConfig *config, Err *err) MUST_CHECK;
void tile_close(TileRoom *t);

// Lets go of the open files of pictures that were deleted or withdrawn. To be called a few times a second by
// one thread of whoever serves; costs a look at the ledger's head while nothing changes.
void tile_tidy(TileRoom *t);

bool tile_is_request(Str path); // "/iiif/2/..." or "/iiif/3/..."
HttpLane tile_lane(TileRoom *t, HttpRequest *r);
void tile_answer(TileRoom *t, const HttpRequest *r, HttpAnswer *answer); // any thread; errors become answers
