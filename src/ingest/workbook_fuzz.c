// SPDX-License-Identifier: Apache-2.0
// Any bytes as a workbook.
#include "ingest/workbook.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {0};
    Workbook *w = workbook_open((Str){(const char *)data, size}, &err);
    Arena *a = arena_open();
    TableRow row;
    int64_t line;
    while (w && workbook_next(w, a, &row, &line, &err) == TABLE_ROW)
        arena_reset(a);
    arena_close(a);
    workbook_close(w);
    return 0;
}
