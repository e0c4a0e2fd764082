// SPDX-License-Identifier: Apache-2.0
// kill -9 at any moment: a child writes batches as fast as it can and says which it was told are safe; it is
// killed, and what is left must be whole: every acknowledged batch, no half object, no orphan. KILLS
// (environment) says how often, 20 without it.
#include "store/test_home.h"

#include <signal.h>
#include <sys/wait.h>

enum { ROUNDS = 20, VERIFIED = 20, OBJECTS_A_BATCH = 5, DELAY_MAX_US = 20000 };

typedef struct {
    int round, batch; // the last that was acknowledged; batch 0: none
} Acknowledged;

static void add(StoreBatch *batch, Arena *a, int round, int number)
{
    Err err = {0};
    StoreNote note = test_note();
    for (int i = 0; i < OBJECTS_A_BATCH; i++) {
        // Half the ids come again in every batch: those get the next version.
        Str id = i % 2 ? arena_printf(a, "again-%d", i) : arena_printf(a, "new-%d-%d-%d", round, number, i);
        StoreDraft *draft = store_draft_open(batch, id, &err);
        Str record = arena_printf(a, "%d %d", round, number);
        if (!draft || !store_draft_put(draft, S("record.json"), record, &err) ||
            !store_draft_put(draft, S("media/1/same.jpg"), id, &err) || !store_draft_done(draft, &note, &err))
            _exit(3);
    }
}

static _Noreturn void write_until_killed(const TestHome *home, int round, int tell)
{
    Err err = {0};
    Store *s = store_open(home->path, false, &err);
    for (int number = 1; s; number++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        StoreBatch *batch = store_batch_open(s, &err);
        if (!batch)
            break;
        add(batch, a, round, number);
        if (!store_batch_publish(batch, &err))
            break;
        Acknowledged done = {round, number};
        if (write(tell, &done, sizeof(done)) != sizeof(done))
            break;
        store_batch_close(batch);
    }
    _exit(2);
}

static Acknowledged run_and_kill(const TestHome *home, int round, unsigned delay_us)
{
    int channel[2];
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0)
        write_until_killed(home, round, channel[1]);
    close(channel[1]);
    Acknowledged last = {0}, one;
    if (round % 2) // half the rounds begin in the middle of things, however slow the machine is
        assert_int_equal(read(channel[0], &last, sizeof(last)), sizeof(last));
    usleep(delay_us);
    kill(child, SIGKILL);
    int status;
    waitpid(child, &status, 0);
    assert_true(WIFSIGNALED(status)); // it was still writing
    while (read(channel[0], &one, sizeof(one)) == sizeof(one))
        last = one;
    close(channel[0]);
    return last;
}

static void check_batch(Store *s, Arena *a, int round, int number)
{
    for (int i = 0; i < OBJECTS_A_BATCH; i += 2)
        test_has(s, arena_printf(a, "new-%d-%d-%d", round, number, i), 0, S("record.json"),
            arena_printf(a, "%d %d", round, number));
}

static void survives(void **state)
{
    (void)state;
    TestHome home = test_home();
    Store *s = test_open(&home);
    uint64_t seed = 88172645463325252u; // the moments are the same each time; the machine makes them differ
    int total = 0, rounds = ROUNDS;
    (void)str_to_int(str_from(getenv("KILLS")), 1, 1000000, &rounds);
    store_close(s);
    for (int round = 1; round <= rounds; round++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        Err err = {0};
        Str *ids;
        size_t count;
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        Acknowledged last = run_and_kill(&home, round, (unsigned)(seed >> 33) % DELAY_MAX_US);
        s = test_open(&home);
        if (!store_unfinished(s, a, &ids, &count, &err))
            fail_msg("recovery: %s", err.text);
        assert_int_equal(count % OBJECTS_A_BATCH, 0); // whole batches
        assert_true(store_forget_unfinished(s, &err));
        for (int number = 1; number <= last.batch; number++)
            check_batch(s, a, round, number);
        total += last.batch;
        if (round % (rounds / VERIFIED + (rounds < VERIFIED)) == 0 || round == rounds) {
            TestReport report = test_verify(s, NULL);
            if (report.problems)
                fail_msg("round %d: %d problems, first: %s", round, report.problems, report.first);
        }
        store_close(s);
    }
    print_message("# %d kills, %d batches acknowledged, all there\n", rounds, total);
    assert_true(total > 0);
    test_home_remove(&home);
}

// A reader sees old or new, never something between, while another process writes versions.
static void reader_beside_writer(void **state)
{
    (void)state;
    TestHome home = test_home();
    Store *s = test_open(&home);
    test_put(s, S("again-1"), S("record.json"), S("0 0"));
    int channel[2], status, reads = 0;
    assert_int_equal(pipe(channel), 0);
    pid_t child = fork();
    if (child == 0)
        write_until_killed(&home, 1, channel[1]);
    close(channel[1]);
    int seen = 0;
    for (Acknowledged done = {0}; done.batch < 20; reads++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        Err err = {0};
        Str bytes, round, number;
        int version = 0;
        if (!store_read(s, S("again-1"), 0, S("record.json"), 100, a, &bytes, &err))
            fail_msg("%s", err.text);
        assert_true(str_cut(bytes, ' ', &round, &number) && str_to_int(number, 0, 1000000, &version));
        assert_true(version >= seen); // never back
        seen = version;
        if (reads % 20 == 0 && read(channel[0], &done, sizeof(done)) != sizeof(done))
            fail_msg("the writer gave up");
    }
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    close(channel[0]);
    store_close(s);
    test_home_remove(&home);
}

static int no_flush(int dir)
{
    (void)dir;
    return 0;
}

int main(void)
{
    // What a killed process has written stays; only a power cut needs the flush, and fault_test plays that.
    StoreIo quick = *store_io;
    quick.flush = no_flush;
    store_io_use(&quick);
    const struct CMUnitTest tests[] = {cmocka_unit_test(survives), cmocka_unit_test(reader_beside_writer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
