// SPDX-License-Identifier: Apache-2.0
// An entry is two lengths and their bytes. While entries fit into memory, offsets of them are sorted there;
// else each piece ("run") is written in order, and a heap of runs gives the least entry of all.
#include "preserve/sorter.h"

#include "base/file.h"

#include <stdlib.h>

enum { READ_BYTES = 16 * 1024, WRITE_BYTES = 256 * 1024 };

typedef struct {
    uint32_t path, text;
} Head;

typedef struct {
    uint64_t from, to;  // in the file
    uint64_t at;        // behind what stands in `bytes`
    size_t begin, end;  // of what stands there and is not yet read
    size_t entry_bytes; // of the entry that is next
    char *bytes;
} Run;

struct Sorter {
    char *memory;
    size_t run_bytes, used;
    uint32_t *offsets;
    size_t count, capacity;
    size_t next; // in memory

    int fd; // -1: all is in memory
    uint64_t written;
    Run runs[SORTER_RUNS_MAX];
    size_t runs_count;
    Run *heap[SORTER_RUNS_MAX]; // those that have more, the least first
    size_t heap_count;
    bool taken; // the entry of heap[0] was given away
};

static_assert(READ_BYTES >= SORTER_ENTRY_MAX_BYTES + (int)sizeof(Head), "an entry fits");

int sorter_compare(Str path, Str other)
{
    size_t n = MIN_OF(path.n, other.n), i = 0;
    while (i < n && path.p[i] == other.p[i])
        i++;
    if (i == n)
        return path.n < other.n ? -1 : path.n > other.n;
    int one = path.p[i] == '/' ? 0 : (unsigned char)path.p[i];
    int two = other.p[i] == '/' ? 0 : (unsigned char)other.p[i];
    return one - two;
}

Sorter *sorter_open(size_t run_bytes)
{
    Sorter *s = mem_alloc(sizeof(Sorter));
    s->run_bytes = run_bytes;
    s->memory = mem_alloc(run_bytes);
    s->fd = -1;
    return s;
}

void sorter_close(Sorter *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->runs_count; i++)
        free(s->runs[i].bytes);
    fd_close(s->fd);
    free(s->memory);
    free(s->offsets);
    free(s);
}

static void entry_at(const char *at, Str *ret_path, Str *ret_text)
{
    Head head;
    memcpy(&head, at, sizeof(head));
    *ret_path = (Str){at + sizeof(head), head.path};
    *ret_text = (Str){at + sizeof(head) + head.path, head.text};
}

static size_t entry_bytes(const char *at)
{
    Head head;
    memcpy(&head, at, sizeof(head));
    return sizeof(head) + head.path + head.text;
}

static int compare_entries(const char *x, const char *y)
{
    Str path, other, text, more;
    entry_at(x, &path, &text);
    entry_at(y, &other, &more);
    int order = sorter_compare(path, other);
    return order ? order : str_compare(text, more);
}

static int compare_offsets(const void *x, const void *y, void *ctx)
{
    const char *memory = ctx;
    return compare_entries(memory + *(const uint32_t *)x, memory + *(const uint32_t *)y);
}

static void sort_memory(Sorter *s)
{
    if (s->count)
        qsort_r(s->offsets, s->count, sizeof(*s->offsets), compare_offsets, s->memory);
}

static bool write_run(Sorter *s, Err *err)
{
    CLEANUP(buf_free) Buf out = buf_with_max(WRITE_BYTES + SORTER_ENTRY_MAX_BYTES + sizeof(Head));
    if (s->runs_count == SORTER_RUNS_MAX)
        return err_set(err, ERR_LIMIT, "more lines than we can sort (%llu MB)",
            (unsigned long long)SORTER_RUNS_MAX * s->run_bytes / 1000000);
    if (s->fd < 0 && (s->fd = file_unnamed(err)) < 0)
        return false;
    sort_memory(s);
    Run run = {.from = s->written};
    for (size_t i = 0; i < s->count; i++) {
        const char *entry = s->memory + s->offsets[i];
        buf_add_bytes(&out, entry, entry_bytes(entry));
        if (out.n < WRITE_BYTES && i + 1 < s->count)
            continue;
        if (!file_write_all(s->fd, buf_str(&out), err))
            return false;
        s->written += out.n;
        buf_clear(&out);
    }
    run.to = s->written;
    s->runs[s->runs_count++] = run;
    s->used = s->count = 0;
    return true;
}

