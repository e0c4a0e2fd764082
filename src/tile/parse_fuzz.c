// SPDX-License-Identifier: Apache-2.0
// Any bytes as an image address, and what follows from it for three pictures.
#include "tile/int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const PyramidFacts facts[] = {
        {.width_px = 1, .height_px = 1, .tile_px = 256, .levels = 1},
        {.width_px = 5000, .height_px = 3000, .tile_px = 256, .levels = 5},
        {.width_px = 2000000, .height_px = 3, .tile_px = 512, .levels = 13},
    };
    static Arena *a;
    a = a ? a : arena_open();
    arena_reset(a);
    TileAsk ask;
    Err err = {0};
    Str text = {(const char *)data, size}, low, high;
    TileAsk samples = {0};
    if (ask_parse_samples(NULL, &text, &samples, &err))
        assert(samples.windowed && samples.low < samples.high && str_cut(text, ',', &low, &high));
    err = (Err){0};
    if (!ask_parse((Str){(const char *)data, size}, a, &ask, &err) || ask.kind != ASK_PICTURE)
        return 0;
    assert(ask.rotation_deg >= 0 && ask.rotation_deg < 360);
    for (size_t i = 0; i < COUNT_OF(facts); i++) {
        TileLimits limits = {.side_max_px = 10000, .area_max_px = 20 * 1000 * 1000};
        TilePlan plan;
        if (!rights_decide(VIEWER_PUBLIC,
                (Terms){.access = i ? ACCESS_SIDE : ACCESS_FULL, .side_max_px = 900}, &limits.grant, &err) ||
            !plan_make(&ask, &facts[i], &limits, &plan, &err))
            continue;
        const RenderAsk *r = &plan.render;
        assert(r->left_px >= 0 && r->width_px > 0 && r->width_px <= facts[i].width_px - r->left_px);
        assert(r->top_px >= 0 && r->height_px > 0 && r->height_px <= facts[i].height_px - r->top_px);
        assert(r->out_width_px > 0 && r->out_height_px > 0);
        assert((int64_t)r->out_width_px * r->out_height_px <= limits.area_max_px);
        assert(plan_canonical(&ask, &plan, &facts[i], a).n > 0);
    }
    return 0;
}
