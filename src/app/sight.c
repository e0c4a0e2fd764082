// SPDX-License-Identifier: Apache-2.0
#include "app/sight.h"

#include "app/model.h"
#include "base/file.h"
#include "image/render.h"
#include "image/write.h"

#include <malloc.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

enum {
    LOOK_EVERY_MS = 250,
    RETRY_EVERY_ROUNDS = 20,   // the lock, and pictures that were late, are tried again every 5 s
    CHAIN_AT_ONCE = 4,         // pictures asked for links before the ledger is looked at again
    MODEL_AT_ONCE = 8,         // pictures shown to the museum's own model, likewise
    BUSY_PAUSE_MS = 20,        // between such steps
    NICE = 5,                  // visitors go first
    UPLOAD_NICE = 15,          // and those who send nothing before those who do
    UPLOAD_SIDE_MIN_PX = 1000, // what is enough of a large photograph
    UPLOAD_CHILDREN = 2,
    UPLOAD_TIME_MAX_S = 20,
    UPLOAD_PIXELS_MAX = 200 * 1000 * 1000,
    SMALL_SIDE_MAX_PX = 800, // of an upload as the answer gives it back
    SMALL_QUALITY = 85,
    SMALL_MAX_BYTES = 1536 * 1024,
};

struct Sight {
    const Home *home;
    const char *dir;
    Cage *cage;
    pthread_t thread;
    pthread_mutex_t lock; // over visual and users
    pthread_cond_t idle;
    Visual *visual;
    HomeModel model;
    bool unseen;              // pictures that the museum's own model has not looked at
    Chain *chain, *old_chain; // old: a visitor may still be looking at it
    int64_t waiting;          // pictures that were not asked for links yet
    atomic_int_least64_t behind;
    int users;
    bool writer;
    volatile bool stop;
    Err told; // the last trouble that was printed: the same one is not printed again
};

const char *sight_dir(const Home *home)
{
    return home_path(home, "visual");
}

Visual *sight_open_index(const Home *home, bool writer, Err *err)
{
    Visual *visual = visual_open(sight_dir(home), writer, err);
    if (visual)
        visual_default_terms(visual, home->conf.access);
    return visual;
}

static void tell(Sight *sight, const Err *err)
{
    if (sight->told.kind == err->kind && strcmp(sight->told.text, err->text) == 0)
        return;
    sight->told = *err;
    fprintf(stderr, "vitrine: visual index: %s\n", err->text);
}

// Opened when the index is; a writer's takes the place of a reader's. Closed with everything else.
static void open_chain(Sight *sight, bool writer)
{
    Err err = {0};
    Chain *chain = chain_open(sight->dir, writer, &err);
    if (!chain) {
        tell(sight, &err);
        return;
    }
    pthread_mutex_lock(&sight->lock);
    sight->old_chain = sight->chain;
    sight->chain = chain;
    pthread_mutex_unlock(&sight->lock);
}

static void swap(Sight *sight, Visual *visual, bool writer)
{
    pthread_mutex_lock(&sight->lock);
    while (sight->users > 0)
        pthread_cond_wait(&sight->idle, &sight->lock);
    Visual *old = sight->visual;
    sight->visual = visual;
    sight->writer = writer;
    pthread_mutex_unlock(&sight->lock);
    visual_close(old);
}

// A model that cannot be used is told of, and the index goes on without it.
static void use_model(Sight *sight, Visual *visual)
{
    Err err = {0};
    if (home_model_use(&sight->model, visual, &err)) {
        sight->unseen = sight->model.model != NULL;
        return;
    }
    tell(sight, &err);
    home_model_close(&sight->model);
}

// Opens the index for writing, or while another process has the writing lock, for reading.
static void open_best(Sight *sight)
{
    Err err = {0};
    Visual *visual = sight_open_index(sight->home, true, &err);
    if (visual) {
        use_model(sight, visual);
        swap(sight, visual, true);
        open_chain(sight, true);
        return;
    }
    if (err.kind != ERR_BUSY)
        tell(sight, &err);
    if (sight->visual)
        return;
    visual = sight_open_index(sight->home, false, &err);
    if (visual) {
        use_model(sight, visual);
        swap(sight, visual, false);
        open_chain(sight, false);
    }
}

static Pyramid *find_pyramid(void *ctx, const Sha512 *master, int page, Err *err)
{
    const Home *home = ctx;
    const int fd = derived_find(home->derived, master, derived_kind("pyramid", page).text, err);
    return fd < 0 ? NULL : pyramid_open(fd, err);
}

