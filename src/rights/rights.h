// SPDX-License-Identifier: Apache-2.0
// rights: who may see how much of what. Pure: facts in, Grant out. No I/O, no clock.
//
// A Grant is the only key that opens pixels, text or files; tile, manifest, site, search and their counts all
// obey the same one. Only this room makes one (the rooms test sees to that). Tiers, marks, regions and
// sign-in will be more fields of Terms and Viewer; callers keep asking the same question.
#pragma once

#include "base/base.h"

enum { RIGHTS_SIDE_UNLIMITED = INT32_MAX };

// What a record (or museum.conf) says of itself.
typedef enum {
    ACCESS_NONE,   // "none": nobody outside learns that it exists
    ACCESS_RECORD, // "record": texts, no pixels
    ACCESS_SIDE,   // "side 1024": pictures up to that many pixels on the longest side
    ACCESS_FULL,   // "full"
} Access;

typedef struct {
    Access access;
    int side_max_px; // ACCESS_SIDE only
} Terms;

typedef enum { VIEWER_PUBLIC, VIEWER_STAFF } ViewerRole;

typedef struct {
    bool record;     // may read texts and know that it exists
    int side_max_px; // longest side of a whole picture that may be sent; 0 none, RIGHTS_SIDE_UNLIMITED all
                     // there is
} Grant;

// ERR_DENIED if nothing at all may be shown: the answer is then the same as for an object that does not
// exist.
bool rights_decide(ViewerRole role, Terms terms, Grant *ret, Err *err) MUST_CHECK;

// "none", "record", "full", "side N" or just "N" (pixels, 16..100000). ERR_INVALID.
bool rights_terms_parse(Str text, Terms *ret, Err *err) MUST_CHECK;
Str rights_terms_text(Arena *a, Terms terms); // the form that rights_terms_parse reads
// A number that orders terms by how much they open; stored by indexes so that hits and counts can be
// filtered.
int rights_terms_rank(Terms terms);
// The lowest rank whose records this viewer may know of.
int rights_rank_visible(ViewerRole role);
// The lowest rank whose pictures this viewer may see at some size.
int rights_rank_pixels(ViewerRole role);

// May something new be made of a picture and given away (a tile, a trace, a sticker)? statement: URI of a
// Creative Commons licence or of rightsstatements.org (http: or https:), as the record's `rights`; licence:
// the museum's own words, which count where there is no statement. What nobody says is not allowed.
typedef enum {
    DERIVE_FREE,       // no condition that we know of
    DERIVE_CREDIT,     // with the credit (CC BY)
    DERIVE_SHARE_ALIKE // with the credit, under the same licence (CC BY-SA)
} DeriveAs;

typedef struct {
    DeriveAs as;
    bool no_commerce; // and not for commerce
} Derive;

// ERR_DENIED, with the reason in words: no-derivatives licences, works in copyright, status unknown. Staff
// may for themselves; what they hand on is theirs to answer for.
bool rights_derive(ViewerRole role, Str statement, Str licence, Derive *ret, Err *err) MUST_CHECK;
