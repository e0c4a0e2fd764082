// SPDX-License-Identifier: Apache-2.0
// Reading record.json, and questions to a record. Reading never loses a value: an item with anything in it
// that is not ours is read as far as we know it and, besides, kept whole in `more` ("_makers").
#include "catalog/record.h"
#include "base/utf8.h"
#include "catalog/record_int.h"

// ---- what is refused

static bool check_text(Str text, size_t *bytes, Err *err)
{
    *bytes += text.n;
    size_t at;
    if (!utf8_valid(text, &at))
        return err_set(err, ERR_INVALID, "not UTF-8 at byte %zu of a text", at);
    return *bytes <= RECORD_MAX_BYTES ||
           err_set(err, ERR_LIMIT, "the record is longer than %d bytes", RECORD_MAX_BYTES);
}

static bool check_tree(const Json *tree, int depth, size_t *bytes, Err *err)
{
    if (depth > RECORD_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, "lists and maps within each other deeper than %d", RECORD_DEPTH_MAX);
    if (tree->kind == JSON_IS_TEXT)
        return check_text(tree->text, bytes, err);
    if (tree->kind != JSON_IS_LIST && tree->kind != JSON_IS_MAP)
        return true;
    for (size_t i = 0; i < tree->count; i++)
        if ((tree->kind == JSON_IS_MAP && !check_text(tree->names[i], bytes, err)) ||
            !check_tree(&tree->items[i], depth + 1, bytes, err))
            return false;
    return true;
}

static bool check_id(Str id, Err *err)
{
    if (id.n == 0)
        return err_set(err, ERR_INVALID, "the record has no id");
    if (id.n > RECORD_ID_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "the id is longer than %d bytes", RECORD_ID_MAX_BYTES);
    for (size_t i = 0; i < id.n; i++)
        if ((unsigned char)id.p[i] < 0x20 || id.p[i] == 0x7f)
            return err_set(err, ERR_INVALID, "the id has a control character in it");
    return utf8_valid(id, NULL) || err_set(err, ERR_INVALID, "the id is not UTF-8");
}

static bool read_id(const Json *tree, Arena *a, Record *r, Err *err)
{
    const Json *id = json_find(tree, S("id"));
    if (id && id->kind == JSON_IS_TEXT)
        r->id = id->text;
    else if (id && id->kind == JSON_IS_INT)
        r->id = arena_printf(a, "%lld", (long long)id->integer);
    return check_id(r->id, err);
}

bool record_check(const Record *record, Err *err)
{
    size_t bytes = 0;
    if (!check_id(record->id, err))
        return false;
    if (record->media.count > RECORD_MEDIA_MAX || record->more_values.count > RECORD_ITEMS_MAX)
        return err_set(err, ERR_LIMIT, "too many pictures or further members");
    for (size_t i = 0; i < record->more_values.count; i++)
        if (!check_tree(&record->more_values.items[i], 2, &bytes, err))
            return false;
    return true;
}

// ---- what does not fit

static bool more_has(const Record *r, Str name)
{
    for (size_t i = 0; i < r->more_names.count; i++)
        if (str_eq(r->more_names.items[i], name))
            return true;
    return false;
}

static bool more_add(Record *r, Arena *a, Str name, Json value, Err *err)
{
    if (r->more_names.count >= RECORD_ITEMS_MAX)
        return err_set(err, ERR_LIMIT, "more than %d members", RECORD_ITEMS_MAX);
    *arena_push(a, &r->more_names.items, &r->more_names.count, &r->more_names.capacity) = name;
    *arena_push(a, &r->more_values.items, &r->more_values.count, &r->more_values.capacity) = value;
    return true;
}

// Keeps the value of one of our own members that we cannot use: as "_titles", or "__titles" if that is taken.
static bool keep_odd(Record *r, Arena *a, Str name, Json value, Err *err)
{
    do
        name = arena_printf(a, "_" FMT_STR, ARG_STR(name));
    while (more_has(r, name));
    return more_add(r, a, name, value, err);
}

typedef RECORD_LIST(Json) OddList;

