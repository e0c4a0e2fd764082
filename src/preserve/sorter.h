// SPDX-License-Identifier: Apache-2.0
// preserve/sorter: paths with a text each, brought into the order in which tree_each_file meets them, however
// many they are, in SORTER_RUN_BYTES of memory: what does not fit is sorted in pieces, which lie in a file
// without a name and are merged while they are read. One thread.
#pragma once

#include "base/base.h"

enum { SORTER_RUN_BYTES = 16 * 1024 * 1024, SORTER_RUNS_MAX = 320, SORTER_ENTRY_MAX_BYTES = 8 * 1024 };

typedef struct Sorter Sorter;

// run_bytes: of memory for one piece, SORTER_RUN_BYTES for everybody but tests.
Sorter *sorter_open(size_t run_bytes);
void sorter_close(Sorter *s); // NULL is fine
// ERR_LIMIT: an entry is too long, or there are more pieces than SORTER_RUNS_MAX (5 GB).
bool sorter_add(Sorter *s, Str path, Str text, Err *err) MUST_CHECK;
// To the first entry. Nothing can be added afterwards; may be called again.
bool sorter_begin(Sorter *s, Err *err) MUST_CHECK;
// *ret_path and *ret_text are borrowed until the next call; *ret_more is false behind the last.
bool sorter_next(Sorter *s, Str *ret_path, Str *ret_text, bool *ret_more, Err *err) MUST_CHECK;

// By bytes, and '/' before all others: a folder's files stand before what follows the folder.
int sorter_compare(Str path, Str other);
