// SPDX-License-Identifier: Apache-2.0
#include "visual/vectors.h"

#include "base/file.h"

#include <fcntl.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { DIMENSIONS = 16 };

static char folder[64];
static int dir;

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "%s/vectors-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(folder));
    dir = open(folder, O_RDONLY | O_DIRECTORY);
    return dir < 0;
}

static int teardown(void **state)
{
    (void)state;
    unlinkat(dir, "vectors", 0);
    close(dir);
    return rmdir(folder);
}

static Vectors *open_as(uint64_t model, bool writer)
{
    Err err = {0};
    Vectors *v = vectors_open(dir, model, DIMENSIONS, writer, &err);
    if (!v && writer)
        fail_msg("%s", err.text);
    return v;
}

// A vector of length 1 that turns with `angle` in the plane of two axes.
static void turned(double angle, float ret[DIMENSIONS])
{
    memset(ret, 0, DIMENSIONS * sizeof(float));
    ret[0] = (float)cos(angle);
    ret[1] = (float)sin(angle);
}

static void add(Vectors *v, uint64_t picture, double angle)
{
    float vector[DIMENSIONS];
    Err err = {0};
    turned(angle, vector);
    assert_true(vectors_add(v, picture, 7, vector, &err));
}

static void keeps(void **state)
{
    (void)state;
    Vectors *v = open_as(1, true);
    for (uint64_t i = 0; i < 3000; i++)
        add(v, i, (double)i / 1000);
    Err err = {0};
    assert_true(vectors_add(v, 9999, 7, NULL, &err) && vectors_sync(v, &err));
    for (int again = 0; again < 2; again++) {
        assert_int_equal(vectors_count(v), 3001);
        for (int i = 0; i < 3000; i += 500) {
            float near = vectors_likeness(v, vectors_find(v, 0, 7), vectors_find(v, (uint64_t)i, 7));
            assert_true(fabs((double)near - cos(i / 1000.0)) < 0.02);
        }
        assert_true(vectors_find(v, 9999, 7).values && vectors_find(v, 9999, 7).scale == 0.0f);
        assert_null(vectors_find(v, 0, 8).values);
        assert_null(vectors_find(v, 5000, 7).values);
        vectors_close(v);
        v = open_as(1, again == 0);
    }
    vectors_close(v);
}

static void another_model(void **state)
{
    (void)state;
    Vectors *v = open_as(1, true);
    add(v, 1, 0);
    vectors_close(v);
    assert_null(open_as(2, false));
    v = open_as(2, true);
    assert_int_equal(vectors_count(v), 0);
    vectors_close(v);
    assert_null(open_as(1, false));
}

// Cut off anywhere, or changed anywhere: what stands before holds, and goes on.
static void damaged(void **state)
{
    (void)state;
    Err err = {0};
    for (int cut = 0; cut < 120; cut++) {
        Vectors *v = open_as(3, true);
        while (vectors_count(v) < 4)
            add(v, vectors_count(v), 1);
        vectors_close(v);
        int fd = openat(dir, "vectors", O_RDWR);
        off_t size = lseek(fd, 0, SEEK_END);
        char byte;
        if (cut % 2)
            assert_int_equal(ftruncate(fd, size - cut), 0);
        else {
            assert_int_equal(pread(fd, &byte, 1, size - 1 - cut), 1);
            byte ^= 0x55;
            assert_int_equal(pwrite(fd, &byte, 1, size - 1 - cut), 1);
        }
        close(fd);
        v = open_as(3, true);
        size_t left = vectors_count(v);
        assert_true(left < 4);
        add(v, 77, 2);
        vectors_close(v);
        v = vectors_open(dir, 3, DIMENSIONS, false, &err);
        assert_non_null(v);
        assert_int_equal(vectors_count(v), left + 1);
        assert_non_null(vectors_find(v, 77, 7).values);
        vectors_close(v);
        unlinkat(dir, "vectors", 0);
    }
    assert_null(open_as(3, false));
    Vectors *fresh = open_as(3, true);
    vectors_close(fresh);
}

static bool is_even(void *ctx, uint64_t picture, uint64_t master)
{
    (void)ctx;
    (void)master;
    return picture % 2 == 0;
}

static void purged(void **state)
{
    (void)state;
    Err err = {0};
    Vectors *v = open_as(4, true);
    for (uint64_t i = 0; i < 2000; i++)
        add(v, i, 1);
    assert_true(vectors_purge(v, dir, is_even, NULL, &err));
    for (int again = 0; again < 2; again++) {
        assert_int_equal(vectors_count(v), 1000);
        assert_null(vectors_find(v, 1, 7).values);
        assert_non_null(vectors_find(v, 2, 7).values);
        vectors_close(v);
        v = open_as(4, true);
    }
    vectors_close(v);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keeps, setup, teardown),
        cmocka_unit_test_setup_teardown(another_model, setup, teardown),
        cmocka_unit_test_setup_teardown(damaged, setup, teardown),
        cmocka_unit_test_setup_teardown(purged, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
