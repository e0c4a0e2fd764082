// SPDX-License-Identifier: Apache-2.0
// Years from dates as museums write them. The text is folded and cut into numbers, words and Han characters;
// then one pass from left to right finds years, centuries, decades, eras and periods and keeps the span that
// holds them all.
#include "base/utf8.h"
#include "text/int.h"

#include <pthread.h>
#include <stdlib.h>

enum {
    PIECES_MAX = 96,
    TEXT_MAX_BYTES = 400,
    YEAR_MIN = -100000,
    YEAR_MAX = 2200,
    CIRCA_YEARS = 5,
    BEFORE_YEARS = 50,
};

typedef enum { PIECE_NUMBER, PIECE_WORD, PIECE_PILE, PIECE_DASH } PieceKind;

typedef struct {
    PieceKind kind;
    Str text;
    int number, digits;
} Piece;

typedef struct {
    const Piece *pieces;
    int count, at;
    bool found, circa, before, after, last_bce;
    bool range;           // a dash was just read: what follows closes a span
    int part, parts;      // "early", "second half": which of how many; parts 0: none
    int earliest, latest; // so far
    int last_earliest, last_latest;
    int last_digits;
    bool last_is_year;
} Reader;

// ---- pieces

static int han_digit(uint32_t c)
{
    static const uint32_t digits[] = {
        0x3007, 0x4E00, 0x4E8C, 0x4E09, 0x56DB, 0x4E94, 0x516D, 0x4E03, 0x516B, 0x4E5D};
    for (int i = 0; i < 10; i++)
        if (digits[i] == c)
            return i;
    return c == 0x96F6 ? 0 : c == 0x5341 ? 10 : c == 0x767E ? 100 : -1;
}

// 十九, 二十, 一六二〇, 一百二十三: at most four digits. Returns the bytes it takes, 0 if it is no number.
static size_t han_number(Str s, int *ret)
{
    int value = 0, digit = -1;
    size_t took = 0;
    Str rest = s;
    uint32_t c;
    for (int i = 0; i < 6 && utf8_next(&rest, &c); i++) {
        int d = han_digit(c);
        if (d < 0)
            break;
        if (d >= 10) {
            value += (digit < 0 ? 1 : digit) * d;
            digit = -1;
        } else {
            digit = digit < 0 ? d : digit * 10 + d;
        }
        took = (size_t)(rest.p - s.p);
    }
    *ret = value + (digit < 0 ? 0 : digit);
    return took;
}

static bool is_dash(uint32_t c)
{
    return c == '-' || c == '/' || c == '~' || (c >= 0x2010 && c <= 0x2015) || c == 0x301C || c == 0x2212;
}

static size_t span_while(Str s, CharClass class)
{
    size_t took = 0;
    Str rest = s;
    uint32_t c;
    while (utf8_next(&rest, &c) && char_fold(c).class == class)
        took = (size_t)(rest.p - s.p);
    return took;
}

static void add_number(Piece *p, Str digits)
{
    int64_t value = 0;
    for (size_t i = 0; i < digits.n && i < 9; i++)
        value = value * 10 + (digits.p[i] - '0');
    *p = (Piece){.kind = PIECE_NUMBER, .text = digits, .number = (int)value, .digits = (int)digits.n};
}

static int cut_pieces(Str s, Piece *pieces)
{
    int count = 0;
    while (s.n && count < PIECES_MAX) {
        Str rest = s;
        uint32_t c = 0;
        utf8_next(&rest, &c);
        size_t took = (size_t)(rest.p - s.p);
        CharClass class = char_fold(c).class;
        Piece *p = &pieces[count];
        int number;
        if (class == CHAR_DIGIT) {
            took = span_while(s, CHAR_DIGIT);
            add_number(p, str_slice(s, 0, took));
            count++;
        } else if (is_dash(c)) {
            *p = (Piece){.kind = PIECE_DASH};
            count++;
        } else if (class == CHAR_WORD) {
            took = span_while(s, CHAR_WORD);
            *p = (Piece){.kind = PIECE_WORD, .text = str_slice(s, 0, took)};
            count++;
        } else if (class == CHAR_PILE) {
            size_t han = han_number(s, &number);
            *p = (Piece){.kind = PIECE_PILE, .text = str_slice(s, 0, took), .number = -1};
            if (han) {
                p->number = number;
                p->digits = (int)(han / 3);
                p->text = str_slice(s, 0, han);
                took = han;
            }
            count++;
        }
        s = str_slice(s, took, s.n);
    }
    return count;
}

