// SPDX-License-Identifier: Apache-2.0
// Withdrawing: the one way by which something leaves the vault. The object is built anew in staging, with all
// its versions but none of its content, and changes places with the old one (publish.c).
#include "base/clock.h"
#include "store/int.h"

#include <errno.h>
#include <stdio.h>

typedef struct {
    StoreBatch *batch;
    Arena *arena;
    StoreFolder folder;
    StoreInventory before;
    StoreNote *notes; // of the versions before, then of the new one
    StoreContent content;
    StoreState state;
} Erasure;

static bool read_notes(Erasure *e, Str object_id, const StoreNote *last, Err *err)
{
    int head = e->before.head;
    e->notes = arena_array(e->arena, StoreNote, (size_t)head + 1);
    for (int i = 1; i <= head; i++) {
        StoreVersion version;
        if (!store_find_version(e->batch->store, object_id, i, e->arena, &version, err))
            return false;
        e->notes[i - 1] =
            (StoreNote){version.created_ms, version.message, version.user_name, version.user_address};
    }
    e->notes[head] = *last;
    return true;
}

// `part` is below the staged object: "v2/inventory.json".
static bool write_part(Erasure *e, const char *part, Str bytes, Err *err)
{
    const char *path = arena_printf(e->arena, "%s/%s/%s", e->batch->name, e->folder.name, part).p;
    return store_io_write_file(e->batch->store->staging, path, bytes, err);
}

static bool write_version(Erasure *e, int version, Err *err)
{
    CLEANUP(buf_free) Buf json = buf_with_max(STORE_INVENTORY_MAX_BYTES);
    StoreInventoryDraft draft = {.uri = e->before.uri,
        .content_folder = e->before.content_folder,
        .head = version,
        .contents = &e->content,
        .contents_count = 1,
        .earlier = e->notes,
        .states = &e->state,
        .states_count = 1,
        .note = &e->notes[version - 1]};
    store_inventory_write(&draft, e->arena, &json);
    if (json.full)
        return err_set(err, ERR_LIMIT, "the inventory is longer than %d bytes", STORE_INVENTORY_MAX_BYTES);
    Str sidecar = store_sidecar_of(e->arena, buf_str(&json));
    const char *folder = arena_printf(e->arena, "v%d/inventory.json", version).p;
    if (!write_part(e, folder, buf_str(&json), err) ||
        !write_part(e, arena_printf(e->arena, "%s.sha512", folder).p, sidecar, err))
        return false;
    return version <= e->before.head || (write_part(e, "inventory.json", buf_str(&json), err) &&
                                            write_part(e, "inventory.json.sha512", sidecar, err));
}

// Found out before anything counts: two sidecars of the same content change places.
static bool can_exchange(Erasure *e, Err *err)
{
    int staging = e->batch->store->staging;
    const char *one = arena_printf(e->arena, "%s/%s/inventory.json.sha512", e->batch->name, e->folder.name).p;
    const char *other = arena_printf(
        e->arena, "%s/%s/v%d/inventory.json.sha512", e->batch->name, e->folder.name, e->before.head + 1)
                            .p;
    if (store_io->exchange(staging, one, staging, other) == 0)
        return true;
    if (errno == EINVAL || errno == ENOSYS)
        return err_set(
            err, ERR_UNSUPPORTED, "this file system cannot exchange two folders, so nothing was erased");
    return err_errno(err, "exchanging two files");
}

static bool stage(Erasure *e, Str object_id, const StoreNote *note, Str path, Str bytes, Err *err)
{
    if (!store_load_id(e->batch->store, object_id, e->arena, &e->folder, &e->before, err) ||
        !read_notes(e, object_id, note, err))
        return false;
    if (!store_path_good(path) || str_find(path, S("/"), &(size_t){0}))
        return err_set(err, ERR_INVALID, "not a name for a file: " FMT_STR, ARG_STR(path));
    Sha512 digest = sha512_of(bytes);
    e->content = (StoreContent){digest,
        arena_printf(e->arena, "v1/" FMT_STR "/" FMT_STR, ARG_STR(e->before.content_folder), ARG_STR(path))};
    e->state = (StoreState){path, digest};
    if (!write_part(e, "0=ocfl_object_1.1", S("ocfl_object_1.1\n"), err) ||
        !write_part(e, arena_cstr(e->arena, e->content.path), bytes, err))
        return false;
    for (int i = 1; i <= e->before.head + 1; i++)
        if (!write_version(e, i, err))
            return false;
    buf_printf(&e->batch->journal, "x%d %s " FMT_STR "\n", e->before.head + 1, e->folder.path,
        ARG_STR(e->before.uri));
    e->batch->done++;
    return can_exchange(e, err);
}

StoreBatch *store_erase_open(Store *s, Str object_id, const StoreNote *note, Str path, Str bytes, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Erasure e = {.batch = store_batch_open(s, err), .arena = a};
    if (!e.batch)
        return NULL;
    if (stage(&e, object_id, note, path, bytes, err) && store_batch_publish(e.batch, err))
        return e.batch;
    store_batch_close(e.batch);
    return NULL;
}

bool store_erase(Store *s, Str object_id, const StoreNote *note, Str path, Str bytes, Err *err)
{
    StoreBatch *batch = store_erase_open(s, object_id, note, path, bytes, err);
    if (batch)
        store_batch_close(batch);
    return batch != NULL;
}
