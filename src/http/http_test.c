// SPDX-License-Identifier: Apache-2.0
// What comes in and what goes out, row by row: heads, bodies, limits, ranges, conditions, compression.
#include "http/testing.h"

static void requests(void **state)
{
    (void)state;
    CHECK("GET / HTTP/1.1\r\n" H END, 200);
    CHECK("\r\nGET / HTTP/1.1\r\n" H END, 200);
    CHECK("GET / HTTP/1.0\r\n\r\n", 200);
    CHECK("GET http://a/b HTTP/1.1\r\n" H END, 200);
    CHECK("OPTIONS * HTTP/1.1\r\n" H END, 204);
    CHECK("BREW / HTTP/1.1\r\n" H END, 200);                   // rooms decide about methods
    CHECK("GET /<>\\^`[]{}|\"%zz%00 HTTP/1.1\r\n" H END, 200); // and about what a path means
    CHECK("GET /\xe9\x9d\x92 HTTP/1.1\r\n" H END, 200);
    CHECK("GET / HTTP/1.1\r\nHost: [::1]:80\r\n" END, 200);
    CHECK("GET / HTTP/1.1\r\nHost: museum.example:8080\r\n" END, 200);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n" END "abc", 200);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "3\r\nabc\r\n0\r\n\r\n", 200);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n",
        200);
}

static void hostile_heads(void **state)
{
    (void)state;
    CHECK("", 0);
    CHECK("\r\n\r\n\r\n\r\n\r\n", 400);
    CHECK("GET", 0);
    CHECK("\0\0\0\0", 400);
    CHECK("\x16\x03\x01\x02", 400); // TLS where none is
    CHECK("GET /\r\n\r\n", 400);
    CHECK("GET / HTTP/1.1\n" H "\n", 400);
    CHECK("GET / HTTP/1.1\r\n" H "A: b\n\r\n", 400);
    CHECK("GET / HTTP/2.0\r\n" H END, 505);
    CHECK("GET / HTTP/1.x\r\n" H END, 400);
    CHECK("GET / HTTP/11\r\n" H END, 400);
    CHECK("GET / http/1.1\r\n" H END, 400);
    CHECK("GET  / HTTP/1.1\r\n" H END, 400);
    CHECK("GET /a b HTTP/1.1\r\n" H END, 400);
    CHECK("GET /a#b HTTP/1.1\r\n" H END, 400);
    CHECK("GET a HTTP/1.1\r\n" H END, 400);
    CHECK("GET * HTTP/1.1\r\n" H END, 400);
    CHECK("CONNECT a:443 HTTP/1.1\r\n" H END, 400);
    CHECK("GET http:///x HTTP/1.1\r\n" H END, 400);
    CHECK("GET http://a b/x HTTP/1.1\r\n" H END, 400);
    CHECK("GET /\x01 HTTP/1.1\r\n" H END, 400);
    CHECK("GET /\x7f HTTP/1.1\r\n" H END, 400);
    CHECK("GET /\0 HTTP/1.1\r\n" H END, 400);
    CHECK("G\"T / HTTP/1.1\r\n" H END, 400);
    CHECK(" / HTTP/1.1\r\n" H END, 400);
    CHECK("GET / HTTP/1.1\r\n\r\n", 400);
    CHECK("GET / HTTP/1.1\r\n" H "Host: b\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\nHost: \r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\nHost: a/b\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\nHost: a\"><script>\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\nHost: a:99999\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\nHost: a:-1\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\nHost: [::1\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\nHost: u@a\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\n" H "A : b\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\n" H "A: b\r\n folded\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\n" H "no colon\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\n" H ": empty\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\n" H "A: \x01\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\n" H "A: b\rc\r\n" END, 400);
    CHECK("GET / HTTP/1.1\r\n" H "A: \0\r\n" END, 400);
}

static void hostile_bodies(void **state)
{
    (void)state;
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 3\r\n" END "abc", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nContent-Length: 4\r\n" END "abcd", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 3, 3\r\n" END "abc", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: +3\r\n" END "abc", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: -3\r\n" END "abc", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 3x\r\n" END "abc", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 0x3\r\n" END "abc", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length:\r\n" END "abc", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 99999999999999999999\r\n" END, 400);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 999999999999999999\r\n" END, 413);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 100001\r\n" END, 413);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" END "0\r\n\r\n", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END, 400);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: gzip, chunked\r\n" END, 501);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: identity\r\n" END, 501);
    CHECK("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "zz\r\n", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "-1\r\n", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "\r\n", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "3\nabc\r\n0\r\n\r\n", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "3\r\nabcd\r\n0\r\n\r\n", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "fffffffff\r\n", 400);
    CHECK("POST / HTTP/1.1\r\n" H "Content-Length: 3\r\n" END "ab", 0); // never came whole
}

