// SPDX-License-Identifier: Apache-2.0
// The same as mhd.c through src/http.
#include "http/http.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { TILES = 512, TILE_BYTES = 13000 };

static HttpLane route(void *ctx, HttpRequest *r)
{
    (void)ctx, (void)r;
    return HTTP_LANE_LOOP;
}

static void answer(void *ctx, const HttpRequest *r, HttpLane lane, HttpAnswer *ret)
{
    (void)lane;
    Str path = http_path(r);
    int64_t number = 0;
    (void)str_to_int64(str_slice(path, 1, path.n), &number);
    *ret = (HttpAnswer){.status = 200,
        .content_type = S("image/jpeg"),
        .kind = HTTP_BODY_FILE,
        .fd = *(int *)ctx,
        .offset = (uint64_t)(number % TILES) * TILE_BYTES,
        .size_bytes = TILE_BYTES,
        .etag = S("\"0123456789abcdef-1\""),
        .cache_control = S("public, max-age=3600")};
    http_answer_header(ret, "Access-Control-Allow-Origin", S("*"));
}

int main(int argc, char **argv)
{
    int fd = argc == 3 ? open(argv[1], O_RDONLY) : -1;
    char listen[40];
    if (fd < 0)
        return 2;
    snprintf(listen, sizeof(listen), "127.0.0.1:%s", argv[2]);
    Err err = {0};
    HttpServer *server = http_open(&(HttpConfig){.listen = str_from(listen),
                                       .loops = 2,
                                       .deadline_ms = 5000,
                                       .connections_max = 4000,
                                       .connections_per_ip_max = 4000,
                                       .ctx = &fd,
                                       .route = route,
                                       .answer = answer},
        &err);
    if (!server) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    pause();
}
