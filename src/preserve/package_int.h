// SPDX-License-Identifier: Apache-2.0
// preserve/package, inside: package.c packs, package_object.c writes one object, package_copy.c copies a
// vault, unpack.c brings a package back.
#pragma once

#include "preserve/package.h"

enum { PACKAGE_PAGE_MAX_BYTES = 64 * 1024 * 1024 };

// Writes the object into a new folder `name` in `dir`; adds "digest  prefix/name/path" lines for each file to
// `manifest` if there is one. Files below `dir` in `name` must not exist.
typedef struct {
    Store *store;
    int dir;
    const char *name;
    Str id;
    int64_t now_ms;
    PackageSum *sum;
    Str title; // set for the caller, in its arena
} PackageObject;
bool package_object_write(PackageObject *object, Arena *a, Err *err) MUST_CHECK;
bool package_unpack_files(Store *store, int dir, const PackageAsk *ask, PackageSum *sum, Err *err) MUST_CHECK;
// withdrawals: what was withdrawn in `from` is erased in `to`.
bool package_copy_vault(
    Store *from, Store *to, bool withdrawals, const PackageAsk *ask, PackageSum *sum, Err *err) MUST_CHECK;
