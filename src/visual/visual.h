// SPDX-License-Identifier: Apache-2.0
// visual: find by looking. The object in my photograph, the pattern in this corner, works like this one,
// works in these colours, the same picture again. A disposable follower of the ledger: delete the index and
// it is made again. Never wrong, at worst late; visual_sequence says how late.
//
// Files of the index: segments that never change and `head`, which names them and says how far the ledger is
// known. A kill at any moment leaves the old head and its segments, or the new. One process writes, any
// number read. docs/look.md has the figures.
#pragma once

#include "base/base.h"
#include "base/json.h"
#include "catalog/catalog.h"
#include "image/pyramid.h"
#include "visual/sketch.h"

typedef struct Visual Visual;

// dir: folder of the index. writer: takes the writing lock (ERR_BUSY if another process has it) and makes the
// index if there is none or it is of no use; a reader gets ERR_NOT_FOUND then. Any thread.
Visual *visual_open(const char *dir, bool writer, Err *err) MUST_CHECK;
void visual_close(Visual *v);
// What counts for records that say nothing of who may see them; from museum.conf. Right after opening, before
// anybody else has `v`. Until then: nothing of them is shown. The index stores only that they say nothing, so
// another default counts from the next opening on.
void visual_default_terms(Visual *v, Terms terms);

// Where pictures come from: the pyramid of a page of a master (0: it is one picture; counted: dropped after
// use), or NULL and ERR_NOT_FOUND if it is not made yet: then the picture is tried again with every later
// visual_follow.
typedef struct {
    void *ctx;
    Pyramid *(*pyramid)(void *ctx, const Sha512 *master, int page, Err *err);
} VisualSource;

// Takes in what the ledger has and the index has not, until there is nothing more or *stop. About 50 ms a
// picture. Writer only, one thread.
bool visual_follow(Visual *v, Catalog *c, const VisualSource *source, const volatile bool *stop,
    int64_t *ret_sequence, Err *err) MUST_CHECK;
int64_t visual_sequence(Visual *v);
typedef struct {
    int64_t pictures, late; // late: their pyramid was missing so far
    int64_t bytes;
} VisualCounts;
VisualCounts visual_counts(Visual *v);
bool visual_erase(const char *dir, Err *err) MUST_CHECK; // for rebuild; nobody may have it open

// ---- asking

enum {
    VISUAL_SIDE_MAX_PX = 1200, // of a picture asked with or taken in; render larger ones down to this
    VISUAL_REGION_MIN_PX = 16, // shorter sides of a region have nothing to be found by
    VISUAL_LIMIT_MAX = 100,
    VISUAL_POINTS_MAX = 48,
    VISUAL_CORNERS_MAX = 64,        // of a lasso
    VISUAL_LINES_QUICK_MAX = 10000, // pictures that are looked through by their lines in some 0.3 s
};

// Fractions of a picture: 0 .. 1 from its left top corner.
typedef struct {
    double x, y;
} VisualPoint;

typedef enum {
    VISUAL_DETAIL,  // the same thing or detail, at any size and turn, in other colours, partly hidden
    VISUAL_LIKE,    // works that look like it as a whole
    VISUAL_PALETTE, // works in these colours
    VISUAL_SAME,    // the same picture, perhaps scaled, recompressed, cropped
} VisualQuestion;

// DETAIL without a lasso: what has the same lines, be it drawn, woven or carved (drawn.h).
typedef enum {
    VISUAL_LINES_NEVER,
    VISUAL_LINES_QUICK,  // if nothing else is found and there are VISUAL_LINES_QUICK_MAX pictures at most
    VISUAL_LINES_ALWAYS, // behind what else is found; seconds where there are 100,000 pictures
} VisualLines;

typedef struct {
    VisualQuestion question;
    Picture picture; // DETAIL (already cut to the region), LIKE, SAME: at most VISUAL_SIDE_MAX_PX
    VisualPoint lasso[VISUAL_CORNERS_MAX]; // DETAIL: of `picture`, only what lies inside counts
    int lasso_count;                       // 0: all of it; else from 3 on
    int features_max; // DETAIL: asked with so many of its features at most, the strongest; 0: as many as help
    Str image_id;     // LIKE, SAME: a picture of the index instead of `picture`
    SketchColour colours[PALETTE_MAX]; // PALETTE; parts need not sum up
    int colours_count;
    bool mirrored; // DETAIL: mirror images too
    VisualLines lines;
    bool perhaps;    // also what is more likely chance than not, after all that is not
    ViewerRole role; // objects whose pictures may not be seen are in no hit
    bool has_only;   // only these objects, as many as there are
    const Str *only;
    size_t only_count;
    Str except_object; // not this one (whose picture is asked with)
    Catalog *ledger; // what it has hidden since the index last followed is left out too; NULL: who asks sees
                     // to that
    int limit;       // of objects, 1 .. VISUAL_LIMIT_MAX
} VisualAsk;

