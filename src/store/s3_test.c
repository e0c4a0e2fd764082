// SPDX-License-Identifier: Apache-2.0
// The signer against AWS's published examples, and the answers of servers that mean well or not. The client
// itself is tested from outside, against a server that checks every signature (tests/s3.py).
#include "base/clock.h"
#include "base/digest.h"
#include "store/s3_answer.h"
#include "store/s3_sign.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define EMPTY "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

static void check_signature(const S3Signing *what, const S3Keys *keys, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    S3Signed got = s3_sign(keys, what, a);
    if (!str_ends(got.authorization, str_from(want)))
        fail_msg("got " FMT_STR ", wanted %s", ARG_STR(got.authorization), want);
}

// "Signature Calculations for the Authorization Header" of the S3 API reference has these four.
static void examples_of_s3(void **state)
{
    (void)state;
    const S3Keys keys = {S("AKIAIOSFODNN7EXAMPLE"), S("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"), {0}};
#define HOST                                                                                                 \
    {                                                                                                        \
        S("host"), S("examplebucket.s3.amazonaws.com")                                                       \
    }
#define DATE                                                                                                 \
    {                                                                                                        \
        S("x-amz-date"), S("20130524T000000Z")                                                               \
    }
    const S3Pair get[] = {HOST, DATE, {S("x-amz-content-sha256"), S(EMPTY)}, {S("range"), S("bytes=0-9")}};
    const S3Pair plain[] = {HOST, DATE, {S("x-amz-content-sha256"), S(EMPTY)}};
    const Str welcome = S("44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072");
    const S3Pair put[] = {{S("date"), S("Fri, 24 May 2013 00:00:00 GMT")}, HOST, DATE,
        {S("x-amz-storage-class"), S("REDUCED_REDUNDANCY")}, {S("x-amz-content-sha256"), welcome}};
    const S3Pair lifecycle[] = {{S("lifecycle"), S("")}};
    const S3Pair list[] = {{S("prefix"), S("J")}, {S("max-keys"), S("2")}}; // sorted by the signer
    S3Signing what = {.method = S("GET"),
        .path = S("/test.txt"),
        .headers = get,
        .headers_count = 4,
        .payload_sha256 = S(EMPTY),
        .region = S("us-east-1"),
        .service = S("s3"),
        .time_ms = 1369353600000};
    check_signature(&what, &keys,
        "SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, "
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");
    what.headers = plain;
    what.headers_count = 3;
    what.path = S("/");
    what.query = lifecycle;
    what.query_count = 1;
    check_signature(&what, &keys, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");
    what.query = list;
    what.query_count = 2;
    check_signature(&what, &keys, "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
    what.method = S("PUT");
    what.path = S("/test$file.text");
    what.query_count = 0;
    what.headers = put;
    what.headers_count = 5;
    what.payload_sha256 = welcome;
    check_signature(&what, &keys, "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
}

// Of the suite that AWS published for Signature Version 4 (its service is called "service").
static void examples_of_the_suite(void **state)
{
    (void)state;
    const S3Keys keys = {S("AKIDEXAMPLE"), S("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"), {0}};
    const S3Pair headers[] = {
        {S("host"), S("example.amazonaws.com")}, {S("x-amz-date"), S("20150830T123600Z")}};
    const S3Pair order[] = {{S("Param2"), S("value2")}, {S("Param1"), S("value1")}};
    S3Signing what = {.method = S("GET"),
        .path = S("/"),
        .headers = headers,
        .headers_count = 2,
        .payload_sha256 = S(EMPTY),
        .region = S("us-east-1"),
        .service = S("service"),
        .time_ms = 1440938160000};
    check_signature(&what, &keys, "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31");
    what.query = order;
    what.query_count = 2;
    check_signature(&what, &keys, "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500");
    what.query_count = 0;
    what.method = S("POST");
    check_signature(&what, &keys, "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b");
}

static void paths(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    const S3Keys keys = {S("A"), S("B"), {0}};
    const S3Pair query[] = {{S("prefix"), S("a b/青+%")}, {S("delimiter"), S("/")}, {S("list-type"), S("2")}};
    S3Signing what = {.method = S("GET"),
        .path = S("/b/urn%3ax/v1/content/a b//../青~(1).tif"),
        .query = query,
        .query_count = 3,
        .payload_sha256 = S(EMPTY),
        .region = S("r"),
        .service = S("s3")};
    S3Signed got = s3_sign(&keys, &what, a);
    assert_true(str_eq(got.path, S("/b/urn%253ax/v1/content/a%20b//../%E9%9D%92~%281%29.tif")));
    assert_true(str_eq(got.query, S("delimiter=%2F&list-type=2&prefix=a%20b%2F%E9%9D%92%2B%25")));
}

#define LIST "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"

static void check_page(const char *xml, ErrKind want, size_t count, bool more, const char *first)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    S3Page page;
    Err err = {0};
    bool good = s3_answer_page(str_from(xml), a, &page, &err);
    if ((good ? ERR_NONE : err.kind) != want)
        fail_msg("%s: %s", xml, err.text);
    if (!good)
        return;
    assert_int_equal(page.count, count);
    assert_int_equal(page.more, more);
    if (count)
        assert_true(str_eq(page.entries[0].key, str_from(first)));
}

static void pages(void **state)
{
    (void)state;
    check_page(LIST "</ListBucketResult>", ERR_NONE, 0, false, "");
    check_page(
        "<?xml version=\"1.0\"?>" LIST
        "<IsTruncated>true</IsTruncated><Prefix>p/</Prefix><Contents><Key>p/a b&amp;青</Key><Size>5</Size>"
        "<ETag>\"abc\"</ETag><Owner><ID>x</ID></Owner></Contents><CommonPrefixes><Prefix>p/f/</Prefix>"
        "</CommonPrefixes></ListBucketResult>",
        ERR_NONE, 2, true, "p/a b&青");
    check_page(LIST "<Contents><Key>p/a+b%2Bc%E9%9D%92</Key><Size>5</Size></Contents>"
                    "<EncodingType>url</EncodingType></ListBucketResult>",
        ERR_NONE, 1, false, "p/a b+c青");
    check_page(LIST
        "<Contents><Key>p/a+b%2</Key></Contents><EncodingType>url</EncodingType></ListBucketResult>",
        ERR_INVALID, 0, false, "");
    check_page(
        "<ListVersionsResult><Version><Key>a</Key><VersionId>v1</VersionId></Version><DeleteMarker><Key>a"
        "</Key><VersionId>v2</VersionId></DeleteMarker></ListVersionsResult>",
        ERR_NONE, 2, false, "a");
    check_page(LIST "<Contents><Key>a</Key><Size>-1</Size></Contents></ListBucketResult>", ERR_CORRUPT, 0,
        false, "");
    check_page(LIST "<Contents><Key>a</Key><Size>9e9</Size></Contents></ListBucketResult>", ERR_CORRUPT, 0,
        false, "");
    check_page("<html><body>Welcome to the hotel</body></html>", ERR_CORRUPT, 0, false, "");
    check_page("<Error><Code>AccessDenied</Code></Error>", ERR_CORRUPT, 0, false, "");
    check_page("", ERR_CORRUPT, 0, false, "");
    check_page("{}", ERR_CORRUPT, 0, false, "");
    check_page(LIST "<Contents><Key>cut", ERR_CORRUPT, 0, false, "");
    check_page("<!DOCTYPE x [<!ENTITY e \"boom\">]>" LIST
               "<Contents><Key>&e;</Key></Contents></ListBucketResult>",
        ERR_CORRUPT, 0, false, "");
    check_page(LIST
        "<a><a><a><a><a><a><a><a><a><a></a></a></a></a></a></a></a></a></a></a></ListBucketResult>",
        ERR_LIMIT, 0, false, "");
}

static void too_much(void **state)
{
    (void)state;
    CLEANUP(buf_free) Buf keys = buf_with_max(4 << 20), key = buf_with_max(4 << 20);
    buf_add(&keys, S(LIST));
    for (int i = 0; i <= S3_KEYS_MAX; i++)
        buf_add(&keys, S("<Contents><Key>a</Key></Contents>"));
    buf_add(&keys, S("</ListBucketResult>"));
    buf_add_char(&keys, '\0');
    check_page(keys.p, ERR_LIMIT, 0, false, "");
    buf_add(&key, S(LIST "<Contents><Key>"));
    for (int i = 0; i <= S3_KEY_MAX_BYTES; i++)
        buf_add_char(&key, 'k');
    buf_add(&key, S("</Key></Contents></ListBucketResult>"));
    buf_add_char(&key, '\0');
    check_page(key.p, ERR_LIMIT, 0, false, "");
}

static void texts(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str text, root;
    assert_true(s3_answer_text(
        S("<Error><Code>SlowDown</Code><Message>a &lt; b</Message></Error>"), a, "Message", &text, &root));
    assert_true(str_eq(root, S("Error")) && str_eq(text, S("a < b")));
    assert_true(s3_answer_text(S("<InitiateMultipartUploadResult/>"), a, "UploadId", &text, &root));
    assert_true(text.n == 0);
    assert_false(s3_answer_text(S("Bad gateway"), a, "Code", &text, &root));
    assert_false(s3_answer_text(S("<Error><Code>x"), a, "Code", &text, &root));
    assert_false(s3_answer_text(S("<!DOCTYPE a><Error><Code>x</Code></Error>"), a, "Code", &text, &root));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(examples_of_s3),
        cmocka_unit_test(examples_of_the_suite), cmocka_unit_test(paths), cmocka_unit_test(pages),
        cmocka_unit_test(too_much), cmocka_unit_test(texts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
