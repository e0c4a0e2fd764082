// SPDX-License-Identifier: Apache-2.0
// preserve/mets: one object of the vault as METS 1.12 with PREMIS 3 (files, events, agents) and MIX 2
// (pictures). Pure: facts in, XML out.
#pragma once

#include "preserve/format.h"

#include "base/digest.h"
#include "store/store.h"

typedef struct {
    Str path, original_name;
    Sha512 digest;
    uint64_t size_bytes;
    Format format;
    int width_px, height_px; // 0 if it is no picture
} MetsFile;

typedef struct {
    Str object_id, title;
    int64_t now_ms;
    const StoreVersion *versions; // each is an event
    size_t versions_count;
    const MetsFile *files;
    size_t files_count;
    int64_t verified_ms; // when fixity was last checked, 0: never
} MetsObject;

void mets_write(const MetsObject *object, Buf *out);
