// SPDX-License-Identifier: Apache-2.0
// ingest/twins: is a picture that comes in there already, under another record? A warning, never a refusal:
// two records may well show the same thing.
#pragma once

#include "ingest/work.h"

// The new file `shot` of the record `object_id`, at the latest before it is filed: compared with the ledger
// (the same bytes), with what the house has looked at (nearly the same picture) and with what came in with
// this run before it. At most one line a file.
bool twins_tell(Run *run, Shot *shot, Str object_id, Arena *a, Err *err) MUST_CHECK;
// What the codes were not compared with, if anything.
void twins_tell_late(Run *run);
// In a lane thread, while the pyramid of a new page is at hand.
void twins_code(const Run *run, Page *page, int pyramid);
