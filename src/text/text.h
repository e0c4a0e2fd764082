// SPDX-License-Identifier: Apache-2.0
// text: languages. One analysis for everything that is searched: what is done to a record's words is done to
// the query's.
#pragma once

#include "base/base.h"

enum { TEXT_INPUT_MAX_BYTES = 1024 * 1024 };

// NFKC, case folded, accents removed (Latin, Greek, Cyrillic), traditional and kanji variants to simplified,
// kana to hiragana, white space to single blanks. Input over the limit is cut at a character. Any thread.
Str text_fold(Arena *a, Str text);

// One searchable token.
typedef struct {
    Str text;      // folded, stemmed where the language has a stemmer
    uint32_t at;   // byte offset in the original text
    uint32_t size; // bytes there
} TextToken;

// Words of scripts with spaces as stemmed words; of scripts without as overlapping pairs and single
// characters. lang: BCP 47, empty if unknown.
bool text_tokens(Arena *a, Str text, Str lang, TextToken **ret, size_t *ret_count, Err *err) MUST_CHECK;
// Latin letters for text in another script ("qing hua"), empty if there is nothing to do.
Str text_romanise(Arena *a, Str text);
// Years meant by a date as museums write it, astronomical. False if none is found.
bool text_years(Str text, int *ret_earliest, int *ret_latest);
