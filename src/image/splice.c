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
#include "image/splice.h"

#include "image/int.h"

#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jpeglib.h>

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

const uint8_t zigzag_to_natural[BLOCK_COEFFICIENTS] = {0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28, 35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15,
    23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63};

// ---- the head

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

static bool component_take(const struct jpeg_decompress_struct *codec, int number, SpliceHead *h)
{
    const jpeg_component_info *from = &codec->comp_info[number];
    SpliceComponent *to = &h->component[number];
    *to = (SpliceComponent){.id = (uint8_t)from->component_id,
        .across = (uint8_t)from->h_samp_factor,
        .down = (uint8_t)from->v_samp_factor,
        .quant = (uint8_t)from->quant_tbl_no,
        .dc = (uint8_t)from->dc_tbl_no,
        .ac = (uint8_t)from->ac_tbl_no};
    if (to->quant >= SPLICE_TABLES || to->dc >= SPLICE_TABLES || to->ac >= SPLICE_TABLES ||
        codec->cur_comp_info[number] != from)
        return false;
    const JQUANT_TBL *quant = codec->quant_tbl_ptrs[to->quant];
    if (!quant)
        return false;
    for (int k = 0; k < BLOCK_COEFFICIENTS; k++) {
        h->quant[to->quant][k] = quant->quantval[zigzag_to_natural[k]];
        if (h->quant[to->quant][k] > UINT8_MAX) // 16-bit tables are for extended files
            return false;
    }
    return (h->dc[to->dc].there || (table_take(codec->dc_huff_tbl_ptrs[to->dc], &h->dc[to->dc]) &&
                                       dc_complete(&h->dc[to->dc]))) &&
           (h->ac[to->ac].there ||
               (table_take(codec->ac_huff_tbl_ptrs[to->ac], &h->ac[to->ac]) && ac_baseline(&h->ac[to->ac])));
}

bool splice_head(const struct jpeg_decompress_struct *codec, SpliceHead *ret)
{
    SpliceHead h = {.width_px = (int)codec->image_width,
        .height_px = (int)codec->image_height,
        .components = codec->num_components,
        .restart_mcus = (int)codec->restart_interval};
    bool grey = codec->jpeg_color_space == JCS_GRAYSCALE && h.components == 1;
    bool ycc = codec->jpeg_color_space == JCS_YCbCr && h.components == 3;
    if (codec->progressive_mode || codec->arith_code || codec->data_precision != 8 || (!grey && !ycc) ||
        codec->comps_in_scan != h.components)
        return false;
    for (int i = 0; i < h.components; i++)
        if (!component_take(codec, i, &h))
            return false;
    if (grey) // one component alone has one block an MCU, whatever its factors say
        h.component[0].across = h.component[0].down = 1;
    const SpliceComponent *c = h.component;
    if (c[0].across > 2 || c[0].down > 2)
        return false;
    for (int i = 1; i < h.components; i++)
        if (c[i].across != 1 || c[i].down != 1)
            return false;
    *ret = h;
    return true;
}

// ---- Huffman codes

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

// The value whose `size` (1 .. 15) bits stand at the top of `ahead`.
static inline int value_of(uint64_t ahead, int size)
{
    int v = (int)(ahead >> (64 - size));
    return v >> (size - 1) ? v : v - (1 << size) + 1;
}

static void decoder_look(Decoder *d, int code, int length, uint8_t symbol)
{
    int size = symbol & 15, first = code << (LOOKUP_BITS - length), count = 1 << (LOOKUP_BITS - length);
    for (int k = first; k < first + count; k++) {
        Look *look = &d->look[k];
        look->symbol = symbol;
        look->bits = (uint8_t)(length + size);
        if (size > 0 && length + size <= LOOKUP_BITS)
            look->value = (int16_t)value_of((uint64_t)k << (64 - LOOKUP_BITS + length), size);
    }
}

