// SPDX-License-Identifier: Apache-2.0
// ingest/table: rows of a CSV or TSV text (RFC 4180, and what spreadsheets really write). Pure.
//
// A cell in quotes may hold the separator, line breaks and doubled quotes. A line ends with LF, CRLF or CR.
// A quote inside an unquoted cell is an ordinary character; what stands after a closing quote belongs to the
// cell.
#pragma once

#include "base/base.h"

enum { TABLE_ROW_MAX_BYTES = 4 * 1024 * 1024, TABLE_CELLS_MAX = 2000 };

typedef struct {
    const Str *cells; // in the arena
    size_t count;
    size_t lines; // of the text it took, line breaks in cells included
    bool blank;   // nothing but white space and separators
} TableRow;

typedef enum {
    TABLE_ROW,   // *ret is a row, *ret_used bytes were taken
    TABLE_MORE,  // the row goes on after the text at hand
    TABLE_END,   // nothing is left
    TABLE_FAULT, // the row cannot be read: *ret_used passes over its first line; err says why
} TableStep;

// Takes one row off the front of `text`; at_end: nothing comes after it. A quote that never closes makes a
// fault of that line alone. scratch: a Buf of TABLE_ROW_MAX_BYTES, kept by the caller between rows.
TableStep table_take(Str text, bool at_end, char separator, Buf *scratch, Arena *a, TableRow *ret,
    size_t *ret_used, Err *err) MUST_CHECK;

// The character between the cells, guessed from the first rows: ',' ';' tab or '|'.
char table_guess_separator(Str text, bool at_end);
