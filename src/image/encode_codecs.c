// SPDX-License-Identifier: Apache-2.0
// JPEG 2000 by OpenJPEG and AVIF by libavif: both take the whole picture.
#include "image/int.h"

#include <avif/avif.h>
#include <openjpeg.h>
#include <stdlib.h>

enum { JP2_RATIO = 12, JP2_BYTES_PER_PIXEL = 60, AVIF_SPEED = 9, AVIF_BYTES_PER_PIXEL = 40 };

size_t jp2_memory_bytes(const EncodeAsk *ask)
{
    return (size_t)ask->width_px * (size_t)ask->height_px * JP2_BYTES_PER_PIXEL;
}

size_t avif_memory_bytes(const EncodeAsk *ask)
{
    return (size_t)ask->width_px * (size_t)ask->height_px * AVIF_BYTES_PER_PIXEL;
}

// ---- JPEG 2000. OpenJPEG seeks back to fill in lengths: `at` may stand before the end.

typedef struct {
    Buf *out;
    size_t base, at;
} Sink;

static OPJ_SIZE_T sink_write(void *bytes, OPJ_SIZE_T count, void *ctx)
{
    Sink *s = ctx;
    size_t end = s->base + s->at + count;
    while (s->out->n < end && !s->out->full)
        buf_add_char(s->out, 0);
    if (s->out->full)
        return (OPJ_SIZE_T)-1;
    memcpy(s->out->p + s->base + s->at, bytes, count);
    s->at += count;
    return count;
}

static OPJ_OFF_T sink_skip(OPJ_OFF_T count, void *ctx)
{
    Sink *s = ctx;
    s->at += (size_t)count;
    return count;
}

static OPJ_BOOL sink_seek(OPJ_OFF_T to, void *ctx)
{
    Sink *s = ctx;
    s->at = (size_t)to;
    return OPJ_TRUE;
}

static opj_image_t *jp2_image(const Pixels *px)
{
    opj_image_cmptparm_t parts[4] = {0};
    for (int c = 0; c < px->channels; c++)
        parts[c] = (opj_image_cmptparm_t){
            .dx = 1, .dy = 1, .w = (OPJ_UINT32)px->width_px, .h = (OPJ_UINT32)px->height_px, .prec = 8};
    opj_image_t *image = opj_image_create(
        (OPJ_UINT32)px->channels, parts, px->channels == 1 ? OPJ_CLRSPC_GRAY : OPJ_CLRSPC_SRGB);
    if (!image)
        return NULL;
    image->x1 = (OPJ_UINT32)px->width_px;
    image->y1 = (OPJ_UINT32)px->height_px;
    for (int c = 0; c < px->channels; c++) {
        OPJ_INT32 *to = image->comps[c].data;
        for (int y = 0; y < px->height_px; y++)
            for (int x = 0; x < px->width_px; x++)
                *to++ = pixels_at(px, x, y)[c];
    }
    return image;
}

bool jp2_encode(const Pixels *px, Buf *out, Err *err)
{
    opj_cparameters_t how;
    opj_set_default_encoder_parameters(&how);
    how.tcp_numlayers = 1;
    how.tcp_rates[0] = JP2_RATIO;
    how.cp_disto_alloc = 1;
    how.irreversible = 1;
    how.tcp_mct = px->channels >= 3;
    while (how.numresolution > 1 && MIN_OF(px->width_px, px->height_px) >> (how.numresolution - 1) == 0)
        how.numresolution--;
    Sink sink = {.out = out, .base = out->n};
    opj_codec_t *codec = opj_create_compress(OPJ_CODEC_JP2);
    opj_image_t *image = jp2_image(px);
    opj_stream_t *stream = opj_stream_default_create(OPJ_FALSE);
    bool ok = codec && image && stream && opj_setup_encoder(codec, &how, image);
    if (ok) {
        opj_stream_set_user_data(stream, &sink, NULL);
        opj_stream_set_write_function(stream, sink_write);
        opj_stream_set_skip_function(stream, sink_skip);
        opj_stream_set_seek_function(stream, sink_seek);
        ok = opj_start_compress(codec, image, stream) && opj_encode(codec, stream) &&
             opj_end_compress(codec, stream);
    }
    opj_stream_destroy(stream);
    opj_image_destroy(image);
    opj_destroy_codec(codec);
    return ok || err_set(err, ERR_LIMIT, "cannot make a JPEG 2000");
}

// ---- AVIF

// libavif takes RGB or RGBA.
static uint8_t *coloured(const Pixels *px, bool alpha)
{
    int channels = alpha ? 4 : 3, grey = px->channels < 3;
    uint8_t *all = mem_alloc((size_t)px->width_px * (size_t)px->height_px * (size_t)channels), *to = all;
    for (int y = 0; y < px->height_px; y++) {
        for (int x = 0; x < px->width_px; x++, to += channels) {
            const uint8_t *from = pixels_at(px, x, y);
            to[0] = from[0];
            to[1] = from[grey ? 0 : 1];
            to[2] = from[grey ? 0 : 2];
            if (alpha)
                to[3] = from[px->channels - 1];
        }
    }
    return all;
}

bool avif_encode(const Pixels *px, int quality, Buf *out, Err *err)
{
    bool alpha = px->channels % 2 == 0;
    avifImage *image = avifImageCreate((uint32_t)px->width_px, (uint32_t)px->height_px, 8,
        px->channels < 3 ? AVIF_PIXEL_FORMAT_YUV400 : AVIF_PIXEL_FORMAT_YUV420);
    avifEncoder *encoder = avifEncoderCreate();
    image->colorPrimaries = AVIF_COLOR_PRIMARIES_BT709;
    image->transferCharacteristics = AVIF_TRANSFER_CHARACTERISTICS_SRGB;
    image->matrixCoefficients = AVIF_MATRIX_COEFFICIENTS_BT601;
    avifRGBImage rgb;
    avifRGBImageSetDefaults(&rgb, image);
    rgb.depth = 8;
    rgb.format = alpha ? AVIF_RGB_FORMAT_RGBA : AVIF_RGB_FORMAT_RGB;
    rgb.pixels = coloured(px, alpha);
    rgb.rowBytes = (uint32_t)px->width_px * (alpha ? 4 : 3);
    encoder->maxThreads = 1;
    encoder->speed = AVIF_SPEED;
    int quantizer = AVIF_QUANTIZER_WORST_QUALITY * (100 - quality) / 100; // 0 is lossless, 63 worst
    encoder->minQuantizer = encoder->maxQuantizer = quantizer + 12; // about what JPEG shows at `quality`
    avifRWData data = AVIF_DATA_EMPTY;
    avifResult result = avifImageRGBToYUV(image, &rgb);
    if (result == AVIF_RESULT_OK)
        result = avifEncoderWrite(encoder, image, &data);
    buf_add_bytes(out, data.data, data.size);
    avifRWDataFree(&data);
    free(rgb.pixels);
    avifEncoderDestroy(encoder);
    avifImageDestroy(image);
    return result == AVIF_RESULT_OK ||
           err_set(err, ERR_LIMIT, "cannot make an AVIF: %s", avifResultToString(result));
}
