// SPDX-License-Identifier: Apache-2.0
#include "catalog/record.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define SHA                                                                                                  \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef012345" \
    "6789abcdef0123456789abcdef"
#define MEDIA(id, number)                                                                                    \
    "{\"id\":\"" id "\",\"number\":" number ",\"path\":\"media/1/a.jpg\",\"sha512\":\"" SHA "\"}"
#define PAGE(id, page, path)                                                                                 \
    "{\"id\":\"" id "\",\"number\":1,\"page\":" page ",\"path\":\"" path "\",\"sha512\":\"" SHA "\"}"

static Str written(const char *json, Arena *a)
{
    Err err = {0};
    Record record;
    Str out = {0};
    const Json *tree = json_parse(str_from(json), a, &err);
    if (!tree || !record_parse(tree, a, &record, &err) ||
        !record_json(&record, (RecordLedger){0}, a, &out, &err))
        fail_msg("%s: %s", json, err.text);
    assert_true(str_ends(out, S(",\"ledger\":{\"change_set\":0,\"sequence\":0}}\n")));
    return (Str){out.p, out.n - sizeof(",\"ledger\":{\"change_set\":0,\"sequence\":0}}\n") + 1};
}

// `want` NULL: the same as `json`, but for the bracket at the end.
static void check(const char *json, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str got = written(json, a);
    Str expected = want ? str_from(want) : str_from(json);
    if (!str_eq(arena_printf(a, FMT_STR "}", ARG_STR(got)), expected))
        fail_msg("%s\n   gave " FMT_STR "}", json, ARG_STR(got));
    if (want)
        check(want, NULL);
}

static void whole(void **state)
{
    (void)state;
    check("{\"id\":\"a\"}", NULL);
    check("{\"id\":\"1907.12/3 "
          "(b)\",\"lang\":\"en\",\"titles\":{\"en\":[\"Bowl\",\"Dish\"],\"zh-Hant\":[\"青花瓷碗\"]}}",
        NULL);
    check("{\"id\":\"a\",\"makers\":[{\"name\":\"Beatrice Wood\",\"sort\":\"Wood, "
          "Beatrice\",\"role\":\"potter\",\"lang\":\"en\",\"uri\":\"u\"}]}",
        NULL);
    check("{\"id\":\"a\",\"dates\":[{\"text\":\"c. 300 "
          "BC\",\"earliest\":-299,\"latest\":0},{\"text\":\"Ming\"}]}",
        NULL);
    check("{\"id\":\"a\",\"access\":\"side 1024\"}", NULL);
    check("{\"id\":\"a\",\"media\":[" MEDIA("a:2", "2") "," MEDIA("a:1", "1") "]}", NULL);
    check("{\"id\":\"a\",\"media\":[" PAGE("a:1", "1", "p") "," PAGE("a:1-2", "2", "p") "," MEDIA(
              "a:2", "2") "," PAGE("a:1-40", "40", "p") "]}",
        NULL);
    check("{\"id\":\"a\",\"curator's note\":{\"deep\":[1,2.5,null,true,\"x\"]},\"image_url\":\"u\"}", NULL);
    check("{\"id\":\"a\",\"titles\":{\"en\":[\"nul \\u0000 in it\"]}}", NULL);
    check("{\"ledger\":{\"sequence\":9},\"url\":\"u\",\"id\":\"a\"}",
        "{\"id\":\"a\",\"url\":\"u\"}"); // order is ours
    check("{\"id\":42}", "{\"id\":\"42\"}");
    check("{\"id\":\"a\",\"titles\":{\"\":[\"x\"],\"en\":[\"\"]}}",
        "{\"id\":\"a\",\"titles\":{\"und\":[\"x\"]}}");
}

