// SPDX-License-Identifier: Apache-2.0
// libvips reads strip after strip, as its decoders deliver them; only formats that cannot be read from top to
// bottom (interlaced PNG, HEIF, JPEG XL) are decoded whole, against the child's memory limit. Which loader
// reads a file is decided by look.c, so nothing guesses and no other loader ever sees foreign bytes.
#include "image/cage/vips_int.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// What libraries want to say about a file goes nowhere: the program reports the error in words of its own.
static GLogWriterOutput say_nothing(GLogLevelFlags level, const GLogField *fields, gsize count, gpointer user)
{
    (void)level, (void)fields, (void)count, (void)user;
    return G_LOG_WRITER_HANDLED;
}

// What libraries write to standard error. A pipe that nobody empties while a file is read: what does not fit
// is lost.
static int complaints = -1;

// Takes the complaints so far; says whether one is about a font. A page whose fonts are not in the file would
// come out with its text missing, for no other font can be reached from here.
static bool complained_of_font(void)
{
    char text[4096];
    bool font = false;
    for (ssize_t n; (n = read(complaints, text, sizeof(text))) > 0;) {
        size_t at;
        font = font || str_find((Str){text, (size_t)n}, S("font"), &at) ||
               str_find((Str){text, (size_t)n}, S("Font"), &at);
    }
    return font;
}

bool load_vips_start(Err *err)
{
    int ends[2];
    if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
        return err_errno(err, "cannot make a pipe");
    close(ends[1]);
    complaints = ends[0];
    g_log_set_writer_func(say_nothing, NULL, NULL);
    setenv("VIPS_DISC_THRESHOLD", "1000g", 1); // never a temporary file: there is no place for one
    setenv("VIPS_NOVECTOR", "1", 1);           // its vectors are code made at run time: not in here
    if (VIPS_INIT("vitrine-cage") != 0)
        return err_set(err, ERR_IO, "libvips does not start: %s", vips_error_buffer());
    vips_concurrency_set(1);
    vips_cache_set_max(0);
    return true;
}

// ---- opening

// The loader of each kind; `paged` ones take the number of a picture in the file.
static const struct {
    const char *operation;
    VipsFailOn fail_on;
    bool paged;
} loaders[] = {
    [FORMAT_JPEG] = {"jpegload_source", VIPS_FAIL_ON_WARNING, false},
    [FORMAT_PNG] = {"pngload_source", VIPS_FAIL_ON_ERROR, false},
    [FORMAT_TIFF] = {"tiffload_source", VIPS_FAIL_ON_ERROR, true},
    [FORMAT_WEBP] = {"webpload_source", VIPS_FAIL_ON_ERROR, false},
    [FORMAT_GIF] = {"gifload_source", VIPS_FAIL_ON_ERROR, false},
    [FORMAT_JP2] = {"jp2kload_source", VIPS_FAIL_ON_ERROR, false},
    [FORMAT_JXL] = {"jxlload_source", VIPS_FAIL_ON_ERROR, false},
    [FORMAT_AVIF] = {"heifload_source", VIPS_FAIL_ON_ERROR, true},
    [FORMAT_HEIC] = {"heifload_source", VIPS_FAIL_ON_ERROR, true},
    [FORMAT_PDF] = {"pdfload_source", VIPS_FAIL_ON_ERROR, true},
};

static VipsImage *open_image(VipsSource *source, Format format, int page, VipsAccess access)
{
    enum { PDF_DPI = 300 }; // as a scan of the page would have
    VipsImage *image = NULL;
    assert(format != FORMAT_UNKNOWN);
    VipsOperation *load = vips_operation_new(loaders[format].operation);
    if (!load)
        return NULL;
    g_object_set(load, "source", source, "access", access, "fail_on", loaders[format].fail_on, NULL);
    if (loaders[format].paged)
        g_object_set(load, "page", page, NULL);
    if (format == FORMAT_PDF)
        g_object_set(load, "dpi", (double)PDF_DPI, NULL);
    if (vips_object_build(VIPS_OBJECT(load)) == 0)
        g_object_get(load, "out", &image, NULL);
    vips_object_unref_outputs(VIPS_OBJECT(load));
    g_object_unref(load);
    return image;
}

// libvips gathers one line a complaint; the first names the cause.
bool vips_failed(Err *err, Format format)
{
    char text[200];
    snprintf(text, sizeof(text), "%s", vips_error_buffer());
    text[strcspn(text, "\n")] = '\0';
    vips_error_clear();
    if (strstr(text, "out of memory"))
        return err_set(err, ERR_LIMIT, "reading it needs more memory than is allowed");
    return err_set(err, ERR_CORRUPT, "not a whole %s: %s", strchr(look_mime(format), '/') + 1,
        *text ? text : "it cannot be read");
}

