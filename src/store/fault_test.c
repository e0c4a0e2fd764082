// SPDX-License-Identifier: Apache-2.0
// A disk that fails: at every single step a write that is refused, cut short, or never happens because the
// power went. After each, a healthy start must find every acknowledged batch, no half object and no orphan.
#include "store/test_home.h"

#include <dirent.h>
#include <errno.h>

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
    store_io_use(NULL);
    test_home_remove(&home);
    return 0;
}

// ---- the disk that fails

static const StoreIo *disk; // the real one

static struct {
    int steps;   // so far
    int fail_at; // the step that fails, from 1; 0: none
    int error;   // 0: a write is cut short instead
    bool stays;  // every later step fails as well: the disk stays full
} fault;

static bool fails(void)
{
    fault.steps++;
    bool now =
        fault.fail_at && (fault.steps == fault.fail_at || (fault.stays && fault.steps > fault.fail_at));
    if (now)
        errno = fault.error;
    return now && fault.error;
}

static int faulty_make_folder(int dir, const char *path)
{
    return fails() ? -1 : disk->make_folder(dir, path);
}

static int faulty_create(int dir, const char *path)
{
    return fails() ? -1 : disk->create(dir, path);
}

static ssize_t faulty_write(int fd, const void *bytes, size_t count)
{
    if (fails()) {
        int why = errno;
        if (count > 1 && disk->write(fd, bytes, count / 2) < 0) // what fits before the disk is full
            return -1;
        errno = why;
        return -1;
    }
    bool cut = fault.fail_at == fault.steps && count > 1;
    return disk->write(fd, bytes, cut ? count / 2 : count);
}

static int faulty_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    return fails() ? -1 : disk->rename(from_dir, from, to_dir, to);
}

static int faulty_exchange(int from_dir, const char *from, int to_dir, const char *to)
{
    return fails() ? -1 : disk->exchange(from_dir, from, to_dir, to);
}

static int faulty_remove(int dir, const char *path, int flags)
{
    return fails() ? -1 : disk->remove(dir, path, flags);
}

static int faulty_flush(int dir)
{
    (void)dir;
    return fails() ? -1 : 0;
}

static const StoreIo faulty = {faulty_make_folder, faulty_create, faulty_write, faulty_rename,
    faulty_exchange, faulty_remove, faulty_flush};

// ---- the batch that meets it

typedef struct {
    char text[64];
} Id;

static Id id_of(const char *name, int round)
{
    Id id;
    snprintf(id.text, sizeof(id.text), "%s-%d", name, round);
    return id;
}

static bool change(StoreBatch *batch, const char *name, int round, Str bytes, Err *err)
{
    StoreNote note = test_note();
    StoreDraft *draft = store_draft_open(batch, str_from(id_of(name, round).text), err);
    if (!draft)
        return false;
    if (!store_draft_put(draft, S("record.json"), bytes, err) ||
        !store_draft_put(draft, S("media/1/a"), S("new"), err)) {
        store_draft_drop(draft);
        return false;
    }
    return store_draft_done(draft, &note, err);
}

// Two new objects and the second version of one; true if acknowledged.
static bool batch_of(Store *s, int round, Err *err)
{
    StoreBatch *batch = store_batch_open(s, err);
    if (!batch)
        return false;
    bool good = change(batch, "one", round, S("new"), err) && change(batch, "old", round, S("new"), err) &&
                change(batch, "two", round, S("new"), err) && store_batch_publish(batch, err);
    store_batch_close(batch);
    return good;
}

static bool erase(Store *s, int round, Err *err)
{
    StoreNote note = test_note();
    return store_erase(s, str_from(id_of("old", round).text), &note, S("withdrawn.json"), S("law"), err);
}

static bool has_new(Store *s, const char *name, int round)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str bytes;
    return store_read(s, str_from(id_of(name, round).text), 0, S("record.json"), 1000, a, &bytes, &err) &&
           str_eq(bytes, S("new"));
}

