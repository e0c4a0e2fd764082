// SPDX-License-Identifier: Apache-2.0
// store/derived: what can be made again (pyramids), under the digest of the master it was made from. So a
// picture taken in twice is derived once, a resumed ingest finds what it had finished, and anything may be
// deleted at any time.
#pragma once

#include "base/base.h"
#include "base/digest.h"

typedef struct Derived Derived;

Derived *derived_open(const char *home, bool create, Err *err) MUST_CHECK; // home/derived/
void derived_close(Derived *d);

// The kind of what was made from one page of a master: "pyramid" for a master that is one picture (page 0)
// and for its first page, "pyramid2" for the second.
enum { DERIVED_KIND_MAX_BYTES = 32 };
typedef struct {
    char text[DERIVED_KIND_MAX_BYTES + 1];
} DerivedKind;
DerivedKind derived_kind(const char *kind, int page);
// kind: "pyramid" and the like, letters and digits only. -1 and ERR_NOT_FOUND if it must be made. Any thread.
int derived_find(Derived *d, const Sha512 *master, const char *kind, Err *err) MUST_CHECK;

// A new file, invisible until kept. Write to `fd`; then keep (renames it into place; replaces) or drop. One
// thread.
typedef struct {
    int fd;
    char name[64];
} DerivedDraft;
bool derived_draft_open(Derived *d, DerivedDraft *ret, Err *err) MUST_CHECK;
bool derived_draft_keep(
    Derived *d, DerivedDraft *draft, const Sha512 *master, const char *kind, Err *err) MUST_CHECK;
void derived_draft_drop(Derived *d, DerivedDraft *draft); // fine after keep
// Removes every kind that was made from this master; fine if there is none.
bool derived_erase(Derived *d, const Sha512 *master, Err *err) MUST_CHECK;
bool derived_size(Derived *d, uint64_t *ret_files, uint64_t *ret_bytes, Err *err) MUST_CHECK;
