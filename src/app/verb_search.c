// SPDX-License-Identifier: Apache-2.0
#include "app/index.h"
#include "app/narrow.h"
#include "app/term.h"
#include "app/verbs.h"
#include "base/clock.h"
#include "base/json.h"

#include <stdio.h>

enum { OUTPUT_MAX_BYTES = 64 * 1024 * 1024 };

// ---- what is asked

typedef struct {
    SearchAsk ask;
    int64_t time_ms; // as it stood then
    bool past, json, explain;
} Asked;

// ---- answers

static void print_reasons(Search *search, Arena *a, const SearchAsk *ask, const Record *record)
{
    SearchReason *reasons;
    size_t count;
    Err err = {0};
    if (!search_explain(search, ask, record, a, &reasons, &count, &err))
        return;
    for (size_t i = 0; i < count; i++)
        printf("      %.*s%s" FMT_STR "%s: " FMT_STR "\n", ARG_STR(reasons[i].field),
            reasons[i].place.n ? " at " : "", ARG_STR(term_safe(a, reasons[i].place)),
            reasons[i].expansion.n ? " (in other words)" : "", ARG_STR(term_safe(a, reasons[i].snippet)));
}

// search: to say why; NULL not to.
static void print_people(Search *search, Arena *a, const SearchAsk *ask, const SearchAnswer *answer,
    const CatalogVersion *versions, Str lang)
{
    if (answer->corrected.n)
        printf("Showing results for " FMT_STR " (--exact to search for the words as written)\n",
            ARG_STR(term_safe(a, answer->corrected)));
    printf("%lld found\n", (long long)answer->total);
    for (size_t i = 0; i < answer->hits_count; i++) {
        Err err = {0};
        Record record;
        const Json *tree = versions[i].json.n ? json_parse(versions[i].json, a, &err) : NULL;
        if (!tree || !record_parse(tree, a, &record, &err))
            continue;
        printf("  %-24.*s  " FMT_STR "%s" FMT_STR "\n", ARG_STR(term_safe(a, answer->hits[i].object_id)),
            ARG_STR(term_safe(a, record_title(&record, lang))), record.makers.count ? " · " : "",
            ARG_STR(term_safe(a, record.makers.count ? record.makers.items[0].name : S(""))));
        if (search)
            print_reasons(search, a, ask, &record);
    }
    narrow_print_facets(a, answer);
}

static void print_json(const SearchAnswer *answer, const CatalogVersion *versions)
{
    CLEANUP(buf_free) Buf out = buf_with_max(OUTPUT_MAX_BYTES);
    JsonWriter w = json_writer(&out);
    json_put_map(&w);
    json_put_member_int(&w, S("total"), answer->total);
    json_put_member_if(&w, S("corrected"), answer->corrected);
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
    if (answer->facets_count)
        narrow_put_facets(&w, answer);
    json_put_name(&w, S("next"));
    if (answer->next.n)
        json_put_text(&w, answer->next);
    else
        json_put_null(&w);
    json_put_map_end(&w);
    printf(FMT_STR "\n", ARG_STR(buf_str(&out)));
}

// To the terminal, beside the answer: what it does not know yet.
static void tell_lateness(const Home *home, const SearchAnswer *answer)
{
    Err err = {0};
    int64_t head = catalog_head(home->catalog, &err);
    if (head > answer->sequence)
        fprintf(stderr, "%lld recent changes are not searchable yet\n", (long long)(head - answer->sequence));
}

static bool search_today(const Home *home, const Asked *asked, Err *err)
{
    Arena *a = home->arena;
    SearchAnswer answer;
    Search *search = search_open(index_dir(home), false, err);
    if (search)
        search_ledger(search, home->catalog);
    bool good = search && search_ask(search, &asked->ask, a, &answer, err);
    if (good) {
        Str *ids = arena_array(a, Str, answer.hits_count);
        CatalogVersion *versions = arena_array(a, CatalogVersion, answer.hits_count);
        for (size_t i = 0; i < answer.hits_count; i++)
            ids[i] = answer.hits[i].object_id;
        good = catalog_find_many(home->catalog, ids, answer.hits_count, a, versions, err);
        if (good && asked->json)
            print_json(&answer, versions);
        else if (good)
            print_people(
                asked->explain ? search : NULL, a, &asked->ask, &answer, versions, home->conf.language);
    }
    if (good)
        tell_lateness(home, &answer);
    search_close(search);
    return good;
}

