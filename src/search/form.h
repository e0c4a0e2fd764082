// SPDX-License-Identifier: Apache-2.0
// The form of a segment file: sections one after the other, and at the end a footer that says where they
// begin. Numbers are in the order of the machine; an index is made where it is used.
//
//   postings   for each term: skip table (if it has more than a block), records, positions
//   terms      blocks of 16 terms, front-coded: shared bytes, length, bytes, records, sizes of its postings
//   blocks     for each block: where it begins in terms, where its postings begin
//   columns    one value a record each; id, title and field starts in a blob
//   rows       of facet values, shared by records that are alike: each has the number of one row of every
//              kind (RowKind), and a row is a list of value numbers
//   values     facet byte and text of each facet value, ascending
#pragma once

#include "search/int.h"

enum { SEGMENT_FORM = 3, TERMS_IN_BLOCK = 16 };

typedef enum {
    SECTION_TERMS,
    SECTION_BLOCKS,
    SECTION_SEQUENCES,
    SECTION_EARLIEST,
    SECTION_LATEST,
    SECTION_TITLE_KEYS,
    SECTION_MAKER_KEYS,
    SECTION_RANKS,
    SECTION_FLAGS,
    SECTION_DOC_OFFSETS, // docs + 1
    SECTION_DOC_BLOB,
    SECTION_ROW_NUMBERS,                                // a section for each kind of row: a number a record
    SECTION_ROW_ENDS = SECTION_ROW_NUMBERS + ROW_KINDS, // the same: rows + 1
    SECTION_ROW_VALUES = SECTION_ROW_ENDS + ROW_KINDS,
    SECTION_ROW_VALUES_LAST = SECTION_ROW_VALUES + ROW_KINDS - 1,
    SECTION_VALUE_OFFSETS, // values + 1
    SECTION_VALUE_BLOB,
    SECTIONS,
} Section;

typedef struct {
    uint64_t terms_at; // in SECTION_TERMS
    uint64_t postings_at;
} TermBlock;

typedef struct {
    uint64_t at[SECTIONS], bytes[SECTIONS];
    uint64_t postings_bytes;
    uint64_t terms;
    uint32_t docs, values;
    uint32_t form;
    uint32_t rows[ROW_KINDS];
    uint32_t ascending, none; // sequences ascend with the numbers of records
    char magic[8];            // "VITRSEG"
} Footer;
