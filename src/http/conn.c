// SPDX-License-Identifier: Apache-2.0
// A connection, moved by its loop alone, is in one of these states:
//
//   IDLE --bytes--> READING --whole head--> RECEIVING a body, if any --whole--> WORKING (a lane has it; not
//   in
//     ^                |                        |                                  |  epoll) or answered at
//     once |                +--------refused---------+                                  | | v |
//     +------- keep-alive ------ SENDING <-----------------------------------------+
//                                   | close
//                                   v
//                               LINGERING --> gone
//
// Every state but WORKING has a deadline. READING's is set by the first byte and never moved, nor by the end
// of the head, so a client that trickles is cut off as surely as one that stops. SENDING's moves on only if
// enough was taken since the last one: a slow line may fetch a long film, but nobody holds an answer by not
// reading it.
//
// Whether there is room for a body is decided when its head is there: what was promised is kept, and who
// cannot have it hears so before sending it. When more than half of the room is taken, bodies that come too
// slowly to be whole in time make place before their deadline. What is done with too many connections stands
// in crowd.c.
#include "base/clock.h"
#include "http/int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <unistd.h>

enum { POOL_MAX = 32, RENDERS_NICE = 10, UPLOADS_NICE = 15 };

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

static void body_forget(HttpRequest *r)
{
    if (r->held.count)
        peers_give_body(r->server->peers, peer_key(conn_address(r->conn)), r->held);
    r->held = (Bodies){0};
    buf_free(&r->body);
}

// Forgets the request that was answered; what came behind it stays.
static void request_reset(HttpRequest *r)
{
    if (r->in_used && r->in_bytes > r->in_used)
        memmove(r->in, r->in + r->in_used, r->in_bytes - r->in_used);
    r->in_bytes -= r->in_used;
    r->in_used = 0;
    body_forget(r);
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

void conn_leave_place(Conn *c)
{
    HttpServer *server = c->loop->server;
    if (c->r) {
        request_finish(c->r);
        request_give_back(c->loop, c->r);
        c->r = NULL;
    }
    if (c->state == CONN_TURNED)
        return; // it has none
    peers_remove(server->peers, peer_key(&c->address));
    atomic_fetch_sub(&server->connections, 1);
}

void conn_close(Conn *c)
{
    conn_leave_place(c);
    conn_gone(c);
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
        request_give_back(c->loop, r);
        c->r = NULL;
        conn_linger(c);
        return false;
    }
    request_reset(r);
    c->served = true;
    conn_to(c, CONN_IDLE);
    c->deadline_us = c->loop->now_us + IDLE_MS * 1000;
    return true;
}

