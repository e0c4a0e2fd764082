// SPDX-License-Identifier: Apache-2.0
#include "image/testing.h"

#include "base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <zlib.h>

#include <cmocka.h>

// ---- the grid

static void check_grid(int width, int height, int tile, int levels, int64_t tiles, const char *last_name)
{
    Grid g;
    char name[TILE_NAME_MAX];
    assert_true(grid_make(width, height, tile, &g));
    assert_int_equal(g.levels, levels);
    assert_int_equal(g.tiles, tiles);
    grid_tile_name(&g, 0, g.level[0].columns - 1, g.level[0].rows - 1, name);
    assert_string_equal(name, last_name);
}

static void grid(void **state)
{
    (void)state;
    check_grid(1, 1, 256, 1, 1, "0,0,1,1/1,1/0/default.jpg");
    check_grid(256, 256, 256, 1, 1, "0,0,256,256/256,256/0/default.jpg");
    check_grid(257, 1, 256, 2, 3, "256,0,1,1/1,1/0/default.jpg");
    check_grid(10000, 8000, 256, 7, 1709, "9984,7936,16,64/16,64/0/default.jpg");
    check_grid(100000, 80000, 256, 10, 163539, "99840,79872,160,128/160,128/0/default.jpg");
    Grid g;
    assert_false(grid_make(0, 1, 256, &g));
    assert_false(grid_make(1, -1, 256, &g));
    assert_false(grid_make(INT32_MAX, 1, 256, &g));
    assert_false(grid_make(100, 100, 255, &g));
    assert_false(grid_make(100, 100, 0, &g));
    assert_false(grid_make(100, 100, -256, &g));
    assert_false(grid_make(100, 100, 1 << 20, &g));
}

static void tile_names(void **state)
{
    (void)state;
    Grid g;
    char name[TILE_NAME_MAX];
    assert_true(grid_make(1001, 701, 256, &g));
    grid_tile_name(&g, 1, 1, 1, name); // ceil(489 / 2) x ceil(189 / 2)
    assert_string_equal(name, "512,512,489,189/245,95/0/default.jpg");
    grid_tile_name(&g, 2, 0, 0, name);
    assert_string_equal(name, "0,0,1001,701/251,176/0/default.jpg");
}

// ---- written and read again

static int difference(const Pixels *a, const Pixels *b)
{
    int64_t sum = 0;
    for (int y = 0; y < a->height_px; y++)
        for (int x = 0; x < a->width_px * a->channels; x++)
            sum += abs(pixels_at(a, 0, y)[x] - pixels_at(b, 0, y)[x]);
    return (int)(100 * sum / ((int64_t)a->width_px * a->height_px * a->channels));
}

static Pixels part(const Pixels *px, TileBox box)
{
    Pixels piece = *px;
    piece.p = pixels_at(px, box.left_px, box.top_px);
    piece.width_px = box.width_px;
    piece.height_px = box.height_px;
    return piece;
}

static void check_jpeg(const Pyramid *p, PyramidSpan span, const Pixels *want)
{
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(jpeg_reader_closep) JpegReader *reader = jpeg_reader_open();
    char *bytes = arena_alloc(a, span.size_bytes);
    assert_true(file_read_at(pyramid_fd(p), bytes, span.size_bytes, span.offset, &err));
    Pixels got = pixels_make(want->width_px, want->height_px, want->channels);
    assert_true(jpeg_read(reader, (Str){bytes, span.size_bytes}, &got, &err));
    assert_true(difference(&got, want) < 500); // 5 of 255 on average: JPEG's doing
    free(got.p);
}

