// SPDX-License-Identifier: Apache-2.0
// ingest/periods: dynasties, periods and reigns by name, as years. Pure.
#pragma once

#include "base/base.h"

typedef struct {
    bool found;
    bool exact; // a year of a reign, not the whole of it
    int earliest, latest;
} PeriodMatch;

PeriodMatch periods_match(Str text);        // in Chinese characters, kana, hangul: anywhere
PeriodMatch periods_match_latin(Str lower); // in lower-case Latin letters: before "dynasty", "period", ...
