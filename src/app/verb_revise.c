// SPDX-License-Identifier: Apache-2.0
// undo, delete, withdraw: the verbs that change what stands.
#include "app/index.h"
#include "app/ledger.h"
#include "app/second.h"
#include "app/sight.h"
#include "app/term.h"
#include "base/clock.h"
#include "base/json.h"
#include "revise/revise.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

enum { LINES_MAX_BYTES = 256 * 1024 * 1024, FORGET_MAX_S = 60 };

typedef struct {
    bool json, all;
    Buf lines; // JSON
    JsonWriter writer;
    int64_t change_set; // that is undone
} Telling;

static ReviseHouse house_of(const Home *home)
{
    return (ReviseHouse){.store = home->store, .derived = home->derived, .catalog = home->catalog};
}

// Writing begins with what a killed process may have left between vault and ledger.
static bool open_to_write(const Call *call, Home *home, Err *err)
{
    int64_t recovered;
    if (!home_open(call->home, HOME_WORK, home, err))
        return false;
    IngestHouse house = home_house(home);
    if (ingest_recover(&house, &recovered, err) && ledger_before_change(home, err))
        return true;
    home_close(home);
    return false;
}

static void tell_line(void *ctx, const ReviseLine *line)
{
    Telling *t = ctx;
    CLEANUP(arena_closep) Arena *a = arena_open();
    const char *name = revise_outcome_name(line->outcome);
    if (t->json) {
        json_put_map(&t->writer);
        json_put_member(&t->writer, S("id"), line->object_id);
        json_put_member(&t->writer, S("outcome"), str_from(name));
        json_put_member_int(&t->writer, S("version"), line->head);
        json_put_member_int(&t->writer, S("before"), line->before);
        if (line->later_set)
            json_put_member_int(&t->writer, S("later_change_set"), line->later_set);
        json_put_map_end(&t->writer);
        return;
    }
    Str id = term_safe(a, line->object_id);
    if (line->outcome == REVISE_CONFLICT)
        printf("CONFLICT  " FMT_STR ": edited since, in change set %lld; left alone\n", ARG_STR(id),
            (long long)line->later_set);
    else if (line->outcome == REVISE_GONE)
        printf("GONE      " FMT_STR ": withdrawn by law; nothing comes back\n", ARG_STR(id));
    else if (t->all)
        printf("%-9s " FMT_STR "\n", name, ARG_STR(id));
}

static void print_counts(Telling *t, const char *what, const ReviseCounts *counts)
{
    if (!t->json) {
        printf("%s:", what);
        for (int i = 0; i <= REVISE_GONE; i++)
            if (counts->outcomes[i])
                printf(" %lld %s", (long long)counts->outcomes[i], revise_outcome_name((ReviseOutcome)i));
        if (counts->change_set)
            printf(" (change set %lld)", (long long)counts->change_set);
        putchar('\n');
        return;
    }
    json_put_list_end(&t->writer);
    for (int i = 0; i <= REVISE_GONE; i++)
        json_put_member_int(&t->writer, str_from(revise_outcome_name((ReviseOutcome)i)), counts->outcomes[i]);
    json_put_member_int(&t->writer, S("change_set"), counts->change_set);
    json_put_map_end(&t->writer);
    fwrite(t->lines.p, 1, t->lines.n, stdout);
    putchar('\n');
}

static void telling_open(Telling *t)
{
    t->lines = buf_with_max(LINES_MAX_BYTES);
    t->writer = json_writer(&t->lines);
    json_put_map(&t->writer);
    json_put_name(&t->writer, S("objects"));
    json_put_list(&t->writer);
}

static int undo(
    Home *home, const Call *call, int64_t change_set, bool preview, const CatalogWho *who, bool json)
{
    Err err = {0};
    ReviseCounts counts;
    ReviseHouse house = house_of(home);
    Telling t = {.json = json, .all = preview};
    telling_open(&t);
    const ReviseListener listener = {.ctx = &t, .line = tell_line, .stop = call->stop};
    bool good = revise_undo(&house, change_set, preview, who, &listener, &counts, &err) &&
                (preview || ledger_after_change(home, call, &err));
    if (good)
        print_counts(&t, preview ? "Would be" : "Undone", &counts);
    buf_free(&t.lines);
    if (!good)
        return verb_failed(&err);
    return counts.outcomes[REVISE_CONFLICT] || counts.outcomes[REVISE_GONE] ? EXIT_TROUBLE : EXIT_GOOD;
}

