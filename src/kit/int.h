// SPDX-License-Identifier: Apache-2.0
// kit/int: what the files of this room tell each other.
#pragma once

#include "image/pyramid.h"
#include "image/write.h"
#include "kit/kit.h"
#include "pattern/pattern.h"

#include <pthread.h>

enum { KIT_WAITING_MAX = 6 }; // for memory: a page asks for all its pictures at once
#define KIT_BUDGET_BYTES ((size_t)128 * 1024 * 1024)

struct Kit {
    Catalog *catalog;
    Derived *derived;
    Arena *arena;
    Str museum_name;
    size_t budget_bytes;
    pthread_mutex_t lock; // over what follows
    pthread_cond_t freed;
    size_t in_use_bytes;
    int waiting;
};

// ---- credit.c: what a file says of itself

typedef struct {
    Str title;  // "Vase (seamless tile)"
    Str maker;  // may be empty
    Str credit; // the credit line, as in the manifest
    Str collection, accession;
    Str licence;     // in the museum's words, or the address of the statement
    Str rights;      // statement URI, may be empty
    Str page;        // of the object
    Str source;      // the part, as an address of the image service
    Str description; // what was made of what
    Str conditions;  // of what may be done with it; empty if we know of none
} Credit;

Credit credit_make(const Kit *kit, const KitSource *source, KitPiece piece, Str base_url, Arena *a);
// RDF/XML for <metadata> of an SVG, and the same as an XMP packet.
bool credit_rdf(const Credit *credit, Arena *a, Str *ret, Err *err) MUST_CHECK;
bool credit_words(const Credit *credit, Arena *a, PictureWords *ret, Err *err) MUST_CHECK;
