// SPDX-License-Identifier: Apache-2.0
// From what is asked to what is done: region and size in pixels, checked against limits and the Grant, and
// whether the pyramid holds it ready.
//
// A Grant with a side limit means: no answer shows the picture at a higher resolution than the whole picture
// would have at that side. So a region may be sent at region * side / longest pixels, and levels that are
// larger than the side are closed.
#include "tile/int.h"

#include <math.h>

static int longest(const PyramidFacts *f)
{
    return MAX_OF(f->width_px, f->height_px);
}

static int ceil_shift(int value, int level)
{
    return (int)(((int64_t)value + (INT64_C(1) << level) - 1) >> level);
}

int limits_side(const PyramidFacts *f, const TileLimits *limits)
{
    int side = MIN_OF(limits->side_max_px, limits->grant.side_max_px);
    return limits->grant.side_max_px < longest(f) ? side : limits->side_max_px;
}

int limits_levels_hidden(const PyramidFacts *f, const TileLimits *limits)
{
    int level = 0;
    while (level < f->levels && ceil_shift(longest(f), level) > limits->grant.side_max_px)
        level++;
    return level;
}

static int rounded(double value)
{
    return value < 1 ? 1 : value > NUMBER_MAX ? NUMBER_MAX : (int)lround(value);
}

static bool place_region(const TileAsk *ask, const PyramidFacts *f, RenderAsk *r, Err *err)
{
    int64_t left = 0, top = 0, width = f->width_px, height = f->height_px;
    switch (ask->region) {
    case REGION_FULL:
        break;
    case REGION_SQUARE:
        width = height = MIN_OF(f->width_px, f->height_px);
        left = (f->width_px - width) / 2;
        top = (f->height_px - height) / 2;
        break;
    case REGION_PIXELS:
        left = ask->left_px;
        top = ask->top_px;
        width = ask->width_px;
        height = ask->height_px;
        break;
    case REGION_PERCENT:
        if (ask->left_pct >= 100 || ask->top_pct >= 100)
            return err_set(err, ERR_INVALID, "the region lies outside the image");
        left = lround(f->width_px * ask->left_pct / 100);
        top = lround(f->height_px * ask->top_pct / 100);
        width = rounded(f->width_px * ask->width_pct / 100);
        height = rounded(f->height_px * ask->height_pct / 100);
        left = MIN_OF(left, (int64_t)f->width_px - 1);
        top = MIN_OF(top, (int64_t)f->height_px - 1);
        break;
    }
    if (left >= f->width_px || top >= f->height_px)
        return err_set(err, ERR_INVALID, "the region lies outside the image");
    r->left_px = (int)left;
    r->top_px = (int)top;
    r->width_px = (int)MIN_OF(width, f->width_px - left);
    r->height_px = (int)MIN_OF(height, f->height_px - top);
    return true;
}

// The largest size with the proportions of the region in `width` x `height`.
static void fit(RenderAsk *r, double width, double height)
{
    double scale = MIN_OF(width / r->width_px, height / r->height_px);
    r->out_width_px = rounded(r->width_px * scale);
    r->out_height_px = rounded(r->height_px * scale);
}

// What "max" means: the limits, and without "^" not more than there is.
static void fit_limits(RenderAsk *r, const PyramidFacts *f, const TileLimits *limits, bool upscale)
{
    double scale = upscale ? (double)INFINITY : 1;
    double region_longest = MAX_OF(r->width_px, r->height_px);
    double area = (double)r->width_px * r->height_px;
    scale = MIN_OF(scale, limits->side_max_px / region_longest);
    scale = MIN_OF(scale, sqrt((double)limits->area_max_px / area));
    if (limits->grant.side_max_px < longest(f))
        scale = MIN_OF(scale, (double)limits->grant.side_max_px / longest(f));
    // Rounded down only where rounding up would break a limit that someone must be able to rely on.
    double width = r->width_px * scale, height = r->height_px * scale;
    r->out_width_px = scale == 1 ? r->width_px : MAX_OF(1, (int)floor(width + 1e-9));
    r->out_height_px = scale == 1 ? r->height_px : MAX_OF(1, (int)floor(height + 1e-9));
}

