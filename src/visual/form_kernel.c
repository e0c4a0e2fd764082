// SPDX-License-Identifier: Apache-2.0
#include "visual/form_kernel.h"

#include <math.h>

enum { TAPS_AT_ONCE = 120 }; // signs that can be added up in 8 bits

#define EMPTY_SHARE 0.2f // of its cells a drawing may lie on emptiness as if there were lines

typedef int8_t Signs __attribute__((vector_size(FORMS_LANES), aligned(1), may_alias));

#define BOTH static inline __attribute__((always_inline))

void form_taps(const Form *halved, FormTaps *ret)
{
    *ret = (FormTaps){.width = halved->width, .height = halved->height};
    for (int sign = 0; sign < 2; sign++) {
        for (int y = 0; y < halved->height; y++)
            for (int x = 0; x < halved->width; x++)
                for (int way = 0; way < 2; way++)
                    if (halved->rows[y][2 * way + sign] >> x & 1)
                        ret->at[ret->all++] = (uint16_t)((y * FORM_SPREAD_SIDE + x) * 2 + way);
        if (sign == 0)
            ret->plus = ret->all;
    }
}

BOTH void spread_body(const FormsGroup *group, FormSpread *s)
{
    memset(s, 0, sizeof(*s));
    const uint8_t *cells = (const uint8_t *)(group + 1);
    for (int y = 0; y < group->height; y++) {
        for (int x = 0; x < group->width; x++, cells += FORMS_LANES / 2) {
            int8_t *to = s->signs + ((y + FORM_FRAME) * FORM_SPREAD_SIDE + x + FORM_FRAME) * FORM_SPREAD_CELL;
            for (int i = 0; i < FORMS_LANES / 2; i++) {
                const int low = cells[i] & 15, high = cells[i] >> 4;
                to[i] = (int8_t)((low & 1) - (low >> 1 & 1));
                to[i + 16] = (int8_t)((high & 1) - (high >> 1 & 1));
                to[i + 32] = (int8_t)((low >> 2 & 1) - (low >> 3));
                to[i + 48] = (int8_t)((high >> 2 & 1) - (high >> 3));
            }
        }
    }
    for (int y = 0; y < FORM_SPREAD_SIDE; y++) {
        int16_t row[FORMS_LANES] = {0};
        for (int x = 0; x < FORM_SPREAD_SIDE; x++) {
            const int8_t *from = s->signs + (y * FORM_SPREAD_SIDE + x) * FORM_SPREAD_CELL;
            const int16_t *above = s->lines + (y * (FORM_SPREAD_SIDE + 1) + x + 1) * FORMS_LANES;
            int16_t *to = s->lines + ((y + 1) * (FORM_SPREAD_SIDE + 1) + x + 1) * FORMS_LANES;
            for (int l = 0; l < FORMS_LANES; l++) {
                row[l] = (int16_t)(row[l] + from[l] * from[l] + from[l + 32] * from[l + 32]);
                to[l] = (int16_t)(above[l] + row[l]);
            }
        }
    }
}

// Sums of one shift.
BOTH void add_taps(const int8_t *from, const FormTaps *taps, int16_t *sums)
{
    memset(sums, 0, sizeof(*sums) * FORMS_LANES);
    for (int t = 0; t < taps->all;) {
        Signs part = {0};
        const int end = MIN_OF(t + (int)TAPS_AT_ONCE, taps->all), plus = MAX_OF(t, MIN_OF(end, taps->plus));
        for (; t < plus; t++)
            part += *(const Signs *)(const void *)(from + taps->at[t] * FORMS_LANES);
        for (; t < end; t++)
            part -= *(const Signs *)(const void *)(from + taps->at[t] * FORMS_LANES);
        for (int l = 0; l < FORMS_LANES; l++)
            sums[l] = (int16_t)(sums[l] + part[l]);
    }
}

// No sum below this can be better: a sum is never more than the lines there are.
static int16_t needed(float squared, float empty)
{
    return (int16_t)((squared + sqrtf(squared * squared + 4 * squared * empty)) / 2);
}

// Best of each lane so far: the square of the agreement, so that no root is needed on the way.
typedef struct {
    float squared[FORMS_LANES];
    int16_t need[FORMS_LANES];
} Best;

// The lanes for which a shift is better than all before. low: lines above its left top corner; high: above
// its left bottom one; right: how far on its right ones are.
BOTH bool is_better(const int16_t *sums, const int16_t *low, const int16_t *high, int right, float empty,
    const Best *best, float *ret)
{
    int16_t some = 0;
    for (int l = 0; l < FORMS_LANES; l++)
        some |= (int16_t)(sums[l] >= best->need[l]);
    if (!some)
        return false;
    int32_t any = 0;
    for (int l = 0; l < FORMS_LANES; l++) {
        const int16_t sum = MAX_OF(sums[l], (int16_t)0);
        const int16_t lines = (int16_t)(high[right + l] - high[l] - low[right + l] + low[l]);
        const float ground = (float)lines + empty;
        ret[l] = ground;
        any |= (float)(sum * sum) > best->squared[l] * ground;
    }
    return any != 0;
}

