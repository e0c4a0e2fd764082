// SPDX-License-Identifier: Apache-2.0
#include "app/routes.h"
#include "app/metrics.h"
#include "app/term.h"

#include <stdio.h>

enum { METRICS_MAX_BYTES = 64 * 1024, LOGGED_TEXT_MAX_BYTES = 300 };

static const Str LOG = {"/log/", 5};

HttpLane routes_lane(void *ctx, HttpRequest *r)
{
    Routes *routes = ctx;
    Str path = http_path(r);
    if (tile_is_request(path))
        return tile_lane(routes->tile, r);
    if (str_eq(path, S("/healthz")))
        return HTTP_LANE_LOOP;
    if (str_starts(path, LOG))
        return HTTP_LANE_PAGES;
    return site_lane(r);
}

// Alive, and the ledger answers.
static void answer_health(const Routes *routes, const HttpRequest *r, HttpAnswer *answer)
{
    Err err = {0};
    if (catalog_head(routes->home->catalog, &err) < 0) {
        http_answer_error(r, &err, answer);
        answer->status = 503;
        return;
    }
    *answer = (HttpAnswer){.status = 200,
        .content_type = S("text/plain; charset=utf-8"),
        .body = S("ok\n"),
        .cache_control = S("no-store")};
}

static void answer_metrics(const Routes *routes, const HttpRequest *r, HttpAnswer *answer)
{
    Err err = {0};
    Str body;
    CLEANUP(buf_free) Buf out = buf_with_max(METRICS_MAX_BYTES);
    const HttpCounts http = http_counts(r);
    metrics_write(routes->home, routes->index, routes->sight, &http, &out);
    if (!buf_into(&out, http_arena(r), &body, &err)) {
        http_answer_error(r, &err, answer);
        return;
    }
    *answer = (HttpAnswer){.status = 200,
        .content_type = S("text/plain; version=0.0.4; charset=utf-8"),
        .body = body,
        .cache_control = S("no-store")};
}

// The log of change sets as static files (docs/ledger.md). Entries say who worked when and why: those are
// shown one by one, in proofs, and not to everybody.
static void answer_log(const Routes *routes, const HttpRequest *r, HttpAnswer *answer)
{
    Err err = {0};
    ProofFile file;
    Str path = http_path(r), name = str_slice(path, LOG.n, path.n);
    bool found = str_starts(name, S("tile/entries/"))
                     ? err_set(&err, ERR_NOT_FOUND, "entries are shown in proofs only")
                     : proof_file(routes->home->catalog, &routes->log_key, name, http_arena(r), &file, &err);
    if (!found) {
        http_answer_error(r, &err, answer);
        return;
    }
    *answer = (HttpAnswer){.status = 200,
        .content_type = file.type,
        .body = file.bytes,
        .cache_control = file.for_ever ? S("public, max-age=31536000, immutable") : S("no-cache")};
    http_answer_header(answer, "Access-Control-Allow-Origin", S("*"));
}

// The one place where trouble inside is written down. The visitor's fault is not ours and is not logged.
static void log_trouble(const HttpRequest *r, const HttpAnswer *answer)
{
    if (answer->to_renders)
        return; // not answered yet
    if (answer->status != 0 && (answer->status < 500 || answer->status == 503 || answer->status == 501))
        return;
    Arena *a = http_arena(r);
    Str sent = answer->kind == HTTP_BODY_MEMORY ? str_slice(answer->body, 0, LOGGED_TEXT_MAX_BYTES) : S("");
    Str text = answer->problem.n ? answer->problem : sent;
    fprintf(stderr, "vitrine: %d " FMT_STR ": " FMT_STR "\n", answer->status,
        ARG_STR(term_safe(a, http_path(r))), ARG_STR(term_safe(a, str_trim(text))));
}

void routes_answer(void *ctx, const HttpRequest *r, HttpLane lane, HttpAnswer *answer)
{
    Routes *routes = ctx;
    Str path = http_path(r);
    (void)lane;
    if (tile_is_request(path))
        tile_answer(routes->tile, r, answer);
    else if (str_eq(path, S("/healthz")))
        answer_health(routes, r, answer);
    else if (str_eq(path, S("/metrics")))
        answer_metrics(routes, r, answer);
    else if (str_starts(path, LOG))
        answer_log(routes, r, answer);
    else
        site_answer(routes->site, r, answer);
    log_trouble(r, answer);
}

void routes_finished(void *ctx, const HttpRequest *r, int status, uint64_t sent_bytes, int64_t duration_us)
{
    (void)ctx;
    metrics_count(route_of(http_path(r)), status, sent_bytes, duration_us);
}