static VisualSource source_of(const Home *home)
{
    return (VisualSource){.ctx = (void *)(uintptr_t)home, .pyramid = find_pyramid};
}

static bool whole_picture(void *ctx, Str image_id, Arena *a, Picture *ret, Err *err)
{
    const Home *home = ctx;
    static const int whole[4] = {0};
    CatalogImage image;
    return catalog_find_image(home->catalog, image_id, a, &image, err) &&
           sight_region_of(home, &image, whole, a, ret, err);
}

// True when the last waiting picture was asked.
static bool link_some(Sight *sight)
{
    Err err = {0};
    const ChainSource source = {.ctx = (void *)(uintptr_t)sight->home, .picture = whole_picture};
    const int64_t before = sight->waiting;
    if (sight->chain && !chain_follow(sight->chain, sight->visual, &source, CHAIN_AT_ONCE, &sight->stop,
                            &sight->waiting, &err))
        tell(sight, &err);
    return before > 0 && sight->waiting == 0;
}

static void show_model_some(Sight *sight, const VisualSource *source)
{
    Err err = {0};
    sight->unseen = false;
    if (sight->model.model && !visual_follow_model(sight->visual, sight->home->catalog, source, MODEL_AT_ONCE,
                                  &sight->stop, &sight->unseen, &err))
        tell(sight, &err); // again when the ledger moves
}

static void catch_up(Sight *sight, unsigned round, int64_t *known)
{
    Err err = {0};
    const VisualSource source = source_of(sight->home);
    const int64_t head = catalog_head(sight->home->catalog, &err);
    const bool late = round % RETRY_EVERY_ROUNDS == 0 && visual_counts(sight->visual).late > 0;
    const bool due = head >= 0 && (head != *known || late);
    if (head < 0 ||
        (due && !visual_follow(sight->visual, sight->home->catalog, &source, &sight->stop, known, &err)))
        tell(sight, &err);
    const bool linked = link_some(sight);
    atomic_store(&sight->behind,
        MAX_OF(head - *known, (int64_t)0) + visual_counts(sight->visual).late + sight->waiting);
    if (due || sight->unseen)
        show_model_some(sight, &source);
    // Pictures that were looked at leave the allocator with some 40 MB that it would keep for ever.
    if (due || linked)
        malloc_trim(0);
}

static void pause_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000L}, NULL);
}

// Pages of a process that only reads see what the other one has linked since.
static void refresh_chain(Sight *sight)
{
    Err err = {0};
    if (sight->chain && sight->visual && !chain_refresh(sight->chain, sight->visual, &err))
        tell(sight, &err);
}

static void *follow(void *argument)
{
    Sight *sight = argument;
    int64_t known = -1;
    (void)setpriority(PRIO_PROCESS, 0, NICE); // of this thread alone
    for (unsigned round = 0; !sight->stop; round++) {
        if (!sight->writer && round % RETRY_EVERY_ROUNDS == 0)
            open_best(sight);
        if (!sight->writer && round % RETRY_EVERY_ROUNDS == 0)
            refresh_chain(sight);
        if (sight->writer)
            catch_up(sight, round, &known);
        else
            atomic_store(&sight->behind, 0); // another process is, or is not
        if (!sight->stop)
            pause_ms(sight->waiting > 0 || sight->unseen ? BUSY_PAUSE_MS : LOOK_EVERY_MS);
    }
    return NULL;
}

static Cage *open_cage(const Home *home, Err *err)
{
    return cage_open(&(CageConfig){.children_max = UPLOAD_CHILDREN,
                         .memory_max_mb = home->conf.child_memory_mb,
                         .time_max_s = UPLOAD_TIME_MAX_S,
                         .nice = UPLOAD_NICE,
                         .pixels_max = UPLOAD_PIXELS_MAX},
        err);
}

Sight *sight_open(const Home *home, Err *err)
{
    Cage *cage = open_cage(home, err);
    if (!cage)
        return NULL;
    Sight *sight = mem_alloc(sizeof(*sight));
    sight->home = home;
    sight->dir = sight_dir(home);
    sight->cage = cage;
    atomic_init(&sight->behind, 1); // until the first look
    Err without = {0};
    if (!home_model_open(home, &sight->model, &without))
        tell(sight, &without);
    pthread_mutex_init(&sight->lock, NULL);
    pthread_cond_init(&sight->idle, NULL);
    open_best(sight); // so that the first visitor finds what there is
    if (pthread_create(&sight->thread, NULL, follow, sight) != 0) {
        cage_close(cage);
        free(sight);
        return err_null(err, ERR_IO, "cannot start a thread");
    }
    pthread_setname_np(sight->thread, "sight");
    return sight;
}

