// SPDX-License-Identifier: Apache-2.0
// JSON for scripts: searches, records, manifests. Open to pages of any site (CORS *): nothing here depends on
// who asks beyond what the public may see.
#include "site/int.h"

#include "base/clock.h"

static void open_to_all(Visit *v)
{
    http_answer_header(v->answer, "Access-Control-Allow-Origin", S("*"));
}

void api_send_json(Visit *v, const Buf *b)
{
    frame_send(v, 200, S("application/json; charset=utf-8"), b);
    open_to_all(v);
}

static void put_images(JsonWriter *w, const Visit *v, const Seen *seen)
{
    size_t count = seen_pictures(seen);
    json_put_name(w, S("images"));
    json_put_list(w);
    for (size_t i = 0; i < count; i++)
        json_put_text(w, manifest_image_url(v->a, v->base_url, seen_picture(seen, i)->id));
    json_put_list_end(w);
}

static void put_places(JsonWriter *w, const Visit *v, const Seen *seen)
{
    json_put_member(w, S("page"), manifest_object_url(v->a, v->base_url, seen->record.id));
    json_put_member(w, S("manifest"), manifest_url(v->a, v->base_url, seen->record.id));
}

static void put_reasons(JsonWriter *w, const Visit *v, const SearchAsk *ask, const Seen *seen)
{
    const SearchReason *reasons;
    size_t count;
    reasons_find(v, ask, seen, &reasons, &count);
    json_put_name(w, S("reasons"));
    json_put_list(w);
    for (size_t i = 0; i < count; i++) {
        json_put_map(w);
        json_put_member(w, S("field"), reasons[i].field);
        json_put_member_if(w, S("lang"), reasons[i].lang);
        json_put_member(w, S("snippet"), reasons[i].snippet);
        json_put_name(w, S("marks")); // [first byte, bytes] of the snippet
        json_put_list(w);
        for (size_t k = 0; k < reasons[i].marks_count; k++) {
            json_put_list(w);
            json_put_int(w, reasons[i].marks[k].at);
            json_put_int(w, reasons[i].marks[k].size);
            json_put_list_end(w);
        }
        json_put_list_end(w);
        json_put_member_if(w, S("expansion"), reasons[i].expansion);
        json_put_member_if(w, S("place"), reasons[i].place);
        json_put_map_end(w);
    }
    json_put_list_end(w);
}

static void put_hit(
    JsonWriter *w, const Visit *v, const SearchAsk *ask, const Seen *seen, const SearchHit *hit)
{
    Str lang, title = seen_title(v, seen, &lang);
    json_put_map(w);
    json_put_member(w, S("id"), seen->record.id);
    json_put_member(w, S("title"), title);
    json_put_member_if(w, S("lang"), lang);
    json_put_member_if(w, S("maker"), seen_makers(v, seen));
    json_put_member_if(w, S("date"), seen_dates(v, seen));
    json_put_member_if(w, S("accession"), seen->record.accession);
    json_put_member_if(w, S("rights"), seen->record.rights);
    put_images(w, v, seen);
    put_places(w, v, seen);
    json_put_name(w, S("score"));
    json_put_real(w, hit->score);
    json_put_member_if(w, S("why"), hit->why);
    Str explain;
    if (http_parameter(v->r, S("explain"), &explain) && str_eq(explain, S("1")))
        put_reasons(w, v, ask, seen);
    json_put_map_end(w);
}

static void put_hits(JsonWriter *w, const Visit *v, const Searched *f)
{
    json_put_name(w, S("hits"));
    json_put_list(w);
    for (size_t i = 0, hit = 0; i < f->count; i++) {
        while (!str_eq(f->answer.hits[hit].object_id, f->seen[i].version.object_id))
            hit++; // passes over what the ledger has hidden since
        put_hit(w, v, &f->ask, &f->seen[i], &f->answer.hits[hit]);
    }
    json_put_list_end(w);
}

void api_put_facet_values(JsonWriter *w, const Visit *v, const SearchFacet *facet)
{
    json_put_list(w);
    for (size_t i = 0; i < facet->count; i++) {
        json_put_map(w);
        json_put_member(w, S("value"), facet->values[i].value);
        json_put_member(w, S("label"), facet_value_name(v, facet->name, &facet->values[i]));
        json_put_member_int(w, S("count"), facet->values[i].count);
        if (facet->values[i].chosen)
            json_put_member_bool(w, S("chosen"), true);
        json_put_map_end(w);
    }
    json_put_list_end(w);
}

void api_put_facets(JsonWriter *w, const Visit *v, const SearchAnswer *answer)
{
    json_put_name(w, S("facets"));
    json_put_map(w);
    for (size_t i = 0; i < answer->facets_count; i++) {
        const SearchFacet *facet = &answer->facets[i];
        json_put_name(w, facet->name);
        api_put_facet_values(w, v, facet);
    }
    json_put_map_end(w);
}

static void put_instead(JsonWriter *w, const SearchAnswer *answer)
{
    if (!answer->instead_count)
        return;
    json_put_name(w, S("instead"));
    json_put_list(w);
    for (size_t i = 0; i < answer->instead_count; i++) {
        json_put_map(w);
        json_put_member(w, S("q"), answer->instead[i].q);
        json_put_member_int(w, S("total"), answer->instead[i].total);
        json_put_map_end(w);
    }
    json_put_list_end(w);
}

