// SPDX-License-Identifier: Apache-2.0
// catalog/batch, inside.
#pragma once

#include "catalog/int.h"

// Erases all records of an object, and notes why.
bool batch_erase(CatalogBatch *b, Str object_id, int64_t sequence, Str reason, Err *err) MUST_CHECK;
