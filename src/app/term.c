// SPDX-License-Identifier: Apache-2.0
#include "app/term.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { SHOW_TERMINAL_US = 100 * 1000, SHOW_PLAIN_US = 10 * 1000 * 1000, BAR_MIN = 10, WIDTH_MAX = 120 };

Term term_open(int fd)
{
    struct winsize size = {0};
    Term t = {.is_terminal = isatty(fd) == 1, .width = 80, .started_us = clock_mono_us()};
    if (t.is_terminal && ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 20)
        t.width = MIN_OF((int)size.ws_col, WIDTH_MAX);
    t.shown_us = t.started_us;
    return t;
}

Str term_bytes(Arena *a, uint64_t bytes)
{
    static const char *const units[] = {"bytes", "kB", "MB", "GB", "TB", "PB"};
    double value = (double)bytes;
    size_t unit = 0;
    for (; value >= 1000 && unit + 1 < COUNT_OF(units); unit++)
        value /= 1000;
    return arena_printf(a, value < 10 && unit > 0 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

Str term_duration(Arena *a, int64_t duration_us)
{
    long long s = duration_us / 1000000;
    if (s < 60)
        return arena_printf(a, "%lld s", s);
    if (s < 3600)
        return arena_printf(a, "%lld min %lld s", s / 60, s % 60);
    return arena_printf(a, "%lld h %lld min", s / 3600, s / 60 % 60);
}

Str term_safe(Arena *a, Str text)
{
    Str copy = arena_copy(a, text);
    char *p = arena_alloc(a, copy.n);
    for (size_t i = 0; i < copy.n; i++) {
        unsigned char c = (unsigned char)copy.p[i];
        bool c1_control = c == 0xC2 && i + 1 < copy.n && (unsigned char)copy.p[i + 1] < 0xA0;
        p[i] = c < 0x20 || c == 0x7f || c1_control ? '?' : copy.p[i];
        if (c1_control)
            p[++i] = '?';
    }
    return (Str){p, copy.n};
}

static void clear_bar(Term *t)
{
    if (t->bar_on_screen)
        fputs("\r\033[K", stderr);
    t->bar_on_screen = false;
}

void term_progress(Term *t, Str what, int64_t done, int64_t total, Str unit)
{
    int64_t now_us = clock_mono_us();
    if (now_us - t->shown_us < (t->is_terminal ? SHOW_TERMINAL_US : SHOW_PLAIN_US))
        return;
    t->shown_us = now_us;
    CLEANUP(arena_closep) Arena *a = arena_open();
    int64_t passed_us = MAX_OF(now_us - t->started_us, (int64_t)1);
    double per_second = (double)done * 1e6 / (double)passed_us;
    Str rate = arena_printf(
        a, per_second < 10 ? "%.1f " FMT_STR "/s" : "%.0f " FMT_STR "/s", per_second, ARG_STR(unit));
    Str left = S("");
    if (total > 0 && done > 0 && done <= total)
        left = arena_printf(a, ", " FMT_STR " left",
            ARG_STR(term_duration(a, (int64_t)((double)passed_us / (double)done * (double)(total - done)))));
    Str tail = arena_printf(a, " " FMT_STR ", " FMT_STR FMT_STR, ARG_STR(what), ARG_STR(rate), ARG_STR(left));
    if (!t->is_terminal) {
        int percent = total > 0 ? (int)(done * 100 / total) : 0;
        fprintf(stderr, total > 0 ? "%3d %%" FMT_STR "\n" : "%.0d" FMT_STR "\n", percent, ARG_STR(tail));
        return;
    }
    int room = t->width - (int)tail.n - 8, filled = 0;
    clear_bar(t);
    if (total > 0 && room >= BAR_MIN) {
        room = MIN_OF(room, 40);
        filled = (int)(MIN_OF(done, total) * room / total);
        fprintf(stderr, "%3d %% [", (int)(MIN_OF(done, total) * 100 / total));
        for (int i = 0; i < room; i++)
            fputc(i < filled ? '#' : '.', stderr);
        fputc(']', stderr);
    }
    fprintf(stderr, FMT_STR, ARG_STR(str_slice(tail, 0, (size_t)t->width - 1)));
    fflush(stderr);
    t->bar_on_screen = true;
}

void term_line(Term *t, const char *format, ...)
{
    va_list args;
    clear_bar(t);
    va_start(args, format);
    vfprintf(stderr, format, args);
    va_end(args);
    fputc('\n', stderr);
}

void term_done(Term *t)
{
    clear_bar(t);
    fflush(stderr);
}