static bool place_size(
    const TileAsk *ask, const PyramidFacts *f, const TileLimits *limits, RenderAsk *r, Err *err)
{
    double width = r->width_px, height = r->height_px;
    switch (ask->size) {
    case SIZED_MAX:
        // 2.1 knows no upscaling by "max".
        fit_limits(r, f, limits, ask->upscale && ask->version == 3);
        return true;
    case SIZED_FULL:
        r->out_width_px = r->width_px;
        r->out_height_px = r->height_px;
        break;
    case SIZED_WIDTH:
        r->out_width_px = ask->out_width_px;
        r->out_height_px = rounded(height * ask->out_width_px / width);
        break;
    case SIZED_HEIGHT:
        r->out_height_px = ask->out_height_px;
        r->out_width_px = rounded(width * ask->out_height_px / height);
        break;
    case SIZED_EXACT:
        r->out_width_px = ask->out_width_px;
        r->out_height_px = ask->out_height_px;
        break;
    case SIZED_FIT:
        // Without "^" a small region is simply sent as it is.
        fit(r, ask->upscale ? ask->out_width_px : MIN_OF(ask->out_width_px, r->width_px),
            ask->upscale ? ask->out_height_px : MIN_OF(ask->out_height_px, r->height_px));
        break;
    case SIZED_PERCENT:
        r->out_width_px = rounded(width * ask->size_pct / 100);
        r->out_height_px = rounded(height * ask->size_pct / 100);
        break;
    }
    bool larger = r->out_width_px > r->width_px || r->out_height_px > r->height_px ||
                  (ask->size == SIZED_PERCENT && ask->size_pct > 100);
    if (larger && !ask->upscale)
        return err_set(err, ERR_INVALID, "larger than the region; \"^\" before the size asks for that");
    if (MAX_OF(r->out_width_px, r->out_height_px) > limits->side_max_px ||
        (int64_t)r->out_width_px * r->out_height_px > limits->area_max_px)
        return err_set(err, ERR_INVALID, "larger than info.json allows");
    return true;
}

bool plan_make(const TileAsk *ask, const PyramidFacts *f, const TileLimits *limits, TilePlan *ret, Err *err)
{
    assert(limits->grant.side_max_px > 0); // who may see nothing never gets here
    TilePlan plan = {.render = {.mirror = ask->mirror,
                         .rotation_deg = ask->rotation_deg,
                         .quality = ask->quality,
                         .format = ask->format}};
    RenderAsk *r = &plan.render;
    if (!place_region(ask, f, r, err) || !place_size(ask, f, limits, r, err))
        return false;
    plan.whole_region = r->width_px == f->width_px && r->height_px == f->height_px;
    plan.upscaled = r->out_width_px > r->width_px || r->out_height_px > r->height_px;
    RenderAsk largest = *r;
    fit_limits(&largest, f, limits, false);
    plan.largest = largest.out_width_px == r->out_width_px && largest.out_height_px == r->out_height_px;
    *ret = plan;
    return true;
}

// More detail than the Grant gives? A region smaller than one pixel of the permitted picture is refused as
// well: pixel by pixel the whole could be had otherwise.
bool plan_permitted(const TilePlan *plan, const PyramidFacts *f, const TileLimits *limits, Err *err)
{
    int64_t side = limits->grant.side_max_px, all = longest(f);
    const RenderAsk *r = &plan->render;
    bool fine = side >= all || plan->stored;
    if (!fine && plan->whole_region)
        fine = MAX_OF(r->out_width_px, r->out_height_px) <= side;
    else if (!fine)
        fine = r->out_width_px * all <= r->width_px * side && r->out_height_px * all <= r->height_px * side;
    return fine || err_set(err, ERR_DENIED, "this image may be shown at up to %d pixels on its longest side",
                       limits->grant.side_max_px);
}

bool plan_samples(const TileAsk *ask, const TilePlan *plan, Err *err)
{
    const RenderAsk *r = &plan->render;
    if (r->mirror || r->rotation_deg > 0 || r->quality != RENDER_COLOR)
        return err_set(err, ERR_INVALID, "with depth or window: no rotation, and quality default");
    if (plan->upscaled)
        return err_set(err, ERR_INVALID, "with depth or window: not larger than the region");
    if (ask->depth_master && r->format != RENDER_PNG && r->format != RENDER_TIFF)
        return err_set(err, ERR_INVALID, "depth=master: as .png or .tif");
    return true;
}

// ---- is it in the pyramid?

// With "w," or ",h" the other side follows from the proportions, and those of a tile at the edge are not
// quite the region's: the side asked for was rounded up, by less than a pixel, and the other grows with it.
static bool follows(int out_px, int grid_px, int this_side_px, int asked_side_px)
{
    return out_px >= grid_px - 1 && out_px <= grid_px + 1 + this_side_px / asked_side_px;
}

static bool size_matches(const TileAsk *ask, const RenderAsk *r, int width_px, int height_px)
{
    bool same_x = r->out_width_px == width_px, same_y = r->out_height_px == height_px;
    if (ask->size == SIZED_WIDTH)
        return same_x && follows(r->out_height_px, height_px, r->height_px, r->width_px);
    if (ask->size == SIZED_HEIGHT)
        return same_y && follows(r->out_width_px, width_px, r->width_px, r->height_px);
    return same_x && same_y;
}

