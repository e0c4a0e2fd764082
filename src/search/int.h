// SPDX-License-Identifier: Apache-2.0
// search, inside.
//
// The index is a folder of immutable segments, each a file that is mapped and read in place, and one small
// file `current` that names them. A change makes new files first and then replaces `current`: whoever is
// killed leaves the old index or the new one, and some files that nobody names. Nothing is ever written to a
// file that a reader may have open, so readers take no lock, in this process or another.
//
//   record --document--> tokens, facet values, columns --builder--> (memory) --writer--> segment
//   segments --merge--> a bigger segment
//   question --query--> tree --plan--> alternatives --eval--> hits --rank, facets--> answer
//
// A term is a namespace byte and a text. Postings hold, for each record, one byte of evidence (the best field
// and how much the term says about the record) and in some namespaces positions.
#pragma once

#include "search/search.h"
#include "text/text.h"

// ---- terms

enum {
    TERM_WORD = 'w',   // words, numbers, single characters, pairs; with positions
    TERM_STEM = 's',   // stems that differ from their word
    TERM_PINYIN = 'p', // a syllable for each Han character of names and titles; with positions
    TERM_KEY = 'k',    // accession numbers and ids without punctuation
    TERM_CONCEPT = 'c',
    TERM_VALUE = 'v',   // short values whole
    TERM_FILTER = 'f',  // facet byte and value
    TERM_ID = 'i',      // object id
    TERM_MEASURE = 'm', // lengths and weights (measures.c)
    TERM_INSIDE = 'x',  // words of members that pages do not show: staff finds by them, visitors do not
    TERM_MAX_BYTES = 255,
};

static inline bool term_has_positions(unsigned char space)
{
    return space == TERM_WORD || space == TERM_PINYIN;
}

typedef enum {
    FIELD_TITLE,
    FIELD_MAKER,
    FIELD_ACCESSION,
    FIELD_CLASSIFICATION,
    FIELD_MATERIAL,
    FIELD_SUBJECT,
    FIELD_PLACE,
    FIELD_DATE,
    FIELD_COLLECTION,
    FIELD_INSCRIPTION,
    FIELD_TEXT,
    FIELD_PROVENANCE,
    FIELD_CREDIT,
    FIELD_DIMENSIONS,
    FIELD_OTHER,
    FIELDS,
} Field;

typedef enum {
    FACET_CLASSIFICATION,
    FACET_COLLECTION,
    FACET_CENTURY,
    FACET_MAKER,
    FACET_MATERIAL,
    FACET_PLACE,
    FACET_PERIOD,
    FACET_RIGHTS,
    FACET_LANGUAGE,
    FACET_HAS,
    FACETS,
} Facet;

// The facet values of a record stand in three rows, cut so that records share them: a museum has few
// different rows of what things are and when, some of who made them, some of what they are made of and where.
typedef enum { ROW_WHAT, ROW_WHO, ROW_OF_WHAT, ROW_KINDS } RowKind;

static inline RowKind row_kind_of(Facet facet)
{
    return facet == FACET_MAKER                              ? ROW_WHO
           : facet == FACET_MATERIAL || facet == FACET_PLACE ? ROW_OF_WHAT
                                                             : ROW_WHAT;
}

Str search_facet_name(Facet facet);
bool search_facet_of(Str name, Facet *ret);
Str search_field_name(Field field);
bool search_field_of(Str name, Field *ret); // also the everyday names: "medium", "artist", ...

enum { IMPACT_MAX = 15 };
#define EVIDENCE(field, impact) ((unsigned char)((unsigned)(field) << 4 | (unsigned)(impact)))
#define EVIDENCE_FIELD(byte) ((Field)((byte) >> 4))
#define EVIDENCE_IMPACT(byte) ((byte)&15)

enum {
    YEAR_NONE = INT32_MIN,
    RANK_DEFAULT = 255, // the record says nothing: museum.conf's default counts
    FLAG_IMAGE = 1,
    FACET_VALUE_MAX_BYTES = 200,
    TITLE_KEPT_MAX_BYTES = 160,
    SEGMENT_DOCS_MAX = 2000000,
    ROW_MAX = 400, // facet values of a record
};

// What is kept of each record in columns.
typedef struct {
    Str object_id, title;
    int64_t sequence;
    int earliest, latest; // YEAR_NONE both if unknown
    unsigned char rank, flags;
    unsigned char title_key[TEXT_SORT_KEY_BYTES], maker_key[TEXT_SORT_KEY_BYTES];
    const uint32_t *field_starts; // FIELDS + 1 positions
} DocFacts;

// ---- numbers in few bytes

enum { VARINT_MAX_BYTES = 10 };

static inline size_t to_varint(unsigned char to[VARINT_MAX_BYTES], uint64_t value)
{
    size_t n = 0;
    for (; value >= 0x80; value >>= 7)
        to[n++] = (unsigned char)(value | 0x80);
    to[n++] = (unsigned char)value;
    return n;
}

