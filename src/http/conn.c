// SPDX-License-Identifier: Apache-2.0
// A connection, moved by its loop alone, is in one of these states:
//
//   IDLE --bytes--> READING --whole request--> WORKING (a lane has it; not in epoll) or answered at once
//     ^                |                           |
//     |                +--refused--+               v
//     +--------- keep-alive ------ SENDING <-------+
//                                     | close
//                                     v
//                                 LINGERING --> gone
//
// Every state but WORKING has a deadline. READING's is set by the first byte and never moved, so a client
// that trickles is cut off as surely as one that stops. SENDING's moves on only if enough was taken since the
// last one: a slow line may fetch a long film, but nobody holds an answer by not reading it.
#include "base/clock.h"
#include "http/int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { POOL_MAX = 32 };

const struct sockaddr_storage *conn_address(const Conn *c)
{
    return &c->address;
}

void conn_watch(Conn *c, uint32_t events)
{
    if (c->events == events)
        return;
    struct epoll_event event = {.events = events, .data.ptr = c};
    int op = c->events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    if (epoll_ctl(c->loop->epoll, op, c->fd, &event) != 0)
        abort(); // only our own mistake, or no memory
    c->events = events;
}

// ---- requests: pooled, because each carries its head buffer

static HttpRequest *request_take(Loop *loop)
{
    HttpRequest *r = loop->pool;
    if (r) {
        loop->pool = r->next;
        loop->pool_count--;
        return r;
    }
    r = mem_alloc(sizeof(HttpRequest));
    r->server = loop->server;
    r->loop = loop;
    r->arena = arena_open();
    r->body = buf_with_max(loop->server->config.body_max_bytes);
    return r;
}

// Forgets the request that was answered; what came behind it stays.
static void request_reset(HttpRequest *r)
{
    if (r->in_used && r->in_bytes > r->in_used)
        memmove(r->in, r->in + r->in_used, r->in_bytes - r->in_used);
    r->in_bytes -= r->in_used;
    r->in_used = 0;
    if (r->reading_body) {
        atomic_fetch_sub(&r->server->bodies, r->body_reserved);
        r->body_reserved = 0;
        buf_free(&r->body);
    }
    arena_reset(r->arena);
    r->chunks = (Chunks){0};
    r->reading_body = r->answered = false;
    r->note = NULL;
    r->reply.close = false;
}

void request_free(HttpRequest *r)
{
    arena_close(r->arena);
    buf_free(&r->body);
    free(r);
}

static void request_give_back(Loop *loop, HttpRequest *r)
{
    r->in_used = r->in_bytes;
    request_reset(r);
    if (loop->pool_count == POOL_MAX) {
        request_free(r);
        return;
    }
    r->next = loop->pool;
    loop->pool = r;
    loop->pool_count++;
}

// The room's bytes are on their way, or the client is gone: both end the request.
static void request_finish(HttpRequest *r)
{
    if (!r->answered)
        return;
    r->answered = false;
    const HttpConfig *config = &r->server->config;
    if (config->finished)
        config->finished(
            config->ctx, r, r->reply.status, r->reply.sent_bytes, clock_mono_us() - r->started_us);
    if (r->answer.release)
        r->answer.release(r->answer.held);
    r->answer.release = NULL;
}

// ---- connections

void conn_close(Conn *c)
{
    Loop *loop = c->loop;
    if (c->r) {
        request_finish(c->r);
        request_give_back(loop, c->r);
    }
    if (c->newer)
        c->newer->older = c->older;
    else
        loop->conns = c->older;
    if (c->older)
        c->older->newer = c->newer;
    loop->conns_count--;
    // Closing alone would not do: a child that is just being started holds a copy of every descriptor until
    // it becomes another program, and until then epoll would go on to tell of a connection that is freed.
    conn_watch(c, 0);
    close(c->fd);
    if (c->turned) {
        loop->turned_count--;
    } else {
        peers_remove(loop->server->peers, peer_key(&c->address));
        atomic_fetch_sub(&loop->server->connections, 1);
    }
    free(c);
}

