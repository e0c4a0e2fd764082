// SPDX-License-Identifier: Apache-2.0
#include "preserve/ocfl.h"

#include "base/file.h"
#include "preserve/anydigest.h"
#include "preserve/ocfl_int.h"
#include "preserve/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOT_DEPTH_MAX = 40 };

void ocfl_tell(OcflLook *look, const char *code, const char *format, ...)
{
    char text[ERR_TEXT_MAX];
    va_list args;
    va_start(args, format);
    int n = vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (code[0] == 'E')
        look->sum->errors++;
    else
        look->sum->warnings++;
    if (look->report && n >= 0)
        look->report(
            look->ctx, look->where, str_from(code), (Str){text, MIN_OF((size_t)n, sizeof(text) - 1)});
}

// An object while it is looked at.
typedef struct {
    OcflLook *look;
    int root; // its folder
    int spec; // as declared: 10, 11, 0
    OcflInventory inventory;
    OcflInventory *old; // of the versions, by number - 1; tree NULL if there is none
} Object;

static bool read_file(Object *o, const char *path, size_t max_bytes, Str *ret)
{
    Err err = {0};
    CLEANUP(fd_closep) int fd = tree_open_file(o->root, path, &err);
    return fd >= 0 && file_read_all(fd, max_bytes, o->look->arena, ret, &err);
}

static TreeKind kind_of(int dir, const char *path)
{
    return tree_kind(dir, path);
}

// ---- declarations

static int spec_of(Str name)
{
    if (str_eq(name, S("0=ocfl_object_1.1")) || str_eq(name, S("0=ocfl_1.1")))
        return 11;
    return str_eq(name, S("0=ocfl_object_1.0")) || str_eq(name, S("0=ocfl_1.0")) ? 10 : 0;
}

static int check_declaration(OcflLook *look, int dir, const Str *names, size_t count)
{
    int found = 0, spec = 0;
    for (size_t i = 0; i < count; i++) {
        Str text = {0};
        Err err = {0};
        if (!str_starts(names[i], S("0=")))
            continue;
        found++;
        spec = MAX_OF(spec, spec_of(names[i]));
        CLEANUP(fd_closep) int fd = tree_open_file(dir, names[i].p, &err);
        if (fd < 0 || !file_read_all(fd, 1000, look->arena, &text, &err) || !str_ends(text, S("\n")) ||
            !str_eq(str_slice(text, 0, text.n - 1), str_slice(names[i], 2, names[i].n)))
            ocfl_tell(look, "E007", FMT_STR " does not say what its name says", ARG_STR(names[i]));
    }
    if (found != 1)
        ocfl_tell(look, "E003",
            found ? "there are %d declarations" : "there is no declaration 0=ocfl_object_1.1", found);
    else if (!spec)
        ocfl_tell(look, "E004", "the declaration is for an OCFL version that does not exist");
    return spec;
}

// ---- sidecars

static void check_sidecar(Object *o, Str folder, Str json, Str algorithm)
{
    Arena *a = o->look->arena;
    AnyDigest digest;
    Err err = {0};
    Str text, hex, name;
    Str part = arena_printf(a, FMT_STR "inventory.json." FMT_STR, ARG_STR(folder), ARG_STR(algorithm));
    if (!anydigest_bytes(algorithm))
        return;
    if (!read_file(o, part.p, 4096, &text)) {
        ocfl_tell(o->look, "E058", FMT_STR " is missing", ARG_STR(part));
        return;
    }
    size_t space = 0;
    while (space < text.n && text.p[space] != ' ' && text.p[space] != '\t')
        space++;
    hex = str_slice(text, 0, space);
    name = str_trim(str_slice(text, space, text.n));
    if (!str_eq(name, S("inventory.json")) || hex.n != 2 * anydigest_bytes(algorithm))
        ocfl_tell(o->look, "E061", FMT_STR " does not have the form of a sidecar", ARG_STR(part));
    else if (!anydigest_of(json, algorithm, &digest, &err) || !anydigest_is(&digest, hex))
        ocfl_tell(o->look, "E060", FMT_STR " does not match its inventory", ARG_STR(part));
}

