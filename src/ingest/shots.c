// SPDX-License-Identifier: Apache-2.0
// One picture: its digest, and a pyramid under that digest.
#include "base/file.h"
#include "ingest/work.h"

#include <unistd.h>

// Is it the picture that is bad, or the machine? Bad pictures are refused; a full disk ends the run.
static bool is_about_the_picture(ErrKind kind)
{
    switch (kind) {
    case ERR_INVALID:
    case ERR_LIMIT:
    case ERR_CORRUPT:
    case ERR_UNSUPPORTED:
        return true;
    case ERR_NONE:
    case ERR_DENIED:
    case ERR_NOT_FOUND:
    case ERR_BUSY:
    case ERR_IO:
        break;
    }
    return false;
}

static bool derive(Shot *shot, int fd, Err *err)
{
    Run *run = shot->run;
    DerivedDraft draft;
    if (!derived_draft_open(run->house->derived, &draft, err)) {
        run_fail(run, err);
        return false;
    }
    bool good = cage_derive(run->house->cage, fd, draft.fd, &shot->facts, err);
    if (!good && !is_about_the_picture(err->kind))
        run_fail(run, err);
    if (good && !run->ask->check &&
        !derived_draft_keep(run->house->derived, &draft, &shot->digest, "pyramid", err)) {
        run_fail(run, err);
        good = false;
    }
    derived_draft_drop(run->house->derived, &draft);
    return good;
}

static bool look(Shot *shot, Err *err)
{
    Run *run = shot->run;
    Err ignored;
    CLEANUP(fd_closep) int fd = delivery_open_picture(run->delivery, &shot->picture, err);
    if (fd < 0 || !sha512_of_file(fd, &shot->digest, &shot->size_bytes, err))
        return false;
    if (shot->size_bytes == 0)
        return err_set(err, ERR_CORRUPT, "the file is empty");
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(err, "reading");
    CLEANUP(fd_closep) int made = derived_find(run->house->derived, &shot->digest, "pyramid", &ignored);
    if (made >= 0 && cage_probe(run->house->cage, fd, &shot->facts, err))
        return true;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(err, "reading");
    return derive(shot, fd, err);
}

void shot_work(void *work)
{
    Shot *shot = work;
    Run *run = shot->run;
    shot->stopped = run_stopping(run);
    shot->good = !shot->stopped && look(shot, &shot->err);
    pthread_mutex_lock(&run->lock);
    run->counts.bytes_read += (int64_t)shot->picture.size_bytes;
    shot->batch->waiting--;
    pthread_cond_broadcast(&run->shot_done);
    pthread_mutex_unlock(&run->lock);
}
