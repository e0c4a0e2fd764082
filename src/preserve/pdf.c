// SPDX-License-Identifier: Apache-2.0
#include "preserve/pdf.h"

#include "base/utf8.h"

// In points; A4.
enum { PAGE_WIDTH = 595, PAGE_HEIGHT = 842, MARGIN = 64, COLUMN = 170, PAGES_MAX = 200 };

typedef enum { FONT_PLAIN, FONT_BOLD, FONT_FIXED, FONT_ASIAN, FONTS } Font;

// The four collections of Asian characters, each with the name of a font that viewers know, and its weightier
// half: the map from UTF-16 (ISO 32000-1, table 118).
typedef struct {
    const char *font, *map, *ordering;
    int supplement;
} Collection;

static const Collection SIMPLIFIED = {"STSong-Light", "UniGB-UTF16-H", "GB1", 5};
static const Collection JAPANESE = {"HeiseiMin-W3", "UniJIS-UTF16-H", "Japan1", 5};
static const Collection KOREAN = {"HYSMyeongJo-Medium", "UniKS-UTF16-H", "Korea1", 2};

typedef struct {
    Buf out;
    size_t places[2 * PAGES_MAX + 16]; // of objects in the file; [0] unused
    int count;
} File;

typedef struct {
    Buf pages[PAGES_MAX];
    int count;
    int y; // of the next line on the last page
    bool full;
} Paper;

// ---- characters

// Windows' Latin 1 is what the standard fonts are asked for; of it the part that is Unicode's own.
static bool is_latin(uint32_t c)
{
    return (c >= 0x20 && c < 0x7F) || (c >= 0xA0 && c <= 0xFF);
}

// The characters at the start that one font can set; control characters go with either, as blanks.
static Str run_of(Str text, bool *ret_latin)
{
    Str rest = text;
    uint32_t c;
    size_t end = 0;
    *ret_latin = true;
    while (utf8_next(&rest, &c)) {
        bool latin = is_latin(c) || c < 0x20;
        if (end == 0)
            *ret_latin = latin;
        else if (latin != *ret_latin)
            break;
        end = text.n - rest.n;
    }
    return str_slice(text, 0, end);
}

// Kana are Japanese, Hangul is Korean; Han alone may be anybody's, and GB1 has most of them (GB 18030).
static const Collection *collection_for(Str text)
{
    uint32_t c;
    while (utf8_next(&text, &c)) {
        if (c >= 0x3040 && c <= 0x30FF)
            return &JAPANESE;
        if (c >= 0xAC00 && c <= 0xD7A3)
            return &KOREAN;
    }
    return &SIMPLIFIED;
}

static void add_utf16(Buf *out, Str text)
{
    uint32_t c;
    while (utf8_next(&text, &c)) {
        if (c < 0x10000)
            buf_printf(out, "%04X", c >= 0x20 ? c : 0x20u);
        else
            buf_printf(out, "%04X%04X", 0xD800 + ((c - 0x10000) >> 10), 0xDC00 + ((c - 0x10000) & 0x3FF));
    }
}

static void add_latin(Buf *out, Str text)
{
    uint32_t c;
    while (utf8_next(&text, &c))
        buf_printf(out, "%02X", c < 0x20 ? 0x20u : c);
}

// Widths in thousandths of the size, never too small: lines are broken early rather than cut off.
static int width_of(uint32_t c, Font font)
{
    if (!is_latin(c) && c >= 0x20)
        return 1000;
    if (font == FONT_FIXED)
        return 600;
    return strchr("ijltfrI.,:;'!|()[] ", (int)c) && c < 0x80 ? 350
           : c == 'm' || c == 'w' || (c < 'a' && c >= 'A')   ? 850
                                                             : 600;
}

// How many bytes of text fit; at least one character. Broken behind a space where there is one.
static size_t fitting(Str text, Font font, int size, int room)
{
    Str rest = text;
    uint32_t c;
    size_t space = 0, before = 0;
    for (int width = 0; utf8_next(&rest, &c); before = text.n - rest.n) {
        width += width_of(c, font) * size;
        if (width > room * 1000 && before)
            return space && font != FONT_FIXED ? space : before;
        if (c == ' ')
            space = text.n - rest.n;
    }
    return text.n;
}