// ---- the object root

static bool is_version_form(Str name)
{
    int number;
    return str_starts(name, S("v")) && str_to_int(str_slice(name, 1, name.n), 1, 99999999, &number);
}

static bool is_version_of(Object *o, Str name)
{
    const Json *versions = json_find(o->inventory.tree, S("versions"));
    return is_version_form(name) && versions && versions->kind == JSON_IS_MAP && json_find(versions, name);
}

static void check_extensions(Object *o)
{
    static const char *const registered[] = {"0001-digest-algorithms", "0002-flat-direct-storage-layout",
        "0003-hash-and-id-n-tuple-storage-layout", "0004-hashed-n-tuple-storage-layout", "0005-mutable-head",
        "0006-flat-omit-prefix-storage-layout", "0007-n-tuple-omit-prefix-storage-layout",
        "0008-schema-registry", "0009-digest-algorithms",
        "0010-differential-n-tuple-omit-prefix-storage-layout", "0011-direct-clean-path-layout", "initial"};
    Str *names;
    size_t count;
    Err err = {0};
    if (!tree_names(o->root, "extensions", o->look->arena, &names, &count, &err))
        return;
    for (size_t i = 0; i < count; i++) {
        bool known = false;
        const char *path = arena_printf(o->look->arena, "extensions/%s", names[i].p).p;
        for (size_t j = 0; j < COUNT_OF(registered); j++)
            known = known || str_eq(names[i], str_from(registered[j]));
        if (kind_of(o->root, path) != TREE_FOLDER)
            ocfl_tell(o->look, "E067", "%s is not a folder", path);
        else if (!known)
            ocfl_tell(o->look, "W013", "the extension " FMT_STR " is not registered", ARG_STR(names[i]));
    }
}

static void check_root_entry(Object *o, Str name)
{
    OcflLook *look = o->look;
    TreeKind kind = kind_of(o->root, name.p);
    Str sidecar = arena_printf(look->arena, "inventory.json." FMT_STR, ARG_STR(o->inventory.algorithm));
    bool file = str_starts(name, S("0=")) || str_eq(name, S("inventory.json")) || str_eq(name, sidecar);
    if (kind == TREE_OTHER)
        ocfl_tell(look, "E090", FMT_STR " is a link or a device", ARG_STR(name));
    else if (kind == TREE_FILE && !file)
        ocfl_tell(look, "E001", "the file " FMT_STR " does not belong in the object", ARG_STR(name));
    else if (kind == TREE_FOLDER && str_eq(name, S("extensions")))
        check_extensions(o);
    else if (kind == TREE_FOLDER && !str_eq(name, S("logs")) && !is_version_of(o, name))
        ocfl_tell(look, is_version_form(name) ? "E046" : "E001",
            "the folder " FMT_STR " does not belong in the object", ARG_STR(name));
}

// ---- versions

// Every file below the content folder stands in the manifests of its own version and of all later ones.
static void check_content_folder(Object *o, Str path, int version, int depth)
{
    OcflLook *look = o->look;
    Str *names;
    size_t count;
    Err err = {0};
    if (depth > TREE_DEPTH_MAX || !tree_names(o->root, path.p, look->arena, &names, &count, &err)) {
        ocfl_tell(look, "E092", FMT_STR " cannot be read", ARG_STR(path));
        return;
    }
    if (count == 0)
        ocfl_tell(look, depth ? "E024" : "W003", FMT_STR " is empty", ARG_STR(path));
    for (size_t i = 0; i < count; i++) {
        Str child = arena_printf(look->arena, FMT_STR "/%s", ARG_STR(path), names[i].p);
        TreeKind kind = kind_of(o->root, child.p);
        if (kind == TREE_FOLDER) {
            check_content_folder(o, child, version, depth + 1);
            continue;
        }
        if (kind == TREE_OTHER)
            ocfl_tell(look, "E090", FMT_STR " is a link or a device", ARG_STR(child));
        bool known = ocfl_find(o->inventory.manifest, o->inventory.manifest_count, child);
        for (int v = version; known && v <= o->inventory.head; v++)
            known =
                !o->old[v - 1].tree || ocfl_find(o->old[v - 1].manifest, o->old[v - 1].manifest_count, child);
        if (!known)
            ocfl_tell(look, "E023", FMT_STR " stands in no manifest that should have it", ARG_STR(child));
    }
}

