// SPDX-License-Identifier: Apache-2.0
#include "ingest/delivery.h"

#include "base/file.h"
#include "base/utf8.h"
#include "ingest/pairing.h"
#include "ingest/texts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FOLDER_DEPTH_MAX = 32, FILES_MAX = 20 * 1000 * 1000 };

typedef struct {
    Str key;
    size_t picture;
} KeyOfPicture;

struct Delivery {
    Arena *arena;
    const IngestListener *listener;
    DeliveryRoot *roots;
    size_t roots_count, roots_capacity;
    DeliveryTable *tables;
    size_t tables_count, tables_capacity;
    DeliveryPicture *pictures;
    size_t pictures_count, pictures_capacity;
    DeliveryTexts texts;
    size_t *by_path, by_path_count; // of those found while walking
    KeyOfPicture *names;            // by file name in lower case
    KeyOfPicture *full, *base;      // by key of the whole stem, and of the stem without the mark of a view
    size_t names_count, full_count, base_count;
    Str *keys; // of records
    size_t keys_count, keys_capacity;
    int images_root; // of --images, -1 if none
    int64_t bytes;
    size_t refused, seen;
};

static void tell(Delivery *d, IngestLevel level, Str file, Str text)
{
    d->refused += level == INGEST_REFUSED;
    const IngestProblem problem = {.level = level, .file = file, .text = text};
    d->listener->problem(d->listener->ctx, &problem);
}

// ---- walking

// What a delivery says about itself and what computers leave lying about.
static bool is_passed_over(Str name)
{
    static const char *const NAMES[] = {"Thumbs.db", "desktop.ini", "__MACOSX"};
    static const char *const HEADS[] = {"README", "CREDITS", "LICENSE", "LICENCE", "SOURCES", "COPYING"};
    if (name.n == 0 || name.p[0] == '.' || name.p[0] == '~')
        return true;
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        if (str_eq_nocase(name, str_from(NAMES[i])))
            return true;
    for (size_t i = 0; i < COUNT_OF(HEADS); i++) {
        Str head = str_from(HEADS[i]);
        if (str_starts(name, head) && (name.n == head.n || name.p[head.n] == '.'))
            return true;
    }
    return false;
}

static bool table_kind(Str name, TableKind *ret)
{
    static const struct {
        const char *extension;
        TableKind kind;
    } KINDS[] = {{"jsonl", TABLE_LINES}, {"ndjson", TABLE_LINES}, {"json", TABLE_DOCUMENT},
        {"csv", TABLE_CELLS}, {"tsv", TABLE_CELLS}, {"tab", TABLE_CELLS}, {"xlsx", TABLE_WORKBOOK},
        {"xlsm", TABLE_WORKBOOK}, {"xml", TABLE_LIDO}};
    Str head, tail;
    if (!str_cut_last(name, '.', &head, &tail))
        return false;
    for (size_t i = 0; i < COUNT_OF(KINDS); i++)
        if (str_eq_nocase(tail, str_from(KINDS[i].extension)))
            return *ret = KINDS[i].kind, true;
    return false;
}

typedef struct {
    int root;
    bool tables, pictures, deep, on_offer;
    bool by_itself; // a file named on the command line
} Walk;

static Str shown_path(Delivery *d, int root, Str path)
{
    Str base = d->roots[root].shown;
    if (base.n == 0)
        return path;
    return arena_printf(
        d->arena, FMT_STR "%s" FMT_STR, ARG_STR(base), str_ends(base, S("/")) ? "" : "/", ARG_STR(path));
}

