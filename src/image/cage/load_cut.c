// SPDX-License-Identifier: Apache-2.0
// A region of a master in its own samples: nothing is converted, only cut out, and made smaller where that is
// asked for. Rows go out as they are in memory, the profile behind them.
#include "image/cage/vips_int.h"

#include <errno.h>
#include <unistd.h>

static bool kind_of(VipsImage *image, SampleKind *ret)
{
    static const struct {
        VipsBandFormat format;
        SampleKind kind;
    } kinds[] = {
        {VIPS_FORMAT_UCHAR, SAMPLE_U8},
        {VIPS_FORMAT_USHORT, SAMPLE_U16},
        {VIPS_FORMAT_UINT, SAMPLE_U32},
        {VIPS_FORMAT_FLOAT, SAMPLE_F32},
    };
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (image->BandFmt == kinds[i].format && image->Coding == VIPS_CODING_NONE)
            return *ret = kinds[i].kind, true;
    return false;
}

static SamplesColour colour_of_samples(const VipsImage *image, int colours)
{
    VipsInterpretation type = image->Type;
    if (type == VIPS_INTERPRETATION_CMYK && colours == 4)
        return SAMPLES_CMYK;
    if (colours == 3 && (type == VIPS_INTERPRETATION_sRGB || type == VIPS_INTERPRETATION_RGB ||
                            type == VIPS_INTERPRETATION_RGB16 || type == VIPS_INTERPRETATION_scRGB))
        return SAMPLES_RGB;
    return colours == 1 ? SAMPLES_GREY : SAMPLES_OTHER;
}

static bool describe(VipsImage *image, CageSamples *ret, Err *err)
{
    CageSamples s = {.channels = image->Bands, .alpha = vips_image_hasalpha(image)};
    if (image->Type == VIPS_INTERPRETATION_LAB || image->Type == VIPS_INTERPRETATION_LABS ||
        image->Type == VIPS_INTERPRETATION_LABQ || !kind_of(image, &s.kind))
        return err_set(err, ERR_UNSUPPORTED, "samples of this kind are not given out as they are");
    if (image->Bands > SAMPLES_CHANNELS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d bands", SAMPLES_CHANNELS_MAX);
    s.colour = colour_of_samples(image, image->Bands - s.alpha);
    *ret = s;
    return true;
}

// What orientation the file was taken in is undone, so that regions are those of the picture everybody sees.
static bool upright(VipsImage **image)
{
    VipsImage *made = NULL;
    return vips_image_get_orientation(*image) <= 1 ||
           vips_step(image, &made, vips_autorot(*image, &made, NULL));
}

static bool cut(VipsImage **image, const CageCut *c)
{
    VipsImage *made = NULL;
    if (!vips_step(
            image, &made, vips_crop(*image, &made, c->left_px, c->top_px, c->width_px, c->height_px, NULL)))
        return false;
    made = NULL;
    // Linear: a filter that overshoots would make values that no sample has.
    return (c->out_width_px == c->width_px && c->out_height_px == c->height_px) ||
           vips_step(image, &made,
               vips_resize(*image, &made, (double)c->out_width_px / c->width_px, "vscale",
                   (double)c->out_height_px / c->height_px, "kernel", VIPS_KERNEL_LINEAR, NULL));
}

static bool write_all(int fd, const void *bytes, size_t count, Err *err)
{
    for (const char *p = bytes; count > 0;) {
        ssize_t n = write(fd, p, count);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return err_errno(err, "cannot write the samples");
        p += n;
        count -= (size_t)n;
    }
    return true;
}

static bool write_samples(VipsImage *image, int fd, Format format, Err *err)
{
    VipsRegion *region = vips_region_new(image);
    bool ok = true, decoded = true;
    for (int y = 0; y < image->Ysize && ok && decoded; y += STRIP_PX) {
        VipsRect strip = {0, y, image->Xsize, MIN_OF(STRIP_PX, image->Ysize - y)};
        decoded = vips_region_prepare(region, &strip) == 0;
        for (int i = 0; i < strip.height && ok && decoded; i++)
            ok = write_all(fd, VIPS_REGION_ADDR(region, 0, y + i), VIPS_IMAGE_SIZEOF_LINE(image), err);
    }
    g_object_unref(region);
    return ok && (decoded || vips_failed(err, format));
}

static bool write_profile(VipsImage *image, int fd, CageSamples *s, Err *err)
{
    const void *profile;
    size_t bytes;
    if (!vips_image_get_typeof(image, VIPS_META_ICC_NAME) ||
        vips_image_get_blob(image, VIPS_META_ICC_NAME, &profile, &bytes) != 0 ||
        bytes > SAMPLES_PROFILE_MAX_BYTES)
        return true;
    s->profile_bytes = (int)bytes;
    return write_all(fd, profile, bytes, err);
}

bool load_cut(const Task *task, Format format, ImageFacts *ret, CageSamples *ret_samples, Err *err)
{
    const CageCut *c = &task->question.region;
    CLEANUP(opened_close) Opened o = {0};
    if (!vips_open_page(task, format, &o, err))
        return false;
    if (vips_image_get_orientation(o.image) > 1) {
        opened_close(&o);
        o = (Opened){.random = true};
        if (!vips_open_page(task, format, &o, err))
            return false;
    }
    CageSamples s;
    if (!task_seen(task, &o.facts, err) || !describe(o.image, &s, err))
        return false;
    if (!upright(&o.image))
        return vips_failed(err, format);
    if (c->width_px < 1 || c->height_px < 1 || c->left_px < 0 || c->top_px < 0 || c->out_width_px < 1 ||
        c->out_height_px < 1 || c->out_width_px > c->width_px || c->out_height_px > c->height_px ||
        c->left_px > o.image->Xsize - c->width_px || c->top_px > o.image->Ysize - c->height_px)
        return err_set(err, ERR_INVALID, "the region lies outside the picture");
    if (!cut(&o.image, c))
        return vips_failed(err, format);
    if (o.image->Xsize != c->out_width_px || o.image->Ysize != c->out_height_px)
        return err_set(err, ERR_CORRUPT, "the picture came out in another size");
    if (VIPS_IMAGE_SIZEOF_LINE(o.image) * (uint64_t)o.image->Ysize > (uint64_t)c->bytes_max)
        return err_set(err, ERR_LIMIT, "so many samples are given in smaller pieces only");
    if (!write_samples(o.image, task->to, format, err) || !write_profile(o.image, task->to, &s, err))
        return false;
    *ret = o.facts;
    *ret_samples = s;
    return true;
}
