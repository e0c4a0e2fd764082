// SPDX-License-Identifier: Apache-2.0
// manifest: IIIF Presentation API 3.0 documents (https://iiif.io/api/presentation/3.0/). Pure: a record in,
// JSON out.
#pragma once

#include "base/base.h"
#include "catalog/record.h"

typedef struct {
    const Record *record;
    Grant grant;
    Str base_url; // "https://museum.example"
    Str museum_name;
    Str museum_lang;
} ManifestAsk;

enum { MANIFEST_MAX_BYTES = 32 * 1024 * 1024 };

bool manifest_write(const ManifestAsk *ask, Buf *out, Err *err) MUST_CHECK;
// "/iiif/manifest/<id>", percent-encoded; likewise the others. Where things are is decided here, once.
Str manifest_url(Arena *a, Str base_url, Str object_id);
Str manifest_object_url(Arena *a, Str base_url, Str object_id); // page for people
Str manifest_image_url(Arena *a, Str base_url, Str image_id);   // Image API 3.0 service
