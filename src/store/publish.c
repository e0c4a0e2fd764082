// SPDX-License-Identifier: Apache-2.0
// Writing, the second half: batches, the journal, moving into the vault, and what a dead writer left.
//
// The order, and what a kill or a power cut at each point leaves:
//
//   stage            staging/b-x/ without a whole journal: thrown away by the next writer
//   journal, flush   from here on the batch goes forward: everything it needs is on the disk
//   rename           new object: one rename of its folder. Next version: its folder vN, then the root
//                    inventory, then its sidecar. What is still in staging is renamed by the next writer
//   flush            acknowledged
//   close            the journal goes; until then store_unfinished names the batch's objects
#include "base/clock.h"
#include "base/file.h"
#include "store/int.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    JOURNAL_MAX_BYTES = 256 * 1024 * 1024,
    STAGED_PATH_MAX_BYTES = 64 + STORE_FOLDER_MAX_BYTES,
    TARGET_PATH_MAX_BYTES = STORE_FOLDER_MAX_BYTES + 64,
};

// ---- the lock

static bool open_staging(Store *s, Err *err)
{
    struct stat vault, staging;
    if (s->staging >= 0)
        return true;
    if (!dir_make(s->home, "staging", err))
        return false;
    CLEANUP(fd_closep) int fd = dir_open(s->home, "staging", err);
    if (fd < 0)
        return false;
    if (fstat(fd, &staging) < 0 || fstat(s->vault, &vault) < 0)
        return err_errno(err, "staging");
    if (staging.st_dev != vault.st_dev)
        return err_set(err, ERR_INVALID, "staging/ and vault/ must be on the same file system");
    s->staging = fd_take(&fd);
    return true;
}

static bool recover(Store *s, Err *err);

bool store_writer_enter(Store *s, Err *err)
{
    if (s->bucket)
        return err_set(err, ERR_UNSUPPORTED, "a vault in a bucket is written by export alone");
    pthread_mutex_lock(&s->mutex);
    bool good = open_staging(s, err);
    if (good && s->writers == 0) {
        s->lock = file_lock(s->staging, "lock", err);
        good = s->lock >= 0 && recover(s, err);
        if (!good) {
            fd_close(s->lock);
            s->lock = -1;
        }
    }
    s->writers += good;
    pthread_mutex_unlock(&s->mutex);
    return good;
}

void store_writer_leave(Store *s)
{
    pthread_mutex_lock(&s->mutex);
    if (--s->writers == 0) {
        fd_close(s->lock);
        s->lock = -1;
    }
    pthread_mutex_unlock(&s->mutex);
}

// ---- a batch

// Into a bucket each object goes at once: nothing is staged, and nothing is left to publish.
static StoreBatch *open_direct(Store *s)
{
    StoreBatch *batch = mem_alloc(sizeof(*batch));
    batch->store = s;
    return batch;
}

StoreBatch *store_batch_open(Store *s, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    if (s->bucket)
        return open_direct(s);
    if (!store_writer_enter(s, err))
        return NULL;
    StoreBatch *batch = mem_alloc(sizeof(*batch));
    batch->store = s;
    batch->journal = buf_with_max(JOURNAL_MAX_BYTES);
    snprintf(batch->name, sizeof(batch->name), "b-%s", arena_cstr(a, random_hex(a, 8)));
    if (store_io->make_folder(s->staging, batch->name) < 0) {
        err_note_errno_at(err, __FILE__, __LINE__, "making staging/%s", batch->name);
        buf_free(&batch->journal);
        free(batch);
        store_writer_leave(s);
        return NULL;
    }
    pthread_mutex_lock(&s->mutex);
    batch->next = s->live;
    s->live = batch;
    pthread_mutex_unlock(&s->mutex);
    return batch;
}

static bool flush(Store *s, Err *err)
{
    return store_io->flush(s->staging) == 0 || err_errno(err, "flushing the vault to the disk");
}

static bool write_journal(StoreBatch *batch, Err *err)
{
    char path[STAGED_PATH_MAX_BYTES];
    buf_printf(&batch->journal, "end %zu\n", batch->done);
    if (batch->journal.full)
        return err_set(err, ERR_LIMIT, "too many objects in one batch");
    snprintf(path, sizeof(path), "%s/journal", batch->name);
    return store_io_write_file(batch->store->staging, path, buf_str(&batch->journal), err);
}

