// SPDX-License-Identifier: Apache-2.0
// preserve/tree: looking at a folder that somebody else packed. No link is ever followed; only regular files
// are opened.
#pragma once

#include "base/base.h"

enum { TREE_DEPTH_MAX = 64, TREE_PATH_MAX_BYTES = 4096 };

typedef enum { TREE_NOTHING, TREE_FILE, TREE_FOLDER, TREE_OTHER } TreeKind; // other: link, device, pipe

TreeKind tree_kind(int dir, const char *path);
int tree_open_folder(int dir, const char *path, Err *err) MUST_CHECK; // the last part may be a link
int tree_open_file(int dir, const char *path, Err *err) MUST_CHECK;
// As tree_open_file, for a path that a stranger wrote.
int tree_open_beneath(int dir, Str path, Err *err) MUST_CHECK;
// The names in a folder, sorted by bytes; each has a NUL behind it.
bool tree_names(int dir, const char *path, Arena *a, Str **ret, size_t *ret_count, Err *err) MUST_CHECK;

// Every file below, in order of the path. ERR_CORRUPT for a link or a device.
typedef bool TreeVisit(void *ctx, Str path, Err *err);
bool tree_each_file(int dir, TreeVisit *visit, void *ctx, Err *err) MUST_CHECK;
