// SPDX-License-Identifier: Apache-2.0
// ingest/columns: the names under which museums keep their fields, as data.
#pragma once

#include "ingest/fields.h"

typedef struct {
    FieldKind kind;
    const char *lang;  // of the names; "" for those that English shares with others
    const char *names; // separated by spaces
} ColumnNames;

extern const ColumnNames COLUMN_NAMES[];
extern const size_t COLUMN_NAMES_COUNT;
