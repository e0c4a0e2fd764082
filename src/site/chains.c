// SPDX-License-Identifier: Apache-2.0
// "This pattern also appears on": the links of one work, on its page and for scripts.
#include "site/chains.h"

#include "base/utf8.h"

enum { PAIR_SIDE_PX = 240, LINKS_SHOWN = 8 };

static Chain *chain_of(const Visit *v)
{
    const SiteSight *sight = &v->site->config.sight;
    return sight->chain ? sight->chain(sight->ctx) : NULL;
}

const RecordMedia *chains_media(const Seen *seen, Str image_id)
{
    for (size_t i = 0; i < seen_pictures(seen); i++) {
        const RecordMedia *media = seen_picture(seen, i);
        if (str_eq(media->id, image_id))
            return media;
    }
    return NULL;
}

bool chains_see(const Visit *v, const Seen *here, size_t limit, SeenLink **ret, size_t *ret_count, Err *err)
{
    Chain *chain = chain_of(v);
    ChainLink *links = NULL;
    size_t count = 0, seen_count, kept = 0;
    Seen *seen;
    if (chain && seen_pictures(here) > 0)
        chain_links(chain, here->record.id, v->role, v->a, &links, &count);
    Str *ids = arena_array(v->a, Str, count + 1);
    for (size_t i = 0; i < count; i++)
        ids[i] = links[i].there.object_id;
    if (!seen_find_many(v, ids, count, &seen, &seen_count, err))
        return false;
    SeenLink *found = arena_array(v->a, SeenLink, seen_count + 1);
    for (size_t i = 0, l = 0; i < seen_count && kept < limit; i++) {
        while (!str_eq(links[l].there.object_id, seen[i].version.object_id))
            l++; // passes over what may not be seen any more
        const SeenLink link = {.link = links[l],
            .there = &seen[i],
            .here_media = chains_media(here, links[l].here.image_id),
            .there_media = chains_media(&seen[i], links[l].there.image_id)};
        if (link.here_media && link.there_media)
            found[kept++] = link;
    }
    *ret = found;
    *ret_count = kept;
    return true;
}

CropBox chains_box(const ChainEnd *end, const RecordMedia *media)
{
    const double w = media->width_px, h = media->height_px;
    return crop_box(media, end->left * w, end->top * h, end->width * w, end->height * h, 0);
}

Url chains_why(const Visit *v, const SeenLink *link)
{
    const CropBox box = chains_box(&link->link.here, link->here_media);
    if (MIN_OF(box.width_px, box.height_px) < VISUAL_REGION_MIN_PX)
        return URL_NONE;
    return url_local(arena_printf(v->a, "/look/why?image=" FMT_STR "&region=%d,%d,%d,%d%s&hit=" FMT_STR,
        ARG_STR(uri_encode(v->a, link->link.here.image_id, "")), box.left_px, box.top_px, box.width_px,
        box.height_px, link->link.mirrored ? "&mirrored=1" : "",
        ARG_STR(uri_encode(v->a, link->link.there.object_id, ""))));
}

PartMotif chains_motif_part(const Visit *v, const Seen *here, const SeenLink *link)
{
    return (PartMotif){.here = crop_part(v, here, link->here_media,
                           chains_box(&link->link.here, link->here_media), PAIR_SIDE_PX, S("")),
        .there = crop_part(v, link->there, link->there_media,
            chains_box(&link->link.there, link->there_media), PAIR_SIDE_PX, S("")),
        .points = link->link.points,
        .whole = link->link.whole,
        .negative = link->link.negative,
        .mirrored = link->link.mirrored,
        .why = chains_why(v, link)};
}

void chains_fill(const Visit *v, const Seen *here, PageObject *page)
{
    Err err = {0};
    SeenLink *links;
    size_t count;
    if (here->old || !chains_see(v, here, LINKS_SHOWN, &links, &count, &err) || count == 0)
        return; // a page without links is a whole page
    PartChainLink *parts = arena_array(v->a, PartChainLink, count);
    for (size_t i = 0; i < count; i++) {
        const PartCard card = card_part(v, links[i].there);
        parts[i] = (PartChainLink){.address = card.address,
            .title = card.title,
            .title_lang = card.title_lang,
            .maker = card.maker,
            .maker_lang = card.maker_lang,
            .date = card.date,
            .motif = chains_motif_part(v, here, &links[i])};
    }
    page->links.items = parts;
    page->links.count = count;
    page->tour =
        url_local(arena_printf(v->a, "/tour?from=" FMT_STR, ARG_STR(uri_encode(v->a, here->record.id, ""))));
}

// ---- for scripts

static void put_end(const ChainEnd *end, const RecordMedia *media, Str image, Str region, JsonWriter *w)
{
    const CropBox box = chains_box(end, media);
    Buf text = buf_with_max(64);
    buf_printf(&text, "%d,%d,%d,%d", box.left_px, box.top_px, box.width_px, box.height_px);
    json_put_member(w, image, end->image_id);
    json_put_member(w, region, buf_str(&text));
    buf_free(&text);
}

void chains_put_link(const Visit *v, const SeenLink *link, JsonWriter *w)
{
    const ChainLink *l = &link->link;
    json_put_member(w, S("page"), manifest_object_url(v->a, v->base_url, l->there.object_id));
    json_put_name(w, S("score"));
    json_put_real(w, (double)(int)(l->score * 1000 + 0.5) / 1000);
    json_put_member_int(w, S("points"), l->points);
    put_end(&l->there, link->there_media, S("image"), S("region"), w);
    put_end(&l->here, link->here_media, S("from_image"), S("from_region"), w);
    json_put_member_bool(w, S("same_picture"), l->whole);
    json_put_member_bool(w, S("negative"), l->negative);
    json_put_member_bool(w, S("mirrored"), l->mirrored);
}

void api_chains_answer(Visit *v, Str object_id)
{
    Err err = {0};
    Seen here;
    SeenLink *links;
    size_t count;
    if (!seen_find(v, object_id, &here, &err) ||
        !chains_see(v, &here, CHAIN_LINKS_MAX, &links, &count, &err)) {
        trouble_answer(v, &err);
        return;
    }
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_member(&w, S("id"), here.record.id);
    json_put_name(&w, S("links"));
    json_put_list(&w);
    for (size_t i = 0; i < count; i++) {
        Str lang, title = seen_title(v, links[i].there, &lang);
        json_put_map(&w);
        json_put_member(&w, S("id"), links[i].link.there.object_id);
        json_put_member(&w, S("title"), title);
        chains_put_link(v, &links[i], &w);
        json_put_map_end(&w);
    }
    json_put_list_end(&w);
    json_put_map_end(&w);
    frame_send(v, 200, S("application/json; charset=utf-8"), &b);
    http_answer_header(v->answer, "Access-Control-Allow-Origin", S("*"));
}
