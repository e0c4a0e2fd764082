// SPDX-License-Identifier: Apache-2.0
// Tiled TIFFs so wide that rows of tiles are a lot of memory: libvips keeps two and a half of them (190 MB
// for 100,000 pixels in colour and tiles of 256), here it is one. Only the plain kind, 8-bit grey or RGB that
// stands upright; everything else is for libvips.
#include "image/cage/vips_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <tiffio.h>

enum { WIDE_BYTES = 24 << 20 }; // of a row of tiles: below, libvips does as well

// ---- a file for libtiff

typedef struct {
    int fd;
    int64_t at, size_bytes;
} TiffFile;

static tsize_t file_read(thandle_t handle, tdata_t to, tsize_t count)
{
    TiffFile *f = handle;
    ssize_t n;
    do
        n = pread(f->fd, to, (size_t)count, f->at);
    while (n < 0 && errno == EINTR);
    f->at += MAX_OF(n, (ssize_t)0);
    return n;
}

static tsize_t file_write(thandle_t handle, tdata_t from, tsize_t count)
{
    (void)handle, (void)from, (void)count;
    return -1;
}

static toff_t file_seek(thandle_t handle, toff_t to, int whence)
{
    TiffFile *f = handle;
    int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? f->at : f->size_bytes;
    if (to > (toff_t)(INT64_MAX - from))
        return (toff_t)-1;
    f->at = from + (int64_t)to;
    return (toff_t)f->at;
}

static int file_closed(thandle_t handle)
{
    (void)handle;
    return 0;
}

static toff_t file_bytes(thandle_t handle)
{
    const TiffFile *f = handle;
    return (toff_t)f->size_bytes;
}

static void tiff_closep(TIFF **tiff)
{
    if (*tiff)
        TIFFClose(*tiff);
}

// ---- is it one of those?

typedef struct {
    uint32_t width_px, height_px, tile_width_px, tile_height_px;
    uint16_t channels;
} Shape;

static bool is_ours(TIFF *tiff, Shape *ret)
{
    Shape s = {0};
    uint16_t bits = 0, planar = 0, photometric = 0, format = 0, orientation = 0, compression = 0;
    TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &s.channels);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_ORIENTATION, &orientation);
    TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &compression);
    if (!TIFFIsTiled(tiff) || bits != 8 || planar != PLANARCONFIG_CONTIG || format != SAMPLEFORMAT_UINT ||
        orientation != ORIENTATION_TOPLEFT || !TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &s.width_px) ||
        !TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &s.height_px) ||
        !TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &s.tile_width_px) ||
        !TIFFGetField(tiff, TIFFTAG_TILELENGTH, &s.tile_height_px))
        return false;
    bool grey = photometric == PHOTOMETRIC_MINISBLACK && s.channels == 1;
    bool ycc = photometric == PHOTOMETRIC_YCBCR && compression == COMPRESSION_JPEG && s.channels == 3;
    bool rgb = photometric == PHOTOMETRIC_RGB && s.channels == 3;
    if (ycc)
        TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
    *ret = s;
    return (grey || ycc || rgb) && s.width_px > 0 && s.width_px <= PYRAMID_SIDE_MAX_PX && s.height_px > 0 &&
           s.height_px <= PYRAMID_SIDE_MAX_PX && s.tile_width_px > 0 && s.tile_height_px > 0 &&
           s.tile_width_px <= PYRAMID_SIDE_MAX_PX && s.tile_height_px <= PYRAMID_SIDE_MAX_PX &&
           (uint64_t)s.width_px * s.tile_height_px * s.channels > WIDE_BYTES &&
           TIFFTileSize(tiff) == (tsize_t)s.tile_width_px * (tsize_t)s.tile_height_px * s.channels;
}

// ---- rows

typedef struct {
    TIFF *tiff;
    Shape shape;
    Colour *colour; // NULL: sRGB already
    uint8_t *band, *tile;
} Wide;

