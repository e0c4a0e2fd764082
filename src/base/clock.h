// SPDX-License-Identifier: Apache-2.0
// base/clock: the only place that asks what time it is or for random bytes. Other rooms take both as
// arguments where a test would want to choose them.
#pragma once

#include "base/base.h"

int64_t clock_now_ms(void);  // milliseconds since 1970-01-01T00:00:00Z
int64_t clock_mono_us(void); // microseconds of a clock that never jumps; for durations and deadlines
int64_t clock_cpu_us(void);  // processor time of this process

// RFC 3339 in UTC: time_rfc3339 "2026-11-20T10:00:00Z", time_rfc3339_ms "2026-11-20T10:00:00.123Z".
Str time_rfc3339(Arena *a, int64_t time_ms);
Str time_rfc3339_ms(Arena *a, int64_t time_ms);
// Reads either form, with Z or an offset such as +08:00.
bool time_parse_rfc3339(Str text, int64_t *ret_ms);
// The moment that a person means: either form above, or a date alone ("2026-11-20"), which is the last
// millisecond of that day in UTC: "as it stood on the 20th" includes the 20th.
bool time_parse_moment(Str text, int64_t *ret_ms);
// For the HTTP Date and Last-Modified headers: "Fri, 20 Nov 2026 10:00:00 GMT".
Str time_http(Arena *a, int64_t time_ms);

void random_bytes(void *to, size_t count);    // from the kernel; never fails
Str random_hex(Arena *a, size_t bytes_count); // twice as many lower-case hex digits
