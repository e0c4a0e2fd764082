// SPDX-License-Identifier: Apache-2.0
// A whole file with some tiles looked up and drawn, and the table alone with its check sum made right, which
// a fuzzer would not guess.
#include "image/testing.h"

#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void draw(const Pyramid *p, RenderAsk ask)
{
    Err err = {0};
    CLEANUP(buf_free) Buf out = buf_with_max(1 << 20);
    ask.format = RENDER_JPEG;
    if (!render(p, &ask, &out, &err))
        assert(err.kind != ERR_NONE);
}

// A piece from its tiles, and the whole so small that ready planes serve it.
static void draw_both(const Pyramid *p)
{
    const PyramidFacts *f = pyramid_facts(p);
    draw(p, (RenderAsk){.width_px = MIN_OF(f->width_px, 100),
                .height_px = MIN_OF(f->height_px, 100),
                .out_width_px = 50,
                .out_height_px = 50});
    if (pyramid_ready_planes(p).offset > 0)
        draw(p, (RenderAsk){.width_px = f->width_px,
                    .height_px = f->height_px,
                    .out_width_px = MIN_OF(f->width_px / 8 + 1, 100),
                    .out_height_px = MIN_OF(f->height_px / 8 + 1, 100)});
}

static void whole(const uint8_t *data, size_t size)
{
    Err err = {0};
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    Pyramid *p = pyramid_open(fd, &err);
    if (!p)
        return;
    draw_both(p);
    pyramid_drop(p);
}

static void table_alone(const uint8_t *data, size_t size)
{
    Err err = {0};
    Table t;
    CLEANUP(arena_closep) Arena *a = arena_open();
    if (size < TABLE_HEAD_BYTES + TABLE_FOOT_BYTES)
        return;
    char *bytes = arena_alloc(a, size);
    memcpy(bytes, data, size);
    uint32_t crc = (uint32_t)crc32_z(0, data, size - TABLE_FOOT_BYTES);
    memcpy(bytes + size - TABLE_FOOT_BYTES, &crc, sizeof(crc));
    if (table_read((Str){bytes, size}, 1 << 20, &t, &err))
        table_free(&t);
}

// As a tile whose upper rows are not wanted.
static void rows_alone(const uint8_t *data, size_t size)
{
    int top = 20, height = 10;
    Str part;
    CLEANUP(arena_closep) Arena *a = arena_open();
    char *from = arena_alloc(a, size), *to = arena_alloc(a, size);
    memcpy(from, data, size);
    if (jpeg_cut_rows((Str){from, size}, &top, &height, to, &part))
        assert(part.n <= size && top <= 20 && height > 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    rows_alone(data, size);
    whole(data, size);
    table_alone(data, size);
    return 0;
}