static void linger(Conn *c)
{
    shutdown(c->fd, SHUT_WR);
    if (c->r) {
        request_give_back(c->loop, c->r);
        c->r = NULL;
    }
    c->state = CONN_LINGERING;
    c->deadline_us = c->loop->now_us + LINGER_MS * 1000;
    conn_watch(c, EPOLLIN);
}

// Closed at once it would be reset by what the client is just sending, and the answer lost.
void conn_turn_away(Conn *c)
{
    static const char busy[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\n"
                               "Content-Length: 0\r\n\r\n";
    c->turned = true;
    c->loop->turned_count++;
    (void)!send(c->fd, busy, sizeof(busy) - 1, MSG_NOSIGNAL | MSG_DONTWAIT); // a new socket has room
    linger(c);
}

// False if the connection is gone or waits; true if the next request may be looked at.
static bool send_on(Conn *c)
{
    HttpRequest *r = c->r;
    switch (reply_send(c->fd, &r->reply, c->loop->scratch)) {
    case SEND_FAILED:
        conn_close(c);
        return false;
    case SEND_WAIT:
        conn_watch(c, EPOLLOUT);
        return false;
    case SEND_DONE:
        break;
    }
    request_finish(r);
    if (r->reply.close) {
        linger(c);
        return false;
    }
    request_reset(r);
    c->state = CONN_IDLE;
    c->deadline_us = c->loop->now_us + IDLE_MS * 1000;
    return true;
}

static bool send_first(Conn *c)
{
    c->state = CONN_SENDING;
    c->sent_before = 0;
    c->deadline_us = c->loop->now_us + (int64_t)c->loop->server->config.deadline_ms * 1000;
    return send_on(c);
}

// At the deadline of SENDING: true if the client has read so much since the last one that it may go on.
static bool reads_on(Conn *c)
{
    int64_t window_ms = c->loop->server->config.deadline_ms;
    uint64_t sent = c->r->reply.sent_bytes;
    if (sent - c->sent_before < (uint64_t)window_ms * REPLY_BYTES_PER_MS_MIN)
        return false;
    c->sent_before = sent;
    c->deadline_us = c->loop->now_us + window_ms * 1000;
    return true;
}

// Answers without asking a room. What follows a request that could not be read cannot be told from rubbish:
// the connection ends with the refusal.
static void refuse(Conn *c, int status, const char *why)
{
    HttpRequest *r = c->r;
    r->started_us = c->loop->now_us;
    r->answered = true;
    r->answer = (HttpAnswer){.status = status,
        .content_type = S("text/plain; charset=utf-8"),
        .body = arena_printf(http_arena(r), "%s\n", why)};
    http_answer_header(&r->answer, "X-Content-Type-Options", S("nosniff"));
    if (status == 503)
        http_answer_header(&r->answer, "Retry-After", arena_printf(http_arena(r), "%d", RETRY_AFTER_S));
    r->reply.close = true;
    reply_prepare(r, loop_date(c->loop), false);
    (void)send_first(c);
}

// ---- handing to a room

static void nice_once(void)
{
    static _Thread_local bool done;
    if (!done)
        setpriority(PRIO_PROCESS, 0, 10); // of this thread: renders give way to tiles and pages
    done = true;
}

static void answer_busy(HttpRequest *r)
{
    r->answer = (HttpAnswer){.status = 503,
        .content_type = S("text/plain; charset=utf-8"),
        .body = S("The museum is busy; please try again in a moment.\n")};
    http_answer_header(&r->answer, "Retry-After", arena_printf(http_arena(r), "%d", RETRY_AFTER_S));
}

static void work(void *argument)
{
    HttpRequest *r = argument;
    const HttpConfig *config = &r->server->config;
    if (r->lane == HTTP_LANE_RENDERS)
        nice_once();
    config->answer(config->ctx, r, r->lane, &r->answer);
    if (r->answer.to_renders) {
        Err err;
        assert(r->lane == HTTP_LANE_PAGES);
        r->lane = HTTP_LANE_RENDERS;
        r->answer = (HttpAnswer){0};
        if (lane_add(r->server->renders, work, r, &err))
            return;
        answer_busy(r);
    }
    reply_prepare(r, time_http(http_arena(r), clock_now_ms()), true);
    Loop *loop = r->loop;
    pthread_mutex_lock(&loop->lock);
    r->next = loop->finished;
    loop->finished = r;
    pthread_mutex_unlock(&loop->lock);
    loop_wake(loop);
}

// True if the next request of the connection may be looked at.
static bool dispatch(Conn *c)
{
    HttpRequest *r = c->r;
    const HttpConfig *config = &r->server->config;
    r->started_us = c->loop->now_us;
    r->answer = (HttpAnswer){0};
    r->reply.close = atomic_load(&r->server->closing);
    r->answered = true;
    r->lane = config->route(config->ctx, r);
    if (r->lane == HTTP_LANE_LOOP) {
        config->answer(config->ctx, r, HTTP_LANE_LOOP, &r->answer);
        reply_prepare(r, loop_date(c->loop), false);
        return send_first(c);
    }
    Err err = {0};
    conn_watch(c, 0);
    c->state = CONN_WORKING;
    c->deadline_us = INT64_MAX;
    if (lane_add(r->lane == HTTP_LANE_RENDERS ? r->server->renders : r->server->pages, work, r, &err))
        return false;
    answer_busy(r);
    reply_prepare(r, loop_date(c->loop), false);
    return send_first(c);
}

// ---- reading

static bool body_is_whole(const HttpRequest *r)
{
    return r->head.chunked ? r->chunks.stage == CHUNK_DONE : r->body.n == r->head.body_bytes;
}

// 0 if all is well, else the status to refuse with.
static int body_take(HttpRequest *r, Str *bytes)
{
    if (r->head.chunked) {
        if (!chunks_feed(&r->chunks, bytes, &r->body))
            return r->body.full ? 413 : 400;
    } else {
        size_t n = MIN_OF(bytes->n, (size_t)r->head.body_bytes - r->body.n);
        buf_add(&r->body, str_slice(*bytes, 0, n));
        *bytes = str_slice(*bytes, n, bytes->n);
    }
    size_t more = r->body.capacity - r->body_reserved;
    r->body_reserved += more;
    return atomic_fetch_add(&r->server->bodies, more) + more > BODIES_MAX_BYTES ? 503 : 0;
}

static int body_begin(Conn *c)
{
    HttpRequest *r = c->r;
    if (!r->head.chunked && r->head.body_bytes > r->server->config.body_max_bytes)
        return 413;
    r->reading_body = true;
    static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
    if (r->head.expect_continue && r->in_bytes == r->in_used)
        (void)!send(c->fd, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL); // lost only if nobody listens any more
    return 0;
}

static const char *body_problem(int status)
{
    return status == 413   ? "The body is too big."
           : status == 503 ? "Too much is being sent here at once; please try again in a moment."
                           : "The body is not chunked as it says.";
}

// What came behind the head: body, then perhaps the next request. True when the body is whole.
static bool body_from_head_buffer(Conn *c, bool *ret_gone)
{
    HttpRequest *r = c->r;
    Str rest = {r->in + r->in_used, r->in_bytes - r->in_used};
    int problem = body_take(r, &rest);
    *ret_gone = problem != 0;
    if (problem) {
        refuse(c, problem, body_problem(problem));
        return false;
    }
    memmove(r->in + r->in_used, rest.p, rest.n);
    r->in_bytes = r->in_used + rest.n;
    return body_is_whole(r);
}

// Takes as many requests as have come whole.
static void advance(Conn *c)
{
    for (;;) {
        HttpRequest *r = c->r;
        if (!r->reading_body) {
            if (r->in_bytes == 0) {
                request_give_back(c->loop, r);
                c->r = NULL;
                conn_watch(c, EPOLLIN);
                return;
            }
            if (c->state == CONN_IDLE) {
                c->state = CONN_READING;
                c->deadline_us = c->loop->now_us + (int64_t)c->loop->server->config.deadline_ms * 1000;
            }
            HeadProblem problem;
            bool full = r->in_bytes >= HEAD_MAX_BYTES;
            HeadState state = head_parse((Str){r->in, r->in_bytes}, full, &r->head, &r->in_used, &problem);
            if (state == HEAD_BAD) {
                r->head.method = HTTP_GET;
                r->head.fields_count = 0;
                refuse(c, problem.status, problem.why);
                return;
            }
            if (state == HEAD_MORE) {
                conn_watch(c, EPOLLIN);
                return;
            }
            int status = r->head.chunked || r->head.body_bytes ? body_begin(c) : 0;
            if (status) {
                refuse(c, status, body_problem(status));
                return;
            }
        }
        if (r->reading_body) {
            bool gone;
            if (!body_from_head_buffer(c, &gone)) {
                if (!gone)
                    conn_watch(c, EPOLLIN);
                return;
            }
        }
        if (!dispatch(c))
            return;
    }
}

// Where the next bytes go: a body of known length through the scratch memory, all else behind the head.
static void read_more(Conn *c)
{
    HttpRequest *r = c->r ? c->r : (c->r = request_take(c->loop));
    r->conn = c;
    bool sized = r->reading_body && !r->head.chunked;
    char *to = sized ? c->loop->scratch : r->in + r->in_bytes;
    size_t room = sized ? MIN_OF((size_t)r->head.body_bytes - r->body.n, sizeof(c->loop->scratch))
                        : sizeof(r->in) - r->in_bytes;
    ssize_t n = recv(c->fd, to, room, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        conn_close(c);
        return;
    }
    if (sized) {
        Str bytes = {to, (size_t)n};
        int problem = body_take(r, &bytes);
        if (problem) {
            refuse(c, problem, body_problem(problem));
            return;
        }
    } else {
        r->in_bytes += (size_t)n;
    }
    advance(c);
}

static void discard(Conn *c)
{
    ssize_t n = recv(c->fd, c->loop->scratch, sizeof(c->loop->scratch), 0);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
        conn_close(c);
}

void conn_event(Conn *c)
{
    switch (c->state) {
    case CONN_IDLE:
    case CONN_READING:
        read_more(c);
        break;
    case CONN_SENDING:
        if (send_on(c))
            advance(c);
        break;
    case CONN_LINGERING:
        discard(c);
        break;
    case CONN_WORKING:
        abort(); // a connection at work is not watched
    }
}

// A worker has answered.
void conn_answered(Conn *c)
{
    if (send_first(c))
        advance(c);
}

// Bytes that came since the loop last looked: a request that would go without an answer.
static bool has_unread(const Conn *c)
{
    char byte;
    return recv(c->fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

static void refuse_unread(Conn *c, int status, const char *why)
{
    c->r->head.method = HTTP_GET;
    c->r->head.fields_count = 0;
    refuse(c, status, why);
}

void conn_sweep(Conn *c, bool closing, bool over)
{
    bool late = c->deadline_us <= c->loop->now_us;
    switch (c->state) {
    case CONN_WORKING:
        return; // the worker holds the request
    case CONN_READING:
        if (closing)
            refuse_unread(c, 503, "The museum is closing; please try again in a moment.");
        else if (late)
            refuse_unread(c, 408, "The request took too long to arrive.");
        return;
    case CONN_SENDING:
        if (late && !over && reads_on(c))
            return;
        closing = over;
        break;
    case CONN_LINGERING:
        closing = over;
        break;
    case CONN_IDLE:
        if ((late || closing) && has_unread(c)) {
            read_more(c);
            return;
        }
        break;
    }
    if (late || closing)
        conn_close(c);
}