static void staging_is_empty(const TestHome *where)
{
    char path[300];
    int found = 0;
    snprintf(path, sizeof(path), "%s/staging", where->path);
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));)
        if (entry->d_name[0] != '.' && strcmp(entry->d_name, "lock") != 0)
            found++;
    if (folder)
        closedir(folder);
    assert_int_equal(found, 0);
}

// A healthy start: all of the batch or nothing of it, and all if it was acknowledged.
static void check_recovered(const TestHome *where, int round, bool acknowledged)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str *ids;
    size_t count;
    Store *s = store_open(where->path, false, &err);
    if (!s || !store_unfinished(s, a, &ids, &count, &err) || !store_forget_unfinished(s, &err))
        fail_msg("recovery: %s", err.text);
    bool all = has_new(s, "one", round);
    assert_int_equal(all, has_new(s, "two", round));
    assert_int_equal(all, has_new(s, "old", round));
    if (acknowledged)
        assert_true(all);
    if (!all)
        test_has(s, str_from(id_of("old", round).text), 0, S("record.json"), S("old"));
    staging_is_empty(where);
    TestReport report = test_verify(s, NULL);
    if (report.problems)
        fail_msg("round %d: %d problems, first: %s", round, report.problems, report.first);
    store_close(s);
}

// A healthy start after an erasure: the object is as it was, or nothing of what it contained is left.
static void check_erased(const TestHome *where, int round, bool acknowledged)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str *ids, id = str_from(id_of("old", round).text);
    size_t count;
    StoreVersion version;
    char command[700];
    Store *s = store_open(where->path, false, &err);
    if (!s || !store_unfinished(s, a, &ids, &count, &err) || !store_forget_unfinished(s, &err))
        fail_msg("recovery: %s", err.text);
    assert_true(store_find_version(s, id, 0, a, &version, &err));
    if (acknowledged)
        assert_int_equal(version.version, 2);
    snprintf(command, sizeof(command), "! grep -rqx old '%s'", where->path);
    if (version.version == 2) {
        assert_int_equal(system(command), 0);
        test_has(s, id, 1, S("withdrawn.json"), S("law"));
        test_has(s, id, 2, S("withdrawn.json"), S("law"));
        test_has_not(s, id, 1, S("record.json"), ERR_NOT_FOUND);
    } else {
        test_has(s, id, 1, S("record.json"), S("old"));
    }
    staging_is_empty(where);
    test_whole(s, 1);
    store_close(s);
}

typedef bool Act(Store *s, int round, Err *err);
typedef void Check(const TestHome *where, int round, bool acknowledged);

// Fails at every step in turn, until the act gets through without meeting the fault.
static void check_faults(int error, bool stays, Act *act, Check *check, int steps_min)
{
    Err err = {0};
    store_io_use(NULL);
    disk = store_io;
    for (int round = 1;; round++) {
        test_home_remove(&home);
        home = test_home();
        fault.fail_at = 0;
        store_io_use(&faulty);
        Store *s = test_open(&home);
        test_put(s, str_from(id_of("old", round).text), S("record.json"), S("old"));
        fault.steps = 0;
        fault.fail_at = round;
        fault.error = error;
        fault.stays = stays;
        bool acknowledged = act(s, round, &err);
        bool met = fault.steps >= round;
        store_close(s);
        fault.fail_at = 0; // a healthy disk again
        check(&home, round, acknowledged);
        if (!met) {
            assert_true(acknowledged);
            assert_true(round > steps_min); // there were that many steps to fail at
            return;
        }
        if (error == 0)
            assert_true(acknowledged); // a short write is no failure
    }
}

static void disk_full(void **state)
{
    (void)state;
    check_faults(ENOSPC, true, batch_of, check_recovered, 40);
    check_faults(ENOSPC, true, erase, check_erased, 15);
}

static void one_error(void **state)
{
    (void)state;
    check_faults(EIO, false, batch_of, check_recovered, 40);
    check_faults(EIO, false, erase, check_erased, 15);
}

