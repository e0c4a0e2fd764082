// SPDX-License-Identifier: Apache-2.0
// Documents in memory, until they are written as a segment. Each term keeps its records and positions as
// bytes in a chain of slices, each twice as big as the one before; a hash table finds terms.
#include "search/form.h"

#include <stdlib.h>

enum { TABLE_FIRST = 1 << 14, SLICE_FIRST = 12, SLICE_MAX = 1 << 14, POSITIONS_IN_DOC_MAX = 4096 };

typedef struct Slice {
    struct Slice *next;
    uint32_t used, size;
    unsigned char bytes[];
} Slice;

typedef struct {
    Slice *first, *last;
} Chain;

typedef struct {
    const char *text;
    uint32_t hash;
    uint8_t size;
    unsigned char best; // evidence in the document at hand
    uint32_t docs, last_doc;
    Chain list;      // (delta, evidence) of finished documents
    Chain positions; // count, deltas
    uint32_t *here;  // positions in the document at hand
    uint32_t here_count, here_capacity;
    bool touched;
} BuilderTerm;

typedef struct {
    DocFacts facts;
    uint32_t *values; // numbers of filter terms
    uint32_t values_count;
    bool dead;
} Doc;

struct Builder {
    Arena *a;
    BuilderTerm *terms;
    size_t terms_count, terms_capacity;
    uint32_t *table; // term + 1
    size_t table_size;
    Doc *docs;
    size_t docs_count, docs_capacity;
    uint32_t *touched; // terms of the document at hand
    size_t touched_count, touched_capacity;
    uint32_t row[ROW_MAX];
    size_t row_count;
    Arena *here; // positions of the document at hand
};

Builder *builder_open(void)
{
    Builder *b = mem_alloc(sizeof(Builder));
    b->a = arena_open();
    b->here = arena_open();
    b->table_size = TABLE_FIRST;
    b->table = mem_alloc(b->table_size * sizeof(*b->table));
    return b;
}

void builder_close(Builder *b)
{
    if (!b)
        return;
    arena_close(b->a);
    arena_close(b->here);
    free(b->terms);
    free(b->table);
    free(b->docs);
    free(b->touched);
    free(b);
}

void builder_clear(Builder *b)
{
    arena_close(b->a);
    b->a = arena_open();
    free(b->terms);
    free(b->docs);
    free(b->table);
    b->terms = NULL;
    b->docs = NULL;
    b->terms_count = b->terms_capacity = b->docs_count = b->docs_capacity = 0;
    b->table_size = TABLE_FIRST;
    b->table = mem_alloc(b->table_size * sizeof(*b->table));
}

size_t builder_bytes(const Builder *b)
{
    return arena_used(b->a) + b->terms_capacity * sizeof(*b->terms) + b->docs_capacity * sizeof(*b->docs) +
           b->table_size * sizeof(*b->table);
}

uint32_t builder_docs(const Builder *b)
{
    return (uint32_t)b->docs_count;
}

// ---- terms

static uint32_t hash_term(unsigned char space, Str text)
{
    uint64_t h = 0x9E3779B97F4A7C15ull ^ space;
    size_t i = 0;
    for (; i + 8 <= text.n; i += 8) {
        uint64_t word;
        memcpy(&word, text.p + i, 8);
        h = (h ^ word) * 0xFF51AFD7ED558CCDull;
        h ^= h >> 32;
    }
    for (; i < text.n; i++)
        h = (h ^ (unsigned char)text.p[i]) * 0x100000001B3ull;
    h ^= h >> 29;
    h *= 0xBF58476D1CE4E5B9ull;
    return (uint32_t)(h >> 32);
}

static void grow_table(Builder *b)
{
    b->table_size *= 2;
    free(b->table);
    b->table = mem_alloc(b->table_size * sizeof(*b->table));
    for (size_t i = 0; i < b->terms_count; i++) {
        size_t at = b->terms[i].hash & (b->table_size - 1);
        while (b->table[at])
            at = (at + 1) & (b->table_size - 1);
        b->table[at] = (uint32_t)i + 1;
    }
}

static BuilderTerm *find_term(Builder *b, unsigned char space, Str text, uint32_t hash, size_t *ret_at)
{
    size_t at = hash & (b->table_size - 1);
    for (; b->table[at]; at = (at + 1) & (b->table_size - 1)) {
        BuilderTerm *t = &b->terms[b->table[at] - 1];
        if (t->hash == hash && t->size == text.n + 1 && (unsigned char)t->text[0] == space &&
            memcmp(t->text + 1, text.p, text.n) == 0)
            return t;
    }
    *ret_at = at;
    return NULL;
}

