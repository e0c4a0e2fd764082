// SPDX-License-Identifier: Apache-2.0
// An arena is a chain of blocks, newest first; only the newest has room. Under AddressSanitizer every
// allocation is a block of its own, because otherwise a read past one object lands in the next and nobody
// notices.
#include "base/base.h"

#include <stdio.h>
#include <stdlib.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ONE_BLOCK_EACH 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ONE_BLOCK_EACH 1
#endif
#endif
#ifndef ARENA_ONE_BLOCK_EACH
#define ARENA_ONE_BLOCK_EACH 0
#endif

enum { ARENA_BLOCK_BYTES = 16 * 1024, ARENA_ALIGN = 16 };

typedef struct Block Block;
struct Block {
    Block *older;
    size_t used, size;
    _Alignas(16) char bytes[];
};

struct Arena {
    Block *newest;
    size_t used;
};

static _Noreturn void out_of_memory(size_t size_bytes)
{
    fprintf(stderr, "vitrine: out of memory (%zu bytes)\n", size_bytes);
    abort();
}

void *mem_alloc(size_t size_bytes)
{
    void *p = calloc(1, size_bytes ? size_bytes : 1);
    if (!p)
        out_of_memory(size_bytes);
    return p;
}

void *mem_grow(void *old, size_t count, size_t item_bytes)
{
    size_t size_bytes;
    if (__builtin_mul_overflow(count, item_bytes, &size_bytes))
        out_of_memory(SIZE_MAX);
    void *p = realloc(old, size_bytes ? size_bytes : 1);
    if (!p)
        out_of_memory(size_bytes);
    return p;
}

Arena *arena_open(void)
{
    return mem_alloc(sizeof(Arena));
}

static void free_blocks(Block *block)
{
    while (block) {
        Block *older = block->older;
        free(block);
        block = older;
    }
}

void arena_close(Arena *a)
{
    if (!a)
        return;
    free_blocks(a->newest);
    free(a);
}

void arena_closep(Arena **a)
{
    arena_close(*a);
    *a = NULL;
}

void arena_reset(Arena *a)
{
    Block *kept =
        a->newest && a->newest->size == ARENA_BLOCK_BYTES && !ARENA_ONE_BLOCK_EACH ? a->newest : NULL;
    if (kept) {
        free_blocks(kept->older);
        kept->older = NULL;
        memset(kept->bytes, 0, kept->used);
        kept->used = 0;
    } else {
        free_blocks(a->newest);
    }
    a->newest = kept;
    a->used = 0;
}

size_t arena_used(const Arena *a)
{
    return a->used;
}

static Block *add_block(Arena *a, size_t size)
{
    Block *block = mem_alloc(sizeof(Block) + size);
    block->size = size;
    block->older = a->newest;
    a->newest = block;
    return block;
}