static bool search_past(const Home *home, const Asked *asked, Err *err)
{
    SearchAnswer answer;
    CatalogVersion *versions;
    if (!search_then(home->catalog, &asked->ask, asked->time_ms, home->arena, &answer, &versions, err))
        return false;
    if (asked->json)
        print_json(&answer, versions);
    else
        print_people(NULL, home->arena, &asked->ask, &answer, versions, home->conf.language);
    return true;
}

static int search_home(const Call *call, Asked *asked, const Rest *rest)
{
    Home home;
    Err err = {0};
    if (!home_open(call->home, HOME_LOOK, &home, &err))
        return verb_failed(&err);
    Str *words = arena_array(home.arena, Str, (size_t)rest->words_count);
    for (int i = 0; i < rest->words_count; i++)
        words[i] = str_from(rest->words[i]);
    asked->ask.q = arena_join(home.arena, words, (size_t)rest->words_count, S(" "));
    bool good = asked->past ? search_past(&home, asked, &err) : search_today(&home, asked, &err);
    int code = good ? EXIT_GOOD : verb_failed(&err);
    home_close(&home);
    return code;
}

int verb_search(const Call *call)
{
    bool all = false;
    int64_t limit = 20;
    const char *cursor = "", *at = "", *sort = "score", *filter = "";
    Asked asked = {0};
    const Option options[] = {
        {"limit", OPTION_NUMBER, "N", "how many to show, 1 to 100 (default 20)", &limit},
        {"cursor", OPTION_TEXT, "TEXT", "go on from the `next` of an earlier answer", &cursor},
        {"sort", OPTION_TEXT, "ORDER", "score (default), date, title, maker or newest", &sort},
        {"filter", OPTION_TEXT, "F=V&...", NARROW_OPTION_HELP, &filter},
        {"facets", OPTION_FLAG, NULL, "count the values of the facets", &asked.ask.facets},
        {"exact", OPTION_FLAG, NULL, "the words as written: no other forms, concepts, corrections",
            &asked.ask.exact},
        {"explain", OPTION_FLAG, NULL, "say why each was found", &asked.explain},
        {"at", OPTION_TEXT, "DATE", "in the museum as it stood then (2026-11-20, or 2026-11-20T10:00:00Z)",
            &at},
        {"all", OPTION_FLAG, NULL, "also what visitors may not see", &all},
        {"json", OPTION_FLAG, NULL, "print the answer as JSON", &asked.json},
    };
    Rest rest;
    Err err = {0};
    int code = verb_options(call, "search", options, COUNT_OF(options), &rest);
    if (code >= 0)
        return code;
    asked.past = *at != 0;
    if (limit < 1 || limit > SEARCH_LIMIT_MAX)
        return verb_misused("search", "--limit must be from 1 to %d", SEARCH_LIMIT_MAX);
    if (asked.past && !time_parse_moment(str_from(at), &asked.time_ms))
        return verb_misused("search", "--at wants a date (2026-11-20) or a moment (2026-11-20T10:00:00Z)");
    if (!search_sort_of(str_from(sort), &asked.ask.sort))
        return verb_misused("search", "--sort must be score, date, title, maker or newest");
    if (!narrow_read(str_from(filter), &asked.ask, &err))
        return verb_misused("search", "%s", err.text);
    asked.ask.limit = (int)limit;
    asked.ask.cursor = str_from(cursor);
    asked.ask.role = all ? VIEWER_STAFF : VIEWER_PUBLIC;
    return search_home(call, &asked, &rest);
}
