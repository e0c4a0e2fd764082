// SPDX-License-Identifier: Apache-2.0
// One page of a TIFF as a file that has only this page. libtiff and libvips find a page by reading the
// directories of all before it, which makes a file of n pages n times n directories of work; here two offsets
// are exchanged while the file is read: that of the first directory, and in the page's directory that of the
// next one.
#include "image/cage/child.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <vips/vips.h>

typedef struct {
    uint64_t at;
    uint8_t bytes[8];
} Patch;

typedef struct {
    int fd, offset_bytes;
    int64_t position, size_bytes;
    Patch patches[2];
} PageFile;

static void put_offset(Patch *p, const TiffLook *look, uint64_t at, uint64_t value)
{
    p->at = at;
    for (int i = 0; i < look->offset_bytes; i++)
        p->bytes[look->big_endian ? look->offset_bytes - 1 - i : i] = (uint8_t)(value >> 8 * i);
}

// What of the patch lies in the bytes read.
static void apply(const PageFile *f, const Patch *p, uint8_t *to, int64_t count)
{
    for (int i = 0; i < f->offset_bytes; i++) {
        int64_t at = (int64_t)p->at + i - f->position;
        if (at >= 0 && at < count)
            to[at] = p->bytes[i];
    }
}

static gint64 read_page(VipsSourceCustom *source, void *to, gint64 count, void *user)
{
    PageFile *f = user;
    (void)source;
    ssize_t n;
    do
        n = pread(f->fd, to, (size_t)count, f->position);
    while (n < 0 && errno == EINTR);
    if (n <= 0)
        return n;
    for (size_t i = 0; i < COUNT_OF(f->patches); i++)
        apply(f, &f->patches[i], to, n);
    f->position += n;
    return n;
}

static gint64 seek_page(VipsSourceCustom *source, gint64 offset, int whence, void *user)
{
    PageFile *f = user;
    (void)source;
    int64_t from = whence == SEEK_SET ? 0 : whence == SEEK_CUR ? f->position : f->size_bytes;
    if (offset < -from || offset > INT64_MAX - from)
        return -1;
    f->position = from + offset;
    return f->position;
}

static void forget(void *user, GClosure *closure)
{
    (void)closure;
    free(user);
}

VipsSource *tiff_page_source(const Task *task, const TiffLook *look, int page)
{
    VipsSourceCustom *source = vips_source_custom_new();
    if (!source)
        return NULL;
    PageFile *f = mem_alloc(sizeof(*f));
    f->fd = task->from;
    f->offset_bytes = look->offset_bytes;
    f->size_bytes = (int64_t)task->from_bytes;
    put_offset(&f->patches[0], look, look->first_at, look->page[page].at);
    put_offset(&f->patches[1], look, look->page[page].next_at, 0);
    g_signal_connect_data(source, "read", G_CALLBACK(read_page), f, forget, (GConnectFlags)0);
    g_signal_connect(source, "seek", G_CALLBACK(seek_page), f);
    return VIPS_SOURCE(source);
}