bool sorter_add(Sorter *s, Str path, Str text, Err *err)
{
    size_t bytes = sizeof(Head) + path.n + text.n;
    if (path.n + text.n > SORTER_ENTRY_MAX_BYTES || bytes > s->run_bytes)
        return err_set(err, ERR_LIMIT, "a line of %zu bytes", path.n + text.n);
    if (s->used + bytes > s->run_bytes && !write_run(s, err))
        return false;
    if (s->count == s->capacity) {
        s->capacity = s->capacity ? s->capacity * 2 : 256;
        s->offsets = mem_grow(s->offsets, s->capacity, sizeof(*s->offsets));
    }
    Head head = {(uint32_t)path.n, (uint32_t)text.n};
    char *at = s->memory + s->used;
    memcpy(at, &head, sizeof(head));
    memcpy(at + sizeof(head), path.p, path.n);
    if (text.n)
        memcpy(at + sizeof(head) + path.n, text.p, text.n);
    s->offsets[s->count++] = (uint32_t)s->used;
    s->used += bytes;
    return true;
}

// ---- reading

// The next entry of a run stands in its bytes, whole; false with entry_bytes 0 behind the last.
static bool fill(Sorter *s, Run *r, Err *err)
{
    r->entry_bytes = 0;
    size_t here = r->end - r->begin;
    if (here < sizeof(Head) || here < entry_bytes(r->bytes + r->begin)) {
        if (here)
            memmove(r->bytes, r->bytes + r->begin, here);
        size_t more = (size_t)MIN_OF(r->to - r->at, (uint64_t)(READ_BYTES - here));
        if (!file_read_at(s->fd, r->bytes + here, more, r->at, err))
            return false;
        r->at += more;
        r->begin = 0;
        r->end = here + more;
    }
    if (r->end > r->begin)
        r->entry_bytes = entry_bytes(r->bytes + r->begin);
    return true;
}

static bool before(const Run *x, const Run *y)
{
    return compare_entries(x->bytes + x->begin, y->bytes + y->begin) < 0;
}

static void sink(Sorter *s, size_t at)
{
    for (size_t kid; (kid = 2 * at + 1) < s->heap_count; at = kid) {
        if (kid + 1 < s->heap_count && before(s->heap[kid + 1], s->heap[kid]))
            kid++;
        if (!before(s->heap[kid], s->heap[at]))
            return;
        Run *other = s->heap[at];
        s->heap[at] = s->heap[kid];
        s->heap[kid] = other;
    }
}

bool sorter_begin(Sorter *s, Err *err)
{
    s->next = 0;
    s->taken = false;
    if (s->runs_count == 0) {
        sort_memory(s);
        return true;
    }
    if (s->count && !write_run(s, err))
        return false;
    free(s->memory); // the pieces are read through small windows
    s->memory = NULL;
    s->heap_count = 0;
    for (size_t i = 0; i < s->runs_count; i++) {
        Run *r = &s->runs[i];
        if (!r->bytes)
            r->bytes = mem_alloc(READ_BYTES);
        r->at = r->from;
        r->begin = r->end = 0;
        if (!fill(s, r, err))
            return false;
        s->heap[s->heap_count++] = r;
    }
    for (size_t i = s->heap_count / 2; i > 0; i--)
        sink(s, i - 1);
    return true;
}

static bool drop_first(Sorter *s, Err *err)
{
    Run *r = s->heap[0];
    r->begin += r->entry_bytes;
    if (!fill(s, r, err))
        return false;
    if (r->entry_bytes == 0)
        s->heap[0] = s->heap[--s->heap_count];
    sink(s, 0);
    return true;
}

bool sorter_next(Sorter *s, Str *ret_path, Str *ret_text, bool *ret_more, Err *err)
{
    if (s->runs_count == 0) {
        *ret_more = s->next < s->count;
        if (*ret_more)
            entry_at(s->memory + s->offsets[s->next++], ret_path, ret_text);
        return true;
    }
    if (s->taken && !drop_first(s, err))
        return false;
    *ret_more = s->taken = s->heap_count > 0;
    if (*ret_more)
        entry_at(s->heap[0]->bytes + s->heap[0]->begin, ret_path, ret_text);
    return true;
}
