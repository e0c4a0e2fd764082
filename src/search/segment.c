// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "search/form.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

struct Segment {
    atomic_int refs;
    char name[48];
    const unsigned char *map;
    size_t size;
    Footer footer;
};

static const void *section(const Segment *s, Section which)
{
    return s->map + s->footer.at[which];
}

static bool whole(const Segment *s)
{
    static const unsigned char item_bytes[SECTIONS] = {[SECTION_SEQUENCES] = 8,
        [SECTION_EARLIEST] = 4,
        [SECTION_LATEST] = 4,
        [SECTION_TITLE_KEYS] = 16,
        [SECTION_MAKER_KEYS] = 16,
        [SECTION_RANKS] = 1,
        [SECTION_FLAGS] = 1,
        [SECTION_ROW_NUMBERS] = 4,
        [SECTION_ROW_NUMBERS + 1] = 4,
        [SECTION_ROW_NUMBERS + 2] = 4};
    const Footer *f = &s->footer;
    if (memcmp(f->magic, "VITRSEG", 8) != 0 || f->form != SEGMENT_FORM || f->docs > SEGMENT_DOCS_MAX)
        return false;
    for (int i = 0; i < SECTIONS; i++) {
        if (f->at[i] > s->size || f->bytes[i] > s->size - f->at[i] || f->at[i] % 8)
            return false;
        if (item_bytes[i] && f->bytes[i] != (uint64_t)item_bytes[i] * f->docs)
            return false;
    }
    for (int kind = 0; kind < ROW_KINDS; kind++)
        if (f->bytes[SECTION_ROW_ENDS + kind] != ((uint64_t)f->rows[kind] + 1) * 4)
            return false;
    return f->bytes[SECTION_DOC_OFFSETS] == ((uint64_t)f->docs + 1) * 4 &&
           f->bytes[SECTION_VALUE_OFFSETS] == ((uint64_t)f->values + 1) * 4 &&
           f->bytes[SECTION_BLOCKS] == (f->terms + TERMS_IN_BLOCK - 1) / TERMS_IN_BLOCK * sizeof(TermBlock);
}

Segment *segment_map(int dir, const char *name, Err *err)
{
    CLEANUP(fd_closep) int fd = file_open(dir, name, err);
    uint64_t size;
    if (fd < 0 || !file_size(fd, &size, err))
        return NULL;
    if (size < sizeof(Footer))
        return err_null(err, ERR_CORRUPT, "index file %s is too short", name);
    void *map = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        return err_null(err, ERR_IO, "cannot map index file %s", name);
    Segment *s = mem_alloc(sizeof(Segment));
    atomic_init(&s->refs, 1);
    s->map = map;
    s->size = (size_t)size;
    snprintf(s->name, sizeof(s->name), "%s", name);
    memcpy(&s->footer, s->map + s->size - sizeof(Footer), sizeof(Footer));
    if (!whole(s)) {
        bool older = memcmp(s->footer.magic, "VITRSEG", 8) == 0 && s->footer.form != SEGMENT_FORM;
        segment_drop(s);
        return older ? err_null(err, ERR_CORRUPT,
                           "the index was made by another version of this program; serve makes it anew")
                     : err_null(err, ERR_CORRUPT, "index file %s is damaged", name);
    }
    return s;
}

Segment *segment_keep(Segment *s)
{
    atomic_fetch_add(&s->refs, 1);
    return s;
}

void segment_drop(Segment *s)
{
    if (!s || atomic_fetch_sub(&s->refs, 1) != 1)
        return;
    union {
        const unsigned char *in;
        void *out;
    } map = {.in = s->map};
    munmap(map.out, s->size);
    free(s);
}

