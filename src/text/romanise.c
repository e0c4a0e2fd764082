// SPDX-License-Identifier: Apache-2.0
// Latin letters for other scripts, by tables: Hepburn for kana, Revised Romanisation for Hangul, the usual
// library forms for Cyrillic, Greek, Arabic and Hebrew, pinyin for Han. Meant for finding, not for printing.
#include "base/utf8.h"
#include "text/int.h"

typedef struct {
    uint16_t from;
    char to[6];
} Letter;

static const Letter kana[] = {{0x3041, "a"}, {0x3042, "a"}, {0x3043, "i"}, {0x3044, "i"}, {0x3045, "u"},
    {0x3046, "u"}, {0x3047, "e"}, {0x3048, "e"}, {0x3049, "o"}, {0x304A, "o"}, {0x304B, "ka"}, {0x304C, "ga"},
    {0x304D, "ki"}, {0x304E, "gi"}, {0x304F, "ku"}, {0x3050, "gu"}, {0x3051, "ke"}, {0x3052, "ge"},
    {0x3053, "ko"}, {0x3054, "go"}, {0x3055, "sa"}, {0x3056, "za"}, {0x3057, "shi"}, {0x3058, "ji"},
    {0x3059, "su"}, {0x305A, "zu"}, {0x305B, "se"}, {0x305C, "ze"}, {0x305D, "so"}, {0x305E, "zo"},
    {0x305F, "ta"}, {0x3060, "da"}, {0x3061, "chi"}, {0x3062, "ji"}, {0x3064, "tsu"}, {0x3065, "zu"},
    {0x3066, "te"}, {0x3067, "de"}, {0x3068, "to"}, {0x3069, "do"}, {0x306A, "na"}, {0x306B, "ni"},
    {0x306C, "nu"}, {0x306D, "ne"}, {0x306E, "no"}, {0x306F, "ha"}, {0x3070, "ba"}, {0x3071, "pa"},
    {0x3072, "hi"}, {0x3073, "bi"}, {0x3074, "pi"}, {0x3075, "fu"}, {0x3076, "bu"}, {0x3077, "pu"},
    {0x3078, "he"}, {0x3079, "be"}, {0x307A, "pe"}, {0x307B, "ho"}, {0x307C, "bo"}, {0x307D, "po"},
    {0x307E, "ma"}, {0x307F, "mi"}, {0x3080, "mu"}, {0x3081, "me"}, {0x3082, "mo"}, {0x3083, "ya"},
    {0x3084, "ya"}, {0x3085, "yu"}, {0x3086, "yu"}, {0x3087, "yo"}, {0x3088, "yo"}, {0x3089, "ra"},
    {0x308A, "ri"}, {0x308B, "ru"}, {0x308C, "re"}, {0x308D, "ro"}, {0x308F, "wa"}, {0x3090, "i"},
    {0x3091, "e"}, {0x3092, "o"}, {0x3093, "n"}, {0x3094, "vu"}};

