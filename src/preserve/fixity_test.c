// SPDX-License-Identifier: Apache-2.0
#include "preserve/fixity.h"

#include "base/file.h"
#include "store/store.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char home[300];

static void shell(const char *format, const char *what)
{
    char command[1600];
    snprintf(command, sizeof(command), format, home, what);
    if (system(command) != 0)
        fail_msg("%s", command);
}

static void put(Store *store, Str id, Str bytes)
{
    Err err = {0};
    StoreNote note = {1770000000000, S("taken in"), S("Ana"), S("mailto:ana@example.org")};
    StoreBatch *batch = store_batch_open(store, &err);
    StoreDraft *draft = store_draft_open(batch, id, &err);
    assert_true(store_draft_put(draft, S("record.json"), bytes, &err) &&
                store_draft_done(draft, &note, &err) && store_batch_publish(batch, &err));
    store_batch_close(batch);
}

static int begin(void **state)
{
    Err err = {0};
    const char *where = getenv("TMPDIR");
    snprintf(home, sizeof(home), "%s/vitrine-fixity-XXXXXX", where ? where : "/tmp");
    if (!mkdtemp(home))
        return 1;
    Store *store = store_open(home, true, &err);
    put(store, S("a"), S("one"));
    put(store, S("b"), S("two"));
    put(store, S("c"), S("three"));
    *state = store;
    return 0;
}

static int end(void **state)
{
    store_close(*state);
    shell("rm -rf '%s'", "");
    return 0;
}

static FixityResult run(Store *store, Store *copy)
{
    Err err = {0};
    FixityResult result;
    FixityAsk ask = {.home = home, .store = store, .copy = copy, .threads = 2};
    if (!fixity_run(&ask, &result, &err))
        fail_msg("%s", err.text);
    return result;
}

static void whole(void **state)
{
    Err err = {0};
    FixityResult last;
    assert_false(fixity_last(home, false, &last, &err));
    assert_true(fixity_is_due(home, false, 1000, 1000));
    FixityResult result = run(*state, NULL);
    assert_true(result.complete);
    assert_int_equal(result.objects, 3);
    assert_int_equal(result.damaged, 0);
    assert_true(fixity_last(home, false, &last, &err));
    assert_int_equal(last.bytes, result.bytes);
    assert_false(fixity_is_due(home, false, 1000, last.ended_ms + 999));
    assert_true(fixity_is_due(home, false, 1000, last.ended_ms + 1000));
}

static void damaged_and_mended(void **state)
{
    Err err = {0};
    char path[400];
    shell("cd '%s' && mkdir copy && cp -r vault copy/ && for f in "
          "vault/*/urn%%3avitrine%%3ab/v1/content/record.json; do printf TWO > $f; done",
        "");
    FixityResult result = run(*state, NULL);
    assert_int_equal(result.damaged, 1);
    assert_int_equal(result.lost, 1);
    shell("grep -q '^b\t' '%s/preserve/quarantine.txt'", "");
    snprintf(path, sizeof(path), "%s/copy", home);
    Store *copy = store_open(path, false, &err);
    result = run(*state, copy);
    store_close(copy);
    assert_int_equal(result.damaged, 1);
    assert_int_equal(result.mended, 1);
    assert_int_equal(result.lost, 0);
    shell("! test -e '%s/preserve/quarantine.txt'", "");
    assert_int_equal(run(*state, NULL).damaged, 0);
}

static volatile bool stop;

static void stop_now(void *ctx, const StoreVerified *so_far)
{
    (void)ctx;
    (void)so_far;
    stop = true;
}

static void goes_on(void **state)
{
    Err err = {0};
    FixityResult result;
    FixityAsk ask = {
        .home = home, .store = *state, .threads = 1, .resume = true, .stop = &stop, .progress = stop_now};
    stop = false;
    assert_true(fixity_run(&ask, &result, &err));
    assert_false(result.complete);
    ask.stop = NULL;
    ask.rate_bytes = 10000000;
    assert_true(fixity_run(&ask, &result, &err));
    assert_true(result.complete);
    assert_true(result.objects >= 3);
}

// The signature by OpenSSL, the digest by find and sha512sum: not by us.
static void certificate_is_checked_by_others(void **state)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str path;
    FixityResult result = run(*state, NULL);
    if (!fixity_certify(home, *state, S("Museum <of> things"), &result, a, &path, &err))
        fail_msg("%s", err.text);
    shell("cd '%s/preserve/certificates' && for c in *.json; do openssl pkeyutl -verify -pubin -inkey "
          "../key.pub.pem -rawin "
          "-in $c -sigfile $c.sig >/dev/null; done",
        "");
    shell("cd '%s/vault' && d=$(find . -mindepth 2 -maxdepth 2 -type d -not -path './extensions/*' | "
          "LC_ALL=C sort | "
          "while read -r d; do sha512sum \"$d/inventory.json\"; done | sha512sum | cut -d' ' -f1) && "
          "grep -q $d ../preserve/certificates/*.json && grep -q $d ../preserve/certificates/*.html",
        "");
    shell("cd '%s/preserve/certificates' && for c in *.json; do '" TEST_DATA
          "/../../../tools/check-certificate' $c --vault ../../vault >/dev/null; done && "
          "grep -q '%%PDF-1.7' *.pdf && grep -q 'Museum &lt;of&gt; things' index.html && grep -q 'pdf' "
          "index.html",
        "");
    shell(
        "cd '%s/preserve/certificates' && sed -i s/Museum/Nuseum/ *.json && for c in *.json; do ! '" TEST_DATA
        "/../../../tools/check-certificate' $c >/dev/null; done && for c in *.json; do ! openssl "
        "pkeyutl -verify "
        "-pubin -inkey ../key.pub.pem -rawin -in $c -sigfile $c.sig >/dev/null 2>&1; done",
        "");
    shell("test $(stat -c %%a '%s/preserve/key') = 600", "");
    result.complete = false;
    assert_false(fixity_certify(home, *state, S("Museum"), &result, a, &path, &err));
}

int main(void)
{
#define CASE(f) cmocka_unit_test_setup_teardown(f, begin, end)
    const struct CMUnitTest tests[] = {
        CASE(whole), CASE(damaged_and_mended), CASE(goes_on), CASE(certificate_is_checked_by_others)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
