// SPDX-License-Identifier: Apache-2.0
// Out and in again: the same bytes, in each of the three forms; a public tool's view of them where there is
// one.
#include "preserve/package.h"

#include "preserve/bagit.h"
#include "preserve/ocfl.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[300];
static char path_of_text[400];

static const char *path_of(const char *part)
{
    snprintf(path_of_text, sizeof(path_of_text), "%s/%s", folder, part);
    return path_of_text;
}

static void shell(const char *script)
{
    char command[2000];
    snprintf(command, sizeof(command), "cd '%s' && %s", folder, script);
    if (system(command) != 0)
        fail_msg("%s", script);
}

static void put(Store *store, Str id, Str path, Str bytes, Str record)
{
    Err err = {0};
    StoreNote note = {1770000000000, S("taken in"), S("Ana"), S("mailto:ana@example.org")};
    StoreBatch *batch = store_batch_open(store, &err);
    StoreDraft *draft = store_draft_open(batch, id, &err);
    assert_true(store_draft_put(draft, path, bytes, &err) &&
                store_draft_put(draft, S("record.json"), record, &err) &&
                store_draft_done(draft, &note, &err) && store_batch_publish(batch, &err));
    store_batch_close(batch);
}

static const Str ids[] = {
    S("vase"), S("../../1978.12/3"), S("\xe9\x9d\x92\xe8\x8a\xb1"), S("VASE"), S("=1+1"), S("...")};

static int begin(void **state)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    const char *where = getenv("TMPDIR");
    snprintf(folder, sizeof(folder), "%s/vitrine-package-XXXXXX", where ? where : "/tmp");
    if (!mkdtemp(folder))
        return 1;
    Store *store = store_open(path_of("home"), true, &err);
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        put(store, ids[i], S("media/1/front <1>.jpg"), arena_printf(a, "\xff\xd8\xff picture %zu", i),
            arena_printf(
                a, "{\"id\":\"" FMT_STR "\",\"titles\":{\"en\":[\"Title <%zu>\"]}}", ARG_STR(ids[i]), i));
    *state = store;
    return 0;
}

static int end(void **state)
{
    store_close(*state);
    shell("rm -rf '../'\"$(basename \"$PWD\")\"");
    return 0;
}

static PackageSum pack(Store *store, PackageForm form, const char *to)
{
    Err err = {0};
    PackageSum sum;
    PackageAsk ask = {.museum = S("Museum of <things>\nand more"), .now_ms = 1770000000000};
    if (!package_export(store, form, path_of(to), &ask, &sum, &err))
        fail_msg("%s", err.text);
    assert_int_equal(sum.refused, 0);
    assert_int_equal(sum.objects, COUNT_OF(ids));
    return sum;
}

static void check_same(Store *x, Store *y)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    StoreFile *xs, *ys;
    size_t xs_count, ys_count;
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        if (!store_list_files(x, ids[i], 0, a, &xs, &xs_count, &err) ||
            !store_list_files(y, ids[i], 0, a, &ys, &ys_count, &err))
            fail_msg("%s", err.text);
        assert_int_equal(xs_count, ys_count);
        for (size_t j = 0; j < xs_count; j++) {
            assert_true(str_eq(xs[j].path, ys[j].path));
            assert_true(sha512_eq(&xs[j].digest, &ys[j].digest));
        }
    }
}

static void unpack(Store *store, const char *from)
{
    Err err = {0};
    PackageSum sum;
    PackageAsk ask = {.now_ms = 1770000001000};
    Store *other = store_open(path_of("other"), true, &err);
    for (int i = 0; i < 2; i++) { // the second time changes nothing
        if (!package_import(other, path_of(from), &ask, &sum, &err))
            fail_msg("%s", err.text);
        assert_int_equal(sum.refused, 0);
        assert_int_equal(sum.objects, COUNT_OF(ids));
        assert_int_equal(sum.unchanged, i ? COUNT_OF(ids) : 0);
        check_same(store, other);
    }
    store_close(other);
}

