// SPDX-License-Identifier: Apache-2.0
// site: pages for visitors, and the JSON that scripts read. Server-rendered, whole without script.
//   /  /search  /object/{id}  /api/search  /api/object/{id}  /iiif/manifest/{id}  /static/...  /robots.txt
#pragma once

#include "base/base.h"
#include "catalog/catalog.h"
#include "http/http.h"
#include "search/search.h"

typedef struct Site Site;

typedef struct {
    Catalog *catalog;
    // The index may be swapped under a running server: keep and drop around each use.
    Search *(*search_keep)(void *ctx);
    void (*search_drop)(void *ctx, Search *s);
    void *search_ctx;
    Str museum_name, museum_intro, museum_lang;
} SiteConfig;

Site *site_open(const SiteConfig *config, Err *err) MUST_CHECK;
void site_close(Site *s);

HttpLane site_lane(const HttpRequest *r); // static files at once, all else in the pages lane
void site_answer(
    Site *s, const HttpRequest *r, HttpAnswer *answer); // any thread; unknown addresses get the 404 page
void site_answer_error(
    Site *s, const HttpRequest *r, const Err *err, HttpAnswer *answer); // a page for people, JSON for /api
