// SPDX-License-Identifier: Apache-2.0
// The kernels of this processor against plain C: the same numbers, for every length.
#include "visual/kernel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

enum { LONGEST = 300 };

static uint32_t next_random(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

static uint64_t random_bits(uint32_t *state)
{
    return (uint64_t)next_random(state) << 43 ^ (uint64_t)next_random(state) << 21 ^ next_random(state);
}

static void codes_agree(void **state)
{
    (void)state;
    uint32_t random = 3;
    uint64_t codes[LONGEST * 4], code[4];
    const uint64_t *const planes[4] = {codes, codes + LONGEST, codes + 2 * LONGEST, codes + 3 * LONGEST};
    CodeHit plain[LONGEST], best[LONGEST];
    for (int i = 0; i < LONGEST * 4; i++)
        codes[i] = random_bits(&random);
    for (uint32_t count = 0; count <= LONGEST; count++) {
        for (int part = 0; part < 4; part++)
            code[part] = planes[part][count / 2];
        code[count % 4] ^= random_bits(&random);
        for (int distance_max = 0; distance_max <= 140; distance_max += 14) {
            const int found = kernel_plain()->codes(planes, count, code, distance_max, plain);
            assert_int_equal(kernel_best()->codes(planes, count, code, distance_max, best), found);
            assert_memory_equal(plain, best, sizeof(*plain) * (size_t)found);
        }
    }
}

static void sums_agree(void **state)
{
    (void)state;
    uint32_t random = 9;
    uint8_t values[LONGEST];
    for (size_t count = 0; count <= LONGEST; count++) {
        uint16_t plain[LONGEST] = {0}, best[LONGEST] = {0};
        for (int round = 0; round < 257; round += 64) {
            for (size_t i = 0; i < LONGEST; i++)
                values[i] = (uint8_t)next_random(&random);
            kernel_plain()->add_bytes(values, count, plain);
            kernel_best()->add_bytes(values, count, best);
        }
        assert_memory_equal(plain, best, sizeof(plain));
    }
}

static void halves_agree(void **state)
{
    (void)state;
    uint32_t random = 5, halves[2][LONGEST], plain[LONGEST + 1], best[LONGEST + 1];
    const uint32_t *const planes[2] = {halves[0], halves[1]};
    uint8_t distances_plain[LONGEST], distances_best[LONGEST];
    for (int i = 0; i < LONGEST; i++) {
        halves[0][i] = (uint32_t)random_bits(&random);
        halves[1][i] = (uint32_t)random_bits(&random);
    }
    for (uint32_t count = 0; count <= LONGEST; count++) {
        for (int distance_max = 0; distance_max <= 32; distance_max += 4) {
            const uint32_t half = halves[0][count / 3] ^ (count & 7);
            const uint64_t bits = (uint64_t)next_random(&random) << 32 | half;
            const int found = kernel_plain()->sift(halves[0], count, half, distance_max, plain);
            assert_int_equal(kernel_best()->sift(halves[0], count, half, distance_max, best), found);
            assert_memory_equal(plain, best, sizeof(*plain) * (size_t)found);
            kernel_plain()->distances(planes, plain, found, bits, distances_plain);
            kernel_best()->distances(planes, plain, found, bits, distances_best);
            assert_memory_equal(distances_plain, distances_best, (size_t)found);
        }
    }
}

static void lumas_agree(void **state)
{
    (void)state;
    uint32_t random = 13;
    for (size_t count = 0; count <= LONGEST; count++) {
        uint8_t *colours = mem_alloc(MAX_OF(3 * count, (size_t)1)); // so that reading beyond is seen
        uint8_t plain[LONGEST + 1] = {0}, best[LONGEST + 1] = {0};
        for (size_t i = 0; i < 3 * count; i++)
            colours[i] = count % 7 ? (uint8_t)next_random(&random) : UINT8_MAX;
        kernel_plain()->luma(colours, count, plain);
        kernel_best()->luma(colours, count, best);
        assert_memory_equal(plain, best, sizeof(plain));
        free(colours);
    }
}

// As bytes: -0 and 0 are not the same.
static void directions_agree(void **state)
{
    (void)state;
    static const int16_t sides[] = {0, 1, -1, 16320, -16320};
    uint32_t random = 11;
    int16_t gx[LONGEST], gy[LONGEST];
    float weights[LONGEST], at[2][LONGEST] = {0}, sizes[2][LONGEST] = {0};
    for (int i = 0; i < LONGEST; i++) {
        gx[i] = i < 25 ? sides[i / 5] : (int16_t)((int)(next_random(&random) % 32641) - 16320);
        gy[i] = i < 25 ? sides[i % 5] : (int16_t)((int)(next_random(&random) % 32641) - 16320);
        weights[i] = (float)next_random(&random) / (1 << 24);
    }
    for (int count = 0; count <= LONGEST; count++) {
        kernel_plain()->polar(gx, gy, weights, count, 36, at[0], sizes[0]);
        kernel_best()->polar(gx, gy, weights, count, 36, at[1], sizes[1]);
        assert_memory_equal(at[0], at[1], sizeof(at[0]));
        assert_memory_equal(sizes[0], sizes[1], sizeof(sizes[0]));
        for (int i = 0; i < count; i++)
            assert_true(at[0][i] >= 0 && at[0][i] <= 36);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(codes_agree),
        cmocka_unit_test(sums_agree),
        cmocka_unit_test(halves_agree),
        cmocka_unit_test(directions_agree),
        cmocka_unit_test(lumas_agree),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
