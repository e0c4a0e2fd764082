// SPDX-License-Identifier: Apache-2.0
// Only as many rows are kept as one row of the result is made of; each takes the place of the oldest.
#include "image/int.h"

#include <stdlib.h>

struct Shrink {
    int width_px, channels;
    size_t stride; // of a row that comes in
    Resample across, down;
    uint8_t *rows; // row y stands at place y % down.taps
    const uint8_t **needed;
    uint8_t *line;           // a row resampled down, not yet across,
    uint8_t *plane, *shrunk; // one of its channels, before and after that
    int seen_px, made_px;    // rows that came, rows of the result
    Pixels result;
};

ShrinkAsk shrink_fit(int width_px, int height_px, int channels, int side_px)
{
    const int longer_px = MAX_OF(width_px, height_px);
    const int to_width_px = MAX_OF(1, (int)((int64_t)width_px * side_px / longer_px));
    const int to_height_px = MAX_OF(1, (int)((int64_t)height_px * side_px / longer_px));
    return (ShrinkAsk){.width_px = width_px,
        .height_px = height_px,
        .channels = channels,
        .to_width_px = to_width_px,
        .to_height_px = to_height_px,
        .step_x = (double)width_px / to_width_px,
        .step_y = (double)height_px / to_height_px};
}

Shrink *shrink_open(const ShrinkAsk *ask)
{
    Shrink *s = mem_alloc(sizeof(*s));
    s->width_px = ask->width_px;
    s->channels = ask->channels;
    s->stride = (size_t)ask->width_px * (size_t)ask->channels;
    s->across = resample_make(ask->left, ask->step_x, ask->to_width_px, ask->width_px, RESAMPLE_FINE);
    s->down = resample_make(ask->top, ask->step_y, ask->to_height_px, ask->height_px, RESAMPLE_FINE);
    s->rows = mem_alloc(s->stride * (size_t)s->down.taps);
    s->needed = mem_alloc((size_t)s->down.taps * sizeof(*s->needed));
    s->line = mem_alloc(s->stride);
    s->plane = mem_alloc((size_t)ask->width_px + RESAMPLE_SLACK);
    s->shrunk = mem_alloc((size_t)ask->to_width_px);
    s->result = pixels_make(ask->to_width_px, ask->to_height_px, ask->channels);
    return s;
}

void shrink_closep(Shrink **given)
{
    Shrink *s = *given;
    if (!s)
        return;
    resample_free(&s->across);
    resample_free(&s->down);
    free(s->rows);
    free(s->needed);
    free(s->line);
    free(s->plane);
    free(s->shrunk);
    free(s->result.p);
    free(s);
    *given = NULL;
}

static void make_row(Shrink *s)
{
    int y = s->made_px++, taps = s->down.taps;
    for (int k = 0; k < taps; k++)
        s->needed[k] = s->rows + (size_t)((s->down.first[y] + k) % taps) * s->stride;
    resample_column(&s->down, y, s->needed, s->stride, s->line, RESAMPLE_BEST);
    for (int c = 0; c < s->channels; c++) {
        for (int x = 0; x < s->width_px; x++)
            s->plane[x] = s->line[x * s->channels + c];
        resample_row(&s->across, s->plane, s->shrunk, RESAMPLE_BEST);
        uint8_t *to = pixels_at(&s->result, 0, y) + c;
        for (int x = 0; x < s->result.width_px; x++)
            to[x * s->channels] = s->shrunk[x];
    }
}

void shrink_row(Shrink *s, const uint8_t *row)
{
    int taps = s->down.taps;
    memcpy(s->rows + (size_t)(s->seen_px++ % taps) * s->stride, row, s->stride);
    while (s->made_px < s->result.height_px && s->down.first[s->made_px] + taps <= s->seen_px)
        make_row(s);
}

Pixels shrink_take(Shrink *s)
{
    assert(s->made_px == s->result.height_px);
    Pixels px = s->result;
    s->result.p = NULL;
    return px;
}
