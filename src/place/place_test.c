// SPDX-License-Identifier: Apache-2.0
// What is placed, how exactly, and what is left off the map.
#include "place/place.h"

#include <math.h>
#include <setjmp.h>
#include <stdio.h>

#include <cmocka.h>

static const char *const KINDS[] = {"spot", "own", "town", "region", "area", "country"};

// want: "town Jingdezhen 29,117", with " 50 km" and " perhaps" where it is so; "unknown", "several", "kept".
// texts: several with '|' between.
static void check_with(const Places *p, const char *texts, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str parts[PLACE_TEXTS_MAX + 4], rest = str_from(texts);
    size_t count = 0;
    Place place;
    char got[200] = "";
    while (count < COUNT_OF(parts) && str_next(&rest, '|', &parts[count]))
        count++;
    switch (places_find(p, parts, count, a, &place)) {
    case PLACE_KNOWN:
        (void)snprintf(got, sizeof(got), "%s " FMT_STR " %.0f,%.0f%s", KINDS[place.kind], ARG_STR(place.name),
            place.latitude, place.longitude, place.perhaps ? " perhaps" : "");
        break;
    case PLACE_UNKNOWN:
        (void)snprintf(got, sizeof(got), "unknown");
        break;
    case PLACE_SEVERAL:
        (void)snprintf(got, sizeof(got), "several");
        break;
    case PLACE_KEPT:
        (void)snprintf(got, sizeof(got), "kept");
        break;
    }
    if (strcmp(got, want) != 0)
        fail_msg("%s: %s, not %s", texts, got, want);
}

static Places *shipped;

static void check(const char *texts, const char *want)
{
    check_with(shipped, texts, want);
}

static void placed(void **state)
{
    (void)state;
    check("China", "country China 37,104");
    check("Italien", "country Italy 44,12");
    check("日本", "country Japan 37,138");
    check("Jingdezhen, China", "town Jingdezhen 29,117");
    check("China, Jiangxi province, Jingdezhen", "town Jingdezhen 29,117");
    check("China|Jingdezhen", "town Jingdezhen 29,117");
    check("Iran (Isfahan)", "region Isfahan 33,52");
    check("MEISSEN", "town Meissen 51,14");
    check("Köln", "town Cologne 51,7");
    check("Firenze", "town Florence 44,11");
    check("佛羅倫薩", "town Florence 44,11");
    check("佛罗伦萨", "town Florence 44,11");
    check("Mesopotamia", "area Mesopotamia 33,44");
    check("Nimrud (Mesopotamia)", "town Nimrud 36,43");
    check("Paris", "town Paris 49,2");
    check("Paris, France", "town Paris 49,2");
    check("Jingdezhen kilns", "town Jingdezhen 29,117");
    check("Victoria and Albert Museum, London", "town London 52,-0");
    check("China, for the Dutch market", "country China 37,104");
    check("Foo, Italy", "country Italy 44,12");
    check("southern Germany", "country Germany 51,10");
    check("northern Meissen", "unknown");
    check("Kyoto", "region Kyoto 35,136"); // the town or the region: no more is claimed
}

static void written_without_gaps(void **state)
{
    (void)state;
    check("陕西省宝鸡市", "town Baoji 34,107");
    check("四川成都金沙遗址", "town Chengdu 31,104");
    check("河北省平山县三汲乡", "town Pingshan 38,114");
    check("河北定州中山穆王刘畅墓", "town Dingzhou 39,115"); // Zhongshan is elsewhere
    check("河北定县（今定州市）三盘山第122号西汉墓", "town Dingzhou 39,115");
    check("新疆民丰县", "town Minfeng 37,83");
    check("中国江西景德镇", "town Jingdezhen 29,117");
    check("甘肅敦煌莫高窟", "town Dunhuang 40,95");
    check("河南省某地", "region Henan 34,114");
    check("原陕西历史博物馆移交", "unknown"); // where it came from last is no place of its making
    check("无", "unknown");
}

static void one_of_several(void **state)
{
    (void)state;
    check("Georgia", "several");
    check("Athens", "town Athens 38,24");
    check("Athens, Georgia", "town Athens 34,-83");
    check("Athens, Greece", "town Athens 38,24");
    check("Georgia, United States", "region Georgia 33,-84");
    check("Georgia, Tbilisi", "town Tbilisi 42,45");
    check("Thebes", "several");
    check("Thebes, Egypt", "town Thebes 26,33");
    check("Thebes, Upper Egypt", "town Thebes 26,33");
    check("Thebes, Greece", "town Thebes 38,23");
    check("Toledo", "several");
    check("Toledo, Spain", "town Toledo 40,-4");
    check("Cambridge", "several");
    check("Surrey", "several");
    check("Jamaica", "country Jamaica 18,-77");
    check("Jingdezhen, Italy", "several"); // contradicts itself
    check("Iran or Iraq", "several");
    check("Iran oder Irak", "several");
    check("伊朗或伊拉克", "several");
    check("Paris|Tokyo", "town Paris 49,2"); // two places: the first stands for the work
}

static void not_sure(void **state)
{
    (void)state;
    check("probably Italy", "country Italy 44,12 perhaps");
    check("Italy (?)", "country Italy 44,12 perhaps");
    check("Italy?", "country Italy 44,12 perhaps");
    check("wohl Meissen", "town Meissen 51,14 perhaps");
    check("传河南洛阳", "town Luoyang 35,112 perhaps");
    CLEANUP(arena_closep) Arena *a = arena_open();
    Place place;
    const Str near = S("near Rome");
    assert_int_equal(places_find(shipped, &near, 1, a, &place), PLACE_KNOWN);
    assert_true(place.radius_km >= 50);
}

