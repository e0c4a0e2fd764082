// SPDX-License-Identifier: Apache-2.0
// tile, inside: address -> TileAsk (parse.c) -> TilePlan (plan.c), both pure; Images (images.c) are the open
// pyramids; info.c writes info.json; tile.c answers.
#pragma once

#include "image/pyramid.h"
#include "image/render.h"
#include "rights/rights.h"
#include "tile/tile.h"

#include <stdatomic.h>

enum {
    SIDE_MAX_PX = 10000,
    IMAGES_OPEN_MAX = 512,
    HEAD_CHECK_US = 100 * 1000, // how long a change of rights may go unnoticed
};
#define RENDER_BUDGET_BYTES ((size_t)128 * 1024 * 1024)

// ---- parse.c

typedef enum { ASK_BASE, ASK_INFO, ASK_PICTURE } AskKind;
typedef enum { REGION_FULL, REGION_SQUARE, REGION_PIXELS, REGION_PERCENT } RegionKind;
typedef enum {
    SIZED_MAX,     // "max"
    SIZED_FULL,    // "full", 2.1 only
    SIZED_WIDTH,   // "w,"
    SIZED_HEIGHT,  // ",h"
    SIZED_EXACT,   // "w,h"
    SIZED_FIT,     // "!w,h"
    SIZED_PERCENT, // "pct:n"
} SizeKind;

typedef struct {
    int version; // 2 or 3
    AskKind kind;
    Str id_sent; // as in the address, percent-encoded
    Str id;
    RegionKind region;
    int left_px, top_px, width_px, height_px; // REGION_PIXELS; larger numbers are cut to NUMBER_MAX
    double left_pct, top_pct, width_pct, height_pct;
    SizeKind size;
    bool upscale; // "^"; in 2.1 always
    int out_width_px, out_height_px;
    double size_pct;
    bool mirror;
    double rotation_deg; // 0 <= r < 360
    bool quality_default;
    RenderQuality quality;
    RenderFormat format;
    // From the query, beyond the standard: the master's own samples, see docs/images.md.
    bool depth_master; // "depth=master"
    bool windowed;     // "window=low,high"
    double low, high;
} TileAsk;

enum { NUMBER_MAX = 1000 * 1000 * 1000 };

// path: "/iiif/3/..." as sent. What is decoded lives in the arena. ERR_INVALID; ERR_NOT_FOUND for a path of
// more parts.
bool ask_parse(Str path, Arena *a, TileAsk *ret, Err *err) MUST_CHECK;

// The query's `depth` and `window`; an empty Str that is not there. ERR_INVALID.
bool ask_parse_samples(const Str *depth, const Str *window, TileAsk *ask, Err *err) MUST_CHECK;

const char *format_name(RenderFormat format); // "jpg"
Str format_type(RenderFormat format);         // "image/jpeg"

// ---- plan.c

typedef struct {
    int side_max_px;     // of the longest side of an answer
    int64_t area_max_px; // of an answer
    Grant grant;
} TileLimits;

typedef struct {
    RenderAsk render;
    bool stored;                // leaves as it lies in the pyramid, or in its twin of WebP tiles
    PyramidSpan span;           // where, if stored
    bool cut;                   // a tile of level 0 that is not stored but cut from the master
    int column, row;            // which, if cut
    bool whole_region, largest; // for the canonical address
    bool upscaled;
} TilePlan;

// What the public may be told of limits: the longest side of a whole picture.
int limits_side(const PyramidFacts *facts, const TileLimits *limits);
// How many of the levels may not be sent, deepest first.
int limits_levels_hidden(const PyramidFacts *facts, const TileLimits *limits);
// ERR_INVALID for what makes no sense or is over the limits that info.json tells.
bool plan_make(const TileAsk *ask, const PyramidFacts *facts, const TileLimits *limits, TilePlan *ret,
    Err *err) MUST_CHECK;
// Looks whether the pyramid, whose tiles are in the format `holds`, has exactly what is asked, or can cut it,
// and the Grant allows it.
void plan_find_stored(
    TilePlan *plan, const TileAsk *ask, const Pyramid *pyramid, RenderFormat holds, const TileLimits *limits);
// To be asked after that: ERR_DENIED for more detail than the Grant allows.
bool plan_permitted(
    const TilePlan *plan, const PyramidFacts *facts, const TileLimits *limits, Err *err) MUST_CHECK;
// Is it something that is answered from the master's samples (ask->depth_master, ask->windowed)? ERR_INVALID.
bool plan_samples(const TileAsk *ask, const TilePlan *plan, Err *err) MUST_CHECK;
// "full/max/0/default.jpg" in its one canonical spelling.
Str plan_canonical(const TileAsk *ask, const TilePlan *plan, const PyramidFacts *facts, Arena *a);

// ---- info.c

typedef struct {
    int version;
    const PyramidFacts *facts;
    const TileLimits *limits;
    Str rights; // statement URI, may be empty
    bool webp;  // tiles are stored as WebP, too
} InfoAsk;

enum { INFO_MAX_BYTES = 16 * 1024 };

// Everything behind the value of "id" ("@id" in 2.1), which differs by how the image was asked for.
void info_write_rest(const InfoAsk *ask, Buf *out);
Str info_json(int version, Str base_url, Str id_sent, Str rest, Arena *a);
Str info_content_type(int version, Str accept);

// ---- images.c: open pyramids by image id. Any thread.

typedef struct Images Images;

typedef struct Image Image;
struct Image {
    Str id;
    uint64_t hash;
    Pyramid *pyramid;
    Pyramid *webp; // its twin, NULL: there is none
    const PyramidFacts *facts;
    TileLimits limits;
    Str object_id, path; // of the master in the vault
    Sha512 master;
    int page;
    Terms terms;
    char tag[17]; // begins every ETag
    Str info[2];  // of version 2 and 3: what info_write_rest wrote
    atomic_int holds;
    atomic_int_least64_t confirmed_at; // head of the catalogue when its terms were last read
    atomic_int_least64_t used_us;
};

// store: for masters from which tiles are cut; may be NULL.
Images *images_open(Catalog *catalog, Derived *derived, Store *store, int open_max, const TileLimits *limits);
void images_close(Images *images);
// Held, or NULL if it is not open or the catalogue has moved since: then images_resolve must look. Never
// blocks.
Image *images_find(Images *images, Str id);
// Asks the catalogue and opens what it names; held. ERR_NOT_FOUND also for what may not be known of,
// ERR_DENIED for an object without public pictures, ERR_BUSY if its pyramid is not made yet.
Image *images_resolve(Images *images, Str id, Err *err);
// Lets go of the pyramids whose picture the catalogue no longer has. One thread.
void images_tidy(Images *images);
void image_drop(void *image);
// Its files turned out not to be what they should: the next to ask opens them anew.
void images_forget(Images *images, Str id);

struct TileRoom {
    Images *images;
    Store *store; // NULL: no samples are given out
    size_t budget_bytes;
    atomic_size_t in_use_bytes;
    atomic_bool cutting; // a master is being decoded for samples: one at a time
};

// samples.c
bool samples_in_budget(
    TileRoom *t, const TileAsk *ask, const TilePlan *plan, const Image *image, Buf *out, Err *err) MUST_CHECK;
