// SPDX-License-Identifier: Apache-2.0
#include "app/then.h"
#include "catalog/history.h"
#include "text/text.h"

enum { PAGE = 200, WORDS_MAX = 32 };

typedef struct {
    const Home *home;
    const SearchAsk *ask;
    Str words[WORDS_MAX];
    size_t words_count;
    SearchAnswer answer;
    CatalogVersion *versions;
} Then;

// Every text of the record but those that nobody would search: where files lie, and the ledger's numbers.
static void gather(const Json *value, Buf *out)
{
    if (value->kind == JSON_IS_TEXT) {
        buf_add(out, value->text);
        buf_add_char(out, '\n');
    }
    for (size_t i = 0; (value->kind == JSON_IS_LIST || value->kind == JSON_IS_MAP) && i < value->count; i++)
        if (value->kind == JSON_IS_LIST ||
            (!str_eq(value->names[i], S("media")) && !str_eq(value->names[i], S("ledger"))))
            gather(&value->items[i], out);
}

static bool has_all_words(const Then *t, Str text, Arena *a)
{
    size_t at;
    Str folded = text_fold(a, text);
    for (size_t i = 0; i < t->words_count; i++)
        if (!str_find(folded, t->words[i], &at))
            return false;
    return true;
}

static bool look(Then *t, const CatalogVersion *v, Arena *a, Err *err)
{
    Grant grant;
    Err hidden = {0};
    CLEANUP(buf_free) Buf text = buf_with_max(RECORD_MAX_BYTES);
    if (!rights_decide(t->ask->role, v->terms, &grant, &hidden) || !grant.record)
        return true;
    const Json *tree = json_parse(v->json, a, err);
    if (!tree)
        return false;
    gather(tree, &text);
    if (!has_all_words(t, buf_str(&text), a))
        return true;
    if ((int)t->answer.hits_count < t->ask->limit) {
        Arena *kept = t->home->arena;
        Str id = arena_copy(kept, v->object_id);
        CatalogVersion *version = &t->versions[t->answer.hits_count];
        *version = *v;
        version->object_id = id;
        version->json = arena_copy(kept, v->json);
        t->answer.hits[t->answer.hits_count++] = (SearchHit){.object_id = id};
    }
    t->answer.total++;
    return true;
}

static bool scan(Then *t, int64_t time_ms, Err *err)
{
    CLEANUP(arena_closep) Arena *page = arena_open();
    CLEANUP(arena_closep) Arena *next = arena_open();
    Str after = {0};
    while (true) {
        CatalogVersion *rows;
        size_t count;
        arena_reset(page);
        if (!catalog_list_at(t->home->catalog, time_ms, after, PAGE, page, &rows, &count, err))
            return false;
        if (count == 0)
            return true;
        for (size_t i = 0; i < count; i++)
            if (!look(t, &rows[i], page, err))
                return false;
        arena_reset(next);
        after = arena_copy(next, rows[count - 1].object_id);
    }
}

bool search_at(const Home *home, const SearchAsk *ask, int64_t time_ms, SearchAnswer *ret,
    CatalogVersion **ret_versions, Err *err)
{
    Then t = {.home = home, .ask = ask};
    Str rest = text_fold(home->arena, ask->q), word;
    while (t.words_count < WORDS_MAX && str_next(&rest, ' ', &word))
        if (word.n)
            t.words[t.words_count++] = word;
    t.answer.hits = arena_array(home->arena, SearchHit, (size_t)ask->limit);
    t.versions = arena_array(home->arena, CatalogVersion, (size_t)ask->limit);
    if (!scan(&t, time_ms, err))
        return false;
    *ret = t.answer;
    *ret_versions = t.versions;
    return true;
}
