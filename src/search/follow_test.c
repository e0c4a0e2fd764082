// SPDX-License-Identifier: Apache-2.0
// How the index follows the ledger: changes, another reader, damage, kills, other vocabularies.
#include "search/museum_test.h"

#include <signal.h>
#include <sys/wait.h>

static void changes(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    put(&m, "{\"id\":\"a1\",\"lang\":\"en\",\"titles\":{\"en\":[\"Three bowls\"]}}", 2);
    follow(&m);
    check(&m, "vases", "a4");
    check(&m, "bowl", "a1");
    put(&m, records[3], -2); // deleted
    follow(&m);
    check(&m, "vases", "");
    check(&m, "", "a2 a3 a1");
    // Hidden, and shown again, by its own terms and by the default.
    put(&m, "{\"id\":\"a1\",\"titles\":{\"en\":[\"Three bowls\"]},\"access\":\"none\"}", 3);
    follow(&m);
    check(&m, "bowl", "");
    put(&m, "{\"id\":\"a1\",\"titles\":{\"en\":[\"Three bowls\"]},\"access\":\"full\"}", 4);
    follow(&m);
    check(&m, "bowl", "a1");
    catalog_default_terms(m.catalog, (Terms){.access = ACCESS_NONE});
    follow(&m);
    check(&m, "", "a1");
    catalog_default_terms(m.catalog, (Terms){.access = ACCESS_FULL});
    follow(&m);
    check(&m, "", "a2 a3 a1");
    museum_close(&m);
}

// A second process (here: a second handle) may read while one writes, and sees what was written; it may not
// write.
static void other_reader(void **state)
{
    (void)state;
    Museum m;
    fill(&m);
    Err err = {0};
    assert_null(search_open(m.index, true, &err));
    assert_int_equal(err.kind, ERR_BUSY);
    Museum other = m;
    other.search = search_open(m.index, false, &err);
    FINE(other.search, err);
    check(&other, "vases", "a1 a4");
    put(&m, "{\"id\":\"b1\",\"titles\":{\"en\":[\"A red vase\"]}}", 1);
    follow(&m);
    check(&other, "red", "b1");
    assert_int_equal(search_sequence(other.search), search_sequence(m.search));
    int64_t sequence;
    assert_false(search_follow(other.search, m.catalog, &NEVER, &sequence, &err));
    search_close(other.search);
    museum_close(&m);
}

static void flip(const Museum *m, const char *name, bool cut)
{
    char path[400];
    snprintf(path, sizeof(path), "%s/%s", m->index, name);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    if (cut)
        assert_int_equal(ftruncate(fileno(file), 10), 0);
    else
        fputs("{\"form\":", file);
    fclose(file);
}

// Whatever the folder holds, the writer comes to a right index by itself.
static void repaired(void **state)
{
    (void)state;
    for (int how = 0; how < 4; how++) {
        Museum m;
        Err err = {0};
        char path[400];
        fill(&m);
        search_close(m.search);
        if (how < 2)
            flip(&m, "current", how == 1);
        else
            flip(&m, "seg-1-0", true);
        snprintf(path, sizeof(path), "%s/seg-1-0", m.index);
        if (how == 3)
            unlink(path);
        m.search = search_open(m.index, true, &err);
        FINE(m.search, err);
        follow(&m);
        check(&m, "vases", "a1 a4");
        museum_close(&m);
    }
}

