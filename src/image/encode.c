// SPDX-License-Identifier: Apache-2.0
// JPEG, PNG, TIFF and PDF (a page that is a JPEG) leave row by row; the others need the whole picture first.
#include "image/int.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <jpeglib.h>
#include <png.h>
#include <webp/encode.h>

enum {
    JPEG_CHUNK_BYTES = 16 << 10,
    PNG_EFFORT = 4,
    CODEC_BYTES = 1 << 20,
    PDF_SIDE_MAX_PX = 14400,
    GIF_SIDE_MAX_PX = 65535
};

struct Encoder {
    EncodeAsk ask;
    Buf *out;
    int rows;
    jmp_buf jump;
    char text[JMSG_LENGTH_MAX];

    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr jpeg_trap;
    struct jpeg_destination_mgr jpeg_to;
    uint8_t chunk[JPEG_CHUNK_BYTES];

    png_structp png;
    png_infop png_info;

    TiffWriter *tiff;
    Buf page;     // the JPEG inside a PDF
    Pixels whole; // for WebP, GIF, JPEG 2000 and AVIF; one row for a packed PNG
};

size_t encode_memory_bytes(const EncodeAsk *ask)
{
    size_t pixels = (size_t)ask->width_px * (size_t)ask->height_px;
    switch (ask->format) {
    case RENDER_JPEG:
        return CODEC_BYTES + pixels / 2; // codec and result
    case RENDER_PNG:
        return CODEC_BYTES + pixels * (size_t)ask->channels;
    case RENDER_WEBP: // picture, our copy, and libwebp's YUV, statistics and tokens
        return CODEC_BYTES + pixels * 10;
    case RENDER_TIFF:
        return tiff_memory_bytes(ask);
    case RENDER_GIF:
        return gif_memory_bytes(ask);
    case RENDER_PDF:
        return CODEC_BYTES + pixels;
    case RENDER_JP2:
        return jp2_memory_bytes(ask);
    case RENDER_AVIF:
        return avif_memory_bytes(ask);
    case RENDER_FORMATS:
        break;
    }
    abort(); // there is no other format
}

// ---- JPEG

static void jpeg_failed(j_common_ptr codec)
{
    Encoder *e = codec->client_data;
    codec->err->format_message(codec, e->text);
    longjmp(e->jump, 1);
}

static Buf *jpeg_out(Encoder *e)
{
    return e->ask.format == RENDER_PDF ? &e->page : e->out;
}

static void jpeg_start_chunk(j_compress_ptr codec)
{
    Encoder *e = codec->client_data;
    e->jpeg_to.next_output_byte = e->chunk;
    e->jpeg_to.free_in_buffer = JPEG_CHUNK_BYTES;
}

static boolean jpeg_chunk_full(j_compress_ptr codec)
{
    Encoder *e = codec->client_data;
    buf_add_bytes(jpeg_out(e), e->chunk, JPEG_CHUNK_BYTES);
    jpeg_start_chunk(codec);
    return TRUE;
}

static void jpeg_last_chunk(j_compress_ptr codec)
{
    Encoder *e = codec->client_data;
    buf_add_bytes(jpeg_out(e), e->chunk, JPEG_CHUNK_BYTES - e->jpeg_to.free_in_buffer);
}

// XMP in a JPEG (XMP specification part 3, 1.1.3): one APP1 segment that begins with this name and its NUL.
static void jpeg_put_words(Encoder *e)
{
    static const char NAME[] = "http://ns.adobe.com/xap/1.0/";
    if (!e->ask.words || e->ask.words->xmp.n == 0)
        return;
    Str xmp = e->ask.words->xmp;
    jpeg_write_m_header(&e->jpeg, JPEG_APP0 + 1, (unsigned)(sizeof(NAME) + xmp.n));
    for (size_t i = 0; i < sizeof(NAME); i++)
        jpeg_write_m_byte(&e->jpeg, (unsigned char)NAME[i]);
    for (size_t i = 0; i < xmp.n; i++)
        jpeg_write_m_byte(&e->jpeg, (unsigned char)xmp.p[i]);
}

static bool jpeg_open(Encoder *e, Err *err)
{
    struct jpeg_compress_struct *c = &e->jpeg;
    c->err = jpeg_std_error(&e->jpeg_trap);
    e->jpeg_trap.error_exit = jpeg_failed;
    jpeg_create_compress(c);
    c->client_data = e;
    if (setjmp(e->jump))
        return err_set(err, ERR_LIMIT, "cannot make a JPEG: %s", e->text);
    e->jpeg_to.init_destination = jpeg_start_chunk;
    e->jpeg_to.empty_output_buffer = jpeg_chunk_full;
    e->jpeg_to.term_destination = jpeg_last_chunk;
    c->dest = &e->jpeg_to;
    c->image_width = (JDIMENSION)e->ask.width_px;
    c->image_height = (JDIMENSION)e->ask.height_px;
    c->input_components = e->ask.channels;
    c->in_color_space = e->ask.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(c);
    jpeg_set_quality(c, e->ask.quality, TRUE);
    jpeg_start_compress(c, TRUE);
    jpeg_put_words(e);
    return true;
}

