// SPDX-License-Identifier: Apache-2.0
// One file: its digest, and for each of its pages a pyramid under that digest. Each is kept as soon as it is
// whole, so a run that is killed on page 300 goes on there.
#include "base/file.h"
#include "ingest/twins.h"
#include "ingest/webp.h"
#include "ingest/work.h"

#include <stdlib.h>
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

static bool derive(Shot *shot, int fd, int number, const char *kind, Page *page)
{
    Run *run = shot->run;
    Err *err = &page->err;
    DerivedDraft draft;
    if (!derived_draft_open(run->house->derived, &draft, err)) {
        run_fail(run, err);
        return false;
    }
    bool good = cage_derive_page(run->house->cage, number, fd, draft.fd, &page->facts, err);
    if (!good && !is_about_the_picture(err->kind))
        run_fail(run, err);
    if (good)
        twins_code(run, page, draft.fd);
    if (good && !run->ask->check &&
        !derived_draft_keep(run->house->derived, &draft, &shot->digest, kind, err)) {
        run_fail(run, err);
        good = false;
    }
    derived_draft_drop(run->house->derived, &draft);
    return good;
}

// The facts of a page and its pyramid: the one that was made before, or a new one.
static bool make_page(Shot *shot, int fd, int number, Page *page)
{
    Err *err = &page->err;
    const IngestHouse *house = shot->run->house;
    DerivedKind kind = derived_kind("pyramid", number + 1);
    Err ignored;
    CLEANUP(fd_closep) int made = derived_find(house->derived, &shot->digest, kind.text, &ignored);
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(err, "reading");
    if (made >= 0 && cage_probe(house->cage, number, fd, &page->facts, err))
        return true;
    if (lseek(fd, 0, SEEK_SET) < 0)
        return err_errno(err, "reading");
    return derive(shot, fd, number, kind.text, page);
}

static bool make_twin(Shot *shot, int fd, int page, Err *err)
{
    if (shot->run->ask->check || webp_ensure(shot->run->house, &shot->digest, page + 1, fd, err))
        return true;
    run_fail(shot->run, err);
    return false;
}

static Page *add_page(Shot *shot)
{
    shot->pages = mem_grow(shot->pages, (size_t)shot->pages_count + 1, sizeof(Page));
    shot->pages[shot->pages_count] = (Page){0};
    return &shot->pages[shot->pages_count++];
}

// A damaged first page is no reason to refuse the others: how many there are its header may still tell.
static bool make_first(Shot *shot, int fd, int *ret_pages, Err *err)
{
    Page *first = add_page(shot);
    Err ignored;
    first->good = make_page(shot, fd, 0, first) && make_twin(shot, fd, 0, &first->err);
    *ret_pages = first->facts.pages;
    if (first->good)
        return true;
    ImageFacts facts;
    if (run_stopping(shot->run) || lseek(fd, 0, SEEK_SET) < 0 ||
        !cage_probe(shot->run->house->cage, 0, fd, &facts, &ignored) || facts.pages < 2) {
        *err = first->err;
        return false;
    }
    *ret_pages = facts.pages;
    return true;
}

static bool make_pages(Shot *shot, int fd, Err *err)
{
    int pages;
    if (!make_first(shot, fd, &pages, err))
        return false;
    bool any = shot->pages[0].good;
    int64_t pixels = (int64_t)shot->pages[0].facts.width_px * shot->pages[0].facts.height_px;
    for (int i = 1; i < pages && i < PAGES_OF_FILE_MAX && pixels < PAGES_PIXELS_MAX; i++) {
        if (run_stopping(shot->run))
            return shot->stopped = true, false;
        Page *page = add_page(shot);
        page->good = make_page(shot, fd, i, page) && make_twin(shot, fd, i, &page->err);
        any |= page->good;
        pixels += page->good ? (int64_t)page->facts.width_px * page->facts.height_px : 0;
    }
    shot->pages_left_out = pages - shot->pages_count;
    if (!any)
        *err = shot->pages[0].err;
    return any;
}

static bool look(Shot *shot, Err *err)
{
    CLEANUP(fd_closep) int fd = delivery_open_picture(shot->run->delivery, &shot->picture, err);
    if (fd < 0 || !sha512_of_file(fd, &shot->digest, &shot->size_bytes, err))
        return false;
    if (shot->size_bytes == 0)
        return err_set(err, ERR_CORRUPT, "the file is empty");
    return make_pages(shot, fd, err);
}

void shot_free(Shot *shot)
{
    free(shot->pages);
    shot->pages = NULL;
    shot->pages_count = 0;
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
