// SPDX-License-Identifier: Apache-2.0
// ingest/encoding: which encoding is this text in? Looks at every byte once, then says; the caller tells the
// user.
//
// A byte order mark decides. Without one: text that is valid UTF-8 is UTF-8; zero bytes at every second place
// are UTF-16; anything else is a legacy encoding, guessed by ICU from the lines that are not plain ASCII.
#pragma once

#include "base/base.h"

enum { ENCODING_SAMPLE_MAX_BYTES = 64 * 1024 };

// What was seen so far. Begin with zeros.
typedef struct {
    uint64_t bytes;
    unsigned char head[4]; // the first bytes: a mark, or the signature of something that is no text
    size_t head_count;
    uint64_t zeros_even, zeros_odd;
    uint64_t good_characters, bad_bytes; // beyond ASCII, read as UTF-8
    unsigned char cut[4];                // a character that began at the end of the last piece
    size_t cut_count;
    Buf sample; // lines with bytes beyond ASCII
} EncodingScan;

void encoding_scan_free(EncodingScan *scan);
void encoding_scan(EncodingScan *scan, Str piece);

typedef struct {
    Str name;          // as ICU and the IANA know it: "UTF-8", "GB18030"; static
    size_t mark_bytes; // of the byte order mark to pass over
    bool guessed;      // not certain: legacy bytes say nothing of themselves
} Encoding;

// After the last piece. ERR_UNSUPPORTED, in words for the user, if it is not a text at all.
bool encoding_decide(EncodingScan *scan, Encoding *ret, Err *err) MUST_CHECK;
// A name from a mapping file: "gb2312", "latin1", "ansi" as people write them. ERR_INVALID.
bool encoding_named(Str name, Str *ret, Err *err) MUST_CHECK;
