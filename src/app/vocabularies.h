// SPDX-License-Identifier: Apache-2.0
// app/vocabularies: the museum's own words. Every file in HOME/vocabularies/ (CSV, SKOS as RDF/XML or
// JSON-LD) is taught to the search before an index is opened.
#pragma once

#include "app/home.h"

// No folder is fine. The file that cannot be read is named. ERR_INVALID, ERR_LIMIT, ERR_IO.
bool vocabularies_learn(const Home *home, Err *err) MUST_CHECK;
