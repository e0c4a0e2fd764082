// SPDX-License-Identifier: Apache-2.0
#include "ingest/table.h"

typedef struct {
    Str text;
    size_t at;
    char separator;
    Buf *to; // the characters of all cells, one after the other
    size_t lines;
    bool at_end; // nothing comes after the text
} Reader;

typedef enum { CELL_GOES_ON, CELL_LAST, CELL_CUT, CELL_NEVER_CLOSED } CellStep;

static bool is_line_end(char c)
{
    return c == '\n' || c == '\r';
}

// Passes over LF, CRLF or CR. A CR at the end of what is at hand may be half a CRLF.
static CellStep end_line(Reader *r)
{
    if (r->text.p[r->at] == '\r') {
        if (r->at + 1 == r->text.n && !r->at_end)
            return CELL_CUT;
        r->at += r->at + 1 < r->text.n && r->text.p[r->at + 1] == '\n';
    }
    r->at++;
    r->lines++;
    return CELL_LAST;
}

// One line break is one, however the file writes them.
static size_t count_lines(Str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += s.p[i] == '\n' || (s.p[i] == '\r' && (i + 1 == s.n || s.p[i + 1] != '\n'));
    return count;
}

// From just after the opening quote to just after the closing one.
static CellStep take_quoted(Reader *r)
{
    for (;;) {
        Str rest = str_slice(r->text, r->at, r->text.n);
        const char *quote = rest.n ? memchr(rest.p, '"', rest.n) : NULL;
        if (!quote)
            return r->at_end ? CELL_NEVER_CLOSED : CELL_CUT;
        Str run = str_slice(rest, 0, (size_t)(quote - rest.p));
        if (run.n + 1 == rest.n && !r->at_end)
            return CELL_CUT;
        r->lines += count_lines(run);
        buf_add(r->to, run);
        r->at += run.n + 1;
        if (r->at == r->text.n || r->text.p[r->at] != '"')
            return CELL_GOES_ON;
        buf_add_char(r->to, '"');
        r->at++;
    }
}

static CellStep take_cell(Reader *r)
{
    size_t ahead = r->at;
    while (ahead < r->text.n && r->text.p[ahead] == ' ')
        ahead++;
    if (ahead < r->text.n && r->text.p[ahead] == '"') {
        r->at = ahead + 1;
        CellStep step = take_quoted(r);
        if (step != CELL_GOES_ON)
            return step;
    }
    size_t from = r->at;
    while (r->at < r->text.n && r->text.p[r->at] != r->separator && !is_line_end(r->text.p[r->at]))
        r->at++;
    buf_add(r->to, str_slice(r->text, from, r->at));
    if (r->at == r->text.n)
        return r->at_end ? CELL_LAST : CELL_CUT;
    if (is_line_end(r->text.p[r->at]))
        return end_line(r);
    r->at++;
    return CELL_GOES_ON;
}

static TableStep fault(Str text, size_t *ret_used, Err *err, const char *why)
{
    size_t at = 0;
    while (at < text.n && !is_line_end(text.p[at]))
        at++;
    at += at + 1 < text.n && text.p[at] == '\r' && text.p[at + 1] == '\n';
    *ret_used = MIN_OF(at + 1, text.n);
    err_note_at(err, __FILE__, __LINE__, ERR_INVALID, "%s", why);
    return TABLE_FAULT;
}

static bool is_blank(Str s)
{
    for (size_t i = 0; i < s.n; i++)
        if (s.p[i] != ' ' && s.p[i] != '\t' && !is_line_end(s.p[i]))
            return false;
    return true;
}

TableStep table_take(
    Str text, bool at_end, char separator, Buf *scratch, Arena *a, TableRow *ret, size_t *ret_used, Err *err)
{
    if (text.n == 0)
        return at_end ? TABLE_END : TABLE_MORE;
    bool whole = text.n <= TABLE_ROW_MAX_BYTES;
    Reader r = {.text = str_slice(text, 0, TABLE_ROW_MAX_BYTES),
        .separator = separator,
        .to = scratch,
        .at_end = at_end && whole};
    buf_clear(scratch);
    Str *cells = NULL;
    size_t count = 0, capacity = 0;
    CellStep step;
    do {
        size_t from = scratch->n;
        step = take_cell(&r);
        if (step == CELL_CUT && !whole)
            return fault(text, ret_used, err, "the row is longer than 4 MB: is a quote never closed?");
        if (step == CELL_CUT)
            return TABLE_MORE;
        if (step == CELL_NEVER_CLOSED)
            return fault(text, ret_used, err, "a quote is opened here and never closed");
        if (count == TABLE_CELLS_MAX)
            return fault(text, ret_used, err, "the row has more than 2000 cells");
        // Where a cell lies is known once the buffer has stopped growing; until then, only its length is.
        *arena_push(a, &cells, &count, &capacity) = (Str){NULL, scratch->n - from};
    } while (step == CELL_GOES_ON);
    Str kept = arena_copy(a, buf_str(scratch));
    for (size_t i = 0, at = 0; i < count; at += cells[i++].n)
        cells[i].p = kept.p + at;
    *ret = (TableRow){
        .cells = cells, .count = count, .lines = MAX_OF(r.lines, (size_t)1), .blank = is_blank(kept)};
    *ret_used = r.at;
    return TABLE_ROW;
}

enum { GUESS_ROWS = 30 };

// Cells of each of the first rows that are not blank.
static size_t count_cells(Str text, bool at_end, char separator, size_t counts[GUESS_ROWS])
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf scratch = buf_with_max(TABLE_ROW_MAX_BYTES);
    size_t rows = 0;
    while (rows < GUESS_ROWS) {
        TableRow row;
        size_t used;
        Err err;
        TableStep step = table_take(text, at_end, separator, &scratch, a, &row, &used, &err);
        if (step == TABLE_MORE || step == TABLE_END)
            break;
        text = str_slice(text, used, text.n);
        if (step == TABLE_ROW && !row.blank)
            counts[rows++] = row.count;
    }
    return rows;
}

// How well a separator explains the first rows: the number of cells that most rows have, by the share of rows
// that have it. A title above the table does not count for much then.
static double score(Str text, bool at_end, char separator)
{
    size_t counts[GUESS_ROWS], rows = count_cells(text, at_end, separator, counts);
    double best = 0;
    for (size_t i = 0; i < rows; i++) {
        size_t agree = 0;
        for (size_t j = 0; j < rows; j++)
            agree += counts[j] == counts[i];
        double value = (double)MIN_OF(counts[i], (size_t)50) * (double)agree / (double)rows;
        best = counts[i] > 1 ? MAX_OF(best, value) : best;
    }
    return best;
}

char table_guess_separator(Str text, bool at_end)
{
    char best = ',';
    double best_score = 0;
    for (const char *s = ",;\t|"; *s; s++) {
        double at = score(text, at_end, *s);
        if (at > best_score) {
            best_score = at;
            best = *s;
        }
    }
    return best;
}
