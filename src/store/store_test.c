// SPDX-License-Identifier: Apache-2.0
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

static void comes_back(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    StoreVersion version;
    Store *s = test_open(&home);
    test_has_not(s, S("vase"), 0, S("record.json"), ERR_NOT_FOUND);
    test_put(s, S("vase"), S("record.json"), S("{\"a\":1}"));
    test_put(s, S("vase"), S("record.json"), S("{\"a\":2}"));
    test_put(s, S("vase"), S("media/1/front.jpg"), S("jpeg"));
    test_has(s, S("vase"), 0, S("record.json"), S("{\"a\":2}"));
    test_has(s, S("vase"), 1, S("record.json"), S("{\"a\":1}"));
    test_has_not(s, S("vase"), 2, S("media/1/front.jpg"), ERR_NOT_FOUND);
    test_has_not(s, S("vase"), 4, S("record.json"), ERR_NOT_FOUND);
    assert_true(store_find_version(s, S("vase"), 0, a, &version, &err));
    assert_int_equal(version.version, 3);
    assert_int_equal(version.created_ms, 1770000000000);
    assert_true(str_eq(version.message, S("taken in")));
    assert_true(str_eq(version.user_address, S("mailto:test@example.org")));
    test_whole(s, 1);
    store_close(s);
}

static void keeps_content_once(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    StoreFile *files;
    size_t count;
    StoreNote note = test_note();
    Store *s = test_open(&home);
    test_put(s, S("x"), S("media/1/a.tif"), S("the same bytes"));
    StoreBatch *batch = store_batch_open(s, &err);
    StoreDraft *draft = store_draft_open(batch, S("x"), &err);
    assert_int_equal(store_draft_version(draft), 2);
    assert_true(store_draft_put(draft, S("media/2/b.tif"), S("the same bytes"), &err));
    assert_true(store_draft_put(draft, S("new"), S("one"), &err));
    assert_true(store_draft_put(draft, S("new"), S("two"), &err)); // the first leaves nothing behind
    assert_true(store_draft_put(draft, S("twin"), S("two"), &err));
    assert_true(store_draft_remove(draft, S("new"), &err)); // the twin keeps the content
    assert_false(store_draft_remove(draft, S("new"), &err));
    assert_true(store_draft_done(draft, &note, &err));
    assert_true(store_batch_publish(batch, &err));
    store_batch_close(batch);
    assert_true(store_list_files(s, S("x"), 0, a, &files, &count, &err));
    assert_int_equal(count, 3);
    assert_true(str_eq(files[0].path, S("media/1/a.tif")));
    assert_int_equal(files[1].size_bytes, 14);
    assert_true(sha512_eq(&files[0].digest, &files[1].digest));
    test_has(s, S("x"), 2, S("twin"), S("two"));
    test_whole(s, 1); // would name a second copy as not belonging
    store_close(s);
}

static void goes_back(void **state)
{
    (void)state;
    Err err = {0};
    StoreNote note = test_note();
    Store *s = test_open(&home);
    test_put(s, S("x"), S("a"), S("one"));
    test_put(s, S("x"), S("b"), S("two"));
    StoreBatch *batch = store_batch_open(s, &err);
    StoreDraft *draft = store_draft_open(batch, S("x"), &err);
    assert_true(store_draft_put(draft, S("c"), S("three"), &err));
    assert_false(store_draft_revert(draft, 3, &err));
    assert_false(store_draft_revert(draft, 0, &err));
    assert_true(store_draft_revert(draft, 1, &err));
    assert_true(store_draft_done(draft, &note, &err));
    assert_true(store_batch_publish(batch, &err));
    store_batch_close(batch);
    test_has(s, S("x"), 3, S("a"), S("one"));
    test_has_not(s, S("x"), 3, S("b"), ERR_NOT_FOUND);
    test_has_not(s, S("x"), 3, S("c"), ERR_NOT_FOUND);
    test_has(s, S("x"), 2, S("b"), S("two"));
    test_whole(s, 1);
    store_close(s);
}

