// SPDX-License-Identifier: Apache-2.0
// Entries follow each other without gaps; each is known whole before it is written, so its header is final
// and nothing is ever rewritten. The directory is gathered in memory (about 80 bytes an entry).
#include "image/int.h"

#include "base/file.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum {
    LOCAL_BYTES = 30,
    CENTRAL_BYTES = 46,
    END_BYTES = 22,
    END64_BYTES = 56,
    LOCATOR_BYTES = 20,
    PENDING_MAX_BYTES = 1 << 20,
    DOS_DATE_1980 = 0x21, // the same file from the same picture, whenever it is made
    VERSION_PLAIN = 20,
    VERSION_ZIP64 = 45,
    MADE_ON_UNIX = 3 << 8,
    FLAG_UTF8 = 1 << 11,
};
#define DIRECTORY_MAX_BYTES (UINT64_C(256) << 20)
#define MODE_FILE_0644 (UINT32_C(0100644) << 16)

struct ZipWriter {
    int fd;
    uint64_t written; // on disk; what follows waits in pending
    Buf pending, directory;
    uint64_t entries;
};

static void put16(Buf *b, uint64_t v)
{
    uint8_t bytes[2] = {(uint8_t)v, (uint8_t)(v >> 8)};
    buf_add_bytes(b, bytes, 2);
}

static void put32(Buf *b, uint64_t v)
{
    put16(b, v & 0xffff);
    put16(b, v >> 16 & 0xffff);
}

static void put64(Buf *b, uint64_t v)
{
    put32(b, v & 0xffffffff);
    put32(b, v >> 32);
}

ZipWriter *zip_open(int fd)
{
    ZipWriter *z = mem_alloc(sizeof(*z));
    z->fd = fd;
    z->pending = buf_with_max(PENDING_MAX_BYTES + 2 * JPEG_TILE_BYTES_MAX + TABLE_BYTES_MAX);
    z->directory = buf_with_max(DIRECTORY_MAX_BYTES);
    return z;
}

void zip_closep(ZipWriter **z)
{
    if (!*z)
        return;
    buf_free(&(*z)->pending);
    buf_free(&(*z)->directory);
    free(*z);
    *z = NULL;
}

uint64_t zip_at(const ZipWriter *z)
{
    return z->written + z->pending.n;
}

static bool write_out(ZipWriter *z, Str bytes, Err *err)
{
    while (bytes.n > 0) {
        ssize_t n = pwrite(z->fd, bytes.p, bytes.n, (off_t)z->written);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return err_errno(err, "cannot write the pyramid file");
        z->written += (uint64_t)n;
        bytes = str_slice(bytes, (size_t)n, bytes.n);
    }
    return true;
}

static bool flush(ZipWriter *z, Err *err)
{
    if (z->pending.full || z->directory.full)
        return err_set(err, ERR_LIMIT, "the pyramid file has too many entries");
    if (!write_out(z, buf_str(&z->pending), err))
        return false;
    buf_clear(&z->pending);
    return true;
}

bool zip_add(ZipWriter *z, Str name, Str bytes, PyramidSpan *ret, Err *err)
{
    if (bytes.n > UINT32_MAX - 1)
        return err_set(err, ERR_LIMIT, "entry " FMT_STR " of the pyramid file is too big", ARG_STR(name));
    uint64_t at = zip_at(z);
    bool far = at >= UINT32_MAX;
    uint32_t crc = (uint32_t)crc32_z(0, (const Bytef *)bytes.p, bytes.n);

    put32(&z->pending, 0x04034b50);
    put16(&z->pending, VERSION_PLAIN);
    put16(&z->pending, FLAG_UTF8);
    put16(&z->pending, 0); // stored
    put16(&z->pending, 0);
    put16(&z->pending, DOS_DATE_1980);
    put32(&z->pending, crc);
    put32(&z->pending, bytes.n);
    put32(&z->pending, bytes.n);
    put16(&z->pending, name.n);
    put16(&z->pending, 0);
    buf_add(&z->pending, name);
    ret->offset = zip_at(z);
    ret->size_bytes = bytes.n;
    buf_add(&z->pending, bytes);

    put32(&z->directory, 0x02014b50);
    put16(&z->directory, MADE_ON_UNIX | VERSION_ZIP64);
    put16(&z->directory, far ? VERSION_ZIP64 : VERSION_PLAIN);
    put16(&z->directory, FLAG_UTF8);
    put16(&z->directory, 0);
    put16(&z->directory, 0);
    put16(&z->directory, DOS_DATE_1980);
    put32(&z->directory, crc);
    put32(&z->directory, bytes.n);
    put32(&z->directory, bytes.n);
    put16(&z->directory, name.n);
    put16(&z->directory, far ? 12 : 0); // extra field
    put16(&z->directory, 0);            // comment
    put16(&z->directory, 0);            // disk
    put16(&z->directory, 0);
    put32(&z->directory, MODE_FILE_0644);
    put32(&z->directory, far ? UINT32_MAX : at);
    buf_add(&z->directory, name);
    if (far) {
        put16(&z->directory, 1); // zip64: only what did not fit
        put16(&z->directory, 8);
        put64(&z->directory, at);
    }
    z->entries++;
    return z->pending.n < PENDING_MAX_BYTES || flush(z, err);
}

