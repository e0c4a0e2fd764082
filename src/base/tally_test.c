// SPDX-License-Identifier: Apache-2.0
#include "base/tally.h"

#include "base/file.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

enum { DAY = TALLY_DAY_MS };
static char folder[300];
static int dir;

static int make_folder(void **state)
{
    const char *where = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof(folder), "%s/vitrine-tally-XXXXXX", where ? where : "/tmp");
    dir = mkdtemp(folder) ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    return dir < 0;
}

static int remove_folder(void **state)
{
    (void)state;
    unlinkat(dir, "opened", 0);
    close(dir);
    return rmdir(folder);
}

static void check(Tally *t, const char *name, uint32_t count, int64_t day)
{
    TallyEntry e = {0};
    assert_int_equal(tally_find(t, str_from(name), &e), count > 0);
    assert_int_equal(e.count, count);
    assert_int_equal(e.day, day);
}

static void counts_survive(void **state)
{
    (void)state;
    Err err = {0};
    assert_null(tally_read(dir, "opened", &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    Tally *t = tally_open(dir, "opened", 100 * (int64_t)DAY);
    tally_add(t, S("vase"), 100 * (int64_t)DAY);
    tally_add(t, S("vase"), 103 * (int64_t)DAY);
    tally_add(t, S(""), 101 * (int64_t)DAY);
    check(t, "vase", 2, 103);
    check(t, "bowl", 0, 0);
    tally_close(t);
    t = tally_open(dir, "opened", 200 * (int64_t)DAY);
    assert_true(tally_since_ms(t) == 100 * (int64_t)DAY);
    check(t, "vase", 2, 103);
    check(t, "", 1, 101);
    tally_close(t);
}

static void many_names(void **state)
{
    (void)state;
    char name[32];
    Tally *t = tally_open(dir, "many", 0);
    for (int round = 0; round < 2; round++)
        for (int i = 0; i < 20000; i++) {
            snprintf(name, sizeof(name), "%d", i);
            tally_add(t, str_from(name), DAY);
        }
    check(t, "0", 2, 1);
    check(t, "19999", 2, 1);
    check(t, "20000", 0, 0);
    tally_close(t);
    unlinkat(dir, "many", 0);
}

// Two programs that count in one place: nothing that one has seen is forgotten by the other.
static void two_at_once(void **state)
{
    (void)state;
    Err err = {0};
    Tally *one = tally_open(dir, "two", 0), *two = tally_open(dir, "two", 0);
    tally_add(one, S("a"), DAY);
    tally_add(two, S("b"), DAY);
    tally_add(two, S("b"), DAY);
    tally_close(one);
    tally_close(two);
    Tally *t = tally_read(dir, "two", &err);
    assert_non_null(t);
    check(t, "a", 1, 1);
    check(t, "b", 2, 1);
    tally_close(t);
    unlinkat(dir, "two", 0);
}

// Saved while counting, a minute after the last time: a kill then loses no more than that.
static void saved_on_the_way(void **state)
{
    (void)state;
    Err err = {0};
    Tally *t = tally_open(dir, "way", 0);
    tally_add(t, S("a"), 70000);
    tally_add(t, S("b"), 71000);
    Tally *killed = tally_read(dir, "way", &err);
    assert_non_null(killed);
    check(killed, "a", 1, 0);
    check(killed, "b", 0, 0);
    tally_close(killed);
    tally_close(t);
    unlinkat(dir, "way", 0);
}

static void damaged(void **state)
{
    (void)state;
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int fd = file_open(dir, "opened", &err);
    Str whole;
    assert_true(file_read_all(fd, 1 << 20, a, &whole, &err));
    for (size_t cut = 0; cut < whole.n; cut++) {
        char *bent = arena_alloc(a, whole.n);
        memcpy(bent, whole.p, whole.n);
        bent[cut] ^= 0x40;
        assert_true(file_replace(dir, "opened", (Str){bent, whole.n}, false, &err));
        assert_null(tally_read(dir, "opened", &err));
        assert_true(file_replace(dir, "opened", str_slice(whole, 0, cut), false, &err));
        assert_null(tally_read(dir, "opened", &err));
        assert_int_equal(err.kind, ERR_CORRUPT);
    }
    Tally *t = tally_open(dir, "opened", 300 * (int64_t)DAY); // begins again, and says since when
    check(t, "vase", 0, 0);
    assert_true(tally_since_ms(t) == 300 * (int64_t)DAY);
    tally_close(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(counts_survive), cmocka_unit_test(many_names),
        cmocka_unit_test(two_at_once), cmocka_unit_test(saved_on_the_way), cmocka_unit_test(damaged)};
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
