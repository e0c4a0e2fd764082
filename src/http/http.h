// SPDX-License-Identifier: Apache-2.0
// http: sockets to requests, answers to sockets: HTTP/1.1 over epoll (docs/decisions/020-http.md). TLS and
// HTTP/2 are the job of a proxy in front.
//
// Loops own sockets. `route` is called on a loop for each request and says which lane answers it:
//   HTTP_LANE_LOOP     at once, on the loop: only what never blocks (a stored tile: a header and a sendfile)
//   HTTP_LANE_PAGES    a worker: pages, searches, documents
//   HTTP_LANE_RENDERS  a worker of the heavy lane: pictures that must be computed; its flood leaves tiles
//   alone
//   HTTP_LANE_UPLOADS  a worker for what was sent along: its flood leaves all others alone
// A full lane answers 503 + Retry-After. A request belongs to one thread at a time and travels with its
// arena.
//
// Floods (docs/decisions/023-floods.md): bodies have a number and a memory of their own, far below the number
// of connections, and an address has no more of it than is still free; who cannot have it gets 503 +
// Retry-After at the end of the head. When all connections are taken, the one that has been idle or slow
// longest makes place.
//
// What this room does so that no other has to: duplicate or conflicting Content-Length / Transfer-Encoding /
// Host refused, total deadline for header and body, HEAD, ranges, If-None-Match / If-Modified-Since, Date,
// body limits, gzip of text that a worker made (with Vary; a Content-Encoding of your own is left alone).
#pragma once

#include "base/base.h"

typedef enum { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_PUT, HTTP_DELETE, HTTP_OPTIONS, HTTP_OTHER } HttpMethod;
typedef enum { HTTP_LANE_LOOP, HTTP_LANE_PAGES, HTTP_LANE_RENDERS, HTTP_LANE_UPLOADS, HTTP_LANES } HttpLane;

typedef struct HttpRequest HttpRequest;

// All borrowed: valid until the request is answered.
HttpMethod http_method(const HttpRequest *r);
Str http_path(const HttpRequest *r);                     // as sent, still percent-encoded, without the query
Str http_query(const HttpRequest *r);                    // as sent, without '?'; empty if none
Str http_header(const HttpRequest *r, const char *name); // empty if absent; name in any case
Str http_body(const HttpRequest *r);
Str http_peer(const HttpRequest *r); // address of the other end, as text
Arena *http_arena(const HttpRequest *r);
// Value of the first parameter of that name, decoded ('+' is a space); false if absent or badly encoded.
bool http_parameter(const HttpRequest *r, Str name, Str *ret);
// Walks all parameters in order: *at starts at 0. Badly encoded ones are passed over.
bool http_parameter_next(const HttpRequest *r, size_t *at, Str *ret_name, Str *ret_value);
// A pointer that `route` leaves for `answer`, so that neither has to look twice; in the request's arena.
void http_note(HttpRequest *r, void *note);
void *http_noted(const HttpRequest *r);
// "https://museum.example" without a slash at the end: the configured public address, else from Host (and,
// behind a trusted proxy, X-Forwarded-Proto/-Host).
Str http_base_url(const HttpRequest *r);

enum { HTTP_HEADERS_MAX = 20 }; // 16 for you; this room adds a few

typedef enum { HTTP_BODY_MEMORY, HTTP_BODY_FILE } HttpBodyKind;

// Fill in what you need; zero means "none". Everything borrowed must live in the request's arena, be static,
// or be released by `release` (called once, on any thread, when the bytes are on their way or the client is
// gone).
typedef struct {
    int status; // 0 is answered as 500
    Str content_type;
    HttpBodyKind kind;
    Str body; // HTTP_BODY_MEMORY
    int fd;   // HTTP_BODY_FILE: borrowed until release
    uint64_t offset, size_bytes;
    Str etag;            // with its quotes; If-None-Match and If-Range are answered from it
    int64_t modified_ms; // Last-Modified, 0 for none
    Str cache_control;
    struct {
        const char *name;
        Str value;
    } headers[HTTP_HEADERS_MAX];
    int headers_count;
    void (*release)(void *held);
    void *held;
    Str problem;     // what went wrong inside: for the log, never sent
    bool to_renders; // no answer yet: HTTP_LANE_PAGES hands the request on to HTTP_LANE_RENDERS
} HttpAnswer;

void http_answer_header(HttpAnswer *answer, const char *name, Str value);
// Short plain text with the right status for the kind of error (the one table that maps ErrKind to HTTP
// status); never a path of this machine.
void http_answer_error(const HttpRequest *r, const Err *err, HttpAnswer *answer);
int http_status_of(ErrKind kind);
// Whether an answer with this etag and time will leave as 304: before making a body that costs much.
bool http_not_modified(const HttpRequest *r, const HttpAnswer *answer);
// The answer to OPTIONS: "GET, HEAD, OPTIONS", and the same to a script of another site that asks first.
void http_answer_options(const char *methods, HttpAnswer *answer);

typedef struct {
    Str listen;       // "127.0.0.1:8080", "[::1]:8080", ":8080"
    Str public_url;   // empty: from the request
    bool trust_proxy; // believe X-Forwarded-*
    // From here on 0 means "sensible".
    int loops; // one per core, at most 4
    int pages_threads, renders_threads, uploads_threads;
    int pages_queue_max, renders_queue_max; // of uploads as many as there may be bodies
    size_t body_max_bytes;                  // 1 MB
    int bodies_max;                         // being received or worked on: 64
    size_t bodies_max_bytes;                // of those together: 64 MB, or one of the largest
    int deadline_ms;                        // for a whole header and body to arrive: 15 s
    int connections_max, connections_per_ip_max;
    void *ctx;
    HttpLane (*route)(void *ctx, HttpRequest *r);
    void (*answer)(void *ctx, const HttpRequest *r, HttpLane lane, HttpAnswer *answer);
    // Called once per finished request, from any thread; may be NULL. For metrics and the log.
    void (*finished)(void *ctx, const HttpRequest *r, int status, uint64_t sent_bytes, int64_t duration_us);
} HttpConfig;

typedef struct HttpServer HttpServer;

// Listens and serves until closed. ERR_IO if the address cannot be had (says which).
HttpServer *http_open(const HttpConfig *config, Err *err) MUST_CHECK;
int http_port(const HttpServer *server); // the real one, for ":0"

// Of a server since it was opened.
typedef struct {
    uint64_t turned_away;    // connections without a place, told so
    uint64_t made_room;      // idle, slow or lingering ones closed for others
    uint64_t bodies_refused; // there was no room for them
    uint64_t bodies_late;    // sent so slowly that they made place
} HttpCounts;

HttpCounts http_counts(const HttpRequest *r); // of the server that it came to
void http_close(HttpServer *server);          // finishes the requests at hand
