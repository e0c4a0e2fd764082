// SPDX-License-Identifier: Apache-2.0
// ingest/neutral: one JSON document -> a record on its way in. Pure.
//
// Reads our own record.json, the neutral form (titles as [{"lang","text"}], makers, makers_inverted,
// date_text, date_earliest, date_latest, medium, image, ...) and, by the names of their members, documents as
// institutions publish them. What has no place is kept as it came.
#pragma once

#include "base/base.h"
#include "base/json.h"
#include "ingest/mapping.h"

// What stays the same for all documents of a file. Begin with zeros but for these.
typedef struct {
    const Mapping *mapping; // NULL: guesses
    FieldRules rules;
    Arena *arena; // of the file: names that were met
    MappingMemo memo;
} NeutralFile;

// delivered_finish is still the caller's. ERR_INVALID, ERR_LIMIT.
bool neutral_read(NeutralFile *file, const Json *tree, Arena *a, Delivered *ret, Err *err) MUST_CHECK;
