// SPDX-License-Identifier: Apache-2.0
// manifest/int: what the files of this room tell each other.
#pragma once

#include "base/json.h"
#include "catalog/transcript.h"
#include "manifest/manifest.h"

// ---- langs.c: language maps

// Words of our own in a manifest, in every language we have them in.
typedef enum {
    LABEL_PAGE,
    LABEL_DATA,
    LABEL_CREDIT,
    LABEL_MAKER,
    LABEL_DATE,
    LABEL_PLACE,
    LABEL_MATERIAL,
    LABEL_TECHNIQUE,
    LABEL_CLASSIFICATION,
    LABEL_SUBJECT,
    LABEL_DIMENSIONS,
    LABEL_INSCRIPTION,
    LABEL_PROVENANCE,
    LABEL_ACCESSION,
    LABEL_COLLECTION,
    LABEL_SOURCE,
    LABEL_RIGHTS,
    LABEL_PICTURE,
    LABEL_NO_PICTURE,
    LABELS,
} Label;

void label_put_member(JsonWriter *w, Str name, Label label);      // "name": {"en": ["Maker"], ...}
void label_put_page(JsonWriter *w, Arena *a, Str name, int page); // "name": {"en": ["Page 2"], ...}
// {"en": ["a", "b"], "none": ["c"]}: values grouped by language in the order in which languages first occur.
void langs_put(JsonWriter *w, Arena *a, const RecordText *values, size_t count);

// ---- metadata.c

void metadata_put(JsonWriter *w, Arena *a, const Record *record); // nothing at all if there is nothing to say

// ---- canvas.c

Str manifest_canvas_url(
    Arena *a, const ManifestAsk *ask, int number, int page); // page 0 or 1: the only one, or the first
void canvases_put(JsonWriter *w, Arena *a, const ManifestAsk *ask);

// ---- manifest.c

void manifest_put_service(JsonWriter *w, Arena *a, Str base_url, Str image_id);
void manifest_put_thumbnail(JsonWriter *w, Arena *a, Str base_url, const RecordMedia *media, Grant grant);
void manifest_put_rights(JsonWriter *w, Arena *a, Str uri); // a member, or nothing for other vocabularies
const RecordMedia *manifest_first_picture(const Record *record, Grant grant); // NULL if none may be shown
