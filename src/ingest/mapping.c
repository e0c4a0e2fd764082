// SPDX-License-Identifier: Apache-2.0
#include "ingest/mapping.h"

#include "base/utf8.h"
#include "ingest/encoding.h"

static bool set_separator(Mapping *m, Str value, Err *err)
{
    if (str_eq_nocase(value, S("tab")) || str_eq(value, S("\\t")))
        m->separator = '\t';
    else if (value.n == 1 && (unsigned char)value.p[0] < 0x80 && value.p[0] != '"')
        m->separator = value.p[0];
    else
        return err_set(err, ERR_INVALID, "the separator is one character, or tab");
    return true;
}

static bool set_option(Mapping *m, Str name, Str value, Err *err)
{
    if (str_eq(name, S("separator")))
        return set_separator(m, value, err);
    if (str_eq(name, S("encoding")))
        return encoding_named(value, &m->encoding, err);
    if (str_eq(name, S("lang"))) {
        if (!field_is_lang(value))
            return err_set(
                err, ERR_INVALID, "\"" FMT_STR "\" is no language code", ARG_STR(utf8_head(value, 40)));
        m->lang = value;
        return true;
    }
    if (str_eq(name, S("split"))) {
        m->split = str_eq(value, S("none")) ? (Str){0} : value;
        m->has_split = true;
        return true;
    }
    return err_set(err, ERR_INVALID,
        "there is no setting @" FMT_STR "; there are encoding, separator, lang, split",
        ARG_STR(utf8_head(name, 40)));
}

static bool add_column(Mapping *m, Str column, Str fields, Arena *a, Err *err)
{
    Str piece;
    int count = 0;
    while (str_next(&fields, ',', &piece)) {
        MappingLine line = {.column = column};
        if (count++ == MAPPING_FIELDS_MAX)
            return err_set(err, ERR_LIMIT, "a column can be at most %d fields", MAPPING_FIELDS_MAX);
        if (!field_named(str_trim(piece), &line.field, err))
            return false;
        *arena_push(a, &m->lines.items, &m->lines.count, &m->lines.capacity) = line;
    }
    return true;
}

static bool read_line(Mapping *m, Str line, Arena *a, Err *err)
{
    Str left, right;
    // A column's name may have a = in it, a field's has not.
    if (!str_cut_last(line, '=', &left, &right))
        return err_set(err, ERR_INVALID, "a line is: column = field");
    left = field_trim(left);
    right = field_trim(right);
    if (left.n == 0 || right.n == 0)
        return err_set(err, ERR_INVALID, "a line is: column = field");
    if (left.p[0] == '@')
        return set_option(m, str_slice(left, 1, left.n), right, err);
    return add_column(m, left, right, a, err);
}

bool mapping_parse(Str text, Arena *a, Mapping *ret, Err *err)
{
    Mapping m = {0};
    Str line;
    if (str_starts(text, S("\xef\xbb\xbf")))
        text = str_slice(text, 3, text.n);
    if (!utf8_valid(text, NULL))
        return err_set(err, ERR_INVALID, "the mapping file is not UTF-8 text");
    for (int number = 1; str_next(&text, '\n', &line); number++) {
        Err why;
        line = field_trim(line);
        if (number > MAPPING_LINES_MAX)
            return err_set(err, ERR_LIMIT, "the mapping file has more than %d lines", MAPPING_LINES_MAX);
        if (line.n && line.p[0] != '#' && !read_line(&m, line, a, &why))
            return err_set(err, ERR_INVALID, "line %d: %s", number, why.text);
    }
    *ret = m;
    return true;
}

int mapping_fields(const Mapping *mapping, Str column, Field ret[MAPPING_FIELDS_MAX], Str *ret_names_lang)
{
    int count = 0;
    column = field_trim(column);
    *ret_names_lang = (Str){0};
    for (size_t i = 0; mapping && i < mapping->lines.count && count < MAPPING_FIELDS_MAX; i++)
        if (str_eq_nocase(mapping->lines.items[i].column, column))
            ret[count++] = mapping->lines.items[i].field;
    if (count == 0)
        ret[count++] = field_guess(column, ret_names_lang);
    return count;
}

const MappingAnswer *mapping_recall(MappingMemo *memo, const Mapping *mapping, Str name, Arena *a)
{
    uint32_t hash = 2166136261U; // FNV-1a
    for (size_t i = 0; i < name.n; i++)
        hash = (hash ^ (unsigned char)name.p[i]) * 16777619U;
    // One answer a slot: the last that was asked for.
    MappingAnswer *slot = &memo->slots[hash % MAPPING_MEMO_SLOTS];
    if (slot->count == 0 || !str_eq(slot->name, name)) {
        Str names_lang;
        bool keep = memo->names < MAPPING_NAMES_MAX;
        memo->names += keep;
        slot = keep ? slot : &memo->last;
        slot->name = keep ? arena_copy(a, name) : name;
        slot->count = mapping_fields(mapping, name, slot->fields, &names_lang);
    }
    return slot;
}
