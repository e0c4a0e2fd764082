// SPDX-License-Identifier: Apache-2.0
// Writing record.json: members in the order of the table, empty ones left out, then what we have no field
// for, then the ledger. No white space, so that the same record is always the same bytes.
#include "catalog/record_int.h"

static bool lang_came_before(const RecordTexts *list, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (list->items[i].text.n && str_eq(list->items[i].lang, list->items[at].lang))
            return true;
    return false;
}

static void write_texts(const RecordTexts *list, Str name, JsonWriter *w)
{
    bool open = false;
    for (size_t i = 0; i < list->count; i++) {
        Str lang = list->items[i].lang;
        if (list->items[i].text.n == 0 || lang_came_before(list, i))
            continue;
        if (!open) {
            json_put_name(w, name);
            json_put_map(w);
            open = true;
        }
        json_put_name(w, lang.n ? lang : S("und"));
        json_put_list(w);
        for (size_t k = i; k < list->count; k++)
            if (list->items[k].text.n && str_eq(list->items[k].lang, lang))
                json_put_text(w, list->items[k].text);
        json_put_list_end(w);
    }
    if (open)
        json_put_map_end(w);
}

static void write_value(const ItemField *field, const char *item, bool has_years, JsonWriter *w)
{
    const char *from = item + field->offset;
    Str text;
    int number;
    int64_t big;
    switch (field->kind) {
    case ITEM_TEXT:
        memcpy(&text, from, sizeof(text));
        json_put_member_if(w, field->name, text);
        break;
    case ITEM_INT64:
        memcpy(&big, from, sizeof(big));
        if (big)
            json_put_member_int(w, field->name, big);
        break;
    case ITEM_INT:
    case ITEM_YEAR:
        memcpy(&number, from, sizeof(number));
        if (field->kind == ITEM_YEAR ? has_years : number != 0)
            json_put_member_int(w, field->name, number);
        break;
    }
}

static void write_list(const RecordField *field, const AnyList *list, JsonWriter *w)
{
    const ItemForm *form = field->form;
    if (list->count == 0)
        return;
    json_put_name(w, field->name);
    json_put_list(w);
    for (size_t i = 0; i < list->count; i++) {
        const char *item = (const char *)list->items + i * form->item_bytes;
        json_put_map(w);
        for (size_t f = 0; f < form->fields_count; f++) {
            bool has_years =
                form->fields[f].kind == ITEM_YEAR && ((const RecordDate *)(const void *)item)->has_years;
            write_value(&form->fields[f], item, has_years, w);
        }
        json_put_map_end(w);
    }
    json_put_list_end(w);
}

static void write_access(const Record *record, JsonWriter *w)
{
    if (!record->has_terms)
        return;
    CLEANUP(arena_closep) Arena *a = arena_open();
    json_put_member(w, S("access"), rights_terms_text(a, record->terms));
}

static void write_field(const Record *record, const RecordField *field, JsonWriter *w)
{
    const char *from = (const char *)record + field->offset;
    RecordTexts texts;
    AnyList list;
    Str text;
    switch (field->kind) {
    case FIELD_TEXT:
        memcpy(&text, from, sizeof(text));
        json_put_member_if(w, field->name, text);
        break;
    case FIELD_TEXTS:
        memcpy(&texts, from, sizeof(texts));
        write_texts(&texts, field->name, w);
        break;
    case FIELD_LIST:
        memcpy(&list, from, sizeof(list));
        write_list(field, &list, w);
        break;
    case FIELD_ACCESS:
        write_access(record, w);
        break;
    }
}

// A name in `more` must not be one of ours, nor the same as another one.
static bool more_taken(const Record *record, size_t at, Str name, size_t before)
{
    if (record_field(name) || str_eq(name, S("ledger")))
        return true;
    for (size_t i = 0; i < before; i++)
        if (i != at && str_eq(record->more_names.items[i], name))
            return true;
    return false;
}

static void write_more(const Record *record, JsonWriter *w)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    size_t count = MIN_OF(record->more_names.count, record->more_values.count);
    for (size_t i = 0; i < count; i++) {
        Str name = record->more_names.items[i];
        // Of two with the same name the first keeps it; a new name keeps clear of all.
        for (size_t before = i; more_taken(record, i, name, before); before = count)
            name = arena_printf(a, "_" FMT_STR, ARG_STR(name));
        json_put_name(w, name);
        json_put_tree(w, &record->more_values.items[i]);
    }
}

void record_write(const Record *record, JsonWriter *w)
{
    for (size_t f = 0; f < record_fields_count; f++)
        write_field(record, &record_fields[f], w);
    write_more(record, w);
}

static void write_ledger(RecordLedger ledger, JsonWriter *w)
{
    json_put_name(w, S("ledger"));
    json_put_map(w);
    json_put_member_int(w, S("change_set"), ledger.change_set);
    json_put_member_int(w, S("sequence"), ledger.sequence);
    json_put_map_end(w);
}

Str record_tombstone(Arena *a, Str id, RecordLedger ledger)
{
    enum { TOMBSTONE_MAX_BYTES = 8 * RECORD_ID_MAX_BYTES };
    CLEANUP(buf_free) Buf out = buf_with_max(TOMBSTONE_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    json_put_member(&w, S("id"), id);
    json_put_member_bool(&w, S("deleted"), true);
    write_ledger(ledger, &w);
    json_put_map_end(&w);
    buf_add_char(&out, '\n');
    assert(!out.full); // an id is at most RECORD_ID_MAX_BYTES, and an escape six times as long
    return arena_copy(a, buf_str(&out));
}

bool record_json(const Record *record, RecordLedger ledger, Arena *a, Str *ret, Err *err)
{
    if (!record_check(record, err))
        return false;
    CLEANUP(buf_free) Buf out = buf_with_max(RECORD_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    record_write(record, &w);
    write_ledger(ledger, &w);
    json_put_map_end(&w);
    buf_add_char(&out, '\n');
    return buf_into(&out, a, ret, err);
}

bool record_same(const Record *x, const Record *y, Arena *a)
{
    (void)a;
    const Record *both[] = {x, y};
    Buf out[2] = {buf_with_max(RECORD_MAX_BYTES), buf_with_max(RECORD_MAX_BYTES)};
    Err err = {0};
    bool fine = record_check(x, &err) && record_check(y, &err);
    for (int i = 0; fine && i < 2; i++) {
        JsonWriter w = json_writer(&out[i]);
        json_put_map(&w);
        record_write(both[i], &w);
        json_put_map_end(&w);
        fine = !out[i].full;
    }
    bool same = fine && str_eq(buf_str(&out[0]), buf_str(&out[1]));
    buf_free(&out[0]);
    buf_free(&out[1]);
    return same;
}