static void check_folder(Str id, const char *want)
{
    StoreLayout layout = {.named = true, .tuple_bytes = 3, .tuples = 1};
    StoreFolder folder;
    store_folder_of(&layout, id, &folder);
    if (strcmp(folder.name, want) != 0)
        fail_msg("%s, wanted %s", folder.name, want);
}

// The examples of the specification of layout 0003, and its edge.
static void folders(void **state)
{
    (void)state;
    check_folder(S("object-01"), "object-01");
    check_folder(S("..hor_rib:le-$id"), "%2e%2ehor_rib%3ale-%24id");
    check_folder(S("..Hor/rib:lè-$id"), "%2e%2eHor%2frib%3al%c3%a8-%24id");
    char id[101], want[101 + 1 + 128];
    memset(id, 'b', sizeof(id));
    Sha512 digest = sha512_of((Str){id, 101});
    CLEANUP(arena_closep) Arena *a = arena_open();
    snprintf(want, sizeof(want), "%.100s-" FMT_STR, id, ARG_STR(sha512_hex(a, &digest)));
    check_folder((Str){id, 101}, want);
    id[100] = '\0';
    check_folder((Str){id, 100}, id);
}

static void check_adopted(Store *to, Store *from, Str id, bool is_new, ErrKind want)
{
    Err err = {0};
    bool taken;
    StoreBatch *batch = store_batch_open(to, &err);
    bool good = store_batch_adopt(batch, from, id, true, &taken, &err);
    assert_int_equal(err.kind, want);
    if (good) {
        assert_int_equal(taken, is_new);
        assert_true(store_batch_publish(batch, &err));
    }
    store_batch_close(batch);
}

static void adopts(void **state)
{
    (void)state;
    TestHome other = test_home();
    Store *from = test_open(&home), *to = test_open(&other);
    test_put(from, S("x"), S("a"), S("one"));
    test_put(from, S("x"), S("b"), S("two"));
    check_adopted(to, from, S("y"), false, ERR_NOT_FOUND);
    check_adopted(to, from, S("x"), true, ERR_NONE);
    check_adopted(to, from, S("x"), false, ERR_NONE);
    test_put(from, S("x"), S("b"), S("three"));
    test_put(from, S("x"), S("b"), S("four"));
    check_adopted(to, from, S("x"), true, ERR_NONE); // two versions at once
    check_adopted(from, to, S("x"), false, ERR_NONE);
    test_has(to, S("x"), 1, S("a"), S("one"));
    test_has(to, S("x"), 4, S("b"), S("four"));
    test_put(to, S("x"), S("b"), S("five"));
    check_adopted(to, from, S("x"), false, ERR_BUSY); // older there
    test_put(from, S("x"), S("b"), S("another five"));
    check_adopted(to, from, S("x"), false, ERR_BUSY);
    test_whole(to, 1);
    store_close(from);
    store_close(to);
    test_home_remove(&other);
}

static void check_id(Str id, ErrKind want)
{
    Err err = {0};
    Store *s = test_open(&home);
    StoreBatch *batch = store_batch_open(s, &err);
    StoreDraft *draft = store_draft_open(batch, id, &err);
    StoreNote note = test_note();
    assert_int_equal(err.kind, want);
    if (draft) {
        assert_true(store_draft_put(draft, S("record.json"), id, &err));
        assert_true(store_draft_done(draft, &note, &err));
        assert_true(store_batch_publish(batch, &err));
    }
    store_batch_close(batch);
    if (want == ERR_NONE)
        test_has(s, id, 0, S("record.json"), id);
    store_close(s);
}

static bool count_ids(void *ctx, Str id, Str problem, Err *err)
{
    int *count = ctx;
    (void)err;
    assert_int_equal(problem.n, 0);
    assert_true(id.n > 0 && id.n <= STORE_ID_MAX_BYTES);
    *count += 1;
    return true;
}

