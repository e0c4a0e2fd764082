// SPDX-License-Identifier: Apache-2.0
// What the pages are made from, without a server: addresses of searches, languages, proportions, names of
// centuries.
#include "site/int.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static Arena *arena;

static int setup(void **state)
{
    (void)state;
    arena = arena_open();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    arena_close(arena);
    return 0;
}

static void check_address(const SearchPlace *place, const char *want)
{
    assert_string_equal(arena_cstr(arena, search_address(arena, place).address), want);
}

static void one_search_has_one_address(void **state)
{
    (void)state;
    SearchAsk ask = {.q = S("blue & white"), .filters_count = 2};
    ask.filters[0] = (SearchFilter){S("maker"), S("Li")};
    ask.filters[1] = (SearchFilter){S("century"), S("-3")};
    SearchFilter print = {S("classification"), S("prints/drawings")};
    check_address(&(SearchPlace){.ask = &ask}, "/search?q=blue%20%26%20white&century=-3&maker=Li");
    check_address(&(SearchPlace){.ask = &ask, .add = print},
        "/search?q=blue%20%26%20white&century=-3&classification=prints%2Fdrawings&maker=Li");
    check_address(
        &(SearchPlace){.ask = &ask, .without = ask.filters[0]}, "/search?q=blue%20%26%20white&century=-3");
    check_address(&(SearchPlace){.ask = &ask, .add = ask.filters[0]},
        "/search?q=blue%20%26%20white&century=-3&maker=Li");
    check_address(&(SearchPlace){.ask = &ask, .bare = true}, "/search?q=blue%20%26%20white");
    check_address(
        &(SearchPlace){.ask = &ask, .bare = true, .sorted = true, .sort = SEARCH_BY_DATE, .cursor = S("9+1")},
        "/search?q=blue%20%26%20white&sort=date&cursor=9%2B1");
    check_address(
        &(SearchPlace){
            .ask = &ask, .facet = S("maker"), .contains = S("a/b"), .offset = 100, .exactly = true},
        "/search/facet/maker?q=blue%20%26%20white&century=-3&maker=Li&exact=1&contains=a%2Fb&offset=100");
    SearchAsk all = {0};
    check_address(&(SearchPlace){.ask = &all, .sorted = true, .diversity = 0.5}, "/search?diversity=0.5");
    check_address(&(SearchPlace){.ask = &all, .facet = S("place")}, "/search/facet/place");
    check_address(&(SearchPlace){.ask = &all}, "/search");
    check_address(&(SearchPlace){.ask = &all, .add = {S("place"), S("青\"'<>")}},
        "/search?place=%E9%9D%92%22%27%3C%3E");
}

static void check_lang(const char *tag, const char *want)
{
    const Words *words = lang_find(str_from(tag));
    assert_string_equal(words ? arena_cstr(arena, words->tag) : "(none)", want);
}

static void languages(void **state)
{
    (void)state;
    check_lang("en", "en");
    check_lang("en-GB", "en");
    check_lang("EN", "en");
    check_lang("zh-CN", "zh-Hans");
    check_lang("zh-hans", "zh-Hans");
    check_lang("zh", "zh-Hans");
    check_lang("fr", "(none)");
    check_lang("", "(none)");
    check_lang("*", "(none)");
    check_lang("-", "(none)");
    check_lang("../../etc", "(none)");
}

static void check_pick(const char *visitor, const char *otherwise, const char *want)
{
    static const RecordText texts[] = {{S("ja"), S("杯 ja")}, {S("en-US"), S("cup us")}, {S("en"), S("cup")},
        {S("fr"), S("")}, {S("de"), S("Tasse")}};
    RecordText got = lang_pick(texts, COUNT_OF(texts), str_from(visitor), str_from(otherwise));
    assert_string_equal(arena_cstr(arena, got.text), want);
}

