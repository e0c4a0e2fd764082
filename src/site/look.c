// SPDX-License-Identifier: Apache-2.0
// Finding by looking: what was asked, from address and body; the answer as a page and as JSON. Each hit meets
// rights_decide once more (seen.c), whatever the index believes.
#include "site/int.h"

#include <math.h>

enum { LOOK_COUNT = 24, WITHIN_MAX = 2000, OUTLINE_MAX_BYTES = 200 };

typedef struct {
    VisualAsk ask;
    bool asked;    // there is a question at all
    bool uploaded; // with a picture that was sent along
    Str image_id;  // or with one of ours
    Str region_text;
    Seen *seen; // the object image_id belongs to
    const RecordMedia *media;
    VisualAnswer answer;
} Look;

static Str parameter(const Visit *v, Str name)
{
    Str value;
    return http_parameter(v->r, name, &value) ? value : S("");
}

static bool read_question(Str kind, VisualQuestion *ret)
{
    static const struct {
        Str name;
        VisualQuestion question;
    } kinds[] = {{S(""), VISUAL_DETAIL}, {S("detail"), VISUAL_DETAIL}, {S("like"), VISUAL_LIKE},
        {S("same"), VISUAL_SAME}};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (str_eq(kind, kinds[i].name)) {
            *ret = kinds[i].question;
            return true;
        }
    }
    return false;
}

// Words and filters of the text search narrow every visual question.
static bool read_only(const Visit *v, VisualAsk *ask, Err *err)
{
    SearchAsk search;
    if (!search_ask_read(v, &search, err))
        return false;
    if (search.q.n == 0 && search.filters_count == 0)
        return true;
    search.limit = SEARCH_LIMIT_MAX;
    search.facets = false;
    search.cursor = S("");
    Str *only = arena_array(v->a, Str, WITHIN_MAX + SEARCH_LIMIT_MAX);
    ask->has_only = true;
    do {
        SearchAnswer answer;
        if (!site_search(v, &search, &answer, err))
            return false;
        for (size_t i = 0; i < answer.hits_count; i++)
            only[ask->only_count++] = answer.hits[i].object_id;
        search.cursor = answer.next;
    } while (search.cursor.n && ask->only_count < WITHIN_MAX);
    ask->only = only;
    return true;
}

// The picture of ours that is asked with: only one that this visitor may see.
static bool find_media(const Visit *v, Look *look, CatalogImage *image, Err *err)
{
    if (!catalog_find_image(v->site->config.catalog, look->image_id, v->a, image, err))
        return false;
    look->seen = arena_new(v->a, Seen);
    if (!seen_find(v, image->object_id, look->seen, err))
        return false;
    for (size_t i = 0; i < seen_pictures(look->seen); i++) {
        const RecordMedia *media = seen_picture(look->seen, i);
        if (str_eq(media->id, look->image_id))
            look->media = media;
    }
    return look->media || err_set(err, ERR_NOT_FOUND, "no such picture");
}

static bool read_picture(const Visit *v, Look *look, Err *err)
{
    const SiteSight *sight = &v->site->config.sight;
    int region[4] = {0};
    Str body;
    if (look->region_text.n && !visual_read_region(look->region_text, region))
        return err_set(err, ERR_INVALID, "region is x,y,width,height in pixels");
    if (http_method(v->r) == HTTP_POST) {
        look->uploaded = true;
        return upload_picture(http_header(v->r, "Content-Type"), http_body(v->r), &body, err) &&
               sight->upload(sight->ctx, body, region, v->a, &look->ask.picture, err);
    }
    CatalogImage image;
    if (!find_media(v, look, &image, err))
        return false;
    if (look->ask.question != VISUAL_DETAIL && !look->region_text.n) {
        look->ask.image_id = look->image_id;
        return true;
    }
    return sight->region(sight->ctx, &image, region, v->a, &look->ask.picture, err);
}

