// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "ingest/fields.h"
#include "ingest/written_int.h"

enum { PART_MAX_BYTES = 16 * 1024 };

// ---- names

static bool take_ending(Str name, const char *ending, Str *ret_head)
{
    Str end = str_from(ending);
    if (name.n <= end.n || !str_eq_nocase(str_slice(name, name.n - end.n, name.n), end))
        return false;
    *ret_head = str_slice(name, 0, name.n - end.n);
    return true;
}

bool written_named(Str file_name, WrittenKind *ret, Str *ret_stem, Str *ret_lang)
{
    static const struct {
        const char *ending;
        WrittenKind kind;
    } ENDINGS[] = {{".alto.xml", WRITTEN_XML}, {".page.xml", WRITTEN_XML}, {".hocr", WRITTEN_HOCR},
        {".vtt", WRITTEN_CUES}, {".srt", WRITTEN_CUES}, {".txt", WRITTEN_TEXT}};
    for (size_t i = 0; i < COUNT_OF(ENDINGS); i++) {
        Str stem, head, tail;
        if (!take_ending(file_name, ENDINGS[i].ending, &stem))
            continue;
        *ret = ENDINGS[i].kind;
        *ret_lang = S("");
        // "44" of "1998.44" is no language, "fr" is one.
        if (str_cut_last(stem, '.', &head, &tail) && head.n && field_is_lang(tail) &&
            (tail.n == 2 || tail.p[2] == '-')) {
            stem = head;
            *ret_lang = tail;
        }
        *ret_stem = stem;
        return true;
    }
    return false;
}

bool written_is_xml(Str head)
{
    size_t at;
    return str_find(head, S("<alto"), &at) || str_find(head, S("<PcGts"), &at) ||
           str_find(head, S(":alto"), &at) || str_find(head, S(":PcGts"), &at);
}

// ---- adding

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static Str folded_blanks(Str text, Arena *a)
{
    char *to = arena_alloc(a, text.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < text.n; i++) {
        bool blank = is_blank(text.p[i]) || text.p[i] == 0;
        if (!blank)
            to[n++] = text.p[i];
        else if (n && to[n - 1] != ' ')
            to[n++] = ' ';
    }
    return (Str){to, n && to[n - 1] == ' ' ? n - 1 : n};
}

bool written_add(Written *w, WrittenPart part, Arena *a, Err *err)
{
    part.text = utf8_head(folded_blanks(part.text, a), PART_MAX_BYTES);
    if (part.text.n == 0)
        return true;
    w->bytes += part.text.n;
    if (w->count == WRITTEN_PARTS_MAX || w->bytes > WRITTEN_TEXT_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "it has more than %d lines or %d bytes of text", WRITTEN_PARTS_MAX,
            WRITTEN_TEXT_MAX_BYTES);
    *arena_push(a, &w->parts, &w->count, &w->capacity) = part;
    return true;
}

bool written_add_page(Written *w, WrittenPage page, Arena *a, Err *err)
{
    if (w->pages_count == WRITTEN_PAGES_MAX)
        return err_set(err, ERR_LIMIT, "it has more than %d pages", WRITTEN_PAGES_MAX);
    *arena_push(a, &w->pages, &w->pages_count, &w->pages_capacity) = page;
    return true;
}

// ---- cues: WebVTT (https://www.w3.org/TR/webvtt1/) and SubRip, which differ in the sign before the
// milliseconds

static bool take_line(Str *rest, Str *ret)
{
    if (rest->n == 0)
        return false;
    const char *end = memchr(rest->p, '\n', rest->n);
    size_t n = end ? (size_t)(end - rest->p) : rest->n;
    *ret = str_slice(*rest, 0, n);
    *rest = str_slice(*rest, n + (end != NULL), rest->n);
    if (ret->n && ret->p[ret->n - 1] == '\r')
        ret->n--;
    return true;
}

// "01:02:03.500", "02:03,500".
static bool read_time(Str text, double *ret)
{
    double total = 0;
    int numbers = 0;
    Str rest = str_trim(text), piece;
    while (str_next(&rest, ':', &piece)) {
        int whole, thousandth = 0;
        Str head = piece, tail = {0};
        if (!str_cut(piece, '.', &head, &tail))
            (void)str_cut(piece, ',', &head, &tail);
        if (++numbers > 3 || !str_to_int(head, 0, 100000, &whole) ||
            (tail.n && (tail.n != 3 || !str_to_int(tail, 0, 999, &thousandth))))
            return false;
        total = total * 60 + whole + thousandth / 1000.0;
    }
    *ret = total;
    return numbers >= 2;
}

// "00:00.500 --> 00:03.800 align:start"
static bool read_times(Str line, WrittenPart *ret)
{
    size_t arrow;
    Str to, rest;
    if (!str_find(line, S("-->"), &arrow))
        return false;
    to = str_trim(str_slice(line, arrow + 3, line.n));
    (void)str_cut(to, ' ', &to, &rest);
    ret->has_time = read_time(str_slice(line, 0, arrow), &ret->from_s) && read_time(to, &ret->to_s) &&
                    ret->to_s >= ret->from_s;
    return ret->has_time;
}

// Without <i>, <v Name>, <00:01.000>.
static void add_spoken(Buf *b, Str line)
{
    bool inside = false;
    if (b->n)
        buf_add_char(b, ' ');
    for (size_t i = 0; i < line.n; i++) {
        if (line.p[i] == '<' && memchr(line.p + i, '>', line.n - i))
            inside = true;
        if (!inside)
            buf_add_char(b, line.p[i]);
        inside = inside && line.p[i] != '>';
    }
}

static bool read_cues(Str rest, Arena *a, Written *w, Err *err)
{
    Str line;
    size_t cues = 0;
    while (take_line(&rest, &line)) {
        WrittenPart part = {0};
        if (!read_times(line, &part))
            continue;
        CLEANUP(buf_free) Buf text = buf_with_max(WRITTEN_FILE_MAX_BYTES);
        while (take_line(&rest, &line) && str_trim(line).n)
            add_spoken(&text, line);
        part.text = buf_str(&text);
        cues++;
        if (!written_add(w, part, a, err))
            return false;
    }
    return cues || err_set(err, ERR_CORRUPT, "it has no cues");
}

static bool read_paragraphs(Str rest, Arena *a, Written *w, Err *err)
{
    Str line;
    const char *begin = rest.p, *end = rest.p;
    while (take_line(&rest, &line)) {
        if (str_trim(line).n) {
            end = line.p + line.n;
            continue;
        }
        if (!written_add(w, (WrittenPart){.text = {begin, (size_t)(end - begin)}}, a, err))
            return false;
        begin = end = rest.p;
    }
    return written_add(w, (WrittenPart){.text = {begin, (size_t)(end - begin)}}, a, err);
}

bool written_read(WrittenKind kind, Str bytes, Arena *a, Written *ret, Err *err)
{
    Written w = {0};
    bool good = false;
    if (bytes.n > WRITTEN_FILE_MAX_BYTES)
        return err_set(err, ERR_LIMIT, "it has more than %d bytes", WRITTEN_FILE_MAX_BYTES);
    switch (kind) {
    case WRITTEN_XML:
        good = written_read_xml(bytes, a, &w, err);
        break;
    case WRITTEN_HOCR:
        good = written_read_hocr(bytes, a, &w, err);
        break;
    case WRITTEN_CUES:
        good = read_cues(bytes, a, &w, err);
        break;
    case WRITTEN_TEXT:
        good = read_paragraphs(bytes, a, &w, err);
        break;
    }
    if (good)
        *ret = w;
    return good;
}
