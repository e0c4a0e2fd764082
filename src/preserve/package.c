// SPDX-License-Identifier: Apache-2.0
#include "preserve/package.h"

#include "base/clock.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "catalog/record.h"
#include "preserve/bagit.h"
#include "preserve/markup.h"
#include "preserve/package_int.h"
#include "preserve/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum {
    LIST_MAX_BYTES = 1024 * 1024 * 1024,
    NAME_MAX_BYTES = 120,
    SAME_NAME_TRIES = 100,
};

// ---- names

Str package_name(Arena *a, Str id)
{
    CLEANUP(buf_free) Buf out = buf_with_max(4 * id.n + 16);
    uint32_t c;
    for (Str rest = id; utf8_next(&rest, &c);) {
        bool first = out.n == 0, last = rest.n == 0;
        bool plain = c > 0x20 && c != 0x7f && !(c < 0x80 && strchr("/\\:*?\"<>|%", (int)c)) &&
                     !(c == '.' && (first || last));
        plain = plain || (c == ' ' && !first && !last);
        if (plain)
            utf8_add(&out, c);
        else
            buf_printf(&out, "%%%02X", c);
    }
    Str name = buf_str(&out);
    if (name.n <= NAME_MAX_BYTES)
        return str_from(arena_cstr(a, name));
    Sha512 digest = sha512_of(id);
    return arena_printf(a, FMT_STR "~" FMT_STR, ARG_STR(utf8_head(name, NAME_MAX_BYTES - 20)),
        ARG_STR(str_slice(sha512_hex(a, &digest), 0, 16)));
}

// ---- packing as files

typedef struct {
    Store *store;
    const PackageAsk *ask;
    int root, objects; // folders: of the index, and of the objects below it
    PackageSum sum;
    Buf csv, html;
} Pack;

static bool stopped(const PackageAsk *ask)
{
    return ask->stop && *ask->stop;
}

static void refuse(const PackageAsk *ask, PackageSum *sum, Str id, Str text)
{
    sum->refused++;
    if (ask->problem)
        ask->problem(ask->ctx, id, text);
}

static bool read_small(int dir, const char *path, Arena *a, Str *ret)
{
    Err ignored = {0};
    CLEANUP(fd_closep) int fd = tree_open_file(dir, path, &ignored);
    return fd >= 0 && file_read_all(fd, STORE_RECORD_MAX_BYTES, a, ret, &ignored);
}

static bool remove_one(void *ctx, Str path, Err *err)
{
    int *dir = ctx;
    CLEANUP(arena_closep) Arena *a = arena_open();
    return unlinkat(*dir, arena_cstr(a, path), 0) == 0 || err_errno(err, "removing " FMT_STR, ARG_STR(path));
}

static bool remove_empty(int dir, const char *path, int depth)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err ignored = {0};
    Str *names;
    size_t count;
    if (depth > TREE_DEPTH_MAX || !tree_names(dir, path, a, &names, &count, &ignored))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!remove_empty(dir, arena_printf(a, "%s/%s", path, names[i].p).p, depth + 1))
            return false;
    return unlinkat(dir, path, AT_REMOVEDIR) == 0;
}

static bool remove_folder(int dir, const char *name, Err *err)
{
    if (tree_kind(dir, name) == TREE_NOTHING)
        return true;
    CLEANUP(fd_closep) int folder = tree_open_folder(dir, name, err);
    return folder >= 0 && tree_each_file(folder, remove_one, &folder, err) &&
           (remove_empty(dir, name, 0) || err_errno(err, "removing %s", name));
}

// The id in the record of a packed folder; empty if there is none.
static Str packed_id(Pack *pack, const char *name, Arena *a)
{
    Err ignored = {0};
    Str json;
    if (!read_small(pack->objects, arena_printf(a, "%s/record.json", name).p, a, &json))
        return (Str){0};
    return json_text(json_parse(json, a, &ignored), S("id"));
}

// Is what lies there the head of this object? Its page is written last, so a whole folder has one.
static bool is_packed(Pack *pack, const char *name, Str id, Arena *a)
{
    Err ignored = {0};
    Str here, there;
    StoreFile *files;
    size_t count;
    if (tree_kind(pack->objects, arena_printf(a, "%s/index.html", name).p) != TREE_FILE ||
        !read_small(pack->objects, arena_printf(a, "%s/record.json", name).p, a, &there) ||
        !store_read(pack->store, id, 0, S("record.json"), STORE_RECORD_MAX_BYTES, a, &here, &ignored) ||
        !str_eq(here, there) || !store_list_files(pack->store, id, 0, a, &files, &count, &ignored))
        return false;
    for (size_t i = 0; i < count; i++) {
        uint64_t size;
        CLEANUP(fd_closep)
        int fd = tree_open_file(
            pack->objects, arena_printf(a, "%s/" FMT_STR, name, ARG_STR(files[i].path)).p, &ignored);
        if (fd < 0 || !file_size(fd, &size, &ignored) || size != files[i].size_bytes)
            return false;
    }
    pack->sum.files += count;
    for (size_t i = 0; i < count; i++)
        pack->sum.bytes += files[i].size_bytes;
    return true;
}

