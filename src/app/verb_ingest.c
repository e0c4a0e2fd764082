// SPDX-License-Identifier: Apache-2.0
#include "app/ledger.h"
#include "app/report.h"
#include "app/twins.h"
#include "base/clock.h"

#include <stdio.h>

static int take_in(Home *home, const Call *call, const IngestAsk *ask, Report *report)
{
    Err err = {0};
    int64_t recovered;
    IngestCounts counts = {0};
    IngestHouse house;
    IngestListener listener = report_listener(report);
    if (!home_open_cage(home, &err))
        return verb_failed(&err);
    house = home_house(home);
    if (!ask->check && (!ingest_recover(&house, &recovered, &err) || !ledger_before_change(home, &err)))
        return verb_failed(&err);
    Twins twins;
    twins_open(home, &twins);
    house.sight = &twins.sight;
    bool whole = ingest_run(&house, ask, &listener, &counts, &err);
    twins_close(&twins);
    bool clean = report_done(report, &counts, ask->check ? "Checked" : "Taken in", ask->check);
    if (!whole)
        return verb_failed(&err);
    if (!ask->check && !ledger_after_change(home, call, &err))
        return verb_failed(&err);
    return clean ? EXIT_GOOD : EXIT_TROUBLE;
}

int verb_ingest(const Call *call)
{
    bool check = false, json = false, zoom_from_master = false, webp_tiles = false;
    const char *mapping = NULL, *images = NULL, *agent = NULL, *lang = "";
    const Option options[] = {
        {"check", OPTION_FLAG, NULL, "write nothing, list every problem", &check},
        {"mapping", OPTION_TEXT, "FILE", "which column is which field: lines of `column = field`", &mapping},
        {"images", OPTION_TEXT, "FOLDER", "where the pictures are, if not beside the table", &images},
        {"agent", OPTION_TEXT, "NAME", "who does this, for the ledger (default: your user name)", &agent},
        {"lang", OPTION_TEXT, "CODE", "language of texts that do not say (default: the museum's)", &lang},
        {"zoom-from-master", OPTION_FLAG, NULL,
            "cut the largest tiles of JPEG pictures from the original, do not store them", &zoom_from_master},
        {"webp-tiles", OPTION_FLAG, NULL, "store tiles as WebP, too", &webp_tiles},
        {"json", OPTION_FLAG, NULL, "print the report as JSON", &json},
    };
    Rest rest;
    int code = verb_options(call, "ingest", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count == 0)
        return verb_misused("ingest", "what shall be taken in? Name a file or a folder");
    Home home;
    Err err = {0};
    if (!home_open(call->home, HOME_WORK, &home, &err))
        return verb_failed(&err);
    home.conf.zoom_from_master = home.conf.zoom_from_master || zoom_from_master;
    home.conf.webp_tiles = home.conf.webp_tiles || webp_tiles;
    Report report;
    report_open(&report, json);
    const IngestAsk ask = {.paths = rest.words,
        .paths_count = (size_t)rest.words_count,
        .mapping = mapping,
        .images = images,
        .check = check,
        .agent = agent ? str_from(agent) : ledger_user(home.arena),
        .lang = *lang ? str_from(lang) : home.conf.language,
        .now_ms = clock_now_ms(),
        .stop = call->stop};
    code = take_in(&home, call, &ask, &report);
    report_close(&report);
    home_close(&home);
    return code;
}
