// SPDX-License-Identifier: Apache-2.0
// What the ledger has hidden or taken away since the index was last brought up to it. The index follows
// within moments; where whoever writes it stands still, that may be long.
#include "visual/index.h"

// Of a longer delay, as during a large import, the last so many changes are looked at: somebody who hides a
// work now wants it hidden now.
enum { SINCE_MAX = 1000 };

bool hidden_since(Visual *v, const VisualAsk *ask, Arena *a, Str **ret, size_t *ret_count, Err *err)
{
    *ret_count = 0;
    const int64_t known = visual_sequence(v), head = ask->ledger ? catalog_head(ask->ledger, err) : known;
    if (head < 0)
        return false;
    if (head <= known)
        return true;
    CLEANUP(arena_closep) Arena *changes = arena_open();
    CatalogVersion *versions;
    size_t count;
    if (!catalog_follow(
            ask->ledger, MAX_OF(known, head - SINCE_MAX), SINCE_MAX, changes, &versions, &count, err))
        return false;
    Str *ids = arena_array(a, Str, count + 1);
    for (size_t i = 0; i < count; i++) {
        Grant grant;
        Err hidden = {0};
        if (versions[i].deleted || !rights_decide(ask->role, versions[i].terms, &grant, &hidden) ||
            grant.side_max_px == 0)
            ids[(*ret_count)++] = arena_copy(a, versions[i].object_id);
    }
    *ret = ids;
    return true;
}
