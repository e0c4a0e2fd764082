// SPDX-License-Identifier: Apache-2.0
#include "ingest/reader.h"

#include "base/file.h"
#include "base/utf8.h"
#include "ingest/lido.h"
#include "ingest/neutral.h"
#include "ingest/pairing.h"
#include "ingest/table.h"
#include "ingest/textfile.h"
#include "ingest/workbook.h"
#include "ingest/zipfile.h"

#include <stdlib.h>

enum { GUESS_BYTES = 64 * 1024, HEADINGS_MAX = 10 };

typedef struct {
    Str name;
    Field fields[MAPPING_FIELDS_MAX];
    int fields_count;
} Column;

struct Reader {
    Arena *arena;
    int fd;
    TextFile *text;
    DeliveryTable table;
    const Mapping *mapping;
    const IngestListener *listener;
    FieldRules rules;
    Encoding encoding;
    int64_t row;    // lines passed so far, or records of a document
    int64_t row_at; // where the last record begins
    // cells
    char separator;
    Buf scratch;
    Column *columns;
    size_t columns_count;
    int image_column; // its first picture gives the id where there is no other; -1 if not needed
    // workbooks and LIDO: files that are read whole
    Str whole;
    Workbook *workbook;
    Lido *lido;
    // documents
    NeutralFile documents;
    const Json *items;
    size_t items_count, items_at;
};

static void tell(const Reader *r, Str text)
{
    const IngestProblem problem = {.level = INGEST_NOTE, .file = r->table.shown, .text = text};
    r->listener->problem(r->listener->ctx, &problem);
}

// ---- tables of cells

static bool fill(Reader *r, size_t want, Err *err)
{
    while (textfile_window(r->text).n < want && !textfile_at_end(r->text))
        if (!textfile_more(r->text, want, err))
            return false;
    return true;
}

// Passes over what is left of a line that was too long.
static bool skip_line(Reader *r, Err *err)
{
    for (;;) {
        Str window = textfile_window(r->text);
        const char *end = window.n ? memchr(window.p, '\n', window.n) : NULL;
        textfile_skip(r->text, end ? (size_t)(end - window.p) + 1 : window.n);
        if (end || (textfile_at_end(r->text) && window.n == 0))
            return true;
        if (!textfile_more(r->text, RECORD_MAX_BYTES, err))
            return false;
    }
}

// Leaves in r->row_at where the row begins, in r->row where it ends.
static TableStep take_row(Reader *r, Arena *a, TableRow *ret, Err *err, bool *ret_failed)
{
    Err ignored;
    *ret_failed = false;
    r->row_at = r->row + 1;
    if (r->workbook) {
        TableStep step = workbook_next(r->workbook, a, ret, &r->row_at, err);
        *ret_failed = step == TABLE_FAULT; // XML does not go on behind its damage
        r->row = r->row_at;
        return step;
    }
    for (;;) {
        size_t used = 0;
        TableStep step = table_take(textfile_window(r->text), textfile_at_end(r->text), r->separator,
            &r->scratch, a, ret, &used, err);
        if (step == TABLE_MORE) {
            // One byte beyond the limit, so that table_take sees that the row is too long.
            if (textfile_more(r->text, TABLE_ROW_MAX_BYTES + 1, err))
                continue;
            *ret_failed = true;
            return TABLE_FAULT;
        }
        Str taken = str_slice(textfile_window(r->text), 0, used);
        bool cut = step == TABLE_FAULT && !str_ends(taken, S("\n")) && !str_ends(taken, S("\r"));
        textfile_skip(r->text, used);
        r->row += step == TABLE_ROW ? (int64_t)ret->lines : step == TABLE_FAULT;
        if (cut && !skip_line(r, &ignored))
            *ret_failed = true;
        return step;
    }
}

// Columns by their place where they have no name of their own.
static Str column_name(Arena *a, Str name, size_t number)
{
    name = field_trim(name);
    return name.n ? arena_copy(a, name) : arena_printf(a, "column %zu", number);
}

typedef struct {
    int common, ja, hans, hant, other;
    Str other_lang;
} NamesLang;

static void count_names_lang(NamesLang *n, Str lang)
{
    n->ja += str_eq(lang, S("ja"));
    n->hans += str_eq(lang, S("zh-Hans"));
    n->hant += str_eq(lang, S("zh-Hant"));
    if (lang.n == 0) {
        n->common++;
    } else if (!str_starts(lang, S("zh")) && !str_eq(lang, S("ja"))) {
        n->other++;
        n->other_lang = lang;
    }
}

