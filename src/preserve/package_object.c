// SPDX-License-Identifier: Apache-2.0
// One object as a folder that a person can read.
#include "base/digest.h"
#include "base/file.h"
#include "base/json.h"
#include "base/utf8.h"
#include "catalog/record.h"
#include "preserve/format.h"
#include "preserve/markup.h"
#include "preserve/mets.h"
#include "preserve/package_int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCK_BYTES = 256 * 1024 };

// ---- files

static int create(int dir, const char *path, Err *err)
{
    int fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd >= 0)
        return fd;
    Arena *a = arena_open();
    Str folder, name;
    bool made = errno == ENOENT && str_cut_last(str_from(path), '/', &folder, &name) &&
                dir_make(dir, arena_cstr(a, folder), err);
    arena_close(a);
    if (made)
        fd = openat(dir, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    return fd < 0 ? err_fd_errno(err, "%s", path) : fd;
}

static bool write_file(int dir, const char *path, Str bytes, Err *err)
{
    CLEANUP(fd_closep) int fd = create(dir, path, err);
    return fd >= 0 && file_write_all(fd, bytes, err);
}

// Copies and compares in one pass.
static bool copy_file(int from, int to, const StoreFile *file, Err *err)
{
    CLEANUP(sha512_closep) Sha512Stream *stream = sha512_open();
    char *block = mem_grow(NULL, 1, BLOCK_BYTES);
    bool good = true;
    for (uint64_t at = 0; good && at < file->size_bytes;) {
        size_t n = (size_t)MIN_OF((uint64_t)BLOCK_BYTES, file->size_bytes - at);
        good = file_read_at(from, block, n, at, err) && file_write_all(to, (Str){block, n}, err);
        if (good)
            sha512_add(stream, (Str){block, n});
        at += n;
    }
    free(block);
    Sha512 have = sha512_finish(stream);
    stream = NULL;
    return good && (sha512_eq(&have, &file->digest) ||
                       err_set(err, ERR_CORRUPT, FMT_STR " is damaged in the vault", ARG_STR(file->path)));
}

static bool copy_out(PackageObject *o, const StoreFile *file, Arena *a, Format *ret, Err *err)
{
    const char *path = arena_printf(a, "%s/" FMT_STR, o->name, ARG_STR(file->path)).p;
    CLEANUP(fd_closep) int from = store_open_file(o->store, o->id, 0, file->path, err);
    CLEANUP(fd_closep) int to = from < 0 ? -1 : create(o->dir, path, err);
    if (to < 0 || !copy_file(from, to, file, err) || !format_of_file(from, file->size_bytes, ret, err))
        return false;
    o->sum->files++;
    o->sum->bytes += file->size_bytes;
    return true;
}

// ---- the page

static void put_texts(Buf *out, const char *label, const RecordText *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "<tr><th>%s<td lang=\"", label);
        markup_text(out, items[i].lang);
        buf_add(out, S("\">"));
        markup_text(out, items[i].text);
        buf_add_char(out, '\n');
    }
}

static void put_terms(Buf *out, const char *label, const RecordTerm *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        buf_printf(out, "<tr><th>%s<td>", label);
        markup_text(out, items[i].text);
        buf_add_char(out, '\n');
    }
}

static void put_line(Buf *out, const char *label, Str text)
{
    if (text.n == 0)
        return;
    buf_printf(out, "<tr><th>%s<td>", label);
    markup_text(out, text);
    buf_add_char(out, '\n');
}

static void put_fields(Buf *out, const Record *r)
{
    put_texts(out, "Title", r->titles.items, r->titles.count);
    for (size_t i = 0; i < r->makers.count; i++)
        put_line(out, "Maker", r->makers.items[i].name);
    for (size_t i = 0; i < r->dates.count; i++)
        put_line(out, "Date", r->dates.items[i].text);
    put_terms(out, "Place", r->places.items, r->places.count);
    put_terms(out, "Material", r->materials.items, r->materials.count);
    put_terms(out, "Technique", r->techniques.items, r->techniques.count);
    put_terms(out, "Kind", r->classification.items, r->classification.count);
    put_terms(out, "Subject", r->subjects.items, r->subjects.count);
    put_texts(out, "Size", r->dimensions.items, r->dimensions.count);
    put_texts(out, "Inscription", r->inscriptions.items, r->inscriptions.count);
    put_texts(out, "Provenance", r->provenance.items, r->provenance.count);
    put_texts(out, "About", r->texts.items, r->texts.count);
    put_line(out, "Accession", r->accession);
    put_line(out, "Collection", r->collection);
    put_line(out, "Credit", r->credit);
    put_line(out, "Rights", r->rights.n ? r->rights : r->licence);
    put_line(out, "Source", r->source);
    put_line(out, "On the web", r->url);
}

