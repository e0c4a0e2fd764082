// SPDX-License-Identifier: Apache-2.0
#include "image/splice_int.h"

void bits_put(BitWriter *w, uint32_t value, int count)
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

// 48 bits at a time; they and what is waiting fit in 64.
void bits_copy(BitWriter *w, const uint8_t *from, uint64_t at, uint64_t end)
{
    for (; end - at >= 48; at += 48) {
        uint64_t ahead = bits_at(from, at), merged = w->bits << 48 | ahead >> 16;
        uint64_t top = merged << (16 - w->count);
        if (has_ff(top & ~UINT64_C(0xffff))) {
            bits_put(w, (uint32_t)(ahead >> 40), 24);
            bits_put(w, (uint32_t)(ahead >> 16) & 0xffffff, 24);
            continue;
        }
        top = htobe64(top);
        memcpy(w->to, &top, sizeof(top));
        w->to += 6;
        w->bits = merged & ((1U << w->count) - 1);
    }
    while (at < end) {
        int count = (int)MIN_OF(end - at, 24);
        bits_put(w, (uint32_t)(bits_at(from, at) >> (64 - count)), count);
        at += (uint64_t)count;
    }
}

// ---- the head of a tile

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

void tile_head_put(const SpliceHead *h, int width_px, int height_px, int mcus_across, Buf *b)
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
