// SPDX-License-Identifier: Apache-2.0
// ingest/workbook: the rows of the first sheet of a spreadsheet workbook (.xlsx, ECMA-376).
//
// Values as the sheet shows them where that matters: texts, numbers without a tail of rounding, dates as
// 1938-05-03, the last computed value of a formula. Phonetic guides (furigana) are left out.
#pragma once

#include "base/base.h"
#include "ingest/table.h"

enum {
    WORKBOOK_STRINGS_MAX = 4 * 1000 * 1000,
    WORKBOOK_ROWS_MAX = 1048576,
    WORKBOOK_CELL_MAX_BYTES = 1024 * 1024
};

typedef struct Workbook Workbook;

// file: all bytes, borrowed until close. ERR_CORRUPT, ERR_LIMIT, ERR_UNSUPPORTED.
Workbook *workbook_open(Str file, Err *err) MUST_CHECK;
void workbook_close(Workbook *w);
Str workbook_sheet(const Workbook *w); // name of the sheet
int workbook_sheets(const Workbook *w);
// TABLE_ROW, TABLE_END or TABLE_FAULT (damaged: nothing comes after it). *ret_line: the row's number in the
// sheet.
TableStep workbook_next(Workbook *w, Arena *a, TableRow *ret, int64_t *ret_line, Err *err) MUST_CHECK;
