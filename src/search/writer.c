// SPDX-License-Identifier: Apache-2.0
#include "base/file.h"
#include "search/form.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// A section grows in memory, and beyond a ceiling in a file without a name, so that merging millions of
// records needs no more memory than merging thousands.
enum { SPOOL_MEMORY_BYTES = 256 * 1024, POSTINGS_MAX_BYTES = 1 << 30 };

typedef struct {
    Buf buf;
    int fd; // -1 until the memory is used up
    uint64_t bytes;
} Spool;

struct Writer {
    int dir;
    char name[48];
    int fd;
    uint64_t bytes; // written to fd
    bool failed;
    Err err; // the first failure
    Buf out; // before fd

    Spool sections[SECTIONS];
    uint64_t terms;
    uint32_t docs, values;
    uint32_t facet_ends[FACETS]; // behind the last value of each
    int64_t sequence;            // of the record before
    bool descended;
    RowTable *rows[ROW_KINDS];

    // The term at hand.
    char term[TERM_MAX_BYTES], before[TERM_MAX_BYTES];
    size_t term_size, before_size;
    uint32_t term_docs, last_doc, block_first_before;
    size_t block_docs_at, block_positions_at;
    Buf skip, list, positions;
};

static void fail(Writer *w, const Err *err)
{
    if (!w->failed)
        w->err = *err;
    w->failed = true;
}

static void flush_out(Writer *w)
{
    Err err = {0};
    if (!w->failed && !file_write_all(w->fd, buf_str(&w->out), &err))
        fail(w, &err);
    buf_clear(&w->out);
}

static void put_out(Writer *w, Str bytes)
{
    w->bytes += bytes.n;
    if (w->out.n + bytes.n > w->out.max)
        flush_out(w);
    Err err = {0};
    if (bytes.n <= w->out.max)
        buf_add(&w->out, bytes);
    else if (!w->failed && !file_write_all(w->fd, bytes, &err))
        fail(w, &err);
}

static void spool_add(Writer *w, Section section, const void *bytes, size_t count)
{
    Spool *s = &w->sections[section];
    Err err = {0};
    s->bytes += count;
    if (s->buf.n + count > SPOOL_MEMORY_BYTES) {
        char name[64];
        snprintf(name, sizeof(name), "%s.spool", w->name);
        if (s->fd < 0 && ((s->fd = file_create(w->dir, name, &err)) < 0 || !file_remove(w->dir, name, &err)))
            fail(w, &err);
        if (!w->failed && !file_write_all(s->fd, buf_str(&s->buf), &err))
            fail(w, &err);
        buf_clear(&s->buf);
    }
    if (count <= SPOOL_MEMORY_BYTES)
        buf_add_bytes(&s->buf, bytes, count);
    else if (!w->failed && !file_write_all(s->fd, (Str){bytes, count}, &err))
        fail(w, &err);
}

Writer *writer_open(int dir, const char *name, Err *err)
{
    int fd = file_create(dir, name, err);
    if (fd < 0)
        return NULL;
    Writer *w = mem_alloc(sizeof(Writer));
    w->dir = dir;
    w->fd = fd;
    snprintf(w->name, sizeof(w->name), "%s", name);
    w->out = buf_with_max(SPOOL_MEMORY_BYTES);
    w->skip = buf_with_max(POSTINGS_MAX_BYTES);
    w->list = buf_with_max(POSTINGS_MAX_BYTES);
    w->positions = buf_with_max(POSTINGS_MAX_BYTES);
    for (int i = 0; i < SECTIONS; i++)
        w->sections[i] = (Spool){.buf = buf_with_max(SPOOL_MEMORY_BYTES), .fd = -1};
    uint32_t zero = 0;
    spool_add(w, SECTION_DOC_OFFSETS, &zero, sizeof(zero));
    for (int kind = 0; kind < ROW_KINDS; kind++) {
        w->rows[kind] = row_table_open();
        spool_add(w, SECTION_ROW_ENDS + kind, &zero, sizeof(zero));
    }
    spool_add(w, SECTION_VALUE_OFFSETS, &zero, sizeof(zero));
    return w;
}

void writer_close(Writer *w)
{
    if (!w)
        return;
    fd_close(w->fd);
    buf_free(&w->out);
    buf_free(&w->skip);
    buf_free(&w->list);
    buf_free(&w->positions);
    for (int i = 0; i < SECTIONS; i++) {
        buf_free(&w->sections[i].buf);
        fd_close(w->sections[i].fd);
    }
    for (int kind = 0; kind < ROW_KINDS; kind++)
        row_table_close(w->rows[kind]);
    free(w);
}

