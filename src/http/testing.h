// SPDX-License-Identifier: Apache-2.0
// For the tests of this room: a real server on a free port with a small room behind it, and a client that
// speaks over raw sockets and sees every byte.
#pragma once

#include "base/clock.h"
#include "base/file.h"
#include "http/http.h"
#include "http/int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { DEADLINE_MS = 400, ANSWER_MAX = 1 << 21, FILE_BYTES = 700 * 1000 };

static HttpServer *server;
static int file_fd = -1;
static atomic_int released, finished, held_back, at_work;

// ---- the room behind the server

static inline HttpLane route(void *ctx, HttpRequest *r)
{
    (void)ctx;
    http_note(r, r);
    Str path = http_path(r);
    if (str_starts(path, S("/page")) || str_starts(path, S("/slow")))
        return HTTP_LANE_PAGES;
    if (str_starts(path, S("/upload")))
        return HTTP_LANE_UPLOADS;
    return str_starts(path, S("/render")) ? HTTP_LANE_RENDERS : HTTP_LANE_LOOP;
}

static inline void count_release(void *held)
{
    (void)held;
    atomic_fetch_add(&released, 1);
}

static inline void count_finished(
    void *ctx, const HttpRequest *r, int status, uint64_t sent_bytes, int64_t duration_us)
{
    (void)ctx, (void)r, (void)sent_bytes;
    assert_true(status >= 200 && status < 600);
    assert_true(duration_us >= 0);
    atomic_fetch_add(&finished, 1);
}

static inline void long_text(const HttpRequest *r, HttpAnswer *answer)
{
    char *text = arena_alloc(http_arena(r), 5000);
    memset(text, 'x', 5000);
    *answer = (HttpAnswer){.status = 200,
        .content_type = S("text/html; charset=utf-8"),
        .body = {text, 5000},
        .etag = S("\"long\"")};
}

static inline void echo(const HttpRequest *r, HttpAnswer *answer)
{
    Str name = S(""), line = arena_printf(http_arena(r), "%d " FMT_STR " ? " FMT_STR "\n", http_method(r),
                          ARG_STR(http_path(r)), ARG_STR(http_query(r)));
    (void)http_parameter(r, S("name"), &name);
    *answer = (HttpAnswer){.status = 200,
        .content_type = S("text/plain"),
        .body = arena_printf(http_arena(r),
            FMT_STR "name=" FMT_STR "\nbase=" FMT_STR "\npeer=" FMT_STR "\nbody=" FMT_STR "\n", ARG_STR(line),
            ARG_STR(name), ARG_STR(http_base_url(r)), ARG_STR(http_peer(r)), ARG_STR(http_body(r)))};
}

static inline void answer_request(void *ctx, const HttpRequest *r, HttpLane lane, HttpAnswer *answer)
{
    (void)ctx;
    assert_ptr_equal(http_noted(r), r);
    Str path = http_path(r);
    if (str_eq(path, S("/file"))) {
        *answer = (HttpAnswer){.status = 200,
            .content_type = S("image/jpeg"),
            .kind = HTTP_BODY_FILE,
            .fd = file_fd,
            .offset = 100,
            .size_bytes = FILE_BYTES - 100,
            .etag = S("\"f1\""),
            .modified_ms = 1000000000000,
            .release = count_release};
    } else if (str_eq(path, S("/tile"))) {
        *answer = (HttpAnswer){.status = 200,
            .kind = HTTP_BODY_FILE,
            .fd = file_fd,
            .offset = 5,
            .size_bytes = 10,
            .etag = S("\"t\"")};
    } else if (str_eq(path, S("/short"))) {
        *answer = (HttpAnswer){.status = 200, .kind = HTTP_BODY_FILE, .fd = file_fd, .size_bytes = 1 << 30};
    } else if (str_eq(path, S("/page/long"))) {
        long_text(r, answer);
    } else if (str_starts(path, S("/render")) || str_starts(path, S("/slow"))) {
        atomic_fetch_add(&at_work, 1);
        while (atomic_load(&held_back))
            usleep(1000);
        echo(r, answer);
    } else if (str_eq(path, S("/error"))) {
        Err err = {0};
        err_note_at(&err, "x", 1, ERR_IO, "/secret/path is broken");
        http_answer_error(r, &err, answer);
    } else if (str_eq(path, S("/nothing"))) {
        *answer = (HttpAnswer){0};
    } else if (str_eq(path, S("/split"))) {
        *answer = (HttpAnswer){.status = 303, .release = count_release};
        http_answer_header(answer, "Location", S("/x\r\nSet-Cookie: a=b"));
    } else if (http_method(r) == HTTP_OPTIONS) {
        http_answer_options("GET, OPTIONS", answer);
    } else {
        assert_true(lane != HTTP_LANES);
        echo(r, answer);
    }
}

