// SPDX-License-Identifier: Apache-2.0
// Which lane answers, and the answers. The way of a stored tile: parse, look up the image, look up the tile,
// and say which bytes of which file: nothing is opened, decoded or waited for.
#include "tile/tile.h"
#include "tile/int.h"

#include <stdlib.h>

enum { CUT_MAX_BYTES = 17 << 20 }; // of a tile that is cut: more than any may have

static const char METHODS[] = "GET, HEAD, OPTIONS";

TileRoom *tile_open(const TileConfig *config, Err *err)
{
    (void)err;
    TileRoom *t = mem_alloc(sizeof(TileRoom));
    t->store = config->store;
    t->budget_bytes = config->render_budget_bytes ? config->render_budget_bytes : RENDER_BUDGET_BYTES;
    // A quarter of the budget in pixels: a picture turned in colour takes twice three bytes a pixel, and one
    // must fit.
    TileLimits limits = {
        .side_max_px = config->side_max_px ? config->side_max_px : SIDE_MAX_PX,
        .area_max_px = MIN_OF((int64_t)RENDER_PIXELS_MAX, (int64_t)(t->budget_bytes / 8)),
    };
    t->images = images_open(config->catalog, config->derived, config->store,
        config->images_open_max ? config->images_open_max : IMAGES_OPEN_MAX, &limits);
    return t;
}

void tile_close(TileRoom *t)
{
    if (!t)
        return;
    images_close(t->images);
    free(t);
}

void tile_tidy(TileRoom *t)
{
    images_tidy(t->images);
}

// What the loop found out and the answer needs; on the loop the one follows the other at once.
typedef struct {
    TileAsk ask;
    TilePlan plan;
    Image *image; // held until the answer is on its way
    bool heavy;   // in the heavy lane, or on the way there
    Buf body;     // a tile that was cut; a Buf of no bytes: not yet
    Err err;
} Found;

static bool method_reads(const HttpRequest *r)
{
    return http_method(r) == HTTP_GET || http_method(r) == HTTP_HEAD;
}

static bool wants_samples(const TileAsk *ask)
{
    return ask->depth_master || ask->windowed;
}

static bool in_twin(const Found *found)
{
    return found->ask.format == RENDER_WEBP && found->image->webp;
}

static const Pyramid *stored_in(const Found *found)
{
    return in_twin(found) ? found->image->webp : found->image->pyramid;
}

static RenderFormat holds(const Found *found)
{
    return in_twin(found) ? RENDER_WEBP : RENDER_JPEG;
}

static bool plan(Found *found, Err *err)
{
    const Image *image = found->image;
    if (!plan_make(&found->ask, image->facts, &image->limits, &found->plan, err))
        return false;
    if (!wants_samples(&found->ask))
        plan_find_stored(&found->plan, &found->ask, stored_in(found), holds(found), &image->limits);
    else if (!plan_samples(&found->ask, &found->plan, err))
        return false;
    return plan_permitted(&found->plan, image->facts, &image->limits, err);
}

static Str etag(const HttpRequest *r, const Image *image, char kind, uint64_t number)
{
    char *text = arena_alloc(http_arena(r), 40), *p = text;
    *p++ = '"';
    p = (char *)memcpy(p, image->tag, 16) + 16;
    *p++ = kind;
    do
        *p++ = "0123456789abcdef"[number & 15];
    while (number >>= 4);
    *p++ = '"';
    return (Str){text, (size_t)(p - text)};
}

static Str cut_etag(const HttpRequest *r, const Found *found)
{
    return etag(r, found->image, 'c', (uint64_t)found->plan.row << 32 | (uint64_t)found->plan.column);
}

// On the loop, where nobody may wait: if all that is needed of the master is in memory. False: a worker must,
// also to open the master anew when something is wrong with it, for it may have been mended since.
static bool cut_at_once(TileRoom *t, const HttpRequest *r, Found *found)
{
    Err err = {0};
    HttpAnswer known = {.status = 200, .etag = cut_etag(r, found)};
    if (http_not_modified(r, &known))
        return true;
    found->body = buf_with_max(CUT_MAX_BYTES);
    if (pyramid_cut_tile(
            found->image->pyramid, found->plan.column, found->plan.row, true, &found->body, &err))
        return true;
    buf_free(&found->body);
    found->body = (Buf){0};
    if (err.kind != ERR_BUSY)
        images_forget(t->images, found->image->id);
    return false;
}

static bool parse(const HttpRequest *r, TileAsk *ask, Err *err)
{
    Str depth, window;
    if (!ask_parse(http_path(r), http_arena(r), ask, err))
        return false;
    if (ask->kind != ASK_PICTURE)
        return true;
    const Str *d = http_parameter(r, S("depth"), &depth) ? &depth : NULL;
    const Str *w = http_parameter(r, S("window"), &window) ? &window : NULL;
    return ask_parse_samples(d, w, ask, err);
}

