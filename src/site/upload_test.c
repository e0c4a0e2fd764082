// SPDX-License-Identifier: Apache-2.0
#include "site/int.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define FORM "multipart/form-data; boundary=xYz"
#define FILE_HEAD                                                                                            \
    "Content-Disposition: form-data; name=\"picture\"; filename=\"a.jpg\"\r\nContent-Type: "                 \
    "image/jpeg\r\n\r\n"

// want NULL: refused.
static void check(const char *type, const char *body, const char *want)
{
    Err err = {0};
    Upload upload = {0};
    const bool good = upload_read(str_from(type), str_from(body), &upload, &err);
    const Str got = upload.picture.n ? upload.picture : upload.again;
    if (good != (want != NULL))
        fail_msg("%s / %s: %s", type, body, err.text);
    if (want && !str_eq(got, str_from(want)))
        fail_msg("%s: got " FMT_STR, body, ARG_STR(got));
    if (!want)
        assert_int_equal(err.kind, ERR_INVALID);
}

static void pictures(void **state)
{
    (void)state;
    check("image/jpeg", "bytes", "bytes");
    check("", "bytes", "bytes");
    check(FORM, "--xYz\r\n" FILE_HEAD "bytes\r\n--xYz--\r\n", "bytes");
    check("Multipart/Form-Data; charset=utf-8; BOUNDARY=\"x Y\"",
        "--x Y\r\n" FILE_HEAD "b\r\n\r\nc\r\n--x Y--", "b\r\n\r\nc");
    check(FORM "; more=1", "--xYz\r\n" FILE_HEAD "bytes\r\n--xYz--", "bytes");
    check(FORM,
        "--xYz\r\nContent-Disposition: form-data; name=\"kind\"\r\n\r\ndetail\r\n--xYz\r\n" FILE_HEAD
        "b\r\n--xYz--",
        "b");
    check(FORM, "--xYz\r\n" FILE_HEAD "\r\n--xYz--", NULL); // no file chosen
    check(FORM, "", NULL);
    check("image/jpeg", "", NULL);
    check(FORM, "--xY\r\n" FILE_HEAD "bytes\r\n--xY--", NULL);
    check(FORM, "--xYz\r\n" FILE_HEAD "bytes", NULL); // cut off
    check(FORM, "--xYz\r\nContent-Disposition: form-data; filename=\"a\"\r\n", NULL);
    check(FORM, "--xYz", NULL);
    check("multipart/form-data", "--xYz\r\n" FILE_HEAD "b\r\n--xYz--", NULL);
    check("multipart/form-data; boundary=", "--\r\n" FILE_HEAD "b\r\n----", NULL);
    check("multipart/form-data; boundary=\"x", "--x\r\n" FILE_HEAD "b\r\n--x--", NULL);
    check("multipart/form-data; "
          "boundary=aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "--a", NULL);
}

#define FIELD(name) "--xYz\r\nContent-Disposition: form-data; " name "\r\n\r\n"

// What an answer of ours gave along, and words.
static void asked_again(void **state)
{
    (void)state;
    Err err = {0};
    Upload u;
    check(FORM, FIELD("name=\"again\"") "Zm9v\r\n--xYz--", "Zm9v");
    check(FORM, FIELD("name=\"again2\"") "Zm9v\r\n--xYz--", NULL);
    check(FORM, FIELD("name=\"agai\"") "Zm9v\r\n--xYz--", NULL);
    check(FORM, FIELD("nickname=\"again\"") "Zm9v\r\n--xYz--", NULL);
    check(FORM, FIELD("name=\"again") "Zm9v\r\n--xYz--", NULL);
    check(FORM, FIELD("name=\"q\"") "Zm9v\r\n--xYz--", NULL);
    check(FORM, FIELD("name=\"q\"") "vase\r\n" FIELD("name=\"again\"; filename=\"a\"") "b\r\n--xYz--", "b");
    assert_true(upload_read(
        S(FORM), S(FIELD("name=\"again\"") "Zm9v\r\n" FIELD("name=\"q\"") "a vase\r\n--xYz--"), &u, &err));
    assert_true(u.has_q && str_eq(u.q, S("a vase")) && str_eq(u.again, S("Zm9v")) && u.picture.n == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(pictures), cmocka_unit_test(asked_again)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
