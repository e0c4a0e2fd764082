// SPDX-License-Identifier: Apache-2.0
#include "app/index.h"

#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LOOK_EVERY_MS = 200, RETRY_EVERY_ROUNDS = 25 }; // the lock is tried for again every 5 s

struct Index {
    const Home *home;
    const char *dir;
    pthread_t thread;
    pthread_mutex_t lock; // over search and users
    pthread_cond_t idle;
    Search *search;
    int users;
    bool writer;
    volatile bool stop;
    Err told; // the last trouble that was printed: the same one is not printed again
};

const char *index_dir(const Home *home)
{
    return home_path(home, "index");
}

static void tell(Index *index, const Err *err)
{
    if (index->told.kind == err->kind && strcmp(index->told.text, err->text) == 0)
        return;
    index->told = *err;
    fprintf(stderr, "vitrine: text index: %s\n", err->text);
}

// Puts another Search in place of the present one, when nobody uses it any more.
static void swap(Index *index, Search *search, bool writer)
{
    pthread_mutex_lock(&index->lock);
    while (index->users > 0)
        pthread_cond_wait(&index->idle, &index->lock);
    Search *old = index->search;
    index->search = search;
    index->writer = writer;
    pthread_mutex_unlock(&index->lock);
    search_close(old);
}

// Opens the index for writing, or while another process has the writing lock, for reading.
static void open_best(Index *index)
{
    Err err = {0};
    Search *search = search_open(index->dir, true, &err);
    if (search) {
        search_ledger(search, index->home->catalog);
        swap(index, search, true);
        return;
    }
    if (err.kind != ERR_BUSY)
        tell(index, &err);
    if (index->search)
        return;
    search = search_open(index->dir, false, &err);
    if (!search)
        return;
    search_ledger(search, index->home->catalog);
    swap(index, search, false);
}

static void *follow(void *argument)
{
    Index *index = argument;
    int64_t known = -1;
    for (unsigned round = 0; !index->stop; round++) {
        Err err = {0};
        if (!index->writer && round % RETRY_EVERY_ROUNDS == 0)
            open_best(index);
        if (index->writer) {
            int64_t head = catalog_head(index->home->catalog, &err);
            bool news = head >= 0 && head != known;
            if (head < 0 ||
                (news && !search_follow(index->search, index->home->catalog, &index->stop, &known, &err)))
                tell(index, &err);
            if (news)
                malloc_trim(0); // what was being indexed leaves 30 MB that the allocator would keep
        }
        if (!index->stop)
            nanosleep(&(struct timespec){.tv_nsec = LOOK_EVERY_MS * 1000000L}, NULL);
    }
    return NULL;
}

Index *index_open(const Home *home, Err *err)
{
    Index *index = mem_alloc(sizeof(*index));
    index->home = home;
    index->dir = index_dir(home);
    pthread_mutex_init(&index->lock, NULL);
    pthread_cond_init(&index->idle, NULL);
    open_best(index); // so that the first visitor finds what there is
    if (pthread_create(&index->thread, NULL, follow, index) != 0) {
        free(index);
        return err_null(err, ERR_IO, "cannot start a thread");
    }
    pthread_setname_np(index->thread, "index");
    return index;
}

void index_close(Index *index)
{
    if (!index)
        return;
    index->stop = true;
    pthread_join(index->thread, NULL);
    swap(index, NULL, false);
    pthread_cond_destroy(&index->idle);
    pthread_mutex_destroy(&index->lock);
    free(index);
}

Search *index_keep(void *ctx)
{
    Index *index = ctx;
    pthread_mutex_lock(&index->lock);
    Search *search = index->search;
    index->users += search != NULL;
    pthread_mutex_unlock(&index->lock);
    return search;
}

void index_drop(void *ctx, Search *search)
{
    Index *index = ctx;
    if (!search)
        return;
    pthread_mutex_lock(&index->lock);
    if (--index->users == 0)
        pthread_cond_broadcast(&index->idle);
    pthread_mutex_unlock(&index->lock);
}

int64_t index_sequence(Index *index)
{
    Search *search = index_keep(index);
    int64_t sequence = search ? search_sequence(search) : 0;
    index_drop(index, search);
    return sequence;
}

bool index_writes(Index *index)
{
    return index->writer;
}

bool index_catch_up(const Home *home, const volatile bool *stop, int64_t *ret_sequence, Err *err)
{
    Search *search = search_open(index_dir(home), true, err);
    bool good = search && search_follow(search, home->catalog, stop, ret_sequence, err);
    search_close(search);
    return good;
}
