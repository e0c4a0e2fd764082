// SPDX-License-Identifier: Apache-2.0
// What visitors write: regions, lassos, colours.
#include "visual/visual.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static void check_region(const char *text, bool want)
{
    int region[4];
    assert_int_equal(visual_read_region(str_from(text), region), want);
}

static void regions(void **state)
{
    (void)state;
    check_region("0,0,1,1", true);
    check_region("10,20,300,400", true);
    check_region("", false);
    check_region("0,0,1", false);
    check_region("0,0,1,1,1", false);
    check_region("0,0,0,1", false);
    check_region("-1,0,1,1", false);
    check_region("1.5,0,1,1", false);
    check_region("0,0,99999999999,1", false);
}

// want_box: "x,y,w,h"; empty: refused.
static void check_lasso(const char *text, int want, const char *want_box)
{
    VisualPoint corners[VISUAL_CORNERS_MAX];
    int box[4] = {0};
    char said[64];
    assert_int_equal(visual_read_lasso(str_from(text), corners, box), want);
    snprintf(said, sizeof(said), "%d,%d,%d,%d", box[0], box[1], box[2], box[3]);
    if (want > 0)
        assert_string_equal(said, want_box);
    for (int i = 0; i < want; i++)
        assert_true(corners[i].x >= 0 && corners[i].x <= 1 && corners[i].y >= 0 && corners[i].y <= 1);
}

static void lassos(void **state)
{
    (void)state;
    check_lasso("0,0,10,0,10,10", 3, "0,0,10,10");
    check_lasso("100,50,300,60,250,90,90,80", 4, "90,50,210,40");
    check_lasso("0,0,10,10,10,0,0,10", 4, "0,0,10,10"); // crosses itself
    check_lasso("", 0, "");
    check_lasso("0,0", 0, "");
    check_lasso("0,0,10,0", 0, "");
    check_lasso("0,0,10,0,10", 0, ""); // half a corner
    check_lasso("0,0,10,0,10,10,", 3, "0,0,10,10");
    check_lasso("0,0,10,0,20,0", 0, ""); // a line
    check_lasso("5,5,5,5,5,5", 0, "");   // a point
    check_lasso("0,0,10,0,10,-1", 0, "");
    check_lasso("0,0,10,0,a,b", 0, "");
    check_lasso("0,0,10,0,10,99999999", 0, "");
    char many[2048];
    size_t n = 0;
    for (int i = 0; i < VISUAL_CORNERS_MAX; i++)
        n += (size_t)snprintf(many + n, sizeof(many) - n, "%s%d,%d", i ? "," : "", i, i * i);
    check_lasso(many, VISUAL_CORNERS_MAX, "0,0,63,3969");
    snprintf(many + n, sizeof(many) - n, ",1,1");
    check_lasso(many, 0, "");
}

static void colours(void **state)
{
    (void)state;
    SketchColour read[PALETTE_MAX];
    assert_int_equal(visual_read_colours(S("1f4e79,#d9c9a3"), read), 2);
    assert_int_equal(visual_read_colours(S("red"), read), 0);
    assert_int_equal(visual_read_colours(S(""), read), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(regions),
        cmocka_unit_test(lassos),
        cmocka_unit_test(colours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
