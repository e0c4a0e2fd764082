// SPDX-License-Identifier: Apache-2.0
// The least that can be done with libmicrohttpd for a tile: one pread, the headers that our server sends.
// Only for bench/http/run, which compares; needs libmicrohttpd-dev.
#include <fcntl.h>
#include <microhttpd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TILES = 512, TILE_BYTES = 13000, POOL_BYTES = 8 * 1024 };

static int fd;

static enum MHD_Result answer(void *ctx, struct MHD_Connection *connection, const char *url,
    const char *method, const char *version, const char *upload, size_t *upload_bytes, void **request)
{
    (void)ctx, (void)method, (void)version, (void)upload;
    if (!*request) { // an answer given at the first call would end the connection
        *request = &fd;
        return MHD_YES;
    }
    *upload_bytes = 0;
    long number = atol(url + 1) % TILES;
    char *tile = malloc(TILE_BYTES);
    if (pread(fd, tile, TILE_BYTES, number * TILE_BYTES) != TILE_BYTES)
        return MHD_NO;
    struct MHD_Response *r = MHD_create_response_from_buffer(TILE_BYTES, tile, MHD_RESPMEM_MUST_FREE);
    MHD_add_response_header(r, "Content-Type", "image/jpeg");
    MHD_add_response_header(r, "ETag", "\"0123456789abcdef-1\"");
    MHD_add_response_header(r, "Cache-Control", "public, max-age=3600");
    MHD_add_response_header(r, "Accept-Ranges", "bytes");
    MHD_add_response_header(r, "Access-Control-Allow-Origin", "*");
    enum MHD_Result ok = MHD_queue_response(connection, MHD_HTTP_OK, r);
    MHD_destroy_response(r);
    return ok;
}

int main(int argc, char **argv)
{
    if (argc != 3 || (fd = open(argv[1], O_RDONLY)) < 0)
        return 2;
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_EPOLL_INTERNAL_THREAD | MHD_USE_TURBO,
        (uint16_t)atoi(argv[2]), NULL, NULL, answer, NULL, MHD_OPTION_THREAD_POOL_SIZE, 2u,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)POOL_BYTES, MHD_OPTION_CONNECTION_LIMIT, 4000u,
        MHD_OPTION_CONNECTION_TIMEOUT, 5u, MHD_OPTION_STRICT_FOR_CLIENT, 1, MHD_OPTION_END);
    if (!daemon)
        return 1;
    pause();
}
