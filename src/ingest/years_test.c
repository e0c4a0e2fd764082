// SPDX-License-Identifier: Apache-2.0
#include "ingest/years.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check(const char *text, int earliest, int latest)
{
    int from = 99999, to = 99999;
    if (years_guess(str_from(text), &from, &to) != YEARS_FOUND || from != earliest || to != latest)
        fail_msg("\"%s\": %d to %d instead of %d to %d", text, from, to, earliest, latest);
}

static void refuse(const char *text, YearsAnswer want)
{
    int from = 7, to = 7;
    if (years_guess(str_from(text), &from, &to) != want)
        fail_msg("\"%s\" gives %d to %d", text, from, to);
    assert_true(from == 7 && to == 7);
}

static void plain(void **state)
{
    (void)state;
    check("1972", 1972, 1972);
    check("1972-1973", 1972, 1973);
    check("c. 1938-1948", 1938, 1948);
    check("ca. 1799–1810", 1799, 1810);
    check("1787–88", 1787, 1788);
    check("1938/39", 1938, 1939);
    check("1938-05-03", 1938, 1938);
    check("03.05.1938", 1938, 1938);
    check("May 1867", 1867, 1867);
    check("1789, eighth month", 1789, 1789);
    check("1940, manufactured 1948", 1940, 1948);
    check("Project: 1902-1907; Drawn December 10, 1904", 1902, 1907);
    check("1960s", 1960, 1969);
    check("c. 1920s", 1920, 1929);
    check("１９５０年", 1950, 1950);
    check("2003年", 2003, 2003);
    check("19xx", 1900, 1999);
    check("-0300", -300, -300);
}

static void centuries(void **state)
{
    (void)state;
    check("19th century", 1801, 1900);
    check("early 19th century", 1801, 1840);
    check("mid 19th century", 1831, 1870);
    check("c. second half of the 19th century-early 20th century", 1851, 1940);
    check("c. 18-19th century", 1701, 1900);
    check("18. Jahrhundert", 1701, 1800);
    check("18.-19. Jh.", 1701, 1900);
    check("XVIIIe siècle", 1701, 1800);
    check("siglo XIX", 1801, 1900);
    check("19世纪", 1801, 1900);
    check("十九世紀", 1801, 1900);
    check("3rd century BCE", -299, -200);
    check("公元前3世纪", -299, -200);
}

static void before_year_one(void **state)
{
    (void)state;
    check("300 BCE", -299, -299);
    check("300-200 B.C.", -299, -199);
    check("44 v. Chr.", -43, -43);
    check("50 av. J.-C.", -49, -49);
    check("50 BC - 25 AD", -49, 25);
    check("公元前221年", -220, -220);
}

static void periods(void **state)
{
    (void)state;
    check("西周", -1045, -770);
    check("北宋", 960, 1127);
    check("三国·吴", 220, 280);
    check("新石器时代", -9999, -1999);
    check("清乾隆", 1736, 1795);
    check("明治12年", 1879, 1879);
    check("江戸時代", 1603, 1868);
    check("唐（618—907）", 618, 907);
    check("Ming dynasty (1368-1644)", 1368, 1644);
    check("Edo period", 1603, 1868);
    check("Western Zhou dynasty", -1045, -770);
}

static void nothing_to_read(void **state)
{
    (void)state;
    refuse("", YEARS_NONE);
    refuse("  ", YEARS_NONE);
    refuse("n.d.", YEARS_NONE);
    refuse("31/02/19xx", YEARS_UNREADABLE);
    refuse("31/02/1950", YEARS_UNREADABLE);
    refuse("12345", YEARS_UNREADABLE);
    refuse("9999999999999999999999", YEARS_UNREADABLE);
    refuse("old", YEARS_UNREADABLE);
    refuse("12", YEARS_UNREADABLE);
    refuse("0000", YEARS_UNREADABLE);
    refuse("\xff\xfe\x80", YEARS_UNREADABLE);
    refuse("- - - -", YEARS_UNREADABLE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(centuries),
        cmocka_unit_test(before_year_one),
        cmocka_unit_test(periods),
        cmocka_unit_test(nothing_to_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
