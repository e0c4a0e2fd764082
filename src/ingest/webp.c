// SPDX-License-Identifier: Apache-2.0
// The WebP twin of a pyramid, where the museum wants one. Without it WebP is drawn when asked for, so what
// goes wrong here is no reason to refuse a picture.
#include "ingest/webp.h"

#include "base/file.h"
#include "image/webp_tiles.h"

#include <fcntl.h>

static bool make(const IngestHouse *house, const Sha512 *master, int page, int master_fd, Err *err)
{
    DerivedDraft draft;
    int fd = derived_find(house->derived, master, derived_kind("pyramid", page).text, err);
    Pyramid *p = fd < 0 ? NULL : pyramid_open(fd, err);
    if (!p)
        return false;
    bool good = true;
    if (pyramid_is_cut(p)) {
        int own = fcntl(master_fd, F_DUPFD_CLOEXEC, 0);
        good = own >= 0 ? pyramid_take_master(p, own, err) : err_errno(err, "opening a master again");
    }
    if (good && (good = derived_draft_open(house->derived, &draft, err))) {
        good = webp_tiles_make(p, draft.fd, err) &&
               derived_draft_keep(house->derived, &draft, master, derived_kind("webp", page).text, err);
        derived_draft_drop(house->derived, &draft);
    }
    pyramid_drop(p);
    return good;
}

bool webp_ensure(const IngestHouse *house, const Sha512 *master, int page, int master_fd, Err *err)
{
    Err why;
    if (!house->webp_tiles)
        return true;
    CLEANUP(fd_closep)
    int there = derived_find(house->derived, master, derived_kind("webp", page).text, &why);
    if (there >= 0 || make(house, master, page, master_fd, &why))
        return true;
    return why.kind != ERR_IO || (*err = why, false);
}
