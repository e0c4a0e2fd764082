// SPDX-License-Identifier: Apache-2.0
#include "image/cage.h"
#include "image/testing.h"

#include "base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>

#include <cmocka.h>

enum { LOOK_WIDTH_PX = 60, LOOK_HEIGHT_PX = 33 };

static Cage *cage;
static Pixels reference; // the picture that most test files hold, small

static int open_data(const char *name)
{
    char path[300];
    snprintf(path, sizeof(path), TESTDATA "/%s", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static Pyramid *derive(const char *name, ImageFacts *facts, Err *err)
{
    CLEANUP(fd_closep) int from = open_data(name);
    CLEANUP(fd_closep) int to = memfd_create("pyramid", MFD_CLOEXEC);
    if (!cage_derive(cage, from, to, facts, err))
        return NULL;
    Pyramid *p = pyramid_open(fd_take(&to), err);
    assert_non_null(p);
    assert_int_equal(pyramid_facts(p)->width_px, facts->width_px);
    assert_int_equal(pyramid_facts(p)->height_px, facts->height_px);
    return p;
}

// The whole picture, small and in colour; turned on its side if it stands.
static Pixels look(const Pyramid *p)
{
    Err err = {0};
    const PyramidFacts *f = pyramid_facts(p);
    CLEANUP(buf_free) Buf out = buf_with_max(1 << 20);
    CLEANUP(jpeg_reader_closep) JpegReader *reader = jpeg_reader_open();
    Pixels px = pixels_make(LOOK_WIDTH_PX, LOOK_HEIGHT_PX, 3);
    RenderAsk ask = {.width_px = f->width_px,
        .height_px = f->height_px,
        .out_width_px = LOOK_WIDTH_PX,
        .out_height_px = LOOK_HEIGHT_PX,
        .format = RENDER_JPEG};
    assert_true(render(p, &ask, &out, &err));
    assert_true(jpeg_read(reader, buf_str(&out), &px, &err));
    return px;
}

static int difference(const Pixels *a, const Pixels *b)
{
    int64_t sum = 0;
    size_t bytes = a->stride * (size_t)a->height_px;
    for (size_t i = 0; i < bytes; i++)
        sum += abs(a->p[i] - b->p[i]);
    return (int)(sum / (int64_t)bytes);
}

typedef struct {
    const char *name, *format, *colour;
    int width_px, height_px, pages, bits;
    bool alpha;
    int off; // mean difference from the reference that is allowed; -1: another picture
} Good;

static const Good goods[] = {
    {"lossless.webp", "image/webp", "srgb", 300, 166, 1, 8, false, 1},
    {"lossy.webp", "image/webp", "srgb", 720, 399, 1, 8, false, 3},
    {"alpha.png", "image/png", "srgb", 240, 133, 1, 8, true, -1},
    {"palette.png", "image/png", "srgb", 300, 166, 1, 8, false, 4},
    {"interlaced.png", "image/png", "srgb", 120, 66, 1, 8, false, 3},
    {"rgb16.png", "image/png", "srgb", 120, 66, 1, 16, false, 3},
    {"rgb16-bigtiff-tiled.tif", "image/tiff", "srgb", 120, 66, 1, 16, false, 3},
    {"float.tif", "image/tiff", "srgb", 120, 66, 1, 32, false, 3},
    {"lzw.tif", "image/tiff", "srgb", 120, 66, 1, 8, false, 3},
    {"cielab.tif", "image/tiff", "lab", 75, 42, 1, 32, false, 4},
    {"multipage.tif", "image/tiff", "srgb", 120, 66, 3, 8, false, 3},
    {"pyramid.tif", "image/tiff", "srgb", 300, 166, 1, 8, false, 3},
    {"bilevel-g4.tif", "image/tiff", "grey", 240, 133, 1, 1, false, -1},
    {"animated.gif", "image/gif", "srgb", 160, 120, 1, 8, false, -1},
    {"image.jp2", "image/jp2", "srgb", 720, 399, 1, 8, false, 3},
    {"image.jxl", "image/jxl", "srgb", 720, 399, 1, 8, false, 3},
    {"image.avif", "image/avif", "srgb", 720, 399, 1, 8, false, 3},
    {"image.heic", "image/heic", "srgb", 720, 399, 1, 8, false, 3},
    {"progressive.jpg", "image/jpeg", "srgb", 720, 399, 1, 8, false, 3},
    {"picture.pdf", "application/pdf", "srgb", 500, 277, 1, 8, true, 4},
    {"gray.jpg", "image/jpeg", "grey", 720, 399, 1, 8, false, -1},
    {"cmyk.jpg", "image/jpeg", "cmyk", 144, 80, 1, 8, false, 20}, // without its profile: only nearly
    {"display-p3.jpg", "image/jpeg", "icc:sP3C", 720, 399, 1, 8, false, 3},
    {"icc-broken.jpg", "image/jpeg", "srgb", 720, 399, 1, 8, false, 12},
    {"exif-orientation-3.jpg", "image/jpeg", "srgb", 240, 133, 1, 8, false, -1},
    {"exif-orientation-6.jpg", "image/jpeg", "srgb", 133, 240, 1, 8, false, -1},
    {"exif-orientation-8.jpg", "image/jpeg", "srgb", 133, 240, 1, 8, false, -1},
};

static void check_facts(const Good *g, const ImageFacts *f)
{
    assert_string_equal(f->format, g->format);
    assert_string_equal(f->colour, g->colour);
    assert_int_equal(f->width_px, g->width_px);
    assert_int_equal(f->height_px, g->height_px);
    assert_int_equal(f->pages, g->pages);
    assert_int_equal(f->bits, g->bits);
    assert_int_equal(f->alpha, g->alpha);
}

static void opens(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(goods); i++) {
        Err err = {0};
        ImageFacts facts;
        Pyramid *p = derive(goods[i].name, &facts, &err);
        if (!p)
            fail_msg("%s: %s", goods[i].name, err.text);
        print_message("# %s\n", goods[i].name);
        check_facts(&goods[i], &facts);
        Pixels px = look(p);
        if (goods[i].off >= 0 && difference(&px, &reference) > goods[i].off)
            fail_msg("%s: off by %d", goods[i].name, difference(&px, &reference));
        free(px.p);
        pyramid_drop(p);
        CLEANUP(fd_closep) int from = open_data(goods[i].name);
        assert_true(cage_probe(cage, 0, from, &facts, &err));
        check_facts(&goods[i], &facts);
    }
}

static void check_refused(const char *name, ErrKind kind)
{
    Err err = {0};
    ImageFacts facts;
    Pyramid *p = derive(name, &facts, &err);
    if (p || err.kind != kind)
        fail_msg("%s: %s: %s", name, err_kind_name(err.kind), err.text);
    assert_null(strchr(err.text, '\n'));
    print_message("# %s: %s\n", name, err.text);
}

static void refuses(void **state)
{
    (void)state;
    check_refused("broken-crc.png", ERR_CORRUPT);
    check_refused("broken-scan.jpg", ERR_CORRUPT);
    check_refused("broken-truncated.jpg", ERR_CORRUPT);
    check_refused("broken-text.jpg", ERR_UNSUPPORTED);
    check_refused("hostile-script.svg", ERR_UNSUPPORTED);
    check_refused("bomb-60000x60000.png", ERR_LIMIT);
    check_refused("font-missing.pdf", ERR_UNSUPPORTED);
    check_refused("CREDITS.md", ERR_UNSUPPORTED);
}

// Every file that can be opened, cut off at many places: an answer each time, and the next file is none the
// worse.
static void cut_off(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(goods); i++) {
        Err err = {0};
        CLEANUP(arena_closep) Arena *a = arena_open();
        CLEANUP(fd_closep) int whole = open_data(goods[i].name);
        Str bytes;
        assert_true(file_read_all(whole, 1 << 20, a, &bytes, &err));
        for (size_t cut = 0; cut <= 7; cut++) {
            CLEANUP(fd_closep) int from = memfd_create("cut", MFD_CLOEXEC);
            CLEANUP(fd_closep) int to = memfd_create("pyramid", MFD_CLOEXEC);
            assert_true(file_write_all(from, str_slice(bytes, 0, bytes.n * cut / 8), &err));
            ImageFacts facts;
            if (cage_derive(cage, from, to, &facts, &err))
                print_message("# %s: taken though cut to %zu/8\n", goods[i].name, cut);
            else
                assert_true(err.kind == ERR_CORRUPT || err.kind == ERR_UNSUPPORTED);
        }
    }
}

