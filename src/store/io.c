// SPDX-License-Identifier: Apache-2.0
#include "store/io.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PATH_MAX_BYTES = 4096, TREE_DEPTH_MAX = 64 };

static int disk_make_folder(int dir, const char *path)
{
    return mkdirat(dir, path, 0777);
}

static int disk_create(int dir, const char *path)
{
    return openat(dir, path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
}

static ssize_t disk_write(int fd, const void *bytes, size_t count)
{
    return write(fd, bytes, count);
}

static int disk_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    return renameat(from_dir, from, to_dir, to);
}

static int disk_exchange(int from_dir, const char *from, int to_dir, const char *to)
{
    return renameat2(from_dir, from, to_dir, to, RENAME_EXCHANGE);
}

static int disk_remove(int dir, const char *path, int flags)
{
    return unlinkat(dir, path, flags);
}

static int disk_flush(int dir)
{
    return syncfs(dir);
}

static const StoreIo disk = {
    disk_make_folder, disk_create, disk_write, disk_rename, disk_exchange, disk_remove, disk_flush};
const StoreIo *store_io = &disk;

void store_io_use(const StoreIo *io)
{
    store_io = io ? io : &disk;
}

bool store_io_write_all(int fd, Str bytes, Err *err)
{
    while (bytes.n) {
        ssize_t put = store_io->write(fd, bytes.p, bytes.n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return err_errno(err, "writing");
        bytes = str_slice(bytes, (size_t)put, bytes.n);
    }
    return true;
}

bool store_io_make_parents(int dir, const char *path, Err *err)
{
    char part[PATH_MAX_BYTES];
    size_t n = strlen(path);
    if (n >= sizeof(part))
        return err_set(err, ERR_LIMIT, "a path of %zu bytes", n);
    memcpy(part, path, n + 1);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        if (store_io->make_folder(dir, part) < 0 && errno != EEXIST)
            return err_errno(err, "making %s", part);
        *slash = '/';
    }
    return true;
}

int store_io_create(int dir, const char *path, Err *err)
{
    int fd = store_io->create(dir, path);
    if (fd < 0 && errno == ENOENT) {
        if (!store_io_make_parents(dir, path, err))
            return -1;
        fd = store_io->create(dir, path);
    }
    return fd < 0 ? err_fd_errno(err, "%s", path) : fd;
}

bool store_io_write_file(int dir, const char *path, Str bytes, Err *err)
{
    CLEANUP(fd_closep) int fd = store_io_create(dir, path, err);
    return fd >= 0 && store_io_write_all(fd, bytes, err);
}

static bool remove_tree(int dir, const char *path, int depth, Err *err);

static bool remove_children(int dir, const char *path, int depth, Err *err)
{
    int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    if (!folder) {
        fd_close(fd);
        return errno == ENOENT || err_errno(err, "%s", path);
    }
    bool good = true;
    for (struct dirent *entry; good && (entry = readdir(folder));) {
        char child[PATH_MAX_BYTES];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (snprintf(child, sizeof(child), "%s/%s", path, entry->d_name) >= (int)sizeof(child))
            good = err_set(err, ERR_LIMIT, "the path below %s is too long", path);
        else
            good = remove_tree(dir, child, depth + 1, err);
    }
    closedir(folder);
    return good;
}

static bool remove_tree(int dir, const char *path, int depth, Err *err)
{
    if (depth > TREE_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "%s is too deep", path);
    if (store_io->remove(dir, path, 0) == 0 || errno == ENOENT)
        return true;
    if (errno != EISDIR && errno != EPERM)
        return err_errno(err, "removing %s", path);
    return remove_children(dir, path, depth, err) &&
           (store_io->remove(dir, path, AT_REMOVEDIR) == 0 || errno == ENOENT ||
               err_errno(err, "removing %s", path));
}

bool store_io_remove_tree(int dir, const char *path, Err *err)
{
    return remove_tree(dir, path, 0, err);
}
