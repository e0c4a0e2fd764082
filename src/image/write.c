// SPDX-License-Identifier: Apache-2.0
#include "image/write.h"

#include "image/int.h"

#include <stdlib.h>

static bool check_words(const PictureWords *words, Err *err)
{
    assert(words->texts_count <= PICTURE_TEXTS_MAX);
    if (words->xmp.n > PICTURE_XMP_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "what the file says of itself is too long");
    for (size_t i = 0; i < words->texts_count; i++)
        if (words->texts[i].text.n > PICTURE_TEXT_MAX_BYTES)
            return err_set(
                err, ERR_LIMIT, "%s is too long a text for a picture file", words->texts[i].keyword);
    return true;
}

static bool check_picture(const PictureFile *file, Err *err)
{
    const bool jpeg = file->format == RENDER_JPEG;
    if (!jpeg && file->format != RENDER_PNG)
        return err_set(err, ERR_UNSUPPORTED, "only PNG and JPEG can say what they are");
    assert(file->channels >= 1 && file->channels <= 4 && !(jpeg && file->channels % 2 == 0));
    if (file->width_px < 1 || file->height_px < 1 || file->width_px > PICTURE_WRITE_SIDE_MAX_PX ||
        file->height_px > PICTURE_WRITE_SIDE_MAX_PX)
        return err_set(err, ERR_LIMIT, "a picture file has 1 to %d pixels a side", PICTURE_WRITE_SIDE_MAX_PX);
    return true;
}

bool picture_write(const PictureFile *file, Buf *out, Err *err)
{
    if (!check_picture(file, err) || !check_words(&file->words, err))
        return false;
    const EncodeAsk ask = {.format = file->format,
        .width_px = file->width_px,
        .height_px = file->height_px,
        .channels = file->channels,
        .quality = file->quality,
        .words = &file->words};
    CLEANUP(encoder_closep) Encoder *encoder = encoder_open(&ask, out, err);
    bool good = encoder != NULL;
    for (int y = 0; y < file->height_px && good; y++)
        good = encoder_row(encoder, file->p + (size_t)y * file->stride_bytes, err);
    return good && encoder_finish(encoder, err);
}

PictureFile picture_fit(const PictureFile *file, int side_px, Arena *a)
{
    PictureFile fitting = *file;
    if (MAX_OF(file->width_px, file->height_px) <= side_px)
        return fitting;
    const ShrinkAsk ask = shrink_fit(file->width_px, file->height_px, file->channels, side_px);
    CLEANUP(shrink_closep) Shrink *shrink = shrink_open(&ask);
    for (int y = 0; y < file->height_px; y++)
        shrink_row(shrink, file->p + (size_t)y * file->stride_bytes);
    Pixels made = shrink_take(shrink);
    const size_t bytes = made.stride * (size_t)made.height_px;
    fitting.p = memcpy(arena_alloc(a, bytes), made.p, bytes);
    fitting.width_px = made.width_px;
    fitting.height_px = made.height_px;
    fitting.stride_bytes = made.stride;
    free(made.p);
    return fitting;
}
