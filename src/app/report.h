// SPDX-License-Identifier: Apache-2.0
// app/report: what happened during a taking-in, shown as it happens and summed up at the end, for people or
// as JSON.
#pragma once

#include "app/term.h"
#include "base/json.h"
#include "ingest/ingest.h"

enum { REPORT_PROBLEMS_SHOWN = 1000, REPORT_JSON_MAX_BYTES = 256 * 1024 * 1024 };

typedef struct {
    Term term;
    bool json;
    Buf lines; // JSON: the problems so far
    JsonWriter writer;
    int64_t problems, warnings;
} Report;

void report_open(Report *r, bool json);
IngestListener report_listener(Report *r);
// Prints the sum; verb as in "Taken in". True if nothing was refused.
bool report_done(Report *r, const IngestCounts *counts, const char *verb, bool check);
void report_close(Report *r);
