// SPDX-License-Identifier: Apache-2.0
// app/term: what the person at the keyboard sees: a progress bar with rate and time left, or plain lines when
// the output is not a terminal.
#pragma once

#include "base/base.h"

typedef struct {
    bool is_terminal;
    int width;
    int64_t started_us, shown_us;
    bool bar_on_screen;
} Term;

Term term_open(int fd);
// One step of work: how much of how much (total < 0: unknown), and what to say. Shows at most ten times a
// second on a terminal, every ten seconds elsewhere.
void term_progress(Term *t, Str what, int64_t done, int64_t total, Str unit);
// A line that stays, above the bar.
void term_line(Term *t, const char *format, ...) PRINTF_LIKE(2, 3);
void term_done(Term *t); // takes the bar away

// "1.5 GB", "12 min 3 s": for people.
Str term_bytes(Arena *a, uint64_t bytes);
Str term_duration(Arena *a, int64_t duration_us);
// Text from outside, safe to print: control characters become '?'.
Str term_safe(Arena *a, Str text);
