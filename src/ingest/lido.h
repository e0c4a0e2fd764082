// SPDX-License-Identifier: Apache-2.0
// ingest/lido: records out of a LIDO 1.0 or 1.1 document (lido-schema.org), as far as our fields go.
#pragma once

#include "base/base.h"
#include "ingest/fields.h"

typedef struct Lido Lido;

// text: the whole document, borrowed until close. ERR_CORRUPT: not XML. A document type is refused, so no
// entity is ever expanded; nothing is fetched.
Lido *lido_open(Str text, Err *err) MUST_CHECK;
void lido_close(Lido *l);

typedef enum { LIDO_RECORD, LIDO_END, LIDO_FAILED } LidoStep;
LidoStep lido_next(Lido *l, const FieldRules *rules, Arena *a, Delivered *ret, Err *err) MUST_CHECK;
