// SPDX-License-Identifier: Apache-2.0
// Opening the vault and reading from it. Nothing here writes; many threads and processes may read while one
// process writes.
#include "store/store.h"

#include "base/clock.h"
#include "base/file.h"
#include "store/bucket.h"
#include "store/place.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { SIDECAR_MAX_BYTES = 4096 };

int store_file_open(int dir, const char *path, Err *err)
{
    struct open_how how = {.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS};
    CLEANUP(fd_closep) int fd = (int)syscall(SYS_openat2, dir, path, &how, sizeof(how));
    struct stat st;
    if (fd < 0 && errno == ELOOP)
        return err_fd(err, ERR_CORRUPT, "%s is a link, which does not belong in a vault", path);
    if (fd < 0 || fstat(fd, &st) < 0)
        return err_fd_errno(err, "%s", path);
    if (!S_ISREG(st.st_mode))
        return err_fd(err, ERR_CORRUPT, "%s is not a regular file", path);
    return fd_take(&fd);
}

// ---- opening

// The last step of opening: how are the objects' folders called here?
static Store *open_read(Store *s, Err *err)
{
    if (store_layout_read(s, &s->layout, err))
        return s;
    store_close(s);
    return NULL;
}

Store *store_open(const char *home_path, bool create, Err *err)
{
    struct stat st;
    if (create && !dir_make(AT_FDCWD, home_path, err))
        return NULL;
    CLEANUP(fd_closep) int home = dir_open(AT_FDCWD, home_path, err);
    if (home < 0)
        return NULL;
    if (create && fstatat(home, "vault/0=ocfl_1.1", &st, 0) < 0 && errno == ENOENT &&
        !store_root_make(home, err))
        return NULL;
    CLEANUP(fd_closep) int vault = dir_open(home, "vault", err);
    if (vault < 0)
        return NULL;
    Store *s = mem_alloc(sizeof(*s));
    *s = (Store){.home = fd_take(&home), .vault = fd_take(&vault), .staging = -1, .lock = -1};
    pthread_mutex_init(&s->mutex, NULL);
    return open_read(s, err);
}

Store *store_open_away(const StoreAway *away, Store *like, Err *err)
{
    StoreBucket *bucket = bucket_open(away, err);
    if (!bucket)
        return NULL;
    if (like && !bucket_make_root(bucket, like, err)) {
        bucket_close(bucket);
        return NULL;
    }
    Store *s = mem_alloc(sizeof(*s));
    *s = (Store){.bucket = bucket, .home = -1, .vault = -1, .staging = -1, .lock = -1};
    pthread_mutex_init(&s->mutex, NULL);
    return open_read(s, err);
}

bool store_is_away(const Store *s)
{
    return s->bucket != NULL;
}

