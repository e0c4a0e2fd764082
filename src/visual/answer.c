// SPDX-License-Identifier: Apache-2.0
#include "visual/visual.h"

#include "base/digest.h"

#include <limits.h>
#include <math.h>

static void put_rounded(JsonWriter *w, double value, double times)
{
    json_put_real(w, round(value * times) / times);
}

static void put_place(const VisualHit *hit, JsonWriter *w)
{
    Buf region = buf_with_max(64);
    buf_printf(&region, "%d,%d,%d,%d", (int)(hit->left * hit->width_px), (int)(hit->top * hit->height_px),
        MAX_OF(1, (int)ceil(hit->width * hit->width_px)), MAX_OF(1, (int)ceil(hit->height * hit->height_px)));
    json_put_member(w, S("region"), buf_str(&region));
    buf_free(&region);
    json_put_name(w, S("outline"));
    json_put_list(w);
    for (int i = 0; i < hit->outline_count; i++) {
        json_put_list(w);
        put_rounded(w, hit->outline[i].x * hit->width_px, 1);
        put_rounded(w, hit->outline[i].y * hit->height_px, 1);
        json_put_list_end(w);
    }
    json_put_list_end(w);
    json_put_member_bool(w, S("negative"), hit->negative);
    json_put_member_bool(w, S("mirrored"), hit->mirrored);
    if (hit->drawn)
        json_put_member_bool(w, S("drawn"), true);
}

static void put_points(const VisualHit *hit, JsonWriter *w)
{
    json_put_name(w, S("points"));
    json_put_list(w);
    for (int i = 0; i < hit->points_count; i++) {
        json_put_list(w);
        put_rounded(w, hit->asked[i].x, 10000);
        put_rounded(w, hit->asked[i].y, 10000);
        put_rounded(w, hit->found[i].x * hit->width_px, 1);
        put_rounded(w, hit->found[i].y * hit->height_px, 1);
        json_put_list_end(w);
    }
    json_put_list_end(w);
}

void visual_write_hit(const VisualHit *hit, bool points, JsonWriter *w)
{
    json_put_member(w, S("image"), hit->image_id);
    json_put_name(w, S("score"));
    put_rounded(w, hit->score, 1000);
    if (!hit->has_place)
        return;
    put_place(hit, w);
    if (points)
        put_points(hit, w);
}

bool visual_read_region(Str text, int ret[4])
{
    int numbers[4];
    for (int i = 0; i < 4; i++) {
        Str piece;
        if (!str_next(&text, ',', &piece) || !str_to_int(piece, i < 2 ? 0 : 1, 1 << 24, &numbers[i]))
            return false;
    }
    if (text.n > 0)
        return false;
    memcpy(ret, numbers, sizeof(numbers));
    return true;
}

static void span(const int (*corners)[2], int count, int ret_box[4])
{
    int low[2] = {INT_MAX, INT_MAX}, high[2] = {0, 0};
    for (int i = 0; i < count; i++) {
        for (int axis = 0; axis < 2; axis++) {
            low[axis] = MIN_OF(low[axis], corners[i][axis]);
            high[axis] = MAX_OF(high[axis], corners[i][axis]);
        }
    }
    for (int axis = 0; axis < 2; axis++) {
        ret_box[axis] = low[axis];
        ret_box[2 + axis] = high[axis] - low[axis];
    }
}

int visual_read_lasso(Str text, VisualPoint *ret, int ret_box[4])
{
    int corners[VISUAL_CORNERS_MAX][2], count = 0;
    for (Str x, y; str_next(&text, ',', &x); count++) {
        if (count == VISUAL_CORNERS_MAX || !str_next(&text, ',', &y) ||
            !str_to_int(x, 0, 1 << 24, &corners[count][0]) || !str_to_int(y, 0, 1 << 24, &corners[count][1]))
            return 0;
    }
    if (count < 3)
        return 0;
    int box[4];
    span(corners, count, box);
    if (box[2] == 0 || box[3] == 0)
        return 0;
    for (int i = 0; i < count; i++)
        ret[i] = (VisualPoint){
            (double)(corners[i][0] - box[0]) / box[2], (double)(corners[i][1] - box[1]) / box[3]};
    memcpy(ret_box, box, sizeof(box));
    return count;
}

int visual_read_colours(Str text, SketchColour *ret)
{
    int count = 0;
    for (Str piece; str_next(&text, ',', &piece); count++) {
        uint8_t bytes[3];
        if (str_starts(piece, S("#")))
            piece = str_slice(piece, 1, piece.n);
        if (count == PALETTE_MAX || piece.n != 6 || !hex_to_bytes(piece, bytes, sizeof(bytes)))
            return 0;
        ret[count] = colour_from_srgb(bytes[0], bytes[1], bytes[2]);
    }
    for (int i = 0; i < count; i++)
        ret[i].part = (uint8_t)(255 / count);
    return count;
}
