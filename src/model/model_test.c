// SPDX-License-Identifier: Apache-2.0
// A library that behaves badly, behind the bars. The real one is tested in tests/model.py.
#include "model/model.h"

#include "base/file.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

enum { WIDTH = 30, HEIGHT = 20, DIMENSIONS = 16 };

static int model_of(const char *behaviour)
{
    int fd = memfd_create("model", MFD_CLOEXEC);
    assert_int_equal(write(fd, behaviour, strlen(behaviour)), strlen(behaviour));
    return fd;
}

static bool vector_of(Model *m, uint8_t value, float *ret, Err *err)
{
    uint8_t rgb[HEIGHT][WIDTH][3];
    memset(rgb, value, sizeof(rgb));
    return model_vector(m, &rgb[0][0][0], WIDTH, HEIGHT, sizeof(rgb[0]), ret, err);
}

// want: the kind of error that each picture costs; and that the museum goes on asking.
static void check(const char *behaviour, ErrKind want)
{
    CLEANUP(fd_closep) int file = model_of(behaviour);
    Err err = {0};
    const ModelConfig config = {.library = TEST_LIBRARY,
        .file = file,
        .mean = {0.5f, 0.5f, 0.5f},
        .deviation = {0.5f, 0.5f, 0.5f},
        .memory_max_mb = 128,
        .time_max_s = 1};
    Model *m = model_open(&config, &err);
    assert_non_null(m);
    int dimensions;
    if (!model_dimensions(m, &dimensions, &err))
        fail_msg("%s", err.text);
    assert_int_equal(dimensions, DIMENSIONS);
    for (int again = 0; again < 2; again++) {
        float vector[DIMENSIONS];
        err = (Err){0};
        bool good = vector_of(m, 255, vector, &err);
        if (good != (want == ERR_NONE) || err.kind != want)
            fail_msg("'%s': %s", behaviour, err.text);
        for (int i = 0; good && i < DIMENSIONS; i++)
            if (fabsf(vector[i] - 0.25f) > 1e-5f) // 1 each, brought to length 1
                fail_msg("'%s': number %d is %g", behaviour, i, (double)vector[i]);
    }
    model_close(m);
}

static void behaves(void **state)
{
    (void)state;
    check("good", ERR_NONE);
    check("open", ERR_NONE); // refused, and it may go on
    check("nan", ERR_CORRUPT);
    check("crash", ERR_CORRUPT);
    check("socket", ERR_CORRUPT);
    check("hang", ERR_LIMIT);
}

static void memory(void **state)
{
    (void)state;
    check("memory", ERR_LIMIT);
}

static void keys(void **state)
{
    (void)state;
    CLEANUP(fd_closep) int file = model_of("good");
    Err err = {0};
    ModelConfig config = {.library = "/nowhere.so", .file = file, .deviation = {1, 1, 1}};
    Model *one = model_open(&config, &err), *same = model_open(&config, &err);
    config.mean[1] = 0.1f;
    Model *other = model_open(&config, &err);
    assert_true(one && same && other);
    assert_true(model_key(one) == model_key(same) && model_key(one) != model_key(other));
    int dimensions;
    assert_false(model_dimensions(one, &dimensions, &err));
    assert_int_equal(err.kind, ERR_UNSUPPORTED);
    model_close(one);
    model_close(same);
    model_close(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(behaves), cmocka_unit_test(memory), cmocka_unit_test(keys)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
