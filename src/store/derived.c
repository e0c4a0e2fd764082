// SPDX-License-Identifier: Apache-2.0
//   home/derived/abc/<sha512 of the master>.pyramid     .pyramid2: of its second page
//   home/derived/draft/<random>     being written; gone at the next open if nobody holds it
#include "store/derived.h"

#include "base/clock.h"
#include "base/file.h"
#include "store/int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

struct Derived {
    int folder, drafts;
};

// A draft is locked by the process that writes it; a lock that can be had means that its writer is dead.
static void tidy(int drafts)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err ignored = {0};
    Str *names;
    size_t count;
    if (!store_names(drafts, ".", a, &names, &count, &ignored))
        return;
    for (size_t i = 0; i < count; i++) {
        CLEANUP(fd_closep)
        int fd = openat(drafts, names[i].p, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
            unlinkat(drafts, names[i].p, 0);
    }
}

Derived *derived_open(const char *home_path, bool create, Err *err)
{
    CLEANUP(fd_closep) int home = dir_open(AT_FDCWD, home_path, err);
    if (home < 0 || (create && !dir_make(home, "derived/draft", err)))
        return NULL;
    CLEANUP(fd_closep) int folder = dir_open(home, "derived", err);
    CLEANUP(fd_closep) int drafts = folder < 0 ? -1 : dir_open(folder, "draft", err);
    if (drafts < 0)
        return NULL;
    tidy(drafts);
    Derived *d = mem_alloc(sizeof(*d));
    *d = (Derived){.folder = fd_take(&folder), .drafts = fd_take(&drafts)};
    return d;
}

void derived_close(Derived *d)
{
    if (!d)
        return;
    fd_close(d->drafts);
    fd_close(d->folder);
    free(d);
}

// "abc/<hex>.<kind>"
typedef struct {
    char text[4 + 2 * SHA512_BYTES + 1 + DERIVED_KIND_MAX_BYTES + 1];
} DerivedPath;

static bool path_of(const Sha512 *master, const char *kind, DerivedPath *ret, Err *err)
{
    size_t n = strlen(kind);
    if (n == 0 || n > DERIVED_KIND_MAX_BYTES || strspn(kind, "abcdefghijklmnopqrstuvwxyz0123456789") != n)
        return err_set(err, ERR_INVALID, "not a kind of derived file: %s", kind);
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str hex = sha512_hex(a, master);
    snprintf(ret->text, sizeof(ret->text), "%.3s/" FMT_STR ".%s", hex.p, ARG_STR(hex), kind);
    return true;
}

DerivedKind derived_kind(const char *kind, int page)
{
    DerivedKind k;
    int n = page > 1 ? snprintf(k.text, sizeof(k.text), "%s%d", kind, page)
                     : snprintf(k.text, sizeof(k.text), "%s", kind);
    assert(n > 0 && (size_t)n < sizeof(k.text));
    return k;
}

int derived_find(Derived *d, const Sha512 *master, const char *kind, Err *err)
{
    DerivedPath path;
    return path_of(master, kind, &path, err) ? file_open(d->folder, path.text, err) : -1;
}

bool derived_draft_open(Derived *d, DerivedDraft *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    DerivedDraft draft;
    snprintf(draft.name, sizeof(draft.name), FMT_STR, ARG_STR(random_hex(a, 16)));
    draft.fd = openat(d->drafts, draft.name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (draft.fd < 0)
        return err_errno(err, "derived/draft/%s", draft.name);
    if (flock(draft.fd, LOCK_EX | LOCK_NB) < 0) {
        derived_draft_drop(d, &draft);
        return err_errno(err, "locking derived/draft/%s", draft.name);
    }
    *ret = draft;
    return true;
}

// Flushed before it gets its name: what is found must be whole. The folder is not flushed; a name that is
// lost in a power cut is made again.
bool derived_draft_keep(Derived *d, DerivedDraft *draft, const Sha512 *master, const char *kind, Err *err)
{
    DerivedPath path;
    if (!path_of(master, kind, &path, err))
        return false;
    if (fdatasync(draft->fd) < 0)
        return err_errno(err, "flushing a derived file");
    if (renameat(d->drafts, draft->name, d->folder, path.text) < 0) {
        if (errno != ENOENT || !store_io_make_parents(d->folder, path.text, err) ||
            renameat(d->drafts, draft->name, d->folder, path.text) < 0)
            return err_errno(err, "keeping derived/%s", path.text);
    }
    draft->name[0] = '\0';
    fd_closep(&draft->fd);
    return true;
}

void derived_draft_drop(Derived *d, DerivedDraft *draft)
{
    if (draft->name[0])
        unlinkat(d->drafts, draft->name, 0);
    draft->name[0] = '\0';
    fd_closep(&draft->fd);
}

bool derived_erase(Derived *d, const Sha512 *master, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str *names, hex = sha512_hex(a, master);
    size_t count;
    Err why = {0};
    const char *folder = arena_cstr(a, str_slice(hex, 0, 3));
    if (!store_names(d->folder, folder, a, &names, &count, &why)) {
        *err = why;
        return why.kind == ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < count; i++) {
        const char *path = arena_printf(a, "%s/%s", folder, names[i].p).p;
        if (str_starts(names[i], hex) && unlinkat(d->folder, path, 0) < 0 && errno != ENOENT)
            return err_errno(err, "removing derived/%s", path);
    }
    return true;
}

static bool add_folder(Derived *d, const char *name, uint64_t *files, uint64_t *bytes, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int folder = dir_open(d->folder, name, err);
    Str *names;
    size_t count;
    if (folder < 0 || !store_names(folder, ".", a, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        struct stat st;
        if (fstatat(folder, names[i].p, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode)) {
            *files += 1;
            *bytes += (uint64_t)st.st_size;
        }
    }
    return true;
}

bool derived_size(Derived *d, uint64_t *ret_files, uint64_t *ret_bytes, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str *names;
    size_t count;
    uint64_t files = 0, bytes = 0;
    if (!store_names(d->folder, ".", a, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (names[i].n == 3 && !add_folder(d, names[i].p, &files, &bytes, err))
            return false;
    *ret_files = files;
    *ret_bytes = bytes;
    return true;
}
