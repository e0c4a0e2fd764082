// SPDX-License-Identifier: Apache-2.0
#include "app/home.h"
#include "app/vocabularies.h"
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

const char *home_path(const Home *home, const char *name)
{
    return arena_cstr(home->arena, arena_printf(home->arena, "%s/%s", home->path, name));
}

static bool read_conf(Home *home, Err *err)
{
    CLEANUP(fd_closep) int fd = file_open(home->dir, "museum.conf", err);
    if (fd < 0 && err->kind == ERR_NOT_FOUND)
        return err_set(err, ERR_NOT_FOUND,
            "there is no museum in %s (no museum.conf); make one with: vitrine -C %s init", home->path,
            home->path);
    Str text;
    return fd >= 0 && file_read_all(fd, CONF_MAX_BYTES, home->arena, &text, err) &&
           conf_parse(text, &home->conf, err);
}

// Everybody who works in the museum holds the lock together; rebuild wants it for itself.
static bool take_lock(Home *home, bool alone, Err *err)
{
    home->lock = openat(home->dir, "museum.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (home->lock < 0)
        return err_errno(err, "%s/museum.lock", home->path);
    if (flock(home->lock, (alone ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0)
        return true;
    if (errno != EWOULDBLOCK)
        return err_errno(err, "locking %s", home->path);
    return alone ? err_set(err, ERR_BUSY, "another vitrine is at work in %s; stop it first", home->path)
                 : err_set(err, ERR_BUSY, "%s is being rebuilt; wait until that is done", home->path);
}

static bool open_rooms(Home *home, HomeUse use, Err *err)
{
    if (use != HOME_LOOK) {
        home->store = store_open(home->path, false, err);
        if (!home->store)
            return false;
        home->derived = derived_open(home->path, true, err);
        if (!home->derived)
            return false;
    }
    if (use == HOME_ALONE)
        return true;
    home->catalog = catalog_open(home_path(home, "catalog.db"), false, err);
    if (!home->catalog && err->kind == ERR_NOT_FOUND)
        return err_set(err, ERR_NOT_FOUND,
            "the catalogue is missing; make it again with: vitrine -C %s rebuild", home->path);
    if (!home->catalog)
        return false;
    catalog_default_terms(home->catalog, home->conf.access);
    return true;
}

bool home_open(const char *path, HomeUse use, Home *ret, Err *err)
{
    Home home = {.arena = arena_open(), .path = path, .lock = -1};
    home.dir = dir_open(AT_FDCWD, path, err);
    if (home.dir < 0 && err->kind == ERR_NOT_FOUND)
        (void)!err_set(
            err, ERR_NOT_FOUND, "there is no folder %s; make a museum with: vitrine -C %s init", path, path);
    if (home.dir < 0 || !read_conf(&home, err) ||
        (use != HOME_LOOK && !take_lock(&home, use == HOME_ALONE, err)) || !open_rooms(&home, use, err) ||
        !vocabularies_learn(&home, err)) {
        home_close(&home);
        return false;
    }
    *ret = home;
    return true;
}

void home_close(Home *home)
{
    cage_close(home->cage);
    catalog_close(home->catalog);
    derived_close(home->derived);
    store_close(home->store);
    fd_closep(&home->lock);
    fd_closep(&home->dir);
    arena_closep(&home->arena);
}

bool home_open_cage(Home *home, Err *err)
{
    const Conf *conf = &home->conf;
    home->cage = cage_open(&(CageConfig){.children_max = conf->workers,
                               .memory_max_mb = conf->child_memory_mb,
                               .pixels_max = conf->pixels_max,
                               .quality = conf->tile_quality,
                               .cut_from_master = conf->zoom_from_master},
        err);
    return home->cage != NULL;
}

IngestHouse home_house(const Home *home)
{
    return (IngestHouse){.store = home->store,
        .derived = home->derived,
        .catalog = home->catalog,
        .cage = home->cage,
        .webp_tiles = home->conf.webp_tiles};
}

bool home_make(const char *path, const ConfAnswers *answers, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    if (!dir_make(AT_FDCWD, path, err))
        return false;
    CLEANUP(fd_closep) int dir = dir_open(AT_FDCWD, path, err);
    if (dir < 0)
        return false;
    if (faccessat(dir, "museum.conf", F_OK, 0) == 0)
        return err_set(err, ERR_INVALID, "there is a museum in %s already", path);
    Conf conf;
    Str text = conf_template(a, answers);
    if (!conf_parse(text, &conf, err))
        return false;
    Store *store = store_open(path, true, err);
    store_close(store);
    if (!store)
        return false;
    Catalog *catalog = catalog_open(arena_cstr(a, arena_printf(a, "%s/catalog.db", path)), true, err);
    catalog_close(catalog);
    // museum.conf last: a folder that has it is a whole museum.
    return catalog && file_replace(dir, "museum.conf", text, true, err);
}
