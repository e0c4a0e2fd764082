// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "preserve/format.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>
#include <sys/mman.h>

static void check(Str head, const char *name, const char *pronom, FormatRisk risk)
{
    Format format = format_of(head), again;
    if (!str_eq(format.name, str_from(name)))
        print_message("# %s is taken for " FMT_STR "\n", name, ARG_STR(format.name));
    assert_true(str_eq(format.name, str_from(name)));
    assert_true(str_eq(format.pronom, str_from(pronom)));
    assert_int_equal(format.risk, risk);
    assert_true(format_known(format.kind, &again) && str_eq(again.name, format.name));
}

static void heads(void **state)
{
    (void)state;
    check(
        S("\xff\xd8\xff\xe0\0\x10JFIF\0\1\1"), "JPEG File Interchange Format 1.01", "fmt/43", FORMAT_LASTING);
    check(S("\xff\xd8\xff\xdb"), "JPEG, raw stream", "fmt/41", FORMAT_LASTING);
    check(S("\xff\xd8\xff\xe1\0\x10http://"), "JPEG, raw stream", "fmt/41", FORMAT_LASTING);
    check(S("\x89PNG\r\n\x1a\n....IHDR....iTXt"), "Portable Network Graphics 1.2", "fmt/13", FORMAT_LASTING);
    check(S("\x89PNG\r\n\x1a\n....IHDR....acTL"), "Animated PNG", "fmt/935", FORMAT_WATCH);
    check(S("GIF89a"), "Graphics Interchange Format 89a", "fmt/4", FORMAT_LASTING);
    check(S("RIFF....WEBPVP8L"), "WebP, lossless", "fmt/567", FORMAT_WATCH);
    check(S("8BPS\0\1"), "Adobe Photoshop", "x-fmt/92", FORMAT_AT_RISK);
    check(S("8BPS\0\2"), "Adobe Photoshop, large", "fmt/996", FORMAT_AT_RISK);
    check(S("BM............\x7c\0\0\0"), "Windows Bitmap 5", "fmt/119", FORMAT_WATCH);
    check(S("\xff\x0a\xfa\x7f"), "JPEG XL, codestream", "fmt/1484", FORMAT_WATCH);
    check(S("OggS........................OpusHead"), "Ogg Opus", "fmt/946", FORMAT_WATCH);
    check(S("OggS"), "Ogg", "fmt/944", FORMAT_WATCH);
    check(S("\x1a\x45\xdf\xa3\x01\0\0\0\0\0\0\x1f\x42\x82\x84webm"), "WebM", "fmt/573", FORMAT_WATCH);
    check(S("\x1a\x45\xdf\xa3\x42\x82\x88matroska"), "Matroska", "fmt/569", FORMAT_LASTING);
    check(S("CWS\x0a"), "Adobe Flash", "", FORMAT_AT_RISK);
    check(S("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), "OLE2 Compound Document", "fmt/111", FORMAT_AT_RISK);
    check(S(""), "Empty file", "", FORMAT_AT_RISK);
    check(S("\0\1\2\3"), "Unknown", "", FORMAT_AT_RISK);
    check(S("\xff\xfe\xfd\xfc\xfb\xfa\xf9"), "Unknown", "", FORMAT_AT_RISK);
    check(S("RIFX....WAVE"), "Unknown", "", FORMAT_AT_RISK);
}

static void boxes(void **state)
{
    (void)state;
    check(S("\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14"
            "ftypjp2 "),
        "JPEG 2000 (JP2)", "x-fmt/392", FORMAT_LASTING);
    check(S("\0\0\0\x0cjP  \r\n\x87\n\0\0\0\x14"
            "ftypjpx "),
        "JPEG 2000, extended (JPX)", "fmt/151", FORMAT_WATCH);
    check(S("\0\0\0\x0cjP  \r\n\x87\n"), "JPEG 2000 (JP2)", "x-fmt/392", FORMAT_LASTING);
    check(S("\0\0\0\x20"
            "ftypavif"),
        "AV1 Image File Format", "fmt/2062", FORMAT_WATCH);
    check(S("\0\0\0\x20"
            "ftypheic"),
        "High Efficiency Image File", "fmt/1101", FORMAT_WATCH);
    check(S("\0\0\0\x20"
            "ftypcrx "),
        "Canon raw 3", "", FORMAT_AT_RISK);
    check(S("\0\0\0\x20"
            "ftypisom"),
        "MPEG-4 Media File", "fmt/199", FORMAT_WATCH);
    check(S("\0\0\0\x20"
            "ftyp"),
        "MPEG-4 Media File", "fmt/199", FORMAT_WATCH);
}

static void texts(void **state)
{
    (void)state;
    check(S("{\"a\":1}"), "JSON", "fmt/817", FORMAT_LASTING);
    check(S("caf\xc3"), "Plain text", "x-fmt/111", FORMAT_LASTING); // cut inside a character
    check(S("II"), "Plain text", "x-fmt/111", FORMAT_LASTING);
    check(S("BMW made it"), "Plain text", "x-fmt/111", FORMAT_LASTING);
    check(S("<?xml version=\"1.0\"?><svg "), "Scalable Vector Graphics", "fmt/92", FORMAT_LASTING);
    check(S("<svg xmlns="), "Scalable Vector Graphics", "fmt/92", FORMAT_LASTING);
    check(S("\xef\xbb\xbf<?xml version=\"1.0\"?><lido/>"), "XML", "fmt/101", FORMAT_LASTING);
    check(S("<!DOCTYPE html><html>"), "HTML", "fmt/96", FORMAT_WATCH);
    check(S("<!-- no page -->"), "Plain text", "x-fmt/111", FORMAT_LASTING);
}

// One entry each, of either byte order; the tag's value is its last four bytes.
static void tiffs(void **state)
{
    (void)state;
    check(S("II*\0\x08\0\0\0"), "Tagged Image File Format", "fmt/353", FORMAT_LASTING);
    check(S("II*\0\x08\0\0\0\1\0\x12\xc6\1\0\4\0\0\0\1\4\0\0"), "Digital Negative 1.4", "fmt/730",
        FORMAT_WATCH);
    check(S("MM\0*\0\0\0\x08\0\1\xc6\x12\0\1\0\0\0\4\1\1\0\0"), "Digital Negative 1.1", "fmt/152",
        FORMAT_WATCH);
    check(S("MM\0*\0\0\0\x08\0\1\xc6\x12\0\1\0\0\0\4\1\xff\0\0"), "Digital Negative 1.7", "fmt/1943",
        FORMAT_WATCH);
    check(S("MM\0*\0\0\0\x08\0\1\x87\xaf\0\3\0\0\0\4\0\0\0\0"), "GeoTIFF", "fmt/155", FORMAT_LASTING);
    check(S("MM\0*\0\0\0\x08\0\1\x92\x16\0\1\0\0\0\4\0\0\0\0"), "TIFF/EP", "fmt/154", FORMAT_WATCH);
    check(S("II*\0\x10\0\0\0CR\2\0"), "Canon raw 2.0", "fmt/592", FORMAT_AT_RISK);
    check(S("II+\0\x08\0\0\0\x10\0\0\0\0\0\0\0"), "BigTIFF", "fmt/1917", FORMAT_WATCH);
    check(S("MM\0+\0\x08\0\0"), "BigTIFF", "fmt/1917", FORMAT_WATCH);
    check(S("II*\0\xff\xff\xff\xff"), "Tagged Image File Format", "fmt/353", FORMAT_LASTING);
    check(S("II*\0\x08\0\0\0\xff\xff\x12"), "Tagged Image File Format", "fmt/353", FORMAT_LASTING);
}

static void check_exif(const char *version, const char *name, const char *pronom)
{
    char head[] = "\xff\xd8\xff\xe1\0\x40"
                  "Exif\0\0"
                  "II*\0\x08\0\0\0\1\0\x69\x87\4\0\1\0\0\0\x1a\0\0\0\0\0\0\0\1\0\0\x90\7\0\4\0\0\0....";
    memcpy(head + sizeof(head) - 5, version, 4);
    check((Str){head, sizeof(head) - 1}, name, pronom, FORMAT_LASTING);
}

static void exif_versions(void **state)
{
    (void)state;
    check_exif("0200", "JPEG with Exif 2.0", "x-fmt/398");
    check_exif("0210", "JPEG with Exif 2.1", "x-fmt/390");
    check_exif("0220", "JPEG with Exif 2.2", "x-fmt/391");
    check_exif("0221", "JPEG with Exif 2.21", "fmt/645");
    check_exif("0232", "JPEG with Exif 2.3", "fmt/1507");
    check_exif("0300", "JPEG with Exif of another version", "");
    check(S("\xff\xd8\xff\xe1\0\x40"
            "Exif\0\0II*\0\xff\xff\xff\x7f"),
        "JPEG with Exif of another version", "", FORMAT_LASTING);
}

static void pdfs(void **state)
{
    (void)state;
    check(S("%PDF-1.7\n"), "PDF 1.7", "fmt/276", FORMAT_WATCH);
    check(S("%PDF-2.0\n"), "PDF 2.0", "fmt/1129", FORMAT_WATCH);
    check(S("%PDF-9.9\n"), "PDF of another version", "", FORMAT_WATCH);
    check(S("%PDF-1.4\n<pdfaid:part>1</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>"), "PDF/A-1b",
        "fmt/354", FORMAT_LASTING);
    check(
        S("%PDF-1.4\n<x pdfaid:part=\"2\" pdfaid:conformance='u'/>"), "PDF/A-2u", "fmt/478", FORMAT_LASTING);
    check(
        S("%PDF-1.7\n<x pdfaid:part=\"3\" pdfaid:conformance=\"B\"/>"), "PDF/A-3b", "fmt/480", FORMAT_WATCH);
    check(S("%PDF-2.0\n<x pdfaid:part=\"4\"/>"), "PDF/A-4", "fmt/1910", FORMAT_LASTING);
    check(S("%PDF-1.4\npdfaid:part=\""), "PDF 1.4", "fmt/18", FORMAT_WATCH);
    check(S("%PDF-1.4\npdfaid:part=\"\0"), "PDF 1.4", "fmt/18", FORMAT_WATCH);
}

static void packages_and_sound(void **state)
{
    (void)state;
#define ZIP_HEAD "PK\3\4.........................."
    check(S(ZIP_HEAD "picture.jpg"), "ZIP", "x-fmt/263", FORMAT_WATCH);
    check(S(ZIP_HEAD "[Content_Types].xml....xl/workbook.xml"), "Excel, Office Open XML", "fmt/214",
        FORMAT_WATCH);
    check(S(ZIP_HEAD "mimetypeapplication/vnd.oasis.opendocument.text"), "OpenDocument", "", FORMAT_LASTING);
    check(S(ZIP_HEAD "mimetypeapplication/epub+zip"), "EPUB", "fmt/483", FORMAT_LASTING);
    check(S("PK\3\4"), "ZIP", "x-fmt/263", FORMAT_WATCH);
    check(S("RIFF....WAVEfmt \2\0\0\0\1\0data"), "Waveform Audio, PCM", "fmt/141", FORMAT_LASTING);
    check(S("RIFF....WAVEfmt \2\0\0\0\xfe\xff"), "Waveform Audio, extensible", "fmt/143", FORMAT_LASTING);
    check(S("RIFF....WAVEfmt \xff\xff\xff\xff\x55\0"), "Waveform Audio", "fmt/6", FORMAT_WATCH);
    char broadcast[12 + 8 + 602 + 10] = "RIFF....WAVEbext\x5a\2\0\0";
    broadcast[20 + 346] = 1;
    memcpy(broadcast + 20 + 602, "fmt \2\0\0\0\1", 10);
    check((Str){broadcast, sizeof(broadcast)}, "Broadcast WAVE 1, PCM", "fmt/704", FORMAT_LASTING);
}

static void check_file(Str start, uint64_t at, Str far, uint64_t size_bytes, const char *name)
{
    Err err = {0};
    Format format;
    CLEANUP(fd_closep) int fd = memfd_create("format", MFD_CLOEXEC);
    assert_true(fd >= 0 && ftruncate(fd, (off_t)size_bytes) == 0);
    assert_int_equal(pwrite(fd, start.p, start.n, 0), start.n);
    assert_int_equal(pwrite(fd, far.p, far.n, (off_t)at), far.n);
    assert_true(format_of_file(fd, size_bytes, &format, &err));
    assert_true(str_eq(format.name, str_from(name)));
}

// Most programs write a TIFF's directory and a PDF's metadata at the end.
static void far_away(void **state)
{
    (void)state;
    const Str dng = S("\1\0\x12\xc6\1\0\4\0\0\0\1\4\0\0");
    check_file(S("II*\0\0\0\x20\0"), 0x200000, dng, 0x200000 + dng.n, "Digital Negative 1.4");
    check_file(S("II*\0\0\0\x20\0"), 0x100000, dng, 0x100000 + dng.n, "Tagged Image File Format");
    const Str mark = S("<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>");
    check_file(S("%PDF-1.7"), 30000000 - 200, mark, 30000000, "PDF/A-2a");
    check_file(S("%PDF-1.7"), 64 * 1024 - 30, mark, 30000000, "PDF/A-2a"); // across two blocks
    check_file(S("%PDF-1.7"), 15000000, mark, 30000000, "PDF 1.7");        // in the middle: not looked for
    check_file(S(""), 0, S(""), 0, "Empty file");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(heads), cmocka_unit_test(boxes),
        cmocka_unit_test(texts), cmocka_unit_test(tiffs), cmocka_unit_test(exif_versions),
        cmocka_unit_test(pdfs), cmocka_unit_test(packages_and_sound), cmocka_unit_test(far_away)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
