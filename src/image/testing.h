// SPDX-License-Identifier: Apache-2.0
// image/testing: pictures made of arithmetic and pyramids in memory, for this room's tests and fuzz targets.
#pragma once

#include "image/int.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

// Smooth enough to survive JPEG, and different everywhere: a wrong tile or turn is far off.
static inline Pixels test_picture(int width_px, int height_px, int channels)
{
    Pixels px = pixels_make(width_px, height_px, channels);
    for (int y = 0; y < height_px; y++) {
        for (int x = 0; x < width_px; x++) {
            uint8_t *p = pixels_at(&px, x, y);
            p[0] = (uint8_t)(30 + 200 * x / width_px);
            if (channels == 3) {
                p[1] = (uint8_t)(30 + 200 * y / height_px);
                p[2] = (uint8_t)(128 + (x / 32 + y / 32) % 2 * 40);
            }
        }
    }
    return px;
}

// The descriptor of a memory file that holds the pyramid, -1 if it cannot be made.
static inline int test_pyramid_by(const Pixels *px, Turn turn, int tile_px, bool by_strips)
{
    Err err = {0};
    int fd = memfd_create("pyramid", MFD_CLOEXEC);
    TilerAsk ask = {.width_px = px->width_px,
        .height_px = px->height_px,
        .channels = px->channels,
        .turn = turn,
        .tile_px = tile_px,
        .quality = 90,
        .by_strips = by_strips};
    CLEANUP(tiler_closep) Tiler *t = tiler_open(fd, &ask, &err);
    bool ok = t != NULL;
    for (int y = 0; y < px->height_px && ok; y++)
        ok = tiler_row(t, pixels_at(px, 0, y), &err);
    if (ok && tiler_finish(t, &err))
        return fd;
    close(fd);
    return -1;
}

static inline int test_pyramid_file(const Pixels *px, Turn turn, int tile_px)
{
    return test_pyramid_by(px, turn, tile_px, false);
}
