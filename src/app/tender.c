// SPDX-License-Identifier: Apache-2.0
#include "app/tender.h"

#include "app/second.h"
#include "app/term.h"
#include "base/clock.h"
#include "preserve/fixity.h"
#include "preserve/package.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FIRST_LOOK_S = 5, LOOK_EVERY_S = 60, TICK_MS = 200, TICKS_PER_S = 1000 / TICK_MS, MB = 1000 * 1000 };
static const int64_t DAY_MS = 24LL * 3600 * 1000;

struct Tender {
    const Home *home;
    pthread_t thread;
    bool started;
    volatile bool stop;
    int64_t sent_ms;         // when the second vault was last up to date; 0: not since the start
    char told[ERR_TEXT_MAX]; // the last trouble that was printed: the same one is not printed again
};

static void on_problem(void *ctx, Str object_id, Str text)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    fprintf(stderr, "vitrine: DAMAGED in %s: " FMT_STR ": " FMT_STR "\n", (const char *)ctx,
        ARG_STR(term_safe(a, object_id)), ARG_STR(term_safe(a, text)));
}

static void on_refused(void *ctx, Str object_id, Str text)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    (void)ctx;
    fprintf(stderr, "vitrine: not brought to the second vault: " FMT_STR ": " FMT_STR "\n",
        ARG_STR(term_safe(a, object_id)), ARG_STR(term_safe(a, text)));
}

static void tell(Tender *t, const char *what, const Err *err)
{
    if (t->stop || err->kind == ERR_BUSY || strcmp(t->told, err->text) == 0)
        return;
    memcpy(t->told, err->text, sizeof(t->told));
    fprintf(stderr, "vitrine: %s: %s\n", what, err->text);
}

// The vault is read through, and mended from the second one if there is one.
static void read_ours(Tender *t, Store *second)
{
    static char ours[] = "the vault";
    const Conf *conf = &t->home->conf;
    Err err = {0};
    FixityAsk ask = {.home = t->home->path,
        .store = t->home->store,
        .copy = second,
        .threads = 1,
        .rate_bytes = (uint64_t)conf->fixity_rate_mb * MB,
        .stop = &t->stop,
        .report = on_problem,
        .ctx = ours};
    if (!fixity_tend(&ask, conf->name, conf->fixity_days * DAY_MS, clock_now_ms(), &err))
        tell(t, "reading the vault through", &err);
}

static void read_second(Tender *t, Store *second)
{
    static char theirs[] = "the second vault";
    const Conf *conf = &t->home->conf;
    Err err = {0};
    FixityAsk ask = {.home = t->home->path,
        .second = true,
        .store = second,
        .copy = t->home->store,
        .threads = 1,
        .rate_bytes = (uint64_t)conf->fixity_rate_mb * MB,
        .stop = &t->stop,
        .report = on_problem,
        .ctx = theirs};
    if (!fixity_tend(&ask, conf->name, conf->fixity_days * DAY_MS, clock_now_ms(), &err))
        tell(t, "reading the second vault through", &err);
}

static void bring(Tender *t, Store *second)
{
    Err err = {0};
    PackageSum sum;
    PackageAsk ask = {
        .museum = t->home->conf.name, .now_ms = clock_now_ms(), .stop = &t->stop, .problem = on_refused};
    if (package_second(t->home->store, second, &ask, &sum, &err))
        t->sent_ms = clock_now_ms();
    else
        tell(t, "bringing the second vault up to date", &err);
}

static bool is_due(const Tender *t, bool second)
{
    const Conf *conf = &t->home->conf;
    return conf->fixity_days > 0 &&
           fixity_is_due(t->home->path, second, conf->fixity_days * DAY_MS, clock_now_ms());
}

// A second vault is opened when there is something to do with it, so that one that cannot be reached now (a
// disk that is not plugged in, a network that is down) is found another time.
static void look(Tender *t)
{
    const Conf *conf = &t->home->conf;
    Err err = {0};
    Store *second = NULL;
    bool send = conf->second_days > 0 && t->sent_ms + conf->second_days * DAY_MS <= clock_now_ms();
    if (conf->second_vault.n && (send || is_due(t, false) || is_due(t, true))) {
        second = second_open(t->home, conf->second_vault, conf->second_days > 0, &t->stop, &err);
        if (!second)
            tell(t, "opening the second vault", &err);
    }
    if (second && send)
        bring(t, second);
    if (is_due(t, false))
        read_ours(t, second);
    if (second && is_due(t, true))
        read_second(t, second);
    store_close(second);
}

static void *tend(void *tender)
{
    Tender *t = tender;
    for (int64_t ticks = 0; !t->stop; ticks++) {
        if (ticks % (LOOK_EVERY_S * TICKS_PER_S) == FIRST_LOOK_S * TICKS_PER_S)
            look(t);
        nanosleep(&(struct timespec){.tv_nsec = TICK_MS * 1000000L}, NULL);
    }
    return NULL;
}

Tender *tender_open(const Home *home, Err *err)
{
    Tender *t = mem_alloc(sizeof(*t));
    t->home = home;
    bool wanted = home->conf.fixity_days > 0 || (home->conf.second_vault.n && home->conf.second_days > 0);
    if (wanted && pthread_create(&t->thread, NULL, tend, t) != 0) {
        free(t);
        return err_null(err, ERR_IO, "cannot start a thread");
    }
    t->started = wanted;
    if (wanted)
        pthread_setname_np(t->thread, "tender");
    return t;
}

void tender_close(Tender *t)
{
    if (!t)
        return;
    t->stop = true;
    if (t->started)
        pthread_join(t->thread, NULL);
    free(t);
}