static void odd_values_are_kept(void **state)
{
    (void)state;
    check("{\"id\":\"a\",\"titles\":\"Bowl\"}", "{\"id\":\"a\",\"_titles\":\"Bowl\"}");
    check("{\"id\":\"a\",\"titles\":[\"Bowl\"]}", "{\"id\":\"a\",\"_titles\":[\"Bowl\"]}");
    check("{\"id\":\"a\",\"titles\":{\"en\":\"Bowl\"}}", "{\"id\":\"a\",\"_titles\":{\"en\":\"Bowl\"}}");
    check("{\"id\":\"a\",\"titles\":{\"en\":[\"Bowl\",7]}}",
        "{\"id\":\"a\",\"titles\":{\"en\":[\"Bowl\"]},\"_titles\":{\"en\":[7]}}");
    check("{\"id\":\"a\",\"_titles\":1,\"titles\":2}", "{\"id\":\"a\",\"_titles\":1,\"__titles\":2}");
    check("{\"id\":\"a\",\"texts\":null,\"lang\":false}", "{\"id\":\"a\",\"_lang\":false,\"_texts\":null}");
    check("{\"id\":\"a\",\"accession\":86,\"url\":[]}", "{\"id\":\"a\",\"_accession\":86,\"_url\":[]}");
    check("{\"id\":\"a\",\"makers\":[\"Wood\",{\"name\":\"Colin\"},{\"sort\":\"Reid\"}]}",
        "{\"id\":\"a\",\"makers\":[{\"name\":\"Colin\"}],\"_makers\":[\"Wood\",{\"sort\":\"Reid\"}]}");
    // A further member of an item: read, and kept whole as well.
    check("{\"id\":\"a\",\"makers\":[{\"name\":\"Wood\",\"born\":1893}]}",
        "{\"id\":\"a\",\"makers\":[{\"name\":\"Wood\"}],\"_makers\":[{\"name\":\"Wood\",\"born\":1893}]}");
    check("{\"id\":\"a\",\"dates\":[{\"earliest\":5,\"latest\":4}]}",
        "{\"id\":\"a\",\"_dates\":[{\"earliest\":5,\"latest\":4}]}");
    check("{\"id\":\"a\",\"dates\":[{\"text\":\"x\",\"earliest\":5}]}",
        "{\"id\":\"a\",\"_dates\":[{\"text\":\"x\",\"earliest\":5}]}");
    check("{\"id\":\"a\",\"dates\":[{\"text\":\"x\",\"earliest\":99999999999,\"latest\":1}]}",
        "{\"id\":\"a\",\"_dates\":[{\"text\":\"x\",\"earliest\":99999999999,\"latest\":1}]}");
    check("{\"id\":\"a\",\"places\":[{\"lang\":\"en\"},[]],\"relations\":[{\"type\":\"part of\"}]}",
        "{\"id\":\"a\",\"_places\":[{\"lang\":\"en\"},[]],\"_relations\":[{\"type\":\"part of\"}]}");
    check("{\"id\":\"a\",\"places\":[{\"text\":\"x\",\"at\":[1,2]}]}",
        "{\"id\":\"a\",\"places\":[{\"text\":\"x\"}],\"_places\":[{\"text\":\"x\",\"at\":[1,2]}]}");
    // Terms that we cannot read shut the record.
    check("{\"id\":\"a\",\"access\":\"staff only\"}",
        "{\"id\":\"a\",\"access\":\"none\",\"_access\":\"staff only\"}");
    check("{\"id\":\"a\",\"access\":null}", "{\"id\":\"a\",\"access\":\"none\",\"_access\":null}");
}

static void odd_media(const char *items)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    check(arena_cstr(a, arena_printf(a, "{\"id\":\"a\",\"media\":[%s]}", items)),
        arena_cstr(a, arena_printf(a, "{\"id\":\"a\",\"_media\":[%s]}", items)));
}

// The first is fine, the second cannot stand beside it.
static void odd_second(const char *good, const char *bad)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    check(arena_cstr(a, arena_printf(a, "{\"id\":\"a\",\"media\":[%s,%s]}", good, bad)),
        arena_cstr(a, arena_printf(a, "{\"id\":\"a\",\"media\":[%s],\"_media\":[%s]}", good, bad)));
}

