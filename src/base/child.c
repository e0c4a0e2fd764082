// SPDX-License-Identifier: Apache-2.0
#include "base/child.h"

#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

bool child_find(const char *name, char ret[PATH_MAX], Err *err)
{
    static const char *const places[] = {"", "../libexec/vitrine/", "../"}; // the last: programs of the tests
    char self[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
    if (n < 0)
        return err_errno(err, "cannot find our own program file");
    self[n] = '\0';
    char *slash = strrchr(self, '/');
    if (!slash)
        return err_set(err, ERR_IO, "our own program file has no folder");
    slash[1] = '\0';
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        int length = snprintf(ret, PATH_MAX, "%s%s%s", self, places[i], name);
        if (length > 0 && length < PATH_MAX && access(ret, X_OK) == 0)
            return true;
    }
    return err_set(err, ERR_NOT_FOUND, "the program %s is missing beside this one", name);
}

static int place_descriptors(
    posix_spawn_file_actions_t *files, int socket, const int *extras, int extras_count)
{
    int code = posix_spawn_file_actions_adddup2(files, socket, CHILD_SOCKET_FD);
    for (int i = 0; i < extras_count && code == 0; i++)
        code = posix_spawn_file_actions_adddup2(files, extras[i], CHILD_EXTRA_FD + i);
    for (int fd = 0; fd < CHILD_SOCKET_FD && code == 0; fd++)
        code = posix_spawn_file_actions_addopen(files, fd, "/dev/null", fd ? O_WRONLY : O_RDONLY, 0);
    if (code == 0)
        code = posix_spawn_file_actions_addclosefrom_np(files, CHILD_EXTRA_FD + extras_count);
    return code;
}

static bool spawn(const char *program, char *const argv[], int socket, const int *extras, int extras_count,
    pid_t *ret, Err *err)
{
    char *envp[] = {NULL};
    posix_spawn_file_actions_t files;
    posix_spawnattr_t how;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawnattr_init(&how);
    posix_spawnattr_setflags(&how, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setsigmask(&how, &none);
    posix_spawnattr_setsigdefault(&how, &all);
    int code = place_descriptors(&files, socket, extras, extras_count);
    if (code == 0)
        code = posix_spawn(ret, program, &files, &how, argv, envp);
    posix_spawn_file_actions_destroy(&files);
    posix_spawnattr_destroy(&how);
    errno = code;
    return code == 0 || err_errno(err, "cannot start a caged program");
}

// A descriptor that already has the number it shall get would keep close-on-exec, and one that has another's
// would be overwritten: copies above them all.
static int copy_above(int fd)
{
    return fcntl(fd, F_DUPFD_CLOEXEC, CHILD_EXTRA_FD + CHILD_EXTRAS_MAX);
}

static bool start_with(const char *program, char *const argv[], int socket, const int *extras,
    int extras_count, pid_t *ret, Err *err)
{
    int copies[CHILD_EXTRAS_MAX];
    int made = 0;
    assert(extras_count <= CHILD_EXTRAS_MAX);
    while (made < extras_count && (copies[made] = copy_above(extras[made])) >= 0)
        made++;
    bool good = made == extras_count ? spawn(program, argv, socket, copies, made, ret, err)
                                     : err_errno(err, "cannot copy a descriptor");
    for (int i = 0; i < made; i++)
        fd_close(copies[i]);
    return good;
}

bool child_start(
    const char *program, char *const argv[], const int *extras, int extras_count, Child *ret, Err *err)
{
    int pair[2];
    *ret = (Child){.socket = -1};
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
        return err_errno(err, "cannot make a socket pair");
    CLEANUP(fd_closep) int ours = pair[0];
    CLEANUP(fd_closep) int theirs = copy_above(pair[1]);
    fd_close(pair[1]);
    pid_t pid = 0;
    if (theirs < 0)
        return err_errno(err, "cannot make a socket pair");
    if (!start_with(program, argv, theirs, extras, extras_count, &pid, err))
        return false;
    *ret = (Child){.pid = pid, .socket = fd_take(&ours)};
    return true;
}

int child_end(Child *c, int64_t *ret_peak_kb)
{
    int status = 0;
    struct rusage used = {0};
    kill(c->pid, SIGKILL);
    while (wait4(c->pid, &status, 0, &used) < 0 && errno == EINTR)
        ;
    fd_close(c->socket);
    *c = (Child){.socket = -1};
    if (ret_peak_kb)
        *ret_peak_kb = used.ru_maxrss;
    return status;
}

bool child_has_ended(const Child *c)
{
    struct pollfd ready = {.fd = c->socket, .events = POLLIN};
    return poll(&ready, 1, 0) != 0;
}