static bool read_look(const Visit *v, Look *look, Err *err)
{
    const Str colours = parameter(v, S("colours")), kind = parameter(v, S("kind"));
    look->image_id = parameter(v, S("image"));
    look->region_text = parameter(v, S("region"));
    look->ask.role = v->role;
    look->ask.mirrored = parameter(v, S("mirrored")).n > 0;
    look->ask.perhaps = parameter(v, S("perhaps")).n > 0;
    look->ask.limit = LOOK_COUNT;
    const Str limit = parameter(v, S("limit"));
    if (limit.n && !str_to_int(limit, 1, VISUAL_LIMIT_MAX, &look->ask.limit))
        return err_set(err, ERR_INVALID, "limit must be a number from 1 to %d", VISUAL_LIMIT_MAX);
    if (!read_question(kind, &look->ask.question))
        return err_set(err, ERR_INVALID, "kind is detail, like or same");
    if (http_method(v->r) != HTTP_POST && colours.n) {
        look->ask.question = VISUAL_PALETTE;
        look->ask.colours_count = visual_read_colours(colours, look->ask.colours);
        if (look->ask.colours_count == 0)
            return err_set(err, ERR_INVALID, "colours are up to %d such as 1f4e79,d9c9a3", PALETTE_MAX);
        look->asked = true;
        return true;
    }
    look->asked = http_method(v->r) == HTTP_POST || (look->image_id.n && (look->region_text.n || kind.n));
    return !look->asked || read_picture(v, look, err);
}

static bool ask_index(const Visit *v, Look *look, Err *err)
{
    const SiteSight *sight = &v->site->config.sight;
    if (!sight->keep)
        return err_set(err, ERR_UNSUPPORTED, "this museum does not search by picture");
    if (!read_look(v, look, err))
        return false;
    if (!look->asked || !read_only(v, &look->ask, err))
        return !look->asked;
    Visual *visual = sight->keep(sight->ctx);
    if (!visual)
        return err_set(err, ERR_BUSY, "the visual index is being made");
    const bool good = visual_ask(visual, &look->ask, v->a, &look->answer, err);
    sight->drop(sight->ctx, visual);
    return good;
}

// The hits whose objects may be seen, and those objects, side by side.
static bool see_hits(const Visit *v, const VisualAnswer *answer, const VisualHit ***ret_hits, Seen **ret,
    size_t *ret_count, Err *err)
{
    Str *ids = arena_array(v->a, Str, answer->count + 1);
    const VisualHit **hits = arena_array(v->a, const VisualHit *, answer->count + 1);
    for (size_t i = 0; i < answer->count; i++)
        ids[i] = answer->hits[i].object_id;
    Seen *seen;
    size_t count, kept = 0;
    if (!seen_find_many(v, ids, answer->count, &seen, &count, err))
        return false;
    for (size_t i = 0, hit = 0; i < count; i++) {
        while (!str_eq(answer->hits[hit].object_id, seen[i].version.object_id))
            hit++; // passes over what the ledger has hidden since
        if (seen_pictures(&seen[i]) == 0)
            continue;
        seen[kept] = seen[i];
        hits[kept++] = &answer->hits[hit];
    }
    *ret_hits = hits;
    *ret = seen;
    *ret_count = kept;
    return true;
}

static const RecordMedia *media_of(const Seen *seen, Str image_id)
{
    for (size_t i = 0; i < seen_pictures(seen); i++) {
        const RecordMedia *media = seen_picture(seen, i);
        if (str_eq(media->id, image_id))
            return media;
    }
    return seen_picture(seen, 0);
}

// ---- JSON

static void put_hit(const Visit *v, const Seen *seen, const VisualHit *hit, bool points, JsonWriter *w)
{
    Str lang, title = seen_title(v, seen, &lang);
    json_put_map(w);
    json_put_member(w, S("id"), hit->object_id);
    json_put_member(w, S("title"), title);
    json_put_member_if(w, S("maker"), seen_makers(v, seen));
    json_put_member(w, S("page"), manifest_object_url(v->a, v->base_url, hit->object_id));
    json_put_member(w, S("manifest"), manifest_url(v->a, v->base_url, hit->object_id));
    json_put_member(w, S("service"), manifest_image_url(v->a, v->base_url, hit->image_id));
    visual_write_hit(hit, points, w);
    json_put_map_end(w);
}

