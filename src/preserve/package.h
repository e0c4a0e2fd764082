// SPDX-License-Identifier: Apache-2.0
// preserve/package: take the whole museum away, and bring it back. Three forms:
//
//   files   index.html  index.csv  objects/<id>/index.html  record.json  mets.xml  media/1/IMG_0042.tif
//           what is there now, to be read with any computer
//   bag     the same below data/, as a BagIt 1.0 bag with SHA-512
//   ocfl    vault/: a second vault with every version; it is also what fixity mends from
//
// Started again, it goes on: an object is there whole or not at all, and what is there is not written again.
#pragma once

#include "base/base.h"
#include "store/store.h"

typedef enum { PACKAGE_FILES, PACKAGE_BAG, PACKAGE_OCFL } PackageForm;

typedef struct {
    uint64_t objects, files, bytes; // in the package
    uint64_t unchanged;             // objects that were there already
    uint64_t refused;               // objects with a problem
} PackageSum;

typedef struct {
    Str museum;
    int64_t now_ms;
    const volatile bool *stop; // NULL, or set when it should end
    void *ctx;
    void (*problem)(void *ctx, Str object_id, Str text); // may be NULL
    void (*progress)(void *ctx, const PackageSum *so_far);
} PackageAsk;

// to: a folder, made if it is not there. ERR_BUSY if it was stopped.
bool package_export(Store *store, PackageForm form, const char *to, const PackageAsk *ask, PackageSum *ret,
    Err *err) MUST_CHECK;

// Brings a second vault up to date, in a folder (as PACKAGE_OCFL) or in a bucket. What was withdrawn by law
// is erased there too.
bool package_second(Store *store, Store *second, const PackageAsk *ask, PackageSum *ret, Err *err) MUST_CHECK;
// Takes in everything from a second vault in a bucket; as package_import.
bool package_import_away(
    Store *store, Store *second, const PackageAsk *ask, PackageSum *ret, Err *err) MUST_CHECK;

// Takes in a package of any of the three forms, checked first. Objects that are here already are left alone:
// the same is unchanged, another is refused. The catalogue is made anew afterwards (rebuild). ERR_CORRUPT if
// the package does not pass its own check; nothing is taken in then.
bool package_import(
    Store *store, const char *from, const PackageAsk *ask, PackageSum *ret, Err *err) MUST_CHECK;

// A name for a folder that says the id and that every file system takes.
Str package_name(Arena *a, Str id);
