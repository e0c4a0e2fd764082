// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

Str base64_text(Arena *a, Str bytes)
{
    const size_t size = (bytes.n + 2) / 3 * 4;
    char *text = arena_alloc(a, MAX_OF(size, (size_t)1)), *to = text;
    for (size_t i = 0; i < bytes.n; i += 3) {
        uint32_t group = 0;
        for (size_t k = 0; k < 3; k++)
            group = group << 8 | (i + k < bytes.n ? (unsigned char)bytes.p[i + k] : 0);
        for (size_t k = 0; k < 4; k++)
            *to++ = i + k > bytes.n ? '=' : DIGITS[group >> (18 - 6 * k) & 63];
    }
    return (Str){text, size};
}

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

bool base64_read(Arena *a, Str text, Str *ret, Err *err)
{
    size_t digits = text.n;
    while (digits > 0 && text.n - digits < 2 && text.p[digits - 1] == '=')
        digits--;
    if (text.n % 4 != 0)
        return err_set(err, ERR_INVALID, "base64 ends early");
    char *bytes = arena_alloc(a, text.n / 4 * 3 + 1);
    uint32_t group = 0;
    size_t count = 0;
    for (size_t i = 0; i < digits; i++) {
        const int value = value_of(text.p[i]);
        if (value < 0)
            return err_set(err, ERR_INVALID, "not base64");
        group = group << 6 | (uint32_t)value;
        if (i % 4 > 0)
            bytes[count++] = (char)(group >> (6 - 2 * (i % 4)) & 255);
    }
    *ret = (Str){bytes, count};
    return true;
}