static void odd_push(OddList *odd, Arena *a, Json value)
{
    *arena_push(a, &odd->items, &odd->count, &odd->capacity) = value;
}

static Json odd_json(const OddList *odd)
{
    return (Json){.kind = JSON_IS_LIST, .count = odd->count, .items = odd->items};
}

// ---- fields

static bool read_texts(Record *r, Arena *a, const RecordField *field, const Json *map, Err *err)
{
    RecordTexts list = {0};
    OddList odd_values = {0};
    RECORD_LIST(Str) odd_names = {0};
    for (size_t m = 0; m < map->count; m++) {
        const Json *texts = &map->items[m];
        Str lang = map->names[m].n ? map->names[m] : S("und");
        OddList odd = {0};
        for (size_t i = 0; texts->kind == JSON_IS_LIST && i < texts->count; i++) {
            const Json *text = &texts->items[i];
            if (list.count >= RECORD_ITEMS_MAX)
                return err_set(
                    err, ERR_LIMIT, "more than %d texts in " FMT_STR, RECORD_ITEMS_MAX, ARG_STR(field->name));
            if (text->kind != JSON_IS_TEXT)
                odd_push(&odd, a, *text);
            else if (text->text.n)
                *arena_push(a, &list.items, &list.count, &list.capacity) = (RecordText){lang, text->text};
        }
        if (texts->kind == JSON_IS_LIST && odd.count == 0)
            continue;
        *arena_push(a, &odd_names.items, &odd_names.count, &odd_names.capacity) = lang;
        odd_push(&odd_values, a, texts->kind == JSON_IS_LIST ? odd_json(&odd) : *texts);
    }
    memcpy((char *)r + field->offset, &list, sizeof(list));
    if (odd_values.count == 0)
        return true;
    Json rest = {
        .kind = JSON_IS_MAP, .count = odd_values.count, .items = odd_values.items, .names = odd_names.items};
    return keep_odd(r, a, field->name, rest, err);
}

static bool store_value(const ItemField *field, const Json *value, void *item)
{
    char *to = (char *)item + field->offset;
    int64_t n = value->integer;
    switch (field->kind) {
    case ITEM_TEXT:
        if (value->kind != JSON_IS_TEXT)
            return false;
        memcpy(to, &value->text, sizeof(Str));
        return true;
    case ITEM_INT64:
        if (value->kind != JSON_IS_INT || n < 0)
            return false;
        memcpy(to, &n, sizeof(n));
        return true;
    case ITEM_INT:
    case ITEM_YEAR:
        if (value->kind != JSON_IS_INT || n > INT32_MAX || n < (field->kind == ITEM_YEAR ? INT32_MIN : 0))
            return false;
        memcpy(to, &(int){(int)n}, sizeof(int));
        return true;
    }
    return false;
}

// Fills one item; *ret_whole tells whether every member of the map found its place.
static unsigned read_item(const ItemForm *form, const Json *map, void *item, bool *ret_whole)
{
    unsigned seen = 0;
    *ret_whole = map->kind == JSON_IS_MAP;
    for (size_t m = 0; map->kind == JSON_IS_MAP && m < map->count; m++) {
        bool placed = false;
        for (size_t f = 0; f < form->fields_count && !placed; f++) {
            placed = str_eq(map->names[m], form->fields[f].name) &&
                     store_value(&form->fields[f], &map->items[m], item);
            seen |= placed ? 1u << f : 0;
        }
        *ret_whole = *ret_whole && placed;
    }
    return seen;
}

static bool read_list(Record *r, Arena *a, const RecordField *field, const Json *from, Err *err)
{
    const ItemForm *form = field->form;
    OddList odd = {0};
    if (from->count > form->max)
        return err_set(err, ERR_LIMIT, "more than %zu in " FMT_STR, form->max, ARG_STR(field->name));
    AnyList list = {.items = arena_alloc_array(a, from->count, form->item_bytes), .capacity = from->count};
    for (size_t i = 0; i < from->count; i++) {
        void *item = (char *)list.items + list.count * form->item_bytes;
        bool whole;
        unsigned seen = read_item(form, &from->items[i], item, &whole);
        bool sound = form->sound(r, item, seen);
        if (sound) {
            list.count++;
            memcpy((char *)r + field->offset, &list, sizeof(list)); // media_sound looks at those before
        } else {
            memset(item, 0, form->item_bytes);
        }
        if (!sound || !whole)
            odd_push(&odd, a, from->items[i]);
    }
    return odd.count == 0 || keep_odd(r, a, field->name, odd_json(&odd), err);
}