// ---- periods, folded once

typedef struct {
    char text[64];
    size_t size;
    const TextPeriod *period;
} Name;

static Name *names;
static size_t names_count;
static pthread_once_t names_once = PTHREAD_ONCE_INIT;

static int longer_first(const void *x, const void *y)
{
    const Name *a = x, *b = y;
    return a->size != b->size ? (a->size < b->size ? 1 : -1) : memcmp(a->text, b->text, a->size);
}

static void fold_names(void)
{
    size_t count, capacity = 0;
    const TextPeriod *list = text_periods(&count);
    for (size_t i = 0; i < count; i++)
        for (const char *p = list[i].names; *p; p++)
            capacity += *p == '|' || p[1] == 0;
    names = mem_alloc(capacity * sizeof(Name));
    CLEANUP(arena_closep) Arena *a = arena_open();
    for (size_t i = 0; i < count; i++) {
        Str rest = str_from(list[i].names), piece;
        while (str_next(&rest, '|', &piece)) {
            Str folded = text_fold(a, piece);
            assert(folded.n < sizeof(names->text) && names_count < capacity);
            memcpy(names[names_count].text, folded.p, folded.n);
            names[names_count].size = folded.n;
            names[names_count++].period = &list[i];
        }
    }
    qsort(names, names_count, sizeof(Name), longer_first);
}

// The longest period name that begins with piece `at`; names of words end where a word ends.
static const TextPeriod *period_at(const Piece *pieces, int count, int at, int *ret_took)
{
    pthread_once(&names_once, fold_names);
    const char *begin = pieces[at].text.p;
    const Piece *last = &pieces[count - 1];
    if (!begin)
        return NULL;
    while (last > pieces && !last->text.p)
        last--;
    Str rest = {begin, (size_t)(last->text.p + last->text.n - begin)};
    for (size_t i = 0; i < names_count; i++) {
        Str name = {names[i].text, names[i].size};
        if (!str_starts(rest, name))
            continue;
        const char *end = begin + name.n;
        int took = 0;
        while (at + took < count && (!pieces[at + took].text.p || pieces[at + took].text.p < end))
            took++;
        const Str *tail = &pieces[at + took - 1].text;
        if (tail->p && tail->p + tail->n > end && pieces[at + took - 1].number < 0)
            continue; // would cut a word
        if (tail->p && tail->p + tail->n > end && pieces[at + took - 1].kind == PIECE_WORD)
            continue;
        *ret_took = took;
        return names[i].period;
    }
    return NULL;
}

// ---- reading

static bool is_one_of(Str word, const char *list)
{
    Str rest = str_from(list), piece;
    while (str_next(&rest, ' ', &piece))
        if (str_eq(word, piece))
            return true;
    return false;
}

static bool word_at(const Reader *r, int at, const char *list)
{
    return at < r->count && (r->pieces[at].kind == PIECE_WORD || r->pieces[at].kind == PIECE_PILE) &&
           is_one_of(r->pieces[at].text, list);
}

static int roman(Str word)
{
    static const char signs[] = "ivxlc";
    static const int values[] = {1, 5, 10, 50, 100};
    int total = 0, before = 0;
    for (size_t i = word.n; i > 0; i--) {
        const char *at = memchr(signs, word.p[i - 1], 5);
        if (!at)
            return 0;
        int value = values[at - signs];
        total += value < before ? -value : value;
        before = MAX_OF(before, value);
    }
    return total > 0 && total <= 21 ? total : 0;
}

