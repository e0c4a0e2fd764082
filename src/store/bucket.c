// SPDX-License-Identifier: Apache-2.0
#include "store/bucket.h"

#include "base/file.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

enum { GROUPS = 12, GROUP_KEYS_MAX = 4000000, ROOT_FILE_MAX_BYTES = 1024 * 1024 };

// All keys below the folder that an object's folder lies in.
struct BucketGroup {
    enum { GROUP_NEW, GROUP_FETCHING, GROUP_READY } state;
    int users;
    uint64_t used;                       // when, by the bucket's clock
    char folder[STORE_FOLDER_MAX_BYTES]; // "abc/"
    Arena *arena;
    PlaceEntry *entries; // paths from the root of the vault
    size_t count;
};

struct StoreBucket {
    S3 *s3;
    Arena *arena;
    Str prefix;            // "" or "museum/vault/"
    pthread_mutex_t mutex; // guards what follows
    pthread_cond_t changed;
    BucketGroup *groups[GROUPS];
    uint64_t clock;
    bool tidied; // what killed uploads left is gone
};

StoreBucket *bucket_open(const StoreAway *away, Err *err)
{
    S3 *s3 = s3_open(&away->s3, err);
    if (!s3)
        return NULL;
    StoreBucket *b = mem_alloc(sizeof(*b));
    *b = (StoreBucket){.s3 = s3, .arena = arena_open()};
    pthread_mutex_init(&b->mutex, NULL);
    pthread_cond_init(&b->changed, NULL);
    b->prefix = away->prefix.n ? arena_printf(b->arena, FMT_STR "%s", ARG_STR(away->prefix),
                                     str_ends(away->prefix, S("/")) ? "" : "/")
                               : S("");
    return b;
}

static void group_free(BucketGroup *group)
{
    if (!group)
        return;
    arena_close(group->arena);
    free(group);
}

void bucket_close(StoreBucket *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < GROUPS; i++) {
        assert(!b->groups[i] || b->groups[i]->users == 0);
        group_free(b->groups[i]);
    }
    pthread_cond_destroy(&b->changed);
    s3_close(b->s3);
    pthread_mutex_destroy(&b->mutex);
    arena_close(b->arena);
    free(b);
}

static Str key_of(const StoreBucket *b, const char *path, Arena *a)
{
    return arena_printf(a, FMT_STR "%s", ARG_STR(b->prefix), path);
}

// The prefix of everything in a folder: "museum/abc/"; "." is the root.
static Str folder_key(const StoreBucket *b, const char *folder, Arena *a)
{
    if (strcmp(folder, ".") == 0)
        return b->prefix;
    return arena_printf(
        a, FMT_STR "%s%s", ARG_STR(b->prefix), folder, str_ends(str_from(folder), S("/")) ? "" : "/");
}

// ---- reading

bool bucket_read(StoreBucket *b, const char *path, S3Take *take, void *ctx, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    return s3_get(b->s3, key_of(b, path, a), take, ctx, err);
}

static PlaceEntry entry_of(const S3Entry *e, size_t skip, Arena *a)
{
    Str name = str_slice(e->key, skip, e->key.n);
    if (e->folder && str_ends(name, S("/")))
        name = str_slice(name, 0, name.n - 1);
    return (PlaceEntry){.path = str_from(arena_cstr(a, name)),
        .kind = e->folder ? PLACE_FOLDER : PLACE_FILE,
        .size_bytes = e->size_bytes,
        .etag = arena_copy(a, e->etag)};
}

static int compare_entries(const void *a, const void *b)
{
    const PlaceEntry *x = a, *y = b;
    return str_compare(x->path, y->path);
}

