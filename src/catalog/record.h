// SPDX-License-Identifier: Apache-2.0
// catalog/record: what a museum knows of one object, as a struct and as record.json (docs/record.md has the
// form).
//
// Every text keeps its language (BCP 47; "und" where nobody said). Nothing is refused for being unknown:
// members we have no field for are kept in `more` as they came, and written out again. Years are astronomical
// (ISO 8601): 1 is 1 CE, 0 is 1 BCE, -299 is 300 BCE.
#pragma once

#include "base/base.h"
#include "base/json.h"
#include "rights/rights.h"

enum {
    RECORD_MAX_BYTES = 4 * 1024 * 1024,
    RECORD_ID_MAX_BYTES = 512,
    RECORD_MEDIA_MAX = 20000,
    RECORD_ITEMS_MAX = 5000, // of any other list, and of members in `more`
    RECORD_DEPTH_MAX = 32,   // of lists and maps within each other
};

typedef struct {
    Str lang, text;
} RecordText;

typedef struct {
    Str text; // as the museum writes it
    Str lang;
    Str uri; // of the concept in a vocabulary, if known
    Str at;  // of a place: "latitude,longitude" in degrees, if the record says so
} RecordTerm;

typedef struct {
    Str name; // "Beatrice Wood"
    Str sort; // "Wood, Beatrice"
    Str role, lang, uri;
} RecordMaker;

typedef struct {
    Str text; // "c. 1938-1948"
    bool has_years;
    int earliest, latest; // astronomical years
} RecordDate;

typedef struct {
    Str type;   // "part of", "companion", ...
    Str target; // id of another record, or a URI
} RecordRelation;

typedef struct {
    Str id;     // of the image in URLs: "<object id>:<number>", for a further page of the same file
                // "<object id>:<number>-<page>"; stays the same when the order changes
    int number; // of the file: from 1, never used again in this object
    int page;   // 0: the file is one picture; else which of its pages this is, from 1
    Str path;   // in the vault: "media/1/IMG_0042.jpg"
    Str name;   // of the file as it was delivered
    Str format; // MIME type
    Str sha512; // hex, of the master
    int64_t size_bytes;
    int width_px, height_px;
    Str label, label_lang;
    Str rights; // statement URI if it differs from the record's
} RecordMedia;

// A list of any of the above: items and their count.
#define RECORD_LIST(Type)                                                                                    \
    struct {                                                                                                 \
        Type *items;                                                                                         \
        size_t count, capacity;                                                                              \
    }

typedef RECORD_LIST(RecordText) RecordTexts;
typedef RECORD_LIST(RecordTerm) RecordTerms;
typedef RECORD_LIST(RecordMaker) RecordMakers;
typedef RECORD_LIST(RecordDate) RecordDates;
typedef RECORD_LIST(RecordRelation) RecordRelations;
typedef RECORD_LIST(RecordMedia) RecordMediaList;

typedef struct {
    Str id;   // as the museum gave it; unique in this museum
    Str lang; // of texts that do not say
    RecordTexts titles;
    RecordTexts texts; // descriptions
    RecordMakers makers;
    RecordDates dates;
    RecordTerms places;
    RecordTerms materials; // and medium lines
    RecordTerms techniques;
    RecordTerms classification;
    RecordTerms subjects;
    RecordTexts dimensions;
    RecordTexts inscriptions;
    RecordTexts provenance;
    Str accession, collection, credit, source, url;
    Str licence; // as given: "CC0-1.0"
    Str rights;  // statement URI (creativecommons.org, rightsstatements.org), derived from licence where it
                 // can be
    bool has_terms; // the record itself says who may see it; else museum.conf's default counts
    Terms terms;
    RecordRelations relations;
    RecordMediaList media;
    RECORD_LIST(Json) more_values; // further members, in order, with their names in more_names
    RECORD_LIST(Str) more_names;
} Record;

// Reads record.json (our own form; `ledger` is passed over). Texts borrow from the tree. Nothing is refused
// for its type: what does not fit its field stands in `more` under the field's name with a `_` before it. An
// `access` that cannot be read shuts the record. ERR_INVALID: not a map, no id, a control character in the
// id, not UTF-8. ERR_LIMIT.
bool record_parse(const Json *tree, Arena *a, Record *ret, Err *err) MUST_CHECK;
// May a record made by hand be written? Looks at the id, the counts and the depth and UTF-8 of `more`.
bool record_check(const Record *record, Err *err) MUST_CHECK;
// Writes the members of record.json into an open map: always the same bytes for the same record.
void record_write(const Record *record, JsonWriter *w);
// The whole file: the record and, as its last member, where it stands in the ledger.
typedef struct {
    int64_t change_set, sequence;
} RecordLedger;
bool record_json(const Record *record, RecordLedger ledger, Arena *a, Str *ret, Err *err) MUST_CHECK;
RecordLedger record_ledger(const Json *tree); // zeros if absent
// What stands in the vault in place of the record of a deleted object (tombstone.json).
Str record_tombstone(Arena *a, Str id, RecordLedger ledger);
// Same content, whatever the ledger says? One that may not be written is like no other.
bool record_same(const Record *x, const Record *y, Arena *a);

// The text in the viewer's language, else in the record's, else the first; empty if there is none.
Str record_title(const Record *record, Str lang);
Terms record_terms(const Record *record, Terms otherwise);
// "CC0-1.0", "cc by 4.0", "public domain", "In Copyright" -> the exact statement URI (static, or a slice of
// `licence` for a licence ported to a country); empty if unknown. "CC BY" without a version is unknown: five
// versions differ.
Str record_rights_uri(Str licence);

// ---- differences

// One thing that differs between two versions: of a language map one language, of a list one item, else a
// member.
typedef struct {
    Str member; // "titles"
    Str lang;   // of a language map, else empty
    Str before; // as JSON or, for texts, as text; empty: was not there
    Str after;  // empty: is not there any more
} RecordDifference;
// In the order of record.json; the ledger member is passed over. Either may be NULL: nothing was there.
bool record_diff(const Json *before, const Json *after, Arena *a, RecordDifference **ret, size_t *ret_count,
    Err *err) MUST_CHECK;
