// SPDX-License-Identifier: Apache-2.0
// rebuild: the catalogue is made anew beside the old one and renamed over it when it is whole, so a rebuild
// that is killed has changed nothing but pyramids.
#include "app/index.h"
#include "app/ledger.h"
#include "app/report.h"
#include "app/sight.h"
#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static bool remove_file(int dir, const char *name, Err *err)
{
    return unlinkat(dir, name, 0) == 0 || errno == ENOENT || err_errno(err, "removing %s", name);
}

static bool remove_new(const Home *home, Err *err)
{
    return remove_file(home->dir, "catalog.new.db", err) &&
           remove_file(home->dir, "catalog.new.db-wal", err) &&
           remove_file(home->dir, "catalog.new.db-shm", err);
}

// The old catalogue's companions go first: a write-ahead log belongs to one database and must not meet
// another.
static bool put_in_place(const Home *home, Err *err)
{
    return remove_file(home->dir, "catalog.db-wal", err) && remove_file(home->dir, "catalog.db-shm", err) &&
           (renameat(home->dir, "catalog.new.db", home->dir, "catalog.db") == 0 ||
               err_errno(err, "renaming the new catalogue")) &&
           (fsync(home->dir) == 0 || err_errno(err, "flushing %s", home->path));
}

static bool rebuild_catalog(Home *home, bool images, Report *report, IngestCounts *ret, Err *err)
{
    IngestListener listener = report_listener(report);
    if (!remove_new(home, err))
        return false;
    home->catalog = catalog_open(home_path(home, "catalog.new.db"), true, err);
    if (!home->catalog)
        return false;
    catalog_default_terms(home->catalog, home->conf.access);
    IngestHouse house = home_house(home);
    bool good = ingest_rebuild(&house, images, &listener, ret, err);
    catalog_close(home->catalog); // folds the write-ahead log into the file
    home->catalog = NULL;
    return good && put_in_place(home, err);
}

static bool rebuild_index(Home *home, const Call *call, bool *ret_promise, Err *promise_err, Err *err)
{
    int64_t sequence;
    home->catalog = catalog_open(home_path(home, "catalog.db"), false, err);
    if (!home->catalog)
        return false;
    catalog_default_terms(home->catalog, home->conf.access);
    // The museum is there again either way; but if the vault holds less or other than was promised, say so.
    *ret_promise = ledger_promise(home, promise_err);
    return search_erase(index_dir(home), err) && index_catch_up(home, call->stop, &sequence, err) &&
           visual_erase(sight_dir(home), err) && chain_erase(sight_dir(home), err) &&
           sight_catch_up(home, call->stop, &sequence, err);
}

int verb_rebuild(const Call *call)
{
    bool no_images = false, json = false;
    const Option options[] = {
        {"no-images", OPTION_FLAG, NULL, "do not look for missing pyramids", &no_images},
        {"json", OPTION_FLAG, NULL, "print the report as JSON", &json},
    };
    Rest rest;
    int code = verb_options(call, "rebuild", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count > 0)
        return verb_misused("rebuild", "\"%s\" is one word too many", rest.words[0]);
    Home home;
    Err err = {0}, promise_err = {0};
    bool promised = true;
    IngestCounts counts = {0};
    if (!home_open(call->home, HOME_ALONE, &home, &err))
        return verb_failed(&err);
    Report report;
    report_open(&report, json);
    bool good = home_open_cage(&home, &err) && rebuild_catalog(&home, !no_images, &report, &counts, &err) &&
                rebuild_index(&home, call, &promised, &promise_err, &err);
    bool clean = report_done(&report, &counts, "Rebuilt", false);
    report_close(&report);
    home_close(&home);
    if (!good)
        return verb_failed(&err);
    if (!promised)
        return verb_failed(&promise_err);
    return clean ? EXIT_GOOD : EXIT_TROUBLE;
}
