// SPDX-License-Identifier: Apache-2.0
// ingest: bring things in: read what a museum has, check it, derive pictures, file it in vault and ledger.
//
//   delivery (JSON lines, CSV, folders of pictures) -> Record + files -> cage (pyramid) -> vault -> ledger
//
// Killed at any moment and started again, it goes on with the picture where it stopped; run twice, it changes
// nothing.
#pragma once

#include "base/base.h"
#include "catalog/catalog.h"
#include "image/cage.h"
#include "store/derived.h"
#include "store/store.h"

// What says whether two pictures are nearly the same: 256 bits a picture, compared bit by bit. Made by app,
// as this room does not look at pictures.
typedef struct {
    uint64_t bits[4];
} IngestCode;

typedef struct {
    void *ctx;
    // Of a pyramid (the descriptor stays the caller's). Any thread. False: it is too plain to say anything,
    // or cannot be read.
    bool (*code)(void *ctx, int pyramid, IngestCode *ret);
    // The nearest picture of another object than this one, at most distance_max bits away; false: none. One
    // thread.
    bool (*find)(
        void *ctx, const IngestCode *code, Str except_object, Arena *a, Str *ret_object, int *ret_distance);
    int distance_max;
    int64_t sequence; // find knows the ledger up to here
} IngestSight;

typedef struct {
    Store *store;
    Derived *derived;
    Catalog *catalog;
    Cage *cage;
    bool webp_tiles;          // each pyramid gets a twin of WebP tiles
    const IngestSight *sight; // NULL: new pictures are not compared but by their bytes
} IngestHouse;

typedef struct {
    const char *const *paths; // files or folders
    size_t paths_count;
    const char *mapping; // file of `columns = fields`, NULL for guesses
    const char *images;  // folder to pair pictures from, NULL: beside the table
    bool check;          // write nothing, list every problem
    Str agent;           // who, for the ledger
    Str lang;            // of texts that do not say, empty: "und"
    int64_t now_ms;
    const volatile bool *stop; // set by a signal: finish the batch at hand and return
} IngestAsk;

typedef enum { INGEST_NOTE, INGEST_WARNING, INGEST_REFUSED } IngestLevel;

typedef struct {
    IngestLevel level;
    Str file;    // as the user named it
    int64_t row; // 1 is the first line of the file; 0 if it is about the whole file
    Str cell;    // column or field, empty if about the whole row
    Str text;    // what is wrong, in words
} IngestProblem;

typedef struct {
    int64_t records_seen, records_new, records_changed, records_same, records_refused;
    int64_t images_seen, images_new, images_same, images_refused;
    int64_t bytes_read;  // of the delivery so far
    int64_t bytes_total; // -1 if unknown
    int64_t change_set;  // 0 if nothing was written
} IngestCounts;

typedef struct {
    void *ctx;
    void (*problem)(void *ctx, const IngestProblem *problem);
    void (*progress)(void *ctx, const IngestCounts *so_far); // often; the caller decides how often to show it
} IngestListener;

// True if the run came to its end, with or without refusals (see ret). ERR_IO on a full disk: what was
// acknowledged stays.
bool ingest_run(const IngestHouse *house, const IngestAsk *ask, const IngestListener *listener,
    IngestCounts *ret, Err *err) MUST_CHECK;

// After a kill: what the vault has and the ledger has not is entered into the ledger. Fast when there is
// nothing to do.
bool ingest_recover(const IngestHouse *house, int64_t *ret_recovered, Err *err) MUST_CHECK;
// The whole ledger from the vault alone (into an empty catalogue), and the pyramids that are missing.
bool ingest_rebuild(const IngestHouse *house, bool images, const IngestListener *listener, IngestCounts *ret,
    Err *err) MUST_CHECK;
