// SPDX-License-Identifier: Apache-2.0
#include "image/splice_index.h"
#include "image/testing.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <jpeglib.h>

typedef struct {
    int width, height, across, down; // sampling of the brightness; 0: grey
    int restart, quality, tile;
    bool optimise, progressive, arithmetic, many_scans;
} Master;

// Noise over a gradient: many different codes, long ones too.
static Str make_jpeg(Master m, Arena *a)
{
    struct jpeg_compress_struct c;
    struct jpeg_error_mgr trap;
    unsigned char *out = NULL;
    unsigned long bytes = 0;
    uint32_t noise = 1;
    int channels = m.across ? 3 : 1;
    uint8_t *row = arena_alloc(a, (size_t)m.width * 3);
    c.err = jpeg_std_error(&trap);
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &out, &bytes);
    c.image_width = (JDIMENSION)m.width;
    c.image_height = (JDIMENSION)m.height;
    c.input_components = channels;
    c.in_color_space = channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, m.quality, TRUE);
    c.restart_interval = (unsigned)m.restart;
    c.optimize_coding = m.optimise;
    c.arith_code = m.arithmetic;
    if (m.progressive)
        jpeg_simple_progression(&c);
    static const jpeg_scan_info scans[] = {{1, {0}, 0, 63, 0, 0}, {2, {1, 2}, 0, 63, 0, 0}};
    if (m.many_scans) {
        c.scan_info = scans;
        c.num_scans = channels == 3 ? 2 : 1;
    }
    if (channels == 3) {
        c.comp_info[0].h_samp_factor = m.across;
        c.comp_info[0].v_samp_factor = m.down;
    }
    jpeg_start_compress(&c, TRUE);
    for (int y = 0; y < m.height; y++) {
        for (int x = 0; x < m.width * channels; x++) {
            noise = noise * 1664525 + 1013904223;
            row[x] =
                (uint8_t)(x * 200 / (m.width * channels) + (int)(noise >> 27) + (x / 40 + y / 40) % 2 * 20);
        }
        JSAMPROW rows[1] = {row};
        jpeg_write_scanlines(&c, rows, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    Str copy = arena_copy(a, (Str){(char *)out, bytes});
    free(out);
    return copy;
}

typedef struct {
    struct jpeg_decompress_struct codec;
    struct jpeg_error_mgr trap;
    jvirt_barray_ptr *blocks;
} Coefficients;

static void read_coefficients(Str jpeg, Coefficients *c)
{
    c->codec.err = jpeg_std_error(&c->trap);
    jpeg_create_decompress(&c->codec);
    jpeg_mem_src(&c->codec, (const unsigned char *)jpeg.p, jpeg.n);
    jpeg_read_header(&c->codec, TRUE);
    c->blocks = jpeg_read_coefficients(&c->codec);
    assert_int_equal(c->codec.err->num_warnings, 0);
}

typedef struct {
    Coefficients master;
    Master m;
    int tiles, rows;
    Pixels half;
    SpliceIndexWriter *index; // NULL: none wanted
    Arena *arena;
    Str *stored; // the tiles, for comparing those that are cut later
} Check;

static const JCOEF *block_at(Coefficients *c, int component, int x, int y)
{
    JBLOCKARRAY rows = c->codec.mem->access_virt_barray(
        (j_common_ptr)&c->codec, c->blocks[component], (JDIMENSION)y, 1, FALSE);
    return rows[0][x];
}

static bool check_tile(void *ctx, int column, int row, Str jpeg, Err *err)
{
    (void)err;
    Check *check = ctx;
    Coefficients tile;
    read_coefficients(jpeg, &tile);
    assert_int_equal(tile.codec.image_width, MIN_OF(check->m.tile, check->m.width - column * check->m.tile));
    assert_int_equal(tile.codec.image_height, MIN_OF(check->m.tile, check->m.height - row * check->m.tile));
    for (int i = 0; i < tile.codec.num_components; i++) {
        const jpeg_component_info *c = &tile.codec.comp_info[i];
        int left = column * check->m.tile / 8 * c->h_samp_factor / tile.codec.max_h_samp_factor;
        int top = row * check->m.tile / 8 * c->v_samp_factor / tile.codec.max_v_samp_factor;
        for (int y = 0; y < (int)c->height_in_blocks; y++)
            for (int x = 0; x < (int)c->width_in_blocks; x++)
                assert_memory_equal(
                    block_at(&tile, i, x, y), block_at(&check->master, i, left + x, top + y), sizeof(JBLOCK));
        assert_memory_equal(c->quant_table->quantval, check->master.codec.comp_info[i].quant_table->quantval,
            sizeof(c->quant_table->quantval));
    }
    assert_true(tile.codec.restart_interval > 0);
    jpeg_destroy_decompress(&tile.codec);
    if (check->index) {
        check->stored[check->tiles] = arena_copy(check->arena, jpeg);
        splice_index_tile(check->index, column, row, jpeg);
    }
    check->tiles++;
    return true;
}

static bool keep_row(void *ctx, const uint8_t *row, Err *err)
{
    (void)err;
    Check *check = ctx;
    assert_true(check->rows < check->half.height_px);
    memcpy(pixels_at(&check->half, 0, check->rows++), row, check->half.stride);
    return true;
}

static bool keep_mark(void *ctx, int mcu_row, int column, const SpliceMark *mark, Err *err)
{
    (void)err;
    splice_index_mark(((Check *)ctx)->index, mcu_row, column, mark);
    return true;
}

static int memory_file(Str bytes)
{
    Err err = {0};
    int fd = memfd_create("bytes", MFD_CLOEXEC);
    assert_true(file_write_all(fd, bytes, &err));
    return fd;
}

// Each tile cut from the master by the index is the tile that was stored, byte for byte.
static void check_index(const Check *check, Str jpeg)
{
    Err err = {0};
    Grid grid;
    CLEANUP(buf_free) Buf bytes = buf_with_max(1 << 20), tile = buf_with_max(1 << 20);
    assert_true(splice_index_finish(check->index, jpeg.n, &bytes, &err));
    assert_true(grid_make(check->m.width, check->m.height, check->m.tile, &grid));
    CLEANUP(fd_closep) int index_fd = memory_file(buf_str(&bytes));
    CLEANUP(fd_closep) int master_fd = memory_file(jpeg);
    CLEANUP(splice_index_closep)
    SpliceIndex *x = splice_index_open(index_fd, (IndexPlace){.bytes = bytes.n}, &grid, &err);
    assert_non_null(x);
    assert_true(splice_index_master_bytes(x) == jpeg.n);
    for (int row = 0, i = 0; row < grid.level[0].rows; row++) {
        for (int column = 0; column < grid.level[0].columns; column++, i++) {
            SpliceCut cut = {.index_fd = index_fd, .master_fd = master_fd, .column = column, .row = row};
            buf_clear(&tile);
            if (!splice_index_cut(x, &cut, &tile, &err))
                fail_msg("%s", err.text);
            assert_int_equal(tile.n, check->stored[i].n);
            assert_memory_equal(tile.p, check->stored[i].p, tile.n);
        }
    }
}

// Brightness of the half picture against the mean of 2x2 decoded pixels. The last odd row and column are the
// master's padding, which is its own affair.
static void check_half(const Check *check, Str jpeg)
{
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr trap;
    Pixels full = pixels_make(check->m.width, check->m.height, check->half.channels);
    d.err = jpeg_std_error(&trap);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, (const unsigned char *)jpeg.p, jpeg.n);
    jpeg_read_header(&d, TRUE);
    d.out_color_space = full.channels == 3 ? JCS_YCbCr : JCS_GRAYSCALE;
    jpeg_start_decompress(&d);
    while (d.output_scanline < d.output_height) {
        JSAMPROW rows[1] = {pixels_at(&full, 0, (int)d.output_scanline)};
        jpeg_read_scanlines(&d, rows, 1);
    }
    jpeg_destroy_decompress(&d);
    int worst = 0;
    int64_t sum = 0;
    for (int y = 0; y < full.height_px / 2; y++) {
        for (int x = 0; x < full.width_px / 2; x++) {
            int mean =
                (*pixels_at(&full, 2 * x, 2 * y) + *pixels_at(&full, 2 * x + 1, 2 * y) +
                    *pixels_at(&full, 2 * x, 2 * y + 1) + *pixels_at(&full, 2 * x + 1, 2 * y + 1) + 2) /
                4;
            int off = abs(mean - *pixels_at(&check->half, x, y));
            worst = MAX_OF(worst, off);
            sum += off;
        }
    }
    assert_true(worst <= 2);
    assert_true(sum <= (int64_t)(full.width_px / 2) * (full.height_px / 2) / 2);
    free(full.p);
}

