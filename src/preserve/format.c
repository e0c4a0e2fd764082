// SPDX-License-Identifier: Apache-2.0
#include "preserve/format.h"

#include "base/utf8.h"

#define OPEN_STANDARD FORMAT_LASTING, ""

typedef struct {
    size_t at;
    const char *magic;
    size_t magic_bytes;
    const char *name, *mime, *pronom;
    FormatRisk risk;
    const char *reason;
} Row;

#define MAGIC(text) text, sizeof(text) - 1

// The first row that fits counts; longer and rarer magic stands above shorter.
static const Row rows[] = {
    {6, MAGIC("JFIF\0\1\0"), "JPEG File Interchange Format 1.00", "image/jpeg", "fmt/42", OPEN_STANDARD},
    {6, MAGIC("JFIF\0\1\1"), "JPEG File Interchange Format 1.01", "image/jpeg", "fmt/43", OPEN_STANDARD},
    {6, MAGIC("JFIF\0\1\2"), "JPEG File Interchange Format 1.02", "image/jpeg", "fmt/44", OPEN_STANDARD},
    {0, MAGIC("\xff\xd8\xff\xe1"), "JPEG with Exif", "image/jpeg", "", OPEN_STANDARD},
    {0, MAGIC("\xff\xd8\xff"), "JPEG", "image/jpeg", "fmt/41", OPEN_STANDARD},
    {0, MAGIC("II*\0"), "Tagged Image File Format", "image/tiff", "fmt/353", OPEN_STANDARD},
    {0, MAGIC("MM\0*"), "Tagged Image File Format", "image/tiff", "fmt/353", OPEN_STANDARD},
    {0, MAGIC("II+\0"), "BigTIFF", "image/tiff", "", FORMAT_WATCH, "read by fewer programs than TIFF"},
    {0, MAGIC("MM\0+"), "BigTIFF", "image/tiff", "", FORMAT_WATCH, "read by fewer programs than TIFF"},
    {0, MAGIC("\0\0\0\x0cjP  \r\n\x87\n"), "JPEG 2000", "image/jp2", "x-fmt/392", OPEN_STANDARD},
    {0, MAGIC("GIF87a"), "Graphics Interchange Format 87a", "image/gif", "fmt/3", OPEN_STANDARD},
    {0, MAGIC("GIF89a"), "Graphics Interchange Format 89a", "image/gif", "fmt/4", OPEN_STANDARD},
    {8, MAGIC("WEBPVP8 "), "WebP, lossy", "image/webp", "fmt/566", FORMAT_WATCH,
        "a format for the web, lossy"},
    {8, MAGIC("WEBPVP8L"), "WebP, lossless", "image/webp", "fmt/567", FORMAT_WATCH, "a format for the web"},
    {8, MAGIC("WEBPVP8X"), "WebP, extended", "image/webp", "fmt/568", FORMAT_WATCH, "a format for the web"},
    {0, MAGIC("8BPS"), "Adobe Photoshop", "image/vnd.adobe.photoshop", "x-fmt/92", FORMAT_AT_RISK,
        "the format of one program"},
    {0, MAGIC("%PDF-1.0"), "PDF 1.0", "application/pdf", "fmt/14", FORMAT_WATCH,
        "not PDF/A as far as we looked"},
    {0, MAGIC("%PDF-1.1"), "PDF 1.1", "application/pdf", "fmt/15", FORMAT_WATCH,
        "not PDF/A as far as we looked"},
    {0, MAGIC("%PDF-1.2"), "PDF 1.2", "application/pdf", "fmt/16", FORMAT_WATCH,
        "not PDF/A as far as we looked"},
    {0, MAGIC("%PDF-1.3"), "PDF 1.3", "application/pdf", "fmt/17", FORMAT_WATCH,
        "not PDF/A as far as we looked"},
    {0, MAGIC("%PDF-1.4"), "PDF 1.4", "application/pdf", "fmt/18", FORMAT_WATCH,
        "not PDF/A as far as we looked"},
    {0, MAGIC("%PDF-1.5"), "PDF 1.5", "application/pdf", "fmt/19", FORMAT_WATCH,
        "not PDF/A as far as we looked"},
    {0, MAGIC("%PDF-1.6"), "PDF 1.6", "application/pdf", "fmt/20", FORMAT_WATCH,
        "not PDF/A as far as we looked"},
    {0, MAGIC("%PDF-1.7"), "PDF 1.7", "application/pdf", "fmt/276", FORMAT_WATCH,
        "not PDF/A as far as we looked"},
    {0, MAGIC("fLaC"), "FLAC", "audio/flac", "fmt/279", OPEN_STANDARD},
    {8, MAGIC("WAVEfmt "), "Waveform Audio", "audio/wav", "fmt/6", OPEN_STANDARD},
    {0, MAGIC("ID3"), "MPEG 1/2 Audio Layer 3", "audio/mpeg", "fmt/134", FORMAT_WATCH, "lossy"},
    {0, MAGIC("\x1a\x45\xdf\xa3"), "Matroska", "video/x-matroska", "fmt/569", OPEN_STANDARD},
    {4, MAGIC("ftypqt  "), "QuickTime", "video/quicktime", "x-fmt/384", FORMAT_WATCH,
        "the format of one company"},
    {4, MAGIC("ftyp"), "MPEG-4 Media File", "video/mp4", "fmt/199", FORMAT_WATCH, "the codec inside decides"},
    {0, MAGIC("PK\3\4"), "ZIP", "application/zip", "x-fmt/263", FORMAT_WATCH, "what is inside decides"},
    {0, MAGIC("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "OLE2 Compound Document", "application/x-ole-storage",
        "fmt/111", FORMAT_AT_RISK, "an office format of the 1990s"},
    {0, MAGIC("glTF"), "glTF, binary", "model/gltf-binary", "", OPEN_STANDARD},
    {0, MAGIC("BM"), "Windows Bitmap", "image/bmp", "", FORMAT_WATCH,
        "many variants, no colour profile in most"},
    {0, MAGIC("<?xml"), "XML", "application/xml", "fmt/101", OPEN_STANDARD},
};

static Format from_row(const Row *row)
{
    return (Format){
        str_from(row->name), str_from(row->mime), str_from(row->pronom), row->risk, str_from(row->reason)};
}

// PNG says no version: 1.2 brought iTXt, 1.1 brought iCCP, sRGB and sPLT.
static Format png_of(Str head)
{
    size_t at;
    const char *pronom = "fmt/11";
    if (str_find(head, S("iTXt"), &at))
        pronom = "fmt/13";
    else if (str_find(head, S("iCCP"), &at) || str_find(head, S("sRGB"), &at) ||
             str_find(head, S("sPLT"), &at))
        pronom = "fmt/12";
    return (Format){S("Portable Network Graphics"), S("image/png"), str_from(pronom), FORMAT_LASTING, {0}};
}

static bool is_text(Str head)
{
    if (memchr(head.p, '\0', head.n))
        return false;
    size_t cut = head.n - MIN_OF(head.n, 3), bad = 0; // the head may end inside a character
    return utf8_valid(head, &bad) || (bad > 0 && bad >= cut);
}

static Format text_of(Str head)
{
    Str start = str_trim(head);
    if (str_starts(start, S("{")) || str_starts(start, S("[")))
        return (Format){S("JSON"), S("application/json"), S("fmt/817"), FORMAT_LASTING, {0}};
    return (Format){S("Plain text"), S("text/plain"), S("x-fmt/111"), FORMAT_LASTING, {0}};
}

Format format_of(Str head)
{
    if (str_starts(head, S("\x89PNG\r\n\x1a\n")))
        return png_of(head);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (head.n >= rows[i].at + rows[i].magic_bytes &&
            memcmp(head.p + rows[i].at, rows[i].magic, rows[i].magic_bytes) == 0)
            return from_row(&rows[i]);
    if (head.n == 0)
        return (Format){
            S("Empty file"), S("application/octet-stream"), {0}, FORMAT_AT_RISK, S("there is nothing in it")};
    if (is_text(head))
        return text_of(head);
    return (Format){
        S("Unknown"), S("application/octet-stream"), {0}, FORMAT_AT_RISK, S("we do not know this format")};
}
