// SPDX-License-Identifier: Apache-2.0
// text, inside: characters. What one character becomes is decided once and kept in a table; everything else
// (folding, tokens, romanising, years) reads characters from there.
#pragma once

#include "text/text.h"

typedef enum {
    CHAR_GAP,   // white space, punctuation, controls: ends a word
    CHAR_WORD,  // letter of a script with spaces
    CHAR_DIGIT, // of any script, folded to ASCII
    CHAR_PILE,  // letter of a script without spaces, and Hangul, whose particles stick to words
    CHAR_MARK,  // belongs to the letter before it (vowel signs); also what is dropped while folding
    CHAR_JOIN,  // apostrophe, hyphen, full stop, slash...: inside a word it joins, else a gap
} CharClass;

enum { CHAR_FOLDED_MAX = 6 };

typedef struct {
    CharClass class;
    int count; // characters it becomes; 0: dropped
    uint32_t to[CHAR_FOLDED_MAX];
} CharFold;

CharFold char_fold(uint32_t c);
// Half-width kana write their voicing mark as a character of its own: か + ゛ is が. 0 if they do not
// combine.
uint32_t char_voiced(uint32_t kana, uint32_t mark);
bool char_is_han(uint32_t c);

// One more thing a run of letters can be: UTF-8 in a fixed place, for short-lived words.
enum { WORD_MAX_BYTES = 96 };

// ---- tables written by tools/han_make at build time

enum { HAN_FIRST = 0x4E00, HAN_LAST = 0x9FFF, HAN_A_FIRST = 0x3400, HAN_A_LAST = 0x4DBF };
extern const uint32_t han_variant[][2]; // sorted by the first
extern const size_t han_variant_count;
extern const uint16_t han_pinyin[], han_pinyin_a[];
extern const char *const han_syllables[]; // [0] is empty
extern const size_t han_syllables_count;

// The stem of a folded word, borrowed from `word` or from a buffer of this thread until its next call.
Str text_stem(Str word, Str lang);
