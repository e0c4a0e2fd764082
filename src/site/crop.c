// SPDX-License-Identifier: Apache-2.0
// A part of a picture as a picture of its own, asked from the image service, which has the last word.
#include "site/int.h"

#include <math.h>

CropBox crop_box(
    const RecordMedia *media, double left, double top, double width, double height, double margin)
{
    const double more_x = width * margin, more_y = height * margin;
    const int x = MAX_OF(0, (int)floor(left - more_x)), y = MAX_OF(0, (int)floor(top - more_y));
    CropBox box = {.left_px = MIN_OF(x, media->width_px - 1), .top_px = MIN_OF(y, media->height_px - 1)};
    box.width_px = MIN_OF((int)ceil(left + width + more_x), media->width_px) - box.left_px;
    box.height_px = MIN_OF((int)ceil(top + height + more_y), media->height_px) - box.top_px;
    box.width_px = MAX_OF(box.width_px, 1);
    box.height_px = MAX_OF(box.height_px, 1);
    return box;
}

// Not enlarged, and of a picture that is open up to a size no more than its share (tile/plan.c has the rule).
static int crop_width(const Seen *seen, const RecordMedia *media, CropBox box, int side_px)
{
    const double longest = MAX_OF(media->width_px, media->height_px);
    double scale = MIN_OF(1.0, (double)side_px / MAX_OF(box.width_px, box.height_px));
    if (seen->grant.side_max_px < longest)
        scale = MIN_OF(scale, seen->grant.side_max_px / longest);
    return MAX_OF(1, (int)(box.width_px * scale));
}

PartPicture crop_part(
    const Visit *v, const Seen *seen, const RecordMedia *media, CropBox box, int side_px, Str alt)
{
    const int width = crop_width(seen, media, box, side_px);
    Str url = arena_printf(v->a, FMT_STR "/%d,%d,%d,%d/%d,/0/default.jpg",
        ARG_STR(manifest_image_url(v->a, S(""), media->id)), box.left_px, box.top_px, box.width_px,
        box.height_px, width);
    return (PartPicture){.src = url_local(url),
        .srcset = arena_printf(v->a, FMT_STR " %dw", ARG_STR(url), width),
        .sizes = arena_printf(v->a, "%dpx", side_px),
        .alt = alt,
        .width = width,
        .height = MAX_OF(1, (int)lround((double)width * box.height_px / box.width_px))};
}
