// SPDX-License-Identifier: Apache-2.0
// A JPEG with a restart marker at each row of MCUs is the JPEGs of its rows one after the other, apart from
// the height in its head: each row begins anew after a marker. So a tile can be made row by row without its
// pixels being kept.
#include "image/int.h"

enum { MARKER_SOF = 0xc0, MARKER_SOS = 0xda, MARKER_EOI = 0xd9, MARKER_RESTART = 0xd0, RESTART_NUMBERS = 8 };

// Where the segment with this marker begins, in a head that we wrote ourselves.
static size_t find_segment(const uint8_t *p, size_t n, int marker)
{
    size_t at = 2;
    while (at + 4 <= n && p[at + 1] != marker)
        at += 2 + (size_t)(p[at + 2] << 8 | p[at + 3]);
    assert(at + 4 <= n && p[at] == 0xff);
    return at;
}

void jpeg_join(Buf *whole, int number, Str row)
{
    const uint8_t *p = (const uint8_t *)row.p;
    assert(row.n > 4 && p[row.n - 1] == MARKER_EOI);
    if (number == 0) {
        buf_add(whole, str_slice(row, 0, row.n - 2));
        return;
    }
    size_t at = find_segment(p, row.n, MARKER_SOS);
    at += 2 + (size_t)(p[at + 2] << 8 | p[at + 3]);
    buf_add_char(whole, (char)0xff);
    buf_add_char(whole, (char)(MARKER_RESTART + (number - 1) % RESTART_NUMBERS));
    buf_add(whole, str_slice(row, at, row.n - 2));
}

void jpeg_join_end(Buf *whole, int height_px)
{
    buf_add_char(whole, (char)0xff);
    buf_add_char(whole, (char)MARKER_EOI);
    if (whole->full)
        return;
    size_t at = find_segment((const uint8_t *)whole->p, whole->n, MARKER_SOF);
    whole->p[at + 5] = (char)(height_px >> 8);
    whole->p[at + 6] = (char)height_px;
}
