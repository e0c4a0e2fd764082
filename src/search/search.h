// SPDX-License-Identifier: Apache-2.0
// search: full text and facets. A disposable follower of the ledger: delete the index and it is made again.
// Never wrong, at worst late; search_sequence says how late. One process writes,
// any number read.
#pragma once

#include "base/base.h"
#include "catalog/catalog.h"

typedef struct Search Search;

// Adds a vocabulary to the built-in one: CSV with the columns concept, broader, lang, kind, label, or SKOS as
// RDF/XML or JSON-LD. Before the first search_open (ERR_BUSY afterwards); an index made with other words is
// made anew by its writer.
bool search_learn(Str bytes, Err *err) MUST_CHECK;

// dir: folder of the index. writer: takes the writing lock (ERR_BUSY if another process has it) and makes or
// repairs the index; a reader waits for nobody. Any thread.
Search *search_open(const char *dir, bool writer, Err *err) MUST_CHECK;
void search_close(Search *s);
// From now on, what this ledger (which must stay open) has hidden or deleted since the index followed is in
// no answer either. Right after opening, before anybody else has `s`.
void search_ledger(Search *s, Catalog *c);

// Takes in what the ledger has and the index has not, until there is nothing more or *stop. The rows done so
// far are searchable. What was withdrawn by law is then in no file of the index any more. Writer only.
bool search_follow(
    Search *s, Catalog *c, const volatile bool *stop, int64_t *ret_sequence, Err *err) MUST_CHECK;
int64_t search_sequence(Search *s); // of the ledger, up to which the index knows everything
bool search_erase(const char *dir, Err *err) MUST_CHECK; // for rebuild; nobody may have it open

enum {
    SEARCH_QUERY_MAX_BYTES = 2048,
    SEARCH_LIMIT_MAX = 100,
    SEARCH_FILTERS_MAX = 32,
    SEARCH_FACET_VALUES_MAX = 100
};

typedef struct {
    Str name, value; // "classification", "prints"
} SearchFilter;

typedef enum {
    SEARCH_BY_SCORE,
    SEARCH_BY_DATE,
    SEARCH_BY_TITLE,
    SEARCH_BY_MAKER,
    SEARCH_BY_NEWEST
} SearchSort;

// "score", "date", "title", "maker", "newest": in addresses and on the command line.
Str search_sort_name(SearchSort sort);
bool search_sort_of(Str name, SearchSort *ret);

typedef struct {
    Str q;                                    // what the visitor typed; never a syntax error
    SearchFilter filters[SEARCH_FILTERS_MAX]; // same name: either; different names: both
    int filters_count;
    int limit;
    Str cursor; // from the answer before; empty to begin
    SearchSort sort;
    ViewerRole role; // hidden records are in no hit and no count
    bool facets;
    double diversity; // 0: best first; to 1: the first page spread over kinds, makers, places and times
    bool exact;       // the words as typed: no other forms, readings, concepts or corrections
} SearchAsk;

typedef struct {
    Str object_id;
    double score;
    Str why; // field that matched, empty if nothing was asked
} SearchHit;

typedef struct {
    Str value;
    Str label;
    int64_t count;
    bool chosen;
} SearchFacetValue;

typedef struct {
    Str name;                 // "classification", "collection", "century", ...
    SearchFacetValue *values; // most first, at most SEARCH_FACET_VALUES_MAX
    size_t count;
    int64_t distinct; // values there are
} SearchFacet;

typedef struct {
    Str q;
    int64_t total;
} SearchInstead;

typedef struct {
    int64_t total;
    SearchHit *hits;
    size_t hits_count;
    SearchFacet *facets;
    size_t facets_count;
    Str next;               // cursor, empty at the end
    int64_t sequence;       // the answer knows the ledger up to here
    Str corrected;          // "showing results for ...", empty if the words were taken as they are
    SearchInstead *instead; // when nothing was found: questions that find something
    size_t instead_count;
} SearchAnswer;

