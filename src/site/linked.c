// SPDX-License-Identifier: Apache-2.0
// The work in the words of schema.org, for search engines: JSON-LD in the object page.
#include "site/int.h"

enum { LINKED_MAX_BYTES = 512 * 1024 };

static void put_names(JsonWriter *w, Str member, const RecordTerms *terms)
{
    if (!terms->count)
        return;
    json_put_name(w, member);
    json_put_list(w);
    for (size_t i = 0; i < terms->count; i++)
        json_put_text(w, terms->items[i].text);
    json_put_list_end(w);
}

static void put_makers(JsonWriter *w, const RecordMakers *makers)
{
    if (!makers->count)
        return;
    json_put_name(w, S("creator"));
    json_put_list(w);
    for (size_t i = 0; i < makers->count; i++) {
        json_put_map(w);
        json_put_member(w, S("@type"), S("Person"));
        json_put_member(w, S("name"), makers->items[i].name);
        json_put_member_if(w, S("sameAs"), makers->items[i].uri);
        json_put_map_end(w);
    }
    json_put_list_end(w);
}

static void put_picture(JsonWriter *w, const Visit *v, const PageObject *page, const Record *record)
{
    if (!page->has_picture)
        return;
    json_put_name(w, S("image"));
    json_put_map(w);
    json_put_member(w, S("@type"), S("ImageObject"));
    json_put_member(w, S("contentUrl"),
        arena_printf(v->a, FMT_STR FMT_STR, ARG_STR(v->base_url), ARG_STR(page->picture.src.address)));
    json_put_member_int(w, S("width"), page->picture.width);
    json_put_member_int(w, S("height"), page->picture.height);
    json_put_member_if(w, S("creditText"), record->credit);
    json_put_member_if(w, S("license"), record->rights);
    json_put_map_end(w);
}

JsonText linked_data(const Visit *v, const Seen *seen, const PageObject *page)
{
    const Record *record = &seen->record;
    Err err = {0};
    Str text;
    CLEANUP(buf_free) Buf b = buf_with_max(LINKED_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_member(&w, S("@context"), S("https://schema.org"));
    json_put_member(&w, S("@type"), S("VisualArtwork"));
    json_put_member(&w, S("@id"), page->permalink.address);
    json_put_member(&w, S("url"), page->permalink.address);
    json_put_member(&w, S("name"), page->title);
    RecordText about = lang_pick(record->texts.items, record->texts.count, v->w->tag, record->lang);
    json_put_member_if(&w, S("description"), about.text);
    put_makers(&w, &record->makers);
    json_put_member_if(&w, S("dateCreated"), page->date);
    put_names(&w, S("artform"), &record->classification);
    put_names(&w, S("artMedium"), &record->materials);
    put_names(&w, S("keywords"), &record->subjects);
    json_put_member_if(&w, S("identifier"), record->accession);
    json_put_member_if(&w, S("creditText"), record->credit);
    json_put_member_if(&w, S("license"), record->rights);
    json_put_name(&w, S("provider"));
    json_put_map(&w);
    json_put_member(&w, S("@type"), S("Museum"));
    json_put_member(&w, S("name"), v->site->config.museum_name);
    json_put_member(&w, S("url"), arena_printf(v->a, FMT_STR "/", ARG_STR(v->base_url)));
    json_put_map_end(&w);
    put_picture(&w, v, page, record);
    json_put_map_end(&w);
    return (JsonText){buf_into(&b, v->a, &text, &err) ? text : S("{}")};
}
