// SPDX-License-Identifier: Apache-2.0
// The bars: what a decoder that has been taken over cannot do. Each is independent of the others.
//
//   RLIMIT_DATA, _CORE, _NOFILE   no more memory than allowed, no core dump with somebody's picture in it
//   PR_SET_PDEATHSIG              ends with the program that started it
//   no_new_privs                  nothing it could run would have more rights
//   Landlock                      no path at all, not even below the working folder
//   seccomp                       an allow-list: read, write, memory, threads of its own; the rest kills
#include "base/bars.h"

#include <errno.h>
#include <linux/landlock.h>
#include <malloc.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FILES_MAX = 64, ARENAS_MAX = 2, BIG_BLOCK_BYTES = 256 << 10 };

// Rights that the kernel may know and this system's headers may not.
#define LANDLOCK_FS_RIGHT_REFER (UINT64_C(1) << 13)     // since ABI 2
#define LANDLOCK_FS_RIGHT_TRUNCATE (UINT64_C(1) << 14)  // since ABI 3
#define LANDLOCK_FS_RIGHT_IOCTL_DEV (UINT64_C(1) << 15) // since ABI 5
#define LANDLOCK_FS_RIGHTS_ABI1 ((UINT64_C(1) << 13) - 1)
#define LANDLOCK_NET_RIGHTS_ABI4 UINT64_C(3) // bind and connect TCP
#define LANDLOCK_SCOPES_ABI6 UINT64_C(3)     // abstract sockets and signals to outside

bool bars_limit(int memory_mb, Err *err)
{
    struct {
        int what;
        rlim_t max;
    } limits[] = {
        {RLIMIT_DATA, (rlim_t)memory_mb << 20},
        {RLIMIT_CORE, 0},
        {RLIMIT_NOFILE, FILES_MAX},
    };
    for (size_t i = 0; i < COUNT_OF(limits); i++) {
        struct rlimit limit = {limits[i].max, limits[i].max};
        if (setrlimit((__rlimit_resource_t)limits[i].what, &limit) < 0)
            return err_errno(err, "cannot set a limit");
    }
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
        prctl(PR_SET_DUMPABLE, 0) < 0)
        return err_errno(err, "cannot give up privileges");
    // Few arenas, and big blocks go back to the kernel: a child that has seen one giant picture is small
    // again.
    mallopt(M_ARENA_MAX, ARENAS_MAX);
    mallopt(M_MMAP_THRESHOLD, BIG_BLOCK_BYTES);
    return true;
}

static bool close_paths(Err *err)
{
    struct {
        uint64_t fs, net, scoped;
    } rights = {.fs = LANDLOCK_FS_RIGHTS_ABI1};
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (abi < 0)
        return true; // a kernel without Landlock: seccomp alone refuses every path
    size_t bytes = sizeof(rights.fs);
    if (abi >= 2)
        rights.fs |= LANDLOCK_FS_RIGHT_REFER;
    if (abi >= 3)
        rights.fs |= LANDLOCK_FS_RIGHT_TRUNCATE;
    if (abi >= 4) {
        rights.net = LANDLOCK_NET_RIGHTS_ABI4;
        bytes = 2 * sizeof(uint64_t);
    }
    if (abi >= 5)
        rights.fs |= LANDLOCK_FS_RIGHT_IOCTL_DEV;
    if (abi >= 6) {
        rights.scoped = LANDLOCK_SCOPES_ABI6;
        bytes = sizeof(rights);
    }
    long rules = syscall(SYS_landlock_create_ruleset, &rights, bytes, 0);
    if (rules < 0)
        return err_errno(err, "cannot make Landlock rules");
    bool ok = syscall(SYS_landlock_restrict_self, (int)rules, 0) == 0;
    close((int)rules);
    return ok || err_errno(err, "cannot enforce Landlock rules");
}

