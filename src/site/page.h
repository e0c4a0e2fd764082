// SPDX-License-Identifier: Apache-2.0
// site/page: what compiled pages are made of. tools/pages turns web/pages/*.html into functions that call
// these.
//
// The type of a value says where it may stand: a Str is text and is escaped for the place it is printed in; a
// Url has been checked and may begin an address; an Html is markup and is the only thing printed as it is.
#pragma once

#include "base/base.h"
#include "words.h"

typedef struct {
    Str address;
} Url;
#define URL_NONE ((Url){{NULL, 0}}) // leads nowhere: no link is made

typedef struct {
    Str markup;
} Html;

typedef struct {
    Str json;
} JsonText;

// An address of ours: begins with one '/' (or is "https://..." of this museum). Empty if it does not.
Url url_local(Str address);
// A JPEG inside the page; base64: checked by base64_read.
Url url_jpeg(Arena *a, Str base64);
// An address from a record: http or https and nothing else, else empty; a page never links to "javascript:".
Url url_foreign(Str address);

// ---- phrases in the visitor's language

typedef struct {
    Str tag; // BCP 47: "en", "zh-Hans"
    Str phrases[WORDS_COUNT];
} Words;

extern const Words WORDS[WORDS_LANGUAGES]; // the first is English

typedef struct {
    Str name; // "n" for {n}
    Str text;
    int64_t number;
    bool is_number;
} WordArgument;

typedef void PutText(Buf *b, Str text);

// "one work | {n} works": the first half if the first number is 1. Arguments are escaped like the phrase.
void put_phrase(Buf *b, const Words *w, Word word, const WordArgument *arguments, size_t count, PutText *put);
Str phrase(const Words *w, Word word);
Str phrase_with(Arena *a, const Words *w, Word word, const WordArgument *arguments, size_t count);

// ---- printing

void put_text(Buf *b, Str text);      // between tags
void put_attribute(Buf *b, Str text); // in double quotes
void put_uri(Buf *b, Str text);       // one part of a path or a query, in double quotes
void put_number(Buf *b, int64_t number);
void put_json(Buf *b, JsonText json); // in a script of type application/ld+json
