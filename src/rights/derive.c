// SPDX-License-Identifier: Apache-2.0
// Statements by how they begin, host and path; the museum's own words by what is in them.
#include "rights/rights.h"

enum { LETTERS_MAX = 200 };

typedef struct {
    Str starts;
    bool open;
    Derive derive;
} Rule;

// In copyright with a use permitted (InC-EDU, InC-NC) permits that use, not a new work.
static const Rule STATEMENTS[] = {
    {S("creativecommons.org/publicdomain/zero/"), true, {DERIVE_FREE, false}},
    {S("creativecommons.org/publicdomain/mark/"), true, {DERIVE_FREE, false}},
    {S("creativecommons.org/licenses/by/"), true, {DERIVE_CREDIT, false}},
    {S("creativecommons.org/licenses/by-sa/"), true, {DERIVE_SHARE_ALIKE, false}},
    {S("creativecommons.org/licenses/by-nc/"), true, {DERIVE_CREDIT, true}},
    {S("creativecommons.org/licenses/by-nc-sa/"), true, {DERIVE_SHARE_ALIKE, true}},
    {S("rightsstatements.org/vocab/NoC-US/"), true, {DERIVE_FREE, false}},
    {S("rightsstatements.org/vocab/NoC-NC/"), true, {DERIVE_FREE, true}},
    {S("rightsstatements.org/vocab/NKC/"), true, {DERIVE_FREE, false}},
    {S("creativecommons.org/licenses/by-nd/"), false, {0}},
    {S("creativecommons.org/licenses/by-nc-nd/"), false, {0}},
};

static bool denied(Err *err, const char *why)
{
    return err_set(err, ERR_DENIED, "%s", why);
}

static bool by_statement(Str at, Derive *ret, Err *err)
{
    for (size_t i = 0; i < COUNT_OF(STATEMENTS); i++) {
        if (!str_starts(at, STATEMENTS[i].starts))
            continue;
        if (!STATEMENTS[i].open)
            return denied(err, "the licence allows no changed copies");
        *ret = STATEMENTS[i].derive;
        return true;
    }
    if (str_starts(at, S("rightsstatements.org/vocab/InC")))
        return denied(err, "the work is in copyright");
    return denied(err, "what may be made of the work is not settled");
}

// Words in lower case with one space around each: "CC-BY-NC 4.0" is " cc by nc 4 0 ".
static Str words_of(Str licence, char room[LETTERS_MAX + 2])
{
    size_t n = 0;
    room[n++] = ' ';
    for (size_t i = 0; i < licence.n && n < LETTERS_MAX; i++) {
        char c = licence.p[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        const bool word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
        if (word || room[n - 1] != ' ')
            room[n++] = word ? c : ' ';
    }
    if (room[n - 1] != ' ')
        room[n++] = ' ';
    return (Str){room, n};
}

static bool says(Str words, const char *const *any)
{
    size_t at;
    for (; *any; any++)
        if (str_find(words, str_from(*any), &at))
            return true;
    return false;
}

static bool by_licence(Str licence, Derive *ret, Err *err)
{
    static const char *const NOT_CHANGED[] = {
        " nd ", " noderivs ", " noderivatives ", " no deriv", " noderiv", NULL};
    static const char *const CLOSED[] = {" in copyright ", " inc ", " all rights reserved ", NULL};
    static const char *const PUBLIC[] = {" cc0 ", " cc zero ", " public domain ", " pd ", " pdm ", NULL};
    static const char *const BY[] = {" cc by ", " creative commons attribution ", NULL};
    static const char *const NC[] = {" nc ", " noncommercial ", " non commercial ", NULL};
    static const char *const SA[] = {" sa ", " sharealike ", " share alike ", NULL};
    char room[LETTERS_MAX + 2];
    const Str words = words_of(licence, room);
    if (licence.n >= LETTERS_MAX)
        return denied(err, "what may be made of the work is not settled");
    if (says(words, NOT_CHANGED))
        return denied(err, "the licence allows no changed copies");
    if (says(words, CLOSED))
        return denied(err, "the work is in copyright");
    const bool open = says(words, PUBLIC), by = says(words, BY);
    if (!open && !by)
        return denied(err, "nobody says what may be made of the work");
    const DeriveAs as = says(words, SA) ? DERIVE_SHARE_ALIKE : by ? DERIVE_CREDIT : DERIVE_FREE;
    *ret = (Derive){.as = as, .no_commerce = says(words, NC)};
    return true;
}

bool rights_derive(ViewerRole role, Str statement, Str licence, Derive *ret, Err *err)
{
    Str at = str_trim(statement);
    if (str_starts(at, S("http://")) || str_starts(at, S("https://")))
        at = str_slice(at, str_starts(at, S("https://")) ? 8 : 7, at.n);
    Derive derive = {0};
    Err why;
    const bool open = at.n ? by_statement(at, &derive, &why) : by_licence(str_trim(licence), &derive, &why);
    if (!open && role != VIEWER_STAFF)
        return denied(err, why.text);
    *ret = derive;
    return true;
}