static bool send_first(Conn *c)
{
    conn_to(c, CONN_SENDING);
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

// Of this thread: heavy work gives way to tiles and pages, and what is made of uploads to all that is not.
static void nice_once(HttpLane lane)
{
    static _Thread_local bool done;
    if (!done && lane != HTTP_LANE_PAGES)
        setpriority(PRIO_PROCESS, 0, lane == HTTP_LANE_UPLOADS ? UPLOADS_NICE : RENDERS_NICE);
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
    nice_once(r->lane);
    config->answer(config->ctx, r, r->lane, &r->answer);
    if (r->answer.to_renders) {
        Err err;
        assert(r->lane == HTTP_LANE_PAGES);
        r->lane = HTTP_LANE_RENDERS;
        r->answer = (HttpAnswer){0};
        if (lane_add(r->server->lanes[r->lane], work, r, &err))
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
    conn_to(c, CONN_WORKING);
    c->deadline_us = INT64_MAX;
    if (lane_add(r->server->lanes[r->lane], work, r, &err))
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

static bool hold(HttpRequest *r, Bodies more)
{
    if (!peers_take_body(r->server->peers, peer_key(conn_address(r->conn)), more)) {
        atomic_fetch_add(&r->server->bodies_refused, 1);
        return false;
    }
    r->held.count += more.count;
    r->held.bytes += more.bytes;
    return true;
}

// 0 if all is well, else the status to refuse with.
static int body_take(HttpRequest *r, Str *bytes)
{
    if (r->head.chunked) {
        if (!chunks_feed(&r->chunks, bytes, &r->body))
            return r->body.full ? 413 : 400;
        return hold(r, (Bodies){.bytes = r->body.capacity - r->held.bytes}) ? 0 : 503;
    }
    size_t n = MIN_OF(bytes->n, (size_t)r->head.body_bytes - r->body.n);
    buf_add(&r->body, str_slice(*bytes, 0, n));
    *bytes = str_slice(*bytes, n, bytes->n);
    return 0;
}

static int body_begin(Conn *c)
{
    HttpRequest *r = c->r;
    if (!r->head.chunked && r->head.body_bytes > r->server->config.body_max_bytes)
        return 413;
    // One that says how long it is gets all its memory now (the system gives it as it fills), others as they
    // grow.
    size_t bytes = r->head.chunked ? 0 : (size_t)r->head.body_bytes;
    if (!hold(r, (Bodies){1, bytes}))
        return 503;
    if (bytes && !buf_room(&r->body, bytes))
        return 413;
    r->reading_body = true;
    conn_to(c, CONN_RECEIVING);
    c->body_since_us = c->loop->now_us;
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
                conn_to(c, CONN_READING);
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

// Where the next bytes go: a body of known length to its place, all else behind the head.
static void read_more(Conn *c)
{
    HttpRequest *r = c->r ? c->r : (c->r = request_take(c->loop));
    r->conn = c;
    bool sized = r->reading_body && !r->head.chunked;
    size_t room = sized ? MIN_OF((size_t)r->head.body_bytes - r->body.n, (size_t)BODY_TURN_BYTES)
                        : sizeof(r->in) - r->in_bytes;
    char *to = sized ? buf_room(&r->body, room) : r->in + r->in_bytes;
    ssize_t n = recv(c->fd, to, room, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0) {
        conn_close(c);
        return;
    }
    if (sized)
        buf_took(&r->body, (size_t)n);
    else
        r->in_bytes += (size_t)n;
    advance(c);
}

void conn_event(Conn *c)
{
    switch (c->state) {
    case CONN_IDLE:
    case CONN_READING:
    case CONN_RECEIVING:
        read_more(c);
        break;
    case CONN_SENDING:
        if (send_on(c))
            advance(c);
        break;
    case CONN_LINGERING:
    case CONN_TURNED:
        conn_discard(c);
        break;
    case CONN_WORKING:
        abort(); // a connection at work is not watched
    case CONN_GONE:
        break; // since the events at hand were asked for
    }
}

// A worker has answered: what was sent to it is not held as long as the answer takes to be read.
void conn_answered(Conn *c)
{
    body_forget(c->r);
    if (send_first(c))
        advance(c);
}

bool conn_has_unread(const Conn *c)
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

// A body that will not be whole at its deadline if it goes on like this, while there is little room.
static bool makes_place(const Conn *c)
{
    const HttpRequest *r = c->r;
    int64_t since_ms = (c->loop->now_us - c->body_since_us) / 1000;
    int64_t whole_ms = c->loop->server->config.deadline_ms;
    if (c->state != CONN_RECEIVING || !c->loop->crowded || since_ms < BODY_GRACE_MS)
        return false;
    int64_t least = since_ms * BODY_BYTES_PER_MS_MIN;
    if (!r->head.chunked)
        least = MAX_OF(least, (int64_t)r->head.body_bytes * since_ms / whole_ms);
    if ((int64_t)r->body.n >= least)
        return false;
    atomic_fetch_add(&c->loop->server->bodies_late, 1);
    return true;
}

void conn_sweep(Conn *c, bool closing, bool over)
{
    bool late = c->deadline_us <= c->loop->now_us;
    switch (c->state) {
    case CONN_WORKING:
    case CONN_GONE:
        return; // the worker holds the request
    case CONN_READING:
    case CONN_RECEIVING:
        late = late || makes_place(c);
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
    case CONN_TURNED:
        closing = over;
        break;
    case CONN_IDLE:
        if ((late || closing) && conn_has_unread(c)) { // a request that would go without an answer
            read_more(c);
            return;
        }
        break;
    }
    if (late || closing)
        conn_close(c);
}
