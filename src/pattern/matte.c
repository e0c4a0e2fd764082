// SPDX-License-Identifier: Apache-2.0
// At the border a pixel is partly the thing and partly the ground. The colours of both nearby, F and B, are
// means over small windows inside and outside; how far the pixel's colour lies from B towards F is its alpha.
// Where F and B hardly differ, the mask's own soft edge counts instead.
#include "pattern/cutout.h"

#include <math.h>

enum {
    WINDOW = 4,
    KEEP_OFF = 1
}; // small pixels: half the window; of the border that counts for neither side
static const double HOLE_MAX = 0.004;     // of the thing
static const float SURE_APART2 = 12 * 12; // square of a Delta E of F and B that can be told apart well

// ---- pieces and holes

// Numbers the pieces of one value, four neighbours to a pixel. Sizes in ret_sizes; how many there are.
static int pieces(const CutoutSmall *s, int value, int32_t *number, int32_t *ret_sizes, int32_t *stack)
{
    const int n = s->width * s->height, steps[4] = {1, -1, s->width, -s->width};
    int count = 0;
    for (int i = 0; i < n; i++)
        number[i] = -1;
    for (int i = 0; i < n; i++) {
        if (s->mask[i] != value || number[i] >= 0)
            continue;
        int depth = 0;
        stack[depth++] = i;
        number[i] = count;
        ret_sizes[count] = 0;
        while (depth) {
            const int at = stack[--depth], x = at % s->width;
            ret_sizes[count]++;
            for (int k = 0; k < 4; k++) {
                const int j = at + steps[k];
                if (j < 0 || j >= n || (k == 0 && x == s->width - 1) || (k == 1 && x == 0) ||
                    s->mask[j] != value || number[j] >= 0)
                    continue;
                number[j] = count;
                stack[depth++] = j;
            }
        }
        count++;
    }
    return count;
}

CutoutPieces cutout_pieces(const CutoutSmall *s, Arena *a)
{
    const size_t n = (size_t)s->width * (size_t)s->height;
    CutoutPieces p = {0, arena_array(a, int32_t, n), arena_array(a, int32_t, n)};
    p.count = pieces(s, 1, p.number, p.sizes, arena_array(a, int32_t, n));
    return p;
}

int cutout_close(CutoutSmall *s, Arena *a)
{
    const int n = s->width * s->height;
    int32_t *number = arena_array(a, int32_t, (size_t)n), *sizes = arena_array(a, int32_t, (size_t)n);
    int32_t *stack = arena_array(a, int32_t, (size_t)n);
    int thing = 0, kept = 0;
    for (int i = 0; i < n; i++)
        thing += s->mask[i];
    const int most = MAX_OF(2, (int)(HOLE_MAX * thing));
    pieces(s, 0, number, sizes, stack);
    // What surrounds the thing is no hole, however small the picture: it holds the first pixel.
    for (int i = 0; i < n; i++) {
        if (!s->mask[i] && number[i] != number[0] && sizes[number[i]] <= most)
            s->mask[i] = 1;
        kept += s->mask[i];
    }
    return kept;
}

// ---- the colours on either side

typedef struct {
    float l, a, b, n;
} Sum;

// Sums over all above and to the left, of the pixels whose surroundings are all of one side.
static Sum *sums_of(const CutoutSmall *s, int value, Arena *a)
{
    const int wide = s->width + 1;
    Sum *sums = arena_array(a, Sum, (size_t)wide * (size_t)(s->height + 1));
    memset(sums, 0, sizeof(Sum) * (size_t)wide * (size_t)(s->height + 1));
    for (int y = 0; y < s->height; y++) {
        Sum row = {0};
        for (int x = 0; x < s->width; x++) {
            bool inside = true;
            for (int v = MAX_OF(y - KEEP_OFF, 0); v <= MIN_OF(y + KEEP_OFF, s->height - 1); v++)
                for (int u = MAX_OF(x - KEEP_OFF, 0); u <= MIN_OF(x + KEEP_OFF, s->width - 1); u++)
                    inside = inside && s->mask[v * s->width + u] == value;
            const Lab *lab = &s->lab[y * s->width + x];
            if (inside)
                row = (Sum){row.l + lab->l, row.a + lab->a, row.b + lab->b, row.n + 1};
            const Sum *above = &sums[y * wide + x + 1];
            sums[(y + 1) * wide + x + 1] =
                (Sum){above->l + row.l, above->a + row.a, above->b + row.b, above->n + row.n};
        }
    }
    return sums;
}

static bool mean_near(const CutoutSmall *s, const Sum *sums, int x, int y, Lab *ret)
{
    const int wide = s->width + 1;
    const int left = MAX_OF(x - WINDOW, 0), right = MIN_OF(x + WINDOW + 1, s->width);
    const int top = MAX_OF(y - WINDOW, 0), bottom = MIN_OF(y + WINDOW + 1, s->height);
    const Sum *a = &sums[top * wide + left], *b = &sums[top * wide + right];
    const Sum *c = &sums[bottom * wide + left], *d = &sums[bottom * wide + right];
    const float n = d->n - b->n - c->n + a->n;
    if (n < 1)
        return false;
    *ret = (Lab){
        (d->l - b->l - c->l + a->l) / n, (d->a - b->a - c->a + a->a) / n, (d->b - b->b - c->b + a->b) / n};
    return true;
}