HttpLane tile_lane(TileRoom *t, HttpRequest *r)
{
    if (!method_reads(r))
        return HTTP_LANE_LOOP;
    Found *found = arena_new(http_arena(r), Found);
    http_note(r, found);
    if (!parse(r, &found->ask, &found->err) || found->ask.kind == ASK_BASE)
        return HTTP_LANE_LOOP;
    found->image = images_find(t->images, found->ask.id);
    if (!found->image)
        return HTTP_LANE_PAGES; // to be opened, or confirmed: that asks the catalogue
    if (found->ask.kind == ASK_INFO || !plan(found, &found->err) || found->plan.stored ||
        (found->plan.cut && cut_at_once(t, r, found)))
        return HTTP_LANE_LOOP;
    image_drop(found->image); // the lane may be full, and nobody would drop it then
    found->image = NULL;
    found->heavy = !found->plan.cut;
    return found->heavy ? HTTP_LANE_RENDERS : HTTP_LANE_PAGES;
}

// ---- answers

static void put_cors(HttpAnswer *answer)
{
    http_answer_header(answer, "Access-Control-Allow-Origin", S("*"));
}

static void answer_error(const HttpRequest *r, Err *err, HttpAnswer *answer)
{
    if (err->kind == ERR_LIMIT) // in an address that is a bad request, not a big one
        err->kind = ERR_INVALID;
    http_answer_error(r, err, answer);
    put_cors(answer);
}

// The master may have been mended since it was opened.
static void answer_damaged(TileRoom *t, const HttpRequest *r, Found *found, HttpAnswer *answer)
{
    if (found->err.kind == ERR_CORRUPT && pyramid_is_cut(found->image->pyramid))
        images_forget(t->images, found->image->id);
    answer_error(r, &found->err, answer);
}

static void answer_redirect(const HttpRequest *r, const TileAsk *ask, HttpAnswer *answer)
{
    *answer = (HttpAnswer){.status = 303};
    Str base = http_base_url(r);
    http_answer_header(answer, "Location",
        arena_printf(http_arena(r), FMT_STR "/iiif/%d/" FMT_STR "/info.json", ARG_STR(base), ask->version,
            ARG_STR(ask->id_sent)));
    put_cors(answer);
}

static uint64_t hash_text(Str s, uint64_t hash)
{
    for (size_t i = 0; i < s.n; i++)
        hash = (hash ^ (unsigned char)s.p[i]) * 1099511628211u;
    return hash;
}

static void answer_info(const HttpRequest *r, const Found *found, HttpAnswer *answer)
{
    const TileAsk *ask = &found->ask;
    Arena *a = http_arena(r);
    Str base = http_base_url(r);
    Str type = info_content_type(ask->version, http_header(r, "Accept"));
    *answer = (HttpAnswer){.status = 200,
        .content_type = type,
        .body = info_json(ask->version, base, ask->id_sent, found->image->info[ask->version - 2], a),
        .cache_control = S("public, max-age=60")};
    uint64_t hash = hash_text(base, hash_text(type, hash_text(ask->id_sent, (uint64_t)ask->version)));
    const TileLimits *limits = &found->image->limits;
    answer->etag = etag(r, found->image, 'i', hash ^ (uint64_t)limits->grant.side_max_px);
    put_cors(answer);
    http_answer_header(answer, "Vary", S("Accept"));
}

static void put_links(const HttpRequest *r, const Found *found, Str canonical, HttpAnswer *answer)
{
    Arena *a = http_arena(r);
    Str base = http_base_url(r), id = found->ask.id_sent, version = found->ask.version == 3 ? S("3") : S("2");
    Str parts[] = {S("<http://iiif.io/api/image/"), version, S("/level2.json>;rel=\"profile\", <"), base,
        S("/iiif/"), version, S("/"), id, S("/"), canonical, S(">;rel=\"canonical\"")};
    http_answer_header(answer, "Link", arena_join(a, parts, COUNT_OF(parts), S("")));
}

static void answer_picture(const HttpRequest *r, const Found *found, HttpAnswer *answer)
{
    *answer = (HttpAnswer){.status = 200,
        .content_type = format_type(found->ask.format),
        .cache_control = S("public, max-age=3600")};
    put_cors(answer);
    put_links(
        r, found, plan_canonical(&found->ask, &found->plan, found->image->facts, http_arena(r)), answer);
}

static void answer_stored(const HttpRequest *r, Found *found, HttpAnswer *answer)
{
    answer_picture(r, found, answer);
    answer->kind = HTTP_BODY_FILE;
    answer->fd = pyramid_fd(stored_in(found));
    answer->offset = found->plan.span.offset;
    answer->size_bytes = found->plan.span.size_bytes;
    answer->etag = etag(r, found->image, in_twin(found) ? 'v' : '-', found->plan.span.offset);
    answer->release = image_drop;
    answer->held = found->image;
    found->image = NULL;
}