static bool jpeg_row(Encoder *e, const uint8_t *row, Err *err)
{
    if (setjmp(e->jump))
        return err_set(err, ERR_LIMIT, "cannot make a JPEG: %s", e->text);
    JSAMPROW rows[1] = {(JSAMPROW)(uintptr_t)row}; // libjpeg does not write there
    jpeg_write_scanlines(&e->jpeg, rows, 1);
    return true;
}

static bool jpeg_end(Encoder *e, Err *err)
{
    if (setjmp(e->jump))
        return err_set(err, ERR_LIMIT, "cannot make a JPEG: %s", e->text);
    jpeg_finish_compress(&e->jpeg);
    return true;
}

// ---- PNG

static void png_failed(png_structp png, png_const_charp text)
{
    Encoder *e = png_get_error_ptr(png);
    snprintf(e->text, sizeof(e->text), "%s", text);
    longjmp(e->jump, 1);
}

static void png_warned(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

static void png_write(png_structp png, png_bytep bytes, size_t count)
{
    Encoder *e = png_get_io_ptr(png);
    buf_add_bytes(e->out, bytes, count);
}

static void png_flush_nothing(png_structp png)
{
    (void)png;
}

// Chunks iTXt (PNG 11.3.4.5): the XMP under the keyword that XMP's own specification gives it, and the same
// facts in PNG's own words for programs that read no XMP. libpng copies the texts.
static void png_put_words(Encoder *e)
{
    const PictureWords *words = e->ask.words;
    if (!words)
        return;
    CLEANUP(arena_closep) Arena *a = arena_open();
    png_text texts[PICTURE_TEXTS_MAX + 1] = {0};
    int count = 0;
    for (size_t i = 0; i < words->texts_count; i++)
        if (words->texts[i].text.n)
            texts[count++] = (png_text){.compression = PNG_ITXT_COMPRESSION_NONE,
                .key = (char *)(uintptr_t)words->texts[i].keyword,
                .text = (char *)(uintptr_t)arena_cstr(a, words->texts[i].text)};
    if (words->xmp.n)
        texts[count++] = (png_text){.compression = PNG_ITXT_COMPRESSION_NONE,
            .key = (char *)(uintptr_t) "XML:com.adobe.xmp",
            .text = (char *)(uintptr_t)arena_cstr(a, words->xmp)};
    png_set_text(e->png, e->png_info, texts, count);
}

static bool png_open(Encoder *e, Err *err)
{
    static const int colour_types[] = {
        [1] = PNG_COLOR_TYPE_GRAY,
        [2] = PNG_COLOR_TYPE_GRAY_ALPHA,
        [3] = PNG_COLOR_TYPE_RGB,
        [4] = PNG_COLOR_TYPE_RGB_ALPHA,
    };
    if (setjmp(e->jump))
        return err_set(err, ERR_LIMIT, "cannot make a PNG: %s", e->text);
    e->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, e, png_failed, png_warned);
    e->png_info = png_create_info_struct(e->png);
    png_set_write_fn(e->png, e, png_write, png_flush_nothing);
    png_set_user_limits(e->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    png_set_compression_level(e->png, PNG_EFFORT);
    bool pack = e->ask.bitonal && e->ask.channels == 1;
    png_set_IHDR(e->png, e->png_info, (png_uint_32)e->ask.width_px, (png_uint_32)e->ask.height_px,
        pack                ? 1
        : e->ask.bits == 16 ? 16
                            : 8,
        colour_types[e->ask.channels], PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT,
        PNG_FILTER_TYPE_DEFAULT);
    if (!e->ask.samples)
        png_set_sRGB(e->png, e->png_info, PNG_sRGB_INTENT_RELATIVE);
    else if (e->ask.profile.n)
        png_set_iCCP(e->png, e->png_info, "master", PNG_COMPRESSION_TYPE_BASE,
            (png_const_bytep)e->ask.profile.p, (png_uint_32)e->ask.profile.n);
    if (!pack)
        png_set_filter(e->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB | PNG_FILTER_UP);
    png_put_words(e);
    png_write_info(e->png, e->png_info);
    if (pack)
        png_set_packing(e->png);
    if (e->ask.bits == 16 && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
        png_set_swap(e->png);
    return true;
}

static bool png_row(Encoder *e, const uint8_t *row, Err *err)
{
    if (setjmp(e->jump))
        return err_set(err, ERR_LIMIT, "cannot make a PNG: %s", e->text);
    if (!(e->ask.bitonal && e->ask.channels == 1)) {
        png_write_row(e->png, row);
        return true;
    }
    for (int x = 0; x < e->ask.width_px; x++) // packing takes the low bit
        e->whole.p[x] = row[x] >> 7;
    png_write_row(e->png, e->whole.p);
    return true;
}

static bool png_end(Encoder *e, Err *err)
{
    if (setjmp(e->jump))
        return err_set(err, ERR_LIMIT, "cannot make a PNG: %s", e->text);
    png_write_end(e->png, NULL);
    return true;
}

// ---- WebP

static int webp_write(const uint8_t *bytes, size_t count, const WebPPicture *picture)
{
    buf_add_bytes(picture->custom_ptr, bytes, count);
    return 1;
}

static void webp_row(Encoder *e, const uint8_t *row)
{
    uint8_t *to = pixels_at(&e->whole, 0, e->rows);
    int colours = e->ask.channels >= 3 ? 3 : 1;
    bool alpha = e->ask.channels % 2 == 0;
    for (int x = 0; x < e->ask.width_px; x++, row += e->ask.channels, to += e->whole.channels) {
        to[0] = row[0];
        to[1] = row[colours == 3 ? 1 : 0];
        to[2] = row[colours == 3 ? 2 : 0];
        if (alpha)
            to[3] = row[colours];
    }
}

static bool webp_end(Encoder *e, Err *err)
{
    WebPConfig config;
    WebPPicture picture;
    if (!WebPConfigPreset(&config, WEBP_PRESET_PHOTO, (float)e->ask.quality) || !WebPPictureInit(&picture))
        return err_set(err, ERR_UNSUPPORTED, "cannot make a WebP");
    config.method = 2;
    if (e->ask.bitonal) // lines and letters: small without loss
        config.lossless = 1;
    picture.width = e->ask.width_px;
    picture.height = e->ask.height_px;
    picture.use_argb = config.lossless;
    picture.writer = webp_write;
    picture.custom_ptr = e->out;
    int stride = (int)e->whole.stride;
    bool ok = (e->whole.channels == 4 ? WebPPictureImportRGBA(&picture, e->whole.p, stride)
                                      : WebPPictureImportRGB(&picture, e->whole.p, stride)) &&
              WebPEncode(&config, &picture);
    int code = (int)picture.error_code;
    WebPPictureFree(&picture);
    return ok || err_set(err, ERR_LIMIT, "cannot make a WebP: libwebp says %d", code);
}

// ---- PDF 1.4: one page, as many points as pixels, filled by one JPEG

static bool pdf_end(Encoder *e, Err *err)
{
    if (!jpeg_end(e, err))
        return false;
    Buf *out = e->out;
    size_t base = out->n, at[6];
    int width = e->ask.width_px, height = e->ask.height_px, n = 1;
    buf_add(out, S("%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")); // four high bytes: not a text
    at[n++] = out->n - base;
    buf_add(out, S("1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n"));
    at[n++] = out->n - base;
    buf_add(out, S("2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1>>\nendobj\n"));
    at[n++] = out->n - base;
    buf_printf(out,
        "3 0 obj\n<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents 4 0 R"
        "/Resources<</XObject<</I 5 0 R>>>>>>\nendobj\n",
        width, height);
    char drawing[80];
    int drawing_bytes = snprintf(drawing, sizeof(drawing), "q %d 0 0 %d 0 0 cm /I Do Q", width, height);
    at[n++] = out->n - base;
    buf_printf(out, "4 0 obj\n<</Length %d>>\nstream\n%s\nendstream\nendobj\n", drawing_bytes, drawing);
    at[n++] = out->n - base;
    buf_printf(out,
        "5 0 obj\n<</Type/XObject/Subtype/Image/Width %d/Height %d/BitsPerComponent 8/ColorSpace/%s"
        "/Filter/DCTDecode/Length %zu>>\nstream\n",
        width, height, e->ask.channels == 1 ? "DeviceGray" : "DeviceRGB", e->page.n);
    buf_add(out, buf_str(&e->page));
    buf_add(out, S("\nendstream\nendobj\n"));
    size_t table = out->n - base;
    buf_add(out, S("xref\n0 6\n0000000000 65535 f \n"));
    for (int i = 1; i < n; i++)
        buf_printf(out, "%010zu 00000 n \n", at[i]);
    buf_printf(out, "trailer\n<</Size 6/Root 1 0 R>>\nstartxref\n%zu\n%%%%EOF\n", table);
    return true;
}

// ---- all of them

static bool check_side(const EncodeAsk *ask, int max_px, const char *what, Err *err)
{
    return MAX_OF(ask->width_px, ask->height_px) <= max_px ||
           err_set(err, ERR_LIMIT, "%s has at most %d pixels a side", what, max_px);
}

static bool open_format(Encoder *e, Err *err)
{
    const EncodeAsk *ask = &e->ask;
    switch (ask->format) {
    case RENDER_JPEG:
        return check_side(ask, JPEG_SIDE_MAX_PX, "a JPEG", err) && jpeg_open(e, err);
    case RENDER_PDF:
        e->page = buf_with_max(e->out->max);
        return check_side(ask, PDF_SIDE_MAX_PX, "a PDF page", err) && jpeg_open(e, err);
    case RENDER_PNG:
        if (ask->bitonal)
            e->whole = pixels_make(ask->width_px, 1, 1);
        return png_open(e, err);
    case RENDER_TIFF:
        e->tiff = tiff_writer_open(ask, e->out);
        return true;
    case RENDER_WEBP:
        if (!check_side(ask, WEBP_MAX_DIMENSION, "a WebP", err))
            return false;
        e->whole = pixels_make(ask->width_px, ask->height_px, ask->channels % 2 == 0 ? 4 : 3);
        return true;
    case RENDER_GIF:
    case RENDER_JP2:
    case RENDER_AVIF:
        if (!check_side(ask, GIF_SIDE_MAX_PX, "a picture in this format", err))
            return false;
        e->whole = pixels_make(ask->width_px, ask->height_px, ask->channels);
        return true;
    case RENDER_FORMATS:
        break;
    }
    return err_set(err, ERR_INVALID, "no such format");
}

Encoder *encoder_open(const EncodeAsk *ask, Buf *out, Err *err)
{
    CLEANUP(encoder_closep) Encoder *e = mem_alloc(sizeof(*e));
    e->ask = *ask;
    e->out = out;
    if (!open_format(e, err))
        return NULL;
    Encoder *ret = e;
    e = NULL;
    return ret;
}

static bool format_row(Encoder *e, const uint8_t *row, Err *err)
{
    switch (e->ask.format) {
    case RENDER_JPEG:
    case RENDER_PDF:
        return jpeg_row(e, row, err);
    case RENDER_PNG:
        return png_row(e, row, err);
    case RENDER_TIFF:
        return tiff_row(e->tiff, row, err);
    case RENDER_WEBP:
        webp_row(e, row);
        return true;
    case RENDER_GIF:
    case RENDER_JP2:
    case RENDER_AVIF:
        memcpy(pixels_at(&e->whole, 0, e->rows), row, (size_t)e->ask.width_px * (size_t)e->ask.channels);
        return true;
    case RENDER_FORMATS:
        break;
    }
    abort(); // there is no other format
}

static bool format_end(Encoder *e, Err *err)
{
    switch (e->ask.format) {
    case RENDER_JPEG:
        return jpeg_end(e, err);
    case RENDER_PDF:
        return pdf_end(e, err);
    case RENDER_PNG:
        return png_end(e, err);
    case RENDER_TIFF:
        return tiff_finish(e->tiff, err);
    case RENDER_WEBP:
        return webp_end(e, err);
    case RENDER_GIF:
        gif_encode(&e->whole, e->out);
        return true;
    case RENDER_JP2:
        return jp2_encode(&e->whole, e->out, err);
    case RENDER_AVIF:
        return avif_encode(&e->whole, e->ask.quality, e->out, err);
    case RENDER_FORMATS:
        break;
    }
    abort(); // there is no other format
}

bool encoder_row(Encoder *e, const uint8_t *row, Err *err)
{
    assert(e->rows < e->ask.height_px);
    bool ok = format_row(e, row, err);
    e->rows++;
    return ok;
}

bool encoder_finish(Encoder *e, Err *err)
{
    assert(e->rows == e->ask.height_px);
    bool ok = format_end(e, err);
    if (ok && e->out->full)
        return err_set(err, ERR_LIMIT, "the picture became too big");
    return ok;
}

void encoder_closep(Encoder **given)
{
    Encoder *e = *given;
    if (!e)
        return;
    if (e->jpeg.client_data)
        jpeg_destroy_compress(&e->jpeg);
    if (e->png)
        png_destroy_write_struct(&e->png, &e->png_info);
    tiff_writer_closep(&e->tiff);
    buf_free(&e->page);
    free(e->whole.p);
    free(e);
    *given = NULL;
}
