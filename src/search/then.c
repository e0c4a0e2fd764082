// SPDX-License-Identifier: Apache-2.0
// Searching the museum as it stood. The index knows only today, so every record of that moment is read; most
// are put aside by their folded bytes, without being taken apart.
#include "search/search.h"

#include "catalog/history.h"
#include "text/text.h"

enum { PAGE = 200, WORDS_MAX = 32 };

typedef struct {
    Catalog *catalog;
    const SearchAsk *ask;
    Str after; // the object shown last
    Str words[WORDS_MAX];
    size_t words_count;
    Arena *kept;
    SearchAnswer answer;
    CatalogVersion *versions;
    bool more;
} Then;

// as_json: the text is JSON, where a word with such a sign stands otherwise.
static bool has_all_words(const Then *t, Str text, bool as_json, Arena *a)
{
    size_t at;
    Str folded = text_fold(a, text);
    for (size_t i = 0; i < t->words_count; i++) {
        Str word = t->words[i];
        bool escaped = memchr(word.p, '"', word.n) || memchr(word.p, '\\', word.n);
        if (!(as_json && escaped) && !str_find(folded, word, &at))
            return false;
    }
    return true;
}

static void gather(const Json *value, Buf *out)
{
    if (value->kind == JSON_IS_TEXT) {
        buf_add(out, value->text);
        buf_add_char(out, '\n');
    }
    for (size_t i = 0; (value->kind == JSON_IS_LIST || value->kind == JSON_IS_MAP) && i < value->count; i++)
        gather(&value->items[i], out);
}

// Where files lie and the ledger's numbers are searched by nobody; members of the museum's own by staff only.
static bool is_searched(const Then *t, Str name, const Record *record)
{
    if (str_eq(name, S("media")) || str_eq(name, S("ledger")))
        return false;
    if (t->ask->role == VIEWER_STAFF || str_eq(name, S("transcripts")))
        return true;
    for (size_t i = 0; i < record->more_names.count; i++)
        if (str_eq(record->more_names.items[i], name))
            return false;
    return true;
}

static bool fits(const Then *t, const CatalogVersion *v, Arena *a, bool *ret, Err *err)
{
    Record record;
    *ret = false;
    if (!has_all_words(t, v->json, true, a))
        return true;
    const Json *tree = json_parse(v->json, a, err);
    if (!tree || !record_parse(tree, a, &record, err))
        return false;
    CLEANUP(buf_free) Buf text = buf_with_max(RECORD_MAX_BYTES + 1024);
    for (size_t i = 0; i < tree->count; i++)
        if (is_searched(t, tree->names[i], &record))
            gather(&tree->items[i], &text);
    *ret = has_all_words(t, buf_str(&text), false, a);
    return true;
}

static void keep(Then *t, const CatalogVersion *v)
{
    if (str_compare(v->object_id, t->after) <= 0)
        return;
    if ((int)t->answer.hits_count == t->ask->limit) {
        t->more = true;
        return;
    }
    CatalogVersion *version = &t->versions[t->answer.hits_count];
    *version = *v;
    version->object_id = arena_copy(t->kept, v->object_id);
    version->json = arena_copy(t->kept, v->json);
    t->answer.hits[t->answer.hits_count++] = (SearchHit){.object_id = version->object_id};
}

static bool look(Then *t, const CatalogVersion *v, Arena *a, Err *err)
{
    Grant grant;
    Err hidden = {0};
    bool found;
    if (!rights_decide(t->ask->role, v->terms, &grant, &hidden) || !grant.record)
        return true;
    if (!fits(t, v, a, &found, err))
        return false;
    if (found) {
        t->answer.total++;
        keep(t, v);
    }
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
        if (!catalog_list_at(t->catalog, time_ms, after, PAGE, page, &rows, &count, err))
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

bool search_then(Catalog *c, const SearchAsk *ask, int64_t time_ms, Arena *a, SearchAnswer *ret,
    CatalogVersion **ret_versions, Err *err)
{
    if (ask->q.n > SEARCH_QUERY_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "the question is longer than %d bytes", SEARCH_QUERY_MAX_BYTES);
    if (ask->limit < 0 || ask->limit > SEARCH_LIMIT_MAX)
        return err_set(err, ERR_INVALID, "too much asked for at once");
    if (ask->filters_count)
        return err_set(err, ERR_UNSUPPORTED, "a search in the past knows no filters");
    Then t = {.catalog = c, .ask = ask, .after = ask->cursor, .kept = a};
    Str rest = text_fold(a, ask->q), word;
    while (t.words_count < WORDS_MAX && str_next(&rest, ' ', &word))
        if (word.n)
            t.words[t.words_count++] = word;
    t.answer.hits = arena_array(a, SearchHit, (size_t)ask->limit);
    t.versions = arena_array(a, CatalogVersion, (size_t)ask->limit);
    if (!scan(&t, time_ms, err))
        return false;
    if (t.more && t.answer.hits_count)
        t.answer.next = t.answer.hits[t.answer.hits_count - 1].object_id;
    *ret = t.answer;
    *ret_versions = t.versions;
    return true;
}
