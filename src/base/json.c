// SPDX-License-Identifier: Apache-2.0
#include "base/json.h"
#include "base/utf8.h"

#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

// ---- in

static void copy_value(const json_t *from, Arena *a, Json *to);

static void copy_list(const json_t *from, Arena *a, Json *to)
{
    to->kind = JSON_IS_LIST;
    to->count = json_array_size(from);
    Json *items = arena_array(a, Json, to->count);
    for (size_t i = 0; i < to->count; i++)
        copy_value(json_array_get(from, i), a, &items[i]);
    to->items = items;
}

static void copy_map(const json_t *from, Arena *a, Json *to)
{
    to->kind = JSON_IS_MAP;
    to->count = json_object_size(from);
    Json *items = arena_array(a, Json, to->count);
    Str *names = arena_array(a, Str, to->count);
    size_t i = 0;
    json_t *mutable = (json_t *)(uintptr_t)from; // jansson's iterator takes no const, and changes nothing
    for (void *at = json_object_iter(mutable); at; at = json_object_iter_next(mutable, at), i++) {
        names[i] = arena_copy(a, str_from(json_object_iter_key(at)));
        copy_value(json_object_iter_value(at), a, &items[i]);
    }
    to->items = items;
    to->names = names;
}

static void copy_value(const json_t *from, Arena *a, Json *to)
{
    switch (json_typeof(from)) {
    case JSON_NULL:
        to->kind = JSON_IS_NULL;
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        to->kind = JSON_IS_BOOL;
        to->yes = json_is_true(from);
        break;
    case JSON_INTEGER:
        to->kind = JSON_IS_INT;
        to->integer = json_integer_value(from);
        to->real = (double)to->integer;
        break;
    case JSON_REAL:
        to->kind = JSON_IS_REAL;
        to->real = json_real_value(from);
        break;
    case JSON_STRING:
        to->kind = JSON_IS_TEXT;
        to->text = arena_copy(a, (Str){json_string_value(from), json_string_length(from)});
        break;
    case JSON_ARRAY:
        copy_list(from, a, to);
        break;
    case JSON_OBJECT:
        copy_map(from, a, to);
        break;
    }
}

const Json *json_parse(Str text, Arena *a, Err *err)
{
    json_error_t why;
    // A member name with a NUL in it is refused by jansson; in values it is fine (JSON_ALLOW_NUL).
    json_t *tree = json_loadb(text.n ? text.p : "", text.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, &why);
    if (!tree)
        return err_null(
            err, ERR_INVALID, "not JSON: %s (line %d, column %d)", why.text, why.line, why.column);
    Json *copy = arena_new(a, Json);
    copy_value(tree, a, copy);
    json_decref(tree);
    return copy;
}

bool json_is_small(Str text, size_t values_max)
{
    size_t count = 1; // every value but the first stands behind one of these
    for (size_t i = 0; i < text.n; i++)
        count += text.p[i] == ',' || text.p[i] == '[' || text.p[i] == '{' || text.p[i] == ':';
    return count <= values_max;
}

