// SPDX-License-Identifier: Apache-2.0
// site/int: what the files of this room tell each other.
#pragma once

#include "base/json.h"
#include "manifest/manifest.h"
#include "pages.h"
#include "site/site.h"

enum {
    PAGE_MAX_BYTES = 8 * 1024 * 1024,
    DOCUMENT_MAX_BYTES = 32 * 1024 * 1024,
    WALL_COUNT = 36, // works on one page of results
    SHELF_COUNT = 8, // related works in a row
    FACET_SHOWN = 8, // values before "more"
    FACETS_OPEN = 3,
};

typedef struct Choice Choice; // choice.c

struct Site {
    SiteConfig config;
    Arena *arena;
    Choice *choice;
};

// One request on its way through this room.
typedef struct {
    Site *site;
    const HttpRequest *r;
    HttpAnswer *answer;
    Arena *a;
    const Words *w;
    Str base_url;
    ViewerRole role;
} Visit;

// ---- lang.c: which language the visitor reads

const Words *lang_find(Str tag);          // NULL if we do not speak it
const Words *lang_choose(const Visit *v); // ?lang=, the cookie, Accept-Language, the museum's own
Str lang_or(Str lang, Str otherwise);     // "" and "und" are no languages
bool lang_reads(Str visitor, Str lang);   // "en" reads "en-GB", "zh-Hans" reads "zh-CN"
RecordText lang_pick(const RecordText *texts, size_t count, Str visitor, Str otherwise);

// ---- seen.c: records through the eyes of the Grant

typedef struct {
    CatalogVersion version;
    Record record;
    Grant grant;
    bool old; // a version of the past was asked for
} Seen;

// As it is today. ERR_NOT_FOUND for unknown, deleted and hidden objects alike.
bool seen_find(const Visit *v, Str object_id, Seen *ret, Err *err) MUST_CHECK;
// The same for the object in the address, which may be asked for as it stood: ?at=<date or moment> or
// ?version=<n>. ERR_INVALID for neither. Of an old version only those pictures that are the same today.
bool seen_asked(const Visit *v, Str object_id, Seen *ret, Err *err) MUST_CHECK;
// An old version. ERR_DENIED if it may not be seen.
bool seen_of_old(const Visit *v, const CatalogVersion *version, Seen *ret, Err *err) MUST_CHECK;
// Those of the ids that may be seen, in order.
bool seen_find_many(
    const Visit *v, const Str *ids, size_t count, Seen **ret, size_t *ret_count, Err *err) MUST_CHECK;
const RecordMedia *seen_picture(const Seen *seen, size_t index); // NULL beyond the last that may be shown
size_t seen_pictures(const Seen *seen);
// Keeps the index around one question. ERR_BUSY while there is none.
bool site_search(const Visit *v, const SearchAsk *ask, SearchAnswer *ret, Err *err) MUST_CHECK;

// ---- opened.c

void opened_count(const Visit *v, const Seen *seen); // a person looked at a page of a work

// ---- searched.c: a search with the records behind its hits

typedef struct {
    SearchAsk ask;
    SearchAnswer answer;
    Seen *seen; // what may be seen of the hits, in their order
    size_t count;
    Str at; // the museum as it stood then, as asked; empty: today
} Searched;

// What the request asks. As for search_ask and search_then.
bool searched_read(const Visit *v, Searched *ret, Err *err) MUST_CHECK;

// ---- history.c: a work as it was

bool history_withdrawn(const Visit *v, Str object_id, Str *ret_reason); // by law, and no secret
void history_fill(const Visit *v, const Seen *seen, PageObject *page);

// ---- reasons.c: why a record was found

// The places where the words stand in the record, best first; none is fine.
void reasons_find(
    const Visit *v, const SearchAsk *ask, const Seen *seen, const SearchReason **ret, size_t *ret_count);
