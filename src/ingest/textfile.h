// SPDX-License-Identifier: Apache-2.0
// ingest/textfile: a text file in any encoding, read as UTF-8 through a window that slides: rows of any size
// up to a limit, files of any size in little memory.
#pragma once

#include "base/base.h"
#include "ingest/encoding.h"

typedef struct TextFile TextFile;

// Reads `fd` (which stays the caller's) once to find the encoding, unless `encoding` says it, then begins at
// the start. ERR_UNSUPPORTED: not a text. ERR_IO.
TextFile *textfile_open(int fd, Str encoding, Encoding *ret, Err *err) MUST_CHECK;
void textfile_close(TextFile *t);
void textfile_closep(TextFile **t);

// What is at hand, valid UTF-8 but for bytes of a UTF-8 file that are not (they are passed on as they are).
// Borrowed until the next textfile_more or textfile_skip.
Str textfile_window(const TextFile *t);
bool textfile_at_end(const TextFile *t); // nothing comes after the window
// Makes the window longer. ERR_LIMIT if it is max_bytes already.
bool textfile_more(TextFile *t, size_t max_bytes, Err *err) MUST_CHECK;
void textfile_skip(TextFile *t, size_t count); // passes over the front of the window
uint64_t textfile_bytes_read(const TextFile *t);
