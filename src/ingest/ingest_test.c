// SPDX-License-Identifier: Apache-2.0
// Whole runs: what a museum hands in, and what it has afterwards.
#include "ingest/testing.h"

static void lines(void **state)
{
    (void)state;
    Place *p = place_open();
    place_put(p, "r.jsonl",
        S("{\"id\":\"a\",\"titles\":[{\"lang\":\"en\",\"text\":\"Bowl\"},{\"lang\":\"zh-Hans\",\"text\":"
          "\"碗\"}],"
          "\"makers\":[\"Beatrice Wood\"],\"makers_inverted\":[\"Wood, "
          "Beatrice\"],\"date_text\":\"1972-1973\","
          "\"medium\":\"earthenware\",\"shelf\":{\"n\":1},\"licence\":\"CC0-1.0\"}\n"
          "\n"
          "{\"id\":\"b\",\"title\":\"Vase\",\"access\":\"side 600\"}\r\n"
          "{\"accession\":\"1907.12\",\"title\":{\"de\":\"Schale\"}}"));
    place_expect(p, (PlaceAsk){0}, "3/0/0/0 0/0/0");
    place_holds(p, "a", "\"titles\":{\"en\":[\"Bowl\"],\"zh-Hans\":[\"碗\"]}");
    place_holds(p, "a", "\"makers\":[{\"name\":\"Beatrice Wood\",\"sort\":\"Wood, Beatrice\"}]");
    place_holds(p, "a", "\"dates\":[{\"text\":\"1972-1973\",\"earliest\":1972,\"latest\":1973}]");
    place_holds(p, "a", "\"shelf\":{\"n\":1}");
    place_holds(p, "a", "publicdomain/zero/1.0");
    place_holds(p, "b", "\"access\":\"side 600\"");
    place_holds(p, "1907.12", "\"de\":[\"Schale\"]");

    place_expect(p, (PlaceAsk){0}, "0/0/3/0 0/0/0");
    assert_int_equal(p->counts.change_set, 0);
    place_put(p, "r.jsonl", S("{\"id\":\"b\",\"title\":\"Big vase\"}\n"));
    place_expect(p, (PlaceAsk){0}, "0/1/0/0 0/0/0");
    assert_int_equal(p->counts.change_set, 2);
    place_close(p);
}

static void bad_lines(void **state)
{
    (void)state;
    Place *p = place_open();
    place_put(p, "r.jsonl",
        S("{\"id\":\"a\"}\n"
          "{\"id\":\n"
          "[1]\n"
          "{\"title\":\"no id\"}\n"
          "{\"id\":\"..\"}\n"
          "{\"id\":\"a\",\"title\":\"again\"}\n"
          "{\"id\":\"bad \xff\xfe text\"}\n"
          "{\"id\":\"x\",\"n\":99999999999999999999}\n"
          "{\"id\":\"c\",\"access\":\"members\"}\n"
          "{\"id\":\"d\"}"));
    place_expect(p, (PlaceAsk){0}, "3/0/0/7 0/0/0");
    place_said(p, "refused r.jsonl:2:");
    place_said(p, "refused r.jsonl:3: a record is a JSON object");
    place_said(p, "refused r.jsonl:4: there is neither an id nor an accession number");
    place_said(p, "refused r.jsonl:6:id the id a is in row 1 already");
    place_said(p, "refused r.jsonl:7:");
    place_said(p, "warning r.jsonl:9:access access is none, record, full or side");
    place_holds(p, "c", "\"access\":\"none\"");
    place_close(p);
}

