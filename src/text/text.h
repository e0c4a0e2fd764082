// SPDX-License-Identifier: Apache-2.0
// text: languages. One analysis for everything that is searched: what is done to a record's words is done to
// the query's. Pure, any thread; each thread keeps its own stemmers.
#pragma once

#include "base/base.h"

enum { TEXT_INPUT_MAX_BYTES = 1024 * 1024 };

// NFKC, case folded, accents removed (Latin, Greek, Cyrillic, Arabic, Hebrew), traditional and kanji variants
// to simplified, kana to hiragana, digits to ASCII, white space to single blanks. Input over the limit is cut
// at a character.
Str text_fold(Arena *a, Str text);
// Letters and digits of the folded text, nothing between them: how numbers that museums write differently are
// compared ("1998.44", "1998-44").
Str text_key(Arena *a, Str text);

typedef enum {
    TEXT_WORD,   // of a script with spaces
    TEXT_NUMBER, // digits only
    TEXT_SINGLE, // one character of a script without spaces
    TEXT_PAIR,   // two such that follow each other
    TEXT_JOINED, // the parts of "pro-phy-lac-tic" or "O'Keeffe" as one word, beside the parts
} TextKind;

// One searchable token.
typedef struct {
    Str text;      // folded
    Str stem;      // empty unless the language has a stemmer and it says something else
    uint32_t at;   // byte offset in the original text
    uint32_t size; // bytes there
    uint32_t
        position; // counts words and single characters, from 0; a pair stands where its first character does
    TextKind kind;
    bool touches; // nothing but a joining sign, or nothing at all, stands between the token before and this
                  // one
} TextToken;

// Words of scripts with spaces; of scripts without, single characters and overlapping pairs. In order of
// position. lang: BCP 47, empty if unknown (then nothing is stemmed). ERR_LIMIT never: longer input is cut.
bool text_tokens(Arena *a, Str text, Str lang, TextToken **ret, size_t *ret_count, Err *err) MUST_CHECK;
// The stem of a folded word in a language; the word itself if there is none.
Str text_stem_of(Arena *a, Str word, Str lang);

// Latin letters for text in another script ("qing hua"), empty if there is nothing to do.
Str text_romanise(Arena *a, Str text);
// The Mandarin reading of one folded Han character, without tone; NULL if there is none. also: 0 for the
// usual reading, then further ones until NULL.
const char *text_pinyin(uint32_t han, int also);
// Ways to read a folded Latin word as pinyin syllables ("qinghua", also Wade-Giles "ch'inghua"), most likely
// first; each way is syllables with blanks between. 0 if it cannot be read.
int text_pinyin_split(Arena *a, Str word, Str *ret_ways, int ways_max);

// Years meant by a date as museums write it, astronomical. False if none is found.
bool text_years(Str text, int *ret_earliest, int *ret_latest);

typedef enum {
    TEXT_LENGTH, // millimetres
    TEXT_WEIGHT, // grams
} TextMeasureKind;

typedef struct {
    TextMeasureKind kind;
    double value;
    uint32_t at, size; // bytes in the text, the unit with the last number it belongs to
} TextMeasure;

// Lengths and weights in a text: "27 cm", "10 5/8 in.", "27,3 × 12 cm" (two), "3 lb 2 oz" (two), 高27厘米. In
// order, at most max.
size_t text_measures(Str text, TextMeasure *ret, size_t max);

// A named stretch of time: dynasty, reign, era, age.
typedef struct {
    const char *id; // "ming"
    int earliest, latest;
    const char *names; // folded forms with '|' between, English first
} TextPeriod;
const TextPeriod *text_periods(size_t *ret_count);
// The first period that a text names, NULL if none. whole: nothing else may stand in it.
const TextPeriod *text_period_in(Str text, bool whole);

enum { TEXT_SORT_KEY_BYTES = 16 };
// Head of a collation key (Unicode root order): titles compare as bytes.
void text_sort_key(Str text, unsigned char ret[TEXT_SORT_KEY_BYTES]);
