// SPDX-License-Identifier: Apache-2.0
// Records through the eyes of the Grant: the only way from the catalogue to a page.
#include "site/int.h"

#include "base/clock.h"
#include "catalog/history.h"

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
    ret->old = false;
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

// ---- as it stood

// Picture services show what stands today: of an old version only those pictures that are still the same.
static bool keep_same_pictures(const Visit *v, Record *record, Err *err)
{
    RecordMediaList kept = {.items = arena_array(v->a, RecordMedia, record->media.count + 1)};
    for (size_t i = 0; i < record->media.count; i++) {
        CatalogImage image;
        Sha512 master;
        Err one = {0};
        bool there =
            catalog_find_image(v->site->config.catalog, record->media.items[i].id, v->a, &image, &one);
        if (!there && one.kind != ERR_NOT_FOUND)
            return err_set(err, one.kind, "%s", one.text);
        if (there && sha512_from_hex(record->media.items[i].sha512, &master) &&
            sha512_eq(&master, &image.master))
            kept.items[kept.count++] = record->media.items[i];
    }
    record->media = kept;
    return true;
}

static bool find_version(const Visit *v, Str object_id, Str number, Str at, CatalogVersion *ret, Err *err)
{
    Catalog *c = v->site->config.catalog;
    int64_t time_ms;
    int version;
    if (number.n)
        return str_to_int(number, 1, INT32_MAX, &version)
                   ? catalog_find_version(c, object_id, version, v->a, ret, err)
                   : err_set(err, ERR_INVALID, "version must be a number from 1");
    if (!time_parse_moment(at, &time_ms))
        return err_set(err, ERR_INVALID, "at must be a date (2026-11-20) or a moment (2026-11-20T10:00:00Z)");
    return catalog_find_at(c, object_id, time_ms, v->a, ret, err);
}

bool seen_of_old(const Visit *v, const CatalogVersion *version, Seen *ret, Err *err)
{
    if (!look(v, version, ret, err))
        return false;
    ret->old = true;
    return keep_same_pictures(v, &ret->record, err);
}

bool seen_asked(const Visit *v, Str object_id, Seen *ret, Err *err)
{
    Str at = {0}, number = {0};
    CatalogVersion version;
    bool old = http_parameter(v->r, S("version"), &number);
    if (!http_parameter(v->r, S("at"), &at) && !old)
        return seen_find(v, object_id, ret, err);
    if (!find_version(v, object_id, number, at, &version, err))
        return false;
    if (!version.deleted && seen_of_old(v, &version, ret, err))
        return true;
    return version.deleted || err->kind == ERR_DENIED ? err_set(err, ERR_NOT_FOUND, "no such object") : false;
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