static void not_placed(void **state)
{
    (void)state;
    check("", "unknown");
    check("   ", "unknown");
    check("?", "unknown");
    check(",,,;;((", "unknown");
    check("Gallery 18, Bruce Galleries", "unknown");
    check("unknown", "unknown");
    check("\xff\xfe, \x80", "unknown");
    check("Atlantis", "unknown");
    check("Chinesisch", "unknown");
    check("a|b|c|d|e|f|g|h|China", "unknown"); // more places than are looked at
    char *text = test_malloc(200 * 1024);
    memset(text, ',', 200 * 1024);
    text[200 * 1024 - 1] = '\0';
    check(text, "unknown");
    for (size_t i = 0; i + 8 < 200 * 1024; i += 7)
        memcpy(text + i, "Italy, ", 7);
    check(text, "country Italy 44,12");
    test_free(text);
}

static Places *learnt(const char *csv, int want_bad, const char *want_first)
{
    Places *p = places_open();
    int bad = -1;
    Err first = {0}, err = {0};
    if (!places_learn(p, str_from(csv), &bad, &first, &err))
        fail_msg("%s: %s", csv, err.text);
    assert_int_equal(bad, want_bad);
    assert_string_equal(first.text, want_first);
    return p;
}

static void of_the_museum(void **state)
{
    (void)state;
    Places *p =
        learnt("\xEF\xBB\xBFname;latitude;longitude;kilometres\n\"Upper Mill; the old one\";50.5;7.25;\n"
               "Oberdorf;47.1;8.2;12\nAtlantis;;\nThebes;38.3;23.3;0\n\n",
            0, "");
    assert_int_equal(places_own(p), 4);
    check_with(p, "Upper Mill; the old one", "own Upper Mill; the old one 50,7");
    check_with(p, "OBERDORF, Switzerland", "own Oberdorf 47,8");
    check_with(p, "probably Oberdorf", "own Oberdorf 47,8 perhaps");
    check_with(p, "Atlantis", "kept");
    check_with(p, "Thebes", "own Thebes 38,23"); // what is open in our table the museum decides
    check_with(p, "China", "country China 37,104");
    places_close(p);
    p = learnt("name,lat,lon\na,91,0\nb,0,181\nc,x,1\nd,nan,1\ne,1e3,1\n,1,1\nf,1\ng,1,1,9\n\"h\"\"i\",2,"
               "3\n\"open,2,3",
        8, "row 2: latitude is a number of degrees from -90 to 90");
    assert_int_equal(places_own(p), 2);
    check_with(p, "h\"i", "own h\"i 2,3");
    places_close(p);
    p = learnt("地点\t纬度\t经度\r\n窑址\t29.5\t117.2\r\n", 0, "");
    check_with(p, "江西窑址", "own 窑址 30,117");
    check_with(p, "窑址", "own 窑址 30,117");
    places_close(p);
}

static void no_table(const char *csv, size_t bytes, ErrKind want)
{
    Places *p = places_empty();
    int bad;
    Err first = {0}, err = {0};
    assert_false(places_learn(p, (Str){csv, bytes}, &bad, &first, &err));
    assert_int_equal(err.kind, want);
    assert_int_equal(places_own(p), 0);
    places_close(p);
}

static void no_tables(void **state)
{
    (void)state;
    no_table("", 0, ERR_INVALID);
    no_table("\xff", 1, ERR_INVALID);
    no_table("name,latitude\na,1\n", 18, ERR_INVALID);
    no_table("\"", 1, ERR_INVALID);
    no_table("\n\n\n", 3, ERR_INVALID);
    char *large = test_calloc(1, PLACES_OWN_MAX_BYTES + 1);
    no_table(large, PLACES_OWN_MAX_BYTES + 1, ERR_LIMIT);
    size_t at = (size_t)snprintf(large, 100, "name,lat,lon\n");
    for (int i = 0; i <= PLACES_OWN_MAX; i++)
        at += (size_t)snprintf(large + at, 40, "n%d,1,1\n", i);
    no_table(large, at, ERR_LIMIT);
    test_free(large);
}

static void check_spot(const char *text, bool good)
{
    double latitude, longitude;
    assert_int_equal(place_read_spot(str_from(text), &latitude, &longitude), good);
}

static void spots(void **state)
{
    (void)state;
    check_spot("29.2942,117.2036", true);
    check_spot("-90, 180", true);
    check_spot("0,0", true);
    check_spot("90.1,0", false);
    check_spot("0,-180.5", false);
    check_spot("29.2942", false);
    check_spot("29,117,3", false);
    check_spot("nan,inf", false);
    check_spot("", false);
    check_spot(",", false);
    assert_true(fabs(place_apart_km(52.5, 13.4, 48.1, 11.6) - 505) < 5); // Berlin to Munich
    assert_true(fabs(place_apart_km(0, 179, 0, -179) - 222) < 2);
}

static void land(void **state)
{
    (void)state;
    LandRing ring;
    size_t rings = 0, points = 0;
    for (size_t at = 0; land_next(&at, &ring); rings++) {
        for (size_t i = 0; i < ring.count; i++, points++) {
            double latitude, longitude;
            land_point(&ring, i, &latitude, &longitude);
            assert_true(fabs(latitude) <= 90 && fabs(longitude) <= 360);
        }
    }
    assert_true(rings > 200 && points > 5000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(placed), cmocka_unit_test(written_without_gaps),
        cmocka_unit_test(one_of_several), cmocka_unit_test(not_sure), cmocka_unit_test(not_placed),
        cmocka_unit_test(of_the_museum), cmocka_unit_test(no_tables), cmocka_unit_test(spots),
        cmocka_unit_test(land)};
    shipped = places_open();
    const int failed = cmocka_run_group_tests(tests, NULL, NULL);
    places_close(shipped);
    return failed;
}