static inline int open_museum(void **state)
{
    (void)state;
    char name[] = "/tmp/http-test-XXXXXX";
    file_fd = mkstemp(name);
    unlink(name);
    for (int i = 0; i < FILE_BYTES / 10; i++)
        assert_int_equal(write(file_fd, "0123456789", 10), 10);
    Err err = {0};
    server = http_open(
        &(HttpConfig){
            .listen = S("127.0.0.1:0"),
            .loops = 2,
            .pages_threads = 2,
            .renders_threads = 1,
            .renders_queue_max = 1,
            .body_max_bytes = 100 * 1000,
            .deadline_ms = DEADLINE_MS,
            .connections_per_ip_max = 40,
            .route = route,
            .answer = answer_request,
            .finished = count_finished,
        },
        &err);
    assert_non_null(server);
    return 0;
}

static inline int close_museum(void **state)
{
    (void)state;
    http_close(server);
    close(file_fd);
    return 0;
}

// ---- the client

static inline int dial_from(const char *address)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    struct sockaddr_in from = {.sin_family = AF_INET};
    assert_int_equal(inet_pton(AF_INET, address, &from.sin_addr), 1);
    assert_int_equal(bind(fd, (struct sockaddr *)&from, sizeof(from)), 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)http_port(server))};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    struct timeval patience = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    return fd;
}

static inline int dial(void)
{
    return dial_from("127.0.0.1");
}

static inline void say(int fd, Str text)
{
    while (text.n) {
        ssize_t n = send(fd, text.p, text.n, MSG_NOSIGNAL);
        if (n <= 0)
            return; // the server may have closed: what it said before is what counts
        text = str_slice(text, (size_t)n, text.n);
    }
}

static char heard[ANSWER_MAX];

// Everything until the server closes.
static inline Str hear_all(int fd)
{
    size_t n = 0;
    for (;;) {
        ssize_t got = recv(fd, heard + n, sizeof(heard) - n, 0);
        if (got <= 0) {
            assert_true(got == 0); // closed in order, neither reset nor timed out
            return (Str){heard, n};
        }
        n += (size_t)got;
    }
}

// What was said first, also by one who then hung up while something was on its way there.
static inline Str hear_start(int fd)
{
    ssize_t got = recv(fd, heard, sizeof(heard), 0);
    return (Str){heard, got > 0 ? (size_t)got : 0};
}

// `head` lacks the empty line; the connection is closed after the answer.
static inline Str ask(const char *head)
{
    CLEANUP(fd_closep) int fd = dial();
    say(fd, str_from(head));
    say(fd, S("Connection: close\r\n\r\n"));
    return hear_all(fd);
}

static inline Str body_of(Str answer)
{
    size_t at;
    return str_find(answer, S("\r\n\r\n"), &at) ? str_slice(answer, at + 4, answer.n) : S("");
}

static inline bool has(Str text, const char *what)
{
    size_t at;
    return str_find(text, str_from(what), &at);
}

static inline int status_of(Str answer)
{
    int status = 0;
    assert_true(str_starts(answer, S("HTTP/1.1 ")));
    assert_true(str_to_int(str_slice(answer, 9, 12), 100, 599, &status));
    return status;
}

static inline void check(const char *request, size_t bytes, int status)
{
    CLEANUP(fd_closep) int fd = dial();
    say(fd, (Str){request, bytes});
    shutdown(fd, SHUT_WR); // "that is all": whatever is unfinished then never will be
    Str answer = hear_all(fd);
    if (status == 0) {
        assert_int_equal(answer.n, 0);
        return;
    }
    if (answer.n == 0 || status_of(answer) != status)
        fail_msg("wanted %d for \"%.60s\", got \"%.60s\"", status, request, answer.n ? answer.p : "");
}
#define CHECK(request, status) check(request, sizeof(request) - 1, status)
#define H "Host: a\r\n"
#define END "Connection: close\r\n\r\n"
