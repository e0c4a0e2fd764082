// SPDX-License-Identifier: Apache-2.0
// site: pages for visitors, and the documents that scripts read. Server-rendered, whole without script.
//   /  /search  /object/{id}  /static/...  /robots.txt  /sitemap.xml  /opensearch.xml
//   /api/search  /api/object/{id}  /iiif/manifest/{id}  /iiif/collection
//
// Nothing here decides who may see what: each record meets rights_decide once (seen.c), and what the Grant
// does not open is in no page, no count, no document. A hidden object is answered like one that never was.
#pragma once

#include "base/base.h"
#include "catalog/catalog.h"
#include "http/http.h"
#include "search/search.h"

typedef struct Site Site;

typedef struct {
    Catalog *catalog;
    // The index may be swapped under a running server: keep and drop around each use. NULL while there is
    // none.
    Search *(*search_keep)(void *ctx);
    void (*search_drop)(void *ctx, Search *s);
    void *search_ctx;
    Str museum_name, museum_intro, museum_lang;
} SiteConfig;

Site *site_open(const SiteConfig *config, Err *err) MUST_CHECK; // copies the texts
void site_close(Site *s);

HttpLane site_lane(const HttpRequest *r); // static files at once, all else in the pages lane
void site_answer(
    Site *s, const HttpRequest *r, HttpAnswer *answer); // any thread; unknown addresses get the 404 page
void site_answer_error(
    Site *s, const HttpRequest *r, const Err *err, HttpAnswer *answer); // a page for people, JSON for /api
