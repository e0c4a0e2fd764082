// SPDX-License-Identifier: Apache-2.0
// Pictures of the run itself are in no index yet: their codes are kept here, some 130 bytes each, and gone
// through one by one (a million of them in about 4 ms).
#include "ingest/twins.h"

#include "base/file.h"
#include "base/utf8.h"

#include <stdlib.h>

struct Twin {
    Str object_id; // of the run's arena
    Sha512 digest;
    IngestCode code;
    bool has_code;
};

typedef struct {
    Str object_id;
    bool same_bytes;
    int distance;
    int page; // from 0
} Finding;

void twins_code(const Run *run, Page *page, int pyramid)
{
    const IngestSight *sight = run->house->sight;
    page->has_code = sight && sight->code(sight->ctx, pyramid, &page->code);
}

// The pyramid was there before the run: made by one that was killed, or for another record.
static void code_of_made(Run *run, const Shot *shot, int number)
{
    Err ignored;
    Page *page = &shot->pages[number];
    if (!page->good || page->has_code || !run->house->sight)
        return;
    CLEANUP(fd_closep)
    int made =
        derived_find(run->house->derived, &shot->digest, derived_kind("pyramid", number + 1).text, &ignored);
    if (made >= 0)
        twins_code(run, page, made);
}

static int distance(const IngestCode *a, const IngestCode *b)
{
    int bits = 0;
    for (size_t i = 0; i < COUNT_OF(a->bits); i++)
        bits += __builtin_popcountll(a->bits[i] ^ b->bits[i]);
    return bits;
}

static bool find_bytes(Run *run, const Shot *shot, Str object_id, Arena *a, Finding *ret, Err *err)
{
    ret->same_bytes = true;
    if (!run->ledger_empty &&
        !catalog_find_master(run->house->catalog, &shot->digest, object_id, a, &ret->object_id, err))
        return false;
    for (size_t i = 0; i < run->twins_count && !ret->object_id.n; i++)
        if (sha512_eq(&run->twins[i].digest, &shot->digest) && !str_eq(run->twins[i].object_id, object_id))
            ret->object_id = run->twins[i].object_id;
    return true;
}

static void find_code(Run *run, const Page *page, Str object_id, Arena *a, Finding *ret)
{
    const IngestSight *sight = run->house->sight;
    run->codes_asked++;
    ret->same_bytes = false;
    if (sight->find(sight->ctx, &page->code, object_id, a, &ret->object_id, &ret->distance))
        return; // a record that people know, rather than one of this delivery
    ret->distance = sight->distance_max + 1;
    for (size_t i = 0; i < run->twins_count; i++) {
        const Twin *t = &run->twins[i];
        if (!t->has_code || str_eq(t->object_id, object_id))
            continue;
        const int bits = distance(&t->code, &page->code);
        if (bits < ret->distance) {
            ret->distance = bits;
            ret->object_id = t->object_id;
        }
    }
}

static void tell(Run *run, const Shot *shot, const Finding *f, Arena *a)
{
    const Item at = {.shown = shot->picture.shown};
    const Str id = utf8_head(f->object_id, 100);
    const Str page =
        shot->pages_count > 1 && !f->same_bytes ? arena_printf(a, "page %d: ", f->page + 1) : S("");
    run_tell(run, INGEST_WARNING, &at, (Str){0},
        f->same_bytes
            ? arena_printf(a, "the same file is a picture of the record " FMT_STR " already", ARG_STR(id))
            : arena_printf(a,
                  FMT_STR "nearly the same picture is in the record " FMT_STR
                          " already (%d of 256 bits differ)",
                  ARG_STR(page), ARG_STR(id), f->distance));
}

static void keep(Run *run, const Shot *shot, const Page *page, Str object_id)
{
    *arena_push(run->arena, &run->twins, &run->twins_count, &run->twins_capacity) = (Twin){
        .object_id = object_id, .digest = shot->digest, .code = page->code, .has_code = page->has_code};
}

bool twins_tell(Run *run, Shot *shot, Str object_id, Arena *a, Err *err)
{
    Finding f = {0};
    if (shot->compared)
        return true;
    shot->compared = true;
    if (!find_bytes(run, shot, object_id, a, &f, err))
        return false;
    for (int i = 0; i < shot->pages_count; i++) {
        code_of_made(run, shot, i);
        if (!f.object_id.n && shot->pages[i].has_code) {
            find_code(run, &shot->pages[i], object_id, a, &f);
            f.page = i;
        }
    }
    if (f.object_id.n)
        tell(run, shot, &f, a);
    const Str id = arena_copy(run->arena, object_id);
    for (int i = 0; i < shot->pages_count; i++)
        if (shot->pages[i].has_code || i == 0)
            keep(run, shot, &shot->pages[i], id);
    return true;
}

void twins_tell_late(Run *run)
{
    const IngestSight *sight = run->house->sight;
    if (run->codes_asked == 0 || sight->sequence >= run->head)
        return;
    const Item at = {.shown = run->ask->paths_count ? str_from(run->ask->paths[0]) : S("")};
    run_tell(run, INGEST_NOTE, &at, (Str){0},
        sight->sequence > 0 ? arena_printf(run->arena,
                                  "whether nearly the same picture is there already was asked of an index "
                                  "that knows the ledger up "
                                  "to version %lld of %lld; the same files were looked for in all of it",
                                  (long long)sight->sequence, (long long)run->head)
                            : S("whether nearly the same picture is there already was asked within this "
                                "delivery only: there is "
                                "no visual index yet; the same files were looked for in the whole ledger"));
}
