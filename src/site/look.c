// SPDX-License-Identifier: Apache-2.0
// Finding by looking: what was asked, from address and body; the answer for scripts. Each hit meets
// rights_decide once more (seen.c), whatever the index believes.
#include "site/look.h"

#include "base/base64.h"
#include "base/clock.h"
#include "base/utf8.h"

enum { LOOK_COUNT = 24, AGAIN_MAX_BYTES = 2 * 1024 * 1024 }; // again: an answer has it twice

static Str parameter(const Visit *v, Str name)
{
    Str value;
    return http_parameter(v->r, name, &value) ? value : S("");
}

// Questions by picture as kind= names them.
static const Str KINDS[] = {[VISUAL_DETAIL] = S("detail"),
    [VISUAL_LIKE] = S("like"),
    [VISUAL_PALETTE] = S(""),
    [VISUAL_SAME] = S("same")};

static bool read_question(Str kind, VisualQuestion *ret)
{
    *ret = VISUAL_DETAIL;
    for (size_t i = 0; i < COUNT_OF(KINDS) && kind.n; i++) {
        *ret = (VisualQuestion)i;
        if (str_eq(kind, KINDS[i]))
            return true;
    }
    return kind.n == 0;
}

static bool ask_search(const Visit *v, const Look *look,
    bool (*ask)(Search *, const Visit *, const Look *, void *, Err *), void *ret, Err *err)
{
    const SiteConfig *config = &v->site->config;
    Search *search = config->search_keep(config->search_ctx);
    if (!search)
        return err_set(err, ERR_BUSY, "the index is being made");
    const bool good = ask(search, v, look, ret, err);
    config->search_drop(config->search_ctx, search);
    return good;
}

static bool find_only(Search *s, const Visit *v, const Look *look, void *ret, Err *err)
{
    VisualAsk *to = ret;
    Str *only;
    if (!search_all(s, &look->within, v->a, &only, &to->only_count, err))
        return false;
    to->only = only;
    to->has_only = true;
    return true;
}

// Words and filters of the text search narrow every visual question.
static bool read_only(const Visit *v, Look *look, Err *err)
{
    if (look->within.q.n == 0 && look->within.filters_count == 0)
        return true;
    return ask_search(v, look, find_only, &look->ask, err);
}

bool look_find_media(const Visit *v, Look *look, CatalogImage *ret_image, Err *err)
{
    if (!catalog_find_image(v->site->config.catalog, look->image_id, v->a, ret_image, err))
        return false;
    look->seen = arena_new(v->a, Seen);
    if (!seen_find(v, ret_image->object_id, look->seen, err))
        return false;
    for (size_t i = 0; i < seen_pictures(look->seen); i++) {
        const RecordMedia *media = seen_picture(look->seen, i);
        if (str_eq(media->id, look->image_id))
            look->media = media;
    }
    return look->media || err_set(err, ERR_NOT_FOUND, "no such picture");
}

bool look_read_part(Look *look, Err *err)
{
    if (look->lasso_text.n) {
        look->ask.lasso_count = visual_read_lasso(look->lasso_text, look->ask.lasso, look->region);
        if (look->ask.lasso_count == 0)
            return err_set(
                err, ERR_INVALID, "polygon is x,y,x,y,x,y: 3 to %d corners in pixels", VISUAL_CORNERS_MAX);
    } else if (look->region_text.n && !visual_read_region(look->region_text, look->region)) {
        return err_set(err, ERR_INVALID, "region is x,y,width,height in pixels");
    }
    look->is_part = look->lasso_text.n || look->region_text.n;
    return true;
}

static bool decode_upload(const Visit *v, Look *look, Str bytes, Err *err)
{
    const SiteSight *sight = &v->site->config.sight;
    SightSmall small;
    const bool wanted = look->shown && look->again.n == 0;
    if (!sight->upload(
            sight->ctx, bytes, look->region, v->a, &look->ask.picture, wanted ? &small : NULL, err)) {
        if (err->kind == ERR_CORRUPT) // damage in what a visitor sent: nothing that went wrong here
            return err_set(err, ERR_INVALID, "this picture is damaged and cannot be read");
        if (err->kind == ERR_UNSUPPORTED) // nor did they ask for what we lack: they sent what is no picture
            err->kind = ERR_INVALID;
        return false;
    }
    look->again_width_px = wanted ? small.width_px : look->ask.picture.width_px;
    look->again_height_px = wanted ? small.height_px : look->ask.picture.height_px;
    if (wanted)
        look->again = base64_text(v->a, small.jpeg);
    return true;
}

