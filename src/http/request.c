// SPDX-License-Identifier: Apache-2.0
// What rooms see of a request, and the few things every answer needs.
#include "base/utf8.h"
#include "http/int.h"

HttpMethod http_method(const HttpRequest *r)
{
    return r->head.method;
}

Str http_path(const HttpRequest *r)
{
    return r->head.path;
}

Str http_query(const HttpRequest *r)
{
    return r->head.query;
}

Str http_header(const HttpRequest *r, const char *name)
{
    return head_find(&r->head, str_from(name));
}

Str http_body(const HttpRequest *r)
{
    return buf_str(&r->body);
}

Str http_peer(const HttpRequest *r)
{
    return peer_text(r->arena, conn_address(r->conn));
}

Arena *http_arena(const HttpRequest *r)
{
    return r->arena;
}

void http_note(HttpRequest *r, void *note)
{
    r->note = note;
}

void *http_noted(const HttpRequest *r)
{
    return r->note;
}

bool http_parameter_next(const HttpRequest *r, size_t *at, Str *ret_name, Str *ret_value)
{
    Str rest = str_slice(r->head.query, *at, r->head.query.n), piece;
    while (str_next(&rest, '&', &piece)) {
        *at = r->head.query.n - rest.n;
        Str name, value;
        Err ignored = {0};
        if (!str_cut(piece, '=', &name, &value)) {
            name = piece;
            value = S("");
        }
        if (piece.n == 0 || !uri_decode(r->arena, name, true, &name, &ignored) ||
            !uri_decode(r->arena, value, true, &value, &ignored))
            continue;
        *ret_name = name;
        *ret_value = value;
        return true;
    }
    return false;
}

bool http_parameter(const HttpRequest *r, Str name, Str *ret)
{
    size_t at = 0;
    Str found, value;
    while (http_parameter_next(r, &at, &found, &value)) {
        if (!str_eq(found, name))
            continue;
        *ret = value;
        return true;
    }
    return false;
}

// The value that the nearest proxy added stands last.
static Str last_of_list(Str list)
{
    Str before, last;
    return str_trim(str_cut_last(list, ',', &before, &last) ? last : list);
}

Str http_base_url(const HttpRequest *r)
{
    const HttpConfig *config = &r->server->config;
    if (config->public_url.n) {
        Str url = config->public_url;
        while (url.n && url.p[url.n - 1] == '/')
            url.n--;
        return url;
    }
    Str scheme = S("http"), host = r->head.host;
    if (config->trust_proxy) {
        Str proto = last_of_list(http_header(r, "X-Forwarded-Proto"));
        Str forwarded = last_of_list(http_header(r, "X-Forwarded-Host"));
        if (str_eq_nocase(proto, S("https")))
            scheme = S("https");
        if (host_valid(forwarded))
            host = forwarded;
    }
    if (host.n == 0) // HTTP/1.0 need not say it
        return arena_printf(r->arena, "http://localhost:%d", r->server->port);
    return arena_printf(r->arena, FMT_STR "://" FMT_STR, ARG_STR(scheme), ARG_STR(host));
}

void http_answer_header(HttpAnswer *answer, const char *name, Str value)
{
    assert(answer->headers_count < HTTP_HEADERS_MAX);
    answer->headers[answer->headers_count].name = name;
    answer->headers[answer->headers_count++].value = value;
}

int http_status_of(ErrKind kind)
{
    switch (kind) {
    case ERR_INVALID:
        return 400;
    case ERR_DENIED:
        return 403;
    case ERR_NOT_FOUND:
        return 404;
    case ERR_LIMIT:
        return 413;
    case ERR_BUSY:
        return 503;
    case ERR_UNSUPPORTED:
        return 501;
    case ERR_NONE:
    case ERR_CORRUPT:
    case ERR_IO:
        break;
    }
    return 500;
}

void http_answer_error(const HttpRequest *r, const Err *err, HttpAnswer *answer)
{
    int status = http_status_of(err->kind);
    // What went wrong inside may name files of this machine; the log has it, the visitor need not.
    Str text = status == 500 ? S("Something went wrong here; it has been noted.") : str_from(err->text);
    *answer = (HttpAnswer){.status = status,
        .content_type = S("text/plain; charset=utf-8"),
        .body = arena_printf(r->arena, FMT_STR "\n", ARG_STR(text)),
        .cache_control = S("no-store"),
        .problem = status == 500 ? arena_copy(r->arena, str_from(err->text)) : S("")};
    http_answer_header(answer, "X-Content-Type-Options", S("nosniff"));
    if (status == 503)
        http_answer_header(answer, "Retry-After", arena_printf(r->arena, "%d", RETRY_AFTER_S));
}

void http_answer_options(const char *methods, HttpAnswer *answer)
{
    *answer = (HttpAnswer){.status = 204};
    http_answer_header(answer, "Allow", str_from(methods));
    http_answer_header(answer, "Access-Control-Allow-Origin", S("*"));
    http_answer_header(answer, "Access-Control-Allow-Methods", str_from(methods));
    http_answer_header(answer, "Access-Control-Allow-Headers",
        S("Accept, Authorization, Content-Type, If-None-Match, Range"));
    http_answer_header(answer, "Access-Control-Max-Age", S("86400"));
}