bool zip_finish(ZipWriter *z, Err *err)
{
    if (!flush(z, err))
        return false;
    uint64_t directory_at = z->written, directory_bytes = z->directory.n;
    if (!write_out(z, buf_str(&z->directory), err))
        return false;
    uint64_t end_at = z->written;
    bool big = z->entries >= UINT16_MAX || directory_at >= UINT32_MAX || directory_bytes >= UINT32_MAX;
    if (big) {
        put32(&z->pending, 0x06064b50);
        put64(&z->pending, END64_BYTES - 12);
        put16(&z->pending, MADE_ON_UNIX | VERSION_ZIP64);
        put16(&z->pending, VERSION_ZIP64);
        put32(&z->pending, 0);
        put32(&z->pending, 0);
        put64(&z->pending, z->entries);
        put64(&z->pending, z->entries);
        put64(&z->pending, directory_bytes);
        put64(&z->pending, directory_at);
        put32(&z->pending, 0x07064b50);
        put32(&z->pending, 0);
        put64(&z->pending, end_at);
        put32(&z->pending, 1);
    }
    put32(&z->pending, 0x06054b50);
    put16(&z->pending, 0);
    put16(&z->pending, 0);
    put16(&z->pending, big ? UINT16_MAX : z->entries);
    put16(&z->pending, big ? UINT16_MAX : z->entries);
    put32(&z->pending, big ? UINT32_MAX : directory_bytes);
    put32(&z->pending, big ? UINT32_MAX : directory_at);
    put16(&z->pending, 0); // no comment: the end is where a reader looks for it
    return flush(z, err);
}

// ---- reading: only as much as leads to the directory

static uint64_t get(const uint8_t *p, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

bool zip_find_directory(int fd, uint64_t *ret_offset, Err *err)
{
    uint64_t size;
    uint8_t end[END_BYTES], locator[LOCATOR_BYTES], end64[END64_BYTES];
    if (!file_size(fd, &size, err))
        return false;
    if (size < END_BYTES)
        return err_set(err, ERR_CORRUPT, "the pyramid file ends too early");
    if (!file_read_at(fd, end, END_BYTES, size - END_BYTES, err))
        return false;
    if (get(end, 4) != 0x06054b50 || get(end + 20, 2) != 0)
        return err_set(err, ERR_CORRUPT, "the pyramid file has no end record");
    uint64_t at = get(end + 16, 4), bytes = get(end + 12, 4), end_at = size - END_BYTES;
    if (at == UINT32_MAX) {
        if (end_at < LOCATOR_BYTES + END64_BYTES)
            return err_set(err, ERR_CORRUPT, "the pyramid file has no zip64 record");
        if (!file_read_at(fd, locator, LOCATOR_BYTES, end_at - LOCATOR_BYTES, err))
            return false;
        end_at -= LOCATOR_BYTES + END64_BYTES;
        if (!file_read_at(fd, end64, END64_BYTES, end_at, err))
            return false;
        if (get(locator, 4) != 0x07064b50 || get(locator + 8, 8) != end_at || get(end64, 4) != 0x06064b50)
            return err_set(err, ERR_CORRUPT, "the pyramid file has a broken zip64 record");
        bytes = get(end64 + 40, 8);
        at = get(end64 + 48, 8);
    }
    if (at > end_at || end_at - at != bytes)
        return err_set(err, ERR_CORRUPT, "the pyramid file's directory is not where it should be");
    *ret_offset = at;
    return true;
}
