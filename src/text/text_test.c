// SPDX-License-Identifier: Apache-2.0
#include "text/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void check_fold(const char *text, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    assert_string_equal(arena_cstr(a, text_fold(a, str_from(text))), want);
}

static void fold(void **state)
{
    (void)state;
    check_fold("", "");
    check_fold("  A\tVase\n\n ", "a vase");
    check_fold("Dürer, Tokuriki Tomikichirô", "durer, tokuriki tomikichiro");
    check_fold("Łódź Ærø Straße İstanbul", "lodz aero strasse istanbul");
    check_fold("ΑΘΉΝΑ Чайковский ё", "αθηνα чаиковскии е");
    check_fold("ＢＬＵＥ １２３ ①", "blue 123 1");
    check_fold("青花瓷 博物館 圖繪 図絵 圗繪", "青花瓷 博物馆 图绘 图绘 图绘");
    check_fold("山﨑 山崎", "山崎 山崎");
    check_fold("カタカナ ｶﾞｷﾞﾊﾟ がぎぱ", "かたかな がぎぱ がぎぱ");
    check_fold("か\xE3\x82\x99", "が");
    check_fold("한국", "한국");
    check_fold("مُتْحَف كتابـة", "متحف كتابه");
    check_fold("๑๒๓ ٣٤", "123 34");
    // What is not text at all must come through as something, not as a crash.
    check_fold("\xff\xfe x", "\xEF\xBF\xBD\xEF\xBF\xBD x");
    check_fold("\xed\xa0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
    check_fold("\x01\x02 a\x7f", "a");
}

// want: the tokens, each followed by ':' and its position; stems behind '/'.
static void check_tokens(const char *text, const char *lang, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TextToken *tokens;
    size_t count;
    assert_true(text_tokens(a, str_from(text), str_from(lang), &tokens, &count, &err));
    Str got = S("");
    for (size_t i = 0; i < count; i++) {
        const TextToken *t = &tokens[i];
        assert_true(t->at + t->size <= strlen(text));
        got = arena_printf(a, FMT_STR "%s" FMT_STR "%s" FMT_STR ":%u", ARG_STR(got), i ? " " : "",
            ARG_STR(t->text), t->stem.n ? "/" : "", ARG_STR(t->stem), t->position);
    }
    assert_string_equal(arena_cstr(a, got), want);
}

static void tokens(void **state)
{
    (void)state;
    check_tokens("", "en", "");
    check_tokens("Two vases", "en", "two:0 vases/vase:1");
    check_tokens("Two vases", "", "two:0 vases:1");
    check_tokens("青花瓷", "zh", "青:0 青花:0 花:1 花瓷:1 瓷:2");
    check_tokens("青 花", "zh", "青:0 花:1");
    check_tokens("第２０回 T型", "ja", "第:0 20:1 回:2 t:3 型:4");
    check_tokens("1998.44 N04156", "", "1998:0 44:1 n04156:2");
    check_tokens(
        "Pro-phy-lac-tic O'Keeffe", "", "pro:0 phy:1 lac:2 tic:3 prophylactic:0 o:4 keeffe:5 okeeffe:4");
    check_tokens("a - b", "", "a:0 b:1");
    check_tokens("''--..", "", "");
    check_tokens("ｶﾞ", "", "が:0");
    check_tokens("ｱｶﾞ", "", "あ:0 あが:0 が:1");
    check_tokens("ที่", "", "ที่:0");
    check_tokens("กที่", "", "ก:0 กที่:0 ที่:1");
    check_tokens("\xff\xff", "", "");
    check_tokens("e\xCC\x81te\xCC\x81", "fr", "ete:0");
}

static void long_word(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    char *word = arena_alloc(a, 100000);
    memset(word, 'a', 99999);
    TextToken *list;
    size_t count;
    assert_true(text_tokens(a, (Str){word, 99999}, S("en"), &list, &count, &err));
    assert_int_equal(count, 1);
    assert_true(list[0].text.n < 100);
}

static void check_key(const char *text, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    assert_string_equal(arena_cstr(a, text_key(a, str_from(text))), want);
}

static void keys(void **state)
{
    (void)state;
    check_key("1998.44", "199844");
    check_key(" 1998-44 ", "199844");
    check_key("N04156", "n04156");
    check_key("第一批-004", "第一批004");
    check_key("...", "");
}

static void check_romanised(const char *text, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    assert_string_equal(arena_cstr(a, text_romanise(a, str_from(text))), want);
}

static void romanised(void **state)
{
    (void)state;
    check_romanised("Vase", "");
    check_romanised("", "");
    check_romanised("青花", "qing hua");
    check_romanised("青花 vase", "qing hua vase");
    check_romanised("とうきょう", "tokyo");
    check_romanised("キッチン しゃしん", "kitchin shashin");
    check_romanised("고려청자", "goryeocheongja");
    check_romanised("Чехов", "chekhov");
    check_romanised("Αθήνα", "athina");
}

static void check_split(const char *word, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str ways[4];
    int count = text_pinyin_split(a, str_from(word), ways, 4);
    assert_string_equal(count ? arena_cstr(a, ways[0]) : "", want);
}

static void splits(void **state)
{
    (void)state;
    check_split("qinghua", "qing hua");
    check_split("maolingshidiao", "mao ling shi diao");
    check_split("ligui", "li gui");
    check_split("chunhuadading", "chun hua da ding");
    check_split("chienlung", "qian long");
    check_split("vase", "");
    check_split("", "");
    check_split("nnnnnnnnnnnnnnnnnnnnnnnnnnnnnn", "");
    check_split("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "");
}

static void check_years(const char *text, int earliest, int latest)
{
    int from = 1, to = 1;
    bool found = text_years(str_from(text), &from, &to);
    if (found != (earliest <= latest) || (found && (from != earliest || to != latest)))
        fail_msg("\"%s\": %d..%d, wanted %d..%d", text, from, to, earliest, latest);
}

static void check_no_years(const char *text)
{
    int from, to;
    if (text_years(str_from(text), &from, &to))
        fail_msg("\"%s\": %d..%d, wanted nothing", text, from, to);
}

static void years(void **state)
{
    (void)state;
    check_years("1998", 1998, 1998);
    check_years("1972-1973", 1972, 1973);
    check_years("1976–7", 1976, 1977);
    check_years("1900-10", 1900, 1910);
    check_years("c. 1938-1948", 1933, 1953);
    check_years("ca. 1620", 1615, 1625);
    check_years("c.1790", 1785, 1795);
    check_years("1920s", 1920, 1929);
    check_years("1800s", 1800, 1899);
    check_years("December 1959 - January 1960", 1959, 1960);
    check_years("31/02/1999", 1999, 1999);
    check_years("19th century", 1801, 1900);
    check_years("late 19th century", 1867, 1900);
    check_years("early 18th century", 1701, 1733);
    check_years("second half of the 18th century", 1751, 1800);
    check_years("15th-16th century", 1401, 1600);
    check_years("15th century", 1401, 1500);
    check_years("XIXe siècle", 1801, 1900);
    check_years("siglo XVIII", 1701, 1800);
    check_years("18. Jahrhundert", 1701, 1800);
    check_years("19世纪", 1801, 1900);
    check_years("十九世紀", 1801, 1900);
    check_years("19世紀", 1801, 1900);
    check_years("300 BCE", -299, -299);
    check_years("300-200 BCE", -299, -199);
    check_years("3rd century BC", -299, -200);
    check_years("100 BC - 50 AD", -99, 50);
    check_years("2nd millennium BCE", -1999, -1000);
    check_years("公元前300年", -299, -299);
    check_years("前3世纪", -299, -200);
    check_years("before 1850", 1800, 1850);
    check_years("西周", -1045, -770);
    check_years("商", -1599, -1045);
    check_years("Ming", 1368, 1644);
    check_years("Ming dynasty (1368-1644)", 1368, 1644);
    check_years("明", 1368, 1644);
    check_years("乾隆", 1736, 1795);
    check_years("乾隆二十年", 1755, 1755);
    check_years("昭和４３年度", 1968, 1968);
    check_years("平成元年", 1989, 1989);
    check_years("Meiji period", 1868, 1912);
    check_years("江戸時代", 1603, 1868);
    check_years("1963年", 1963, 1963);
    check_years("一六二〇年", 1620, 1620);
    check_years("Victorian", 1837, 1901);
    check_no_years("");
    check_no_years("date not known");
    check_no_years("n.d.");
    check_no_years("12");
    check_no_years("----");
    check_no_years("999999999999999999999");
    check_no_years("century");
    check_no_years("Hand");
}

static void sorting(void **state)
{
    (void)state;
    static const char *const order[] = {"", "Album 2", "album 10", "Éventail", "Vase", "Zebra", "ёлка"};
    unsigned char before[TEXT_SORT_KEY_BYTES] = {0}, here[TEXT_SORT_KEY_BYTES];
    for (size_t i = 0; i < COUNT_OF(order); i++) {
        text_sort_key(str_from(order[i]), here);
        assert_true(memcmp(before, here, sizeof(here)) <= 0);
        memcpy(before, here, sizeof(here));
    }
}

// want: each size in millimetres or grams, behind it what it was read from.
static void check_measures(const char *text, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    TextMeasure found[8];
    size_t count = text_measures(str_from(text), found, COUNT_OF(found));
    Str got = S("");
    for (size_t i = 0; i < count; i++)
        got = arena_printf(a, FMT_STR "%s%.5g %s <%.*s>", ARG_STR(got), i ? ", " : "", found[i].value,
            found[i].kind == TEXT_LENGTH ? "mm" : "g", (int)found[i].size, text + found[i].at);
    assert_string_equal(arena_cstr(a, got), want);
}

static void measures(void **state)
{
    (void)state;
    check_measures("27 cm", "270 mm <27 cm>");
    check_measures("H. 27.3 x W. 12 cm", "273 mm <27.3>, 120 mm <12 cm>");
    check_measures("27,3 × 12 × 5 cm (10 3/4 x 4 11/16 in.)",
        "273 mm <27,3>, 120 mm <12>, 50 mm <5 cm>, 273.05 mm <10 3/4>, 119.06 mm <4 11/16 in>");
    check_measures("10⅝ in.", "269.88 mm <10⅝ in>");
    check_measures("10-5/8 inches", "269.88 mm <10-5/8 inches>");
    check_measures("⅞ in", "22.225 mm <⅞ in>");
    check_measures("5 ft 3 in", "1524 mm <5 ft>, 76.2 mm <3 in>");
    check_measures("6'2\"", "1828.8 mm <6'>, 50.8 mm <2\">");
    check_measures("1,200 mm", "1200 mm <1,200 mm>");
    check_measures("0,125 m", "125 mm <0,125 m>");
    check_measures("10–12 cm", "100 mm <10>, 120 mm <12 cm>");
    check_measures("高27.5厘米 口徑１２公分", "275 mm <27.5厘米>, 120 mm <１２公分>");
    check_measures("縦30センチ", "300 mm <30センチ>");
    check_measures("высота 27 см, 3 кг", "270 mm <27 см>, 3000 g <3 кг>");
    check_measures("1.5 kg; 3 lb 2 oz", "1500 g <1.5 kg>, 1360.8 g <3 lb>, 56.699 g <2 oz>");
    // No sizes.
    check_measures("", "");
    check_measures("1998.44", "");
    check_measures("27", "");
    check_measures("27 chairs, 3 men, 5 grapes", "");
    check_measures("N04156cm x", "");
    check_measures("x x x 3 x x cm", "");
    check_measures("1/0 in 7/5 cm", "0 mm <0 in>, 50 mm <5 cm>");
    check_measures("999999999999999999999999 m", "");
    check_measures("999999999 m", "1e+12 mm <999999999 m>");
    check_measures("1 x 2 x 3 x 4 x 5 x 6 x 7 x 8 x 9 x 10 cm", "100 mm <10 cm>");
    check_measures("\xff\xff 3\xff cm", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fold),
        cmocka_unit_test(tokens),
        cmocka_unit_test(long_word),
        cmocka_unit_test(keys),
        cmocka_unit_test(romanised),
        cmocka_unit_test(splits),
        cmocka_unit_test(years),
        cmocka_unit_test(sorting),
        cmocka_unit_test(measures),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
