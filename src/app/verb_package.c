// SPDX-License-Identifier: Apache-2.0
// export and import: the whole museum out, and in again.
#include "app/home.h"
#include "app/second.h"
#include "app/term.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "preserve/package.h"

#include <stdio.h>
#include <unistd.h>

typedef struct {
    Term term;
} Moving;

static void on_problem(void *ctx, Str object_id, Str text)
{
    Moving *m = ctx;
    CLEANUP(arena_closep) Arena *a = arena_open();
    term_line(&m->term, "REFUSED  " FMT_STR ": " FMT_STR, ARG_STR(term_safe(a, object_id)),
        ARG_STR(term_safe(a, text)));
}

static void on_progress(void *ctx, const PackageSum *so_far)
{
    Moving *m = ctx;
    term_progress(&m->term, S("objects"), (int64_t)so_far->objects, -1, S("objects"));
}

static int finish(Moving *m, bool good, const PackageSum *sum, const char *done, const Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    term_done(&m->term);
    if (!good)
        return verb_failed(err);
    printf("%s: %llu objects (%llu were there already), %llu files, " FMT_STR "; %llu refused\n", done,
        (unsigned long long)sum->objects, (unsigned long long)sum->unchanged, (unsigned long long)sum->files,
        ARG_STR(term_bytes(a, sum->bytes)), (unsigned long long)sum->refused);
    return sum->refused ? EXIT_TROUBLE : EXIT_GOOD;
}

static bool export_to(const Home *home, const Call *call, PackageForm form, const char *to,
    const PackageAsk *ask, PackageSum *ret, Err *err)
{
    if (form != PACKAGE_OCFL)
        return package_export(home->store, form, to, ask, ret, err);
    Store *second = second_open(home, str_from(to), true, call->stop, err);
    bool good = second && package_second(home->store, second, ask, ret, err);
    store_close(second);
    return good;
}

static bool import_from(
    const Home *home, const Call *call, const char *from, const PackageAsk *ask, PackageSum *ret, Err *err)
{
    if (!second_is_away(str_from(from)))
        return package_import(home->store, from, ask, ret, err);
    Store *second = second_open(home, str_from(from), false, call->stop, err);
    bool good = second && package_import_away(home->store, second, ask, ret, err);
    store_close(second);
    return good;
}

int verb_export(const Call *call)
{
    bool files = false, bag = false, vault = false;
    const Option options[] = {
        {"files", OPTION_FLAG, NULL, "folders and pages to be read with any computer (the default)", &files},
        {"bagit", OPTION_FLAG, NULL, "the same in a BagIt 1.0 bag with SHA-512", &bag},
        {"ocfl", OPTION_FLAG, NULL,
            "a second vault with every version, in a folder or s3://BUCKET/PREFIX; again to bring it up to "
            "date",
            &vault},
    };
    Rest rest;
    int code = verb_options(call, "export", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count != 1)
        return verb_misused("export", "name one folder to export into, or s3://BUCKET/PREFIX");
    if (files + bag + vault > 1)
        return verb_misused("export", "choose one of --files, --bagit and --ocfl");
    if (!vault && second_is_away(str_from(rest.words[0])))
        return verb_misused("export", "a bucket holds a second vault: --ocfl");
    Home home;
    Err err = {0};
    if (!home_open(call->home, HOME_WORK, &home, &err))
        return verb_failed(&err);
    Moving m = {term_open(STDERR_FILENO)};
    PackageSum sum = {0};
    PackageAsk ask = {.museum = home.conf.name,
        .now_ms = clock_now_ms(),
        .stop = call->stop,
        .ctx = &m,
        .problem = on_problem,
        .progress = on_progress};
    PackageForm form = bag ? PACKAGE_BAG : vault ? PACKAGE_OCFL : PACKAGE_FILES;
    bool good = export_to(&home, call, form, rest.words[0], &ask, &sum, &err);
    home_close(&home);
    return finish(&m, good, &sum, "Exported", &err);
}

int verb_import(const Call *call)
{
    Rest rest;
    int code = verb_options(call, "import", NULL, 0, &rest);
    if (code >= 0)
        return code;
    if (rest.words_count != 1)
        return verb_misused("import", "name the folder of one package, or s3://BUCKET/PREFIX");
    Home home;
    Err err = {0};
    if (!home_open(call->home, HOME_ALONE, &home, &err))
        return verb_failed(&err);
    Moving m = {term_open(STDERR_FILENO)};
    PackageSum sum = {0};
    PackageAsk ask = {.now_ms = clock_now_ms(),
        .stop = call->stop,
        .ctx = &m,
        .problem = on_problem,
        .progress = on_progress};
    bool good = import_from(&home, call, rest.words[0], &ask, &sum, &err);
    home_close(&home);
    code = finish(&m, good, &sum, "Imported", &err);
    if (good && sum.objects > sum.unchanged)
        printf("Now run \"vitrine rebuild\", so that catalogue and index know them.\n");
    return code;
}
