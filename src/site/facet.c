// SPDX-License-Identifier: Apache-2.0
// Facets in the visitor's language.
#include "site/int.h"

#include "base/utf8.h"

static const struct {
    Str name;
    Word word;
} TITLES[] = {
    {S("classification"), WORD_FACET_CLASSIFICATION},
    {S("collection"), WORD_FACET_COLLECTION},
    {S("century"), WORD_FACET_CENTURY},
    {S("maker"), WORD_FACET_MAKER},
    {S("material"), WORD_FACET_MATERIAL},
    {S("place"), WORD_FACET_PLACE},
    {S("period"), WORD_FACET_PERIOD},
    {S("rights"), WORD_FACET_RIGHTS},
    {S("language"), WORD_FACET_LANGUAGE},
    {S("media"), WORD_FACET_MEDIA},
    {S("has"), WORD_FACET_HAS},
};

Str facet_title(const Words *w, Str facet)
{
    for (size_t i = 0; i < COUNT_OF(TITLES); i++) {
        if (str_eq(TITLES[i].name, facet))
            return phrase(w, TITLES[i].word);
    }
    return facet;
}

// "1st", "2nd", "11th", "21st" in English, plain digits elsewhere.
static Str ordinal(const Visit *v, int number)
{
    if (!lang_reads(v->w->tag, S("en")))
        return arena_printf(v->a, "%d", number);
    static const char *const ENDS[] = {"th", "st", "nd", "rd"};
    int last = number % 10;
    bool teen = number % 100 >= 11 && number % 100 <= 13;
    return arena_printf(v->a, "%d%s", number, last <= 3 && !teen ? ENDS[last] : "th");
}

// The value is the century's number: 19 for 1801-1900, -3 for 300-201 BCE.
static Str century_name(const Visit *v, int century)
{
    WordArgument nth = {.name = S("nth"), .text = ordinal(v, century < 0 ? -century : century)};
    return phrase_with(v->a, v->w, century < 0 ? WORD_CENTURY_BCE : WORD_CENTURY_CE, &nth, 1);
}

// Languages under their own names; others keep their tag.
static Str language_name(Str tag)
{
    static const struct {
        Str tag, name;
    } NAMES[] = {
        {S("ar"), S("العربية")},
        {S("cs"), S("čeština")},
        {S("da"), S("dansk")},
        {S("de"), S("Deutsch")},
        {S("el"), S("Ελληνικά")},
        {S("en"), S("English")},
        {S("es"), S("español")},
        {S("fa"), S("فارسی")},
        {S("fi"), S("suomi")},
        {S("fr"), S("français")},
        {S("he"), S("עברית")},
        {S("hu"), S("magyar")},
        {S("it"), S("italiano")},
        {S("ja"), S("日本語")},
        {S("ko"), S("한국어")},
        {S("la"), S("Latina")},
        {S("nl"), S("Nederlands")},
        {S("no"), S("norsk")},
        {S("pl"), S("polski")},
        {S("pt"), S("português")},
        {S("ru"), S("русский")},
        {S("sv"), S("svenska")},
        {S("th"), S("ไทย")},
        {S("tr"), S("Türkçe")},
        {S("uk"), S("українська")},
        {S("vi"), S("Tiếng Việt")},
        {S("zh"), S("中文")},
        {S("zh-Hans"), S("简体中文")},
        {S("zh-Hant"), S("繁體中文")},
    };
    for (size_t i = 0; i < COUNT_OF(NAMES); i++) {
        if (str_eq_nocase(NAMES[i].tag, tag))
            return NAMES[i].name;
    }
    return tag;
}

Str facet_value_name(const Visit *v, Str facet, const SearchFacetValue *value)
{
    int century;
    if (str_eq(facet, S("rights")))
        return rights_words(v, value->value, S("")).name;
    if (str_eq(facet, S("language")))
        return language_name(value->value);
    if (str_eq(facet, S("has")) && str_eq(value->value, S("image")))
        return phrase(v->w, WORD_HAS_IMAGE);
    if (str_eq(facet, S("century")) && str_to_int(value->value, -100, 100, &century) && century != 0)
        return century_name(v, century);
    return value->label.n ? value->label : value->value;
}

const SearchFacet *facet_find(const SearchAnswer *answer, Str name)
{
    for (size_t i = 0; i < answer->facets_count; i++) {
        if (str_eq(answer->facets[i].name, name))
            return &answer->facets[i];
    }
    return NULL;
}

enum { COLUMN_WIDTH = 24, BARS_MAX = 60, CENTURY_MIN = -100, CENTURY_MAX = 100 };

// One column for each century from the first to the last that has works, gaps included: the eye reads time,
// not a list. There is no century 0.
PartHistogram facet_histogram(const Visit *v, const SearchAsk *ask, const SearchFacet *facet)
{
    const SearchFacetValue *by_century[CENTURY_MAX - CENTURY_MIN + 1] = {0};
    int first = CENTURY_MAX, last = CENTURY_MIN, century;
    int64_t most = 1;
    for (size_t i = 0; i < facet->count; i++) {
        if (!str_to_int(facet->values[i].value, CENTURY_MIN, CENTURY_MAX, &century) || century == 0)
            continue;
        by_century[century - CENTURY_MIN] = &facet->values[i];
        first = MIN_OF(first, century);
        last = MAX_OF(last, century);
        most = MAX_OF(most, facet->values[i].count);
    }
    if (last - first >= BARS_MAX)
        first = last - BARS_MAX + 1;
    PartBar *bars = arena_array(v->a, PartBar, BARS_MAX);
    size_t count = 0;
    int columns = 0;
    for (century = first; century <= last; century++) {
        const SearchFacetValue *value = by_century[century - CENTURY_MIN];
        if (century == 0)
            continue;
        int column = columns++;
        if (!value)
            continue;
        int64_t height = MAX_OF(value->count * 100 / most, 3);
        SearchPlace place = {.ask = ask, .add = {facet->name, value->value}};
        if (value->chosen)
            place = (SearchPlace){.ask = ask, .without = {facet->name, value->value}};
        bars[count++] = (PartBar){.address = search_address(v->a, &place),
            .name = century_name(v, century),
            .count = value->count,
            .x = column * COLUMN_WIDTH,
            .y = 100 - height,
            .height = height,
            .chosen = value->chosen};
    }
    return (PartHistogram){.first = count ? century_name(v, first) : S(""),
        .last = count ? century_name(v, last) : S(""),
        .width = MAX_OF(columns, 1) * COLUMN_WIDTH,
        .bars = {bars, count}};
}
