// SPDX-License-Identifier: Apache-2.0
#include "ingest/table.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

// Reads the whole text and writes it as "a|b/c|d"; a fault is "!", text that goes on "...". First whole, then
// byte by byte as a window that grows, which must read the same.
static void read_all(const char *text, char separator, bool in_pieces, Buf *out)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf scratch = buf_with_max(TABLE_ROW_MAX_BYTES);
    Str rest = str_from(text);
    size_t shown = in_pieces ? 0 : rest.n;
    for (;;) {
        TableRow row;
        size_t used;
        Err err;
        TableStep step =
            table_take(str_slice(rest, 0, shown), shown >= rest.n, separator, &scratch, a, &row, &used, &err);
        if (step == TABLE_END)
            return;
        if (step == TABLE_MORE) {
            assert_true(shown < rest.n);
            shown++;
            continue;
        }
        if (out->n)
            buf_add_char(out, '/');
        rest = str_slice(rest, used, rest.n);
        shown = in_pieces ? 0 : rest.n;
        if (step == TABLE_FAULT) {
            buf_add_char(out, '!');
            continue;
        }
        for (size_t i = 0; i < row.count; i++) {
            if (i)
                buf_add_char(out, '|');
            buf_add(out, row.cells[i]);
        }
    }
}

static void check(const char *text, char separator, const char *want)
{
    for (int in_pieces = 0; in_pieces < 2; in_pieces++) {
        CLEANUP(buf_free) Buf out = buf_with_max(4096);
        read_all(text, separator, in_pieces, &out);
        buf_add_char(&out, '\0');
        assert_string_equal(out.p, want);
    }
}

static void rows(void **state)
{
    (void)state;
    check("a,b\nc,d\n", ',', "a|b/c|d");
    check("a,b\r\nc,d\r\n", ',', "a|b/c|d");
    check("a,b\rc,d", ',', "a|b/c|d");
    check("a;\"b\nb\";c", ';', "a|b\nb|c");
    check("\"say \"\"so\"\"\",x", ',', "say \"so\"|x");
    check("a\tb\n", '\t', "a|b");
    check("a,,\n,,\n", ',', "a||/||");
    check("\"\",\"\"\n", ',', "|");
    check("a, \"b, c\" ,d", ',', "a|b, c |d");
    check("", ',', "");
}

static void what_spreadsheets_do(void **state)
{
    (void)state;
    check("5\" pipe,6'\n", ',', "5\" pipe|6'");
    check("\"a\"b,c\n", ',', "ab|c");
    check("a,\"b\nc,d\ne,f\n", ',', "!/c|d/e|f");
    check("\"", ',', "!");
    check("a,\"b\"\"", ',', "!");
    check("x\n\n\na\n", ',', "x///a");
    check("a\r\n\r\nb", ',', "a//b");
    check(",", ',', "|");
}

static void counts_lines(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t lines;
        bool blank;
    } ROWS[] = {
        {"a,b\n", 1, false},
        {"\"a\nb\r\nc\rd\",e\r\n", 4, false},
        {" , \t,\n", 1, true},
        {"\n", 1, true},
        {"last", 1, false},
    };
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf scratch = buf_with_max(TABLE_ROW_MAX_BYTES);
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        TableRow row;
        size_t used;
        Err err;
        Str text = str_from(ROWS[i].text);
        assert_int_equal(table_take(text, true, ',', &scratch, a, &row, &used, &err), TABLE_ROW);
        assert_int_equal(row.lines, ROWS[i].lines);
        assert_int_equal(row.blank, ROWS[i].blank);
        assert_int_equal(used, text.n);
    }
}

// A hundred megabytes in one line are a fault, not a hundred megabytes of memory.
static void limits(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf scratch = buf_with_max(TABLE_ROW_MAX_BYTES);
    CLEANUP(buf_free) Buf text = buf_with_max(TABLE_ROW_MAX_BYTES + 100);
    while (text.n < TABLE_ROW_MAX_BYTES + 50)
        buf_add(&text, S("0123456789"));
    buf_add(&text, S("\nnext,row\n"));
    TableRow row;
    size_t used = 0;
    Err err = {0};
    assert_int_equal(table_take(buf_str(&text), true, ',', &scratch, a, &row, &used, &err), TABLE_FAULT);
    Str rest = str_slice(buf_str(&text), used, text.n);
    assert_int_equal(table_take(rest, true, ',', &scratch, a, &row, &used, &err), TABLE_ROW);
    assert_int_equal(row.count, 2);

    buf_clear(&text);
    for (int i = 0; i < TABLE_CELLS_MAX + 1; i++)
        buf_add(&text, S("x,"));
    assert_int_equal(table_take(buf_str(&text), true, ',', &scratch, a, &row, &used, &err), TABLE_FAULT);
}

static void separators(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        char want;
    } ROWS[] = {
        {"a,b,c\n1,2,3\n", ','},
        {"a;b;c\n1,5;2,5;3\n", ';'},
        {"a\tb\n1,2\t3;4\n", '\t'},
        {"a|b|c\n1|2|3\n", '|'},
        {"title;note\n\"x, y; z\";\"a\nb\"\nq;r, s, t\n", ';'},
        {"Inventory, as of 2024\n\nid;title;date\n1;x;y\n2;x;z\n", ';'},
        {"one column\nnothing, else\n", ','},
        {"", ','},
    };
    for (size_t i = 0; i < COUNT_OF(ROWS); i++)
        assert_int_equal(table_guess_separator(str_from(ROWS[i].text), true), ROWS[i].want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(what_spreadsheets_do),
        cmocka_unit_test(counts_lines),
        cmocka_unit_test(limits),
        cmocka_unit_test(separators),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
