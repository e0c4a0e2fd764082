// SPDX-License-Identifier: Apache-2.0
// ingest/written: files that say what stands written in a picture or is said in a film, as programs for
// reading and subtitling write them. Foreign bytes; pure.
//
//   ALTO 2-4 (.alto.xml, or .xml)      lines with boxes, https://www.loc.gov/standards/alto/
//   PAGE 2010-2019 (.page.xml, .xml)   lines with polygons, https://github.com/PRImA-Research-Lab/PAGE-XML
//   hOCR 1.2 (.hocr)                   lines with boxes, http://kba.github.io/hocr-spec/1.2/
//   WebVTT (.vtt), SubRip (.srt)       cues with times
//   plain text (.txt)                  a part a paragraph, without place
#pragma once

#include "base/base.h"

enum {
    WRITTEN_FILE_MAX_BYTES = 8 * 1024 * 1024,
    WRITTEN_TEXT_MAX_BYTES = 512 * 1024, // of all parts of a file together
    WRITTEN_PARTS_MAX = 20000,
    WRITTEN_PAGES_MAX = 2000,
};

typedef enum {
    WRITTEN_XML, // ALTO or PAGE, as its root says
    WRITTEN_HOCR,
    WRITTEN_CUES,
    WRITTEN_TEXT,
} WrittenKind;

// By the endings of a file's name: "1998.44.fr.vtt" belongs to "1998.44" and is French. False if it is no
// such file. Of an .xml only .alto.xml and .page.xml: any other may be a record.
bool written_named(Str file_name, WrittenKind *ret, Str *ret_stem, Str *ret_lang);
bool written_is_xml(Str head); // the first bytes of an .xml: is it ALTO or PAGE?

typedef struct {
    Str text;
    int page; // of the file, from 0
    bool has_box;
    double left, top, width, height; // in the units of its page
    bool has_time;
    double from_s, to_s;
} WrittenPart;

typedef struct {
    double width, height; // in the units of its boxes; the picture is scaled to it. 0: they are pixels
} WrittenPage;

typedef struct {
    Str lang; // BCP 47 as the file says, else empty
    WrittenPart *parts;
    size_t count, capacity;
    WrittenPage *pages;
    size_t pages_count, pages_capacity;
    size_t bytes;
} Written;

// bytes: UTF-8 for cues and text, as they came for XML and hOCR. In the arena. ERR_CORRUPT: not of the form
// its name says; ERR_LIMIT: over a limit above.
bool written_read(WrittenKind kind, Str bytes, Arena *a, Written *ret, Err *err) MUST_CHECK;