static void ids(void **state)
{
    (void)state;
    char longest[STORE_ID_MAX_BYTES + 1];
    memset(longest, 'x', sizeof(longest));
    int count = 0;
    Err err = {0};
    check_id(S("1978.12/3"), ERR_NONE);
    check_id(S(".."), ERR_NONE);
    check_id(S("../../etc/passwd"), ERR_NONE);
    check_id(S("/"), ERR_NONE);
    check_id(S("\xe9\x9d\x92\xe8\x8a\xb1 \xf0\x9f\x8f\xba"), ERR_NONE);
    check_id(S("caf\xc3\xa9"), ERR_NONE);
    check_id(S("cafe\xcc\x81"), ERR_NONE); // looks the same, is another id
    check_id(S("CAF\xc3\xa9"), ERR_NONE);
    check_id(S("urn:vitrine:x"), ERR_NONE);
    check_id(S("line\nbreak"), ERR_NONE);
    check_id(S("%2e%00"), ERR_NONE);
    check_id((Str){longest, STORE_ID_MAX_BYTES}, ERR_NONE);
    check_id((Str){longest, STORE_ID_MAX_BYTES + 1}, ERR_LIMIT);
    check_id(S(""), ERR_INVALID);
    check_id(S("nul\0inside"), ERR_INVALID);
    check_id(S("\xff\xfe"), ERR_INVALID);
    check_id(S("\xed\xa0\x80"), ERR_INVALID);
    Store *s = test_open(&home);
    assert_true(store_each(s, count_ids, &count, &err));
    assert_int_equal(count, 12);
    test_whole(s, 12);
    store_close(s);
}

static void check_path(Str path, ErrKind want)
{
    Err err = {0};
    Store *s = test_open(&home);
    StoreBatch *batch = store_batch_open(s, &err);
    StoreDraft *draft = store_draft_open(batch, S("p"), &err);
    StoreNote note = test_note();
    bool put = store_draft_put(draft, path, path, &err);
    assert_int_equal(err.kind, want);
    if (put) {
        assert_true(store_draft_done(draft, &note, &err));
        assert_true(store_batch_publish(batch, &err));
    } else {
        store_draft_drop(draft);
    }
    store_batch_close(batch);
    if (put)
        test_has(s, S("p"), 0, path, path);
    store_close(s);
}

static void paths(void **state)
{
    (void)state;
    char long_part[1024], long_path[1100];
    memset(long_part, 'y', sizeof(long_part));
    memset(long_path, 'z', sizeof(long_path));
    check_path(S("a"), ERR_NONE);
    check_path(S("media/1/IMG 0042 (\xe5\x89\xaf).jpg"), ERR_NONE);
    check_path(S("inventory.json"), ERR_NONE);
    check_path(S("back\\slash\"quote\n"), ERR_NONE);
    check_path((Str){long_part, 900}, ERR_NONE); // longer than a file name may be
    check_path(S("..."), ERR_NONE);
    check_path(S(""), ERR_INVALID);
    check_path(S("/etc/passwd"), ERR_INVALID);
    check_path(S("../x"), ERR_INVALID);
    check_path(S("a/../../x"), ERR_INVALID);
    check_path(S("a//b"), ERR_INVALID);
    check_path(S("a/./b"), ERR_INVALID);
    check_path(S("a/"), ERR_INVALID);
    check_path(S("nul\0"), ERR_INVALID);
    check_path(S("\xc0\xaf"), ERR_INVALID);
    check_path((Str){long_path, sizeof(long_path)}, ERR_INVALID);
    Store *s = test_open(&home);
    test_whole(s, 1);
    store_close(s);
}