static bool head_of(Str jpeg, SpliceHead *ret, uint64_t *ret_at)
{
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr trap;
    d.err = jpeg_std_error(&trap);
    jpeg_create_decompress(&d);
    jpeg_mem_src(&d, (const unsigned char *)jpeg.p, jpeg.n);
    jpeg_read_header(&d, TRUE);
    *ret_at = jpeg.n - d.src->bytes_in_buffer;
    bool good = splice_head(&d, ret);
    jpeg_destroy_decompress(&d);
    return good;
}

static bool run(Str jpeg, const SpliceHead *head, uint64_t at, int tile, const SpliceSink *sink, Err *err)
{
    CLEANUP(fd_closep) int fd = memfd_create("master", MFD_CLOEXEC);
    assert_true(file_write_all(fd, jpeg, err));
    return splice_jpeg(head, fd, at, tile, sink, err);
}

static void check(Master m)
{
    Err err = {0};
    uint64_t at;
    SpliceHead head;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str jpeg = make_jpeg(m, a);
    Check c = {.m = m, .half = pixels_make((m.width + 1) / 2, (m.height + 1) / 2, m.across ? 3 : 1)};
    bool by_blocks = m.progressive || m.arithmetic || (m.many_scans && m.across);
    read_coefficients(jpeg, &c.master);
    assert_int_equal(head_of(jpeg, &head, &at), !by_blocks);
    assert_true(splice_blocks_bytes(&c.master.codec) >= 64 * sizeof(JCOEF));
    SpliceSink sink = {.ctx = &c, .tile = check_tile, .half_row = keep_row};
    if (!by_blocks) {
        c.index = splice_index_writer_open(&head, m.tile);
        c.arena = a;
        c.stored = arena_array(a, Str, 1000);
        sink.mark = keep_mark;
    }
    bool good = by_blocks ? splice_blocks(&c.master.codec, c.master.blocks, m.tile, &sink, &err)
                          : run(jpeg, &head, at, m.tile, &sink, &err);
    if (!good)
        fail_msg("%s", err.text);
    assert_int_equal(c.tiles, (m.width + m.tile - 1) / m.tile * ((m.height + m.tile - 1) / m.tile));
    assert_int_equal(c.rows, c.half.height_px);
    check_half(&c, jpeg);
    if (!by_blocks)
        check_index(&c, jpeg);
    splice_index_writer_closep(&c.index);
    jpeg_destroy_decompress(&c.master.codec);
    free(c.half.p);
}