void store_close(Store *s)
{
    if (!s)
        return;
    assert(!s->live);
    fd_close(s->lock);
    fd_close(s->staging);
    fd_close(s->vault);
    fd_close(s->home);
    bucket_close(s->bucket);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

// ---- loading an inventory

// Does the sidecar at `path` vouch for these bytes? A missing one does not.
static bool vouched(Store *s, const char *path, const Sha512 *digest, Arena *a)
{
    Err ignored = {0};
    Str text;
    Sha512 want;
    return place_read_all(s, path, SIDECAR_MAX_BYTES, a, &text, &ignored) &&
           store_sidecar_parse(text, &want) && sha512_eq(&want, digest);
}

// Inventory and sidecar of one moment; false with ERR_CORRUPT if they do not agree.
static bool load_once(Store *s, const char *folder, Arena *a, StoreInventory *ret, Err *err)
{
    char path[STORE_FOLDER_MAX_BYTES + 64];
    Str json;
    if (strlen(folder) >= STORE_FOLDER_MAX_BYTES)
        return err_set(err, ERR_CORRUPT, "the folder's name is too long to be an object's");
    snprintf(path, sizeof(path), "%s/inventory.json", folder);
    if (!place_read_all(s, path, STORE_INVENTORY_MAX_BYTES, a, &json, err))
        return false;
    Sha512 digest = sha512_of(json);
    snprintf(path, sizeof(path), "%s/inventory.json.sha512", folder);
    bool agreed = vouched(s, path, &digest, a);
    if (!store_inventory_parse(json, a, ret, err))
        return false;
    if (!agreed) {
        snprintf(path, sizeof(path), "%s/v%d/inventory.json.sha512", folder, ret->head);
        agreed = vouched(s, path, &digest, a);
    }
    return agreed ||
           err_set(err, ERR_CORRUPT, "the inventory does not match its sidecar inventory.json.sha512");
}

bool store_load_at(Store *s, const char *folder, Arena *a, StoreInventory *ret, Err *err)
{
    StoreFolder expected;
    Err first = {0};
    // A second look, because a writer may have put a new inventory there between our two reads.
    if (!load_once(s, folder, a, ret, &first)) {
        if (first.kind != ERR_CORRUPT || !load_once(s, folder, a, ret, &first)) {
            *err = first;
            return false;
        }
    }
    store_folder_of(&s->layout, ret->uri, &expected);
    if (strcmp(expected.path, folder) != 0)
        return err_set(err, ERR_CORRUPT,
            "the inventory has the id " FMT_STR ", which belongs in another folder",
            ARG_STR(str_slice(ret->uri, 0, 200)));
    return true;
}

bool store_load(Store *s, const StoreFolder *folder, Arena *a, StoreInventory *ret, Err *err)
{
    return store_load_at(s, folder->path, a, ret, err);
}

bool store_load_id(Store *s, Str object_id, Arena *a, StoreFolder *ret_folder, StoreInventory *ret, Err *err)
{
    if (!store_id_check(object_id, err))
        return false;
    store_folder_of(&s->layout, store_uri_of(a, object_id), ret_folder);
    Err why = {0};
    if (store_load(s, ret_folder, a, ret, &why))
        return true;
    if (why.kind == ERR_NOT_FOUND)
        return err_set(err, ERR_NOT_FOUND, "the vault has no object " FMT_STR, ARG_STR(object_id));
    return err_set(err, why.kind, "object " FMT_STR ": %s", ARG_STR(object_id), why.text);
}

bool store_load_named(Store *s, Str name, Arena *a, StoreFolder *ret_folder, StoreInventory *ret, Err *err)
{
    Err why = {0};
    if (store_load_id(s, name, a, ret_folder, ret, err))
        return true;
    if (err->kind != ERR_NOT_FOUND || !store_path_good(name) || name.n >= STORE_FOLDER_MAX_BYTES ||
        !store_load_at(s, arena_cstr(a, name), a, ret, &why))
        return false;
    store_folder_of(&s->layout, ret->uri, ret_folder);
    return true;
}

// ---- reading

bool store_find_version(Store *s, Str object_id, int version, Arena *a, StoreVersion *ret, Err *err)
{
    StoreFolder folder;
    StoreInventory inventory;
    if (!store_load_id(s, object_id, a, &folder, &inventory, err))
        return false;
    if (version == 0)
        version = inventory.head;
    const Json *block = store_inventory_version(&inventory, version);
    if (!block)
        return err_set(
            err, ERR_NOT_FOUND, "object " FMT_STR " has no version %d", ARG_STR(object_id), version);
    const Json *user = json_find(block, S("user"));
    StoreVersion found = {.object_id = object_id,
        .version = version,
        .message = json_text(block, S("message")),
        .user_name = json_text(user, S("name")),
        .user_address = json_text(user, S("address"))};
    if (!time_parse_rfc3339(json_text(block, S("created")), &found.created_ms))
        return err_set(
            err, ERR_CORRUPT, "version %d of object " FMT_STR " has no date", version, ARG_STR(object_id));
    *ret = found;
    return true;
}

static int open_content(Store *s, const StoreFolder *folder, Str path, Err *err)
{
    char full[STORE_FOLDER_MAX_BYTES + STORE_PATH_MAX_BYTES + 2];
    if (s->bucket)
        return err_fd(err, ERR_UNSUPPORTED, "files in a bucket are not opened");
    snprintf(full, sizeof(full), "%s/" FMT_STR, folder->path, ARG_STR(path));
    int fd = store_file_open(s->vault, full, err);
    if (fd < 0 && err->kind == ERR_NOT_FOUND) // the inventory says that it must be there
        return err_fd(err, ERR_CORRUPT, FMT_STR " is missing", ARG_STR(path));
    return fd;
}

// Sizes in a bucket are in its list.
static bool find_sizes(
    Store *s, const StoreFolder *folder, Arena *a, PlaceEntry **ret, size_t *ret_count, Err *err)
{
    *ret = NULL;
    *ret_count = 0;
    return !s->bucket || place_tree(s, folder->path, a, ret, ret_count, err);
}

static bool size_of(Store *s, const StoreFolder *folder, Str path, const PlaceEntry *entries, size_t count,
    uint64_t *ret, Err *err)
{
    if (!s->bucket) {
        CLEANUP(fd_closep) int fd = open_content(s, folder, path, err);
        return fd >= 0 && file_size(fd, ret, err);
    }
    for (size_t i = 0; i < count; i++)
        if (str_eq(entries[i].path, path)) {
            *ret = entries[i].size_bytes;
            return true;
        }
    return err_set(err, ERR_CORRUPT, FMT_STR " is missing", ARG_STR(path));
}

bool store_list_files(
    Store *s, Str object_id, int version, Arena *a, StoreFile **ret, size_t *ret_count, Err *err)
{
    StoreFolder folder;
    StoreInventory inventory;
    StoreState *states;
    size_t count;
    if (!store_load_id(s, object_id, a, &folder, &inventory, err) ||
        !store_inventory_state(&inventory, version ? version : inventory.head, a, &states, &count, err))
        return false;
    PlaceEntry *entries;
    size_t entries_count;
    if (!find_sizes(s, &folder, a, &entries, &entries_count, err))
        return false;
    StoreFile *files = arena_array(a, StoreFile, count);
    for (size_t i = 0; i < count; i++) {
        const StoreContent *content = store_inventory_find(&inventory, &states[i].digest);
        files[i] = (StoreFile){.path = states[i].path, .digest = states[i].digest};
        if (!size_of(s, &folder, content->path, entries, entries_count, &files[i].size_bytes, err))
            return false;
    }
    *ret = files;
    *ret_count = count;
    return true;
}

// The content behind a logical path; -1.
static int find_content(
    Store *s, Str object_id, int version, Str path, Arena *a, Sha512 *ret_digest, Err *err)
{
    StoreFolder folder;
    StoreInventory inventory;
    StoreState *states;
    size_t count;
    if (!store_load_id(s, object_id, a, &folder, &inventory, err) ||
        !store_inventory_state(&inventory, version ? version : inventory.head, a, &states, &count, err))
        return -1;
    for (size_t i = 0; i < count; i++)
        if (str_eq(states[i].path, path)) {
            *ret_digest = states[i].digest;
            return open_content(s, &folder, store_inventory_find(&inventory, ret_digest)->path, err);
        }
    return err_fd(
        err, ERR_NOT_FOUND, "object " FMT_STR " has no file " FMT_STR, ARG_STR(object_id), ARG_STR(path));
}

bool store_read(
    Store *s, Str object_id, int version, Str path, size_t max_bytes, Arena *a, Str *ret, Err *err)
{
    Sha512 want, have;
    Str bytes;
    CLEANUP(fd_closep) int fd = find_content(s, object_id, version, path, a, &want, err);
    if (fd < 0 || !file_read_all(fd, max_bytes, a, &bytes, err))
        return false;
    have = sha512_of(bytes);
    if (!sha512_eq(&want, &have))
        return err_set(err, ERR_CORRUPT,
            "object " FMT_STR ": " FMT_STR " is damaged: its SHA-512 is not the one noted",
            ARG_STR(object_id), ARG_STR(path));
    *ret = bytes;
    return true;
}

int store_open_file(Store *s, Str object_id, int version, Str path, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Sha512 digest;
    return find_content(s, object_id, version, path, a, &digest, err);
}

// ---- walking

static int compare_names(const void *a, const void *b)
{
    const Str *x = a, *y = b;
    return str_compare(*x, *y);
}

bool store_names(int dir, const char *path, Arena *a, Str **ret, size_t *ret_count, Err *err)
{
    int fd = openat(dir, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *folder = fd < 0 ? NULL : fdopendir(fd);
    size_t count = 0, capacity = 0;
    if (!folder) {
        int why = errno;
        fd_close(fd);
        errno = why;
        return err_errno(err, "%s", path);
    }
    *ret = NULL;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(folder)); errno = 0)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            *arena_push(a, ret, &count, &capacity) = str_from(arena_cstr(a, str_from(entry->d_name)));
    int why = errno;
    closedir(folder);
    errno = why;
    if (why)
        return err_errno(err, "reading the folder %s", path);
    if (count)
        qsort(*ret, count, sizeof(**ret), compare_names);
    *ret_count = count;
    return true;
}