static void cells(void **state)
{
    (void)state;
    Place *p = place_open();
    place_put(p, "t.csv",
        S("\xef\xbb\xbfInv.-Nr.;Titel (de);Title_en;K\xc3\xbcnstler/in;Datierung;Schlagworte;Standort\r\n"
          "12/1;\"Schale\nmit Deckel\";Bowl;Wood, Beatrice|Anna Amalia;um 1750;Tier; Keller 3\r\n"
          "\r\n"
          "12/2;Krug;;;n.d.;;\r\n"
          "12/3;Kanne\r\n"
          "12/4;Teller;;;31/02/19xx;;;surplus\r\n"
          "12/2;doppelt;;;;;\r\n"
          "12/5;\xff\xfe;;;;;\r\n"
          "12/6;\"offen;;;;;\r\n"
          "12/7;=SUMME(A1);;;;;\r\n"));
    place_expect(p, (PlaceAsk){0}, "5/0/0/3 0/0/0");
    place_holds(p, "12/1", "\"titles\":{\"de\":[\"Schale\\nmit Deckel\"],\"en\":[\"Bowl\"]}");
    place_holds(p, "12/1", "\"Standort\":\"Keller 3\"");
    place_holds(p, "12/1", "{\"name\":\"Wood, Beatrice\"},{\"name\":\"Anna Amalia\"}");
    place_holds(p, "12/1", "\"earliest\":1750");
    place_said(p, "note t.csv:0: read as UTF-8, cells separated by semicolon; Inv.-Nr. is accession, Titel "
                  "(de) is title@de");
    place_said(p, "note t.csv:6: the row has 2 of 7 cells");
    place_said(p, "warning t.csv:7:column 8 the row has more cells");
    place_said(p, "warning t.csv:7:date no year can be read");
    place_said(p, "refused t.csv:8:id the id 12/2 is in row 5 already");
    place_said(p, "refused t.csv:9:Titel (de) the cell has bytes");
    place_said(p, "refused t.csv:10: a quote is opened here and never closed");
    place_said(p, "warning t.csv:11:Titel (de) a formula");
    place_close(p);
}

static void coordinates(void **state)
{
    (void)state;
    Place *p = place_open();
    place_put(p, "t.csv",
        S("id;place;lat;lon\n1;Jingdezhen|China;29.29;117.21\n2;;-12.5;-77\n3;Rome;91;12\n4;Rome;0;0\n5;Rome;"
          "41,9;\n"));
    place_put(p, "u.csv", S("id,place,coordinates\n6,Rome,\"41.9, 12.5\"\n"));
    place_expect(p, (PlaceAsk){0}, "6/0/0/0 0/0/0");
    place_holds(p, "1", "\"places\":[{\"text\":\"Jingdezhen\",\"at\":\"29.29,117.21\"},{\"text\":\"China\"");
    place_holds(p, "2", "\"at\":\"-12.5,-77\"");
    place_holds(p, "3", "\"coordinates\":\"91,12\"");
    place_holds(p, "4", "\"coordinates\":\"0,0\"");
    place_holds(p, "5", "\"coordinates\":\"41,9,\"");
    place_holds(p, "6", "\"at\":\"41.9, 12.5\"");
    place_said(p, "warning t.csv:4:coordinates latitude is -90 to 90");
    place_close(p);
}

