// SPDX-License-Identifier: Apache-2.0
// The first line is the content type, the rest the body.
#include "site/int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {0};
    Str type = S(""), body = {(const char *)data, size}, picture;
    if (!str_cut(body, '\n', &type, &body))
        return 0;
    if (upload_picture(type, body, &picture, &err))
        assert(picture.p >= body.p && picture.p + picture.n <= body.p + body.n);
    return 0;
}
