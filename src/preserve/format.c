// SPDX-License-Identifier: Apache-2.0
// What the first bytes say. Where that names a family only, format_tiff.c and format_inside.c look further.
#include "base/file.h"
#include "base/utf8.h"
#include "preserve/format_int.h"

static const char RAW_OPEN[] = "a camera's raw data, in an open form; keep a TIFF beside it";
static const char RAW_CLOSED[] = "a camera's raw data, in a form its maker does not publish";
static const char ONE_PROGRAM[] = "the format of one program";
static const char NO_PROFILE[] = "many variants, no colour profile in most";
static const char NOT_PDF_A[] = "not PDF/A: fonts and colours may be missing";
static const char HOLDS_FILES[] = "holds files of any format";
static const char OFFICE[] = "an office format: looks different in each program; keep a PDF/A beside it";

static const struct {
    const char *name, *mime, *pronom, *reason;
    FormatRisk risk;
} TABLE[KIND_COUNT] = {
#define FORMAT_ROW(place, name, mime, pronom, risk, reason)                                                  \
    [KIND_##place] = {name, mime, pronom, reason, FORMAT_##risk},
    FORMAT_TABLE(FORMAT_ROW)
#undef FORMAT_ROW
};

Str format_risk_name(FormatRisk risk)
{
    static const char *const names[] = {"lasting", "watch", "at risk"};
    return str_from(names[risk]);
}

bool format_known(int kind, Format *ret)
{
    if (kind < 0 || kind >= KIND_COUNT)
        return false;
    *ret = (Format){.kind = kind,
        .name = str_from(TABLE[kind].name),
        .mime = str_from(TABLE[kind].mime),
        .pronom = str_from(TABLE[kind].pronom),
        .risk = TABLE[kind].risk,
        .reason = str_from(TABLE[kind].reason)};
    return true;
}

bool format_bytes(const FormatSource *s, uint64_t at, size_t count, unsigned char *to)
{
    Err err;
    if (at <= s->head.n && count <= s->head.n - at) {
        memcpy(to, s->head.p + at, count);
        return true;
    }
    return s->fd >= 0 && at < s->size_bytes && count <= s->size_bytes - at &&
           file_read_at(s->fd, to, count, at, &err);
}

// ---- the head

typedef struct {
    size_t at;
    Str magic;
    FormatKind kind;
} Row;

// Families of which the kind is found inside.
enum { LOOK_EXIF = KIND_COUNT, LOOK_TIFF, LOOK_BIGTIFF, LOOK_BOXES, LOOK_WAVE, LOOK_ZIP, LOOK_PDF };
#define LOOK(family) (FormatKind)(LOOK_##family)

// The first row that fits counts; longer and rarer magic stands above shorter.
static const Row ROWS[] = {
    {6, S("JFIF\0\1\0"), KIND_JPEG_100},
    {6, S("JFIF\0\1\1"), KIND_JPEG_101},
    {6, S("JFIF\0\1\2"), KIND_JPEG_102},
    {0, S("\xff\xd8\xff\xe1"), LOOK(EXIF)},
    {0, S("\xff\xd8\xff"), KIND_JPEG_RAW},
    {0, S("II*\0"), LOOK(TIFF)},
    {0, S("MM\0*"), LOOK(TIFF)},
    {0, S("II+\0\x08\0\0\0"), LOOK(BIGTIFF)},
    {0, S("MM\0+\0\x08\0\0"), LOOK(BIGTIFF)},
    {0, S("\0\0\0\x0cjP  \r\n\x87\n"), LOOK(BOXES)},
    {0, S("\0\0\0\x0cJXL \r\n\x87\n"), KIND_JXL},
    {0, S("\xff\x0a"), KIND_JXL_STREAM},
    {0, S("\xff\x4f\xff\x51"), KIND_J2C},
    {0, S("GIF87a"), KIND_GIF_87},
    {0, S("GIF89a"), KIND_GIF_89},
    {8, S("WEBPVP8 "), KIND_WEBP_LOSSY},
    {8, S("WEBPVP8L"), KIND_WEBP_LOSSLESS},
    {8, S("WEBPVP8X"), KIND_WEBP},
    {0, S("8BPS\0\2"), KIND_PSB},
    {0, S("8BPS"), KIND_PSD},
    {0, S("\x76\x2f\x31\x01"), KIND_EXR},
    {0, S("%PDF-"), LOOK(PDF)},
    {0, S("fLaC"), KIND_FLAC},
    {8, S("WAVE"), LOOK(WAVE)},
    {8, S("AVI LIST"), KIND_AVI},
    {0, S("ID3"), KIND_MP3},
    {0, S("\xff\xfb"), KIND_MP3},
    {28, S("\1vorbis"), KIND_VORBIS},
    {28, S("OpusHead"), KIND_OPUS},
    {28,
        S("\x7f"
          "FLAC"),
        KIND_OGG_FLAC},
    {0, S("OggS"), KIND_OGG},
    {0, S("\x06\x0e\x2b\x34\x02\x05\x01\x01\x0d\x01\x02"), KIND_MXF},
    {0, S("\x30\x26\xb2\x75\x8e\x66\xcf\x11"), KIND_ASF},
    {0, S(".RMF"), KIND_REAL},
    {0, S("FWS"), KIND_FLASH},
    {0, S("CWS"), KIND_FLASH},
    {0, S("ZWS"), KIND_FLASH},
    {2048, S("PCD_IPI"), KIND_PHOTO_CD},
    {4, S("ftyp"), LOOK(BOXES)},
    {0, S("PK\3\4"), LOOK(ZIP)},
    {0, S("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), KIND_OLE2},
    {0, S("glTF"), KIND_GLB},
    {0, S("ply\nformat "), KIND_PLY},
    {0, S("ply\r\nformat "), KIND_PLY},
};

// PNG says no version: 1.2 brought iTXt, 1.1 brought iCCP, sRGB and sPLT.
static FormatKind png_of(Str head)
{
    size_t at;
    if (str_find(head, S("acTL"), &at))
        return KIND_APNG;
    if (str_find(head, S("iTXt"), &at))
        return KIND_PNG_12;
    bool newer =
        str_find(head, S("iCCP"), &at) || str_find(head, S("sRGB"), &at) || str_find(head, S("sPLT"), &at);
    return newer ? KIND_PNG_11 : KIND_PNG_10;
}

// By the size of the second header.
static FormatKind bitmap_of(Str head)
{
    switch (head.n > 17 && !head.p[15] && !head.p[16] && !head.p[17] ? (unsigned char)head.p[14] : 0) {
    case 12:
        return KIND_BMP_2;
    case 40:
        return KIND_BMP_3;
    case 108:
        return KIND_BMP_4;
    case 124:
        return KIND_BMP_5;
    default:
        return KIND_BMP;
    }
}

static FormatKind matroska_of(Str head)
{
    size_t at;
    return str_find(str_slice(head, 0, 64), S("webm"), &at) ? KIND_WEBM : KIND_MATROSKA;
}

static bool is_text(Str head)
{
    if (memchr(head.p, '\0', head.n))
        return false;
    size_t cut = head.n - MIN_OF(head.n, 3), bad = 0; // the head may end inside a character
    return utf8_valid(head, &bad) || (bad > 0 && bad >= cut);
}

static bool has_root(Str head, Str element)
{
    size_t at;
    return str_find(head, element, &at) && at < 4096;
}

static FormatKind text_of(Str head)
{
    Str start = str_trim(str_starts(head, S("\xef\xbb\xbf")) ? str_slice(head, 3, head.n) : head);
    if (str_starts(start, S("{")) || str_starts(start, S("[")))
        return KIND_JSON;
    if (str_eq_nocase(str_slice(start, 0, 9), S("<!doctype")) && has_root(start, S("<html")))
        return KIND_HTML;
    if (str_eq_nocase(str_slice(start, 0, 5), S("<html")))
        return KIND_HTML;
    if (!str_starts(start, S("<?xml")) && !str_starts(start, S("<svg")) && !str_starts(start, S("<!")))
        return KIND_TEXT;
    if (has_root(start, S("<svg")))
        return KIND_SVG;
    if (has_root(start, S("<COLLADA")))
        return KIND_COLLADA;
    return str_starts(start, S("<?xml")) ? KIND_XML : KIND_TEXT;
}

static FormatKind look_inside(const FormatSource *s, int family)
{
    switch (family) {
    case LOOK_EXIF:
        return format_exif(s);
    case LOOK_TIFF:
        return format_tiff(s, false);
    case LOOK_BIGTIFF:
        return format_tiff(s, true);
    case LOOK_BOXES:
        return format_boxes(s);
    case LOOK_WAVE:
        return format_wave(s);
    case LOOK_ZIP:
        return format_zip(s);
    case LOOK_PDF:
        return format_pdf(s);
    default:
        return (FormatKind)family;
    }
}

static FormatKind kind_of(const FormatSource *s)
{
    Str head = s->head;
    if (str_starts(head, S("\x89PNG\r\n\x1a\n")))
        return png_of(head);
    for (size_t i = 0; i < COUNT_OF(ROWS); i++)
        if (head.n >= ROWS[i].at && str_starts(str_slice(head, ROWS[i].at, head.n), ROWS[i].magic))
            return look_inside(s, (int)ROWS[i].kind);
    if (str_starts(head, S("\x1a\x45\xdf\xa3")))
        return matroska_of(head);
    if (head.n == 0)
        return KIND_EMPTY;
    if (is_text(head))
        return text_of(head);
    return str_starts(head, S("BM")) ? bitmap_of(head) : KIND_UNKNOWN;
}

static Format format_from(const FormatSource *s)
{
    Format format;
    bool there = format_known((int)kind_of(s), &format);
    assert(there);
    return format;
}

Format format_of(Str head)
{
    return format_from(&(FormatSource){.head = head, .fd = -1, .size_bytes = head.n});
}

bool format_of_file(int fd, uint64_t size_bytes, Format *ret, Err *err)
{
    size_t n = (size_t)MIN_OF((uint64_t)FORMAT_HEAD_BYTES, size_bytes);
    CLEANUP(arena_closep) Arena *a = arena_open();
    char *head = arena_alloc(a, n + 1);
    if (!file_read_at(fd, head, n, 0, err))
        return false;
    *ret = format_from(&(FormatSource){.head = {head, n}, .fd = fd, .size_bytes = size_bytes});
    return true;
}
