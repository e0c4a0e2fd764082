// SPDX-License-Identifier: Apache-2.0
// places.csv: the museum's own table, written by hand or by a spreadsheet program (RFC 4180, also with
// semicolons or tabs between).
#include "base/utf8.h"
#include "place/int.h"
#include "text/text.h"

enum { COLUMNS_MAX = 32 };

typedef struct {
    Str cells[COLUMNS_MAX];
    int count;
    bool torn; // a quote that nothing closes
} Row;

typedef enum { COLUMN_NAME, COLUMN_LATITUDE, COLUMN_LONGITUDE, COLUMN_KM, COLUMNS } Column;

// One cell off the front; quotes inside quotes are doubled. The cell is in the arena or a part of *rest.
static Str take_cell(Str *rest, char between, Arena *a, bool *torn)
{
    size_t at = 0;
    if (rest->n == 0 || rest->p[0] != '"') {
        while (at < rest->n && rest->p[at] != between && rest->p[at] != '\n')
            at++;
        const Str cell = str_trim(str_slice(*rest, 0, at));
        *rest = str_slice(*rest, at, rest->n);
        return cell;
    }
    char *text = arena_alloc(a, rest->n);
    size_t count = 0;
    for (at = 1; at < rest->n; at++) {
        if (rest->p[at] == '"' && (at + 1 == rest->n || rest->p[at + 1] != '"'))
            break;
        at += rest->p[at] == '"';
        text[count++] = rest->p[at];
    }
    *torn |= at >= rest->n;
    while (at < rest->n && rest->p[at] != between && rest->p[at] != '\n')
        at++; // what stands between the closing quote and the next cell is nothing
    *rest = str_slice(*rest, at, rest->n);
    return str_trim((Str){text, count});
}

// False at the end of the file.
static bool take_row(Str *rest, char between, Arena *a, Row *ret)
{
    if (rest->n == 0)
        return false;
    *ret = (Row){0};
    for (;;) {
        const Str cell = take_cell(rest, between, a, &ret->torn);
        if (ret->count < COLUMNS_MAX)
            ret->cells[ret->count++] = cell;
        if (rest->n == 0 || rest->p[0] == '\n')
            break;
        *rest = str_slice(*rest, 1, rest->n);
    }
    *rest = str_slice(*rest, 1, rest->n);
    return true;
}

static char between_of(Str csv)
{
    Str line = csv, rest;
    (void)str_cut(csv, '\n', &line, &rest);
    return memchr(line.p, '\t', line.n) ? '\t' : memchr(line.p, ';', line.n) ? ';' : ',';
}

// Which column is where; -1: missing.
static bool read_head(const Row *row, int ret_at[COLUMNS], Err *err)
{
    static const char *const NAMES[COLUMNS][4] = {{"name", "place", "地点"}, {"latitude", "lat", "纬度"},
        {"longitude", "lon", "lng", "经度"}, {"kilometres", "kilometers", "km", "公里"}};
    for (int c = 0; c < COLUMNS; c++) {
        ret_at[c] = -1;
        for (int i = 0; i < row->count; i++) {
            for (int n = 0; n < 4 && ret_at[c] < 0; n++) {
                if (NAMES[c][n] && str_eq_nocase(row->cells[i], str_from(NAMES[c][n])))
                    ret_at[c] = i;
            }
        }
    }
    if (ret_at[COLUMN_NAME] < 0 || ret_at[COLUMN_LATITUDE] < 0 || ret_at[COLUMN_LONGITUDE] < 0)
        return err_set(err, ERR_INVALID, "the first line names the columns: name, latitude, longitude");
    return true;
}

static Str cell_of(const Row *row, int at)
{
    return at >= 0 && at < row->count ? row->cells[at] : S("");
}

static bool read_entry(const Row *row, const int at[COLUMNS], Entry *ret, Err *err)
{
    const Str name = cell_of(row, at[COLUMN_NAME]), km = cell_of(row, at[COLUMN_KM]);
    const Str north = cell_of(row, at[COLUMN_LATITUDE]), east = cell_of(row, at[COLUMN_LONGITUDE]);
    *ret = (Entry){.kind = PLACE_OWN, .country = {'-', '-'}, .name = name};
    if (row->torn)
        return err_set(err, ERR_INVALID, "a quote is not closed");
    if (name.n == 0 || name.n > PLACE_NAME_MAX_BYTES)
        return err_set(err, ERR_INVALID, "a place has a name of at most %d bytes", PLACE_NAME_MAX_BYTES);
    ret->kept = north.n == 0 && east.n == 0;
    if (ret->kept)
        return true;
    if (!place_read_degrees(north, 90, &ret->latitude))
        return err_set(err, ERR_INVALID, "latitude is a number of degrees from -90 to 90");
    if (!place_read_degrees(east, 180, &ret->longitude))
        return err_set(err, ERR_INVALID, "longitude is a number of degrees from -180 to 180");
    if (km.n && (!place_read_degrees(km, 10000, &ret->km) || ret->km < 0))
        return err_set(err, ERR_INVALID, "kilometres is a number from 0 to 10000");
    return true;
}

// Rows that make no sense are passed over; the first of them is told.
static bool learn_rows(
    Places *p, Str csv, char between, const int at[COLUMNS], int *ret_bad, Err *ret_first, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Row row;
    Entry entry;
    *ret_bad = 0;
    for (int number = 2; take_row(&csv, between, a, &row); number++) {
        Err why = {0};
        if (row.count == 1 && row.cells[0].n == 0)
            continue;
        if (p->own.names_count == PLACES_OWN_MAX)
            return err_set(err, ERR_LIMIT, "more than %d names", PLACES_OWN_MAX);
        if (read_entry(&row, at, &entry, &why)) {
            entry.name = arena_copy(p->arena, entry.name);
            register_add_name(&p->own, text_key(p->arena, entry.name), register_add(&p->own, &entry));
        } else if ((*ret_bad)++ == 0) {
            (void)!err_set(ret_first, why.kind, "row %d: %s", number, why.text);
        }
    }
    return true;
}

bool places_learn(Places *p, Str csv, int *ret_bad, Err *ret_first, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    size_t bad_at;
    int at[COLUMNS];
    Row row;
    if (csv.n > PLACES_OWN_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "more than %d bytes", PLACES_OWN_MAX_BYTES);
    if (!utf8_valid(csv, &bad_at))
        return err_set(err, ERR_INVALID, "not UTF-8 at byte %zu", bad_at);
    if (str_starts(csv, S("\xEF\xBB\xBF")))
        csv = str_slice(csv, 3, csv.n);
    const char between = between_of(csv);
    if (!take_row(&csv, between, a, &row))
        return err_set(err, ERR_INVALID, "the file is empty");
    if (!read_head(&row, at, err))
        return false;
    const bool good = learn_rows(p, csv, between, at, ret_bad, ret_first, err);
    if (!good)
        p->own.entries_count = p->own.names_count = 0;
    register_sort(&p->own);
    return good;
}
