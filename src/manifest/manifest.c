// SPDX-License-Identifier: Apache-2.0
#include "manifest/manifest.h"

#include "base/json.h"
#include "manifest/int.h"

static const char CONTEXT[] = "http://iiif.io/api/presentation/3/context.json";

static void put_homepage(JsonWriter *w, Arena *a, const ManifestAsk *ask)
{
    json_put_name(w, S("homepage"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), manifest_object_url(a, ask->base_url, ask->record->id));
    json_put_member(w, S("type"), S("Text"));
    label_put_member(w, S("label"), LABEL_PAGE);
    json_put_member(w, S("format"), S("text/html"));
    json_put_map_end(w);
    json_put_list_end(w);
}

static void put_provider(JsonWriter *w, Arena *a, const ManifestAsk *ask)
{
    RecordText name = {.lang = ask->museum_lang, .text = ask->museum_name};
    Str home = arena_printf(a, FMT_STR "/", ARG_STR(ask->base_url));
    json_put_name(w, S("provider"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), home);
    json_put_member(w, S("type"), S("Agent"));
    json_put_name(w, S("label"));
    langs_put(w, a, &name, 1);
    json_put_name(w, S("homepage"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), home);
    json_put_member(w, S("type"), S("Text"));
    json_put_name(w, S("label"));
    langs_put(w, a, &name, 1);
    json_put_member(w, S("format"), S("text/html"));
    json_put_map_end(w);
    json_put_list_end(w);
    json_put_map_end(w);
    json_put_list_end(w);
}

