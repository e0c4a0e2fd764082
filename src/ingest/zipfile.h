// SPDX-License-Identifier: Apache-2.0
// ingest/zipfile: parts of a small foreign ZIP file (a spreadsheet workbook), in memory. Pure but for the
// reading.
#pragma once

#include "base/base.h"

enum {
    ZIPFILE_MAX_BYTES = 64 * 1024 * 1024,
    ZIPFILE_PART_MAX_BYTES = 128 * 1024 * 1024, // unpacked
    ZIPFILE_PARTS_MAX = 10000,
};

typedef struct {
    Str name;
    int method; // 0 stored, 8 deflated
    uint32_t packed_bytes, bytes, crc, offset;
} ZipPart;

typedef struct {
    Str file;
    ZipPart *parts;
    size_t count;
} ZipFile;

// file: all its bytes, borrowed. ERR_CORRUPT, ERR_LIMIT, ERR_UNSUPPORTED (encrypted, in pieces, larger than 4
// GB).
bool zipfile_open(Str file, Arena *a, ZipFile *ret, Err *err) MUST_CHECK;
// Unpacked and checked against its length and CRC. ERR_NOT_FOUND, ERR_CORRUPT, ERR_LIMIT.
bool zipfile_read(const ZipFile *zip, Str name, Arena *a, Str *ret, Err *err) MUST_CHECK;
