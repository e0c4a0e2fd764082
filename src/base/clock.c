// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

static int64_t read_us(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_now_ms(void)
{
    return read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_mono_us(void)
{
    return read_us(CLOCK_MONOTONIC);
}

int64_t clock_cpu_us(void)
{
    return read_us(CLOCK_PROCESS_CPUTIME_ID);
}

static struct tm split(int64_t time_ms, int *ret_ms)
{
    int64_t seconds = time_ms / 1000, ms = time_ms % 1000;
    if (ms < 0) {
        ms += 1000;
        seconds--;
    }
    time_t t = (time_t)seconds;
    struct tm parts;
    gmtime_r(&t, &parts);
    *ret_ms = (int)ms;
    return parts;
}

static Str format_time(Arena *a, const char *format, const struct tm *parts)
{
    char text[64];
    size_t n = strftime(text, sizeof(text), format, parts); // "C" locale: English names
    return arena_copy(a, (Str){text, n});
}

Str time_rfc3339(Arena *a, int64_t time_ms)
{
    int ms;
    struct tm parts = split(time_ms, &ms);
    return format_time(a, "%Y-%m-%dT%H:%M:%SZ", &parts);
}

Str time_rfc3339_ms(Arena *a, int64_t time_ms)
{
    int ms;
    struct tm parts = split(time_ms, &ms);
    Str seconds = format_time(a, "%Y-%m-%dT%H:%M:%S", &parts);
    return arena_printf(a, FMT_STR ".%03dZ", ARG_STR(seconds), ms);
}

Str time_http(Arena *a, int64_t time_ms)
{
    int ms;
    struct tm parts = split(time_ms, &ms);
    return format_time(a, "%a, %d %b %Y %H:%M:%S GMT", &parts);
}

static bool take_number(Str *s, size_t digits, int min, int max, int *ret)
{
    if (s->n < digits || !str_to_int(str_slice(*s, 0, digits), min, max, ret))
        return false;
    *s = str_slice(*s, digits, s->n);
    return true;
}

static bool take_char(Str *s, const char *any_of)
{
    if (s->n == 0 || !strchr(any_of, s->p[0]))
        return false;
    *s = str_slice(*s, 1, s->n);
    return true;
}

static bool take_fraction(Str *s, int *ret_ms)
{
    int ms = 0, scale = 100;
    if (!take_char(s, "."))
        return true;
    size_t digits = 0;
    for (; s->n && s->p[0] >= '0' && s->p[0] <= '9'; digits++) {
        ms += (s->p[0] - '0') * scale;
        scale /= 10;
        *s = str_slice(*s, 1, s->n);
    }
    *ret_ms = ms;
    return digits > 0;
}

static bool take_zone(Str *s, int *ret_minutes)
{
    int hours, minutes;
    if (take_char(s, "Zz")) {
        *ret_minutes = 0;
        return true;
    }
    bool west = s->n && s->p[0] == '-';
    if (!take_char(s, "+-") || !take_number(s, 2, 0, 23, &hours) || !take_char(s, ":") ||
        !take_number(s, 2, 0, 59, &minutes))
        return false;
    *ret_minutes = (hours * 60 + minutes) * (west ? -1 : 1);
    return true;
}

bool time_parse_rfc3339(Str text, int64_t *ret_ms)
{
    struct tm t = {0};
    int ms = 0, zone_minutes;
    Str s = text;
    if (!take_number(&s, 4, 0, 9999, &t.tm_year) || !take_char(&s, "-") ||
        !take_number(&s, 2, 1, 12, &t.tm_mon) || !take_char(&s, "-") ||
        !take_number(&s, 2, 1, 31, &t.tm_mday) || !take_char(&s, "Tt ") ||
        !take_number(&s, 2, 0, 23, &t.tm_hour) || !take_char(&s, ":") ||
        !take_number(&s, 2, 0, 59, &t.tm_min) || !take_char(&s, ":") ||
        !take_number(&s, 2, 0, 60, &t.tm_sec) || !take_fraction(&s, &ms) || !take_zone(&s, &zone_minutes) ||
        s.n)
        return false;
    int day = t.tm_mday;
    t.tm_year -= 1900;
    t.tm_mon -= 1;
    int64_t seconds = timegm(&t);
    if (t.tm_mday != day && t.tm_sec < 60)
        return false; // 31 February moved into March
    *ret_ms = (seconds - (int64_t)zone_minutes * 60) * 1000 + ms;
    return true;
}

bool time_parse_moment(Str text, int64_t *ret_ms)
{
    enum { DATE_BYTES = 10, DAY_MS = 24 * 60 * 60 * 1000 };
    char full[] = "0000-00-00T00:00:00Z";
    if (text.n != DATE_BYTES)
        return time_parse_rfc3339(text, ret_ms);
    memcpy(full, text.p, DATE_BYTES);
    if (!time_parse_rfc3339(str_from(full), ret_ms))
        return false;
    *ret_ms += DAY_MS - 1;
    return true;
}

void random_bytes(void *to, size_t count)
{
    char *at = to;
    while (count) {
        ssize_t got = getrandom(at, count, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            abort(); // cannot happen for a kernel that knows getrandom
        at += got;
        count -= (size_t)got;
    }
}

Str random_hex(Arena *a, size_t bytes_count)
{
    static const char digits[] = "0123456789abcdef";
    unsigned char *raw = arena_alloc(a, bytes_count);
    char *text = arena_alloc(a, bytes_count * 2);
    random_bytes(raw, bytes_count);
    for (size_t i = 0; i < bytes_count; i++) {
        text[2 * i] = digits[raw[i] >> 4];
        text[2 * i + 1] = digits[raw[i] & 15];
    }
    return (Str){text, bytes_count * 2};
}
