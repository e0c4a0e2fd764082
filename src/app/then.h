// SPDX-License-Identifier: Apache-2.0
// app/then: searching the museum as it stood. The index knows only today, so this reads every record of that
// moment: seconds per 100,000, for the command line.
#pragma once

#include "app/home.h"

// Objects in whose texts all the words of ask->q occur (folded as search does, anywhere in a word), in the
// order of their ids, at most ask->limit; total counts all. What today's or that day's terms hide from
// ask->role is left out. versions[i] belongs to hits[i].
bool search_at(const Home *home, const SearchAsk *ask, int64_t time_ms, SearchAnswer *ret,
    CatalogVersion **ret_versions, Err *err) MUST_CHECK;
