// SPDX-License-Identifier: Apache-2.0
// The tiles of a pyramid file have a restart marker at each row of MCUs. Rows that nobody wants are left out
// before the decoder sees them: what remains is a whole JPEG, less high.
#include "image/int.h"

enum {
    MARKER_SOF = 0xc0,
    MARKER_RESTART = 0xd0,
    MARKER_EOI = 0xd9,
    MARKER_SOS = 0xda,
    MARKER_DRI = 0xdd,
    RESTART_NUMBERS = 8,
    BLOCK_PX = 8,
    SOF_BYTES_MIN = 10, // and three for each component
};

typedef struct {
    size_t frame_at, scan_at; // the SOF segment; the first byte after the SOS segment
    int mcu_height_px, mcus_across, height_px, restart_mcus;
} Head;

static int number16(const uint8_t *p)
{
    return p[0] << 8 | p[1];
}

static bool read_frame(const uint8_t *p, size_t bytes, Head *h)
{
    if (bytes < SOF_BYTES_MIN || bytes < SOF_BYTES_MIN + 3 * (size_t)p[9])
        return false;
    int across = 1, down = 1, components = p[9], width = number16(p + 7);
    for (int i = 0; i < components && components > 1; i++) {
        across = MAX_OF(across, p[11 + 3 * i] >> 4);
        down = MAX_OF(down, p[11 + 3 * i] & 15);
    }
    h->height_px = number16(p + 5);
    h->mcu_height_px = BLOCK_PX * down;
    h->mcus_across = (width + BLOCK_PX * across - 1) / (BLOCK_PX * across);
    return true;
}

static bool read_head(const uint8_t *p, size_t n, Head *ret)
{
    Head h = {0};
    for (size_t at = 2; at + 4 <= n && p[at] == 0xff;) {
        size_t bytes = 2 + (size_t)number16(p + at + 2);
        if (bytes > n - at)
            return false;
        if (p[at + 1] == MARKER_SOF) {
            h.frame_at = at;
            if (!read_frame(p + at, bytes, &h))
                return false;
        } else if (p[at + 1] == MARKER_DRI && bytes >= 6) {
            h.restart_mcus = number16(p + at + 4);
        } else if (p[at + 1] == MARKER_SOS) {
            h.scan_at = at + bytes;
            *ret = h;
            return h.frame_at != 0 && h.restart_mcus == h.mcus_across;
        }
        at += bytes;
    }
    return false;
}

// The next marker of the scan at or after `at`; n if there is none.
static size_t next_marker(const uint8_t *p, size_t n, size_t at)
{
    while (at + 1 < n) {
        const uint8_t *ff = memchr(p + at, 0xff, n - at - 1);
        if (!ff)
            break;
        at = (size_t)(ff - p);
        if (p[at + 1] != 0 && p[at + 1] != 0xff)
            return at;
        at++;
    }
    return n;
}

bool jpeg_cut_rows(Str jpeg, int *top_px, int *height_px, char *to, Str *ret)
{
    const uint8_t *p = (const uint8_t *)jpeg.p;
    Head h;
    if (!read_head(p, jpeg.n, &h) || *top_px + *height_px > h.height_px)
        return false;
    int first = *top_px / h.mcu_height_px;
    int end = (*top_px + *height_px + h.mcu_height_px - 1) / h.mcu_height_px;
    if (first == 0 && end * h.mcu_height_px >= h.height_px)
        return false; // all of it
    memcpy(to, jpeg.p, h.scan_at);
    size_t out = h.scan_at, from = h.scan_at;
    for (int row = 0; row < end; row++) {
        size_t marker = next_marker(p, jpeg.n, from);
        if (marker + 2 > jpeg.n)
            return false;
        if (row >= first) {
            memcpy(to + out, p + from, marker - from);
            out += marker - from;
            to[out++] = (char)0xff;
            to[out++] =
                (char)(row + 1 == end ? MARKER_EOI : MARKER_RESTART + (row - first) % RESTART_NUMBERS);
        }
        from = marker + 2;
    }
    *top_px = first * h.mcu_height_px;
    *height_px = MIN_OF(end * h.mcu_height_px, h.height_px) - *top_px;
    to[h.frame_at + 5] = (char)(*height_px >> 8);
    to[h.frame_at + 6] = (char)*height_px;
    *ret = (Str){to, out};
    return true;
}
