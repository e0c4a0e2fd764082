// SPDX-License-Identifier: Apache-2.0
// Bringing a package back.
#include "base/file.h"
#include "base/json.h"
#include "preserve/bagit.h"
#include "preserve/ocfl.h"
#include "preserve/package_int.h"
#include "preserve/tree.h"

#include <fcntl.h>
#include <unistd.h>

enum { BATCH_OBJECTS = 200 };

typedef struct {
    Store *store;
    StoreBatch *batch;
    StoreDraft *draft;
    int objects, folder;
    const PackageAsk *ask;
    PackageSum *sum;
    int in_batch;
} Unpack;

static bool is_made_by_us(Str path)
{
    return str_eq(path, S("index.html")) || str_eq(path, S("mets.xml"));
}

static bool put_file(void *ctx, Str path, Err *err)
{
    Unpack *u = ctx;
    Sha512 digest;
    uint64_t bytes;
    if (is_made_by_us(path))
        return true;
    CLEANUP(fd_closep) int fd = tree_open_beneath(u->folder, path, err);
    if (fd < 0 || !store_draft_put_file(u->draft, path, fd, &digest, &bytes, err))
        return false;
    u->sum->files++;
    u->sum->bytes += bytes;
    return true;
}

typedef struct {
    Store *store;
    Str id;
    int folder;
    size_t files;
    bool same;
    Arena *arena;
} Compare;

static bool compare_file(void *ctx, Str path, Err *err)
{
    Compare *c = ctx;
    Err ignored = {0};
    Sha512 here, there;
    uint64_t bytes;
    if (is_made_by_us(path))
        return true;
    CLEANUP(fd_closep) int mine = store_open_file(c->store, c->id, 0, path, &ignored);
    CLEANUP(fd_closep) int theirs = tree_open_beneath(c->folder, path, err);
    c->files++;
    c->same = c->same && mine >= 0 && theirs >= 0 && sha512_of_file(mine, &here, &bytes, &ignored) &&
              sha512_of_file(theirs, &there, &bytes, &ignored) && sha512_eq(&here, &there);
    return theirs >= 0;
}

static bool same_here(Unpack *u, Str id, Arena *a, bool *ret, Err *err)
{
    Compare compare = {u->store, id, u->folder, 0, true, a};
    StoreFile *files;
    size_t count;
    if (!tree_each_file(u->folder, compare_file, &compare, err) ||
        !store_list_files(u->store, id, 0, a, &files, &count, err))
        return false;
    *ret = compare.same && compare.files == count;
    return true;
}

static bool id_of(Unpack *u, Arena *a, Str *ret, Err *err)
{
    Str json;
    CLEANUP(fd_closep) int fd = tree_open_file(u->folder, "record.json", err);
    if (fd < 0 || !file_read_all(fd, STORE_RECORD_MAX_BYTES, a, &json, err))
        return false;
    const Json *tree = json_parse(json, a, err);
    if (!tree)
        return false;
    *ret = json_text(tree, S("id"));
    return ret->n || err_set(err, ERR_INVALID, "record.json has no id");
}

static bool take_in(Unpack *u, Str id, Err *err)
{
    StoreNote note = {u->ask->now_ms, S("brought back from a package"), S("vitrine import"), {0}};
    u->draft = store_draft_open(u->batch, id, err);
    if (!u->draft)
        return false;
    if (!tree_each_file(u->folder, put_file, u, err)) {
        store_draft_drop(u->draft);
        return false;
    }
    return store_draft_done(u->draft, &note, err);
}

static bool unpack_object(Unpack *u, const char *name, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int folder = tree_open_folder(u->objects, name, err);
    StoreVersion version;
    Err why = {0};
    Str id;
    bool same;
    u->folder = folder;
    if (folder < 0 || !id_of(u, a, &id, err))
        return false;
    if (!store_find_version(u->store, id, 0, a, &version, &why)) {
        if (why.kind != ERR_NOT_FOUND) {
            *err = why;
            return false;
        }
        if (!take_in(u, id, err))
            return false;
        u->in_batch++;
    } else {
        if (!same_here(u, id, a, &same, err))
            return false;
        if (!same)
            return err_set(err, ERR_BUSY, "object " FMT_STR " is here already, and another", ARG_STR(id));
        u->sum->unchanged++;
    }
    u->sum->objects++;
    return true;
}

