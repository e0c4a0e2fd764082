// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "base/digest.h"

static bool is_tail(Str s, size_t at)
{
    return at < s.n && ((unsigned char)s.p[at] & 0xC0) == 0x80;
}

size_t utf8_length_at(Str s, size_t at)
{
    if (at >= s.n)
        return 0;
    unsigned char c = (unsigned char)s.p[at], next = at + 1 < s.n ? (unsigned char)s.p[at + 1] : 0;
    if (c < 0x80)
        return 1;
    if (c >= 0xC2 && c <= 0xDF)
        return is_tail(s, at + 1) ? 2 : 0;
    if (c >= 0xE0 && c <= 0xEF) {
        bool fine = (c != 0xE0 || next >= 0xA0) && (c != 0xED || next < 0xA0); // overlong, surrogate
        return fine && is_tail(s, at + 1) && is_tail(s, at + 2) ? 3 : 0;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        bool fine = (c != 0xF0 || next >= 0x90) && (c != 0xF4 || next < 0x90); // overlong, beyond 10FFFF
        return fine && is_tail(s, at + 1) && is_tail(s, at + 2) && is_tail(s, at + 3) ? 4 : 0;
    }
    return 0;
}

bool utf8_valid(Str s, size_t *ret_bad_at)
{
    for (size_t i = 0; i < s.n;) {
        size_t length = utf8_length_at(s, i);
        if (length == 0) {
            if (ret_bad_at)
                *ret_bad_at = i;
            return false;
        }
        i += length;
    }
    return true;
}

bool utf8_next(Str *rest, uint32_t *ret_char)
{
    static const unsigned char lead_mask[] = {0, 0x7F, 0x1F, 0x0F, 0x07};
    if (rest->n == 0)
        return false;
    size_t length = utf8_length_at(*rest, 0);
    uint32_t c = 0xFFFD;
    if (length) {
        c = (unsigned char)rest->p[0] & lead_mask[length];
        for (size_t i = 1; i < length; i++)
            c = c << 6 | ((unsigned char)rest->p[i] & 0x3F);
    }
    *rest = str_slice(*rest, length ? length : 1, rest->n);
    *ret_char = c;
    return true;
}

void utf8_add(Buf *b, uint32_t c)
{
    unsigned char out[4];
    size_t n = 0;
    if (c > 0x10FFFF || (c >= 0xD800 && c < 0xE000))
        c = 0xFFFD;
    if (c < 0x80) {
        out[n++] = (unsigned char)c;
    } else if (c < 0x800) {
        out[n++] = (unsigned char)(0xC0 | c >> 6);
        out[n++] = (unsigned char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        out[n++] = (unsigned char)(0xE0 | c >> 12);
        out[n++] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        out[n++] = (unsigned char)(0x80 | (c & 0x3F));
    } else {
        out[n++] = (unsigned char)(0xF0 | c >> 18);
        out[n++] = (unsigned char)(0x80 | (c >> 12 & 0x3F));
        out[n++] = (unsigned char)(0x80 | (c >> 6 & 0x3F));
        out[n++] = (unsigned char)(0x80 | (c & 0x3F));
    }
    buf_add_bytes(b, out, n);
}

size_t utf8_count(Str s)
{
    size_t count = 0;
    uint32_t c;
    while (utf8_next(&s, &c))
        count++;
    return count;
}

Str utf8_head(Str s, size_t max_bytes)
{
    if (s.n <= max_bytes)
        return s;
    size_t n = max_bytes;
    while (n > 0 && is_tail(s, n))
        n--;
    return str_slice(s, 0, n);
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

Str uri_encode(Arena *a, Str s, const char *also)
{
    static const char digits[] = "0123456789ABCDEF";
    char *text = arena_alloc(a, s.n * 3);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (is_unreserved(c) || (c && strchr(also, c))) {
            text[n++] = c;
            continue;
        }
        text[n++] = '%';
        text[n++] = digits[(unsigned char)c >> 4];
        text[n++] = digits[(unsigned char)c & 15];
    }
    return (Str){text, n};
}

bool uri_decode(Arena *a, Str s, bool plus_is_space, Str *ret, Err *err)
{
    char *text = arena_alloc(a, s.n);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c == '+' && plus_is_space) {
            c = ' ';
        } else if (c == '%') {
            if (!hex_to_bytes(str_slice(s, i + 1, i + 3), &c, 1))
                return err_set(err, ERR_INVALID, "a %% must be followed by two hex digits");
            i += 2;
        }
        text[n++] = c;
    }
    *ret = (Str){text, n};
    return true;
}
