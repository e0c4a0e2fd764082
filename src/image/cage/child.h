// SPDX-License-Identifier: Apache-2.0
// image/cage/child: what the files of the program vitrine-cage share. Everything here runs behind the bars;
// only this program is linked with libvips and lcms2.
#pragma once

#include "base/bars.h"
#include "image/cage/wire.h"
#include "image/int.h"

// What is asked for, and whom to tell when the size is known (before anything is decoded).
typedef struct {
    CageQuestion question;
    int from, to;
    uint64_t from_bytes;
    bool (*seen)(const ImageFacts *facts, Err *err);
} Task;

// look.c: the kind of file by its first bytes.
typedef enum {
    FORMAT_UNKNOWN,
    FORMAT_JPEG,
    FORMAT_PNG,
    FORMAT_TIFF,
    FORMAT_WEBP,
    FORMAT_GIF,
    FORMAT_JP2,
    FORMAT_JXL,
    FORMAT_AVIF,
    FORMAT_HEIC,
    FORMAT_PDF,
} Format;

Format look_at(Str head);
const char *look_mime(Format format);
enum { LOOK_BYTES = 64 };

// What every decoder does when it has read the header: limits, then `seen`.
bool task_seen(const Task *task, const ImageFacts *facts, Err *err) MUST_CHECK;

// colour.c: from the colours of a profile to sRGB, 8 bits, by lcms2.
typedef struct Colour Colour;

// NULL if the profile already means sRGB (or grey with its tone curve), or is broken: then the samples are
// taken for sRGB, which is what nearly every picture with a broken profile holds. Writes the profile's name.
Colour *colour_open(Str profile, int channels, char *ret_name, size_t name_bytes);
void colour_row(const Colour *c, uint8_t *row, int width_px); // in place
void colour_closep(Colour **c);

// small.c: what CAGE_SMALL wants, from rows of 1 or 3 channels (sRGB) as they come before turning.
typedef struct Small Small;
Small *small_open(const Task *task, int width_px, int height_px, int channels, Turn turn);
void small_row(Small *s, const uint8_t *row); // height_px times, top first
bool small_finish(Small *s, const Task *task, CageSmall *ret, Err *err) MUST_CHECK;
void small_closep(Small **s);

// load_jpeg.c: grey and three-component JPEGs straight from libjpeg-turbo. False with ERR_NONE: not one of
// those.
bool load_jpeg(const Task *task, ImageFacts *ret, CageSmall *ret_small, Err *err) MUST_CHECK;
// load_tiff.c: very wide tiled TIFFs. False with ERR_NONE: not one of those.
bool load_tiff(const Task *task, ImageFacts *ret, Err *err) MUST_CHECK;
// tiff_page.c: one page of a TIFF of several; reads from the task's descriptor. NULL if libvips says no.
struct _VipsSource *tiff_page_source(const Task *task, const TiffLook *look, int page) MUST_CHECK;
// load_cut.c: a cut of any file.
bool load_cut(
    const Task *task, Format format, ImageFacts *ret, CageSamples *ret_samples, Err *err) MUST_CHECK;
// load_vips.c: everything else.
bool load_vips_start(Err *err) MUST_CHECK; // before the bars close
bool load_vips(const Task *task, Format format, ImageFacts *ret, CageSmall *ret_small, Err *err) MUST_CHECK;
