// SPDX-License-Identifier: Apache-2.0
#include "search/int.h"

static const char *const facets[FACETS] = {"classification", "collection", "century", "maker", "material",
    "place", "period", "rights", "language", "has"};
static const char *const fields[FIELDS] = {"title", "maker", "accession", "classification", "material",
    "subject", "place", "date", "collection", "inscription", "text", "provenance", "credit", "dimensions",
    "other"};
// What people call the same fields.
static const struct {
    const char *name;
    Field field;
} others[] = {{"artist", FIELD_MAKER}, {"creator", FIELD_MAKER}, {"author", FIELD_MAKER},
    {"number", FIELD_ACCESSION}, {"id", FIELD_ACCESSION}, {"type", FIELD_CLASSIFICATION},
    {"medium", FIELD_MATERIAL}, {"technique", FIELD_MATERIAL}, {"description", FIELD_TEXT},
    {"tag", FIELD_SUBJECT}, {"owner", FIELD_PROVENANCE}};

Str search_facet_name(Facet facet)
{
    return str_from(facets[facet]);
}

bool search_facet_of(Str name, Facet *ret)
{
    for (int i = 0; i < FACETS; i++)
        if (str_eq(name, str_from(facets[i]))) {
            *ret = (Facet)i;
            return true;
        }
    return false;
}

bool search_is_facet(Str name)
{
    Facet facet;
    return search_facet_of(name, &facet) || str_eq(name, S("year"));
}

Str search_field_name(Field field)
{
    return str_from(fields[field]);
}

bool search_field_of(Str name, Field *ret)
{
    for (int i = 0; i < FIELDS; i++)
        if (str_eq_nocase(name, str_from(fields[i]))) {
            *ret = (Field)i;
            return true;
        }
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (str_eq_nocase(name, str_from(others[i].name))) {
            *ret = others[i].field;
            return true;
        }
    return false;
}

// ---- orders

static const Str SORTS[] = {
    [SEARCH_BY_SCORE] = S("score"),
    [SEARCH_BY_DATE] = S("date"),
    [SEARCH_BY_TITLE] = S("title"),
    [SEARCH_BY_MAKER] = S("maker"),
    [SEARCH_BY_NEWEST] = S("newest"),
};

Str search_sort_name(SearchSort sort)
{
    return SORTS[sort];
}

bool search_sort_of(Str name, SearchSort *ret)
{
    for (size_t i = 0; i < COUNT_OF(SORTS); i++)
        if (str_eq(name, SORTS[i]))
            return *ret = (SearchSort)i, true;
    return false;
}