// The second page stands on its head, the third is a negative.
static void pages(void **state)
{
    (void)state;
    Err err = {0};
    ImageFacts facts;
    CLEANUP(fd_closep) int from = open_data("multipage.tif");
    for (int page = 0; page < 4; page++) {
        CLEANUP(fd_closep) int to = memfd_create("pyramid", MFD_CLOEXEC);
        bool good = cage_derive_page(cage, page, from, to, &facts, &err);
        assert_int_equal(good, page < 3);
        if (!good)
            break;
        Pyramid *p = pyramid_open(fd_take(&to), &err);
        Pixels px = look(p);
        for (int y = 0; y < px.height_px && page == 2; y++)
            for (size_t x = 0; x < px.stride; x++)
                pixels_at(&px, 0, y)[x] ^= 0xff;
        assert_int_equal(difference(&px, &reference) <= 4, page != 1);
        free(px.p);
        pyramid_drop(p);
    }
    assert_int_equal(err.kind, ERR_INVALID);
    CLEANUP(fd_closep) int jpeg = open_data("progressive.jpg");
    CLEANUP(fd_closep) int to = memfd_create("pyramid", MFD_CLOEXEC);
    assert_false(cage_derive_page(cage, 1, jpeg, to, &facts, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

// Kills every child of this process; the cage must notice and start others.
static int kill_children(void)
{
    int killed = 0;
    DIR *tasks = opendir("/proc/self/task");
    for (struct dirent *task; (task = readdir(tasks));) {
        char path[300], line[300] = "";
        snprintf(path, sizeof(path), "/proc/self/task/%s/children", task->d_name);
        FILE *f = fopen(path, "r");
        if (!f)
            continue;
        if (fgets(line, sizeof(line), f))
            for (char *p = strtok(line, " "); p; p = strtok(NULL, " "), killed++) {
                siginfo_t gone;
                kill(atoi(p), SIGKILL);
                (void)waitid(
                    P_PID, (id_t)atoi(p), &gone, WEXITED | WNOWAIT); // dead, and left for the cage to find
            }
        fclose(f);
    }
    closedir(tasks);
    return killed;
}

static void survives(void **state)
{
    (void)state;
    Err err = {0};
    ImageFacts facts;
    for (int i = 0; i < 3; i++) {
        Pyramid *p = derive("exif-orientation-3.jpg", &facts, &err);
        assert_non_null(p);
        pyramid_drop(p);
        assert_true(kill_children() > 0);
    }
}

// Pixels without a pyramid show what the pyramid shows, upright, in RGB, as large as was asked.
static void check_small(const char *name, CageSmallSides sides)
{
    Err err = {0};
    ImageFacts facts, whole;
    CageSmall size;
    CLEANUP(fd_closep) int from = open_data(name);
    CLEANUP(fd_closep) int to = memfd_create("small", MFD_CLOEXEC);
    if (!cage_small(cage, from, to, sides, &facts, &size, &err))
        fail_msg("%s: %s", name, err.text);
    Pyramid *p = derive(name, &whole, &err);
    assert_non_null(p);
    assert_memory_equal(&facts, &whole, sizeof(facts));
    const int longer_px = MAX_OF(facts.width_px, facts.height_px),
              got_px = MAX_OF(size.width_px, size.height_px);
    assert_in_range(got_px, MIN_OF(longer_px, sides.least_px), MIN_OF(longer_px, sides.side_px));
    assert_true(abs(size.width_px - facts.width_px * got_px / longer_px) <= 1);
    assert_true(abs(size.height_px - facts.height_px * got_px / longer_px) <= 1);
    Pixels got = pixels_make(size.width_px, size.height_px, 3),
           want = pixels_make(size.width_px, size.height_px, 3);
    const size_t bytes = got.stride * (size_t)size.height_px;
    assert_int_equal(pread(to, got.p, bytes + 1, 0), bytes);
    const RenderAsk ask = {.width_px = facts.width_px,
        .height_px = facts.height_px,
        .out_width_px = size.width_px,
        .out_height_px = size.height_px};
    assert_true(render_pixels(p, &ask, want.p, want.stride, &err));
    if (difference(&got, &want) > 6)
        fail_msg("%s at %d px: off by %d", name, got_px, difference(&got, &want));
    free(got.p);
    free(want.p);
    pyramid_drop(p);
}

static void small_pixels(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(goods); i++) {
        print_message("# %s\n", goods[i].name);
        check_small(goods[i].name, (CageSmallSides){100, 100});
        check_small(goods[i].name, (CageSmallSides){110, 85}); // 720 px: an eighth is 90
        check_small(goods[i].name, (CageSmallSides){1200, 1000});
    }
    static const char *const bad[] = {
        "broken-crc.png", "broken-scan.jpg", "broken-truncated.jpg", "bomb-60000x60000.png"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        Err err = {0};
        ImageFacts facts;
        CageSmall size;
        CLEANUP(fd_closep) int from = open_data(bad[i]);
        CLEANUP(fd_closep) int to = memfd_create("small", MFD_CLOEXEC);
        assert_false(cage_small(cage, from, to, (CageSmallSides){100, 100}, &facts, &size, &err));
        assert_int_not_equal(err.kind, ERR_NONE);
    }
}

// A picture that needs more memory than the child may have.
static void memory(void **state)
{
    (void)state;
    Err err = {0};
    ImageFacts facts;
    Cage *small = cage_open(&(CageConfig){.children_max = 1, .memory_max_mb = 64}, &err);
    assert_non_null(small);
    for (int i = 0; i < 2; i++) {
        CLEANUP(fd_closep) int from = open_data("large-interlaced.png");
        CLEANUP(fd_closep) int to = memfd_create("pyramid", MFD_CLOEXEC);
        assert_false(cage_derive(small, from, to, &facts, &err));
        assert_int_equal(err.kind, ERR_LIMIT);
        CLEANUP(fd_closep) int good = open_data("rgb16.png");
        CLEANUP(fd_closep) int out = memfd_create("pyramid", MFD_CLOEXEC);
        assert_true(cage_derive(small, good, out, &facts, &err));
    }
    cage_close(small);
}

static void limits(void **state)
{
    (void)state;
    Err err = {0};
    ImageFacts facts;
    Cage *small = cage_open(&(CageConfig){.children_max = 1, .pixels_max = 720 * 398}, &err);
    assert_non_null(small);
    CLEANUP(fd_closep) int from = open_data("progressive.jpg");
    CLEANUP(fd_closep) int to = memfd_create("pyramid", MFD_CLOEXEC);
    assert_false(cage_derive(small, from, to, &facts, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_false(cage_probe(small, 0, from, &facts, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    cage_close(small);
}

static int group_start(void **state)
{
    (void)state;
    Err err = {0};
    ImageFacts facts;
    cage = cage_open(&(CageConfig){.children_max = 2}, &err);
    if (!cage)
        return -1;
    Pyramid *p = derive("lossless.webp", &facts, &err);
    if (!p)
        return -1;
    reference = look(p);
    pyramid_drop(p);
    return 0;
}

static int group_end(void **state)
{
    (void)state;
    free(reference.p);
    cage_close(cage);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(opens),
        cmocka_unit_test(refuses),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(pages),
        cmocka_unit_test(survives),
        cmocka_unit_test(small_pixels),
        cmocka_unit_test(memory),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests_name("image/cage", tests, group_start, group_end);
}