void sight_close(Sight *sight)
{
    if (!sight)
        return;
    sight->stop = true;
    pthread_join(sight->thread, NULL);
    swap(sight, NULL, false);
    chain_close(sight->chain);
    chain_close(sight->old_chain);
    cage_close(sight->cage);
    pthread_cond_destroy(&sight->idle);
    pthread_mutex_destroy(&sight->lock);
    home_model_close(&sight->model);
    free(sight);
}

Visual *sight_keep(void *ctx)
{
    Sight *sight = ctx;
    pthread_mutex_lock(&sight->lock);
    Visual *visual = sight->visual;
    sight->users += visual != NULL;
    pthread_mutex_unlock(&sight->lock);
    return visual;
}

int64_t sight_behind(Sight *sight)
{
    return atomic_load(&sight->behind);
}

void sight_drop(void *ctx, Visual *visual)
{
    Sight *sight = ctx;
    if (!visual)
        return;
    pthread_mutex_lock(&sight->lock);
    if (--sight->users == 0)
        pthread_cond_broadcast(&sight->idle);
    pthread_mutex_unlock(&sight->lock);
}

Chain *sight_chain(void *ctx)
{
    Sight *sight = ctx;
    pthread_mutex_lock(&sight->lock);
    Chain *chain = sight->chain;
    pthread_mutex_unlock(&sight->lock);
    return chain;
}

// ---- pixels

static int fit_side(int side_px, int longer_px, int max_px)
{
    return longer_px <= max_px ? side_px : MAX_OF(1, (int)((int64_t)side_px * max_px / longer_px));
}

static RenderAsk ask_part(const int region[4], int max_px)
{
    const int longer_px = MAX_OF(region[2], region[3]);
    return (RenderAsk){.left_px = region[0],
        .top_px = region[1],
        .width_px = region[2],
        .height_px = region[3],
        .out_width_px = fit_side(region[2], longer_px, max_px),
        .out_height_px = fit_side(region[3], longer_px, max_px)};
}

static bool render_part(const Pyramid *p, const int region[4], Arena *a, Picture *ret, Err *err)
{
    const RenderAsk ask = ask_part(region, VISUAL_SIDE_MAX_PX);
    const size_t stride = (size_t)ask.out_width_px * 3;
    uint8_t *pixels = arena_alloc(a, stride * (size_t)ask.out_height_px);
    *ret = (Picture){
        .p = pixels, .width_px = ask.out_width_px, .height_px = ask.out_height_px, .stride = stride};
    return render_pixels(p, &ask, pixels, stride, err);
}

static bool is_whole(const int region[4])
{
    return region[0] == 0 && region[1] == 0 && region[2] == 0 && region[3] == 0;
}

static bool check_region(const int region[4], int width_px, int height_px, Err *err)
{
    if (region[2] < VISUAL_REGION_MIN_PX || region[3] < VISUAL_REGION_MIN_PX)
        return err_set(err, ERR_INVALID, "a region has at least %d pixels a side", VISUAL_REGION_MIN_PX);
    if (region[0] < 0 || region[1] < 0 || region[0] > width_px - region[2] ||
        region[1] > height_px - region[3])
        return err_set(err, ERR_INVALID, "the region is not inside the picture");
    return true;
}

// The same part in a picture that was decoded smaller.
static void scale_region(const int region[4], const ImageFacts *from, const CageSmall *to, int ret[4])
{
    ret[0] = MIN_OF((int)((int64_t)region[0] * to->width_px / from->width_px), to->width_px - 1);
    ret[1] = MIN_OF((int)((int64_t)region[1] * to->height_px / from->height_px), to->height_px - 1);
    ret[2] = MAX_OF(1, (int)((int64_t)region[2] * to->width_px / from->width_px));
    ret[3] = MAX_OF(1, (int)((int64_t)region[3] * to->height_px / from->height_px));
    ret[2] = MIN_OF(ret[2], to->width_px - ret[0]);
    ret[3] = MIN_OF(ret[3], to->height_px - ret[1]);
}

static bool write_small(const PictureFile *part, Arena *a, SightSmall *ret, Err *err)
{
    CLEANUP(buf_free) Buf b = buf_with_max(SMALL_MAX_BYTES);
    const PictureFile file = picture_fit(part, SMALL_SIDE_MAX_PX, a);
    ret->width_px = file.width_px;
    ret->height_px = file.height_px;
    return picture_write(&file, &b, err) && buf_into(&b, a, &ret->jpeg, err);
}

