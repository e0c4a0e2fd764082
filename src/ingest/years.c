// SPDX-License-Identifier: Apache-2.0
// The text becomes tokens (numbers, words, single signs); each number is then read by what stands around it.
// Whatever is found widens the span.
#include "ingest/years.h"

#include "base/utf8.h"
#include "ingest/periods.h"

enum { TOKENS_MAX = 64, TEXT_MAX_BYTES = 400, YEAR_MAX = 2100 };

typedef enum { TOKEN_NUMBER, TOKEN_WORD, TOKEN_SIGN } TokenKind;

typedef struct {
    TokenKind kind;
    int number, digits;
    Str text;
    bool joined; // no space before it
} Token;

typedef struct {
    char lower[TEXT_MAX_BYTES + 1];
    Token tokens[TOKENS_MAX];
    int count;
    bool found;
    int earliest, latest;
} Reading;

static void widen(Reading *r, int from, int to)
{
    r->earliest = r->found ? MIN_OF(r->earliest, from) : from;
    r->latest = r->found ? MAX_OF(r->latest, to) : to;
    r->found = true;
}

static bool is_any(Str s, const char *words) // words: separated and enclosed by single spaces
{
    Str rest = str_from(words), word;
    while (str_next(&rest, ' ', &word))
        if (word.n && str_eq(word, s))
            return true;
    return false;
}

// ---- tokens

// Lower case for ASCII, and the digits and dashes of other scripts as ASCII ones.
static Str fold(Str text, char *to)
{
    Buf out = {.p = to, .capacity = TEXT_MAX_BYTES, .max = TEXT_MAX_BYTES};
    uint32_t c;
    while (out.n + 4 <= TEXT_MAX_BYTES && utf8_next(&text, &c)) {
        if (c >= 'A' && c <= 'Z')
            c += 'a' - 'A';
        else if (c >= 0xff10 && c <= 0xff19)
            c -= 0xff10 - '0';
        else if ((c >= 0x2010 && c <= 0x2015) || c == 0x2212 || c == 0x301c || c == 0xff5e || c == '~')
            c = '-';
        else if (c == 0xa0 || c == 0x3000)
            c = ' ';
        utf8_add(&out, c);
    }
    return buf_str(&out);
}

static bool is_word_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c & 0x80);
}

static void tokenize(Reading *r, Str s)
{
    bool joined = true;
    for (size_t i = 0; i < s.n && r->count < TOKENS_MAX;) {
        size_t from = i;
        Token t = {.kind = TOKEN_SIGN, .joined = joined};
        joined = true;
        if (s.p[i] == ' ') {
            joined = false;
            i++;
            continue;
        }
        if (s.p[i] >= '0' && s.p[i] <= '9') {
            t.kind = TOKEN_NUMBER;
            for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++) {
                t.number = t.digits < 7 ? t.number * 10 + s.p[i] - '0' : t.number;
                t.digits++;
            }
        } else if (is_word_byte(s.p[i])) {
            t.kind = TOKEN_WORD;
            while (i < s.n && is_word_byte(s.p[i]))
                i++;
        } else {
            i++;
        }
        t.text = str_slice(s, from, i);
        r->tokens[r->count++] = t;
    }
}

static const Token *token_at(const Reading *r, int at)
{
    static const Token NOTHING = {.kind = TOKEN_SIGN};
    return at >= 0 && at < r->count ? &r->tokens[at] : &NOTHING;
}

static bool is_sign(const Reading *r, int at, const char *signs)
{
    const Token *t = token_at(r, at);
    return t->kind == TOKEN_SIGN && t->text.n == 1 && strchr(signs, t->text.p[0]);
}

static bool starts_word(const Reading *r, int at, const char *head)
{
    const Token *t = token_at(r, at);
    return t->kind == TOKEN_WORD && str_starts(t->text, str_from(head));
}

// ---- before or after year one

static bool says_bce(const Reading *r, int at)
{
    const Token *t = token_at(r, at);
    if (t->kind != TOKEN_WORD)
        return false;
    if (is_any(t->text, "bc bce bp"))
        return true;
    Str second = token_at(r, at + 1)->text, third = token_at(r, at + 2)->text;
    if (is_sign(r, at + 1, "."))
        second = third, third = token_at(r, at + 3)->text;
    if (str_eq(t->text, S("b")) && is_any(second, "c"))
        return true;
    if (is_any(t->text, "v vor") && is_any(second, "chr christus u"))
        return true;
    return is_any(t->text, "av avant") && is_any(second, "j jc jésus jesus");
}

static bool says_ce(const Reading *r, int at)
{
    const Token *t = token_at(r, at);
    return t->kind == TOKEN_WORD && is_any(t->text, "ad ce n nach apr après");
}

