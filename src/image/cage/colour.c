// SPDX-License-Identifier: Apache-2.0
#include "image/cage/child.h"

#include <lcms2.h>
#include <stdlib.h>

enum { PROBE_STEPS = 6, SAME_WITHIN = 2 };

struct Colour {
    cmsHTRANSFORM transform;
};

static void profile_closep(cmsHPROFILE *p)
{
    if (*p)
        cmsCloseProfile(*p);
}

static void profile_name(cmsHPROFILE profile, char *ret, size_t bytes)
{
    char name[64] = "";
    cmsGetProfileInfoASCII(profile, cmsInfoDescription, "en", "US", name, sizeof(name));
    name[sizeof(name) - 1] = '\0';
    size_t n = 0;
    for (const char *p = name; *p && n + 1 < bytes; p++)
        if (*p >= ' ' && *p <= '~')
            ret[n++] = *p;
    ret[n] = '\0';
}

// Does the transform leave every colour (nearly) where it is?
static bool changes_little(cmsHTRANSFORM transform)
{
    for (int i = 0; i < PROBE_STEPS * PROBE_STEPS * PROBE_STEPS; i++) {
        uint8_t in[3], out[3];
        for (int c = 0, n = i; c < 3; c++, n /= PROBE_STEPS)
            in[c] = (uint8_t)(n % PROBE_STEPS * 255 / (PROBE_STEPS - 1));
        cmsDoTransform(transform, in, out, 1);
        for (int c = 0; c < 3; c++)
            if (abs(in[c] - out[c]) > SAME_WITHIN)
                return false;
    }
    return true;
}

Colour *colour_open(Str bytes, int channels, char *ret_name, size_t name_bytes)
{
    *ret_name = '\0';
    if (bytes.n == 0 || bytes.n > UINT32_MAX || channels != 3)
        return NULL;
    CLEANUP(profile_closep) cmsHPROFILE profile = cmsOpenProfileFromMem(bytes.p, (cmsUInt32Number)bytes.n);
    if (!profile || cmsGetColorSpace(profile) != cmsSigRgbData)
        return NULL;
    CLEANUP(profile_closep) cmsHPROFILE srgb = cmsCreate_sRGBProfile();
    cmsHTRANSFORM transform =
        cmsCreateTransform(profile, TYPE_RGB_8, srgb, TYPE_RGB_8, INTENT_RELATIVE_COLORIMETRIC, 0);
    if (!transform)
        return NULL;
    if (changes_little(transform)) {
        cmsDeleteTransform(transform);
        return NULL;
    }
    profile_name(profile, ret_name, name_bytes);
    Colour *c = mem_alloc(sizeof(*c));
    c->transform = transform;
    return c;
}

void colour_row(const Colour *c, uint8_t *row, int width_px)
{
    cmsDoTransform(c->transform, row, row, (cmsUInt32Number)width_px);
}

void colour_closep(Colour **c)
{
    if (!*c)
        return;
    cmsDeleteTransform((*c)->transform);
    free(*c);
    *c = NULL;
}