static void same_coefficients(void **state)
{
    (void)state;
    check((Master){.width = 700, .height = 500, .across = 2, .down = 2, .quality = 90, .tile = 256});
    check((Master){.width = 333, .height = 211, .across = 2, .down = 1, .quality = 80, .tile = 64});
    check((Master){.width = 333, .height = 211, .across = 1, .down = 2, .quality = 80, .tile = 64});
    check((Master){.width = 333, .height = 211, .across = 1, .down = 1, .quality = 98, .tile = 64});
    check((Master){.width = 333, .height = 211, .quality = 50, .tile = 128});
    check((Master){.width = 1, .height = 1, .across = 2, .down = 2, .quality = 50, .tile = 64});
    check((Master){.width = 257, .height = 16, .across = 2, .down = 2, .quality = 100, .tile = 256});
    check((Master){.width = 640, .height = 480, .across = 2, .down = 2, .quality = 75, .tile = 2048});
}

// Optimised tables lack codes that the tiles need.
static void odd_tables(void **state)
{
    (void)state;
    for (int quality = 5; quality <= 100; quality += 19) {
        check((Master){.width = 300,
            .height = 200,
            .across = 2,
            .down = 2,
            .quality = quality,
            .tile = 64,
            .optimise = true});
        check((Master){.width = 300, .height = 200, .quality = quality, .tile = 64, .optimise = true});
    }
}

// The master's own restart markers fall anywhere in a tile's row.
static void restarts(void **state)
{
    (void)state;
    for (int restart = 1; restart <= 23; restart += 2)
        check((Master){.width = 400,
            .height = 130,
            .across = 2,
            .down = restart % 4 == 1 ? 2 : 1,
            .quality = 90,
            .tile = 64,
            .restart = restart});
}