BOTH void scan_body(const FormsGroup *group, const FormSpread *s, const FormTaps *taps, FormLanes *ret)
{
    Best best = {0};
    int16_t sums[FORMS_LANES];
    float grounds[FORMS_LANES];
    const float empty = EMPTY_SHARE * (float)(taps->width * taps->height);
    const int over_x = MIN_OF((int)FORM_OVERHANG_MAX, taps->width / 4);
    const int over_y = MIN_OF((int)FORM_OVERHANG_MAX, taps->height / 4);
    *ret = (FormLanes){0};
    for (int y = -over_y; y <= group->height - taps->height + over_y; y++) {
        for (int x = -over_x; x <= group->width - taps->width + over_x; x++) {
            const int at = (y + FORM_FRAME) * FORM_SPREAD_SIDE + x + FORM_FRAME;
            const int16_t *low = s->lines + (at + y + FORM_FRAME) * FORMS_LANES;
            add_taps(s->signs + at * FORM_SPREAD_CELL, taps, sums);
            if (!is_better(sums, low, low + taps->height * (FORM_SPREAD_SIDE + 1) * FORMS_LANES,
                    taps->width * FORMS_LANES, empty, &best, grounds))
                continue;
            for (int l = 0; l < FORMS_LANES; l++) {
                const float squared = sums[l] > 0 ? (float)(sums[l] * sums[l]) / grounds[l] : 0;
                if (squared <= best.squared[l])
                    continue;
                best.squared[l] = squared;
                best.need[l] = needed(squared, empty);
                ret->x[l] = (int8_t)x;
                ret->y[l] = (int8_t)y;
            }
        }
    }
    for (int l = 0; l < FORMS_LANES; l++)
        ret->best[l] = sqrtf(best.squared[l]);
}

BOTH uint64_t moved(uint64_t row, int x)
{
    return x >= 0 ? row >> x : row << -x;
}

BOTH float laid_at(const Form *form, const Form *asked, int x, int y)
{
    const uint64_t inside = (((uint64_t)1 << (asked->width - 1)) << 1) - 1;
    int agree = 0, against = 0, lines = 0;
    for (int j = MAX_OF(0, -y); j < MIN_OF(asked->height, form->height - y); j++) {
        const uint64_t *a = asked->rows[j], *rows = form->rows[y + j];
        uint64_t b[FORM_PLANES];
        for (int p = 0; p < FORM_PLANES; p++)
            b[p] = moved(rows[p], x) & inside;
        agree += __builtin_popcountll((a[0] & b[0]) | (a[1] & b[1])) +
                 __builtin_popcountll((a[2] & b[2]) | (a[3] & b[3]));
        against += __builtin_popcountll((a[0] & b[1]) | (a[1] & b[0])) +
                   __builtin_popcountll((a[2] & b[3]) | (a[3] & b[2]));
        lines += __builtin_popcountll(b[0] | b[1]) + __builtin_popcountll(b[2] | b[3]);
    }
    return (float)(agree - against) /
           sqrtf((float)lines + EMPTY_SHARE * (float)(asked->width * asked->height));
}

BOTH void fine_body(const Form *form, const Form *asked, FormPlace about, FormPlace *ret)
{
    *ret = (FormPlace){-1, about.x, about.y};
    for (int y = about.y - FORM_FINE_REACH; y <= about.y + FORM_FINE_REACH; y++) {
        for (int x = about.x - FORM_FINE_REACH; x <= about.x + FORM_FINE_REACH; x++) {
            const float value = laid_at(form, asked, x, y);
            if (value > ret->best)
                *ret = (FormPlace){value, x, y};
        }
    }
}

static void spread_plain(const FormsGroup *group, FormSpread *s)
{
    spread_body(group, s);
}

static void scan_plain(const FormsGroup *group, const FormSpread *s, const FormTaps *taps, FormLanes *ret)
{
    scan_body(group, s, taps, ret);
}

static void fine_plain(const Form *form, const Form *asked, FormPlace about, FormPlace *ret)
{
    fine_body(form, asked, about, ret);
}

const FormKernel *form_kernel_plain(void)
{
    static const FormKernel kernel = {spread_plain, scan_plain, fine_plain};
    return &kernel;
}

#if defined(__x86_64__)

#define FAST __attribute__((target("avx2,popcnt")))

FAST static void spread_fast(const FormsGroup *group, FormSpread *s)
{
    spread_body(group, s);
}

FAST static void scan_fast(const FormsGroup *group, const FormSpread *s, const FormTaps *taps, FormLanes *ret)
{
    scan_body(group, s, taps, ret);
}

FAST static void fine_fast(const Form *form, const Form *asked, FormPlace about, FormPlace *ret)
{
    fine_body(form, asked, about, ret);
}

const FormKernel *form_kernel_best(void)
{
    static const FormKernel kernel = {spread_fast, scan_fast, fine_fast};
    return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt") ? &kernel : form_kernel_plain();
}

#else

const FormKernel *form_kernel_best(void)
{
    return form_kernel_plain();
}

#endif
