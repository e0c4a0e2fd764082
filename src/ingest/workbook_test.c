// SPDX-License-Identifier: Apache-2.0
// Workbooks and LIDO documents: good ones, and those that were made to hurt.
#include "ingest/lido.h"
#include "ingest/workbook.h"
#include "ingest/zipfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <zlib.h>

#include <cmocka.h>

// ---- a ZIP writer: stored or deflated parts, as the tests need them

typedef struct {
    const char *name, *text;
} Part;

static void put_number(Buf *b, uint32_t n, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_add_char(b, (char)((uint64_t)n >> (8 * i)));
}

static void put_header(Buf *b, bool central, const Part *part, uint32_t offset)
{
    uint32_t size = (uint32_t)strlen(part->text), crc = (uint32_t)crc32(0, (const Bytef *)part->text, size);
    buf_add(b, central ? S("PK\1\2") : S("PK\3\4"));
    if (central)
        put_number(b, 20, 2);
    put_number(b, 20, 2);
    put_number(b, 0, 2 + 2 + 2 + 2); // flags, method, time, date
    put_number(b, crc, 4);
    put_number(b, size, 4);
    put_number(b, size, 4);
    put_number(b, (uint32_t)strlen(part->name), 2);
    put_number(b, 0, 2);
    if (central) {
        put_number(b, 0, 4);
        put_number(b, 0, 2);
        put_number(b, 0, 4);
        put_number(b, offset, 4);
    }
    buf_add(b, str_from(part->name));
}

static Buf make_zip(const Part *parts)
{
    Buf zip = buf_with_max(1024 * 1024);
    CLEANUP(buf_free) Buf directory = buf_with_max(64 * 1024);
    uint32_t count = 0;
    for (; parts[count].name; count++) {
        put_header(&directory, true, &parts[count], (uint32_t)zip.n);
        put_header(&zip, false, &parts[count], 0);
        buf_add(&zip, str_from(parts[count].text));
    }
    uint32_t at = (uint32_t)zip.n;
    buf_add(&zip, buf_str(&directory));
    buf_add(&zip, S("PK\5\6"));
    put_number(&zip, 0, 4);
    put_number(&zip, count, 2);
    put_number(&zip, count, 2);
    put_number(&zip, (uint32_t)directory.n, 4);
    put_number(&zip, at, 4);
    put_number(&zip, 0, 2);
    return zip;
}

#define WORKBOOK                                                                                             \
    "<workbook xmlns:r='r'><workbookPr/><sheets><sheet name='Liste' sheetId='1' "                            \
    "r:id='rId7'/></sheets></workbook>"
#define RELATIONS "<Relationships><Relationship Id='rId7' Target='worksheets/list.xml'/></Relationships>"
#define STYLES                                                                                               \
    "<styleSheet><numFmts><numFmt numFmtId='164' formatCode='dd/mm/yyyy'/></numFmts>"                        \
    "<cellXfs><xf numFmtId='0'/><xf numFmtId='164'/><xf numFmtId='14'/></cellXfs></styleSheet>"
#define STRINGS                                                                                              \
    "<sst><si><t>id</t></si><si><r><t>Ti</t></r><r><t>tel</t></r></si>"                                      \
    "<si><t>茶碗</t><rPh sb='0' eb='2'><t>チャワン</t></rPh></si><si><t xml:space='preserve'> "        \
    "a&amp;b\n</t></si></sst>"

// The sheet's rows as "line:a|b/line:c".
static void check_sheet(const char *sheet, const char *want)
{
    const Part parts[] = {{"xl/workbook.xml", WORKBOOK}, {"xl/_rels/workbook.xml.rels", RELATIONS},
        {"xl/styles.xml", STYLES}, {"xl/sharedStrings.xml", STRINGS}, {"xl/worksheets/list.xml", sheet},
        {NULL, NULL}};
    CLEANUP(buf_free) Buf zip = make_zip(parts);
    CLEANUP(buf_free) Buf out = buf_with_max(4096);
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Workbook *w = workbook_open(buf_str(&zip), &err);
    if (!w)
        fail_msg("%s", err.text);
    TableRow row;
    int64_t line;
    TableStep step;
    while ((step = workbook_next(w, a, &row, &line, &err)) == TABLE_ROW) {
        buf_printf(&out, "%s%lld:", out.n ? "/" : "", (long long)line);
        for (size_t i = 0; i < row.count; i++)
            buf_printf(&out, "%s" FMT_STR, i ? "|" : "", ARG_STR(row.cells[i]));
    }
    if (step == TABLE_FAULT)
        buf_add(&out, S("!"));
    workbook_close(w);
    if (!str_eq(buf_str(&out), str_from(want)))
        fail_msg("%s: " FMT_STR " instead of %s", sheet, ARG_STR(buf_str(&out)), want);
}

