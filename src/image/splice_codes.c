// SPDX-License-Identifier: Apache-2.0
#include "image/splice_int.h"

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

void decoder_make(const HuffmanTable *t, Decoder *d)
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

Look slow_code(const Decoder *d, uint64_t ahead)
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