static bool read_band(const Wide *w, uint32_t top_px)
{
    const Shape *s = &w->shape;
    size_t stride = (size_t)s->width_px * s->channels, tile_stride = (size_t)s->tile_width_px * s->channels;
    uint32_t rows = MIN_OF(s->tile_height_px, s->height_px - top_px);
    for (uint32_t left_px = 0; left_px < s->width_px; left_px += s->tile_width_px) {
        uint32_t tile = TIFFComputeTile(w->tiff, left_px, top_px, 0, 0);
        if (TIFFReadEncodedTile(w->tiff, tile, w->tile, (tsize_t)-1) < 0)
            return false;
        size_t bytes = (size_t)MIN_OF(s->tile_width_px, s->width_px - left_px) * s->channels;
        for (uint32_t y = 0; y < rows; y++)
            memcpy(w->band + y * stride + (size_t)left_px * s->channels, w->tile + y * tile_stride, bytes);
    }
    return true;
}

static bool put_bands(const Wide *w, Tiler *tiler, Err *err)
{
    const Shape *s = &w->shape;
    size_t stride = (size_t)s->width_px * s->channels;
    for (uint32_t top_px = 0; top_px < s->height_px; top_px += s->tile_height_px) {
        if (!read_band(w, top_px))
            return vips_failed(err, FORMAT_TIFF);
        uint32_t rows = MIN_OF(s->tile_height_px, s->height_px - top_px);
        for (uint32_t y = 0; y < rows; y++) {
            uint8_t *row = w->band + y * stride;
            if (w->colour)
                colour_row(w->colour, row, (int)s->width_px);
            if (!tiler_row(tiler, row, err))
                return false;
        }
    }
    return tiler_finish(tiler, err);
}

static bool derive(const Task *task, Wide *w, Err *err)
{
    const Shape *s = &w->shape;
    TilerAsk ask = {.width_px = (int)s->width_px,
        .height_px = (int)s->height_px,
        .channels = s->channels,
        .tile_px = task->question.tile_px,
        .quality = task->question.quality};
    CLEANUP(tiler_closep) Tiler *tiler = tiler_open(task->to, &ask, err);
    if (!tiler)
        return false;
    w->band = malloc((size_t)s->width_px * s->tile_height_px * s->channels);
    w->tile = malloc((size_t)s->tile_width_px * s->tile_height_px * s->channels);
    if (!w->band || !w->tile)
        return err_set(err, ERR_LIMIT, "a row of its tiles needs more memory than is allowed");
    return put_bands(w, tiler, err);
}

static void wide_closep(Wide *w)
{
    tiff_closep(&w->tiff);
    colour_closep(&w->colour);
    free(w->band);
    free(w->tile);
}

static ImageFacts facts_of_wide(Wide *w, const TiffLook *look)
{
    ImageFacts f = {.width_px = (int)w->shape.width_px,
        .height_px = (int)w->shape.height_px,
        .pages = look->pages,
        .frames = 1,
        .bits = 8};
    char name[28] = "";
    uint32_t bytes = 0;
    void *profile = NULL;
    snprintf(f.format, sizeof(f.format), "%s", look_mime(FORMAT_TIFF));
    if (TIFFGetField(w->tiff, TIFFTAG_ICCPROFILE, &bytes, &profile) && profile)
        w->colour = colour_open((Str){profile, bytes}, w->shape.channels, name, sizeof(name));
    snprintf(f.colour, sizeof(f.colour), "%s%s",
        w->shape.channels == 1 ? "grey"
        : w->colour            ? "icc:"
                               : "srgb",
        w->shape.channels == 3 && w->colour ? name : "");
    return f;
}

bool load_tiff(const Task *task, ImageFacts *ret, Err *err)
{
    TiffLook look;
    TiffFile file = {.fd = task->from, .size_bytes = (int64_t)task->from_bytes};
    CLEANUP(wide_closep) Wide w = {0};
    int page = task->question.page;
    vips_error_clear();
    if (!tiff_look(task->from, &look) || page < 0 || page >= look.pages)
        return false;
    w.tiff = TIFFClientOpen(
        "picture", "rm", &file, file_read, file_write, file_seek, file_closed, file_bytes, NULL, NULL);
    if (!w.tiff || !TIFFSetSubDirectory(w.tiff, look.page[page].at) || !is_ours(w.tiff, &w.shape))
        return false;
    ImageFacts facts = facts_of_wide(&w, &look);
    if (!task_seen(task, &facts, err) || (task->question.job == CAGE_DERIVE && !derive(task, &w, err)))
        return false;
    *ret = facts;
    return true;
}