// The pixels of the upload exist only as long as they are looked at. Of a part of it more of them are wanted.
static bool decode(
    Cage *cage, int from, const int region[4], Arena *a, Picture *ret, SightSmall *small, Err *err)
{
    static const CageSmallSides whole_sides = {VISUAL_SIDE_MAX_PX, UPLOAD_SIDE_MIN_PX},
                                part_sides = {2 * VISUAL_SIDE_MAX_PX, VISUAL_SIDE_MAX_PX};
    CLEANUP(fd_closep) int to = memfd_create("upload", MFD_CLOEXEC);
    ImageFacts facts;
    CageSmall size;
    if (to < 0)
        return err_errno(err, "no room for an upload");
    if (!cage_small(cage, from, to, is_whole(region) ? whole_sides : part_sides, &facts, &size, err))
        return false;
    int there[4] = {0, 0, size.width_px, size.height_px};
    if (!is_whole(region)) {
        if (!check_region(region, facts.width_px, facts.height_px, err))
            return false;
        scale_region(region, &facts, &size, there);
    }
    const size_t stride = (size_t)size.width_px * 3;
    uint8_t *pixels = arena_alloc(a, stride * (size_t)size.height_px);
    if (!file_read_at(to, pixels, stride * (size_t)size.height_px, 0, err))
        return false;
    const PictureFile part = {.p = pixels + (size_t)there[1] * stride + (size_t)there[0] * 3,
        .width_px = there[2],
        .height_px = there[3],
        .channels = 3,
        .stride_bytes = stride,
        .format = RENDER_JPEG,
        .quality = SMALL_QUALITY};
    const PictureFile asked = picture_fit(&part, VISUAL_SIDE_MAX_PX, a);
    *ret = (Picture){
        .p = asked.p, .width_px = asked.width_px, .height_px = asked.height_px, .stride = asked.stride_bytes};
    return !small || write_small(&asked, a, small, err);
}

bool sight_upload(
    void *ctx, Str bytes, const int region[4], Arena *a, Picture *ret, SightSmall *small, Err *err)
{
    Sight *sight = ctx;
    CLEANUP(fd_closep) int from = memfd_create("upload", MFD_CLOEXEC);
    if (from < 0)
        return err_errno(err, "no room for an upload");
    return file_write_all(from, bytes, err) && decode(sight->cage, from, region, a, ret, small, err);
}

bool sight_upload_file(const Home *home, int fd, const int region[4], Arena *a, Picture *ret, Err *err)
{
    Cage *cage = open_cage(home, err);
    const bool good = cage && decode(cage, fd, region, a, ret, NULL, err);
    cage_close(cage);
    return good;
}

// A small part of a picture may need its largest tiles, which may be cut from the master.
static bool give_master(const Home *home, const CatalogImage *image, Pyramid *p, Err *err)
{
    if (!pyramid_is_cut(p))
        return true;
    const int fd = store_open_file(home->store, image->object_id, 0, image->path, err);
    return fd >= 0 && pyramid_take_master(p, fd, err);
}

bool sight_region_of(
    const Home *home, const CatalogImage *image, const int region[4], Arena *a, Picture *ret, Err *err)
{
    Pyramid *p = find_pyramid((void *)(uintptr_t)home, &image->master, image->page, err);
    if (!p)
        return false;
    if (!give_master(home, image, p, err)) {
        pyramid_drop(p);
        return false;
    }
    const PyramidFacts *size = pyramid_facts(p);
    const int whole[4] = {0, 0, size->width_px, size->height_px};
    const bool good = is_whole(region) ? render_part(p, whole, a, ret, err)
                                       : check_region(region, size->width_px, size->height_px, err) &&
                                             render_part(p, region, a, ret, err);
    pyramid_drop(p);
    return good;
}

bool sight_region(void *ctx, const CatalogImage *image, const int region[4], Arena *a, Picture *ret, Err *err)
{
    const Sight *sight = ctx;
    return sight_region_of(sight->home, image, region, a, ret, err);
}

bool sight_catch_up(const Home *home, const volatile bool *stop, int64_t *ret_sequence, Err *err)
{
    const VisualSource source = source_of(home);
    HomeModel model;
    bool more = true;
    if (!home_model_open(home, &model, err))
        return false;
    Visual *visual = sight_open_index(home, true, err);
    bool good = visual && home_model_use(&model, visual, err) &&
                visual_follow(visual, home->catalog, &source, stop, ret_sequence, err);
    while (good && more && model.model && !*stop)
        good = visual_follow_model(visual, home->catalog, &source, MODEL_AT_ONCE, stop, &more, err);
    visual_close(visual);
    home_model_close(&model);
    return good;
}
