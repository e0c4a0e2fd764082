// SPDX-License-Identifier: Apache-2.0
// store, inside: the open vault, where an object lies in it, and its inventory.
//
//   home/vault/      the OCFL storage root; what is in it never changes, only grows
//   home/staging/    lock                    held (flock) by the process that writes
//                    b-<random>/             one batch
//                      <folder name>/        an object, or the next version of one, as it will be in the
//                      vault journal               written when all is staged: "version folder uri" a line,
//                      then "end"
//                    aside-<random>/         a batch that recovery could not file; a person must look
#pragma once

#include "base/json.h"
#include "store/io.h"
#include "store/s3.h"
#include "store/store.h"

#include <pthread.h>

enum {
    STORE_PATH_MAX_BYTES = 1024,  // of a logical path
    STORE_FOLDER_MAX_BYTES = 512, // of the way from the vault to an object root
    STORE_VERSION_MAX = 1000000,
    STORE_INVENTORY_VALUES_MAX = 500000, // JSON values in an inventory: bounds the memory of reading one
    STORE_COPY_BYTES = 256 * 1024,
};

// ---- layout: 0003-hash-and-id-n-tuple-storage-layout; 0004-hashed-n-tuple-storage-layout is read as well

typedef struct {
    bool named;  // 0003: the folder is called as the id, percent-encoded; 0004: as its digest
    bool sha256; // else sha512
    int tuple_bytes, tuples;
    bool short_root; // 0004: the last folder leaves out what the tuples said
} StoreLayout;

bool store_layout_read(Store *s, StoreLayout *ret, Err *err) MUST_CHECK;
bool store_root_make(int home, Err *err) MUST_CHECK; // an empty vault; goes on where a killed one stopped

typedef struct {
    char path[STORE_FOLDER_MAX_BYTES]; // "abc/urn%3avitrine%3avase"
    const char *name;                  // its last part; points into path
} StoreFolder;
void store_folder_of(const StoreLayout *layout, Str uri, StoreFolder *ret);

// The id of an object in its inventory is a URI (OCFL W005): "urn:vitrine:" and the museum's id, percent-
// encoded. One to one, so each is made from the other. An id from another program stays as it is.
Str store_uri_of(Arena *a, Str object_id);
Str store_id_of(Arena *a, Str uri);
bool store_id_check(Str object_id, Err *err) MUST_CHECK;
// A path of at least one part; no part empty, "." or ".."; valid UTF-8 without NUL; at most
// STORE_PATH_MAX_BYTES.
bool store_path_good(Str path);

// ---- inventory.json

typedef struct {
    Sha512 digest;
    Str path; // from the object root: "v1/content/record.json"
} StoreContent;

typedef struct {
    Str uri;
    Str content_folder; // "content" unless it says otherwise
    int head;
    StoreContent *contents; // the manifest, by digest; a digest with two paths stands there twice
    size_t contents_count;
    const Json *versions;
} StoreInventory;

// Reads hostile bytes: no path that leads out of the object gets past it. ERR_CORRUPT, ERR_LIMIT,
// ERR_UNSUPPORTED.
bool store_inventory_parse(Str json, Arena *a, StoreInventory *ret, Err *err) MUST_CHECK;
const Json *store_inventory_version(const StoreInventory *inventory, int version);
// The first content with that digest, or NULL.
const StoreContent *store_inventory_find(const StoreInventory *inventory, const Sha512 *digest);

typedef struct {
    Str path; // logical
    Sha512 digest;
} StoreState;
// The files of one version, by path. ERR_NOT_FOUND, ERR_CORRUPT.
bool store_inventory_state(const StoreInventory *inventory, int version, Arena *a, StoreState **ret,
    size_t *ret_count, Err *err) MUST_CHECK;

// ---- one object in two vaults (compare.c)

typedef enum {
    STORE_SAME,
    STORE_OLDER,     // here it is older than there, or missing
    STORE_WITHDRAWN, // there it was withdrawn by law
} StoreRelation;
// ERR_BUSY if it is newer here, or another.
bool store_compare(const StoreInventory *here, const StoreInventory *there, bool withdrawals,
    StoreRelation *ret, Err *err) MUST_CHECK;
