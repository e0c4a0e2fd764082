// SPDX-License-Identifier: Apache-2.0
// render_image PYRAMID COUNT: processor time of renders nobody asked for before.
//   W3u  the whole picture at a new width from 640 to 1240 pixels
//   W4   a region of a quarter of each side, 512 pixels wide, turned by 90 degrees, grey
#include "base/clock.h"
#include "base/file.h"
#include "image/render.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>

typedef RenderAsk MakeAsk(const PyramidFacts *f, int number);

static RenderAsk new_size(const PyramidFacts *f, int number)
{
    RenderAsk ask = {.width_px = f->width_px, .height_px = f->height_px, .format = RENDER_JPEG};
    ask.out_width_px = 640 + number * 37 % 600;
    ask.out_height_px = (int)((int64_t)ask.out_width_px * f->height_px / f->width_px);
    return ask;
}

static RenderAsk turned_region(const PyramidFacts *f, int number)
{
    RenderAsk ask = {.width_px = f->width_px / 4, .height_px = f->height_px / 4, .format = RENDER_JPEG};
    ask.left_px = number * 131 % (f->width_px - ask.width_px);
    ask.top_px = number * 97 % (f->height_px - ask.height_px);
    ask.out_width_px = 512;
    ask.out_height_px = 512 * f->height_px / f->width_px;
    ask.rotation_deg = 90;
    ask.quality = RENDER_GRAY;
    return ask;
}

static bool measure(const Pyramid *p, const char *name, MakeAsk *make, int count, Err *err)
{
    size_t bytes = 0;
    CLEANUP(buf_free) Buf out = buf_with_max(RENDER_BYTES_MAX);
    int64_t start_us = clock_cpu_us();
    for (int i = 0; i < count; i++) {
        RenderAsk ask = make(pyramid_facts(p), i);
        buf_clear(&out);
        if (!render(p, &ask, &out, err))
            return false;
        bytes += out.n;
    }
    printf("%s: %.2f CPU s per 1000, %zu bytes each\n", name,
        (double)(clock_cpu_us() - start_us) / 1e3 / count, bytes / (size_t)count);
    return true;
}

int main(int argc, char **argv)
{
    Err err = {0};
    if (argc != 3) {
        fprintf(stderr, "usage: %s PYRAMID COUNT\n", argv[0]);
        return 2;
    }
    int fd = file_open(AT_FDCWD, argv[1], &err);
    Pyramid *p = fd >= 0 ? pyramid_open(fd, &err) : NULL;
    bool ok = p && measure(p, "W3u", new_size, atoi(argv[2]), &err) &&
              measure(p, "W4", turned_region, atoi(argv[2]), &err);
    pyramid_drop(p);
    if (!ok)
        fprintf(stderr, "%s: %s\n", argv[1], err.text);
    return ok ? 0 : 1;
}
