// SPDX-License-Identifier: Apache-2.0
// Taking over a whole object, with all its versions, from another vault: how a copy is made and how it comes
// back. Every byte is compared with the inventory on its way.
#include "base/file.h"
#include "store/int.h"

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

static bool copy_checked(Adoption *a, const char *part, const Sha512 *want, Err *err)
{
    const char *source = arena_printf(a->arena, "%s/%s", a->from_folder.path, part).p;
    const char *target = arena_printf(a->arena, "%s/%s/%s", a->batch->name, a->folder.name, part).p;
    CLEANUP(fd_closep) int in = store_file_open(a->from->vault, source, err);
    CLEANUP(fd_closep) int out = in < 0 ? -1 : store_io_create(a->batch->store->staging, target, err);
    CLEANUP(sha512_closep) Sha512Stream *stream = sha512_open();
    uint64_t size, at = 0;
    if (out < 0 || !file_size(in, &size, err))
        return false;
    char *block = mem_grow(NULL, 1, STORE_COPY_BYTES);
    bool good = true;
    while (good && at < size) {
        size_t n = (size_t)MIN_OF((uint64_t)STORE_COPY_BYTES, size - at);
        good = file_read_at(in, block, n, at, err) && store_io_write_all(out, (Str){block, n}, err);
        if (good)
            sha512_add(stream, (Str){block, n});
        at += n;
    }
    free(block);
    Sha512 have = sha512_finish(stream);
    stream = NULL;
    return good &&
           (!want || sha512_eq(&have, want) || err_set(err, ERR_CORRUPT, "%s is damaged there", source));
}

static bool copy_pair(Adoption *a, const char *prefix, Err *err)
{
    Str sidecar;
    Sha512 want;
    const char *inventory = arena_printf(a->arena, "%sinventory.json", prefix).p;
    const char *side = arena_printf(a->arena, "%s.sha512", inventory).p;
    CLEANUP(fd_closep)
    int fd =
        store_file_open(a->from->vault, arena_printf(a->arena, "%s/%s", a->from_folder.path, side).p, err);
    if (fd < 0 || !file_read_all(fd, 4096, a->arena, &sidecar, err))
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

// Do both vaults have the same of it? Ours may be older, then it is replaced, never newer or another.
static bool compare(Adoption *a, bool *ret_same, bool *ret_replaces, Err *err)
{
    StoreInventory ours;
    struct stat st;
    Err why = {0};
    Store *s = a->batch->store;
    *ret_same = *ret_replaces = false;
    if (fstatat(s->vault, a->folder.path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
        return true;
    if (!store_load(s, &a->folder, a->arena, &ours, &why)) {
        *err = why;
        return false;
    }
    for (int i = 1; i <= MIN_OF(ours.head, a->theirs.head); i++) {
        CLEANUP(buf_free)
        Buf x = buf_with_max(STORE_INVENTORY_MAX_BYTES), y = buf_with_max(STORE_INVENTORY_MAX_BYTES);
        JsonWriter xw = json_writer(&x), yw = json_writer(&y);
        json_put_tree(&xw, store_inventory_version(&ours, i));
        json_put_tree(&yw, store_inventory_version(&a->theirs, i));
        if (!str_eq(buf_str(&x), buf_str(&y)))
            return err_set(err, ERR_BUSY, "its version %d is another in the two vaults", i);
    }
    if (ours.head > a->theirs.head)
        return err_set(err, ERR_BUSY, "it is older there: version %d, here %d", a->theirs.head, ours.head);
    *ret_same = ours.head == a->theirs.head;
    *ret_replaces = !*ret_same;
    return true;
}

bool store_batch_adopt(StoreBatch *batch, Store *from, Str object_id, bool *ret_new, Err *err)
{
    CLEANUP(arena_closep) Arena *arena = arena_open();
    Adoption a = {.batch = batch, .from = from, .arena = arena};
    bool same, replaces;
    Err why = {0}, ignored = {0};
    if (!store_load_id(from, object_id, arena, &a.from_folder, &a.theirs, err))
        return false;
    store_folder_of(&batch->store->layout, a.theirs.uri, &a.folder);
    if (!compare(&a, &same, &replaces, &why))
        return err_set(err, why.kind, "object " FMT_STR ": %s", ARG_STR(object_id), why.text);
    *ret_new = !same;
    if (same)
        return true;
    if (!copy_object(&a, &why)) {
        const char *staged = arena_printf(arena, "%s/%s", batch->name, a.folder.name).p;
        if (!store_io_remove_tree(batch->store->staging, staged, &ignored))
            why = ignored;
        return err_set(err, why.kind, "object " FMT_STR ": %s", ARG_STR(object_id), why.text);
    }
    buf_printf(&batch->journal, "%s%d %s " FMT_STR "\n", replaces ? "x" : "", replaces ? a.theirs.head : 1,
        a.folder.path, ARG_STR(a.theirs.uri));
    batch->done++;
    return true;
}
