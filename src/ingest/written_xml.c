// SPDX-License-Identifier: Apache-2.0
// What a program has read in a picture: ALTO and PAGE, one element after the other, and hOCR, as a tree of
// HTML. No external thing is fetched and no entity of the file's own is believed.
#include "base/utf8.h"
#include "ingest/fields.h"
#include "ingest/written_int.h"

#include <libxml/HTMLparser.h>
#include <libxml/xmlreader.h>
#include <math.h>

enum { POINTS_MAX = 4096, DEPTH_MAX = 256 };

typedef struct {
    xmlTextReader *reader;
    Arena *a;
    Written *w;
    Err *err;
    bool in_line, has_box, alto;
    int line_depth,
        equiv_depth; // PAGE: of the line, and of the TextEquiv that says the line as a whole; 0 none
    double left, top, right, bottom;
    Buf text;
} Scan;

static bool finite_in_range(double value)
{
    return isfinite(value) && fabs(value) < 1e9;
}

static double number_of(Scan *s, const char *name)
{
    double value = 0;
    xmlChar *text = xmlTextReaderGetAttribute(s->reader, (const xmlChar *)name);
    if (!text || !str_to_double(str_from((const char *)text), &value) || !finite_in_range(value))
        value = (double)NAN;
    xmlFree(text);
    return value;
}

static Str attribute(Scan *s, const char *name)
{
    xmlChar *text = xmlTextReaderGetAttribute(s->reader, (const xmlChar *)name);
    Str value = arena_copy(s->a, str_from((const char *)text));
    xmlFree(text);
    return value;
}

static bool is(Scan *s, const char *name)
{
    return xmlStrcmp(xmlTextReaderConstLocalName(s->reader), (const xmlChar *)name) == 0;
}

static bool add_page(Scan *s, const char *width, const char *height)
{
    WrittenPage page = {number_of(s, width), number_of(s, height)};
    if (!(page.width > 0 && page.height > 0))
        page = (WrittenPage){0};
    return written_add_page(s->w, page, s->a, s->err);
}

static void note_lang(Scan *s, const char *name)
{
    Str lang = attribute(s, name);
    if (s->w->lang.n == 0 && field_is_lang(lang))
        s->w->lang = lang;
}

static void widen(Scan *s, double x, double y)
{
    s->left = s->has_box ? MIN_OF(s->left, x) : x;
    s->top = s->has_box ? MIN_OF(s->top, y) : y;
    s->right = s->has_box ? MAX_OF(s->right, x) : x;
    s->bottom = s->has_box ? MAX_OF(s->bottom, y) : y;
    s->has_box = true;
}

static void begin_line(Scan *s)
{
    s->in_line = true;
    s->has_box = false;
    s->line_depth = xmlTextReaderDepth(s->reader);
    s->text.n = 0;
}

static bool end_line(Scan *s)
{
    WrittenPart part = {.text = buf_str(&s->text),
        .page = (int)MAX_OF(s->w->pages_count, (size_t)1) - 1,
        .has_box = s->has_box && s->right > s->left && s->bottom > s->top,
        .left = s->left,
        .top = s->top,
        .width = s->right - s->left,
        .height = s->bottom - s->top};
    s->in_line = false;
    return written_add(s->w, part, s->a, s->err);
}

// ---- ALTO

static void alto_line(Scan *s)
{
    double left = number_of(s, "HPOS"), top = number_of(s, "VPOS"), width = number_of(s, "WIDTH"),
           height = number_of(s, "HEIGHT");
    begin_line(s);
    if (isnan(left) || isnan(top) || !(width > 0 && height > 0))
        return;
    widen(s, left, top);
    widen(s, left + width, top + height);
}