static void put_see_also(JsonWriter *w, Arena *a, const ManifestAsk *ask)
{
    Str id = manifest_id_encoded(a, ask->record->id);
    json_put_name(w, S("seeAlso"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(
        w, S("id"), arena_printf(a, FMT_STR "/api/object/" FMT_STR, ARG_STR(ask->base_url), ARG_STR(id)));
    json_put_member(w, S("type"), S("Dataset"));
    label_put_member(w, S("label"), LABEL_DATA);
    json_put_member(w, S("format"), S("application/json"));
    json_put_map_end(w);
    json_put_list_end(w);
}

static void put_part_of(JsonWriter *w, Arena *a, const ManifestAsk *ask)
{
    RecordText name = {.lang = ask->museum_lang, .text = ask->museum_name};
    json_put_name(w, S("partOf"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), arena_printf(a, FMT_STR "/iiif/collection", ARG_STR(ask->base_url)));
    json_put_member(w, S("type"), S("Collection"));
    json_put_name(w, S("label"));
    langs_put(w, a, &name, 1);
    json_put_map_end(w);
    json_put_list_end(w);
}

// The credit line is what must be shown; without one, whose it is.
static void put_required_statement(JsonWriter *w, Arena *a, const ManifestAsk *ask)
{
    const Record *record = ask->record;
    RecordText line = record->credit.n ? (RecordText){.lang = record->lang, .text = record->credit}
                                       : (RecordText){.lang = ask->museum_lang, .text = ask->museum_name};
    if (!line.text.n)
        return;
    json_put_name(w, S("requiredStatement"));
    json_put_map(w);
    label_put_member(w, S("label"), LABEL_CREDIT);
    json_put_name(w, S("value"));
    langs_put(w, a, &line, 1);
    json_put_map_end(w);
}

// `rights` holds one address out of two vocabularies, spelled with http as they publish it. Any other
// statement stands in the metadata.
void manifest_put_rights(JsonWriter *w, Arena *a, Str uri)
{
    Str rest = str_starts(uri, S("https://")) ? str_slice(uri, 8, uri.n) : str_slice(uri, 7, uri.n);
    if (!str_starts(uri, S("http")) ||
        (!str_starts(rest, S("creativecommons.org/")) && !str_starts(rest, S("rightsstatements.org/vocab/"))))
        return;
    json_put_member(w, S("rights"), arena_printf(a, "http://" FMT_STR, ARG_STR(rest)));
}

// The year the work begins, as the moment a timeline places it. Years that a dateTime of four digits cannot
// say are left out.
static void put_nav_date(JsonWriter *w, Arena *a, const Record *record)
{
    for (size_t i = 0; i < record->dates.count; i++) {
        RecordDate date = record->dates.items[i];
        if (date.has_years && date.earliest >= 1 && date.earliest <= 9999) {
            json_put_member(w, S("navDate"), arena_printf(a, "%04d-01-01T00:00:00Z", date.earliest));
            return;
        }
    }
}

void manifest_put_service(JsonWriter *w, Arena *a, Str base_url, Str image_id)
{
    json_put_name(w, S("service"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), manifest_image_url(a, base_url, image_id));
    json_put_member(w, S("type"), S("ImageService3"));
    json_put_member(w, S("profile"), S("level2"));
    json_put_map_end(w);
    json_put_list_end(w);
}

void manifest_put_thumbnail(JsonWriter *w, Arena *a, Str base_url, const RecordMedia *media, Grant grant)
{
    ManifestSize sizes[MANIFEST_SIZES_MAX];
    int count = manifest_sizes(media->width_px, media->height_px, grant, sizes);
    if (!count)
        return;
    ManifestSize size = sizes[count > 1 ? 1 : 0];
    json_put_name(w, S("thumbnail"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), manifest_picture_url(a, base_url, media->id, size));
    json_put_member(w, S("type"), S("Image"));
    json_put_member(w, S("format"), S("image/jpeg"));
    json_put_member_int(w, S("width"), size.width_px);
    json_put_member_int(w, S("height"), size.height_px);
    manifest_put_service(w, a, base_url, media->id);
    json_put_map_end(w);
    json_put_list_end(w);
}

const RecordMedia *manifest_first_picture(const Record *record, Grant grant)
{
    for (size_t i = 0; i < record->media.count && grant.side_max_px > 0; i++) {
        if (record->media.items[i].width_px > 0 && record->media.items[i].height_px > 0)
            return &record->media.items[i];
    }
    return NULL;
}

static void put_head(JsonWriter *w, Arena *a, const ManifestAsk *ask)
{
    const Record *record = ask->record;
    json_put_member(w, S("@context"), str_from(CONTEXT));
    json_put_member(w, S("id"), manifest_url(a, ask->base_url, record->id));
    json_put_member(w, S("type"), S("Manifest"));
    json_put_name(w, S("label"));
    RecordText nameless = {.lang = S("und"), .text = record->id};
    if (record->titles.count)
        langs_put(w, a, record->titles.items, record->titles.count);
    else
        langs_put(w, a, &nameless, 1);
    if (record->texts.count) {
        json_put_name(w, S("summary"));
        langs_put(w, a, record->texts.items, record->texts.count);
    }
    metadata_put(w, a, record);
    put_required_statement(w, a, ask);
    manifest_put_rights(w, a, record->rights);
    put_nav_date(w, a, record);
    put_homepage(w, a, ask);
    put_provider(w, a, ask);
    put_see_also(w, a, ask);
    put_part_of(w, a, ask);
    const RecordMedia *first = manifest_first_picture(record, ask->grant);
    if (first)
        manifest_put_thumbnail(w, a, ask->base_url, first, ask->grant);
}

static void put_search(JsonWriter *w, Arena *a, const ManifestAsk *ask)
{
    if (!manifest_first_picture(ask->record, ask->grant) || !manifest_has_text(ask->record, S("")))
        return;
    json_put_name(w, S("service"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), manifest_search_url(a, ask->base_url, ask->record->id));
    json_put_member(w, S("type"), S("SearchService2"));
    json_put_map_end(w);
    json_put_list_end(w);
}

bool manifest_write(const ManifestAsk *ask, Buf *out, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    JsonWriter w = json_writer(out);
    json_put_map(&w);
    put_head(&w, a, ask);
    put_search(&w, a, ask);
    canvases_put(&w, a, ask);
    json_put_map_end(&w);
    if (out->full)
        return err_set(err, ERR_LIMIT, "manifest of " FMT_STR " is over %d bytes", ARG_STR(ask->record->id),
            MANIFEST_MAX_BYTES);
    return true;
}
