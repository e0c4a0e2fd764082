// SPDX-License-Identifier: Apache-2.0
// verify, its other ways: --structure judges any OCFL tree; --resume, --rate, --copy and --certificate read
// the vault through slowly, mend it and sign what was found.
#include "app/verb_fixity.h"
#include "app/home.h"
#include "app/second.h"
#include "app/term.h"
#include "preserve/fixity.h"
#include "preserve/ocfl.h"

#include <stdio.h>
#include <unistd.h>

static void on_finding(void *ctx, Str where, Str code, Str text)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    (void)ctx;
    printf(FMT_STR " %s%s" FMT_STR "\n", ARG_STR(code), arena_cstr(a, term_safe(a, where)),
        where.n ? ": " : "", ARG_STR(term_safe(a, text)));
}

int verify_structure(const char *path)
{
    OcflSum sum;
    Err err = {0};
    if (!ocfl_validate(path, on_finding, NULL, &sum, &err))
        return verb_failed(&err);
    printf("%s: %llu objects, %llu errors, %llu warnings\n", sum.errors ? "INVALID" : "VALID",
        (unsigned long long)sum.objects, (unsigned long long)sum.errors, (unsigned long long)sum.warnings);
    return sum.errors ? EXIT_TROUBLE : EXIT_GOOD;
}

static void on_problem(void *ctx, Str object_id, Str text)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    term_line(
        ctx, "DAMAGED  " FMT_STR ": " FMT_STR, ARG_STR(term_safe(a, object_id)), ARG_STR(term_safe(a, text)));
}

static void on_progress(void *ctx, const StoreVerified *so_far)
{
    term_progress(ctx, S("read"), (int64_t)(so_far->bytes / 1000000), -1, S("MB"));
}

static void print_result(const FixityResult *r)
{
    printf("%s: %llu objects, %llu files, %llu bytes; %llu problems, %llu files mended, %llu objects still "
           "damaged\n",
        r->complete ? "Read everything" : "Stopped (--resume goes on)", (unsigned long long)r->objects,
        (unsigned long long)r->files, (unsigned long long)r->bytes, (unsigned long long)r->damaged,
        (unsigned long long)r->mended, (unsigned long long)r->lost);
}

int verify_fixity(const Call *call, const VerifyFixity *how)
{
    Home home;
    Err err = {0};
    FixityResult result;
    if (!home_open(call->home, HOME_WORK, &home, &err))
        return verb_failed(&err);
    Term term = term_open(STDERR_FILENO);
    const char *where = how->other ? how->other : how->copy;
    Store *second = where ? second_open(&home, str_from(where), false, call->stop, &err) : NULL;
    FixityAsk ask = {.home = call->home,
        .second = how->other,
        .store = how->other ? second : home.store,
        .copy = how->other ? (how->mend ? home.store : NULL) : second,
        .threads = how->threads,
        .rate_bytes = (uint64_t)how->rate_mb * 1000000,
        .resume = how->resume,
        .stop = call->stop,
        .report = on_problem,
        .progress = on_progress,
        .ctx = &term};
    bool good = (second || !where) && fixity_run(&ask, &result, &err);
    term_done(&term);
    if (good)
        print_result(&result);
    Str path;
    if (good && how->certificate && result.complete) {
        good = fixity_certify(call->home, home.store, home.conf.name, &result, home.arena, &path, &err);
        if (good)
            printf("Certificate: " FMT_STR "\n", ARG_STR(path));
    }
    store_close(second);
    home_close(&home);
    if (!good)
        return verb_failed(&err);
    return result.lost ? EXIT_TROUBLE : EXIT_GOOD;
}