// A folder name of this object's own: two ids may have one name on a disk that folds case.
static const char *choose_name(Pack *pack, Str id, Arena *a)
{
    Str name = package_name(a, id);
    for (int i = 2; i < SAME_NAME_TRIES; i++) {
        Str there = packed_id(pack, name.p, a);
        if (there.n == 0 || str_eq(there, id))
            break;
        name = arena_printf(a, FMT_STR "~%d", ARG_STR(package_name(a, id)), i);
    }
    return name.p;
}

static void add_row(Pack *pack, Str id, Str title, const char *name, Arena *a)
{
    markup_csv(&pack->csv, id);
    buf_add_char(&pack->csv, ',');
    markup_csv(&pack->csv, title);
    buf_add_char(&pack->csv, ',');
    markup_csv(&pack->csv, arena_printf(a, "objects/%s", name));
    buf_add(&pack->csv, S("\r\n"));
    buf_printf(&pack->html, "<li><a href=\"objects/" FMT_STR "/index.html\">",
        ARG_STR(uri_encode(a, str_from(name), "")));
    markup_text(&pack->html, title);
    buf_add(&pack->html, S("</a> "));
    markup_text(&pack->html, id);
    buf_add_char(&pack->html, '\n');
}

static Str title_of(Pack *pack, Str id, Arena *a)
{
    Err ignored = {0};
    Str json, title = {0};
    Record record;
    const Json *tree;
    if (store_read(pack->store, id, 0, S("record.json"), STORE_RECORD_MAX_BYTES, a, &json, &ignored) &&
        (tree = json_parse(json, a, &ignored)) && record_parse(tree, a, &record, &ignored))
        title = record_title(&record, (Str){0});
    return title.n ? title : id;
}

static bool write_object(Pack *pack, Str id, const char *name, Arena *a, Err *err)
{
    static const char part[] = ".part";
    PackageObject object = {.store = pack->store,
        .dir = pack->objects,
        .name = part,
        .id = id,
        .now_ms = pack->ask->now_ms,
        .sum = &pack->sum};
    return remove_folder(pack->objects, part, err) && package_object_write(&object, a, err) &&
           remove_folder(pack->objects, name, err) &&
           (renameat(pack->objects, part, pack->objects, name) == 0 || err_errno(err, "objects/%s", name));
}

static bool pack_one(void *ctx, Str id, Str problem, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Pack *pack = ctx;
    Err why = {0};
    if (stopped(pack->ask))
        return err_set(err, ERR_BUSY, "stopped; the same again goes on from here");
    if (problem.n) {
        refuse(pack->ask, &pack->sum, id, problem);
        return true;
    }
    const char *name = choose_name(pack, id, a);
    bool there = is_packed(pack, name, id, a);
    if (!there && !write_object(pack, id, name, a, &why)) {
        if (why.kind == ERR_IO) { // the disk is full: the next object will not do better
            *err = why;
            return false;
        }
        refuse(pack->ask, &pack->sum, id, str_from(why.text));
        return true;
    }
    pack->sum.objects++;
    pack->sum.unchanged += there;
    add_row(pack, id, title_of(pack, id, a), name, a);
    if (pack->ask->progress)
        pack->ask->progress(pack->ask->ctx, &pack->sum);
    return true;
}

static bool pack_files(Store *store, int root, const PackageAsk *ask, PackageSum *ret, Err *err)
{
    if (!dir_make(root, "objects", err))
        return false;
    CLEANUP(fd_closep) int objects = tree_open_folder(root, "objects", err);
    Pack pack = {.store = store,
        .ask = ask,
        .root = root,
        .objects = objects,
        .csv = buf_with_max(LIST_MAX_BYTES),
        .html = buf_with_max(LIST_MAX_BYTES)};
    buf_add(&pack.csv, S("\xef\xbb\xbfid,title,folder\r\n"));
    buf_add(&pack.html, S("<!DOCTYPE html>\n<html><meta charset=\"utf-8\"><title>"));
    markup_text(&pack.html, ask->museum);
    buf_add(&pack.html, S("</title>\n<style>body{font:1rem/1.6 Georgia,serif;max-width:50rem;margin:2rem "
                          "auto;padding:0 1rem}</style>\n<h1>"));
    markup_text(&pack.html, ask->museum);
    buf_add(&pack.html, S("</h1>\n<ul>\n"));
    bool good =
        objects >= 0 && store_each(store, pack_one, &pack, err) && remove_folder(objects, ".part", err);
    buf_add(&pack.html, S("</ul>\n</html>\n"));
    if (good && (pack.csv.full || pack.html.full))
        good = err_set(err, ERR_LIMIT, "the list of objects is too long");
    good = good && file_replace(root, "index.csv", buf_str(&pack.csv), true, err) &&
           file_replace(root, "index.html", buf_str(&pack.html), true, err);
    buf_free(&pack.csv);
    buf_free(&pack.html);
    if (good)
        *ret = pack.sum;
    return good;
}