// A word cut in two by the end of a line is whole in SUBS_CONTENT of both halves: it counts with the first.
static void alto_string(Scan *s)
{
    Str whole = attribute(s, "SUBS_CONTENT"), half = attribute(s, "SUBS_TYPE");
    if (str_eq(half, S("HypPart2")) && whole.n)
        return;
    buf_add(&s->text, whole.n && str_eq(half, S("HypPart1")) ? whole : attribute(s, "CONTENT"));
    buf_add_char(&s->text, ' ');
}

static bool alto_element(Scan *s)
{
    if (is(s, "Page"))
        return add_page(s, "WIDTH", "HEIGHT");
    if (is(s, "TextBlock")) {
        note_lang(s, "LANG");
        note_lang(s, "language");
    } else if (is(s, "TextLine")) {
        alto_line(s);
        if (xmlTextReaderIsEmptyElement(s->reader))
            s->in_line = false;
    } else if (is(s, "String") && s->in_line) {
        alto_string(s);
    }
    return true;
}

// ---- PAGE

static void page_points(Scan *s)
{
    Str rest = attribute(s, "points"), point, x, y;
    double px, py;
    for (int i = 0; i < POINTS_MAX && str_next(&rest, ' ', &point); i++)
        if (str_cut(point, ',', &x, &y) && str_to_double(x, &px) && str_to_double(y, &py) &&
            finite_in_range(px) && finite_in_range(py))
            widen(s, px, py);
}

static bool page_element(Scan *s)
{
    int depth = xmlTextReaderDepth(s->reader);
    if (is(s, "Page"))
        return add_page(s, "imageWidth", "imageHeight");
    if (is(s, "TextLine") && !xmlTextReaderIsEmptyElement(s->reader))
        begin_line(s);
    else if (is(s, "Coords") && s->in_line && depth == s->line_depth + 1)
        page_points(s);
    else if (is(s, "Point") && s->in_line && depth == s->line_depth + 2 && !isnan(number_of(s, "x")) &&
             !isnan(number_of(s, "y")))
        widen(s, number_of(s, "x"), number_of(s, "y"));
    else if (is(s, "TextEquiv") && s->in_line && depth == s->line_depth + 1 && s->text.n == 0)
        s->equiv_depth = depth; // the first: further ones are the reader's second thoughts
    return true;
}

// ---- both

static bool step(Scan *s)
{
    int type = xmlTextReaderNodeType(s->reader);
    if (type == XML_READER_TYPE_DOCUMENT_TYPE)
        return err_set(
            s->err, ERR_CORRUPT, "it has a document type, which such files have not; it is not read");
    if (type == XML_READER_TYPE_ELEMENT) {
        if (xmlTextReaderDepth(s->reader) == 0) {
            s->alto = is(s, "alto");
            return s->alto || is(s, "PcGts") || err_set(s->err, ERR_CORRUPT, "it is neither ALTO nor PAGE");
        }
        return s->alto ? alto_element(s) : page_element(s);
    }
    if (type == XML_READER_TYPE_END_ELEMENT) {
        if (s->equiv_depth && xmlTextReaderDepth(s->reader) == s->equiv_depth)
            s->equiv_depth = 0;
        return !(s->in_line && is(s, "TextLine")) || end_line(s);
    }
    bool text = type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA;
    if (text && s->equiv_depth && xmlTextReaderDepth(s->reader) == s->equiv_depth + 2)
        buf_add(&s->text, str_from((const char *)xmlTextReaderConstValue(s->reader)));
    return true;
}