uint32_t segment_docs(const Segment *s)
{
    return s->footer.docs;
}
uint64_t segment_bytes(const Segment *s)
{
    return s->size;
}
const char *segment_name(const Segment *s)
{
    return s->name;
}
const int32_t *segment_earliest(const Segment *s)
{
    return section(s, SECTION_EARLIEST);
}
const int32_t *segment_latest(const Segment *s)
{
    return section(s, SECTION_LATEST);
}
const unsigned char *segment_ranks(const Segment *s)
{
    return section(s, SECTION_RANKS);
}
const unsigned char *segment_flags(const Segment *s)
{
    return section(s, SECTION_FLAGS);
}
const int64_t *segment_sequences(const Segment *s)
{
    return section(s, SECTION_SEQUENCES);
}
const unsigned char *segment_title_keys(const Segment *s)
{
    return section(s, SECTION_TITLE_KEYS);
}
const unsigned char *segment_maker_keys(const Segment *s)
{
    return section(s, SECTION_MAKER_KEYS);
}
bool segment_ascending(const Segment *s)
{
    return s->footer.ascending;
}
uint32_t segment_facet_values(const Segment *s)
{
    return s->footer.values;
}

Str segment_facet_value(const Segment *s, uint32_t value, Facet *ret_facet)
{
    const uint32_t *offsets = section(s, SECTION_VALUE_OFFSETS);
    const char *blob = section(s, SECTION_VALUE_BLOB);
    bool good = offsets[value] < offsets[value + 1] &&
                offsets[value + 1] <= s->footer.bytes[SECTION_VALUE_BLOB] &&
                (unsigned char)blob[offsets[value]] < FACETS;
    *ret_facet =
        good ? (Facet)blob[offsets[value]] : FACETS - 1; // a damaged file says something wrong, no worse
    return good ? (Str){blob + offsets[value] + 1, offsets[value + 1] - offsets[value] - 1} : S("");
}

void segment_facet_range(const Segment *s, Facet facet, uint32_t *ret_from, uint32_t *ret_to)
{
    uint32_t ends[2];
    for (int i = 0; i < 2; i++) {
        uint32_t from = 0, to = s->footer.values;
        while (from < to) {
            uint32_t middle = from + (to - from) / 2;
            Facet here;
            segment_facet_value(s, middle, &here);
            if ((int)here < (int)facet + i)
                from = middle + 1;
            else
                to = middle;
        }
        ends[i] = from;
    }
    *ret_from = ends[0];
    *ret_to = ends[1];
}

Rows segment_rows(const Segment *s, RowKind kind)
{
    return (Rows){.of_doc = section(s, SECTION_ROW_NUMBERS + kind),
        .ends = section(s, SECTION_ROW_ENDS + kind),
        .values = section(s, SECTION_ROW_VALUES + kind),
        .count = s->footer.rows[kind],
        .values_count = (uint32_t)(s->footer.bytes[SECTION_ROW_VALUES + kind] / 4)};
}

size_t segment_facet_row(const Segment *s, uint32_t doc, uint32_t ret[ROW_MAX])
{
    size_t all = 0;
    for (RowKind kind = 0; kind < ROW_KINDS; kind++) {
        Rows rows = segment_rows(s, kind);
        const uint32_t *values;
        size_t count = row_values(&rows, rows.of_doc[doc], &values);
        for (size_t i = 0; i < count && all < ROW_MAX; i++)
            if (values[i] < s->footer.values)
                ret[all++] = values[i];
    }
    return all;
}

static Str read_text(const unsigned char **p, const unsigned char *end)
{
    size_t n = (size_t)get_varint(p, end);
    n = MIN_OF(n, (size_t)(end - *p));
    Str text = {(const char *)*p, n};
    *p += n;
    return text;
}

// What is kept of a record in one piece. A damaged file may give a wrong one, or an empty one.
static const unsigned char *doc_blob(const Segment *s, uint32_t doc, const unsigned char **ret_end)
{
    const uint32_t *offsets = section(s, SECTION_DOC_OFFSETS);
    const unsigned char *blob = section(s, SECTION_DOC_BLOB);
    bool good = offsets[doc] <= offsets[doc + 1] && offsets[doc + 1] <= s->footer.bytes[SECTION_DOC_BLOB];
    *ret_end = good ? blob + offsets[doc + 1] : blob;
    return good ? blob + offsets[doc] : blob;
}