int verb_undo(const Call *call)
{
    bool preview = false, json = false;
    const char *agent = NULL, *reason = NULL;
    const Option options[] = {
        {"preview", OPTION_FLAG, NULL, "only tell what would become of each object", &preview},
        {"reason", OPTION_TEXT, "TEXT", "why, for the ledger", &reason},
        {"agent", OPTION_TEXT, "NAME", "who does this, for the ledger (default: your user name)", &agent},
        {"json", OPTION_FLAG, NULL, "print the result as JSON", &json},
    };
    Rest rest;
    int64_t change_set;
    int code = verb_options(call, "undo", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count != 1 || !str_to_int64(str_from(rest.words[0]), &change_set))
        return verb_misused("undo", "which change set? `vitrine changes` lists them");
    Home home;
    Err err = {0};
    if (!open_to_write(call, &home, &err))
        return verb_failed(&err);
    const CatalogWho who = {.agent = agent ? str_from(agent) : ledger_user(home.arena),
        .reason = reason ? str_from(reason)
                         : arena_printf(home.arena, "undo of change set %lld", (long long)change_set),
        .time_ms = clock_now_ms()};
    code = undo(&home, call, change_set, preview, &who, json);
    home_close(&home);
    return code;
}

int verb_delete(const Call *call)
{
    bool json = false;
    const char *agent = NULL, *reason = "deleted";
    const Option options[] = {
        {"reason", OPTION_TEXT, "TEXT", "why, for the ledger", &reason},
        {"agent", OPTION_TEXT, "NAME", "who does this, for the ledger (default: your user name)", &agent},
        {"json", OPTION_FLAG, NULL, "print the result as JSON", &json},
    };
    Rest rest;
    int code = verb_options(call, "delete", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count == 0)
        return verb_misused("delete", "which objects? Name their ids");
    Home home;
    Err err = {0};
    ReviseCounts counts;
    if (!open_to_write(call, &home, &err))
        return verb_failed(&err);
    Str *ids = arena_array(home.arena, Str, (size_t)rest.words_count);
    for (int i = 0; i < rest.words_count; i++)
        ids[i] = str_from(rest.words[i]);
    const CatalogWho who = {
        agent ? str_from(agent) : ledger_user(home.arena), str_from(reason), clock_now_ms()};
    ReviseHouse house = house_of(&home);
    Telling t = {.json = json};
    telling_open(&t);
    const ReviseListener listener = {.ctx = &t, .line = tell_line, .stop = call->stop};
    bool good = revise_delete(&house, ids, (size_t)rest.words_count, &who, &listener, &counts, &err) &&
                ledger_after_change(&home, call, &err);
    if (good)
        print_counts(&t, "Deleted", &counts);
    buf_free(&t.lines);
    home_close(&home);
    return good ? EXIT_GOOD : verb_failed(&err);
}

static bool confirmed(const char *id)
{
    char answer[16] = {0};
    if (!isatty(STDIN_FILENO))
        return false;
    printf("Everything that \"%s\" ever was will be erased, in all its versions. Type yes to go on: ", id);
    fflush(stdout);
    return fgets(answer, sizeof(answer), stdin) && str_eq(str_trim(str_from(answer)), S("yes"));
}

// Words and shapes of what was erased stand in the indexes too, until whoever writes them has followed the
// ledger: we ourselves, or a running server. ret_done: of one index.
static bool forget_words(const Home *home, const Call *call, int64_t head, bool *ret_done, Err *err)
{
    int64_t sequence = 0;
    *ret_done = index_catch_up(home, call->stop, &sequence, err);
    if (*ret_done || err->kind != ERR_BUSY)
        return *ret_done;
    Search *search = search_open(index_dir(home), false, err);
    *ret_done = search && search_sequence(search) >= head;
    search_close(search);
    return true;
}

