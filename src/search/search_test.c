// SPDX-License-Identifier: Apache-2.0
// What is found, by whom, in which order, and how it is told.
#include "search/museum_test.h"

static void words(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    check(&m, "", "a1 a2 a3 a4");
    check(&m, "vase", "a1 a4");
    check(&m, "vases", "a1 a4");
    check(&m, "VASES", "a1 a4");
    check(&m, "emile galle", "a1");
    check(&m, "青花", "a2");
    check(&m, "青花瓷", "a2");
    check(&m, "花", "a2");
    check(&m, "花青", "");
    check(&m, "qinghua", "a2");
    check(&m, "qing hua ci ping", "a2");
    check(&m, "南京博物館", "a2");
    check(&m, "名所図絵", "a3");
    check(&m, "1998-44", "a1");
    check(&m, "1998 44", "a1");
    check(&m, "199844", "a1");
    check(&m, "turner sunst", "a4");
    check(&m, "turnre", "a4");
    check(&m, "qwzxv plomkijn", "");
    check(&m, "secret", "");
    museum_close(&m);
}

static void operators(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    check(&m, "\"two vases\"", "a1");
    check(&m, "\"vases two\"", "");
    check(&m, "vase NOT boat", "a1");
    check(&m, "vase -boat", "a1");
    check(&m, "galle OR 青花", "a1 a2");
    check(&m, "(galle OR 青花) AND two", "a1");
    check(&m, "title:vase", "a1");
    check(&m, "text:vase", "a4");
    check(&m, "artist:turner", "a4");
    check(&m, "sun*", "a4");
    check(&m, "year:1368..1644", "a2");
    check(&m, "year:1890..", "a1");
    check(&m, "vase year:1830..1850", "a4");
    check(&m, "ming", "a2");
    museum_close(&m);
}

static void dates_in_words(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    static const char *const rows[][2] = {{"1899", "a1"}, {"1890s", "a1"}, {"late 19th century", "a1"},
        {"1895-1900", "a1"}, {"1895–99", "a1"}, {"between 1830 and 1840", "a4"}, {"Ming dynasty", "a2"},
        {"明朝", "a2"}, {"before 1400", "a2"}, {"19th century vase", "a1 a4"},
        // numbers that are none
        {"1998.44", "a1"}, {"1998-44", "a1"}, {"1998 44", "a1"}, {"1899.1024", ""}, {"1899 1024", ""},
        {"1900-1830", ""}, {"1899 vases", "a1"}, {"the time", ""}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&m, rows[i][0], rows[i][1]);
    museum_close(&m);
}

static void check_exact(Museum *m, const char *q, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    SearchAnswer answer = ask(m, (SearchAsk){.q = str_from(q), .exact = true}, a);
    Str got = S("");
    for (size_t i = 0; i < answer.hits_count; i++)
        got = arena_printf(
            a, FMT_STR "%s" FMT_STR, ARG_STR(got), i ? " " : "", ARG_STR(answer.hits[i].object_id));
    assert_string_equal(arena_cstr(a, got), want);
    assert_int_equal(answer.corrected.n, 0);
}

// As written: accents and script variants still do not matter, all else does.
static void exactly(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    check_exact(&m, "vases", "a1");
    check_exact(&m, "vase", "a4");
    check_exact(&m, "galle", "a1");
    check_exact(&m, "名所図絵", "a3");
    check_exact(&m, "turner sunst", "");
    check_exact(&m, "qinghua", "");
    check_exact(&m, "青花", "a2");
    check_exact(&m, "sun*", "a4");
    check_exact(&m, "ming", "");
    check_exact(&m, "", "a1 a2 a3 a4");
    museum_close(&m);
}

