// SPDX-License-Identifier: Apache-2.0
// catalog/history: what was. Change sets and what is in them, an object's versions, the museum as it stood at
// a moment, withdrawal by law.
#pragma once

#include "catalog/catalog.h"

typedef struct {
    int64_t id, time_ms;
    Str agent, reason;
    int64_t first_sequence, last_sequence, versions;
    bool closed; // nothing joins it any more
} CatalogChangeSet;

bool catalog_find_change_set(Catalog *c, int64_t id, Arena *a, CatalogChangeSet *ret, Err *err) MUST_CHECK;
// Newest first, those with a number below `before` (0: all), at most `limit`.
bool catalog_list_change_sets(Catalog *c, int64_t before, int limit, Arena *a, CatalogChangeSet **ret,
    size_t *ret_count, Err *err) MUST_CHECK;
// The versions in a change set with sequence > after, oldest first.
bool catalog_list_change(Catalog *c, int64_t change_set, int64_t after, int limit, Arena *a,
    CatalogVersion **ret, size_t *ret_count, Err *err) MUST_CHECK;
// All versions of an object, oldest first; deletions as well. None is fine.
bool catalog_list_versions(
    Catalog *c, Str object_id, Arena *a, CatalogVersion **ret, size_t *ret_count, Err *err) MUST_CHECK;

// ---- as of a moment

// The version that was the head then. ERR_NOT_FOUND also if it was deleted, or had not been made yet.
bool catalog_find_at(
    Catalog *c, Str object_id, int64_t time_ms, Arena *a, CatalogVersion *ret, Err *err) MUST_CHECK;
// The museum as it stood: objects with an id after `after`, in order of ids; those deleted then are left out.
bool catalog_list_at(Catalog *c, int64_t time_ms, Str after, int limit, Arena *a, CatalogVersion **ret,
    size_t *ret_count, Err *err) MUST_CHECK;

// ---- undoing

// What an undo has to look at: for each object in a change set, where it stood before, and where it stands
// now.
typedef struct {
    Str object_id;
    int before; // version before the change set, 0: none
    int last;   // newest version in the change set
    int head;   // newest version of all; above `last`: somebody went on
    bool withdrawn;
} CatalogTouched;
// In the order of ids, after `after`.
bool catalog_list_touched(Catalog *c, int64_t change_set, Str after, int limit, Arena *a,
    CatalogTouched **ret, size_t *ret_count, Err *err) MUST_CHECK;
// The next version number of an object: head + 1, 1 for a new one.
bool catalog_next_version(Catalog *c, Str object_id, int *ret, Err *err) MUST_CHECK;

// ---- withdrawal by law

enum { WITHDRAWN_MAX_BYTES = 16 * 1024 * 1024 };

// What stands in the vault in place of everything the object was (withdrawn.json): for each version its
// numbers, who, when, why and digest, and the withdrawal itself as one more, a deletion.
bool catalog_withdrawn_json(Catalog *c, Str object_id, RecordLedger ledger, const CatalogWho *who, Arena *a,
    Str *ret, Err *err) MUST_CHECK;
// Enters what withdrawn.json says, into a ledger that has all of the object, a part or nothing. Erases the
// records that it still has. The same again is fine.
bool catalog_batch_restore_withdrawn(CatalogBatch *b, Str json, Err *err) MUST_CHECK;
// Does any object of today have a picture with this master?
bool catalog_master_used(Catalog *c, const Sha512 *master, bool *ret, Err *err) MUST_CHECK;
// After the commit: takes the erased bytes off the disk, also from SQLite's own log. ERR_BUSY while others
// read.
bool catalog_wipe(Catalog *c, Err *err) MUST_CHECK;