static const Letter others[] = {{0x03B1, "a"}, {0x03B2, "v"}, {0x03B3, "g"}, {0x03B4, "d"}, {0x03B5, "e"},
    {0x03B6, "z"}, {0x03B7, "i"}, {0x03B8, "th"}, {0x03B9, "i"}, {0x03BA, "k"}, {0x03BB, "l"}, {0x03BC, "m"},
    {0x03BD, "n"}, {0x03BE, "x"}, {0x03BF, "o"}, {0x03C0, "p"}, {0x03C1, "r"}, {0x03C2, "s"}, {0x03C3, "s"},
    {0x03C4, "t"}, {0x03C5, "y"}, {0x03C6, "f"}, {0x03C7, "ch"}, {0x03C8, "ps"}, {0x03C9, "o"}, {0x0430, "a"},
    {0x0431, "b"}, {0x0432, "v"}, {0x0433, "g"}, {0x0434, "d"}, {0x0435, "e"}, {0x0436, "zh"}, {0x0437, "z"},
    {0x0438, "i"}, {0x043A, "k"}, {0x043B, "l"}, {0x043C, "m"}, {0x043D, "n"}, {0x043E, "o"}, {0x043F, "p"},
    {0x0440, "r"}, {0x0441, "s"}, {0x0442, "t"}, {0x0443, "u"}, {0x0444, "f"}, {0x0445, "kh"}, {0x0446, "ts"},
    {0x0447, "ch"}, {0x0448, "sh"}, {0x0449, "shch"}, {0x044A, ""}, {0x044B, "y"}, {0x044C, ""},
    {0x044D, "e"}, {0x044E, "yu"}, {0x044F, "ya"}, {0x0454, "ye"}, {0x0456, "i"}, {0x0458, "j"},
    {0x0459, "lj"}, {0x045A, "nj"}, {0x045B, "c"}, {0x0491, "g"}, {0x05D0, ""}, {0x05D1, "b"}, {0x05D2, "g"},
    {0x05D3, "d"}, {0x05D4, "h"}, {0x05D5, "v"}, {0x05D6, "z"}, {0x05D7, "ch"}, {0x05D8, "t"}, {0x05D9, "y"},
    {0x05DA, "k"}, {0x05DB, "k"}, {0x05DC, "l"}, {0x05DD, "m"}, {0x05DE, "m"}, {0x05DF, "n"}, {0x05E0, "n"},
    {0x05E1, "s"}, {0x05E2, ""}, {0x05E3, "f"}, {0x05E4, "p"}, {0x05E5, "ts"}, {0x05E6, "ts"}, {0x05E7, "k"},
    {0x05E8, "r"}, {0x05E9, "sh"}, {0x05EA, "t"}, {0x0621, ""}, {0x0627, "a"}, {0x0628, "b"}, {0x062A, "t"},
    {0x062B, "th"}, {0x062C, "j"}, {0x062D, "h"}, {0x062E, "kh"}, {0x062F, "d"}, {0x0630, "dh"},
    {0x0631, "r"}, {0x0632, "z"}, {0x0633, "s"}, {0x0634, "sh"}, {0x0635, "s"}, {0x0636, "d"}, {0x0637, "t"},
    {0x0638, "z"}, {0x0639, ""}, {0x063A, "gh"}, {0x0641, "f"}, {0x0642, "q"}, {0x0643, "k"}, {0x0644, "l"},
    {0x0645, "m"}, {0x0646, "n"}, {0x0647, "h"}, {0x0648, "u"}, {0x064A, "i"}, {0x067E, "p"}, {0x0686, "ch"},
    {0x0698, "zh"}, {0x06AF, "g"}};

enum { HANGUL_FIRST = 0xAC00, HANGUL_LAST = 0xD7A3, SMALL_TSU = 0x3063, LONG_MARK = 0x30FC };

