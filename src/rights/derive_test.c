// SPDX-License-Identifier: Apache-2.0
#include "rights/rights.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

enum { NO = -1 };

static void check(const char *statement, const char *licence, int as, bool no_commerce)
{
    Err err = {0};
    Derive derive;
    const bool open = rights_derive(VIEWER_PUBLIC, str_from(statement), str_from(licence), &derive, &err);
    assert_int_equal(open, as != NO);
    if (open) {
        assert_int_equal(derive.as, as);
        assert_int_equal(derive.no_commerce, no_commerce);
    } else {
        assert_int_equal(err.kind, ERR_DENIED);
        assert_true(err.text[0] != '\0');
    }
    assert_true(rights_derive(VIEWER_STAFF, str_from(statement), str_from(licence), &derive, &err));
}

static void statements(void **state)
{
    (void)state;
    check("http://creativecommons.org/publicdomain/zero/1.0/", "", DERIVE_FREE, false);
    check("https://creativecommons.org/publicdomain/mark/1.0/", "", DERIVE_FREE, false);
    check("http://creativecommons.org/licenses/by/4.0/", "", DERIVE_CREDIT, false);
    check("http://creativecommons.org/licenses/by/3.0/us/", "", DERIVE_CREDIT, false);
    check("http://creativecommons.org/licenses/by-sa/4.0/", "", DERIVE_SHARE_ALIKE, false);
    check("http://creativecommons.org/licenses/by-nc/4.0/", "", DERIVE_CREDIT, true);
    check("http://creativecommons.org/licenses/by-nc-sa/2.5/", "", DERIVE_SHARE_ALIKE, true);
    check("http://creativecommons.org/licenses/by-nd/4.0/", "", NO, false);
    check("http://creativecommons.org/licenses/by-nc-nd/4.0/", "", NO, false);
    check("http://rightsstatements.org/vocab/InC/1.0/", "", NO, false);
    check("http://rightsstatements.org/vocab/InC-EDU/1.0/", "", NO, false);
    check("http://rightsstatements.org/vocab/NoC-US/1.0/", "", DERIVE_FREE, false);
    check("http://rightsstatements.org/vocab/NoC-NC/1.0/", "", DERIVE_FREE, true);
    check("http://rightsstatements.org/vocab/NoC-CR/1.0/", "", NO, false);
    check("http://rightsstatements.org/vocab/NKC/1.0/", "", DERIVE_FREE, false);
    check("http://rightsstatements.org/vocab/UND/1.0/", "", NO, false);
    check("http://rightsstatements.org/vocab/CNE/1.0/", "", NO, false);
    check("http://example.org/terms", "CC0-1.0", NO, false); // a statement counts before the words
    check("http://creativecommons.org.example/publicdomain/zero/1.0/", "", NO, false);
}

static void words(void **state)
{
    (void)state;
    check("", "CC0-1.0", DERIVE_FREE, false);
    check("", "PD-official-list", DERIVE_FREE, false);
    check("", "PD-US (artwork); CC0-1.0 for contributions", DERIVE_FREE, false);
    check("", "Public Domain", DERIVE_FREE, false);
    check("", "CC BY", DERIVE_CREDIT, false);
    check("", "cc-by-sa", DERIVE_SHARE_ALIKE, false);
    check("", "CC BY-NC", DERIVE_CREDIT, true);
    check("", "CC BY-ND", NO, false);
    check("", "Creative Commons Attribution-NoDerivatives", NO, false);
    check("", "Creative Commons Attribution No Derivatives 4.0", NO, false);
    check("", "In copyright", NO, false);
    check("", "All rights reserved (formerly public domain)", NO, false);
    check("", "ask the museum", NO, false);
    check("", "cc byte", NO, false);
    check("", "updated", NO, false);
    check("", "", NO, false);
    check("  ", " \t", NO, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(statements), cmocka_unit_test(words)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
