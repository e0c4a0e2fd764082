// SPDX-License-Identifier: Apache-2.0
// Any bytes as a table: the first byte chooses the separator and how the window grows. Reading in pieces must
// give the same rows as reading at once.
#include "ingest/encoding.h"
#include "ingest/table.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static uint64_t read_rows(Str text, char separator, size_t step)
{
    Arena *a = arena_open();
    Buf scratch = buf_with_max(TABLE_ROW_MAX_BYTES);
    uint64_t sum = 0;
    size_t shown = MIN_OF(step, text.n);
    for (;;) {
        TableRow row;
        size_t used = 0;
        Err err;
        TableStep next =
            table_take(str_slice(text, 0, shown), shown == text.n, separator, &scratch, a, &row, &used, &err);
        if (next == TABLE_END)
            break;
        if (next == TABLE_MORE) {
            if (shown == text.n)
                abort();
            shown = MIN_OF(shown + step, text.n);
            continue;
        }
        if (used == 0 || used > shown)
            abort();
        text = str_slice(text, used, text.n);
        shown = MIN_OF(step, text.n);
        sum = sum * 31 + (next == TABLE_FAULT ? 7 : row.count);
        for (size_t i = 0; next == TABLE_ROW && i < row.count; i++)
            for (size_t c = 0; c < row.cells[i].n; c++)
                sum = sum * 31 + (unsigned char)row.cells[i].p[c];
    }
    buf_free(&scratch);
    arena_close(a);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1 || size > 64 * 1024)
        return 0;
    Str text = {(const char *)data + 1, size - 1};
    char separator = ",;\t|"[data[0] % 4];
    if (read_rows(text, separator, text.n + 1) != read_rows(text, separator, 1 + data[0] / 4))
        abort();
    (void)table_guess_separator(text, true);
    EncodingScan scan = {0};
    Encoding found;
    Err err;
    encoding_scan(&scan, text);
    (void)!encoding_decide(&scan, &found, &err);
    encoding_scan_free(&scan);
    return 0;
}