// The best of them for the wall, with marks; empty if the caption says it already. *ret_inside: it stands in
// a picture, and the page of the work can show where.
Html reason_html(const Visit *v, const SearchAsk *ask, const Seen *seen, bool *ret_inside);
Html reason_marked(const Visit *v, const SearchReason *reason); // its snippet with marks

// ---- transcript.c: what stands written in the pictures

void transcript_fill(const Visit *v, const Seen *seen, PageObject *page);

// ---- card.c: a record on the wall

typedef enum { PICTURE_WALL, PICTURE_DOOR, PICTURE_HERO, PICTURE_STAGE, PICTURE_THUMB } PictureUse;

PartPicture picture_part(const Visit *v, const Seen *seen, const RecordMedia *media, PictureUse use);

// ---- crop.c: a part of a picture as a picture

typedef struct {
    int left_px, top_px, width_px, height_px; // inside the picture, at least 1 px
} CropBox;

// The pixels around this part, `margin` of its width and height more on each side.
CropBox crop_box(
    const RecordMedia *media, double left, double top, double width, double height, double margin);
// At most side_px wide and high.
PartPicture crop_part(
    const Visit *v, const Seen *seen, const RecordMedia *media, CropBox box, int side_px, Str alt);

PartCard card_part(const Visit *v, const Seen *seen);
Str card_shape(Arena *a, int width_px, int height_px); // class of the proportion (tools/shapes)
Str seen_title(const Visit *v, const Seen *seen, Str *ret_lang);
Str seen_makers(const Visit *v, const Seen *seen);
Str seen_dates(const Visit *v, const Seen *seen);

// ---- address.c: addresses of searches

typedef struct {
    const SearchAsk *ask;
    SearchFilter add, without; // name empty: nothing
    bool bare;                 // without any filter
    bool sorted;               // take `sort` instead of the question's
    SearchSort sort;
    double diversity; // with `sorted`
    bool exactly;     // the words as written
    Str cursor;
    Str at;    // as it stood then
    Str facet; // the page of all values of a facet, of those that contain a text, from the offset on
    Str contains;
    int offset;
} SearchPlace;

// Always the same address for the same search: q, filters by name and value, exact, sort, cursor.
Url search_address(Arena *a, const SearchPlace *place);
// What was asked, from the parameters of the request. Unknown parameters are passed over. ERR_LIMIT.
bool search_ask_read(const Visit *v, SearchAsk *ret, Err *err) MUST_CHECK;

// ---- facet.c: facets in the visitor's language

Str facet_title(const Words *w, Str facet);
Str facet_value_name(const Visit *v, Str facet, const SearchFacetValue *value);
const SearchFacet *facet_find(const SearchAnswer *answer, Str name);
PartHistogram facet_histogram(const Visit *v, const SearchAsk *ask, const SearchFacet *facet);

// ---- results.c: what the pages of searches share

PartChoice choice_part(const Visit *v, const SearchAsk *ask, Str facet, const SearchFacetValue *value);
// at: which of the facets shown it is.
PartFacet facet_part(const Visit *v, const SearchAsk *ask, const SearchFacet *facet, size_t at);
// A chosen value, with the way to be without it; answer: where its name may stand, or NULL.
PartChip chip_part(const Visit *v, const SearchPlace *here, const SearchAnswer *answer, SearchFilter filter);

// ---- chains.c, motifs.c: works linked by a motif

void chains_fill(const Visit *v, const Seen *here, PageObject *page);
Str motifs_start(const Visit *v); // id of a work with the most travelled motif; empty: there is none

// ---- rights_words.c

typedef struct {
    Str name; // "CC BY 4.0", or as the museum wrote it
    Str says; // what that means; empty if we do not know it
} RightsWords;
RightsWords rights_words(const Visit *v, Str uri, Str licence);

// ---- choice.c: a changing choice of works

Choice *choice_open(void);
void choice_close(Choice *c);

