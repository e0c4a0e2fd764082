// SPDX-License-Identifier: Apache-2.0
#include "image/int.h"

#include "base/file.h"

enum {
    TAG_NEW_SUBFILE_TYPE = 254,
    TAG_BITS_PER_SAMPLE = 258,
    REDUCED = 1, // bits of the subfile type
    MASK = 4,
    ENTRIES_MAX = 4096,
    BITS_MAX = 64,
    BIG_ENDIAN_MARK = 0x4d4d, // "MM", the same read in either order
    BIG_TIFF_VERSION = 43,
};

typedef struct {
    int fd;
    bool big_endian, big_tiff;
} Tiff;

static bool number(const Tiff *t, uint64_t at, int bytes, uint64_t *ret)
{
    Err err;
    uint8_t raw[8];
    uint64_t v = 0;
    if (at > INT64_MAX || !file_read_at(t->fd, raw, (size_t)bytes, at, &err))
        return false;
    for (int i = 0; i < bytes; i++)
        v = v << 8 | raw[t->big_endian ? i : bytes - 1 - i];
    *ret = v;
    return true;
}

typedef struct {
    bool own; // a picture of its own, not a smaller copy or a mask
    int bits;
    uint64_t next; // 0: none
} Directory;

// The first value of an entry: in it, or where it points to when there are more than fit.
static uint64_t entry_value(const Tiff *t, uint64_t entry, int bytes)
{
    uint64_t count = 0, at = entry + (t->big_tiff ? 12 : 8), value = 0;
    int room = t->big_tiff ? 8 : 4;
    if (!number(t, entry + 4, room, &count))
        return 0;
    if (count > (uint64_t)(room / bytes) && !number(t, at, room, &at))
        return 0;
    return number(t, at, bytes, &value) ? value : 0;
}

static bool read_directory(const Tiff *t, uint64_t at, Directory *ret)
{
    Directory d = {.own = true, .bits = 1};
    uint64_t count, tag;
    int head = t->big_tiff ? 8 : 2, entry = t->big_tiff ? 20 : 12;
    if (!number(t, at, head, &count) || count > ENTRIES_MAX)
        return false;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t e = at + (uint64_t)head + i * (uint64_t)entry;
        if (!number(t, e, 2, &tag) || tag > TAG_BITS_PER_SAMPLE) // entries are sorted
            break;
        if (tag == TAG_NEW_SUBFILE_TYPE)
            d.own = (entry_value(t, e, 4) & (REDUCED | MASK)) == 0;
        if (tag == TAG_BITS_PER_SAMPLE)
            d.bits = (int)entry_value(t, e, 2);
    }
    if (!number(t, at + (uint64_t)head + count * (uint64_t)entry, t->big_tiff ? 8 : 4, &d.next))
        return false;
    *ret = d;
    return true;
}

bool tiff_look(int fd, TiffLook *ret)
{
    Tiff t = {.fd = fd};
    uint64_t order, version, at;
    TiffLook look = {0};
    if (!number(&t, 0, 2, &order))
        return false;
    t.big_endian = order == BIG_ENDIAN_MARK;
    if (!number(&t, 2, 2, &version))
        return false;
    t.big_tiff = version == BIG_TIFF_VERSION;
    if (!number(&t, t.big_tiff ? 8 : 4, t.big_tiff ? 8 : 4, &at))
        return false;
    // A chain that bites its tail ends at the limit.
    for (int i = 0; at != 0 && i < TIFF_PAGES_MAX; i++) {
        Directory d;
        if (!read_directory(&t, at, &d) || d.bits < 1 || d.bits > BITS_MAX)
            return false;
        if (d.own)
            look.directories[look.pages++] = i;
        if (d.own && look.pages == 1)
            look.bits = d.bits;
        at = d.next;
    }
    *ret = look;
    return look.pages > 0;
}