static void tables_that_cannot_be_read(void **state)
{
    static const struct {
        const char *name, *text, *says;
    } ROWS[] = {
        {"a.csv", "", "refused a.csv:0: the table is empty"},
        {"a.csv", "\n\n\n", "the table is empty"},
        {"a.csv", "Our inventory\nof 2024\n", "no row with the names of at least two columns"},
        {"a.csv", "colour,size\nred,3\n", "no column is known to be an id"},
        {"a.csv", "PK\3\4", "not a text table"},
        {"a.json", "{\"id\":", "refused a.json:0:"},
        {"a.json", "[{\"id\":\"good\"},3]", "refused a.json:2: a record is a JSON object"},
        {"a.doc", "id\n1\n", "neither a table nor a picture"},
        {"a.txt", "id\n1\n", "a text that is called after no picture"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        Place *p = place_open();
        Err err = {0};
        place_put(p, ROWS[i].name, str_from(ROWS[i].text));
        FINE(place_run(p, (PlaceAsk){0}, &err), err);
        place_said(p, ROWS[i].says);
        place_close(p);
    }
}

static void a_hundred_megabytes_in_one_line(void **state)
{
    (void)state;
    Place *p = place_open();
    char path[300];
    snprintf(path, sizeof(path), "%s/big.csv", p->delivery);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("id,title\n", file);
    for (int i = 0; i < 10 * 1024; i++)
        fprintf(file, "%01024d", i);
    fputs("\nlast,row\n", file);
    fclose(file);
    place_expect(p, (PlaceAsk){0}, "1/0/0/1 0/0/0");
    place_said(p, "refused big.csv:2: the row is longer than 4 MB");
    place_close(p);
}

static void other_encodings(void **state)
{
    (void)state;
    Place *p = place_open();
    place_put(p, "gb.csv",
        S("\xb1\xe0\xba\xc5,\xc3\xfb\xb3\xc6,\xca\xb1\xb4\xfa,\xca\xd5\xb2\xd8\xb5\xa5\xce\xbb\r\n"
          "zh1,\xba\xce\xd7\xf0,\xce\xf7\xd6\xdc,"
          "\xb1\xa6\xbc\xa6\xc7\xe0\xcd\xad\xc6\xf7\xb2\xa9\xce\xef\xd4\xba\r\n"));
    place_expect(p, (PlaceAsk){0}, "1/0/0/0 0/0/0");
    place_said(p, "read as GB18030 (a guess)");
    place_holds(p, "zh1", "\"titles\":{\"zh-Hans\":[\"何尊\"]}");
    place_holds(p, "zh1", "\"earliest\":-1045,\"latest\":-770");

    place_put(p, "gb.csv", S("\xff\xfei\0d\0\t\0t\0i\0t\0l\0e\0\n\0x\0\t\0\x91\x4e\n\0"));
    place_expect(p, (PlaceAsk){0}, "1/0/0/0 0/0/0");
    place_holds(p, "x", "云");

    place_put(p, "gb.csv",
        S("id;title\nw1;Caf\xe9 d\x92"
          "Anvers \x80\n"));
    place_expect(p, (PlaceAsk){0}, "1/0/0/0 0/0/0");
    place_holds(p, "w1", "Café d’Anvers €");
    place_close(p);
}

static void languages_that_cannot_be(void **state)
{
    (void)state;
    Place *p = place_open();
    place_put(p, "r.jsonl",
        S("{\"id\":\"1\",\"title\":\"Bowl\"}\n{\"id\":\"2\",\"title\":\"青花碗\"}\n{\"id\":\"3\",\"title\":"
          "\"ちゃわん\"}\n"
          "{\"id\":\"4\",\"title\":\"Kimono "
          "着物\"}\n{\"id\":\"5\",\"lang\":\"en\",\"title\":\"碗\"}\n{\"id\":\"6\",\"title\":\"백자\"}\n"));
    place_expect(p, (PlaceAsk){0}, "6/0/0/0 0/0/0");
    place_holds(p, "1", "{\"en\":[");
    place_holds(p, "2", "{\"und\":[");
    place_holds(p, "3", "{\"ja\":[");
    place_holds(p, "4", "{\"en\":[");
    place_holds(p, "5", "{\"en\":[");
    place_holds(p, "6", "{\"ko\":[");
    place_close(p);
}

static void a_heading_above(void **state)
{
    (void)state;
    Place *p = place_open();
    place_put(p, "t.csv", S("Inventory of our museum;;\n;;\nid;title;date\n1;Bowl;1900\n"));
    place_expect(p, (PlaceAsk){0}, "1/0/0/0 0/0/0");
    place_holds(p, "1", "Bowl");
    place_put(p, "t.csv", S("id\n2\n"));
    place_expect(p, (PlaceAsk){0}, "1/0/0/0 0/0/0");
    place_close(p);
}

static void mapped(void **state)
{
    (void)state;
    Place *p = place_open();
    place_put(p, "t.csv", S("Nr,A,B,Secret\n1,Bowl;Dish,Tang,7000 EUR\n"));
    place_expect(p,
        (PlaceAsk){.mapping = "# ours\n@lang = nl\nNr = id, accession\nA = title@en\nB = date\nSecret = -\n"},
        "1/0/0/0 0/0/0");
    place_holds(p, "1", "\"lang\":\"nl\",\"titles\":{\"en\":[\"Bowl;Dish\"]}");
    place_holds(p, "1", "\"accession\":\"1\"");
    CLEANUP(arena_closep) Arena *a = arena_open();
    size_t at;
    assert_false(str_find(place_record(p, "1", a), S("7000"), &at));

    Err err = {0};
    assert_false(place_run(p, (PlaceAsk){.mapping = "A = title\nB = nonsense\n"}, &err));
    assert_int_equal(err.kind, ERR_INVALID);
    assert_non_null(strstr(err.text, "line 2: there is no field \"nonsense\""));
    place_close(p);
}

static void pictures(void **state)
{
    (void)state;
    Place *p = place_open();
    place_put(p, "r.jsonl",
        S("{\"id\":\"a\",\"title\":\"Named\",\"image\":\"pictures/one.png\"}\n"
          "{\"id\":\"x-2\",\"accession\":\"1907/12\",\"title\":\"By accession number\"}\n"
          "{\"id\":\"c\",\"title\":\"Missing\",\"image\":\"pictures/none.png\"}\n"
          "{\"id\":\"d\",\"title\":\"Climbs\",\"image\":\"../../../etc/passwd\"}\n"
          "{\"id\":\"e\",\"title\":\"No picture\",\"image\":\"pictures/text.jpg\"}\n"));
    place_put(p, "pictures/one.png", RED);
    place_put(p, "pictures/1907-12.png", RED);
    place_put(p, "pictures/1907.12_02.png", BLUE);
    place_put(p, "pictures/text.jpg", S("this is no picture"));
    place_put(p, "pictures/empty.jpg", S(""));
    place_put(p, "pictures/alone.png", BLUE);
    place_expect(p, (PlaceAsk){0}, "6/0/0/1 4/0/4");
    place_said(p, "refused r.jsonl:3:image \"pictures/none.png\": there is no file");
    place_said(p, "refused r.jsonl:4:image \"../../../etc/passwd\": the name climbs out");
    place_said(p, "refused pictures/text.jpg:0:");
    place_said(p, "refused pictures/empty.jpg:0: the file is empty");
    place_holds(p, "a",
        "\"media\":[{\"id\":\"a:1\",\"number\":1,\"path\":\"media/1/"
        "one.png\",\"name\":\"one.png\",\"format\":\"image/png\"");
    place_holds(p, "a", "\"width\":8,\"height\":6");
    place_holds(p, "x-2", "media/2/1907.12_02.png");
    place_holds(p, "pictures/alone", "\"und\":[\"alone\"]");
    place_expect(p, (PlaceAsk){0}, "0/0/6/1 0/4/4");

    // Two files have changed their names: the same pictures, in another order.
    place_put(p, "pictures/1907-12.png", BLUE);
    place_put(p, "pictures/1907.12_02.png", RED);
    place_expect(p, (PlaceAsk){0}, "0/1/5/1 0/4/4");
    place_close(p);
}

// What is there already is told once a file, and taken in all the same.
static void twins(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        Str bytes;
        bool check;
        const char *want, *says; // says NULL: nobody says "already"
    } ROWS[] = {
        {"a.png", RED, true, "1/0/0/0 1/0/0", NULL},
        {"a.png", RED, false, "1/0/0/0 1/0/0", NULL},
        {"b.png", RED, true, "1/0/1/0 1/1/0",
            "warning b.png:0: the same file is a picture of the record a already"},
        {"b.png", RED, false, "1/0/1/0 1/1/0",
            "warning b.png:0: the same file is a picture of the record a already"},
        {"b.png", RED, false, "0/0/2/0 0/2/0", NULL},
        {"c.png", BLUE, false, "1/0/2/0 1/2/0", NULL},
        {"c.png", RED, false, "0/1/2/0 1/2/0",
            "warning c.png:0: the same file is a picture of the record a already"},
    };
    Place *p = place_open();
    for (size_t i = 0; i < COUNT_OF(ROWS); i++) {
        size_t at;
        place_put(p, ROWS[i].name, ROWS[i].bytes);
        place_expect(p, (PlaceAsk){.check = ROWS[i].check}, ROWS[i].want);
        if (ROWS[i].says)
            place_said(p, ROWS[i].says);
        else
            assert_false(str_find(buf_str(&p->said), S("already"), &at));
    }
    place_close(p);
}

