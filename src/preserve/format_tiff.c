// SPDX-License-Identifier: Apache-2.0
// TIFF and what is built like it: the tags of the first directory tell GeoTIFF, TIFF/EP, DNG and Canon's raw
// form from plain TIFF; in a JPEG, the Exif directory tells its version (TIFF 6.0; Exif 2.32, 4.6.2).
#include "preserve/format_int.h"

enum {
    ENTRIES_MAX = 4096, // of a directory
    ENTRY_BYTES = 12,
    BIG_ENTRY_BYTES = 20,
    TAG_EXIF = 0x8769,
    TAG_EXIF_VERSION = 0x9000,
    TAG_GEO_KEYS = 0x87AF,
    TAG_EP_STANDARD = 0x9216,
    TAG_DNG_VERSION = 0xC612,
};

typedef struct {
    const FormatSource *s;
    uint64_t start; // of the TIFF in the file: offsets count from here
    bool little, big_tiff;
} Tiff;

static bool number(const Tiff *t, uint64_t at, size_t bytes, uint64_t *ret)
{
    unsigned char raw[8];
    uint64_t value = 0;
    if (at > UINT64_MAX - t->start || !format_bytes(t->s, t->start + at, bytes, raw))
        return false;
    for (size_t i = 0; i < bytes; i++)
        value = value << 8 | raw[t->little ? bytes - 1 - i : i];
    *ret = value;
    return true;
}

// Where the value of a tag stands: the four (or eight) bytes of its entry.
static bool find_tag(const Tiff *t, uint64_t directory, uint64_t tag, uint64_t *ret_at)
{
    uint64_t count, entry = directory + (t->big_tiff ? 8 : 2), have;
    if (directory > INT64_MAX || !number(t, directory, t->big_tiff ? 8 : 2, &count))
        return false;
    for (uint64_t i = 0; i < MIN_OF(count, (uint64_t)ENTRIES_MAX); i++) {
        if (!number(t, entry, 2, &have))
            return false;
        if (have == tag) {
            *ret_at = entry + (t->big_tiff ? 12 : 8);
            return true;
        }
        entry += t->big_tiff ? BIG_ENTRY_BYTES : ENTRY_BYTES;
    }
    return false;
}

static bool open_tiff(
    const FormatSource *s, uint64_t start, bool big_tiff, Tiff *ret, uint64_t *ret_directory)
{
    unsigned char order[2];
    *ret = (Tiff){.s = s, .start = start, .big_tiff = big_tiff};
    if (!format_bytes(s, start, 2, order))
        return false;
    ret->little = order[0] == 'I';
    return number(ret, big_tiff ? 8 : 4, big_tiff ? 8 : 4, ret_directory);
}

static FormatKind dng_of(const Tiff *t, uint64_t at)
{
    static const FormatKind kinds[] = {KIND_DNG_10, KIND_DNG_11, KIND_DNG_12, KIND_DNG_13, KIND_DNG_14,
        KIND_DNG_15, KIND_DNG_16, KIND_DNG_17};
    unsigned char version[4];
    if (!format_bytes(t->s, t->start + at, 4, version) || version[0] != 1)
        return KIND_DNG_17;
    return kinds[MIN_OF((size_t)version[1], COUNT_OF(kinds) - 1)];
}

FormatKind format_tiff(const FormatSource *s, bool big_tiff)
{
    Tiff t;
    uint64_t directory, at;
    if (!big_tiff && s->head.n > 10 && str_starts(str_slice(s->head, 8, 10), S("CR")))
        return KIND_CR2;
    if (!open_tiff(s, 0, big_tiff, &t, &directory))
        return big_tiff ? KIND_BIGTIFF : KIND_TIFF;
    if (find_tag(&t, directory, TAG_DNG_VERSION, &at))
        return dng_of(&t, at);
    if (big_tiff)
        return KIND_BIGTIFF;
    if (find_tag(&t, directory, TAG_GEO_KEYS, &at))
        return KIND_GEOTIFF;
    return find_tag(&t, directory, TAG_EP_STANDARD, &at) ? KIND_TIFF_EP : KIND_TIFF;
}

static FormatKind exif_kind(const unsigned char version[4])
{
    static const struct {
        Str version;
        FormatKind kind;
    } kinds[] = {{S("0200"), KIND_EXIF_20}, {S("0210"), KIND_EXIF_21}, {S("0220"), KIND_EXIF_22},
        {S("0221"), KIND_EXIF_221}, {S("0230"), KIND_EXIF_23}, {S("0231"), KIND_EXIF_23},
        {S("0232"), KIND_EXIF_23}};
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (str_eq((Str){(const char *)version, 4}, kinds[i].version))
            return kinds[i].kind;
    return KIND_EXIF;
}

// FF D8 FF E1 <length> "Exif\0\0" <TIFF>
FormatKind format_exif(const FormatSource *s)
{
    enum { EXIF_AT = 6, TIFF_AT = 12 };
    Tiff t;
    uint64_t directory, at, exif;
    unsigned char version[4];
    if (!str_starts(str_slice(s->head, EXIF_AT, s->head.n), S("Exif\0")))
        return KIND_JPEG_RAW; // XMP may stand there as well
    if (!open_tiff(s, TIFF_AT, false, &t, &directory) || !find_tag(&t, directory, TAG_EXIF, &at) ||
        !number(&t, at, 4, &exif) || !find_tag(&t, exif, TAG_EXIF_VERSION, &at) ||
        !format_bytes(s, TIFF_AT + at, 4, version))
        return KIND_EXIF;
    return exif_kind(version);
}
