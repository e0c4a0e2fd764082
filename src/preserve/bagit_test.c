// SPDX-License-Identifier: Apache-2.0
// The public BagIt conformance suite, and bags that mean harm.
#include "preserve/bagit.h"

#include "base/base.h"
#include "preserve/sorter.h"
#include "preserve/tree.h"

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
    snprintf(folder, sizeof(folder), "%s/vitrine-bagit-XXXXXX", where ? where : "/tmp");
    if (!mkdtemp(folder))
        return 1;
    snprintf(
        command, sizeof(command), "tar -xf '%s/bagit-conformance-suite.tar.xz' -C '%s'", TEST_DATA, folder);
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
    char text[2000];
} Found;

static void collect(void *ctx, bool error, Str text)
{
    Found *found = ctx;
    size_t n = strlen(found->text);
    snprintf(found->text + n, sizeof(found->text) - n, " %s: " FMT_STR ";", error ? "E" : "W", ARG_STR(text));
}

typedef enum { VALID, WARNED, INVALID } Verdict;

enum { FEW_BYTES = 600 }; // of memory for a manifest: three or four lines

static int check_all(const char *kind, Verdict want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str *names;
    size_t count;
    int missed = 0, bags = 0;
    const char *path = arena_printf(a, "%s/bagit-conformance-suite/%s", folder, kind).p;
    assert_true(tree_names(AT_FDCWD, path, a, &names, &count, &err));
    for (size_t i = 0; i < count; i++) {
        Found found = {0};
        BagSum sum;
        const char *bag = arena_printf(a, "%s/%s", path, names[i].p).p;
        if (tree_kind(AT_FDCWD, bag) != TREE_FOLDER)
            continue;
        bags++;
        assert_true(bagit_check(bag, collect, &found, &sum, &err));
        if (want == INVALID ? sum.errors == 0 : sum.errors > 0) {
            print_error("%s/%s:%s\n", kind, names[i].p, found.text);
            missed++;
        }
    }
    assert_int_equal(missed, 0);
    return bags;
}

static Verdict check_one(const char *name)
{
    char path[600];
    BagSum sum;
    Err err = {0};
    snprintf(path, sizeof(path), "%s/bagit-conformance-suite/v0.97/warning/%s", folder, name);
    assert_true(bagit_check(path, NULL, NULL, &sum, &err));
    return sum.errors ? INVALID : sum.warnings ? WARNED : VALID;
}

static void suite(void **state)
{
    (void)state;
    int bags = check_all("v0.93/valid", VALID) + check_all("v0.94/valid", VALID) +
               check_all("v0.95/valid", VALID) + check_all("v0.96/valid", VALID) +
               check_all("v0.97/valid", VALID) + check_all("v1.0/valid", VALID) +
               check_all("v0.97/invalid", INVALID) + check_all("v1.0/invalid", INVALID) +
               check_all("v0.97/linux-only", INVALID);
    assert_int_equal(bags, 48);
    assert_int_equal(check_all("v0.97/windows-only", INVALID), 6);
    // Three of the six are incomplete here, and said to be: they name one file in two spellings that only
    // some disks take for the same, and a .DS_Store that the suite's own archive has lost.
    assert_int_equal(check_one("made-with-md5sum-tools"), WARNED);
    assert_int_equal(check_one("relative-path"), WARNED);
    assert_int_equal(check_one("same-filename-listed-twice-with-the-same-hash"), WARNED);
    assert_int_equal(check_one("duplicate-file-with-different-case"), INVALID);
    assert_int_equal(check_one("same-filename-listed-twice-with-different-normalization"), INVALID);
    assert_int_equal(check_one("special-system-files"), INVALID);
}

static void check_bag(const char *script, Verdict want)
{
    char command[3000], path[400];
    Found found = {0};
    BagSum sum;
    Err err = {0};
    snprintf(path, sizeof(path), "%s/bag", folder);
    snprintf(command, sizeof(command),
        "rm -rf '%s' && mkdir -p '%s/data' && cd '%s' && printf 'BagIt-Version: "
        "1.0\\nTag-File-Character-Encoding: "
        "UTF-8\\n' > bagit.txt && printf x > data/x && sha512sum data/x > manifest-sha512.txt && %s",
        path, path, path, script);
    assert_int_equal(system(command), 0);
    assert_true(bagit_check(path, collect, &found, &sum, &err));
    if ((sum.errors > 0) != (want == INVALID))
        fail_msg("%s:%s", script, found.text);
    BagSum small;
    assert_true(bagit_check_in(path, FEW_BYTES, NULL, NULL, &small, &err)); // in many pieces: the same
    assert_int_equal(small.errors, sum.errors);
    assert_int_equal(small.warnings, sum.warnings);
}

