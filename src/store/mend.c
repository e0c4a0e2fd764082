// SPDX-License-Identifier: Apache-2.0
// Mending from a copy of the vault: a damaged file is replaced by one with the right digest, written whole
// beside the vault and renamed over it. It is the one place where a file of the vault is written over, and
// only with the bytes it always should have had.
#include "base/file.h"
#include "store/bucket.h"
#include "store/place.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PART_MAX_BYTES = STORE_FOLDER_MAX_BYTES + STORE_PATH_MAX_BYTES + 64 };

typedef struct {
    Store *store, *copy;
    Arena *arena;
    StoreFolder folder, copy_folder; // the layouts may differ
    StoreInventory inventory;
    StoreMended sums;
} Mend;

static bool file_is(Store *s, const char *path, const Sha512 *want)
{
    Err ignored = {0};
    Sha512 have;
    uint64_t bytes;
    return place_digest(s, path, &have, &bytes, &ignored) && sha512_eq(&have, want);
}

static bool take_into(void *ctx, Str bytes, Err *err)
{
    return store_io_write_all(*(int *)ctx, bytes, err);
}

// Copies a file of the copy to staging, checks it there, and moves it over the damaged one.
static bool replace_file(Mend *m, const char *from, const char *to, const Sha512 *want, Err *err)
{
    static const char beside[] = "mend";
    Sha512 have;
    uint64_t bytes;
    Store *s = m->store;
    if (!store_io_remove_tree(s->staging, beside, err))
        return false;
    CLEANUP(fd_closep) int target = store_io_create(s->staging, beside, err);
    if (target < 0 || !place_read(m->copy, from, false, take_into, &target, err))
        return false;
    if (!sha512_of_file(target, &have, &bytes, err))
        return false;
    if (!sha512_eq(&have, want))
        return err_set(err, ERR_CORRUPT, "the copy of %s is damaged too", to);
    if (store_io->flush(s->staging) < 0 || !store_io_make_parents(s->vault, to, err))
        return err_errno(err, "flushing %s", to);
    return store_io->rename(s->staging, beside, s->vault, to) == 0 || err_errno(err, "mending %s", to);
}

static void mend_one(Mend *m, const char *from, const char *to, const Sha512 *want)
{
    Err why = {0};
    if (replace_file(m, from, to, want, &why))
        m->sums.mended++;
    else
        m->sums.lost++;
}

// The copy's inventory counts where ours is lost, unless ours had more versions.
static bool choose_inventory(Mend *m, Str object_id, Err *err)
{
    StoreInventory theirs;
    Err why = {0};
    if (!store_load_named(m->copy, object_id, m->arena, &m->copy_folder, &theirs, err))
        return false;
    store_folder_of(&m->store->layout, theirs.uri, &m->folder);
    if (store_load(m->store, &m->folder, m->arena, &m->inventory, &why))
        return true;
    struct stat st;
    const char *next = arena_printf(m->arena, "%s/v%d", m->folder.path, theirs.head + 1).p;
    if (fstatat(m->store->vault, next, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return err_set(err, ERR_CORRUPT, "object " FMT_STR ": the copy is older than what was damaged",
            ARG_STR(object_id));
    m->inventory = theirs;
    return true;
}

static void mend_contents(Mend *m)
{
    StoreInventory theirs;
    Err ignored = {0};
    bool known = store_load(m->copy, &m->copy_folder, m->arena, &theirs, &ignored);
    for (size_t i = 0; i < m->inventory.contents_count; i++) {
        const StoreContent *content = &m->inventory.contents[i];
        const char *to = arena_printf(m->arena, "%s/" FMT_STR, m->folder.path, ARG_STR(content->path)).p;
        if (file_is(m->store, to, &content->digest))
            continue;
        const StoreContent *source = known ? store_inventory_find(&theirs, &content->digest) : NULL;
        if (source)
            mend_one(m, arena_printf(m->arena, "%s/" FMT_STR, m->copy_folder.path, ARG_STR(source->path)).p,
                to, &content->digest);
        else
            m->sums.lost++;
    }
}

static bool read_digest(Store *s, const char *path, Sha512 *ret)
{
    Err ignored = {0};
    uint64_t bytes;
    return place_digest(s, path, ret, &bytes, &ignored);
}

// Inventories, sidecars and the declaration: each file that differs from the copy's, where the copy's pair of
// inventory and sidecar is whole and ours is not.
static bool pair_whole(Store *s, Arena *a, const char *folder, const char *part)
{
    Err ignored = {0};
    Str text;
    Sha512 want, have;
    return place_read_all(
               s, arena_printf(a, "%s/%sinventory.json.sha512", folder, part).p, 4096, a, &text, &ignored) &&
           store_sidecar_parse(text, &want) &&
           read_digest(s, arena_printf(a, "%s/%sinventory.json", folder, part).p, &have) &&
           sha512_eq(&want, &have);
}

static void mend_pair(Mend *m, const char *part)
{
    static const char *const names[] = {"inventory.json", "inventory.json.sha512"};
    if (pair_whole(m->store, m->arena, m->folder.path, part))
        return;
    if (!pair_whole(m->copy, m->arena, m->copy_folder.path, part)) {
        m->sums.lost++;
        return;
    }
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        Sha512 want, have;
        const char *from = arena_printf(m->arena, "%s/%s%s", m->copy_folder.path, part, names[i]).p;
        const char *to = arena_printf(m->arena, "%s/%s%s", m->folder.path, part, names[i]).p;
        if (read_digest(m->copy, from, &want) &&
            !(read_digest(m->store, to, &have) && sha512_eq(&want, &have)))
            mend_one(m, from, to, &want);
    }
}

static void mend_inventories(Mend *m)
{
    const char *declaration = "0=ocfl_object_1.1";
    const char *to = arena_printf(m->arena, "%s/%s", m->folder.path, declaration).p;
    Sha512 want = sha512_of(S("ocfl_object_1.1\n"));
    for (int i = 1; i <= m->inventory.head; i++)
        mend_pair(m, arena_printf(m->arena, "v%d/", i).p);
    mend_pair(m, "");
    if (!file_is(m->store, to, &want))
        mend_one(m, arena_printf(m->arena, "%s/%s", m->copy_folder.path, declaration).p, to, &want);
}

bool store_mend(Store *s, Store *copy, Str object_id, StoreMended *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Mend m = {.store = s, .copy = copy, .arena = a};
    if (s->bucket)
        return bucket_mend(s, copy, object_id, ret, err);
    if (!store_writer_enter(s, err))
        return false;
    bool good = choose_inventory(&m, object_id, err);
    if (good) {
        mend_contents(&m);
        mend_inventories(&m);
        good = store_io->flush(s->staging) == 0 || err_errno(err, "flushing what was mended");
    }
    store_writer_leave(s);
    if (good)
        *ret = m.sums;
    return good;
}
