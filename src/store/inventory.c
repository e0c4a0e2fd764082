// SPDX-License-Identifier: Apache-2.0
// inventory.json, in and out (https://ocfl.io/1.1/spec/#inventory).
#include "base/clock.h"
#include "base/json.h"
#include "base/utf8.h"
#include "store/int.h"

#include <stdio.h>
#include <stdlib.h>

// "v12" -> 12. Zero-padded versions are allowed by OCFL, discouraged (W001), and not read here.
static bool version_number(Str name, int *ret)
{
    return str_starts(name, S("v")) && name.n > 1 && name.p[1] != '0' &&
           str_to_int(str_slice(name, 1, name.n), 1, STORE_VERSION_MAX, ret);
}

static bool content_path_good(const StoreInventory *inventory, Str path)
{
    Str version, folder, rest;
    int number;
    return store_path_good(path) && str_cut(path, '/', &version, &rest) &&
           str_cut(rest, '/', &folder, &rest) && version_number(version, &number) &&
           number <= inventory->head && str_eq(folder, inventory->content_folder);
}

int store_content_compare(const void *a, const void *b)
{
    const StoreContent *x = a, *y = b;
    int order = memcmp(x->digest.bytes, y->digest.bytes, SHA512_BYTES);
    return order ? order : str_compare(x->path, y->path);
}

int store_state_compare(const void *a, const void *b)
{
    const StoreState *x = a, *y = b;
    int order = memcmp(x->digest.bytes, y->digest.bytes, SHA512_BYTES);
    return order ? order : str_compare(x->path, y->path);
}

int store_state_compare_path(const void *a, const void *b)
{
    const StoreState *x = a, *y = b;
    return str_compare(x->path, y->path);
}

// A map of digest to list of paths, flattened: both the manifest and a state have this form.
static bool read_digests(
    const Json *map, const char *what, Arena *a, StoreState **ret, size_t *ret_count, Err *err)
{
    size_t count = 0, capacity = 0;
    *ret = NULL;
    if (!map || map->kind != JSON_IS_MAP)
        return err_set(err, ERR_CORRUPT, "the inventory has no %s", what);
    for (size_t i = 0; i < map->count; i++) {
        Sha512 digest;
        const Json *paths = &map->items[i];
        if (!sha512_from_hex(map->names[i], &digest))
            return err_set(err, ERR_CORRUPT, "the inventory's %s has a key that is no SHA-512", what);
        if (paths->kind != JSON_IS_LIST || paths->count == 0)
            return err_set(err, ERR_CORRUPT, "the inventory's %s has a digest without paths", what);
        for (size_t j = 0; j < paths->count; j++)
            *arena_push(a, ret, &count, &capacity) = (StoreState){paths->items[j].text, digest};
    }
    *ret_count = count;
    return true;
}

static bool read_manifest(const Json *tree, Arena *a, StoreInventory *inventory, Err *err)
{
    StoreState *entries;
    size_t count;
    if (!read_digests(json_find(tree, S("manifest")), "manifest", a, &entries, &count, err))
        return false;
    inventory->contents = arena_array(a, StoreContent, count);
    inventory->contents_count = count;
    for (size_t i = 0; i < count; i++) {
        if (!content_path_good(inventory, entries[i].path))
            return err_set(err, ERR_CORRUPT,
                "the inventory's manifest names a file outside of the object's content: " FMT_STR,
                ARG_STR(str_slice(entries[i].path, 0, 200)));
        inventory->contents[i] = (StoreContent){entries[i].digest, entries[i].path};
    }
    qsort(inventory->contents, count, sizeof(*inventory->contents), store_content_compare);
    return true;
}

bool store_inventory_parse(Str json, Arena *a, StoreInventory *ret, Err *err)
{
    StoreInventory inventory = {0};
    if (!json_is_small(json, STORE_INVENTORY_VALUES_MAX))
        return err_set(err, ERR_LIMIT, "the inventory has more than %d values", STORE_INVENTORY_VALUES_MAX);
    const Json *tree = json_parse(json, a, err);
    if (!tree) {
        err->kind = ERR_CORRUPT;
        return false;
    }
    inventory.uri = json_text(tree, S("id"));
    if (inventory.uri.n == 0)
        return err_set(err, ERR_CORRUPT, "the inventory has no id");
    Str algorithm = json_text(tree, S("digestAlgorithm"));
    if (!str_eq(algorithm, S("sha512")))
        return err_set(err, ERR_UNSUPPORTED,
            "the inventory's digest algorithm is \"" FMT_STR "\", not sha512",
            ARG_STR(str_slice(algorithm, 0, 40)));
    if (!version_number(json_text(tree, S("head")), &inventory.head))
        return err_set(err, ERR_CORRUPT, "the inventory's head is not a version");
    inventory.content_folder = json_text(tree, S("contentDirectory"));
    if (inventory.content_folder.n == 0)
        inventory.content_folder = S("content");
    inventory.versions = json_find(tree, S("versions"));
    if (!inventory.versions || inventory.versions->kind != JSON_IS_MAP ||
        inventory.versions->count != (size_t)inventory.head)
        return err_set(err, ERR_CORRUPT, "the inventory's versions do not run from v1 to its head");
    if (!read_manifest(tree, a, &inventory, err))
        return false;
    *ret = inventory;
    return true;
}

const Json *store_inventory_version(const StoreInventory *inventory, int version)
{
    char name[16];
    int n = snprintf(name, sizeof(name), "v%d", version);
    return json_find(inventory->versions, (Str){name, (size_t)n});
}