// Whatever is not one baseline scan.
static void many_kinds(void **state)
{
    (void)state;
    Master kinds[] = {{.progressive = true}, {.progressive = true, .restart = 5}, {.arithmetic = true},
        {.arithmetic = true, .progressive = true}, {.many_scans = true}};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        for (int sampling = 0; sampling < 5; sampling++) {
            Master m = kinds[i];
            m.width = 333;
            m.height = 211;
            m.tile = 64;
            m.quality = 90;
            m.across = (int[]){2, 2, 1, 1, 0}[sampling];
            m.down = (int[]){2, 1, 2, 1, 0}[sampling];
            check(m);
        }
    }
    check((Master){
        .width = 1, .height = 1, .across = 2, .down = 2, .quality = 50, .tile = 64, .progressive = true});
    check((Master){.width = 640,
        .height = 480,
        .across = 2,
        .down = 2,
        .quality = 75,
        .tile = 2048,
        .progressive = true});
}

static void not_spliced(void **state)
{
    (void)state;
    uint64_t at;
    SpliceHead head;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Master m = {.width = 100, .height = 100, .across = 4, .down = 1, .quality = 90};
    assert_false(head_of(make_jpeg(m, a), &head, &at));
    m.progressive = true;
    Coefficients c;
    read_coefficients(make_jpeg(m, a), &c);
    assert_false(splice_frame(&c.codec, &head));
    jpeg_destroy_decompress(&c.codec);
}

static bool drop_tile(void *ctx, int column, int row, Str jpeg, Err *err)
{
    (void)ctx, (void)column, (void)row, (void)jpeg, (void)err;
    return true;
}

typedef struct {
    Str jpeg, index;
    Grid grid;
    Str tile; // the first, as it was made
} Indexed;

static Indexed make_indexed(Master m, Arena *a)
{
    Err err = {0};
    uint64_t at;
    SpliceHead head;
    Indexed x = {.jpeg = make_jpeg(m, a)};
    Check c = {.m = m, .arena = a, .stored = arena_array(a, Str, 1000)};
    CLEANUP(buf_free) Buf bytes = buf_with_max(1 << 20);
    read_coefficients(x.jpeg, &c.master);
    assert_true(head_of(x.jpeg, &head, &at));
    c.index = splice_index_writer_open(&head, m.tile);
    SpliceSink sink = {.ctx = &c, .tile = check_tile, .mark = keep_mark};
    assert_true(run(x.jpeg, &head, at, m.tile, &sink, &err));
    assert_true(splice_index_finish(c.index, x.jpeg.n, &bytes, &err));
    splice_index_writer_closep(&c.index);
    jpeg_destroy_decompress(&c.master.codec);
    assert_true(grid_make(m.width, m.height, m.tile, &x.grid));
    x.index = arena_copy(a, buf_str(&bytes));
    x.tile = c.stored[0];
    return x;
}

static Str changed(Str s, size_t at, uint8_t value, Arena *a)
{
    char *p = arena_alloc(a, s.n);
    memcpy(p, s.p, s.n);
    p[at] = (char)value;
    return (Str){p, s.n};
}

// Every tile is refused as damaged or is what it was; with the index cut short or of another picture, none is
// even tried.
static void check_hostile(const Indexed *x, Str index, Str jpeg, bool must_open)
{
    Err err = {0};
    CLEANUP(buf_free) Buf tile = buf_with_max(1 << 20);
    CLEANUP(fd_closep) int index_fd = memory_file(index);
    CLEANUP(fd_closep) int master_fd = memory_file(jpeg);
    CLEANUP(splice_index_closep)
    SpliceIndex *o = splice_index_open(index_fd, (IndexPlace){.bytes = index.n}, &x->grid, &err);
    assert_true(o || !must_open);
    if (!o) {
        assert_int_equal(err.kind, ERR_CORRUPT);
        return;
    }
    SpliceCut cut = {.index_fd = index_fd, .master_fd = master_fd};
    if (splice_index_cut(o, &cut, &tile, &err))
        assert_true(str_eq(buf_str(&tile), x->tile));
    else
        assert_int_equal(err.kind, ERR_CORRUPT);
}

