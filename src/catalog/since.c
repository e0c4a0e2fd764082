// SPDX-License-Identifier: Apache-2.0
// What was hidden or taken away lately, for indexes that are behind.
#include "catalog/catalog.h"

static bool may_see(const CatalogVersion *version, ViewerRole role, CatalogPart part)
{
    Grant grant;
    Err denied = {0};
    if (version->deleted || !rights_decide(role, version->terms, &grant, &denied))
        return false;
    switch (part) {
    case CATALOG_RECORD:
        return grant.record;
    case CATALOG_PICTURES:
        return grant.side_max_px > 0;
    }
    return false;
}

bool catalog_hidden_since(Catalog *c, int64_t known, ViewerRole role, CatalogPart part, Arena *a, Str **ret,
    size_t *ret_count, Err *err)
{
    const int64_t head = catalog_head(c, err);
    CLEANUP(arena_closep) Arena *changes = arena_open();
    CatalogVersion *versions = NULL;
    size_t count = 0, hidden = 0;
    if (head < 0)
        return false;
    if (head > known && !catalog_follow(c, MAX_OF(known, head - CATALOG_SINCE_MAX), CATALOG_SINCE_MAX,
                            changes, &versions, &count, err))
        return false;
    Str *ids = arena_array(a, Str, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!may_see(&versions[i], role, part))
            ids[hidden++] = arena_copy(a, versions[i].object_id);
    }
    *ret = ids;
    *ret_count = hidden;
    return true;
}
