// SPDX-License-Identifier: Apache-2.0
// base/file: descriptors and whole-file reading and writing. Knows no path of the museum: callers hand in a
// folder descriptor and a name. Every descriptor is opened close-on-exec.
#pragma once

#include "base/base.h"

#include <sys/types.h>

void fd_close(int fd);   // -1 is fine
void fd_closep(int *fd); // for CLEANUP
int fd_take(int *fd);    // moves it out: *fd becomes -1

// Opens `path` for reading, relative to `dir` (AT_FDCWD for the working folder). -1 and ERR_NOT_FOUND or
// ERR_IO. Refuses (ERR_INVALID) what is not a regular file, without waiting on a pipe or device.
int file_open(int dir, const char *path, Err *err) MUST_CHECK;
int file_append(int dir, const char *path, Err *err) MUST_CHECK; // also for writing, at its end
// As file_open, for a path that must stay below `dir`: "..", absolute paths and links that lead out are
// ERR_INVALID.
int file_open_beneath(int dir, Str path, Err *err) MUST_CHECK;
int dir_open(int dir, const char *path, Err *err) MUST_CHECK;
bool dir_make(int dir, const char *path, Err *err) MUST_CHECK; // parents too; fine if there

// Reads exactly `count` bytes at `offset`; ERR_CORRUPT if the file ends first. Any thread.
bool file_read_at(int fd, void *to, size_t count, uint64_t offset, Err *err) MUST_CHECK;
// The whole file into the arena; ERR_LIMIT if it is longer than max_bytes.
bool file_read_all(int fd, size_t max_bytes, Arena *a, Str *ret, Err *err) MUST_CHECK;
bool file_write_all(int fd, Str bytes, Err *err) MUST_CHECK;
bool file_size(int fd, uint64_t *ret_bytes, Err *err) MUST_CHECK;

// Creates or replaces `name` in `dir` so that a reader sees the old or the new content, whole: written beside
// it, flushed to disk if `durable`, renamed over it, folder flushed if `durable`.
bool file_replace(int dir, const char *name, Str bytes, bool durable, Err *err) MUST_CHECK;

// Takes an exclusive lock on `name` in `dir`, made if missing, held until the returned descriptor is closed
// (or the process dies). ERR_BUSY if another process holds it.
int file_lock(int dir, const char *name, Err *err) MUST_CHECK;

// A new empty file for writing, in place of an old one of that name.
int file_create(int dir, const char *name, Err *err) MUST_CHECK;
// A file without a name for what does not fit into memory, in TMPDIR or /var/tmp; gone when it is closed.
int file_unnamed(Err *err) MUST_CHECK;
bool file_sync(int fd, Err *err) MUST_CHECK;                      // its bytes are on the disk
bool file_remove(int dir, const char *name, Err *err) MUST_CHECK; // fine if it is not there
// Names of the regular files in a folder, in no order.
bool dir_files(int dir, Arena *a, Str **ret_names, size_t *ret_count, Err *err) MUST_CHECK;
