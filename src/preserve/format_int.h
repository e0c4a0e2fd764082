// SPDX-License-Identifier: Apache-2.0
// preserve/format, inside: the table of formats, and what the files that look into one share.
#pragma once

#include "preserve/format.h"

// name of the place, name, MIME type, PRONOM id, risk, reason. Risks are our own judgement: docs/formats.md.
#define FORMAT_TABLE(F)                                                                                      \
    F(JPEG_100, "JPEG File Interchange Format 1.00", "image/jpeg", "fmt/42", LASTING, "")                    \
    F(JPEG_101, "JPEG File Interchange Format 1.01", "image/jpeg", "fmt/43", LASTING, "")                    \
    F(JPEG_102, "JPEG File Interchange Format 1.02", "image/jpeg", "fmt/44", LASTING, "")                    \
    F(JPEG_RAW, "JPEG, raw stream", "image/jpeg", "fmt/41", LASTING, "")                                     \
    F(EXIF_20, "JPEG with Exif 2.0", "image/jpeg", "x-fmt/398", LASTING, "")                                 \
    F(EXIF_21, "JPEG with Exif 2.1", "image/jpeg", "x-fmt/390", LASTING, "")                                 \
    F(EXIF_22, "JPEG with Exif 2.2", "image/jpeg", "x-fmt/391", LASTING, "")                                 \
    F(EXIF_221, "JPEG with Exif 2.21", "image/jpeg", "fmt/645", LASTING, "")                                 \
    F(EXIF_23, "JPEG with Exif 2.3", "image/jpeg", "fmt/1507", LASTING, "")                                  \
    F(EXIF, "JPEG with Exif of another version", "image/jpeg", "", LASTING, "")                              \
    F(TIFF, "Tagged Image File Format", "image/tiff", "fmt/353", LASTING, "")                                \
    F(BIGTIFF, "BigTIFF", "image/tiff", "fmt/1917", WATCH, "read by fewer programs than TIFF")               \
    F(GEOTIFF, "GeoTIFF", "image/tiff", "fmt/155", LASTING, "")                                              \
    F(TIFF_EP, "TIFF/EP", "image/tiff", "fmt/154", WATCH, "a camera's own data inside a TIFF")               \
    F(DNG_10, "Digital Negative 1.0", "image/dng", "fmt/436", WATCH, RAW_OPEN)                               \
    F(DNG_11, "Digital Negative 1.1", "image/dng", "fmt/152", WATCH, RAW_OPEN)                               \
    F(DNG_12, "Digital Negative 1.2", "image/dng", "fmt/437", WATCH, RAW_OPEN)                               \
    F(DNG_13, "Digital Negative 1.3", "image/dng", "fmt/438", WATCH, RAW_OPEN)                               \
    F(DNG_14, "Digital Negative 1.4", "image/dng", "fmt/730", WATCH, RAW_OPEN)                               \
    F(DNG_15, "Digital Negative 1.5", "image/dng", "fmt/1841", WATCH, RAW_OPEN)                              \
    F(DNG_16, "Digital Negative 1.6", "image/dng", "fmt/1842", WATCH, RAW_OPEN)                              \
    F(DNG_17, "Digital Negative 1.7", "image/dng", "fmt/1943", WATCH, RAW_OPEN)                              \
    F(CR2, "Canon raw 2.0", "image/x-canon-cr2", "fmt/592", AT_RISK, RAW_CLOSED)                             \
    F(CR3, "Canon raw 3", "image/x-canon-cr3", "", AT_RISK, RAW_CLOSED)                                      \
    F(JP2, "JPEG 2000 (JP2)", "image/jp2", "x-fmt/392", LASTING, "")                                         \
    F(JPX, "JPEG 2000, extended (JPX)", "image/jpx", "fmt/151", WATCH, "read by fewer programs than JP2")    \
    F(JPM, "JPEG 2000, compound (JPM)", "image/jpm", "fmt/463", WATCH, "read by fewer programs than JP2")    \
    F(JPH, "High-throughput JPEG 2000 (JPH)", "image/jph", "fmt/1964", WATCH, "few programs read it yet")    \
    F(MJ2, "Motion JPEG 2000", "video/mj2", "fmt/337", WATCH, "few programs play it")                        \
    F(J2C, "JPEG 2000, codestream", "image/j2c", "fmt/1794", WATCH, "says nothing of its colours")           \
    F(JXL_STREAM, "JPEG XL, codestream", "image/jxl", "fmt/1484", WATCH, "few programs read it yet")         \
    F(JXL, "JPEG XL", "image/jxl", "fmt/1485", WATCH, "few programs read it yet")                            \
    F(PNG_10, "Portable Network Graphics 1.0", "image/png", "fmt/11", LASTING, "")                           \
    F(PNG_11, "Portable Network Graphics 1.1", "image/png", "fmt/12", LASTING, "")                           \
    F(PNG_12, "Portable Network Graphics 1.2", "image/png", "fmt/13", LASTING, "")                           \
    F(APNG, "Animated PNG", "image/apng", "fmt/935", WATCH, "many programs show its first picture only")     \
    F(GIF_87, "Graphics Interchange Format 87a", "image/gif", "fmt/3", LASTING, "")                          \
    F(GIF_89, "Graphics Interchange Format 89a", "image/gif", "fmt/4", LASTING, "")                          \
    F(WEBP_LOSSY, "WebP, lossy", "image/webp", "fmt/566", WATCH, "a format for the web, lossy")              \
    F(WEBP_LOSSLESS, "WebP, lossless", "image/webp", "fmt/567", WATCH, "a format for the web")               \
    F(WEBP, "WebP, extended", "image/webp", "fmt/568", WATCH, "a format for the web")                        \
    F(AVIF, "AV1 Image File Format", "image/avif", "fmt/2062", WATCH, "a format for the web, mostly lossy")  \
    F(HEIF, "High Efficiency Image File", "image/heif", "fmt/1101", WATCH,                                   \
        "covered by patents; many programs cannot read it")                                                  \
    F(PSD, "Adobe Photoshop", "image/vnd.adobe.photoshop", "x-fmt/92", AT_RISK, ONE_PROGRAM)                 \
    F(PSB, "Adobe Photoshop, large", "image/vnd.adobe.photoshop", "fmt/996", AT_RISK, ONE_PROGRAM)           \
    F(BMP_2, "Windows Bitmap 2", "image/bmp", "fmt/115", WATCH, NO_PROFILE)                                  \
    F(BMP_3, "Windows Bitmap 3", "image/bmp", "fmt/116", WATCH, NO_PROFILE)                                  \
    F(BMP_4, "Windows Bitmap 4", "image/bmp", "fmt/118", WATCH, NO_PROFILE)                                  \
    F(BMP_5, "Windows Bitmap 5", "image/bmp", "fmt/119", WATCH, "a bitmap for one system")                   \
    F(BMP, "Windows Bitmap of another version", "image/bmp", "", WATCH, NO_PROFILE)                          \
    F(EXR, "OpenEXR", "image/x-exr", "fmt/1001", LASTING, "")                                                \
    F(SVG, "Scalable Vector Graphics", "image/svg+xml", "fmt/92", LASTING, "")                               \
    F(PDF_A1A, "PDF/A-1a", "application/pdf", "fmt/95", LASTING, "")                                         \
    F(PDF_A1B, "PDF/A-1b", "application/pdf", "fmt/354", LASTING, "")                                        \
    F(PDF_A2A, "PDF/A-2a", "application/pdf", "fmt/476", LASTING, "")                                        \
    F(PDF_A2B, "PDF/A-2b", "application/pdf", "fmt/477", LASTING, "")                                        \
    F(PDF_A2U, "PDF/A-2u", "application/pdf", "fmt/478", LASTING, "")                                        \
    F(PDF_A3A, "PDF/A-3a", "application/pdf", "fmt/479", WATCH, HOLDS_FILES)                                 \
    F(PDF_A3B, "PDF/A-3b", "application/pdf", "fmt/480", WATCH, HOLDS_FILES)                                 \
    F(PDF_A3U, "PDF/A-3u", "application/pdf", "fmt/481", WATCH, HOLDS_FILES)                                 \
    F(PDF_A4, "PDF/A-4", "application/pdf", "fmt/1910", LASTING, "")                                         \
    F(PDF_A4E, "PDF/A-4e", "application/pdf", "fmt/1911", WATCH, "3D inside")                                \
    F(PDF_A4F, "PDF/A-4f", "application/pdf", "fmt/1912", WATCH, HOLDS_FILES)                                \
    F(PDF_10, "PDF 1.0", "application/pdf", "fmt/14", WATCH, NOT_PDF_A)                                      \
    F(PDF_11, "PDF 1.1", "application/pdf", "fmt/15", WATCH, NOT_PDF_A)                                      \
    F(PDF_12, "PDF 1.2", "application/pdf", "fmt/16", WATCH, NOT_PDF_A)                                      \
    F(PDF_13, "PDF 1.3", "application/pdf", "fmt/17", WATCH, NOT_PDF_A)                                      \
    F(PDF_14, "PDF 1.4", "application/pdf", "fmt/18", WATCH, NOT_PDF_A)                                      \
    F(PDF_15, "PDF 1.5", "application/pdf", "fmt/19", WATCH, NOT_PDF_A)                                      \
    F(PDF_16, "PDF 1.6", "application/pdf", "fmt/20", WATCH, NOT_PDF_A)                                      \
    F(PDF_17, "PDF 1.7", "application/pdf", "fmt/276", WATCH, NOT_PDF_A)                                     \
    F(PDF_20, "PDF 2.0", "application/pdf", "fmt/1129", WATCH, NOT_PDF_A)                                    \
    F(PDF, "PDF of another version", "application/pdf", "", WATCH, NOT_PDF_A)                                \
    F(FLAC, "FLAC", "audio/flac", "fmt/279", LASTING, "")                                                    \
    F(WAV_PCM, "Waveform Audio, PCM", "audio/wav", "fmt/141", LASTING, "")                                   \
    F(WAV_EXT, "Waveform Audio, extensible", "audio/wav", "fmt/143", LASTING, "")                            \
    F(WAV, "Waveform Audio", "audio/wav", "fmt/6", WATCH, "the codec inside decides")                        \
    F(BWF_0, "Broadcast WAVE 0, PCM", "audio/wav", "fmt/703", LASTING, "")                                   \
    F(BWF_1, "Broadcast WAVE 1, PCM", "audio/wav", "fmt/704", LASTING, "")                                   \
    F(BWF_2, "Broadcast WAVE 2, PCM", "audio/wav", "fmt/705", LASTING, "")                                   \
    F(RF64, "Broadcast WAVE, RF64", "audio/wav", "fmt/713", LASTING, "")                                     \
    F(MP3, "MPEG 1/2 Audio Layer 3", "audio/mpeg", "fmt/134", WATCH, "lossy")                                \
    F(VORBIS, "Ogg Vorbis", "audio/ogg", "fmt/203", WATCH, "lossy")                                          \
    F(OPUS, "Ogg Opus", "audio/ogg", "fmt/946", WATCH, "lossy")                                              \
    F(OGG_FLAC, "Ogg FLAC", "audio/ogg", "fmt/947", LASTING, "")                                             \
    F(OGG, "Ogg", "application/ogg", "fmt/944", WATCH, "the codec inside decides")                           \
    F(MATROSKA, "Matroska", "video/x-matroska", "fmt/569", LASTING, "")                                      \
    F(WEBM, "WebM", "video/webm", "fmt/573", WATCH, "a format for the web, lossy")                           \
    F(QUICKTIME, "QuickTime", "video/quicktime", "x-fmt/384", WATCH, "the format of one company")            \
    F(MP4, "MPEG-4 Media File", "video/mp4", "fmt/199", WATCH, "the codec inside decides")                   \
    F(AVI, "Audio/Video Interleaved", "video/x-msvideo", "fmt/5", WATCH, "the codec inside decides")         \
    F(MXF, "Material Exchange Format", "application/mxf", "", LASTING, "")                                   \
    F(ASF, "Windows Media", "application/vnd.ms-asf", "fmt/131", AT_RISK, "its players are gone")            \
    F(REAL, "RealMedia", "application/vnd.rn-realmedia", "x-fmt/190", AT_RISK, "its players are gone")       \
    F(FLASH, "Adobe Flash", "application/x-shockwave-flash", "", AT_RISK,                                    \
        "its player was switched off in 2020")                                                               \
    F(PHOTO_CD, "Kodak Photo CD", "image/x-photo-cd", "fmt/211", AT_RISK, "very few programs read it")       \
    F(GLB, "glTF, binary", "model/gltf-binary", "fmt/1316", LASTING, "")                                     \
    F(COLLADA, "COLLADA", "model/vnd.collada+xml", "fmt/1209", WATCH, "no longer developed")                 \
    F(PLY, "Polygon File Format", "model/x-ply", "fmt/831", LASTING, "")                                     \
    F(EPUB, "EPUB", "application/epub+zip", "fmt/483", LASTING, "")                                          \
    F(ODF, "OpenDocument", "application/vnd.oasis.opendocument", "", LASTING, "")                            \
    F(DOCX, "Word, Office Open XML",                                                                         \
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", "fmt/412", WATCH, OFFICE) \
    F(XLSX, "Excel, Office Open XML", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",   \
        "fmt/214", WATCH, OFFICE)                                                                            \
    F(PPTX, "PowerPoint, Office Open XML",                                                                   \
        "application/vnd.openxmlformats-officedocument.presentationml.presentation", "fmt/215", WATCH,       \
        OFFICE)                                                                                              \
    F(OOXML, "Office Open XML", "application/zip", "fmt/189", WATCH, OFFICE)                                 \
    F(ZIP, "ZIP", "application/zip", "x-fmt/263", WATCH, "what is inside decides")                           \
    F(OLE2, "OLE2 Compound Document", "application/x-ole-storage", "fmt/111", AT_RISK,                       \
        "an office format of the 1990s")                                                                     \
    F(HTML, "HTML", "text/html", "fmt/96", WATCH, "what it links to is not in it")                           \
    F(XML, "XML", "application/xml", "fmt/101", LASTING, "")                                                 \
    F(JSON, "JSON", "application/json", "fmt/817", LASTING, "")                                              \
    F(TEXT, "Plain text", "text/plain", "x-fmt/111", LASTING, "")                                            \
    F(EMPTY, "Empty file", "application/octet-stream", "", AT_RISK, "there is nothing in it")                \
    F(UNKNOWN, "Unknown", "application/octet-stream", "", AT_RISK, "we do not know this format")

typedef enum {
#define FORMAT_PLACE(place, name, mime, pronom, risk, reason) KIND_##place,
    FORMAT_TABLE(FORMAT_PLACE)
#undef FORMAT_PLACE
        KIND_COUNT
} FormatKind;

// A file that is looked into: its head, and the rest where a descriptor is there to read it.
typedef struct {
    Str head;
    int fd; // -1: the head is all
    uint64_t size_bytes;
} FormatSource;

// Exactly `count` bytes from `at`, at most 16; false beyond the end.
bool format_bytes(const FormatSource *s, uint64_t at, size_t count, unsigned char *to);

FormatKind format_tiff(const FormatSource *s, bool big_tiff);
FormatKind format_exif(const FormatSource *s); // a JPEG that begins with an APP1 segment
FormatKind format_pdf(const FormatSource *s);
FormatKind format_boxes(const FormatSource *s); // ISO base media: "ftyp" or the signature of JPEG 2000
FormatKind format_wave(const FormatSource *s);
FormatKind format_zip(const FormatSource *s);
