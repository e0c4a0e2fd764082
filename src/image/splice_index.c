// SPDX-License-Identifier: Apache-2.0
// Where the master has no restart markers only the first MCU of a row is read code by code: it has the first
// difference of each component. The rest is moved bit by bit up to where the next column begins. Where it has
// markers, differences after them depend on all before: everything is read, as when the tile was first made.
#include "image/splice_index.h"

#include "base/file.h"
#include "image/splice_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <zlib.h>

enum {
    INDEX_START_BYTES = 24,
    CRC_BYTES = 4,
    BASE_BYTES = 8,
    PLACE_BITS = 32,
    DC_BITS = 13,
    MARK_BYTES_MAX = 9,
    MARKS_MAX = PYRAMID_TILE_MAX_PX / 8,
    RECORD_BYTES_MAX = CRC_BYTES + MARKS_MAX * MARK_BYTES_MAX,
    MCU_SLACK_BYTES = MCU_BLOCKS_MAX * BLOCK_BYTES_MAX + 64,
};
static const char magic[8] = {'V', 'P', 'I', 'N', 'D', 'E', 'X', '1'};

static void put(Buf *out, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_add_char(out, (char)(v >> (8 * i)));
}

static uint64_t get(const uint8_t *p, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

static int mark_bytes(const SpliceHead *head)
{
    return (PLACE_BITS + head->components * DC_BITS + 7) / 8;
}

static int marks_in(const Cutter *shape, int row)
{
    return MIN_OF(shape->rows_in_tile, shape->mcus_down - row * shape->rows_in_tile);
}

static int tile_rows(const Cutter *shape)
{
    return (shape->mcus_down + shape->rows_in_tile - 1) / shape->rows_in_tile;
}

// ---- writing

struct SpliceIndexWriter {
    SpliceHead head;
    Cutter shape;      // only its measures
    SpliceMark *marks; // of a row of tiles, a row of MCUs after the other
    uint32_t *crc;     // of its tiles
    Buf bases, records;
    bool lost;
};

SpliceIndexWriter *splice_index_writer_open(const SpliceHead *head, int tile_px)
{
    SpliceIndexWriter *w = mem_alloc(sizeof(*w));
    w->head = *head;
    w->shape = (Cutter){.head = &w->head, .tile_px = tile_px};
    cutter_measure(&w->shape);
    size_t across = (size_t)w->shape.columns_count + 1;
    w->marks = mem_alloc(across * (size_t)w->shape.rows_in_tile * sizeof(SpliceMark));
    w->crc = mem_alloc(across * sizeof(uint32_t));
    w->bases = buf_with_max(TABLE_BYTES_MAX);
    w->records = buf_with_max(TABLE_BYTES_MAX);
    return w;
}

void splice_index_writer_closep(SpliceIndexWriter **w)
{
    if (!*w)
        return;
    free((*w)->marks);
    free((*w)->crc);
    buf_free(&(*w)->bases);
    buf_free(&(*w)->records);
    free(*w);
    *w = NULL;
}

void splice_index_mark(SpliceIndexWriter *w, int mcu_row, int column, const SpliceMark *mark)
{
    size_t at = (size_t)(mcu_row % w->shape.rows_in_tile) * ((size_t)w->shape.columns_count + 1);
    if (mark)
        w->marks[at + (size_t)column] = *mark;
    else
        w->lost = true;
}

static void put_mark(SpliceIndexWriter *w, const SpliceMark *mark, uint64_t base)
{
    uint64_t place = mark->bit - base, dcs = 0;
    w->lost = w->lost || place > UINT32_MAX;
    for (int i = w->head.components - 1; i >= 0; i--)
        dcs = dcs << DC_BITS | ((uint64_t)mark->dc[i] & ((1U << DC_BITS) - 1));
    put(&w->records, place, PLACE_BITS / 8);
    put(&w->records, dcs, mark_bytes(&w->head) - PLACE_BITS / 8);
}

void splice_index_tile(SpliceIndexWriter *w, int column, int row, Str jpeg)
{
    int columns = w->shape.columns_count, marks = marks_in(&w->shape, row);
    w->crc[column] = (uint32_t)crc32_z(0, (const Bytef *)jpeg.p, jpeg.n);
    if (column + 1 < columns)
        return;
    uint64_t base = w->marks[0].bit;
    put(&w->bases, base, BASE_BYTES);
    for (int c = 0; c <= columns; c++) {
        put(&w->records, w->crc[c], CRC_BYTES);
        for (int m = 0; m < marks; m++)
            put_mark(w, &w->marks[(size_t)m * ((size_t)columns + 1) + (size_t)c], base);
    }
}

bool splice_index_finish(const SpliceIndexWriter *w, uint64_t master_bytes, Buf *out, Err *err)
{
    CLEANUP(buf_free) Buf head = buf_with_max(TILE_HEAD_MAX_BYTES);
    size_t start = out->n;
    int tile_px = w->shape.tile_px;
    tile_head_put(&w->head, tile_px, tile_px, w->shape.mcus_in_tile, &head);
    buf_add_bytes(out, magic, sizeof(magic));
    put(out, master_bytes, 8);
    put(out, (uint64_t)w->head.restart_mcus, 4);
    put(out, head.n, 4);
    buf_add(out, buf_str(&head));
    buf_add(out, buf_str(&w->bases));
    if (w->lost || head.full || out->full || w->records.full)
        return err_set(err, ERR_UNSUPPORTED, "tiles of this JPEG cannot be found again in it");
    put(out, crc32_z(0, (const Bytef *)out->p + start, out->n - start), CRC_BYTES);
    buf_add(out, buf_str(&w->records));
    return !out->full || err_set(err, ERR_LIMIT, "the index of the JPEG is too big");
}

// ---- reading

struct SpliceIndex {
    SpliceHead head;
    Cutter shape; // measures and decoders; copied for each tile
    uint64_t master_bytes, records_at;
    uint64_t *bases;
};

static bool broken(Err *err)
{
    return err_set(err, ERR_CORRUPT, "the index into this picture's master is damaged");
}

void splice_index_closep(SpliceIndex **x)
{
    if (!*x)
        return;
    for (int i = 0; i < SPLICE_TABLES; i++) {
        free((*x)->shape.dc[i]);
        free((*x)->shape.ac[i]);
    }
    free((*x)->bases);
    free(*x);
    *x = NULL;
}

uint64_t splice_index_master_bytes(const SpliceIndex *x)
{
    return x->master_bytes;
}

static uint64_t record_bytes(const SpliceIndex *x, int marks)
{
    return CRC_BYTES + (uint64_t)marks * (uint64_t)mark_bytes(&x->head);
}

// From the start of the first record. A row beyond the last: their end.
static uint64_t record_at(const SpliceIndex *x, int column, int row)
{
    uint64_t across = (uint64_t)x->shape.columns_count + 1;
    if (row == tile_rows(&x->shape))
        return (uint64_t)(row - 1) * across * record_bytes(x, x->shape.rows_in_tile) +
               across * record_bytes(x, marks_in(&x->shape, row - 1));
    return (uint64_t)row * across * record_bytes(x, x->shape.rows_in_tile) +
           (uint64_t)column * record_bytes(x, marks_in(&x->shape, row));
}

static bool read_head(SpliceIndex *x, Str head, const Grid *grid, int restart_mcus)
{
    CLEANUP(jpeg_reader_closep) JpegReader *reader = jpeg_reader_open();
    if (!jpeg_read_splice_head(reader, head, &x->head))
        return false;
    x->head.width_px = grid->width_px;
    x->head.height_px = grid->height_px;
    x->head.restart_mcus = restart_mcus;
    x->shape = (Cutter){.tile_px = grid->tile_px, .head = &x->head};
    cutter_measure(&x->shape);
    cutter_decoders(&x->head, x->shape.dc, x->shape.ac);
    return true;
}

static bool read_all(SpliceIndex *x, int fd, IndexPlace at, const Grid *grid, Err *err)
{
    uint8_t start[INDEX_START_BYTES];
    if (at.bytes < INDEX_START_BYTES || MAX_OF(grid->width_px, grid->height_px) > JPEG_SIDE_MAX_PX)
        return broken(err);
    if (!file_read_at(fd, start, sizeof(start), at.offset, err))
        return false;
    uint64_t restart = get(start + 16, 4), head_bytes = get(start + 20, 4);
    size_t rows = (size_t)grid->level[0].rows;
    uint64_t bytes = INDEX_START_BYTES + head_bytes + rows * BASE_BYTES;
    if (memcmp(start, magic, sizeof(magic)) != 0 || restart > UINT16_MAX ||
        head_bytes > TILE_HEAD_MAX_BYTES || bytes + CRC_BYTES > at.bytes)
        return broken(err);
    CLEANUP(arena_closep) Arena *a = arena_open();
    uint8_t *p = arena_alloc(a, bytes + CRC_BYTES);
    if (!file_read_at(fd, p, bytes + CRC_BYTES, at.offset, err))
        return false;
    Str head = {(const char *)p + INDEX_START_BYTES, head_bytes};
    if (get(p + bytes, CRC_BYTES) != crc32_z(0, p, bytes) || !read_head(x, head, grid, (int)restart))
        return broken(err);
    x->master_bytes = get(p + 8, 8);
    x->records_at = at.offset + bytes + CRC_BYTES;
    x->bases = mem_alloc(rows * sizeof(uint64_t));
    for (size_t i = 0; i < rows; i++)
        x->bases[i] = get(p + INDEX_START_BYTES + head_bytes + i * BASE_BYTES, BASE_BYTES);
    return bytes + CRC_BYTES + record_at(x, 0, (int)rows) == at.bytes || broken(err);
}

SpliceIndex *splice_index_open(int fd, IndexPlace at, const Grid *grid, Err *err)
{
    CLEANUP(splice_index_closep) SpliceIndex *x = mem_alloc(sizeof(*x));
    if (!read_all(x, fd, at, grid, err))
        return NULL;
    SpliceIndex *ret = x;
    x = NULL;
    return ret;
}

// ---- one tile

typedef struct {
    uint64_t start, end; // bits of the master
    int dc[SPLICE_COMPONENTS_MAX];
} Span;

static uint64_t span_from(const Span *s)
{
    return s->start / 8;
}

// To the byte that the end is in, and one more: it may be the zero behind an 0xff.
static size_t span_bytes(const SpliceIndex *x, const Span *s)
{
    return (size_t)(MIN_OF((s->end + 7) / 8 + 1, x->master_bytes) - s->start / 8);
}

static int dc_of(uint64_t dcs, int number)
{
    int v = (int)(dcs >> (number * DC_BITS) & ((1U << DC_BITS) - 1));
    return v >= 1 << (DC_BITS - 1) ? v - (1 << DC_BITS) : v;
}

// A record and that of the next column, which says where the spans end. All within the master, and together
// no more than a tile may be.
static bool read_spans(const SpliceIndex *x, const SpliceCut *cut, Span *spans, uint32_t *ret_crc, Err *err)
{
    uint8_t records[2 * RECORD_BYTES_MAX];
    int marks = marks_in(&x->shape, cut->row), size = mark_bytes(&x->head);
    uint64_t bytes = record_bytes(x, marks), base = x->bases[cut->row], sum = 0;
    if (!file_read_at(
            cut->index_fd, records, 2 * bytes, x->records_at + record_at(x, cut->column, cut->row), err))
        return false;
    *ret_crc = (uint32_t)get(records, CRC_BYTES);
    for (int i = 0; i < marks; i++) {
        const uint8_t *mark = records + CRC_BYTES + i * size;
        Span *s = &spans[i];
        s->start = base + get(mark, PLACE_BITS / 8);
        s->end = base + get(mark + bytes, PLACE_BITS / 8);
        uint64_t dcs = get(mark + PLACE_BITS / 8, size - PLACE_BITS / 8);
        for (int k = 0; k < SPLICE_COMPONENTS_MAX; k++)
            s->dc[k] = k < x->head.components ? dc_of(dcs, k) : 0;
        if (base > UINT64_MAX / 2 || s->start >= s->end || (s->end + 7) / 8 > x->master_bytes)
            return broken(err);
        sum += span_bytes(x, s);
        if (sum > JPEG_TILE_BYTES_MAX)
            return broken(err);
    }
    return true;
}

static bool changed(Err *err)
{
    return err_set(err, ERR_CORRUPT, "the master of this picture is damaged or not the one it was");
}

static bool read_span(const SpliceIndex *x, const SpliceCut *cut, const Span *s, uint8_t *to, Err *err)
{
    size_t want = span_bytes(x, s), have = 0;
    while (have < want) {
        struct iovec v = {to + have, want - have};
        ssize_t n =
            preadv2(cut->master_fd, &v, 1, (off_t)(span_from(s) + have), cut->at_once ? RWF_NOWAIT : 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0 && cut->at_once && (errno == EAGAIN || errno == EOPNOTSUPP || errno == ENOSYS))
            return err_set(err, ERR_BUSY, "the master of this picture must be read from the disk");
        if (n < 0)
            return err_errno(err, "cannot read the master of this picture");
        if (n == 0)
            return changed(err);
        have += (size_t)n;
    }
    return true;
}

// Without stuffing; false if there is a marker. ret_end: where in `clean`, in bits, the span ends.
static bool unstuff(const Span *s, const uint8_t *raw, Scan *scan, uint64_t *ret_end)
{
    size_t n = (size_t)((s->end + 7) / 8 - s->start / 8);
    uint8_t *to = scan->clean;
    for (size_t i = 0; i < n;) {
        const uint8_t *ff = memchr(raw + i, 0xff, n - i);
        size_t count = ff ? (size_t)(ff - raw) - i + 1 : n - i;
        memcpy(to, raw + i, count);
        to += count;
        i += count;
        if (ff && i < n && raw[i++] != 0)
            return false;
    }
    scan->clean_n = (size_t)(to - scan->clean);
    *ret_end = (uint64_t)scan->clean_n * 8 - (8 - s->end % 8) % 8;
    memset(to, 0, MCU_SLACK_BYTES);
    scan->ended = true;
    return true;
}

static bool cut_span(Cutter *c, const Span *s, size_t raw_bytes, int mcu_row, int column, Bytes *to, Err *err)
{
    int restart = c->head->restart_mcus, first = column * c->mcus_in_tile;
    int end = MIN_OF(first + c->mcus_in_tile, c->mcus_across);
    int64_t number = (int64_t)mcu_row * c->mcus_across + first, since = restart ? number % restart : 0;
    Scan *scan = &c->scan;
    *scan = (Scan){.fd = -1,
        .chunk = scan->chunk,
        .chunk_n = raw_bytes,
        .clean = scan->clean,
        .clean_max = scan->clean_max,
        .bit = s->start % 8};
    memcpy(c->coded, s->dc, sizeof(c->coded));
    cut_start(c);
    if (!cut_marker(c, mcu_row, to, err))
        return false;
    if (restart) {
        bool due = since == 0 && number > 0;
        c->restarts = (int)((number / restart - due) % RESTART_NUMBERS);
        c->mcus_to_restart = due ? 0 : (int)(restart - since);
        return scan_fill(scan, c->interval_bytes, err) && cut_mcus(c, first, end, err) &&
               cut_write(c, s->start % 8, to, err);
    }
    uint64_t end_bit;
    if (!unstuff(s, scan->chunk, scan, &end_bit))
        return changed(err);
    if (!cut_mcus(c, first, first + 1, err))
        return false;
    if (scan->bit > end_bit)
        return changed(err);
    scan->bit = end_bit;
    return cut_write(c, s->start % 8, to, err);
}

typedef struct {
    Span spans[MARKS_MAX];
    Cutter cutter;
    Bytes scan;
} Job;

static void job_closep(Job **job)
{
    free((*job)->scan.p);
    free((*job)->cutter.scan.chunk);
    free((*job)->cutter.scan.clean);
    free((*job)->cutter.patches);
    free(*job);
}

// Room for the longest of the spans; with restarts, for what the reader wants to have ahead.
static void job_reserve(const SpliceIndex *x, Job *job, int marks, size_t *ret_sum)
{
    size_t longest = 0;
    *ret_sum = 0;
    for (int i = 0; i < marks; i++) {
        longest = MAX_OF(longest, span_bytes(x, &job->spans[i]));
        *ret_sum += span_bytes(x, &job->spans[i]);
    }
    Cutter *c = &job->cutter;
    *c = x->shape;
    c->scan.clean_max = x->head.restart_mcus ? 2 * c->interval_bytes + longest : longest;
    c->scan.chunk = mem_alloc(longest);
    c->scan.clean =
        mem_alloc(c->scan.clean_max + (x->head.restart_mcus ? (size_t)SLACK_BYTES : (size_t)MCU_SLACK_BYTES));
    c->patches = mem_alloc(c->patches_max * sizeof(Patch));
}

static bool cut_spans(const SpliceIndex *x, const SpliceCut *cut, Job *job, int marks, Err *err)
{
    for (int i = 0; i < marks; i++) {
        const Span *s = &job->spans[i];
        int mcu_row = cut->row * x->shape.rows_in_tile + i;
        if (!read_span(x, cut, s, job->cutter.scan.chunk, err))
            return false;
        if (cut_span(&job->cutter, s, span_bytes(x, s), mcu_row, cut->column, &job->scan, err))
            continue;
        return err->kind == ERR_CORRUPT ? changed(err) : false;
    }
    return true;
}

bool splice_index_cut(const SpliceIndex *x, const SpliceCut *cut, Buf *out, Err *err)
{
    uint32_t crc;
    size_t sum, start = out->n;
    CLEANUP(job_closep) Job *job = mem_alloc(sizeof(*job));
    int marks = marks_in(&x->shape, cut->row);
    if (!read_spans(x, cut, job->spans, &crc, err))
        return false;
    job_reserve(x, job, marks, &sum);
    for (int i = 0; i < marks && !cut->at_once; i++) // all of them, before waiting for the first
        (void)posix_fadvise(cut->master_fd, (off_t)span_from(&job->spans[i]),
            (off_t)span_bytes(x, &job->spans[i]), POSIX_FADV_WILLNEED);
    if (!bytes_reserve(&job->scan, MIN_OF(sum + sum / 8, (size_t)JPEG_TILE_BYTES_MAX), err) ||
        !cut_spans(x, cut, job, marks, err))
        return false;
    if (!cut_tile(&job->cutter, cut->column, cut->row, &job->scan, out, err))
        return false;
    return crc32_z(0, (const Bytef *)out->p + start, out->n - start) == crc || changed(err);
}