void *arena_alloc(Arena *a, size_t size_bytes)
{
    if (size_bytes > SIZE_MAX / 2)
        out_of_memory(size_bytes);
    a->used += size_bytes;
    if (ARENA_ONE_BLOCK_EACH)
        return add_block(a, size_bytes)->bytes;
    size_t size = (size_bytes + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN;
    Block *block = a->newest;
    if (!block || block->size - block->used < size) {
        bool own = size > ARENA_BLOCK_BYTES / 4;
        if (own && block) { // a big one goes behind the newest, whose room stays in use
            Block *big = mem_alloc(sizeof(Block) + size);
            *big = (Block){.older = block->older, .used = size, .size = size};
            block->older = big;
            return big->bytes;
        }
        block = add_block(a, own ? size : ARENA_BLOCK_BYTES);
    }
    void *p = block->bytes + block->used;
    block->used += size;
    return p;
}

void *arena_alloc_array(Arena *a, size_t count, size_t item_bytes)
{
    size_t size_bytes;
    if (__builtin_mul_overflow(count, item_bytes, &size_bytes))
        out_of_memory(SIZE_MAX);
    return arena_alloc(a, size_bytes);
}

Str arena_copy(Arena *a, Str s)
{
    char *p = arena_alloc(a, s.n);
    if (s.n)
        memcpy(p, s.p, s.n);
    return (Str){p, s.n};
}

const char *arena_cstr(Arena *a, Str s)
{
    char *p = arena_alloc(a, s.n + 1);
    if (s.n)
        memcpy(p, s.p, s.n);
    return p;
}

Str arena_printf(Arena *a, const char *format, ...)
{
    // Formats into the free tail of the newest block first: most texts fit, and then printf runs once.
    va_list args;
    Block *block = a->newest;
    size_t room = block && !ARENA_ONE_BLOCK_EACH ? block->size - block->used : 0;
    va_start(args, format);
    int length = vsnprintf(room ? block->bytes + block->used : NULL, room, format, args);
    va_end(args);
    assert(length >= 0);
    size_t n = (size_t)length;
    bool fits = n < room;
    if (!fits && room)
        memset(block->bytes + block->used, 0, room); // the tail stays zeroed for arena_alloc
    char *p = arena_alloc(a, n + 1);
    if (!fits) {
        va_start(args, format);
        vsnprintf(p, n + 1, format, args);
        va_end(args);
    }
    return (Str){p, n};
}

Str arena_join(Arena *a, const Str *parts, size_t count, Str between)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += parts[i].n + (i ? between.n : 0);
    char *p = arena_alloc(a, n), *at = p;
    for (size_t i = 0; i < count; i++) {
        if (i && between.n)
            at = (char *)memcpy(at, between.p, between.n) + between.n;
        if (parts[i].n)
            at = (char *)memcpy(at, parts[i].p, parts[i].n) + parts[i].n;
    }
    return (Str){p, n};
}

void *arena_grow(Arena *a, void *items, const size_t *count, size_t *capacity, size_t item_bytes)
{
    if (*count < *capacity)
        return items;
    size_t grown = *capacity ? *capacity * 2 : 8;
    char *p = arena_alloc_array(a, grown, item_bytes);
    if (*count)
        memcpy(p, items, *count * item_bytes);
    *capacity = grown;
    return p;
}

// ---- Buf

Buf buf_with_max(size_t max_bytes)
{
    return (Buf){.max = max_bytes};
}

void buf_free(Buf *b)
{
    free(b->p);
    *b = (Buf){.max = b->max};
}

// Room for `count` more bytes, or false and full.
static bool reserve(Buf *b, size_t count)
{
    if (b->full || count > b->max - b->n) {
        b->full = true;
        return false;
    }
    if (count > b->capacity - b->n) {
        size_t wanted = MAX_OF(b->n + count, MAX_OF(b->capacity * 2, (size_t)256));
        b->capacity = MIN_OF(wanted, b->max);
        b->p = mem_grow(b->p, b->capacity, 1);
    }
    return true;
}

void buf_add_bytes(Buf *b, const void *bytes, size_t count)
{
    if (count == 0 || !reserve(b, count))
        return;
    memcpy(b->p + b->n, bytes, count);
    b->n += count;
}

void buf_add(Buf *b, Str s)
{
    buf_add_bytes(b, s.p, s.n);
}

void buf_add_char(Buf *b, char c)
{
    buf_add_bytes(b, &c, 1);
}

void buf_printf(Buf *b, const char *format, ...)
{
    char small[256];
    va_list args;
    va_start(args, format);
    int length = vsnprintf(small, sizeof(small), format, args);
    va_end(args);
    assert(length >= 0);
    size_t n = (size_t)length;
    if (n < sizeof(small)) {
        buf_add_bytes(b, small, n);
        return;
    }
    char *big = mem_alloc(n + 1);
    va_start(args, format);
    vsnprintf(big, n + 1, format, args);
    va_end(args);
    buf_add_bytes(b, big, n);
    free(big);
}

char *buf_room(Buf *b, size_t count)
{
    return reserve(b, count) ? b->p + b->n : NULL;
}

void buf_took(Buf *b, size_t count)
{
    assert(count <= b->capacity - b->n);
    b->n += count;
}

void buf_clear(Buf *b)
{
    b->n = 0;
    b->full = false;
}

Str buf_str(const Buf *b)
{
    return (Str){b->p, b->n};
}

bool buf_into(const Buf *b, Arena *a, Str *ret, Err *err)
{
    if (b->full)
        return err_set(err, ERR_LIMIT, "the text is longer than %zu bytes", b->max);
    *ret = arena_copy(a, buf_str(b));
    return true;
}
