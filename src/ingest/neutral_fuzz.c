// SPDX-License-Identifier: Apache-2.0
// Any JSON as a record: what is taken in must be writable, and be the same record when it is read again.
#include "ingest/neutral.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Arena *a = arena_open();
    Delivered d;
    Err err;
    Str json;
    Record again;
    NeutralFile *file = arena_new(a, NeutralFile);
    file->rules = (FieldRules){.lang = S("und"), .split = S(";|")};
    file->arena = a;
    const Json *tree = json_parse((Str){(const char *)data, size}, a, &err);
    if (tree && neutral_read(file, tree, a, &d, &err) && delivered_finish(&d, &file->rules, a, &err) &&
        record_json(&d.record, (RecordLedger){1, 1}, a, &json, &err)) {
        const Json *back = json_parse(json, a, &err);
        if (!back || !record_parse(back, a, &again, &err) || !record_same(&d.record, &again, a))
            abort();
    }
    arena_close(a);
    return 0;
}