void writer_term(Writer *w, Str term)
{
    assert(term.n > 0 && term.n <= TERM_MAX_BYTES);
    memcpy(w->term, term.p, term.n);
    w->term_size = term.n;
    w->term_docs = 0;
    w->last_doc = DOC_NONE; // one before 0
    w->block_first_before = DOC_NONE;
    w->block_docs_at = w->block_positions_at = 0;
    buf_clear(&w->skip);
    buf_clear(&w->list);
    buf_clear(&w->positions);
}

static void end_block(Writer *w)
{
    put_varint(&w->skip, w->last_doc - w->block_first_before);
    put_varint(&w->skip, w->list.n - w->block_docs_at);
    put_varint(&w->skip, w->positions.n - w->block_positions_at);
    w->block_first_before = w->last_doc;
    w->block_docs_at = w->list.n;
    w->block_positions_at = w->positions.n;
}

void writer_posting(Writer *w, uint32_t doc, unsigned char evidence, const uint32_t *positions, size_t count)
{
    if (w->term_docs > 0 && w->term_docs % POSTINGS_BLOCK == 0)
        end_block(w);
    put_varint(&w->list, doc - w->last_doc - 1);
    buf_add_char(&w->list, (char)evidence);
    w->last_doc = doc;
    w->term_docs++;
    if (!term_has_positions((unsigned char)w->term[0]))
        return;
    put_varint(&w->positions, count);
    uint32_t before = 0;
    for (size_t i = 0; i < count; i++) {
        put_varint(&w->positions, positions[i] - before);
        before = positions[i];
    }
}

static void put_term(Writer *w, size_t skip_bytes)
{
    bool first = w->terms % TERMS_IN_BLOCK == 0;
    if (first) {
        TermBlock block = {.terms_at = w->sections[SECTION_TERMS].bytes, .postings_at = w->bytes};
        spool_add(w, SECTION_BLOCKS, &block, sizeof(block));
        w->before_size = 0;
    }
    size_t shared = 0;
    while (shared < w->before_size && shared < w->term_size && w->before[shared] == w->term[shared])
        shared++;
    CLEANUP(buf_free) Buf b = buf_with_max(1024);
    put_varint(&b, shared);
    put_varint(&b, w->term_size - shared);
    buf_add(&b, (Str){w->term + shared, w->term_size - shared});
    put_varint(&b, w->term_docs);
    if (w->term_docs > POSTINGS_BLOCK)
        put_varint(&b, skip_bytes);
    put_varint(&b, w->list.n);
    if (term_has_positions((unsigned char)w->term[0]))
        put_varint(&b, w->positions.n);
    spool_add(w, SECTION_TERMS, b.p, b.n);
    memcpy(w->before, w->term, w->term_size);
    w->before_size = w->term_size;
    w->terms++;
}

void writer_term_end(Writer *w)
{
    if (w->term_docs == 0)
        return;
    if (w->list.full || w->positions.full) {
        Err err = {0};
        err_note_at(&err, __FILE__, __LINE__, ERR_LIMIT, "a word occurs too often for one segment");
        fail(w, &err);
    }
    if (w->term_docs > POSTINGS_BLOCK)
        end_block(w);
    put_term(w, w->skip.n);
    put_out(w, buf_str(&w->skip));
    put_out(w, buf_str(&w->list));
    put_out(w, buf_str(&w->positions));
}

uint32_t writer_facet_value(Writer *w, Facet facet, Str value)
{
    unsigned char byte = (unsigned char)facet;
    spool_add(w, SECTION_VALUE_BLOB, &byte, 1);
    spool_add(w, SECTION_VALUE_BLOB, value.p, value.n);
    uint32_t end = (uint32_t)w->sections[SECTION_VALUE_BLOB].bytes;
    spool_add(w, SECTION_VALUE_OFFSETS, &end, sizeof(end));
    w->values++;
    for (int f = (int)facet; f < FACETS; f++)
        w->facet_ends[f] = w->values;
    return w->values - 1;
}

static int ascending(const void *x, const void *y)
{
    uint32_t a = *(const uint32_t *)x, b = *(const uint32_t *)y;
    return a < b ? -1 : a > b;
}

static void put_row(Writer *w, RowKind kind, const uint32_t *values, size_t count)
{
    bool is_new;
    uint32_t number = row_table_number(w->rows[kind], values, count, &is_new);
    spool_add(w, SECTION_ROW_NUMBERS + kind, &number, sizeof(number));
    if (!is_new)
        return;
    spool_add(w, SECTION_ROW_VALUES + kind, values, count * sizeof(*values));
    uint32_t end = (uint32_t)(w->sections[SECTION_ROW_VALUES + kind].bytes / sizeof(*values));
    spool_add(w, SECTION_ROW_ENDS + kind, &end, sizeof(end));
}

