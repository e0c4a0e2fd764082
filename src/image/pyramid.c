// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

#include "base/file.h"

#include <stdatomic.h>
#include <stdlib.h>

struct Pyramid {
    atomic_int keeps;
    int fd;
    Table table;
};

static bool read_table(int fd, Table *ret, Err *err)
{
    uint64_t end, bytes = 0;
    char foot[TABLE_FOOT_BYTES];
    if (!zip_find_directory(fd, &end, err))
        return false;
    if (end < TABLE_HEAD_BYTES + TABLE_FOOT_BYTES)
        return err_set(err, ERR_CORRUPT, "the pyramid file has no table of tiles");
    if (!file_read_at(fd, foot, sizeof(foot), end - sizeof(foot), err))
        return false;
    for (int i = 0; i < 8; i++)
        bytes |= (uint64_t)(uint8_t)foot[8 + i] << (8 * i);
    if (memcmp(foot + 16, "VPYR-END", 8) != 0 || bytes > end)
        return err_set(err, ERR_CORRUPT, "the pyramid file has no table of tiles");
    if (bytes > TABLE_BYTES_MAX)
        return err_set(err, ERR_LIMIT, "the pyramid file's table of tiles is too big");
    CLEANUP(arena_closep) Arena *a = arena_open();
    char *table = arena_alloc(a, bytes);
    if (!file_read_at(fd, table, bytes, end - bytes, err))
        return false;
    return table_read((Str){table, bytes}, end - bytes, ret, err);
}

Pyramid *pyramid_open(int fd_given, Err *err)
{
    CLEANUP(fd_closep) int fd = fd_given;
    Table table;
    if (!read_table(fd, &table, err))
        return NULL;
    Pyramid *p = mem_alloc(sizeof(*p));
    atomic_init(&p->keeps, 1);
    p->fd = fd_take(&fd);
    p->table = table;
    return p;
}

Pyramid *pyramid_keep(Pyramid *p)
{
    atomic_fetch_add_explicit(&p->keeps, 1, memory_order_relaxed);
    return p;
}

void pyramid_drop(Pyramid *p)
{
    if (!p || atomic_fetch_sub_explicit(&p->keeps, 1, memory_order_acq_rel) != 1)
        return;
    fd_close(p->fd);
    table_free(&p->table);
    free(p);
}

const PyramidFacts *pyramid_facts(const Pyramid *p)
{
    return &p->table.facts;
}

const Grid *pyramid_grid(const Pyramid *p)
{
    return &p->table.grid;
}

ReadyPlanes pyramid_ready_planes(const Pyramid *p)
{
    return p->table.ready;
}

int pyramid_fd(const Pyramid *p)
{
    return p->fd;
}

bool pyramid_find_tile(const Pyramid *p, int level, int column, int row, PyramidSpan *ret)
{
    const Grid *g = &p->table.grid;
    if (level < 0 || level >= g->levels || column < 0 || column >= g->level[level].columns || row < 0 ||
        row >= g->level[level].rows)
        return false;
    *ret =
        span_unpack(p->table.tiles[g->level[level].first + (int64_t)row * g->level[level].columns + column]);
    return true;
}

bool pyramid_find_size(const Pyramid *p, int width_px, int height_px, PyramidSpan *ret)
{
    const PyramidFacts *f = &p->table.facts;
    for (int i = 0; i < f->sizes_count; i++) {
        if (f->sizes[i].width_px == width_px && f->sizes[i].height_px == height_px) {
            *ret = span_unpack(p->table.sizes[i]);
            return true;
        }
    }
    return false;
}
