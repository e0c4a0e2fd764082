// SPDX-License-Identifier: Apache-2.0
#include "app/tender.h"

#include "app/term.h"
#include "base/clock.h"
#include "preserve/fixity.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LOOK_EVERY_S = 60, TICK_MS = 200, MB = 1000 * 1000 };
static const int64_t DAY_MS = 24LL * 3600 * 1000;

struct Tender {
    const Home *home;
    Store *copy;
    pthread_t thread;
    volatile bool stop;
};

static void on_problem(void *ctx, Str object_id, Str text)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    (void)ctx;
    fprintf(stderr, "vitrine: DAMAGED in the vault: " FMT_STR ": " FMT_STR "\n",
        ARG_STR(term_safe(a, object_id)), ARG_STR(term_safe(a, text)));
}

static void look(Tender *t)
{
    const Conf *conf = &t->home->conf;
    Err err = {0};
    FixityAsk ask = {.home = t->home->path,
        .store = t->home->store,
        .copy = t->copy,
        .threads = 1,
        .rate_bytes = (uint64_t)conf->fixity_rate_mb * MB,
        .stop = &t->stop,
        .report = on_problem};
    if (!fixity_tend(&ask, conf->name, conf->fixity_days * DAY_MS, clock_now_ms(), &err) &&
        err.kind != ERR_BUSY)
        fprintf(stderr, "vitrine: reading the vault through: %s\n", err.text);
}

static void *tend(void *tender)
{
    Tender *t = tender;
    for (int64_t ticks = 0; !t->stop; ticks++) {
        if (ticks % (LOOK_EVERY_S * 1000 / TICK_MS) == LOOK_EVERY_S * 1000 / TICK_MS - 1)
            look(t);
        nanosleep(&(struct timespec){.tv_nsec = TICK_MS * 1000000L}, NULL);
    }
    return NULL;
}

Tender *tender_open(const Home *home, Err *err)
{
    Tender *t = mem_alloc(sizeof(*t));
    t->home = home;
    if (home->conf.second_vault.n) {
        t->copy = store_open(arena_cstr(home->arena, home->conf.second_vault), false, err);
        if (!t->copy) {
            free(t);
            return NULL;
        }
    }
    if (home->conf.fixity_days > 0 && pthread_create(&t->thread, NULL, tend, t) == 0)
        return t;
    t->stop = true; // never started
    return t;
}

void tender_close(Tender *t)
{
    if (!t)
        return;
    if (!t->stop) {
        t->stop = true;
        pthread_join(t->thread, NULL);
    }
    store_close(t->copy);
    free(t);
}
