// SPDX-License-Identifier: Apache-2.0
#include "app/home.h"
#include "app/verbs.h"
#include "base/file.h"
#include "kit/kit.h"

#include <fcntl.h>
#include <stdio.h>

typedef struct {
    const char *image, *region, *out;
    bool all, json;
} Wish;

static bool write_piece(Kit *kit, const KitSource *source, KitPiece piece, Str base_url, int dir, Arena *a,
    bool *ret_made, Err *err)
{
    CLEANUP(buf_free) Buf file = buf_with_max(KIT_FILE_MAX_BYTES);
    *ret_made = false;
    if (!kit_make(kit, source, piece, base_url, &file, err)) {
        // Not every part repeats, and not everything stands out from its ground.
        if (err->kind != ERR_NOT_FOUND)
            return false;
        fprintf(stderr, "vitrine: " FMT_STR ": %s\n", ARG_STR(kit_piece_file(piece)), err->text);
        return true;
    }
    *ret_made = true;
    return file_replace(dir, arena_cstr(a, kit_piece_file(piece)), buf_str(&file), false, err);
}

static bool write_all(Kit *kit, const KitSource *source, Str base_url, const Wish *wish, Arena *a, Err *err)
{
    if (!dir_make(AT_FDCWD, wish->out, err))
        return false;
    CLEANUP(fd_closep) int dir = dir_open(AT_FDCWD, wish->out, err);
    bool good = dir >= 0;
    for (int i = 0; i < KIT_PIECES && good; i++) {
        bool made;
        Err why = {0};
        good = write_piece(kit, source, (KitPiece)i, base_url, dir, a, &made, &why);
        if (!good)
            *err = why;
        else if (made && !wish->json)
            printf("%s/" FMT_STR "\n", wish->out, ARG_STR(kit_piece_file((KitPiece)i)));
    }
    if (!good || !wish->json)
        return good;
    CLEANUP(buf_free) Buf facts = buf_with_max(KIT_FILE_MAX_BYTES);
    if (!kit_make(kit, source, KIT_FACTS, base_url, &facts, err))
        return false;
    printf(FMT_STR "\n", ARG_STR(buf_str(&facts)));
    return true;
}

static bool make(const Home *home, const Wish *wish, KitBox region, Err *err)
{
    Arena *a = home->arena;
    const Conf *conf = &home->conf;
    const KitAsk ask = {.role = wish->all ? VIEWER_STAFF : VIEWER_PUBLIC,
        .image_id = str_from(wish->image),
        .region = region};
    Kit *kit =
        kit_open(&(KitConfig){.catalog = home->catalog, .derived = home->derived, .museum_name = conf->name});
    KitSource source;
    const bool good =
        kit_find(kit, &ask, a, &source, err) && write_all(kit, &source, conf->public_url, wish, a, err);
    kit_close(kit);
    return good;
}

int verb_kit(const Call *call)
{
    Wish wish = {.region = "", .out = "."};
    const Option options[] = {
        {"region", OPTION_TEXT, "X,Y,W,H", "the part, in pixels of the whole picture; else all of it",
            &wish.region},
        {"out", OPTION_TEXT, "FOLDER", "where the files go (default: here)", &wish.out},
        {"all", OPTION_FLAG, NULL, "also of what visitors may not see or change", &wish.all},
        {"json", OPTION_FLAG, NULL, "print colours, repeat and credit as JSON", &wish.json},
    };
    Rest rest;
    KitBox region = {0};
    const int code = verb_options(call, "kit", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count != 1)
        return verb_misused("kit", "name one picture");
    if (*wish.region && !kit_read_region(str_from(wish.region), &region))
        return verb_misused("kit", "--region is x,y,width,height in pixels");
    wish.image = rest.words[0];
    Home home;
    Err err = {0};
    if (!home_open(call->home, HOME_WORK, &home, &err))
        return verb_failed(&err);
    const bool good = make(&home, &wish, region, &err);
    home_close(&home);
    return good ? EXIT_GOOD : verb_failed(&err);
}
