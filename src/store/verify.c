// SPDX-License-Identifier: Apache-2.0
// Reading every byte. Objects are handed to a few threads; each compares what lies on the disk with what the
// inventories say, both ways: what is missing or damaged, and what does not belong.
#include "base/clock.h"
#include "base/file.h"
#include "base/lane.h"
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    QUEUE_MAX = 64,
    OBJECT_DEPTH_MAX = 64,
    PAUSE_US = 50 * 1000,
    PAUSES_MAX = 100,
    MARK_EVERY = 500,
    THREADS_MAX = 64
};

typedef struct {
    Store *store;
    Lane *lane;
    StoreVerifyAsk ask;
    pthread_mutex_t mutex; // guards what follows, and the callbacks
    StoreVerified so_far;
    Err failed; // why it cannot go on
    int pauses;
    int64_t next_us; // when the next block may be read, if there is a rate
    // Of the one thread that hands out the objects:
    size_t handed_out;
    char last[STORE_FOLDER_MAX_BYTES];
} Verify;

// One object at work.
typedef struct {
    Verify *verify;
    Arena *arena;
    const char *folder;
    Str id;
    StoreInventory inventory;
    Str *problems;
    size_t problems_count, problems_capacity;
    StoreVerified sums;
} Look;

static void tell(Verify *v, Str id, Str problem)
{
    pthread_mutex_lock(&v->mutex);
    v->so_far.damaged++;
    if (v->ask.report)
        v->ask.report(v->ask.ctx, id, problem);
    pthread_mutex_unlock(&v->mutex);
}

static void problem(Look *look, const char *format, ...) PRINTF_LIKE(2, 3);
static void problem(Look *look, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (n > 0)
        *arena_push(look->arena, &look->problems, &look->problems_count, &look->problems_capacity) =
            arena_copy(look->arena, (Str){text, MIN_OF((size_t)n, sizeof(text) - 1)});
}

// ---- what the inventory names

static bool stopped(const Verify *v)
{
    return v->failed.kind != ERR_NONE || (v->ask.stop && *v->ask.stop);
}

// Waits until `bytes` more may be read.
static void keep_to_rate(Verify *v, size_t bytes)
{
    if (v->ask.rate_bytes == 0)
        return;
    pthread_mutex_lock(&v->mutex);
    int64_t now_us = clock_mono_us(), wait_us = v->next_us - now_us;
    v->next_us = MAX_OF(v->next_us, now_us) + (int64_t)(bytes * 1000000 / v->ask.rate_bytes);
    pthread_mutex_unlock(&v->mutex);
    while (wait_us > 0 && !stopped(v)) {
        usleep((useconds_t)MIN_OF(wait_us, 100000));
        wait_us -= 100000;
    }
}

typedef struct {
    Verify *verify;
    Sha512Stream *stream;
    uint64_t bytes;
} Digesting;

static bool take_digest(void *ctx, Str bytes, Err *err)
{
    Digesting *d = ctx;
    sha512_add(d->stream, bytes);
    d->bytes += bytes.n;
    keep_to_rate(d->verify, bytes.n);
    return !stopped(d->verify) || err_set(err, ERR_BUSY, "stopped");
}

// What is read slowly leaves the memory to those who look at pictures.
static bool digest_file(Verify *v, const char *path, Sha512 *ret, uint64_t *ret_bytes, Err *err)
{
    CLEANUP(sha512_closep) Sha512Stream *stream = sha512_open();
    Digesting d = {v, stream, 0};
    if (!place_read(v->store, path, v->ask.rate_bytes > 0, take_digest, &d, err))
        return false;
    *ret = sha512_finish(stream);
    stream = NULL;
    *ret_bytes = d.bytes;
    return true;
}

// If the bucket cannot be reached, nothing is known of what is in it: the run ends, and nothing is called
// damaged.
static bool lost_the_way(Verify *v, const Err *err)
{
    if (!place_is_about_the_way(v->store, err))
        return false;
    pthread_mutex_lock(&v->mutex);
    if (v->failed.kind == ERR_NONE)
        v->failed = *err;
    pthread_mutex_unlock(&v->mutex);
    return true;
}

