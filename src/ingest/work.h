// SPDX-License-Identifier: Apache-2.0
// ingest/work: one run, and the batches that go through it.
//
//   main thread     read a batch --> give its pictures to the lane --> file the batch before it
//   lane            digest, look for a pyramid made before, else make one in the cage
//
// Two batches are under way: while one is filed, the pictures of the next are made.
#pragma once

#include "base/base.h"
#include "base/lane.h"
#include "ingest/delivery.h"
#include "ingest/fields.h"
#include "ingest/ingest.h"
#include "ingest/reader.h"
#include "ingest/seen.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    BATCH_RECORDS_MAX = 1000,
    BATCH_PICTURES_MAX = 32,
    BATCH_BYTES_MAX = 256 * 1024 * 1024, // of pictures
    BATCH_TIME_MS = 3000,
    PICTURES_OF_RECORD_MAX = 2000,
    PAGES_OF_FILE_MAX = 2000,
};
// Of all pages of a file together.
#define PAGES_PIXELS_MAX INT64_C(10000000000)

typedef struct Run Run;
typedef struct Batch Batch;
typedef struct Twin Twin;

// One page of a file; a file that is one picture has one.
typedef struct {
    bool good; // the facts hold; else err says what is wrong
    ImageFacts facts;
    bool has_code;
    IngestCode code;
    Err err;
} Page;

// One file on its way: what is asked, and what the lane found out.
typedef struct {
    Run *run;
    Batch *batch;
    DeliveryPicture picture; // a copy: the delivery's list moves
    DeliveredPicture said;
    bool good;      // at least one page is, and what stands below holds
    bool stopped;   // not looked at: the run is ending
    bool told;      // that it is refused
    bool described; // told what is wrong with its pages
    bool compared;  // with what is there already
    Sha512 digest;
    uint64_t size_bytes;
    Page *pages; // owned
    int pages_count;
    int pages_left_out; // beyond the limits
    Err err;
} Shot;

typedef struct {
    Delivered d;
    Str shown; // the table, or the picture where there is none
    int64_t row;
    bool only_pictures; // nothing but pictures was delivered: a record that exists keeps its texts
    Shot *shots;
    size_t shots_count;
} Item;

struct Batch {
    Arena *arena;
    Item *items;
    size_t items_count, items_capacity;
    Reader **read_to_end; // what the items borrow from
    size_t read_count, read_capacity;
    size_t pictures;
    uint64_t bytes;
    int64_t begun_us;
    int waiting; // shots in the lane; under the run's lock
};

struct Run {
    const IngestHouse *house;
    const IngestAsk *ask;
    const IngestListener *listener;
    IngestCounts counts;
    Arena *arena;
    Delivery *delivery;
    Mapping *mapping; // NULL: none given
    Seen seen;
    CatalogWho who;
    int64_t head;      // of the ledger, when the run began
    bool ledger_empty; // nothing can be there already
    Twin *twins;       // the new pictures of this run so far
    size_t twins_count, twins_capacity;
    int64_t codes_asked;
    Lane *lane;
    pthread_mutex_t lock;
    pthread_cond_t shot_done;
    atomic_bool failed; // the system said no: nothing further makes sense
    Err err;            // of that; under the lock
};

bool run_stopping(const Run *run);
void run_fail(Run *run, const Err *err);
void run_tell(Run *run, IngestLevel level, const Item *item, Str cell, Str text);

// shots.c: in a lane thread.
void shot_work(void *shot);
void shot_free(Shot *shot);
// filing.c: the batch into vault and ledger (or only compared, for a check). False: the system said no.
bool batch_file(Run *run, Batch *batch, Err *err) MUST_CHECK;
