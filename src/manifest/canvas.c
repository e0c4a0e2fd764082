// SPDX-License-Identifier: Apache-2.0
// One canvas per picture:
//
//   <manifest>/canvas/<number>             the canvas, in pixels of the picture; for the second page of a
//   file
//                                          <number>-2
//   <manifest>/canvas/<number>/page        its annotation page
//   <manifest>/canvas/<number>/painting    the annotation whose body is the picture and its image service
//
// <number> is that of the picture in its object, never used again, so the addresses stay when pictures are
// added, removed or put in another order.
#include "manifest/int.h"

enum { EMPTY_WIDTH_PX = 1200, EMPTY_HEIGHT_PX = 900 };

static void put_body(JsonWriter *w, Arena *a, const ManifestAsk *ask, const RecordMedia *media)
{
    bool whole = ask->grant.side_max_px >= MAX_OF(media->width_px, media->height_px);
    ManifestSize sizes[MANIFEST_SIZES_MAX];
    int count = manifest_sizes(media->width_px, media->height_px, ask->grant, sizes);
    ManifestSize size = whole ? (ManifestSize){media->width_px, media->height_px}
                              : sizes[count - 1]; // count > 0: see canvases_put
    Str service = manifest_image_url(a, ask->base_url, media->id);
    json_put_name(w, S("body"));
    json_put_map(w);
    json_put_member(w, S("id"),
        whole ? arena_printf(a, FMT_STR "/full/max/0/default.jpg", ARG_STR(service))
              : manifest_picture_url(a, ask->base_url, media->id, size));
    json_put_member(w, S("type"), S("Image"));
    json_put_member(w, S("format"), S("image/jpeg"));
    json_put_member_int(w, S("width"), size.width_px);
    json_put_member_int(w, S("height"), size.height_px);
    manifest_put_service(w, a, ask->base_url, media->id);
    json_put_map_end(w);
}

static void put_painting(
    JsonWriter *w, Arena *a, const ManifestAsk *ask, const RecordMedia *media, Str canvas)
{
    json_put_name(w, S("items"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), arena_printf(a, FMT_STR "/page", ARG_STR(canvas)));
    json_put_member(w, S("type"), S("AnnotationPage"));
    json_put_name(w, S("items"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), arena_printf(a, FMT_STR "/painting", ARG_STR(canvas)));
    json_put_member(w, S("type"), S("Annotation"));
    json_put_member(w, S("motivation"), S("painting"));
    put_body(w, a, ask, media);
    json_put_member(w, S("target"), canvas);
    json_put_map_end(w);
    json_put_list_end(w);
    json_put_map_end(w);
    json_put_list_end(w);
}

static void put_canvas_label(JsonWriter *w, Arena *a, const RecordMedia *media, size_t count)
{
    RecordText label = {.lang = media->label_lang, .text = media->label};
    if (!media->label.n && media->page > 0) {
        label_put_page(w, a, S("label"), media->page);
        return;
    }
    if (!media->label.n && count == 1) {
        label_put_member(w, S("label"), LABEL_PICTURE);
        return;
    }
    if (!label.text.n)
        label.text = arena_printf(a, "%d", media->number);
    else if (media->page > 0)
        label.text = arena_printf(a, FMT_STR " (%d)", ARG_STR(label.text), media->page);
    json_put_name(w, S("label"));
    langs_put(w, a, &label, 1);
}

Str manifest_canvas_url(Arena *a, const ManifestAsk *ask, int number, int page)
{
    Str manifest = manifest_url(a, ask->base_url, ask->record->id);
    Str canvas = arena_printf(a, FMT_STR "/canvas/%d", ARG_STR(manifest), number);
    return page > 1 ? arena_printf(a, FMT_STR "-%d", ARG_STR(canvas), page) : canvas;
}

// What stands written in the picture, where somebody read it.
static void put_annotations(JsonWriter *w, Arena *a, const ManifestAsk *ask, const RecordMedia *media)
{
    if (!manifest_has_text(ask->record, media->id))
        return;
    json_put_name(w, S("annotations"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), manifest_text_url(a, ask->base_url, media->id));
    json_put_member(w, S("type"), S("AnnotationPage"));
    json_put_map_end(w);
    json_put_list_end(w);
}

static void put_canvas(JsonWriter *w, Arena *a, const ManifestAsk *ask, const RecordMedia *media)
{
    Str id = manifest_canvas_url(a, ask, media->number, media->page);
    json_put_map(w);
    json_put_member(w, S("id"), id);
    json_put_member(w, S("type"), S("Canvas"));
    put_canvas_label(w, a, media, ask->record->media.count);
    json_put_member_int(w, S("width"), media->width_px);
    json_put_member_int(w, S("height"), media->height_px);
    manifest_put_rights(w, a, media->rights);
    manifest_put_thumbnail(w, a, ask->base_url, media, ask->grant);
    put_painting(w, a, ask, media, id);
    put_annotations(w, a, ask, media);
    json_put_map_end(w);
}

// A manifest must have a canvas. An object without public pictures gets an empty one that says so.
static void put_empty_canvas(JsonWriter *w, Arena *a, const ManifestAsk *ask)
{
    json_put_map(w);
    json_put_member(w, S("id"), manifest_canvas_url(a, ask, 0, 0));
    json_put_member(w, S("type"), S("Canvas"));
    label_put_member(w, S("label"), LABEL_NO_PICTURE);
    json_put_member_int(w, S("width"), EMPTY_WIDTH_PX);
    json_put_member_int(w, S("height"), EMPTY_HEIGHT_PX);
    json_put_map_end(w);
}

void canvases_put(JsonWriter *w, Arena *a, const ManifestAsk *ask)
{
    const Record *record = ask->record;
    json_put_name(w, S("items"));
    json_put_list(w);
    if (!manifest_first_picture(record, ask->grant))
        put_empty_canvas(w, a, ask);
    for (size_t i = 0; i < record->media.count && ask->grant.side_max_px > 0; i++) {
        const RecordMedia *media = &record->media.items[i];
        if (media->width_px > 0 && media->height_px > 0)
            put_canvas(w, a, ask, media);
    }
    json_put_list_end(w);
}
