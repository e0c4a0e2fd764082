// SPDX-License-Identifier: Apache-2.0
#include "preserve/pdf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

// The table at the end names the place of each object, and each stands there.
static void check_table(Str pdf)
{
    size_t at, count;
    assert_true(str_find(pdf, S("\nxref\n0 "), &at) && str_ends(pdf, S("%%EOF\n")));
    char *row;
    count = strtoul(pdf.p + at + 8, &row, 10);
    row += 1 + 20; // the free one
    for (size_t i = 1; i < count; i++, row += 20) {
        char want[32];
        size_t place = strtoul(row, NULL, 10);
        snprintf(want, sizeof(want), "%zu 0 obj\n", i);
        assert_true(str_starts(str_slice(pdf, place, pdf.n), str_from(want)));
    }
    assert_true(str_find(str_slice(pdf, at, pdf.n), S("startxref\n"), &count));
    assert_int_equal(strtoul(pdf.p + at + count + 10, NULL, 10), at + 1);
}

static bool has(Str pdf, const char *what)
{
    size_t at;
    return str_find(pdf, str_from(what), &at);
}

static Str write_one(Arena *a, Str museum, Str text)
{
    Err err = {0};
    Str pdf;
    const PdfLine lines[] = {{PDF_HEADING, {0}, S("Certificate")}, {PDF_ROW, S("Museum"), museum},
        {PDF_TEXT, {0}, text}, {PDF_FIXED, {0}, text}};
    assert_true(pdf_write(S("Certificate"), museum, lines, COUNT_OF(lines), a, &pdf, &err));
    check_table(pdf);
    return pdf;
}

static void scripts(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str pdf = write_one(a,
        S("Mus\xc3\xa9"
          "e (du) \\ <test>"),
        S("all"));
    assert_true(has(pdf, "<4D7573E965202864752920") && has(pdf, "/F0 11 Tf"));
    pdf = write_one(a, S("\xe6\x95\x85\xe5\xae\xae\xe5\x8d\x9a\xe7\x89\xa9\xe9\x99\xa2"), S("x"));
    assert_true(
        has(pdf, "Td /F3 11 Tf <") && has(pdf, "<65455BAE535A72699662>") && has(pdf, "UniGB-UTF16-H"));
    pdf = write_one(a, S("\xe6\x95\x85 x"), S("x")); // each part in the font that has it
    assert_true(has(pdf, "/F3 11 Tf <6545> Tj /F0 11 Tf <2078> Tj ET"));
    pdf = write_one(a, S("\xe3\x81\xbe\xe7\xbe\x8e\xe8\xa1\x93\xe9\xa4\xa8"), S("x"));
    assert_true(has(pdf, "HeiseiMin-W3") && has(pdf, "Japan1"));
    pdf = write_one(a, S("\xea\xb5\xad\xeb\xa6\xbd"), S("x"));
    assert_true(has(pdf, "Korea1"));
    pdf = write_one(a, S("\xf0\xa0\x80\x80"), S("x")); // outside of the basic plane
    assert_true(has(pdf, "<D840DC00>"));
    write_one(a, S(""), S(""));
    write_one(a, S("\xff\xfe broken"), S("a\nb\tc"));
}

static void long_texts(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf text = buf_with_max(1 << 20);
    for (int i = 0; i < 3000; i++)
        buf_add(&text, S("words and "));
    Str pdf = write_one(a, S("x"), buf_str(&text));
    assert_true(has(pdf, "/Count 1") && !has(pdf, "/Count 1/"));
    buf_clear(&text);
    for (int i = 0; i < 2000; i++)
        buf_add(&text, S("\xe9\x9d\x92"));
    write_one(a, S("x"), buf_str(&text));
    Err err = {0};
    PdfLine *lines = arena_array(a, PdfLine, 20000);
    for (int i = 0; i < 20000; i++)
        lines[i] = (PdfLine){PDF_TEXT, {0}, S("a")};
    assert_false(pdf_write(S(""), S(""), lines, 20000, a, &pdf, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(scripts), cmocka_unit_test(long_texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
