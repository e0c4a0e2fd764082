// SPDX-License-Identifier: Apache-2.0
// What columns mean, mapping files, encodings, and names of picture files.
#include "ingest/encoding.h"
#include "ingest/mapping.h"
#include "ingest/media.h"
#include "ingest/pairing.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void check_column(const char *column, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str names_lang;
    Field field = field_guess(str_from(column), &names_lang);
    Str got = field.lang.n ? arena_printf(a, "%s@" FMT_STR, field_name(field.kind), ARG_STR(field.lang))
                           : str_from(field_name(field.kind));
    if (!str_eq(got, str_from(want)))
        fail_msg("%s is " FMT_STR " instead of %s", column, ARG_STR(got), want);
}

static void columns(void **state)
{
    (void)state;
    check_column("Title", "title");
    check_column("title_en", "title@en");
    check_column("Titel (de)", "title@de");
    check_column("Title [zh-Hans]", "title@zh-Hans");
    check_column("Title (English)", "title@en");
    check_column("名称（英文）", "title@en");
    check_column("title@pt-BR", "title@pt-BR");
    check_column("Accession No.", "accession");
    check_column("accession_no", "accession");
    check_column("Inv.-Nr.", "accession");
    check_column("N° d'inventaire", "accession");
    check_column("Künstler/in", "maker");
    check_column("KÜNSTLER", "maker");
    check_column("Artist(s)", "maker");
    check_column("object_id", "id");
    check_column("objectID", "id");
    check_column("Maße", "dimensions");
    check_column("Matériaux", "material");
    check_column("编号", "id");
    check_column("收藏單位", "collection");
    check_column("タイトル", "title");
    check_column("ﾀｲﾄﾙ", "title");
    check_column("\xc2\xa0Title\xe3\x80\x80", "title");
    check_column("creation_date_earliest", "date.earliest");
    check_column("File name", "image");
    check_column("@id", "id");
    check_column("decimalLatitude", "latitude");
    check_column("Längengrad", "longitude");
    check_column("经度", "longitude");
    check_column("Geo-Koordinaten", "coordinates");
}

// What must not be guessed: a wrong field is worse than none.
static void not_columns(void **state)
{
    (void)state;
    check_column("", "unknown");
    check_column("Notes", "unknown");
    check_column("Insurance value", "unknown");
    check_column("Location", "unknown");
    check_column("Standort", "unknown");
    check_column("subtitle", "unknown");
    check_column("id_en", "unknown");
    check_column("width", "unknown");
    check_column("@en", "unknown");
    check_column("@type", "unknown");
    check_column("()", "unknown");
    check_column("title_", "title");
    check_column("\xff\xfe\xff", "unknown");
}

static void check_mapping(const char *text, const char *complaint)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Mapping m;
    Err err = {0};
    bool good = mapping_parse(str_from(text), a, &m, &err);
    if (good != !complaint || (complaint && !strstr(err.text, complaint)))
        fail_msg("%s: %s", text, err.text);
}

static void mappings(void **state)
{
    (void)state;
    check_mapping("", NULL);
    check_mapping("# nothing\n\n  \n", NULL);
    check_mapping(
        "\xef\xbb\xbfTitel = title@de\r\nNr = id, accession\r\n@separator = tab\n@encoding = gbk", NULL);
    check_mapping("a = b = title", NULL);
    check_mapping("@split = none\n@lang = zh-Hant", NULL);
    check_mapping("Titel", "line 1: a line is");
    check_mapping("\nTitel =", "line 2: a line is");
    check_mapping("= title", "a line is");
    check_mapping("Titel = titel", "there is no field \"titel\"");
    check_mapping("Titel = title@12", "no language code");
    check_mapping("@separator = ;;", "one character");
    check_mapping("@encoding = klingon", "no encoding is called");
    check_mapping("@lang = german language", "no language code");
    check_mapping("@colour = red", "there is no setting");
    check_mapping("a = id,id,id,id,id,id,id,id,id", "at most 8");
    check_mapping("a = \xff", "not UTF-8");
}

static void check_encoding(Str bytes, const char *want)
{
    // In pieces of every size, which must not matter.
    for (size_t step = 1; step <= bytes.n + 1; step = step < 8 ? step + 1 : step * 2) {
        CLEANUP(encoding_scan_free) EncodingScan scan = {0};
        Encoding found = {0};
        Err err = {0};
        for (size_t at = 0; at < bytes.n; at += step)
            encoding_scan(&scan, str_slice(bytes, at, at + step));
        bool good = encoding_decide(&scan, &found, &err);
        if (good != !!want || (want && step >= bytes.n && !str_eq(found.name, str_from(want))))
            fail_msg(
                "%s instead of %s: %s", good ? found.name.p : "nothing", want ? want : "nothing", err.text);
        if (want && strcmp(want, "UTF-8") == 0 && !str_eq(found.name, S("UTF-8")))
            fail_msg("in pieces of %zu: %s", step, found.name.p);
    }
}

