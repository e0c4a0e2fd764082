// SPDX-License-Identifier: Apache-2.0
// Documents in memory, until they are written as a segment. Each term keeps its records and positions as
// bytes in a chain of slices, each twice as big as the one before; a hash table finds terms. Most of the time
// goes into waiting for memory: therefore the table has the hashes, and a term has one chain.
#include "search/form.h"

#include <stdlib.h>

enum {
    TABLE_FIRST = 1 << 14,
    SLICE_FIRST = 24,
    SLICE_MAX = 1 << 14,
    POSITIONS_IN_DOC_MAX = 4096,
    REPEATS = 1 << 13,
    REPEATED_MAX_BYTES = 400, // longer values seldom come twice
};

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
    Chain list;     // of each finished document: delta, evidence, and in some namespaces count and positions
    uint32_t *here; // positions in the document at hand
    uint32_t here_count, here_capacity;
    bool touched;
} BuilderTerm;

typedef struct {
    DocFacts facts;
    uint32_t *values; // numbers of filter terms
    uint32_t values_count;
    bool dead;
} Doc;

typedef struct {
    uint32_t hash, term; // term + 1; 0: free
} TableSlot;

// One call of builder_term or builder_facet.
typedef struct {
    uint32_t term, position;
    unsigned char evidence;
    bool facet;
} Step;

// A value that came more than once: what adding it comes to.
typedef struct {
    Str text, lang;
    unsigned char kind;
    bool concepts;
    uint32_t steps_count, advance;
    Step steps[];
} Repeat;

typedef struct {
    uint64_t hash;  // of the value that came last
    Repeat *repeat; // NULL: it came once
} RepeatSlot;

struct Builder {
    Arena *a;
    BuilderTerm *terms;
    size_t terms_count, terms_capacity;
    TableSlot *table;
    size_t table_size;
    Doc *docs;
    size_t docs_count, docs_capacity;
    uint32_t *touched; // terms of the document at hand
    size_t touched_count, touched_capacity;
    uint32_t row[ROW_MAX];
    size_t row_count;
    Arena *here; // positions of the document at hand
    RepeatSlot *repeats;
    RepeatSlot *noting; // where the value at hand will be kept; NULL: it will not be
    Step *noted;
    size_t noted_count, noted_capacity;
    uint32_t noted_from; // position
    Str noted_text, noted_lang;
    unsigned char noted_kind;
};

Builder *builder_open(void)
{
    Builder *b = mem_alloc(sizeof(Builder));
    b->a = arena_open();
    b->here = arena_open();
    b->table_size = TABLE_FIRST;
    b->table = mem_alloc(b->table_size * sizeof(*b->table));
    b->repeats = mem_alloc(REPEATS * sizeof(*b->repeats));
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
    free(b->repeats);
    free(b->noted);
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
    memset(b->repeats, 0, REPEATS * sizeof(*b->repeats));
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
        while (b->table[at].term)
            at = (at + 1) & (b->table_size - 1);
        b->table[at] = (TableSlot){b->terms[i].hash, (uint32_t)i + 1};
    }
}

// The term, or NULL and the free slot where it belongs.
static BuilderTerm *find_term(
    const Builder *b, unsigned char space, Str text, uint32_t hash, size_t *ret_free)
{
    size_t at = hash & (b->table_size - 1);
    for (; b->table[at].term; at = (at + 1) & (b->table_size - 1)) {
        BuilderTerm *t = &b->terms[b->table[at].term - 1];
        if (b->table[at].hash == hash && t->size == text.n + 1 && (unsigned char)t->text[0] == space &&
            memcmp(t->text + 1, text.p, text.n) == 0)
            return t;
    }
    *ret_free = at;
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
    b->table[at] = (TableSlot){hash, (uint32_t)b->terms_count};
    if (b->terms_count * 2 > b->table_size)
        grow_table(b);
    return t;
}

static void chain_add(Arena *a, Chain *chain, const unsigned char *bytes, size_t count)
{
    while (count) {
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
        size_t n = MIN_OF(count, (size_t)(last->size - last->used));
        memcpy(last->bytes + last->used, bytes, n);
        last->used += (uint32_t)n;
        bytes += n;
        count -= n;
    }
}

void builder_begin(Builder *b)
{
    b->touched_count = 0;
    b->row_count = 0;
    arena_reset(b->here);
}

static void touch(Builder *b, BuilderTerm *t)
{
    if (b->touched_count == b->touched_capacity) {
        b->touched_capacity = b->touched_capacity ? b->touched_capacity * 2 : 1024;
        b->touched = mem_grow(b->touched, b->touched_capacity, sizeof(*b->touched));
    }
    b->touched[b->touched_count++] = (uint32_t)(t - b->terms);
    t->touched = true;
    t->best = 0;
    t->here = NULL;
    t->here_count = t->here_capacity = 0;
}

