// SPDX-License-Identifier: Apache-2.0
#include "store/derived.h"
#include "store/test_home.h"

static TestHome home;

static int begin(void **state)
{
    (void)state;
    home = test_home();
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_home_remove(&home);
    return 0;
}

static void keep(Derived *d, Str master, const char *kind, Str bytes)
{
    Err err = {0};
    DerivedDraft draft;
    Sha512 digest = sha512_of(master);
    assert_true(derived_draft_open(d, &draft, &err) && file_write_all(draft.fd, bytes, &err));
    if (!derived_draft_keep(d, &draft, &digest, kind, &err))
        fail_msg("%s", err.text);
    derived_draft_drop(d, &draft); // nothing to drop any more
}

static void check_found(Derived *d, Str master, const char *kind, Str want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str bytes;
    Sha512 digest = sha512_of(master);
    CLEANUP(fd_closep) int fd = derived_find(d, &digest, kind, &err);
    assert_int_equal(fd < 0, want.n == 0);
    if (fd < 0) {
        assert_int_equal(err.kind, ERR_NOT_FOUND);
        return;
    }
    assert_true(file_read_all(fd, 100, a, &bytes, &err));
    assert_true(str_eq(bytes, want));
}

static void keeps_and_finds(void **state)
{
    (void)state;
    Err err = {0};
    uint64_t files, bytes;
    Derived *d = derived_open(home.path, true, &err);
    check_found(d, S("master"), "pyramid", (Str){0});
    keep(d, S("master"), "pyramid", S("tiles"));
    keep(d, S("master"), "thumb", S("small"));
    check_found(d, S("master"), "pyramid", S("tiles"));
    check_found(d, S("other"), "pyramid", (Str){0});
    keep(d, S("master"), "pyramid", S("better tiles"));
    check_found(d, S("master"), "pyramid", S("better tiles"));
    check_found(d, S("master"), "thumb", S("small"));
    assert_true(derived_size(d, &files, &bytes, &err));
    assert_int_equal(files, 2);
    assert_int_equal(bytes, 17);
    Sha512 digest = sha512_of(S("master")), other = sha512_of(S("other"));
    assert_true(derived_erase(d, &other, &err));
    check_found(d, S("master"), "thumb", S("small"));
    assert_true(derived_erase(d, &digest, &err));
    check_found(d, S("master"), "thumb", (Str){0});
    check_found(d, S("master"), "pyramid", (Str){0});
    derived_close(d);
}

static void check_kind(Derived *d, const char *kind)
{
    Err err = {0};
    Sha512 digest = sha512_of(S("m"));
    assert_int_equal(derived_find(d, &digest, kind, &err), -1);
    assert_int_equal(err.kind, ERR_INVALID);
}

static void refuses_kinds(void **state)
{
    (void)state;
    Err err = {0};
    Derived *d = derived_open(home.path, true, &err);
    check_kind(d, "");
    check_kind(d, "../x");
    check_kind(d, "Pyramid");
    check_kind(d, "pyramid.zip");
    check_kind(d, "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
    derived_close(d);
}

// Drafts of a dead process go at the next open; those of a living one stay.
static void tidies_drafts(void **state)
{
    (void)state;
    Err err = {0};
    char path[600];
    DerivedDraft alive;
    struct stat st;
    Derived *d = derived_open(home.path, true, &err);
    assert_true(derived_draft_open(d, &alive, &err));
    snprintf(path, sizeof(path), "%s/derived/draft/dead", home.path);
    close(open(path, O_CREAT | O_WRONLY, 0666));
    Derived *again = derived_open(home.path, false, &err);
    assert_int_equal(stat(path, &st), -1);
    Sha512 digest = sha512_of(S("m"));
    assert_true(file_write_all(alive.fd, S("still"), &err));
    assert_true(derived_draft_keep(d, &alive, &digest, "pyramid", &err));
    check_found(again, S("m"), "pyramid", S("still"));
    derived_close(again);
    derived_close(d);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {CASE(keeps_and_finds), CASE(refuses_kinds), CASE(tidies_drafts)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
