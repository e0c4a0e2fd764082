// SPDX-License-Identifier: Apache-2.0
#include "app/index.h"
#include "app/term.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "base/json.h"

#include <stdio.h>

enum { OUTPUT_MAX_BYTES = 64 * 1024 * 1024 };

static void print_people(Arena *a, const SearchAnswer *answer, const CatalogVersion *versions, Str lang)
{
    if (answer->corrected.n)
        printf("Showing results for " FMT_STR "\n", ARG_STR(term_safe(a, answer->corrected)));
    printf("%lld found\n", (long long)answer->total);
    for (size_t i = 0; i < answer->hits_count; i++) {
        Err err = {0};
        Record record;
        const Json *tree = versions[i].json.n ? json_parse(versions[i].json, a, &err) : NULL;
        if (tree && record_parse(tree, a, &record, &err))
            printf("  %-24.*s  " FMT_STR "%s" FMT_STR "\n", ARG_STR(term_safe(a, answer->hits[i].object_id)),
                ARG_STR(term_safe(a, record_title(&record, lang))), record.makers.count ? " · " : "",
                ARG_STR(term_safe(a, record.makers.count ? record.makers.items[0].name : S(""))));
    }
}

static void print_json(const SearchAnswer *answer, const CatalogVersion *versions)
{
    CLEANUP(buf_free) Buf out = buf_with_max(OUTPUT_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    json_put_member_int(&w, S("total"), answer->total);
    json_put_name(&w, S("hits"));
    json_put_list(&w);
    for (size_t i = 0; i < answer->hits_count; i++) {
        json_put_map(&w);
        json_put_member(&w, S("id"), answer->hits[i].object_id);
        json_put_name(&w, S("score"));
        json_put_real(&w, answer->hits[i].score);
        if (versions[i].json.n) {
            json_put_name(&w, S("record"));
            json_put_raw(&w, versions[i].json);
        }
        json_put_map_end(&w);
    }
    json_put_list_end(&w);
    json_put_name(&w, S("next"));
    if (answer->next.n)
        json_put_text(&w, answer->next);
    else
        json_put_null(&w);
    json_put_map_end(&w);
    printf(FMT_STR "\n", ARG_STR(buf_str(&out)));
}

static bool search_home(const Home *home, const SearchAsk *ask, bool json, Err *err)
{
    Arena *a = home->arena;
    SearchAnswer answer;
    Search *search = search_open(index_dir(home), false, err);
    bool good = search && search_ask(search, ask, a, &answer, err);
    if (good) {
        Str *ids = arena_array(a, Str, answer.hits_count);
        CatalogVersion *versions = arena_array(a, CatalogVersion, answer.hits_count);
        for (size_t i = 0; i < answer.hits_count; i++)
            ids[i] = answer.hits[i].object_id;
        good = catalog_find_many(home->catalog, ids, answer.hits_count, a, versions, err);
        if (good && json)
            print_json(&answer, versions);
        else if (good)
            print_people(a, &answer, versions, home->conf.language);
    }
    search_close(search);
    return good;
}

static bool search_past(const Home *home, const SearchAsk *ask, int64_t time_ms, bool json, Err *err)
{
    SearchAnswer answer;
    CatalogVersion *versions;
    if (!search_then(home->catalog, ask, time_ms, home->arena, &answer, &versions, err))
        return false;
    if (json)
        print_json(&answer, versions);
    else
        print_people(home->arena, &answer, versions, home->conf.language);
    return true;
}

int verb_search(const Call *call)
{
    bool json = false, all = false;
    int64_t limit = 20;
    const char *cursor = "", *at = "";
    int64_t time_ms = 0;
    const Option options[] = {
        {"limit", OPTION_NUMBER, "N", "how many to show, 1 to 100 (default 20)", &limit},
        {"cursor", OPTION_TEXT, "TEXT", "go on from the `next` of an earlier answer", &cursor},
        {"at", OPTION_TEXT, "DATE", "in the museum as it stood then (2026-11-20, or 2026-11-20T10:00:00Z)",
            &at},
        {"all", OPTION_FLAG, NULL, "also what visitors may not see", &all},
        {"json", OPTION_FLAG, NULL, "print the answer as JSON", &json},
    };
    Rest rest;
    int code = verb_options(call, "search", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    if (limit < 1 || limit > SEARCH_LIMIT_MAX)
        return verb_misused("search", "--limit must be from 1 to %d", SEARCH_LIMIT_MAX);
    if (*at && !time_parse_moment(str_from(at), &time_ms))
        return verb_misused("search", "--at wants a date (2026-11-20) or a moment (2026-11-20T10:00:00Z)");
    Home home;
    Err err = {0};
    if (!home_open(call->home, HOME_LOOK, &home, &err))
        return verb_failed(&err);
    Str *words = arena_array(home.arena, Str, (size_t)rest.words_count);
    for (int i = 0; i < rest.words_count; i++)
        words[i] = str_from(rest.words[i]);
    const SearchAsk ask = {.q = arena_join(home.arena, words, (size_t)rest.words_count, S(" ")),
        .limit = (int)limit,
        .cursor = str_from(cursor),
        .role = all ? VIEWER_STAFF : VIEWER_PUBLIC};
    bool good = *at ? search_past(&home, &ask, time_ms, json, &err) : search_home(&home, &ask, json, &err);
    code = good ? EXIT_GOOD : verb_failed(&err);
    home_close(&home);
    return code;
}
