// SPDX-License-Identifier: Apache-2.0
// site: pages for visitors, and the documents that scripts read. Server-rendered, whole without script.
//   /  /search  /object/{id}  /static/...  /robots.txt  /sitemap.xml  /opensearch.xml
//   /look  /look/why  /api/look  (GET: with a picture of ours; POST: with one sent along, which is not kept)
//   /kit  /kit/{image}/{region}/{file}  (a part of a picture as tile, in few colours, in curves)
//   /tour  /motifs  /api/chains/{id}  /api/tour  /api/motifs
//   /search/facet/{name}  /coverage
//   /api/search  /api/facet/{name}  /api/coverage  /api/object/{id}  /iiif/manifest/{id}  /iiif/collection
//
// Nothing here decides who may see what: each record meets rights_decide once (seen.c), and what the Grant
// does not open is in no page, no count, no document. A hidden object is answered like one that never was.
#pragma once

#include "base/base.h"
#include "base/tally.h"
#include "catalog/catalog.h"
#include "chain/chain.h"
#include "http/http.h"
#include "kit/kit.h"
#include "place/place.h"
#include "search/search.h"
#include "visual/visual.h"

typedef struct Site Site;

typedef struct {
    Str jpeg;
    int width_px, height_px;
} SightSmall;

// Finding by looking. region: left, top, width, height in pixels of the picture, all zero for the whole.
typedef struct {
    void *ctx;
    Visual *(*keep)(void *ctx); // NULL while there is no index
    void (*drop)(void *ctx, Visual *visual);
    // small: what was decoded as a small JPEG, to be given back to the visitor; NULL: not wanted.
    bool (*upload)(
        void *ctx, Str bytes, const int region[4], Arena *a, Picture *ret, SightSmall *small, Err *err);
    bool (*region)(
        void *ctx, const CatalogImage *image, const int region[4], Arena *a, Picture *ret, Err *err);
    Chain *(*chain)(void *ctx); // works linked by a motif; NULL while there are none
} SiteSight;

typedef struct {
    Catalog *catalog;
    SiteSight sight;
    Kit *kit; // NULL: no kits are made
    // The index may be swapped under a running server: keep and drop around each use. NULL while there is
    // none.
    Search *(*search_keep)(void *ctx);
    void (*search_drop)(void *ctx, Search *s);
    void *search_ctx;
    Str museum_name, museum_intro, museum_lang;
    const Places *places; // NULL: no map is drawn
    Tally *opened;        // which works were opened: written only, read by nobody here; NULL: not counted
} SiteConfig;

Site *site_open(const SiteConfig *config, Err *err) MUST_CHECK; // copies the texts
void site_close(Site *s);

// Static files at once, looking in the heavy lane, all else in the pages lane.
HttpLane site_lane(const HttpRequest *r);
void site_answer(
    Site *s, const HttpRequest *r, HttpAnswer *answer); // any thread; unknown addresses get the 404 page
void site_answer_error(
    Site *s, const HttpRequest *r, const Err *err, HttpAnswer *answer); // a page for people, JSON for /api