// ---- packing as a bag

typedef struct {
    int dir;
    const char *prefix;
    Buf lines;
    uint64_t files, bytes;
} Listing;

static bool list_file(void *ctx, Str path, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Listing *listing = ctx;
    Sha512 digest;
    uint64_t bytes;
    CLEANUP(fd_closep) int fd = tree_open_beneath(listing->dir, path, err);
    if (fd < 0 || !sha512_of_file(fd, &digest, &bytes, err))
        return false;
    buf_printf(&listing->lines, FMT_STR "  %s" FMT_STR "\n", ARG_STR(sha512_hex(a, &digest)), listing->prefix,
        ARG_STR(bagit_path(a, path)));
    listing->files++;
    listing->bytes += bytes;
    return true;
}

// The digests are of what was written, read back from the disk.
static bool write_tags(int root, Str museum, int64_t now_ms, Err *err)
{
    static const char *const tags[] = {"bag-info.txt", "bagit.txt", "manifest-sha512.txt"};
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int data = tree_open_folder(root, "data", err);
    Listing payload = {data, "data/", buf_with_max(LIST_MAX_BYTES), 0, 0},
            tag = {root, "", buf_with_max(4096), 0, 0};
    Str day = str_slice(time_rfc3339(a, now_ms), 0, 10), name = str_trim(museum);
    for (size_t i = 0; i < name.n; i++)
        if (name.p[i] == '\n' || name.p[i] == '\r')
            name = str_slice(name, 0, i);
    bool good = data >= 0 && tree_each_file(data, list_file, &payload, err);
    if (good && payload.lines.full)
        good = err_set(err, ERR_LIMIT, "the manifest is too long");
    Str info = arena_printf(a,
        "Source-Organization: " FMT_STR "\nBagging-Date: " FMT_STR
        "\nPayload-Oxum: %llu.%llu\nBag-Software-Agent: vitrine " VITRINE_VERSION "\n",
        ARG_STR(name), ARG_STR(day), (unsigned long long)payload.bytes, (unsigned long long)payload.files);
    good = good && file_replace(root, "manifest-sha512.txt", buf_str(&payload.lines), true, err) &&
           file_replace(root, "bag-info.txt", info, true, err) &&
           file_replace(
               root, "bagit.txt", S("BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"), true, err);
    for (size_t i = 0; good && i < COUNT_OF(tags); i++)
        good = list_file(&tag, str_from(tags[i]), err);
    good = good && file_replace(root, "tagmanifest-sha512.txt", buf_str(&tag.lines), true, err);
    buf_free(&payload.lines);
    buf_free(&tag.lines);
    return good;
}

static bool pack_bag(Store *store, int root, const PackageAsk *ask, PackageSum *ret, Err *err)
{
    if (!dir_make(root, "data", err))
        return false;
    CLEANUP(fd_closep) int data = tree_open_folder(root, "data", err);
    return data >= 0 && pack_files(store, data, ask, ret, err) &&
           write_tags(root, ask->museum, ask->now_ms, err);
}

bool package_export(
    Store *store, PackageForm form, const char *to, const PackageAsk *ask, PackageSum *ret, Err *err)
{
    PackageSum sum = {0};
    bool good = dir_make(AT_FDCWD, to, err);
    CLEANUP(fd_closep) int root = good ? tree_open_folder(AT_FDCWD, to, err) : -1;
    if (root < 0)
        return false;
    switch (form) {
    case PACKAGE_FILES:
        good = pack_files(store, root, ask, &sum, err);
        break;
    case PACKAGE_BAG:
        good = pack_bag(store, root, ask, &sum, err);
        break;
    case PACKAGE_OCFL: {
        Store *copy = store_open(to, true, err);
        good = copy && package_copy_vault(store, copy, true, ask, &sum, err);
        store_close(copy);
        break;
    }
    }
    if (good)
        *ret = sum;
    return good;
}