static void sheets(void **state)
{
    (void)state;
    check_sheet(
        "<worksheet><sheetData><row r='1'><c r='A1' t='s'><v>0</v></c><c r='B1' t='s'><v>1</v></c></row>"
        "<row r='3'><c r='A3' t='inlineStr'><is><t>x1</t></is></c><c r='C3' "
        "t='s'><v>2</v></c></row></sheetData></worksheet>",
        "1:id|Titel/3:x1||茶碗");
    check_sheet("<worksheet><sheetData><row><c><v>1938</v></c><c><v>0.30000000000000004</v></c><c "
                "s='1'><v>20211</v></c>"
                "<c s='2'><v>1</v></c><c t='b'><v>1</v></c><c t='e'><v>#REF!</v></c><c "
                "t='str'><f>A1&amp;B1</f><v>so</v></c></row>"
                "</sheetData></worksheet>",
        "1:1938|0.3|1955-05-02|1900-01-01|true||so");
    check_sheet("<worksheet><sheetData/></worksheet>", "");
    check_sheet("<worksheet><sheetData><row r='2'/><row r='1'><c/></row></sheetData></worksheet>", "2:/3:");
}

static void bad_sheets(void **state)
{
    (void)state;
    check_sheet("<worksheet><sheetData><row><c t='s'><v>99</v></c><c t='s'><v>-1</v></c><c "
                "t='s'><v>x</v></c></row></sheetData></worksheet>",
        "1:||");
    check_sheet("<worksheet><sheetData><row><c><v>1</v>", "!");
    check_sheet("<worksheet><sheetData><row><c r='ZZZ1'><v>1</v></c></row></sheetData></worksheet>", "!");
    check_sheet(
        "<!DOCTYPE x [<!ENTITY e SYSTEM "
        "'file:///etc/passwd'>]><worksheet><sheetData><row><c><v>&e;</v></c></row></sheetData></worksheet>",
        "!");
    check_sheet("", "!");
    check_sheet("no xml", "!");
}

static void refuse_workbook(Str file, ErrKind want)
{
    Err err = {0};
    Workbook *w = workbook_open(file, &err);
    assert_null(w);
    assert_int_equal(err.kind, want);
}

static void bad_workbooks(void **state)
{
    (void)state;
    refuse_workbook(S(""), ERR_CORRUPT);
    refuse_workbook(S("PK\3\4"), ERR_CORRUPT);
    const Part nothing[] = {{"readme.txt", "no workbook"}, {NULL, NULL}};
    CLEANUP(buf_free) Buf other = make_zip(nothing);
    refuse_workbook(buf_str(&other), ERR_NOT_FOUND);
    const Part parts[] = {
        {"xl/workbook.xml", WORKBOOK}, {"xl/worksheets/sheet1.xml", "<worksheet/>"}, {NULL, NULL}};
    CLEANUP(buf_free) Buf zip = make_zip(parts);
    // Cut off anywhere, and with any byte of the directory wrong: an error or a workbook, never a crash.
    for (size_t n = 0; n < zip.n; n += 3) {
        Err err = {0};
        workbook_close(workbook_open(str_slice(buf_str(&zip), 0, n), &err));
        char kept = zip.p[n];
        zip.p[n] = (char)(kept ^ 0xff);
        workbook_close(workbook_open(buf_str(&zip), &err));
        zip.p[n] = kept;
    }
}

