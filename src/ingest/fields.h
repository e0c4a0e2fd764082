// SPDX-License-Identifier: Apache-2.0
// ingest/fields: what a column or a member of a foreign document means, and how its text becomes part of a
// Record. Pure.
#pragma once

#include "base/base.h"
#include "catalog/record.h"
#include "ingest/ingest.h"

typedef enum {
    FIELD_UNKNOWN, // no guess
    FIELD_IGNORED, // "-" in a mapping: not taken in
    FIELD_KEPT,    // no field of ours: kept as it came, under the column's name
    FIELD_ID,
    FIELD_LANG,
    FIELD_TITLE,
    FIELD_TEXT,
    FIELD_MAKER,
    FIELD_MAKER_SORT,
    FIELD_MAKER_ROLE,
    FIELD_DATE,
    FIELD_EARLIEST,
    FIELD_LATEST,
    FIELD_PLACE,
    FIELD_LATITUDE,
    FIELD_LONGITUDE,
    FIELD_SPOT, // both in one: "29.29, 117.21"
    FIELD_MATERIAL,
    FIELD_TECHNIQUE,
    FIELD_OBJECT_NAME, // a classification, and the title where there is none
    FIELD_CLASSIFICATION,
    FIELD_SUBJECT,
    FIELD_DIMENSIONS,
    FIELD_INSCRIPTION,
    FIELD_PROVENANCE,
    FIELD_ACCESSION,
    FIELD_COLLECTION,
    FIELD_CREDIT,
    FIELD_SOURCE,
    FIELD_URL,
    FIELD_LICENCE,
    FIELD_RIGHTS,
    FIELD_ACCESS,
    FIELD_PART_OF,
    FIELD_RELATED,
    FIELD_IMAGE,
} FieldKind;

typedef struct {
    FieldKind kind;
    Str lang; // of its texts: from title_en or title@en; empty if not said
} Field;

// By the name of a column in any of the languages we know ("Inv.-Nr.", "title_en", "名称"). FIELD_UNKNOWN if
// none. ret_names_lang: the language the name itself is in ("de"), empty where several have it.
Field field_guess(Str column, Str *ret_names_lang);
// By our own name, as mapping files say it: "title", "title@zh-Hans", "date.earliest", "-", "keep".
bool field_named(Str name, Field *ret, Err *err) MUST_CHECK;
const char *field_name(FieldKind kind); // as field_named reads it

// Something to tell the user about one value.
typedef struct {
    IngestLevel level;
    Str cell, text;
} Remark;

// A picture as the delivery names it, with what it says of it.
typedef struct {
    Str file, label, label_lang, rights;
} DeliveredPicture;

// One record on its way in: what has no place in a Record until all of it was seen stands beside it.
typedef struct {
    Record record;
    RECORD_LIST(DeliveredPicture) pictures;
    RECORD_LIST(RecordText) roles; // of makers, in order, from a column of their own
    RECORD_LIST(Str) maker_sorts;
    Str earliest, latest, object_name, latitude, longitude, spot;
    RECORD_LIST(Remark) remarks;
    bool is_ours; // came as our own record.json
} Delivered;

typedef struct {
    Str lang;  // of texts that do not say; never empty
    Str split; // characters that stand between several values in one cell; empty: none
} FieldRules;

// Puts the text of one cell or member where it belongs. column: its name, for remarks and for what is kept.
void field_put(Delivered *d, Field field, Str column, Str text, const FieldRules *rules, Arena *a);
// After the last: makes dates from their parts, the id from the accession number, the rights URI from the
// licence. ERR_INVALID if there is no id that can be used.
bool delivered_finish(Delivered *d, const FieldRules *rules, Arena *a, Err *err) MUST_CHECK;
void delivered_remark(Delivered *d, IngestLevel level, Str cell, Str text, Arena *a);
void delivered_keep(Delivered *d, Str name, Json value, Arena *a);

// White space of every script off both ends, no-break and ideographic spaces included.
Str field_trim(Str s);
bool field_is_lang(Str s); // a language tag as we expect it: "en", "zh-Hans", "pt-BR"
