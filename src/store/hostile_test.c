// SPDX-License-Identifier: Apache-2.0
// A vault that somebody had their hands in: every change is named by store_verify, none is followed, and none
// hurts the objects beside it.
#include "store/test_home.h"

static TestHome home;
static StoreFolder folder; // of the object "x"

static int begin(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    home = test_home();
    Store *s = test_open(&home);
    test_put(s, S("x"), S("record.json"), S("first"));
    test_put(s, S("x"), S("media/1/a.jpg"), S("picture"));
    test_put(s, S("other"), S("record.json"), S("other"));
    store_folder_of(&s->layout, store_uri_of(a, S("x")), &folder);
    store_close(s);
    return 0;
}

static int end(void **state)
{
    (void)state;
    test_home_remove(&home);
    return 0;
}

// The path of something in the object "x"; good until the next call.
static const char *in_object(const char *part)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/vault/%s/%s", home.path, folder.path, part);
    return path;
}

static const char *in_home(const char *part)
{
    static char path[1024];
    snprintf(path, sizeof(path), "%s/%s", home.path, part);
    return path;
}

static void put(const char *path, Str bytes)
{
    Err err = {0};
    CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    assert_true(fd >= 0 && file_write_all(fd, bytes, &err));
}

// Verify names exactly these many problems, the first containing `says`; the object beside is not touched.
static void check_named(int problems, const char *says)
{
    Store *s = test_open(&home);
    TestReport report = test_verify(s, NULL);
    if (report.problems != problems || !strstr(report.first, says))
        fail_msg(
            "%d problems, first: %s; wanted %d with \"%s\"", report.problems, report.first, problems, says);
    test_has(s, S("other"), 0, S("record.json"), S("other"));
    store_close(s);
}

static void check_unreadable(ErrKind want)
{
    Store *s = test_open(&home);
    test_has_not(s, S("x"), 0, S("record.json"), want);
    store_close(s);
}

// Replaces the inventories of "x" by one that a stranger wrote, with the sidecars it needs to be believed.
static void forge(Str json)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str sidecar = store_sidecar_of(a, json);
    put(in_object("inventory.json"), json);
    put(in_object("inventory.json.sha512"), sidecar);
    put(in_object("v2/inventory.json"), json);
    put(in_object("v2/inventory.json.sha512"), sidecar);
}

#define DIGEST                                                                                               \
    "f67213b122a5d442d2b93bda8cc45c564a70ec5d2a4e0e95bb585cf199869c98"                                       \
    "f67213b122a5d442d2b93bda8cc45c564a70ec5d2a4e0e95bb585cf199869c98"

// An inventory of one version with one file of this content path and logical path.
static void forge_paths(const char *id, const char *content, const char *logical)
{
    char json[2048];
    int n = snprintf(json, sizeof(json),
        "{\"id\":\"%s\",\"type\":\"https://ocfl.io/1.1/spec/"
        "#inventory\",\"digestAlgorithm\":\"sha512\",\"head\":\"v1\","
        "\"manifest\":{\"" DIGEST
        "\":[\"%s\"]},\"versions\":{\"v1\":{\"created\":\"2026-01-01T00:00:00Z\",\"state\":{"
        "\"" DIGEST "\":[\"%s\"]}}}}",
        id, content, logical);
    forge((Str){json, (size_t)n});
}

static void damage(void **state)
{
    (void)state;
    put(in_object("v1/content/record.json"), S("FIRST"));
    check_named(1, "x: v1/content/record.json is damaged");
    check_unreadable(ERR_CORRUPT);
}

static void missing_content(void **state)
{
    (void)state;
    unlink(in_object("v2/content/media/1/a.jpg"));
    rmdir(in_object("v2/content/media/1"));
    check_named(2, "media is empty"); // the folder that is now empty, and the file
}