static void check_levels(const Pyramid *p, Pixels level)
{
    const Grid *g = pyramid_grid(p);
    PyramidSpan span;
    for (int i = 0; i < g->levels; i++) {
        assert_int_equal(level.width_px, g->level[i].width_px);
        assert_int_equal(level.height_px, g->level[i].height_px);
        for (int row = 0; row < g->level[i].rows; row++) {
            for (int column = 0; column < g->level[i].columns; column++) {
                assert_true(pyramid_find_tile(p, i, column, row, &span));
                Pixels want = part(&level, grid_tile(g, i, column, row));
                check_jpeg(p, span, &want);
            }
        }
        assert_false(pyramid_find_tile(p, i, g->level[i].columns, 0, &span));
        assert_false(pyramid_find_tile(p, i, 0, g->level[i].rows, &span));
        if (pyramid_find_size(p, level.width_px, level.height_px, &span))
            check_jpeg(p, span, &level);
        Pixels half = pixels_make((level.width_px + 1) / 2, (level.height_px + 1) / 2, level.channels);
        pixels_halve(&level, &half);
        free(level.p);
        level = half;
    }
    free(level.p);
    assert_false(pyramid_find_tile(p, g->levels, 0, 0, &span));
    assert_false(pyramid_find_tile(p, -1, 0, 0, &span));
    assert_false(pyramid_find_tile(p, 0, -1, 0, &span));
    assert_false(pyramid_find_size(p, 3, 3, &span));
}

static void check_written(int width, int height, int channels, int orientation)
{
    Err err = {0};
    Pixels px = test_picture(width, height, channels);
    Turn turn = turn_of_exif(orientation);
    Pyramid *p = pyramid_open(test_pyramid_file(&px, turn, 64), &err);
    assert_non_null(p);
    Pixels upright = turn.swap ? pixels_make(height, width, channels) : pixels_make(width, height, channels);
    pixels_turn(&px, turn, &upright);
    assert_int_equal(pyramid_facts(p)->width_px, upright.width_px);
    assert_int_equal(pyramid_facts(p)->height_px, upright.height_px);
    for (int i = 0; i < pyramid_facts(p)->sizes_count; i++) {
        PyramidSpan span;
        Pixels scaled =
            pixels_make(pyramid_facts(p)->sizes[i].width_px, pyramid_facts(p)->sizes[i].height_px, channels);
        pixels_scale(&upright, &scaled);
        assert_true(pyramid_find_size(p, scaled.width_px, scaled.height_px, &span));
        check_jpeg(p, span, &scaled);
        free(scaled.p);
    }
    check_levels(p, upright);
    free(px.p);
    pyramid_drop(p);
}

static void written(void **state)
{
    (void)state;
    for (int orientation = 1; orientation <= 8; orientation++) {
        check_written(333, 201, 3, orientation);
        check_written(128, 64, 3, orientation);
        check_written(65, 129, 1, orientation);
    }
    check_written(1, 1, 3, 1);
    check_written(1, 300, 3, 6);
    check_written(500, 1, 1, 3);
    check_written(64, 64, 1, 1);
}

static Str tile_bytes(const Pyramid *p, int level, int column, int row, Arena *a)
{
    Err err = {0};
    PyramidSpan span;
    assert_true(pyramid_find_tile(p, level, column, row, &span));
    char *bytes = arena_alloc(a, span.size_bytes);
    assert_true(file_read_at(pyramid_fd(p), bytes, span.size_bytes, span.offset, &err));
    return (Str){bytes, span.size_bytes};
}

// Very wide pictures are cut strip by strip, into the same bytes.
static void check_strips(int width, int height, int channels, int tile)
{
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    Pixels px = test_picture(width, height, channels);
    Pyramid *bands = pyramid_open(test_pyramid_by(&px, (Turn){0}, tile, false), &err);
    Pyramid *strips = pyramid_open(test_pyramid_by(&px, (Turn){0}, tile, true), &err);
    assert_non_null(bands);
    assert_non_null(strips);
    const Grid *g = pyramid_grid(bands);
    for (int i = 0; i < g->levels; i++)
        for (int row = 0; row < g->level[i].rows; row++)
            for (int column = 0; column < g->level[i].columns; column++)
                assert_true(
                    str_eq(tile_bytes(bands, i, column, row, a), tile_bytes(strips, i, column, row, a)));
    free(px.p);
    pyramid_drop(bands);
    pyramid_drop(strips);
}

static void by_strips(void **state)
{
    (void)state;
    check_strips(700, 500, 3, 256);
    check_strips(333, 201, 1, 64);
    check_strips(130, 17, 3, 128);
    check_strips(65, 1, 3, 64);
    check_strips(300, 515, 3, 512);
}

