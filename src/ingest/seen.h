// SPDX-License-Identifier: Apache-2.0
// ingest/seen: the ids met in this run and where, in 24 bytes each.
#pragma once

#include "base/base.h"

typedef struct {
    uint32_t file, row;
} SeenAt;

typedef struct {
    struct SeenEntry *entries;
    size_t count, capacity;
} Seen;

void seen_free(Seen *s);
// False, and *ret_before where it was met, if the id is there already.
bool seen_add(Seen *s, Str id, SeenAt at, SeenAt *ret_before);
