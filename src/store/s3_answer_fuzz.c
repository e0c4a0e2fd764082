// SPDX-License-Identifier: Apache-2.0
// Whatever a server answers: no page beyond its limits, no crash.
#include "store/s3_answer.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    S3Page page;
    Str xml = {(const char *)data, size}, text, root;
    if (s3_answer_page(xml, a, &page, &err)) {
        if (page.count > S3_KEYS_MAX)
            abort();
        for (size_t i = 0; i < page.count; i++)
            if (page.entries[i].key.n > S3_KEY_MAX_BYTES)
                abort();
    } else if (err.kind == ERR_NONE) {
        abort();
    }
    if (s3_answer_text(xml, a, "Code", &text, &root) && root.n == 0)
        abort();
    return 0;
}