static void add_file(Delivery *d, const Walk *walk, Str path, const struct stat *st)
{
    Str head, name = path;
    TableKind kind;
    (void)str_cut_last(path, '/', &head, &name);
    if (walk->pictures && pairing_is_picture(name)) {
        bool named_only = pairing_is_document(name) && !walk->by_itself;
        bool on_offer = walk->on_offer && !named_only;
        *arena_push(d->arena, &d->pictures, &d->pictures_count, &d->pictures_capacity) =
            (DeliveryPicture){.root = walk->root,
                .path = path,
                .shown = shown_path(d, walk->root, path),
                .size_bytes = (uint64_t)st->st_size,
                .on_offer = on_offer,
                .named_only = named_only,
                .in_folder = walk->tables};
        d->bytes += on_offer ? st->st_size : 0;
    } else if (walk->pictures &&
               texts_add(&d->texts, walk->root, path, shown_path(d, walk->root, path), d->arena)) {
        return;
    } else if (walk->tables && table_kind(name, &kind)) {
        *arena_push(d->arena, &d->tables, &d->tables_count, &d->tables_capacity) =
            (DeliveryTable){.kind = kind,
                .root = walk->root,
                .path = path,
                .folder = str_slice(path, 0, path.n - name.n),
                .shown = shown_path(d, walk->root, path),
                .size_bytes = (uint64_t)st->st_size};
        d->bytes += st->st_size;
    } else if (walk->tables) {
        tell(d, INGEST_NOTE, shown_path(d, walk->root, path),
            S("neither a table nor a picture that can be read; passed over"));
    }
}

static int by_name(const void *x, const void *y)
{
    return str_compare(*(const Str *)x, *(const Str *)y);
}

// Names in the folder, sorted: the order of a delivery must not depend on the disk it lies on.
static bool read_names(int folder, Arena *a, Str **ret, size_t *ret_count, Err *err)
{
    DIR *dir = fdopendir(folder);
    size_t capacity = 0;
    if (!dir) {
        fd_close(folder);
        return err_errno(err, "folder");
    }
    *ret = NULL;
    *ret_count = 0;
    errno = 0;
    for (struct dirent *entry; (entry = readdir(dir)); errno = 0)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            *arena_push(a, ret, ret_count, &capacity) = arena_copy(a, str_from(entry->d_name));
    bool good = errno == 0 || err_errno(err, "folder");
    closedir(dir);
    if (*ret_count)
        qsort(*ret, *ret_count, sizeof(**ret), by_name);
    return good;
}

static void walk_folder(Delivery *d, const Walk *walk, Str folder, int depth);

