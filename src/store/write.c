// SPDX-License-Identifier: Apache-2.0
// Writing, the first half: drafts are staged in the form they will have in the vault. publish.c moves them
// in.
//
// A new object of one small file costs three folders and six files, about two dozen system calls, and no
// read.
#include "base/digest.h"
#include "base/file.h"
#include "base/utf8.h"
#include "store/int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    NAME_MAX_BYTES = 200, // of one part of a content path; file systems stop at 255
    STAGED_PATH_MAX_BYTES = 32 + STORE_FOLDER_MAX_BYTES + 2 * STORE_PATH_MAX_BYTES,
    SAME_NAME_TRIES = 1000,
};

typedef struct {
    Str path; // logical
    Sha512 digest;
    Str staged; // content path if this draft brought it, else empty
} DraftFile;

struct StoreDraft {
    StoreBatch *batch;
    Arena *arena;
    StoreFolder folder;
    Str uri;
    int version;
    StoreInventory before; // of the head this goes on from; contents_count 0 for a new object
    char staged[64 + STORE_FOLDER_MAX_BYTES]; // "b-.../<folder name>" in staging
    bool staged_made;
    DraftFile *files;
    size_t files_count, files_capacity;
    Str *orphans; // staged content that nothing names any more
    size_t orphans_count, orphans_capacity;
};

// ---- opening

