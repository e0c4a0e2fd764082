// SPDX-License-Identifier: Apache-2.0
// The open pyramids. An entry is made once, never changed, and held by each answer on its way; what is stale
// or least used leaves the table and dies with its last holder.
//
// A change of rights closes the door through `generation`: the catalogue's head is looked at every
// HEAD_CHECK_US at most, by whoever comes first; when it has moved, every entry must be confirmed against the
// catalogue before it is used again.
#include "base/clock.h"
#include "tile/int.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { SHARDS = 16 };

typedef struct {
    pthread_mutex_t lock;
    Image **images;
    int count, max;
} Shard;

struct Images {
    Catalog *catalog;
    Derived *derived;
    Store *store;
    TileLimits limits; // grant is filled in by the image
    atomic_int_least64_t looked_us, head;
    int64_t tidied_at; // of the one thread that tidies
    Shard shards[SHARDS];
};

static uint64_t hash_of(const void *bytes, size_t count, uint64_t hash)
{
    const unsigned char *p = bytes;
    for (size_t i = 0; i < count; i++)
        hash = (hash ^ p[i]) * 1099511628211u;
    return hash;
}

#define HASH_START 14695981039346656037u

Images *images_open(Catalog *catalog, Derived *derived, Store *store, int open_max, const TileLimits *limits)
{
    Images *images = mem_alloc(sizeof(Images));
    images->catalog = catalog;
    images->derived = derived;
    images->store = store;
    images->limits = *limits;
    atomic_store(&images->looked_us, INT64_MIN / 2);
    for (int i = 0; i < SHARDS; i++) {
        Shard *shard = &images->shards[i];
        pthread_mutex_init(&shard->lock, NULL);
        shard->max = MAX_OF(open_max / SHARDS, 1);
        shard->images = mem_alloc((size_t)shard->max * sizeof(Image *));
    }
    return images;
}

void image_drop(void *image)
{
    Image *i = image;
    if (!i || atomic_fetch_sub(&i->holds, 1) != 1)
        return;
    pyramid_drop(i->pyramid);
    pyramid_drop(i->webp);
    free((char *)(uintptr_t)i->id.p);
    free((char *)(uintptr_t)i->object_id.p);
    free((char *)(uintptr_t)i->path.p);
    for (size_t v = 0; v < COUNT_OF(i->info); v++)
        free((char *)(uintptr_t)i->info[v].p);
    free(i);
}

void images_close(Images *images)
{
    if (!images)
        return;
    for (int s = 0; s < SHARDS; s++) {
        Shard *shard = &images->shards[s];
        for (int i = 0; i < shard->count; i++)
            image_drop(shard->images[i]);
        free(shard->images);
        pthread_mutex_destroy(&shard->lock);
    }
    free(images);
}

// The catalogue's head, at most HEAD_CHECK_US old. -1 if it cannot be had: then nothing is fresh.
static int64_t head_now(Images *images, int64_t now_us)
{
    int64_t looked_us = atomic_load_explicit(&images->looked_us, memory_order_acquire);
    if (now_us - looked_us > HEAD_CHECK_US &&
        atomic_compare_exchange_strong(&images->looked_us, &looked_us, now_us)) {
        Err err;
        atomic_store(&images->head, catalog_head(images->catalog, &err));
    }
    return atomic_load_explicit(&images->head, memory_order_acquire);
}

static int find_locked(const Shard *shard, Str id, uint64_t hash)
{
    for (int i = 0; i < shard->count; i++)
        if (shard->images[i]->hash == hash && str_eq(shard->images[i]->id, id))
            return i;
    return -1;
}

static Image *hold(Images *images, Str id, uint64_t hash)
{
    Shard *shard = &images->shards[hash % SHARDS];
    pthread_mutex_lock(&shard->lock);
    int at = find_locked(shard, id, hash);
    Image *image = at < 0 ? NULL : shard->images[at];
    if (image)
        atomic_fetch_add_explicit(&image->holds, 1, memory_order_relaxed);
    pthread_mutex_unlock(&shard->lock);
    return image;
}

