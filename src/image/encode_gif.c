// SPDX-License-Identifier: Apache-2.0
// GIF89a: 256 colours chosen by median cut over a histogram of 15-bit colours (grey keeps all its 256
// shades), then LZW with codes of 9 to 12 bits.
#include "image/int.h"

#include <stdlib.h>

enum {
    GIF_COLOURS = 256,
    BINS = 1 << 15,
    CODE_CLEAR = 256,
    CODE_END = 257,
    CODES_MAX = 4096,
    HASH_SIZE = 8192, // of (prefix, byte) -> code; twice the codes
    BLOCK_BYTES = 255,
};

// ---- the palette

typedef struct {
    uint8_t low[3], high[3]; // 5-bit bounds, inclusive
    uint32_t count;
} Box;

typedef struct {
    uint32_t histogram[BINS];
    uint8_t index_of[BINS];
    uint8_t colours[GIF_COLOURS][3];
    Box boxes[GIF_COLOURS];
    int count;
} Palette;

static int bin_of(const uint8_t *rgb)
{
    return (rgb[0] >> 3) << 10 | (rgb[1] >> 3) << 5 | rgb[2] >> 3;
}

static void component(int bin, uint8_t ret[3])
{
    ret[0] = (uint8_t)(bin >> 10);
    ret[1] = (uint8_t)(bin >> 5 & 31);
    ret[2] = (uint8_t)(bin & 31);
}

// Draws the bounds in to what the box really holds.
static void shrink(const Palette *p, Box *box)
{
    Box tight = {.low = {31, 31, 31}};
    for (int r = box->low[0]; r <= box->high[0]; r++)
        for (int g = box->low[1]; g <= box->high[1]; g++)
            for (int b = box->low[2]; b <= box->high[2]; b++) {
                int bin = r << 10 | g << 5 | b;
                if (p->histogram[bin] == 0)
                    continue;
                uint8_t at[3];
                component(bin, at);
                tight.count += p->histogram[bin];
                for (int c = 0; c < 3; c++) {
                    tight.low[c] = MIN_OF(tight.low[c], at[c]);
                    tight.high[c] = MAX_OF(tight.high[c], at[c]);
                }
            }
    *box = tight;
}

static uint32_t count_up_to(const Palette *p, const Box *box, int axis, int limit)
{
    Box head = *box;
    head.high[axis] = (uint8_t)limit;
    shrink(p, &head);
    return head.count;
}

// Halves the box with most pixels times longest side. False if none can be halved.
static bool split(Palette *p)
{
    int best = -1, best_axis = 0;
    uint64_t best_weight = 0;
    for (int i = 0; i < p->count; i++)
        for (int c = 0; c < 3; c++) {
            int side = p->boxes[i].high[c] - p->boxes[i].low[c];
            uint64_t weight = (uint64_t)p->boxes[i].count * (uint64_t)side;
            if (weight <= best_weight)
                continue;
            best = i;
            best_axis = c;
            best_weight = weight;
        }
    if (best < 0)
        return false;
    Box *box = &p->boxes[best], *other = &p->boxes[p->count++];
    int low = box->low[best_axis], high = box->high[best_axis], cut = low;
    while (cut + 1 < high && count_up_to(p, box, best_axis, cut) < box->count / 2)
        cut++;
    *other = *box;
    box->high[best_axis] = (uint8_t)cut;
    other->low[best_axis] = (uint8_t)(cut + 1);
    shrink(p, box);
    shrink(p, other);
    return true;
}

// The mean of the box is its colour.
static void fill(Palette *p, int index)
{
    const Box *box = &p->boxes[index];
    uint64_t sum[3] = {0};
    for (int r = box->low[0]; r <= box->high[0]; r++)
        for (int g = box->low[1]; g <= box->high[1]; g++)
            for (int b = box->low[2]; b <= box->high[2]; b++) {
                int bin = r << 10 | g << 5 | b;
                const int at[3] = {r, g, b};
                p->index_of[bin] = (uint8_t)index;
                for (int c = 0; c < 3; c++)
                    sum[c] += (uint64_t)p->histogram[bin] * (uint64_t)(at[c] * 255 / 31);
            }
    for (int c = 0; c < 3; c++)
        p->colours[index][c] = (uint8_t)(box->count ? sum[c] / box->count : 0);
}

