// SPDX-License-Identifier: Apache-2.0
// The public OCFL fixtures: each bad object is found bad and each warning warned of, by a code that its name
// has.
#include "preserve/ocfl.h"

#include "preserve/tree.h"
#include "store/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static char folder[300];

static int unpack(void **state)
{
    char command[900];
    const char *where = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof(folder), "%s/vitrine-ocfl-XXXXXX", where ? where : "/tmp");
    if (!mkdtemp(folder))
        return 1;
    snprintf(command, sizeof(command), "tar -xf '%s/ocfl-fixtures.tar.xz' -C '%s'", TEST_DATA, folder);
    return system(command);
}

static int remove_all(void **state)
{
    char command[400];
    (void)state;
    snprintf(command, sizeof(command), "rm -rf '%s'", folder);
    return system(command);
}

typedef struct {
    char codes[4000];
    bool named; // a code that the folder's name has
    Str name;
} Found;

static void collect(void *ctx, Str where, Str code, Str text)
{
    Found *found = ctx;
    size_t at, n = strlen(found->codes);
    (void)where;
    snprintf(found->codes + n, sizeof(found->codes) - n, " " FMT_STR " (" FMT_STR ")", ARG_STR(code),
        ARG_STR(text));
    found->named = found->named || str_find(found->name, code, &at);
}

// kind: "good-objects", "warn-objects", "bad-objects"
static int check_all(const char *version, const char *kind)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str *names;
    size_t count;
    int missed = 0;
    const char *path = arena_printf(a, "%s/ocfl-fixtures/%s/%s", folder, version, kind).p;
    assert_true(tree_names(AT_FDCWD, path, a, &names, &count, &err));
    for (size_t i = 0; i < count; i++) {
        Found found = {.name = names[i]};
        OcflSum sum;
        assert_true(ocfl_validate(arena_printf(a, "%s/%s", path, names[i].p).p, collect, &found, &sum, &err));
        bool right = kind[0] == 'b'   ? sum.errors > 0 && found.named
                     : kind[0] == 'w' ? sum.errors == 0 && sum.warnings > 0 && found.named
                                      : sum.errors == 0 && sum.warnings == 0;
        if (!right) {
            print_error("%s/%s/%s:%s\n", version, kind, names[i].p, found.codes);
            missed++;
        }
    }
    assert_int_equal(missed, 0);
    return (int)count;
}

static void good(void **state)
{
    (void)state;
    assert_int_equal(check_all("1.0", "good-objects") + check_all("1.1", "good-objects"), 22);
}

static void warned(void **state)
{
    (void)state;
    assert_int_equal(check_all("1.0", "warn-objects") + check_all("1.1", "warn-objects"), 27);
}

static void bad(void **state)
{
    (void)state;
    assert_int_equal(check_all("1.0", "bad-objects") + check_all("1.1", "bad-objects"), 107);
}

static void put(Store *store, Str id, Str path, Str bytes)
{
    Err err = {0};
    StoreNote note = {1770000000123, S("taken in"), S("Ana"), S("")};
    StoreBatch *batch = store_batch_open(store, &err);
    StoreDraft *draft = store_draft_open(batch, id, &err);
    assert_true(store_draft_put(draft, path, bytes, &err) && store_draft_done(draft, &note, &err) &&
                store_batch_publish(batch, &err));
    store_batch_close(batch);
}

// What we write ourselves has no error and no warning.
static void our_own(void **state)
{
    char home[400];
    OcflSum sum;
    Err err = {0};
    Found found = {0};
    (void)state;
    snprintf(home, sizeof(home), "%s/home", folder);
    Store *store = store_open(home, true, &err);
    put(store, S("vase"), S("record.json"), S("1"));
    put(store, S("vase"), S("media/1/front.jpg"), S("jpeg"));
    put(store, S("\xe9\x9d\x92\xe8\x8a\xb1 / ..\n"), S("record.json"), S("2"));
    put(store, S("vase"), S("record.json"), S("3"));
    StoreNote note = {1770000000000, S("withdrawn"), S("Ana"), S("ana@example.org")};
    assert_true(store_erase(store, S("vase"), &note, S("withdrawn.json"), S("{}"), &err));
    store_close(store);
    snprintf(home, sizeof(home), "%s/home/vault", folder);
    assert_true(ocfl_validate(home, collect, &found, &sum, &err));
    assert_string_equal(found.codes, "");
    assert_int_equal(sum.objects, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good), cmocka_unit_test(warned), cmocka_unit_test(bad), cmocka_unit_test(our_own)};
    return cmocka_run_group_tests(tests, unpack, remove_all);
}
