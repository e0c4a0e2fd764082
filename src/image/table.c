// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

#include <endian.h>
#include <stdlib.h>
#include <zlib.h>

enum {
    TABLE_STORED = 1,
    TABLE_CUT = 2,
    TABLE_READY_AT = 32,
    TABLE_INDEX_AT = 48,
    TABLE_INDEX_BYTES = 16,
    SPAN_OFFSET_BITS = 40
};
static const char head_magic[8] = {'V', 'P', 'Y', 'R', 'A', 'M', 'I', 'D'};
static const char foot_magic[8] = {'V', 'P', 'Y', 'R', '-', 'E', 'N', 'D'};

uint64_t span_pack(PyramidSpan span)
{
    assert(span.offset <= SPAN_OFFSET_MAX && span.size_bytes <= SPAN_SIZE_MAX);
    return span.offset | span.size_bytes << SPAN_OFFSET_BITS;
}

PyramidSpan span_unpack(uint64_t packed)
{
    return (PyramidSpan){.offset = packed & SPAN_OFFSET_MAX, .size_bytes = packed >> SPAN_OFFSET_BITS};
}

static void put32(Buf *b, uint32_t v)
{
    v = htole32(v);
    buf_add_bytes(b, &v, sizeof(v));
}

static void put64(Buf *b, uint64_t v)
{
    v = htole64(v);
    buf_add_bytes(b, &v, sizeof(v));
}

static uint32_t get32(const char *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof(v));
    return le32toh(v);
}

static uint64_t get64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return le64toh(v);
}

// The tiles of level 0 are the first.
static int64_t first_stored(const Table *t)
{
    return t->index.bytes ? (int64_t)t->grid.level[0].columns * t->grid.level[0].rows : 0;
}

void table_write(const Table *t, Buf *out)
{
    size_t start = out->n;
    buf_add_bytes(out, head_magic, sizeof(head_magic));
    put32(out, t->index.bytes ? TABLE_CUT : TABLE_STORED);
    put32(out, (uint32_t)t->facts.width_px);
    put32(out, (uint32_t)t->facts.height_px);
    put32(out, (uint32_t)t->facts.tile_px);
    put32(out, (uint32_t)t->facts.levels);
    put32(out, (uint32_t)t->facts.sizes_count);
    put64(out, t->ready.offset);
    put32(out, t->ready.kind);
    put32(out, (uint32_t)t->ready.count);
    if (t->index.bytes) {
        put64(out, t->index.offset);
        put64(out, t->index.bytes);
    }
    for (int i = 0; i < t->facts.sizes_count; i++) {
        put32(out, (uint32_t)t->facts.sizes[i].width_px);
        put32(out, (uint32_t)t->facts.sizes[i].height_px);
        put64(out, t->sizes[i]);
    }
    for (int64_t i = first_stored(t); i < t->grid.tiles; i++)
        put64(out, t->tiles[i]);
    if (out->full)
        return;
    put32(out, (uint32_t)crc32_z(0, (const Bytef *)out->p + start, out->n - start));
    put32(out, 0);
    put64(out, out->n - start + 16);
    buf_add_bytes(out, foot_magic, sizeof(foot_magic));
}

void table_free(Table *t)
{
    free(t->tiles);
    t->tiles = NULL;
}

static bool span_inside(uint64_t packed, uint64_t data_bytes)
{
    PyramidSpan s = span_unpack(packed);
    return s.size_bytes > 0 && s.offset < data_bytes && s.size_bytes <= data_bytes - s.offset;
}

