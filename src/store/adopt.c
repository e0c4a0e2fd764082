// SPDX-License-Identifier: Apache-2.0
// Taking over a whole object, with all its versions, from another vault: how a copy is made and how it comes
// back. Every byte is compared with the inventory on its way.
#include "base/file.h"
#include "store/bucket.h"
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

typedef struct {
    StoreBatch *batch;
    Store *from;
    Arena *arena;
    StoreFolder folder, from_folder;
    StoreInventory theirs;
} Adoption;

typedef struct {
    int to;
    Sha512Stream *stream;
} Copying;

static bool take_copy(void *ctx, Str bytes, Err *err)
{
    Copying *copying = ctx;
    sha512_add(copying->stream, bytes);
    return store_io_write_all(copying->to, bytes, err);
}

static bool copy_checked(Adoption *a, const char *part, const Sha512 *want, Err *err)
{
    const char *source = arena_printf(a->arena, "%s/%s", a->from_folder.path, part).p;
    const char *target = arena_printf(a->arena, "%s/%s/%s", a->batch->name, a->folder.name, part).p;
    CLEANUP(fd_closep) int out = store_io_create(a->batch->store->staging, target, err);
    CLEANUP(sha512_closep) Sha512Stream *stream = sha512_open();
    Copying copying = {out, stream};
    if (out < 0 || !place_read(a->from, source, false, take_copy, &copying, err))
        return false;
    Sha512 have = sha512_finish(stream);
    stream = NULL;
    return !want || sha512_eq(&have, want) || err_set(err, ERR_CORRUPT, "%s is damaged there", source);
}

static bool copy_pair(Adoption *a, const char *prefix, Err *err)
{
    Str sidecar;
    Sha512 want;
    const char *inventory = arena_printf(a->arena, "%sinventory.json", prefix).p;
    const char *side = arena_printf(a->arena, "%s.sha512", inventory).p;
    if (!place_read_all(a->from, arena_printf(a->arena, "%s/%s", a->from_folder.path, side).p, 4096, a->arena,
            &sidecar, err))
        return false;
    if (!store_sidecar_parse(sidecar, &want))
        return err_set(err, ERR_CORRUPT, "%s is not a sidecar", side);
    return copy_checked(a, inventory, &want, err) && copy_checked(a, side, NULL, err);
}

static bool copy_object(Adoption *a, Err *err)
{
    for (size_t i = 0; i < a->theirs.contents_count; i++)
        if (!copy_checked(
                a, arena_cstr(a->arena, a->theirs.contents[i].path), &a->theirs.contents[i].digest, err))
            return false;
    for (int i = 1; i <= a->theirs.head; i++)
        if (!copy_pair(a, arena_printf(a->arena, "v%d/", i).p, err))
            return false;
    return copy_pair(a, "", err) && copy_checked(a, "0=ocfl_object_1.1", NULL, err);
}

// Ours may be older, then it is replaced, never newer or another.
static bool compare(Adoption *a, bool withdrawals, StoreRelation *ret, bool *ret_here, Err *err)
{
    StoreInventory ours;
    struct stat st;
    Store *s = a->batch->store;
    *ret = STORE_OLDER;
    *ret_here = fstatat(s->vault, a->folder.path, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
    return !*ret_here || (store_load(s, &a->folder, a->arena, &ours, err) &&
                             store_compare(&ours, &a->theirs, withdrawals, ret, err));
}

bool store_batch_adopt(
    StoreBatch *batch, Store *from, Str object_id, bool withdrawals, bool *ret_new, Err *err)
{
    CLEANUP(arena_closep) Arena *arena = arena_open();
    Adoption a = {.batch = batch, .from = from, .arena = arena};
    StoreRelation relation;
    bool here;
    Err why = {0}, ignored = {0};
    if (batch->store->bucket)
        return bucket_send(batch->store, from, object_id, withdrawals, ret_new, err);
    if (!store_load_id(from, object_id, arena, &a.from_folder, &a.theirs, err))
        return false;
    store_folder_of(&batch->store->layout, a.theirs.uri, &a.folder);
    if (!compare(&a, withdrawals, &relation, &here, &why))
        return err_set(err, why.kind, "object " FMT_STR ": %s", ARG_STR(object_id), why.text);
    *ret_new = relation != STORE_SAME;
    if (relation == STORE_SAME)
        return true;
    if (!copy_object(&a, &why)) {
        const char *staged = arena_printf(arena, "%s/%s", batch->name, a.folder.name).p;
        if (!store_io_remove_tree(batch->store->staging, staged, &ignored))
            why = ignored;
        return err_set(err, why.kind, "object " FMT_STR ": %s", ARG_STR(object_id), why.text);
    }
    buf_printf(&batch->journal, "%s%d %s " FMT_STR "\n", here ? "x" : "", here ? a.theirs.head : 1,
        a.folder.path, ARG_STR(a.theirs.uri));
    batch->done++;
    return true;
}
