// SPDX-License-Identifier: Apache-2.0
// Formats that are told from their kin a little further in: PDF/A by its metadata (ISO 19005: pdfaid:part and
// pdfaid:conformance in XMP), ISO media by brand, WAVE by chunk, ZIP by its first names.
#include "base/file.h"
#include "preserve/format_int.h"

#include <stdlib.h>

// ---- PDF

typedef struct {
    char part, level; // '1', 'B'; 0: not seen
} PdfA;

// "<pdfaid:part>1</pdfaid:part>" or "pdfaid:part=\"1\"": the first letter or digit behind the name.
static char value_after(Str text, Str name)
{
    size_t at;
    if (!str_find(text, name, &at))
        return 0;
    for (at += name.n; at < text.n && strchr(">=\"' \t\r\n", text.p[at]); at++)
        if (text.p[at] == '\0')
            return 0;
    return at < text.n ? text.p[at] : 0;
}

static void look_for_mark(Str text, PdfA *mark)
{
    if (!mark->part)
        mark->part = value_after(text, S("pdfaid:part"));
    if (!mark->level)
        mark->level = value_after(text, S("pdfaid:conformance"));
}

// Blocks overlap, so that the mark is found also where it lies across two.
static void look_through(const FormatSource *s, uint64_t from, uint64_t to, char *block, PdfA *mark)
{
    enum { BLOCK_BYTES = FORMAT_HEAD_BYTES, OVERLAP_BYTES = 256 };
    Err err;
    for (uint64_t at = from; at < to && !(mark->part && mark->level); at += BLOCK_BYTES - OVERLAP_BYTES) {
        size_t n = (size_t)MIN_OF((uint64_t)BLOCK_BYTES, to - at);
        if (!file_read_at(s->fd, block, n, at, &err))
            return;
        look_for_mark((Str){block, n}, mark);
    }
}

static PdfA pdf_a_mark(const FormatSource *s)
{
    PdfA mark = {0};
    look_for_mark(s->head, &mark);
    if (s->fd < 0 || s->size_bytes <= s->head.n)
        return mark;
    char *block = mem_alloc(FORMAT_HEAD_BYTES);
    uint64_t first = MIN_OF(s->size_bytes, (uint64_t)FORMAT_PDF_LOOK_BYTES);
    look_through(s, 0, first, block, &mark);
    look_through(s, MAX_OF(first, s->size_bytes - first), s->size_bytes, block, &mark);
    free(block);
    return mark;
}

FormatKind format_pdf(const FormatSource *s)
{
    static const struct {
        const char *version;
        FormatKind kind;
    } versions[] = {{"1.0", KIND_PDF_10}, {"1.1", KIND_PDF_11}, {"1.2", KIND_PDF_12}, {"1.3", KIND_PDF_13},
        {"1.4", KIND_PDF_14}, {"1.5", KIND_PDF_15}, {"1.6", KIND_PDF_16}, {"1.7", KIND_PDF_17},
        {"2.0", KIND_PDF_20}};
    static const struct {
        char part, level; // level 0: whatever it says, or nothing
        FormatKind kind;
    } marks[] = {{'1', 'A', KIND_PDF_A1A}, {'1', 0, KIND_PDF_A1B}, {'2', 'A', KIND_PDF_A2A},
        {'2', 'U', KIND_PDF_A2U}, {'2', 0, KIND_PDF_A2B}, {'3', 'A', KIND_PDF_A3A}, {'3', 'U', KIND_PDF_A3U},
        {'3', 0, KIND_PDF_A3B}, {'4', 'E', KIND_PDF_A4E}, {'4', 'F', KIND_PDF_A4F}, {'4', 0, KIND_PDF_A4}};
    PdfA mark = pdf_a_mark(s);
    char level = mark.level >= 'a' && mark.level <= 'z' ? (char)(mark.level - 'a' + 'A') : mark.level;
    for (size_t i = 0; i < COUNT_OF(marks); i++)
        if (mark.part == marks[i].part && (marks[i].level == 0 || level == marks[i].level))
            return marks[i].kind;
    for (size_t i = 0; i < COUNT_OF(versions); i++)
        if (str_eq(str_slice(s->head, 5, 8), str_from(versions[i].version)))
            return versions[i].kind;
    return KIND_PDF;
}

