// SPDX-License-Identifier: Apache-2.0
// site/look: what the pages of finding by looking share. Of this room alone.
#pragma once

#include "site/int.h"

enum { LOOK_OUTLINE_MAX_BYTES = VISUAL_CORNERS_MAX * 24 };

// One question by picture and its answer.
typedef struct {
    VisualAsk ask;
    bool asked;    // there is a question at all
    bool uploaded; // with a picture that was sent along
    bool shown;    // the answer is a page and gives that picture back
    Str again;     // base64 of it as a small JPEG, to ask on with: nothing is kept here
    int again_width_px, again_height_px;
    Str image_id; // or with one of ours
    Str region_text, lasso_text;
    bool is_part;  // a region or a lasso of the picture
    int region[4]; // left, top, width, height in its pixels (of a lasso: what it spans); zeros: all of it
    Str colours_text;
    SearchAsk within; // words and filters that narrow it
    Seen *seen;       // the object image_id belongs to
    const RecordMedia *media;
    VisualAnswer answer;
    int64_t picture_us, ask_us; // how long it took to have the picture, and to ask the index
} Look;

// A hit and its object as the visitor may see it.
typedef struct {
    const VisualHit *hit;
    const Seen *seen;
    const RecordMedia *media; // the picture that was found
} LookFound;

// The picture that was sent, as the page gives it back.
PartPicture look_sent(const Visit *v, const Look *look);
// Reads the question from address and body and asks the index. ERR_BUSY: no index yet; else what the visitor
// did wrong.
bool look_ask(const Visit *v, Look *look, Err *err) MUST_CHECK;
// The same for one object only (its id), whatever the odds.
bool look_ask_one(const Visit *v, Look *look, Str object_id, Err *err) MUST_CHECK;
// The hits that may be seen, best first.
bool look_see(const Visit *v, const Look *look, LookFound **ret, size_t *ret_count, Err *err) MUST_CHECK;
// The picture of ours that is asked with; ERR_NOT_FOUND if this visitor may not see it.
bool look_find_media(const Visit *v, Look *look, CatalogImage *ret_image, Err *err) MUST_CHECK;
// Is there a region or lasso in the question that can be read? ERR_INVALID. None is fine.
bool look_read_part(Look *look, Err *err) MUST_CHECK;

// Facets of all that was found, in counts that obey the Grant.
bool look_facets(const Visit *v, const Look *look, const LookFound *found, size_t found_count,
    SearchAnswer *ret, Err *err) MUST_CHECK;

// "/look?image=...&region=...": the same question again at `path`, with `more` ("&hit=x" or empty) behind it.
// For an upload: what stands in the address; the picture goes along in the form with id "again".
Url look_address(const Visit *v, const Look *look, const char *path, Str more);
// The same with the words and filters of `place`, which is on look->within.
Url look_narrowed(const Visit *v, const Look *look, const char *path, const SearchPlace *place, Str more);