static void encodings(void **state)
{
    (void)state;
    check_encoding(S(""), "UTF-8");
    check_encoding(S("plain\n"), "UTF-8");
    check_encoding(S("\xef\xbb\xbfid\n"), "UTF-8");
    check_encoding(S("id,名称\n1,青花瓷 \xf0\x9f\x8f\xba\n"), "UTF-8");
    check_encoding(S("\xff\xfei\0d\0\n\0"), "UTF-16LE");
    check_encoding(S("i\0d\0\n\0"), "UTF-16LE");
    check_encoding(S("\0i\0d\0\n"), "UTF-16BE");
    check_encoding(S("id;Caf\xe9;M\xfcller;d\xe9j\xe0 vu\n"), "windows-1252");
    check_encoding(S("\xb1\xe0\xba\xc5,\xc3\xfb\xb3\xc6,\xca\xb1\xb4\xfa,\xca\xd5\xb2\xd8\xb5\xa5\xce\xbb\n"),
        "GB18030");
    check_encoding(
        S("\xbds\xb8\xb9,\xa6W\xba\xd9,\xae\xc9\xa5N,\xa6\xac\xc2\xc3\xb3\xe6\xa6\xec\n"), "Big5-HKSCS");
    check_encoding(S("PK\3\4\0\0"), NULL);
    check_encoding(S("PK\3\4 all text"), NULL);
    check_encoding(S("%PDF-1.4"), NULL);
    check_encoding(S("\xd0\xcf\x11\xe0\0\0\0\0"), NULL);
    check_encoding(S("\0\0\0"), NULL);
    check_encoding(S("a\0\0b"), NULL);
}

static void check_view(const char *stem, const char *base)
{
    Str got = {0};
    if (!pairing_cut_view(str_from(stem), &got))
        got = (Str){0};
    if (!str_eq(got, str_from(base)))
        fail_msg("%s is a view of \"" FMT_STR "\" instead of \"%s\"", stem, ARG_STR(got), base ? base : "");
}

static void views(void **state)
{
    (void)state;
    check_view("1996.99.2_01", "1996.99.2");
    check_view("1996.99.2-b", "1996.99.2");
    check_view("1996.99.2 (2)", "1996.99.2");
    check_view("vase_back", "vase");
    check_view("vase-DETAIL", "vase");
    check_view("瓷碗_背面", "瓷碗");
    check_view("1996.99.2", NULL);
    check_view("1996.99.2.1", NULL);
    check_view("vase", NULL);
    check_view("_01", NULL);
    check_view("a_", NULL);
    check_view("IMG_12345", NULL);
    check_view("(2)", NULL);
    check_view("", NULL);
}

static void check_path(const char *named, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str path = {0};
    bool bare;
    Err err = {0};
    bool good = pairing_path(str_from(named), a, &path, &bare, &err);
    if (good != !!want || (want && !str_eq(path, str_from(want))))
        fail_msg("%s gives " FMT_STR, named, ARG_STR(path));
}

static void paths(void **state)
{
    (void)state;
    check_path("a.jpg", "a.jpg");
    check_path("./fotos//a.jpg", "fotos/a.jpg");
    check_path("fotos\\sub\\a.jpg", "fotos/sub/a.jpg");
    check_path("C:\\Users\\Maria\\a.jpg", "a.jpg");
    check_path("a..b.jpg", "a..b.jpg");
    check_path("", NULL);
    check_path("/etc/passwd", NULL);
    check_path("../a.jpg", NULL);
    check_path("x/../../a.jpg", NULL);
    check_path("x\\..\\..\\a.jpg", NULL);
    check_path("C:\\..\\a.jpg", NULL);
    check_path("C:\\", NULL);
    check_path("\\\\server\\share\\a.jpg", NULL);
    check_path(".", NULL);
    check_path("..", NULL);
}

static void check_name(const char *name, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    assert_string_equal(arena_cstr(a, media_file_name(str_from(name), a)), want);
}

static void file_names(void **state)
{
    (void)state;
    check_name("IMG_0042.jpg", "IMG_0042.jpg");
    check_name("x/y/IMG.jpg", "IMG.jpg");
    check_name("..", "picture");
    check_name("...jpg", "picture.jpg");
    check_name("a\nb\\c.jpg", "a_b_c.jpg");
    check_name("\xff.jpg", "\xef\xbf\xbd.jpg");
    check_name("", "picture");
    check_name(".jpg", "picture.jpg");
}

static void keys(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    static const char *const SAME[] = {
        "1996.99.2", "1996-99-2", "1996/99/2", "1996_99__2", " 1996 99 2 ", "1996.99.2."};
    for (size_t i = 0; i < COUNT_OF(SAME); i++)
        assert_true(str_eq(pairing_key(a, str_from(SAME[i])), S("1996-99-2")));
    assert_true(str_eq(pairing_key(a, S("青花_1")), S("青花-1")));
    assert_true(str_eq(pairing_key(a, S("...")), S("")));
}