// Many names are the same in Japanese and both Chinese scripts: one that is not decides.
static Str names_lang(const NamesLang *n)
{
    int east = n->ja + n->hans + n->hant;
    if (east > n->common && east > n->other)
        return n->ja ? S("ja") : n->hant ? S("zh-Hant") : S("zh-Hans");
    return n->other > n->common ? n->other_lang : (Str){0};
}

static const char *lang_name(Str lang)
{
    static const struct {
        const char *lang, *name;
    } NAMES[] = {{"de", "German"}, {"fr", "French"}, {"es", "Spanish"}, {"it", "Italian"}, {"nl", "Dutch"},
        {"pt", "Portuguese"}, {"ru", "Russian"}, {"ja", "Japanese"}, {"ko", "Korean"},
        {"zh-Hans", "simplified Chinese"}, {"zh-Hant", "traditional Chinese"}};
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        if (str_eq(lang, str_from(NAMES[i].lang)))
            return NAMES[i].name;
    return "another language";
}

static void choose_lang(Reader *r, const NamesLang *names)
{
    Str guess = names_lang(names), mine = guess, museum = r->rules.lang, rest;
    if (r->mapping && r->mapping->lang.n) {
        r->rules.lang = r->mapping->lang;
        return;
    }
    (void)str_cut(guess, '-', &mine, &rest);
    if (guess.n == 0 || str_starts(museum, mine))
        return;
    r->rules.lang = guess;
    tell(r, arena_printf(r->arena,
                "most column names are in %s, so the texts are taken to be in it too (" FMT_STR
                "); a mapping file with \"@lang = en\" would make them English",
                lang_name(guess), ARG_STR(guess)));
}

static bool has_field(const Reader *r, FieldKind kind, int *ret_column)
{
    for (size_t c = 0; c < r->columns_count; c++)
        for (int f = 0; f < r->columns[c].fields_count; f++)
            if (r->columns[c].fields[f].kind == kind)
                return *ret_column = (int)c, true;
    return false;
}

static const char *separator_name(char separator)
{
    switch (separator) {
    case ',':
        return "comma";
    case ';':
        return "semicolon";
    case '\t':
        return "tab";
    case '|':
        return "bar";
    default:
        return "the sign given";
    }
}

static void tell_how(Reader *r)
{
    if (r->workbook && workbook_sheets(r->workbook) > 1)
        tell(r, arena_printf(r->arena, "the workbook has %d sheets; only the first, " FMT_STR ", is read",
                    workbook_sheets(r->workbook), ARG_STR(workbook_sheet(r->workbook))));
    CLEANUP(buf_free) Buf text = buf_with_max(16 * 1024), kept = buf_with_max(8 * 1024);
    if (r->workbook)
        buf_printf(&text, "read as a workbook, sheet " FMT_STR "; ", ARG_STR(workbook_sheet(r->workbook)));
    else
        buf_printf(&text, "read as " FMT_STR "%s, cells separated by %s; ", ARG_STR(r->encoding.name),
            r->encoding.guessed ? " (a guess)" : "", separator_name(r->separator));
    const char *between = "";
    for (size_t c = 0; c < r->columns_count; c++) {
        const Column *column = &r->columns[c];
        for (int f = 0; f < column->fields_count; f++) {
            FieldKind kind = column->fields[f].kind;
            if (kind == FIELD_UNKNOWN || kind == FIELD_KEPT) {
                buf_printf(&kept, "%s" FMT_STR, kept.n ? ", " : "", ARG_STR(column->name));
                continue;
            }
            buf_printf(&text, "%s" FMT_STR " is %s", between, ARG_STR(column->name), field_name(kind));
            if (column->fields[f].lang.n)
                buf_printf(&text, "@" FMT_STR, ARG_STR(column->fields[f].lang));
            between = ", ";
        }
    }
    if (kept.n)
        buf_printf(&text, "; kept under their own name: " FMT_STR, ARG_STR(buf_str(&kept)));
    tell(r, text.full || kept.full ? S("read; it has too many columns to list them here") : buf_str(&text));
}

static bool refuse_without_id(const Reader *r, Err *err)
{
    CLEANUP(buf_free) Buf names = buf_with_max(300);
    for (size_t c = 0; c < r->columns_count && names.n + r->columns[c].name.n + 4 < 300; c++)
        buf_printf(&names, "%s" FMT_STR, c ? ", " : "", ARG_STR(r->columns[c].name));
    return err_set(err, ERR_INVALID,
        "no column is known to be an id or accession number; a mapping file with a line such as \"" FMT_STR
        " = id\" says which is (columns: " FMT_STR ")",
        ARG_STR(utf8_head(r->columns[0].name, 60)), ARG_STR(buf_str(&names)));
}