// In a process of its own, since words are learnt before the first index is opened.
static void with_other_words(const Museum *before)
{
    static const char csv[] =
        "concept,broader,lang,kind,label\r\nflower-vase,vase,en,pref,\"vase, for flowers\"\r\n"
        "flower-vase,vase,de,pref,Blumenvase\r\nflower-vase,vase,en,alt,vases\r\n";
    Err err = {0};
    Museum m = *before;
    static const char rdf[] =
        "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' "
        "xmlns:skos='http://www.w3.org/2004/02/skos/core#'><skos:Concept rdf:about='urn:x:1'>"
        "<skos:prefLabel xml:lang='fr'>potiche</skos:prefLabel><skos:altLabel "
        "xml:lang='en'>vases</skos:altLabel></skos:Concept></rdf:RDF>";
    static const char json[] =
        "{\"@graph\":[{\"@id\":\"urn:x:2\",\"skos:prefLabel\":[{\"@language\":\"ko\",\"@value\":"
        "\"화병\"}],\"skos:altLabel\":{\"en\":\"vases\"},\"skos:broader\":{\"@id\":\"urn:x:1\"}}]}";
    FINE(search_learn(str_from(csv), &err), err);
    FINE(search_learn(str_from(rdf), &err), err);
    FINE(search_learn(str_from(json), &err), err);
    assert_false(search_learn(S("colour,shape\nred,round\n"), &err));
    assert_false(search_learn(S("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><x>&e;</x>"), &err));
    assert_false(search_learn(S("<rdf:RDF"), &err));
    assert_false(search_learn(S("{\"@graph\":"), &err));
    assert_false(search_learn(S("\xff\xfe"), &err));
    m.catalog = test_open(&m.place);
    m.search = search_open(m.index, true, &err);
    FINE(m.search, err);
    check(&m, "vases", "a1 a4"); // the old index answers
    check(&m, "Blumenvase", "");
    follow(&m);
    check(&m, "vases", "a1 a4");
    check(&m, "Blumenvase", "a1");
    check(&m, "potiche", "a1");
    check(&m, "화병", "a1");
    assert_false(search_learn(str_from(csv), &err));
    assert_int_equal(err.kind, ERR_BUSY);
    search_close(m.search);
    catalog_close(m.catalog);
}

static void run_apart(void (*what)(const Museum *), const Museum *m)
{
    fflush(stdout);
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        what(m);
        _exit(0);
    }
    int status = -1;
    waitpid(child, &status, 0);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static Museum apart;

static void make_apart(const Museum *m)
{
    (void)m;
    Museum made = apart;
    Err err = {0};
    made.catalog = test_open(&made.place);
    made.search = search_open(made.index, true, &err);
    for (size_t i = 0; i < COUNT_OF(records); i++)
        put(&made, records[i], 1);
    follow(&made);
    search_close(made.search);
    catalog_close(made.catalog);
}

static void other_words(void **state)
{
    (void)state;
    apart.place = test_place();
    snprintf(apart.index, sizeof(apart.index), "%s/index", apart.place.folder);
    run_apart(make_apart, &apart);
    run_apart(with_other_words, &apart);
    remove_index(&apart);
    test_remove(&apart.place);
}

enum { KILLS = 20, KILLED_RECORDS = 3000 }; // KILLS=50 in the environment: as many

static void index_until_killed(const Museum *m)
{
    Err err = {0};
    int64_t sequence;
    Catalog *c = catalog_open(m->place.file, false, &err);
    Search *s = c ? search_open(m->index, true, &err) : NULL;
    if (s)
        catalog_default_terms(c, (Terms){.access = ACCESS_FULL});
    _exit(s && search_follow(s, c, &NEVER, &sequence, &err) ? 0 : 1);
}

static void killed(void **state)
{
    (void)state;
    Museum m;
    Err err = {0};
    museum_open(&m);
    CatalogBatch *b = catalog_batch_open(m.catalog, 0, &TEST_WHO, &err);
    char id[32], title[64];
    for (int i = 0; i < KILLED_RECORDS; i++) {
        snprintf(id, sizeof(id), "k%d", i);
        snprintf(title, sizeof(title), "Cup %d of tea%d", i, i % 7);
        FINE(test_put(b, id, 1, title, 0, &err), err);
    }
    FINE(catalog_batch_commit(b, &err), err);
    catalog_batch_close(b);
    search_close(m.search);
    const char *more = getenv("KILLS");
    int kills = more ? atoi(more) : KILLS;
    for (int i = 0; i < kills; i++) {
        if (i % 5 == 0)
            FINE(search_erase(m.index, &err), err);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0)
            index_until_killed(&m);
        usleep((useconds_t)(1000 + i % KILLS * 4000));
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        m.search = search_open(m.index, true, &err);
        FINE(m.search, err);
        follow(&m);
        CLEANUP(arena_closep) Arena *a = arena_open();
        assert_int_equal(ask(&m, (SearchAsk){.q = S("cup")}, a).total, KILLED_RECORDS);
        assert_int_equal(ask(&m, (SearchAsk){.q = S("tea3")}, a).total, (KILLED_RECORDS + 3) / 7);
        search_close(m.search);
    }
    m.search = search_open(m.index, true, &err);
    museum_close(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_words), // first: nothing is open yet
        cmocka_unit_test(changes),
        cmocka_unit_test(other_reader),
        cmocka_unit_test(repaired),
        cmocka_unit_test(killed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