static RecordMedia picture(const char *name, const char *sha512)
{
    return (RecordMedia){.name = str_from(name), .sha512 = str_from(sha512)};
}

static void merging(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    RecordMediaList none = {0}, first, second;
    bool is_new[4];
    RecordMedia one[] = {picture("a", "A"), picture("b", "B"), picture("c", "A")};
    media_merge(S("x"), &none, one, 3, a, &first, is_new);
    assert_int_equal(first.count, 2); // the same bytes twice are one picture
    assert_true(is_new[0] && is_new[1] && !is_new[2]);
    assert_true(str_eq(first.items[1].id, S("x:2")) && str_eq(first.items[1].path, S("media/2/b")));

    // "a" has new bytes, "b" was renamed, "n" is new; order as delivered.
    RecordMedia two[] = {picture("n", "N"), picture("b2", "B"), picture("a", "A2")};
    media_merge(S("x"), &first, two, 3, a, &second, is_new);
    assert_int_equal(second.count, 3);
    assert_true(is_new[0] && !is_new[1] && is_new[2]);
    assert_int_equal(second.items[0].number, 3);
    assert_int_equal(second.items[1].number, 2);
    assert_true(str_eq(second.items[1].name, S("b")));
    assert_int_equal(second.items[2].number, 1);
    assert_true(str_eq(second.items[2].sha512, S("A2")));

    // What is not delivered stays.
    media_merge(S("x"), &second, NULL, 0, a, &first, is_new);
    assert_int_equal(first.count, 3);
}

static RecordMedia page_of(const char *name, const char *sha512, int page)
{
    RecordMedia media = picture(name, sha512);
    media.page = page;
    return media;
}

static void check_list(const RecordMediaList *list, const char *want, Arena *a)
{
    CLEANUP(buf_free) Buf got = buf_with_max(1024);
    for (size_t i = 0; i < list->count; i++)
        buf_printf(&got, "%s" FMT_STR "=" FMT_STR, i ? " " : "", ARG_STR(list->items[i].id),
            ARG_STR(list->items[i].path));
    assert_string_equal(arena_cstr(a, buf_str(&got)), want);
}

static void merging_pages(void **state)
{
    (void)state;
    CLEANUP(arena_closep) Arena *a = arena_open();
    RecordMediaList none = {0}, first, second, third;
    bool is_new[5];
    RecordMedia one[] = {page_of("book", "A", 1), page_of("book", "A", 3), page_of("back", "B", 0),
        page_of("copy", "A", 1), page_of("copy", "A", 3)};
    media_merge(S("x"), &none, one, 5, a, &first, is_new);
    check_list(&first, "x:1=media/1/book x:1-3=media/1/book x:2=media/2/back", a);
    assert_true(is_new[0] && is_new[1] && is_new[2] && !is_new[3] && !is_new[4]);

    // The same again, and a page that could not be read before.
    RecordMedia again[] = {page_of("book", "A", 1), page_of("book", "A", 2), page_of("book", "A", 3)};
    media_merge(S("x"), &first, again, 3, a, &second, is_new);
    check_list(&second, "x:1=media/1/book x:1-2=media/1/book x:1-3=media/1/book x:2=media/2/back", a);
    assert_true(!is_new[0] && !is_new[1] && !is_new[2]);

    // A page that cannot be read this time stays; other bytes with fewer pages take the rest away.
    media_merge(S("x"), &second, again, 2, a, &third, is_new);
    check_list(&third, "x:1=media/1/book x:1-2=media/1/book x:1-3=media/1/book x:2=media/2/back", a);
    RecordMedia shorter[] = {page_of("book", "C", 1), page_of("book", "C", 2)};
    media_merge(S("x"), &second, shorter, 2, a, &third, is_new);
    check_list(&third, "x:1=media/1/book x:1-2=media/1/book x:2=media/2/back", a);
    assert_true(is_new[0] && is_new[1]);
    RecordMedia single[] = {page_of("book", "D", 0)};
    media_merge(S("x"), &third, single, 1, a, &second, is_new);
    check_list(&second, "x:1=media/1/book x:2=media/2/back", a);
    assert_int_equal(second.items[0].page, 0);

    // And back: an only picture becomes the first of three pages.
    media_merge(S("x"), &second, again, 3, a, &third, is_new);
    check_list(&third, "x:1=media/1/book x:1-2=media/1/book x:1-3=media/1/book x:2=media/2/back", a);
    assert_int_equal(third.items[0].page, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns),
        cmocka_unit_test(not_columns),
        cmocka_unit_test(mappings),
        cmocka_unit_test(encodings),
        cmocka_unit_test(views),
        cmocka_unit_test(paths),
        cmocka_unit_test(file_names),
        cmocka_unit_test(keys),
        cmocka_unit_test(merging),
        cmocka_unit_test(merging_pages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