// Within one run, where the ledger knows of neither.
static void twins_of_a_run(void **state)
{
    (void)state;
    size_t at;
    Place *p = place_open();
    place_put(p, "a.png", RED);
    place_put(p, "b.png", RED);
    for (int check = 1; check >= 0; check--) {
        place_expect(p, (PlaceAsk){.check = check}, "2/0/0/0 2/0/0");
        place_said(p, "warning b.png:0: the same file is a picture of the record a already");
        assert_false(str_find(buf_str(&p->said), S("warning a.png"), &at));
    }
    place_close(p);
}

static void picture_changes(void **state)
{
    (void)state;
    Place *p = place_open();
    place_put(p, "v.png", RED);
    place_expect(p, (PlaceAsk){0}, "1/0/0/0 1/0/0");
    place_put(p, "v.png", BLUE);
    place_expect(p, (PlaceAsk){0}, "0/1/0/0 1/0/0");
    place_holds(p, "v", "\"media\":[{\"id\":\"v:1\",\"number\":1,");
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Str bytes;
    FINE(store_read(p->house.store, S("v"), 2, S("media/1/v.png"), 1000, a, &bytes, &err), err);
    assert_true(str_eq(bytes, BLUE));
    FINE(store_read(p->house.store, S("v"), 1, S("media/1/v.png"), 1000, a, &bytes, &err), err);
    assert_true(str_eq(bytes, RED));

    // A table that says nothing of pictures leaves them; pictures alone leave the texts.
    place_put(p, "t.csv", S("id,title\nv,Vase\n"));
    place_expect(p, (PlaceAsk){.path = "t.csv"}, "0/1/0/0 0/1/0");
    place_holds(p, "v", "\"media\":[{\"id\":\"v:1\"");
    assert_int_equal(unlink(arena_cstr(a, arena_printf(a, "%s/t.csv", p->delivery))), 0);
    place_put(p, "v_back.png", RED);
    place_expect(p, (PlaceAsk){0}, "0/1/0/0 1/1/0");
    place_holds(p, "v", "Vase");
    place_holds(p, "v", "v:2");
    place_close(p);
}

