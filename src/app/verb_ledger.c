// SPDX-License-Identifier: Apache-2.0
// changes, prove: the verbs that look into the ledger.
#include "app/ledger.h"
#include "app/term.h"
#include "base/clock.h"
#include "base/json.h"
#include "catalog/history.h"
#include "preserve/fixity.h"

#include <stdio.h>

// ---- changes

static void print_set(Arena *a, const CatalogChangeSet *set)
{
    printf("%6lld  " FMT_STR "  %8lld  " FMT_STR ": " FMT_STR "%s\n", (long long)set->id,
        ARG_STR(time_rfc3339(a, set->time_ms)), (long long)set->versions, ARG_STR(term_safe(a, set->agent)),
        ARG_STR(term_safe(a, set->reason)), set->closed ? "" : " (open)");
}

static bool print_sets(const Home *home, int64_t limit, Err *err)
{
    CatalogChangeSet *sets;
    size_t count;
    if (!catalog_list_change_sets(home->catalog, 0, (int)limit, home->arena, &sets, &count, err))
        return false;
    if (count)
        puts("   set  when                   objects  who: why");
    for (size_t i = 0; i < count; i++)
        print_set(home->arena, &sets[i]);
    return true;
}

static bool print_difference(Arena *a, const CatalogVersion *before, const CatalogVersion *after, Err *err)
{
    RecordDifference *list;
    size_t count;
    const Json *x = before && before->json.n ? json_parse(before->json, a, err) : NULL;
    const Json *y = after->json.n ? json_parse(after->json, a, err) : NULL;
    bool read = (x || !before || !before->json.n) && (y || !after->json.n);
    if (!read || !record_diff(x, y, a, &list, &count, err))
        return false;
    for (size_t i = 0; i < count; i++) {
        const char *dot = list[i].lang.n ? "." : "";
        if (list[i].before.n)
            printf("          - " FMT_STR "%s" FMT_STR ": " FMT_STR "\n",
                ARG_STR(term_safe(a, list[i].member)), dot, ARG_STR(term_safe(a, list[i].lang)),
                ARG_STR(term_safe(a, list[i].before)));
        if (list[i].after.n)
            printf("          + " FMT_STR "%s" FMT_STR ": " FMT_STR "\n",
                ARG_STR(term_safe(a, list[i].member)), dot, ARG_STR(term_safe(a, list[i].lang)),
                ARG_STR(term_safe(a, list[i].after)));
    }
    return true;
}

static bool print_history(const Home *home, Str object_id, Err *err)
{
    Arena *a = home->arena;
    CatalogVersion *versions;
    size_t count;
    if (!catalog_list_versions(home->catalog, object_id, a, &versions, &count, err))
        return false;
    if (count == 0)
        return err_set(err, ERR_NOT_FOUND, "no object " FMT_STR, ARG_STR(object_id));
    for (size_t i = 0; i < count; i++) {
        CatalogChangeSet set;
        const CatalogVersion *v = &versions[i];
        if (!catalog_find_change_set(home->catalog, v->change_set, a, &set, err))
            return false;
        printf("version %d  " FMT_STR "  change set %lld, " FMT_STR ": " FMT_STR "%s\n", v->version,
            ARG_STR(time_rfc3339_ms(a, v->time_ms)), (long long)v->change_set,
            ARG_STR(term_safe(a, set.agent)), ARG_STR(term_safe(a, set.reason)),
            v->withdrawn ? " (erased by law)"
            : v->deleted ? " (deleted)"
                         : "");
        if (!v->withdrawn && !print_difference(a, i ? &versions[i - 1] : NULL, v, err))
            return false;
    }
    return true;
}

// A keeper who looks at an object learns that its master is damaged; its pages and pictures are shown as
// before, from what was made of the master when it was whole.
static bool print_damage(const Home *home, Str object_id, Err *err)
{
    static const char *const names[] = {"the vault", "the second vault"};
    for (int second = 0; second < 2; second++) {
        FixityDamage damage;
        if (!fixity_damage(home->path, second, object_id, home->arena, &damage, err))
            return false;
        if (damage.about.n)
            printf(
                "DAMAGED in %s: " FMT_STR "\n", names[second], ARG_STR(term_safe(home->arena, damage.about)));
    }
    return true;
}

int verb_changes(const Call *call)
{
    int64_t limit = 20;
    const Option options[] = {{"limit", OPTION_NUMBER, "N", "how many change sets (default 20)", &limit}};
    Rest rest;
    int code = verb_options(call, "changes", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count > 1 || limit < 1 || limit > 1000000)
        return verb_misused("changes", "at most one object, and a --limit from 1 to 1000000");
    Home home;
    Err err = {0};
    if (!home_open(call->home, HOME_LOOK, &home, &err))
        return verb_failed(&err);
    bool good = rest.words_count ? print_history(&home, str_from(rest.words[0]), &err) &&
                                       print_damage(&home, str_from(rest.words[0]), &err)
                                 : print_sets(&home, limit, &err);
    home_close(&home);
    return good ? EXIT_GOOD : verb_failed(&err);
}

// ---- prove

// Which version, and from which earlier head the log shall be shown to have grown.
static bool choose(const Home *home, Str object_id, Str at, int *ret_version, int64_t *since, Err *err)
{
    CatalogVersion v;
    int64_t time_ms;
    int next;
    if (at.n == 0) {
        if (!catalog_next_version(home->catalog, object_id, &next, err))
            return false;
        *ret_version = next - 1;
        return next > 1 || err_set(err, ERR_NOT_FOUND, "no object " FMT_STR, ARG_STR(object_id));
    }
    if (!time_parse_moment(at, &time_ms))
        return err_set(err, ERR_INVALID, "--at wants a date (2026-11-20) or a moment (2026-11-20T10:00:00Z)");
    if (!catalog_find_at(home->catalog, object_id, time_ms, home->arena, &v, err))
        return false;
    *ret_version = v.version;
    return *since >= 0 || catalog_tree_size_at(home->catalog, time_ms, since, err);
}

static bool prove(const Home *home, Str object_id, Str at, int64_t version, int64_t since, Str *ret, Err *err)
{
    ProofKey key;
    int chosen = (int)version;
    if (!ledger_key(home, &key, err) || (version == 0 && !choose(home, object_id, at, &chosen, &since, err)))
        return false;
    return proof_object(home->catalog, &key, object_id, chosen, MAX_OF(since, 0), home->arena, ret, err);
}

int verb_prove(const Call *call)
{
    const char *at = "";
    int64_t version = 0, since = -1;
    const Option options[] = {
        {"at", OPTION_TEXT, "DATE", "the version that stood then, and that the log has only grown since",
            &at},
        {"version", OPTION_NUMBER, "N", "this version (default: the newest)", &version},
        {"since", OPTION_NUMBER, "N", "show that the log has grown from the one of N change sets", &since},
    };
    Rest rest;
    int code = verb_options(call, "prove", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (rest.words_count != 1)
        return verb_misused("prove", "name one object");
    if (version < 0 || version > INT32_MAX)
        return verb_misused("prove", "versions count from 1");
    Home home;
    Err err = {0};
    Str document;
    if (!home_open(call->home, HOME_LOOK, &home, &err))
        return verb_failed(&err);
    bool good = prove(&home, str_from(rest.words[0]), str_from(at), version, since, &document, &err);
    if (good)
        fwrite(document.p, 1, document.n, stdout);
    home_close(&home);
    return good ? EXIT_GOOD : verb_failed(&err);
}