// "Inventory of our museum, 2024": a line above the table, with one cell that is no name of a field.
static bool is_heading(const Reader *r, const TableRow *row)
{
    Field fields[MAPPING_FIELDS_MAX];
    Str only = {0}, lang;
    for (size_t c = 0; c < row->count; c++) {
        Str cell = field_trim(row->cells[c]);
        if (cell.n && only.n)
            return false;
        only = cell.n ? cell : only;
    }
    (void)mapping_fields(r->mapping, only, fields, &lang);
    return fields[0].kind == FIELD_UNKNOWN;
}

static bool find_header(Reader *r, TableRow *ret, Err *err)
{
    bool failed;
    for (int headings = 0; headings <= HEADINGS_MAX;) {
        TableStep step = take_row(r, r->arena, ret, err, &failed);
        if (step == TABLE_END && headings == 0)
            return err_set(err, ERR_INVALID, "the table is empty");
        if (step == TABLE_END)
            break;
        if (step != TABLE_ROW)
            return false;
        if (!ret->blank && !is_heading(r, ret))
            return true;
        headings += !ret->blank;
    }
    return err_set(err, ERR_INVALID, "no row with the names of at least two columns was found");
}

static bool read_header(Reader *r, Err *err)
{
    TableRow row;
    if (!find_header(r, &row, err))
        return false;
    NamesLang names = {0};
    r->columns = arena_array(r->arena, Column, row.count);
    r->columns_count = row.count;
    for (size_t c = 0; c < row.count; c++) {
        Str lang;
        Column *column = &r->columns[c];
        if (!utf8_valid(row.cells[c], NULL))
            return err_set(
                err, ERR_INVALID, "the name of column %zu is not valid text in this encoding", c + 1);
        column->name = column_name(r->arena, row.cells[c], c + 1);
        column->fields_count = mapping_fields(r->mapping, column->name, column->fields, &lang);
        if (column->fields[0].kind != FIELD_UNKNOWN)
            count_names_lang(&names, lang);
    }
    tell_how(r);
    choose_lang(r, &names);
    int unused;
    r->image_column = -1;
    if (!has_field(r, FIELD_ID, &unused) && !has_field(r, FIELD_ACCESSION, &unused) &&
        !has_field(r, FIELD_IMAGE, &r->image_column))
        return refuse_without_id(r, err);
    return true;
}

static bool open_workbook(Reader *r, Err *err)
{
    r->encoding.name = S("the workbook");
    r->workbook = workbook_open(r->whole, err);
    return r->workbook && read_header(r, err);
}

static bool open_cells(Reader *r, Err *err)
{
    r->scratch = buf_with_max(TABLE_ROW_MAX_BYTES);
    if (!fill(r, GUESS_BYTES, err))
        return false;
    r->separator = r->mapping && r->mapping->separator
                       ? r->mapping->separator
                       : table_guess_separator(textfile_window(r->text), textfile_at_end(r->text));
    return read_header(r, err);
}

static bool put_cell(Reader *r, size_t number, Str cell, Arena *a, Delivered *d, Str *ret_cell, Err *err)
{
    if (!utf8_valid(cell, NULL)) {
        *ret_cell =
            number < r->columns_count ? r->columns[number].name : arena_printf(a, "column %zu", number + 1);
        return err_set(
            err, ERR_INVALID, "the cell has bytes that are no text in " FMT_STR, ARG_STR(r->encoding.name));
    }
    if (number >= r->columns_count) {
        if (field_trim(cell).n == 0)
            return true;
        Str name = arena_printf(a, "column %zu", number + 1);
        field_put(d, (Field){.kind = FIELD_KEPT}, name, cell, &r->rules, a);
        delivered_remark(d, INGEST_WARNING, name,
            S("the row has more cells than the header; this one is kept under its number"), a);
        return true;
    }
    const Column *column = &r->columns[number];
    for (int f = 0; f < column->fields_count; f++)
        field_put(d, column->fields[f], column->name, cell, &r->rules, a);
    return true;
}

