// SPDX-License-Identifier: Apache-2.0
// store/io: everything that store does to the disk, in one table. Each call takes a folder descriptor (the
// home, the vault or staging) and a path below it. Tests put their own table in between: one that fails on
// purpose, one that records every step so that a power cut can be played back at each of them.
#pragma once

#include "base/base.h"

#include <sys/types.h>

// Each answers as the system call of that name does: -1 and errno.
typedef struct {
    int (*make_folder)(int dir, const char *path);
    int (*create)(int dir, const char *path); // must not be there yet; open for reading and writing
    ssize_t (*write)(int fd, const void *bytes, size_t count);
    int (*rename)(int from_dir, const char *from, int to_dir, const char *to);
    int (*exchange)(int from_dir, const char *from, int to_dir, const char *to); // renameat2 RENAME_EXCHANGE
    int (*remove)(int dir, const char *path, int flags);                         // flags as unlinkat
    int (*flush)(int dir); // the whole file system that dir is on
} StoreIo;

// For tests only, before any other thread runs. NULL: the disk itself.
void store_io_use(const StoreIo *io);

extern const StoreIo *store_io;

bool store_io_write_all(int fd, Str bytes, Err *err) MUST_CHECK;
// Creates a file with this content; makes the folders above it if they are missing.
bool store_io_write_file(int dir, const char *path, Str bytes, Err *err) MUST_CHECK;
int store_io_create(int dir, const char *path, Err *err) MUST_CHECK; // with the folders above; -1
bool store_io_make_parents(int dir, const char *path, Err *err) MUST_CHECK;
// A file or a folder with everything in it. Fine if nothing is there. Follows no links.
bool store_io_remove_tree(int dir, const char *path, Err *err) MUST_CHECK;
