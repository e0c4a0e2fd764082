// SPDX-License-Identifier: Apache-2.0
#include "app/home.h"
#include "app/ledger.h"
#include "app/term.h"
#include "app/verb_fixity.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "base/json.h"

#include <pthread.h>
#include <stdio.h>
#include <unistd.h>

enum { PROBLEMS_MAX_BYTES = 64 * 1024 * 1024 };

typedef struct {
    Term term;
    bool json;
    Buf problems;
    pthread_mutex_t lock; // the vault is read by several threads
} Verify;

static void on_problem(void *ctx, Str object_id, Str problem)
{
    Verify *v = ctx;
    CLEANUP(arena_closep) Arena *a = arena_open();
    pthread_mutex_lock(&v->lock);
    if (v->json) {
        JsonWriter w = json_writer(&v->problems);
        if (v->problems.n)
            buf_add_char(&v->problems, ',');
        json_put_map(&w);
        json_put_member(&w, S("id"), object_id);
        json_put_member(&w, S("text"), problem);
        json_put_map_end(&w);
    } else {
        term_line(&v->term, "DAMAGED  " FMT_STR ": " FMT_STR, ARG_STR(term_safe(a, object_id)),
            ARG_STR(term_safe(a, problem)));
    }
    pthread_mutex_unlock(&v->lock);
}

static void on_progress(void *ctx, const StoreVerified *so_far)
{
    Verify *v = ctx;
    CLEANUP(arena_closep) Arena *a = arena_open();
    pthread_mutex_lock(&v->lock);
    term_progress(&v->term,
        arena_printf(a, "%llu objects, " FMT_STR, (unsigned long long)so_far->objects,
            ARG_STR(term_bytes(a, so_far->bytes))),
        (int64_t)(so_far->bytes / 1000000), -1, S("MB"));
    pthread_mutex_unlock(&v->lock);
}

static void print_sum(const Verify *v, const StoreVerified *sum)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    if (!v->json) {
        printf("Read %llu objects, %llu files, " FMT_STR " in " FMT_STR ": %llu damaged\n",
            (unsigned long long)sum->objects, (unsigned long long)sum->files,
            ARG_STR(term_bytes(a, sum->bytes)),
            ARG_STR(term_duration(a, clock_mono_us() - v->term.started_us)),
            (unsigned long long)sum->damaged);
        return;
    }
    CLEANUP(buf_free) Buf out = buf_with_max(PROBLEMS_MAX_BYTES + 1024);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    json_put_member_int(&w, S("objects"), (int64_t)sum->objects);
    json_put_member_int(&w, S("files"), (int64_t)sum->files);
    json_put_member_int(&w, S("bytes"), (int64_t)sum->bytes);
    json_put_member_int(&w, S("damaged"), (int64_t)sum->damaged);
    json_put_name(&w, S("problems"));
    json_put_list(&w);
    if (v->problems.n)
        json_put_raw(&w, buf_str(&v->problems));
    json_put_list_end(&w);
    json_put_map_end(&w);
    printf(FMT_STR "\n", ARG_STR(buf_str(&out)));
}

// The ledger against its own hash tree, and against what the museum promised.
static void verify_ledger(const Home *home, Verify *v, StoreVerified *sum)
{
    Err err = {0};
    int64_t size;
    if (catalog_tree_check(home->catalog, &size, &err) && ledger_promise(home, &err))
        return;
    on_problem(v, S("ledger"), str_from(err.text));
    sum->damaged++;
}

// Does the vault have this version, as the ledger knows it? What cannot be read was told already.
static void verify_row(const Home *home, Verify *v, const CatalogVersion *row, Arena *a, StoreVerified *sum)
{
    Err err = {0};
    StoreFile *files;
    size_t count;
    const Str name = row->deleted ? S("tombstone.json") : S("record.json");
    if (!store_list_files(home->store, row->object_id, row->version, a, &files, &count, &err)) {
        if (err.kind != ERR_NOT_FOUND)
            return;
        on_problem(v, row->object_id,
            arena_printf(a,
                "the ledger has its version %d, the vault has not: the vault is older than the catalogue",
                row->version));
        sum->damaged++;
        return;
    }
    for (size_t i = 0; i < count; i++)
        if (str_eq(files[i].path, S(STORE_WITHDRAWN_FILE)) ||
            (str_eq(files[i].path, name) && sha512_eq(&files[i].digest, &row->digest)))
            return;
    on_problem(
        v, row->object_id, arena_printf(a, "its version %d is another in vault and ledger", row->version));
    sum->damaged++;
}