const Json *json_find(const Json *map, Str name)
{
    if (!map || map->kind != JSON_IS_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (str_eq(map->names[i], name))
            return &map->items[i];
    return NULL;
}

Str json_text(const Json *map, Str name)
{
    const Json *found = json_find(map, name);
    return found && found->kind == JSON_IS_TEXT ? found->text : (Str){0};
}

int64_t json_int(const Json *map, Str name, int64_t otherwise)
{
    const Json *found = json_find(map, name);
    return found && found->kind == JSON_IS_INT ? found->integer : otherwise;
}

bool json_bool(const Json *map, Str name, bool otherwise)
{
    const Json *found = json_find(map, name);
    return found && found->kind == JSON_IS_BOOL ? found->yes : otherwise;
}

const Json *json_list(const Json *map, Str name)
{
    const Json *found = json_find(map, name);
    return found && found->kind == JSON_IS_LIST ? found : NULL;
}

// ---- out

JsonWriter json_writer(Buf *out)
{
    return (JsonWriter){.out = out};
}

// The comma before a value or a name, where one is due.
static void begin(JsonWriter *w)
{
    if (w->named) {
        w->named = false;
        return;
    }
    if (w->more[w->depth])
        buf_add_char(w->out, ',');
    w->more[w->depth] = true;
}

static void deeper(JsonWriter *w, char bracket)
{
    begin(w);
    buf_add_char(w->out, bracket);
    assert(w->depth + 1 < JSON_DEPTH_MAX);
    w->more[++w->depth] = false;
}

static void shallower(JsonWriter *w, char bracket)
{
    assert(w->depth > 0 && !w->named);
    w->depth--;
    buf_add_char(w->out, bracket);
}

void json_put_map(JsonWriter *w)
{
    deeper(w, '{');
}

void json_put_map_end(JsonWriter *w)
{
    shallower(w, '}');
}

void json_put_list(JsonWriter *w)
{
    deeper(w, '[');
}

void json_put_list_end(JsonWriter *w)
{
    shallower(w, ']');
}

static void put_escaped(Buf *out, unsigned char c)
{
    switch (c) {
    case '"':
        buf_add(out, S("\\\""));
        break;
    case '\\':
        buf_add(out, S("\\\\"));
        break;
    case '\n':
        buf_add(out, S("\\n"));
        break;
    case '\t':
        buf_add(out, S("\\t"));
        break;
    case '\r':
        buf_add(out, S("\\r"));
        break;
    default:
        buf_printf(out, "\\u%04x", c);
        break;
    }
}

static void put_quoted(Buf *out, Str text)
{
    buf_add_char(out, '"');
    size_t from = 0, i = 0;
    while (i < text.n) {
        unsigned char c = (unsigned char)text.p[i];
        size_t length = c < 0x80 ? 1 : utf8_length_at(text, i);
        bool plain = c >= 0x20 && c != '"' && c != '\\' && c != 0x7f && length > 0;
        if (plain) {
            i += length;
            continue;
        }
        buf_add(out, str_slice(text, from, i));
        if (length == 0)
            buf_add(out, S("\xEF\xBF\xBD"));
        else
            put_escaped(out, c);
        from = ++i;
    }
    buf_add(out, str_slice(text, from, text.n));
    buf_add_char(out, '"');
}

void json_put_name(JsonWriter *w, Str name)
{
    assert(!w->named);
    begin(w);
    put_quoted(w->out, name);
    buf_add_char(w->out, ':');
    w->named = true;
}

void json_put_text(JsonWriter *w, Str text)
{
    begin(w);
    put_quoted(w->out, text);
}

void json_put_int(JsonWriter *w, int64_t value)
{
    begin(w);
    buf_printf(w->out, "%lld", (long long)value);
}

void json_put_real(JsonWriter *w, double value)
{
    char text[40] = "null";
    if (isfinite(value))
        for (int digits = 15; digits <= 17; digits++) {
            snprintf(text, sizeof(text), "%.*g", digits, value);
            if (strtod(text, NULL) == value)
                break;
        }
    begin(w);
    buf_add(w->out, str_from(text));
    if (isfinite(value) && !strpbrk(text, ".en"))
        buf_add(w->out, S(".0")); // stays a real when read again
}

void json_put_bool(JsonWriter *w, bool value)
{
    begin(w);
    buf_add(w->out, value ? S("true") : S("false"));
}

void json_put_null(JsonWriter *w)
{
    begin(w);
    buf_add(w->out, S("null"));
}

void json_put_raw(JsonWriter *w, Str json)
{
    begin(w);
    buf_add(w->out, json);
}

void json_put_tree(JsonWriter *w, const Json *tree)
{
    switch (tree->kind) {
    case JSON_IS_NULL:
        json_put_null(w);
        break;
    case JSON_IS_BOOL:
        json_put_bool(w, tree->yes);
        break;
    case JSON_IS_INT:
        json_put_int(w, tree->integer);
        break;
    case JSON_IS_REAL:
        json_put_real(w, tree->real);
        break;
    case JSON_IS_TEXT:
        json_put_text(w, tree->text);
        break;
    case JSON_IS_LIST:
        json_put_list(w);
        for (size_t i = 0; i < tree->count; i++)
            json_put_tree(w, &tree->items[i]);
        json_put_list_end(w);
        break;
    case JSON_IS_MAP:
        json_put_map(w);
        for (size_t i = 0; i < tree->count; i++) {
            json_put_name(w, tree->names[i]);
            json_put_tree(w, &tree->items[i]);
        }
        json_put_map_end(w);
        break;
    }
}

void json_put_member(JsonWriter *w, Str name, Str text)
{
    json_put_name(w, name);
    json_put_text(w, text);
}

void json_put_member_int(JsonWriter *w, Str name, int64_t value)
{
    json_put_name(w, name);
    json_put_int(w, value);
}

void json_put_member_bool(JsonWriter *w, Str name, bool value)
{
    json_put_name(w, name);
    json_put_bool(w, value);
}

void json_put_member_if(JsonWriter *w, Str name, Str text)
{
    if (text.n)
        json_put_member(w, name, text);
}