static void check_content(Look *look, const StoreContent *content)
{
    char path[STORE_FOLDER_MAX_BYTES + STORE_PATH_MAX_BYTES + 2];
    Err err = {0};
    Sha512 have;
    uint64_t bytes = 0;
    Verify *v = look->verify;
    snprintf(path, sizeof(path), "%s/" FMT_STR, look->folder, ARG_STR(content->path));
    bool good = digest_file(v, path, &have, &bytes, &err);
    if (good && !sha512_eq(&have, &content->digest) && v->store->bucket) // the way may have damaged it
        good = digest_file(v, path, &have, &bytes, &err);
    if (stopped(v) || (!good && lost_the_way(v, &err)))
        return;
    if (!good) {
        problem(look, FMT_STR "%s%s", ARG_STR(content->path),
            err.kind == ERR_NOT_FOUND ? " is missing"
            : err.kind == ERR_CORRUPT ? ": cannot be opened"
                                      : ": ",
            err.kind == ERR_NOT_FOUND || err.kind == ERR_CORRUPT ? "" : err.text);
        return;
    }
    look->sums.files++;
    look->sums.bytes += bytes;
    if (!sha512_eq(&have, &content->digest))
        problem(look, FMT_STR " is damaged: its SHA-512 is not the one noted", ARG_STR(content->path));
}

static bool read_part(Look *look, const char *part, size_t max_bytes, Str *ret)
{
    char path[STORE_FOLDER_MAX_BYTES + 128];
    Err err = {0};
    snprintf(path, sizeof(path), "%s/%s", look->folder, part);
    if (!place_read_all(look->verify->store, path, max_bytes, look->arena, ret, &err)) {
        if (!lost_the_way(look->verify, &err))
            problem(look, "%s %s", part, err.kind == ERR_NOT_FOUND ? "is missing" : "cannot be read");
        return false;
    }
    look->sums.files++;
    look->sums.bytes += ret->n;
    return true;
}

// An inventory and its sidecar: version 0 is the root.
static bool check_inventory(Look *look, int version, Sha512 *ret)
{
    char part[64];
    Str json, sidecar;
    Sha512 want;
    int n = version ? snprintf(part, sizeof(part), "v%d/", version) : 0;
    snprintf(part + n, sizeof(part) - (size_t)n, "inventory.json");
    if (!read_part(look, part, STORE_INVENTORY_MAX_BYTES, &json))
        return false;
    *ret = sha512_of(json);
    snprintf(part + n, sizeof(part) - (size_t)n, "inventory.json.sha512");
    if (!read_part(look, part, 4096, &sidecar))
        return false;
    if (store_sidecar_parse(sidecar, &want) && sha512_eq(ret, &want))
        return true;
    problem(look, "%s does not match its inventory", part);
    return false;
}

static void check_inventories(Look *look)
{
    Sha512 root, version;
    Str declaration;
    bool whole = check_inventory(look, 0, &root);
    for (int i = 1; i <= look->inventory.head; i++)
        if (check_inventory(look, i, &version) && whole && i == look->inventory.head &&
            !sha512_eq(&root, &version))
            problem(look, "inventory.json is not the same as v%d/inventory.json", i);
    if (read_part(look, "0=ocfl_object_1.1", 64, &declaration) &&
        !str_eq(declaration, S("ocfl_object_1.1\n")))
        problem(look, "0=ocfl_object_1.1 does not say what it must");
}

static void check_states(Look *look)
{
    for (int i = 1; i <= look->inventory.head; i++) {
        StoreState *states;
        size_t count;
        Err err = {0};
        if (!store_inventory_state(&look->inventory, i, look->arena, &states, &count, &err))
            problem(look, "%s", err.text);
    }
}

// ---- what lies there

static int compare_str(const void *a, const void *b)
{
    const Str *x = a, *y = b;
    return str_compare(*x, *y);
}

static bool is_own_file(const Look *look, Str path)
{
    Str version, name;
    int number;
    if (!str_cut(path, '/', &version, &name)) {
        name = path;
        if (str_eq(path, S("0=ocfl_object_1.1")))
            return true;
    } else if (!str_starts(version, S("v")) ||
               !str_to_int(str_slice(version, 1, version.n), 1, look->inventory.head, &number)) {
        return false;
    }
    return str_eq(name, S("inventory.json")) || str_eq(name, S("inventory.json.sha512"));
}

// `known`: the content paths, sorted.
static void check_entry(Look *look, const Str *known, size_t known_count, const PlaceEntry *entry)
{
    Str path = entry->path;
    switch (entry->kind) {
    case PLACE_FOLDER:
        problem(look, "the folder " FMT_STR " is empty and does not belong here", ARG_STR(path));
        break;
    case PLACE_OTHER:
        problem(look, FMT_STR " is a link or a device and does not belong here", ARG_STR(path));
        break;
    case PLACE_UNKNOWN:
        problem(look, FMT_STR " cannot be looked at", ARG_STR(path));
        break;
    case PLACE_FILE:
        if (!is_own_file(look, path) && !bsearch(&path, known, known_count, sizeof(*known), compare_str))
            problem(look, FMT_STR " does not belong here", ARG_STR(path));
        break;
    }
}

