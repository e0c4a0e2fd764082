// SPDX-License-Identifier: Apache-2.0
// Lengths and weights from texts as museums write them. One pass from left to right: a number, then a unit,
// or a joining sign and the next number, which has the unit ("27.3 x 12 cm", "10-12 in.").
#include "base/utf8.h"
#include "text/int.h"

enum { CHAIN_MAX = 8, LABEL_MAX_CHARS = 8, WHOLE_DIGITS_MAX = 9 };

typedef struct {
    const char *name; // lower case
    TextMeasureKind kind;
    double factor; // to millimetres or grams
} Unit;

// The longer of two that begin alike comes first. 1 inch is 25.4 mm and 1 pound 453.59237 g since 1959.
static const Unit UNITS[] = {
    {"millimetres", TEXT_LENGTH, 1},
    {"millimeters", TEXT_LENGTH, 1},
    {"centimetres", TEXT_LENGTH, 10},
    {"centimeters", TEXT_LENGTH, 10},
    {"metres", TEXT_LENGTH, 1000},
    {"meters", TEXT_LENGTH, 1000},
    {"inches", TEXT_LENGTH, 25.4},
    {"inch", TEXT_LENGTH, 25.4},
    {"pouces", TEXT_LENGTH, 25.4},
    {"pouce", TEXT_LENGTH, 25.4},
    {"pulgadas", TEXT_LENGTH, 25.4},
    {"pollici", TEXT_LENGTH, 25.4},
    {"zoll", TEXT_LENGTH, 25.4},
    {"feet", TEXT_LENGTH, 304.8},
    {"foot", TEXT_LENGTH, 304.8},
    {"mm", TEXT_LENGTH, 1},
    {"cm", TEXT_LENGTH, 10},
    {"dm", TEXT_LENGTH, 100},
    {"in", TEXT_LENGTH, 25.4},
    {"ft", TEXT_LENGTH, 304.8},
    {"m", TEXT_LENGTH, 1000},
    {"\"", TEXT_LENGTH, 25.4},
    {"″", TEXT_LENGTH, 25.4},
    {"”", TEXT_LENGTH, 25.4},
    {"'", TEXT_LENGTH, 304.8},
    {"′", TEXT_LENGTH, 304.8},
    {"毫米", TEXT_LENGTH, 1},
    {"厘米", TEXT_LENGTH, 10},
    {"釐米", TEXT_LENGTH, 10},
    {"公分", TEXT_LENGTH, 10},
    {"公尺", TEXT_LENGTH, 1000},
    {"米", TEXT_LENGTH, 1000},
    {"英寸", TEXT_LENGTH, 25.4},
    {"英吋", TEXT_LENGTH, 25.4},
    {"ミリメートル", TEXT_LENGTH, 1},
    {"ミリ", TEXT_LENGTH, 1},
    {"センチメートル", TEXT_LENGTH, 10},
    {"センチ", TEXT_LENGTH, 10},
    {"メートル", TEXT_LENGTH, 1000},
    {"밀리미터", TEXT_LENGTH, 1},
    {"센티미터", TEXT_LENGTH, 10},
    {"미터", TEXT_LENGTH, 1000},
    {"мм", TEXT_LENGTH, 1},
    {"см", TEXT_LENGTH, 10},
    {"м", TEXT_LENGTH, 1000},
    {"grams", TEXT_WEIGHT, 1},
    {"gram", TEXT_WEIGHT, 1},
    {"ounces", TEXT_WEIGHT, 28.349523125},
    {"ounce", TEXT_WEIGHT, 28.349523125},
    {"pounds", TEXT_WEIGHT, 453.59237},
    {"pound", TEXT_WEIGHT, 453.59237},
    {"mg", TEXT_WEIGHT, 0.001},
    {"kg", TEXT_WEIGHT, 1000},
    {"oz", TEXT_WEIGHT, 28.349523125},
    {"lbs", TEXT_WEIGHT, 453.59237},
    {"lb", TEXT_WEIGHT, 453.59237},
    {"g", TEXT_WEIGHT, 1},
    {"千克", TEXT_WEIGHT, 1000},
    {"公斤", TEXT_WEIGHT, 1000},
    {"公克", TEXT_WEIGHT, 1},
    {"克", TEXT_WEIGHT, 1},
    {"кг", TEXT_WEIGHT, 1000},
    {"г", TEXT_WEIGHT, 1},
};