// What goes back to the visitor is cut already: a box is all of it, a lasso has its corners there.
static void read_again(const Visit *v, Look *look)
{
    CLEANUP(buf_free) Buf b = buf_with_max(LOOK_OUTLINE_MAX_BYTES);
    look->region_text = S("");
    for (int i = 0; i < look->ask.lasso_count; i++)
        buf_printf(&b, "%s%.0f,%.0f", i ? "," : "", look->ask.lasso[i].x * look->again_width_px,
            look->ask.lasso[i].y * look->again_height_px);
    look->lasso_text = arena_copy(v->a, buf_str(&b));
}

// As they come in a body, not in an address that http has checked.
static bool check_words(Str q, Err *err)
{
    return utf8_valid(q, NULL) || err_set(err, ERR_INVALID, "the words are not UTF-8");
}

static bool read_upload(const Visit *v, Look *look, Err *err)
{
    Upload upload;
    Str bytes;
    look->uploaded = true;
    if (!upload_read(http_header(v->r, "Content-Type"), http_body(v->r), &upload, err))
        return false;
    bytes = upload.picture;
    if (upload.has_q && !check_words(upload.q, err))
        return false;
    if (upload.has_q)
        look->within.q = upload.q;
    if (bytes.n == 0) {
        look->again = upload.again;
        if (upload.again.n > AGAIN_MAX_BYTES)
            return err_set(err, ERR_INVALID, "this is no picture that was given back by an answer");
        if (!base64_read(v->a, upload.again, &bytes, err))
            return false;
    }
    if (!decode_upload(v, look, bytes, err))
        return false;
    if (look->shown && upload.picture.n > 0)
        read_again(v, look);
    return true;
}

static bool get_picture(const Visit *v, Look *look, Err *err)
{
    const SiteSight *sight = &v->site->config.sight;
    if (!look_read_part(look, err))
        return false;
    if (http_method(v->r) == HTTP_POST)
        return read_upload(v, look, err);
    CatalogImage image;
    if (!look_find_media(v, look, &image, err))
        return false;
    if (look->ask.question != VISUAL_DETAIL && !look->is_part) {
        look->ask.image_id = look->image_id;
        return true;
    }
    return sight->region(sight->ctx, &image, look->region, v->a, &look->ask.picture, err);
}

static bool read_picture(const Visit *v, Look *look, Err *err)
{
    const int64_t begun_us = clock_mono_us();
    const bool good = get_picture(v, look, err);
    look->picture_us = clock_mono_us() - begun_us;
    return good;
}

static bool read_look(const Visit *v, Look *look, Err *err)
{
    const Str colours = parameter(v, S("colours")), kind = parameter(v, S("kind"));
    look->image_id = parameter(v, S("image"));
    look->region_text = str_trim(parameter(v, S("region")));
    look->lasso_text = str_trim(parameter(v, S("polygon")));
    look->ask.role = v->role;
    look->ask.ledger = v->site->config.catalog;
    look->ask.lines = parameter(v, S("lines")).n > 0 ? VISUAL_LINES_ALWAYS : VISUAL_LINES_QUICK;
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
        look->colours_text = colours;
        look->ask.colours_count = visual_read_colours(colours, look->ask.colours);
        if (look->ask.colours_count == 0)
            return err_set(err, ERR_INVALID, "colours are up to %d such as 1f4e79,d9c9a3", PALETTE_MAX);
        look->asked = true;
        return true;
    }
    look->asked = http_method(v->r) == HTTP_POST ||
                  (look->image_id.n && (look->region_text.n || look->lasso_text.n || kind.n));
    return !look->asked || read_picture(v, look, err);
}

static bool ask_index(const Visit *v, Look *look, Err *err)
{
    const SiteSight *sight = &v->site->config.sight;
    Visual *visual = sight->keep(sight->ctx);
    if (!visual)
        return err_set(err, ERR_BUSY, "the visual index is being made");
    const int64_t begun_us = clock_mono_us();
    const bool good = visual_ask(visual, &look->ask, v->a, &look->answer, err);
    look->ask_us = clock_mono_us() - begun_us;
    sight->drop(sight->ctx, visual);
    return good;
}

