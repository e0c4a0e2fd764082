// SPDX-License-Identifier: Apache-2.0
// preserve/forgotten: what keepers tend to forget. Counts over all current records, and the list behind each.
// For keepers only: it tells of hidden objects, too.
#pragma once

#include "base/tally.h"
#include "catalog/catalog.h"
#include "preserve/format.h"
#include "store/store.h"

typedef enum {
    FORGOTTEN_NEVER_OPENED, // nobody has looked at its page since counting began
    FORGOTTEN_UNPUBLISHED,  // nobody outside may see it
    FORGOTTEN_NO_BACKUP,    // the second vault does not have it as it stands today, or there is none
    FORGOTTEN_NO_PICTURE,
    FORGOTTEN_NO_DESCRIPTION, // no text beyond the title
    FORGOTTEN_NO_RIGHTS,      // neither licence nor statement
    FORGOTTEN_ONE_LANGUAGE,   // title and text in a single language
    FORGOTTEN_NO_TITLE,
    FORGOTTEN_FORMAT_AT_RISK, // one of its files may soon be read by no program
    FORGOTTEN_COUNT,
} Forgotten;

Str forgotten_name(Forgotten what); // "no-picture"
bool forgotten_parse(Str name, Forgotten *ret);

typedef struct {
    Catalog *catalog;
    Store *store;
    Store *copy;   // the second vault; NULL: there is none
    Tally *opened; // NULL: nobody has served the museum yet
} ForgottenHouse;

typedef struct {
    Forgotten what; // FORGOTTEN_COUNT: all
    // Each object that has the problem `what`: why, where the title does not say it ("a.psd: Adobe
    // Photoshop"); stops when it returns false. NULL: counts only.
    bool (*list)(void *ctx, Str object_id, Str title, Str detail);
    // Each file of each object in its newest version; NULL: not asked for.
    void (*file)(void *ctx, Str object_id, const StoreFile *file, const Format *format);
    void *ctx;
    const volatile bool *stop; // may be NULL
} ForgottenAsk;

typedef struct {
    int64_t objects;
    int64_t counts[FORGOTTEN_COUNT];
} ForgottenSum;

// Reads what `ask->what` needs: each record, 15 µs; for no-backup the inventories in both vaults, for
// format-at-risk (and `file`) the heads of the files. A file that cannot be read counts as one at risk; a
// copy that cannot be read as none.
bool forgotten_report(
    const ForgottenHouse *house, const ForgottenAsk *ask, ForgottenSum *ret, Err *err) MUST_CHECK;
