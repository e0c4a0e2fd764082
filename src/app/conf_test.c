// SPDX-License-Identifier: Apache-2.0
#include "app/conf.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check(const char *text, bool good, const char *complaint)
{
    Err err = {0};
    Conf conf;
    assert_int_equal(conf_parse(str_from(text), &conf, &err), good);
    if (!good) {
        size_t at;
        assert_int_equal(err.kind, ERR_INVALID);
        assert_true(str_find(str_from(err.text), str_from(complaint), &at));
    }
}

static void parse(void **state)
{
    (void)state;
    check("", true, NULL);
    check("# only a comment\n\n", true, NULL);
    check("\xEF\xBB\xBFname = Musée d’été\r\naccess=640\r\n", true, NULL);
    check("name\n", false, "line 1: no '='");
    check("\nnmae = x\n", false, "line 2: nmae: there is no such key");
    check("workers = many", false, "workers: must be a whole number");
    check("workers = 0", false, "from 1 to 256");
    check("workers = 99999999999999999999", false, "from 1 to 256");
    check("trust_proxy = perhaps", false, "yes or no");
    check("model_mean = 0.5, 0.5,0.5\nmodel_deviation=1,1,1", true, NULL);
    check("model_mean = 0.5, 0.5", false, "three numbers");
    check("model_mean = 1,2,3,4", false, "three numbers");
    check("model_deviation = 0,1,1", false, "three numbers from 0.001");
    check("access = everyone", false, "access must be");
    check("name = \xff\xfe", false, "UTF-8");
    check("=", false, "no such key");
}

static void values_arrive(void **state)
{
    (void)state;
    Err err = {0};
    Conf conf;
    assert_true(conf_parse(
        S("name = Vitrine = glass \npublic_url = https://m.example/\nmegapixels_max = 200"), &conf, &err));
    assert_true(str_eq(conf.name, S("Vitrine = glass")));
    assert_true(str_eq(conf.public_url, S("https://m.example")));
    assert_true(conf.pixels_max == 200000000);
    assert_int_equal(conf.access.access, ACCESS_FULL);
}

// What init writes must be read again, with every commented key taken live as well.
static void template_is_valid(void **state)
{
    (void)state;
    Err err = {0};
    Conf conf;
    CLEANUP(arena_closep) Arena *a = arena_open();
    ConfAnswers answers = {
        .name = S("博物館"), .language = S("zh-Hant"), .listen = S("0.0.0.0:80"), .access = S("side 800")};
    Str text = conf_template(a, &answers), rest = text, line;
    assert_true(conf_parse(text, &conf, &err));
    assert_true(str_eq(conf.name, S("博物館")));
    assert_int_equal(conf.access.side_max_px, 800);
    CLEANUP(buf_free) Buf live = buf_with_max(CONF_MAX_BYTES);
    while (str_next(&rest, '\n', &line)) {
        Str key, value;
        if (str_starts(line, S("# ")) && str_cut(line, '=', &key, &value) &&
            memchr(key.p + 2, ' ', key.n - 3) == NULL)
            line = str_slice(line, 2, line.n);
        buf_add(&live, line);
        buf_add_char(&live, '\n');
    }
    assert_true(conf_parse(buf_str(&live), &conf, &err));
    assert_int_equal(conf.workers, 2);
    assert_int_equal(conf.tile_quality, 85);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parse),
        cmocka_unit_test(values_arrive),
        cmocka_unit_test(template_is_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
