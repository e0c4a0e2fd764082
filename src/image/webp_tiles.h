// SPDX-License-Identifier: Apache-2.0
// image/webp_tiles: the tiles and standard sizes of a pyramid once more, as WebP, in a second file of the
// same form (a ZIP with the same table; pyramid_open reads it). For museums that want a third less on the
// wire and pay for it at ingest.
#pragma once

#include "image/pyramid.h"

enum { WEBP_TILES_QUALITY = 80 };

// Writes to `to`, an empty file. One thread. A picture whose level 0 is in its master needs it
// (pyramid_take_master). ERR_CORRUPT: a tile cannot be read.
bool webp_tiles_make(const Pyramid *from, int to, Err *err) MUST_CHECK;