// ---- paper

static Buf *turn_page(Paper *p)
{
    if (p->count == PAGES_MAX) {
        p->full = true;
        return &p->pages[PAGES_MAX - 1];
    }
    p->pages[p->count] = buf_with_max(PDF_MAX_BYTES);
    p->y = PAGE_HEIGHT - MARGIN;
    return &p->pages[p->count++];
}

static Buf *page_for(Paper *p, int height)
{
    if (p->count == 0 || p->y - height < MARGIN)
        return turn_page(p);
    return &p->pages[p->count - 1];
}

// Runs follow each other by themselves: showing text moves on by its width.
static void put_line(Buf *page, Font font, int size, int x, int y, Str text)
{
    buf_printf(page, "BT %d %d Td ", x, y);
    while (text.n) {
        bool latin;
        Str run = run_of(text, &latin);
        buf_printf(page, "/F%d %d Tf <", latin ? font : FONT_ASIAN, size);
        if (latin)
            add_latin(page, run);
        else
            add_utf16(page, run);
        buf_add(page, S("> Tj "));
        text = str_slice(text, run.n, text.n);
    }
    buf_add(page, S("ET\n"));
}

typedef struct {
    Font font;
    int size, x;
} Pen;

static void put_wrapped(Paper *p, Pen pen, Str text)
{
    int leading = pen.size * 3 / 2;
    while (text.n) {
        size_t n = fitting(text, pen.font, pen.size, PAGE_WIDTH - MARGIN - pen.x);
        Buf *page = page_for(p, leading);
        p->y -= leading;
        put_line(page, pen.font, pen.size, pen.x, p->y, str_slice(text, 0, n));
        text = str_slice(text, n, text.n);
    }
}

static void put_row(Paper *p, const PdfLine *line)
{
    enum { SIZE = 11 };
    Buf *page = page_for(p, SIZE * 2);
    put_line(page, FONT_BOLD, SIZE, MARGIN, p->y - SIZE * 3 / 2, line->label);
    put_wrapped(p, (Pen){FONT_PLAIN, SIZE, MARGIN + COLUMN}, line->text);
    p->y -= 4;
}

static void put(Paper *p, const PdfLine *line)
{
    switch (line->style) {
    case PDF_HEADING:
        put_wrapped(p, (Pen){FONT_BOLD, 22, MARGIN}, line->text);
        p->y -= 8;
        break;
    case PDF_SUBHEADING:
        p->y -= 10;
        put_wrapped(p, (Pen){FONT_BOLD, 13, MARGIN}, line->text);
        p->y -= 2;
        break;
    case PDF_TEXT:
        put_wrapped(p, (Pen){FONT_PLAIN, 11, MARGIN}, line->text);
        p->y -= 4;
        break;
    case PDF_FIXED:
        put_wrapped(p, (Pen){FONT_FIXED, 9, MARGIN}, line->text);
        p->y -= 6;
        break;
    case PDF_ROW:
        put_row(p, line);
        break;
    }
}

// ---- the file: objects, then a table of where each begins

static void begin(File *f)
{
    f->places[++f->count] = f->out.n;
    buf_printf(&f->out, "%d 0 obj\n", f->count);
}

static void end(File *f)
{
    buf_add(&f->out, S("\nendobj\n"));
}

static void put_fonts(File *f, const Collection *c)
{
    static const char *const latin[] = {"Helvetica", "Helvetica-Bold", "Courier"};
    for (size_t i = 0; i < COUNT_OF(latin); i++) {
        begin(f);
        buf_printf(&f->out, "<</Type/Font/Subtype/Type1/BaseFont/%s/Encoding/WinAnsiEncoding>>", latin[i]);
        end(f);
    }
    begin(f);
    buf_printf(&f->out, "<</Type/Font/Subtype/Type0/BaseFont/%s-%s/Encoding/%s/DescendantFonts[%d 0 R]>>",
        c->font, c->map, c->map, f->count + 1);
    end(f);
    begin(f);
    // The first 95 characters of each collection are ASCII, and narrower.
    buf_printf(&f->out,
        "<</Type/Font/Subtype/CIDFontType0/BaseFont/%s/CIDSystemInfo<</Registry(Adobe)/Ordering(%s)"
        "/Supplement %d>>/DW 1000/W[1 95 500]/FontDescriptor %d 0 R>>",
        c->font, c->ordering, c->supplement, f->count + 1);
    end(f);
    begin(f);
    buf_printf(&f->out,
        "<</Type/FontDescriptor/FontName/%s/Flags 6/FontBBox[-25 -254 1000 880]/ItalicAngle 0/Ascent 880"
        "/Descent -120/CapHeight 880/StemV 93>>",
        c->font);
    end(f);
}

