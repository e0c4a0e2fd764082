// SPDX-License-Identifier: Apache-2.0
// The first line is the content type, the rest the body.
#include "site/int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {0};
    Str type = S(""), body = {(const char *)data, size};
    Upload upload;
    if (!str_cut(body, '\n', &type, &body) || !upload_read(type, body, &upload, &err))
        return 0;
    const Str parts[] = {upload.picture, upload.again, upload.q};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        assert(parts[i].n == 0 || (parts[i].p >= body.p && parts[i].p + parts[i].n <= body.p + body.n));
    return 0;
}