bool written_read_xml(Str bytes, Arena *a, Written *w, Err *err)
{
    xmlTextReader *reader = xmlReaderForMemory(
        bytes.p, (int)bytes.n, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (!reader)
        return err_set(err, ERR_CORRUPT, "the XML cannot be read");
    Scan s = {.reader = reader, .a = a, .w = w, .err = err, .text = buf_with_max(WRITTEN_TEXT_MAX_BYTES)};
    int got;
    bool good = true;
    while (good && (got = xmlTextReaderRead(reader)) == 1)
        good = step(&s);
    if (good && got != 0)
        good = err_set(err, ERR_CORRUPT, "the XML cannot be read");
    buf_free(&s.text);
    xmlFreeTextReader(reader);
    return good;
}

// ---- hOCR

static bool has_class(const xmlNode *node, const char *want)
{
    xmlChar *classes = xmlGetProp(node, (const xmlChar *)"class");
    Str rest = str_from((const char *)classes), one;
    bool found = false;
    while (!found && str_next(&rest, ' ', &one))
        found = str_eq(one, str_from(want));
    xmlFree(classes);
    return found;
}

// "bbox 10 20 310 60; x_wconf 96"
static bool read_bbox(const xmlNode *node, double ret[4])
{
    xmlChar *title = xmlGetProp(node, (const xmlChar *)"title");
    Str rest = str_from((const char *)title), property;
    bool found = false;
    while (!found && str_next(&rest, ';', &property)) {
        Str values = str_trim(property), value;
        int count = 0;
        if (!str_starts(values, S("bbox ")))
            continue;
        values = str_slice(values, 5, values.n);
        while (count < 4 && str_next(&values, ' ', &value))
            if (value.n && (!str_to_double(value, &ret[count++]) || !finite_in_range(ret[count - 1])))
                break;
        found = count == 4 && ret[2] > ret[0] && ret[3] > ret[1];
    }
    xmlFree(title);
    return found;
}

static bool hocr_line(const xmlNode *node, Arena *a, Written *w, Err *err)
{
    double box[4] = {0};
    xmlChar *content = xmlNodeGetContent(node);
    WrittenPart part = {.text = arena_copy(a, str_from((const char *)content)),
        .page = (int)MAX_OF(w->pages_count, (size_t)1) - 1,
        .has_box = read_bbox(node, box),
        .left = box[0],
        .top = box[1],
        .width = box[2] - box[0],
        .height = box[3] - box[1]};
    xmlFree(content);
    return written_add(w, part, a, err);
}

static bool hocr_node(const xmlNode *node, Arena *a, Written *w, bool *ret_enter, Err *err)
{
    static const char *const LINES[] = {
        "ocr_line", "ocrx_line", "ocr_header", "ocr_caption", "ocr_textfloat"};
    double box[4];
    *ret_enter = node->type == XML_ELEMENT_NODE;
    if (!*ret_enter)
        return true;
    xmlChar *lang = xmlGetProp(node, (const xmlChar *)"lang");
    if (w->lang.n == 0 && field_is_lang(str_from((const char *)lang)))
        w->lang = arena_copy(a, str_from((const char *)lang));
    xmlFree(lang);
    if (has_class(node, "ocr_page")) {
        bool known = read_bbox(node, box);
        return written_add_page(w, known ? (WrittenPage){box[2], box[3]} : (WrittenPage){0}, a, err);
    }
    for (size_t i = 0; i < COUNT_OF(LINES); i++)
        if (has_class(node, LINES[i])) {
            *ret_enter = false;
            return hocr_line(node, a, w, err);
        }
    return true;
}

bool written_read_hocr(Str bytes, Arena *a, Written *w, Err *err)
{
    htmlDocPtr doc = htmlReadMemory(bytes.p, (int)bytes.n, NULL, "UTF-8",
        HTML_PARSE_NONET | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_RECOVER);
    if (!doc)
        return err_set(err, ERR_CORRUPT, "the HTML cannot be read");
    const xmlNode *node = xmlDocGetRootElement(doc);
    bool good = true, enter = true;
    while (good && node) {
        good = hocr_node(node, a, w, &enter, err);
        if (enter && node->children) {
            node = node->children;
            continue;
        }
        while (node && !node->next)
            node = node->parent && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
        node = node ? node->next : NULL;
    }
    xmlFreeDoc(doc);
    return good && (w->pages_count || w->count || err_set(err, ERR_CORRUPT, "it is no hOCR"));
}
