// SPDX-License-Identifier: Apache-2.0
// A whole bag in one input: "==== manifest-md5.txt" on a line of its own begins a file; only the names below
// are made, so that the input cannot write elsewhere. What it says inside may name anything.
#include "base/file.h"
#include "preserve/bagit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const NAMES[] = {"bagit.txt", "manifest-md5.txt", "manifest-sha512.txt",
    "tagmanifest-md5.txt", "bag-info.txt", "fetch.txt", "data/a", "data/b%25c"};

static char folder[300];
static int dir = -1;

static void remove_files(void)
{
    for (size_t i = 0; i < COUNT_OF(NAMES); i++)
        unlinkat(dir, NAMES[i], 0);
}

static void remove_all(void)
{
    remove_files();
    unlinkat(dir, "data", AT_REMOVEDIR);
    rmdir(folder);
}

static void begin(void)
{
    const char *where = getenv("TMPDIR");
    if (dir >= 0)
        return;
    snprintf(folder, sizeof(folder), "%s/vitrine-bag-XXXXXX", where ? where : "/tmp");
    if (!mkdtemp(folder) || (dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0 ||
        mkdirat(dir, "data", 0700) < 0)
        abort();
    atexit(remove_all);
}

static void put(Str name, Str content)
{
    Err err;
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        if (!str_eq(name, str_from(NAMES[i])))
            continue;
        CLEANUP(fd_closep) int fd = openat(dir, NAMES[i], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        if (fd < 0 || !file_write_all(fd, content, &err))
            abort();
    }
}

static void unpack(Str all)
{
    static const Str mark = S("==== ");
    size_t at;
    while (str_starts(all, mark)) {
        Str name, rest = str_slice(all, mark.n, all.n);
        if (!str_cut(rest, '\n', &name, &rest))
            return;
        if (!str_find(rest, mark, &at))
            at = rest.n;
        put(name, str_slice(rest, 0, at));
        all = str_slice(rest, at, rest.n);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Err err = {0};
    BagSum sum;
    begin();
    remove_files();
    unpack((Str){(const char *)data, size});
    if (!bagit_check(folder, NULL, NULL, &sum, &err))
        assert(err.kind != ERR_NONE);
    return 0;
}
