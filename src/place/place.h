// SPDX-License-Identifier: Apache-2.0
// place: where on earth a record says it comes from, and how exactly it says so. Pure but for the tables.
//
// Three things know places, and the first that does counts: the record itself (coordinates), the museum's own
// table (places.csv), and a table that comes with the program: countries, regions and towns of today, areas
// and sites that museums name (gazetteer.txt; tools/gazetteer tells its sources). What is not known, or may
// be one of several, is not placed: nothing is guessed (docs/decisions/086-places.md).
#pragma once

#include "base/base.h"

enum {
    PLACES_OWN_MAX_BYTES = 4 * 1024 * 1024,
    PLACES_OWN_MAX = 100 * 1000, // names
    PLACE_NAME_MAX_BYTES = 512,
    PLACE_TEXTS_MAX = 8, // of one record
};

typedef struct Places Places;

Places *places_open(void);  // with what comes with the program
Places *places_empty(void); // without
void places_close(Places *p);
// places.csv: name, latitude, longitude in degrees, and if wished kilometres ("within 30 km of"); a first
// line with the names of the columns, comma, semicolon or tab between. A name without coordinates is never
// placed. Rows that make no sense are passed over: *ret_bad is how many, *ret_first tells of the first.
// ERR_INVALID, ERR_LIMIT: nothing of it counts. Before anybody else has `p`.
bool places_learn(Places *p, Str csv, int *ret_bad, Err *ret_first, Err *err) MUST_CHECK;
int64_t places_own(const Places *p); // names in the museum's own table

// How exactly: by what a place was found.
typedef enum {
    PLACE_SPOT,    // the record has coordinates
    PLACE_OWN,     // the museum's own table
    PLACE_TOWN,    // a town or a site
    PLACE_REGION,  // of a country
    PLACE_AREA,    // an area or a former land
    PLACE_COUNTRY, // no more than the country
} PlaceKind;

typedef struct {
    PlaceKind kind;
    double latitude, longitude; // degrees
    double radius_km;           // it may be anywhere within; 0: a point
    bool perhaps;               // the record itself is not sure
    Str name;                   // as the table calls it; empty for PLACE_SPOT. Lives as long as `p`.
} Place;

typedef enum {
    PLACE_KNOWN,
    PLACE_UNKNOWN,
    PLACE_SEVERAL, // it may be one of several, or its parts contradict each other
    PLACE_KEPT,    // the museum's own table says that it is not to be placed
} PlaceAnswer;

// texts: the places of a record as it writes them, "Jingdezhen, China" or 陕西省宝鸡市; the finest that all
// of a text agree on. Any thread; ret only for PLACE_KNOWN.
PlaceAnswer places_find(const Places *p, const Str *texts, size_t count, Arena *a, Place *ret);

// "29.29,117.21": latitude -90..90, longitude -180..180.
bool place_read_spot(Str text, double *ret_latitude, double *ret_longitude);
double place_apart_km(double latitude_a, double longitude_a, double latitude_b, double longitude_b);

// ---- coast lines: Natural Earth 1:50m, public domain, thinned to a sixteenth of a degree. A ring
// within another is water; a ring may reach beyond 180 degrees.

typedef struct {
    const unsigned char *points;
    size_t count;
} LandRing;

// Walks over all, the largest first: *at from 0 on. False at the end.
bool land_next(size_t *at, LandRing *ret);
void land_point(const LandRing *ring, size_t index, double *ret_latitude, double *ret_longitude);
