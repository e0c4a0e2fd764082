// SPDX-License-Identifier: Apache-2.0
// catalog/record, inside: one table of the members of record.json, in the order in which they are written,
// that reader and writer both follow.
#pragma once

#include "catalog/record.h"

typedef enum {
    FIELD_TEXT,  // Str
    FIELD_TEXTS, // RecordTexts, a language map: {"en": ["...", "..."]}
    FIELD_LIST,  // a RECORD_LIST of maps, described by an ItemForm
    FIELD_ACCESS,
} FieldKind;

typedef enum {
    ITEM_TEXT,  // Str
    ITEM_INT,   // int, not negative
    ITEM_INT64, // int64_t, not negative
    ITEM_YEAR,  // int; written only if the date has years
} ItemKind;

typedef struct {
    Str name;
    ItemKind kind;
    size_t offset;
} ItemField;

typedef struct {
    const ItemField *fields;
    size_t fields_count;
    size_t item_bytes;
    size_t max;
    // Is the item just read one of ours? seen: bit i for fields[i]. May complete it.
    bool (*sound)(const Record *record, void *item, unsigned seen);
} ItemForm;

typedef struct {
    Str name;
    FieldKind kind;
    size_t offset;
    const ItemForm *form; // FIELD_LIST
} RecordField;

// Any RECORD_LIST, moved in and out by memcpy because each has a type of its own.
typedef RECORD_LIST(void) AnyList;

extern const RecordField record_fields[];
extern const size_t record_fields_count;

const RecordField *record_field(Str name); // NULL if it is not ours