static ReaderStep next_row(Reader *r, Arena *a, Delivered *ret, Str *ret_cell, Err *err)
{
    for (;;) {
        TableRow row = {0};
        bool failed;
        TableStep step = take_row(r, a, &row, err, &failed);
        if (step == TABLE_END)
            return READER_END;
        if (step == TABLE_FAULT || step == TABLE_MORE)
            return failed ? READER_FAILED : READER_REFUSED;
        if (row.blank)
            continue;
        Delivered d = {0};
        for (size_t c = 0; c < row.count; c++)
            if (!put_cell(r, c, row.cells[c], a, &d, ret_cell, err))
                return READER_REFUSED;
        if (r->image_column >= 0 && d.pictures.count)
            d.record.id = pairing_stem(d.pictures.items[0].file);
        if (row.count < r->columns_count && !r->workbook) // workbooks leave empty cells out
            delivered_remark(&d, INGEST_NOTE, (Str){0},
                arena_printf(a, "the row has %zu of %zu cells; the others are taken as empty", row.count,
                    r->columns_count),
                a);
        *ret = d;
        return READER_RECORD;
    }
}

// ---- JSON

static bool take_line(Reader *r, Str *ret, bool *ret_end, Err *err)
{
    *ret_end = false;
    for (size_t seen = 0;;) {
        Str window = textfile_window(r->text);
        const char *end = seen < window.n ? memchr(window.p + seen, '\n', window.n - seen) : NULL;
        if (end || textfile_at_end(r->text)) {
            *ret_end = window.n == 0;
            *ret = end ? str_slice(window, 0, (size_t)(end - window.p)) : window;
            return true;
        }
        seen = window.n;
        if (!textfile_more(r->text, RECORD_MAX_BYTES + 1024, err))
            return false;
    }
}

static ReaderStep next_line(Reader *r, Arena *a, Delivered *ret, Err *err)
{
    for (;;) {
        Str line;
        bool end;
        r->row++;
        if (!take_line(r, &line, &end, err)) {
            Err ignored;
            if (err->kind != ERR_LIMIT || !skip_line(r, &ignored))
                return READER_FAILED;
            err_note_at(err, __FILE__, __LINE__, ERR_LIMIT, "the line is longer than 4 MB");
            return READER_REFUSED;
        }
        if (end)
            return READER_END;
        Str trimmed = str_trim(line);
        const Json *tree = NULL;
        bool good = trimmed.n == 0 || ((tree = json_parse(trimmed, a, err)) != NULL &&
                                          neutral_read(&r->documents, tree, a, ret, err));
        textfile_skip(r->text, MIN_OF(line.n + 1, textfile_window(r->text).n));
        if (trimmed.n)
            return good ? READER_RECORD : READER_REFUSED;
    }
}

static ReaderStep next_item(Reader *r, Arena *a, Delivered *ret, Err *err)
{
    if (r->items_at == r->items_count)
        return READER_END;
    const Json *item = &r->items[r->items_at++];
    r->row = r->items_count > 1 ? (int64_t)r->items_at : 0;
    return neutral_read(&r->documents, item, a, ret, err) ? READER_RECORD : READER_REFUSED;
}

static ReaderStep next_lido(Reader *r, Arena *a, Delivered *ret, Err *err)
{
    r->row_at = ++r->row;
    switch (lido_next(r->lido, &r->rules, a, ret, err)) {
    case LIDO_RECORD:
        return READER_RECORD;
    case LIDO_END:
        return READER_END;
    case LIDO_FAILED:
        break;
    }
    return READER_FAILED;
}

static bool names_itself(const Json *map)
{
    Str unused;
    for (size_t i = 0; i < map->count; i++) {
        FieldKind kind = field_guess(map->names[i], &unused).kind;
        if (kind == FIELD_ID || kind == FIELD_ACCESSION)
            return true;
    }
    return false;
}

// A document is a record, a list of them, or a map with a list of them in it.
static void find_items(Reader *r, const Json *tree)
{
    enum { SURELY_RECORDS = 3 }; // the others may be parts of one record that has an id of its own
    static const char *const NAMES[] = {
        "records", "manifests", "artworks", "items", "objects", "data", "results"};
    r->items = tree;
    r->items_count = 1;
    if (tree->kind == JSON_IS_LIST) {
        r->items = tree->items;
        r->items_count = tree->count;
    }
    for (size_t i = 0; tree->kind == JSON_IS_MAP && i < COUNT_OF(NAMES); i++) {
        const Json *list = json_list(tree, str_from(NAMES[i]));
        bool surely = i < SURELY_RECORDS || !names_itself(tree);
        if (!list || list->count == 0 || list->items[0].kind != JSON_IS_MAP || !surely)
            continue;
        r->items = list->items;
        r->items_count = list->count;
        return;
    }
}