static const struct {
    uint32_t sign;
    double value;
} FRACTIONS[] = {{0xBC, 0.25}, {0xBD, 0.5}, {0xBE, 0.75}, {0x2153, 1 / 3.0}, {0x2154, 2 / 3.0}, {0x2155, 0.2},
    {0x2156, 0.4}, {0x2157, 0.6}, {0x2158, 0.8}, {0x2159, 1 / 6.0}, {0x215A, 5 / 6.0}, {0x215B, 0.125},
    {0x215C, 0.375}, {0x215D, 0.625}, {0x215E, 0.875}};

typedef struct {
    const char *begin;
    Str rest;
    TextMeasure *ret;
    size_t count, max;
    struct {
        double value;
        const char *at, *end;
    } chain[CHAIN_MAX]; // numbers that wait for their unit
    size_t chain_count;
} Scan;

static uint32_t peek(Str s)
{
    uint32_t c = 0;
    return utf8_next(&s, &c) ? c : 0;
}

// The digit that stands there, of any script, or -1; *ret_size its bytes.
static int digit_at(Str s, size_t *ret_size)
{
    Str rest = s;
    uint32_t c;
    if (!utf8_next(&rest, &c))
        return -1;
    *ret_size = (size_t)(rest.p - s.p);
    if (c >= '0' && c <= '9')
        return (int)(c - '0');
    if (c < 0x80)
        return -1;
    CharFold fold = char_fold(c);
    return fold.class == CHAR_DIGIT && fold.count == 1 ? (int)(fold.to[0] - '0') : -1;
}

// Digits in a row; returns how many.
static int take_digits(Str *s, double *ret)
{
    int digits = 0, digit;
    size_t size;
    double value = 0;
    while (digits < WHOLE_DIGITS_MAX && (digit = digit_at(*s, &size)) >= 0) {
        value = value * 10 + digit;
        *s = str_slice(*s, size, s->n);
        digits++;
    }
    *ret = value;
    return digits;
}

static Str pass_blanks(Str s)
{
    Str rest = s;
    for (uint32_t c;
         utf8_next(&rest, &c) && (c == ' ' || c == '\t' || c == 0xA0 || c == 0x202F || c == 0x3000);)
        s = rest;
    return s;
}

// "5/8", "⅝", also after a blank or hyphen; adds it to *value.
static bool take_fraction(Str *s, double *value)
{
    Str rest = *s;
    uint32_t c;
    double over, under;
    if (!utf8_next(&rest, &c))
        return false;
    for (size_t i = 0; i < COUNT_OF(FRACTIONS); i++)
        if (FRACTIONS[i].sign == c) {
            *value += FRACTIONS[i].value;
            *s = rest;
            return true;
        }
    rest = *s;
    if (take_digits(&rest, &over) == 0)
        return false;
    c = peek(rest);
    if (c != '/' && c != 0x2044)
        return false;
    utf8_next(&rest, &c);
    if (take_digits(&rest, &under) == 0 || over >= under || under > 64)
        return false;
    *value += over / under;
    *s = rest;
    return true;
}

// ".5", ",5", ",250" (a group of thousands if three digits follow a comma and the unit is small anyway).
static void take_decimals(Str *s, int whole_digits, double *value)
{
    uint32_t sign = peek(*s);
    if (sign != '.' && sign != ',')
        return;
    Str rest = str_slice(*s, 1, s->n);
    double decimals, scale = 1;
    int digits = take_digits(&rest, &decimals);
    if (digits == 0)
        return;
    if (sign == ',' && digits == 3 && whole_digits <= 3 && *value > 0) {
        *value = *value * 1000 + decimals;
    } else {
        for (int i = 0; i < digits; i++)
            scale *= 10;
        *value += decimals / scale;
    }
    *s = rest;
}

static bool take_number(Str *s, double *ret)
{
    Str rest = *s;
    *ret = 0;
    if (take_fraction(&rest, ret)) {
        *s = rest;
        return true;
    }
    int digits = take_digits(&rest, ret);
    if (digits == 0)
        return false;
    Str whole = rest;
    take_decimals(&rest, digits, ret);
    if (rest.p == whole.p) {
        Str further = pass_blanks(rest);
        if (peek(further) == '-')
            further = str_slice(further, 1, further.n);
        if (take_fraction(&further, ret))
            rest = further;
    }
    *s = rest;
    return true;
}

