// SPDX-License-Identifier: Apache-2.0
// Any picture of any size: width, height, then pixels (repeated when they run out).
#include "visual/feature.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 3)
        return 0;
    const Grey picture = {.p = NULL, .width_px = data[0], .height_px = data[1], .stride = data[0]};
    const size_t count = (size_t)data[0] * data[1];
    uint8_t *pixels = mem_alloc(count + 1);
    for (size_t i = 0; i < count; i++)
        pixels[i] = data[2 + i % (size - 2)];
    Feature best[64], plain[64];
    Err err = {0};
    for (int kernel = 0; kernel < 2; kernel++) {
        CLEANUP(extractor_closep)
        Extractor *e = extractor_open(kernel == 0 ? FEATURE_KERNEL_BEST : FEATURE_KERNEL_PLAIN);
        int found = 0;
        const Grey full = {pixels, picture.width_px, picture.height_px, picture.stride};
        if (!extractor_run(e, full, 64, kernel == 0 ? best : plain, &found, &err))
            break;
        for (int i = 0; i < found; i++) {
            const Feature *f = kernel == 0 ? &best[i] : &plain[i];
            assert(f->x_px >= -1 && f->x_px <= (float)data[0] && f->y_px >= -1 && f->y_px <= (float)data[1]);
            assert(f->angle >= 0 && f->angle < 6.2832f && f->sigma_px > 0 && isfinite(f->sigma_px));
        }
        assert(kernel == 0 || memcmp(best, plain, sizeof(*best) * (size_t)found) == 0);
    }
    free(pixels);
    return 0;
}
