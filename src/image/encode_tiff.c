// SPDX-License-Identifier: Apache-2.0
// Baseline TIFF 6.0, little-endian, strips of 64 rows packed with Deflate after horizontal differencing:
//
//   8 header   strips ...   directory   values too long for it   (header's offset is filled in last)
#include "image/int.h"

#include <stdlib.h>
#include <zlib.h>

enum { TIFF_STRIP_ROWS = 64, TIFF_DEFLATE_LEVEL = 4 };

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
    size_t row = (size_t)ask->width_px * (size_t)ask->channels * (size_t)(ask->samples ? ask->bits / 8 : 1);
    return row * (size_t)ask->height_px + 3 * row * TIFF_STRIP_ROWS; // result, and a strip twice
}

TiffWriter *tiff_writer_open(const EncodeAsk *ask, Buf *out)
{
    TiffWriter *w = mem_alloc(sizeof(*w));
    *w = (TiffWriter){.ask = *ask, .out = out, .base = out->n};
    if (!ask->samples)
        w->ask.bits = 8;
    w->row_bytes = (size_t)ask->width_px * (size_t)ask->channels * (size_t)w->ask.bits / 8;
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

// The difference from the sample before it of the same channel; of floating point there is none.
static void difference_row(const TiffWriter *w, uint8_t *to, const uint8_t *row)
{
    size_t channels = (size_t)w->ask.channels, bytes = (size_t)w->ask.bits / 8;
    memcpy(to, row, w->ask.floating ? w->row_bytes : MIN_OF(channels * bytes, w->row_bytes));
    for (size_t i = channels * bytes; i < w->row_bytes && !w->ask.floating; i += bytes) {
        uint32_t now = 0, before = 0;
        // The low bytes come first on this machine, and in this file.
        memcpy(&now, row + i, bytes);
        memcpy(&before, row + i - channels * bytes, bytes);
        now -= before;
        memcpy(to + i, &now, bytes);
    }
}

bool tiff_row(TiffWriter *w, const uint8_t *row, Err *err)
{
    _Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "this file writes II as the machine has it");
    uint8_t *to = w->strip + (size_t)(w->rows % TIFF_STRIP_ROWS) * w->row_bytes;
    if (w->ask.bits == 8) {
        size_t channels = (size_t)w->ask.channels;
        memcpy(to, row, MIN_OF(channels, w->row_bytes));
        for (size_t i = channels; i < w->row_bytes; i++)
            to[i] = (uint8_t)(row[i] - row[i - channels]);
    } else {
        difference_row(w, to, row);
    }
    w->rows++;
    return w->rows % TIFF_STRIP_ROWS != 0 || flush_strip(w, err);
}

typedef struct {
    uint16_t tag, type; // 3: 16 bit, 4: 32 bit, 7: bytes
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

static uint32_t put_shorts(TiffWriter *w, uint32_t value, uint32_t count)
{
    if (count <= 2)
        return count == 2 ? value | value << 16 : value;
    if ((w->out->n - w->base) % 2)
        buf_add_char(w->out, 0);
    uint32_t at = (uint32_t)(w->out->n - w->base);
    for (uint32_t i = 0; i < count; i++)
        put_16(w->out, value);
    return at;
}

// What the channels are, and how many stand beside the colours.
static uint32_t photometric(const EncodeAsk *ask, uint32_t *ret_extra)
{
    uint32_t channels = (uint32_t)ask->channels;
    uint32_t colours = ask->cmyk ? 4 : ask->many ? 1 : channels >= 3 ? 3 : 1;
    *ret_extra = channels - colours;
    return ask->cmyk ? 5 : colours == 3 ? 2 : 1; // separated; RGB; black is zero
}

// Nothing, or unassociated alpha as the last of them.
static uint32_t put_extra(TiffWriter *w, uint32_t count)
{
    uint32_t alpha = w->ask.cmyk || w->ask.many ? w->ask.alpha_last ? 2 : 0 : 2;
    if (count <= 2)
        return count == 2 ? alpha << 16 : count ? alpha : 0;
    uint32_t at = put_shorts(w, 0, count);
    if (w->out->full)
        return 0;
    w->out->p[w->base + at + (count - 1) * 2] = (char)alpha;
    return at;
}

static uint32_t put_profile(TiffWriter *w)
{
    uint32_t at = (uint32_t)(w->out->n - w->base);
    buf_add(w->out, w->ask.profile);
    return at;
}

static void put_directory(TiffWriter *w, const Entry *entries, size_t count)
{
    uint32_t there = 0;
    for (size_t i = 0; i < count; i++)
        there += entries[i].count > 0;
    put_16(w->out, there);
    for (size_t i = 0; i < count; i++) {
        if (entries[i].count == 0)
            continue;
        put_16(w->out, entries[i].tag);
        put_16(w->out, entries[i].type);
        put_32(w->out, entries[i].count);
        put_32(w->out, entries[i].value);
    }
    put_32(w->out, 0);
}

bool tiff_finish(TiffWriter *w, Err *err)
{
    if (w->rows % TIFF_STRIP_ROWS && !flush_strip(w, err))
        return false;
    Buf *out = w->out;
    const EncodeAsk *ask = &w->ask;
    uint32_t channels = (uint32_t)ask->channels, strips = (uint32_t)w->strips, extra;
    uint32_t meaning = photometric(ask, &extra);
    const Entry entries[] = {
        {256, 4, 1, (uint32_t)ask->width_px},
        {257, 4, 1, (uint32_t)ask->height_px},
        {258, 3, channels, put_shorts(w, (uint32_t)ask->bits, channels)},
        {259, 3, 1, 8}, // Deflate
        {262, 3, 1, meaning},
        {273, 4, strips, put_list(w, w->offsets, w->strips)},
        {277, 3, 1, channels},
        {278, 4, 1, TIFF_STRIP_ROWS},
        {279, 4, strips, put_list(w, w->counts, w->strips)},
        {317, 3, 1, ask->floating ? 1 : 2}, // differences across, or none
        {338, 3, extra, put_extra(w, extra)},
        {339, 3, ask->floating ? channels : 0, ask->floating ? put_shorts(w, 3, channels) : 0},
        {34675, 7, (uint32_t)ask->profile.n, ask->profile.n ? put_profile(w) : 0},
    };
    if ((out->n - w->base) % 2)
        buf_add_char(out, 0);
    uint32_t directory = (uint32_t)(out->n - w->base);
    put_directory(w, entries, COUNT_OF(entries));
    if (out->full)
        return err_set(err, ERR_LIMIT, "the picture became too big");
    for (int i = 0; i < 4; i++)
        out->p[w->base + 4 + (size_t)i] = (char)(directory >> (8 * i));
    return true;
}
