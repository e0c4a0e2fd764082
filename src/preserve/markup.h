// SPDX-License-Identifier: Apache-2.0
// preserve/markup: text for HTML, XML and tables.
#pragma once

#include "base/base.h"

// Escaped for content and attributes; characters that XML cannot hold become U+FFFD.
void markup_text(Buf *out, Str text);
// <name>text</name>, nothing at all for the empty text.
void markup_element(Buf *out, const char *name, Str text);
// A cell of a CSV table, in quotes. One that begins like a formula gets an apostrophe, so that no spreadsheet
// runs it.
void markup_csv(Buf *out, Str text);
