// SPDX-License-Identifier: Apache-2.0
#include "catalog/testing.h"

static void check_counts(Catalog *c, int64_t objects, int64_t images)
{
    Err err = {0};
    int64_t got_objects, got_images;
    FINE(catalog_count(c, &got_objects, &got_images, &err), err);
    assert_int_equal(got_objects, objects);
    assert_int_equal(got_images, images);
}

static void check_title(Catalog *c, const char *id, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogVersion v;
    if (!want) {
        assert_false(catalog_find(c, str_from(id), a, &v, &err));
        assert_int_equal(err.kind, ERR_NOT_FOUND);
        return;
    }
    FINE(catalog_find(c, str_from(id), a, &v, &err), err);
    Record record;
    const Json *tree = json_parse(v.json, a, &err);
    FINE(tree && record_parse(tree, a, &record, &err), err);
    assert_string_equal(arena_cstr(a, record_title(&record, S("en"))), want);
    assert_int_equal(record_ledger(tree).sequence, v.sequence);
    assert_int_equal(record_ledger(tree).change_set, v.change_set);
}

static void life_of_an_object(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    assert_int_equal(catalog_head(c, &err), 0);
    check_counts(c, 0, 0);
    assert_int_equal(test_change(c, "vase", 1, "Vase", 2), 1);
    assert_int_equal(test_change(c, "vase", 2, "Blue vase", 3), 2);
    assert_int_equal(test_change(c, "bowl", 1, "Bowl", 0), 3);
    assert_int_equal(catalog_head(c, &err), 3);
    check_counts(c, 2, 3);
    check_title(c, "vase", "Blue vase");
    CatalogVersion v;
    FINE(catalog_find_version(c, S("vase"), 1, a, &v, &err), err);
    assert_int_equal(v.sequence, 1);
    assert_int_equal(v.time_ms, TEST_WHO.time_ms);
    assert_false(catalog_find_version(c, S("vase"), 3, a, &v, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    assert_false(catalog_find_version(c, S("vase"), -1, a, &v, &err));
    test_change(c, "vase", -3, "", 0);
    check_title(c, "vase", NULL);
    check_counts(c, 1, 0);
    FINE(catalog_find_version(c, S("vase"), 3, a, &v, &err), err);
    assert_true(v.deleted && v.json.n == 0);
    test_change(c, "vase", 4, "Vase again", 1);
    check_title(c, "vase", "Vase again");
    check_counts(c, 2, 1);
    catalog_close(c);
    c = test_open(&place); // and after the program was away
    check_title(c, "vase", "Vase again");
    assert_int_equal(catalog_head(c, &err), 5);
    catalog_close(c);
    test_remove(&place);
}

static void following(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    for (int i = 1; i <= 5; i++)
        test_change(c, "vase", i, "Vase", 0);
    CatalogVersion *rows;
    size_t count;
    FINE(catalog_follow(c, 2, 2, a, &rows, &count, &err), err);
    assert_int_equal(count, 2);
    assert_int_equal(rows[0].sequence, 3);
    assert_int_equal(rows[1].version, 4);
    FINE(catalog_follow(c, 5, 10, a, &rows, &count, &err), err);
    assert_int_equal(count, 0);
    FINE(catalog_follow(c, 0, -1, a, &rows, &count, &err), err);
    assert_int_equal(count, 0);
    const Str ids[] = {S("no"), S("vase"), S("")};
    CatalogVersion many[3];
    FINE(catalog_find_many(c, ids, 3, a, many, &err), err);
    assert_int_equal(many[0].sequence, 0);
    assert_int_equal(many[1].sequence, 5);
    assert_int_equal(many[2].sequence, 0);
    assert_int_equal(err.kind, ERR_NONE);
    catalog_close(c);
    test_remove(&place);
}

static void images(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    test_change(c, "vase", 1, "Vase", 2);
    test_change(c, "vase", 2, "Blue vase", 3);
    CatalogImage image, *list;
    size_t count;
    FINE(catalog_find_image(c, S("vase:2"), a, &image, &err), err);
    assert_string_equal(arena_cstr(a, image.object_id), "vase");
    assert_string_equal(arena_cstr(a, image.path), "media/2/a.jpg");
    assert_int_equal(image.width_px, 640);
    assert_int_equal(image.sequence, 1); // the second version brought nothing new to this one
    FINE(catalog_find_image(c, S("vase:3"), a, &image, &err), err);
    assert_int_equal(image.sequence, 2);
    FINE(catalog_list_images(c, S("vase:1"), 10, a, &list, &count, &err), err);
    assert_int_equal(count, 2);
    test_change(c, "vase", 3, "Vase", 1);
    assert_false(catalog_find_image(c, S("vase:2"), a, &image, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    check_counts(c, 1, 1);
    catalog_close(c);
    test_remove(&place);
}

static bool put_raw(Catalog *c, Record *record, Str json, Err *err)
{
    CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, err);
    assert_non_null(b);
    CatalogPut put = {.sequence = catalog_batch_next_sequence(b),
        .object_id = record->id,
        .version = 1,
        .record = record,
        .json = json};
    bool fine = catalog_batch_put(b, &put, err) && catalog_batch_commit(b, err);
    catalog_batch_close(b);
    return fine;
}

static void check_bytes(Catalog *c, Str id, Str json)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogVersion v;
    Record record = {.id = id};
    FINE(put_raw(c, &record, json, &err), err);
    FINE(catalog_find(c, id, a, &v, &err), err);
    assert_true(str_eq(v.json, json) && str_eq(v.object_id, id));
}

static void any_bytes(void **state)
{
    (void)state;
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    check_bytes(c, S("nul \0 in it"), S("{}\0{}"));
    check_bytes(c, S("nul \0 and more"), S(""));
    check_bytes(c, S("\xff\xfe not UTF-8"), S("\xed\xa0\x80"));
    check_bytes(c, S("' OR 1=1 --"), S("'; DROP TABLE version; --"));
    check_bytes(c, S("?1 %s \xe2\x80\xae"), S("null"));
    check_title(c, "nul ", NULL);
    check_counts(c, 5, 0);
    catalog_close(c);
    test_remove(&place);
}

static void refuse_put(Catalog *c, CatalogPut put, bool take_number, ErrKind kind)
{
    Err err = {0};
    CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, &err);
    FINE(b, err);
    if (take_number)
        put.sequence = catalog_batch_next_sequence(b);
    assert_false(catalog_batch_put(b, &put, &err));
    assert_int_equal(err.kind, kind);
    assert_false(test_put(b, "other", 1, "Other", 0, &err)); // the batch is over
    assert_false(catalog_batch_commit(b, &err));
    catalog_batch_close(b);
    assert_int_equal(catalog_head(c, &err), 1);
}

static void bad_puts(void **state)
{
    (void)state;
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    test_change(c, "vase", 1, "Vase", 1);
    Record vase = {.id = S("vase")}, none = {.id = S("")};
    refuse_put(c, (CatalogPut){.object_id = S("vase"), .version = 1, .record = &vase}, true, ERR_INVALID);
    refuse_put(c, (CatalogPut){.object_id = S("vase"), .version = 3, .record = &vase}, true, ERR_INVALID);
    refuse_put(c, (CatalogPut){.object_id = S("vase"), .version = 0, .record = &vase}, true, ERR_INVALID);
    refuse_put(c, (CatalogPut){.object_id = S("vase"), .version = 2}, true, ERR_INVALID);
    refuse_put(c, (CatalogPut){.object_id = S("bowl"), .version = 1, .record = &vase}, true, ERR_INVALID);
    refuse_put(c, (CatalogPut){.object_id = S(""), .version = 1, .record = &none}, true, ERR_INVALID);
    refuse_put(c, (CatalogPut){.object_id = S("vase"), .version = 2, .record = &vase, .sequence = 1}, false,
        ERR_INVALID);
    refuse_put(c, (CatalogPut){.object_id = S("vase"), .version = 2, .record = &vase, .sequence = 99}, false,
        ERR_INVALID);
    // A picture that is another object's, or has no digest.
    RecordMedia foreign = {.id = S("vase:1"), .number = 1, .sha512 = S("00")},
                bare = {.id = S("bowl:1"), .number = 1};
    Record bowl = {.id = S("bowl"), .media = {&foreign, 1, 1}};
    refuse_put(c, (CatalogPut){.object_id = S("bowl"), .version = 1, .record = &bowl}, true, ERR_INVALID);
    bowl.media.items = &bare;
    refuse_put(c, (CatalogPut){.object_id = S("bowl"), .version = 1, .record = &bowl}, true, ERR_INVALID);
    assert_null(catalog_batch_open(c, 77, &TEST_WHO, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    check_counts(c, 1, 1);
    catalog_close(c);
    test_remove(&place);
}

static void batches(void **state)
{
    (void)state;
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, &err);
    FINE(b, err);
    FINE(test_put(b, "a", 1, "A", 1, &err), err);
    catalog_batch_close(b); // without commit
    check_counts(c, 0, 0);
    assert_int_equal(catalog_head(c, &err), 0);
    int64_t set = test_change(c, "a", 1, "A", 0);
    assert_int_equal(set, 1);
    for (int i = 2; i <= 3; i++) { // a change set in several batches
        b = catalog_batch_open(c, set, &TEST_WHO, &err);
        FINE(b, err);
        FINE(test_put(b, "a", i, "A", 0, &err), err);
        FINE(test_put(b, i == 2 ? "b" : "c", 1, "B", 0, &err), err);
        FINE(catalog_batch_commit(b, &err), err);
        catalog_batch_close(b);
    }
    assert_int_equal(catalog_head(c, &err), 5);
    check_counts(c, 3, 0);
    b = catalog_batch_open(c, 0, &TEST_WHO, &err);
    FINE(b, err);
    FINE(catalog_batch_commit(b, &err), err); // nothing in it: no change set
    catalog_batch_close(b);
    assert_int_equal(test_change(c, "d", 1, "D", 0), 2);
    catalog_close(c);
    test_remove(&place);
}

static bool restore(
    Catalog *c, int64_t set, int64_t sequence, const char *id, int version, const char *title, Err *err)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    RecordText text = {S("en"), str_from(title)};
    Record record = {.id = str_from(id), .titles = {&text, 1, 1}};
    CatalogPut put = {.sequence = sequence, .object_id = record.id, .version = version, .record = &record};
    FINE(record_json(&record, (RecordLedger){set, sequence}, a, &put.json, err), *err);
    CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, err);
    FINE(b, *err);
    bool fine = catalog_batch_restore(b, &put, set, &TEST_WHO, err) && catalog_batch_commit(b, err);
    catalog_batch_close(b);
    return fine;
}

