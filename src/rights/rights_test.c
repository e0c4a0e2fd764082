// SPDX-License-Identifier: Apache-2.0
#include "rights/rights.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

// side_px < 0: nothing may be shown at all.
static void check(ViewerRole role, const char *access, int side_px)
{
    Err err = {0};
    Terms terms;
    Grant grant;
    assert_true(rights_terms_parse(str_from(access), &terms, &err));
    bool open = rights_decide(role, terms, &grant, &err);
    assert_int_equal(open, side_px >= 0);
    if (!open) {
        assert_int_equal(err.kind, ERR_DENIED);
        return;
    }
    assert_true(grant.record);
    assert_int_equal(grant.side_max_px, side_px);
    assert_true(rights_terms_rank(terms) >= rights_rank_visible(role));
    assert_int_equal(rights_terms_rank(terms) >= rights_rank_pixels(role), side_px > 0);
}

static void decide(void **state)
{
    (void)state;
    check(VIEWER_PUBLIC, "none", -1);
    check(VIEWER_PUBLIC, "record", 0);
    check(VIEWER_PUBLIC, "1024", 1024);
    check(VIEWER_PUBLIC, "side 640", 640);
    check(VIEWER_PUBLIC, "full", RIGHTS_SIDE_UNLIMITED);
    check(VIEWER_STAFF, "none", RIGHTS_SIDE_UNLIMITED);
}

static void refuse(const char *access)
{
    Err err = {0};
    Terms terms;
    assert_false(rights_terms_parse(str_from(access), &terms, &err));
    assert_int_equal(err.kind, ERR_INVALID);
}

static void bad_terms(void **state)
{
    (void)state;
    refuse("");
    refuse("all");
    refuse("FULL");
    refuse("side");
    refuse("side -1");
    refuse("0");
    refuse("15");
    refuse("100001");
    refuse("99999999999999999999");
    refuse("1024px");
}

static void hidden_is_below_every_visible_rank(void **state)
{
    (void)state;
    assert_true(rights_terms_rank((Terms){.access = ACCESS_NONE}) < rights_rank_visible(VIEWER_PUBLIC));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(decide),
        cmocka_unit_test(bad_terms),
        cmocka_unit_test(hidden_is_below_every_visible_rank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
