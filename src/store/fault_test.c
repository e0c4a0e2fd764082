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

static int faulty_remove(int dir, const char *path, int flags)
{
    return fails() ? -1 : disk->remove(dir, path, flags);
}

static int faulty_flush(int dir)
{
    (void)dir;
    return fails() ? -1 : 0;
}

static const StoreIo faulty = {
    faulty_make_folder, faulty_create, faulty_write, faulty_rename, faulty_remove, faulty_flush};

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
static bool check_recovered(const TestHome *where, int round, bool acknowledged)
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
    return all;
}

// Fails at every step in turn, until a batch gets through without meeting the fault.
static void check_faults(int error, bool stays)
{
    Err err = {0};
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
        bool acknowledged = batch_of(s, round, &err);
        bool met = fault.steps >= round;
        store_close(s);
        fault.fail_at = 0;
        check_recovered(&home, round, acknowledged);
        if (!met) {
            assert_true(acknowledged);
            assert_true(round > 40); // there were that many steps to fail at
            return;
        }
        if (error == 0)
            assert_true(acknowledged); // a short write is no failure
    }
}

static void disk_full(void **state)
{
    (void)state;
    check_faults(ENOSPC, true);
}

static void one_error(void **state)
{
    (void)state;
    check_faults(EIO, false);
}

static void short_writes(void **state)
{
    (void)state;
    check_faults(0, false);
}

// ---- the power that goes

typedef enum { STEP_FOLDER, STEP_CREATE, STEP_WRITE, STEP_RENAME, STEP_REMOVE, STEP_FLUSH } StepKind;

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
    tape_make_folder, tape_create, tape_write, tape_rename, tape_remove, tape_flush};

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
        bool skip = tape.steps[i].kind == STEP_RENAME && i > flushed && (cut.skip >> renames++ & 1);
        if (!skip)
            play_one(root, &tape.steps[i], cut.lose_content && i > flushed);
    }
    return copy;
}

static void check_cut(const TestHome *before, Cut cut, bool acknowledged)
{
    TestHome copy = play(before, cut);
    check_recovered(&copy, 1, acknowledged);
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

static void power_cut(void **state)
{
    (void)state;
    Err err = {0};
    char command[700];
    disk = store_io;
    Store *s = test_open(&home);
    test_put(s, S("old-1"), S("record.json"), S("old"));
    TestHome before = test_home();
    snprintf(command, sizeof(command), "cp -r '%s'/. '%s'", home.path, before.path);
    assert_int_equal(system(command), 0);
    store_io_use(&recorder);
    tape.store = s;
    assert_true(batch_of(s, 1, &err));
    tape.store = NULL;
    store_close(s);
    int staged = find_flush(0), acknowledged = find_flush(1);
    for (int i = 0; i <= tape.count; i++) {
        check_cut(&before, (Cut){.steps = i}, i > acknowledged);
        if (i <= acknowledged)
            check_cut(&before, (Cut){.steps = i, .lose_content = true}, false);
    }
    assert_true(acknowledged - staged >= 5);   // one rename an object, three for a version
    for (uint64_t skip = 0; skip < 32; skip++) // any of the renames may have reached the disk, in any order
        check_cut(&before, (Cut){.steps = acknowledged, .skip = skip}, false);
    for (int i = 0; i < tape.count; i++)
        free(tape.steps[i].bytes);
    test_home_remove(&before);
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {CASE(disk_full), CASE(one_error), CASE(short_writes), CASE(power_cut)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
