// SPDX-License-Identifier: Apache-2.0
// visual/lookup: which pictures carry the same features in the same arrangement. Votes first (words and
// bits), then geometry for the best: one pair of features proposes how the query lies in the picture, the
// others agree or not.
#pragma once

#include "visual/forms.h"
#include "visual/segment.h"

enum {
    SHELF_PARTS_MAX = 512,
    LOOKUP_FEATURES_MAX = 1000,
    LOOKUP_HITS_MAX = 300, // pictures that are looked at closely
    LOOKUP_PAIRS_MAX = 48, // of a hit, as evidence
    RANK_GONE = INT32_MIN, // a picture that is no more
};

typedef struct {
    const Segment *segment;
    const int32_t *ranks; // rights_terms_rank of each picture, or RANK_GONE
    uint32_t first;       // number of its first picture on the shelf
    const Forms *forms;   // of the same pictures; NULL: none
} ShelfPart;

// All pictures of one moment.
typedef struct {
    ShelfPart parts[SHELF_PARTS_MAX];
    int parts_count;
    uint32_t pictures;
    uint64_t marks;
} Shelf;

// The part that holds this picture of the shelf.
const ShelfPart *shelf_part(const Shelf *shelf, uint32_t picture);

typedef enum { WAY_PLAIN, WAY_NEGATIVE, WAY_MIRRORED, WAY_MIRRORED_NEGATIVE, WAYS } Way;

typedef struct {
    const Feature *features;
    int features_count;
    // If not NULL, instead of features_count: describes more, up to `wanted` or all. How many there are then.
    int (*more)(void *ctx, int wanted);
    void *more_ctx;
    float width_px, height_px; // of the query picture
    bool mirrored;             // look for mirror images too
    int rank_min;              // pictures below do not exist
    const uint8_t *allowed;    // by number on the shelf: 1 may be answered; NULL: all
    int limit;                 // hits wanted
} LookupAsk;

typedef struct {
    float query_x, query_y; // pixels of the query
    float x, y;             // PLACE_ONE along the longer side of the picture
} LookupPair;

typedef struct {
    uint32_t picture; // on the shelf
    double score; // about the number of features that agree in their arrangement, rarer ones counting more;
                  // 0: none do, the picture has votes only (a motif bent over another shape, or chance)
    double order; // score and votes together: what the hits are sorted by
    Way way;
    float corners[4][2]; // of the query, in the picture: left top, right top, right bottom, left bottom
    LookupPair pairs[LOOKUP_PAIRS_MAX];
    int pairs_count;
} LookupHit;

// Best first. ret has room for ask->limit (at most LOOKUP_HITS_MAX).
int lookup(const Shelf *shelf, const Words *words, const LookupAsk *ask, LookupHit *ret);

// Of two answers to one question one, each picture once with its better hit; `hits` has room for
// LOOKUP_HITS_MAX. How many.
int lookup_join(LookupHit *hits, int count, const LookupHit *others, int others_count);
