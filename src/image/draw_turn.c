// SPDX-License-Identifier: Apache-2.0
#include "base/lane.h"
#include "image/draw.h"

#include <math.h>
#include <stdlib.h>

enum { LUMA_THRESHOLD = 128, ROWS_A_PIECE = 8 };

DrawRotation draw_rotation(int width_px, int height_px, double degrees)
{
    double angle = degrees * (M_PI / 180.0);
    DrawRotation r = {.cos = cos(angle), .sin = sin(angle)};
    double width = fabs(width_px * r.cos) + fabs(height_px * r.sin);
    double height = fabs(width_px * r.sin) + fabs(height_px * r.cos);
    r.width_px = MAX_OF(1, (int)ceil(width - 1e-6));
    r.height_px = MAX_OF(1, (int)ceil(height - 1e-6));
    return r;
}

// The sample at (x, y) between four pixels; white, or nothing at all, outside. `to` has one channel more than
// `px` when there is alpha.
static void sample(const Pixels *px, double x, double y, bool alpha, uint8_t *to)
{
    int x0 = (int)floor(x), y0 = (int)floor(y), channels = px->channels;
    double part_x = x - x0, part_y = y - y0, sum[4] = {0}, cover = 0;
    for (int k = 0; k < 4; k++) {
        int at_x = x0 + (k & 1), at_y = y0 + (k >> 1);
        double weight = (k & 1 ? part_x : 1 - part_x) * (k >> 1 ? part_y : 1 - part_y);
        if (at_x < 0 || at_y < 0 || at_x >= px->width_px || at_y >= px->height_px)
            continue;
        const uint8_t *p = pixels_at(px, at_x, at_y);
        for (int c = 0; c < channels; c++)
            sum[c] += weight * p[c];
        cover += weight;
    }
    for (int c = 0; c < channels; c++)
        to[c] = (uint8_t)lrint(alpha ? (cover > 0 ? sum[c] / cover : 255) : sum[c] + (1 - cover) * 255);
    if (alpha)
        to[channels] = (uint8_t)lrint(cover * 255);
}

static void rotated_row(const Pixels *px, const DrawRotation *r, bool alpha, bool bitonal, int y, uint8_t *to)
{
    int channels = px->channels + (alpha ? 1 : 0);
    double down = y + 0.5 - r->height_px / 2.0;
    for (int x = 0; x < r->width_px; x++, to += channels) {
        double across = x + 0.5 - r->width_px / 2.0;
        sample(px, across * r->cos + down * r->sin + px->width_px / 2.0 - 0.5,
            down * r->cos - across * r->sin + px->height_px / 2.0 - 0.5, alpha, to);
        if (bitonal)
            to[0] = to[0] < LUMA_THRESHOLD ? 0 : 255;
    }
}

void draw_quarter_rows(const Pixels *whole, int quarters, int top, const Pixels *to)
{
    static const Turn turns[4] = {{0}, {.flip_y = true, .swap = true}, {.flip_x = true, .flip_y = true},
        {.flip_x = true, .swap = true}};
    Turn turn = turns[quarters];
    Pixels part = *whole; // what these rows are made of
    int first = quarters < 2 ? top : (turn.swap ? whole->width_px : whole->height_px) - top - to->height_px;
    part.p = turn.swap ? pixels_at(whole, first, 0) : pixels_at(whole, 0, first);
    if (turn.swap)
        part.width_px = to->height_px;
    else
        part.height_px = to->height_px;
    pixels_turn(&part, turn, to);
}

static bool turn_quarters(const Pixels *whole, int quarters, Encoder *e, Err *err)
{
    enum { ROWS_AT_ONCE = 16 };
    bool swap = quarters % 2 != 0, ok = true;
    int width = swap ? whole->height_px : whole->width_px, height = swap ? whole->width_px : whole->height_px;
    Pixels strip = pixels_make(width, ROWS_AT_ONCE, whole->channels);
    for (int top = 0; top < height && ok; top += ROWS_AT_ONCE) {
        strip.height_px = MIN_OF(ROWS_AT_ONCE, height - top);
        draw_quarter_rows(whole, quarters, top, &strip);
        for (int y = 0; y < strip.height_px && ok; y++)
            ok = encoder_row(e, pixels_at(&strip, 0, y), err);
        lane_give_way();
    }
    free(strip.p);
    return ok;
}

static bool turn_freely(const Pixels *whole, double degrees, bool alpha, bool bitonal, Encoder *e, Err *err)
{
    DrawRotation r = draw_rotation(whole->width_px, whole->height_px, degrees);
    uint8_t *row = mem_alloc((size_t)r.width_px * 4);
    bool ok = true;
    for (int y = 0; y < r.height_px && ok; y++) {
        rotated_row(whole, &r, alpha, bitonal, y, row);
        ok = encoder_row(e, row, err);
        if (y % ROWS_A_PIECE == 0)
            lane_give_way();
    }
    free(row);
    return ok;
}

bool draw_turned(const Pixels *whole, double degrees, bool alpha, bool bitonal, Encoder *e, Err *err)
{
    double quarters = degrees / 90.0;
    if (quarters == floor(quarters))
        return turn_quarters(whole, (int)quarters, e, err);
    return turn_freely(whole, degrees, alpha, bitonal, e, err);
}