static bool read_head(Str bytes, Table *t, Err *err)
{
    if (bytes.n < TABLE_HEAD_BYTES + TABLE_FOOT_BYTES || memcmp(bytes.p, head_magic, sizeof(head_magic)) != 0)
        return err_set(err, ERR_CORRUPT, "the pyramid file has no table of tiles");
    uint32_t version = get32(bytes.p + 8);
    if (version != TABLE_STORED && version != TABLE_CUT)
        return err_set(err, ERR_CORRUPT, "the pyramid file is of another version");
    uint32_t width = get32(bytes.p + 12), height = get32(bytes.p + 16), tile = get32(bytes.p + 20);
    uint32_t levels = get32(bytes.p + 24), sizes = get32(bytes.p + 28);
    if (width > INT32_MAX || height > INT32_MAX || tile > INT32_MAX || sizes > PYRAMID_SIZES_MAX ||
        !grid_make((int)width, (int)height, (int)tile, &t->grid) || levels != (uint32_t)t->grid.levels)
        return err_set(err, ERR_CORRUPT, "the pyramid file's table has impossible sizes");
    if (version == TABLE_CUT)
        t->index.bytes = 1; // until it is read
    uint64_t want = TABLE_HEAD_BYTES + (version == TABLE_CUT ? TABLE_INDEX_BYTES : 0) + TABLE_FOOT_BYTES +
                    (uint64_t)sizes * TABLE_SIZE_BYTES +
                    (uint64_t)(t->grid.tiles - first_stored(t)) * sizeof(uint64_t);
    if (want != bytes.n)
        return err_set(err, ERR_CORRUPT, "the pyramid file's table has the wrong length");
    t->facts = (PyramidFacts){.width_px = (int)width,
        .height_px = (int)height,
        .tile_px = (int)tile,
        .levels = (int)levels,
        .sizes_count = (int)sizes};
    return true;
}

static bool read_ready(const char *p, uint64_t data_bytes, Table *t, Err *err)
{
    uint64_t offset = get64(p);
    uint32_t kind = get32(p + 8), count = get32(p + 12);
    ReadyPlanes ready;
    if (offset == 0)
        return true;
    if ((count != 1 && count != 3) || !ready_planes_make(&t->grid, kind, (int)count, &ready) ||
        offset > data_bytes || ready_planes_bytes(&ready) > data_bytes - offset)
        return err_set(err, ERR_CORRUPT, "the pyramid file's table has impossible planes");
    t->ready = ready;
    t->ready.offset = offset;
    return true;
}

static bool read_index(const char *p, uint64_t data_bytes, Table *t, Err *err)
{
    IndexPlace at = {.offset = get64(p), .bytes = get64(p + 8)};
    if (at.bytes == 0 || at.bytes > TABLE_BYTES_MAX || at.offset > data_bytes ||
        at.bytes > data_bytes - at.offset)
        return err_set(err, ERR_CORRUPT, "the pyramid file's table has an impossible index");
    t->index = at;
    return true;
}

bool table_read(Str bytes, uint64_t data_bytes, Table *ret, Err *err)
{
    Table t = {0};
    if (!read_head(bytes, &t, err))
        return false;
    const char *foot = bytes.p + bytes.n - TABLE_FOOT_BYTES;
    if (get32(foot) != crc32_z(0, (const Bytef *)bytes.p, bytes.n - TABLE_FOOT_BYTES))
        return err_set(err, ERR_CORRUPT, "the pyramid file's table is damaged");
    if (!read_ready(bytes.p + TABLE_READY_AT, data_bytes, &t, err))
        return false;
    const char *p = bytes.p + TABLE_HEAD_BYTES;
    if (t.index.bytes && !read_index(bytes.p + TABLE_INDEX_AT, data_bytes, &t, err))
        return false;
    if (t.index.bytes)
        p += TABLE_INDEX_BYTES;
    for (int i = 0; i < t.facts.sizes_count; i++, p += TABLE_SIZE_BYTES) {
        uint32_t width = get32(p), height = get32(p + 4);
        t.sizes[i] = get64(p + 8);
        if (width < 1 || height < 1 || width > JPEG_SIDE_MAX_PX || height > JPEG_SIDE_MAX_PX ||
            !span_inside(t.sizes[i], data_bytes))
            return err_set(err, ERR_CORRUPT, "the pyramid file's table has an impossible size");
        t.facts.sizes[i].width_px = (int)width;
        t.facts.sizes[i].height_px = (int)height;
    }
    t.tiles = mem_alloc((size_t)t.grid.tiles * sizeof(uint64_t));
    for (int64_t i = first_stored(&t); i < t.grid.tiles; i++, p += sizeof(uint64_t)) {
        t.tiles[i] = get64(p);
        if (!span_inside(t.tiles[i], data_bytes)) {
            table_free(&t);
            return err_set(err, ERR_CORRUPT, "the pyramid file's table has an impossible tile");
        }
    }
    *ret = t;
    return true;
}
