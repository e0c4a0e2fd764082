// SPDX-License-Identifier: Apache-2.0
#include "image/splice_index.h"

#include "base/file.h"

#include <stdatomic.h>
#include <stdlib.h>

struct Pyramid {
    atomic_int keeps;
    int fd, master_fd; // -1: not given
    Table table;
    SpliceIndex *index; // NULL: level 0 is in the file
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

static void pyramid_dropp(Pyramid **p)
{
    pyramid_drop(*p);
}

Pyramid *pyramid_open(int fd_given, Err *err)
{
    CLEANUP(pyramid_dropp) Pyramid *p = mem_alloc(sizeof(*p));
    atomic_init(&p->keeps, 1);
    p->fd = fd_given;
    p->master_fd = -1;
    if (!read_table(p->fd, &p->table, err))
        return NULL;
    if (p->table.index.bytes) {
        p->index = splice_index_open(p->fd, p->table.index, &p->table.grid, err);
        if (!p->index)
            return NULL;
    }
    return pyramid_keep(p);
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
    fd_close(p->master_fd);
    splice_index_closep(&p->index);
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

bool pyramid_is_cut(const Pyramid *p)
{
    return p->index != NULL;
}

bool pyramid_has_master(const Pyramid *p)
{
    return p->master_fd >= 0;
}

int pyramid_side_max_px(const Pyramid *p)
{
    const GridLevel *l = &p->table.grid.level[p->index && p->master_fd < 0 ? 1 : 0];
    return MAX_OF(l->width_px, l->height_px);
}

bool pyramid_take_master(Pyramid *p, int fd_given, Err *err)
{
    CLEANUP(fd_closep) int fd = fd_given;
    uint64_t bytes;
    assert(p->index && p->master_fd < 0);
    if (!file_size(fd, &bytes, err))
        return false;
    if (bytes != splice_index_master_bytes(p->index))
        return err_set(err, ERR_CORRUPT, "the master of this picture is damaged or not the one it was");
    p->master_fd = fd_take(&fd);
    return true;
}

bool pyramid_cut_tile(const Pyramid *p, int column, int row, bool at_once, Buf *out, Err *err)
{
    const GridLevel *l = &p->table.grid.level[0];
    assert(p->index && column >= 0 && column < l->columns && row >= 0 && row < l->rows);
    if (p->master_fd < 0)
        return err_set(err, ERR_CORRUPT, "the master of this picture is missing or damaged");
    SpliceCut cut = {
        .index_fd = p->fd, .master_fd = p->master_fd, .column = column, .row = row, .at_once = at_once};
    return splice_index_cut(p->index, &cut, out, err);
}

bool pyramid_find_tile(const Pyramid *p, int level, int column, int row, PyramidSpan *ret)
{
    const Grid *g = &p->table.grid;
    if (level < 0 || level >= g->levels || column < 0 || column >= g->level[level].columns || row < 0 ||
        row >= g->level[level].rows || (level == 0 && p->index))
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
