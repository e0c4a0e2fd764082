// SPDX-License-Identifier: Apache-2.0
// One object into the bucket. Nothing is there before inventory.json is; killed anywhere, the next run finds
// by the list what is there already and sends the rest.
#include "base/file.h"
#include "store/bucket.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>

typedef struct {
    Store *to, *from;
    Arena *arena;
    StoreFolder folder;       // the same in both
    StoreInventory inventory; // of the object as it is in `from`
    Str json;                 // of its head
    const PlaceEntry *there;  // what the bucket has of it; paths from the root of the vault
    size_t there_count;
    bool known;     // the bucket has this very inventory
    bool withdrawn; // it is to be erased there
    bool sent;      // anything
} Sending;

static const char *path_of(Sending *s, const char *part)
{
    return arena_printf(s->arena, "%s/%s", s->folder.path, part).p;
}

static const PlaceEntry *find_there(const Sending *s, const char *path)
{
    size_t from = 0, to = s->there_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = str_compare(s->there[middle].path, str_from(path));
        if (order == 0)
            return &s->there[middle];
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

// An ETag that is the MD5 of what we have: the bucket has the same. Another one need not mean that it has
// not.
static bool has_md5(const PlaceEntry *entry, Str bytes, Arena *a)
{
    unsigned char md5[EVP_MAX_MD_SIZE];
    unsigned int n = 0;
    if (!entry || entry->size_bytes != bytes.n)
        return false;
    if (!EVP_Digest(bytes.p, bytes.n, md5, &n, EVP_md5(), NULL))
        abort();
    return str_eq_nocase(entry->etag, hex_from_bytes(a, md5, n));
}

// What is the object there? Another, or a newer one, is left alone.
static bool look(Sending *s, bool withdrawals, bool *ret_fresh, Err *err)
{
    const PlaceEntry *root = find_there(s, path_of(s, "inventory.json"));
    StoreInventory theirs;
    StoreRelation relation;
    *ret_fresh = !root;
    if (!root)
        return true;
    if (has_md5(root, s->json, s->arena)) {
        s->known = true;
        s->withdrawn = store_is_withdrawn(&s->inventory);
        return true;
    }
    if (!store_load(s->to, &s->folder, s->arena, &theirs, err))
        return false;
    if (!store_compare(&theirs, &s->inventory, withdrawals, &relation, err))
        return false;
    s->withdrawn = relation == STORE_WITHDRAWN;
    return true;
}

// Whose inventory.json is there was whole once: what is missing now, or is longer or shorter, was damaged
// since. That is told and mended on demand (bucket_mend), never on the way.
static bool still_there(const Sending *s, const char *path, uint64_t size_bytes, bool *ret, Err *err)
{
    const PlaceEntry *entry = find_there(s, path);
    *ret = s->known && !s->withdrawn && entry && entry->size_bytes == size_bytes;
    return *ret || !s->known || s->withdrawn ||
           err_set(err, ERR_CORRUPT, "%s is damaged in the bucket", path);
}

// may_lack: a killed run can have left the object without it.
static bool put_small(Sending *s, const char *part, bool may_lack, Str bytes, Err *err)
{
    const char *path = path_of(s, part);
    bool there;
    if (has_md5(find_there(s, path), bytes, s->arena))
        return true;
    if (!still_there(s, path, bytes.n, &there, err) && !may_lack)
        return false;
    if (there)
        return true;
    s->sent = true;
    return bucket_put(s->to->bucket, path, bytes, err);
}

// Content never changes. What is there with the right size is believed if the whole object was there before;
// else, a killed run left it, and it says which digest it was sent with.
static bool put_content(Sending *s, const StoreContent *content, Err *err)
{
    const char *path = path_of(s, arena_cstr(s->arena, content->path));
    const PlaceEntry *entry = find_there(s, path);
    uint64_t size;
    bool there;
    CLEANUP(fd_closep) int fd = store_file_open(s->from->vault, path, err);
    if (fd < 0 || !file_size(fd, &size, err) || !still_there(s, path, size, &there, err))
        return false;
    if (!there && entry && entry->size_bytes == size &&
        !bucket_has(s->to->bucket, path, &content->digest, size, &there, err))
        return false;
    if (there)
        return true;
    s->sent = true;
    if (bucket_put_file(s->to->bucket, path, fd, &content->digest, err))
        return true;
    return err->kind != ERR_CORRUPT
               ? false
               : err_set(err, ERR_CORRUPT, FMT_STR " is damaged", ARG_STR(content->path));
}

// An inventory and its sidecar, compared on the way. The head's is the root's as well.
static bool read_pair(Sending *s, const char *prefix, Str *ret_json, Str *ret_sidecar, Err *err)
{
    Sha512 want, have;
    const char *path = path_of(s, arena_printf(s->arena, "%sinventory.json", prefix).p);
    if (!place_read_all(s->from, path, STORE_INVENTORY_MAX_BYTES, s->arena, ret_json, err) ||
        !place_read_all(
            s->from, arena_printf(s->arena, "%s.sha512", path).p, 4096, s->arena, ret_sidecar, err))
        return false;
    have = sha512_of(*ret_json);
    return (store_sidecar_parse(*ret_sidecar, &want) && sha512_eq(&have, &want)) ||
           err_set(err, ERR_CORRUPT, "%sinventory.json does not match its sidecar", prefix);
}

static bool put_version(Sending *s, int version, Err *err)
{
    Str json, sidecar;
    const char *prefix = arena_printf(s->arena, "v%d/", version).p;
    return read_pair(s, prefix, &json, &sidecar, err) &&
           put_small(s, arena_printf(s->arena, "%sinventory.json", prefix).p, false, json, err) &&
           put_small(s, arena_printf(s->arena, "%sinventory.json.sha512", prefix).p, false, sidecar, err);
}

// Content, then the versions, newest first: when the older ones are replaced (a withdrawal), the head's
// sidecar is there to vouch for the new root.
static bool put_parts(Sending *s, int from_version, int to_version, Err *err)
{
    for (size_t i = 0; to_version == s->inventory.head && i < s->inventory.contents_count; i++)
        if (!put_content(s, &s->inventory.contents[i], err))
            return false;
    for (int i = to_version; i >= from_version; i--)
        if (!put_version(s, i, err))
            return false;
    return true;
}

// New: the sidecar first, so that inventory.json makes the object. There already: inventory.json first, which
// the newest version's sidecar vouches for; a reader in between finds the new one whole.
static bool put_root(Sending *s, bool fresh, Err *err)
{
    Str json, sidecar;
    if (!read_pair(s, "", &json, &sidecar, err) ||
        !put_small(s, "0=ocfl_object_1.1", false, S("ocfl_object_1.1\n"), err))
        return false;
    return fresh ? put_small(s, "inventory.json.sha512", true, sidecar, err) &&
                       put_small(s, "inventory.json", true, json, err)
                 : put_small(s, "inventory.json", true, json, err) &&
                       put_small(s, "inventory.json.sha512", true, sidecar, err);
}

static bool is_part(Sending *s, Str path)
{
    if (!str_starts(path, arena_printf(s->arena, "%s/", s->folder.path)))
        return false;
    Str part = str_slice(path, strlen(s->folder.path) + 1, path.n);
    for (size_t i = 0; i < s->inventory.contents_count; i++)
        if (str_eq(part, s->inventory.contents[i].path))
            return true;
    for (int i = 0; i <= s->inventory.head; i++) {
        Str prefix = i ? arena_printf(s->arena, "v%d/", i) : S("");
        if (str_eq(part, arena_printf(s->arena, FMT_STR "inventory.json", ARG_STR(prefix))) ||
            str_eq(part, arena_printf(s->arena, FMT_STR "inventory.json.sha512", ARG_STR(prefix))))
            return true;
    }
    return str_eq(part, S("0=ocfl_object_1.1"));
}

// After a withdrawal: everything that the object no longer has, and what the bucket kept of what was written
// over.
static bool erase_rest(Sending *s, Err *err)
{
    bool any = s->sent;
    for (size_t i = 0; i < s->there_count; i++) {
        if (is_part(s, s->there[i].path))
            continue;
        any = true;
        if (!bucket_delete(s->to->bucket, s->there[i].path.p, err))
            return false;
    }
    s->sent = any;
    return bucket_erase_old(s->to->bucket, s->folder.path, err);
}

static bool send_parts(Sending *s, bool withdrawals, Err *err)
{
    bool fresh;
    int head = s->inventory.head;
    if (!look(s, withdrawals, &fresh, err))
        return false;
    if (!s->withdrawn)
        return put_parts(s, 1, head, err) && put_root(s, fresh, err);
    return put_parts(s, head, head, err) && put_root(s, fresh, err) && put_parts(s, 1, head - 1, err) &&
           erase_rest(s, err);
}

// Everything of the object anew, from ours, which is compared on the way; unless the bucket has another.
bool bucket_mend(Store *to, Store *from, Str object_id, StoreMended *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Sending s = {.to = to, .from = from, .arena = a};
    StoreInventory theirs;
    StoreRelation relation;
    Err why = {0};
    if (from->bucket)
        return err_set(err, ERR_UNSUPPORTED, "a bucket is mended from a folder only");
    if (!store_load_named(from, object_id, a, &s.folder, &s.inventory, err))
        return false;
    if (store_load(to, &s.folder, a, &theirs, &why)
            ? !store_compare(&theirs, &s.inventory, false, &relation, err)
            : place_is_about_the_way(to, &why))
        return why.kind == ERR_NONE ? false : err_set(err, why.kind, "%s", why.text);
    if (!put_parts(&s, 1, s.inventory.head, err) || !put_root(&s, true, err))
        return false;
    *ret = (StoreMended){.mended = (int)s.inventory.contents_count};
    return true;
}

bool bucket_send(Store *to, Store *from, Str object_id, bool withdrawals, bool *ret_new, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Sending s = {.to = to, .from = from, .arena = a};
    BucketGroup *group;
    PlaceEntry *there;
    Err why = {0};
    assert(to->bucket && !from->bucket);
    if (!store_load_id(from, object_id, a, &s.folder, &s.inventory, err) ||
        !place_read_all(from, path_of(&s, "inventory.json"), STORE_INVENTORY_MAX_BYTES, a, &s.json, err) ||
        !bucket_keep_list(to->bucket, s.folder.path, &group, &there, &s.there_count, err))
        return false;
    s.there = there;
    bool good = send_parts(&s, withdrawals, &why);
    bucket_drop_list(to->bucket, group);
    *ret_new = s.sent;
    return good || err_set(err, why.kind, "object " FMT_STR ": %s", ARG_STR(object_id), why.text);
}