// ---- facts

static int bits_of(VipsImage *image)
{
    int bits = 0;
    if (vips_image_get_typeof(image, "bits-per-sample") &&
        vips_image_get_int(image, "bits-per-sample", &bits) == 0 && bits > 0 && bits <= 64)
        return bits;
    return (int)vips_format_sizeof(image->BandFmt) * 8;
}

static void colour_of(VipsImage *image, char *ret, size_t bytes)
{
    const void *profile;
    size_t profile_bytes;
    const char *plain = image->Type == VIPS_INTERPRETATION_CMYK ? "cmyk"
                        : image->Type == VIPS_INTERPRETATION_LAB || image->Type == VIPS_INTERPRETATION_LABS ||
                                image->Type == VIPS_INTERPRETATION_LABQ
                            ? "lab"
                        : image->Type == VIPS_INTERPRETATION_B_W || image->Type == VIPS_INTERPRETATION_GREY16
                            ? "grey"
                            : "srgb";
    snprintf(ret, bytes, "%s", plain);
    if (strcmp(plain, "srgb") != 0)
        return;
    char name[28];
    if (vips_image_get_typeof(image, VIPS_META_ICC_NAME) &&
        vips_image_get_blob(image, VIPS_META_ICC_NAME, &profile, &profile_bytes) == 0) {
        Colour *colour = colour_open((Str){profile, profile_bytes}, 3, name, sizeof(name));
        if (colour)
            snprintf(ret, bytes, "icc:%s", name);
        colour_closep(&colour);
    }
}

static ImageFacts facts_of(VipsImage *image, Format format, const TiffLook *tiff)
{
    Turn turn = turn_of_exif(vips_image_get_orientation(image));
    ImageFacts f = {.width_px = turn.swap ? image->Ysize : image->Xsize,
        .height_px = turn.swap ? image->Xsize : image->Ysize,
        .pages = 1, // frames of a film and resolutions of one picture are not pages
        .frames = 1,
        .bits = tiff ? tiff->bits : bits_of(image),
        .alpha = vips_image_hasalpha(image)};
    if (tiff)
        f.pages = tiff->pages;
    else if (format == FORMAT_AVIF || format == FORMAT_HEIC || format == FORMAT_PDF)
        f.pages = MAX_OF(1, vips_image_get_n_pages(image));
    else if (format == FORMAT_GIF || format == FORMAT_WEBP)
        f.frames = MAX_OF(1, vips_image_get_n_pages(image));
    snprintf(f.format, sizeof(f.format), "%s", look_mime(format));
    colour_of(image, f.colour, sizeof(f.colour));
    return f;
}

// ---- to 8-bit sRGB or grey without alpha

bool vips_step(VipsImage **image, VipsImage **made, int code)
{
    if (code != 0)
        return false;
    g_object_unref(*image);
    *image = *made;
    return true;
}

static bool flatten(VipsImage **image)
{
    VipsImage *made = NULL;
    if (!vips_image_hasalpha(*image))
        return true;
    VipsArrayDouble *white = vips_array_double_newv(1,
        (*image)->Type == VIPS_INTERPRETATION_RGB16 || (*image)->Type == VIPS_INTERPRETATION_GREY16 ? 65535.0
        : (*image)->Type == VIPS_INTERPRETATION_scRGB                                               ? 1.0
                                                                                                    : 255.0);
    int code = vips_flatten(*image, &made, "background", white, NULL);
    vips_area_unref(VIPS_AREA(white));
    return vips_step(image, &made, code);
}

static bool to_srgb(VipsImage **image)
{
    VipsImage *made = NULL;
    bool cmyk = (*image)->Type == VIPS_INTERPRETATION_CMYK;
    bool grey = (*image)->Type == VIPS_INTERPRETATION_B_W || (*image)->Type == VIPS_INTERPRETATION_GREY16;
    bool profile = vips_image_get_typeof(*image, VIPS_META_ICC_NAME) != 0;
    if ((profile && !grey) || cmyk) { // with a broken profile libvips falls back to input_profile
        if (vips_step(image, &made,
                vips_icc_transform(*image, &made, "srgb", "embedded", TRUE, "input_profile",
                    cmyk ? "cmyk" : "srgb", "intent", VIPS_INTENT_RELATIVE, "depth", 8, NULL)))
            return true;
        vips_error_clear();
        if (cmyk)
            return false;
    }
    return vips_step(image, &made,
        vips_colourspace(*image, &made, grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB, NULL));
}

static bool to_bytes(VipsImage **image)
{
    VipsImage *made = NULL;
    if ((*image)->BandFmt != VIPS_FORMAT_UCHAR &&
        !vips_step(image, &made, vips_cast_uchar(*image, &made, NULL)))
        return false;
    int bands = (*image)->Bands >= 3 ? 3 : 1;
    made = NULL;
    return (*image)->Bands == bands ||
           vips_step(image, &made, vips_extract_band(*image, &made, 0, "n", bands, NULL));
}