static void restoring(void **state)
{
    (void)state;
    Err err = {0};
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    FINE(restore(c, 2, 9, "b", 1, "B", &err), err);
    FINE(restore(c, 1, 3, "a", 1, "A1", &err), err);
    FINE(restore(c, 4, 20, "a", 2, "A2", &err), err);
    FINE(restore(c, 4, 20, "a", 2, "A2", &err), err); // again: fine
    check_title(c, "a", "A2");
    check_counts(c, 2, 0);
    assert_int_equal(catalog_head(c, &err), 20);
    assert_false(restore(c, 4, 20, "a", 2, "another", &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
    assert_false(restore(c, 4, 21, "a", 2, "A2", &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
    assert_false(restore(c, 5, 9, "x", 1, "X", &err)); // a number that is taken
    assert_false(restore(c, 0, 30, "x", 1, "X", &err));
    assert_int_equal(err.kind, ERR_CORRUPT);
    check_counts(c, 2, 0);
    assert_int_equal(test_change(c, "c", 1, "C", 0), 5); // goes on behind the highest numbers
    assert_int_equal(catalog_head(c, &err), 21);
    catalog_close(c);
    test_remove(&place);
}

static void put_terms(Catalog *c, int version, const char *access)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Record record = {.id = S("vase"), .has_terms = access != NULL};
    if (access)
        FINE(rights_terms_parse(str_from(access), &record.terms, &err), err);
    CatalogBatch *b = catalog_batch_open(c, 0, &TEST_WHO, &err);
    FINE(b, err);
    CatalogPut put = {.sequence = catalog_batch_next_sequence(b),
        .object_id = record.id,
        .version = version,
        .record = &record};
    FINE(record_json(&record, (RecordLedger){0}, a, &put.json, &err), err);
    FINE(catalog_batch_put(b, &put, &err) && catalog_batch_commit(b, &err), err);
    catalog_batch_close(b);
}

// version 0: the head.
static void check_terms(Catalog *c, int version, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogVersion v;
    FINE(version ? catalog_find_version(c, S("vase"), version, a, &v, &err)
                 : catalog_find(c, S("vase"), a, &v, &err),
        err);
    assert_string_equal(arena_cstr(a, rights_terms_text(a, v.terms)), want);
}

static void terms(void **state)
{
    (void)state;
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    put_terms(c, 1, "none");
    check_terms(c, 0, "none");
    put_terms(c, 2, "side 800");
    check_terms(c, 0, "side 800");
    check_terms(c, 1, "none"); // was not meant for everybody then
    put_terms(c, 3, NULL);
    check_terms(c, 0, "full");
    check_terms(c, 2, "side 800");
    put_terms(c, 4, "side 400");
    check_terms(c, 2, "side 400");
    put_terms(c, 5, "none");
    check_terms(c, 3, "none"); // what is shut today keeps its past shut
    catalog_close(c);
    c = test_open(&place);
    catalog_default_terms(c, (Terms){.access = ACCESS_RECORD});
    put_terms(c, 6, NULL);
    check_terms(c, 0, "record");
    catalog_close(c);
    Err err = {0};
    c = catalog_open(place.file, false, &err); // nobody said: nothing is shown
    FINE(c, err);
    check_terms(c, 0, "none");
    catalog_close(c);
    test_remove(&place);
}

static void jobs(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    CatalogJob job;
    TestPlace place = test_place();
    Catalog *c = test_open(&place);
    assert_false(catalog_job_take(c, S("pyramid"), 1, a, &job, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    FINE(catalog_job_add(c, S("pyramid"), S("vase:1"), S("{\"n\":1}"), 10, &err), err);
    FINE(catalog_job_add(c, S("pyramid"), S("vase:1"), S("{}"), 11, &err), err);
    FINE(catalog_job_add(c, S("pyramid"), S("vase:2"), S("{}"), 12, &err), err);
    FINE(catalog_job_add(c, S("report"), S("vase:1"), S("{}"), 13, &err), err);
    FINE(catalog_job_take(c, S("pyramid"), 20, a, &job, &err), err);
    assert_string_equal(arena_cstr(a, job.key), "vase:1");
    assert_string_equal(arena_cstr(a, job.payload), "{\"n\":1}");
    assert_string_equal(arena_cstr(a, job.state), "running");
    assert_int_equal(job.tries, 1);
    FINE(catalog_job_update(c, job.id, S("failed"), S("{}"), S("too big"), 21, &err), err);
    FINE(catalog_job_find(c, S("pyramid"), S("vase:1"), a, &job, &err), err);
    assert_string_equal(arena_cstr(a, job.problem), "too big");
    assert_false(catalog_job_update(c, job.id, S("lost"), S(""), S(""), 22, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_false(catalog_job_update(c, 999, S("done"), S(""), S(""), 22, &err));
    assert_int_equal(err.kind, ERR_NOT_FOUND);
    FINE(catalog_job_take(c, S("pyramid"), 23, a, &job, &err), err);
    assert_string_equal(arena_cstr(a, job.key), "vase:2");
    assert_false(catalog_job_take(c, S("pyramid"), 24, a, &job, &err)); // at work here: not for anybody else
    assert_false(catalog_job_find(c, S("pyramid"), S("nothing"), a, &job, &err));
    catalog_close(c);
    test_remove(&place);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(life_of_an_object),
        cmocka_unit_test(following),
        cmocka_unit_test(images),
        cmocka_unit_test(any_bytes),
        cmocka_unit_test(bad_puts),
        cmocka_unit_test(batches),
        cmocka_unit_test(restoring),
        cmocka_unit_test(terms),
        cmocka_unit_test(jobs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
