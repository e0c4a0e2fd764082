// SPDX-License-Identifier: Apache-2.0
// Chunked transfer coding (RFC 9112 section 7.1), fed in pieces of any size.
#include "http/int.h"

enum { TRAILER_MAX_BYTES = 4096 };

// Collects a line up to CR LF. True when it is whole; *ret_bad for a line that can never be one.
static bool take_line(Chunks *c, Str *in, bool *ret_bad)
{
    while (in->n) {
        char ch = in->p[0];
        *in = str_slice(*in, 1, in->n);
        if (ch == '\n') {
            *ret_bad = c->line_bytes == 0 || c->line[c->line_bytes - 1] != '\r';
            c->line_bytes -= c->line_bytes > 0;
            return true;
        }
        if (c->line_bytes == sizeof(c->line) || (c->line_bytes && c->line[c->line_bytes - 1] == '\r')) {
            *ret_bad = true;
            return true;
        }
        c->line[c->line_bytes++] = ch;
    }
    return false;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool parse_size(Str line, uint64_t *ret)
{
    Str digits, extension;
    if (!str_cut(line, ';', &digits, &extension))
        digits = line;
    digits = str_trim(digits);
    if (digits.n == 0 || digits.n > 8 || hex_value(line.p[0]) < 0)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < digits.n; i++) {
        int digit = hex_value(digits.p[i]);
        if (digit < 0)
            return false;
        value = value * 16 + (uint64_t)digit;
    }
    *ret = value;
    return true;
}

static bool end_line(Chunks *c)
{
    Str line = {c->line, c->line_bytes};
    c->line_bytes = 0;
    switch (c->stage) {
    case CHUNK_SIZE:
        if (!parse_size(line, &c->left))
            return false;
        c->stage = c->left ? CHUNK_DATA : CHUNK_TRAILER;
        return true;
    case CHUNK_DATA_END:
        c->stage = CHUNK_SIZE;
        return line.n == 0;
    case CHUNK_TRAILER: // passed over: nobody here asks for one
        c->trailer_bytes += line.n;
        if (line.n == 0)
            c->stage = CHUNK_DONE;
        return c->trailer_bytes <= TRAILER_MAX_BYTES;
    case CHUNK_DATA:
    case CHUNK_DONE:
        break;
    }
    return false;
}

bool chunks_feed(Chunks *c, Str *in, Buf *out)
{
    while (in->n && c->stage != CHUNK_DONE) {
        if (c->stage == CHUNK_DATA) {
            size_t n = (size_t)MIN_OF((uint64_t)in->n, c->left);
            buf_add_bytes(out, in->p, n);
            if (out->full)
                return false;
            *in = str_slice(*in, n, in->n);
            c->left -= n;
            if (c->left == 0)
                c->stage = CHUNK_DATA_END;
            continue;
        }
        bool wrong = false;
        if (take_line(c, in, &wrong) && (wrong || !end_line(c)))
            return false;
    }
    return true;
}
