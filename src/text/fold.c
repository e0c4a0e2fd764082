// SPDX-License-Identifier: Apache-2.0
#include "base/utf8.h"
#include "text/int.h"

#include <stdatomic.h>
#include <unicode/uchar.h>
#include <unicode/unorm2.h>
#include <unicode/uscript.h>
#include <unicode/utf16.h>

// What becomes of each character of the basic plane, filled in as characters are met; any thread may fill any
// cell, they all write the same. Characters that become several, and other planes, are worked out each time.
//
//   bit 31    known
//   bit 30    becomes nothing or several: ask again
//   bits 24-26 class
//   bits 0-20 the character
static _Atomic uint32_t known[0x10000];
enum { KNOWN = 1u << 31, COMPLEX = 1u << 30, CLASS_SHIFT = 24 };

// Letters that Unicode does not take apart, but that people type without their stroke or as two.
static const struct {
    uint16_t from;
    char to[4];
} letters[] = {
    {0x00E6, "ae"},
    {0x00F0, "d"},
    {0x00F8, "o"},
    {0x00FE, "th"},
    {0x0111, "d"},
    {0x0127, "h"},
    {0x0131, "i"},
    {0x0138, "k"},
    {0x0142, "l"},
    {0x014B, "n"},
    {0x0153, "oe"},
    {0x0167, "t"},
    {0x0180, "b"},
    {0x01DD, "e"},
    {0x0253, "b"},
    {0x0254, "o"},
    {0x0256, "d"},
    {0x0257, "d"},
    {0x0259, "e"},
    {0x025B, "e"},
    {0x0268, "i"},
    {0x026B, "l"},
    {0x0272, "n"},
    {0x0289, "u"},
    {0x02BB, ""},
    {0x02BC, ""},
    {0x02BE, ""},
    {0x02BF, ""},
};

bool char_is_han(uint32_t c)
{
    return (c >= HAN_FIRST && c <= HAN_LAST) || (c >= HAN_A_FIRST && c <= HAN_A_LAST) || c == 0x3005 ||
           c == 0x3007 || (c >= 0xF900 && c < 0xFB00) || (c >= 0x20000 && c < 0x32000);
}

static uint32_t simplified(uint32_t c)
{
    size_t from = 0, to = han_variant_count;
    while (from < to) {
        size_t middle = (from + to) / 2;
        if (han_variant[middle][0] == c)
            return han_variant[middle][1];
        if (han_variant[middle][0] < c)
            from = middle + 1;
        else
            to = middle;
    }
    return c;
}

uint32_t char_voiced(uint32_t kana, uint32_t mark)
{
    if (kana < 0x3041 || kana > 0x3096 || (mark != 0x3099 && mark != 0x309A))
        return 0;
    UErrorCode status = U_ZERO_ERROR;
    UChar32 c = unorm2_composePair(unorm2_getNFCInstance(&status), (UChar32)kana, (UChar32)mark);
    return c > 0 ? (uint32_t)c : 0;
}

static bool is_dropped_mark(uint32_t c)
{
    return (c >= 0x0300 && c <= 0x036F) || (c >= 0x0483 && c <= 0x0487) || (c >= 0x0591 && c <= 0x05C7) ||
           c == 0x0640 || (c >= 0x064B && c <= 0x065F) || c == 0x0670 || (c >= 0x06D6 && c <= 0x06ED) ||
           (c >= 0x1AB0 && c <= 0x1AFF) || (c >= 0x1DC0 && c <= 0x1DFF) || (c >= 0x20D0 && c <= 0x20FF) ||
           (c >= 0xFE00 && c <= 0xFE0F) || (c >= 0xFE20 && c <= 0xFE2F) || (c >= 0xE0100 && c <= 0xE01EF);
}

static bool is_join(uint32_t c)
{
    switch (c) {
    case '\'':
    case '-':
    case '.':
    case '/':
    case '_':
    case ',':
    case ':':
    case 0x00B7:
    case 0x2010:
    case 0x2011:
    case 0x2019:
    case 0x30FB:
        return true;
    default:
        return false;
    }
}

static CharClass class_of(uint32_t c)
{
    if (is_dropped_mark(c))
        return CHAR_MARK;
    if (is_join(c))
        return CHAR_JOIN;
    int category = u_charType((UChar32)c);
    if (category == U_DECIMAL_DIGIT_NUMBER)
        return CHAR_DIGIT;
    if (c == 0x3099 || c == 0x309A || c == 0x30FC || char_is_han(c))
        return CHAR_PILE;
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript((UChar32)c, &status);
    bool pile = script == USCRIPT_HAN || script == USCRIPT_HIRAGANA || script == USCRIPT_KATAKANA ||
                script == USCRIPT_HANGUL || script == USCRIPT_THAI || script == USCRIPT_LAO ||
                script == USCRIPT_KHMER || script == USCRIPT_MYANMAR;
    if (category == U_NON_SPACING_MARK || category == U_COMBINING_SPACING_MARK ||
        category == U_ENCLOSING_MARK || category == U_FORMAT_CHAR)
        return CHAR_MARK;
    if (u_isalpha((UChar32)c) || category == U_LETTER_NUMBER || category == U_OTHER_NUMBER)
        return pile ? CHAR_PILE : CHAR_WORD;
    return CHAR_GAP;
}

static void add(CharFold *fold, uint32_t c)
{
    if (fold->count < CHAR_FOLDED_MAX)
        fold->to[fold->count++] = c;
}

