// SPDX-License-Identifier: Apache-2.0
#include "visual/visual.h"

#include "base/file.h"
#include "visual/index.h"

#include <fcntl.h>
#include <stdlib.h>

// A museum's own vocabulary, made by tools/train_vocabulary, if it lies in the folder of the index.
static Words *open_words(Visual *v, Err *err)
{
    Err none = {0};
    CLEANUP(fd_closep) int fd = file_open(v->dir, "vocabulary.bin", &none);
    if (fd < 0)
        return words_open((Str){0}, err);
    Str bytes;
    v->own_words = arena_open();
    if (!file_read_all(fd, WORDS_FILE_BYTES, v->own_words, &bytes, err))
        return NULL;
    return words_open(bytes, err);
}

// What cannot be used is begun anew.
static bool open_index(Visual *v, bool writer, Err *err)
{
    if (writer) {
        v->lock_fd = file_lock(v->dir, "lock", err);
        if (v->lock_fd < 0)
            return false;
    }
    if (index_read_head(v, err)) {
        if (writer)
            index_sweep(v, 1);
        return true;
    }
    if (!writer || (err->kind != ERR_NOT_FOUND && err->kind != ERR_CORRUPT))
        return false;
    index_clear(v);
    return index_write_head(v, err);
}

Visual *visual_open(const char *dir, bool writer, Err *err)
{
    if (writer && !dir_make(AT_FDCWD, dir, err))
        return NULL;
    const int fd = dir_open(AT_FDCWD, dir, err);
    if (fd < 0)
        return NULL;
    Visual *v = mem_alloc(sizeof(*v));
    v->dir = fd;
    v->lock_fd = -1;
    v->next_number = 1;
    v->marks_max = INDEX_MARKS_MAX;
    v->lines_quick_max = VISUAL_LINES_QUICK_MAX;
    v->default_rank = rights_terms_rank((Terms){.access = ACCESS_NONE});
    pthread_rwlockattr_t fair; // questions without end must not keep the writer out
    pthread_rwlockattr_init(&fair);
    pthread_rwlockattr_setkind_np(&fair, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&v->guard, &fair);
    pthread_rwlockattr_destroy(&fair);
    pthread_mutex_init(&v->spare_guard, NULL);
    v->words = open_words(v, err);
    if (v->words == NULL || !open_index(v, writer, err)) {
        visual_close(v);
        return NULL;
    }
    return v;
}

void visual_close(Visual *v)
{
    if (v == NULL)
        return;
    index_clear(v);
    vectors_close(v->vectors);
    words_close(v->words);
    arena_close(v->own_words);
    for (int i = 0; i < v->spare_count; i++)
        extractor_close(v->spare[i]);
    pthread_mutex_destroy(&v->spare_guard);
    pthread_rwlock_destroy(&v->guard);
    fd_close(v->lock_fd);
    fd_close(v->dir);
    free(v);
}

Extractor *index_take_extractor(Visual *v)
{
    pthread_mutex_lock(&v->spare_guard);
    Extractor *e = v->spare_count > 0 ? v->spare[--v->spare_count] : NULL;
    pthread_mutex_unlock(&v->spare_guard);
    return e ? e : extractor_open(FEATURE_KERNEL_BEST);
}

void index_give_extractor(Visual *v, Extractor *e)
{
    pthread_mutex_lock(&v->spare_guard);
    const bool room = v->spare_count < SPARE_EXTRACTORS;
    if (room)
        v->spare[v->spare_count++] = e;
    pthread_mutex_unlock(&v->spare_guard);
    if (!room)
        extractor_close(e);
}

void visual_default_terms(Visual *v, Terms terms)
{
    pthread_rwlock_wrlock(&v->guard);
    v->default_rank = rights_terms_rank(terms);
    index_refresh_shelf(v);
    pthread_rwlock_unlock(&v->guard);
}

int64_t visual_sequence(Visual *v)
{
    index_refresh(v);
    pthread_rwlock_rdlock(&v->guard);
    const int64_t sequence = v->sequence;
    pthread_rwlock_unlock(&v->guard);
    return sequence;
}

VisualCounts visual_counts(Visual *v)
{
    pthread_rwlock_rdlock(&v->guard);
    VisualCounts counts = {.late = (int64_t)v->late.count};
    for (int p = 0; p < v->parts_count; p++) {
        counts.bytes += (int64_t)(v->parts[p].segment->map_bytes + v->parts[p].forms->map_bytes);
        for (uint32_t i = 0; i < v->parts[p].segment->pictures; i++)
            counts.pictures += v->parts[p].ranks[i] != RANK_GONE;
    }
    pthread_rwlock_unlock(&v->guard);
    return counts;
}

bool visual_erase(const char *dir, Err *err)
{
    Visual *v = visual_open(dir, true, err);
    if (v == NULL)
        return err->kind == ERR_NOT_FOUND;
    const uint32_t next = v->next_number;
    index_clear(v);
    v->next_number = next;
    const bool good = index_write_head(v, err);
    index_sweep(v, 1);
    visual_close(v);
    return good;
}