static bool begin(const Visit *v, Look *look, Err *err)
{
    if (!v->site->config.sight.keep)
        return err_set(err, ERR_UNSUPPORTED, "this museum does not search by picture");
    return search_ask_read(v, &look->within, err) && read_look(v, look, err);
}

bool look_ask(const Visit *v, Look *look, Err *err)
{
    if (!begin(v, look, err) || !read_only(v, look, err))
        return false;
    return !look->asked || ask_index(v, look, err);
}

bool look_ask_one(const Visit *v, Look *look, Str object_id, Err *err)
{
    if (!begin(v, look, err))
        return false;
    if (!look->asked || look->ask.question != VISUAL_DETAIL)
        return err_set(err, ERR_INVALID, "evidence is of a detail: image= and region= or polygon=");
    Str *only = arena_new(v->a, Str);
    *only = object_id;
    const VisualAsk asked = look->ask; // what the visitor asked: the way back leads there
    look->ask.has_only = true;
    look->ask.only = only;
    look->ask.only_count = 1;
    look->ask.perhaps = true;
    look->ask.limit = 1;
    const bool good = ask_index(v, look, err);
    look->ask = asked;
    return good;
}

static const RecordMedia *media_of(const Seen *seen, Str image_id)
{
    for (size_t i = 0; i < seen_pictures(seen); i++) {
        const RecordMedia *media = seen_picture(seen, i);
        if (str_eq(media->id, image_id))
            return media;
    }
    return NULL;
}

bool look_see(const Visit *v, const Look *look, LookFound **ret, size_t *ret_count, Err *err)
{
    const VisualAnswer *answer = &look->answer;
    Str *ids = arena_array(v->a, Str, answer->count + 1);
    LookFound *found = arena_array(v->a, LookFound, answer->count + 1);
    for (size_t i = 0; i < answer->count; i++)
        ids[i] = answer->hits[i].object_id;
    Seen *seen;
    size_t count, kept = 0;
    if (!seen_find_many(v, ids, answer->count, &seen, &count, err))
        return false;
    for (size_t i = 0, hit = 0; i < count; i++) {
        while (!str_eq(answer->hits[hit].object_id, seen[i].version.object_id))
            hit++; // passes over what the ledger has hidden since
        const RecordMedia *media = media_of(&seen[i], answer->hits[hit].image_id);
        if (media != NULL) // else the picture has been taken out since
            found[kept++] = (LookFound){&answer->hits[hit], &seen[i], media};
    }
    *ret = found;
    *ret_count = kept;
    return true;
}

typedef struct {
    Str *objects;
    size_t count;
    SearchAnswer *answer;
} Among;

static bool find_facets(Search *s, const Visit *v, const Look *look, void *ret, Err *err)
{
    const Among *among = ret;
    return search_facets_among(s, &look->within, among->objects, among->count, v->a, among->answer, err);
}

// Of the hits those that the ledger lets be seen now count; what lies beyond them as the indexes have it.
bool look_facets(
    const Visit *v, const Look *look, const LookFound *found, size_t found_count, SearchAnswer *ret, Err *err)
{
    const VisualAnswer *answer = &look->answer;
    Among among = {.objects = arena_array(v->a, Str, answer->total + 1), .answer = ret};
    for (size_t i = 0; i < found_count; i++)
        among.objects[among.count++] = found[i].seen->version.object_id;
    for (size_t i = answer->count; i < answer->total; i++)
        among.objects[among.count++] = answer->objects[i];
    if (ask_search(v, look, find_facets, &among, err))
        return true;
    if (err->kind != ERR_BUSY)
        return false;
    *err = (Err){0}; // without words the look goes on
    *ret = (SearchAnswer){.total = (int64_t)among.count};
    return true;
}

