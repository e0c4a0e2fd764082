// SPDX-License-Identifier: Apache-2.0
#include "store/place.h"

#include "base/file.h"
#include "store/bucket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DEPTH_MAX = 64, ENTRIES_MAX = 2000000 };

// ---- a folder

static bool disk_read(Store *s, const char *path, bool forget, S3Take *take, void *ctx, Err *err)
{
    CLEANUP(fd_closep) int fd = store_file_open(s->vault, path, err);
    if (fd < 0)
        return false;
    char *block = mem_grow(NULL, 1, STORE_COPY_BYTES);
    uint64_t offset = 0;
    ssize_t got;
    bool good = true;
    posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);
    while (good && (got = pread(fd, block, STORE_COPY_BYTES, (off_t)offset)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            good = err_errno(err, "reading at byte %llu", (unsigned long long)offset);
            break;
        }
        good = take(ctx, (Str){block, (size_t)got}, err);
        offset += (uint64_t)got;
    }
    free(block);
    if (forget)
        posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    return good;
}

static PlaceEntry disk_look(Store *s, const char *folder, const char *name, Arena *a)
{
    struct stat st;
    const char *path = arena_printf(a, "%s/%s", folder, name).p;
    PlaceEntry entry = {.path = str_from(name), .kind = PLACE_UNKNOWN};
    if (fstatat(s->vault, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return entry;
    entry.kind = S_ISDIR(st.st_mode) ? PLACE_FOLDER : S_ISREG(st.st_mode) ? PLACE_FILE : PLACE_OTHER;
    entry.size_bytes = (uint64_t)st.st_size;
    return entry;
}

static bool disk_list(Store *s, const char *folder, Arena *a, PlaceEntry **ret, size_t *ret_count, Err *err)
{
    Str *names;
    size_t count;
    if (!store_names(s->vault, folder, a, &names, &count, err))
        return false;
    *ret = arena_array(a, PlaceEntry, count + 1);
    for (size_t i = 0; i < count; i++)
        (*ret)[i] = disk_look(s, folder, names[i].p, a);
    *ret_count = count;
    return true;
}

typedef struct {
    Store *store;
    Arena *arena;
    PlaceEntry *entries;
    size_t count, capacity;
} Tree;

static void add(Tree *t, const char *path, PlaceKind kind, uint64_t size_bytes)
{
    *arena_push(t->arena, &t->entries, &t->count, &t->capacity) =
        (PlaceEntry){.path = str_from(path), .kind = kind, .size_bytes = size_bytes};
}

// below: from the folder that was asked for; empty for that folder itself.
static bool disk_tree(Tree *t, const char *folder, const char *below, int depth, Err *err)
{
    PlaceEntry *entries;
    size_t count;
    if (!disk_list(t->store, folder, t->arena, &entries, &count, err))
        return false;
    if (count == 0)
        add(t, below, PLACE_FOLDER, 0);
    if (t->count + count > ENTRIES_MAX)
        return err_set(err, ERR_LIMIT, "%s has more than %d files", folder, ENTRIES_MAX);
    for (size_t i = 0; i < count; i++) {
        Err why = {0};
        const char *path =
            *below ? arena_printf(t->arena, "%s/%s", below, entries[i].path.p).p : entries[i].path.p;
        const char *child = arena_printf(t->arena, "%s/%s", folder, entries[i].path.p).p;
        if (entries[i].kind != PLACE_FOLDER)
            add(t, path, entries[i].kind, entries[i].size_bytes);
        else if (depth >= DEPTH_MAX || !disk_tree(t, child, path, depth + 1, &why))
            add(t, path, PLACE_UNKNOWN, 0);
    }
    return true;
}

// ---- either

bool place_read(Store *s, const char *path, bool forget, S3Take *take, void *ctx, Err *err)
{
    return s->bucket ? bucket_read(s->bucket, path, take, ctx, err)
                     : disk_read(s, path, forget, take, ctx, err);
}

bool place_list(Store *s, const char *folder, Arena *a, PlaceEntry **ret, size_t *ret_count, Err *err)
{
    return s->bucket ? bucket_list(s->bucket, folder, a, ret, ret_count, err)
                     : disk_list(s, folder, a, ret, ret_count, err);
}

bool place_tree(Store *s, const char *folder, Arena *a, PlaceEntry **ret, size_t *ret_count, Err *err)
{
    if (s->bucket)
        return bucket_tree(s->bucket, folder, a, ret, ret_count, err);
    Tree t = {.store = s, .arena = a};
    if (!disk_tree(&t, folder, "", 0, err))
        return false;
    *ret = t.entries;
    *ret_count = t.count;
    return true;
}

bool place_is_about_the_way(const Store *s, const Err *err)
{
    return s->bucket && (err->kind == ERR_IO || err->kind == ERR_DENIED || err->kind == ERR_BUSY);
}

static bool take_text(void *ctx, Str bytes, Err *err)
{
    Buf *out = ctx;
    buf_add(out, bytes);
    return !out->full || err_set(err, ERR_LIMIT, "the file is longer than %zu bytes", out->max);
}

bool place_read_all(Store *s, const char *path, size_t max_bytes, Arena *a, Str *ret, Err *err)
{
    if (!s->bucket) {
        CLEANUP(fd_closep) int fd = store_file_open(s->vault, path, err);
        return fd >= 0 && file_read_all(fd, max_bytes, a, ret, err);
    }
    CLEANUP(buf_free) Buf out = buf_with_max(max_bytes);
    return place_read(s, path, false, take_text, &out, err) && buf_into(&out, a, ret, err);
}

typedef struct {
    Sha512Stream *stream;
    uint64_t bytes;
} Digesting;

static bool take_digest(void *ctx, Str bytes, Err *err)
{
    Digesting *d = ctx;
    (void)err;
    sha512_add(d->stream, bytes);
    d->bytes += bytes.n;
    return true;
}

bool place_digest(Store *s, const char *path, Sha512 *ret, uint64_t *ret_bytes, Err *err)
{
    CLEANUP(sha512_closep) Sha512Stream *stream = sha512_open();
    Digesting d = {stream, 0};
    if (!place_read(s, path, false, take_digest, &d, err))
        return false;
    *ret = sha512_finish(stream);
    stream = NULL;
    *ret_bytes = d.bytes;
    return true;
}
