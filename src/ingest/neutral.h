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

// mapping may be NULL. delivered_finish is still the caller's. ERR_INVALID, ERR_LIMIT.
bool neutral_read(const Json *tree, const Mapping *mapping, const FieldRules *rules, Arena *a, Delivered *ret,
    Err *err) MUST_CHECK;
