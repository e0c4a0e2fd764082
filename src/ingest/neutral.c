// SPDX-License-Identifier: Apache-2.0
#include "ingest/neutral.h"

#define ADD(list) (*arena_push(a, &(list).items, &(list).count, &(list).capacity))

enum { NEUTRAL_DEPTH_MAX = 16 };

typedef struct {
    Delivered *d;
    const FieldRules *rules;
    FieldRules whole; // for the items of a list: each is one value
    Arena *a;
} Neutral;

// ---- our own form

static bool is_ours(const Json *tree)
{
    const Json *titles = json_find(tree, S("titles"));
    return json_find(tree, S("ledger")) || json_list(tree, S("media")) ||
           (titles && titles->kind == JSON_IS_MAP);
}

// The pictures of a record.json are files of the delivery like any other: found, looked at and numbered anew.
static bool read_ours(const Json *tree, Arena *a, Delivered *ret, Err *err)
{
    Delivered d = {.is_ours = true};
    if (!record_parse(tree, a, &d.record, err))
        return false;
    for (size_t i = 0; i < d.record.media.count; i++) {
        const RecordMedia *m = &d.record.media.items[i];
        if (m->page > 1) // the file is named once, its pages are found in it
            continue;
        ADD(d.pictures) = (DeliveredPicture){.file = m->path.n ? m->path : m->name,
            .label = m->label,
            .label_lang = m->label_lang,
            .rights = m->rights};
    }
    d.record.media.count = 0;
    *ret = d;
    return true;
}

// ---- foreign forms

// The first of these members that is a text.
static Str text_of(const Json *map, const char *names)
{
    Str rest = str_from(names), name;
    while (str_next(&rest, ' ', &name)) {
        Str text = field_trim(json_text(map, name));
        if (text.n)
            return text;
    }
    return (Str){0};
}

static Str plain(const Json *value, Arena *a)
{
    switch (value->kind) {
    case JSON_IS_TEXT:
        return value->text;
    case JSON_IS_INT:
        return arena_printf(a, "%lld", (long long)value->integer);
    case JSON_IS_REAL:
        return arena_printf(a, "%g", value->real);
    case JSON_IS_BOOL:
        return value->yes ? S("true") : S("false");
    case JSON_IS_NULL:
    case JSON_IS_LIST:
    case JSON_IS_MAP:
        break;
    }
    return (Str){0};
}

static bool is_plain(const Json *value)
{
    return value->kind != JSON_IS_LIST && value->kind != JSON_IS_MAP;
}

static bool put_maker(Neutral *n, const Json *map)
{
    RecordMaker maker = {
        .name = text_of(map, "name full_name fc display_name preferred_name label text"),
        .sort = text_of(map, "sort cited_name mda inverted sort_name"),
        .role = text_of(map, "role"),
        .lang = text_of(map, "lang"),
        .uri = text_of(map, "uri"),
    };
    if (maker.name.n == 0)
        return false;
    *arena_push(n->a, &n->d->record.makers.items, &n->d->record.makers.count, &n->d->record.makers.capacity) =
        maker;
    return true;
}

static bool put_date(Neutral *n, const Json *map)
{
    static const char *const FROM[] = {"earliest", "startYear", "start", "begin"};
    static const char *const TO[] = {"latest", "endYear", "end"};
    RecordDate date = {.text = text_of(map, "text label")};
    bool from = false, to = false;
    for (size_t i = 0; i < COUNT_OF(FROM) && !from; i++) {
        const Json *year = json_find(map, str_from(FROM[i]));
        from = year && year->kind == JSON_IS_INT && year->integer > -5000000 && year->integer < 10000;
        date.earliest = from ? (int)year->integer : 0;
    }
    for (size_t i = 0; i < COUNT_OF(TO) && !to; i++) {
        const Json *year = json_find(map, str_from(TO[i]));
        to = year && year->kind == JSON_IS_INT && year->integer > -5000000 && year->integer < 10000;
        date.latest = to ? (int)year->integer : 0;
    }
    date.has_years = from && to && date.earliest <= date.latest;
    if (date.text.n == 0 && !date.has_years)
        return false;
    *arena_push(n->a, &n->d->record.dates.items, &n->d->record.dates.count, &n->d->record.dates.capacity) =
        date;
    return true;
}

static bool put_picture(Neutral *n, const Json *map)
{
    DeliveredPicture p = {.file = text_of(map, "file filename path name"),
        .label = text_of(map, "label caption title"),
        .label_lang = text_of(map, "lang label_lang"),
        .rights = text_of(map, "rights")};
    if (p.file.n == 0)
        return false;
    *arena_push(n->a, &n->d->pictures.items, &n->d->pictures.count, &n->d->pictures.capacity) = p;
    return true;
}

