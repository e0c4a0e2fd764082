// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

bool ready_planes_make(const Grid *g, uint32_t kind, int count, ReadyPlanes *ret)
{
    ReadyPlanes r = {.kind = kind, .count = count};
    uint32_t side = (uint32_t)MAX_OF(g->width_px, g->height_px);
    if (kind < (uint32_t)g->levels) {
        r.width_px = g->level[kind].width_px;
        r.height_px = g->level[kind].height_px;
        r.across = r.down = (double)(INT64_C(1) << kind);
    } else if (kind > PYRAMID_LEVELS_MAX && kind <= JPEG_SIDE_MAX_PX && kind < side) {
        r.width_px = (int)MAX_OF(1, ((uint64_t)g->width_px * kind + side / 2) / side);
        r.height_px = (int)MAX_OF(1, ((uint64_t)g->height_px * kind + side / 2) / side);
        r.across = (double)g->width_px / r.width_px;
        r.down = (double)g->height_px / r.height_px;
    } else {
        return false;
    }
    *ret = r;
    return true;
}

size_t ready_planes_bytes(const ReadyPlanes *r)
{
    size_t luma = (size_t)r->width_px * (size_t)r->height_px;
    size_t chroma = (size_t)((r->width_px + 1) / 2) * (size_t)((r->height_px + 1) / 2);
    return r->count == 1 ? luma : luma + 2 * chroma;
}

// Y, Cb and Cr of an RGB pixel, 16 bits after the point, or the pixel as it is.
static void ycc_of(const uint8_t *p, int channels, bool ycc, int to[3])
{
    enum { HALF = 1 << 15, MIDDLE = 128 << 16 };
    if (ycc || channels == 1) {
        for (int c = 0; c < channels; c++)
            to[c] = p[c];
        return;
    }
    to[0] = (19595 * p[0] + 38470 * p[1] + 7471 * p[2] + HALF) >> 16;
    to[1] = (-11059 * p[0] - 21709 * p[1] + 32768 * p[2] + MIDDLE + HALF - 1) >> 16;
    to[2] = (32768 * p[0] - 27439 * p[1] - 5329 * p[2] + MIDDLE + HALF - 1) >> 16;
}

static void add_luma(const Pixels *px, bool is_ycc, Buf *out)
{
    int ycc[3];
    for (int y = 0; y < px->height_px; y++) {
        for (int x = 0; x < px->width_px; x++) {
            ycc_of(pixels_at(px, x, y), px->channels, is_ycc, ycc);
            buf_add_char(out, (char)ycc[0]);
        }
    }
}

static void add_chroma(const Pixels *px, bool is_ycc, int number, Buf *out)
{
    for (int y = 0; y < px->height_px; y += 2) {
        for (int x = 0; x < px->width_px; x += 2) {
            int sum = 2, ycc[3];
            for (int k = 0; k < 4; k++) {
                int from_x = MIN_OF(x + (k & 1), px->width_px - 1);
                int from_y = MIN_OF(y + (k >> 1), px->height_px - 1);
                ycc_of(pixels_at(px, from_x, from_y), px->channels, is_ycc, ycc);
                sum += ycc[number];
            }
            buf_add_char(out, (char)(sum / 4));
        }
    }
}

void ready_planes_add(const Pixels *px, bool is_ycc, Buf *out)
{
    add_luma(px, is_ycc, out);
    for (int i = 1; i < px->channels; i++)
        add_chroma(px, is_ycc, i, out);
}
