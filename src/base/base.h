// SPDX-License-Identifier: Apache-2.0
// base: text, memory and errors. The one header every room includes; it knows no museum word.
//
//   Str     a borrowed slice of UTF-8 text: pointer and length, passed by value, never NUL-terminated by
//   promise Arena   memory that lives as long as one request or job and is freed once Buf     text that grows
//   up to a ceiling and remembers if it was hit Err     what went wrong with the object at hand: a kind, a
//   text, the line that found it
//
// Whatever can fail returns bool (or a pointer) and takes `Err *err` last. `ret` arguments are written only
// on success, and always then. Out of memory ends the program; therefore sizes from outside meet a named
// limit first.
#pragma once

#include <assert.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define MUST_CHECK __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))
#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))
#define MIN_OF(a, b) ((a) < (b) ? (a) : (b))
#define MAX_OF(a, b) ((a) > (b) ? (a) : (b))

// ---- Str
// ------------------------------------------------------------------------------------------------------

typedef struct {
    const char *p;
    size_t n;
} Str;

#define S(literal) ((Str){"" literal, sizeof(literal) - 1})
#define FMT_STR "%.*s"
#define ARG_STR(s) (int)(s).n, (s).p

Str str_from(const char *text);               // borrows; NULL gives the empty Str
Str str_slice(Str s, size_t from, size_t to); // clamped to s
bool str_eq(Str a, Str b);
bool str_eq_nocase(Str a, Str b); // ASCII letters only
int str_compare(Str a, Str b);    // by bytes, which for UTF-8 is by code point
bool str_starts(Str s, Str prefix);
bool str_ends(Str s, Str suffix);
bool str_find(Str s, Str what, size_t *ret_at);
Str str_trim(Str s); // ASCII white space at both ends

// Cuts at the first `at`: "a/b/c" gives "a" and "b/c". False, and nothing written, if `at` does not occur.
// `s` may be the same variable as what ret_rest points to.
bool str_cut(Str s, char at, Str *ret_head, Str *ret_rest);
bool str_cut_last(Str s, char at, Str *ret_head, Str *ret_rest);

// Takes the next piece up to `at` off the front of *rest; the last piece ends at the end. False when *rest is
// used up. An empty Str is used up; "a," gives "a" only.
bool str_next(Str *rest, char at, Str *ret_piece);

// Decimal digits with an optional leading '-', nothing else; false on overflow, emptiness or another
// character.
bool str_to_int64(Str s, int64_t *ret);
// As above within [min, max].
bool str_to_int(Str s, int min, int max, int *ret);
// Digits, at most one '.', optional leading '-'; no exponent, no "nan". At most 30 characters.
bool str_to_double(Str s, double *ret);

// ---- Err
// ------------------------------------------------------------------------------------------------------

typedef enum {
    ERR_NONE,
    ERR_INVALID,     // what was asked or handed in makes no sense
    ERR_DENIED,      // rights say no
    ERR_NOT_FOUND,   // no such object
    ERR_LIMIT,       // bigger, longer or more than a named limit
    ERR_BUSY,        // try again later
    ERR_CORRUPT,     // our own or foreign bytes are damaged
    ERR_IO,          // disk, network or system said no
    ERR_UNSUPPORTED, // makes sense, but we cannot do it
} ErrKind;

enum { ERR_TEXT_MAX = 480 };

typedef struct {
    ErrKind kind;
    int line;
    const char *file; // static
    char text[ERR_TEXT_MAX];
} Err;