// "19" of "19th", "xix" of "xixe": the number of a century, and how many pieces it takes.
static int ordinal_at(const Reader *r, int at, int *ret_took)
{
    if (at >= r->count)
        return 0;
    const Piece *p = &r->pieces[at];
    *ret_took = 1;
    if ((p->kind == PIECE_NUMBER || p->kind == PIECE_PILE) && p->number > 0 && p->number <= 40) {
        if (word_at(r, at + 1, "st nd rd th e eme er o a"))
            (*ret_took)++;
        return p->number;
    }
    if (p->kind != PIECE_WORD)
        return 0;
    static const char *const words[] = {"first", "second", "third", "fourth", "fifth", "sixth", "seventh",
        "eighth", "ninth", "tenth", "eleventh", "twelfth", "thirteenth", "fourteenth", "fifteenth",
        "sixteenth", "seventeenth", "eighteenth", "nineteenth", "twentieth"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq(p->text, str_from(words[i])))
            return (int)i + 1;
    int value = roman(p->text);
    if (!value && p->text.n > 1 && p->text.p[p->text.n - 1] == 'e')
        value = roman(str_slice(p->text, 0, p->text.n - 1));
    return value;
}

static bool bce_at(const Reader *r, int at, int *ret_took)
{
    *ret_took = 1;
    if (word_at(r, at, "bc bce"))
        return true;
    *ret_took = 2;
    if (word_at(r, at, "b") && word_at(r, at + 1, "c"))
        return *ret_took = word_at(r, at + 2, "e") ? 3 : 2, true;
    if (word_at(r, at, "a") && word_at(r, at + 1, "c"))
        return true;
    if (word_at(r, at, "v") && word_at(r, at + 1, "chr"))
        return true;
    if (word_at(r, at, "av") && word_at(r, at + 1, "j"))
        return *ret_took = word_at(r, at + 2, "c") ? 3 : 2, true;
    return false;
}

static int before_christ(int year)
{
    return 1 - year;
}

static void keep(Reader *r, int earliest, int latest, bool is_year, int digits)
{
    if (r->parts) {
        int length = latest - earliest + 1;
        int from = earliest + length * r->part / r->parts;
        latest = earliest + length * (r->part + 1) / r->parts - 1;
        earliest = from;
    }
    if (r->circa && is_year) {
        earliest -= CIRCA_YEARS;
        latest += CIRCA_YEARS;
    }
    if (r->before)
        earliest -= BEFORE_YEARS;
    if (r->after)
        latest += BEFORE_YEARS;
    r->last_earliest = earliest;
    r->last_latest = latest;
    r->last_is_year = is_year;
    r->last_digits = digits;
    r->earliest = r->found ? MIN_OF(r->earliest, earliest) : earliest;
    r->latest = r->found ? MAX_OF(r->latest, latest) : latest;
    r->found = true;
    r->range = r->before = r->after = false;
    r->parts = 0;
}

// "300-200 BCE": the first of the two was before Christ as well.
static void turn_before_christ(Reader *r)
{
    if (!r->found || r->last_bce || r->earliest <= 0)
        return;
    int earliest = r->earliest, latest = r->latest;
    r->earliest = before_christ(latest);
    r->latest = before_christ(earliest);
}

static void century(Reader *r, int number, bool bce)
{
    if (bce) {
        turn_before_christ(r);
        keep(r, before_christ(number * 100), before_christ(number * 100 - 99), false, 0);
    } else {
        keep(r, number * 100 - 99, number * 100, false, 0);
    }
    r->last_bce = bce;
}

#define CENTURY_WORDS                                                                                        \
    "century centuries cent siecle siecles jahrhundert jh jhs secolo siglo seculo eeuw vek век в"