void segment_names(const Segment *s, uint32_t doc, Str *ret_object_id, Str *ret_title)
{
    const unsigned char *end, *p = doc_blob(s, doc, &end);
    *ret_object_id = read_text(&p, end);
    *ret_title = read_text(&p, end);
}

void segment_doc(const Segment *s, uint32_t doc, DocFacts *ret)
{
    *ret = (DocFacts){.sequence = segment_sequences(s)[doc],
        .earliest = segment_earliest(s)[doc],
        .latest = segment_latest(s)[doc],
        .rank = segment_ranks(s)[doc],
        .flags = segment_flags(s)[doc]};
    segment_names(s, doc, &ret->object_id, &ret->title);
    memcpy(ret->title_key, segment_title_keys(s) + (size_t)doc * TEXT_SORT_KEY_BYTES, TEXT_SORT_KEY_BYTES);
    memcpy(ret->maker_key, segment_maker_keys(s) + (size_t)doc * TEXT_SORT_KEY_BYTES, TEXT_SORT_KEY_BYTES);
}

void segment_field_starts(const Segment *s, uint32_t doc, uint32_t ret[FIELDS + 1])
{
    const unsigned char *end, *p = doc_blob(s, doc, &end);
    read_text(&p, end);
    read_text(&p, end);
    unsigned used = end - p >= 2 ? p[0] | (unsigned)p[1] << 8 : 0;
    p += end - p >= 2 ? 2 : 0;
    ret[0] = 0;
    for (unsigned i = 0; i < FIELDS; i++)
        ret[i + 1] = ret[i] + (used & 1u << i ? (uint32_t)get_varint(&p, end) : 0);
}

// ---- terms

TermCursor term_cursor(const Segment *s)
{
    TermCursor c = {.segment = s};
    c.at = section(s, SECTION_TERMS);
    c.end = c.at + s->footer.bytes[SECTION_TERMS];
    return c;
}

// Where the terms of a block begin; their end if a damaged file points beyond it.
static const unsigned char *block_terms(const Segment *s, const TermBlock *b)
{
    const unsigned char *terms = section(s, SECTION_TERMS);
    return terms + MIN_OF(b->terms_at, s->footer.bytes[SECTION_TERMS]);
}

static void enter_block(TermCursor *c, uint64_t block)
{
    const TermBlock *b = (const TermBlock *)section(c->segment, SECTION_BLOCKS) + block;
    c->number = block * TERMS_IN_BLOCK;
    c->at = block_terms(c->segment, b);
    c->postings_at = b->postings_at;
    c->text_size = 0;
}

bool term_next(TermCursor *c, Str *ret_term)
{
    const Footer *f = &c->segment->footer;
    if (c->number >= f->terms || c->at >= c->end)
        return false;
    if (c->number % TERMS_IN_BLOCK == 0)
        enter_block(c, c->number / TERMS_IN_BLOCK);
    size_t shared = (size_t)get_varint(&c->at, c->end);
    size_t more = (size_t)get_varint(&c->at, c->end);
    if (shared > c->text_size || shared + more > TERM_MAX_BYTES || more > (size_t)(c->end - c->at))
        return false; // damaged: the rest of the segment is not found, nothing worse
    memcpy(c->text + shared, c->at, more);
    c->at += more;
    c->text_size = shared + more;
    c->number++;
    Term *t = &c->term;
    t->segment = c->segment;
    t->docs = (uint32_t)get_varint(&c->at, c->end);
    t->positions = term_has_positions(c->text[0]);
    t->skip_bytes = t->docs > POSTINGS_BLOCK ? (size_t)get_varint(&c->at, c->end) : 0;
    t->docs_bytes = (size_t)get_varint(&c->at, c->end);
    t->positions_bytes = t->positions ? (size_t)get_varint(&c->at, c->end) : 0;
    if (t->skip_bytes > f->postings_bytes || t->docs_bytes > f->postings_bytes ||
        t->positions_bytes > f->postings_bytes)
        return false; // also that their sum does not run over
    size_t size = t->skip_bytes + t->docs_bytes + t->positions_bytes;
    if (c->postings_at > f->postings_bytes || size > f->postings_bytes - c->postings_at)
        return false;
    t->data = c->segment->map + c->postings_at;
    c->postings_at += size;
    *ret_term = (Str){(const char *)c->text, c->text_size};
    return true;
}

