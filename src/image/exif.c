// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

enum { TIFF_HEAD_BYTES = 8, ENTRY_BYTES = 12, TAG_ORIENTATION = 0x0112, TYPE_SHORT = 3 };

// Numbers in the byte order of the file; 0 outside it.
static uint32_t number(Str s, bool big, size_t at, size_t bytes)
{
    uint32_t v = 0;
    if (at > s.n || bytes > s.n - at)
        return 0;
    for (size_t i = 0; i < bytes; i++)
        v = v << 8 | (uint8_t)s.p[big ? at + i : at + bytes - 1 - i];
    return v;
}

int exif_orientation(Str segment)
{
    if (!str_starts(segment, S("Exif\0\0")))
        return 1;
    Str tiff = str_slice(segment, 6, segment.n);
    bool big = str_starts(tiff, S("MM\0*"));
    if (!big && !str_starts(tiff, S("II*\0")))
        return 1;
    size_t at = number(tiff, big, 4, 4);
    size_t count = number(tiff, big, at, 2);
    for (size_t i = 0; i < count; i++) {
        size_t entry = at + 2 + i * ENTRY_BYTES;
        if (entry + ENTRY_BYTES > tiff.n)
            break;
        if (number(tiff, big, entry, 2) != TAG_ORIENTATION || number(tiff, big, entry + 2, 2) != TYPE_SHORT)
            continue;
        uint32_t v = number(tiff, big, entry + 8, 2);
        return v >= 1 && v <= 8 ? (int)v : 1;
    }
    return 1;
}