static char *repeat(char c, size_t count, const char *before, const char *after)
{
    size_t head = strlen(before), tail = strlen(after);
    char *text = mem_alloc(head + count + tail + 1);
    memcpy(text, before, head);
    memset(text + head, c, count);
    memcpy(text + head + count, after, tail);
    return text;
}

static void check_long(size_t count, const char *before, const char *after, int status)
{
    char *text = repeat('a', count, before, after);
    check(text, strlen(text), status);
    free(text);
}

static void limits(void **state)
{
    (void)state;
    check_long(6000, "GET /", " HTTP/1.1\r\n" H END, 200);
    check_long(20000, "GET /", " HTTP/1.1\r\n" H END, 414);
    check_long(1000000, "GET /", " HTTP/1.1\r\n" H END, 414);
    check_long(20000, "GET / HTTP/1.1\r\n" H "A: ", "\r\n" END, 431);
    check_long(1000000, "GET / HTTP/1.1\r\n" H "A: ", "\r\n" END, 431);
    check_long(100000, "POST / HTTP/1.1\r\n" H "Content-Length: 100000\r\n" END, "", 200);
    check_long(200000, "POST / HTTP/1.1\r\n" H "Content-Length: 200000\r\n" END, "", 413);
    check_long(200000, "POST / HTTP/1.1\r\n" H "Transfer-Encoding: chunked\r\n" END "30000\r\n", "", 413);
    Buf many = buf_with_max(100000);
    buf_add(&many, S("GET / HTTP/1.1\r\n" H));
    for (int i = 0; i < 70; i++)
        buf_add(&many, S("A: b\r\n"));
    buf_add(&many, S(END));
    check(many.p, many.n, 431);
    buf_free(&many);
}

static void echoes(void **state)
{
    (void)state;
    Str answer = ask("GET /a%2Fb/%E9?x=1&name=a%20b+c&name=2 HTTP/1.1\r\nHost: museum.example\r\n");
    assert_true(has(answer, "0 /a%2Fb/%E9 ? x=1&name=a%20b+c&name=2\n"));
    assert_true(has(answer, "name=a b c\nbase=http://museum.example\npeer=127.0.0.1\n"));
    answer = ask("GET / HTTP/1.1\r\n" H "X-Forwarded-Proto: https\r\nX-Forwarded-Host: evil\r\n");
    assert_true(has(answer, "base=http://a\n"));
    answer = ask("HEAD / HTTP/1.1\r\n" H);
    assert_int_equal(body_of(answer).n, 0);
    assert_true(has(answer, "Content-Length: ") && !has(answer, "Content-Length: 0"));
    answer = ask("GET /error HTTP/1.1\r\n" H);
    assert_int_equal(status_of(answer), 500);
    assert_false(has(answer, "secret"));
    assert_int_equal(status_of(ask("GET /nothing HTTP/1.1\r\n" H)), 500);
    answer = ask("GET /split HTTP/1.1\r\n" H);
    assert_false(has(answer, "\nSet-Cookie"));
}

static void check_range(
    const char *path, const char *field, int status, const char *content_range, size_t bytes)
{
    char head[300];
    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\n" H "%s\r\n", path, field);
    Str answer = ask(head);
    assert_int_equal(status_of(answer), status);
    assert_int_equal(body_of(answer).n, bytes);
    if (*content_range)
        assert_true(has(answer, content_range));
    else
        assert_false(has(answer, "Content-Range"));
}

