// SPDX-License-Identifier: Apache-2.0
#include "ingest/written.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

// want: "page:text[left,top,width,height]" or "page:text[from-to]", with " | " between; NULL if it is
// refused.
static void check(WrittenKind kind, const char *bytes, const char *want)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Err err = {0};
    Written written;
    Str got = S("");
    bool good = written_read(kind, str_from(bytes), a, &written, &err);
    if (!want) {
        assert_false(good);
        assert_int_not_equal(err.kind, ERR_NONE);
        return;
    }
    if (!good)
        fail_msg("%s", err.text);
    for (size_t i = 0; i < written.count; i++) {
        const WrittenPart *p = &written.parts[i];
        Str place = p->has_box    ? arena_printf(a, "[%g,%g,%g,%g]", p->left, p->top, p->width, p->height)
                    : p->has_time ? arena_printf(a, "[%g-%g]", p->from_s, p->to_s)
                                  : S("");
        got = arena_printf(a, FMT_STR "%s%d:" FMT_STR FMT_STR, ARG_STR(got), i ? " | " : "", p->page,
            ARG_STR(p->text), ARG_STR(place));
    }
    assert_string_equal(arena_cstr(a, got), want);
}

static void alto(void **state)
{
    (void)state;
    check(WRITTEN_XML,
        "<alto xmlns='http://www.loc.gov/standards/alto/ns-v4#'><Layout><Page WIDTH='100' "
        "HEIGHT='200'><PrintSpace>"
        "<TextBlock LANG='ja'><TextLine HPOS='1' VPOS='2' WIDTH='30' HEIGHT='10'>"
        "<String CONTENT='blue'/><SP/><String CONTENT='por-' SUBS_TYPE='HypPart1' "
        "SUBS_CONTENT='porcelain'/></TextLine>"
        "<TextLine HPOS='1' VPOS='14' WIDTH='30' HEIGHT='10'>"
        "<String CONTENT='celain' SUBS_TYPE='HypPart2' SUBS_CONTENT='porcelain'/><String "
        "CONTENT='青花'/></TextLine>"
        "<TextLine><String CONTENT='nowhere'/></TextLine><TextLine HPOS='1' VPOS='1' WIDTH='3' HEIGHT='3'/>"
        "</TextBlock></PrintSpace></Page><Page><TextLine HPOS='5' VPOS='6' WIDTH='7' HEIGHT='8'><String "
        "CONTENT='two'/>"
        "</TextLine></Page></Layout></alto>",
        "0:blue porcelain[1,2,30,10] | 0:青花[1,14,30,10] | 0:nowhere | 1:two[5,6,7,8]");
    check(WRITTEN_XML,
        "<alto><Layout><Page><TextLine HPOS='x' VPOS='1e99' WIDTH='-3' HEIGHT='0'><String CONTENT='a'/>"
        "</TextLine></Page></Layout></alto>",
        "0:a");
    check(WRITTEN_XML, "<alto/>", "");
    check(WRITTEN_XML, "<lido/>", NULL);
    check(WRITTEN_XML, "<alto><Page>", NULL);
    check(WRITTEN_XML, "", NULL);
    check(WRITTEN_XML, "not XML at all", NULL);
    check(WRITTEN_XML, "<!DOCTYPE alto [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><alto>&x;</alto>", NULL);
    check(WRITTEN_XML, "<!DOCTYPE a [<!ENTITY a 'aaaa'><!ENTITY b '&a;&a;'>]><alto>&b;</alto>", NULL);
}

static void page(void **state)
{
    (void)state;
    check(WRITTEN_XML,
        "<PcGts xmlns='http://schema.primaresearch.org/PAGE/gts/pagecontent/2019-07-15'>"
        "<Page imageWidth='100' imageHeight='200'><TextRegion><TextLine><Coords points='1,2 30,2 30,12 "
        "1,12'/>"
        "<Word><Coords points='0,0 99,99'/><TextEquiv><Unicode>word</Unicode></TextEquiv></Word>"
        "<TextEquiv><Unicode>a line</Unicode></TextEquiv><TextEquiv><Unicode>a second "
        "thought</Unicode></TextEquiv>"
        "</TextLine><TextLine><Coords><Point x='3' y='4'/><Point x='8' y='9'/></Coords>"
        "<TextEquiv><Unicode>old form</Unicode></TextEquiv></TextLine></TextRegion></Page></PcGts>",
        "0:a line[1,2,29,10] | 0:old form[3,4,5,5]");
    check(WRITTEN_XML,
        "<PcGts><Page><TextLine><Coords points='1;2 x,y ,'/><TextEquiv><Unicode>a</Unicode></TextEquiv>"
        "</TextLine></Page></PcGts>",
        "0:a");
}