// The nearest word about it decides: after the number, or for Chinese and Japanese before it.
static bool is_bce(const Reading *r, int at)
{
    for (int i = at - 1; i >= 0 && i >= at - 4; i--) {
        const Token *t = token_at(r, i);
        size_t found;
        if (t->kind != TOKEN_WORD)
            continue;
        if (str_ends(t->text, S("前")) && (t->text.n > 3 || t->joined))
            return true;
        if (str_find(t->text, S("公元"), &found))
            return false;
    }
    for (int i = at + 1; i < r->count; i++) {
        if (says_bce(r, i))
            return true;
        if (says_ce(r, i))
            return false;
    }
    return false;
}

// ---- centuries

static bool is_century_word(const Reading *r, int at)
{
    static const char *const HEADS[] = {"centur", "cent", "jahrhundert", "jh", "jhdt", "siècle", "siecle",
        "secolo", "siglo", "século", "seculo", "eeuw", "århundrade", "век", "世纪", "世紀", "세기", "wiek"};
    for (size_t i = 0; i < COUNT_OF(HEADS); i++)
        if (starts_word(r, at, HEADS[i]))
            return true;
    return false;
}

static bool is_ordinal_mark(const Reading *r, int at)
{
    const Token *t = token_at(r, at);
    return is_sign(r, at, ".") ||
           (t->kind == TOKEN_WORD && t->joined && is_any(t->text, "st nd rd th e ème er º ª"));
}

// Is a century meant by the number at `at`? "19th century", "18.-19. Jh.", "18th or early 19th century".
static bool means_century(const Reading *r, int at, int *ret_word)
{
    for (int i = at + 1; i <= at + 9 && i < r->count; i++) {
        if (is_century_word(r, i))
            return *ret_word = i, true;
        const Token *t = token_at(r, i);
        bool passes =
            is_ordinal_mark(r, i) || is_sign(r, i, "-/,") || (t->kind == TOKEN_NUMBER && t->digits <= 2) ||
            (t->kind == TOKEN_WORD &&
                is_any(t->text, "to or and bis und oder et au ou early mid middle late first second half of "
                                "the quarter third anfang mitte ende"));
        if (!passes)
            return false;
    }
    return false;
}

static void part_of_century(const Reading *r, int at, int *from, int *to)
{
    // Words up to three before the number narrow it: "late 18th", "second half of the 19th".
    for (int i = at - 1; i >= 0 && i >= at - 5; i--) {
        const Token *t = token_at(r, i);
        if (t->kind != TOKEN_WORD || is_ordinal_mark(r, i))
            return;
        if (is_any(t->text, "early anfang début beginning"))
            *to -= 60;
        else if (is_any(t->text, "mid middle mitte milieu"))
            *from += 30, *to -= 30;
        else if (is_any(t->text, "late ende end fin"))
            *from += 60;
        else if (is_any(t->text, "half hälfte"))
            is_any(token_at(r, i - 1)->text, "second 2nd zweite nd") ? (*from += 50) : (*to -= 50);
        else if (!is_any(t->text, "of the des du"))
            continue;
        else
            continue;
        return;
    }
}

static void add_century(Reading *r, int at, int number)
{
    if (number < 1 || number > 30)
        return;
    bool bce = is_bce(r, at);
    int from = bce ? 1 - number * 100 : (number - 1) * 100 + 1;
    int to = from + 99;
    part_of_century(r, at, &from, &to);
    widen(r, from, to);
}

static int roman(Str word)
{
    static const char LETTERS[] = "ivxlc";
    static const int VALUES[] = {1, 5, 10, 50, 100};
    int sum = 0, last = 0;
    if (str_ends(word, S("e"))) // XVIIIe
        word.n--;
    for (size_t i = word.n; i-- > 0;) {
        const char *letter = memchr(LETTERS, word.p[i], 5);
        if (!letter)
            return 0;
        int value = VALUES[letter - LETTERS];
        sum += value < last ? -value : value;
        last = MAX_OF(last, value);
    }
    return sum;
}

// 一 .. 二十九, as in 十九世纪; 0 if it is none.
static int chinese_number(Str word)
{
    static const char *const DIGITS[] = {"一", "二", "三", "四", "五", "六", "七", "八", "九"};
    int tens = 0, ones = 0;
    while (word.n >= 3) {
        Str c = str_slice(word, 0, 3);
        bool known = str_eq(c, S("十"));
        if (known)
            tens = ones ? ones * 10 : 10, ones = 0;
        for (int i = 0; i < 9 && !known; i++)
            if (str_eq(c, str_from(DIGITS[i])))
                ones = i + 1, known = true;
        if (!known)
            break;
        word = str_slice(word, 3, word.n);
    }
    return str_starts(word, S("世纪")) || str_starts(word, S("世紀")) ? tens + ones : 0;
}

// ---- years

static bool is_decade(const Reading *r, int at)
{
    const Token *t = token_at(r, at + 1);
    return r->tokens[at].number % 10 == 0 && t->kind == TOKEN_WORD && t->joined &&
           (is_any(t->text, "s er ern") || str_starts(t->text, S("年代")));
}

