// SPDX-License-Identifier: Apache-2.0
#include "image/samples.h"

#include "base/file.h"
#include "image/int.h"

#include <math.h>
#include <stdlib.h>

enum {
    BYTES_A_PIXEL = 8,
    BYTES_ALWAYS = 16 << 20,
    CODEC_BYTES = 4 << 20,
    MAX_8 = 255,
    MAX_16 = 65535,
    PROFILE_HEAD_BYTES = 132
};

int64_t samples_bytes_max(int width_px, int height_px)
{
    return MAX_OF((int64_t)width_px * height_px * BYTES_A_PIXEL, (int64_t)BYTES_ALWAYS);
}

size_t samples_memory_bytes(int width_px, int height_px)
{
    return CODEC_BYTES + 2 * (size_t)samples_bytes_max(width_px, height_px);
}

static int bytes_of(SampleKind kind)
{
    switch (kind) {
    case SAMPLE_U8:
        return 1;
    case SAMPLE_U16:
        return 2;
    case SAMPLE_U32:
    case SAMPLE_F32:
        return 4;
    case SAMPLE_KINDS:
        break;
    }
    abort(); // cage_cut gives no other kind
}

static double sample_at(SampleKind kind, const uint8_t *row, size_t i)
{
    uint16_t u16;
    uint32_t u32;
    float f32;
    switch (kind) {
    case SAMPLE_U8:
        return row[i];
    case SAMPLE_U16:
        memcpy(&u16, row + i * sizeof(u16), sizeof(u16));
        return u16;
    case SAMPLE_U32:
        memcpy(&u32, row + i * sizeof(u32), sizeof(u32));
        return u32;
    case SAMPLE_F32:
        memcpy(&f32, row + i * sizeof(f32), sizeof(f32));
        return (double)f32;
    case SAMPLE_KINDS:
        break;
    }
    abort(); // cage_cut gives no other kind
}

// Of floating point samples the alpha of libvips is 0 .. 255 in sRGB and 0 .. 1 elsewhere; only whole numbers
// have one range.
static double alpha_max(SampleKind kind)
{
    return kind == SAMPLE_U8 ? MAX_8 : kind == SAMPLE_U16 ? MAX_16 : kind == SAMPLE_U32 ? UINT32_MAX : 1;
}

static int stretched(double v, double low, double high, int max)
{
    if (isnan(v) || v <= low)
        return 0;
    return v >= high ? max : (int)((v - low) / (high - low) * max + 0.5);
}

// ---- what the file will hold

static bool is_sixteen(RenderFormat format)
{
    return format == RENDER_PNG || format == RENDER_TIFF;
}

static bool plan_window(const CageSamples *s, const SamplesAsk *ask, EncodeAsk *e, Err *err)
{
    if (s->colour != SAMPLES_GREY && s->colour != SAMPLES_RGB)
        return err_set(
            err, ERR_UNSUPPORTED, "a window is for grey and RGB masters; this one has other colours");
    e->bits = is_sixteen(ask->format) ? 16 : 8;
    e->channels = s->colour == SAMPLES_RGB ? 3 : 1;
    if (s->alpha && is_sixteen(ask->format))
        e->channels++;
    return true;
}

static bool plan_whole(const CageSamples *s, const SamplesAsk *ask, EncodeAsk *e, Err *err)
{
    bool plain = (s->colour == SAMPLES_GREY || s->colour == SAMPLES_RGB) &&
                 s->channels == (s->colour == SAMPLES_RGB ? 3 : 1) + s->alpha;
    e->bits = bytes_of(s->kind) * 8;
    e->channels = s->channels;
    e->floating = s->kind == SAMPLE_F32;
    e->cmyk = s->colour == SAMPLES_CMYK;
    e->many = !plain && !e->cmyk;
    e->alpha_last = s->alpha;
    if (ask->format == RENDER_PNG && (!plain || e->bits > 16))
        return err_set(err, ERR_UNSUPPORTED, "a PNG cannot hold such samples; ask for .tif");
    return true;
}

// A profile that says how long it is, and is: what else is in it the reader will see.
static Str sound_profile(Str p)
{
    if (p.n < PROFILE_HEAD_BYTES || p.n % 4)
        return (Str){0};
    const uint8_t *b = (const uint8_t *)p.p;
    uint64_t says = (uint64_t)b[0] << 24 | (uint64_t)b[1] << 16 | (uint64_t)b[2] << 8 | b[3];
    return says == p.n && memcmp(p.p + 36, "acsp", 4) == 0 ? p : (Str){0};
}

// ---- rows

static void stretch_row(
    const CageSamples *s, const SamplesAsk *ask, const EncodeAsk *e, const uint8_t *row, uint8_t *to)
{
    int colours = e->channels - (e->channels % 2 == 0);
    int max = e->bits == 16 ? MAX_16 : MAX_8;
    for (int x = 0; x < ask->width_px; x++) {
        size_t from = (size_t)x * (size_t)s->channels;
        for (int c = 0; c < e->channels; c++) {
            bool alpha = c >= colours;
            double v = sample_at(s->kind, row, from + (size_t)(alpha ? s->channels - 1 : c));
            uint16_t out = (uint16_t)(alpha ? stretched(v, 0, alpha_max(s->kind), max)
                                            : stretched(v, ask->low, ask->high, max));
            size_t i = (size_t)x * (size_t)e->channels + (size_t)c;
            if (e->bits == 16)
                memcpy(to + i * sizeof(out), &out, sizeof(out));
            else
                to[i] = (uint8_t)out;
        }
    }
}

static bool put_rows(
    int fd, const CageSamples *s, const SamplesAsk *ask, const EncodeAsk *e, Encoder *encoder, Err *err)
{
    size_t bytes = (size_t)ask->width_px * (size_t)s->channels * (size_t)bytes_of(s->kind);
    uint8_t *row = mem_alloc(bytes);
    uint8_t *made = mem_alloc((size_t)ask->width_px * (size_t)e->channels * 2);
    bool good = true;
    for (int y = 0; y < ask->height_px && good; y++) {
        good = file_read_at(fd, row, bytes, (uint64_t)y * bytes, err);
        if (good && ask->windowed)
            stretch_row(s, ask, e, row, made);
        good = good && encoder_row(encoder, ask->windowed ? made : row, err);
    }
    free(row);
    free(made);
    return good;
}

bool samples_encode(int fd, const CageSamples *s, const SamplesAsk *ask, Buf *out, Err *err)
{
    enum { QUALITY = 90 };
    EncodeAsk e = {
        .format = ask->format, .width_px = ask->width_px, .height_px = ask->height_px, .quality = QUALITY};
    if (ask->windowed ? !plan_window(s, ask, &e, err) : !plan_whole(s, ask, &e, err))
        return false;
    e.samples = true;
    uint64_t end = (uint64_t)ask->width_px * (uint64_t)ask->height_px * (uint64_t)s->channels *
                   (uint64_t)bytes_of(s->kind);
    uint8_t *profile = mem_alloc((size_t)s->profile_bytes + 1);
    bool good = file_read_at(fd, profile, (size_t)s->profile_bytes, end, err);
    if (good && !ask->windowed)
        e.profile = sound_profile((Str){(char *)profile, (size_t)s->profile_bytes});
    CLEANUP(encoder_closep) Encoder *encoder = good ? encoder_open(&e, out, err) : NULL;
    good = encoder && put_rows(fd, s, ask, &e, encoder, err) && encoder_finish(encoder, err);
    free(profile);
    return good;
}
