// SPDX-License-Identifier: Apache-2.0
// Coast lines as tools/gazetteer writes them: for each ring its points (2 bytes), then longitude and latitude
// of each in hundredths of a degree (2 bytes each), low byte first; 0 ends it.
#include "place/place.h"

__asm__(".section .rodata\n"
        "place_land:\n"
        ".incbin \"" PLACE_LAND "\"\n"
        ".previous\n");
extern const unsigned char place_land[];

enum { POINT_BYTES = 4 };

bool land_next(size_t *at, LandRing *ret)
{
    const size_t count = (size_t)(place_land[*at] | place_land[*at + 1] << 8);
    if (count == 0)
        return false;
    *ret = (LandRing){place_land + *at + 2, count};
    *at += 2 + count * POINT_BYTES;
    return true;
}

void land_point(const LandRing *ring, size_t index, double *ret_latitude, double *ret_longitude)
{
    const unsigned char *p = ring->points + index * POINT_BYTES;
    *ret_longitude = (int16_t)(p[0] | p[1] << 8) / 100.0;
    *ret_latitude = (int16_t)(p[2] | p[3] << 8) / 100.0;
}