static void short_writes(void **state)
{
    (void)state;
    check_faults(0, false, batch_of, check_recovered, 40);
    check_faults(0, false, erase, check_erased, 15);
}

// ---- the power that goes

typedef enum {
    STEP_FOLDER,
    STEP_CREATE,
    STEP_WRITE,
    STEP_RENAME,
    STEP_EXCHANGE,
    STEP_REMOVE,
    STEP_FLUSH
} StepKind;

typedef struct {
    StepKind kind;
    char path[900], to[900]; // from the home
    int flags;
    char *bytes;
    size_t count;
} Step;

enum { STEPS_MAX = 400, FD_MAX = 1024 };

static struct {
    Store *store; // being recorded; NULL: not recording
    Step steps[STEPS_MAX];
    int count;
    int creator[FD_MAX]; // the step that created what is open as this descriptor
} tape;

static Step *record(StepKind kind, int dir, const char *path)
{
    assert_true(tape.count < STEPS_MAX);
    Step *step = &tape.steps[tape.count++];
    *step = (Step){.kind = kind};
    snprintf(step->path, sizeof(step->path), "%s/%s", dir == tape.store->vault ? "vault" : "staging", path);
    return step;
}

static int tape_make_folder(int dir, const char *path)
{
    int done = disk->make_folder(dir, path);
    if (done == 0 && tape.store)
        record(STEP_FOLDER, dir, path);
    return done;
}

static int tape_create(int dir, const char *path)
{
    int fd = disk->create(dir, path);
    if (fd >= 0 && fd < FD_MAX && tape.store) {
        record(STEP_CREATE, dir, path);
        tape.creator[fd] = tape.count - 1;
    }
    return fd;
}

static ssize_t tape_write(int fd, const void *bytes, size_t count)
{
    if (tape.store) {
        Step *step = record(STEP_WRITE, tape.store->vault, "");
        memcpy(step->path, tape.steps[tape.creator[fd]].path, sizeof(step->path));
        step->bytes = mem_alloc(count);
        memcpy(step->bytes, bytes, count);
        step->count = count;
    }
    return disk->write(fd, bytes, count);
}

static int tape_rename(int from_dir, const char *from, int to_dir, const char *to)
{
    int done = disk->rename(from_dir, from, to_dir, to);
    if (done == 0 && tape.store) {
        Step *step = record(STEP_RENAME, from_dir, from);
        snprintf(step->to, sizeof(step->to), "%s/%s", to_dir == tape.store->vault ? "vault" : "staging", to);
    }
    return done;
}

static int tape_exchange(int from_dir, const char *from, int to_dir, const char *to)
{
    int done = disk->exchange(from_dir, from, to_dir, to);
    if (done == 0 && tape.store) {
        Step *step = record(STEP_EXCHANGE, from_dir, from);
        snprintf(step->to, sizeof(step->to), "%s/%s", to_dir == tape.store->vault ? "vault" : "staging", to);
    }
    return done;
}

static int tape_remove(int dir, const char *path, int flags)
{
    int done = disk->remove(dir, path, flags);
    if (done == 0 && tape.store)
        record(STEP_REMOVE, dir, path)->flags = flags;
    return done;
}

static int tape_flush(int dir)
{
    if (tape.store)
        record(STEP_FLUSH, dir, "");
    return 0;
}

static const StoreIo recorder = {
    tape_make_folder, tape_create, tape_write, tape_rename, tape_exchange, tape_remove, tape_flush};

// What a power cut left of the steps: which were done, and whether content not yet flushed was lost.
typedef struct {
    int steps;
    bool lose_content; // of files written since the last flush: they are there, empty
    uint64_t skip;     // bit i: the i-th rename after the last flush did not reach the disk
} Cut;

static int last_flush(int steps)
{
    int last = 0;
    for (int i = 0; i < steps; i++)
        if (tape.steps[i].kind == STEP_FLUSH)
            last = i;
    return last;
}

