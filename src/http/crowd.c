// SPDX-License-Identifier: Apache-2.0
// What a loop does with more clients than it has places. Its connections stand in a list for each state, the
// one that came into the state last first, so that whoever has waited longest is found at once. When all
// places are taken a new connection gets that of, in this order, the oldest that has had its answer and only
// lingers, that is silent between requests, that has not got beyond a head: so the place of somebody who asks
// at once is safe for as long as a flood needs to fill all places, and idle and slow connections cannot keep
// others out. Whoever has a request at work, an answer under way or an admitted body is not disturbed.
#include "http/int.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

static const char BUSY[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 2\r\nConnection: close\r\n"
                           "Content-Length: 0\r\n\r\n";

// ---- the lists

static void link_in(Conn *c, ConnState state)
{
    ConnList *list = &c->loop->conns[state];
    c->state = state;
    c->newer = NULL;
    c->older = list->newest;
    *(list->newest ? &list->newest->newer : &list->oldest) = c;
    list->newest = c;
    list->count++;
}

static void unlink_from(Conn *c)
{
    ConnList *list = &c->loop->conns[c->state];
    *(c->newer ? &c->newer->older : &list->newest) = c->older;
    *(c->older ? &c->older->newer : &list->oldest) = c->newer;
    list->count--;
}

Conn *conn_open(Loop *loop, int fd, const struct sockaddr_storage *address)
{
    Conn *c = mem_alloc(sizeof(Conn));
    *c = (Conn){.loop = loop, .fd = fd, .address = *address};
    c->deadline_us = loop->now_us + (int64_t)loop->server->config.deadline_ms * 1000;
    loop->conns_count++;
    link_in(c, CONN_IDLE);
    return c;
}

void conn_to(Conn *c, ConnState state)
{
    unlink_from(c);
    link_in(c, state);
}

void conn_gone(Conn *c)
{
    unlink_from(c);
    c->loop->conns_count--;
    c->loop->discarders -= c->discard_left > 0;
    // Closing alone would not do: a child that is just being started holds a copy of every descriptor until
    // it becomes another program, and until then epoll would go on to tell of a connection that is freed.
    conn_watch(c, 0);
    close(c->fd);
    c->state = CONN_GONE;
    c->older = c->loop->gone;
    c->loop->gone = c;
}

void conns_bury(Loop *loop)
{
    for (Conn *c = loop->gone, *next; c; c = next) {
        next = c->older;
        free(c);
    }
    loop->gone = NULL;
}

// ---- lingering: what the client is still sending is not read as a request any more

static void linger(Conn *c, ConnState state)
{
    shutdown(c->fd, SHUT_WR);
    conn_to(c, state);
    c->deadline_us = c->loop->now_us + LINGER_MS * 1000;
    if (c->loop->discarders < DISCARDERS_MAX) {
        c->loop->discarders++;
        c->discard_left = DISCARD_MAX_BYTES;
    }
    conn_watch(c, c->discard_left ? EPOLLIN : EPOLLRDHUP);
}

// Closed at once it would be reset by what the client is just sending, and the answer lost.
void conn_linger(Conn *c)
{
    linger(c, CONN_LINGERING);
}

void conn_discard(Conn *c)
{
    if (c->discard_left == 0) { // it has read its answer and closed
        conn_close(c);
        return;
    }
    size_t most = MIN_OF((size_t)c->discard_left, sizeof(c->loop->scratch));
    ssize_t n = recv(c->fd, c->loop->scratch, most, MSG_TRUNC); // thrown away by the system, without a copy
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        conn_close(c);
        return;
    }
    c->discard_left -= (int)MAX_OF(n, 0);
    if (c->discard_left == 0) {
        c->loop->discarders--;
        conn_watch(c, EPOLLRDHUP);
    }
}

// ---- places

static void say_busy(Conn *c)
{
    (void)send(
        c->fd, BUSY, sizeof(BUSY) - 1, MSG_NOSIGNAL | MSG_DONTWAIT); // a socket without answer has room
}

// To the door: told to come again, and without a place. Those who stand there longest go for good.
static void turn_away(Conn *c)
{
    Loop *loop = c->loop;
    if (loop->conns[CONN_TURNED].count >= TURNED_MAX)
        conn_close(loop->conns[CONN_TURNED].oldest);
    say_busy(c);
    linger(c, CONN_TURNED);
    atomic_fetch_add(&loop->server->turned_away, 1);
}

void conn_turn_away(Loop *loop, int fd, const struct sockaddr_storage *address)
{
    turn_away(conn_open(loop, fd, address));
}

bool conns_make_room(Loop *loop)
{
    static const ConnState order[] = {CONN_LINGERING, CONN_IDLE, CONN_READING};
    Conn *c = NULL;
    for (size_t i = 0; i < COUNT_OF(order) && !c; i++)
        c = loop->conns[order[i]].oldest;
    if (!c)
        return false;
    atomic_fetch_add(&loop->server->made_room, 1);
    if (c->state == CONN_LINGERING || (c->state == CONN_IDLE && c->served && !conn_has_unread(c))) {
        conn_close(c);
        return true;
    }
    conn_leave_place(c);
    turn_away(c);
    return true;
}