static void media_that_cannot_be(void **state)
{
    (void)state;
    odd_media("7");
    odd_media("{}");
    odd_media(MEDIA("b:1", "1")); // another object's picture
    odd_media(MEDIA("a:1", "2"));
    odd_media(MEDIA("a:01", "1"));
    odd_media(MEDIA("a:0", "0"));
    odd_media(MEDIA("a", "1"));
    odd_media(MEDIA("a:-1", "-1"));
    odd_media(MEDIA("a:4294967297", "4294967297"));
    odd_media("{\"id\":\"a:1\",\"number\":1,\"path\":\"../a.jpg\",\"sha512\":\"" SHA "\"}");
    odd_media("{\"id\":\"a:1\",\"number\":1,\"path\":\"/etc/passwd\",\"sha512\":\"" SHA "\"}");
    odd_media("{\"id\":\"a:1\",\"number\":1,\"path\":\"a//b\",\"sha512\":\"" SHA "\"}");
    odd_media("{\"id\":\"a:1\",\"number\":1,\"path\":\"a/\",\"sha512\":\"" SHA "\"}");
    odd_media("{\"id\":\"a:1\",\"number\":1,\"path\":\"\",\"sha512\":\"" SHA "\"}");
    odd_media("{\"id\":\"a:1\",\"number\":1,\"path\":\"a\",\"sha512\":\"0123\"}");
    check("{\"id\":\"a\",\"media\":[" MEDIA("a:1", "1") "," MEDIA("a:1", "1") "]}",
        "{\"id\":\"a\",\"media\":[" MEDIA("a:1", "1") "],\"_media\":[" MEDIA("a:1", "1") "]}");
    odd_media(MEDIA("a:1-2", "1")); // does not say that it is a page
    odd_media(PAGE("a:1", "2", "p"));
    odd_media(PAGE("a:1-1", "1", "p"));
    odd_media(PAGE("a:1-02", "2", "p"));
    odd_media(PAGE("a:1-3", "2", "p"));
    odd_media(PAGE("a:1-", "2", "p"));
    odd_media(PAGE("a:1-2-3", "2", "p"));
    odd_media(PAGE("a:2-2", "2", "p"));
    odd_media(PAGE("a:1--2", "-2", "p"));
    odd_second(PAGE("a:1", "1", "p"), PAGE("a:1", "1", "p"));           // twice the same page
    odd_second(PAGE("a:1", "1", "p"), PAGE("a:1-2", "2", "q"));         // another file
    odd_second(MEDIA("a:1", "1"), PAGE("a:1-2", "2", "media/1/a.jpg")); // the first is no page
}

static void refuse(const char *json, ErrKind kind)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Record record;
    const Json *tree = json_parse(str_from(json), a, &err);
    if (tree && record_parse(tree, a, &record, &err))
        fail_msg("%.80s was taken", json);
    assert_int_equal(err.kind, kind);
}

static void refusals(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    refuse("[]", ERR_INVALID);
    refuse("null", ERR_INVALID);
    refuse("{}", ERR_INVALID);
    refuse("{\"id\":\"\"}", ERR_INVALID);
    refuse("{\"id\":null}", ERR_INVALID);
    refuse("{\"id\":[\"a\"]}", ERR_INVALID);
    refuse("{\"id\":1.5}", ERR_INVALID);
    refuse("{\"id\":\"a\\u0000b\"}", ERR_INVALID);
    refuse("{\"id\":\"a\\nb\"}", ERR_INVALID);
    refuse("{\"id\":\"a\xff\"}", ERR_INVALID);
    refuse("{\"id\":\"a\",\"titles\":{\"en\":[\"\xed\xa0\x80\"]}}", ERR_INVALID);
    char *long_id = arena_alloc(a, RECORD_ID_MAX_BYTES + 2);
    memset(long_id, 'x', RECORD_ID_MAX_BYTES + 1);
    refuse(arena_cstr(a, arena_printf(a, "{\"id\":\"%s\"}", long_id)), ERR_LIMIT);
    long_id[RECORD_ID_MAX_BYTES] = '\0';
    check(arena_cstr(a, arena_printf(a, "{\"id\":\"%s\"}", long_id)), NULL);
}

static void limits(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf b = buf_with_max(16 * 1024 * 1024);
    buf_add(&b, S("{\"id\":\"a\",\"x\":"));
    for (int i = 0; i < RECORD_DEPTH_MAX; i++)
        buf_add_char(&b, '[');
    for (int i = 0; i < RECORD_DEPTH_MAX; i++)
        buf_add_char(&b, ']');
    buf_add_char(&b, '}');
    refuse(arena_cstr(a, buf_str(&b)), ERR_LIMIT);
    buf_clear(&b);
    buf_add(&b, S("{\"id\":\"a\",\"titles\":{\"en\":[\"x\""));
    for (int i = 0; i < RECORD_ITEMS_MAX; i++)
        buf_add(&b, S(",\"x\""));
    buf_add(&b, S("]}}"));
    refuse(arena_cstr(a, buf_str(&b)), ERR_LIMIT);
    buf_clear(&b);
    buf_add(&b, S("{\"id\":\"a\""));
    for (int i = 0; i <= RECORD_ITEMS_MAX; i++)
        buf_printf(&b, ",\"m%d\":0", i);
    buf_add_char(&b, '}');
    refuse(arena_cstr(a, buf_str(&b)), ERR_LIMIT);
    buf_clear(&b);
    buf_add(&b, S("{\"id\":\"a\",\"url\":\""));
    for (int i = 0; i < RECORD_MAX_BYTES; i++)
        buf_add_char(&b, 'u');
    buf_add(&b, S("\"}"));
    refuse(arena_cstr(a, buf_str(&b)), ERR_LIMIT);
}

