// SPDX-License-Identifier: Apache-2.0
// A loop owns a share of the connections and touches no other's: it accepts, waits for events, hands them to
// conn.c, and sweeps for deadlines.
#include "base/clock.h"
#include "base/file.h"
#include "http/int.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    EVENTS_PER_TURN = 64,
    SWEEP_MS = 250,
    CLOSE_GRACE_MS = 5000, // for answers on their way when the server closes
};

Str loop_date(Loop *loop)
{
    int64_t now_ms = clock_now_ms();
    if (now_ms / 1000 != loop->date_s) {
        loop->date_s = now_ms / 1000;
        arena_reset(loop->date_arena);
        Str text = time_http(loop->date_arena, now_ms);
        assert(text.n <= sizeof(loop->date));
        memcpy(loop->date, text.p, text.n);
        loop->date_bytes = text.n;
    }
    return (Str){loop->date, loop->date_bytes};
}

// ---- accepting

static void listen_on(Loop *loop, bool yes)
{
    if (loop->listening == yes)
        return;
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE, .data.ptr = NULL};
    if (epoll_ctl(loop->epoll, yes ? EPOLL_CTL_ADD : EPOLL_CTL_DEL, loop->server->listener, &event) == 0)
        loop->listening = yes;
}

static bool take_place(Loop *loop, PeerKey key)
{
    HttpServer *server = loop->server;
    if (atomic_load(&server->closing) ||
        !peers_add(server->peers, key, server->config.connections_per_ip_max))
        return false;
    if (atomic_fetch_add(&server->connections, 1) < server->config.connections_max || conns_make_room(loop))
        return true;
    atomic_fetch_sub(&server->connections, 1);
    peers_remove(server->peers, key);
    return false;
}

// False: nobody waits at the door.
static bool accept_one(Loop *loop)
{
    HttpServer *server = loop->server;
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof(address);
    int fd = accept4(server->listener, (struct sockaddr *)&address, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
            listen_on(loop, false); // until the next sweep: asking again at once would only spin
        return false;
    }
    if (take_place(loop, peer_key(&address)))
        conn_watch(conn_open(loop, fd, &address), EPOLLIN);
    else
        conn_turn_away(loop, fd, &address);
    return true;
}

// The queue at the door is short: who finds it full waits a second or three before the system asks again.
static void accept_some(Loop *loop)
{
    for (int i = 0; i < ACCEPTS_PER_TURN && accept_one(loop); i++)
        ;
}

// ---- the loop

static void on_wakeup(Loop *loop)
{
    uint64_t ignored;
    (void)!read(loop->wakeup, &ignored, sizeof(ignored));
    pthread_mutex_lock(&loop->lock);
    HttpRequest *r = loop->finished, *next;
    loop->finished = NULL;
    pthread_mutex_unlock(&loop->lock);
    for (; r; r = next) {
        next = r->next;
        conn_answered(r->conn);
    }
}

static void sweep(Loop *loop)
{
    loop->swept_us = loop->now_us;
    bool closing = atomic_load(&loop->server->closing);
    bool over = closing && loop->now_us - loop->closing_since_us > CLOSE_GRACE_MS * 1000;
    loop->crowded = peers_crowded(loop->server->peers);
    for (int state = 0; state < CONN_GONE; state++)
        for (Conn *c = loop->conns[state].newest, *next; c; c = next) {
            next = c->older;
            conn_sweep(c, closing, over);
        }
    listen_on(loop, !closing);
}

static void *run(void *argument)
{
    Loop *loop = argument;
    sigset_t pipe; // sendfile has no MSG_NOSIGNAL
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, NULL);
    struct epoll_event events[EVENTS_PER_TURN];
    for (;;) {
        bool closing = atomic_load(&loop->server->closing);
        if (closing && loop->closing_since_us == 0) {
            loop->closing_since_us = loop->now_us = clock_mono_us();
            while (accept_one(loop)) // they would be reset when the door is taken away
                ;
        }
        int count = epoll_wait(loop->epoll, events, EVENTS_PER_TURN,
            loop->conns_count || !loop->listening || closing ? SWEEP_MS : -1);
        loop->now_us = clock_mono_us();
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr == NULL)
                accept_some(loop);
            else if (events[i].data.ptr == loop)
                on_wakeup(loop);
            else
                conn_event(events[i].data.ptr);
        }
        if (closing || loop->now_us - loop->swept_us >= SWEEP_MS * 1000)
            sweep(loop);
        conns_bury(loop);
        if (closing && loop->conns_count == 0)
            return NULL;
    }
}

Loop *loop_open(HttpServer *server, int number, Err *err)
{
    Loop *loop = mem_alloc(sizeof(Loop));
    loop->server = server;
    loop->epoll = epoll_create1(EPOLL_CLOEXEC);
    loop->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->date_arena = arena_open();
    pthread_mutex_init(&loop->lock, NULL);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = loop};
    if (loop->epoll < 0 || loop->wakeup < 0 ||
        epoll_ctl(loop->epoll, EPOLL_CTL_ADD, loop->wakeup, &event) != 0) {
        err_note_errno_at(err, __FILE__, __LINE__, "loop %d cannot start", number);
        loop_close(loop);
        return NULL;
    }
    listen_on(loop, true);
    return loop;
}

void loop_start(Loop *loop)
{
    loop->now_us = loop->swept_us = clock_mono_us();
    if (pthread_create(&loop->thread, NULL, run, loop) != 0)
        abort(); // as in base/lane
    pthread_setname_np(loop->thread, "http");
}

void loop_wake(Loop *loop)
{
    uint64_t one = 1;
    (void)!write(loop->wakeup, &one, sizeof(one)); // full means: it will wake anyway
}

void loop_join(Loop *loop)
{
    pthread_join(loop->thread, NULL);
}

void loop_close(Loop *loop)
{
    for (HttpRequest *r = loop->pool, *next; r; r = next) {
        next = r->next;
        request_free(r);
    }
    fd_close(loop->epoll);
    fd_close(loop->wakeup);
    arena_close(loop->date_arena);
    pthread_mutex_destroy(&loop->lock);
    free(loop);
}
