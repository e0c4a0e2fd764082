// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

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
    for (int y = 0; y < to->height_px; y++) {
        const uint8_t *p = corner + y * along_column;
        uint8_t *q = pixels_at(to, 0, y);
        if (channels == 1)
            turn_row(p, along_row, 1, to->width_px, q);
        else if (channels == 3)
            turn_row(p, along_row, 3, to->width_px, q);
        else
            turn_row(p, along_row, channels, to->width_px, q);
    }
}
