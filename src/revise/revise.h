// SPDX-License-Identifier: Apache-2.0
// revise: take back, delete, withdraw. Whatever is done here is done by adding: to vault and ledger alike, in
// the same order as ingest (vault first, its journal kept until the ledger has committed), so that a kill at
// any moment is mended by ingest_recover. Only withdrawal by law erases.
#pragma once

#include "catalog/catalog.h"
#include "store/derived.h"
#include "store/store.h"

typedef struct {
    Store *store;
    Derived *derived;
    Catalog *catalog;
} ReviseHouse;

typedef enum {
    REVISE_RESTORED, // has the content again that it had before
    REVISE_RETURNED, // was deleted and is back
    REVISE_DELETED,  // was not there before, and is not there now
    REVISE_SAME,     // is as it was before already
    REVISE_CONFLICT, // somebody edited it since: left alone
    REVISE_GONE,     // withdrawn by law: nothing comes back
} ReviseOutcome;
const char *revise_outcome_name(ReviseOutcome outcome); // "restored"

typedef struct {
    Str object_id;
    ReviseOutcome outcome;
    int head;          // the version that stands now
    int before;        // the version that it goes back to, 0: none
    int64_t later_set; // REVISE_CONFLICT: change set of the newest edit
} ReviseLine;

typedef struct {
    int64_t outcomes[REVISE_GONE + 1];
    int64_t change_set; // the new one; 0 if nothing was written
} ReviseCounts;

typedef struct {
    void *ctx;
    void (*line)(void *ctx, const ReviseLine *line); // each object, before it is written; may be NULL
    const volatile bool *stop; // may be NULL; what is done stays, run it again for the rest
} ReviseListener;

// Takes back a change set: every object that nobody has edited since gets the content it had before, as a new
// version in a new change set; deletions come back. preview: tells what it would do and writes nothing. Run
// twice, it changes nothing the second time; the undo can be undone. ERR_NOT_FOUND.
bool revise_undo(const ReviseHouse *house, int64_t change_set, bool preview, const CatalogWho *who,
    const ReviseListener *listener, ReviseCounts *ret, Err *err) MUST_CHECK;

// The objects are no longer shown; their past stays in vault and ledger. Deleted ones are passed over (SAME),
// unknown ones are ERR_NOT_FOUND before anything is written.
bool revise_delete(const ReviseHouse *house, const Str *object_ids, size_t count, const CatalogWho *who,
    const ReviseListener *listener, ReviseCounts *ret, Err *err) MUST_CHECK;

// By law: everything the object ever was is erased from vault, ledger and derived files. What stays is that
// it was there, who withdrew it and why (who->reason), and the digests on which proofs rest. Cannot be
// undone. ERR_NOT_FOUND; ERR_INVALID if it is withdrawn already.
bool revise_withdraw(
    const ReviseHouse *house, Str object_id, const CatalogWho *who, ReviseCounts *ret, Err *err) MUST_CHECK;
