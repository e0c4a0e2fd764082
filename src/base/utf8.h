// SPDX-License-Identifier: Apache-2.0
// base/utf8: UTF-8 (RFC 3629) and percent-encoding (RFC 3986).
#pragma once

#include "base/base.h"

// Length 1-4 of the well-formed character at s.p[at], 0 if it is not well formed (overlong, surrogate, cut
// off, > 10FFFF).
size_t utf8_length_at(Str s, size_t at);
bool utf8_valid(Str s, size_t *ret_bad_at); // ret_bad_at may be NULL; written only when false
// Takes one character off the front; U+FFFD for a byte that belongs to none. False at the end.
bool utf8_next(Str *rest, uint32_t *ret_char);
void utf8_add(Buf *b, uint32_t character);
size_t utf8_count(Str s); // characters
// The longest head of at most max_bytes that does not cut a character.
Str utf8_head(Str s, size_t max_bytes);

// Percent-encodes everything but unreserved characters (A-Z a-z 0-9 - . _ ~) and those in `also`, e.g. ":" or
// "/".
Str uri_encode(Arena *a, Str s, const char *also);
// Decodes %XX; with plus_is_space also '+', as forms send it. ERR_INVALID for a broken %.
bool uri_decode(Arena *a, Str s, bool plus_is_space, Str *ret, Err *err) MUST_CHECK;