static BuilderTerm *get_term(Builder *b, unsigned char space, Str text)
{
    uint32_t hash = hash_term(space, text);
    size_t at;
    BuilderTerm *t = find_term(b, space, text, hash, &at);
    if (t)
        return t;
    if (b->terms_count == b->terms_capacity) {
        b->terms_capacity = b->terms_capacity ? b->terms_capacity * 2 : 4096;
        b->terms = mem_grow(b->terms, b->terms_capacity, sizeof(*b->terms));
    }
    char *kept = arena_alloc(b->a, text.n + 1);
    kept[0] = (char)space;
    memcpy(kept + 1, text.p, text.n);
    t = &b->terms[b->terms_count++];
    *t = (BuilderTerm){.text = kept, .hash = hash, .size = (uint8_t)(text.n + 1), .last_doc = DOC_NONE};
    b->table[at] = (uint32_t)b->terms_count;
    if (b->terms_count * 2 > b->table_size)
        grow_table(b);
    return t;
}

static void chain_add(Arena *a, Chain *chain, unsigned char byte)
{
    Slice *last = chain->last;
    if (!last || last->used == last->size) {
        uint32_t size = last ? MIN_OF(last->size * 2, (uint32_t)SLICE_MAX) : SLICE_FIRST;
        Slice *more = arena_alloc(a, sizeof(Slice) + size);
        more->size = size;
        if (last)
            last->next = more;
        else
            chain->first = more;
        chain->last = last = more;
    }
    last->bytes[last->used++] = byte;
}

static void chain_varint(Arena *a, Chain *chain, uint32_t value)
{
    for (; value >= 0x80; value >>= 7)
        chain_add(a, chain, (unsigned char)(value | 0x80));
    chain_add(a, chain, (unsigned char)value);
}

void builder_begin(Builder *b)
{
    b->touched_count = 0;
    b->row_count = 0;
    arena_reset(b->here);
}

static BuilderTerm *touch(Builder *b, unsigned char space, Str text)
{
    if (text.n >= TERM_MAX_BYTES)
        text.n = TERM_MAX_BYTES - 1;
    BuilderTerm *t = get_term(b, space, text);
    if (t->touched)
        return t;
    if (b->touched_count == b->touched_capacity) {
        b->touched_capacity = b->touched_capacity ? b->touched_capacity * 2 : 1024;
        b->touched = mem_grow(b->touched, b->touched_capacity, sizeof(*b->touched));
    }
    b->touched[b->touched_count++] = (uint32_t)(t - b->terms);
    t->touched = true;
    t->best = 0;
    t->here = NULL;
    t->here_count = t->here_capacity = 0;
    return t;
}

void builder_term(Builder *b, unsigned char space, Str text, unsigned char evidence, uint32_t position)
{
    BuilderTerm *t = touch(b, space, text);
    bool first = t->here_count == 0 && t->best == 0;
    if (first || EVIDENCE_IMPACT(evidence) > EVIDENCE_IMPACT(t->best))
        t->best = evidence;
    if (!term_has_positions(space) || t->here_count == POSITIONS_IN_DOC_MAX)
        return;
    if (t->here_count && t->here[t->here_count - 1] >= position)
        return; // twice at one place
    if (t->here_count == t->here_capacity) {
        uint32_t capacity = t->here_capacity ? t->here_capacity * 4 : 2;
        uint32_t *more = arena_array(b->here, uint32_t, capacity);
        if (t->here_count)
            memcpy(more, t->here, t->here_count * sizeof(*more));
        t->here = more;
        t->here_capacity = capacity;
    }
    t->here[t->here_count++] = position;
}

void builder_facet(Builder *b, Facet facet, Str value)
{
    char text[FACET_VALUE_MAX_BYTES + 1];
    size_t n = MIN_OF(value.n, (size_t)FACET_VALUE_MAX_BYTES);
    text[0] = (char)facet;
    memcpy(text + 1, value.p, n);
    size_t before = b->touched_count;
    BuilderTerm *t = touch(b, TERM_FILTER, (Str){text, n + 1});
    t->best = EVIDENCE(0, 1);
    if (b->touched_count > before && b->row_count < ROW_MAX)
        b->row[b->row_count++] = (uint32_t)(t - b->terms);
}

static void end_term(Builder *b, BuilderTerm *t, uint32_t doc)
{
    chain_varint(b->a, &t->list, doc - t->last_doc - 1);
    chain_add(b->a, &t->list, t->best);
    t->last_doc = doc;
    t->docs++;
    t->touched = false;
    if (!term_has_positions((unsigned char)t->text[0]))
        return;
    chain_varint(b->a, &t->positions, t->here_count);
    uint32_t before = 0;
    for (uint32_t i = 0; i < t->here_count; i++) {
        chain_varint(b->a, &t->positions, t->here[i] - before);
        before = t->here[i];
    }
}