static Str block_first(const Segment *s, uint64_t block)
{
    const TermBlock *b = (const TermBlock *)section(s, SECTION_BLOCKS) + block;
    const unsigned char *p = block_terms(s, b);
    const unsigned char *end =
        (const unsigned char *)section(s, SECTION_TERMS) + s->footer.bytes[SECTION_TERMS];
    get_varint(&p, end);
    return read_text(&p, end);
}

void term_seek(TermCursor *c, Str to)
{
    uint64_t from = 0, until = (c->segment->footer.terms + TERMS_IN_BLOCK - 1) / TERMS_IN_BLOCK;
    while (from < until) { // the last block whose first term is not behind `to`
        uint64_t middle = (from + until) / 2;
        if (str_compare(block_first(c->segment, middle), to) <= 0)
            from = middle + 1;
        else
            until = middle;
    }
    if (c->segment->footer.terms == 0)
        return;
    enter_block(c, from ? from - 1 : 0);
    Str term;
    for (TermCursor before = *c; term_next(c, &term); before = *c)
        if (str_compare(term, to) >= 0) {
            *c = before;
            return;
        }
}

bool segment_term(const Segment *s, Str term, Term *ret)
{
    TermCursor c = term_cursor(s);
    if (term.n == 0 || term.n > TERM_MAX_BYTES)
        return false;
    term_seek(&c, term);
    Str found;
    if (!term_next(&c, &found) || !str_eq(found, term))
        return false;
    *ret = c.term;
    return true;
}

// ---- postings

Postings postings(const Term *term)
{
    const unsigned char *list = term->data + term->skip_bytes;
    return (Postings){.term = *term,
        .skip_at = term->data,
        .blocks_left = (term->docs + POSTINGS_BLOCK - 1) / POSTINGS_BLOCK,
        .at = list,
        .docs_end = list,
        .next_positions = list + term->docs_bytes,
        .before = DOC_NONE,
        .block_last = DOC_NONE,
        .doc = DOC_NONE};
}

// Into the next block, wherever the present one stands: only its entry in the skip table is read.
static bool enter_next_block(Postings *p)
{
    if (p->blocks_left == 0) {
        p->doc = DOC_NONE;
        return false;
    }
    p->blocks_left--;
    p->at = p->docs_end;
    p->before = p->block_last;
    p->block_positions = p->next_positions;
    p->positions_at = NULL;
    p->read_in_block = p->positions_read = 0;
    const unsigned char *list_end = p->term.data + p->term.skip_bytes + p->term.docs_bytes;
    if (p->term.skip_bytes) {
        const unsigned char *end = p->term.data + p->term.skip_bytes;
        p->block_last += (uint32_t)get_varint(&p->skip_at, end);
        size_t bytes = (size_t)get_varint(&p->skip_at, end);
        p->docs_end += MIN_OF(bytes, (size_t)(list_end - p->at));
        size_t positions_bytes = (size_t)get_varint(&p->skip_at, end);
        p->next_positions +=
            MIN_OF(positions_bytes, (size_t)(list_end + p->term.positions_bytes - p->next_positions));
        p->left_in_block = p->blocks_left ? POSTINGS_BLOCK : (p->term.docs - 1) % POSTINGS_BLOCK + 1;
    } else {
        p->block_last = DOC_NONE - 1;
        p->docs_end = list_end;
        p->left_in_block = p->term.docs;
    }
    return true;
}

