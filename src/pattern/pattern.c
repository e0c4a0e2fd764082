// SPDX-License-Identifier: Apache-2.0
#include "pattern/pattern.h"

// Lab, labels, the map of borders and their curves.
enum { BYTES_A_PIXEL = 60 };

size_t pattern_memory_bytes(int width_px, int height_px)
{
    return ((size_t)width_px * (size_t)height_px + 256 * 1024) * BYTES_A_PIXEL;
}

bool pattern_check(const PatternPicture *picture, Err *err)
{
    const int shorter = MIN_OF(picture->width_px, picture->height_px);
    const int longer = MAX_OF(picture->width_px, picture->height_px);
    if (shorter < PATTERN_SIDE_MIN_PX)
        return err_set(err, ERR_INVALID, "too small a part: %d pixels at least", PATTERN_SIDE_MIN_PX);
    if (longer > PATTERN_SIDE_MAX_PX)
        return err_set(err, ERR_LIMIT, "too large a picture for this");
    return true;
}