Image *images_find(Images *images, Str id)
{
    int64_t now_us = clock_mono_us();
    int64_t head = head_now(images, now_us);
    Image *image = hold(images, id, hash_of(id.p, id.n, HASH_START));
    if (!image)
        return NULL;
    if (atomic_load_explicit(&image->confirmed_at, memory_order_relaxed) != head) {
        image_drop(image);
        return NULL;
    }
    atomic_store_explicit(&image->used_us, now_us, memory_order_relaxed);
    return image;
}

// Takes the place of an older one of the same id, of nobody, or of the least used.
static void put(Images *images, Image *image)
{
    Shard *shard = &images->shards[image->hash % SHARDS];
    atomic_fetch_add(&image->holds, 1);
    pthread_mutex_lock(&shard->lock);
    int at = find_locked(shard, image->id, image->hash);
    if (at < 0 && shard->count < shard->max) {
        at = shard->count++;
        shard->images[at] = NULL;
    } else if (at < 0) {
        at = 0;
        for (int i = 1; i < shard->count; i++)
            if (atomic_load(&shard->images[i]->used_us) < atomic_load(&shard->images[at]->used_us))
                at = i;
    }
    Image *before = shard->images[at];
    shard->images[at] = image;
    pthread_mutex_unlock(&shard->lock);
    image_drop(before);
}

void images_forget(Images *images, Str id)
{
    uint64_t hash = hash_of(id.p, id.n, HASH_START);
    Shard *shard = &images->shards[hash % SHARDS];
    pthread_mutex_lock(&shard->lock);
    int at = find_locked(shard, id, hash);
    Image *image = at < 0 ? NULL : shard->images[at];
    if (image)
        shard->images[at] = shard->images[--shard->count];
    pthread_mutex_unlock(&shard->lock);
    image_drop(image);
}

// Is the entry still what the catalogue says? Not knowing counts as yes: nobody gets at it without asking
// again.
static bool still_there(Images *images, const Image *image)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CatalogImage found;
    Err err = {0};
    if (catalog_find_image(images->catalog, image->id, a, &found, &err))
        return sha512_eq(&image->master, &found.master) && image->page == found.page;
    return err.kind != ERR_NOT_FOUND;
}

static void tidy_shard(Images *images, Shard *shard)
{
    pthread_mutex_lock(&shard->lock);
    int count = shard->count;
    Image **held = mem_alloc((size_t)MAX_OF(count, 1) * sizeof(Image *));
    for (int i = 0; i < count; i++) {
        held[i] = shard->images[i];
        atomic_fetch_add_explicit(&held[i]->holds, 1, memory_order_relaxed);
    }
    pthread_mutex_unlock(&shard->lock);
    for (int i = 0; i < count; i++) {
        if (!still_there(images, held[i]))
            images_forget(images, held[i]->id);
        image_drop(held[i]);
    }
    free(held);
}

void images_tidy(Images *images)
{
    Err err = {0};
    int64_t head = catalog_head(images->catalog, &err);
    if (head < 0 || head == images->tidied_at)
        return;
    for (int i = 0; i < SHARDS; i++)
        tidy_shard(images, &images->shards[i]);
    images->tidied_at = head;
}

static Str keep_text(Str s)
{
    char *p = mem_alloc(s.n);
    if (s.n)
        memcpy(p, s.p, s.n);
    return (Str){p, s.n};
}

// Differs whenever the bytes of the pyramid differ: by master, and by when and how long it was made.
static void write_tag(Image *image)
{
    struct stat st = {0};
    (void)fstat(pyramid_fd(image->pyramid), &st);
    uint64_t hash = hash_of(image->master.bytes, sizeof(image->master.bytes), HASH_START);
    hash = hash_of(&image->page, sizeof(image->page), hash);
    hash = hash_of(&st.st_size, sizeof(st.st_size), hash);
    hash = hash_of(&st.st_mtim, sizeof(st.st_mtim), hash);
    for (int i = 0; i < 16; i++)
        image->tag[i] = "0123456789abcdef"[hash >> (60 - 4 * i) & 15];
}

static void write_info(Image *image)
{
    for (int version = 2; version <= 3; version++) {
        CLEANUP(buf_free) Buf out = buf_with_max(INFO_MAX_BYTES);
        info_write_rest(&(InfoAsk){.version = version,
                            .facts = image->facts,
                            .limits = &image->limits,
                            .webp = image->webp != NULL},
            &out);
        assert(!out.full); // sizes and levels are few
        image->info[version - 2] = keep_text(buf_str(&out));
    }
}

