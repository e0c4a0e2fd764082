// SPDX-License-Identifier: Apache-2.0
// Any bytes as a LIDO document: what is taken in must be a record.
#include "ingest/lido.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const FieldRules rules = {.lang = S("und")};
    Err err = {0};
    Delivered d;
    Arena *a = arena_open();
    Lido *l = lido_open((Str){(const char *)data, size}, &err);
    while (l && lido_next(l, &rules, a, &d, &err) == LIDO_RECORD) {
        Str json;
        if (delivered_finish(&d, &rules, a, &err))
            (void)!record_json(&d.record, (RecordLedger){1, 1}, a, &json, &err);
    }
    arena_close(a);
    lido_close(l);
    return 0;
}
