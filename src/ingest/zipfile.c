// SPDX-License-Identifier: Apache-2.0
// APPNOTE.TXT 6.3: the end record is searched from the back (its comment is at most 65535 bytes), it points
// to the directory, whose entries point to local headers, whose names and extra fields are passed over.
#include "ingest/zipfile.h"

#include "base/utf8.h"

#include <zlib.h>

enum { END_BYTES = 22, ENTRY_BYTES = 46, LOCAL_BYTES = 30, COMMENT_MAX_BYTES = 65535 };

static uint32_t number_at(Str file, size_t at, size_t bytes)
{
    uint32_t n = 0;
    for (size_t i = bytes; i-- > 0;)
        n = n << 8 | (unsigned char)file.p[at + i];
    return n;
}

static bool find_end(Str file, size_t *ret)
{
    for (size_t back = END_BYTES; back <= file.n && back <= END_BYTES + COMMENT_MAX_BYTES; back++)
        if (memcmp(file.p + file.n - back, "PK\5\6", 4) == 0)
            return *ret = file.n - back, true;
    return false;
}

static bool read_entry(Str file, size_t *at, ZipPart *ret, Err *err)
{
    if (file.n - *at < ENTRY_BYTES || memcmp(file.p + *at, "PK\1\2", 4) != 0)
        return err_set(err, ERR_CORRUPT, "the ZIP directory is damaged");
    size_t name = number_at(file, *at + 28, 2);
    size_t whole = ENTRY_BYTES + name + number_at(file, *at + 30, 2) + number_at(file, *at + 32, 2);
    if (file.n - *at < whole)
        return err_set(err, ERR_CORRUPT, "the ZIP directory is cut off");
    if (number_at(file, *at + 8, 2) & 1)
        return err_set(err, ERR_UNSUPPORTED, "the file is protected with a password");
    *ret = (ZipPart){.name = str_slice(file, *at + ENTRY_BYTES, *at + ENTRY_BYTES + name),
        .method = (int)number_at(file, *at + 10, 2),
        .crc = number_at(file, *at + 16, 4),
        .packed_bytes = number_at(file, *at + 20, 4),
        .bytes = number_at(file, *at + 24, 4),
        .offset = number_at(file, *at + 42, 4)};
    *at += whole;
    return true;
}

bool zipfile_open(Str file, Arena *a, ZipFile *ret, Err *err)
{
    size_t end;
    if (!find_end(file, &end))
        return err_set(err, ERR_CORRUPT, "the file is no ZIP, or is cut off");
    size_t count = number_at(file, end + 10, 2), at = number_at(file, end + 16, 4);
    if (number_at(file, end + 4, 2) != 0 || at == UINT32_MAX || count == UINT16_MAX)
        return err_set(err, ERR_UNSUPPORTED, "a ZIP in pieces, or larger than 4 GB");
    if (count > ZIPFILE_PARTS_MAX)
        return err_set(err, ERR_LIMIT, "the ZIP has more than %d parts", ZIPFILE_PARTS_MAX);
    if (at > end)
        return err_set(err, ERR_CORRUPT, "the ZIP directory is damaged");
    ZipFile zip = {
        .file = str_slice(file, 0, end), .parts = arena_array(a, ZipPart, count + 1), .count = count};
    for (size_t i = 0; i < count; i++)
        if (!read_entry(zip.file, &at, &zip.parts[i], err))
            return false;
    *ret = zip;
    return true;
}

static bool inflate_part(Str packed, Str *to, Err *err)
{
    z_stream z = {.next_in = (Bytef *)(uintptr_t)packed.p,
        .avail_in = (uInt)packed.n,
        .next_out = (Bytef *)(uintptr_t)to->p,
        .avail_out = (uInt)to->n};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK)
        return err_set(err, ERR_CORRUPT, "unpacking");
    int code = inflate(&z, Z_FINISH);
    size_t left = z.avail_out;
    inflateEnd(&z);
    return (code == Z_STREAM_END && left == 0) ||
           err_set(err, ERR_CORRUPT, "a part of the ZIP cannot be unpacked");
}

bool zipfile_read(const ZipFile *zip, Str name, Arena *a, Str *ret, Err *err)
{
    const ZipPart *part = NULL;
    for (size_t i = 0; i < zip->count && !part; i++)
        part = str_eq_nocase(zip->parts[i].name, name) ? &zip->parts[i] : NULL;
    if (!part)
        return err_set(err, ERR_NOT_FOUND, "the ZIP has no " FMT_STR, ARG_STR(utf8_head(name, 100)));
    if (part->bytes > ZIPFILE_PART_MAX_BYTES)
        return err_set(err, ERR_LIMIT, FMT_STR " is larger than %d MB unpacked",
            ARG_STR(utf8_head(name, 100)), ZIPFILE_PART_MAX_BYTES >> 20);
    Str file = zip->file;
    if (part->offset > file.n || file.n - part->offset < LOCAL_BYTES ||
        memcmp(file.p + part->offset, "PK\3\4", 4) != 0)
        return err_set(err, ERR_CORRUPT, "a part of the ZIP is not where the directory says");
    size_t from = (size_t)part->offset + LOCAL_BYTES + number_at(file, part->offset + 26, 2) +
                  number_at(file, part->offset + 28, 2);
    if (from > file.n || file.n - from < part->packed_bytes)
        return err_set(err, ERR_CORRUPT, "a part of the ZIP is cut off");
    Str packed = str_slice(file, from, from + part->packed_bytes), text = packed;
    if (part->method == 8) {
        // A byte packs into a thousand at most (RFC 1951): what claims more lies, before it costs memory.
        if (part->bytes / 1032 > part->packed_bytes)
            return err_set(err, ERR_CORRUPT, "a part of the ZIP claims to be larger than it can be");
        text = (Str){arena_alloc(a, (size_t)part->bytes + 1), part->bytes};
        if (!inflate_part(packed, &text, err))
            return false;
    } else if (part->method != 0 || part->bytes != part->packed_bytes) {
        return err_set(err, ERR_UNSUPPORTED, "a part of the ZIP is packed in a way we do not read");
    }
    if (crc32(0, (const Bytef *)text.p, (uInt)text.n) != part->crc)
        return err_set(err, ERR_CORRUPT, "a part of the ZIP is damaged");
    *ret = text;
    return true;
}