// Is the vault still as the drafts found it? Checked under the lock, before anything is renamed.
static bool nobody_was_faster(StoreBatch *batch, Err *err);

bool store_batch_publish(StoreBatch *batch, Err *err)
{
    assert(batch->drafts == 0 && !batch->renaming);
    if (batch->done == 0)
        return true;
    if (!nobody_was_faster(batch, err) || !write_journal(batch, err) || !flush(batch->store, err))
        return false;
    batch->renaming = true;
    batch->published = store_publish_folder(batch->store, batch->name, err) && flush(batch->store, err);
    return batch->published;
}

static void close_batch(StoreBatch *batch, bool keep)
{
    Store *s = batch->store;
    Err ignored = {0}; // what stays behind is tidied by the next writer
    assert(batch->drafts == 0);
    if (s->bucket) {
        free(batch);
        return;
    }
    bool tidy = keep || store_io_remove_tree(s->staging, batch->name, &ignored);
    (void)tidy;
    pthread_mutex_lock(&s->mutex);
    for (StoreBatch **at = &s->live; *at; at = &(*at)->next)
        if (*at == batch) {
            *at = batch->next;
            break;
        }
    pthread_mutex_unlock(&s->mutex);
    buf_free(&batch->journal);
    arena_close(batch->spare);
    free(batch);
    store_writer_leave(s);
}

void store_batch_close(StoreBatch *batch)
{
    if (batch)
        close_batch(batch, batch->renaming && !batch->published);
}

void store_batch_leave(StoreBatch *batch)
{
    if (batch)
        close_batch(batch, batch->renaming);
}

// ---- the journal

typedef struct {
    int version;
    bool erase;
    char folder[STORE_FOLDER_MAX_BYTES]; // from the vault
    const char *name;                    // its last part
    Str uri;
} JournalLine;

static bool parse_line(Str text, JournalLine *ret)
{
    Str version, folder, rest;
    ret->erase = str_starts(text, S("x"));
    if (!str_cut(str_slice(text, ret->erase, text.n), ' ', &version, &rest) ||
        !str_cut(rest, ' ', &folder, &rest) || rest.n == 0 ||
        !str_to_int(version, 1, STORE_VERSION_MAX, &ret->version) || folder.n >= sizeof(ret->folder) ||
        !store_path_good(folder))
        return false;
    memcpy(ret->folder, folder.p, folder.n);
    ret->folder[folder.n] = '\0';
    const char *slash = strrchr(ret->folder, '/');
    ret->name = slash ? slash + 1 : ret->folder;
    ret->uri = rest;
    return true;
}

typedef bool JournalVisit(void *ctx, const JournalLine *line, Err *err);

// Visits every line. ERR_NOT_FOUND if the journal is missing or was not written to its end.
static bool each_line(Str text, JournalVisit *visit, void *ctx, Err *err)
{
    size_t count = 0;
    Str rest = text, line, last;
    int64_t end;
    if (!str_ends(text, S("\n")) || !str_cut_last(str_slice(text, 0, text.n - 1), '\n', &rest, &last) ||
        !str_starts(last, S("end ")) || !str_to_int64(str_slice(last, 4, last.n), &end))
        return err_set(err, ERR_NOT_FOUND, "the journal has no end");
    while (str_next(&rest, '\n', &line)) {
        JournalLine parsed;
        if (!parse_line(line, &parsed))
            return err_set(err, ERR_CORRUPT, "the journal has a line that makes no sense");
        if (!visit(ctx, &parsed, err))
            return false;
        count++;
    }
    return count == (size_t)end || err_set(err, ERR_CORRUPT, "the journal has lost lines");
}

static bool read_journal(Store *s, const char *batch, Arena *a, Str *ret, Err *err)
{
    char path[STAGED_PATH_MAX_BYTES];
    snprintf(path, sizeof(path), "%s/journal", batch);
    CLEANUP(fd_closep) int fd = store_file_open(s->staging, path, err);
    return fd >= 0 && file_read_all(fd, JOURNAL_MAX_BYTES, a, ret, err);
}

