// SPDX-License-Identifier: Apache-2.0
#include "site/page.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check(PutText *put, Str text, const char *want)
{
    CLEANUP(buf_free) Buf b = buf_with_max(4096);
    put(&b, text);
    buf_add_char(&b, 0);
    assert_string_equal(b.p, want);
}

static void escaping(void **state)
{
    (void)state;
    check(put_text, S("青花瓷 & more"), "青花瓷 &amp; more");
    check(put_text, S("<script>alert(\"1\")</script>"), "&lt;script&gt;alert(\"1\")&lt;/script&gt;");
    check(put_text, S("&lt;"), "&amp;lt;");
    check(put_text, S("a\x01\x1f\x7f b\n\tc"), "a\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD b\n\tc");
    check(put_text, S("nul\0here"), "nul\xEF\xBF\xBDhere");
    check(put_text, S(""), "");
    check(put_attribute, S("\" onload='x'"), "&quot; onload=&#39;x&#39;");
    check(put_attribute, S("<&>"), "&lt;&amp;&gt;");
    check(put_uri, S("a b/c?d&e=f#g%\"<>"), "a%20b%2Fc%3Fd%26e%3Df%23g%25%22%3C%3E");
    check(put_uri, S("a/1:2"), "a%2F1:2");
    check(put_uri, S("杯"), "%E6%9D%AF");
    check(put_uri, S("javascript:"), "javascript:"); // begins no address: tools/pages sees to that
}

static void check_json(const char *json, const char *want)
{
    CLEANUP(buf_free) Buf b = buf_with_max(4096);
    put_json(&b, (JsonText){str_from(json)});
    buf_add_char(&b, 0);
    assert_string_equal(b.p, want);
}

static void json_in_a_script(void **state)
{
    (void)state;
    check_json("{\"a\":\"</script><script>\"}", "{\"a\":\"\\u003c/script>\\u003cscript>\"}");
    check_json("\"<!--\"", "\"\\u003c!--\"");
    check_json("{}", "{}");
}

static void check_url(Url (*make)(Str), const char *address, bool good)
{
    Str made = make(str_from(address)).address;
    assert_int_equal(made.n > 0, good);
}

static void addresses(void **state)
{
    (void)state;
    check_url(url_local, "/object/a", true);
    check_url(url_local, "https://museum.example/object/a", true);
    check_url(url_local, "//evil.example/", false);
    check_url(url_local, "javascript:alert(1)", false);
    check_url(url_local, "object/a", false);
    check_url(url_local, "/a b", false);
    check_url(url_local, "/\\evil.example", false);
    check_url(url_local, "", false);
    check_url(url_foreign, "https://vocab.getty.edu/aat/300015045", true);
    check_url(url_foreign, " http://example.org/ ", true);
    check_url(url_foreign, "HTTPS://EXAMPLE.ORG", true);
    check_url(url_foreign, "javascript:alert(1)", false);
    check_url(url_foreign, "java\nscript:alert(1)", false);
    check_url(url_foreign, "data:text/html,x", false);
    check_url(url_foreign, "//example.org", false);
    check_url(url_foreign, "/inside", false);
    check_url(url_foreign, "https://exa mple.org", false);
    check_url(url_foreign, "http", false);
    check_url(url_foreign, "", false);
}

static void check_phrase(int language, Word word, int64_t number, const char *want)
{
    Arena *a = arena_open();
    WordArgument arguments[] = {
        {.name = S("n"), .number = number, .is_number = true}, {.name = S("q"), .text = S("{n} <b>")}};
    Str got = phrase_with(a, &WORDS[language], word, arguments, 2);
    assert_string_equal(arena_cstr(a, got), want);
    arena_close(a);
}

static void phrases(void **state)
{
    (void)state;
    enum { ENGLISH, CHINESE };
    check_phrase(ENGLISH, WORD_COUNT_WORKS, 1, "1 work");
    check_phrase(ENGLISH, WORD_COUNT_WORKS, 0, "0 works");
    check_phrase(ENGLISH, WORD_COUNT_WORKS, 999, "999 works");
    check_phrase(ENGLISH, WORD_COUNT_WORKS, 1234567, "1,234,567 works");
    check_phrase(ENGLISH, WORD_COUNT_WORKS, INT64_MIN, "-9,223,372,036,854,775,808 works");
    check_phrase(CHINESE, WORD_COUNT_WORKS, 1, "1 件藏品");
    // What a visitor typed is no phrase of ours, whatever it looks like.
    check_phrase(ENGLISH, WORD_RESULTS_HEADING, 2, "2 works for “{n} <b>”");
}

static void a_phrase_is_escaped_like_its_place(void **state)
{
    (void)state;
    CLEANUP(buf_free) Buf b = buf_with_max(4096);
    WordArgument arguments[] = {
        {.name = S("n"), .number = 2, .is_number = true}, {.name = S("q"), .text = S("\"><script>")}};
    put_phrase(&b, &WORDS[0], WORD_RESULTS_HEADING, arguments, 2, put_attribute);
    buf_add_char(&b, 0);
    assert_string_equal(b.p, "2 works for “&quot;&gt;&lt;script&gt;”");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(escaping),
        cmocka_unit_test(json_in_a_script),
        cmocka_unit_test(addresses),
        cmocka_unit_test(phrases),
        cmocka_unit_test(a_phrase_is_escaped_like_its_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