static void check_foreign(Look *look)
{
    size_t count = look->inventory.contents_count;
    Str *known = arena_array(look->arena, Str, count + 1);
    for (size_t i = 0; i < count; i++)
        known[i] = look->inventory.contents[i].path;
    if (count)
        qsort(known, count, sizeof(*known), compare_str);
    PlaceEntry *entries;
    size_t entries_count;
    Err err = {0};
    if (!place_tree(look->verify->store, look->folder, look->arena, &entries, &entries_count, &err)) {
        if (!lost_the_way(look->verify, &err))
            problem(look, "the folder cannot be read");
        return;
    }
    for (size_t i = 0; i < entries_count; i++)
        check_entry(look, known, count, &entries[i]);
}

// ---- an object

// Everything but the content.
static bool check_structure(Look *look)
{
    Err err = {0};
    arena_reset(look->arena);
    look->problems = NULL;
    look->problems_count = look->problems_capacity = 0;
    look->sums = (StoreVerified){0};
    look->id = str_from(look->folder);
    if (!store_load_at(look->verify->store, look->folder, look->arena, &look->inventory, &err)) {
        if (!lost_the_way(look->verify, &err))
            problem(look, "%s", err.text);
        return false;
    }
    look->id = store_id_of(look->arena, look->inventory.uri);
    check_inventories(look);
    check_states(look);
    check_foreign(look);
    return true;
}

// While a version is being added, an object is for a moment not what it should be: before we cry out, we look
// again. The pauses are few, so that a vault with many damaged objects does not take for ever.
static bool check_structure_twice(Look *look)
{
    bool readable = check_structure(look);
    if (look->problems_count == 0)
        return readable;
    pthread_mutex_lock(&look->verify->mutex);
    bool pause = look->verify->pauses < PAUSES_MAX;
    look->verify->pauses += pause;
    pthread_mutex_unlock(&look->verify->mutex);
    if (pause)
        usleep(PAUSE_US);
    return check_structure(look);
}

typedef struct {
    Verify *verify;
    char folder[STORE_FOLDER_MAX_BYTES];
} Work;

static void run(void *work)
{
    Work *w = work;
    Verify *v = w->verify;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Look look = {.verify = v, .arena = a, .folder = w->folder};
    if (check_structure_twice(&look))
        for (size_t i = 0; i < look.inventory.contents_count; i++)
            check_content(&look, &look.inventory.contents[i]);
    for (size_t i = 0; v->failed.kind == ERR_NONE && i < look.problems_count; i++)
        tell(v, look.id, look.problems[i]);
    pthread_mutex_lock(&v->mutex);
    v->so_far.objects++;
    v->so_far.files += look.sums.files;
    v->so_far.bytes += look.sums.bytes;
    if (v->ask.progress)
        v->ask.progress(v->ask.ctx, &v->so_far);
    pthread_mutex_unlock(&v->mutex);
    free(w);
}

static bool add_object(void *ctx, const char *path, Err *err)
{
    Verify *v = ctx;
    if (stopped(v))
        return err_set(err, ERR_BUSY, "stopped");
    if (str_compare(str_from(path), v->ask.after) <= 0)
        return true;
    if (++v->handed_out % MARK_EVERY == 0 && v->ask.mark) {
        lane_drain(v->lane);
        v->ask.mark(v->ask.ctx, str_from(v->last), &v->so_far);
    }
    snprintf(v->last, sizeof(v->last), "%s", path);
    if (strlen(path) >= STORE_FOLDER_MAX_BYTES) {
        tell(v, str_from(path), S("does not belong in the vault"));
        return true;
    }
    Work *w = mem_alloc(sizeof(*w));
    w->verify = v;
    memcpy(w->folder, path, strlen(path));
    lane_add_wait(v->lane, run, w);
    return true;
}

// ---- the storage root

static bool is_root_file(Str name)
{
    return str_eq(name, S("0=ocfl_1.1")) || str_eq(name, S("ocfl_layout.json")) ||
           str_starts(name, S("ocfl_1.1.")) || str_starts(name, S("ocfl_extensions_1.0."));
}

// Files and links above the object roots; folders without an object are found as objects without an
// inventory.
static bool check_root(Verify *v, const char *path, int depth, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    PlaceEntry *entries;
    size_t count;
    if (!place_list(v->store, path, a, &entries, &count, err))
        return false;
    if (count == 0)
        tell(v, str_from(path), S("is an empty folder and does not belong in the vault"));
    for (size_t i = 0; i < count; i++) {
        const PlaceEntry *e = &entries[i];
        const char *child = depth ? arena_printf(a, "%s/%s", path, e->path.p).p : e->path.p;
        bool folder = e->kind == PLACE_FOLDER;
        if (e->kind == PLACE_UNKNOWN)
            tell(v, str_from(child), S("cannot be looked at"));
        else if (!folder && !(e->kind == PLACE_FILE && depth == 0 && is_root_file(e->path)))
            tell(v, str_from(child), S("does not belong in the vault"));
        else if (folder && depth < v->store->layout.tuples && !str_eq(e->path, S("extensions")) &&
                 !check_root(v, child, depth + 1, err))
            return false;
    }
    return true;
}