// Every page; paths from behind `skip` bytes of the key. A server that does not get on is not asked for ever.
static bool list_all(StoreBucket *b, Str prefix, bool folders, size_t skip, Arena *a, PlaceEntry **ret,
    size_t *ret_count, Err *err)
{
    CLEANUP(arena_closep) Arena *page_arena = arena_open();
    CLEANUP(buf_free) Buf after = buf_with_max(S3_KEY_MAX_BYTES + 1);
    size_t capacity = 0;
    *ret = NULL;
    *ret_count = 0;
    for (S3Page page = {.more = true}; page.more;) {
        arena_reset(page_arena);
        if (!s3_list(b->s3, prefix, buf_str(&after), folders, page_arena, &page, err))
            return false;
        Str last = {0};
        for (size_t i = 0; i < page.count; i++) {
            Str key = page.entries[i].key;
            if (!str_starts(key, prefix))
                return err_set(err, ERR_CORRUPT, "the S3 server's list has a key that was not asked for");
            if (str_compare(key, last) > 0)
                last = key;
            if (*ret_count >= GROUP_KEYS_MAX)
                return err_set(
                    err, ERR_LIMIT, "the bucket has more than %d keys in one folder", GROUP_KEYS_MAX);
            *arena_push(a, ret, ret_count, &capacity) = entry_of(&page.entries[i], skip, a);
        }
        if (page.more && str_compare(last, buf_str(&after)) <= 0)
            return err_set(err, ERR_CORRUPT, "the S3 server's list does not get on");
        Str copy = arena_copy(page_arena, last);
        buf_clear(&after);
        buf_add(&after, copy);
    }
    if (*ret_count)
        qsort(*ret, *ret_count, sizeof(**ret), compare_entries);
    return true;
}

bool bucket_list(StoreBucket *b, const char *folder, Arena *a, PlaceEntry **ret, size_t *ret_count, Err *err)
{
    Str prefix = folder_key(b, folder, a);
    return list_all(b, prefix, true, prefix.n, a, ret, ret_count, err);
}

bool bucket_tree(StoreBucket *b, const char *folder, Arena *a, PlaceEntry **ret, size_t *ret_count, Err *err)
{
    Str prefix = folder_key(b, folder, a);
    return list_all(b, prefix, false, prefix.n, a, ret, ret_count, err);
}

// ---- lists of neighbours

