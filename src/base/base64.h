// SPDX-License-Identifier: Apache-2.0
// base/base64: bytes as text, RFC 4648, section 4, with padding; by libsodium, in a time that does not depend
// on the bytes.
#pragma once

#include "base/base.h"

Str base64_text(Arena *a, Str bytes);
// ERR_INVALID: a character or length that makes no sense.
bool base64_read(Arena *a, Str text, Str *ret, Err *err) MUST_CHECK;
// Exactly `count` bytes, and no copy of them is left elsewhere.
bool base64_into(Str text, void *to, size_t count) MUST_CHECK;
