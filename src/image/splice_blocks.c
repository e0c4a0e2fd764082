// SPDX-License-Identifier: Apache-2.0
// The coefficients of a progressive file are scattered over all its scans: only when the last has been read
// is any block whole. So they are all held, and tiles are written from them.
#include "image/splice_int.h"

#include <stdio.h>

#include <jpeglib.h>

typedef struct {
    struct jpeg_decompress_struct *codec;
    jvirt_barray_ptr *blocks;
    SpliceHead head;
    const SpliceSink *sink;
    HalfPicture *half;
    JpegWriter *writer;
    Buf out;
    int tile_px, mcu_px_x, mcu_px_y;
} Blocks;

static int round_up(int value, int to)
{
    return (value + to - 1) / to * to;
}

uint64_t splice_blocks_bytes(const struct jpeg_decompress_struct *codec)
{
    uint64_t bytes = 0;
    for (int i = 0; i < codec->num_components; i++) {
        const jpeg_component_info *c = &codec->comp_info[i];
        bytes += (uint64_t)round_up((int)c->width_in_blocks, c->h_samp_factor) *
                 (uint64_t)round_up((int)c->height_in_blocks, c->v_samp_factor) * sizeof(JBLOCK);
    }
    return bytes;
}

// The quantisers as they were when the component's first scan began: a file may change them later.
static bool take_quantisers(Blocks *b, Err *err)
{
    for (int i = 0; i < b->head.components; i++) {
        const JQUANT_TBL *table = b->codec->comp_info[i].quant_table;
        if (!table)
            return err_set(err, ERR_CORRUPT, "the JPEG is damaged: a part of its colours is missing");
        for (int k = 0; k < BLOCK_COEFFICIENTS; k++)
            b->head.quant[i][k] = table->quantval[zigzag_to_natural[k]];
        b->head.component[i].quant = (uint8_t)i;
    }
    return true;
}

static void halve_block(HalfPicture *half, int component, int across, int down, const JCOEF *block)
{
    HalfBlock sums;
    int last = 0;
    half_block_start(half, component, &sums);
    half_block_add(&sums, 0, block[0]);
    for (int k = 1; k < BLOCK_COEFFICIENTS; k++) {
        int value = block[zigzag_to_natural[k]];
        if (value == 0)
            continue;
        half_block_add(&sums, k, value);
        last = k;
    }
    half_block_place(half, component, across, down, last, &sums);
}

static bool halve_mcus(Blocks *b, int mcu_row, Err *err)
{
    int mcus_across = (b->head.width_px + b->mcu_px_x - 1) / b->mcu_px_x;
    for (int i = 0; i < b->head.components; i++) {
        const SpliceComponent *c = &b->head.component[i];
        JBLOCKARRAY rows = b->codec->mem->access_virt_barray((j_common_ptr)b->codec, b->blocks[i],
            (JDIMENSION)(mcu_row * c->down), (JDIMENSION)c->down, FALSE);
        for (int y = 0; y < c->down; y++)
            for (int x = 0; x < mcus_across * c->across; x++)
                halve_block(b->half, i, x, y, rows[y][x]);
    }
    return half_rows(b->half, b->sink, err);
}

static bool write_tiles(Blocks *b, int row, Err *err)
{
    JpegPart part = {.top_px = row * b->tile_px};
    part.height_px = MIN_OF(b->tile_px, b->head.height_px - part.top_px);
    for (int column = 0; part.left_px < b->head.width_px; column++, part.left_px += b->tile_px) {
        part.width_px = MIN_OF(b->tile_px, b->head.width_px - part.left_px);
        buf_clear(&b->out);
        if (!jpeg_write_blocks(b->writer, b->codec, b->blocks, part, &b->out, err) ||
            !b->sink->tile(b->sink->ctx, column, row, buf_str(&b->out), err))
            return false;
    }
    return true;
}

static bool write_all(Blocks *b, Err *err)
{
    int height = b->head.height_px;
    if (!take_quantisers(b, err))
        return false;
    if (b->sink->half_row)
        b->half = half_open(&b->head, (b->head.width_px + b->mcu_px_x - 1) / b->mcu_px_x);
    for (int row = 0; row * b->tile_px < height; row++) {
        int end = MIN_OF((row + 1) * b->tile_px, height);
        if (!write_tiles(b, row, err))
            return false;
        for (int top = row * b->tile_px; top < end && b->half; top += b->mcu_px_y)
            if (!halve_mcus(b, top / b->mcu_px_y, err))
                return false;
    }
    return true;
}

static void blocks_close(Blocks *b)
{
    half_closep(&b->half);
    jpeg_writer_closep(&b->writer);
    buf_free(&b->out);
}

bool splice_blocks(struct jpeg_decompress_struct *codec, struct jvirt_barray_control **blocks, int tile_px,
    const SpliceSink *sink, Err *err)
{
    assert(tile_px >= PYRAMID_TILE_MIN_PX && (tile_px & (tile_px - 1)) == 0);
    CLEANUP(blocks_close) Blocks b = {.codec = codec, .blocks = blocks, .sink = sink, .tile_px = tile_px};
    bool usual = splice_frame(codec, &b.head);
    assert(usual); // it was asked before the coefficients were read
    b.mcu_px_x = 8 * b.head.component[0].across;
    b.mcu_px_y = 8 * b.head.component[0].down;
    b.out = buf_with_max(JPEG_TILE_BYTES_MAX);
    b.writer = jpeg_writer_open(0, true);
    return write_all(&b, err);
}