const StoreContent *store_inventory_find(const StoreInventory *inventory, const Sha512 *digest)
{
    size_t low = 0, high = inventory->contents_count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (memcmp(inventory->contents[mid].digest.bytes, digest->bytes, SHA512_BYTES) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low < inventory->contents_count && sha512_eq(&inventory->contents[low].digest, digest)
               ? &inventory->contents[low]
               : NULL;
}

bool store_inventory_state(
    const StoreInventory *inventory, int version, Arena *a, StoreState **ret, size_t *ret_count, Err *err)
{
    StoreState *states;
    size_t count;
    if (version < 1 || version > inventory->head)
        return err_set(err, ERR_NOT_FOUND, "there is no version %d", version);
    const Json *block = store_inventory_version(inventory, version);
    if (!read_digests(json_find(block, S("state")), "state", a, &states, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (!store_path_good(states[i].path))
            return err_set(err, ERR_CORRUPT, "version %d has a file with a bad path", version);
        if (!store_inventory_find(inventory, &states[i].digest))
            return err_set(err, ERR_CORRUPT, "the manifest does not have " FMT_STR " of version %d",
                ARG_STR(str_slice(states[i].path, 0, 200)), version);
    }
    if (count)
        qsort(states, count, sizeof(*states), store_state_compare_path);
    *ret = states;
    *ret_count = count;
    return true;
}

static void put_digest_name(JsonWriter *w, const Sha512 *digest, Arena *a)
{
    json_put_name(w, sha512_hex(a, digest));
}

static void write_manifest(JsonWriter *w, const StoreInventoryDraft *draft, Arena *a)
{
    json_put_name(w, S("manifest"));
    json_put_map(w);
    for (size_t i = 0; i < draft->contents_count; i++) {
        const StoreContent *content = &draft->contents[i];
        if (i == 0 || !sha512_eq(&content[-1].digest, &content->digest)) {
            if (i)
                json_put_list_end(w);
            put_digest_name(w, &content->digest, a);
            json_put_list(w);
        }
        json_put_text(w, content->path);
    }
    if (draft->contents_count)
        json_put_list_end(w);
    json_put_map_end(w);
}

static void write_state(JsonWriter *w, const StoreInventoryDraft *draft, Arena *a)
{
    json_put_name(w, S("state"));
    json_put_map(w);
    for (size_t i = 0; i < draft->states_count; i++) {
        const StoreState *state = &draft->states[i];
        if (i == 0 || !sha512_eq(&state[-1].digest, &state->digest)) {
            if (i)
                json_put_list_end(w);
            put_digest_name(w, &state->digest, a);
            json_put_list(w);
        }
        json_put_text(w, state->path);
    }
    if (draft->states_count)
        json_put_list_end(w);
    json_put_map_end(w);
}

// The block of a version. OCFL wants a message, a user and an address that is a URI (W007 to W009).
static void write_version(
    JsonWriter *w, const StoreInventoryDraft *draft, int version, const StoreNote *note, Arena *a)
{
    json_put_name(w, arena_printf(a, "v%d", version));
    json_put_map(w);
    Str name = note->user_name.n ? note->user_name : S("unknown");
    Str address = note->user_address;
    if (!memchr(address.n ? address.p : "", ':', address.n))
        address = memchr(address.n ? address.p : "", '@', address.n)
                      ? arena_printf(a, "mailto:" FMT_STR, ARG_STR(address))
                      : arena_printf(a, "urn:vitrine:agent:" FMT_STR, ARG_STR(uri_encode(a, name, "")));
    json_put_member(w, S("created"), time_rfc3339_ms(a, note->created_ms));
    json_put_member(w, S("message"), note->message.n ? note->message : S("no reason was given"));
    json_put_name(w, S("user"));
    json_put_map(w);
    json_put_member(w, S("name"), name);
    json_put_member(w, S("address"), address);
    json_put_map_end(w);
    write_state(w, draft, a);
    json_put_map_end(w);
}

void store_inventory_write(const StoreInventoryDraft *draft, Arena *a, Buf *out)
{
    JsonWriter w = json_writer(out);
    char head[16];
    Str head_name = {head, (size_t)snprintf(head, sizeof(head), "v%d", draft->head)};
    json_put_map(&w);
    json_put_member(&w, S("id"), draft->uri);
    json_put_member(&w, S("type"), S("https://ocfl.io/1.1/spec/#inventory"));
    json_put_member(&w, S("digestAlgorithm"), S("sha512"));
    json_put_member(&w, S("head"), head_name);
    if (!str_eq(draft->content_folder, S("content")))
        json_put_member(&w, S("contentDirectory"), draft->content_folder);
    write_manifest(&w, draft, a);
    json_put_name(&w, S("versions"));
    json_put_map(&w);
    for (size_t i = 0; draft->older && i < draft->older->count; i++) {
        json_put_name(&w, draft->older->names[i]);
        json_put_tree(&w, &draft->older->items[i]);
    }
    for (int i = 1; draft->earlier && i < draft->head; i++)
        write_version(&w, draft, i, &draft->earlier[i - 1], a);
    write_version(&w, draft, draft->head, draft->note, a);
    json_put_map_end(&w);
    json_put_map_end(&w);
    buf_add_char(out, '\n');
}

bool store_sidecar_parse(Str text, Sha512 *ret)
{
    size_t hex = 2 * SHA512_BYTES;
    return text.n > hex && (text.p[hex] == ' ' || text.p[hex] == '\t') &&
           str_eq(str_trim(str_slice(text, hex, text.n)), S("inventory.json")) &&
           sha512_from_hex(str_slice(text, 0, hex), ret);
}

Str store_sidecar_of(Arena *a, Str inventory_json)
{
    Sha512 digest = sha512_of(inventory_json);
    return arena_printf(a, FMT_STR " inventory.json\n", ARG_STR(sha512_hex(a, &digest)));
}
