// SPDX-License-Identifier: Apache-2.0
#include "app/vocabularies.h"
#include "base/file.h"

#include <dirent.h>
#include <stdlib.h>

enum { VOCABULARY_MAX_BYTES = 64 * 1024 * 1024, VOCABULARIES_MAX = 256 };

static int by_name(const void *x, const void *y)
{
    return str_compare(*(const Str *)x, *(const Str *)y);
}

static bool learn_file(int folder, Str name, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str bytes;
    Err why = {0};
    CLEANUP(fd_closep) int fd = file_open_beneath(folder, name, &why);
    if (fd < 0 || !file_read_all(fd, VOCABULARY_MAX_BYTES, a, &bytes, &why) || !search_learn(bytes, &why))
        return err_set(err, why.kind, "vocabularies/" FMT_STR ": %s", ARG_STR(name), why.text);
    return true;
}

// In the order of their names, so that every start gives the same search.
static bool list_files(const char *path, Arena *a, Str *names, size_t *ret_count, Err *err)
{
    size_t count = 0;
    DIR *folder = opendir(path);
    if (!folder)
        return err_errno(err, "%s", path);
    for (const struct dirent *entry; (entry = readdir(folder)) && count <= VOCABULARIES_MAX;) {
        if (entry->d_name[0] == '.')
            continue;
        if (count < VOCABULARIES_MAX)
            names[count] = arena_copy(a, str_from(entry->d_name));
        count++;
    }
    closedir(folder);
    if (count > VOCABULARIES_MAX)
        return err_set(err, ERR_LIMIT, "more than %d files in %s", VOCABULARIES_MAX, path);
    qsort(names, count, sizeof(Str), by_name);
    *ret_count = count;
    return true;
}

bool vocabularies_learn(const Home *home, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str *names = arena_array(a, Str, VOCABULARIES_MAX);
    size_t count = 0;
    const char *path = home_path(home, "vocabularies");
    Err why = {0}; // err stays untouched when all is well
    CLEANUP(fd_closep) int folder = dir_open(home->dir, "vocabularies", &why);
    if (folder < 0)
        return why.kind == ERR_NOT_FOUND || err_set(err, why.kind, "%s", why.text);
    if (!list_files(path, a, names, &count, err))
        return false;
    for (size_t i = 0; i < count; i++)
        if (!learn_file(folder, names[i], err))
            return false;
    return true;
}
