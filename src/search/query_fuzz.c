// SPDX-License-Identifier: Apache-2.0
// Whatever is typed, and whatever is sent as a cursor or a filter: the first line is the cursor, the second
// filters
// ("name=value name=value"), the rest is the question. Asked of a small index in each order, with facets, as
// the pages and the interface ask.
#include "base/file.h"
#include "search/index.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static char folder[] = "/tmp/vitrine-query-fuzz-XXXXXX";
static Search *search;

static const char *const titles[] = {"Two vases", "青花瓷瓶", "名所圖繪", "The Sunset at Sea, 27 x 30 cm",
    "Ваза 1998.44", "A vase of bronze stands in the boat", "Вышивка", "파도 wave", "c. 1620",
    "Émile Gallé, 1899"};

static Record make_record(Arena *a, size_t i)
{
    Record r = {
        .id = arena_printf(a, "a%zu", i), .lang = S("en"), .accession = arena_printf(a, "1998.%zu", i)};
    r.titles.items = arena_new(a, RecordText);
    r.titles.items[0].text = str_from(titles[i % COUNT_OF(titles)]);
    r.titles.count = 1;
    r.makers.items = arena_new(a, RecordMaker);
    r.makers.items[0].name = str_from(i % 3 ? "Katsushika Hokusai" : "Joseph Turner");
    r.makers.count = 1;
    r.classification.items = arena_new(a, RecordTerm);
    r.classification.items[0].text = str_from(i % 2 ? "prints" : "ceramics");
    r.classification.count = 1;
    return r;
}

static void close_index(void)
{
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str *names;
    size_t count;
    search_close(search);
    CLEANUP(fd_closep) int dir = dir_open(AT_FDCWD, folder, &err);
    if (dir < 0 || !dir_files(dir, a, &names, &count, &err))
        return;
    for (size_t i = 0; i < count; i++)
        unlinkat(dir, arena_cstr(a, names[i]), 0);
    rmdir(folder);
}

static void open_index(void)
{
    Err err = {0};
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(fd_closep) int dir = mkdtemp(folder) ? dir_open(AT_FDCWD, folder, &err) : -1;
    Builder *b = builder_open();
    for (size_t i = 0; i < 40; i++) {
        Record r = make_record(a, i);
        CatalogVersion v = {.sequence = (int64_t)i + 1, .object_id = r.id, .version = 1};
        document_add(b, &v, &r, vocabulary_keep(), a);
    }
    ManifestSegment segment = {.name = "seg-1-0"};
    Manifest m = {.generation = 1,
        .sequence = 40,
        .default_rank = rights_terms_rank((Terms){.access = ACCESS_FULL}),
        .segments = &segment,
        .count = 1};
    if (dir < 0 || !builder_write(b, dir, segment.name, &err) || !current_write(dir, &m, &err) ||
        !(search = search_open(folder, false, &err)))
        abort();
    builder_close(b);
    atexit(close_index);
}

static Str take_line(Str *rest)
{
    Str line = *rest, after = {0};
    if (!str_cut(*rest, '\n', &line, &after))
        after = (Str){0};
    *rest = after;
    return line;
}

static void check(const SearchAsk *ask, Arena *a)
{
    Err err = {0};
    SearchAnswer answer;
    if (!search_ask(search, ask, a, &answer, &err)) {
        if (err.kind != ERR_INVALID && err.kind != ERR_LIMIT)
            abort();
        return;
    }
    if (answer.total < (int64_t)answer.hits_count || answer.total > 40 ||
        answer.hits_count > (size_t)ask->limit)
        abort();
    for (size_t i = 0; i < answer.hits_count; i++) {
        Record r = make_record(a, strtoul(arena_cstr(a, answer.hits[i].object_id) + 1, NULL, 10));
        SearchReason *reasons;
        size_t count;
        if (i < 2 && !search_explain(search, ask, &r, a, &reasons, &count, &err))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!search)
        open_index();
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str rest = {(const char *)data, size}, filter;
    Err err = {0};
    SearchAsk ask = {.cursor = take_line(&rest), .limit = 5, .facets = true};
    for (Str line = take_line(&rest);
         ask.filters_count < SEARCH_FILTERS_MAX && str_next(&line, ' ', &filter);) {
        SearchFilter *f = &ask.filters[ask.filters_count];
        ask.filters_count += str_cut(filter, '=', &f->name, &f->value);
    }
    ask.q = rest;
    ask.diversity = size % 3 ? 0 : 0.5;
    ask.exact = size % 5 == 0;
    ask.sort = (SearchSort)(size % 4);
    check(&ask, a);
    SearchSuggestion *suggestions;
    SearchFacet facet;
    size_t count;
    if (!search_suggest(search, rest, VIEWER_PUBLIC, 5, a, &suggestions, &count, &err) &&
        err.kind != ERR_LIMIT)
        abort();
    err = (Err){0};
    if (!search_facet(search, &ask, S("maker"), str_slice(rest, 0, 8), (int)(size % 7), a, &facet, &err) &&
        err.kind != ERR_INVALID && err.kind != ERR_LIMIT)
        abort();
    return 0;
}
