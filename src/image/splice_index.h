// SPDX-License-Identifier: Apache-2.0
// image/splice_index: where each tile's rows of MCUs lie in a baseline JPEG, so that single tiles can be cut
// from it later: byte for byte those that splice would have given. About 0.8 to 2 percent of the file.
//
// Neither side is believed: the index may be hostile, the file another than it was. Every place and length is
// checked before it is read, no more is done than a tile can need, and a tile leaves only if its CRC-32 is
// the one it had.
//
//   8 "VPINDEX1"   8 bytes of the master   4 its restart interval   4 bytes of the head
//   the head: a tile's JPEG up to its scan (its width and height do not count)
//   8 for each row of tiles: the bit of the master, from its start, at which it begins
//   4 CRC-32 of all before
//   for each row of tiles, for each column and once more behind the last:
//     4 CRC-32 of the tile, and for each of its rows of MCUs a mark of 9 bytes (grey: 6), lowest bit first:
//     32 bits from the row's beginning, 13 bits for the last DC of each component
//
// Little-endian.
#pragma once

#include "image/int.h"
#include "image/splice.h"

typedef struct SpliceIndexWriter SpliceIndexWriter;

SpliceIndexWriter *splice_index_writer_open(const SpliceHead *head, int tile_px);
void splice_index_writer_closep(SpliceIndexWriter **w);
void splice_index_mark(SpliceIndexWriter *w, int mcu_row, int column, const SpliceMark *mark);
void splice_index_tile(SpliceIndexWriter *w, int column, int row, Str jpeg);
// ERR_UNSUPPORTED for the rare file whose places cannot be told (fill bytes within its data).
bool splice_index_finish(const SpliceIndexWriter *w, uint64_t master_bytes, Buf *out, Err *err) MUST_CHECK;

typedef struct SpliceIndex SpliceIndex;

// The index lies at `at` of `fd`, in a file of tiles of this grid. ERR_CORRUPT.
SpliceIndex *splice_index_open(int fd, IndexPlace at, const Grid *grid, Err *err) MUST_CHECK;
void splice_index_closep(SpliceIndex **x);
uint64_t splice_index_master_bytes(const SpliceIndex *x);
// Appends the tile. Any thread. at_once: only from what is in memory, else ERR_BUSY. ERR_CORRUPT: the master
// or the index is not what it was.
typedef struct {
    int index_fd, master_fd, column, row;
    bool at_once;
} SpliceCut;
bool splice_index_cut(const SpliceIndex *x, const SpliceCut *cut, Buf *out, Err *err) MUST_CHECK;
