// SPDX-License-Identifier: Apache-2.0
// base/tally: how often something with a name was met, and on which day last. Numbers only: names are kept as
// a hash, and nothing about who. In memory, and now and then in one file; what was counted since the last
// saving is lost with a killed process, never the rest. Any thread.
#pragma once

#include "base/base.h"

enum { TALLY_NAMES_MAX = 16 * 1000 * 1000, TALLY_DAY_MS = 86400000 };

typedef struct Tally Tally;

typedef struct {
    uint32_t count; // stays at its highest
    uint16_t day;   // of the last time, since 1970
} TallyEntry;

// `name` in the folder `dir` (which is not taken). A file that is not there or damaged: counting begins at
// now_ms, and tally_since_ms says so.
Tally *tally_open(int dir, const char *name, int64_t now_ms);
// For looking only: ERR_NOT_FOUND if nobody counts there yet. Never written.
Tally *tally_read(int dir, const char *name, Err *err) MUST_CHECK;
void tally_close(Tally *t); // saves; NULL is fine

void tally_add(Tally *t, Str name, int64_t now_ms); // saves every minute or so, longer ones less often
bool tally_find(Tally *t, Str name, TallyEntry *ret);
int64_t tally_since_ms(const Tally *t);
uint64_t tally_hash(Str name); // never 0
