// SPDX-License-Identifier: Apache-2.0
// store: bytes by id, for ever. An OCFL 1.1 storage root (https://ocfl.io/1.1/spec/), one OCFL object per
// museum object: `record.json` and its masters, all versions. The only room that knows paths and buckets.
//
//   vault/0=ocfl_1.1  ocfl_layout.json (0003-hash-and-id-n-tuple-storage-layout, sha512)  extensions/
//   vault/abc/<id, encoded>/0=ocfl_object_1.1  inventory.json  inventory.json.sha512
//                           v1/inventory.json ... v1/content/record.json
//                           v1/content/media/1/IMG_0042.jpg
//
// Writing goes in batches: everything is staged beside the vault, flushed to disk once for the whole batch
// (syncfs), then renamed into place. A journal names the objects of a batch from before the first rename
// until the caller says that its catalogue has them; after a kill, store_unfinished tells which objects to
// look at again. What is killed mid-way is either not in the vault at all or whole: never half an object.
#pragma once

#include "base/base.h"
#include "base/digest.h"
#include "store/s3.h"

typedef struct Store Store;
typedef struct StoreBatch StoreBatch;
typedef struct StoreDraft StoreDraft;

// dir: the museum home; `vault/` and `staging/` are below it (same file system). Made if `create`.
// Any thread may read. ERR_CORRUPT if it is not a storage root we can read.
Store *store_open(const char *home, bool create, Err *err) MUST_CHECK;
void store_close(Store *store);

// A second vault in a bucket behind the S3 protocol. It is read like any other; written only by
// store_batch_adopt. like: the vault it is a copy of, whose layout an empty bucket gets; NULL: it must be
// there (ERR_NOT_FOUND).
typedef struct {
    S3Config s3;
    Str prefix; // "museum/vault"; empty: the bucket holds nothing else
} StoreAway;
Store *store_open_away(const StoreAway *away, Store *like, Err *err) MUST_CHECK;
bool store_is_away(const Store *store);

// ---- reading

typedef struct {
    Str object_id;
    int version; // head, from 1
    int64_t created_ms;
    Str message, user_name, user_address;
} StoreVersion;

typedef struct {
    Str path; // logical: "record.json", "media/1/IMG_0042.jpg"
    Sha512 digest;
    uint64_t size_bytes;
} StoreFile;

enum {
    STORE_ID_MAX_BYTES = 1024,
    STORE_RECORD_MAX_BYTES = 16 * 1024 * 1024,
    STORE_INVENTORY_MAX_BYTES = 64 * 1024 * 1024
};

// version 0: head. ERR_NOT_FOUND.
bool store_find_version(
    Store *store, Str object_id, int version, Arena *a, StoreVersion *ret, Err *err) MUST_CHECK;
bool store_list_files(Store *store, Str object_id, int version, Arena *a, StoreFile **ret, size_t *ret_count,
    Err *err) MUST_CHECK;
bool store_read(Store *store, Str object_id, int version, Str path, size_t max_bytes, Arena *a, Str *ret,
    Err *err) MUST_CHECK;
// A descriptor for reading that the caller closes; -1 on failure.
int store_open_file(Store *store, Str object_id, int version, Str path, Err *err) MUST_CHECK;

// Calls `visit` for each object, in the order of the folders; stops when it returns false (and returns false
// then). An object whose inventory cannot be read is visited with its folder name in `problem`.
typedef bool StoreVisit(void *ctx, Str object_id, Str problem, Err *err);
bool store_each(Store *store, StoreVisit *visit, void *ctx, Err *err) MUST_CHECK;

// ---- writing (one thread per batch; one writing process at a time: a lock in staging/, ERR_BUSY)

StoreBatch *store_batch_open(Store *store, Err *err) MUST_CHECK;

typedef struct {
    int64_t created_ms;
    Str message, user_name, user_address; // OCFL version block; address is a URI or mailto:
} StoreNote;

// The next version of an object, beginning with everything its head has (for a new object: nothing). An
// object can be in a batch once (ERR_INVALID); publish refuses (ERR_BUSY) if another batch was faster.
StoreDraft *store_draft_open(StoreBatch *batch, Str object_id, Err *err) MUST_CHECK;
int store_draft_version(const StoreDraft *draft); // the number it will have
bool store_draft_put(
    StoreDraft *draft, Str path, Str bytes, Err *err) MUST_CHECK; // replaces what has that path
// Copies from the start of `from` to its end and tells what it read; content that the object already has is
// not kept twice.
bool store_draft_put_file(
    StoreDraft *draft, Str path, int from, Sha512 *ret, uint64_t *ret_bytes, Err *err) MUST_CHECK;
bool store_draft_remove(StoreDraft *draft, Str path, Err *err) MUST_CHECK;
// The draft's files become those of an earlier version; nothing is read or copied. ERR_NOT_FOUND.
bool store_draft_revert(StoreDraft *draft, int version, Err *err) MUST_CHECK;
// Closes the draft into the batch: staged whole, in the vault only after publish. The draft is gone
// afterwards, also when it fails: do not drop it too. A draft that is just dropped leaves nothing.
bool store_draft_done(StoreDraft *draft, const StoreNote *note, Err *err) MUST_CHECK;
void store_draft_drop(StoreDraft *draft);

