// SPDX-License-Identifier: Apache-2.0
// base/bars: what a child process that works on foreign bytes cannot do from here on: no path, no network, no
// new program, no code but what is loaded, no more memory than allowed. Linked into the caged programs only
// (libseccomp).
#pragma once

#include "base/base.h"

enum { BARS_SOCKET_FD = 3 }; // the one descriptor that may be talked through

// First. Memory in MB; ends with the program that started it.
bool bars_limit(int memory_mb, Err *err) MUST_CHECK;
// When everything needed is loaded, before the first foreign byte is worked on. Ends the process if a bar
// cannot be put up, except Landlock on a kernel that has none (seccomp then still refuses every path).
bool bars_close(Err *err) MUST_CHECK;