// "16th-17th century": the word stands behind the second only.
static bool read_century(Reader *r)
{
    int took, more, bce_took = 0;
    bool before = word_at(r, r->at, "siglo secolo sec seculo");
    int at = r->at + (before ? 1 : 0);
    int number = ordinal_at(r, at, &took);
    if (!number)
        return false;
    at += took;
    int second = 0, second_at = at;
    if (at < r->count && (r->pieces[at].kind == PIECE_DASH || word_at(r, at, "to and et und bis a or")))
        second = ordinal_at(r, at + 1, &more), second_at = at + 1 + more;
    bool pile = at + 1 < r->count && word_at(r, at, "世 세") && word_at(r, at + 1, "纪 기");
    bool here = before || pile || word_at(r, at, CENTURY_WORDS);
    bool there = second && (word_at(r, second_at, CENTURY_WORDS) ||
                               (word_at(r, second_at, "世") && word_at(r, second_at + 1, "纪")));
    if (!here && !there && !word_at(r, at, "millennium"))
        return false;
    bool prefix_bce = r->last_bce && r->range;
    if (word_at(r, at, "millennium")) {
        bool bce = bce_at(r, at + 1, &bce_took);
        int first = bce ? before_christ(number * 1000) : number * 1000 - 999;
        keep(r, first, first + 999, false, 0);
        r->at = at + 1 + (bce ? bce_took : 0);
        return true;
    }
    if (here) {
        r->at = at + (pile ? 2 : before ? 0 : 1);
        bool bce = bce_at(r, r->at, &bce_took);
        r->at += bce ? bce_took : 0;
        century(r, number, bce || prefix_bce);
        return true;
    }
    int end = second_at + (word_at(r, second_at, "世") ? 2 : 1);
    bool bce = bce_at(r, end, &bce_took);
    century(r, number, bce);
    century(r, second, bce);
    r->at = end + (bce ? bce_took : 0);
    return true;
}

// "1976-7", "1900-10": the second year leaves out what it shares with the first.
static int complete(const Reader *r, const Piece *p)
{
    if (!r->range || !r->last_is_year || p->digits >= r->last_digits || p->digits > 2 || r->last_latest <= 0)
        return p->number;
    int scale = p->digits == 1 ? 10 : 100;
    int base = r->last_latest - (r->circa ? CIRCA_YEARS : 0);
    int year = base / scale * scale + p->number;
    return year >= base ? year : p->number;
}

static bool read_year(Reader *r)
{
    const Piece *p = &r->pieces[r->at];
    int took;
    if (p->number < 0 || p->digits > 5 || (p->kind != PIECE_NUMBER && p->digits != 4))
        return false;
    int next = r->at + 1;
    int year = complete(r, p);
    bool bce = bce_at(r, next, &took);
    bool marked = word_at(r, next, "年 년 ad ce г года");
    if (bce) {
        turn_before_christ(r);
        keep(r, before_christ(year), before_christ(year), true, p->digits);
        r->last_bce = true;
        r->at = next + took;
        return true;
    }
    bool era = r->at > 0 && word_at(r, r->at - 1, "ad ce");
    bool shortened = year != p->number;
    if (!shortened && !marked && !era && (p->digits < 3 || p->digits > 4))
        return false;
    bool after_christ = word_at(r, next, "ad ce") || era;
    if (year > YEAR_MAX || (marked && p->digits < 3 && !shortened && !after_christ))
        return false;
    if (year % 10 == 0 && word_at(r, next, "s"))
        keep(r, year, year + (year % 100 == 0 && year < 1900 ? 99 : 9), false, 0), r->at = next + 1;
    else if (year % 10 == 0 && word_at(r, next, "年") && word_at(r, next + 1, "代"))
        keep(r, year, year + 9, false, 0), r->at = next + 2;
    else
        keep(r, year, year, true, p->digits), r->at = next + (marked ? 1 : 0);
    r->last_bce = false;
    return true;
}

// "公元前300年", "前3世纪": the mark stands before the number.
static bool read_before_prefix(Reader *r)
{
    int at = r->at;
    if (word_at(r, at, "公") || word_at(r, at, "纪"))
        at += word_at(r, at + 1, "元") ? 2 : 0;
    if (!word_at(r, at, "前") || at + 1 >= r->count || r->pieces[at + 1].number < 0)
        return false;
    int number = r->pieces[at + 1].number;
    if (word_at(r, at + 2, "世") && word_at(r, at + 3, "纪")) {
        century(r, number, true);
        r->at = at + 4;
    } else {
        keep(r, before_christ(number), before_christ(number), true, r->pieces[at + 1].digits);
        r->at = at + 2 + (word_at(r, at + 2, "年") ? 1 : 0);
    }
    r->last_bce = true;
    return true;
}

