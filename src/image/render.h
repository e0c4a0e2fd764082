// SPDX-License-Identifier: Apache-2.0
// image/render: any region, size, rotation and quality of a picture, computed from its pyramid: nearest level
// at or above the size asked, only the tiles needed, resampled, turned, encoded.
#pragma once

#include "image/pyramid.h"

typedef enum {
    RENDER_JPEG,
    RENDER_PNG,
    RENDER_WEBP,
    RENDER_TIFF,
    RENDER_GIF,
    RENDER_PDF, // one page
    RENDER_JP2,
    RENDER_AVIF,
    RENDER_FORMATS,
} RenderFormat;
typedef enum { RENDER_COLOR, RENDER_GRAY, RENDER_BITONAL } RenderQuality;

typedef struct {
    int left_px, top_px, width_px, height_px; // region, in pixels of the whole picture, inside it
    int out_width_px, out_height_px;          // before rotation
    bool mirror;                              // left-right, before rotation
    double rotation_deg;                      // clockwise, 0 <= r < 360
    RenderQuality quality;
    RenderFormat format;
} RenderAsk;

enum { RENDER_PIXELS_MAX = 64 * 1000 * 1000, RENDER_BYTES_MAX = 512 * 1024 * 1024 };

// Memory it will need at its peak, for budgets.
size_t render_memory_bytes(const Pyramid *p, const RenderAsk *ask);
// ERR_LIMIT beyond RENDER_PIXELS_MAX, ERR_CORRUPT for a damaged pyramid.
bool render(const Pyramid *p, const RenderAsk *ask, Buf *out, Err *err) MUST_CHECK;
// The same without turning and encoding: 3 samples a pixel (sRGB), 1 if ask->quality is RENDER_GRAY, into
// rows of `to`, which has room for out_height_px of them, stride_bytes apart.
bool render_pixels(
    const Pyramid *p, const RenderAsk *ask, uint8_t *to, size_t stride_bytes, Err *err) MUST_CHECK;