// ---- rows

// To one of the two.
static bool pull_rows(VipsImage *image, Tiler *tiler, Small *small, Err *err)
{
    VipsRegion *region = vips_region_new(image);
    bool ok = true, decoded = true;
    for (int y = 0; y < image->Ysize && ok && decoded; y += STRIP_PX) {
        VipsRect strip = {0, y, image->Xsize, MIN_OF(STRIP_PX, image->Ysize - y)};
        decoded = vips_region_prepare(region, &strip) == 0;
        for (int i = 0; i < strip.height && ok && decoded; i++)
            if (small)
                small_row(small, VIPS_REGION_ADDR(region, 0, y + i));
            else
                ok = tiler_row(tiler, VIPS_REGION_ADDR(region, 0, y + i), err);
    }
    g_object_unref(region);
    if (!decoded)
        err->kind = ERR_NONE; // the caller has the words of libvips
    return ok && decoded;
}

static bool derive(const Task *task, VipsImage **image, Turn turn, Format format, Err *err)
{
    TilerAsk ask = {.width_px = (*image)->Xsize,
        .height_px = (*image)->Ysize,
        .channels = (*image)->Bands,
        .turn = turn,
        .tile_px = task->question.tile_px,
        .quality = task->question.quality};
    CLEANUP(tiler_closep) Tiler *tiler = tiler_open(task->to, &ask, err);
    if (!tiler)
        return false;
    *err = (Err){0};
    if (!pull_rows(*image, tiler, NULL, err))
        return err->kind != ERR_NONE ? false : vips_failed(err, format);
    return tiler_finish(tiler, err);
}

static bool make_small(const Task *task, VipsImage *image, Turn turn, Format format, CageSmall *ret, Err *err)
{
    CLEANUP(small_closep)
    Small *small = small_open(task, image->Xsize, image->Ysize, image->Bands, turn);
    *err = (Err){0};
    return pull_rows(image, NULL, small, err) ? small_finish(small, task, ret, err)
                                              : vips_failed(err, format);
}

static bool decode(
    const Task *task, VipsImage **image, Turn turn, Format format, CageSmall *ret_small, Err *err)
{
    if (!flatten(image) || !to_srgb(image) || !to_bytes(image))
        return vips_failed(err, format);
    return task->question.job == CAGE_SMALL ? make_small(task, *image, turn, format, ret_small, err)
                                            : derive(task, image, turn, format, err);
}

void opened_close(Opened *o)
{
    if (o->image)
        g_object_unref(o->image);
    if (o->source)
        g_object_unref(o->source);
    *o = (Opened){0};
}

bool vips_open_page(const Task *task, Format format, Opened *o, Err *err)
{
    TiffLook tiff;
    if (format == FORMAT_TIFF && !tiff_look(task->from, &tiff))
        return err_set(err, ERR_CORRUPT, "the TIFF is cut off or damaged: its directories lead nowhere");
    int page = task->question.page;
    if (page < 0 || (format == FORMAT_TIFF ? page >= tiff.pages : page > 0 && !loaders[format].paged))
        return err_set(err, ERR_INVALID, "the file has no page %d", page);
    vips_error_clear(); // what the last file left
    complained_of_font();
    o->source = format == FORMAT_TIFF && tiff.pages > 1 ? tiff_page_source(task, &tiff, page)
                                                        : vips_source_new_from_descriptor(task->from);
    if (!o->source)
        return vips_failed(err, format);
    o->image = open_image(o->source, format, format == FORMAT_TIFF ? 0 : page,
        o->random ? VIPS_ACCESS_RANDOM : VIPS_ACCESS_SEQUENTIAL);
    if (!o->image)
        return vips_failed(err, format);
    o->facts = facts_of(o->image, format, format == FORMAT_TIFF ? &tiff : NULL);
    return true;
}

bool load_vips(const Task *task, Format format, ImageFacts *ret, CageSmall *ret_small, Err *err)
{
    CLEANUP(opened_close) Opened o = {0};
    if (!vips_open_page(task, format, &o, err))
        return false;
    Turn turn = turn_of_exif(vips_image_get_orientation(o.image));
    if (!task_seen(task, &o.facts, err))
        return false;
    if (task->question.job != CAGE_PROBE && !decode(task, &o.image, turn, format, ret_small, err))
        return false;
    if (format == FORMAT_PDF && complained_of_font())
        return err_set(err, ERR_UNSUPPORTED,
            "the page uses a font that is not in the file; save it with fonts embedded");
    *ret = o.facts;
    return true;
}
