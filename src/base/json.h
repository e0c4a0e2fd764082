// SPDX-License-Identifier: Apache-2.0
// base/json: JSON in and out (RFC 8259).
//
// In: one tree in an arena, read by jansson, which checks UTF-8 and depth. Members keep their order; a name
// given twice keeps its last value. Whole numbers are int64; a larger one is ERR_INVALID, never a rounded
// double. Out: a writer that puts text into a Buf as you go and places the commas itself.
#pragma once

#include "base/base.h"

typedef enum {
    JSON_IS_NULL,
    JSON_IS_BOOL,
    JSON_IS_INT,
    JSON_IS_REAL,
    JSON_IS_TEXT,
    JSON_IS_LIST,
    JSON_IS_MAP,
} JsonKind;

typedef struct Json Json;
struct Json {
    JsonKind kind;
    bool yes;        // JSON_IS_BOOL
    int64_t integer; // JSON_IS_INT
    double real;     // JSON_IS_REAL, and the value of an INT as well
    Str text;        // JSON_IS_TEXT
    size_t count;    // of items (LIST) or members (MAP)
    const Json *items;
    const Str *names; // MAP only: names[i] belongs to items[i]
};

// The tree lives in the arena. ERR_INVALID names line and column.
const Json *json_parse(Str text, Arena *a, Err *err) MUST_CHECK;

// Has a text at most values_max values (counted from above, without parsing)? Bounds the memory of a tree
// before it is made.
bool json_is_small(Str text, size_t values_max);

// Look-ups that never fail: NULL in or nothing there gives NULL (find), the empty Str, or `otherwise`.
const Json *json_find(const Json *map, Str name);
Str json_text(const Json *map, Str name); // of a TEXT member only
int64_t json_int(const Json *map, Str name, int64_t otherwise);
bool json_bool(const Json *map, Str name, bool otherwise);
const Json *json_list(const Json *map, Str name); // a LIST member, or NULL

// ---- writing

enum { JSON_DEPTH_MAX = 64 };

typedef struct {
    Buf *out;
    int depth;
    bool more[JSON_DEPTH_MAX]; // something was already written at this depth: a comma is due
    bool named;                // a name was just written: its value follows
} JsonWriter;

JsonWriter json_writer(Buf *out);
void json_put_map(JsonWriter *w);
void json_put_map_end(JsonWriter *w);
void json_put_list(JsonWriter *w);
void json_put_list_end(JsonWriter *w);
void json_put_name(JsonWriter *w, Str name);
void json_put_text(JsonWriter *w, Str text); // bytes that are not UTF-8 become U+FFFD
void json_put_int(JsonWriter *w, int64_t value);
void json_put_real(JsonWriter *w, double value); // shortest text that reads back the same; not finite: null
void json_put_bool(JsonWriter *w, bool value);
void json_put_null(JsonWriter *w);
void json_put_raw(JsonWriter *w, Str json); // text that is JSON already
void json_put_tree(JsonWriter *w, const Json *tree);
// A named member in one line.
void json_put_member(JsonWriter *w, Str name, Str text);
void json_put_member_int(JsonWriter *w, Str name, int64_t value);
void json_put_member_bool(JsonWriter *w, Str name, bool value);
// As above, but nothing at all for the empty text.
void json_put_member_if(JsonWriter *w, Str name, Str text);
