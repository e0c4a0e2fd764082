// SPDX-License-Identifier: Apache-2.0
// preserve/ocfl: is this a valid OCFL 1.0 or 1.1 storage root or object? For any tree, whoever made it;
// nothing is written, no link is followed. Findings carry the codes of the specification: E... is an error,
// W... a warning (https://ocfl.io/1.1/spec/validation-codes.html).
#pragma once

#include "base/base.h"

typedef struct {
    uint64_t objects, errors, warnings;
} OcflSum;

// where: path of the object, from what was asked; empty: the root itself. code: "E092".
typedef void OcflReport(void *ctx, Str where, Str code, Str text);

// True if it could look at everything, valid or not. ERR_NOT_FOUND, ERR_IO.
bool ocfl_validate(const char *path, OcflReport *report, void *ctx, OcflSum *ret, Err *err) MUST_CHECK;
