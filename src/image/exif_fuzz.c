// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int orientation = exif_orientation((Str){(const char *)data, size});
    assert(orientation >= 1 && orientation <= 8);
    return 0;
}