void api_look_answer(Visit *v)
{
    Err err = {0};
    Look look = {0};
    const VisualHit **hits = NULL;
    Seen *seen = NULL;
    size_t count = 0;
    bool good = ask_index(v, &look, &err);
    if (good && !look.asked)
        good =
            err_set(&err, ERR_INVALID, "ask with a picture (POST), image= and region= or kind=, or colours=");
    if (!good || !see_hits(v, &look.answer, &hits, &seen, &count, &err)) {
        trouble_answer(v, &err);
        return;
    }
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_member_int(&w, S("sequence"), look.answer.sequence);
    json_put_member_bool(&w, S("found"), count > 0);
    json_put_member_bool(&w, S("too_plain"), look.answer.too_plain);
    json_put_name(&w, S("hits"));
    json_put_list(&w);
    for (size_t i = 0; i < count; i++)
        put_hit(v, &seen[i], hits[i], parameter(v, S("points")).n > 0, &w);
    json_put_list_end(&w);
    json_put_map_end(&w);
    frame_send(v, 200, S("application/json; charset=utf-8"), &b);
    http_answer_header(v->answer, "Access-Control-Allow-Origin", S("*"));
    if (look.uploaded)
        v->answer->cache_control = S("no-store");
}

// ---- the page

static PartLookHit hit_part(const Visit *v, const Seen *seen, const VisualHit *hit)
{
    const RecordMedia *media = media_of(seen, hit->image_id);
    const PartCard card = card_part(v, seen);
    PartLookHit part = {.address = card.address,
        .title = card.title,
        .title_lang = card.title_lang,
        .maker = card.maker,
        .maker_lang = card.maker_lang,
        .shape = card_shape(v->a, media->width_px, media->height_px),
        .picture = picture_part(v, seen, media, PICTURE_WALL),
        .has_place = hit->has_place,
        .negative = hit->negative};
    part.sure = (int64_t)lround(hit->score * 100);
    part.view = arena_printf(v->a, "0 0 %d %d", media->width_px, media->height_px);
    CLEANUP(buf_free) Buf outline = buf_with_max(OUTLINE_MAX_BYTES);
    for (int i = 0; i < 4 && hit->has_place; i++)
        buf_printf(&outline, "%s%.0f,%.0f", i ? " " : "", hit->outline[i].x * media->width_px,
            hit->outline[i].y * media->height_px);
    part.outline = arena_copy(v->a, buf_str(&outline));
    CLEANUP(buf_free) Buf spots = buf_with_max(VISUAL_POINTS_MAX * 24);
    for (int i = 0; i < hit->points_count; i++) {
        const double x = hit->found[i].x * media->width_px, y = hit->found[i].y * media->height_px;
        buf_printf(&spots, "M%.0f %.0fh0", x, y); // a dot is a line of no length with round ends
    }
    part.spots = arena_copy(v->a, buf_str(&spots));
    return part;
}

static void fill_source(const Visit *v, const Look *look, PageLook *page)
{
    if (!look->media)
        return;
    page->has_source = true;
    page->image = look->image_id;
    page->source = picture_part(v, look->seen, look->media, PICTURE_HERO);
    page->source_width = look->media->width_px;
    page->source_height = look->media->height_px;
    page->work = url_local(manifest_object_url(v->a, S(""), look->seen->record.id));
    page->work_title = seen_title(v, look->seen, &page->work_lang);
}

void look_answer(Visit *v)
{
    Err err = {0};
    Look look = {0};
    const VisualHit **hits = NULL;
    Seen *seen = NULL;
    size_t count = 0;
    CatalogImage image;
    bool good = ask_index(v, &look, &err);
    if (good && !look.asked && look.image_id.n)
        good = find_media(v, &look, &image, &err);
    if (!good || !see_hits(v, &look.answer, &hits, &seen, &count, &err)) {
        trouble_answer(v, &err);
        return;
    }
    PartLookHit *parts = arena_array(v->a, PartLookHit, count + 1);
    for (size_t i = 0; i < count; i++)
        parts[i] = hit_part(v, &seen[i], hits[i]);
    PageLook page = {
        .head = frame_head(
            v, &(Frame){.title = phrase(v->w, WORD_LOOK_TITLE), .path = S("/look"), .hide = look.asked}),
        .foot = frame_foot(v),
        .region = look.region_text,
        .hits = {parts, count},
        .nothing = look.asked && count == 0 && !look.answer.too_plain,
        .plain = look.asked && look.answer.too_plain,
    };
    fill_source(v, &look, &page);
    CLEANUP(buf_free) Buf b = buf_with_max(PAGE_MAX_BYTES);
    page_look_put(&b, v->w, &page);
    frame_send_page(v, 200, &b);
    if (look.uploaded)
        v->answer->cache_control = S("no-store");
}
