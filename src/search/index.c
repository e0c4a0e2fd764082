// SPDX-License-Identifier: Apache-2.0
// The folder as a whole: opening, the snapshot that a question works on, and following the ledger.
#include "search/index.h"

#include "base/digest.h"
#include "base/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum {
    SPECIALS_TRIES = 5,
    DEAD_MAX_BYTES = SEGMENT_DOCS_MAX / 8 + 64,
};

Str id_term(Str object_id, char to[TERM_MAX_BYTES])
{
    if (object_id.n < TERM_MAX_BYTES)
        return object_id;
    static const char digits[] = "0123456789abcdef";
    Sha256 digest = sha256_of(object_id);
    for (size_t i = 0; i < SHA256_BYTES; i++) {
        to[2 * i] = digits[digest.bytes[i] >> 4];
        to[2 * i + 1] = digits[digest.bytes[i] & 15];
    }
    return (Str){to, 2 * SHA256_BYTES};
}

// ---- views and snapshots

static void find_visible(View *v)
{
    uint32_t docs = segment_docs(v->segment);
    const unsigned char *ranks = segment_ranks(v->segment);
    for (int role = 0; role < 2; role++) {
        int lowest = rights_rank_visible((ViewerRole)role);
        uint64_t *bits = mem_alloc((docs / 64 + 1) * sizeof(uint64_t));
        for (uint32_t doc = 0; doc < docs; doc++) {
            int rank = ranks[doc] == RANK_DEFAULT ? v->default_rank : ranks[doc];
            bits[doc / 64] |= (uint64_t)(rank >= lowest) << (doc % 64);
        }
        for (uint32_t i = 0; i < docs / 64 + 1; i++) {
            bits[i] &= v->dead ? ~v->dead[i] : ~0ull;
            v->visible_count[role] += (uint32_t)__builtin_popcountll(bits[i]);
        }
        v->visible[role] = bits;
    }
}

static void view_free(View *v)
{
    segment_drop(v->segment);
    free(v->dead);
    free(v->visible[0]);
    free(v->visible[1]);
    free(v);
}

View *view_make(Segment *segment, const uint64_t *dead, const char *dead_name, int default_rank)
{
    View *v = mem_alloc(sizeof(View));
    v->refs = 1;
    v->segment = segment;
    v->default_rank = default_rank;
    snprintf(v->dead_name, sizeof(v->dead_name), "%s", dead_name);
    if (dead) {
        size_t words = segment_docs(segment) / 64 + 1;
        v->dead = mem_alloc(words * sizeof(uint64_t));
        memcpy(v->dead, dead, words * sizeof(uint64_t));
        for (size_t i = 0; i < words; i++)
            v->dead_count += (uint32_t)__builtin_popcountll(dead[i]);
    }
    find_visible(v);
    return v;
}

View *view_keep(View *v)
{
    __atomic_add_fetch(&v->refs, 1, __ATOMIC_RELAXED);
    return v;
}

void view_drop(View *v)
{
    if (v && __atomic_sub_fetch(&v->refs, 1, __ATOMIC_ACQ_REL) == 0)
        view_free(v);
}

Snapshot *snapshot_make(View **views, size_t count, int64_t generation, int64_t sequence)
{
    Snapshot *n = mem_alloc(sizeof(Snapshot));
    n->refs = 1;
    n->generation = generation;
    n->sequence = sequence;
    n->count = count;
    n->views = mem_alloc((count + 1) * sizeof(*n->views));
    for (size_t i = 0; i < count; i++)
        n->views[i] = view_keep(views[i]);
    return n;
}