static void ranges(void **state)
{
    (void)state;
    check_range("/tile", "A: b", 200, "", 10);
    check_range("/tile", "Range: bytes=0-3", 206, "Content-Range: bytes 0-3/10\r\n", 4);
    check_range("/tile", "Range: bytes=7-", 206, "Content-Range: bytes 7-9/10\r\n", 3);
    check_range("/tile", "Range: bytes=-4", 206, "Content-Range: bytes 6-9/10\r\n", 4);
    check_range("/tile", "Range: bytes=-400", 206, "Content-Range: bytes 0-9/10\r\n", 10);
    check_range("/tile", "Range: bytes=2-99999999999", 206, "Content-Range: bytes 2-9/10\r\n", 8);
    check_range("/tile", "Range: bytes=10-", 416, "Content-Range: bytes */10\r\n", 0);
    check_range("/tile", "Range: bytes=-0", 416, "Content-Range: bytes */10\r\n", 0);
    check_range("/tile", "Range: bytes=3-1", 200, "", 10);
    check_range("/tile", "Range: bytes=1-2,4-5", 200, "", 10);
    check_range("/tile", "Range: bytes=a-b", 200, "", 10);
    check_range("/tile", "Range: bytes=-", 200, "", 10);
    check_range("/tile", "Range: bytes=99999999999999999999-", 200, "", 10);
    check_range("/tile", "Range: lines=1-2", 200, "", 10);
    check_range("/tile", "Range: bytes=0-3\r\nIf-Range: \"t\"", 206, "bytes 0-3/10", 4);
    check_range("/tile", "Range: bytes=0-3\r\nIf-Range: \"old\"", 200, "", 10);
    check_range("/file", "Range: bytes=600000-", 206, "bytes 600000-699899/699900", 99900);
    check_range("/file", "A: b", 200, "", FILE_BYTES - 100);
    check_range("/page", "Range: bytes=0-1", 206, "Content-Range: bytes 0-1/", 2);
    Str answer = ask("GET /tile HTTP/1.1\r\n" H "Range: bytes=2-4\r\n");
    assert_true(str_eq(body_of(answer), S("789")));
}

static void check_condition(const char *field, int status)
{
    char head[200];
    snprintf(head, sizeof(head), "GET /file HTTP/1.1\r\n" H "%s\r\n", field);
    Str answer = ask(head);
    assert_int_equal(status_of(answer), status);
    assert_int_equal(body_of(answer).n, status == 304 ? 0 : FILE_BYTES - 100);
    assert_true(has(answer, "ETag: \"f1\"\r\n"));
    assert_true(has(answer, "Last-Modified: Sun, 09 Sep 2001 01:46:40 GMT\r\n"));
}

static void conditions(void **state)
{
    (void)state;
    check_condition("If-None-Match: \"f1\"", 304);
    check_condition("If-None-Match: W/\"f1\"", 304);
    check_condition("If-None-Match: \"a\", \"f1\"", 304);
    check_condition("If-None-Match: *", 304);
    check_condition("If-None-Match: \"f2\"", 200);
    check_condition("If-None-Match: f1", 200);
    check_condition("If-None-Match: \"f2\"\r\nIf-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT", 200);
    check_condition("If-Modified-Since: Sun, 09 Sep 2001 01:46:40 GMT", 304);
    check_condition("If-Modified-Since: Sun, 09 Sep 2001 01:46:39 GMT", 200);
    check_condition("If-Modified-Since: yesterday", 200);
    check_condition("If-Modified-Since: Sun, 09 Xxx 2001 01:46:40 GMT", 200);
    check_condition("Range: bytes=0-1\r\nIf-None-Match: \"f1\"", 304);
}

static void check_gzip(const char *accept, bool packed)
{
    char head[200];
    snprintf(head, sizeof(head), "GET /page/long HTTP/1.1\r\n" H "%s\r\n", accept);
    Str answer = ask(head);
    assert_int_equal(status_of(answer), 200);
    assert_true(has(answer, "Vary: Accept-Encoding\r\n"));
    assert_int_equal(has(answer, "Content-Encoding: gzip\r\n"), packed);
    assert_int_equal(has(answer, "ETag: W/\"long\"\r\n"), packed);
    assert_int_equal(body_of(answer).n < 200, packed);
}

static void compression(void **state)
{
    (void)state;
    check_gzip("Accept-Encoding: gzip, br", true);
    check_gzip("Accept-Encoding: br;q=1, GZIP;q=0.5", true);
    check_gzip("Accept-Encoding: *", true);
    check_gzip("Accept-Encoding: gzip;q=0", false);
    check_gzip("Accept-Encoding: gzip;q=x", false);
    check_gzip("Accept-Encoding: br", false);
    check_gzip("A: b", false);
    Str answer =
        ask("GET /page/long HTTP/1.1\r\n" H "Accept-Encoding: gzip\r\nIf-None-Match: W/\"long\"\r\n");
    assert_int_equal(status_of(answer), 304);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests),
        cmocka_unit_test(hostile_heads),
        cmocka_unit_test(hostile_bodies),
        cmocka_unit_test(limits),
        cmocka_unit_test(echoes),
        cmocka_unit_test(ranges),
        cmocka_unit_test(conditions),
        cmocka_unit_test(compression),
    };
    return cmocka_run_group_tests(tests, open_museum, close_museum);
}
