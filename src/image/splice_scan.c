// SPDX-License-Identifier: Apache-2.0
#include "image/splice_int.h"

#include <errno.h>
#include <unistd.h>

static bool scan_chunk(Scan *s, Err *err)
{
    ssize_t n = 0;
    do
        n = s->fd < 0 ? 0 : pread(s->fd, s->chunk, CHUNK_BYTES, (off_t)s->at);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return err_errno(err, "cannot read the file");
    s->at += (uint64_t)n;
    s->chunk_at = 0;
    s->chunk_n = (size_t)n;
    s->ended = n == 0;
    return true;
}

static bool scan_byte(Scan *s, int *ret, Err *err)
{
    *ret = -1;
    if (s->chunk_at == s->chunk_n && !s->ended && !scan_chunk(s, err))
        return false;
    if (!s->ended)
        *ret = s->chunk[s->chunk_at++];
    return true;
}

// After an 0xff: a stuffed zero, more 0xff before a marker, or a marker.
static bool scan_after_ff(Scan *s, Err *err)
{
    int byte, fill = -1;
    do {
        if (!scan_byte(s, &byte, err))
            return false;
        fill++;
    } while (byte == 0xff);
    s->filled = s->filled || (byte == 0 && fill > 0);
    if (byte == 0)
        s->clean[s->clean_n++] = 0xff;
    else if (byte > 0)
        s->marker = (uint8_t)byte;
    return true;
}

bool scan_fill(Scan *s, size_t want, Err *err)
{
    size_t until = (size_t)(s->bit / 8) + want;
    assert(until <= s->clean_max);
    while (s->clean_n < until && !s->marker && !s->ended) {
        if (s->chunk_at == s->chunk_n) {
            if (!scan_chunk(s, err))
                return false;
            continue;
        }
        const uint8_t *from = s->chunk + s->chunk_at;
        size_t room = MIN_OF(s->chunk_n - s->chunk_at, s->clean_max - s->clean_n);
        const uint8_t *ff = memchr(from, 0xff, room);
        size_t count = ff ? (size_t)(ff - from) : room;
        memcpy(s->clean + s->clean_n, from, count);
        s->clean_n += count;
        s->chunk_at += count;
        if (!ff)
            continue;
        s->chunk_at++;
        if (!scan_after_ff(s, err))
            return false;
    }
    if (s->marker || s->ended)
        memset(s->clean + s->clean_n, 0, SLACK_BYTES);
    return true;
}

// Each 0xff in `clean` was two bytes in the file.
static void scan_count(Scan *s, size_t until)
{
    const uint8_t *p = s->clean + s->raw_of;
    size_t count = until - s->raw_of;
    for (size_t i = 0; i < count; i++)
        s->raw += p[i] == 0xff;
    s->raw += count;
    s->raw_of = until;
}

uint64_t scan_raw_bit(Scan *s)
{
    size_t byte = MIN_OF((size_t)(s->bit / 8), s->clean_n);
    scan_count(s, byte);
    return s->raw * 8 + s->bit % 8;
}

bool scan_ensure(Scan *s, size_t want, Err *err)
{
    size_t passed = MIN_OF((size_t)(s->bit / 8), s->clean_n);
    bool enough = s->clean_n - passed >= want || s->marker || s->ended;
    if (enough && passed + 2 * want <= s->clean_max) // a restart in between may have to fill once more
        return true;
    scan_count(s, passed);
    s->raw_of -= passed;
    memmove(s->clean, s->clean + passed, s->clean_n - passed);
    s->clean_n -= passed;
    s->bit -= (uint64_t)passed * 8;
    return scan_fill(s, want, err);
}

bool scan_check(const Scan *s, Err *err)
{
    if (s->bit <= (uint64_t)s->clean_n * 8)
        return true;
    if (s->ended)
        return err_set(err, ERR_CORRUPT, "the JPEG is cut off: its end is missing");
    return err_set(err, ERR_CORRUPT, "the JPEG is damaged: a part of its data is too short");
}
