// SPDX-License-Identifier: Apache-2.0
// app/verb_fixity: what `verify` does when it is asked for more than one look.
#pragma once

#include "app/verbs.h"

int verify_structure(const char *path); // any OCFL storage root or object

typedef struct {
    int threads;
    int64_t rate_mb;   // MB a second; 0: as fast as it goes
    bool resume;       // go on where a stopped run ended
    const char *copy;  // a second vault to mend from (a folder or s3://...), or NULL
    const char *other; // a second vault to be read instead of ours, or NULL
    bool mend;         // the other, from ours
    bool certificate;
} VerifyFixity;
int verify_fixity(const Call *call, const VerifyFixity *how);