// Records kind, place and text, and returns false: `return err_set(err, ERR_INVALID, "bad region " FMT_STR,
// ...)`.
#define err_set(err, kind, ...) err_set_at(err, __FILE__, __LINE__, kind, __VA_ARGS__)
// The same for functions that return a pointer.
#define err_null(err, kind, ...) (err_note_at(err, __FILE__, __LINE__, kind, __VA_ARGS__), NULL)
// The same for functions that return a descriptor: -1.
#define err_fd(err, kind, ...) (err_note_at(err, __FILE__, __LINE__, kind, __VA_ARGS__), -1)
#define err_fd_errno(err, ...) (err_note_errno_at(err, __FILE__, __LINE__, __VA_ARGS__), -1)
// As err_set, with strerror(errno) appended; ENOENT gives ERR_NOT_FOUND, ENOSPC and the rest ERR_IO.
#define err_errno(err, ...) err_errno_at(err, __FILE__, __LINE__, __VA_ARGS__)

bool err_set_at(Err *err, const char *file, int line, ErrKind kind, const char *format, ...)
    PRINTF_LIKE(5, 6) MUST_CHECK;
void err_note_at(Err *err, const char *file, int line, ErrKind kind, const char *format, ...)
    PRINTF_LIKE(5, 6);
bool err_errno_at(Err *err, const char *file, int line, const char *format, ...) PRINTF_LIKE(4, 5) MUST_CHECK;
void err_note_errno_at(Err *err, const char *file, int line, const char *format, ...) PRINTF_LIKE(4, 5);
const char *err_kind_name(ErrKind kind); // "invalid", "not found", ...

// ---- memory
// ---------------------------------------------------------------------------------------------------

// These end the program when memory is out; they never return NULL for size > 0.
void *mem_alloc(size_t size_bytes); // zeroed; release with free()
void *mem_grow(void *old, size_t count, size_t item_bytes);

typedef struct Arena Arena;

Arena *arena_open(void);
void arena_close(Arena *a);   // NULL is fine
void arena_closep(Arena **a); // for CLEANUP
void arena_reset(Arena *a);   // empties it and keeps one block for reuse
size_t arena_used(const Arena *a);

void *arena_alloc(Arena *a, size_t size_bytes); // zeroed, aligned for any type
#define arena_new(a, Type) ((Type *)arena_alloc(a, sizeof(Type)))
#define arena_array(a, Type, count) ((Type *)arena_alloc_array(a, count, sizeof(Type)))
void *arena_alloc_array(Arena *a, size_t count, size_t item_bytes);
Str arena_copy(Arena *a, Str s);
const char *arena_cstr(Arena *a, Str s); // NUL-terminated copy, for system calls
Str arena_printf(Arena *a, const char *format, ...) PRINTF_LIKE(2, 3);
Str arena_join(Arena *a, const Str *parts, size_t count, Str between);

// A list that grows inside an arena: arena_push(a, &items, &count, &capacity) returns the new last item.
#define arena_push(a, items, count, capacity)                                                                \
    (*(items) = arena_grow((a), *(items), (count), (capacity), sizeof(**(items))), &(*(items))[(*(count))++])
void *arena_grow(Arena *a, void *items, const size_t *count, size_t *capacity, size_t item_bytes);

// ---- Buf
// ------------------------------------------------------------------------------------------------------

typedef struct {
    char *p;
    size_t n, capacity;
    size_t max; // never grows beyond
    bool full;  // something did not fit: sticky, and the content is then worthless
} Buf;

Buf buf_with_max(size_t max_bytes);
void buf_free(Buf *b); // for CLEANUP; safe to call twice
void buf_add(Buf *b, Str s);
void buf_add_bytes(Buf *b, const void *bytes, size_t count);
void buf_add_char(Buf *b, char c);
void buf_printf(Buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
// To have `count` bytes written behind what is there, without a copy in between: where to (NULL and full if
// they do not fit), then how many it were. The room is had in one piece, so asked for once it is not moved
// later.
char *buf_room(Buf *b, size_t count);
void buf_took(Buf *b, size_t count);
void buf_clear(Buf *b);    // empties it, keeps the memory, forgets `full`
Str buf_str(const Buf *b); // borrowed: until the next call that changes b
// The one way out of a Buf: copied into the arena, or ERR_LIMIT if it was full.
bool buf_into(const Buf *b, Arena *a, Str *ret, Err *err) MUST_CHECK;