static bool forget_shapes(const Home *home, const Call *call, int64_t head, bool *ret_done, Err *err)
{
    int64_t sequence = 0;
    Visual *visual = visual_open(sight_dir(home), false, err);
    *ret_done = !visual && err->kind == ERR_NOT_FOUND; // there is no such index
    if (!visual)
        return *ret_done;
    *ret_done = visual_sequence(visual) >= head;
    visual_close(visual);
    if (*ret_done)
        return true;
    *ret_done = sight_catch_up(home, call->stop, &sequence, err);
    return *ret_done || err->kind == ERR_BUSY;
}

static bool forget_in_indexes(const Home *home, const Call *call, bool *ret_done, Err *err)
{
    int64_t head = catalog_head(home->catalog, err), until_us = clock_mono_us() + FORGET_MAX_S * 1000000LL;
    bool words = false, shapes = false;
    if (head < 0)
        return false;
    while (true) {
        if ((!words && !forget_words(home, call, head, &words, err)) ||
            (!shapes && !forget_shapes(home, call, head, &shapes, err)))
            return false;
        *ret_done = words && shapes;
        if (*ret_done || *call->stop || clock_mono_us() > until_us)
            return true;
        nanosleep(&(struct timespec){.tv_nsec = 200 * 1000000L}, NULL);
    }
}

// The second vault forgets as well, now if it can be reached.
static bool forget_in_second(const Home *home, const Call *call, Str id, Err *err)
{
    bool is_new;
    Store *second = second_open(home, home->conf.second_vault, false, call->stop, err);
    StoreBatch *batch = second ? store_batch_open(second, err) : NULL;
    Err why = {0};
    bool good = batch &&
                (store_batch_adopt(batch, home->store, id, true, &is_new, &why) || ((*err = why), false)) &&
                store_batch_publish(batch, err);
    store_batch_close(batch);
    store_close(second);
    return good;
}

static int withdraw(const Home *home, const Call *call, Str id, const CatalogWho *who)
{
    Err err = {0};
    ReviseCounts counts;
    ReviseHouse house = house_of(home);
    bool forgotten;
    int code = EXIT_GOOD;
    if (!revise_withdraw(&house, id, who, &counts, &err) || !ledger_promise(home, &err))
        return verb_failed(&err);
    printf("Withdrawn (change set %lld): erased in vault, catalogue and pictures.\n",
        (long long)counts.change_set);
    if (!forget_in_indexes(home, call, &forgotten, &err))
        return verb_failed(&err);
    if (forgotten) {
        puts("The indexes have forgotten it too.");
    } else {
        puts("Another vitrine keeps the indexes and has not followed yet: nobody finds it there, but its "
             "words are not "
             "erased before that has.");
        code = EXIT_TROUBLE;
    }
    if (!home->conf.second_vault.n) {
        puts("Backups, exports and second vaults made before still hold it.");
    } else if (forget_in_second(home, call, id, &err)) {
        puts("Erased in the second vault. Backups and exports made before still hold it.");
    } else {
        printf("The second vault still holds it (%s): the next export --ocfl or a running server erases it "
               "there. "
               "Backups and exports made before hold it too.\n",
            err.text);
        code = EXIT_TROUBLE;
    }
    return code;
}

int verb_withdraw(const Call *call)
{
    bool yes = false;
    const char *agent = NULL, *reason = NULL;
    const Option options[] = {
        {"reason", OPTION_TEXT, "TEXT", "the law or order that asks for it; stays for ever", &reason},
        {"agent", OPTION_TEXT, "NAME", "who does this, for the ledger (default: your user name)", &agent},
        {"yes", OPTION_FLAG, NULL, "do not ask", &yes},
    };
    Rest rest;
    int code = verb_options(call, "withdraw", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count != 1)
        return verb_misused("withdraw", "name one object");
    if (!reason || !*reason)
        return verb_misused("withdraw", "a withdrawal needs a --reason");
    if (!yes && !confirmed(rest.words[0]))
        return verb_misused("withdraw", "nothing was erased (--yes to go on without being asked)");
    Home home;
    Err err = {0};
    if (!open_to_write(call, &home, &err))
        return verb_failed(&err);
    const CatalogWho who = {
        agent ? str_from(agent) : ledger_user(home.arena), str_from(reason), clock_now_ms()};
    code = withdraw(&home, call, str_from(rest.words[0]), &who);
    home_close(&home);
    return code;
}
