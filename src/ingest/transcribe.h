// SPDX-License-Identifier: Apache-2.0
// ingest/transcribe: what stands written in the pictures of a record, out of the texts that lie beside them.
#pragma once

#include "ingest/work.h"

typedef struct {
    Record *record;       // as it will stand, its media merged already
    const Record *before; // as it stands, or NULL
    const RecordMedia *delivered;
    Shot *const *shots; // delivered[i] is of shots[i]
    size_t count;
} Filed;

// Puts the record's member `transcripts`: those delivered now, and those it had. A text that cannot be read
// is told as a warning and passed over.
void transcribe(Run *run, const Filed *f, Arena *a);
