// SPDX-License-Identifier: Apache-2.0
#include "base/process.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

// /proc says 0 for the size of its files, so this reads until there is no more.
static Str read_small(const char *path, char *room, size_t size)
{
    CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, room, size);
    return got > 0 ? (Str){room, (size_t)got} : (Str){0};
}

// Field 22 of /proc/<pid>/stat, counted behind the name, which is in brackets and may hold anything.
static Str start_of(int pid, char *room, size_t size)
{
    enum { FIELDS_BEHIND_NAME = 20 };
    char path[64];
    Str name, rest, field = {0};
    snprintf(path, sizeof(path), "/proc/%d/stat", pid);
    Str stat = read_small(path, room, size);
    if (!str_cut_last(stat, ')', &name, &rest))
        return (Str){0};
    rest = str_trim(rest);
    for (int i = 0; i < FIELDS_BEHIND_NAME; i++)
        if (!str_next(&rest, ' ', &field))
            return (Str){0};
    return field;
}

static void write_tag(int pid, ProcessTag *to)
{
    char boot_room[64], stat_room[1024];
    Str boot = str_trim(read_small("/proc/sys/kernel/random/boot_id", boot_room, sizeof(boot_room)));
    Str start = start_of(pid, stat_room, sizeof(stat_room));
    snprintf(to->text, sizeof(to->text), FMT_STR ":%d:" FMT_STR, ARG_STR(boot), pid, ARG_STR(start));
}

ProcessTag process_tag(void)
{
    ProcessTag tag;
    write_tag(getpid(), &tag);
    return tag;
}

bool process_is_alive(Str tag)
{
    Str boot, pid_text, start;
    int pid;
    ProcessTag now;
    if (!str_cut(tag, ':', &boot, &start) || !str_cut(start, ':', &pid_text, &start) || start.n == 0 ||
        !str_to_int(pid_text, 1, INT32_MAX, &pid))
        return false;
    write_tag(pid, &now);
    return str_eq(tag, str_from(now.text));
}
