// SPDX-License-Identifier: Apache-2.0
// revise, inside: one batch into vault and ledger.
#pragma once

#include "catalog/history.h"
#include "catalog/tree.h"
#include "revise/revise.h"

enum { REVISE_PAGE = 2000 };

// What becomes of one object.
typedef struct {
    ReviseLine line;
    CatalogVersion head; // as it stands
    Record now, target;  // target: RESTORED, RETURNED
} Change;

typedef struct {
    const ReviseHouse *house;
    const CatalogWho *who;
    const ReviseListener *listener;
    ReviseCounts counts;
    StoreBatch *vault;
    CatalogBatch *ledger;
    bool published;
} Revision;

bool revision_open(Revision *r, Err *err) MUST_CHECK; // takes both turns to write
bool revision_write(Revision *r, const Change *change, Arena *a, Err *err) MUST_CHECK;
bool revision_commit(Revision *r, Err *err) MUST_CHECK; // vault, then ledger
void revision_close(Revision *r);
bool revision_end(Revision *r, Err *err) MUST_CHECK; // closes the change set

void revision_tell(Revision *r, const ReviseLine *line);
