// SPDX-License-Identifier: Apache-2.0
#include "base/set.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_text_once(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    StrSet set = str_set(a, 3000);
    assert_false(str_set_has(&set, S("")));
    for (int round = 0; round < 2; round++) {
        for (int i = 0; i < 2999; i++)
            assert_int_equal(str_set_add(&set, arena_printf(a, "object-%d", i)), round == 0);
        assert_int_equal(str_set_add(&set, (Str){0}), round == 0);
    }
    assert_int_equal(set.count, 3000);
    assert_true(str_set_has(&set, S("object-2998")) && str_set_has(&set, S("")));
    assert_false(str_set_has(&set, S("object-2999")) || str_set_has(&set, S("object-")));
}

static void of_a_list(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    const Str list[] = {S("a"), S("b"), S("a")};
    const StrSet set = str_set_of(a, list, COUNT_OF(list)), none = str_set_of(a, NULL, 0);
    assert_int_equal(set.count, 2);
    assert_true(str_set_has(&set, S("a")) && str_set_has(&set, S("b")) && !str_set_has(&set, S("c")));
    assert_false(str_set_has(&none, S("a")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_text_once), cmocka_unit_test(of_a_list)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