static void missing_sidecar(void **state)
{
    (void)state;
    unlink(in_object("inventory.json.sha512"));
    check_named(1, "inventory.json.sha512 is missing");
    Store *s = test_open(&home); // the copy in v2 vouches
    test_has(s, S("x"), 0, S("record.json"), S("first"));
    store_close(s);
}

static void no_sidecar_at_all(void **state)
{
    (void)state;
    unlink(in_object("inventory.json.sha512"));
    unlink(in_object("v2/inventory.json.sha512"));
    check_named(1, "does not match its sidecar");
    check_unreadable(ERR_CORRUPT);
}

static void edited_inventory(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str json;
    CLEANUP(fd_closep) int fd = file_open(AT_FDCWD, in_object("inventory.json"), &err);
    assert_true(file_read_all(fd, 1 << 20, a, &json, &err));
    put(in_object("inventory.json"), arena_printf(a, FMT_STR " ", ARG_STR(json)));
    check_named(1, "does not match its sidecar");
    check_unreadable(ERR_CORRUPT);
}

static void check_forged(const char *content, const char *logical)
{
    forge_paths("urn:vitrine:x", content, logical);
    check_unreadable(ERR_CORRUPT);
}

static void paths_that_lead_out(void **state)
{
    (void)state;
    put(in_home("secret"), S("secret"));
    check_forged("v1/content/../../../../../secret", "record.json");
    check_forged("../../../secret", "record.json");
    check_forged("/etc/passwd", "record.json");
    check_forged("v1/content//record.json", "record.json");
    check_forged("v1/content/./record.json", "record.json");
    check_forged("v1/record.json", "record.json");
    check_forged("v2/content/record.json", "record.json"); // beyond its head
    check_forged("v1/stuff/record.json", "record.json");
    check_forged("v01/content/record.json", "record.json");
    check_forged("v1/content/record.json\\u0000.jpg", "record.json");
    check_forged("v1/content/record.json", "../record.json");
    check_forged("v1/content/record.json", "/record.json");
    check_forged("", "record.json");
    check_forged("v1/content/record.json", "");
}

static void links(void **state)
{
    (void)state;
    put(in_home("secret"), S("first")); // even with the right content
    unlink(in_object("v1/content/record.json"));
    assert_int_equal(symlink("../../../../../secret", in_object("v1/content/record.json")), 0);
    check_named(2, "is a link or a device");
    check_unreadable(ERR_CORRUPT);
    unlink(in_object("v1/content/record.json"));
    rmdir(in_object("v1/content"));
    assert_int_equal(symlink("../v2/content", in_object("v1/content")), 0);
    check_named(2, "is a link or a device");
}

static void not_a_file(void **state)
{
    (void)state;
    unlink(in_object("v1/content/record.json"));
    assert_int_equal(mkfifo(in_object("v1/content/record.json"), 0666), 0); // must not wait for a writer
    check_named(2, "is a link or a device");
    check_unreadable(ERR_CORRUPT);
}

static void foreign_files(void **state)
{
    (void)state;
    put(in_object("v1/content/.DS_Store"), S("apple"));
    check_named(1, "v1/content/.DS_Store does not belong");
    put(in_object("notes.txt"), S("note"));
    put(in_home("vault/Thumbs.db"), S("thumbs"));
    assert_int_equal(mkdir(in_home("vault/abc"), 0777), 0);
    check_named(4, "does not belong in the vault");
}

static void strange_folders(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_home("vault/backup"), 0777), 0);
    assert_int_equal(mkdir(in_home("vault/backup/old"), 0777), 0);
    put(in_home("vault/backup/old/file"), S("1"));
    assert_int_equal(symlink("/etc", in_home("vault/etc")), 0);
    check_named(2, "etc: does not belong in the vault");
}

static void another_algorithm(void **state)
{
    (void)state;
    forge(S("{\"id\":\"urn:vitrine:x\",\"type\":\"https://ocfl.io/1.1/spec/"
            "#inventory\",\"digestAlgorithm\":\"sha256\","
            "\"head\":\"v1\",\"manifest\":{},\"versions\":{\"v1\":{}}}"));
    check_named(1, "sha256");
    check_unreadable(ERR_UNSUPPORTED);
}