// A period, or a year of a reign: 昭和43年, 乾隆二十年, Meiji 12.
static bool read_period(Reader *r)
{
    int took;
    const TextPeriod *period = period_at(r->pieces, r->count, r->at, &took);
    if (!period)
        return false;
    int next = r->at + took;
    const Piece *p = next < r->count ? &r->pieces[next] : NULL;
    bool first = p && word_at(r, next, "元") && word_at(r, next + 1, "年");
    int number = first ? 1 : p && p->number > 0 && p->digits <= 3 ? p->number : 0;
    bool in_reign = number && number <= period->latest - period->earliest + 1 &&
                    period->latest - period->earliest < 70 &&
                    (p->kind == PIECE_NUMBER || word_at(r, next + 1, "年"));
    if (in_reign) {
        keep(r, period->earliest + number - 1, period->earliest + number - 1, true, 4);
        r->at = next + 1 + (word_at(r, next + 1, "年") ? 1 : 0);
    } else {
        keep(r, period->earliest, period->latest, false, 0);
        r->at = next;
    }
    r->last_bce = period->latest <= 0;
    return true;
}

static bool read_modifier(Reader *r)
{
    static const struct {
        const char *words;
        int part, parts;
    } modifiers[] = {
        {"early debut fruhes anfang fruh inizio 早 初", 0, 3},
        {"mid middle milieu mitte meta 中", 1, 3},
        {"late fin ende spates spat end 晚 末 后", 2, 3},
    };
    for (size_t i = 0; i < COUNT_OF(modifiers); i++) {
        if (!word_at(r, r->at, modifiers[i].words))
            continue;
        r->part = modifiers[i].part;
        r->parts = modifiers[i].parts;
        return true;
    }
    int took, number = ordinal_at(r, r->at, &took);
    if (number && word_at(r, r->at + took, "half halfte moitie") && number <= 2)
        r->part = number - 1, r->parts = 2;
    else if (number && word_at(r, r->at + took, "quarter quart viertel") && number <= 4)
        r->part = number - 1, r->parts = 4;
    else if (number && word_at(r, r->at + took, "third drittel") && number <= 3)
        r->part = number - 1, r->parts = 3;
    else
        return false;
    r->at += took;
    return true;
}

static void read_word(Reader *r)
{
    if (r->pieces[r->at].kind == PIECE_DASH || word_at(r, r->at, "to bis 至 et and und"))
        r->range = true;
    else if (word_at(r, r->at, "c ca circa about around vers um approximately 约 頃 顷"))
        r->circa = true;
    else if (word_at(r, r->at, "before avant vor prior until"))
        r->before = true;
    else if (word_at(r, r->at, "after apres nach post since from"))
        r->after = !word_at(r, r->at, "from");
    else if (!read_modifier(r) && !word_at(r, r->at, "the of le du des"))
        r->parts = 0;
    r->at++;
}

bool text_years(Str text, int *ret_earliest, int *ret_latest)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str folded = text_fold(a, utf8_head(text, TEXT_MAX_BYTES));
    Piece *pieces = arena_array(a, Piece, PIECES_MAX);
    Reader r = {.pieces = pieces, .count = cut_pieces(folded, pieces)};
    while (r.at < r.count)
        if (!read_before_prefix(&r) && !read_century(&r) && !read_year(&r) && !read_period(&r))
            read_word(&r);
    if (!r.found || r.earliest > r.latest || r.earliest < YEAR_MIN || r.latest > YEAR_MAX + BEFORE_YEARS)
        return false;
    *ret_earliest = r.earliest;
    *ret_latest = r.latest;
    return true;
}

const TextPeriod *text_period_in(Str text, bool whole)
{
    CLEANUP(arena_closep) Arena *a = arena_open();
    Str folded = text_fold(a, utf8_head(text, TEXT_MAX_BYTES));
    Piece *pieces = arena_array(a, Piece, PIECES_MAX);
    int count = cut_pieces(folded, pieces), took;
    for (int at = 0; at < (whole ? MIN_OF(count, 1) : count); at++) {
        const TextPeriod *period = period_at(pieces, count, at, &took);
        if (period && (!whole || took == count))
            return period;
    }
    return NULL;
}
