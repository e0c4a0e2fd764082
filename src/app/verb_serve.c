// SPDX-License-Identifier: Apache-2.0
#include "app/addresses.h"
#include "app/ledger.h"
#include "app/places.h"
#include "app/routes.h"
#include "app/sight.h"
#include "app/tender.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "base/slim.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>

enum {
    DEADLINE_MS = 30 * 1000,
    CONNECTIONS_MAX = 4000,
    CONNECTIONS_PER_IP_MAX = 400,
    FILES_MAX = 1280, // of rooms, children and catalogues; open pyramids are most of it
    MB = 1000 * 1000,
};

typedef struct {
    Home home;
    Index *index;
    Sight *sight;
    TileRoom *tile;
    Kit *kit;
    Site *site;
    Routes routes;
    HttpServer *server;
    Tender *tender;
    Tally *opened;
    Places *places;
} Serving;

// Opened in this order, closed in the reverse one.
static bool open_rooms(Serving *s, Err *err)
{
    const Conf *conf = &s->home.conf;
    int64_t recovered;
    IngestHouse house = home_house(&s->home);
    if (!ingest_recover(&house, &recovered, err) &&
        err->kind != ERR_BUSY) // busy: an ingest is at work and will do it
        return false;
    s->index = index_open(&s->home, err);
    if (!s->index)
        return false;
    s->sight = sight_open(&s->home, err);
    if (!s->sight)
        return false;
    s->tile = tile_open(&(TileConfig){.catalog = s->home.catalog,
                            .derived = s->home.derived,
                            .store = s->home.store,
                            .render_budget_bytes = (size_t)conf->render_memory_mb * MB,
                            .side_max_px = conf->side_max_px},
        err);
    if (!s->tile)
        return false;
    s->opened = tally_open(s->home.dir, HOME_OPENED, clock_now_ms());
    s->kit = kit_open(&(KitConfig){.catalog = s->home.catalog,
        .derived = s->home.derived,
        .budget_bytes = (size_t)conf->render_memory_mb * MB,
        .museum_name = conf->name});
    s->places = places_of_home(&s->home);
    s->site = site_open(&(SiteConfig){.catalog = s->home.catalog,
                            .kit = s->kit,
                            .sight = {.ctx = s->sight,
                                .keep = sight_keep,
                                .drop = sight_drop,
                                .upload = sight_upload,
                                .region = sight_region,
                                .chain = sight_chain},
                            .search_keep = index_keep,
                            .search_drop = index_drop,
                            .search_ctx = s->index,
                            .museum_name = conf->name,
                            .museum_intro = conf->intro,
                            .museum_lang = conf->language,
                            .places = s->places,
                            .opened = s->opened},
        err);
    return s->site != NULL;
}

// Most systems give a program 1,024 descriptors unless it asks for the many it may have.
static int connections_max(void)
{
    struct rlimit files;
    const rlim_t wanted = CONNECTIONS_MAX + FILES_MAX;
    if (getrlimit(RLIMIT_NOFILE, &files) != 0)
        return CONNECTIONS_PER_IP_MAX;
    if (files.rlim_cur < wanted) {
        files.rlim_cur = MIN_OF(wanted, files.rlim_max);
        (void)setrlimit(RLIMIT_NOFILE, &files);
    }
    const rlim_t had = MIN_OF(files.rlim_cur, wanted);
    return (int)(had > 2 * FILES_MAX ? had - FILES_MAX : had / 2);
}

static bool open_server(Serving *s, Str listen, Err *err)
{
    const Conf *conf = &s->home.conf;
    const int connections = connections_max();
    s->routes =
        (Routes){.home = &s->home, .index = s->index, .sight = s->sight, .tile = s->tile, .site = s->site};
    if (!ledger_key(&s->home, &s->routes.log_key, err))
        return false;
    s->server =
        http_open(&(HttpConfig){.listen = listen,
                      .public_url = conf->public_url,
                      .trust_proxy = conf->trust_proxy,
                      .body_max_bytes = (size_t)conf->upload_max_mb * MB,
                      .deadline_ms = DEADLINE_MS,
                      .connections_max = connections,
                      .connections_per_ip_max =
                          conf->trust_proxy ? connections : MIN_OF(CONNECTIONS_PER_IP_MAX, connections),
                      .ctx = &s->routes,
                      .route = routes_lane,
                      .answer = routes_answer,
                      .finished = routes_finished},
            err);
    return s->server != NULL;
}

static void close_all(Serving *s)
{
    tender_close(s->tender);
    if (s->server)
        http_close(s->server);
    if (s->site)
        site_close(s->site);
    places_close(s->places);
    tally_close(s->opened);
    kit_close(s->kit);
    if (s->tile)
        tile_close(s->tile);
    sight_close(s->sight);
    index_close(s->index);
    home_close(&s->home);
}

static void say_where(Serving *s, Str listen)
{
    Err err = {0};
    int64_t objects = 0, images = 0;
    (void)!catalog_count(s->home.catalog, &objects, &images, &err);
    printf(FMT_STR ": %lld objects, %lld pictures.\n", ARG_STR(s->home.conf.name), (long long)objects,
        (long long)images);
    addresses_print(s->home.arena, listen, http_port(s->server), s->home.conf.public_url);
    puts("Ctrl-C ends it.");
    fflush(stdout);
}

int verb_serve(const Call *call)
{
    const char *listen = NULL;
    const Option options[] = {
        {"listen", OPTION_TEXT, "ADDR:PORT",
            "instead of what museum.conf says; 0.0.0.0:8080 for the whole network", &listen},
    };
    Rest rest;
    int code = verb_options(call, "serve", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count > 0)
        return verb_misused("serve", "\"%s\" is one word too many", rest.words[0]);
    Serving s = {0};
    Err err = {0};
    if (!home_open(call->home, HOME_WORK, &s.home, &err))
        return verb_failed(&err);
    Str where = listen ? str_from(listen) : s.home.conf.listen;
    bool good = open_rooms(&s, &err) && open_server(&s, where, &err);
    good = good && (s.tender = tender_open(&s.home, &err)) != NULL;
    if (good)
        say_where(&s, where);
    slim();
    while (good && !*call->stop) {
        tile_tidy(s.tile); // what was withdrawn is not kept open, even if nobody asks for it any more
        nanosleep(&(struct timespec){.tv_nsec = 100 * 1000000L}, NULL);
    }
    close_all(&s);
    return good ? EXIT_GOOD : verb_failed(&err);
}
