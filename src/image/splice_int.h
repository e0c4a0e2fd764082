// SPDX-License-Identifier: Apache-2.0
// image/splice_int: reading and writing the entropy-coded data of a baseline JPEG, for the splice_*.c files
// only: Huffman codes (splice_codes.c), the scan without its stuffing (splice_scan.c), bits and heads of
// tiles (splice_write.c).
#pragma once

#include "image/int.h"
#include "image/splice.h"

#include <endian.h>

enum {
    LOOKUP_BITS = 10,
    LOOKUP_SIZE = 1 << LOOKUP_BITS,
    CODE_BITS_MAX = 16,
    DC_SIZES = 12,            // 8-bit samples: differences have at most 11 bits
    AC_SIZE_MAX = 10,         // bits of a value after its code
    BLOCK_BYTES_MAX = 64 * 4, // 64 codes of at most 16 + 10 bits
    SLACK_BYTES = 16 << 10,   // zeros after the end, for a block or an MCU that is cut off
    CHUNK_BYTES = 64 << 10,
    MCU_BLOCKS_MAX = 10,
    TILE_HEAD_MAX_BYTES = 4096,
    RESTART_NUMBERS = 8,
    MARKER_FIRST_RESTART = 0xd0,
    MARKER_EOI = 0xd9,
    MARKER_FIRST_APP = 0xe0,
};

// ---- splice_codes.c

// What the next bits say. A code and its value are read in one step when both are within the table's reach.
typedef struct {
    int16_t value;  // 0: it must be read, if size > 0
    uint8_t bits;   // of code and value together; 0: the code is longer than the table reaches
    uint8_t symbol; // zeros before it (high 4 bits), size of the value (low 4 bits)
} Look;

typedef struct {
    Look look[LOOKUP_SIZE];
    int32_t last[CODE_BITS_MAX + 1]; // the largest code of a length, -1 if there is none
    int32_t offset[CODE_BITS_MAX + 1];
    uint8_t symbols[HUFFMAN_SYMBOLS_MAX];
    uint16_t code_of[DC_SIZES]; // for writing differences
    uint8_t length_of[DC_SIZES];
} Decoder;

void decoder_make(const HuffmanTable *t, Decoder *d);
// `ahead` has the next bits at its top. No bits: no code begins like this.
Look slow_code(const Decoder *d, uint64_t ahead);

// The value whose `size` (1 .. 15) bits stand at the top of `ahead`.
static inline int value_of(uint64_t ahead, int size)
{
    int v = (int)(ahead >> (64 - size));
    return v >> (size - 1) ? v : v - (1 << size) + 1;
}

static inline Look next_code(const Decoder *d, uint64_t ahead)
{
    Look look = d->look[ahead >> (64 - LOOKUP_BITS)];
    return look.bits ? look : slow_code(d, ahead);
}

static inline int look_value(Look look, uint64_t ahead)
{
    int size = look.symbol & 15;
    return look.value || size == 0 ? look.value : value_of(ahead << (look.bits - size), size);
}

// ---- splice_scan.c: the scan without its stuffing

typedef struct {
    int fd;      // -1: the chunk is all there is
    uint64_t at; // of the next chunk in the file
    uint8_t *chunk;
    size_t chunk_at, chunk_n;
    bool ended;     // no more bytes in the file
    uint8_t marker; // the scan is interrupted here, 0: it goes on
    uint8_t *clean;
    size_t clean_n, clean_max;
    uint64_t bit; // position of the reader in `clean`
    // Byte raw_of of `clean` is byte `raw` of the file, if no stuffing was other than 0xff 0x00.
    uint64_t raw;
    size_t raw_of;
    bool filled;
} Scan;

// Until there are `want` bytes after the reader, or a marker, or the end.
bool scan_fill(Scan *s, size_t want, Err *err) MUST_CHECK;
// Forgets what the reader has passed and makes sure of `want` bytes to come, with room for as many again.
bool scan_ensure(Scan *s, size_t want, Err *err) MUST_CHECK;
// ERR_CORRUPT if the reader is past the end.
bool scan_check(const Scan *s, Err *err) MUST_CHECK;

// Where in the file, in bits, the reader is. Never goes back.
uint64_t scan_raw_bit(Scan *s);

static inline uint64_t scan_ahead(const Scan *s)
{
    uint64_t v;
    memcpy(&v, s->clean + (s->bit >> 3), sizeof(v));
    return be64toh(v) << (s->bit & 7);
}

// ---- splice_write.c

typedef struct {
    uint8_t *to;   // room was reserved
    uint64_t bits; // the last `count` bits are waiting, fewer than 8 between calls
    int count;
} BitWriter;

void bits_put(BitWriter *w, uint32_t value, int count); // at most 32
// The bits at .. end-1 of `from`, which may be read 8 bytes beyond. Two bytes behind them are written and
// then overwritten.
void bits_copy(BitWriter *w, const uint8_t *from, uint64_t at, uint64_t end);
static inline void put16(Buf *b, int v)
{
    buf_add_char(b, (char)(v >> 8));
    buf_add_char(b, (char)v);
}

// All of a tile before its scan.
void tile_head_put(const SpliceHead *h, int width_px, int height_px, int mcus_across, Buf *b);

// ---- splice.c

// The scan of a tile in the making.
typedef struct {
    uint8_t *p;
    size_t n, capacity;
} Bytes;

bool bytes_reserve(Bytes *b, size_t more, Err *err) MUST_CHECK;

// Instead of `skip` bits at `at`, these.
typedef struct {
    uint64_t at;
    int skip, bits;
    uint32_t code;
} Patch;

typedef struct {
    const SpliceHead *head;
    const SpliceSink *sink;
    Scan scan;
    Decoder *dc[SPLICE_TABLES], *ac[SPLICE_TABLES];
    HalfPicture *half;
    int tile_px, mcu_px_x, mcu_px_y, mcus_across, mcus_down, mcus_in_tile, rows_in_tile;
    size_t interval_bytes; // at most, of a tile's part of a row of MCUs
    int mcus_to_restart, restarts;
    int value[SPLICE_COMPONENTS_MAX]; // the last DC of each component
    int coded[SPLICE_COMPONENTS_MAX]; // what the master's next difference is from: value, or 0 after a
                                      // restart
    bool anew[SPLICE_COMPONENTS_MAX]; // the next difference must be coded anew, from `value`
    Patch *patches;
    size_t patches_count, patches_max;
    Bytes *columns; // a row of tiles
    int columns_count;
    Buf out; // a finished tile
} Cutter;

// What follows from head and tile_px.
void cutter_measure(Cutter *c);
void cutter_decoders(const SpliceHead *h, Decoder *dc[SPLICE_TABLES], Decoder *ac[SPLICE_TABLES]);
// A row of MCUs of a tile: the restart marker before it (none before the first), then the bits of its MCUs
// first .. end-1, read from where the reader is. cut_write writes from `start` to the reader, as patched.
bool cut_marker(Cutter *c, int mcu_row, Bytes *to, Err *err) MUST_CHECK;
void cut_start(Cutter *c);
bool cut_mcus(Cutter *c, int first, int end, Err *err) MUST_CHECK;
bool cut_write(Cutter *c, uint64_t start, Bytes *to, Err *err) MUST_CHECK;
// Appends the whole JPEG of the tile with this scan.
bool cut_tile(Cutter *c, int column, int row, const Bytes *scan, Buf *out, Err *err) MUST_CHECK;
