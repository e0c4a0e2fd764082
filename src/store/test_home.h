// SPDX-License-Identifier: Apache-2.0
// For tests of store: a museum home in a temporary folder, and short ways to write into it.
#pragma once

#include "base/file.h"
#include "store/int.h"

#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

typedef struct {
    char path[256];
} TestHome;

static inline TestHome test_home(void)
{
    TestHome home;
    const char *where = getenv("TMPDIR");
    snprintf(home.path, sizeof(home.path), "%s/vitrine-store-XXXXXX", where ? where : "/tmp");
    assert_non_null(mkdtemp(home.path));
    return home;
}

static inline int test_remove_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st;
    (void)kind;
    (void)ftw;
    return remove(path);
}

static inline void test_home_remove(const TestHome *home)
{
    assert_int_equal(nftw(home->path, test_remove_one, 32, FTW_DEPTH | FTW_PHYS), 0);
}

static inline Store *test_open(const TestHome *home)
{
    Err err = {0};
    Store *s = store_open(home->path, true, &err);
    if (!s)
        fail_msg("store_open: %s", err.text);
    return s;
}

static inline StoreNote test_note(void)
{
    return (StoreNote){1770000000000, S("taken in"), S("Test"), S("mailto:test@example.org")};
}

// One version of an object with one file.
static inline void test_add(StoreBatch *batch, Str id, Str path, Str bytes)
{
    Err err = {0};
    StoreNote note = test_note();
    StoreDraft *draft = store_draft_open(batch, id, &err);
    if (!draft || !store_draft_put(draft, path, bytes, &err) || !store_draft_done(draft, &note, &err))
        fail_msg("adding: %s", err.text);
}

static inline void test_put(Store *s, Str id, Str path, Str bytes)
{
    Err err = {0};
    StoreBatch *batch = store_batch_open(s, &err);
    if (!batch)
        fail_msg("%s", err.text);
    test_add(batch, id, path, bytes);
    if (!store_batch_publish(batch, &err))
        fail_msg("publish: %s", err.text);
    store_batch_close(batch);
}

typedef struct {
    int problems;
    char first[600];
} TestReport;

static inline void test_report(void *ctx, Str id, Str problem)
{
    TestReport *report = ctx;
    if (report->problems++ == 0)
        snprintf(report->first, sizeof(report->first), FMT_STR ": " FMT_STR, ARG_STR(id), ARG_STR(problem));
}

// Verifies; the report of what is wrong.
static inline TestReport test_verify(Store *s, uint64_t *ret_objects)
{
    TestReport report = {0};
    StoreVerified sums;
    Err err = {0};
    if (!store_verify(s, 2, test_report, NULL, &report, &sums, &err))
        fail_msg("verify: %s", err.text);
    assert_int_equal(sums.damaged, report.problems);
    if (ret_objects)
        *ret_objects = sums.objects;
    return report;
}

static inline void test_whole(Store *s, uint64_t objects)
{
    uint64_t found;
    TestReport report = test_verify(s, &found);
    if (report.problems)
        fail_msg("%d problems, first: %s", report.problems, report.first);
    assert_int_equal(found, objects);
}

static inline void test_has(Store *s, Str id, int version, Str path, Str want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str bytes;
    if (!store_read(s, id, version, path, 1 << 20, a, &bytes, &err))
        fail_msg("reading " FMT_STR ": %s", ARG_STR(id), err.text);
    assert_int_equal(bytes.n, want.n);
    assert_memory_equal(bytes.p, want.p, want.n);
}

static inline void test_has_not(Store *s, Str id, int version, Str path, ErrKind want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str bytes;
    assert_false(store_read(s, id, version, path, 1 << 20, a, &bytes, &err));
    if (err.kind != want)
        fail_msg(FMT_STR ": %s (%s)", ARG_STR(id), err.text, err_kind_name(err.kind));
}
