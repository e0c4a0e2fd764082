// SPDX-License-Identifier: Apache-2.0
// For crawlers and harvesters: robots.txt, OpenSearch, and everything there is in pages that stay as they
// are: sitemap and IIIF collection. A page is a stretch of the ledger, so it costs the same in a museum of
// millions, and changes only when a work in it does.
//
//   /sitemap.xml, /iiif/collection             the list of pages
//   /sitemap/5000, /iiif/collection/5000       objects whose current version has a sequence in (5000, 10000]
#include "site/int.h"

#include "base/clock.h"
#include "base/utf8.h"

enum { SITEMAP_STRETCH = 5000, COLLECTION_STRETCH = 500, STEP = 250 };

typedef void PutOne(void *ctx, const Visit *v, const Seen *seen);

// One step of at most STEP ledger rows, in an arena of its own.
static bool each_step(Visit *v, int64_t *after, int64_t last, PutOne *put, void *ctx, Err *err)
{
    CatalogVersion *rows;
    size_t count;
    Catalog *catalog = v->site->config.catalog;
    if (!catalog_follow(catalog, *after, STEP, v->a, &rows, &count, err))
        return false;
    if (!count)
        *after = last;
    for (size_t i = 0; i < count; i++) {
        Seen seen;
        Err one = {0};
        *after = rows[i].sequence;
        if (rows[i].sequence > last)
            return true;
        // Only current versions: an object stands in the list once.
        if (rows[i].deleted || !seen_find(v, rows[i].object_id, &seen, &one) ||
            seen.version.sequence != rows[i].sequence)
            continue;
        put(ctx, v, &seen);
    }
    return true;
}

static bool each_current(Visit *v, int64_t after, int64_t last, PutOne *put, void *ctx, Err *err)
{
    bool good = true;
    while (good && after < last) {
        CLEANUP(arena_closep) Arena *step = arena_open();
        Visit inner = *v;
        inner.a = step;
        good = each_step(&inner, &after, last, put, ctx, err);
    }
    return good;
}

static bool stretch_read(Str text, int stretch, int64_t *ret_after, Err *err)
{
    if (!str_to_int64(text, ret_after) || *ret_after < 0 || *ret_after % stretch)
        return err_set(err, ERR_NOT_FOUND, "no such page");
    return true;
}

// ---- robots.txt and OpenSearch

void feeds_robots_answer(Visit *v)
{
    CLEANUP(buf_free) Buf b = buf_with_max(4096);
    // Works, the collection and single filters may be read; every combination of filters may not: there are
    // more of those than a crawler has years.
    buf_add(&b, S("User-agent: *\nDisallow: /search?*&\nDisallow: /search?q=\nDisallow: /api/\nDisallow: "
                  "/*?image=\n"));
    buf_printf(&b, "Sitemap: " FMT_STR "/sitemap.xml\n", ARG_STR(v->base_url));
    frame_send(v, 200, S("text/plain; charset=utf-8"), &b);
}

void feeds_opensearch_answer(Visit *v)
{
    const SiteConfig *config = &v->site->config;
    CLEANUP(buf_free) Buf b = buf_with_max(16 * 1024);
    buf_add(&b, S("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
                  "<OpenSearchDescription xmlns=\"http://a9.com/-/spec/opensearch/1.1/\">\n<ShortName>"));
    put_text(&b, utf8_head(config->museum_name, 16));
    buf_add(&b, S("</ShortName>\n<LongName>"));
    put_text(&b, utf8_head(config->museum_name, 48));
    buf_add(&b, S("</LongName>\n<Description>"));
    put_text(&b, phrase(v->w, WORD_SEARCH_LABEL));
    buf_add(
        &b, S("</Description>\n<InputEncoding>UTF-8</InputEncoding>\n<Url type=\"text/html\" template=\""));
    put_attribute(&b, v->base_url);
    buf_add(&b, S("/search?q={searchTerms}\"/>\n<Url type=\"application/json\" rel=\"results\" template=\""));
    put_attribute(&b, v->base_url);
    buf_add(&b, S("/api/search?q={searchTerms}&amp;limit={count?}\"/>\n</OpenSearchDescription>\n"));
    frame_send(v, 200, S("application/opensearchdescription+xml; charset=utf-8"), &b);
    http_answer_header(v->answer, "Vary", S("Accept-Language, Cookie"));
}

// ---- sitemap

static void put_sitemap_one(void *ctx, const Visit *v, const Seen *seen)
{
    Buf *b = ctx;
    buf_add(b, S("<url><loc>"));
    put_text(b, manifest_object_url(v->a, v->base_url, seen->record.id));
    buf_add(b, S("</loc><lastmod>"));
    put_text(b, time_rfc3339(v->a, seen->version.time_ms));
    buf_add(b, S("</lastmod></url>\n"));
}

