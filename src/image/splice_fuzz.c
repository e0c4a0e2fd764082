// SPDX-License-Identifier: Apache-2.0
// Whatever libjpeg takes for a header, then the scan by our own reader, or by libjpeg for kinds that we do
// not read. Tiles that come out must be what libjpeg can read.
#include "image/splice.h"
#include "image/testing.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { PIXELS_MAX = 1 << 20 };

typedef struct {
    struct jpeg_error_mgr mgr;
    jmp_buf jump;
} Trap;

static void give_up(j_common_ptr codec)
{
    longjmp(((Trap *)(void *)codec->err)->jump, 1);
}

static void say_nothing(j_common_ptr codec, int level)
{
    (void)codec, (void)level;
}

static bool read_tile(void *ctx, int column, int row, Str jpeg, Err *err)
{
    const SpliceHead *head = ctx;
    Pixels px = pixels_make(
        MIN_OF(64, head->width_px - column * 64), MIN_OF(64, head->height_px - row * 64), head->components);
    CLEANUP(jpeg_reader_closep) JpegReader *reader = jpeg_reader_open();
    bool good = jpeg_read(reader, jpeg, &px, err);
    free(px.p);
    assert(good);
    return good;
}

static bool drop_row(void *ctx, const uint8_t *row, Err *err)
{
    (void)ctx, (void)row, (void)err;
    return true;
}

static void cut_blocks(struct jpeg_decompress_struct *codec, SpliceHead *head)
{
    Err err = {0};
    SpliceSink sink = {.ctx = head, .tile = read_tile, .half_row = drop_row};
    jvirt_barray_ptr *blocks = jpeg_read_coefficients(codec);
    bool good = splice_blocks(codec, blocks, 64, &sink, &err);
    assert(good == (err.kind == ERR_NONE));
}

// True: the scan can be cut as it is read. Other kinds are cut here, from all their coefficients.
static bool head_of(const uint8_t *data, size_t size, SpliceHead *ret, uint64_t *ret_at)
{
    struct jpeg_decompress_struct d;
    Trap trap;
    volatile bool good = false;
    d.err = jpeg_std_error(&trap.mgr);
    trap.mgr.error_exit = give_up;
    trap.mgr.emit_message = say_nothing;
    jpeg_create_decompress(&d);
    if (!setjmp(trap.jump)) {
        jpeg_mem_src(&d, data, size);
        bool picture = jpeg_read_header(&d, TRUE) == JPEG_HEADER_OK && splice_frame(&d, ret) &&
                       (int64_t)ret->width_px * ret->height_px <= PIXELS_MAX;
        good = picture && splice_head(&d, ret);
        *ret_at = size - d.src->bytes_in_buffer;
        if (picture && !good)
            cut_blocks(&d, ret);
    }
    jpeg_destroy_decompress(&d);
    return good;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {0};
    SpliceHead head;
    uint64_t at;
    if (size == 0 || !head_of(data, size, &head, &at))
        return 0;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    SpliceSink sink = {.ctx = &head, .tile = read_tile, .half_row = drop_row};
    bool good = splice_jpeg(&head, fd, at, 64, &sink, &err);
    assert(good == (err.kind == ERR_NONE));
    close(fd);
    return 0;
}
