// SPDX-License-Identifier: Apache-2.0
#include "app/options.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static bool flag;
static const char *text;
static int64_t number;
static const Option OPTIONS[] = {
    {"json", OPTION_FLAG, NULL, "print JSON", &flag},
    {"listen", OPTION_TEXT, "ADDR:PORT", "where to listen", &text},
    {"limit", OPTION_NUMBER, "N", "how many", &number},
};

enum { WORDS_MAX = 8 };

// Splits a line at blanks and parses it; want: number of words left, or -1 if it must be refused.
static void check(const char *line, int want)
{
    Err err = {0};
    Rest rest;
    static char copy[128]; // the options point into it after we return
    char *argv[WORDS_MAX];
    int argc = 0;
    flag = false;
    text = NULL;
    number = 0;
    assert_true(strlen(line) < sizeof(copy));
    strcpy(copy, line);
    for (char *at = copy, *word; (word = strsep(&at, " "));)
        if (*word)
            argv[argc++] = word;
    bool good = options_parse(OPTIONS, COUNT_OF(OPTIONS), argc, argv, &rest, &err);
    assert_int_equal(good, want >= 0);
    if (good)
        assert_int_equal(rest.words_count, want);
    else
        assert_int_equal(err.kind, ERR_INVALID);
}

static void parse(void **state)
{
    (void)state;
    check("", 0);
    check("a b", 2);
    check("a --json b", 2);
    assert_true(flag);
    check("--listen :80 x", 1);
    assert_string_equal(text, ":80");
    check("--listen=[::1]:80", 0);
    assert_string_equal(text, "[::1]:80");
    check("--limit 7 -- --json", 1);
    assert_true(number == 7 && !flag);
    check("-", 1);
    check("--nope", -1);
    check("-x", -1);
    check("--json=yes", -1);
    check("--listen", -1);
    check("--limit many", -1);
    check("--limit", -1);
    check("--limit=99999999999999999999", -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parse)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