static void refuses_conflicts(void **state)
{
    (void)state;
    Err err = {0};
    StoreNote note = test_note();
    Store *s = test_open(&home);
    StoreBatch *batch = store_batch_open(s, &err);
    StoreDraft *draft = store_draft_open(batch, S("c"), &err);
    assert_true(store_draft_put(draft, S("a"), S("1"), &err));
    assert_true(store_draft_put(draft, S("a-b"), S("2"), &err));
    assert_true(store_draft_put(draft, S("a/b"), S("3"), &err)); // noticed at the end, whatever the order
    assert_false(store_draft_done(draft, &note, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    test_add(batch, S("d"), S("r"), S("1"));
    assert_null(store_draft_open(batch, S("d"), &err)); // once in a batch
    assert_true(store_batch_publish(batch, &err));
    store_batch_close(batch);
    test_whole(s, 1);
    store_close(s);
}

static void slower_writer_loses(void **state)
{
    (void)state;
    Err err = {0};
    Store *s = test_open(&home);
    test_put(s, S("old"), S("r"), S("1"));
    StoreBatch *slow = store_batch_open(s, &err), *fast = store_batch_open(s, &err);
    test_add(slow, S("old"), S("r"), S("slow"));
    test_add(slow, S("new"), S("r"), S("slow"));
    test_add(fast, S("old"), S("r"), S("fast"));
    assert_true(store_batch_publish(fast, &err));
    assert_false(store_batch_publish(slow, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    store_batch_close(slow);
    store_batch_close(fast);
    test_has(s, S("old"), 0, S("r"), S("fast"));
    test_has_not(s, S("new"), 0, S("r"), ERR_NOT_FOUND);
    test_whole(s, 1);
    store_close(s);
}

static void unpublished_leaves_nothing(void **state)
{
    (void)state;
    Err err = {0};
    Store *s = test_open(&home);
    StoreBatch *batch = store_batch_open(s, &err);
    test_add(batch, S("gone"), S("r"), S("1"));
    StoreDraft *draft = store_draft_open(batch, S("dropped"), &err);
    assert_true(store_draft_put(draft, S("a/b/c"), S("1"), &err));
    store_draft_drop(draft);
    store_batch_close(batch);
    test_has_not(s, S("gone"), 0, S("r"), ERR_NOT_FOUND);
    test_whole(s, 0);
    store_close(s);
}

static void one_writing_process(void **state)
{
    (void)state;
    Err err = {0};
    Store *a = test_open(&home), *b = test_open(&home); // two openings stand for two processes
    StoreBatch *batch = store_batch_open(a, &err);
    assert_non_null(batch);
    assert_null(store_batch_open(b, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    store_batch_close(batch);
    batch = store_batch_open(b, &err);
    assert_non_null(batch);
    store_batch_close(batch);
    store_close(a);
    store_close(b);
}

static void puts_files(void **state)
{
    (void)state;
    Err err = {0};
    StoreNote note = test_note();
    Sha512 digest;
    uint64_t bytes;
    char path[300];
    Store *s = test_open(&home);
    snprintf(path, sizeof(path), "%s/master", home.path);
    char *content = mem_alloc(700000);
    memset(content, 'm', 700000);
    CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    assert_true(file_write_all(fd, (Str){content, 700000}, &err)); // the offset is at the end: not used
    for (int i = 0; i < 2; i++) {
        StoreBatch *batch = store_batch_open(s, &err);
        StoreDraft *draft = store_draft_open(batch, S("f"), &err);
        assert_true(store_draft_put_file(draft, S("a/m.tif"), fd, &digest, &bytes, &err));
        assert_true(store_draft_put_file(draft, S("b/m.tif"), fd, &digest, &bytes, &err));
        assert_int_equal(bytes, 700000);
        assert_true(store_draft_done(draft, &note, &err));
        assert_true(store_batch_publish(batch, &err));
        store_batch_close(batch);
    }
    Sha512 want = sha512_of((Str){content, 700000});
    assert_true(sha512_eq(&want, &digest));
    test_has(s, S("f"), 2, S("b/m.tif"), (Str){content, 700000});
    test_whole(s, 1);
    CLEANUP(fd_closep) int opened = store_open_file(s, S("f"), 0, S("a/m.tif"), &err);
    assert_true(file_size(opened, &bytes, &err) && bytes == 700000);
    free(content);
    store_close(s);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {CASE(comes_back), CASE(keeps_content_once), CASE(goes_back),
        CASE(adopts), CASE(folders), CASE(ids), CASE(paths), CASE(refuses_conflicts),
        CASE(slower_writer_loses), CASE(unpublished_leaves_nothing), CASE(one_writing_process),
        CASE(puts_files)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
