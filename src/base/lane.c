// SPDX-License-Identifier: Apache-2.0
#include "base/lane.h"

#include <pthread.h>
#include <sched.h>
#include <stdlib.h>

typedef struct {
    LaneWork *run;
    void *work;
} Item;

struct Lane {
    pthread_mutex_t lock;
    pthread_cond_t came, left; // an item was added; an item was taken or finished
    Item *ring;
    int ring_size, first, waiting, running;
    bool closing;
    int threads_count;
    pthread_t threads[];
};

static void *serve(void *argument)
{
    Lane *lane = argument;
    pthread_mutex_lock(&lane->lock);
    for (;;) {
        while (lane->waiting == 0 && !lane->closing)
            pthread_cond_wait(&lane->came, &lane->lock);
        if (lane->waiting == 0)
            break;
        Item item = lane->ring[lane->first];
        lane->first = (lane->first + 1) % lane->ring_size;
        lane->waiting--;
        lane->running++;
        pthread_cond_broadcast(&lane->left);
        pthread_mutex_unlock(&lane->lock);
        item.run(item.work);
        pthread_mutex_lock(&lane->lock);
        lane->running--;
        pthread_cond_broadcast(&lane->left);
    }
    pthread_mutex_unlock(&lane->lock);
    return NULL;
}

Lane *lane_open(const char *name, int threads, int queue_max)
{
    assert(threads > 0 && queue_max > 0);
    Lane *lane = mem_alloc(sizeof(Lane) + (size_t)threads * sizeof(pthread_t));
    lane->ring = mem_grow(NULL, (size_t)queue_max, sizeof(Item));
    lane->ring_size = queue_max;
    pthread_mutex_init(&lane->lock, NULL);
    pthread_cond_init(&lane->came, NULL);
    pthread_cond_init(&lane->left, NULL);
    for (int i = 0; i < threads; i++) {
        if (pthread_create(&lane->threads[i], NULL, serve, lane) != 0)
            abort(); // as with memory: a machine that cannot start a handful of threads cannot run the museum
        pthread_setname_np(lane->threads[i], name);
        lane->threads_count++;
    }
    return lane;
}

static void add_locked(Lane *lane, LaneWork *run, void *work)
{
    lane->ring[(lane->first + lane->waiting) % lane->ring_size] = (Item){run, work};
    lane->waiting++;
    pthread_cond_signal(&lane->came);
}

bool lane_add(Lane *lane, LaneWork *run, void *work, Err *err)
{
    pthread_mutex_lock(&lane->lock);
    bool room = lane->waiting < lane->ring_size;
    if (room)
        add_locked(lane, run, work);
    pthread_mutex_unlock(&lane->lock);
    return room || err_set(err, ERR_BUSY, "too many requests are waiting");
}

void lane_add_wait(Lane *lane, LaneWork *run, void *work)
{
    pthread_mutex_lock(&lane->lock);
    while (lane->waiting == lane->ring_size)
        pthread_cond_wait(&lane->left, &lane->lock);
    add_locked(lane, run, work);
    pthread_mutex_unlock(&lane->lock);
}

void lane_drain(Lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    while (lane->waiting || lane->running)
        pthread_cond_wait(&lane->left, &lane->lock);
    pthread_mutex_unlock(&lane->lock);
}

int lane_waiting(Lane *lane)
{
    pthread_mutex_lock(&lane->lock);
    int waiting = lane->waiting;
    pthread_mutex_unlock(&lane->lock);
    return waiting;
}

void lane_give_way(void)
{
    sched_yield();
}

void lane_close(Lane *lane)
{
    if (!lane)
        return;
    pthread_mutex_lock(&lane->lock);
    lane->closing = true;
    pthread_cond_broadcast(&lane->came);
    pthread_mutex_unlock(&lane->lock);
    for (int i = 0; i < lane->threads_count; i++)
        pthread_join(lane->threads[i], NULL);
    pthread_cond_destroy(&lane->came);
    pthread_cond_destroy(&lane->left);
    pthread_mutex_destroy(&lane->lock);
    free(lane->ring);
    free(lane);
}