// ---- alpha

static float mask_at(const CutoutSmall *s, float x, float y)
{
    const float cx = fminf(fmaxf(x, 0), (float)(s->width - 1)),
                cy = fminf(fmaxf(y, 0), (float)(s->height - 1));
    const int left = (int)cx, top = (int)cy;
    const int right = MIN_OF(left + 1, s->width - 1), bottom = MIN_OF(top + 1, s->height - 1);
    const float u = cx - (float)left, v = cy - (float)top;
    const uint8_t *p = s->mask;
    const float upper = (1 - u) * p[top * s->width + left] + u * p[top * s->width + right];
    const float lower = (1 - u) * p[bottom * s->width + left] + u * p[bottom * s->width + right];
    return (1 - v) * upper + v * lower;
}

// Whether all within one pixel of the small mask agree: 0 or 1, else -1.
static int agreed(const CutoutSmall *s, int x, int y)
{
    const int value = s->mask[y * s->width + x];
    for (int v = MAX_OF(y - 1, 0); v <= MIN_OF(y + 1, s->height - 1); v++)
        for (int u = MAX_OF(x - 1, 0); u <= MIN_OF(x + 1, s->width - 1); u++)
            if (s->mask[v * s->width + u] != value)
                return -1;
    return value;
}

typedef struct {
    const CutoutSmall *small;
    const Sum *inside, *outside;
    float scale_x, scale_y;
} Matte;

static float alpha_of(const Matte *m, const uint8_t *rgb, int x, int y, int sx, int sy, Lab *ret_thing)
{
    const float at =
        mask_at(m->small, ((float)x + 0.5f) * m->scale_x - 0.5f, ((float)y + 0.5f) * m->scale_y - 0.5f);
    Lab ground;
    const Lab c = lab_from_rgb(rgb);
    *ret_thing = c;
    // A thin place has no inside.
    if (!mean_near(m->small, m->inside, sx, sy, ret_thing) ||
        !mean_near(m->small, m->outside, sx, sy, &ground))
        return at;
    const Lab way = {ret_thing->l - ground.l, ret_thing->a - ground.a, ret_thing->b - ground.b};
    const float apart2 = way.l * way.l + way.a * way.a + way.b * way.b;
    const float along = (c.l - ground.l) * way.l + (c.a - ground.a) * way.a + (c.b - ground.b) * way.b;
    const float by_colour = fminf(fmaxf((along / fmaxf(apart2, 1e-3f) - 0.1f) / 0.8f, 0), 1);
    const float sure = apart2 / (apart2 + SURE_APART2) * 0.8f;
    return sure * by_colour + (1 - sure) * at;
}

// A pixel that shows some of the ground takes the thing's colour as far as it does: else it had a rim of
// ground on every new ground.
static void put(uint8_t *to, const uint8_t *rgb, float alpha, Lab thing)
{
    uint8_t near[3];
    to[3] = (uint8_t)lrintf(255 * alpha);
    if (!to[3]) {
        to[0] = to[1] = to[2] = 0;
        return;
    }
    lab_to_rgb(thing, near);
    for (int i = 0; i < 3; i++)
        to[i] = (uint8_t)lrintf(alpha * rgb[i] + (1 - alpha) * near[i]);
}

void cutout_matte(const PatternPicture *picture, const CutoutSmall *small, Arena *a, Cutout *ret)
{
    const int width = picture->width_px, height = picture->height_px;
    const Matte m = {small, sums_of(small, 1, a), sums_of(small, 0, a), (float)small->width / (float)width,
        (float)small->height / (float)height};
    int64_t sum = 0;
    *ret = (Cutout){.width_px = width, .height_px = height};
    ret->rgba = arena_alloc(a, (size_t)width * (size_t)height * 4);
    for (int y = 0; y < height; y++) {
        const int sy = (int)((int64_t)y * small->height / height);
        for (int x = 0; x < width; x++) {
            const int sx = (int)((int64_t)x * small->width / width);
            const uint8_t *rgb = picture->p + (size_t)y * picture->stride + (size_t)x * 3;
            uint8_t *to = ret->rgba + ((size_t)y * (size_t)width + (size_t)x) * 4;
            const int all = agreed(small, sx, sy);
            Lab thing = {0};
            if (all == 1)
                memcpy(to, rgb, 3), to[3] = 255;
            else if (all == 0)
                memset(to, 0, 4);
            else {
                const float alpha = alpha_of(&m, rgb, x, y, sx, sy, &thing);
                put(to, rgb, alpha, thing);
            }
            sum += to[3];
        }
    }
    ret->share = (double)sum / 255 / ((double)width * height);
}
