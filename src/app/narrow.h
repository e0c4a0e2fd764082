// SPDX-License-Identifier: Apache-2.0
// app/narrow: filters by facets on the command line, and the facets of an answer; for every verb that finds.
#pragma once

#include "base/json.h"
#include "search/search.h"

#define NARROW_OPTION_HELP "only these values of facets: classification=Prints&century=19"

// "classification=Prints&maker=Hokusai", added to the filters of ask; values are borrowed. ERR_INVALID for
// what is no facet, no value, or too many.
bool narrow_read(Str text, SearchAsk *ask, Err *err) MUST_CHECK;

// For people, to stdout: the most frequent values of each facet that has any.
void narrow_print_facets(Arena *a, const SearchAnswer *answer);
// A member "facets" of an open map: {"classification": {"Prints": 3, ...}, ...}
void narrow_put_facets(JsonWriter *w, const SearchAnswer *answer);
