// SPDX-License-Identifier: Apache-2.0
#include "search/vocabulary.h"

#include "base/json.h"
#include "base/utf8.h"

enum { VOCABULARY_MAX_BYTES = 64 * 1024 * 1024, CELL_MAX_BYTES = 4096, COLUMNS_MAX = 16 };

// ---- CSV: a header row with concept, lang, label and perhaps broader and kind

typedef struct {
    Str rest;
    Buf cell;
    bool row_ended;
} Csv;

static bool next_cell(Csv *c, Str *ret)
{
    buf_clear(&c->cell);
    c->row_ended = false;
    bool quoted = c->rest.n && c->rest.p[0] == '"';
    if (quoted)
        c->rest = str_slice(c->rest, 1, c->rest.n);
    while (c->rest.n) {
        char here = c->rest.p[0];
        c->rest = str_slice(c->rest, 1, c->rest.n);
        if (quoted && here == '"') {
            quoted = c->rest.n && c->rest.p[0] == '"';
            if (!quoted)
                continue;
            c->rest = str_slice(c->rest, 1, c->rest.n);
        } else if (!quoted && (here == ',' || here == '\n')) {
            c->row_ended = here == '\n';
            *ret = str_trim(buf_str(&c->cell));
            return !c->cell.full;
        }
        buf_add_char(&c->cell, here);
    }
    c->row_ended = true;
    *ret = str_trim(buf_str(&c->cell));
    return !c->cell.full;
}

static size_t read_row(Csv *c, Arena *a, Str *cells, bool *ret_good)
{
    size_t count = 0;
    Str cell;
    *ret_good = true;
    do {
        *ret_good = next_cell(c, &cell);
        if (count < COLUMNS_MAX)
            cells[count++] = arena_copy(a, cell);
    } while (*ret_good && !c->row_ended);
    return count;
}

static Str cell_of(const Str *names, size_t names_count, const Str *cells, size_t count, Str name)
{
    for (size_t i = 0; i < names_count && i < count; i++)
        if (str_eq_nocase(names[i], name))
            return cells[i];
    return (Str){0};
}

static bool read_csv(Vocabulary *v, Str bytes, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(arena_closep) Arena *row_arena = arena_open();
    Csv c = {.rest = bytes, .cell = buf_with_max(CELL_MAX_BYTES)};
    Str names[COLUMNS_MAX], cells[COLUMNS_MAX];
    bool good;
    size_t names_count = read_row(&c, a, names, &good);
    int row = 1;
    bool useful = false;
    for (size_t i = 0; i < names_count; i++)
        useful |= str_eq_nocase(names[i], S("label"));
    if (!good || !useful)
        good = err_set(err, ERR_INVALID, "a vocabulary needs the columns concept, lang and label");
    while (good && c.rest.n) {
        arena_reset(row_arena);
        size_t count = read_row(&c, row_arena, cells, &good);
        row++;
        if (!good)
            err_note_at(err, __FILE__, __LINE__, ERR_LIMIT,
                "row %d of the vocabulary has a cell that is too long", row);
        Str concept = cell_of(names, names_count, cells, count, S("concept"));
        if (good && concept.n)
            vocabulary_add(v, concept, cell_of(names, names_count, cells, count, S("broader")),
                cell_of(names, names_count, cells, count, S("lang")),
                cell_of(names, names_count, cells, count, S("label")));
    }
    buf_free(&c.cell);
    return good;
}

// ---- SKOS as JSON-LD: the usual framing, with or without "skos:" before the names

static const Json *member(const Json *map, const char *name, Arena *a)
{
    const Json *found = json_find(map, str_from(name));
    return found ? found : json_find(map, arena_printf(a, "skos:%s", name));
}

static Str id_of(const Json *value)
{
    if (value->kind == JSON_IS_TEXT)
        return value->text;
    Str id = json_text(value, S("@id"));
    return id.n ? id : json_text(value, S("id"));
}

static void add_labels(Vocabulary *v, Str id, Str broader, const Json *labels, Str lang)
{
    if (!labels)
        return;
    if (labels->kind == JSON_IS_TEXT) {
        vocabulary_add(v, id, broader, lang, labels->text);
    } else if (labels->kind == JSON_IS_LIST) {
        for (size_t i = 0; i < labels->count; i++)
            add_labels(v, id, broader, &labels->items[i], lang);
    } else if (labels->kind == JSON_IS_MAP && json_find(labels, S("@value"))) {
        vocabulary_add(v, id, broader, json_text(labels, S("@language")), json_text(labels, S("@value")));
    } else if (labels->kind == JSON_IS_MAP) {
        for (size_t i = 0; i < labels->count; i++)
            add_labels(v, id, broader, &labels->items[i], labels->names[i]);
    }
}

static void add_concept(Vocabulary *v, const Json *map, Arena *a)
{
    Str id = id_of(map), broader = S("");
    const Json *up = member(map, "broader", a);
    if (!id.n || map->kind != JSON_IS_MAP)
        return;
    if (up && up->kind == JSON_IS_LIST) {
        for (size_t i = 0; i < up->count; i++)
            broader = arena_printf(a, FMT_STR " " FMT_STR, ARG_STR(broader), ARG_STR(id_of(&up->items[i])));
        broader = str_trim(broader);
    } else if (up) {
        broader = id_of(up);
    }
    add_labels(v, id, broader, member(map, "prefLabel", a), S(""));
    add_labels(v, id, broader, member(map, "altLabel", a), S(""));
}

static bool read_json(Vocabulary *v, Str bytes, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Json *tree = json_parse(bytes, a, err);
    if (!tree)
        return false;
    const Json *graph = tree->kind == JSON_IS_LIST ? tree : json_list(tree, S("@graph"));
    if (!graph && tree->kind == JSON_IS_MAP)
        add_concept(v, tree, a);
    for (size_t i = 0; graph && i < graph->count; i++)
        add_concept(v, &graph->items[i], a);
    return true;
}

bool vocabulary_read(Vocabulary *v, Str bytes, Err *err)
{
    if (bytes.n > VOCABULARY_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "the vocabulary is too big");
    if (str_starts(bytes, S("\xEF\xBB\xBF")))
        bytes = str_slice(bytes, 3, bytes.n);
    size_t bad;
    if (!utf8_valid(bytes, &bad))
        return err_set(err, ERR_INVALID, "the vocabulary is not UTF-8 at byte %zu", bad);
    Str trimmed = str_trim(bytes);
    if (trimmed.n && (trimmed.p[0] == '{' || trimmed.p[0] == '['))
        return read_json(v, trimmed, err);
    if (trimmed.n && trimmed.p[0] == '<')
        return vocabulary_read_rdf(v, trimmed, err);
    return read_csv(v, trimmed, err);
}
