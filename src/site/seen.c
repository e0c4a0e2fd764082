// SPDX-License-Identifier: Apache-2.0
// Records through the eyes of the Grant: the only way from the catalogue to a page.
#include "site/int.h"

static bool look(const Visit *v, const CatalogVersion *version, Seen *ret, Err *err)
{
    Grant grant;
    if (!rights_decide(v->role, version->terms, &grant, err))
        return false;
    if (!grant.record)
        return err_set(err, ERR_DENIED, "not public");
    const Json *tree = json_parse(version->json, v->a, err);
    if (!tree || !record_parse(tree, v->a, &ret->record, err))
        return false;
    ret->version = *version;
    ret->grant = grant;
    return true;
}

bool seen_find(const Visit *v, Str object_id, Seen *ret, Err *err)
{
    CatalogVersion version;
    if (!catalog_find(v->site->config.catalog, object_id, v->a, &version, err))
        return false;
    if (look(v, &version, ret, err))
        return true;
    // Hidden and unknown sound the same.
    return err->kind == ERR_DENIED ? err_set(err, ERR_NOT_FOUND, "no such object") : false;
}

bool seen_find_many(const Visit *v, const Str *ids, size_t count, Seen **ret, size_t *ret_count, Err *err)
{
    CatalogVersion *versions = arena_array(v->a, CatalogVersion, count + 1);
    Seen *seen = arena_array(v->a, Seen, count + 1);
    size_t seen_count = 0;
    if (count && !catalog_find_many(v->site->config.catalog, ids, count, v->a, versions, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        Err one = {0};
        if (!versions[i].sequence || versions[i].deleted)
            continue; // the index knows of it still, the ledger no longer
        if (look(v, &versions[i], &seen[seen_count], &one))
            seen_count++;
        else if (one.kind != ERR_DENIED)
            return err_set(err, one.kind, "%s", one.text);
    }
    *ret = seen;
    *ret_count = seen_count;
    return true;
}

const RecordMedia *seen_picture(const Seen *seen, size_t index)
{
    for (size_t i = 0; i < seen->record.media.count && seen->grant.side_max_px > 0; i++) {
        const RecordMedia *media = &seen->record.media.items[i];
        if (media->width_px > 0 && media->height_px > 0 && index-- == 0)
            return media;
    }
    return NULL;
}

size_t seen_pictures(const Seen *seen)
{
    size_t count = 0;
    for (size_t i = 0; i < seen->record.media.count && seen->grant.side_max_px > 0; i++) {
        const RecordMedia *media = &seen->record.media.items[i];
        count += media->width_px > 0 && media->height_px > 0;
    }
    return count;
}

bool site_search(const Visit *v, const SearchAsk *ask, SearchAnswer *ret, Err *err)
{
    const SiteConfig *config = &v->site->config;
    Search *search = config->search_keep(config->search_ctx);
    if (!search)
        return err_set(err, ERR_BUSY, "the index is being made");
    bool good = search_ask(search, ask, v->a, ret, err);
    config->search_drop(config->search_ctx, search);
    return good;
}
