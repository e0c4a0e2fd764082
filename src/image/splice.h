// SPDX-License-Identifier: Apache-2.0
// image/splice: tiles cut out of a baseline JPEG's own entropy-coded data: no pixel is computed, no
// coefficient changes. What changes is told in splice.c. In the same pass, the picture at half its size.
#pragma once

#include "base/base.h"

enum { SPLICE_COMPONENTS_MAX = 3, SPLICE_TABLES = 4, BLOCK_COEFFICIENTS = 64, HUFFMAN_SYMBOLS_MAX = 256 };

// As a DHT segment has it: how many codes of each length (1 .. 16), and the symbols in the order of their
// codes.
typedef struct {
    bool there;
    uint8_t counts[17];
    uint8_t symbols[HUFFMAN_SYMBOLS_MAX];
} HuffmanTable;

typedef struct {
    uint8_t id, across, down; // sampling factors
    uint8_t quant, dc, ac;    // numbers of its tables
} SpliceComponent;

// All that is needed of the segments before the scan.
typedef struct {
    int width_px, height_px, components, restart_mcus;
    SpliceComponent component[SPLICE_COMPONENTS_MAX];
    uint16_t quant[SPLICE_TABLES][BLOCK_COEFFICIENTS]; // zigzag order
    HuffmanTable dc[SPLICE_TABLES], ac[SPLICE_TABLES];
} SpliceHead;

// Where in the file (in bits, from its start) a row of MCUs of a tile begins, and what its first differences
// are from.
typedef struct {
    uint64_t bit;
    int dc[SPLICE_COMPONENTS_MAX];
} SpliceMark;

typedef struct {
    void *ctx;
    // A complete JFIF, with a restart marker at each row of MCUs. Columns of a row in order, rows in order.
    bool (*tile)(void *ctx, int column, int row, Str jpeg, Err *err);
    // ceil(height/2) rows of ceil(width/2) samples (grey) or YCbCr triples: the mean of 2x2 pixels, computed
    // from the coefficients. NULL if not wanted.
    bool (*half_row)(void *ctx, const uint8_t *row, Err *err);
    // NULL if not wanted. Columns 0 .. columns, the last being the end of the row; before the tile is given.
    // The mark is NULL when it cannot be said.
    bool (*mark)(void *ctx, int mcu_row, int column, const SpliceMark *mark, Err *err);
} SpliceSink;

struct jpeg_decompress_struct;
struct jvirt_barray_control;
// From a libjpeg decoder that has read the header. False: of a kind that is not spliced (progressive, several
// scans, arithmetic coding, RGB, CMYK, unusual sampling, Huffman tables without room): decode it instead.
bool splice_head(const struct jpeg_decompress_struct *codec, SpliceHead *ret);

// The same from a tile's JPEG up to its scan. False: not one of ours.
struct JpegReader;
bool jpeg_read_splice_head(struct JpegReader *r, Str head, SpliceHead *ret);

// Reads the scan that begins at byte `at` of `fd`. tile_px: a power of two from 64. ERR_CORRUPT, and what the
// sink says.
bool splice_jpeg(
    const SpliceHead *head, int fd, uint64_t at, int tile_px, const SpliceSink *sink, Err *err) MUST_CHECK;

// For a file of another kind (progressive, several scans, arithmetic coding): the same tiles from all its
// coefficients in memory, each with Huffman tables of its own. First after the header: size and components;
// false if they are not those above.
bool splice_frame(const struct jpeg_decompress_struct *codec, SpliceHead *ret);
// Bytes that jpeg_read_coefficients will take.
uint64_t splice_blocks_bytes(const struct jpeg_decompress_struct *codec);
// blocks: from jpeg_read_coefficients. ERR_CORRUPT, ERR_LIMIT, and what the sink says.
bool splice_blocks(struct jpeg_decompress_struct *codec, struct jvirt_barray_control **blocks, int tile_px,
    const SpliceSink *sink, Err *err) MUST_CHECK;

// ---- shared by the splice_*.c files

extern const uint8_t zigzag_to_natural[BLOCK_COEFFICIENTS];

// The picture at half its size, one row of MCUs at a time.
typedef struct HalfPicture HalfPicture;

HalfPicture *half_open(const SpliceHead *head, int mcus_across);
void half_closep(HalfPicture **h);
// Coefficient k (zigzag) of the block at hand; then the block is placed and forgotten.
typedef struct {
    float sum[BLOCK_COEFFICIENTS];
    const float *weight;
    const uint8_t *target;
} HalfBlock;
void half_block_start(const HalfPicture *h, int component, HalfBlock *block);
static inline void half_block_add(HalfBlock *block, int k, int value)
{
    block->sum[block->target[k]] += (float)value * block->weight[k];
}
// last: the number of its last coefficient that is not zero. across, down: its place among the component's
// blocks in this row of MCUs.
void half_block_place(HalfPicture *h, int component, int across, int down, int last, HalfBlock *block);
// Hands the finished rows to the sink.
bool half_rows(HalfPicture *h, const SpliceSink *sink, Err *err) MUST_CHECK;