static void hostile_index(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    for (int restart = 0; restart < 8; restart += 7) {
        Indexed x = make_indexed((Master){.width = 300,
                                     .height = 200,
                                     .across = 2,
                                     .down = 2,
                                     .quality = 60,
                                     .tile = 64,
                                     .restart = restart},
            a);
        check_hostile(&x, x.index, x.jpeg, true);
        for (size_t at = 0; at < x.index.n; at += 7)
            for (int value = 0; value < 256; value += 85)
                check_hostile(&x, changed(x.index, at, (uint8_t)value, a), x.jpeg, false);
        for (size_t at = 300; at < x.jpeg.n; at += 31)
            check_hostile(&x, x.index, changed(x.jpeg, at, (uint8_t)(at * 37), a), true);
        for (size_t n = 0; n < x.index.n; n += 97)
            check_hostile(&x, str_slice(x.index, 0, n), x.jpeg, false);
        for (size_t n = 1; n < x.jpeg.n; n += 211)
            check_hostile(&x, x.index, str_slice(x.jpeg, 0, n), true);
        Indexed other = make_indexed(
            (Master){.width = 300, .height = 264, .across = 2, .down = 2, .quality = 60, .tile = 64}, a);
        check_hostile(&x, other.index, x.jpeg, false);
        check_hostile(&x, x.index, other.jpeg, true);
    }
}

// Fill bytes where none belong: the tiles are cut, but their places cannot be told.
static void places_unknown(void **state)
{
    (void)state;
    Err err = {0};
    uint64_t at;
    SpliceHead head;
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf filled = buf_with_max(1 << 20), index = buf_with_max(1 << 20);
    Str jpeg = make_jpeg((Master){.width = 300, .height = 200, .quality = 90}, a);
    assert_true(head_of(jpeg, &head, &at));
    for (size_t i = 0; i < jpeg.n; i++) {
        buf_add_char(&filled, jpeg.p[i]);
        if (i >= at && (uint8_t)jpeg.p[i] == 0xff && jpeg.p[i + 1] == 0)
            buf_add_char(&filled, (char)0xff);
    }
    Check c = {.index = splice_index_writer_open(&head, 64)};
    SpliceSink sink = {.ctx = &c, .tile = drop_tile, .mark = keep_mark};
    assert_true(run(buf_str(&filled), &head, at, 64, &sink, &err));
    assert_false(splice_index_finish(c.index, filled.n, &index, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    splice_index_writer_closep(&c.index);
}

static bool drop_row(void *ctx, const uint8_t *row, Err *err)
{
    (void)ctx, (void)row, (void)err;
    return true;
}

static void check_damage(Str jpeg, size_t change_at, uint8_t change, size_t cut, bool must_fail)
{
    Err err = {0};
    uint64_t at;
    SpliceHead head;
    CLEANUP(arena_closep) Arena *a = arena_open();
    assert_true(head_of(jpeg, &head, &at));
    Str copy = arena_copy(a, str_slice(jpeg, 0, jpeg.n - cut));
    char *bytes = arena_alloc(a, copy.n);
    memcpy(bytes, copy.p, copy.n);
    if (change_at)
        bytes[at + change_at] = (char)change;
    SpliceSink sink = {.tile = drop_tile, .half_row = drop_row};
    bool good = run((Str){bytes, copy.n}, &head, at, 64, &sink, &err);
    assert_int_equal(err.kind, good ? ERR_NONE : ERR_CORRUPT);
    if (must_fail)
        assert_false(good);
}

static void damage(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str plain = make_jpeg((Master){.width = 300, .height = 200, .across = 2, .down = 2, .quality = 60}, a);
    Str marked = make_jpeg(
        (Master){.width = 300, .height = 200, .across = 2, .down = 2, .quality = 60, .restart = 7}, a);
    for (size_t cut = 1; cut < plain.n - 700; cut += 97) {
        check_damage(plain, 0, 0, cut, true);
        check_damage(marked, 0, 0, cut, true);
    }
    for (size_t at = 1; at < plain.n - 700; at += 13) {
        check_damage(plain, at, 0xff, 0, false);
        check_damage(plain, at, (uint8_t)at, 0, false);
        check_damage(marked, at, 0xff, 0, false);
    }
    check_damage(plain, 500, 0xff, 600, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(same_coefficients),
        cmocka_unit_test(odd_tables),
        cmocka_unit_test(restarts),
        cmocka_unit_test(many_kinds),
        cmocka_unit_test(not_spliced),
        cmocka_unit_test(hostile_index),
        cmocka_unit_test(places_unknown),
        cmocka_unit_test(damage),
    };
    return cmocka_run_group_tests_name("image/splice", tests, NULL, NULL);
}
