// SPDX-License-Identifier: Apache-2.0
// ingest/mapping: the small file that says which column is which field (docs/ingest.md). Pure.
//
//   # comment
//   @encoding = GB18030        how to read the table, where the guess is wrong
//   @separator = ;             or "tab"
//   @lang = de                 of texts that do not say
//   @split = ;|                characters between several values in one cell
//   Inv.-Nr. = id, accession
//   Titel = title@de
//   Notiz = -                  not taken in
//
// Columns that it does not name are guessed as without it.
#pragma once

#include "base/base.h"
#include "ingest/fields.h"

enum { MAPPING_MAX_BYTES = 256 * 1024, MAPPING_LINES_MAX = 5000 };

typedef struct {
    Str column;
    Field field;
} MappingLine;

typedef struct {
    RECORD_LIST(MappingLine) lines;
    Str encoding, lang, split;
    bool has_split;
    char separator; // 0: guessed
} Mapping;

// ERR_INVALID names the line.
bool mapping_parse(Str text, Arena *a, Mapping *ret, Err *err) MUST_CHECK;

enum { MAPPING_FIELDS_MAX = 8, MAPPING_MEMO_SLOTS = 256, MAPPING_NAMES_MAX = 4096 };

// The fields of a column: what the mapping says, else the guess. Returns how many; at least one.
int mapping_fields(const Mapping *mapping, Str column, Field ret[MAPPING_FIELDS_MAX], Str *ret_names_lang);

// The same with an answer given once remembered: documents have the same few names again and again. Begin
// with zeros; the names are copied into the arena.
typedef struct {
    Str name;
    Field fields[MAPPING_FIELDS_MAX];
    int count;
} MappingAnswer;

typedef struct {
    MappingAnswer slots[MAPPING_MEMO_SLOTS], last;
    int names; // copied so far; a file of ever new names does not get ever more memory
} MappingMemo;

const MappingAnswer *mapping_recall(MappingMemo *memo, const Mapping *mapping, Str name, Arena *a);
