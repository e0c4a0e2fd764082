// SPDX-License-Identifier: Apache-2.0
// image/write: pixels that were made here, as a PNG or JPEG file that says inside itself what it shows, whose
// it is and how it may be used.
#pragma once

#include "image/render.h"

enum {
    PICTURE_TEXTS_MAX = 8,
    PICTURE_XMP_MAX_BYTES = 60 * 1024, // one JPEG segment, with its name
    PICTURE_TEXT_MAX_BYTES = 64 * 1024,
    PICTURE_WRITE_SIDE_MAX_PX = 16384,
};

typedef struct {
    Str xmp; // a whole packet (ISO 16684-1), UTF-8; empty: none
    struct {
        const char *keyword; // of PNG: "Title", "Author", "Copyright", "Source", ...
        Str text;
    } texts[PICTURE_TEXTS_MAX]; // PNG only; empty ones are left out
    size_t texts_count;
} PictureWords;

typedef struct {
    const uint8_t *p;
    int width_px, height_px, channels; // 1 .. 4 (PNG), 1 or 3 (JPEG); sRGB, alpha not multiplied in
    size_t stride_bytes;
    RenderFormat format; // RENDER_PNG or RENDER_JPEG
    int quality;         // JPEG
    PictureWords words;
} PictureFile;

// The same picture so that its longer side is side_px at most; made smaller, its pixels are in the arena.
PictureFile picture_fit(const PictureFile *file, int side_px, Arena *a);

// Appends the file to `out`. ERR_LIMIT: a side, a text or the file is too big; ERR_UNSUPPORTED: another
// format.
bool picture_write(const PictureFile *file, Buf *out, Err *err) MUST_CHECK;