// Takes over an object with all its versions from another open vault, comparing every byte on the way.
// ret_new: false if it is here already. Ours is replaced only by more versions of the same; ERR_BUSY if ours
// is newer or another, ERR_CORRUPT if theirs is damaged. withdrawals: what was withdrawn there by
// law (store_erase with STORE_WITHDRAWN_FILE) is erased here too. Into a
// vault in a bucket (of a vault in a folder): at once, any thread, a reader finds the old or the new.
bool store_batch_adopt(
    StoreBatch *batch, Store *from, Str object_id, bool withdrawals, bool *ret_new, Err *err) MUST_CHECK;
#define STORE_WITHDRAWN_FILE "withdrawn.json"

// Flushes, renames everything into the vault, flushes again: durable when it returns true. The journal stays
// until store_batch_close. If it fails after the first rename, the rest is moved in by the next writer.
bool store_batch_publish(StoreBatch *batch, Err *err) MUST_CHECK;
// After the catalogue has committed: forgets the journal. Without publish: throws the staged files away.
// After a publish that failed half-way: leaves the journal for store_unfinished.
void store_batch_close(StoreBatch *batch);
// When the catalogue could not commit after a publish that succeeded: closes, but keeps the journal, so that
// store_unfinished names the objects.
void store_batch_leave(StoreBatch *batch);

// Objects of batches that were published (in part) but never closed, because the process died. Finishes
// half-renamed objects first. Call store_forget_unfinished when the catalogue agrees with the vault about all
// of them. None, at once, while another process is writing: it has looked already.
bool store_unfinished(Store *store, Arena *a, Str **ret_ids, size_t *ret_count, Err *err) MUST_CHECK;
bool store_forget_unfinished(Store *store, Err *err) MUST_CHECK;

// ---- withdrawing

// Erases what an object ever contained, for the cases in which the law asks for it: its versions 1..n keep
// number, date, user and message, but each now has only the file `path` with `bytes`; version n+1, by `note`,
// has the same. Everything else that the object had is deleted from the disk. Atomic for readers; after a
// kill the next writer finishes it, and store_unfinished names the object. ERR_NOT_FOUND; ERR_UNSUPPORTED on
// a file system that cannot exchange two folders (ext4, XFS and Btrfs can).
bool store_erase(
    Store *store, Str object_id, const StoreNote *note, Str path, Str bytes, Err *err) MUST_CHECK;
// The same, leaving the journal to the caller, whose catalogue has to follow: the batch is published; close
// or leave it. NULL if nothing was erased.
StoreBatch *store_erase_open(
    Store *store, Str object_id, const StoreNote *note, Str path, Str bytes, Err *err) MUST_CHECK;

// ---- verifying

typedef struct {
    uint64_t objects, files, bytes, damaged;
} StoreVerified;

// Reads every byte and compares with the inventories, inventories with their sidecars, and names what is
// missing, damaged or does not belong. `report` gets one line per problem. Returns true if it could look at
// everything, damaged or not.
typedef void StoreReport(void *ctx, Str object_id, Str problem);
typedef void StoreProgress(void *ctx, const StoreVerified *so_far);
bool store_verify(Store *store, int threads, StoreReport *report, StoreProgress *progress, void *ctx,
    StoreVerified *ret, Err *err) MUST_CHECK;

// The same, so that it can be stopped and gone on with, and read slowly.
typedef struct {
    int threads;
    uint64_t
        rate_bytes; // a second, at most; 0: as fast as it goes. What is read slowly is not kept in memory.
    Str after;      // go on behind this folder (a mark of an earlier run); empty: from the start
    const volatile bool *stop; // NULL, or set when it should end soon: ret is then what was done
    StoreReport *report;       // may be NULL, like the next two; all three one at a time
    StoreProgress *progress;
    void (*mark)(void *ctx, Str folder, const StoreVerified *so_far); // everything up to this folder is done
    void *ctx;
} StoreVerifyAsk;
bool store_verify_some(Store *store, const StoreVerifyAsk *ask, StoreVerified *ret, Err *err) MUST_CHECK;

// One object, by its id or its folder: a line to `report` for each problem, none if it is whole. True if it
// could look.
bool store_verify_object(Store *store, Str object_id, StoreReport *report, void *ctx, Err *err) MUST_CHECK;

// One digest for the whole vault, to be noted elsewhere: what this prints, run in vault/:
//   find . -mindepth 2 -maxdepth 2 -type d -not -path './extensions/*' | LC_ALL=C sort |
//     while read -r d; do sha512sum "$d/inventory.json"; done | sha512sum
bool store_fingerprint(Store *store, Sha512 *ret, uint64_t *ret_objects, Err *err) MUST_CHECK;

// Puts what is damaged or missing in an object (by its id or its folder) right from a copy of the vault:
// content by its digest; the inventories only if ours cannot be read and the copy is not older. Never touches
// what is whole. An object in a bucket is put there anew.
typedef struct {
    int mended, lost; // files
} StoreMended;
bool store_mend(Store *store, Store *copy, Str object_id, StoreMended *ret, Err *err) MUST_CHECK;
