// SPDX-License-Identifier: Apache-2.0
// What keepers tend to forget, read from the current records one by one.
#include "catalog/history.h"

static const char *const NAMES[FORGOTTEN_COUNT] = {
    [FORGOTTEN_UNPUBLISHED] = "unpublished",
    [FORGOTTEN_NO_PICTURE] = "no-picture",
    [FORGOTTEN_NO_DESCRIPTION] = "no-description",
    [FORGOTTEN_NO_RIGHTS] = "no-rights",
    [FORGOTTEN_ONE_LANGUAGE] = "one-language",
    [FORGOTTEN_NO_TITLE] = "no-title",
};

Str catalog_forgotten_name(CatalogForgotten what)
{
    return str_from(NAMES[what]);
}

bool catalog_forgotten_parse(Str name, CatalogForgotten *ret)
{
    for (int i = 0; i < FORGOTTEN_COUNT; i++)
        if (str_eq(name, str_from(NAMES[i]))) {
            *ret = (CatalogForgotten)i;
            return true;
        }
    return false;
}

static Str primary(Str lang)
{
    Str head, rest;
    return str_cut(lang, '-', &head, &rest) ? head : lang;
}

// "zh-Hans" and "zh-Hant" are one language here.
static bool another_language(const RecordTexts *texts, Str than)
{
    for (size_t i = 0; i < texts->count; i++)
        if (!str_eq_nocase(primary(texts->items[i].lang), primary(than)))
            return true;
    return false;
}

static bool one_language(const Record *r)
{
    const RecordTexts *some = r->titles.count ? &r->titles : &r->texts;
    if (some->count == 0)
        return false;
    Str lang = some->items[0].lang;
    return !another_language(&r->titles, lang) && !another_language(&r->texts, lang);
}

static bool has_problem(const CatalogVersion *v, const Record *r, CatalogForgotten what)
{
    switch (what) {
    case FORGOTTEN_UNPUBLISHED:
        return rights_terms_rank(v->terms) < rights_rank_visible(VIEWER_PUBLIC);
    case FORGOTTEN_NO_PICTURE:
        return r->media.count == 0;
    case FORGOTTEN_NO_DESCRIPTION:
        return r->texts.count == 0;
    case FORGOTTEN_NO_RIGHTS:
        return r->licence.n == 0 && r->rights.n == 0;
    case FORGOTTEN_ONE_LANGUAGE:
        return one_language(r);
    case FORGOTTEN_NO_TITLE:
        return r->titles.count == 0;
    case FORGOTTEN_COUNT:
        break;
    }
    return false;
}

static bool look(const CatalogVersion *v, CatalogForgotten what, CatalogListed *list, void *ctx, Arena *a,
    CatalogReport *report, bool *ret_go_on, Err *err)
{
    Record r;
    const Json *tree = json_parse(v->json, a, err);
    if (!tree || !record_parse(tree, a, &r, err))
        return false;
    report->objects++;
    for (int i = 0; i < FORGOTTEN_COUNT; i++)
        report->counts[i] += has_problem(v, &r, (CatalogForgotten)i);
    *ret_go_on = !list || !has_problem(v, &r, what) || list(ctx, v->object_id, record_title(&r, r.lang));
    return true;
}

bool catalog_report(
    Catalog *c, CatalogForgotten what, CatalogListed *list, void *ctx, CatalogReport *ret, Err *err)
{
    enum { PAGE = 200 };
    CLEANUP(arena_closep) Arena *page = arena_open();
    CLEANUP(arena_closep) Arena *next = arena_open();
    CatalogReport report = {0};
    Str after = {0};
    bool go_on = true;
    while (go_on) {
        CatalogVersion *rows;
        size_t count;
        arena_reset(page);
        if (!catalog_list_at(c, INT64_MAX, after, PAGE, page, &rows, &count, err))
            return false;
        for (size_t i = 0; i < count && go_on; i++)
            if (!look(&rows[i], what, list, ctx, page, &report, &go_on, err))
                return false;
        if (count == 0)
            break;
        arena_reset(next);
        after = arena_copy(next, rows[count - 1].object_id);
    }
    *ret = report;
    return true;
}
