// SPDX-License-Identifier: Apache-2.0
// What a catalogue must survive: writers killed at any moment, a full disk, flipped bytes, a newer program's
// file, readers and a writer at once.
#include "base/clock.h"
#include "catalog/testing.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/wait.h>

enum { BATCH_ROWS = 20 };

// ---- killed

static void say(int fd, int64_t number)
{
    assert_int_equal(write(fd, &number, sizeof(number)), sizeof(number));
}

// Writes batches of a fixed size for ever, and tells after each commit how far the ledger is acknowledged.
static _Noreturn void write_for_ever(const char *file, int fd)
{
    Err err = {0};
    Catalog *c = catalog_open(file, false, &err);
    int64_t head = c ? catalog_head(c, &err) : -1;
    if (head < 0)
        _exit(3);
    for (;;) {
        CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, &err);
        for (int i = 0; b && i < BATCH_ROWS; i++) {
            char id[40];
            snprintf(id, sizeof(id), "object-%lld", (long long)head + i);
            if (!test_put(b, id, 1, "a title of some length, so that pages fill", 1, &err))
                _exit(4);
        }
        if (!b || !catalog_batch_commit(b, &err))
            _exit(5);
        catalog_batch_close(b);
        head += BATCH_ROWS;
        say(fd, head);
    }
}

static void check_whole(Catalog *c, int64_t acknowledged)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    int64_t head = catalog_head(c, &err), objects, images;
    assert_true(head >= acknowledged);
    assert_int_equal(head % BATCH_ROWS, 0); // no half batch
    FINE(catalog_count(c, &objects, &images, &err), err);
    assert_int_equal(objects, head);
    assert_int_equal(images, head);
    CatalogVersion *rows;
    size_t count;
    FINE(catalog_follow(c, MAX_OF(head - 100, 0), 1000, a, &rows, &count, &err), err);
    assert_int_equal(count, MIN_OF(head, 100));
}

static void killed_writers(void **state)
{
    (void)state;
    TestPlace place = test_place();
    catalog_close(test_open(&place));
    int64_t acknowledged = 0;
    int rounds = 20; // or as many as KILLS (environment) says
    (void)str_to_int(str_from(getenv("KILLS")), 1, 1000000, &rounds);
    for (int round = 0; round < rounds; round++) {
        int pipes[2];
        assert_int_equal(pipe(pipes), 0);
        pid_t child = fork();
        if (child == 0)
            write_for_ever(place.file, pipes[1]);
        close(pipes[1]);
        unsigned char delay;
        random_bytes(&delay, 1);
        usleep(3000u + delay * 200u);
        kill(child, SIGKILL);
        int status;
        waitpid(child, &status, 0);
        assert_true(WIFSIGNALED(status));
        for (int64_t said; read(pipes[0], &said, sizeof(said)) == sizeof(said);)
            acknowledged = said;
        close(pipes[0]);
        Catalog *c = test_open(&place);
        check_whole(c, acknowledged);
        catalog_close(c);
    }
    print_message("# %d kills, %lld versions acknowledged, all there\n", rounds, (long long)acknowledged);
    assert_true(acknowledged > 0);
    test_remove(&place);
}

static void jobs_of_the_dead(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogJob job;
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    FINE(catalog_job_add(c, S("pyramid"), S("vase:1"), S("{}"), 1, &err), err);
    pid_t child = fork();
    if (child == 0) {
        Catalog *own = catalog_open(place.file, false, &err);
        _exit(own && catalog_job_take(own, S("pyramid"), 2, a, &job, &err) ? 0 : 1);
    }
    int status;
    waitpid(child, &status, 0);
    assert_int_equal(status, 0);
    FINE(catalog_job_find(c, S("pyramid"), S("vase:1"), a, &job, &err), err);
    assert_string_equal(arena_cstr(a, job.state), "running");
    FINE(catalog_job_take(c, S("pyramid"), 3, a, &job, &err), err);
    assert_int_equal(job.tries, 2);
    catalog_close(c);
    test_remove(&place);
}

// ---- no room

