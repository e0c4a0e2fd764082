// SPDX-License-Identifier: Apache-2.0
// In a baseline scan only two things depend on what went before: a block's first coefficient (DC) is coded as
// the difference from the block before it of the same component, and everything begins at any bit. So a
// tile's row of MCUs is the master's bits from its first MCU to its last, moved to a byte boundary, with the
// first difference of each component coded anew (from 0: a restart marker goes before each row of MCUs). All
// other bits are copied, with the master's Huffman tables. Where the master itself has a restart marker, the
// difference after it is coded anew, too.
//
//   master scan     ...|MCU|MCU|MCU|MCU|...         bits
//   tile, one row        [dc'...........]1111 RSTn  bytes, 0xff followed by 0x00
//
// Bits are read from a clean copy of the scan without stuffing; it always holds a tile's whole row of MCUs.
#include "image/splice_int.h"

#include <stdlib.h>

bool bytes_reserve(Bytes *b, size_t more, Err *err)
{
    if (b->n + more <= b->capacity)
        return true;
    if (b->n + more > JPEG_TILE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a tile of the JPEG is too big");
    b->capacity = MIN_OF((size_t)JPEG_TILE_BYTES_MAX, 2 * (b->n + more));
    b->p = mem_grow(b->p, b->capacity, 1);
    return true;
}

static void patch(Cutter *c, Patch p)
{
    assert(c->patches_count < c->patches_max);
    c->patches[c->patches_count++] = p;
}

// The difference between two DCs as code and value bits.
static bool code_difference(const Decoder *d, int difference, Patch *p, Err *err)
{
    int size = 0, magnitude = abs(difference);
    while (magnitude >> size)
        size++;
    if (size >= DC_SIZES)
        return err_set(err, ERR_CORRUPT, "the JPEG is damaged: a brightness is out of range");
    uint32_t value = (uint32_t)(difference < 0 ? difference + (1 << size) - 1 : difference);
    p->code = (uint32_t)d->code_of[size] << size | value;
    p->bits = d->length_of[size] + size;
    return true;
}

static bool no_such_code(Err *err)
{
    return err_set(err, ERR_CORRUPT, "the JPEG is damaged: its data do not fit its tables");
}

static bool cut_dc(Cutter *c, int number, int *ret, Err *err)
{
    const Decoder *d = c->dc[c->head->component[number].dc];
    uint64_t ahead = scan_ahead(&c->scan), at = c->scan.bit;
    Look look = next_code(d, ahead);
    if (look.bits == 0 || look.symbol >= DC_SIZES)
        return no_such_code(err);
    int value = c->coded[number] + look_value(look, ahead);
    if (abs(value) >= 1 << DC_SIZES)
        return err_set(err, ERR_CORRUPT, "the JPEG is damaged: a brightness is out of range");
    c->scan.bit += look.bits;
    if (c->anew[number]) {
        Patch p = {.at = at, .skip = look.bits};
        if (!code_difference(d, value - c->value[number], &p, err))
            return false;
        patch(c, p);
        c->anew[number] = false;
    }
    c->value[number] = c->coded[number] = value;
    *ret = value;
    return true;
}

// The coefficients after the first. Gives the number of the last, or -1 when there is none such.
static inline int cut_ac(Scan *s, const Decoder *d, HalfBlock *block)
{
    int last = 0;
    for (int k = 1; k < BLOCK_COEFFICIENTS;) {
        uint64_t ahead = scan_ahead(s);
        // Two codes of at most 26 bits are in the 57 that one look ahead has.
        for (int i = 0; i < 2 && k < BLOCK_COEFFICIENTS; i++, k++) {
            Look look = next_code(d, ahead);
            if (look.symbol == 0) { // the rest is zero
                s->bit += look.bits;
                return look.bits ? last : -1;
            }
            k += look.symbol >> 4;
            if (k >= BLOCK_COEFFICIENTS)
                return -1;
            if (block)
                half_block_add(block, k, look_value(look, ahead));
            last = k;
            s->bit += look.bits;
            ahead <<= look.bits;
        }
    }
    return last;
}

static bool cut_block(Cutter *c, int number, int across, int down, Err *err)
{
    const Decoder *d = c->ac[c->head->component[number].ac];
    HalfBlock block;
    int dc = 0, last;
    if (!cut_dc(c, number, &dc, err))
        return false;
    if (c->half) {
        half_block_start(c->half, number, &block);
        half_block_add(&block, 0, dc);
        last = cut_ac(&c->scan, d, &block);
    } else {
        last = cut_ac(&c->scan, d, NULL);
    }
    if (last < 0)
        return no_such_code(err);
    if (c->half)
        half_block_place(c->half, number, across, down, last, &block);
    return true;
}

// Past the master's own restart marker, which must be the one that is due.
static bool cut_restart(Cutter *c, Err *err)
{
    Scan *s = &c->scan;
    uint64_t from = s->bit, to = (from + 7) / 8 * 8;
    if (!scan_check(s, err))
        return false;
    if (s->marker != MARKER_FIRST_RESTART + c->restarts % RESTART_NUMBERS || to != (uint64_t)s->clean_n * 8)
        return err_set(err, ERR_CORRUPT, "the JPEG is damaged: a restart marker is not where it should be");
    patch(c, (Patch){.at = from, .skip = (int)(to - from)});
    s->bit = to;
    s->marker = 0;
    s->raw = s->at - (s->chunk_n - s->chunk_at); // behind the marker
    s->raw_of = s->clean_n;
    c->restarts++;
    c->mcus_to_restart = c->head->restart_mcus;
    for (int i = 0; i < SPLICE_COMPONENTS_MAX; i++) {
        c->coded[i] = 0;
        c->anew[i] = true;
    }
    return true;
}

static bool cut_mcu(Cutter *c, int mcu, Err *err)
{
    for (int i = 0; i < c->head->components; i++) {
        const SpliceComponent *s = &c->head->component[i];
        for (int y = 0; y < s->down; y++)
            for (int x = 0; x < s->across; x++)
                if (!cut_block(c, i, mcu * s->across + x, y, err))
                    return false;
    }
    return scan_check(&c->scan, err);
}

bool cut_write(Cutter *c, uint64_t start, Bytes *to, Err *err)
{
    // Stuffing may double everything; a patch is never longer than 4 bytes.
    size_t most = 2 * ((size_t)(c->scan.bit - start) / 8 + 4 * c->patches_count + 16);
    if (!bytes_reserve(to, most, err))
        return false;
    BitWriter w = {.to = to->p + to->n};
    uint64_t at = start;
    for (size_t i = 0; i < c->patches_count; i++) {
        const Patch *p = &c->patches[i];
        bits_copy(&w, c->scan.clean, at, p->at);
        bits_put(&w, p->code, p->bits);
        at = p->at + (uint64_t)p->skip;
    }
    bits_copy(&w, c->scan.clean, at, c->scan.bit);
    if (w.count)
        bits_put(&w, (1U << (8 - w.count)) - 1, 8 - w.count);
    to->n = (size_t)(w.to - to->p);
    return true;
}

// ---- whole tiles

bool cut_tile(Cutter *c, int column, int row, const Bytes *scan, Buf *out, Err *err)
{
    const SpliceHead *h = c->head;
    int width = MIN_OF(c->tile_px, h->width_px - column * c->tile_px);
    int height = MIN_OF(c->tile_px, h->height_px - row * c->tile_px);
    tile_head_put(h, width, height, (width + c->mcu_px_x - 1) / c->mcu_px_x, out);
    buf_add_bytes(out, scan->p, scan->n);
    put16(out, 0xff00 | MARKER_EOI);
    return !out->full || err_set(err, ERR_LIMIT, "a tile of the JPEG is too big");
}

static bool finish_tiles(Cutter *c, int row, Err *err)
{
    for (int column = 0; column < c->columns_count; column++) {
        buf_clear(&c->out);
        if (!cut_tile(c, column, row, &c->columns[column], &c->out, err))
            return false;
        c->columns[column].n = 0;
        if (!c->sink->tile(c->sink->ctx, column, row, buf_str(&c->out), err))
            return false;
    }
    return true;
}

// ---- the pass

bool cut_marker(Cutter *c, int mcu_row, Bytes *to, Err *err)
{
    int row = mcu_row % c->rows_in_tile;
    if (row == 0)
        return true;
    if (!bytes_reserve(to, 2, err))
        return false;
    to->p[to->n++] = 0xff;
    to->p[to->n++] = (uint8_t)(MARKER_FIRST_RESTART + (row - 1) % RESTART_NUMBERS);
    return true;
}

void cut_start(Cutter *c)
{
    c->patches_count = 0;
    for (int i = 0; i < SPLICE_COMPONENTS_MAX; i++) {
        c->value[i] = 0;
        c->anew[i] = true;
    }
}

bool cut_mcus(Cutter *c, int first, int end, Err *err)
{
    for (int mcu = first; mcu < end; mcu++) {
        if (c->head->restart_mcus && c->mcus_to_restart == 0 &&
            (!cut_restart(c, err) || !scan_fill(&c->scan, c->interval_bytes, err)))
            return false;
        if (!cut_mcu(c, mcu, err))
            return false;
        c->mcus_to_restart--;
    }
    return true;
}

static bool mark(Cutter *c, int mcu_row, int column, Err *err)
{
    SpliceMark mark = {.bit = scan_raw_bit(&c->scan)};
    if (!c->sink->mark)
        return true;
    memcpy(mark.dc, c->coded, sizeof(mark.dc));
    return c->sink->mark(c->sink->ctx, mcu_row, column, c->scan.filled ? NULL : &mark, err);
}

// A tile's part of a row of MCUs.
static bool cut_interval(Cutter *c, int mcu_row, int column, Err *err)
{
    int first = column * c->mcus_in_tile, end = MIN_OF(first + c->mcus_in_tile, c->mcus_across);
    Bytes *to = &c->columns[column];
    if (!cut_marker(c, mcu_row, to, err) || !scan_ensure(&c->scan, c->interval_bytes, err) ||
        !mark(c, mcu_row, column, err))
        return false;
    uint64_t start = c->scan.bit;
    cut_start(c);
    return cut_mcus(c, first, end, err) && cut_write(c, start, to, err);
}

// After the last MCU there is the end of the picture; before it some writers leave a restart marker or a
// remark.
static bool cut_end(Cutter *c, Err *err)
{
    Scan *s = &c->scan;
    while (
        !s->ended && (!s->marker || s->marker / RESTART_NUMBERS == MARKER_FIRST_RESTART / RESTART_NUMBERS)) {
        s->marker = 0;
        s->bit = (uint64_t)s->clean_n * 8;
        if (!scan_ensure(s, 1, err))
            return false;
    }
    if (s->ended)
        return err_set(err, ERR_CORRUPT, "the JPEG is cut off: its end is missing");
    if (s->marker != MARKER_EOI && s->marker < MARKER_FIRST_APP)
        return err_set(err, ERR_CORRUPT, "the JPEG is damaged: something follows its picture");
    return true;
}

static bool cut_all(Cutter *c, Err *err)
{
    for (int mcu_row = 0; mcu_row < c->mcus_down; mcu_row++) {
        for (int column = 0; column < c->columns_count; column++)
            if (!cut_interval(c, mcu_row, column, err))
                return false;
        if (!mark(c, mcu_row, c->columns_count, err))
            return false;
        if (c->half && !half_rows(c->half, c->sink, err))
            return false;
        bool last = mcu_row + 1 == c->mcus_down || (mcu_row + 1) % c->rows_in_tile == 0;
        if (last && !finish_tiles(c, mcu_row / c->rows_in_tile, err))
            return false;
    }
    return cut_end(c, err);
}

void cutter_measure(Cutter *c)
{
    const SpliceHead *h = c->head;
    c->mcu_px_x = 8 * h->component[0].across;
    c->mcu_px_y = 8 * h->component[0].down;
    c->mcus_across = (h->width_px + c->mcu_px_x - 1) / c->mcu_px_x;
    c->mcus_down = (h->height_px + c->mcu_px_y - 1) / c->mcu_px_y;
    c->mcus_in_tile = c->tile_px / c->mcu_px_x;
    c->rows_in_tile = c->tile_px / c->mcu_px_y;
    c->interval_bytes = (size_t)c->mcus_in_tile * MCU_BLOCKS_MAX * BLOCK_BYTES_MAX;
    c->mcus_to_restart = h->restart_mcus;
    c->columns_count = (h->width_px + c->tile_px - 1) / c->tile_px;
    // At worst a restart before each MCU: its padding and a difference for each component.
    c->patches_max = (size_t)(c->mcus_in_tile + 1) * (1 + SPLICE_COMPONENTS_MAX);
}

static void cutter_close(Cutter *c)
{
    for (int i = 0; i < SPLICE_TABLES; i++) {
        free(c->dc[i]);
        free(c->ac[i]);
    }
    for (int i = 0; i < c->columns_count; i++)
        free(c->columns[i].p);
    free(c->columns);
    free(c->patches);
    free(c->scan.clean);
    free(c->scan.chunk);
    buf_free(&c->out);
    half_closep(&c->half);
}

void cutter_decoders(const SpliceHead *h, Decoder *dc[SPLICE_TABLES], Decoder *ac[SPLICE_TABLES])
{
    for (int i = 0; i < SPLICE_TABLES; i++) {
        if (h->dc[i].there)
            decoder_make(&h->dc[i], dc[i] = mem_alloc(sizeof(Decoder)));
        if (h->ac[i].there)
            decoder_make(&h->ac[i], ac[i] = mem_alloc(sizeof(Decoder)));
    }
}

static void cutter_open(Cutter *c)
{
    cutter_measure(c);
    c->columns = mem_alloc((size_t)c->columns_count * sizeof(Bytes));
    c->out = buf_with_max(JPEG_TILE_BYTES_MAX + TILE_HEAD_MAX_BYTES);
    c->patches = mem_alloc(c->patches_max * sizeof(Patch));
    c->scan.chunk = mem_alloc(CHUNK_BYTES);
    c->scan.clean_max = 2 * c->interval_bytes + CHUNK_BYTES;
    c->scan.clean = mem_alloc(c->scan.clean_max + SLACK_BYTES);
    cutter_decoders(c->head, c->dc, c->ac);
    if (c->sink->half_row)
        c->half = half_open(c->head, c->mcus_across);
}

bool splice_jpeg(const SpliceHead *head, int fd, uint64_t at, int tile_px, const SpliceSink *sink, Err *err)
{
    assert(tile_px >= PYRAMID_TILE_MIN_PX && (tile_px & (tile_px - 1)) == 0);
    CLEANUP(cutter_close)
    Cutter c = {.head = head, .sink = sink, .tile_px = tile_px, .scan = {.fd = fd, .at = at, .raw = at}};
    cutter_open(&c);
    return cut_all(&c, err);
}