uint32_t builder_end(Builder *b, const DocFacts *facts)
{
    char id[TERM_MAX_BYTES];
    builder_term(b, TERM_ID, id_term(facts->object_id, id), EVIDENCE(FIELD_ACCESSION, IMPACT_MAX), 0);
    uint32_t number = (uint32_t)b->docs_count;
    for (size_t i = 0; i < b->touched_count; i++)
        end_term(b, &b->terms[b->touched[i]], number);
    if (b->docs_count == b->docs_capacity) {
        b->docs_capacity = b->docs_capacity ? b->docs_capacity * 2 : 1024;
        b->docs = mem_grow(b->docs, b->docs_capacity, sizeof(*b->docs));
    }
    Doc *doc = &b->docs[b->docs_count++];
    *doc = (Doc){.facts = *facts, .values_count = (uint32_t)b->row_count};
    doc->facts.object_id = arena_copy(b->a, facts->object_id);
    doc->facts.title = arena_copy(b->a, facts->title);
    uint32_t *starts = arena_array(b->a, uint32_t, FIELDS + 1);
    memcpy(starts, facts->field_starts, (FIELDS + 1) * sizeof(*starts));
    doc->facts.field_starts = starts;
    doc->values = arena_array(b->a, uint32_t, b->row_count);
    if (b->row_count)
        memcpy(doc->values, b->row, b->row_count * sizeof(*b->row));
    return number;
}

uint32_t builder_find(const Builder *b, Str object_id)
{
    char id[TERM_MAX_BYTES];
    object_id = id_term(object_id, id);
    uint32_t hash = hash_term(TERM_ID, object_id);
    for (size_t at = hash & (b->table_size - 1); b->table[at]; at = (at + 1) & (b->table_size - 1)) {
        const BuilderTerm *t = &b->terms[b->table[at] - 1];
        if (t->hash == hash && t->size == object_id.n + 1 && t->text[0] == TERM_ID &&
            memcmp(t->text + 1, object_id.p, object_id.n) == 0)
            return b->docs[t->last_doc].dead ? DOC_NONE : t->last_doc;
    }
    return DOC_NONE;
}

void builder_kill(Builder *b, uint32_t doc)
{
    b->docs[doc].dead = true;
}

// ---- writing

typedef struct {
    const Slice *slice;
    uint32_t at;
} ChainReader;

static unsigned char chain_byte(ChainReader *r)
{
    while (r->slice && r->at == r->slice->used) {
        r->slice = r->slice->next;
        r->at = 0;
    }
    return r->slice ? r->slice->bytes[r->at++] : 0;
}

static uint32_t chain_read(ChainReader *r)
{
    uint32_t value = 0;
    for (int shift = 0; shift < 32; shift += 7) {
        unsigned char byte = chain_byte(r);
        value |= (uint32_t)(byte & 0x7F) << shift;
        if (byte < 0x80)
            break;
    }
    return value;
}

typedef struct {
    const Builder *b;
    uint32_t *numbers; // of documents in the segment; DOC_NONE: dead
    Writer *w;
} Writing;

static bool write_term(const Writing *g, const BuilderTerm *t)
{
    ChainReader list = {.slice = t->list.first}, positions = {.slice = t->positions.first};
    uint32_t here[POSITIONS_IN_DOC_MAX];
    bool with_positions = term_has_positions((unsigned char)t->text[0]), any = false;
    uint32_t doc = DOC_NONE;
    writer_term(g->w, (Str){t->text, t->size});
    for (uint32_t i = 0; i < t->docs; i++) {
        doc += chain_read(&list) + 1;
        unsigned char evidence = chain_byte(&list);
        uint32_t count = with_positions ? chain_read(&positions) : 0, before = 0;
        for (uint32_t k = 0; k < count; k++)
            here[k] = before += chain_read(&positions);
        if (g->numbers[doc] == DOC_NONE)
            continue;
        writer_posting(g->w, g->numbers[doc], evidence, here, count);
        any = true;
    }
    writer_term_end(g->w);
    return any;
}

static int by_text(const void *x, const void *y)
{
    const BuilderTerm *a = *(BuilderTerm *const *)x, *b = *(BuilderTerm *const *)y;
    return str_compare((Str){a->text, a->size}, (Str){b->text, b->size});
}

bool builder_write(Builder *b, int dir, const char *name, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Writing g = {
        .b = b, .numbers = arena_array(a, uint32_t, b->docs_count), .w = writer_open(dir, name, err)};
    if (!g.w)
        return false;
    uint32_t live = 0;
    for (size_t i = 0; i < b->docs_count; i++)
        g.numbers[i] = b->docs[i].dead ? DOC_NONE : live++;
    BuilderTerm **order = arena_array(a, BuilderTerm *, b->terms_count);
    for (size_t i = 0; i < b->terms_count; i++)
        order[i] = &b->terms[i];
    qsort(order, b->terms_count, sizeof(*order), by_text);
    uint32_t *value_of = arena_array(a, uint32_t, b->terms_count);
    for (size_t i = 0; i < b->terms_count; i++) {
        const BuilderTerm *t = order[i];
        if (write_term(&g, t) && t->text[0] == TERM_FILTER)
            value_of[t - b->terms] =
                writer_facet_value(g.w, (Facet)t->text[1], (Str){t->text + 2, (size_t)t->size - 2});
    }
    for (size_t i = 0; i < b->docs_count; i++) {
        Doc *doc = &b->docs[i];
        if (doc->dead)
            continue;
        for (uint32_t k = 0; k < doc->values_count; k++)
            doc->values[k] = value_of[doc->values[k]];
        writer_doc(g.w, &doc->facts, doc->values, doc->values_count);
    }
    bool good = writer_finish(g.w, err);
    writer_close(g.w);
    return good;
}
