// SPDX-License-Identifier: Apache-2.0
// manifest: IIIF Presentation API 3.0 documents (https://iiif.io/api/presentation/3.0/), and where things
// are: the addresses of objects and pictures. Pure: a record and a Grant in, JSON out.
//
// What the Grant does not open is not in the document: no canvas carries a picture the viewer may not fetch,
// no size goes beyond the longest side that may be sent. Asking for a manifest of an object whose Grant shows
// nothing is the caller's mistake; it has answered "not found" before.
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

// ERR_LIMIT over MANIFEST_MAX_BYTES.
bool manifest_write(const ManifestAsk *ask, Buf *out, Err *err) MUST_CHECK;

// ---- what stands written in the pictures (annotations.c)

// Has the record a transcript of this picture; empty: of any?
bool manifest_has_text(const Record *record, Str image_id);
// The annotation page of one canvas. ERR_NOT_FOUND: no such picture for this Grant, or no text; ERR_LIMIT.
bool manifest_write_text(const ManifestAsk *ask, Str image_id, Buf *out, Err *err) MUST_CHECK;

typedef struct {
    size_t transcript, part; // indexes as in catalog/transcript.h
} ManifestPlace;

// An answer of IIIF Content Search 2.0.
typedef struct {
    Str request_url;
    const Str *ignored; // parameters that the standard has and we do not use
    size_t ignored_count;
    const ManifestPlace *places;
    size_t count;
} ManifestFound;
bool manifest_write_found(const ManifestAsk *ask, const ManifestFound *found, Buf *out, Err *err) MUST_CHECK;

// ---- addresses, decided here once

// "/iiif/manifest/<id>", percent-encoded; likewise the others.
Str manifest_url(Arena *a, Str base_url, Str object_id);
Str manifest_object_url(Arena *a, Str base_url, Str object_id); // page for people
Str manifest_image_url(Arena *a, Str base_url, Str image_id);   // Image API 3.0 service
Str manifest_text_url(Arena *a, Str base_url, Str image_id);    // annotations of a picture
Str manifest_search_url(Arena *a, Str base_url, Str object_id); // search inside an object
// What stands in the address of an id: percent-encoded, ':' kept.
Str manifest_id_encoded(Arena *a, Str id);

// ---- sizes

typedef struct {
    int width_px, height_px;
} ManifestSize;

enum { MANIFEST_SIZES_MAX = 12 };

// The sizes of a whole picture that are stored ready (image/pyramid.h has the rule) and that the Grant opens,
// smallest first; a Grant between two of them adds its own. Returns their count: 0 for a picture of unknown
// size or a Grant without pixels.
int manifest_sizes(int width_px, int height_px, Grant grant, ManifestSize ret[MANIFEST_SIZES_MAX]);
// The address of the whole picture in one size.
Str manifest_picture_url(Arena *a, Str base_url, Str image_id, ManifestSize size);