// In a child, because the limit cannot be taken back: every write beyond it fails as on a full disk.
static void full_disk_child(const char *file)
{
    Err err = {0};
    Catalog *c = catalog_open(file, false, &err);
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit = {512 * 1024, 512 * 1024};
    if (!c || setrlimit(RLIMIT_FSIZE, &limit) != 0)
        _exit(3);
    int64_t committed = 0;
    for (int i = 0; i < 1000; i++) {
        char id[40];
        snprintf(id, sizeof(id), "object-%d", i);
        CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, &err);
        bool fine = b && test_put(b, id, 1, "a title of some length, so that pages fill", 1, &err) &&
                    catalog_batch_commit(b, &err);
        catalog_batch_close(b);
        if (!fine)
            break;
        committed++;
    }
    bool stays = catalog_head(c, &err) == committed; // reading goes on
    catalog_close(c);
    _exit(err.kind == ERR_IO && committed > 0 && stays ? (int)(committed % 200) + 20 : 4);
}

static void full_disk(void **state)
{
    (void)state;
    Err err = {0};
    TestPlace place = test_place();
    catalog_close(test_open(&place));
    pid_t child = fork();
    if (child == 0)
        full_disk_child(place.file);
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) >= 20);
    Catalog *c = test_open(&place); // with room again
    int64_t head = catalog_head(c, &err);
    assert_int_equal(head % 200 + 20, WEXITSTATUS(status));
    test_change(c, "after", 1, "After", 0);
    assert_int_equal(catalog_head(c, &err), head + 1);
    catalog_close(c);
    test_remove(&place);
}

// ---- damaged

static void write_at(const char *file, off_t at, const void *bytes, size_t count)
{
    int fd = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, count, at), count);
    close(fd);
}

// Opens and asks everything: nothing but answers and errors may come of it.
static bool ask_all(const char *file)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Catalog *c = catalog_open(file, false, &err);
    if (!c) {
        assert_true(err.kind == ERR_CORRUPT || err.kind == ERR_UNSUPPORTED || err.kind == ERR_IO);
        return false;
    }
    bool fine = true;
    CatalogVersion *rows, version;
    CatalogImage *pictures;
    size_t count;
    fine = catalog_follow(c, 0, 1000, a, &rows, &count, &err) && count == 60 && fine;
    fine = catalog_list_images(c, S(""), 1000, a, &pictures, &count, &err) && count == 60 && fine;
    for (int i = 0; i < 60; i++)
        fine = catalog_find(c, arena_printf(a, "object-%d", i), a, &version, &err) && fine;
    catalog_close(c);
    return fine;
}

static void flipped_bytes(void **state)
{
    (void)state;
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    char id[40];
    for (int i = 0; i < 60; i++) {
        snprintf(id, sizeof(id), "object-%d", i);
        test_change(c, id, 1, "a title of some length, so that pages fill", 1);
    }
    catalog_close(c);
    assert_true(ask_all(place.file));
    int fd = open(place.file, O_RDONLY | O_CLOEXEC);
    off_t size = lseek(fd, 0, SEEK_END);
    int noticed = 0;
    for (off_t at = 0; at < size; at += 701) {
        unsigned char old, flipped;
        assert_int_equal(pread(fd, &old, 1, at), 1);
        flipped = old ^ 0x41;
        write_at(place.file, at, &flipped, 1);
        noticed += !ask_all(place.file);
        write_at(place.file, at, &old, 1);
    }
    close(fd);
    assert_true(noticed > 20);
    assert_true(ask_all(place.file));
    test_remove(&place);
}

static void check_open(const TestPlace *place, ErrKind want)
{
    Err err = {0};
    Catalog *c = catalog_open(place->file, true, &err);
    assert_null(c);
    assert_int_equal(err.kind, want);
}

static void execute(const char *file, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

static void not_ours(void **state)
{
    (void)state;
    Err err = {0};
    TestPlace place = test_place();
    assert_null(catalog_open(place.file, false, &err)); // nothing there
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_null(catalog_open("/nonexistent/folder/catalog.db", true, &err));
    char text[5000];
    memset(text, 'x', sizeof(text));
    write_at(place.file, 0, text, sizeof(text));
    check_open(&place, ERR_CORRUPT);
    unlink(place.file);
    execute(place.file, "CREATE TABLE somebody (elses TEXT)");
    check_open(&place, ERR_CORRUPT);
    unlink(place.file);
    catalog_close(test_open(&place));
    execute(place.file, "PRAGMA user_version = 1000");
    check_open(&place, ERR_UNSUPPORTED);
    execute(place.file, "PRAGMA user_version = -1");
    check_open(&place, ERR_CORRUPT);
    test_remove(&place);
}

static void refuse_sql(sqlite3 *db, const char *sql)
{
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_CONSTRAINT);
}

