// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "manifest/manifest.h"

enum { LEVEL_MAX_PX = 2048, MANIFEST_STORED_MAX = 12 };

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

Str manifest_text_url(Arena *a, Str base_url, Str image_id)
{
    return under(a, base_url, "/iiif/text/", image_id);
}

Str manifest_search_url(Arena *a, Str base_url, Str object_id)
{
    return under(a, base_url, "/iiif/search/", object_id);
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

static int longest(ManifestSize size)
{
    return MAX_OF(size.width_px, size.height_px);
}

// The stored sizes (image/pyramid.h): longest side 200, 400 and 1024, and the levels of the pyramid up to
// 2048, each half of the one above, rounded up.
static int stored_sizes(int width_px, int height_px, ManifestSize ret[MANIFEST_STORED_MAX])
{
    static const int SIDES_PX[] = {200, 400, 1024};
    int side_px = MAX_OF(width_px, height_px), count = 0;
    for (int level = 30; level >= 0; level--) {
        int64_t scale = INT64_C(1) << level;
        ManifestSize size = {(int)((width_px + scale - 1) / scale), (int)((height_px + scale - 1) / scale)};
        if (longest(size) > SIDES_PX[0] && longest(size) <= LEVEL_MAX_PX)
            ret[count++] = size;
    }
    if (side_px <= SIDES_PX[0])
        ret[count++] = (ManifestSize){width_px, height_px};
    for (size_t i = 0; i < COUNT_OF(SIDES_PX); i++) {
        if (SIDES_PX[i] >= side_px)
            continue;
        ManifestSize size = fit(width_px, height_px, SIDES_PX[i]);
        int at = count++;
        for (; at > 0 && longest(ret[at - 1]) > SIDES_PX[i]; at--)
            ret[at] = ret[at - 1];
        ret[at] = size;
    }
    return count;
}

int manifest_sizes(int width_px, int height_px, Grant grant, ManifestSize ret[MANIFEST_SIZES_MAX])
{
    if (width_px <= 0 || height_px <= 0 || grant.side_max_px <= 0)
        return 0;
    ManifestSize stored[MANIFEST_STORED_MAX];
    int stored_count = stored_sizes(width_px, height_px, stored), count = 0;
    for (int i = 0; i < stored_count && longest(stored[i]) <= grant.side_max_px; i++) {
        // Of two that are nearly the same a browser needs only the larger.
        if (count && longest(stored[i]) * 5 < longest(ret[count - 1]) * 6)
            count--;
        ret[count++] = stored[i];
    }
    bool capped = grant.side_max_px < MAX_OF(width_px, height_px) && grant.side_max_px <= LEVEL_MAX_PX;
    if (capped && (!count || longest(ret[count - 1]) < grant.side_max_px))
        ret[count++] = fit(width_px, height_px, grant.side_max_px);
    return count;
}
