// SPDX-License-Identifier: Apache-2.0
// store/bucket, inside: a second vault in an S3 bucket: the same OCFL storage root, key by key, below a
// prefix.
//
// A reader of the bucket must never find half an object, and there is no rename: so of an object its content
// goes first, then the inventories of its versions, then its declaration and sidecar, and inventory.json
// last. An update is visible with that one key; the newest version's sidecar vouches for it until the root's
// has followed.
#pragma once

#include "store/place.h"

StoreBucket *bucket_open(const StoreAway *away, Err *err) MUST_CHECK;
void bucket_close(StoreBucket *b); // NULL is fine

bool bucket_read(StoreBucket *b, const char *path, S3Take *take, void *ctx, Err *err) MUST_CHECK;
bool bucket_list(
    StoreBucket *b, const char *folder, Arena *a, PlaceEntry **ret, size_t *ret_count, Err *err) MUST_CHECK;
bool bucket_tree(
    StoreBucket *b, const char *folder, Arena *a, PlaceEntry **ret, size_t *ret_count, Err *err) MUST_CHECK;
// As bucket_tree for the folder of an object, from a list of all its neighbours that is fetched once: a
// thousand keys cost one request. Borrowed until bucket_drop_list.
typedef struct BucketGroup BucketGroup;
bool bucket_keep_list(StoreBucket *b, const char *object_folder, BucketGroup **ret_group, PlaceEntry **ret,
    size_t *ret_count, Err *err) MUST_CHECK;
void bucket_drop_list(StoreBucket *b, BucketGroup *group);

bool bucket_put(StoreBucket *b, const char *path, Str bytes, Err *err) MUST_CHECK;
bool bucket_put_file(StoreBucket *b, const char *path, int fd, const Sha512 *want, Err *err) MUST_CHECK;
// Was the file put there with this digest?
bool bucket_has(StoreBucket *b, const char *path, const Sha512 *want, uint64_t size_bytes, bool *ret,
    Err *err) MUST_CHECK;
bool bucket_delete(StoreBucket *b, const char *path, Err *err) MUST_CHECK;
bool bucket_erase_old(StoreBucket *b, const char *folder, Err *err) MUST_CHECK;

// Makes an empty storage root with the layout of `like`, goes on where a killed one stopped, or finds that it
// has that layout. ERR_INVALID if it is another.
bool bucket_make_root(StoreBucket *b, Store *like, Err *err) MUST_CHECK;

// store_batch_adopt for a bucket; any thread.
bool bucket_send(Store *to, Store *from, Str object_id, bool withdrawals, bool *ret_new, Err *err) MUST_CHECK;
// store_mend for a bucket.
bool bucket_mend(Store *to, Store *from, Str object_id, StoreMended *ret, Err *err) MUST_CHECK;
