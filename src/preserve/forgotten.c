// SPDX-License-Identifier: Apache-2.0
#include "preserve/forgotten.h"

#include "base/file.h"
#include "catalog/history.h"

static const char *const NAMES[FORGOTTEN_COUNT] = {
    [FORGOTTEN_NEVER_OPENED] = "never-opened",
    [FORGOTTEN_UNPUBLISHED] = "unpublished",
    [FORGOTTEN_NO_BACKUP] = "no-backup",
    [FORGOTTEN_NO_PICTURE] = "no-picture",
    [FORGOTTEN_NO_DESCRIPTION] = "no-description",
    [FORGOTTEN_NO_RIGHTS] = "no-rights",
    [FORGOTTEN_ONE_LANGUAGE] = "one-language",
    [FORGOTTEN_NO_TITLE] = "no-title",
    [FORGOTTEN_FORMAT_AT_RISK] = "format-at-risk",
};

Str forgotten_name(Forgotten what)
{
    return str_from(NAMES[what]);
}

bool forgotten_parse(Str name, Forgotten *ret)
{
    for (int i = 0; i < FORGOTTEN_COUNT; i++)
        if (str_eq(name, str_from(NAMES[i]))) {
            *ret = (Forgotten)i;
            return true;
        }
    return false;
}

// One object, while it is looked at.
typedef struct {
    const ForgottenHouse *house;
    const ForgottenAsk *ask;
    const CatalogVersion *version;
    const Record *record;
    Arena *a;
    Str detail;
} Look;

// ---- by the record

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

// ---- by the vaults

// The copy is good for this object if its newest version has the same files as ours, or it is ahead of us by
// versions of its own. What it says of itself is believed; `vitrine verify` reads the bytes.
static bool no_backup(Look *l)
{
    StoreFile *ours, *theirs;
    size_t ours_count, theirs_count;
    Err err = {0};
    if (!l->house->copy) {
        l->detail = S("there is no second vault");
        return true;
    }
    Str id = l->version->object_id;
    if (!store_list_files(l->house->store, id, 0, l->a, &ours, &ours_count, &err) ||
        !store_list_files(l->house->copy, id, l->version->version, l->a, &theirs, &theirs_count, &err)) {
        l->detail = arena_copy(l->a, str_from(err.text));
        return true;
    }
    bool same = ours_count == theirs_count;
    for (size_t i = 0; same && i < ours_count; i++)
        same = str_eq(ours[i].path, theirs[i].path) && sha512_eq(&ours[i].digest, &theirs[i].digest);
    if (!same)
        l->detail = S("the second vault has other files");
    return !same;
}

static bool look_at_file(Look *l, const StoreFile *file)
{
    Err err = {0};
    Format format;
    CLEANUP(fd_closep) int fd = store_open_file(l->house->store, l->version->object_id, 0, file->path, &err);
    if (fd < 0 || !format_of_file(fd, file->size_bytes, &format, &err)) {
        l->detail = arena_printf(l->a, FMT_STR ": %s", ARG_STR(file->path), err.text);
        return true;
    }
    if (l->ask->file)
        l->ask->file(l->ask->ctx, l->version->object_id, file, &format);
    if (format.risk != FORMAT_AT_RISK)
        return false;
    l->detail = arena_printf(l->a, FMT_STR ": " FMT_STR " (" FMT_STR ")", ARG_STR(file->path),
        ARG_STR(format.name), ARG_STR(format.reason));
    return true;
}

static bool format_at_risk(Look *l)
{
    StoreFile *files;
    size_t count, at_risk = 0;
    Err err = {0};
    if (!store_list_files(l->house->store, l->version->object_id, 0, l->a, &files, &count, &err)) {
        l->detail = arena_copy(l->a, str_from(err.text));
        return true;
    }
    for (size_t i = 0; i < count; i++)
        at_risk += look_at_file(l, &files[i]);
    return at_risk > 0;
}

// ---- all of it

static bool has_problem(Look *l, Forgotten what)
{
    const Record *r = l->record;
    TallyEntry opened;
    switch (what) {
    case FORGOTTEN_NEVER_OPENED:
        return !l->house->opened || !tally_find(l->house->opened, l->version->object_id, &opened);
    case FORGOTTEN_UNPUBLISHED:
        return rights_terms_rank(l->version->terms) < rights_rank_visible(VIEWER_PUBLIC);
    case FORGOTTEN_NO_BACKUP:
        return no_backup(l);
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
    case FORGOTTEN_FORMAT_AT_RISK:
        return format_at_risk(l);
    case FORGOTTEN_COUNT:
        break;
    }
    return false;
}

static bool look(Look *l, ForgottenSum *sum, bool *ret_go_on, Err *err)
{
    Record r;
    const Json *tree = json_parse(l->version->json, l->a, err);
    if (!tree || !record_parse(tree, l->a, &r, err))
        return false;
    l->record = &r;
    sum->objects++;
    *ret_go_on = !l->ask->stop || !*l->ask->stop;
    for (int i = 0; i < FORGOTTEN_COUNT && *ret_go_on; i++) {
        if (l->ask->what != FORGOTTEN_COUNT && l->ask->what != (Forgotten)i)
            continue;
        l->detail = (Str){0};
        if (!has_problem(l, (Forgotten)i))
            continue;
        sum->counts[i]++;
        if (l->ask->list && l->ask->what == (Forgotten)i)
            *ret_go_on =
                l->ask->list(l->ask->ctx, l->version->object_id, record_title(&r, r.lang), l->detail);
    }
    return true;
}

bool forgotten_report(const ForgottenHouse *house, const ForgottenAsk *ask, ForgottenSum *ret, Err *err)
{
    enum { PAGE = 200 };
    CLEANUP(arena_closep) Arena *page = arena_open();
    CLEANUP(arena_closep) Arena *one = arena_open();
    CLEANUP(arena_closep) Arena *next = arena_open();
    ForgottenSum sum = {0};
    Str after = {0};
    for (bool go_on = true; go_on;) {
        CatalogVersion *rows;
        size_t count;
        arena_reset(page);
        if (!catalog_list_at(house->catalog, INT64_MAX, after, PAGE, page, &rows, &count, err))
            return false;
        for (size_t i = 0; i < count && go_on; i++) {
            arena_reset(one);
            Look l = {.house = house, .ask = ask, .version = &rows[i], .a = one};
            if (!look(&l, &sum, &go_on, err))
                return false;
        }
        if (count == 0)
            break;
        arena_reset(next);
        after = arena_copy(next, rows[count - 1].object_id);
    }
    if (ask->stop && *ask->stop)
        return err_set(err, ERR_BUSY, "stopped");
    *ret = sum;
    return true;
}