static void add_year(Reading *r, int at)
{
    const Token *t = &r->tokens[at];
    bool bce = is_bce(r, at) || (at == 1 && t->digits == 4 && is_sign(r, 0, "-") && t->joined);
    if (t->number > YEAR_MAX && !bce)
        return;
    if (at == 1 && t->digits == 4 && is_sign(r, 0, "-") && t->joined) {
        widen(r, -t->number, -t->number); // ISO 8601: the number is astronomical already
        return;
    }
    int year = bce ? 1 - t->number : t->number;
    if (is_decade(r, at)) {
        bool hundred = t->number % 100 == 0 && starts_word(r, at + 1, "s"); // "1800s": the century
        widen(r, year, year + (hundred ? 99 : 9));
        return;
    }
    widen(r, year, year);
    // "1787-88", "1938/39": the second number is short for one of the same century.
    const Token *next = token_at(r, at + 2);
    bool short_end = is_sign(r, at + 1, "-/") && next->kind == TOKEN_NUMBER && next->digits == 2 &&
                     !is_sign(r, at + 3, "-/.") && !means_century(r, at + 2, &(int){0});
    if (!bce && t->digits == 4 && short_end && next->number > t->number % 100)
        widen(r, year, t->number - t->number % 100 + next->number);
}

static bool is_year(const Reading *r, int at)
{
    const Token *t = &r->tokens[at];
    if (t->digits == 3 || t->digits == 4)
        return t->number > 0;
    if (t->digits > 4)
        return is_bce(r, at);
    // One or two digits are a year only where an era says so.
    return t->number > 0 &&
           (says_bce(r, at + 1) || says_ce(r, at + 1) || (is_bce(r, at) && !is_sign(r, at + 1, "./")));
}

// "31/02/1950", "5.13.1950": is it a day that exists, in either order?
static bool impossible_day(const Reading *r, int at)
{
    static const int DAYS[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const Token *a = &r->tokens[at], *b = token_at(r, at + 2);
    if (a->digits > 2 || !is_sign(r, at + 1, "/.") || b->kind != TOKEN_NUMBER || b->digits > 2 ||
        !is_sign(r, at + 3, "/.") || token_at(r, at + 4)->kind != TOKEN_NUMBER)
        return false;
    int x = a->number, y = b->number;
    bool day_first = y >= 1 && y <= 12 && x >= 1 && x <= DAYS[y - 1];
    bool month_first = x >= 1 && x <= 12 && y >= 1 && y <= DAYS[x - 1];
    return !day_first && !month_first;
}

static void read_number(Reading *r, int at)
{
    int word;
    const Token *next = token_at(r, at + 1);
    if (r->tokens[at].digits <= 2 && means_century(r, at, &word))
        add_century(r, at, r->tokens[at].number);
    else if (r->tokens[at].digits == 2 && next->joined && is_any(next->text, "xx"))
        widen(r, r->tokens[at].number * 100, r->tokens[at].number * 100 + 99);
    else if (is_year(r, at))
        add_year(r, at);
}

YearsAnswer years_guess(Str text, int *ret_earliest, int *ret_latest)
{
    Reading r = {0};
    Str s = str_trim(fold(utf8_head(str_trim(text), TEXT_MAX_BYTES), r.lower));
    if (s.n == 0 || is_any(s, "n.d. nd undated unknown unbekannt o.d. s.d. 不详 不詳 不明 無年代 - ?") ||
        str_eq(s, S("no date")) || str_eq(s, S("date unknown")) || str_eq(s, S("date not known")))
        return YEARS_NONE;
    tokenize(&r, s);
    PeriodMatch period = periods_match(s);
    for (int i = 0; i < r.count; i++) {
        if (r.tokens[i].kind == TOKEN_NUMBER) {
            if (impossible_day(&r, i))
                return YEARS_UNREADABLE;
            if (!period.exact)
                read_number(&r, i);
        } else if (r.tokens[i].kind == TOKEN_WORD && chinese_number(r.tokens[i].text)) {
            add_century(&r, i, chinese_number(r.tokens[i].text));
        } else if (r.tokens[i].kind == TOKEN_WORD && roman(r.tokens[i].text) &&
                   (is_century_word(&r, i - 1) || is_century_word(&r, i + 1) ||
                       (is_ordinal_mark(&r, i + 1) && is_century_word(&r, i + 2)))) {
            add_century(&r, i, roman(r.tokens[i].text));
        }
    }
    if (!r.found && !period.found)
        period = periods_match_latin(s);
    if (!r.found && period.found)
        widen(&r, period.earliest, period.latest);
    if (!r.found)
        return YEARS_UNREADABLE;
    *ret_earliest = r.earliest;
    *ret_latest = r.latest;
    return YEARS_FOUND;
}