// A tree of terms, as Tate publishes its subjects: the leaves are what the picture shows.
static void put_leaves(Neutral *n, Field field, Str name, const Json *node, int depth)
{
    const Json *children = json_list(node, S("children"));
    if (depth > NEUTRAL_DEPTH_MAX)
        return;
    if (!children || children->count == 0) {
        field_put(n->d, field, name, text_of(node, "name text label term"), &n->whole, n->a);
        return;
    }
    for (size_t i = 0; i < children->count; i++)
        put_leaves(n, field, name, &children->items[i], depth + 1);
}

static bool has_further(const Json *map)
{
    for (size_t i = 0; i < map->count; i++)
        if (!str_eq(map->names[i], S("lang")) && !str_eq(map->names[i], S("text")))
            return true;
    return false;
}

// One map where a text was expected: {"lang": ..., "text": ...} and its relatives.
static bool put_map(Neutral *n, Field field, Str name, const Json *map)
{
    if (field.kind == FIELD_MAKER)
        return put_maker(n, map);
    if (field.kind == FIELD_DATE)
        return put_date(n, map);
    if (field.kind == FIELD_IMAGE)
        return put_picture(n, map);
    if (json_list(map, S("children"))) {
        put_leaves(n, field, name, map, 0);
        return true;
    }
    Str text = text_of(map, "text value name label term title"), lang = json_text(map, S("lang"));
    if (text.n == 0)
        return false;
    field.lang = lang.n ? lang : field.lang;
    field_put(n->d, field, name, text, &n->whole, n->a);
    return true;
}

// {"en": "Bowl", "zh": ["碗", "青花碗"]}
static bool is_language_map(const Json *map)
{
    for (size_t i = 0; i < map->count; i++) {
        const Json *value = &map->items[i];
        if (!field_is_lang(map->names[i]) || (value->kind != JSON_IS_TEXT && value->kind != JSON_IS_LIST))
            return false;
    }
    return map->count > 0;
}

static void put_list(Neutral *n, Field field, Str name, const Json *list)
{
    bool whole = true; // everything in it found its place
    for (size_t i = 0; i < list->count; i++) {
        const Json *item = &list->items[i];
        if (is_plain(item))
            field_put(n->d, field, name, plain(item, n->a), &n->whole, n->a);
        else
            whole = item->kind == JSON_IS_MAP && put_map(n, field, name, item) && !has_further(item) && whole;
    }
    if (!whole)
        delivered_keep(n->d, arena_printf(n->a, "_" FMT_STR, ARG_STR(name)), *list, n->a);
}

static void put_member(Neutral *n, Str name, const Json *value, Field field)
{
    if (value->kind == JSON_IS_NULL || field.kind == FIELD_IGNORED)
        return;
    if (field.kind == FIELD_UNKNOWN || field.kind == FIELD_KEPT) {
        bool empty = (value->kind == JSON_IS_TEXT && value->text.n == 0) ||
                     ((value->kind == JSON_IS_LIST || value->kind == JSON_IS_MAP) && value->count == 0);
        if (!empty)
            delivered_keep(n->d, name, *value, n->a);
        return;
    }
    if (is_plain(value)) {
        field_put(n->d, field, name, plain(value, n->a), n->rules, n->a);
    } else if (value->kind == JSON_IS_LIST) {
        put_list(n, field, name, value);
    } else if (is_language_map(value)) {
        for (size_t i = 0; i < value->count; i++) {
            field.lang = value->names[i];
            if (is_plain(&value->items[i]))
                field_put(n->d, field, name, value->items[i].text, &n->whole, n->a);
            else
                put_list(n, field, name, &value->items[i]);
        }
    } else if (!put_map(n, field, name, value) || has_further(value)) {
        delivered_keep(n->d, arena_printf(n->a, "_" FMT_STR, ARG_STR(name)), *value, n->a);
    }
}

bool neutral_read(NeutralFile *file, const Json *tree, Arena *a, Delivered *ret, Err *err)
{
    if (tree->kind != JSON_IS_MAP)
        return err_set(err, ERR_INVALID, "a record is a JSON object: {\"id\": ..., ...}");
    if (is_ours(tree))
        return read_ours(tree, a, ret, err);
    Delivered d = {0};
    Neutral n = {.d = &d, .rules = &file->rules, .whole = file->rules, .a = a};
    n.whole.split = (Str){0};
    for (size_t i = 0; i < tree->count; i++) {
        const MappingAnswer *answer = mapping_recall(&file->memo, file->mapping, tree->names[i], file->arena);
        for (int f = 0; f < answer->count; f++)
            put_member(&n, tree->names[i], &tree->items[i], answer->fields[f]);
    }
    *ret = d;
    return true;
}