bool store_is_withdrawn(const StoreInventory *inventory);

// Writes an inventory whose head is new: contents sorted by digest, states sorted by digest.
typedef struct {
    Str uri, content_folder;
    int head;
    const StoreContent *contents;
    size_t contents_count;
    const Json *older;        // the blocks of the versions before, NULL for v1
    const StoreNote *earlier; // instead of those: head - 1 versions with the same state as the head
    const StoreState *states;
    size_t states_count;
    const StoreNote *note;
} StoreInventoryDraft;
void store_inventory_write(const StoreInventoryDraft *draft, Arena *a, Buf *out);
int store_content_compare(const void *a, const void *b); // by digest, then path
int store_state_compare(const void *a, const void *b);   // by digest, then path
int store_state_compare_path(const void *a, const void *b);

// "<hex> inventory.json": the digest of a sidecar. False if it is not one.
bool store_sidecar_parse(Str text, Sha512 *ret);
Str store_sidecar_of(Arena *a, Str inventory_json);

// ---- the open vault

typedef struct StoreBucket StoreBucket;

struct Store {
    StoreBucket *bucket; // where the vault lies, if not in a folder: then home and vault are -1
    int home, vault;
    StoreLayout layout;
    pthread_mutex_t mutex; // guards what follows
    int staging, lock;     // -1 until somebody writes
    int writers;           // open batches and recoveries: the lock is let go with the last
    StoreBatch *live;
};

// Opens without following any link; only regular files.
int store_file_open(int dir, const char *path, Err *err) MUST_CHECK;
// The head inventory of an object, checked against its sidecar. While a version is being added, or after the
// writer died in the middle of it, the root sidecar may be older than the root inventory: then the copy in
// the newest version vouches for it.
bool store_load(Store *s, const StoreFolder *folder, Arena *a, StoreInventory *ret, Err *err) MUST_CHECK;
bool store_load_id(
    Store *s, Str object_id, Arena *a, StoreFolder *ret_folder, StoreInventory *ret, Err *err) MUST_CHECK;
// As store_load_id, and also by the folder, which is all that is known of an object whose inventory is lost.
bool store_load_named(
    Store *s, Str name, Arena *a, StoreFolder *ret_folder, StoreInventory *ret, Err *err) MUST_CHECK;
// As store_load, and the object must lie where its id says.
bool store_load_at(Store *s, const char *path, Arena *a, StoreInventory *ret, Err *err) MUST_CHECK;

// The names in a folder, sorted by bytes, without "." and ".."; each has a NUL behind it. ERR_NOT_FOUND,
// ERR_IO.
bool store_names(int dir, const char *path, Arena *a, Str **ret, size_t *ret_count, Err *err) MUST_CHECK;
// Visits the folder of each object (path from the vault), in order; what is not a folder is left out.
typedef bool StoreWalk(void *ctx, const char *path, Err *err);
bool store_walk(Store *s, StoreWalk *visit, void *ctx, Err *err) MUST_CHECK;

// Takes the writing lock (counted within this process), finishing what a dead writer left. ERR_BUSY.
bool store_writer_enter(Store *s, Err *err) MUST_CHECK;
void store_writer_leave(Store *s);
// Moves everything of a staged batch into the vault; may be called again after it stopped in the middle.
bool store_publish_folder(Store *s, const char *batch, Err *err) MUST_CHECK;
bool store_journal_read(
    Store *s, const char *batch, Arena *a, Str **ret_uris, size_t *ret_count, Err *err) MUST_CHECK;

// ---- an open batch

struct StoreBatch {
    Store *store;
    StoreBatch *next; // of the live ones of this process
    char name[32];    // its folder in staging
    Buf journal;      // the lines of the drafts that are done
    int drafts;       // still open
    size_t done;
    bool renaming; // publish has begun to rename: the journal counts from now on
    bool published;
    Arena *spare; // of the last draft, kept for the next
};