static bool next_batch(Unpack *u, bool last, Err *err)
{
    bool good = !u->batch || store_batch_publish(u->batch, err);
    store_batch_close(u->batch);
    u->batch = NULL;
    u->in_batch = 0;
    if (good && !last)
        u->batch = store_batch_open(u->store, err);
    return good && (last || u->batch);
}

static bool unpack_all(Unpack *u, const Str *names, size_t count, Err *err)
{
    for (size_t i = 0; i < count; i++) {
        Err why = {0};
        if (u->ask->stop && *u->ask->stop)
            return err_set(err, ERR_BUSY, "stopped; the same again goes on from here");
        if (!unpack_object(u, names[i].p, &why)) {
            if (why.kind == ERR_IO) {
                *err = why;
                return false;
            }
            u->sum->refused++;
            if (u->ask->problem)
                u->ask->problem(u->ask->ctx, names[i], str_from(why.text));
        }
        if (u->ask->progress)
            u->ask->progress(u->ask->ctx, u->sum);
        if (u->in_batch >= BATCH_OBJECTS && !next_batch(u, false, err))
            return false;
    }
    return true;
}

bool package_unpack_files(Store *store, int dir, const PackageAsk *ask, PackageSum *sum, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int objects = tree_open_folder(dir, "objects", err);
    Unpack u = {.store = store, .objects = objects, .ask = ask, .sum = sum};
    Str *names;
    size_t count;
    Err late = {0};
    if (objects < 0 || !tree_names(objects, ".", a, &names, &count, err) || !next_batch(&u, false, err))
        return false;
    bool good = unpack_all(&u, names, count, err);
    bool kept = !u.batch || next_batch(&u, true, &late);
    if (good && !kept)
        *err = late;
    return good && kept;
}

typedef struct {
    char first[400];
} First;

static void first_bag(void *ctx, bool error, Str text)
{
    First *first = ctx;
    if (error && !first->first[0])
        memcpy(first->first, text.p, MIN_OF(text.n, sizeof(first->first) - 1));
}

static void first_ocfl(void *ctx, Str where, Str code, Str text)
{
    (void)where;
    first_bag(ctx, code.p[0] == 'E', text);
}

static bool unpack_vault(Store *store, const char *from, const PackageAsk *ask, PackageSum *sum, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    OcflSum found;
    First first = {0};
    if (!ocfl_validate(arena_printf(a, "%s/vault", from).p, first_ocfl, &first, &found, err))
        return false;
    if (found.errors)
        return err_set(err, ERR_CORRUPT, "the vault there has %llu errors; the first: %s",
            (unsigned long long)found.errors, first.first);
    Store *theirs = store_open(from, false, err);
    bool good = theirs && package_copy_vault(theirs, store, false, ask, sum, err);
    store_close(theirs);
    return good;
}

static bool unpack_bag(
    Store *store, const char *from, int dir, const PackageAsk *ask, PackageSum *sum, Err *err)
{
    BagSum found;
    First first = {0};
    if (!bagit_check(from, first_bag, &first, &found, err))
        return false;
    if (found.errors)
        return err_set(err, ERR_CORRUPT, "the bag has %llu errors; the first: %s",
            (unsigned long long)found.errors, first.first);
    CLEANUP(fd_closep) int data = tree_open_folder(dir, "data", err);
    return data >= 0 && package_unpack_files(store, data, ask, sum, err);
}

bool package_import(Store *store, const char *from, const PackageAsk *ask, PackageSum *ret, Err *err)
{
    PackageSum sum = {0};
    CLEANUP(fd_closep) int dir = tree_open_folder(AT_FDCWD, from, err);
    bool good;
    if (dir < 0)
        return false;
    if (tree_kind(dir, "vault/0=ocfl_1.1") == TREE_FILE)
        good = unpack_vault(store, from, ask, &sum, err);
    else if (tree_kind(dir, "bagit.txt") == TREE_FILE)
        good = unpack_bag(store, from, dir, ask, &sum, err);
    else if (tree_kind(dir, "objects") == TREE_FOLDER)
        good = package_unpack_files(store, dir, ask, &sum, err);
    else
        return err_set(
            err, ERR_INVALID, "%s is not a package: it has no vault/, bagit.txt or objects/", from);
    if (good)
        *ret = sum;
    return good;
}