bool postings_next(Postings *p)
{
    while (p->left_in_block == 0 || p->at + 1 >= p->docs_end)
        if (!enter_next_block(p))
            return false;
    uint32_t delta = *p->at;
    if (delta < 0x80)
        p->at++;
    else
        delta = (uint32_t)get_varint(&p->at, p->docs_end);
    p->before += delta + 1;
    p->doc = p->before;
    p->evidence = p->at < p->docs_end ? *p->at : 0;
    p->at++;
    p->left_in_block--;
    p->read_in_block++;
    if (p->doc < p->term.segment->footer.docs)
        return true;
    p->blocks_left = p->left_in_block = 0; // damaged: the rest is not found
    p->doc = DOC_NONE;
    return false;
}

// Records of a dense term lie a byte away from the one before; bits are gathered a word at a time.
static const unsigned char *mark_run(const unsigned char *at, const unsigned char *end, uint32_t *place,
    uint32_t limit, const float *by_impact, uint64_t *bits, float *scores)
{
    uint32_t here = *place, word = here / 64;
    uint64_t more = 0;
    for (; at < end && at[0] < 0x80 && here + at[0] + 1 < limit; at += 2) {
        here += at[0] + 1u;
        if (here / 64 != word) {
            bits[word] |= more;
            more = 0;
            word = here / 64;
        }
        more |= 1ull << (here % 64);
        float score = by_impact[EVIDENCE_IMPACT(at[1])];
        scores[here] = MAX_OF(scores[here], score);
    }
    bits[word] |= more;
    *place = here;
    return at;
}

void postings_mark(
    Postings *p, uint32_t from, uint32_t to, const float *by_impact, uint64_t *bits, float *scores)
{
    while (p->doc < to) {
        uint32_t place = p->doc - from, left = p->left_in_block;
        bits[place / 64] |= 1ull << (place % 64);
        scores[place] = MAX_OF(scores[place], by_impact[EVIDENCE_IMPACT(p->evidence)]);
        if (p->at < p->docs_end) {
            uint32_t whole = MIN_OF(left, (uint32_t)(p->docs_end - p->at) / 2);
            const unsigned char *at =
                mark_run(p->at, p->at + 2 * whole, &place, to - from, by_impact, bits, scores);
            uint32_t taken = (uint32_t)(at - p->at) / 2;
            p->left_in_block -= taken;
            p->read_in_block += taken;
            p->before = from + place;
            p->at = at;
        }
        if (!postings_next(p))
            return;
    }
}

bool postings_seek(Postings *p, uint32_t doc)
{
    if (p->doc != DOC_NONE && p->doc >= doc)
        return true;
    while (p->left_in_block == 0 || p->block_last < doc)
        if (!enter_next_block(p))
            return false;
    while (postings_next(p))
        if (p->doc >= doc)
            return true;
    return false;
}

static void pass_varints(const unsigned char **p, const unsigned char *end, uint64_t count)
{
    while (count > 0 && *p < end)
        count -= *(*p)++ < 0x80;
}

size_t postings_positions(Postings *p, uint32_t *ret, size_t max)
{
    const unsigned char *end =
        p->term.data + p->term.skip_bytes + p->term.docs_bytes + p->term.positions_bytes;
    if (!p->term.positions || p->doc == DOC_NONE)
        return 0;
    if (!p->positions_at)
        p->positions_at = p->block_positions;
    for (; p->positions_read + 1 < p->read_in_block; p->positions_read++)
        pass_varints(&p->positions_at, end, get_varint(&p->positions_at, end));
    uint64_t count = get_varint(&p->positions_at, end);
    p->positions_read++;
    size_t kept = (size_t)MIN_OF(count, (uint64_t)max);
    uint32_t position = 0;
    for (size_t i = 0; i < kept; i++)
        ret[i] = position += (uint32_t)get_varint(&p->positions_at, end);
    pass_varints(&p->positions_at, end, count - kept);
    return kept;
}