// What decoders, GLib and libc need to work on open descriptors and their own memory.
static const int allowed[] = {
    SCMP_SYS(read),
    SCMP_SYS(pread64),
    SCMP_SYS(readv),
    SCMP_SYS(write),
    SCMP_SYS(pwrite64),
    SCMP_SYS(writev),
    SCMP_SYS(lseek),
    SCMP_SYS(fstat),
    SCMP_SYS(newfstatat),
    SCMP_SYS(close),
    SCMP_SYS(dup),
    SCMP_SYS(fcntl),
    SCMP_SYS(munmap),
    SCMP_SYS(mremap),
    SCMP_SYS(madvise),
    SCMP_SYS(brk),
    SCMP_SYS(futex),
    SCMP_SYS(exit),
    SCMP_SYS(exit_group),
    SCMP_SYS(rt_sigprocmask),
    SCMP_SYS(rt_sigaction),
    SCMP_SYS(rt_sigreturn),
    SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq),
    SCMP_SYS(sched_yield),
    SCMP_SYS(sched_getaffinity),
    SCMP_SYS(gettid),
    SCMP_SYS(getpid),
    SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_nanosleep),
    SCMP_SYS(gettimeofday),
    SCMP_SYS(getrandom),
    SCMP_SYS(restart_syscall),
    SCMP_SYS(poll),
    SCMP_SYS(ppoll),
    SCMP_SYS(set_tid_address),
    SCMP_SYS(fadvise64),
};

// What libraries try and can do without: they get an error and go on.
static const struct {
    int call, error;
} refused[] = {
    {SCMP_SYS(openat), EACCES},
    {SCMP_SYS(open), EACCES},
    {SCMP_SYS(access), EACCES},
    {SCMP_SYS(faccessat), EACCES},
    {SCMP_SYS(stat), EACCES},
    {SCMP_SYS(readlink), EACCES},
    {SCMP_SYS(unlink), EACCES},
    {SCMP_SYS(getcwd), EACCES},
    {SCMP_SYS(statx), ENOSYS},
    {SCMP_SYS(clone3), ENOSYS}, // libc then uses clone, whose flags can be checked
    {SCMP_SYS(ioctl), ENOTTY},
    {SCMP_SYS(sched_getattr), ENOSYS},
    {SCMP_SYS(sched_setattr), ENOSYS},
    {SCMP_SYS(sched_setscheduler), EPERM},
    {SCMP_SYS(sched_getparam), ENOSYS},
    {SCMP_SYS(sched_getscheduler), ENOSYS},
    {SCMP_SYS(sysinfo), ENOSYS},
    {SCMP_SYS(uname), ENOSYS},
    {SCMP_SYS(getrusage), ENOSYS},
    {SCMP_SYS(prlimit64), EPERM},
    {SCMP_SYS(setpriority), EPERM},
    {SCMP_SYS(mbind), EPERM},
    {SCMP_SYS(set_mempolicy), EPERM},
    {SCMP_SYS(get_mempolicy), ENOSYS},
};

static int rules_add(scmp_filter_ctx f)
{
    int code = 0;
    for (size_t i = 0; i < COUNT_OF(allowed) && code == 0; i++)
        code = seccomp_rule_add(f, SCMP_ACT_ALLOW, allowed[i], 0);
    for (size_t i = 0; i < COUNT_OF(refused) && code == 0; i++)
        code = seccomp_rule_add(f, SCMP_ACT_ERRNO((uint32_t)refused[i].error), refused[i].call, 0);
    // Memory that can be run as a program is refused: no code but what was loaded.
    struct scmp_arg_cmp no_code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
    struct scmp_arg_cmp on_socket = SCMP_A0(SCMP_CMP_EQ, BARS_SOCKET_FD);
    struct scmp_arg_cmp thread_only =
        SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD | CLONE_VM, CLONE_THREAD | CLONE_VM);
    struct scmp_arg_cmp own_name = SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME);
    struct scmp_arg_cmp to_self = SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid());
    if (code == 0)
        code = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, &no_code);
    if (code == 0)
        code = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, &no_code);
    if (code == 0)
        code = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(recvmsg), 1, &on_socket);
    if (code == 0)
        code = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(sendto), 1, &on_socket);
    if (code == 0)
        code = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, &thread_only);
    if (code == 0)
        code = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1, &own_name);
    if (code == 0)
        code = seccomp_rule_add_array(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, &to_self); // abort()
    return code;
}

bool bars_close(Err *err)
{
    if (!close_paths(err))
        return false;
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return err_set(err, ERR_IO, "cannot make a system call filter");
    int code = rules_add(filter);
    if (code == 0)
        code = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1); // threads that already run, too
    if (code == 0)
        code = seccomp_load(filter);
    seccomp_release(filter);
    return code == 0 || err_set(err, ERR_IO, "cannot load the system call filter (%d)", code);
}