static void history_stays(void **state)
{
    (void)state;
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    test_change(c, "vase", 1, "Vase", 0);
    catalog_close(c);
    sqlite3 *db;
    assert_int_equal(sqlite3_open(place.file, &db), SQLITE_OK);
    refuse_sql(db, "UPDATE version SET time_ms = 0");
    refuse_sql(db, "DELETE FROM version");
    refuse_sql(db, "UPDATE content SET json = x'00'");
    refuse_sql(db, "DELETE FROM content");
    refuse_sql(db, "DELETE FROM change_set");
    sqlite3_close(db);
    test_remove(&place);
}

// ---- at once

typedef struct {
    Catalog *catalog;
    atomic_bool stop;
    atomic_int reads, wrong, objects;
} Crowd;

// Heads only grow, and what the head promises is there.
static void *read_on(void *argument)
{
    Crowd *crowd = argument;
    int64_t last = 0;
    while (!atomic_load(&crowd->stop)) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        Err err = {0};
        CatalogVersion *rows;
        size_t count;
        int64_t head = catalog_head(crowd->catalog, &err);
        bool fine = head >= last && head % BATCH_ROWS == 0 &&
                    catalog_follow(crowd->catalog, head - BATCH_ROWS, BATCH_ROWS, a, &rows, &count, &err) &&
                    (head == 0 || count == BATCH_ROWS);
        if (!fine)
            print_message("read: head %lld after %lld, %s\n", (long long)head, (long long)last, err.text);
        last = head;
        atomic_fetch_add(&crowd->reads, 1);
        atomic_fetch_add(&crowd->wrong, !fine);
    }
    return NULL;
}

static void *write_some(void *argument)
{
    Crowd *crowd = argument;
    for (int round = 0; round < 10; round++) {
        Err err = {0};
        CatalogBatch *b = catalog_batch_open(crowd->catalog, 0, &TEST_WHO, &err);
        bool fine = b != NULL;
        for (int i = 0; fine && i < BATCH_ROWS; i++) {
            char id[60];
            snprintf(id, sizeof(id), "object-%d", atomic_fetch_add(&crowd->objects, 1));
            fine = test_put(b, id, 1, "Title", 0, &err);
        }
        fine = fine && catalog_batch_commit(b, &err);
        catalog_batch_close(b);
        if (!fine)
            print_message("write: %s\n", err.text);
        atomic_fetch_add(&crowd->wrong, !fine);
    }
    return NULL;
}

static void at_once(void **state)
{
    (void)state;
    enum { READERS = 4, WRITERS = 3 };
    Err err = {0};
    TestPlace place = test_place();
    Crowd crowd = {.catalog = test_open(&place)};
    pthread_t threads[READERS + WRITERS];
    for (int i = 0; i < READERS + WRITERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, i < READERS ? read_on : write_some, &crowd), 0);
    for (int i = READERS; i < READERS + WRITERS; i++)
        pthread_join(threads[i], NULL);
    atomic_store(&crowd.stop, true);
    for (int i = 0; i < READERS; i++)
        pthread_join(threads[i], NULL);
    assert_int_equal(atomic_load(&crowd.wrong), 0);
    assert_true(atomic_load(&crowd.reads) > 0);
    assert_int_equal(catalog_head(crowd.catalog, &err), WRITERS * 10 * BATCH_ROWS);
    catalog_close(crowd.catalog);
    test_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(killed_writers),
        cmocka_unit_test(jobs_of_the_dead),
        cmocka_unit_test(full_disk),
        cmocka_unit_test(flipped_bytes),
        cmocka_unit_test(not_ours),
        cmocka_unit_test(history_stays),
        cmocka_unit_test(at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
