// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { PATH_BYTES_MAX = 4096 };

void fd_close(int fd)
{
    if (fd >= 0)
        close(fd);
}

void fd_closep(int *fd)
{
    fd_close(*fd);
    *fd = -1;
}

int fd_take(int *fd)
{
    int taken = *fd;
    *fd = -1;
    return taken;
}

// Hands on a descriptor of a regular file; closes and refuses anything else.
static int regular_only(int opened, const char *path, Err *err)
{
    CLEANUP(fd_closep) int fd = opened;
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_fd_errno(err, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_fd(err, ERR_INVALID, "%s is not a regular file", path);
    return fd_take(&fd);
}

int file_open(int dir, const char *path, Err *err)
{
    int fd = openat(dir, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_fd_errno(err, "%s", path);
    return regular_only(fd, path, err);
}

int file_append(int dir, const char *path, Err *err)
{
    int fd = openat(dir, path, O_RDWR | O_APPEND | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return err_fd_errno(err, "%s", path);
    return regular_only(fd, path, err);
}

int file_open_beneath(int dir, Str path, Err *err)
{
    char name[PATH_BYTES_MAX];
    if (path.n == 0 || path.n >= sizeof(name) || memchr(path.p, '\0', path.n))
        return err_fd(err, ERR_INVALID, "not a file name: " FMT_STR, ARG_STR(str_slice(path, 0, 200)));
    memcpy(name, path.p, path.n);
    name[path.n] = '\0';
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS};
    int fd = (int)syscall(SYS_openat2, dir, name, &how, sizeof(how));
    if (fd < 0 && errno == EXDEV)
        return err_fd(err, ERR_INVALID, "%s leads out of the folder", name);
    if (fd < 0)
        return err_fd_errno(err, "%s", name);
    return regular_only(fd, name, err);
}

int dir_open(int dir, const char *path, Err *err)
{
    int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return err_fd_errno(err, "%s", path);
    return fd;
}

bool dir_make(int dir, const char *path, Err *err)
{
    char part[PATH_BYTES_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof(part))
        return err_set(err, ERR_INVALID, "not a folder name");
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != '\0')
            continue;
        char kept = part[i];
        part[i] = '\0';
        if (mkdirat(dir, part, 0777) < 0 && errno != EEXIST)
            return err_errno(err, "making %s", part);
        part[i] = kept;
    }
    return true;
}

bool file_read_at(int fd, void *to, size_t count, uint64_t offset, Err *err)
{
    char *at = to;
    while (count) {
        ssize_t got = pread(fd, at, count, (off_t)offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_errno(err, "reading");
        if (got == 0)
            return err_set(err, ERR_CORRUPT, "the file ends %zu bytes too early", count);
        at += got;
        count -= (size_t)got;
        offset += (uint64_t)got;
    }
    return true;
}

bool file_size(int fd, uint64_t *ret_bytes, Err *err)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return err_errno(err, "reading the size");
    *ret_bytes = (uint64_t)st.st_size;
    return true;
}

bool file_read_all(int fd, size_t max_bytes, Arena *a, Str *ret, Err *err)
{
    uint64_t size;
    if (!file_size(fd, &size, err))
        return false;
    if (size > max_bytes)
        return err_set(
            err, ERR_LIMIT, "the file has %llu bytes, the limit is %zu", (unsigned long long)size, max_bytes);
    char *p = arena_alloc(a, (size_t)size + 1);
    if (!file_read_at(fd, p, (size_t)size, 0, err))
        return false;
    *ret = (Str){p, (size_t)size};
    return true;
}

bool file_write_all(int fd, Str bytes, Err *err)
{
    while (bytes.n) {
        ssize_t put = write(fd, bytes.p, bytes.n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_errno(err, "writing");
        bytes = str_slice(bytes, (size_t)put, bytes.n);
    }
    return true;
}

bool file_replace(int dir, const char *name, Str bytes, bool durable, Err *err)
{
    char beside[PATH_BYTES_MAX];
    if (snprintf(beside, sizeof(beside), "%s.new", name) >= (int)sizeof(beside))
        return err_set(err, ERR_INVALID, "the file name is too long");
    CLEANUP(fd_closep) int fd = openat(dir, beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_errno(err, "%s", beside);
    bool written = file_write_all(fd, bytes, err) &&
                   (!durable || fsync(fd) == 0 || err_errno(err, "flushing %s", beside)) &&
                   (renameat(dir, beside, dir, name) == 0 || err_errno(err, "renaming %s", beside));
    if (!written) {
        unlinkat(dir, beside, 0);
        return false;
    }
    return !durable || fsync(dir) == 0 || errno == EINVAL ||
           err_errno(err, "flushing the folder of %s", name);
}

int file_lock(int dir, const char *name, Err *err)
{
    CLEANUP(fd_closep) int fd = openat(dir, name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0)
        return err_fd_errno(err, "%s", name);
    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        return errno == EWOULDBLOCK ? err_fd(err, ERR_BUSY, "%s is in use by another process", name)
                                    : err_fd_errno(err, "locking %s", name);
    return fd_take(&fd);
}

int file_create(int dir, const char *name, Err *err)
{
    int fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    return fd < 0 ? err_fd_errno(err, "making %s", name) : fd;
}

int file_unnamed(Err *err)
{
    const char *where = getenv("TMPDIR");
    if (!where || !*where)
        where = "/var/tmp";
    int fd = open(where, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    return fd < 0 ? err_fd_errno(err, "making a file in %s", where) : fd;
}

bool file_sync(int fd, Err *err)
{
    return fdatasync(fd) == 0 || err_errno(err, "flushing");
}

bool file_remove(int dir, const char *name, Err *err)
{
    return unlinkat(dir, name, 0) == 0 || errno == ENOENT || err_errno(err, "removing %s", name);
}

bool dir_files(int dir, Arena *a, Str **ret_names, size_t *ret_count, Err *err)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) {
        fd_close(fd);
        return err_errno(err, "reading the folder");
    }
    Str *names = NULL;
    size_t count = 0, capacity = 0;
    for (const struct dirent *entry; (entry = readdir(d));) {
        struct stat st;
        if (fstatat(dir, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode))
            *arena_push(a, &names, &count, &capacity) = arena_copy(a, str_from(entry->d_name));
    }
    closedir(d);
    *ret_names = names;
    *ret_count = count;
    return true;
}
