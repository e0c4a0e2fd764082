// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/lane.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <unistd.h>

#include <cmocka.h>

static void check_str(Str got, const char *want)
{
    assert_int_equal(got.n, strlen(want));
    if (got.n)
        assert_memory_equal(got.p, want, got.n);
}

static void cutting(void **state)
{
    (void)state;
    Str head, rest, piece, list = S("a,,b");
    assert_true(str_cut(S("a/b/c"), '/', &head, &rest));
    check_str(head, "a");
    check_str(rest, "b/c");
    assert_true(str_cut_last(S("a/b/c"), '/', &head, &rest));
    check_str(head, "a/b");
    assert_false(str_cut(S("abc"), '/', &head, &rest));
    int count = 0;
    while (str_next(&list, ',', &piece))
        count++;
    assert_int_equal(count, 3);
    check_str(str_trim(S(" \t x y\r\n")), "x y");
    check_str(str_slice(S("abc"), 2, 99), "c");
    check_str(str_slice(S("abc"), 9, 1), "");
}

static void check_int(const char *text, bool good, int64_t want)
{
    int64_t value = 0;
    assert_int_equal(str_to_int64(str_from(text), &value), good);
    if (good)
        assert_true(value == want);
}

static void numbers(void **state)
{
    (void)state;
    check_int("0", true, 0);
    check_int("-12", true, -12);
    check_int("9223372036854775807", true, INT64_MAX);
    check_int("-9223372036854775808", true, INT64_MIN);
    check_int("9223372036854775808", false, 0);
    check_int("99999999999999999999999", false, 0);
    check_int("", false, 0);
    check_int("-", false, 0);
    check_int("+1", false, 0);
    check_int("1 ", false, 0);
    check_int("0x10", false, 0);
    double real;
    assert_true(str_to_double(S("1.5"), &real) && real > 1.49 && real < 1.51);
    assert_false(str_to_double(S("1e2"), &real));
    assert_false(str_to_double(S("nan"), &real));
    assert_false(str_to_double(S("1.2.3"), &real));
    assert_false(str_to_double(S("."), &real));
}

static void arena(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 3000; i++) {
            char *p = arena_alloc(a, i);
            for (size_t k = 0; k < i; k += 97)
                assert_int_equal(p[k], 0);
            memset(p, 0xAA, i);
            assert_int_equal((uintptr_t)p % 16, 0);
        }
        check_str(arena_printf(a, "%d-%s", 7, "x"), "7-x");
        assert_int_equal(arena_printf(a, "%20000d", 1).n, 20000);
        arena_reset(a);
        assert_int_equal(arena_used(a), 0);
    }
    const Str parts[] = {S("a"), S(""), S("b")};
    check_str(arena_join(a, parts, 3, S(", ")), "a, , b");
}

static void buf_remembers_its_ceiling(void **state)
{
    (void)state;
    Err err = {0};
    Str out;
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf b = buf_with_max(10);
    buf_add(&b, S("12345"));
    buf_printf(&b, "%s", "67890");
    assert_true(buf_into(&b, a, &out, &err));
    check_str(out, "1234567890");
    CLEANUP(buf_free) Buf direct = buf_with_max(10);
    memcpy(buf_room(&direct, 10), "123", 3);
    buf_took(&direct, 3);
    buf_add(&direct, S("45"));
    check_str(buf_str(&direct), "12345");
    assert_ptr_equal(buf_room(&direct, 5), direct.p + 5);
    assert_null(buf_room(&direct, 6));
    assert_true(direct.full);
    buf_add_char(&b, 'x');
    buf_add(&b, S(""));
    assert_false(buf_into(&b, a, &out, &err));
    assert_int_equal(err.kind, ERR_LIMIT);
}

// Parses and writes again; want NULL: refused.
static void check_json(const char *text, const char *want)
{
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf out = buf_with_max(1 << 20);
    const Json *tree = json_parse(str_from(text), a, &err);
    if (!want) {
        assert_null(tree);
        assert_int_equal(err.kind, ERR_INVALID);
        return;
    }
    assert_non_null(tree);
    JsonWriter w = json_writer(&out);
    json_put_tree(&w, tree);
    check_str(buf_str(&out), want);
}

static void json(void **state)
{
    (void)state;
    check_json("{\"b\":1,\"a\":[true,null,\"x\",{}]}", "{\"b\":1,\"a\":[true,null,\"x\",{}]}");
    check_json(" [0.1, 1.0, -5, 1e300] ", "[0.1,1.0,-5,1e+300]");
    check_json("\"\\u9752\\u82b1 \\\"q\\\" \\n \\u0001\"", "\"青花 \\\"q\\\" \\n \\u0001\"");
    check_json("{\"a\":1,\"a\":2}", "{\"a\":2}");
    check_json("9223372036854775807", "9223372036854775807");
    check_json("9223372036854775808", NULL);
    check_json("", NULL);
    check_json("{", NULL);
    check_json("[1,]", NULL);
    check_json("\"\xff\"", NULL);
    check_json("\"\\ud800\"", NULL);
    char deep[8001];
    memset(deep, '[', 4000);
    memset(deep + 4000, ']', 4000);
    deep[8000] = '\0';
    check_json(deep, NULL);
}

static void json_lookups_forgive(void **state)
{
    (void)state;
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Json *map = json_parse(S("{\"t\":\"x\",\"n\":5,\"l\":[1]}"), a, &err);
    check_str(json_text(map, S("t")), "x");
    check_str(json_text(map, S("n")), "");
    check_str(json_text(NULL, S("n")), "");
    assert_int_equal(json_int(map, S("n"), 9), 5);
    assert_int_equal(json_int(map, S("t"), 9), 9);
    assert_int_equal(json_list(map, S("l"))->count, 1);
    assert_null(json_list(map, S("t")));
}