// Without its master a picture still has all its smaller levels; what needs level 0 says what is wrong.
static void give_master(Images *images, const CatalogImage *found, Pyramid *pyramid)
{
    Err ignored;
    if (!images->store || !pyramid_is_cut(pyramid))
        return;
    int fd = store_open_file(images->store, found->object_id, 0, found->path, &ignored);
    if (fd >= 0)
        (void)!pyramid_take_master(pyramid, fd, &ignored);
}

// WebP tiles of the same grid, if there are any: everything goes without them.
static Pyramid *open_twin(Images *images, const CatalogImage *found, const PyramidFacts *facts)
{
    Err ignored;
    int fd = derived_find(images->derived, &found->master, derived_kind("webp", found->page).text, &ignored);
    Pyramid *twin = fd < 0 ? NULL : pyramid_open(fd, &ignored);
    const PyramidFacts *f = twin ? pyramid_facts(twin) : NULL;
    if (twin && f->width_px == facts->width_px && f->height_px == facts->height_px &&
        f->tile_px == facts->tile_px && !pyramid_is_cut(twin))
        return twin;
    pyramid_drop(twin);
    return NULL;
}

static Image *open_image(Images *images, const CatalogImage *found, Grant grant, Err *err)
{
    int fd = derived_find(images->derived, &found->master, derived_kind("pyramid", found->page).text, err);
    if (fd < 0) {
        if (err->kind == ERR_NOT_FOUND)
            return err_null(err, ERR_BUSY, "this image is still being prepared");
        return NULL;
    }
    Pyramid *pyramid = pyramid_open(fd, err);
    if (!pyramid)
        return NULL;
    give_master(images, found, pyramid);
    Image *image = mem_alloc(sizeof(Image));
    atomic_store(&image->holds, 1);
    image->id = keep_text(found->image_id);
    image->hash = hash_of(image->id.p, image->id.n, HASH_START);
    image->pyramid = pyramid;
    image->facts = pyramid_facts(pyramid);
    image->limits = images->limits;
    image->limits.grant = grant;
    image->object_id = keep_text(found->object_id);
    image->path = keep_text(found->path);
    image->master = found->master;
    image->page = found->page;
    image->terms = found->terms;
    image->webp = open_twin(images, found, image->facts);
    write_tag(image);
    write_info(image);
    return image;
}

static bool same(const Image *image, const CatalogImage *found)
{
    return sha512_eq(&image->master, &found->master) && image->page == found->page &&
           str_eq(image->path, found->path) && image->terms.access == found->terms.access &&
           image->terms.side_max_px == found->terms.side_max_px;
}

Image *images_resolve(Images *images, Str id, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CatalogImage found;
    Grant grant;
    // The head is read before the terms: what changes in between is noticed at the next look.
    int64_t head = catalog_head(images->catalog, err);
    if (head < 0)
        return NULL;
    bool known = catalog_find_image(images->catalog, id, a, &found, err);
    known = known && rights_decide(VIEWER_PUBLIC, found.terms, &grant, err);
    if (!known && (err->kind == ERR_NOT_FOUND || err->kind == ERR_DENIED)) // hidden: as if it did not exist
        err_note_at(err, __FILE__, __LINE__, ERR_NOT_FOUND, "no such image");
    if (known && grant.side_max_px == 0) {
        err_note_at(err, __FILE__, __LINE__, ERR_DENIED, "the pictures of this object are not public");
        known = false;
    }
    if (!known) {
        images_forget(images, id);
        return NULL;
    }
    int64_t now_us = clock_mono_us();
    Image *image = hold(images, id, hash_of(id.p, id.n, HASH_START));
    if (image && !same(image, &found)) {
        image_drop(image);
        image = NULL;
    }
    if (!image) {
        image = open_image(images, &found, grant, err);
        if (!image)
            return NULL;
        atomic_store(&image->confirmed_at, head);
        atomic_store(&image->used_us, now_us);
        put(images, image);
    }
    atomic_store(&image->confirmed_at, head);
    return image;
}