static void put_rows(Writer *w, uint32_t *values, size_t count)
{
    uint32_t row[ROW_KINDS][ROW_MAX];
    size_t counts[ROW_KINDS] = {0};
    if (count > 1)
        qsort(values, count, sizeof(*values), ascending);
    int facet = 0;
    for (size_t i = 0; i < count && i < ROW_MAX; i++) {
        while (values[i] >= w->facet_ends[facet])
            facet++;
        RowKind kind = row_kind_of((Facet)facet);
        row[kind][counts[kind]++] = values[i];
    }
    for (RowKind kind = 0; kind < ROW_KINDS; kind++)
        put_row(w, kind, row[kind], counts[kind]);
}

static void put_starts(Buf *b, const uint32_t *starts)
{
    unsigned used = 0;
    for (unsigned i = 0; i < FIELDS; i++)
        used |= starts[i + 1] > starts[i] ? 1u << i : 0;
    buf_add_char(b, (char)used);
    buf_add_char(b, (char)(used >> 8));
    for (unsigned i = 0; i < FIELDS; i++)
        if (used & 1u << i)
            put_varint(b, starts[i + 1] - starts[i]);
}

void writer_doc(Writer *w, const DocFacts *facts, uint32_t *values, size_t count)
{
    int32_t earliest = facts->earliest, latest = facts->latest;
    w->descended |= facts->sequence < w->sequence;
    w->sequence = facts->sequence;
    spool_add(w, SECTION_SEQUENCES, &facts->sequence, sizeof(facts->sequence));
    spool_add(w, SECTION_EARLIEST, &earliest, sizeof(earliest));
    spool_add(w, SECTION_LATEST, &latest, sizeof(latest));
    spool_add(w, SECTION_TITLE_KEYS, facts->title_key, TEXT_SORT_KEY_BYTES);
    spool_add(w, SECTION_MAKER_KEYS, facts->maker_key, TEXT_SORT_KEY_BYTES);
    spool_add(w, SECTION_RANKS, &facts->rank, 1);
    spool_add(w, SECTION_FLAGS, &facts->flags, 1);
    CLEANUP(buf_free) Buf b = buf_with_max(4096);
    put_varint(&b, facts->object_id.n);
    buf_add(&b, facts->object_id);
    put_varint(&b, facts->title.n);
    buf_add(&b, facts->title);
    put_starts(&b, facts->field_starts);
    spool_add(w, SECTION_DOC_BLOB, b.p, b.n);
    uint32_t end = (uint32_t)w->sections[SECTION_DOC_BLOB].bytes;
    spool_add(w, SECTION_DOC_OFFSETS, &end, sizeof(end));
    put_rows(w, values, count);
    w->docs++;
}

static void copy_spool(Writer *w, Spool *s)
{
    enum { PIECE = 64 * 1024 };
    char *piece = s->fd < 0 ? NULL : mem_alloc(PIECE);
    uint64_t in_file = s->bytes - s->buf.n;
    for (uint64_t at = 0; at < in_file && !w->failed;) {
        size_t n = (size_t)MIN_OF((uint64_t)PIECE, in_file - at);
        Err err = {0};
        if (!file_read_at(s->fd, piece, n, at, &err))
            fail(w, &err);
        put_out(w, (Str){piece, n});
        at += n;
    }
    free(piece);
    put_out(w, buf_str(&s->buf));
}

bool writer_finish(Writer *w, Err *err)
{
    Footer footer = {.postings_bytes = w->bytes,
        .terms = w->terms,
        .docs = w->docs,
        .values = w->values,
        .form = SEGMENT_FORM,
        .ascending = !w->descended,
        .magic = "VITRSEG"};
    for (int kind = 0; kind < ROW_KINDS; kind++)
        footer.rows[kind] = row_table_count(w->rows[kind]);
    for (int i = 0; i < SECTIONS; i++) {
        put_out(w, (Str){"\0\0\0\0\0\0\0", (size_t)(-w->bytes & 7)});
        footer.at[i] = w->bytes;
        footer.bytes[i] = w->sections[i].bytes;
        copy_spool(w, &w->sections[i]);
    }
    put_out(w, (Str){"\0\0\0\0\0\0\0", (size_t)(-w->bytes & 7)});
    put_out(w, (Str){(const char *)&footer, sizeof(footer)});
    flush_out(w);
    if (w->failed) {
        *err = w->err;
        return false;
    }
    return file_sync(w->fd, err);
}