static bool check_aside(Verify *v, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str *names;
    size_t count;
    Err why = {0};
    if (v->store->bucket)
        return true;
    if (!store_names(v->store->home, "staging", a, &names, &count, &why)) {
        *err = why;
        return why.kind == ERR_NOT_FOUND;
    }
    for (size_t i = 0; i < count; i++)
        if (str_starts(names[i], S("aside-")))
            tell(v, names[i],
                S("could not be filed after a crash, because something stood in its place; it is in "
                  "staging/"));
    return true;
}

bool store_verify_some(Store *s, const StoreVerifyAsk *ask, StoreVerified *ret, Err *err)
{
    Verify v = {.store = s, .ask = *ask};
    Err why = {0};
    pthread_mutex_init(&v.mutex, NULL);
    v.lane = lane_open("verify", MAX_OF(1, MIN_OF(ask->threads, THREADS_MAX)), QUEUE_MAX);
    bool good = (ask->after.n || (check_root(&v, ".", 0, &why) && check_aside(&v, &why))) &&
                store_walk(s, add_object, &v, &why);
    lane_close(v.lane);
    pthread_mutex_destroy(&v.mutex);
    if (good && ask->mark)
        ask->mark(ask->ctx, str_from(v.last), &v.so_far);
    if (v.failed.kind != ERR_NONE)
        why = v.failed;
    if (v.failed.kind != ERR_NONE || (!good && !stopped(&v))) {
        *err = why;
        return false;
    }
    *ret = v.so_far;
    return true;
}

bool store_verify(Store *s, int threads, StoreReport *report, StoreProgress *progress, void *ctx,
    StoreVerified *ret, Err *err)
{
    StoreVerifyAsk ask = {.threads = threads, .report = report, .progress = progress, .ctx = ctx};
    return store_verify_some(s, &ask, ret, err);
}

static bool is_folder(Store *s, const char *path)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    PlaceEntry *entries;
    size_t count;
    Err ignored = {0};
    return place_list(s, path, a, &entries, &count, &ignored) && count > 0;
}

bool store_verify_object(Store *s, Str object_id, StoreReport *report, void *ctx, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    StoreFolder folder;
    if (!store_id_check(object_id, err))
        return false;
    store_folder_of(&s->layout, store_uri_of(a, object_id), &folder);
    if (!is_folder(s, folder.path) && store_path_good(object_id) && object_id.n < sizeof(folder.path) &&
        is_folder(s, arena_cstr(a, object_id)))
        memcpy(folder.path, arena_cstr(a, object_id), object_id.n + 1);
    Verify v = {.store = s, .ask = {.report = report, .ctx = ctx}};
    pthread_mutex_init(&v.mutex, NULL);
    Work *w = mem_alloc(sizeof(*w));
    w->verify = &v;
    memcpy(w->folder, folder.path, sizeof(w->folder));
    run(w);
    pthread_mutex_destroy(&v.mutex);
    if (v.failed.kind != ERR_NONE) {
        *err = v.failed;
        return false;
    }
    return true;
}

// ---- one digest for all

typedef struct {
    Store *store;
    Arena *arena;
    Sha512Stream *stream;
    uint64_t objects;
} Fingerprint;

static bool add_inventory(void *ctx, const char *path, Err *err)
{
    Fingerprint *f = ctx;
    Sha512 digest;
    uint64_t bytes;
    arena_reset(f->arena);
    const char *inventory = arena_printf(f->arena, "%s/inventory.json", path).p;
    if (!place_digest(f->store, inventory, &digest, &bytes, err))
        return false;
    f->objects++;
    sha512_add(f->stream,
        arena_printf(f->arena, FMT_STR "  ./%s\n", ARG_STR(sha512_hex(f->arena, &digest)), inventory));
    return true;
}

bool store_fingerprint(Store *s, Sha512 *ret, uint64_t *ret_objects, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Fingerprint f = {s, a, sha512_open(), 0};
    bool good = store_walk(s, add_inventory, &f, err);
    Sha512 digest = sha512_finish(f.stream);
    if (good) {
        *ret = digest;
        *ret_objects = f.objects;
    }
    return good;
}
