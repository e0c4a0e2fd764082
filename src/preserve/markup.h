// SPDX-License-Identifier: Apache-2.0
// preserve/markup, inside: text for HTML and XML.
#pragma once

#include "base/base.h"

// Escaped for content and attributes; characters that XML cannot hold become U+FFFD.
void markup_text(Buf *out, Str text);
// <name>text</name>, nothing at all for the empty text.
void markup_element(Buf *out, const char *name, Str text);