static bool walk(Store *s, const char *path, int depth, StoreWalk *visit, void *ctx, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    PlaceEntry *entries;
    size_t count;
    if (!place_list(s, path, a, &entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *name = entries[i].path.p, *child = depth ? arena_printf(a, "%s/%s", path, name).p : name;
        if (depth == 0 && strcmp(name, "extensions") == 0)
            continue;
        if (entries[i].kind != PLACE_FOLDER)
            continue; // a stray file: store_verify names it
        bool good =
            depth == s->layout.tuples ? visit(ctx, child, err) : walk(s, child, depth + 1, visit, ctx, err);
        if (!good)
            return false;
    }
    return true;
}

bool store_walk(Store *s, StoreWalk *visit, void *ctx, Err *err)
{
    return walk(s, ".", 0, visit, ctx, err);
}

typedef struct {
    Store *store;
    StoreVisit *visit;
    void *ctx;
    Arena *arena;
} Each;

static bool each_folder(void *ctx, const char *path, Err *err)
{
    Each *each = ctx;
    StoreInventory inventory;
    Err why = {0};
    arena_reset(each->arena);
    bool good = store_load_at(each->store, path, each->arena, &inventory, &why);
    if (!good && place_is_about_the_way(each->store, &why)) {
        *err = why;
        return false;
    }
    if (!good)
        return each->visit(each->ctx, str_from(path), str_from(why.text), err);
    return each->visit(each->ctx, store_id_of(each->arena, inventory.uri), (Str){0}, err);
}

bool store_each(Store *s, StoreVisit *visit, void *ctx, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Each each = {s, visit, ctx, a};
    return store_walk(s, each_folder, &each, err);
}
