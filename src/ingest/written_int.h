// SPDX-License-Identifier: Apache-2.0
// ingest/written, inside.
#pragma once

#include "ingest/written.h"

// A part whose text (white space folded to single blanks) is not empty is added. ERR_LIMIT.
bool written_add(Written *w, WrittenPart part, Arena *a, Err *err) MUST_CHECK;
bool written_add_page(Written *w, WrittenPage page, Arena *a, Err *err) MUST_CHECK;

bool written_read_xml(Str bytes, Arena *a, Written *w, Err *err) MUST_CHECK;
bool written_read_hocr(Str bytes, Arena *a, Written *w, Err *err) MUST_CHECK;