static void wrong_folder(void **state)
{
    (void)state;
    forge_paths("urn:vitrine:y", "v1/content/record.json", "record.json");
    check_named(1, "belongs in another folder");
    check_unreadable(ERR_CORRUPT);
}

static void not_an_inventory(void **state)
{
    (void)state;
    CLEANUP(buf_free) Buf deep = buf_with_max(1 << 20), wide = buf_with_max(4 << 20);
    for (int i = 0; i < 100000; i++)
        buf_add_char(&deep, '[');
    for (int i = 0; i < STORE_INVENTORY_VALUES_MAX + 2; i++)
        buf_add(&wide, i ? S(",0") : S("[0"));
    forge(buf_str(&deep));
    check_unreadable(ERR_CORRUPT);
    forge(buf_str(&wide));
    check_unreadable(ERR_LIMIT);
    forge(S(""));
    check_unreadable(ERR_CORRUPT);
    forge(S("[]"));
    check_unreadable(ERR_CORRUPT);
    forge(S("{\"id\":7}"));
    check_unreadable(ERR_CORRUPT);
    forge(S("{\"id\":\"urn:vitrine:x\",\"digestAlgorithm\":\"sha512\",\"head\":\"v1\",\"manifest\":[],"
            "\"versions\":{\"v1\":0}}"));
    check_unreadable(ERR_CORRUPT);
    forge(S("{\"id\":\"urn:vitrine:x\",\"digestAlgorithm\":\"sha512\",\"head\":\"v1\",\"manifest\":{\"00\":[]"
            "},\"versions\":{\"v1\":0}}"));
    check_unreadable(ERR_CORRUPT);
    forge(S("{\"id\":\"urn:vitrine:x\",\"digestAlgorithm\":\"sha512\",\"head\":\"v2\",\"manifest\":{},"
            "\"versions\":{\"v1\":{}}}"));
    check_unreadable(ERR_CORRUPT);
}

static void too_big(void **state)
{
    (void)state;
    assert_int_equal(truncate(in_object("inventory.json"), (off_t)STORE_INVENTORY_MAX_BYTES + 1), 0);
    check_unreadable(ERR_LIMIT);
}