static void decoder_make(const HuffmanTable *t, Decoder *d)
{
    int code = 0, number = 0;
    memset(d, 0, sizeof(*d));
    memcpy(d->symbols, t->symbols, sizeof(d->symbols));
    for (int length = 1; length <= CODE_BITS_MAX; length++, code <<= 1) {
        d->offset[length] = number - code;
        for (int i = 0; i < t->counts[length]; i++, code++, number++) {
            uint8_t symbol = t->symbols[number];
            if (symbol < DC_SIZES) {
                d->code_of[symbol] = (uint16_t)code;
                d->length_of[symbol] = (uint8_t)length;
            }
            if (length <= LOOKUP_BITS)
                decoder_look(d, code, length, symbol);
        }
        d->last[length] = t->counts[length] ? code - 1 : -1;
    }
}

// `ahead` has the next bits at its top. No bits: no code begins like this.
static Look slow_code(const Decoder *d, uint64_t ahead)
{
    for (int length = LOOKUP_BITS + 1; length <= CODE_BITS_MAX; length++) {
        int code = (int)(ahead >> (64 - length));
        if (code <= d->last[length]) {
            uint8_t symbol = d->symbols[(d->offset[length] + code) & (HUFFMAN_SYMBOLS_MAX - 1)];
            return (Look){.bits = (uint8_t)(length + (symbol & 15)), .symbol = symbol};
        }
    }
    return (Look){0};
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

// ---- the scan without its stuffing

typedef struct {
    int fd;
    uint64_t at; // of the next chunk in the file
    uint8_t chunk[CHUNK_BYTES];
    size_t chunk_at, chunk_n;
    bool ended;     // no more bytes in the file
    uint8_t marker; // the scan is interrupted here, 0: it goes on
    uint8_t *clean;
    size_t clean_n, clean_max;
    uint64_t bit; // position of the reader in `clean`
} Scan;

static bool scan_chunk(Scan *s, Err *err)
{
    ssize_t n;
    do
        n = pread(s->fd, s->chunk, CHUNK_BYTES, (off_t)s->at);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(err, "cannot read the file");
    s->at += (uint64_t)n;
    s->chunk_at = 0;
    s->chunk_n = (size_t)n;
    s->ended = n == 0;
    return true;
}

static bool scan_byte(Scan *s, int *ret, Err *err)
{
    *ret = -1;
    if (s->chunk_at == s->chunk_n && !s->ended && !scan_chunk(s, err))
        return false;
    if (!s->ended)
        *ret = s->chunk[s->chunk_at++];
    return true;
}

// After an 0xff: a stuffed zero, more 0xff before a marker, or a marker.
static bool scan_after_ff(Scan *s, Err *err)
{
    int byte;
    do
        if (!scan_byte(s, &byte, err))
            return false;
    while (byte == 0xff);
    if (byte == 0)
        s->clean[s->clean_n++] = 0xff;
    else if (byte > 0)
        s->marker = (uint8_t)byte;
    return true;
}

// Until there are `want` bytes after the reader, or a marker, or the end.
static bool scan_fill(Scan *s, size_t want, Err *err)
{
    size_t until = (size_t)(s->bit / 8) + want;
    assert(until <= s->clean_max);
    while (s->clean_n < until && !s->marker && !s->ended) {
        if (s->chunk_at == s->chunk_n) {
            if (!scan_chunk(s, err))
                return false;
            continue;
        }
        const uint8_t *from = s->chunk + s->chunk_at;
        size_t room = MIN_OF(s->chunk_n - s->chunk_at, s->clean_max - s->clean_n);
        const uint8_t *ff = memchr(from, 0xff, room);
        size_t count = ff ? (size_t)(ff - from) : room;
        memcpy(s->clean + s->clean_n, from, count);
        s->clean_n += count;
        s->chunk_at += count;
        if (!ff)
            continue;
        s->chunk_at++;
        if (!scan_after_ff(s, err))
            return false;
    }
    if (s->marker || s->ended)
        memset(s->clean + s->clean_n, 0, SLACK_BYTES);
    return true;
}

// Forgets what the reader has passed and makes sure of `want` bytes to come, with room for as many again.
static bool scan_ensure(Scan *s, size_t want, Err *err)
{
    size_t passed = MIN_OF((size_t)(s->bit / 8), s->clean_n);
    bool enough = s->clean_n - passed >= want || s->marker || s->ended;
    if (enough && passed + 2 * want <= s->clean_max) // a restart in between may have to fill once more
        return true;
    memmove(s->clean, s->clean + passed, s->clean_n - passed);
    s->clean_n -= passed;
    s->bit -= (uint64_t)passed * 8;
    return scan_fill(s, want, err);
}

static inline uint64_t scan_ahead(const Scan *s)
{
    uint64_t v;
    memcpy(&v, s->clean + (s->bit >> 3), sizeof(v));
    return be64toh(v) << (s->bit & 7);
}

static bool scan_check(const Scan *s, Err *err)
{
    if (s->bit <= (uint64_t)s->clean_n * 8)
        return true;
    if (s->ended)
        return err_set(err, ERR_CORRUPT, "the JPEG is cut off: its end is missing");
    return err_set(err, ERR_CORRUPT, "the JPEG is damaged: a part of its data is too short");
}

// ---- cutting

// The scan of a tile in the making.
typedef struct {
    uint8_t *p;
    size_t n, capacity;
} Bytes;

static bool bytes_reserve(Bytes *b, size_t more, Err *err)
{
    if (b->n + more <= b->capacity)
        return true;
    if (b->n + more > JPEG_TILE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "a tile of the JPEG is too big");
    b->capacity = MIN_OF((size_t)JPEG_TILE_BYTES_MAX, 2 * (b->n + more));
    b->p = mem_grow(b->p, b->capacity, 1);
    return true;
}

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
    int mcu_px_x, mcu_px_y, mcus_across, mcus_down, tile_px;
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

// ---- writing bits

typedef struct {
    uint8_t *to;   // room was reserved
    uint64_t bits; // the last `count` bits are waiting, fewer than 8 between calls
    int count;
} BitWriter;

static void put_bits(BitWriter *w, uint32_t value, int count)
{
    w->bits = w->bits << count | value;
    w->count += count;
    for (; w->count >= 8; w->count -= 8) {
        uint8_t byte = (uint8_t)(w->bits >> (w->count - 8));
        *w->to++ = byte;
        if (byte == 0xff)
            *w->to++ = 0;
    }
    w->bits &= (1U << w->count) - 1;
}

// True if a byte of v is 0xff.
static bool has_ff(uint64_t v)
{
    return ((~v - UINT64_C(0x0101010101010101)) & v & UINT64_C(0x8080808080808080)) != 0;
}

static uint64_t bits_at(const uint8_t *p, uint64_t bit)
{
    uint64_t v;
    memcpy(&v, p + (bit >> 3), sizeof(v));
    return be64toh(v) << (bit & 7);
}

// 48 bits at a time; they and what is waiting fit in 64. Two bytes behind them are written and then
// overwritten.
static void copy_bits(BitWriter *w, const uint8_t *from, uint64_t at, uint64_t end)
{
    for (; end - at >= 48; at += 48) {
        uint64_t ahead = bits_at(from, at), merged = w->bits << 48 | ahead >> 16;
        uint64_t top = merged << (16 - w->count);
        if (has_ff(top & ~UINT64_C(0xffff))) {
            put_bits(w, (uint32_t)(ahead >> 40), 24);
            put_bits(w, (uint32_t)(ahead >> 16) & 0xffffff, 24);
            continue;
        }
        top = htobe64(top);
        memcpy(w->to, &top, sizeof(top));
        w->to += 6;
        w->bits = merged & ((1U << w->count) - 1);
    }
    while (at < end) {
        int count = (int)MIN_OF(end - at, 24);
        put_bits(w, (uint32_t)(bits_at(from, at) >> (64 - count)), count);
        at += (uint64_t)count;
    }
}

// The bits from `start` to the reader, as patched, become a row of MCUs of a tile.
static bool write_interval(Cutter *c, uint64_t start, Bytes *to, Err *err)
{
    // Stuffing may double everything; a patch is never longer than 4 bytes.
    size_t most = 2 * ((size_t)(c->scan.bit - start) / 8 + 4 * c->patches_count + 16);
    if (!bytes_reserve(to, most, err))
        return false;
    BitWriter w = {.to = to->p + to->n};
    uint64_t at = start;
    for (size_t i = 0; i < c->patches_count; i++) {
        const Patch *p = &c->patches[i];
        copy_bits(&w, c->scan.clean, at, p->at);
        put_bits(&w, p->code, p->bits);
        at = p->at + (uint64_t)p->skip;
    }
    copy_bits(&w, c->scan.clean, at, c->scan.bit);
    if (w.count)
        put_bits(&w, (1U << (8 - w.count)) - 1, 8 - w.count);
    to->n = (size_t)(w.to - to->p);
    return true;
}

// ---- whole tiles

static void put16(Buf *b, int v)
{
    buf_add_char(b, (char)(v >> 8));
    buf_add_char(b, (char)v);
}

static void put_table(Buf *b, int class_and_number, const HuffmanTable *t)
{
    int count = 0;
    for (int i = 1; i <= CODE_BITS_MAX; i++)
        count += t->counts[i];
    put16(b, 0xffc4);
    put16(b, 2 + 1 + CODE_BITS_MAX + count);
    buf_add_char(b, (char)class_and_number);
    buf_add_bytes(b, t->counts + 1, CODE_BITS_MAX);
    buf_add_bytes(b, t->symbols, (size_t)count);
}

static void put_tables(const SpliceHead *h, Buf *b)
{
    bool quant[SPLICE_TABLES] = {false};
    for (int i = 0; i < h->components; i++) {
        int number = h->component[i].quant;
        if (quant[number])
            continue;
        quant[number] = true;
        put16(b, 0xffdb);
        put16(b, 2 + 1 + BLOCK_COEFFICIENTS);
        buf_add_char(b, (char)number);
        for (int k = 0; k < BLOCK_COEFFICIENTS; k++)
            buf_add_char(b, (char)h->quant[number][k]);
    }
    for (int i = 0; i < SPLICE_TABLES; i++) {
        if (h->dc[i].there)
            put_table(b, i, &h->dc[i]);
        if (h->ac[i].there)
            put_table(b, 0x10 | i, &h->ac[i]);
    }
}

static void put_head(const SpliceHead *h, int width_px, int height_px, int mcus_across, Buf *b)
{
    static const uint8_t start[] = {
        0xff, 0xd8, 0xff, 0xe0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0};
    buf_add_bytes(b, start, sizeof(start));
    put_tables(h, b);
    put16(b, 0xffc0);
    put16(b, 8 + 3 * h->components);
    buf_add_char(b, 8);
    put16(b, height_px);
    put16(b, width_px);
    buf_add_char(b, (char)h->components);
    for (int i = 0; i < h->components; i++) {
        const SpliceComponent *c = &h->component[i];
        uint8_t entry[3] = {c->id, (uint8_t)(c->across << 4 | c->down), c->quant};
        buf_add_bytes(b, entry, sizeof(entry));
    }
    put16(b, 0xffdd);
    put16(b, 4);
    put16(b, mcus_across);
    put16(b, 0xffda);
    put16(b, 6 + 2 * h->components);
    buf_add_char(b, (char)h->components);
    for (int i = 0; i < h->components; i++) {
        uint8_t entry[2] = {h->component[i].id, (uint8_t)(h->component[i].dc << 4 | h->component[i].ac)};
        buf_add_bytes(b, entry, sizeof(entry));
    }
    static const uint8_t end[] = {0, BLOCK_COEFFICIENTS - 1, 0};
    buf_add_bytes(b, end, sizeof(end));
}

static bool finish_tiles(Cutter *c, int row, Err *err)
{
    const SpliceHead *h = c->head;
    for (int column = 0; column < c->columns_count; column++) {
        int width = MIN_OF(c->tile_px, h->width_px - column * c->tile_px);
        int height = MIN_OF(c->tile_px, h->height_px - row * c->tile_px);
        buf_clear(&c->out);
        put_head(h, width, height, (width + c->mcu_px_x - 1) / c->mcu_px_x, &c->out);
        buf_add_bytes(&c->out, c->columns[column].p, c->columns[column].n);
        put16(&c->out, 0xff00 | MARKER_EOI);
        if (c->out.full)
            return err_set(err, ERR_LIMIT, "a tile of the JPEG is too big");
        c->columns[column].n = 0;
        if (!c->sink->tile(c->sink->ctx, column, row, buf_str(&c->out), err))
            return false;
    }
    return true;
}

// ---- the pass

// A tile's part of a row of MCUs.
static bool cut_interval(Cutter *c, int mcu_row, int column, Err *err)
{
    int mcus_in_tile = c->tile_px / c->mcu_px_x, rows_in_tile = c->tile_px / c->mcu_px_y;
    int first = column * mcus_in_tile, end = MIN_OF(first + mcus_in_tile, c->mcus_across);
    size_t want = (size_t)mcus_in_tile * MCU_BLOCKS_MAX * BLOCK_BYTES_MAX;
    Bytes *to = &c->columns[column];
    if (mcu_row % rows_in_tile != 0) {
        if (!bytes_reserve(to, 2, err))
            return false;
        to->p[to->n++] = 0xff;
        to->p[to->n++] = (uint8_t)(MARKER_FIRST_RESTART + (mcu_row - 1) % rows_in_tile % RESTART_NUMBERS);
    }
    if (!scan_ensure(&c->scan, want, err))
        return false;
    uint64_t start = c->scan.bit;
    c->patches_count = 0;
    for (int i = 0; i < SPLICE_COMPONENTS_MAX; i++) {
        c->value[i] = 0;
        c->anew[i] = true;
    }
    for (int mcu = first; mcu < end; mcu++) {
        if (c->head->restart_mcus && c->mcus_to_restart == 0 &&
            (!cut_restart(c, err) || !scan_fill(&c->scan, want, err)))
            return false;
        if (!cut_mcu(c, mcu, err))
            return false;
        c->mcus_to_restart--;
    }
    return write_interval(c, start, to, err);
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
    int rows_in_tile = c->tile_px / c->mcu_px_y;
    for (int mcu_row = 0; mcu_row < c->mcus_down; mcu_row++) {
        for (int column = 0; column < c->columns_count; column++)
            if (!cut_interval(c, mcu_row, column, err))
                return false;
        if (c->half && !half_rows(c->half, c->sink, err))
            return false;
        bool last = mcu_row + 1 == c->mcus_down || (mcu_row + 1) % rows_in_tile == 0;
        if (last && !finish_tiles(c, mcu_row / rows_in_tile, err))
            return false;
    }
    return cut_end(c, err);
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
    buf_free(&c->out);
    half_closep(&c->half);
}

static void cutter_open(Cutter *c)
{
    const SpliceHead *h = c->head;
    c->mcu_px_x = 8 * h->component[0].across;
    c->mcu_px_y = 8 * h->component[0].down;
    c->mcus_across = (h->width_px + c->mcu_px_x - 1) / c->mcu_px_x;
    c->mcus_down = (h->height_px + c->mcu_px_y - 1) / c->mcu_px_y;
    c->mcus_to_restart = h->restart_mcus;
    c->columns_count = (h->width_px + c->tile_px - 1) / c->tile_px;
    c->columns = mem_alloc((size_t)c->columns_count * sizeof(Bytes));
    c->out = buf_with_max(JPEG_TILE_BYTES_MAX + TILE_HEAD_MAX_BYTES);
    size_t mcus_in_tile = (size_t)(c->tile_px / c->mcu_px_x);
    // At worst a restart before each MCU: its padding and a difference for each component.
    c->patches_max = (mcus_in_tile + 1) * (1 + SPLICE_COMPONENTS_MAX);
    c->patches = mem_alloc(c->patches_max * sizeof(Patch));
    c->scan.clean_max = 2 * mcus_in_tile * MCU_BLOCKS_MAX * BLOCK_BYTES_MAX + CHUNK_BYTES;
    c->scan.clean = mem_alloc(c->scan.clean_max + SLACK_BYTES);
    for (int i = 0; i < SPLICE_TABLES; i++) {
        if (h->dc[i].there)
            decoder_make(&h->dc[i], c->dc[i] = mem_alloc(sizeof(Decoder)));
        if (h->ac[i].there)
            decoder_make(&h->ac[i], c->ac[i] = mem_alloc(sizeof(Decoder)));
    }
    if (c->sink->half_row)
        c->half = half_open(h, c->mcus_across);
}

bool splice(const SpliceHead *head, int fd, uint64_t at, int tile_px, const SpliceSink *sink, Err *err)
{
    assert(tile_px >= PYRAMID_TILE_MIN_PX && (tile_px & (tile_px - 1)) == 0);
    CLEANUP(cutter_close)
    Cutter c = {.head = head, .sink = sink, .tile_px = tile_px, .scan = {.fd = fd, .at = at}};
    cutter_open(&c);
    return cut_all(&c, err);
}
