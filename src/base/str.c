// SPDX-License-Identifier: Apache-2.0
#include "base/base.h"

#include <errno.h>
#include <stdlib.h>

Str str_from(const char *text)
{
    return (Str){text, text ? strlen(text) : 0};
}

Str str_slice(Str s, size_t from, size_t to)
{
    to = MIN_OF(to, s.n);
    from = MIN_OF(from, to);
    return (Str){s.p + from, to - from};
}

bool str_eq(Str a, Str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

bool str_eq_nocase(Str a, Str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

int str_compare(Str a, Str b)
{
    size_t shared = MIN_OF(a.n, b.n);
    int order = shared ? memcmp(a.p, b.p, shared) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(Str s, Str prefix)
{
    return s.n >= prefix.n && str_eq(str_slice(s, 0, prefix.n), prefix);
}

bool str_ends(Str s, Str suffix)
{
    return s.n >= suffix.n && str_eq(str_slice(s, s.n - suffix.n, s.n), suffix);
}

bool str_find(Str s, Str what, size_t *ret_at)
{
    if (what.n == 0 || s.n < what.n)
        return false;
    const char *at = memmem(s.p, s.n, what.p, what.n);
    if (!at)
        return false;
    *ret_at = (size_t)(at - s.p);
    return true;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

Str str_trim(Str s)
{
    while (s.n && is_space(s.p[0]))
        s = str_slice(s, 1, s.n);
    while (s.n && is_space(s.p[s.n - 1]))
        s.n--;
    return s;
}

bool str_cut(Str s, char at, Str *ret_head, Str *ret_rest)
{
    const char *found = s.n ? memchr(s.p, at, s.n) : NULL;
    if (!found)
        return false;
    size_t head = (size_t)(found - s.p);
    *ret_head = str_slice(s, 0, head);
    *ret_rest = str_slice(s, head + 1, s.n);
    return true;
}

bool str_cut_last(Str s, char at, Str *ret_head, Str *ret_rest)
{
    const char *found = s.n ? memrchr(s.p, at, s.n) : NULL;
    if (!found)
        return false;
    size_t head = (size_t)(found - s.p);
    *ret_head = str_slice(s, 0, head);
    *ret_rest = str_slice(s, head + 1, s.n);
    return true;
}

bool str_next(Str *rest, char at, Str *ret_piece)
{
    if (rest->n == 0)
        return false;
    if (!str_cut(*rest, at, ret_piece, rest)) {
        *ret_piece = *rest;
        *rest = (Str){rest->p + rest->n, 0};
    }
    return true;
}

bool str_to_int64(Str s, int64_t *ret)
{
    bool negative = s.n && s.p[0] == '-';
    size_t i = negative;
    int64_t value = 0;
    if (i == s.n)
        return false;
    for (; i < s.n; i++) {
        int digit = s.p[i] - '0';
        if (digit < 0 || digit > 9)
            return false;
        if (__builtin_mul_overflow(value, 10, &value) ||
            __builtin_add_overflow(value, negative ? -digit : digit, &value))
            return false;
    }
    *ret = value;
    return true;
}

bool str_to_int(Str s, int min, int max, int *ret)
{
    int64_t value;
    if (!str_to_int64(s, &value) || value < min || value > max)
        return false;
    *ret = (int)value;
    return true;
}

bool str_to_double(Str s, double *ret)
{
    char text[32];
    size_t digits = 0, points = 0;
    if (s.n == 0 || s.n >= sizeof(text) - 1)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        if (c >= '0' && c <= '9')
            digits++;
        else if (c == '.' && points == 0)
            points++;
        else if (c != '-' || i != 0)
            return false;
    }
    if (digits == 0)
        return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *ret = strtod(text, NULL); // the program never calls setlocale(LC_NUMERIC), so '.' is the point
    return true;
}