static bool is_letter(uint32_t c)
{
    return c && char_fold(c).class == CHAR_WORD;
}

// The unit that begins here, NULL if none does. A unit of letters is a whole word.
static const Unit *take_unit(Str *s)
{
    Str at = pass_blanks(*s);
    for (size_t i = 0; i < COUNT_OF(UNITS); i++) {
        Str name = str_from(UNITS[i].name), head = str_slice(at, 0, name.n),
            after = str_slice(at, name.n, at.n);
        if (head.n < name.n || !str_eq_nocase(head, name) ||
            (is_letter(peek(name)) && is_letter(peek(after))))
            continue;
        *s = after;
        return &UNITS[i];
    }
    return NULL;
}

// "x", "×", "by", "-" between two numbers, and a word before the second: "H. 27 x W. 12 cm".
static bool take_join(Str *s)
{
    Str rest = pass_blanks(*s);
    uint32_t c;
    size_t size;
    if (!utf8_next(&rest, &c))
        return false;
    if (c == 'b' && peek(rest) == 'y')
        rest = str_slice(rest, 1, rest.n);
    else if (!(c == 'x' || c == 'X' || c == 0xD7 || c == '*' || c == 0x445 || c == 0x2715 || c == '-' ||
                 (c >= 0x2010 && c <= 0x2015)))
        return false;
    rest = pass_blanks(rest);
    for (int i = 0; i < LABEL_MAX_CHARS && rest.n && digit_at(rest, &size) < 0; i++) {
        c = peek(rest);
        if (!(is_letter(c) || c == '.' || c == ':' || c == ' ' || c == 0xA0))
            break;
        utf8_next(&rest, &c);
    }
    *s = rest;
    return digit_at(rest, &size) >= 0;
}

static void settle(Scan *s, const Unit *unit)
{
    for (size_t i = 0; i < s->chain_count && s->count < s->max; i++) {
        const char *end = i + 1 == s->chain_count ? s->rest.p : s->chain[i].end;
        s->ret[s->count++] = (TextMeasure){.kind = unit->kind,
            .value = s->chain[i].value * unit->factor,
            .at = (uint32_t)(s->chain[i].at - s->begin),
            .size = (uint32_t)(end - s->chain[i].at)};
    }
}

// Numbers and what joins them, from the first digit on. False if no unit followed.
static bool read_chain(Scan *s)
{
    s->chain_count = 0;
    while (s->chain_count < CHAIN_MAX) {
        double value;
        const char *at = s->rest.p;
        if (!take_number(&s->rest, &value))
            return false;
        s->chain[s->chain_count].value = value;
        s->chain[s->chain_count].at = at;
        s->chain[s->chain_count++].end = s->rest.p;
        const Unit *unit = take_unit(&s->rest);
        if (unit) {
            settle(s, unit);
            return true;
        }
        Str rest = s->rest;
        if (!take_join(&rest))
            return false;
        s->rest = rest;
    }
    return false;
}

size_t text_measures(Str text, TextMeasure *ret, size_t max)
{
    Scan s = {.begin = text.p, .rest = utf8_head(text, TEXT_INPUT_MAX_BYTES), .ret = ret, .max = max};
    bool in_word = false;
    while (s.rest.n && s.count < max) {
        size_t size;
        uint32_t c;
        double fraction = 0;
        Str here = s.rest;
        if (!in_word && (digit_at(here, &size) >= 0 || take_fraction(&here, &fraction))) {
            in_word = !read_chain(&s); // "27a": what follows the digits is no new number
            continue;
        }
        utf8_next(&s.rest, &c);
        CharClass class = c < 0x80 ? ((c | 0x20) >= 'a' && (c | 0x20) <= 'z' ? CHAR_WORD
                                         : c >= '0' && c <= '9'              ? CHAR_DIGIT
                                                                             : CHAR_GAP)
                                   : char_fold(c).class;
        in_word = class == CHAR_WORD || class == CHAR_DIGIT;
    }
    return s.count;
}