static void hocr(void **state)
{
    (void)state;
    check(WRITTEN_HOCR,
        "<html><body lang='de'><div class='ocr_page' title='image x; bbox 0 0 100 200'>"
        "<p class='ocr_par'><span class='ocr_line' title='bbox 1 2 31 12; x_size 9'><span "
        "class='ocrx_word'>ein</span>\n"
        " <b>Wort</b></span><span class='ocr_line' title='bbox 5 5 1 1'>zwei</span></p></div>"
        "<div class='ocr_page'><span class='ocr_caption'>drei</span></div>",
        "0:ein Wort[1,2,30,10] | 0:zwei | 1:drei");
    check(WRITTEN_HOCR, "<p>no lines</p>", NULL);
    check(WRITTEN_HOCR, "", NULL);
}

static void cues(void **state)
{
    (void)state;
    check(WRITTEN_CUES,
        "WEBVTT\r\n\r\nNOTE no cue\r\n\r\n1\r\n00:00.500 --> 00:03.800 align:start\r\n<v "
        "Ann>Hello\r\n<i>there</i> 1 < 2\r\n\r\n"
        "01:00:04.000 --> 01:00:05.000\r\nBye",
        "0:Hello there 1 < 2[0.5-3.8] | 0:Bye[3604-3605]");
    check(WRITTEN_CUES,
        "1\n00:00:01,000 --> 00:00:02,250\nOne\n\n2\n00:00:09,000 --> 00:00:03,000\nbackwards\n",
        "0:One[1-2.25]");
    check(WRITTEN_CUES, "00:01 --> 00:02\n\n", "");
    check(WRITTEN_CUES, "x --> y\nnothing\n", NULL);
    check(WRITTEN_CUES, "1:2:3:4 --> 5:6:7:8\nnothing\n", NULL);
    check(WRITTEN_CUES, "WEBVTT", NULL);
}

static void paragraphs(void **state)
{
    (void)state;
    check(WRITTEN_TEXT, "One\nparagraph.\n\n \n  Another.  \n", "0:One paragraph. | 0:Another.");
    check(WRITTEN_TEXT, "", "");
    check(WRITTEN_TEXT, "\n\n\n", "");
}

static void check_name(const char *name, const char *want)
{
    WrittenKind kind;
    Str stem, lang;
    char got[200] = "";
    if (written_named(str_from(name), &kind, &stem, &lang))
        snprintf(got, sizeof(got), "%d " FMT_STR " " FMT_STR, (int)kind, ARG_STR(stem), ARG_STR(lang));
    assert_string_equal(got, want);
}

static void names(void **state)
{
    (void)state;
    check_name("IMG_1.alto.xml", "0 IMG_1 ");
    check_name("IMG_1.ALTO.XML", "0 IMG_1 ");
    check_name("IMG_1.hocr", "1 IMG_1 ");
    check_name("leaves.zh-Hans.vtt", "2 leaves zh-Hans");
    check_name("1998.44.txt", "3 1998.44 ");
    check_name("1998.44.fr.txt", "3 1998.44 fr");
    check_name("vase.old.txt", "3 vase.old ");
    check_name("fr.txt", "3 fr ");
    check_name("IMG_1.xml", "");
    check_name(".txt", "");
    check_name("", "");
}

static void limits(void **state)
{
    (void)state;
    CLEANUP(buf_free) Buf b = buf_with_max(WRITTEN_FILE_MAX_BYTES + 100);
    for (int i = 0; i < WRITTEN_PARTS_MAX + 1; i++)
        buf_add(&b, S("x\n\n"));
    buf_add_char(&b, '\0');
    check(WRITTEN_TEXT, b.p, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alto),
        cmocka_unit_test(page),
        cmocka_unit_test(hocr),
        cmocka_unit_test(cues),
        cmocka_unit_test(paragraphs),
        cmocka_unit_test(names),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
