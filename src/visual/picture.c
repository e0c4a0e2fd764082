// SPDX-License-Identifier: Apache-2.0
#include "visual/picture.h"

Grey picture_grey(Picture picture, Arena *a)
{
    const size_t width = (size_t)picture.width_px;
    uint8_t *grey = arena_alloc(a, width * (size_t)picture.height_px);
    for (int y = 0; y < picture.height_px; y++) {
        const uint8_t *from = picture.p + (size_t)y * picture.stride;
        uint8_t *to = grey + (size_t)y * width;
        for (size_t x = 0; x < width; x++, from += 3)
            to[x] = (uint8_t)((77 * from[0] + 150 * from[1] + 29 * from[2] + 128) >> 8);
    }
    return (Grey){.p = grey, .width_px = picture.width_px, .height_px = picture.height_px, .stride = width};
}
