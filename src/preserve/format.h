// SPDX-License-Identifier: Apache-2.0
// preserve/format: which file format is this, by its bytes (never by its name), with the id of the PRONOM
// registry (https://www.nationalarchives.gov.uk/PRONOM/, signature file 122), and is it one that lasts?
// docs/formats.md has the whole table and how we judge.
#pragma once

#include "base/base.h"

enum {
    FORMAT_HEAD_BYTES = 64 * 1024,
    FORMAT_PDF_LOOK_BYTES = 8 * 1024 * 1024, // at each end, for the mark of PDF/A
};

typedef enum { FORMAT_LASTING, FORMAT_WATCH, FORMAT_AT_RISK } FormatRisk;
Str format_risk_name(FormatRisk risk); // "lasting", "watch", "at risk"

typedef struct {
    int kind; // place in the table, from 0
    Str name, mime;
    Str pronom; // "fmt/353"; empty if the registry has none, or only by a version that we do not read
    FormatRisk risk;
    Str reason; // why it is watched or at risk, for people; empty for a lasting one
} Format;

// head: the first FORMAT_HEAD_BYTES of the file, or all of a shorter one. Never fails: an unknown format is
// at risk.
Format format_of(Str head);
// The same, looking where the head leads: the directory of a TIFF, the metadata of a PDF. Reads at most
// FORMAT_HEAD_BYTES and a few pages more, of a PDF 2 * FORMAT_PDF_LOOK_BYTES.
bool format_of_file(int fd, uint64_t size_bytes, Format *ret, Err *err) MUST_CHECK;

// The table: false beyond its end.
bool format_known(int kind, Format *ret);