Url look_address(const Visit *v, const Look *look, const char *path, Str more)
{
    CLEANUP(buf_free) Buf b = buf_with_max(64 * 1024);
    if (look->colours_text.n) {
        buf_add(&b, S("&colours="));
        put_uri(&b, look->colours_text);
    } else if (!look->uploaded) {
        buf_add(&b, S("&image="));
        put_uri(&b, look->image_id);
    }
    const Str part = look->lasso_text.n ? look->lasso_text : look->region_text;
    if (look->is_part && part.n)
        buf_printf(&b, "&%s=" FMT_STR, look->lasso_text.n ? "polygon" : "region", ARG_STR(part));
    if (look->ask.question != VISUAL_PALETTE &&
        (look->ask.question != VISUAL_DETAIL || (!look->is_part && !look->uploaded)))
        buf_printf(&b, "&kind=" FMT_STR, ARG_STR(KINDS[look->ask.question]));
    if (look->ask.mirrored)
        buf_add(&b, S("&mirrored=1"));
    if (look->ask.perhaps)
        buf_add(&b, S("&perhaps=1"));
    if (look->ask.lines == VISUAL_LINES_ALWAYS)
        buf_add(&b, S("&lines=1"));
    buf_add(&b, more);
    return url_local(arena_printf(
        v->a, "%s%s" FMT_STR, path, b.n ? "?" : "", ARG_STR(str_slice(buf_str(&b), b.n ? 1 : 0, b.n))));
}

Url look_narrowed(const Visit *v, const Look *look, const char *path, const SearchPlace *place, Str more)
{
    const Url search = search_address(v->a, place);
    const Str rest = str_slice(search.address, S("/search").n, search.address.n);
    const Str words =
        rest.n > 1 ? arena_printf(v->a, "&" FMT_STR, ARG_STR(str_slice(rest, 1, rest.n))) : S("");
    return look_address(v, look, path, arena_printf(v->a, FMT_STR FMT_STR, ARG_STR(words), ARG_STR(more)));
}

// ---- JSON

static void put_hit(const Visit *v, const LookFound *found, bool points, JsonWriter *w)
{
    const VisualHit *hit = found->hit;
    Str lang, title = seen_title(v, found->seen, &lang);
    json_put_map(w);
    json_put_member(w, S("id"), hit->object_id);
    json_put_member(w, S("title"), title);
    json_put_member_if(w, S("maker"), seen_makers(v, found->seen));
    json_put_member(w, S("page"), manifest_object_url(v->a, v->base_url, hit->object_id));
    json_put_member(w, S("manifest"), manifest_url(v->a, v->base_url, hit->object_id));
    json_put_member(w, S("service"), manifest_image_url(v->a, v->base_url, hit->image_id));
    visual_write_hit(hit, points, w);
    json_put_map_end(w);
}

void api_look_answer(Visit *v)
{
    const int64_t begun_us = clock_mono_us();
    Err err = {0};
    Look look = {0};
    LookFound *found = NULL;
    SearchAnswer facets;
    size_t count = 0;
    bool good = look_ask(v, &look, &err);
    if (good && !look.asked)
        good = err_set(&err, ERR_INVALID,
            "ask with a picture (POST), image= and region= or polygon= or kind=, or colours=");
    if (!good || !look_see(v, &look, &found, &count, &err) ||
        !look_facets(v, &look, found, count, &facets, &err)) {
        trouble_answer(v, &err);
        return;
    }
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    json_put_map(&w);
    json_put_member_int(&w, S("sequence"), look.answer.sequence);
    json_put_member_bool(&w, S("found"), count > 0);
    json_put_member_bool(&w, S("too_plain"), look.answer.too_plain);
    json_put_member_int(&w, S("total"), facets.total);
    if (parameter(v, S("facets")).n > 0)
        api_put_facets(&w, v, &facets);
    json_put_name(&w, S("hits"));
    json_put_list(&w);
    for (size_t i = 0; i < count; i++)
        put_hit(v, &found[i], parameter(v, S("points")).n > 0, &w);
    json_put_list_end(&w);
    json_put_map_end(&w);
    frame_send(v, 200, S("application/json; charset=utf-8"), &b);
    http_answer_header(v->answer, "Access-Control-Allow-Origin", S("*"));
    http_answer_header(v->answer, "Server-Timing",
        arena_printf(v->a, "picture;dur=%.1f, ask;dur=%.1f, all;dur=%.1f", (double)look.picture_us / 1000,
            (double)look.ask_us / 1000, (double)(clock_mono_us() - begun_us) / 1000));
    if (look.uploaded)
        v->answer->cache_control = S("no-store");
}