enum { SUGGESTIONS = 8 };

static void put_suggestion(JsonWriter *w, const Visit *v, const SearchSuggestion *suggestion)
{
    json_put_map(w);
    json_put_member(w, S("text"), suggestion->text);
    json_put_member(w, S("kind"), suggestion->kind);
    if (suggestion->object_id.n) {
        json_put_member(w, S("id"), suggestion->object_id);
        json_put_member(w, S("page"), manifest_object_url(v->a, v->base_url, suggestion->object_id));
    } else {
        json_put_member_int(w, S("count"), suggestion->count);
    }
    json_put_map_end(w);
}

void api_suggest_answer(Visit *v)
{
    const SiteConfig *config = &v->site->config;
    Err err = {0};
    Str typed = S("");
    SearchSuggestion *suggestions;
    size_t count;
    http_parameter(v->r, S("q"), &typed);
    Search *search = config->search_keep(config->search_ctx);
    bool good = search ? search_suggest(search, typed, v->role, SUGGESTIONS, v->a, &suggestions, &count, &err)
                       : err_set(&err, ERR_BUSY, "the index is being made");
    config->search_drop(config->search_ctx, search);
    if (!good) {
        trouble_answer(v, &err);
        return;
    }
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_name(&w, S("suggestions"));
    json_put_list(&w);
    for (size_t i = 0; i < count; i++)
        put_suggestion(&w, v, &suggestions[i]);
    json_put_list_end(&w);
    json_put_map_end(&w);
    api_send_json(v, &b);
}

void api_search_answer(Visit *v)
{
    Err err = {0};
    Searched found;
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    if (!searched_read(v, &found, &err)) {
        trouble_answer(v, &err);
        return;
    }
    const SearchAnswer *answer = &found.answer;
    json_put_map(&w);
    json_put_member_int(&w, S("total"), answer->total);
    put_hits(&w, v, &found);
    api_put_facets(&w, v, answer);
    put_instead(&w, answer);
    json_put_member_if(&w, S("corrected"), answer->corrected);
    if (!found.at.n) {
        json_put_member_int(&w, S("sequence"), answer->sequence);
        json_put_member_int(&w, S("behind"), results_behind(v, answer));
    }
    json_put_name(&w, S("next"));
    if (answer->next.n)
        json_put_text(&w, answer->next);
    else
        json_put_null(&w);
    json_put_map_end(&w);
    api_send_json(v, &b);
    http_answer_header(v->answer, "Vary", S("Accept-Language, Cookie"));
}

// The record as the public may have it: without the members we do not know (a value or a shelf may be among
// them), without what its Grant does not open, without where things lie in the vault.
static Record public_record(const Visit *v, const Seen *seen)
{
    Record record = seen->record;
    record.more_values.count = record.more_names.count = 0;
    record.media.count = 0;
    record.media.items = arena_array(v->a, RecordMedia, seen->record.media.count + 1);
    for (size_t i = 0; i < seen_pictures(seen); i++) {
        RecordMedia media = *seen_picture(seen, i);
        media.path = media.name = media.sha512 = S("");
        media.size_bytes = 0;
        record.media.items[record.media.count++] = media;
    }
    return record;
}

void api_object_answer(Visit *v, Str object_id)
{
    Err err = {0};
    Seen seen;
    if (!seen_asked(v, object_id, &seen, &err)) {
        trouble_answer(v, &err);
        return;
    }
    Str lang, title = seen_title(v, &seen, &lang);
    Record record = public_record(v, &seen);
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    record_write(&record, &w);
    json_put_member(&w, S("title"), title);
    put_images(&w, v, &seen);
    put_places(&w, v, &seen);
    json_put_member_int(&w, S("version"), seen.version.version);
    json_put_member(&w, S("changed"), time_rfc3339(v->a, seen.version.time_ms));
    json_put_map_end(&w);
    api_send_json(v, &b);
    http_answer_header(v->answer, "Vary", S("Accept-Language, Cookie"));
}

static const char LINKED_JSON[] =
    "application/ld+json;profile=\"http://iiif.io/api/presentation/3/context.json\"";

void send_iiif(Visit *v, const Buf *b)
{
    Str accept = http_header(v->r, "Accept");
    size_t at;
    bool plain =
        str_find(accept, S("application/json"), &at) && !str_find(accept, S("application/ld+json"), &at);
    frame_send(v, 200, plain ? S("application/json") : str_from(LINKED_JSON), b);
    open_to_all(v);
    http_answer_header(v->answer, "Vary", S("Accept"));
}

void api_manifest_answer(Visit *v, Str object_id)
{
    Err err = {0};
    Seen seen;
    CLEANUP(buf_free) Buf b = buf_with_max(MANIFEST_MAX_BYTES);
    if (!seen_asked(v, object_id, &seen, &err)) {
        trouble_answer(v, &err);
        return;
    }
    ManifestAsk ask = {.record = &seen.record,
        .grant = seen.grant,
        .base_url = v->base_url,
        .museum_name = v->site->config.museum_name,
        .museum_lang = v->site->config.museum_lang};
    if (manifest_write(&ask, &b, &err))
        send_iiif(v, &b);
    else
        trouble_answer(v, &err);
}
