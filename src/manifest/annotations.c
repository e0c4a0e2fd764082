// SPDX-License-Identifier: Apache-2.0
// What stands written in a picture, as Web Annotations on its canvas (motivation "supplementing"), and what
// of it answers a question (IIIF Content Search 2.0, https://iiif.io/api/search/2.0/).
//
//   /iiif/text/<image>                     the annotation page of one canvas
//   /iiif/text/<image>/<transcript>.<part> names one of its annotations
//   /iiif/search/<object>?q=               the search service of a manifest
#include "manifest/int.h"

bool manifest_has_text(const Record *record, Str image_id)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Transcript *found;
    size_t count = transcripts_find(record, a, &found);
    for (size_t i = 0; i < count; i++)
        if (transcript_count(&found[i]) && (!image_id.n || str_eq(found[i].media, image_id)))
            return true;
    return false;
}

// The picture that a transcript belongs to; NULL if the Grant shows none of that id.
static const RecordMedia *picture_of(const ManifestAsk *ask, Str image_id)
{
    const RecordMediaList *media = &ask->record->media;
    for (size_t i = 0; i < media->count && ask->grant.side_max_px > 0; i++)
        if (str_eq(media->items[i].id, image_id) && media->items[i].width_px > 0 &&
            media->items[i].height_px > 0)
            return &media->items[i];
    return NULL;
}

static void put_annotation(JsonWriter *w, Arena *a, const ManifestAsk *ask, const RecordMedia *media,
    const Transcript *t, size_t transcript, size_t part_index)
{
    TranscriptPart part = transcript_part(t, part_index, a);
    Str canvas = manifest_canvas_url(a, ask, media->number, media->page);
    json_put_map(w);
    json_put_member(w, S("id"),
        arena_printf(a, FMT_STR "/%zu.%zu", ARG_STR(manifest_text_url(a, ask->base_url, media->id)),
            transcript, part_index));
    json_put_member(w, S("type"), S("Annotation"));
    json_put_member(w, S("motivation"), S("supplementing"));
    json_put_name(w, S("body"));
    json_put_map(w);
    json_put_member(w, S("type"), S("TextualBody"));
    json_put_member(w, S("value"), part.text);
    json_put_member(w, S("format"), S("text/plain"));
    json_put_member_if(w, S("language"), t->lang);
    json_put_map_end(w);
    json_put_member(w, S("target"),
        part.has_box ? arena_printf(a, FMT_STR "#" FMT_STR, ARG_STR(canvas), ARG_STR(part.place)) : canvas);
    json_put_map_end(w);
}

static void put_page_head(JsonWriter *w, Str context, Str id)
{
    json_put_member(w, S("@context"), context);
    json_put_member(w, S("id"), id);
    json_put_member(w, S("type"), S("AnnotationPage"));
}

static bool finished(const Buf *out, Err *err)
{
    return !out->full || err_set(err, ERR_LIMIT, "more text than %d bytes", MANIFEST_MAX_BYTES);
}

bool manifest_write_text(const ManifestAsk *ask, Str image_id, Buf *out, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Transcript *found;
    const RecordMedia *media = picture_of(ask, image_id);
    size_t count = transcripts_find(ask->record, a, &found);
    if (!media || !manifest_has_text(ask->record, image_id))
        return err_set(err, ERR_NOT_FOUND, "no text");
    JsonWriter w = json_writer(out);
    json_put_map(&w);
    put_page_head(&w, S("http://iiif.io/api/presentation/3/context.json"),
        manifest_text_url(a, ask->base_url, image_id));
    json_put_name(&w, S("items"));
    json_put_list(&w);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; str_eq(found[i].media, image_id) && k < transcript_count(&found[i]); k++)
            put_annotation(&w, a, ask, media, &found[i], i, k);
    json_put_list_end(&w);
    json_put_map_end(&w);
    return finished(out, err);
}

bool manifest_write_found(const ManifestAsk *ask, const ManifestFound *found, Buf *out, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Transcript *transcripts;
    size_t count = transcripts_find(ask->record, a, &transcripts);
    JsonWriter w = json_writer(out);
    json_put_map(&w);
    put_page_head(&w, S("http://iiif.io/api/search/2/context.json"), found->request_url);
    if (found->ignored_count) {
        json_put_name(&w, S("ignored"));
        json_put_list(&w);
        for (size_t i = 0; i < found->ignored_count; i++)
            json_put_text(&w, found->ignored[i]);
        json_put_list_end(&w);
    }
    json_put_name(&w, S("items"));
    json_put_list(&w);
    for (size_t i = 0; i < found->count; i++) {
        ManifestPlace place = found->places[i];
        const RecordMedia *media =
            place.transcript < count ? picture_of(ask, transcripts[place.transcript].media) : NULL;
        if (media && place.part < transcript_count(&transcripts[place.transcript]))
            put_annotation(&w, a, ask, media, &transcripts[place.transcript], place.transcript, place.part);
    }
    json_put_list_end(&w);
    json_put_map_end(&w);
    return finished(out, err);
}