static void play_one(int root, const Step *step, bool lose)
{
    Err err = {0};
    int fd;
    switch (step->kind) {
    case STEP_FOLDER:
        assert_int_equal(mkdirat(root, step->path, 0777), 0);
        break;
    case STEP_CREATE:
        fd = openat(root, step->path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
        assert_true(fd >= 0);
        close(fd);
        break;
    case STEP_WRITE:
        fd = openat(root, step->path, O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_true(fd >= 0 && (lose || file_write_all(fd, (Str){step->bytes, step->count}, &err)));
        close(fd);
        break;
    case STEP_RENAME:
        assert_int_equal(renameat(root, step->path, root, step->to), 0);
        break;
    case STEP_EXCHANGE:
        assert_int_equal(renameat2(root, step->path, root, step->to, RENAME_EXCHANGE), 0);
        break;
    case STEP_REMOVE:
        assert_int_equal(unlinkat(root, step->path, step->flags), 0);
        break;
    case STEP_FLUSH:
        break;
    }
}

static TestHome play(const TestHome *before, Cut cut)
{
    TestHome copy = test_home();
    Err err = {0};
    char command[700];
    int flushed = last_flush(cut.steps), renames = 0;
    snprintf(command, sizeof(command), "cp -r '%s'/. '%s'", before->path, copy.path);
    assert_int_equal(system(command), 0);
    CLEANUP(fd_closep) int root = dir_open(AT_FDCWD, copy.path, &err);
    for (int i = 0; i < cut.steps; i++) {
        bool skip = (tape.steps[i].kind == STEP_RENAME || tape.steps[i].kind == STEP_EXCHANGE) &&
                    i > flushed && (cut.skip >> renames++ & 1);
        if (!skip)
            play_one(root, &tape.steps[i], cut.lose_content && i > flushed);
    }
    return copy;
}

static void check_cut(const TestHome *before, Cut cut, bool acknowledged, Check *check)
{
    TestHome copy = play(before, cut);
    check(&copy, 1, acknowledged);
    test_home_remove(&copy);
}

static int find_flush(int number)
{
    for (int i = 0; i < tape.count; i++)
        if (tape.steps[i].kind == STEP_FLUSH && number-- == 0)
            return i;
    fail_msg("there was no such flush");
    return 0;
}

// Records an act on a vault with one object, then lets the power go after each of its steps.
static void check_power_cuts(Act *act, Check *check)
{
    Err err = {0};
    char command[700];
    Store *s = test_open(&home);
    test_put(s, S("old-1"), S("record.json"), S("old"));
    TestHome before = test_home();
    snprintf(command, sizeof(command), "cp -r '%s'/. '%s'", home.path, before.path);
    assert_int_equal(system(command), 0);
    store_io_use(&recorder);
    tape.count = 0;
    tape.store = s;
    assert_true(act(s, 1, &err));
    tape.store = NULL; // from here on the recorder only leaves out the flushes
    store_close(s);
    int staged = find_flush(0), acknowledged = find_flush(1), renames = acknowledged - staged - 1;
    for (int i = 0; i <= tape.count; i++) {
        check_cut(&before, (Cut){.steps = i}, i > acknowledged, check);
        if (i <= acknowledged)
            check_cut(&before, (Cut){.steps = i, .lose_content = true}, false, check);
    }
    assert_true(renames >= 1 && renames < 8);
    for (uint64_t skip = 0; skip < 1u << renames;
         skip++) // any of them may have reached the disk, in any order
        check_cut(&before, (Cut){.steps = acknowledged, .skip = skip}, false, check);
    for (int i = 0; i < tape.count; i++)
        free(tape.steps[i].bytes);
    test_home_remove(&before);
}

static void power_cut(void **state)
{
    (void)state;
    disk = store_io;
    check_power_cuts(batch_of, check_recovered);
}

static void power_cut_while_erasing(void **state)
{
    (void)state;
    disk = store_io;
    check_power_cuts(erase, check_erased);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(disk_full), CASE(one_error), CASE(short_writes), CASE(power_cut), CASE(power_cut_while_erasing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
