// SPDX-License-Identifier: Apache-2.0
// ingest/reader: a table, one record after the other, whatever its form.
#pragma once

#include "base/base.h"
#include "ingest/delivery.h"
#include "ingest/mapping.h"

enum { READER_DOCUMENT_MAX_BYTES = 64 * 1024 * 1024 };

typedef struct Reader Reader;

// Takes the descriptor. lang: of texts that say nothing. mapping may be NULL and must outlive the reader. The
// listener hears how the file was read. ERR_UNSUPPORTED, ERR_INVALID, ERR_LIMIT: nothing of it can be read.
Reader *reader_open(int fd, const DeliveryTable *table, Str lang, const Mapping *mapping,
    const IngestListener *listener, Err *err) MUST_CHECK;
void reader_close(Reader *r);

typedef enum {
    READER_RECORD,
    READER_REFUSED, // this one cannot be taken in; err says why, *ret_cell where, the next may be good
    READER_END,
    READER_FAILED, // the file cannot be read further
} ReaderStep;

// The record borrows from `a` and from the reader.
ReaderStep reader_next(
    Reader *r, Arena *a, Delivered *ret, int64_t *ret_row, Str *ret_cell, Err *err) MUST_CHECK;
uint64_t reader_bytes_read(const Reader *r);
