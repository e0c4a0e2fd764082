// SPDX-License-Identifier: Apache-2.0
#include "ingest/textfile.h"

#include "base/file.h"

#include <stdlib.h>
#include <unicode/ucnv.h>
#include <unistd.h>

enum { PIECE_BYTES = 64 * 1024 };

struct TextFile {
    int fd;
    UConverter *from, *to; // NULL for UTF-8, which needs none
    char *window;
    size_t start, end, capacity; // what is at hand is window[start..end)
    uint64_t bytes_read;
    bool ended; // the file is
};

static bool scan_all(int fd, Encoding *ret, Err *err)
{
    CLEANUP(encoding_scan_free) EncodingScan scan = {0};
    char *piece = mem_alloc(PIECE_BYTES);
    ssize_t got;
    off_t at = 0;
    while ((got = pread(fd, piece, PIECE_BYTES, at)) > 0) {
        encoding_scan(&scan, (Str){piece, (size_t)got});
        at += got;
    }
    free(piece);
    if (got < 0)
        return err_errno(err, "reading");
    return encoding_decide(&scan, ret, err);
}

static bool open_converters(TextFile *t, Str encoding, Err *err)
{
    if (str_eq(encoding, S("UTF-8")))
        return true;
    char name[64];
    size_t count = MIN_OF(encoding.n, sizeof(name) - 1);
    memcpy(name, encoding.p, count);
    name[count] = '\0';
    UErrorCode status = U_ZERO_ERROR;
    t->from = ucnv_open(name, &status);
    t->to = ucnv_open("UTF-8", &status);
    if (U_FAILURE(status))
        return err_set(err, ERR_UNSUPPORTED, "the encoding %s cannot be read here", name);
    return true;
}

TextFile *textfile_open(int fd, Str encoding, Encoding *ret, Err *err)
{
    Encoding found = {.name = encoding};
    if (encoding.n == 0 && !scan_all(fd, &found, err))
        return NULL;
    char mark[3];
    if (encoding.n && pread(fd, mark, 3, 0) == 3 && str_eq(encoding, S("UTF-8")) &&
        memcmp(mark, "\xef\xbb\xbf", 3) == 0)
        found.mark_bytes = 3;
    CLEANUP(textfile_closep) TextFile *t = mem_alloc(sizeof(TextFile));
    t->fd = fd;
    t->capacity = 4 * PIECE_BYTES;
    t->window = mem_grow(NULL, t->capacity, 1);
    t->bytes_read = found.mark_bytes;
    if (!open_converters(t, found.name, err))
        return NULL;
    *ret = found;
    TextFile *made = t;
    t = NULL;
    return made;
}

void textfile_close(TextFile *t)
{
    if (!t)
        return;
    ucnv_close(t->from);
    ucnv_close(t->to);
    free(t->window);
    free(t);
}

void textfile_closep(TextFile **t)
{
    textfile_close(*t);
    *t = NULL;
}

Str textfile_window(const TextFile *t)
{
    return (Str){t->window + t->start, t->end - t->start};
}

bool textfile_at_end(const TextFile *t)
{
    return t->ended;
}

uint64_t textfile_bytes_read(const TextFile *t)
{
    return t->bytes_read;
}

void textfile_skip(TextFile *t, size_t count)
{
    assert(count <= t->end - t->start);
    t->start += count;
}

static void make_room(TextFile *t, size_t want)
{
    if (t->start > 0) {
        memmove(t->window, t->window + t->start, t->end - t->start);
        t->end -= t->start;
        t->start = 0;
    }
    if (t->capacity - t->end >= want)
        return;
    while (t->capacity - t->end < want)
        t->capacity *= 2;
    t->window = mem_grow(t->window, t->capacity, 1);
}

// Every encoding grows at most threefold on its way to UTF-8 (a byte of windows-1252 can become three).
static bool convert(TextFile *t, const char *piece, size_t count, Err *err)
{
    make_room(t, count * 3 + 16);
    UErrorCode status = U_ZERO_ERROR;
    char *to = t->window + t->end;
    const char *from = piece;
    UChar pivot[2048];
    UChar *pivot_from = pivot, *pivot_to = pivot;
    ucnv_convertEx(t->to, t->from, &to, t->window + t->capacity, &from, piece + count, pivot, &pivot_from,
        &pivot_to, pivot + COUNT_OF(pivot), false, t->ended, &status);
    if (U_FAILURE(status))
        return err_set(err, ERR_CORRUPT, "the text cannot be read in its encoding: %s", u_errorName(status));
    t->end = (size_t)(to - t->window);
    return true;
}

bool textfile_more(TextFile *t, size_t max_bytes, Err *err)
{
    if (t->end - t->start >= max_bytes)
        return err_set(err, ERR_LIMIT, "longer than %zu bytes", max_bytes);
    if (t->ended)
        return true;
    char piece[PIECE_BYTES];
    char *to = piece;
    if (!t->from) {
        make_room(t, PIECE_BYTES);
        to = t->window + t->end;
    }
    ssize_t got = pread(t->fd, to, PIECE_BYTES, (off_t)t->bytes_read);
    if (got < 0)
        return err_errno(err, "reading");
    t->bytes_read += (uint64_t)got;
    t->ended = got == 0;
    if (t->from)
        return convert(t, piece, (size_t)got, err);
    t->end += (size_t)got;
    return true;
}
