// SPDX-License-Identifier: Apache-2.0
#include "app/twins.h"

#include "app/sight.h"
#include "image/render.h"

#include <unistd.h>

enum { CODE_SIDE_MAX_PX = 512 }; // a code is made of 64 x 64 fields; more pixels say no more

static bool render_small(const Pyramid *p, Arena *a, Picture *ret, Err *err)
{
    const PyramidFacts *facts = pyramid_facts(p);
    const int longer_px = MAX_OF(facts->width_px, facts->height_px);
    const int side_px = MIN_OF(MIN_OF((int)CODE_SIDE_MAX_PX, pyramid_side_max_px(p)), longer_px);
    const RenderAsk ask = {.width_px = facts->width_px,
        .height_px = facts->height_px,
        .out_width_px = MAX_OF(1, (int)((int64_t)facts->width_px * side_px / longer_px)),
        .out_height_px = MAX_OF(1, (int)((int64_t)facts->height_px * side_px / longer_px))};
    const size_t stride = (size_t)ask.out_width_px * 3;
    uint8_t *pixels = arena_alloc(a, stride * (size_t)ask.out_height_px);
    *ret = (Picture){
        .p = pixels, .width_px = ask.out_width_px, .height_px = ask.out_height_px, .stride = stride};
    return render_pixels(p, &ask, pixels, stride, err);
}

static bool code_of(void *ctx, int pyramid, IngestCode *ret)
{
    (void)ctx;
    Err ignored = {0};
    const int fd = dup(pyramid);
    Pyramid *p = fd < 0 ? NULL : pyramid_open(fd, &ignored);
    if (!p)
        return false;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Picture picture;
    SketchCode code;
    const bool good = render_small(p, a, &picture, &ignored) && sketch_code(picture, &code);
    pyramid_drop(p);
    if (good)
        memcpy(ret->bits, code.code, sizeof(ret->bits));
    return good;
}

static bool find_twin(
    void *ctx, const IngestCode *asked, Str except_object, Arena *a, Str *ret_object, int *ret_distance)
{
    const Twins *twins = ctx;
    Err ignored = {0};
    SketchCode code;
    VisualTwin *found;
    size_t count;
    memcpy(code.code, asked->bits, sizeof(code.code));
    if (!twins->visual ||
        !visual_same(
            twins->visual, &code, CODE_SAME_MAX, VIEWER_STAFF, except_object, a, &found, &count, &ignored) ||
        count == 0)
        return false;
    *ret_object = found[0].object_id;
    *ret_distance = found[0].distance;
    return true;
}

void twins_open(const Home *home, Twins *ret)
{
    Err ignored = {0}; // an index that cannot be read is none: it is made again when the museum is served
    ret->visual = sight_open_index(home, false, &ignored);
    ret->sight = (IngestSight){.ctx = ret,
        .code = code_of,
        .find = find_twin,
        .distance_max = CODE_SAME_MAX,
        .sequence = ret->visual ? visual_sequence(ret->visual) : 0};
}

void twins_close(Twins *twins)
{
    visual_close(twins->visual);
}
