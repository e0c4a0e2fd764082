// SPDX-License-Identifier: Apache-2.0
// app/sight: keeps the visual index following the ledger, and gets the pixels that are asked with: of an
// upload (decoded in a cage of its own, never kept) or of a picture we hold.
#pragma once

#include "app/home.h"
#include "chain/chain.h"
#include "site/site.h"
#include "visual/visual.h"

typedef struct Sight Sight;

// Starts a thread that follows the ledger of home (which must stay open). Whoever can get the writing lock
// does the work; the others read.
Sight *sight_open(const Home *home, Err *err) MUST_CHECK;
void sight_close(Sight *sight);
Visual *sight_keep(void *sight); // NULL while there is no index. Any thread.
void sight_drop(void *sight, Visual *visual);
// Changes and pictures that the visual index and the links between works have still to take in. Any thread.
int64_t sight_behind(Sight *sight);
// The links between works, or NULL; until sight_close, when no visitor is left. Any thread.
Chain *sight_chain(void *sight);

// A part of a picture (left, top, width, height in its pixels; all zero: the whole), at most
// VISUAL_SIDE_MAX_PX a side, in the arena. ERR_INVALID: outside the picture or below VISUAL_REGION_MIN_PX;
// else as cage_derive. Any thread.
// small: as in SiteSight.
bool sight_upload(void *sight, Str bytes, const int region[4], Arena *a, Picture *ret, SightSmall *small,
    Err *err) MUST_CHECK;
bool sight_region(
    void *sight, const CatalogImage *image, const int region[4], Arena *a, Picture *ret, Err *err) MUST_CHECK;

// For the command line: one catching up, here and now. ERR_BUSY if a running server does it instead.
bool sight_catch_up(const Home *home, const volatile bool *stop, int64_t *ret_sequence, Err *err) MUST_CHECK;
bool sight_upload_file(
    const Home *home, int fd, const int region[4], Arena *a, Picture *ret, Err *err) MUST_CHECK;
bool sight_region_of(const Home *home, const CatalogImage *image, const int region[4], Arena *a, Picture *ret,
    Err *err) MUST_CHECK;
const char *sight_dir(const Home *home);
// As visual_open, with museum.conf's default for records that say nothing.
Visual *sight_open_index(const Home *home, bool writer, Err *err) MUST_CHECK;
