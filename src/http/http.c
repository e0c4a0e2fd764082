// SPDX-License-Identifier: Apache-2.0
#include "http/http.h"
#include "base/file.h"
#include "http/int.h"

#include <stdlib.h>
#include <unistd.h>

enum {
    LOOPS_MAX = 4,
    BODY_MAX_BYTES = 1024 * 1024,
    DEADLINE_MS = 15 * 1000,
    CONNECTIONS_MAX = 2048,
    CONNECTIONS_PER_IP_MAX = 256,
    PAGES_QUEUE_MAX = 256,
    RENDERS_QUEUE_MAX = 32,
    UPLOADS_THREADS = 2,
    BODIES_MAX = 64,
    BODIES_MAX_BYTES = 64 * 1024 * 1024,
};

static int otherwise(int value, int sensible)
{
    return value > 0 ? value : sensible;
}

static void fill_in(HttpConfig *config)
{
    int cores = (int)sysconf(_SC_NPROCESSORS_ONLN);
    cores = MAX_OF(cores, 1);
    config->loops = otherwise(config->loops, MIN_OF(cores, (int)LOOPS_MAX));
    config->pages_threads = otherwise(config->pages_threads, MIN_OF(2 * cores, 16));
    config->renders_threads = otherwise(config->renders_threads, MIN_OF(cores, 8));
    config->pages_queue_max = otherwise(config->pages_queue_max, PAGES_QUEUE_MAX);
    config->renders_queue_max = otherwise(config->renders_queue_max, RENDERS_QUEUE_MAX);
    config->deadline_ms = otherwise(config->deadline_ms, DEADLINE_MS);
    config->connections_max = otherwise(config->connections_max, CONNECTIONS_MAX);
    config->connections_per_ip_max = otherwise(config->connections_per_ip_max, CONNECTIONS_PER_IP_MAX);
    config->uploads_threads = otherwise(config->uploads_threads, UPLOADS_THREADS);
    config->bodies_max = otherwise(config->bodies_max, BODIES_MAX);
    if (config->body_max_bytes == 0)
        config->body_max_bytes = BODY_MAX_BYTES;
    if (config->bodies_max_bytes == 0)
        config->bodies_max_bytes = MAX_OF((size_t)BODIES_MAX_BYTES, config->body_max_bytes);
}

// Whatever was opened so far; loops that never started have nothing to join.
static void close_parts(HttpServer *server)
{
    for (int i = 0; i < server->loops_count; i++)
        loop_close(server->loops[i]);
    for (int i = 0; i < HTTP_LANES; i++)
        lane_close(server->lanes[i]);
    peers_close(server->peers);
    fd_close(server->listener);
    free(server->loops);
    free(server);
}

static void open_lanes(HttpServer *server)
{
    const HttpConfig *c = &server->config;
    server->lanes[HTTP_LANE_PAGES] = lane_open("pages", c->pages_threads, c->pages_queue_max);
    server->lanes[HTTP_LANE_RENDERS] = lane_open("renders", c->renders_threads, c->renders_queue_max);
    server->lanes[HTTP_LANE_UPLOADS] = lane_open("uploads", c->uploads_threads, c->bodies_max);
}

HttpServer *http_open(const HttpConfig *config, Err *err)
{
    assert(config->route && config->answer);
    int port;
    int listener = listen_open(config->listen, &port, err);
    if (listener < 0)
        return NULL;
    HttpServer *server = mem_alloc(sizeof(HttpServer));
    server->config = *config;
    fill_in(&server->config);
    server->listener = listener;
    server->port = port;
    server->peers = peers_open(
        (Bodies){server->config.bodies_max, server->config.bodies_max_bytes}, server->config.trust_proxy);
    server->loops = mem_alloc((size_t)server->config.loops * sizeof(Loop *));
    for (int i = 0; i < server->config.loops; i++) {
        Loop *loop = loop_open(server, i, err);
        if (!loop) {
            close_parts(server);
            return NULL;
        }
        server->loops[server->loops_count++] = loop;
    }
    open_lanes(server);
    for (int i = 0; i < server->loops_count; i++)
        loop_start(server->loops[i]);
    return server;
}

int http_port(const HttpServer *server)
{
    return server->port;
}

HttpCounts http_counts(const HttpRequest *r)
{
    const HttpServer *server = r->server;
    return (HttpCounts){.turned_away = server->turned_away,
        .made_room = server->made_room,
        .bodies_refused = server->bodies_refused,
        .bodies_late = server->bodies_late};
}

void http_close(HttpServer *server)
{
    if (!server)
        return;
    atomic_store(&server->closing, true);
    for (int i = 0; i < server->loops_count; i++)
        loop_wake(server->loops[i]);
    for (int i = 0; i < server->loops_count; i++)
        loop_join(server->loops[i]);
    close_parts(server);
}