static bool open_document(Reader *r, Err *err)
{
    if (!fill(r, READER_DOCUMENT_MAX_BYTES, err))
        return false;
    if (!textfile_at_end(r->text) && textfile_window(r->text).n >= READER_DOCUMENT_MAX_BYTES)
        return err_set(err, ERR_LIMIT,
            "a JSON document can be 64 MB at most; write one record a line (.jsonl) for more");
    Str whole = textfile_window(r->text), first = whole, rest;
    const Json *tree = json_parse(whole, r->arena, err);
    if (tree) {
        find_items(r, tree);
        return true;
    }
    // One record a line, under the wrong name?
    Err ignored;
    (void)str_cut(whole, '\n', &first, &rest);
    if (!json_parse(first, r->arena, &ignored))
        return false;
    r->table.kind = TABLE_LINES;
    return true;
}

// ---- all forms

static bool read_whole(Reader *r, Err *err)
{
    return file_read_all(r->fd, ZIPFILE_MAX_BYTES, r->arena, &r->whole, err);
}

static bool open_text(Reader *r, Err *err)
{
    bool is_json = r->table.kind != TABLE_CELLS;
    Str wanted = r->mapping ? r->mapping->encoding : (Str){0};
    r->text = textfile_open(r->fd, wanted, &r->encoding, err);
    if (!r->text)
        return false;
    // JSON is UTF-8; lines that are not are refused one by one.
    if (is_json && r->encoding.guessed && wanted.n == 0) {
        textfile_closep(&r->text);
        r->text = textfile_open(r->fd, S("UTF-8"), &r->encoding, err);
    }
    return r->text != NULL;
}

static bool open_kind(Reader *r, Err *err)
{
    switch (r->table.kind) {
    case TABLE_LINES:
        return open_text(r, err);
    case TABLE_DOCUMENT:
        return open_text(r, err) && open_document(r, err);
    case TABLE_CELLS:
        return open_text(r, err) && open_cells(r, err);
    case TABLE_WORKBOOK:
        return read_whole(r, err) && open_workbook(r, err);
    case TABLE_LIDO:
        return read_whole(r, err) && (r->lido = lido_open(r->whole, err));
    }
    return false;
}

Reader *reader_open(int fd, const DeliveryTable *table, Str lang, const Mapping *mapping,
    const IngestListener *listener, Err *err)
{
    Reader *r = mem_alloc(sizeof(*r));
    *r = (Reader){.arena = arena_open(),
        .fd = fd,
        .table = *table,
        .mapping = mapping,
        .listener = listener,
        .image_column = -1,
        .rules = {.lang = lang.n ? lang : S("und")}};
    if (table->kind == TABLE_CELLS || table->kind == TABLE_WORKBOOK)
        r->rules.split = S(";|");
    if (mapping && mapping->has_split)
        r->rules.split = mapping->split;
    if (mapping && mapping->lang.n)
        r->rules.lang = mapping->lang;
    r->documents = (NeutralFile){.mapping = mapping, .rules = r->rules, .arena = r->arena};
    bool good = open_kind(r, err);
    if (!good) {
        reader_close(r);
        return NULL;
    }
    return r;
}

void reader_close(Reader *r)
{
    if (!r)
        return;
    textfile_close(r->text);
    workbook_close(r->workbook);
    lido_close(r->lido);
    fd_close(r->fd);
    buf_free(&r->scratch);
    arena_close(r->arena);
    free(r);
}

ReaderStep reader_next(Reader *r, Arena *a, Delivered *ret, int64_t *ret_row, Str *ret_cell, Err *err)
{
    Delivered d = {0};
    ReaderStep step = READER_FAILED;
    *ret_cell = (Str){0};
    switch (r->table.kind) {
    case TABLE_CELLS:
    case TABLE_WORKBOOK:
        step = next_row(r, a, &d, ret_cell, err);
        break;
    case TABLE_LIDO:
        step = next_lido(r, a, &d, err);
        break;
    case TABLE_LINES:
        step = next_line(r, a, &d, err);
        r->row_at = r->row;
        break;
    case TABLE_DOCUMENT:
        step = next_item(r, a, &d, err);
        r->row_at = r->row;
        break;
    }
    *ret_row = r->row_at;
    if (step == READER_RECORD && !delivered_finish(&d, &r->rules, a, err))
        step = READER_REFUSED;
    *ret = d;
    return step;
}

uint64_t reader_bytes_read(const Reader *r)
{
    return r->text ? textfile_bytes_read(r->text) : r->whole.n;
}
