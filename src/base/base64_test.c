// SPDX-License-Identifier: Apache-2.0
#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void check(const char *bytes, const char *text)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str back;
    assert_true(str_eq(base64_text(a, str_from(bytes)), str_from(text)));
    assert_true(base64_read(a, str_from(text), &back, &err));
    assert_true(str_eq(back, str_from(bytes)));
}

static void refuse(const char *text)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str back;
    assert_false(base64_read(a, str_from(text), &back, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void vectors(void **state) // RFC 4648, section 10
{
    (void)state;
    check("", "");
    check("f", "Zg==");
    check("fo", "Zm8=");
    check("foo", "Zm9v");
    check("foob", "Zm9vYg==");
    check("fooba", "Zm9vYmE=");
    check("foobar", "Zm9vYmFy");
    check("\xff\xfe\xfb\xef", "//777w==");
}

static void refused(void **state)
{
    (void)state;
    refuse("Zg=");
    refuse("Z");
    refuse("Zg==Zg==");
    refuse("Zm 9");
    refuse("Zm9\n");
    refuse("Z===");
    refuse("Zm9-");
    refuse("====");
    refuse("Zh=="); // bits that belong to no byte
}

static void of_a_length(void **state)
{
    (void)state;
    char bytes[4] = "....";
    assert_true(base64_into(S("Zm9v"), bytes, 3));
    assert_memory_equal(bytes, "foo.", 4);
    assert_false(base64_into(S("Zm9v"), bytes, 2));
    assert_false(base64_into(S("Zm9v"), bytes, 4));
    assert_false(base64_into(S("Zm9v\n"), bytes, 3));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors), cmocka_unit_test(refused), cmocka_unit_test(of_a_length)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
