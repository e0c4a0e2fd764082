// SPDX-License-Identifier: Apache-2.0
// Forms: the same from a picture, its negative and its outline; both kernels give the same numbers.
#include "visual/form_kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { SIDE = 200, COUNT = 70 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static void random_form(uint32_t *state, int width, int height, Form *ret)
{
    *ret = (Form){.width = width, .height = height};
    for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
            const uint32_t r = next_random(state);
            for (int way = 0; way < 4; way += 2)
                if (r >> way & 1)
                    ret->rows[y][way + (int)(r >> 8 >> way & 1)] |= (uint64_t)1 << x;
        }
    }
}

static void kernels_agree(void **state)
{
    (void)state;
    uint32_t random = 5;
    Form forms[COUNT], asked, half;
    for (int i = 0; i < COUNT; i++)
        random_form(&random, 1 + (int)next_random(&random) % FORM_CELLS,
            1 + (int)next_random(&random) % FORM_CELLS, &forms[i]);
    size_t bytes;
    char *file = forms_file(forms, COUNT, &bytes);
    const int fd = fileno(tmpfile());
    assert_int_equal(write(fd, file, bytes), (int)bytes);
    Err err = {0};
    Forms *f = forms_open(fd, COUNT, &err);
    assert_non_null(f);
    FormSpread *plain = mem_alloc(sizeof(*plain)), *best = mem_alloc(sizeof(*best));
    for (int side = 4; side <= FORM_CELLS; side += 11) {
        random_form(&random, side, MAX_OF(1, side * 3 / 4), &asked);
        form_halve(&asked, &half);
        FormTaps taps;
        form_taps(&half, &taps);
        for (uint32_t g = 0; g < f->groups_count; g++) {
            FormLanes a, b;
            form_kernel_plain()->spread(f->groups[g], plain);
            form_kernel_best()->spread(f->groups[g], best);
            assert_memory_equal(plain, best, sizeof(*plain));
            form_kernel_plain()->scan(f->groups[g], plain, &taps, &a);
            form_kernel_best()->scan(f->groups[g], best, &taps, &b);
            assert_memory_equal(&a, &b, sizeof(a));
        }
        for (uint32_t i = 0; i < COUNT; i++) {
            Form again;
            FormPlace a, b;
            const FormPlace about = {0, (int)(i % 40) - 4, (int)(i % 30) - 4};
            forms_get(f, i, &again);
            assert_memory_equal(&again, &forms[i], sizeof(again));
            form_kernel_plain()->fine(&again, &asked, about, &a);
            form_kernel_best()->fine(&again, &asked, about, &b);
            assert_memory_equal(&a, &b, sizeof(a));
        }
    }
    free(plain);
    free(best);
    forms_close(f);
    free(file);
    assert_null(forms_open(fd, COUNT + 1, &err));
    close(fd);
}

// A disc filled, its negative, and drawn with a line.
static void paint_disc(uint8_t *pixels, int kind)
{
    for (int y = 0; y < SIDE; y++) {
        for (int x = 0; x < SIDE; x++) {
            const int away = (x - 90) * (x - 90) + (y - 110) * (y - 110);
            const bool inside = kind == 2 ? away < 62 * 62 && away > 58 * 58 : away < 60 * 60;
            pixels[y * SIDE + x] = inside != (kind == 1) ? 40 : 200;
        }
    }
}

static void lines_are_lines(void **state)
{
    (void)state;
    static uint8_t pixels[SIDE * SIDE];
    Form forms[3];
    for (int kind = 0; kind < 3; kind++) {
        paint_disc(pixels, kind);
        form_make((Grey){pixels, SIDE, SIDE, SIDE}, FORM_CELLS, &forms[kind]);
        assert_true(form_count(&forms[kind]) > 60);
        FormPlace place;
        form_kernel_best()->fine(&forms[kind], &forms[0], (FormPlace){0, 0, 0}, &place);
        const float count = (float)form_count(&forms[0]);
        assert_true(place.best > 0.4f * count / 20);
        assert_true(abs(place.x) <= 1 && abs(place.y) <= 1);
    }
    assert_memory_equal(&forms[0], &forms[1], sizeof(forms[0]));
}

static void any_size(void **state)
{
    (void)state;
    static const uint8_t grey[3] = {9, 200, 3};
    static const int sizes[][2] = {{1, 1}, {FORM_SIDE_MAX_PX, 1}, {1, FORM_SIDE_MAX_PX}, {3, 2}, {40, 50}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        Form form, again;
        uint8_t *pixels = mem_alloc((size_t)sizes[i][0] * (size_t)sizes[i][1]);
        memcpy(pixels, grey, 3 < sizes[i][0] * sizes[i][1] ? 3 : 1);
        const Grey picture = {pixels, sizes[i][0], sizes[i][1], (size_t)sizes[i][0]};
        CLEANUP(form_source_closep) FormSource *source = form_source_open(picture);
        for (int cells = FORM_CELLS_MIN; cells <= FORM_CELLS; cells += 4) {
            form_make(picture, cells, &form);
            form_make_of(source, cells, &again);
            assert_memory_equal(&form, &again, sizeof(form));
            assert_true(form.width >= 1 && form.width <= cells && form.height >= 1 && form.height <= cells);
        }
        free(pixels);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kernels_agree), cmocka_unit_test(lines_are_lines), cmocka_unit_test(any_size)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
