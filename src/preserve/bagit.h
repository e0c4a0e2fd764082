// SPDX-License-Identifier: Apache-2.0
// preserve/bagit: reads BagIt bags, versions 0.93 to 1.0 (RFC 8493). Nothing is fetched, no link is followed,
// no path leads out of the bag. A manifest is read line by line and sorted in pieces (preserve/sorter): it
// may have tens of millions of lines, and costs 20 MB of memory.
#pragma once

#include "base/base.h"

enum { BAGIT_MANIFEST_MAX_MB = 4096 };

typedef struct {
    int version;           // 97 for 0.97, 100 for 1.0; 0 if it does not say
    uint64_t files, bytes; // of the payload
    uint64_t errors, warnings;
} BagSum;

typedef void BagReport(void *ctx, bool error, Str text);

// True if it could look at everything; the bag is valid if ret->errors is 0.
bool bagit_check(const char *path, BagReport *report, void *ctx, BagSum *ret, Err *err) MUST_CHECK;
// The same with so many bytes of memory for each manifest; for tests.
bool bagit_check_in(
    const char *path, size_t run_bytes, BagReport *report, void *ctx, BagSum *ret, Err *err) MUST_CHECK;

// For writing: a path as it stands in a manifest (%, CR and LF encoded).
Str bagit_path(Arena *a, Str path);