// Rows cut out of a tile decode to what they are in the whole.
static void check_rows(int channels, int top, int height, int want_top, int want_height)
{
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(jpeg_reader_closep) JpegReader *reader = jpeg_reader_open();
    Pixels px = test_picture(200, 120, channels), whole = pixels_make(200, 120, 1);
    Pyramid *p = pyramid_open(test_pyramid_file(&px, (Turn){0}, 256), &err);
    Str jpeg = tile_bytes(p, 0, 0, 0, a), part;
    assert_true(jpeg_read(reader, jpeg, &whole, &err));
    bool cut = jpeg_cut_rows(jpeg, &top, &height, arena_alloc(a, jpeg.n), &part);
    assert_int_equal(cut, want_height > 0);
    if (cut) {
        assert_int_equal(top, want_top);
        assert_int_equal(height, want_height);
        Pixels rows = pixels_make(200, height, 1);
        assert_true(jpeg_read(reader, part, &rows, &err));
        assert_memory_equal(rows.p, pixels_at(&whole, 0, top), rows.stride * (size_t)height);
        free(rows.p);
    }
    for (size_t n = 0; n < jpeg.n;
         n += 7) // cut off anywhere: no answer or a whole JPEG, never beyond the end
        jpeg_cut_rows(arena_copy(a, str_slice(jpeg, 0, n)), &top, &height, arena_alloc(a, jpeg.n), &part);
    free(px.p);
    free(whole.p);
    pyramid_drop(p);
}

static void rows_of_tiles(void **state)
{
    (void)state;
    check_rows(3, 0, 120, 0, 0);
    check_rows(3, 0, 16, 0, 16);
    check_rows(3, 17, 14, 16, 16);
    check_rows(3, 15, 2, 0, 32);
    check_rows(3, 100, 20, 96, 24);
    check_rows(3, 119, 1, 112, 8);
    check_rows(1, 9, 80, 8, 88);
    check_rows(3, 100, 21, 0, 0);
}

// EXIF 6 means: turn clockwise, so that the first row becomes the last column.
static void turning(void **state)
{
    (void)state;
    uint8_t from[6] = {1, 2, 3, 4, 5, 6}, to[6];
    static const uint8_t want[9][6] = {{0}, {1, 2, 3, 4, 5, 6}, {3, 2, 1, 6, 5, 4}, {6, 5, 4, 3, 2, 1},
        {4, 5, 6, 1, 2, 3}, {1, 4, 2, 5, 3, 6}, {4, 1, 5, 2, 6, 3}, {6, 3, 5, 2, 4, 1}, {3, 6, 2, 5, 1, 4}};
    Pixels source = {.p = from, .width_px = 3, .height_px = 2, .channels = 1, .stride = 3};
    for (int o = 1; o <= 8; o++) {
        bool swap = turn_of_exif(o).swap;
        Pixels turned = {.p = to, .width_px = swap ? 2 : 3, .height_px = swap ? 3 : 2, .channels = 1};
        turned.stride = (size_t)turned.width_px;
        pixels_turn(&source, turn_of_exif(o), &turned);
        assert_memory_equal(to, want[o], 6);
    }
}

// The fast way of one channel against the plain one of three.
static void check_turned_in_blocks(int width, int height, int orientation)
{
    Turn turn = turn_of_exif(orientation);
    Pixels one = pixels_make(width, height, 1), three = pixels_make(width, height, 3);
    for (int i = 0; i < width * height; i++)
        one.p[i] = three.p[3 * i] = (uint8_t)(i * 7919 >> 4);
    int to_width = turn.swap ? height : width, to_height = turn.swap ? width : height;
    Pixels to_one = pixels_make(to_width, to_height, 1), to_three = pixels_make(to_width, to_height, 3);
    pixels_turn(&one, turn, &to_one);
    pixels_turn(&three, turn, &to_three);
    for (int i = 0; i < width * height; i++)
        if (to_one.p[i] != to_three.p[3 * i])
            fail_msg("%d x %d, orientation %d: sample %d", width, height, orientation, i);
    free(one.p);
    free(three.p);
    free(to_one.p);
    free(to_three.p);
}

