// SPDX-License-Identifier: Apache-2.0
// cut_tiles PYRAMID MASTER STORED-PYRAMID [ROUNDS]: every tile of level 0 once, cut from the master by the
// index, and the same read from a pyramid that stores them; compares the bytes and says what each costs.
#include "base/clock.h"
#include "base/file.h"
#include "image/int.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>

static double cpu_us(void)
{
    struct rusage used;
    getrusage(RUSAGE_SELF, &used);
    return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e6 +
           (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec);
}

static bool stored_tile(const Pyramid *p, int column, int row, Buf *out, Err *err)
{
    PyramidSpan span;
    char *bytes;
    if (!pyramid_find_tile(p, 0, column, row, &span))
        return err_set(err, ERR_CORRUPT, "there is no such tile");
    bytes = malloc(span.size_bytes);
    bool good = bytes && file_read_at(pyramid_fd(p), bytes, span.size_bytes, span.offset, err);
    if (good)
        buf_add_bytes(out, bytes, span.size_bytes);
    free(bytes);
    return good;
}

typedef struct {
    Pyramid *cut, *stored;
    double cut_us, stored_us;
    int64_t tiles, bytes, waited;
} Bench;

static bool both(Bench *b, int column, int row, Err *err)
{
    CLEANUP(buf_free) Buf one = buf_with_max(32 << 20), other = buf_with_max(32 << 20);
    double start = cpu_us();
    if (!pyramid_cut_tile(b->cut, column, row, true, &one, err)) {
        b->waited++;
        if (err->kind != ERR_BUSY || !pyramid_cut_tile(b->cut, column, row, false, &one, err))
            return false;
    }
    double middle = cpu_us();
    if (!stored_tile(b->stored, column, row, &other, err))
        return false;
    b->stored_us += cpu_us() - middle;
    b->cut_us += middle - start;
    b->tiles++;
    b->bytes += (int64_t)one.n;
    return str_eq(buf_str(&one), buf_str(&other)) ||
           err_set(err, ERR_CORRUPT, "tile %d, %d is not the same", column, row);
}

static Pyramid *open_pyramid(const char *path, Err *err)
{
    int fd = file_open(AT_FDCWD, path, err);
    return fd < 0 ? NULL : pyramid_open(fd, err);
}

int main(int argc, char **argv)
{
    Err err = {0};
    Bench b = {0};
    if (argc < 4) {
        fprintf(stderr, "usage: %s PYRAMID MASTER STORED-PYRAMID [ROUNDS]\n", argv[0]);
        return 2;
    }
    b.cut = open_pyramid(argv[1], &err);
    b.stored = b.cut ? open_pyramid(argv[3], &err) : NULL;
    int fd = b.stored ? file_open(AT_FDCWD, argv[2], &err) : -1;
    bool good = fd >= 0 && pyramid_take_master(b.cut, fd, &err);
    const GridLevel *l = good ? &pyramid_grid(b.cut)->level[0] : NULL;
    for (int round = argc > 4 ? atoi(argv[4]) : 1; round > 0 && good; round--)
        for (int row = 0; row < l->rows && good; row++)
            for (int column = 0; column < l->columns && good; column++)
                good = both(&b, column, row, &err);
    if (!good)
        fprintf(stderr, "%s\n", err.text);
    else
        printf("%lld tiles of %lld bytes: cut %.1f us (%lld of them not at once), stored %.1f us of "
               "processor time each\n",
            (long long)b.tiles, (long long)(b.bytes / b.tiles), b.cut_us / (double)b.tiles,
            (long long)b.waited, b.stored_us / (double)b.tiles);
    pyramid_drop(b.cut);
    pyramid_drop(b.stored);
    return good ? 0 : 1;
}