static void check_writes_nothing(void **state)
{
    (void)state;
    Place *p = place_open();
    Err err = {0};
    uint64_t files = 0, bytes;
    place_put(p, "r.jsonl", S("{\"id\":\"a\",\"image\":\"one.png\"}\n{\"id\":\"a\"}\n{}\n"));
    place_put(p, "one.png", RED);
    place_put(p, "broken.png", str_slice(RED, 0, 50));
    place_expect(p, (PlaceAsk){.check = true}, "1/0/0/3 1/0/1");
    place_said(p, "refused r.jsonl:2:id");
    place_said(p, "refused r.jsonl:3:");
    place_said(p, "refused broken.png:0:");
    assert_int_equal(catalog_head(p->house.catalog, &err), 0);
    FINE(derived_size(p->house.derived, &files, &bytes, &err), err);
    assert_int_equal(files, 0);
    place_close(p);
}

static void stops_when_asked(void **state)
{
    (void)state;
    Place *p = place_open();
    volatile bool stop = true;
    char path[300];
    Err err = {0};
    place_put(p, "r.jsonl", S("{\"id\":\"a\"}\n"));
    snprintf(path, sizeof(path), "%s/r.jsonl", p->delivery);
    const char *paths[] = {path};
    const IngestAsk ask = {.paths = paths, .paths_count = 1, .agent = S("Test"), .now_ms = 1, .stop = &stop};
    const IngestListener listener = {.ctx = p, .problem = place_hear, .progress = place_progress};
    FINE(ingest_run(&p->house, &ask, &listener, &p->counts, &err), err);
    assert_int_equal(p->counts.records_new, 0);
    place_close(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines),
        cmocka_unit_test(bad_lines),
        cmocka_unit_test(cells),
        cmocka_unit_test(coordinates),
        cmocka_unit_test(tables_that_cannot_be_read),
        cmocka_unit_test(a_hundred_megabytes_in_one_line),
        cmocka_unit_test(other_encodings),
        cmocka_unit_test(languages_that_cannot_be),
        cmocka_unit_test(a_heading_above),
        cmocka_unit_test(mapped),
        cmocka_unit_test(pictures),
        cmocka_unit_test(twins),
        cmocka_unit_test(twins_of_a_run),
        cmocka_unit_test(picture_changes),
        cmocka_unit_test(check_writes_nothing),
        cmocka_unit_test(stops_when_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