static void check_version_entries(Object *o, Str folder, int version)
{
    OcflLook *look = o->look;
    Str *names;
    size_t count;
    Err err = {0};
    if (!tree_names(o->root, folder.p, look->arena, &names, &count, &err)) {
        ocfl_tell(look, "E010", "the folder " FMT_STR " is missing", ARG_STR(folder));
        return;
    }
    for (size_t i = 0; i < count; i++) {
        Str path = arena_printf(look->arena, FMT_STR "/%s", ARG_STR(folder), names[i].p);
        TreeKind kind = kind_of(o->root, path.p);
        bool content = str_eq(names[i], o->inventory.content_folder);
        if (kind == TREE_OTHER)
            ocfl_tell(look, "E090", FMT_STR " is a link or a device", ARG_STR(path));
        else if (kind == TREE_FOLDER && content)
            check_content_folder(o, path, version, 0);
        else if (kind == TREE_FOLDER)
            ocfl_tell(look, "W002", "the folder " FMT_STR " does not belong in a version", ARG_STR(path));
        else if (!str_starts(names[i], S("inventory.json")))
            ocfl_tell(look, "E015", "the file " FMT_STR " does not belong in a version", ARG_STR(path));
    }
}

// An inventory that is not the root's: what it says of itself, and of the versions up to its own.
static void check_old_inventory(Object *o, int version, Str name, Str json)
{
    OcflInventory *old = &o->old[version - 1];
    if (!ocfl_inventory_check(o->look, name, json, 0, old))
        return;
    if (old->head != version)
        ocfl_tell(o->look, "E040", FMT_STR " has another head than its folder", ARG_STR(name));
    if (!str_eq(old->id, o->inventory.id))
        ocfl_tell(o->look, "E037", FMT_STR " has another id than inventory.json", ARG_STR(name));
    if (!str_eq(old->content_folder, o->inventory.content_folder))
        ocfl_tell(o->look, "E019", FMT_STR " has another content folder than inventory.json", ARG_STR(name));
    for (int v = 1; v <= MIN_OF(old->head, o->inventory.head); v++)
        ocfl_versions_agree(o->look, &o->inventory, old, v);
}

static void read_version(Object *o, int version, Str root_json)
{
    Arena *a = o->look->arena;
    Str folder = ocfl_version_name(a, &o->inventory, version), json;
    Str name = arena_printf(a, FMT_STR "/inventory.json", ARG_STR(folder));
    if (kind_of(o->root, folder.p) != TREE_FOLDER)
        return; // told by check_version_entries
    if (!read_file(o, name.p, OCFL_INVENTORY_MAX_BYTES, &json)) {
        ocfl_tell(o->look, "W010", FMT_STR " is missing", ARG_STR(name));
        return;
    }
    if (version == o->inventory.head && !str_eq(json, root_json))
        ocfl_tell(o->look, "E064", FMT_STR " is not the same as inventory.json", ARG_STR(name));
    if (version == o->inventory.head && str_eq(json, root_json)) {
        o->old[version - 1] = o->inventory;
    } else {
        check_old_inventory(o, version, name, json);
    }
    check_sidecar(o, arena_printf(a, FMT_STR "/", ARG_STR(folder)), json, o->old[version - 1].algorithm);
}

// A later version never says an older OCFL version than one before it.
static void check_spec_order(Object *o)
{
    int highest = 0;
    for (int v = 1; v <= o->inventory.head; v++) {
        if (o->old[v - 1].tree && o->old[v - 1].spec < highest)
            ocfl_tell(o->look, "E103", "v%d says an older OCFL version than the versions before", v);
        highest = MAX_OF(highest, o->old[v - 1].tree ? o->old[v - 1].spec : 0);
    }
}