// The last step, for a character that is normalised and lower case: script habits.
static void add_plain(CharFold *fold, uint32_t c)
{
    int digit = u_charDigitValue((UChar32)c);
    if (digit >= 0 && digit <= 9 && u_charType((UChar32)c) == U_DECIMAL_DIGIT_NUMBER) {
        add(fold, '0' + (uint32_t)digit);
        return;
    }
    if (c >= 0x30A1 && c <= 0x30F6) // katakana to hiragana
        c -= 0x60;
    if (c == 0x06CC || c == 0x0649) // Arabic letters that are typed alike
        c = 0x064A;
    if (c == 0x06A9)
        c = 0x0643;
    if (c == 0x0629)
        c = 0x0647;
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        if (letters[i].from != c)
            continue;
        for (const char *p = letters[i].to; *p; p++)
            add(fold, (unsigned char)*p);
        return;
    }
    add(fold, char_is_han(c) ? simplified(c) : c);
}

// Taken apart so that accents can be dropped; kana and Hangul stay whole, their parts are letters.
static void add_decomposed(CharFold *fold, uint32_t c, const UNormalizer2 *nfd)
{
    UErrorCode status = U_ZERO_ERROR;
    UScriptCode script = uscript_getScript((UChar32)c, &status);
    bool apart = script != USCRIPT_HIRAGANA && script != USCRIPT_KATAKANA && script != USCRIPT_HANGUL;
    UChar parts[16];
    int32_t count = apart ? unorm2_getDecomposition(nfd, (UChar32)c, parts, 16, &status) : -1;
    if (count < 0 || U_FAILURE(status)) {
        add_plain(fold, c);
        return;
    }
    for (int32_t i = 0; i < count;) {
        UChar32 part;
        U16_NEXT(parts, i, count, part);
        if (!is_dropped_mark((uint32_t)part))
            add_plain(fold, (uint32_t)part);
    }
}

static CharFold work_out(uint32_t c)
{
    CharFold fold = {.class = class_of(c)};
    if (fold.class == CHAR_GAP && (u_isUWhiteSpace((UChar32)c) || u_iscntrl((UChar32)c))) {
        add(&fold, ' ');
        return fold;
    }
    if (is_dropped_mark(c) || (u_charType((UChar32)c) == U_FORMAT_CHAR))
        return fold;
    UErrorCode status = U_ZERO_ERROR;
    const UNormalizer2 *nfkc = unorm2_getNFKCCasefoldInstance(&status);
    const UNormalizer2 *nfd = unorm2_getNFDInstance(&status);
    UChar in[2], out[32];
    int32_t in_count = 0;
    U16_APPEND_UNSAFE(in, in_count, (UChar32)c);
    int32_t count = unorm2_normalize(nfkc, in, in_count, out, 32, &status);
    if (U_FAILURE(status)) { // the one ligature that becomes a whole sentence (U+FDFA), and nothing else
        add(&fold, c);
        return fold;
    }
    for (int32_t i = 0; i < count;) {
        UChar32 part;
        U16_NEXT(out, i, count, part);
        if (!is_dropped_mark((uint32_t)part))
            add_decomposed(&fold, (uint32_t)part, nfd);
    }
    if (fold.count == 1 && fold.to[0] != c) // ㍻, ① and full-width letters behave like what they become
        fold.class = class_of(fold.to[0]);
    else if (fold.count > 1 && fold.class == CHAR_GAP)
        fold.class = class_of(fold.to[0]);
    return fold;
}

CharFold char_fold(uint32_t c)
{
    if (c >= 0x10000)
        return work_out(c);
    uint32_t cell = atomic_load_explicit(&known[c], memory_order_relaxed);
    if (!(cell & KNOWN)) {
        CharFold fold = work_out(c);
        cell = KNOWN | ((uint32_t)fold.class << CLASS_SHIFT) | (fold.count == 1 ? fold.to[0] : COMPLEX);
        atomic_store_explicit(&known[c], cell, memory_order_relaxed);
    }
    if (cell & COMPLEX)
        return work_out(c);
    return (CharFold){.class = (cell >> CLASS_SHIFT) & 7, .count = 1, .to = {cell & 0x1FFFFF}};
}

static void fold_char_into(Buf *b, uint32_t c, uint32_t *last)
{
    CharFold fold = char_fold(c);
    for (int i = 0; i < fold.count; i++) {
        uint32_t to = fold.to[i];
        uint32_t voiced = char_voiced(*last, to);
        if (voiced) {
            b->n -= 3; // the kana before it: always three bytes
            to = voiced;
        }
        if (to == ' ' && (*last == ' ' || b->n == 0))
            continue;
        utf8_add(b, to);
        *last = to;
    }
}

Str text_fold(Arena *a, Str text)
{
    text = utf8_head(text, TEXT_INPUT_MAX_BYTES);
    CLEANUP(buf_free) Buf b = buf_with_max(text.n * CHAR_FOLDED_MAX * 3 + 4);
    uint32_t last = ' ';
    uint32_t c;
    while (text.n) {
        unsigned char first = (unsigned char)text.p[0];
        if (first < 0x80) { // most text of most museums
            c = first >= 'A' && first <= 'Z' ? first | 0x20u : first <= ' ' || first == 0x7F ? ' ' : first;
            text = str_slice(text, 1, text.n);
            if (c == ' ' && (last == ' ' || b.n == 0))
                continue;
            buf_add_char(&b, (char)c);
            last = c;
        } else if (utf8_next(&text, &c)) {
            fold_char_into(&b, c, &last);
        }
    }
    Str folded = buf_str(&b);
    if (folded.n && folded.p[folded.n - 1] == ' ')
        folded.n--;
    return arena_copy(a, folded);
}
