// SPDX-License-Identifier: Apache-2.0
// The address of an image request, strictly:
//
//   /iiif/3/{id}                                                  -> ASK_BASE
//   /iiif/3/{id}/info.json                                        -> ASK_INFO
//   /iiif/3/{id}/{region}/{size}/{rotation}/{quality}.{format}    -> ASK_PICTURE
//
// Numbers are digits and at most one point. A whole number too long for us counts as NUMBER_MAX: it is still
// a number.
#include "base/utf8.h"
#include "tile/int.h"

#include <math.h>
#include <stdlib.h>

enum { ID_MAX_BYTES = 1024, SEGMENTS = 5, DIGITS_MAX = 40 };

static bool parse_whole(Str s, int *ret)
{
    int64_t value = 0;
    if (s.n == 0 || s.n > DIGITS_MAX)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        value = MIN_OF(value * 10 + (s.p[i] - '0'), (int64_t)NUMBER_MAX);
    }
    *ret = (int)value;
    return true;
}

static bool parse_decimal(Str s, double *ret)
{
    return s.n && s.p[0] != '-' && s.p[s.n - 1] != '.' && str_to_double(s, ret);
}

// Exactly `count` pieces between commas, empty ones included.
static bool split(Str s, Str *pieces, int count)
{
    for (int i = 0; i < count - 1; i++)
        if (!str_cut(s, ',', &pieces[i], &s))
            return false;
    pieces[count - 1] = s;
    return !memchr(s.p, ',', s.n);
}

static bool parse_region(Str s, TileAsk *ask)
{
    Str p[4];
    if (str_eq(s, S("full"))) {
        ask->region = REGION_FULL;
        return true;
    }
    if (str_eq(s, S("square"))) {
        ask->region = REGION_SQUARE;
        return true;
    }
    if (str_starts(s, S("pct:"))) {
        ask->region = REGION_PERCENT;
        return split(str_slice(s, 4, s.n), p, 4) && parse_decimal(p[0], &ask->left_pct) &&
               parse_decimal(p[1], &ask->top_pct) && parse_decimal(p[2], &ask->width_pct) &&
               parse_decimal(p[3], &ask->height_pct) && ask->width_pct > 0 && ask->height_pct > 0;
    }
    ask->region = REGION_PIXELS;
    return split(s, p, 4) && parse_whole(p[0], &ask->left_px) && parse_whole(p[1], &ask->top_px) &&
           parse_whole(p[2], &ask->width_px) && parse_whole(p[3], &ask->height_px) && ask->width_px > 0 &&
           ask->height_px > 0;
}

static bool parse_size(Str s, TileAsk *ask)
{
    Str p[2];
    ask->upscale = ask->version == 2;
    if (ask->version == 3 && s.n && s.p[0] == '^') {
        ask->upscale = true;
        s = str_slice(s, 1, s.n);
    }
    if (str_eq(s, S("max")) || (ask->version == 2 && str_eq(s, S("full")))) {
        ask->size = s.p[0] == 'm' ? SIZED_MAX : SIZED_FULL;
        return true;
    }
    if (str_starts(s, S("pct:"))) {
        ask->size = SIZED_PERCENT;
        return parse_decimal(str_slice(s, 4, s.n), &ask->size_pct) && ask->size_pct > 0;
    }
    bool fit = s.n && s.p[0] == '!';
    if (!split(fit ? str_slice(s, 1, s.n) : s, p, 2) || (p[0].n && !parse_whole(p[0], &ask->out_width_px)) ||
        (p[1].n && !parse_whole(p[1], &ask->out_height_px)))
        return false;
    if ((p[0].n && ask->out_width_px == 0) || (p[1].n && ask->out_height_px == 0))
        return false;
    ask->size = fit ? SIZED_FIT : p[0].n && p[1].n ? SIZED_EXACT : p[0].n ? SIZED_WIDTH : SIZED_HEIGHT;
    return (p[0].n && p[1].n) || (!fit && (p[0].n || p[1].n));
}

static bool parse_rotation(Str s, TileAsk *ask)
{
    ask->mirror = s.n && s.p[0] == '!';
    if (!parse_decimal(ask->mirror ? str_slice(s, 1, s.n) : s, &ask->rotation_deg) || ask->rotation_deg > 360)
        return false;
    if (ask->rotation_deg == 360)
        ask->rotation_deg = 0;
    return true;
}

static bool parse_quality(Str s, TileAsk *ask)
{
    static const struct {
        Str name;
        RenderQuality quality;
    } qualities[] = {
        {{"default", 7}, RENDER_COLOR},
        {{"color", 5}, RENDER_COLOR},
        {{"gray", 4}, RENDER_GRAY},
        {{"bitonal", 7}, RENDER_BITONAL},
    };
    ask->quality_default = str_eq(s, S("default"));
    for (size_t i = 0; i < COUNT_OF(qualities); i++) {
        if (!str_eq(s, qualities[i].name))
            continue;
        ask->quality = qualities[i].quality;
        return true;
    }
    return false;
}

// The formats that image/render makes: all that the standard names, and AVIF.
static const struct {
    const char *name;
    RenderFormat format;
    const char *type;
} FORMATS[] = {
    {"jpg", RENDER_JPEG, "image/jpeg"},
    {"png", RENDER_PNG, "image/png"},
    {"webp", RENDER_WEBP, "image/webp"},
    {"tif", RENDER_TIFF, "image/tiff"},
    {"gif", RENDER_GIF, "image/gif"},
    {"pdf", RENDER_PDF, "application/pdf"},
    {"jp2", RENDER_JP2, "image/jp2"},
    {"avif", RENDER_AVIF, "image/avif"},
};