static void walk_entry(Delivery *d, const Walk *walk, Str folder, Str name, int depth)
{
    Arena *a = d->arena;
    struct stat st;
    if (is_passed_over(name) || ++d->seen > FILES_MAX)
        return;
    Str path = arena_printf(a, FMT_STR FMT_STR, ARG_STR(folder), ARG_STR(name));
    const char *path_text = arena_cstr(a, path);
    if (fstatat(d->roots[walk->root].fd, path_text, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        tell(d, INGEST_REFUSED, shown_path(d, walk->root, path),
            arena_printf(a, "cannot be read: %s", strerror(errno)));
    } else if (S_ISLNK(st.st_mode)) {
        // A link to a file in the delivery is one; folders through links could go in circles.
        Err err;
        CLEANUP(fd_closep) int fd = file_open_beneath(d->roots[walk->root].fd, path, &err);
        if (fd >= 0 && fstat(fd, &st) == 0)
            add_file(d, walk, path, &st);
        else
            tell(d, INGEST_REFUSED, shown_path(d, walk->root, path),
                S("a link that leads out of the delivery, or nowhere"));
    } else if (S_ISDIR(st.st_mode)) {
        if (walk->deep && depth < FOLDER_DEPTH_MAX)
            walk_folder(d, walk, arena_printf(a, FMT_STR "/", ARG_STR(path)), depth + 1);
    } else if (S_ISREG(st.st_mode)) {
        add_file(d, walk, path, &st);
    }
}

static void walk_folder(Delivery *d, const Walk *walk, Str folder, int depth)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err;
    Str *names = NULL;
    size_t count = 0;
    int fd = openat(d->roots[walk->root].fd, folder.n ? arena_cstr(a, folder) : ".",
        O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    bool good = fd >= 0 ? read_names(fd, a, &names, &count, &err) : err_errno(&err, "folder");
    if (!good)
        tell(d, INGEST_REFUSED, shown_path(d, walk->root, folder),
            arena_printf(d->arena, "the folder cannot be read: %s", strerror(errno)));
    for (size_t i = 0; i < count; i++)
        walk_entry(d, walk, folder, names[i], depth);
}

static int add_root(Delivery *d, const char *path, Str shown)
{
    int fd = openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    *arena_push(d->arena, &d->roots, &d->roots_count, &d->roots_capacity) =
        (DeliveryRoot){.fd = fd, .shown = shown};
    return (int)d->roots_count - 1;
}

static void add_path(Delivery *d, const char *path, bool images_elsewhere)
{
    Arena *a = d->arena;
    struct stat st;
    if (stat(path, &st) < 0) {
        tell(d, INGEST_REFUSED, str_from(path), arena_printf(a, "cannot be read: %s", strerror(errno)));
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        int root = add_root(d, path, str_from(path));
        if (root < 0)
            tell(d, INGEST_REFUSED, str_from(path),
                arena_printf(a, "the folder cannot be read: %s", strerror(errno)));
        else
            walk_folder(d,
                &(Walk){.root = root, .tables = true, .pictures = true, .deep = true, .on_offer = true},
                S(""), 0);
        return;
    }
    Str whole = str_from(path), head = {0}, name = whole;
    (void)str_cut_last(whole, '/', &head, &name);
    TableKind kind;
    bool is_table = table_kind(name, &kind), is_picture = pairing_is_picture(name);
    Str shown = str_slice(whole, 0, whole.n - name.n);
    int root = !S_ISREG(st.st_mode) ? -1 : add_root(d, shown.n ? arena_cstr(a, shown) : ".", shown);
    if (root < 0 || (!is_table && !is_picture)) {
        tell(d, INGEST_REFUSED, whole,
            S("neither a table (.csv, .tsv, .xlsx, .jsonl, .json, LIDO .xml) nor a picture"));
        return;
    }
    add_file(d, &(Walk){.root = root, .tables = true, .pictures = true, .on_offer = true, .by_itself = true},
        name, &st);
    // Beside a table that is handed in alone, pictures may pair with its records; others that happen to lie
    // there are nobody's business.
    if (is_table && !images_elsewhere)
        walk_folder(d, &(Walk){.root = root, .pictures = true}, S(""), 0);
}

// ---- indexes

static int compare_path(const DeliveryPicture *x, int root, Str path)
{
    return x->root != root ? (x->root < root ? -1 : 1) : str_compare(x->path, path);
}

static int by_path(const void *x, const void *y, void *pictures)
{
    const DeliveryPicture *a = (const DeliveryPicture *)pictures + *(const size_t *)x;
    const DeliveryPicture *b = (const DeliveryPicture *)pictures + *(const size_t *)y;
    return compare_path(a, b->root, b->path);
}

static int by_key(const void *x, const void *y)
{
    const KeyOfPicture *a = x, *b = y;
    int order = str_compare(a->key, b->key);
    return order ? order : (a->picture > b->picture) - (a->picture < b->picture);
}

static void build_indexes(Delivery *d)
{
    Arena *a = d->arena;
    size_t count = d->pictures_count;
    d->by_path = arena_array(a, size_t, count);
    d->names = arena_array(a, KeyOfPicture, count);
    d->full = arena_array(a, KeyOfPicture, count);
    d->base = arena_array(a, KeyOfPicture, count);
    for (size_t i = 0; i < count; i++) {
        Str head, name = d->pictures[i].path, base;
        (void)str_cut_last(name, '/', &head, &name);
        Str stem = pairing_stem(name);
        d->by_path[d->by_path_count++] = i;
        d->names[d->names_count++] = (KeyOfPicture){pairing_key(a, name), i};
        d->full[d->full_count++] = (KeyOfPicture){pairing_key(a, stem), i};
        if (pairing_cut_view(stem, &base))
            d->base[d->base_count++] = (KeyOfPicture){pairing_key(a, base), i};
    }
    qsort_r(d->by_path, d->by_path_count, sizeof(*d->by_path), by_path, d->pictures);
    qsort(d->names, d->names_count, sizeof(*d->names), by_key);
    qsort(d->full, d->full_count, sizeof(*d->full), by_key);
    qsort(d->base, d->base_count, sizeof(*d->base), by_key);
}

// The first entry with this key; count if there is none.
static size_t first_with(const KeyOfPicture *list, size_t count, Str key)
{
    size_t from = 0, to = count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (str_compare(list[middle].key, key) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from < count && str_eq(list[from].key, key) ? from : count;
}

// Programs that read pictures often write 0001.xml beside 0001.tif: a table by its ending, a text by its
// root.
static bool is_text_in_xml(const Delivery *d, const DeliveryTable *table)
{
    char head[2048];
    Err err;
    CLEANUP(fd_closep) int fd = delivery_open_table(d, table, &err);
    ssize_t got = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);
    return got > 0 && written_is_xml((Str){head, (size_t)got});
}

static void take_texts_from_tables(Delivery *d)
{
    size_t kept = 0;
    for (size_t i = 0; i < d->tables_count; i++) {
        DeliveryTable *table = &d->tables[i];
        bool text = table->kind == TABLE_LIDO && is_text_in_xml(d, table);
        if (text)
            texts_add_xml(&d->texts, table->root, table->path, table->shown, d->arena);
        else
            d->tables[kept++] = *table;
        d->bytes -= text ? (int64_t)table->size_bytes : 0;
    }
    d->tables_count = kept;
}

// ---- opening

Delivery *delivery_open(const IngestAsk *ask, const IngestListener *listener)
{
    Delivery *d = mem_alloc(sizeof(*d));
    d->arena = arena_open();
    d->listener = listener;
    d->images_root = -1;
    for (size_t i = 0; i < ask->paths_count; i++)
        add_path(d, ask->paths[i], ask->images != NULL);
    if (ask->images) {
        d->images_root = add_root(d, ask->images, str_from(ask->images));
        if (d->images_root < 0)
            tell(d, INGEST_REFUSED, str_from(ask->images),
                arena_printf(d->arena, "the folder cannot be read: %s", strerror(errno)));
        else
            walk_folder(d, &(Walk){.root = d->images_root, .pictures = true, .deep = true, .on_offer = true},
                S(""), 0);
    }
    take_texts_from_tables(d);
    build_indexes(d);
    texts_settle(&d->texts, d->pictures, d->pictures_count, d->arena);
    return d;
}

void delivery_close(Delivery *d)
{
    if (!d)
        return;
    for (size_t i = 0; i < d->roots_count; i++)
        fd_close(d->roots[i].fd);
    arena_close(d->arena);
    free(d);
}

size_t delivery_tables(const Delivery *d, const DeliveryTable **ret)
{
    *ret = d->tables;
    return d->tables_count;
}

size_t delivery_pictures(Delivery *d, DeliveryPicture **ret)
{
    *ret = d->pictures;
    return d->pictures_count;
}

int64_t delivery_bytes(const Delivery *d)
{
    return d->bytes;
}

size_t delivery_refused(const Delivery *d)
{
    return d->refused;
}

int delivery_open_table(const Delivery *d, const DeliveryTable *table, Err *err)
{
    return file_open_beneath(d->roots[table->root].fd, table->path, err);
}

int delivery_open_text(const Delivery *d, const DeliveryText *text, Err *err)
{
    return file_open_beneath(d->roots[text->root].fd, text->path, err);
}

size_t delivery_texts_beside(Delivery *d, const DeliveryPicture *picture, Arena *a, DeliveryText ***ret)
{
    return texts_beside(&d->texts, picture, a, ret);
}

size_t delivery_texts_called(Delivery *d, Str id, Str accession, Arena *a, DeliveryText ***ret)
{
    return texts_called(&d->texts, id, accession, a, ret);
}

void delivery_tell_unclaimed(Delivery *d)
{
    for (size_t i = 0; i < d->texts.count; i++)
        if (!d->texts.items[i].claimed)
            tell(d, INGEST_NOTE, d->texts.items[i].shown,
                S("a text that is called after no picture and no record here; passed over"));
}

int delivery_open_picture(const Delivery *d, const DeliveryPicture *picture, Err *err)
{
    return file_open_beneath(d->roots[picture->root].fd, picture->path, err);
}

// ---- finding

static bool find_walked(const Delivery *d, int root, Str path, size_t *ret)
{
    size_t from = 0, to = d->by_path_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        int order = compare_path(&d->pictures[d->by_path[middle]], root, path);
        if (order == 0)
            return *ret = d->by_path[middle], true;
        if (order < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return false;
}

// A file that the walk did not list (beside a table handed in alone, in a folder of its own).
static bool find_on_disk(Delivery *d, int root, Str path, size_t *ret, Err *err)
{
    struct stat st;
    for (size_t i = d->by_path_count; i < d->pictures_count; i++)
        if (compare_path(&d->pictures[i], root, path) == 0)
            return *ret = i, true;
    CLEANUP(fd_closep) int fd = file_open_beneath(d->roots[root].fd, path, err);
    if (fd < 0 || fstat(fd, &st) < 0)
        return false;
    path = arena_copy(d->arena, path);
    *arena_push(d->arena, &d->pictures, &d->pictures_count, &d->pictures_capacity) = (DeliveryPicture){
        .root = root, .path = path, .shown = shown_path(d, root, path), .size_bytes = (uint64_t)st.st_size};
    d->bytes += st.st_size;
    *ret = d->pictures_count - 1;
    return true;
}

static bool find_at(Delivery *d, int root, Str path, size_t *ret, Err *err)
{
    return root >= 0 && (find_walked(d, root, path, ret) || find_on_disk(d, root, path, ret, err));
}

bool delivery_find(
    Delivery *d, const DeliveryTable *table, Str named, Arena *a, size_t *ret, bool *ret_elsewhere, Err *err)
{
    Str path, head, name;
    bool bare;
    *ret_elsewhere = false;
    if (!pairing_path(named, a, &path, &bare, err))
        return false;
    Str beside = arena_printf(a, FMT_STR FMT_STR, ARG_STR(table->folder), ARG_STR(path));
    Err why = {0};
    if (find_at(d, table->root, beside, ret, &why) ||
        (why.kind != ERR_INVALID && table->folder.n && find_at(d, table->root, path, ret, &why)) ||
        (why.kind != ERR_INVALID && find_at(d, d->images_root, path, ret, &why)))
        return true;
    if (why.kind == ERR_INVALID)
        return *err = why, false;
    // By its bare name anywhere in the delivery: spreadsheets move more often than pictures do.
    name = path;
    (void)str_cut_last(path, '/', &head, &name);
    Str key = pairing_key(a, name);
    size_t at = first_with(d->names, d->names_count, key);
    if (at == d->names_count)
        return err_set(err, ERR_NOT_FOUND, "there is no file " FMT_STR " in the delivery",
            ARG_STR(utf8_head(path, 200)));
    if (at + 1 < d->names_count && str_eq(d->names[at + 1].key, key))
        return err_set(err, ERR_INVALID, "more than one file is called " FMT_STR "; name it with its folder",
            ARG_STR(utf8_head(name, 200)));
    *ret = d->names[at].picture;
    *ret_elsewhere = !str_eq(d->pictures[*ret].path, path);
    return true;
}

void delivery_add_key(Delivery *d, Str id_or_accession)
{
    if (id_or_accession.n)
        *arena_push(d->arena, &d->keys, &d->keys_count, &d->keys_capacity) =
            pairing_key(d->arena, id_or_accession);
}

void delivery_keys_done(Delivery *d)
{
    if (d->keys_count)
        qsort(d->keys, d->keys_count, sizeof(Str), by_name);
}

static bool is_key_of_record(const Delivery *d, Str key)
{
    return d->keys_count && bsearch(&key, d->keys, d->keys_count, sizeof(Str), by_name);
}

static void pair_with(Delivery *d, Str key, Arena *a, size_t **list, size_t *count, size_t *capacity)
{
    if (key.n == 0)
        return;
    for (size_t i = first_with(d->full, d->full_count, key); i < d->full_count && str_eq(d->full[i].key, key);
         i++)
        if (!d->pictures[d->full[i].picture].named_only)
            *arena_push(a, list, count, capacity) = d->full[i].picture;
    for (size_t i = first_with(d->base, d->base_count, key); i < d->base_count && str_eq(d->base[i].key, key);
         i++) {
        Str full = pairing_key(a, pairing_stem(d->pictures[d->base[i].picture].path));
        if (!is_key_of_record(d, full) && !d->pictures[d->base[i].picture].named_only)
            *arena_push(a, list, count, capacity) = d->base[i].picture;
    }
}

size_t delivery_pair(Delivery *d, Str id, Str accession, Arena *a, size_t **ret)
{
    size_t count = 0, capacity = 0;
    *ret = NULL;
    if (d->full_count == 0)
        return 0;
    Str by_id = pairing_key(a, id), by_accession = pairing_key(a, accession);
    pair_with(d, by_id, a, ret, &count, &capacity);
    if (!str_eq(by_id, by_accession))
        pair_with(d, by_accession, a, ret, &count, &capacity);
    return count;
}