static inline void put_varint(Buf *b, uint64_t value)
{
    if (b->capacity - b->n >= VARINT_MAX_BYTES && !b->full) {
        b->n += to_varint((unsigned char *)b->p + b->n, value);
        return;
    }
    unsigned char bytes[VARINT_MAX_BYTES];
    buf_add_bytes(b, bytes, to_varint(bytes, value));
}

static inline uint64_t get_varint(const unsigned char **p, const unsigned char *end)
{
    uint64_t value = 0;
    for (int shift = 0; *p < end && shift < 64; shift += 7) {
        unsigned char byte = *(*p)++;
        value |= (uint64_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

// ---- writing a segment: terms in order, then the records

typedef struct Writer Writer;

// The file is complete, and on the disk, when writer_finish returns true.
Writer *writer_open(int dir, const char *name, Err *err) MUST_CHECK;
void writer_close(Writer *w);
void writer_term(Writer *w, Str term); // in ascending order
void writer_posting(Writer *w, uint32_t doc, unsigned char evidence, const uint32_t *positions, size_t count);
void writer_term_end(Writer *w);
// Facet values in order of facet and value; the answer is the number to use in rows.
uint32_t writer_facet_value(Writer *w, Facet facet, Str value);
// values: numbers of facet values, in any order; they are sorted.
void writer_doc(Writer *w, const DocFacts *facts, uint32_t *values, size_t count); // in order of number
bool writer_finish(Writer *w, Err *err) MUST_CHECK;

// rows.c: which rows were written already; a row seen before keeps its number.
typedef struct RowTable RowTable;
RowTable *row_table_open(void);
void row_table_close(RowTable *t);
uint32_t row_table_number(RowTable *t, const uint32_t *values, size_t count, bool *ret_new);
uint32_t row_table_count(const RowTable *t);

// ---- reading one

typedef struct Segment Segment;

Segment *segment_map(int dir, const char *name, Err *err) MUST_CHECK;
Segment *segment_keep(Segment *s);
void segment_drop(Segment *s);
uint32_t segment_docs(const Segment *s);
uint64_t segment_bytes(const Segment *s);
const char *segment_name(const Segment *s);
void segment_doc(const Segment *s, uint32_t doc, DocFacts *ret); // without field_starts
// For answers, which need only these: the columns lie far from each other in memory.
void segment_names(const Segment *s, uint32_t doc, Str *ret_object_id, Str *ret_title);
bool segment_ascending(const Segment *s); // later records have later sequences
void segment_field_starts(const Segment *s, uint32_t doc, uint32_t ret[FIELDS + 1]);
// The columns themselves, for scans.
const int32_t *segment_earliest(const Segment *s);
const int32_t *segment_latest(const Segment *s);
const unsigned char *segment_ranks(const Segment *s);
const unsigned char *segment_flags(const Segment *s);
const int64_t *segment_sequences(const Segment *s);
const unsigned char *segment_title_keys(const Segment *s);
const unsigned char *segment_maker_keys(const Segment *s);

uint32_t segment_facet_values(const Segment *s);
Str segment_facet_value(const Segment *s, uint32_t value, Facet *ret_facet);
// Which values belong to a facet: numbers from .. to - 1.
void segment_facet_range(const Segment *s, Facet facet, uint32_t *ret_from, uint32_t *ret_to);
size_t segment_facet_row(const Segment *s, uint32_t doc, uint32_t ret[ROW_MAX]); // all values of a record

// The rows of one kind. What a damaged file says is kept within bounds here and in row_values: it may give
// wrong counts, never a wrong access.
typedef struct {
    const uint32_t *of_doc, *ends, *values;
    uint32_t count, values_count; // rows; values in all rows
} Rows;
Rows segment_rows(const Segment *s, RowKind kind);

static inline size_t row_values(const Rows *r, uint32_t row, const uint32_t **ret)
{
    uint32_t from = row < r->count ? r->ends[row] : 0, to = row < r->count ? r->ends[row + 1] : 0;
    if (from > to || to > r->values_count || to - from > ROW_MAX)
        return 0;
    *ret = r->values + from;
    return to - from;
}

typedef struct {
    const Segment *segment;
    uint32_t docs; // how many records have it
    bool positions;
    const unsigned char *data;
    size_t skip_bytes, docs_bytes, positions_bytes;
} Term;

bool segment_term(const Segment *s, Str term, Term *ret); // false if no record has it

// All terms from `from` on, in order.
typedef struct {
    const Segment *segment;
    uint64_t number;
    const unsigned char *at, *end;
    uint64_t postings_at;
    unsigned char text[TERM_MAX_BYTES];
    size_t text_size;
    Term term;
} TermCursor;
TermCursor term_cursor(const Segment *s);
bool term_next(TermCursor *c, Str *ret_term);
// Goes to the first term >= `to` (forwards or back); term_next then gives it.
void term_seek(TermCursor *c, Str to);

// The records that have a term, ascending.
enum { POSTINGS_BLOCK = 128, DOC_NONE = UINT32_MAX };
typedef struct {
    Term term;
    const unsigned char *skip_at; // entry of the next block
    uint32_t blocks_left;         // not yet entered
    // The present block.
    const unsigned char *at, *docs_end;
    const unsigned char *block_positions, *next_positions;
    uint32_t left_in_block, read_in_block;
    uint32_t block_last; // its last record
    uint32_t before;     // the record read last
    const unsigned char *positions_at;
    uint32_t positions_read; // records of this block whose positions are behind positions_at
    // The present record.
    uint32_t doc;
    unsigned char evidence;
} Postings;
Postings postings(const Term *term);
bool postings_next(Postings *p);
bool postings_seek(Postings *p, uint32_t doc); // to the first >= doc
// Marks the present record and those behind it that are below `to`, at their places counted from `from`: a
// bit, and the score of the impact (IMPACT_MAX + 1 of them) unless a higher one stands there. Then the
// present record is the first that was not marked, DOC_NONE if there is no more. to: at most the records of
// the segment.
void postings_mark(
    Postings *p, uint32_t from, uint32_t to, const float *by_impact, uint64_t *bits, float *scores);
// Positions of the present record; at most max of them. Call at most once for each record.
size_t postings_positions(Postings *p, uint32_t *ret, size_t max);

// ---- documents in memory

typedef struct Builder Builder;

Builder *builder_open(void);
void builder_close(Builder *b);
void builder_clear(Builder *b);
size_t builder_bytes(const Builder *b);
uint32_t builder_docs(const Builder *b);
// Between begin and end of a document: its terms.
void builder_begin(Builder *b);
void builder_term(Builder *b, unsigned char space, Str text, unsigned char evidence, uint32_t position);
void builder_facet(Builder *b, Facet facet, Str value);
uint32_t builder_end(Builder *b, const DocFacts *facts); // its number
// A museum says the same of many records. If a value of this kind (any number that tells ways of adding
// apart), text and language came before, adds what adding it came to, moves *position on, and is true. Else
// the caller adds it and then calls builder_noted. The text must last until then.
bool builder_repeat(
    Builder *b, unsigned char kind, Str text, Str lang, uint32_t *position, bool *ret_concepts);
void builder_noted(Builder *b, uint32_t position, bool concepts);
// The number of the live document with that id, DOC_NONE if there is none.
uint32_t builder_find(const Builder *b, Str object_id);
void builder_kill(Builder *b, uint32_t doc);                                    // it will not be written
bool builder_write(Builder *b, int dir, const char *name, Err *err) MUST_CHECK; // and nothing else afterwards

// ---- one record

typedef struct Vocabulary Vocabulary;
// Adds a document for the record to the builder.
void document_add(
    Builder *b, const CatalogVersion *version, const Record *record, const Vocabulary *vocabulary, Arena *a);

// ---- the index as a whole

// One segment as it stands: which of its records are alive, and who may know of them. Never changes; counted.
typedef struct {
    int refs; // guarded by the Search's lock
    Segment *segment;
    uint64_t *dead; // a bit for each record that is gone or replaced; NULL: none is
    uint32_t dead_count;
    char dead_name[48];   // the file that has them; empty if none
    int default_rank;     // of records that say nothing of who may see them
    uint64_t *visible[2]; // by ViewerRole: neither dead nor hidden
    uint32_t visible_count[2];
} View;

static inline bool view_shows(const View *v, ViewerRole role, uint32_t doc)
{
    return v->visible[role][doc / 64] >> (doc % 64) & 1;
}

typedef struct FacetTable FacetTable;

typedef struct {
    int refs;
    int64_t generation, sequence;
    View **views;
    size_t count;
    FacetTable *table; // made at the first need
} Snapshot;

// The newest there is, kept: give it back with snapshot_drop.
Snapshot *snapshot_keep(Search *s, Err *err) MUST_CHECK;
void snapshot_drop(Search *s, Snapshot *snapshot);
const Vocabulary *search_vocabulary(const Search *s);

// How an id stands as a term: itself, or a digest if it is too long.
Str id_term(Str object_id, char to[TERM_MAX_BYTES]);

bool merge_segments(View *const *views, size_t count, int dir, const char *name, Err *err) MUST_CHECK;

// current.c: the file `current`, which names the segments.
typedef struct {
    char name[48], dead[48];
} ManifestSegment;

typedef struct {
    int64_t generation, sequence;
    char digest[17]; // of the vocabulary
    int default_rank;
    ManifestSegment *segments;
    size_t count;
} Manifest;

bool current_read(int dir, Arena *a, Manifest *ret, Err *err) MUST_CHECK;
bool current_write(int dir, const Manifest *m, Err *err) MUST_CHECK;
