// SPDX-License-Identifier: Apache-2.0
// Whatever JSON comes in: read it, write it, read that, write again: the same bytes, and nothing lost on the
// way.
#include "catalog/record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Record first, second;
    Str once, twice;
    if (size > RECORD_MAX_BYTES)
        return 0;
    record_rights_uri((Str){(const char *)data, size});
    const Json *tree = json_parse((Str){(const char *)data, size}, a, &err);
    if (!tree || !record_parse(tree, a, &first, &err))
        return 0;
    if (!record_json(&first, (RecordLedger){1, 2}, a, &once, &err)) {
        assert(err.kind == ERR_LIMIT); // escapes may make it longer
        return 0;
    }
    const Json *again = json_parse(once, a, &err);
    assert(again && record_ledger(again).sequence == 2);
    if (!record_parse(again, a, &second, &err)) {
        assert(err.kind == ERR_LIMIT);
        return 0;
    }
    assert(record_json(&second, (RecordLedger){1, 2}, a, &twice, &err));
    assert(str_eq(once, twice));
    assert(record_same(&first, &second, a));
    record_title(&first, S("zh-Hant"));
    return 0;
}
