// SPDX-License-Identifier: Apache-2.0
// What a decoder of libjpeg has read before the scan, checked for what splicing needs.
#include "image/splice_int.h"

#include <stdio.h>

#include <jpeglib.h>

const uint8_t zigzag_to_natural[BLOCK_COEFFICIENTS] = {0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15,
    23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// An optimised table has codes only for the differences that occur; a tile may need others. They get the
// longest codes, behind all that are taken, so that no code in use changes. The code of only ones stays free,
// as the standard asks.
static bool dc_complete(HuffmanTable *t)
{
    uint32_t code = 0;
    int count = 0;
    bool have[DC_SIZES] = {false};
    for (int length = 1; length <= CODE_BITS_MAX; length++) {
        code = (code << 1) + t->counts[length];
        count += t->counts[length];
    }
    for (int i = 0; i < count; i++) {
        if (t->symbols[i] >= DC_SIZES)
            return false;
        have[t->symbols[i]] = true;
    }
    for (int size = 0; size < DC_SIZES; size++) {
        if (have[size])
            continue;
        if (code >= UINT16_MAX || count >= HUFFMAN_SYMBOLS_MAX)
            return false;
        t->counts[CODE_BITS_MAX]++;
        t->symbols[count++] = (uint8_t)size;
        code++;
    }
    return true;
}

// Lengths must not promise more codes than there are, and the code of only ones stays free.
static bool table_take(const JHUFF_TBL *from, HuffmanTable *to)
{
    uint32_t code = 0;
    int count = 0;
    if (!from)
        return false;
    to->there = true;
    for (int length = 1; length <= CODE_BITS_MAX; length++) {
        to->counts[length] = from->bits[length];
        count += from->bits[length];
        code = (code << 1) + from->bits[length];
        if (from->bits[length] && code >= (1U << length))
            return false;
    }
    if (count > HUFFMAN_SYMBOLS_MAX)
        return false;
    memcpy(to->symbols, from->huffval, (size_t)count);
    return true;
}

// Values no longer than baseline allows; of size 0 only "the rest is zero" and "sixteen zeros".
static bool ac_baseline(const HuffmanTable *t)
{
    int count = 0;
    for (int length = 1; length <= CODE_BITS_MAX; length++)
        count += t->counts[length];
    for (int i = 0; i < count; i++) {
        int size = t->symbols[i] & 15;
        if (size > AC_SIZE_MAX || (size == 0 && t->symbols[i] != 0 && t->symbols[i] != 0xf0))
            return false;
    }
    return true;
}

static bool quant_take(const struct jpeg_decompress_struct *codec, int number, SpliceHead *h)
{
    const JQUANT_TBL *quant = number < SPLICE_TABLES ? codec->quant_tbl_ptrs[number] : NULL;
    if (!quant)
        return false;
    for (int k = 0; k < BLOCK_COEFFICIENTS; k++) {
        h->quant[number][k] = quant->quantval[zigzag_to_natural[k]];
        if (h->quant[number][k] > UINT8_MAX) // 16-bit tables are for extended files
            return false;
    }
    return true;
}

bool splice_frame(const struct jpeg_decompress_struct *codec, SpliceHead *h)
{
    *h = (SpliceHead){.width_px = (int)codec->image_width,
        .height_px = (int)codec->image_height,
        .components = codec->num_components,
        .restart_mcus = (int)codec->restart_interval};
    bool grey = codec->jpeg_color_space == JCS_GRAYSCALE && h->components == 1;
    bool ycc = codec->jpeg_color_space == JCS_YCbCr && h->components == 3;
    if (codec->data_precision != 8 || (!grey && !ycc))
        return false;
    for (int i = 0; i < h->components; i++) {
        const jpeg_component_info *from = &codec->comp_info[i];
        h->component[i] = (SpliceComponent){.id = (uint8_t)from->component_id,
            .across = (uint8_t)from->h_samp_factor,
            .down = (uint8_t)from->v_samp_factor,
            .quant = (uint8_t)from->quant_tbl_no,
            .dc = (uint8_t)from->dc_tbl_no,
            .ac = (uint8_t)from->ac_tbl_no};
        if (i > 0 && (from->h_samp_factor != 1 || from->v_samp_factor != 1))
            return false;
    }
    if (grey) // one component alone has one block an MCU, whatever its factors say
        h->component[0].across = h->component[0].down = 1;
    return h->component[0].across <= 2 && h->component[0].down <= 2;
}

static bool tables_take(const struct jpeg_decompress_struct *codec, int number, SpliceHead *h)
{
    const SpliceComponent *c = &h->component[number];
    if (c->dc >= SPLICE_TABLES || c->ac >= SPLICE_TABLES ||
        codec->cur_comp_info[number] != &codec->comp_info[number] || !quant_take(codec, c->quant, h))
        return false;
    return (h->dc[c->dc].there ||
               (table_take(codec->dc_huff_tbl_ptrs[c->dc], &h->dc[c->dc]) && dc_complete(&h->dc[c->dc]))) &&
           (h->ac[c->ac].there ||
               (table_take(codec->ac_huff_tbl_ptrs[c->ac], &h->ac[c->ac]) && ac_baseline(&h->ac[c->ac])));
}

bool splice_head(const struct jpeg_decompress_struct *codec, SpliceHead *ret)
{
    SpliceHead h;
    if (codec->progressive_mode || codec->arith_code || codec->comps_in_scan != codec->num_components ||
        !splice_frame(codec, &h))
        return false;
    for (int i = 0; i < h.components; i++)
        if (!tables_take(codec, i, &h))
            return false;
    *ret = h;
    return true;
}