void snapshot_drop(Search *s, Snapshot *snapshot)
{
    (void)s;
    if (!snapshot || __atomic_sub_fetch(&snapshot->refs, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (size_t i = 0; i < snapshot->count; i++)
        view_drop(snapshot->views[i]);
    facet_table_free(snapshot->table);
    free(snapshot->views);
    free(snapshot);
}

void search_publish(Search *s, Snapshot *snapshot)
{
    pthread_mutex_lock(&s->lock);
    Snapshot *old = s->now;
    s->now = snapshot;
    pthread_mutex_unlock(&s->lock);
    snapshot_drop(s, old);
}

FacetTable *search_table(Search *s, Snapshot *n)
{
    pthread_mutex_lock(&s->loading);
    if (!n->table)
        n->table = facet_table_make(n);
    pthread_mutex_unlock(&s->loading);
    return n->table;
}

const uint32_t *search_table_all(Search *s, Snapshot *n, ViewerRole role)
{
    FacetTable *table = search_table(s, n);
    pthread_mutex_lock(&s->loading);
    const uint32_t *counts = facets_all(table, n, role);
    pthread_mutex_unlock(&s->loading);
    return counts;
}

// ---- loading what `current` names

static View *open_view(int dir, const ManifestSegment *named, int default_rank, Err *err)
{
    Segment *segment = segment_map(dir, named->name, err);
    if (!segment)
        return NULL;
    if (!named->dead[0])
        return view_make(segment, NULL, "", default_rank);
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int fd = file_open(dir, named->dead, err);
    Str bits;
    if (fd < 0 || !file_read_all(fd, DEAD_MAX_BYTES, a, &bits, err)) {
        segment_drop(segment);
        return NULL;
    }
    size_t words = segment_docs(segment) / 64 + 1;
    if (bits.n != words * sizeof(uint64_t)) {
        segment_drop(segment);
        return err_null(err, ERR_CORRUPT, "index file %s is damaged", named->dead);
    }
    uint64_t *dead = arena_array(a, uint64_t, words);
    memcpy(dead, bits.p, bits.n);
    return view_make(segment, dead, named->dead, default_rank);
}

// A view that the present snapshot has already, or a new one.
static View *same_view(const Snapshot *now, const ManifestSegment *named, int default_rank)
{
    for (size_t i = 0; now && i < now->count; i++) {
        View *v = now->views[i];
        if (strcmp(segment_name(v->segment), named->name) == 0 && strcmp(v->dead_name, named->dead) == 0 &&
            v->default_rank == default_rank)
            return view_keep(v);
    }
    return NULL;
}

static Snapshot *load(Search *s, const Manifest *m, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    View **views = arena_array(a, View *, m->count + 1);
    size_t count = 0;
    bool good = true;
    for (; good && count < m->count; count += good) {
        views[count] = same_view(s->now, &m->segments[count], m->default_rank);
        if (!views[count])
            views[count] = open_view(s->dir, &m->segments[count], m->default_rank, err);
        good = views[count] != NULL;
    }
    Snapshot *n = good ? snapshot_make(views, count, m->generation, m->sequence) : NULL;
    for (size_t i = 0; i < count; i++)
        view_drop(views[i]);
    return n;
}

// Reads `current` and opens what it names. A writer may remove a file between the two: then there is a newer
// `current`, and we look again.
static bool load_current(Search *s, Err *err)
{
    for (int i = 0;; i++) {
        CLEANUP(arena_closep) Arena *a = arena_open();
        struct stat st = {0};
        Manifest m;
        fstatat(s->dir, "current", &st, 0);
        if (!current_read(s->dir, a, &m, err))
            return false;
        Snapshot *n = load(s, &m, err);
        if (n) {
            s->seen_inode = st.st_ino;
            s->seen_time = st.st_mtim;
            s->default_rank = m.default_rank;
            memcpy(s->digest, m.digest, sizeof(s->digest));
            search_publish(s, n);
            return true;
        }
        if (err->kind != ERR_NOT_FOUND || i == SPECIALS_TRIES)
            return err->kind == ERR_NOT_FOUND ? err_set(err, ERR_CORRUPT, "the index lacks a file") : false;
    }
}

static bool changed(const Search *s)
{
    struct stat st;
    return fstatat(s->dir, "current", &st, 0) == 0 &&
           (st.st_ino != s->seen_inode || st.st_mtim.tv_sec != s->seen_time.tv_sec ||
               st.st_mtim.tv_nsec != s->seen_time.tv_nsec);
}

Snapshot *snapshot_keep(Search *s, Err *err)
{
    if (s->lock_fd < 0 && changed(s)) { // another process writes
        pthread_mutex_lock(&s->loading);
        bool good = !changed(s) || load_current(s, err);
        pthread_mutex_unlock(&s->loading);
        if (!good && !s->now->count)
            return NULL;
    }
    pthread_mutex_lock(&s->lock);
    Snapshot *n = s->now;
    __atomic_add_fetch(&n->refs, 1, __ATOMIC_RELAXED);
    pthread_mutex_unlock(&s->lock);
    return s->ledger ? snapshot_cover(s, n, err) : n;
}

void search_ledger(Search *s, Catalog *c)
{
    s->ledger = c;
    s->cover_head = -1;
}

int64_t search_sequence(Search *s)
{
    Err err = {0};
    Snapshot *n = snapshot_keep(s, &err);
    int64_t sequence = n ? n->sequence : 0;
    snapshot_drop(s, n);
    return sequence;
}

// ---- opening

static bool remove_all(int dir, bool (*keep)(const Snapshot *, Str), const Snapshot *n, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str *names;
    size_t count;
    if (!dir_files(dir, a, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (str_eq(names[i], S("lock")) || (keep && keep(n, names[i])))
            continue;
        if (!file_remove(dir, arena_cstr(a, names[i]), err))
            return false;
    }
    return true;
}

static bool is_named(const Snapshot *n, Str name)
{
    if (str_eq(name, S("current")) || str_eq(name, S("seen")))
        return true;
    for (size_t i = 0; i < n->count; i++)
        if (str_eq(name, str_from(segment_name(n->views[i]->segment))) ||
            str_eq(name, str_from(n->views[i]->dead_name)))
            return true;
    return false;
}

bool search_sweep(Search *s, Err *err)
{
    return remove_all(s->dir, is_named, s->now, err);
}

// Whatever is wrong with the old index, the writer begins a new one: everything in it can be made again.
bool search_restart(Search *s, Err *err)
{
    search_publish(s, snapshot_make(NULL, 0, s->now ? s->now->generation : 0, 0));
    s->default_rank = -1;
    s->anew = false;
    memcpy(s->digest, vocabulary_digest(s->vocabulary), sizeof(s->digest));
    return file_remove(s->dir, "current", err) && search_sweep(s, err);
}

static bool open_writer(Search *s, Err *err)
{
    s->lock_fd = file_lock(s->dir, "lock", err);
    if (s->lock_fd < 0)
        return false;
    s->builder = builder_open();
    s->seen = shown_open(s->dir);
    Err trouble = {0};
    if (!load_current(s, &trouble))
        return search_restart(s, err);
    s->anew = strcmp(s->digest, vocabulary_digest(s->vocabulary)) != 0;
    return search_sweep(s, err); // what a killed writer left
}

Search *search_open(const char *dir, bool writer, Err *err)
{
    if (writer && !dir_make(AT_FDCWD, dir, err))
        return NULL;
    Search *s = mem_alloc(sizeof(Search));
    pthread_mutex_init(&s->lock, NULL);
    pthread_mutex_init(&s->loading, NULL);
    s->lock_fd = -1;
    s->default_rank = -1;
    s->vocabulary = vocabulary_keep();
    s->now = snapshot_make(NULL, 0, 0, 0);
    s->dir = dir_open(AT_FDCWD, dir, err);
    bool good = s->dir >= 0;
    if (good && writer)
        good = open_writer(s, err);
    else if (good && !load_current(s, err))
        good = err->kind == ERR_NOT_FOUND; // not made yet: it answers nothing until it is
    if (good)
        return s;
    search_close(s);
    return NULL;
}

void search_close(Search *s)
{
    if (!s)
        return;
    snapshot_drop(s, s->cover);
    snapshot_drop(s, s->now);
    builder_close(s->builder);
    shown_close(s->seen);
    fd_close(s->lock_fd);
    fd_close(s->dir);
    pthread_mutex_destroy(&s->lock);
    pthread_mutex_destroy(&s->loading);
    free(s);
}

bool search_erase(const char *dir, Err *err)
{
    if (!dir_make(AT_FDCWD, dir, err))
        return false;
    CLEANUP(fd_closep) int fd = dir_open(AT_FDCWD, dir, err);
    CLEANUP(fd_closep) int lock = fd < 0 ? -1 : file_lock(fd, "lock", err);
    return lock >= 0 && file_remove(fd, "current", err) && remove_all(fd, NULL, NULL, err);
}

const Vocabulary *search_vocabulary(const Search *s)
{
    return s->vocabulary;
}