// ---- content

typedef struct {
    Str algorithm, digest, path;
    const char *code;
} Claim;

static int compare_claims(const void *a, const void *b)
{
    const Claim *x = a, *y = b;
    int order = str_compare(x->path, y->path);
    order = order ? order : str_compare(x->algorithm, y->algorithm);
    return order ? order : str_compare(x->digest, y->digest);
}

typedef struct {
    Claim *claims;
    size_t count, capacity;
} Claims;

static void claim_manifest(Object *o, const OcflInventory *inventory, Claims *claims)
{
    for (size_t i = 0; i < inventory->manifest_count; i++)
        *arena_push(o->look->arena, &claims->claims, &claims->count, &claims->capacity) =
            (Claim){inventory->algorithm, inventory->manifest[i].digest, inventory->manifest[i].path, "E092"};
}

static void claim_fixity(Object *o, const OcflInventory *inventory, Claims *claims)
{
    const Json *fixity = json_find(inventory->tree, S("fixity"));
    for (size_t i = 0; fixity && fixity->kind == JSON_IS_MAP && i < fixity->count; i++)
        for (size_t j = 0; fixity->items[i].kind == JSON_IS_MAP && j < fixity->items[i].count; j++)
            for (size_t k = 0; k < fixity->items[i].items[j].count; k++)
                if (anydigest_bytes(fixity->names[i]))
                    *arena_push(o->look->arena, &claims->claims, &claims->count, &claims->capacity) =
                        (Claim){fixity->names[i], fixity->items[i].names[j],
                            fixity->items[i].items[j].items[k].text, "E093"};
}

static void check_claim(Object *o, const Claim *claim, Str *digested, AnyDigest *digest)
{
    Err err = {0};
    Str key =
        arena_printf(o->look->arena, FMT_STR " " FMT_STR, ARG_STR(claim->algorithm), ARG_STR(claim->path));
    if (!str_eq(key, *digested)) { // claims come sorted, so each file is read once for an algorithm
        CLEANUP(fd_closep) int fd = tree_open_beneath(o->root, claim->path, &err);
        if (fd < 0 || !anydigest_of_file(fd, claim->algorithm, digest, &err)) {
            ocfl_tell(o->look, claim->code, FMT_STR ": %s", ARG_STR(claim->path), err.text);
            return;
        }
        *digested = key;
    }
    if (!anydigest_is(digest, claim->digest))
        ocfl_tell(o->look, claim->code, FMT_STR " does not have the " FMT_STR " noted for it",
            ARG_STR(claim->path), ARG_STR(claim->algorithm));
}

static void check_contents(Object *o)
{
    Claims claims = {0};
    Str digested = {0};
    AnyDigest digest = {0};
    claim_manifest(o, &o->inventory, &claims);
    claim_fixity(o, &o->inventory, &claims);
    for (int v = 1; v < o->inventory.head; v++)
        if (o->old[v - 1].tree) {
            claim_manifest(o, &o->old[v - 1], &claims);
            claim_fixity(o, &o->old[v - 1], &claims);
        }
    if (claims.count)
        qsort(claims.claims, claims.count, sizeof(*claims.claims), compare_claims);
    for (size_t i = 0; i < claims.count; i++)
        if (i == 0 || compare_claims(&claims.claims[i - 1], &claims.claims[i]) != 0)
            check_claim(o, &claims.claims[i], &digested, &digest);
}

// ---- an object