// ERR_INVALID for a broken cursor or an unknown filter name; ERR_LIMIT for a query over the limit.
bool search_ask(Search *s, const SearchAsk *ask, Arena *a, SearchAnswer *ret, Err *err) MUST_CHECK;
// Every record that the question finds, in no order and without a cut; limit, cursor and sort do not count.
// ids: in the arena.
bool search_all(
    Search *s, const SearchAsk *ask, Arena *a, Str **ret_ids, size_t *ret_count, Err *err) MUST_CHECK;
// Facets and total of records that were found in another way (each named once), as far as ask->role may know
// of them; nothing else of the answer. ask: what counts as chosen.
bool search_facets_among(Search *s, const SearchAsk *ask, const Str *ids, size_t count, Arena *a,
    SearchAnswer *ret, Err *err) MUST_CHECK;
bool search_is_facet(Str name); // may be used as a filter: a facet, or "year" with "1368..1644"

// ---- as it stood

// Objects in whose texts, as they stood at a moment, all the words of ask->q occur (folded as above, anywhere
// in a word), in the order of their ids, at most ask->limit; total counts all; next is the id to go on after.
// What today's or that day's terms hide from ask->role is left out. versions[i] belongs to hits[i]. Reads
// every record: about a second per 100,000. ERR_UNSUPPORTED for filters.
bool search_then(Catalog *c, const SearchAsk *ask, int64_t time_ms, Arena *a, SearchAnswer *ret,
    CatalogVersion **ret_versions, Err *err) MUST_CHECK;

// ---- why a record was found

typedef struct {
    uint32_t at, size; // bytes of the snippet
} SearchMark;

typedef struct {
    Str field;   // "title"
    Str lang;    // of the text, empty if unknown
    Str snippet; // the text around the first mark, cut at characters
    SearchMark *marks;
    size_t marks_count;
    Str expansion; // what stood in for the word typed: "bronze" for 青铜, "sunset" for "sunst"; empty for the
                   // word itself
    size_t transcript, part; // of a transcript: indexes as in catalog/transcript.h
    Str place; // of a part of a transcript: a media id with a fragment, "a1:2#xywh=10,20,300,40",
               // "a1:3#t=12.5,14"
} SearchReason;

enum { SEARCH_REASONS_MAX = 6 };

// Reads the record as the question does, with its transcripts (catalog/transcript.h).
bool search_explain(Search *s, const SearchAsk *ask, const Record *record, Arena *a, SearchReason **ret,
    size_t *ret_count, Err *err) MUST_CHECK;

// Only the parts of its transcripts, each that has one of the words, in their order.
enum { SEARCH_INSIDE_MAX = 1000 };
bool search_inside(Search *s, const SearchAsk *ask, const Record *record, Arena *a, SearchReason **ret,
    size_t *ret_count, Err *err) MUST_CHECK;

// ---- while typing

typedef struct {
    Str text;
    Str kind;      // "title", "maker", "concept"
    Str object_id; // of a title
    int64_t count; // records behind a maker or concept
} SearchSuggestion;

enum { SEARCH_SUGGESTIONS_MAX = 20 };
bool search_suggest(Search *s, Str typed, ViewerRole role, int limit, Arena *a, SearchSuggestion **ret,
    size_t *ret_count, Err *err) MUST_CHECK;

// ---- many values of one facet

// Values of a facet under the question's filters, most first, those that contain `contains` (as typed), from
// `offset` on, at most ask->limit. ERR_INVALID for an unknown facet.
bool search_facet(Search *s, const SearchAsk *ask, Str facet, Str contains, int offset, Arena *a,
    SearchFacet *ret, Err *err) MUST_CHECK;

// ---- what visitors meet

typedef struct {
    int64_t records; // that the role may know of
    int64_t shown;   // of these, in a result within the last `days`
    Str *never;      // ids of some that never were in one
    size_t never_count;
} SearchCoverage;

// The process that writes the index counts which records its answers to visitors showed; days: 0 is today. At
// most `limit` ids of records that were never shown, others each day. ERR_UNSUPPORTED for a reader.
bool search_coverage(
    Search *s, ViewerRole role, int days, int limit, Arena *a, SearchCoverage *ret, Err *err) MUST_CHECK;
