// SPDX-License-Identifier: Apache-2.0
#include "site/site.h"

#include "base/utf8.h"
#include "site/int.h"

#include <stdlib.h>

Site *site_open(const SiteConfig *config, Err *err)
{
    (void)err;
    Site *s = mem_alloc(sizeof(*s));
    s->arena = arena_open();
    s->config = *config;
    s->config.museum_name = arena_copy(s->arena, config->museum_name);
    s->config.museum_intro = arena_copy(s->arena, config->museum_intro);
    s->config.museum_lang = arena_copy(s->arena, lang_or(config->museum_lang, S("en")));
    s->choice = choice_open();
    return s;
}

void site_close(Site *s)
{
    if (!s)
        return;
    choice_close(s->choice);
    arena_close(s->arena);
    free(s);
}

HttpLane site_lane(const HttpRequest *r)
{
    const Str path = http_path(r);
    if (str_starts(path, S("/static/")))
        return HTTP_LANE_LOOP;
    const bool looks =
        str_eq(path, S("/look")) || str_eq(path, S("/look/why")) || str_eq(path, S("/api/look"));
    // Searching the past reads every record: it waits with the heavy work, and does not hold up the pages.
    Str at;
    const bool past =
        (str_eq(path, S("/search")) || str_eq(path, S("/api/search"))) && http_parameter(r, S("at"), &at);
    const bool makes = str_eq(path, S("/kit")) || str_starts(path, S("/kit/"));
    if (looks && http_method(r) == HTTP_POST)
        return HTTP_LANE_UPLOADS;
    return looks || past || makes ? HTTP_LANE_RENDERS : HTTP_LANE_PAGES;
}

static Visit visit_of(Site *s, const HttpRequest *r, HttpAnswer *answer)
{
    Visit v = {.site = s,
        .r = r,
        .answer = answer,
        .a = http_arena(r),
        .base_url = http_base_url(r),
        .role = VIEWER_PUBLIC};
    v.w = lang_choose(&v);
    return v;
}

// "/object/x%2Fy" is "x/y" below "/object/"; false if the path is elsewhere, names nothing or is badly
// encoded.
static bool below(const Visit *v, Str folder, Str *ret_id)
{
    Err err = {0};
    Str path = http_path(v->r);
    if (!str_starts(path, folder) || path.n == folder.n || path.n > folder.n + 3 * RECORD_ID_MAX_BYTES)
        return false;
    return uri_decode(v->a, str_slice(path, folder.n, path.n), false, ret_id, &err);
}

static const struct {
    Str path;
    void (*answer)(Visit *v);
} PLACES[] = {
    {S("/"), home_answer},
    {S("/search"), results_answer},
    {S("/api/search"), api_search_answer},
    {S("/api/suggest"), api_suggest_answer},
    {S("/coverage"), coverage_answer},
    {S("/api/coverage"), api_coverage_answer},
    {S("/look"), look_answer},
    {S("/look/why"), look_why_answer},
    {S("/api/look"), api_look_answer},
    {S("/kit"), kit_answer},
    {S("/tour"), tour_answer},
    {S("/motifs"), motifs_answer},
    {S("/api/tour"), api_tour_answer},
    {S("/api/motifs"), api_motifs_answer},
    {S("/robots.txt"), feeds_robots_answer},
    {S("/opensearch.xml"), feeds_opensearch_answer},
};

static const struct {
    Str folder;
    void (*answer)(Visit *v, Str id);
} FOLDERS[] = {
    {S("/search/facet/"), facet_page_answer},
    {S("/api/facet/"), api_facet_answer},
    {S("/object/"), object_answer},
    {S("/api/object/"), api_object_answer},
    {S("/api/chains/"), api_chains_answer},
    {S("/iiif/manifest/"), api_manifest_answer},
    {S("/iiif/text/"), text_answer},
    {S("/iiif/search/"), inside_answer},
    {S("/iiif/collection/"), feeds_collection_answer},
    {S("/sitemap/"), feeds_sitemap_answer},
};

static void answer_place(Visit *v)
{
    Str path = http_path(v->r), id;
    for (size_t i = 0; i < COUNT_OF(PLACES); i++) {
        if (str_eq(path, PLACES[i].path)) {
            PLACES[i].answer(v);
            return;
        }
    }
    for (size_t i = 0; i < COUNT_OF(FOLDERS); i++) {
        if (below(v, FOLDERS[i].folder, &id)) {
            FOLDERS[i].answer(v, id);
            return;
        }
    }
    if (str_starts(path, S("/static/"))) {
        assets_answer(v);
    } else if (str_starts(path, S("/kit/"))) {
        kit_file_answer(v, str_slice(path, 5, path.n));
    } else if (str_eq(path, S("/iiif/collection"))) {
        feeds_collection_answer(v, S(""));
    } else if (str_eq(path, S("/sitemap.xml"))) {
        feeds_sitemap_answer(v, S(""));
    } else {
        Err err = {.kind = ERR_NOT_FOUND};
        trouble_answer(v, &err);
    }
}

void site_answer(Site *s, const HttpRequest *r, HttpAnswer *answer)
{
    Visit v = visit_of(s, r, answer);
    switch (http_method(r)) {
    case HTTP_GET:
    case HTTP_HEAD:
        answer_place(&v);
        return;
    case HTTP_OPTIONS:
        http_answer_options("GET, HEAD, OPTIONS", answer);
        return;
    case HTTP_POST:
        if (str_eq(http_path(r), S("/look")))
            look_answer(&v);
        else if (str_eq(http_path(r), S("/look/why")))
            look_why_answer(&v);
        else if (str_eq(http_path(r), S("/api/look")))
            api_look_answer(&v);
        else
            trouble_method_answer(&v);
        return;
    case HTTP_PUT:
    case HTTP_DELETE:
    case HTTP_OTHER:
        trouble_method_answer(&v);
        return;
    }
}

void site_answer_error(Site *s, const HttpRequest *r, const Err *err, HttpAnswer *answer)
{
    Visit v = visit_of(s, r, answer);
    trouble_answer(&v, err);
}
