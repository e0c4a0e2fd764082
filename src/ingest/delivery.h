// SPDX-License-Identifier: Apache-2.0
// ingest/delivery: what lies in the files and folders that were handed in: tables and pictures, in one order
// that is the same every time. The only part of ingest that walks folders and opens files.
#pragma once

#include "base/base.h"
#include "ingest/ingest.h"

typedef enum {
    TABLE_LINES,    // .jsonl
    TABLE_DOCUMENT, // .json
    TABLE_CELLS,    // .csv, .tsv
    TABLE_WORKBOOK, // .xlsx
    TABLE_LIDO,     // .xml
} TableKind;

typedef struct {
    TableKind kind;
    int root;
    Str path;   // below the root
    Str folder; // of it, below the root; empty or ending in '/'
    Str shown;  // as the user named it
    uint64_t size_bytes;
} DeliveryTable;

typedef struct {
    int root;
    Str path, shown;
    uint64_t size_bytes;
    bool claimed;    // some record has it
    bool on_offer;   // becomes a record of its own if none has it
    bool named_only; // a document in a folder: nobody's until a record names it
    bool in_folder;  // of the delivery, not merely beside a table
} DeliveryPicture;

typedef struct {
    int fd;
    Str shown;
} DeliveryRoot;

struct DeliveryText; // texts.h

typedef struct Delivery Delivery;

// Paths that cannot be read are told to the listener as refused; the rest is walked.
Delivery *delivery_open(const IngestAsk *ask, const IngestListener *listener);
void delivery_close(Delivery *d);
size_t delivery_tables(const Delivery *d, const DeliveryTable **ret);
size_t delivery_pictures(Delivery *d, DeliveryPicture **ret); // the array moves when delivery_find adds to it
int64_t delivery_bytes(const Delivery *d);
size_t delivery_refused(const Delivery *d); // how many paths could not be read

int delivery_open_table(const Delivery *d, const DeliveryTable *table, Err *err) MUST_CHECK;
int delivery_open_picture(const Delivery *d, const DeliveryPicture *picture, Err *err) MUST_CHECK;

// The picture that a table means by `named`; tells if the folder it names had to be passed over.
// ERR_NOT_FOUND, ERR_INVALID (leads out).
bool delivery_find(Delivery *d, const DeliveryTable *table, Str named, Arena *a, size_t *ret,
    bool *ret_elsewhere, Err *err) MUST_CHECK;

// Texts of what stands written in a picture; texts called after a record that has no such picture. Borrowed;
// returns how many.
size_t delivery_texts_beside(
    Delivery *d, const DeliveryPicture *picture, Arena *a, struct DeliveryText ***ret);
size_t delivery_texts_called(Delivery *d, Str id, Str accession, Arena *a, struct DeliveryText ***ret);
int delivery_open_text(const Delivery *d, const struct DeliveryText *text, Err *err) MUST_CHECK;
void delivery_tell_unclaimed(Delivery *d); // texts that belong to nothing here

// ---- pairing by name

// The keys of all records, so that a picture named exactly like one record is never taken for a view of
// another.
void delivery_add_key(Delivery *d, Str id_or_accession);
void delivery_keys_done(Delivery *d);
// Pictures whose names say that they are of this record, in order. Returns how many.
size_t delivery_pair(Delivery *d, Str id, Str accession, Arena *a, size_t **ret);
