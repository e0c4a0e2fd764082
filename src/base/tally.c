// SPDX-License-Identifier: Apache-2.0
//   "tally 1\n"  since_ms  number of entries  entries (hash, count, day)  first 16 bytes of the SHA-512 of
//   all
// Numbers as this machine has them: it is a statistic, not a document.
#include "base/tally.h"

#include "base/digest.h"
#include "base/file.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

#define MAGIC "tally 1\n"

enum {
    HEAD_BYTES = 8 + 8 + 8,
    ENTRY_BYTES = 8 + 4 + 2,
    SEAL_BYTES = 16,
    SIZE_FIRST = 1024, // a power of two
    SAVE_EVERY_MS = 60000,
    NAMES_PER_MS = 10, // so saving 10 million names is put off for 1,000 s, not 60
};
static const size_t FILE_MAX_BYTES = HEAD_BYTES + (size_t)TALLY_NAMES_MAX * ENTRY_BYTES + SEAL_BYTES;

typedef struct {
    uint64_t hash; // 0: free
    TallyEntry entry;
} Place;

struct Tally {
    pthread_mutex_t lock;
    int dir; // -1: for looking only
    char name[64];
    Place *places;
    size_t count, size;
    int64_t since_ms, saved_ms;
    ino_t written; // the file that we wrote; another one there was written by somebody else
    bool changed;
};

uint64_t tally_hash(Str name)
{
    uint64_t h = 0xCBF29CE484222325ull;
    for (size_t i = 0; i < name.n; i++)
        h = (h ^ (unsigned char)name.p[i]) * 0x100000001B3ull;
    h ^= h >> 32;
    h *= 0x9E3779B97F4A7C15ull;
    return h | 1;
}

static Place *place_of(const Tally *t, uint64_t hash)
{
    size_t at = (size_t)(hash >> 20) & (t->size - 1);
    while (t->places[at].hash && t->places[at].hash != hash)
        at = (at + 1) & (t->size - 1);
    return &t->places[at];
}

static void grow(Tally *t)
{
    Tally bigger = {.size = t->size * 2};
    bigger.places = mem_alloc(bigger.size * sizeof(Place));
    for (size_t i = 0; i < t->size; i++)
        if (t->places[i].hash)
            *place_of(&bigger, t->places[i].hash) = t->places[i];
    free(t->places);
    t->places = bigger.places;
    t->size = bigger.size;
}

// NULL when there are as many names as we keep.
static Place *place_for(Tally *t, uint64_t hash)
{
    if (t->count * 2 >= t->size)
        grow(t);
    Place *p = place_of(t, hash);
    if (!p->hash && t->count == TALLY_NAMES_MAX)
        return NULL;
    t->count += !p->hash;
    p->hash = hash;
    return p;
}

// ---- the file

static bool is_whole(Str bytes, uint64_t *ret_count)
{
    if (bytes.n < HEAD_BYTES + SEAL_BYTES || !str_starts(bytes, S(MAGIC)))
        return false;
    memcpy(ret_count, bytes.p + 16, 8);
    if (*ret_count > TALLY_NAMES_MAX || bytes.n != HEAD_BYTES + *ret_count * ENTRY_BYTES + SEAL_BYTES)
        return false;
    Sha512 seal = sha512_of(str_slice(bytes, 0, bytes.n - SEAL_BYTES));
    return memcmp(seal.bytes, bytes.p + bytes.n - SEAL_BYTES, SEAL_BYTES) == 0;
}

// What stands in the file is not counted twice: of each name the higher count stays.
static bool load(Tally *t, int dir, Err *err)
{
    Str bytes;
    uint64_t count, hash;
    int64_t since_ms;
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int fd = file_open(dir, t->name, err);
    if (fd < 0 || !file_read_all(fd, FILE_MAX_BYTES, a, &bytes, err))
        return false;
    if (!is_whole(bytes, &count))
        return err_set(err, ERR_CORRUPT, "%s is damaged", t->name);
    memcpy(&since_ms, bytes.p + 8, 8);
    t->since_ms = MIN_OF(t->since_ms, since_ms);
    for (const char *p = bytes.p + HEAD_BYTES; count--; p += ENTRY_BYTES) {
        TallyEntry e;
        memcpy(&hash, p, 8);
        memcpy(&e.count, p + 8, 4);
        memcpy(&e.day, p + 12, 2);
        Place *place = place_for(t, hash | 1);
        if (place)
            place->entry = (TallyEntry){MAX_OF(place->entry.count, e.count), MAX_OF(place->entry.day, e.day)};
    }
    return true;
}

