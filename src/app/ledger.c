// SPDX-License-Identifier: Apache-2.0
#include "app/ledger.h"
#include "app/index.h"
#include "base/clock.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <pwd.h>
#include <unistd.h>

static const char KEY_FILE[] = "ledger.key", CHECKPOINT_FILE[] = "checkpoint";

// Linked into place whole, so that two that start at once agree on one key.
static bool make_key(const Home *home, Err *err)
{
    enum { NAME_BYTES = 4 };
    Arena *a = home->arena;
    Str name = random_hex(a, NAME_BYTES), text;
    const char *beside = arena_cstr(a, arena_printf(a, "%s." FMT_STR ".tmp", KEY_FILE, ARG_STR(name)));
    if (!proof_key_make(arena_printf(a, "museum-" FMT_STR, ARG_STR(name)), a, &text, err))
        return false;
    CLEANUP(fd_closep) int fd = openat(home->dir, beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return err_errno(err, "making %s", KEY_FILE);
    bool good = file_write_all(fd, arena_printf(a, FMT_STR "\n", ARG_STR(text)), err) &&
                (fsync(fd) == 0 || err_errno(err, "flushing %s", KEY_FILE)) &&
                (linkat(home->dir, beside, home->dir, KEY_FILE, 0) == 0 || errno == EEXIST ||
                    err_errno(err, "making %s", KEY_FILE)) &&
                (fsync(home->dir) == 0 || err_errno(err, "flushing %s", home->path));
    unlinkat(home->dir, beside, 0);
    return good;
}

static bool read_key(const Home *home, ProofKey *ret, Err *err)
{
    Str text;
    CLEANUP(fd_closep) int fd = file_open(home->dir, KEY_FILE, err);
    return fd >= 0 && file_read_all(fd, PROOF_KEY_MAX_BYTES, home->arena, &text, err) &&
           proof_key_read(text, ret, err);
}

bool ledger_key(const Home *home, ProofKey *ret, Err *err)
{
    if (read_key(home, ret, err))
        return true;
    return err->kind == ERR_NOT_FOUND && make_key(home, err) && read_key(home, ret, err);
}

// The head that was promised last; size 0 if none was.
static bool read_checkpoint(const Home *home, const ProofKey *key, ProofHead *ret, Err *err)
{
    Str note;
    *ret = (ProofHead){0};
    CLEANUP(fd_closep) int fd = file_open(home->dir, CHECKPOINT_FILE, err);
    if (fd < 0)
        return err->kind == ERR_NOT_FOUND;
    return file_read_all(fd, PROOF_NOTE_MAX_BYTES, home->arena, &note, err) &&
           proof_head_read(note, &key->verifier, ret, err);
}

bool ledger_promise(const Home *home, Err *err)
{
    ProofKey key;
    ProofHead promised;
    Str note;
    int64_t size;
    if (!ledger_key(home, &key, err) || !read_checkpoint(home, &key, &promised, err) ||
        (promised.size > 0 && !proof_head_check(home->catalog, &promised, err)) ||
        !catalog_tree_size(home->catalog, &size, err))
        return false;
    if (size == promised.size)
        return true;
    return proof_head_write(home->catalog, &key, size, home->arena, &note, err) &&
           file_replace(home->dir, CHECKPOINT_FILE, note, true, err);
}

bool ledger_before_change(const Home *home, Err *err)
{
    ProofKey key;
    ProofHead promised;
    Err why = {0};
    if (!ledger_key(home, &key, err) || !read_checkpoint(home, &key, &promised, err))
        return false;
    if (promised.size == 0 || proof_head_check(home->catalog, &promised, &why))
        return true;
    return err_set(err, why.kind,
        "nothing was written, because %s. If the catalogue was restored from a backup: vitrine rebuild. If "
        "the vault "
        "was too, and nothing newer is left: keep the file `checkpoint` elsewhere, then rebuild",
        why.text);
}

bool ledger_after_change(const Home *home, const Call *call, Err *err)
{
    int64_t sequence;
    if (!ledger_promise(home, err))
        return false;
    return index_catch_up(home, call->stop, &sequence, err) || err->kind == ERR_BUSY; // a server does it
}

Str ledger_user(Arena *a)
{
    const struct passwd *user = getpwuid(getuid());
    return user ? arena_printf(a, "%s", user->pw_name) : S("somebody");
}
