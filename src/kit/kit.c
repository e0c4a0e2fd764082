// SPDX-License-Identifier: Apache-2.0
#include "kit/kit.h"

#include "base/digest.h"
#include "kit/int.h"

#include <stdlib.h>

enum { KIT_VERSION = 2 }; // of what is made: another one gives other bytes

Kit *kit_open(const KitConfig *config)
{
    Kit *kit = mem_alloc(sizeof(*kit));
    kit->arena = arena_open();
    kit->catalog = config->catalog;
    kit->derived = config->derived;
    kit->museum_name = arena_copy(kit->arena, config->museum_name);
    pthread_mutex_init(&kit->lock, NULL);
    pthread_cond_init(&kit->freed, NULL);
    kit->budget_bytes = config->budget_bytes ? config->budget_bytes : KIT_BUDGET_BYTES;
    return kit;
}

void kit_close(Kit *kit)
{
    if (!kit)
        return;
    arena_close(kit->arena);
    pthread_cond_destroy(&kit->freed);
    pthread_mutex_destroy(&kit->lock);
    free(kit);
}

bool kit_read_region(Str text, KitBox *ret)
{
    int numbers[4];
    for (int i = 0; i < 4; i++) {
        Str piece = text;
        if ((i < 3) != str_cut(text, ',', &piece, &text))
            return false;
        // One way to write it: one address for one part.
        if (piece.n == 0 || piece.p[0] == '-' || (piece.n > 1 && piece.p[0] == '0') ||
            !str_to_int(piece, 0, INT32_MAX, &numbers[i]))
            return false;
    }
    *ret = (KitBox){numbers[0], numbers[1], numbers[2], numbers[3]};
    return true;
}

Str kit_region_text(KitBox r, Arena *a)
{
    return arena_printf(a, "%d,%d,%d,%d", r.left_px, r.top_px, r.width_px, r.height_px);
}

static const struct {
    Str file, type;
} PIECES[KIT_PIECES] = {
    [KIT_PART] = {S("part.jpg"), S("image/jpeg")},
    [KIT_TILE] = {S("tile.png"), S("image/png")},
    [KIT_FLAT] = {S("flat.png"), S("image/png")},
    [KIT_TRACE] = {S("trace.svg"), S("image/svg+xml")},
    [KIT_STICKER] = {S("sticker.png"), S("image/png")},
    [KIT_FACTS] = {S("kit.json"), S("application/json; charset=utf-8")},
};

Str kit_piece_file(KitPiece piece)
{
    return PIECES[piece].file;
}

Str kit_piece_type(KitPiece piece)
{
    return PIECES[piece].type;
}

bool kit_piece_find(Str file, KitPiece *ret)
{
    for (int i = 0; i < KIT_PIECES; i++) {
        if (str_eq(file, PIECES[i].file)) {
            *ret = (KitPiece)i;
            return true;
        }
    }
    return false;
}

// ---- finding

static const RecordMedia *media_of(const Record *record, Str image_id)
{
    for (size_t i = 0; i < record->media.count; i++) {
        const RecordMedia *media = &record->media.items[i];
        if (str_eq(media->id, image_id) && media->width_px > 0 && media->height_px > 0)
            return media;
    }
    return NULL;
}

// Hidden, closed and unknown sound the same.
static bool find_record(const Kit *kit, const KitAsk *ask, Arena *a, KitSource *ret, Err *err)
{
    const Json *tree;
    if (!catalog_find_image(kit->catalog, ask->image_id, a, &ret->image, err) ||
        !catalog_find(kit->catalog, ret->image.object_id, a, &ret->version, err) ||
        !rights_decide(ask->role, ret->version.terms, &ret->grant, err))
        return err->kind == ERR_DENIED || err->kind == ERR_NOT_FOUND
                   ? err_set(err, ERR_NOT_FOUND, "no such picture")
                   : false;
    tree = json_parse(ret->version.json, a, err);
    if (!tree || !record_parse(tree, a, &ret->record, err))
        return false;
    ret->media = media_of(&ret->record, ask->image_id);
    if (!ret->grant.record || ret->grant.side_max_px <= 0 || !ret->media)
        return err_set(err, ERR_NOT_FOUND, "no such picture");
    return true;
}

// As much of a part as the Grant opens of the whole, and no more than is worked on.
static bool measure(const KitAsk *ask, KitSource *ret, Err *err)
{
    const int width = ret->media->width_px, height = ret->media->height_px;
    KitBox r = ask->region;
    if (r.left_px == 0 && r.top_px == 0 && r.width_px == 0 && r.height_px == 0)
        r = (KitBox){0, 0, width, height};
    ret->region = r;
    if (r.width_px < KIT_REGION_MIN_PX || r.height_px < KIT_REGION_MIN_PX)
        return err_set(err, ERR_INVALID, "a part has at least %d pixels a side", KIT_REGION_MIN_PX);
    if (r.left_px < 0 || r.top_px < 0 || r.left_px > width - r.width_px || r.top_px > height - r.height_px)
        return err_set(err, ERR_INVALID, "the part is not inside the picture");
    const double open = (double)ret->grant.side_max_px / MAX_OF(width, height);
    const double workable = (double)KIT_SIDE_MAX_PX / MAX_OF(r.width_px, r.height_px);
    ret->scale = MIN_OF(1, MIN_OF(open, workable));
    if (MIN_OF(r.width_px, r.height_px) * ret->scale < PATTERN_SIDE_MIN_PX)
        return err_set(err, ERR_INVALID, "too narrow a part");
    return true;
}

bool kit_find(const Kit *kit, const KitAsk *ask, Arena *a, KitSource *ret, Err *err)
{
    *ret = (KitSource){0};
    if (!find_record(kit, ask, a, ret, err))
        return false;
    const Str statement = ret->media->rights.n ? ret->media->rights : ret->record.rights;
    return rights_derive(ask->role, statement, ret->record.licence, &ret->derive, err) &&
           measure(ask, ret, err);
}

Str kit_tag(const KitSource *source, KitPiece piece, Str base_url, Arena *a)
{
    const Str hex = hex_from_bytes(a, source->image.master.bytes, 16);
    const Str record = hex_from_bytes(a, source->version.digest.bytes, 16);
    const Str text = arena_printf(a, "%d %d " FMT_STR " " FMT_STR " %d " FMT_STR " " FMT_STR " %d",
        KIT_VERSION, (int)piece, ARG_STR(hex), ARG_STR(record), source->grant.side_max_px,
        ARG_STR(kit_region_text(source->region, a)), ARG_STR(base_url), source->media->number);
    const Sha256 digest = sha256_of(text);
    return arena_printf(a, "\"k" FMT_STR "\"", ARG_STR(hex_from_bytes(a, digest.bytes, 12)));
}