enum { CHOICE_WORKS_MAX = 48, CHOICE_DOORS_MAX = 12 };

// Ids only: what may be seen of them is decided anew for each visitor.
typedef struct {
    Str works[CHOICE_WORKS_MAX]; // the first is large enough for the entrance
    size_t works_count;
    struct {
        Str value;
        int64_t count;
        Str work; // with a picture
    } doors[CHOICE_DOORS_MAX];
    size_t doors_count;
} ChoiceMade;

bool choice_make(const Visit *v, ChoiceMade *ret, Err *err) MUST_CHECK; // in the visit's arena

// ---- answers

void home_answer(Visit *v);
void results_answer(Visit *v);
// Changes in the ledger that the answer does not know yet.
int64_t results_behind(const Visit *v, const SearchAnswer *answer);
void look_answer(Visit *v);
void look_why_answer(Visit *v);
void tour_answer(Visit *v);
void motifs_answer(Visit *v);
void api_chains_answer(Visit *v, Str object_id);
void api_tour_answer(Visit *v);
void api_motifs_answer(Visit *v);
void api_look_answer(Visit *v);
void kit_answer(Visit *v);
void kit_file_answer(Visit *v, Str rest); // "{image}/{region}/{file}", as sent
void object_answer(Visit *v, Str object_id);
void api_search_answer(Visit *v);
void api_send_json(Visit *v, const Buf *b); // open to pages of any site
void api_put_facets(JsonWriter *w, const Visit *v, const SearchAnswer *answer);
void api_put_facet_values(JsonWriter *w, const Visit *v, const SearchFacet *facet);
void coverage_answer(Visit *v);
void api_coverage_answer(Visit *v);
void facet_page_answer(Visit *v, Str facet); // values.c
void api_facet_answer(Visit *v, Str facet);
void api_object_answer(Visit *v, Str object_id);
void api_suggest_answer(Visit *v);
void api_manifest_answer(Visit *v, Str object_id);
void text_answer(Visit *v, Str image_id);    // annotations of a picture
void inside_answer(Visit *v, Str object_id); // IIIF Content Search
void send_iiif(Visit *v, const Buf *b);      // JSON-LD, or plain JSON for who prefers it
JsonText linked_data(const Visit *v, const Seen *seen, const PageObject *page);
void feeds_collection_answer(Visit *v, Str after); // IIIF; empty: the top
void feeds_robots_answer(Visit *v);
void feeds_sitemap_answer(Visit *v, Str after); // empty: the index of all
void feeds_opensearch_answer(Visit *v);
void assets_answer(Visit *v);
void trouble_answer(Visit *v, const Err *err);  // a page, or JSON below /api and /iiif
void trouble_gone_answer(Visit *v, Str reason); // 410
void trouble_method_answer(Visit *v);           // 405

// ---- frame.c: what every page has

typedef struct {
    Str title; // of the page; the museum's name is added
    Str description;
    Str path; // canonical: "/object/x"
    Str manifest, picture, kind, q;
    bool hide, box;
} Frame;

PartHead frame_head(const Visit *v, const Frame *frame);
PartFoot frame_foot(const Visit *v);
// Takes the buffer's content as the answer, packed if the visitor's program likes that; ERR_LIMIT becomes
// 500.
void frame_send(Visit *v, int status, Str content_type, const Buf *body);
void frame_send_page(Visit *v, int status, const Buf *body); // with the policy headers of a page

// ---- upload.c: the picture in a request: the body itself, or the first file of a form
// (multipart/form-data). Borrowed from the body.

typedef struct {
    Str picture; // the bytes of a file; or, empty:
    Str again;   // base64 of a JPEG that an answer of ours gave the visitor to ask on with
    Str q;       // words of the form
    bool has_q;
} Upload;
// ERR_INVALID: neither picture nor again.
bool upload_read(Str content_type, Str body, Upload *ret, Err *err) MUST_CHECK;