// Terms that cannot be read must not fall back to a default that may be open.
static bool read_access(Record *r, Arena *a, const RecordField *field, const Json *value, Err *err)
{
    Err unread = {0};
    r->has_terms = true;
    if (value->kind == JSON_IS_TEXT && rights_terms_parse(value->text, &r->terms, &unread))
        return true;
    r->terms = (Terms){.access = ACCESS_NONE};
    return keep_odd(r, a, field->name, *value, err);
}

static bool read_field(Record *r, Arena *a, const RecordField *field, const Json *value, Err *err)
{
    if (field->kind == FIELD_ACCESS)
        return read_access(r, a, field, value, err);
    if (field->kind == FIELD_TEXT && value->kind == JSON_IS_TEXT)
        return memcpy((char *)r + field->offset, &value->text, sizeof(Str)), true;
    if (field->kind == FIELD_TEXTS && value->kind == JSON_IS_MAP)
        return read_texts(r, a, field, value, err);
    if (field->kind == FIELD_LIST && value->kind == JSON_IS_LIST)
        return read_list(r, a, field, value, err);
    return keep_odd(r, a, field->name, *value, err);
}

bool record_parse(const Json *tree, Arena *a, Record *ret, Err *err)
{
    Record r = {0};
    size_t bytes = 0;
    if (!tree || tree->kind != JSON_IS_MAP)
        return err_set(err, ERR_INVALID, "a record must be a JSON map");
    if (!check_tree(tree, 1, &bytes, err) || !read_id(tree, a, &r, err))
        return false;
    // Unknown members first, so that the names we give to odd values keep clear of them.
    for (size_t i = 0; i < tree->count; i++)
        if (!record_field(tree->names[i]) && !str_eq(tree->names[i], S("ledger")))
            if (!more_add(&r, a, tree->names[i], tree->items[i], err))
                return false;
    for (size_t f = 0; f < record_fields_count; f++) {
        const Json *value = json_find(tree, record_fields[f].name);
        if (value && !str_eq(record_fields[f].name, S("id")) &&
            !read_field(&r, a, &record_fields[f], value, err))
            return false;
    }
    *ret = r;
    return true;
}

RecordLedger record_ledger(const Json *tree)
{
    const Json *ledger = json_find(tree, S("ledger"));
    return (RecordLedger){
        .change_set = json_int(ledger, S("change_set"), 0),
        .sequence = json_int(ledger, S("sequence"), 0),
    };
}

// ---- questions

static Str primary_subtag(Str lang)
{
    Str head, rest;
    return str_cut(lang, '-', &head, &rest) ? head : lang;
}

// The first text in `lang`, else in the same language written or spoken elsewhere ("zh" for "zh-Hant").
static Str text_in(const RecordTexts *list, Str lang)
{
    if (lang.n == 0)
        return (Str){0};
    for (size_t i = 0; i < list->count; i++)
        if (str_eq_nocase(list->items[i].lang, lang))
            return list->items[i].text;
    for (size_t i = 0; i < list->count; i++)
        if (str_eq_nocase(primary_subtag(list->items[i].lang), primary_subtag(lang)))
            return list->items[i].text;
    return (Str){0};
}

Str record_title(const Record *record, Str lang)
{
    Str title = text_in(&record->titles, lang);
    if (title.n == 0)
        title = text_in(&record->titles, record->lang);
    if (title.n == 0 && record->titles.count)
        title = record->titles.items[0].text;
    return title;
}

Terms record_terms(const Record *record, Terms otherwise)
{
    return record->has_terms ? record->terms : otherwise;
}