static void put_info(File *f, Str title, Str author)
{
    begin(f);
    buf_add(&f->out, S("<</Title<FEFF"));
    add_utf16(&f->out, title);
    buf_add(&f->out, S(">/Author<FEFF"));
    add_utf16(&f->out, author);
    buf_add(&f->out, S(">/Producer(Vitrine)>>"));
    end(f);
}

// Objects 1: catalogue, 2: pages, 3 to 8: fonts, 9: about the document, then each page and what is on it.
enum { FIRST_FONT = 3, INFO = 9, FIRST_PAGE = 10 };

static void put_pages(File *f, const Paper *paper)
{
    for (int i = 0; i < paper->count; i++) {
        const Buf *page = &paper->pages[i];
        begin(f);
        buf_printf(&f->out,
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 %d %d]/Contents %d 0 R/Resources<</Font<</F0 %d 0 R/F1 "
            "%d 0 "
            "R/F2 %d 0 R/F3 %d 0 R>>>>>>",
            PAGE_WIDTH, PAGE_HEIGHT, f->count + 1, FIRST_FONT, FIRST_FONT + 1, FIRST_FONT + 2,
            FIRST_FONT + 3);
        end(f);
        begin(f);
        buf_printf(&f->out, "<</Length %zu>>stream\n", page->n);
        buf_add(&f->out, buf_str(page));
        buf_add(&f->out, S("\nendstream"));
        end(f);
    }
}

static void put_tail(File *f)
{
    size_t table = f->out.n;
    buf_printf(&f->out, "xref\n0 %d\n0000000000 65535 f \n", f->count + 1);
    for (int i = 1; i <= f->count; i++)
        buf_printf(&f->out, "%010zu 00000 n \n", f->places[i]);
    buf_printf(&f->out, "trailer\n<</Size %d/Root 1 0 R/Info %d 0 R>>\nstartxref\n%zu\n%%%%EOF\n",
        f->count + 1, INFO, table);
}

static void put_file(File *f, const Paper *paper, const Collection *c, Str title, Str author)
{
    buf_add(&f->out, S("%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"));
    begin(f);
    buf_add(&f->out, S("<</Type/Catalog/Pages 2 0 R>>"));
    end(f);
    begin(f);
    buf_printf(&f->out, "<</Type/Pages/Count %d/Kids[", paper->count);
    for (int i = 0; i < paper->count; i++)
        buf_printf(&f->out, "%d 0 R ", FIRST_PAGE + 2 * i);
    buf_add(&f->out, S("]>>"));
    end(f);
    put_fonts(f, c);
    put_info(f, title, author);
    put_pages(f, paper);
    put_tail(f);
}

bool pdf_write(Str title, Str author, const PdfLine *lines, size_t count, Arena *a, Str *ret, Err *err)
{
    Paper *paper = arena_new(a, Paper);
    File *file = arena_new(a, File);
    const Collection *asian = collection_for(author);
    for (size_t i = 0; i < count; i++)
        put(paper, &lines[i]);
    if (paper->count == 0)
        turn_page(paper);
    file->out = buf_with_max(PDF_MAX_BYTES);
    put_file(file, paper, asian, title, author);
    for (int i = 0; i < paper->count; i++) {
        file->out.full |= paper->pages[i].full;
        buf_free(&paper->pages[i]);
    }
    bool good = paper->full ? err_set(err, ERR_LIMIT, "more than %d pages", PAGES_MAX)
                            : buf_into(&file->out, a, ret, err);
    buf_free(&file->out);
    return good;
}