static void put_file(Buf *out, Arena *a, const StoreFile *file, const Format *format)
{
    Str href = uri_encode(a, file->path, "/");
    bool shown = str_eq(format->mime, S("image/jpeg")) || str_eq(format->mime, S("image/png")) ||
                 str_eq(format->mime, S("image/webp")) || str_eq(format->mime, S("image/gif"));
    buf_printf(out, "<li><a href=\"" FMT_STR "\">", ARG_STR(href));
    markup_text(out, file->path);
    buf_printf(
        out, "</a> " FMT_STR ", %llu bytes", ARG_STR(format->name), (unsigned long long)file->size_bytes);
    if (shown)
        buf_printf(out, "<br><img src=\"" FMT_STR "\" alt=\"\" loading=\"lazy\">", ARG_STR(href));
    buf_add_char(out, '\n');
}

static void put_page(Buf *out, Arena *a, Str title, const Record *record, const StoreFile *files,
    const Format *formats, size_t count)
{
    buf_add(out, S("<!DOCTYPE html>\n<html><meta charset=\"utf-8\"><meta name=\"viewport\" "
                   "content=\"width=device-width\">"
                   "<style>body{font:1rem/1.5 Georgia,serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
                   "img{max-width:100%;max-height:30rem}th{text-align:left;vertical-align:top;padding-right:"
                   "1rem}</style>\n<title>"));
    markup_text(out, title);
    buf_add(out, S("</title>\n<p><a href=\"../../index.html\">All objects</a></p>\n<h1>"));
    markup_text(out, title);
    buf_add(out, S("</h1>\n<table>\n"));
    if (record)
        put_fields(out, record);
    buf_add(out, S("</table>\n<ul>\n"));
    for (size_t i = 0; i < count; i++)
        put_file(out, a, &files[i], &formats[i]);
    buf_add(out, S("</ul>\n</html>\n"));
}

// ---- the whole

typedef struct {
    StoreFile *files;
    Format *formats;
    size_t count;
    Record *record; // NULL if there is none that we can read
} Parts;

static bool read_record(PackageObject *o, Arena *a, Parts *parts)
{
    Err ignored = {0};
    Str json;
    const Json *tree;
    Record *record = arena_new(a, Record);
    if (!store_read(o->store, o->id, 0, S("record.json"), STORE_RECORD_MAX_BYTES, a, &json, &ignored) ||
        !(tree = json_parse(json, a, &ignored)) || !record_parse(tree, a, record, &ignored))
        return false;
    parts->record = record;
    o->title = record_title(record, (Str){0});
    return true;
}

static const RecordMedia *find_media(const Parts *parts, Str path)
{
    for (size_t i = 0; parts->record && i < parts->record->media.count; i++)
        if (str_eq(parts->record->media.items[i].path, path))
            return &parts->record->media.items[i];
    return NULL;
}

static bool write_mets(PackageObject *o, const Parts *parts, Arena *a, Err *err)
{
    StoreVersion head;
    if (!store_find_version(o->store, o->id, 0, a, &head, err))
        return false;
    StoreVersion *versions = arena_array(a, StoreVersion, (size_t)head.version);
    for (int i = 1; i <= head.version; i++)
        if (!store_find_version(o->store, o->id, i, a, &versions[i - 1], err))
            return false;
    MetsFile *files = arena_array(a, MetsFile, parts->count);
    for (size_t i = 0; i < parts->count; i++) {
        const RecordMedia *media = find_media(parts, parts->files[i].path);
        files[i] = (MetsFile){.path = parts->files[i].path,
            .digest = parts->files[i].digest,
            .size_bytes = parts->files[i].size_bytes,
            .format = parts->formats[i]};
        if (media) {
            files[i].original_name = media->name;
            files[i].width_px = media->width_px;
            files[i].height_px = media->height_px;
        }
    }
    MetsObject mets = {.object_id = o->id,
        .title = o->title,
        .now_ms = o->now_ms,
        .versions = versions,
        .versions_count = (size_t)head.version,
        .files = files,
        .files_count = parts->count};
    CLEANUP(buf_free) Buf out = buf_with_max(PACKAGE_PAGE_MAX_BYTES);
    mets_write(&mets, &out);
    return write_file(o->dir, arena_printf(a, "%s/mets.xml", o->name).p, buf_str(&out), err);
}

bool package_object_write(PackageObject *o, Arena *a, Err *err)
{
    Parts parts = {0};
    o->title = o->id;
    if (!store_list_files(o->store, o->id, 0, a, &parts.files, &parts.count, err))
        return false;
    bool readable = read_record(o, a, &parts);
    if (!readable || o->title.n == 0)
        o->title = o->id;
    parts.formats = arena_array(a, Format, parts.count);
    for (size_t i = 0; i < parts.count; i++)
        if (!copy_out(o, &parts.files[i], a, &parts.formats[i], err))
            return false;
    CLEANUP(buf_free) Buf page = buf_with_max(PACKAGE_PAGE_MAX_BYTES);
    put_page(&page, a, o->title, parts.record, parts.files, parts.formats, parts.count);
    return write_mets(o, &parts, a, err) &&
           write_file(o->dir, arena_printf(a, "%s/index.html", o->name).p, buf_str(&page), err);
}