// Whatever is typed is read as words; nothing is a syntax error, nothing takes long.
static void odd_input(void **state)
{
    (void)state;
    static const char *const odd[] = {"\"", "\"\"", "(", ")", "((((((((((((((((((((((((", "AND", "OR", "NOT",
        "AND OR NOT", "-", "--", "*", "%", "**", "a*", "title:", ":", "::", "year:", "year:..", "year:x..y",
        "year:99999999999999", "\\", "[a-z]+$", "(a|b)*c", "\x01\x02\x03", "\xff\xfe\xfd", "\xed\xa0\x80",
        "' OR 1=1 --", "<script>", "\"vase", "vase)", "NOT vase", "vase AND", "OR vase", "vase OR",
        "title:\"", "....", "a b c d e f g h i j k l m n o p q r s t u v w x y z"};
    Museum m;
    fill(&m);
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        SearchAnswer answer = ask(&m, (SearchAsk){.q = str_from(odd[i])}, a);
        assert_true(answer.total <= 4);
    }
    char *many = mem_alloc(SEARCH_QUERY_MAX_BYTES + 2);
    for (size_t i = 0; i < SEARCH_QUERY_MAX_BYTES; i++)
        many[i] = i % 3 == 2 ? ' ' : (char)('a' + i % 25);
    CLEANUP(arena_closep) Arena *a = arena_open();
    ask(&m, (SearchAsk){.q = str_from(many)}, a);
    memset(many, '(', SEARCH_QUERY_MAX_BYTES);
    ask(&m, (SearchAsk){.q = str_from(many)}, a);
    many[SEARCH_QUERY_MAX_BYTES] = 'x';
    Err err = {0};
    SearchAnswer answer;
    SearchAsk what = {.q = str_from(many), .limit = 10};
    assert_false(search_ask(m.search, &what, a, &answer, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    free(many);
    museum_close(&m);
}

static void refuse(Museum *m, SearchAsk what)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    SearchAnswer answer;
    what.limit = what.limit ? what.limit : 10;
    assert_false(search_ask(m->search, &what, a, &answer, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static int64_t count_of(const SearchAnswer *answer, const char *facet, const char *value)
{
    for (size_t i = 0; i < answer->facets_count; i++)
        for (size_t k = 0; str_eq(answer->facets[i].name, str_from(facet)) && k < answer->facets[i].count;
             k++)
            if (str_eq(answer->facets[i].values[k].value, str_from(value)))
                return answer->facets[i].values[k].count;
    return 0;
}

static void facets(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    CLEANUP(arena_closep) Arena *a = arena_open();
    SearchAnswer all = ask(&m, (SearchAsk){0}, a);
    assert_int_equal(all.total, 4);
    assert_int_equal(count_of(&all, "collection", "North"), 3);
    assert_int_equal(count_of(&all, "classification", "Glass"), 1); // the hidden one does not count
    assert_int_equal(count_of(&all, "century", "19"), 2);
    assert_int_equal(count_of(&all, "century", "16"), 1);
    assert_int_equal(count_of(&all, "period", "ming"), 1);
    SearchAnswer staff = ask(&m, (SearchAsk){.role = VIEWER_STAFF}, a);
    assert_int_equal(staff.total, 5);
    assert_int_equal(count_of(&staff, "classification", "Glass"), 2);
    SearchAnswer north =
        ask(&m, (SearchAsk){.filters = {{S("collection"), S("North")}}, .filters_count = 1}, a);
    assert_int_equal(north.total, 3);
    assert_int_equal(count_of(&north, "classification", "prints"), 1);
    assert_int_equal(count_of(&north, "classification", "陶瓷"), 0);
    SearchAsk either = {.filters = {{S("classification"), S("prints")}, {S("classification"), S("Glass")}},
        .filters_count = 2};
    assert_int_equal(ask(&m, either, a).total, 2);
    SearchAsk both = {.q = S("vase"),
        .filters = {{S("collection"), S("North")}, {S("century"), S("19")}},
        .filters_count = 2};
    assert_int_equal(ask(&m, both, a).total, 2);
    SearchAsk years = {
        .filters = {{S("year"), S("1830..1840")}, {S("collection"), S("North")}}, .filters_count = 2};
    assert_int_equal(ask(&m, years, a).total, 1);
    refuse(&m, (SearchAsk){.filters = {{S("year"), S("soon")}}, .filters_count = 1});
    refuse(&m, (SearchAsk){.filters = {{S("colour"), S("red")}}, .filters_count = 1});
    refuse(&m, (SearchAsk){.cursor = S("nonsense")});
    refuse(&m, (SearchAsk){.cursor = S("1.0.1")});
    refuse(&m, (SearchAsk){.cursor = S("-1.-1.-1")});
    refuse(&m, (SearchAsk){.limit = SEARCH_LIMIT_MAX + 1});
    museum_close(&m);
}

// Pages by cursor show every record once, also when the index changes between two pages.
static void pages(void **state)
{
    (void)state;
    Museum m;
    museum_open(&m);
    char json[200];
    for (int i = 0; i < 95; i++) {
        snprintf(json, sizeof(json), "{\"id\":\"r%d\",\"titles\":{\"en\":[\"Bowl number %d\"]}}", i, i);
        put(&m, json, 1);
    }
    follow(&m);
    static const SearchSort sorts[] = {
        SEARCH_BY_SCORE, SEARCH_BY_TITLE, SEARCH_BY_DATE, SEARCH_BY_MAKER, SEARCH_BY_NEWEST};
    for (size_t s = 0; s < COUNT_OF(sorts); s++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        bool seen[95] = {false};
        int count = 0;
        SearchAsk what = {.q = S("bowl"), .limit = 10, .sort = sorts[s]};
        for (int page = 0; page == 0 || what.cursor.n; page++) {
            SearchAnswer answer = ask(&m, what, a);
            for (size_t i = 0; i < answer.hits_count; i++) {
                int number;
                assert_true(str_to_int(str_slice(answer.hits[i].object_id, 1, 9), 0, 94, &number));
                assert_false(seen[number]);
                seen[number] = true;
                count++;
            }
            what.cursor = answer.next;
            if (page == 3 && s == 0) {
                put(&m, "{\"id\":\"other\",\"titles\":{\"en\":[\"Plate\"]}}", 1);
                follow(&m);
            }
        }
        assert_int_equal(count, 95);
    }
    museum_close(&m);
}

// All records that a question finds, and the facets of a list of records, agree with what the question itself
// answers: as many, and as often, whatever is hidden.
static void check_all(Museum *m, SearchAsk what)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str *ids;
    size_t count;
    SearchAnswer among;
    const SearchAnswer want = ask(m, what, a);
    FINE(search_all(m->search, &what, a, &ids, &count, &err), err);
    assert_int_equal(count, want.total);
    for (size_t i = 0; i < want.hits_count; i++) {
        bool there = false;
        for (size_t k = 0; k < count; k++)
            there |= str_eq(ids[k], want.hits[i].object_id);
        assert_true(there);
    }
    Str *more = arena_array(a, Str, count + 2); // what may not be seen, or is not there, is in no count
    memcpy(more, ids, sizeof(*ids) * count);
    more[count] = S("a5");
    more[count + 1] = S("nobody");
    FINE(search_facets_among(m->search, &what, more, count + 2, a, &among, &err), err);
    assert_int_equal(among.total, want.total);
    for (size_t f = 0; f < want.facets_count; f++) {
        assert_int_equal(among.facets[f].distinct, want.facets[f].distinct);
        assert_int_equal(among.facets[f].count, want.facets[f].count);
        for (size_t k = 0; k < want.facets[f].count; k++) {
            assert_true(str_eq(among.facets[f].values[k].value, want.facets[f].values[k].value));
            assert_int_equal(among.facets[f].values[k].count, want.facets[f].values[k].count);
            assert_int_equal(among.facets[f].values[k].chosen, want.facets[f].values[k].chosen);
        }
    }
}

static void all_at_once(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    for (int round = 0; round < 2; round++) {
        check_all(&m, (SearchAsk){.q = S("vase")});
        check_all(&m, (SearchAsk){.q = S("vaes")}); // corrected
        check_all(&m, (SearchAsk){.q = S("nothing-like-this-xyzzy")});
        check_all(&m, (SearchAsk){.q = S("bowl"), .limit = 3});
        check_all(
            &m, (SearchAsk){.q = S("bowl"), .filters = {{S("collection"), S("South")}}, .filters_count = 1});
        check_all(&m, (SearchAsk){.filters = {{S("collection"), S("North")}, {S("collection"), S("South")}},
                          .filters_count = 2});
        CatalogBatch *b = begin(&m);
        for (int i = 0; i < 2500 && round == 0; i++) {
            char json[200];
            snprintf(json, sizeof(json),
                "{\"id\":\"r%d\",\"titles\":{\"en\":[\"Bowl number "
                "%d\"]},\"collection\":\"%s\",\"access\":\"%s\"}",
                i, i, i % 3 ? "South" : "West", i % 7 ? "full" : "none");
            put_in(b, json, 1);
        }
        end(b);
        follow(&m);
    }
    museum_close(&m);
}

// want: field, then the snippet with marks as [brackets].
static void check_why(Museum *m, const char *q, const char *json, const char *field, const char *snippet)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Record record;
    const Json *tree = json_parse(str_from(json), a, &err);
    FINE(tree && record_parse(tree, a, &record, &err), err);
    SearchAsk what = {.q = str_from(q)};
    SearchReason *reasons;
    size_t count;
    FINE(search_explain(m->search, &what, &record, a, &reasons, &count, &err), err);
    if (count == 0)
        fail_msg("\"%s\" is not explained", q);
    CLEANUP(buf_free) Buf b = buf_with_max(4096);
    for (size_t i = 0; i < reasons[0].snippet.n; i++) {
        for (size_t k = 0; k < reasons[0].marks_count; k++)
            if (reasons[0].marks[k].at == i)
                buf_add_char(&b, '[');
        buf_add_char(&b, reasons[0].snippet.p[i]);
        for (size_t k = 0; k < reasons[0].marks_count; k++)
            if (reasons[0].marks[k].at + reasons[0].marks[k].size == i + 1)
                buf_add_char(&b, ']');
    }
    assert_string_equal(arena_cstr(a, buf_str(&b)), snippet);
    assert_string_equal(arena_cstr(a, reasons[0].field), field);
}

static void reasons(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    check_why(&m, "vase", records[0], "title", "Two [vases]");
    check_why(&m, "galle", records[0], "maker", "Émile [Gallé]");
    check_why(&m, "青花", records[1], "title", "[青花]瓷瓶");
    check_why(&m, "qinghua", records[1], "title", "[青花]瓷瓶");
    check_why(&m, "porcelain", records[1], "title", "[青花]瓷瓶");
    check_why(&m, "sunst", records[3], "title", "The [Sunset] at Sea");
    check_why(&m, "boat", records[3], "text", "A vase stands in the [boat].");
    static const char film[] =
        "{\"id\":\"f1\",\"titles\":{\"en\":[\"Film\"]},\"transcripts\":[{\"media\":\"f1:1\",\"lang\":\"en\","
        "\"parts\":[{\"t\":\"12.5,14\",\"text\":\"The kiln is opened\"}]}]}";
    put(&m, film, 1);
    follow(&m);
    check(&m, "kiln", "f1");
    check_why(&m, "kiln", film, "transcript", "The [kiln] is opened");
    museum_close(&m);
}

static void sizes(void **state)
{
    (void)state;
    Museum m;
    museum_open(&m);
    put(&m, "{\"id\":\"s1\",\"titles\":{\"en\":[\"Bowl\"]},\"dimensions\":{\"und\":[\"H. 27 x W. 12 cm\"]}}",
        1);
    put(&m, "{\"id\":\"s2\",\"titles\":{\"en\":[\"Dish\"]},\"dimensions\":{\"und\":[\"10 5/8 in.\"]}}", 1);
    put(&m,
        "{\"id\":\"s3\",\"titles\":{\"en\":[\"Cup\"]},\"dimensions\":{\"und\":[\"高270毫米\", \"1.2 kg\"]}}",
        1);
    put(&m, "{\"id\":\"s4\",\"titles\":{\"en\":[\"Jar of 270\"]},\"dimensions\":{\"und\":[\"28 cm\"]}}", 1);
    follow(&m);
    check(&m, "27 cm", "s1 s2 s3");
    check(&m, "27cm", "s1 s2 s3");
    check(&m, "270 mm", "s1 s2 s3");
    check(&m, "10 5/8 in", "s2 s1 s3");
    check(&m, "27厘米", "s1 s2 s3");
    check(&m, "dimensions:270mm", "s1 s2 s3");
    check(&m, "title:270mm", "");
    check(&m, "1200 g", "s3");
    check(&m, "bowl 27 cm", "s1");
    check(&m, "29 cm", "");
    check(&m, "99999999999 m", "");
    check_why(&m, "27 cm",
        "{\"id\":\"s2\",\"titles\":{\"en\":[\"Dish\"]},\"dimensions\":{\"und\":[\"10 5/8 in. wide\"]}}",
        "dimensions", "[10 5/8 in]. wide");
    museum_close(&m);
}

// What pages do not show is not found by visitors either, in no way of asking.
static void kept_inside(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Museum m;
    museum_open(&m);
    put(&m,
        "{\"id\":\"k1\",\"titles\":{\"en\":[\"Bowl\"]},\"valuation\":\"insured for 73000 guilders\","
        "\"notes\":{\"loan\":[\"promised to Vermeulen\"]}}",
        1);
    follow(&m);
    check(&m, "bowl", "k1");
    static const char *const asked[] = {"73000", "guilders", "guild*", "\"insured for\"", "vermeulen",
        "vermeulin", "bowl vermeulen", "other:guilders", "bowl -vermeulen"};
    for (size_t i = 0; i < COUNT_OF(asked); i++)
        check(&m, asked[i], i + 1 < COUNT_OF(asked) ? "" : "k1");
    SearchAnswer answer = ask(&m, (SearchAsk){.q = S("73000 vermeulen"), .role = VIEWER_STAFF}, a);
    assert_int_equal(answer.total, 1);
    SearchSuggestion *suggestions;
    size_t count;
    Err err = {0};
    FINE(search_suggest(m.search, S("guild"), VIEWER_PUBLIC, 10, a, &suggestions, &count, &err), err);
    assert_int_equal(count, 0);
    museum_close(&m);
}

static void suggestions(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    static const char *const rows[][3] = {{"tw", "title", "Two vases"}, {"turn", "maker", "Joseph Turner"},
        {"sunset at s", "title", "The Sunset at Sea"}, {"青", "title", "青花瓷瓶"},
        {"porcel", "concept", "porcelain"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        Err err = {0};
        SearchSuggestion *found;
        size_t count;
        FINE(search_suggest(m.search, str_from(rows[i][0]), VIEWER_PUBLIC, 8, a, &found, &count, &err), err);
        assert_true(count > 0);
        assert_string_equal(arena_cstr(a, found[0].kind), rows[i][1]);
        assert_string_equal(arena_cstr(a, found[0].text), rows[i][2]);
        FINE(search_suggest(m.search, S("secr"), VIEWER_PUBLIC, 8, a, &found, &count, &err), err);
        assert_int_equal(count, 0);
    }
    museum_close(&m);
}

static void coverage(void **state)
{
    (void)state;
    Museum m;
    Err err = {0};
    fill(&m);
    CLEANUP(arena_closep) Arena *a = arena_open();
    SearchCoverage c;
    FINE(search_coverage(m.search, VIEWER_PUBLIC, 7, 10, a, &c, &err), err);
    assert_int_equal(c.records, 4);
    assert_int_equal(c.shown, 0);
    assert_int_equal(c.never_count, 4);
    check(&m, "vase", "a1 a4");
    ask(&m, (SearchAsk){.q = S("青花"), .role = VIEWER_STAFF}, a); // what staff looks at does not count
    for (int again = 0; again < 2; again++) { // and it is still known after the index was closed
        FINE(search_coverage(m.search, VIEWER_PUBLIC, 7, 10, a, &c, &err), err);
        assert_int_equal(c.shown, 2);
        assert_int_equal(c.never_count, 2);
        search_close(m.search);
        m.search = search_open(m.index, true, &err);
        FINE(m.search, err);
    }
    assert_false(search_coverage(m.search, VIEWER_PUBLIC, -1, 10, a, &c, &err));
    museum_close(&m);
}

static void many_values(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    SearchFacet facet;
    SearchAsk what = {.limit = 2};
    FINE(search_facet(m.search, &what, S("classification"), S(""), 0, a, &facet, &err), err);
    assert_int_equal(facet.distinct, 4);
    assert_int_equal(facet.count, 2);
    FINE(search_facet(m.search, &what, S("classification"), S("PRI"), 0, a, &facet, &err), err);
    assert_int_equal(facet.distinct, 1);
    FINE(search_facet(m.search, &what, S("classification"), S(""), 99, a, &facet, &err), err);
    assert_int_equal(facet.count, 0);
    assert_false(search_facet(m.search, &what, S("colour"), S(""), 0, a, &facet, &err));
    SearchAnswer nothing = ask(&m, (SearchAsk){.q = S("vases 青花")}, a);
    assert_int_equal(nothing.total, 0);
    assert_int_equal(nothing.instead_count, 2);
    SearchAnswer spread = ask(&m, (SearchAsk){.q = S("vase"), .diversity = 0.7}, a);
    assert_int_equal(spread.total, 2);
    museum_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words),
        cmocka_unit_test(operators),
        cmocka_unit_test(dates_in_words),
        cmocka_unit_test(exactly),
        cmocka_unit_test(sizes),
        cmocka_unit_test(kept_inside),
        cmocka_unit_test(odd_input),
        cmocka_unit_test(facets),
        cmocka_unit_test(pages),
        cmocka_unit_test(all_at_once),
        cmocka_unit_test(reasons),
        cmocka_unit_test(suggestions),
        cmocka_unit_test(many_values),
        cmocka_unit_test(coverage),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