static void half_added_version(void **state)
{
    (void)state;
    assert_int_equal(mkdir(in_object("v3"), 0777), 0);
    put(in_object("v3/inventory.json"), S("{}"));
    check_named(1, "v3/inventory.json does not belong");
    Store *s = test_open(&home);
    test_has(s, S("x"), 0, S("record.json"), S("first"));
    Err err = {0};
    StoreBatch *batch = store_batch_open(s, &err); // a new version must not mix with it
    test_add(batch, S("x"), S("record.json"), S("third"));
    assert_false(store_batch_publish(batch, &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
    store_batch_close(batch);
    batch = store_batch_open(s, &err); // and does not stand in the way of others for ever
    assert_non_null(batch);
    test_add(batch, S("other"), S("record.json"), S("new"));
    assert_true(store_batch_publish(batch, &err));
    store_batch_close(batch);
    test_has(s, S("x"), 0, S("record.json"), S("first"));
    test_has(s, S("other"), 0, S("record.json"), S("new"));
    TestReport report = test_verify(s, NULL);
    assert_int_equal(report.problems, 1);
    store_close(s);
}

// The process died before the first rename; then somebody put an object in its place.
static void taken_place(void **state)
{
    (void)state;
    Err err = {0};
    char command[1600];
    StoreFolder too;
    Store *s = test_open(&home);
    store_folder_of(&s->layout, S("urn:vitrine:new"), &folder);
    store_folder_of(&s->layout, S("urn:vitrine:new%20too"), &too);
    StoreBatch *batch = store_batch_open(s, &err);
    test_add(batch, S("new"), S("record.json"), S("staged"));
    test_add(batch, S("new too"), S("record.json"), S("staged"));
    snprintf(command, sizeof(command), "cp -r '%s/staging' '%s/kept'", home.path, home.path);
    assert_int_equal(system(command), 0);
    assert_true(store_batch_publish(batch, &err));
    store_batch_close(batch);
    store_close(s);
    snprintf(command, sizeof(command),
        "cd '%s' && rm -r staging 'vault/%s' && mv kept staging && mv staging/b-* staging/b-1", home.path,
        too.path);
    assert_int_equal(system(command), 0);
    snprintf(command, sizeof(command), "1 %s urn:vitrine:new\n1 %s urn:vitrine:new%%20too\nend 2\n",
        folder.path, too.path);
    put(in_home("staging/b-1/journal"), str_from(command));
    s = test_open(&home);
    batch = store_batch_open(s, &err);
    assert_non_null(batch);
    store_batch_close(batch);
    test_has(s, S("new"), 0, S("record.json"), S("staged"));
    test_has(s, S("new too"), 0, S("record.json"), S("staged"));
    TestReport report = test_verify(s, NULL);
    assert_int_equal(report.problems, 1);
    assert_non_null(strstr(report.first, "could not be filed"));
    store_close(s);
}

// ---- mending from a copy

static void check_mended(int mended, int lost)
{
    Err err = {0};
    StoreMended sums;
    char path[300];
    snprintf(path, sizeof(path), "%s/copy", home.path);
    Store *s = test_open(&home), *copy = store_open(path, false, &err);
    assert_non_null(copy);
    if (!store_mend(s, copy, S("x"), &sums, &err))
        fail_msg("%s", err.text);
    assert_int_equal(sums.mended, mended);
    assert_int_equal(sums.lost, lost);
    if (!lost)
        test_whole(s, 2);
    store_close(copy);
    store_close(s);
}

static void mends(void **state)
{
    (void)state;
    char command[900];
    snprintf(command, sizeof(command), "mkdir '%s/copy' && cp -r '%s/vault' '%s/copy/'", home.path, home.path,
        home.path);
    assert_int_equal(system(command), 0);
    check_mended(0, 0);
    put(in_object("v1/content/record.json"), S("FIRST"));
    check_mended(1, 0);
    unlink(in_object("v2/content/media/1/a.jpg"));
    rmdir(in_object("v2/content/media/1"));
    check_mended(1, 0);
    put(in_object("inventory.json"), S("{}"));
    check_mended(1, 0);
    unlink(in_object("inventory.json.sha512"));
    unlink(in_object("v2/inventory.json.sha512"));
    put(in_object("0=ocfl_object_1.1"), S(""));
    check_mended(3, 0);
    put(in_object("v1/content/record.json"), S("FIRST"));
    char damaged[1024];
    snprintf(damaged, sizeof(damaged), "%s/copy/vault/%s/v1/content/record.json", home.path, folder.path);
    put(damaged, S("both"));
    check_mended(0, 1);
}

// What is damaged may be known by its folder alone: its id stood in the inventory that is lost.
static void mends_by_folder(void **state)
{
    (void)state;
    Err err = {0};
    StoreMended sums;
    TestReport report = {0};
    char command[900], path[300];
    snprintf(command, sizeof(command), "mkdir '%s/copy' && cp -r '%s/vault' '%s/copy/'", home.path, home.path,
        home.path);
    assert_int_equal(system(command), 0);
    put(in_object("inventory.json"), S("{}"));
    check_named(1, folder.path);
    snprintf(path, sizeof(path), "%s/copy", home.path);
    Store *s = test_open(&home), *copy = store_open(path, false, &err);
    assert_non_null(copy);
    assert_true(store_mend(s, copy, str_from(folder.path), &sums, &err));
    assert_true(store_verify_object(s, str_from(folder.path), test_report, &report, &err));
    assert_int_equal(report.problems, 0);
    test_whole(s, 2);
    store_close(copy);
    store_close(s);
}

// Ids and paths that one disk keeps apart and another does not: é as one character or two, capitals or not.
// Nothing of one shows in the other.
static void names_that_look_alike(void **state)
{
    (void)state;
    static const char *const ids[] = {"caf\xc3\xa9", "cafe\xcc\x81", "Vase", "vase", "VASE"};
    Store *s = test_open(&home);
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        test_put(s, str_from(ids[i]), S("record.json"), str_from(ids[i]));
    test_put(s, S("x"), S("media/1/A.jpg"), S("capital"));
    test_put(s, S("x"), S("media/1/\xc3\xa9.jpg"), S("one"));
    test_put(s, S("x"), S("media/1/e\xcc\x81.jpg"), S("two"));
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        test_has(s, str_from(ids[i]), 0, S("record.json"), str_from(ids[i]));
    test_has(s, S("x"), 0, S("media/1/a.jpg"), S("picture"));
    test_has(s, S("x"), 0, S("media/1/A.jpg"), S("capital"));
    test_has(s, S("x"), 0, S("media/1/\xc3\xa9.jpg"), S("one"));
    test_has(s, S("x"), 0, S("media/1/e\xcc\x81.jpg"), S("two"));
    test_whole(s, 2 + COUNT_OF(ids));
    store_close(s);
}

static void check_root(const char *part, Str bytes, ErrKind want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str before;
    {
        CLEANUP(fd_closep) int fd = file_open(AT_FDCWD, in_home(part), &err);
        assert_true(file_read_all(fd, 1 << 20, a, &before, &err));
    }
    put(in_home(part), bytes);
    Store *s = store_open(home.path, false, &err);
    assert_int_equal(s ? ERR_NONE : err.kind, want);
    store_close(s);
    put(in_home(part), before);
}

static void roots(void **state)
{
    (void)state;
#define CONFIG "vault/extensions/0003-hash-and-id-n-tuple-storage-layout/config.json"
    Err err = {0};
    check_root(
        "vault/ocfl_layout.json", S("{\"extension\":\"0002-flat-direct-storage-layout\"}"), ERR_UNSUPPORTED);
    check_root("vault/ocfl_layout.json", S("not json"), ERR_INVALID);
    check_root(CONFIG, S("{\"digestAlgorithm\":\"md5\"}"), ERR_UNSUPPORTED);
    check_root(CONFIG, S("{\"digestAlgorithm\":\"sha512\",\"tupleSize\":-1}"), ERR_CORRUPT);
    check_root(CONFIG, S("{\"digestAlgorithm\":\"sha512\",\"tupleSize\":0}"), ERR_CORRUPT);
    check_root(
        CONFIG, S("{\"digestAlgorithm\":\"sha256\",\"tupleSize\":32,\"numberOfTuples\":32}"), ERR_CORRUPT);
    check_root(CONFIG, S("{\"digestAlgorithm\":\"sha256\"}"), ERR_NONE);
    unlink(in_home("vault/0=ocfl_1.1"));
    assert_null(store_open(home.path, false, &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
    assert_null(store_open(home.path, true, &err)); // not made anew over what is there
    assert_int_equal(err.kind, ERR_CORRUPT);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {CASE(damage), CASE(missing_content), CASE(missing_sidecar),
        CASE(no_sidecar_at_all), CASE(edited_inventory), CASE(paths_that_lead_out), CASE(links),
        CASE(not_a_file), CASE(foreign_files), CASE(strange_folders), CASE(another_algorithm),
        CASE(wrong_folder), CASE(not_an_inventory), CASE(too_big), CASE(half_added_version),
        CASE(taken_place), CASE(mends), CASE(mends_by_folder), CASE(names_that_look_alike), CASE(roots)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