static void add_position(Builder *b, BuilderTerm *t, uint32_t position)
{
    if (t->here_count == POSITIONS_IN_DOC_MAX)
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

static void add_step(Builder *b, const Step *step)
{
    BuilderTerm *t = &b->terms[step->term];
    bool first = !t->touched;
    if (first)
        touch(b, t);
    if (step->facet) {
        t->best = step->evidence;
        if (first && b->row_count < ROW_MAX)
            b->row[b->row_count++] = step->term;
        return;
    }
    if (first || EVIDENCE_IMPACT(step->evidence) > EVIDENCE_IMPACT(t->best))
        t->best = step->evidence;
    if (term_has_positions((unsigned char)t->text[0]))
        add_position(b, t, step->position);
}

static void note_step(Builder *b, const Step *step)
{
    if (b->noted_count == b->noted_capacity) {
        b->noted_capacity = b->noted_capacity ? b->noted_capacity * 2 : 64;
        b->noted = mem_grow(b->noted, b->noted_capacity, sizeof(*b->noted));
    }
    b->noted[b->noted_count] = *step;
    b->noted[b->noted_count++].position -= b->noted_from;
}

static void take_step(Builder *b, Step step)
{
    add_step(b, &step);
    if (b->noting)
        note_step(b, &step);
}

void builder_term(Builder *b, unsigned char space, Str text, unsigned char evidence, uint32_t position)
{
    text.n = MIN_OF(text.n, (size_t)TERM_MAX_BYTES - 1);
    uint32_t term = (uint32_t)(get_term(b, space, text) - b->terms);
    take_step(b, (Step){.term = term, .position = position, .evidence = evidence});
}

void builder_facet(Builder *b, Facet facet, Str value)
{
    char text[FACET_VALUE_MAX_BYTES + 1];
    size_t n = MIN_OF(value.n, (size_t)FACET_VALUE_MAX_BYTES);
    text[0] = (char)facet;
    memcpy(text + 1, value.p, n);
    uint32_t term = (uint32_t)(get_term(b, TERM_FILTER, (Str){text, n + 1}) - b->terms);
    take_step(b, (Step){.term = term, .evidence = EVIDENCE(0, 1), .facet = true});
}

// ---- values that come again

bool builder_repeat(
    Builder *b, unsigned char kind, Str text, Str lang, uint32_t *position, bool *ret_concepts)
{
    b->noting = NULL;
    if (text.n > REPEATED_MAX_BYTES)
        return false;
    uint64_t hash = (uint64_t)hash_term(kind, text) << 32 | hash_term((unsigned char)text.n, lang);
    RepeatSlot *slot = &b->repeats[(hash >> 32 ^ hash) % REPEATS];
    const Repeat *r = slot->hash == hash ? slot->repeat : NULL;
    if (slot->hash != hash) {
        *slot = (RepeatSlot){.hash = hash};
        return false;
    }
    if (!r) {
        b->noting = slot;
        b->noted_count = 0;
        b->noted_from = *position;
        b->noted_text = text;
        b->noted_lang = lang;
        b->noted_kind = kind;
        return false;
    }
    if (r->kind != kind || !str_eq(r->text, text) || !str_eq(r->lang, lang))
        return false; // another with the same hash
    for (uint32_t i = 0; i < r->steps_count; i++) {
        Step step = r->steps[i];
        step.position += *position;
        add_step(b, &step);
    }
    *position += r->advance;
    *ret_concepts = r->concepts;
    return true;
}

void builder_noted(Builder *b, uint32_t position, bool concepts)
{
    if (!b->noting)
        return;
    Repeat *r = arena_alloc(b->a, sizeof(Repeat) + b->noted_count * sizeof(Step));
    r->text = arena_copy(b->a, b->noted_text);
    r->lang = arena_copy(b->a, b->noted_lang);
    r->kind = b->noted_kind;
    r->concepts = concepts;
    r->advance = position - b->noted_from;
    r->steps_count = (uint32_t)b->noted_count;
    if (b->noted_count)
        memcpy(r->steps, b->noted, b->noted_count * sizeof(Step));
    b->noting->repeat = r;
    b->noting = NULL;
}

// ---- the end of a document

static void end_term(Builder *b, BuilderTerm *t, uint32_t doc)
{
    unsigned char bytes[256];
    size_t n = to_varint(bytes, doc - t->last_doc - 1);
    bytes[n++] = t->best;
    t->last_doc = doc;
    t->docs++;
    t->touched = false;
    uint32_t before = 0;
    if (term_has_positions((unsigned char)t->text[0])) {
        n += to_varint(bytes + n, t->here_count);
        for (uint32_t i = 0; i < t->here_count; i++) {
            n += to_varint(bytes + n, t->here[i] - before);
            before = t->here[i];
            if (n > sizeof(bytes) - VARINT_MAX_BYTES) {
                chain_add(b->a, &t->list, bytes, n);
                n = 0;
            }
        }
    }
    chain_add(b->a, &t->list, bytes, n);
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
    size_t at;
    const BuilderTerm *t = find_term(b, TERM_ID, object_id, hash_term(TERM_ID, object_id), &at);
    return !t || b->docs[t->last_doc].dead ? DOC_NONE : t->last_doc;
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
    ChainReader list = {.slice = t->list.first};
    uint32_t here[POSITIONS_IN_DOC_MAX];
    bool with_positions = term_has_positions((unsigned char)t->text[0]), any = false;
    uint32_t doc = DOC_NONE;
    writer_term(g->w, (Str){t->text, t->size});
    for (uint32_t i = 0; i < t->docs; i++) {
        doc += chain_read(&list) + 1;
        unsigned char evidence = chain_byte(&list);
        uint32_t count = with_positions ? chain_read(&list) : 0, before = 0;
        for (uint32_t k = 0; k < count; k++)
            here[k] = before += chain_read(&list);
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