static bool on_grid(const RenderAsk *r, const PyramidFacts *f, int64_t step)
{
    return r->left_px % step == 0 && r->top_px % step == 0 &&
           r->width_px == MIN_OF(step, (int64_t)f->width_px - r->left_px) &&
           r->height_px == MIN_OF(step, (int64_t)f->height_px - r->top_px);
}

void plan_find_stored(
    TilePlan *plan, const TileAsk *ask, const Pyramid *pyramid, RenderFormat holds, const TileLimits *limits)
{
    RenderAsk *r = &plan->render;
    const PyramidFacts *f = pyramid_facts(pyramid);
    plan->stored = plan->cut = false;
    if (r->format != holds || r->quality != RENDER_COLOR || r->mirror || r->rotation_deg > 0)
        return;
    for (int level = limits_levels_hidden(f, limits); level < f->levels; level++) {
        int64_t step = (int64_t)f->tile_px << level;
        int width = ceil_shift(r->width_px, level), height = ceil_shift(r->height_px, level);
        if (!size_matches(ask, r, width, height) || !on_grid(r, f, step))
            continue;
        plan->column = (int)(r->left_px / step);
        plan->row = (int)(r->top_px / step);
        plan->cut = level == 0 && pyramid_is_cut(pyramid);
        plan->stored = pyramid_find_tile(pyramid, level, plan->column, plan->row, &plan->span);
        if (!plan->stored && !plan->cut)
            continue;
        r->out_width_px = width;
        r->out_height_px = height;
        return;
    }
    if (!plan->whole_region)
        return;
    for (int i = 0; i < f->sizes_count; i++) {
        int width = f->sizes[i].width_px, height = f->sizes[i].height_px;
        if (MAX_OF(width, height) > limits->grant.side_max_px || !size_matches(ask, r, width, height) ||
            !pyramid_find_size(pyramid, width, height, &plan->span))
            continue;
        r->out_width_px = width;
        r->out_height_px = height;
        plan->stored = true;
        return;
    }
}

// ---- the canonical address, told with every picture: so it is written without printf

enum { CANONICAL_MAX_BYTES = 200 };

static char *put(char *to, const char *text)
{
    size_t n = strlen(text);
    return (char *)memcpy(to, text, n) + n;
}

static char *put_int(char *to, int value)
{
    char digits[12];
    int n = 0;
    do
        digits[n++] = (char)('0' + value % 10);
    while (value /= 10);
    while (n)
        *to++ = digits[--n];
    return to;
}

static char *put_pair(char *to, int a, int b)
{
    to = put_int(to, a);
    *to++ = ',';
    return put_int(to, b);
}

static char *put_size(char *to, const TileAsk *ask, const TilePlan *plan)
{
    const RenderAsk *r = &plan->render;
    if (ask->version == 3) {
        if (plan->largest && !plan->upscaled)
            return put(to, "max");
        return put_pair(plan->upscaled ? put(to, "^") : to, r->out_width_px, r->out_height_px);
    }
    if (r->out_width_px == r->width_px && r->out_height_px == r->height_px)
        return put(to, "full");
    if (rounded((double)r->height_px * r->out_width_px / r->width_px) == r->out_height_px)
        return put(put_int(to, r->out_width_px), ",");
    return put_pair(to, r->out_width_px, r->out_height_px);
}

static char *put_rotation(char *to, const RenderAsk *r)
{
    if (r->mirror)
        *to++ = '!';
    to = put_int(to, (int)r->rotation_deg);
    int millionths = (int)((r->rotation_deg - (int)r->rotation_deg) * 1e6 + 0.5);
    if (millionths == 0 || millionths == 1000000)
        return to;
    *to++ = '.';
    for (int unit = 100000; millionths; unit /= 10) {
        *to++ = (char)('0' + millionths / unit);
        millionths %= unit;
    }
    return to;
}

Str plan_canonical(const TileAsk *ask, const TilePlan *plan, const PyramidFacts *f, Arena *a)
{
    static const char *const qualities[] = {
        [RENDER_COLOR] = "/default.", [RENDER_GRAY] = "/gray.", [RENDER_BITONAL] = "/bitonal."};
    const RenderAsk *r = &plan->render;
    char *text = arena_alloc(a, CANONICAL_MAX_BYTES), *to = text;
    if (r->width_px == f->width_px && r->height_px == f->height_px) {
        to = put(to, "full");
    } else {
        to = put_pair(to, r->left_px, r->top_px);
        *to++ = ',';
        to = put_pair(to, r->width_px, r->height_px);
    }
    *to++ = '/';
    to = put_size(to, ask, plan);
    *to++ = '/';
    to = put_rotation(to, r);
    to = put(to, qualities[r->quality]);
    to = put(to, format_name(r->format));
    return (Str){text, (size_t)(to - text)};
}