static ino_t file_there(const Tally *t)
{
    struct stat st;
    return fstatat(t->dir, t->name, &st, 0) == 0 ? st.st_ino : 0;
}

static void save(Tally *t)
{
    Err err = {0};
    uint64_t count;
    if (file_there(t) != t->written)
        (void)!load(t, t->dir, &err);
    count = t->count;
    CLEANUP(buf_free) Buf b = buf_with_max(FILE_MAX_BYTES);
    buf_add(&b, S(MAGIC));
    buf_add_bytes(&b, &t->since_ms, 8);
    buf_add_bytes(&b, &count, 8);
    for (size_t i = 0; i < t->size; i++)
        if (t->places[i].hash) {
            buf_add_bytes(&b, &t->places[i].hash, 8);
            buf_add_bytes(&b, &t->places[i].entry.count, 4);
            buf_add_bytes(&b, &t->places[i].entry.day, 2);
        }
    Sha512 seal = sha512_of(buf_str(&b));
    buf_add_bytes(&b, seal.bytes, SEAL_BYTES);
    t->changed = !file_replace(t->dir, t->name, buf_str(&b), false, &err); // next time, then
    t->written = file_there(t);
}

// ---- opening

static Tally *make(const char *name, int64_t since_ms)
{
    Tally *t = mem_alloc(sizeof(*t));
    assert(strlen(name) < sizeof(t->name));
    memcpy(t->name, name, strlen(name));
    pthread_mutex_init(&t->lock, NULL);
    t->dir = -1;
    t->size = SIZE_FIRST;
    t->places = mem_alloc(t->size * sizeof(Place));
    t->since_ms = since_ms;
    return t;
}

static void release(Tally *t)
{
    fd_close(t->dir);
    pthread_mutex_destroy(&t->lock);
    free(t->places);
    free(t);
}

Tally *tally_open(int dir, const char *name, int64_t now_ms)
{
    Err err = {0};
    Tally *t = make(name, now_ms);
    t->dir = fcntl(dir, F_DUPFD_CLOEXEC, 0);
    t->saved_ms = now_ms;
    t->changed = !load(t, dir, &err); // the day on which counting began is kept from the first day on
    t->written = file_there(t);
    return t;
}

Tally *tally_read(int dir, const char *name, Err *err)
{
    Tally *t = make(name, INT64_MAX);
    if (load(t, dir, err))
        return t;
    release(t);
    return NULL;
}

void tally_close(Tally *t)
{
    if (!t)
        return;
    if (t->changed && t->dir >= 0)
        save(t);
    release(t);
}

// ---- counting

void tally_add(Tally *t, Str name, int64_t now_ms)
{
    pthread_mutex_lock(&t->lock);
    Place *p = place_for(t, tally_hash(name));
    if (p) {
        p->entry.count += p->entry.count < UINT32_MAX;
        p->entry.day = (uint16_t)(now_ms / TALLY_DAY_MS);
        t->changed = true;
    }
    if (t->changed && now_ms - t->saved_ms > SAVE_EVERY_MS + (int64_t)(t->count / NAMES_PER_MS)) {
        t->saved_ms = now_ms;
        save(t);
    }
    pthread_mutex_unlock(&t->lock);
}

bool tally_find(Tally *t, Str name, TallyEntry *ret)
{
    pthread_mutex_lock(&t->lock);
    const Place *p = place_of(t, tally_hash(name));
    bool there = p->hash != 0;
    if (there)
        *ret = p->entry;
    pthread_mutex_unlock(&t->lock);
    return there;
}

int64_t tally_since_ms(const Tally *t)
{
    return t->since_ms;
}