static void hostile(void **state)
{
    (void)state;
    check_bag("true", VALID);
    check_bag(
        "printf 'a%%' > 'data/100%' && sha512sum data/100% | sed s/%/%25/ >> manifest-sha512.txt", VALID);
    check_bag("printf y > data/y", INVALID);
    check_bag("ln -s /etc/passwd data/y && sha512sum data/y >> manifest-sha512.txt", INVALID);
    check_bag("rm data/x && ln -s ../bagit.txt data/x", INVALID);
    check_bag("sed 's|data/x|data/../../secret|' -i manifest-sha512.txt", INVALID);
    check_bag("sed 's|data/x|/etc/passwd|' -i manifest-sha512.txt", INVALID);
    check_bag("sed 's|data/x|C:/x|' -i manifest-sha512.txt", INVALID);
    check_bag("echo 'http://127.0.0.1/ - data/x' > fetch.txt", VALID); // it is there; nothing is fetched
    check_bag("echo 'http://127.0.0.1/ - data/z' > fetch.txt", INVALID);
    check_bag("echo 'http://127.0.0.1/ - ../z' > fetch.txt", INVALID);
    check_bag("echo 'nonsense' > fetch.txt", INVALID);
    check_bag("echo 'Payload-Oxum: 1.1' > bag-info.txt", VALID);
    check_bag("echo 'Payload-Oxum: 2.1' > bag-info.txt", INVALID);
    check_bag("echo 'Payload-Oxum: many' > bag-info.txt", INVALID);
    check_bag("mv manifest-sha512.txt manifest-crc32.txt", INVALID);
    check_bag("rm manifest-sha512.txt", INVALID);
    check_bag("rm -r data", INVALID);
    check_bag("printf 'BagIt-Version: 9.9\\nTag-File-Character-Encoding: UTF-8\\n' > bagit.txt", INVALID);
    check_bag("printf 'BagIt-Version: 1.0\\nTag-File-Character-Encoding: KLINGON\\n' > bagit.txt", INVALID);
    check_bag("printf '\\377\\376' >> manifest-sha512.txt", INVALID);
    check_bag("mkfifo data/pipe", INVALID);
    // More lines than fit into FEW_BYTES; a folder beside a file whose name begins like it; any end of line.
    const char *many =
        "mkdir data/y data/y/z && for i in 1 2 3 4 5 6 7 8 9; do echo $i > data/$i; echo $i > data/y/$i; "
        "echo "
        "$i > data/y/z/$i; echo $i > data/y.$i; echo $i > \"data/y $i\"; done && find data -type f -exec "
        "sha512sum {} + | sort -r > manifest-sha512.txt && ";
    CLEANUP(arena_closep) Arena *a = arena_open();
    static const struct {
        const char *script;
        Verdict want;
    } changes[] = {
        {"true", VALID},
        {"sed 's/$/\\r/' -i manifest-sha512.txt", VALID},
        {"printf '%s' \"$(tr '\\n' '\\r' < manifest-sha512.txt)\" > m && mv m manifest-sha512.txt", VALID},
        {"iconv -t UTF-16 manifest-sha512.txt > m && mv m manifest-sha512.txt && "
         "sed 's/UTF-8/UTF-16/' -i bagit.txt",
            VALID},
        {"head -c -1 manifest-sha512.txt > m && iconv -t UTF-16 m | head -c -1 > manifest-sha512.txt && "
         "sed 's/UTF-8/UTF-16/' -i bagit.txt",
            INVALID},
        {"sed '/y.5/d' -i manifest-sha512.txt", INVALID},
        {"rm data/y/z/4", INVALID},
        {"echo 5 > data/y/z/4", INVALID},
        {"head -1 manifest-sha512.txt >> manifest-sha512.txt", INVALID},
        {"head -c 9000 /dev/zero | tr '\\0' a >> manifest-sha512.txt", INVALID},
        {"printf 'a  data/\\377' >> manifest-sha512.txt", INVALID},
        {"truncate -s 5G manifest-sha512.txt", INVALID},
    };
    for (size_t i = 0; i < COUNT_OF(changes); i++)
        check_bag(arena_printf(a, "%s%s", many, changes[i].script).p, changes[i].want);
    check_bag(
        "md5sum data/x > manifest-md5.txt && printf y > data/y && sha512sum data/* > manifest-sha512.txt",
        INVALID);
}

static const char a_long[SORTER_ENTRY_MAX_BYTES];

static uint32_t dice(uint64_t *seed, uint32_t sides)
{
    *seed = *seed * 6364136223846793005ull + 1442695040888963407ull;
    return (uint32_t)(*seed >> 33) % sides;
}

// In memory or in pieces: ascending, twice the same, and nothing lost.
static void sorted(void **state)
{
    (void)state;
    static const size_t memories[] = {200, 3000, SORTER_RUN_BYTES};
    for (size_t m = 0; m < COUNT_OF(memories); m++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        Err err = {0};
        uint64_t seed = 5;
        Sorter *s = sorter_open(memories[m]);
        Str path, text, before = S("");
        bool more = true;
        size_t bytes = 0;
        for (int i = 0; i < 300; i++) {
            path =
                arena_printf(a, "%c%c%u", "ab/."[dice(&seed, 4)], "/-\xc3z"[dice(&seed, 4)], dice(&seed, 40));
            text = arena_printf(a, "%u", dice(&seed, 100000));
            bytes += path.n + text.n;
            assert_true(sorter_add(s, path, text, &err));
        }
        assert_false(sorter_add(s, (Str){a_long, sizeof(a_long)}, S("x"), &err));
        for (int round = 0; round < 2; round++) {
            size_t found = 0;
            before = S("");
            assert_true(sorter_begin(s, &err));
            while (sorter_next(s, &path, &text, &more, &err) && more) {
                assert_true(sorter_compare(before, path) <= 0);
                before = arena_copy(a, path);
                found += path.n + text.n;
            }
            assert_false(more);
            assert_int_equal(found, bytes);
        }
        sorter_close(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(suite), cmocka_unit_test(hostile), cmocka_unit_test(sorted)};
    return cmocka_run_group_tests(tests, unpack, remove_all);
}