static void check_object(OcflLook *look, int dir)
{
    Object o = {.look = look, .root = dir};
    Str *names, json;
    size_t count;
    Err err = {0};
    look->sum->objects++;
    if (!tree_names(dir, ".", look->arena, &names, &count, &err)) {
        ocfl_tell(look, "E001", "the folder cannot be read: %s", err.text);
        return;
    }
    o.spec = check_declaration(look, dir, names, count);
    if (!read_file(&o, "inventory.json", OCFL_INVENTORY_MAX_BYTES, &json)) {
        ocfl_tell(look, "E063", "there is no inventory.json");
        return;
    }
    if (!ocfl_inventory_check(look, S("inventory.json"), json, o.spec, &o.inventory))
        return;
    check_sidecar(&o, S(""), json, o.inventory.algorithm);
    for (size_t i = 0; i < count; i++)
        check_root_entry(&o, names[i]);
    o.old = arena_array(look->arena, OcflInventory, (size_t)o.inventory.head + 1);
    for (int v = 1; v <= o.inventory.head; v++)
        read_version(&o, v, json);
    for (int v = 1; v <= o.inventory.head; v++)
        check_version_entries(&o, ocfl_version_name(look->arena, &o.inventory, v), v);
    check_spec_order(&o);
    check_contents(&o);
}

// ---- a storage root

static bool is_object(const Str *names, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (str_starts(names[i], S("0=ocfl_object")))
            return true;
    return false;
}

static bool check_hierarchy(OcflLook *look, int root, Str path, int depth, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str *names;
    size_t count;
    look->arena = a;
    look->where = path;
    CLEANUP(fd_closep) int dir = tree_open_folder(root, path.n ? path.p : ".", err);
    if (dir < 0 || !tree_names(dir, ".", a, &names, &count, err))
        return false;
    if (depth && is_object(names, count)) {
        check_object(look, dir);
        return true;
    }
    if (depth && count == 0)
        ocfl_tell(look, "E073", "the folder is empty");
    if (depth > ROOT_DEPTH_MAX)
        return err_set(err, ERR_LIMIT, FMT_STR " is deeper than %d folders", ARG_STR(path), ROOT_DEPTH_MAX);
    for (size_t i = 0; i < count; i++) {
        TreeKind kind = kind_of(dir, names[i].p);
        Str child = path.n ? arena_printf(a, FMT_STR "/%s", ARG_STR(path), names[i].p) : names[i];
        bool known = depth == 0 && (str_starts(names[i], S("0=")) || str_starts(names[i], S("ocfl_")));
        if (kind == TREE_OTHER)
            ocfl_tell(look, "E090", FMT_STR " is a link or a device", ARG_STR(names[i]));
        else if (kind == TREE_FILE && !known)
            ocfl_tell(look, "E072", "the file " FMT_STR " is not in an object", ARG_STR(names[i]));
        else if (kind == TREE_FOLDER && !(depth == 0 && str_eq(names[i], S("extensions"))) &&
                 !check_hierarchy(look, root, child, depth + 1, err))
            return false;
        look->arena = a;
        look->where = path;
    }
    return true;
}

static void check_layout(OcflLook *look, int root)
{
    Object o = {.look = look, .root = root};
    Err err = {0};
    Str text;
    if (kind_of(root, "ocfl_layout.json") != TREE_FILE)
        return;
    const Json *layout =
        read_file(&o, "ocfl_layout.json", 1 << 20, &text) ? json_parse(text, look->arena, &err) : NULL;
    if (json_text(layout, S("extension")).n == 0 || json_text(layout, S("description")).n == 0)
        ocfl_tell(look, "E070", "ocfl_layout.json has no extension or no description");
}

bool ocfl_validate(const char *path, OcflReport *report, void *ctx, OcflSum *ret, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    OcflSum sum = {0};
    OcflLook look = {.arena = a, .report = report, .ctx = ctx, .sum = &sum};
    Str *names;
    size_t count;
    bool storage_root = false;
    CLEANUP(fd_closep) int root = tree_open_folder(AT_FDCWD, path, err);
    if (root < 0 || !tree_names(root, ".", a, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        storage_root = storage_root || str_starts(names[i], S("0=ocfl_1"));
    if (!storage_root) {
        check_object(&look, root);
        *ret = sum;
        return true;
    }
    check_declaration(&look, root, names, count);
    check_layout(&look, root);
    bool good = check_hierarchy(&look, root, (Str){0}, 0, err);
    if (good)
        *ret = sum;
    return good;
}