static void refused(Store *store, const char *from, ErrKind want)
{
    Err err = {0};
    PackageSum sum;
    PackageAsk ask = {.now_ms = 1770000001000};
    assert_false(package_import(store, path_of(from), &ask, &sum, &err));
    assert_int_equal(err.kind, want);
}

static void as_files(void **state)
{
    PackageSum first = pack(*state, PACKAGE_FILES, "files");
    assert_int_equal(first.unchanged, 0);
    shell("test -f files/objects/vase/record.json && test -f files/objects/vase/media/1/front*");
    shell("grep -q 'Title &lt;0&gt;' files/objects/vase/index.html && grep -q \"'=1+1\" files/index.csv");
    shell("test $(ls files/objects | wc -l) = 6 && ! test -e files/objects/.part");
    shell("rm files/objects/vase/index.html && echo changed > files/objects/VASE/record.json");
    PackageSum again = pack(*state, PACKAGE_FILES, "files"); // what is whole stays, the rest is written again
    assert_int_equal(again.unchanged, COUNT_OF(ids) - 2);
    assert_int_equal(again.bytes, first.bytes);
    unpack(*state, "files");
}

static void as_bag(void **state)
{
    BagSum sum;
    Err err = {0};
    pack(*state, PACKAGE_BAG, "bag");
    assert_true(bagit_check(path_of("bag"), NULL, NULL, &sum, &err));
    assert_int_equal(sum.errors + sum.warnings, 0);
    unpack(*state, "bag");
    shell("printf X >> bag/data/objects/vase/record.json");
    refused(*state, "bag", ERR_CORRUPT);
}

static void as_vault(void **state)
{
    OcflSum sum;
    Err err = {0};
    pack(*state, PACKAGE_OCFL, "copy");
    assert_true(ocfl_validate(path_of("copy/vault"), NULL, NULL, &sum, &err));
    assert_int_equal(sum.errors + sum.warnings, 0);
    shell("diff -r home/vault copy/vault");
    put(*state, S("vase"), S("more"), S("1"), S("{\"id\":\"vase\"}"));
    PackageSum again = pack(*state, PACKAGE_OCFL, "copy");
    assert_int_equal(again.unchanged, COUNT_OF(ids) - 1);
    shell("diff -r home/vault copy/vault");
    unpack(*state, "copy");
    shell("for f in copy/vault/*/urn%3avitrine%3avase/v1/content/record.json; do printf X >> $f; done");
    refused(*state, "copy", ERR_CORRUPT);
}

static void not_a_package(void **state)
{
    shell("mkdir empty && mkdir -p evil/objects/a && ln -s /etc evil/objects/a/media && echo "
          "'{\"id\":\"evil\"}' > evil/objects/a/record.json");
    refused(*state, "empty", ERR_INVALID);
    refused(*state, "nothing", ERR_NOT_FOUND);
    Err err = {0};
    PackageSum sum;
    PackageAsk ask = {.now_ms = 1};
    assert_true(package_import(*state, path_of("evil"), &ask, &sum, &err));
    assert_int_equal(sum.refused, 1);
    assert_int_equal(sum.objects, 0);
}

static void check_name(Str id, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str name = package_name(a, id);
    if (!str_eq(name, str_from(want)))
        fail_msg(FMT_STR ", wanted %s", ARG_STR(name), want);
}

static void names(void **state)
{
    (void)state;
    check_name(S("1978.12"), "1978.12");
    check_name(S("a/b"), "a%2Fb");
    check_name(S(".."), "%2E%2E");
    check_name(S("a b"), "a b");
    check_name(S(" a "), "%20a%20");
    check_name(S("100%"), "100%25");
    check_name(S("C:\\x?"), "C%3A%5Cx%3F");
    check_name(S("\xe9\x9d\x92"), "\xe9\x9d\x92");
    check_name(S("line\n"), "line%0A");
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(as_files), CASE(as_bag), CASE(as_vault), CASE(not_a_package), cmocka_unit_test(names)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