static bool read_head(StoreDraft *d, Str object_id, Err *err)
{
    Store *s = d->batch->store;
    struct stat st;
    StoreState *states;
    size_t count;
    if (fstatat(s->vault, d->folder.path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT) {
        d->version = 1;
        d->before.content_folder = S("content");
        return true;
    }
    if (!store_load_id(s, object_id, d->arena, &d->folder, &d->before, err) ||
        !store_inventory_state(&d->before, d->before.head, d->arena, &states, &count, err))
        return false;
    d->version = d->before.head + 1;
    for (size_t i = 0; i < count; i++)
        *arena_push(d->arena, &d->files, &d->files_count, &d->files_capacity) =
            (DraftFile){.path = states[i].path, .digest = states[i].digest};
    return true;
}

StoreDraft *store_draft_open(StoreBatch *batch, Str object_id, Err *err)
{
    if (batch->renaming)
        return err_null(err, ERR_INVALID, "the batch is already published");
    if (!store_id_check(object_id, err))
        return NULL;
    Arena *a = batch->spare ? batch->spare : arena_open();
    batch->spare = NULL;
    StoreDraft *d = arena_new(a, StoreDraft);
    d->batch = batch;
    d->arena = a;
    d->uri = store_uri_of(a, object_id);
    store_folder_of(&batch->store->layout, d->uri, &d->folder);
    snprintf(d->staged, sizeof(d->staged), "%s/%s", batch->name, d->folder.name);
    batch->drafts++;
    if (!read_head(d, object_id, err)) {
        store_draft_drop(d);
        return NULL;
    }
    if (store_io->make_folder(batch->store->staging, d->staged) < 0) {
        if (errno == EEXIST)
            err_note_at(err, __FILE__, __LINE__, ERR_INVALID, "object " FMT_STR " is already in this batch",
                ARG_STR(object_id));
        else
            err_note_errno_at(err, __FILE__, __LINE__, "staging object " FMT_STR, ARG_STR(object_id));
        store_draft_drop(d);
        return NULL;
    }
    d->staged_made = true;
    return d;
}

int store_draft_version(const StoreDraft *d)
{
    return d->version;
}

// ---- content

// A logical path as a content path: the same, but that a part too long for a file name is cut and gets a
// piece of its digest.
static Str content_name(StoreDraft *d, Str path)
{
    Str parts[STORE_PATH_MAX_BYTES / 2 + 1], part;
    size_t count = 0;
    for (Str rest = path; str_next(&rest, '/', &part); count++) {
        parts[count] = part;
        if (part.n > NAME_MAX_BYTES) {
            Sha512 digest = sha512_of(part);
            parts[count] =
                arena_printf(d->arena, FMT_STR "~" FMT_STR, ARG_STR(utf8_head(part, NAME_MAX_BYTES)),
                    ARG_STR(str_slice(sha512_hex(d->arena, &digest), 0, 16)));
        }
    }
    return arena_join(d->arena, parts, count, S("/"));
}

// A new file for the content of a logical path. On a disk that takes "A" and "a" (or two Unicode spellings)
// for the same name, the second gets another.
static int create_content(StoreDraft *d, Str path, Str *ret_content, Err *err)
{
    Str name = content_name(d, path);
    for (int i = 1; i < SAME_NAME_TRIES; i++) {
        char full[STAGED_PATH_MAX_BYTES];
        Str content = i == 1 ? arena_printf(d->arena, "v%d/" FMT_STR "/" FMT_STR, d->version,
                                   ARG_STR(d->before.content_folder), ARG_STR(name))
                             : arena_printf(d->arena, "v%d/" FMT_STR "/%d~" FMT_STR, d->version,
                                   ARG_STR(d->before.content_folder), i, ARG_STR(name));
        if (content.n > STORE_PATH_MAX_BYTES ||
            snprintf(full, sizeof(full), "%s/" FMT_STR, d->staged, ARG_STR(content)) >= (int)sizeof(full))
            return err_fd(
                err, ERR_LIMIT, "the path " FMT_STR " is too long", ARG_STR(str_slice(path, 0, 200)));
        int fd = store_io->create(d->batch->store->staging, full);
        if (fd < 0 && errno == ENOENT)
            fd = store_io_create(d->batch->store->staging, full, err);
        if (fd < 0 && errno != EEXIST && errno != ENOTDIR)
            return err_fd_errno(err, "writing " FMT_STR, ARG_STR(path));
        if (fd >= 0) {
            *ret_content = content;
            return fd;
        }
    }
    return err_fd(err, ERR_INVALID, "too many files like " FMT_STR, ARG_STR(path));
}

static DraftFile *find_file(StoreDraft *d, Str path)
{
    for (size_t i = 0; i < d->files_count; i++)
        if (str_eq(d->files[i].path, path))
            return &d->files[i];
    return NULL;
}

static const DraftFile *find_staged(const StoreDraft *d, const Sha512 *digest)
{
    for (size_t i = 0; i < d->files_count; i++)
        if (d->files[i].staged.n && sha512_eq(&d->files[i].digest, digest))
            return &d->files[i];
    return NULL;
}

static bool has_content(const StoreDraft *d, const Sha512 *digest)
{
    return store_inventory_find(&d->before, digest) || find_staged(d, digest);
}

// Another file of this draft may have the same content: then the staged copy becomes its.
static void let_go(StoreDraft *d, DraftFile *file)
{
    Str staged = file->staged;
    file->staged = (Str){0};
    if (staged.n == 0)
        return;
    for (size_t i = 0; i < d->files_count; i++)
        if (&d->files[i] != file && sha512_eq(&d->files[i].digest, &file->digest)) {
            d->files[i].staged = staged;
            return;
        }
    *arena_push(d->arena, &d->orphans, &d->orphans_count, &d->orphans_capacity) = staged;
}

static void enter_file(StoreDraft *d, Str path, const Sha512 *digest, Str staged)
{
    DraftFile *file = find_file(d, path);
    if (file && sha512_eq(&file->digest, digest) && staged.n == 0)
        return;
    if (file)
        let_go(d, file);
    else
        file = arena_push(d->arena, &d->files, &d->files_count, &d->files_capacity);
    *file = (DraftFile){.path = arena_copy(d->arena, path), .digest = *digest, .staged = staged};
}

static bool path_check(Str path, Err *err)
{
    return store_path_good(path) || err_set(err, ERR_INVALID, "not a path for a file in the vault: " FMT_STR,
                                        ARG_STR(str_slice(path, 0, 200)));
}

bool store_draft_put(StoreDraft *d, Str path, Str bytes, Err *err)
{
    Str content;
    if (!path_check(path, err))
        return false;
    Sha512 digest = sha512_of(bytes);
    if (has_content(d, &digest)) {
        enter_file(d, path, &digest, (Str){0});
        return true;
    }
    CLEANUP(fd_closep) int fd = create_content(d, path, &content, err);
    if (fd < 0 || !store_io_write_all(fd, bytes, err))
        return false;
    enter_file(d, path, &digest, content);
    return true;
}

// Copies and digests in one pass, so that what is noted is what was written.
static bool copy_file(int from, int to, Sha512 *ret, uint64_t *ret_bytes, Err *err)
{
    CLEANUP(sha512_closep) Sha512Stream *stream = sha512_open();
    char *block = mem_alloc(STORE_COPY_BYTES);
    uint64_t offset = 0;
    bool good = true;
    ssize_t got;
    posix_fadvise(from, 0, 0, POSIX_FADV_SEQUENTIAL);
    while (good && (got = pread(from, block, STORE_COPY_BYTES, (off_t)offset)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            good = err_errno(err, "reading at byte %llu", (unsigned long long)offset);
            break;
        }
        sha512_add(stream, (Str){block, (size_t)got});
        good = store_io_write_all(to, (Str){block, (size_t)got}, err);
        offset += (uint64_t)got;
    }
    free(block);
    if (!good)
        return false;
    *ret = sha512_finish(stream);
    stream = NULL;
    *ret_bytes = offset;
    return true;
}

// Has an earlier version a file of this size? Only then is it worth reading a master once more before
// copying.
static bool size_is_known(StoreDraft *d, uint64_t size)
{
    for (size_t i = 0; i < d->before.contents_count; i++) {
        char full[STORE_FOLDER_MAX_BYTES + STORE_PATH_MAX_BYTES + 2];
        struct stat st;
        snprintf(full, sizeof(full), "%s/" FMT_STR, d->folder.path, ARG_STR(d->before.contents[i].path));
        if (fstatat(d->batch->store->vault, full, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
            (uint64_t)st.st_size == size)
            return true;
    }
    return false;
}

bool store_draft_put_file(StoreDraft *d, Str path, int from, Sha512 *ret, uint64_t *ret_bytes, Err *err)
{
    Sha512 digest;
    uint64_t size;
    Str content;
    if (!path_check(path, err) || !file_size(from, &size, err))
        return false;
    if (d->version > 1 && size_is_known(d, size)) {
        if (!sha512_of_file(from, &digest, &size, err))
            return false;
        if (has_content(d, &digest)) {
            enter_file(d, path, &digest, (Str){0});
            *ret = digest;
            *ret_bytes = size;
            return true;
        }
    }
    CLEANUP(fd_closep) int fd = create_content(d, path, &content, err);
    if (fd < 0)
        return false;
    bool good = copy_file(from, fd, &digest, &size, err);
    if (!good || has_content(d, &digest)) {
        *arena_push(d->arena, &d->orphans, &d->orphans_count, &d->orphans_capacity) = content;
        content = (Str){0};
    }
    if (!good)
        return false;
    enter_file(d, path, &digest, content);
    *ret = digest;
    *ret_bytes = size;
    return true;
}

bool store_draft_remove(StoreDraft *d, Str path, Err *err)
{
    DraftFile *file = find_file(d, path);
    if (!file)
        return err_set(err, ERR_NOT_FOUND, "there is no file " FMT_STR, ARG_STR(path));
    let_go(d, file);
    *file = d->files[--d->files_count];
    return true;
}

bool store_draft_revert(StoreDraft *d, int version, Err *err)
{
    StoreState *states;
    size_t count;
    if (version < 1 || version >= d->version)
        return err_set(err, ERR_NOT_FOUND, "there is no version %d", version);
    if (!store_inventory_state(&d->before, version, d->arena, &states, &count, err))
        return false;
    for (size_t i = 0; i < d->files_count; i++)
        if (d->files[i].staged.n)
            *arena_push(d->arena, &d->orphans, &d->orphans_count, &d->orphans_capacity) = d->files[i].staged;
    d->files_count = 0;
    for (size_t i = 0; i < count; i++)
        *arena_push(d->arena, &d->files, &d->files_count, &d->files_capacity) =
            (DraftFile){.path = states[i].path, .digest = states[i].digest};
    return true;
}

// ---- closing

// Takes away staged content that was replaced, and the folders that are empty then (E024).
static bool remove_orphans(StoreDraft *d, Err *err)
{
    int staging = d->batch->store->staging;
    for (size_t i = 0; i < d->orphans_count; i++) {
        char full[STAGED_PATH_MAX_BYTES];
        size_t keep = (size_t)snprintf(full, sizeof(full), "%s/", d->staged);
        snprintf(full + keep, sizeof(full) - keep, FMT_STR, ARG_STR(d->orphans[i]));
        if (store_io->remove(staging, full, 0) < 0 && errno != ENOENT)
            return err_errno(err, "tidying %s", full);
        for (char *slash; (slash = strrchr(full + keep, '/'));) {
            *slash = '\0';
            if (store_io->remove(staging, full, AT_REMOVEDIR) < 0)
                break; // not empty
        }
    }
    return true;
}

// A file cannot be a folder too (E095). States come sorted by path.
static bool no_conflict(const StoreState *states, size_t count, Err *err)
{
    for (size_t i = 0; i + 1 < count; i++)
        for (size_t j = i + 1; j < count && str_starts(states[j].path, states[i].path); j++)
            if (states[j].path.p[states[i].path.n] == '/')
                return err_set(
                    err, ERR_INVALID, FMT_STR " cannot be both a file and a folder", ARG_STR(states[i].path));
    return true;
}

static bool write_inventories(StoreDraft *d, Str json, Err *err)
{
    char path[STAGED_PATH_MAX_BYTES];
    int staging = d->batch->store->staging;
    Str sidecar = store_sidecar_of(d->arena, json);
    snprintf(path, sizeof(path), "%s/v%d/inventory.json", d->staged, d->version);
    if (!store_io_write_file(staging, path, json, err))
        return false;
    snprintf(path, sizeof(path), "%s/v%d/inventory.json.sha512", d->staged, d->version);
    if (!store_io_write_file(staging, path, sidecar, err))
        return false;
    snprintf(path, sizeof(path), "%s/inventory.json", d->staged);
    if (!store_io_write_file(staging, path, json, err))
        return false;
    snprintf(path, sizeof(path), "%s/inventory.json.sha512", d->staged);
    if (!store_io_write_file(staging, path, sidecar, err))
        return false;
    snprintf(path, sizeof(path), "%s/0=ocfl_object_1.1", d->staged);
    return d->version > 1 || store_io_write_file(staging, path, S("ocfl_object_1.1\n"), err);
}

static bool describe(StoreDraft *d, const StoreNote *note, Buf *json, Err *err)
{
    StoreState *states = arena_array(d->arena, StoreState, d->files_count);
    StoreContent *contents = arena_array(d->arena, StoreContent, d->before.contents_count + d->files_count);
    size_t count = d->before.contents_count;
    if (count)
        memcpy(contents, d->before.contents, count * sizeof(*contents));
    for (size_t i = 0; i < d->files_count; i++) {
        states[i] = (StoreState){d->files[i].path, d->files[i].digest};
        if (d->files[i].staged.n)
            contents[count++] = (StoreContent){d->files[i].digest, d->files[i].staged};
    }
    if (d->files_count)
        qsort(states, d->files_count, sizeof(*states), store_state_compare_path);
    if (!no_conflict(states, d->files_count, err))
        return false;
    if (d->files_count)
        qsort(states, d->files_count, sizeof(*states), store_state_compare);
    if (count)
        qsort(contents, count, sizeof(*contents), store_content_compare);
    StoreInventoryDraft draft = {.uri = d->uri,
        .content_folder = d->before.content_folder,
        .head = d->version,
        .contents = contents,
        .contents_count = count,
        .older = d->before.versions,
        .states = states,
        .states_count = d->files_count,
        .note = note};
    store_inventory_write(&draft, d->arena, json);
    return !json->full ||
           err_set(err, ERR_LIMIT, "the inventory is longer than %d bytes", STORE_INVENTORY_MAX_BYTES);
}

static bool finish(StoreDraft *d, const StoreNote *note, Err *err)
{
    CLEANUP(buf_free) Buf json = buf_with_max(STORE_INVENTORY_MAX_BYTES);
    return remove_orphans(d, err) && describe(d, note, &json, err) &&
           write_inventories(d, buf_str(&json), err);
}

static void release(StoreDraft *d)
{
    StoreBatch *batch = d->batch;
    Arena *a = d->arena;
    batch->drafts--;
    arena_reset(a);
    if (batch->spare)
        arena_close(a);
    else
        batch->spare = a;
}

bool store_draft_done(StoreDraft *d, const StoreNote *note, Err *err)
{
    if (!finish(d, note, err)) {
        store_draft_drop(d);
        return false;
    }
    buf_printf(&d->batch->journal, "%d %s " FMT_STR "\n", d->version, d->folder.path, ARG_STR(d->uri));
    d->batch->done++;
    release(d);
    return true;
}

void store_draft_drop(StoreDraft *d)
{
    Err ignored = {0}; // what cannot be removed now is removed with the batch, or by the next writer
    if (!d)
        return;
    bool gone = !d->staged_made || store_io_remove_tree(d->batch->store->staging, d->staged, &ignored);
    (void)gone;
    release(d);
}
