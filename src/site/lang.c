// SPDX-License-Identifier: Apache-2.0
// Which language a visitor reads, and which of a record's texts fits.
#include "site/int.h"

static Str primary(Str tag)
{
    Str head, rest;
    return str_cut(tag, '-', &head, &rest) ? head : tag;
}

const Words *lang_find(Str tag)
{
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        if (str_eq_nocase(WORDS[i].tag, tag))
            return &WORDS[i];
    }
    for (size_t i = 0; i < COUNT_OF(WORDS); i++) {
        if (tag.n && str_eq_nocase(primary(WORDS[i].tag), primary(tag)))
            return &WORDS[i];
    }
    return NULL;
}

// "zh-CN,zh;q=0.9, en;q=0.8": the best-liked language that we speak; among equals the first.
static const Words *accepted(Str header)
{
    const Words *best = NULL;
    double best_liking = 0;
    Str piece, tag, parameter;
    while (str_next(&header, ',', &piece)) {
        double liking = 1;
        if (str_cut(piece, ';', &tag, &parameter)) {
            parameter = str_trim(parameter);
            if (str_starts(parameter, S("q=")) &&
                !str_to_double(str_slice(parameter, 2, parameter.n), &liking))
                liking = 0;
        } else {
            tag = piece;
        }
        const Words *words = lang_find(str_trim(tag));
        if (words && liking > best_liking) {
            best = words;
            best_liking = liking;
        }
    }
    return best;
}

static Str cookie_lang(Str header)
{
    Str piece, name, value;
    while (str_next(&header, ';', &piece)) {
        if (str_cut(str_trim(piece), '=', &name, &value) && str_eq(name, S("lang")))
            return value;
    }
    return S("");
}

const Words *lang_choose(const Visit *v)
{
    Str asked;
    const Words *words = http_parameter(v->r, S("lang"), &asked) ? lang_find(asked) : NULL;
    if (!words)
        words = lang_find(cookie_lang(http_header(v->r, "Cookie")));
    if (!words)
        words = accepted(http_header(v->r, "Accept-Language"));
    if (!words)
        words = lang_find(v->site->config.museum_lang);
    return words ? words : &WORDS[0];
}

Str lang_or(Str lang, Str otherwise)
{
    return lang.n && !str_eq(lang, S("und")) && !str_eq(lang, S("none")) ? lang : otherwise;
}

bool lang_reads(Str visitor, Str lang)
{
    return lang.n && str_eq_nocase(primary(visitor), primary(lang));
}

RecordText lang_pick(const RecordText *texts, size_t count, Str visitor, Str otherwise)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq_nocase(texts[i].lang, visitor) && texts[i].text.n)
            return texts[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (lang_reads(visitor, texts[i].lang) && texts[i].text.n)
            return texts[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (str_eq_nocase(texts[i].lang, otherwise) && texts[i].text.n)
            return texts[i];
    }
    for (size_t i = 0; i < count; i++) {
        if (texts[i].text.n)
            return texts[i];
    }
    return (RecordText){0};
}
