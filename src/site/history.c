// SPDX-License-Identifier: Apache-2.0
// A work as it was: one of its versions, and what changed from each to the next.
//
// Who changed it and why stays inside the house: those are names of people and of files. A version that was
// hidden then or would be hidden now is neither shown nor counted.
#include "catalog/history.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "site/int.h"

enum { VERSIONS_SHOWN = 20, CHANGE_MAX_BYTES = 400 };

bool history_withdrawn(const Visit *v, Str object_id, Str *ret_reason)
{
    CatalogVersion *versions;
    size_t count;
    Err err = {0};
    Grant grant;
    if (!catalog_list_versions(v->site->config.catalog, object_id, v->a, &versions, &count, &err) || !count ||
        !versions[count - 1].withdrawn || !rights_decide(v->role, versions[count - 1].terms, &grant, &err))
        return false;
    *ret_reason = versions[count - 1].withdrawn_reason;
    return true;
}

// Members that are public by name. Others may hold what a museum keeps to itself.
static const struct {
    Str member;
    Word word;
} MEMBERS[] = {
    {S("titles"), WORD_FIELD_TITLE},
    {S("texts"), WORD_FIELD_TEXT},
    {S("makers"), WORD_FIELD_MAKER},
    {S("dates"), WORD_FIELD_DATE},
    {S("places"), WORD_FIELD_PLACE},
    {S("materials"), WORD_FIELD_MATERIAL},
    {S("techniques"), WORD_FIELD_TECHNIQUE},
    {S("classification"), WORD_FIELD_CLASSIFICATION},
    {S("subjects"), WORD_FIELD_SUBJECT},
    {S("dimensions"), WORD_FIELD_DIMENSIONS},
    {S("inscriptions"), WORD_FIELD_INSCRIPTION},
    {S("provenance"), WORD_FIELD_PROVENANCE},
    {S("accession"), WORD_FIELD_ACCESSION},
    {S("collection"), WORD_FIELD_COLLECTION},
    {S("credit"), WORD_FIELD_CREDIT},
    {S("licence"), WORD_FACET_RIGHTS},
    {S("media"), WORD_HAS_IMAGE},
};

// Of an item of a list only the words that stand on the page.
static Str words_of(const Visit *v, Str value)
{
    Err err = {0};
    if (!str_starts(value, S("{")))
        return utf8_head(value, CHANGE_MAX_BYTES);
    const Json *tree = json_parse(value, v->a, &err);
    Str text = json_text(tree, S("text")), name = json_text(tree, S("name")),
        label = json_text(tree, S("label"));
    return utf8_head(text.n ? text : json_find(tree, S("sha512")) ? label : name, CHANGE_MAX_BYTES);
}

static void fill_changes(const Visit *v, Str before, Str after, PartVersion *part)
{
    Err err = {0};
    RecordDifference *differences;
    size_t count;
    const Json *from = json_parse(before, v->a, &err), *to = json_parse(after, v->a, &err);
    if (!from || !to || !record_diff(from, to, v->a, &differences, &count, &err))
        return;
    PartChange *changes = arena_array(v->a, PartChange, count + 1);
    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < COUNT_OF(MEMBERS); k++) {
            if (str_eq(differences[i].member, MEMBERS[k].member))
                changes[part->changes.count++] = (PartChange){.field = phrase(v->w, MEMBERS[k].word),
                    .lang = lang_or(differences[i].lang, S("")),
                    .before = words_of(v, differences[i].before),
                    .after = words_of(v, differences[i].after)};
        }
    }
    part->changes.items = changes;
}

void history_fill(const Visit *v, const Seen *seen, PageObject *page)
{
    CatalogVersion *versions;
    size_t count, shown = 0;
    Err err = {0};
    Grant grant;
    if (!catalog_list_versions(v->site->config.catalog, seen->record.id, v->a, &versions, &count, &err))
        return;
    size_t first = count > VERSIONS_SHOWN ? count - VERSIONS_SHOWN : 0;
    PartVersion *parts = arena_array(v->a, PartVersion, VERSIONS_SHOWN);
    Str address = manifest_object_url(v->a, S(""), seen->record.id), before = S("");
    for (size_t i = first; i < count; i++) {
        const CatalogVersion *version = &versions[i];
        if (version->deleted || !rights_decide(v->role, version->terms, &grant, &err))
            continue;
        PartVersion *part = &parts[shown++];
        *part = (PartVersion){.address = url_local(arena_printf(
                                  v->a, FMT_STR "?version=%d", ARG_STR(address), version->version)),
            .n = version->version,
            .when = str_slice(time_rfc3339(v->a, version->time_ms), 0, 10),
            .chosen = version->version == seen->version.version};
        if (before.n)
            fill_changes(v, before, version->json, part);
        before = version->json;
    }
    page->versions.items = parts;
    page->versions.count = shown > 1 ? shown : 0;
}