static Palette *palette_make(const Pixels *px)
{
    Palette *p = mem_alloc(sizeof(*p));
    for (int i = 0; px->channels == 1 && i < GIF_COLOURS; i++)
        memset(p->colours[i], i, 3);
    if (px->channels == 1)
        return p;
    for (int y = 0; y < px->height_px; y++)
        for (int x = 0; x < px->width_px; x++)
            p->histogram[bin_of(pixels_at(px, x, y))]++;
    p->boxes[0] = (Box){.high = {31, 31, 31}};
    p->count = 1;
    shrink(p, &p->boxes[0]);
    while (p->count < GIF_COLOURS && split(p))
        ;
    for (int i = 0; i < p->count; i++)
        fill(p, i);
    return p;
}

// ---- LZW

typedef struct {
    Buf *out;
    uint8_t block[BLOCK_BYTES];
    int block_bytes;
    uint32_t bits;
    int bits_count, width; // of a code
    int next;              // code to be given
    int32_t keys[HASH_SIZE];
    int16_t codes[HASH_SIZE];
} Lzw;

static void put_byte(Lzw *z, uint8_t byte)
{
    z->block[z->block_bytes++] = byte;
    if (z->block_bytes < BLOCK_BYTES)
        return;
    buf_add_char(z->out, (char)BLOCK_BYTES);
    buf_add_bytes(z->out, z->block, BLOCK_BYTES);
    z->block_bytes = 0;
}

static void put_code(Lzw *z, int code)
{
    z->bits |= (uint32_t)code << z->bits_count;
    z->bits_count += z->width;
    for (; z->bits_count >= 8; z->bits_count -= 8, z->bits >>= 8)
        put_byte(z, (uint8_t)z->bits);
}

static void clear(Lzw *z)
{
    memset(z->keys, -1, sizeof(z->keys));
    z->width = 9;
    z->next = CODE_END + 1;
}

// The place of (prefix, byte): taken by it, or free.
static int slot(const Lzw *z, int32_t key)
{
    int at = (int)((uint32_t)key * 2654435761u >> 19); // 13 bits
    while (z->keys[at] >= 0 && z->keys[at] != key)
        at = (at + 1) % HASH_SIZE;
    return at;
}

static int add(Lzw *z, int prefix, uint8_t byte)
{
    int32_t key = prefix << 8 | byte;
    int at = slot(z, key);
    if (z->keys[at] >= 0)
        return z->codes[at];
    put_code(z, prefix);
    if (z->next == CODES_MAX) {
        put_code(z, CODE_CLEAR);
        clear(z);
        return byte;
    }
    if (z->next == 1 << z->width)
        z->width++;
    z->keys[at] = key;
    z->codes[at] = (int16_t)z->next++;
    return byte;
}

static void put_pixels(Lzw *z, const Pixels *px, const Palette *p)
{
    clear(z);
    put_code(z, CODE_CLEAR);
    int prefix = -1;
    for (int y = 0; y < px->height_px; y++)
        for (int x = 0; x < px->width_px; x++) {
            const uint8_t *at = pixels_at(px, x, y);
            uint8_t index = px->channels == 1 ? at[0] : p->index_of[bin_of(at)];
            prefix = prefix < 0 ? index : add(z, prefix, index);
        }
    put_code(z, prefix);
    if (z->next == 1 << z->width && z->width < 12)
        z->width++;
    put_code(z, CODE_END);
    if (z->bits_count > 0)
        put_byte(z, (uint8_t)z->bits);
    buf_add_char(z->out, (char)z->block_bytes);
    buf_add_bytes(z->out, z->block, (size_t)z->block_bytes);
    if (z->block_bytes)
        buf_add_char(z->out, 0);
}

static void put_16(Buf *b, int v)
{
    buf_add_char(b, (char)v);
    buf_add_char(b, (char)(v >> 8));
}

size_t gif_memory_bytes(const EncodeAsk *ask)
{
    size_t pixels = (size_t)ask->width_px * (size_t)ask->height_px;
    return pixels * (size_t)(ask->channels + 1) + sizeof(Palette) + sizeof(Lzw);
}

void gif_encode(const Pixels *px, Buf *out)
{
    Palette *p = palette_make(px);
    Lzw *z = mem_alloc(sizeof(*z));
    z->out = out;
    buf_add(out, S("GIF89a"));
    put_16(out, px->width_px);
    put_16(out, px->height_px);
    buf_add_bytes(out, "\xf7\0\0", 3); // 256 colours for all, 8 bits each
    buf_add_bytes(out, p->colours, sizeof(p->colours));
    buf_add_char(out, ',');
    put_16(out, 0);
    put_16(out, 0);
    put_16(out, px->width_px);
    put_16(out, px->height_px);
    buf_add_bytes(out, "\0\x08", 2); // no colours of its own; codes begin with 8 bits and one
    put_pixels(z, px, p);
    buf_add_char(out, ';');
    free(z);
    free(p);
}
