// SPDX-License-Identifier: Apache-2.0
// A JPEG, then changes to it and to its index: 2 bytes length of the JPEG, the JPEG, and for each change 6
// bytes: 1 where (odd: the master), 4 offset, 1 value. The index's own CRC is made right again, as somebody
// hostile would. With the index as it was made, what is cut from a changed master is refused or what was cut
// before.
#include "image/splice_index.h"
#include "image/testing.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdio.h>

#include <jpeglib.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    PIXELS_MAX = 1 << 18,
    TILE_PX = 64,
    TILES_MAX = 4096,
    CHANGE_BYTES = 6,
    HEAD_AT = 20,
    START_BYTES = 24
};

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

static bool head_of(Str jpeg, SpliceHead *ret, uint64_t *ret_at)
{
    struct jpeg_decompress_struct d;
    Trap trap;
    volatile bool good = false;
    d.err = jpeg_std_error(&trap.mgr);
    trap.mgr.error_exit = give_up;
    trap.mgr.emit_message = say_nothing;
    jpeg_create_decompress(&d);
    if (!setjmp(trap.jump)) {
        jpeg_mem_src(&d, (const unsigned char *)jpeg.p, jpeg.n);
        good = jpeg_read_header(&d, TRUE) == JPEG_HEADER_OK && splice_head(&d, ret);
        *ret_at = jpeg.n - d.src->bytes_in_buffer;
    }
    jpeg_destroy_decompress(&d);
    return good && (int64_t)ret->width_px * ret->height_px <= PIXELS_MAX;
}

typedef struct {
    SpliceIndexWriter *index;
    Arena *arena;
    Str tiles[TILES_MAX];
    int count;
} Made;

static bool take_tile(void *ctx, int column, int row, Str jpeg, Err *err)
{
    Made *m = ctx;
    (void)err;
    splice_index_tile(m->index, column, row, jpeg);
    if (m->count < TILES_MAX)
        m->tiles[m->count++] = arena_copy(m->arena, jpeg);
    return true;
}

static bool take_mark(void *ctx, int mcu_row, int column, const SpliceMark *mark, Err *err)
{
    (void)err;
    splice_index_mark(((Made *)ctx)->index, mcu_row, column, mark);
    return true;
}

static int memory_file(Str bytes)
{
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    if (fd < 0 || write(fd, bytes.p, bytes.n) != (ssize_t)bytes.n)
        abort();
    return fd;
}

static bool change(Str changes, char *index, size_t index_n, char *master, size_t master_n)
{
    bool index_changed = false;
    for (; changes.n >= CHANGE_BYTES; changes = str_slice(changes, CHANGE_BYTES, changes.n)) {
        uint32_t at;
        memcpy(&at, changes.p + 1, sizeof(at));
        bool of_master = changes.p[0] & 1;
        char *to = of_master ? master + at % master_n : index + at % index_n;
        index_changed = index_changed || (!of_master && *to != changes.p[5]);
        *to = changes.p[5];
    }
    return index_changed;
}

static void mend_crc(char *index, size_t n, int rows)
{
    uint32_t head;
    memcpy(&head, index + HEAD_AT, sizeof(head));
    uint64_t bytes = START_BYTES + (uint64_t)head + (uint64_t)rows * 8;
    if (bytes + 4 > n)
        return;
    uint32_t crc = (uint32_t)crc32_z(0, (const Bytef *)index, bytes);
    memcpy(index + bytes, &crc, sizeof(crc));
}

static void cut_all(const Made *m, const Grid *grid, Str index, Str master, bool index_changed, bool must)
{
    Err err = {0};
    CLEANUP(fd_closep) int index_fd = memory_file(index);
    CLEANUP(fd_closep) int master_fd = memory_file(master);
    CLEANUP(splice_index_closep)
    SpliceIndex *x = splice_index_open(index_fd, (IndexPlace){.bytes = index.n}, grid, &err);
    assert(x || (!must && err.kind != ERR_NONE));
    const GridLevel *l = &grid->level[0];
    for (int i = 0; x && i < MIN_OF(l->rows * l->columns, TILES_MAX); i++) {
        CLEANUP(buf_free) Buf out = buf_with_max(JPEG_TILE_BYTES_MAX + 65536);
        SpliceCut cut = {
            .index_fd = index_fd, .master_fd = master_fd, .column = i % l->columns, .row = i / l->columns};
        bool good = splice_index_cut(x, &cut, &out, &err);
        assert(good || (!must && err.kind != ERR_NONE));
        assert(!good || index_changed || str_eq(buf_str(&out), m->tiles[i]));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {0};
    SpliceHead head;
    Grid grid;
    uint64_t at;
    size_t n = size > 2 ? (size_t)(data[0] | data[1] << 8) : 0;
    if (n == 0 || n > size - 2)
        return 0;
    Str jpeg = {(const char *)data + 2, n}, changes = {jpeg.p + n, size - 2 - n};
    if (!head_of(jpeg, &head, &at) || !grid_make(head.width_px, head.height_px, TILE_PX, &grid))
        return 0;
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf index = buf_with_max(8 << 20);
    Made *m = arena_new(a, Made);
    m->arena = a;
    m->index = splice_index_writer_open(&head, TILE_PX);
    SpliceSink sink = {.ctx = m, .tile = take_tile, .mark = take_mark};
    CLEANUP(fd_closep) int fd = memory_file(jpeg);
    bool good = splice_jpeg(&head, fd, at, TILE_PX, &sink, &err) &&
                splice_index_finish(m->index, jpeg.n, &index, &err);
    splice_index_writer_closep(&m->index);
    if (!good)
        return 0;
    cut_all(m, &grid, buf_str(&index), jpeg, false, true);
    char *master = arena_alloc(a, jpeg.n);
    memcpy(master, jpeg.p, jpeg.n);
    bool index_changed = change(changes, index.p, index.n, master, jpeg.n);
    mend_crc(index.p, index.n, grid.level[0].rows);
    cut_all(m, &grid, buf_str(&index), (Str){master, jpeg.n}, index_changed, false);
    return 0;
}
