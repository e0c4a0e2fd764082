// SPDX-License-Identifier: Apache-2.0
// A picture that is only looked at: pixels, no pyramid. Rows go through the filter as they come, so that no
// more of a large picture is in memory than the filter is wide.
#include "image/cage/child.h"

#include "base/file.h"

#include <stdlib.h>

struct Small {
    int channels, rows;
    Turn turn;
    Shrink *shrink; // or, where it is small enough already,
    Pixels whole;
};

Small *small_open(const Task *task, int width_px, int height_px, int channels, Turn turn)
{
    Small *s = mem_alloc(sizeof(*s));
    s->channels = channels;
    s->turn = turn;
    const int side_px = task->question.side_px;
    if (MAX_OF(width_px, height_px) <= side_px) {
        s->whole = pixels_make(width_px, height_px, channels);
    } else {
        const ShrinkAsk ask = shrink_fit(width_px, height_px, channels, side_px);
        s->shrink = shrink_open(&ask);
    }
    return s;
}

void small_closep(Small **given)
{
    Small *s = *given;
    if (!s)
        return;
    shrink_closep(&s->shrink);
    free(s->whole.p);
    free(s);
    *given = NULL;
}

void small_row(Small *s, const uint8_t *row)
{
    if (s->shrink)
        shrink_row(s->shrink, row);
    else
        memcpy(pixels_at(&s->whole, 0, s->rows++), row, (size_t)s->whole.width_px * (size_t)s->channels);
}

static Pixels turned(const Pixels *from, Turn turn)
{
    Pixels to = pixels_make(turn.swap ? from->height_px : from->width_px,
        turn.swap ? from->width_px : from->height_px, from->channels);
    pixels_turn(from, turn, &to);
    return to;
}

static Pixels coloured(const Pixels *grey)
{
    Pixels to = pixels_make(grey->width_px, grey->height_px, 3);
    for (int y = 0; y < grey->height_px; y++)
        for (int x = 0; x < grey->width_px; x++)
            memset(pixels_at(&to, x, y), *pixels_at(grey, x, y), 3);
    return to;
}

// Takes the place of what it was made from.
static void become(Pixels *px, Pixels made)
{
    free(px->p);
    *px = made;
}

bool small_finish(Small *s, const Task *task, CageSmall *ret, Err *err)
{
    if (s->shrink)
        s->whole = shrink_take(s->shrink);
    Pixels *px = &s->whole;
    if (s->turn.swap || s->turn.flip_x || s->turn.flip_y)
        become(px, turned(px, s->turn));
    if (px->channels == 1)
        become(px, coloured(px));
    const Str all = {(const char *)px->p, px->stride * (size_t)px->height_px};
    if (!file_write_all(task->to, all, err))
        return false;
    *ret = (CageSmall){px->width_px, px->height_px};
    return true;
}