static void check_lido(const char *xml, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    CLEANUP(buf_free) Buf out = buf_with_max(16 * 1024);
    const FieldRules rules = {.lang = S("und")};
    Err err = {0};
    Lido *l = lido_open(str_from(xml), &err);
    LidoStep step = l ? LIDO_RECORD : LIDO_FAILED;
    while (step == LIDO_RECORD) {
        Delivered d = {0};
        Str json = {0};
        step = lido_next(l, &rules, a, &d, &err);
        if (step == LIDO_RECORD && delivered_finish(&d, &rules, a, &err) &&
            record_json(&d.record, (RecordLedger){1, 1}, a, &json, &err))
            buf_add(&out, json);
        else if (step == LIDO_RECORD)
            buf_add(&out, S("refused"));
    }
    if (step == LIDO_FAILED)
        buf_add(&out, S("failed"));
    lido_close(l);
    size_t at;
    if (!str_find(buf_str(&out), str_from(want), &at))
        fail_msg("%s: " FMT_STR, want, ARG_STR(buf_str(&out)));
}

#define LIDO(inside)                                                                                         \
    "<l:lidoWrap xmlns:l='http://www.lido-schema.org'><l:lido><l:lidoRecID>r1</l:lidoRecID>" inside          \
    "</l:lido></l:lidoWrap>"
#define ABOUT(inside) LIDO("<l:descriptiveMetadata xml:lang='de'>" inside "</l:descriptiveMetadata>")
#define MADE(inside)                                                                                         \
    ABOUT("<l:eventWrap><l:eventSet><l:event><l:eventType><l:term>Herstellung</l:term></l:eventType>" inside \
          "</l:event></l:eventSet></l:eventWrap>")

static void lido(void **state)
{
    (void)state;
    check_lido(ABOUT("<l:objectIdentificationWrap><l:titleWrap><l:titleSet><l:appellationValue> Schale\n  "
                     "mit Fuß </l:appellationValue>"
                     "<l:appellationValue "
                     "xml:lang='en'>Bowl</l:appellationValue></l:titleSet></l:titleWrap></"
                     "l:objectIdentificationWrap>"),
        "\"lang\":\"de\",\"titles\":{\"de\":[\"Schale mit Fuß\"],\"en\":[\"Bowl\"]}");
    check_lido(MADE("<l:eventActor><l:actorInRole><l:actor><l:nameActorSet><l:appellationValue>Semper, "
                    "Gottfried</l:appellationValue></l:nameActorSet></l:actor>"
                    "<l:roleActor><l:term>Entwurf</l:term></l:roleActor></l:actorInRole></l:eventActor>"),
        "{\"name\":\"Gottfried Semper\",\"sort\":\"Semper, Gottfried\",\"role\":\"Entwurf\"");
    check_lido(
        MADE(
            "<l:eventDate><l:displayDate>um 1600</l:displayDate><l:date><l:earliestDate>1596</l:earliestDate>"
            "<l:latestDate>1605</l:latestDate></l:date></l:eventDate>"),
        "{\"text\":\"um 1600\",\"earliest\":1596,\"latest\":1605}");
#define PLACE_AT(pos)                                                                                        \
    MADE("<l:eventPlace><l:place><l:namePlaceSet><l:appellationValue>Meißen</l:appellationValue>"           \
         "</l:namePlaceSet><l:gml><g:Point xmlns:g='g'><g:pos>" pos "</g:pos></g:Point></l:gml></l:place>"   \
         "</l:eventPlace>")
    check_lido(
        PLACE_AT("51.16 13.48"), "\"places\":[{\"text\":\"Meißen\",\"lang\":\"de\",\"at\":\"51.16,13.48\"}]");
    check_lido(
        PLACE_AT("51.16 13.48 7"), "\"places\":[{\"text\":\"Meißen\",\"lang\":\"de\"}],\"coordinates\":");
    check_lido(LIDO(""), "\"id\":\"r1\"");
    check_lido("<x/>", "failed");
    check_lido("", "failed");
    check_lido("<l:lido xmlns:l='x'/>", "refused");
    check_lido("<l:lido xmlns:l='x'><l:lidoRecID>r</l:lidoRecID>", "failed");
    check_lido("<!DOCTYPE a [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" LIDO("&e;"), "failed");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sheets),
        cmocka_unit_test(bad_sheets),
        cmocka_unit_test(bad_workbooks),
        cmocka_unit_test(lido),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
