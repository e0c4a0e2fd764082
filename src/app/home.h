// SPDX-License-Identifier: Apache-2.0
// app/home: one museum is one folder, opened here and closed in reverse order.
//
//   museum.conf   how it runs                      kept: this and the vault are the museum
//   vocabularies/ the museum's own words, if any   kept
//   places.csv    where places lie, if it says so  kept
//   vault/        OCFL storage root: the truth     kept
//   staging/      work on its way into the vault   empty when nobody writes
//   ledger.key    signs the heads of the log         kept, and secret
//   checkpoint    the last of them                  kept: what was promised
//   catalog.db    the ledger                       can be rebuilt from the vault
//   derived/      pyramids                         can be rebuilt
//   index/        text index                       can be rebuilt
//   opened        how often works were opened      a statistic; counting begins again without it
#pragma once

#include "app/conf.h"
#include "catalog/catalog.h"
#include "image/cage.h"
#include "ingest/ingest.h"
#include "search/search.h"
#include "store/derived.h"
#include "store/store.h"

#define HOME_OPENED "opened"

typedef struct {
    Arena *arena;
    const char *path; // as given with -C
    int dir;          // descriptor of the folder
    int lock;         // shared while at work, exclusive for rebuild
    Conf conf;
    Store *store;
    Derived *derived;
    Catalog *catalog;
    Cage *cage;
} Home;

typedef enum {
    HOME_LOOK,  // catalogue only: search
    HOME_WORK,  // vault, derived and catalogue: ingest, serve, verify
    HOME_ALONE, // the same without the catalogue, and nobody else may be at work: rebuild
} HomeUse;

// ERR_NOT_FOUND with a hint if there is no museum; ERR_BUSY if somebody is at work and we want to be alone.
bool home_open(const char *path, HomeUse use, Home *ret, Err *err) MUST_CHECK;
void home_close(Home *home);
const char *home_path(const Home *home, const char *name); // "<home>/<name>", in the home's arena
bool home_open_cage(Home *home, Err *err) MUST_CHECK;      // when pictures will be decoded
IngestHouse home_house(const Home *home);

// Makes the folder with museum.conf, vault and an empty catalogue. ERR_INVALID if there is a museum already.
bool home_make(const char *path, const ConfAnswers *answers, Err *err) MUST_CHECK;