// A vault that is whole in itself may be an older backup behind the catalogue.
static bool verify_rows(const Home *home, const Call *call, Verify *v, StoreVerified *sum, Err *err)
{
    enum { ROWS = 200 };
    CLEANUP(arena_closep) Arena *a = arena_open();
    size_t count = 1;
    for (int64_t after = 0; count > 0 && !*call->stop;) {
        CatalogVersion *rows;
        arena_reset(a);
        if (!catalog_follow(home->catalog, after, ROWS, a, &rows, &count, err))
            return false;
        for (size_t i = 0; i < count; i++) {
            verify_row(home, v, &rows[i], a, sum);
            after = rows[i].sequence;
        }
    }
    return true;
}

int verb_verify(const Call *call)
{
    bool json = false;
    int64_t threads = 2, rate_mb = 0;
    const char *structure = NULL, *copy = NULL, *other = NULL;
    bool resume = false, certificate = false, mend = false;
    const Option options[] = {
        {"threads", OPTION_NUMBER, "N", "files read at the same time (default 2)", &threads},
        {"rate", OPTION_NUMBER, "MB", "read at most so many MB a second", &rate_mb},
        {"resume", OPTION_FLAG, NULL, "go on where a stopped reading ended", &resume},
        {"copy", OPTION_TEXT, "WHERE", "mend damaged files from this second vault: a folder or s3://...",
            &copy},
        {"other", OPTION_TEXT, "WHERE", "read this second vault through instead of ours", &other},
        {"mend", OPTION_FLAG, NULL, "with --other: mend it from ours", &mend},
        {"certificate", OPTION_FLAG, NULL, "sign what was found: preserve/certificates/", &certificate},
        {"structure", OPTION_TEXT, "PATH", "judge an OCFL storage root or object instead", &structure},
        {"json", OPTION_FLAG, NULL, "print the result as JSON", &json},
    };
    Rest rest;
    int code = verb_options(call, "verify", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count > 0)
        return verb_misused("verify", "\"%s\" is one word too many", rest.words[0]);
    if (threads < 1 || threads > 64)
        return verb_misused("verify", "--threads must be from 1 to 64");
    if (rate_mb < 0 || rate_mb > 1000000)
        return verb_misused("verify", "--rate must be from 0 to 1000000");
    if (structure)
        return verify_structure(structure);
    if (other && (copy || certificate))
        return verb_misused("verify", "--other goes with neither --copy nor --certificate");
    if (mend && !other)
        return verb_misused("verify", "--mend needs --other; ours is mended with --copy");
    if (resume || certificate || copy || rate_mb || other)
        return verify_fixity(
            call, &(VerifyFixity){(int)threads, rate_mb, resume, copy, other, mend, certificate});
    Home home;
    Err err = {0};
    StoreVerified sum;
    if (!home_open(call->home, HOME_WORK, &home, &err))
        return verb_failed(&err);
    Verify v = {.term = term_open(STDERR_FILENO), .json = json, .problems = buf_with_max(PROBLEMS_MAX_BYTES)};
    pthread_mutex_init(&v.lock, NULL);
    bool whole = store_verify(home.store, (int)threads, on_problem, on_progress, &v, &sum, &err);
    whole = whole && verify_rows(&home, call, &v, &sum, &err);
    if (whole)
        verify_ledger(&home, &v, &sum);
    term_done(&v.term);
    if (whole)
        print_sum(&v, &sum);
    buf_free(&v.problems);
    home_close(&home);
    if (!whole)
        return verb_failed(&err);
    return sum.damaged ? EXIT_TROUBLE : EXIT_GOOD;
}
