// SPDX-License-Identifier: Apache-2.0
// Copying a vault into another, object by object, with all versions. A folder gets batches, one after the
// other; into a bucket several objects are on their way at once, because each key costs a round trip.
#include "base/lane.h"
#include "preserve/package_int.h"

#include <pthread.h>
#include <stdlib.h>

enum { BATCH_OBJECTS = 200, SENDERS = 8, WAITING_MAX = 64 };

typedef struct {
    Store *from, *to;
    StoreBatch *batch;
    const PackageAsk *ask;
    bool withdrawals;
    int in_batch;
    Lane *lane;            // into a bucket; NULL: one after the other
    pthread_mutex_t mutex; // guards what follows, and the callbacks
    PackageSum *sum;
    Err failed;
} Copy;

static bool next_batch(Copy *copy, bool last, Err *err)
{
    bool good = !copy->batch || store_batch_publish(copy->batch, err);
    store_batch_close(copy->batch);
    copy->batch = NULL;
    copy->in_batch = 0;
    if (good && !last)
        copy->batch = store_batch_open(copy->to, err);
    return good && (last || copy->batch);
}

static void refuse(Copy *copy, Str id, Str text)
{
    copy->sum->refused++;
    if (copy->ask->problem)
        copy->ask->problem(copy->ask->ctx, id, text);
}

// Does what went wrong with one object stand in the way of all others too: a full disk, a bucket out of
// reach?
static bool ends_all(const Copy *copy, const Err *err)
{
    return err->kind == ERR_IO ||
           (copy->lane && (err->kind == ERR_DENIED || str_eq(str_from(err->text), S("stopped"))));
}

static bool copy_object(Copy *copy, Str id, Err *err)
{
    Err why = {0};
    bool is_new = false, good = true;
    bool copied = store_batch_adopt(copy->batch, copy->from, id, copy->withdrawals, &is_new, &why);
    pthread_mutex_lock(&copy->mutex);
    if (copied) {
        copy->sum->objects++;
        copy->sum->unchanged += !is_new;
        copy->in_batch += is_new;
        if (copy->ask->progress)
            copy->ask->progress(copy->ask->ctx, copy->sum);
    } else if (ends_all(copy, &why)) {
        *err = why;
        good = false;
    } else {
        refuse(copy, id, str_from(why.text));
    }
    pthread_mutex_unlock(&copy->mutex);
    return good;
}

typedef struct {
    Copy *copy;
    size_t n;
    char id[];
} Job;

static void run_job(void *work)
{
    Job *job = work;
    Copy *copy = job->copy;
    Err err = {0};
    if (!copy_object(copy, (Str){job->id, job->n}, &err)) {
        pthread_mutex_lock(&copy->mutex);
        if (copy->failed.kind == ERR_NONE)
            copy->failed = err;
        pthread_mutex_unlock(&copy->mutex);
    }
    free(job);
}

static bool hand_out(Copy *copy, Str id, Err *err)
{
    pthread_mutex_lock(&copy->mutex);
    bool failed = copy->failed.kind != ERR_NONE;
    if (failed)
        *err = copy->failed;
    pthread_mutex_unlock(&copy->mutex);
    if (failed)
        return false;
    Job *job = mem_alloc(sizeof(*job) + id.n);
    job->copy = copy;
    job->n = id.n;
    memcpy(job->id, id.p, id.n);
    lane_add_wait(copy->lane, run_job, job);
    return true;
}

static bool copy_one(void *ctx, Str id, Str problem, Err *err)
{
    Copy *copy = ctx;
    if (copy->ask->stop && *copy->ask->stop)
        return err_set(err, ERR_BUSY, "stopped; the same again goes on from here");
    if (problem.n) {
        pthread_mutex_lock(&copy->mutex);
        refuse(copy, id, problem);
        pthread_mutex_unlock(&copy->mutex);
        return true;
    }
    if (copy->lane)
        return hand_out(copy, id, err);
    return copy_object(copy, id, err) && (copy->in_batch < BATCH_OBJECTS || next_batch(copy, false, err));
}

static bool copy_all(Copy *copy, Err *err)
{
    Err late = {0};
    bool good = next_batch(copy, false, err) && store_each(copy->from, copy_one, copy, err);
    if (copy->lane)
        lane_close(copy->lane);
    if (!copy->batch)
        return false;
    bool kept = next_batch(copy, true, &late); // also after a stop: what is whole is kept
    if (good && !kept)
        *err = late;
    if (good && kept && copy->failed.kind != ERR_NONE)
        *err = copy->failed;
    return good && kept && copy->failed.kind == ERR_NONE;
}

bool package_copy_vault(
    Store *from, Store *to, bool withdrawals, const PackageAsk *ask, PackageSum *sum, Err *err)
{
    Copy copy = {.from = from, .to = to, .ask = ask, .withdrawals = withdrawals, .sum = sum};
    if (store_is_away(to))
        copy.lane = lane_open("send", SENDERS, WAITING_MAX);
    pthread_mutex_init(&copy.mutex, NULL);
    bool good = copy_all(&copy, err);
    pthread_mutex_destroy(&copy.mutex);
    return good;
}

bool package_second(Store *store, Store *second, const PackageAsk *ask, PackageSum *ret, Err *err)
{
    PackageSum sum = {0};
    if (!package_copy_vault(store, second, true, ask, &sum, err))
        return false;
    *ret = sum;
    return true;
}

// Each object is checked byte by byte on its way in.
bool package_import_away(Store *store, Store *second, const PackageAsk *ask, PackageSum *ret, Err *err)
{
    PackageSum sum = {0};
    if (!package_copy_vault(second, store, false, ask, &sum, err))
        return false;
    *ret = sum;
    return true;
}