// ---- ISO base media file format, and JPEG 2000, which is built the same

FormatKind format_boxes(const FormatSource *s)
{
    static const struct {
        Str brand;
        FormatKind kind;
    } brands[] = {{S("jp2 "), KIND_JP2}, {S("jpx "), KIND_JPX}, {S("jpm "), KIND_JPM}, {S("jph "), KIND_JPH},
        {S("mjp2"), KIND_MJ2}, {S("avif"), KIND_AVIF}, {S("avis"), KIND_AVIF}, {S("heic"), KIND_HEIF},
        {S("heix"), KIND_HEIF}, {S("heim"), KIND_HEIF}, {S("mif1"), KIND_HEIF}, {S("msf1"), KIND_HEIF},
        {S("qt  "), KIND_QUICKTIME}, {S("crx "), KIND_CR3}};
    bool signature = s->head.n && s->head.p[4] == 'j';
    Str brand = signature ? str_slice(s->head, 20, 24) : str_slice(s->head, 8, 12);
    for (size_t i = 0; i < COUNT_OF(brands); i++)
        if (str_eq(brand, brands[i].brand))
            return brands[i].kind;
    return signature ? KIND_JP2 : KIND_MP4;
}

// ---- RIFF

enum { WAVE_PCM = 1, WAVE_EXTENSIBLE = 0xFFFE, BEXT_VERSION_AT = 346 };

static uint32_t little(const unsigned char *p, int bytes)
{
    uint32_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | p[i];
    return value;
}

typedef struct {
    uint32_t codec, bext_version;
    bool has_bext;
} Wave;

// Chunks in the order of the file, up to the sound itself.
static Wave read_wave(const FormatSource *s)
{
    enum { CHUNKS_MAX = 64 };
    Wave wave = {0};
    unsigned char chunk[8], two[2];
    uint64_t at = 12;
    for (int i = 0; i < CHUNKS_MAX && format_bytes(s, at, 8, chunk); i++) {
        Str name = {(const char *)chunk, 4};
        if (str_eq(name, S("data")))
            break;
        if (str_eq(name, S("fmt ")) && format_bytes(s, at + 8, 2, two))
            wave.codec = little(two, 2);
        if (str_eq(name, S("bext")) && format_bytes(s, at + 8 + BEXT_VERSION_AT, 2, two)) {
            wave.has_bext = true;
            wave.bext_version = little(two, 2);
        }
        uint64_t size = little(chunk + 4, 4);
        at += 8 + size + (size & 1);
    }
    return wave;
}

FormatKind format_wave(const FormatSource *s)
{
    static const FormatKind broadcast[] = {KIND_BWF_0, KIND_BWF_1, KIND_BWF_2};
    if (str_starts(s->head, S("RF64")))
        return KIND_RF64;
    if (!str_starts(s->head, S("RIFF")))
        return KIND_UNKNOWN;
    Wave wave = read_wave(s);
    if (wave.has_bext && wave.codec == WAVE_PCM)
        return broadcast[MIN_OF(wave.bext_version, 2u)];
    return wave.codec == WAVE_PCM ? KIND_WAV_PCM : wave.codec == WAVE_EXTENSIBLE ? KIND_WAV_EXT : KIND_WAV;
}

// ---- ZIP: by the names that stand in the head

FormatKind format_zip(const FormatSource *s)
{
    size_t at;
    Str first = str_slice(s->head, 30, s->head.n);
    if (str_starts(first, S("mimetypeapplication/epub+zip")))
        return KIND_EPUB;
    if (str_starts(first, S("mimetypeapplication/vnd.oasis.opendocument.")))
        return KIND_ODF;
    if (!str_find(s->head, S("[Content_Types].xml"), &at) && !str_starts(first, S("_rels/")))
        return KIND_ZIP;
    if (str_find(s->head, S("word/"), &at))
        return KIND_DOCX;
    if (str_find(s->head, S("xl/"), &at))
        return KIND_XLSX;
    return str_find(s->head, S("ppt/"), &at) ? KIND_PPTX : KIND_OOXML;
}