static void free_body(void *held)
{
    free(held);
}

static void answer_cut(TileRoom *t, const HttpRequest *r, Found *found, HttpAnswer *answer)
{
    answer_picture(r, found, answer);
    answer->etag = cut_etag(r, found);
    if (http_not_modified(r, answer)) {
        answer->status = 304;
        return;
    }
    if (found->body.n == 0) {
        found->body = buf_with_max(CUT_MAX_BYTES);
        if (!pyramid_cut_tile(found->image->pyramid, found->plan.column, found->plan.row, false, &found->body,
                &found->err)) {
            buf_free(&found->body);
            found->body = (Buf){0};
            answer_damaged(t, r, found, answer);
            return;
        }
    }
    answer->body = buf_str(&found->body);
    answer->release = free_body;
    answer->held = found->body.p;
}

// Memory for all renders together is bounded; whoever comes when it is used up is asked to come again.
static bool render_in_budget(TileRoom *t, const Found *found, Buf *out, Err *err)
{
    if (wants_samples(&found->ask))
        return samples_in_budget(t, &found->ask, &found->plan, found->image, out, err);
    const RenderAsk *ask = &found->plan.render;
    size_t needed = render_memory_bytes(found->image->pyramid, ask);
    if (needed > t->budget_bytes)
        return err_set(err, ERR_LIMIT, "too large a picture in this form");
    bool fits = atomic_fetch_add(&t->in_use_bytes, needed) + needed <= t->budget_bytes;
    bool ok = fits ? render(found->image->pyramid, ask, out, err)
                   : err_set(err, ERR_BUSY, "many pictures are being made; please try again in a moment");
    atomic_fetch_sub(&t->in_use_bytes, needed);
    return ok;
}

static void answer_render(TileRoom *t, const HttpRequest *r, Found *found, HttpAnswer *answer)
{
    Str canonical = plan_canonical(&found->ask, &found->plan, found->image->facts, http_arena(r));
    uint64_t hash = hash_text(canonical, 0);
    if (found->ask.windowed)
        hash = hash_text((Str){(const char *)&found->ask.low, sizeof(double)},
            hash_text((Str){(const char *)&found->ask.high, sizeof(double)}, hash));
    Str tag = etag(r, found->image, found->ask.windowed ? 'w' : found->ask.depth_master ? 'd' : 'r', hash);
    answer_picture(r, found, answer);
    answer->etag = tag;
    if (http_not_modified(r, answer)) {
        answer->status = 304;
        return;
    }
    Buf out = buf_with_max(RENDER_BYTES_MAX);
    if (!render_in_budget(t, found, &out, &found->err) || out.full) {
        if (out.full)
            err_note_at(&found->err, __FILE__, __LINE__, ERR_LIMIT, "too large a picture in this form");
        buf_free(&out);
        answer_damaged(t, r, found, answer);
        return;
    }
    answer->body = buf_str(&out);
    answer->release = free_body;
    answer->held = out.p;
}

// In a worker: opens or confirms the image first. A picture that must be computed goes on to the heavy lane.
static bool resolve(TileRoom *t, Found *found, Err *err)
{
    if (found->image)
        return true;
    found->image = images_find(t->images, found->ask.id);
    if (!found->image)
        found->image = images_resolve(t->images, found->ask.id, err);
    return found->image && (found->ask.kind != ASK_PICTURE || plan(found, err));
}

void tile_answer(TileRoom *t, const HttpRequest *r, HttpAnswer *answer)
{
    if (http_method(r) == HTTP_OPTIONS) {
        http_answer_options(METHODS, answer);
        return;
    }
    if (!method_reads(r)) {
        *answer = (HttpAnswer){.status = 405};
        http_answer_header(answer, "Allow", str_from(METHODS));
        return;
    }
    Found *found = http_noted(r);
    if (found->err.kind == ERR_NONE && found->ask.kind == ASK_BASE) {
        answer_redirect(r, &found->ask, answer);
        return;
    }
    if (found->err.kind != ERR_NONE || !resolve(t, found, &found->err))
        answer_error(r, &found->err, answer);
    else if (found->ask.kind == ASK_INFO)
        answer_info(r, found, answer);
    else if (found->plan.stored)
        answer_stored(r, found, answer);
    else if (found->plan.cut)
        answer_cut(t, r, found, answer);
    else if (found->heavy)
        answer_render(t, r, found, answer);
    else
        *answer = (HttpAnswer){.to_renders = found->heavy = true};
    image_drop(found->image);
    found->image = NULL;
}
