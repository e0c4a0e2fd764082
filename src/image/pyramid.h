// SPDX-License-Identifier: Apache-2.0
// image/pyramid: one file per picture, a ZIP with stored (uncompressed) entries that unpacks into a static
// IIIF Image API 3.0 level-0 tree: info.json, complete JPEG tiles at the exact IIIF edge sizes, the standard
// sizes. Opens with any unzip; a tile is one range of the file; the table of tiles in memory is about 8 bytes
// a tile.
//
// Scale factor s = 1, 2, 4 ...: the level is ceil(width/s) x ceil(height/s); tile (column, row) covers the
// region x = column*T*s, y = row*T*s, w = min(T*s, width-x), h likewise, and is ceil(w/s) x ceil(h/s) pixels.
#pragma once

#include "base/base.h"

typedef struct Pyramid Pyramid;

enum { PYRAMID_LEVELS_MAX = 24, PYRAMID_SIZES_MAX = 16 };

typedef struct {
    int width_px, height_px; // of the whole picture
    int tile_px;
    int levels; // scale factors 1 .. 2^(levels-1)
    struct {
        int width_px, height_px;
    } sizes[PYRAMID_SIZES_MAX]; // whole pictures stored ready, smallest first; all listed in info.json
    int sizes_count;
} PyramidFacts;

typedef struct {
    uint64_t offset, size_bytes; // of a complete JPEG inside the file
} PyramidSpan;

// Takes the descriptor (closed even on failure). Checks the directory against named limits. ERR_CORRUPT.
Pyramid *pyramid_open(int fd, Err *err) MUST_CHECK;
Pyramid *pyramid_keep(Pyramid *p); // counted; any thread
void pyramid_drop(Pyramid *p);
const PyramidFacts *pyramid_facts(const Pyramid *p);
int pyramid_fd(const Pyramid *p); // for pread and sendfile only

// False outside the grid, and for level 0 of a picture that is cut.
bool pyramid_find_tile(const Pyramid *p, int level, int column, int row, PyramidSpan *ret);
bool pyramid_find_size(const Pyramid *p, int width_px, int height_px, PyramidSpan *ret);

// Level 0 may be left out: its tiles are then cut from the JPEG master when they are asked for
// (docs/decisions/013-zoom-from-master.md). The master is given once, before the pyramid is shared; without
// it all else works.
bool pyramid_is_cut(const Pyramid *p);
bool pyramid_has_master(const Pyramid *p);
int pyramid_side_max_px(const Pyramid *p); // the longest side of the largest level at hand
// Takes the descriptor (closed even on failure). ERR_CORRUPT: it is not that long.
bool pyramid_take_master(Pyramid *p, int fd, Err *err) MUST_CHECK;
// Appends the tile of level 0, a complete JPEG, the same bytes as a stored one. Any thread. ERR_CORRUPT: the
// master is missing, damaged or another. at_once: only from memory; ERR_BUSY if the disk would have to be
// waited for.
bool pyramid_cut_tile(const Pyramid *p, int column, int row, bool at_once, Buf *out, Err *err) MUST_CHECK;
