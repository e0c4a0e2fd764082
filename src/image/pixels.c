// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

#include <endian.h>

Pixels pixels_make(int width_px, int height_px, int channels)
{
    assert(width_px > 0 && height_px > 0 && channels > 0);
    Pixels px = {.width_px = width_px, .height_px = height_px, .channels = channels};
    px.stride = (size_t)width_px * (size_t)channels;
    px.p = mem_alloc(px.stride * (size_t)height_px);
    return px;
}

Turn turn_of_exif(int orientation)
{
    static const Turn turns[] = {
        [2] = {.flip_x = true},
        [3] = {.flip_x = true, .flip_y = true},
        [4] = {.flip_y = true},
        [5] = {.swap = true},
        [6] = {.flip_y = true, .swap = true},
        [7] = {.flip_x = true, .flip_y = true, .swap = true},
        [8] = {.flip_x = true, .swap = true},
    };
    return orientation >= 2 && orientation <= 8 ? turns[orientation] : (Turn){0};
}

// Always inlined with a constant number of channels.
static inline __attribute__((always_inline)) void turn_row(
    const uint8_t *from, ptrdiff_t step, int channels, int count, uint8_t *to)
{
    for (int x = 0; x < count; x++, from += step, to += channels)
        for (int c = 0; c < channels; c++)
            to[c] = from[c];
}

// Sixty-four bytes as a matrix, eight rows of eight: rows and columns change places, in blocks of 1, 2, 4.
static void swap_eights(uint64_t m[8])
{
    static const uint64_t masks[] = {UINT64_C(0x00ff00ff00ff00ff), UINT64_C(0x0000ffff0000ffff), 0xffffffff};
    for (int step = 0; step < 3; step++) {
        int side = 1 << step, shift = 8 * side;
        for (int a = 0; a < 8; a++) {
            if (a & side)
                continue;
            uint64_t differ = (m[a] >> shift ^ m[a + side]) & masks[step];
            m[a + side] ^= differ;
            m[a] ^= differ << shift;
        }
    }
}

// One channel, eight by eight: rows of the result are columns of `from`, whose rows are step_y apart from the
// corner on. Does as much as whole eights cover.
static void swap_grey(const uint8_t *corner, ptrdiff_t step_y, bool leftwards, const Pixels *to)
{
    for (int y = 0; y + 8 <= to->height_px; y += 8) {
        for (int x = 0; x + 8 <= to->width_px; x += 8) {
            uint64_t m[8];
            for (int i = 0; i < 8; i++) {
                memcpy(&m[i], corner + (x + i) * step_y + (leftwards ? -y - 7 : y), 8);
                m[i] = le64toh(m[i]);
            }
            swap_eights(m);
            for (int i = 0; i < 8; i++) {
                uint64_t row = htole64(m[leftwards ? 7 - i : i]);
                memcpy(pixels_at(to, x, y + i), &row, 8);
            }
        }
    }
}

void pixels_turn(const Pixels *from, Turn turn, const Pixels *to)
{
    int channels = from->channels;
    assert(to->channels == channels);
    assert(to->width_px == (turn.swap ? from->height_px : from->width_px));
    assert(to->height_px == (turn.swap ? from->width_px : from->height_px));
    ptrdiff_t step_x = turn.flip_x ? -channels : channels;
    ptrdiff_t step_y = turn.flip_y ? -(ptrdiff_t)from->stride : (ptrdiff_t)from->stride;
    const uint8_t *corner =
        pixels_at(from, turn.flip_x ? from->width_px - 1 : 0, turn.flip_y ? from->height_px - 1 : 0);
    ptrdiff_t along_row = turn.swap ? step_y : step_x, along_column = turn.swap ? step_x : step_y;
    bool eights = turn.swap && channels == 1;
    if (eights)
        swap_grey(corner, step_y, turn.flip_x, to);
    for (int y = 0; y < to->height_px; y++) {
        int done = eights && y < to->height_px / 8 * 8 ? to->width_px / 8 * 8 : 0;
        const uint8_t *p = corner + y * along_column + done * along_row;
        uint8_t *q = pixels_at(to, done, y);
        if (channels == 1)
            turn_row(p, along_row, 1, to->width_px - done, q);
        else if (channels == 3)
            turn_row(p, along_row, 3, to->width_px, q);
        else
            turn_row(p, along_row, channels, to->width_px, q);
    }
}
