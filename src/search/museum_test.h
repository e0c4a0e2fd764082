// SPDX-License-Identifier: Apache-2.0
// For tests of this room: a museum of a few records, its ledger and its index in a folder of their own.
#pragma once

#include "search/search.h"

#include "base/file.h"
#include "catalog/testing.h"

#include <fcntl.h>

typedef struct {
    TestPlace place;
    char index[320];
    Catalog *catalog;
    Search *search;
    int64_t set;
} Museum;

static const volatile bool NEVER = false;

static inline void museum_open(Museum *m)
{
    Err err = {0};
    m->place = test_place();
    snprintf(m->index, sizeof(m->index), "%s/index", m->place.folder);
    m->catalog = test_open(&m->place);
    m->search = search_open(m->index, true, &err);
    FINE(m->search, err);
}

static inline void remove_index(const Museum *m)
{
    Err err = {0};
    char name[400];
    FINE(search_erase(m->index, &err), err);
    snprintf(name, sizeof(name), "%s/lock", m->index);
    unlink(name);
    rmdir(m->index);
}

static inline void museum_close(Museum *m)
{
    search_close(m->search);
    catalog_close(m->catalog);
    remove_index(m);
    test_remove(&m->place);
}

static inline void follow(Museum *m)
{
    Err err = {0};
    int64_t sequence;
    FINE(search_follow(m->search, m->catalog, &NEVER, &sequence, &err), err);
    assert_int_equal(sequence, catalog_head(m->catalog, &err));
}

// A record from JSON, as the ledger would hold it. version < 0: deleted.
static inline void put_in(CatalogBatch *b, const char *json, int version)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Record record;
    const Json *tree = json_parse(str_from(json), a, &err);
    FINE(tree && record_parse(tree, a, &record, &err), err);
    CatalogPut p = {.sequence = catalog_batch_next_sequence(b),
        .object_id = record.id,
        .version = abs(version),
        .deleted = version < 0,
        .record = &record};
    RecordLedger ledger = {catalog_batch_change_set(b), p.sequence};
    if (!p.deleted)
        FINE(record_json(&record, ledger, a, &p.json, &err), err);
    FINE(catalog_batch_put(b, &p, &err), err);
}

static inline CatalogBatch *begin(const Museum *m)
{
    Err err = {0};
    CatalogBatch *b = catalog_batch_open(m->catalog, 0, &TEST_WHO, &err);
    FINE(b, err);
    return b;
}

static inline void end(CatalogBatch *b)
{
    Err err = {0};
    FINE(catalog_batch_commit(b, &err), err);
    catalog_batch_close(b);
}

static inline void put(Museum *m, const char *json, int version)
{
    CatalogBatch *b = begin(m);
    put_in(b, json, version);
    end(b);
}

static const char *const records[] = {
    "{\"id\":\"a1\",\"lang\":\"en\",\"titles\":{\"en\":[\"Two vases\"]},"
    "\"makers\":[{\"name\":\"Émile "
    "Gallé\"}],\"classification\":[{\"text\":\"Glass\"}],\"collection\":\"North\","
    "\"dates\":[{\"text\":\"1899\",\"earliest\":1899,\"latest\":1899}],\"accession\":\"1998.44\"}",
    "{\"id\":\"a2\",\"lang\":\"zh-Hans\",\"titles\":{\"zh-Hans\":[\"青花瓷瓶\"]},"
    "\"classification\":[{\"text\":\"陶瓷\"}],\"collection\":\"南京博物馆\",\"dates\":[{\"text\":\"明\"}]}",
    "{\"id\":\"a3\",\"lang\":\"ja\",\"titles\":{\"ja\":[\"名所圖繪\"]},\"classification\":["
    "{\"text\":"
    "\"prints\"}],\"collection\":\"North\"}",
    "{\"id\":\"a4\",\"lang\":\"en\",\"titles\":{\"en\":[\"The Sunset at Sea\"]},"
    "\"makers\":[{\"name\":\"Joseph "
    "Turner\"}],\"classification\":[{\"text\":\"paintings\"}],\"collection\":\"North\","
    "\"dates\":[{\"text\":\"c. 1835-1840\"}],\"texts\":{\"en\":[\"A vase stands in the "
    "boat.\"]}}",
    "{\"id\":\"a5\",\"lang\":\"en\",\"titles\":{\"en\":[\"Secret "
    "vase\"]},\"access\":\"none\","
    "\"classification\":[{\"text\":\"Glass\"}]}",
};

static inline void fill(Museum *m)
{
    museum_open(m);
    for (size_t i = 0; i < COUNT_OF(records); i++)
        put(m, records[i], 1);
    follow(m);
}

static inline SearchAnswer ask(Museum *m, SearchAsk what, Arena *a)
{
    Err err = {0};
    SearchAnswer answer;
    if (what.limit == 0)
        what.limit = 20;
    what.facets = true;
    FINE(search_ask(m->search, &what, a, &answer, &err), err);
    assert_true(answer.total >= (int64_t)answer.hits_count);
    return answer;
}

// want: ids best first, with blanks between.
static inline void check(Museum *m, const char *q, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    SearchAnswer answer = ask(m, (SearchAsk){.q = str_from(q)}, a);
    Str got = S("");
    for (size_t i = 0; i < answer.hits_count; i++)
        got = arena_printf(
            a, FMT_STR "%s" FMT_STR, ARG_STR(got), i ? " " : "", ARG_STR(answer.hits[i].object_id));
    if (!str_eq(got, str_from(want)))
        fail_msg("\"%s\": got \"" FMT_STR "\", wanted \"%s\"", q, ARG_STR(got), want);
}