static void check_utf8(const char *text, size_t n, bool valid)
{
    assert_int_equal(utf8_valid((Str){text, n}, NULL), valid);
}

static void utf8(void **state)
{
    (void)state;
    check_utf8("青花", 6, true);
    check_utf8("\xF0\x9F\x8F\xBA", 4, true);
    check_utf8("\xC0\x80", 2, false);         // overlong
    check_utf8("\xED\xA0\x80", 3, false);     // surrogate
    check_utf8("\xF4\x90\x80\x80", 4, false); // beyond 10FFFF
    check_utf8("\xE9\x9D", 2, false);         // cut off
    check_utf8("\x80", 1, false);
    check_str(utf8_head(S("青花"), 5), "青");
    assert_int_equal(utf8_count(S("a青\xff")), 3);
    CLEANUP(buf_free) Buf b = buf_with_max(100);
    Str rest = S("aé青\xF0\x9F\x8F\xBA");
    uint32_t c;
    while (utf8_next(&rest, &c))
        utf8_add(&b, c);
    check_str(buf_str(&b), "aé青\xF0\x9F\x8F\xBA");
}

static void uri(void **state)
{
    (void)state;
    Err err = {0};
    Str out;
    CLEANUP(arena_closep) Arena *a = arena_open();
    check_str(uri_encode(a, S("a/b c:青"), ":"), "a%2Fb%20c:%E9%9D%92");
    assert_true(uri_decode(a, S("a%2fb+c%E9%9D%92"), true, &out, &err));
    check_str(out, "a/b c青");
    assert_true(uri_decode(a, S("a+b"), false, &out, &err));
    check_str(out, "a+b");
    assert_false(uri_decode(a, S("%"), false, &out, &err));
    assert_false(uri_decode(a, S("%4"), false, &out, &err));
    assert_false(uri_decode(a, S("%zz"), false, &out, &err));
}

static void check_time(const char *text, bool good, int64_t want_ms)
{
    int64_t ms = 0;
    assert_int_equal(time_parse_rfc3339(str_from(text), &ms), good);
    if (good)
        assert_true(ms == want_ms);
}

static void times(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    check_time("1970-01-01T00:00:00Z", true, 0);
    check_time("2026-11-20T10:00:00.5+08:00", true, 1795140000500);
    check_time("2026-02-31T10:00:00Z", false, 0);
    check_time("2026-11-20", false, 0);
    check_time("2026-11-20T10:00:00", false, 0);
    check_time("2026-11-20T10:00:00Zx", false, 0);
    int64_t now = clock_now_ms(), back;
    assert_true(time_parse_rfc3339(time_rfc3339_ms(a, now), &back) && back == now);
    check_str(time_rfc3339(a, -1000), "1969-12-31T23:59:59Z");
    check_str(time_http(a, 0), "Thu, 01 Jan 1970 00:00:00 GMT");
}

static void digests(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Sha512 empty = sha512_of(S("")), back;
    assert_true(str_starts(sha512_hex(a, &empty), S("cf83e1357eefb8bd")));
    Sha512Stream *s = sha512_open();
    sha512_add(s, S("a"));
    sha512_add(s, S("bc"));
    Sha512 abc = sha512_finish(s), whole = sha512_of(S("abc"));
    assert_true(sha512_eq(&abc, &whole));
    assert_true(sha512_from_hex(sha512_hex(a, &abc), &back) && sha512_eq(&abc, &back));
    assert_false(sha512_from_hex(S("zz"), &back));
}

static atomic_int lane_count;

static void count_up(void *work)
{
    (void)work;
    usleep(2000);
    atomic_fetch_add(&lane_count, 1);
}

static void lane_refuses_when_full(void **state)
{
    (void)state;
    Lane *lane = lane_open("test", 2, 3);
    int taken = 0;
    for (int i = 0; i < 50; i++) {
        Err err = {0};
        bool added = lane_add(lane, count_up, NULL, &err);
        assert_int_equal(err.kind, added ? ERR_NONE : ERR_BUSY);
        taken += added;
    }
    lane_drain(lane);
    assert_true(taken < 50 && taken >= 3);
    assert_int_equal(lane_count, taken);
    for (int i = 0; i < 10; i++)
        lane_add_wait(lane, count_up, NULL);
    lane_close(lane);
    assert_int_equal(lane_count, taken + 10);
}

static void check_moment(const char *text, int64_t want_ms) // -1: refused
{
    int64_t got = -1;
    assert_int_equal(time_parse_moment(str_from(text), &got), want_ms >= 0);
    assert_int_equal(got, want_ms);
}

static void moments(void **state)
{
    (void)state;
    check_moment("1970-01-01", 24 * 60 * 60 * 1000 - 1);
    check_moment("1970-01-02T00:00:00Z", 24 * 60 * 60 * 1000);
    check_moment("1970-01-01T08:00:00+08:00", 0);
    check_moment("", -1);
    check_moment("1970-1-1", -1);
    check_moment("1970-02-30", -1);
    check_moment("yesterday!", -1);
    check_moment("1970-01-01T", -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cutting),
        cmocka_unit_test(numbers),
        cmocka_unit_test(arena),
        cmocka_unit_test(buf_remembers_its_ceiling),
        cmocka_unit_test(json),
        cmocka_unit_test(json_lookups_forgive),
        cmocka_unit_test(utf8),
        cmocka_unit_test(uri),
        cmocka_unit_test(times),
        cmocka_unit_test(digests),
        cmocka_unit_test(lane_refuses_when_full),
        cmocka_unit_test(moments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
