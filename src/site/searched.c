// SPDX-License-Identifier: Apache-2.0
// One search from the request to the records behind its hits: in today's index, or in the museum as it stood.
#include "site/int.h"

#include "base/clock.h"

static bool find_today(const Visit *v, Searched *f, Err *err)
{
    if (!site_search(v, &f->ask, &f->answer, err))
        return false;
    Str *ids = arena_array(v->a, Str, f->answer.hits_count + 1);
    for (size_t i = 0; i < f->answer.hits_count; i++)
        ids[i] = f->answer.hits[i].object_id;
    return seen_find_many(v, ids, f->answer.hits_count, &f->seen, &f->count, err);
}

static bool find_then(const Visit *v, Searched *f, Err *err)
{
    CatalogVersion *versions;
    int64_t time_ms;
    if (!time_parse_moment(f->at, &time_ms))
        return err_set(err, ERR_INVALID, "at must be a date (2026-11-20) or a moment (2026-11-20T10:00:00Z)");
    if (!search_then(v->site->config.catalog, &f->ask, time_ms, v->a, &f->answer, &versions, err))
        return false;
    f->seen = arena_array(v->a, Seen, f->answer.hits_count + 1);
    for (size_t i = 0; i < f->answer.hits_count; i++) {
        if (seen_of_old(v, &versions[i], &f->seen[f->count], err))
            f->count++;
        else if (err->kind == ERR_DENIED)
            *err = (Err){0};
        else
            return false;
    }
    return true;
}

bool searched_read(const Visit *v, Searched *ret, Err *err)
{
    Searched found = {0};
    bool then = http_parameter(v->r, S("at"), &found.at);
    if (!search_ask_read(v, &found.ask, err))
        return false;
    if (!(then ? find_then(v, &found, err) : find_today(v, &found, err)))
        return false;
    *ret = found;
    return true;
}
