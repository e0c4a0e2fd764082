// SPDX-License-Identifier: Apache-2.0
// kit: from a part of a picture we hold, files to work with elsewhere: the part itself, one
// seamless repeat, in few colours, in curves, without its ground. Each says inside itself what it is of,
// whose, and how it may be used.
//
// rights_decide opens the picture and bounds its size, rights_derive says whether anything new may be made of
// it; nothing else here decides. docs/pattern.md has the figures.
#pragma once

#include "base/base.h"
#include "catalog/catalog.h"
#include "pattern/lattice.h"
#include "pattern/palette.h"
#include "store/derived.h"

typedef struct Kit Kit;

typedef struct {
    Catalog *catalog;
    Derived *derived;
    size_t budget_bytes; // memory of all that is being made at once, 0: 128 MB; over it ERR_BUSY
    Str museum_name;     // the credit where a record has none
} KitConfig;

Kit *kit_open(const KitConfig *config);
void kit_close(Kit *kit);

enum {
    KIT_SIDE_MAX_PX = 1000, // of what is worked on; a larger part is looked at from farther away
    KIT_REGION_MIN_PX = 16, // of a part, in the picture
    KIT_FILE_MAX_BYTES = 16 * 1024 * 1024,
};

typedef struct {
    int left_px, top_px, width_px, height_px;
} KitBox;

typedef struct {
    ViewerRole role;
    Str image_id;
    KitBox region; // in pixels of the whole picture; all zero: the whole
} KitAsk;

// "x,y,w,h" in digits. False if it is anything else.
bool kit_read_region(Str text, KitBox *ret);
Str kit_region_text(KitBox region, Arena *a);

// What may be worked on, and how. Lives in the arena.
typedef struct {
    CatalogImage image;
    CatalogVersion version;
    Record record;
    const RecordMedia *media;
    Grant grant;
    Derive derive;
    KitBox region; // never all zero
    double scale;  // of what is worked on: pixels there for one of the whole picture, at most 1
} KitSource;

// ERR_NOT_FOUND: no such picture for this viewer, hidden ones among them; ERR_DENIED: it may be seen, but
// nothing be made of it (the text says why); ERR_INVALID: the region is too small or not inside. Reads the
// catalogue only. On ERR_DENIED and ERR_INVALID record, media and grant are filled in all the same.
bool kit_find(const Kit *kit, const KitAsk *ask, Arena *a, KitSource *ret, Err *err) MUST_CHECK;

typedef enum { KIT_PART, KIT_TILE, KIT_FLAT, KIT_TRACE, KIT_STICKER, KIT_FACTS, KIT_PIECES } KitPiece;

Str kit_piece_file(KitPiece piece); // "flat.png"
Str kit_piece_type(KitPiece piece); // "image/png"
bool kit_piece_find(Str file, KitPiece *ret);

// Changes whenever the bytes of a file would: by picture, part, record, program and base address.
Str kit_tag(const KitSource *source, KitPiece piece, Str base_url, Arena *a);
// Computes and writes one file. base_url: of the addresses inside. ERR_NOT_FOUND: no repeat, nothing to cut
// out; ERR_BUSY: over the budget, or the picture is not prepared yet; ERR_LIMIT. Heavy (up to some hundred
// ms). Any thread.
bool kit_make(Kit *kit, const KitSource *source, KitPiece piece, Str base_url, Buf *out, Err *err) MUST_CHECK;

// What a page says about a part without showing it.
typedef struct {
    Lattice lattice;                   // in pixels of the whole picture
    int tile_width_px, tile_height_px; // of tile.png; 0: there is none
    Colour colours[COLOURS_MAX];
    int colours_count;
    double sticker_share; // of the part that sticker.png shows; 0: there is none
} KitFacts;
bool kit_study(Kit *kit, const KitSource *source, KitFacts *ret, Err *err) MUST_CHECK;