static void turning_in_blocks(void **state)
{
    (void)state;
    for (int o = 1; o <= 8; o++) {
        check_turned_in_blocks(64, 40, o);
        check_turned_in_blocks(61, 47, o);
        check_turned_in_blocks(7, 90, o);
    }
}

// ---- as a ZIP

static void unzips(void **state)
{
    (void)state;
    char name[] = "/tmp/vitrine-pyramid-XXXXXX", command[200];
    Pixels px = test_picture(700, 500, 3);
    int memory = test_pyramid_file(&px, (Turn){0}, 256);
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str bytes;
    assert_true(file_read_all(memory, 16 << 20, a, &bytes, &err));
    int fd = mkstemp(name);
    assert_true(fd >= 0 && file_write_all(fd, bytes, &err));
    snprintf(command, sizeof(command), "unzip -tqq %s && unzip -p %s info.json | grep -q '\"width\":700'",
        name, name);
    int status = system(command);
    unlink(name);
    close(fd);
    close(memory);
    free(px.p);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// More entries than the old record can count.
static void zip64(void **state)
{
    (void)state;
    enum { ENTRIES = 70000 };
    char name[] = "/tmp/vitrine-zip64-XXXXXX", command[200], entry[16];
    Err err = {0};
    PyramidSpan span;
    int fd = mkstemp(name);
    ZipWriter *z = zip_open(fd);
    for (int i = 0; i < ENTRIES; i++) {
        snprintf(entry, sizeof(entry), "%d", i);
        assert_true(zip_add(z, str_from(entry), S("x"), &span, &err));
    }
    uint64_t end = zip_at(z), directory;
    assert_true(zip_finish(z, &err));
    zip_closep(&z);
    assert_true(zip_find_directory(fd, &directory, &err));
    assert_true(directory == end);
    snprintf(command, sizeof(command), "unzip -p %s 69999 | grep -q x", name);
    int status = system(command);
    unlink(name);
    close(fd);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

// ---- hostile files: a good one with some bytes changed

static void check_damage(const char *what, int64_t at, Str bytes, int64_t cut)
{
    Err err = {0};
    Pixels px = test_picture(200, 100, 3);
    int fd = test_pyramid_file(&px, (Turn){0}, 64);
    uint64_t size;
    free(px.p);
    assert_true(file_size(fd, &size, &err));
    if (bytes.n)
        assert_int_equal(pwrite(fd, bytes.p, bytes.n, at < 0 ? (off_t)size + at : at), bytes.n);
    if (cut)
        assert_int_equal(ftruncate(fd, cut < 0 ? (off_t)size + cut : cut), 0);
    Pyramid *p = pyramid_open(fd, &err);
    if (p || err.kind != ERR_CORRUPT)
        fail_msg("%s was not refused", what);
}

static void damage(void **state)
{
    (void)state;
    check_damage("an empty file", 0, S(""), 1);
    check_damage("a file cut to 21 bytes", 0, S(""), 21);
    check_damage("the first half", 0, S(""), 4000);
    check_damage("the last byte gone", 0, S(""), -1);
    check_damage("the whole end record gone", 0, S(""), -22);
    check_damage("a comment", -2, S("\1\0"), 0);
    check_damage("a directory that begins elsewhere", -6, S("\0\0\0\0"), 0);
    check_damage("a directory beyond the end", -6, S("\xf0\xff\xff\x7f"), 0);
    check_damage("zip64 promised, not there", -6, S("\xff\xff\xff\xff"), 0);
    check_damage("no magic", -22, S("abcd"), 0);
}

typedef struct {
    size_t at, bytes;
    uint64_t value;
} Change;

// A table of 200 x 100 pixels in tiles of 64 with numbers changed and its check sum made right again.
static bool read_changed(Change change, size_t cut)
{
    Err err = {0};
    Table t = {0}, got = {0};
    assert_true(grid_make(200, 100, 64, &t.grid));
    t.facts = (PyramidFacts){.width_px = 200, .height_px = 100, .tile_px = 64, .levels = t.grid.levels};
    grid_sizes(&t.grid, &t.facts);
    t.tiles = mem_alloc((size_t)t.grid.tiles * sizeof(uint64_t));
    for (int64_t i = 0; i < t.grid.tiles; i++)
        t.tiles[i] = span_pack((PyramidSpan){.offset = (uint64_t)i * 100, .size_bytes = 100});
    for (int i = 0; i < t.facts.sizes_count; i++)
        t.sizes[i] = span_pack((PyramidSpan){.offset = 10, .size_bytes = 10});
    t.ready = (ReadyPlanes){.offset = 1, .kind = 40, .count = 1};
    CLEANUP(buf_free) Buf b = buf_with_max(1 << 16);
    table_write(&t, &b);
    memcpy(b.p + change.at, &change.value, change.bytes);
    b.n -= cut;
    uint32_t crc = (uint32_t)crc32_z(0, (const Bytef *)b.p, b.n - TABLE_FOOT_BYTES);
    memcpy(b.p + b.n - TABLE_FOOT_BYTES, &crc, sizeof(crc));
    bool good = table_read(buf_str(&b), (uint64_t)t.grid.tiles * 100, &got, &err);
    assert_int_equal(err.kind, good ? ERR_NONE : ERR_CORRUPT);
    table_free(&t);
    table_free(&got);
    return good;
}

static void table(void **state)
{
    (void)state;
    size_t first_tile = TABLE_HEAD_BYTES + 2 * TABLE_SIZE_BYTES; // sizes: 100 x 50 and 200 x 100
    assert_true(read_changed((Change){0}, 0));
    assert_true(read_changed((Change){first_tile, 8, 5}, 0) == false); // no bytes
    assert_false(read_changed((Change){0, 1, 'v'}, 0));                // magic
    assert_false(read_changed((Change){8, 4, 2}, 0));                  // version
    assert_false(read_changed((Change){12, 4, 0}, 0));                 // width
    assert_false(read_changed((Change){12, 4, UINT32_MAX}, 0));
    assert_false(read_changed((Change){12, 4, 10000}, 0));
    assert_false(read_changed((Change){16, 4, INT32_MAX}, 0));
    assert_false(read_changed((Change){20, 4, 63}, 0)); // tile
    assert_false(read_changed((Change){20, 4, 0}, 0));
    assert_false(read_changed((Change){24, 4, 99}, 0)); // levels
    assert_false(read_changed((Change){28, 4, 17}, 0)); // sizes
    assert_false(read_changed((Change){28, 4, 0}, 0));
    assert_false(read_changed((Change){32, 8, 1 << 20}, 0)); // planes beyond the end
    assert_false(read_changed((Change){44, 4, 0}, 0));       // planes of no count
    assert_false(read_changed((Change){44, 4, 2}, 0));
    assert_true(
        read_changed((Change){40, 8, INT64_C(3) << 32 | 25}, 0)); // a longest side of 25, three planes
    assert_false(read_changed((Change){40, 4, 24}, 0));           // neither a level nor a side
    assert_false(read_changed((Change){40, 4, 3}, 0));
    assert_false(read_changed((Change){40, 4, 200}, 0)); // as large as the picture
    assert_false(read_changed((Change){40, 4, 100}, 0)); // more samples than the file has bytes
    assert_false(read_changed((Change){40, 4, 0}, 0));
    assert_false(read_changed((Change){40, 4, UINT32_MAX}, 0));
    assert_false(read_changed((Change){TABLE_HEAD_BYTES, 4, 0}, 0));              // a size of no width
    assert_false(read_changed((Change){TABLE_HEAD_BYTES + 8, 8, UINT64_MAX}, 0)); // and beyond the end
    assert_false(read_changed((Change){first_tile, 8, UINT64_MAX}, 0));           // a tile beyond the end
    assert_false(read_changed((Change){first_tile + 5, 2, 0xffff}, 0));           // longer than the file
    assert_false(read_changed((Change){0}, 8));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grid),
        cmocka_unit_test(tile_names),
        cmocka_unit_test(turning),
        cmocka_unit_test(turning_in_blocks),
        cmocka_unit_test(written),
        cmocka_unit_test(by_strips),
        cmocka_unit_test(rows_of_tiles),
        cmocka_unit_test(unzips),
        cmocka_unit_test(zip64),
        cmocka_unit_test(damage),
        cmocka_unit_test(table),
    };
    return cmocka_run_group_tests_name("image/pyramid", tests, NULL, NULL);
}
