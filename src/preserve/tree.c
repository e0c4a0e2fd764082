// SPDX-License-Identifier: Apache-2.0
#include "preserve/tree.h"

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

TreeKind tree_kind(int dir, const char *path)
{
    struct stat st;
    if (fstatat(dir, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return TREE_NOTHING;
    if (S_ISREG(st.st_mode))
        return TREE_FILE;
    return S_ISDIR(st.st_mode) ? TREE_FOLDER : TREE_OTHER;
}

int tree_open_folder(int dir, const char *path, Err *err)
{
    return dir_open(dir, path, err);
}

int tree_open_file(int dir, const char *path, Err *err)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    CLEANUP(fd_closep) int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
    struct stat st;
    if (fd < 0 && (errno == ELOOP || errno == EXDEV))
        return err_fd(err, ERR_CORRUPT, "%s is a link or leads out of the folder", path);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_fd_errno(err, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_fd(err, ERR_CORRUPT, "%s is not a regular file", path);
    return fd_take(&fd);
}

int tree_open_beneath(int dir, Str path, Err *err)
{
    char name[TREE_PATH_MAX_BYTES];
    if (path.n == 0 || path.n >= sizeof(name) || memchr(path.p, '\0', path.n))
        return err_fd(err, ERR_CORRUPT, "not a file name: " FMT_STR, ARG_STR(str_slice(path, 0, 200)));
    memcpy(name, path.p, path.n);
    name[path.n] = '\0';
    return tree_open_file(dir, name, err);
}

static int compare_names(const void *a, const void *b)
{
    const Str *x = a, *y = b;
    return str_compare(*x, *y);
}

bool tree_names(int dir, const char *path, Arena *a, Str **ret, size_t *ret_count, Err *err)
{
    int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    size_t count = 0, capacity = 0;
    if (!folder) {
        int why = errno;
        fd_close(fd);
        errno = why;
        return err_errno(err, "%s", path);
    }
    *ret = NULL;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(folder)); errno = 0)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            *arena_push(a, ret, &count, &capacity) = str_from(arena_cstr(a, str_from(entry->d_name)));
    int why = errno;
    closedir(folder);
    errno = why;
    if (why)
        return err_errno(err, "reading the folder %s", path);
    if (count)
        qsort(*ret, count, sizeof(**ret), compare_names);
    *ret_count = count;
    return true;
}

static bool each(int dir, Str path, int depth, TreeVisit *visit, void *ctx, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(arena_closep) Arena *one = arena_open();
    Str *names;
    size_t count;
    if (depth > TREE_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, FMT_STR " is too deep", ARG_STR(path));
    if (!tree_names(dir, path.n ? path.p : ".", a, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        arena_reset(one);
        Str child = path.n ? arena_printf(one, FMT_STR "/%s", ARG_STR(path), names[i].p) : names[i];
        TreeKind kind = tree_kind(dir, child.p);
        if (kind == TREE_OTHER)
            return err_set(err, ERR_CORRUPT, FMT_STR " is a link or a device", ARG_STR(child));
        if (kind == TREE_FOLDER ? !each(dir, child, depth + 1, visit, ctx, err) : !visit(ctx, child, err))
            return false;
    }
    return true;
}

bool tree_each_file(int dir, TreeVisit *visit, void *ctx, Err *err)
{
    return each(dir, (Str){0}, 0, visit, ctx, err);
}