typedef struct {
    Str object_id, image_id;
    uint64_t master;         // as in VisualEntry
    int width_px, height_px; // of the picture
    double score;            // DETAIL, SAME: how likely it is right, 0 .. 1; LIKE, PALETTE: likeness 0 .. 1
    bool has_place;          // DETAIL: where in the picture
    VisualPoint outline[VISUAL_CORNERS_MAX]; // of what was asked with (its corners, or the lasso's); may
    int outline_count;                       // reach beyond the picture
    double left, top, width, height;         // box around the outline, inside the picture
    bool negative, mirrored;
    bool drawn; // found by its lines (form.h): there are no spots that agree
    VisualPoint asked[VISUAL_POINTS_MAX], found[VISUAL_POINTS_MAX]; // the evidence: spots that agree
    int points_count;
} VisualHit;

typedef struct {
    VisualHit *hits; // best first, one for each object
    size_t count;
    Str *objects; // all objects that answer, best first, however many were asked for
    size_t total;
    int64_t sequence; // the answer knows the ledger up to here
    bool too_plain;   // nothing in the picture to search by
    bool by_lines;    // pictures were looked through by their lines
} VisualAnswer;

// Any thread. ERR_INVALID: a picture or number that makes no sense; ERR_NOT_FOUND: no such image_id to be
// seen.
bool visual_ask(Visual *v, const VisualAsk *ask, Arena *a, VisualAnswer *ret, Err *err) MUST_CHECK;

// ---- the museum's own model (room `model`), optional

// vector: of length 1, `dimensions` floats; any thread. key: vectors of another key cannot be compared with
// these.
typedef struct {
    void *ctx;
    uint64_t key;
    int dimensions;
    bool (*vector)(void *ctx, Picture picture, float *ret, Err *err);
} VisualModel;

// From now on VISUAL_LIKE goes by the model too, as far as it has looked at the pictures. Before anybody else
// has `v`. A reader knows the vectors that were there when this was called.
bool visual_use_model(Visual *v, const VisualModel *model, Err *err) MUST_CHECK;
// Lets the model look at up to `max` pictures of the index that it has not seen. *ret_waiting: there are
// more. Writer only, the thread of visual_follow. An error of the model as a whole (its library or file) is
// ERR_UNSUPPORTED.
bool visual_follow_model(Visual *v, Catalog *c, const VisualSource *source, int max,
    const volatile bool *stop, bool *ret_waiting, Err *err) MUST_CHECK;

// ---- is this picture there already

typedef struct {
    Str object_id, image_id;
    int width_px, height_px; // of the picture
    int distance; // bits of 256 in which the codes differ: up to CODE_SAME_MAX the same picture, up to
                  // CODE_ALIKE_MAX perhaps (then visual_ask tells)
} VisualTwin;

enum { VISUAL_TWINS_MAX = 64 };

// Pictures of the index whose code (sketch_code) differs from this one in at most `distance_max` bits,
// nearest first, up to VISUAL_TWINS_MAX; every picture counts, also several of one object. Those that `role`
// may not see are left out; a check at ingest asks as staff. except_object: not this one's. Any thread. A
// reader knows what the writer has published.
bool visual_same(Visual *v, const SketchCode *code, int distance_max, ViewerRole role, Str except_object,
    Arena *a, VisualTwin **ret, size_t *ret_count, Err *err) MUST_CHECK;

// ---- all pictures, for who keeps something beside the index

typedef struct {
    Str object_id, image_id; // only during the call
    uint64_t master;         // first bytes of its digest: other bytes, another picture
    int rank;                // rights_terms_rank of its object, as of now
} VisualEntry;

// Every picture of the index. `each` must not ask the index. Returns the sequence they are true for.
int64_t visual_each(Visual *v, void (*each)(void *ctx, const VisualEntry *entry), void *ctx);
uint32_t visual_vocabulary(Visual *v); // changes with the vocabulary

// ---- reading what people and programs write

// "x,y,w,h", whole numbers from 0, width and height above 0.
bool visual_read_region(Str text, int ret[4]);
// "x,y,x,y,x,y ...": a lasso, 3 to VISUAL_CORNERS_MAX corners in whole numbers from 0. ret_box: left, top,
// width and height of what it spans; ret: its corners as fractions of that. 0 if it is none, or without
// width or height.
int visual_read_lasso(Str text, VisualPoint *ret, int ret_box[4]);
// "1f4e79,d9c9a3": up to PALETTE_MAX colours as in HTML, with or without '#'; all count the same. 0 if it is
// none.
int visual_read_colours(Str text, SketchColour *ret);

// ---- for scripts: members of an open map. Pixels are those of the whole picture.
//   "image": id, "score": 0.98, "region": "x,y,w,h" (as in IIIF), "outline": [[x, y], ...], "negative",
//   "mirrored", "drawn": true (only if so), "points": [[x asked, y asked, x found, y found], ...] with
//   fractions of the picture asked with, then pixels
void visual_write_hit(const VisualHit *hit, bool points, JsonWriter *w);
