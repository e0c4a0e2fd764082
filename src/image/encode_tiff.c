// SPDX-License-Identifier: Apache-2.0
// Baseline TIFF 6.0, little-endian, strips of 64 rows packed with Deflate after horizontal differencing:
//
//   8 header   strips ...   directory   values too long for it   (header's offset is filled in last)
#include "image/int.h"

#include <stdlib.h>
#include <zlib.h>

enum { TIFF_STRIP_ROWS = 64, TIFF_DEFLATE_LEVEL = 4, TIFF_ENTRIES_MAX = 16 };

struct TiffWriter {
    EncodeAsk ask;
    Buf *out;
    size_t base; // where the file begins in `out`
    uint8_t *strip, *packed;
    size_t row_bytes, packed_room;
    int rows;
    uint32_t *offsets, *counts;
    int strips;
};

static void put_16(Buf *b, uint32_t v)
{
    uint8_t bytes[2] = {(uint8_t)v, (uint8_t)(v >> 8)};
    buf_add_bytes(b, bytes, 2);
}

static void put_32(Buf *b, uint32_t v)
{
    put_16(b, v & 0xffff);
    put_16(b, v >> 16);
}

size_t tiff_memory_bytes(const EncodeAsk *ask)
{
    size_t row = (size_t)ask->width_px * (size_t)ask->channels;
    return row * (size_t)ask->height_px + 3 * row * TIFF_STRIP_ROWS; // result, and a strip twice
}

TiffWriter *tiff_writer_open(const EncodeAsk *ask, Buf *out)
{
    TiffWriter *w = mem_alloc(sizeof(*w));
    *w = (TiffWriter){.ask = *ask, .out = out, .base = out->n};
    w->row_bytes = (size_t)ask->width_px * (size_t)ask->channels;
    w->packed_room = compressBound(w->row_bytes * TIFF_STRIP_ROWS);
    w->strip = mem_alloc(w->row_bytes * TIFF_STRIP_ROWS);
    w->packed = mem_alloc(w->packed_room);
    int strips = (ask->height_px + TIFF_STRIP_ROWS - 1) / TIFF_STRIP_ROWS;
    w->offsets = mem_alloc((size_t)strips * sizeof(uint32_t));
    w->counts = mem_alloc((size_t)strips * sizeof(uint32_t));
    buf_add_bytes(out, "II*\0\0\0\0\0", 8);
    return w;
}

void tiff_writer_closep(TiffWriter **given)
{
    TiffWriter *w = *given;
    if (!w)
        return;
    free(w->strip);
    free(w->packed);
    free(w->offsets);
    free(w->counts);
    free(w);
    *given = NULL;
}

static bool flush_strip(TiffWriter *w, Err *err)
{
    int rows = w->rows % TIFF_STRIP_ROWS ? w->rows % TIFF_STRIP_ROWS : TIFF_STRIP_ROWS;
    uLongf bytes = w->packed_room;
    if (compress2(w->packed, &bytes, w->strip, w->row_bytes * (size_t)rows, TIFF_DEFLATE_LEVEL) != Z_OK)
        return err_set(err, ERR_LIMIT, "cannot make a TIFF");
    w->offsets[w->strips] = (uint32_t)(w->out->n - w->base);
    w->counts[w->strips++] = (uint32_t)bytes;
    buf_add_bytes(w->out, w->packed, bytes);
    return true;
}

bool tiff_row(TiffWriter *w, const uint8_t *row, Err *err)
{
    size_t channels = (size_t)w->ask.channels;
    uint8_t *to = w->strip + (size_t)(w->rows % TIFF_STRIP_ROWS) * w->row_bytes;
    memcpy(to, row, MIN_OF(channels, w->row_bytes));
    for (size_t i = channels; i < w->row_bytes; i++)
        to[i] = (uint8_t)(row[i] - row[i - channels]);
    w->rows++;
    return w->rows % TIFF_STRIP_ROWS != 0 || flush_strip(w, err);
}

typedef struct {
    uint16_t tag, type; // 3: 16 bit, 4: 32 bit
    uint32_t count, value;
} Entry;

// Several values stand before the directory and are pointed at; up to four bytes stand in the entry itself.
static uint32_t put_list(TiffWriter *w, const uint32_t *values, int count)
{
    if (count == 1)
        return values[0];
    if ((w->out->n - w->base) % 2)
        buf_add_char(w->out, 0);
    uint32_t at = (uint32_t)(w->out->n - w->base);
    for (int i = 0; i < count; i++)
        put_32(w->out, values[i]);
    return at;
}

bool tiff_finish(TiffWriter *w, Err *err)
{
    if (w->rows % TIFF_STRIP_ROWS && !flush_strip(w, err))
        return false;
    Buf *out = w->out;
    uint32_t channels = (uint32_t)w->ask.channels, strips = (uint32_t)w->strips;
    uint32_t offsets = put_list(w, w->offsets, w->strips), counts = put_list(w, w->counts, w->strips);
    if ((out->n - w->base) % 2)
        buf_add_char(out, 0);
    uint32_t bits = (uint32_t)(out->n - w->base);
    for (uint32_t i = 0; i < 4; i++)
        put_16(out, 8);
    bool alpha = channels % 2 == 0;
    const Entry entries[] = {
        {256, 4, 1, (uint32_t)w->ask.width_px}, {257, 4, 1, (uint32_t)w->ask.height_px},
        {258, 3, channels,
            channels == 1   ? 8
            : channels == 2 ? 8 | 8 << 16
                            : bits},
        {259, 3, 1, 8},                     // Deflate
        {262, 3, 1, channels >= 3 ? 2 : 1}, // RGB; black is zero
        {273, 4, strips, offsets}, {277, 3, 1, channels}, {278, 4, 1, TIFF_STRIP_ROWS},
        {279, 4, strips, counts}, {317, 3, 1, 2}, // differences across
        {338, 3, alpha ? 1 : 0, alpha ? 2 : 0},   // unassociated alpha
    };
    uint32_t directory = (uint32_t)(out->n - w->base), count = COUNT_OF(entries) - (alpha ? 0 : 1);
    put_16(out, count);
    for (uint32_t i = 0; i < count; i++) {
        put_16(out, entries[i].tag);
        put_16(out, entries[i].type);
        put_32(out, entries[i].count);
        put_32(out, entries[i].value);
    }
    put_32(out, 0);
    if (out->full)
        return err_set(err, ERR_LIMIT, "the picture became too big");
    for (int i = 0; i < 4; i++)
        out->p[w->base + 4 + (size_t)i] = (char)(directory >> (8 * i));
    return true;
}
