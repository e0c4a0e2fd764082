// SPDX-License-Identifier: Apache-2.0
// A run of words that is a date or a named period: "Tang dynasty", "1850s", "late 18th century", "before
// 1600". Text that only happens to have a number in it is no date: every word must be one that dates are made
// of.
#include "search/query.h"

#include <stdio.h>

enum { DATE_CHUNKS_MAX = 6, YEAR_FIRST = 500, YEAR_LAST = 2100 };
#define WEIGHT_DATE 0.6f

static const char DATE_WORDS[] = "| c | ca | circa | about | around | um | vers | environ | hacia | before | "
                                 "avant | vor | after | apres | nach | "
                                 "between | and | et | und | entre | zwischen | to | bis | from | de | von | "
                                 "the | of | early | mid | middle | late | "
                                 "first | second | third | last | half | quarter | fruhes | spates | mitte | "
                                 "anfang | ende | debut | fin | milieu | "
                                 "years | annees | anos | anni | jahre | bce | ce | bc | ad | ";
static const char CENTURY_WORDS[] =
    "| century | centuries | cent | siecle | jahrhundert | jh | secolo | siglo | eeuw | seculo | ";
static const char ORDINALS[] = "| st | nd | rd | th | e | er | eme | s | er | ieme | ";
static const char PERIOD_WORDS[] =
    "| dynasty | period | era | age | reign | time | times | dynastie | periode | epoque | "
    "zeit | dynastia | periodo | epoca | empire | ";
static const char *const PERIOD_ENDS[] = {"时期", "时代", "王朝", "朝", "代", "시대"};

static bool listed(const char *list, Str word)
{
    char padded[40];
    if (word.n == 0 || word.n + 3 > sizeof(padded))
        return false;
    int n = snprintf(padded, sizeof(padded), " " FMT_STR " ", ARG_STR(word));
    return n > 0 && strstr(list, padded);
}

typedef struct {
    bool year, century, ordinal, other;
} Parts;

static void see_word(Parts *parts, Str word)
{
    size_t digits = 0, roman = 0;
    while (digits < word.n && word.p[digits] >= '0' && word.p[digits] <= '9')
        digits++;
    while (roman < word.n && strchr("ivx", word.p[roman]))
        roman++;
    int number = 0;
    if (digits && digits <= 4)
        (void)str_to_int(str_slice(word, 0, digits), 0, 9999, &number);
    Str rest = str_slice(word, MAX_OF(digits, roman), word.n);
    if (digits && (rest.n == 0 || listed(ORDINALS, rest))) {
        parts->year |= number >= YEAR_FIRST && number < YEAR_LAST;
        parts->ordinal |= number > 0 && number <= 21;
        parts->other |= digits > 4;
    } else if (listed(CENTURY_WORDS, word))
        parts->century = true;
    else if (roman && (rest.n == 0 || listed(ORDINALS, rest)))
        parts->ordinal = true;
    else if (!listed(DATE_WORDS, word))
        parts->other = true;
}

static void see_character(Parts *parts, Str c)
{
    static const Str known = {"年代前后初末中半期约顷公元西历", sizeof("年代前后初末中半期约顷公元西历") - 1};
    size_t at;
    if (str_eq(c, S("世")) || str_eq(c, S("纪")))
        parts->century = true;
    else if (!str_find(known, c, &at))
        parts->other = true;
}

static bool leading_number(Str word, int *ret)
{
    size_t digits = 0;
    while (digits < word.n && word.p[digits] >= '0' && word.p[digits] <= '9')
        digits++;
    return digits && str_to_int(str_slice(word, 0, digits), 0, 9999, ret);
}

// "1850-1860" and "1850-60" are years; "1998.44", "1998 44", "1998-44" and "1925.1024" are what accession
// numbers look like.
static bool rises(int first, int second)
{
    return second < 100 ? second > first % 100 : second >= first;
}

// Two numbers side by side make a date only with a dash between them, and if the second is later.
static bool is_span(Str between, int first, int second)
{
    size_t at;
    const bool dash =
        str_find(between, S("-"), &at) || str_find(between, S("–"), &at) || str_find(between, S("—"), &at);
    return dash && rises(first, second);
}

static bool is_date(Str text, const TextToken *tokens, size_t count)
{
    Parts parts = {0};
    const TextToken *before = NULL; // if it is a number
    for (size_t i = 0; i < count; i++) {
        const TextToken *t = &tokens[i];
        int first, second;
        if (t->kind == TEXT_SINGLE)
            see_character(&parts, t->text);
        else if (t->kind == TEXT_WORD || t->kind == TEXT_NUMBER)
            see_word(&parts, t->text);
        else
            continue;
        const bool number = leading_number(t->text, &second);
        if (number && before && leading_number(before->text, &first))
            parts.other |= !is_span(str_slice(text, before->at + before->size, t->at), first, second);
        before = number ? t : NULL;
    }
    return !parts.other && (parts.year || (parts.century && parts.ordinal));
}

// run: the tokens as they stand in text. What a record has as its number is no date.
static bool add_years(Plan *p, Node *any, Str text, Str run, const TextToken *tokens, size_t count)
{
    int earliest, latest;
    if (!is_date(text, tokens, count) || !text_years(run, &earliest, &latest))
        return false;
    if (tokens->size < run.n && node_term(p, TERM_KEY, text_key(p->a, run), 1, 0)->docs > 0)
        return false;
    Node *years = plan_years(p, earliest, latest);
    years->weight = WEIGHT_DATE;
    years->why = arena_printf(p->a, "%d..%d", earliest, latest);
    node_add(p, any, years);
    return true;
}

// The name of a period without the word that says that it is one.
static bool add_period(Plan *p, Node *any, Str text)
{
    if (period_expand(p, any, text))
        return true;
    Str folded = text_fold(p->a, text), head, tail;
    if (str_cut_last(folded, ' ', &head, &tail) && listed(PERIOD_WORDS, tail) && period_expand(p, any, head))
        return true;
    if (str_cut(folded, ' ', &head, &tail) && listed(PERIOD_WORDS, head) && period_expand(p, any, tail))
        return true;
    for (size_t i = 0; i < COUNT_OF(PERIOD_ENDS); i++)
        if (str_ends(folded, str_from(PERIOD_ENDS[i])) &&
            period_expand(p, any, str_slice(folded, 0, folded.n - strlen(PERIOD_ENDS[i]))))
            return true;
    return false;
}

size_t dates_plan(Plan *p, Node *any, Str text, const TextToken *tokens, size_t count)
{
    size_t ends[DATE_CHUNKS_MAX], chunks = 0;
    for (size_t i = 0; i < count; i++) {
        bool begins = i == 0 || (tokens[i].kind != TEXT_JOINED && !tokens[i].touches);
        if (begins && chunks == DATE_CHUNKS_MAX)
            break;
        chunks += begins;
        ends[chunks - 1] = i + 1;
    }
    for (; chunks > 0; chunks--) {
        const TextToken *last = &tokens[ends[chunks - 1] - 1];
        Str run = {text.p + tokens->at, (size_t)(last->at + last->size - tokens->at)};
        if (add_years(p, any, text, run, tokens, ends[chunks - 1]) || add_period(p, any, run))
            return ends[chunks - 1];
    }
    return 0;
}
