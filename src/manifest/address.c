// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "manifest/manifest.h"

Str manifest_id_encoded(Arena *a, Str id)
{
    return uri_encode(a, id, ":");
}

static Str under(Arena *a, Str base_url, const char *folder, Str id)
{
    Str encoded = manifest_id_encoded(a, id);
    return arena_printf(a, FMT_STR "%s" FMT_STR, ARG_STR(base_url), folder, ARG_STR(encoded));
}

Str manifest_url(Arena *a, Str base_url, Str object_id)
{
    return under(a, base_url, "/iiif/manifest/", object_id);
}

Str manifest_object_url(Arena *a, Str base_url, Str object_id)
{
    return under(a, base_url, "/object/", object_id);
}

Str manifest_image_url(Arena *a, Str base_url, Str image_id)
{
    return under(a, base_url, "/iiif/3/", image_id);
}

Str manifest_picture_url(Arena *a, Str base_url, Str image_id, ManifestSize size)
{
    Str service = manifest_image_url(a, base_url, image_id);
    return arena_printf(
        a, FMT_STR "/full/%d,%d/0/default.jpg", ARG_STR(service), size.width_px, size.height_px);
}

static ManifestSize fit(int width_px, int height_px, int side_px)
{
    int64_t longest = MAX_OF(width_px, height_px);
    int64_t width = ((int64_t)width_px * side_px + longest / 2) / longest;
    int64_t height = ((int64_t)height_px * side_px + longest / 2) / longest;
    return (ManifestSize){(int)MAX_OF(width, 1), (int)MAX_OF(height, 1)};
}

int manifest_sizes(int width_px, int height_px, Grant grant, ManifestSize ret[MANIFEST_SIZES_MAX])
{
    static const int SIDES_PX[] = {256, 512, 1024, 2048};
    if (width_px <= 0 || height_px <= 0 || grant.side_max_px <= 0)
        return 0;
    int longest = MAX_OF(width_px, height_px);
    int most = MIN_OF(longest, grant.side_max_px);
    int count = 0;
    for (size_t i = 0; i < COUNT_OF(SIDES_PX) && SIDES_PX[i] < most; i++)
        ret[count++] = fit(width_px, height_px, SIDES_PX[i]);
    // The largest there may be: the whole picture or what the Grant leaves of it. Beyond the largest standard
    // size nothing is offered as one piece; that is what tiles are for.
    if (most <= SIDES_PX[COUNT_OF(SIDES_PX) - 1])
        ret[count++] = fit(width_px, height_px, most);
    return count;
}
