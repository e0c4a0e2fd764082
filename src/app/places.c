// SPDX-License-Identifier: Apache-2.0
#include "app/places.h"

#include "base/file.h"

#include <stdio.h>

static bool learn(const Home *home, Places *places, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err none = {0}, first = {0};
    Str csv;
    int bad = 0;
    CLEANUP(fd_closep) int fd = file_open(home->dir, HOME_PLACES, &none);
    if (fd < 0)
        return none.kind == ERR_NOT_FOUND || err_set(err, none.kind, "%s", none.text);
    if (!file_read_all(fd, PLACES_OWN_MAX_BYTES, a, &csv, err) ||
        !places_learn(places, csv, &bad, &first, err))
        return false;
    return bad == 0 ||
           err_set(err, first.kind, "%s%s", first.text,
               bad > 1 ? ", and more rows that cannot be read; the others count" : "; the other rows count");
}

Places *places_of_home(const Home *home)
{
    Places *places = places_open();
    Err err = {0};
    if (!learn(home, places, &err))
        fprintf(stderr, "vitrine: %s: %s\n", HOME_PLACES, err.text);
    return places;
}