static void by_hand(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Json one = {.kind = JSON_IS_INT, .integer = 1}, values[] = {one, one, one};
    Str names[] = {S("titles"), S("x"), S("x")}, out;
    Record record = {.id = S("a"), .more_names = {names, 3, 3}, .more_values = {(void *)values, 3, 3}};
    assert_true(record_json(&record, (RecordLedger){3, 4}, a, &out, &err));
    assert_string_equal(arena_cstr(a, out),
        "{\"id\":\"a\",\"_titles\":1,\"x\":1,\"_x\":1,\"ledger\":{\"change_set\":3,\"sequence\":4}}\n");
    Json deep[80];
    for (int i = 0; i < 80; i++)
        deep[i] = (Json){.kind = JSON_IS_LIST, .count = i < 79, .items = i < 79 ? &deep[i + 1] : NULL};
    record.more_values.items = deep;
    record.more_values.count = record.more_names.count = 1;
    assert_false(record_json(&record, (RecordLedger){0}, a, &out, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
    assert_false(record_same(&record, &record, a));
    record = (Record){.id = S("\xff")};
    assert_false(record_check(&record, &err));
}

static void check_title(const char *lang, const char *want)
{
    RecordText titles[] = {{S("en"), S("Bowl")}, {S("zh-Hant"), S("碗")}, {S("pt-BR"), S("Tigela")}};
    Record record = {.lang = S("zh"), .titles = {titles, 3, 3}};
    Str title = record_title(&record, str_from(lang));
    assert_true(str_eq(title, str_from(want)));
}

static void titles(void **state)
{
    (void)state;
    check_title("en", "Bowl");
    check_title("EN-gb", "Bowl");
    check_title("pt", "Tigela");
    check_title("zh-Hans", "碗");
    check_title("fr", "碗"); // the record's own language
    check_title("", "碗");
    Record none = {.id = S("a")};
    assert_int_equal(record_title(&none, S("en")).n, 0);
}

static void uri(const char *licence, const char *want)
{
    Str got = record_rights_uri(str_from(licence));
    if (!str_eq(got, str_from(want)))
        fail_msg("%s gave " FMT_STR, licence, ARG_STR(got));
}

#define CC "http://creativecommons.org/"
#define RS "http://rightsstatements.org/vocab/"

static void rights(void **state)
{
    (void)state;
    uri("CC0-1.0", CC "publicdomain/zero/1.0/");
    uri("cc0", CC "publicdomain/zero/1.0/");
    uri("CC0 1.0 Universal", CC "publicdomain/zero/1.0/");
    uri("Creative Commons Zero", CC "publicdomain/zero/1.0/");
    uri("https://creativecommons.org/publicdomain/zero/1.0/deed.en", CC "publicdomain/zero/1.0/");
    uri("public domain", CC "publicdomain/mark/1.0/");
    uri(" Public Domain Mark 1.0 ", CC "publicdomain/mark/1.0/");
    uri("https://creativecommons.org/publicdomain/mark/1.0", CC "publicdomain/mark/1.0/");
    uri("PDM-1.0", CC "publicdomain/mark/1.0/");
    uri("cc by 4.0", CC "licenses/by/4.0/");
    uri("CC-BY-4.0", CC "licenses/by/4.0/");
    uri("CC_BY_SA_3.0", CC "licenses/by-sa/3.0/");
    uri("CC BY-NC-ND 2.5 Generic", CC "licenses/by-nc-nd/2.5/");
    uri("Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International",
        CC "licenses/by-nc-sa/4.0/");
    uri("Creative Commons Attribution Non Commercial No Derivs 1.0", CC "licenses/by-nc-nd/1.0/");
    uri("https://creativecommons.org/licenses/by-nd/4.0/deed.fr", CC "licenses/by-nd/4.0/");
    uri("http://creativecommons.org/licenses/by/3.0/us/", CC "licenses/by/3.0/us/");
    uri("In Copyright", RS "InC/1.0/");
    uri("InC", RS "InC/1.0/");
    uri("in copyright - EU orphan work", RS "InC-OW-EU/1.0/");
    uri("In Copyright - Educational Use Permitted", RS "InC-EDU/1.0/");
    uri("http://rightsstatements.org/vocab/InC-NC/1.0/", RS "InC-NC/1.0/");
    uri("In Copyright - Rights-holder(s) Unlocatable or Unidentifiable", RS "InC-RUU/1.0/");
    uri("NoC-CR", RS "NoC-CR/1.0/");
    uri("No Copyright - Non-Commercial Use Only", RS "NoC-NC/1.0/");
    uri("https://rightsstatements.org/page/NoC-OKLR/1.0/?language=en", RS "NoC-OKLR/1.0/");
    uri("NO COPYRIGHT UNITED STATES", RS "NoC-US/1.0/");
    uri("Copyright not evaluated", RS "CNE/1.0/");
    uri("Copyright Undetermined", RS "UND/1.0/");
    uri("No known copyright", RS "NKC/1.0/");
}

static void unknown_rights(void **state)
{
    (void)state;
    uri("", "");
    uri(" \n", "");
    uri("CC BY", "");
    uri("CC", "");
    uri("CC BY 5.0", "");
    uri("CC BY 4", "");
    uri("CC BY-SA 3.0 DE", ""); // ported: another licence
    uri("CC-BY-ND-SA-4.0", "");
    uri("CC NC 1.0", "");
    uri("All rights reserved", "");
    uri("(c) 2020 The Museum", "");
    uri("In Copyright of somebody", "");
    uri("not in the public domain", "");
    uri("http://example.org/licence", "");
    uri("\xff\xfe", "");
}

// want: "member/lang: before > after; " for each.
static void check_diff(const char *before, const char *after, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    RecordDifference *list;
    size_t count;
    Str got = {0};
    const Json *x = *before ? json_parse(str_from(before), a, &err) : NULL;
    const Json *y = *after ? json_parse(str_from(after), a, &err) : NULL;
    assert_true(record_diff(x, y, a, &list, &count, &err));
    for (size_t i = 0; i < count; i++)
        got = arena_printf(a, FMT_STR FMT_STR "/" FMT_STR ": " FMT_STR " > " FMT_STR "; ", ARG_STR(got),
            ARG_STR(list[i].member), ARG_STR(list[i].lang), ARG_STR(list[i].before), ARG_STR(list[i].after));
    assert_string_equal(arena_cstr(a, got), want);
}

static void differences(void **state)
{
    (void)state;
    check_diff("", "", "");
    check_diff("{\"id\":\"a\"}", "{\"id\":\"a\",\"ledger\":{\"sequence\":2}}", "");
    check_diff("", "{\"id\":\"a\"}", "id/:  > a; ");
    check_diff("{\"url\":\"u\"}", "{\"url\":\"v\"}", "url/: u > v; ");
    check_diff("{\"titles\":{\"en\":[\"Vase\"]}}", "{\"titles\":{\"en\":[\"Vase\",\"Jar\"],\"zh\":[\"瓶\"]}}",
        "titles/en:  > Jar; titles/zh:  > 瓶; ");
    check_diff("{\"titles\":{\"en\":[\"Vase\"]}}", "{\"titles\":{\"en\":[\"Blue vase\"]}}",
        "titles/en: Vase > Blue vase; ");
    check_diff("{\"titles\":{\"en\":[\"Vase\"]}}", "{}", "titles/en: Vase > ; ");
    check_diff("{\"makers\":[{\"name\":\"A\"},{\"name\":\"B\"}]}",
        "{\"makers\":[{\"name\":\"B\"},{\"name\":\"C\"}]}", "makers/: {\"name\":\"A\"} > {\"name\":\"C\"}; ");
    check_diff("{\"makers\":[{\"name\":\"A\"},{\"name\":\"B\"}]}",
        "{\"makers\":[{\"name\":\"B\"},{\"name\":\"A\"}]}",
        "makers/: [{\"name\":\"A\"},{\"name\":\"B\"}] > [{\"name\":\"B\"},{\"name\":\"A\"}]; "); // the order
                                                                                                 // alone
    check_diff("{\"titles\":\"x\"}", "{\"titles\":{\"en\":[\"x\"]}}", "titles/: x > {\"en\":[\"x\"]}; ");
    check_diff("[]", "7", "");
    check_diff("{\"x\":null}", "{\"x\":[]}", "x/: null > []; ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole),
        cmocka_unit_test(odd_values_are_kept),
        cmocka_unit_test(media_that_cannot_be),
        cmocka_unit_test(refusals),
        cmocka_unit_test(limits),
        cmocka_unit_test(by_hand),
        cmocka_unit_test(titles),
        cmocka_unit_test(rights),
        cmocka_unit_test(unknown_rights),
        cmocka_unit_test(differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
