// SPDX-License-Identifier: Apache-2.0
#include "image/cage/child.h"

static bool has(Str head, size_t at, Str what)
{
    return str_starts(str_slice(head, at, head.n), what);
}

// ISO base media: size, "ftyp", major brand, version, then compatible brands.
static Format look_at_boxes(Str head)
{
    static const struct {
        char brand[5];
        Format format;
    } brands[] = {
        {"avif", FORMAT_AVIF},
        {"avis", FORMAT_AVIF},
        {"heic", FORMAT_HEIC},
        {"heix", FORMAT_HEIC},
        {"heim", FORMAT_HEIC},
        {"heis", FORMAT_HEIC},
        {"hevc", FORMAT_HEIC},
        {"hevx", FORMAT_HEIC},
    };
    if (!has(head, 4, S("ftyp")))
        return FORMAT_UNKNOWN;
    for (size_t at = 8; at + 4 <= head.n; at += at == 8 ? 8 : 4)
        for (size_t i = 0; i < COUNT_OF(brands); i++)
            if (has(head, at, str_from(brands[i].brand)))
                return brands[i].format;
    return FORMAT_UNKNOWN;
}

Format look_at(Str head)
{
    static const struct {
        Str magic;
        Format format;
    } magics[] = {
        {{"\xff\xd8\xff", 3}, FORMAT_JPEG},
        {{"\x89PNG\r\n\x1a\n", 8}, FORMAT_PNG},
        {{"II*\0", 4}, FORMAT_TIFF},
        {{"MM\0*", 4}, FORMAT_TIFF},
        {{"II+\0", 4}, FORMAT_TIFF}, // BigTIFF
        {{"MM\0+", 4}, FORMAT_TIFF},
        {{"%PDF-", 5}, FORMAT_PDF},
        {{"GIF87a", 6}, FORMAT_GIF},
        {{"GIF89a", 6}, FORMAT_GIF},
        {{"\0\0\0\x0cjP  \r\n\x87\n", 12}, FORMAT_JP2},
        {{"\xff\x4f\xff\x51", 4}, FORMAT_JP2}, // bare codestream
        {{"\xff\x0a", 2}, FORMAT_JXL},         // bare codestream
        {{"\0\0\0\x0cJXL \r\n\x87\n", 12}, FORMAT_JXL},
    };
    for (size_t i = 0; i < COUNT_OF(magics); i++)
        if (str_starts(head, magics[i].magic))
            return magics[i].format;
    if (has(head, 0, S("RIFF")) && has(head, 8, S("WEBP")))
        return FORMAT_WEBP;
    return look_at_boxes(head);
}

const char *look_mime(Format format)
{
    switch (format) {
    case FORMAT_JPEG:
        return "image/jpeg";
    case FORMAT_PNG:
        return "image/png";
    case FORMAT_TIFF:
        return "image/tiff";
    case FORMAT_WEBP:
        return "image/webp";
    case FORMAT_GIF:
        return "image/gif";
    case FORMAT_JP2:
        return "image/jp2";
    case FORMAT_JXL:
        return "image/jxl";
    case FORMAT_AVIF:
        return "image/avif";
    case FORMAT_HEIC:
        return "image/heic";
    case FORMAT_PDF:
        return "application/pdf";
    case FORMAT_UNKNOWN:
        break;
    }
    return "application/octet-stream";
}