const char *format_name(RenderFormat format)
{
    assert(FORMATS[format].format == format);
    return FORMATS[format].name;
}

Str format_type(RenderFormat format)
{
    assert(FORMATS[format].format == format);
    return str_from(FORMATS[format].type);
}

static bool parse_format(Str s, TileAsk *ask, Err *err)
{
    _Static_assert(COUNT_OF(FORMATS) == RENDER_FORMATS, "one row for each format, in their order");
    for (size_t i = 0; i < COUNT_OF(FORMATS); i++) {
        if (!str_eq(s, str_from(FORMATS[i].name)))
            continue;
        ask->format = FORMATS[i].format;
        return true;
    }
    return err_set(err, ERR_INVALID, "no such format");
}

// Most segments have nothing to decode and are then borrowed from the path.
static bool decode(Arena *a, Str sent, Str *ret, Err *err)
{
    if (!memchr(sent.p, '%', sent.n)) {
        *ret = sent;
        return true;
    }
    return uri_decode(a, sent, false, ret, err);
}

static bool parse_id(Str sent, Arena *a, TileAsk *ask, Err *err)
{
    ask->id_sent = sent;
    if (sent.n == 0)
        return err_set(err, ERR_INVALID, "no image in the address");
    if (sent.n > 3 * ID_MAX_BYTES || !decode(a, sent, &ask->id, err))
        return err_set(err, ERR_INVALID, "bad image id");
    if (ask->id.n > ID_MAX_BYTES || !utf8_valid(ask->id, NULL) || memchr(ask->id.p, '\0', ask->id.n))
        return err_set(err, ERR_INVALID, "bad image id");
    return true;
}

static bool parse_picture(const Str *sent, Arena *a, TileAsk *ask, Err *err)
{
    Str s[4], quality, format;
    for (int i = 0; i < 4; i++)
        if (!decode(a, sent[i], &s[i], err))
            return false;
    if (!parse_region(s[0], ask))
        return err_set(err, ERR_INVALID, "bad region");
    if (!parse_size(s[1], ask))
        return err_set(err, ERR_INVALID, "bad size");
    if (!parse_rotation(s[2], ask))
        return err_set(err, ERR_INVALID, "bad rotation");
    if (!str_cut_last(s[3], '.', &quality, &format) || !parse_quality(quality, ask))
        return err_set(err, ERR_INVALID, "bad quality");
    return parse_format(format, ask, err);
}

// A number as people write it, with a sign and an exponent if need be: floating point masters have such
// values.
static bool parse_value(Str s, double *ret)
{
    static const char ALPHABET[] = "0123456789.-+eE";
    enum { VALUE_MAX_BYTES = 40 };
    char text[VALUE_MAX_BYTES + 1], *end;
    if (s.n == 0 || s.n > VALUE_MAX_BYTES)
        return false;
    for (size_t i = 0; i < s.n; i++)
        if (!memchr(ALPHABET, s.p[i], sizeof(ALPHABET) - 1))
            return false;
    memcpy(text, s.p, s.n);
    text[s.n] = '\0';
    *ret = strtod(text, &end);
    return *end == '\0' && isfinite(*ret);
}

bool ask_parse_samples(const Str *depth, const Str *window, TileAsk *ask, Err *err)
{
    Str low, high;
    if (depth && window)
        return err_set(err, ERR_INVALID, "depth or window, not both");
    if (depth && !str_eq(*depth, S("master")))
        return err_set(err, ERR_INVALID, "depth can only be \"master\"");
    if (window && (!str_cut(*window, ',', &low, &high) || !parse_value(low, &ask->low) ||
                      !parse_value(high, &ask->high) || ask->low >= ask->high))
        return err_set(err, ERR_INVALID, "a window is two numbers, the lower first: window=1000,52000");
    ask->depth_master = depth != NULL;
    ask->windowed = window != NULL;
    return true;
}

bool tile_is_request(Str path)
{
    return str_starts(path, S("/iiif/3/")) || str_starts(path, S("/iiif/2/"));
}

bool ask_parse(Str path, Arena *a, TileAsk *ret, Err *err)
{
    if (!tile_is_request(path))
        return err_set(err, ERR_INVALID, "not an image address");
    TileAsk ask = {.version = path.p[6] - '0'};
    Str rest = str_slice(path, 8, path.n), segments[SEGMENTS];
    int count = 0;
    bool more = true;
    while (more && count < SEGMENTS) {
        more = str_cut(rest, '/', &segments[count], &rest);
        if (!more)
            segments[count] = rest;
        count++;
    }
    if (!parse_id(segments[0], a, &ask, err))
        return false;
    if (more) // most likely a slash in the id that is not encoded: then no such image is known
        return err_set(err, ERR_NOT_FOUND, "nothing here: an image address has at most 5 parts");
    if (count != 1 && count != 2 && count != SEGMENTS)
        return err_set(err, ERR_INVALID, "an image address has 1, 2 or 5 parts");
    ask.kind = count == 1 ? ASK_BASE : count == 2 ? ASK_INFO : ASK_PICTURE;
    if (count == 2 && !str_eq(segments[1], S("info.json")))
        return err_set(err, ERR_INVALID, "only info.json is there");
    if (count == SEGMENTS && !parse_picture(segments + 1, a, &ask, err))
        return false;
    *ret = ask;
    return true;
}