static const char *letter(const Letter *list, size_t count, uint32_t c)
{
    size_t from = 0, to = count;
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (list[middle].from == c)
            return list[middle].to;
        if (list[middle].from < c)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

static void add_hangul(Buf *b, uint32_t c)
{
    static const char *const first[] = {
        "g", "kk", "n", "d", "tt", "r", "m", "b", "pp", "s", "ss", "", "j", "jj", "ch", "k", "t", "p", "h"};
    static const char *const vowel[] = {"a", "ae", "ya", "yae", "eo", "e", "yeo", "ye", "o", "wa", "wae",
        "oe", "yo", "u", "wo", "we", "wi", "yu", "eu", "ui", "i"};
    static const char *const last[] = {"", "k", "k", "k", "n", "n", "n", "t", "l", "k", "m", "l", "l", "l",
        "p", "l", "m", "p", "p", "t", "t", "ng", "t", "t", "k", "t", "p", "t"};
    uint32_t at = c - HANGUL_FIRST;
    buf_add(b, str_from(first[at / 588]));
    buf_add(b, str_from(vowel[at % 588 / 28]));
    buf_add(b, str_from(last[at % 28]));
}

static void add_kana(Buf *b, uint32_t c, const char *latin, bool doubled)
{
    bool small = c == 0x3083 || c == 0x3085 || c == 0x3087;
    char last = b->n ? b->p[b->n - 1] : ' ';
    if (small && last == 'i' && b->n > 1) { // きゃ: ki + ya = kya, しゃ: shi + ya = sha
        b->n--;
        char before = b->p[b->n - 1];
        buf_add(b, str_from(before == 'h' || before == 'j' ? latin + 1 : latin));
        return;
    }
    if (doubled && *latin != ' ')
        buf_add_char(b, *latin == 'c' ? 't' : *latin);
    if ((c == 0x3046 && (last == 'o' || last == 'u')) || (c == 0x304A && last == 'o'))
        return; // a long vowel, whose macron would be dropped
    buf_add(b, str_from(latin));
}

const char *text_pinyin(uint32_t c, int also)
{
    // Characters with two readings that both occur in names and titles.
    static const struct {
        uint16_t c;
        const char *readings[3];
    } several[] = {{0x957F, {"chang", "zhang"}}, {0x4E50, {"le", "yue"}}, {0x91CD, {"zhong", "chong"}},
        {0x884C, {"xing", "hang"}}, {0x85CF, {"cang", "zang"}}, {0x66FE, {"zeng", "ceng"}},
        {0x671D, {"chao", "zhao"}}, {0x5355, {"dan", "shan"}}, {0x4F20, {"chuan", "zhuan"}},
        {0x53C2, {"can", "shen"}}, {0x5EA6, {"du", "duo"}}, {0x90FD, {"du", "dou"}}, {0x5927, {"da", "dai"}},
        {0x5DF7, {"xiang", "hang"}}, {0x5F39, {"dan", "tan"}}, {0x8C03, {"diao", "tiao"}},
        {0x76DB, {"sheng", "cheng"}}, {0x77F3, {"shi", "dan"}}, {0x5F69, {"cai", NULL}},
        {0x89E3, {"jie", "xie"}}, {0x9640, {"tuo", NULL}}, {0x8F66, {"che", "ju"}}, {0x963F, {"a", "e"}},
        {0x67E5, {"cha", "zha"}}, {0x4EC7, {"chou", "qiu"}}, {0x76D6, {"gai", "ge"}}, {0x8303, {"fan", NULL}},
        {0x5E72, {"gan", "qian"}}, {0x7FDF, {"di", "zhai"}}, {0x9000, {"tui", NULL}},
        {0x6E38, {"you", NULL}}};
    for (size_t i = 0; i < COUNT_OF(several); i++)
        if (several[i].c == c)
            return also < 3 ? several[i].readings[also] : NULL;
    if (also)
        return NULL;
    int at = c >= HAN_FIRST && c <= HAN_LAST       ? han_pinyin[c - HAN_FIRST]
             : c >= HAN_A_FIRST && c <= HAN_A_LAST ? han_pinyin_a[c - HAN_A_FIRST]
                                                   : 0;
    return at ? han_syllables[at] : NULL;
}

typedef struct {
    Buf *out;
    bool latin; // nothing but Latin so far
    bool doubled;
} Romaniser;

static void add_romanised(Romaniser *r, uint32_t c)
{
    const char *latin;
    bool doubled = r->doubled;
    r->doubled = false;
    if (c >= HANGUL_FIRST && c <= HANGUL_LAST) {
        add_hangul(r->out, c);
    } else if (c == SMALL_TSU) {
        r->doubled = true;
    } else if (c == LONG_MARK) {
        return;
    } else if ((latin = letter(kana, COUNT_OF(kana), c))) {
        add_kana(r->out, c, latin, doubled);
    } else if ((latin = letter(others, COUNT_OF(others), c))) {
        buf_add(r->out, str_from(latin));
    } else if ((latin = text_pinyin(c, 0))) {
        if (r->out->n && r->out->p[r->out->n - 1] != ' ')
            buf_add_char(r->out, ' ');
        buf_add(r->out, str_from(latin));
        buf_add_char(r->out, ' ');
    } else {
        if (c != ' ' || (r->out->n && r->out->p[r->out->n - 1] != ' '))
            utf8_add(r->out, c);
        return;
    }
    r->latin = false;
}

Str text_romanise(Arena *a, Str text)
{
    Str rest = text_fold(a, text);
    CLEANUP(buf_free) Buf b = buf_with_max(rest.n * 4 + 16);
    Romaniser r = {.out = &b, .latin = true};
    uint32_t c;
    while (utf8_next(&rest, &c))
        add_romanised(&r, c);
    return r.latin ? (Str){0} : arena_copy(a, str_trim(buf_str(&b)));
}
