// SPDX-License-Identifier: Apache-2.0
#include "preserve/forgotten.h"

#include "catalog/testing.h"

static bool note(void *ctx, Str object_id, Str title, Str detail)
{
    (void)title;
    (void)detail;
    Buf *names = ctx;
    buf_add(names, object_id);
    buf_add_char(names, ' ');
    return true;
}

typedef struct {
    ForgottenHouse house;
    char folders[2][300];
} Place;

static void put_in_vault(Store *store, Str id, Str json, Str picture)
{
    Err err = {0};
    StoreNote how = {1770000000000, S("taken in"), S("Ana"), S("mailto:ana@example.org")};
    StoreBatch *batch = store_batch_open(store, &err);
    FINE(batch, err);
    StoreDraft *draft = store_draft_open(batch, id, &err);
    FINE(draft && store_draft_put(draft, S("record.json"), json, &err), err);
    if (picture.n)
        FINE(store_draft_put(draft, S("media/1/picture"), picture, &err), err);
    FINE(store_draft_done(draft, &how, &err) && store_batch_publish(batch, &err), err);
    store_batch_close(batch);
}

static void put_record(Catalog *c, const char *json, Str *ret_json, Arena *a)
{
    Err err = {0};
    Record record;
    FINE(record_parse(json_parse(str_from(json), a, &err), a, &record, &err), err);
    CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, &err);
    FINE(b, err);
    CatalogPut put = {
        .sequence = catalog_batch_next_sequence(b), .object_id = record.id, .version = 1, .record = &record};
    FINE(record_json(&record, (RecordLedger){0}, a, &put.json, &err) && catalog_batch_put(b, &put, &err) &&
             catalog_batch_commit(b, &err),
        err);
    catalog_batch_close(b);
    *ret_json = put.json;
}

// In the catalogue and in the vault; in the copy if told.
static void put(Place *p, const char *id, const char *json, Str picture, bool in_copy)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str text;
    put_record(p->house.catalog, json, &text, a);
    put_in_vault(p->house.store, str_from(id), text, picture);
    if (in_copy)
        put_in_vault(p->house.copy, str_from(id), text, picture);
}

static void check(const Place *p, const char *name, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf names = buf_with_max(4096);
    Err err = {0};
    Forgotten what;
    ForgottenSum sum, all;
    assert_true(forgotten_parse(str_from(name), &what));
    assert_true(str_eq(forgotten_name(what), str_from(name)));
    ForgottenAsk ask = {.what = what, .list = note, .ctx = &names};
    FINE(forgotten_report(&p->house, &ask, &sum, &err), err);
    assert_string_equal(arena_cstr(a, buf_str(&names)), want);
    int64_t count = 0;
    for (const char *at = want; *at; at++)
        count += *at == ' ';
    FINE(forgotten_report(&p->house, &(ForgottenAsk){.what = FORGOTTEN_COUNT}, &all, &err), err);
    assert_int_equal(sum.counts[what], count);
    assert_int_equal(all.counts[what], count);
    assert_int_equal(sum.objects, 4);
}

static Store *open_vault(Place *p, int which)
{
    Err err = {0};
    const char *where = getenv("TMPDIR");
    snprintf(
        p->folders[which], sizeof(p->folders[which]), "%s/vitrine-forgotten-XXXXXX", where ? where : "/tmp");
    assert_non_null(mkdtemp(p->folders[which]));
    Store *store = store_open(p->folders[which], true, &err);
    FINE(store, err);
    return store;
}

static void reports(void **state)
{
    (void)state;
    TestPlace place = test_place();
    Place p = {.house = {.catalog = test_open(&place)}};
    p.house.store = open_vault(&p, 0);
    p.house.copy = open_vault(&p, 1);
    put(&p, "bare", "{\"id\":\"bare\"}", S("8BPS\0\1"), true);
    put(&p, "hidden",
        "{\"id\":\"hidden\",\"access\":\"none\",\"titles\":{\"en\":[\"X\"]},\"licence\":\"CC0\"}",
        S("GIF89a"), true);
    put(&p, "rich",
        "{\"id\":\"rich\",\"titles\":{\"en\":[\"X\"],\"zh\":[\"Y\"]},\"texts\":{\"en\":[\"t\"]},\"rights\":"
        "\"u\"}",
        S(""), false);
    put(&p, "scripts",
        "{\"id\":\"scripts\",\"titles\":{\"zh-Hans\":[\"X\"],\"zh-Hant\":[\"Y\"]},\"rights\":\"u\"}",
        S("II*\0"), true);
    put_in_vault(
        p.house.store, S("hidden"), S("{\"id\":\"hidden\",\"access\":\"none\"}"), S("")); // a later version
    check(&p, "unpublished", "hidden ");
    check(&p, "no-picture", "bare hidden rich scripts ");
    check(&p, "no-description", "bare hidden scripts ");
    check(&p, "no-rights", "bare ");
    check(&p, "one-language", "hidden scripts ");
    check(&p, "no-title", "bare ");
    check(&p, "format-at-risk", "bare ");
    check(&p, "no-backup", "hidden rich ");
    check(&p, "never-opened", "bare hidden rich scripts ");
    store_close(p.house.copy);
    p.house.copy = NULL;
    check(&p, "no-backup", "bare hidden rich scripts ");
    p.house.opened = tally_open(-1, "opened", 0);
    tally_add(p.house.opened, S("rich"), 1);
    check(&p, "never-opened", "bare hidden scripts ");
    tally_close(p.house.opened);
    Forgotten what;
    assert_false(forgotten_parse(S("everything"), &what));
    store_close(p.house.store);
    catalog_close(p.house.catalog);
    test_remove(&place);
    for (int i = 0; i < 2; i++) {
        char command[400];
        snprintf(command, sizeof(command), "rm -rf '%s'", p.folders[i]);
        assert_int_equal(system(command), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reports)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