static void the_text_a_visitor_reads(void **state)
{
    (void)state;
    check_pick("en", "ja", "cup");
    check_pick("en-GB", "ja", "cup us");
    check_pick("zh-Hans", "de", "Tasse");
    check_pick("fr", "de", "Tasse"); // an empty text is none
    check_pick("zh-Hans", "und", "杯 ja");
    check_pick("", "", "杯 ja");
}

static void check_shape(int width, int height, const char *want)
{
    assert_string_equal(arena_cstr(arena, card_shape(arena, width, height)), want);
}

static void proportions(void **state)
{
    (void)state;
    check_shape(100, 100, "r70");
    check_shape(250, 1000, "r0");
    check_shape(1000, 250, "r140");
    check_shape(100, 1000, "r0 edge-shape");
    check_shape(100000, 1, "r151 edge-shape");
    check_shape(1, 100000, "r0 edge-shape");
    check_shape(INT32_MAX, INT32_MAX, "r70");
}

static void check_value(const Words *words, const char *facet, const char *value, const char *want)
{
    Visit v = {.a = arena, .w = words};
    SearchFacetValue one = {.value = str_from(value)};
    assert_string_equal(arena_cstr(arena, facet_value_name(&v, str_from(facet), &one)), want);
}

static void values_in_words(void **state)
{
    (void)state;
    const Words *en = lang_find(S("en")), *zh = lang_find(S("zh-Hans"));
    check_value(en, "century", "1", "1st century");
    check_value(en, "century", "2", "2nd century");
    check_value(en, "century", "3", "3rd century");
    check_value(en, "century", "11", "11th century");
    check_value(en, "century", "12", "12th century");
    check_value(en, "century", "21", "21st century");
    check_value(en, "century", "-3", "3rd century BCE");
    check_value(zh, "century", "-3", "公元前 3 世纪");
    check_value(en, "century", "0", "0");
    check_value(en, "century", "many", "many");
    check_value(en, "rights", "http://creativecommons.org/licenses/by-sa/4.0/", "CC BY-SA 4.0");
    check_value(en, "rights", "https://creativecommons.org/publicdomain/zero/1.0/", "CC0 1.0");
    check_value(en, "rights", "http://example.org/ours", "http://example.org/ours");
    check_value(en, "language", "zh-Hans", "简体中文");
    check_value(en, "language", "tlh", "tlh");
    check_value(zh, "has", "image", "图片");
    check_value(en, "classification", "<b>", "<b>");
}

static void a_histogram_keeps_the_gaps(void **state)
{
    (void)state;
    Visit v = {.a = arena, .w = lang_find(S("en"))};
    SearchAsk ask = {0};
    SearchFacetValue values[] = {{.value = S("2"), .count = 100}, {.value = S("-2"), .count = 1},
        {.value = S("0"), .count = 5}, {.value = S("99999"), .count = 5}, {.value = S("x"), .count = 5}};
    PartHistogram h = facet_histogram(
        &v, &ask, &(SearchFacet){.name = S("century"), .values = values, .count = COUNT_OF(values)});
    assert_int_equal(h.bars.count, 2);
    assert_int_equal(h.width, 4 * 24); // 2nd BCE, 1st BCE, 1st, 2nd
    assert_int_equal(h.bars.items[0].x, 0);
    assert_int_equal(h.bars.items[0].height, 3); // one work is seen beside a hundred
    assert_int_equal(h.bars.items[1].x, 3 * 24);
    assert_int_equal(h.bars.items[1].height, 100);
    h = facet_histogram(&v, &ask, &(SearchFacet){.name = S("century")});
    assert_int_equal(h.bars.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_search_has_one_address, setup, teardown),
        cmocka_unit_test_setup_teardown(languages, setup, teardown),
        cmocka_unit_test_setup_teardown(the_text_a_visitor_reads, setup, teardown),
        cmocka_unit_test_setup_teardown(proportions, setup, teardown),
        cmocka_unit_test_setup_teardown(values_in_words, setup, teardown),
        cmocka_unit_test_setup_teardown(a_histogram_keeps_the_gaps, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