// The entries of one object among its neighbours: those that begin with "abc/urn.../".
static void find_object(const BucketGroup *group, Str object, PlaceEntry **ret, size_t *ret_count)
{
    size_t from = 0, to = group->count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (str_compare(group->entries[middle].path, object) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    *ret = group->entries + from;
    *ret_count = 0;
    while (from + *ret_count < group->count && str_starts(group->entries[from + *ret_count].path, object))
        ++*ret_count;
}

// The list of that folder, fetched or being fetched, or a place for it; NULL while every place is in use.
static BucketGroup *find_group(StoreBucket *b, Str folder)
{
    BucketGroup **unused = NULL;
    for (size_t i = 0; i < GROUPS; i++) {
        if (b->groups[i] && str_eq(str_from(b->groups[i]->folder), folder))
            return b->groups[i];
        if (!b->groups[i] ||
            (b->groups[i]->users == 0 && (!unused || (*unused && b->groups[i]->used < (*unused)->used))))
            unused = &b->groups[i];
    }
    if (!unused)
        return NULL;
    group_free(*unused);
    *unused = mem_alloc(sizeof(**unused));
    (*unused)->arena = arena_open();
    memcpy((*unused)->folder, folder.p, folder.n);
    return *unused;
}

// With the mutex in hand, which is let go while the server is asked. A list that could not be fetched is
// asked for anew by the next who wants it.
static bool fetch_group(StoreBucket *b, BucketGroup *group, Err *err)
{
    group->state = GROUP_FETCHING;
    pthread_mutex_unlock(&b->mutex);
    Str prefix = arena_printf(group->arena, FMT_STR "%s", ARG_STR(b->prefix), group->folder);
    bool good = list_all(b, prefix, false, b->prefix.n, group->arena, &group->entries, &group->count, err);
    pthread_mutex_lock(&b->mutex);
    group->state = good ? GROUP_READY : GROUP_NEW;
    pthread_cond_broadcast(&b->changed);
    return good;
}

bool bucket_keep_list(StoreBucket *b, const char *object_folder, BucketGroup **ret_group, PlaceEntry **ret,
    size_t *ret_count, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    const char *slash = strrchr(object_folder, '/');
    Str folder = {object_folder, slash ? (size_t)(slash - object_folder) + 1 : 0};
    BucketGroup *group;
    bool good = true;
    pthread_mutex_lock(&b->mutex);
    while (!(group = find_group(b, folder)))
        pthread_cond_wait(&b->changed, &b->mutex);
    group->users++;
    group->used = ++b->clock;
    while (group->state == GROUP_FETCHING)
        pthread_cond_wait(&b->changed, &b->mutex);
    if (group->state == GROUP_NEW)
        good = fetch_group(b, group, err);
    pthread_mutex_unlock(&b->mutex);
    if (!good) {
        bucket_drop_list(b, group);
        return false;
    }
    *ret_group = group;
    find_object(group, arena_printf(a, "%s/", object_folder), ret, ret_count);
    return true;
}

void bucket_drop_list(StoreBucket *b, BucketGroup *group)
{
    pthread_mutex_lock(&b->mutex);
    if (--group->users == 0)
        pthread_cond_broadcast(&b->changed);
    pthread_mutex_unlock(&b->mutex);
}

// ---- writing

bool bucket_put(StoreBucket *b, const char *path, Str bytes, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    return s3_put(b->s3, key_of(b, path, a), bytes, err);
}

bool bucket_put_file(StoreBucket *b, const char *path, int fd, const Sha512 *want, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    return s3_put_file(b->s3, key_of(b, path, a), fd, want, err);
}

bool bucket_has(
    StoreBucket *b, const char *path, const Sha512 *want, uint64_t size_bytes, bool *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    S3Head head;
    Err why = {0};
    *ret = false;
    if (s3_head(b->s3, key_of(b, path, a), a, &head, &why)) {
        *ret = head.size_bytes == size_bytes && str_eq_nocase(head.sha512, sha512_hex(a, want));
        return true;
    }
    *err = why;
    return why.kind == ERR_NOT_FOUND;
}

bool bucket_delete(StoreBucket *b, const char *path, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    return s3_delete(b->s3, key_of(b, path, a), err);
}

bool bucket_erase_old(StoreBucket *b, const char *folder, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    return s3_erase_old(b->s3, folder_key(b, folder, a), err);
}

// ---- the root

static bool same_root_file(Store *bucket, Store *like, const char *path, bool *ret_there, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str ours, theirs;
    Err why = {0};
    if (!place_read_all(like, path, ROOT_FILE_MAX_BYTES, a, &ours, err))
        return false;
    *ret_there = place_read_all(bucket, path, ROOT_FILE_MAX_BYTES, a, &theirs, &why);
    if (!*ret_there && why.kind == ERR_NOT_FOUND)
        return bucket_put(bucket->bucket, path, ours, err);
    if (!*ret_there) {
        *err = why;
        return false;
    }
    return str_eq(ours, theirs) ||
           err_set(
               err, ERR_INVALID, "the bucket has another %s than this vault: it is not a copy of it", path);
}

// A bucket (or prefix) with other things in it is no place for a vault.
static bool nothing_foreign(StoreBucket *b, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    PlaceEntry *entries;
    size_t count;
    if (!bucket_list(b, ".", a, &entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!str_eq(entries[i].path, S("extensions")) && !str_eq(entries[i].path, S("ocfl_layout.json")))
            return err_set(err, ERR_INVALID,
                "there are other things in the bucket already (" FMT_STR
                "); give the vault a prefix of its own",
                ARG_STR(str_slice(entries[i].path, 0, 100)));
    return true;
}

// The extensions' files, the layout, and the declaration last.
bool bucket_make_root(StoreBucket *b, Store *like, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Store there = {.bucket = b, .home = -1, .vault = -1};
    PlaceEntry *entries;
    size_t count;
    bool declared = false;
    Str text;
    Err why = {0};
    if (!place_read_all(&there, "0=ocfl_1.1", ROOT_FILE_MAX_BYTES, a, &text, &why)) {
        if (why.kind != ERR_NOT_FOUND) {
            *err = why;
            return false;
        }
        if (!nothing_foreign(b, err))
            return false;
    }
    if (!place_tree(like, "extensions", a, &entries, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!same_root_file(&there, like, arena_printf(a, "extensions/" FMT_STR, ARG_STR(entries[i].path)).p,
                &declared, err))
            return false;
    uint64_t tidied = 0;
    bool good = same_root_file(&there, like, "ocfl_layout.json", &declared, err) &&
                same_root_file(&there, like, "0=ocfl_1.1", &declared, err);
    if (good && !b->tidied)
        b->tidied = good = s3_abort_uploads(b->s3, b->prefix, &tidied, err);
    return good;
}
