// SPDX-License-Identifier: Apache-2.0
#include "base/clock.h"
#include "base/digest.h"
#include "preserve/anydigest.h"
#include "preserve/ocfl_int.h"

#include <stdio.h>
#include <stdlib.h>

#define NAMED(inventory) ARG_STR((inventory)->name)

static int compare_path(const void *a, const void *b)
{
    const OcflEntry *x = a, *y = b;
    return str_compare(x->path, y->path);
}

static int compare_text(const void *a, const void *b)
{
    const Str *x = a, *y = b;
    return str_compare(*x, *y);
}

const OcflEntry *ocfl_find(const OcflEntry *entries, size_t count, Str path)
{
    OcflEntry key = {.path = path};
    return count ? bsearch(&key, entries, count, sizeof(*entries), compare_path) : NULL;
}

bool ocfl_is_uri(Str text)
{
    Str scheme, rest;
    if (!str_cut(text, ':', &scheme, &rest) || scheme.n == 0 || rest.n == 0)
        return false;
    for (size_t i = 0; i < scheme.n; i++) {
        char c = scheme.p[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (!letter && (i == 0 || !((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.')))
            return false;
    }
    return true;
}

// ---- paths

static bool parts_good(Str path)
{
    for (Str rest = path, part; str_next(&rest, '/', &part);)
        if (part.n == 0 || str_eq(part, S(".")) || str_eq(part, S("..")))
            return false;
    return true;
}

static bool ends_good(Str path)
{
    return path.n && path.p[0] != '/' && path.p[path.n - 1] != '/';
}

// Two entries with one path, or a path that is also a folder of another. Entries come by path.
static bool conflict(const OcflEntry *entries, size_t count, Str *ret)
{
    for (size_t i = 0; i + 1 < count; i++)
        for (size_t j = i + 1; j < count && str_starts(entries[j].path, entries[i].path); j++)
            if (entries[j].path.n == entries[i].path.n || entries[j].path.p[entries[i].path.n] == '/') {
                *ret = entries[i].path;
                return true;
            }
    return false;
}

// ---- digests

static bool is_digest(Str text, Str algorithm)
{
    unsigned char bytes[64];
    size_t count = anydigest_bytes(algorithm);
    return count && hex_to_bytes(text, bytes, count);
}

// The same digest twice, in another case.
static bool twice(OcflLook *look, const Json *map)
{
    Str *names = arena_array(look->arena, Str, map->count);
    for (size_t i = 0; i < map->count; i++) {
        char *lower = arena_alloc(look->arena, map->names[i].n + 1);
        for (size_t j = 0; j < map->names[i].n; j++) {
            char c = map->names[i].p[j];
            lower[j] = c >= 'A' && c <= 'F' ? (char)(c + 'a' - 'A') : c;
        }
        names[i] = (Str){lower, map->names[i].n};
    }
    if (map->count)
        qsort(names, map->count, sizeof(*names), compare_text);
    for (size_t i = 0; i + 1 < map->count; i++)
        if (str_eq(names[i], names[i + 1]))
            return true;
    return false;
}

// ---- versions

static bool version_number(Str name, int *ret)
{
    return str_starts(name, S("v")) && name.n > 1 && name.n < 10 && name.p[1] != '-' &&
           str_to_int(str_slice(name, 1, name.n), 1, 99999999, ret);
}

Str ocfl_version_name(Arena *a, const OcflInventory *inventory, int version)
{
    return arena_printf(a, "v%0*d", inventory->width, version);
}

const Json *ocfl_version(const OcflInventory *inventory, Arena *a, int version)
{
    const Json *versions = json_find(inventory->tree, S("versions"));
    return versions && versions->kind == JSON_IS_MAP
               ? json_find(versions, ocfl_version_name(a, inventory, version))
               : NULL;
}

static void check_user(OcflLook *look, const OcflInventory *inventory, Str version, const Json *user)
{
    const Json *name = json_find(user, S("name")), *address = json_find(user, S("address"));
    if (!user) {
        ocfl_tell(look, "W007", FMT_STR ": " FMT_STR " names no user", NAMED(inventory), ARG_STR(version));
    } else if (user->kind != JSON_IS_MAP || !name || name->kind != JSON_IS_TEXT || name->text.n == 0) {
        ocfl_tell(look, "E054", FMT_STR ": the user of " FMT_STR " has no name", NAMED(inventory),
            ARG_STR(version));
    } else if (!address) {
        ocfl_tell(look, "W008", FMT_STR ": the user of " FMT_STR " has no address", NAMED(inventory),
            ARG_STR(version));
    } else if (address->kind != JSON_IS_TEXT || !ocfl_is_uri(address->text)) {
        ocfl_tell(look, "W009", FMT_STR ": the user's address in " FMT_STR " is not a URI", NAMED(inventory),
            ARG_STR(version));
    }
}

static void check_block(OcflLook *look, const OcflInventory *inventory, Str version, const Json *block)
{
    const Json *created = json_find(block, S("created")), *message = json_find(block, S("message"));
    const Json *state = json_find(block, S("state"));
    int64_t time_ms;
    if (!created)
        ocfl_tell(look, "E048", FMT_STR ": " FMT_STR " has no date", NAMED(inventory), ARG_STR(version));
    else if (created->kind != JSON_IS_TEXT || !time_parse_rfc3339(created->text, &time_ms))
        ocfl_tell(look, "E049", FMT_STR ": the date of " FMT_STR " is not RFC 3339 with seconds and zone",
            NAMED(inventory), ARG_STR(version));
    if (!message)
        ocfl_tell(look, "W007", FMT_STR ": " FMT_STR " has no message", NAMED(inventory), ARG_STR(version));
    else if (message->kind != JSON_IS_TEXT)
        ocfl_tell(look, "E094", FMT_STR ": the message of " FMT_STR " is not text", NAMED(inventory),
            ARG_STR(version));
    check_user(look, inventory, version, json_find(block, S("user")));
    if (!state)
        ocfl_tell(look, "E048", FMT_STR ": " FMT_STR " has no state", NAMED(inventory), ARG_STR(version));
    else if (state->kind != JSON_IS_MAP)
        ocfl_tell(look, "E050", FMT_STR ": the state of " FMT_STR " is not a map", NAMED(inventory),
            ARG_STR(version));
}

// ---- lists of paths under digests: manifest, state, fixity

typedef struct {
    const char *not_text, *bad_ends, *bad_parts, *same;
} PathCodes;

static bool flatten(
    OcflLook *look, Str where, const Json *map, const PathCodes *codes, OcflEntry **ret, size_t *ret_count)
{
    size_t count = 0, capacity = 0;
    Str path;
    bool good = true;
    *ret = NULL;
    for (size_t i = 0; i < map->count; i++)
        for (size_t j = 0; j < map->items[i].count || j == 0; j++) {
            const Json *item = map->items[i].kind == JSON_IS_LIST && j < map->items[i].count
                                   ? &map->items[i].items[j]
                                   : NULL;
            if (!item || item->kind != JSON_IS_TEXT) {
                ocfl_tell(look, codes->not_text, FMT_STR ": a digest has no list of paths", ARG_STR(where));
                good = false;
                break;
            }
            if (!ends_good(item->text))
                ocfl_tell(look, codes->bad_ends, FMT_STR ": bad path " FMT_STR, ARG_STR(where),
                    ARG_STR(item->text));
            else if (!parts_good(item->text))
                ocfl_tell(look, codes->bad_parts, FMT_STR ": bad path " FMT_STR, ARG_STR(where),
                    ARG_STR(item->text));
            *arena_push(look->arena, ret, &count, &capacity) = (OcflEntry){item->text, map->names[i]};
        }
    if (count)
        qsort(*ret, count, sizeof(**ret), compare_path);
    if (conflict(*ret, count, &path))
        ocfl_tell(look, codes->same, FMT_STR ": the path " FMT_STR " stands there twice", ARG_STR(where),
            ARG_STR(path));
    *ret_count = count;
    return good;
}

static const PathCodes content_codes = {"E092", "E100", "E099", "E101"};
static const PathCodes logical_codes = {"E051", "E053", "E052", "E095"};

bool ocfl_state(const OcflInventory *inventory, Arena *a, int version, OcflEntry **ret, size_t *ret_count)
{
    OcflSum ignored = {0};
    OcflLook quiet = {.arena = a, .sum = &ignored};
    const Json *state = json_find(ocfl_version(inventory, a, version), S("state"));
    return state && state->kind == JSON_IS_MAP &&
           flatten(&quiet, (Str){0}, state, &logical_codes, ret, ret_count);
}

static void check_content_path(OcflLook *look, const OcflInventory *inventory, Str path)
{
    Str version, folder, rest;
    int number;
    if (!ends_good(path) || !parts_good(path))
        return; // told already
    if (!str_cut(path, '/', &version, &rest) || !version_number(version, &number))
        ocfl_tell(look, "E042", FMT_STR ": " FMT_STR " is not in a version", NAMED(inventory), ARG_STR(path));
    else if (!str_cut(rest, '/', &folder, &rest) || !str_eq(folder, inventory->content_folder))
        ocfl_tell(look, "E019", FMT_STR ": " FMT_STR " is not in the content folder", NAMED(inventory),
            ARG_STR(path));
}

static void check_manifest(OcflLook *look, OcflInventory *inventory)
{
    const Json *manifest = json_find(inventory->tree, S("manifest"));
    if (!manifest || manifest->kind != JSON_IS_MAP) {
        ocfl_tell(look, manifest ? "E106" : "E041", FMT_STR " has no manifest", NAMED(inventory));
        return;
    }
    if (twice(look, manifest))
        ocfl_tell(look, "E096", FMT_STR ": the manifest has a digest twice", NAMED(inventory));
    for (size_t i = 0; i < manifest->count; i++)
        if (!is_digest(manifest->names[i], inventory->algorithm))
            ocfl_tell(look, "E025", FMT_STR ": the manifest has a key that is no " FMT_STR, NAMED(inventory),
                ARG_STR(inventory->algorithm));
    flatten(
        look, inventory->name, manifest, &content_codes, &inventory->manifest, &inventory->manifest_count);
    for (size_t i = 0; i < inventory->manifest_count; i++)
        check_content_path(look, inventory, inventory->manifest[i].path);
}

// E050: a state's digests stand in the manifest, letter by letter. E107: and the other way round.
static void check_states(OcflLook *look, const OcflInventory *inventory)
{
    const Json *manifest = json_find(inventory->tree, S("manifest"));
    size_t count = 0, capacity = 0;
    Str *used = NULL, *known = NULL;
    if (!manifest || manifest->kind != JSON_IS_MAP)
        return;
    known = arena_array(look->arena, Str, manifest->count);
    if (manifest->count) {
        memcpy(known, manifest->names, manifest->count * sizeof(*known));
        qsort(known, manifest->count, sizeof(*known), compare_text);
    }
    for (int version = 1; version <= inventory->head; version++) {
        const Json *state = json_find(ocfl_version(inventory, look->arena, version), S("state"));
        OcflEntry *entries;
        size_t entries_count;
        if (!state || state->kind != JSON_IS_MAP)
            continue;
        flatten(look, inventory->name, state, &logical_codes, &entries, &entries_count);
        for (size_t i = 0; i < state->count; i++) {
            *arena_push(look->arena, &used, &count, &capacity) = state->names[i];
            if (!manifest->count ||
                !bsearch(&state->names[i], known, manifest->count, sizeof(*known), compare_text))
                ocfl_tell(look, "E050", FMT_STR ": v%d has a digest that the manifest has not",
                    NAMED(inventory), version);
        }
    }
    if (count)
        qsort(used, count, sizeof(*used), compare_text);
    for (size_t i = 0; i < manifest->count && inventory->spec > 10; i++)
        if (!count || !bsearch(&manifest->names[i], used, count, sizeof(*used), compare_text))
            ocfl_tell(
                look, "E107", FMT_STR ": the manifest has a digest that no version uses", NAMED(inventory));
}

static void check_fixity(OcflLook *look, const OcflInventory *inventory)
{
    const Json *fixity = json_find(inventory->tree, S("fixity"));
    if (!fixity)
        return;
    if (fixity->kind != JSON_IS_MAP) {
        ocfl_tell(look, "E111", FMT_STR ": fixity is not a map", NAMED(inventory));
        return;
    }
    for (size_t i = 0; i < fixity->count; i++) {
        OcflEntry *entries;
        size_t count;
        if (fixity->items[i].kind != JSON_IS_MAP) {
            ocfl_tell(look, "E057", FMT_STR ": fixity has no digests for " FMT_STR, NAMED(inventory),
                ARG_STR(fixity->names[i]));
            continue;
        }
        if (twice(look, &fixity->items[i]))
            ocfl_tell(look, "E097", FMT_STR ": fixity has a digest twice", NAMED(inventory));
        flatten(look, inventory->name, &fixity->items[i], &content_codes, &entries, &count);
    }
}

// ---- the whole

static void check_padding(OcflLook *look, const OcflInventory *inventory, const Json *versions)
{
    for (size_t i = 0; i < versions->count; i++) {
        Str name = versions->names[i];
        bool padded = name.n > 1 && name.p[1] == '0';
        if (inventory->width && (!padded || name.n != (size_t)inventory->width + 1))
            ocfl_tell(look, padded ? "E012" : "E011",
                FMT_STR ": the version " FMT_STR " is not padded as the first is", NAMED(inventory),
                ARG_STR(name));
        else if (!inventory->width && padded)
            ocfl_tell(look, "E012", FMT_STR ": the version " FMT_STR " is padded, the first is not",
                NAMED(inventory), ARG_STR(name));
    }
    if (inventory->width)
        ocfl_tell(look, "W001", FMT_STR ": version names are padded with zeros", NAMED(inventory));
}

static void check_versions(OcflLook *look, OcflInventory *inventory)
{
    const Json *versions = json_find(inventory->tree, S("versions"));
    const Json *head = json_find(inventory->tree, S("head"));
    int number, highest = 0;
    if (!versions || versions->kind != JSON_IS_MAP) {
        ocfl_tell(look, versions ? "E044" : "E043", FMT_STR " has no versions", NAMED(inventory));
        return;
    }
    if (versions->count == 0)
        ocfl_tell(look, "E008", FMT_STR " has no version", NAMED(inventory));
    for (size_t i = 0; i < versions->count; i++) {
        Str name = versions->names[i];
        if (!version_number(name, &number)) {
            ocfl_tell(look, "E046", FMT_STR ": " FMT_STR " is not the name of a version", NAMED(inventory),
                ARG_STR(name));
            continue;
        }
        highest = MAX_OF(highest, number);
        if (number == 1 && name.n > 2)
            inventory->width = (int)name.n - 1;
        if (versions->items[i].kind != JSON_IS_MAP)
            ocfl_tell(
                look, "E047", FMT_STR ": " FMT_STR " is not described", NAMED(inventory), ARG_STR(name));
        else
            check_block(look, inventory, name, &versions->items[i]);
    }
    check_padding(look, inventory, versions);
    inventory->head = MIN_OF(highest, (int)versions->count);
    if ((size_t)highest != versions->count)
        ocfl_tell(look, "E010", FMT_STR ": the versions are not numbered 1 to %zu", NAMED(inventory),
            versions->count);
    if (head && (head->kind != JSON_IS_TEXT || !version_number(head->text, &number) || number != highest))
        ocfl_tell(look, "E040", FMT_STR ": head is not the newest version", NAMED(inventory));
}

static void check_head_matter(OcflLook *look, OcflInventory *inventory, int declared_spec)
{
    static const char *const required[] = {"id", "type", "digestAlgorithm", "head"};
    const Json *id = json_find(inventory->tree, S("id")), *type = json_find(inventory->tree, S("type"));
    const Json *folder = json_find(inventory->tree, S("contentDirectory"));
    for (size_t i = 0; i < COUNT_OF(required); i++)
        if (!json_find(inventory->tree, str_from(required[i])))
            ocfl_tell(look, "E036", FMT_STR " has no %s", NAMED(inventory), required[i]);
    inventory->id = json_text(inventory->tree, S("id"));
    if (id && inventory->id.n == 0)
        ocfl_tell(look, "E037", FMT_STR ": the id is not text", NAMED(inventory));
    else if (id && !ocfl_is_uri(inventory->id))
        ocfl_tell(look, "W005", FMT_STR ": the id is not a URI", NAMED(inventory));
    Str text = json_text(inventory->tree, S("type"));
    inventory->spec = str_eq(text, S("https://ocfl.io/1.1/spec/#inventory"))   ? 11
                      : str_eq(text, S("https://ocfl.io/1.0/spec/#inventory")) ? 10
                                                                               : 0;
    if (type && (!inventory->spec || (declared_spec && inventory->spec != declared_spec)))
        ocfl_tell(
            look, "E038", FMT_STR ": the type is not that of the declared OCFL version", NAMED(inventory));
    inventory->algorithm = json_text(inventory->tree, S("digestAlgorithm"));
    if (str_eq(inventory->algorithm, S("sha256")))
        ocfl_tell(look, "W004", FMT_STR " uses sha256 where sha512 is advised", NAMED(inventory));
    else if (json_find(inventory->tree, S("digestAlgorithm")) && !str_eq(inventory->algorithm, S("sha512")))
        ocfl_tell(
            look, "E025", FMT_STR ": the digest algorithm is neither sha512 nor sha256", NAMED(inventory));
    inventory->content_folder = folder ? folder->text : S("content");
    if (folder &&
        (folder->kind != JSON_IS_TEXT || folder->text.n == 0 || memchr(folder->text.p, '/', folder->text.n)))
        ocfl_tell(look, "E017", FMT_STR ": the content folder has a slash in its name", NAMED(inventory));
    else if (folder && !parts_good(folder->text))
        ocfl_tell(look, "E018", FMT_STR ": the content folder is . or ..", NAMED(inventory));
}

bool ocfl_inventory_check(OcflLook *look, Str name, Str json, int declared_spec, OcflInventory *ret)
{
    Err err = {0};
    OcflInventory inventory = {.name = name};
    if (!json_is_small(json, OCFL_VALUES_MAX)) {
        ocfl_tell(look, "E034", FMT_STR " has more than %d values, which we do not read", ARG_STR(name),
            OCFL_VALUES_MAX);
        return false;
    }
    inventory.tree = json_parse(json, look->arena, &err);
    if (!inventory.tree || inventory.tree->kind != JSON_IS_MAP) {
        ocfl_tell(look, inventory.tree ? "E034" : "E033", FMT_STR " is not JSON as it must be: %s",
            ARG_STR(name), err.text);
        return false;
    }
    check_head_matter(look, &inventory, declared_spec);
    check_versions(look, &inventory);
    check_manifest(look, &inventory);
    check_states(look, &inventory);
    check_fixity(look, &inventory);
    *ret = inventory;
    return true;
}

// ---- two inventories of one object

// The contents that a logical path may be, as one text: digests differ between algorithms, paths do not.
static Str content_of(const OcflInventory *inventory, Arena *a, Str digest, int up_to)
{
    CLEANUP(buf_free) Buf paths = buf_with_max(OCFL_INVENTORY_MAX_BYTES);
    Err err = {0};
    Str text, version, rest;
    for (size_t i = 0; i < inventory->manifest_count; i++) {
        int number = 0;
        const OcflEntry *entry = &inventory->manifest[i];
        if (str_eq(entry->digest, digest) && str_cut(entry->path, '/', &version, &rest) &&
            version_number(version, &number) && number <= up_to) {
            buf_add(&paths, entry->path);
            buf_add_char(&paths, '\n');
        }
    }
    return buf_into(&paths, a, &text, &err) ? text : (Str){0};
}

static bool same_state(const OcflInventory *x, const OcflInventory *y, Arena *a, int version)
{
    OcflEntry *xs, *ys;
    size_t xs_count, ys_count;
    if (!ocfl_state(x, a, version, &xs, &xs_count) || !ocfl_state(y, a, version, &ys, &ys_count))
        return true; // told already
    if (xs_count != ys_count)
        return false;
    bool one_algorithm = str_eq(x->algorithm, y->algorithm);
    for (size_t i = 0; i < xs_count; i++) {
        if (!str_eq(xs[i].path, ys[i].path))
            return false;
        bool same = one_algorithm ? str_eq_nocase(xs[i].digest, ys[i].digest)
                                  : str_eq(content_of(x, a, xs[i].digest, y->head),
                                        content_of(y, a, ys[i].digest, y->head));
        if (!same)
            return false;
    }
    return true;
}

static bool same_json(const Json *x, const Json *y, Arena *a)
{
    CLEANUP(buf_free) Buf one = buf_with_max(1 << 20), two = buf_with_max(1 << 20);
    JsonWriter w = json_writer(&one), v = json_writer(&two);
    (void)a;
    if (!x || !y)
        return x == y;
    json_put_tree(&w, x);
    json_put_tree(&v, y);
    return str_eq(buf_str(&one), buf_str(&two));
}

void ocfl_versions_agree(OcflLook *look, const OcflInventory *root, const OcflInventory *old, int version)
{
    static const char *const matter[] = {"created", "message", "user"};
    const Json *x = ocfl_version(root, look->arena, version), *y = ocfl_version(old, look->arena, version);
    if (!same_state(root, old, look->arena, version))
        ocfl_tell(look, "E066", FMT_STR " does not agree with inventory.json about v%d", NAMED(old), version);
    for (size_t i = 0; i < COUNT_OF(matter); i++)
        if (!same_json(json_find(x, str_from(matter[i])), json_find(y, str_from(matter[i])), look->arena)) {
            ocfl_tell(look, "W011", FMT_STR " has another %s for v%d than inventory.json", NAMED(old),
                matter[i], version);
            break;
        }
}
