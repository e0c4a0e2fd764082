// SPDX-License-Identifier: Apache-2.0
// The parts: workbook.xml names the sheets and, through its relations, where the first lies;
// sharedStrings.xml has the texts; styles.xml says which numbers are dates. XML is read forward only; a
// document type (there is never one) is refused, so no entity is ever expanded, and nothing is fetched.
#include "ingest/workbook.h"

#include "base/utf8.h"
#include "ingest/zipfile.h"

#include <libxml/xmlreader.h>
#include <math.h>
#include <stdlib.h>

struct Workbook {
    Arena *arena;
    ZipFile zip;
    Str *strings;
    size_t strings_count, strings_capacity;
    bool *is_date; // by cell style
    size_t styles_count, styles_capacity;
    Str sheet_name, sheet_relation;
    int sheets;
    bool from_1904;
    xmlTextReader *rows;
    int64_t line;
};

static xmlTextReader *open_xml(Str text, Err *err)
{
    xmlTextReader *r = xmlReaderForMemory(
        text.p, (int)text.n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    return r ? r : err_null(err, ERR_CORRUPT, "the workbook's XML cannot be read");
}

static void close_xml(xmlTextReader **r)
{
    if (*r)
        xmlFreeTextReader(*r);
    *r = NULL;
}

// One step; false at the end or, with *err set, at damage.
static bool step(xmlTextReader *r, Err *err)
{
    int got = xmlTextReaderRead(r);
    if (got < 0)
        (void)!err_set(err, ERR_CORRUPT, "the workbook's XML is damaged");
    if (got == 1 && xmlTextReaderNodeType(r) == XML_READER_TYPE_DOCUMENT_TYPE)
        return err_set(err, ERR_CORRUPT, "the workbook's XML has a document type, which workbooks have not");
    return got == 1;
}

static bool starts(xmlTextReader *r, const char *name)
{
    return xmlTextReaderNodeType(r) == XML_READER_TYPE_ELEMENT &&
           strcmp((const char *)xmlTextReaderConstLocalName(r), name) == 0;
}

static bool ends(xmlTextReader *r, const char *name)
{
    return xmlTextReaderNodeType(r) == XML_READER_TYPE_END_ELEMENT &&
           strcmp((const char *)xmlTextReaderConstLocalName(r), name) == 0;
}

static Str attribute(xmlTextReader *r, const char *name, Arena *a)
{
    Str found = {0};
    if (xmlTextReaderMoveToFirstAttribute(r) != 1)
        return found;
    do {
        if (strcmp((const char *)xmlTextReaderConstLocalName(r), name) == 0)
            found = arena_copy(a, str_from((const char *)xmlTextReaderConstValue(r)));
    } while (xmlTextReaderMoveToNextAttribute(r) == 1);
    xmlTextReaderMoveToElement(r);
    return found;
}

static void add_text(xmlTextReader *r, Buf *to)
{
    int type = xmlTextReaderNodeType(r);
    if (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA ||
        type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE || type == XML_READER_TYPE_WHITESPACE)
        buf_add(to, str_from((const char *)xmlTextReaderConstValue(r)));
}

// Everything inside <t> up to the end of the element at hand, without <rPh>.
static bool take_rich_text(xmlTextReader *r, const char *until, Buf *to, Err *err)
{
    bool in_text = false, phonetic = false;
    if (xmlTextReaderIsEmptyElement(r))
        return true;
    while (step(r, err)) {
        if (ends(r, until))
            return true;
        phonetic = starts(r, "rPh") ? !xmlTextReaderIsEmptyElement(r) : phonetic && !ends(r, "rPh");
        in_text = starts(r, "t") ? !xmlTextReaderIsEmptyElement(r) : in_text && !ends(r, "t");
        if (in_text && !phonetic)
            add_text(r, to);
    }
    return err->kind != ERR_NONE ? false : err_set(err, ERR_CORRUPT, "the workbook's XML is cut off");
}

static bool read_strings(Workbook *w, Err *err)
{
    Str text;
    Err why = {0};
    if (!zipfile_read(&w->zip, S("xl/sharedStrings.xml"), w->arena, &text, &why))
        return why.kind == ERR_NOT_FOUND || (*err = why, false);
    CLEANUP(close_xml) xmlTextReader *r = open_xml(text, err);
    CLEANUP(buf_free) Buf value = buf_with_max(WORKBOOK_CELL_MAX_BYTES);
    while (r && step(r, &why)) {
        if (!starts(r, "si"))
            continue;
        buf_clear(&value);
        if (!take_rich_text(r, "si", &value, &why))
            break;
        if (w->strings_count == WORKBOOK_STRINGS_MAX)
            return err_set(err, ERR_LIMIT, "the workbook has more than %d texts", WORKBOOK_STRINGS_MAX);
        *arena_push(w->arena, &w->strings, &w->strings_count, &w->strings_capacity) =
            arena_copy(w->arena, buf_str(&value));
    }
    return r && (why.kind == ERR_NONE || (*err = why, false));
}

// ---- dates

static bool is_date_format(int id, Str code)
{
    if ((id >= 14 && id <= 17) || id == 22 || (id >= 27 && id <= 31) || (id >= 34 && id <= 36) ||
        (id >= 50 && id <= 58))
        return true;
    bool quoted = false;
    for (size_t i = 0; i < code.n; i++) {
        if (code.p[i] == '"' || code.p[i] == '[' || code.p[i] == ']')
            quoted = code.p[i] == '"' ? !quoted : code.p[i] == '[';
        else if (!quoted && (code.p[i] == 'y' || code.p[i] == 'Y' || code.p[i] == 'd' || code.p[i] == 'e'))
            return true;
    }
    return false;
}

typedef struct {
    int id;
    Str code;
} Format;

static bool read_styles(Workbook *w, Err *err)
{
    Str text;
    Err why = {0};
    Format *formats = NULL;
    size_t count = 0, capacity = 0;
    bool in_cells = false;
    if (!zipfile_read(&w->zip, S("xl/styles.xml"), w->arena, &text, &why))
        return why.kind == ERR_NOT_FOUND || (*err = why, false);
    CLEANUP(close_xml) xmlTextReader *r = open_xml(text, err);
    while (r && step(r, &why)) {
        int id = 0;
        if (starts(r, "numFmt") && str_to_int(attribute(r, "numFmtId", w->arena), 0, INT32_MAX, &id))
            *arena_push(w->arena, &formats, &count, &capacity) =
                (Format){id, attribute(r, "formatCode", w->arena)};
        in_cells = starts(r, "cellXfs") || (in_cells && !ends(r, "cellXfs"));
        if (!in_cells || !starts(r, "xf"))
            continue;
        Str code = {0};
        (void)str_to_int(attribute(r, "numFmtId", w->arena), 0, INT32_MAX, &id);
        for (size_t i = 0; i < count; i++)
            if (formats[i].id == id)
                code = formats[i].code;
        *arena_push(w->arena, &w->is_date, &w->styles_count, &w->styles_capacity) = is_date_format(id, code);
    }
    return r && (why.kind == ERR_NONE || (*err = why, false));
}

// Days since 1899-12-30 (or 1904-01-01) as a calendar day; the algorithm is the usual one for the proleptic
// calendar.
static Str date_of_serial(const Workbook *w, double serial, Arena *a)
{
    int64_t days = (int64_t)floor(serial) - (w->from_1904 ? 24107 : 25569); // since 1970-01-01
    days += !w->from_1904 && serial < 60; // spreadsheets believe in a 29 February 1900
    int64_t z = days + 719468, era = (z >= 0 ? z : z - 146096) / 146097, doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365,
            doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153, day = doy - (153 * mp + 2) / 5 + 1, month = mp < 10 ? mp + 3 : mp - 9;
    return arena_printf(a, "%lld-%02lld-%02lld", (long long)(yoe + era * 400 + (month <= 2)),
        (long long)month, (long long)day);
}

// "0.30000000000000004" is 0.3 to whoever typed it; "1938" stays "1938".
static Str number_text(const Workbook *w, Str value, bool is_date, Arena *a)
{
    char text[64];
    if (value.n == 0 || value.n >= sizeof(text))
        return arena_copy(a, value);
    memcpy(text, value.p, value.n);
    text[value.n] = '\0';
    char *end;
    double number = strtod(text, &end);
    if (*end || !isfinite(number))
        return arena_copy(a, value);
    if (is_date && number >= 1 && number < 2958466)
        return date_of_serial(w, number, a);
    return arena_printf(a, "%.15g", number);
}

// ---- sheets

static bool read_sheets(Workbook *w, Err *err)
{
    Str text;
    Err why = {0};
    if (!zipfile_read(&w->zip, S("xl/workbook.xml"), w->arena, &text, err))
        return false;
    CLEANUP(close_xml) xmlTextReader *r = open_xml(text, err);
    while (r && step(r, &why)) {
        if (starts(r, "workbookPr")) {
            Str flag = attribute(r, "date1904", w->arena);
            w->from_1904 = str_eq(flag, S("1")) || str_eq(flag, S("true"));
        }
        if (starts(r, "sheet") && w->sheets++ == 0) {
            w->sheet_name = attribute(r, "name", w->arena);
            w->sheet_relation = attribute(r, "id", w->arena);
        }
    }
    return r && (why.kind == ERR_NONE || (*err = why, false));
}

static Str find_sheet(Workbook *w)
{
    Str text, target = {0};
    Err ignored = {0};
    if (!zipfile_read(&w->zip, S("xl/_rels/workbook.xml.rels"), w->arena, &text, &ignored))
        return S("xl/worksheets/sheet1.xml");
    CLEANUP(close_xml) xmlTextReader *r = open_xml(text, &ignored);
    while (r && step(r, &ignored))
        if (starts(r, "Relationship") && str_eq(attribute(r, "Id", w->arena), w->sheet_relation))
            target = attribute(r, "Target", w->arena);
    if (target.n == 0)
        return S("xl/worksheets/sheet1.xml");
    if (target.p[0] == '/')
        return str_slice(target, 1, target.n);
    return arena_printf(w->arena, "xl/" FMT_STR, ARG_STR(target));
}

Workbook *workbook_open(Str file, Err *err)
{
    Workbook *w = mem_alloc(sizeof(*w));
    w->arena = arena_open();
    Str sheet;
    *err = (Err){0};
    bool good = zipfile_open(file, w->arena, &w->zip, err) && read_sheets(w, err) && read_styles(w, err) &&
                read_strings(w, err) && zipfile_read(&w->zip, find_sheet(w), w->arena, &sheet, err) &&
                (w->rows = open_xml(sheet, err));
    if (!good) {
        workbook_close(w);
        return NULL;
    }
    return w;
}

void workbook_close(Workbook *w)
{
    if (!w)
        return;
    close_xml(&w->rows);
    arena_close(w->arena);
    free(w);
}

Str workbook_sheet(const Workbook *w)
{
    return w->sheet_name;
}

int workbook_sheets(const Workbook *w)
{
    return w->sheets;
}

// ---- rows

// "AB12" is column 27, counted from 0; `otherwise` where a cell does not say.
static size_t column_of(Str reference, size_t otherwise)
{
    size_t column = 0, i = 0;
    for (; i < reference.n && i < 4 && reference.p[i] >= 'A' && reference.p[i] <= 'Z'; i++)
        column = column * 26 + (size_t)(reference.p[i] - 'A') + 1;
    return column ? column - 1 : otherwise;
}

static bool take_value(Workbook *w, Buf *value, Err *err)
{
    bool in_value = false;
    while (step(w->rows, err)) {
        if (ends(w->rows, "c"))
            return true;
        if (starts(w->rows, "is") && !take_rich_text(w->rows, "is", value, err))
            return false;
        in_value =
            starts(w->rows, "v") ? !xmlTextReaderIsEmptyElement(w->rows) : in_value && !ends(w->rows, "v");
        if (in_value)
            add_text(w->rows, value);
    }
    return err->kind != ERR_NONE ? false : err_set(err, ERR_CORRUPT, "the sheet is cut off");
}

static bool take_cell(Workbook *w, Arena *a, Str *ret, Err *err)
{
    CLEANUP(buf_free) Buf value = buf_with_max(WORKBOOK_CELL_MAX_BYTES);
    Str type = attribute(w->rows, "t", a), style = attribute(w->rows, "s", a);
    int number;
    if (!xmlTextReaderIsEmptyElement(w->rows) && !take_value(w, &value, err))
        return false;
    if (value.full)
        return err_set(err, ERR_LIMIT, "a cell is longer than 1 MB");
    *ret = (Str){0};
    if (str_eq(type, S("s"))) {
        if (str_to_int(buf_str(&value), 0, INT32_MAX, &number) && (size_t)number < w->strings_count)
            *ret = w->strings[number];
    } else if (type.n == 0 || str_eq(type, S("n"))) {
        bool is_date = str_to_int(style, 0, INT32_MAX, &number) && (size_t)number < w->styles_count &&
                       w->is_date[number];
        *ret = number_text(w, buf_str(&value), is_date, a);
    } else if (str_eq(type, S("b"))) {
        *ret = str_eq(buf_str(&value), S("1")) ? S("true") : S("false");
    } else if (!str_eq(type, S("e"))) {
        *ret = arena_copy(a, buf_str(&value));
    }
    return true;
}

static bool take_cells(Workbook *w, Arena *a, TableRow *ret, Err *err)
{
    Str *cells = NULL;
    size_t count = 0, capacity = 0;
    bool blank = true;
    for (;;) {
        if (!step(w->rows, err))
            return err->kind != ERR_NONE ? false : err_set(err, ERR_CORRUPT, "the sheet is cut off");
        if (ends(w->rows, "row"))
            break;
        if (!starts(w->rows, "c"))
            continue;
        size_t column = column_of(attribute(w->rows, "r", a), count);
        if (column >= TABLE_CELLS_MAX)
            return err_set(err, ERR_LIMIT, "the row has more than %d cells", TABLE_CELLS_MAX);
        while (count <= column)
            *arena_push(a, &cells, &count, &capacity) = (Str){0};
        if (!take_cell(w, a, &cells[column], err))
            return false;
        blank = blank && str_trim(cells[column]).n == 0;
    }
    *ret = (TableRow){.cells = cells, .count = count, .lines = 1, .blank = blank};
    return true;
}

TableStep workbook_next(Workbook *w, Arena *a, TableRow *ret, int64_t *ret_line, Err *err)
{
    *err = (Err){0};
    while (step(w->rows, err)) {
        int line;
        if (!starts(w->rows, "row"))
            continue;
        w->line = str_to_int(attribute(w->rows, "r", a), 1, WORKBOOK_ROWS_MAX, &line) && line > w->line
                      ? line
                      : w->line + 1;
        *ret_line = w->line;
        if (xmlTextReaderIsEmptyElement(w->rows)) {
            *ret = (TableRow){.lines = 1, .blank = true};
            return TABLE_ROW;
        }
        return take_cells(w, a, ret, err) ? TABLE_ROW : TABLE_FAULT;
    }
    return err->kind == ERR_NONE ? TABLE_END : TABLE_FAULT;
}
