// SPDX-License-Identifier: Apache-2.0
// store/place, inside: reading a vault wherever it lies, in a folder or in a bucket. Paths are from the root
// of the vault. In a folder no link is ever followed; a bucket has none.
#pragma once

#include "store/int.h"

typedef enum {
    PLACE_FILE,
    PLACE_FOLDER,
    PLACE_OTHER,   // a link, a device, a pipe
    PLACE_UNKNOWN, // it could not be looked at
} PlaceKind;

typedef struct {
    Str path; // place_list: its name; place_tree: from the folder that was asked for; a NUL behind it
    PlaceKind kind;
    uint64_t size_bytes; // of a file
    Str etag;            // of a file in a bucket
} PlaceEntry;

// The whole file in pieces, in order. forget: leave nothing of it in memory (for slow reading in the
// background). ERR_NOT_FOUND; ERR_CORRUPT for a link or a device; ERR_IO, ERR_DENIED, ERR_BUSY of the bucket.
bool place_read(Store *s, const char *path, bool forget, S3Take *take, void *ctx, Err *err) MUST_CHECK;
bool place_read_all(Store *s, const char *path, size_t max_bytes, Arena *a, Str *ret, Err *err) MUST_CHECK;
bool place_digest(Store *s, const char *path, Sha512 *ret, uint64_t *ret_bytes, Err *err) MUST_CHECK;

// What lies in the folder ("." for the root), sorted by bytes. ERR_NOT_FOUND.
bool place_list(
    Store *s, const char *folder, Arena *a, PlaceEntry **ret, size_t *ret_count, Err *err) MUST_CHECK;
// Every file below the folder, and what else is there that is neither a file nor a folder with something in
// it.
bool place_tree(
    Store *s, const char *folder, Arena *a, PlaceEntry **ret, size_t *ret_count, Err *err) MUST_CHECK;

// Is what a failed reading says about the file itself, or about the way to it?
bool place_is_about_the_way(const Store *s, const Err *err);
