// SPDX-License-Identifier: Apache-2.0
// render_image PYRAMID COUNT [NAME [FILE]]: processor time of renders nobody asked for before, the ones that
// bench/images/run asks for.
//   W3u  the whole picture at a width from 500 to 1499 pixels
//   W4   a region of 800 to 2999 pixels a side, 300 to 599 wide, turned by 90 degrees, grey
// NAME: this one alone. FILE: where the last one goes, to compare it with what another program draws; what it
// shows is said.
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
    ask.out_width_px = 500 + number * 371 % 1000;
    ask.out_height_px = MAX_OF(1, (int)((int64_t)ask.out_width_px * f->height_px / f->width_px));
    return ask;
}

// A number below `limit`; the same ones in every run.
static int chance(int limit)
{
    static uint64_t state = 3;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (int)((state >> 33) % (uint64_t)MAX_OF(1, limit));
}

static RenderAsk turned_region(const PyramidFacts *f, int number)
{
    (void)number;
    RenderAsk ask = {.format = RENDER_JPEG, .quality = RENDER_GRAY, .rotation_deg = 90};
    ask.width_px = MIN_OF(800 + chance(2200), f->width_px);
    ask.height_px = MIN_OF(800 + chance(2200), f->height_px);
    ask.left_px = chance(f->width_px - ask.width_px);
    ask.top_px = chance(f->height_px - ask.height_px);
    ask.out_width_px = 300 + chance(300);
    ask.out_height_px = MAX_OF(1, ask.out_width_px * ask.height_px / ask.width_px);
    return ask;
}

static bool measure(const Pyramid *p, const char *name, MakeAsk *make, int count, Buf *out, Err *err)
{
    size_t bytes = 0;
    RenderAsk ask = {0};
    int64_t start_us = clock_cpu_us();
    for (int i = 0; i < count; i++) {
        ask = make(pyramid_facts(p), i);
        buf_clear(out);
        if (!render(p, &ask, out, err))
            return false;
        bytes += out->n;
    }
    printf("%s: %.2f CPU s per 1000, %zu bytes each; the last %d,%d,%d,%d/%d,%d\n", name,
        (double)(clock_cpu_us() - start_us) / 1e3 / count, bytes / (size_t)count, ask.left_px, ask.top_px,
        ask.width_px, ask.height_px, ask.out_width_px, ask.out_height_px);
    return true;
}

static bool write_out(const char *path, const Buf *out, Err *err)
{
    FILE *f = fopen(path, "wb");
    bool ok = f && fwrite(out->p, 1, out->n, f) == out->n;
    if (f && fclose(f) != 0)
        ok = false;
    return ok || err_errno(err, "%s", path);
}

int main(int argc, char **argv)
{
    Err err = {0};
    if (argc < 3 || argc > 5) {
        fprintf(stderr, "usage: %s PYRAMID COUNT [NAME [FILE]]\n", argv[0]);
        return 2;
    }
    const char *only = argv[3], *file = only ? argv[4] : NULL;
    int fd = file_open(AT_FDCWD, argv[1], &err), count = MAX_OF(1, atoi(argv[2]));
    Pyramid *p = fd >= 0 ? pyramid_open(fd, &err) : NULL;
    CLEANUP(buf_free) Buf out = buf_with_max(RENDER_BYTES_MAX);
    bool ok = p != NULL;
    if (ok && (!only || strcmp(only, "W3u") == 0))
        ok = measure(p, "W3u", new_size, count, &out, &err);
    if (ok && (!only || strcmp(only, "W4") == 0))
        ok = measure(p, "W4", turned_region, count, &out, &err);
    if (ok && file)
        ok = write_out(file, &out, &err);
    pyramid_drop(p);
    if (!ok)
        fprintf(stderr, "%s: %s\n", argv[1], err.text);
    return ok ? 0 : 1;
}