static const char XML_HEAD[] = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n";

static void sitemap_index(const Visit *v, Buf *b, int64_t head)
{
    buf_printf(b, "%s<sitemapindex xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n", XML_HEAD);
    for (int64_t after = 0; after < head; after += SITEMAP_STRETCH) {
        buf_add(b, S("<sitemap><loc>"));
        put_text(b, v->base_url);
        buf_printf(b, "/sitemap/%lld</loc></sitemap>\n", (long long)after);
    }
    buf_add(b, S("</sitemapindex>\n"));
}

void feeds_sitemap_answer(Visit *v, Str text)
{
    Err err = {0};
    int64_t after = 0, head = catalog_head(v->site->config.catalog, &err);
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    bool good = head >= 0 && (!text.n || stretch_read(text, SITEMAP_STRETCH, &after, &err));
    if (good && !text.n) {
        sitemap_index(v, &b, head);
    } else if (good) {
        buf_printf(&b, "%s<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n", XML_HEAD);
        good = each_current(v, after, MIN_OF(after + SITEMAP_STRETCH, head), put_sitemap_one, &b, &err);
        buf_add(&b, S("</urlset>\n"));
    }
    if (good)
        frame_send(v, 200, S("application/xml; charset=utf-8"), &b);
    else
        trouble_answer(v, &err);
}

// ---- IIIF collection

static void put_collection_head(JsonWriter *w, const Visit *v, Str path)
{
    const SiteConfig *config = &v->site->config;
    json_put_map(w);
    json_put_member(w, S("@context"), S("http://iiif.io/api/presentation/3/context.json"));
    json_put_member(w, S("id"), arena_printf(v->a, FMT_STR FMT_STR, ARG_STR(v->base_url), ARG_STR(path)));
    json_put_member(w, S("type"), S("Collection"));
    json_put_name(w, S("label"));
    json_put_map(w);
    json_put_name(w, config->museum_lang);
    json_put_list(w);
    json_put_text(w, config->museum_name);
    json_put_list_end(w);
    json_put_map_end(w);
}

static void put_reference(JsonWriter *w, Str id, Str type, Str lang, Str label)
{
    json_put_map(w);
    json_put_member(w, S("id"), id);
    json_put_member(w, S("type"), type);
    json_put_name(w, S("label"));
    json_put_map(w);
    json_put_name(w, lang_or(lang, S("none")));
    json_put_list(w);
    json_put_text(w, label);
    json_put_list_end(w);
    json_put_map_end(w);
    json_put_map_end(w);
}

static void put_collection_one(void *ctx, const Visit *v, const Seen *seen)
{
    Str lang, title = seen_title(v, seen, &lang);
    put_reference(ctx, manifest_url(v->a, v->base_url, seen->record.id), S("Manifest"), lang, title);
}

static void put_collection_pages(JsonWriter *w, const Visit *v, int64_t head)
{
    for (int64_t after = 0; after < head; after += COLLECTION_STRETCH) {
        Str id = arena_printf(v->a, FMT_STR "/iiif/collection/%lld", ARG_STR(v->base_url), (long long)after);
        int64_t last = MIN_OF(after + COLLECTION_STRETCH, head);
        put_reference(w, id, S("Collection"), S("none"),
            arena_printf(v->a, "%lld–%lld", (long long)after + 1, (long long)last));
    }
}

static void put_part_of(JsonWriter *w, const Visit *v)
{
    json_put_name(w, S("partOf"));
    json_put_list(w);
    json_put_map(w);
    json_put_member(w, S("id"), arena_printf(v->a, FMT_STR "/iiif/collection", ARG_STR(v->base_url)));
    json_put_member(w, S("type"), S("Collection"));
    json_put_map_end(w);
    json_put_list_end(w);
}

void feeds_collection_answer(Visit *v, Str text)
{
    Err err = {0};
    int64_t after = 0, head = catalog_head(v->site->config.catalog, &err);
    if (head < 0 || (text.n && !stretch_read(text, COLLECTION_STRETCH, &after, &err))) {
        trouble_answer(v, &err);
        return;
    }
    CLEANUP(buf_free) Buf b = buf_with_max(DOCUMENT_MAX_BYTES);
    JsonWriter w = json_writer(&b);
    bool good = true;
    put_collection_head(&w, v, http_path(v->r));
    if (text.n)
        put_part_of(&w, v);
    json_put_name(&w, S("items"));
    json_put_list(&w);
    if (text.n)
        good = each_current(v, after, MIN_OF(after + COLLECTION_STRETCH, head), put_collection_one, &w, &err);
    else
        put_collection_pages(&w, v, head);
    json_put_list_end(&w);
    json_put_map_end(&w);
    if (good)
        send_iiif(v, &b);
    else
        trouble_answer(v, &err);
}
