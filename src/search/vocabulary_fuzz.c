// SPDX-License-Identifier: Apache-2.0
#include "search/vocabulary.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {0};
    Vocabulary *v = vocabulary_empty();
    if (!vocabulary_read(v, (Str){(const char *)data, size}, &err) && err.kind == ERR_NONE)
        abort();
    vocabulary_free(v);
    return 0;
}
