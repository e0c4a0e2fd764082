// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

#include "base/file.h"

#include <stdlib.h>

enum {
    TAG_NEW_SUBFILE_TYPE = 254,
    TAG_BITS_PER_SAMPLE = 258,
    REDUCED = 1, // bits of the subfile type
    MASK = 4,
    ENTRIES_MAX = 4096,
    ENTRY_MAX_BYTES = 21, // 20, and room for the offset behind the last
    BITS_MAX = 64,
    BIG_ENDIAN_MARK = 0x4d4d, // "MM", the same read in either order
    BIG_TIFF_VERSION = 43,
};

// A run of bytes of the file, and how numbers are written in it.
typedef struct {
    int fd;
    bool big_endian, big_tiff;
    uint64_t from;
    size_t count;
    uint8_t bytes[ENTRIES_MAX * ENTRY_MAX_BYTES];
} Tiff;

static bool fetch(Tiff *t, uint64_t at, size_t count)
{
    Err err;
    if (at > INT64_MAX - count || !file_read_at(t->fd, t->bytes, count, at, &err))
        return false;
    t->from = at;
    t->count = count;
    return true;
}

// Out of what was fetched, or from the file.
static bool number(Tiff *t, uint64_t at, int bytes, uint64_t *ret)
{
    Err err;
    uint8_t raw[8];
    uint64_t v = 0;
    if (at >= t->from && at - t->from + (uint64_t)bytes <= t->count)
        memcpy(raw, t->bytes + (at - t->from), (size_t)bytes);
    else if (at > INT64_MAX || !file_read_at(t->fd, raw, (size_t)bytes, at, &err))
        return false;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | raw[t->big_endian ? i : bytes - 1 - i];
    *ret = v;
    return true;
}

typedef struct {
    bool own; // a picture of its own, not a smaller copy or a mask
    int bits;
    uint64_t next_at, next; // 0: none
} Directory;

// The first value of an entry: in it, or where it points to when there are more than fit.
static uint64_t entry_value(Tiff *t, uint64_t entry, int bytes)
{
    uint64_t count = 0, at = entry + (t->big_tiff ? 12 : 8), value = 0;
    int room = t->big_tiff ? 8 : 4;
    if (!number(t, entry + 4, room, &count))
        return 0;
    if (count > (uint64_t)(room / bytes) && !number(t, at, room, &at))
        return 0;
    return number(t, at, bytes, &value) ? value : 0;
}

static bool read_directory(Tiff *t, uint64_t at, Directory *ret)
{
    Directory d = {.own = true, .bits = 1};
    uint64_t count, tag;
    uint64_t head = t->big_tiff ? 8 : 2, entry = t->big_tiff ? 20 : 12, offset = t->big_tiff ? 8 : 4;
    t->count = 0;
    if (!number(t, at, (int)head, &count) || count > ENTRIES_MAX || at > INT64_MAX / 2 ||
        !fetch(t, at + head, count * entry + offset))
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t e = at + head + i * entry;
        if (!number(t, e, 2, &tag) || tag > TAG_BITS_PER_SAMPLE) // entries are sorted
            break;
        if (tag == TAG_NEW_SUBFILE_TYPE)
            d.own = (entry_value(t, e, 4) & (REDUCED | MASK)) == 0;
        if (tag == TAG_BITS_PER_SAMPLE)
            d.bits = (int)entry_value(t, e, 2);
    }
    d.next_at = at + head + count * entry;
    if (!number(t, d.next_at, (int)offset, &d.next))
        return false;
    *ret = d;
    return true;
}

static bool look_at_pages(Tiff *t, TiffLook *look)
{
    uint64_t order, version, at;
    if (!number(t, 0, 2, &order))
        return false;
    look->big_endian = t->big_endian = order == BIG_ENDIAN_MARK;
    if (!number(t, 2, 2, &version))
        return false;
    t->big_tiff = version == BIG_TIFF_VERSION;
    look->offset_bytes = t->big_tiff ? 8 : 4;
    look->first_at = t->big_tiff ? 8 : 4;
    if (!number(t, look->first_at, look->offset_bytes, &at))
        return false;
    // A chain that bites its tail ends at the limit.
    for (int i = 0; at != 0 && i < TIFF_PAGES_MAX; i++) {
        Directory d;
        if (!read_directory(t, at, &d) || d.bits < 1 || d.bits > BITS_MAX)
            return false;
        if (d.own) {
            look->page[look->pages].at = at;
            look->page[look->pages++].next_at = d.next_at;
        }
        if (d.own && look->pages == 1)
            look->bits = d.bits;
        at = d.next;
    }
    return look->pages > 0;
}

bool tiff_look(int fd, TiffLook *ret)
{
    Tiff *t = mem_alloc(sizeof(*t));
    t->fd = fd;
    *ret = (TiffLook){0};
    bool good = look_at_pages(t, ret);
    free(t);
    return good;
}
