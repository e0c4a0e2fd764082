// SPDX-License-Identifier: Apache-2.0
// Samples of the master: the vault's file is opened, a caged child cuts the region out of it, and what it
// wrote becomes a PNG or TIFF. That costs as much as decoding the master, so one request at a time does it;
// the others are asked to come again.
#include "image/samples.h"
#include "base/file.h"
#include "tile/int.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { CUT_TIME_MAX_S = 60 };

// The child can write so much and no more; what is never written takes no memory.
static int open_room(int64_t bytes_max, Err *err)
{
    CLEANUP(fd_closep) int fd = memfd_create("samples", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0 || ftruncate(fd, bytes_max) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW) < 0) {
        err_note_errno_at(err, __FILE__, __LINE__, "no room for samples");
        return -1;
    }
    return fd_take(&fd);
}

// A child of its own, so that nothing of it stays in memory: such requests are rare, and starting one is the
// least they cost.
static bool cut_caged(const CageCut *what, int from, int to, CageSamples *ret, Err *err)
{
    Cage *cage = cage_open(&(CageConfig){.children_max = 1, .time_max_s = CUT_TIME_MAX_S}, err);
    bool good = cage && cage_cut(cage, what, from, to, ret, err);
    cage_close(cage);
    return good;
}

static bool cut(TileRoom *t, const TileAsk *ask, const TilePlan *plan, const Image *image, Buf *out, Err *err)
{
    const RenderAsk *r = &plan->render;
    const CageCut what = {.page = MAX_OF(image->page - 1, 0),
        .left_px = r->left_px,
        .top_px = r->top_px,
        .width_px = r->width_px,
        .height_px = r->height_px,
        .out_width_px = r->out_width_px,
        .out_height_px = r->out_height_px,
        .bytes_max = samples_bytes_max(r->out_width_px, r->out_height_px)};
    CageSamples samples;
    CLEANUP(fd_closep) int from = store_open_file(t->store, image->object_id, 0, image->path, err);
    CLEANUP(fd_closep)
    int to = from < 0 ? -1 : open_room(what.bytes_max + SAMPLES_PROFILE_MAX_BYTES, err);
    if (to < 0 || !cut_caged(&what, from, to, &samples, err))
        return false;
    const SamplesAsk form = {.windowed = ask->windowed,
        .low = ask->low,
        .high = ask->high,
        .width_px = r->out_width_px,
        .height_px = r->out_height_px,
        .format = r->format};
    return samples_encode(to, &samples, &form, out, err);
}

bool samples_in_budget(
    TileRoom *t, const TileAsk *ask, const TilePlan *plan, const Image *image, Buf *out, Err *err)
{
    size_t needed = samples_memory_bytes(plan->render.out_width_px, plan->render.out_height_px);
    if (!t->store)
        return err_set(err, ERR_INVALID, "this server gives no samples of masters out");
    if (needed > t->budget_bytes)
        return err_set(err, ERR_LIMIT, "too many samples at once; ask for a smaller region");
    bool first = !atomic_exchange(&t->cutting, true);
    bool fits = atomic_fetch_add(&t->in_use_bytes, needed) + needed <= t->budget_bytes;
    bool good = first && fits
                    ? cut(t, ask, plan, image, out, err)
                    : err_set(err, ERR_BUSY, "another master is being opened; please try again in a moment");
    atomic_fetch_sub(&t->in_use_bytes, needed);
    if (first)
        atomic_store(&t->cutting, false);
    // What cannot be had of this master is asked wrongly; its damage is not the visitor's mistake.
    if (!good && err->kind == ERR_UNSUPPORTED)
        err->kind = ERR_INVALID;
    return good;
}