static bool was_head(void *ctx, const JournalLine *line, Err *err)
{
    Store *s = ctx;
    CLEANUP(arena_closep) Arena *a = arena_open();
    StoreInventory inventory;
    struct stat st;
    if (line->version == 1) {
        return fstatat(s->vault, line->folder, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
               err_set(err, ERR_BUSY, "object " FMT_STR " was written by somebody else meanwhile",
                   ARG_STR(line->uri));
    }
    if (!store_load_at(s, line->folder, a, &inventory, err))
        return false;
    if (line->erase ? inventory.head >= line->version : inventory.head != line->version - 1)
        return err_set(
            err, ERR_BUSY, "object " FMT_STR " was changed by somebody else meanwhile", ARG_STR(line->uri));
    const char *next = arena_printf(a, "%s/v%d", line->folder, line->version).p;
    return fstatat(s->vault, next, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
           err_set(err, ERR_CORRUPT, "object " FMT_STR " has a folder v%d that its inventory does not know",
               ARG_STR(line->uri), line->version);
}

static bool nobody_was_faster(StoreBatch *batch, Err *err)
{
    Str rest = buf_str(&batch->journal), line;
    while (str_next(&rest, '\n', &line)) {
        JournalLine parsed;
        if (parse_line(line, &parsed) && !was_head(batch->store, &parsed, err))
            return false;
    }
    return true;
}

// ---- moving in

typedef struct {
    Store *store;
    const char *batch;
} Move;

static bool move_one(Move *move, const char *from, const char *to, Err *err)
{
    Store *s = move->store;
    if (store_io->rename(s->staging, from, s->vault, to) == 0)
        return true;
    if (errno == ENOENT) {
        struct stat st;
        if (fstatat(s->staging, from, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
            return true; // it was renamed before the kill
        if (!store_io_make_parents(s->vault, to, err))
            return false;
        if (store_io->rename(s->staging, from, s->vault, to) == 0)
            return true;
    }
    if (errno == ENOTEMPTY || errno == EEXIST || errno == ENOTDIR)
        return err_set(err, ERR_CORRUPT, "vault/%s is there already", to);
    return err_errno(err, "renaming %s into the vault", from);
}

// The two folders change places; then the one that was in the vault is deleted. Which of them is where shows
// in the head of the one in the vault.
static bool erase_object(Move *move, const JournalLine *line, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Store *s = move->store;
    StoreInventory inventory;
    char from[STAGED_PATH_MAX_BYTES];
    snprintf(from, sizeof(from), "%s/%s", move->batch, line->name);
    if (!store_load_at(s, line->folder, a, &inventory, err))
        return false;
    if (inventory.head > line->version)
        return err_set(err, ERR_CORRUPT, "vault/%s was changed before it could be replaced", line->folder);
    if (inventory.head != line->version &&
        (store_io->exchange(s->staging, from, s->vault, line->folder) < 0 || store_io->flush(s->staging) < 0))
        return err_errno(err, "replacing %s", line->folder);
    return store_io_remove_tree(s->staging, from, err);
}

static bool move_object(void *ctx, const JournalLine *line, Err *err)
{
    static const char *const parts[] = {"inventory.json", "inventory.json.sha512"};
    Move *move = ctx;
    char from[STAGED_PATH_MAX_BYTES + 64], to[TARGET_PATH_MAX_BYTES];
    if (line->erase)
        return erase_object(move, line, err);
    if (line->version == 1) {
        snprintf(from, sizeof(from), "%s/%s", move->batch, line->name);
        return move_one(move, from, line->folder, err);
    }
    snprintf(from, sizeof(from), "%s/%s/v%d", move->batch, line->name, line->version);
    snprintf(to, sizeof(to), "%s/v%d", line->folder, line->version);
    if (!move_one(move, from, to, err))
        return false;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        snprintf(from, sizeof(from), "%s/%s/%s", move->batch, line->name, parts[i]);
        snprintf(to, sizeof(to), "%s/%s", line->folder, parts[i]);
        if (!move_one(move, from, to, err))
            return false;
    }
    return true;
}

bool store_publish_folder(Store *s, const char *batch, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str text;
    Move move = {s, batch};
    return read_journal(s, batch, a, &text, err) && each_line(text, move_object, &move, err);
}

// ---- what a dead writer left

// Something stands where the object wants to go: somebody had their hands in the vault. Nothing is
// overwritten; what was staged is kept beside the batches, and store_verify tells of it.
static bool recover_object(void *ctx, const JournalLine *line, Err *err)
{
    Move *move = ctx;
    char from[STAGED_PATH_MAX_BYTES], to[STAGED_PATH_MAX_BYTES];
    Err why = {0};
    if (move_object(move, line, &why))
        return true;
    *err = why;
    if (why.kind != ERR_CORRUPT)
        return false;
    snprintf(from, sizeof(from), "%s/%s", move->batch, line->name);
    snprintf(to, sizeof(to), "aside-%s", line->name);
    return store_io->rename(move->store->staging, from, move->store->staging, to) == 0 ||
           err_errno(err, "setting %s aside", from);
}

static bool recover_batch(Store *s, const char *batch, Arena *a, Err *err)
{
    Str text;
    Err why = {0};
    Move move = {s, batch};
    if (read_journal(s, batch, a, &text, &why) && each_line(text, recover_object, &move, &why))
        return true;
    if (why.kind == ERR_NOT_FOUND) // never published
        return store_io_remove_tree(s->staging, batch, err);
    *err = why;
    return false;
}

static bool is_batch(Str name)
{
    return str_starts(name, S("b-")) && name.n < 32;
}

// With the lock and no live batch in this process: every batch there belongs to a dead writer.
static bool recover(Store *s, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str *names;
    size_t count, batches = 0;
    if (!store_names(s->staging, ".", a, &names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_batch(names[i])) {
            batches++;
            if (!recover_batch(s, names[i].p, a, err))
                return false;
        }
    return batches == 0 || flush(s, err);
}

typedef struct {
    Arena *arena;
    Str *ids;
    size_t count, capacity;
} Ids;

static bool collect(void *ctx, const JournalLine *line, Err *err)
{
    Ids *ids = ctx;
    (void)err;
    *arena_push(ids->arena, &ids->ids, &ids->count, &ids->capacity) =
        arena_copy(ids->arena, store_id_of(ids->arena, line->uri));
    return true;
}

static bool is_live(Store *s, Str name)
{
    bool found = false;
    pthread_mutex_lock(&s->mutex);
    for (StoreBatch *batch = s->live; batch && !found; batch = batch->next)
        found = str_eq(str_from(batch->name), name);
    pthread_mutex_unlock(&s->mutex);
    return found;
}

typedef bool LeftVisit(Store *s, const char *batch, void *ctx, Err *err);

// Every batch of a dead writer, with the lock held. Nothing while another process holds it.
static bool each_left(Store *s, LeftVisit *visit, void *ctx, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str *names;
    size_t count;
    Err why = {0};
    if (!store_writer_enter(s, &why)) {
        if (why.kind == ERR_BUSY)
            return true;
        *err = why;
        return false;
    }
    bool good = store_names(s->staging, ".", a, &names, &count, err);
    for (size_t i = 0; good && i < count; i++)
        if (is_batch(names[i]) && !is_live(s, names[i]))
            good = visit(s, names[i].p, ctx, err);
    store_writer_leave(s);
    return good;
}

static bool collect_batch(Store *s, const char *batch, void *ctx, Err *err)
{
    Ids *ids = ctx;
    Str text;
    return read_journal(s, batch, ids->arena, &text, err) && each_line(text, collect, ids, err);
}

bool store_unfinished(Store *s, Arena *a, Str **ret_ids, size_t *ret_count, Err *err)
{
    Ids ids = {.arena = a};
    if (!each_left(s, collect_batch, &ids, err))
        return false;
    *ret_ids = ids.ids;
    *ret_count = ids.count;
    return true;
}

static bool forget(Store *s, const char *batch, void *ctx, Err *err)
{
    (void)ctx;
    return store_io_remove_tree(s->staging, batch, err);
}

bool store_forget_unfinished(Store *s, Err *err)
{
    return each_left(s, forget, NULL, err);
}
