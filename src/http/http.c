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
    if (config->body_max_bytes == 0)
        config->body_max_bytes = BODY_MAX_BYTES;
}

// Whatever was opened so far; loops that never started have nothing to join.
static void close_parts(HttpServer *server)
{
    for (int i = 0; i < server->loops_count; i++)
        loop_close(server->loops[i]);
    lane_close(server->pages);
    lane_close(server->renders);
    peers_close(server->peers);
    fd_close(server->listener);
    free(server->loops);
    free(server);
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
    server->peers = peers_open();
    server->loops = mem_alloc((size_t)server->config.loops * sizeof(Loop *));
    for (int i = 0; i < server->config.loops; i++) {
        Loop *loop = loop_open(server, i, err);
        if (!loop) {
            close_parts(server);
            return NULL;
        }
        server->loops[server->loops_count++] = loop;
    }
    server->pages = lane_open("pages", server->config.pages_threads, server->config.pages_queue_max);
    server->renders = lane_open("renders", server->config.renders_threads, server->config.renders_queue_max);
    for (int i = 0; i < server->loops_count; i++)
        loop_start(server->loops[i]);
    return server;
}

int http_port(const HttpServer *server)
{
    return server->port;
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
