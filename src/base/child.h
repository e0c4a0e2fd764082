// SPDX-License-Identifier: Apache-2.0
// base/child: a program of ours that works behind bars (base/bars.h), started beside this one and talked to
// through a socket pair (SOCK_SEQPACKET).
//
// The kernel ends a child when the thread that started it ends: start it from one that lives as long as the
// child.
#pragma once

#include "base/base.h"

#include <limits.h>
#include <sys/types.h>

enum { CHILD_SOCKET_FD = 3, CHILD_EXTRA_FD = 4, CHILD_EXTRAS_MAX = 4 }; // in the child

typedef struct {
    pid_t pid;  // 0: none
    int socket; // -1: none
} Child;

// The path of `name`, which lies beside this program or in ../libexec/vitrine. ERR_NOT_FOUND.
bool child_find(const char *name, char ret[PATH_MAX], Err *err) MUST_CHECK;
// argv ends with NULL; the environment is empty. extras: descriptors the child gets from CHILD_EXTRA_FD on.
bool child_start(const char *program, char *const argv[], const int *extras, int extras_count, Child *ret,
    Err *err) MUST_CHECK;
// Kills it if it lives, and takes its end from the world. Returns the wait status; ret_peak_kb may be NULL.
int child_end(Child *c, int64_t *ret_peak_kb);
// An idle child says nothing: when there is something to hear, it has ended.
bool child_has_ended(const Child *c);
